"""The stock web interface, against a server that checks the digest as lighttpd does."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import md5
import re
from typing import override

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.antminer_monitor.antminer.web import (
    MAX_BODY,
    Credentials,
    StockWeb,
    WebConfiguration,
    WebInfo,
    vnish_info,
)
from custom_components.antminer_monitor.source import (
    InvalidCredentialsError,
    InvalidReplyError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)

from .conftest import Serve, closes, floods, replies, resets

ROOT = Credentials("root", 'pass "w\\örd')
REALM = "antMiner Configuration"
SYSTEM = b"""

{
"minertype": "Antminer S21", "macaddr": "02:50:5A:09:DA:D9", "hostname": "Antminer",
"serinum": "SERIAL0001", "system_filesystem_version": "Thu Jul 11 16:38:25 CST 2024"
}
"""


def digest(text: str) -> str:
    """MD5, as digest authentication writes it."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


class Bare(web.Response):
    """A response without Content-Type, as the firmware's scripts send it."""

    @override
    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Content-Type", None)


class Miner:
    """Web pages behind a digest."""

    def __init__(self) -> None:
        """Serve no page yet."""
        self.pages: dict[str, bytes | int] = {}
        self.nonce = 0
        self.authorized = 0
        self.challenged = 0
        self.most_at_once = 0
        self.last = Bare()
        self._now = 0
        application = web.Application()
        application.router.add_get("/{path:.*}", self._get)
        self.server = TestServer(application)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(0.001)
        self._now -= 1
        if not request.path.startswith("/api/") and not self._authorised(request):
            self.challenged += 1
            challenge = f'Digest realm="{REALM}", nonce="{self.nonce:08x}", qop="auth"'
            return web.Response(
                status=401, text="401 " * 100, headers={"WWW-Authenticate": challenge}
            )
        page = self.pages.get(request.path.rpartition("/")[2], 404)
        if isinstance(page, int):
            return web.Response(status=page, headers={"Location": "/elsewhere"})
        self.last = Bare(body=page)
        return self.last

    def _authorised(self, request: web.Request) -> bool:
        header = request.headers.get("Authorization", "")
        sent = {
            key: quoted or bare
            for key, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^, ]+))', header)
        }
        if not header.startswith("Digest ") or sent["nonce"] != f"{self.nonce:08x}":
            return False
        first = digest(f"{ROOT.username}:{REALM}:{ROOT.password}")
        second = digest(f"GET:{request.path}")
        middle = f"{sent['nonce']}:{sent['nc']}:{sent['cnonce']}:{sent['qop']}"
        right: bool = sent["response"] == digest(f"{first}:{middle}:{second}")
        self.authorized += right
        return right


@pytest.fixture
async def miner(loopback: None) -> AsyncIterator[Miner]:
    """A stock miner's web interface."""
    miner = Miner()
    await miner.server.start_server()
    yield miner
    await miner.server.close()


@pytest.fixture
async def session(loopback: None) -> AsyncIterator[ClientSession]:
    """A client session."""
    async with ClientSession() as session:
        yield session


def interface(
    session: ClientSession, miner: Miner, credentials: Credentials = ROOT
) -> StockWeb:
    """The client of a miner."""
    assert miner.server.port is not None
    return StockWeb(session, "127.0.0.1", credentials, port=miner.server.port)


async def test_system_info(session: ClientSession, miner: Miner) -> None:
    """System info."""
    miner.pages["get_system_info.cgi"] = SYSTEM
    assert await interface(session, miner).system_info() == WebInfo(
        mac="02:50:5a:09:da:d9",
        hostname="Antminer",
        serial="SERIAL0001",
        model="Antminer S21",
        firmware_version="Thu Jul 11 16:38:25 CST 2024",
    )
    assert (miner.challenged, miner.authorized) == (1, 1)
    assert "Content-Type" not in miner.last.headers


@pytest.mark.parametrize(
    "page",
    [
        b"{}",
        b'{"macaddr":"N/A","hostname":"","serinum":"unknown","minertype":"unknow"}',
        b'{"macaddr":"00:00:00:00:00:00","hostname":null,"serinum":[],"minertype":{}}',
        b'{"macaddr":"02:50:5A:09:DA","hostname":" ","system_filesystem_version":"null"}',
    ],
)
async def test_what_is_not_told_is_none(
    session: ClientSession, miner: Miner, page: bytes
) -> None:
    """What is not told is none."""
    miner.pages["get_system_info.cgi"] = page
    assert await interface(session, miner).system_info() == WebInfo()


