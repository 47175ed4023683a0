"""Changes inputs with regard to what they are made of: JSON and YAML trees, sections, zips."""

from collections.abc import Callable, Iterable, MutableMapping, MutableSequence
from io import BytesIO
import json
from random import Random
from typing import TYPE_CHECKING, Final, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import yaml

from .target import MAX_INPUT, Shape, Target, joined, sections

if TYPE_CHECKING:
    # What is fuzzed must not be loaded yet: see engine.load.
    from custom_components.antminer_monitor.json_value import Json

type Tree = MutableMapping[str, Json] | MutableSequence[Json]
type Bytes = Callable[[bytes, int], bytes]
"""Changes bytes, knowing nothing of them, to so many at most."""

_VALUES: Final[tuple[Json, ...]] = (
    None, True, False, 0, 1, -1, 2, 7, 99, 100, 101, 255, 1000, 65536, 2**31, 2**53, 2**63, 2**64 - 1, -(2**63), 0.0, -0.5,
    0.001, 1.5, 149.9, 150.5, 250.0, 1e9, 1e15, 1e18, 1e29, 1e30, 1e300, -1e300, "", " ", "0", "-1", "1.5", "1e5", "1e308",
    "nan", "inf", "-inf", "Infinity", "1_000", "٣", "0x10", "0:00:05", "1:2:3:4:5", "-5:00", "12-34--56-150-151", "0-0-0-0",
    "o", "xxxx", "oooo----", "é", "\x00", "\x7f", "\u2028", "\u202e", "\U0001f600", "a" * 300, [], {}, [[]], [{}], [0, 0], [-1],
    [55, 53, "68", None], [1e308, 1e308], {"a": {}}, "true", "false", "E", "S",
)  # fmt: skip
_DAMAGE: Final = (
    b"", b",", b"}", b"{", b"]", b"[", b'"', b":", b"nan", b"-inf", b"\0", b"\xff", b"\\", b"\\u", b"\\ud800", b"}{", b",}", b'""',
    b"\xab9a\xbb", b"\xab8[\xbb", b'\xab8{"a":\xbb', b"\xab91:\xbb", b"\xab91-\xbb", b"\xab99\xbb", b"\xab8,\xbb", b"\xab7 \xbb",
    b'\xab8"a",\xbb', b"\xab7{},\xbb", b"\xab7\n\xbb", b"\xab8. \xbb", b"\xab8a.\xbb", b"\xab8- \xbb",
)  # fmt: skip
_MOST = 40
"""Pieces of other inputs that are remembered of each kind."""
_LONGEST_YAML = 4000
"""Characters of a YAML text that is read to be changed: its parser is slow."""


