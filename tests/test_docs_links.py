"""The pages of the documentation: what they link to is there, and their pictures are fit for a slow line."""

from collections.abc import Iterator
from pathlib import Path
import re

import pytest

from .test_metadata import ROOT, files

PAGES = [path for path in files() if path.suffix == ".md"]
LARGEST_PICTURE = 400_000
"""Bytes."""
LINK = re.compile(r"(!?)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
FENCE = re.compile(r"(?ms)^ *(```|~~~).*?^ *\1 *$")


def text_of(page: Path) -> str:
    """Give the text of a page without its blocks of code, in which nothing is a link or a heading."""
    return FENCE.sub("", page.read_text())


def links(page: Path) -> Iterator[tuple[bool, str]]:
    """Yield the links of a page, each with whether it shows a picture."""
    for picture, target in LINK.findall(re.sub(r"`[^`\n]*`", "", text_of(page))):
        yield bool(picture), target


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them: the second of a name is numbered."""
    found: set[str] = set()
    for heading in re.findall(r"(?m)^#{1,6} +(.+?) *$", text_of(page)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        anchor, number = slug, 0
        while anchor in found:
            number += 1
            anchor = f"{slug}-{number}"
        found.add(anchor)
    return found


def wrong(page: Path, target: str) -> str | None:
    """Say what is wrong with a link."""
    if re.match(r"https?://|mailto:", target):
        return None
    name, _, anchor = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    if not path.exists():
        return "there is no such file"
    if not path.is_relative_to(ROOT):
        return "outside of the repository"
    if anchor and (path.suffix != ".md" or anchor not in anchors(path)):
        return "there is no such heading"
    return None


@pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_links(page: Path) -> None:
    """Every link leads to a file and a heading."""
    told = {
        target: reason for _, target in links(page) if (reason := wrong(page, target))
    }
    assert not told


def test_pictures() -> None:
    """Every picture says what it shows, and is not large."""
    kept = list((ROOT / "docs" / "images").iterdir())
    assert len(kept) > 10
    assert not [path.name for path in kept if path.stat().st_size > LARGEST_PICTURE]
    for page in PAGES:
        assert not re.search(r"!\[\s*\]", text_of(page)), page


def test_contents() -> None:
    """A page that begins with a list of its chapters has all of them, in their order."""
    listed = 0
    for page in PAGES:
        # The first page lists those that people look for.
        if page.parent == ROOT:
            continue
        text = text_of(page)
        entries = re.findall(r"(?m)^- \[[^\]]+\]\(#([^)]+)\)$", text)
        if not entries:
            continue
        listed += 1
        chapters = [
            re.sub(r"[^\w\- ]", "", chapter.lower()).replace(" ", "-")
            for chapter in re.findall(r"(?m)^## +(.+?) *$", text)
        ]
        assert entries == chapters, page.name
    assert listed > 5


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere.md", "there is no such file"),
        ("other.md#nowhere", "there is no such heading"),
        ("#nowhere", "there is no such heading"),
        ("other.md#a-heading-of-its-own-1", None),
        ("#one", None),
        ("https://example.org/#nowhere", None),
    ],
)
def test_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, reason: str | None
) -> None:
    """A link that leads nowhere is seen."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(f"# One\n[two]({target})\n```\n[three](no.md)\n```\n")
    heading = "## A `heading`, of [its](x.md) own\n"
    (tmp_path / "other.md").write_text(heading * 2)
    ((_, found),) = links(page)
    assert found == target
    assert wrong(page, target) == reason
