"""Sensors of miners, of their hashboards and fans, and of the fleet."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.sensor import SensorStateClass
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.helpers.restore_state import RestoreEntity
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.antminer_monitor.antminer import source
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.energy import JOULES_IN_KWH
from custom_components.antminer_monitor.fleet import UPDATE_DELAY
from custom_components.antminer_monitor.units import RATE_UNITS
from simulator import Fault, SimulatedMiner
from simulator.profiles import DEFAULT_MIX

from .common import (
    NOON,
    FarmMaker,
    Miners,
    by_key,
    make_named_site,
    miners_of,
    pass_time,
    settle,
    setup_site,
    state_of,
)

PROFILES = (*DEFAULT_MIX, "s19pro_2022", "s19xp_hyd", "l7", "d3")
"""Every dialect, and every algorithm."""

ENABLED = {
    "stale",
    "running",
    "overheating",
    "hashrate_low",
    "board_fault",
    "fan_fault",
    "pool_fault",
    "hashrate",
    "chip_temperature",
    "power",
    "energy",
    "efficiency",
    "status",
    "started_at",
    "pool",
    "reject_rate",
    "chips_faulty",
    "event",
}
"""What an ordinary miner shows without anybody enabling anything."""

pytestmark = pytest.mark.usefixtures("noon", "loopback_enabled")

all_enabled = pytest.mark.usefixtures("entity_registry_enabled_by_default")


async def setup_named(
    hass: HomeAssistant,
    miners: list[SimulatedMiner],
    platform: Platform = Platform.SENSOR,
) -> MockConfigEntry:
    """Set up one platform of a site whose names do not depend on its ports."""
    entry = make_named_site(miners)
    entry.add_to_hass(hass)
    with patch("custom_components.antminer_monitor.PLATFORMS", [platform]):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
    return entry


def number(hass: HomeAssistant, owner: ConfigSubentry | ConfigEntry, key: str) -> float:
    """Give the figure that a sensor shows."""
    return float(state_of(hass, owner, key).state)


def unit(hass: HomeAssistant, owner: ConfigSubentry | ConfigEntry, key: str) -> str:
    """Give the unit that a sensor shows."""
    found = state_of(hass, owner, key).attributes["unit_of_measurement"]
    assert isinstance(found, str)
    return found


# --- what there is -------------------------------------------------------------------------


@all_enabled
@pytest.mark.parametrize("profile", PROFILES)
async def test_sensors(
    hass: HomeAssistant,
    farm: FarmMaker,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    profile: str,
) -> None:
    """Every sensor of every dialect, with its state and attributes."""
    entry = await setup_named(hass, await farm(profile))
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


async def test_few_are_enabled(hass: HomeAssistant, farm: FarmMaker) -> None:
    """An ordinary miner has 12 to 18 entities at first; the rest waits to be wanted."""
    entry = await setup_site(hass, await farm("s19pro_2022"))
    (subentry,) = miners_of(entry)
    enabled = by_key(hass, subentry).keys()
    disabled = by_key(hass, subentry, disabled=True).keys() - enabled

    assert enabled == ENABLED
    assert 12 <= len(enabled) <= 18
    assert len(disabled) == 36
    assert sum(key.startswith("board_") for key in disabled) == 3 * 7 + 1
    assert sum(key.startswith("fan_") for key in disabled) == 4
    assert "last_seen" in disabled


@pytest.mark.parametrize(
    ("profile", "wanted"),
    [
        ("s9", "TH/s"),
        ("s21_2024", "TH/s"),
        ("l3plus", "MH/s"),
        ("l7", "GH/s"),
        ("d3", "GH/s"),
        ("z11", "kSol/s"),
        ("e3", "MH/s"),
    ],
)
@all_enabled
async def test_units(
    hass: HomeAssistant, farm: FarmMaker, profile: str, wanted: str
) -> None:
    """The algorithm and the class of the miner decide the unit, of the fleet's total too."""
    miners = await farm(profile)
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    truth = miners[0].truth()
    total = f"total_hashrate_{truth.algorithm}"
    rates = [key for key in by_key(hass, subentry) if key.endswith("hashrate")]

    assert len(rates) == 1 + len(truth.boards)
    assert {unit(hass, subentry, key) for key in rates} == {wanted}
    assert unit(hass, subentry, "hashrate_average") == wanted
    assert unit(hass, entry, total) == wanted
    scale = RATE_UNITS[wanted].scale
    assert number(hass, subentry, "hashrate") * scale == pytest.approx(
        truth.hashrate, rel=0.01
    )
    assert number(hass, entry, total) * scale == pytest.approx(truth.hashrate, rel=0.01)
    joules = f"J/{wanted.removesuffix('/s')}"
    for owner in (subentry, entry):
        assert unit(hass, owner, "efficiency") == joules
        assert number(hass, owner, "efficiency") == pytest.approx(
            number(hass, subentry, "power") * scale / truth.hashrate, rel=0.01
        )


