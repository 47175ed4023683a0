"""A real browser: Debian's Chromium, or one that is named by CHROMIUM, driven by Playwright.

Nothing is downloaded. Whatever a page says on its console as an error, every request that fails and every error that
nobody caught is kept, and fails the test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import os
from pathlib import Path
import re
import shutil
from typing import TypedDict, Unpack

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
)

ROOT = Path(__file__).resolve().parents[2]

SCREENSHOTS = ROOT / "build" / "screenshots"
"""Where they are left."""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What distributions call it."""

FLAGS = (
    # Of no use to pages of our own, and root has none of what it needs.
    "--no-sandbox",
    "--disable-gpu",
    # /dev/shm is 64 MB in containers, and a tab that fills it crashes.
    "--disable-dev-shm-usage",
    # Nothing asks anybody outside of this machine.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The same pixels everywhere.
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)

DESKTOP = (1280, 900)
PHONE = (390, 844)
"""Sizes of a window in CSS pixels."""

ACTION_DEADLINE = 30_000
"""Milliseconds that something may take to appear, unless a test says otherwise."""

# What Home Assistant's own pages complain of, whatever integrations there are. Each says why it is harmless.
NOISE = (
    # Home Assistant fetches the pictures of its own integrations, and maps, from the internet, which tests do not reach.
    re.compile(r"/api/brands/(?!integration/antminer_monitor/)"),
    re.compile(r"/api/map_tiles/"),
    # A page that is left closes its connection, and not every question that is still open has somebody to mind.
    re.compile(r'not caught: "?disconnected\b'),
    re.compile(r'not caught: .*"code":3,"message":"Connection lost"'),
    # And what then nobody minds cannot be written into Home Assistant's log: 3 says that the connection is lost.
    re.compile(r"Failure writing unhandled promise rejection to system log: 3\b"),
    # Told of twice: what it is stands in the line of _EXPLAIN.
    re.compile(r"^not caught: Object$"),
)


# A promise that fails with something that is no Error is told of as "Object" only.
_EXPLAIN = """addEventListener("unhandledrejection", ({ reason }) => {
  if (!(reason instanceof Error)) console.error("not caught:", JSON.stringify(reason));
});"""


def find_chromium() -> Path | None:
    """Return the browser: the one that CHROMIUM names, or the first on PATH; None if there is none."""
    named = os.environ.get("CHROMIUM")
    for name in (named,) if named else NAMES:
        if found := shutil.which(name):
            return Path(found)
    return None


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """Run the browser for as long as the context lasts; FileNotFoundError if there is none."""
    executable = find_chromium()
    if executable is None:
        raise FileNotFoundError(
            f"no Chromium: install it, or name it in CHROMIUM (looked for {', '.join(NAMES)})"
        )
    browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
    try:
        yield browser
    finally:
        browser.close()


# Without slots: Playwright notes on an object which of its methods it calls.
@dataclass
class Tab:
    """A page that remembers what went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to listen."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._add(f"not caught: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def screenshot(self, name: str, *, full_page: bool = False) -> Path:
        """Leave a picture `name`.png among the screenshots; return where it is."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=full_page)
        return path

    def forgive(self, pattern: str) -> None:
        """Drop complaints that a test brought about on purpose; AssertionError when there is none."""
        kept = [line for line in self.complaints if not re.search(pattern, line)]
        assert len(kept) < len(self.complaints), f"nothing complained of {pattern}"
        self.complaints[:] = kept

    def check(self) -> None:
        """Fail with all that was complained of."""
        assert not self.complaints, "the browser complains:\n" + "\n".join(
            self.complaints
        )

    def _add(self, line: str) -> None:
        if not any(noise.search(line) for noise in NOISE):
            self.complaints.append(line)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self._add(f"console: {message.text} ({where})")

    def _failed(self, request: Request) -> None:
        # Whoever leaves a page gives up what it still waits for.
        if request.failure != "net::ERR_ABORTED":
            self._add(f"request: {request.failure} {request.method} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._add(
                f"response: {response.status} {response.request.method} {response.url}"
            )


class Look(TypedDict, total=False):
    """How a person sees a page."""

    size: tuple[int, int]
    """Of the window, in CSS pixels; that of a desktop if not said."""
    dark: bool
    touch: bool
    locale: str
    time_zone: str


def opened(browser: Browser, **look: Unpack[Look]) -> Tab:
    """Open a tab of its own, as another person's browser would be."""
    width, height = look.get("size", DESKTOP)
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if look.get("dark") else "light",
        has_touch=look.get("touch", False),
        locale=look.get("locale", "en-GB"),
        timezone_id=look.get("time_zone", "Atlantic/Reykjavik"),
        reduced_motion="reduce",
        # A cache that outlives a test would hide what is missing.
        service_workers="block",
    )
    context.add_init_script(_EXPLAIN)
    context.set_default_timeout(ACTION_DEADLINE)
    context.set_default_navigation_timeout(ACTION_DEADLINE)
    return Tab(context.new_page())
