"""What the entities by which rigs are controlled have in common."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import override

from homeassistant.const import Platform
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .command import Action, Command
from .control import Order, async_order
from .coordinator import RigCoordinator
from .entity import RIG, EntityOffers, RigEntity, async_setup_rig_entities, unique_id_of
from .hub import AntminerMonitorConfigEntry
from .rig import Rig, Status


class ControlEntity[DescriptionT: EntityDescription](RigEntity[Rig]):
    """An entity that tells a rig what to do."""

    def __init__(
        self,
        coordinator: RigCoordinator,
        rig_id: str,
        description: DescriptionT,
        actions: tuple[Action, ...],
    ) -> None:
        """Make an entity that needs the rig to accept all ``actions``."""
        super().__init__(coordinator, rig_id, description, RIG)
        self._actions = actions

    @property
    @override
    def available(self) -> bool:
        """Only a rig that is there can be told something, and only what it accepts now."""
        rig = self.part
        return (
            super().available
            and rig is not None
            and rig.status is not Status.OFFLINE
            and accepts(rig, self._actions)
        )

    async def _async_tell(self, action: Action, value: str | None = None) -> None:
        """Tell the rig; raises HomeAssistantError if it fails."""
        await async_order(
            self.hass,
            Order(
                coordinator=self.coordinator,
                rig_id=self.rig_id,
                command=Command(action=action, value=value),
            ),
            context=self._context,
        )


def accepts(rig: Rig, actions: tuple[Action, ...]) -> bool:
    """Tell whether a rig accepts all these actions now."""
    return all(action in rig.commands for action in actions)


async def async_setup_controls[DescriptionT: EntityDescription](
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    descriptions: Sequence[DescriptionT],
    actions: Callable[[DescriptionT], tuple[Action, ...]],
    make: Callable[
        [RigCoordinator, str, DescriptionT, tuple[Action, ...]],
        ControlEntity[DescriptionT],
    ],
) -> None:
    """Add the entities whose actions a rig accepts, and those that it had in an earlier run."""
    registered = entry.runtime_data.registered_ids(platform)

    def offers(coordinator: RigCoordinator, rig_id: str) -> EntityOffers:
        rig = coordinator.data.get(rig_id)
        for description in descriptions:
            needed = actions(description)
            unique_id = unique_id_of(rig_id, description.key)
            if (rig and accepts(rig, needed)) or unique_id in registered:
                yield unique_id, partial(make, coordinator, rig_id, description, needed)

    await async_setup_rig_entities(entry, async_add_entities, offers)
