"""The CGMiner client against servers that behave, and ones that do not."""

import asyncio
import json
import logging
import socket

import pytest

from custom_components.antminer_monitor.antminer.cgminer import (
    MAX_REPLY,
    CgminerClient,
    ConnectTimeoutError,
    NotJoinableError,
    Reply,
    is_error,
    section,
    status_code,
)
from custom_components.antminer_monitor.source import (
    AccessDeniedError,
    InvalidReplyError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)

from .conftest import Serve, closes, dribbles, floods, replies, resets


def status(letter: str, code: int, **sections: object) -> bytes:
    """A reply with that STATUS."""
    block = {"STATUS": letter, "When": 1700000000, "Code": code, "Msg": "m"}
    return json.dumps({"STATUS": [block], **sections, "id": 1}).encode()


VERSION = status("S", 22, VERSION=[{"API": "3.1", "Type": "Antminer S9"}])


async def client_of(scripted: Serve, *chunks: bytes) -> CgminerClient:
    """A client of a miner that answers so."""
    server = await scripted(replies(*chunks))
    return CgminerClient("127.0.0.1", server.port, timeout=2)


async def test_the_reply_ends_with_a_nul(scripted: Serve) -> None:
    """The reply ends with a nul."""
    server = await scripted("hang")

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(VERSION + b'\0{"not":"read"}')
        await server.hang()(reader, writer)

    server.behaviour = answer
    client = CgminerClient("127.0.0.1", server.port)
    reply = await client.command("version")
    assert section(reply, "VERSION") == [{"API": "3.1", "Type": "Antminer S9"}]
    await asyncio.wait_for(server.left.wait(), 2)


async def test_the_reply_ends_with_the_connection(scripted: Serve) -> None:
    """The reply ends with the connection."""
    client = await client_of(scripted, VERSION)
    assert status_code(await client.command("version")) == 22


async def test_the_reply_comes_in_pieces(scripted: Serve) -> None:
    """The reply comes in pieces."""
    server = await scripted(dribbles(VERSION + b"\0", 7))
    client = CgminerClient("127.0.0.1", server.port, timeout=5)
    assert status_code(await client.command("version")) == 22


@pytest.mark.parametrize(
    ("parameter", "new_api", "expected"),
    [
        (None, False, b'{"command":"stats"}'),
        ("0", False, b'{"command":"stats","parameter":"0"}'),
        (None, True, b'{"command":"stats","new_api":true}'),
        ('a"\\é', False, b'{"command":"stats","parameter":"a\\"\\\\\\u00e9"}'),
    ],
)
async def test_the_request(
    scripted: Serve, parameter: str | None, new_api: bool, expected: bytes
) -> None:
    """The request."""
    server = await scripted(replies(VERSION))
    client = CgminerClient("127.0.0.1", server.port)
    await client.command("stats", parameter, new_api=new_api)
    assert server.requests == [expected]


async def test_one_command_at_a_time(scripted: Serve) -> None:
    """One command at a time."""
    server = await scripted(dribbles(VERSION, 100))
    client = CgminerClient("127.0.0.1", server.port)
    await asyncio.gather(*(client.command("version") for _ in range(5)))
    assert len(server.requests) == 5
    assert server.most_at_once == 1


async def test_a_failure_does_not_hold_up_the_next_command(scripted: Serve) -> None:
    """A failure does not hold up the next command."""
    server = await scripted(closes)
    client = CgminerClient("127.0.0.1", server.port)
    with pytest.raises(InvalidReplyError):
        await client.command("version")
    server.behaviour = replies(VERSION)
    assert await client.command("version")


async def test_no_answer(scripted: Serve) -> None:
    """No answer."""
    server = await scripted("hang")
    client = CgminerClient("127.0.0.1", server.port, timeout=0.05)
    with pytest.raises(
        SourceTimeoutError, match=f"127.0.0.1:{server.port} stats: .*0 bytes"
    ):
        await client.command("stats")
    await asyncio.wait_for(server.left.wait(), 2)


async def test_half_an_answer(scripted: Serve) -> None:
    """Half an answer."""
    server = await scripted("hang")

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(VERSION[:20])
        await server.hang()(reader, writer)

    server.behaviour = answer
    client = CgminerClient("127.0.0.1", server.port, timeout=0.1)
    with pytest.raises(SourceTimeoutError, match="20 bytes"):
        await client.command("stats")
    await asyncio.wait_for(server.left.wait(), 2)


