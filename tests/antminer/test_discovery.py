"""Finding miners on the loopback network: 127.0.0.1, 127.0.0.2 and so on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import logging
import socket
from time import monotonic

import pytest

from custom_components.antminer_monitor.antminer.cgminer import CgminerClient
from custom_components.antminer_monitor.antminer.discovery import (
    Found,
    ScanResult,
    scan,
)
from custom_components.antminer_monitor.source import (
    AccessDeniedError,
    InvalidReplyError,
)

from .conftest import Behaviour, ScriptedServer, closes, replies, resets

VERSION = (
    b'{"STATUS":[{"STATUS":"S","Code":22}],"VERSION":[{"Type":"Antminer S9"}],"id":1}\0'
)
UNKNOWN = b'{"STATUS":[{"STATUS":"E","Code":0,"Msg":"Invalid command"}]}\0'
DENIED = b'{"STATUS":[{"STATUS":"E","Code":45}],"id":1}\0'

type Network = Callable[[dict[int, Behaviour]], Awaitable[int]]


@pytest.fixture
async def network(loopback: None) -> AsyncIterator[Network]:
    """Start servers at 127.0.0.<n>, all on one port, which is returned."""
    servers: list[ScriptedServer] = []

    async def start(hosts: dict[int, Behaviour]) -> int:
        port = 0
        for last, behaviour in hosts.items():
            server = ScriptedServer(behaviour)
            servers.append(server)
            await server.start(f"127.0.0.{last}", port)
            port = server.port
        return port

    yield start
    for server in servers:
        await server.stop()


async def identify(host: str, port: int) -> str:
    """Read a miner as a caller would."""
    reply = await CgminerClient(host, port).command("version")
    return f"{host}:{'VERSION' in reply}"


def hosts(*last: int) -> list[str]:
    """Loopback addresses."""
    return [f"127.0.0.{number}" for number in last]


async def test_miners_are_found_in_order(network: Network) -> None:
    """Miners are found in order."""
    port = await network(
        {3: replies(VERSION), 2: replies(UNKNOWN), 5: replies(VERSION)}
    )
    progress: list[float] = []
    result = await scan(
        hosts(5, 4, 3, 2, 5), port, identify=identify, on_progress=progress.append
    )
    assert result == ScanResult(
        (
            Found("127.0.0.5", port, "127.0.0.5:True"),
            Found("127.0.0.3", port, "127.0.0.3:True"),
            Found("127.0.0.2", port, "127.0.0.2:False"),
        ),
        (),
    )
    assert progress == [0.25, 0.5, 0.75, 1.0]


async def test_what_listens_and_is_no_miner(network: Network) -> None:
    """What listens and is no miner."""
    port = await network(
        {
            2: replies(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
            3: closes,
            4: resets(),
            5: replies(b"SSH-2.0-dropbear\r\n"),
            6: replies(DENIED),
            7: replies(VERSION),
        }
    )
    result = await scan(hosts(2, 3, 4, 5, 6, 7, 8), port, identify=identify)
    assert [found.host for found in result.found] == ["127.0.0.7"]
    reasons = dict(result.unreadable)
    assert list(reasons) == hosts(2, 3, 4, 5, 6)
    assert "no JSON" in reasons["127.0.0.2"]
    assert "empty" in reasons["127.0.0.3"]
    assert "reset" in reasons["127.0.0.4"]
    assert "denied" in reasons["127.0.0.6"]


async def test_what_listens_and_says_nothing(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What listens and says nothing."""
    monkeypatch.setattr(
        "custom_components.antminer_monitor.antminer.discovery._REPLY_TIMEOUT", 0.05
    )
    silent = ScriptedServer(closes).hang()
    port = await network({2: silent})
    result = await scan(hosts(2), port, identify=identify)
    assert result.found == ()
    [(host, reason)] = result.unreadable
    assert host == "127.0.0.2"
    assert "no whole reply" in reason


async def test_nobody_is_there(full_port: int) -> None:
    """An address that does not answer is neither found nor unreadable."""
    result = await scan(
        ["127.0.0.1"], full_port, identify=identify, connect_timeout=0.05
    )
    assert result == ScanResult((), ())


async def test_names_that_do_not_exist(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that do not exist."""

    async def resolve(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    assert await scan(["miner.local"], identify=identify) == ScanResult((), ())


async def test_many_addresses_at_once(silent: Callable[[list[str]], int]) -> None:
    """Silent addresses are waited for together, ``concurrency`` of them at a time."""
    names = hosts(*range(2, 14))
    port = silent(names)
    started = monotonic()
    result = await scan(
        names, port, identify=identify, connect_timeout=0.1, concurrency=6
    )
    assert result == ScanResult((), ())
    assert 0.2 <= monotonic() - started < 0.8


async def test_no_more_at_once_than_told(network: Network) -> None:
    """No more at once than told."""
    port = await network(dict.fromkeys(range(2, 12), replies(VERSION)))
    now = most = 0

    async def slow(host: str, _: int) -> str:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.002)
        now -= 1
        return host

    result = await scan(hosts(*range(2, 12)), port, identify=slow, concurrency=3)
    assert [found.identity for found in result.found] == hosts(*range(2, 12))
    assert most == 3


@pytest.mark.parametrize("error", [InvalidReplyError, AccessDeniedError])
async def test_what_cannot_be_identified(
    network: Network, error: type[InvalidReplyError | AccessDeniedError]
) -> None:
    """What cannot be identified."""
    port = await network({2: replies(VERSION)})

    async def fail(host: str, port: int) -> str:
        raise error("no Antminer")

    result = await scan(hosts(2), port, identify=fail)
    assert result == ScanResult((), (("127.0.0.2", "no Antminer"),))


async def test_an_unexpected_error_ends_nothing(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error ends nothing."""
    port = await network({2: replies(VERSION), 3: replies(VERSION)})

    async def fail(host: str, port: int) -> str:
        if host == "127.0.0.2":
            raise KeyError("bug")
        return host

    result = await scan(hosts(2, 3), port, identify=fail)
    assert [found.host for found in result.found] == ["127.0.0.3"]
    assert result.unreadable == (("127.0.0.2", "unexpected error, see the log"),)
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None


async def test_identifying_takes_too_long(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Identifying takes too long."""
    monkeypatch.setattr(
        "custom_components.antminer_monitor.antminer.discovery._IDENTIFY_TIMEOUT", 0.1
    )
    port = await network({2: replies(VERSION)})

    async def forever(host: str, port: int) -> str:
        await asyncio.Event().wait()
        return host

    result = await scan(hosts(2), port, identify=forever)
    assert result.unreadable == (("127.0.0.2", "not read within 0.1 s"),)


async def test_cancellation_stops_everything(network: Network) -> None:
    """Cancellation stops everything."""
    port = await network(dict.fromkeys(range(2, 8), replies(VERSION)))
    begun = asyncio.Event()
    ended: list[str] = []

    async def forever(host: str, _: int) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(host)
        return host

    task = asyncio.create_task(
        scan(hosts(*range(2, 8)), port, identify=forever, concurrency=2)
    )
    await asyncio.wait_for(begun.wait(), 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 1 <= len(ended) <= 2


async def test_no_addresses(loopback: None) -> None:
    """No addresses."""
    assert await scan([], identify=identify) == ScanResult((), ())