class Mutator:
    """Changes inputs of one target."""

    def __init__(self, target: Target, others: Iterable[bytes], change: Bytes) -> None:
        """Learn keys and values of other inputs; ``change`` is for bytes."""
        self._shape = target.shape
        self._change = change
        self._tokens = [token.encode() for token in target.tokens]
        self._names: list[str] = []
        self._keys: list[str] = []
        self._pieces: list[Json] = list(_VALUES)
        found: list[Tree] = []
        for data in others:
            for name, text in self._texts(data).items():
                self._names.append(name)
                if (tree := _tree(text)) is not None:
                    found.append(tree)
        for tree in found:
            for place, key in _places(tree):
                if isinstance(key, str):
                    self._keys.append(key)
                    if isinstance(place, dict):
                        self._pieces.append(place[key])
        self._names = sorted(set(self._names))
        self._keys = sorted(set(self._keys)) or ["a"]

    def __call__(self, data: bytes, most: int, seed: int) -> bytes:
        """Give an input that is a little other than this one, of so many bytes at most."""
        chance = Random(seed)
        if chance.random() < 0.25:
            return self._change(data, most)
        try:
            made = self._changed(data, chance, most)
        except ValueError, RecursionError, yaml.YAMLError:
            made = self._change(data, most)
        return made if len(made) <= most else self._change(data, most)

    def _texts(self, data: bytes) -> dict[str, bytes]:
        match self._shape:
            case Shape.JSON:
                return {"": data}
            case Shape.ZIP:
                try:
                    return _unzipped(data)
                except Exception:  # noqa: BLE001 - whatever a damaged zip may raise
                    return {"": data}
        return dict(sections(data)) if data.startswith(b"#: ") else {"": data}

    def _changed(self, data: bytes, chance: Random, most: int) -> bytes:
        texts = self._texts(data)
        name = chance.choice(list(texts)) if texts else ""
        if name == "" and len(texts) < 2:
            return self._text(data, chance, most)
        match chance.randrange(12):
            case 0 if self._names:
                texts[chance.choice(self._names)] = texts.pop(name)
            case 1:
                del texts[name]
            case 2 if self._names:
                texts[chance.choice(self._names)] = texts[name]
            case _:
                texts[name] = self._text(texts[name], chance, most)
        return _zipped(texts, chance) if self._shape is Shape.ZIP else joined(texts)

    def _text(self, text: bytes, chance: Random, most: int) -> bytes:
        tree = _tree(text)
        if tree is None or chance.random() < 0.2:
            return self._damaged(text, chance, most)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            self._grow(tree, chance)
        made = json.dumps(tree, ensure_ascii=chance.random() < 0.2)
        if text[:1] not in b"{[" and chance.random() < 0.7:
            made = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
        written = made.encode(errors="surrogatepass")
        return (
            written if chance.random() < 0.9 else self._damaged(written, chance, most)
        )

    def _damaged(self, text: bytes, chance: Random, most: int) -> bytes:
        """Put something into a text, or take something out."""
        at = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                return self._change(text, most)
            case 1:
                end = min(len(text), at + chance.choice((1, 2, 5, 20, 100)))
                return text[:at] + text[end:]
            case 2 if self._tokens:
                return text[:at] + chance.choice(self._tokens) + text[at:]
        end = at + chance.choice((0, 0, 1, 4))
        return text[:at] + chance.choice(_DAMAGE) + text[end:]

    def _grow(self, tree: Tree, chance: Random) -> None:
        """Change one place of a tree."""
        places = list(_places(tree))
        if not places:
            return
        place, key = chance.choice(places)
        # To mypy a list has no text for an index, and an object no number.
        inside = cast("MutableMapping[str | int, Json]", place)
        match chance.randrange(10):
            case 0:
                del inside[key]
            case 1 if isinstance(place, dict):
                place[chance.choice(self._keys)] = place.pop(str(key))
            case 2 if isinstance(place, dict):
                place[chance.choice(self._keys)] = self._piece(chance)
            case 3 if isinstance(place, list):
                times = chance.choice((1, 2, 10))
                place[len(place) :] = [_copied(place[int(key)])] * times
            case 4:
                inside[key] = [inside[key]]
            case 5:
                inside[key] = {chance.choice(self._keys): inside[key]}
            case 6 | 7:
                inside[key] = self._tweaked(inside[key], chance)
            case _:
                inside[key] = self._piece(chance)

    def _piece(self, chance: Random) -> Json:
        return _copied(chance.choice(self._pieces))

    def _tweaked(self, value: Json, chance: Random) -> Json:
        """Change a value a little."""
        match value:
            case bool() | None:
                return not value
            case int():
                return value + chance.choice((-1, 1, -1000, 10**9)) * chance.choice(
                    (1, 1, value)
                )
            case float():
                return value * chance.choice((-1, 0, 0.001, 1000, 1e15, 1e300))
            case str():
                at = chance.randrange(len(value) + 1)
                put = chance.choice(("", "-", " ", ".", "1", "é", "\n", '"', "=", "/"))
                token = self._tokens and chance.choice(self._tokens).decode()
                put = chance.choice((put, put, token or put, chance.choice(self._keys)))
                return value[:at] + put + value[at + chance.choice((0, 0, 1, 3)) :]
        return self._piece(chance)


def _tree(text: bytes) -> Tree | None:
    try:
        found = json.loads(text)
    except ValueError, RecursionError:
        if len(text) > _LONGEST_YAML or b":" not in text or text[:1] in b"{[":
            return None
        try:
            found = yaml.safe_load(text)
        except yaml.YAMLError, ValueError, RecursionError, UnicodeDecodeError:
            return None
        if not _is_json(found):
            return None
    return found if isinstance(found, dict | list) else None


def _is_json(value: object) -> bool:
    """Tell whether YAML made of it what JSON has: no dates, no keys but texts."""
    match value:
        case dict():
            return all(isinstance(key, str) for key in value) and all(
                map(_is_json, value.values())
            )
        case list():
            return all(map(_is_json, value))
    return isinstance(value, str | int | float | None)


def _places(tree: Tree) -> Iterable[tuple[Tree, str | int]]:
    """Yield every place of a tree: the list or object that it is in, and its key."""
    waiting: list[object] = [tree]
    while waiting:
        inside = waiting.pop()
        if isinstance(inside, dict):
            waiting += inside.values()
            yield from ((inside, key) for key in inside)
        elif isinstance(inside, list):
            waiting += inside
            yield from ((inside, place) for place in range(len(inside)))


def _copied(value: Json) -> Json:
    copied: Json = json.loads(json.dumps(value))
    return copied


def _unzipped(data: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(data)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > MAX_INPUT:
            raise ValueError("too large")
        return {entry.filename: archive.read(entry) for entry in entries}


def _zipped(texts: dict[str, bytes], chance: Random) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, text in texts.items():
            entry = ZipInfo(name or "README.md")
            entry.compress_type = chance.choice((ZIP_STORED, ZIP_DEFLATED))
            archive.writestr(entry, text)
    return buffer.getvalue()
