"""One request: what goes wrong on the way, what is sent, and when nothing is."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import gzip
import socket
from typing import override

from aiohttp import ClientSession, TCPConnector, web
from aiohttp.abc import AbstractResolver, ResolveResult
import pytest

from custom_components.antminer_monitor.hiveos import transport
from custom_components.antminer_monitor.hiveos.client import HiveClient, check_url
from custom_components.antminer_monitor.hiveos.errors import (
    BackOffError,
    BusyError,
    NotFoundError,
    RejectedError,
    ServerError,
)
from custom_components.antminer_monitor.hiveos.transport import REFUSED_AGAIN, Token
from custom_components.antminer_monitor.source import (
    ForbiddenError,
    InvalidCredentialsError,
    InvalidReplyError,
    Refusal,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)

from ..antminer.conftest import Serve, closes, replies, resets
from .conftest import TOKEN, Api, Clock, json_reply

FARMS = "GET /farms"
EMPTY_LIST = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data":[]}'

type Ask = Callable[[], Awaitable[object]]


async def error_of(ask: Awaitable[object]) -> SourceError:
    """The error of a call that has to fail. It holds the token nowhere."""
    with pytest.raises(SourceError) as caught:
        await ask
    shown: BaseException | None = caught.value
    while shown:
        assert TOKEN not in f"{shown} {shown!r} {shown.__dict__}"
        shown = shown.__cause__ or (
            None if shown.__suppress_context__ else shown.__context__
        )
    return caught.value


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (web.Response(status=401), InvalidCredentialsError, "token is refused"),
        (json_reply({"message": "no"}, 401), InvalidCredentialsError, "refused"),
        (web.Response(status=403, text="<h1>403"), ForbiddenError, "not allowed"),
        (json_reply({"message": "No!"}, 403), ForbiddenError, "GET /farms: No!"),
        (web.Response(status=404), NotFoundError, "not found"),
        (json_reply({"message": "Bad", "code": 1}, 400), RejectedError, "Bad"),
        (web.Response(status=409), RejectedError, "409"),
        (web.Response(status=429), BusyError, "too many"),
        (web.Response(status=403, text="Too many requests"), BusyError, "too many"),
        (json_reply({}, 403, Retry_After="7"), BusyError, "too many"),
        (json_reply({"message": TOKEN}, 500), ServerError, "500"),
        (web.Response(status=520, text="<html>"), ServerError, "520"),
        (web.Response(status=526), ServerError, "526"),
        (web.Response(status=304), InvalidReplyError, "304"),
        (web.Response(status=418), InvalidReplyError, "418"),
        (web.Response(status=200), InvalidReplyError, "empty"),
        (web.Response(status=204), InvalidReplyError, "JSON"),
        (web.Response(text=" \n"), InvalidReplyError, "empty"),
        (web.Response(text=" <!DOCTYPE html>"), InvalidReplyError, "web page"),
        (web.Response(text="{"), InvalidReplyError, "not JSON"),
        (web.Response(text="[" * 100_000), InvalidReplyError, "not JSON"),
        (web.Response(body=b'{"data": "\xff"}'), InvalidReplyError, "not JSON"),
        (web.Response(text="1" * 5000), InvalidReplyError, "not JSON"),
        (json_reply([]), InvalidReplyError, "no list"),
        (json_reply({"data": {}}), InvalidReplyError, "no list"),
        (json_reply({"data": [1, "x", None]}), InvalidReplyError, "no objects"),
    ],
)
async def test_answers_that_are_errors(
    api: Api,
    client: HiveClient,
    answer: web.Response,
    error: type[SourceError],
    text: str,
) -> None:
    """Every answer that is no good one has its error."""
    api.answers[FARMS] = answer
    raised = await error_of(client.farms())
    assert type(raised) is error
    assert text in str(raised)
    assert str(raised).startswith("GET /farms: ")


async def test_refusals(api: Api, client: HiveClient) -> None:
    """A missing second factor and a missing payment are told apart from the rest."""
    for status, code, refusal in (
        (403, 403003, Refusal.SECURITY_CODE),
        (403, 403001, Refusal.UNKNOWN),
        (402, 402001, Refusal.UNPAID),
    ):
        api.answers[FARMS] = json_reply({"message": "No!", "code": code}, status)
        error = await error_of(client.farms())
        assert isinstance(error, ForbiddenError)
        assert error.refusal is refusal


async def test_rejected_fields(api: Api, client: HiveClient) -> None:
    """What is wrong is named by field, in no more words than fit."""
    api.answers["PATCH /farms/1/workers/2"] = json_reply(
        {
            "message": "The given data was invalid.",
            "errors": {
                "fs_id": ["No such\nsheet.", 5, "x" * 500],
                "other": "none",
                **{f"field {number}": [] for number in range(50)},
            },
        },
        422,
    )
    error = await error_of(client.edit("1", ["2"], {"fs_id": 1}))
    assert isinstance(error, RejectedError)
    assert error.fields["fs_id"] == ("No such sheet.", "x" * 100)
    assert len(error.fields) == 10
    assert "The given data was invalid. (fs_id: No such sheet., xxx" in str(error)
    assert len(str(error)) < 1000


async def test_what_is_sent(api: Api, client: HiveClient) -> None:
    """The token goes where it belongs, and no body where there is none."""
    api.answers[FARMS] = {"data": []}
    api.answers["POST /farms/1/workers/2/command"] = {"id": 1}
    await client.farms()
    await client.command("1", ["2"], {"command": "reboot"})
    first, second = api.seen
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert first.headers["Accept"] == "application/json"
    assert first.headers["Accept-Encoding"] == "gzip, deflate"
    assert first.body is None
    assert "If-None-Match" not in first.headers
    assert second.body == {"command": "reboot"}


async def test_unpacks(api: Api, client: HiveClient) -> None:
    """Packed answers are unpacked."""
    api.answers[FARMS] = web.Response(
        body=gzip.compress(b'{"data": [{"id": 7}]}'),
        headers={"Content-Encoding": "gzip"},
    )
    assert [farm.id for farm in await client.farms()] == ["7"]


@pytest.mark.parametrize("packed", [False, True])
async def test_too_large(api: Api, client: HiveClient, packed: bool) -> None:
    """What counts is the size unpacked: a megabyte packs into a kilobyte."""
    body = b'{"data": "' + b" " * 1_100_000 + b'"}'
    api.answers["GET /farms/1/workers"] = web.Response(
        body=gzip.compress(body) if packed else body,
        headers={"Content-Encoding": "gzip"} if packed else {},
    )
    request = client._transport.request
    got = await request("GET", "/farms/1/workers", max_body=2 * 1024 * 1024)
    assert got
    assert got.body == body
    with pytest.raises(InvalidReplyError, match="over 1 MiB"):
        await request("GET", "/farms/1/workers", max_body=1024 * 1024)


async def test_error_with_a_large_or_broken_body(
    scripted: Serve, session: ClientSession
) -> None:
    """The status counts, whatever comes with it."""
    server = await scripted(
        replies(b"HTTP/1.1 500 no\r\nContent-Length: 900000\r\n\r\n" + b"x" * 300_000)
    )
    client = HiveClient(session, TOKEN, f"http://127.0.0.1:{server.port}")
    assert type(await error_of(client.farms())) is ServerError


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirect_is_not_followed(
    api: Api, client: HiveClient, status: int
) -> None:
    """Whoever redirects does not get to have the token sent elsewhere."""
    api.answers[FARMS] = web.Response(status=status, headers={"Location": "/api/v2/x"})
    error = await error_of(client.farms())
    assert type(error) is InvalidReplyError
    assert f"{status}, a redirect" in str(error)
    assert api.calls == [FARMS]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (closes, SourceUnreachableError),
        (resets(), SourceUnreachableError),
        (
            replies(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
            InvalidReplyError,
        ),
        (replies(b"SSH-2.0-dropbear\r\n"), InvalidReplyError),
        (
            replies(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
            ),
            InvalidReplyError,
        ),
    ],
)
async def test_broken_connection(
    scripted: Serve,
    session: ClientSession,
    behaviour: Callable[..., Awaitable[None]],
    error: type[SourceError],
) -> None:
    """A connection that breaks is an error; what is to change something is sent once."""
    server = await scripted(behaviour)
    client = HiveClient(session, TOKEN, f"http://127.0.0.1:{server.port}")
    assert type(await error_of(client.farms())) is error
    assert len(server.requests) <= 2
    server.requests.clear()
    error_of_command = await error_of(client.command("1", ["2"], {"command": "reboot"}))
    assert type(error_of_command) is error
    assert "it may have been carried out" in str(error_of_command)
    assert len(server.requests) == 1


async def test_no_answer(scripted: Serve, session: ClientSession) -> None:
    """Whoever says nothing is left after the deadline."""
    server = await scripted("hang")
    client = HiveClient(session, TOKEN, f"http://127.0.0.1:{server.port}", timeout=0.05)
    error = await error_of(client.farms())
    assert type(error) is SourceTimeoutError
    assert "0.05 s" in str(error)
    error = await error_of(client.command("1", ["2"], {"command": "reboot"}))
    assert str(error).endswith("; it may have been carried out all the same")


async def test_half_an_answer(scripted: Serve, session: ClientSession) -> None:
    """The deadline counts for the whole of the answer."""
    hang = asyncio.Event()

    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
        await hang.wait()

    server = await scripted(half)
    client = HiveClient(session, TOKEN, f"http://127.0.0.1:{server.port}", timeout=0.05)
    assert type(await error_of(client.farms())) is SourceTimeoutError
    hang.set()


async def test_nobody_there(session: ClientSession, closed_port: int) -> None:
    """A port that nobody listens on refuses."""
    client = HiveClient(session, TOKEN, f"http://127.0.0.1:{closed_port}")
    assert type(await error_of(client.farms())) is SourceRefusedError


async def test_host_does_not_answer(session: ClientSession, full_port: int) -> None:
    """A host that takes no connection runs into the deadline."""
    client = HiveClient(session, TOKEN, f"http://127.0.0.1:{full_port}", timeout=0.05)
    assert type(await error_of(client.farms())) is SourceTimeoutError


async def test_no_encryption(scripted: Serve, session: ClientSession) -> None:
    """Where there is no TLS there is no connection."""
    server = await scripted(replies(b"HTTP/1.1 200 OK\r\n\r\n"))
    client = HiveClient(session, TOKEN, f"https://127.0.0.1:{server.port}")
    error = await error_of(client.farms())
    assert type(error) is SourceUnreachableError
    assert "encrypted" in str(error)


class NoName(AbstractResolver):
    """Knows no host."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError("no such name")

    @override
    async def close(self) -> None:
        pass


