"""Many miners in one process: addresses, counting, one request at a time, the command."""

import asyncio
from contextlib import suppress
import os
from pathlib import Path
import resource
import signal
import socket
import sys
import time

import pytest

from simulator import Farm, Fault, mix
from simulator.__main__ import arguments, main, table
from simulator.farm import _allow_files, loopback_address

from .conftest import AGE, Clock, ask, loads, mended, status, until


def free_ports(count: int) -> int:
    """The first of ``count`` free ports in a row, with those of web and extras behind them.

    All of them below the range that the kernel takes for clients.
    """
    start = os.getpid() * 50 % 7000
    for step in range(0, 7000, 50):
        first = 5000 + (start + step) % 7000
        with suppress(OSError):
            for offset in (0, 10_000, 20_000):
                for port in range(first + offset, first + offset + count):
                    with socket.socket() as probe:
                        probe.bind(("127.0.0.1", port))
            return first
    raise AssertionError("no free ports")


async def test_a_thousand_miners() -> None:
    """They start within a second of the processor's time, and every one of them answers."""
    start = time.process_time()
    async with Farm(mix("all", 1000)) as farm:
        assert time.process_time() - start < 1
        assert len({(miner.host, miner.port) for miner in farm.miners}) == 1000
        for first in range(0, 1000, 100):
            replies = await asyncio.gather(
                *(
                    ask(miner.port, "pools")
                    for miner in farm.miners[first : first + 100]
                )
            )
            assert all(loads(reply.replace(b"\n", b""))["POOLS"] for reply in replies)
        assert farm.traffic.connections == 1000
        assert farm.open_connections == 0
        assert all(miner.connections == 1 for miner in farm.miners)


async def test_ports_in_a_row() -> None:
    """One address: port, port + 1 …; web 10,000 and extras 20,000 behind."""
    first = free_ports(3)
    async with Farm(
        ["s9", "s21_2024", "luxos"], port=first, web=True, extras=True
    ) as farm:
        places = [
            (miner.host, miner.port, miner.web_port, miner.extras_port)
            for miner in farm.miners
        ]
    assert places == [
        ("127.0.0.1", first, first + 10_000, None),
        ("127.0.0.1", first + 1, first + 10_001, first + 20_001),
        ("127.0.0.1", first + 2, None, None),
    ]


async def test_own_web_ports() -> None:
    """They can be set; 0 takes any."""
    first = free_ports(2)
    async with Farm(
        ["s9", "s21_2024"], web=True, web_port=first, extras=True, extras_port=0
    ) as farm:
        assert [miner.web_port for miner in farm.miners] == [first, first + 1]
        assert farm.miners[1].extras_port


async def test_an_address_each() -> None:
    """127.1.0.1, 127.1.0.2 …, all with the same ports."""
    async with Farm(
        ["s21_2024"] * 3, addresses=True, port=4029, web=True, extras=True
    ) as farm:
        places = [
            (miner.host, miner.port, miner.web_port, miner.extras_port)
            for miner in farm.miners
        ]
    assert places == [(f"127.1.0.{last}", 4029, 8080, 6060) for last in (1, 2, 3)]
    async with Farm(["s9"], addresses=True, web=True, web_port=8081) as farm:
        assert (farm.miners[0].port, farm.miners[0].web_port) == (4028, 8081)
    addresses = {loopback_address(index) for index in range(70_000)}
    assert len(addresses) == 70_000
    assert loopback_address(250) == "127.1.1.1"
    assert loopback_address(62_500) == "127.2.0.1"


async def test_a_taken_port_closes_what_was_opened() -> None:
    """Nothing stays open when one of the ports is somebody else's."""
    first = free_ports(2)
    with socket.socket() as other:
        other.bind(("127.0.0.1", first + 1))
        other.listen()
        with pytest.raises(OSError, match=f"127.0.0.1:{first + 1}: .*in use"):
            async with Farm(["s9", "s9"], port=first):
                pytest.fail("it opened")
    async with Farm(["s9", "s9"], port=first) as farm:
        assert len(farm.miners) == 2


async def test_one_request_at_a_time(clock: Clock) -> None:
    """A silent client blocks the others of its miner, and nobody else's."""
    async with Farm(["s9", "s9"], clock=clock, age=AGE) as farm:
        miner, neighbour = farm.miners
        _, silent = await asyncio.open_connection(miner.host, miner.port)
        waiting = asyncio.create_task(ask(miner.port, "version"))
        assert mended(await ask(neighbour.port, "version"))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        assert list(miner.commands) == []
        silent.close()
        assert status(loads(await waiting))["Code"] == 22
        assert list(miner.commands) == ["version"]


