"""Reading single values: miners send one thing as number, text or not at all."""

from functools import lru_cache
import re
from typing import NamedTuple

from ...json_value import Json
from ..hardware import TABLE, Models
from ..web import LONGEST_TEXT

_LEADING = re.compile(r"\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")
# The first number may be negative; after a separator a dash is a sign: "2--1-20-22".
_DASHED = re.compile(r"(?:^|(?<=-))-?\d+(?:\.\d+)?")

_ABSURD = 1e30
_FASTEST = 1e15
"""No rig does so many of any unit."""
COLDEST, HOTTEST = -40.0, 150.0
"""°C between which a sensor is believed; broken ones were seen at -83, and at 255."""
_MAX_SENSORS = 1000
"""Characters of the sensors of one board; four of them have about 15."""
_MAX_MARKS = 10_000
"""Characters of a chip map; the longest seen has some 250."""
_MAX_WORD = 40
"""Characters of a unit, or of the ``ID`` of the stats."""
_MAX_AGE = 40
"""Characters of the time since a share."""


def number(value: Json) -> float | None:
    """Read a number from one, or from the beginning of a text: ``1600M``, ``3250 W``.

    ``None`` for anything else, for ``""`` and for what is not finite, or absurd.
    """
    kind = type(value)
    if kind is str:
        try:
            found = float(value)  # type: ignore[arg-type]  # mypy does not narrow by type()
        except ValueError:
            match = _LEADING.match(value)  # type: ignore[arg-type]  # as above
            if match is None:
                return None
            found = float(match[1])
    elif kind is float or kind is int:
        try:
            found = float(value)  # type: ignore[arg-type]  # as above
        except OverflowError:
            return None
    else:
        return None
    return found if -_ABSURD < found < _ABSURD else None


def positive(value: Json) -> float | None:
    """Read a number where firmware writes 0 for what it does not know."""
    found = number(value)
    return found if found is not None and found > 0 else None


def unsigned(value: Json) -> float | None:
    """Read a number that cannot be below zero; one that is tells nothing."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def percent(value: Json) -> float | None:
    """Read a share of a whole."""
    found = unsigned(value)
    return found if found is not None and found <= 100 else None


def whole(value: Json) -> int | None:
    """Read a count; below zero it is none."""
    if type(value) is int:
        return value if value >= 0 else None
    found = number(value)
    return None if found is None or found < 0 else int(found)


def words(value: Json) -> str | None:
    """Read a text as it is told, with one blank between its words.

    ``None`` for an empty one and for the firmwares' ways to say so.
    """
    if not isinstance(value, str):
        return None
    found = " ".join(value.split())
    return None if found.lower() in _NOTHING else found


def text(value: Json) -> str | None:
    """Read a text to be shown: of a very long one its beginning, and marks for what cannot be.

    ``None`` as ``words``.
    """
    found = words(value)
    if found is None:
        return None
    found = found[:LONGEST_TEXT].rstrip()
    if not found.isprintable():
        found = "".join(c if c.isprintable() else "\ufffd" for c in found)
    return found


_NOTHING = frozenset({"", "-", "n/a", "none", "null", "unknow", "unknown"})


def temperature(value: Json) -> float | None:
    """Read a sensor that stands alone: 0 is "absent", below it the sensor is broken."""
    found = number(value)
    return found if found is not None and 0 < found <= HOTTEST else None


@lru_cache(maxsize=4096)
def _dashed(value: str) -> tuple[float | None, ...]:
    found = [float(item) for item in _DASHED.findall(value)]
    if not any(found):
        return ()
    return tuple(item if COLDEST <= item <= HOTTEST else None for item in found)


def temperatures(value: Json) -> tuple[float | None, ...]:
    """Read a board's sensors: ``"55-53-68-69"``, or a list (``new_api``).

    Temperatures below zero are real here (captures of a rig in the frost). Empty where
    all are 0: there is no board.
    """
    if isinstance(value, str):
        return _dashed(value) if len(value) <= _MAX_SENSORS else ()
    if isinstance(value, list):
        found = [number(item) for item in value]
        if any(found):
            return tuple(
                item if item is not None and COLDEST <= item <= HOTTEST else None
                for item in found
            )
    return ()


def hottest(sensors: tuple[float | None, ...]) -> float | None:
    """Give the hottest of some sensors."""
    return max((item for item in sensors if item is not None), default=None)


def side(sensors: tuple[float | None, ...], places: tuple[int, ...]) -> float | None:
    """Give the hottest of the sensors at some places; 0 among others is a broken one."""
    return hottest(
        tuple(sensors[place] or None for place in places if place < len(sensors))
    )


def chip_map(value: str) -> tuple[str, int]:
    """Give a chip map without its blanks, and how many chips of it work (``o``).

    Empty for one that is longer than any board's.
    """
    return _chip_map(value) if len(value) <= _MAX_MARKS else ("", 0)


@lru_cache(maxsize=2048)
def _chip_map(value: str) -> tuple[str, int]:
    found = "".join(value.split())
    return found, found.count("o")


def share_age(value: Json, now: float | None) -> float | None:
    """Give the seconds since a pool's last share; ``None`` where there was none.

    ``0:00:05`` is an age (hours unbounded); a number is an epoch (BOSminer), told against
    the miner's own clock ``now``.
    """
    if isinstance(value, str) and ":" in value:
        if len(value) > _MAX_AGE:
            return None
        try:
            seconds = 0
            for part in value.split(":"):
                seconds = seconds * 60 + int(part)
            return float(seconds) if seconds >= 0 else None
        except ValueError, OverflowError:
            return None
    epoch = number(value)
    if not epoch or epoch < 0 or now is None:
        return None
    return max(0.0, now - epoch)


class Scale(NamedTuple):
    """What a number that is called a rate means."""

    unit: str
    factor: float
    either: bool = False
    """Equihash: third-party firmware counts Sol/s where Bitmain's counts kSol/s."""

    def rate(self, value: Json) -> float | None:
        """Read a rate, in H/s (or solutions per second)."""
        found = number(value)
        if found is None or not 0 <= found < _FASTEST:
            return None
        # A Z15 Pro, the fastest, does 840 kSol/s (foreman tells them apart by 1000 too).
        if self.either and found >= 1000:
            return found
        return found * self.factor

    def nominal(self, value: Json) -> float | None:
        """Read a rate that the rig should reach: 0 is "not known"."""
        return self.rate(value) or None


