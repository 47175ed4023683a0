"""The Home Assistant that scripts/bench measures, and what measures it from within.

    python -m scripts._bench_home CONFIG CONTROL RESULT INTERVAL CYCLES

CONFIG is a folder that scripts._seed filled, CONTROL where the simulated farm lists its miners, RESULT the file that is
written.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
import gc
from itertools import pairwise
import logging
import os
from pathlib import Path
import sys
import time
from types import MappingProxyType
from typing import override

from homeassistant import bootstrap, runner
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigSubentryData,
)
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util.package import is_installed
import orjson

from custom_components.antminer_monitor.const import (
    CONF_KIND,
    DOMAIN,
    KIND_SITE,
    SUBENTRY_MINER,
)
from custom_components.antminer_monitor.coordinator import RigCoordinator
from custom_components.antminer_monitor.site import Site
from scripts._bench_hass import Measured
from scripts._bench_read import miners_of
from scripts._bench_table import percentile
from scripts._hass import HOST, INTEGRATIONS, requirements

SITES = 2
FIRST_READ_DEADLINE = 120.0
"""Seconds after which it is measured with the rigs that were read until then."""
SETTLING = 1.5
"""Intervals after the first readings that do not count."""
RECORDER = """\
recorder:
  exclude:
    event_types: [device_registry_updated, entity_registry_updated]
"""
"""New entities make two such events each, once: the recorder would work on them for longer than the cycles take."""
_TICK = 0.01
_PAGE = os.sysconf("SC_PAGE_SIZE")


def missed_readings(
    times: list[float], start: float, end: float, interval: float
) -> int:
    """Count the cycles between ``start`` and ``end`` in which a rig was not read, by when it was.

    Readings of a rig are an interval apart, give or take; one that is missing leaves a gap of two.
    """
    return sum(
        max(0, round((later - earlier) / interval) - 1)
        for earlier, later in pairwise((start, *times, end))
    )


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


def _entry(
    number: int, miners: list[dict[str, int]], interval: int
) -> ConfigEntry[Site]:
    return ConfigEntry(
        data={CONF_KIND: KIND_SITE},
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=1,
        options={CONF_SCAN_INTERVAL: interval},
        source=SOURCE_USER,
        subentries_data=[
            ConfigSubentryData(
                data={CONF_HOST: HOST, CONF_PORT: miner["port"]},
                subentry_type=SUBENTRY_MINER,
                title=f"{miner['model']} {miner['index']}",
                unique_id=f"{HOST}:{miner['port']}",
            )
            for miner in miners
        ],
        title=f"Site {number + 1}",
        unique_id=None,
        version=1,
    )


class _Complaints(logging.Handler):
    """Counts what the integration logs as a warning or an error."""

    count = 0

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


@contextmanager
def _lags() -> Iterator[list[float]]:
    """Gather by how many milliseconds the event loop is late, a hundred times a second."""
    found: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(_TICK)
            found.append((time.perf_counter() - before - _TICK) * 1000)

    task = asyncio.get_running_loop().create_task(tick())
    try:
        yield found
    finally:
        task.cancel()


async def _memory(hass: HomeAssistant) -> float:
    """KiB that the process occupies (Linux)."""
    gc.collect()
    text = await hass.async_add_executor_job(Path("/proc/self/statm").read_text)
    return int(text.split()[1]) * _PAGE / 1024


async def _every_rig_read(coordinators: list[RigCoordinator]) -> int:
    """Wait until every rig was read; return how many were."""
    end = time.monotonic() + FIRST_READ_DEADLINE
    while True:
        count = sum(bool(coordinator.fresh) for coordinator in coordinators)
        if count == len(coordinators) or time.monotonic() > end:
            return count
        await asyncio.sleep(0.1)


def _enabled(hass: HomeAssistant, entries: list[ConfigEntry[Site]]) -> int:
    registry = er.async_get(hass)
    return sum(
        not entity.disabled
        for entry in entries
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
    )


async def _connections(control: str) -> int:
    return sum(miner["connections"] for miner in await miners_of(control))


def _noting(times: list[float]) -> Callable[[], None]:
    @callback
    def note() -> None:
        times.append(time.monotonic())

    return note


async def measure(
    hass: HomeAssistant, control: str, interval: int, cycles: int
) -> Measured:
    """Set up the sites and look on for some cycles."""
    miners = await miners_of(control)
    entries = [
        _entry(number, miners[number::SITES], interval) for number in range(SITES)
    ]
    complaints = _Complaints(logging.WARNING)
    logging.getLogger("custom_components.antminer_monitor").addHandler(complaints)
    memory = await _memory(hass)
    began = time.monotonic()
    with _lags() as starting:
        await asyncio.gather(
            *(hass.config_entries.async_add(entry) for entry in entries)
        )
        if any(entry.state is not ConfigEntryState.LOADED for entry in entries):
            raise SystemExit("a site was not set up")
        coordinators = [
            coordinator
            for entry in entries
            for coordinator in entry.runtime_data.coordinators.values()
        ]
        read_at_start = await _every_rig_read(coordinators)
    seconds_to_start = time.monotonic() - began
    memory_start = await _memory(hass) - memory

    # A rig's second reading is up to one and a half intervals after its first: from then on it keeps its moment.
    await asyncio.sleep(SETTLING * interval)
    readings: list[list[float]] = [[] for _ in coordinators]
    for coordinator, times in zip(coordinators, readings, strict=True):
        coordinator.async_add_seen_listener(_noting(times))
    before = await _connections(control)
    start = time.monotonic()
    cpu, cpu_loop = time.process_time(), time.thread_time()
    with _lags() as lags:
        await asyncio.sleep(interval * cycles)
    cpu, cpu_loop = time.process_time() - cpu, time.thread_time() - cpu_loop
    end = time.monotonic()
    lags.sort()
    in_time = [[at for at in times if start <= at <= end] for times in readings]
    return Measured(
        done=sum(map(len, in_time)),
        missed=sum(missed_readings(times, start, end, interval) for times in in_time),
        connections=await _connections(control) - before,
        lag_median=percentile(lags, 0.5),
        lag_p99=percentile(lags, 0.99),
        lag_most=lags[-1],
        lag_starting=max(starting),
        cpu=cpu / (end - start),
        cpu_loop=cpu_loop / (end - start),
        memory_start=memory_start,
        memory_end=await _memory(hass) - memory,
        read_at_start=read_at_start,
        seconds_to_start=seconds_to_start,
        entities=_enabled(hass, entries),
        backlog=get_instance(hass).backlog,
        complaints=complaints.count,
    )


async def main(config: str, control: str, interval: str, cycles: str) -> Measured:
    """Start, measure, stop."""
    hass = await _start(config)
    try:
        measured = await measure(hass, control, int(interval), int(cycles))
    finally:
        # Also after a failure: the recorder's thread would keep the process alive.
        await hass.async_stop()
    return measured


if __name__ == "__main__":
    config, control, result, *numbers = sys.argv[1:]
    measured = asyncio.run(
        main(config, control, *numbers), loop_factory=runner.create_event_loop
    )
    Path(result).write_bytes(orjson.dumps(asdict(measured)))
