"""JSON as miners send it: mostly valid, and where it is not, in a few known ways.

A reply that parses is never touched. One that does not is read again token by token, so
that a repair happens between strings and not inside them. All of it takes time linear in
the size of the reply. No figure is invented: what is no number (``nan``) becomes ``None``.
"""

from enum import Enum, auto
import json
from math import isfinite
import re
from typing import NoReturn

import orjson

from ..json_value import Json
from ..source import InvalidReplyError

_MAX_DEPTH = 100
"""Real replies are fewer than ten deep; one deeper than this is not repaired."""
_MAX_REPAIR = 256 * 1024
"""Bytes. The largest real reply has 29 KB, and repairing takes time of the event loop."""
_MAX_MARKS = 1000
"""Opening brackets up to which the standard library's recursive parser may try."""
_BLANK = b"\xef\xbb\xbf \t\r\n"

_GAP = re.compile(r"[ \t\r\n]*+")
_NUMBER = re.compile(
    r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+(?![\w.])"
)
_WORD = re.compile(r"[-+.\w]*+")
_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
# What follows a string that is a value. Keys are looked for over a bounded length, so that
# doing so at every quotation mark stays linear.
_AFTER_MEMBER = re.compile(
    r"[ \t\r\n]*+(?:\Z|[}\]]|,[ \t\r\n]*+(?:\Z|[\",}\]])"
    r'|"[^"\\]{1,64}+"[ \t\r\n]{0,9}+:)'
)
_AFTER_ELEMENT = re.compile(r'[ \t\r\n]*+(?:\Z|[,}\]"{\[])')
_BARE_KEY = re.compile(r'([^"\\:,{}\[\]]{1,64}+")[ \t\r\n]{0,9}+:')
_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|.)', re.DOTALL)
_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_LITERALS = {
    "true": "true",
    "false": "false",
    "null": "null",
    "nan": "null",
    "inf": "null",
    "infinity": "null",
}


def loads(data: bytes) -> dict[str, Json]:
    """Parse a reply, repairing it where it does not parse as it is.

    Everything from the first NUL on is left out, and so is text after the value. Numbers
    that are not finite become ``None``.

    Raises:
        InvalidReplyError: nothing in it, truncated, not an object or beyond repair. The
            text names sizes and positions and quotes nothing: replies hold pool users.
    """
    data = data.partition(b"\0")[0].strip(_BLANK)
    if not data:
        raise InvalidReplyError("empty reply")
    try:
        value: Json = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _tolerant(data)
    if not isinstance(value, dict):
        raise InvalidReplyError(f"not a JSON object ({len(data)} bytes)")
    return value


def _tolerant(data: bytes) -> Json:
    if len(data) > _MAX_REPAIR:
        raise InvalidReplyError(f"no JSON, and too large to repair ({len(data)} bytes)")
    text = data.decode("utf-8", "replace")
    if r"\u" in text:
        text = _SURROGATE.sub(_whole_character, text)
    if text.count("{") + text.count("[") > _MAX_MARKS:
        return _decode(_Repair(text).run())
    try:
        return _decode(text)
    except json.JSONDecodeError as err:
        position = err.pos
    # The one fault of every `stats` reply of an S9 is repaired where the parser met it.
    if text.startswith("{", position) and text[:position].rstrip().endswith("}"):
        try:
            value: Json = orjson.loads(f"{text[:position]},{text[position:]}")
        except orjson.JSONDecodeError:
            pass
        else:
            return value
    return _decode(_Repair(text).run())


def _whole_character(match: re.Match[str]) -> str:
    """Half a surrogate pair is no character: such a string could not be stored or sent."""
    return r"\ufffd" if match[1] else match[0]


def _float(number: str) -> float | None:
    value = float(number)
    return value if isfinite(value) else None


def _integer(number: str) -> float | None:
    # As orjson does: what no machine word holds is a float.
    return int(number) if len(number) <= 20 else _float(number)


def _constant(_: str) -> None:
    """``NaN``, ``Infinity`` and ``-Infinity``."""


_DECODER = json.JSONDecoder(
    strict=False, parse_float=_float, parse_int=_integer, parse_constant=_constant
)


def _decode(text: str) -> Json:
    value: Json
    value, _ = _DECODER.raw_decode(text)
    return value


class _Expect(Enum):
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    ELEMENT = auto()


