"""Logbook lines: what happened to rigs, and what they were told."""

from collections.abc import Callable, Mapping
from typing import Final, cast

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.components.logbook.models import LazyEventPartialState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.event_type import EventType

from .bus import EVENT_COMMAND, EVENT_HAPPENING, UNCONFIRMED, CommandData, HappeningData
from .command import Action, Result
from .const import DOMAIN
from .source import Severity

_DOINGS: Final[Mapping[str, str]] = {
    Action.RESTART_MINING: "restart mining",
    Action.PAUSE_MINING: "pause mining",
    Action.RESUME_MINING: "resume mining",
    Action.REBOOT: "reboot",
    Action.SHUTDOWN: "shut down",
    Action.UPGRADE: "upgrade itself",
    Action.SET_FLIGHT_SHEET: "use another flight sheet",
    Action.SET_OVERCLOCK: "use another overclocking profile",
    Action.SET_POWER_MODE: "use another power mode",
    Action.SET_POWER_TARGET: "draw another power",
    Action.SWITCH_POOL: "use another pool",
    Action.SET_POOLS: "change its pools",
    Action.SET_FAN: "change its fans",
    Action.LOCATE: "blink",
    Action.UPDATE_SETTINGS: "change its settings",
    Action.EXECUTE: "run a shell command",
}
"""What a rig is told, in the words of a logbook line."""

_ENDS: Final[Mapping[str, str]] = {
    Result.SENT: "sent",
    Result.DONE: "done",
    Result.FAILED: "failed",
    UNCONFIRMED: "sent, but no effect was seen",
}
"""How it ended, likewise."""

_SEVERITY_ICONS: Final[Mapping[str, str]] = {
    Severity.DANGER: "mdi:alert-octagon",
    Severity.WARNING: "mdi:alert",
    Severity.INFO: "mdi:information",
    Severity.SUCCESS: "mdi:check-circle",
}

_END_ICONS: Final[Mapping[str, str]] = {
    Result.SENT: "mdi:send",
    Result.DONE: "mdi:check",
    Result.FAILED: "mdi:alert-circle",
    UNCONFIRMED: "mdi:help-circle",
}

LATE: Final = 900
"""Seconds from which on a line says when it happened: Home Assistant was away, say."""


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [
            str,
            EventType[HappeningData] | EventType[CommandData],
            Callable[[LazyEventPartialState], dict[str, str]],
        ],
        None,
    ],
) -> None:
    """Say how the events of the integration read in the logbook."""
    async_describe_event(DOMAIN, EVENT_HAPPENING, _describe_happening)
    async_describe_event(DOMAIN, EVENT_COMMAND, _describe_command)


@callback
def _describe_happening(event: LazyEventPartialState) -> dict[str, str]:
    data = cast(HappeningData, event.data)
    message = data["title"]
    if user := data["details"].get("user"):
        message += f", by {user}"
    if answered := _answered(data):
        message += f", in answer to the command to {answered}"
    at = dt_util.parse_datetime(data["at"])
    if at and data["told_after"] >= LATE:
        message += f", at {dt_util.as_local(at):%Y-%m-%d %H:%M}"
    line = {
        LOGBOOK_ENTRY_NAME: data["name"],
        LOGBOOK_ENTRY_MESSAGE: message,
        LOGBOOK_ENTRY_ICON: _SEVERITY_ICONS[data["severity"]],
    }
    if "entity_id" in data:
        line[LOGBOOK_ENTRY_ENTITY_ID] = data["entity_id"]
    return line


@callback
def _describe_command(event: LazyEventPartialState) -> dict[str, str]:
    data = cast(CommandData, event.data)
    doing = _DOINGS.get(data["action"], f"do {data['action']}")
    message = f"was told to {doing}: {_ENDS[data['result']]}"
    if "error" in data:
        message += f" ({data['error']})"
    return {
        LOGBOOK_ENTRY_NAME: data["name"],
        LOGBOOK_ENTRY_MESSAGE: message,
        LOGBOOK_ENTRY_ICON: _END_ICONS[data["result"]],
    }


def _answered(data: HappeningData) -> str | None:
    """Give which command a happening answers, in our words or in those of its source."""
    if "command" in data:
        return _DOINGS[data["command"]]
    command = data["details"].get("command")
    return f"“{command}”" if command and data["command_id"] else None
