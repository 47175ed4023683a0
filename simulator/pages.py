"""A miner's web pages: the stock CGIs of both generations, VNish's REST, and the port of the watts."""

from collections.abc import Callable
from functools import partial
import json

from .dialects import new_api, vnish_rest
from .digest import Digest
from .http_server import HttpRequest, HttpResponse, HttpServer
from .miner import SimulatedMiner
from .snapshot import Phase, Snapshot
from .wire import JANSSON, SERDE, Record, Value, encode

_CGI = "/cgi-bin/"
_FIRST_YEAR_OF_SERIALS = 2022
_FIRST_YEAR_OF_SHORT_CONFIGURATION = 2022
_OBJECTS = {
    "stats.cgi": new_api.stats,
    "summary.cgi": new_api.summary,
    "pools.cgi": new_api.pools,
    "chart.cgi": new_api.rate,
    "warning.cgi": new_api.warning,
}
_NOT_FOUND = HttpResponse(body=b"404 - Not Found", status=404)


def _year(state: Snapshot) -> int:
    return int(state.profile.compiled[-4:])


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
    if _year(state) >= _FIRST_YEAR_OF_SERIALS:
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


def _configuration(miner: SimulatedMiner, state: Snapshot) -> str:
    """``get_miner_conf.cgi``: the whole file, or from 2022 on the part that the page shows."""
    model = miner.model
    pools: list[Value] = [
        {
            "url": pool.url.removeprefix("stratum+tcp://"),
            "user": pool.user,
            "pass": pool.password,
        }
        for pool in model.pools
    ]
    mode = "1" if state.sleeping else "0"
    if (
        state.profile.web == "new"
        and _year(state) >= _FIRST_YEAR_OF_SHORT_CONFIGURATION
    ):
        short: Record = {
            "pools": pools,
            "bitmain-fan-ctrl": model.fan_manual,
            "bitmain-fan-pwm": str(model.fan_pwm),
            "bitmain-work-mode": mode,
            "bitmain-hashrate-percent": str(model.freq_level),
        }
        return json.dumps(short, indent=1)
    whole: Record = {
        "api-listen": True,
        "api-network": True,
        "api-groups": "A:stats:pools:devs:summary:version",
        "api-allow": "A:0/0,W:*",
        "bitmain-fan-ctrl": model.fan_manual,
        "bitmain-fan-pwm": str(model.fan_pwm),
        "bitmain-use-vil": True,
        "bitmain-freq": str(state.profile.frequency),
        "bitmain-voltage": "1400",
    }
    if state.profile.web == "new":
        whole |= {
            "bitmain-ccdelay": "0",
            "bitmain-pwth": "0",
            "bitmain-work-mode": mode,
            "bitmain-freq-level": str(model.freq_level),
        }
    elif state.profile.sleeps:
        whole["bitmain-work-mode"] = "254" if state.sleeping else "1"
    # Written by hand in the firmware: a blank on both sides of the colon, a lone comma.
    entries = ",\n".join(
        "{\n"
        + ",\n".join(f'"{key}" : {json.dumps(value)}' for key, value in pool.items())
        + "\n}"
        for pool in pools
        if isinstance(pool, dict)
    )
    rest = ",\n".join(f'"{key}" : {json.dumps(value)}' for key, value in whole.items())
    return f'{{\n"pools" : [\n{entries}\n]\n,\n{rest}\n}}'


def _blink_new(miner: SimulatedMiner, request: HttpRequest) -> HttpResponse:
    # The script only greps for the word.
    if b"true" in request.body:
        miner.model.locating = True
        return _cgi('{"code":"B000"}')
    if b"false" in request.body:
        miner.model.locating = False
        return _cgi('{"code":"B100"}')
    return _cgi('{"code":"B001"}')


def _blink_old(miner: SimulatedMiner, request: HttpRequest) -> HttpResponse:
    if b"startBlink" in request.body:
        miner.model.locating = True
        # The script answers when the blinking ends.
        return HttpResponse(hold=True)
    if b"stopBlink" in request.body:
        miner.model.locating = False
    return _cgi(json.dumps({"isBlinking": miner.model.locating}))


def _stock_page(miner: SimulatedMiner, request: HttpRequest, name: str) -> HttpResponse:
    state = miner.model.snapshot()
    new = state.profile.web == "new"
    match name:
        case "get_system_info.cgi":
            return _cgi(encode(system_info(state), JANSSON))
        case "get_network_info.cgi":
            return _cgi(encode(network_info(state), JANSSON))
        case "get_miner_conf.cgi":
            return _cgi(_configuration(miner, state))
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


def _vnish(miner: SimulatedMiner, request: HttpRequest) -> HttpResponse:
    pages = {"/api/v1/info": vnish_rest.info, "/api/v1/summary": vnish_rest.summary}
    if request.path == "/":
        return HttpResponse(
            body=b"<html><title>AnthillOS</title></html>", content_type="text/html"
        )
    page = pages.get(request.path)
    if page is None or request.method != "GET":
        return _NOT_FOUND
    body = encode(page(miner.model.snapshot()), SERDE).encode()
    return HttpResponse(body=body, content_type="application/json")


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
    if miner.profile.web == "vnish":
        handler: Callable[[HttpRequest], HttpResponse] = partial(_vnish, miner)
    else:
        handler = partial(_stock, miner, Digest(*credentials))
    return HttpServer(miner.host, port, handler, latency=latency)


def extras_server(
    miner: SimulatedMiner, port: int, *, latency: Callable[[], float]
) -> HttpServer:
    """The port of watts and warnings (6060 on the real ones); no password."""
    return HttpServer(miner.host, port, partial(_extras, miner), latency=latency)
