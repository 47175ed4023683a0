"""Who may see a rig, and who may tell it what to do.

Home Assistant knows permissions for entities only. Every rig has the entity *Stale*, so that
stands for the rig, in whatever area that is.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from .binary_sensor import STALE
from .const import DOMAIN
from .coordinator import RigCoordinator
from .entity import unique_id_of
from .registry import async_registry
from .service_commands import SERVICES, Service


class Access(IntEnum):
    """What a user may do with a rig; whoever may more may the lesser things too."""

    NONE = 0
    """Not even know that it is there."""
    READ = 1
    CONTROL = 2
    ADMIN = 3
    """Also what decides for whom is mined."""


@callback
def known_rigs(hass: HomeAssistant) -> dict[str, RigCoordinator]:
    """Give every rig of the entries that are loaded: its coordinator by its id."""
    return {
        rig_id: coordinator
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        for coordinator in entry.runtime_data.coordinators.values()
        for rig_id in coordinator.rig_ids
    }


@callback
def services_by_action(hass: HomeAssistant) -> dict[str, Service]:
    """Give the services by which users tell rigs what to do, by the command that each sends."""
    services: dict[str, Service] = {}
    for service in (*SERVICES, *async_registry(hass).services):
        services.setdefault(service.action, service)
    return services


def reads_everything(user: User) -> bool:
    """Tell whether a user may see whatever there is."""
    return user.is_admin or user.permissions.access_all_entities(POLICY_READ)


@callback
def access_of(hass: HomeAssistant, user: User) -> Callable[[str], Access]:
    """Give a function that tells what a user may do with the rig that has an id.

    It is for use at once: what users may, and where rigs are, changes.
    """
    if user.is_admin:
        return lambda rig_id: Access.ADMIN
    permissions = user.permissions
    reads_all = reads_everything(user)
    if reads_all and permissions.access_all_entities(POLICY_CONTROL):
        return lambda rig_id: Access.CONTROL

    def access(rig_id: str) -> Access:
        entity_id = _stand_in(hass, rig_id)
        if not reads_all and not permissions.check_entity(entity_id, POLICY_READ):
            return Access.NONE
        if permissions.check_entity(entity_id, POLICY_CONTROL):
            return Access.CONTROL
        return Access.READ

    return access


async def async_require_control(
    hass: HomeAssistant, context: Context, rig_ids: Iterable[str]
) -> None:
    """Check what Home Assistant checks by itself for the services of entities only.

    Raises Unauthorized if whoever acts in a context may not control every one of the rigs,
    and UnknownUser if nobody knows who that is. What no user does may do everything.
    """
    if context.user_id is None:
        return
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context, permission=POLICY_CONTROL)
    for rig_id in rig_ids:
        entity_id = _stand_in(hass, rig_id)
        if not user.permissions.check_entity(entity_id, POLICY_CONTROL):
            raise Unauthorized(
                context=context, entity_id=entity_id, permission=POLICY_CONTROL
            )


def _stand_in(hass: HomeAssistant, rig_id: str) -> str:
    """Give the entity that stands for a rig.

    Where somebody removed it from the registry, give what is no entity's id: then all that
    counts is what one may everywhere.
    """
    unique_id = unique_id_of(rig_id, STALE.key)
    return (
        er.async_get(hass).async_get_entity_id(
            Platform.BINARY_SENSOR, DOMAIN, unique_id
        )
        or unique_id
    )
