"""The farms of a soak, in a process of their own: it breaks what it is told to, and tells what is true.

    python -m scripts._soak_world --seed 1 --sites 120,80 --hive-rigs 40 --port 4100 --hive-port 4090

Orders come as lines of JSON on its input, each answered by one on its output. Beside the answers it writes, every
other second, what each rig is that is not what it was.
"""

import argparse
import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
import sys
import time

import orjson

from custom_components.antminer_monitor.antminer.firmware.build import STARTING_FOR
from scripts._soak_truth import Reach
from simulator.configuration import with_scheme
from simulator.farm import Farm
from simulator.faults import Fault, WriteFault, fault_named
from simulator.hive import FarmPlan, HiveService
from simulator.hive.catalogue import AsicKind
from simulator.hive.faults import HiveFault, fault_named as hive_fault_named
from simulator.hive.worker import SimulatedWorker
from simulator.miner import SimulatedMiner
from simulator.model import RAMP
from simulator.profiles import COUNTS_ONLY, mix
from simulator.snapshot import Phase, Snapshot

HOST = "127.0.0.1"
EVERY = 2.0
"""Seconds between two samples: what a miner tells changes at most every five."""
WRITE_FAULT = 30.0
"""Seconds in which what a miner is told goes wrong, unless it goes wrong before."""
POWER_CUT = 20.0
"""Seconds until the power is back."""
_LONGEST_ORDER = 64 * 1024

type Told = dict[str, object]

_WHOLE = {None, Fault.INVALID_UTF8, Fault.BARE_NAN}
"""Faults that leave the figures whole."""
_STATUSES: Mapping[Phase, tuple[str, ...]] = {
    Phase.STARTING: ("starting", "idle"),
    Phase.RAMPING: ("running", "starting"),
    Phase.HASHING: ("running",),
    Phase.SLEEPING: ("sleeping",),
    Phase.OVERHEATED: ("fault", "idle"),
}
_STOCK_WEBS = {"old", "new"}
"""Where another mode is set on the web, and the script that sets it starts the miner program anew."""
_HIVE_HARMLESS = {HiveFault.SLOW}
_HIVE_OF_WORKERS = {HiveFault.MISSING_STATS, HiveFault.VANISH}


def miner_id(site: int, index: int) -> str:
    """Give the id of a site's miner: that of its config subentry."""
    return f"soak{site}x{index:04}"


def worker_id(worker: SimulatedWorker) -> str:
    """Give the id of a worker's rig."""
    return f"hive-{worker.farm_id}-{worker.id}"


def miner_sample(miner: SimulatedMiner) -> Told:
    """Tell what a miner is now."""
    state = miner.model.snapshot()
    fault = miner.fault
    if fault in _WHOLE and miner.truth().up:
        reach = Reach.UP
    else:
        reach = Reach.MAYBE if fault is Fault.SLOW else Reach.DOWN
    return {"r": reach, "s": _statuses(state), "v": _miner_values(state)}


def pools_of(miner: SimulatedMiner) -> list[tuple[str, str, str]]:
    """Give the pools that a miner is set to, whatever their order."""
    return sorted(
        (with_scheme(pool.url), pool.user, pool.password)
        for pool in miner.config.pools
        if pool.url or pool.user
    )


def _statuses(state: Snapshot) -> tuple[str, ...]:
    if state.active_pool is None and state.phase in (Phase.RAMPING, Phase.HASHING):
        return ("idle", "fault", "starting")
    statuses = _STATUSES[state.phase]
    if state.phase is Phase.OVERHEATED and state.elapsed < STARTING_FOR:
        # Nobody can tell one that stopped from one that has not begun.
        statuses = (*statuses, "starting")
    is_whole = len(state.present) == len(state.boards)
    if is_whole and not any("x" in board.chips for board in state.present):
        return statuses
    # Firmware that tells of errors calls it one.
    return (*statuses, "fault")


