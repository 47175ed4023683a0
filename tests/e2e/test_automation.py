"""An automation is built from a blueprint, without a file being opened, and tells of a miner that goes stale."""

from collections.abc import Iterator
import shutil

from playwright.sync_api import expect
import pytest

from .browser import ROOT, Tab
from .conftest import OpenTab
from .house import House, wait_for
from .ui import press, text

NAME, INDEX = "Antminer S21 4", 3
"""Of the farm: what it is called, and its place."""

BLUEPRINTS = "blueprints/automation/antminer_monitor"

MESSAGE_DEADLINE = 90_000
"""Milliseconds: stale after 15 s, told of 10 s later; what else runs here may slow it down."""


@pytest.fixture
def blueprints(house: House) -> Iterator[None]:
    """Those of the project are there, as after their import; the miner is well afterwards."""
    shutil.copytree(ROOT / BLUEPRINTS, house.config / BLUEPRINTS)
    yield
    house.tell_farm(f"/miners/{INDEX}/fault", method="DELETE")


@pytest.mark.usefixtures("blueprints")
def test_told_of_a_stale_miner(house: House, open_tab: OpenTab) -> None:
    """Choose the blueprint, the miner and a time; the message comes when the miner is gone."""
    tab = open_tab()
    house.sign_in(tab)
    house.open(tab, "/config/blueprint/dashboard")
    tab.page.get_by_text("Miners: tell when one goes stale").click()
    tab.page.get_by_text("Add target").click()
    text(tab, "Devices").click()
    tab.page.get_by_placeholder("Search").last.fill(NAME)
    text(tab, NAME).click()
    tab.page.locator("ha-target-picker").get_by_text("entities").wait_for()
    wait_for("the editor takes the number over", lambda: typed(tab, "0"))
    tab.screenshot("blueprint")
    press(tab, "Save")
    tab.page.get_by_text("Traces").wait_for()

    house.tell_farm(f"/miners/{INDEX}/fault", {"fault": "refuse"})
    title = tab.page.get_by_text(f"{NAME} is stale")
    open_notifications(tab)
    title.first.wait_for(timeout=MESSAGE_DEADLINE)
    expect(tab.page.get_by_text("last seen").first).to_be_visible()
    tab.screenshot("notification")


def typed(tab: Tab, number: str) -> bool:
    """Type a number; return whether it stays: what changes elsewhere on the page at the same time wins."""
    minutes = tab.page.locator("ha-selector-number input").first
    minutes.fill(number)
    tab.page.wait_for_timeout(1000)
    return minutes.input_value() == number


def open_notifications(tab: Tab) -> None:
    """Open the list at the side."""
    tab.page.locator("ha-sidebar").get_by_text("Notifications").click()
