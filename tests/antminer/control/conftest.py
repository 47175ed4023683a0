"""Miners with stock firmware: their writing scripts, and a web server that runs them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import md5
import json
import re
from typing import Protocol

from aiohttp import ClientSession
import pytest

from custom_components.antminer_monitor.antminer.cgminer import CgminerClient
from custom_components.antminer_monitor.antminer.control.controller import Miner
from custom_components.antminer_monitor.antminer.web import Credentials
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Pool, Rig, Status

REALM = "antMiner Configuration"
USER, PASSWORD = "root", "s3cret-of-the-web"

X19_FILE = """

{
"pools" : [
{
"url" : "stratum+tcp://aaa.example:3333",
"user" : "account.1",
"pass" : "pw-one"
},
{
"url" : "bbb.example:443",
"user" : "account.2",
"pass" : "pw-two"
},
{
"url" : "",
"user" : "",
"pass" : ""
}
]
,
"api-listen" : true,
"api-network" : true,
"api-groups" : "A:stats:pools:devs:summary:version",
"api-allow" : "A:0/0,W:*",
"bitmain-fan-ctrl" : false,
"bitmain-fan-pwm" : "100",
"bitmain-use-vil" : true,
"bitmain-freq" : "675",
"bitmain-voltage" : "1400",
"bitmain-ccdelay" : "0",
"bitmain-pwth" : "0",
"bitmain-work-mode" : "0",
"bitmain-freq-level" : "90"
}

