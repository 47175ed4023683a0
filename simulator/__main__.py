"""Run a farm: ``python -m simulator --count 12 --port 4028 --web --control-port 4000``.

``--hive-port 4080`` serves a HiveOS API beside the miners, or alone with ``--count 0``.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
import signal
import sys
from typing import TYPE_CHECKING

from .farm import API_PORT, Farm
from .profiles import PROFILES, chosen, mix

if TYPE_CHECKING:
    from .hive import HiveService

_MOST_ROWS = 60


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A farm of miners that is not there.",
        epilog=f"profiles: {', '.join(PROFILES)}",
    )
    add = parser.add_argument
    add("--count", type=int, default=12, help="number of miners (default: 12)")
    add(
        "--profiles",
        default="default",
        help="default (one of every dialect), others, all, or names between commas; repeated as needed",
    )
    add(
        "--plus",
        metavar="NAMES",
        help="profiles behind those, once each: others (makers'), or as above",
    )
    add(
        "--host", default="127.0.0.1", help="address of all miners (default: 127.0.0.1)"
    )
    add(
        "--port",
        type=int,
        default=API_PORT,
        help=f"of the first miner, the next follow (default: {API_PORT})",
    )
    add(
        "--addresses",
        action="store_true",
        help="a loopback address 127.x.y.z for each miner, with the same port",
    )
    add("--web", action="store_true", help="open the web pages as well")
    add(
        "--web-port",
        type=int,
        help="default: the API's port + 10000; with --addresses 8080",
    )
    add(
        "--extras",
        action="store_true",
        help="open the port of the watts as well, where a model has it",
    )
    add(
        "--extras-port",
        type=int,
        help="default: the API's port + 20000; with --addresses 6060",
    )
    add("--user", default="root", help="of the web pages (default: root)")
    add("--password", default="root", help="of the web pages (default: root)")
    add("--seed", type=int, default=0, help="the same seed, the same farm (default: 0)")
    add(
        "--age",
        type=float,
        help="seconds since the miners started (default: hours to days)",
    )
    add(
        "--latency",
        type=float,
        default=0.0,
        metavar="MS",
        help="delay of every reply in milliseconds",
    )
    add("--control-port", type=int, help="open the control endpoint on 127.0.0.1")
    add("--hive-port", type=int, help="serve a HiveOS API on 127.0.0.1")
    add(
        "--hive-workers",
        type=int,
        metavar="N",
        help="one HiveOS farm of N GPU rigs (default: two small farms of rigs and ASICs)",
    )
    add(
        "--hive-farms",
        type=int,
        default=1,
        metavar="N",
        help="so many farms of --hive-workers rigs each (default: 1)",
    )
    options = parser.parse_args(argv)
    fewest = 1 if options.hive_port is None else 0
    if options.count < fewest:
        parser.error(f"--count must be at least {fewest}")
    if options.hive_workers is not None:
        if options.hive_port is None:
            parser.error("--hive-workers needs --hive-port")
        if options.hive_workers < 1:
            parser.error("--hive-workers must be at least 1")
    elif options.hive_farms != 1:
        parser.error("--hive-farms needs --hive-workers")
    if options.hive_farms < 1:
        parser.error("--hive-farms must be at least 1")
    return options


def table(farm: Farm) -> str:
    """The miners, one a line."""
    lines = [f"{'#':>5}  {'profile':<24}{'model':<36}{'API':<22}{'web':<7}extras"]
    lines += [
        f"{miner.index:>5}  {miner.profile.name:<24}{miner.profile.model:<36}"
        f"{f'{miner.host}:{miner.port}':<22}{miner.web_port or '-':<7}{miner.extras_port or '-'}"
        for miner in farm.miners[:_MOST_ROWS]
    ]
    if len(farm.miners) > _MOST_ROWS:
        last = farm.miners[-1]
        lines.append(
            f"    …  and {len(farm.miners) - _MOST_ROWS} more, the last at {last.host}:{last.port}"
        )
    return "\n".join(lines)


def hive_table(hive: HiveService) -> str:
    """Where the HiveOS API is, and its farms."""
    lines = [f"HiveOS API: {hive.url}", f"token: {hive.token}"]
    lines += [
        f"  farm {farm.id}  {farm.name:<24}{len(farm.workers)} workers"
        for farm in hive.farms
    ]
    lines.append(f"control: http://127.0.0.1:{hive.port}/control")
    return "\n".join(lines)


def hive_service(options: argparse.Namespace) -> HiveService:
    """The HiveOS API that the options ask for."""
    from .hive import FarmPlan, HiveService  # noqa: PLC0415 - needs a package that the miners do without

    plans = None
    if options.hive_workers is not None:
        plans = [
            FarmPlan(
                name="Hall" if options.hive_farms == 1 else f"Hall {number}",
                gpu_rigs=options.hive_workers,
            )
            for number in range(1, options.hive_farms + 1)
        ]
    return HiveService(plans, port=options.hive_port, seed=options.seed)


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    behind = chosen(options.plus) if options.plus else []
    farm = Farm(
        [*mix(options.profiles, options.count), *behind],
        host=options.host,
        port=options.port,
        addresses=options.addresses,
        web=options.web,
        extras=options.extras,
        web_port=options.web_port,
        extras_port=options.extras_port,
        credentials=(options.user, options.password),
        seed=options.seed,
        age=options.age,
        latency=options.latency / 1000,
        control_port=options.control_port,
    )
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(farm)
        if farm.miners:
            print(table(farm))
        if farm.control_port is not None:
            print(f"control: http://127.0.0.1:{farm.control_port}/miners")
        if options.hive_port is not None:
            print(hive_table(await stack.enter_async_context(hive_service(options))))
        print(f"{len(farm.miners)} miners ready", flush=True)
        await stopped.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 1 when the farm cannot be opened."""
    options = arguments(argv)
    try:
        asyncio.run(run(options))
    except (OSError, ValueError) as err:
        print(f"simulator: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
