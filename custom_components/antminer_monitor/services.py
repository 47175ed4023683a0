"""Services that tell rigs what to do, from automations and by hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
import json
from typing import Final, cast

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.helpers.typing import VolDictType
import probatio

from .command import Action, Choice, Command, Outcome, Result
from .const import CONF_ALLOW_EXEC, DOMAIN
from .control import Order, async_control
from .coordinator import RigCoordinator
from .json_value import Json
from .rig import Rig
from .service_targets import async_rigs_of_call

SERVICE_UPDATE_WORKER: Final = "hiveos_update_worker"
SERVICE_EXECUTE: Final = "hiveos_exec"

MAX_STAGGER: Final = 600
"""Seconds."""

ATTR_COMMAND: Final = "command"
ATTR_NAME: Final = "name"
ATTR_DESCRIPTION: Final = "description"
ATTR_STAGGER: Final = "stagger"
ATTR_TAG_UPDATE_MODE: Final = "tag_update_mode"
ATTR_WAKEALARM: Final = "wakealarm"


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that a rig can be set to one of its choices of."""

    action: Action
    field: str
    """Of the service: the name or the id of a choice."""
    name: str
    """In an error."""
    choices: Callable[[Rig], tuple[Choice, ...]]


SETTINGS = (
    Setting(
        Action.SET_FLIGHT_SHEET,
        "flight_sheet",
        "flight sheet",
        lambda rig: rig.flight_sheets,
    ),
    Setting(
        Action.SET_OVERCLOCK,
        "overclock",
        "overclocking profile",
        lambda rig: rig.overclocks,
    ),
    Setting(Action.SET_POWER_MODE, "mode", "power mode", lambda rig: rig.power_modes),
)


def _json(value: object) -> Json:
    """Validate an object or a list of what JSON can hold."""
    if not isinstance(value, dict | list):
        raise probatio.Invalid("expected an object or a list")
    try:
        return cast("Json", json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError) as err:
        raise probatio.Invalid(f"it cannot be sent: {err}") from err


_TEXT = probatio.All(cv.string, probatio.Length(min=1))

COMMON_FIELDS: VolDictType = {
    probatio.Optional(ATTR_STAGGER, default=0.0): probatio.All(
        probatio.Coerce(float), probatio.Range(min=0, max=MAX_STAGGER)
    ),
}

WORKER_FIELDS: VolDictType = {
    probatio.Optional(ATTR_NAME): probatio.All(_TEXT, probatio.Length(max=50)),
    probatio.Optional(ATTR_DESCRIPTION): probatio.All(
        cv.string, probatio.Length(max=255)
    ),
    probatio.Optional("active"): cv.boolean,
    probatio.Optional("tag_ids"): probatio.All(
        cv.ensure_list, [probatio.All(probatio.Coerce(int), probatio.Range(min=1))]
    ),
    probatio.Optional(ATTR_TAG_UPDATE_MODE): probatio.In(["add", "remove", "replace"]),
    probatio.Optional("watchdog"): _json,
    probatio.Optional("options"): _json,
    probatio.Optional("autofan"): _json,
    probatio.Optional("miners_config"): _json,
    probatio.Optional("hardware_power_draw"): probatio.All(
        probatio.Coerce(int), probatio.Range(min=0, max=100_000)
    ),
    probatio.Optional("psu_efficiency"): probatio.All(
        probatio.Coerce(int), probatio.Range(min=1, max=100)
    ),
}
"""What can be changed of a worker, in the words of the HiveOS API."""

type Rigs = Mapping[str, RigCoordinator]
"""Coordinators by the ids of their rigs."""

type Decide = Callable[[Rig | None], Command]
"""Gives the command for a rig, or for one that was never read.

Raises ValueError with the reason if there is none for it.
"""

