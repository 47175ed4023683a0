"""Loading packs, and all that is said of bad ones."""

from collections.abc import Mapping

import pytest

from custom_components.antminer_monitor.antminer.hardware import Variant
from custom_components.antminer_monitor.packs.errors import PackError, Problem
from custom_components.antminer_monitor.packs.loading import BUILT_IN, MAIN, load_pack
from custom_components.antminer_monitor.packs.model import Pack
from custom_components.antminer_monitor.packs.node import MAX_PROBLEMS
from tests.packs.samples import SMALL, WHATSMINER, pack_of

GERMAN = "translations/de.yaml"


def problems_of(
    files: Mapping[str, str] | str, **known: frozenset[str]
) -> tuple[Problem, ...]:
    """Load a bad pack."""
    files = {MAIN: files} if isinstance(files, str) else files
    with pytest.raises(PackError) as found:
        load_pack(files, **known)
    return found.value.problems


def told(problems: tuple[Problem, ...]) -> list[tuple[int | None, str | None, str]]:
    """Give lines, keys and messages."""
    return [(problem.line, problem.key, problem.message) for problem in problems]


def test_a_whole_pack() -> None:
    """Everything that a pack can say."""
    files = {
        MAIN: WHATSMINER,
        "translations/pt-BR.yaml": "name: Mineradores\nsensors: {psu: Fonte}\n",
        "README.md": "# Read me",
        "LICENSE": "MIT",
    }
    pack = load_pack(files)
    assert isinstance(pack, Pack)
    assert (pack.id, pack.version, pack.name) == ("whatsminer", "1.2.0", "WhatsMiner")
    assert pack.description == "Miners by MicroBT with their own firmware, btminer.\n"
    assert (pack.author, pack.homepage) == (
        "Somebody",
        "https://example.org/packs/whatsminer",
    )
    assert pack.files == files
    assert [dialect.id for dialect in pack.dialects] == ["btminer"]
    known, other = pack.models
    assert known.names == ("M30S+", "M30S Plus")
    assert known.hardware.chips == 156
    assert known.hardware.variants == (Variant(100e12, 3400), Variant(96e12, 3300))
    assert other.hardware.variants == (Variant(1e12, 26),)
    assert [sensor.key for sensor in pack.sensors] == [
        "environment_temperature",
        "psu_voltage",
        "psu",
    ]
    first = pack.sensors[0]
    assert (first.unit, first.device_class, first.state_class, first.digits) == (
        "°C",
        "temperature",
        "measurement",
        1,
    )
    assert (first.least, first.most, first.diagnostic) == (-40, 80, True)
    assert [sensor.is_number for sensor in pack.sensors] == [True, True, False]
    assert pack.sensors[2].dialects == ("btminer",)
    switch = pack.binary_sensors[0]
    assert (switch.on, switch.icon) == (frozenset({"enable", "true"}), "mdi:run-fast")
    assert sorted(pack.translations) == ["de", "pt-BR"]
    assert pack.translations["de"].binary_sensors == {"fast_boot": "Schnellstart"}
    assert pack.translations["pt-BR"].name == "Mineradores"
    assert pack.translations["pt-BR"].sensors == {"psu": "Fonte"}


def test_models_only() -> None:
    """A pack need not have a dialect."""
    pack = pack_of(
        'pack: 1\nid: models\nversion: "2"\nname: Models\n'
        "models:\n  - {model: Antminer S77, algorithm: sha256d}\n"
    )
    assert pack.dialects == ()
    hardware = pack.models[0].hardware
    assert (hardware.unit, hardware.boards, hardware.variants) == ("GH/s", None, ())


def test_all_problems_at_once() -> None:
    """Structure and meaning, each with its line, in the order of the file."""
    text = """\
pack: 1
id: Bad
version: 1.0
name: Bad
dialects:
  - id: one
    firmware: VNish
    recognise: [[{reply: version, path: VERSION.One, matches: "("}]]
    ask: [summary]
    fields:
      power: {path: SUMMARY.Power, unit: GH/s}
      colour: {path: SUMMARY.Colour}
  - id: two
    firmware: two
    ask: [summary]
    recognise: [[{reply: version, path: VERSION.Two}]]
    fans: {rows: {path: x}, fields: {speed: {unit: RPM}}}
sensors:
  - key: abc
"""
    assert told(problems_of(text)) == [
        (2, "id", "must be 2 to 32 of a-z, 0-9 and _, a letter first"),
        (3, "version", "must be text: put it in quotes"),
        (7, "dialects[0].firmware", "VNish is known without this pack"),
        (
            8,
            "dialects[0].recognise[0][0].matches",
            "no good pattern: character 1: a ( without its )",
        ),
        (11, "dialects[0].fields.power.unit", "does not fit: W, kW"),
        (12, "dialects[0].fields.colour", "is no key of packs"),
        (17, "dialects[1].fans.fields.speed.path", "is missing"),
        (19, "sensors[0].name", "is missing"),
        (19, "sensors[0].value", "is missing"),
    ]


