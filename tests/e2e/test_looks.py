"""Every page on a phone and in the dark theme: nothing is cut off, everything is readable."""

import pytest

from .browser import DESKTOP, PHONE, Tab
from .conftest import OpenTab
from .house import House
from .ui import devices, fits, row, text

NAME = "Antminer S21 4"

PAGES = ("home", "miners", "farms", "energy", "logs")


@pytest.mark.parametrize(
    ("look", "size", "dark"),
    [("phone", PHONE, False), ("dark", DESKTOP, True), ("phone-dark", PHONE, True)],
)
def test_pages(
    house: House,
    dashboard: str,
    open_tab: OpenTab,
    look: str,
    size: tuple[int, int],
    *,
    dark: bool,
) -> None:
    """Each page fits into the window, and takes its colours from the theme."""
    tab = open_tab(size=size, dark=dark, touch=size == PHONE)
    house.sign_in(tab)
    for page in PAGES:
        house.open(tab, f"{dashboard}/{page}")
        settled(tab, page)
        assert fits(tab), page
        tab.screenshot(f"{look}-{page}")
    house.open(tab, f"{dashboard}/rig-{devices(tab)[NAME]}")
    text(tab, "Hardware").wait_for()
    tab.page.locator("antminer-monitor-chip-map-card").scroll_into_view_if_needed()
    assert fits(tab)
    tab.screenshot(f"{look}-rig")


def settled(tab: Tab, page: str) -> None:
    """Wait until a page shows figures of rigs."""
    match page:
        case "miners":
            row(tab, NAME).wait_for()
        case "logs":
            text(tab, "What happened").wait_for()
        case "energy":
            text(tab, "Energy today").wait_for()
        case _:
            tab.page.get_by_text("TH/s").first.wait_for()
