"""Sensors and binary sensors that extensions add to rigs."""

from collections.abc import Iterator
from functools import partial
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.const import MAX_LENGTH_STATE_STATE, EntityCategory

from .coordinator import RigCoordinator
from .entity import RIG, EntityOffers, RigEntity, unique_id_of
from .extension import ExtraBinarySensor, ExtraSensor
from .registry import Registry, async_registry
from .rig import Extra, Rig

MOST: Final = 1e100
"""No figure of a rig is as far from zero, and a state has no room for all its digits."""


def extra_sensor_offers(
    registered: frozenset[str], coordinator: RigCoordinator, rig_id: str
) -> EntityOffers:
    """Offer the extra sensors of a rig: those it tells, and told in an earlier run."""
    registry = async_registry(coordinator.hass)
    for key, unique_id in _keys(registry, registered, coordinator, rig_id):
        if described := registry.sensor(key):
            yield (
                unique_id,
                partial(RigExtraSensor, coordinator, rig_id, key, described),
            )


def extra_binary_sensor_offers(
    registered: frozenset[str], coordinator: RigCoordinator, rig_id: str
) -> EntityOffers:
    """Offer the extra binary sensors of a rig, in the same way."""
    registry = async_registry(coordinator.hass)
    for key, unique_id in _keys(registry, registered, coordinator, rig_id):
        if described := registry.binary_sensor(key):
            yield (
                unique_id,
                partial(RigExtraBinarySensor, coordinator, rig_id, key, described),
            )


def _keys(
    registry: Registry,
    registered: frozenset[str],
    coordinator: RigCoordinator,
    rig_id: str,
) -> Iterator[tuple[str, str]]:
    rig = coordinator.data.get(rig_id)
    told = rig.extras if rig else {}
    for key in registry.extra_keys():
        unique_id = unique_id_of(rig_id, key)
        if key in told or unique_id in registered:
            yield key, unique_id


class _RigExtra(RigEntity[Rig]):
    """Something that an extension tells of a rig."""

    _key: str

    def _describe(self, described: ExtraSensor | ExtraBinarySensor) -> None:
        # Translations of an entity are those of its integration: an extension brings its own.
        language = self.coordinator.hass.config.language
        self._attr_name = (
            described.names.get(language)
            or described.names.get(language.partition("-")[0])
            or described.name
        )
        self._attr_icon = described.icon

    @property
    def _value(self) -> Extra | None:
        rig = self.part
        return rig.extras.get(self._key) if rig else None


class RigExtraSensor(_RigExtra, SensorEntity):
    """A figure that an extension tells of a rig."""

    def __init__(
        self,
        coordinator: RigCoordinator,
        rig_id: str,
        key: str,
        described: ExtraSensor,
    ) -> None:
        """Make the sensor."""
        super().__init__(
            coordinator,
            rig_id,
            SensorEntityDescription(
                key=key,
                device_class=described.device_class,
                state_class=described.state_class,
                native_unit_of_measurement=described.unit,
                suggested_display_precision=described.digits,
                entity_category=EntityCategory.DIAGNOSTIC
                if described.is_diagnostic
                else None,
                entity_registry_enabled_default=described.is_enabled,
            ),
            RIG,
        )
        self._key = key
        self._described = described
        self._describe(described)

    @property
    @override
    def native_value(self) -> float | int | str | None:
        """The figure; unknown where it is not told, or is no number where one is expected."""
        value = self._value
        if isinstance(value, str) and not self._described.is_number:
            # Half a surrogate pair could not be sent or recorded, nor all that goes with it.
            return value.encode(errors="replace").decode()[:MAX_LENGTH_STATE_STATE]
        # What is no number is not between them either.
        if isinstance(value, bool | str | None) or not -MOST < value < MOST:
            return None
        digits = self._described.digits
        return value if digits is None else round(value, digits or None)


class RigExtraBinarySensor(_RigExtra, BinarySensorEntity):
    """Something that an extension finds to be so with a rig, or not."""

    def __init__(
        self,
        coordinator: RigCoordinator,
        rig_id: str,
        key: str,
        described: ExtraBinarySensor,
    ) -> None:
        """Make the binary sensor."""
        super().__init__(
            coordinator,
            rig_id,
            BinarySensorEntityDescription(
                key=key,
                device_class=described.device_class,
                entity_category=EntityCategory.DIAGNOSTIC
                if described.is_diagnostic
                else None,
                entity_registry_enabled_default=described.is_enabled,
            ),
            RIG,
        )
        self._key = key
        self._describe(described)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is so; unknown where it is not told."""
        value = self._value
        return value if isinstance(value, bool) else None
