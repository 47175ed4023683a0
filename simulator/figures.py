"""What a miner tells at one moment, worked out of what it had done before."""

from dataclasses import dataclass, replace

from .air import Air
from .chance import draw, noise
from .configuration import Configuration, pace, with_scheme
from .identity import serial_number
from .profiles import HASHES_PER_DIFFICULTY, Conditions, Profile
from .segment import RAMP, WARM_UP, Segment
from .snapshot import BoardState, Phase, PoolState

REJECTED = 0.0012
STALE = 0.0004
IDLE_POWER = 28.0
"""Watts of control board and power supply alone."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What decides what a miner does: what it is, how it is set, what it suffers."""

    profile: Profile
    seed: int
    index: int
    config: Configuration
    conditions: Conditions

    def draw(self, *key: int) -> float:
        """Chance that never changes, from 0 to 1."""
        return draw(self.seed, self.index, *key)

    def noise(self, *key: int) -> float:
        """Chance around 0."""
        return noise(self.seed, self.index, *key)

    @property
    def is_stopped(self) -> bool:
        """Whether it does not hash, whatever its pools do."""
        return self.conditions.sleep or self.conditions.over_temperature

    @property
    def is_overheated(self) -> bool:
        """Whether it stopped because of its heat."""
        return self.conditions.over_temperature and not self.conditions.sleep

    @property
    def order(self) -> tuple[int, ...]:
        """Indices of the pools, the one that is preferred first."""
        return self.config.order or tuple(range(len(self.config.pools)))

    @property
    def active_pool(self) -> int | None:
        """Index of the pool that is worked for."""
        for index in self.order:
            if self.config.pools[index].url and self.is_alive(index):
                return index
        return None

    def is_alive(self, pool: int) -> bool:
        """Whether a pool answers."""
        return not (self.conditions.pool_dead and pool == 0)

    @property
    def nominal(self) -> float:
        """Hashes per second at these settings, all boards sound."""
        return self.profile.rate * pace(self.config, self.profile)

    @property
    def rates(self) -> tuple[float, ...]:
        """Hashes per second a board, at the full rate: of the boards that are there."""
        boards = self.profile.boards
        if self.is_stopped or self.active_pool is None:
            return (0.0,) * boards
        weights = [0.97 + 0.06 * self.draw(2, index) for index in range(boards)]
        rates = [self.nominal * weight / sum(weights) for weight in weights]
        rates[-1] *= 1 - self.conditions.dying_chips / self.profile.chips
        return tuple(
            0.0 if index == self.conditions.missing_board else rate
            for index, rate in enumerate(rates)
        )

    @property
    def ambient(self) -> float:
        """°C of the air around it."""
        if self.conditions.ambient is not None:
            return self.conditions.ambient
        return 24 + 3 * self.draw(3)


