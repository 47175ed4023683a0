"""The workers of an answer one by one.

A farm may have thousands, and a JSON text of ten megabytes that is parsed in one call
holds the interpreter up for a tenth of a second, in whatever thread.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
import json
from math import isfinite
import re
from typing import override

from ..json_value import Json
from ..source import InvalidReplyError

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")
_SECRET = frozenset(
    {
        "commands",
        "password",
        "remote_address",
        "ssh_authorized_keys",
        "vnc_password",
    }
)
"""Keys of a worker that are told to nobody; the commands that it waits for hold its password."""
_MAX_DEPTH = 20


def entries(body: bytes) -> Iterator[tuple[Json, str]]:
    """Give each entry of the list ``data`` of an envelope, with its text.

    Raises InvalidReplyError where the text is no such envelope, perhaps after some entries.
    """
    try:
        yield from _entries(body.decode("utf-8-sig"))
    except ValueError, RecursionError:
        raise InvalidReplyError("the answer is not JSON") from None


def _entries(text: str) -> Iterator[tuple[Json, str]]:
    at = _after_blank(text, 0)
    if text[at : at + 1] != "{":
        raise InvalidReplyError("the answer is no object")
    at = _after_blank(text, at + 1)
    found = False
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise ValueError("no key")
        key, at = _DECODER.raw_decode(text, at)
        at = _after(text, at, ":")
        if key != "data":
            _, at = _DECODER.raw_decode(text, at)
        elif text[at : at + 1] != "[":
            raise InvalidReplyError("no list in the answer")
        else:
            found = True
            at = _after_blank(text, at + 1)
            while text[at : at + 1] != "]":
                start = at
                entry, at = _DECODER.raw_decode(text, at)
                yield entry, text[start:at]
                at = _after_entry(text, at, "]")
            at += 1
        at = _after_entry(text, at, "}")
    if _after_blank(text, at + 1) != len(text):
        raise ValueError("more after the end")
    if not found:
        raise InvalidReplyError("no list in the answer")


def _after_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _after(text: str, at: int, mark: str) -> int:
    """Go over a mark and the blanks around it."""
    at = _after_blank(text, at)
    if text[at : at + 1] != mark:
        raise ValueError(f"no {mark}")
    return _after_blank(text, at + 1)


def _after_entry(text: str, at: int, end: str) -> int:
    """Go to the next entry, or to the end of what they are in."""
    at = _after_blank(text, at)
    if text[at : at + 1] == end:
        return at
    at = _after(text, at, ",")
    if text[at : at + 1] == end:
        raise ValueError("nothing after a comma")
    return at


class RawWorker(Mapping[str, Json]):
    """A worker as it was told, parsed when somebody looks: that is seldom, and trees are large.

    Passwords and what belongs to nobody else are not in it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text of a JSON object."""
        self._text = text

    @override
    def __getitem__(self, key: str) -> Json:
        return _tree(self._text)[key]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(_tree(self._text))

    @override
    def __len__(self) -> int:
        return len(_tree(self._text))

    @override
    def __repr__(self) -> str:
        return f"RawWorker({len(self._text)} characters)"


@lru_cache(maxsize=1)
def _tree(text: str) -> dict[str, Json]:
    tree = _clean(json.loads(text), _MAX_DEPTH)
    return tree if isinstance(tree, dict) else {}


def _clean(value: Json, depth: int) -> Json:
    if depth == 0:
        return None
    match value:
        case dict():
            return {
                _whole(key): _clean(item, depth - 1)
                for key, item in value.items()
                if key not in _SECRET
            }
        case list():
            return [_clean(item, depth - 1) for item in value]
        case str():
            return _whole(value)
        case float() if not isfinite(value):
            return None
    return value


def _whole(text: str) -> str:
    """Replace half surrogate pairs, which cannot be written anywhere."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
