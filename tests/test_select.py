"""The selects by which rigs are set to something."""

from dataclasses import replace
from itertools import permutations

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_component import DATA_INSTANCES
import pytest

from custom_components.antminer_monitor.command import Action, Choice
from custom_components.antminer_monitor.rig import Pool, PoolStatus
from custom_components.antminer_monitor.select import RigSelect, options_of
from custom_components.antminer_monitor.source import SourceRefusedError

from .common import settle
from .farms import MODES, SHEETS, Farm, entity_of, farm_rig, poll, setup_farms


def shown(hass: HomeAssistant, key: str) -> State:
    """Give the state of the rig's select."""
    found = hass.states.get(entity_of(hass, "select", "rig", key))
    assert found
    return found


async def choose(hass: HomeAssistant, key: str, option: str) -> None:
    """Choose an option of the rig's select."""
    await hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": entity_of(hass, "select", "rig", key), "option": option},
        blocking=True,
    )


@pytest.mark.parametrize(
    ("key", "options", "current", "option", "action", "value"),
    [
        (
            "flight_sheet",
            ["ETC", "Kaspa (2)", "Kaspa (3)"],
            "ETC",
            "Kaspa (3)",
            Action.SET_FLIGHT_SHEET,
            "3",
        ),
        ("overclock", ["Cool", "Hot"], "Cool", "Hot", Action.SET_OVERCLOCK, "8"),
        # What is set may be told by its id.
        (
            "power_mode",
            ["Low", "Normal"],
            "Normal",
            "Low",
            Action.SET_POWER_MODE,
            "low",
        ),
        # The first has the index 0, and is not the one that is set.
        (
            "pool",
            ["a.example:1", "b.example:2 (1)", "b.example:2 (2)"],
            "b.example:2 (1)",
            "b.example:2 (2)",
            Action.SWITCH_POOL,
            "2",
        ),
    ],
)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_select(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    options: list[str],
    current: str,
    option: str,
    action: Action,
    value: str,
) -> None:
    """Each offers the names of what there is, shows what is set, and sets by id."""
    pools = (
        Pool(index=0, url="stratum+tcp://a.example:1", priority=1),
        Pool(index=1, url="stratum+tcp://b.example:2", priority=0),
        Pool(index=2, url="stratum+ssl://b.example:2", priority=2),
    )
    farm = Farm("farm", farm_rig("rig", pools=pools))
    await setup_farms(hass, monkeypatch, farm)
    state = shown(hass, key)
    assert (state.state, state.attributes["options"]) == (current, options)
    await choose(hass, key, option)
    assert farm.told == [(action, value, ("rig",))]


