"""What the tests in a browser share."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Protocol, Unpack

from playwright.sync_api import (
    Browser,
    Error as PlaywrightError,
    expect,
    sync_playwright,
)
import pytest

from .browser import ACTION_DEADLINE, Look, Tab, launched, opened
from .house import House, running_house
from .ui import ADD_DASHBOARD


class OpenTab(Protocol):
    """Opens a tab."""

    def __call__(self, **look: Unpack[Look]) -> Tab:
        """Open it; see browser.opened."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of all tests."""
    expect.set_options(timeout=ACTION_DEADLINE)
    with sync_playwright() as playwright, launched(playwright) as running:
        yield running


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note which tests fail: their tabs are photographed."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def open_tab(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenTab]:
    """Open tabs; at the end each must have had nothing to complain of."""
    tabs: list[Tab] = []

    def open_one(**look: Unpack[Look]) -> Tab:
        tabs.append(opened(browser, **look))
        return tabs[-1]

    yield open_one
    if request.node.stash.get(FAILED, False):
        for number, tab in enumerate(tabs, 1):
            # A page that is closed, or hangs, has nothing to show.
            with suppress(PlaywrightError):
                tab.screenshot(f"failed-{request.node.name}-{number}")
    try:
        for tab in tabs:
            tab.check()
    finally:
        for tab in tabs:
            tab.page.context.close()


@pytest.fixture(scope="session")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house with a dozen miners, for all tests that leave it as it was."""
    with running_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session")
def dashboard(shared_house: House, browser: Browser) -> str:
    """The path of the dashboard, added as the link at the end of the set-up does."""
    tab = opened(browser)
    shared_house.sign_in(tab)
    shared_house.open(tab, ADD_DASHBOARD)
    tab.page.wait_for_url("**/mining-rigs/home")
    tab.check()
    tab.page.context.close()
    return "/mining-rigs"


@pytest.fixture
def house(shared_house: House) -> Iterator[House]:
    """The same; fails when Home Assistant logs something of us."""
    known = len(shared_house.problems())
    yield shared_house
    assert shared_house.problems()[known:] == []
