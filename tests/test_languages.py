"""Translations of all languages: complete, and with the same placeholders as the English ones."""

from collections.abc import Iterator
import json
from pathlib import Path
import re

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "custom_components/antminer_monitor"
LANGUAGES = ("de", "es", "fr", "pt-BR", "ru", "uk", "zh-Hans")
FOLDERS = ("translations", "frontend/texts")

PLURALS = {
    "de": {"one", "other"},
    "en": {"one", "other"},
    "es": {"one", "many", "other"},
    "fr": {"one", "many", "other"},
    "pt-BR": {"one", "many", "other"},
    "ru": {"one", "few", "many", "other"},
    "uk": {"one", "few", "many", "other"},
    "zh-Hans": {"other"},
}
"""Categories of plurals, as Unicode's CLDR 48 has them."""

MOST_ALIKE = 0.15
"""Share of texts that may read as in English: names, units, words that all miners use."""


def texts(folder: str, language: str) -> dict[str, str]:
    """Give every text by the path of its key; the forms of a plural are one text."""

    def walk(path: str, part: object) -> Iterator[tuple[str, str]]:
        if isinstance(part, str):
            yield path, part
            return
        assert isinstance(part, dict), path
        if folder.startswith("frontend") and "other" in part:
            assert part.keys() <= PLURALS[language], path
            assert {"other"} <= part.keys(), path
            yield path, "\n".join(part.values())
            return
        for key, value in part.items():
            yield from walk(f"{path}.{key}" if path else key, value)

    path = PACKAGE / folder / f"{language}.json"
    return dict(walk("", json.loads(path.read_text())))


def placeholders(text: str) -> set[str]:
    """Give the names between braces."""
    return set(re.findall(r"\{(\w+)\}", text))


def test_all_are_there() -> None:
    """Both folders hold the same languages, and no other files."""
    for folder in FOLDERS:
        names = {path.name for path in (PACKAGE / folder).iterdir()}
        assert names == {f"{language}.json" for language in ("en", *LANGUAGES)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_complete(folder: str, language: str) -> None:
    """Every text is there, none is left over, and each has the placeholders of the English one."""
    english, translated = texts(folder, "en"), texts(folder, language)
    assert list(translated) == list(english)
    wrong = {
        key: placeholders(text) ^ placeholders(translated[key])
        for key, text in english.items()
        if placeholders(text) != placeholders(translated[key])
    }
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_translated(folder: str, language: str) -> None:
    """What a language says is not English."""
    english, translated = texts(folder, "en"), texts(folder, language)
    alike = [key for key, text in english.items() if translated[key] == text]
    assert len(alike) / len(english) < MOST_ALIKE, alike


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_form(folder: str, language: str) -> None:
    """No empty text, no blank at an end, no HTML, and links to the same places."""
    english = texts(folder, "en")
    for key, text in texts(folder, language).items():
        assert text == text.strip(), key
        assert text, key
        assert not re.search(r"</?[a-z]+>", text), key
        assert re.findall(r"\]\((.+?)\)", text) == re.findall(
            r"\]\((.+?)\)", english[key]
        ), key
