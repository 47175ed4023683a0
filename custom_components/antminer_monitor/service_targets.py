"""Which rigs a service call means, and whether its caller may control them."""

import logging

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.target import (
    SelectedEntities,
    TargetSelection,
    async_extract_referenced_entity_ids,
)

from .access import async_require_control, known_rigs
from .const import DOMAIN
from .rig_targets import Rigs, device_of, rigs_meant

_LOGGER = logging.getLogger(__name__)


async def async_rigs_of_call(call: ServiceCall) -> Rigs:
    """Give the rigs that a call means: their coordinators by their ids.

    Raises ServiceValidationError if there are none, and Unauthorized if the caller may not
    control every one of them.
    """
    selection = TargetSelection(call.data)
    rigs = rigs_meant(call.hass, selection, known_rigs(call.hass), _referenced)
    if not rigs:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_rigs"
        )
    await async_require_control(call.hass, call.context, rigs)
    return rigs


def _referenced(hass: HomeAssistant, selection: TargetSelection) -> SelectedEntities:
    referenced = async_extract_referenced_entity_ids(hass, selection)
    missing = {item for item in referenced.referenced if device_of(hass, item) is None}
    referenced.log_missing(missing, _LOGGER)
    return referenced
