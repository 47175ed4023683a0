"""Takes out of a miner's replies what tells whose miner it is, and leaves their shape.

Whatever is taken out has a stand-in of the same kind, so that paths and patterns that fit the
one fit the other. It errs on the safe side: a long version may go, a wallet never stays.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
import re
from typing import Final

from .antminer.cgminer import Reply
from .json_value import Json

MAX_DEPTH: Final = 20
MARK: Final = "…"
"""Stands for what was cut off."""

# Keys are compared by their letters alone: "PCB SN 0" is "pcbsn".
_SECRET_NAMES = re.compile(
    r"account|controlboardid|deviceid|dna|dns|gateway|host|hwid|ip|key|minerid|netmask|pass"
    r"|psk|pw|pwd|ssid|uid|uniqueid|uuid|\w*sn|\w*mac"
    r"|\w*(?:address|apikey|authoriz|autocreatehash|clientconf|credential|hostname|ipaddr"
    r"|macaddr|mail|passphrase|passw|payout|secret|serial|serinum|session|sshkey|token|user"
    r"|wallet|worker)\w*"
)
_PLACES = re.compile(r"pool|poolurl|server|stratum|stratumurl|url")
"""Keys whose texts name a computer, with or without a scheme before it."""
_VERSIONS = re.compile(r"api|apiver|apiversion|miner|minerversion|version")
"""Keys whose values look like addresses and are none: 49.0.1.3 is a board and an API."""
_ORDINARY = re.compile(
    r"admin|alive|antminer|avalon|avalonminer|bitmain|bosminer|btminer|canaan|cgminer|disabled"
    r"|enabled|false|localhost|microbt|miner|none|null|password|pool|root|stratum|true|unknown"
    r"|user|username|whatsminer|worker"
)
"""Words that firmware itself uses: as the name of a user they give nobody away."""

_MOST_KNOWN = 200
_SHORTEST_KNOWN, _SHORTEST_PIECE, _LONGEST_KNOWN = 4, 6, 200
_LONGEST_TEXT = 100_000
"""Characters of one text that are looked through; the rest is cut off."""
_SHORTEST_HEX, _SHORTEST_OPAQUE, _SHORTEST_LETTERS = 12, 20, 24

_INLINE = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9 _-]{1,30})(\[|\s?[=:]\s?)(?!//)([^\s\],;|]{1,200})"
)
"""``DNA[0201…]``, ``user=…``: keys inside of a text."""
_TELLING = re.compile(
    r"""
    (?P<url>[a-z][a-z0-9+.-]{1,20}://(?:[^\s"'<>|,;/\[\]]*@)?(?:\[[0-9a-f:.]*\])?[^\s"'<>|,;\]]*)
    | (?P<mail>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8})
    | (?P<mac>(?<![0-9a-z])[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})(?![0-9a-z])
      | (?<![0-9a-z.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-z.]))
    | (?P<uuid>(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z]))
    | (?P<ip>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)
      | (?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:]))
    | (?P<name>(?<![\w.-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}[a-z]{2,24}(?![\w-]|\.\w))
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9+/_-]{11,}={0,2}")
_AUTHORITY = re.compile(
    r"([^:/]+://)?(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)(:\d{1,5}(?![^/?#]))?(.*)",
    re.DOTALL,
)
_HEX = re.compile(r"(?:0x)?[0-9a-f]+", re.IGNORECASE)
_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
_PARTS = re.compile(r"[\s.@:/,;]+")
_PIECES = re.compile(r"[\s.@:/,;+_=-]+")
_NOT_LETTERS = re.compile(r"[^a-z]+")


def _letters(key: str) -> str:
    return _NOT_LETTERS.sub("", key[:_LONGEST_KNOWN].lower())


def _is_secret(key: str) -> bool:
    return _SECRET_NAMES.fullmatch(_letters(key)) is not None


def _names_place(key: str) -> bool:
    return _PLACES.fullmatch(_letters(key)) is not None


# --- stand-ins ------------------------------------------------------------------------


def disguise(text: str) -> str:
    """Give a text of the same form: other letters, other digits, the same signs between."""
    if _MAC.fullmatch(text):
        return re.sub("[0-9A-Fa-f]", "0", text)
    letter = "a" if len(text) >= _SHORTEST_HEX and _HEX.fullmatch(text) else "x"
    start = 2 if letter == "a" and text[1] in "xX" else 0
    return text[:start] + "".join(
        "0"
        if sign.isdecimal()
        else (letter.upper() if sign.isupper() else letter)
        if sign.isalnum()
        else sign
        for sign in text[start:]
    )


