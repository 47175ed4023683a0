"""The table of the fleet: a thousand rows, found, sorted and kept up to date."""

from collections.abc import Callable
from datetime import UTC, datetime
import re

from playwright.sync_api import expect

from .conftest import ShowFleet, Shown
from .rigs import Row, fleet, row

COUNT = 1000
MOST_ROWS_DRAWN = 60


def natural(text: str) -> list[tuple[int, str]]:
    """Order text as people do: numbers within it by their value."""
    return [
        (int(part), "") if part.isdigit() else (0, part.lower())
        for part in re.findall(r"\d+|\D+", text)
    ]


def by(rows: list[Row], value: Callable[[Row], object], *, down: bool) -> list[str]:
    """Sort plainly: what has no value last, equals by name."""
    named = sorted(rows, key=lambda rig: natural(rig["name"]))
    known = [rig for rig in named if value(rig) is not None]
    known.sort(key=value, reverse=down)  # type: ignore[arg-type]  # all of one kind, each time
    return [rig["name"] for rig in known] + [
        rig["name"] for rig in named if value(rig) is None
    ]


def test_few_rows_are_drawn(show_fleet: ShowFleet) -> None:
    """A thousand rigs are a few dozen elements, at either end and on the way."""
    rows = fleet(COUNT)
    shown = show_fleet(rows)
    expect(shown.count).to_have_text("1,000 miners")
    expect(shown.grid).to_have_attribute("aria-rowcount", "1001")
    assert shown.rows.count() < MOST_ROWS_DRAWN
    expected = by(rows, lambda rig: natural(rig["name"]), down=False)
    assert shown.all_names() == expected
    shown.grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight }")
    expect(shown.row(expected[-1])).to_be_visible()
    assert shown.rows.count() < MOST_ROWS_DRAWN
    expect(shown.row(expected[-1])).to_have_attribute("aria-rowindex", "1001")


SORTED_BY: dict[str, Callable[[Row], object]] = {
    "hashrate": lambda rig: rig["hashrate"],
    "chip_temperature": lambda rig: rig["chip_temperature"],
    "power": lambda rig: rig["power"],
    "efficiency": lambda rig: rig["efficiency"],
    "model": lambda rig: natural(rig["model"]),
    "pool": lambda rig: rig["pool"],
    # The older, the longer ago.
    "age": lambda rig: int(rig["id"].removeprefix("rig-")),
    # Those that have the most come first.
    "problems": lambda rig: -len(rig["problems"]),
}


def test_sorting(show_fleet: ShowFleet) -> None:
    """A click on a head sorts, another one turns it round; what has no value is last."""
    rows = fleet(200)
    shown = show_fleet(rows)
    others = shown.card.locator("[role=columnheader][aria-sort$=scending]")
    for column, value in SORTED_BY.items():
        header = shown.header(column)
        cell = shown.card.locator(f"[role=columnheader].{column}")
        expect(cell).to_have_attribute("aria-sort", "none")
        header.click()
        expect(cell).to_have_attribute("aria-sort", "ascending")
        assert shown.all_names() == by(rows, value, down=False), column
        header.click()
        expect(cell).to_have_attribute("aria-sort", "descending")
        assert shown.all_names() == by(rows, value, down=True), column
        expect(others).to_have_count(1)


def test_filters(show_fleet: ShowFleet) -> None:
    """Each filter, together with the others, leaves what it says, and the count says so."""
    rows = fleet(COUNT)
    shown = show_fleet(rows)

    def names(test: Callable[[Row], bool]) -> set[str]:
        return {rig["name"] for rig in rows if test(rig)}

    shown.filter("status").select_option("Stale")
    stale = names(lambda rig: rig["is_stale"])
    assert set(shown.all_names()) == stale
    expect(shown.count).to_have_text(f"{len(stale)} of 1,000 miners")
    shown.filter("status").select_option("Needs attention")
    assert set(shown.all_names()) == names(
        lambda rig: rig["is_stale"] or rig["status"] == "fault" or bool(rig["problems"])
    )
    shown.filter("status").select_option("Running")
    shown.filter("model").select_option("Antminer L7")
    assert set(shown.all_names()) == names(
        lambda rig: rig["status"] == "running" and rig["model"] == "Antminer L7"
    )
    shown.filter("model").select_option("Any model")
    shown.filter("algorithm").select_option("SHA-256")
    shown.filter("area").select_option("Hall 2")
    shown.filter("group").select_option("South")
    assert set(shown.all_names()) == names(
        lambda rig: (
            rig["status"] == "running"
            and rig["algorithm"] == "sha256d"
            and rig["area_id"] == "hall_2"
            and rig["site"] == "South"
        )
    )
    shown.card.get_by_role("button", name="Clear filters").click()
    expect(shown.count).to_have_text("1,000 miners")
    expect(shown.card.get_by_role("button", name="Clear filters")).to_be_hidden()
    assert shown.filter("status").input_value() == ""


