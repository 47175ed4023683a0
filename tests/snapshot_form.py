"""The form of snapshots: Home Assistant's own, without what only a later Home Assistant has."""

from typing import override

from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.syrupy import (
    HomeAssistantSnapshotExtension,
    HomeAssistantSnapshotSerializer,
)
from syrupy.extensions.amber import AmberDataSerializer
from syrupy.types import SerializableData

FIELDS = {
    *("aliases", "area_id", "capabilities", "config_entry_id", "config_subentry_id"),
    *("device_class", "device_id", "disabled_by", "domain", "entity_category"),
    *("entity_id", "has_entity_name", "hidden_by", "icon", "id", "labels", "name"),
    *("object_id_base", "options", "original_device_class", "original_icon"),
    *("original_name", "platform", "previous_unique_id", "suggested_object_id"),
    *("supported_features", "translation_key", "unique_id", "unit_of_measurement"),
}
"""Of an entity's entry in the registry; all of them are compared, on whatever Home Assistant."""


class _Serializer(HomeAssistantSnapshotSerializer):  # type: ignore[misc]  # the test package has no types
    @classmethod
    @override
    def _serializable_entity_registry_entry(
        cls, data: er.RegistryEntry
    ) -> SerializableData:
        entry = super()._serializable_entity_registry_entry(data)
        for field in entry.keys() - FIELDS:
            del entry[field]
        return entry


class SnapshotExtension(HomeAssistantSnapshotExtension):  # type: ignore[misc]  # the test package has no types
    """Home Assistant's, for tests that run on several versions of it."""

    serializer_class: type[AmberDataSerializer] = _Serializer
