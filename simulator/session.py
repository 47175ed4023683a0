"""LuxOS' session: a mutex between programs, not a password."""

from collections.abc import Callable
import secrets

LIFE = 60.0
"""Seconds after its last use at which a session ends."""


class Session:
    """The one session of a miner."""

    __slots__ = ("_clock", "_ends", "_id", "busy")

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without one."""
        self._clock = clock
        self._id = ""
        self._ends = 0.0
        self.busy = False
        """Somebody else holds it and does not let go."""

    @property
    def id(self) -> str:
        """Of the session that is on; empty: there is none, or it is somebody else's."""
        return self._id if self.on and not self.busy else ""

    @property
    def on(self) -> bool:
        """Whether anybody holds it."""
        return self.busy or self._clock() < self._ends

    def begin(self, seconds: float = LIFE) -> str | None:
        """Take it; ``None``: it is held."""
        if self.on:
            return None
        self._id = secrets.token_urlsafe(6)
        self._ends = self._clock() + seconds
        return self._id

    def use(self, name: str) -> bool:
        """Whether ``name`` is the session that is on; its life begins anew."""
        if not name or name != self.id:
            return False
        self._ends = self._clock() + LIFE
        return True

    def end(self) -> None:
        """Give it back."""
        self._id = ""
        self._ends = 0.0