class _Repair:
    """Writes valid JSON from what a reply seems to mean.

    Commas of the input count for nothing: they are written wherever two members meet.
    That settles missing (``}{``), doubled, leading (``[,{``) and trailing (``,}``) ones.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._out: list[str] = []
        self._closing: list[str] = []
        self._first = True
        self._expect = _Expect.ELEMENT

    def run(self) -> str:
        """Return the repaired text.

        Raises:
            InvalidReplyError: truncated, or not what any known fault looks like.
        """
        text = self._text
        if text.startswith(
            ","
        ):  # The head of the reply is lost, its last members are not.
            self._open("{")
        elif text.startswith("{"):
            self._position = 1
            self._open("{")
        while self._closing:
            self._position += len(self._matched(_GAP))
            if self._position >= len(text):
                self._truncated()
            self._token(text[self._position])
        if not self._out:
            self._invalid()
        return "".join(self._out)

    def _token(self, mark: str) -> None:
        if mark in "]}":
            self._close(mark)
        elif mark == ",":
            if self._expect is _Expect.COLON:
                self._invalid()
            self._no_value()
            self._position += 1
        elif self._expect is _Expect.COLON:
            if mark != ":":
                self._invalid()
            self._write(":", 1)
            self._expect = _Expect.VALUE
        elif self._expect is _Expect.KEY:
            if mark != '"':
                self._invalid()
            self._key()
        else:
            if self._expect is _Expect.ELEMENT:
                self._separate()
            self._value(mark)

    def _value(self, mark: str) -> None:
        if mark in "{[":
            self._position += 1
            self._open(mark)
        elif mark == '"':
            self._string_value()
        elif number := _NUMBER.match(self._text, self._position):
            self._write(number[0], len(number[0]))
            self._done()
        else:
            word = self._matched(_WORD)
            if self._position + len(word) == len(self._text):
                self._truncated()
            literal = _LITERALS.get(word.lower().lstrip("-+"))
            if literal is None:
                self._invalid()
            self._write(literal, len(word))
            self._done()

    def _open(self, mark: str) -> None:
        if len(self._closing) == _MAX_DEPTH:
            raise InvalidReplyError(f"nested too deeply ({len(self._text)} characters)")
        self._out.append(mark)
        self._closing.append("}" if mark == "{" else "]")
        self._first = True
        self._expect = _Expect.KEY if mark == "{" else _Expect.ELEMENT

    def _close(self, mark: str) -> None:
        if self._expect is _Expect.COLON or mark != self._closing[-1]:
            self._invalid()
        self._no_value()
        self._write(mark, 1)
        self._closing.pop()
        self._done()

    def _done(self) -> None:
        """A value is complete."""
        self._first = False
        inside = self._closing[-1] if self._closing else "]"
        self._expect = _Expect.KEY if inside == "}" else _Expect.ELEMENT

    def _no_value(self) -> None:
        """Write what a key without a value (``: ,``) has."""
        if self._expect is _Expect.VALUE:
            self._out.append("null")
            self._done()

    def _separate(self) -> None:
        if not self._first:
            self._out.append(",")

    def _write(self, piece: str, length: int) -> None:
        self._out.append(piece)
        self._position += length

    def _matched(self, pattern: re.Pattern[str]) -> str:
        """What a pattern, one that always matches, finds at the position."""
        match = pattern.match(self._text, self._position)
        return match[0] if match else ""

    def _string_end(self, start: int) -> int:
        """Where the string that is open at ``start`` ends, its mark included."""
        if match := _STRING.match(self._text, start):
            return match.end()
        return self._truncated()

    def _key(self) -> None:
        start = self._position + 1
        end = self._string_end(start)
        self._separate()
        self._write(f'"{_escapes(self._text[start:end])}', end - self._position)
        self._expect = _Expect.COLON

    def _string_value(self) -> None:
        """A string that may hold quotation marks: firmware does not escape them all.

        It ends at the first mark that something follows which can follow a value.
        """
        text = self._text
        in_object = self._expect is _Expect.VALUE
        after = _AFTER_MEMBER if in_object else _AFTER_ELEMENT
        pieces = ['"']
        start = self._position + 1
        bare_key: re.Match[str] | None = None
        while True:
            end = self._string_end(start)
            pieces.append(_escapes(text[start : end - 1]))
            if after.match(text, end):
                break
            if in_object and (bare_key := _BARE_KEY.match(text, end)):
                break
            pieces.append(r"\"")
            start = end
        pieces.append('"')
        self._write("".join(pieces), end - self._position)
        self._done()
        if bare_key:  # Where the comma is missing and the mark that opens the key, too.
            self._write(f',"{bare_key[1]}', len(bare_key[1]))
            self._expect = _Expect.COLON

    def _invalid(self) -> NoReturn:
        raise InvalidReplyError(
            f"no JSON at character {self._position} of {len(self._text)}"
        )

    def _truncated(self) -> NoReturn:
        raise InvalidReplyError(f"truncated after {len(self._text)} characters")


def _escapes(piece: str) -> str:
    r"""A string's inside with no escape that JSON has not: ``\'`` is what firmware adds."""
    if "\\" not in piece:
        return piece
    return _ESCAPE.sub(lambda match: match[0] if match[1] else match[0][1:], piece)
