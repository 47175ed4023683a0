"""From what a dialect read to a rig: what is the same whoever wrote the firmware."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address
import re

from ...json_value import Json
from ...rig import Board, Extra, Fan, Firmware, PowerSource, Rig, RigError, Status
from ..cgminer import Reply
from ..hardware import Hardware, clean_model, estimate_power
from .dialect import Context
from .parsing import Scale, algorithm_of, text, unsigned, whole
from .pools import best_share_of, pools_of, rows_of, shares_of

STARTING_FOR = 300.0
"""Seconds after its start in which a rig that does not hash yet is starting: boards take
1 to 5 minutes (S70cgminer of an S21)."""

LATEST = 1e11
"""Epoch seconds that no clock shows."""


@dataclass(slots=True, kw_only=True)
class Reading:
    """What a dialect found in the replies."""

    kind: str | None
    """``Type``."""
    family: str
    version: str | None
    scale: Scale
    ident: Json = None
    algorithm: str | None = None
    """Where the firmware knows but one."""
    hashrate: float | None = None
    hashrate_average: float | None = None
    hashrate_nominal: float | None = None
    boards: tuple[Board, ...] = ()
    fans: tuple[Fan, ...] = ()
    uptime: float | None = None
    clock: float | None = None
    """Epoch seconds by the rig's own clock, where ``When`` in ``STATUS`` is that, as it is with
    Antminers (bmminer api.c, captures): an Avalon counts the seconds since its start there."""
    hardware_errors: int | None = None
    power: float | None = None
    power_source: PowerSource = PowerSource.REPORTED
    status: Status | None = None
    """Where the firmware says what it is doing."""
    errors: tuple[RigError, ...] = ()
    work_mode: str | None = None
    fan_mode: str | None = None
    name: str | None = None
    serial: str | None = None
    mac: str | None = None
    best_share: int | None = None
    manufacturer: str | None = None
    """Where it is no Antminer."""
    model: str | None = None
    """Where it is not what ``kind`` says."""
    extras: Mapping[str, Extra] = field(default_factory=dict)
    summary: dict[str, Json] = field(default_factory=dict)


def summary_of(replies: Mapping[str, Reply]) -> dict[str, Json]:
    """Give the summary's figures; empty where it is missing or failed."""
    rows = rows_of(replies.get("summary"), "SUMMARY")
    return rows[0] if rows else {}


def status_of(reading: Reading) -> Status:
    """Tell what the rig is doing, as far as it is certain.

    A sleeping rig with firmware that does not say so is idle. All chips failing counts as
    a fault only after the rig hashed (its average says so): asleep the same is shown.
    """
    if reading.status is not None:
        return reading.status
    if reading.errors:
        return Status.FAULT
    if reading.hashrate:
        return Status.RUNNING
    if reading.uptime is not None and reading.uptime < STARTING_FOR:
        return Status.STARTING
    maps = [board.chip_map for board in reading.boards if board.chip_map]
    if reading.hashrate_average and maps and all(not item.strip("x") for item in maps):
        return Status.FAULT
    return Status.IDLE


def resting(
    status: Status | None, hashrate: float | None, uptime: float | None
) -> bool:
    """Tell whether the rig's chips are not all in use yet, or told not to be."""
    if status is not None:
        return status in (Status.SLEEPING, Status.STARTING)
    return not hashrate and uptime is not None and uptime < STARTING_FOR


def build(reading: Reading, replies: Mapping[str, Reply], context: Context) -> Rig:
    """Put a rig together."""
    hardware = context.models.find(reading.kind)
    info = context.info
    power, source = _power(reading, context, hardware)
    best = reading.best_share
    if best is None:
        best = best_share_of(reading.summary, replies.get("pools"))
    errors = whole(reading.summary.get("Hardware Errors"))
    model = (
        reading.model
        or text(clean_model(reading.kind))
        or (text(info.model) if info else None)
    )
    return Rig(
        id=context.rig_id,
        seen_at=context.seen_at,
        status=status_of(reading),
        name=reading.name or (info.hostname if info else None),
        manufacturer=reading.manufacturer or _maker(model),
        model=model,
        serial=reading.serial or (text(info.serial) if info else None),
        mac=_mac(reading.mac or (info.mac if info else None) or context.mac),
        ip=_ip(context.host),
        firmware=Firmware(family=reading.family, version=_version(reading, context)),
        algorithm=reading.algorithm
        or algorithm_of(reading.kind, reading.ident, context.models),
        rate_unit=reading.scale.unit,
        hashrate=reading.hashrate,
        hashrate_average=reading.hashrate_average,
        hashrate_nominal=reading.hashrate_nominal,
        power=power,
        power_source=source,
        boards=reading.boards,
        boards_expected=hardware.boards if hardware else None,
        fans=_set_fans(reading.fans, context),
        fans_expected=hardware.fans if hardware else None,
        pools=pools_of(replies.get("pools")),
        shares=shares_of(reading.summary, replies.get("pools")),
        hardware_errors=reading.hardware_errors if errors is None else errors,
        best_share=best,
        found_blocks=whole(reading.summary.get("Found Blocks")),
        uptime=reading.uptime,
        clock_offset=_clock_offset(reading.clock, context),
        errors=reading.errors,
        work_mode=reading.work_mode or mode_name(configured_mode(context)),
        fan_mode=reading.fan_mode
        or (context.configuration.fan_mode if context.configuration else None),
        extras=reading.extras,
        raw=dict(replies),
    )


