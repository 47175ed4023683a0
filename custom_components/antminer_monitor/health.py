"""What is wrong with a rig.

Most functions judge by one reading, and give ``None`` where it cannot tell. What swings
around a limit is judged over several readings: see ``judge``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from .rig import PoolStatus, Rig, Status

HOT_GPU = 90.0
"""°C in a graphics processor; most throttle from there on."""
HOT_GPU_MEMORY = 105.0
"""°C in the memory of a graphics card; GDDR6X throttles at 110."""

OVERHEAT = "overheat"
"""Among a rig's problems: its source knows the limits that its owner set."""

COOLER = 5.0
"""°C below its limit at which a part that was too hot no longer is."""
FASTER = 0.05
"""Share of the nominal hashrate above the limit at which a rig that was slow no longer is."""

WARM_UP = 600.0
"""Seconds from the start of the miner program in which a rig is not called slow: it tunes its boards."""
SLOW_FOR = timedelta(minutes=5)
"""For so long every reading must be below the limit: the rate of a few seconds goes up and down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on a rig is too hot, or too slow."""

    hot_board: float = 85.0
    """°C on a circuit board. Stock firmware of the S19 generation stops a little above."""
    hot_chip: float = 100.0
    """°C in a chip."""
    low_hashrate: float = 0.8
    """Share of the nominal hashrate under which a running rig is called slow."""


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is found of a rig over several readings, so that a value at a limit does not flap."""

    overheating: bool | None = None
    hashrate_low: bool | None = None
    hot: frozenset[str] = frozenset()
    """The parts that are too hot: keys of ``temperatures_of``, or ``OVERHEAT``. Kept while the rig
    tells no temperature."""
    is_low: bool = False
    """Whether it was too slow, as far as was known last."""
    low_since: datetime | None = None
    """Since when every reading was below the limit."""


_NOTHING: Final = Verdict()


def temperatures_of(
    rig: Rig, limits: Limits = DEFAULT_LIMITS
) -> dict[str, tuple[float, float]]:
    """Give the hottest of each kind of part that tells its temperature, each with its limit, in °C."""
    found = {
        "board": (rig.board_temperature, limits.hot_board),
        "chip": (rig.chip_temperature, limits.hot_chip),
        "gpu": (rig.gpu_temperature, HOT_GPU),
        "gpu_memory": (rig.gpu_memory_temperature, HOT_GPU_MEMORY),
    }
    return {
        part: (value, limit)
        for part, (value, limit) in found.items()
        if value is not None
    }


def judge(
    rig: Rig, limits: Limits = DEFAULT_LIMITS, before: Verdict | None = None
) -> Verdict:
    """Give what is found of a rig by this reading, and by what was found before.

    A part is too hot from its limit on, at once, until it is ``COOLER``. A rig is slow once
    it was below the limit for ``SLOW_FOR``, until it is ``FASTER``.
    """
    before = before or Verdict()
    temperatures = temperatures_of(rig, limits)
    hot = {
        part
        for part, (value, limit) in temperatures.items()
        if value >= limit - COOLER * (part in before.hot)
    }
    if rig.problems is not None and OVERHEAT in rig.problems:
        hot.add(OVERHEAT)
    is_known = bool(temperatures or hot)
    is_low = hashrate_low(rig, limits, was=before.is_low)
    low_since = before.low_since
    if is_low is False:
        low_since = None
    elif is_low and not before.is_low:
        low_since = low_since or rig.seen_at
        is_low = bool(low_since and rig.seen_at and rig.seen_at - low_since >= SLOW_FOR)
    return Verdict(
        overheating=bool(hot) if is_known else None,
        hashrate_low=is_low,
        hot=frozenset(hot) if is_known else before.hot,
        is_low=before.is_low if is_low is None else is_low,
        low_since=low_since,
    )


class Verdicts:
    """What is found of each rig of a source."""

    def __init__(self) -> None:
        """Begin with nothing found."""
        self._verdicts: dict[str, Verdict] = {}
        self._undecided: set[str] = set()

    def of(self, rig_id: str) -> Verdict:
        """Give what is found of a rig; nothing is known before its first reading."""
        return self._verdicts.get(rig_id, _NOTHING)

    def recall(self, verdicts: Mapping[str, Verdict]) -> None:
        """Begin with what was found in an earlier run."""
        self._verdicts.update(verdicts)

    def judge(
        self, rigs: Mapping[str, Rig], changed: Iterable[str], limits: Limits
    ) -> set[str]:
        """Judge the rigs that changed, and those for which time decides; give those newly found so."""
        news: set[str] = set()
        for rig_id in self._undecided.union(changed):
            rig = rigs.get(rig_id)
            if rig is None:
                self._verdicts.pop(rig_id, None)
                self._undecided.discard(rig_id)
                continue
            before = self.of(rig_id)
            verdict = judge(rig, limits, before)
            if is_warming_up(rig) or (verdict.low_since and not verdict.is_low):
                self._undecided.add(rig_id)
            else:
                self._undecided.discard(rig_id)
            if verdict == before:
                continue
            self._verdicts[rig_id] = verdict
            if (verdict.overheating, verdict.hashrate_low) != (
                before.overheating,
                before.hashrate_low,
            ):
                news.add(rig_id)
        return news

    def interrupt(self, rig_ids: Iterable[str]) -> None:
        """Note that rigs were not seen for a while: nobody knows how slow they were meanwhile."""
        for rig_id in self._undecided.intersection(rig_ids):
            self._verdicts[rig_id] = replace(self.of(rig_id), low_since=None)


def is_warming_up(rig: Rig) -> bool:
    """Tell whether its miner program began so lately that nobody expects its full rate."""
    return rig.uptime is not None and rig.uptime < WARM_UP


def overheating(rig: Rig, limits: Limits = DEFAULT_LIMITS) -> bool | None:
    """Tell whether a board, a chip or a graphics card is too hot, by this reading alone."""
    return judge(rig, limits).overheating


def hashrate_low(
    rig: Rig, limits: Limits = DEFAULT_LIMITS, *, was: bool = False
) -> bool | None:
    """Tell whether a rig that should hash does so far below its nominal rate in this reading.

    A rig that sleeps, or is just starting, is not slow. One that ``was`` slow is so until it
    is a little faster.
    """
    if rig.hashrate is None or not rig.hashrate_nominal:
        return None
    if is_warming_up(rig) or rig.status in (
        Status.SLEEPING,
        Status.STARTING,
        Status.OFFLINE,
    ):
        return False
    limit = _faster(limits) if was else limits.low_hashrate
    return rig.hashrate < limit * rig.hashrate_nominal


def hashrate_fine(rig: Rig, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Tell whether a rig hashes, and so much that one which was slow no longer is."""
    return bool(
        rig.status is Status.RUNNING
        and rig.hashrate
        and rig.hashrate_nominal
        and rig.hashrate >= _faster(limits) * rig.hashrate_nominal
    )


