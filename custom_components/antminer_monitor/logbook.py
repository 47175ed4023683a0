"""Logbook lines: what happened to rigs, and what they were told; in English, which is all it can."""

from collections.abc import Callable, Mapping
from typing import Final, cast

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.components.logbook.models import LazyEventPartialState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.event_type import EventType

from .bus import COMMAND_SENT, EVENT_HAPPENING, EVENT_RIG, HappeningData, RigEventData
from .command import Action
from .const import DOMAIN
from .rig_events import Detail, RigEventType
from .rig_facts import POOLS
from .source import Severity
from .watch import NO_EFFECT

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

_SETTINGS: Final[Mapping[str, str]] = {
    "work_mode": "power mode",
    "power_target": "power target",
    "fan_mode": "fan mode",
    "overclock": "overclocking profile",
    "flight_sheet": "flight sheet",
    POOLS: "pools",
}
"""What somebody changed, likewise."""

_PARTS: Final[Mapping[str, str]] = {
    "board": "board",
    "chip": "chip",
    "gpu": "graphics processor",
    "gpu_memory": "graphics memory",
}
"""What is hot, likewise."""

_SEVERITY_ICONS: Final[Mapping[str, str]] = {
    Severity.DANGER: "mdi:alert-octagon",
    Severity.WARNING: "mdi:alert",
    Severity.INFO: "mdi:information",
    Severity.SUCCESS: "mdi:check-circle",
}

_RIG_ICONS: Final[Mapping[str, str]] = {
    RigEventType.REBOOTED: "mdi:restart",
    RigEventType.WENT_STALE: "mdi:lan-disconnect",
    RigEventType.CAME_BACK: "mdi:lan-connect",
    RigEventType.BOARD_LOST: "mdi:memory",
    RigEventType.BOARD_RECOVERED: "mdi:memory",
    RigEventType.CHIPS_FAILING: "mdi:chip",
    RigEventType.OVERHEATED: "mdi:thermometer-alert",
    RigEventType.COOLED_DOWN: "mdi:thermometer-check",
    RigEventType.HASHRATE_LOW: "mdi:gauge-empty",
    RigEventType.HASHRATE_RECOVERED: "mdi:gauge",
    RigEventType.POOL_CHANGED: "mdi:swap-horizontal",
    RigEventType.POOL_DEAD: "mdi:server-network-off",
    RigEventType.POOL_RECOVERED: "mdi:server-network",
    RigEventType.BLOCK_FOUND: "mdi:treasure-chest",
    RigEventType.COMMAND_DONE: "mdi:check",
    RigEventType.COMMAND_FAILED: "mdi:alert-circle",
    RigEventType.SETTINGS_CHANGED: "mdi:cog-sync",
    COMMAND_SENT: "mdi:send",
}

LATE: Final = 900
"""Seconds from which on a line says when it happened: Home Assistant was away, say."""


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [
            str,
            EventType[HappeningData] | EventType[RigEventData],
            Callable[[LazyEventPartialState], dict[str, str]],
        ],
        None,
    ],
) -> None:
    """Say how the events of the integration read in the logbook.

    Commands are among the events of rigs: their own event would be a second line. The state
    of the event entity makes a line of its own too, in the user's language and without the
    details. Home Assistant leaves states out of the logbook for what they are measured in, or
    by a filter of the user: an integration cannot. Lines from here cannot be translated, but
    they say which board it was, and they are there for rigs without entities. They name the
    rig, and no entity of it: that would be shown in the place of the rig's name.
    """
    async_describe_event(DOMAIN, EVENT_HAPPENING, _describe_happening)
    async_describe_event(DOMAIN, EVENT_RIG, _describe_rig_event)


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
    return {
        LOGBOOK_ENTRY_NAME: data["name"],
        LOGBOOK_ENTRY_MESSAGE: message,
        LOGBOOK_ENTRY_ICON: _SEVERITY_ICONS[data["severity"]],
    }


@callback
def _describe_rig_event(event: LazyEventPartialState) -> dict[str, str]:
    data = cast(RigEventData, event.data)
    return {
        LOGBOOK_ENTRY_NAME: data["name"],
        LOGBOOK_ENTRY_MESSAGE: _words(data["type"], data["details"]),
        LOGBOOK_ENTRY_ICON: _RIG_ICONS[data["type"]],
    }


