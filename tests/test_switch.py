"""The switch by which rigs are paused and resumed."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest

from custom_components.antminer_monitor.command import Action
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.rig import Status
from custom_components.antminer_monitor.source import SourceUnreachableError

from .common import pass_time, settle
from .farms import (
    Farm,
    commands_told,
    device_of,
    entity_of,
    farm_rig,
    poll,
    results,
    setup_farms,
)


def state(hass: HomeAssistant, rig_id: str) -> str:
    """Give the state of a rig's switch."""
    found = hass.states.get(entity_of(hass, "switch", rig_id, "mining"))
    assert found
    return found.state


async def turn(
    hass: HomeAssistant, where: str, *rig_ids: str, context: Context | None = None
) -> None:
    """Turn switches on or off in one call."""
    await hass.services.async_call(
        "switch",
        f"turn_{where}",
        {
            "entity_id": [
                entity_of(hass, "switch", rig_id, "mining") for rig_id in rig_ids
            ]
        },
        blocking=True,
        context=context,
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.RUNNING, STATE_ON),
        (Status.STARTING, STATE_ON),
        (Status.IDLE, STATE_OFF),
        (Status.SLEEPING, STATE_OFF),
        (Status.FAULT, STATE_OFF),
        (Status.OFFLINE, STATE_UNAVAILABLE),
    ],
)
async def test_state(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, status: Status, expected: str
) -> None:
    """It is on while a rig mines or is about to."""
    await setup_farms(hass, monkeypatch, Farm("farm", farm_rig("rig", status=status)))
    assert state(hass, "rig") == expected


async def test_follows(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows what the rig does, not what it was told, and follows some seconds later; it is known who did it."""
    farm = Farm("farm", farm_rig("rig"))
    entry = await setup_farms(hass, monkeypatch, farm)
    events = commands_told(hass)
    context = Context(user_id=None, parent_id="automation")
    await turn(hass, "off", "rig", context=context)
    assert farm.told == [(Action.PAUSE_MINING, None, ("rig",))]
    assert state(hass, "rig") == STATE_ON
    farm.change("rig", status=Status.SLEEPING)
    await pass_time(hass, freezer, 5)
    assert state(hass, "rig") == STATE_OFF
    await turn(hass, "on", "rig")
    farm.change("rig", status=Status.RUNNING)
    await pass_time(hass, freezer, 10)
    assert state(hass, "rig") == STATE_ON
    assert results(events) == [
        ("rig", "pause_mining", "sent"),
        ("rig", "pause_mining", "done"),
        ("rig", "resume_mining", "sent"),
        ("rig", "resume_mining", "done"),
    ]
    assert [event.context is context for event in events] == [True, True, False, False]
    assert events[0].data["device_id"] == device_of(hass, entry, "rig")


async def test_together(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call for many switches of a farm is one command to the farm."""
    farms = [
        Farm("north", *(farm_rig(f"north-{number}") for number in range(4))),
        Farm("south", farm_rig("south-0")),
    ]
    await setup_farms(hass, monkeypatch, *farms)
    await turn(hass, "off", "north-0", "south-0", "north-2", "north-1")
    ((action, _, rig_ids),) = farms[0].told
    assert action is Action.PAUSE_MINING
    assert sorted(rig_ids) == ["north-0", "north-1", "north-2"]
    assert farms[1].told == [(Action.PAUSE_MINING, None, ("south-0",))]


async def test_by_device(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one of the main entities of its device, which an area or a device means."""
    farm = Farm("farm", farm_rig("rig"))
    entry = await setup_farms(hass, monkeypatch, farm)
    await hass.services.async_call(
        "switch",
        "turn_off",
        {"device_id": device_of(hass, entry, "rig")},
        blocking=True,
    )
    assert farm.told == [(Action.PAUSE_MINING, None, ("rig",))]


async def test_fails(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rig that cannot be told is named, with the reason."""
    farm = Farm("farm", farm_rig("rig"))
    entry = await setup_farms(hass, monkeypatch, farm)
    dr.async_get(hass).async_update_device(
        device_of(hass, entry, "rig"), name_by_user="The loud one"
    )
    farm.source.outcomes = SourceUnreachableError("nobody there")
    with pytest.raises(HomeAssistantError) as raised:
        await turn(hass, "off", "rig")
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "command_failed"
    assert raised.value.translation_placeholders == {
        "rig": "The loud one",
        "reason": "nobody there",
    }


@pytest.mark.parametrize(
    "commands", [(), (Action.PAUSE_MINING,), (Action.RESUME_MINING, Action.REBOOT)]
)
async def test_not_accepted(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, commands: tuple[Action, ...]
) -> None:
    """A rig that cannot be paused and resumed has no switch until it can, and keeps it from then on."""
    farm = Farm("farm", farm_rig("rig", commands=commands))
    entry = await setup_farms(hass, monkeypatch, farm)
    assert not hass.states.async_entity_ids("switch")
    farm.change("rig", commands=(Action.PAUSE_MINING, Action.RESUME_MINING))
    await poll(hass)
    assert state(hass, "rig") == STATE_ON
    farm.change("rig", commands=commands)
    await poll(hass)
    assert state(hass, "rig") == STATE_UNAVAILABLE
    # Also after a restart.
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert state(hass, "rig") == STATE_UNAVAILABLE
    await turn(hass, "off", "rig")
    assert not farm.told


async def test_stale(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rig of which nothing is known any more cannot be switched; one that is back can."""
    farm = Farm("farm", farm_rig("rig"))
    await setup_farms(hass, monkeypatch, farm)
    farm.source.script = [SourceUnreachableError("gone")]
    await pass_time(hass, freezer, 3 * 3600 + 1)
    assert state(hass, "rig") == STATE_UNAVAILABLE
    farm.source.script = [farm.read]
    await poll(hass)
    assert state(hass, "rig") == STATE_ON


async def test_gone(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rig that its farm no longer has leaves no switch behind."""
    farm = Farm("farm", farm_rig("rig"), farm_rig("other"))
    await setup_farms(hass, monkeypatch, farm)
    del farm.rigs["rig"]
    for _ in range(4):
        await poll(hass)
    assert not er.async_get(hass).async_get_entity_id("switch", DOMAIN, "rig_mining")
    assert state(hass, "other") == STATE_ON
