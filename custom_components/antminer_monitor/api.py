"""The REST API: rigs, sites and farms, the log, and commands for rigs.

``docs/openapi.yaml`` describes it. Home Assistant says who asks; what may be seen and told
is what that user may see and tell elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web
from homeassistant.auth.models import User
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
import probatio

from .access import Access, access_of, known_rigs, reads_everything, services_by_action
from .api_answers import RequestError, answer, answers, read_object, render, result
from .command import Action, Result
from .const import DOMAIN
from .farm_items import farm_items
from .fleet_rows import FleetRig, Row, fleet_rigs, rig_item
from .json_value import Json
from .log_lines import async_log_lines
from .rig import Status
from .service_commands import ATTR_DUTY, ATTR_WATTS, SERVICES, SETTINGS, Service
from .services import COMMON_FIELDS

PATH: Final = f"/api/{DOMAIN}"

ATTR_COMMAND: Final = "command"
ATTR_PARAMETERS: Final = "parameters"
"""For parameters that are named like one of these two."""

_SIGNATURE: Final = "authSig"
"""Of a path that Home Assistant signed."""

_BOOLEANS: Final = {"true": True, "false": False}

_REGISTERED: HassKey[bool] = HassKey(f"{DOMAIN}_api")


class _Test(Protocol):
    """Tells whether a rig is among those that are asked for."""

    def __call__(self, known: FleetRig, /) -> bool: ...


class MinersView(HomeAssistantView):
    """Every rig that the user may see."""

    url = f"{PATH}/miners"
    name = f"api:{DOMAIN}:miners"

    @answers
    async def get(self, request: web.Request) -> web.Response:
        """Give those that are asked for, by site and name."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        access = access_of(hass, user)
        rigs = {
            rig_id: coordinator
            for rig_id, coordinator in known_rigs(hass).items()
            if access(rig_id) > Access.NONE
        }
        found = list(fleet_rigs(hass, rigs))
        tests = _filters(hass, user, request, found)
        found = sorted(
            (known for known in found if all(test(known) for test in tests)),
            key=lambda known: (known.site, known.name, known.id),
        )
        return await _answer(hass, request, found, access)


class MinerView(HomeAssistantView):
    """One rig."""

    url = f"{PATH}/miners/{{rig_id}}"
    name = f"api:{DOMAIN}:miners:miner"

    @answers
    async def get(self, request: web.Request, rig_id: str) -> web.Response:
        """Give all that is known of it."""
        _no_parameters(request)
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        access = access_of(hass, user)
        known = _find(hass, access, rig_id)
        body = rig_item(known, access(rig_id))
        return answer(request, *render(body, [known.age(dt_util.utcnow())]))


class CommandsView(HomeAssistantView):
    """What a rig is told."""

    url = f"{PATH}/miners/{{rig_id}}/commands"
    name = f"api:{DOMAIN}:miners:miner:commands"

    @answers
    async def post(self, request: web.Request, rig_id: str) -> web.Response:
        """Tell the rig something, through the service that is there for it."""
        _no_parameters(request)
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        access = access_of(hass, user)
        known = _find(hass, access, rig_id)
        if access(rig_id) < Access.CONTROL:
            raise _forbidden()
        command, data = _command_of(await read_object(request))
        if command not in known.admin_commands:
            raise RequestError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"The rig takes no such command now: {command[:50]}",
                ATTR_COMMAND,
            )
        if command not in known.commands_for(access(rig_id)):
            raise _forbidden()
        if known.device_id is None:
            raise RequestError(HTTPStatus.CONFLICT, "The rig has no device yet")
        service = services_by_action(hass)[command]
        data = {**data, ATTR_DEVICE_ID: known.device_id}
        try:
            if service in SERVICES:
                _ask(hass, service, known, data)
            response = await hass.services.async_call(
                DOMAIN,
                service.name,
                data,
                blocking=True,
                context=self.context(request),
                return_response=True,
            )
        except probatio.Invalid as err:
            path = ".".join(str(part) for part in err.path)
            raise RequestError(
                HTTPStatus.UNPROCESSABLE_ENTITY, err.error_message, path or "body"
            ) from None
        except Unauthorized:
            raise _forbidden() from None
        except ServiceValidationError as err:
            raise RequestError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                str(err),
                _FIELDS.get(err.translation_key or "", ATTR_COMMAND),
            ) from None
        except HomeAssistantError as err:
            raise RequestError(HTTPStatus.BAD_GATEWAY, str(err)) from None
        return _outcome(known, command, response)


_FIELDS: Final[Mapping[str, str]] = {
    "duty_with_manual": ATTR_DUTY,
    "nothing_to_change": ATTR_PARAMETERS,
}
"""What of a request an error of a service is about, where that is not the command itself."""


_VALUES: Final[Mapping[str, str]] = {
    Action.SET_POWER_TARGET: ATTR_WATTS,
    **{setting.action: setting.field_name for setting in SETTINGS},
}
"""Parameters of which a rig knows the values that it can be set to."""


class FarmsView(HomeAssistantView):
    """Every site and farm of which the user may see a rig."""

    url = f"{PATH}/farms"
    name = f"api:{DOMAIN}:farms"

    @answers
    async def get(self, request: web.Request) -> web.Response:
        """Give their totals, over the rigs that the user may see."""
        _no_parameters(request)
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        farms = sorted(
            farm_items(hass, access_of(hass, user), everything=reads_everything(user)),
            key=lambda item: (str(item["site"]), str(item["name"]), str(item["id"])),
        )
        return answer(request, *render(farms, []))


