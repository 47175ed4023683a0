"""Notices among the repairs."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.notices import Notice, NoticeBoard

from .common import NOON

pytestmark = pytest.mark.usefixtures("noon")

HOUR = timedelta(hours=1)


@pytest.fixture
def board(hass: HomeAssistant) -> NoticeBoard:
    """Give an empty board."""
    entry = MockConfigEntry(domain=DOMAIN, title="ann", entry_id="account")
    entry.add_to_hass(hass)
    return NoticeBoard(hass, entry)


def shown(hass: HomeAssistant) -> set[str]:
    """Give which notices are among the repairs."""
    return {
        issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN
    }


def current(board: NoticeBoard) -> str | None:
    """Give which notice is going on."""
    return board.current.id if board.current else None


@pytest.mark.parametrize(
    ("starts", "ends", "applies", "is_over"),
    [
        (None, None, False, False),
        (None, NOON + HOUR, False, False),
        (NOON - HOUR, None, True, False),
        (NOON, NOON + HOUR, True, False),
        (NOON + HOUR, NOON + 2 * HOUR, False, False),
        (NOON - HOUR, NOON, False, True),
        (None, NOON - HOUR, False, True),
    ],
)
def test_when_a_notice_applies(
    starts: datetime | None, ends: datetime | None, applies: bool, is_over: bool
) -> None:
    """From its start to just before its end; one without a start never."""
    notice = Notice(id="1", title="Maintenance", starts=starts, ends=ends)
    assert notice.applies(NOON) is applies
    assert notice.is_over(NOON) is is_over


async def test_shown_among_the_repairs(hass: HomeAssistant, board: NoticeBoard) -> None:
    """With what it says, and when."""
    await hass.config.async_set_time_zone("UTC")
    board.async_pin(
        (
            Notice(
                id="1",
                title="Maintenance",
                message="The API is down.",
                url="https://status.example/1",
                starts=NOON,
            ),
        )
    )
    issue = ir.async_get(hass).async_get_issue(DOMAIN, "notice_account_1")
    assert issue
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.translation_key == "notice"
    assert issue.learn_more_url == "https://status.example/1"
    assert issue.translation_placeholders == {
        "entry": "ann",
        "title": "Maintenance",
        "message": "> The API is down\\.",
        "starts": "2026-11-20 12:00",
        "ends": "–",
    }


async def test_follows_what_is_announced(
    hass: HomeAssistant, board: NoticeBoard, freezer: FrozenDateTimeFactory
) -> None:
    """What is over, or announced no more, goes; the rest stays."""
    told: list[int] = []
    board.async_add_listener(lambda: told.append(len(board.data)))
    now = Notice(id="now", title="Now", starts=NOON, ends=NOON + HOUR)
    later = Notice(id="later", title="Later", starts=NOON + 2 * HOUR)
    over = Notice(id="over", title="Over", starts=NOON - HOUR, ends=NOON)
    board.async_pin((now, later, over))
    assert shown(hass) == {"notice_account_now", "notice_account_later"}
    assert current(board) == "now"

    freezer.tick(HOUR)
    assert current(board) is None
    board.async_pin((now, later, over))
    assert shown(hass) == {"notice_account_later"}

    freezer.move_to(NOON + 2 * HOUR)
    assert current(board) == "later"
    board.async_pin(())
    assert shown(hass) == set()
    assert current(board) is None
    assert told == [2, 1, 0]


async def test_two_accounts(hass: HomeAssistant, board: NoticeBoard) -> None:
    """Each has its own, also of the same announcement."""
    other_entry = MockConfigEntry(domain=DOMAIN, title="bob", entry_id="other")
    other_entry.add_to_hass(hass)
    other = NoticeBoard(hass, other_entry)
    notice = Notice(id="1", title="Maintenance", starts=dt_util.utcnow())
    board.async_pin((notice,))
    other.async_pin((notice,))
    assert shown(hass) == {"notice_account_1", "notice_other_1"}
    board.async_pin(())
    assert shown(hass) == {"notice_other_1"}
