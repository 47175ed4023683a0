"""The structure of packs, and its JSON schema."""

from copy import deepcopy
import json
from pathlib import Path
from random import Random

import jsonschema
import probatio
import pytest

from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.packs import schema
from custom_components.antminer_monitor.packs.document import parse_yaml
from custom_components.antminer_monitor.packs.errors import PackError, Problem
from custom_components.antminer_monitor.packs.limits import COMMANDS
from custom_components.antminer_monitor.packs.loading import MAIN, load_pack
from custom_components.antminer_monitor.packs.schema import json_schema, schema_text
from tests.packs.samples import SMALL, WHATSMINER

SHIPPED = Path(schema.__file__).parent / "pack.schema.json"
RENEW = (
    '.venv/bin/python -c "from pathlib import Path;'
    " from custom_components.antminer_monitor.packs import schema;"
    " Path(schema.__file__).with_name('pack.schema.json').write_text(schema.schema_text())\""
)

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def sound() -> dict[str, Json]:
    """Give the data of the WhatsMiner pack."""
    data = parse_yaml(WHATSMINER, MAIN).data
    assert isinstance(data, dict)
    return data


def load(data: Json) -> None:
    """Load a pack of this data; JSON is YAML."""
    load_pack({MAIN: json.dumps(data)})


def problems_of(data: Json) -> tuple[Problem, ...]:
    """Tell what the loader finds wrong; nothing where it takes the pack."""
    try:
        load(data)
    except PackError as err:
        return err.problems
    return ()


def test_shipped_file() -> None:
    """What editors get is what the loader checks."""
    assert SHIPPED.read_text(encoding="utf-8") == schema_text(), f"renew it: {RENEW}"


