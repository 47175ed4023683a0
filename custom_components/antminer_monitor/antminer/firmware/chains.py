"""Boards and fans of a ``stats`` record with numbered keys (``chain_acn1``, ``temp2_1`` …).

Stock firmware of all generations, VNish, Hiveon and LuxOS send this layout, with their own
additions; what a firmware does not send is ``None``.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ...json_value import Json
from ...rig import Board, Fan
from ..hardware import Hardware
from .parsing import (
    Scale,
    chip_map,
    hottest,
    positive,
    side,
    temperature,
    temperatures,
    unsigned,
    whole,
)

type Record = Mapping[str, Json]

_SLOTS = 16
"""The most that any generation numbers (S9: 16 slots for 3 boards)."""

# Boards of an S9 run on 8 to 9.4 V, which its firmware counts in hundredths of a volt
# (HIGHEST_VOLTAGE_LIMITED_HW 940, driver-btm-c5); later ones count millivolts.
_MILLIVOLTS_FROM = 2000


class _Keys(NamedTuple):
    """The names of one slot's figures, spelled once."""

    slot: int
    found: str
    chips: str
    errors: str
    rate: str
    nominal: str
    frequencies: tuple[str, str, str]
    board: str
    chip: str
    third: tuple[str, str]
    fourth: str
    board_sensors: str
    chip_sensors: str
    millivolts: str
    volts: str
    consumption: str
    power: str


_KEYS = tuple(
    _Keys(
        slot=slot,
        found=f"chain_acn{slot}",
        chips=f"chain_acs{slot}",
        errors=f"chain_hw{slot}",
        rate=f"chain_rate{slot}",
        nominal=f"chain_rateideal{slot}",
        frequencies=(f"freq_avg{slot}", f"freq{slot}", f"frequency{slot}"),
        board=f"temp{slot}",
        chip=f"temp2_{slot}",
        third=(f"temp3_{slot}", f"temp3{slot}"),
        fourth=f"temp4_{slot}",
        board_sensors=f"temp_pcb{slot}",
        chip_sensors=f"temp_chip{slot}",
        millivolts=f"chain_vol{slot}",
        volts=f"voltage{slot}",
        consumption=f"chain_consumption{slot}",
        power=f"chain_power{slot}",
    )
    for slot in range(1, _SLOTS + 1)
)
_FANS = tuple((slot, f"fan{slot}") for slot in range(1, _SLOTS + 1))


def boards_of(
    record: Record,
    scale: Scale,
    hardware: Hardware | None,
    *,
    resting: bool = False,
    sided: bool = False,
) -> tuple[Board, ...]:
    """Read the boards that are there, and those that should be there and are not.

    A board is there when chips were found on it, or anything else of it speaks. A missing
    one is told only where slots have a fixed order (from the S17 on) and the model is
    known. Of a ``resting`` rig, starting or asleep, no chip counts as faulty: the firmware
    marks those alike that it has not tried. ``sided``: the order of the sensors is that of
    the table of models.
    """
    boards: list[Board] = []
    missing: list[Board] = []
    fixed = "temp_pcb1" in record or "total rate" in record
    expected = (hardware.boards if hardware and fixed else None) or 0
    for keys in _KEYS:
        if (
            keys.found not in record
            and keys.chips not in record
            and keys.rate not in record
        ):
            continue
        if board := _board(keys, record, scale, hardware, resting, sided):
            boards.append(board)
        elif keys.slot <= expected and hardware:
            missing.append(
                Board(
                    index=keys.slot,
                    chips_expected=hardware.chips,
                    chips_working=0,
                    chips_faulty=None if resting else hardware.chips,
                )
            )
    # With no board at all the rig is starting, asleep or beyond telling what it has.
    if boards and missing:
        boards = sorted(boards + missing, key=lambda board: board.index)
    return tuple(boards)


