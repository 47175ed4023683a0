"""Texts of others in places where Home Assistant reads Markdown: forms and repair notices."""

from collections.abc import Iterable
import re

MOST_SHOWN = 20
"""Lines of a list."""
MOST_CHARACTERS = 300
"""Of such a line."""

NOTHING = "–"
"""Stands where nothing is said."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """Give a text of others as one line of Markdown that shows it as it is, and does nothing else."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "\ufffd" for c in line)
    return _PUNCTUATION.sub(r"\\\1", line)


def quoted(text: str) -> str:
    """Give a text of others, of several lines perhaps, as a quotation in Markdown."""
    return "\n>\n".join(
        f"> {plain(line)}" for line in text.splitlines() if line.strip()
    )


def bullets(lines: Iterable[str]) -> str:
    """Give texts of others as a list in Markdown, of at most 20 lines."""
    items = list(lines)
    shown = [
        item if len(item) <= MOST_CHARACTERS else f"{item[:MOST_CHARACTERS]}…"
        for item in items[:MOST_SHOWN]
    ]
    if len(items) > MOST_SHOWN:
        shown[-1:] = ["…"]
    return "\n".join(f"- {plain(item)}" for item in shown)


def names(texts: Iterable[str]) -> str:
    """Give names of others in one line of Markdown, at most 20."""
    items = list(dict.fromkeys(texts))
    shown = [plain(item) for item in items[:MOST_SHOWN]]
    if len(items) > MOST_SHOWN:
        shown.append("…")
    return ", ".join(shown) or NOTHING
