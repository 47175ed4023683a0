"""What a worker keeps: the messages that it reported, and the commands that wait for it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .data import Data

MESSAGE_TYPES = ("success", "info", "file", "warning", "danger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something that a worker reported."""

    id: int
    title: str
    type: str
    time: float
    command_id: int | None = None
    command: str | None = None
    result: Data | None = None
    has_payload: bool = False
    resolved_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A command that the worker has not fetched yet."""

    id: int
    command: str
    data: Data
    due: float
    effect: Callable[[float], str | None] | None = field(default=None, compare=False)
    """What it does instead of what commands of that name do; the title of its message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take, in seconds of the clock."""

    command: float = 3.0
    boot: float = 30.0
    warm_up: float = 10.0
    """From the start of the miner program to its first hashes."""
