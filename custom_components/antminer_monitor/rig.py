"""The vocabulary: what a mining rig is, whoever made it and however it was read.

Base units throughout: hashes (or solutions) per second, watts, degrees Celsius, RPM,
MHz, volts, seconds, UTC datetimes. A field that was not reported is ``None``: never a
zero, a guess or the last value in its place. ``0`` means that the rig said zero.

Objects are immutable and compared by value. Fields that move with every reading without
telling anything new (``seen_at``, ``uptime``, ages, the raw replies) take no part in the
comparison, so two readings of a rig that did nothing are equal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .command import Choice, Denial
from .json_value import Json

type Extra = bool | int | float | str
"""A figure that the vocabulary has no field for."""


class Status(StrEnum):
    """What a rig is doing, in the rig's own words as far as it says."""

    RUNNING = "running"
    """Hashing."""
    IDLE = "idle"
    """On and answering, not hashing, and the firmware does not say why."""
    SLEEPING = "sleeping"
    """Told to stop hashing (sleep mode, curtailed, paused)."""
    STARTING = "starting"
    """Booting, initialising or tuning its boards."""
    FAULT = "fault"
    """Stopped or crippled by an error that the firmware reports."""
    OFFLINE = "offline"
    """Known to its source, and known by it to be off."""


class PowerSource(StrEnum):
    """Where a power figure comes from."""

    MEASURED = "measured"
    """By a meter, in the power supply or at the wall."""
    REPORTED = "reported"
    """By the firmware, which does not say how it knows."""
    ESTIMATED = "estimated"
    """Rated joules per terahash times the hashrate: a calculation, not a reading."""


