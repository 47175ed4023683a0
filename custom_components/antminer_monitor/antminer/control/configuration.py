"""The configuration of stock firmware: read strictly, changed in one thing, compared whole.

The script that writes it is a shell script without quotation marks where they are needed:
a blank in a value empties the whole configuration, backslashes vanish, the word ``null``
counts as nothing. So nothing is repaired here, and every value is checked before it goes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
import json
import re
from string import ascii_letters, digits

from ...json_value import Json
from ...source import InvalidReplyError
from .controller import RejectedError

type Scalar = str | bool

SLOTS = 3
"""Pools that the firmware has room for."""
LONGEST = 255
"""Characters of a value; more than any pool needs."""

SCRIPTS_OWN = frozenset(
    {"api-listen", "api-network", "api-groups", "api-allow", "bitmain-use-vil"}
)
"""What the writing script sets to values of its own, whatever is sent."""
_FROM_FILE = frozenset(
    {"bitmain-freq", "bitmain-voltage", "bitmain-ccdelay", "bitmain-pwth"}
)
"""What the S19's script takes over from the file; it does not look for it in the request."""
_LEVEL = "bitmain-freq-level"

X19_MARKS = frozenset("-_.~:;/@+=,#%!")
"""Beside letters and digits, what the script of the S19 generation leaves as it is."""

