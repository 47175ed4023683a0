"""Home Assistant's own pages, as tests use them."""

from collections.abc import Mapping
from pathlib import Path
import re
from typing import cast

from playwright.sync_api import Locator, expect

from .browser import Tab

INTEGRATION = "/config/integrations/integration/antminer_monitor"
ADD_DASHBOARD = "/antminer-monitor-dashboard"
"""Adds the dashboard to the sidebar when it is opened."""


def field(tab: Tab, label: str) -> Locator:
    """Return what one types into, of the field of a form that begins with this label."""
    selectors = tab.page.locator("ha-form ha-selector")
    labelled = selectors.filter(has_text=re.compile(rf"^\s*{re.escape(label)}"))
    return labelled.locator("input, textarea").first


def press(tab: Tab, name: str) -> None:
    """Press the button that is called so."""
    # A dialog's cross may be called like the button at its end.
    tab.page.get_by_role("button", name=name, exact=True).last.click()


def choose(tab: Tab, text: str) -> None:
    """Choose an item of a menu."""
    tab.page.get_by_text(text, exact=True).click()


def upload(tab: Tab, file: Path) -> None:
    """Choose a file of this machine, as its dialog would."""
    target = tab.page.locator("ha-file-upload")
    with tab.page.expect_file_chooser() as chooser:
        target.click()
    with tab.page.expect_response("**/api/file_upload"):
        chooser.value.set_files(file)
    # It can be thrown away once Home Assistant has it.
    target.get_by_text(file.name).wait_for()
    target.get_by_role("button").wait_for()


def text(tab: Tab, words: str) -> Locator:
    """Return what reads exactly so."""
    return tab.page.get_by_text(words, exact=True).first


def call(tab: Tab, message: Mapping[str, object]) -> object:
    """Ask Home Assistant over the connection of the page, as its user."""
    return tab.page.evaluate(
        "message => document.querySelector('home-assistant').hass.callWS(message)",
        message,
    )


def devices(tab: Tab) -> dict[str, str]:
    """Return the ids of all devices, by their names."""
    listed = cast(
        list[dict[str, str]], call(tab, {"type": "config/device_registry/list"})
    )
    return {
        str(device["name_by_user"] or device["name"]): device["id"] for device in listed
    }


def tabs(tab: Tab, *names: str) -> None:
    """Wait until the menu of a dashboard holds exactly these pages."""
    expect(tab.page.get_by_role("tab")).to_have_text(list(names))


def edit_dashboard(tab: Tab) -> None:
    """Open the editor of the menu."""
    press(tab, "Edit dashboard")
    tab.page.get_by_role("button", name="Add page").wait_for()


def row(tab: Tab, name: str) -> Locator:
    """Return the row of a rig in the table of all rigs."""
    rows = tab.page.locator("antminer-monitor-fleet-card .row[data-id]")
    return rows.filter(has=tab.page.locator(".cell.name", has_text=name))


def fits(tab: Tab) -> bool:
    """Return whether nothing is cut off at the right, so that the page scrolls downwards only."""
    return bool(
        tab.page.evaluate(
            "() => document.scrollingElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )
