"""Sensors of the fleet: totals over all rigs of an entry."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfPower
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import RigCoordinator
from .energy import FLEET_ENERGY, FleetEnergySensor
from .entity import FleetEntity
from .fleet import Fleet, FleetCoordinator
from .site import AntminerMonitorConfigEntry
from .units import RateUnit, rate_unit, significant


@dataclass(frozen=True, kw_only=True)
class FleetSensorDescription(SensorEntityDescription):
    """Describes a sensor of the fleet."""

    value_fn: Callable[[Fleet], StateType]


def _fleet_count(
    key: str, value_fn: Callable[[Fleet], int], category: EntityCategory | None = None
) -> FleetSensorDescription:
    return FleetSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=category,
        value_fn=value_fn,
    )


FLEET_SENSORS: tuple[FleetSensorDescription, ...] = (
    FleetSensorDescription(
        key="total_power",
        translation_key="total_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda fleet: (
            None if fleet.power is None else significant(fleet.power, 3)
        ),
    ),
    _fleet_count("rigs", lambda fleet: fleet.rigs, EntityCategory.DIAGNOSTIC),
    _fleet_count("rigs_online", lambda fleet: fleet.online),
    _fleet_count("rigs_stale", lambda fleet: fleet.stale),
    _fleet_count("rigs_with_problem", lambda fleet: fleet.with_problem),
)

TOTAL_HASHRATE = SensorEntityDescription(
    key="total_hashrate",
    translation_key="total_hashrate",
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=1,
)

FLEET_EFFICIENCY = SensorEntityDescription(
    key="efficiency",
    translation_key="efficiency",
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=1,
)


@callback
def async_setup_fleet_sensors(
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the totals; those of an algorithm once a rig of it is known."""
    site = entry.runtime_data
    async_add_entities(
        [
            *(FleetSensor(site.fleet, description) for description in FLEET_SENSORS),
            FleetEnergySensor(site.fleet, FLEET_ENERGY),
        ]
    )
    added: set[str] = set()

    @callback
    def add_algorithms() -> None:
        new: list[SensorEntity] = []
        for algorithm, unit in _fleet_units(site.coordinators.values()).items():
            if algorithm not in added:
                if not added:
                    new.append(FleetEfficiencySensor(site.fleet, unit))
                added.add(algorithm)
                new.append(TotalHashrateSensor(site.fleet, algorithm, unit))
        if new:
            async_add_entities(new)

    add_algorithms()
    entry.async_on_unload(site.fleet.async_add_listener(add_algorithms))


def _fleet_units(coordinators: Iterable[RigCoordinator]) -> dict[str, RateUnit]:
    """Give the unit in which each algorithm of the fleet is shown: that of its largest rig."""
    units: dict[str, RateUnit] = {}
    for coordinator in coordinators:
        for rig in coordinator.data.values():
            if rig.algorithm:
                unit = rate_unit(rig)
                units[rig.algorithm] = max(
                    units.get(rig.algorithm, unit), unit, key=lambda known: known.scale
                )
    return units


class FleetSensor(FleetEntity, SensorEntity):
    """A total over all rigs."""

    entity_description: FleetSensorDescription

    @property
    @override
    def native_value(self) -> StateType:
        """The total; unknown while no rig tells."""
        return self.entity_description.value_fn(self.coordinator.data)


class TotalHashrateSensor(FleetEntity, SensorEntity):
    """Hashrate of all rigs of one algorithm."""

    def __init__(
        self, coordinator: FleetCoordinator, algorithm: str, unit: RateUnit
    ) -> None:
        """Make the sensor of an algorithm, shown in ``unit``."""
        super().__init__(coordinator, TOTAL_HASHRATE, f"_{algorithm}")
        self._algorithm = algorithm
        self._unit = unit
        self._attr_native_unit_of_measurement = unit.symbol
        self._attr_translation_placeholders = {
            "algorithm": ALGORITHM_NAMES.get(algorithm, algorithm)
        }

    @property
    @override
    def native_value(self) -> float | None:
        """The sum; unknown while no rig of the algorithm is seen."""
        rate = self.coordinator.data.hashrates.get(self._algorithm)
        return None if rate is None else significant(rate / self._unit.scale, 4)


class FleetEfficiencySensor(FleetEntity, SensorEntity):
    """Energy per hash over all rigs, where they share one algorithm."""

    def __init__(self, coordinator: FleetCoordinator, unit: RateUnit) -> None:
        """Make the sensor, shown per ``unit`` of work."""
        super().__init__(coordinator, FLEET_EFFICIENCY)
        self._unit = unit
        self._attr_native_unit_of_measurement = f"J/{unit.work}"

    @property
    @override
    def native_value(self) -> float | None:
        """Joules per unit of work; unknown for a mixed fleet, or while any power is unknown."""
        efficiency = self.coordinator.data.efficiency
        return (
            None
            if efficiency is None
            else significant(efficiency * self._unit.scale, 3)
        )


ALGORITHM_NAMES: Mapping[str, str] = {
    "sha256d": "SHA-256",
    "scrypt": "Scrypt",
    "x11": "X11",
    "ethash": "Ethash",
    "etchash": "Etchash",
    "equihash": "Equihash",
    "kheavyhash": "kHeavyHash",
    "blake2s": "Blake2s",
    "eaglesong": "Eaglesong",
    "handshake": "Handshake",
    "randomx": "RandomX",
}
"""Proper names, the same in every language."""