@pytest.mark.parametrize(
    ("profile", "web", "source"),
    [
        ("s19pro_2022", False, "estimated"),
        ("s21_2024", False, "estimated"),
        ("s21_2024", True, "reported"),
        ("vnish_1_2_7", False, "reported"),
        ("luxos", False, "reported"),
    ],
)
async def test_power_source(
    hass: HomeAssistant, farm: FarmMaker, profile: str, web: bool, source: str
) -> None:
    """A calculation is never passed off as a reading."""
    miners = await farm(profile, web=web)
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)

    for key in ("power", "efficiency"):
        assert state_of(hass, subentry, key).attributes["power_source"] == source
    assert number(hass, subentry, "power") == pytest.approx(
        miners[0].truth().power, rel=0.02
    )


async def test_no_power_no_energy(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Of a model that nobody knows no watts are made up."""
    entry = await setup_site(hass, await farm("unknown"))
    (subentry,) = miners_of(entry)

    assert not by_key(hass, subentry, disabled=True).keys() & {
        "power",
        "energy",
        "efficiency",
    }
    assert state_of(hass, entry, "total_power").state == STATE_UNKNOWN
    assert state_of(hass, entry, "efficiency").state == STATE_UNKNOWN


@all_enabled
async def test_fans(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Each fan has a sensor, numbered as on the miner, with its duty where that is told."""
    miners = await farm("s9", "luxos", "s19xp_hyd")
    entry = await setup_site(hass, miners)
    named = {
        miner.profile.name: {
            key: state_of(hass, subentry, key)
            for key in by_key(hass, subentry)
            if key.endswith("_fan_speed")
        }
        for miner, subentry in zip(miners, miners_of(entry), strict=True)
    }

    assert list(named["s9"]) == ["fan_3_fan_speed", "fan_6_fan_speed"]
    assert list(named["luxos"]) == [f"fan_{place}_fan_speed" for place in range(1, 5)]
    assert named["s19xp_hyd"] == {}
    for name, miner in (("s9", miners[0]), ("luxos", miners[1])):
        speeds = [int(state.state) for state in named[name].values()]
        assert speeds == list(miner.truth().fans)
        for state in named[name].values():
            assert state.attributes["unit_of_measurement"] == "rpm"
    assert named["s9"]["fan_3_fan_speed"].name.endswith("Fan 3 speed")
    assert named["s9"]["fan_3_fan_speed"].attributes["duty"] is None
    duty = miners[1].model.snapshot().fan_duty
    assert named["luxos"]["fan_1_fan_speed"].attributes["duty"] == duty > 0


@all_enabled
async def test_boards_are_devices_of_their_own(
    hass: HomeAssistant,
    farm: FarmMaker,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """A board's entities are on a device that is a child of the miner's; all others on that."""
    entry = await setup_site(hass, await farm("s9"))
    (subentry,) = miners_of(entry)
    rig = device_registry.async_get_device_by_identifier(
        (DOMAIN, subentry.subentry_id), entry.entry_id
    )
    assert rig is not None
    fleet = device_registry.async_get_device_by_identifier(
        (DOMAIN, entry.entry_id), entry.entry_id
    )
    assert fleet is not None
    assert rig.via_device_id == fleet.id
    children: dict[str, set[str]] = {}
    for key, entity_id in by_key(hass, subentry).items():
        item = entity_registry.async_get(entity_id)
        assert item is not None
        assert item.config_subentry_id == subentry.subentry_id
        prefix, _, index = key.partition("_")
        if prefix == "board" and index[0].isdigit():
            assert item.device_id is not None
            children.setdefault(index[0], set()).add(item.device_id)
        else:
            assert item.device_id == rig.id, key
    assert children.keys() == {"6", "7", "8"}
    for index, ids in children.items():
        (device_id,) = ids
        board = device_registry.async_get(device_id)
        assert isinstance(board, dr.ChildDeviceEntry)
        assert board.parent_device_id == rig.id
        assert board.name == f"Hashboard {index}"
        assert board.identifiers == {(DOMAIN, f"{subentry.subentry_id}_board_{index}")}


def _is_bulky(value: object) -> bool:
    return isinstance(value, list | dict) or (
        isinstance(value, str) and len(value) > 40
    )


@all_enabled
async def test_what_the_recorder_leaves_out(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Lists, chip maps and what changes with every error are not recorded."""
    miners = await farm("s9", "s21_2024")
    entry = await setup_site(hass, miners)
    miners[0].set_fault(Fault.REFUSE)
    seen: set[str] = set()
    for subentry in miners_of(entry):
        for key in by_key(hass, subentry):
            state = state_of(hass, subentry, key)
            assert state.state_info is not None
            left_out = state.state_info["unrecorded_attributes"]
            bulky = {
                name
                for name, value in state.attributes.items()
                if _is_bulky(value) and name not in {"options", "friendly_name"}
            }
            assert bulky <= left_out, key
            seen |= bulky

    assert seen == {"pools", "errors", "chip_map", "event_types"}


# --- values over time ----------------------------------------------------------------------


@all_enabled
async def test_last_seen_moves_and_stays(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """It follows every reading, also one that changed nothing, and is there when none is."""
    miners = await farm("s9")
    # The miner's own clock stands still, and so do all its figures.
    miners[0].model.clock = NOON.timestamp
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    assert state_of(hass, subentry, "last_seen").state == NOON.isoformat()
    for _ in range(5):
        await pass_time(hass, freezer, 46)
        shown = state_of(hass, subentry, "last_seen").state
        assert shown == dt_util.utcnow().isoformat()
        assert state_of(hass, subentry, "hashrate").last_reported == NOON
    miners.set_fault(Fault.REFUSE)
    for _ in range(5):
        await pass_time(hass, freezer, 46)
        assert state_of(hass, subentry, "last_seen").state == shown
    assert state_of(hass, subentry, "stale").state == STATE_ON
    assert state_of(hass, subentry, "hashrate").state == STATE_UNAVAILABLE


@all_enabled
async def test_never_seen(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Of a miner that was never read nothing is known, not even when it was seen."""
    miners = await farm("s9")
    miners.set_fault(Fault.REFUSE)
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)

    assert by_key(hass, subentry, disabled=True).keys() == {
        "stale",
        "last_seen",
        "event",
    }
    assert state_of(hass, subentry, "last_seen").state == STATE_UNKNOWN


@all_enabled
async def test_what_was_reported_before_a_restart_stays(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A figure that is not told any more after a restart is unknown, and not an orphan."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    keys = by_key(hass, subentry).keys()
    assert await hass.config_entries.async_unload(entry.entry_id)
    miners.set_fault(Fault.BARE_NAN)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)

    assert by_key(hass, subentry).keys() == keys
    average = state_of(hass, subentry, "hashrate_average")
    assert average.state == STATE_UNKNOWN
    assert not average.attributes.get("restored")
    assert state_of(hass, subentry, "stale").state == STATE_OFF
    miners.heal()
    await pass_time(hass, freezer, 46)
    assert number(hass, subentry, "hashrate_average") == pytest.approx(13.5, rel=0.01)


# --- energy --------------------------------------------------------------------------------


def joules(
    hass: HomeAssistant, owner: ConfigSubentry | ConfigEntry, key: str = "energy"
) -> float:
    """Give what an energy meter read exactly, as it is kept over a restart."""
    entity = hass.data[DATA_INSTANCES]["sensor"].get_entity(
        state_of(hass, owner, key).entity_id
    )
    assert isinstance(entity, RestoreEntity)
    stored = entity.extra_restore_state_data
    assert stored is not None
    found = stored.as_dict()["joules"]
    assert isinstance(found, float)
    return found


async def poll_for(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    time: timedelta,
    miners: Collection[SimulatedMiner] = (),
) -> float:
    """Let time pass in steps of half an interval; give the joules that the miners used."""
    step = 15
    used = 0.0
    for _ in range(int(time.total_seconds()) // step):
        before = sum(miner.truth().power for miner in miners)
        await pass_time(hass, freezer, step)
        used += (before + sum(miner.truth().power for miner in miners)) / 2 * step
    return used


async def test_energy_is_power_over_time(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """An hour of two miners: within one per cent of what they really used."""
    miners = await farm("luxos", "s19xp_hyd", web=True)
    entry = await setup_site(hass, miners)
    subentries = miners_of(entry)
    for owner, key in [(item, "energy") for item in subentries] + [
        (entry, "total_energy")
    ]:
        state = state_of(hass, owner, key)
        assert state.state == "0.0"
        assert state.attributes["state_class"] == SensorStateClass.TOTAL_INCREASING
        assert state.attributes["device_class"] == "energy"
        assert state.attributes["unit_of_measurement"] == "kWh"

    used = await poll_for(hass, freezer, timedelta(hours=1), miners)
    total = sum(joules(hass, subentry) for subentry in subentries)
    assert total == pytest.approx(used, rel=0.01)
    assert joules(hass, entry, "total_energy") == pytest.approx(used, rel=0.01)
    for subentry in subentries:
        assert number(hass, subentry, "energy") == pytest.approx(
            joules(hass, subentry) / JOULES_IN_KWH, abs=0.05
        )
    assert number(hass, entry, "total_energy") == pytest.approx(
        used / JOULES_IN_KWH, abs=0.06
    )


@pytest.mark.parametrize("of_fleet", [False, True])
async def test_energy_of_a_constant_power(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory, of_fleet: bool
) -> None:
    """Energy is used also while no figure changes, for longer than any gap may be."""
    miners = await farm("luxos")
    miners[0].model.clock = NOON.timestamp
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    for _ in range(45):
        await pass_time(hass, freezer, 60)

    shown = joules(hass, entry, "total_energy") if of_fleet else joules(hass, subentry)
    assert shown == pytest.approx(miners[0].truth().power * 2700, rel=0.04)


async def test_energy_by_a_clock_that_is_set(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A minute that the clock leaps is no minute of power, though no reading seems to be missed."""
    miners = await farm("luxos")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    await poll_for(hass, freezer, timedelta(minutes=5))
    before = joules(hass, subentry)
    now, utcnow = datetime.now, dt_util.utcnow
    ahead = timedelta(seconds=59)

    class Leapt:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return now(zone) + ahead

    monkeypatch.setattr(f"{source.__name__}.datetime", Leapt)
    monkeypatch.setattr(dt_util, "utcnow", lambda: utcnow() + ahead)
    used = await poll_for(hass, freezer, timedelta(seconds=60), miners)
    assert joules(hass, subentry) - before == pytest.approx(used, rel=0.03)


async def test_energy_never_falls_and_skips_gaps(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """What was used while the miner was not read is not known, and not made up."""
    miners = await farm("luxos")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    await poll_for(hass, freezer, timedelta(minutes=5))
    before = joules(hass, subentry)
    assert before == pytest.approx(miners[0].truth().power * 300, rel=0.15)
    miners.set_fault(Fault.REFUSE)
    for _ in range(10):
        await pass_time(hass, freezer, 360)
        assert state_of(hass, subentry, "energy").state == STATE_UNAVAILABLE
    miners.heal()
    await pass_time(hass, freezer, 46)

    assert joules(hass, subentry) == before
    await poll_for(hass, freezer, timedelta(minutes=5))
    power = miners[0].truth().power
    assert joules(hass, subentry) - before == pytest.approx(power * 300, rel=0.15)


async def test_energy_survives_a_reload(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """The exact reading is kept, of a miner that is off at the start too."""
    miners = await farm("luxos", "s9")
    entry = await setup_site(hass, miners)
    on, off = miners_of(entry)
    await poll_for(hass, freezer, timedelta(minutes=10))
    before = [joules(hass, on), joules(hass, off), joules(hass, entry, "total_energy")]
    assert min(before) > 500_000
    miners[1].set_fault(Fault.REFUSE)
    assert await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(7200)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)

    assert joules(hass, on) == before[0]
    assert joules(hass, entry, "total_energy") == before[2]
    assert state_of(hass, off, "energy").state == STATE_UNAVAILABLE
    miners.heal()
    await pass_time(hass, freezer, 46)
    assert joules(hass, off) == before[1]
    await poll_for(hass, freezer, timedelta(minutes=10))
    for subentry, known in zip((on, off), before, strict=False):
        assert joules(hass, subentry) == pytest.approx(2 * known, rel=0.1)


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [({"joules": 36e6}, "10.0"), ({"joules": "many"}, "0.0"), ({}, "0.0")],
)
async def test_energy_goes_on_from_what_was_stored(
    hass: HomeAssistant, farm: FarmMaker, stored: Mapping[str, Any], wanted: str
) -> None:
    """A stored reading is taken up; what is none starts the meter anew."""
    mock_restore_cache_with_extra_data(
        hass,
        [
            (State("sensor.miner_1_energy", "9.9"), stored),
            (State("sensor.hall_1_total_energy", "9.9"), stored),
        ],
    )
    entry = await setup_named(hass, await farm("luxos"))
    (subentry,) = miners_of(entry)

    assert state_of(hass, subentry, "energy").state == wanted
    assert state_of(hass, entry, "total_energy").state == wanted


async def test_energy_survives_a_new_name(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    entity_registry: er.EntityRegistry,
) -> None:
    """Renaming an entity does not set its meter back."""
    miners = await farm("luxos")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    await poll_for(hass, freezer, timedelta(minutes=10))
    for owner, key in ((subentry, "energy"), (entry, "total_energy")):
        before = joules(hass, owner, key)
        entity_registry.async_update_entity(
            by_key(hass, owner)[key], new_entity_id=f"sensor.renamed_{key}"
        )
        await settle(hass)
        assert state_of(hass, owner, key).entity_id == f"sensor.renamed_{key}"
        assert joules(hass, owner, key) >= before
        await poll_for(hass, freezer, timedelta(minutes=1))
        assert joules(hass, owner, key) > before


@all_enabled
async def test_last_seen_survives_a_new_name(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    entity_registry: er.EntityRegistry,
) -> None:
    """A renamed sensor goes on following the readings."""
    entry = await setup_site(hass, await farm("s9"))
    (subentry,) = miners_of(entry)
    entity_registry.async_update_entity(
        by_key(hass, subentry)["last_seen"], new_entity_id="sensor.contact"
    )
    await settle(hass)
    await pass_time(hass, freezer, 46)

    shown = hass.states.get("sensor.contact")
    assert shown is not None
    assert shown.state == dt_util.utcnow().isoformat()


# --- the fleet -----------------------------------------------------------------------------


async def add_up(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let a poll and the addition of the totals pass."""
    await pass_time(hass, freezer, 46)
    await pass_time(hass, freezer, UPDATE_DELAY + 1)


async def test_totals(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Totals are the sums of what the miners do; those that are gone do not count."""
    miners = await farm("s9", "luxos", "s19pro_2022")
    entry = await setup_site(hass, miners)

    def assert_sums(those: list[SimulatedMiner]) -> None:
        rate = sum(miner.truth().hashrate for miner in those)
        power = sum(miner.truth().power for miner in those)
        assert number(hass, entry, "total_hashrate_sha256d") * 1e12 == pytest.approx(
            rate, rel=0.03
        )
        assert number(hass, entry, "total_power") == pytest.approx(power, rel=0.03)
        assert number(hass, entry, "efficiency") == pytest.approx(
            power / rate * 1e12, rel=0.03
        )

    assert_sums(miners)
    for key, count in {"rigs": "3", "rigs_online": "3", "rigs_stale": "0"}.items():
        assert state_of(hass, entry, key).state == count
    assert state_of(hass, entry, "rigs_with_problem").state == "0"

    miners[1].condition(pool_dead=True)
    await add_up(hass, freezer)
    assert state_of(hass, entry, "rigs_with_problem").state == "1"
    assert_sums(miners)

    miners[0].set_fault(Fault.REFUSE)
    for _ in range(2):
        await add_up(hass, freezer)
    assert_sums(miners[1:])
    for key, count in {"rigs": "3", "rigs_online": "2", "rigs_stale": "1"}.items():
        assert state_of(hass, entry, key).state == count


async def test_a_mixed_fleet(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Hashes of different algorithms are never added up, nor is there one efficiency."""
    miners = await farm("s9", "s19pro_2022", "l3plus", "l7", "z11", "d3")
    entry = await setup_site(hass, miners)
    shown = {
        key.removeprefix("total_hashrate_"): (
            number(hass, entry, key) * RATE_UNITS[unit(hass, entry, key)].scale
        )
        for key in by_key(hass, entry)
        if key.startswith("total_hashrate")
    }

    assert shown == {
        algorithm: pytest.approx(
            sum(
                miner.truth().hashrate
                for miner in miners
                if miner.profile.algorithm == algorithm
            ),
            rel=0.01,
        )
        for algorithm in ("sha256d", "scrypt", "equihash", "x11")
    }
    # That of the largest miner of the algorithm.
    assert unit(hass, entry, "total_hashrate_scrypt") == "GH/s"
    assert state_of(hass, entry, "efficiency").state == STATE_UNKNOWN
    assert number(hass, entry, "total_power") == pytest.approx(
        sum(miner.truth().power for miner in miners), rel=0.05
    )
    name = state_of(hass, entry, "total_hashrate_sha256d").name
    assert name == "Hall 1 Total hashrate SHA-256"


async def test_no_efficiency_of_a_part(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Without the power of every miner there is a total of the others, and no efficiency."""
    miners = await farm("luxos", "unknown")
    entry = await setup_site(hass, miners)

    assert state_of(hass, entry, "efficiency").state == STATE_UNKNOWN
    assert number(hass, entry, "total_power") == pytest.approx(
        miners[0].truth().power, rel=0.01
    )
    assert number(hass, entry, "total_hashrate_sha256d") * 1e12 == pytest.approx(
        sum(miner.truth().hashrate for miner in miners), rel=0.01
    )


async def test_a_later_algorithm(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """The first miner of an algorithm brings its total, without a reload."""
    miners: Miners = await farm("s9", "l3plus")
    miners.set_fault(Fault.REFUSE)
    entry = await setup_site(hass, miners)
    assert not any(key.startswith("total_hashrate") for key in by_key(hass, entry))
    assert "efficiency" not in by_key(hass, entry)
    for miner, algorithms in (
        (miners[0], {"total_hashrate_sha256d"}),
        (miners[1], {"total_hashrate_sha256d", "total_hashrate_scrypt"}),
    ):
        miner.clear()
        await add_up(hass, freezer)
        await settle(hass)
        keys = by_key(hass, entry).keys()
        assert {key for key in keys if key.startswith("total_hashrate")} == algorithms
        assert "efficiency" in keys
    assert number(hass, entry, "total_hashrate_scrypt") == pytest.approx(504, rel=0.03)
