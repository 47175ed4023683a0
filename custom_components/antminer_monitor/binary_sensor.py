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
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from . import health
from .coordinator import RigCoordinator
from .devices import fleet_device_info
from .entity import RIG, EntityOffers, RigEntity, async_setup_rig_entities, unique_id_of
from .extra_entities import extra_binary_sensor_offers
from .health import Verdict
from .hub import AntminerMonitorConfigEntry
from .notices import NoticeBoard
from .rig import Rig, Status

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RigBinarySensorDescription(BinarySensorEntityDescription):
    """Describes a binary sensor of a rig."""

    value_fn: Callable[[Rig], bool | None]
    verdict_fn: Callable[[Verdict], bool | None] | None = None
    """Gives the state of one that several readings decide; ``value_fn`` says whether it is there."""
    attributes_fn: Callable[[Rig], Mapping[str, object]] | None = None


def _problem(
    key: str,
    value_fn: Callable[[Rig], bool | None],
    device_class: BinarySensorDeviceClass = BinarySensorDeviceClass.PROBLEM,
    verdict_fn: Callable[[Verdict], bool | None] | None = None,
) -> RigBinarySensorDescription:
    return RigBinarySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
        verdict_fn=verdict_fn,
    )


RIG_BINARY_SENSORS: tuple[RigBinarySensorDescription, ...] = (
    RigBinarySensorDescription(
        key="running",
        translation_key="running",
        device_class=BinarySensorDeviceClass.RUNNING,
        value_fn=lambda rig: rig.status is Status.RUNNING,
    ),
    _problem(
        "overheating",
        health.overheating,
        BinarySensorDeviceClass.HEAT,
        verdict_fn=lambda verdict: verdict.overheating,
    ),
    _problem(
        "hashrate_low",
        health.hashrate_low,
        verdict_fn=lambda verdict: verdict.hashrate_low,
    ),
    _problem("board_fault", health.board_fault),
    _problem("fan_fault", health.fan_fault),
    _problem("pool_fault", health.pool_fault),
    RigBinarySensorDescription(
        key="reported_problem",
        translation_key="reported_problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=health.reported_problem,
        attributes_fn=lambda rig: {"problems": list(rig.problems or ())},
    ),
    RigBinarySensorDescription(
        key="upgrade_available",
        translation_key="upgrade_available",
        device_class=BinarySensorDeviceClass.UPDATE,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda rig: rig.upgrade_available,
        attributes_fn=lambda rig: {
            "installed_version": rig.firmware.version if rig.firmware else None
        },
    ),
)

MAINTENANCE = BinarySensorEntityDescription(
    key="maintenance",
    translation_key="maintenance",
    entity_category=EntityCategory.DIAGNOSTIC,
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
        entry,
        async_add_entities,
        partial(_offers, entry.runtime_data.registered_ids(Platform.BINARY_SENSOR)),
    )

    if (notices := entry.runtime_data.notices) is not None:
        async_add_entities([MaintenanceBinarySensor(notices)])


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
    yield from extra_binary_sensor_offers(registered, coordinator, rig_id)


class RigBinarySensor(RigEntity[Rig], BinarySensorEntity):
    """Something that is so, or not, with a rig."""

    entity_description: RigBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is so; unknown where the reading cannot tell."""
        if (verdict_fn := self.entity_description.verdict_fn) is not None:
            return verdict_fn(self.coordinator.verdict_of(self.rig_id))
        rig = self.part
        return self.entity_description.value_fn(rig) if rig else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, object] | None:
        """What belongs to it."""
        rig = self.part
        if rig is None or self.entity_description.attributes_fn is None:
            return None
        return self.entity_description.attributes_fn(rig)


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
        """Whether the figures of the rig are old, or there never were any; not while it starts as told."""
        return self.coordinator.is_stale(
            self.rig_id
        ) and not self.coordinator.is_starting(self.rig_id)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, object] | None:
        """While it is stale: since when, and what the last attempt said if it failed."""
        if not self.is_on:
            return None
        failure = self.coordinator.failure
        return {
            "last_seen": self.coordinator.last_seen(self.rig_id),
            "last_error": failure.error if failure else None,
        }


class MaintenanceBinarySensor(CoordinatorEntity[NoticeBoard], BinarySensorEntity):
    """Whether a downtime that the source announced is going on."""

    _attr_has_entity_name = True
    _attr_available = True

    def __init__(self, notices: NoticeBoard) -> None:
        """Make the sensor of an entry's notices."""
        super().__init__(notices)
        self.entity_description = MAINTENANCE
        entry_id = notices.config_entry.entry_id
        self._attr_unique_id = f"{entry_id}_{MAINTENANCE.key}"
        self._attr_device_info = fleet_device_info(entry_id)

    @property
    @override
    def is_on(self) -> bool:
        """Whether it is going on."""
        return self.coordinator.current is not None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, object]:
        """What was announced."""
        return {
            "notices": [
                {
                    "title": notice.title,
                    "message": notice.message,
                    "starts": notice.starts,
                    "ends": notice.ends,
                }
                for notice in self.coordinator.data
            ]
        }
