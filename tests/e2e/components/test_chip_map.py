"""The chip map card: which chips fail, at a glance and read out."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from playwright.sync_api import Locator, expect
import pytest

from ..browser import Look, Tab
from ..conftest import OpenTab

Board = dict[str, Any]

RIG: dict[str, object] = {
    "id": "r1",
    "name": "Rig 1",
    "rate_unit": "TH/s",
    "is_stale": False,
    "last_seen": "2026-07-01T22:30:05+00:00",
    "fans": [{"index": 1, "speed": 5160, "duty": None}, {"index": 2, "speed": 0}],
}


def board(index: int, marks: str | None, **more: object) -> Board:
    """Return a board as the feed tells of it."""
    return {
        "index": index,
        "hashrate": 36.5e12,
        "board_temperature": 66.0,
        "chip_temperature": 71.0,
        "chips_expected": len(marks or "") or None,
        "chips_working": (marks or "").count("o") if marks else None,
        "chips_faulty": None,
        "chip_map": marks,
        "frequency": 525.0,
        **more,
    }


class Shown:
    """A chip map on a page."""

    def __init__(self, tab: Tab) -> None:
        """Take the tab that shows it."""
        self.tab = tab
        self.page = tab.page
        self.card: Locator = tab.page.locator("antminer-monitor-chip-map-card")
        self.maps = self.card.get_by_role("img")

    def tell(self, rig: Mapping[str, object] | None) -> None:
        """Have the feed send the rig."""
        self.page.evaluate(
            "rig => fake.connection.send('antminer_monitor/rig/subscribe', rig)",
            None if rig is None else dict(rig),
        )


def show(
    open_tab: OpenTab,
    pages: str,
    boards: Sequence[Board] | None,
    config: Mapping[str, object] | None = None,
    hass: Mapping[str, object] | None = None,
    **look: Unpack[Look],
) -> Shown:
    """Show the card; without boards the feed says nothing."""
    tab = open_tab(**look)
    tab.page.goto(f"{pages}/page.html")
    tab.page.wait_for_function("() => window.fake")
    if look.get("dark"):
        tab.page.evaluate("() => document.documentElement.classList.add('dark')")
    tab.page.evaluate(
        """async ([config, rig, hass]) => {
          await import("/frontend/antminer-monitor.js");
          Object.assign(fake.hass, hass);
          fake.connection.answer = rig && (({ callback }) => callback(rig));
          fake.card = document.createElement("antminer-monitor-chip-map-card");
          fake.card.setConfig(config);
          fake.card.hass = { ...fake.hass };
          document.body.append(fake.card);
        }""",
        [
            {"device_id": "d1", **(config or {})},
            None if boards is None else {**RIG, "boards": list(boards)},
            dict(hass or {}),
        ],
    )
    return Shown(tab)


def test_failing_chips_are_named_and_drawn_apart(open_tab: OpenTab, pages: str) -> None:
    """Whoever cannot see colours, or cannot see, learns the same."""
    marks = "o" * 13 + "x" + "o" * 24 + "-" + "o" * 37
    shown = show(open_tab, pages, [board(1, "o" * 76), board(2, marks)])
    expect(shown.maps).to_have_count(2)
    expect(shown.maps.nth(0)).to_have_attribute(
        "aria-label", "Board 1: 76 of 76 chips working"
    )
    expect(shown.maps.nth(1)).to_have_attribute(
        "aria-label", "Board 2: 2 of 76 chips failing: 14, 39"
    )
    expect(shown.card.get_by_text("2 of 76 chips failing: 14, 39")).to_be_visible()
    assert shown.maps.nth(1).locator("title").all_text_contents() == [
        "Chip 14: failing",
        "Chip 39: no answer",
    ]
    # By shape, not by colour alone: one is crossed out, the other is a hole.
    assert shown.maps.nth(1).locator(".cross").count() == 1
    assert shown.maps.nth(1).locator(".hole").count() == 1
    assert shown.maps.nth(0).locator("g").count() == 0
    shown.tab.screenshot("chip-map")


def test_a_long_list_of_failing_chips_is_cut(open_tab: OpenTab, pages: str) -> None:
    """A dead board has as many as it has chips."""
    shown = show(open_tab, pages, [board(1, "x" * 100)])
    expect(shown.card.get_by_text("100 of 100 chips failing")).to_contain_text(
        "24 and 76 more"
    )


def test_a_hotter_board_has_another_colour(open_tab: OpenTab, pages: str) -> None:
    """And one whose temperature is not known looks like none of them."""
    shown = show(
        open_tab,
        pages,
        [board(index, "oooo", board_temperature=degrees, chip_temperature=None) for index, degrees in enumerate((50.0, 80.0, 95.0, None))],
    )  # fmt: skip
    expect(shown.maps).to_have_count(4)
    colors = shown.maps.evaluate_all(
        "maps => maps.map(map => getComputedStyle(map.querySelector('.works')).fill)"
    )
    assert len(set(colors)) == 4


def test_counts_stand_where_there_is_no_map(open_tab: OpenTab, pages: str) -> None:
    """Much firmware only counts."""
    shown = show(
        open_tab,
        pages,
        [
            board(1, None, chips_working=62, chips_expected=63, chips_faulty=1),
            board(2, None, chips_working=63, chips_expected=63),
            board(3, None, chips_working=63),
            board(4, None),
        ],
    )
    for text in (
        "1 of 63 chips failing",
        "63 of 63 chips working",
        "63 chips working",
        "This rig does not tell about its chips",
    ):
        expect(shown.card.get_by_text(text, exact=True)).to_be_visible()
    expect(shown.maps).to_have_count(0)


def test_a_stale_rig_shows_no_old_map_and_heals(open_tab: OpenTab, pages: str) -> None:
    """What was true an hour ago is not shown as what is."""
    boards = [board(1, "oooo")]
    shown = show(open_tab, pages, boards)
    expect(shown.maps).to_have_count(1)
    shown.tell({**RIG, "boards": boards, "is_stale": True})
    expect(shown.card.get_by_text("No answer from the rig since")).to_be_visible()
    expect(shown.maps).to_have_count(0)
    shown.tell({**RIG, "boards": boards})
    expect(shown.maps).to_have_count(1)


@pytest.mark.parametrize(
    ("rig", "said"),
    [
        (None, "no longer there"),
        ({**RIG, "boards": []}, "does not tell about its boards"),
        ({**RIG, "is_stale": True, "last_seen": None}, "has not answered so far"),
    ],
)
def test_there_are_words_for_what_cannot_be_drawn(
    open_tab: OpenTab, pages: str, rig: Mapping[str, object] | None, said: str
) -> None:
    """An empty card would look broken."""
    shown = show(open_tab, pages, None)
    expect(shown.card.get_by_text("Loading…")).to_be_visible()
    shown.tell(rig)
    expect(shown.card.get_by_role("status")).to_contain_text(said)


def test_another_rig_is_another_subscription(open_tab: OpenTab, pages: str) -> None:
    """The map of the first goes at once."""
    shown = show(open_tab, pages, [board(1, "oooo")])
    expect(shown.maps).to_have_count(1)
    shown.page.evaluate(
        "() => { fake.connection.answer = null; fake.card.setConfig({ device_id: 'd2' }) }"
    )
    expect(shown.card.get_by_text("Loading…")).to_be_visible()
    asked = shown.page.evaluate(
        "() => fake.connection.subscriptions.map(({ message }) => message.device_id)"
    )
    assert asked == ["d1", "d2"]


def test_without_a_rig_the_card_says_what_to_do(open_tab: OpenTab, pages: str) -> None:
    """It asks the integration for nothing."""
    shown = show(open_tab, pages, None, {"device_id": ""})
    expect(shown.card.get_by_text("Choose a rig")).to_be_visible()
    assert shown.page.evaluate("() => fake.connection.subscriptions") == []
    refused = shown.page.evaluate(
        "() => { try { fake.card.setConfig({ device_id: 5 }) } catch (error) { return error.message } }"
    )
    assert "device_id" in refused


def test_fans_if_wanted_in_the_users_numbers(open_tab: OpenTab, pages: str) -> None:
    """German numbers and degrees Fahrenheit, in the dark, on a phone."""
    german = {
        "language": "de",
        "locale": {"language": "de", "number_format": "language", "time_format": "24"},
    }
    fahrenheit = {"config": {"unit_system": {"temperature": "°F"}}}
    shown = show(open_tab, pages, [board(1, "oooo")], {"fans": True}, {**german, **fahrenheit}, dark=True, size=(390, 844))  # fmt: skip
    expect(shown.card.get_by_text("1: 5.160 U/min")).to_be_visible()
    expect(shown.card.get_by_text("151 °F")).to_be_visible()
    expect(shown.card.get_by_text("36,5 TH/s")).to_be_visible()
    assert shown.page.evaluate(
        "() => document.documentElement.scrollWidth <= innerWidth"
    )


def test_a_card_that_is_taken_away_stops_listening(
    open_tab: OpenTab, pages: str
) -> None:
    """After a while in which another page of ours may want the same."""
    shown = show(open_tab, pages, [board(1, "oooo")])
    expect(shown.maps).to_have_count(1)
    shown.page.evaluate("() => fake.card.remove()")
    # Another page of ours may want the same a moment later.
    shown.page.wait_for_function(
        "() => fake.connection.subscriptions.every(({ open }) => !open)", timeout=15_000
    )