def _disguise_number(value: float) -> float:
    if isinstance(value, int):
        return 10 ** (len(str(abs(value))) - 1) if value else 0
    return 1.0


def _disguise_place(text: str) -> str:
    """Give a stand-in for the address of a pool or a page, with its scheme and its port."""
    match = _AUTHORITY.fullmatch(text)
    scheme, host, port, rest = match.groups() if match else (None, "", None, "")
    if scheme is None and port is None and "." not in host:
        return disguise(text)
    return f"{scheme or ''}pool.example.com{port or ''}{disguise(rest)}"


def _disguise_address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return text
    return "192.0.2.1" if address.version == 4 else "2001:db8::1"


def _is_opaque(word: str) -> bool:
    """Tell whether a word looks like a wallet, a key or a hash, and like no word."""
    has_letter = any(sign.isalpha() for sign in word)
    has_digit = any(sign.isdecimal() for sign in word)
    if _HEX.fullmatch(word) and (
        (has_letter and has_digit and len(word) >= _SHORTEST_HEX)
        or len(word) >= _SHORTEST_LETTERS
    ):
        return True
    if has_digit:
        return has_letter and len(word) >= _SHORTEST_OPAQUE
    # Of letters alone: a map of chips has but three, and ApproximatePower its humps.
    capitals = sum(sign.isupper() for sign in word)
    return (
        len(word) >= _SHORTEST_LETTERS
        and len(set(word.lower())) >= 8
        and (capitals in (0, len(word)) or capitals > len(word) / 4)
    )


def _disguise_match(match: re.Match[str]) -> str:
    text = match[0]
    match match.lastgroup:
        case "url":
            return _disguise_place(text)
        case "mail":
            return "user@example.com"
        case "ip":
            return _disguise_address(text)
        case "name":
            # 2.0.rc is a version: before the last word of a host there is another.
            is_version = text.split(".")[-2].isdecimal()
            return text if is_version else "host.example.com"
    return disguise(text)


def _disguise_word(match: re.Match[str]) -> str:
    is_opaque = any(map(_is_opaque, _PIECES.split(match[0])))
    return disguise(match[0]) if is_opaque else match[0]


def _disguise_in_key(match: re.Match[str]) -> str:
    """Do the same in a key, where a dot between words is usual."""
    is_key = match.lastgroup == "name" and match[0].count(".") == 1
    return match[0] if is_key else _disguise_match(match)


def _disguise_word_in_key(match: re.Match[str]) -> str:
    """Do the same in a key, where long words are usual."""
    is_key = not any(sign.isdecimal() for sign in match[0])
    return match[0] if is_key else _disguise_word(match)


# --- what is known to be a secret -----------------------------------------------------


def _texts_below(value: Json, depth: int) -> Iterator[str]:
    match value:
        case str():
            yield value
        case int() if not isinstance(value, bool):
            yield str(value)
        case dict() if depth:
            for item in value.values():
                yield from _texts_below(item, depth - 1)
        case list() if depth:
            for item in value:
                yield from _texts_below(item, depth - 1)


def _secrets(value: Json, depth: int = MAX_DEPTH) -> Iterator[str]:
    """Yield what stands under the keys of secrets."""
    match value:
        case dict() if depth:
            for key, item in value.items():
                if _is_secret(key):
                    yield from _texts_below(item, depth)
                elif _names_place(key) and isinstance(item, str):
                    match = _AUTHORITY.fullmatch(item[:_LONGEST_KNOWN])
                    yield match[2] if match else item
                else:
                    yield from _secrets(item, depth - 1)
        case list() if depth:
            for item in value:
                yield from _secrets(item, depth - 1)
        case str():
            for name, _, inner in _INLINE.findall(value[:_LONGEST_TEXT]):
                if _is_secret(name):
                    yield inner


def _own_words(value: Json, depth: int = MAX_DEPTH) -> Iterator[str]:
    """Yield the words of a firmware's ``version``: its keys, and what it calls itself."""
    match value:
        case dict() if depth:
            for key, item in value.items():
                yield from _PIECES.split(key[:_LONGEST_KNOWN].lower())
                if isinstance(item, str) and key == "Description":
                    yield from _PIECES.split(item[:_LONGEST_KNOWN].lower())
                yield from _own_words(item, depth - 1)
        case list() if depth:
            for item in value:
                yield from _own_words(item, depth - 1)


