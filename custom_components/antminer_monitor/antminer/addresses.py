"""What a person types where addresses are asked for: hosts, ranges and networks."""

from enum import StrEnum
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    NetmaskValueError,
)
import re

MAX_ADDRESSES = 4096
"""How many addresses a text may stand for; a /20 has 4094."""

_SEPARATORS = re.compile(r"[\s,;]+")
_DASH = re.compile(r"(?<=\d)[ \t]{0,9}+[-–][ \t]{0,9}+(?=\d)")
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
    r"(?!\d+\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?",
    re.ASCII,
)


class AddressReason(StrEnum):
    """What is wrong with a text of addresses."""

    EMPTY = "empty"
    INVALID = "invalid"
    BACKWARDS = "backwards"
    """A range that ends before it begins."""
    TOO_MANY = "too_many"


class AddressError(ValueError):
    """A text of addresses that cannot be used."""

    def __init__(self, reason: AddressReason, part: str = "") -> None:
        """Keep what is wrong, and with which piece of the text."""
        super().__init__(f"{reason}: {part}" if part else str(reason))
        self.reason = reason
        self.part = part


def parse_addresses(text: str) -> tuple[str, ...]:
    """Return the hosts that a text names, in its order, each once.

    The text holds IP addresses, host names, ranges (``192.168.1.10-60``,
    ``192.168.1.10-192.168.1.60``) and IPv4 networks (``192.168.1.0/24``: without network
    and broadcast address), with commas, semicolons or white space between them.

    Raises:
        AddressError: nothing in it, a piece that is none of these, or more than
            ``MAX_ADDRESSES``. That is counted, with repetitions, before anything is
            expanded.
    """
    pieces = [piece for piece in _SEPARATORS.split(_DASH.sub("-", text)) if piece]
    if not pieces:
        raise AddressError(AddressReason.EMPTY)
    found: dict[str, None] = {}
    count = 0
    for piece in pieces:
        hosts = _hosts(piece)
        count += len(hosts)
        if count > MAX_ADDRESSES:
            raise AddressError(AddressReason.TOO_MANY, piece)
        found.update(
            dict.fromkeys(
                str(IPv4Address(host)) if isinstance(host, int) else host
                for host in hosts
            )
        )
    return tuple(found)


def _hosts(piece: str) -> range | tuple[str]:
    """The numbers of the IPv4 addresses that a piece stands for, or the host it names."""
    first, dash, last = piece.partition("-")
    if "/" in piece:
        return _network(piece)
    if dash and (start := _ipv4(first)):
        return _range(piece, start, last)
    if start := _ipv4(piece):
        return range(int(start), int(start) + 1)
    if ":" in piece:
        return (_ipv6(piece),)
    if _NAME.fullmatch(piece.lower()):
        return (piece.lower(),)
    raise AddressError(AddressReason.INVALID, piece)


def _network(piece: str) -> range:
    try:
        network = IPv4Network(piece, strict=False)
    except AddressValueError, NetmaskValueError, ValueError:
        raise AddressError(AddressReason.INVALID, piece) from None
    edge = 1 if network.prefixlen < 31 else 0
    first, last = int(network.network_address), int(network.broadcast_address)
    return range(first + edge, last + 1 - edge)


def _range(piece: str, first: IPv4Address, last: str) -> range:
    if last.isascii() and last.isdecimal() and len(last) <= 3 and int(last) <= 255:
        end = (int(first) & ~0xFF) | int(last)
    elif address := _ipv4(last):
        end = int(address)
    else:
        raise AddressError(AddressReason.INVALID, piece)
    if end < int(first):
        raise AddressError(AddressReason.BACKWARDS, piece)
    return range(int(first), end + 1)


def _ipv4(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def _ipv6(piece: str) -> str:
    try:
        return str(IPv6Address(piece.removeprefix("[").removesuffix("]")))
    except AddressValueError:
        raise AddressError(AddressReason.INVALID, piece) from None
