"""The miner programs of a worker: what they mine, and how fast."""

from collections.abc import Sequence
from functools import lru_cache

from ..json_value import Json
from ..rig import MinerProgram, Shares
from .values import count, list_of, object_of, rate, text

MAX_PROGRAMS = 16

_ALGORITHMS = {
    "sha256": "sha256d",
    "sha-256": "sha256d",
    "daggerhashimoto": "ethash",
    "autolykos2": "autolykos",
    "rx/0": "randomx",
}
"""Other names that the service has for what is called otherwise here."""


@lru_cache(maxsize=256)
def algorithm_name(told: str) -> str:
    """Give our name of an algorithm."""
    name = told.lower()
    return _ALGORITHMS.get(name, name)


def read_programs(summary: Json) -> tuple[MinerProgram, ...]:
    """Read ``miners_summary``: the programs in their order, twice one that mines two coins."""
    told = list_of(object_of(summary).get("hashrates"))
    programs: list[MinerProgram] = []
    for entry in told[:MAX_PROGRAMS]:
        if not isinstance(entry, dict):
            continue
        name, version = text(entry.get("miner"), 50), text(entry.get("ver"), 50)
        shares = object_of(entry.get("shares"))
        programs.append(
            MinerProgram(
                name=name,
                version=version,
                algorithm=read_algorithm(entry.get("algo")),
                coin=text(entry.get("coin"), 50),
                hashrate=rate(entry.get("hash")),
                shares=Shares(
                    accepted=count(shares.get("accepted")),
                    rejected=count(shares.get("rejected")),
                ),
            )
        )
        if second := read_algorithm(entry.get("dalgo")):
            programs.append(
                MinerProgram(
                    name=name,
                    version=version,
                    algorithm=second,
                    coin=text(entry.get("dcoin"), 50),
                    hashrate=rate(entry.get("dhash")),
                )
            )
    return tuple(programs)


def read_algorithm(told: Json) -> str | None:
    """Give our name of an algorithm, or None where none is told."""
    name = text(told, 50)
    return algorithm_name(name) if name else None


def totals(
    programs: Sequence[MinerProgram], algorithm: str | None
) -> tuple[float | None, Shares]:
    """Add up what is done of one algorithm. Rates of two are never added."""
    same = [item for item in programs if item.algorithm == algorithm]
    if len(same) == 1:
        return same[0].hashrate, same[0].shares
    rates = [item.hashrate for item in same if item.hashrate is not None]
    accepted = [
        item.shares.accepted for item in same if item.shares.accepted is not None
    ]
    rejected = [
        item.shares.rejected for item in same if item.shares.rejected is not None
    ]
    return sum(rates) if rates else None, Shares(
        accepted=sum(accepted) if accepted else None,
        rejected=sum(rejected) if rejected else None,
    )
