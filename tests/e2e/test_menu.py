"""The menu of the dashboard is the user's: pages are added, edited, moved and removed in the visual editor."""

from playwright.sync_api import expect
import pytest

from .browser import Tab
from .conftest import OpenTab
from .house import House
from .ui import edit_dashboard, field, press, tabs, text

TITLE, PATH = "My halls", "/my-halls"

NOTE = """\
cards:
  - type: markdown
    content: Ring Ada before the night shift.
"""


@pytest.mark.usefixtures("dashboard")
def test_menu(house: House, open_tab: OpenTab) -> None:
    """A dashboard is made from what Home Assistant offers; its menu is changed, kept, and each user's own."""
    tab = open_tab()
    house.sign_in(tab)
    add_dashboard(house, tab)
    tabs(tab, "Home", "Miners", "Farms", "Energy", "Logs")

    edit_dashboard(tab)
    add_note(tab)
    press(tab, "Logs: Edit")
    tab.page.get_by_label("Name", exact=True).fill("Journal")
    press(tab, "Energy: Move up")
    press(tab, "Energy: Move up")
    press(tab, "Farms: Remove")
    press(tab, "Miners: Hide")
    tab.screenshot("menu-editor")
    press(tab, "Save")
    tabs(tab, "Home", "Energy", "Journal", "Notes")

    tab.page.reload()
    tabs(tab, "Home", "Energy", "Journal", "Notes")
    tab.page.get_by_role("tab", name="Notes").click()
    text(tab, "Ring Ada before the night shift.").wait_for()
    tab.screenshot("menu")

    edit_dashboard(tab)
    press(tab, "Miners: Show")
    press(tab, "Notes: Remove")
    press(tab, "Save")
    tabs(tab, "Home", "Energy", "Miners", "Journal")

    edit_dashboard(tab)
    add_note(tab)
    tab.page.get_by_label("Operator").check()
    press(tab, "Save")
    tabs(tab, "Home", "Energy", "Miners", "Journal")
    for user, more in (("operator", ["Notes"]), ("viewer", [])):
        other = open_tab()
        house.sign_in(other, user)
        house.open(other, PATH)
        tabs(other, "Home", "Energy", "Miners", "Journal", *more)


def add_dashboard(house: House, tab: Tab) -> None:
    """Choose it among those that Home Assistant offers for a new dashboard."""
    house.open(tab, "/config/lovelace/dashboards")
    press(tab, "Add dashboard")
    text(tab, "Community dashboards").wait_for()
    tab.screenshot("menu-offered")
    tab.page.get_by_text("Antminer Monitor: totals").click()
    field(tab, "Title").fill(TITLE)
    expect(field(tab, "URL")).to_have_value(PATH.removeprefix("/"))
    press(tab, "Create")
    tab.page.locator("ha-sidebar").get_by_text(TITLE).click()


def add_note(tab: Tab) -> None:
    """Add a page of the user's own, with a card of Home Assistant's."""
    tab.page.get_by_label("New page").select_option("Own page")
    press(tab, "Add page")
    tab.page.get_by_label("Name", exact=True).fill("Notes")
    lines = tab.page.locator("ha-yaml-editor .cm-content")
    lines.click()
    tab.page.keyboard.press("Control+A")
    tab.page.keyboard.insert_text(NOTE)
