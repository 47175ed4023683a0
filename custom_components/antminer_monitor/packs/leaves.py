"""Single values of a pack: each says what it may be to probatio, and to a JSON schema."""

from dataclasses import dataclass
from math import isfinite
import re
from typing import override

import probatio

type JsonSchema = dict[str, object]
"""A part of a JSON schema."""


class Leaf:
    """What a value may be. Called with one it gives it back, or raises probatio.Invalid."""

    __slots__ = ()

    def __call__(self, value: object) -> object:
        """Check a value."""
        raise NotImplementedError

    def json_schema(self) -> JsonSchema:
        """Say the same in a JSON schema, as far as that can."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Text(Leaf):
    """A text."""

    most: int
    """Characters."""
    pattern: str | None = None
    """Of the whole, in what Python and ECMAScript have in common."""
    says: str = ""
    """What the pattern means."""

    @override
    def __call__(self, value: object) -> str:
        if not isinstance(value, str):
            hint = "" if isinstance(value, list | dict) else ": put it in quotes"
            raise probatio.Invalid(f"must be text{hint}")
        if not 0 < len(value) <= self.most:
            raise probatio.Invalid(f"must have 1 to {self.most} characters")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise probatio.Invalid(f"must be {self.says}")
        return value

    @override
    def json_schema(self) -> JsonSchema:
        found: JsonSchema = {"type": "string", "minLength": 1, "maxLength": self.most}
        return found | ({"pattern": f"^{self.pattern}$"} if self.pattern else {})


@dataclass(frozen=True, slots=True)
class Whole(Leaf):
    """A whole number."""

    least: int
    most: int

    @override
    def __call__(self, value: object) -> int:
        if type(value) is not int or not self.least <= value <= self.most:
            raise probatio.Invalid(
                f"must be a whole number from {self.least} to {self.most}"
            )
        return value

    @override
    def json_schema(self) -> JsonSchema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Number(Leaf):
    """A number."""

    least: float
    most: float
    has_zero: bool = True

    @override
    def __call__(self, value: object) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not isfinite(value)
            or not self.least <= value <= self.most
            or (not self.has_zero and not value)
        ):
            besides = "" if self.has_zero else " and not 0"
            raise probatio.Invalid(
                f"must be a number from {self.least:g} to {self.most:g}{besides}"
            )
        return value

    @override
    def json_schema(self) -> JsonSchema:
        found: JsonSchema = {
            "type": "number",
            "minimum": self.least,
            "maximum": self.most,
        }
        return found | ({} if self.has_zero else {"not": {"const": 0}})


@dataclass(frozen=True, slots=True)
class OneOf(Leaf):
    """One of some texts."""

    known: tuple[str, ...]

    @override
    def __call__(self, value: object) -> str:
        if not isinstance(value, str) or value not in self.known:
            raise probatio.Invalid(f"must be one of {', '.join(self.known)}")
        return value

    @override
    def json_schema(self) -> JsonSchema:
        return {"enum": list(self.known)}


@dataclass(frozen=True, slots=True)
class Scalar(Leaf):
    """A text, a number, true or false."""

    most: int
    """Characters of a text."""

    @override
    def __call__(self, value: object) -> object:
        if isinstance(value, str):
            if len(value) <= self.most:
                return value
            raise probatio.Invalid(f"must have at most {self.most} characters")
        if isinstance(value, bool) or (
            isinstance(value, int | float) and -1e30 < value < 1e30
        ):
            return value
        raise probatio.Invalid("must be a text, a number, true or false")

    @override
    def json_schema(self) -> JsonSchema:
        return {
            "anyOf": [
                {"type": "string", "maxLength": self.most},
                {"type": "number", "exclusiveMinimum": -1e30, "exclusiveMaximum": 1e30},
                {"type": "boolean"},
            ]
        }


@dataclass(frozen=True, slots=True)
class Switch(Leaf):
    """True or false."""

    @override
    def __call__(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise probatio.Invalid("must be true or false")
        return value

    @override
    def json_schema(self) -> JsonSchema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Exactly(Leaf):
    """One number."""

    number: int
    says: str

    @override
    def __call__(self, value: object) -> int:
        if type(value) is not int or value != self.number:
            raise probatio.Invalid(f"must be {self.number}: {self.says}")
        return value

    @override
    def json_schema(self) -> JsonSchema:
        return {"const": self.number}
