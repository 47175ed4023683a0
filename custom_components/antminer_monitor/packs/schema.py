"""The structure of ``pack.yaml``, for the loader and, as a JSON schema, for editors."""

from collections.abc import Mapping
import json
from typing import Final

import probatio

from .leaves import (
    Exactly,
    JsonSchema,
    Leaf,
    Number,
    OneOf,
    Scalar,
    Switch,
    Text,
    Whole,
)
from .limits import (
    BOARD_FIELDS,
    COMMANDS,
    FAN_FIELDS,
    FORMAT,
    MAX_ALTERNATIVES,
    MAX_ASK,
    MAX_CHIPS,
    MAX_DIALECTS,
    MAX_MODELS,
    MAX_NUMBER,
    MAX_PARTS,
    MAX_SENSORS,
    MAX_STEPS,
    MAX_VALUE,
    MAX_WORDS,
    RATE_UNITS,
    RIG_FIELDS,
    UNITS,
    Field,
)
from .pattern import MAX_PATTERN

# Control characters, and those that turn the direction of what follows.
_ODD = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_LINE = rf"[^\s{_ODD}]([^{_ODD}]*[^\s{_ODD}])?"
_KEY = r"[a-z][a-z0-9_]{1,31}"
_RATE = rf"[0-9]{{1,9}}(\.[0-9]{{1,9}})? ?({'|'.join(RATE_UNITS)})"


def _line(most: int) -> Text:
    return Text(most, _LINE, "one line, without blanks around it")


def _list(item: object, most: int, least: int = 0) -> probatio.All[object]:
    told = f"{least} to {most}" if least else f"at most {most}"
    return probatio.All(
        [item], probatio.Length(least or None, most, msg=f"must have {told} entries")
    )


def _by_key(otherwise: object, **branches: object) -> probatio.Union:
    """Give one of several mappings: that of the key which is there."""

    def choose(value: object, known: list[object]) -> list[object]:
        for place, key in enumerate(branches):
            if isinstance(value, dict) and key in value:
                return [known[place]]
        return known[-1:]

    return probatio.Union(*branches.values(), otherwise, discriminant=choose)


def _listed(single: object, several: object) -> probatio.Union:
    """Give one, or a list of several."""

    def choose(value: object, branches: list[object]) -> list[object]:
        return branches[1:] if isinstance(value, list) else branches[:1]

    return probatio.Union(single, several, discriminant=choose)


def _or_whole(leaf: Leaf, most: int) -> probatio.Union:
    """Give a leaf, or a whole number from 0."""

    def choose(value: object, branches: list[object]) -> list[object]:
        return branches[1:] if type(value) is int else branches[:1]

    return probatio.Union(leaf, Whole(0, most), discriminant=choose)


def _required(key: str, description: str) -> probatio.Required:
    return probatio.Required(key, description=description)


def _optional(key: str, description: str) -> probatio.Optional:
    return probatio.Optional(key, description=description)


_TAKES = ("first", "last", "max", "min", "sum", "mean", "count")

ID = Text(32, _KEY, "2 to 32 of a-z, 0-9 and _, a letter first")
ALGORITHM = Text(24, "[a-z0-9_]{2,24}", "2 to 24 of a-z, 0-9 and _")
COMMAND = OneOf(COMMANDS)
PATH = _listed(
    Text(MAX_VALUE), _list(_or_whole(Text(MAX_VALUE), 999_999), MAX_STEPS, 1)
)
_REPLY = _optional("reply", "Command whose reply it is; the first of ask if left out")
_PATH = _required(
    "path",
    "Keys from the reply down, with dots between them, or as a list. Into a list: a number,"
    " or else the first object that has the key. {n}: number of the board or fan. * at the"
    " end: all values there.",
)

WHERE: Final = _by_key(
    {
        _REPLY: COMMAND,
        _PATH: PATH,
        _optional("pattern", "Regular expression: its first group, or all of it"): Text(
            MAX_PATTERN
        ),
        _optional("split", "What stands between several values"): Text(10),
        _optional("take", "Which of several values, or its place from 0"): _or_whole(
            OneOf(_TAKES), 255
        ),
        _optional("ignore", "Values that mean: not reported"): _list(
            Scalar(MAX_VALUE), MAX_WORDS
        ),
        _optional("map", "Words to values; others are not reported"): probatio.All(
            {Text(MAX_VALUE): Scalar(MAX_VALUE)},
            probatio.Length(1, MAX_WORDS, msg=f"must have 1 to {MAX_WORDS} entries"),
        ),
        _optional("unit", "Unit of what is read"): OneOf(tuple(UNITS)),
        _optional("scale", "Factor"): Number(-MAX_NUMBER, MAX_NUMBER, has_zero=False),
        _optional("offset", "What is added in the end"): Number(
            -MAX_NUMBER, MAX_NUMBER
        ),
    },
    value={_required("value", "The same value for all"): Scalar(MAX_VALUE)},
)
"""Where a value stands."""
WHERES: Final = _listed(WHERE, _list(WHERE, MAX_ALTERNATIVES, 1))
"""One place, or several of which the first counts that has a value."""