async def test_no_such_host(loopback: None) -> None:
    """A name that nobody knows."""
    async with ClientSession(connector=TCPConnector(resolver=NoName())) as session:
        error = await error_of(HiveClient(session, TOKEN).farms())
    assert type(error) is SourceUnreachableError
    assert "no such host" in str(error)


async def test_closed_session(session: ClientSession, api: Api) -> None:
    """A session that is closed is an error like any other."""
    client = HiveClient(session, TOKEN, api.url)
    await session.close()
    assert type(await error_of(client.farms())) is SourceUnreachableError


@pytest.mark.parametrize("token", ["", " ", "a\nb", "tökén", "a\x00"])
async def test_impossible_token(api: Api, session: ClientSession, token: str) -> None:
    """What cannot be a token is not sent."""
    client = HiveClient(session, token, api.url)
    with pytest.raises(InvalidCredentialsError):
        await client.farms()
    assert not api.seen


def test_token_hides() -> None:
    """A token shows in nothing that is printed."""
    token = Token(f" {TOKEN}\n")
    assert token.header == f"Bearer {TOKEN}"
    assert TOKEN not in f"{token} {token!r}"


async def test_one_at_a_time(api: Api, client: HiveClient) -> None:
    """Requests of an account stand in a queue."""

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.005)
        return json_reply({"data": []})

    for farm_id in range(1, 4):
        api.answers[f"GET /farms/{farm_id}/fs"] = slow
    await asyncio.gather(*(client.flight_sheets(str(i)) for i in range(1, 4)))
    assert len(api.seen) == 3
    assert api.most_at_once == 1


