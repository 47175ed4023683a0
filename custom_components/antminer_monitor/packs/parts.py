"""Boards and fans out of replies, as a pack says."""

from collections.abc import Iterator, Mapping
from itertools import islice

from ..antminer.firmware.parsing import chip_map, number
from ..antminer.hardware import Hardware
from ..json_value import Json
from ..rig import Board, Extra, Fan
from .limits import BOARD_FIELDS, FAN_FIELDS, MAX_PARTS, Field
from .model import Fields, PartsSpec, Where
from .where import Look

type Values = Mapping[str, Extra]
"""Values by field, of those that were reported."""

NO_SIGN = ("index", "chips_expected")
"""Fields that do not show that a part is there."""


def values_of(
    look: Look,
    fields: Fields,
    known: Mapping[str, Field],
    prefix: str = "",
    row: Json = None,
    home: str | None = None,
) -> dict[str, Extra]:
    """Read fields; those that are not reported are left out."""
    found: dict[str, Extra] = {}
    for name, places in fields.items():
        value = look.read(f"{prefix}{name}", known[name], places, row, home)
        if value is not None:
            found[name] = value
    return found


def boards_of(
    look: Look, spec: PartsSpec | None, hardware: Hardware | None, *, resting: bool
) -> tuple[Board, ...]:
    """Read the boards.

    ``resting``: whether no chips work because the rig was not told to, or just started.
    """
    found: dict[int, Board] = {}
    for place, fields, row in _places(look, spec):
        home = _home(spec)
        values = _part(look, f"boards[{place}]", fields, BOARD_FIELDS, row, home)
        if _is_there(values):
            _put(look, found, "boards", place, _board(place, values, hardware, resting))
    return tuple(found[index] for index in sorted(found))


def fans_of(
    look: Look, spec: PartsSpec | None, slots: frozenset[int]
) -> tuple[Fan, ...]:
    """Read the fans. One that turned before (``slots``) and is told to be at 0 is dead.

    That is so even if the pack ignores 0, because that is what empty slots tell.
    """
    found: dict[int, Fan] = {}
    for place, fields, row in _places(look, spec):
        home = _home(spec)
        values = _part(look, f"fans[{place}]", fields, FAN_FIELDS, row, home)
        index = int(values.get("index", place))
        if (
            index in slots
            and "speed" not in values
            and _stands_still(look, fields.get("speed", ()), row, home)
        ):
            values["speed"] = 0
        if _is_there(values):
            fan = Fan(
                index=index, speed=_whole(values, "speed"), duty=_figure(values, "duty")
            )
            _put(look, found, "fans", place, fan)
    return tuple(found[index] for index in sorted(found))


def _home(spec: PartsSpec | None) -> str | None:
    return spec.rows.reply if spec and spec.rows else None


def _places(look: Look, spec: PartsSpec | None) -> Iterator[tuple[int, Fields, Json]]:
    """Give number, fields and row of every part that may be there."""
    if spec is None:
        return
    if spec.rows is None:
        for place, fields in spec.numbered.items():
            yield place, fields, None
        return
    rows = look.start(spec.rows)
    if isinstance(rows, dict):
        rows = [rows]
    for place, row in enumerate(
        islice(rows, MAX_PARTS) if isinstance(rows, list) else ()
    ):
        if isinstance(row, dict):
            yield place, spec.numbered.get(place, spec.fields), row


def _part(
    look: Look,
    prefix: str,
    fields: Fields,
    known: Mapping[str, Field],
    row: Json,
    home: str | None,
) -> dict[str, Extra]:
    before = len(look.figures)
    values = values_of(look, fields, known, f"{prefix}.", row, home)
    if not _is_there(values):
        del look.figures[before:]
    return values


def _is_there(values: Values) -> bool:
    return any(name not in NO_SIGN for name in values)


def _put[PartT: (Board, Fan)](
    look: Look, found: dict[int, PartT], kind: str, place: int, part: PartT
) -> None:
    """Keep a part, unless its number is taken."""
    if part.index in found:
        look.doubt(f"{kind}[{place}].index", part.index, "is the number of another one")
    else:
        found[part.index] = part


def _board(
    place: int, values: Values, hardware: Hardware | None, resting: bool
) -> Board:
    marks = _text(values, "chip_map")
    expected = _whole(values, "chips_expected")
    if expected is None and hardware is not None:
        expected = hardware.chips
    working = _whole(values, "chips_working")
    if working is None and marks is not None:
        working = chip_map(marks)[1]
    faulty = _whole(values, "chips_faulty")
    if faulty is None and working is not None and not resting:
        count = max(len(marks or ""), expected or 0)
        faulty = max(0, count - working) if count else None
    index = _whole(values, "index")
    return Board(
        index=place if index is None else index,
        hashrate=_figure(values, "hashrate"),
        hashrate_nominal=_figure(values, "hashrate_nominal"),
        board_temperature=_figure(values, "board_temperature"),
        chip_temperature=_figure(values, "chip_temperature"),
        inlet_temperature=_figure(values, "inlet_temperature"),
        outlet_temperature=_figure(values, "outlet_temperature"),
        chips_expected=expected,
        chips_working=working,
        chips_faulty=faulty,
        chip_map=marks,
        frequency=_figure(values, "frequency"),
        voltage=_figure(values, "voltage"),
        power=_figure(values, "power"),
        hardware_errors=_whole(values, "hardware_errors"),
        serial=_text(values, "serial"),
    )


def _stands_still(
    look: Look, places: tuple[Where, ...], row: Json, home: str | None
) -> bool:
    """Tell whether a speed of 0 is told."""
    return any(number(look.start(where, row, home)) == 0 for where in places)


def _figure(values: Values, name: str) -> float | None:
    found = values.get(name)
    return float(found) if isinstance(found, int | float) else None


def _whole(values: Values, name: str) -> int | None:
    found = values.get(name)
    return found if isinstance(found, int) else None


def _text(values: Values, name: str) -> str | None:
    found = values.get(name)
    return found if isinstance(found, str) else None