class Redactor:
    """Knows the secrets of one miner: what stands under their keys is taken out everywhere."""

    def __init__(self, replies: Mapping[str, Reply], known: Iterable[str] = ()) -> None:
        """Learn the secrets of these replies; ``known`` are others, such as the address."""
        self._own = frozenset(_own_words(replies.get("version", {})))
        found = {text for text in known if len(text) >= _SHORTEST_KNOWN}
        for reply in replies.values():
            for secret in _secrets(reply):
                if self._is_telling(secret, _SHORTEST_KNOWN):
                    found.add(secret)
                found.update(
                    piece
                    for joints in (_PARTS, _PIECES)
                    for piece in joints.split(secret[:_LONGEST_KNOWN])
                    if self._is_telling(piece, _SHORTEST_PIECE)
                )
        # The longest first: one may begin with another.
        longest = sorted(found, key=lambda text: (-len(text), text))[:_MOST_KNOWN]
        self._known = frozenset(longest)
        self._pattern = re.compile(
            rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, longest)) or '(?!)'})(?![A-Za-z0-9])",
            re.IGNORECASE,
        )

    def _is_telling(self, text: str, shortest: int) -> bool:
        word = text.lower()
        return (
            shortest <= len(text) <= _LONGEST_KNOWN
            and word not in self._own
            and not _ORDINARY.fullmatch(word)
            # A short number may be any figure.
            and not (text.isdecimal() and len(text) < 8)
        )

    def text(self, text: str) -> str:
        """Give a text without what tells anything of the owner."""
        cut = self._pattern.sub(lambda match: disguise(match[0]), text[:_LONGEST_TEXT])
        cut = _INLINE.sub(
            lambda match: (
                f"{match[1]}{match[2]}{disguise(match[3])}"
                if _is_secret(match[1])
                else match[0]
            ),
            cut,
        )
        cut = _WORD.sub(_disguise_word, _TELLING.sub(_disguise_match, cut))
        return cut if len(text) <= _LONGEST_TEXT else cut + MARK

    def replies(self, replies: Mapping[str, Reply]) -> dict[str, Json]:
        """Give replies, by command, with a stand-in in the place of every secret."""
        return {name: self._value(reply, MAX_DEPTH) for name, reply in replies.items()}

    def _value(self, value: Json, depth: int) -> Json:
        match value:
            case str():
                return self.text(value)
            case int() if not isinstance(value, bool) and str(value) in self._known:
                return _disguise_number(value)
            case list() if depth:
                return [self._value(item, depth - 1) for item in value]
            case dict() if depth:
                return self._members(value, depth - 1)
            case list() | dict():
                return MARK
        return value

    def _members(self, value: dict[str, Json], depth: int) -> dict[str, Json]:
        told: dict[str, Json] = {}
        for key, item in value.items():
            name = self._pattern.sub(
                lambda match: disguise(match[0]), key[:_LONGEST_KNOWN]
            )
            name = _TELLING.sub(_disguise_in_key, name)
            name = unlike = _WORD.sub(_disguise_word_in_key, name)
            # Two keys of which one stand-in is left both stay.
            number = 1
            while unlike in told:
                number += 1
                unlike = f"{name}_{number}"
            told[unlike] = self._member(key, item, depth)
        return told

    def _member(self, key: str, value: Json, depth: int) -> Json:
        if _is_secret(key):
            return _hidden(value, depth)
        if isinstance(value, str):
            if _names_place(key):
                return _disguise_place(value[:_LONGEST_TEXT])
            if _VERSIONS.fullmatch(_letters(key)) and _is_version(value):
                return value
        return self._value(value, depth)


def _is_version(text: str) -> bool:
    """Tell whether four numbers with dots are no address of a network like the owner's."""
    try:
        return ip_address(text).is_global
    except ValueError:
        return False


def _hidden(value: Json, depth: int) -> Json:
    """Give stand-ins for everything below the key of a secret."""
    match value:
        case str():
            found = _TELLING.fullmatch(value[:_LONGEST_TEXT])
            if found and found.lastgroup != "name":
                return _disguise_match(found)
            return disguise(value[:_LONGEST_TEXT])
        case bool() | None:
            return value
        case int() | float():
            return _disguise_number(value)
        case list() if depth:
            return [_hidden(item, depth - 1) for item in value]
        case dict() if depth:
            return {
                f"{disguise(key[:_LONGEST_KNOWN])}_{number}": _hidden(item, depth - 1)
                for number, (key, item) in enumerate(value.items())
            }
    return MARK