def test_no_end_of_problems() -> None:
    """Not more than anybody reads."""
    found = problems_of(SMALL + "".join(f"key{place}: 1\n" for place in range(150)))
    assert len(found) == MAX_PROBLEMS + 1
    assert str(found[-1]) == "pack.yaml: and 50 more problems"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "pack.yaml: is missing"),
        ({"README.md": "x"}, "pack.yaml: is missing"),
        ({MAIN: SMALL, "run.py": "x"}, "run.py: is no file of a pack"),
        ({MAIN: SMALL, "translations/x.yaml": "{}"}, "translations/x.yaml: is no file"),
        ({MAIN: "[]"}, "pack.yaml, line 1: must be an object with keys"),
        ({MAIN: "a: [", GERMAN: "{}"}, "pack.yaml, line 2: no YAML"),
        (
            {MAIN: SMALL, GERMAN: "{}\n---\n{}"},
            "translations/de.yaml, line 2: ",
        ),
        (
            {MAIN: SMALL, GERMAN: "name: A\nauthor: B"},
            "translations/de.yaml, line 2: author: is no key of packs",
        ),
        (
            {MAIN: SMALL, GERMAN: "sensors:\n  abc: Abc"},
            "translations/de.yaml, line 2: sensors.abc: is no key of this pack",
        ),
        (
            {MAIN: SMALL + "translations: {de: {name: A}}", GERMAN: "name: B"},
            "pack.yaml, line 12: translations.de: is in translations/de.yaml too",
        ),
        (
            {MAIN: SMALL + "translations: {german: 5}"},
            "pack.yaml, line 12: translations.german: must be a language such as",
        ),
        (
            {MAIN: SMALL + "translations: []"},
            "pack.yaml, line 12: translations: must be an object with keys",
        ),
    ],
)
def test_files(files: dict[str, str], said: str) -> None:
    """What can be wrong with the files of a pack."""
    (problem,) = problems_of(files)
    assert str(problem).startswith(said)


def test_too_many_translations() -> None:
    """There are not so many languages."""
    many = {
        f"translations/{first}{second}{third}.yaml": "{}"
        for first in "abcde"
        for second in "abcde"
        for third in "abcde"
    }
    (problem,) = problems_of({MAIN: SMALL} | many)
    assert problem.message == "is one of more than 100 translations"


