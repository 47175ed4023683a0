"""Sensors that extensions add to rigs: shown, kept, taken away, brought back."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
import math
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.extension import (
    Extension,
    ExtraBinarySensor,
    ExtraSensor,
)
from custom_components.antminer_monitor.extra_entities import MOST
from custom_components.antminer_monitor.registry import Registry, async_registry
from custom_components.antminer_monitor.rig import Rig
from simulator import Fault

from .common import (
    FarmMaker,
    Miners,
    by_key,
    miners_of,
    pass_time,
    settle,
    setup_site,
    state_of,
)
from .extensions import ACME, Outsiders, acme, loud, outsiders_in
from .farms import poll

POLL = 31.0
"""Seconds between two readings of a miner, about."""


@pytest.fixture
def registry(hass: HomeAssistant) -> Registry:
    """Give the registry of extensions."""
    return async_registry(hass)


def sensor(value: Any, **changes: Any) -> Extension:
    """Give an extension with one sensor of that value: a constant, or what computes it."""
    value_fn = value if callable(value) else lambda rig: value
    made = ExtraSensor(**{"key": "a", "name": "A", "value_fn": value_fn, **changes})
    return acme(sensors=(made,))


def binary(value: Any, **changes: Any) -> Extension:
    """Give an extension with one binary sensor."""
    value_fn = value if callable(value) else lambda rig: value
    made = ExtraBinarySensor(
        **{"key": "a", "name": "A", "value_fn": value_fn, **changes}
    )
    return acme(binary_sensors=(made,))


def hottest_board(rig: Rig) -> float | None:
    """Compute the temperature of the hottest board."""
    return max((board.board_temperature or 0.0 for board in rig.boards), default=None)


HOTTEST = ExtraSensor(
    key="hottest",
    name="Hottest board",
    names={"de": "Heißestes Board", "nb": "Varmeste kort"},
    value_fn=hottest_board,
    unit="°C",
    device_class=SensorDeviceClass.TEMPERATURE,
    state_class=SensorStateClass.MEASUREMENT,
    icon="mdi:fire",
    digits=2,
    is_diagnostic=True,
)
MAKER = ExtraSensor(key="maker", name="Maker", value_fn=lambda rig: rig.manufacturer)
WARM = ExtraBinarySensor(
    key="warm",
    name="Warm",
    value_fn=lambda rig: bool(rig.hashrate),
    device_class=BinarySensorDeviceClass.HEAT,
    icon="mdi:sun-thermometer",
    is_diagnostic=True,
)
IS_S9 = ExtraBinarySensor(
    key="is_s9", name="S9", value_fn=lambda rig: rig.model == "Antminer S9"
)
SEVERAL = acme(sensors=(HOTTEST, MAKER), binary_sensors=(WARM, IS_S9))
KEYS = {"acme.hottest", "acme.maker", "acme.warm", "acme.is_s9"}


def extras(
    hass: HomeAssistant, miner: ConfigSubentry, extension: str = ACME
) -> set[str]:
    """Give the keys of an extension's entities that a miner has, disabled ones too."""
    return {
        key
        for key in by_key(hass, miner, disabled=True)
        if key.startswith(f"{extension}.")
    }


def states(hass: HomeAssistant, miner: ConfigSubentry) -> dict[str, str]:
    """Give their states."""
    return {key: state_of(hass, miner, key).state for key in extras(hass, miner)}


def registered(
    hass: HomeAssistant, miner: ConfigSubentry, key: str
) -> er.RegistryEntry:
    """Give what the registry knows of one."""
    entity_id = by_key(hass, miner, disabled=True)[key]
    found = er.async_get(hass).async_get(entity_id)
    assert found
    return found


# --- as described -------------------------------------------------------------


