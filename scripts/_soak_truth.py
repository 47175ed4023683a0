"""What the rigs of a soak truly were, moment by moment, and whether a shown figure was ever one of theirs."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

type Value = float | str | list[float] | None
"""Several, where each of them would be true: it depends on how one counts."""


class Reach(StrEnum):
    """Whether a rig can be read."""

    UP = "up"
    """Whoever asks gets a whole, true answer in time."""
    MAYBE = "maybe"
    """An answer, late or with parts missing: it may be shown or not, but nothing wrong."""
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Sample:
    """A rig at one moment, in base units, by the key of the sensor that shows it."""

    reach: Reach
    values: Mapping[str, Value]
    statuses: tuple[str, ...] = ()
    """What it may be said to do."""
    cause: str = ""
    """Why it cannot be read, where there are several reasons: one may follow on another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """By how much a shown figure may differ from a true one, and how late it may be."""

    relative: float = 0.012
    """Of rates: half a unit of three digits, and a move too small to be told anew."""
    degrees: float = 1.05
    """°C: shown whole, and a move of one need not be told."""
    watts: float = 40.0
    """Shown in steps of five, and a move too small to be told; some firmware leaves out its own 28."""
    rpm: float = 130.0
    publishing: float = 3.0
    """Seconds in which a large farm is told, one rig after the other."""
    watching: float = 2.0
    """Seconds between two samples of the truth, and until whoever watches looks."""

    def of(self, key: str, value: float) -> float:
        """Give by how much a figure of that kind may differ from ``value``."""
        if key.endswith("temperature"):
            return self.degrees
        if key == "power":
            return max(self.watts, self.relative * abs(value))
        if key == "fan_speed":
            return self.rpm
        if key.startswith("chips"):
            return 0.0
        return self.relative * abs(value)


STEADY = 0.06
"""Of the full figure: two samples that differ by less are two moments of one movement, and all between them was true."""
FULL = "_full"
"""Behind the key of a figure: what it is at most."""
RISE = "_rise"
"""Behind the key of a figure that rises: by how much at most until the next sample."""


@dataclass(slots=True)
class Timeline:
    """The last minutes of a rig."""

    samples: deque[tuple[float, Sample]] = field(default_factory=deque)
    """Each holds until the next."""
    since: float = 0.0
    """From when on it is reached, or not, as now."""

    def add(self, at: float, sample: Sample) -> None:
        """Note what it is from ``at`` on."""
        before = self.samples[-1][1] if self.samples else None
        if before is None or (before.reach, before.cause) != (
            sample.reach,
            sample.cause,
        ):
            self.since = at
        self.samples.append((at, sample))

    def forget(self, before: float) -> None:
        """Let go of what is older, but for what held then."""
        while len(self.samples) > 1 and self.samples[1][0] <= before:
            self.samples.popleft()

    @property
    def now(self) -> Sample:
        """The last sample; LookupError where there is none."""
        return self.samples[-1][1]

    def within(self, begin: float, end: float) -> list[Sample]:
        """Give what it was between two moments, the oldest first."""
        found: list[Sample] = []
        for at, sample in reversed(self.samples):
            if at > end:
                continue
            found.append(sample)
            if at <= begin:
                break
        return found[::-1]

    def reached(self, begin: float, end: float) -> set[Reach]:
        """Give how it was reached between two moments."""
        return {sample.reach for sample in self.within(begin, end)}


def was_so(
    key: str, shown: float | str, samples: Iterable[Sample], tolerances: Tolerances
) -> bool:
    """Tell whether a figure was true at one of these moments, or on the way from one to the next."""
    before: float | None = None
    for sample in samples:
        if key == "status":
            if shown in sample.statuses:
                return True
            continue
        value = sample.values.get(key)
        if isinstance(value, str) or isinstance(shown, str):
            if value == shown:
                return True
            continue
        if isinstance(value, list):
            if any(abs(each - shown) <= tolerances.of(key, each) for each in value):
                return True
            continue
        if value is None:
            before = None
            continue
        slack = tolerances.of(key, value)
        low = high = value
        full = sample.values.get(f"{key}{FULL}")
        span = STEADY * (full if isinstance(full, float | int) else abs(value))
        if before is not None and abs(before - value) <= max(span, 2 * slack):
            low, high = min(before, value), max(before, value)
        rise = sample.values.get(f"{key}{RISE}")
        high += rise if isinstance(rise, float | int) else 0.0
        if low - slack <= shown <= high + slack:
            return True
        before = value
    return False
