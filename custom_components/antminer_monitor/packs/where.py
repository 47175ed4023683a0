"""Finding in replies what a pack says where it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from math import isfinite

from ..antminer.cgminer import Reply
from ..antminer.firmware.parsing import number
from ..json_value import Json
from ..rig import Extra
from .limits import Field, as_text
from .model import NUMBER, Condition, Step, Where
from .pattern import MAX_TEXT, Pattern

MAX_ITEMS = 256
"""Items of a list that are looked at."""
MAX_RAW = 120
"""Characters of a raw text that are shown."""
MAX_WORK = 500_000
"""Steps that the patterns of a pack may take for one reading, about half a second."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value that was read."""

    field: str
    """Such as ``hashrate``, ``boards[0].serial`` or ``sensors.psu_temperature``."""
    value: Extra
    raw: str
    """What stood at the end of the path, before anything was done to it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A value that was not believed, and not reported for that."""

    field: str
    value: str
    """What stood at the end of the path."""
    reason: str


def mark(value: Extra) -> str | None:
    """Give a scalar in the form in which values are compared: ``0`` and ``0.0`` are one."""
    if isinstance(value, float) and isfinite(value) and value.is_integer():
        value = int(value)
    told = as_text(value)
    return None if told is None else told.casefold()


def numbered(where: Where, word: str) -> Where:
    """Put the number of a part, or its name, into a path."""
    return replace(
        where,
        steps=tuple(step_of(step.key.replace(NUMBER, word)) for step in where.steps),
    )


def step_of(step: str | int) -> Step:
    """Make a step of a path: digits are the place in a list, and a key elsewhere."""
    key = f"{step}"
    is_place = len(key) <= 6 and key.isascii() and key.isdigit()
    return Step(key, int(key) if is_place else None)


def walk(data: Json, steps: tuple[Step, ...]) -> Json:
    """Follow a path; ``None`` where it leads to nothing."""
    for key, place in steps:
        if isinstance(data, dict):
            data = data.get(key)
        elif not isinstance(data, list):
            return None
        elif place is not None:
            data = data[place] if place < len(data) else None
        else:
            data = next(
                (
                    item[key]
                    for item in islice(data, MAX_ITEMS)
                    if isinstance(item, dict) and key in item
                ),
                None,
            )
    return data


def scalars(data: Json) -> list[Extra]:
    """Give the scalars of a list or an object."""
    items: Iterator[Json] = iter(())
    if isinstance(data, dict):
        items = iter(data.values())
    elif isinstance(data, list):
        items = iter(data)
    return [
        item[:MAX_TEXT] if isinstance(item, str) else item
        for item in islice(items, MAX_ITEMS)
        if item is not None and not isinstance(item, list | dict)
    ]