def _miner_values(state: Snapshot) -> Told:
    boards = state.present
    pool = state.active_pool
    failing = (
        0
        if state.profile.name in COUNTS_ONLY
        else sum(board.chips.count("x") for board in boards)
    )
    missing = state.profile.chips * (len(state.boards) - len(boards))
    faulty: list[float] = [failing, failing + missing]
    if state.sleeping:
        # Nobody can tell of chips that have no power.
        faulty.append(0)
    rising = EVERY / RAMP if state.phase is Phase.RAMPING else 0.0
    return {
        "hashrate": state.rate,
        "hashrate_full": state.nominal,
        "hashrate_rise": state.nominal * rising,
        "power": state.power,
        "power_full": state.profile.power,
        "power_rise": state.profile.power * rising,
        "board_temperature": max((max(board.pcb) for board in boards), default=None),
        "chip_temperature": _chip_temperatures(state),
        "chips_faulty": faulty,
        "pool": pool.address if pool else None,
    }


def _chip_temperatures(state: Snapshot) -> float | list[float] | None:
    chips = max((max(board.chip) for board in state.present), default=None)
    if chips is None or not state.sleeping:
        return chips
    # Some boards tell that of the board for it while they sleep.
    return [chips, max(max(board.pcb) for board in state.present)]


def worker_sample(worker: SimulatedWorker, reach: Reach) -> Told:
    """Tell what a worker is now, by its last report."""
    _, figures = worker.reading()
    online = worker.online
    values: Told = {}
    statuses: tuple[str, ...] = ("offline",)
    if online:
        stream = figures.streams[0] if figures.streams else None
        rate = sum(stream.rates) * 1000 if stream else 0.0
        units = figures.units
        chip, board = (
            ("chip_temperature", "board_temperature")
            if isinstance(worker.kind, AsicKind)
            else ("gpu_temperature", "gpu_memory_temperature")
        )
        values = {
            "hashrate": rate,
            "power": figures.power,
            chip: max((unit.temp for unit in units), default=None),
            board: max((unit.second_temp for unit in units), default=None),
        }
        if isinstance(worker.kind, AsicKind):
            values["chips_faulty"] = worker.dead_chips
            values["draws"] = worker.kind.watts if rate else 0
        statuses = ("running",) if rate else ("idle", "fault", "starting", "sleeping")
    cause = ""
    if reach is Reach.UP and (not online or not worker.reports):
        reach, cause = Reach.DOWN, "off"
    return {"r": reach, "s": statuses, "v": values, "c": cause}


class World:
    """Every farm, what it suffers, and what was last told of it."""

    def __init__(self, sites: list[Farm], hive: HiveService) -> None:
        """Begin with nothing told."""
        self.sites = sites
        self.hive = hive
        self._hive_down = False
        self._frozen: set[str] = set()
        self._told: dict[str, Told] = {}
        self._miners = {
            miner_id(number, miner.index): miner
            for number, site in enumerate(sites)
            for miner in site.miners
        }
        self._workers = {
            worker_id(worker): worker for farm in hive.farms for worker in farm.workers
        }
        self._pools = {
            rig_id: pools_of(miner) for rig_id, miner in self._miners.items()
        }

    def news(self, concerned: str | None = None) -> dict[str, Told]:
        """Give what is not as it was told, of all miners or of one."""
        miners = self._miners.items()
        if concerned is not None:
            miner = self._miners.get(concerned)
            miners = {concerned: miner}.items() if miner else {}.items()
        now = {rig_id: miner_sample(miner) for rig_id, miner in miners}
        now |= {
            rig_id: worker_sample(worker, reach)
            for rig_id, worker, reach in self._reached()
        }
        news = {
            rig_id: told
            for rig_id, told in now.items()
            if self._told.get(rig_id) != told
        }
        self._told |= news
        return news

    def _reached(self) -> Iterator[tuple[str, SimulatedWorker, Reach]]:
        faults = {fault.fault for fault in self.hive.faults}
        first = {farm.workers[0].id for farm in self.hive.farms}
        service = Reach.UP
        if self._hive_down or faults - _HIVE_HARMLESS - _HIVE_OF_WORKERS:
            service = Reach.DOWN
        elif faults & {HiveFault.SLOW, HiveFault.MISSING_STATS}:
            service = Reach.MAYBE
        for rig_id, worker in self._workers.items():
            reach = service
            if HiveFault.VANISH in faults and worker.id in first:
                reach = Reach.MAYBE
            elif rig_id in self._frozen:
                reach = Reach.DOWN
            yield rig_id, worker, reach

    def robbed(self) -> list[str]:
        """Give the miners whose pools are not those that they began with."""
        return [
            rig_id
            for rig_id, miner in self._miners.items()
            if pools_of(miner) != self._pools[rig_id]
        ]

    async def obey(self, order: Mapping[str, object]) -> object:
        """Do what is ordered, and give what was asked for; ValueError or LookupError where that cannot be."""
        body = {
            str(key): value
            for key, value in order.items()
            if key not in {"id", "do", "rig"}
        }
        rig_id = str(order.get("rig"))
        match order.get("do"):
            case "fault":
                self._miners[rig_id].set_fault(
                    fault_named(str(body["fault"])),
                    rate=float(str(body.get("rate", 1000))),
                )
            case "write_fault":
                write_fault = WriteFault(str(body["fault"]))
                is_cut = write_fault is WriteFault.POWER_CUT
                self._miners[rig_id].set_fault(
                    write_fault, seconds=POWER_CUT if is_cut else WRITE_FAULT
                )
            case "robbed":
                return self.robbed()
            case "look":
                # Whatever is ordered, what a rig is then is told.
                pass
            case "clear":
                self._miners[rig_id].clear()
            case "condition":
                miner = self._miners[rig_id]
                miner.condition(**body)
                if "sleep" in body and miner.profile.web in _STOCK_WEBS:
                    miner.model.start()
            case "site":
                for miner in self.sites[int(str(body["site"]))].miners:
                    if body["down"]:
                        miner.set_fault(Fault.REFUSE)
                    else:
                        miner.clear()
            case "hive_fault":
                self.hive.set_fault(
                    hive_fault_named(str(body["fault"])),
                    retry_after=int(str(body.get("retry_after", 5))),
                    delay=float(str(body.get("delay", 3.0))),
                )
            case "hive_clear":
                self.hive.clear()
            case "hive":
                self._hive_down = bool(body["down"])
                await (self.hive.close() if self._hive_down else self.hive.open())
            case "worker":
                if "frozen" in body:
                    (self._frozen.add if body["frozen"] else self._frozen.discard)(
                        rig_id
                    )
                self._workers[rig_id].change(**body)
            case other:
                raise ValueError(f"no order {other!r}")
        return None


