"""The number by which rigs are set to watts."""

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.antminer_monitor.command import Action
from custom_components.antminer_monitor.rig import Rig, Status
from custom_components.antminer_monitor.source import SourceRefusedError

from .common import settle
from .farms import Farm, entity_of, farm_rig, poll, setup_farms


def shown(hass: HomeAssistant) -> State:
    """Give the state of the rig's number."""
    found = hass.states.get(entity_of(hass, "number", "rig", "power_target"))
    assert found
    return found


async def set_to(hass: HomeAssistant, watts: float) -> None:
    """Set the rig's number."""
    await hass.services.async_call(
        "number",
        "set_value",
        {
            "entity_id": entity_of(hass, "number", "rig", "power_target"),
            "value": watts,
        },
        blocking=True,
    )


def tunable() -> Rig:
    """Give a rig that can be set to watts."""
    return farm_rig(
        "rig",
        power_target=3000.0,
        power_target_least=1200.0,
        power_target_most=3600.0,
    )


async def test_set(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows what the rig is set to, and sends whole watts within the rig's own limits."""
    farm = Farm("farm", tunable())
    await setup_farms(hass, monkeypatch, farm)
    state = shown(hass)
    assert float(state.state) == 3000
    attributes = state.attributes
    assert (attributes["min"], attributes["max"], attributes["step"]) == (
        1200,
        3600,
        10,
    )
    assert attributes["unit_of_measurement"] == "W"
    for watts in (1200, 3600.0):
        await set_to(hass, watts)
    assert farm.told == [
        (Action.SET_POWER_TARGET, "1200", ("rig",)),
        (Action.SET_POWER_TARGET, "3600", ("rig",)),
    ]
    # It turns when the rig is seen to have done it.
    assert float(shown(hass).state) == 3000
    farm.change("rig", power_target=None)
    await poll(hass)
    assert shown(hass).state == STATE_UNKNOWN


@pytest.mark.parametrize("watts", [1199, 3601, 0])
async def test_out_of_limits(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, watts: float
) -> None:
    """What the rig cannot take is refused, and nothing is sent."""
    farm = Farm("farm", tunable())
    await setup_farms(hass, monkeypatch, farm)
    with pytest.raises(ServiceValidationError):
        await set_to(hass, watts)
    assert not farm.told


async def test_registered(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is for configuration, and there from the start."""
    await setup_farms(hass, monkeypatch, Farm("farm", tunable()))
    found = {
        item.unique_id: (item.disabled, item.entity_category)
        for item in er.async_get(hass).entities.values()
        if item.domain == "number"
    }
    assert found == {"rig_power_target": (False, "config")}


async def test_not_accepted(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rig that cannot be set to watts has none; one that no longer can keeps it."""
    farm = Farm("farm", tunable())
    farm.change("rig", commands=(Action.REBOOT,))
    entry = await setup_farms(hass, monkeypatch, farm)
    assert not hass.states.async_entity_ids("number")
    farm.change("rig", commands=(Action.SET_POWER_TARGET,))
    await poll(hass)
    assert float(shown(hass).state) == 3000
    farm.change("rig", commands=())
    await poll(hass)
    assert shown(hass).state == STATE_UNAVAILABLE
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert shown(hass).state == STATE_UNAVAILABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"power_target_least": None},
        {"power_target_most": None},
        {"status": Status.OFFLINE},
    ],
)
async def test_unavailable(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, changes: dict[str, None]
) -> None:
    """Without limits nothing is set, nor on a rig that is off."""
    farm = Farm("farm", tunable())
    await setup_farms(hass, monkeypatch, farm)
    farm.change("rig", **changes)
    await poll(hass)
    assert shown(hass).state == STATE_UNAVAILABLE


async def test_fails(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rig that cannot be told is named, with the reason."""
    farm = Farm("farm", tunable())
    await setup_farms(hass, monkeypatch, farm)
    farm.source.outcomes = SourceRefusedError("not now")
    with pytest.raises(HomeAssistantError, match="Rig: not now"):
        await set_to(hass, 2000)
