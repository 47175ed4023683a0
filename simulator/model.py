"""A miner without its sockets: state, and how it moves with time.

Nothing runs in the background. A miner remembers what it had done when its conditions last
changed; everything since is a function of the clock and the seed, computed when someone
asks. The same seed, clock and history give the same figures, however often they are read.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
import math

from .chance import draw, noise
from .identity import mac_address, miner_id, serial_number
from .profiles import (
    HASHES_PER_DIFFICULTY,
    Conditions,
    PoolSetting,
    Profile,
    check_conditions,
    default_pools,
)
from .snapshot import BoardState, Phase, PoolState, Snapshot, Truth, truth_of

WARM_UP, RAMP = 20.0, 100.0
"""Seconds from the daemon's start (or waking) to the first hash, from there to the full rate."""
HEAT_TIME = 90.0
"""Time constant of the temperatures, in seconds."""
WINDOWS = (60, 300, 900, 1800, 86400)
"""Seconds of the averages that firmware reports beside the one since the start."""
REJECTED = 0.0012
STALE = 0.0004
IDLE_POWER = 28.0
"""Watts of control board and power supply alone."""


@dataclass(slots=True)
class _Segment:
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


class MinerModel:
    """State and dynamics of one miner."""

    __slots__ = (
        "_boot", "_segment", "address", "clock", "conditions", "fan_manual", "fan_pwm", "freq_level", "index",
        "locating", "pools", "profile", "seed", "stats_rate",
    )  # fmt: skip

    def __init__(
        self,
        profile: Profile,
        *,
        seed: int = 0,
        index: int = 0,
        clock: Callable[[], float],
        age: float | None = None,
    ) -> None:
        """Make a miner whose daemon has been running for ``age`` seconds (``None``: hours to days)."""
        self.profile = profile
        self.seed = seed
        self.index = index
        self.clock = clock
        self.address = "127.0.0.1"
        self.conditions = profile.conditions
        self.pools = default_pools(f"farm.worker{index:04}")
        self.fan_manual = False
        self.fan_pwm = 100
        self.freq_level = 100
        self.locating = False
        self.stats_rate = ""
        self.start(
            age if age is not None else float(int(3600 + 800_000 * self._draw(1) ** 2))
        )

    def start(self, age: float = 0.0) -> None:
        """Start the daemon, ``age`` seconds ago: counters from zero, ramp from cold."""
        self._boot = self.clock() - age
        self._segment = _Segment(
            start=self._boot,
            ramp_start=self._boot,
            heat=0.0,
            work=[0.0] * len(self.pools),
            rates=self._rates(self.conditions),
            errors=[0.0] * self.profile.boards,
            last_share=[None] * len(self.pools),
        )
        self.stats_rate = ""

    def condition(self, **changes: object) -> Conditions:
        """Change what the miner suffers; what is not named stays.

        Raises ValueError, naming what is wrong, for an unknown condition, a wrong value, or
        sleep on a firmware that has none.
        """
        check_conditions(self.profile, changes)
        changed = replace(self.conditions, **changes)  # type: ignore[arg-type]  # checked just above
        if changed != self.conditions:
            self._begin_segment(changed)
        return changed

    def clear_conditions(self) -> None:
        """Back to what the profile starts with."""
        if self.conditions != self.profile.conditions:
            self._begin_segment(self.profile.conditions)

    def set_pools(self, pools: tuple[PoolSetting, ...]) -> None:
        """Replace the pool slots; counters of the shares start anew."""
        self.pools = pools
        self._begin_segment(self.conditions)
        self._segment.work = [0.0] * len(pools)
        self._segment.last_share = [None] * len(pools)

    def _begin_segment(self, conditions: Conditions) -> None:
        now = self.clock()
        state = self.snapshot()
        before = self._segment
        stopped = self._stopped(self.conditions)
        active = self._active_pool(self.conditions)
        work = list(before.work)
        if active is not None:
            work[active] += self._work_since(before, now)
        self._segment = _Segment(
            start=now,
            ramp_start=now
            if stopped and not self._stopped(conditions)
            else before.ramp_start,
            heat=self._heat(now),
            work=work,
            rates=self._rates(conditions),
            errors=[self._errors(index, now) for index in range(self.profile.boards)],
            last_share=[
                None if pool.since_share is None else now - pool.since_share
                for pool in state.pools
            ],
        )
        self.conditions = conditions

    @staticmethod
    def _stopped(conditions: Conditions) -> bool:
        return conditions.sleep or conditions.over_temperature

    def _active_pool(self, conditions: Conditions) -> int | None:
        for index, pool in enumerate(self.pools):
            if pool.url and not (conditions.pool_dead and index == 0):
                return index
        return None

    @property
    def _overheated(self) -> bool:
        return self.conditions.over_temperature and not self.conditions.sleep

    def _draw(self, *key: int) -> float:
        return draw(self.seed, self.index, *key)

    def _noise(self, *key: int) -> float:
        return noise(self.seed, self.index, *key)

    # The rate: nominal, times the boards that are there, times the ramp.

    def _rates(self, conditions: Conditions) -> tuple[float, ...]:
        boards = self.profile.boards
        if self._stopped(conditions) or self._active_pool(conditions) is None:
            return (0.0,) * boards
        weights = [0.97 + 0.06 * self._draw(2, index) for index in range(boards)]
        rates = [self.nominal * weight / sum(weights) for weight in weights]
        rates[-1] *= 1 - conditions.dying_chips / self.profile.chips
        return tuple(
            0.0 if index == conditions.missing_board else rate
            for index, rate in enumerate(rates)
        )

    @property
    def nominal(self) -> float:
        """Hashes per second at the present settings, all boards sound."""
        return self.profile.rate * self.freq_level / 100

    @property
    def _full_rate(self) -> float:
        return sum(self._segment.rates)

    @staticmethod
    def _ramped(since: float) -> float:
        """Seconds at full rate that the first ``since`` seconds are worth."""
        if since <= WARM_UP:
            return 0.0
        if since < WARM_UP + RAMP:
            return (since - WARM_UP) ** 2 / (2 * RAMP)
        return since - WARM_UP - RAMP / 2

    def _full_seconds(self, segment: _Segment, first: float, last: float) -> float:
        return self._ramped(last - segment.ramp_start) - self._ramped(
            first - segment.ramp_start
        )

    def _work_since(self, segment: _Segment, until: float) -> float:
        return self._full_rate * self._full_seconds(segment, segment.start, until)

    def _average(self, now: float, window: float) -> float:
        """Hashes per second over the last ``window`` seconds, or since the start when that is shorter."""
        segment = self._segment
        first = max(now - window, self._boot)
        if now <= first:
            return 0.0
        inside = max(first, segment.start)
        work = self._full_rate * self._full_seconds(segment, inside, now)
        if first < segment.start:
            before = segment.start - self._boot
            work += sum(segment.work) * (segment.start - first) / before
        return work / (now - first)

    def _phase(self, now: float) -> Phase:
        if self.conditions.sleep:
            return Phase.SLEEPING
        if self._overheated:
            return Phase.OVERHEATED
        since = now - self._segment.ramp_start
        if since <= WARM_UP:
            return Phase.STARTING
        return Phase.RAMPING if since < WARM_UP + RAMP else Phase.HASHING

    # Heat: 0 is the air's temperature, 1 that of a miner at its full rate.

    def _heat(self, now: float) -> float:
        segment = self._segment
        target = 0.0
        if self._overheated:
            target = 1.65
        elif not self.conditions.sleep:
            target = 0.25 + 0.75 * self._full_rate / self.profile.rate
        begin = segment.start
        heat = segment.heat
        if target and not self._overheated:
            warm = segment.ramp_start + WARM_UP
            if now <= warm:
                return heat * math.exp(-(now - begin) / HEAT_TIME)
            if begin < warm:
                heat *= math.exp(-(warm - begin) / HEAT_TIME)
                begin = warm
        return target + (heat - target) * math.exp(-(now - begin) / HEAT_TIME)

    def _ambient(self) -> float:
        if self.conditions.ambient is not None:
            return self.conditions.ambient
        return 24 + 3 * self._draw(3)

    def _temperatures(
        self, board: int, heat: float, now: float
    ) -> tuple[int, int, int, int]:
        tick = int(now // 20)
        near, far = 16.0, 41.0
        return (
            round(self._ambient() + near * heat + 2 * self._noise(4, board, 0, tick)),
            round(self._ambient() + (near + 1) * heat + 2 * self._draw(4, board)),
            round(self._ambient() + far * heat + 2 * self._draw(5, board)),
            round(self._ambient() + (far + 1) * heat + self._noise(4, board, 1, tick)),
        )

    def _fans(self, heat: float, now: float) -> tuple[int, tuple[int, ...]]:
        profile = self.profile
        if self.conditions.sleep:
            return 0, profile.idle_fans or (0,) * profile.fans
        if self._overheated:
            duty = 100
        elif self.fan_manual:
            duty = self.fan_pwm
        else:
            duty = max(
                20, min(100, round(35 + 40 * heat + 0.8 * (self._ambient() - 25)))
            )
        speeds = []
        for fan in range(profile.fans):
            speed = profile.fan_max * duty / 100 * (0.97 + 0.04 * self._draw(6, fan))
            speed += profile.fan_step * self._noise(7, fan, int(now // 10))
            speeds.append(max(0, round(speed / profile.fan_step)) * profile.fan_step)
        return duty, tuple(speeds)

    def _errors(self, board: int, now: float) -> float:
        """Hardware errors: a few an hour, many from failing chips."""
        if self.conditions.missing_board == board:
            return self._segment.errors[board]
        hourly = 0.5 + 5 * self._draw(8, board)
        if board == self.profile.boards - 1:
            hourly += 60 * self.conditions.dying_chips
        full = 0.0 if self._stopped(self.conditions) else 1.0
        return self._segment.errors[board] + full * hourly / 3600 * self._full_seconds(
            self._segment, self._segment.start, now
        )

    def _board(self, index: int, now: float, heat: float, load: float) -> BoardState:
        profile, conditions = self.profile, self.conditions
        present = conditions.missing_board != index
        bucket = int(now // 5)
        swing = (
            1 + 0.012 * self._noise(12, bucket) + 0.012 * self._noise(13, index, bucket)
        )
        rate = self._segment.rates[index] * load * swing
        failing = conditions.dying_chips if index == profile.boards - 1 else 0
        chips = "o" * (profile.chips - failing) + "x" * failing
        if self._overheated:
            chips = "x" * profile.chips
        pcb = self._temperatures(index, heat, now)
        warm = profile.chip_delta
        return BoardState(
            index=index,
            present=present,
            rate=rate,
            ideal=self.nominal / profile.boards if present else 0.0,
            chips=chips if present else "",
            pcb=pcb if present else (0, 0, 0, 0),
            chip=(pcb[0] + warm, pcb[1] + warm, pcb[2] + warm, pcb[3] + warm)
            if present
            else (0, 0, 0, 0),
            frequency=profile.frequency if present else 0,
            hardware_errors=int(self._errors(index, now)),
            power=self.profile.power * rate / self.profile.rate,
            serial=serial_number(self.seed, self.index, index) if present else "",
        )

    def _pool(self, index: int, now: float, rate: float) -> PoolState:
        setting, segment, profile = self.pools[index], self._segment, self.profile
        active = self._active_pool(self.conditions) == index
        share_work = profile.difficulty * HASHES_PER_DIFFICULTY[profile.algorithm]
        before = segment.work[index] / share_work
        shares = before + (
            self._work_since(segment, now) / share_work if active else 0.0
        )
        found = int(shares)
        rejected, stale = int(found * REJECTED), int(found * STALE)
        since = None
        if found > int(before) and rate > 0:
            since = min((shares - found) * share_work / rate, now - segment.start)
        elif (last := segment.last_share[index]) is not None:
            since = now - last
        return PoolState(
            index=index,
            setting=setting,
            alive=bool(setting.url) and not (self.conditions.pool_dead and index == 0),
            active=active,
            difficulty=profile.difficulty,
            accepted=found - rejected - stale,
            rejected=rejected,
            stale=stale,
            since_share=since,
        )

    def snapshot(self) -> Snapshot:
        """The miner as it is now."""
        now = self.clock()
        phase = self._phase(now)
        heat = self._heat(now)
        since = now - self._segment.ramp_start - WARM_UP
        load = min(1.0, max(0.0, since / RAMP))
        boards = tuple(
            self._board(index, now, heat, load) for index in range(self.profile.boards)
        )
        rate = sum(board.rate for board in boards)
        duty, fans = self._fans(heat, now)
        full = self._full_rate * load
        return Snapshot(
            profile=self.profile,
            now=int(now),
            elapsed=int(now - self._boot),
            phase=phase,
            rate=rate,
            average=self._average(now, now - self._boot),
            averages={window: self._average(now, window) for window in WINDOWS},
            nominal=self.nominal,
            boards=boards,
            fans=fans,
            fan_duty=duty,
            pools=tuple(
                self._pool(index, now, full) for index in range(len(self.pools))
            ),
            work=sum(self._segment.work) + self._work_since(self._segment, now),
            hardware_errors=sum(board.hardware_errors for board in boards),
            power=IDLE_POWER
            + (self.profile.power - IDLE_POWER) * rate / self.profile.rate,
            mac=mac_address(self.seed, self.index),
            serial=serial_number(self.seed, self.index, 99),
            miner_id=miner_id(self.seed, self.index),
            address=self.address,
            stats_rate=self.stats_rate,
            locating=self.locating,
        )

    def truth(self, *, up: bool) -> Truth:
        """The plain facts, now."""
        return truth_of(self.snapshot(), up=up)
