"""What a large HiveOS farm costs: its answer parsed, and a running Home Assistant that polls it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
import re
import sys

import aiohttp
import orjson

from custom_components.antminer_monitor.hiveos.workers import FarmContext, parse_workers
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Rig
from scripts._bench_hass import finished, free_port
from scripts._bench_read import compare, started
from scripts._bench_table import SPREAD_HEADS, Row, Spread, table
from scripts._develop import SEED_DEADLINE
from scripts._hass import HOST
from simulator.hive.accounts import TOKEN

PARSE_ROUNDS = 7
PARSE_LIMIT = 3.0
PAUSE_LIMIT = 50.0
"""Milliseconds that one farm may hold up everybody else."""
_SPARE = 300.0
"""Seconds for what is not cycles: to start, to read the farm once, to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What is handed back. Lags and pauses are milliseconds, memory is KiB, CPU is a share of one core."""

    rigs: int
    cards: int
    done: int
    """Readings of farms."""
    missed: int
    changed: int
    """Changes of states while ``done`` readings were done."""
    lag_median: float
    lag_p99: float
    lag_most: float
    lag_most_own: float
    """Without garbage collections: those are of everything that runs in Home Assistant."""
    work_most: float
    """For how long the event loop's thread was busy in one pause, likewise: the rest of it waited for others."""
    pauses: dict[str, tuple[float, float]]
    """The longest of each phase, likewise, and the work in it."""
    collection: float
    """The longest garbage collection."""
    collections: int
    """Those of everything, which are the long ones."""
    lag_starting: float
    lag_starting_own: float
    work_starting: float
    collection_starting: float
    cpu: float
    cpu_loop: float
    memory_start: float
    memory_end: float
    seconds_to_read: float
    seconds_to_start: float
    """Until every entity is there too."""
    entities: int
    backlog: int
    complaints: int
    """Warnings and errors that the integration logged or that are about it, of rigs that are all well."""


def touch(value: Json) -> int:
    """Go to every value of a tree once; count them."""
    count = 1
    if type(value) is dict:
        for item in value.values():
            count += touch(item)
    elif type(value) is list:
        for item in value:
            count += touch(item)
    return count


@asynccontextmanager
async def hive_of(workers: int, log: Path, farms: int = 1) -> AsyncIterator[str]:
    """Run a simulated HiveOS with farms of so many GPU rigs each; give the address of its API."""
    port = free_port()
    async with started(
        *("simulator", "--count", "0", "--host", HOST),
        *("--hive-port", str(port), "--hive-workers", str(workers)),
        *("--hive-farms", str(farms)),
        log=log,
        ready=re.compile(r"ready$", re.MULTILINE),
    ):
        yield f"http://{HOST}:{port}/api/v2"


async def largest_farm(url: str) -> bytes:
    """Fetch what is told of the workers of the farm that has the most."""
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=aiohttp.ClientTimeout(total=60),
        raise_for_status=True,
    ) as session:
        async with session.get(f"{url}/farms") as response:
            farms = orjson.loads(await response.read())["data"]
        farm = max(farms, key=lambda item: item["workers_count"])
        async with session.get(f"{url}/farms/{farm['id']}/workers") as response:
            return await response.read()


async def bench_parse(folder: Path, workers: int, rounds: int = PARSE_ROUNDS) -> str:
    """Measure how long the answer takes to become rigs; return the table."""
    async with hive_of(workers, folder / "hive-parse.log") as url:
        body = await largest_farm(url)
    context = FarmContext(farm_id="1")
    now = datetime.now(UTC)
    # As in Home Assistant: the rigs of the last reading are there while the next are made.
    rigs: tuple[Rig, ...] = ()
    values = 0

    async def ours() -> None:
        nonlocal rigs
        rigs = parse_workers(body, context, now).rigs

    async def bare() -> None:
        nonlocal values
        values = touch(orjson.loads(body))

    costs = await compare(ours, bare, rounds)
    cards = sum(len(rig.gpus) for rig in rigs)
    per_rig = 1_000_000 / len(rigs)
    mine, theirs = zip(*((a.cpu, b.cpu) for a, b in costs), strict=True)
    return table(
        f"A HiveOS farm of {len(rigs):,} rigs with {cards:,} cards, {len(body) / 1e6:.1f} MB with {values:,} values, "
        f"parsed: {rounds} rounds",
        SPREAD_HEADS,
        [
            Row.spread(
                "CPU, to rigs (ms)", Spread.of([1000 * value for value in mine])
            ),
            Row.spread(
                "CPU, decoded and every value touched (ms)",
                Spread.of([1000 * value for value in theirs]),
            ),
            Row.spread(
                "CPU, ratio",
                Spread.of([a.cpu / b.cpu for a, b in costs]),
                limit=PARSE_LIMIT,
            ),
            Row.spread(
                "CPU, a rig (µs)", Spread.of([per_rig * value for value in mine]), 1
            ),
        ],
    )


