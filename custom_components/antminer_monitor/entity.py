"""What the entities of rigs, of their parts and of the fleet have in common."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinator import RigCoordinator
from .devices import fleet_device_info, part_device_info, rig_device_info
from .fleet import FleetCoordinator
from .rig import Board, Fan, Rig
from .site import AntminerMonitorConfigEntry

type EntityOffers = Iterator[tuple[str, Callable[[], Entity]]]
"""Unique ids, each with what makes the entity."""


@dataclass(frozen=True, slots=True)
class PartKind[PartT]:
    """A kind of thing that figures belong to: the rig itself or one of its parts."""

    name: str
    parts: Callable[[Rig], Iterable[tuple[int | None, PartT]]]
    """Every one that the rig has now, with its index."""
    has_device: bool = False
    """Whether each is a device of its own, a child of the rig's."""

    def find(self, rig: Rig, index: int | None) -> PartT | None:
        """Give the part with that index, if the rig has it now."""
        return next((part for number, part in self.parts(rig) if number == index), None)


RIG = PartKind[Rig]("rig", lambda rig: ((None, rig),))
BOARD = PartKind[Board](
    "board", lambda rig: ((board.index, board) for board in rig.boards), has_device=True
)
FAN = PartKind[Fan]("fan", lambda rig: ((fan.index, fan) for fan in rig.fans))


def unique_id_of(
    rig_id: str, key: str, kind: str = RIG.name, index: int | None = None
) -> str:
    """Give an entity's unique id: ``<rig id>_<key>``, or ``<rig id>_<kind>_<index>_<key>`` for a part."""
    return f"{rig_id}_{key}" if index is None else f"{rig_id}_{kind}_{index}_{key}"


class RigEntity[PartT](CoordinatorEntity[RigCoordinator]):
    """An entity that tells something of a rig or of one of its parts."""

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: RigCoordinator,
        rig_id: str,
        description: EntityDescription,
        kind: PartKind[PartT],
        index: int | None = None,
    ) -> None:
        """Make the entity of ``rig_id``'s part with that index."""
        super().__init__(coordinator)
        self.entity_description = description
        self.rig_id = rig_id
        self._kind = kind
        self._index = index
        self._attr_unique_id = unique_id_of(rig_id, description.key, kind.name, index)
        if index is not None:
            self._attr_translation_placeholders = {"index": str(index)}
        self._attr_device_info = (
            part_device_info(coordinator, rig_id, kind.name, index)
            if kind.has_device and index is not None
            else rig_device_info(rig_id)
        )

    @property
    def part(self) -> PartT | None:
        """The part as last read; None when the rig no longer reports it."""
        rig = self.coordinator.data.get(self.rig_id)
        return self._kind.find(rig, self._index) if rig else None

    @property
    @override
    def available(self) -> bool:
        """Figures are shown only while they are true."""
        return not self.coordinator.is_stale(self.rig_id) and self.part is not None


class FleetEntity(CoordinatorEntity[FleetCoordinator]):
    """An entity that tells something of all rigs together."""

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: FleetCoordinator,
        description: EntityDescription,
        suffix: str = "",
    ) -> None:
        """Make the entity; ``suffix`` tells apart those of one description."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = (
            f"{coordinator.config_entry.entry_id}_{description.key}{suffix}"
        )
        self._attr_device_info = fleet_device_info(coordinator.config_entry)


async def async_setup_rig_entities(
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    offers: Callable[[RigCoordinator, str], EntityOffers],
) -> None:
    """Add what ``offers`` gives for each rig, now and whenever a rig shows more of itself."""

    @callback
    def follow(coordinator: RigCoordinator) -> Callable[[], None]:
        added: set[str] = set()
        shapes: object = None

        @callback
        def add_new() -> None:
            nonlocal shapes
            if coordinator.shapes is shapes:
                return
            shapes = coordinator.shapes
            new: list[Entity] = []
            for rig_id in coordinator.rig_ids:
                for unique_id, make in offers(coordinator, rig_id):
                    if unique_id not in added:
                        added.add(unique_id)
                        new.append(make())
            if new:
                async_add_entities(new, config_subentry_id=coordinator.subentry_id)

        add_new()
        return coordinator.async_add_listener(add_new)

    await entry.runtime_data.async_add_platform(follow)