async def test_added_while_rigs_run(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An extension that comes gives every rig its sensors at the next reading, as described."""
    entry = await setup_site(hass, await farm("s9", "s19pro_2022"))
    first, second = miners_of(entry)
    before = len(hass.states.async_all("sensor"))
    registry.async_add(ACME, SEVERAL)
    await settle(hass)
    assert not extras(hass, first), "nothing is known of them yet"
    await poll(hass)
    assert extras(hass, first) == extras(hass, second) == KEYS
    assert len(hass.states.async_all("sensor")) == before + 4

    (rig,) = entry.runtime_data.coordinators[first.subentry_id].data.values()
    hottest = state_of(hass, first, "acme.hottest")
    assert float(hottest.state) == hottest_board(rig)
    assert float(hottest.state) > 40
    assert hottest.name == f"{first.title} Hottest board"
    assert {
        key: hottest.attributes[key]
        for key in ("unit_of_measurement", "device_class", "state_class", "icon")
    } == {
        "unit_of_measurement": "°C",
        "device_class": "temperature",
        "state_class": "measurement",
        "icon": "mdi:fire",
    }
    known = registered(hass, first, "acme.hottest")
    assert known.entity_category is EntityCategory.DIAGNOSTIC
    assert known.options["sensor"] == {"suggested_display_precision": 2}
    assert known.config_subentry_id == first.subentry_id
    assert known.device_id == registered(hass, first, "hashrate").device_id

    maker = state_of(hass, first, "acme.maker")
    assert maker.state == "Bitmain"
    assert maker.attributes.keys() == {"friendly_name"}
    assert registered(hass, first, "acme.maker").entity_category is None

    warm = state_of(hass, first, "acme.warm")
    assert (warm.state, warm.name) == ("on", f"{first.title} Warm")
    assert warm.attributes["device_class"] == "heat"
    assert warm.attributes["icon"] == "mdi:sun-thermometer"
    known = registered(hass, first, "acme.warm")
    assert known.entity_category is EntityCategory.DIAGNOSTIC
    assert registered(hass, first, "acme.is_s9").entity_category is None
    assert state_of(hass, first, "acme.is_s9").state == "on"
    assert state_of(hass, second, "acme.is_s9").state == "off"
    assert not loud(caplog)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("de", "Heißestes Board"),
        ("de-CH", "Heißestes Board"),
        ("nb", "Varmeste kort"),
        ("fr", "Hottest board"),
        ("en", "Hottest board"),
    ],
)
async def test_names(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry, language: str, name: str
) -> None:
    """A name is in the language of Home Assistant where the extension knows it."""
    hass.config.language = language
    registry.async_add(ACME, SEVERAL)
    entry = await setup_site(hass, await farm("s9"))
    (miner,) = miners_of(entry)
    assert state_of(hass, miner, "acme.hottest").name == f"{miner.title} {name}"


async def test_disabled_by_default(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """What is for few is registered, and shown only to who enables it."""
    made = acme(
        sensors=(
            ExtraSensor(key="a", name="A", value_fn=lambda rig: 1, is_enabled=False),
        ),
        binary_sensors=(
            ExtraBinarySensor(
                key="b", name="B", value_fn=lambda rig: True, is_enabled=False
            ),
        ),
    )
    registry.async_add(ACME, made)
    entry = await setup_site(hass, await farm("s9"))
    (miner,) = miners_of(entry)
    assert extras(hass, miner) == {"acme.a", "acme.b"}
    for key in ("acme.a", "acme.b"):
        known = registered(hass, miner, key)
        assert known.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        assert hass.states.get(known.entity_id) is None


async def test_two_extensions(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """Extensions may use the same keys: neither touches what is the other's."""
    registry.async_add(ACME, sensor(1))
    registry.async_add("other", sensor(2, name="Other"))
    entry = await setup_site(hass, await farm("s9"))
    (miner,) = miners_of(entry)
    assert state_of(hass, miner, "acme.a").state == "1"
    assert state_of(hass, miner, "other.a").state == "2"
    registry.async_remove(ACME)
    await settle(hass)
    assert not extras(hass, miner)
    assert state_of(hass, miner, "other.a").state == "2"


# --- values -------------------------------------------------------------------

VALUES: dict[str, tuple[object, Mapping[str, Any], str]] = {
    "text": ("Hall 7", {}, "Hall 7"),
    "whole number": (7, {}, "7"),
    "fraction": (7.25, {}, "7.25"),
    "rounded": (7.256, {"digits": 2}, "7.26"),
    "to whole": (7.6, {"digits": 0}, "8"),
    "whole stays": (7, {"digits": 2}, "7"),
    "longest text": ("x" * 255, {}, "x" * 255),
    "too long": ("ä" * 300, {}, "ä" * 255),
    "half a character": ("a\ud83d!", {}, "a?!"),
    "text for unit": ("7", {"unit": "°C"}, "unknown"),
    "text for state class": ("7", {"state_class": "measurement"}, "unknown"),
    "text for device class": ("7", {"device_class": "temperature"}, "unknown"),
    "text for digits": ("7", {"digits": 1}, "unknown"),
    "truth": (True, {}, "unknown"),
    "truth for unit": (True, {"unit": "°C"}, "unknown"),
    "no number": (math.nan, {}, "unknown"),
    "endless": (math.inf, {"unit": "°C", "digits": 1}, "unknown"),
    "endless below": (-math.inf, {}, "unknown"),
    "great": (1e99, {"digits": 0}, str(round(1e99))),
    "too great": (MOST, {}, "unknown"),
    "far too great": (-(10**400), {"digits": 1}, "unknown"),
    "zero": (0, {"unit": "°C"}, "0"),
}


@pytest.mark.parametrize(
    ("value", "described", "state"), VALUES.values(), ids=VALUES.keys()
)
async def test_values(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    caplog: pytest.LogCaptureFixture,
    value: object,
    described: Mapping[str, Any],
    state: str,
) -> None:
    """Whatever is told becomes a state that can be, or none."""
    registry.async_add(ACME, sensor(value, **described))
    entry = await setup_site(hass, await farm("s9"))
    (miner,) = miners_of(entry)
    assert state_of(hass, miner, "acme.a").state == state
    assert not [item for item in caplog.records if item.levelname == "ERROR"]
    assert not loud(caplog)


@pytest.mark.parametrize(
    ("value", "state"),
    [(True, "on"), (False, "off"), (1, "unknown"), ("on", "unknown"), (0.0, "unknown")],
)
async def test_truths(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry, value: object, state: str
) -> None:
    """A binary sensor takes nothing but truth."""
    registry.async_add(ACME, binary(value))
    entry = await setup_site(hass, await farm("s9"))
    (miner,) = miners_of(entry)
    assert state_of(hass, miner, "acme.a").state == state


async def test_value_follows_the_rig(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
) -> None:
    """Each reading is computed anew; what is not told any more is unknown, and comes back."""
    values: list[Any] = [1, 2, None, [4], 5]
    truths: list[Any] = [True, False, None, "no", True]
    made = acme(
        sensors=sensor(lambda rig: values.pop(0)).sensors,
        binary_sensors=binary(lambda rig: truths.pop(0), key="b").binary_sensors,
    )
    registry.async_add(ACME, made)
    entry = await setup_site(hass, await farm("s9"))
    (miner,) = miners_of(entry)
    seen = [states(hass, miner)]
    while values:
        await poll(hass)
        seen.append(states(hass, miner))
    assert [state["acme.a"] for state in seen] == ["1", "2", "unknown", "unknown", "5"]
    assert [state["acme.b"] for state in seen] == [
        "on",
        "off",
        "unknown",
        "unknown",
        "on",
    ]


async def test_not_told_from_the_beginning(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
) -> None:
    """A rig has no sensor for what it never told, and gets it when it does."""
    entry = await setup_site(hass, await farm("s9", "s19pro_2022"))
    first, second = miners_of(entry)
    known: dict[str, str] = {first.subentry_id: "x"}
    registry.async_add(ACME, sensor(lambda rig: known.get(rig.id)))
    await poll(hass)
    assert (extras(hass, first), extras(hass, second)) == ({"acme.a"}, set())
    known[second.subentry_id] = "y"
    await poll(hass)
    assert state_of(hass, second, "acme.a").state == "y"


async def test_stale_rig(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What is told of a rig is shown while it is true, as all figures are."""
    registry.async_add(ACME, SEVERAL)
    miners = await farm("s9", "s19pro_2022")
    entry = await setup_site(hass, miners)
    first, second = miners_of(entry)
    miners[0].set_fault(Fault.REFUSE)
    for _ in range(4):
        await pass_time(hass, freezer, POLL)
    assert set(states(hass, first).values()) == {"unavailable"}
    assert "unavailable" not in states(hass, second).values()
    miners.heal()
    await poll(hass)
    assert "unavailable" not in states(hass, first).values()


# --- away and back ------------------------------------------------------------


@pytest.fixture
async def miners(farm: FarmMaker) -> Miners:
    """Start two miners."""
    return await farm("s9", "s19pro_2022")


async def test_removed_and_back(
    hass: HomeAssistant,
    miners: Miners,
    registry: Registry,
) -> None:
    """All that an extension added goes with it; what the user made of it comes back with it."""
    registry.async_add(ACME, SEVERAL)
    entry = await setup_site(hass, miners)
    first, second = miners_of(entry)
    others = by_key(hass, first).keys() - KEYS
    entity_id = registered(hass, first, "acme.maker").entity_id
    er.async_get(hass).async_update_entity(
        entity_id, new_entity_id="sensor.mine", name="Mine"
    )
    await settle(hass)

    registry.async_remove(ACME)
    await settle(hass)
    for miner in (first, second):
        assert not extras(hass, miner)
    assert hass.states.get(entity_id) is hass.states.get("sensor.mine") is None
    assert by_key(hass, first).keys() == others
    await poll(hass)
    assert not extras(hass, first)

    registry.async_add(ACME, SEVERAL)
    await poll(hass)
    assert extras(hass, first) == extras(hass, second) == KEYS
    mine = hass.states.get("sensor.mine")
    assert mine
    assert mine.state == "Bitmain"
    assert registered(hass, first, "acme.maker").name == "Mine"
    for miner in (first, second):
        assert "unavailable" not in states(hass, miner).values()
    assert by_key(hass, first).keys() == others | KEYS


async def test_back_before_the_next_reading(
    hass: HomeAssistant, miners: Miners, registry: Registry
) -> None:
    """What a rig told a moment ago is shown again at once."""
    registry.async_add(ACME, SEVERAL)
    entry = await setup_site(hass, miners)
    first, _ = miners_of(entry)
    before = states(hass, first)
    registry.async_remove(ACME)
    registry.async_add(ACME, SEVERAL)
    await settle(hass)
    assert states(hass, first) == before


async def test_replaced(
    hass: HomeAssistant,
    miners: Miners,
    registry: Registry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A new version keeps what is as it was, changes what is not, and drops what it lacks."""
    registry.async_add(ACME, SEVERAL)
    entry = await setup_site(hass, miners)
    first, _ = miners_of(entry)
    written = state_of(hass, first, "acme.hottest")
    renamed = ExtraSensor(
        key="maker", name="Company", value_fn=lambda rig: f"{rig.manufacturer} Inc."
    )
    moved = ExtraSensor(key="warm", name="Warmth", value_fn=lambda rig: 20)
    again = replace(HOTTEST, value_fn=lambda rig: 61.5)
    registry.async_add(ACME, acme(sensors=(again, renamed, moved), version="2"))
    await settle(hass)
    assert state_of(hass, first, "acme.hottest") is written, "it is not touched"
    await poll(hass)
    assert extras(hass, first) == {"acme.hottest", "acme.maker", "acme.warm"}
    company = state_of(hass, first, "acme.maker")
    assert (company.state, company.name) == ("Bitmain Inc.", f"{first.title} Company")
    warmth = state_of(hass, first, "acme.warm")
    assert (warmth.entity_id.split(".")[0], warmth.state) == ("sensor", "20")
    assert not loud(caplog)
    assert not [item for item in caplog.records if item.levelname == "ERROR"]


async def test_remembered(
    hass: HomeAssistant,
    miners: Miners,
    registry: Registry,
) -> None:
    """A rig that is off at the start has the sensors that it had, and their names."""
    registry.async_add(ACME, SEVERAL)
    entry = await setup_site(hass, miners)
    first, second = miners_of(entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    miners[0].set_fault(Fault.REFUSE)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert extras(hass, first) == KEYS
    assert set(states(hass, first).values()) == {"unavailable"}
    hottest = state_of(hass, first, "acme.hottest")
    assert hottest.name == f"{first.title} Hottest board"
    assert "restored" not in hottest.attributes
    assert "unavailable" not in states(hass, second).values()
    miners.heal()
    await poll(hass)
    assert state_of(hass, first, "acme.maker").state == "Bitmain"


async def test_extension_that_comes_after_the_rigs(
    hass: HomeAssistant,
    miners: Miners,
    registry: Registry,
) -> None:
    """After a restart the sensors wait for their extension, and lose nothing by it."""
    remove = registry.async_add(ACME, SEVERAL)
    entry = await setup_site(hass, miners)
    first, _ = miners_of(entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    remove()
    assert extras(hass, first) == KEYS, "it is loaded later, not gone"
    miners[0].set_fault(Fault.REFUSE)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert all(state_of(hass, first, key).attributes.get("restored") for key in KEYS)
    registry.async_add(ACME, SEVERAL)
    await settle(hass)
    assert not any(
        state_of(hass, first, key).attributes.get("restored") for key in KEYS
    )
    assert set(states(hass, first).values()) == {"unavailable"}
    miners.heal()
    await poll(hass)
    assert state_of(hass, first, "acme.maker").state == "Bitmain"


# --- the extension of an integration -------------------------------------------

PLATFORM = """
from custom_components.antminer_monitor.extension import (
    API_VERSION,
    Extension,
    ExtraSensor,
)


async def async_get_extension(hass):
    return Extension(
        api_version=API_VERSION,
        name="Acme",
        sensors=(
            ExtraSensor(key="boards", name="Boards", value_fn=lambda rig: len(rig.boards)),
        ),
    )
"""


@pytest.fixture
def outsiders(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outsiders]:
    """Let there be integrations of others."""
    with outsiders_in(hass, tmp_path, monkeypatch) as found:
        yield found


async def test_disabled_extension(
    hass: HomeAssistant,
    miners: Miners,
    outsiders: Outsiders,
) -> None:
    """Disabling the integration that ships an extension takes its sensors away, and back."""
    outsiders.write(platform=PLATFORM)
    theirs: MockConfigEntry = outsiders.entry()
    await outsiders.load(theirs)
    entry = await setup_site(hass, miners)
    first, second = miners_of(entry)
    await poll(hass)
    assert states(hass, first) == states(hass, second) == {"acme.boards": "3"}

    await hass.config_entries.async_set_disabled_by(
        theirs.entry_id, ConfigEntryDisabler.USER
    )
    await settle(hass)
    await poll(hass)
    assert not extras(hass, first)
    assert not extras(hass, second)
    assert state_of(hass, first, "stale").state == "off"

    await hass.config_entries.async_set_disabled_by(theirs.entry_id, None)
    await settle(hass)
    await poll(hass)
    assert states(hass, first) == states(hass, second) == {"acme.boards": "3"}
    assert hass.config_entries.async_entries(DOMAIN) == [entry]
