"""From the workers of a farm, as the service tells them, to rigs.

Nothing here waits or asks: it is done in a thread, for a farm may have thousands.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
import gc

from ..antminer.hardware import estimate_power, family_of, find
from ..command import Action, Choice, Denial
from ..json_value import Json
from ..rig import MessageCounts, MinerProgram, PowerSource, Rig, Shares, Status
from ..source import InvalidReplyError
from .ids import rig_id
from .machine import read_firmware, read_host, read_ip, read_mac, read_model
from .parts import Figures, read_boards, read_fans, read_figures, read_gpus
from .programs import (
    MAX_PROGRAMS,
    algorithm_name,
    read_algorithm,
    read_programs,
    totals,
)
from .scan import RawWorker, entries
from .values import (
    count,
    flag,
    identifier,
    list_of,
    moment,
    number,
    object_of,
    positive,
    rate,
    text,
)

POWER_MODES = (
    Choice(id="sleep", name="Sleep"),
    Choice(id="low", name="Low"),
    Choice(id="normal", name="Normal"),
    Choice(id="high", name="High"),
)

STARTING = timedelta(minutes=2)
"""A rig that booted, or whose miner program started, so long ago may not hash yet."""

_ASIC = 2
_FATAL = frozenset({"error_message", "missed_unit"})
"""Problems that say why a rig does not hash."""
_FLAGS = {
    "overheated": "overheat",
    "overloaded": "overload",
    "low_asr": "low_asr",
    "invalid": "has_invalid",
}
"""What older answers say of problems, and its newer name."""
_MAX_PROBLEMS = 20
_NO_FIGURES = Figures({}, [], [])


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmContext:
    """What the rigs of a farm have in common."""

    farm_id: str
    denied: Denial | None = None
    flight_sheets: tuple[Choice, ...] = ()
    overclocks: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers of a farm."""

    rigs: tuple[Rig, ...]
    messages: int
    """Messages that they have, all kinds together: where it differs there are new ones."""


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Keep the garbage collector off: nothing here makes cycles, and a farm makes it run.

    Each of its larger rounds looks at every object of the process and holds all threads.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_no_collecting()
def parse_workers(
    body: bytes, context: FarmContext, now: datetime, ahead: timedelta = timedelta()
) -> Workers:
    """Read the answer that tells a farm's workers; what is no worker in it is left out.

    ``now`` is by our clock, which is ``ahead`` of the service's.

    Raises InvalidReplyError where it cannot be understood.
    """
    rigs: dict[str, Rig] = {}
    messages = 0
    empty = True
    reader = _Reader(context, now, ahead)
    for entry, source in entries(body):
        empty = False
        if isinstance(entry, dict) and (worker_id := identifier(entry.get("id"))):
            rigs[worker_id] = reader.read(entry, worker_id, source)
            counts = object_of(entry.get("messages_counts"))
            messages += sum(count(amount) or 0 for amount in counts.values())
    if not rigs and not empty:
        raise InvalidReplyError("no workers in the answer")
    return Workers(tuple(rigs.values()), messages)


def commands_of(
    context: FarmContext, *, is_asic: bool, has_modes: bool
) -> tuple[Action, ...]:
    """Give what a rig accepts, online or not: what it is told while offline waits for it."""
    if context.denied:
        return ()
    accepted = {
        Action.RESTART_MINING: True,
        Action.PAUSE_MINING: True,
        Action.RESUME_MINING: True,
        Action.REBOOT: True,
        # The first one does nothing, the second takes a walk to undo.
        Action.SHUTDOWN: not is_asic,
        Action.UPGRADE: True,
        Action.SET_FLIGHT_SHEET: bool(context.flight_sheets),
        Action.SET_OVERCLOCK: bool(context.overclocks) and not is_asic,
        Action.SET_POWER_MODE: has_modes,
        Action.UPDATE_SETTINGS: True,
        Action.EXECUTE: True,
    }
    return tuple(action for action, is_accepted in accepted.items() if is_accepted)