def test_search(show_fleet: ShowFleet) -> None:
    """Every word is looked for in names, addresses, models, pools and areas."""
    rows = fleet(COUNT)
    shown = show_fleet(rows)

    def found(text: str) -> list[Row]:
        shown.card.get_by_role("searchbox").fill(text)
        names = set(shown.all_names())
        return [rig for rig in rows if rig["name"] in names]

    assert found("10.0.2.7") == [rig for rig in rows if "10.0.2.7" in rig["ip"]]
    assert found(" POOL-B  l7 ") == []
    assert found("POOL-B s19j") == [
        rig
        for rig in rows
        if rig["pool"] == "pool-b.example" and "S19j" in rig["model"]
    ]
    in_hall = found("hall 1 s21")
    assert in_hall
    assert {(rig["area_id"], rig["model"]) for rig in in_hall} >= {
        ("hall_1", "Antminer S21")
    }
    assert found("no such thing") == []
    notice(shown, "No miner matches", with_table=True)
    shown.card.get_by_role("button", name="Clear filters").click()
    assert len(shown.all_names()) == COUNT


def test_farms_are_filters(show_fleet: ShowFleet) -> None:
    """Rigs of an account are found by their farm."""
    rows = fleet(6)
    for rig in rows[:2]:
        rig["farm"] = "Barn"
    shown = show_fleet(rows)
    shown.filter("group").select_option("Farm Barn")
    assert set(shown.all_names()) == {rig["name"] for rig in rows[:2]}


def test_changes_come_in_place(show_fleet: ShowFleet) -> None:
    """What changes is drawn anew where it stands; place, selection and focus stay."""
    rows = fleet(COUNT)
    shown = show_fleet(rows)
    shown.grid.evaluate("grid => { grid.scrollTop = 4000 }")
    shown.page.wait_for_timeout(300)
    name = shown.names()[10]
    changed = next(rig for rig in rows if rig["name"] == name)
    shown.cell(name, "select").get_by_role("checkbox").click()
    shown.cell(name, "power").focus()
    element = shown.row(name).element_handle()
    changed |= {
        "status": "running",
        "is_stale": False,
        "hashrate": 55e12,
        "hashrate_nominal": 110e12,
        "rate_unit": "TH/s",
        "power": 1234,
    }
    shown.change([changed])
    expect(shown.cell(name, "power")).to_have_text("1,234 W")
    expect(shown.cell(name, "hashrate").locator(".value")).to_have_text("55.0 TH/s")
    expect(shown.cell(name, "hashrate")).to_have_attribute("title", "50 % of nominal")
    assert shown.grid.evaluate("grid => grid.scrollTop") == 4000
    assert shown.focused() == (changed["id"], "power")
    expect(shown.cell(name, "select").get_by_role("checkbox")).to_be_checked()
    assert shown.row(name).evaluate("(row, before) => row === before", element)
    # Another order, too: the focus goes with the rig.
    shown.change([{**changed, "name": "a first one"}])
    assert shown.all_names()[0] == "a first one"
    assert shown.focused() == (changed["id"], "power")


def test_rigs_come_and_go(show_fleet: ShowFleet) -> None:
    """New rigs are shown; one that is gone is neither shown nor selected any more."""
    rows = fleet(5)
    shown = show_fleet(rows)
    gone = rows[2]
    shown.cell(gone["name"], "select").get_by_role("checkbox").click()
    shown.cell(gone["name"], "model").focus()
    expect(shown.card.get_by_text("1 miner selected")).to_be_visible()
    shown.change([row(7)], [gone["id"]])
    expect(shown.count).to_have_text("5 miners")
    assert gone["name"] not in shown.all_names()
    assert row(7)["name"] in shown.all_names()
    expect(shown.card.locator(".actions")).to_be_hidden()
    # The focus is on the row that took its place.
    assert shown.focused()[0] is not None
    assert shown.focused()[1] == "model"


def test_a_stale_rig_has_no_figures(show_fleet: ShowFleet) -> None:
    """Whatever was known before: a dash, a clock and another look, until it is back."""
    fresh = row(0)
    shown = show_fleet([fresh])
    name = fresh["name"]
    expect(shown.cell(name, "power")).to_have_text("3,250 W")
    shown.change([{**fresh, "is_stale": True, "status": "offline"}])
    expect(shown.cell(name, "status")).to_have_text("Stale")
    for column in ("power", "chip_temperature", "efficiency", "pool"):
        expect(shown.cell(name, column)).to_have_text("–")
    expect(shown.cell(name, "hashrate").locator(".value")).to_have_text("–")
    expect(shown.cell(name, "problems")).to_have_text("")
    expect(shown.row(name)).to_have_class(re.compile("stale"))
    shape = shown.cell(name, "status").locator("path").get_attribute("d")
    shown.change([{**fresh, "is_stale": True, "status": "starting"}])
    expect(shown.cell(name, "status")).to_have_text("Starting")
    shown.change([fresh])
    expect(shown.cell(name, "power")).to_have_text("3,250 W")
    assert shown.cell(name, "status").locator("path").get_attribute("d") != shape


