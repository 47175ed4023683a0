"""Who may only look is offered nothing else."""

from playwright.sync_api import expect
import pytest

from .browser import Tab
from .conftest import OpenTab
from .house import House
from .ui import devices, row, tabs, text

NAME = "Antminer S19 Pro 3"


@pytest.mark.parametrize(("user", "controls"), [("operator", True), ("viewer", False)])
def test_controls(
    house: House, dashboard: str, open_tab: OpenTab, user: str, *, controls: bool
) -> None:
    """The operator has controls in the table and on a rig's page, the viewer none; both have figures."""
    tab = open_tab()
    house.sign_in(tab, user)
    house.open(tab, f"{dashboard}/miners")
    expect(row(tab, NAME)).to_contain_text("TH/s")
    expect(row(tab, NAME).get_by_role("checkbox")).to_have_count(int(controls))
    tab.screenshot(f"{user}-table")
    house.open(tab, f"{dashboard}/rig-{devices(tab)[NAME]}")
    text(tab, "Hardware").wait_for()
    expect(text(tab, "Controls")).to_be_visible(visible=controls)
    expect(tab.page.get_by_text("Restart mining")).to_have_count(int(controls))
    tab.screenshot(f"{user}-rig")


def test_log_of_the_integration(
    house: House, dashboard: str, open_tab: OpenTab
) -> None:
    """It is for administrators; others are told so, and see what happened to the rigs."""
    tab = open_tab()
    house.sign_in(tab, "viewer")
    house.open(tab, f"{dashboard}/logs")
    text(tab, "What happened").wait_for()
    expect(tab.page.get_by_text("Log of the integration")).to_have_count(0)
    tabs(tab, "Home", "Miners", "Farms", "Energy", "Logs")
    no_way_to_edit(tab)


def no_way_to_edit(tab: Tab) -> None:
    """Nothing that would change the dashboard is offered."""
    expect(tab.page.get_by_role("button", name="Edit dashboard")).to_have_count(0)
