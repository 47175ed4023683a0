"""Bitmain's firmware of the S19 and later.

It answers ``stats`` in a form like the classic one, with numbers in place of texts, and,
asked with ``new_api``, in the form of its own web page, which tells serial numbers and
the work mode besides. The shape of a reply tells which it is, never the model.
"""

from collections.abc import Mapping
from dataclasses import replace

from ...json_value import Json
from ...rig import Board, Fan, Rig, RigError, Status
from ..cgminer import Reply, is_error, section
from ..hardware import Hardware
from .build import (
    Reading,
    asleep,
    build,
    configured_mode,
    elapsed_of,
    first,
    mode_name,
    resting,
    summary_of,
)
from .dialect import STATS_NEW, SUMMARY_NEW, Context, Dialect, Fingerprint
from .parsing import (
    Scale,
    chip_map,
    hottest,
    scale_of,
    side,
    temperatures,
    text,
    unsigned,
    whole,
)
from .pools import MAX_ROWS, clock_of
from .stock import Record, family_of, has_stats, kind_of, power_of, read, version_of

UNWELL = 0.8
"""Below this part of its nominal rate a rig is asked what is wrong."""


def _parse_x19(replies: Mapping[str, Reply], context: Context) -> Rig:
    """Read the S19 generation: the new form where it is there, the classic one else."""
    if new_stats(replies.get("stats")):
        reading = _read_new(replies, context)
    else:
        # Told when the miner program was identified; another mode would have restarted it.
        remembered = new_stats(replies.get(STATS_NEW)) or {}
        mode = remembered.get("miner-mode")
        reading = read(replies, context, sided=True, mode=mode)
        reading.boards = _completed(reading.boards, remembered)
    reading.errors = _errors_of(replies.get(SUMMARY_NEW)) + context.warnings
    return build(reading, replies, context)


def new_stats(reply: Reply | None) -> Record | None:
    """Give the figures of a ``stats`` reply in its new form; ``None`` if it has another."""
    if reply is None or is_error(reply) or not isinstance(reply.get("STATUS"), dict):
        return None
    rows = section(reply, "STATS")
    return rows[0] if rows and isinstance(rows[0].get("chain"), list) else None


def tells_all(reply: Reply | None) -> bool:
    """Tell whether the new form of ``stats`` can stand for the classic one.

    It can unless a board that is there comes without its chip map.
    """
    record = new_stats(reply)
    return record is not None and all(
        text(chain.get("asic"))
        for chain in _chains(record)
        if whole(chain.get("asic_num"))
    )


def is_unwell(rig: Rig) -> bool:
    """Tell whether a rig is plainly not well, so that asking for its problems is worth it."""
    if rig.status in (Status.SLEEPING, Status.STARTING) or rig.hashrate is None:
        return False
    return not rig.hashrate or (
        rig.hashrate_nominal is not None
        and rig.hashrate < UNWELL * rig.hashrate_nominal
    )


def _chains(record: Record) -> list[Record]:
    chains = record.get("chain")
    if not isinstance(chains, list):
        return []
    return [chain for chain in chains[:MAX_ROWS] if isinstance(chain, dict)]


def _slot(chain: Record, place: int) -> int:
    """Number a board as the classic form does, from 1; the new one counts from 0."""
    index = whole(chain.get("index"))
    return (place if index is None else index) + 1


def _completed(boards: tuple[Board, ...], remembered: Record) -> tuple[Board, ...]:
    """Add what only the new form tells and what stays while the miner program runs."""
    if not remembered:
        return boards
    told = {
        _slot(chain, place): chain for place, chain in enumerate(_chains(remembered))
    }
    unit = scale_of(remembered.get("rate_unit"), None)
    return tuple(
        replace(
            board,
            serial=text(chain.get("sn")),
            hashrate_nominal=board.hashrate_nominal
            or unit.nominal(chain.get("rate_ideal")),
        )
        if (chain := told.get(board.index))
        else board
        for board in boards
    )


