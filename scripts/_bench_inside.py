"""What watches a Home Assistant from within while scripts/bench measures it, and what starts one for that."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
import gc
from itertools import pairwise
import logging
import os
from pathlib import Path
import threading
import time
from typing import TYPE_CHECKING, override

from homeassistant import bootstrap, runner
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util.package import is_installed
import orjson

from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.coordinator import RigCoordinator
from custom_components.antminer_monitor.hub import AntminerMonitorConfigEntry
from scripts._bench_table import percentile
from scripts._hass import INTEGRATIONS, requirements

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SETTLING = 1.5
"""Intervals after the first readings that do not count.

A coordinator's second reading is up to so many after its first: from then on it keeps its moment.
"""
RECORDER = """\
recorder:
  exclude:
    event_types: [device_registry_updated, entity_registry_updated]
"""
"""New entities make two such events each, once: the recorder would work on them for longer than the cycles take."""
PAUSE = 10.0
"""Milliseconds from which on it is asked what was going on."""
_TICK = 0.01
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Lag:
    """By how much the event loop was late, at one of a hundred moments of a second."""

    ms: float
    own: float
    """The same without the time that went into garbage collections."""
    work: float
    """Milliseconds that its thread was busy meanwhile, without collections too: the rest of it waited for others."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A garbage collection: every thread waits for it, whichever does it."""

    start: float
    """On the monotonic clock, as ``end``."""
    end: float
    generation: int

    @property
    def ms(self) -> float:
        """What it took."""
        return (self.end - self.start) * 1000


@dataclass(slots=True)
class Watch:
    """What happens to the event loop's thread while somebody looks on."""

    lags: list[Lag] = field(default_factory=list)
    collections: list[Collection] = field(default_factory=list)
    phases: dict[str, Lag] = field(default_factory=dict)
    """The longest pause of each phase, without collections; see ``watching``."""
    start: float = 0.0
    end: float = 0.0
    cpu: float = 0.0
    """Share of one core that all threads used."""
    cpu_loop: float = 0.0
    """Share of one core that the event loop's thread used."""

    def lag(self, share: float) -> float:
        """Milliseconds that ``share`` (0 to 1) of the moments do not exceed."""
        return percentile(sorted(lag.ms for lag in self.lags), share)

    @property
    def most_own(self) -> float:
        """Milliseconds of the longest pause, without collections."""
        return max(lag.own for lag in self.lags)

    @property
    def most_work(self) -> float:
        """Milliseconds for which the event loop's thread was busy in one pause, at most, without collections."""
        return max(lag.work for lag in self.lags)

    @property
    def longest_collection(self) -> float:
        """Milliseconds."""
        return max((item.ms for item in self.collections), default=0.0)


@contextmanager
def watching(
    phase: Callable[[float, float], str] = lambda since, until: "working",
) -> Iterator[Watch]:
    """Watch the event loop. ``phase`` says what was going on between two moments, and is asked of pauses only."""
    watch = Watch()
    collecting: tuple[float, int] | None = None
    loop_thread = threading.get_ident()
    collected_here = 0.0
    """Seconds that the event loop's thread spent on collections."""

    def collected(step: str, info: dict[str, int]) -> None:
        nonlocal collecting, collected_here
        if threading.get_ident() == loop_thread:
            collected_here += time.thread_time() * (-1 if step == "start" else 1)
        if step == "start":
            collecting = time.monotonic(), info["generation"]
        elif collecting:
            start, generation = collecting
            watch.collections.append(Collection(start, time.monotonic(), generation))
            collecting = None

    def rubbish(since: float, until: float) -> float:
        """Seconds of collections between two moments."""
        total = 0.0
        for item in reversed(watch.collections):
            if item.end < since:
                break
            total += item.end - max(item.start, since)
        # One of another thread, which may say at any moment that it is over.
        if running := collecting:
            total += until - max(running[0], since)
        return total

    async def tick() -> None:
        while True:
            before, worked = time.monotonic(), time.thread_time() - collected_here
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            late = (now - before - _TICK) * 1000
            lag = Lag(
                late,
                max(late - rubbish(before, now) * 1000, 0.0),
                (time.thread_time() - collected_here - worked) * 1000,
            )
            watch.lags.append(lag)
            if lag.own > PAUSE:
                name = phase(before, now)
                longest = watch.phases.get(name)
                if longest is None or lag.own > longest.own:
                    watch.phases[name] = lag

    gc.callbacks.append(collected)
    task = asyncio.get_running_loop().create_task(tick())
    cpu, cpu_loop = time.process_time(), time.thread_time()
    watch.start = time.monotonic()
    try:
        yield watch
    finally:
        watch.end = time.monotonic()
        seconds = watch.end - watch.start
        watch.cpu = (time.process_time() - cpu) / seconds
        watch.cpu_loop = (time.thread_time() - cpu_loop) / seconds
        gc.callbacks.remove(collected)
        if running := collecting:
            watch.collections.append(Collection(running[0], watch.end, running[1]))
        if not task.cancel():
            # It does not end by itself.
            task.result()


