"""The log of the integration, what happened to rigs, and the totals of all rigs."""

from collections.abc import Mapping
from typing import cast

from playwright.sync_api import Locator, Page, expect
import pytest

from ..conftest import OpenTab
from .rigs import Row, row

MOST_MICROSECONDS = 100
"""That a card may take to see that nothing of its own changed; on this page it is a few."""

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
    before: str = "() => {}",
    clock: bool = False,
) -> Page:
    """Show a card whose subscription is answered so, or refused if there is no answer."""
    page = open_tab().page
    if clock:
        page.clock.install()
    page.goto(f"{pages}/page.html")
    page.wait_for_function("() => window.fake")
    page.evaluate(before)
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


# A list of Home Assistant's, which its card brings; and something that notes what our cards are given to do.
HOME_ASSISTANT = """() => {
  window.loadCardHelpers = async () => ({
    createCardElement: () => customElements.get("ha-logbook") || customElements.define("ha-logbook", class extends HTMLElement {}),
  });
  window.drawn = 0;
  window.watch = (card) => new MutationObserver((all) => (window.drawn += all.length)).observe(card.shadowRoot, {
    attributes: true, characterData: true, childList: true, subtree: true,
  });
}"""


def test_events_of_devices_are_listed_without_states(
    open_tab: OpenTab, pages: str
) -> None:
    """Home Assistant's own list is asked for these devices, and for no entity."""
    page = show(
        open_tab,
        pages,
        "antminer-monitor-events-card",
        config={"devices": ["d1", "d2"]},
        before=HOME_ASSISTANT,
    )
    shown = page.locator("antminer-monitor-events-card ha-logbook")
    expect(shown).to_be_attached()
    assert shown.evaluate(
        "(list) => [list.deviceIds, list.entityIds ?? null, list.time, list.nameDetail]"
    ) == [["d1", "d2"], None, {"recent": 86400}, "device"]
    # The page of one rig needs no name in every line.
    page.evaluate("() => fake.card.setConfig({ devices: ['d1'] })")
    assert shown.evaluate("(list) => [list.deviceIds, list.nameDetail]") == [
        ["d1"],
        "none",
    ]
    for devices in ([], "d1", [1]):
        said = page.evaluate(
            "(devices) => { try { fake.card.setConfig({ devices }) } catch (error) { return error.message } }",
            devices,
        )
        assert said.startswith("devices: a list")


def test_events_without_the_list_say_so(open_tab: OpenTab, pages: str) -> None:
    """Another Home Assistant may call it otherwise."""
    page = show(
        open_tab,
        pages,
        "antminer-monitor-events-card",
        config={"devices": ["d1"]},
        before="() => { window.loadCardHelpers = async () => { throw new Error('gone') } }",
    )
    expect(page.get_by_text("could not be loaded: gone")).to_be_visible()


SPENT = """(changes) => {
  fake.asked = [];
  fake.hass.callWS = async (message) => {
    fake.asked.push(message);
    if (changes.length > 1) return { change: changes.shift() };
    return { change: changes[0] };
  };
  fake.hass.states = { "sensor.energy": { state: "9", attributes: { unit_of_measurement: "kWh" } } };
}"""


def test_what_was_spent_is_a_figure_or_a_dash(open_tab: OpenTab, pages: str) -> None:
    """A unit alone would say nothing; the first figure is waited for."""
    page = show(
        open_tab,
        pages,
        "antminer-monitor-spent-card",
        config={"entity": "sensor.energy", "period": "day", "name": "Energy today"},
        before=f"() => {{ ({SPENT})([null, 1234.56, 12.345]) }}",
        clock=True,
    )
    figure = page.locator("antminer-monitor-spent-card .figure")
    expect(figure).to_have_text("–")
    page.clock.run_for(30_000)
    expect(figure).to_have_text("1,235 kWh")
    page.clock.run_for(299_000)
    expect(figure).to_have_text("1,235 kWh")
    page.clock.run_for(1_000)
    expect(figure).to_have_text("12.3 kWh")
    assert page.evaluate("() => fake.asked[0]") == {
        "type": "recorder/statistic_during_period",
        "statistic_id": "sensor.energy",
        "types": ["change"],
        "calendar": {"period": "day"},
    }
    page.get_by_role("button").click()
    assert page.evaluate("() => fake.events.at(-1).detail.entityId") == "sensor.energy"
    # Who left the page asks no more.
    page.evaluate("() => fake.card.remove()")
    page.clock.run_for(600_000)
    assert len(page.evaluate("() => fake.asked")) == 3


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"period": "day"}, "entity: the id"),
        ({"entity": "sensor.energy", "period": "week"}, "period: one of day, month"),
    ],
)
def test_what_was_spent_of_what(
    open_tab: OpenTab, pages: str, config: dict[str, str], said: str
) -> None:
    """What is wrong is named."""
    page = open_tab().page
    page.goto(f"{pages}/page.html")
    heard = page.evaluate(
        """async (config) => {
          await import("/frontend/antminer-monitor.js");
          try { document.createElement("antminer-monitor-spent-card").setConfig(config) } catch (error) { return error.message }
        }""",
        config,
    )
    assert heard.startswith(said)


ANSWERS: dict[str, object] = {
    "log": {"lines": LINES},
    "totals": {"kind": "all", "sites": [], "rigs": []},
    "chip-map": {"boards": [{"index": 1, "chip_map": "ooox", "chips_faulty": 1}]},
    "events": {},
    "spent": {},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_changes_elsewhere_costs_nothing(
    open_tab: OpenTab, pages: str, name: str
) -> None:
    """Home Assistant gives every card its whole state with each change of any entity."""
    page = show(
        open_tab,
        pages,
        f"antminer-monitor-{name}-card",
        answer=ANSWERS[name],
        config={
            "device_id": "d1",
            "devices": ["d1"],
            "entity": "sensor.energy",
            "period": "day",
        },
        before=f"() => {{ ({HOME_ASSISTANT})(); ({SPENT})([1]) }}",
    )
    content = page.locator("ol, .content, ha-logbook, .unit").first
    expect(content).to_be_attached()
    page.evaluate("() => watch(fake.card)")
    spent = page.evaluate(
        """async () => {
          const start = performance.now();
          for (let time = 0; time < 10000; time += 1) fake.card.hass = { ...fake.hass, states: {} };
          const spent = performance.now() - start;
          await new Promise(requestAnimationFrame);
          return spent;
        }"""
    )
    assert page.evaluate("() => drawn") == 0
    # Microseconds each: a copy of the state and a few comparisons.
    assert spent / 10 < MOST_MICROSECONDS
    # Another number format is another look.
    page.evaluate(
        "() => { fake.card.hass = { ...fake.hass, locale: { ...fake.hass.locale, language: 'en' } } }"
    )
    if name != "events":
        page.wait_for_function("() => drawn > 0")


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