class _Reader:
    """Reads the workers of one answer."""

    def __init__(self, context: FarmContext, now: datetime, ahead: timedelta) -> None:
        self._context = context
        self._now = now
        self._ahead = ahead
        self._overclocks = {item.id: item.name for item in context.overclocks}
        self._commands = {
            (is_asic, has_modes): commands_of(
                context, is_asic=is_asic, has_modes=has_modes
            )
            for is_asic in (False, True)
            for has_modes in (False, True)
        }

    def read(self, worker: dict[str, Json], worker_id: str, source: str) -> Rig:
        """Read one worker."""
        context = self._context
        stats = object_of(worker.get("stats"))
        asic = object_of(worker.get("asic_info"))
        asic_stats = object_of(worker.get("asic_stats"))
        is_asic = worker.get("platform") == _ASIC or bool(asic or asic_stats)
        online = stats.get("online") is True
        told_at = moment(stats.get("stats_time"))
        if told_at is None:
            seen_at = self._now if online else None
        else:
            seen_at = min(told_at + self._ahead, self._now)
        model = read_model(worker, asic, is_asic=is_asic)
        hardware = find(model) if is_asic else None
        programs = read_programs(worker.get("miners_summary"))
        algorithm = programs[0].algorithm if programs else None
        if not programs and is_asic:
            algorithm = family_of(model)[0]
        problems = _problems(stats)
        hashrate, shares = totals(programs, algorithm)
        if not programs and problems and "no_hashrate" in problems:
            hashrate = 0.0
        figures = _NO_FIGURES
        average = power = uptime = None
        power_source: PowerSource | None = None
        host = None
        mode = text(object_of(worker.get("power_options")).get("mode"), 50)
        if not online:
            status = Status.OFFLINE
            hashrate = None
            shares = Shares()
            programs = tuple(
                MinerProgram(
                    name=item.name,
                    version=item.version,
                    algorithm=item.algorithm,
                    coin=item.coin,
                )
                for item in programs
            )
        else:
            is_hashing = any(item.hashrate for item in programs)
            status = (
                Status.RUNNING
                if is_hashing
                else self._why_idle(worker, stats, mode, problems)
            )
            figures = _figures(worker, algorithm)
            average = _average(stats, algorithm)
            power = number(stats.get("power_draw"))
            if power == 0.0 and status is Status.RUNNING:
                # No rig hashes on nothing: this one does not measure.
                power = None
            if power is not None:
                power_source = PowerSource.REPORTED
            elif power := estimate_power(hardware, None, hashrate):
                power_source = PowerSource.ESTIMATED
            started = moment(stats.get("miner_start_time"))
            if started and seen_at:
                uptime = max((seen_at - started - self._ahead).total_seconds(), 0.0)
            host = read_host(object_of(worker.get("hardware_stats")))
        boards = read_boards(asic_stats, figures, hardware, online=online)
        errors = [
            board.hardware_errors
            for board in boards
            if board.hardware_errors is not None
        ]
        has_modes = is_asic and (
            "power_options" in worker or "asic_power_modes" in worker
        )
        return Rig(
            id=rig_id(context.farm_id, worker_id),
            seen_at=seen_at,
            status=status,
            name=text(worker.get("name"), 100),
            manufacturer="Bitmain"
            if is_asic and model and model.lower().startswith("antminer")
            else None,
            model=model,
            mac=read_mac(worker),
            ip=read_ip(worker),
            firmware=read_firmware(worker, asic, is_asic=is_asic),
            algorithm=algorithm,
            rate_unit="kH/s",
            hashrate=hashrate,
            hashrate_average=average,
            power=power,
            power_source=power_source,
            boards=boards,
            boards_expected=hardware.boards if hardware else None,
            gpus=() if is_asic else read_gpus(worker, figures, online=online),
            fans=read_fans(asic_stats, online=online),
            fans_expected=hardware.fans if hardware else None,
            shares=shares,
            hardware_errors=sum(errors) if errors else None,
            uptime=uptime,
            work_mode=mode
            or text(object_of(worker.get("perf_profile")).get("active"), 50),
            programs=programs,
            host=host,
            problems=problems,
            unresolved=_counts(worker.get("messages_counts_unresolved")),
            upgrade_available=flag(worker.get("needs_upgrade")),
            flight_sheet=text(object_of(worker.get("flight_sheet")).get("name"), 100),
            flight_sheets=context.flight_sheets,
            overclock=self._overclocks.get(identifier(worker.get("oc_id")) or ""),
            overclocks=() if is_asic else context.overclocks,
            power_modes=POWER_MODES if has_modes else (),
            commands=self._commands[is_asic, has_modes],
            commands_denied=context.denied,
            raw=RawWorker(source),
        )

    def _why_idle(
        self,
        worker: Mapping[str, Json],
        stats: Mapping[str, Json],
        mode: str | None,
        problems: tuple[str, ...] | None,
    ) -> Status:
        """Tell what a worker does that is online and does not hash."""
        options = object_of(worker.get("options"))
        if mode == "sleep" or positive(options.get("maintenance_mode")):
            return Status.SLEEPING
        if _FATAL.intersection(problems or ()):
            return Status.FAULT
        at = moment(stats.get("stats_time")) or self._now - self._ahead
        for key in ("miner_start_time", "boot_time"):
            began = moment(stats.get(key))
            if began and abs(at - began) < STARTING:
                return Status.STARTING
        return Status.IDLE


def _figures(worker: Mapping[str, Json], algorithm: str | None) -> Figures:
    told = list_of(object_of(worker.get("miners_stats")).get("hashrates"))
    return read_figures(
        entry
        for entry in told[:MAX_PROGRAMS]
        if isinstance(entry, dict) and read_algorithm(entry.get("algo")) == algorithm
    )


def _average(stats: Mapping[str, Json], algorithm: str | None) -> float | None:
    """Give the rate over the longest time that is told."""
    for name, averages in object_of(stats.get("avg_hashrates")).items():
        if algorithm_name(name[:50]) == algorithm:
            averages = object_of(averages)
            longest = rate(averages.get("1h"))
            return rate(averages.get("15m")) if longest is None else longest
    return None


def _problems(stats: Mapping[str, Json]) -> tuple[str, ...] | None:
    """Give what the service finds wrong; an empty list is left out on the wire."""
    if not stats:
        return None
    if "problems" in stats:
        told = list_of(stats["problems"])[:_MAX_PROBLEMS]
        return tuple([name for item in told if (name := text(item, 50))])
    return tuple([name for key, name in _FLAGS.items() if stats.get(key) is True])


def _counts(told: Json) -> MessageCounts | None:
    if not isinstance(told, dict):
        return None
    return MessageCounts(
        danger=count(told.get("danger")),
        warning=count(told.get("warning")),
        info=count(told.get("info")),
        success=count(told.get("success")),
    )
