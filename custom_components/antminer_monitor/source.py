"""The contract between a coordinator and whatever it reads rigs from.

A source knows one thing that can be asked (a miner, a farm of an account) and turns its
answers into rigs. It raises the errors below and nothing else, keeps its own deadlines,
and imports nothing of Home Assistant.
"""

from typing import Protocol

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


class AccessDeniedError(SourceError):
    """The source answers and does not let us in."""


class InvalidCredentialsError(AccessDeniedError):
    """User name, password or token are refused."""


class Source(Protocol):
    """Something that rigs are read from."""

    @property
    def label(self) -> str:
        """What to call it in a log line, such as ``192.168.1.10:4028``; no secret."""

    async def read(self) -> tuple[Rig, ...]:
        """Read every rig once.

        Raises SourceError, and nothing else, when nothing could be read. What could be
        read in part is returned, with ``None`` for the rest.
        """

    async def close(self) -> None:
        """Let go of what is held open; the source is not used after it."""
