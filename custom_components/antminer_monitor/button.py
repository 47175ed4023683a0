"""Buttons of rigs: what they can be told to do once."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .command import Action
from .control_entity import ControlEntity, async_setup_controls
from .hub import AntminerMonitorConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RigButtonDescription(ButtonEntityDescription):
    """Describes a button of a rig."""

    action: Action
    value: str | None = None


# All but the first have a category: who presses the buttons of an area restarts its
# miners, and does not reboot and upgrade them too.
RIG_BUTTONS = (
    RigButtonDescription(
        key="restart_mining",
        translation_key="restart_mining",
        device_class=ButtonDeviceClass.RESTART,
        action=Action.RESTART_MINING,
    ),
    RigButtonDescription(
        key="reboot",
        translation_key="reboot",
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        action=Action.REBOOT,
    ),
    RigButtonDescription(
        key="upgrade",
        translation_key="upgrade",
        device_class=ButtonDeviceClass.UPDATE,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        action=Action.UPGRADE,
    ),
    RigButtonDescription(
        key="locate",
        translation_key="locate",
        device_class=ButtonDeviceClass.IDENTIFY,
        entity_category=EntityCategory.DIAGNOSTIC,
        action=Action.LOCATE,
        value="on",
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of an entry."""
    await async_setup_controls(
        entry,
        async_add_entities,
        Platform.BUTTON,
        RIG_BUTTONS,
        lambda description: (description.action,),
        RigButton,
    )


class RigButton(ControlEntity[RigButtonDescription], ButtonEntity):
    """Something that a rig does when it is pressed."""

    entity_description: RigButtonDescription

    @property
    @override
    def available(self) -> bool:
        """There is nothing to press for where the rig has the newest release already."""
        rig = self.part
        return super().available and not (
            self.entity_description.action is Action.UPGRADE
            and rig is not None
            and rig.upgrade_available is False
        )

    @override
    async def async_press(self) -> None:
        """Tell the rig; raises HomeAssistantError if it fails."""
        description = self.entity_description
        await self._async_tell(description.action, description.value)
