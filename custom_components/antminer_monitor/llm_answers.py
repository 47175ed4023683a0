"""What assistants are told of rigs: short, in words where figures want a unit, never a secret."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from .attention import Patient, clean, patients, rate_text, reasons_of, span
from .fleet import Fleet, totals
from .fleet_rows import FleetRig
from .health import Limits, chips_faulty, reject_rate
from .pools import address_of
from .rig import Board, Gpu, Pool, Rig
from .units import ALGORITHM_NAMES, RateUnit, rate_unit, significant

type Answer = JsonObjectType

LONGEST_NAME: Final = 60
MOST_PLACES: Final = 15
MOST_NAMES: Final = 10
MOST_REASONS: Final = 4
MOST_PARTS: Final = 16
"""Boards, graphics cards, fans or pools of a rig."""


def name_of(known: FleetRig) -> str:
    """Give the name of a rig, at a length that can be told."""
    return clean(known.name, LONGEST_NAME)


def place_of(known: FleetRig) -> str:
    """Give the name of the farm of a rig, or else of its site."""
    return clean(known.farm or known.site, LONGEST_NAME)


def farm_answer(
    rigs: Sequence[FleetRig], now: datetime, limits: Callable[[str], Limits]
) -> Answer:
    """Tell how some rigs are, all together and by place."""
    gone = sorted(
        (known for known in rigs if known.is_stale and not known.is_starting),
        key=lambda known: (known.age(now) is None, known.age(now) or 0),
    )
    places: dict[str, list[FleetRig]] = {}
    for known in rigs:
        places.setdefault(place_of(known), []).append(known)
    answer: Answer = {
        **_totals(rigs),
        "rigs_by_status": dict(Counter(known.status.value for known in rigs)),
        "rigs_that_need_attention": len(patients(rigs, now, limits)),
    }
    if gone:
        answer["stale_rigs"] = [
            *_named(gone, lambda known: f"{name_of(known)} ({_seen(known, now)})")
        ]
    if len(places) > 1:
        largest = sorted(places.items(), key=lambda item: -len(item[1]))
        answer["places"] = [
            {"name": name, **_totals(here)} for name, here in largest[:MOST_PLACES]
        ]
        if len(places) > MOST_PLACES:
            answer["places_left_out"] = len(places) - MOST_PLACES
    return answer


def attention_answer(
    rigs: Iterable[FleetRig],
    now: datetime,
    limits: Callable[[str], Limits],
    most: int,
) -> Answer:
    """Tell which rigs want attention, the most urgent first, at most so many."""
    found = patients(rigs, now, limits)
    counts = Counter(reason.kind for item in found for reason in item.reasons)
    return {
        "rigs_that_need_attention": len(found),
        "rigs_by_reason": dict(counts.most_common()),
        "most_urgent_first": [_patient(item) for item in found[:most]],
        **({"left_out": len(found) - most} if len(found) > most else {}),
    }


def told_apart(rigs: Sequence[FleetRig]) -> list[str]:
    """Give the names of a few of some rigs, each with what tells it from the others."""
    return _named(rigs, _told_apart)


def rig_answer(known: FleetRig, now: datetime, limits: Limits) -> Answer:
    """Tell what is known of a rig; figures only while they are true."""
    rig = known.rig
    answer: Answer = {
        "name": name_of(known),
        "place": place_of(known),
        "status": known.status.value,
        "last_seen": _seen(known, now),
        "needs_attention": [
            reason.text for reason in reasons_of(known, now, limits)[:MOST_REASONS]
        ],
        "manufacturer": _maybe(known.manufacturer),
        "model": _maybe(rig.model if rig else None),
        "firmware": _maybe(
            " ".join(filter(None, (rig.firmware.family, rig.firmware.version)))
            if rig and rig.firmware
            else None
        ),
        "ip": rig.ip if rig else None,
        "mines": _maybe(rig.algorithm if rig else None),
        "flight_sheet": _maybe(rig.flight_sheet if rig else None),
    }
    if known.live:
        answer |= _figures(known.live)
    else:
        answer["figures"] = "not known: the rig is stale, and old figures are not told"
    return {key: value for key, value in answer.items() if value not in (None, [], {})}


def _totals(rigs: Sequence[FleetRig]) -> Answer:
    live = [known.live for known in rigs if known.live]
    stale = sum(known.is_stale for known in rigs)
    fleet = totals(live, rigs=len(rigs), stale=stale)
    units: dict[str, RateUnit] = {}
    for rig in live:
        for algorithm in rig.hashrates:
            unit = rate_unit(rig, algorithm)
            units[algorithm] = max(
                units.get(algorithm, unit), unit, key=lambda item: item.scale
            )
    return {
        "rigs": fleet.rigs,
        "rigs_online": fleet.online,
        "rigs_stale": fleet.stale,
        "hashrate_by_algorithm": {
            clean(ALGORITHM_NAMES.get(algorithm, algorithm), LONGEST_NAME): _amount(
                rate / units[algorithm].scale, 4, units[algorithm].symbol
            )
            for algorithm, rate in fleet.hashrates.items()
        },
        **_power_of(fleet, units),
    }


def _power_of(fleet: Fleet, units: dict[str, RateUnit]) -> Answer:
    if fleet.power is None:
        return {}
    answer: Answer = {"power": _amount(fleet.power / 1000, 4, "kW")}
    if not fleet.power_is_complete:
        answer["power_is_of"] = "those rigs only that tell their power"
    if fleet.efficiency is not None:
        (unit,) = (units[algorithm] for algorithm in fleet.hashrates)
        answer["efficiency"] = _amount(
            fleet.efficiency * unit.scale, 3, f"J/{unit.work}"
        )
    return answer


def _patient(item: Patient) -> Answer:
    rig = item.known.rig
    return {
        "name": name_of(item.known),
        "place": place_of(item.known),
        "model": _maybe(rig.model if rig else None),
        "status": item.known.status.value,
        "reasons": [reason.text for reason in item.reasons[:MOST_REASONS]],
    }


def _figures(rig: Rig) -> Answer:
    rejected = reject_rate(rig)
    unit = rate_unit(rig)
    return {
        "hashrate": rate_text(rig, rig.hashrate),
        "hashrate_average": rate_text(rig, rig.hashrate_average),
        "hashrate_nominal": rate_text(rig, rig.hashrate_nominal),
        "hashrates_of_others": {
            clean(algorithm, LONGEST_NAME): _amount(
                rate / rate_unit(rig, algorithm).scale,
                4,
                rate_unit(rig, algorithm).symbol,
            )
            for algorithm, rate in rig.hashrates.items()
            if algorithm != rig.algorithm
        },
        "power": _amount(rig.power, 4, "W") if rig.power is not None else None,
        "power_is": rig.power_source.value if rig.power_source else None,
        "efficiency": _amount(
            rig.power / rig.hashrate * unit.scale, 3, f"J/{unit.work}"
        )
        if rig.power is not None and rig.hashrate
        else None,
        "hottest_board": _celsius(rig.board_temperature),
        "hottest_chip": _celsius(rig.chip_temperature),
        "hottest_graphics_card": _celsius(rig.gpu_temperature),
        "faulty_chips": chips_faulty(rig),
        "boards_expected": rig.boards_expected,
        "boards": [_board(rig, board) for board in rig.boards[:MOST_PARTS]],
        "graphics_cards": [_gpu(gpu) for gpu in rig.gpus[:MOST_PARTS]],
        "fans_rpm": [fan.speed for fan in rig.fans[:MOST_PARTS]],
        "pools": [_pool(pool) for pool in rig.pools[:MOST_PARTS] if pool.url],
        "shares_accepted": rig.shares.accepted,
        "shares_rejected": rig.shares.rejected,
        "rejected": None if rejected is None else f"{rejected:.2f} %",
        "hardware_errors": rig.hardware_errors,
        "blocks_found": rig.found_blocks,
        "mining_since": None if rig.uptime is None else f"{span(rig.uptime)} ago",
        "work_mode": _maybe(rig.work_mode),
    }


def _board(rig: Rig, board: Board) -> Answer:
    return _known(
        {
            "board": board.index,
            "hashrate": rate_text(rig, board.hashrate),
            "board_temperature": _celsius(board.board_temperature),
            "chip_temperature": _celsius(board.chip_temperature),
            "chips_working": board.chips_working,
            "chips_expected": board.chips_expected,
        }
    )


def _gpu(gpu: Gpu) -> Answer:
    return _known(
        {
            "card": gpu.index,
            "name": _maybe(gpu.name),
            "core_temperature": _celsius(gpu.core_temperature),
            "memory_temperature": _celsius(gpu.memory_temperature),
            "power": _amount(gpu.power, 3, "W") if gpu.power is not None else None,
        }
    )


def _pool(pool: Pool) -> Answer:
    return _known(
        {
            "address": clean(address_of(pool.url or ""), LONGEST_NAME),
            "status": pool.status.value if pool.status else None,
            "in_use": pool.active,
        }
    )


def _known(answer: Answer) -> Answer:
    return {key: value for key, value in answer.items() if value is not None}


def _named(rigs: Sequence[FleetRig], text: Callable[[FleetRig], str]) -> list[str]:
    shown = [text(known) for known in rigs[:MOST_NAMES]]
    if len(rigs) > MOST_NAMES:
        shown.append(f"and {len(rigs) - MOST_NAMES} more")
    return shown


def _told_apart(known: FleetRig) -> str:
    ip = known.rig.ip if known.rig else None
    return f"{name_of(known)} ({', '.join(filter(None, (place_of(known), ip)))})"


def _seen(known: FleetRig, now: datetime) -> str:
    age = known.age(now)
    if age is None or known.rig is None or known.rig.seen_at is None:
        return "never seen"
    at = dt_util.as_local(known.rig.seen_at)
    return f"{span(age)} ago, at {at:%Y-%m-%d %H:%M}"


def _maybe(text: str | None) -> str | None:
    return clean(text, LONGEST_NAME) if text else None


def _celsius(value: float | None) -> str | None:
    return None if value is None else f"{value:.0f} °C"


def _amount(value: float, digits: int, unit: str) -> str:
    return f"{significant(value, digits):.10g} {unit}"