class LogsView(HomeAssistantView):
    """The integration's own lines of the log."""

    url = f"{PATH}/logs"
    name = f"api:{DOMAIN}:logs"

    @answers
    async def get(self, request: web.Request) -> web.Response:
        """Give the last lines, oldest first, to administrators."""
        if not request[KEY_HASS_USER].is_admin:
            raise RequestError(HTTPStatus.FORBIDDEN, "Only administrators may see this")
        _no_parameters(request)
        _, lines = async_log_lines(request.app[KEY_HASS]).since()
        return answer(request, *render([line.as_dict() for line in lines], []))


VIEWS: Final = (MinersView, MinerView, CommandsView, FarmsView, LogsView)


@callback
def async_setup_api(hass: HomeAssistant) -> None:
    """Offer the API, once."""
    if not hass.data.get(_REGISTERED):
        hass.data[_REGISTERED] = True
        for view in VIEWS:
            hass.http.register_view(view)


async def _answer(
    hass: HomeAssistant,
    request: web.Request,
    found: list[FleetRig],
    access: Callable[[str], Access],
) -> web.Response:
    levels = [access(known.id) for known in found]
    now = dt_util.utcnow()

    def make() -> tuple[str, bytes]:
        return render(
            [
                rig_item(known, level)
                for known, level in zip(found, levels, strict=True)
            ],
            [known.age(now) for known in found],
        )

    # A thousand rigs are megabytes.
    return answer(request, *await hass.async_add_executor_job(make))


def _find(
    hass: HomeAssistant, access: Callable[[str], Access], rig_id: str
) -> FleetRig:
    """Give a rig. Whoever may not see it is not told that it is there."""
    coordinator = known_rigs(hass).get(rig_id)
    if coordinator is None or access(rig_id) is Access.NONE:
        raise RequestError(HTTPStatus.NOT_FOUND, "There is no such miner")
    return next(fleet_rigs(hass, {rig_id: coordinator}))


def _forbidden() -> RequestError:
    return RequestError(HTTPStatus.FORBIDDEN, "You may not tell the miner to do this")


def _filters(
    hass: HomeAssistant, user: User, request: web.Request, rigs: Iterable[FleetRig]
) -> list[_Test]:
    given = _parameters(request, "status", "stale", "site")
    tests: list[_Test] = []
    if (status := given.get("status")) is not None:
        if status not in Status:
            raise _unknown("status", tuple(Status))
        tests.append(lambda known: known.status == status)
    if (stale := given.get("stale")) is not None:
        if stale not in _BOOLEANS:
            raise _unknown("stale", tuple(_BOOLEANS))
        tests.append(lambda known: known.is_stale is _BOOLEANS[stale])
    if (site := given.get("site")) is not None:
        seen = {known.entry_id for known in rigs}
        meant = {
            entry.entry_id
            for entry in hass.config_entries.async_entries(DOMAIN)
            if site in (entry.entry_id, entry.title)
            and (entry.entry_id in seen or reads_everything(user))
        }
        if not meant:
            raise RequestError(HTTPStatus.BAD_REQUEST, "There is no such site", "site")
        tests.append(lambda known: known.entry_id in meant)
    return tests


def _no_parameters(request: web.Request) -> None:
    _parameters(request)


def _parameters(request: web.Request, *names: str) -> dict[str, str]:
    """Give the parameters of a request. Raises RequestError for others than these."""
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name == _SIGNATURE:
            continue
        if name not in names:
            raise RequestError(
                HTTPStatus.BAD_REQUEST, "There is no such parameter", name[:50]
            )
        if name in given:
            raise RequestError(
                HTTPStatus.BAD_REQUEST, "It is given more than once", name
            )
        given[name] = value
    return given


def _unknown(field: str, known: tuple[str, ...]) -> RequestError:
    return RequestError(
        HTTPStatus.BAD_REQUEST, f"It is none of {', '.join(known)}", field
    )


def _command_of(body: dict[str, Json]) -> tuple[str, dict[str, Json]]:
    """Give the command that a body holds, and its parameters."""
    command = body.pop(ATTR_COMMAND, None)
    if not isinstance(command, str) or not command:
        raise _wrong(ATTR_COMMAND, "The name of a command is missing")
    nested = body.pop(ATTR_PARAMETERS, {})
    if not isinstance(nested, dict):
        raise _wrong(ATTR_PARAMETERS, "It is no object")
    data = {**body, **nested}
    for name in data:
        if name in nested and name in body:
            raise _wrong(name, "It is given more than once")
        if name in cv.ENTITY_SERVICE_FIELDS:
            raise _wrong(name, "The path says which miner is meant")
    return command, data


def _wrong(field: str, message: str) -> RequestError:
    return RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, message, field)


def _ask(
    hass: HomeAssistant, service: Service, known: FleetRig, data: dict[str, Json]
) -> None:
    """Find out whether a rig can be set to what is asked for. Raises RequestError if not.

    The service finds out too, and tells it as any other failure.
    """
    schema = cv.make_entity_service_schema({**COMMON_FIELDS, **service.fields})
    call = ServiceCall(hass, DOMAIN, service.name, schema(data))
    try:
        service.prepare(call, {known.id: known_rigs(hass)[known.id]})(known.rig)
    except ValueError as err:
        field = _VALUES.get(service.action, ATTR_COMMAND)
        raise _wrong(field, str(err)) from None


def _outcome(known: FleetRig, command: str, response: object) -> web.Response:
    """Answer with what became of the command for the one rig that was told."""
    assert isinstance(response, dict)
    (told,) = response["rigs"]
    if told["result"] == Result.FAILED:
        raise RequestError(HTTPStatus.BAD_GATEWAY, told["error"])
    body: Row = {
        "id": known.id,
        "command": command,
        "outcome": told["result"],
        "command_ids": told["command_ids"],
    }
    return result(body)
