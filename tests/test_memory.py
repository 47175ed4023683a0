"""What is kept across restarts."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.memory import SAVE_DELAY, RigMemory
from custom_components.antminer_monitor.shape import shape_of

from .rigs import SEEN_AT, board, rig

KEY = f"{DOMAIN}.entry"


async def test_what_is_remembered(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """A rig comes back with its shape and last-seen time, without pools' users or chip maps."""
    whole = rig(boards=(board(1),))
    memory = RigMemory(hass, "entry")
    assert await memory.async_load() == {}
    memory.async_remember([(whole, shape_of(whole))])
    await memory.async_save()

    assert "someone" not in str(hass_storage[KEY])
    assert "pool.example" not in str(hass_storage[KEY])
    (found,) = (await RigMemory(hass, "entry").async_load()).values()
    assert found.seen_at == SEEN_AT
    assert found.model == whole.model
    assert found.boards[0].hashrate == whole.boards[0].hashrate
    assert found.boards[0].chip_map is None


async def test_last_seen_moves_on(hass: HomeAssistant) -> None:
    """The time of the last reading is kept even when nothing else changed."""
    memory = RigMemory(hass, "entry")
    first = rig()
    later = rig(seen_at=SEEN_AT + timedelta(minutes=7))
    memory.async_remember([(first, shape_of(first))])
    memory.async_remember([(later, shape_of(later))])
    await memory.async_save()

    (found,) = (await RigMemory(hass, "entry").async_load()).values()
    assert found.seen_at == later.seen_at


async def test_a_busy_site_is_saved_all_the_same(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> None:
    """Readings that keep coming do not put the saving off for ever."""
    memory = RigMemory(hass, "entry")
    whole = rig()
    for _ in range(12):
        memory.async_remember([(whole, shape_of(whole))])
        freezer.tick(SAVE_DELAY / 10)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()

    assert "rig" in hass_storage[KEY]["data"]["rigs"]


async def test_forgetting(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """A removed rig is not kept, and a removed entry leaves no file."""
    memory = RigMemory(hass, "entry")
    whole = rig()
    memory.async_remember([(whole, shape_of(whole))])
    memory.async_forget("rig")
    await memory.async_save()
    assert hass_storage[KEY]["data"] == {"rigs": {}, "groups": {}, "notes": {}}

    await memory.async_remove()
    assert KEY not in hass_storage


async def test_a_broken_rig_costs_only_itself(
    hass: HomeAssistant, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be read is named and left out."""
    good = {"id": "good", "seen_at": SEEN_AT.isoformat(), "status": "running"}
    hass_storage[KEY] = {
        "version": 1,
        "minor_version": 1,
        "key": KEY,
        "data": {"rigs": {"good": good, "bad": {"id": "bad"}}},
    }

    found = await RigMemory(hass, "entry").async_load()

    assert set(found) == {"good"}
    assert "rig bad cannot be read" in caplog.text
