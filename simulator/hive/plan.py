"""What farms a service starts with."""

from collections.abc import Callable
from dataclasses import dataclass

type Clock = Callable[[], float]
"""Seconds since the epoch, as ``time.time``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmPlan:
    """A farm to be built."""

    name: str
    gpu_rigs: int = 0
    asics: int = 0
    cards: int = 8
    """Of a GPU rig."""
    offline: int = 0
    """So many of its workers, from the end, have been off for a day."""
    varied: bool = False
    """Put its first workers in various states.

    GPU rigs, in this order: one with a watchdog, a tag and a profile; one that mines with
    cards and processor; one that mines two coins at once; one that is off; one that never
    reported; one with problems. ASICs: an S19 with Hiveon's firmware and a dead chip; two
    with the maker's, of which the second has watts that its owner entered; an S19 that
    sleeps.
    """
    role: str | None = None
    """``monitor``, ``tech``, ``rocket``, ``advanced`` or ``full`` for a farm that somebody shares."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built with a ValueError."""
        if min(self.gpu_rigs, self.asics, self.offline) < 0 or self.cards < 1:
            raise ValueError("a plan counts from 0, and cards from 1")
        if self.offline > self.gpu_rigs + self.asics:
            raise ValueError(f"{self.name} has no {self.offline} workers")


DEFAULT_PLANS = (
    FarmPlan(name="North hall", gpu_rigs=6, varied=True),
    FarmPlan(name="Container 2", asics=4, varied=True),
)