async def test_latency_is_served_in_turn(clock: Clock) -> None:
    """Two clients of one miner wait one after the other, those of two miners together."""
    async with Farm(["s9", "s9"], clock=clock, age=AGE, latency=0.05) as farm:
        first, second = farm.miners
        loop = asyncio.get_running_loop()
        start = loop.time()
        replies = asyncio.gather(
            ask(first.port, "version"),
            ask(first.port, "summary"),
            ask(second.port, "version"),
        )
        await until(lambda: bool(first.commands and second.commands))
        assert len(first.commands) == 1
        await replies
        assert loop.time() - start >= 0.1
        assert len(first.commands) == 2


async def test_counting(clock: Clock) -> None:
    """Connections, the most at once, and what was asked, as it was sent."""
    async with Farm(["s21_2024"] * 3, clock=clock, age=AGE, latency=0.2) as farm:
        await asyncio.gather(
            *(ask(miner.port, "stats", new_api=True) for miner in farm.miners)
        )
        assert farm.most_open_connections == 3
        miner = farm.miners[0]
        assert miner.traffic.most_open == 1
        farm.latency = 0
        await ask(miner.port, "version+stats")
        await ask(miner.port, "")
        reader, writer = await asyncio.open_connection(miner.host, miner.port)
        writer.write(b"{")
        await reader.read()
        writer.close()
        for _ in range(300):
            await ask(miner.port, "version")
        assert miner.connections == 304
        assert len(miner.commands) == 256
        assert farm.most_open_connections == 3
        neighbour = farm.miners[1]
        assert list(neighbour.commands) == ["stats new_api"]
        await ask(neighbour.port, "version+stats")
        reader, writer = await asyncio.open_connection(neighbour.host, neighbour.port)
        writer.write(b"{")
        await reader.read()
        writer.close()
        assert list(neighbour.commands)[1:] == ["version+stats", "23 Invalid JSON"]


async def test_a_client_that_leaves(clock: Clock) -> None:
    """Nothing is answered, nothing is remembered, and the next one is served."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        _, writer = await asyncio.open_connection(miner.host, miner.port)
        writer.close()
        assert mended(await ask(miner.port, "version"))
        assert list(miner.commands) == ["version"]


async def test_stopping_with_clients_and_faults(clock: Clock) -> None:
    """Leaving the farm ends everything, hung clients and timers too."""
    async with Farm(["s9", "s9"], clock=clock, age=AGE) as farm:
        for miner in farm.miners:
            miner.set_fault(Fault.HANG_CONNECT, seconds=60)
        hung = asyncio.create_task(ask(farm.miners[0].port, "stats"))
        farm.miners[1].set_fault(Fault.REFUSE)
        await until(lambda: farm.open_connections == 1)
    with pytest.raises(ConnectionResetError):
        await hung
    assert farm.open_connections == 0
    assert farm.control_port is None


def test_a_wrong_profile() -> None:
    """Is named."""
    with pytest.raises(ValueError, match="no profile 's99'"):
        Farm(["s99"])


def test_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is raised as far as it may, and never lowered."""
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: calls.append(limits))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    _allow_files(1000)
    _allow_files(3000)
    _allow_files(9000)
    assert calls == [(3000, 4096), (4096, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, resource.RLIM_INFINITY))
    _allow_files(9000)
    assert calls[-1] == (9000, resource.RLIM_INFINITY)


async def test_table() -> None:
    """One line a miner, of a large farm the first and the last."""
    async with Farm(["s9", "s21_2024"], web=True) as farm:
        lines = table(farm).splitlines()
        assert len(lines) == 3
        assert f"127.0.0.1:{farm.miners[1].port}" in lines[2]
        assert "Antminer S21" in lines[2]
    async with Farm(mix("default", 70)) as farm:
        lines = table(farm).splitlines()
        assert len(lines) == 62
        assert str(farm.miners[-1].port) in lines[-1]


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong arguments are answered, not thrown."""
    options = arguments(["--count", "3", "--latency", "100"])
    assert (options.count, options.latency, options.profiles) == (3, 100.0, "default")
    with pytest.raises(SystemExit):
        arguments(["--count", "0"])
    assert main(["--profiles", "s99"]) == 1
    assert "no profile 's99'" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_runs_and_ends(number: signal.Signals) -> None:
    """It says what it serves, serves it, and ends cleanly when told to."""
    first = free_ports(2)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", "--count", "2", "--port", str(first), "--control-port", "0",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout
    async with asyncio.timeout(20):
        lines: list[str] = []
        while not lines or "ready" not in lines[-1]:
            lines.append((await process.stdout.readline()).decode())
            assert lines[-1], lines
        assert mended(await ask(first, "stats"))
        process.send_signal(number)
        rest, errors = await process.communicate()
    assert process.returncode == 0
    assert errors == b""
    assert rest == b""
    assert any("control: http://127.0.0.1:" in line for line in lines)
