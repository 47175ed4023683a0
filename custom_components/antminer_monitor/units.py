"""The unit in which a hashrate is shown."""

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
_SCRYPT_LARGE = 2e9
"""H/s: from L7 on a Scrypt miner does gigahashes, up to L3++ hundreds of megahashes."""


def rate_unit(rig: Rig) -> RateUnit:
    """Choose the unit for a rig's hashrates.

    The algorithm decides; where it is unknown, the unit that the firmware itself reports.
    It depends on nothing that moves with the load, so statistics keep their unit.
    """
    if rig.algorithm == "scrypt":
        return RATE_UNITS[
            "GH/s"
            if (rig.hashrate_nominal or rig.hashrate or 0.0) >= _SCRYPT_LARGE
            else "MH/s"
        ]
    symbol = _BY_ALGORITHM.get(rig.algorithm or "") or rig.rate_unit
    return RATE_UNITS.get(symbol or "", RATE_UNITS["GH/s"])


def significant(value: float, digits: int) -> float:
    """Round to so many significant digits: finer ones are noise, and noise fills the recorder."""
    if not value or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def stepped(value: float | None, step: int) -> int | None:
    """Round to a multiple of ``step``; None stays None."""
    return None if value is None else round(value / step) * step
