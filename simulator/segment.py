"""What a miner had done when its conditions last changed, and how its rate rises after a start."""

from dataclasses import dataclass
import math

WARM_UP, RAMP = 20.0, 100.0
"""Seconds from the daemon's start (or waking) to the first hash, from there to the full rate."""
HEAT_TIME = 90.0
"""Time constant of the temperatures, in seconds."""


@dataclass(slots=True)
class Segment:
    """What had been done when the conditions last changed."""

    start: float
    ramp_start: float
    heat: float
    work: list[float]
    """Hashes a pool."""
    rates: tuple[float, ...]
    """Hashes per second a board, at the full rate under these conditions."""
    errors: list[float]
    """Hardware errors a board."""
    last_share: list[float | None]

    def full_seconds(self, first: float, last: float) -> float:
        """Seconds at full rate that the time between two moments is worth."""
        return _ramped(last - self.ramp_start) - _ramped(first - self.ramp_start)

    def heat_at(self, now: float, target: float, warm: float | None = None) -> float:
        """Its heat on the way to ``target``, which draws it from the moment ``warm`` on."""
        begin, heat = self.start, self.heat
        if warm is not None:
            if now <= warm:
                return heat * math.exp(-(now - begin) / HEAT_TIME)
            if begin < warm:
                heat *= math.exp(-(warm - begin) / HEAT_TIME)
                begin = warm
        return target + (heat - target) * math.exp(-(now - begin) / HEAT_TIME)


def _ramped(since: float) -> float:
    """Seconds at full rate that the first ``since`` seconds are worth."""
    if since <= WARM_UP:
        return 0.0
    if since < WARM_UP + RAMP:
        return (since - WARM_UP) ** 2 / (2 * RAMP)
    return since - WARM_UP - RAMP / 2