async def bench_poll(folder: Path, workers: int, interval: int, cycles: int) -> str:
    """Run Home Assistant with the account for some cycles; return the table."""
    print(
        f"Running Home Assistant with a farm of {workers:,} rigs: {interval * cycles} s, and about two minutes before…",
        file=sys.stderr,
    )
    config = folder / "hive"
    config.mkdir()
    (config / "configuration.yaml").write_text("")
    log, result = folder / "hive-hass.log", folder / "hive.json"
    await finished(
        log,
        SEED_DEADLINE,
        *("scripts._seed", str(config), "--http-port", str(free_port())),
    )
    async with hive_of(workers, folder / "hive-poll.log") as url:
        await finished(
            log,
            interval * (cycles + 2) + _SPARE,
            *("scripts._bench_hive_home", str(config), url, str(result)),
            *(str(interval), str(cycles)),
        )
    polled = Polled(**orjson.loads(result.read_bytes()))
    return table(
        f"Home Assistant with a HiveOS account of {polled.rigs:,} rigs with {polled.cards:,} cards, "
        f"read every {interval} s, {cycles} cycles",
        ("",),
        _rows(polled),
    )


def _rows(polled: Polled) -> list[Row]:
    def row(
        name: str, value: float, digits: int = 0, limit: float | None = None
    ) -> Row:
        return Row(name, (f"{value:,.{digits}f}",), limit, value)

    return [
        row("readings of farms", polled.done),
        row("readings missed (a farm not read in a cycle)", polled.missed, limit=0),
        row(
            "changes of states, a reading",
            polled.changed / polled.done if polled.done else 0,
        ),
        row("event loop late, median (ms)", polled.lag_median, 2),
        row("event loop late, 99 of 100 (ms)", polled.lag_p99, 2),
        row("event loop late, most (ms)", polled.lag_most, 1, PAUSE_LIMIT),
        row(
            "event loop late, most without garbage collections (ms)",
            polled.lag_most_own,
            1,
            PAUSE_LIMIT,
        ),
        row("  and busy in one go, most (ms)", polled.work_most, 1, PAUSE_LIMIT),
        *(
            Row(f"  while {phase}, and busy (ms)", (f"{most:.1f}, {work:.1f}",))
            for phase, (most, work) in sorted(polled.pauses.items())
        ),
        row("full garbage collections", polled.collections),
        row("longest garbage collection (ms)", polled.collection, 1),
        row("event loop late while starting, most (ms)", polled.lag_starting, 1),
        row("the same without garbage collections (ms)", polled.lag_starting_own, 1),
        row("  and busy in one go, most (ms)", polled.work_starting, 1),
        row(
            "longest garbage collection while starting (ms)",
            polled.collection_starting,
            1,
        ),
        row("CPU of the event loop's thread (% of a core)", 100 * polled.cpu_loop, 1),
        row("CPU of all threads (% of a core)", 100 * polled.cpu, 1),
        row("memory a rig, all read (KiB)", polled.memory_start / polled.rigs),
        row("memory a rig, at the end (KiB)", polled.memory_end / polled.rigs),
        row("time until every rig was read (s)", polled.seconds_to_read, 1),
        row("time until every entity was there (s)", polled.seconds_to_start, 1),
        row("enabled entities", polled.entities),
        row("warnings and errors logged", polled.complaints, limit=0),
        row("recorder's queue at the end", polled.backlog),
    ]
