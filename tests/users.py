"""People who look at rigs in tests, each with what that user may do."""

from collections.abc import Mapping
from typing import Any

from homeassistant.auth.models import Group, User
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockConfigEntry

from custom_components.antminer_monitor.const import DOMAIN

from .farms import device_of


async def make_user(
    hass: HomeAssistant, group: str | Mapping[str, Any], **changes: Any
) -> User:
    """Add a user of a group that Home Assistant has, or of a new one that may see to entities."""
    if not any(user.is_owner for user in await hass.auth.async_get_users()):
        # The first one owns the house, and may everything.
        await hass.auth.async_create_user("Owner")
    if isinstance(group, str):
        group_id = group
    else:
        group_id = f"group {len(hass.auth._store._groups)}"
        # No page of Home Assistant makes these, but it reads and keeps them.
        hass.auth._store._groups[group_id] = Group(
            id=group_id, name="Some", policy={"entities": dict(group)}
        )
    user = await hass.auth.async_create_user("Someone", group_ids=[group_id], **changes)
    user.perm_lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    return user


async def token_of(hass: HomeAssistant, user: User) -> str:
    """Log a user in."""
    refresh_token = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
    return hass.auth.async_create_access_token(refresh_token)


def put_into_area(
    hass: HomeAssistant, entry: MockConfigEntry, rig_id: str, name: str
) -> str:
    """Put a rig's device into an area, that is made if there is none of that name; gives its id."""
    area = ar.async_get(hass).async_get_or_create(name)
    dr.async_get(hass).async_update_device(
        device_of(hass, entry, rig_id), area_id=area.id
    )
    return area.id


def of_area(area_id: str, **may: bool) -> Mapping[str, Any]:
    """Give what somebody may who may see to one area only."""
    return {"area_ids": {area_id: may}}


def stale_of(hass: HomeAssistant, rig_id: str) -> str:
    """Give the entity that stands for a rig."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, f"{rig_id}_stale"
    )
    assert entity_id
    return entity_id
