"""Tokens that a web port gives for a password, and how long they are good."""

from collections.abc import Callable
import hmac
import secrets

LIFE = 3600.0
"""Seconds."""
MOST_WRONG = 5
"""Wrong passwords in a row after which VNish takes none for a while."""
BLOCKED = 60.0
"""Seconds for which it takes none."""


class Tokens:
    """The tokens of one miner."""

    __slots__ = ("_blocked_until", "_clock", "_good", "_wrong")

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without any."""
        self._clock = clock
        self._good: dict[str, float] = {}
        self._wrong = 0
        self._blocked_until = 0.0

    @property
    def blocked(self) -> bool:
        """Whether too many wrong passwords came."""
        return self._clock() < self._blocked_until

    def wrong(self) -> None:
        """Count a wrong password."""
        self._wrong += 1
        if self._wrong >= MOST_WRONG:
            self._wrong = 0
            self._blocked_until = self._clock() + BLOCKED

    def give(self) -> str:
        """A new token."""
        self._wrong = 0
        token = secrets.token_hex(16)
        self._good[token] = self._clock() + LIFE
        return token

    def good(self, token: str) -> bool:
        """Whether it is one of ours and not too old."""
        return self._clock() < self._good.get(token, 0.0)

    def forget(self) -> None:
        """None is good any more."""
        self._good.clear()


def same(given: object, secret: str) -> bool:
    """Whether a password is the right one."""
    return isinstance(given, str) and hmac.compare_digest(
        given.encode(), secret.encode()
    )
