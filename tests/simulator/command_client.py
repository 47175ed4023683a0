"""Requests to simulated miners that change something, written byte by byte."""

import asyncio
import json
from typing import cast

from simulator import Delays, Farm, SimulatedMiner, WriteFault

from .conftest import AGE, Clock, Data, Http, ask, ask_raw, http, loads, md5, status

AT_ONCE = Delays(write=0, restart=0, reboot=0)
BRIEFLY = Delays(write=0, restart=0.05, reboot=0.05)


def farm_of(*names: str, clock: Clock, delays: Delays = AT_ONCE) -> Farm:
    """Miners with their web ports, whose restarts take no time unless said."""
    return Farm(names, clock=clock, age=AGE, web=True, control_port=0, delays=delays)


def web_port(miner: SimulatedMiner) -> int:
    """Where its pages are."""
    port = miner.web_port
    assert port is not None
    return port


async def cgi_raw(
    miner: SimulatedMiner,
    name: str,
    body: bytes | None = None,
    *,
    length: bool = True,
    chunked: bool = False,
    password: str = "root",
) -> bytes:
    """One request to a stock page after the challenge; all that came back."""
    method, target = "GET" if body is None else "POST", f"/cgi-bin/{name}"
    port = web_port(miner)
    challenge = (await http(port, target, method=method)).headers["WWW-Authenticate"]
    realm = challenge.split('realm="')[1].split('"')[0]
    nonce = challenge.split('nonce="')[1].split('"')[0]
    secret = md5(f"root:{realm}:{password}")
    response = md5(f"{secret}:{nonce}:00000001:abc:auth:{md5(f'{method}:{target}')}")
    login = (
        f'username="root", realm="{realm}", nonce="{nonce}", uri="{target}", '
        f'qop=auth, nc=00000001, cnonce="abc", response="{response}"'
    )
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: miner",
        f"Authorization: Digest {login}",
    ]
    content = body or b""
    if chunked:
        lines.append("Transfer-Encoding: chunked")
        content = f"{len(content):x}\r\n".encode() + content + b"\r\n0\r\n\r\n"
    elif length:
        lines.append(f"Content-Length: {len(content)}")
    return await ask_raw(port, ("\r\n".join(lines) + "\r\n\r\n").encode() + content)


def locating(miner: SimulatedMiner) -> bool:
    """Whether its light blinks now."""
    return miner.locating


def write_fault(miner: SimulatedMiner) -> WriteFault | None:
    """The fault that its writes have now."""
    return miner.write_fault


async def cgi(miner: SimulatedMiner, name: str, body: bytes | None = None) -> Http:
    """The same, answered as HTTP."""
    return Http(await cgi_raw(miner, name, body))


async def set_conf(miner: SimulatedMiner, body: Data | bytes) -> object:
    """Write an X19's configuration: compact JSON, or the bytes as they are."""
    if isinstance(body, dict):
        body = json.dumps(body, separators=(",", ":")).encode()
    return (await cgi(miner, "set_miner_conf.cgi", body)).json()


async def conf(miner: SimulatedMiner) -> Data:
    """What ``get_miner_conf.cgi`` tells."""
    return cast("Data", (await cgi(miner, "get_miner_conf.cgi")).json())


async def tell(miner: SimulatedMiner, command: str, parameter: str = "") -> Data:
    """One command to port 4028."""
    more = {"parameter": parameter} if parameter else {}
    return loads(await ask(miner.port, command, **more))


def taken(reply: Data) -> bool:
    """Whether the miner says that it did it."""
    return status(reply)["STATUS"] == "S"


async def logon(miner: SimulatedMiner) -> str:
    """LuxOS: the id of a new session."""
    reply = await tell(miner, "logon")
    return str(cast("list[Data]", reply["SESSION"])[0]["SessionID"])


async def rest(
    miner: SimulatedMiner,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
) -> Http:
    """One request to a REST page."""
    headers = {} if token is None else {"Authorization": token}
    return await http(
        web_port(miner), f"/api/v1{path}", method=method, body=body, headers=headers
    )


async def unlocked(miner: SimulatedMiner) -> str:
    """VNish: the header of one who knows the password."""
    reply = await rest(miner, "POST", "/unlock", {"pw": "root"})
    return f"Bearer {cast('Data', reply.json())['token']}"


async def logged_in(miner: SimulatedMiner) -> str:
    """Braiins: the header of one who knows the password."""
    login = {"username": "root", "password": "root"}
    reply = await rest(miner, "POST", "/auth/login", login)
    return str(cast("Data", reply.json())["token"])


async def refused(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def answers(port: int) -> None:
    """Wait until somebody listens there, five seconds at most."""
    async with asyncio.timeout(5):
        while await refused(port):
            await asyncio.sleep(0.005)
