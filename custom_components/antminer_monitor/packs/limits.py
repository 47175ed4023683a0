"""What a pack may say: the vocabulary, its units, and between what figures are believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import nextafter
from typing import Final

from ..antminer.firmware.parsing import chip_map, number, words
from ..rig import Extra, Status

FORMAT: Final = 1
"""Version of the format of packs."""

MAX_DIALECTS = 16
MAX_MODELS = 100
MAX_SENSORS = 50
"""Sensors of a pack, and as many binary sensors."""
MAX_ASK = 8
MAX_ALTERNATIVES = 8
"""Ways to recognise a dialect, conditions of one of them, and places of one value."""
MAX_PARTS = 64
"""Boards or fans of a rig."""
MAX_CHIPS = 2000
"""Chips of a board."""
MAX_STEPS = 12
"""Steps of a path."""
MAX_WORDS = 100
"""Entries of a ``map``, and values that mean "not reported" or "on"."""
MAX_VALUE = 200
"""Characters of a text that is taken for a value."""
MAX_NUMBER = 1e18
"""Of a factor, an offset or a limit."""

COMMANDS: Final = (
    "version",
    "stats",
    "summary",
    "pools",
    "devs",
    "edevs",
    "devdetails",
    "coin",
    "config",
    "notify",
    "get_version",
    "get_miner_info",
    "get_psu",
    "status",
    "estats",
    "temps",
    "fans",
    "power",
    "tunerstatus",
    "asccount",
    "litestats",
    "minestats",
)
"""Commands that only read, on every firmware that knows them."""


class Quantity(StrEnum):
    """What a number measures."""

    RATE = "rate"
    TEMPERATURE = "temperature"
    POWER = "power"
    TIME = "time"
    VOLTAGE = "voltage"
    FREQUENCY = "frequency"
    SPEED = "speed"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: base unit = value x ``factor`` + ``addend``."""

    quantity: Quantity
    factor: float = 1.0
    addend: float = 0.0


UNITS: Final[Mapping[str, Unit]] = {
    "H/s": Unit(Quantity.RATE),
    "kH/s": Unit(Quantity.RATE, 1e3),
    "MH/s": Unit(Quantity.RATE, 1e6),
    "GH/s": Unit(Quantity.RATE, 1e9),
    "TH/s": Unit(Quantity.RATE, 1e12),
    "PH/s": Unit(Quantity.RATE, 1e15),
    "Sol/s": Unit(Quantity.RATE),
    "kSol/s": Unit(Quantity.RATE, 1e3),
    "MSol/s": Unit(Quantity.RATE, 1e6),
    "°C": Unit(Quantity.TEMPERATURE),
    "°F": Unit(Quantity.TEMPERATURE, 5 / 9, -160 / 9),
    "W": Unit(Quantity.POWER),
    "kW": Unit(Quantity.POWER, 1e3),
    "s": Unit(Quantity.TIME),
    "min": Unit(Quantity.TIME, 60),
    "h": Unit(Quantity.TIME, 3600),
    "d": Unit(Quantity.TIME, 86400),
    "V": Unit(Quantity.VOLTAGE),
    "mV": Unit(Quantity.VOLTAGE, 1e-3),
    "MHz": Unit(Quantity.FREQUENCY),
    "Hz": Unit(Quantity.FREQUENCY, 1e-6),
    "kHz": Unit(Quantity.FREQUENCY, 1e-3),
    "GHz": Unit(Quantity.FREQUENCY, 1e3),
    "RPM": Unit(Quantity.SPEED),
    "%": Unit(Quantity.SHARE),
}
"""By the way they are written. The base units are those of the vocabulary (``rig.py``)."""
RATE_UNITS: Final = tuple(
    name for name, unit in UNITS.items() if unit.quantity is Quantity.RATE
)


class Kind(StrEnum):
    """What the value of a field is."""

    TEXT = "text"
    FIGURE = "figure"
    COUNT = "count"
    STATUS = "status"
    FAN_MODE = "fan_mode"
    ALGORITHM = "algorithm"
    CHIP_MAP = "chip_map"
    ANY = "any"


