"""What the integration tells everybody on the event bus: happenings, commands, events of rigs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NotRequired, TypedDict

from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from homeassistant.util.event_type import EventType
from homeassistant.util.hass_dict import HassKey

from .command import Result
from .const import DOMAIN
from .coordinator import RigCoordinator
from .rig_events import Detail
from .source import Happening

UNCONFIRMED: Final = "unconfirmed"
"""A command that was sent, and whose effect was not seen in time."""

STATUS_KEY: Final = "status"
"""What the unique id of a rig's *Status* ends in."""

MOST_COMMANDS = 1000
"""Commands that are remembered until their answers come, over all rigs."""

LONGEST_TEXT = 200
"""Characters of a detail that are told: what a source writes may be anything."""


class HappeningData(TypedDict):
    """Data of ``EVENT_HAPPENING``."""

    device_id: str | None
    """The rig's device, or the farm's where there is no rig or it is not known."""
    entity_id: NotRequired[str]
    """The rig's *Status*; else the event entity that tells it too, where there is one."""
    rig_id: str | None
    name: str
    """Of the device."""
    title: str
    severity: str
    command_id: str | None
    command: NotRequired[str]
    """The command of ours that it is the answer to."""
    at: str
    """ISO 8601, UTC."""
    told_after: int
    """Seconds from then until now: hours, where Home Assistant was away."""
    details: dict[str, Detail]


class CommandData(TypedDict):
    """Data of ``EVENT_COMMAND``; neither a value nor settings: they may hold secrets."""

    device_id: str | None
    rig_id: str
    name: str
    """Of the device."""
    action: str
    result: str
    """``sent``, ``done``, ``failed`` or ``unconfirmed``."""
    command_ids: list[str]
    error: NotRequired[str]


class RigEventData(TypedDict):
    """Data of ``EVENT_RIG``; nothing in it is secret."""

    device_id: str | None
    entity_id: NotRequired[str]
    """The rig's *Status*; else its event entity, where there is one."""
    rig_id: str
    name: str
    """Of the device."""
    type: str
    """A RigEventType, or ``command_sent``."""
    details: dict[str, Detail]


EVENT_HAPPENING: EventType[HappeningData] = EventType(f"{DOMAIN}_happening")
"""Something happened to a rig or in a farm; fired once for each."""

EVENT_COMMAND: EventType[CommandData] = EventType(f"{DOMAIN}_command")
"""A rig was told something; fired when it is sent, and again when it is known how it ended."""

EVENT_RIG: EventType[RigEventData] = EventType(f"{DOMAIN}_rig_event")
"""Something happened to a rig, as its readings show; fired once for each."""

COMMAND_SENT: Final = "command_sent"
"""Type of ``EVENT_RIG`` that is no event of a rig yet: for the logbook, which tells both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A command of ours that may be answered."""

    action: str
    context: Context | None


_SENT: HassKey[dict[tuple[str, str], _Sent]] = HassKey(f"{DOMAIN}_sent")
"""By rig and command id."""


@callback
def async_fire_command(
    coordinator: RigCoordinator,
    rig_id: str,
    action: str,
    result: Result | Literal["unconfirmed"],
    *,
    command_ids: Sequence[str] = (),
    error: str | None = None,
    context: Context | None = None,
) -> None:
    """Tell what became of a command for one rig.

    ``context`` is that of who wanted it. A later answer to ``command_ids`` is told in the
    same context. ``error`` holds no secret.
    """
    hass = coordinator.hass
    sent = hass.data.setdefault(_SENT, {})
    for command_id in command_ids:
        sent[rig_id, command_id] = _Sent(action=action, context=context)
    while len(sent) > MOST_COMMANDS:
        del sent[next(iter(sent))]
    device_id, name = _device(coordinator, rig_id)
    data = CommandData(
        device_id=device_id,
        rig_id=rig_id,
        name=name,
        action=str(action),
        result=str(result),
        command_ids=list(command_ids),
    )
    if error:
        data["error"] = error
    hass.bus.async_fire(EVENT_COMMAND, data, context=context)


@callback
def async_fire_happening(
    coordinator: RigCoordinator, happening: Happening, entity_id: str | None = None
) -> Context | None:
    """Tell what happened. Gives the context of the command that it answers, if one is ours."""
    hass = coordinator.hass
    device_id, name = _device(coordinator, happening.rig_id)
    data = HappeningData(
        device_id=device_id,
        rig_id=happening.rig_id,
        name=name,
        title=happening.title,
        severity=happening.severity.value,
        command_id=happening.command_id,
        at=happening.at.isoformat(),
        told_after=max(0, int((dt_util.utcnow() - happening.at).total_seconds())),
        details=plain_details(happening),
    )
    if listed_by := _status_id(hass, happening.rig_id) or entity_id:
        data["entity_id"] = listed_by
    sent = _sent(hass, happening)
    if sent:
        data["command"] = str(sent.action)
    context = sent.context if sent else None
    hass.bus.async_fire(EVENT_HAPPENING, data, context=context)
    return context


@callback
def async_fire_rig_event(
    coordinator: RigCoordinator,
    rig_id: str,
    event_type: str,
    details: Mapping[str, Detail],
    *,
    entity_id: str | None = None,
    context: Context | None = None,
) -> RigEventData:
    """Tell what happened to a rig, in the context of the command that it answers.

    ``entity_id`` is the event entity that shows it too.
    """
    hass = coordinator.hass
    device_id, name = _device(coordinator, rig_id)
    data = RigEventData(
        device_id=device_id,
        rig_id=rig_id,
        name=name,
        type=str(event_type),
        details=dict(details),
    )
    if listed_by := _status_id(hass, rig_id) or entity_id:
        data["entity_id"] = listed_by
    hass.bus.async_fire(EVENT_RIG, data, context=context)
    return data


def plain_details(happening: Happening) -> dict[str, Detail]:
    """Give the details that are plain values, long texts cut."""
    return {
        key: value[:LONGEST_TEXT] if isinstance(value, str) else value
        for key, value in happening.details.items()
        if isinstance(value, bool | int | float | str)
    }


def _sent(hass: HomeAssistant, happening: Happening) -> _Sent | None:
    if happening.rig_id is None or happening.command_id is None:
        return None
    return hass.data.get(_SENT, {}).get((happening.rig_id, happening.command_id))


def _status_id(hass: HomeAssistant, rig_id: str | None) -> str | None:
    """Give the *Status* of a rig, if it is enabled.

    Event entities are a second line in the logbook. Who has Home Assistant leave them out
    does not lose what belongs to the status.
    """
    registry = er.async_get(hass)
    unique_id = f"{rig_id}_{STATUS_KEY}"
    entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
    if entity_id is None or registry.entities[entity_id].disabled:
        return None
    return entity_id


def _device(coordinator: RigCoordinator, rig_id: str | None) -> tuple[str | None, str]:
    """Give the id and the name of a rig's device, else those of the device of its farm."""
    registry = dr.async_get(coordinator.hass)
    entry_id = coordinator.config_entry.entry_id
    for identifier in (rig_id, coordinator.origin.device_id):
        device = identifier and registry.async_get_device_by_identifier(
            (DOMAIN, identifier), entry_id
        )
        if device:
            return device.id, device.name_by_user or device.name or coordinator.name
    return None, rig_id or coordinator.name