def _power(
    reading: Reading, context: Context, hardware: Hardware | None
) -> tuple[float | None, PowerSource | None]:
    if reading.power is not None:
        return reading.power, reading.power_source
    if context.power is not None:
        # The power supply's own count, as it seems; no source says how it comes about.
        return context.power, PowerSource.REPORTED
    guessed = estimate_power(hardware, reading.hashrate_nominal, reading.hashrate)
    return guessed, None if guessed is None else PowerSource.ESTIMATED


def _clock_offset(clock: float | None, context: Context) -> float | None:
    # 0 is "not known": even a clock that began in 1970 moved on before anybody asked.
    if clock is None or not 0 < clock < LATEST:
        return None
    return clock - context.seen_at.timestamp()


def _set_fans(fans: tuple[Fan, ...], context: Context) -> tuple[Fan, ...]:
    """Add the duty that the owner set; in automatic mode it is only a left-over."""
    setting = context.configuration
    if setting is None or setting.fan_mode != "manual" or setting.fan_duty is None:
        return fans
    return tuple(
        fan if fan.duty is not None else replace(fan, duty=setting.fan_duty)
        for fan in fans
    )


def plausible_power(power: float | None, hashrate: float | None) -> float | None:
    """Believe watts of an S9 with Hiveon only within 20 to 150 J/TH.

    Shortly after its start it was seen to report 35 W while it did 11.8 TH/s (foreman).
    """
    if power is None or not hashrate:
        return None
    return power if 20 <= power / (hashrate / 1e12) <= 150 else None


def sum_power(boards: tuple[Board, ...]) -> float | None:
    """Add up the watts of the boards; ``None`` where none tells."""
    found = [board.power for board in boards if board.power is not None]
    return sum(found) if found else None


def _version(reading: Reading, context: Context) -> str | None:
    # Only stock firmware has no version of its own: the web page shows its build time.
    if reading.family == "stock" and context.info and context.info.firmware_version:
        return text(context.info.firmware_version)
    return reading.version


def asleep(mode: Json, hashrate: float | None) -> bool:
    """Tell whether a stock rig was told to sleep.

    A rig that hashes is awake, whatever the configuration said when it was read last.
    """
    return not hashrate and mode_name(mode) == "sleep"


def mode_name(mode: Json) -> str | None:
    """Name a stock work mode as the web page does; a mode without a name as it is."""
    if mode is None or isinstance(mode, bool | list | dict):
        return None
    plain = f"{mode:g}" if isinstance(mode, float) else text(str(mode)) or ""
    return _MODES.get(plain, plain) or None


# set_miner_conf.cgi of an S21; 2 is "high" to asic-rs. 254: captures of a T17+ and S17+.
_MODES = {"0": "normal", "1": "sleep", "2": "high", "3": "low power", "254": "sleep"}


def configured_mode(context: Context) -> str | None:
    """Give the work mode that the web interface told, as it told it."""
    return context.configuration.work_mode if context.configuration else None


def _maker(model: str | None) -> str | None:
    return "Bitmain" if model and model.lower().startswith("antminer") else None


_MAC = re.compile(r"[0-9a-f]{12}")


@lru_cache(maxsize=1024)
def _mac(value: str | None) -> str | None:
    digits = re.sub(r"[:\-.\s]", "", value or "").lower()
    if not _MAC.fullmatch(digits) or not int(digits, 16):
        return None
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


@lru_cache(maxsize=1024)
def _ip(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def first(*values: float | None) -> float | None:
    """Give the first figure that is one."""
    return next((value for value in values if value is not None), None)


def elapsed_of(*rows: Mapping[str, Json]) -> float | None:
    """Read the seconds since the miner program started."""
    return first(*(unsigned(row.get("Elapsed")) for row in rows))