STATUSES: Final = tuple(status.value for status in Status)
FAN_MODES: Final = ("auto", "manual")

_COUNTLESS = 1e30
"""Larger ones are no number to the parsers of our own dialects either."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the vocabulary."""

    meaning: str
    kind: Kind = Kind.TEXT
    quantity: Quantity | None = None
    least: float = 0.0
    most: float = _COUNTLESS
    is_constant: bool = False
    """Whether a pack may set it to the same value for all."""
    is_free: bool = False
    """Whether it may measure anything."""

    def takes(self, unit: Unit) -> bool:
        """Tell whether it can be given in a unit."""
        return self.quantity is unit.quantity or self.is_free

    def judge(self, value: Extra) -> tuple[Extra | None, str | None]:
        """Tell what a value means, or else why it is not believed.

        Neither of both: the firmware says that it does not know.
        """
        if self.kind is Kind.FIGURE or self.kind is Kind.COUNT:
            return self._judge_number(value)
        if self.kind is Kind.ANY and not isinstance(value, str):
            return (None if as_text(value) is None else value), None
        told = as_text(value)
        found = None if told is None else words(told)
        if found is None:
            return None, None
        if self.kind is Kind.CHIP_MAP:
            return _chip_map(found)
        if len(found) > MAX_VALUE:
            return None, f"is longer than {MAX_VALUE} characters"
        if not found.isprintable():
            return None, "has characters that cannot be shown"
        match self.kind:
            case Kind.STATUS:
                return _one_of(found.lower(), STATUSES)
            case Kind.FAN_MODE:
                return _one_of(found.lower(), FAN_MODES)
            case Kind.ALGORITHM:
                return _algorithm(found.lower())
        return found, None

    def _judge_number(self, value: Extra) -> tuple[Extra | None, str | None]:
        found = number(value)
        if found is None:
            is_told = not isinstance(value, str) or words(value) is not None
            return None, "is no number" if is_told else None
        if not self.least <= found <= self.most:
            return None, outside(self.least, self.most)
        if self.kind is Kind.FIGURE:
            return found, None
        return value if type(value) is int else int(found), None


def outside(least: float, most: float) -> str:
    """Say between what a figure would have been believed."""
    if least <= -_COUNTLESS:
        return f"is more than {most:g}"
    if most >= _COUNTLESS:
        return f"is less than {least:g}"
    return f"is not within {least:g} and {most:g}"


