"""The buttons by which rigs are restarted, rebooted and upgraded."""

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.antminer_monitor.command import Action
from custom_components.antminer_monitor.rig import Status
from custom_components.antminer_monitor.source import SourceRefusedError

from .farms import Farm, device_of, entity_of, farm_rig, poll, setup_farms


def state(hass: HomeAssistant, key: str) -> str:
    """Give the state of the rig's button."""
    found = hass.states.get(entity_of(hass, "button", "rig", key))
    assert found
    return found.state


async def press(hass: HomeAssistant, key: str) -> None:
    """Press the rig's button."""
    await hass.services.async_call(
        "button",
        "press",
        {"entity_id": entity_of(hass, "button", "rig", key)},
        blocking=True,
    )


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("restart_mining", None),
        ("reboot", None),
        ("upgrade", None),
        ("locate", "on"),
    ],
)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_press(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    value: str | None,
) -> None:
    """Each sends its command, and shows when it was pressed."""
    farm = Farm("farm", farm_rig("rig"))
    await setup_farms(hass, monkeypatch, farm)
    assert state(hass, action) == STATE_UNKNOWN
    await press(hass, action)
    assert farm.told == [(Action(action), value, ("rig",))]
    assert state(hass, action) not in (STATE_UNKNOWN, STATE_UNAVAILABLE)


async def test_registered(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is asked for often is there from the start; there is no button to power a rig off."""
    await setup_farms(hass, monkeypatch, Farm("farm", farm_rig("rig")))
    found = {
        item.unique_id: (item.disabled, item.entity_category)
        for item in er.async_get(hass).entities.values()
        if item.domain == "button"
    }
    assert found == {
        "rig_restart_mining": (False, None),
        "rig_reboot": (False, EntityCategory.CONFIG),
        "rig_upgrade": (True, EntityCategory.CONFIG),
        "rig_locate": (False, EntityCategory.DIAGNOSTIC),
    }


async def test_by_device(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who presses all buttons of a device restarts its miner, and nothing more."""
    farm = Farm("farm", farm_rig("rig"))
    entry = await setup_farms(hass, monkeypatch, farm)
    await hass.services.async_call(
        "button", "press", {"device_id": device_of(hass, entry, "rig")}, blocking=True
    )
    assert farm.told == [(Action.RESTART_MINING, None, ("rig",))]


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_upgrade(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to press where the rig has the newest release; where it does not say, there is."""
    farm = Farm("farm", farm_rig("rig", upgrade_available=False))
    await setup_farms(hass, monkeypatch, farm)
    assert state(hass, "upgrade") == STATE_UNAVAILABLE
    assert state(hass, "reboot") == STATE_UNKNOWN
    for available in (None, True):
        farm.change("rig", upgrade_available=available)
        await poll(hass)
        assert state(hass, "upgrade") == STATE_UNKNOWN


async def test_not_accepted(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is there when the rig accepts its command, and cannot be pressed while it does not."""
    farm = Farm("farm", farm_rig("rig", commands=(Action.REBOOT,)))
    await setup_farms(hass, monkeypatch, farm)
    assert len(hass.states.async_entity_ids("button")) == 1
    farm.change("rig", commands=(Action.RESTART_MINING,))
    await poll(hass)
    assert state(hass, "reboot") == STATE_UNAVAILABLE
    assert state(hass, "restart_mining") == STATE_UNKNOWN
    farm.change("rig", status=Status.OFFLINE)
    await poll(hass)
    assert state(hass, "restart_mining") == STATE_UNAVAILABLE


async def test_fails(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rig that cannot be told is named, with the reason."""
    farm = Farm("farm", farm_rig("rig"))
    await setup_farms(hass, monkeypatch, farm)
    farm.source.outcomes = SourceRefusedError("not now")
    with pytest.raises(HomeAssistantError, match="Rig: not now"):
        await press(hass, "reboot")
