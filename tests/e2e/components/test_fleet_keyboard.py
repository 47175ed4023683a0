"""The fleet card without a pointer, and where rows lead."""

from playwright.sync_api import expect

from .conftest import ShowFleet
from .rigs import fleet, row


def test_a_walk_through_the_grid(show_fleet: ShowFleet) -> None:
    """One stop of the Tab key; arrows, pages and ends from there."""
    shown = show_fleet(fleet(300))
    order = shown.page.evaluate("() => fake.card.list.map(row => row.id)")
    keyboard = shown.page.keyboard
    expect(shown.grid.locator("[tabindex='0']")).to_have_count(1)
    shown.card.locator("[data-filter=group]").focus()
    keyboard.press("Tab")
    assert shown.focused() == (order[0], "name")
    keyboard.press("ArrowRight")
    assert shown.focused() == (order[0], "model")
    keyboard.press("ArrowDown")
    assert shown.focused() == (order[1], "model")
    keyboard.press("Home")
    assert shown.focused() == (order[1], "select")
    keyboard.press("ArrowLeft")
    assert shown.focused() == (order[1], "select")
    keyboard.press("End")
    assert shown.focused() == (order[1], "problems")
    keyboard.press("Control+End")
    assert shown.focused() == (order[-1], "problems")
    expect(shown.card.locator(f"[data-id={order[-1]}]")).to_be_in_viewport()
    keyboard.press("ArrowDown")
    assert shown.focused() == (order[-1], "problems")
    keyboard.press("Control+Home")
    assert shown.focused() == (order[0], "select")
    keyboard.press("PageDown")
    place = order.index(shown.focused()[0])
    assert 5 < place < 15
    keyboard.press("PageUp")
    assert shown.focused() == (order[0], "select")
    keyboard.press("ArrowUp")
    assert shown.focused() == (None, "select")
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    assert shown.focused() == (None, "name")
    keyboard.press("Enter")
    assert shown.page.evaluate("() => fake.card.list[0].id") == order[-1]
    keyboard.press("Shift+Tab")
    keyboard.press("Tab")
    assert shown.focused() == (None, "name")
    expect(shown.grid.locator("[tabindex='0']")).to_have_count(1)


def test_the_focus_outlives_scrolling(show_fleet: ShowFleet) -> None:
    """A row that is scrolled out of sight keeps the focus, and arrows go on from it."""
    shown = show_fleet(fleet(300))
    order = shown.page.evaluate("() => fake.card.list.map(row => row.id)")
    shown.cell(shown.names()[2], "model").focus()
    shown.grid.evaluate("grid => { grid.scrollTop = 9000 }")
    shown.page.wait_for_timeout(400)
    assert shown.focused() == (order[2], "model")
    # Read from top to bottom, elements stand as rows do.
    places = shown.rows.evaluate_all(
        "rows => rows.map(row => Number(row.ariaRowIndex))"
    )
    assert places == sorted(places)
    shown.page.keyboard.press("ArrowDown")
    assert shown.focused() == (order[3], "model")
    expect(shown.card.locator(f"[data-id={order[3]}]")).to_be_in_viewport()


def test_keys_that_select(show_fleet: ShowFleet) -> None:
    """Space, a range by Shift and Space, all by Ctrl and A, none by Escape."""
    shown = show_fleet(fleet(40))
    keyboard = shown.page.keyboard
    selected = shown.card.locator(".selected")
    shown.cell(shown.names()[0], "name").focus()
    keyboard.press(" ")
    expect(selected).to_have_text("1 miner selected")
    for _ in range(4):
        keyboard.press("ArrowDown")
    keyboard.press("Shift+ ")
    expect(selected).to_have_text("5 miners selected")
    # In a checkbox, too, a space counts once.
    keyboard.press("Home")
    keyboard.press(" ")
    expect(selected).to_have_text("4 miners selected")
    keyboard.press("Control+a")
    expect(selected).to_have_text("40 miners selected")
    expect(shown.card.locator("[aria-selected=true]")).not_to_have_count(0)
    keyboard.press("Escape")
    expect(shown.card.locator(".actions")).to_be_hidden()


def test_a_row_leads_to_its_page(show_fleet: ShowFleet) -> None:
    """By click, by Enter and as a link that can be opened elsewhere."""
    shown = show_fleet(fleet(5), {"rig_path": "rig-{device_id}"})
    shown.page.evaluate("() => history.replaceState(null, '', '/miners/all')")
    shown.page.evaluate("() => fake.card.look()")
    name = row(2)["name"]
    link = shown.row(name).get_by_role("link")
    expect(link).to_have_attribute("href", "/miners/rig-device2")
    shown.cell(name, "model").click()
    told = {
        "type": "location-changed",
        "detail": {"replace": False},
        "path": "/miners/rig-device2",
    }
    assert shown.events() == [told]
    shown.cell(name, "pool").focus()
    shown.page.keyboard.press("Enter")
    link.click()
    assert shown.events() == [told] * 3
    assert shown.page.evaluate("() => document.title") == "Card"


def test_a_row_leads_to_its_status(show_fleet: ShowFleet) -> None:
    """Without a page of its own, to the details of its status sensor."""
    entities = {
        "sensor.one_power": {
            "entity_id": "sensor.one_power",
            "device_id": "device1",
            "translation_key": "power",
        },
        "sensor.one_status": {
            "entity_id": "sensor.one_status",
            "device_id": "device1",
            "translation_key": "status",
        },
    }
    shown = show_fleet(fleet(3), hass={"entities": entities})
    shown.cell(row(0)["name"], "model").click()
    assert shown.events() == []
    shown.cell(row(1)["name"], "model").click()
    assert shown.events() == [
        {
            "type": "hass-more-info",
            "detail": {"entityId": "sensor.one_status"},
            "path": "/page.html",
        }
    ]


def test_what_screen_readers_are_told(show_fleet: ShowFleet) -> None:
    """Roles, names, places and what is sorted and selected; news as text, politely."""
    shown = show_fleet(fleet(100))
    name = shown.names()[3]
    expect(shown.grid).to_have_accessible_name("Miners")
    expect(shown.grid).to_have_attribute("aria-colcount", "11")
    expect(shown.grid).to_have_attribute("aria-multiselectable", "true")
    expect(shown.row(name)).to_have_attribute("aria-rowindex", "5")
    expect(shown.row(name)).to_have_attribute("aria-selected", "false")
    expect(shown.row(name).get_by_role("checkbox")).to_have_accessible_name(
        f"Select {name}"
    )
    expect(shown.card.get_by_role("columnheader")).to_have_count(11)
    expect(
        shown.card.get_by_role("status").filter(has_text="100 miners")
    ).to_be_visible()
    expect(shown.card.get_by_role("searchbox")).to_have_accessible_name(
        "Search name, address, model, pool…"
    )
    for select in shown.card.get_by_role("combobox").all():
        assert select.get_attribute("aria-label")
    # Every cell belongs to a row, every row to a group of rows, and has all columns.
    assert shown.card.evaluate(
        """card => [...card.shadowRoot.querySelectorAll('[role=gridcell], [role=rowheader], [role=columnheader]')]
          .every(cell => cell.parentElement.role === 'row' && cell.parentElement.parentElement.role === 'rowgroup'
            && cell.parentElement.childElementCount === 11)"""
    )
    # What cannot be seen is not all there is: each shape has its word.
    words = shown.rows.locator(".status .label").all_text_contents()
    assert all(words)