DIALECTS: dict[str, tuple[str, str, str]] = {
    "a command twice": (
        "ask: [summary, summary]",
        "dialects[0].ask",
        "has a command twice",
    ),
    "a first command without use": (
        (
            "ask: [devs, summary]\n    boards: {rows: {path: D, reply: summary},"
            " fields: {hashrate: {path: x}}}\n"
            "    fields: {power: {path: S.P, reply: summary}}"
        ),
        "dialects[0].ask",
        "nothing is read from devs: the first command must be indispensable",
    ),
    "a reply that nobody asks for": (
        "fields: {power: {path: x, reply: devs}, uptime: {path: y}}",
        "dialects[0].fields.power.reply",
        "nobody asks for devs: name it in ask or in recognise",
    ),
    "rows of a reply that nobody asks for": (
        (
            "fields: {power: {path: x}}\n"
            "    boards: {rows: {path: x, reply: devs}, fields: {power: {path: x}}}"
        ),
        "dialects[0].boards.rows.reply",
        "nobody asks for devs: name it in ask or in recognise",
    ),
    "an empty step": (
        "fields: {power: {path: SUMMARY..P}}",
        "dialects[0].fields.power.path",
        "has an empty step: write keys with dots in them as a list",
    ),
    "all in the middle": (
        'fields: {power: {path: "SUMMARY.*.P"}}',
        "dialects[0].fields.power.path",
        "* is for the last step only",
    ),
    "too many steps": (
        "fields: {power: {path: a.b.c.d.e.f.g.h.i.j.k.l.m}}",
        "dialects[0].fields.power.path",
        "has more than 12 steps",
    ),
    "a number where there is none": (
        'fields: {power: {path: "P{n}"}}',
        "dialects[0].fields.power.path",
        "{n} has a meaning in boards and fans only",
    ),
    "one of one": (
        "fields: {power: {path: P, take: max}}",
        "dialects[0].fields.power.take",
        "there is but one value: split it, or end the path with *",
    ),
    "a unit of a text": (
        "fields: {serial: {path: P, scale: 2}, power: {path: P}}",
        "dialects[0].fields.serial.scale",
        "has no meaning here: this is no number",
    ),
    "a unit of a count": (
        "fields: {best_share: {path: P, unit: W}}",
        "dialects[0].fields.best_share.unit",
        "does not fit: it has no unit",
    ),
    "a constant figure": (
        "fields: {power: {value: 3000}, uptime: {path: P}}",
        "dialects[0].fields.power.value",
        "this cannot be the same for all: give a path",
    ),
    "a bad constant": (
        "fields: {algorithm: {value: SHA-256}, uptime: {path: P}}",
        "dialects[0].fields.algorithm.value",
        "is no name of an algorithm: 2 to 24 of a-z, 0-9 and _",
    ),
    "an empty constant": (
        'fields: {model: {value: "-"}, uptime: {path: P}}',
        "dialects[0].fields.model.value",
        "says nothing",
    ),
    "a status without a map": (
        "fields: {status: {path: P}}",
        "dialects[0].fields.status",
        "needs a map from the firmware's words to ours",
    ),
    "a status that is none": (
        "fields: {status: {path: P, map: {a: running, b: jogging}}}",
        "dialects[0].fields.status.map.b",
        "is none of running, idle, sleeping, starting, fault, offline",
    ),
    "a word twice": (
        "fields: {work_mode: {path: P, map: {Low: a, low: b}}}",
        "dialects[0].fields.work_mode.map.low",
        "is there twice, for case does not count",
    ),
    "a map to nothing": (
        'fields: {work_mode: {path: P, map: {Low: ""}}}',
        "dialects[0].fields.work_mode.map.Low",
        "says nothing",
    ),
    "a bad pattern": (
        'fields: {power: {path: P, pattern: "[a"}}',
        "dialects[0].fields.power.pattern",
        "no good pattern: character 1: a [ without its ]",
    ),
    "a board that is never there": (
        (
            "boards: {rows: {path: B}, fields: {index: {path: I},"
            " chips_expected: {value: 3}}}"
        ),
        "dialects[0].boards.fields",
        "has nothing that shows whether the part is there",
    ),
    "rows that are all there is": (
        'boards: {rows: {path: "B.*"}, fields: {power: {path: I}}}',
        "dialects[0].boards.rows.path",
        "has no * at its end: it leads to the list itself",
    ),
    "fans that are all the same": (
        "fans: {numbers: {from: 1, to: 4}, fields: {speed: {path: F}}}",
        "dialects[0].fans.fields",
        "has {n} in no path: all parts would be the same",
    ),
    "numbers from behind": (
        'fans: {numbers: {from: 4, to: 1}, fields: {speed: {path: "F{n}"}}}',
        "dialects[0].fans.numbers",
        "must be 1 to 64 numbers, the least of them first",
    ),
    "too many numbers": (
        'fans: {numbers: {from: 1, to: 65}, fields: {speed: {path: "F{n}"}}}',
        "dialects[0].fans.numbers",
        "must be 1 to 64 numbers, the least of them first",
    ),
}


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_dialects(name: str) -> None:
    """What can be wrong with the meaning of a dialect."""
    part, key, message = DIALECTS[name]
    text = SMALL.split("    ask:", maxsplit=1)[0]
    if not part.startswith("ask:"):
        text += "    ask: [summary]\n"
    elif "fields:" not in part:
        part += "\n    fields: {uptime: {path: x}}"
    (problem,) = problems_of(f"{text}    {part}\n")
    assert (problem.key, problem.message) == (key, message)
    assert problem.line is not None and problem.line > 8


