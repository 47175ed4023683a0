"""What happens to a rig, told once each: found by comparing its readings.

Nothing here knows of Home Assistant. A ``Watch`` is shown one reading of its rig after the
other, and says what is new. The first reading ever tells nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from .health import (
    DEFAULT_LIMITS,
    OVERHEAT,
    Limits,
    Verdict,
    hashrate_fine,
    pool_fault,
    temperatures_of,
)
from .json_value import Json
from .pools import address_of, first_pool
from .rig import Rig, Status
from .rig_facts import (
    POOLS,
    RESTING,
    SETTINGS,
    USERS,
    Setting,
    Steady,
    boards_of,
    number,
    numbers,
    rate_of,
    settings_of,
    text,
    texts,
    truth,
)

SAME_START = 30.0
"""Seconds by which a start may move and is the same: uptimes are whole seconds, clocks drift."""

CHIPS_FORGOTTEN = timedelta(days=1)
"""For so long chips must be well again until one that fails once more is news."""

type Detail = bool | int | float | str
type Details = Mapping[str, Detail]


class RigEventType(StrEnum):
    """A kind of thing that happens to a rig."""

    REBOOTED = "rebooted"
    """Its miner program began anew."""
    WENT_STALE = "went_stale"
    CAME_BACK = "came_back"
    BOARD_LOST = "board_lost"
    BOARD_RECOVERED = "board_recovered"
    CHIPS_FAILING = "chips_failing"
    """More of them than ever."""
    OVERHEATED = "overheated"
    COOLED_DOWN = "cooled_down"
    HASHRATE_LOW = "hashrate_low"
    HASHRATE_RECOVERED = "hashrate_recovered"
    POOL_CHANGED = "pool_changed"
    """It works for another host."""
    POOL_DEAD = "pool_dead"
    """The first of its pools."""
    POOL_RECOVERED = "pool_recovered"
    BLOCK_FOUND = "block_found"
    COMMAND_DONE = "command_done"
    COMMAND_FAILED = "command_failed"
    """Not taken, or without an effect that was seen."""
    SETTINGS_CHANGED = "settings_changed"
    """By somebody else than Home Assistant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RigEvent:
    """Something that happened to a rig."""

    type: RigEventType
    rig_id: str
    details: Details = field(default_factory=dict)
    """What belongs to it, in base units; nothing secret."""