def as_text(value: Extra) -> str | None:
    """Give a scalar of a reply as text; ``None`` for a number that is absurd."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value}" if -_COUNTLESS < value < _COUNTLESS else None


def _one_of(found: str, known: tuple[str, ...]) -> tuple[str | None, str | None]:
    if found in known:
        return found, None
    return None, f"is none of {', '.join(known)}"


def _algorithm(found: str) -> tuple[str | None, str | None]:
    if is_algorithm(found):
        return found, None
    return None, "is no name of an algorithm: 2 to 24 of a-z, 0-9 and _"


def is_algorithm(name: str) -> bool:
    """Tell whether it can be the name of an algorithm."""
    return 2 <= len(name) <= 24 and not name.strip(
        "abcdefghijklmnopqrstuvwxyz0123456789_"
    )


def _chip_map(found: str) -> tuple[str | None, str | None]:
    marks, _ = chip_map(found.lower())
    if len(marks) <= MAX_CHIPS and not marks.strip("ox-"):
        return marks, None
    return None, f"is no map of chips: up to {MAX_CHIPS} of o, x and -"


def _rate(meaning: str) -> Field:
    return Field(meaning, Kind.FIGURE, Quantity.RATE, 0.0, nextafter(1e18, 0.0))


def _temperature(meaning: str) -> Field:
    return Field(meaning, Kind.FIGURE, Quantity.TEMPERATURE, -40.0, 150.0)


def _power(meaning: str) -> Field:
    return Field(meaning, Kind.FIGURE, Quantity.POWER, 0.0, 100_000.0)


def _chips(meaning: str, *, is_constant: bool = False) -> Field:
    return Field(
        meaning, Kind.COUNT, None, 0.0, float(MAX_CHIPS), is_constant=is_constant
    )


RIG_FIELDS: Final[Mapping[str, Field]] = {
    "name": Field("Host name, or what the owner called it"),
    "model": Field("Name of the model", is_constant=True),
    "serial": Field("Serial number"),
    "mac": Field("MAC address, however it is written"),
    "firmware_version": Field("Version of the firmware"),
    "algorithm": Field("Algorithm that it mines", Kind.ALGORITHM, is_constant=True),
    "status": Field(f"What it does; by map to {', '.join(STATUSES)}", Kind.STATUS),
    "hashrate": _rate("Hashrate now: the shortest average there is"),
    "hashrate_average": _rate("Hashrate over the longest time there is"),
    "hashrate_nominal": _rate("Hashrate that it should reach"),
    "power": _power("What it draws"),
    "uptime": Field(
        "Since the miner program started", Kind.FIGURE, Quantity.TIME, 0.0, 3.2e9
    ),
    "hardware_errors": Field("Hardware errors", Kind.COUNT),
    "best_share": Field("Difficulty of the best share", Kind.COUNT),
    "found_blocks": Field("Blocks found", Kind.COUNT),
    "shares_accepted": Field("Accepted shares", Kind.COUNT),
    "shares_rejected": Field("Rejected shares", Kind.COUNT),
    "shares_stale": Field("Stale shares", Kind.COUNT),
    "work_mode": Field("Power mode or preset, in the firmware's words"),
    "fan_mode": Field("auto or manual", Kind.FAN_MODE),
}
"""Of the rig."""

_INDEX = Field("Number by the firmware's own count", Kind.COUNT, None, 0.0, 999.0)

BOARD_FIELDS: Final[Mapping[str, Field]] = {
    "index": _INDEX,
    "hashrate": _rate("Hashrate now"),
    "hashrate_nominal": _rate("Hashrate that it should reach"),
    "board_temperature": _temperature("Hottest sensor on the circuit board"),
    "chip_temperature": _temperature("Hottest chip"),
    "inlet_temperature": _temperature("Where the air or water comes in"),
    "outlet_temperature": _temperature("Where the air or water goes out"),
    "chips_expected": _chips("Chips that it should have", is_constant=True),
    "chips_working": _chips("Chips that work"),
    "chips_faulty": _chips("Chips that fail or are missing"),
    "chip_map": Field(
        "One character a chip: o works, x fails, - does not answer", Kind.CHIP_MAP
    ),
    "frequency": Field(
        "Frequency of the chips", Kind.FIGURE, Quantity.FREQUENCY, 0.0, 5000.0
    ),
    "voltage": Field("Voltage", Kind.FIGURE, Quantity.VOLTAGE, 0.0, 1000.0),
    "power": _power("What it draws"),
    "hardware_errors": Field("Hardware errors", Kind.COUNT),
    "serial": Field("Serial number"),
}
"""Of a hashboard."""

FAN_FIELDS: Final[Mapping[str, Field]] = {
    "index": _INDEX,
    "speed": Field("Speed", Kind.COUNT, Quantity.SPEED, 0.0, 30_000.0),
    "duty": Field(
        "Per cent of full speed, as commanded",
        Kind.FIGURE,
        Quantity.SHARE,
        0.0,
        100.0,
    ),
}
"""Of a fan."""

ANYTHING: Final = Field("Value of an extra sensor", Kind.ANY, is_free=True)


def sensor_field(least: float | None = None, most: float | None = None) -> Field:
    """Give what an extra sensor that shows numbers is believed."""
    return Field(
        ANYTHING.meaning,
        Kind.FIGURE,
        None,
        -_COUNTLESS if least is None else least,
        _COUNTLESS if most is None else most,
        is_free=True,
    )