@pytest.mark.parametrize(
    "mac", ["02505A09DAD9", "02-50-5a-09-da-d9", " 02:50:5A:09:DA:D9 "]
)
async def test_spellings_of_a_mac(
    session: ClientSession, miner: Miner, mac: str
) -> None:
    """Spellings of a mac."""
    miner.pages["get_system_info.cgi"] = b'{"macaddr":"%s"}' % mac.encode()
    info = await interface(session, miner).system_info()
    assert info.mac == "02:50:5a:09:da:d9"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            b"""
{"pools":[{"pass":"x"}],"bitmain-fan-ctrl":false,"bitmain-fan-pwm":"100",
"bitmain-work-mode":"0","bitmain-freq-level":"90"}""",
            WebConfiguration(work_mode="0", fan_mode="auto", fan_duty=100),
        ),
        (
            b"""
{"bitmain-fan-ctrl":true,"bitmain-fan-pwm":"97.5%","miner-mode":1}""",
            WebConfiguration(work_mode="1", fan_mode="manual", fan_duty=97.5),
        ),
        (
            b'{"bitmain-fan-ctrl":"true","bitmain-work-mode":"","miner-mode":254}',
            WebConfiguration(work_mode="254", fan_mode="manual"),
        ),
        (
            b'\n\n{"bitmain-fan-ctrl" : ,"bitmain-fan-pwm" : "","freq-level" : "max"}',
            WebConfiguration(),
        ),
        (b'{"bitmain-fan-ctrl":"often","bitmain-fan-pwm":-5}', WebConfiguration()),
        (b"{}", WebConfiguration()),
    ],
)
async def test_configuration(
    session: ClientSession, miner: Miner, page: bytes, expected: WebConfiguration
) -> None:
    """Configuration."""
    miner.pages["get_miner_conf.cgi"] = page
    assert await interface(session, miner).configuration() == expected


async def test_one_page_at_a_time_and_one_challenge(
    session: ClientSession, miner: Miner
) -> None:
    """One page at a time and one challenge."""
    miner.pages = {"get_system_info.cgi": SYSTEM, "get_miner_conf.cgi": b"{}"}
    client = interface(session, miner)
    await asyncio.gather(
        client.system_info(), client.configuration(), client.system_info()
    )
    assert miner.most_at_once == 1
    assert (miner.challenged, miner.authorized) == (1, 3)
    miner.nonce += 1
    assert (await client.system_info()).hostname == "Antminer"


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials("root", "s3cret-root"),
        Credentials("admin", ROOT.password),
        Credentials("ro:ot", "s3cret"),
        Credentials("root", "s3cret\ud800"),
        Credentials("", ""),
    ],
)
async def test_credentials_are_refused(
    session: ClientSession, miner: Miner, credentials: Credentials
) -> None:
    """Credentials are refused."""
    miner.pages["get_system_info.cgi"] = SYSTEM
    client = interface(session, miner, credentials)
    for _ in range(2):
        with pytest.raises(InvalidCredentialsError) as caught:
            await client.system_info()
        assert "127.0.0.1" in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert caught.value.__cause__ is None
    assert miner.authorized == 0


async def test_forbidden(session: ClientSession, miner: Miner) -> None:
    """Forbidden."""
    miner.pages["get_system_info.cgi"] = 403
    with pytest.raises(InvalidCredentialsError):
        await interface(session, miner).system_info()


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_another_status(
    session: ClientSession, miner: Miner, status: int
) -> None:
    """Another status."""
    miner.pages["get_system_info.cgi"] = status
    with pytest.raises(
        InvalidReplyError, match=f"get_system_info.cgi: HTTP status {status}"
    ):
        await interface(session, miner).system_info()


