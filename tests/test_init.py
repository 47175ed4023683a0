"""A site's life: loading, restarting, losing and finding miners, changing them."""

from datetime import timedelta
from itertools import pairwise
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.antminer_monitor import hub as hub_module
from custom_components.antminer_monitor.const import DOMAIN, SUBENTRY_MINER
from simulator import Fault

from .common import (
    FarmMaker,
    by_key,
    make_site,
    miners_of,
    pass_time,
    settle,
    setup_site,
    state_of,
)

pytestmark = pytest.mark.usefixtures("loopback_enabled")


async def test_everything_off(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A site loads while its miners are off: the devices are there, and stale."""
    miners = await farm("s9", "s19pro_2022")
    miners.set_fault(Fault.REFUSE)
    entry = await setup_site(hass, miners)

    assert entry.state is ConfigEntryState.LOADED
    for subentry in miners_of(entry):
        device = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, subentry.subentry_id), entry.entry_id
        )
        assert device is not None
        assert device.name == subentry.title
        assert state_of(hass, subentry, "stale").state == STATE_ON
    assert state_of(hass, entry, "rigs").state == "2"
    assert state_of(hass, entry, "rigs_stale").state == "2"
    assert state_of(hass, entry, "rigs_online").state == "0"
    assert state_of(hass, entry, "total_power").state == "unknown"


async def test_killed_and_healed(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A miner that goes is shown until it is old, then unavailable; it heals by itself."""
    miners = await farm("s19pro_2022")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    assert state_of(hass, subentry, "stale").state == STATE_OFF
    before = state_of(hass, subentry, "hashrate").state
    assert 100 < float(before) < 120

    miners.set_fault(Fault.REFUSE)
    await pass_time(hass, freezer, 45)
    assert state_of(hass, subentry, "stale").state == STATE_OFF
    assert state_of(hass, subentry, "hashrate").state == before

    await pass_time(hass, freezer, 46)
    stale = state_of(hass, subentry, "stale")
    assert stale.state == STATE_ON
    assert "refused" in stale.attributes["last_error"]
    for state in hass.states.async_all("sensor"):
        if state.entity_id.startswith("sensor.antminer_s19"):
            assert state.state == STATE_UNAVAILABLE, state.entity_id
    await pass_time(hass, freezer, 6)
    assert state_of(hass, entry, "rigs_stale").state == "1"
    assert state_of(hass, entry, "total_hashrate_sha256d").state == "unknown"

    miners.heal()
    await pass_time(hass, freezer, 46)
    assert state_of(hass, subentry, "stale").state == STATE_OFF
    assert 100 < float(state_of(hass, subentry, "hashrate").state) < 120
    await pass_time(hass, freezer, 6)
    assert state_of(hass, entry, "rigs_stale").state == "0"


async def test_off_at_start_after_a_restart(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    """After a restart a miner that is off has its device, entities and true last-seen time."""
    miners = await farm("l3plus")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    seen_at = entry.runtime_data.coordinators[subentry.subentry_id].last_seen(
        subentry.subentry_id
    )
    ids = {state.entity_id for state in hass.states.async_all()}
    unit = state_of(hass, subentry, "hashrate").attributes["unit_of_measurement"]
    assert unit == "MH/s"
    miners.set_fault(Fault.REFUSE)
    assert await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(timedelta(hours=3))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)

    assert {state.entity_id for state in hass.states.async_all()} == ids
    stale = state_of(hass, subentry, "stale")
    assert stale.state == STATE_ON
    assert stale.attributes["last_seen"] == seen_at
    assert state_of(hass, subentry, "hashrate").state == STATE_UNAVAILABLE
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, subentry.subentry_id), entry.entry_id
    )
    assert device is not None
    assert device.model == "Antminer L3+"

    miners.heal()
    await pass_time(hass, freezer, 60)
    assert (
        state_of(hass, subentry, "hashrate").attributes["unit_of_measurement"] == unit
    )
    assert float(state_of(hass, subentry, "hashrate").state) > 400


