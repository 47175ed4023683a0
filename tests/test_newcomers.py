"""Entities of very many rigs, added a few at a time."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor import newcomers, sensor
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.coordinator import RigCoordinator

from .common import settle
from .farms import Farm, FarmHub, add_kind, farm_rig

RIGS = 40


def states(hass: HomeAssistant) -> int:
    """Count the sensors of hashrates that are there and show something."""
    registry = er.async_get(hass)
    found = (
        registry.async_get_entity_id("sensor", DOMAIN, f"rig{number}_hashrate")
        for number in range(RIGS)
    )
    shown = (hass.states.get(entity_id) for entity_id in found if entity_id)
    return sum(item is not None and item.state != STATE_UNAVAILABLE for item in shown)


async def set_up(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    """Set up an entry with a large farm, and wait for nothing else."""
    entry = MockConfigEntry(domain=DOMAIN, title="Account", data={CONF_KIND: "farms"})
    entry.add_to_hass(hass)
    farm = Farm("north", *(farm_rig(f"rig{number}") for number in range(RIGS)))
    monkeypatch.setattr(FarmHub, "farms", {entry.entry_id: (farm,)})
    add_kind(hass, "farms", FarmHub)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


async def begin(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    """Set it up where nobody waits for its entities, and go on when the first are there."""
    monkeypatch.setattr(newcomers, "PLATFORM_WAIT", 0.0)
    entry = await set_up(hass, monkeypatch)
    while not states(hass):
        await asyncio.sleep(0)
    return entry


async def test_nobody_waits_long(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry is set up before all its entities are there; they come."""
    entry = await begin(hass, monkeypatch)
    assert entry.state is ConfigEntryState.LOADED
    assert 0 < states(hass) < RIGS
    await settle(hass)
    assert states(hass) == RIGS


async def test_unloaded_while_adding(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is added any more, and nothing that was added is left as if it were true."""
    entry = await begin(hass, monkeypatch)
    stop = FarmHub.async_stop

    async def slow_stop(hub: FarmHub) -> None:
        # As with a disk: others have their turn after the platforms are gone.
        for _ in range(2 * RIGS):
            await asyncio.sleep(0)
        await stop(hub)

    monkeypatch.setattr(FarmHub, "async_stop", slow_stop)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.NOT_LOADED
    left = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    shown = [hass.states.get(item.entity_id) for item in left]
    assert {item.state for item in shown if item} == {STATE_UNAVAILABLE}

    # All is as before.
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert states(hass) == RIGS


async def test_waited_for(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it does not take long, the entities are there when the entry is set up."""
    await set_up(hass, monkeypatch)
    assert states(hass) == RIGS


async def test_disabled_ones_are_not_made_again(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most entities of a rig are disabled; they stay registered, and one that is enabled is there."""
    made: list[str] = []

    class Noted(sensor.LastSeenSensor):
        def __init__(
            self, coordinator: RigCoordinator, rig_id: str, *rest: Any
        ) -> None:
            super().__init__(coordinator, rig_id, *rest)
            made.append(rig_id)

    monkeypatch.setattr(sensor, "LastSeenSensor", Noted)
    entry = await set_up(hass, monkeypatch)
    assert len(made) == RIGS
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", DOMAIN, "rig3_last_seen")
    assert entity_id
    known = {
        item.entity_id
        for item in er.async_entries_for_config_entry(registry, entry.entry_id)
    }

    made.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert made == []
    registry.async_update_entity(entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert made == ["rig3"]
    assert hass.states.get(entity_id)
    assert known == {
        item.entity_id
        for item in er.async_entries_for_config_entry(registry, entry.entry_id)
    }
