"""Cost: what energy cost when it was used, kept across restarts."""

from dataclasses import dataclass
import math
from typing import Any, Self, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from .const import DOMAIN
from .energy import JOULES_IN_KWH, EnergyMeter
from .entity import FleetEntity
from .fleet import FleetCoordinator

TOTAL_COST = SensorEntityDescription(
    key="total_cost",
    translation_key="total_cost",
    device_class=SensorDeviceClass.MONETARY,
    state_class=SensorStateClass.TOTAL,
    suggested_display_precision=2,
)


@dataclass(frozen=True, slots=True)
class StoredCost(ExtraStoredData):
    """The exact sum: the state that is shown is rounded."""

    cost: float
    currency: str

    @override
    def as_dict(self) -> dict[str, Any]:
        """Give what is stored."""
        return {"cost": self.cost, "currency": self.currency}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self | None:
        """Take what was stored; None if it is not a sum."""
        cost, currency = data.get("cost"), data.get("currency")
        if (
            isinstance(cost, int | float)
            and math.isfinite(cost)
            and isinstance(currency, str)
        ):
            return cls(float(cost), currency)
        return None


class FleetCostSensor(FleetEntity, RestoreEntity, SensorEntity):
    """What the energy of all rigs cost since there is a price.

    Each bit of energy costs the price of when it was used: a new price changes nothing of
    what was.
    """

    def __init__(self, coordinator: FleetCoordinator, price: float) -> None:
        """Make the sensor; ``price`` is that of a kWh, in Home Assistant's currency."""
        super().__init__(coordinator, TOTAL_COST)
        self._price = price
        self._currency = coordinator.hass.config.currency
        self._attr_native_unit_of_measurement = self._currency
        self._meter = EnergyMeter()
        self._before: float | None = None

    @property
    def cost(self) -> float:
        """The exact sum."""
        return (self._before or 0.0) + self._meter.joules / JOULES_IN_KWH * self._price

    @override
    async def async_added_to_hass(self) -> None:
        """Go on from the sum before the restart, unless it is one in another currency."""
        await super().async_added_to_hass()
        if self._before is None:
            stored = await self.async_get_last_extra_data()
            known = StoredCost.from_dict(stored.as_dict()) if stored else None
            is_ours = known is not None and known.currency == self._currency
            self._before = known.cost if known and is_ours else 0.0
        self._meter.read_fleet(self.coordinator)

    @callback
    def async_entity_id_changed(self, old_entity_id: str) -> None:
        """A new name needs nothing of us."""

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._meter.read_fleet(self.coordinator)
        super()._handle_coordinator_update()

    @property
    @override
    def extra_restore_state_data(self) -> StoredCost:
        """The exact sum."""
        return StoredCost(self.cost, self._currency)

    @property
    @override
    def native_value(self) -> float:
        """The cost, to the hundredth."""
        return round(self.cost, 2)


@callback
def async_remove_cost(hass: HomeAssistant, device_id: str) -> None:
    """Remove the cost of a device with totals from the registry: there is no price any more."""
    registry = er.async_get(hass)
    if entity_id := registry.async_get_entity_id(
        Platform.SENSOR, DOMAIN, f"{device_id}_{TOTAL_COST.key}"
    ):
        registry.async_remove(entity_id)
