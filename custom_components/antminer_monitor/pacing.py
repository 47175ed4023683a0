"""When a source is read: each coordinator has its own moment of the interval."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
import math


def phases() -> Iterator[float]:
    """Give fractions of an interval, each far from all that came before.

    Multiples of the golden ratio stay evenly spread however many are taken, so rigs that
    come and go never have to be dealt out anew.
    """
    golden = (math.sqrt(5) - 1) / 2
    fraction = 0.0
    while True:
        yield fraction
        fraction = (fraction + golden) % 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How a coordinator polls."""

    interval: timedelta
    stale_after: timedelta
    """Age from which a reading no longer counts as what the rig does now."""
    phase: float
    """When in the interval it polls, as a fraction of it."""
    slots: asyncio.Semaphore
    """Bounds how many sources are read at the same time."""

    def until_next(self, now: float) -> timedelta:
        """Give how long to wait for the next moment to poll, which is not the one that just was.

        ``now`` are seconds of the event loop's clock, by which all coordinators go.
        """
        interval = self.interval.total_seconds()
        wait = interval - (now - self.phase * interval) % interval
        if wait < interval / 2:
            wait += interval
        return timedelta(seconds=wait)
