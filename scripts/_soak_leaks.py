"""What grows in a soak: tasks, sockets, threads and memory of Home Assistant, at moments at which nothing happens."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import linear_regression


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What was open at one moment."""

    run: int
    """Which start of Home Assistant it belongs to."""
    at: float
    tasks: float
    sockets: float
    threads: float
    memory: float
    """MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What may be added between the first and the last count of a run."""

    tasks: float = 10
    sockets: float = 10
    """Besides those that are kept open for a few seconds to the web page of a miner that was asked anew."""
    threads: float = 8
    memory: float = 64
    """MiB: what is kept of states fills in the first minutes. It does not grow with the length of a run."""


def leaks(counts: Sequence[Count], allowed: Growth) -> list[str]:
    """Tell what grew by more than is allowed within one run, as the line through its counts has it.

    The first count of a run is of a Home Assistant that has just warmed up.
    """
    found: list[str] = []
    for run in sorted({count.run for count in counts}):
        those = [count for count in counts if count.run == run]
        if len(those) < 2 or those[-1].at <= those[0].at:
            continue
        for item in fields(allowed):
            values = [float(getattr(count, item.name)) for count in those]
            slope = linear_regression([count.at for count in those], values).slope
            grown = slope * (those[-1].at - those[0].at)
            if grown > (most := float(getattr(allowed, item.name))):
                told = " → ".join(f"{value:.0f}" for value in values)
                found.append(
                    f"{item.name} of start {run}: {told}, at most {most:g} more"
                )
    return found
