"""The log of the integration, and the totals of all rigs."""

from collections.abc import Mapping
from typing import cast

from playwright.sync_api import Locator, Page, expect

from ..conftest import OpenTab
from .rigs import Row, row

LINES = [
    {"at": "2026-07-01T22:30:05+00:00", "level": level, "logger": "coordinator", "message": f"<b>{level}</b>"}
    for level in ("DEBUG", "INFO", "WARNING", "ERROR")
]  # fmt: skip


def show(
    open_tab: OpenTab,
    pages: str,
    name: str,
    *,
    answer: object = None,
    admin: bool = True,
    config: Mapping[str, object] | None = None,
) -> Page:
    """Show a card whose subscription is answered so, or refused if there is no answer."""
    page = open_tab().page
    page.goto(f"{pages}/page.html")
    page.wait_for_function("() => window.fake")
    page.evaluate(
        """async ([name, config, answer, is_admin]) => {
          await import("/frontend/antminer-monitor.js");
          fake.hass.user = { is_admin };
          if (answer === null) fake.connection.refusal = { code: "unknown_command", message: "Unknown command." };
          fake.connection.answer = ({ callback }) => callback(answer);
          fake.card = document.createElement(name);
          fake.card.setConfig(config);
          fake.card.hass = { ...fake.hass };
          document.body.append(fake.card);
        }""",
        [name, dict(config or {}), answer, admin],
    )
    return page


def lines(page: Page) -> Locator:
    """Return the messages of the log."""
    return page.locator("antminer-monitor-log-card li > div:last-child")


def test_the_newest_line_is_on_top_and_stays_text(
    open_tab: OpenTab, pages: str
) -> None:
    """From information on, unless somebody chooses otherwise."""
    page = show(open_tab, pages, "antminer-monitor-log-card", answer={"lines": LINES})
    expect(lines(page)).to_have_text(["<b>ERROR</b>", "<b>WARNING</b>", "<b>INFO</b>"])
    page.get_by_label("Show").select_option("Everything")
    expect(lines(page)).to_have_count(4)
    page.get_by_label("Show").select_option("Errors")
    expect(lines(page)).to_have_text(["<b>ERROR</b>"])
    page.evaluate(
        "line => fake.connection.send('antminer_monitor/logs/subscribe', { lines: [line] })",
        {**LINES[3], "message": "later"},
    )
    expect(lines(page)).to_have_text(["later", "<b>ERROR</b>"])


def test_the_level_to_begin_with_is_an_option(open_tab: OpenTab, pages: str) -> None:
    """One that does not exist is refused by name."""
    page = show(
        open_tab,
        pages,
        "antminer-monitor-log-card",
        answer={"lines": LINES[:2]},
        config={"level": "WARNING"},
    )
    expect(page.get_by_text("No such lines.")).to_be_visible()
    said = page.evaluate(
        "() => { try { fake.card.setConfig({ level: 'LOUD' }) } catch (error) { return error.message } }"
    )
    assert said.startswith("level: one of DEBUG")


def test_others_are_told_that_the_log_is_not_for_them(
    open_tab: OpenTab, pages: str
) -> None:
    """And nothing is asked for in vain."""
    page = show(
        open_tab,
        pages,
        "antminer-monitor-log-card",
        answer={"lines": LINES},
        admin=False,
    )
    expect(page.get_by_text("for administrators")).to_be_visible()
    assert page.evaluate("() => fake.connection.subscriptions") == []


def test_no_answer_is_said_in_words(open_tab: OpenTab, pages: str) -> None:
    """By each of the cards."""
    for name in ("log", "totals", "chip-map"):
        page = show(
            open_tab,
            pages,
            f"antminer-monitor-{name}-card",
            config={"device_id": "d1"} if name == "chip-map" else {},
        )
        expect(page.get_by_text("No answer from the integration")).to_contain_text(
            "Unknown command."
        )


def rig(number: int, **changes: object) -> Row:
    """Return a row with changes."""
    return cast(Row, {**row(number), "status": "running", "is_stale": False, **changes})


def test_totals_add_up_what_is_known(open_tab: OpenTab, pages: str) -> None:
    """Hashrates by algorithm; an efficiency weighs as much as its rig hashes; unknown figures are left out."""
    sha256 = {"algorithm": "sha256d", "rate_unit": "TH/s", "efficiency_unit": "J/TH"}
    rows = [
        rig(1, **sha256, hashrate=100e12, efficiency=30.0, power=3000.0),
        rig(2, **sha256, hashrate=300e12, efficiency=20.0, power=6000.0),
        rig(3, **sha256, hashrate=50e12, efficiency=None, power=None),
        rig(4, **sha256, hashrate=None, efficiency=None, power=None, is_stale=True),
        rig(5, algorithm="scrypt", rate_unit="GH/s", efficiency_unit="J/GH", hashrate=9.5e9, efficiency=None, power=3425.0),
    ]  # fmt: skip
    page = show(
        open_tab,
        pages,
        "antminer-monitor-totals-card",
        answer={"kind": "all", "sites": [], "rigs": rows},
    )
    card = page.locator("antminer-monitor-totals-card")
    expect(card.locator("dt")).to_have_text(["SHA-256", "Scrypt", "Power"])
    expect(card.locator("dd")).to_have_text(
        ["450.0 TH/s22.5 J/TH", "9.50 GH/s", "12.4 kW"]
    )
    expect(card.locator("li")).to_have_text(["1 Stale", "4 Running"])
    page.evaluate(
        "row => fake.change([row])",
        rig(4, **sha256, hashrate=50e12, efficiency=None, power=575.0),
    )
    expect(card.locator("dd").first).to_have_text("500.0 TH/s22.5 J/TH")
    expect(card.locator("li")).to_have_text(["5 Running"])