_CONDITION = {
    _required("reply", "Command whose reply it is"): COMMAND,
    _PATH: PATH,
    _optional("matches", "Regular expression; left out: something is there"): Text(
        MAX_PATTERN
    ),
}


def _fields(known: Mapping[str, Field]) -> dict[probatio.Optional, object]:
    return {_optional(name, field.meaning): WHERES for name, field in known.items()}


def _parts(known: Mapping[str, Field]) -> probatio.Union:
    fields = probatio.All(
        _fields(known), probatio.Length(1, msg="must have one field at least")
    )
    told = _required("fields", "Where its values stand")
    return _by_key(
        {
            _required("rows", "Where the list stands; else give numbers or names"): {
                _REPLY: COMMAND,
                _PATH: PATH,
            },
            _required("fields", "Where its values stand, from the row on"): fields,
        },
        numbers={
            _required("numbers", "Numbers to put for {n} into paths"): {
                _required("from", "First number"): Whole(0, 999),
                _required("to", "Last number"): Whole(0, 999),
            },
            told: fields,
        },
        names={
            _required("names", "Words to put for {n} into paths"): _list(
                Text(MAX_VALUE), MAX_PARTS, 1
            ),
            told: fields,
        },
    )


_DIALECT = {
    _required("id", "Unique in the pack"): ID,
    _required("firmware", "Name of the firmware"): _line(40),
    _optional("manufacturer", "Who makes the miners"): _line(60),
    _optional("algorithm", "Where neither miner nor model tells"): ALGORITHM,
    _optional("rate_unit", "Unit in which rates are shown"): OneOf(RATE_UNITS),
    _required(
        "recognise", "Lists of conditions; all of one of the lists must hold"
    ): _list(_list(_CONDITION, MAX_ALTERNATIVES, 1), MAX_ALTERNATIVES, 1),
    _required("ask", "Commands of every poll; the first is indispensable"): _list(
        COMMAND, MAX_ASK, 1
    ),
    _optional("fields", "Where the values of the rig stand"): _fields(RIG_FIELDS),
    _optional("boards", "Its hashboards"): _parts(BOARD_FIELDS),
    _optional("fans", "Its fans"): _parts(FAN_FIELDS),
}
_MODEL = {
    _required("model", "Name of the model"): _line(60),
    _optional("aliases", "Other names that firmware gives"): _list(_line(60), 20),
    _required("algorithm", "Algorithm that it mines"): ALGORITHM,
    _optional("unit", "Of rates where the reply names none; GH/s"): OneOf(RATE_UNITS),
    _optional("boards", "Hashboards in it"): Whole(0, MAX_PARTS),
    _optional("chips", "Chips on one board"): Whole(0, MAX_CHIPS),
    _optional("fans", "Fans; 0 if it is cooled with water"): Whole(0, MAX_PARTS),
    probatio.Exclusive(
        "ratings",
        "power",
        description="Rated hashrates, each with its watts",
        msg="ratings and joules_per_terahash exclude each other",
    ): _list(
        {
            _required("hashrate", "Such as 86 TH/s"): Text(
                30, _RATE, "a number and a unit, such as 86 TH/s"
            ),
            _required("power", "W at the wall"): Number(0, 100_000, has_zero=False),
        },
        20,
        1,
    ),
    probatio.Exclusive(
        "joules_per_terahash", "power", description="Instead of ratings"
    ): Number(0, 1e9, has_zero=False),
}
_DIALECTS = _optional("dialects", "Dialects that fill it; all if left out")
_DIALECT_IDS = _list(ID, MAX_DIALECTS, 1)
_EXTRA = {
    _required("key", "Unique among the sensors of the pack"): ID,
    _required("name", "Name of the entity"): _line(60),
    _DIALECTS: _DIALECT_IDS,
    _required("value", "Where the value stands"): WHERES,
    _optional("device_class", "Home Assistant's device class"): Text(
        40, "[a-z][a-z0-9_]*", "a device class of Home Assistant"
    ),
    _optional("icon", "Such as mdi:fan"): Text(
        64, "mdi:[a-z0-9][a-z0-9-]*", "an icon such as mdi:fan"
    ),
    _optional("diagnostic", "Whether it is shown among the diagnostics"): Switch(),
}
_LIMIT = Number(-MAX_NUMBER, MAX_NUMBER)
_SENSOR = _EXTRA | {
    _optional("unit", "Shown as it is"): _line(20),
    _optional("state_class", "Whether and how statistics are kept"): OneOf(
        ("measurement", "total", "total_increasing")
    ),
    _optional("digits", "Decimal places"): Whole(0, 6),
    _optional("limits", "What is beyond them is not reported"): {
        _optional("least", "Least value that is believed"): _LIMIT,
        _optional("most", "Greatest value that is believed"): _LIMIT,
    },
}
_BINARY_SENSOR = _EXTRA | {
    _required("on", "Values that mean on"): _list(Scalar(MAX_VALUE), MAX_WORDS, 1)
}
_NAMES = probatio.All(
    {ID: _line(60)},
    probatio.Length(max=MAX_SENSORS, msg=f"must have at most {MAX_SENSORS} entries"),
)
_DESCRIPTION = Text(2000)
_TRANSLATION = {
    _optional("name", "Name of the pack"): _line(60),
    _optional("description", "What the pack is good for"): _DESCRIPTION,
    _optional("sensors", "Names of sensors by key"): _NAMES,
    _optional("binary_sensors", "Names of binary sensors by key"): _NAMES,
}
LANGUAGE = Text(11, "[a-z]{2,3}(-[A-Za-z0-9]{2,4})?", "a language such as de or pt-BR")

