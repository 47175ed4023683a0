"""HiveOS accounts in a running Home Assistant, against the simulated service."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    CONF_SCAN_INTERVAL,
    CONF_TOKEN,
    CONF_URL,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.antminer_monitor import allowance
from custom_components.antminer_monitor.const import (
    CONF_FARMS_OFF,
    CONF_KIND,
    DOMAIN,
    KIND_HIVEOS,
)
from custom_components.antminer_monitor.hiveos.source import farm_device_id, rig_id
from custom_components.antminer_monitor.hub import Hub
from simulator.hive import FarmPlan, HiveFault, HiveService

from .common import pass_time, settle

INTERVAL = 60
LIMIT = 3 * INTERVAL


@pytest.fixture
async def hive(loopback_enabled: None, noon: None) -> AsyncIterator[HiveService]:
    """A HiveOS with two farms, whose clock is Home Assistant's."""
    async with HiveService(
        farms=[
            FarmPlan(name="North hall", gpu_rigs=2, cards=3),
            FarmPlan(name="Container 2", asics=2),
        ],
        clock=lambda: dt_util.utcnow().timestamp(),
    ) as service:
        yield service
    assert service.violations == []


def entry_of(hive: HiveService, **options: Any) -> MockConfigEntry:
    """Describe the owner's account."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="owner",
        unique_id="hiveos_1001",
        data={CONF_KIND: KIND_HIVEOS, CONF_TOKEN: hive.token, CONF_URL: hive.url},
        options=options,
    )


async def setup(
    hass: HomeAssistant, hive: HiveService, **options: Any
) -> MockConfigEntry:
    """Set up the owner's account, and wait until each farm was read once."""
    entry = entry_of(hive, **options)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    return entry


def hub_of(entry: MockConfigEntry) -> Hub:
    """Give what runs an entry."""
    hub = entry.runtime_data
    assert isinstance(hub, Hub)
    return hub


def state_of(hass: HomeAssistant, platform: str, unique_id: str) -> State:
    """Give the state of an entity by its unique id."""
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id)
    assert entity_id, unique_id
    state = hass.states.get(entity_id)
    assert state, entity_id
    return state