class PoolStatus(StrEnum):
    """State of a pool, as the miner sees it."""

    ALIVE = "alive"
    DEAD = "dead"
    DISABLED = "disabled"
    REJECTING = "rejecting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """The software that a rig runs."""

    family: str
    """``stock``, ``vnish``, ``luxos``, ``braiins``, ``hiveon`` …"""
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RigError:
    """One of the firmware's own error codes."""

    code: str
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A hashboard, also called chain."""

    index: int
    """Position by the firmware's own count, so that it matches the rig's web page."""
    hashrate: float | None = None
    hashrate_nominal: float | None = None
    board_temperature: float | None = None
    """Hottest sensor on the circuit board."""
    chip_temperature: float | None = None
    """Hottest chip."""
    inlet_temperature: float | None = None
    outlet_temperature: float | None = None
    chips_expected: int | None = None
    """From the table of models; ``None`` where the model is not in it."""
    chips_working: int | None = None
    chips_faulty: int | None = None
    """Failing or missing; counted against ``chips_expected`` where it is known."""
    chip_map: str | None = None
    """One character a chip: ``o`` working, ``x`` failing, ``-`` not answering."""
    frequency: float | None = None
    voltage: float | None = None
    power: float | None = None
    hardware_errors: int | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A graphics card."""

    index: int
    """The number of its bus, which stays when another card is taken out."""
    name: str | None = None
    hashrate: float | None = None
    core_temperature: float | None = None
    memory_temperature: float | None = None
    fan_duty: float | None = None
    """Per cent of full speed."""
    power: float | None = None
    core_clock: float | None = None
    memory_clock: float | None = None
    invalid_shares: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """A fan."""

    index: int
    """Position by the firmware's own count."""
    speed: int | None = None
    """RPM."""
    duty: float | None = None
    """Per cent of full speed, as commanded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool that the rig is configured for."""

    index: int
    url: str | None = None
    user: str | None = None
    status: PoolStatus | None = None
    priority: int | None = None
    active: bool | None = None
    """Whether the rig works for it now; at most one pool of a rig is active."""
    accepted: int | None = None
    rejected: int | None = None
    stale: int | None = None
    last_share_age: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares of a rig since its miner program started."""

    accepted: int | None = None
    rejected: int | None = None
    stale: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerProgram:
    """A miner program that runs on a rig, and what it mines; twice for one that mines two coins."""

    name: str | None = None
    version: str | None = None
    algorithm: str | None = None
    coin: str | None = None
    hashrate: float | None = None
    shares: Shares = Shares()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The computer that a rig is, apart from its mining."""

    load: float | None = None
    """Processes that wait for a processor, over the last minute."""
    cpu_temperature: float | None = None
    """Hottest core."""
    memory_free: float | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCounts:
    """Messages of a rig that nobody has dealt with."""

    danger: int | None = None
    warning: int | None = None
    info: int | None = None
    success: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """One reading of a mining rig."""

    id: str
    """Stable for the rig's life, whatever its IP address."""
    seen_at: datetime | None = field(compare=False)
    """When these figures were true; ``None`` for a rig that its source never heard of."""
    status: Status
    name: str | None = None
    """Host name, or what its owner called it."""
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    mac: str | None = None
    """Lower case, colons between the bytes."""
    ip: str | None = None
    firmware: Firmware | None = None
    algorithm: str | None = None
    """``sha256d``, ``scrypt``, ``x11``, ``ethash``, ``equihash``, ``kheavyhash`` …"""
    rate_unit: str | None = None
    """The unit in which the firmware itself reports, such as ``GH/s`` or ``kSol/s``."""
    hashrate: float | None = None
    """Now, of ``algorithm``: the shortest average that the firmware keeps."""
    hashrate_average: float | None = None
    """Over the longest time that the firmware keeps."""
    hashrate_nominal: float | None = None
    """What the rig should do with its present settings."""
    power: float | None = None
    power_source: PowerSource | None = None
    """``None`` exactly when ``power`` is."""
    boards: tuple[Board, ...] = ()
    boards_expected: int | None = None
    """From the table of models; ``None`` where the model is not in it."""
    gpus: tuple[Gpu, ...] = ()
    fans: tuple[Fan, ...] = ()
    fans_expected: int | None = None
    pools: tuple[Pool, ...] = ()
    shares: Shares = Shares()
    hardware_errors: int | None = None
    best_share: int | None = None
    """Difficulty of the best share."""
    found_blocks: int | None = None
    uptime: float | None = field(default=None, compare=False)
    """Since the miner program started, not since power-on."""
    clock_offset: float | None = field(default=None, compare=False)
    """Seconds that the rig's own clock is ahead of ours, negative where it is behind; known
    to some seconds, because the answer takes its time."""
    errors: tuple[RigError, ...] = ()
    work_mode: str | None = None
    """Power mode or preset, in the firmware's own words."""
    fan_mode: str | None = None
    """``auto`` or ``manual``."""
    programs: tuple[MinerProgram, ...] = ()
    """Miner programs, where there is more than the firmware's own; the first is the main one."""
    host: Host | None = None
    problems: tuple[str, ...] | None = None
    """What its source finds wrong, in its own words; ``None`` where it does not judge."""
    unresolved: MessageCounts | None = None
    """Messages of the rig that wait for somebody."""
    upgrade_available: bool | None = None
    flight_sheet: str | None = None
    """Name of what it is set to mine."""
    flight_sheets: tuple[Choice, ...] = ()
    overclock: str | None = None
    """Name of the overclocking profile that was applied last."""
    overclocks: tuple[Choice, ...] = ()
    power_target: float | None = None
    """W that the rig is set to draw, where it can be set to watts."""
    power_target_least: float | None = None
    power_target_most: float | None = None
    power_modes: tuple[Choice, ...] = ()
    """What ``work_mode`` can be set to."""
    commands: tuple[str, ...] = ()
    """The commands that the rig accepts now: Actions, and those of its extension."""
    commands_denied: Denial | None = None
    """Why ``commands`` is empty, where that is known."""
    extras: Mapping[str, Extra] = field(default_factory=dict, hash=False)
    """What extensions tell besides, by ``<extension>.<key>``; what is not known is not in it."""
    raw: Mapping[str, Json] = field(default_factory=dict, compare=False, repr=False)
    """The replies it was read from, for diagnostics only."""

    @property
    def board_temperature(self) -> float | None:
        """Hottest board temperature, in °C."""
        return _highest(board.board_temperature for board in self.boards)

    @property
    def chip_temperature(self) -> float | None:
        """Hottest chip, in °C."""
        return _highest(board.chip_temperature for board in self.boards)

    @property
    def gpu_temperature(self) -> float | None:
        """Hottest graphics processor, in °C."""
        return _highest(gpu.core_temperature for gpu in self.gpus)

    @property
    def gpu_memory_temperature(self) -> float | None:
        """Hottest memory of a graphics card, in °C."""
        return _highest(gpu.memory_temperature for gpu in self.gpus)

    @property
    def hashrates(self) -> Mapping[str, float]:
        """H/s by algorithm: a rig that mines two coins has a rate of each."""
        rates: dict[str, float] = {}
        if self.algorithm and self.hashrate is not None:
            rates[self.algorithm] = self.hashrate
        for program in self.programs:
            if (
                program.algorithm
                and program.algorithm != self.algorithm
                and program.hashrate is not None
            ):
                rates[program.algorithm] = (
                    rates.get(program.algorithm, 0.0) + program.hashrate
                )
        return rates


def _highest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
