"""A page with a card on it, a server for it, and what tests look at."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Protocol, Unpack, cast, override

from playwright.sync_api import Locator
import pytest

from ..browser import ROOT, Look, Tab
from ..conftest import OpenTab
from .rigs import Row

FRONTEND = ROOT / "custom_components" / "antminer_monitor" / "frontend"
HERE = Path(__file__).parent


class _Handler(SimpleHTTPRequestHandler):
    """Serves the frontend below /frontend, as Home Assistant does, and the page beside it."""

    @override
    def translate_path(self, path: str) -> str:
        prefix = "/frontend/"
        if path.startswith(prefix):
            self.directory = str(FRONTEND)
            return super().translate_path(path.removeprefix(prefix[:-1]))
        self.directory = str(HERE)
        return super().translate_path(path)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def pages() -> Iterator[str]:
    """Where pages are served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Shown:
    """A fleet card on a page."""

    def __init__(self, tab: Tab) -> None:
        """Take the tab that shows it."""
        self.tab = tab
        self.page = tab.page
        self.card = tab.page.locator("antminer-monitor-fleet-card")
        self.grid = self.card.get_by_role("grid")
        self.rows = self.card.locator(".body [role=row]")
        self.count = self.card.locator(".count")

    def row(self, name: str) -> Locator:
        """Return the row of a rig that is in sight."""
        return self.rows.filter(
            has=self.page.get_by_role("rowheader", name=name, exact=True)
        )

    def cell(self, name: str, column: str) -> Locator:
        """Return one of its cells."""
        return self.row(name).locator(f".cell.{column}")

    def header(self, column: str) -> Locator:
        """Return the button in the head of a column."""
        return self.card.locator(f"[role=columnheader].{column} button")

    def filter(self, name: str) -> Locator:
        """Return the list that a filter is chosen from."""
        return self.card.locator(f"[data-filter={name}]")

    def names(self) -> list[str]:
        """Return the names of the rows that are drawn, from top to bottom."""
        return cast(
            list[str],
            self.rows.evaluate_all(
                "rows => rows.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)"
                ".map(row => row.querySelector('.name').textContent)"
            ),
        )

    def all_names(self) -> list[str]:
        """Return the names of all rows, those out of sight too, in the order of the table."""
        return cast(
            list[str], self.page.evaluate("() => fake.card.list.map(row => row.name)")
        )

    def change(self, rows: Sequence[Row], removed: Sequence[str] = ()) -> None:
        """Have the feed send changes."""
        self.page.evaluate(
            "([rows, removed]) => fake.change(rows, removed)",
            [list(rows), list(removed)],
        )

    def calls(self) -> list[dict[str, object]]:
        """Return what was asked of Home Assistant."""
        return cast(list[dict[str, object]], self.page.evaluate("() => fake.calls"))

    def events(self) -> list[dict[str, object]]:
        """Return what the card told Home Assistant's page."""
        return cast(list[dict[str, object]], self.page.evaluate("() => fake.events"))

    def focused(self) -> tuple[str | None, str | None]:
        """Return the rig (none for the head) and the column that has the focus."""
        rig, column = self.page.evaluate(
            "() => { const cell = fake.card.shadowRoot.activeElement?.closest('[data-column]');"
            " return [cell?.parentElement.dataset.id ?? null, cell?.dataset.column ?? null] }"
        )
        return rig, column


class ShowFleet(Protocol):
    """Puts a fleet card on a page of its own."""

    def __call__(
        self,
        rows: Sequence[Row] | None,
        config: Mapping[str, object] | None = None,
        hass: Mapping[str, object] | None = None,
        **look: Unpack[Look],
    ) -> Shown:
        """Show the card; without rows the feed says nothing."""


@pytest.fixture
def show_fleet(open_tab: OpenTab, pages: str) -> ShowFleet:
    """Show fleet cards."""

    def show(
        rows: Sequence[Row] | None,
        config: Mapping[str, object] | None = None,
        hass: Mapping[str, object] | None = None,
        **look: Unpack[Look],
    ) -> Shown:
        tab = open_tab(**look)
        tab.page.goto(f"{pages}/page.html")
        tab.page.wait_for_function("() => window.fake")
        if look.get("dark"):
            tab.page.evaluate("() => document.documentElement.classList.add('dark')")
        tab.page.evaluate(
            "([config, rows, hass]) => fake.show(config, rows, hass)",
            [
                dict(config or {}),
                None if rows is None else list(rows),
                dict(hass or {}),
            ],
        )
        shown = Shown(tab)
        if rows:
            shown.rows.first.wait_for()
        return shown

    return show