async def test_unload_stops_everything(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """An unloaded site asks nothing more of its miners."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    assert await hass.config_entries.async_unload(entry.entry_id)
    connections = miners[0].connections
    await pass_time(hass, freezer, 300)

    assert entry.state is ConfigEntryState.NOT_LOADED
    assert miners[0].connections == connections


async def test_removing_a_site_leaves_nothing(
    hass: HomeAssistant, farm: FarmMaker, hass_storage: dict[str, Any]
) -> None:
    """Devices, entities and what was remembered go with the entry."""
    entry = await setup_site(hass, await farm("s9"))
    key = f"{DOMAIN}.{entry.entry_id}"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert key in hass_storage
    assert await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)

    assert key not in hass_storage
    assert not er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)


async def test_removing_a_miner_leaves_its_neighbours(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A removed miner is asked nothing more; the others go on without a reload."""
    miners = await farm("s9", "s19pro_2022")
    entry = await setup_site(hass, miners)
    site = entry.runtime_data
    gone, stays = miners_of(entry)
    hass.config_entries.async_remove_subentry(entry, gone.subentry_id)
    await settle(hass)
    connections = miners[0].connections
    await pass_time(hass, freezer, 60)

    assert entry.runtime_data is site
    assert set(site.coordinators) == {stays.subentry_id}
    assert miners[0].connections == connections
    assert state_of(hass, stays, "stale").state == STATE_OFF
    assert state_of(hass, entry, "rigs").state == "1"
    assert not by_key(hass, gone)


async def test_the_same_miner_again(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A subentry that changes in its name only renames its device."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    coordinator = entry.runtime_data.coordinators[subentry.subentry_id]
    hass.config_entries.async_update_subentry(entry, subentry, title="Rack 3, left")
    await settle(hass)

    assert entry.runtime_data.coordinators[subentry.subentry_id] is coordinator
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, subentry.subentry_id), entry.entry_id
    )
    assert device is not None
    assert device.name == "Rack 3, left"


