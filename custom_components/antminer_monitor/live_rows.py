"""The rows of all rigs, kept up to date while somebody looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.auth import EVENT_USER_UPDATED
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .access import Access, known_rigs
from .const import DOMAIN
from .coordinator import RigCoordinator
from .fleet_rows import FleetRig, Row, fleet_rigs, fleet_row
from .registry import Change, async_registry


@dataclass(slots=True)
class SharedRow:
    """The row of a rig, made once for all who may do the same with it."""

    coordinator: RigCoordinator
    known: FleetRig
    rows: dict[Access, Row] = field(default_factory=dict)

    def row_for(self, access: Access) -> Row:
        """Give the row for somebody with that access: the same object until it changes."""
        if (row := self.rows.get(access)) is None:
            row = self.rows[access] = fleet_row(self.known, access)
        return row


class LiveRows:
    """The rows of all rigs, for as long as somebody looks at them.

    Nothing is computed when something changes: it is noted, and those who look are woken.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Make rows that nobody looks at."""
        self._hass = hass
        self._rows: dict[str, SharedRow] = {}
        self._wakers: dict[object, CALLBACK_TYPE] = {}
        self._followed: dict[RigCoordinator, list[CALLBACK_TYPE]] = {}
        self._changed: set[RigCoordinator] = set()
        self._is_all_changed = True
        self._removers: list[CALLBACK_TYPE] = []

    @callback
    def async_add(self, wake: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``wake`` whenever rows may have changed; returns what ends that."""
        key = object()
        if not self._wakers:
            self._start()
        self._wakers[key] = wake

        def remove() -> None:
            if self._wakers.pop(key, None) and not self._wakers:
                self._stop()

        return remove

    @callback
    def rows(self) -> Mapping[str, SharedRow]:
        """Give the row of every rig as it is now, by the rig's id."""
        present = {
            coordinator
            for entry in self._hass.config_entries.async_loaded_entries(DOMAIN)
            for coordinator in entry.runtime_data.coordinators.values()
        }
        if self._is_all_changed or present != self._followed.keys():
            self._is_all_changed = False
            self._changed.clear()
            self._follow(present)
            rigs = known_rigs(self._hass)
            kept = self._rows
            self._rows = {}
        elif self._changed:
            rigs = {
                rig_id: coordinator
                for coordinator in self._changed
                for rig_id in coordinator.rig_ids
            }
            kept = {}
            for rig_id, row in tuple(self._rows.items()):
                if row.coordinator in self._changed:
                    kept[rig_id] = self._rows.pop(rig_id)
            self._changed.clear()
        else:
            return self._rows
        for known in fleet_rigs(self._hass, rigs):
            if known.id not in self._rows:
                self._rows[known.id] = _renewed(
                    kept.get(known.id), rigs[known.id], known
                )
        return self._rows

    def _start(self) -> None:
        hass = self._hass
        self._is_all_changed = True
        self._removers = [
            async_dispatcher_connect(
                hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed
            ),
            hass.bus.async_listen(
                dr.EVENT_DEVICE_REGISTRY_UPDATED, self._device_changed
            ),
            hass.bus.async_listen(
                er.EVENT_ENTITY_REGISTRY_UPDATED, self._entity_changed
            ),
            hass.bus.async_listen(EVENT_USER_UPDATED, self._user_changed),
            async_registry(hass).async_listen(self._extensions_changed),
        ]

    def _stop(self) -> None:
        for remove in self._removers:
            remove()
        for removers in self._followed.values():
            for remove in removers:
                remove()
        self._removers.clear()
        self._followed.clear()
        self._changed.clear()
        self._rows = {}

    def _follow(self, present: set[RigCoordinator]) -> None:
        """Hear of the readings of every coordinator that there is, and of no other."""
        for coordinator in self._followed.keys() - present:
            for remove in self._followed.pop(coordinator):
                remove()
        for coordinator in present - self._followed.keys():
            note = self._note_of(coordinator)
            self._followed[coordinator] = [
                coordinator.async_add_listener(note),
                coordinator.async_add_seen_listener(note),
            ]

    def _note_of(self, coordinator: RigCoordinator) -> CALLBACK_TYPE:
        def note() -> None:
            self._changed.add(coordinator)
            self._wake()

        return note

    @callback
    def _entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN:
            self._all_changed()

    @callback
    def _device_changed(self, event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        device = dr.async_get(self._hass).async_get(event.data["device_id"])
        # One that is gone may have been ours.
        if device is None or any(item[0] == DOMAIN for item in device.identifiers):
            self._all_changed()

    @callback
    def _entity_changed(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        # Permissions go by entities.
        entity = er.async_get(self._hass).async_get(event.data["entity_id"])
        if entity is None or entity.platform == DOMAIN:
            self._all_changed()

    @callback
    def _user_changed(self, event: Event[dict[str, Any]]) -> None:
        self._wake()

    @callback
    def _extensions_changed(self, change: Change) -> None:
        self._all_changed()

    def _all_changed(self) -> None:
        self._is_all_changed = True
        self._wake()

    def _wake(self) -> None:
        for wake in tuple(self._wakers.values()):
            wake()


def _renewed(
    before: SharedRow | None, coordinator: RigCoordinator, known: FleetRig
) -> SharedRow:
    """Give the row as it is now, with the objects from before where they would say the same."""
    if before is None or before.coordinator is not coordinator:
        return SharedRow(coordinator, known)
    before.known = known
    for access, row in before.rows.items():
        if (now := fleet_row(known, access)) != row:
            before.rows[access] = now
    return before
