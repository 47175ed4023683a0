"""What a rig consists of, apart from its figures."""

from collections.abc import Hashable
from dataclasses import fields

from .rig import Board, Fan, Gpu, Rig

type Shape = Hashable
"""Equal for two readings of a rig that need the same devices and entities."""

_NO_ENTITY = frozenset({"raw", "extras", "clock_offset"})
_RIG = tuple(item.name for item in fields(Rig) if item.name not in _NO_ENTITY)
_BOARD = tuple(item.name for item in fields(Board))
_GPU = tuple(item.name for item in fields(Gpu))
_FAN = tuple(item.name for item in fields(Fan))


def shape_of(rig: Rig) -> Shape:
    """Give the shape of a rig: who it is, which parts it has, which fields are reported."""
    return (
        rig.name,
        rig.manufacturer,
        rig.model,
        rig.serial,
        rig.mac,
        rig.ip,
        rig.firmware,
        rig.algorithm,
        rig.rate_unit,
        bool(rig.pools),
        tuple(rig.hashrates),
        rig.commands,
        tuple(rig.extras),
        _reported(rig, _RIG),
        tuple((board.index, _reported(board, _BOARD)) for board in rig.boards),
        tuple((gpu.index, _reported(gpu, _GPU)) for gpu in rig.gpus),
        tuple((fan.index, _reported(fan, _FAN)) for fan in rig.fans),
    )


def _reported(
    part: Rig | Board | Gpu | Fan, names: tuple[str, ...]
) -> tuple[bool, ...]:
    return tuple([getattr(part, name) is not None for name in names])
