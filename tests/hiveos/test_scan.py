"""Workers one by one: the same as parsing the whole at once."""

import json
from typing import cast

from hypothesis import given, strategies as st
import pytest

from custom_components.antminer_monitor.hiveos.scan import RawWorker, entries
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.source import InvalidReplyError

from .strategies import json_values


@given(
    before=st.dictionaries(st.text(), json_values, max_size=3),
    data=st.lists(json_values, max_size=4),
    after=st.dictionaries(st.text(), json_values, max_size=3),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
)
def test_same_as_whole(
    before: dict[str, Json],
    data: list[Json],
    after: dict[str, Json],
    indent: int | None,
    ascii_only: bool,
) -> None:
    """Whatever stands around the list, and however it is written."""
    before.pop("data", None)
    after.pop("data", None)
    body = json.dumps(
        {**before, "data": data, **after}, indent=indent, ensure_ascii=ascii_only
    ).encode("utf-8", "replace")
    expected = json.loads(body)["data"]
    found = list(entries(body))
    assert [entry for entry, _ in found] == expected
    assert [json.loads(text) for _, text in found] == expected


@given(
    st.binary(max_size=50) | json_values.map(lambda value: json.dumps(value).encode())
)
def test_anything_else(body: bytes) -> None:
    """Whatever comes: entries where there is such a list, else the one error."""
    try:
        whole = json.loads(body)
    except ValueError:
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("data"), list):
        assert [entry for entry, _ in entries(body)] == whole["data"]
    else:
        with pytest.raises(InvalidReplyError):
            list(entries(body))


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "null",
        "[]",
        "{",
        "{}",
        '{"data"}',
        '{"data":}',
        '{"data":{}}',
        '{"data":[1,]}',
        '{"data":[1 2]}',
        '{"data":[1',
        '{"data":[1]',
        '{"data":[1],}',
        '{"data":[1]}}',
        '{"data":[1]} {}',
        '{,"data":[1]}',
        "{'data':[1]}",
        '{"data":[1] "tags":[]}',
        '{"tags":[}, "data":[]}',
        '{"data":["\n"]}',
    ],
)
def test_malformed(body: str) -> None:
    """A list that is cut off or badly written is an error, as it is for the whole."""
    with pytest.raises(InvalidReplyError):
        list(entries(body.encode()))
    with pytest.raises(
        (ValueError, RecursionError, KeyError, TypeError, AssertionError)
    ):
        assert isinstance(json.loads(body)["data"], list)


@pytest.mark.parametrize("mark", ["[", "1"])
def test_endless(mark: str) -> None:
    """Neither depth nor digits without end are more than an error."""
    with pytest.raises(InvalidReplyError):
        list(entries(f'{{"data":[{mark * 200_000}'.encode()))


def test_byte_order_mark() -> None:
    """A mark at the beginning does not matter."""
    assert [entry for entry, _ in entries('\ufeff{"data": [1]}'.encode())] == [1]


def test_raw_is_lazy_and_holds_no_secret() -> None:
    """What is kept is a text; passwords are not shown when it is looked at."""
    secret = "hunter2"
    raw = RawWorker(
        json.dumps(
            {
                "id": 5,
                "password": secret,
                "remote_address": {"ip": secret},
                "commands": [{"data": {"config": secret}}],
                "options": {"vnc_password": secret, "push_interval": 10},
                "name": "half a pair: \ud800",
                "deep": json.loads("[" * 60 + "]" * 60),
            }
        )
    )
    assert secret not in repr(raw)
    assert secret not in str(dict(raw))
    assert set(raw) == {"id", "options", "name", "deep"}
    assert len(raw) == 4
    assert raw["options"] == {"push_interval": 10}
    assert raw["name"] == "half a pair: ?"
    with pytest.raises(KeyError):
        raw["password"]
    json.dumps(dict(raw)).encode()


def test_raw_of_no_object() -> None:
    """A text that is no object has nothing in it."""
    assert dict(RawWorker("[1]")) == {}


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_raw_of_anything(tree: dict[str, Json]) -> None:
    """Whatever it holds can be looked at, and written."""
    raw = RawWorker(json.dumps(tree))
    json.dumps(cast(Json, dict(raw)), ensure_ascii=False).encode()
