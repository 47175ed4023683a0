"""What a rig can be told to do: the one way down, whoever asks and whatever the rig.

An entity or a service makes a ``Command``; the coordinator hands it to the source, which
knows how its rigs are told. Nothing here knows of a protocol.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .json_value import Json


class Action(StrEnum):
    """Something that a rig can be told to do."""

    RESTART_MINING = "restart_mining"
    """Restart the miner program."""
    PAUSE_MINING = "pause_mining"
    RESUME_MINING = "resume_mining"
    REBOOT = "reboot"
    SHUTDOWN = "shutdown"
    """Power off. Somebody may have to walk to the rig to have it back."""
    UPGRADE = "upgrade"
    """Install the newest release of the rig's operating system."""
    SET_FLIGHT_SHEET = "set_flight_sheet"
    """``value`` is the id of one of ``Rig.flight_sheets``."""
    SET_OVERCLOCK = "set_overclock"
    """``value`` is the id of one of ``Rig.overclocks``."""
    SET_POWER_MODE = "set_power_mode"
    """``value`` is the id of one of ``Rig.power_modes``."""
    SET_POWER_TARGET = "set_power_target"
    """``value`` is in W, between ``Rig.power_target_least`` and ``Rig.power_target_most``."""
    SWITCH_POOL = "switch_pool"
    """``value`` is the index of one of ``Rig.pools``, which is to be worked for first."""
    SET_POOLS = "set_pools"
    """``data["pools"]`` is a list of ``url``, ``user`` and ``password``, the first in priority first."""
    SET_FAN = "set_fan"
    """``data["mode"]`` is ``auto`` or ``manual``; with ``manual``, ``data["duty"]`` is per cent."""
    LOCATE = "locate"
    """Have a light blink; ``value`` is ``on`` or ``off``."""
    UPDATE_SETTINGS = "update_settings"
    """``data`` holds settings in the source's own words."""
    EXECUTE = "execute"
    """Run ``value`` in the rig's shell."""


FOR_ADMINISTRATORS = frozenset(
    {
        Action.SET_FLIGHT_SHEET,
        Action.SWITCH_POOL,
        Action.SET_POOLS,
        Action.UPDATE_SETTINGS,
        Action.EXECUTE,
    }
)
"""What decides for whom is mined, and what could do anything."""


class Denial(StrEnum):
    """Why a rig may not be told anything at all."""

    ROLE = "role"
    """Shared with this account for reading only."""
    LOCKED = "locked"
    """Its farm is locked by the service: unpaid, or over its overdraft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the values that a rig can be set to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to be done, for one rig or for many."""

    action: str
    """An Action, or a command of an extension: ``<extension>.<name>``."""
    value: str | None = field(default=None, repr=False)
    data: Mapping[str, Json] = field(default_factory=dict, repr=False)


class Result(StrEnum):
    """How a command ended for one rig."""

    DONE = "done"
    """The rig was seen in the new state, or says that it did it."""
    SENT = "sent"
    """Taken, not confirmed: the answer comes later, or never."""
    FAILED = "failed"
    """Not taken; the rig goes on as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a command for one rig."""

    rig_id: str
    result: Result
    command_ids: tuple[str, ...] = ()
    """By which a later answer can be known."""
    error: str | None = None
    """What went wrong, without a secret; given exactly when ``result`` is failed."""
