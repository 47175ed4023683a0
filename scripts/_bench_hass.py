"""What many miners cost a running Home Assistant: are all read in time, and does it stay quick for its users?"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
import socket
import sys

import orjson

from scripts._bench_read import farm_of, last_lines
from scripts._bench_table import Row, table
from scripts._develop import SEED_DEADLINE, Problem, running
from scripts._hass import HOST

LAG_LIMIT = 100.0
"""Milliseconds: from about there on people feel that something hesitates."""
_SPARE = 300.0
"""Seconds for what is not cycles: to start, to read every rig once, to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is handed back. Lags are milliseconds, memory is KiB, CPU is a share of one core."""

    done: int
    missed: int
    connections: int
    """To the farm, by its own count, while ``done`` readings were done."""
    lag_median: float
    lag_p99: float
    lag_most: float
    lag_starting: float
    """The most while the entries were set up and every rig was read for the first time."""
    cpu: float
    cpu_loop: float
    memory_start: float
    memory_end: float
    read_at_start: int
    seconds_to_start: float
    entities: int
    backlog: int
    complaints: int
    """Warnings and errors that the integration logged or that are about it, of miners that are all well."""


async def bench_hass(folder: Path, miners: int, interval: int, cycles: int) -> str:
    """Run Home Assistant with two sites for some cycles; return the table."""
    print(
        f"Running Home Assistant with {miners:,} miners: {interval * cycles} s, and about a minute before…",
        file=sys.stderr,
    )
    config = folder / "config"
    config.mkdir()
    (config / "configuration.yaml").write_text("")
    log, result = folder / "hass.log", folder / "result.json"
    await finished(
        log,
        SEED_DEADLINE,
        *("scripts._seed", str(config), "--http-port", str(free_port())),
    )
    async with farm_of(miners, "default", folder / "farm.log") as (_, control):
        await finished(
            log,
            interval * (cycles + 2) + _SPARE,
            *("scripts._bench_home", str(config), control, str(result)),
            *(str(interval), str(cycles)),
        )
    measured = Measured(**orjson.loads(result.read_bytes()))
    return table(
        f"Home Assistant with {miners:,} miners in two sites, read every {interval} s, {cycles} cycles",
        ("",),
        _rows(measured, miners, interval, cycles),
    )


def _rows(measured: Measured, miners: int, interval: int, cycles: int) -> list[Row]:
    per_reading = measured.connections / measured.done if measured.done else 0.0
    return [
        Row("readings expected", (f"{miners * cycles:,}",)),
        Row("readings done", (f"{measured.done:,}",)),
        Row(
            "readings missed (a rig not read in a cycle)",
            (f"{measured.missed:,}",),
            0,
            measured.missed,
        ),
        Row("connections a reading, counted by the farm", (f"{per_reading:.2f}",)),
        Row("event loop late, median (ms)", (f"{measured.lag_median:.2f}",)),
        Row(
            "event loop late, 99 of 100 (ms)",
            (f"{measured.lag_p99:.2f}",),
            LAG_LIMIT,
            measured.lag_p99,
        ),
        Row("event loop late, most (ms)", (f"{measured.lag_most:.1f}",)),
        Row("the same while starting (ms)", (f"{measured.lag_starting:.1f}",)),
        Row(
            "CPU of the event loop's thread (% of a core)",
            (f"{100 * measured.cpu_loop:.1f}",),
        ),
        Row("CPU of all threads (% of a core)", (f"{100 * measured.cpu:.1f}",)),
        Row(
            "memory a miner, all read (KiB)", (f"{measured.memory_start / miners:.0f}",)
        ),
        Row(
            "memory a miner, at the end (KiB)", (f"{measured.memory_end / miners:.0f}",)
        ),
        Row("rigs read at the start", (f"{measured.read_at_start:,}",)),
        Row("time until then (s)", (f"{measured.seconds_to_start:.1f}",)),
        Row("enabled entities", (f"{measured.entities:,}",)),
        Row(
            "warnings and errors logged",
            (f"{measured.complaints:,}",),
            0,
            measured.complaints,
        ),
        Row("recorder's queue at the end", (f"{measured.backlog:,}",)),
    ]


async def finished(log: Path, deadline: float, *command: str) -> None:
    """Run a module of ours to its end; Problem when it fails or takes too long."""
    with log.open("ab") as output:
        async with running(*command, output=output) as process:
            try:
                code = await asyncio.wait_for(process.wait(), deadline)
            except TimeoutError:
                raise Problem(
                    f"{command[0]} was not done after {deadline:.0f} s: {last_lines(log)}"
                ) from None
    if code:
        raise Problem(f"{command[0]} failed: {last_lines(log)}")


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
