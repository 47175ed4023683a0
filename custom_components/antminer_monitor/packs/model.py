"""What a pack says, checked and ready for use. Nothing in it changes any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..antminer.hardware import Hardware
from ..rig import Extra
from .pattern import Pattern

NUMBER = "{n}"
"""Stands in a path for the number or the name of the board or fan."""


def name_key(name: str) -> str:
    """Give the form in which names of models are compared."""
    return "".join(char for char in name.casefold() if char.isalnum() or char == "+")


class Step(NamedTuple):
    """A step of a path."""

    key: str
    """Into an object."""
    place: int | None
    """Into a list; ``None`` for a step to the first object of it that has the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a value stands, and what is done to it, in this order."""

    reply: str | None = None
    """``None``: the row, or the reply of the first command."""
    steps: tuple[Step, ...] = ()
    every: bool = False
    """Whether all scalars are meant that stand at the end of the path."""
    pattern: Pattern | None = None
    split: str | None = None
    take: str | int = "first"
    ignore: frozenset[str] = frozenset()
    """As ``where.mark`` gives them, as are the keys of ``map``."""
    map: Mapping[str, Extra] | None = None
    is_number: bool = False
    """Whether ``factor`` and ``addend`` apply."""
    factor: float = 1.0
    addend: float = 0.0
    unit: str | None = None
    value: Extra | None = None
    """A constant: then there is nothing else."""

    @property
    def is_numbered(self) -> bool:
        """Whether the number of the part stands in the path."""
        return any(NUMBER in step.key for step in self.steps)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a reply."""

    reply: str
    steps: tuple[Step, ...]
    every: bool = False
    pattern: Pattern | None = None
    """``None``: something stands there, whatever it is."""


type Fields = Mapping[str, tuple[Where, ...]]
"""Fields of the vocabulary, each with the places where it may stand, the best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsSpec:
    """Where boards or fans stand."""

    rows: Where | None = None
    """A list of objects; ``None`` for parts that have numbers or names in their paths."""
    fields: Fields
    """Of a row."""
    numbered: Mapping[int, Fields] = field(default_factory=dict)
    """By number, with the number or name in the paths; of rows by their place, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDialect:
    """One dialect of the CGMiner API."""

    id: str
    firmware: str
    manufacturer: str | None = None
    algorithm: str | None = None
    rate_unit: str | None = None
    recognise: tuple[tuple[Condition, ...], ...]
    """Alternatives, of which one must hold with all that is in it."""
    ask: tuple[str, ...]
    fields: Fields = field(default_factory=dict)
    boards: PartsSpec | None = None
    fans: PartsSpec | None = None


@dataclass(frozen=True, slots=True)
class PackModel:
    """What is known of a model."""

    names: tuple[str, ...]
    """That firmware gives; the first is its own."""
    hardware: Hardware


@dataclass(frozen=True, slots=True, kw_only=True)
class PackSensor:
    """An extra sensor."""

    key: str
    name: str
    dialects: tuple[str, ...]
    """Ids of the dialects that fill it."""
    value: tuple[Where, ...]
    unit: str | None = None
    device_class: str | None = None
    state_class: str | None = None
    icon: str | None = None
    digits: int | None = None
    diagnostic: bool = False
    least: float | None = None
    most: float | None = None

    @property
    def is_number(self) -> bool:
        """Whether it shows nothing but numbers."""
        told = (self.unit, self.device_class, self.state_class, self.digits)
        return any(item is not None for item in (*told, self.least, self.most))


@dataclass(frozen=True, slots=True, kw_only=True)
class PackBinarySensor:
    """An extra binary sensor."""

    key: str
    name: str
    dialects: tuple[str, ...]
    value: tuple[Where, ...]
    on: frozenset[str]
    """Values that mean on, as ``where.mark`` gives them."""
    device_class: str | None = None
    icon: str | None = None
    diagnostic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackTranslation:
    """What a pack says in another language."""

    name: str | None = None
    description: str | None = None
    sensors: Mapping[str, str] = field(default_factory=dict)
    """Names by key."""
    binary_sensors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """An extension pack."""

    id: str
    version: str
    name: str
    description: str | None = None
    author: str | None = None
    homepage: str | None = None
    dialects: tuple[PackDialect, ...] = ()
    models: tuple[PackModel, ...] = ()
    sensors: tuple[PackSensor, ...] = ()
    binary_sensors: tuple[PackBinarySensor, ...] = ()
    translations: Mapping[str, PackTranslation] = field(default_factory=dict)
    """By Home Assistant's code of the language, such as ``de``."""
    files: Mapping[str, str] = field(repr=False)
    """The pack as it came: text by name."""
