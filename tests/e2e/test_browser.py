"""The browser that the other tests go by: what it notices."""

from pathlib import Path

from playwright.sync_api import Browser
import pytest

from .browser import NAMES, find_chromium, opened
from .conftest import OpenTab


def test_a_named_browser_is_the_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """CHROMIUM goes before PATH, and without either there is none."""
    named = tmp_path / "mine"
    named.touch(mode=0o755)
    monkeypatch.setenv("CHROMIUM", str(named))
    assert find_chromium() == named
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium() is None
    (tmp_path / NAMES[1]).touch(mode=0o755)
    assert find_chromium() == tmp_path / NAMES[1]


def test_what_goes_wrong_is_kept(browser: Browser) -> None:
    """Errors on the console, errors not caught, requests that fail; a warning is none."""
    tab = opened(browser)
    tab.page.set_content(
        "<script>console.warn('fine'); console.error('bad'); setTimeout(() => { throw new Error('worse') })</script>"
        "<img src='http://127.0.0.1:9/gone.png'>"
    )
    tab.page.wait_for_function("() => document.images[0].complete")
    text = "\n".join(tab.complaints)
    assert "console: bad" in text
    assert "not caught: worse" in text
    assert "gone.png" in text
    assert "fine" not in text
    with pytest.raises(AssertionError, match="console: bad"):
        tab.check()
    tab.forgive("console|not caught|request")
    tab.check()
    tab.page.context.close()


def test_dark_and_small(open_tab: OpenTab) -> None:
    """A tab is as large and as dark as wanted."""
    page = open_tab(size=(390, 844), dark=True).page
    assert page.evaluate(
        "() => [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]"
    ) == [390, True]


def test_what_was_thrown_is_named(browser: Browser) -> None:
    """Also when it is no Error, as Home Assistant's answers are not."""
    tab = opened(browser)
    tab.page.goto("about:blank")
    tab.page.evaluate("() => { Promise.reject({ code: 'unknown_command' }); }")
    tab.page.wait_for_timeout(100)
    assert "unknown_command" in "\n".join(tab.complaints)
    tab.page.context.close()


def test_noise_of_home_assistant(browser: Browser) -> None:
    """A connection that is lost leaves nobody to write to; whatever else cannot be written is kept."""
    tab = opened(browser)
    said = "Failure writing unhandled promise rejection to system log:"
    tab.page.set_content(
        f"<script>console.error('{said}', 3); console.error('{said}', 31);</script>"
    )
    tab.page.wait_for_timeout(100)
    assert [line.split(" (")[0] for line in tab.complaints] == [f"console: {said} 31"]
    tab.page.context.close()