def _board(
    keys: _Keys,
    record: Record,
    scale: Scale,
    hardware: Hardware | None,
    resting: bool,
    sided: bool,
) -> Board | None:
    get = record.get
    found = whole(get(keys.found))
    marks = get(keys.chips)
    chips = chip_map(marks) if isinstance(marks, str) else ("", 0)
    rate = scale.rate(get(keys.rate))
    board_sensors = temperatures(get(keys.board_sensors))
    chip_sensors = temperatures(get(keys.chip_sensors))
    board_temperature = hottest(board_sensors)
    chip_temperature = hottest(chip_sensors)
    if board_temperature is None or chip_temperature is None:
        alone = _lone_sensors(keys, record)
        board_temperature = alone[0] if board_temperature is None else board_temperature
        chip_temperature = alone[1] if chip_temperature is None else chip_temperature
    if not (
        found
        or chips[0]
        or rate
        or board_temperature is not None
        or chip_temperature is not None
        or (found is None and rate is not None)
    ):
        return None
    expected = hardware.chips if hardware else None
    sides = (hardware.inlet, hardware.outlet) if hardware and sided else ((), ())
    working, faulty = _chips(chips, found, expected, marked=marks is not None)
    return Board(
        index=keys.slot,
        hashrate=rate,
        hashrate_nominal=scale.nominal(get(keys.nominal)),
        board_temperature=board_temperature,
        chip_temperature=chip_temperature,
        inlet_temperature=side(board_sensors, sides[0]),
        outlet_temperature=side(board_sensors, sides[1]),
        chips_expected=expected,
        chips_working=working,
        chips_faulty=None if resting and faulty else faulty,
        chip_map=chips[0] or None,
        frequency=_frequency(keys, record),
        voltage=_voltage(keys, record),
        power=positive(get(keys.consumption)) or positive(get(keys.power)),
        hardware_errors=whole(get(keys.errors)),
    )


def _lone_sensors(keys: _Keys, record: Record) -> tuple[float | None, float | None]:
    """Read board and chips of firmware without ``temp_pcb``.

    Where there is a fourth sensor (L3+, E3) the third is the board's second one, and
    elsewhere (S9) the chips' second one.
    """
    get = record.get
    third = [temperature(get(key)) for key in keys.third]
    board = [temperature(get(keys.board))]
    chip = [temperature(get(keys.chip))]
    if keys.fourth in record:
        board += third
        chip.append(temperature(get(keys.fourth)))
    else:
        chip += third
    return hottest(tuple(board)), hottest(tuple(chip))


def _chips(
    chips: tuple[str, int], found: int | None, expected: int | None, *, marked: bool
) -> tuple[int | None, int | None]:
    """Count working and faulty chips: by the map, or by the chips found if there is none."""
    marks, working = chips
    if marks:
        return working, max(len(marks), expected or 0) - working
    if found is None or (marked and found):
        # Found, and not tried yet: the firmware marks chips only then.
        return None, None
    return found, None if expected is None else max(0, expected - found)


def _frequency(keys: _Keys, record: Record) -> float | None:
    """Read MHz: the average that runs, what the board is set to, what the rig is set to.

    An average of 0 is "not known" (S17); a set frequency of 0 is said of boards asleep.
    """
    average, *own = keys.frequencies
    if (running := positive(record.get(average))) is not None:
        return running
    for key in own:
        if (found := unsigned(record.get(key))) is not None:
            return found
    return positive(record.get("frequency"))


def _voltage(keys: _Keys, record: Record) -> float | None:
    if (counted := positive(record.get(keys.millivolts))) is not None:
        return counted / (1000 if counted >= _MILLIVOLTS_FROM else 100)
    return positive(record.get(keys.volts)) or positive(record.get("Voltage"))


def fans_of(
    record: Record,
    expected: int | None,
    seen: frozenset[int] = frozenset(),
    duty: float | None = None,
) -> tuple[Fan, ...]:
    """Read the fans, those at 0 RPM among them where it is certain that there is one.

    That is so where no more slots are reported than the model has fans, on firmware that
    numbers its fans from 1 without gaps (from the S17 on), and for ``seen`` slots, in
    which a fan turned before. In an S9 the two fans may be in any of eight slots.
    """
    speeds = {
        slot: speed
        for slot, key in _FANS
        if key in record and (speed := whole(record[key])) is not None
    }
    shown = {slot for slot, speed in speeds.items() if speed} | seen
    if expected is not None and len(speeds) <= expected:
        shown |= speeds.keys()
    elif "temp_pcb1" in record or "total rate" in record:
        count = max(whole(record.get("fan_num")) or 0, expected or 0)
        count = min(count, len(speeds))
        if expected != 0 and all(slot <= count for slot in shown):
            shown |= set(range(1, count + 1))
    return tuple(
        Fan(index=slot, speed=speed, duty=duty)
        for slot, speed in speeds.items()
        if slot in shown
    )