def test_schema_is_one() -> None:
    """The JSON schema is one, and says what it is."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json_schema()["title"] == "Extension pack of Antminer Monitor"
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_is_described() -> None:
    """Editors show what a key means."""

    def bare(node: object, path: str) -> list[str]:
        if isinstance(node, list):
            return [name for item in node for name in bare(item, path)]
        if not isinstance(node, dict):
            return []
        found = [
            f"{path}.{key}"
            for key, value in node.get("properties", {}).items()
            if not value.get("description")
        ]
        return found + [
            name for key, value in node.items() for name in bare(value, f"{path}.{key}")
        ]

    assert bare(json_schema(), "") == []


@pytest.mark.parametrize("text", [WHATSMINER, SMALL], ids=["whatsminer", "small"])
def test_good_packs(text: str) -> None:
    """Good packs are good to both, as YAML and as JSON."""
    data = parse_yaml(text, MAIN).data
    VALIDATOR.validate(data)
    load(data)
    load_pack({MAIN: text})


BAD: dict[str, tuple[list[str | int], Json]] = {
    "another format": (["pack"], 2),
    "format true": (["pack"], True),
    "format one as text": (["pack"], "1"),
    "id with capitals": (["id"], "Whats"),
    "id of one letter": (["id"], "w"),
    "version as a number": (["version"], 1.2),
    "version with letters": (["version"], "1.2b"),
    "version with five numbers": (["version"], "1.2.3.4.5"),
    "name empty": (["name"], ""),
    "name of blanks": (["name"], "   "),
    "name of two lines": (["name"], "a\nb"),
    "name turned round": (["name"], "a\u202eb"),
    "name too long": (["name"], "x" * 61),
    "homepage of another kind": (["homepage"], "ftp://example.org"),
    "homepage with a password": (["homepage"], "https://me:secret@example.org"),
    "unknown key": (["surprise"], 1),
    "dialects no list": (["dialects"], {}),
    "too many dialects": (["dialects"], [{}] * 17),
    "dialect no object": (["dialects", 0], "btminer"),
    "unknown unit": (["dialects", 0, "rate_unit"], "TH"),
    "recognise without an alternative": (["dialects", 0, "recognise"], []),
    "recognise without a condition": (["dialects", 0, "recognise"], [[]]),
    "recognise not nested": (
        ["dialects", 0, "recognise"],
        [{"reply": "version", "path": "x"}],
    ),
    "ask nothing": (["dialects", 0, "ask"], []),
    "ask to change something": (["dialects", 0, "ask"], ["summary", "restart"]),
    "ask too much": (["dialects", 0, "ask"], list(COMMANDS[:9])),
    "unknown field": (["dialects", 0, "fields", "colour"], {"path": "x"}),
    "field without a path": (["dialects", 0, "fields", "name"], {"unit": "W"}),
    "field as a text": (["dialects", 0, "fields", "name"], "SUMMARY.Name"),
    "no places": (["dialects", 0, "fields", "name"], []),
    "too many places": (["dialects", 0, "fields", "name"], [{"path": "x"}] * 9),
    "a path and a constant": (
        ["dialects", 0, "fields", "model"],
        {"path": "x", "value": "y"},
    ),
    "path as a number": (["dialects", 0, "fields", "name"], {"path": 1}),
    "path empty": (["dialects", 0, "fields", "name"], {"path": []}),
    "path too long": (["dialects", 0, "fields", "name"], {"path": ["x"] * 13}),
    "path with a fraction": (["dialects", 0, "fields", "name"], {"path": [1.5]}),
    "take a colour": (
        ["dialects", 0, "fields", "name"],
        {"path": "x", "split": "-", "take": "red"},
    ),
    "take a negative place": (
        ["dialects", 0, "fields", "name"],
        {"path": "x", "split": "-", "take": -1},
    ),
    "ignore a list": (
        ["dialects", 0, "fields", "name"],
        {"path": "x", "ignore": [[]]},
    ),
    "ignore no list": (["dialects", 0, "fields", "name"], {"path": "x", "ignore": 0}),
    "map to a list": (
        ["dialects", 0, "fields", "name"],
        {"path": "x", "map": {"a": []}},
    ),
    "map of nothing": (["dialects", 0, "fields", "name"], {"path": "x", "map": {}}),
    "scale by nothing": (
        ["dialects", 0, "fields", "power"],
        {"path": "x", "scale": 0},
    ),
    "scale by true": (
        ["dialects", 0, "fields", "power"],
        {"path": "x", "scale": True},
    ),
    "parts without a place": (["dialects", 0, "fans"], {"fields": {"speed": []}}),
    "parts with two kinds of place": (
        ["dialects", 0, "fans", "rows"],
        {"path": "FANS"},
    ),
    "parts without fields": (["dialects", 0, "fans", "fields"], {}),
    "numbers without an end": (
        ["dialects", 0, "fans"],
        {"numbers": {"from": 1}, "fields": {"speed": {"path": "f{n}"}}},
    ),
    "model without an algorithm": (["models", 0], {"model": "X"}),
    "algorithm with a dash": (["models", 0, "algorithm"], "blake2b-sha3"),
    "boards as a text": (["models", 0, "boards"], "3"),
    "ratings and efficiency": (["models", 0, "joules_per_terahash"], 30),
    "rating without a unit": (["models", 0, "ratings", 0, "hashrate"], "86"),
    "rating of nothing": (["models", 0, "ratings", 0, "power"], 0),
    "sensor without a value": (["sensors", 0], {"key": "abc", "name": "Abc"}),
    "icon of another kind": (["sensors", 0, "icon"], "fa:fan"),
    "state class of another kind": (["sensors", 0, "state_class"], "sometimes"),
    "too many digits": (["sensors", 0, "digits"], 7),
    "diagnostic as a text": (["sensors", 0, "diagnostic"], "yes"),
    "on nothing": (["binary_sensors", 0, "on"], []),
    "a sensor's key in another place": (["binary_sensors", 0, "digits"], 1),
    "language unknown": (["translations", "german"], {}),
    "translation of what is not": (["translations", "de", "author"], "x"),
    "translated name a list": (["translations", "de", "sensors"], {"psu": []}),
}


def put(data: Json, path: list[str | int], value: Json) -> None:
    """Put a value in a place of the data."""
    *way, last = path
    for step in way:
        if isinstance(step, int):
            assert isinstance(data, list)
            data = data[step]
        else:
            assert isinstance(data, dict)
            data = data[step]
    if isinstance(last, int):
        assert isinstance(data, list)
        data[last] = value
    else:
        assert isinstance(data, dict)
        data[last] = value


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_packs(name: str) -> None:
    """What is wrong with the structure is wrong to both, and the loader says where."""
    data = sound()
    path, value = BAD[name]
    put(data, path, value)
    assert not VALIDATOR.is_valid(data)
    with pytest.raises(PackError) as found:
        load(data)
    keys = [problem.key for problem in found.value.problems]
    start = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in path
    )
    assert any(
        key is not None and (f".{key}".startswith(start) or start.startswith(f".{key}"))
        for key in keys
    )


JUNK: list[Json] = [
    None, True, False, 0, 1, -1, 1.5, 1e300, "", " ", "x", "GH/s", "summary", [], {},
    ["summary"], [[]], [{"path": "x"}], {"path": "x"}, {"value": 1}, {"x": 1}, "x" * 3000,
]  # fmt: skip


def places(data: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Give the paths to all places within."""
    found = [path] if path else []
    if isinstance(data, dict):
        for key, value in data.items():
            found += places(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            found += places(value, (*path, place))
    return found


def test_json_schema_refuses_no_more_than_the_loader() -> None:
    """Whatever is changed: what the JSON schema refuses the loader refuses."""
    random = Random(20261)
    known = places(sound())
    refused = 0
    for _ in range(400):
        data = deepcopy(sound())
        for path in random.sample(known, random.randint(1, 2)):
            try:
                put(data, list(path), deepcopy(random.choice(JUNK)))
            except KeyError, IndexError, AssertionError:
                continue
        is_valid = VALIDATOR.is_valid(data)
        found = problems_of(data)
        assert found or is_valid
        assert all(problem.message for problem in found)
        refused += not is_valid
    assert refused > 200


def test_leaves_refuse_what_is_none() -> None:
    """Numbers that no JSON has are refused too."""
    data = sound()
    put(data, ["sensors", 0, "limits", "most"], float("inf"))
    with pytest.raises(probatio.MultipleInvalid):
        schema.PACK_SCHEMA(data)