_UNITS = {
    "H": ("H/s", 1.0),
    "KH": ("kH/s", 1e3),
    "MH": ("MH/s", 1e6),
    "GH": ("GH/s", 1e9),
    "TH": ("TH/s", 1e12),
    "PH": ("PH/s", 1e15),
    "SOL": ("Sol/s", 1.0),
    "KSOL": ("kSol/s", 1e3),
    "MSOL": ("MSol/s", 1e6),
}
# ``ID`` of the stats of boards whose rates are no GH/s in spite of their name (captures).
_IDS = {
    "L30": ("scrypt", "MH/s"),
    "D10": ("x11", "MH/s"),
    "ZCASH0": ("equihash", "kSol/s"),
}


@lru_cache(maxsize=512)
def _scale(unit: str | None, told: str | None, ident: str | None) -> Scale:
    if unit and (known := _UNITS.get(unit.upper().removesuffix("/S").strip())):
        return Scale(*known)
    told = told or _IDS.get(ident or "", (None, "GH/s"))[1]
    name, factor = _UNITS[told.upper().removesuffix("/S")]
    return Scale(name, factor, either=name == "kSol/s")


def scale_of(
    unit: Json, kind: str | None, ident: Json = None, models: Models = TABLE
) -> Scale:
    """Tell what the rates of a reply mean: by its ``rate_unit``, its model, its ``ID``."""
    return _scale(_short(unit), models.family_of(kind)[1], _short(ident))


def _short(value: Json) -> str | None:
    """Give what may be a unit or an ``ID``: a long text is neither, and is not to be kept."""
    return value if isinstance(value, str) and len(value) <= _MAX_WORD else None


def algorithm_of(
    kind: str | None, ident: Json = None, models: Models = TABLE
) -> str | None:
    """Tell the algorithm by model, or by the ``ID`` of the stats."""
    return models.family_of(kind)[0] or (
        _IDS[ident][0] if isinstance(ident, str) and ident in _IDS else None
    )
