"""The Home Assistant with a HiveOS account that scripts/bench measures, and what measures it from within.

    python -m scripts._bench_hive_home CONFIG URL RESULT INTERVAL CYCLES

CONFIG is a folder that scripts._seed filled, URL the simulated API, RESULT the file that is written.
"""

import asyncio
from collections.abc import Sequence
import sys
import time
from types import MappingProxyType

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import (
    CONF_SCAN_INTERVAL,
    CONF_TOKEN,
    CONF_URL,
    EVENT_STATE_CHANGED,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.event import EventStateChangedData
from homeassistant.helpers.recorder import get_instance

from custom_components.antminer_monitor.command import Command, Outcome
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN, KIND_HIVEOS
from custom_components.antminer_monitor.hub import AntminerMonitorConfigEntry, Hub
from custom_components.antminer_monitor.source import Reading, Source
from scripts._bench_hive import Polled
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
from simulator.hive.accounts import TOKEN

FIRST_READ_DEADLINE = 120.0
"""Seconds after which it is measured with the farms that were read until then."""
QUIET = 3.0
"""Seconds without a new entity after which all are there."""


class _Watched:
    """A source that notes when it is read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.began = 0.0
        self.ended = 0.0

    @property
    def label(self) -> str:
        return self._source.label

    async def read(self) -> Reading:
        self.began = time.monotonic()
        try:
            return await self._source.read()
        finally:
            self.ended = time.monotonic()

    async def execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> tuple[Outcome, ...]:
        return await self._source.execute(command, rig_ids)

    async def close(self) -> None:
        await self._source.close()


class _Phases:
    """Knows what a farm's coordinator was doing."""

    def __init__(self, hub: Hub) -> None:
        self._sources: list[tuple[_Watched, list[float]]] = []
        self._totals: list[float] = []
        self.changed = 0
        self._changed_at = 0.0
        for coordinator in hub.coordinators.values():
            coordinator.source = source = _Watched(coordinator.source)
            (seen,) = readings_of([coordinator])
            self._sources.append((source, seen))
        for fleet in hub.fleets.values():
            fleet.async_add_listener(
                callback(lambda: self._totals.append(time.monotonic()))
            )
        hub.hass.bus.async_listen(EVENT_STATE_CHANGED, self._state_changed)

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        self.changed += 1
        self._changed_at = time.monotonic()

    def at(self, since: float, until: float) -> str:
        """Say what was going on between two moments."""
        if any(since <= at <= until for at in self._totals[-2:]):
            return "adding up"
        if since <= self._changed_at:
            return "telling listeners"
        for source, seen in self._sources:
            if source.began > source.ended or since <= source.ended <= until:
                return "asking and parsing"
            if source.ended > (seen[-1] if seen else 0.0) or (
                seen and since <= seen[-1] <= until
            ):
                return "comparing"
        return "doing something else"


def hive_entry(url: str, interval: int) -> AntminerMonitorConfigEntry:
    """Make the entry of the simulated account, read every ``interval`` seconds."""
    return ConfigEntry[Hub](
        data={CONF_KIND: KIND_HIVEOS, CONF_TOKEN: TOKEN, CONF_URL: url},
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=1,
        options={CONF_SCAN_INTERVAL: interval},
        source=SOURCE_USER,
        subentries_data=[],
        title="HiveOS",
        unique_id=None,
        version=1,
    )


async def measure(hass: HomeAssistant, url: str, interval: int, cycles: int) -> Polled:
    """Set up the account and look on for some cycles."""
    entry = hive_entry(url, interval)
    complaints = Complaints()
    memory_before = await memory(hass)
    began = time.monotonic()
    with watching() as starting:
        coordinators = await set_up(hass, [entry])
        await wait_for(
            lambda: all(coordinator.fresh for coordinator in coordinators),
            FIRST_READ_DEADLINE,
        )
        seconds_to_read = time.monotonic() - began
        seconds_to_start = await every_entity(hass) - began
    memory_start = await memory(hass) - memory_before

    await asyncio.sleep(SETTLING * interval)
    phases = _Phases(entry.runtime_data)
    readings = readings_of(coordinators)
    with watching(phases.at) as watch:
        await asyncio.sleep(interval * cycles)
    in_time = [
        [at for at in times if watch.start <= at <= watch.end] for times in readings
    ]
    rigs = [rig for coordinator in coordinators for rig in coordinator.data.values()]
    return Polled(
        rigs=len(rigs),
        cards=sum(len(rig.gpus) for rig in rigs),
        done=sum(map(len, in_time)),
        missed=sum(
            missed_readings(times, watch.start, watch.end, interval)
            for times in in_time
        ),
        changed=phases.changed,
        lag_median=watch.lag(0.5),
        lag_p99=watch.lag(0.99),
        lag_most=watch.lag(1.0),
        lag_most_own=watch.most_own,
        work_most=watch.most_work,
        pauses={
            phase: (pause.own, pause.work) for phase, pause in watch.phases.items()
        },
        collection=watch.longest_collection,
        collections=sum(item.generation == 2 for item in watch.collections),
        lag_starting=starting.lag(1.0),
        lag_starting_own=starting.most_own,
        work_starting=starting.most_work,
        collection_starting=starting.longest_collection,
        cpu=watch.cpu,
        cpu_loop=watch.cpu_loop,
        memory_start=memory_start,
        memory_end=await memory(hass) - memory_before,
        seconds_to_read=seconds_to_read,
        seconds_to_start=seconds_to_start,
        entities=enabled(hass, [entry]),
        backlog=get_instance(hass).backlog,
        complaints=complaints.count,
    )


async def every_entity(hass: HomeAssistant) -> float:
    """Wait until no more entities are added; give when the last one was."""
    count, since = 0, time.monotonic()

    def is_quiet() -> bool:
        nonlocal count, since
        if count != len(hass.states.async_entity_ids()):
            count, since = len(hass.states.async_entity_ids()), time.monotonic()
        return time.monotonic() - since > QUIET

    await wait_for(is_quiet, FIRST_READ_DEADLINE)
    return since


if __name__ == "__main__":
    config, url, result, interval, cycles = sys.argv[1:]
    run_inside(
        config, result, lambda hass: measure(hass, url, int(interval), int(cycles))
    )
