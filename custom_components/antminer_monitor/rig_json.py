"""Rigs to and from what a JSON file can hold."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import get_args, get_origin, get_type_hints

from .json_value import Json
from .rig import Rig

_LEFT_OUT = frozenset({"raw", "extras"})


def rig_as_dict(rig: Rig) -> dict[str, Json]:
    """Give a rig by the names of its fields: base units, ISO times, lower-case enum values.

    The raw replies are left out: they are for diagnostics. So is what extensions tell,
    which nobody shows of a rig that was not read.
    """
    return {
        item.name: _plain(getattr(rig, item.name))
        for item in fields(rig)
        if item.name not in _LEFT_OUT
    }


def rig_from_dict(data: object) -> Rig:
    """Make a rig of what ``rig_as_dict`` gave.

    Unknown keys are ignored and missing ones take their default, so that a file written
    by another version can be read. Raises ValueError when it cannot be a rig.
    """
    rig = _typed(Rig, data)
    assert isinstance(rig, Rig)
    return rig


def _plain(value: object) -> Json:
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
        case tuple() | list():
            return [_plain(item) for item in value]
    assert is_dataclass(value)
    return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}


@cache
def _hints(cls: type) -> dict[str, object]:
    return get_type_hints(cls)


def _typed(hint: object, value: object) -> object:
    if isinstance(hint, UnionType):
        if value is None and NoneType in get_args(hint):
            return None
        return _typed(next(arg for arg in get_args(hint) if arg is not NoneType), value)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise _wrong("a list", value)
        return tuple(_typed(get_args(hint)[0], item) for item in value)
    assert isinstance(hint, type)
    if is_dataclass(hint):
        if not isinstance(value, dict):
            raise _wrong("an object", value)
        known = {
            item.name: _typed(_hints(hint)[item.name], value[item.name])
            for item in fields(hint)
            if item.name in value and item.name not in _LEFT_OUT
        }
        try:
            return hint(**known)
        except TypeError as err:
            raise ValueError(str(err)) from err
    if issubclass(hint, datetime):
        if not isinstance(value, str):
            raise _wrong("a time", value)
        return datetime.fromisoformat(value).astimezone(UTC)
    if issubclass(hint, StrEnum):
        return hint(str(value))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint):
        raise _wrong(hint.__name__, value)
    return value


def _wrong(expected: str, value: object) -> ValueError:
    return ValueError(f"{expected} was expected, not {type(value).__name__}")
