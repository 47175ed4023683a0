"""A miner without its sockets: state, and how it moves with time.

Nothing runs in the background. A miner remembers what it had done when its conditions last
changed; everything since is a function of the clock and the seed, computed when someone
asks. The same seed, clock and history give the same figures, however often they are read.
"""

from collections.abc import Callable
from dataclasses import replace

from .air import Air
from .chance import draw
from .configuration import Configuration, first_configuration, sleep_mode
from .figures import Figures, Setting
from .identity import mac_address, miner_id, serial_number
from .orders import Order
from .profiles import Conditions, PoolSetting, Profile, check_conditions
from .segment import RAMP, WARM_UP, Segment
from .session import Session
from .snapshot import Snapshot, Truth, truth_of

WINDOWS = (60, 300, 900, 1800, 86400)
"""Seconds of the averages that firmware reports beside the one since the start."""

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
            age
            if age is not None
            else float(int(3600 + 800_000 * draw(seed, index, 1) ** 2))
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
            rates=self._setting.rates,
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
        state = self.snapshot()
        before, figures, stopped = (
            self._segment,
            self._figures(),
            self._setting.is_stopped,
        )
        now = figures.now
        work = list(before.work)
        if (active := self._setting.active_pool) is not None:
            work[active] += figures.work
        self._settings = settings or self._settings
        self.conditions = conditions
        self._segment = Segment(
            start=now,
            ramp_start=now
            if stopped and not self._setting.is_stopped
            else before.ramp_start,
            heat=figures.heat,
            work=work,
            rates=self._setting.rates,
            errors=[figures.errors(index) for index in range(self.profile.boards)],
            last_share=[
                None if pool.since_share is None else now - pool.since_share
                for pool in state.pools
            ],
        )

    @property
    def _setting(self) -> Setting:
        return Setting(
            self.profile, self.seed, self.index, self._settings, self.conditions
        )

    def _figures(self) -> Figures:
        return Figures(
            self._setting, self._segment, self._air, boot=self._boot, now=self.clock()
        )

    def snapshot(self) -> Snapshot:
        """The miner as it is now."""
        figures = self._figures()
        boards = tuple(figures.board(index) for index in range(self.profile.boards))
        rate = sum(board.rate for board in boards)
        duty, fans = figures.fans(self.fan_pwm if self.fan_manual else None)
        return Snapshot(
            profile=self.profile,
            now=int(figures.now + self.conditions.clock),
            elapsed=int(figures.elapsed),
            phase=figures.phase,
            rate=rate,
            average=figures.average(figures.elapsed),
            averages={window: figures.average(window) for window in WINDOWS},
            nominal=self._setting.nominal,
            boards=boards,
            fans=fans,
            fan_duty=duty,
            ambient=self._setting.ambient,
            pools=tuple(figures.pool(index) for index in range(len(self.pools))),
            work=sum(self._segment.work) + figures.work,
            hardware_errors=sum(board.hardware_errors for board in boards),
            power=figures.power(rate),
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
