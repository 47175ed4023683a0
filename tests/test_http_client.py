"""Requests over HTTP: sent once, read up to a limit, and named when they fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
import pytest

from custom_components.antminer_monitor.http_client import (
    http_error,
    read_body,
    sent_once,
    unsent_error,
)
from custom_components.antminer_monitor.source import (
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


class Server:
    """Answers with bytes, one after the other, and closes after each that is empty."""

    def __init__(self, *answers: bytes | None) -> None:
        """``None`` in the place of an answer: it never comes."""
        self._answers = list(answers)
        self.asked = 0

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection."""
        while await reader.read(4096):
            self.asked += 1
            answer = self._answers.pop(0)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
                if answer != EMPTY:
                    break
        writer.close()


@asynccontextmanager
async def serving(*answers: bytes | None) -> AsyncIterator[tuple[Server, str]]:
    """Serve on a loopback port; give the server and its URL."""
    server = Server(*answers)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listener:
        yield server, f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A session as any."""
    async with aiohttp.ClientSession() as opened:
        yield opened


async def failure_of(session: aiohttp.ClientSession, url: str) -> Exception:
    """Ask, and give what is raised."""
    with pytest.raises((aiohttp.ClientError, SourceError, TimeoutError)) as raised:
        async with (
            asyncio.timeout(0.3),
            session.get(url, middlewares=(sent_once,)) as response,
        ):
            await read_body(response, 2048)
    return raised.value


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (None, SourceTimeoutError, "no whole answer within 0.3 s"),
        (b"", InvalidReplyError, "closed without an answer"),
        (b"+OK ready\r\n\r\n", InvalidReplyError, "malformed HTTP answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
            InvalidReplyError,
            "truncated answer",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2049\r\n\r\n" + b"x" * 2049,
            InvalidReplyError,
            "answer over 2 KiB",
        ),
    ],
)
async def test_answer_that_is_none(
    session: aiohttp.ClientSession,
    answer: bytes | None,
    kind: type[SourceError],
    text: str,
) -> None:
    """It has a name, and nobody says that nothing was sent."""
    async with serving(answer) as (_, url):
        raised = await failure_of(session, url)
    assert unsent_error(raised) is None
    error = http_error(raised, 0.3)
    assert (type(error), str(error)) == (kind, text)


async def test_whole_answer(session: aiohttp.ClientSession) -> None:
    """As many bytes as are allowed come through."""
    body = b"x" * 2048
    async with (
        serving(b"HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n\r\n" + body) as (_, url),
        session.get(url, middlewares=(sent_once,)) as response,
    ):
        assert await read_body(response, 2048) == body


@pytest.mark.parametrize(
    ("url", "kind", "text"),
    [
        ("http://127.0.0.1:1/", SourceRefusedError, "connection refused"),
        ("http://", SourceUnreachableError, "no such host"),
    ],
)
async def test_nothing_sent(
    session: aiohttp.ClientSession, url: str, kind: type[SourceError], text: str
) -> None:
    """Where no connection came about, that is said."""
    raised = await failure_of(session, url)
    for error in (unsent_error(raised), http_error(raised, 1)):
        assert (type(error), str(error)) == (kind, text)


@pytest.mark.parametrize(
    ("reason", "text"),
    [("No route to host", "No route to host"), ("", "no connection")],
)
def test_no_way_there(reason: str, text: str) -> None:
    """Whatever else the system says of a connection is told in its words."""
    key = ConnectionKey("miner.invalid", 80, False, True, None, None, None)
    error = unsent_error(aiohttp.ClientConnectorError(key, OSError(113, reason)))
    assert type(error) is SourceUnreachableError
    assert str(error) == text


async def test_no_trusted_connection(session: aiohttp.ClientSession) -> None:
    """What answers without encryption is told apart from what does not answer."""
    async with serving(b"plain") as (_, url):
        raised = await failure_of(session, url.replace("http:", "https:"))
    assert str(unsent_error(raised)) == "no trusted encrypted connection"


def test_connection_not_taken() -> None:
    """A connection that nobody takes in time is late for whoever reads, unsent for others."""
    late = aiohttp.ConnectionTimeoutError(
        "Connection timeout to host http://x/?token=1"
    )
    assert str(unsent_error(late)) == "no connection in time"
    assert type(http_error(late, 2)) is SourceTimeoutError


async def test_closed_session(session: aiohttp.ClientSession) -> None:
    """At the end of a run nobody is reached any more."""
    await session.close()
    with pytest.raises(RuntimeError) as raised:
        await session.get("http://127.0.0.1:1/")
    assert type(http_error(raised.value, 1)) is SourceUnreachableError


@pytest.mark.parametrize("is_once", [True, False])
async def test_sent_once(session: aiohttp.ClientSession, is_once: bool) -> None:
    """A kept connection that drops is not asked anew, as aiohttp would by itself."""
    async with serving(EMPTY, b"", EMPTY) as (server, url):
        async with session.get(url):
            pass
        again = session.get(url, middlewares=(sent_once,) if is_once else ())
        if is_once:
            with pytest.raises(aiohttp.ClientConnectionError) as raised:
                await again
            assert str(http_error(raised.value, 1)) == "closed without an answer"
        else:
            (await again).release()
        await session.close()
    assert server.asked == (2 if is_once else 3)
