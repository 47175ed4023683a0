"""What a reading changes, worked out apart from the event loop: a farm may have thousands of rigs."""

from collections.abc import Mapping
from dataclasses import dataclass

from .rig import Rig
from .shape import Shape, shape_of

FORGET_AFTER = 3
"""Readings in which a rig must be missing before it counts as gone: answers are incomplete at times."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is known after a reading, and for which rigs it differs from before."""

    data: dict[str, Rig]
    shapes: dict[str, Shape]
    """The same object as before where no shape changed; each shape that did not, too."""
    absent: dict[str, int]
    """Readings in which each rig that is missing was missing, one after the other."""
    changed: set[str]
    """Rigs with other figures than before, new ones, and those that are gone."""
    urgent: frozenset[str]
    """Those of them of which more changed than figures: what they do, what is wrong with them,
    what they can be told, or which parts they have."""


def compare(
    known: Mapping[str, Rig],
    shapes: dict[str, Shape],
    absent: Mapping[str, int],
    rigs: tuple[Rig, ...],
) -> Changes:
    """Compare a reading with what was known. A missing rig keeps its last reading for a while."""
    data = {rig.id: rig for rig in rigs}
    missing = {
        rig_id: absent.get(rig_id, 0) + 1 for rig_id in known if rig_id not in data
    }
    for rig_id, times in missing.items():
        if times < FORGET_AFTER:
            data[rig_id] = known[rig_id]
    new_shapes: dict[str, Shape] = {}
    for rig_id, rig in data.items():
        shape, before = shape_of(rig), shapes.get(rig_id)
        new_shapes[rig_id] = before if before == shape else shape
    changed = {rig_id for rig_id, rig in data.items() if known.get(rig_id) != rig}
    return Changes(
        data=data,
        shapes=shapes if new_shapes == shapes else new_shapes,
        absent={rig_id: times for rig_id, times in missing.items() if rig_id in data},
        changed=changed | (known.keys() - data.keys()),
        urgent=frozenset(
            rig_id
            for rig_id in changed
            if new_shapes[rig_id] is not shapes.get(rig_id)
            or _condition(known.get(rig_id)) != _condition(data[rig_id])
        ),
    )


def _condition(rig: Rig | None) -> object:
    """Give what is no figure: somebody waits for its change."""
    return rig and (rig.status, rig.errors, rig.problems)