type Prepare = Callable[[ServiceCall, Rigs], Decide]
"""Looks at a call as a whole; raises ServiceValidationError if it cannot be carried out."""


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the services, once for all entries."""

    def register(
        name: str,
        action: Action,
        prepare: Prepare,
        fields: VolDictType | None = None,
        *,
        admin_only: bool = False,
    ) -> None:
        handle = partial(_async_handle, action, prepare)
        schema = cv.make_entity_service_schema({**COMMON_FIELDS, **(fields or {})})
        response = SupportsResponse.OPTIONAL
        if admin_only:
            async_register_admin_service(hass, DOMAIN, name, handle, schema, response)
        else:
            hass.services.async_register(DOMAIN, name, handle, schema, response)

    for action in (
        Action.RESTART_MINING,
        Action.PAUSE_MINING,
        Action.RESUME_MINING,
        Action.REBOOT,
        Action.UPGRADE,
    ):
        register(action, action, partial(_plain, action))
    register(
        Action.SHUTDOWN,
        Action.SHUTDOWN,
        _shutdown,
        {probatio.Optional(ATTR_WAKEALARM): cv.boolean},
    )
    for setting in SETTINGS:
        register(
            setting.action,
            setting.action,
            partial(_set, setting),
            {probatio.Required(setting.field): _TEXT},
        )
    register(
        SERVICE_UPDATE_WORKER,
        Action.UPDATE_SETTINGS,
        _update_worker,
        WORKER_FIELDS,
        admin_only=True,
    )
    register(
        SERVICE_EXECUTE,
        Action.EXECUTE,
        _execute,
        {probatio.Required(ATTR_COMMAND): _TEXT},
        admin_only=True,
    )


async def _async_handle(
    action: Action, prepare: Prepare, call: ServiceCall
) -> ServiceResponse:
    """Tell the rigs that a call means; what became of each is the response, or the error."""
    rigs = await async_rigs_of_call(call)
    decide = prepare(call, rigs)
    orders = [
        _order(action, decide, coordinator, rig_id)
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
    action: Action, decide: Decide, coordinator: RigCoordinator, rig_id: str
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


def _plain(action: Action, call: ServiceCall, rigs: Rigs) -> Decide:
    command = Command(action=action)
    return lambda rig: command


def _shutdown(call: ServiceCall, rigs: Rigs) -> Decide:
    wake = call.data.get(ATTR_WAKEALARM)
    command = Command(
        action=Action.SHUTDOWN, data={ATTR_WAKEALARM: True} if wake else {}
    )
    return lambda rig: command


def _set(setting: Setting, call: ServiceCall, rigs: Rigs) -> Decide:
    wanted: str = call.data[setting.field]

    def decide(rig: Rig | None) -> Command:
        choices = setting.choices(rig) if rig else ()
        found = (
            [choice for choice in choices if choice.id == wanted]
            or [choice for choice in choices if choice.name == wanted]
            or [
                choice
                for choice in choices
                if choice.name.casefold() == wanted.casefold()
            ]
        )
        if not found:
            raise ValueError(f"it has no {setting.name} {wanted}")
        if len(found) > 1:
            ids = ", ".join(choice.id for choice in found)
            raise ValueError(
                f"it has more than one {setting.name} {wanted}: give one of the ids {ids}"
            )
        return Command(action=setting.action, value=found[0].id)

    return decide


def _update_worker(call: ServiceCall, rigs: Rigs) -> Decide:
    fields = {str(field) for field in WORKER_FIELDS}
    data: dict[str, Json] = {
        key: value for key, value in call.data.items() if key in fields
    }
    if not data.keys() - {ATTR_TAG_UPDATE_MODE}:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nothing_to_change"
        )
    if len(rigs) > 1 and data.keys() & {ATTR_NAME, ATTR_DESCRIPTION}:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="one_rig_only"
        )
    command = Command(action=Action.UPDATE_SETTINGS, data=data)
    return lambda rig: command


def _execute(call: ServiceCall, rigs: Rigs) -> Decide:
    entries = {coordinator.config_entry for coordinator in rigs.values()}
    forbidden = sorted(
        entry.title for entry in entries if not entry.options.get(CONF_ALLOW_EXEC)
    )
    if forbidden:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="exec_off",
            translation_placeholders={"entries": ", ".join(forbidden)},
        )
    command = Command(action=Action.EXECUTE, value=call.data[ATTR_COMMAND])
    return lambda rig: command