class Watch:
    """Knows what was told of a rig, and finds what is new."""

    def __init__(self, rig_id: str) -> None:
        """Begin with nothing known."""
        self.rig_id = rig_id
        self.was_seen = False
        """Whether it was read since Home Assistant started."""
        self._seen_at: datetime | None = None
        self._gone_since: float | None = None
        self._started: float | None = None
        self._boards: frozenset[int] = frozenset()
        self._lost: Steady[frozenset[int]] = Steady()
        self._chips: dict[int, tuple[int, float | None]] = {}
        self._rising: dict[int, int] = {}
        self._hot: frozenset[str] | None = None
        self._low: bool | None = None
        self._owes_recovery = False
        self._pool: Steady[str] = Steady()
        self._pool_dead: Steady[bool] = Steady()
        self._blocks: int | None = None
        self._settings: dict[str, Steady[Setting]] = {
            name: Steady() for name in (*SETTINGS, USERS)
        }

    @property
    def is_known(self) -> bool:
        """Whether the rig was ever read."""
        return self._hot is not None

    @property
    def is_stale(self) -> bool:
        """Whether it was told that the rig is stale, and not yet that it is back."""
        return self._gone_since is not None

    @property
    def is_undecided(self) -> bool:
        """Whether the next reading decides, even one that is equal to the last."""
        return (
            bool(self._rising)
            or self._lost.candidate is not None
            or self._pool.candidate is not None
            or self._pool_dead.candidate is not None
            or any(item.candidate is not None for item in self._settings.values())
        )

    @property
    def verdict(self) -> Verdict:
        """What was found of the rig, for the next reading to be judged by."""
        return Verdict(hot=self._hot or frozenset(), is_low=bool(self._low))

    def observe(
        self,
        rig: Rig | None,
        now: datetime,
        *,
        verdict: Verdict | None = None,
        limits: Limits = DEFAULT_LIMITS,
        last_seen: datetime | None = None,
        ours: frozenset[str] = frozenset(),
    ) -> tuple[RigEvent, ...]:
        """Look at a rig, ``None`` if it is stale, and give what happened to it since.

        ``verdict`` is what was found of it. ``last_seen`` is when a stale rig was read last.
        ``ours`` are the settings that a command of ours may have changed.
        """
        if rig is None:
            return tuple(self._lose(now, last_seen))
        if rig.seen_at == self._seen_at and not self.is_stale:
            return ()
        self.was_seen = True
        self._seen_at = rig.seen_at
        return tuple(self._look(rig, now, verdict or Verdict(), limits, ours))

    def _look(
        self,
        rig: Rig,
        now: datetime,
        verdict: Verdict,
        limits: Limits,
        ours: frozenset[str],
    ) -> Iterator[RigEvent]:
        if self._gone_since is not None:
            away = max(0, int(now.timestamp() - self._gone_since))
            self._gone_since = None
            yield self._event(RigEventType.CAME_BACK, {"seconds": away})
        rebooted = self._began_anew(rig)
        if rebooted:
            assert rig.uptime is not None
            yield self._event(RigEventType.REBOOTED, {"uptime": int(rig.uptime)})
        yield from self._look_at_boards(rig)
        yield from self._look_at_chips(rig, now)
        yield from self._look_at_heat(rig, verdict, limits)
        yield from self._look_at_rate(rig, verdict, limits)
        yield from self._look_at_pools(rig)
        yield from self._look_at_blocks(rig, rebooted=rebooted)
        yield from self._look_at_settings(rig, ours)

    def _event(self, kind: RigEventType, details: Details) -> RigEvent:
        return RigEvent(type=kind, rig_id=self.rig_id, details=details)

    def _lose(self, now: datetime, last_seen: datetime | None) -> Iterator[RigEvent]:
        if self.is_stale or not self.is_known:
            return
        since = last_seen or self._seen_at or now
        self._gone_since = since.timestamp()
        yield self._event(
            RigEventType.WENT_STALE, {"seconds": int((now - since).total_seconds())}
        )

    def _began_anew(self, rig: Rig) -> bool:
        if rig.uptime is None or rig.seen_at is None:
            return False
        before, self._started = self._started, rig.seen_at.timestamp() - rig.uptime
        return before is not None and self._started > before + SAME_START

    def _look_at_boards(self, rig: Rig) -> Iterator[RigEvent]:
        found = boards_of(rig)
        if found is None:
            return
        working, dead = found
        lost = dead | (self._boards - working - dead)
        self._boards |= working
        before = self._lost.see(lost)
        if before is None:
            return
        for board in sorted(lost - before):
            yield self._event(RigEventType.BOARD_LOST, {"board": board})
        for board in sorted(before - lost):
            yield self._event(RigEventType.BOARD_RECOVERED, {"board": board})

    def _look_at_chips(self, rig: Rig, now: datetime) -> Iterator[RigEvent]:
        if rig.status is not Status.RUNNING:
            return
        rising, self._rising = self._rising, {}
        lost = self._lost.known or frozenset()
        for board in rig.boards:
            count, index = board.chips_faulty, board.index
            if count is None or not board.chips_working or index in lost:
                continue
            most, below_since = self._chips.get(index, (count, None))
            if count > most:
                # As many as two readings in a row say.
                sure = min(count, rising.get(index, 0))
                if sure > most:
                    most = sure
                    yield self._event(
                        RigEventType.CHIPS_FAILING, {"board": index, "chips": sure}
                    )
                if count > sure:
                    self._rising[index] = count
                below_since = None
            elif count == most:
                below_since = None
            elif below_since is None:
                below_since = now.timestamp()
            elif now.timestamp() - below_since >= CHIPS_FORGOTTEN.total_seconds():
                most, below_since = count, None
            self._chips[index] = (most, below_since)

    def _look_at_heat(
        self, rig: Rig, verdict: Verdict, limits: Limits
    ) -> Iterator[RigEvent]:
        before, self._hot = self._hot, verdict.hot
        if before is None or bool(before) is bool(verdict.hot):
            return
        temperatures = {
            part: value
            for part, (value, _) in temperatures_of(rig, limits).items()
            if part in verdict.hot or not verdict.hot
        }
        details: dict[str, Detail] = {}
        if temperatures:
            part = max(temperatures, key=temperatures.__getitem__)
            details = {"part": part, "temperature": temperatures[part]}
        elif OVERHEAT in verdict.hot:
            details = {"part": OVERHEAT}
        yield self._event(
            RigEventType.OVERHEATED if verdict.hot else RigEventType.COOLED_DOWN,
            details,
        )

    def _look_at_rate(
        self, rig: Rig, verdict: Verdict, limits: Limits
    ) -> Iterator[RigEvent]:
        before, self._low = self._low, verdict.is_low
        if verdict.is_low and before is False:
            self._owes_recovery = True
            yield self._event(RigEventType.HASHRATE_LOW, rate_of(rig))
        elif self._owes_recovery and not verdict.is_low and hashrate_fine(rig, limits):
            # One that sleeps, or starts, is not slow; that is no recovery yet.
            self._owes_recovery = False
            yield self._event(RigEventType.HASHRATE_RECOVERED, rate_of(rig))

    def _look_at_pools(self, rig: Rig) -> Iterator[RigEvent]:
        active = next((pool.url for pool in rig.pools if pool.active), None)
        host = address_of(active) if active else None
        if host and (before := self._pool.see(host)):
            yield self._event(
                RigEventType.POOL_CHANGED, {"pool": host, "before": before}
            )
        is_dead = None if rig.status in RESTING else pool_fault(rig)
        if self._pool_dead.see(is_dead) is not None:
            first = first_pool(rig)
            yield self._event(
                RigEventType.POOL_DEAD if is_dead else RigEventType.POOL_RECOVERED,
                {"pool": address_of(first.url)} if first and first.url else {},
            )

    def _look_at_blocks(self, rig: Rig, *, rebooted: bool) -> Iterator[RigEvent]:
        if rig.found_blocks is None:
            return
        before, self._blocks = self._blocks, rig.found_blocks
        if rebooted and before is not None:
            # It counts from zero since.
            before = 0
        if before is not None and rig.found_blocks > before:
            yield self._event(
                RigEventType.BLOCK_FOUND, {"blocks": rig.found_blocks - before}
            )

    def _look_at_settings(self, rig: Rig, ours: frozenset[str]) -> Iterator[RigEvent]:
        told: set[str] = set()
        for name, value in settings_of(rig, self._settings["power_target"].known):
            known = self._settings[name]
            setting = POOLS if name == USERS else name
            if setting in ours:
                known.known, known.candidate = value, None
                continue
            before = known.see(value)
            if before is None or setting in told:
                continue
            told.add(setting)
            details: dict[str, Detail] = {"setting": setting}
            if name != USERS:
                details |= {"value": value, "before": before}
            yield self._event(RigEventType.SETTINGS_CHANGED, details)

    @property
    def state(self) -> dict[str, Json]:
        """What must be kept for nothing to be told twice after a restart."""
        return {
            "started": self._started,
            "gone_since": self._gone_since,
            "boards": [*sorted(self._boards)],
            "lost": None if self._lost.known is None else [*sorted(self._lost.known)],
            "chips": {
                str(index): [most, since]
                for index, (most, since) in self._chips.items()
            },
            "hot": None if self._hot is None else [*sorted(self._hot)],
            "low": self._low,
            "owes_recovery": self._owes_recovery,
            "pool": self._pool.known,
            "pool_dead": self._pool_dead.known,
            "blocks": self._blocks,
            "settings": {
                name: item.known
                for name, item in self._settings.items()
                if item.known is not None
            },
        }

    @classmethod
    def restored(cls, rig_id: str, state: Mapping[str, Json]) -> Self:
        """Make the watch of which ``state`` was kept. Raises ValueError if it is of no watch."""
        watch = cls(rig_id)
        watch._started = number(state.get("started"))
        watch._gone_since = number(state.get("gone_since"))
        watch._boards = frozenset(numbers(state.get("boards")) or ())
        watch._lost.known = numbers(state.get("lost"))
        chips = state.get("chips")
        if isinstance(chips, dict):
            for index, kept in chips.items():
                if not isinstance(kept, list) or len(kept) != 2:
                    raise ValueError("two figures were expected")
                watch._chips[int(index)] = (int(number(kept[0]) or 0), number(kept[1]))
        watch._hot = texts(state.get("hot"))
        watch._low = truth(state.get("low"))
        watch._owes_recovery = truth(state.get("owes_recovery")) or False
        watch._pool.known = text(state.get("pool"))
        watch._pool_dead.known = truth(state.get("pool_dead"))
        blocks = number(state.get("blocks"))
        watch._blocks = None if blocks is None else int(blocks)
        settings = state.get("settings")
        if isinstance(settings, dict):
            for name, value in settings.items():
                if name in watch._settings and isinstance(value, str | float):
                    watch._settings[name].known = value
        return watch
