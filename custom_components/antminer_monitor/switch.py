"""Switches of rigs: whether they mine."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .command import Action
from .control_entity import ControlEntity, async_setup_controls
from .hub import AntminerMonitorConfigEntry
from .rig import Status

PARALLEL_UPDATES = 0

MINING = SwitchEntityDescription(key="mining", translation_key="mining")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of an entry."""
    await async_setup_controls(
        entry,
        async_add_entities,
        Platform.SWITCH,
        (MINING,),
        lambda _: (Action.PAUSE_MINING, Action.RESUME_MINING),
        MiningSwitch,
    )


class MiningSwitch(ControlEntity[SwitchEntityDescription], SwitchEntity):
    """Whether a rig mines, or is about to."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it mines or starts to."""
        rig = self.part
        return rig.status in (Status.RUNNING, Status.STARTING) if rig else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Resume mining; raises HomeAssistantError if it fails."""
        await self._async_tell(Action.RESUME_MINING)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Pause mining; raises HomeAssistantError if it fails."""
        await self._async_tell(Action.PAUSE_MINING)
