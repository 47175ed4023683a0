"""What a miner was told, and how long it takes."""

from dataclasses import dataclass
from enum import StrEnum

from .configuration import Configuration


class Then(StrEnum):
    """What follows when an order was carried out."""

    NOTHING = "nothing"
    RESTART = "restart"
    """The daemon restarts: port 4028 is refused for a while, the web stays."""
    REBOOT = "reboot"
    """Everything is refused for a while, then the daemon starts cold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that a client told the miner, not yet carried out."""

    config: Configuration | None = None
    kept: bool = True
    """Written to the flash; if not, a restart undoes the change of pools."""
    locating: bool | None = None
    then: Then = Then.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A request that is not for reading, as it arrived; those answered 401 or 404 are left out."""

    road: str
    """``api`` (port 4028) or ``web``."""
    method: str
    """Of HTTP; empty on port 4028."""
    target: str
    """Path with its query, or the command."""
    body: bytes
    """Of HTTP, or the whole request to port 4028."""


@dataclass(slots=True, kw_only=True)
class Delays:
    """Real seconds that things take. Those of the real machines, unless said."""

    write: float = 1.0
    """From a written configuration to its answer."""
    restart: float = 15.0
    """For which port 4028 is refused when the daemon restarts."""
    reboot: float = 60.0
    """For which everything is refused."""
