"""Sensors of the fleet: totals over all rigs of an entry."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfPower
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .const import CONF_ENERGY_PRICE
from .coordinator import RigCoordinator
from .energy import FLEET_ENERGY, FleetEnergySensor
from .energy_cost import FleetCostSensor, async_remove_cost
from .entity import FleetEntity
from .fleet import Coin, Fleet, FleetCoordinator
from .hub import AntminerMonitorConfigEntry
from .source import Group
from .units import ALGORITHM_NAMES, RateUnit, rate_unit, significant


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
    _fleet_count("rigs_offline", lambda fleet: fleet.offline),
    _fleet_count("rigs_stale", lambda fleet: fleet.stale),
    _fleet_count("rigs_with_problem", lambda fleet: fleet.with_problem),
)


@dataclass(frozen=True, kw_only=True)
class GroupSensorDescription(SensorEntityDescription):
    """Describes a sensor of a farm."""

    value_fn: Callable[[Group], StateType]
    unit_fn: Callable[[Group], str | None] | None = None


GROUP_SENSORS: tuple[GroupSensorDescription, ...] = (
    GroupSensorDescription(
        key="power_cost",
        translation_key="power_cost",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda group: group.power_cost,
        unit_fn=lambda group: f"{group.currency}/h" if group.currency else None,
    ),
    GroupSensorDescription(
        key="accepted_share_ratio",
        translation_key="accepted_share_ratio",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda group: group.accepted_share_ratio,
    ),
)

COIN_HASHRATE = SensorEntityDescription(
    key="coin_hashrate",
    translation_key="coin_hashrate",
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=1,
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
    """Add totals; those of an algorithm or a coin once a rig mines it, the cost with a price."""
    price: float | None = entry.options.get(CONF_ENERGY_PRICE)

    @callback
    def add(fleet: FleetCoordinator) -> CALLBACK_TYPE:
        async_add_entities(
            [
                *(FleetSensor(fleet, description) for description in FLEET_SENSORS),
                FleetEnergySensor(fleet, FLEET_ENERGY),
                *([] if price is None else [FleetCostSensor(fleet, price)]),
            ]
        )
        if price is None:
            async_remove_cost(fleet.hass, fleet.device_id)
        added: set[object] = set()
        known: object = None

        @callback
        def add_new() -> None:
            nonlocal known
            data = fleet.data
            now = (*data.hashrates, *data.coins, data.group is None)
            if now == known:
                return
            known = now
            new: list[SensorEntity] = []
            for key, make in _offers(fleet):
                if key not in added:
                    added.add(key)
                    new.append(make())
            if new:
                async_add_entities(new)

        add_new()
        return fleet.async_add_listener(add_new)

    entry.runtime_data.async_add_fleet_platform(add)


def _offers(
    fleet: FleetCoordinator,
) -> Iterator[tuple[object, Callable[[], SensorEntity]]]:
    """Give what the fleet can tell now, each with a key of its own."""
    units = _fleet_units(fleet.coordinators)
    if units:
        yield (
            "efficiency",
            partial(FleetEfficiencySensor, fleet, next(iter(units.values()))),
        )
    for algorithm, unit in units.items():
        yield algorithm, partial(TotalHashrateSensor, fleet, algorithm, unit)
    for coin in fleet.data.coins:
        if coin[1] in units:
            yield coin, partial(CoinHashrateSensor, fleet, coin, units[coin[1]])
    if group := fleet.data.group:
        for description in GROUP_SENSORS:
            if description.value_fn(group) is not None:
                yield (
                    f"group {description.key}",
                    partial(GroupSensor, fleet, description),
                )


def _fleet_units(coordinators: Iterable[RigCoordinator]) -> dict[str, RateUnit]:
    """Give the unit in which each algorithm of the fleet is shown: that of its largest rig."""
    units: dict[str, RateUnit] = {}
    for coordinator in coordinators:
        for rig in coordinator.data.values():
            for algorithm in rig.hashrates or (
                (rig.algorithm,) if rig.algorithm else ()
            ):
                unit = rate_unit(rig, algorithm)
                units[algorithm] = max(
                    units.get(algorithm, unit), unit, key=lambda known: known.scale
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


class CoinHashrateSensor(FleetEntity, SensorEntity):
    """Hashrate of all rigs that mine one coin."""

    def __init__(
        self, coordinator: FleetCoordinator, coin: Coin, unit: RateUnit
    ) -> None:
        """Make the sensor of a coin, shown in ``unit``."""
        super().__init__(coordinator, COIN_HASHRATE, f"_{coin[0].lower()}_{coin[1]}")
        self._coin = coin
        self._unit = unit
        self._attr_native_unit_of_measurement = unit.symbol
        self._attr_translation_placeholders = {"coin": coin[0]}

    @property
    @override
    def native_value(self) -> float | None:
        """The sum; unknown while no rig that is seen mines the coin."""
        rate = self.coordinator.data.coins.get(self._coin)
        return None if rate is None else significant(rate / self._unit.scale, 4)


class GroupSensor(FleetEntity, SensorEntity):
    """What the source of a farm tells of it as a whole."""

    entity_description: GroupSensorDescription

    def __init__(
        self, coordinator: FleetCoordinator, description: GroupSensorDescription
    ) -> None:
        """Make the sensor; its unit stays what it is now, for the sake of its statistics."""
        super().__init__(coordinator, description)
        group = coordinator.data.group
        if description.unit_fn and group:
            self._attr_native_unit_of_measurement = description.unit_fn(group)

    @property
    @override
    def available(self) -> bool:
        """Figures are shown only while they are true."""
        return super().available and self.coordinator.data.group is not None

    @property
    @override
    def native_value(self) -> StateType:
        """The figure."""
        group = self.coordinator.data.group
        return self.entity_description.value_fn(group) if group else None


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
