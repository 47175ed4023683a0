"""What happens to a rig is on the screen while it happens, and in the log afterwards."""

from collections.abc import Iterator
import re

from playwright.sync_api import Locator, expect
import pytest

from .browser import Tab
from .conftest import OpenTab
from .house import House, wait_for
from .ui import devices, press, row, text

NAME, INDEX = "Antminer S19 Pro 3", 2
"""Of the farm: what it is called, and its place."""

STALE_DEADLINE = 60_000
"""Milliseconds. It is read every 10 seconds, and stale after 15; what else runs here may slow it down."""


@pytest.fixture
def mended(house: House) -> Iterator[None]:
    """The miner is well afterwards."""
    yield
    house.tell_farm(f"/miners/{INDEX}/fault", method="DELETE")
    house.tell_farm(f"/miners/{INDEX}/condition", method="DELETE")


@pytest.mark.usefixtures("mended")
def test_stale_and_back(house: House, dashboard: str, open_tab: OpenTab) -> None:
    """A miner that refuses connections goes stale in the table and on its own page; both heal without a reload."""
    table, page = open_tab(), open_tab()
    house.sign_in(table)
    house.open(table, f"{dashboard}/miners")
    expect(row(table, NAME)).to_contain_text("Running")
    house.sign_in(page)
    house.open(page, f"{dashboard}/rig-{devices(table)[NAME]}")
    expect(
        page.page.locator("hui-tile-card", has_text="Hashrate").first
    ).to_contain_text("TH/s")

    house.tell_farm(f"/miners/{INDEX}/fault", {"fault": "refuse"})
    expect(row(table, NAME)).to_contain_text("Stale", timeout=STALE_DEADLINE)
    expect(row(table, NAME)).not_to_contain_text("TH/s")
    table.screenshot("stale-table")
    stale_tile = page.page.locator("hui-tile-card", has_text="Hashrate").first
    expect(stale_tile).to_contain_text("Unavailable")
    page.page.get_by_text("Stale").first.wait_for()
    page.screenshot("stale-rig")

    # The one that was not seen for the longest stands at the end of that column.
    table.page.get_by_role("button", name="Seen").click()
    table.screenshot("stale-sorted")

    house.tell_farm(f"/miners/{INDEX}/fault", method="DELETE")
    expect(row(table, NAME)).to_contain_text("Running", timeout=STALE_DEADLINE)
    expect(row(table, NAME)).to_contain_text("TH/s")
    expect(stale_tile).to_contain_text("TH/s")


@pytest.mark.usefixtures("mended")
def test_reboot_is_in_the_log(house: House, dashboard: str, open_tab: OpenTab) -> None:
    """A miner is rebooted from its page; that and the page of the logs say so in words, and once."""
    tab = open_tab()
    house.sign_in(tab)
    house.tell_farm(f"/miners/{INDEX}/delays", {"write": 0, "restart": 1, "reboot": 3})
    house.open(tab, f"{dashboard}/miners")
    row(tab, NAME).get_by_role("rowheader").click()
    text(tab, "Controls").wait_for()
    tab.screenshot("rig", full_page=True)
    reboot(tab)
    wait_for("the miner is told to reboot", lambda: written(house))
    house.open(tab, f"{dashboard}/logs")
    began = lines(tab).filter(has_text="began mining anew")
    began.first.wait_for(timeout=STALE_DEADLINE)
    expect(began).to_have_text([re.compile(rf"^\s*{NAME} began mining anew")])
    tab.screenshot("logs")
    # It is the list of one rig that needs no name.
    house.open(tab, f"{dashboard}/rig-{devices(tab)[NAME]}")
    # Lines out of sight are not drawn, and what stands above the card still grows.
    wait_for("the lines of the rig are drawn", lambda: drawn(tab))
    expect(began).to_have_text([re.compile(r"^\s*began mining anew")])
    tab.screenshot("rig-events", full_page=True)


def lines(tab: Tab) -> Locator:
    """Return what a page of ours says that happened."""
    return tab.page.locator("antminer-monitor-events-card ha-logbook-entry")


def reboot(tab: Tab) -> None:
    """Press the button, and confirm."""
    tab.page.locator("hui-tile-card", has_text="Reboot").first.click()
    tab.page.get_by_text("Do this with").wait_for()
    tab.screenshot("reboot")
    press(tab, "OK")
    # A dialog takes a step back in the history when it is closed, and would leave whichever page is there by then.
    tab.page.wait_for_function("() => !history.state?.dialog")


def drawn(tab: Tab) -> bool:
    """Scroll to the card of the events; return whether it shows any."""
    tab.page.locator("antminer-monitor-events-card").scroll_into_view_if_needed()
    return lines(tab).count() > 0


def written(house: House) -> bool:
    """Return whether the miner was told to reboot."""
    told = house.miner(INDEX)
    return "reboot" in f"{told['commands']} {told['written']}"