TRANSLATION_SCHEMA: Final = probatio.Schema(_TRANSLATION)
"""Of a file ``translations/<language>.yaml``."""

PACK_SCHEMA: Final = probatio.Schema(
    {
        _required("pack", "Version of the format"): Exactly(
            FORMAT, "no other format of packs is known here"
        ),
        _required("id", "Unique among all packs"): ID,
        _required("version", "Of the pack, in quotes"): Text(
            32, r"[0-9]{1,7}(\.[0-9]{1,7}){0,3}", "one to four numbers with dots"
        ),
        _required("name", "Name of the pack"): _line(60),
        _optional("description", "What the pack is good for"): _DESCRIPTION,
        _optional("author", "Who made it"): _line(100),
        _optional("homepage", "Where more is told of it"): Text(
            500, r"https?://[^\s/?#@]+([/?#]\S*)?", "an address with http or https"
        ),
        _optional("dialects", "Ways in which miners speak"): _list(
            _DIALECT, MAX_DIALECTS
        ),
        _optional("models", "What is known of hardware"): _list(_MODEL, MAX_MODELS),
        _optional("sensors", "Extra sensors"): _list(_SENSOR, MAX_SENSORS),
        _optional("binary_sensors", "Extra binary sensors"): _list(
            _BINARY_SENSOR, MAX_SENSORS
        ),
        _optional("translations", "By language"): probatio.All(
            {LANGUAGE: _TRANSLATION},
            probatio.Length(max=MAX_WORDS, msg="must have at most 100 languages"),
        ),
    }
)
"""Of ``pack.yaml``."""

_SHARED: Final[Mapping[str, object]] = {
    "command": COMMAND,
    "path": PATH,
    "where": WHERE,
    "wheres": WHERES,
}


def json_schema() -> JsonSchema:
    """Give the JSON schema of ``pack.yaml``.

    It cannot tell what goes beyond structure: names that must be known, patterns that must
    be good, units that must fit. Whatever it refuses is refused by ``load_pack`` too.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Extension pack of Antminer Monitor",
        "description": f"pack.yaml, format {FORMAT}: models and firmware dialects as data.",
        **_converted(PACK_SCHEMA),
        "$defs": {name: _converted(node, name) for name, node in _SHARED.items()},
    }


def schema_text() -> str:
    """Give the JSON schema as ``pack.schema.json`` holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _converted(root: object, own: str | None = None) -> JsonSchema:
    """Convert, with references to what is used in many places."""

    def serialise(node: object) -> object:
        for name, shared in _SHARED.items():
            if node is shared and name != own:
                return {"$ref": f"#/$defs/{name}"}
        return node.json_schema() if isinstance(node, Leaf) else probatio.UNSUPPORTED

    return probatio.to_json_schema(root, strict=True, custom_serializer=serialise)