def _faster(limits: Limits) -> float:
    # No rig does more than its nominal rate for long; and 0.8 + 0.05 is a little over 0.85.
    return round(min(limits.low_hashrate + FASTER, 1.0), 9)


def board_fault(rig: Rig) -> bool | None:
    """Tell whether a hashboard is missing, or present with not one working chip."""
    if not rig.boards and not rig.boards_expected:
        return None
    if rig.status in (Status.SLEEPING, Status.STARTING):
        # Boards that are not powered do not answer, and some firmware then shows them dead.
        return False
    if len(rig.boards) < (rig.boards_expected or 0):
        return True
    dead = [board.chips_working == 0 for board in rig.boards]
    if rig.status is Status.IDLE and all(dead):
        # Asleep or broken: firmware that does not tell shows the same for both.
        return None
    return any(dead)


def fan_fault(rig: Rig) -> bool | None:
    """Tell whether a fan stands still, or is missing, while the rig hashes."""
    if not rig.fans and not rig.fans_expected:
        return None
    if rig.status in (Status.SLEEPING, Status.STARTING) or not rig.hashrate:
        return False
    if len(rig.fans) < (rig.fans_expected or 0):
        return True
    return any(fan.speed == 0 for fan in rig.fans)


def pool_fault(rig: Rig) -> bool | None:
    """Tell whether the pool that should be mined for, the first in priority, is not alive."""
    wanted = [pool for pool in rig.pools if pool.status is not PoolStatus.DISABLED]
    if not wanted:
        return None
    first = min(
        wanted, key=lambda pool: (pool.priority is None, pool.priority, pool.index)
    )
    if first.status in (None, PoolStatus.UNKNOWN):
        return None
    return first.status is not PoolStatus.ALIVE


def reported_problem(rig: Rig) -> bool | None:
    """Tell whether the rig's source finds anything wrong with it."""
    return bool(rig.problems) if rig.problems is not None else None


def has_problem(rig: Rig, verdict: Verdict) -> bool:
    """Tell whether anything at all is known to be wrong, by what was found of the rig before, too."""
    return (
        rig.status is Status.FAULT
        or bool(rig.errors)
        or bool(rig.problems)
        or bool(verdict.overheating)
        or bool(verdict.hashrate_low)
        or any(check(rig) for check in (board_fault, fan_fault, pool_fault))
    )


def chips_working(rig: Rig) -> int | None:
    """Count the working chips of all boards that tell."""
    return _sum([board.chips_working for board in rig.boards])


def chips_faulty(rig: Rig) -> int | None:
    """Count the failing and missing chips of all boards that tell."""
    return _sum([board.chips_faulty for board in rig.boards])


def frequency(rig: Rig) -> float | None:
    """Average clock of the boards that run, in MHz."""
    clocks = [board.frequency for board in rig.boards if board.frequency]
    return sum(clocks) / len(clocks) if clocks else None


def reject_rate(rig: Rig) -> float | None:
    """Share of rejected among all shares that a pool judged, in per cent."""
    accepted, rejected = rig.shares.accepted, rig.shares.rejected
    if accepted is None or rejected is None or accepted + rejected == 0:
        return None
    return 100.0 * rejected / (accepted + rejected)


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
