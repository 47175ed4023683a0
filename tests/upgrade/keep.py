"""Keeps what this release stores, for the tests of every later one: scripts/test tests/upgrade/keep.py.

To be run once for each release, when the version of the manifest is set. Its name keeps it out of all other runs.
"""

from datetime import timedelta
import json
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import (
    CONF_PASSWORD,
    CONF_SCAN_INTERVAL,
    CONF_TOKEN,
    CONF_URL,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.const import (
    CONF_ENERGY_PRICE,
    CONF_HOT_BOARD,
    CONF_KIND,
    CONF_STALE_AFTER,
    DOMAIN,
    KIND_HIVEOS,
)
from simulator import Fault

from ..common import FarmMaker, make_named_site, pass_time, settle
from ..pack_files import files_from, nine_pack, packs_entry, small_pack
from .home import FIXTURES, World, home, make_world

MANIFEST = Path(__file__).parents[2] / "custom_components" / DOMAIN / "manifest.json"


async def _set_up(hass: HomeAssistant, world: World) -> None:
    site = make_named_site(
        world.miners,
        data={CONF_USERNAME: "root", CONF_PASSWORD: "invented"},
        options={
            CONF_SCAN_INTERVAL: 45,
            CONF_STALE_AFTER: 200,
            CONF_HOT_BOARD: 84,
            CONF_ENERGY_PRICE: 0.12,
        },
    )
    account = MockConfigEntry(
        domain=DOMAIN,
        entry_id="account",
        title="owner",
        unique_id="hiveos_1001",
        data={
            CONF_KIND: KIND_HIVEOS,
            CONF_TOKEN: world.hive.token,
            CONF_URL: world.hive.url,
        },
        options={CONF_SCAN_INTERVAL: 90},
    )
    packs = packs_entry(files_from(nine_pack()), files_from(small_pack()))
    for entry in (packs, site, account):
        await hass.config_entries.async_add(entry)
        await settle(hass)
    # One pack is there, and off.
    off = next(
        subentry
        for subentry in packs.subentries.values()
        if subentry.unique_id == "small"
    )
    hass.config_entries.async_update_subentry(
        packs, off, data={**off.data, "enabled": False}
    )
    await settle(hass)


def _make_it_ones_own(hass: HomeAssistant) -> None:
    entities, devices = er.async_get(hass), dr.async_get(hass)
    power = entities.async_get_entity_id("sensor", DOMAIN, "miner1_power")
    fans = entities.async_get_entity_id("binary_sensor", DOMAIN, "miner1_fan_fault")
    device = devices.async_get_device_by_identifier((DOMAIN, "miner1"), "hall")
    assert power and fans and device
    entities.async_update_entity(power, new_entity_id="sensor.mine", name="Mine")
    entities.async_update_entity(fans, disabled_by=er.RegistryEntryDisabler.USER)
    devices.async_update_device(device.id, name_by_user="Cellar")


@pytest.mark.usefixtures("noon")
async def test_keep(
    farm: FarmMaker, tmp_path: Path, freezer: FrozenDateTimeFactory
) -> None:
    """Let rigs be watched for a while, and things happen to them; then keep what was stored."""
    target = FIXTURES / json.loads(MANIFEST.read_text())["version"]
    assert not target.exists(), (
        f"{target.name} is kept already; delete it to begin anew"
    )
    async with make_world(farm) as world:
        async with home(tmp_path) as hass:
            await _set_up(hass, world)
            _make_it_ones_own(hass)
            rig = world.hive.farms[0].workers[0]
            for minute in range(20):
                if minute == 5:
                    rig.say("GPU 1 was lost", "danger")
                    world.miners[1].set_fault(Fault.REFUSE)
                await pass_time(hass, freezer, timedelta(minutes=1).total_seconds())
        world.keep(tmp_path, target)
