"""Malformed replies: each known fault is repaired, and nothing else is touched."""

from collections.abc import Callable
from contextlib import suppress
import json
from math import isfinite
from time import process_time

from hypothesis import given, settings, strategies as st
import orjson
import pytest

from custom_components.antminer_monitor.antminer.json_repair import loads
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.source import InvalidReplyError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FIRMWARE_TEXT = st.text(st.sampled_from("ab{}[],:\"\\' \n0-.nainf"), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | FIRMWARE_TEXT
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(TEXT | FIRMWARE_TEXT, inner, max_size=5)
    ),
    max_leaves=30,
)
OBJECTS = st.dictionaries(TEXT | FIRMWARE_TEXT, VALUES, max_size=6)
STYLES: list[Callable[[Json], bytes]] = [
    orjson.dumps,
    lambda value: json.dumps(value).encode(),
    lambda value: json.dumps(value, ensure_ascii=False, indent=1).encode(),
    lambda value: json.dumps(value, separators=(" ,\t", " :\r\n")).encode(),
]


@given(
    value=OBJECTS,
    style=st.sampled_from(STYLES),
    end=st.sampled_from([b"", b"\0", b"\n\0\0", b"\0{"]),
)
def test_a_valid_reply_is_never_changed(
    value: dict[str, Json], style: Callable[[Json], bytes], end: bytes
) -> None:
    """A valid reply is never changed."""
    assert loads(style(value).replace(b"\0", b"") + end) == value


@given(value=OBJECTS, style=st.sampled_from(STYLES))
def test_repairs_never_reach_into_strings(
    value: dict[str, Json], style: Callable[[Json], bytes]
) -> None:
    """A fault beside it sends a valid object through every repair there is."""
    reply = b'{"before":nan,"it":[%s{"z":1},],}' % style(value)
    assert loads(reply) == {"before": None, "it": [value, {"z": 1}]}


@given(
    data=st.binary(max_size=300) | FIRMWARE_TEXT.map(lambda text: b'{"' + text.encode())
)
@settings(max_examples=300)
def test_garbage_raises_nothing_else(data: bytes) -> None:
    """Garbage raises nothing else."""
    try:
        reply = loads(data)
    except InvalidReplyError:
        return
    orjson.dumps(reply)


@given(
    value=OBJECTS, style=st.sampled_from(STYLES), cut=st.floats(0, 1, exclude_max=True)
)
def test_a_truncated_reply_is_called_that(
    value: dict[str, Json], style: Callable[[Json], bytes], cut: float
) -> None:
    """Where no string is cut: half a string can look like another fault."""
    reply = orjson.dumps({"a": [1.5, True, {"b": None}], "c": {"d": []}, "e": -2e-9})
    with pytest.raises(InvalidReplyError, match=r"truncated|empty"):
        loads(reply[: int(cut * len(reply))])
    whole = style(value).replace(b"\0", b"")
    with pytest.raises(InvalidReplyError):
        loads(whole[: int(cut * len(whole))])


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b'{"a":[{"b":1}{"c":2}]}', {"a": [{"b": 1}, {"c": 2}]}),
        (b'{"a":[{"b":1} \n {"c":2}{"d":3}]}', {"a": [{"b": 1}, {"c": 2}, {"d": 3}]}),
        (b'{"s":[{"T":"S9"}{"x":nan}],"n":[,{"u":"\xff"}]}', {"s": [{"T": "S9"}, {"x": None}], "n": [{"u": "\ufffd"}]}),
        (b'{"a":[1][2]}x', None),
        (b'{"a":1 "b":2}', {"a": 1, "b": 2}),
        (b'{"a":"x" "b":"y"\n"c":[]"d":{}}', {"a": "x", "b": "y", "c": [], "d": {}}),
        (b'{"a":1}\0', {"a": 1}),
        (b'\n\n{"a":1}\n\0\0garbage', {"a": 1}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":[,{"b":1}]}', {"a": [{"b": 1}]}),
        (b'{"a":[,,1,,2,,],,}', {"a": [1, 2]}),
        (b'{"a":[1,],"b":{"c":1,},}', {"a": [1], "b": {"c": 1}}),
        (b'{"a":"S9\nV1\t\x01"}', {"a": "S9\nV1\t\x01"}),
        (b'{"a":[{"b":1}\n,\n{"c":"\r\n"}]}', {"a": [{"b": 1}, {"c": "\r\n"}]}),
        (b'{"a":"caf\xe9"}', {"a": "caf\ufffd"}),
        (b'{"a":nan,"b":-nan,"c":inf,"d":-inf,"e":Infinity}', dict.fromkeys("abcde")),
        (b'{"a":NaN,"b":-Infinity,"c":1e999,"d":-1e999}', dict.fromkeys("abcd")),
        (b'{"a":[nan,+inf,-NAN]}', {"a": [None] * 3}),
        (b'{"a":"nan","b":"inf"}', {"a": "nan", "b": "inf"}),
        (b'{"a" : ,"b":1}', {"a": None, "b": 1}),
        (b'{"a" : ,"b":}', {"a": None, "b": None}),
        (rb'{"a":"it\'s","b":"\"\\\n\q"}', {"a": "it's", "b": '"\\\nq'}),
        (rb'{"a":"\ud800","b":"\ud83d\ude00","c":"\\ud800"}', {"a": "\ufffd", "b": "😀", "c": r"\ud800"}),
        (b',"id":1}', {"id": 1}),
        (b'{"a":1}"}', {"a": 1}),
        (b'{"a":1,}\r\n<html>', {"a": 1}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":"x""temp0":1}', {"a": "x", "temp0": 1}),
        (b'{"a":""temp0":1,"b":2}', {"a": "", "temp0": 1, "b": 2}),
        (b'{"Type":"Antminer "S9"","a":1}', {"Type": 'Antminer "S9"', "a": 1}),
        (b'{"Type":"the "S9", new","a":1}', {"Type": 'the "S9", new', "a": 1}),
        (b'{"a":["x "y" z","w"]}', {"a": ['x "y" z', "w"]}),
        (b'{"a":["x" "y"]}', {"a": ["x", "y"]}),
        (b'{"a":123456789012345678901234567890,}', {"a": 1.2345678901234568e29}),
        (b'{"a":' + b"9" * 5000 + b"}", {"a": None}),
        (b'{"a":-1.5e-3,"b":0,"c":true,"d":false,"e":null,}', {"a": -0.0015, "b": 0, "c": True, "d": False, "e": None}),
        (b'{"a":01}', None),
        (b'{"a":[1}', None),
        (b'{"a"}', None),
        (b'{"a",1}', None),
        (b'{"a"1}', None),
        (b'{1:2}', None),
        (b'{"a":TRUTH}', None),
    ],
)  # fmt: skip
def test_the_catalogue(reply: bytes, expected: dict[str, Json] | None) -> None:
    """The catalogue."""
    if expected is None:
        with pytest.raises(InvalidReplyError, match="no JSON at character"):
            loads(reply)
    else:
        assert loads(reply) == expected


