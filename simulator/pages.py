"""A miner's web pages: the stock CGIs of both generations, VNish's and Braiins' REST, the port of the watts."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
import json

from . import braiins_web, vnish_web
from .configuration import built
from .dialects import new_api
from .digest import Digest
from .http_server import HttpRequest, HttpResponse, HttpServer
from .miner import SimulatedMiner
from .orders import Order, Then, Written
from .snapshot import Phase, Snapshot
from .stock_cgi import configuration, set_new, set_old
from .wire import JANSSON, Record, encode

_CGI = "/cgi-bin/"
_FIRST_YEAR_OF_SERIALS = 2022
_OBJECTS = {
    "stats.cgi": new_api.stats,
    "summary.cgi": new_api.summary,
    "pools.cgi": new_api.pools,
    "chart.cgi": new_api.rate,
    "warning.cgi": new_api.warning,
}
_NOT_FOUND = HttpResponse(body=b"404 - Not Found", status=404)


def _cgi(text: str) -> HttpResponse:
    # The scripts begin with `echo; echo`: two blank lines, and no Content-Type.
    return HttpResponse(body=f"\n\n{text}\n".encode())


def _network(state: Snapshot) -> Record:
    return {
        "nettype": "DHCP",
        "netdevice": "eth0",
        "macaddr": state.mac,
        "hostname": "Antminer" if state.profile.web == "new" else "antMiner",
        "ipaddress": state.address,
        "netmask": "255.0.0.0",
        "gateway": "",
        "dnsservers": "",
    }


def system_info(state: Snapshot) -> Record:
    """``get_system_info.cgi``."""
    profile = state.profile
    record: Record = {"minertype": profile.model, **_network(state)}
    if profile.web == "old":
        minutes = state.elapsed // 60
        return record | {
            "curtime": f"{state.now // 3600 % 24:02}:{state.now // 60 % 60:02}:{state.now % 60:02}",
            "uptime": str(minutes),
            "loadaverage": "1.18, 1.06, 1.02",
            "mem_total": "1007096",
            "mem_used": "61828",
            "mem_free": "945268",
            "mem_buffers": "0",
            "mem_cached": "16464",
            "system_mode": "GNU/Linux",
            "bb_hwv": "2.0.2.2",
            "system_kernel_version": "Linux 3.14.0-xilinx #57 SMP PREEMPT",
            "system_filesystem_version": profile.compiled,
            "cgminer_version": profile.daemon,
        }
    record |= {
        "system_mode": "GNU/Linux",
        "system_kernel_version": "Linux 4.9.113 #1 SMP PREEMPT",
        "system_filesystem_version": profile.compiled,
        "firmware_type": "Release",
    }
    if built(profile) >= _FIRST_YEAR_OF_SERIALS:
        record["serinum"] = state.serial
    return record


def network_info(state: Snapshot) -> Record:
    """``get_network_info.cgi``."""
    network = _network(state)
    hostname = network.pop("hostname")
    del network["gateway"], network["dnsservers"]
    return network | {
        "conf_nettype": "DHCP",
        "conf_hostname": hostname,
        "conf_ipaddress": "",
        "conf_netmask": "",
        "conf_gateway": "",
        "conf_dnsservers": "",
    }


def _blink_new(miner: SimulatedMiner, request: HttpRequest) -> HttpResponse:
    # The script only greps for the word.
    if b"true" in request.body:
        miner.model.orders.append(Order(locating=True))
        return _cgi('{"code":"B000"}')
    if b"false" in request.body:
        miner.model.orders.append(Order(locating=False))
        return _cgi('{"code":"B100"}')
    return _cgi('{"code":"B001"}')


def _blink_old(miner: SimulatedMiner, request: HttpRequest) -> HttpResponse:
    if b"startBlink" in request.body:
        miner.model.orders.append(Order(locating=True))
        # The script answers when the blinking ends.
        return replace(_cgi('{"isBlinking":false}'), hold=lambda: not miner.locating)
    if b"stopBlink" in request.body:
        miner.model.orders.append(Order(locating=False))
        return _cgi('{"isBlinking":false}')
    return _cgi(json.dumps({"isBlinking": miner.locating}))


def _set_configuration(miner: SimulatedMiner, request: HttpRequest) -> HttpResponse:
    script = set_new if miner.profile.web == "new" else set_old
    wanted, answer = script(miner.config, miner.profile, request)
    if wanted is None:
        return _cgi(answer)
    miner.model.orders.append(wanted)
    return replace(_cgi(answer), delay=miner.delays.write)


def _reboot(miner: SimulatedMiner) -> HttpResponse:
    """The script writes ``Status 200`` where a header should stand: each server copes its way."""
    miner.model.orders.append(Order(then=Then.REBOOT))
    match miner.profile.layout:
        case "zynq":
            return HttpResponse(
                status=500,
                body=b"500 - Internal Server Error",
                content_type="text/html",
            )
        case "uart":
            return HttpResponse(raw=b"Status 200\n")
        case _:
            return HttpResponse(drop=True)


def _stock_page(miner: SimulatedMiner, request: HttpRequest, name: str) -> HttpResponse:
    state = miner.model.snapshot()
    new = state.profile.web == "new"
    match name:
        case "get_system_info.cgi":
            return _cgi(encode(system_info(state), JANSSON))
        case "get_network_info.cgi":
            return _cgi(encode(network_info(state), JANSSON))
        case "get_miner_conf.cgi":
            return _cgi(configuration(miner.config, miner.profile))
        case "set_miner_conf.cgi" if request.method == "POST":
            return _set_configuration(miner, request)
        case "reboot.cgi":
            return _reboot(miner)
        case "get_blink_status.cgi":
            key = "blink" if new else "isBlinking"
            return _cgi(json.dumps({key: miner.model.locating}))
        case "blink.cgi" if request.method == "POST":
            return (_blink_new if new else _blink_old)(miner, request)
        case "miner_type.cgi" if new:
            kind: Record = {
                "miner_type": state.profile.model,
                "subtype": "simulated",
                "fw_version": state.profile.compiled,
            }
            return _cgi(encode(kind, JANSSON))
        case _ if new and name in _OBJECTS:
            return _cgi(encode(_OBJECTS[name](state), JANSSON))
        case _:
            return _NOT_FOUND


def _told(
    miner: SimulatedMiner,
    handler: Callable[[HttpRequest], HttpResponse],
    request: HttpRequest,
) -> HttpResponse:
    """The answer of a page, when what it told the miner has been carried out."""
    response = handler(request)
    reads = request.method == "GET" and not request.path.endswith("/reboot.cgi")
    if not reads and response.status not in {401, 404}:
        miner.arrived(
            Written(
                road="web",
                method=request.method,
                target=request.target,
                body=request.body,
            )
        )
    lost, after = miner.obey()
    if lost:
        response = replace(response, drop=True, hold=None)
    return replace(response, after=after)


def _stock(miner: SimulatedMiner, digest: Digest, request: HttpRequest) -> HttpResponse:
    if not digest.allows(request):
        return HttpResponse(
            body=b"<html><body><h1>401 - Unauthorized</h1></body></html>",
            status=401,
            content_type="text/html",
            headers={"WWW-Authenticate": digest.challenge()},
        )
    if request.path == "/":
        return HttpResponse(
            body=b"<html><title>Ant Miner</title></html>", content_type="text/html"
        )
    if not request.path.startswith(_CGI):
        return _NOT_FOUND
    return _stock_page(miner, request, request.path.removeprefix(_CGI))


def _rest(
    handler: Callable[[HttpRequest], HttpResponse | None],
    title: str,
    request: HttpRequest,
) -> HttpResponse:
    if request.path == "/":
        page = f"<html><title>{title}</title></html>".encode()
        return HttpResponse(body=page, content_type="text/html")
    return handler(request) or _NOT_FOUND


def _extras(miner: SimulatedMiner, request: HttpRequest) -> HttpResponse:
    state = miner.model.snapshot()
    match request.path:
        case "/miner_power":
            return HttpResponse(body=f"miner_power:{state.power:.0f}".encode())
        case "/warning":
            message = "P:2" if state.phase is Phase.OVERHEATED else "None"
            return HttpResponse(body=json.dumps({"error_message": message}).encode())
        case _:
            return HttpResponse(body=b"error 6060 cmd")


def web_server(
    miner: SimulatedMiner,
    port: int,
    *,
    credentials: tuple[str, str],
    latency: Callable[[], float],
) -> HttpServer:
    """The pages of ``miner``, bound and not yet listening; OSError when the port is taken."""
    user, password = credentials
    handler: Callable[[HttpRequest], HttpResponse]
    match miner.profile.web:
        case "vnish":
            pages = partial(vnish_web.handle, miner, password)
            handler = partial(_rest, pages, "AnthillOS")
        case "braiins":
            pages = partial(braiins_web.handle, miner, user, password)
            handler = partial(_rest, pages, "Braiins OS")
        case _:
            handler = partial(_stock, miner, Digest(user, password))
    told = partial(_told, miner, handler)
    return HttpServer(miner.host, port, told, latency=latency)


def extras_server(
    miner: SimulatedMiner, port: int, *, latency: Callable[[], float]
) -> HttpServer:
    """The port of watts and warnings (6060 on the real ones); no password."""
    return HttpServer(miner.host, port, partial(_extras, miner), latency=latency)