_PLAIN = frozenset(ascii_letters + digits)
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,3}")
_URL = re.compile(
    r"(?:[a-z][a-z0-9+]{1,31}://)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
    r":([0-9]{1,5})(?:/[^@]*)?"
)
_NAMES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("white space", str.isspace),
    ("a control character", lambda mark: not mark.isprintable()),
    ("a character outside ASCII", lambda mark: not mark.isascii()),
    ("a quotation mark", lambda mark: mark in "\"'`"),
    ("a backslash", lambda mark: mark == "\\"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolEntry:
    """One of the three pools; all empty where it is not used."""

    url: str = ""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All that the miner's page of its configuration tells."""

    pools: tuple[PoolEntry, ...]
    """Always three."""
    fan_manual: bool
    fan_duty: str | None
    """Per cent, as the miner writes it."""
    mode: str | None
    """The work mode as the miner writes it; ``None`` where it has none."""
    others: Mapping[str, Scalar] = field(default_factory=dict, repr=False)

    def describe(self) -> str:
        """Tell the settings in a line that holds no secret, for whoever must set them again."""
        fan = f"at {self.fan_duty} %" if self.fan_manual else "automatic"
        # What precedes an @ may be a login.
        urls = [entry.url.rpartition("@")[2] for entry in self.pools if entry.url]
        mode = "" if self.mode is None else f"mode {self.mode}, "
        return f"{mode}fans {fan}, pools {', '.join(urls)}"

    def differences(self, other: Configuration) -> tuple[str, ...]:
        """Name what is set otherwise in another configuration; empty where nothing is."""
        found = [
            f"pool {place}"
            for place, (ours, theirs) in enumerate(
                zip(self.pools, other.pools, strict=True), 1
            )
            if ours != theirs
        ]
        if (self.fan_manual, self.fan_duty) != (other.fan_manual, other.fan_duty):
            found.append("fans")
        if self.mode != other.mode:
            found.append("mode")
        found += sorted(
            key
            for key in self.others.keys() | other.others.keys()
            if self.others.get(key) != other.others.get(key)
        )
        return tuple(found)

    def with_pools(self, pools: Sequence[PoolEntry]) -> Configuration:
        """Set these pools and no others."""
        empty = (PoolEntry(),) * (SLOTS - len(pools))
        return replace(self, pools=(*pools, *empty))

    def with_first(self, slot: int) -> Configuration:
        """Put the pool of a slot first; the others keep their order."""
        rest = (*self.pools[:slot], *self.pools[slot + 1 :])
        return replace(self, pools=(self.pools[slot], *rest))


def parse(page: bytes) -> Configuration:
    """Read ``get_miner_conf.cgi`` without any indulgence.

    Raises InvalidReplyError for what is broken, empty or partial, RejectedError for what
    is whole and holds something that writing it back would lose. Neither quotes a value.
    """
    record = _load(page)
    pools = tuple(_entry(entry) for entry in _entries(record.pop("pools", None)))
    if not any(entry.url for entry in pools):
        raise InvalidReplyError("the configuration holds no pool")
    manual = record.pop("bitmain-fan-ctrl", None)
    duty = record.pop("bitmain-fan-pwm", None)
    mode = record.pop("bitmain-work-mode", None)
    if manual is not None and not isinstance(manual, bool):
        raise InvalidReplyError("the configuration does not say how the fans are set")
    if duty is not None and not (_is_number(duty) and int(str(duty)) <= 100):
        raise InvalidReplyError("the configuration holds no duty of the fans")
    if manual and duty is None:
        raise InvalidReplyError("the configuration holds no duty of the fans")
    if mode is not None and not _is_number(mode):
        raise InvalidReplyError("the configuration holds no work mode")
    others: dict[str, Scalar] = {}
    for key, value in record.items():
        if value is None:
            # A part of the firmware asks for keys that the file does not have.
            continue
        if not isinstance(value, str | bool):
            raise RejectedError(f"the configuration holds a list or object: {key[:64]}")
        if not _KEY.fullmatch(key):
            raise RejectedError("the configuration holds a setting of a strange name")
        others[key] = value
    return Configuration(
        pools=(*pools, *(PoolEntry(),) * (SLOTS - len(pools))),
        fan_manual=manual or False,
        fan_duty=None if duty is None else str(duty),
        mode=None if mode is None else str(mode),
        others=others,
    )


def _load(page: bytes) -> dict[str, Json]:
    try:
        # Numbers stay as they are written: 100 and "100" are the same to the script.
        record = json.loads(
            page.decode(),
            object_pairs_hook=_unique,
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse,
        )
    except ValueError, RecursionError:
        raise InvalidReplyError("the configuration is broken") from None
    if not isinstance(record, dict):
        raise InvalidReplyError("no configuration")
    return record


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("twice the same key")
    return record


def _refuse(word: str) -> Json:
    raise ValueError(word)


def _entries(value: Json) -> list[Json]:
    if not isinstance(value, list) or not value:
        raise InvalidReplyError("the configuration holds no pools")
    if len(value) > SLOTS:
        raise RejectedError(f"the configuration holds more than {SLOTS} pools")
    return value


def _entry(value: Json) -> PoolEntry:
    if not isinstance(value, dict):
        raise InvalidReplyError("the configuration holds a pool that is none")
    fields = [value.get(key) for key in ("url", "user", "pass")]
    match fields:
        case [str() as url, str() as user, str() as password]:
            pass
        case _:
            raise InvalidReplyError("the configuration holds a part of a pool only")
    if len(value) > len(fields):
        raise RejectedError("the configuration holds more of a pool than can be set")
    return PoolEntry(url=url, user=user, password=password)


def _is_number(value: Json) -> bool:
    return isinstance(value, str) and bool(_NUMBER.fullmatch(value))


def check(value: str, what: str, marks: frozenset[str]) -> None:
    """Refuse a value that the writing script would not leave as it is.

    ``what`` names it in the RejectedError, which never quotes it.
    """
    if len(value) > LONGEST:
        raise RejectedError(f"{what} is longer than {LONGEST} characters")
    if value.lower() == "null":
        raise RejectedError(f"{what} is a word that the miner takes for nothing")
    for mark in value:
        if mark not in _PLAIN and mark not in marks:
            kind = next(
                (name for name, fits in _NAMES if fits(mark)),
                "a character that means something to its shell",
            )
            raise RejectedError(f"{what} holds {kind}: the miner would not keep it")


def check_pools(pools: Sequence[PoolEntry], marks: frozenset[str]) -> None:
    """Refuse pools that cannot be written and read back.

    A password that is empty or all stars is one that the miner does not show: to write it
    would be to lose it.
    """
    if not any(entry.url for entry in pools):
        raise RejectedError("no pool would be left")
    for place, entry in enumerate(pools, 1):
        check(entry.url, f"pool {place}: the address", marks)
        check(entry.user, f"pool {place}: the user", marks)
        if (entry.url or entry.password) and not entry.password.strip("*"):
            raise RejectedError(
                f"pool {place}: the password is empty or not shown;"
                " set one on the miner's own page, such as x"
            )
        check(entry.password, f"pool {place}: the password", marks)


def pools_from(data: Json) -> tuple[PoolEntry, ...]:
    """Read ``data["pools"]`` of a command: one to three of url, user and password.

    Raises RejectedError, which names what is wrong and quotes nothing.
    """
    if not isinstance(data, list) or not 1 <= len(data) <= SLOTS:
        raise RejectedError(f"1 to {SLOTS} pools are needed")
    return tuple(_wanted(place, entry) for place, entry in enumerate(data, 1))


def _wanted(place: int, entry: Json) -> PoolEntry:
    known = entry if isinstance(entry, dict) else {}
    fields = [known.get(key) for key in ("url", "user", "password")]
    match fields:
        case [str() as url, str() as user, str() as password]:
            pass
        case _:
            raise RejectedError(f"pool {place}: address, user and password are needed")
    if not user or not password:
        raise RejectedError(f"pool {place}: user and password must not be empty")
    for what, value in (("address", url), ("user", user), ("password", password)):
        # What no firmware keeps; before the form of the address, to name it better.
        check(value, f"pool {place}: the {what}", X19_MARKS)
    found = _URL.fullmatch(url)
    if not found or not 1 <= int(found[1]) <= 65535:
        raise RejectedError(f"pool {place}: the address is not one of host and port")
    return PoolEntry(url=url, user=user, password=password)


def x19_body(configuration: Configuration) -> bytes:
    """Write a configuration for the script of the S19 generation, in one line without a blank.

    Raises RejectedError where a value would not survive.
    """
    if configuration.mode is None or configuration.fan_duty is None:
        raise RejectedError("the configuration is not whole")
    check_pools(configuration.pools, X19_MARKS)
    record: dict[str, Json] = {
        "bitmain-fan-ctrl": configuration.fan_manual,
        "bitmain-fan-pwm": configuration.fan_duty,
    }
    for key, value in sorted(configuration.others.items()):
        if key in SCRIPTS_OWN or key in _FROM_FILE:
            continue
        if isinstance(value, str):
            check(value, key, X19_MARKS)
        # What the script does not know it overlooks; what it knows and misses, it resets.
        record["freq-level" if key == _LEVEL else key] = value
    record["miner-mode"] = int(configuration.mode)
    record["pools"] = [
        {"url": entry.url, "user": entry.user, "pass": entry.password}
        for entry in configuration.pools
    ]
    return json.dumps(record, separators=(",", ":")).encode("ascii")
