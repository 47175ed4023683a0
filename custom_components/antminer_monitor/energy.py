"""Energy: power over time, kept across restarts, fit for the Energy dashboard."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy
from homeassistant.core import callback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from .entity import FleetEntity, RigEntity
from .fleet import FleetCoordinator
from .rig import Rig

JOULES_IN_KWH = 3.6e6

LONGEST_GAP = timedelta(minutes=30)
"""Of the fleet: totals are added up whenever a rig is read, so a longer gap means that nothing was."""


def _description(key: str) -> SensorEntityDescription:
    return SensorEntityDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=1,
    )


ENERGY = _description("energy")
FLEET_ENERGY = _description("total_energy")


class EnergyMeter:
    """Adds up energy from readings of power."""

    def __init__(self, joules: float = 0.0) -> None:
        """Start at a reading of an earlier run, or at nothing."""
        self.joules = joules
        self._last: tuple[float, float] | None = None

    def read(self, at: float, power: float | None, longest_gap: timedelta) -> None:
        """Take a reading of power, in W, at so many seconds by a clock that is always the same.

        Between two readings the power is taken to have moved evenly. Over a gap, or where
        one of them knows no power, nothing is added: what was used then is not known.
        """
        last, self._last = self._last, (at, power) if power is not None else None
        if last is None or power is None:
            return
        seconds = at - last[0]
        if 0 < seconds <= longest_gap.total_seconds():
            self.joules += (last[1] + power) / 2 * seconds

    def read_fleet(self, coordinator: FleetCoordinator) -> None:
        """Take a reading of the totals as they are now."""
        # Not by the wall clock: setting it makes no energy.
        now = coordinator.hass.loop.time()
        self.read(now, coordinator.data.power, LONGEST_GAP)


@dataclass(frozen=True, slots=True)
class StoredEnergy(ExtraStoredData):
    """The meter's exact reading: the state that is shown is rounded."""

    joules: float

    @override
    def as_dict(self) -> dict[str, Any]:
        """Give what is stored."""
        return {"joules": self.joules}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self | None:
        """Take what was stored; None if it is not a reading."""
        joules = data.get("joules")
        return (
            cls(float(joules))
            if isinstance(joules, int | float) and joules >= 0
            else None
        )


class _EnergySensor(RestoreEntity, SensorEntity):
    """Shows an energy meter and keeps its reading."""

    _meter: EnergyMeter | None = None

    @property
    def meter(self) -> EnergyMeter:
        """The meter; it is the entity's for good, whatever the entity is called."""
        if self._meter is None:
            self._meter = EnergyMeter()
        return self._meter

    @override
    async def async_added_to_hass(self) -> None:
        """Go on from the reading before the restart."""
        await super().async_added_to_hass()
        if self._meter is not None:
            return
        if (stored := await self.async_get_last_extra_data()) and (
            reading := StoredEnergy.from_dict(stored.as_dict())
        ):
            self.meter.joules = reading.joules

    @callback
    def async_entity_id_changed(self, old_entity_id: str) -> None:
        """A new name needs nothing of us."""

    @property
    @override
    def extra_restore_state_data(self) -> StoredEnergy:
        """The exact reading."""
        return StoredEnergy(self.meter.joules)

    @property
    @override
    def native_value(self) -> float:
        """The energy in kWh, in steps that an hour's figure needs and no finer."""
        return round(self.meter.joules / JOULES_IN_KWH, 1)


class RigEnergySensor(RigEntity[Rig], _EnergySensor):
    """Energy that a rig has used since it was added."""

    @override
    async def async_added_to_hass(self) -> None:
        """Read the meter at every reading of the rig, changed figures or not."""
        await super().async_added_to_hass()
        self._read_meter()
        self.async_on_remove(
            self.coordinator.async_add_seen_listener(self._seen, self.rig_id)
        )

    @callback
    def _seen(self) -> None:
        before = self.native_value
        self._read_meter()
        if self.native_value != before:
            self.async_write_ha_state()

    def _read_meter(self) -> None:
        seen = self.coordinator.seen_moment(self.rig_id)
        if seen is not None and (rig := self.part):
            longest_gap = self.coordinator.pacing.stale_after
            self.meter.read(seen, rig.power, longest_gap)


class FleetEnergySensor(FleetEntity, _EnergySensor):
    """Energy that all rigs of an entry have used."""

    @override
    async def async_added_to_hass(self) -> None:
        """Read the meter at every change of the totals."""
        await super().async_added_to_hass()
        self.meter.read_fleet(self.coordinator)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self.meter.read_fleet(self.coordinator)
        super()._handle_coordinator_update()