async def test_a_miner_that_shows_more_later(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A board that was missing gets its entities when it appears, without a reload."""
    miners = await farm("s9")
    miners[0].condition(missing_board=1)
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    boards = {key for key in by_key(hass, subentry, disabled=True) if "board_" in key}
    miners[0].clear_conditions()
    await pass_time(hass, freezer, 46)

    more = {key for key in by_key(hass, subentry, disabled=True) if "board_" in key}
    assert more > boards
    assert any(key.endswith("_chip_temperature") for key in more - boards)


async def test_polling_disabled(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Without polling a miner is read at start and when it is asked to be, and no more."""
    await async_setup_component(hass, "homeassistant", {})
    miners = await farm("s9")
    entry = make_site(miners)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, pref_disable_polling=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    (subentry,) = miners_of(entry)
    connections = miners[0].connections
    await pass_time(hass, freezer, 91)
    assert miners[0].connections == connections
    assert state_of(hass, subentry, "stale").state == STATE_ON

    await hass.services.async_call(
        "homeassistant",
        "update_entity",
        {"entity_id": state_of(hass, subentry, "hashrate").entity_id},
        blocking=True,
    )
    await settle(hass)
    assert miners[0].connections > connections
    assert state_of(hass, subentry, "stale").state == STATE_OFF


async def test_at_most_three_connections_a_poll(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """An ordinary poll is three commands at most, whatever the dialect."""
    miners = await farm(
        "s9", "s17pro", "s19pro_2020", "s21_2024", "l3plus", "z11", "vnish_3",
        "vnish_1_2_7", "luxos", "braiins", "s9_hiveon", "unknown",
    )  # fmt: skip
    entry = await setup_site(hass, miners)
    before = [miner.connections for miner in miners]
    polls = 4
    for coordinator in entry.runtime_data.coordinators.values():
        for _ in range(polls):
            await coordinator.async_refresh()

    for miner, count in zip(miners, before, strict=True):
        assert 0 < miner.connections - count <= 3 * polls, miner.profile.name


@pytest.mark.parametrize("count", [200])
async def test_many_miners(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    count: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two hundred miners in one site: all read, spread over the interval, none missed."""
    caplog.set_level(logging.WARNING)
    miners = await farm(*["s19pro_2022", "s9"] * (count // 2))
    entry = await setup_site(hass, miners)
    site = entry.runtime_data
    assert state_of(hass, entry, "rigs_online").state == str(count)
    assert state_of(hass, entry, "rigs_stale").state == "0"

    before = [miner.connections for miner in miners]
    await pass_time(hass, freezer, 46)
    assert all(
        miner.connections > known for miner, known in zip(miners, before, strict=True)
    )
    await pass_time(hass, freezer, 6)
    total = sum(miner.truth().hashrate for miner in miners)
    shown = float(state_of(hass, entry, "total_hashrate_sha256d").state) * 1e12
    assert shown == pytest.approx(total, rel=0.03)

    due = sorted(
        coordinator.update_interval.total_seconds()
        for coordinator in site.coordinators.values()
    )
    gaps = [later - sooner for sooner, later in pairwise(due)]
    assert max(gaps) < 2.0


async def test_a_later_format_is_refused(
    hass: HomeAssistant, farm: FarmMaker, caplog: pytest.LogCaptureFixture
) -> None:
    """After a downgrade the entry says what to do, and nothing of it is lost."""
    entry = MockConfigEntry(
        domain=DOMAIN, title="Hall 1", version=2, data={"kind": "site"}
    )
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert "higher than the current version" in caplog.text
    assert entry.data == {"kind": "site"}


async def test_a_later_minor_format_is_read(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """What a slightly later version wrote can be read: it only added something."""
    entry = make_site(await farm("s9"))
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, minor_version=2)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)

    assert entry.state is ConfigEntryState.LOADED
    assert state_of(hass, entry, "rigs_online").state == "1"


async def test_deleting_devices(
    hass: HomeAssistant,
    farm: FarmMaker,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """What is there cannot be deleted from the device page, what is gone can."""
    await async_setup_component(hass, "config", {})
    entry = await setup_site(hass, await farm("s9"))
    registry = dr.async_get(hass)
    (subentry,) = miners_of(entry)
    fleet = registry.async_get_device_by_identifier(
        (DOMAIN, entry.entry_id), entry.entry_id
    )
    rig = registry.async_get_device_by_identifier(
        (DOMAIN, subentry.subentry_id), entry.entry_id
    )
    assert fleet is not None
    assert rig is not None
    gone = registry.async_get_or_create_child(
        config_entry_id=entry.entry_id,
        config_subentry_id=subentry.subentry_id,
        identifiers={(DOMAIN, f"{subentry.subentry_id}_board_99")},
        parent_device_id=rig.id,
        name="Hashboard 99",
    )
    client = await hass_ws_client(hass)
    for device, deleted in ((fleet, False), (rig, False), (gone, True)):
        response = await client.remove_device(device.id)
        assert response["success"] is deleted


async def test_near_the_entity_limit(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A repair issue tells before Home Assistant stops adding entities, and goes by itself."""
    monkeypatch.setattr(hub_module, "ENTITY_LIMIT", 20)
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    issue_id = f"entity_limit_{entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["limit"] == "20"

    monkeypatch.setattr(hub_module, "ENTITY_LIMIT", 10_000)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_miners_added_from_outside_a_flow(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Many subentries at once are followed one after another."""
    miners = await farm("s9", "s9", "s9", "s9")
    entry = await setup_site(hass, miners[:1])
    for miner in miners[1:]:
        hass.config_entries.async_add_subentry(
            entry,
            ConfigSubentry(
                data={CONF_HOST: miner.host, CONF_PORT: miner.port},  # type: ignore[arg-type]  # a dict is a mapping
                subentry_type=SUBENTRY_MINER,
                title=miner.host,
                unique_id=miner.host,
            ),
        )
    await settle(hass)
    await pass_time(hass, freezer, 6)

    assert len(entry.runtime_data.coordinators) == 4
    assert state_of(hass, entry, "rigs_online").state == "4"
