"""Which rigs a target means, whether of an action, a trigger or a condition; now and later."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import CALLBACK_TYPE, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.target import (
    SelectedEntities,
    TargetSelection,
    async_extract_referenced_entity_ids,
)

from .access import known_rigs
from .const import DOMAIN
from .coordinator import RigCoordinator
from .devices import rig_id_of

SETTLE: Final = 1.0
"""Seconds after a change of the registries: those of a whole farm come by the thousand."""

type Rigs = Mapping[str, RigCoordinator]
"""Rigs of entries that are loaded: their coordinators by their ids."""


type Extract = Callable[[HomeAssistant, TargetSelection], SelectedEntities]
"""Gives what a target names, and what that stands for."""


@callback
def async_rigs_of_target(hass: HomeAssistant, selection: TargetSelection) -> Rigs:
    """Give the rigs that the target of a trigger or of a condition means."""
    return rigs_meant(hass, selection, known_rigs(hass), _referenced)


def _referenced(hass: HomeAssistant, selection: TargetSelection) -> SelectedEntities:
    return async_extract_referenced_entity_ids(
        hass, selection, expand_group=False, primary_entities_only=False
    )


def rigs_meant(
    hass: HomeAssistant, selection: TargetSelection, known: Rigs, extract: Extract
) -> Rigs:
    """Give those of the rigs that are known that a target means.

    A rig is meant by its device, by that of one of its parts, or by an entity of these. The
    device of a site, a farm or an account means all its rigs where it is named itself or
    has the label that is named; as part of an area it means none.
    """
    wanted = _ids_of(hass, selection, known, extract)
    # Home Assistant has it from 2026.11 on.
    excluded: TargetSelection | None = getattr(selection, "exclude", None)
    if excluded is not None:
        wanted -= _ids_of(hass, excluded, known, extract)
    return {
        rig_id: coordinator for rig_id, coordinator in known.items() if rig_id in wanted
    }


def _ids_of(
    hass: HomeAssistant, selection: TargetSelection, known: Rigs, extract: Extract
) -> set[str]:
    devices = dr.async_get(hass)
    referenced = extract(hass, selection)
    device_ids = set(referenced.referenced_devices)
    for entity_id in referenced.referenced | referenced.indirectly_referenced:
        if device_id := device_of(hass, entity_id):
            device_ids.add(device_id)
    named = selection.device_ids | {
        device.id
        for label_id in selection.label_ids
        for device in dr.async_entries_for_label(devices, label_id)
    }
    groups: set[str] = set()
    wanted: set[str] = set()
    for device_id in device_ids:
        for identifier in _identifiers(devices, device_id):
            wanted.add(rig_id_of(identifier))
            if device_id in named:
                groups.add(identifier)
    return {
        rig_id
        for rig_id, coordinator in known.items()
        if rig_id in wanted
        or coordinator.origin.device_id in groups
        or coordinator.config_entry.entry_id in groups
    }


def device_of(hass: HomeAssistant, entity_id: str) -> str | None:
    """Give the id of the device that one of our entities belongs to."""
    entry = er.async_get(hass).async_get(entity_id)
    return entry.device_id if entry and entry.platform == DOMAIN else None


def _identifiers(devices: dr.DeviceRegistry, device_id: str) -> Iterator[str]:
    device = devices.async_get(device_id)
    for domain, identifier in device.identifiers if device else ():
        if domain == DOMAIN:
            yield identifier


class TargetFollower:
    """Follows which rigs a target means, while devices come and go and entries reload."""

    def __init__(
        self,
        hass: HomeAssistant,
        selection: TargetSelection,
        listener: Callable[[Rigs], None],
    ) -> None:
        """Have ``listener`` called with the rigs, at the start and when these or their entities may be others."""
        self._hass = hass
        self._selection = selection
        self._listener = listener
        self._timer: CALLBACK_TYPE | None = None
        self._remove: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Begin."""
        listen = self._hass.bus.async_listen
        self._remove = [
            listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._registry_changed),
            listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self._registry_changed),
            listen(ar.EVENT_AREA_REGISTRY_UPDATED, self._registry_changed),
            async_dispatcher_connect(
                self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed
            ),
        ]
        self._resolve()

    @callback
    def async_stop(self) -> None:
        """End."""
        for remove in self._remove:
            remove()
        self._remove.clear()
        self._cancel_timer()

    @callback
    def _registry_changed(self, _event: Event[Any]) -> None:
        if self._timer is None:
            self._timer = async_call_later(
                self._hass, SETTLE, HassJob(self._settled, cancel_on_shutdown=True)
            )

    @callback
    def _settled(self, _now: object) -> None:
        self._timer = None
        self._resolve()

    @callback
    def _entry_changed(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN:
            self._resolve()

    def _resolve(self) -> None:
        self._listener(async_rigs_of_target(self._hass, self._selection))

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None
