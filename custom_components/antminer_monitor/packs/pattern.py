"""Regular expressions for packs, in time that grows with the text and no faster.

Python's own may take for ever: ``(a+)+b`` on forty times ``a``. Here all ways through an
expression are followed side by side, character by character, and no place in it is looked
at twice for the same character (Thompson's simulation; the order of the ways, and with it
what a group holds, is kept as in Pike's).
"""

from dataclasses import dataclass, field

from .pattern_parser import (
    MAX_PATTERN,
    MAX_PROGRAM,
    Check,
    Jump,
    Mark,
    Match,
    PatternError,
    Program,
    Split,
    Take,
    parse,
)

__all__ = [
    "MAX_PATTERN",
    "MAX_PROGRAM",
    "MAX_TEXT",
    "Pattern",
    "PatternError",
    "compile_pattern",
]

MAX_TEXT = 4096
"""Characters of a text that are looked at."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """An expression ready for use."""

    text: str
    """As written."""
    program: Program = field(repr=False, compare=False)
    """A search takes at most ``len(program) * (len(text) + 1)`` steps."""

    def search(self, text: str) -> str | None:
        """Give the text of the first group, or of the whole match if there is no group.

        The match is the one that ``re.search`` finds: the leftmost, and of those the one
        that the repeats and alternatives prefer. ``None``: there is none, or the group has
        no part in it. Only the first 4096 characters count.
        """
        run = Run(self.program, text[:MAX_TEXT])
        if run.found is None:
            return None
        begin, end = run.found.group if self._grouped else run.found.span
        return None if begin is None or end is None else text[begin:end]

    @property
    def _grouped(self) -> bool:
        """Whether a group says which part of a match counts."""
        return any(isinstance(step, Mark) for step in self.program)

    def found(self, text: str) -> bool:
        """Tell whether it matches anywhere in the text."""
        return Run(self.program, text[:MAX_TEXT]).found is not None


def compile_pattern(text: str) -> Pattern:
    """Make an expression ready for use.

    Raises:
        PatternError: wrong, not of the subset (see ``pattern_parser``), longer than 200
            characters or more than 2000 instructions. Its text says at which character.
    """
    return Pattern(text, parse(text))


@dataclass(frozen=True, slots=True)
class _Way:
    """What a way through the expression has passed on its way to a place in it."""

    start: int
    begin: int | None = None
    """Where the first group began and ended, if it did."""
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A match. Indices of the text."""

    span: tuple[int, int]
    group: tuple[int | None, int | None]


class Run:
    """One search. Done once it is made."""

    def __init__(self, program: Program, text: str) -> None:
        """Search. Takes at most ``len(program)`` steps for each character and the end."""
        self.found: Found | None = None
        self.steps = 0
        """Places looked at: the measure of the time it took."""
        self._program = program
        self._text = text
        self._seen = [-1] * len(program)
        """For each place the last index of the text at which it was reached."""
        self._search()

    def _search(self) -> None:
        text, program = self._text, self._program
        ways: list[tuple[int, _Way]] = []
        for index in range(len(text) + 1):
            if self.found is None:
                # What begins later is wanted less than all that began before.
                self._reach(0, _Way(index), index, ways)
            elif not ways:
                return
            following: list[tuple[int, _Way]] = []
            for place, way in ways:
                step = program[place]
                if not isinstance(step, Take):
                    self.found = Found((way.start, index), (way.begin, way.end))
                    # The ways after this one are wanted less.
                    break
                if index < len(text) and step.accepts(text[index]):
                    self._reach(place + 1, way, index + 1, following)
            ways = following

    def _reach(
        self, place: int, way: _Way, index: int, ways: list[tuple[int, _Way]]
    ) -> None:
        """Add what can be reached from a place without a character, the best first."""
        seen, program = self._seen, self._program
        waiting = [(place, way)]
        while waiting:
            place, way = waiting.pop()
            if seen[place] == index:
                continue
            seen[place] = index
            self.steps += 1
            match program[place]:
                case Take() | Match():
                    ways.append((place, way))
                case Split(first, second):
                    waiting.append((place + second, way))
                    waiting.append((place + first, way))
                case Jump(by):
                    waiting.append((place + by, way))
                case Mark(ends=False):
                    waiting.append((place + 1, _Way(way.start, index, None)))
                case Mark():
                    waiting.append((place + 1, _Way(way.start, way.begin, index)))
                case Check(holds):
                    if holds(self._text, index):
                        waiting.append((place + 1, way))
