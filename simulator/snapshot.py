"""What a miner really is at one moment: the one source of its replies and of its truth."""

from dataclasses import dataclass
from enum import StrEnum

from .configuration import Configuration
from .profiles import PoolSetting, Profile


class Phase(StrEnum):
    """What the miner is doing."""

    STARTING = "starting"
    """The daemon runs, the boards are being brought up: no rate yet."""
    RAMPING = "ramping"
    HASHING = "hashing"
    SLEEPING = "sleeping"
    OVERHEATED = "overheated"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardState:
    """A hashboard."""

    index: int
    """From 0; the wire counts differently."""
    present: bool
    rate: float
    """Hashes per second."""
    ideal: float
    chips: str
    """One character a chip: ``o`` working, ``x`` failing."""
    pcb: tuple[int, int, int, int]
    """Four sensors of the board in °C: two at the inlet, two at the outlet."""
    chip: tuple[int, int, int, int]
    """The chips next to them, as this firmware tells them."""
    frequency: int
    hardware_errors: int
    power: float
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """A pool slot."""

    index: int
    setting: PoolSetting
    alive: bool
    active: bool
    difficulty: float
    accepted: int
    rejected: int
    stale: int
    since_share: float | None
    """Seconds since the last share; ``None``: never had one."""
    priority: int = 0
    """0 is worked for first."""

    @property
    def set(self) -> bool:
        """Whether the slot holds a pool."""
        return bool(self.setting.url)

    @property
    def host(self) -> str:
        """The host of its URL."""
        return self.setting.url.split("://")[-1].rsplit(":", 1)[0]

    @property
    def address(self) -> str:
        """Host and port of its URL."""
        return self.setting.url.split("://")[-1]

    @property
    def getworks(self) -> int:
        """Jobs received from the pool."""
        return self.accepted // 3 + (3 if self.alive else 0)

    @property
    def discarded(self) -> int:
        """Work thrown away at new jobs."""
        return self.accepted * 6

    @property
    def best_share(self) -> int:
        """Difficulty of its best share: about the work done in all."""
        return int(self.accepted * self.difficulty * 0.83)

    @property
    def rejected_percent(self) -> float:
        """Of all its shares."""
        shares = self.accepted + self.rejected
        return 100 * self.rejected / shares if shares else 0.0

    @property
    def stale_percent(self) -> float:
        """Of all its shares."""
        shares = self.accepted + self.rejected + self.stale
        return 100 * self.stale / shares if shares else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A miner at one moment."""

    profile: Profile
    now: int
    """The miner's clock: epoch seconds."""
    elapsed: int
    """Seconds since the daemon started."""
    phase: Phase
    rate: float
    """Hashes per second over five seconds: the sum of the boards."""
    average: float
    """Since the start."""
    averages: dict[int, float]
    """Over the last so many seconds, or since the start when that is shorter."""
    nominal: float
    boards: tuple[BoardState, ...]
    fans: tuple[int, ...]
    """RPM."""
    fan_duty: int
    """Per cent."""
    ambient: float
    """Temperature of the air that comes in, in °C."""
    pools: tuple[PoolState, ...]
    work: float
    """Hashes since the start."""
    hardware_errors: int
    power: float
    """Watts drawn."""
    mac: str
    serial: str
    miner_id: str
    """Sixteen hexadecimal digits, where the firmware tells them."""
    address: str
    stats_rate: str = ""
    """``GHS 5s`` as the last ``stats`` left it (bmminer refreshes it nowhere else)."""
    locating: bool = False
    """The locate LED blinks."""
    config: Configuration
    """What it is set to."""

    @property
    def present(self) -> tuple[BoardState, ...]:
        """The boards that were found."""
        return tuple(board for board in self.boards if board.present)

    @property
    def accepted(self) -> int:
        """Shares of all pools."""
        return sum(pool.accepted for pool in self.pools)

    @property
    def rejected(self) -> int:
        """Shares of all pools."""
        return sum(pool.rejected for pool in self.pools)

    @property
    def stale(self) -> int:
        """Shares of all pools."""
        return sum(pool.stale for pool in self.pools)

    @property
    def fee_shares(self) -> int:
        """Shares for the firmware's maker, on a pool that is not among the owner's."""
        worked = self.accepted * self.profile.difficulty * self.profile.fee
        return int(worked / self.profile.fee_difficulty)

    @property
    def sleeping(self) -> bool:
        """Told not to hash."""
        return self.phase is Phase.SLEEPING

    @property
    def last_share(self) -> int:
        """When the last share was found, epoch seconds; 0: never."""
        ages = [pool.since_share for pool in self.pools if pool.since_share is not None]
        return int(self.now - min(ages)) if ages else 0

    def part(self, board: BoardState) -> float:
        """A board's part of the rate; of equal boards while there is no rate."""
        if not board.present:
            return 0.0
        return board.rate / self.rate if self.rate else 1 / len(self.present)

    def units(self, rate: float) -> float:
        """A rate in the unit of this firmware's rates, with two decimals."""
        return round(rate / self.profile.unit, 2)

    @property
    def active_pool(self) -> PoolState | None:
        """The pool worked for."""
        return next((pool for pool in self.pools if pool.active), None)


