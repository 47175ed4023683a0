"""The contract between a coordinator and whatever it reads rigs from.

A source knows one thing that can be asked (a miner, a farm of an account) and turns its
answers into rigs. It raises the errors below and nothing else, keeps its own deadlines,
and imports nothing of Home Assistant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from .command import Command, Outcome
from .json_value import Json
from .rig import Rig


class SourceError(Exception):
    """Reading failed. The text names what is wrong and holds no secret."""


class SourceUnreachableError(SourceError):
    """Nothing answers at the address: off, another network, a wrong address."""


class SourceRefusedError(SourceUnreachableError):
    """The host is there and refuses the connection: restarting, or the API is closed."""


class SourceTimeoutError(SourceUnreachableError):
    """No answer, or not the whole of it, within the deadline."""


class InvalidReplyError(SourceError):
    """An answer that cannot be understood: truncated, garbage, too large."""


class UnknownMinerError(InvalidReplyError):
    """A miner answers, by all appearances, and nobody here can read it: a pack could."""


class AccessDeniedError(SourceError):
    """The source answers and does not let us in."""


class Refusal(StrEnum):
    """Why a source that knows us does not let us do something."""

    SECURITY_CODE = "security_code"
    """It asks for a second factor."""
    ROLE = "role"
    """The role that the account has in the farm does not allow it."""
    UNPAID = "unpaid"
    """The farm's plan does not cover it, or the farm is locked for what it owes."""
    UNKNOWN = "unknown"


class ForbiddenError(AccessDeniedError):
    """The source knows us and does not allow this. New credentials would not help."""

    def __init__(self, message: str, refusal: Refusal = Refusal.UNKNOWN) -> None:
        """Keep what is missing."""
        super().__init__(message)
        self.refusal = refusal


class InvalidCredentialsError(AccessDeniedError):
    """User name, password or token are refused."""


class Severity(StrEnum):
    """How much something matters."""

    DANGER = "danger"
    WARNING = "warning"
    INFO = "info"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened once, and that its source reports: a message of a rig, an event of a farm."""

    id: str
    """Unique within the source, whatever the kind."""
    at: datetime
    title: str
    severity: Severity = Severity.INFO
    rig_id: str | None = None
    """``None`` for what concerns the group as a whole."""
    command_id: str | None = None
    """The command that this is the answer to."""
    details: Mapping[str, Json] = field(default_factory=dict)
    """What else is told of it, without a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The farm that a source's rigs belong to, as far as it cannot be added up from them."""

    id: str
    name: str
    power_cost: float | None = None
    """Per hour, in ``currency``."""
    currency: str | None = None
    """ISO 4217 where the source's own sign can be told, else that sign."""
    accepted_share_ratio: float | None = None
    """Per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a source tells at once."""

    rigs: tuple[Rig, ...]
    group: Group | None = None
    happenings: tuple[Happening, ...] = ()
    """Oldest first. A source may tell one again: whoever takes them knows which are new."""


class Source(Protocol):
    """Something that rigs are read from."""

    @property
    def label(self) -> str:
        """What to call it in a log line, such as ``192.168.1.10:4028``; no secret."""

    async def read(self) -> Reading:
        """Read every rig once.

        Raises SourceError, and nothing else, when nothing could be read. What could be
        read in part is returned, with ``None`` for the rest.
        """

    async def execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> tuple[Outcome, ...]:
        """Tell these rigs to do something; an outcome for each, in the same order.

        Raises SourceError, and nothing else, when not one of them could be told.
        """

    async def close(self) -> None:
        """Let go of what is held open; the source is not used after it."""
