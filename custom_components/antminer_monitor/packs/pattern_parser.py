r"""The regular expressions that a pack may use, and the program that one of them becomes.

A subset of Python's own: literals, ``.``, ``\d \w \s`` and their opposites, ``\b``,
``\n \r \t``, escaped punctuation, ``[a-z]``, ``( )``, ``(?: )``, ``|``, the repeats
``* + ? {m} {m,} {m,n}`` and their lazy forms, ``^``, ``$`` and a leading ``(?i)``. All else
is refused. So is a repeat of what can match nothing, such as ``(a*)*``: it means nothing,
and what its group holds is a matter of taste.
"""

from collections.abc import Callable
from dataclasses import dataclass

MAX_PATTERN = 200
"""Characters of an expression."""
MAX_PROGRAM = 2000
"""Instructions that an expression may become; its repeats are written out."""
_MAX_DEPTH = 20
"""Groups within groups."""
_MAX_FOLDED = 4096
"""Characters of all classes without regard to case: each is looked up beforehand."""


class PatternError(ValueError):
    """An expression that cannot be used. Says what is wrong and at which character."""

    def __init__(self, message: str, position: int) -> None:
        """Take what is wrong and the index of the character where it is."""
        super().__init__(f"character {position + 1}: {message}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Take:
    """Go on if the next character is one of these."""

    accepts: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Split:
    """Go on at two places, both counted from here. The first is tried first."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on somewhere else, counted from here."""

    by: int


@dataclass(frozen=True, slots=True)
class Mark:
    """The first group begins or ends here."""

    ends: bool


@dataclass(frozen=True, slots=True)
class Check:
    """Go on if this holds of the text at this index."""

    holds: Callable[[str, int], bool]


@dataclass(frozen=True, slots=True)
class Match:
    """All of the expression is matched."""


type Instruction = Take | Split | Jump | Mark | Check | Match
type Program = tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of an expression. Its jumps are relative, so that it can stand anywhere."""

    code: Program = ()
    empty: bool = True
    """Whether it can match nothing."""


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _no(kind: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda character: not kind(character)


def _at_start(_: str, index: int) -> bool:
    return index == 0


def _at_end(text: str, index: int) -> bool:
    # As Python has it: a line break that ends the text is no part of it.
    return index == len(text) or (index == len(text) - 1 and text[index] == "\n")


def _at_boundary(text: str, index: int) -> bool:
    before = index > 0 and _is_word(text[index - 1])
    return before != (index < len(text) and _is_word(text[index]))


_KINDS: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "D": _no(str.isdecimal),
    "w": _is_word,
    "W": _no(_is_word),
    "s": str.isspace,
    "S": _no(str.isspace),
}
_CHECKS = {"^": _at_start, "$": _at_end}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
_REPEATS: dict[str, tuple[int, int | None]] = {
    "*": (0, None),
    "+": (1, None),
    "?": (0, 1),
}


def _is_no_line_break(character: str) -> bool:
    return character != "\n"


def _folded(character: str) -> str:
    """Give what all forms of a letter have in common.

    These are the forms that Python's ``re.IGNORECASE`` takes for the same.
    """
    # Its small letter is the ``i``, yet ``str.lower`` adds the dot.
    return "I" if character == "\u0130" else character.lower().upper()


@dataclass(frozen=True, slots=True)
class _Class:
    """The characters between square brackets."""

    members: frozenset[str]
    ranges: tuple[tuple[str, str], ...]
    kinds: tuple[Callable[[str], bool], ...]
    negated: bool

    def accepts(self, character: str) -> bool:
        return self.negated != (
            character in self.members
            or any(first <= character <= last for first, last in self.ranges)
            or any(kind(character) for kind in self.kinds)
        )

    def accepts_folded(self, character: str) -> bool:
        return self.negated != (
            _folded(character) in self.members
            or any(kind(character) for kind in self.kinds)
        )


def parse(text: str) -> Program:
    """Turn an expression into a program.

    Raises:
        PatternError: wrong, not of the subset, too long or too large.
    """
    if len(text) > MAX_PATTERN:
        raise PatternError(f"longer than {MAX_PATTERN} characters", MAX_PATTERN)
    return _Parser(text).run()


class _Parser:
    """Reads an expression once, from left to right."""

    def __init__(self, text: str) -> None:
        self._ignore_case = text.startswith("(?i)")
        self._text = text
        self._position = 4 if self._ignore_case else 0
        self._groups = 0
        self._folded = 0

    def run(self) -> Program:
        piece = self._choice(0)
        if self._position < len(self._text):
            raise PatternError("a ) without its (", self._position)
        return self._sized((*piece.code, Match()), 0)

    @property
    def _next(self) -> str:
        """The next character; empty at the end."""
        return self._text[self._position : self._position + 1]

    def _taken(self, wanted: str) -> bool:
        if not self._text.startswith(wanted, self._position):
            return False
        self._position += len(wanted)
        return True

    def _sized(self, code: Program, position: int) -> Program:
        if len(code) > MAX_PROGRAM:
            raise PatternError("repeats too much", position)
        return code

    def _choice(self, depth: int) -> _Piece:
        options = [self._sequence(depth)]
        while self._taken("|"):
            options.append(self._sequence(depth))
        code: Program = options[-1].code
        for option in reversed(options[:-1]):
            code = (
                Split(1, len(option.code) + 2),
                *option.code,
                Jump(len(code) + 1),
                *code,
            )
        return _Piece(code, any(option.empty for option in options))

    def _sequence(self, depth: int) -> _Piece:
        code: list[Instruction] = []
        empty = True
        while self._next not in ("", "|", ")"):
            piece = self._repeated(depth)
            code.extend(piece.code)
            empty = empty and piece.empty
        return _Piece(tuple(code), empty)

    def _repeated(self, depth: int) -> _Piece:
        start = self._position
        character = self._next
        if character in _REPEATS or character == "{":
            raise PatternError(f"nothing that {character} could repeat", start)
        if check := _CHECKS.get(character):
            self._position += 1
            piece = _Piece((Check(check),))
        else:
            piece = self._atom(depth)
        position = self._position
        times = self._times()
        if times is None:
            return piece
        least, most = times
        if self._next == "+":
            raise PatternError("possessive repeats are not supported", self._position)
        lazy = self._taken("?")
        if self._next and self._next in "*+?{":
            raise PatternError("a repeat of a repeat", self._position)
        if piece.code and isinstance(piece.code[0], Check) and len(piece.code) == 1:
            raise PatternError("a place cannot be repeated", position)
        if piece.empty and most not in (least, 1):
            raise PatternError("repeats what can match nothing", position)
        return self._times_over(piece, least, most, lazy, position)

    def _times(self) -> tuple[int, int | None] | None:
        """Read how often: least and most. ``None`` if there is no repeat."""
        start = self._position
        character = self._next
        if character in _REPEATS:
            self._position += 1
            return _REPEATS[character]
        if not self._taken("{"):
            return None
        end = self._text.find("}", start)
        low, comma, high = self._text[start + 1 : max(end, start)].partition(",")
        if not all(
            part.isascii() and part.isdecimal() for part in (low, high) if part
        ) or not (low or high):
            raise PatternError(r"no repeat such as {2} or {2,5}; write \{", start)
        self._position = end + 1
        least = int(low or 0)
        most = least if not comma else int(high) if high else None
        if most is not None and most < least:
            raise PatternError("repeats at most fewer times than at least", start)
        if most == 0:
            raise PatternError("repeats never", start)
        return least, most

    def _times_over(
        self, piece: _Piece, least: int, most: int | None, lazy: bool, position: int
    ) -> _Piece:
        """Write a repeat out."""
        code, length = piece.code, len(piece.code)
        empty = piece.empty or least == 0
        # Before writing, since what is too much here may not fit into memory.
        if least * length + ((most or 0) - least) * (length + 1) > MAX_PROGRAM:
            raise PatternError("repeats too much", position)
        written = list(code * least)
        if most is None:
            if least:
                written.append(Split(1, -length) if lazy else Split(-length, 1))
            else:
                out = length + 2
                written += [Split(out, 1) if lazy else Split(1, out), *code]
                written.append(Jump(-length - 1))
        else:
            for left in range(most - least, 0, -1):
                out = left * (length + 1)
                written += [Split(out, 1) if lazy else Split(1, out), *code]
        return _Piece(self._sized(tuple(written), position), empty)

    def _atom(self, depth: int) -> _Piece:
        start = self._position
        character = self._next
        self._position += 1
        match character:
            case "(":
                return self._group(depth, start)
            case "[":
                return _Piece((Take(self._class(start)),), empty=False)
            case ".":
                return _Piece((Take(_is_no_line_break),), empty=False)
            case "\\" if self._taken("b"):
                return _Piece((Check(_at_boundary),))
            case "\\":
                meant = self._escape(start)
                accepts = self._one(meant) if isinstance(meant, str) else meant
                return _Piece((Take(accepts),), empty=False)
        return _Piece((Take(self._one(character)),), empty=False)

    def _one(self, character: str) -> Callable[[str], bool]:
        members = frozenset((character,))
        if self._ignore_case:
            members = frozenset((_folded(character),))
            return _Class(members, (), (), negated=False).accepts_folded
        return members.__contains__

    def _escape(self, start: int) -> str | Callable[[str], bool]:
        """Read what follows a backslash: a character, or a kind of characters."""
        character = self._next
        if not character:
            raise PatternError("a backslash at the end", start)
        self._position += 1
        if kind := _KINDS.get(character):
            return kind
        if control := _CONTROLS.get(character):
            return control
        if character.isascii() and character.isalnum():
            raise PatternError(f"\\{character} is not supported", start)
        return character

    def _group(self, depth: int, start: int) -> _Piece:
        if depth == _MAX_DEPTH:
            raise PatternError(f"groups nested deeper than {_MAX_DEPTH}", start)
        captures = not self._taken("?:")
        if captures:
            if self._next in ("?", "*"):
                kind = self._text[start : start + 3]
                raise PatternError(f"a group {kind} is not supported", start)
            self._groups += 1
        # Counted by where they open: those inside of it come later.
        first = captures and self._groups == 1
        piece = self._choice(depth + 1)
        if not self._taken(")"):
            raise PatternError("a ( without its )", start)
        if not first:
            return piece
        return _Piece((Mark(ends=False), *piece.code, Mark(ends=True)), piece.empty)

    def _class(self, start: int) -> Callable[[str], bool]:
        negated = self._taken("^")
        members: set[str] = set()
        ranges: list[tuple[str, str]] = []
        kinds: list[Callable[[str], bool]] = []
        begin = self._position
        while self._position == begin or self._next != "]":
            position = self._position
            low = self._member(start)
            if self._next != "-" or self._text.startswith("-]", self._position):
                if isinstance(low, str):
                    members.add(low)
                else:
                    kinds.append(low)
                continue
            self._position += 1
            high = self._member(start)
            if not isinstance(low, str) or not isinstance(high, str) or high < low:
                raise PatternError("no range of characters", position)
            ranges.append((low, high))
        self._position += 1
        if not self._ignore_case:
            found = _Class(frozenset(members), tuple(ranges), tuple(kinds), negated)
            return found.accepts
        self._folded += sum(ord(last) - ord(first) for first, last in ranges)
        if self._folded > _MAX_FOLDED:
            raise PatternError("too many characters for (?i)", start)
        for first, last in ranges:
            members.update(map(chr, range(ord(first), ord(last) + 1)))
        forms = frozenset(map(_folded, members))
        return _Class(forms, (), tuple(kinds), negated).accepts_folded

    def _member(self, start: int) -> str | Callable[[str], bool]:
        position = self._position
        character = self._next
        if not character:
            raise PatternError("a [ without its ]", start)
        self._position += 1
        return self._escape(position) if character == "\\" else character