def devices_of(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Give the identifiers of an entry's devices, parts too."""
    return {
        identifier
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        for _, identifier in device.identifiers
    }


def rigs_of(hive: HiveService) -> list[str]:
    """Give the ids of all rigs."""
    return [
        rig_id(str(farm.id), str(worker.id))
        for farm in hive.farms
        for worker in farm.workers
    ]


def issues(hass: HomeAssistant) -> set[str | None]:
    """Give the kinds of repair issues that are open."""
    return {
        issue.translation_key
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    }


async def test_devices(hass: HomeAssistant, hive: HiveService) -> None:
    """The account, its farms through it, their rigs through them, and cards as parts."""
    entry = await setup(hass, hive)
    registry = dr.async_get(hass)

    def device(identifier: str) -> dr.DeviceEntry:
        found = registry.async_get_device_by_identifier(
            (DOMAIN, identifier), entry.entry_id
        )
        assert found, identifier
        return found

    account = device(entry.entry_id)
    for farm in hive.farms:
        of_farm = device(farm_device_id(str(farm.id)))
        assert of_farm.name == farm.name
        assert of_farm.via_device_id == account.id
        for worker in farm.workers:
            of_rig = device(rig_id(str(farm.id), str(worker.id)))
            assert of_rig.name == worker.name
            assert of_rig.via_device_id == of_farm.id
    gpu_rig = rigs_of(hive)[0]
    hub = hub_of(entry)
    coordinator = hub.coordinator_of(gpu_rig)
    assert coordinator
    assert len(coordinator.data[gpu_rig].gpus) == 3
    for gpu in coordinator.data[gpu_rig].gpus:
        assert f"{gpu_rig}_gpu_{gpu.index}" in set(hub.part_ids())


async def test_figures(hass: HomeAssistant, hive: HiveService) -> None:
    """Every rig is fresh and shows what the service says, in the unit of its algorithm."""
    await setup(hass, hive)
    farm = hive.farms[0]
    rates = 0.0
    for worker in farm.workers:
        rig = rig_id(str(farm.id), str(worker.id))
        assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF
        assert state_of(hass, "binary_sensor", f"{rig}_running").state == STATE_ON
        rate = state_of(hass, "sensor", f"{rig}_hashrate")
        assert rate.attributes["unit_of_measurement"] == "MH/s"
        rates += float(rate.state)
        assert float(state_of(hass, "sensor", f"{rig}_power").state) > 0
        assert state_of(hass, "sensor", f"{rig}_coin").state not in (
            STATE_UNKNOWN,
            STATE_UNAVAILABLE,
        )
    device = farm_device_id(str(farm.id))
    totals = [
        state
        for state in hass.states.async_all("sensor")
        if (item := er.async_get(hass).async_get(state.entity_id))
        and item.unique_id.startswith(f"{device}_total_hashrate")
    ]
    assert sum(float(state.state) for state in totals) == pytest.approx(rates, rel=0.01)
    assert state_of(hass, "sensor", f"{device}_rigs").state == "2"
    assert state_of(hass, "sensor", f"{device}_rigs_online").state == "2"
    assert state_of(hass, "sensor", f"{device}_rigs_offline").state == "0"
    cost = state_of(hass, "sensor", f"{device}_power_cost")
    assert cost.attributes["unit_of_measurement"] == "USD/h"
    assert float(cost.state) > 0


async def test_one_request_a_poll(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """A poll costs one request for the account and one a farm."""
    await setup(hass, hive)
    await pass_time(hass, freezer, 2 * INTERVAL)
    hive.requests.clear()
    polls = 4
    for _ in range(polls * 12):
        await pass_time(hass, freezer, INTERVAL / 12)
    paths = Counter(request.path.rpartition("/v2")[2] for request in hive.requests)
    # Messages and events, once in several minutes, are apart.
    for path in ("/farms", *(f"/farms/{farm.id}/workers" for farm in hive.farms)):
        # The list of farms drifts by up to a second a poll.
        assert polls - 1 <= paths[path] <= polls


async def test_old_figures_are_stale(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """An account that answers with old figures shows stale rigs, and heals by itself."""
    await setup(hass, hive)
    (rig, *_) = rigs_of(hive)
    hive.set_fault(HiveFault.OLD_STATS)
    for _ in range(LIMIT // INTERVAL):
        await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_ON
    assert state_of(hass, "sensor", f"{rig}_hashrate").state == STATE_UNAVAILABLE
    hive.clear()
    await pass_time(hass, freezer, INTERVAL)
    await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF
    assert float(state_of(hass, "sensor", f"{rig}_hashrate").state) > 0


FAULTS = [
    HiveFault.TOO_MANY,
    HiveFault.TOO_MANY_403,
    HiveFault.SERVER_ERROR,
    HiveFault.CLOUDFLARE,
    HiveFault.EMPTY,
    HiveFault.HTML,
    HiveFault.TRUNCATED,
    HiveFault.WRONG_TYPES,
    HiveFault.NOT_JSON,
    HiveFault.REDIRECT,
    HiveFault.DROP,
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_faults(
    hass: HomeAssistant,
    hive: HiveService,
    freezer: FrozenDateTimeFactory,
    fault: HiveFault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Figures stay until they are stale, are never zeros, and come back by themselves."""
    await setup(hass, hive)
    (rig, *_) = rigs_of(hive)
    hive.set_fault(fault)
    await pass_time(hass, freezer, INTERVAL)
    assert float(state_of(hass, "sensor", f"{rig}_hashrate").state) > 0
    for _ in range(LIMIT // INTERVAL):
        await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_ON
    assert state_of(hass, "sensor", f"{rig}_hashrate").state == STATE_UNAVAILABLE
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == set()
    hive.clear()
    # The longest that the client holds back after such a fault.
    for _ in range(16):
        await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF
    assert float(state_of(hass, "sensor", f"{rig}_hashrate").state) > 0
    lines = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len([line for line in lines if "is stale" in line.message]) == 4
    assert len([line for line in lines if "is back" in line.message]) == 4
    assert hive.token not in caplog.text
    assert not [
        record
        for record in caplog.records
        if record.exc_info and "antminer_monitor" in record.name
    ]


async def test_missing_stats(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """Rigs without statistics are stale, and were seen when they were."""
    await setup(hass, hive)
    (rig, *_) = rigs_of(hive)
    hive.set_fault(HiveFault.MISSING_STATS)
    await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_ON
    assert state_of(hass, "sensor", f"{rig}_hashrate").state == STATE_UNAVAILABLE


async def test_a_rig_that_is_off(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """It shows no figures, counts as offline, and stays as a device."""
    await setup(hass, hive)
    farm = hive.farms[0]
    farm.workers[0].online = False
    for _ in range(2):
        await pass_time(hass, freezer, INTERVAL)
    rig = rig_id(str(farm.id), str(farm.workers[0].id))
    assert state_of(hass, "sensor", f"{rig}_hashrate").state in (
        STATE_UNKNOWN,
        STATE_UNAVAILABLE,
    )
    device = farm_device_id(str(farm.id))
    assert state_of(hass, "sensor", f"{device}_rigs_offline").state == "1"
    for _ in range(LIMIT // INTERVAL):
        await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_ON


async def test_revoked_token(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """A refused token asks for another, and reading goes on with it."""
    await setup(hass, hive)
    hive.revoke(hive.token)
    for _ in range(2):
        await pass_time(hass, freezer, INTERVAL)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    before = len(hive.requests)
    for _ in range(LIMIT // INTERVAL):
        await pass_time(hass, freezer, INTERVAL)
    assert len(hive.requests) == before
    for rig in rigs_of(hive):
        assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_ON
    hive.restore(hive.token)
    # Switched on again in HiveOS: the same token is right once more.
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_TOKEN: hive.token}
    )
    assert (result["type"], result["reason"]) == ("abort", "reauth_successful")
    await settle(hass)
    for rig in rigs_of(hive):
        assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF


async def test_refused_for_a_while(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """A token that is taken again by itself needs nobody, and nobody is asked any longer."""
    await setup(hass, hive)
    hive.set_fault(HiveFault.UNAUTHORIZED)
    for _ in range(3):
        await pass_time(hass, freezer, INTERVAL)
    assert len(hass.config_entries.flow.async_progress()) == 1
    hive.clear()
    for _ in range(14):
        await pass_time(hass, freezer, INTERVAL)
    for rig in rigs_of(hive):
        assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize(
    ("fault", "issue"),
    [
        (HiveFault.FORBIDDEN_CODE, "hiveos_security_code"),
        (HiveFault.FORBIDDEN_ROLE, "hiveos_unknown"),
        (HiveFault.FORBIDDEN_HTML, "hiveos_unknown"),
        (HiveFault.UNPAID, "hiveos_unpaid"),
    ],
)
async def test_forbidden(
    hass: HomeAssistant,
    hive: HiveService,
    freezer: FrozenDateTimeFactory,
    fault: HiveFault,
    issue: str,
) -> None:
    """A refusal of something is told among the repairs, and is no matter of the token."""
    await setup(hass, hive)
    hive.set_fault(fault, path="/workers")
    await pass_time(hass, freezer, INTERVAL)
    await pass_time(hass, freezer, INTERVAL)
    assert issues(hass) == {issue}
    assert not hass.config_entries.flow.async_progress()
    hive.clear()
    for _ in range(3):
        await pass_time(hass, freezer, INTERVAL)
    assert issues(hass) == set()


async def test_farms_and_rigs_come_and_go(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """What is new appears, what is gone goes, but not for one answer without it."""
    entry = await setup(hass, hive)
    hive.add_farm(FarmPlan(name="Attic", gpu_rigs=1, cards=1))
    for _ in range(2):
        await pass_time(hass, freezer, INTERVAL)
    (attic,) = [farm for farm in hive.farms if farm.name == "Attic"]
    attic_id = farm_device_id(str(attic.id))
    rig = rig_id(str(attic.id), str(attic.workers[0].id))
    assert {attic_id, rig} <= devices_of(hass, entry)
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF

    north = hive.farms[0]
    gone = rig_id(str(north.id), str(north.workers[0].id))
    north.remove_worker(north.workers[0].id)
    await pass_time(hass, freezer, INTERVAL)
    assert gone in devices_of(hass, entry)
    for _ in range(3):
        await pass_time(hass, freezer, INTERVAL)
    assert not {found for found in devices_of(hass, entry) if found.startswith(gone)}

    hive.remove_farm(attic.id)
    for _ in range(5):
        await pass_time(hass, freezer, INTERVAL)
    left = devices_of(hass, entry)
    assert not {attic_id, rig} & left
    assert farm_device_id(str(north.id)) in left


async def test_farms_that_are_off(hass: HomeAssistant, hive: HiveService) -> None:
    """A farm that was unticked is not read."""
    farm = hive.farms[0]
    entry = await setup(hass, hive, **{CONF_FARMS_OFF: [str(farm.id)]})
    assert farm_device_id(str(farm.id)) not in devices_of(hass, entry)
    assert not [
        request for request in hive.requests if f"/farms/{farm.id}/" in request.path
    ]


async def test_a_farm_is_switched_off(hass: HomeAssistant, hive: HiveService) -> None:
    """Its devices go, and what was remembered of it; switched on, they are back."""
    farm = hive.farms[0]
    device = farm_device_id(str(farm.id))
    entry = await setup(hass, hive)
    assert device in devices_of(hass, entry)
    hass.config_entries.async_update_entry(
        entry, options={CONF_FARMS_OFF: [str(farm.id)]}
    )
    await settle(hass)
    assert not {found for found in devices_of(hass, entry) if found.startswith(device)}
    hass.config_entries.async_update_entry(entry, options={CONF_FARMS_OFF: []})
    await settle(hass)
    assert set(rigs_of(hive)) | {device} <= devices_of(hass, entry)


@pytest.mark.parametrize(
    ("fault", "issue"),
    [
        (HiveFault.FORBIDDEN_CODE, "hiveos_security_code"),
        (HiveFault.FORBIDDEN_ROLE, "hiveos_unknown"),
    ],
)
async def test_forbidden_command(
    hass: HomeAssistant,
    hive: HiveService,
    freezer: FrozenDateTimeFactory,
    fault: HiveFault,
    issue: str,
) -> None:
    """What may not be written is told too, whatever can be read, until it may."""
    await setup(hass, hive)
    (rig, *_) = rigs_of(hive)
    reboot = er.async_get(hass).async_get_entity_id("button", DOMAIN, f"{rig}_reboot")
    press = partial(
        hass.services.async_call,
        "button",
        "press",
        {"entity_id": reboot},
        blocking=True,
    )
    hive.set_fault(fault, path="/command")
    with pytest.raises(HomeAssistantError):
        await press()
    await pass_time(hass, freezer, INTERVAL)
    assert issues(hass) == {issue}
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF
    hive.clear()
    await press()
    assert issues(hass) == set()


async def test_announcements_that_cannot_be_read(
    hass: HomeAssistant, hive: HiveService
) -> None:
    """They are not worth a word."""
    hive.set_fault(HiveFault.INVALID, path="/announcements")
    await setup(hass, hive)
    for rig in rigs_of(hive):
        assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF
    assert issues(hass) == set()


async def test_stopped_while_refused(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """An entry that is unloaded leaves nothing among the repairs."""
    entry = await setup(hass, hive)
    hive.set_fault(HiveFault.FORBIDDEN_CODE, path="/workers")
    await pass_time(hass, freezer, INTERVAL)
    await pass_time(hass, freezer, INTERVAL)
    assert issues(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert issues(hass) == set()


async def test_a_farm_has_one_entry(hass: HomeAssistant, hive: HiveService) -> None:
    """Two accounts that share a farm do not both follow it."""
    await setup(hass, hive)
    other = MockConfigEntry(
        domain=DOMAIN,
        title="full",
        data={
            CONF_KIND: KIND_HIVEOS,
            CONF_TOKEN: hive.tokens["full"],
            CONF_URL: hive.url,
        },
    )
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    await settle(hass)
    assert hub_of(other).coordinators == {}


async def test_restart_while_the_service_is_away(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """The farms and rigs are there, stale, with the time when they were seen."""
    entry = await setup(hass, hive)
    (rig, *_) = rigs_of(hive)
    hub = hub_of(entry)
    coordinator = hub.coordinator_of(rig)
    assert coordinator
    seen = coordinator.last_seen(rig)
    assert await hass.config_entries.async_unload(entry.entry_id)
    hive.set_fault(HiveFault.DROP)
    freezer.tick(timedelta(hours=1))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    state = state_of(hass, "binary_sensor", f"{rig}_stale")
    assert state.state == STATE_ON
    assert state.attributes["last_seen"] == seen
    assert state_of(hass, "sensor", f"{rig}_hashrate").state == STATE_UNAVAILABLE
    hive.clear()
    for _ in range(16):
        await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", f"{rig}_stale").state == STATE_OFF


async def test_announced_downtime(
    hass: HomeAssistant,
    hive: HiveService,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is a notice; while it lasts, rigs that go are no warning."""
    now = dt_util.utcnow().timestamp()
    hive.announce(
        "Maintenance",
        "We move house.",
        start_at=int(now + 3600),
        end_at=int(now + 7200),
    )
    entry = await setup(hass, hive)
    assert issues(hass) == {"notice"}
    unique_id = f"{entry.entry_id}_maintenance"
    assert state_of(hass, "binary_sensor", unique_id).state == STATE_OFF
    freezer.tick(3500)
    for _ in range(3):
        await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", unique_id).state == STATE_ON
    caplog.clear()
    hive.set_fault(HiveFault.CLOUDFLARE)
    for _ in range(5):
        await pass_time(hass, freezer, INTERVAL)
    stale = [record for record in caplog.records if "stale" in record.message]
    assert stale
    assert all(record.levelname == "INFO" for record in stale)
    assert "Maintenance" in stale[0].message
    hive.clear()
    freezer.tick(3600)
    for _ in range(16):
        await pass_time(hass, freezer, INTERVAL)
    assert state_of(hass, "binary_sensor", unique_id).state == STATE_OFF
    assert issues(hass) == set()


async def test_very_many_rigs(
    hass: HomeAssistant,
    hive: HiveService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of very many rigs only the most important entities are enabled, and parts have none."""
    monkeypatch.setattr(allowance, "ENOUGH", 28)
    monkeypatch.setattr(allowance, "MANY_RIGS", 5)
    await setup(hass, hive)
    (rig, *_) = rigs_of(hive)
    of_rig = [
        item
        for item in er.async_get(hass).entities.values()
        if item.unique_id.startswith(f"{rig}_")
    ]
    enabled = {
        item.unique_id.removeprefix(f"{rig}_") for item in of_rig if not item.disabled
    }
    # Seven for each of four.
    assert enabled == {
        "hashrate",
        "power",
        "status",
        "stale",
        "gpu_temperature",
        "event",
        "mining",
    }
    assert {item.unique_id for item in of_rig if item.disabled}
    assert not [item for item in of_rig if re.search(r"_gpu_\d", item.unique_id)]


async def test_thousands_of_rigs(
    hass: HomeAssistant,
    hive: HiveService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of thousands the rest is not even registered; what was there before stays."""
    entry = await setup(hass, hive)
    (rig, *_) = rigs_of(hive)
    registry = er.async_get(hass)
    before = len(er.async_entries_for_config_entry(registry, entry.entry_id))
    assert await hass.config_entries.async_unload(entry.entry_id)
    monkeypatch.setattr(allowance, "ENOUGH", 9)
    monkeypatch.setattr(allowance, "MANY_RIGS", 4)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert len(er.async_entries_for_config_entry(registry, entry.entry_id)) == before
    state_of(hass, "sensor", f"{rig}_coin")

    assert await hass.config_entries.async_remove(entry.entry_id)
    other = await setup(hass, hive)
    shown = {
        item.unique_id.removeprefix(f"{rig}_")
        for item in er.async_entries_for_config_entry(registry, other.entry_id)
        if item.unique_id.startswith(f"{rig}_")
    }
    assert shown == {"stale", "hashrate"}


async def test_options(
    hass: HomeAssistant, hive: HiveService, freezer: FrozenDateTimeFactory
) -> None:
    """The interval is the entry's."""
    entry = await setup(hass, hive, **{CONF_SCAN_INTERVAL: 120})
    (coordinator, *_) = hub_of(entry).coordinators.values()
    assert coordinator.pacing.interval == timedelta(seconds=120)
    assert coordinator.pacing.stale_after == timedelta(seconds=360)


async def test_everything_that_is_shown(
    hass: HomeAssistant,
    loopback_enabled: None,
    noon: None,
    entity_registry_enabled_by_default: None,
    snapshot: SnapshotAssertion,
) -> None:
    """Every entity of rigs of every kind, with its state and its place."""
    async with HiveService(clock=lambda: dt_util.utcnow().timestamp()) as hive:
        entry = await setup(hass, hive)
        registry = er.async_get(hass)
        shown = {
            f"{item.domain} {item.unique_id}".replace(entry.entry_id, "account"): (
                item.entity_id,
                state.state,
                state.attributes.get("unit_of_measurement"),
                item.entity_category,
                item.original_device_class,
                item.translation_key,
            )
            for item in er.async_entries_for_config_entry(registry, entry.entry_id)
            if (state := hass.states.get(item.entity_id))
        }
        assert hive.violations == []
    for unique_id in sorted(shown):
        assert shown[unique_id] == snapshot(name=unique_id)