def grouped(board: BoardState, size: int, *, lead: bool = True) -> str:
    """``chain_acs``: groups of ``size``, a blank before each (or only between them)."""
    groups = [
        board.chips[start : start + size] for start in range(0, len(board.chips), size)
    ]
    return (" " if lead and groups else "") + " ".join(groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardTruth:
    """A hashboard, for comparison with what was read of it."""

    index: int
    present: bool
    hashrate: float
    chips: int
    chips_failing: int
    board_temperature: int
    chip_temperature: int
    hardware_errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTruth:
    """A pool slot, for comparison with what was read of it."""

    index: int
    url: str
    user: str
    alive: bool
    active: bool
    accepted: int
    rejected: int
    stale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a miner is right now, in base units, whatever its firmware says of it."""

    profile: str
    model: str
    firmware: str
    algorithm: str
    mac: str
    serial: str
    up: bool
    """A client that connects and asks gets a whole, true answer."""
    phase: Phase
    sleeping: bool
    elapsed: int
    hashrate: float
    """Hashes per second, over five seconds."""
    hashrate_average: float
    hashrate_nominal: float
    power: float
    boards: tuple[BoardTruth, ...]
    fans: tuple[int, ...]
    """RPM, one a fan."""
    pools: tuple[PoolTruth, ...]
    """The owner's; not that of the firmware's maker."""
    accepted: int
    """Shares of those pools."""
    accepted_for_maker: int
    """Shares of the firmware maker's pool, which VNish adds in ``summary``."""
    rejected: int
    stale: int
    hardware_errors: int


def truth_of(state: Snapshot, *, up: bool) -> Truth:
    """The plain facts of ``state``."""
    return Truth(
        profile=state.profile.name,
        model=state.profile.model,
        firmware=state.profile.firmware,
        algorithm=state.profile.algorithm,
        mac=state.mac,
        serial=state.serial,
        up=up,
        phase=state.phase,
        sleeping=state.sleeping,
        elapsed=state.elapsed,
        hashrate=state.rate,
        hashrate_average=state.average,
        hashrate_nominal=state.nominal,
        power=state.power,
        boards=tuple(
            BoardTruth(
                index=board.index,
                present=board.present,
                hashrate=board.rate,
                chips=len(board.chips),
                chips_failing=board.chips.count("x"),
                board_temperature=max(board.pcb),
                chip_temperature=max(board.chip),
                hardware_errors=board.hardware_errors,
            )
            for board in state.boards
        ),
        fans=state.fans,
        pools=tuple(
            PoolTruth(
                index=pool.index,
                url=pool.setting.url,
                user=pool.setting.user,
                alive=pool.alive,
                active=pool.active,
                accepted=pool.accepted,
                rejected=pool.rejected,
                stale=pool.stale,
            )
            for pool in state.pools
        ),
        accepted=state.accepted,
        accepted_for_maker=state.fee_shares,
        rejected=state.rejected,
        stale=state.stale,
        hardware_errors=state.hardware_errors,
    )
