"""The YAML of packs: what it means, what is refused, and that reading it is bounded."""

from contextlib import suppress
import json
from random import Random
from time import process_time

import pytest
import yaml

from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.packs import document
from custom_components.antminer_monitor.packs.document import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_YAML,
    key_text,
    parse_yaml,
)
from custom_components.antminer_monitor.packs.errors import PackError, Problem

FILE = "pack.yaml"
GOOD = """\
# A pack
pack: 1
version: "1.2.0"
text: >-
  one
  two
dialects:
  - id: btminer
    recognise:
      - - {reply: devdetails, path: DEVDETAILS.Driver}
        - path: [a, 1, b.c]
          matches: 'x "y"'
    fields:
      hashrate: {path: SUMMARY.MHS 5s, unit: MH/s, scale: 1e-3}

  - id: other
nothing:
"""


@pytest.fixture(autouse=True, params=["CSafeLoader", "SafeLoader"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read with the parser in C and with the one in Python."""
    name: str = request.param
    monkeypatch.setattr(document, "_LOADER", getattr(yaml, name))
    return name


def problems_of(text: str) -> tuple[Problem, ...]:
    """Give what is wrong with a text."""
    with pytest.raises(PackError) as found:
        parse_yaml(text, FILE)
    assert all(problem.file == FILE for problem in found.value.problems)
    return found.value.problems


def told(text: str) -> list[tuple[int | None, str | None, str]]:
    """Give lines, keys and messages."""
    return [(found.line, found.key, found.message) for found in problems_of(text)]


def test_a_document() -> None:
    """Lists, objects and texts in all their forms."""
    assert parse_yaml(GOOD, FILE).data == {
        "pack": 1,
        "version": "1.2.0",
        "text": "one two",
        "dialects": [
            {
                "id": "btminer",
                "recognise": [
                    [
                        {"reply": "devdetails", "path": "DEVDETAILS.Driver"},
                        {"path": ["a", 1, "b.c"], "matches": 'x "y"'},
                    ]
                ],
                "fields": {
                    "hashrate": {
                        "path": "SUMMARY.MHS 5s",
                        "unit": "MH/s",
                        "scale": 0.001,
                    }
                },
            },
            {"id": "other"},
        ],
        "nothing": None,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("pack",), 2),
        (("text",), 4),
        (("dialects",), 7),
        (("dialects", 0), 8),
        (("dialects", 0, "id"), 8),
        (("dialects", 0, "recognise"), 9),
        (("dialects", 0, "recognise", 0, 0, "path"), 10),
        (("dialects", 0, "recognise", 0, 1), 11),
        (("dialects", 0, "recognise", 0, 1, "matches"), 12),
        (("dialects", 0, "fields"), 13),
        (("dialects", 0, "fields", "hashrate"), 14),
        (("dialects", 0, "fields", "hashrate", "scale"), 14),
        (("dialects", 1), 16),
        (("nothing",), 17),
        # What is not there stands where what is around it stands.
        (("dialects", 0, "fields", "power"), 13),
        (("dialects", 0, "fields", "power", "path", 3), 13),
        (("dialects", 5, "id"), 7),
        (("nothing", "at", "all"), 17),
        (("missing",), 2),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int) -> None:
    """Every place has a line."""
    assert parse_yaml(GOOD, FILE).line_of(path) == line
    assert parse_yaml(GOOD, FILE).line_of(list(path)) == line


MEANT: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    "0": 0,
    "-0": 0,
    "12": 12,
    "-12": -12,
    "+12": 12,
    "0x1F": 31,
    **{str(number): number for number in (2**63 - 1, 1 - 2**63)},
    "1.5": 1.5,
    "-1.5": -1.5,
    "+.5": 0.5,
    "1.": 1.0,
    "1e3": 1000.0,
    "1E-3": 0.001,
    "1.5e+3": 1500.0,
    "'1'": "1",
    '"true"': "true",
    "''": "",
    '"a\\tb\\u00e9"': "a\tbé",
    "|-\n  1": "1",
    ">-\n  null": "null",
}
TEXTS = """
nULL yes No on OFF y 017 00 0o17 0b11 -0x1F 1_000 0x 12:30 12:30:00 12:30.5 2024-01-31
2024-01-31T12:00:00Z 01.5 1_0.5 1.2.0 . e5 1e nan inf = << ٣
"""


@pytest.mark.parametrize(
    ("text", "value"), [*MEANT.items(), *((text, text) for text in TEXTS.split())]
)
def test_scalars(text: str, value: Json) -> None:
    """Plain texts mean what YAML 1.2 says; dates and old numbers stay text."""
    found = parse_yaml(f"- {text}\n", FILE).data
    assert isinstance(found, list)
    assert found == [value]
    assert type(found[0]) is type(value)


def test_a_key_that_yaml_once_took_for_a_truth_value() -> None:
    """Binary sensors have a key "on", and Norwegian is "no"."""
    text = "on: [on, 1]\nno: {off: yes}\n"
    assert parse_yaml(text, FILE).data == {"on": ["on", 1], "no": {"off": "yes"}}


@pytest.mark.parametrize(
    "text", ["plain", "- 1", "{}", "---\na\n...\n", "%YAML 1.2\n---\na"]
)
def test_any_root_is_read(text: str) -> None:
    """What the root must be is for the schema to say."""
    assert parse_yaml(text, FILE).line_of(()) >= 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", (None, None, "holds nothing")),
        ("# only a comment\n", (None, None, "holds nothing")),
        ("a: &x 1\n", (1, "a", "anchors (&) are not allowed")),
        ("a: &x [1]\n", (1, "a", "anchors (&) are not allowed")),
        ("a:\n  - &x {b: 1}\n", (2, "a[0]", "anchors (&) are not allowed")),
        ("&x a: 1\n", (1, "a", "anchors (&) are not allowed")),
        ("a: 1\nb: *a\n", (2, None, "aliases (*) are not allowed")),
        ("*a : 1\n", (1, None, "aliases (*) are not allowed")),
        ("a: !!str 1\n", (1, "a", "tags (!) are not allowed")),
        ("a: ! 1\n", (1, "a", "tags (!) are not allowed")),
        ("a: !x [1]\n", (1, "a", "tags (!) are not allowed")),
        ("a: !!map {}\n", (1, "a", "tags (!) are not allowed")),
        ("!!set {a}\n", (1, None, "tags (!) are not allowed")),
        ("!!str a: 1\n", (1, "a", "tags (!) are not allowed")),
        ("a: !!python/object:os.system x\n", (1, "a", "tags (!) are not allowed")),
        ("%TAG ! tag:x,1:\n---\n!a b\n", (3, None, "tags (!) are not allowed")),
        ("a:\n  <<: {b: 1}\n", (2, "a.<<", "merge keys (<<) are not allowed")),
        ("a: 1\nb:\na: 2\n", (3, "a", "the same key as on line 1")),
        ("{a: 1, 'a': 2}\n", (1, "a", "the same key as on line 1")),
        ("x:\n- b: {c: 1}\n  b: {c: 2}\n", (3, "x[0].b", "the same key as on line 2")),
        ("a: 1\n---\nb: 2\n", (2, None, "more than one document")),
        ("a: 1\n---\n", (2, None, "more than one document")),
        ("1: a\n", (1, "1", 'a key that is no text; write "1"')),
        ("a:\n  true: b\n", (2, "a.true", 'a key that is no text; write "true"')),
        ("{1.5: a}\n", (1, "1.5", 'a key that is no text; write "1.5"')),
        ("~: a\n", (1, "~", 'a key that is no text; write "~"')),
        ("?\n: a\n", (1, None, 'a key that is no text; write ""')),
        ("[a]: b\n", (1, None, "a list or object for a key")),
        ("x:\n  ? {a: 1}\n  : b\n", (2, "x", "a list or object for a key")),
        ("a: .inf\n", (1, "a", "a number that is not finite")),
        ("a: -.INF\n", (1, "a", "a number that is not finite")),
        ("- .NaN\n", (1, "[0]", "a number that is not finite")),
        ("a: 1e999\n", (1, "a", "a number that is not finite")),
        (".nan: 1\n", (1, ".nan", "a number that is not finite")),
        (f"a: {2**63}\n", (1, "a", "a number beyond 64 bits")),
        ("a: 0xffffffffffffffff\n", (1, "a", "a number beyond 64 bits")),
        ('a: "x\\0"\n', (1, "a", "a character that is not allowed: U+0000")),
        ('a: "\\e[0m"\n', (1, "a", "a character that is not allowed: U+001B")),
        ('"\\x07": 1\n', (1, "\ufffd", "a character that is not allowed: U+0007")),
        ("a: b\nc: \x00\n", (2, None, "a character that is not allowed: U+0000")),
        ("a: \x85\n", (1, None, "a character that is not allowed: U+0085")),
        ("a: b\n\nc: é\ud800\n", (3, None, "a character that is not allowed: U+D800")),
        ("a: \uffff\n", (1, None, "a character that is not allowed: U+FFFF")),
    ],
)
def test_what_is_refused(
    text: str, problem: tuple[int | None, str | None, str]
) -> None:
    """What packs do without, each with its line and key."""
    assert told(text) == [problem]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b: c\n", 1),
        ("a: 1\n b: 2\n", 2),
        ("a: [1, 2\n", 2),
        ("a: 'x\n", 2),
        ("a:\n\t- b\n", 2),
        ("a: @x\n", 1),
        ("- a\nb: 1\n", 2),
        ("%YAML 2.0\n---\na\n", 1),
        ("a: }\n", 1),
        ("!nope!x a\n", 1),
    ],
)
def test_no_yaml(text: str, line: int) -> None:
    """What is no YAML is told with its line."""
    (problem,) = problems_of(text)
    assert problem.message.startswith("no YAML: ")
    assert problem.line == line


@pytest.mark.parametrize(
    "text",
    ['a: "\\ud800"\n', 'a: "\\UFFFFFFFF"\n', f"%YAML 1.{'9' * 5000}\n---\na: 1\n"],
    ids=["half a character", "no character", "no version"],
)
def test_what_one_parser_lets_through(text: str, parser: str) -> None:
    """The two parsers see other faults; none comes out as it is."""
    (problem,) = problems_of(text)
    if parser == "CSafeLoader":
        assert problem.message.startswith("no YAML: ")


def test_long_numbers() -> None:
    """A number that Python would not even turn into one."""
    for number in ("9" * 9999, f"0x{'f' * 9999}"):
        assert told(number) == [(1, None, "a number beyond 64 bits")]
    assert told("9" * 9999 + ".0") == [(1, None, "a number that is not finite")]


def test_what_the_parser_repeats_is_bounded() -> None:
    """A name that is as long as the file does not fill the error."""
    for problem in problems_of(f"!{'x' * 9999}!a b\n"):
        assert len(str(problem)) < 300
    (problem,) = problems_of(f"{'k' * 500}: &a 1\n")
    assert problem.key == "k" * 40 + "…"
    (problem,) = problems_of('"a\\nb": &a 1\n')
    assert problem.key == "a\ufffdb"


def test_faults_are_told_together() -> None:
    """One upload tells many faults, in the order of the file, and no more than 20."""
    text = "a: &x 1\n2: !t b\nc: .nan\na: 3\n<<: {}\nd: [\n"
    assert [(line, message.split(":")[0]) for line, _, message in told(text)] == [
        (1, "anchors (&) are not allowed"),
        (2, 'a key that is no text; write "2"'),
        (2, "tags (!) are not allowed"),
        (3, "a number that is not finite"),
        (4, "the same key as on line 1"),
        (5, "merge keys (<<) are not allowed"),
        (7, "no YAML"),
    ]
    assert len(problems_of("".join(f"{n}: &a 1\n" for n in range(99)))) == 20


def test_limits() -> None:
    """At each limit all is well; one more is too much."""
    text = "a" * (MAX_YAML - 2) + "é"[:1]
    assert parse_yaml(text[1:], FILE).data == text[1:]
    assert told(text + "é") == [(None, None, "larger than 256 KiB")]
    assert told("é" * (MAX_YAML // 2 + 1)) == [(None, None, "larger than 256 KiB")]

    deep = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.loads(deep) == parse_yaml(deep, FILE).data
    ((line, key, message),) = told(f"\n[{deep}]")
    assert (line, message) == (2, "nested deeper than 20")
    assert key == "[0]" * MAX_DEPTH
    assert told("- " * 21 + "a")[0][2] == "nested deeper than 20"

    found = parse_yaml("- a\n" * (MAX_NODES - 1), FILE).data
    assert isinstance(found, list)
    assert len(found) == MAX_NODES - 1
    assert told("- a\n" * MAX_NODES) == [
        (MAX_NODES, None, "more than 20000 texts, lists and the like")
    ]
    # A key counts as well as what it leads to.
    text = "".join(f"{n}k: a\n" for n in range(MAX_NODES // 2))
    assert told(text)[0][2] == "more than 20000 texts, lists and the like"


def test_reading_ends_at_the_limit() -> None:
    """What follows is not even looked at: it would be no YAML."""
    assert len(problems_of("[" * 21 + "}" * 1000)) == 1
    (problem,) = problems_of("- a\n" * MAX_NODES + "}")
    assert problem.message.startswith("more than")


PIECES = r"""
[ { -_ ?_ a:_ &a_ !a_ -_|~_ -_a~ a~ a_ [a,_ {a:_ "\x41 # % ~ ~_ ---~ ' :_
"""
"""``_`` is a blank, ``~`` the end of a line."""


@pytest.mark.parametrize("piece", PIECES.split())
@pytest.mark.parametrize("start", ["", '"', "- |\n  "])
def test_monotonous_texts_take_no_time(start: str, piece: str) -> None:
    """As much as fits of anything is read within a moment."""
    piece = piece.replace("_", " ").replace("~", "\n")
    text = (start + piece * MAX_YAML)[:MAX_YAML]
    begin = process_time()
    with suppress(PackError):
        parse_yaml(text, FILE)
    assert process_time() - begin < 10


def test_noise() -> None:
    """A damaged document is read or refused, never anything else."""
    random = Random(1)
    good = 0
    for _ in range(3000):
        marks = list(GOOD)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(marks))
            chance = random.random()
            if chance < 0.4:
                marks[at] = random.choice(
                    "\n :-[]{},&*!|>'\"%@`#?\t\\\0\x85\ufeff<~0x.é\ud800"
                )
            elif chance < 0.7:
                del marks[at]
            else:
                marks[at:at] = random.choices(marks, k=random.randint(1, 9))
        try:
            found = parse_yaml("".join(marks), FILE)
        except PackError:
            continue
        good += 1
        json.dumps(found.data, allow_nan=False).encode()
        assert all(line > 0 for line in found.lines.values())
    assert 100 < good < 2900


def test_names_of_places() -> None:
    """Keys and indices as errors write them."""
    assert key_text(()) is None
    assert key_text(("dialects", 0, "fields", "model")) == "dialects[0].fields.model"
    assert key_text((3, "a")) == "[3].a"
