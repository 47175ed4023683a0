"""Texts of the cards: each that is asked for is there, each that is there is asked for."""

from collections.abc import Iterator, Mapping
import json
import re

from ..conftest import OpenTab
from .conftest import FRONTEND

PLURALS = {"zero", "one", "two", "few", "many", "other"}

# A key is a whole string, or the beginning of one whose end is only known when it is asked for.
WHOLE = re.compile(r"""["']([a-z_]+(?:\.[a-z_]+)+)["']""")
OPEN = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*\.)\$\{[^`]*`")


def keys(texts: Mapping[str, object], before: str = "") -> Iterator[str]:
    """Give the keys of all texts; one with plurals is one."""
    for name, text in texts.items():
        key = before + name
        if isinstance(text, dict) and not text.keys() <= PLURALS:
            yield from keys(text, f"{key}.")
        else:
            yield key


def texts(language: str) -> dict[str, object]:
    """Read the texts of a language."""
    read: dict[str, object] = json.loads(
        (FRONTEND / "texts" / f"{language}.json").read_text(encoding="utf-8")
    )
    return read


def source() -> str:
    """Return all modules."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in sorted(FRONTEND.rglob("*.js"))
    )


def test_no_text_is_missing_and_none_is_too_much() -> None:
    """English, by which the others go."""
    there = set(keys(texts("en")))
    groups = {key.split(".")[0] for key in there}
    code = source()
    whole = {key for key in WHOLE.findall(code) if key.split(".")[0] in groups}
    beginnings = {key for key in OPEN.findall(code) if key.split(".")[0] in groups}
    assert {key for key in whole if key not in there} == set()
    assert {
        start for start in beginnings if not any(key.startswith(start) for key in there)
    } == set()
    assert {
        key
        for key in there
        if key not in whole and not key.startswith(tuple(beginnings))
    } == set()


def test_every_plural_has_what_english_needs() -> None:
    """One and other, with the same gaps."""
    assert {"one", "other"} < PLURALS
    plural = re.findall(
        r'"one": "([^"]*)",\s*"other": "([^"]*)"',
        json.dumps(texts("en"), ensure_ascii=False),
    )
    assert plural
    for one, other in plural:
        assert set(re.findall(r"\{\w+\}", one)) == set(re.findall(r"\{\w+\}", other))


def test_every_language_is_known() -> None:
    """A file is asked for exactly if there is one, and no language says what English does not."""
    listed = re.search(r"LANGUAGES = (\[[^\]]*\])", source())
    assert listed
    languages = json.loads(listed[1])
    assert sorted(languages) == sorted(
        path.stem for path in (FRONTEND / "texts").glob("*.json")
    )
    for language in languages:
        assert set(keys(texts(language))) <= set(keys(texts("en")))


def test_the_list_of_dashboards_speaks_the_users_language(
    open_tab: OpenTab, pages: str
) -> None:
    """It asks at once, for a name and a description: they are there when the user is known."""
    page = open_tab().page
    page.goto(f"{pages}/page.html")
    page.evaluate(
        """async () => {
          const home = document.createElement("home-assistant");
          document.body.append(home);
          window.hassConnection = new Promise((resolve) => (window.connected = () => {
            home.hass = { locale: { language: "de" } };
            resolve();
          }));
          await import("/frontend/antminer-monitor.js");
        }"""
    )
    names = "() => [window.customStrategies[0].name, window.customStrategies[0].description]"
    assert page.evaluate(names)[0] == "Mining rigs"
    page.evaluate("() => connected()")
    page.wait_for_function(f"({names})()[0] !== 'Mining rigs'")
    assert page.evaluate(names) == [
        "Mining-Rigs",
        "Antminer Monitor: Summen, alle Rigs, Farmen, Energie, Protokolle und eine Seite für jedes Rig.",
    ]