EXTRAS: dict[str, tuple[str, str, str]] = {
    "a reply that nobody asks for": (
        "sensors: [{key: ab, name: Ab, value: {path: x, reply: devs}}]",
        "sensors[0].value.reply",
        "nobody asks for devs: name it in ask or in recognise",
    ),
    "an unknown dialect": (
        "sensors: [{key: ab, name: Ab, value: {path: x}, dialects: [two]}]",
        "sensors[0].dialects[0]",
        "is no dialect of this pack",
    ),
    "a key twice": (
        (
            "sensors: [{key: ab, name: Ab, value: {path: x}}]\n"
            "binary_sensors: [{key: ab, name: Ab, value: {path: x}, on: [1]}]"
        ),
        "binary_sensors[0].key",
        "is the key of another sensor",
    ),
    "limits from behind": (
        "sensors: [{key: ab, name: Ab, value: {path: x}, limits: {least: 2, most: 1}}]",
        "sensors[0].limits",
        "least is more than most",
    ),
    "a device class of times": (
        "sensors: [{key: ab, name: Ab, value: {path: x}, device_class: timestamp}]",
        "sensors[0].device_class",
        "is not for figures and texts",
    ),
    "an unknown device class": (
        "sensors: [{key: ab, name: Ab, value: {path: x}, device_class: heat}]",
        "sensors[0].device_class",
        "is no device class of Home Assistant",
    ),
    "an unknown device class of the other kind": (
        (
            "binary_sensors:"
            " [{key: ab, name: Ab, value: {path: x}, on: [1], device_class: heat}]"
        ),
        "binary_sensors[0].device_class",
        "is no device class of Home Assistant",
    ),
    "a constant": (
        "sensors: [{key: ab, name: Ab, value: {value: 1}}]",
        "sensors[0].value.value",
        "this cannot be the same for all: give a path",
    ),
    "a model twice": (
        (
            "models: [{model: A 1, algorithm: x11}, {model: B, algorithm: x11,"
            " aliases: [a1]}]"
        ),
        "models[1].aliases[0]",
        "is a name of A 1 already",
    ),
    "a model without a name": (
        "models: [{model: '---', algorithm: x11}]",
        "models[0].model",
        "has neither letters nor digits",
    ),
    "a rating of nothing": (
        "models: [{model: A, algorithm: x11, ratings: [{hashrate: 0 TH/s, power: 1}]}]",
        "models[0].ratings[0].hashrate",
        "must be more than 0",
    ),
    "ratings and efficiency": (
        (
            "models: [{model: A, algorithm: x11, joules_per_terahash: 1,"
            " ratings: [{hashrate: 1 TH/s, power: 1}]}]"
        ),
        "models[0]",
        "ratings and joules_per_terahash exclude each other",
    ),
    "a dialect twice": (
        (
            "  - {id: one, firmware: other, ask: [summary],"
            " recognise: [[{reply: version, path: x}]], fields: {power: {path: x}}}"
        ),
        "dialects[1].id",
        "is the id of another dialect",
    ),
}


@pytest.mark.parametrize("name", sorted(EXTRAS))
def test_extras(name: str) -> None:
    """What can be wrong with models and sensors."""
    part, key, message = EXTRAS[name]
    (problem,) = problems_of(
        f"{SMALL}{part}\n",
        sensor_classes=frozenset({"temperature", "timestamp"}),
        binary_sensor_classes=frozenset({"running"}),
    )
    assert (problem.key, problem.message) == (key, message)
    assert problem.line is not None and problem.line > 10


def test_a_sensor_without_a_dialect() -> None:
    """Nobody would fill it."""
    text = SMALL.split("dialects:", maxsplit=1)[0]
    (problem,) = problems_of(
        f"{text}sensors: [{{key: ab, name: Ab, value: {{path: x}}}}]\n"
    )
    assert problem.message == "needs a dialect of this pack to fill it"


def test_sensor_of_two_dialects() -> None:
    """What it is read from must be there in both."""
    text = SMALL + (
        "  - id: two\n    firmware: two\n    ask: [devs]\n"
        "    recognise: [[{reply: version, path: x}]]\n"
        "    fields: {power: {path: x}}\n"
        "sensors: [{key: ab, name: Ab, value: {path: x, reply: devs}DIALECTS}]\n"
    )
    (problem,) = problems_of(text.replace("DIALECTS", ""))
    assert problem.key == "sensors[0].value.reply"
    pack = pack_of(text.replace("DIALECTS", ", dialects: [two]"))
    assert pack.sensors[0].dialects == ("two",)


def test_sensors_wait_for_dialects() -> None:
    """Of a dialect that cannot be read nothing is said of its sensors."""
    text = SMALL.replace("    firmware: onefirm\n", "") + (
        "sensors: [{key: ab, name: Ab, value: {path: x}, dialects: [one]}]\n"
        "translations: {de: {sensors: {ab: Ab}}}\n"
    )
    assert told(problems_of(text)) == [(6, "dialects[0].firmware", "is missing")]


def test_reserved_firmware() -> None:
    """Firmware that is known already, unless the pack was there before."""
    assert {"stock", "vnish", "luxos", "braiins", "hiveon"} <= BUILT_IN
    text = SMALL.replace("onefirm", "LuxOS")
    assert problems_of(text)[0].key == "dialects[0].firmware"
    assert load_pack({MAIN: text}, reserved=()).dialects[0].firmware == "LuxOS"


def test_known_device_classes() -> None:
    """Those that Home Assistant has are good."""
    pack = load_pack(
        {MAIN: WHATSMINER}, sensor_classes=frozenset({"temperature", "voltage"})
    )
    assert pack.sensors[1].device_class == "voltage"
