"""Sensors of rigs, of their hashboards, GPUs and fans, and of the fleet."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import RigCoordinator
from .energy import ENERGY, RigEnergySensor
from .entity import (
    BOARD,
    FAN,
    GPU,
    RIG,
    EntityOffers,
    PartKind,
    RigEntity,
    async_setup_rig_entities,
    unique_id_of,
)
from .extra_entities import extra_sensor_offers
from .fleet_sensor import async_setup_fleet_sensors
from .hub import AntminerMonitorConfigEntry
from .rig import Rig
from .sensor_descriptions import BOARD_SENSORS, FAN_SENSORS, GPU_SENSORS, RIG_SENSORS
from .sensor_kinds import RATE, RigSensorDescription, State
from .units import ALGORITHM_NAMES, Grain, rate_unit

PARALLEL_UPDATES = 0

STARTED_AT_TOLERANCE = timedelta(seconds=90)
"""A start that moved by less is the same start: uptimes are whole seconds of a clock that drifts."""

LAST_SEEN = SensorEntityDescription(
    key="last_seen",
    translation_key="last_seen",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
    # A state that changes with every poll: for those who want it.
    entity_registry_enabled_default=False,
)

SECOND_HASHRATE = SensorEntityDescription(
    key="second_hashrate",
    translation_key="second_hashrate",
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=1,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of an entry."""
    await async_setup_rig_entities(
        entry,
        async_add_entities,
        partial(_offers, entry.runtime_data.registered_ids(Platform.SENSOR)),
    )
    async_setup_fleet_sensors(entry, async_add_entities)


def _offers(
    registered: frozenset[str], coordinator: RigCoordinator, rig_id: str
) -> EntityOffers:
    yield (
        unique_id_of(rig_id, LAST_SEEN.key),
        partial(LastSeenSensor, coordinator, rig_id, LAST_SEEN, RIG),
    )
    rig = coordinator.data.get(rig_id)
    if rig is None:
        return
    if rig.power is not None or unique_id_of(rig_id, ENERGY.key) in registered:
        yield (
            unique_id_of(rig_id, ENERGY.key),
            partial(RigEnergySensor, coordinator, rig_id, ENERGY, RIG),
        )
    yield from _offers_of(registered, coordinator, rig, RIG, RIG_SENSORS)
    for algorithm in rig.hashrates:
        if algorithm != rig.algorithm:
            yield (
                unique_id_of(rig_id, f"hashrate_{algorithm}"),
                partial(SecondHashrateSensor, coordinator, rig_id, algorithm),
            )
    yield from _offers_of(registered, coordinator, rig, BOARD, BOARD_SENSORS)
    yield from _offers_of(registered, coordinator, rig, GPU, GPU_SENSORS)
    yield from _offers_of(registered, coordinator, rig, FAN, FAN_SENSORS)
    yield from extra_sensor_offers(registered, coordinator, rig_id)


def _offers_of[PartT](
    registered: frozenset[str],
    coordinator: RigCoordinator,
    rig: Rig,
    kind: PartKind[PartT],
    descriptions: tuple[RigSensorDescription[PartT], ...],
) -> EntityOffers:
    """Offer what the rig reports, and what it reported in an earlier run."""
    for index, part in kind.parts(rig):
        for description in descriptions:
            unique_id = unique_id_of(rig.id, description.key, kind.name, index)
            # Of very many rigs the parts alone would be a hundred thousand entities.
            is_spared = coordinator.allowance is not None and kind.has_device
            if unique_id in registered or (
                not is_spared and description.value_fn(part) is not None
            ):
                yield (
                    unique_id,
                    partial(RigSensor, coordinator, rig.id, description, kind, index),
                )