class Look:
    """One look at the replies of a miner. It ends: there is a bound to all that it does."""

    def __init__(
        self, replies: Mapping[str, Reply], first: str, *, notes: bool = False
    ) -> None:
        """Take the replies, and the one that is meant where none is named.

        ``notes``: whether figures and doubts are kept.
        """
        self.replies = replies
        self.first = first
        self.told: set[str] = set()
        """Replies of which something was read."""
        self.figures: list[Figure] = []
        self.doubts: list[Doubt] = []
        self._notes = notes
        self._left = MAX_WORK

    @property
    def is_spent(self) -> bool:
        """Whether a pattern was left out because they took too long together."""
        return self._left < 0

    def holds(self, condition: Condition) -> bool:
        """Tell whether a condition holds."""
        found = walk(self.replies.get(condition.reply), condition.steps)
        if condition.pattern is None:
            return found is not None
        if condition.every:
            return any(
                self._matches(condition.pattern, item) for item in scalars(found)
            )
        if found is None or isinstance(found, list | dict):
            return False
        return self._matches(condition.pattern, found)

    def start(self, where: Where, row: Json = None, home: str | None = None) -> Json:
        """Give what stands at the end of a path, from the row if it has one to begin at."""
        if where.reply is None and row is not None:
            return walk(row, where.steps)
        return walk(self.replies.get(where.reply or home or self.first), where.steps)

    def read(
        self,
        name: str,
        field: Field,
        places: tuple[Where, ...],
        row: Json = None,
        home: str | None = None,
    ) -> Extra | None:
        """Read a field: the first of its places counts that has a value to be believed.

        ``row``: where the paths begin that name no reply, and ``home`` the reply that it
        is of. ``name`` is the field's in figures and doubts.
        """
        for where in places:
            if where.value is not None:
                value, _ = field.judge(where.value)
                raw: Json = where.value
            else:
                raw = self.start(where, row, home)
                if isinstance(raw, str):
                    raw = raw[:MAX_TEXT]
                told = None if raw is None else self.convert(where, raw)
                if told is None:
                    continue
                value, reason = field.judge(told)
                if reason is not None:
                    self.doubt(name, raw, reason)
            if value is None:
                continue
            if where.value is None:
                self.told.add(where.reply or home or self.first)
            if self._notes:
                self.figures.append(Figure(name, value, raw_text(raw)))
            return value
        return None

    def doubt(self, name: str, raw: Json, reason: str) -> None:
        """Note that a value is not believed."""
        if self._notes:
            self.doubts.append(Doubt(name, raw_text(raw), reason))

    def convert(self, where: Where, raw: Json) -> Extra | None:
        """Make of what stands at the end of a path what the pack wants of it."""
        value: Extra | None
        if where.every or where.split is not None:
            value = self._taken(where, raw)
        elif raw is None or isinstance(raw, list | dict):
            return None
        else:
            value = raw
            if where.pattern is not None:
                value = self._searched(where.pattern, raw)
        if value is None or (where.ignore and is_ignored(where, value)):
            return None
        if where.map is not None:
            key = mark(value)
            value = None if key is None else where.map.get(key)
        if value is None or not where.is_number:
            return value
        found = number(value)
        if found is None:
            # Not a number: what the field thinks of it.
            return value if isinstance(value, str) else None
        return found * where.factor + where.addend

    def _taken(self, where: Where, raw: Json) -> Extra | None:
        """Choose one of several values."""
        if raw is None or isinstance(raw, list | dict) is not where.every:
            return None
        items = [raw] if not isinstance(raw, list | dict) else scalars(raw)
        if where.pattern is not None:
            searched = [self._searched(where.pattern, item) for item in items]
            items = [item for item in searched if item is not None]
        if where.split is not None:
            # No more of them are made than are looked at.
            parts = (part for item in items for part in _parts(item, where.split))
            items = list(islice(parts, MAX_ITEMS))
        return take(where, items[:MAX_ITEMS])

    def _searched(self, pattern: Pattern, value: Extra) -> str | None:
        told = as_text(value)
        if told is None or not self._affords(pattern, told):
            return None
        return pattern.search(told)

    def _matches(self, pattern: Pattern, value: Extra) -> bool:
        told = as_text(value)
        return told is not None and self._affords(pattern, told) and pattern.found(told)

    def _affords(self, pattern: Pattern, told: str) -> bool:
        """Tell whether there is work left for a pattern; what it takes at most is taken off."""
        self._left -= len(pattern.program) * (min(len(told), MAX_TEXT) + 1)
        return self._left >= 0


def take(where: Where, items: list[Extra]) -> Extra | None:
    """Choose one of several values, or add them up; those to be ignored take no part."""
    how = where.take
    if isinstance(how, int):
        return items[how] if how < len(items) else None
    if how == "first":
        return items[0] if items else None
    if how == "last":
        return items[-1] if items else None
    items = [item for item in items if item != "" and not is_ignored(where, item)]
    if how == "count":
        return len(items)
    numbers = [found for item in items if (found := number(item)) is not None]
    if not numbers:
        return None
    match how:
        case "max":
            return max(numbers)
        case "min":
            return min(numbers)
        case "sum":
            return sum(numbers)
        case _:
            return sum(numbers) / len(numbers)


def is_ignored(where: Where, value: Extra) -> bool:
    """Tell whether a value means that nothing is reported."""
    key = mark(value)
    if key is None or key in where.ignore:
        return True
    try:
        return isinstance(value, str) and mark(float(key)) in where.ignore
    except ValueError:
        return False


def raw_text(value: Json) -> str:
    """Give what stood in a reply as a short text."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        told = ", ".join(as_text(item) or "" for item in scalars(value))
    else:
        told = "" if value is None else as_text(value) or ""
    return told if len(told) <= MAX_RAW else f"{told[: MAX_RAW - 1]}…"


def _parts(value: Extra, separator: str) -> list[str]:
    told = as_text(value)
    if told is None:
        return []
    return [part.strip() for part in told[:MAX_TEXT].split(separator, MAX_ITEMS)]