async def test_registered(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are for configuration; overclocking is for those who look for it."""
    await setup_farms(hass, monkeypatch, Farm("farm", farm_rig("rig")))
    found = {
        item.unique_id: (item.disabled, item.entity_category)
        for item in er.async_get(hass).entities.values()
        if item.domain == "select"
    }
    assert found == {
        "rig_flight_sheet": (False, "config"),
        "rig_overclock": (True, "config"),
        "rig_power_mode": (False, "config"),
        "rig_pool": (False, "config"),
    }


@pytest.mark.parametrize(
    "current",
    [
        None,
        "Gone",
        # There are two of that name: it cannot be told which.
        "Kaspa",
    ],
)
async def test_current_unknown(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, current: str | None
) -> None:
    """What is set need not be one of the options."""
    farm = Farm("farm", farm_rig("rig", flight_sheet=current))
    await setup_farms(hass, monkeypatch, farm)
    assert shown(hass, "flight_sheet").state == STATE_UNKNOWN


async def test_follows(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options and what is set follow every reading."""
    farm = Farm("farm", farm_rig("rig"))
    await setup_farms(hass, monkeypatch, farm)
    farm.change(
        "rig", flight_sheets=(Choice(id="5", name="Ravencoin"),), flight_sheet=None
    )
    await poll(hass)
    state = shown(hass, "flight_sheet")
    assert (state.state, state.attributes["options"]) == (STATE_UNKNOWN, ["Ravencoin"])
    farm.change("rig", flight_sheet="Ravencoin")
    await poll(hass)
    assert shown(hass, "flight_sheet").state == "Ravencoin"


async def test_choice_gone(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can no longer be chosen is refused, and nothing is sent."""
    farm = Farm("farm", farm_rig("rig"))
    await setup_farms(hass, monkeypatch, farm)
    entity = hass.data[DATA_INSTANCES]["select"].get_entity(
        entity_of(hass, "select", "rig", "flight_sheet")
    )
    assert isinstance(entity, RigSelect)
    with pytest.raises(ServiceValidationError) as raised:
        await entity.async_select_option("Kaspa")
    assert raised.value.translation_key == "choice_gone"
    assert raised.value.translation_placeholders == {"choice": "Kaspa"}
    assert not farm.told


async def test_fails(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rig that cannot be told is named, with the reason."""
    farm = Farm("farm", farm_rig("rig"))
    await setup_farms(hass, monkeypatch, farm)
    farm.source.outcomes = SourceRefusedError("not now")
    with pytest.raises(HomeAssistantError, match="Rig: not now"):
        await choose(hass, "flight_sheet", "ETC")
    assert shown(hass, "flight_sheet").state == "ETC"


async def test_not_accepted(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rig that is only looked at has none, also after a restart: its sensor of that name does not count."""
    farm = Farm("farm", farm_rig("rig", commands=()))
    entry = await setup_farms(hass, monkeypatch, farm)
    entity_of(hass, "sensor", "rig", "flight_sheet")
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert not hass.states.async_entity_ids("select")


async def test_unavailable(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rig that accepts it no longer keeps the select, which then cannot be used."""
    farm = Farm("farm", farm_rig("rig"))
    await setup_farms(hass, monkeypatch, farm)
    farm.change("rig", commands=(Action.REBOOT,))
    await poll(hass)
    assert shown(hass, "flight_sheet").state == STATE_UNAVAILABLE


POOLS = (
    Pool(index=0, url="a:1", priority=1, active=True),
    Pool(index=1, url="b:2", priority=0, active=False),
    Pool(index=2, url="c:3", priority=2, active=False),
)
UNRANKED = (
    Pool(index=0, url="a:1", status=PoolStatus.ALIVE, active=False),
    Pool(index=1, url="b:2", status=PoolStatus.ALIVE, active=True),
)


@pytest.mark.parametrize(
    ("pools", "first"),
    [
        # What it works for now is another thing: it may be a makeshift.
        (POOLS, "b:2"),
        (tuple(replace(pool, priority=None) for pool in POOLS), "a:1"),
        # Without priorities, nobody passes over a pool that lives unless another one was put first.
        (UNRANKED, "b:2"),
        ((replace(UNRANKED[0], status=PoolStatus.DEAD), UNRANKED[1]), "a:1"),
        (tuple(replace(pool, active=False) for pool in UNRANKED), "a:1"),
        ((POOLS[0], replace(POOLS[1], status=PoolStatus.DISABLED)), "a:1"),
        ((replace(POOLS[0], status=PoolStatus.DISABLED),), STATE_UNKNOWN),
        ((replace(POOLS[0], url=None), POOLS[2]), "c:3"),
        ((), STATE_UNKNOWN),
    ],
)
async def test_pool(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    pools: tuple[Pool, ...],
    first: str,
) -> None:
    """The pool that is set is the first in priority of those that are not disabled."""
    await setup_farms(hass, monkeypatch, Farm("farm", farm_rig("rig", pools=pools)))
    state = shown(hass, "pool")
    assert state.state == first
    assert state.attributes["options"] == [pool.url for pool in pools if pool.url]


def test_options() -> None:
    """Names are the options; those that are shared are told apart, whatever else there is."""
    assert list(options_of(MODES)) == ["Low", "Normal"]
    assert list(options_of(())) == []
    assert list(options_of(SHEETS).values()) == list(SHEETS)
    for mean in permutations((*SHEETS, Choice(id="4", name="Kaspa (2)"))):
        assert tuple(options_of(mean).values()) == mean