@pytest.mark.parametrize("page", [b"", b"<html>login</html>", b'{"macaddr":"02', b"[]"])
async def test_not_the_page(session: ClientSession, miner: Miner, page: bytes) -> None:
    """Not the page."""
    miner.pages["get_system_info.cgi"] = page
    with pytest.raises(InvalidReplyError, match=r"get_system_info\.cgi: "):
        await interface(session, miner).system_info()


async def test_too_large_a_page(session: ClientSession, miner: Miner) -> None:
    """Too large a page."""
    miner.pages["get_system_info.cgi"] = b" " * (MAX_BODY + 1)
    with pytest.raises(InvalidReplyError, match="over 256 KiB"):
        await interface(session, miner).system_info()


async def test_a_page_without_an_end(session: ClientSession, scripted: Serve) -> None:
    """A page without an end."""

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await floods(reader, writer)

    server = await scripted(pour)
    client = StockWeb(session, "127.0.0.1", ROOT, port=server.port)
    with pytest.raises(InvalidReplyError, match="over 256 KiB"):
        await client.system_info()
    await asyncio.wait_for(server.left.wait(), 2)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "closed without an answer"),
        (b"SSH-2.0-dropbear_2019\r\n\r\n", "malformed HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "truncated answer"),
        (
            b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=x\r\nContent-Length: 0\r\n\r\n",
            "malformed HTTP answer",
        ),
    ],
)
async def test_not_http(
    session: ClientSession, scripted: Serve, answer: bytes, error: str
) -> None:
    """Not http."""
    server = await scripted(replies(answer) if answer else closes)
    client = StockWeb(session, "127.0.0.1", ROOT, port=server.port)
    with pytest.raises(InvalidReplyError, match=error):
        await client.system_info()


async def test_a_reset(session: ClientSession, scripted: Serve) -> None:
    """A reset."""
    server = await scripted(resets())
    with pytest.raises(InvalidReplyError):
        await StockWeb(session, "127.0.0.1", ROOT, port=server.port).system_info()


async def test_basic_authentication_is_not_answered(
    session: ClientSession, scripted: Serve
) -> None:
    """The password itself never leaves."""
    server = await scripted(
        replies(
            b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
        )
    )
    with pytest.raises(InvalidCredentialsError):
        await StockWeb(session, "127.0.0.1", ROOT, port=server.port).system_info()
    assert b"Authorization" not in b"".join(server.requests)


async def test_no_answer(session: ClientSession, scripted: Serve) -> None:
    """No answer."""
    server = await scripted("hang")
    client = StockWeb(session, "127.0.0.1", ROOT, port=server.port, timeout=0.05)
    with pytest.raises(SourceTimeoutError, match="no whole answer"):
        await client.system_info()
    await asyncio.wait_for(server.left.wait(), 2)


async def test_refused(session: ClientSession, closed_port: int) -> None:
    """Refused."""
    with pytest.raises(SourceRefusedError, match="connection refused"):
        await StockWeb(session, "127.0.0.1", ROOT, port=closed_port).system_info()


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("a b", 80),
        ("a" * 64 + ".local", 80),
        ("", 80),
        ("127.0.0.1", 70000),
        ("::g", 80),
    ],
)
async def test_no_such_host(session: ClientSession, host: str, port: int) -> None:
    """No such host."""
    with pytest.raises(SourceUnreachableError):
        await StockWeb(session, host, ROOT, port=port).system_info()


async def test_vnish_info(session: ClientSession, miner: Miner) -> None:
    """Vnish info."""
    miner.pages["info"] = (
        b'{"miner":"Antminer S21 Pro","fw_name":"Vnish","fw_version":"1.2.7",'
        b'"system":{"network_status":{"mac":"02:95:5A:B3:E0:79","hostname":"Antminer"}},'
        b'"serial":"N/A"}'
    )
    assert miner.server.port is not None
    assert await vnish_info(session, "127.0.0.1", port=miner.server.port) == WebInfo(
        mac="02:95:5a:b3:e0:79",
        hostname="Antminer",
        model="Antminer S21 Pro",
        firmware_version="1.2.7",
    )
    miner.pages["info"] = b'{"system":null}'
    assert await vnish_info(session, "127.0.0.1", port=miner.server.port) == WebInfo()


def test_the_password_is_not_shown() -> None:
    """The password is not shown."""
    assert "s3cret" not in repr(Credentials("root", "s3cret"))
