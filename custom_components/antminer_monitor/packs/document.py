"""The YAML of a pack: as strict as the file format needs, and bounded while it is read.

Plain scalars mean what YAML 1.2 says: only ``true`` and ``false`` are truth values, only
digits without a leading zero (or ``0x…``) are a whole number, and only digits with a point
or an exponent any other. What YAML 1.1 would make of dates, ``12:30:00``, ``017``, ``0b1``,
``1_000``, ``yes``, ``no``, ``on`` and ``off`` stays text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
import re

import yaml

from ..json_value import Json
from .errors import PackError, Problem

MAX_YAML = 256 * 1024
"""Bytes of UTF-8."""
MAX_NODES = 20_000
"""Texts, numbers, lists and objects, each key counted too."""
MAX_DEPTH = 20
"""Lists and objects within one another."""
_MAX_PROBLEMS = 20
"""Faults after which reading ends."""
_MAX_QUOTED = 40
"""Characters of a key that an error repeats."""
_MAX_MESSAGE = 200
"""Characters of what the parser says: it may repeat what it read."""

# The parser in C is part of the usual build of PyYAML, though not of every.
_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)

_WORDS: dict[str, Json] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*+)")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]++")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]++|(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?"
)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LARGEST = 2**63 - 1
_MAX_DIGITS = 20
"""Characters of a whole number; no larger one fits."""
# Control characters, half characters and what is none. Escapes could write them, too.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

type Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML text holds, and on which lines."""

    data: Json
    lines: Mapping[Path, int] = field(repr=False)
    """Where each node is, by the keys and indices that lead to it. Counted from 1; a
    member of an object is where its key is."""

    def line_of(self, path: Sequence[str | int]) -> int:
        """Give the line of a node; if there is none, of the nearest one around it."""
        for length in range(len(path), 0, -1):
            if line := self.lines.get(tuple(path[:length])):
                return line
        return self.lines[()]