def test_names_are_text(show_fleet: ShowFleet) -> None:
    """Nothing that a rig is called can become a part of the page."""
    evil = "<img src=x onerror=\"document.title='taken'\">"
    rig = row(1)
    rig |= {"name": evil, "model": evil, "pool": evil, "firmware": evil, "farm": evil}
    shown = show_fleet(
        [rig, row(2)], {"title": evil, "columns": ["name", "model", "pool", "farm"]}
    )
    expect(shown.card.get_by_role("heading")).to_have_text(evil)
    expect(shown.row(evil).locator(".name")).to_have_text(evil)
    shown.row(evil).get_by_role("checkbox").click()
    shown.card.locator("[data-action=reboot]").click()
    expect(shown.card.get_by_role("dialog").get_by_text(evil)).to_be_visible()
    assert shown.card.locator("img").count() == 0
    assert shown.page.title() == "Card"


def test_ages_tick_without_drawing_the_rest(show_fleet: ShowFleet) -> None:
    """Seconds go by; nothing else of a row is touched."""
    rig = row(0)
    rig["last_seen"] = datetime.now(UTC).isoformat()
    shown = show_fleet([rig])
    cell = shown.cell(rig["name"], "age")
    shown.page.evaluate(
        """() => {
          window.touched = new Set();
          new MutationObserver(found => found.forEach(({ target }) => touched.add(
            (target.closest ?? target.parentElement.closest).call(target.closest ? target : target.parentElement,
              '[data-column]')?.dataset.column ?? target.className)))
            .observe(fake.card.shadowRoot.querySelector('.body'),
              { subtree: true, childList: true, characterData: true, attributes: true });
        }"""
    )
    before = cell.text_content()
    expect(cell).not_to_have_text(before or "", timeout=5000)
    assert shown.page.evaluate("() => [...touched]") == ["age"]


def test_what_home_assistant_renews_draws_nothing(show_fleet: ShowFleet) -> None:
    """States change many times a second: only what rows look by draws them anew."""
    shown = show_fleet(fleet(20))
    shown.page.evaluate(
        "() => { window.drawn = 0; const update = fake.card.update;"
        " fake.card.update = function () { drawn += 1; return update.call(this) } }"
    )
    shown.page.evaluate("() => fake.renew({ states: {} })")
    assert shown.page.evaluate("() => drawn") == 0
    shown.page.evaluate("() => fake.renew({ areas: { hall_1: { name: 'Cellar' } } })")
    assert shown.page.evaluate("() => drawn") == 1
    shown.card.get_by_role("searchbox").fill("cellar")
    assert len(shown.all_names()) == 7


def notice(shown: Shown, text: str, *, with_table: bool = False) -> None:
    """Expect something to be told, in place of the table or above it."""
    expect(shown.card.locator(".notice")).to_contain_text(text)
    expect(shown.grid).to_be_visible(visible=with_table)


def test_there_is_always_a_word(show_fleet: ShowFleet) -> None:
    """Waiting, nothing there, nothing that the card may show, and an error."""
    shown = show_fleet(None)
    notice(shown, "Loading the miners…")
    shown = show_fleet([])
    notice(shown, "There are no miners yet.")
    shown = show_fleet([], {"filters": {"site": "West"}})
    shown.change(fleet(3))
    notice(shown, "limited to miners that do not exist")


def test_an_error_is_told_and_tried_again(show_fleet: ShowFleet) -> None:
    """A feed that is refused is asked for again, by itself."""
    shown = show_fleet(None)
    shown.page.evaluate(
        "() => { fake.connection.refusal = { code: 'unknown_command', message: 'Unknown command.' };"
        " fake.connection.fire('ready') }"
    )
    notice(shown, "The miners cannot be loaded: Unknown command.. Trying again…")
    shown.page.evaluate(
        "rows => { fake.connection.refusal = null; fake.connection.answer = ({ callback }) =>"
        " callback({ kind: 'all', sites: [], rigs: rows }) }",
        fleet(3),
    )
    expect(shown.rows).to_have_count(3, timeout=5000)
    expect(shown.card.locator(".notice")).to_be_hidden()


def test_a_lost_connection_is_told(show_fleet: ShowFleet) -> None:
    """The table stays, and says that it is from before, until there is news."""
    rows = fleet(3)
    shown = show_fleet(rows)
    shown.page.evaluate("() => fake.connection.lose()")
    notice(shown, "what you see is from before", with_table=True)
    shown.page.evaluate("() => fake.connection.fire('ready')")
    expect(shown.card.locator(".notice")).to_be_hidden()
    expect(shown.rows).to_have_count(3)
