"""Binary sensors of miners: what is wrong, and whether the figures are true."""

from datetime import timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from simulator import Fault

from .common import (
    NOON,
    FarmMaker,
    by_key,
    make_named_site,
    miners_of,
    pass_time,
    settle,
    setup_site,
    state_of,
)
from .test_sensor import PROFILES

KEYS = {
    "stale",
    "running",
    "overheating",
    "hashrate_low",
    "board_fault",
    "fan_fault",
    "pool_fault",
}

pytestmark = pytest.mark.usefixtures("noon", "loopback_enabled")


@pytest.mark.parametrize("profile", PROFILES)
async def test_binary_sensors(
    hass: HomeAssistant,
    farm: FarmMaker,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    profile: str,
) -> None:
    """Every binary sensor of every dialect; all are enabled."""
    entry = make_named_site(await farm(profile))
    entry.add_to_hass(hass)
    platforms = [Platform.BINARY_SENSOR]
    with patch("custom_components.antminer_monitor.PLATFORMS", platforms):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


async def test_a_miner_that_is_well(hass: HomeAssistant, farm: FarmMaker) -> None:
    """It runs and has no problem, and says so with seven entities."""
    entry = await setup_site(hass, await farm("s19pro_2022"))
    (subentry,) = miners_of(entry)
    shown = {key: state_of(hass, subentry, key).state for key in KEYS}

    assert shown == {key: STATE_ON if key == "running" else STATE_OFF for key in KEYS}
    assert "last_seen" not in state_of(hass, subentry, "stale").attributes


async def test_what_cannot_be_told_is_not_there(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Firmware without a nominal rate has no opinion on it, nor a rig without fans on those."""
    miners = await farm("l3plus", "s19xp_hyd")
    entry = await setup_site(hass, miners)
    missing = [
        KEYS - by_key(hass, subentry, disabled=True).keys()
        for subentry in miners_of(entry)
    ]

    assert missing == [{"hashrate_low"}, {"fan_fault"}]


async def test_what_cannot_be_told_now_is_unknown(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Asleep an S17 tells no temperature: whether it is hot is not known then."""
    miners = await farm("s17pro")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    assert state_of(hass, subentry, "overheating").state == STATE_OFF
    miners[0].condition(sleep=True)
    await pass_time(hass, freezer, 46)

    assert state_of(hass, subentry, "overheating").state == STATE_UNKNOWN
    assert state_of(hass, subentry, "running").state == STATE_OFF


async def test_stale_tells_since_when_and_why(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """While a miner is gone: when it was seen last and what the last attempt said."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    miners.set_fault(Fault.REFUSE)
    for _ in range(2):
        await pass_time(hass, freezer, 46)
    stale = state_of(hass, subentry, "stale")
    assert stale.state == STATE_ON
    assert stale.attributes["last_seen"] == NOON
    assert stale.attributes["last_error"] == (
        f"{miners[0].host}:{miners.port} stats: connection refused"
    )
    assert stale.state_info is not None
    assert stale.state_info["unrecorded_attributes"] >= {"last_seen", "last_error"}
    for key in KEYS - {"stale"}:
        assert state_of(hass, subentry, key).state == STATE_UNAVAILABLE

    miners.heal()
    await pass_time(hass, freezer, 46)
    stale = state_of(hass, subentry, "stale")
    assert stale.state == STATE_OFF
    assert not stale.attributes.keys() & {"last_seen", "last_error"}


async def test_stale_tells_what_the_last_attempt_said(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Another error than at first is told too: the miner is back, say, and no miner any more."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    miners.set_fault(Fault.REFUSE)
    for _ in range(2):
        await pass_time(hass, freezer, 46)
    stale = state_of(hass, subentry, "stale")
    assert "connection refused" in stale.attributes["last_error"]
    miners.set_fault(Fault.EMPTY)
    await pass_time(hass, freezer, 46)

    stale = state_of(hass, subentry, "stale")
    assert stale.state == STATE_ON
    assert "empty reply" in stale.attributes["last_error"]


async def test_never_seen(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A miner that was never read is stale since ever; the rest comes with its first reading."""
    miners = await farm("s9")
    miners.set_fault(Fault.EMPTY)
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    stale = state_of(hass, subentry, "stale")
    assert stale.state == STATE_ON
    assert stale.attributes["last_seen"] is None
    assert "empty reply" in stale.attributes["last_error"]
    assert not by_key(hass, subentry).keys() & (KEYS - {"stale"})

    miners.heal()
    await pass_time(hass, freezer, 46)
    await settle(hass)
    assert {key: state_of(hass, subentry, key).state for key in KEYS} == {
        key: STATE_ON if key == "running" else STATE_OFF for key in KEYS
    }


async def test_a_disabled_one_stays_disabled(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """An entity that its owner disabled stays so over a restart."""
    entry = await setup_site(hass, await farm("s9"))
    (subentry,) = miners_of(entry)
    registry = er.async_get(hass)
    entity_id = by_key(hass, subentry)["fan_fault"]
    registry.async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await settle(hass)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)

    assert hass.states.get(entity_id) is None
    assert by_key(hass, subentry).keys() & KEYS == KEYS - {"fan_fault"}


async def test_hot_at_once_and_slow_in_time(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Heat is shown with the reading that tells it, a low rate after five minutes of it."""
    miners = await farm("s19pro_2022")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    miners[0].condition(over_temperature=True)
    coordinator = entry.runtime_data.coordinators[subentry.subentry_id]
    shown: list[tuple[bool, bool]] = []
    rates: list[float] = []
    for _ in range(14):
        await pass_time(hass, freezer, 46)
        rig = coordinator.data[subentry.subentry_id]
        rates.append(rig.hashrate)
        is_hot = state_of(hass, subentry, "overheating").state == STATE_ON
        shown.append(
            (is_hot, rig.board_temperature >= 85 or rig.chip_temperature >= 100)
        )

    assert all(is_shown == is_so for is_shown, is_so in shown)
    assert shown[-1][0]
    assert state_of(hass, subentry, "hashrate_low").state == STATE_ON
    # The first reading that is five minutes after the one that shows it stopped.
    stopped = NOON + timedelta(seconds=46 * (1 + rates.index(0.0)))
    slow = state_of(hass, subentry, "hashrate_low").last_changed
    assert slow - stopped == timedelta(seconds=322)


async def test_limits_of_the_site(hass: HomeAssistant, farm: FarmMaker) -> None:
    """What its owner takes for too hot is too hot."""
    miners = await farm("s19pro_2022")
    entry = await setup_site(hass, miners, options={"hot_board": 41})
    (subentry,) = miners_of(entry)
    assert state_of(hass, subentry, "overheating").state == STATE_ON
