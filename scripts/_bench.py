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
from scripts._bench_scale import bench_scale
from scripts._develop import Problem

NAME = "scripts/bench"
SECTIONS = ("read", "fleet", "hass", "hive")
SCALE = "scale"
"""Not one of all: it takes three quarters of an hour."""
_CYCLES = 10
_CYCLES_OF_SCALE = 20
_MOST_MINERS = 5000
_MOST_FARMS = 50


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for; end the process with 2 when that makes no sense."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Measure what a reading costs, against simulated miners.",
        epilog="read: one S19, ours beside a bare loop. fleet: 50 miners that answer in 100 ms, read together. "
        "hass: a running Home Assistant with two sites full of miners. hive: a HiveOS farm of many GPU rigs, its answer "
        "parsed, and a running Home Assistant that polls it. scale, which is not part of all: a restarted Home Assistant "
        "with recorder, an open page, a HiveOS account and more and more miners in sites of up to 500.",
    )
    add = parser.add_argument
    add(
        "section",
        nargs="?",
        choices=(*SECTIONS, SCALE, "all"),
        default="all",
        help="what to measure (%(default)s)",
    )
    add("--miners", type=int, default=1000, metavar="N", help="of hass (%(default)s)")
    add(
        "--interval",
        type=int,
        default=30,
        metavar="SECONDS",
        help="between two readings of a miner or a farm, of hass, hive and scale (%(default)s)",
    )
    add(
        "--cycles",
        type=int,
        metavar="N",
        help=f"of hass and hive ({_CYCLES}), and of scale ({_CYCLES_OF_SCALE})",
    )
    add(
        "--hive-workers",
        type=int,
        default=2000,
        metavar="N",
        help="rigs of hive, with 8 cards each (%(default)s)",
    )
    add(
        "--sizes",
        type=_numbers,
        default=[100, 1000, 3000],
        metavar="N,N…",
        help="miners of scale (100,1000,3000)",
    )
    add(
        "--hive-farms",
        type=int,
        default=5,
        metavar="N",
        help="of scale (%(default)s)",
    )
    add(
        "--hive-rigs",
        type=int,
        default=400,
        metavar="N",
        help="in each of those, with 8 cards each (%(default)s)",
    )
    arguments = parser.parse_args(argv)
    if arguments.cycles is None:
        is_scale = arguments.section == SCALE
        arguments.cycles = _CYCLES_OF_SCALE if is_scale else _CYCLES
    if not 2 <= arguments.miners <= _MOST_MINERS:
        parser.error(f"--miners: between 2 and {_MOST_MINERS}")
    if not 1 <= arguments.hive_workers <= _MOST_MINERS:
        parser.error(f"--hive-workers: between 1 and {_MOST_MINERS}")
    if not all(1 <= miners <= _MOST_MINERS for miners in arguments.sizes):
        parser.error(f"--sizes: each between 1 and {_MOST_MINERS}")
    if not 1 <= arguments.hive_farms <= _MOST_FARMS:
        parser.error(f"--hive-farms: between 1 and {_MOST_FARMS}")
    if not 1 <= arguments.hive_rigs <= _MOST_MINERS:
        parser.error(f"--hive-rigs: between 1 and {_MOST_MINERS}")
    if not 1 <= arguments.interval <= 600:
        parser.error("--interval: between 1 and 600")
    if not 1 <= arguments.cycles <= 1000:
        parser.error("--cycles: between 1 and 1000")
    return arguments


def _numbers(text: str) -> list[int]:
    """Read numbers between commas, each once; ValueError where one is not a number."""
    return sorted({int(number) for number in text.split(",")})


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
                case "scale":
                    text = await bench_scale(
                        folder,
                        arguments.sizes,
                        arguments.hive_farms,
                        arguments.hive_rigs,
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
