"""Numbers of rigs: what they can be set to in watts."""

from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, Platform, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .command import Action
from .control_entity import ControlEntity, async_setup_controls
from .hub import AntminerMonitorConfigEntry

PARALLEL_UPDATES = 0

POWER_TARGET = NumberEntityDescription(
    key="power_target",
    translation_key="power_target",
    device_class=NumberDeviceClass.POWER,
    entity_category=EntityCategory.CONFIG,
    native_unit_of_measurement=UnitOfPower.WATT,
    native_step=10,
    # A slider would send a miner to whatever it was dragged over.
    mode=NumberMode.BOX,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the numbers of an entry."""
    await async_setup_controls(
        entry,
        async_add_entities,
        Platform.NUMBER,
        (POWER_TARGET,),
        lambda _: (Action.SET_POWER_TARGET,),
        PowerTarget,
    )


class PowerTarget(ControlEntity[NumberEntityDescription], NumberEntity):
    """The watts that a rig is set to draw."""

    @property
    @override
    def available(self) -> bool:
        """Nothing is set without knowing what the rig can take."""
        rig = self.part
        return (
            super().available
            and rig is not None
            and rig.power_target_least is not None
            and rig.power_target_most is not None
        )

    @property
    @override
    def native_min_value(self) -> float:
        """The least that the rig can be set to, in W."""
        least = self.part.power_target_least if self.part else None
        return super().native_min_value if least is None else least

    @property
    @override
    def native_max_value(self) -> float:
        """The most that the rig can be set to, in W."""
        most = self.part.power_target_most if self.part else None
        return super().native_max_value if most is None else most

    @property
    @override
    def native_value(self) -> float | None:
        """What the rig is set to, in W; unknown if it does not say."""
        return self.part.power_target if self.part else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set it; raises HomeAssistantError if it fails."""
        await self._async_tell(Action.SET_POWER_TARGET, f"{value:.0f}")
