"""What the readings of a rig say, in the form in which one is compared with the next."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from .json_value import Json
from .pools import address_of
from .rig import Rig, Status

SAME_POWER = 0.01
"""A power target that differs by such a part is the same: firmware rounds it."""

POOLS: Final = "pools"
USERS: Final = "pool_users"
SETTINGS: Final = (
    "work_mode",
    "power_target",
    "fan_mode",
    "overclock",
    "flight_sheet",
    POOLS,
)
"""What somebody may change: names of fields of a rig."""

RESTING: Final = (Status.SLEEPING, Status.STARTING, Status.OFFLINE)
"""In these nothing that does not run is broken."""

type Setting = str | float


class Steady[T]:
    """Something that counts once two readings in a row say it, so that one slip is no news."""

    __slots__ = ("candidate", "known")

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.known: T | None = None
        self.candidate: T | None = None

    def see(self, value: T | None) -> T | None:
        """Take what a reading says, if it does. Gives what was known before, once that changed."""
        if value is None or value == self.known or self.known is None:
            self.known = self.known if value is None else value
            self.candidate = None
            return None
        if value != self.candidate:
            self.candidate = value
            return None
        before, self.known, self.candidate = self.known, value, None
        return before


def boards_of(rig: Rig) -> tuple[frozenset[int], frozenset[int]] | None:
    """Give the boards that work, and those that are there and dead; None if nobody can tell."""
    if not rig.boards or rig.status in RESTING:
        return None
    dead = frozenset(board.index for board in rig.boards if board.chips_working == 0)
    if not rig.hashrate and len(dead) == len(rig.boards):
        # It stopped as a whole, by heat say: some firmware then shows every chip as failing.
        return None
    return frozenset(board.index for board in rig.boards) - dead, dead


def rate_of(rig: Rig) -> dict[str, float]:
    """Give the hashrate and the nominal one, as far as the rig tells, in H/s."""
    rates = {"hashrate": rig.hashrate, "hashrate_nominal": rig.hashrate_nominal}
    return {name: rate for name, rate in rates.items() if rate is not None}


def settings_of(
    rig: Rig, power_target: Setting | None = None
) -> Iterator[tuple[str, Setting]]:
    """Give what a rig is set to, as far as it tells; of the users of its pools a digest only.

    ``power_target`` is the one that was known: what is as good as that is that.
    """
    for name, value in (
        ("work_mode", rig.work_mode),
        ("fan_mode", rig.fan_mode),
        ("overclock", rig.overclock),
        ("flight_sheet", rig.flight_sheet),
    ):
        if value is not None:
            yield name, value
    if (watts := rig.power_target) is not None:
        is_same = (
            isinstance(power_target, float)
            and abs(watts - power_target) <= power_target * SAME_POWER
        )
        yield (
            "power_target",
            power_target if is_same and power_target is not None else watts,
        )
    pools = [pool for pool in rig.pools if pool.url]
    if pools:
        yield POOLS, ", ".join(address_of(pool.url or "") for pool in pools)
        if all(pool.user for pool in pools):
            users = "\n".join(pool.user or "" for pool in pools)
            yield USERS, blake2b(users.encode(), digest_size=8).hexdigest()


# What was kept in a file may be anything.


def number(value: Json) -> float | None:
    """Give a number, or None. Raises ValueError for anything else."""
    if value is None or (
        isinstance(value, int | float) and not isinstance(value, bool)
    ):
        return value
    raise ValueError("a number was expected")


def numbers(value: Json) -> frozenset[int] | None:
    """Give whole numbers, or None. Raises ValueError for anything else."""
    if value is None:
        return None
    if isinstance(value, list):
        return frozenset(int(item) for item in map(number, value) if item is not None)
    raise ValueError("a list was expected")


def text(value: Json) -> str | None:
    """Give a text, or None. Raises ValueError for anything else."""
    if value is None or isinstance(value, str):
        return value
    raise ValueError("a text was expected")


def texts(value: Json) -> frozenset[str] | None:
    """Give texts, or None. Raises ValueError for anything else."""
    if value is None:
        return None
    if isinstance(value, list):
        return frozenset(item for item in map(text, value) if item is not None)
    raise ValueError("a list was expected")


def truth(value: Json) -> bool | None:
    """Give yes, no, or None. Raises ValueError for anything else."""
    if value is None or isinstance(value, bool):
        return value
    raise ValueError("yes or no was expected")
