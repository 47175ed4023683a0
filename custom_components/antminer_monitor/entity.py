"""What the entities of rigs, of their parts and of the fleet have in common."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import override

from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import RigCoordinator
from .devices import fleet_device_info, part_device_info, rig_device_info
from .fleet import FleetCoordinator
from .hub import AntminerMonitorConfigEntry, Hub
from .rig import Board, Fan, Gpu, Rig

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
GPU = PartKind[Gpu](
    "gpu", lambda rig: ((gpu.index, gpu) for gpu in rig.gpus), has_device=True
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
        # With the rig as context, it hears of this rig's changes only.
        super().__init__(coordinator, rig_id)
        self.entity_description = description
        self.rig_id = rig_id
        if (allowance := coordinator.allowance) and (
            index is not None or description.key not in allowance.keys
        ):
            self._attr_entity_registry_enabled_default = False
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
        self._attr_unique_id = f"{coordinator.device_id}_{description.key}{suffix}"
        self._attr_device_info = fleet_device_info(coordinator.device_id)


class RigEntities:
    """Adds for a platform what ``offers`` gives for each rig, once."""

    def __init__(
        self,
        hub: Hub,
        async_add_entities: AddConfigEntryEntitiesCallback,
        offers: Callable[[RigCoordinator, str], EntityOffers],
    ) -> None:
        """Begin with no entity; made in the set-up of the platform."""
        self._hub = hub
        self._registry = er.async_get(hub.hass)
        self._domain = async_get_current_platform().domain
        self._async_add_entities = async_add_entities
        self._offers = offers
        self._added: dict[str, set[str]] = {}

    def add(self, coordinator: RigCoordinator, rig_id: str) -> None:
        """Add those that the rig does not have yet."""
        added = self._added.setdefault(rig_id, set())
        allowance = coordinator.allowance
        only = (
            {unique_id_of(rig_id, key) for key in allowance.keys}
            if allowance and allowance.is_all
            else None
        )
        new: list[Entity] = []
        for unique_id, make in self._offers(coordinator, rig_id):
            if (
                unique_id in added
                or self._is_disabled(unique_id)
                or not (
                    only is None
                    or unique_id in only
                    or self._hub.is_registered(unique_id)
                )
            ):
                continue
            added.add(unique_id)
            new.append(make())
        if new:
            self._async_add_entities(
                new, config_subentry_id=coordinator.origin.subentry_id
            )

    def _is_disabled(self, unique_id: str) -> bool:
        """Tell whether it is known and disabled: most are, and Home Assistant starts anew for one that is enabled."""
        entity_id = self._registry.async_get_entity_id(self._domain, DOMAIN, unique_id)
        return bool(entity_id and self._registry.entities[entity_id].disabled)

    def forget(self, rig_id: str) -> None:
        """Let go of a rig whose entities were removed."""
        self._added.pop(rig_id, None)

    def forget_entity(self, unique_id: str) -> None:
        """Let go of an entity that was removed."""
        for added in self._added.values():
            added.discard(unique_id)


async def async_setup_rig_entities(
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    offers: Callable[[RigCoordinator, str], EntityOffers],
) -> None:
    """Add what ``offers`` gives for each rig, now and whenever a rig shows more of itself."""
    hub = entry.runtime_data
    await hub.async_add_platform(RigEntities(hub, async_add_entities, offers))
