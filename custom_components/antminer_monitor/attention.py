"""Which rigs want somebody's attention, how urgently, and why, in words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .fleet_rows import FleetRig
from .health import DEFAULT_LIMITS, Limits, temperatures_of
from .pools import address_of, first_pool
from .rig import Rig, Status
from .units import rate_unit, significant

LONGEST_TEXT: Final = 80
"""Characters of what a rig says of itself: it may say anything, and at any length."""
LONGEST_REASON: Final = 160
MOST_ERRORS: Final = 5

_URGENCY: Final[Mapping[str, int]] = {
    kind: place
    for place, kind in enumerate(
        (
            "overheating",
            "fault",
            "stale",
            "offline",
            "board_fault",
            "fan_fault",
            "pool_fault",
            "reported",
            "hashrate_low",
            "errors",
            "idle",
        )
    )
}
"""Every kind of reason, the most urgent first."""

_PARTS: Final[Mapping[str, str]] = {
    "board": "a hashboard",
    "chip": "a chip",
    "gpu": "a graphics card",
    "gpu_memory": "memory of a graphics card",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rig wants attention."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Patient:
    """A rig that wants attention."""

    known: FleetRig
    reasons: tuple[Reason, ...]
    """The most urgent first; never empty."""


def patients(
    rigs: Iterable[FleetRig],
    now: datetime,
    limits: Callable[[str], Limits] = lambda rig_id: DEFAULT_LIMITS,
) -> list[Patient]:
    """Give the rigs that want attention, the most urgent first.

    ``limits`` gives those of a rig by its id. Of two with the same trouble the one that has
    more besides comes first, then the one that was seen last.
    """
    found = [
        Patient(known, reasons)
        for known in rigs
        if (reasons := reasons_of(known, now, limits(known.id)))
    ]
    return sorted(
        found,
        key=lambda item: (
            _URGENCY[item.reasons[0].kind],
            -len(item.reasons),
            age if (age := item.known.age(now)) is not None else float("inf"),
            item.known.name,
        ),
    )


def reasons_of(
    known: FleetRig, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> tuple[Reason, ...]:
    """Give why a rig wants attention, the most urgent reason first; nothing if it is well.

    A rig that sleeps, or starts as it was told to, is well.
    """
    if known.is_starting:
        return ()
    rig = known.live
    if rig is None:
        return (Reason("stale", _absence(known.age(now))),)
    found: dict[str, str] = {}
    for problem in known.problems:
        found[problem] = _PROBLEMS[problem](rig, limits)
    if rig.status is Status.OFFLINE:
        found["offline"] = "it is off, says its source"
    if rig.status is Status.IDLE:
        found["idle"] = "it is on and does not hash, and does not say why"
    errors = ", ".join(_errors(rig))
    if rig.status is Status.FAULT:
        found["fault"] = f"stopped or crippled by a fault: {errors or 'unnamed'}"
    elif errors:
        found["errors"] = f"its firmware reports: {errors}"
    if rig.problems:
        told = ", ".join(clean(item, 40) for item in rig.problems[:MOST_ERRORS])
        found["reported"] = f"its source finds: {told}"
    return tuple(
        Reason(kind, clean(text, LONGEST_REASON))
        for kind, text in sorted(found.items(), key=lambda item: _URGENCY[item[0]])
    )


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """Give a text of others as one line of bounded length."""
    # Not the whole of what may be megabytes.
    line = " ".join(text[: 4 * longest].split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def span(seconds: float) -> str:
    """Give a time that has passed, in words."""
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    for size, unit, limit in ((60, "minutes", 120), (3600, "hours", 48)):
        if seconds < limit * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def rate_text(rig: Rig, rate: float | None) -> str | None:
    """Give a hashrate of a rig in its unit; None stays None."""
    unit = rate_unit(rig)
    return (
        None
        if rate is None
        else f"{significant(rate / unit.scale, 4):.10g} {unit.symbol}"
    )


def _absence(age: int | None) -> str:
    if age is None:
        return "it was never seen"
    return f"it does not answer, and was last seen {span(age)} ago"


def _errors(rig: Rig) -> list[str]:
    return [
        clean(f"{error.code} {error.message}" if error.message else error.code)
        for error in rig.errors[:MOST_ERRORS]
    ]


def _heat(rig: Rig, limits: Limits) -> str:
    hot = [
        f"{_PARTS.get(part, part)} is at {value:.0f} °C, the limit is {limit:.0f} °C"
        for part, (value, limit) in temperatures_of(rig, limits).items()
        if value >= limit
    ]
    return "; ".join(hot) or "it overheats, or has not cooled down enough yet"


def _boards(rig: Rig, _limits: Limits) -> str:
    dead = sum(board.chips_working == 0 for board in rig.boards)
    missing = max((rig.boards_expected or 0) - len(rig.boards), 0)
    return " and ".join(
        text
        for count, text in (
            (missing, f"{missing} of {rig.boards_expected} hashboards are missing"),
            (dead, f"{dead} hashboards have no working chip"),
        )
        if count
    )


def _fans(rig: Rig, _limits: Limits) -> str:
    stopped = [str(fan.index) for fan in rig.fans if fan.speed == 0]
    if stopped:
        return f"fans stand still while it hashes: {', '.join(stopped[:MOST_ERRORS])}"
    return f"{len(rig.fans)} fans are found, {rig.fans_expected} belong to it"


def _pool(rig: Rig, _limits: Limits) -> str:
    pool = first_pool(rig)
    status = pool.status if pool else None
    address = clean(address_of(pool.url or "")) if pool else ""
    return f"its first pool {address} is {status or 'not alive'}"


def _slow(rig: Rig, _limits: Limits) -> str:
    share = (
        f" ({100 * rig.hashrate / rig.hashrate_nominal:.0f} %)"
        if rig.hashrate is not None and rig.hashrate_nominal
        else ""
    )
    return (
        f"it does {rate_text(rig, rig.hashrate)} of"
        f" {rate_text(rig, rig.hashrate_nominal)}{share}"
    )


_PROBLEMS: Final[Mapping[str, Callable[[Rig, Limits], str]]] = {
    "overheating": _heat,
    "hashrate_low": _slow,
    "board_fault": _boards,
    "fan_fault": _fans,
    "pool_fault": _pool,
}
