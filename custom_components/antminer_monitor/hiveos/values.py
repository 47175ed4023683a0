"""Reading values of a JSON text that may hold anything.

Each function gives ``None`` for what is not of its kind.
"""

from datetime import UTC, datetime
from functools import lru_cache
import ipaddress
import re

from ..json_value import Json

MAX_TEXT = 200
"""Characters of a text that are kept."""

_HUGE = 1e30
"""Beyond any figure of a rig, of any unit."""
_MAX_COUNT = 2**63
_MAX_ID = 2**64
_MAX_TIME = 4102444800
"""The year 2100."""
_HOTTEST = 250.0
_NO_OBJECT: dict[str, Json] = {}
_NO_LIST: list[Json] = []


def object_of(value: Json) -> dict[str, Json]:
    """Give an object, empty where there is none. It is not to be changed."""
    return value if type(value) is dict else _NO_OBJECT


def list_of(value: Json) -> list[Json]:
    """Give a list, empty where there is none. It is not to be changed."""
    return value if type(value) is list else _NO_LIST


def number(value: Json) -> float | None:
    """Give a number that is not negative."""
    # `type` lets no bool pass, the comparison neither NaN nor infinity.
    if (type(value) is int or type(value) is float) and 0 <= value < _HUGE:
        return float(value)
    return None


def rate(value: Json) -> float | None:
    """Give in hashes per second a rate that is told in thousands of them."""
    figure = number(value)
    return None if figure is None else figure * 1000.0


def positive(value: Json) -> float | None:
    """Give a number above zero."""
    return number(value) or None


def count(value: Json) -> int | None:
    """Give a whole number that is not negative."""
    figure = number(value)
    if figure is None or figure >= _MAX_COUNT:
        return None
    return value if type(value) is int else int(figure)


def temperature(value: Json) -> float | None:
    """Give a temperature in °C.

    Zero stands for a sensor that is not there or was not read; below it no rig runs.
    """
    figure = number(value)
    return figure if figure and figure < _HOTTEST else None


def identifier(value: Json) -> str | None:
    """Give an id, which is a number on the wire."""
    if type(value) is int and 0 <= value < _MAX_ID:
        return str(value)
    if (
        type(value) is str
        and len(value) <= 20
        and value.isascii()
        and value.isdecimal()
    ):
        return value
    return None


def text(value: Json, longest: int = MAX_TEXT) -> str | None:
    """Give a text in one line without blanks around it; ``None`` for an empty one."""
    if type(value) is not str or not value:
        return None
    if not value.isprintable():
        # Also half of a surrogate pair, which no file and no socket takes.
        value = "".join(c if c.isprintable() else " " for c in value[: longest * 4])
    return value.strip()[:longest].rstrip() or None


def flag(value: Json) -> bool | None:
    """Give a truth; 0 and 1 count."""
    if type(value) is bool:
        return value
    return bool(value) if type(value) is int and value in (0, 1) else None


def moment(value: Json) -> datetime | None:
    """Give a moment of Unix time."""
    figure = number(value)
    if not figure or figure > _MAX_TIME:
        return None
    return datetime.fromtimestamp(figure, UTC)


@lru_cache(maxsize=8192)
def mac_address(value: str) -> str | None:
    """Give a MAC address in lower case with colons; ``None`` for one that is nobody's."""
    digits = re.sub(r"[:\-. ]", "", value).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits) or digits in ("0" * 12, "f" * 12):
        return None
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


@lru_cache(maxsize=8192)
def ip_address(value: str) -> str | None:
    """Give an IP address as it is usually written."""
    try:
        return str(ipaddress.ip_address(value.strip()))
    except ValueError:
        return None