@pytest.mark.parametrize(
    "text", ["{X0=58}", "}{", ",}", "[,{", ",]", ": ,", "nan,", '""temp0', "\\'", ',"id":1}', ":nan,", "{X9=1,X39=1}"]
)  # fmt: skip
def test_strings_that_look_like_faults_stay(text: str) -> None:
    """Strings that look like faults stay."""
    row = {"a": text, text: [text, text]}
    body = orjson.dumps(row)
    assert loads(b'{"STATS":[%s%s,]}' % (body, body)) == {"STATS": [row, row]}
    assert loads(b'{"STATS":[%s%s]}' % (body, body)) == {"STATS": [row, row]}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", "empty reply"),
        (b"\0{}", "empty reply"),
        (b" \r\n\0", "empty reply"),
        (b"[1]", r"not a JSON object \(3 bytes\)"),
        (b"null", "not a JSON object"),
        (
            b"Socket connect failed: Connection refused\n",
            "no JSON at character 0 of 41",
        ),
        (b'{"a":[{"b":"}', "truncated after 13 characters"),
        (b'{"a":tr', "truncated"),
        (b'{"a":-', "truncated"),
        (b'{"a":1', "truncated"),
        (b'{"a":"x","', "truncated"),
        (b'{"a":"x\\', "truncated"),
        (b'{"a":' * 5000, "nested too deeply"),
        (b'{"a":[,' + b"[" * 150, "nested too deeply"),
        (b'{"a":1,}' + b" " * 300_000 + b"x", "too large to repair"),
    ],
)
def test_what_cannot_be_read(reply: bytes, error: str) -> None:
    """What cannot be read."""
    with pytest.raises(InvalidReplyError, match=error):
        loads(reply)


def test_a_large_valid_reply() -> None:
    """A large valid reply."""
    value: dict[str, Json] = {"a": [{"b": index} for index in range(50_000)]}
    assert loads(orjson.dumps(value) + b"\0") == value


def test_many_objects_with_a_fault() -> None:
    """Many objects with a fault."""
    rows = b",".join(b'{"b":%d}' % index for index in range(3000))
    assert loads(b'{"a":[%s,]}' % rows) == {
        "a": [{"b": index} for index in range(3000)]
    }


def test_no_figure_is_infinite() -> None:
    """Neither the parser nor the standard library's own constants let one through."""
    for word in ("1e400", "Infinity", "-inf", "9" * 400, "9" * 400 + ".0"):
        value = loads(b'{"a":%s,}' % word.encode())["a"]
        assert value is None or (isinstance(value, float) and isfinite(value))


UNITS = [
    b",", b'"', b'{"a":', b"[", b"}{", b'{"a":1}', b'"a" ', b'"a":"', b'""', b'\\"', b" ", b'"\\', b"nan,", b"1",
    b"-", b"\\ud800", b'"     ', b'a"', b"\xff", b'{"a":"b" "c',
]  # fmt: skip


@pytest.mark.parametrize(
    "head", [b"", b'{"a":[', b'{"a":"', b'{"a":', b'{"a":nan,"b":"']
)
def test_the_time_is_linear_in_the_size(head: bytes) -> None:
    """Eight times the size must not take 64 times as long, whatever is repeated."""

    def seconds(data: bytes) -> float:
        best = 60.0
        for _ in range(3):
            started = process_time()
            with suppress(InvalidReplyError):
                loads(data)
            best = min(best, process_time() - started)
        return best

    for unit in UNITS:
        small = head + unit * (8_000 // len(unit))
        large = head + unit * (64_000 // len(unit))
        assert seconds(large) < max(24 * seconds(small), 0.05), unit
