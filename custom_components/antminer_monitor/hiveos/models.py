"""What the HiveOS API tells, apart from workers: those are rigs.

Ids are numbers there and strings here. A field that was not told is ``None``.
"""

from dataclasses import dataclass, field
from datetime import datetime

from ..source import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The user that a token stands for."""

    user_id: str
    """Stable; the login can be changed."""
    login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Farm:
    """A farm that the account owns or that is shared with it."""

    id: str
    name: str
    role: str | None = None
    """``monitor``, ``tech``, ``rocket``, ``advanced`` or ``full``; ``None`` for the owner."""
    locked: bool = False
    """By the service, for what it owes."""
    is_paid: bool | None = None
    """Whether the features of the paid plan are on."""
    currency: str | None = None
    """Of the electricity, as its owner wrote it: ``$``, ``usd`` …"""
    power_price: float | None = None
    """Per kilowatt hour, in ``currency``."""
    power_cost: float | None = None
    """Per hour, in ``currency``."""
    asr: float | None = None
    """Accepted shares, per cent."""
    workers_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What the service announces to everybody, such as a downtime that is planned."""

    id: str
    title: str
    message: str = ""
    type: str = "info"
    """``info``, ``success``, ``warning`` or ``danger``."""
    url: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a worker reported."""

    id: str
    at: datetime
    title: str
    severity: Severity
    worker_id: str | None = None
    command_id: str | None = None
    """The command that this is the answer to."""
    command: str | None = None
    """Its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What somebody did in a farm."""

    id: str
    at: datetime
    title: str
    type_id: int | None = None
    user: str | None = None
    """Login of who did it."""
    worker_id: str | None = None


@dataclass(frozen=True, slots=True)
class WorkersReply:
    """The workers of a farm, not parsed yet: there may be thousands."""

    body: bytes = field(repr=False)
    etag: str | None = None
    """By which the same answer need not be sent again."""
    date: datetime | None = None
    """When it was made, by the service's clock."""
