"""The Home Assistant with two sites that scripts/bench measures, and what measures it from within.

    python -m scripts._bench_home CONFIG CONTROL RESULT INTERVAL CYCLES

CONFIG is a folder that scripts._seed filled, CONTROL where the simulated farm lists its miners, RESULT the file that is
written.
"""

import asyncio
from collections.abc import Sequence
import sys
import time
from types import MappingProxyType

from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigSubentryData
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from custom_components.antminer_monitor.const import (
    CONF_KIND,
    DOMAIN,
    KIND_SITE,
    SUBENTRY_MINER,
)
from custom_components.antminer_monitor.hub import AntminerMonitorConfigEntry, Hub
from scripts._bench_hass import Measured
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
from scripts._bench_read import miners_of
from scripts._hass import HOST

SITES = 2
FIRST_READ_DEADLINE = 120.0
"""Seconds after which it is measured with the rigs that were read until then."""


def site_entry(
    number: int, miners: Sequence[dict[str, int]], interval: int
) -> AntminerMonitorConfigEntry:
    """Make the entry of a site with these miners, read every ``interval`` seconds."""
    return ConfigEntry[Hub](
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


async def _connections(control: str) -> int:
    return sum(miner["connections"] for miner in await miners_of(control))


async def measure(
    hass: HomeAssistant, control: str, interval: int, cycles: int
) -> Measured:
    """Set up the sites and look on for some cycles."""
    miners = await miners_of(control)
    entries = [
        site_entry(number, miners[number::SITES], interval) for number in range(SITES)
    ]
    complaints = Complaints()
    memory_before = await memory(hass)
    began = time.monotonic()
    with watching() as starting:
        coordinators = await set_up(hass, entries)

        def read() -> int:
            return sum(bool(coordinator.fresh) for coordinator in coordinators)

        await wait_for(lambda: read() == len(coordinators), FIRST_READ_DEADLINE)
        read_at_start = read()
    seconds_to_start = time.monotonic() - began
    memory_start = await memory(hass) - memory_before

    await asyncio.sleep(SETTLING * interval)
    readings = readings_of(coordinators)
    before = await _connections(control)
    with watching() as watch:
        await asyncio.sleep(interval * cycles)
    in_time = [
        [at for at in times if watch.start <= at <= watch.end] for times in readings
    ]
    return Measured(
        done=sum(map(len, in_time)),
        missed=sum(
            missed_readings(times, watch.start, watch.end, interval)
            for times in in_time
        ),
        connections=await _connections(control) - before,
        lag_median=watch.lag(0.5),
        lag_p99=watch.lag(0.99),
        lag_most=watch.lag(1.0),
        lag_starting=starting.lag(1.0),
        cpu=watch.cpu,
        cpu_loop=watch.cpu_loop,
        memory_start=memory_start,
        memory_end=await memory(hass) - memory_before,
        read_at_start=read_at_start,
        seconds_to_start=seconds_to_start,
        entities=enabled(hass, entries),
        backlog=get_instance(hass).backlog,
        complaints=complaints.count,
    )


if __name__ == "__main__":
    config, control, result, interval, cycles = sys.argv[1:]
    run_inside(
        config,
        result,
        lambda hass: measure(hass, control, int(interval), int(cycles)),
    )
