"""Runs Home Assistant with hundreds of simulated rigs, breaks what can break, and checks all that is shown.

It ends with 0 where nothing wrong was found, else with 1.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
import random
import shutil
import signal
import sys
from tempfile import mkdtemp

from scripts._develop import Problem, check_free
from scripts._soak_checks import Checker, rigs_of
from scripts._soak_home import Home, HomeError, Seed, SiteSeed
from scripts._soak_leaks import Growth, leaks
from scripts._soak_plan import Cast, Pace, plan
from scripts._soak_report import is_good, table
from scripts._soak_run import Soak
from scripts._soak_settings import broken_files, stored_entries
from scripts._soak_watcher import WatcherError
from scripts._soak_world import miner_id
from scripts._soak_world_client import WorldClient, WorldError
from simulator.farm import WEB_OFFSET
from simulator.profiles import mix

NAME = "scripts/soak"
HIVE_ENTRY = "soak_hive"
MINER_INTERVAL = 30
HIVE_INTERVAL = 30
"""Seconds: what a miner has unless somebody sets it, and the least that HiveOS may be set to; divided by the speed."""
LEAST_INTERVAL = 3
STALE_POLLS = 3
SITES = 3
KEPT_OPEN = 0.25
"""Of the rigs, so many may have a connection to their web page that is kept open."""
MOST_LINES = 2
"""Lines in the log for a fault."""


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for; end the process with 2 when that makes no sense."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Let Home Assistant run with simulated rigs while faults, restarts and clock jumps befall it.",
        epilog="The same seed makes the same faults at the same moments.",
    )
    add = parser.add_argument
    add("--minutes", type=float, default=10, metavar="N", help="(%(default)s)")
    add("--miners", type=int, default=200, metavar="N", help="(%(default)s)")
    add("--hive-rigs", type=int, default=60, metavar="N", help="(%(default)s)")
    add("--seed", type=int, default=None, help="(by chance, and printed)")
    add(
        "--speed",
        type=float,
        default=3,
        help="polls come so many times as often as they usually do (%(default)s)",
    )
    add("--port", type=int, default=18123, help="of Home Assistant (%(default)s)")
    add("--farm-port", type=int, default=12028, help="of the first miner (%(default)s)")
    add("--hive-port", type=int, default=18080, help="of HiveOS (%(default)s)")
    add("--keep", type=Path, metavar="DIR", help="keep configuration and logs there")
    arguments = parser.parse_args(argv)
    if not 0.1 <= arguments.minutes <= 10_000:
        parser.error("--minutes: between 0.1 and 10,000")
    if not SITES <= arguments.miners <= 2000:
        parser.error(f"--miners: between {SITES} and 2000")
    if not 1 <= arguments.farm_port <= 65536 - WEB_OFFSET - arguments.miners:
        parser.error("--farm-port: every miner's web page is 10,000 above its port")
    if not 3 <= arguments.hive_rigs <= 2000:
        parser.error("--hive-rigs: between 3 and 2000")
    if not 0.5 <= arguments.speed <= 10:
        parser.error("--speed: between 0.5 and 10")
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1_000_000)
    return arguments


def paces(speed: float) -> tuple[Pace, Pace]:
    """Give how the miners and the account are read at that speed."""
    miner = max(LEAST_INTERVAL, round(MINER_INTERVAL / speed))
    hive = max(LEAST_INTERVAL, round(HIVE_INTERVAL / speed))
    return (
        Pace(interval=miner, stale_after=STALE_POLLS * miner, deadline=3),
        # The service's own reports are up to ten seconds old.
        Pace(interval=hive, stale_after=STALE_POLLS * hive, deadline=12),
    )


def shares(miners: int) -> list[int]:
    """Give how many miners each site has."""
    return [miners // SITES + (number < miners % SITES) for number in range(SITES)]


def cast_of(arguments: argparse.Namespace) -> Cast:
    """Name everybody who takes part."""
    miner_pace, hive_pace = paces(arguments.speed)
    sites = shares(arguments.miners)
    asics = arguments.hive_rigs // 3
    gpus = arguments.hive_rigs - asics
    farms = [1_000_001] * gpus + [1_000_002] * asics
    return Cast(
        miners={
            miner_id(site, index): profile
            for site, count in enumerate(sites)
            for index, profile in enumerate(mix("default", count))
        },
        workers=[
            f"hive-{farm}-{2_000_001 + number}" for number, farm in enumerate(farms)
        ],
        sites=len(sites),
        miner_pace=miner_pace,
        hive_pace=hive_pace,
    )


def title_of(rig_id: str) -> str:
    """Give what a miner is called in Home Assistant and its log."""
    return f"Miner {rig_id.removeprefix('soak').replace('x', '-')}"


def seed_of(arguments: argparse.Namespace, those: Cast) -> Seed:
    """Give what is set up."""
    pace = those.miner_pace
    sites: list[SiteSeed] = []
    port = arguments.farm_port
    for number, count in enumerate(shares(arguments.miners)):
        sites.append(
            SiteSeed(
                entry_id=f"soaksite{number}",
                title=f"Site {number}",
                miners=[
                    (rig_id, title_of(rig_id), port + index)
                    for index, rig_id in enumerate(
                        miner_id(number, index) for index in range(count)
                    )
                ],
                options={"scan_interval": int(pace.interval), "timeout": 2},
            )
        )
        port += count
    return Seed(
        sites=sites,
        hive_entry_id=HIVE_ENTRY,
        hive_port=arguments.hive_port,
        hive_options={"scan_interval": int(those.hive_pace.interval)},
    )


async def soak(arguments: argparse.Namespace, folder: Path) -> int:
    """Run it and print what was found; return the exit code."""
    those = cast_of(arguments)
    all_paces = dict.fromkeys(those.miners, those.miner_pace)
    all_paces |= dict.fromkeys(those.workers, those.hive_pace)
    checker = Checker(rigs_of(all_paces))
    world = WorldClient(checker.rigs)
    home = Home(folder, arguments.port)
    running = Soak(home, world, checker, those, HIVE_ENTRY)
    seconds = arguments.minutes * 60
    steps = plan(arguments.seed, seconds, those)
    print(
        f"{NAME}: seed {arguments.seed}, {len(those.miners)} miners every {those.miner_pace.interval:g} s, "
        f"{len(those.workers)} rigs of HiveOS every {those.hive_pace.interval:g} s "
        f"({MINER_INTERVAL / those.miner_pace.interval:g} times as often as usual), {len(steps)} steps",
        flush=True,
    )
    seed = seed_of(arguments, those)
    try:
        await world.start(
            *("--seed", str(arguments.seed)),
            *("--sites", ",".join(map(str, shares(arguments.miners)))),
            *("--hive-rigs", str(arguments.hive_rigs)),
            *("--port", str(arguments.farm_port)),
            *("--hive-port", str(arguments.hive_port)),
        )
        await home.seed(seed)
        if not home.tampers:
            print("No C compiler, or no Linux: neither clock jumps nor full disks.")
        before = stored_entries(home.config)
        await running.begin(steps)
        await running.run(steps, seconds)
        await running.end()
        after = stored_entries(home.config)
        if before != after:
            running.problems.append("entries: data, options or subentries changed")
        running.problems += broken_files(home.config)
    finally:
        await running.close()
        await home.stop()
        await world.stop()
    verdicts = judge(running)
    print(table(running, verdicts, arguments.seed, seconds))
    return 0 if is_good(running, verdicts) else 1


def judge(running: Soak) -> list[str]:
    """Tell what is wrong besides what was shown."""
    log = running.log
    log.read()
    found = [*running.problems]
    growth = Growth(sockets=10 + KEPT_OPEN * len(running.checker.rigs))
    found += [f"leak: {text}" for text in leaks(running.counts, growth)]
    found += [f"traceback: {text}" for text in log.tracebacks]
    outages = sum(rig.outages for rig in running.checker.rigs.values())
    faults = running.faults.total() + outages
    for rig_id, rig in running.checker.rigs.items():
        lines = log.outages[title_of(rig_id)]
        if lines > (most := MOST_LINES * max(1, rig.outages)):
            found.append(f"log: {lines} lines of {title_of(rig_id)}, at most {most}")
    if log.lines > MOST_LINES * faults:
        found.append(
            f"log: {log.lines} lines for {faults} faults and outages: {dict(log.others)}"
        )
    return found


async def run(arguments: argparse.Namespace) -> int:
    """Soak until done or told to stop; whatever was started is stopped first. Return the exit code."""
    folder = Path(mkdtemp(prefix="antminer-soak-"))
    try:
        last = arguments.farm_port + arguments.miners
        for first, behind, option in (
            (arguments.port, arguments.port + 1, "--port"),
            (arguments.hive_port, arguments.hive_port + 1, "--hive-port"),
            (arguments.farm_port, last, "--farm-port"),
            (arguments.farm_port + WEB_OFFSET, last + WEB_OFFSET, "--farm-port"),
        ):
            check_free(range(first, behind), option)
        soaking = asyncio.ensure_future(soak(arguments, folder))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, soaking.cancel)
        return await soaking
    except asyncio.CancelledError:
        print(f"{NAME}: stopped", file=sys.stderr)
        return 1
    except (Problem, HomeError, WatcherError, WorldError, OSError) as problem:
        print(f"{NAME}: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 1
    finally:
        if arguments.keep:
            shutil.copytree(folder, arguments.keep, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(run(parse())))
