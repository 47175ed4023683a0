"""How far a rig's own clock is from ours, for every miner that the simulator has."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware.stock import CLASSIC
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.json_value import Json
from simulator import Farm
from simulator.profiles import OTHERS, PROFILES
from tests.antminer.replies import CONTEXT, NOW, SEEN, classic, status

AGO = timedelta(days=20_000)


@pytest.mark.parametrize("profile", sorted(PROFILES.keys() - set(OTHERS)))
async def test_every_dialect_tells(loopback: None, profile: str) -> None:
    """Each tells the time by its clock, right or wrong."""
    async with Farm([profile], port=0) as farm:
        (miner,) = farm.miners
        source = AntminerSource("rig", miner.host, miner.port)
        (rig,) = (await source.read()).rigs
        assert rig.clock_offset == pytest.approx(0, abs=3)

        # What it told when it was identified is no news of its clock.
        miner.condition(clock=-AGO.total_seconds())
        (rig,) = (await source.read()).rigs
        assert rig.clock_offset == pytest.approx(-AGO.total_seconds(), abs=3)


@pytest.mark.parametrize("when", [None, 0, -5, 1e29, "now", {}, True])
def test_no_time(when: Json) -> None:
    """What is no time of a clock is not known."""
    replies = classic()
    (block,) = cast(list[dict[str, Json]], status(70, "BMMiner stats", "bmminer 1.0.0"))
    replies["stats"] = cast(
        Reply, {**replies["stats"], "STATUS": [{**block, "When": when}]}
    )
    assert CLASSIC.parse(replies, CONTEXT).clock_offset is None


def test_no_news() -> None:
    """A clock ticks: two readings of a rig that did nothing are equal all the same."""
    first = CLASSIC.parse(classic(), CONTEXT)
    later = CLASSIC.parse(
        classic(), replace(CONTEXT, seen_at=SEEN + timedelta(hours=1))
    )
    assert first.clock_offset == NOW - SEEN.timestamp()
    assert later.clock_offset == first.clock_offset - 3600
    assert first == later
    assert datetime.fromtimestamp(NOW, UTC) < SEEN
