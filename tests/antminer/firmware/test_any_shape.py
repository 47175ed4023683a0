"""No reply of whatever shape makes a parser fail otherwise than by InvalidReplyError."""

from contextlib import suppress
from math import isfinite

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import (
    DIALECTS,
    STATS_NEW,
    SUMMARY_NEW,
    Dialect,
    Fingerprint,
    recognise,
)
from custom_components.antminer_monitor.antminer.firmware.x19 import (
    is_unwell,
    tells_all,
)
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Rig
from custom_components.antminer_monitor.source import InvalidReplyError
from tests.antminer.firmware import test_braiins, test_luxos, test_vnish
from tests.antminer.replies import (
    CONTEXT,
    classic,
    header,
    new_stats,
    new_summary,
    stats,
    x19,
)

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["", "-", "0-0-0-0", "1--2-3", "9:9:9", "nan", "E", " oox-", "Antminer S19"]
    ),
)
JSON: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=8,
)
WHOLE: dict[str, dict[str, Reply]] = {
    "classic": classic(),
    "hiveon": classic(chain_power6=400.0),
    "braiins-2019": classic(),
    "x19": x19()
    | {STATS_NEW: new_stats(marks=False), SUMMARY_NEW: new_summary(rate="x")},
    "new": x19() | {"stats": new_stats()},
    "vnish": classic()
    | {"stats": stats(header("Antminer S19 XP (Vnish 1.2)"), test_vnish.record())},
    "luxos": test_luxos.replies(),
    "braiins": test_braiins.replies(),
}


def change(value: Json, draw: st.DrawFn) -> Json:
    """Put something else in one place of a reply, at any depth."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: change(value[key], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], change(value[place], draw), *value[place + 1 :]]
    return draw(JSON)


@st.composite
def broken(draw: st.DrawFn, name: str) -> dict[str, Reply]:
    """Make the replies of a dialect with a few places changed."""
    replies = dict(WHOLE[name])
    for _ in range(draw(st.integers(1, 3))):
        command = draw(st.sampled_from(sorted(replies)))
        changed = change(replies[command], draw)
        if isinstance(changed, dict):
            replies[command] = changed
    return replies


def parse(dialect: Dialect, replies: dict[str, Reply]) -> None:
    """Parse; whatever comes of it is a rig or the one error."""
    with suppress(InvalidReplyError):
        rig = dialect.parse(replies, CONTEXT)
        assert isinstance(rig, Rig)
        assert (rig.power is None) == (rig.power_source is None)
        assert sum(pool.active is True for pool in rig.pools) <= 1
        assert len(rig.fans) <= 64
        figures = [rig.hashrate, rig.hashrate_nominal, rig.power, rig.uptime]
        for board in rig.boards:
            figures += [board.hashrate, board.power, board.voltage, board.frequency]
        assert all(isfinite(figure) for figure in figures if figure is not None)
        is_unwell(rig)
    tells_all(replies.get("stats"))
    with suppress(InvalidReplyError):
        recognise(Fingerprint(replies.get("version"), replies.get("stats")))


@pytest.mark.parametrize("name", sorted(WHOLE))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_changed_replies(name: str, data: st.DataObject) -> None:
    """Anything in the place of any part of a sound reply."""
    dialect = next(
        dialect for dialect in DIALECTS if dialect.name == name.replace("new", "x19")
    )
    parse(dialect, data.draw(broken(name)))


@settings(max_examples=100, deadline=None)
@given(
    replies=st.dictionaries(
        st.sampled_from(["version", "stats", "summary", "pools", "devs", SUMMARY_NEW]),
        st.dictionaries(
            st.sampled_from(["STATUS", "STATS", "SUMMARY", "POOLS", "INFO", "VERSION"]),
            JSON,
        ),
    )
)
def test_any_replies(replies: dict[str, Reply]) -> None:
    """Every parser, with anything."""
    for dialect in DIALECTS:
        parse(dialect, replies)
