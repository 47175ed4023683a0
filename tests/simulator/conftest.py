"""What the simulator's tests share: a clock that stands still, and clients that know nothing."""

import asyncio
from collections.abc import Callable
import hashlib
import json
from typing import cast

import pytest

from simulator.profiles import PROFILES, Profile

START = 1_750_000_000.0
"""Epoch seconds at which the tests' clocks stand."""
AGE = 60_000.0
"""Seconds for which their miners have been running."""
type Data = dict[str, object]


class Clock:
    """A clock that moves when told to."""

    def __init__(self, now: float = START) -> None:
        """Set it."""
        self.now = now

    def __call__(self) -> float:
        """Read it."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move it."""
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at START."""
    return Clock()


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Every test here may open sockets."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds, five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


def named(name: str) -> Profile:
    """A profile."""
    return PROFILES[name]


async def ask_raw(port: int, request: bytes, host: str = "127.0.0.1") -> bytes:
    """Send bytes in one piece and read to the end of the stream."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(request)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


async def ask(port: int, command: str, **more: object) -> bytes:
    """Send a JSON command, return the reply with its NUL."""
    return await ask_raw(port, json.dumps({"command": command, **more}).encode())


def loads(reply: bytes) -> Data:
    """Parse a reply that is valid JSON."""
    return cast("Data", json.loads(reply.rstrip(b"\0")))


def records(data: Data, name: str) -> list[Data]:
    """The records of a section."""
    return cast("list[Data]", data[name])


def mended(reply: bytes) -> Data:
    """Parse a reply, with the comma that classic ``stats`` lacks."""
    return loads(reply.replace(b"}{", b"},{"))


def status(data: Data) -> Data:
    """The STATUS block."""
    return records(data, "STATUS")[0]


class Http:
    """A response, as it came."""

    def __init__(self, raw: bytes) -> None:
        """Split head and body."""
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = dict(line.split(": ", 1) for line in lines)

    def json(self) -> object:
        """The body as JSON, blank lines or not."""
        return json.loads(self.body)


async def http(
    port: int,
    target: str,
    *,
    method: str = "GET",
    body: object = None,
    headers: dict[str, str] | None = None,
) -> Http:
    """One HTTP request without authentication."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: miner",
        f"Content-Length: {len(content)}",
    ]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return Http(
        await ask_raw(port, ("\r\n".join(lines) + "\r\n\r\n").encode() + content)
    )


def md5(text: str) -> str:
    """As digest authentication wants it."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def digest(
    port: int,
    target: str,
    *,
    user: str = "root",
    password: str = "root",
    method: str = "GET",
    body: object = None,
    uri: str | None = None,
    nonce: str | None = None,
) -> Http:
    """One HTTP request with digest authentication, after the challenge."""
    refused = await http(port, target, method=method, body=body)
    assert refused.status == 401
    challenge = refused.headers["WWW-Authenticate"]
    realm = challenge.split('realm="')[1].split('"')[0]
    nonce = nonce or challenge.split('nonce="')[1].split('"')[0]
    uri = uri or target
    secret = md5(f"{user}:{realm}:{password}")
    response = md5(f"{secret}:{nonce}:00000001:abc:auth:{md5(f'{method}:{uri}')}")
    authorization = (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f'qop=auth, nc=00000001, cnonce="abc", response="{response}"'
    )
    return await http(
        port, target, method=method, body=body, headers={"Authorization": authorization}
    )
