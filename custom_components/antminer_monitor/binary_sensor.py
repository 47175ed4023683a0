"""Binary sensors of rigs: what is wrong, and whether the figures are true."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import health
from .coordinator import RigCoordinator
from .entity import RIG, EntityOffers, RigEntity, async_setup_rig_entities, unique_id_of
from .rig import Rig, Status
from .site import AntminerMonitorConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RigBinarySensorDescription(BinarySensorEntityDescription):
    """Describes a binary sensor of a rig."""

    value_fn: Callable[[Rig], bool | None]


def _problem(
    key: str,
    value_fn: Callable[[Rig], bool | None],
    device_class: BinarySensorDeviceClass = BinarySensorDeviceClass.PROBLEM,
) -> RigBinarySensorDescription:
    return RigBinarySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
    )


RIG_BINARY_SENSORS: tuple[RigBinarySensorDescription, ...] = (
    RigBinarySensorDescription(
        key="running",
        translation_key="running",
        device_class=BinarySensorDeviceClass.RUNNING,
        value_fn=lambda rig: rig.status is Status.RUNNING,
    ),
    _problem("overheating", health.overheating, BinarySensorDeviceClass.HEAT),
    _problem("hashrate_low", health.hashrate_low),
    _problem("board_fault", health.board_fault),
    _problem("fan_fault", health.fan_fault),
    _problem("pool_fault", health.pool_fault),
)

STALE = BinarySensorEntityDescription(
    key="stale",
    translation_key="stale",
    device_class=BinarySensorDeviceClass.PROBLEM,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of an entry."""
    await async_setup_rig_entities(
        entry, async_add_entities, partial(_offers, entry.runtime_data.registered_ids)
    )


def _offers(
    registered: frozenset[str], coordinator: RigCoordinator, rig_id: str
) -> EntityOffers:
    yield (
        unique_id_of(rig_id, STALE.key),
        partial(StaleBinarySensor, coordinator, rig_id, STALE, RIG),
    )
    if rig := coordinator.data.get(rig_id):
        for description in RIG_BINARY_SENSORS:
            unique_id = unique_id_of(rig_id, description.key)
            if description.value_fn(rig) is not None or unique_id in registered:
                yield (
                    unique_id,
                    partial(RigBinarySensor, coordinator, rig_id, description, RIG),
                )


class RigBinarySensor(RigEntity[Rig], BinarySensorEntity):
    """Something that is so, or not, with a rig."""

    entity_description: RigBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is so; unknown where the reading cannot tell."""
        rig = self.part
        return self.entity_description.value_fn(rig) if rig else None


class StaleBinarySensor(RigEntity[Rig], BinarySensorEntity):
    """Whether a rig was not seen for longer than the limit; always available, that is its point."""

    _unrecorded_attributes = frozenset({"last_seen", "last_error"})

    @property
    @override
    def available(self) -> bool:
        """Available as long as the integration runs."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Whether the figures of the rig are old, or there never were any."""
        return self.coordinator.is_stale(self.rig_id)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, object] | None:
        """While it is stale: since when, and what the last attempt said."""
        if not self.is_on:
            return None
        failure = self.coordinator.last_failure
        return {
            "last_seen": self.coordinator.last_seen(self.rig_id),
            "last_error": failure.error if failure else None,
        }