async def serve(world: World) -> None:
    """Obey and tell until the input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LONGEST_ORDER)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, sys.stdout.buffer
    )
    writer = asyncio.StreamWriter(transport, protocol, None, loop)

    def say(told: Told) -> None:
        writer.write(orjson.dumps(told) + b"\n")

    def tell(concerned: str | None = None) -> None:
        at = time.time()
        news = world.news(concerned)
        say({"rigs": news, "at": at, "whole": concerned is None})

    async def sample() -> None:
        while True:
            tell()
            await writer.drain()
            await asyncio.sleep(EVERY - time.time() % EVERY)

    sampling = asyncio.create_task(sample())
    try:
        while line := await reader.readline():
            order = orjson.loads(line)
            answer: Told = {"answer": order["id"]}
            concerned = order.get(
                "rig", "" if str(order["do"]).startswith("hive") else None
            )
            # What ends now was true until now.
            tell(concerned)
            try:
                answer["result"] = await world.obey(order)
            except (ValueError, LookupError, TypeError) as err:
                answer["error"] = f"{type(err).__name__}: {err}"
            tell(concerned)
            say(answer)
    finally:
        sampling.cancel()


async def run(options: argparse.Namespace) -> None:
    """Open the farms and serve."""
    sites: list[Farm] = []
    async with AsyncExitStack() as stack:
        port = options.port
        for number, count in enumerate(options.sites):
            farm = Farm(
                mix("default", count),
                port=port,
                web=True,
                seed=options.seed + number,
            )
            sites.append(await stack.enter_async_context(farm))
            port += count
        half = options.hive_rigs // 3
        hive = await stack.enter_async_context(
            HiveService(
                [
                    FarmPlan(name="North hall", gpu_rigs=options.hive_rigs - half),
                    FarmPlan(name="Container 2", asics=half),
                ],
                port=options.hive_port,
                seed=options.seed,
                validate=False,
            )
        )
        await serve(World(sites, hive))


def numbers(text: str) -> list[int]:
    """Read numbers between commas."""
    return [int(part) for part in text.split(",")]


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts._soak_world")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sites", type=numbers, required=True)
    parser.add_argument("--hive-rigs", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hive-port", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(run(parse()))
