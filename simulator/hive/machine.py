"""The state of a worker, and what it reports of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from .catalogue import (
    ASIC_PLATFORM,
    GPU_PLATFORM,
    AsicKind,
    FlightSheet,
    GpuKind,
    Overclock,
)
from .data import Data
from .figures import RED_ASR, RED_TEMP, Figures, State, measure
from .records import Timing

PUSH_INTERVAL = 10
"""Seconds between two reports of a worker."""


class Machine:
    """A GPU rig or an ASIC: on or off, mining or not, with its figures."""

    def __init__(
        self,
        *,
        id: int,
        kind: GpuKind | AsicKind,
        cards: int,
        sheet: FlightSheet | None,
        seed: int,
        timing: Timing,
        clock: Callable[[], float],
    ) -> None:
        """Build one that has been mining for a while."""
        self.id = id
        self.kind = kind
        self.seed = seed
        self.cards = cards
        self.active = True
        self.sheet = sheet
        self.overclock: Overclock | None = None
        self.custom_overclock: Data | None = None
        self.settings: Data = {}
        """``options``, ``watchdog``, ``autofan`` and other objects, by the key they stand at."""
        self.mode = "normal"
        self.booted_at = clock() - 86_400 - 977 * (seed % 41)
        self.revision = 0
        """Another whenever something changed by itself or by somebody, besides the figures."""
        self._timing = timing
        self._clock = clock
        self._state = State(
            seed=seed,
            kind=kind,
            cards=cards,
            items=sheet.items if sheet else (),
            since=self.booted_at + 40,
        )
        self._mining = True
        self._online_from: float | None = self.booted_at
        self._pushed_at = self.booted_at
        self._gone: tuple[float, Figures] | None = None
        self._frozen: tuple[float, Figures] | None = None
        self._extra_problems: tuple[str, ...] = ()
        self._measured: tuple[float, int, Figures] | None = None

    @property
    def platform(self) -> int:
        """1: GPU rig, 2: ASIC."""
        return GPU_PLATFORM if isinstance(self.kind, GpuKind) else ASIC_PLATFORM

    @property
    def units(self) -> int:
        """Cards or boards that it should have."""
        return self.cards if isinstance(self.kind, GpuKind) else self.kind.boards

    @property
    def units_lost(self) -> int:
        """Of those, how many are not found."""
        return self._state.lost

    @property
    def dead_chips(self) -> int:
        """Of the last board."""
        return self._state.dead_chips

    @property
    def started_at(self) -> float:
        """When the miner program started."""
        return self._state.since

    @property
    def maintenance(self) -> int:
        """0 unless its owner keeps it from mining."""
        options = self.settings.get("options")
        mode = options.get("maintenance_mode") if isinstance(options, Mapping) else 0
        return mode if isinstance(mode, int) else 0

    @property
    def online(self) -> bool:
        """Whether it reports; set it to pull the plug, or to boot it."""
        self.settle()
        return self._is_online(self._clock())

    @online.setter
    def online(self, value: bool) -> None:
        now = self._clock()
        self.settle(now)
        if value == self._is_online(now):
            return
        if value:
            self._boot(now)
            self.settle(now)
        else:
            self._leave(now, None)

    @property
    def mining(self) -> bool:
        """Whether it is on and hashing, or about to."""
        return self.online and self._mining and self._may_hash()

    def freeze_stats(self) -> None:
        """Online still, with figures that stand where they are."""
        self._frozen = self.reading()
        self.touch()

    def thaw_stats(self) -> None:
        """End that."""
        self._frozen = None
        self.touch()

    def settle(self, now: float | None = None) -> None:
        """Let happen what fell due until ``now``; a machine by itself has nothing to do."""

    def touch(self) -> None:
        """Say that what is listed of it is another."""
        self.revision += 1

    def reading(self) -> tuple[float, Figures]:
        """The last report: when it was, and its figures."""
        now = self._clock()
        if not self._is_online(now):
            if self._gone is None:
                return self.booted_at, measure(self._state, self.booted_at)
            return self._gone
        if self._frozen is not None:
            return self._frozen
        at = self._report_time(now)
        if self._measured is None or self._measured[:2] != (at, self.revision):
            state = replace(
                self._state,
                hashing=self._hashes(at),
                mode=self.mode,
            )
            self._measured = (at, self.revision, measure(state, at))
        return at, self._measured[2]

    def problems(self, figures: Figures) -> list[str]:
        """What the service finds wrong with it."""
        found: list[str] = []
        hottest = figures.hottest
        if hottest is not None and hottest >= RED_TEMP[self.platform]:
            found.append("overheat")
        if (ratio := figures.accepted_ratio) is not None and ratio < RED_ASR:
            found.append("low_asr")
        if self._state.lost:
            found.append("missed_unit")
        if self.sheet is None:
            found.append("no_fs")
        elif not figures.streams and self._may_hash() and not self._warming_up():
            found.append("no_hashrate")
        return [*found, *self._extra_problems]

    def leave_long_ago(self, seconds: float) -> None:
        """Have it off for so long already, with nothing of its figures left."""
        at = self._clock() - seconds
        self._gone = (at, measure(replace(self._state, hashing=False), at))
        self._online_from = None
        self.touch()

    @property
    def gone_for(self) -> float | None:
        """Seconds since it went off; ``None`` while it is on."""
        now = self._clock()
        if self._is_online(now) or self._gone is None:
            return None
        return now - self._gone[0]

    def set_sheet(self, sheet: FlightSheet | None, at: float) -> None:
        """Mine something else from ``at`` on, or nothing."""
        self.sheet = sheet
        items = sheet.items if sheet else ()
        self._state = replace(self._state, items=items, since=at)
        self.touch()

    def set_overclock(self, overclock: Overclock | None, at: float) -> None:
        """Run with other clocks from ``at`` on; the miner program starts anew."""
        self.overclock = overclock
        self._state = replace(self._state, overclock=overclock, since=at)
        self.touch()

    def set_mode(self, mode: str, at: float) -> None:
        """Change the power mode of an ASIC at ``at``; it starts hashing anew."""
        self.mode = mode
        self._state = replace(self._state, since=at)
        self.touch()

    def set_setting(self, key: str, value: object, at: float) -> None:
        """Change an object of its settings at ``at``; a miner that was held back starts."""
        held = self.maintenance
        self.settings[key] = value
        self.touch()
        if held and not self.maintenance:
            self._state = replace(self._state, since=at)

    def _start_miner(self, at: float) -> None:
        self._mining = True
        self._state = replace(self._state, since=at)

    def _is_online(self, now: float) -> bool:
        return self._online_from is not None and now >= self._online_from

    def _warming_up(self) -> bool:
        return self.reading()[0] < self._state.since + self._timing.warm_up

    def _may_hash(self) -> bool:
        return self.maintenance == 0 and self.mode != "sleep" and self.active

    def _hashes(self, at: float) -> bool:
        warm = at >= self._state.since + self._timing.warm_up
        return warm and self._mining and self._may_hash()

    def _report_time(self, now: float) -> float:
        phase = self.id % PUSH_INTERVAL
        last = (int(now) - phase) // PUSH_INTERVAL * PUSH_INTERVAL + phase
        return max(float(last), self._pushed_at)

    def _leave(self, at: float, back: float | None) -> None:
        """Go off at ``at``, until ``back`` or until somebody boots it."""
        figures = measure(
            replace(self._state, hashing=self._hashes(at), mode=self.mode), at
        )
        self._gone = (at, figures)
        self._frozen = None
        self._online_from = None
        if back is not None:
            self._boot(back)
        self.touch()

    def _boot(self, at: float) -> None:
        self._online_from = at
        self._pushed_at = at
        self.booted_at = at
        self._mining = True
        self._state = replace(self._state, since=at)
        self.touch()