async def test_the_deadline_is_for_the_whole_reply(scripted: Serve) -> None:
    """The deadline is for the whole reply."""
    server = await scripted(dribbles(b"[" * 4000, 1))
    client = CgminerClient("127.0.0.1", server.port, timeout=0.1)
    async with asyncio.timeout(2):
        with pytest.raises(SourceTimeoutError):
            await client.command("stats")


async def test_nobody_takes_the_connection(full_port: int) -> None:
    """Nobody takes the connection."""
    client = CgminerClient("127.0.0.1", full_port, connect_timeout=0.05)
    with pytest.raises(ConnectTimeoutError, match=r"no connection within 0\.05 s"):
        await client.command("version")


async def test_the_connection_is_refused(closed_port: int) -> None:
    """The connection is refused."""
    with pytest.raises(SourceRefusedError, match="connection refused"):
        await CgminerClient("127.0.0.1", closed_port).command("version")


@pytest.mark.parametrize(
    "host", ["a" * 64 + ".local", "no\0name", "\udcff", "fe80::1%nowhere"]
)
async def test_no_such_host(
    loopback: None, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """No such host."""
    loop = asyncio.get_running_loop()

    async def resolve(name: str, port: int, **_: object) -> list[object]:
        name.encode("idna")
        if "\0" in name:
            raise ValueError("embedded null character")
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    with pytest.raises(SourceUnreachableError) as caught:
        await CgminerClient(host).command("version")
    assert not isinstance(caught.value, SourceRefusedError)


async def test_a_name_without_an_address(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without an address."""

    async def resolve(*_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    with pytest.raises(SourceUnreachableError, match="no address"):
        await CgminerClient("miner.local").command("version")


async def test_a_port_out_of_range(loopback: None) -> None:
    """A port out of range."""
    with pytest.raises(SourceUnreachableError):
        await CgminerClient("127.0.0.1", 70000).command("version")


async def test_a_host_name(scripted: Serve) -> None:
    """A host name."""
    server = await scripted(replies(VERSION))
    assert await CgminerClient("localhost", server.port).command("version")


async def test_the_next_address_of_a_name(
    scripted: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next address of a name."""
    server = await scripted(replies(VERSION))

    async def resolve(_: str, port: int, **__: object) -> list[object]:
        stream = socket.SOCK_STREAM
        return [
            (socket.AF_INET6, stream, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, stream, 6, "", ("127.0.0.9", port)),
            (socket.AF_INET, stream, 6, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    assert await CgminerClient("miner.local", server.port).command("version")


async def test_an_empty_reply(scripted: Serve) -> None:
    """An empty reply."""
    server = await scripted(closes)
    with pytest.raises(InvalidReplyError, match="version: empty reply"):
        await CgminerClient("127.0.0.1", server.port).command("version")


async def test_a_reset(scripted: Serve) -> None:
    """A reset."""
    server = await scripted(resets())
    with pytest.raises(InvalidReplyError, match="reset before any reply"):
        await CgminerClient("127.0.0.1", server.port).command("version")


async def test_a_reset_after_the_whole_reply(scripted: Serve) -> None:
    """A reset after the whole reply."""
    server = await scripted(resets(VERSION))
    assert await CgminerClient("127.0.0.1", server.port).command("version")


async def test_a_reset_within_the_reply(scripted: Serve) -> None:
    """A reset within the reply."""
    server = await scripted(resets(VERSION[:30]))
    with pytest.raises(InvalidReplyError, match="truncated"):
        await CgminerClient("127.0.0.1", server.port).command("version")


async def test_too_much(scripted: Serve) -> None:
    """Too much."""
    server = await scripted(floods)
    client = CgminerClient("127.0.0.1", server.port)
    with pytest.raises(InvalidReplyError, match="over 1 MiB"):
        await client.command("stats")
    await asyncio.wait_for(server.left.wait(), 2)
    assert client.exchanges[-1].size < MAX_REPLY + 2**17


async def test_nested_too_deeply(scripted: Serve) -> None:
    """Nested too deeply."""
    client = await client_of(scripted, b'{"a":' + b"[" * 200_000)
    with pytest.raises(InvalidReplyError, match="nested"):
        await client.command("stats")


async def test_an_error_quotes_nothing(
    scripted: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """An error quotes nothing."""
    caplog.set_level(logging.DEBUG)
    client = await client_of(
        scripted, b'{"POOLS":[{"User":"owner.wallet","Pass":s3cret}]}'
    )
    with pytest.raises(InvalidReplyError) as caught:
        await client.command("pools", "pool-password")
    told = f"{caught.value} {caplog.text} {client.exchanges}"
    assert "pools: no JSON at character" in told
    for secret in ("owner", "wallet", "s3cret", "pool-password"):
        assert secret not in told


async def test_access_denied(scripted: Serve) -> None:
    """Access denied."""
    client = await client_of(scripted, status("E", 45))
    with pytest.raises(AccessDeniedError, match="restart: access denied"):
        await client.command("restart")


async def test_an_unknown_command_is_an_answer(scripted: Serve) -> None:
    """An unknown command is an answer."""
    client = await client_of(scripted, status("E", 14))
    reply = await client.command("temps")
    assert is_error(reply)
    assert status_code(reply) == 14


async def test_cancellation_closes_the_connection(scripted: Serve) -> None:
    """Cancellation closes the connection."""
    server = await scripted("hang")
    client = CgminerClient("127.0.0.1", server.port)
    task = asyncio.create_task(client.command("stats"))
    await asyncio.wait_for(server.asked.wait(), 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server.left.wait(), 2)
    assert client.exchanges[-1].error == "cancelled"
    server.behaviour = replies(VERSION)
    assert await client.command("version")


async def test_cancellation_while_connecting(full_port: int) -> None:
    """Cancellation while connecting."""
    task = asyncio.create_task(CgminerClient("127.0.0.1", full_port).command("stats"))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_exchanges_are_kept_up_to_a_bound(scripted: Serve) -> None:
    """Exchanges are kept up to a bound."""
    client = await client_of(scripted, VERSION)
    for _ in range(25):
        await client.command("version")
    assert len(client.exchanges) == 20
    last = client.exchanges[-1]
    assert (last.command, last.size, last.error) == ("version", len(VERSION), None)
    assert 0 < last.seconds < 2


async def test_joined(scripted: Serve) -> None:
    """Joined."""
    joined = b'{"stats":[%s],"summary":[%s],"pools":[],"devs":%s,"id":1}' % (
        status("S", 70, STATS=[{"Type": "x"}]).replace(
            b'{"Type": "x"}', b'{"Type":"x"}{"STATS":0}'
        ),
        status("E", 45),
        status("S", 9),
    )
    server = await scripted(replies(joined + b"\0"))
    client = CgminerClient("127.0.0.1", server.port)
    members = await client.joined(["stats", "summary", "pools", "devs", "coin"])
    assert server.requests == [b'{"command":"stats+summary+pools+devs+coin"}']
    assert list(members) == ["stats", "summary", "devs"]
    assert section(members["stats"], "STATS") == [{"Type": "x"}, {"STATS": 0}]
    assert status_code(members["summary"]) == 45
    assert is_error(members["summary"])


@pytest.mark.parametrize("code", [14, 45, 0])
async def test_not_joinable(scripted: Serve, code: int) -> None:
    """Not joinable."""
    client = await client_of(scripted, status("E", code))
    with pytest.raises(NotJoinableError, match=r"stats\+summary"):
        await client.joined(["stats", "summary"])


async def test_joining_one_or_none(scripted: Serve) -> None:
    """Joining one or none."""
    server = await scripted(replies(VERSION))
    client = CgminerClient("127.0.0.1", server.port)
    assert await client.joined([]) == {}
    assert server.requests == []
    members = await client.joined(["version"])
    assert server.requests == [b'{"command":"version"}']
    assert status_code(members["version"]) == 22


@pytest.mark.parametrize(
    ("reply", "code", "error"),
    [
        ({"STATUS": [{"STATUS": "S", "Code": 22}]}, 22, False),
        ({"STATUS": [{"STATUS": "F", "Code": 1}]}, 1, True),
        ({"STATUS": {"STATUS": "S", "when": 1.5}}, None, False),
        ({"STATUS": {"STATUS": "E", "Code": 3}}, 3, True),
        ({"STATUS": "RESTART"}, None, False),
        ({"STATUS": "E"}, None, True),
        ({"STATUS": [{"STATUS": ["E"], "Code": "14"}]}, None, False),
        ({"STATUS": [{"Code": True}]}, None, False),
        ({"STATUS": []}, None, False),
        ({"STATUS": [1]}, None, False),
        ({"STATUS": None}, None, False),
        ({}, None, False),
    ],
)
def test_status(reply: Reply, code: int | None, error: bool) -> None:
    """Status."""
    assert status_code(reply) == code
    assert is_error(reply) is error


def test_section() -> None:
    """Section."""
    assert section({"A": [{"x": 1}, 2, None, {"y": 2}]}, "A") == [{"x": 1}, {"y": 2}]
    assert section({"A": {"x": 1}}, "A") == [{"x": 1}]
    assert section({"A": "text"}, "A") == []
    assert section({}, "A") == []