class Figures:
    """The figures of one miner at one moment."""

    __slots__ = ("_air", "_boot", "_segment", "_set", "full_rate", "heat", "now")

    def __init__(
        self, setting: Setting, segment: Segment, air: Air, *, boot: float, now: float
    ) -> None:
        """``boot`` is when the daemon started, ``now`` the moment."""
        self._set = setting
        self._segment = segment
        self._air = air
        self._boot = boot
        self.now = now
        self.full_rate = sum(segment.rates)
        """Hashes per second, once it ramped up."""
        self.heat = self._heat()
        """0 at the temperature of the air, 1 that of a miner at its full rate."""

    @property
    def work(self) -> float:
        """Hashes since the conditions last changed."""
        segment = self._segment
        return self.full_rate * segment.full_seconds(segment.start, self.now)

    @property
    def elapsed(self) -> float:
        """Seconds since the daemon started."""
        return self.now - self._boot

    @property
    def load(self) -> float:
        """How far it ramped up, from 0 to 1."""
        since = self.now - self._segment.ramp_start - WARM_UP
        return min(1.0, max(0.0, since / RAMP))

    def average(self, window: float) -> float:
        """Hashes per second over the last ``window`` seconds, or since the start when that is shorter."""
        segment, now = self._segment, self.now
        first = max(now - window, self._boot)
        if now <= first:
            return 0.0
        inside = max(first, segment.start)
        work = self.full_rate * segment.full_seconds(inside, now)
        if first < segment.start:
            before = segment.start - self._boot
            work += sum(segment.work) * (segment.start - first) / before
        return work / (now - first)

    @property
    def phase(self) -> Phase:
        """What it is at."""
        if self._set.conditions.sleep:
            return Phase.SLEEPING
        if self._set.is_overheated:
            return Phase.OVERHEATED
        since = self.now - self._segment.ramp_start
        if since <= WARM_UP:
            return Phase.STARTING
        return Phase.RAMPING if since < WARM_UP + RAMP else Phase.HASHING

    def _heat(self) -> float:
        segment = self._segment
        if self._set.is_overheated:
            return segment.heat_at(self.now, 1.65)
        if self._set.conditions.sleep:
            return segment.heat_at(self.now, 0.0)
        target = 0.25 + 0.75 * self.full_rate / self._set.profile.rate
        return segment.heat_at(self.now, target, warm=segment.ramp_start + WARM_UP)

    def fans(self, manual: int | None) -> tuple[int, tuple[int, ...]]:
        """Duty in per cent and RPM; ``manual`` is the duty that somebody set."""
        profile = self._set.profile
        if self._set.conditions.sleep:
            return 0, profile.idle_fans or (0,) * profile.fans
        if self._set.is_overheated:
            duty = 100
        elif manual is not None:
            duty = manual
        else:
            duty = self._air.automatic_duty(self.heat, self._set.ambient)
        return duty, self._air.fans(duty, self.now)

    def power(self, rate: float) -> float:
        """Watts of the whole miner at a rate."""
        profile = self._set.profile
        return IDLE_POWER + (profile.power - IDLE_POWER) * rate / profile.rate

    def errors(self, board: int) -> float:
        """Hardware errors: a few an hour, many from failing chips."""
        conditions, segment = self._set.conditions, self._segment
        if conditions.missing_board == board:
            return segment.errors[board]
        hourly = 0.5 + 5 * self._set.draw(8, board)
        if board == self._set.profile.boards - 1:
            hourly += 60 * conditions.dying_chips
        full = 0.0 if self._set.is_stopped else 1.0
        return segment.errors[board] + full * hourly / 3600 * segment.full_seconds(
            segment.start, self.now
        )

    def board(self, index: int) -> BoardState:
        """A hashboard."""
        profile, conditions = self._set.profile, self._set.conditions
        present = conditions.missing_board != index
        bucket = int(self.now // 5)
        swing = (
            1
            + 0.012 * self._set.noise(12, bucket)
            + 0.012 * self._set.noise(13, index, bucket)
        )
        rate = self._segment.rates[index] * self.load * swing
        failing = conditions.dying_chips if index == profile.boards - 1 else 0
        chips = "o" * (profile.chips - failing) + "x" * failing
        if self._set.is_overheated:
            chips = "x" * profile.chips
        pcb = self._air.temperatures(index, self.heat, self.now, self._set.ambient)
        warm = profile.chip_delta
        return BoardState(
            index=index,
            present=present,
            rate=rate,
            ideal=self._set.nominal / profile.boards if present else 0.0,
            chips=chips if present else "",
            pcb=pcb if present else (0, 0, 0, 0),
            chip=(pcb[0] + warm, pcb[1] + warm, pcb[2] + warm, pcb[3] + warm)
            if present
            else (0, 0, 0, 0),
            frequency=profile.frequency if present else 0,
            hardware_errors=int(self.errors(index)),
            power=profile.power * rate / profile.rate,
            serial=serial_number(self._set.seed, self._set.index, index)
            if present
            else "",
        )

    def pool(self, index: int) -> PoolState:
        """A pool slot."""
        segment, profile = self._segment, self._set.profile
        setting = self._set.config.pools[index]
        active = self._set.active_pool == index
        rate = self.full_rate * self.load
        share_work = profile.difficulty * HASHES_PER_DIFFICULTY[profile.algorithm]
        before = segment.work[index] / share_work
        shares = before + (self.work / share_work if active else 0.0)
        found = int(shares)
        rejected, stale = int(found * REJECTED), int(found * STALE)
        since = None
        if found > int(before) and rate > 0:
            since = min((shares - found) * share_work / rate, self.now - segment.start)
        elif (last := segment.last_share[index]) is not None:
            since = self.now - last
        return PoolState(
            index=index,
            priority=self._set.order.index(index),
            setting=replace(setting, url=with_scheme(setting.url)),
            alive=bool(setting.url) and self._set.is_alive(index),
            active=active,
            difficulty=profile.difficulty,
            accepted=found - rejected - stale,
            rejected=rejected,
            stale=stale,
            since_share=since,
        )