class Complaints(logging.Handler):
    """Counts the warnings and errors that the integration logs, and those that Home Assistant logs of it."""

    def __init__(self) -> None:
        """Count from now on."""
        super().__init__(logging.WARNING)
        self.count = 0
        logging.getLogger().addHandler(self)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if DOMAIN in record.name or DOMAIN in record.getMessage():
            self.count += 1


def run_inside(
    config: str,
    result: str,
    measure: Callable[[HomeAssistant], Awaitable[DataclassInstance]],
) -> None:
    """Start Home Assistant in a folder that scripts._seed filled, measure, stop, and write down what was measured."""

    async def main() -> DataclassInstance:
        hass = await _start(config)
        try:
            measured = await measure(hass)
        finally:
            # Also after a failure: the recorder's thread would keep the process alive.
            await hass.async_stop()
        return measured

    measured = asyncio.run(main(), loop_factory=runner.create_event_loop)
    Path(result).write_bytes(orjson.dumps(asdict(measured)))


async def _start(config: str) -> HomeAssistant:
    """Start Home Assistant as scripts/develop does, with as much of it as is installed."""

    def present(domain: str) -> bool:
        return all(map(is_installed, requirements([domain])))

    # Its pages are a package of their own, and nobody looks at them here.
    bootstrap.CRITICAL_INTEGRATIONS.clear()
    for domain in sorted(bootstrap.DEFAULT_INTEGRATIONS):
        if not present(domain):
            bootstrap.DEFAULT_INTEGRATIONS.discard(domain)
    Path(config, "configuration.yaml").write_text(
        "".join(f"{domain}:\n" for domain in INTEGRATIONS if present(domain)) + RECORDER
    )
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=config, skip_pip=True)
    )
    if hass is None or hass.config.recovery_mode:
        raise SystemExit("Home Assistant does not start")
    await hass.async_start()
    return hass


async def set_up(
    hass: HomeAssistant, entries: Sequence[AntminerMonitorConfigEntry]
) -> list[RigCoordinator]:
    """Add entries; give their coordinators."""
    await asyncio.gather(*(hass.config_entries.async_add(entry) for entry in entries))
    for entry in entries:
        if entry.state is not ConfigEntryState.LOADED:
            raise SystemExit(f"{entry.title} was not set up: {entry.reason}")
    return [
        coordinator
        for entry in entries
        for coordinator in entry.runtime_data.coordinators.values()
    ]


async def wait_for(done: Callable[[], bool], deadline: float) -> None:
    """Wait until something is so, or for ``deadline`` seconds."""
    end = time.monotonic() + deadline
    while not done() and time.monotonic() < end:
        await asyncio.sleep(0.1)


async def memory(hass: HomeAssistant) -> float:
    """KiB that the process occupies (Linux)."""
    gc.collect()
    text = await hass.async_add_executor_job(Path("/proc/self/statm").read_text)
    return int(text.split()[1]) * _PAGE / 1024


def enabled(hass: HomeAssistant, entries: Iterable[AntminerMonitorConfigEntry]) -> int:
    """Count the entities of these entries that are enabled."""
    registry = er.async_get(hass)
    return sum(
        not entity.disabled
        for entry in entries
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
    )


def readings_of(coordinators: Iterable[RigCoordinator]) -> list[list[float]]:
    """Give lists to which the moments of each coordinator's readings are added from now on."""
    readings: list[list[float]] = []
    for coordinator in coordinators:
        times: list[float] = []
        coordinator.async_add_seen_listener(_noting(times))
        readings.append(times)
    return readings


def _noting(times: list[float]) -> Callable[[], None]:
    @callback
    def note() -> None:
        times.append(time.monotonic())

    return note


def missed_readings(
    times: Sequence[float], start: float, end: float, interval: float
) -> int:
    """Count the cycles between ``start`` and ``end`` in which a rig was not read, by when it was.

    Readings of a rig are an interval apart, give or take; one that is missing leaves a gap of two.
    """
    return sum(
        max(0, round((later - earlier) / interval) - 1)
        for earlier, later in pairwise((start, *times, end))
    )