class _FigureSensor[PartT](RigEntity[PartT], SensorEntity):
    """A sensor whose figure is published anew only when it moved by more than its grain."""

    _published: float | None = None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Publish what the rig says now; what was published does not outlive its reading."""
        if not self.available:
            self._published = None
        super()._handle_coordinator_update()

    def _publish(self, value: float | None, grain: Grain) -> float | None:
        self._published = (
            None if value is None else grain.publish(value, self._published)
        )
        return self._published


class RigSensor[PartT](_FigureSensor[PartT]):
    """A figure of a rig or of one of its parts."""

    entity_description: RigSensorDescription[PartT]
    _unrecorded_attributes = frozenset({"pools", "errors", "chip_map", "programs"})

    def __init__(
        self,
        coordinator: RigCoordinator,
        rig_id: str,
        description: RigSensorDescription[PartT],
        kind: PartKind[PartT],
        index: int | None = None,
    ) -> None:
        """Make the sensor; its unit stays what it is now, for the sake of its statistics."""
        super().__init__(coordinator, rig_id, description, kind, index)
        self._unit = rate_unit(coordinator.data[rig_id])
        if description.unit_fn:
            self._attr_native_unit_of_measurement = description.unit_fn(self._unit)
        self._started_at: datetime | None = None

    @property
    @override
    def available(self) -> bool:
        """Figures are shown only while they are true."""
        return super().available or self._is_starting

    @property
    def _is_starting(self) -> bool:
        return bool(
            self.entity_description.while_starting
        ) and self.coordinator.is_starting(self.rig_id)

    @property
    @override
    def native_value(self) -> State:
        """The figure in the unit that is shown."""
        if self._is_starting:
            return self.entity_description.while_starting
        part = self.part
        value = self.entity_description.value_fn(part) if part is not None else None
        if isinstance(value, datetime):
            return self._steady(value)
        grain = self.entity_description.grain
        if grain is None or isinstance(value, str):
            return value
        if value is not None and self.entity_description.scale_fn:
            value = value / self.entity_description.scale_fn(self._unit)
        return self._publish(value, grain)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, object] | None:
        """What belongs to the figure."""
        part = self.part
        if part is None or self.entity_description.attributes_fn is None:
            return None
        return self.entity_description.attributes_fn(part)

    def _steady(self, moment: datetime) -> datetime:
        if (
            self._started_at is None
            or abs(moment - self._started_at) > STARTED_AT_TOLERANCE
        ):
            self._started_at = moment.replace(microsecond=0)
        return self._started_at


class SecondHashrateSensor(_FigureSensor[Rig]):
    """Hashrate of a rig in an algorithm that it mines beside its main one."""

    def __init__(
        self, coordinator: RigCoordinator, rig_id: str, algorithm: str
    ) -> None:
        """Make the sensor; its unit stays what it is now, for the sake of its statistics."""
        super().__init__(coordinator, rig_id, SECOND_HASHRATE, RIG)
        self._algorithm = algorithm
        self._unit = rate_unit(coordinator.data[rig_id], algorithm)
        self._attr_unique_id = unique_id_of(rig_id, f"hashrate_{algorithm}")
        self._attr_native_unit_of_measurement = self._unit.symbol
        self._attr_translation_placeholders = {
            "algorithm": ALGORITHM_NAMES.get(algorithm, algorithm)
        }

    @property
    @override
    def native_value(self) -> float | None:
        """The figure in the unit that is shown; unknown while it does not mine that."""
        rig = self.part
        rate = rig.hashrates.get(self._algorithm) if rig else None
        return self._publish(None if rate is None else rate / self._unit.scale, RATE)


class LastSeenSensor(RigEntity[Rig], SensorEntity):
    """When a rig was last seen; known also, and above all, while it is gone."""

    @override
    async def async_added_to_hass(self) -> None:
        """Follow every reading, changed figures or not."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_seen_listener(
                self.async_write_ha_state, self.rig_id
            )
        )

    @callback
    def async_entity_id_changed(self, old_entity_id: str) -> None:
        """A new name needs nothing of us."""

    @property
    @override
    def available(self) -> bool:
        """Available as long as the integration runs."""
        return True

    @property
    @override
    def native_value(self) -> datetime | None:
        """The time of the last reading; unknown if there never was one."""
        return self.coordinator.last_seen(self.rig_id)
