"""What a reading costs: ours beside a bare loop that sends the same commands and only decodes the replies.

The two take turns, round by round, and are compared with the other of the same turn: whatever else the machine does
then slows both.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
import gc
import json
from pathlib import Path
import re
import time

import aiohttp
import orjson

from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.source import SourceError
from scripts._bench_table import SPREAD_HEADS, Row, Spread, table
from scripts._develop import Problem, running, until
from scripts._hass import HOST
from simulator import Farm

PROFILE = "s19jpro_2022"
"""An S19 with stock firmware, which is asked stats, summary and pools one after another."""

ROUNDS = 9
READS = 300
"""In a round of `read`."""
FLEET = 50
LATENCY = 100
"""Milliseconds until a miner of `fleet` answers."""
CPU_LIMIT = 2.0
FLEET_LIMIT = 1.15

_START_DEADLINE = 60.0
_ROUND_DEADLINE = 120.0
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one round took, in seconds."""

    cpu: float
    """Of this process."""
    wall: float


async def bare_read(port: int, requests: Sequence[bytes]) -> list[object]:
    """Send each request on a connection of its own and decode the reply, and nothing more."""
    replies: list[object] = []
    for request in requests:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(request)
            data = b""
            while chunk := await reader.read(_CHUNK):
                data += chunk
                if data.endswith(b"\0"):
                    break
        finally:
            writer.close()
        replies.append(orjson.loads(data.rstrip(b"\0")))
    return replies


async def ordinary_requests(profile: str) -> list[bytes]:
    """Find out what our source asks a miner that it knows already."""
    async with Farm([profile]) as farm:
        miner = farm.miners[0]
        source = AntminerSource("bench", HOST, miner.port)
        await source.read()
        miner.commands.clear()
        await source.read()
        return [_request(command) for command in miner.commands]


def _request(command: str) -> bytes:
    name, _, form = command.partition(" ")
    return json.dumps(
        {"command": name} | ({"new_api": True} if form else {}), separators=(",", ":")
    ).encode()


@asynccontextmanager
async def started(
    *command: str, log: Path, ready: re.Pattern[str]
) -> AsyncIterator[re.Match[str]]:
    """Run a module of ours; the context is entered when it has printed what is waited for."""

    def found() -> re.Match[str] | None:
        return ready.search(log.read_text())

    async def printed() -> bool:
        return found() is not None

    with log.open("wb") as output:
        async with running(*command, output=output) as process:
            try:
                await until(printed, process, _START_DEADLINE, "")
            except Problem:
                raise Problem(
                    f"{command[0]} does not start: {last_lines(log)}"
                ) from None
            match = found()
            assert match
            yield match


def last_lines(log: Path) -> str:
    """Return the end of what a process printed."""
    return "\n".join(log.read_text().splitlines()[-15:]) or "it printed nothing"


async def _cost(work: Callable[[], Awaitable[object]]) -> Cost:
    # Each round pays for its own rubbish, not for that of the one before.
    gc.collect()
    async with asyncio.timeout(_ROUND_DEADLINE):
        cpu, wall = time.process_time(), time.perf_counter()
        await work()
        return Cost(time.process_time() - cpu, time.perf_counter() - wall)


async def compare(
    ours: Callable[[], Awaitable[object]],
    bare: Callable[[], Awaitable[object]],
    rounds: int,
) -> list[tuple[Cost, Cost]]:
    """Measure both in turns; Problem when either fails. One round before the first one does not count."""
    costs: list[tuple[Cost, Cost]] = []
    try:
        for number in range(rounds + 1):
            pair = await _cost(ours), await _cost(bare)
            if number:
                costs.append(pair)
    except (SourceError, OSError, ValueError) as err:
        raise Problem(f"a reading failed: {err!r}") from err
    return costs


async def bench_read(folder: Path, rounds: int = ROUNDS, reads: int = READS) -> str:
    """Measure readings of one miner, one after another; return the table."""
    requests = await ordinary_requests(PROFILE)
    async with started(
        *("scripts._bench_server", PROFILE),
        log=folder / "server.log",
        ready=re.compile(r"^(\d+)$", re.MULTILINE),
    ) as match:
        port = int(match[1])
        source = AntminerSource("bench", HOST, port)

        async def ours() -> None:
            for _ in range(reads):
                await source.read()

        async def bare() -> None:
            for _ in range(reads):
                await bare_read(port, requests)

        costs = await compare(ours, bare, rounds)
    names = ", ".join(json.loads(request)["command"] for request in requests)
    per_read = 1000 / reads
    return table(
        f"A full reading of one S19 ({names}): {rounds} rounds of {reads} readings each",
        SPREAD_HEADS,
        [
            *_rows(
                "CPU", "ms", per_read, [(a.cpu, b.cpu) for a, b in costs], CPU_LIMIT
            ),
            *_rows("wall", "ms", per_read, [(a.wall, b.wall) for a, b in costs]),
        ],
    )


async def bench_fleet(
    folder: Path, rounds: int = ROUNDS, miners: int = FLEET, latency: int = LATENCY
) -> str:
    """Measure readings of many miners at the same time; return the table."""
    requests = await ordinary_requests(PROFILE)
    async with farm_of(
        miners, PROFILE, folder / "fleet.log", "--latency", str(latency)
    ) as (ports, _):
        sources = [AntminerSource(f"bench{port}", HOST, port) for port in ports]

        async def ours() -> None:
            await asyncio.gather(*(source.read() for source in sources))

        async def bare() -> None:
            await asyncio.gather(*(bare_read(port, requests) for port in ports))

        costs = await compare(ours, bare, rounds)
    return table(
        f"{miners} miners that answer in {latency} ms, read together: {rounds} rounds",
        SPREAD_HEADS,
        [
            *_rows(
                "wall", "ms", 1000, [(a.wall, b.wall) for a, b in costs], FLEET_LIMIT
            ),
            *_rows("CPU", "ms", 1000, [(a.cpu, b.cpu) for a, b in costs]),
        ],
    )


@asynccontextmanager
async def farm_of(
    count: int, profiles: str, log: Path, *options: str
) -> AsyncIterator[tuple[list[int], str]]:
    """Run a simulated farm; give the ports of its miners and where its controls list them."""
    async with started(
        *("simulator", "--count", str(count), "--profiles", profiles, "--host", HOST),
        *("--port", "0", "--control-port", "0", *options),
        log=log,
        ready=re.compile(
            r"^control: (http://\S+)$.*miners ready$", re.DOTALL | re.MULTILINE
        ),
    ) as match:
        url = match[1]
        yield [int(miner["port"]) for miner in await miners_of(url)], url


async def miners_of(url: str) -> list[dict[str, int]]:
    """Ask a farm's controls for its miners: among others the port and the connections so far of each."""
    timeout = aiohttp.ClientTimeout(total=30)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url) as response,
    ):
        rows: list[dict[str, int]] = orjson.loads(await response.read())
        return rows


def _rows(
    what: str,
    unit: str,
    scale: float,
    pairs: Sequence[tuple[float, float]],
    limit: float | None = None,
) -> list[Row]:
    ours, bare = zip(*pairs, strict=True)
    return [
        Row.spread(f"{what}, Antminer source ({unit})", _scaled(ours, scale), 3),
        Row.spread(f"{what}, bare loop ({unit})", _scaled(bare, scale), 3),
        Row.spread(f"{what}, ratio", Spread.of([a / b for a, b in pairs]), limit=limit),
    ]


def _scaled(values: Sequence[float], scale: float) -> Spread:
    return Spread.of([value * scale for value in values])
