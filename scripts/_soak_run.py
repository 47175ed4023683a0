"""Runs a soak: carries out the plan, follows what is shown, and holds it against what is true."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
import time

from scripts._soak_checks import ENERGY, FIGURES, STALE, Checker, Rig, Shown
from scripts._soak_fleets import TOTAL_ENERGY, check_fleet, fleets_of
from scripts._soak_home import Home, HomeError
from scripts._soak_leaks import Count
from scripts._soak_log import Log
from scripts._soak_plan import LULL, Cast, Order, Step
from scripts._soak_settings import DOMAIN, Settings, customise, lost, settings_of
from scripts._soak_watcher import Watcher, WatcherError
from scripts._soak_world_client import WorldClient, WorldError

CHECK_EVERY = 2.0
"""Seconds between two looks at everything that is shown."""
TRUTH_DELAY = 2.6
"""Seconds after which it is known what was true when something was shown."""
WRITTEN_AFTER = 15.0
"""Seconds after which Home Assistant has written what was configured (its registries' delay is ten)."""
LOOK_CLOSELY = 0.25
"""Seconds between two samples of a miner that is being told something: another mode changes it at once."""
FIRST_READINGS = 15.0
"""Seconds after a start in which every rig is read for the first time."""
FIRST_SHOWN = 120.0
"""Seconds after which every rig must be shown."""
TOLD_TO_START = 450.0
"""Seconds for which a rig that was told to start is waited for, and a little more."""
STARTS = {"reboot", "restart_mining", "resume_mining"}
"""Actions after which a rig is shown as starting."""
_MOST_CHANGES = 200_000


def fleet_of(rig_id: str) -> str:
    """Give the id of the device that carries the totals over a rig and others."""
    if rig_id.startswith("hive-"):
        return rig_id.rpartition("-")[0]
    return f"soaksite{rig_id.removeprefix('soak').partition('x')[0]}"


class Soak:
    """One soak, and everything it found."""

    def __init__(
        self,
        home: Home,
        world: WorldClient,
        checker: Checker,
        those: Cast,
        hive_entry_id: str,
    ) -> None:
        """Begin with nothing found."""
        self.home = home
        self.world = world
        self.checker = checker
        self.log = Log(home.log)
        self.faults: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        """Actions that miners were told, by what became of them."""
        self.counts: list[Count] = []
        self.problems: list[str] = []
        """What is wrong besides what the checker finds."""
        self.fleets = fleets_of(checker.rigs, fleet_of)
        self.names: dict[str, int] = {}
        """How many tasks there were in the last lull, by name."""
        self.states = 0
        self.looks = 0
        self._those = those
        self._hive_entry_id = hive_entry_id
        self._changes: deque[tuple[Rig, str, Shown]] = deque(maxlen=_MOST_CHANGES)
        self._watcher: Watcher | None = None
        self._settings = Settings()
        self._cures: dict[tuple[str, str], Order] = {}
        """What ends what is going on, by rig and kind."""
        self._written: dict[str, float] = {}
        self._is_clock_wrong = False
        self._lock = asyncio.Lock()

    # What is seen.

    def see(self, rig_id: str, key: str, entity: str, shown: Shown) -> None:
        """Take note of what an entity shows."""
        if fleet := self.fleets.get(rig_id):
            fleet.totals.entities[key] = entity
            fleet.totals.shown[key] = shown
            if key == TOTAL_ENERGY:
                used = fleet.used(shown.at)
                self.checker.check_energy(fleet.totals, shown, used, key)
            return
        rig = self.checker.rigs.get(rig_id)
        if rig is None:
            return
        rig.entities[key] = entity
        before = rig.shown.get(key)
        self.checker.see(rig, key, shown)
        if before is not None and before.at == shown.at:
            # Another attribute: the state was looked at when it was new.
            return
        if key == ENERGY:
            self.checker.check_energy(rig, shown, rig.used(shown.at))
        elif key in FIGURES:
            self._changes.append((rig, key, shown))

    async def look(self) -> None:
        """Hold everything against the truth, again and again."""
        while True:
            await asyncio.sleep(CHECK_EVERY)
            if self._watcher and self._watcher.ended and not self.checker.is_away:
                self.problems.append(f"the connection {self._watcher.ended}")
                self.checker.is_away = True
            known = self.world.known_until - TRUTH_DELAY
            while self._changes and self._changes[0][2].at <= known:
                rig, key, shown = self._changes.popleft()
                if not self.checker.is_away:
                    self.checker.check_figure(rig, key, shown, shown.at)
            for number, rig in enumerate(self.checker.rigs.values()):
                self.checker.check(rig, known)
                if number % 50 == 49:
                    await asyncio.sleep(0)
            for fleet in self.fleets.values():
                check_fleet(self.checker, fleet, known)
            self.looks += 1

    # What is done.

    async def begin(self, steps: Sequence[Step]) -> None:
        """Start Home Assistant, wait until every rig is shown, and configure it."""
        await self._start()
        assert self._watcher is not None
        end = time.monotonic() + FIRST_SHOWN
        while not all(STALE in rig.shown for rig in self.checker.rigs.values()):
            if time.monotonic() > end:
                raise WatcherError(f"not every rig is shown within {FIRST_SHOWN:g} s")
            await asyncio.sleep(0.5)
        await customise(self._watcher)
        if any(step.do == "kill" for step in steps):
            await asyncio.sleep(WRITTEN_AFTER)
        self._settings = await settings_of(self._watcher)

    async def _start(self) -> None:
        await self.home.start()
        watcher = Watcher(self.home.url, await self.home.token(), self.see)
        self._watcher = watcher
        await watcher.open()
        self.checker.is_away = False
        self.checker.disturbed_at = time.time() + FIRST_READINGS
        await watcher.until_running()
        self.checker.disturbed_at = time.time() + FIRST_READINGS

    async def close(self) -> None:
        """Look no more."""
        self.checker.is_away = True
        if self._watcher is not None:
            self.states += self._watcher.states
            await self._watcher.close()
            self._watcher = None

    async def _stop(self, *, kill: bool) -> None:
        await self.close()
        await self.home.stop(kill=kill)
        self._changes.clear()
        totals = [fleet.totals for fleet in self.fleets.values()]
        for rig in (*self.checker.rigs.values(), *totals):
            rig.shown.clear()
            rig.stale_since = None
            if rig.energy is None:
                continue
            if kill:
                # What was not yet written is lost, and nothing else.
                rig.energy = min(rig.energy, self._written.get(rig.id, 0.0))
            else:
                self._written[rig.id] = rig.energy
        self.log.read()

    async def run(self, steps: Sequence[Step], seconds: float) -> None:
        """Carry out the plan."""
        begin = time.monotonic()
        looking = asyncio.create_task(self.look())
        blows: set[asyncio.Task[None]] = set()
        try:
            for step in steps:
                wait = begin + step.at - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                if looking.done():
                    looking.result()
                if step.kind:
                    self.faults[step.kind] += 1
                if step.do in self._blows or step.do == "tell":
                    doing = self._tell if step.do == "tell" else self._blow
                    task = asyncio.create_task(doing(step))
                    blows.add(task)
                    task.add_done_callback(blows.discard)
                else:
                    await self._order(step)
            await asyncio.sleep(max(0.0, begin + seconds - time.monotonic()))
            if blows:
                await asyncio.wait(blows, timeout=300)
        finally:
            looking.cancel()
            for task in blows:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def end(self) -> None:
        """Look a last time at what is configured, and stop everything in order."""
        await self._settle()
        if self._watcher is not None:
            await self._compare("at the end")
        for rig_id in await self.world.order("robbed", "", {}):
            befell = ", ".join(kind for _, kind in self.checker.rigs[rig_id].suffered)
            self.problems.append(f"{rig_id} has lost its pools; it suffered: {befell}")
        await self._stop(kill=False)

    async def _tell(self, step: Step) -> None:
        """Have Home Assistant tell a miner something, and what goes wrong with that."""
        rig = self.checker.rigs[step.rig]
        entity = rig.entities.get(STALE)
        if self._watcher is None or self.checker.is_away or entity is None:
            return
        service, fault = step.arguments["service"], step.arguments["fault"]
        if service in STARTS:
            rig.starts_until = time.time() + TOLD_TO_START
        rig.suffered.append((time.time(), f"{service} {fault or ''}".strip()))
        try:
            if fault:
                await self.world.order("write_fault", step.rig, {"fault": fault})
            async with self.looked_at_closely(step.rig):
                await self._watcher.ask(
                    "call_service",
                    domain=DOMAIN,
                    service=service,
                    service_data=step.arguments["data"],
                    target={"entity_id": entity},
                )
        except WatcherError:
            self.told["refused"] += 1
        except WorldError as err:
            self.problems.append(f"the simulator: {err}")
        else:
            self.told["done"] += 1

    @asynccontextmanager
    async def looked_at_closely(self, rig_id: str) -> AsyncIterator[None]:
        """Have the truth of a miner told more often than that of others, and once more at the end."""

        async def look() -> None:
            with suppress(WorldError):
                while True:
                    await asyncio.sleep(LOOK_CLOSELY)
                    await self.world.order("look", rig_id, {})

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.wait([looking])
            await self.world.order("look", rig_id, {})

    async def _order(self, step: Step) -> None:
        try:
            await self.world.order(step.do, step.rig, step.arguments)
        except WorldError as err:
            self.problems.append(f"the simulator: {err}")
            return
        self._note(step)
        if step.do == "hive_clear":
            self._excuse(float(str(step.arguments["allowance"])))
        if step.cure:
            self._cures[step.rig, step.kind] = step.cure
        self._cures.pop((step.rig, step.ends), None)

    def _note(self, step: Step) -> None:
        """Note what befell whom."""
        rig = self.checker.rigs.get(step.rig)
        those = [rig] if rig else self.checker.rigs.values()
        what = step.kind or (f"end of {step.ends}" if step.ends else step.do)
        for each in those:
            each.suffered.append((time.time(), what))

    def _excuse(self, seconds: float) -> None:
        """Expect nothing of HiveOS for a while: it is left alone."""
        until = time.time() + seconds
        for rig_id in self._those.workers:
            rig = self.checker.rigs[rig_id]
            rig.excused_until = max(rig.excused_until, until)

    @property
    def _blows(self) -> Mapping[str, Callable[[Step], Awaitable[None]]]:
        return {
            "restart": self._restart,
            "kill": self._restart,
            "clock": self._set_clock,
            "disk": self._fill_disk,
            "lull": self._lull,
            "reload": self._reload,
        }

    async def _blow(self, step: Step) -> None:
        self._note(step)
        try:
            async with self._lock:
                await self._blows[step.do](step)
        except (HomeError, WatcherError, WorldError, OSError) as err:
            self.problems.append(f"{step.do}: {type(err).__name__}: {err}")

    async def _restart(self, step: Step) -> None:
        await self._stop(kill=step.do == "kill")
        await self._start()
        await asyncio.sleep(FIRST_READINGS)
        await self._compare(f"after {step.do}")

    async def _compare(self, when: str) -> None:
        assert self._watcher is not None
        now = await settings_of(self._watcher)
        self.problems += [f"{when}: {text}" for text in lost(self._settings, now)[:20]]
        self._settings = now

    async def _set_clock(self, step: Step) -> None:
        if not self.home.tampers:
            return
        seconds = int(str(step.arguments["seconds"]))
        self.checker.disturbed_at = time.time()
        self._is_clock_wrong = seconds != 0
        self.home.tamper(seconds=seconds)

    async def _fill_disk(self, step: Step) -> None:
        if self.home.tampers:
            self.home.tamper(full=bool(step.arguments["full"]))

    async def _reload(self, step: Step) -> None:
        if self._watcher is None or self.checker.is_away:
            return
        self._excuse(FIRST_READINGS)
        await self._watcher.ask(
            "call_service",
            domain="homeassistant",
            service="reload_config_entry",
            service_data={"entry_id": self._hive_entry_id},
        )

    async def _lull(self, step: Step) -> None:
        begin = time.monotonic()
        await self._settle()
        miner = self.checker.rigs[next(iter(self._those.miners))]
        end = begin + min(LULL - 8, self.checker.heal_limit(miner))
        await asyncio.sleep(max(0.0, end - time.monotonic()))
        await self._count()

    async def _settle(self) -> None:
        """End everything that anybody suffers."""
        if self._is_clock_wrong:
            self.checker.disturbed_at = time.time()
            self._is_clock_wrong = False
        self.home.tamper()
        for place in list(self._cures):
            if cure := self._cures.pop(place, None):
                if cure.do == "hive_clear":
                    self._excuse(float(str(cure.arguments["allowance"])))
                await self.world.order(cure.do, place[0], cure.arguments)

    async def _count(self) -> None:
        if self._watcher is None or self.checker.is_away:
            return
        told = await self._watcher.ask("soak_counts")
        self.names = told["names"]
        self.counts.append(
            Count(
                run=self.home.starts,
                at=time.monotonic(),
                tasks=told["tasks"],
                threads=told["threads"],
                sockets=self.home.sockets(),
                memory=self.home.memory(),
            )
        )
        self.log.read()