def _words(kind: str, details: Mapping[str, Detail]) -> str:
    """Say what happened to a rig."""
    given = details.get
    match kind:
        case RigEventType.REBOOTED:
            return f"began mining anew{_as_told(given('command'))}"
        case RigEventType.WENT_STALE:
            return (
                f"was not heard of for {_span(given('seconds'))}"
                f"{_as_told(given('command'))}"
            )
        case RigEventType.CAME_BACK:
            return f"came back after {_span(given('seconds'))}"
        case RigEventType.BOARD_LOST:
            return f"lost board {given('board')}"
        case RigEventType.BOARD_RECOVERED:
            return f"has board {given('board')} again"
        case RigEventType.CHIPS_FAILING:
            verb = "fails" if given("chips") == 1 else "fail"
            noun = "chip" if given("chips") == 1 else "chips"
            return f"{given('chips')} {noun} on board {given('board')} {verb}"
        case RigEventType.OVERHEATED:
            return f"overheated{_heat(details)}"
        case RigEventType.COOLED_DOWN:
            return f"cooled down{_heat(details)}"
        case RigEventType.HASHRATE_LOW:
            return f"hashes too slowly{_share(details)}"
        case RigEventType.HASHRATE_RECOVERED:
            return f"hashes at its rate again{_share(details)}"
        case RigEventType.POOL_CHANGED:
            return f"works for {given('pool')}, no longer for {given('before')}"
        case RigEventType.POOL_DEAD:
            return f"its pool {given('pool', '')} is dead".replace("  ", " ")
        case RigEventType.POOL_RECOVERED:
            return f"its pool {given('pool', '')} is alive again".replace("  ", " ")
        case RigEventType.BLOCK_FOUND:
            blocks = given("blocks")
            return "found a block" if blocks == 1 else f"found {blocks} blocks"
        case RigEventType.SETTINGS_CHANGED:
            return _setting(details)
    return _command(kind, details)


def _command(kind: str, details: Mapping[str, Detail]) -> str:
    action, reason = str(details.get("command")), details.get("reason")
    end = {COMMAND_SENT: "sent", RigEventType.COMMAND_DONE: "done"}.get(kind, "failed")
    if reason == NO_EFFECT:
        end = f"sent, but {reason}"
    elif reason:
        end += f" ({reason})"
    return f"was told to {_DOINGS.get(action, f'do {action}')}: {end}"


def _setting(details: Mapping[str, Detail]) -> str:
    setting = str(details.get("setting"))
    message = f"somebody else changed its {_SETTINGS.get(setting, setting)}"
    if "value" in details:
        message += f" from {details.get('before')} to {details['value']}"
    return message


def _as_told(command: Detail | None) -> str:
    if command is None:
        return ""
    return f", as it was told to {_DOINGS.get(str(command), f'do {command}')}"


def _heat(details: Mapping[str, Detail]) -> str:
    if "temperature" not in details:
        return ""
    part = str(details.get("part"))
    return f": {_PARTS.get(part, part)} at {details['temperature']:g} °C"


def _share(details: Mapping[str, Detail]) -> str:
    rate, nominal = details.get("hashrate"), details.get("hashrate_nominal")
    if not isinstance(rate, int | float) or not isinstance(nominal, int | float):
        return ""
    return f": {rate / nominal:.0%} of what it should" if nominal else ""


def _span(seconds: Detail | None) -> str:
    """Give a time span by its largest units that are not zero."""
    if not isinstance(seconds, int | float):
        return "some time"
    minutes = int(seconds) // 60
    if minutes < 2:
        return f"{int(seconds)} seconds"
    if minutes < 120:
        return f"{minutes} minutes"
    hours = minutes // 60
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"


def _answered(data: HappeningData) -> str | None:
    """Give which command a happening answers, in our words or in those of its source."""
    if "command" in data:
        return _DOINGS[data["command"]]
    command = data["details"].get("command")
    return f"“{command}”" if command and data["command_id"] else None
