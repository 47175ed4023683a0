"""How many entities each rig may have enabled, so that all rigs of an entry have the same."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from .rig import Rig

ENTITY_LIMIT: Final = 10_000
"""Enabled entities that Home Assistant accepts for one config entry."""

ENOUGH: Final = 9_000
"""Enabled entities that are aimed at where there would be more; the rest is for totals, and for
what their owner enables."""

MANY_RIGS: Final = 1_000
"""From so many rigs on, what would be disabled is not even registered: it would be a hundred
thousand entries."""

_OF_RIG = 19
_OF_COMPUTER = 14
_OF_GPU = 2
"""Entities that are enabled by default, about: of any rig, of one that is a computer too, and of
each of its cards."""

_BY_IMPORTANCE: Final[tuple[tuple[str, ...], ...]] = (
    ("stale",),
    ("hashrate",),
    ("status",),
    ("power",),
    ("chip_temperature", "gpu_temperature"),
    ("event",),
    ("mining",),
    ("reported_problem", "hashrate_low"),
    ("efficiency",),
    ("reject_rate",),
    ("running",),
    ("overheating",),
    ("energy",),
    ("reboot",),
    ("restart_mining",),
    ("locate",),
    ("flight_sheet",),
    ("message",),
    ("gpu_memory_temperature", "pool"),
    ("started_at",),
)
"""Keys of entities, the most important first. A rig has one of those that stand together."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a rig may have enabled where rigs are very many."""

    keys: frozenset[str]
    """Of the entities of the rig itself; none of its parts."""
    is_all: bool
    """Whether nothing else is registered either."""


@dataclass(frozen=True, slots=True)
class Need:
    """How many entities rigs would have."""

    rigs: int
    entities: int


def need_of(rigs: Iterable[Rig]) -> Need:
    """Give what rigs need."""
    count = expected = 0
    for rig in rigs:
        count += 1
        expected += (
            _OF_RIG + _OF_COMPUTER * (rig.host is not None) + _OF_GPU * len(rig.gpus)
        )
    return Need(count, expected)


def allowance_of(needs: Collection[Need]) -> Allowance | None:
    """Give what each rig may have enabled where all together need that; None for everything."""
    count = sum(need.rigs for need in needs)
    if sum(need.entities for need in needs) < ENOUGH:
        return None
    ranks = _BY_IMPORTANCE[: max(ENOUGH // count, 1)]
    return Allowance(
        frozenset(key for rank in ranks for key in rank), count >= MANY_RIGS
    )