def _read_new(replies: Mapping[str, Reply], context: Context) -> Reading:
    reply = replies["stats"]
    record = new_stats(reply) or {}
    facts = section(reply, "INFO")
    info = facts[0] if facts else {}
    summary = summary_of(replies)
    kind = text(info.get("type")) or kind_of({}, {}, replies)
    scale = scale_of(record.get("rate_unit"), kind, None, context.models)
    hardware = context.models.find(kind)
    hashrate = scale.rate(record.get("rate_5s"))
    uptime = first(unsigned(record.get("elapsed")), elapsed_of(summary))
    mode = record.get("miner-mode")
    told = mode if mode is not None else configured_mode(context)
    status = Status.SLEEPING if asleep(told, hashrate) else None
    chains = _chains(record)
    boards = _new_boards(
        chains, scale, hardware, rests=resting(status, hashrate, uptime)
    )
    counted = [
        count for chain in chains if (count := whole(chain.get("hw"))) is not None
    ]
    return Reading(
        kind=kind,
        family=family_of(replies, kind),
        version=text(info.get("CompileTime")) or version_of({}, {}, replies),
        clock=clock_of(replies.get("stats")),
        scale=scale,
        hashrate=hashrate,
        hashrate_average=scale.rate(record.get("rate_avg")),
        hashrate_nominal=scale.nominal(record.get("rate_ideal")),
        boards=boards,
        fans=_new_fans(record.get("fan"), hardware.fans if hardware else None, context),
        uptime=uptime,
        hardware_errors=sum(counted) if counted else None,
        power=power_of(record),
        status=status,
        work_mode=mode_name(mode),
        summary=summary,
    )


def _new_boards(
    chains: list[Record], scale: Scale, hardware: Hardware | None, *, rests: bool
) -> tuple[Board, ...]:
    expected = hardware.chips if hardware else None
    boards: dict[int, Board] = {}
    for place, chain in enumerate(chains):
        marks = chain.get("asic")
        chips = chip_map(marks) if isinstance(marks, str) else ("", 0)
        found = whole(chain.get("asic_num"))
        sensors = temperatures(chain.get("temp_pcb"))
        rate = scale.rate(chain.get("rate_real"))
        if not (found or chips[0] or sensors or rate):
            continue
        working = chips[1] if chips[0] else found
        faulty = None
        if working is not None and (chips[0] or expected is not None):
            faulty = max(0, max(len(chips[0]), expected or 0) - working)
        slot = _slot(chain, place)
        boards[slot] = Board(
            index=slot,
            hashrate=rate,
            hashrate_nominal=scale.nominal(chain.get("rate_ideal")),
            board_temperature=hottest(sensors),
            chip_temperature=hottest(temperatures(chain.get("temp_chip"))),
            inlet_temperature=side(sensors, hardware.inlet) if hardware else None,
            outlet_temperature=side(sensors, hardware.outlet) if hardware else None,
            chips_expected=expected,
            chips_working=working,
            chips_faulty=None if rests and faulty else faulty,
            chip_map=chips[0] or None,
            frequency=unsigned(chain.get("freq_avg")),
            hardware_errors=whole(chain.get("hw")),
            serial=text(chain.get("sn")),
        )
    if boards and hardware and hardware.boards:
        for slot in range(1, hardware.boards + 1):
            boards.setdefault(
                slot,
                Board(
                    index=slot,
                    chips_expected=expected,
                    chips_working=0,
                    chips_faulty=None if rests else expected,
                ),
            )
    return tuple(boards[slot] for slot in sorted(boards))


def _new_fans(value: Json, expected: int | None, context: Context) -> tuple[Fan, ...]:
    speeds = (
        [whole(item) for item in value[:MAX_ROWS]] if isinstance(value, list) else []
    )
    return tuple(
        Fan(index=slot, speed=speed)
        for slot, speed in enumerate(speeds, 1)
        if speed is not None and (speed or expected != 0 or slot in context.fan_slots)
    )


def _errors_of(reply: Reply | None) -> tuple[RigError, ...]:
    """Read the problems that the new form of ``summary`` lists."""
    rows = [] if reply is None or is_error(reply) else section(reply, "SUMMARY")
    listed = rows[0].get("status") if rows else None
    errors = []
    for entry in listed[:MAX_ROWS] if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("status") == "e":
            parts = (text(entry.get("type")), whole(entry.get("code")) or None)
            code = " ".join(str(part) for part in parts if part is not None)
            errors.append(
                RigError(code=code or "error", message=text(entry.get("msg")))
            )
    return tuple(errors)


def _is_x19(fingerprint: Fingerprint) -> bool:
    record = fingerprint.record
    return fingerprint.new_form or (
        has_stats(fingerprint)
        and (
            "rate_30m" in record
            or "total rate" in record
            or isinstance(record.get("GHS 5s"), int | float)
        )
    )


X19 = Dialect(
    name="x19",
    family="stock",
    commands=("stats", "summary", "pools"),
    recognises=_is_x19,
    parse=_parse_x19,
    new_api=True,
    stock_web=True,
)
