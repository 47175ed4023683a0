"""What earlier releases stored, in this one: all of it is there, and nothing is told twice."""

from datetime import datetime
import json
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_RESTORED, STATE_UNAVAILABLE
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.antminer_monitor.bus import EVENT_HAPPENING, EVENT_RIG
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.registry import async_registry

from ..common import pass_time
from .conftest import RELEASES, start
from .home import World, home, stored
from .keep import MANIFEST


def content(folder: Path, name: str) -> Any:
    """Read what one file of the configuration folder holds."""
    return stored(folder, name)["data"]


def test_this_release_is_kept() -> None:
    """The next release has to load what this one stores."""
    version = json.loads(MANIFEST.read_text())["version"]
    assert version in RELEASES, "run: scripts/test tests/upgrade/keep.py"


async def test_entries(folder: Path) -> None:
    """Every entry loads, with the settings, miners and packs that it had."""
    before = content(folder, "core.config_entries")["entries"]
    assert {entry["data"]["kind"] for entry in before} >= {"site", "hiveos", "packs"}
    async with home(folder) as hass:
        await start(hass)
        for kept in before:
            entry = hass.config_entries.async_get_known_entry(kept["entry_id"])
            assert entry.state is ConfigEntryState.LOADED
            assert entry.title == kept["title"]
            assert entry.unique_id == kept["unique_id"]
            assert kept["data"].items() <= entry.data.items()
            assert kept["options"].items() <= entry.options.items()
            assert entry.subentries.keys() == {
                subentry["subentry_id"] for subentry in kept["subentries"]
            }
            for subentry in kept["subentries"]:
                now = entry.subentries[subentry["subentry_id"]]
                assert subentry["data"].items() <= now.data.items()
                assert subentry["title"] == now.title
        extensions = async_registry(hass).extensions
        assert "pack_nine" in extensions
        assert "pack_small" not in extensions


async def test_entities(folder: Path) -> None:
    """Each has its unique id and its name still, or the history of its figures would be lost."""
    before = content(folder, "core.entity_registry")["entities"]
    assert len(before) > 300
    async with home(folder) as hass:
        await start(hass)
        registry = er.async_get(hass)
        for kept in before:
            entry = registry.async_get(kept["entity_id"])
            assert entry
            assert entry.id == kept["id"]
            assert entry.unique_id == kept["unique_id"]
            assert entry.disabled_by == kept["disabled_by"]
            if kept["disabled_by"] is None:
                state = hass.states.get(kept["entity_id"])
                # Home Assistant stands in for one that nobody provides any more.
                assert state and ATTR_RESTORED not in state.attributes, kept
        mine = registry.async_get("sensor.mine")
        assert mine
        assert mine.name == "Mine"


async def test_devices(folder: Path) -> None:
    """Each device is the one that it was, and none came beside it."""
    before = content(folder, "core.device_registry")["devices"]
    async with home(folder) as hass:
        await start(hass)
        devices = {
            device.id: device
            for entry in hass.config_entries.async_entries(DOMAIN)
            for device in dr.async_entries_for_config_entry(
                dr.async_get(hass), entry.entry_id
            )
        }
        assert devices.keys() == {kept["id"] for kept in before}
        for kept in before:
            device = devices[kept["id"]]
            assert device.identifiers == {tuple(pair) for pair in kept["identifiers"]}
            assert device.name_by_user == kept["name_by_user"]
        assert "Cellar" in {device.name_by_user for device in devices.values()}


async def test_totals(folder: Path, freezer: FrozenDateTimeFactory) -> None:
    """Energy and its cost go on from where they were, also of a miner that is off."""
    before = {
        kept["state"]["entity_id"]: kept["extra_data"]
        for kept in content(folder, "core.restore_state")
        if (kept["extra_data"] or {}).keys() & {"joules", "cost"}
    }
    assert len(before) > 5

    async with home(folder) as hass:
        await start(hass)
        await pass_time(hass, freezer, 60)
    after = {
        kept["state"]["entity_id"]: kept["extra_data"]
        for kept in content(folder, "core.restore_state")
    }
    for entity_id, kept in before.items():
        for key in kept.keys() & {"joules", "cost"}:
            assert after[entity_id][key] >= kept[key] > 0, entity_id
            # A minute adds little: it was not begun anew and did not run away.
            assert after[entity_id][key] < kept[key] * 1.2, entity_id


async def test_nothing_is_told_twice(
    folder: Path, world: World, freezer: FrozenDateTimeFactory
) -> None:
    """What was told before the upgrade is known still; what is new is told."""
    (told,) = (
        at
        for source in content(folder, "antminer_monitor.account.told").values()
        for message, at in source.items()
        if message
    )
    rig = world.hive.farms[0].workers[0]
    rig.say("GPU 1 was lost", "danger", at=told)

    async with home(folder) as hass:
        happenings = async_capture_events(hass, EVENT_HAPPENING)
        events = async_capture_events(hass, EVENT_RIG)
        await start(hass)
        for _ in range(4):
            await pass_time(hass, freezer, 60)
        assert not happenings
        # The miner that was off is off: that it went stale is no news.
        assert not [event.data for event in events]
        rig.say("Fan 2 was lost", "warning")
        world.miners.heal()
        for _ in range(4):
            await pass_time(hass, freezer, 60)
        assert [event.data["title"] for event in happenings] == ["Fan 2 was lost"]
        assert [(event.data["rig_id"], event.data["type"]) for event in events] == [
            ("miner2", "came_back")
        ]


async def test_rigs_that_are_off(folder: Path, world: World) -> None:
    """A miner that is off while Home Assistant starts is known all the same."""
    remembered = content(folder, "antminer_monitor.hall")["rigs"]["miner2"]
    async with home(folder) as hass:
        await start(hass)
        registry = er.async_get(hass)
        seen_id = registry.async_get_entity_id("binary_sensor", DOMAIN, "miner2_stale")
        assert seen_id
        state = hass.states.get(seen_id)
        assert state
        assert state.state == "on"
        seen: datetime = state.attributes["last_seen"]
        assert seen == dt_util.parse_datetime(remembered["seen_at"])
        extra = registry.async_get_entity_id("sensor", DOMAIN, "miner2_pack_nine.clock")
        assert extra
        clock = hass.states.get(extra)
        assert clock
        assert clock.state == STATE_UNAVAILABLE


async def test_and_back_again(folder: Path) -> None:
    """What this release writes down is what it reads at the next start."""
    async with home(folder) as hass:
        await start(hass)
    first = {
        entry["entity_id"]: entry["unique_id"]
        for entry in content(folder, "core.entity_registry")["entities"]
    }
    async with home(folder) as hass:
        await start(hass)
        assert all(
            entry.state is ConfigEntryState.LOADED
            for entry in hass.config_entries.async_entries(DOMAIN)
        )
    assert first == {
        entry["entity_id"]: entry["unique_id"]
        for entry in content(folder, "core.entity_registry")["entities"]
    }
