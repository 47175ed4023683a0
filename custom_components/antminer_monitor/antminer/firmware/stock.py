"""Bitmain's own firmware, and what others built on it without changing its API.

The classic form of its replies: all there is from the S7 to the T17 and on the L3+, D3,
Z11 and E3, and one of two on the S19 and later. Hiveon adds watts to it.
"""

from collections.abc import Mapping
from dataclasses import replace
import re

from ...json_value import Json
from ...rig import Rig, Status
from ...source import InvalidReplyError
from ..cgminer import Reply, section
from ..web import LONGEST_TEXT
from .build import (
    Reading,
    asleep,
    build,
    configured_mode,
    elapsed_of,
    first,
    mode_name,
    plausible_power,
    resting,
    sum_power,
    summary_of,
)
from .chains import boards_of, fans_of
from .dialect import Context, Dialect, Fingerprint, figures_of
from .parsing import positive, scale_of, text, whole
from .pools import clock_of, rows_of

type Record = dict[str, Json]

# Firmware that speaks as Bitmain's does and names itself in Type, version or Description.
_OTHERS = (
    ("asicseer", "asicseer"),
    ("kaonsu", "marathon"),
    ("hashmaster", "hashmaster"),
    ("bitfufu", "bitfufu"),
    ("sdminer", "sdminer"),
    ("pitbit", "pitbit"),
    ("7miners", "7miners"),
    ("blissz", "blissz"),
    ("chipless", "chipless"),
)
_SEVENTEEN = re.compile(r"\b[ST]17")
_SLEEP = 254
"""``Mode`` of a sleeping S17 or T17 (captures of an S17+ and a T17+)."""
_POWER_KEYS = ("chain_power", "power", "Power", "watt")
"""Where some firmware of 2023 and later tells watts (asic-rs)."""


def record_of(reply: Reply | None) -> tuple[Record, Record]:
    """Give the header and the figures of a ``stats`` reply in its classic form.

    Raises InvalidReplyError where there are no figures of an Antminer.
    """
    rows = [] if reply is None else rows_of(reply, "STATS")
    if not rows:
        raise InvalidReplyError("no stats in the reply")
    if not (record := figures_of(rows)):
        raise InvalidReplyError("stats of no Antminer")
    return rows[0], record


def kind_of(header: Record, record: Record, replies: Mapping[str, Reply]) -> str | None:
    """Find ``Type``: in the stats, or else in the version."""
    for row in (header, record, *rows_of(replies.get("version"), "VERSION")):
        if isinstance(found := row.get("Type"), str) and found:
            return found[:LONGEST_TEXT]
    return None


def version_of(
    header: Record, record: Record, replies: Mapping[str, Reply]
) -> str | None:
    """Find ``CompileTime``, the only version that stock firmware tells on port 4028."""
    for row in (header, record, *rows_of(replies.get("version"), "VERSION")):
        if found := text(row.get("CompileTime")):
            return found
    return None


def family_of(replies: Mapping[str, Reply], kind: str | None) -> str:
    """Name the firmware: Bitmain's, unless it names itself."""
    words = (kind or "").lower()
    for row in rows_of(replies.get("version"), "VERSION"):
        words += " ".join(str(value) for value in row.values()).lower()
    for name in ("version", "stats"):
        for row in section(replies.get(name, {}), "STATUS"):
            words += str(row.get("Description", "")).lower()
    return next((family for mark, family in _OTHERS if mark in words), "stock")


def read(
    replies: Mapping[str, Reply],
    context: Context,
    *,
    sided: bool = False,
    mode: Json = None,
) -> Reading:
    """Read ``stats`` in its classic form, with the summary where it is there.

    ``sided``: whether the firmware orders a board's sensors as the table of models says.
    ``mode``: the work mode, where another reply told it.
    Raises InvalidReplyError where there are no stats of an Antminer.
    """
    header, record = record_of(replies.get("stats"))
    summary = summary_of(replies)
    kind = kind_of(header, record, replies)
    ident = record.get("ID")
    scale = scale_of(record.get("rate_unit"), kind, ident, context.models)
    hardware = context.models.find(kind)
    hashrate = first(
        scale.rate(record.get("GHS 5s")), scale.rate(summary.get("GHS 5s"))
    )
    uptime = elapsed_of(record, summary)
    slept = whole(record.get("Mode")) == _SLEEP
    told = configured_mode(context) if mode is None else mode
    status = None
    work_mode = mode_name(mode)
    if told is not None and whole(told) != _SLEEP and _SEVENTEEN.search(kind or ""):
        # Its other modes are its own: 1 is sleep from the S19 on.
        work_mode, told = str(told), None
    if asleep(told, hashrate) or (slept and not hashrate):
        status = Status.SLEEPING
    return Reading(
        kind=kind,
        family=family_of(replies, kind),
        version=version_of(header, record, replies),
        clock=clock_of(replies.get("stats")),
        scale=scale,
        ident=ident,
        hashrate=hashrate,
        hashrate_average=first(
            scale.rate(record.get("GHS av")), scale.rate(summary.get("GHS av"))
        ),
        hashrate_nominal=scale.nominal(record.get("total_rateideal")),
        boards=boards_of(
            record,
            scale,
            hardware,
            resting=resting(status, hashrate, uptime),
            sided=sided,
        ),
        fans=fans_of(record, hardware.fans if hardware else None, context.fan_slots),
        uptime=uptime,
        hardware_errors=whole(record.get("no_matching_work")),
        power=power_of(record),
        status=status,
        work_mode="sleep" if slept else work_mode,
        summary=summary,
    )


def power_of(record: Record) -> float | None:
    """Read the watts that some firmware of 2023 and later tells."""
    return next(
        (found for key in _POWER_KEYS if (found := positive(record.get(key)))), None
    )


def _parse_classic(replies: Mapping[str, Reply], context: Context) -> Rig:
    return build(read(replies, context), replies, context)


def _parse_hiveon(replies: Mapping[str, Reply], context: Context) -> Rig:
    """Read Hiveon, which adds watts: a part of them is nonsense and left out."""
    reading = read(replies, context)
    reading.family = "hiveon"
    total = plausible_power(
        first(sum_power(reading.boards), reading.power), reading.hashrate
    )
    if total is None:
        reading.boards = tuple(replace(board, power=None) for board in reading.boards)
    reading.power = total
    return build(reading, replies, context)


def has_stats(fingerprint: Fingerprint) -> bool:
    """Tell whether the miner sends stats in the classic form."""
    return bool(fingerprint.record)


HIVEON = Dialect(
    name="hiveon",
    family="hiveon",
    commands=("stats", "summary", "pools"),
    recognises=lambda fingerprint: (
        ("rwglr" in fingerprint.text or "hiveon" in fingerprint.text)
        and has_stats(fingerprint)
    ),
    parse=_parse_hiveon,
    stock_web=True,
)
CLASSIC = Dialect(
    name="classic",
    family="stock",
    commands=("stats", "summary", "pools"),
    recognises=has_stats,
    parse=_parse_classic,
    stock_web=True,
)