async def test_queue_has_an_end(
    api: Api, client: HiveClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits too long for the others gives up; the queue goes on."""
    monkeypatch.setattr(transport, "QUEUE_TIMEOUT", 0.02)
    go = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await go.wait()
        return json_reply({"data": []})

    api.answers[FARMS] = slow
    first = asyncio.create_task(client.farms())
    while not api.seen:
        await asyncio.sleep(0)
    error = await error_of(client.announcements())
    assert type(error) is SourceTimeoutError
    assert "not sent" in str(error)
    go.set()
    assert await first == ()
    assert await client.farms() == ()


async def test_cancelled_request_lets_others_through(
    api: Api, client: HiveClient
) -> None:
    """A call that is cancelled does not hold up the next."""
    api.answers[FARMS] = {"data": []}
    hang = asyncio.Event()

    async def wait(_: web.Request) -> web.Response:
        await hang.wait()
        return json_reply({})

    api.answers["GET /account"] = wait
    task = asyncio.create_task(client.account())
    while not api.seen:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await client.farms() == ()
    hang.set()


async def test_refused_token_is_not_sent_again(api: Api, client: HiveClient) -> None:
    """After a refusal there is nothing to ask: there are blocks for trying on."""
    api.answers[FARMS] = web.Response(status=401)
    assert type(await error_of(client.farms())) is InvalidCredentialsError
    api.answers[FARMS] = {"data": []}
    assert type(await error_of(client.farms())) is InvalidCredentialsError
    error = await error_of(client.command("1", ["2"], {}))
    assert type(error) is InvalidCredentialsError
    assert "not sent" in str(error)
    assert len(api.seen) == 1


async def test_refused_token_is_tried_again_later(
    api: Api, client: HiveClient, clock: Clock
) -> None:
    """It may have been switched on again; nobody need enter anything then."""
    api.answers[FARMS] = web.Response(status=401)
    assert type(await error_of(client.farms())) is InvalidCredentialsError
    api.answers[FARMS] = {"data": []}
    clock.at += REFUSED_AGAIN
    assert await client.farms() == ()


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("40", 40.0),
        (" 40 ", 40.0),
        ("0", 1.0),
        ("99999", 3600.0),
        ("9" * 5000, 3600.0),
        ("Wed, 01 Jan 2020 00:00:00 -0000", 1.0),
        (format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True), 1.0),
        (format_datetime(datetime(2100, 1, 1, tzinfo=UTC), usegmt=True), 3600.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_waits_as_told(
    api: Api, client: HiveClient, clock: Clock, header: str, wait: float, status: int
) -> None:
    """Nothing is sent until the time that the service gave is over."""
    api.answers[FARMS] = json_reply({}, status, Retry_After=header)
    error = await error_of(client.farms())
    assert isinstance(error, BackOffError)
    assert error.retry_after == wait
    api.answers[FARMS] = {"data": []}
    clock.at += wait / 2
    again = await error_of(client.farms())
    assert type(again) is type(error)
    assert isinstance(again, BackOffError)
    assert again.retry_after == wait / 2
    assert "not sent" in str(again)
    assert len(api.seen) == 1
    clock.at += wait / 2
    assert await client.farms() == ()


async def test_waits_until_a_date(api: Api, client: HiveClient) -> None:
    """The time may be given as a date."""
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    api.answers[FARMS] = json_reply({}, 429, Retry_After=at)
    error = await error_of(client.farms())
    assert isinstance(error, BusyError)
    assert error.retry_after == pytest.approx(99.0, abs=3.0)


@pytest.mark.parametrize("header", ["soon", "", "-5", "Wed, 99 Foo 2020"])
@pytest.mark.parametrize("status", [429, 500])
async def test_waits_longer_each_time(
    api: Api, client: HiveClient, clock: Clock, header: str, status: int
) -> None:
    """Not told how long, it waits twice as long each time, and anew after a success."""

    async def wait() -> float:
        error = await error_of(client.farms())
        assert isinstance(error, BackOffError)
        assert error.retry_after
        clock.at += error.retry_after
        return error.retry_after

    api.answers[FARMS] = json_reply({}, status, Retry_After=header)
    for longest in (15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0):
        assert longest / 2 <= await wait() <= longest
    assert len(api.seen) == 8
    api.answers[FARMS] = {"data": []}
    await client.farms()
    api.answers[FARMS] = json_reply({}, status)
    assert await wait() <= 15.0


async def test_commands_wait_too(api: Api, client: HiveClient) -> None:
    """A service that has too much to do is not told to do more."""
    api.answers[FARMS] = json_reply({}, 429, Retry_After="60")
    await error_of(client.farms())
    for call in (
        client.command("1", ["2"], {"command": "reboot"}),
        client.edit("1", ["2"], {"fs_id": 3}),
    ):
        error = await error_of(call)
        assert type(error) is BusyError
        assert "not sent, the service asks us to wait; next attempt in 60 s" in str(
            error
        )
    assert len(api.seen) == 1


async def test_fault_of_one_farm(api: Api, client: HiveClient) -> None:
    """A farm whose answers fail does not keep the others from being read."""
    api.answers["GET /farms/1/fs"] = json_reply({}, 500)
    api.answers["GET /farms/2/fs"] = {"data": []}
    api.answers[FARMS] = {"data": []}
    assert type(await error_of(client.flight_sheets("1"))) is ServerError
    assert await client.flight_sheets("2") == ()
    assert await client.farms() == ()
    assert type(await error_of(client.overclocks("1"))) is ServerError
    assert api.calls == ["GET /farms/1/fs", "GET /farms/2/fs", FARMS]


async def test_commands_are_never_repeated(
    scripted: Serve, session: ClientSession
) -> None:
    """A connection kept open that turns out to be dropped: only reading is tried anew."""
    served = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        writer.write(EMPTY_LIST)
        await writer.drain()
        # The next request on this connection is read, and never answered.
        server.requests.append(await reader.read(8191))

    server = await scripted(once)
    client = HiveClient(session, TOKEN, f"http://127.0.0.1:{server.port}")
    assert await client.farms() == ()
    assert await client.farms() == ()
    assert served == 2
    error = await error_of(client.command("1", ["2"], {"command": "reboot"}))
    assert type(error) is SourceUnreachableError
    assert served == 2
    assert sum(request.startswith(b"POST") for request in server.requests) == 1


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://api2.hiveos.farm/api/v2", "https://api2.hiveos.farm/api/v2"),
        (" https://the.hiveos.farm/api/v2/ ", "https://the.hiveos.farm/api/v2"),
        ("https://example.com/", "https://example.com"),
        ("http://localhost:4080/api/v2", "http://localhost:4080/api/v2"),
        ("http://127.0.0.1:4080/api/v2", "http://127.0.0.1:4080/api/v2"),
        ("http://[::1]:4080/api/v2", "http://[::1]:4080/api/v2"),
        ("http://192.168.1.5/api/v2", "http://192.168.1.5/api/v2"),
        ("http://[fd00::5]/x//", "http://[fd00::5]/x"),
    ],
)
def test_good_url(given: str, url: str) -> None:
    """Encrypted anywhere, unencrypted at home."""
    assert str(check_url(given)) == url


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "invalid"),
        ("api2.hiveos.farm", "invalid"),
        ("ftp://example.com", "invalid"),
        ("https://", "invalid"),
        ("https:///api/v2", "invalid"),
        ("https://user@example.com", "invalid"),
        ("https://user:word@example.com", "invalid"),
        ("https://:word@example.com", "invalid"),
        ("https://example.com/?token=5", "invalid"),
        ("https://example.com/#x", "invalid"),
        ("https://example.com:99999", "invalid"),
        ("https://[::1", "invalid"),
        ("http://example.com", "insecure"),
        ("http://localhost.example.com", "insecure"),
        ("http://8.8.8.8/api/v2", "insecure"),
        ("http://api2.hiveos.farm/api/v2", "insecure"),
    ],
)
def test_bad_url(given: str, reason: str) -> None:
    """The reason is one of the words that the forms know."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        check_url(given)
