"""From a Home Assistant that nobody has opened yet to miners with figures, by hand and in the browser alone."""

from collections.abc import Iterator

from playwright.sync_api import expect
import pytest

from .browser import Tab
from .conftest import OpenTab
from .house import HIVE_TOKEN, PASSWORD, House, running_empty_house
from .ui import INTEGRATION, choose, field, press, tabs, text

MINERS = 6


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A Home Assistant without users; miners and a HiveOS that it does not know of."""
    with running_empty_house(tmp_path_factory.mktemp("empty"), miners=MINERS) as house:
        yield house
    assert house.problems() == []


def test_first_setup(empty_house: House, open_tab: OpenTab) -> None:
    """A new user creates his account, searches his miners, adds his HiveOS account, and has a dashboard with figures."""
    tab = open_tab()
    create_home(empty_house, tab)
    add_site(empty_house, tab)
    add_hiveos(empty_house, tab)
    add_dashboard(tab)


def create_home(house: House, tab: Tab) -> None:
    """Answer what the first visit asks for."""
    tab.page.goto(house.url)
    press(tab, "Create my smart home")
    for name, value in {
        "name": "Ada",
        "username": "ada",
        "password": PASSWORD,
        "password_confirm": PASSWORD,
    }.items():
        tab.page.locator(f"input[name={name}]").fill(value)
    press(tab, "Create account")
    text(tab, "Home location").wait_for()
    press(tab, "Next")
    tab.page.get_by_text("the country your home is in").wait_for()
    press(tab, "Next")
    text(tab, "Help us to help you").wait_for()
    press(tab, "Next")
    press(tab, "Finish")
    tab.page.locator("home-assistant-main").wait_for()
    text(tab, "Welcome Ada").wait_for()


def find_integration(house: House, tab: Tab) -> None:
    """Search for the integration, as its documentation says."""
    tab.page.goto(f"{house.url}/config/integrations/dashboard")
    press(tab, "Add integration")
    tab.page.get_by_placeholder("Search for a brand name").fill("antminer")


def add_site(house: House, tab: Tab) -> None:
    """Search a range of addresses, and take what is found."""
    find_integration(house, tab)
    tab.screenshot("setup-search")
    choose(tab, "Antminer Monitor")
    choose(tab, "Antminers on my network")
    field(tab, "Name").fill("Hall A")
    field(tab, "Addresses").fill(f"127.1.0.1-{MINERS + 4}")
    field(tab, "Port").fill(str(house.farm_port))
    tab.screenshot("setup-site")
    press(tab, "Submit")
    tab.page.get_by_text(f"Found {MINERS} new miners").wait_for()
    tab.screenshot("setup-found")
    press(tab, "Submit")
    text(tab, "Name and assign").or_(text(tab, "Success")).first.wait_for()
    tab.screenshot("setup-name")
    press(tab, "Skip and finish")


def add_hiveos(house: House, tab: Tab) -> None:
    """Enter a token, and take the farms that it opens."""
    tab.page.goto(f"{house.url}{INTEGRATION}")
    press(tab, "Add hub")
    choose(tab, "A HiveOS account")
    field(tab, "API token").fill(HIVE_TOKEN)
    tab.page.get_by_text("Address of the service").click()
    field(tab, "Address").fill(house.hive_url)
    press(tab, "Submit")
    text(tab, "Farms").wait_for()
    tab.screenshot("setup-farms")
    press(tab, "Submit")


def add_dashboard(tab: Tab) -> None:
    """Click once at the end of the set-up; the dashboard is in the sidebar, and the miners' figures are on it."""
    link = tab.page.get_by_role("link", name="Add the dashboard")
    link.wait_for()
    tab.screenshot("setup-added")
    link.click()
    tab.page.wait_for_url("**/mining-rigs/home")
    tabs(tab, "Home", "Miners", "Farms", "Energy", "Logs")
    text(tab, "Hall A").wait_for()
    expect(tab.page.get_by_text(f"{MINERS} rigs").first).to_be_visible()
    expect(tab.page.get_by_text("TH/s").first).to_be_visible()
    expect(tab.page.locator("ha-sidebar").get_by_text("Mining rigs")).to_be_visible()
    tab.screenshot("setup-dashboard")
