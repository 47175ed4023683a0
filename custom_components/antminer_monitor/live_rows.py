"""The rows of all rigs, kept up to date while somebody looks at them."""

from collections.abc import Iterable, Mapping
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
        self._wakers: dict[CALLBACK_TYPE, dict[str, None] | None] = {}
        """Those who look, and of which rigs they have not seen the rows since they changed; None: of any."""
        self._followed: dict[RigCoordinator, list[CALLBACK_TYPE]] = {}
        self._rig_ids: dict[RigCoordinator, tuple[str, ...]] = {}
        self._changed: dict[RigCoordinator, None] = {}
        self._is_all_changed = True
        self._removers: list[CALLBACK_TYPE] = []

    @callback
    def async_add(self, wake: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``wake`` whenever rows may have changed; returns what ends that."""
        if not self._wakers:
            self._start()
        self._wakers[wake] = None

        def remove() -> None:
            if wake in self._wakers:
                del self._wakers[wake]
                if not self._wakers:
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
        if (
            self._is_all_changed
            or present != self._followed.keys()
            or any(known.rig_ids != self._rig_ids[known] for known in self._changed)
        ):
            self._renew_all(present)
        elif self._changed:
            self._renew_changed()
        return self._rows

    @callback
    def unseen(self, wake: CALLBACK_TYPE) -> Iterable[str] | None:
        """Give the rigs whose rows may have changed since ``wake`` last asked; None: any, and which there are.

        It is for use right after ``rows``.
        """
        changed = self._wakers[wake]
        self._wakers[wake] = {}
        return changed

    def _renew_all(self, present: set[RigCoordinator]) -> None:
        self._is_all_changed = False
        self._changed.clear()
        self._follow(present)
        self._rig_ids = {coordinator: coordinator.rig_ids for coordinator in present}
        rigs = known_rigs(self._hass)
        self._rows = {
            known.id: _renewed(self._rows.get(known.id), rigs[known.id], known)
            for known in fleet_rigs(self._hass, rigs)
        }
        self._wakers = dict.fromkeys(self._wakers)

    def _renew_changed(self) -> None:
        rigs = {
            rig_id: coordinator
            for coordinator in self._changed
            for rig_id in self._rig_ids[coordinator]
            if self._rows[rig_id].coordinator is coordinator
        }
        self._changed.clear()
        for known in fleet_rigs(self._hass, rigs):
            self._rows[known.id] = _renewed(self._rows[known.id], rigs[known.id], known)
        for unseen in self._wakers.values():
            if unseen is not None:
                unseen.update(dict.fromkeys(rigs))

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
        self._rig_ids.clear()
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
            self._changed[coordinator] = None
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
        # Whoever may see others now has not seen them.
        self._wakers = dict.fromkeys(self._wakers)
        self._wake()

    @callback
    def _extensions_changed(self, change: Change) -> None:
        self._all_changed()

    def _all_changed(self) -> None:
        self._is_all_changed = True
        self._wake()

    def _wake(self) -> None:
        for wake in tuple(self._wakers):
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
