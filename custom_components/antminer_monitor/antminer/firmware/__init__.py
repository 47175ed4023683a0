"""The dialects of the CGMiner API that Antminers speak, and how to tell which one it is."""

from ...source import UnknownMinerError
from .braiins import BRAIINS, BRAIINS_2019
from .dialect import STATS_NEW, SUMMARY_NEW, Context, Dialect, Fingerprint
from .luxos import LUXOS
from .stock import CLASSIC, HIVEON
from .vnish import VNISH
from .x19 import X19

__all__ = [
    "DIALECTS",
    "STATS_NEW",
    "SUMMARY_NEW",
    "Context",
    "Dialect",
    "Fingerprint",
    "foreigner",
    "recognise",
    "unrecognised",
]

DIALECTS = (BRAIINS, BRAIINS_2019, LUXOS, VNISH, HIVEON, X19, CLASSIC)
"""In the order of asking: what names itself comes before what only has a shape."""


def recognise(fingerprint: Fingerprint) -> Dialect:
    """Tell the dialect of an Antminer.

    Raises UnknownMinerError, naming what answers as far as it can be told, where it is no
    Antminer: other makers' miners listen on the same port.
    """
    if not (foreign := foreigner(fingerprint)):
        for dialect in DIALECTS:
            if dialect.recognises(fingerprint):
                return dialect
    raise unrecognised(foreign)


def unrecognised(foreign: str | None) -> UnknownMinerError:
    """Give the error for what no dialect recognises."""
    if foreign:
        return UnknownMinerError(f"not an Antminer but {foreign}")
    return UnknownMinerError("not an Antminer: neither version nor stats of one")


def foreigner(fingerprint: Fingerprint) -> str | None:
    """Name what is known to be no Antminer, though it may look like one."""
    product = fingerprint.version.get("PROD")
    if product is not None:
        return f"an Avalon ({str(product)[:40]})"
    # CGMiner says "Invalid command"; "invalid cmd" is btminer's own (captures of pyasic).
    if any(
        mark in fingerprint.text for mark in ("btminer", "whatsminer", "invalid cmd")
    ):
        return "a WhatsMiner (btminer)"
    return None
