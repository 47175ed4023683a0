"""Which rigs a service call means, and whether its caller may control them."""

import logging

from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.target import (
    TargetSelection,
    async_extract_referenced_entity_ids,
)

from .access import async_require_control, known_rigs
from .const import DOMAIN
from .coordinator import RigCoordinator
from .devices import rig_id_of

_LOGGER = logging.getLogger(__name__)


async def async_rigs_of_call(call: ServiceCall) -> dict[str, RigCoordinator]:
    """Give the rigs that a call means: their coordinators by their ids.

    A rig is meant by its device, by that of one of its parts, or by an entity of these. The
    device of a site, a farm or an account means all its rigs where it is named itself or
    has the label that is named; as part of an area it means none.

    Raises ServiceValidationError if there are none, and Unauthorized if the caller may not
    control every one of them.
    """
    known = known_rigs(call.hass)
    wanted = _wanted(call, known)
    rigs = {
        rig_id: coordinator for rig_id, coordinator in known.items() if rig_id in wanted
    }
    if not rigs:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_rigs"
        )
    await async_require_control(call.hass, call.context, rigs)
    return rigs


def _wanted(call: ServiceCall, known: dict[str, RigCoordinator]) -> set[str]:
    devices = dr.async_get(call.hass)
    entities = er.async_get(call.hass)
    groups: dict[str, list[str]] = {}
    for rig_id, coordinator in known.items():
        groups.setdefault(coordinator.config_entry.entry_id, []).append(rig_id)
        groups.setdefault(coordinator.origin.device_id, []).append(rig_id)
    selection = TargetSelection(call.data)
    named = selection.device_ids | {
        device.id
        for label_id in selection.label_ids
        for device in dr.async_entries_for_label(devices, label_id)
    }

    def rigs_of(device_id: str) -> set[str]:
        found: set[str] = set()
        device = devices.async_get(device_id)
        for domain, identifier in device.identifiers if device else ():
            if domain != DOMAIN:
                continue
            if (rig_id := rig_id_of(identifier)) in known:
                found.add(rig_id)
            if device_id in named:
                found.update(groups.get(identifier, ()))
        return found

    referenced = async_extract_referenced_entity_ids(call.hass, selection)
    wanted = {
        rig_id
        for device_id in referenced.referenced_devices
        for rig_id in rigs_of(device_id)
    }
    unknown: set[str] = set()
    for entity_id in referenced.referenced | referenced.indirectly_referenced:
        entry = entities.async_get(entity_id)
        if entry and entry.platform == DOMAIN and entry.device_id:
            wanted |= rigs_of(entry.device_id)
        elif entity_id in referenced.referenced:
            unknown.add(entity_id)
    referenced.log_missing(unknown, _LOGGER)
    return wanted
