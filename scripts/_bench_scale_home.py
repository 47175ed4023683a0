"""The Home Assistant with sites and a HiveOS account that scripts/bench scale measures, and what measures it from within.

    python -m scripts._bench_scale_home prepare CONFIG RESULT CONTROL URL INTERVAL
    python -m scripts._bench_scale_home measure CONFIG RESULT BEGAN INTERVAL CYCLES

CONFIG is a folder that scripts._seed filled, and RESULT the file that is written. The first adds everything and stops:
CONTROL is where the simulated farm lists its miners, or "-", and URL the simulated API. The second is then started as
any Home Assistant is after a restart, at the moment BEGAN of the monotonic clock, and looked at with a page open.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
import gc
from itertools import batched
from pathlib import Path
import sys
import time

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, EventStateReportedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import EventStateChangedData
from homeassistant.helpers.recorder import get_instance
import orjson

from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.coordinator import RigCoordinator
from custom_components.antminer_monitor.hub import AntminerMonitorConfigEntry
from scripts._bench_hive_home import every_entity, hive_entry
from scripts._bench_home import site_entry
from scripts._bench_inside import (
    SETTLING,
    Complaints,
    enabled,
    memory,
    missed_readings,
    readings_of,
    run_inside,
    set_up,
    wait_for,
    watching,
)
from scripts._bench_page import Received
from scripts._bench_read import last_lines, miners_of
from scripts._bench_rows import recorded, stored
from scripts._bench_scale_table import Kind, Lasting, Prepared
from scripts._develop import running
from scripts._hass import HOST

SITE_SIZE = 500
"""Miners of a site, at most."""
READY_DEADLINE = 300.0
"""Seconds after which it is measured with the rigs that were read until then."""
PAGE_DEADLINE = 180.0
COUNTED = 1
"""Cycles after those that are measured, in which writes of states are counted: counting them costs time itself."""


async def prepare(
    hass: HomeAssistant, control: str, url: str, interval: int
) -> Prepared:
    """Add the sites and the account, and wait until every rig was read and every entity is there."""
    miners = await miners_of(control) if control != "-" else []
    entries = [
        *(
            site_entry(number, some, interval)
            for number, some in enumerate(batched(miners, SITE_SIZE, strict=False))
        ),
        hive_entry(url, interval),
    ]
    began = time.monotonic()
    with watching() as watch:
        coordinators = await set_up(hass, entries)
        await wait_for(lambda: _all_fresh(coordinators), READY_DEADLINE)
        seconds_to_read = time.monotonic() - began
        seconds_to_add = await every_entity(hass) - began
    return Prepared(
        seconds_to_read=seconds_to_read,
        seconds_to_add=seconds_to_add,
        lag_most=watch.lag(1.0),
    )


def _all_fresh(coordinators: Iterable[RigCoordinator]) -> bool:
    return all(
        coordinator.rig_ids and len(coordinator.fresh) == len(coordinator.rig_ids)
        for coordinator in coordinators
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """The entries of a kind."""

    entries: Sequence[AntminerMonitorConfigEntry]
    readings: Sequence[Sequence[float]]
    """When each of their coordinators read, as it goes on."""

    @property
    def rigs(self) -> int:
        return sum(
            len(coordinator.data)
            for entry in self.entries
            for coordinator in entry.runtime_data.coordinators.values()
        )


async def measure(
    hass: HomeAssistant, began: float, page_log: Path, interval: int, cycles: int
) -> Lasting:
    """Look on for some cycles, with a page open."""
    complaints = Complaints()
    wanted = hass.config_entries.async_entries(DOMAIN)

    def loaded() -> list[AntminerMonitorConfigEntry]:
        return hass.config_entries.async_loaded_entries(DOMAIN)

    def coordinators() -> list[RigCoordinator]:
        return [
            coordinator
            for entry in loaded()
            for coordinator in entry.runtime_data.coordinators.values()
        ]

    await wait_for(
        lambda: len(loaded()) == len(wanted) and _all_fresh(coordinators()),
        READY_DEADLINE,
    )
    seconds_to_start = time.monotonic() - began
    read_at_start = sum(len(coordinator.fresh) for coordinator in coordinators())
    await every_entity(hass)

    recorder = get_instance(hass)
    database = Path(hass.config.path("home-assistant_v2.db"))
    async with _page(hass, page_log):
        await asyncio.sleep(SETTLING * interval)
        groups = _groups(loaded())
        await recorder.async_block_till_done()
        before = await hass.async_add_executor_job(stored, database)
        since, cpu_recorder = time.time(), _cpu_of(recorder.ident)
        with watching() as watch:
            await asyncio.sleep(interval * cycles)
        cpu_recorder = _cpu_of(recorder.ident) - cpu_recorder
        until, backlog = time.time(), recorder.backlog
        await recorder.async_block_till_done()
        after = await hass.async_add_executor_job(stored, database)
        changed, reported = await _writes(hass, interval * COUNTED)
    rows = await hass.async_add_executor_job(recorded, database, since, until)
    shown = _between(
        await hass.async_add_executor_job(_told, page_log), watch.start, watch.end
    )
    return Lasting(
        seconds=watch.end - watch.start,
        kinds={
            kind: _kind(hass, group, rows, (watch.start, watch.end), interval)
            for kind, group in groups.items()
        },
        rows={table: count - before.rows[table] for table, count in after.rows.items()},
        grown=after.size - before.size,
        changed=changed,
        reported=reported,
        lag_median=watch.lag(0.5),
        lag_p99=watch.lag(0.99),
        lag_most=watch.lag(1.0),
        collection=watch.longest_collection,
        collections=sum(item.generation == 2 for item in watch.collections),
        collection_cpu=_collect(),
        cpu=watch.cpu,
        cpu_loop=watch.cpu_loop,
        cpu_recorder=cpu_recorder / (watch.end - watch.start),
        memory=await memory(hass),
        seconds_to_start=seconds_to_start,
        read_at_start=read_at_start,
        frames=shown.frames,
        size=shown.size,
        messages=shown.messages,
        backlog=backlog,
        complaints=complaints.count,
    )


def _groups(entries: Sequence[AntminerMonitorConfigEntry]) -> dict[str, _Group]:
    """Give the entries by their kind; readings are noted from now on."""
    groups: dict[str, _Group] = {}
    for kind in sorted({entry.data[CONF_KIND] for entry in entries}):
        some = [entry for entry in entries if entry.data[CONF_KIND] == kind]
        coordinators = [
            coordinator
            for entry in some
            for coordinator in entry.runtime_data.coordinators.values()
        ]
        groups[kind] = _Group(some, readings_of(coordinators))
    return groups


@asynccontextmanager
async def _page(hass: HomeAssistant, log: Path) -> AsyncIterator[None]:
    """Have a page open inside; SystemExit when it does not open, or does not stay open."""
    assert hass.config.api
    url = f"http://{HOST}:{hass.config.api.port}"
    output = await hass.async_add_executor_job(log.open, "wb")
    try:
        async with running("scripts._bench_page", url, output=output) as page:
            end = time.monotonic() + PAGE_DEADLINE
            while True:
                told = await hass.async_add_executor_job(_told, log)
                if any(item.size for item in told):
                    break
                if page.returncode is not None or time.monotonic() > end:
                    raise SystemExit(f"The page does not open: {last_lines(log)}")
                await asyncio.sleep(0.5)
            yield
            if page.returncode is not None:
                raise SystemExit(f"The page was closed: {last_lines(log)}")
    finally:
        await hass.async_add_executor_job(output.close)


def _told(log: Path) -> list[Received]:
    """Give what the page told until now; a line may be half written."""
    whole = log.read_bytes().rpartition(b"\n")[0].splitlines()
    return [Received(**orjson.loads(line)) for line in whole if line.startswith(b"{")]


def _between(told: Sequence[Received], since: float, until: float) -> Received:
    """Give what came between two moments of the monotonic clock, give or take a second."""
    first = max((item for item in told if item.at <= since), key=lambda item: item.at)
    last = max((item for item in told if item.at <= until), key=lambda item: item.at)
    return Received(
        frames=last.frames - first.frames,
        size=last.size - first.size,
        messages={
            feed: count - first.messages.get(feed, 0)
            for feed, count in last.messages.items()
        },
    )


def _cpu_of(ident: int | None) -> float:
    """Give the CPU seconds of a thread that runs (Linux)."""
    assert ident is not None
    return time.clock_gettime(time.pthread_getcpuclockid(ident))


def _collect() -> float:
    """Give the milliseconds of CPU of a full garbage collection."""
    began = time.thread_time()
    gc.collect()
    return 1000 * (time.thread_time() - began)


async def _writes(hass: HomeAssistant, seconds: float) -> tuple[float, float]:
    """Count how often a state was written with something new in it, and how often as it was, a second."""
    changed = reported = 0

    @callback
    def change(_event: Event[EventStateChangedData]) -> None:
        nonlocal changed
        changed += 1

    @callback
    def report(_event: Event[EventStateReportedData]) -> None:
        nonlocal reported
        reported += 1

    @callback
    def every(_data: EventStateReportedData) -> bool:
        return True

    removers = [
        hass.bus.async_listen(EVENT_STATE_CHANGED, change),
        # Only with a filter may these be listened to.
        hass.bus.async_listen(EVENT_STATE_REPORTED, report, event_filter=every),
    ]
    try:
        await asyncio.sleep(seconds)
    finally:
        for remove in removers:
            remove()
    return changed / seconds, reported / seconds


def _kind(
    hass: HomeAssistant,
    group: _Group,
    rows: dict[str, int],
    window: tuple[float, float],
    interval: int,
) -> Kind:
    start, end = window
    in_time = [[at for at in times if start <= at <= end] for times in group.readings]
    registry = er.async_get(hass)
    by_key: Counter[str] = Counter()
    entities: Counter[str] = Counter()
    for entry in group.entries:
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
            if not entity.disabled:
                key = f"{entity.domain} {entity.translation_key or entity.original_device_class}"
                entities[key] += 1
                by_key[key] += rows.get(entity.entity_id, 0)
    return Kind(
        rigs=group.rigs,
        sources=len(in_time),
        done=sum(map(len, in_time)),
        missed=sum(missed_readings(times, start, end, interval) for times in in_time),
        entities=enabled(hass, group.entries),
        rows=sum(by_key.values()),
        keys={key: (by_key[key], count) for key, count in entities.items()},
    )


if __name__ == "__main__":
    step, config, result, *rest = sys.argv[1:]
    if step == "prepare":
        control, url, interval = rest
        run_inside(
            config, result, lambda hass: prepare(hass, control, url, int(interval))
        )
    else:
        began, interval, cycles = rest
        run_inside(
            config,
            result,
            lambda hass: measure(
                hass,
                float(began),
                Path(f"{result}.page.log"),
                int(interval),
                int(cycles),
            ),
        )
