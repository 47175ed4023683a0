"""How the fleet card looks to people: languages and clocks, themes, sizes; its pictures and its editor."""

from datetime import UTC, datetime
import json

from playwright.sync_api import expect
import pytest

from .conftest import ShowFleet
from .rigs import fleet, row

PHONE = (390, 844)

ENGLISH = {"language": "en", "time_format": "language", "time_zone": "local"}


def test_figures_are_written_as_the_user_writes_them(show_fleet: ShowFleet) -> None:
    """German numbers, degrees Fahrenheit, and the time of the server's place by 24 hours."""
    rig = row(0)
    rig["last_seen"] = datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC).isoformat()
    rig["hashrate"] = 1086.5e12
    shown = show_fleet(
        [rig],
        hass={
            "language": "de",
            "locale": {
                "language": "de",
                "number_format": "language",
                "time_format": "24",
                "time_zone": "server",
            },
            "config": {
                "time_zone": "Asia/Tokyo",
                "unit_system": {"temperature": "°F"},
            },
        },
    )
    name = rig["name"]
    expect(shown.cell(name, "power")).to_have_text("3.250 W")
    expect(shown.cell(name, "efficiency")).to_have_text("42,2 J/TH")
    expect(shown.cell(name, "hashrate").locator(".value")).to_have_text("1.087 TH/s")
    expect(shown.cell(name, "chip_temperature")).to_have_text("140 °F")
    # Half past ten in the evening, in Greenwich.
    expect(shown.cell(name, "age")).to_have_attribute("title", "02.07.2026, 07:30:05")
    expect(shown.cell(name, "age")).to_contain_text("Tg.")


@pytest.mark.parametrize(
    ("number_format", "expected"),
    [
        ("comma_decimal", "3,250 W"),
        ("decimal_comma", "3.250 W"),
        ("space_comma", "3\u202f250 W"),
        ("quote_decimal", "3'250 W"),
        ("none", "3250 W"),
    ],
)
def test_number_formats(
    show_fleet: ShowFleet, number_format: str, expected: str
) -> None:
    """The format that the user chose, whatever the language."""
    shown = show_fleet(
        [row(0)], hass={"locale": {**ENGLISH, "number_format": number_format}}
    )
    text = shown.cell(row(0)["name"], "power").text_content() or ""
    # Which of two quotation marks depends on the browser's age.
    assert text.replace("’", "'") == expected


def test_another_clock_draws_anew(show_fleet: ShowFleet) -> None:
    """What the user changes in their profile is seen at once."""
    rig = row(0)
    rig["last_seen"] = datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC).isoformat()
    shown = show_fleet([rig], time_zone="America/New_York")
    cell = shown.cell(rig["name"], "age")
    expect(cell).to_have_attribute("title", "Jul 1, 2026, 6:30:05 PM")
    shown.page.evaluate(
        "() => fake.renew({ locale: { language: 'en', time_format: '24', time_zone: 'local' } })"
    )
    expect(cell).to_have_attribute("title", "Jul 1, 2026, 18:30:05")


def test_dark(show_fleet: ShowFleet) -> None:
    """Colours are those of the theme, and change with it."""
    shown = show_fleet(fleet(1000), {"title": "Miners", "rows": 15}, dark=True)
    name = shown.names()[0]
    background = "() => getComputedStyle(fake.card.shadowRoot.querySelector('ha-card')).backgroundColor"
    assert shown.page.evaluate(background) == "rgb(28, 28, 28)"
    expect(shown.cell(name, "power")).to_have_css("color", "rgb(225, 225, 225)")
    select = shown.filter("status")
    expect(select).to_have_css("background-color", "rgb(40, 40, 40)")
    shown.tab.screenshot("fleet-dark")
    shown.page.evaluate("() => document.documentElement.classList.remove('dark')")
    assert shown.page.evaluate(background) == "rgb(255, 255, 255)"
    expect(shown.cell(name, "power")).to_have_css("color", "rgb(20, 20, 20)")


def test_light(show_fleet: ShowFleet) -> None:
    """A picture of the whole card, and of the question before rigs are told."""
    shown = show_fleet(fleet(1000), {"title": "Miners", "rows": 15})
    shown.tab.screenshot("fleet-light")
    names = shown.names()
    shown.row(names[2]).get_by_role("checkbox").click()
    shown.row(names[4]).get_by_role("checkbox").click(modifiers=["Shift"])
    shown.card.locator("[data-action=restart_mining]").click()
    expect(shown.card.get_by_role("dialog")).to_be_visible()
    shown.tab.screenshot("fleet-confirm")


