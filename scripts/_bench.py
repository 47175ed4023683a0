"""Measures what a reading costs, against simulated miners and farms on this machine, and prints it as tables.

Figures are compared only with others of the same run: the machine may be busy with something else. It ends with 0
whether targets are met or not, and with 1 when it could not measure.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
import signal
import sys
from tempfile import TemporaryDirectory

from scripts._bench_hass import bench_hass
from scripts._bench_hive import bench_parse, bench_poll
from scripts._bench_read import bench_fleet, bench_read
from scripts._develop import Problem

NAME = "scripts/bench"
SECTIONS = ("read", "fleet", "hass", "hive")
_MOST_MINERS = 5000


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for; end the process with 2 when that makes no sense."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Measure what a reading costs, against simulated miners.",
        epilog="read: one S19, ours beside a bare loop. fleet: 50 miners that answer in 100 ms, read together. "
        "hass: a running Home Assistant with two sites full of miners. hive: a HiveOS farm of many GPU rigs, its answer "
        "parsed, and a running Home Assistant that polls it.",
    )
    add = parser.add_argument
    add(
        "section",
        nargs="?",
        choices=(*SECTIONS, "all"),
        default="all",
        help="what to measure (%(default)s)",
    )
    add("--miners", type=int, default=1000, metavar="N", help="of hass (%(default)s)")
    add(
        "--interval",
        type=int,
        default=30,
        metavar="SECONDS",
        help="between two readings of a miner or a farm, of hass and hive (%(default)s)",
    )
    add(
        "--cycles",
        type=int,
        default=10,
        metavar="N",
        help="of hass and hive (%(default)s)",
    )
    add(
        "--hive-workers",
        type=int,
        default=2000,
        metavar="N",
        help="rigs of hive, with 8 cards each (%(default)s)",
    )
    arguments = parser.parse_args(argv)
    if not 2 <= arguments.miners <= _MOST_MINERS:
        parser.error(f"--miners: between 2 and {_MOST_MINERS}")
    if not 1 <= arguments.hive_workers <= _MOST_MINERS:
        parser.error(f"--hive-workers: between 1 and {_MOST_MINERS}")
    if not 1 <= arguments.interval <= 600:
        parser.error("--interval: between 1 and 600")
    if not 1 <= arguments.cycles <= 1000:
        parser.error("--cycles: between 1 and 1000")
    return arguments


async def measure(arguments: argparse.Namespace) -> None:
    """Measure the sections that are asked for and print each as soon as it is there; Problem when one cannot be."""
    chosen = SECTIONS if arguments.section == "all" else (arguments.section,)
    with TemporaryDirectory(prefix="antminer-bench-") as name:
        folder = Path(name)
        for section in chosen:
            match section:
                case "read":
                    text = await bench_read(folder)
                case "fleet":
                    text = await bench_fleet(folder)
                case "hive":
                    print(
                        await bench_parse(folder, arguments.hive_workers),
                        end="\n\n",
                        flush=True,
                    )
                    text = await bench_poll(
                        folder,
                        arguments.hive_workers,
                        arguments.interval,
                        arguments.cycles,
                    )
                case _:
                    text = await bench_hass(
                        folder, arguments.miners, arguments.interval, arguments.cycles
                    )
            print(f"{text}\n", flush=True)


async def run(arguments: argparse.Namespace) -> int:
    """Measure until done or told to stop; whatever was started is stopped first. Return the exit code."""
    measuring = asyncio.ensure_future(measure(arguments))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, measuring.cancel)
    try:
        await measuring
    except asyncio.CancelledError:
        print(f"{NAME}: stopped", file=sys.stderr)
        return 1
    except (Problem, OSError) as problem:
        print(f"{NAME}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(parse())))
