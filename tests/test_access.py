"""Who may see a rig, and who may tell it what to do."""

from collections.abc import Mapping
from typing import Any

from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.access import (
    Access,
    access_of,
    async_require_control,
    known_rigs,
    reads_everything,
    services_by_action,
)
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.extension import API_VERSION, Extension
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.service_commands import plain_service

from .common import settle
from .farms import Farm, device_of, farm_rig, setup_farms
from .users import make_user, of_area, put_into_area, stale_of

IDS = ("mine", "other", "third")


@pytest.fixture
async def entry(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    """Set up a farm with a rig in one area, one in another and one in none."""
    farm = Farm("farm", *(farm_rig(rig_id) for rig_id in IDS))
    entry = await setup_farms(hass, monkeypatch, farm)
    put_into_area(hass, entry, "mine", "Mine")
    put_into_area(hass, entry, "other", "Other")
    return entry


def accesses(hass: HomeAssistant, user: User) -> list[Access]:
    """Give what a user may do with each rig."""
    access = access_of(hass, user)
    return [access(rig_id) for rig_id in IDS]


@pytest.mark.parametrize(
    ("group", "access"),
    [
        (GROUP_ID_ADMIN, Access.ADMIN),
        (GROUP_ID_USER, Access.CONTROL),
        (GROUP_ID_READ_ONLY, Access.READ),
    ],
)
async def test_groups(
    hass: HomeAssistant, entry: MockConfigEntry, group: str, access: Access
) -> None:
    """The groups of Home Assistant may the same with every rig."""
    user = await make_user(hass, group)
    assert accesses(hass, user) == [access] * 3
    assert reads_everything(user)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, [0, 0, 0]),
        ({"area_ids": {"mine": {"read": True}}}, [1, 0, 0]),
        ({"area_ids": {"mine": {"read": True, "control": True}}}, [2, 0, 0]),
        ({"area_ids": {"mine": True}}, [2, 0, 0]),
        # Whoever may control what one may not see, is not told that it is there.
        ({"area_ids": {"mine": {"control": True}}}, [0, 0, 0]),
        (
            {"all": {"read": True}, "area_ids": {"other": {"control": True}}},
            [1, 2, 1],
        ),
        ({"domains": {"binary_sensor": {"read": True}}}, [1, 1, 1]),
        ({"domains": {"sensor": {"read": True}}}, [0, 0, 0]),
    ],
)
async def test_policies(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    policy: Mapping[str, Any],
    expected: list[int],
) -> None:
    """Groups that somebody made by hand may what they say."""
    user = await make_user(hass, policy)
    assert accesses(hass, user) == expected
    assert reads_everything(user) is ("all" in policy)


async def test_single_entity_and_device(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A rig can be allowed by the entity that stands for it, and by its device."""
    user = await make_user(
        hass,
        {
            "entity_ids": {stale_of(hass, "third"): {"read": True}},
            "device_ids": {
                device_of(hass, entry, "other"): {"read": True, "control": True}
            },
        },
    )
    assert accesses(hass, user) == [Access.NONE, Access.CONTROL, Access.READ]


async def test_area_changes(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """What counts is where a rig is now."""
    area_id = put_into_area(hass, entry, "mine", "Mine")
    user = await make_user(hass, of_area(area_id, read=True))
    put_into_area(hass, entry, "third", "Mine")
    dr.async_get(hass).async_update_device(device_of(hass, entry, "mine"), area_id=None)
    assert accesses(hass, user) == [Access.NONE, Access.NONE, Access.READ]


async def test_without_the_entity(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Where there is no entity that stands for a rig, all that counts is what one may everywhere."""
    area_id = put_into_area(hass, entry, "mine", "Mine")
    somebody = await make_user(hass, of_area(area_id, read=True))
    anybody = await make_user(hass, {"all": {"read": True}})
    er.async_get(hass).async_remove(stale_of(hass, "mine"))
    assert accesses(hass, somebody)[0] is Access.NONE
    assert accesses(hass, anybody)[0] is Access.READ


async def test_require_control(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """One rig that may not be controlled is enough for a no."""
    area_id = put_into_area(hass, entry, "mine", "Mine")
    user = await make_user(hass, of_area(area_id, read=True, control=True))
    context = Context(user_id=user.id)
    await async_require_control(hass, context, ["mine"])
    with pytest.raises(Unauthorized) as raised:
        await async_require_control(hass, context, ["mine", "other"])
    assert raised.value.entity_id == stale_of(hass, "other")
    assert raised.value.permission == "control"
    with pytest.raises(UnknownUser):
        await async_require_control(hass, Context(user_id="gone"), ["mine"])
    await async_require_control(hass, Context(), IDS)


async def test_known_rigs(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Rigs are those of the entries that are loaded."""
    known = known_rigs(hass)
    assert list(known) == list(IDS)
    assert {coordinator.config_entry.entry_id for coordinator in known.values()} == {
        entry.entry_id
    }
    await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    assert not known_rigs(hass)


async def test_services(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Each command has the service that sends it; ours come before those of extensions."""
    remove = async_registry(hass).async_add(
        "acme",
        Extension(
            api_version=API_VERSION,
            name="Acme",
            services=(plain_service("acme", "beep"),),
        ),
    )
    services = services_by_action(hass)
    assert services["acme.beep"].name == "acme_beep"
    assert services["reboot"].name == "reboot"
    assert services["execute"].name == "hiveos_exec"
    for service in services.values():
        assert hass.services.has_service(DOMAIN, service.name)
    remove()
    assert "acme.beep" not in services_by_action(hass)
