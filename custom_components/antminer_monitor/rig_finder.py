"""Finds what a person means by a name that was spoken, or typed from memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from itertools import islice
import re
from typing import Final

from .fleet_rows import FleetRig

LONGEST_NAME: Final = 60
"""Characters of a name that are compared: longer ones take long, and nobody says them."""
ALIKE: Final = 0.6
"""How much two names have in common, of 1, that may mean the same."""
MOST_ALIKE: Final = 5
MOST_COMPARED: Final = 2000
"""Rigs of which the name is compared letter by letter."""

_WORD: Final = re.compile(r"[^\W_]+")


def words(text: str) -> tuple[str, ...]:
    """Give the words and numbers of a text, whatever the case, the spaces and the signs between."""
    return tuple(_WORD.findall(text[:LONGEST_NAME].casefold()))


def find[T](
    wanted: str, items: Iterable[T], names: Callable[[T], Iterable[str]]
) -> list[T]:
    """Give the items that a text means, by their names: one if it is clear.

    A whole name comes before some words of one.
    """
    text = words(wanted)
    if not text:
        return []
    known = [(item, [words(name) for name in names(item)]) for item in items]
    joined = "".join(text)
    return [
        item for item, texts in known if any("".join(name) == joined for name in texts)
    ] or [
        item
        for item, texts in known
        if set(text) <= {word for name in texts for word in name}
    ]


def find_rigs(wanted: str, rigs: Mapping[str, FleetRig]) -> list[FleetRig]:
    """Give the rigs that a text means: an id, an IP address, a name, or some words of a name."""
    if known := rigs.get(wanted):
        return [known]
    address = wanted.strip()
    return [
        known for known in rigs.values() if known.rig and known.rig.ip == address
    ] or find(wanted, rigs.values(), _names_of)


def names_like(wanted: str, rigs: Iterable[FleetRig]) -> list[str]:
    """Give names that a text was perhaps meant for, the likeliest first: *Alpha* for *alfa*."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2("".join(words(wanted)))
    alike: dict[str, float] = {}
    for known in islice(rigs, MOST_COMPARED):
        matcher.set_seq1("".join(words(known.name)))
        if matcher.quick_ratio() >= ALIKE and (ratio := matcher.ratio()) >= ALIKE:
            alike[known.name] = ratio
    return sorted(alike, key=lambda name: -alike[name])[:MOST_ALIKE]


def _names_of(known: FleetRig) -> Iterator[str]:
    yield known.name
    if known.rig and known.rig.name:
        yield known.rig.name