def test_phone(show_fleet: ShowFleet) -> None:
    """Two lines a row with the main figures, nothing beyond the edge, large enough for a finger."""
    shown = show_fleet(fleet(1000), {"title": "Miners"}, size=PHONE, touch=True)
    name = row(0)["name"]
    line = shown.row(name).bounding_box()
    assert line is not None
    assert line["height"] == 64
    assert line["x"] + line["width"] <= PHONE[0]
    for column in ("status", "name", "hashrate", "chip_temperature", "power", "age"):
        cell = shown.cell(name, column)
        expect(cell).to_be_visible()
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= line["x"] + line["width"]
        assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), column
    for column in ("pool", "efficiency"):
        expect(shown.cell(name, column)).to_be_hidden()
    # What is wrong stands in place of what it is.
    expect(shown.cell(name, "problems")).to_have_text("Hashrate low")
    expect(shown.cell(name, "problems")).to_be_visible()
    expect(shown.cell(name, "model")).to_be_hidden()
    assert shown.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    assert shown.rows.count() < 40
    shown.tab.screenshot("fleet-phone")
    # Arrow keys go by what is there.
    shown.cell(name, "hashrate").focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowRight")
    assert shown.focused() == ("rig-0", "age")
    # Heads cannot be seen: a list takes their place.
    shown.card.get_by_label("Sort by").select_option("Power")
    shown.card.get_by_role("button", name="Ascending; turn round").click()
    assert shown.page.evaluate("() => fake.card.list[0].power") == 3250
    shown.cell(shown.names()[0], "select").tap()
    expect(shown.card.get_by_text("1 miner selected")).to_be_visible()
    shown.tab.screenshot("fleet-phone-selected")


def test_options(show_fleet: ShowFleet) -> None:
    """What the card is told: columns, order, rigs, height."""
    config = {
        "columns": [
            "name",
            "ip",
            "area",
            "algorithm",
            "firmware",
            "fan_speed",
            "reject_rate",
            "chips_faulty",
        ],
        "sort": "ip",
        "descending": True,
        "filters": {"site": "North", "status": ["running", "idle"]},
        "height": 300,
    }
    rows = fleet(100)
    shown = show_fleet(rows, config)
    wanted = [
        rig["ip"]
        for rig in rows
        if rig["site"] == "North" and rig["status"] in ("running", "idle")
    ]
    listed = shown.page.evaluate("() => fake.card.list.map(row => row.ip)")
    assert listed == sorted(
        wanted, key=lambda ip: [int(part) for part in ip.split(".")], reverse=True
    )
    expect(shown.count).to_have_text(f"{len(wanted)} miners")
    assert shown.grid.evaluate("grid => grid.offsetHeight") == 300
    in_hall = next(
        rig
        for rig in rows[6:]
        if rig["status"] == "running"
        and rig["area_id"] == "hall_1"
        and rig["site"] == "North"
    )
    name = in_hall["name"]
    shown.card.get_by_role("searchbox").fill(name)
    expect(shown.cell(name, "fan_speed")).to_have_text("4,200 rpm")
    expect(shown.cell(name, "reject_rate")).to_have_text("0.12 %")
    expect(shown.cell(name, "area")).to_have_text("Hall 1")
    # A filter that could tell nothing apart is not there.
    expect(shown.filter("group")).to_be_hidden()


def test_as_the_only_card_of_a_page(show_fleet: ShowFleet) -> None:
    """It takes the height that there is, and scrolls within."""
    shown = show_fleet(fleet(100), {"rows": 40}, size=(1280, 600))
    shown.page.evaluate(
        """() => {
          document.body.style.cssText = "margin: 0; padding: 0; height: 100vh; display: flex; flex-direction: column";
          fake.card.style.flex = "1";
          fake.card.layout = "panel";
        }"""
    )
    shown.page.wait_for_timeout(300)
    box = shown.card.bounding_box()
    assert box is not None
    assert box["height"] == 600
    assert shown.page.evaluate("() => document.documentElement.scrollHeight") == 600
    assert shown.rows.count() < 40


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"columns": ["name", "colour"]},
            'There is no column "colour". Columns are: status,',
        ),
        ({"columns": "name"}, '"columns" must be a list'),
        ({"sort": "size"}, '"sort" must be one of: status,'),
        ({"filters": {"owner": "me"}}, 'There is no filter "owner"'),
        ({"filters": ["site"]}, '"filters" must hold some of: site,'),
        ({"rows": 0}, '"rows" must be a number from 1 to 100'),
        ({"height": True}, '"height" must be'),
        ({"rig_path": 5}, '"rig_path" must be'),
    ],
)
def test_options_that_make_no_sense(
    show_fleet: ShowFleet, config: dict[str, object], message: str
) -> None:
    """Home Assistant shows the error in place of the card: it names what is wrong."""
    shown = show_fleet([])
    told = shown.page.evaluate(
        "config => { try { fake.card.setConfig(config) } catch (error) { return error.message } }",
        config,
    )
    assert message in told