def key_text(path: Sequence[str | int]) -> str | None:
    """Write keys and indices as ``Problem.key`` has them: ``dialects[0].fields.model``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{_quoted(step)}" if text else _quoted(step)
    return text or None


def parse_yaml(text: str, file: str) -> Document:
    """Read a YAML text.

    Args:
        text: the text, at most 256 KiB of it.
        file: name for the errors.

    Raises:
        PackError: no YAML, too large or too deep, more than one document, or it uses what
            packs do without: anchors, aliases, tags, merge keys, keys that are no text,
            the same key twice, numbers that are not finite. As many faults as can be told
            in one go, at most 20.
    """
    return _Reader(file).read(text)


def _quoted(text: str) -> str:
    text = "".join(c if c.isprintable() else "\ufffd" for c in text[: _MAX_QUOTED + 1])
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"


@dataclass(slots=True)
class _Collection:
    """A list or object that is being read."""

    value: list[Json] | dict[str, Json]
    path: Path
    key: str | None = None
    """Key of the member whose value comes next."""


class _Reader:
    """Builds the data from the events of the parser, one by one."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []
        self._lines: dict[Path, int] = {}
        self._open: list[_Collection] = []
        self._data: Json = None
        self._nodes = 0

    def read(self, text: str) -> Document:
        if len(text.encode(errors="surrogatepass")) > MAX_YAML:
            raise self._fatal(f"larger than {MAX_YAML // 1024} KiB")
        if unfit := _UNFIT.search(text):
            line = text.count("\n", 0, unfit.start()) + 1
            raise self._fatal(
                f"a character that is not allowed: U+{ord(unfit[0]):04X}", line
            )
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                self._take(event)
        except (yaml.YAMLError, ValueError) as err:
            # The parser in Python lets through what it cannot turn into a number.
            raise self._no_yaml(err) from None
        if not self._lines:
            raise self._fatal("holds nothing")
        if self._problems:
            raise PackError(self._problems)
        return Document(self._data, self._lines)

    def _no_yaml(self, err: Exception) -> PackError:
        message, mark = str(err), None
        if isinstance(err, yaml.MarkedYAMLError):
            message, mark = err.problem or message, err.problem_mark
        if not message.isprintable() or len(message) > _MAX_MESSAGE:
            message = "cannot be read"
        return self._fatal(
            f"no YAML: {message}", None if mark is None else mark.line + 1
        )

    def _take(self, event: yaml.Event) -> None:
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent() if self._lines:
                raise self._fatal("more than one document", line)
            case yaml.AliasEvent():
                raise self._fatal("aliases (*) are not allowed", line)
            case yaml.NodeEvent():
                self._node(event, line)
            case yaml.CollectionEndEvent():
                self._open.pop()

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._fatal(f"more than {MAX_NODES} texts, lists and the like", line)
        inside = self._open[-1] if self._open else None
        if inside is None:
            path: Path = ()
        elif isinstance(inside.value, list):
            path = (*inside.path, len(inside.value))
        elif inside.key is None:
            self._key(event, inside, line)
            return
        else:
            path = (*inside.path, inside.key)
        self._lines.setdefault(path, line)
        value = self._value(event, path, line)
        if inside is None:
            self._data = value
        elif isinstance(inside.value, list):
            inside.value.append(value)
        elif inside.key is not None:
            inside.value[inside.key] = value
            inside.key = None
        if isinstance(value, (list, dict)):
            if len(self._open) == MAX_DEPTH:
                raise self._fatal(f"nested deeper than {MAX_DEPTH}", line, path)
            self._open.append(_Collection(value, path))

    def _key(self, event: yaml.NodeEvent, inside: _Collection, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._fatal("a list or object for a key", line, inside.path)
        path = (*inside.path, event.value)
        inside.key = event.value
        if event.implicit[0] and event.value == "<<":
            self._note("merge keys (<<) are not allowed", line, path)
        elif not isinstance(self._value(event, path, line), str):
            text = _quoted(event.value)
            self._note(f'a key that is no text; write "{text}"', line, path)
        if isinstance(inside.value, dict) and event.value in inside.value:
            self._note(f"the same key as on line {self._lines[path]}", line, path)
        self._lines.setdefault(path, line)

    def _value(self, event: yaml.NodeEvent, path: Path, line: int) -> Json:
        if event.anchor is not None:
            self._note("anchors (&) are not allowed", line, path)
        match event:
            case yaml.CollectionStartEvent(tag=str()) | yaml.ScalarEvent(tag=str()):
                self._note("tags (!) are not allowed", line, path)
        match event:
            case yaml.MappingStartEvent():
                return {}
            case yaml.ScalarEvent(value=text, implicit=(is_plain, _)):
                try:
                    return _plain(text) if is_plain else _written(text)
                except ValueError as err:
                    self._note(str(err), line, path)
                    return ""
        return []

    def _note(self, message: str, line: int, path: Path) -> None:
        self._problems.append(Problem(message, self._file, line, key_text(path)))
        if len(self._problems) == _MAX_PROBLEMS:
            raise PackError(self._problems)

    def _fatal(
        self, message: str, line: int | None = None, path: Path = ()
    ) -> PackError:
        problem = Problem(message, self._file, line, key_text(path))
        return PackError([*self._problems, problem])


def _written(text: str) -> str:
    if unfit := _UNFIT.search(text):
        raise ValueError(f"a character that is not allowed: U+{ord(unfit[0]):04X}")
    return text


def _plain(text: str) -> Json:
    """Give what a text without quotation marks means.

    Raises:
        ValueError: a number, but not one that can be kept.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        whole = int(text, 0) if len(text) <= _MAX_DIGITS else None
        if whole is None or abs(whole) > _LARGEST:
            raise ValueError("a number beyond 64 bits")
        return whole
    if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        value = inf if _NOT_FINITE.fullmatch(text) else float(text)
        if not isfinite(value):
            raise ValueError("a number that is not finite")
        return value
    return text
