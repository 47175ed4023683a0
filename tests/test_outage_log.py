"""What the log says of rigs that go and come back."""

from collections.abc import Collection
from datetime import UTC, datetime
import logging

from homeassistant.util import dt as dt_util
import pytest

from custom_components.antminer_monitor.outage_log import MOST_LINES, OutageLog

LOGGER = logging.getLogger("farm")
SEEN_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Keep what is logged."""
    caplog.set_level(logging.INFO, "farm")
    return caplog


def tell(
    outages: OutageLog,
    *missing: str,
    of: Collection[str] | None = None,
    excuse: str | None = None,
    error: str | None = None,
) -> None:
    """Say which rigs are missing now, of all or of some."""
    outages.tell("Hall", set(missing), of or known, excuse=excuse, error=error)


known = {"never", *(f"rig {number}" for number in range(20))}


@pytest.fixture
def outages() -> OutageLog:
    """Give a log of a hall from which nothing is missing."""
    return OutageLog(
        LOGGER,
        label_of=lambda rig_id: f"Hall: {rig_id}",
        last_seen=lambda rig_id: None if rig_id == "never" else SEEN_AT,
    )


def test_one_line_a_rig(outages: OutageLog, lines: pytest.LogCaptureFixture) -> None:
    """Once when it goes, once when it is back."""
    for _ in range(2):
        tell(outages, "rig 1", of=("rig 1", "never"), error="no answer")
    tell(outages, "rig 1", "never")
    for _ in range(2):
        tell(outages)
    gone, never, *back = lines.messages
    assert gone.startswith("Hall: rig 1 is stale, last seen 2026-11-20")
    assert gone.endswith(": no answer")
    assert never == "Hall: never is stale, last seen never"
    assert sorted(back) == ["Hall: never is back", "Hall: rig 1 is back"]
    assert {record.levelno for record in lines.records} == {logging.WARNING}


def test_one_line_for_all(outages: OutageLog, lines: pytest.LogCaptureFixture) -> None:
    """Where many go together nobody reads as many lines."""
    many = [f"rig {number}" for number in range(MOST_LINES + 1)]
    tell(outages, *many)
    tell(outages)
    assert lines.messages == [
        f"Hall: {len(many)} rigs are stale",
        f"Hall: {len(many)} rigs are back",
    ]


def test_a_source_that_is_not_read(
    outages: OutageLog, lines: pytest.LogCaptureFixture
) -> None:
    """Its rigs were seen at different moments and turn stale one by one: that is one line, and who stays away is named."""
    rigs = sorted(known - {"never"})
    since = dt_util.as_local(SEEN_AT).isoformat(" ", "seconds")
    tell(outages, rigs[0])
    for count in range(2, len(rigs) + 1):
        tell(outages, *rigs[:count], error="no route")
    tell(outages, rigs[1], rigs[2])
    tell(outages)
    assert lines.messages == [
        f"Hall: {rigs[0]} is stale, last seen {since}",
        "Hall is not read, its rigs turn stale: no route",
        "Hall is read again",
        *(f"Hall: {rig} is stale, last seen {since}" for rig in rigs[1:3]),
        *(f"Hall: {rig} is back" for rig in rigs[:3]),
    ]


def test_announced(outages: OutageLog, lines: pytest.LogCaptureFixture) -> None:
    """A downtime that was announced is no warning, and says so."""
    tell(outages, "rig 1", excuse="Maintenance", error="no answer")
    tell(outages, excuse="Maintenance")
    assert lines.messages == [
        "Hall is not read, its rigs turn stale: Maintenance",
        "Hall is read again",
    ]
    assert {record.levelno for record in lines.records} == {logging.INFO}


def test_a_rig_that_was_removed(
    outages: OutageLog, lines: pytest.LogCaptureFixture
) -> None:
    """It is not missing any more, and not back either."""
    tell(outages, "gone for good")
    tell(outages)
    assert len(lines.messages) == 1