def test_what_was_chosen_is_kept(show_fleet: ShowFleet) -> None:
    """Whoever comes back from the page of a rig finds the table as it was."""
    shown = show_fleet(fleet(500))
    shown.card.get_by_role("searchbox").fill("s19")
    shown.header("power").click()
    order = shown.all_names()
    shown.grid.evaluate("grid => { grid.scrollTop = 1000 }")
    shown.page.wait_for_function("() => fake.card.table.rows.top === 1000")
    shown.page.evaluate("() => fake.card.remove()")
    expect(shown.card).to_have_count(0)
    shown.page.evaluate("() => fake.show({}, null)")
    expect(shown.rows).not_to_have_count(0)
    assert shown.all_names() == order
    expect(shown.card.get_by_role("searchbox")).to_have_value("s19")
    assert shown.grid.evaluate("grid => grid.scrollTop") == 1000


def test_the_card_in_the_picker(show_fleet: ShowFleet) -> None:
    """It is offered with a preview, once, and has a size and an editor."""
    shown = show_fleet(fleet(3))
    offered = shown.page.evaluate("() => window.customCards")
    assert [(card["type"], card["preview"]) for card in offered] == [
        ("antminer-monitor-fleet-card", True)
    ]
    assert shown.page.evaluate("() => fake.card.getCardSize()") > 5
    assert shown.page.evaluate("() => fake.card.getGridOptions().columns") == "full"
    stub = shown.page.evaluate(
        "() => customElements.get('antminer-monitor-fleet-card').getStubConfig()"
    )
    shown.page.evaluate("stub => fake.card.setConfig(stub)", stub)
    expect(shown.rows).to_have_count(3)


def test_the_editor(show_fleet: ShowFleet) -> None:
    """A form of Home Assistant's with a word for every field; what is left empty is left out."""
    shown = show_fleet(fleet(3))
    shown.page.evaluate(
        """() => {
          customElements.define("ha-form", class extends HTMLElement {});
          const editor = customElements.get("antminer-monitor-fleet-card").getConfigElement();
          editor.setConfig({ type: "custom:antminer-monitor-fleet-card", sort: "power" });
          editor.hass = fake.hass;
          document.body.append(editor);
          window.editor = editor;
        }"""
    )
    form = shown.page.locator("antminer-monitor-fleet-card-editor ha-form")
    form.wait_for(state="attached")
    fields = form.evaluate(
        """form => {
          const all = schema => schema.flatMap(field => field.schema ? all(field.schema) : [field]);
          return all(form.schema).map(field => [field.name, form.computeLabel(field), form.computeHelper(field)]);
        }"""
    )
    assert [name for name, label, _ in fields if label.startswith("fleet.")] == []
    assert {name for name, _, _ in fields} == {
        "title",
        "columns",
        "sort",
        "descending",
        "site",
        "farm",
        "status",
        "area",
        "algorithm",
        "model",
        "rig_path",
        "rows",
        "height",
    }
    assert "rig-{device_id}" in json.dumps(fields)
    assert form.evaluate("form => form.data.sort") == "power"
    form.evaluate(
        """form => form.dispatchEvent(new CustomEvent("value-changed", { detail: { value: {
          type: "custom:antminer-monitor-fleet-card", title: "", sort: "power", descending: false,
          filters: { site: "entry1", status: [], model: "" }, rows: 5 } } }))"""
    )
    assert shown.events() == [
        {
            "type": "config-changed",
            "detail": {
                "config": {
                    "type": "custom:antminer-monitor-fleet-card",
                    "sort": "power",
                    "filters": {"site": "entry1"},
                    "rows": 5,
                }
            },
            "path": "/page.html",
        }
    ]
    # Home Assistant gives the configuration back, and itself anew with every change of a state.
    shown.page.evaluate(
        "() => { editor.setConfig({ sort: 'age' }); editor.hass = { ...fake.hass } }"
    )
    shown.page.wait_for_function("() => editor.form.data.sort === 'age'")
