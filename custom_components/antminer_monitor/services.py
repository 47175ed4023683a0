"""Services that tell rigs what to do, from automations and by hand."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import (
    async_register_admin_service,
    async_set_service_schema,
)
from homeassistant.helpers.typing import VolDictType
import probatio

from .command import Command, Outcome, Result
from .const import DOMAIN
from .control import Order, async_control
from .coordinator import RigCoordinator
from .registry import Change, async_registry
from .service_commands import ATTR_STAGGER, SERVICES, Decide, Service
from .service_targets import async_rigs_of_call

MAX_STAGGER: Final = 600
"""Seconds."""

COMMON_FIELDS: VolDictType = {
    probatio.Optional(ATTR_STAGGER, default=0.0): probatio.All(
        probatio.Coerce(float), probatio.Range(min=0, max=MAX_STAGGER)
    ),
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the services, once for all entries, and those of extensions as they come and go."""
    registry = async_registry(hass)
    for service in (*SERVICES, *registry.services):
        _register(hass, service)

    @callback
    def follow(change: Change) -> None:
        for service in change.removed.services if change.removed else ():
            hass.services.async_remove(DOMAIN, service.name)
        for service in change.added.services if change.added else ():
            _register(hass, service)

    registry.async_listen(follow)


def _register(hass: HomeAssistant, service: Service) -> None:
    handle = partial(_async_handle, service)
    schema = cv.make_entity_service_schema({**COMMON_FIELDS, **service.fields})
    response = SupportsResponse.OPTIONAL
    if service.admin_only:
        async_register_admin_service(
            hass, DOMAIN, service.name, handle, schema, response
        )
    else:
        hass.services.async_register(DOMAIN, service.name, handle, schema, response)
    if service.description is not None:
        async_set_service_schema(
            hass, DOMAIN, service.name, {"target": {}, **service.description}
        )


async def _async_handle(service: Service, call: ServiceCall) -> ServiceResponse:
    """Tell the rigs that a call means; what became of each is the response, or the error."""
    rigs = await async_rigs_of_call(call)
    decide = service.prepare(call, rigs)
    orders = [
        _order(service.action, decide, coordinator, rig_id)
        for rig_id, coordinator in rigs.items()
    ]
    outcomes = await async_control(
        call.hass, orders, context=call.context, stagger=call.data[ATTR_STAGGER]
    )
    if not call.return_response:
        _raise_if_failed(orders, outcomes)
        return None
    return {
        "rigs": [
            {
                "rig": order.rig_id,
                "name": order.name,
                "device_id": order.device_id,
                "result": outcome.result.value,
                "command_ids": list(outcome.command_ids),
                "error": order.reason(outcome) or None,
            }
            for order, outcome in zip(orders, outcomes, strict=True)
        ]
    }


def _order(
    action: str, decide: Decide, coordinator: RigCoordinator, rig_id: str
) -> Order:
    try:
        command, refusal = decide(coordinator.data.get(rig_id)), None
    except ValueError as err:
        command, refusal = Command(action=action), str(err)
    return Order(
        coordinator=coordinator, rig_id=rig_id, command=command, refusal=refusal
    )


def _raise_if_failed(orders: Sequence[Order], outcomes: Sequence[Outcome]) -> None:
    """Raise HomeAssistantError if a rig could not be told, naming every such rig."""
    failed: dict[str, list[str]] = {}
    for order, outcome in zip(orders, outcomes, strict=True):
        if outcome.result is Result.FAILED:
            failed.setdefault(order.reason(outcome), []).append(order.name)
    if failed:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="commands_failed",
            translation_placeholders={
                "failed": str(sum(map(len, failed.values()))),
                "total": str(len(orders)),
                "reasons": "; ".join(
                    f"{', '.join(names)}: {reason}" for reason, names in failed.items()
                ),
            },
        )
