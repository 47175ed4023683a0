"""Rigs to and from JSON."""

from dataclasses import replace
from datetime import UTC, datetime
import json

from hypothesis import given, strategies as st
import pytest

from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Gpu, RigError
from custom_components.antminer_monitor.rig_json import rig_as_dict, rig_from_dict

from .rigs import board, rig

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_a_rig_survives_json() -> None:
    """What is written can be read, and is the same rig but for the raw replies."""
    whole = rig(
        errors=(RigError(code="P:1", message="no power"),),
        gpus=(Gpu(index=0, name="RTX", hashrate=60e6),),
        work_mode="0",
    )
    text = json.dumps(rig_as_dict(whole))

    assert rig_from_dict(json.loads(text)) == whole
    assert rig_from_dict(json.loads(text)).uptime == whole.uptime


def test_names_units_and_forms() -> None:
    """Fields have the design's names, enums are lower case, times are ISO."""
    data = rig_as_dict(rig())

    assert data["status"] == "running"
    assert data["power_source"] == "estimated"
    assert data["seen_at"] == "2026-11-20T12:00:00+00:00"
    assert data["firmware"] == {"family": "stock", "version": "2022-12-06"}
    assert isinstance(data["boards"], list)
    assert isinstance(data["pools"], list)
    assert data["shares"] == {"accepted": 1000, "rejected": 5, "stale": 1}
    assert "raw" not in data


def test_unknown_keys_are_ignored_and_missing_ones_are_none() -> None:
    """A file of another version can be read."""
    data = {
        "id": "x",
        "seen_at": "2026-11-20T13:00:00+01:00",
        "status": "idle",
        "colour": "red",
    }

    read = rig_from_dict(data)

    assert read.seen_at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert read.hashrate is None
    assert read.boards == ()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"id": "x", "seen_at": "2026-11-20T12:00:00+00:00", "status": "flying"},
        {"id": "x", "seen_at": "yesterday", "status": "idle"},
        {"id": "x", "seen_at": 5, "status": "idle"},
        {"id": 5, "seen_at": "2026-11-20T12:00:00+00:00", "status": "idle"},
        {
            "id": "x",
            "seen_at": "2026-11-20T12:00:00+00:00",
            "status": "idle",
            "boards": {},
        },
        {
            "id": "x",
            "seen_at": "2026-11-20T12:00:00+00:00",
            "status": "idle",
            "boards": [5],
        },
        {
            "id": "x",
            "seen_at": "2026-11-20T12:00:00+00:00",
            "status": "idle",
            "boards": [{}],
        },
    ],
)
def test_what_is_no_rig_is_refused(data: object) -> None:
    """A broken file is an error of one kind."""
    with pytest.raises(ValueError):
        rig_from_dict(data)


@given(
    _JSON,
    st.sampled_from(
        ["id", "seen_at", "status", "boards", "hashrate", "firmware", "pools"]
    ),
)
def test_nothing_else_is_raised(value: Json, key: str) -> None:
    """Whatever stands in a file: a rig or ValueError."""
    data = rig_as_dict(rig())
    data[key] = value
    try:
        rig_from_dict(data)
    except ValueError:
        return


def test_equal_readings_are_equal() -> None:
    """What moves with every reading takes no part in the comparison."""
    first = rig()
    pools = tuple(replace(pool, last_share_age=9.0) for pool in first.pools)
    later = replace(
        first, seen_at=datetime(2027, 1, 1, tzinfo=UTC), uptime=1.0, raw={}, pools=pools
    )

    assert later == first
    assert replace(first, hashrate=1.0) != first


def test_hottest() -> None:
    """A rig is as hot as its hottest board; unknown boards do not count."""
    hot = rig(boards=(board(1, chip_temperature=None), board(2, chip_temperature=81.0)))

    assert hot.chip_temperature == 81.0
    assert rig(boards=()).board_temperature is None
