"""The unit in which a hashrate is shown, and how finely figures are published."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import math

from .rig import Rig


@dataclass(frozen=True, slots=True)
class RateUnit:
    """A unit of hashrate."""

    symbol: str
    """Such as ``TH/s``."""
    scale: float
    """Hashes (or solutions) per second in one of it."""

    @property
    def work(self) -> str:
        """The unit without its time, such as ``TH``."""
        return self.symbol.removesuffix("/s")


_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}

RATE_UNITS = {
    unit.symbol: unit
    for word in ("H", "Sol")
    for unit in (
        RateUnit(f"{prefix}{word}/s", scale) for prefix, scale in _PREFIXES.items()
    )
}

_BY_ALGORITHM = {
    "sha256d": "TH/s",
    "kheavyhash": "TH/s",
    "blake2s": "TH/s",
    "eaglesong": "TH/s",
    "handshake": "TH/s",
    "x11": "GH/s",
    "ethash": "MH/s",
    "etchash": "MH/s",
    "kawpow": "MH/s",
    "equihash": "kSol/s",
    "randomx": "kH/s",
}
_ON_GPUS = {
    "kheavyhash": "GH/s",
    "blake3": "GH/s",
    "equihash": "Sol/s",
    "randomx": "kH/s",
}
"""Graphics cards do a thousandth of what an ASIC does; of any other algorithm megahashes."""

ALGORITHM_NAMES: Mapping[str, str] = {
    "sha256d": "SHA-256",
    "scrypt": "Scrypt",
    "x11": "X11",
    "ethash": "Ethash",
    "etchash": "Etchash",
    "equihash": "Equihash",
    "kheavyhash": "kHeavyHash",
    "blake2s": "Blake2s",
    "eaglesong": "Eaglesong",
    "handshake": "Handshake",
    "randomx": "RandomX",
    "kawpow": "KawPow",
    "autolykos": "Autolykos",
    "octopus": "Octopus",
    "blake3": "Blake3",
}
"""Proper names, the same in every language."""

_SCRYPT_LARGE = 2e9
"""H/s: from L7 on a Scrypt miner does gigahashes, up to L3++ hundreds of megahashes."""


def rate_unit(rig: Rig, algorithm: str | None = None) -> RateUnit:
    """Choose the unit for a rig's hashrates of an algorithm, of its own where none is given.

    The algorithm and whether it runs on graphics cards decide; where they are unknown, the unit
    that the firmware itself reports.
    It depends on nothing that moves with the load, so statistics keep their unit.
    """
    algorithm = algorithm or rig.algorithm
    if algorithm == "scrypt":
        return RATE_UNITS[
            "GH/s"
            if (rig.hashrate_nominal or rig.hashrate or 0.0) >= _SCRYPT_LARGE
            else "MH/s"
        ]
    if rig.gpus:
        return RATE_UNITS[_ON_GPUS.get(algorithm or "", "MH/s")]
    symbol = _BY_ALGORITHM.get(algorithm or "") or rig.rate_unit
    return RATE_UNITS.get(symbol or "", RATE_UNITS["GH/s"])


def significant(value: float, digits: int) -> float:
    """Round to so many significant digits: finer ones are noise, and noise fills the recorder."""
    if not value or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def stepped(value: float, step: int) -> int:
    """Round to a multiple of ``step``."""
    return round(value / step) * step


@dataclass(frozen=True, slots=True)
class Grain:
    """How finely a figure is published: what is finer is noise, and every change is a row and a message."""

    round: Callable[[float], float]
    """Rounds by no more than the figure may be off."""
    least: float = 0.0
    """By how much a published figure may be off, in its unit."""
    share: float = 0.0
    """The same as a share of it; the larger of both counts."""

    def publish(self, value: float, published: float | None) -> float:
        """Give what to publish: what is ``published`` while that is near enough, else ``value``, rounded.

        What is published is compared, so that it never drifts away; nothing is near to zero.
        """
        if (
            published
            and value
            and abs(value - published) <= max(self.least, self.share * abs(published))
        ):
            return published
        return self.round(value)
