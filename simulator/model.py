"""A miner without its sockets: state, and how it moves with time.

Nothing runs in the background. A miner remembers what it had done when its conditions last
changed; everything since is a function of the clock and the seed, computed when someone
asks. The same seed, clock and history give the same figures, however often they are read.
"""

from collections.abc import Callable
from dataclasses import replace

from .air import Air
from .chance import draw, noise
from .configuration import (
    Configuration,
    first_configuration,
    pace,
    sleep_mode,
    with_scheme,
)
from .identity import mac_address, miner_id, serial_number
from .orders import Order
from .profiles import (
    HASHES_PER_DIFFICULTY,
    Conditions,
    PoolSetting,
    Profile,
    check_conditions,
)
from .segment import RAMP, WARM_UP, Segment
from .session import Session
from .snapshot import BoardState, Phase, PoolState, Snapshot, Truth, truth_of

WINDOWS = (60, 300, 900, 1800, 86400)
"""Seconds of the averages that firmware reports beside the one since the start."""
REJECTED = 0.0012
STALE = 0.0004
IDLE_POWER = 28.0
"""Watts of control board and power supply alone."""

__all__ = ["RAMP", "WARM_UP", "MinerModel"]


class MinerModel:
    """State and dynamics of one miner."""

    __slots__ = (
        "_air", "_boot", "_kept", "_segment", "_settings", "address", "clock", "conditions", "index", "locating", "orders",
        "profile", "seed", "session", "stats_rate",
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
        self._settings = first_configuration(profile, f"farm.worker{index:04}")
        self._kept: Configuration | None = None
        self.locating = False
        self.orders: list[Order] = []
        """What a client told it, until somebody carries it out."""
        self.session = Session(clock)
        self._air = Air(profile, seed, index)
        self.stats_rate = ""
        self.start(
            age if age is not None else float(int(3600 + 800_000 * self._draw(1) ** 2))
        )

    def start(self, age: float = 0.0) -> None:
        """Start the daemon, ``age`` seconds ago: counters from zero, ramp from cold."""
        if self._kept is not None:
            self._settings = replace(
                self._settings, pools=self._kept.pools, order=self._kept.order
            )
            self._kept = None
        self._boot = self.clock() - age
        self._segment = Segment(
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

    @property
    def config(self) -> Configuration:
        """What it is set to; its mode is that of sleep while it sleeps."""
        if not self.conditions.sleep:
            return self._settings
        return replace(self._settings, mode=sleep_mode(self.profile))

    def configure(self, config: Configuration, *, kept: bool = True) -> None:
        """Set it; unless ``kept``, the pools are those of before when it starts again.

        Counters of the shares start anew with other pools.
        """
        before = self._settings
        asleep = config.mode == sleep_mode(self.profile)
        settings = replace(config, mode=before.mode) if asleep else config
        conditions = replace(self.conditions, sleep=asleep)
        if kept:
            self._kept = None
        elif self._kept is None:
            self._kept = before
        if (settings, conditions) != (before, self.conditions):
            self._begin_segment(conditions, settings)
        if settings.pools != before.pools:
            self._segment.work = [0.0] * len(settings.pools)
            self._segment.last_share = [None] * len(settings.pools)

    @property
    def pools(self) -> tuple[PoolSetting, ...]:
        """The pool slots."""
        return self._settings.pools

    def set_pools(self, pools: tuple[PoolSetting, ...]) -> None:
        """Replace the pool slots; counters of the shares start anew."""
        self.configure(replace(self.config, pools=pools, order=()))

    @property
    def fan_manual(self) -> bool:
        """Whether the fans keep ``fan_pwm``."""
        return self._settings.fan_manual is True

    @fan_manual.setter
    def fan_manual(self, manual: bool) -> None:
        self.configure(replace(self.config, fan_manual=manual))

    @property
    def fan_pwm(self) -> int:
        """Per cent."""
        text = self._settings.fan_pwm
        return int(text) if text.isdecimal() else 100

    @fan_pwm.setter
    def fan_pwm(self, duty: int) -> None:
        self.configure(replace(self.config, fan_pwm=str(duty)))

    def _begin_segment(
        self, conditions: Conditions, settings: Configuration | None = None
    ) -> None:
        now = self.clock()
        state = self.snapshot()
        before = self._segment
        stopped = self._stopped(self.conditions)
        active = self._active_pool(self.conditions)
        work = list(before.work)
        if active is not None:
            work[active] += self._work_since(before, now)
        heat = self._heat(now)
        errors = [self._errors(index, now) for index in range(self.profile.boards)]
        self._settings = settings or self._settings
        self._segment = Segment(
            start=now,
            ramp_start=now
            if stopped and not self._stopped(conditions)
            else before.ramp_start,
            heat=heat,
            work=work,
            rates=self._rates(conditions),
            errors=errors,
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
        for index in self._order:
            if self.pools[index].url and not (conditions.pool_dead and index == 0):
                return index
        return None

    @property
    def _order(self) -> tuple[int, ...]:
        return self._settings.order or tuple(range(len(self.pools)))

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
        return self.profile.rate * pace(self._settings, self.profile)

    @property
    def _full_rate(self) -> float:
        return sum(self._segment.rates)

    def _work_since(self, segment: Segment, until: float) -> float:
        return self._full_rate * segment.full_seconds(segment.start, until)

    def _average(self, now: float, window: float) -> float:
        """Hashes per second over the last ``window`` seconds, or since the start when that is shorter."""
        segment = self._segment
        first = max(now - window, self._boot)
        if now <= first:
            return 0.0
        inside = max(first, segment.start)
        work = self._full_rate * segment.full_seconds(inside, now)
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
        if self._overheated:
            return segment.heat_at(now, 1.65)
        if self.conditions.sleep:
            return segment.heat_at(now, 0.0)
        target = 0.25 + 0.75 * self._full_rate / self.profile.rate
        return segment.heat_at(now, target, warm=segment.ramp_start + WARM_UP)

    def _ambient(self) -> float:
        if self.conditions.ambient is not None:
            return self.conditions.ambient
        return 24 + 3 * self._draw(3)

    def _fans(self, heat: float, now: float) -> tuple[int, tuple[int, ...]]:
        if self.conditions.sleep:
            return 0, self.profile.idle_fans or (0,) * self.profile.fans
        if self._overheated:
            duty = 100
        elif self.fan_manual:
            duty = self.fan_pwm
        else:
            duty = self._air.automatic_duty(heat, self._ambient())
        return duty, self._air.fans(duty, now)

    def _errors(self, board: int, now: float) -> float:
        """Hardware errors: a few an hour, many from failing chips."""
        if self.conditions.missing_board == board:
            return self._segment.errors[board]
        hourly = 0.5 + 5 * self._draw(8, board)
        if board == self.profile.boards - 1:
            hourly += 60 * self.conditions.dying_chips
        full = 0.0 if self._stopped(self.conditions) else 1.0
        return self._segment.errors[
            board
        ] + full * hourly / 3600 * self._segment.full_seconds(self._segment.start, now)

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
        pcb = self._air.temperatures(index, heat, now, self._ambient())
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
            priority=self._order.index(index),
            setting=replace(setting, url=with_scheme(setting.url)),
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
            now=int(now + self.conditions.clock),
            elapsed=int(now - self._boot),
            phase=phase,
            rate=rate,
            average=self._average(now, now - self._boot),
            averages={window: self._average(now, window) for window in WINDOWS},
            nominal=self.nominal,
            boards=boards,
            fans=fans,
            fan_duty=duty,
            ambient=self._ambient(),
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
            config=self.config,
        )

    def truth(self, *, up: bool) -> Truth:
        """The plain facts, now."""
        return truth_of(self.snapshot(), up=up)