"""
X19_BODY = (
    b'{"bitmain-fan-ctrl":false,"bitmain-fan-pwm":"100","freq-level":"90","miner-mode":%d,'
    b'"pools":[%b]}'
)
X19_POOLS = (
    b'{"url":"stratum+tcp://aaa.example:3333","user":"account.1","pass":"pw-one"}',
    b'{"url":"bbb.example:443","user":"account.2","pass":"pw-two"}',
    b'{"url":"","user":"","pass":""}',
)
CLASSIC_POOLS = (
    b"_ant_pool1url=stratum%2Btcp%3A%2F%2Faaa.example%3A3333&_ant_pool1user=account.1"
    b"&_ant_pool1pw=pw-one&_ant_pool2url=bbb.example%3A443&_ant_pool2user=account.2"
    b"&_ant_pool2pw=pw-two&_ant_pool3url=&_ant_pool3user=&_ant_pool3pw="
)

S9_FILE = re.sub(
    r'"bitmain-(?:fan-ctrl|fan-pwm|ccdelay|pwth|work-mode|freq-level)".*\n',
    "",
    X19_FILE,
).replace('"1400",', '"0706"')
S17_FILE = S9_FILE.replace(
    '"bitmain-freq"', '"bitmain-work-mode" : "1",\n"bitmain-freq"'
)


def x19_script(held: str, body: bytes, length: int | None, *, defaults: bool) -> str:
    """Give the file that ``set_miner_conf.cgi`` of the S19 generation makes of a request.

    Its shell reads one line of so many bytes without ``-r`` and expands it unquoted.
    ``defaults``: whether it writes defaults where it found nothing, as from 2024 on.
    Raises ValueError for what it calls an illegal request.
    """
    line = body[: length or 0].decode("latin-1").partition("\n")[0]
    line = re.sub(r"\\(.?)", r"\1", line)
    sent = json.loads(" ".join(line.split()))
    compact = json.dumps(sent, separators=(",", ":"), ensure_ascii=False)
    old = None
    with suppress(ValueError):
        old = json.loads(held)
    whole = len(compact.split()) == 1

    def ask(record: Json, *path: str | int) -> str:
        value = record
        for step in path:
            match value, step:
                case dict(), str():
                    value = value.get(step)
                case list(), int():
                    value = value[step] if step < len(value) else None
                case _:
                    value = None
        return value if isinstance(value, str) else json.dumps(value)

    def take(*path: str | int, kept: tuple[str | int, ...] | None = None) -> str:
        found = ask(sent, *path) if whole else ""
        return keep(*(kept or path)) if found == "null" else found

    def keep(*path: str | int) -> str:
        # jq gives nothing at all of a broken file.
        return "" if old is None else ask(old, *path)

    mode = take("miner-mode", kept=("bitmain-work-mode",))
    if mode not in ("0", "1", "2", ""):
        mode = keep("bitmain-work-mode")
    fan, duty = take("bitmain-fan-ctrl"), take("bitmain-fan-pwm")
    level = take("freq-level", kept=("bitmain-freq-level",))
    if defaults:
        fan, duty, mode, level = (
            fan or "false",
            duty or "100",
            mode or "0",
            level or "100",
        )
    pools = ",\n".join(
        "{\n"
        + ",\n".join(
            f'"{key}" : "{take("pools", place, key)}"'
            for key in ("url", "user", "pass")
        )
        + "\n}"
        for place in range(3)
    )
    rest = "".join(
        f'"{key}" : "{keep(key)}",\n'
        for key in (
            "bitmain-freq",
            "bitmain-voltage",
            "bitmain-ccdelay",
            "bitmain-pwth",
        )
    )
    return (
        f'{{\n"pools" : [\n{pools}\n]\n,\n"api-listen" : true,\n"api-network" : true,\n'
        '"api-groups" : "A:stats:pools:devs:summary:version",\n"api-allow" : "A:0/0,W:*",\n'
        f'"bitmain-fan-ctrl" : {fan},\n"bitmain-fan-pwm" : "{duty}",\n'
        f'"bitmain-use-vil" : true,\n{rest}"bitmain-work-mode" : "{mode}",\n'
        f'"bitmain-freq-level" : "{level}"\n}}\n'
    )


_DECODED = (
    "%23#", "%24$", "%25%", "%26&", "%2C,", "%2B+", "%3A:", "%3B;", "%3C<", "%3D=", "%3E>",
    "%3F?", "%40@", "%5B[", "%5D]", "%5E^", "%7B{", "%7C|", "%7D}", "%2F/",
)  # fmt: skip


def classic_script(held: str, body: bytes, *, modes: bool) -> str:
    """Give the file that ``set_miner_conf.cgi`` of an S9, or with ``modes`` an S17, makes.

    It takes the fields by their places and decodes some characters, one after another.
    """
    fields = []
    for word in body.decode("latin-1").replace("&", " ").split():
        value = word.replace("+", " ")
        for pair in _DECODED:
            value = value.replace(pair[:3], pair[3:])
        fields.append(value.partition("=")[2])
    fields += [""] * (16 - len(fields))
    pools = ",\n".join(
        "{\n"
        + ",\n".join(
            f'"{key}" : "{fields[place * 3 + number]}"'
            for number, key in enumerate(("url", "user", "pass"))
        )
        + "\n}"
        for place in range(3)
    )
    lines = [
        '"api-listen" : true', '"api-network" : true',
        '"api-groups" : "A:stats:pools:devs:summary:version"', '"api-allow" : "A:0/0,W:*"',
    ]  # fmt: skip
    if fields[9] == "true":
        lines.append('"bitmain-nobeeper" : true')
    if fields[10] == "true":
        lines.append('"bitmain-notempoverctrl" : true')
    if fields[11] == "true":
        lines += [f'"bitmain-fan-ctrl" : true,\n"bitmain-fan-pwm" : "{fields[12]}"']
    lines.append('"bitmain-use-vil" : true')
    if modes:
        # Grepped in a file that is begun anew by then: the factory's.
        lines.append(f'"bitmain-work-mode" : "{fields[15] or "0"}"')
    lines.append(f'"bitmain-freq" : "{fields[13] or "factory"}"')
    lines.append(f'"bitmain-voltage" : "{fields[14] or "factory"}"')
    return f'{{\n"pools" : [\n{pools}\n]\n,\n' + ",\n".join(lines) + "\n}\n"


class StockMiner:
    """The web interface of a miner with stock firmware, and what it was asked."""

    def __init__(self, held: str, kind: str) -> None:
        """Hold a configuration; ``kind`` is ``x19``, ``s9`` or ``s17``."""
        self.held = held
        self.kind = kind
        self.defaults = True
        self.requests: list[str] = []
        """Method and page of each request that was let in."""
        self.written: list[bytes] = []
        """Bodies that came to the writing script."""
        self.heads: list[dict[str, str]] = []
        """Headers of them, by names in lower case."""
        self.plan: list[str] = []
        """What happens at the next writings: ``ignore``, ``lose``, ``cut``, ``busy``,
        ``error``, or else the text that the file holds after it."""
        self.pages: dict[str, bytes] = {}
        """Whole answers, headers and all, of other pages; empty: dropped."""
        self.silent: set[str] = set()
        """Pages (with their body) that are never answered."""
        self.unreadable = 0
        """How many times more the configuration is shown half written."""
        self.off = False
        self.blinks = False
        self.answered = asyncio.Event()
        """Set when a writing is done."""
        self.notes: list[str | None] = []
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def recall(self) -> str | None:
        """Give the last note."""
        return self.notes[-1] if self.notes else None

    def note(self, text: str | None) -> None:
        """Keep a note."""
        self.notes.append(text)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request."""
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def stop(self) -> None:
        """End every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        length = int(headers["content-length"]) if "content-length" in headers else None
        body = await reader.readexactly(length or 0)
        if self.off:
            return
        if not self._knows(method, path, headers.get("authorization", "")):
            writer.write(
                b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n"
                b'WWW-Authenticate: Digest realm="%b", nonce="abc", qop="auth"\r\n\r\n'
                % REALM.encode()
            )
            return
        page = path.removeprefix("/cgi-bin/")
        self.requests.append(f"{method} {page}")
        if f"{page} {body.decode('latin-1')}".strip() in self.silent:
            self.blinks = True
            await reader.read()
            return
        if page == "set_miner_conf.cgi":
            self.written.append(body)
            self.heads.append(headers)
        if (answer := self._answer(page, body, length)) is not None:
            writer.write(answer)

    def _answer(self, page: str, body: bytes, length: int | None) -> bytes | None:
        if page in self.pages:
            return self.pages[page]
        match page:
            case "get_miner_conf.cgi":
                if self.unreadable:
                    self.unreadable -= 1
                    return _page(self.held[: len(self.held) // 2])
                return _page(self.held)
            case "set_miner_conf.cgi":
                return self._write(body, length)
            case "blink.cgi" if self.kind == "x19":
                self.blinks = b"true" in body
                return _page('{"code":"%s"}' % ("B000" if self.blinks else "B100"))
            case "blink.cgi" if body == b"action=stopBlink":
                self.blinks = False
                return _page('{"stopBlink":true}')
            case "blink.cgi":
                return _page(json.dumps({"isBlinking": self.blinks}))
            case "get_blink_status.cgi":
                return _page(json.dumps({"blink": self.blinks}))
            case _:
                return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    def _write(self, body: bytes, length: int | None) -> bytes | None:
        fate = self.plan.pop(0) if self.plan else "done"
        self.answered.set()
        if fate == "busy":
            return _page('{"stats":"error","code":"M001","msg":"request busy"}')
        if fate not in ("done", "lose", "cut", "ignore", "error"):
            self.held = fate
        elif fate != "ignore":
            try:
                self.held = self._script(body, length)
            except ValueError:
                return _page('{"stats":"error","code":"M001","msg":"Illegal request!"}')
        self.off = fate == "cut"
        if fate in ("lose", "cut"):
            return None
        if fate == "error":
            return b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
        return _page('{"stats":"success","code":"M000","msg":"OK!"}')

    def _script(self, body: bytes, length: int | None) -> str:
        if self.kind == "x19":
            return x19_script(self.held, body, length, defaults=self.defaults)
        return classic_script(self.held, body, modes=self.kind == "s17")

    def _knows(self, method: str, path: str, header: str) -> bool:
        sent = {
            key: quoted or bare
            for key, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^, ]+))', header)
        }
        if not header.startswith("Digest "):
            return False
        first = _md5(f"{USER}:{REALM}:{PASSWORD}")
        second = _md5(f"{method}:{path}")
        middle = f"abc:{sent['nc']}:{sent['cnonce']}:auth"
        right: bool = sent["response"] == _md5(f"{first}:{middle}:{second}")
        return right


def _page(text: str) -> bytes:
    # As the scripts send it: two blank lines, no Content-Type.
    body = b"\n\n" + text.encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % len(body) + body


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def a_rig(model: str, *, work_mode: str | None = None, fans: int = 4) -> Rig:
    """A reading of the miner, with the pools of its configuration."""
    return Rig(
        id="rig",
        seen_at=None,
        status=Status.RUNNING,
        model=model,
        work_mode=work_mode,
        fans_expected=fans,
        pools=(
            Pool(index=0, url="stratum+tcp://aaa.example:3333", user="account.1"),
            Pool(index=1, url="stratum+tcp://bbb.example:443", user="account.2"),
        ),
    )


class Start(Protocol):
    """Starts a miner."""

    async def __call__(self, held: str, kind: str) -> StockMiner:
        """``held`` is its configuration, ``kind`` ``x19``, ``s9`` or ``s17``."""


class Reach(Protocol):
    """Gives a miner as a controller reaches it."""

    def __call__(
        self,
        stock: StockMiner,
        *,
        port: int = 1,
        password: str | None = PASSWORD,
        timeout: float = 2.0,
    ) -> Miner:
        """``port`` is that of the CGMiner API."""


@pytest.fixture
async def stock(loopback: None) -> AsyncIterator[Start]:
    """Start miners; give the configuration that each holds and its kind."""
    servers: list[tuple[asyncio.Server, StockMiner]] = []

    async def start(held: str, kind: str) -> StockMiner:
        miner = StockMiner(held, kind)
        server = await asyncio.start_server(miner.serve, "127.0.0.1", 0)
        miner.port = server.sockets[0].getsockname()[1]
        servers.append((server, miner))
        return miner

    yield start
    for server, miner in servers:
        server.close()
        await miner.stop()
        await server.wait_closed()


@pytest.fixture
async def session(loopback: None) -> AsyncIterator[ClientSession]:
    """A client session."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
def reach(session: ClientSession) -> Reach:
    """Give a miner as a controller reaches it."""

    def make(
        stock: StockMiner,
        *,
        port: int = 1,
        password: str | None = PASSWORD,
        timeout: float = 2.0,
    ) -> Miner:
        return Miner(
            host="127.0.0.1",
            client=CgminerClient("127.0.0.1", port, timeout=timeout),
            session=session,
            web_port=stock.port,
            timeout=timeout,
            credentials=None if password is None else Credentials(USER, password),
            recall=stock.recall,
            note=stock.note,
        )

    return make
