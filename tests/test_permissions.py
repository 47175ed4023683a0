"""Who may tell rigs what to do: every service, as every kind of user."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized, UnknownUser
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.antminer_monitor.const import CONF_ALLOW_EXEC, DOMAIN
from custom_components.antminer_monitor.rig import Pool

from .common import settle
from .farms import Farm, device_of, entity_of, farm_rig, setup_farms

SERVICES: Mapping[str, dict[str, Any]] = {
    "restart_mining": {},
    "pause_mining": {},
    "resume_mining": {},
    "reboot": {},
    "shutdown": {},
    "upgrade": {},
    "set_flight_sheet": {"flight_sheet": "ETC"},
    "set_overclock": {"overclock": "Hot"},
    "set_power_mode": {"mode": "low"},
    "locate": {},
    "set_power_target": {"watts": 3000},
    "switch_pool": {"pool": "1"},
    "set_pools": {"pools": [{"url": "pool.example:3333", "user": "me"}]},
    "set_fan": {"mode": "auto"},
    "hiveos_update_worker": {"active": True},
    "hiveos_exec": {"command": "uptime"},
}
"""Every service, with what it needs to be called."""

ADMIN_ONLY = {
    "set_flight_sheet",
    "set_pools",
    "switch_pool",
    "hiveos_update_worker",
    "hiveos_exec",
}

ENTITIES: Mapping[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("switch", "turn_on"): ("mining", {}),
    ("switch", "turn_off"): ("mining", {}),
    ("button", "press"): ("restart_mining", {}),
    ("number", "set_value"): ("power_target", {"value": 3000}),
    ("select", "select_option"): ("power_mode", {"option": "Low"}),
}
"""Every service of Home Assistant by which our entities are told something."""

each_service = pytest.mark.parametrize(("service", "data"), SERVICES.items())
each_entity = pytest.mark.parametrize(
    ("platform", "service", "key", "data"),
    [(*called, *given) for called, given in ENTITIES.items()],
)


class House:
    """A farm with a rig in the user's area, one in another, and one in none."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, farm: Farm) -> None:
        """Put the rigs where they belong."""
        self.hass = hass
        self.entry = entry
        self.farm = farm
        areas = ar.async_get(hass)
        self.mine = areas.async_create("Mine").id
        self.other = areas.async_create("Other").id
        for identifier, area_id in (("mine", self.mine), ("other", self.other)):
            dr.async_get(hass).async_update_device(
                device_of(hass, entry, identifier), area_id=area_id
            )

    async def user(self, kind: str) -> Context:
        """Give the context of what a user of some kind does."""
        if kind == "nobody":
            return Context(user_id="gone")
        if kind == "automation":
            return Context()
        if kind == "area":
            user = MockUser().add_to_hass(self.hass)
            user.perm_lookup = PermissionLookup(
                er.async_get(self.hass), dr.async_get(self.hass)
            )
            user.mock_policy(
                {
                    "entities": {
                        "area_ids": {self.mine: {"read": True, "control": True}},
                        "all": {"read": True},
                    }
                }
            )
        else:
            group = await self.hass.auth.async_get_group(kind)
            assert group
            user = MockUser(groups=[group]).add_to_hass(self.hass)
        return Context(user_id=user.id)

    async def call(
        self, kind: str, service: str, data: dict[str, Any], *rig_ids: str
    ) -> None:
        """Call a service of ours for rigs, as a user of some kind."""
        await self.hass.services.async_call(
            DOMAIN,
            service,
            {
                "device_id": [
                    device_of(self.hass, self.entry, rig_id) for rig_id in rig_ids
                ],
                **data,
            },
            blocking=True,
            context=await self.user(kind),
        )

    @property
    def told(self) -> list[tuple[str, ...]]:
        """The rigs that were told something."""
        return [rig_ids for _, _, rig_ids in self.farm.told]


@pytest.fixture
async def house(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> House:
    """Set up the farm."""
    farm = Farm(
        "farm",
        *(
            farm_rig(
                rig_id,
                pools=(Pool(index=1, url="pool.example:3333"),),
                power_target_least=1000.0,
                power_target_most=4000.0,
            )
            for rig_id in ("mine", "other", "third")
        ),
    )
    entry = await setup_farms(hass, monkeypatch, farm, options={CONF_ALLOW_EXEC: True})
    return House(hass, entry, farm)


async def test_every_service_is_tried(house: House) -> None:
    """A service that is new has a case here, and so has a platform by which rigs are told something."""
    registered = house.hass.services.async_services_for_domain(DOMAIN)
    assert registered.keys() == SERVICES.keys()
    told_by = {
        entity_id.partition(".")[0]
        for entity_id in house.hass.states.async_entity_ids()
    } - {"binary_sensor", "event", "sensor", "zone"}
    assert told_by == {platform for platform, _ in ENTITIES}


@each_service
@pytest.mark.parametrize("kind", [GROUP_ID_ADMIN, "automation"])
async def test_administrator(
    house: House, service: str, data: dict[str, Any], kind: str
) -> None:
    """Administrators and automations may everything."""
    await house.call(kind, service, data, "mine", "other", "third")
    assert house.told == [("mine", "other", "third")]


@each_service
async def test_user(house: House, service: str, data: dict[str, Any]) -> None:
    """Users may tell rigs everything but what is for administrators."""
    if service in ADMIN_ONLY:
        with pytest.raises(Unauthorized):
            await house.call(GROUP_ID_USER, service, data, "mine")
        assert not house.told
    else:
        await house.call(GROUP_ID_USER, service, data, "mine")
        assert house.told == [("mine",)]


@each_service
@pytest.mark.parametrize("kind", [GROUP_ID_READ_ONLY, "nobody"])
async def test_read_only(
    house: House, service: str, data: dict[str, Any], kind: str
) -> None:
    """Who may only look, and who is not known, may tell rigs nothing."""
    with pytest.raises(UnknownUser if kind == "nobody" else Unauthorized):
        await house.call(kind, service, data, "mine")
    assert not house.told


@each_service
async def test_area(house: House, service: str, data: dict[str, Any]) -> None:
    """Who may control an area may tell the rigs in it, and is told no if one of a call is elsewhere."""
    for rig_ids in (("mine", "other"), ("third",), ("farm",)):
        with pytest.raises(Unauthorized):
            await house.call("area", service, data, *rig_ids)
    assert not house.told
    if service in ADMIN_ONLY:
        with pytest.raises(Unauthorized):
            await house.call("area", service, data, "mine")
        assert not house.told
    else:
        await house.call("area", service, data, "mine")
        assert house.told == [("mine",)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("area_id", lambda house: house.other),
        ("entity_id", lambda house: entity_of(house.hass, "switch", "other", "mining")),
        ("device_id", lambda house: device_of(house.hass, house.entry, "other")),
        (
            "device_id",
            lambda house: device_of(house.hass, house.entry, house.entry.entry_id),
        ),
    ],
)
async def test_every_target(
    house: House, field: str, value: Callable[[House], str]
) -> None:
    """However rigs are named, all are looked at before one is told."""
    target = {
        "device_id": [device_of(house.hass, house.entry, "mine")],
        field: [value(house)],
    }
    with pytest.raises(Unauthorized) as raised:
        await house.hass.services.async_call(
            DOMAIN, "reboot", target, blocking=True, context=await house.user("area")
        )
    assert raised.value.permission == "control"
    assert not house.told


async def test_own_area(house: House) -> None:
    """Who may control an area may name it."""
    await house.hass.services.async_call(
        DOMAIN,
        "reboot",
        {"area_id": house.mine},
        blocking=True,
        context=await house.user("area"),
    )
    assert house.told == [("mine",)]


@pytest.mark.parametrize("change", ["disabled", "removed"])
@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        (GROUP_ID_ADMIN, {"disabled", "removed"}),
        (GROUP_ID_USER, {"disabled", "removed"}),
        # Without the entity it cannot be known where the rig is.
        ("area", {"disabled"}),
        (GROUP_ID_READ_ONLY, set()),
    ],
)
async def test_without_anchor(
    house: House, change: str, kind: str, allowed: set[str]
) -> None:
    """The entity that stands for a rig need not be enabled; where there is none, all that counts is what one may everywhere."""
    registry = er.async_get(house.hass)
    entity_id = entity_of(house.hass, "binary_sensor", "mine", "stale")
    if change == "disabled":
        registry.async_update_entity(
            entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
    else:
        registry.async_remove(entity_id)
    if change in allowed:
        await house.call(kind, "reboot", {}, "mine")
        assert house.told == [("mine",)]
    else:
        with pytest.raises(Unauthorized):
            await house.call(kind, "reboot", {}, "mine")
        assert not house.told


@each_entity
@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        (GROUP_ID_ADMIN, {"mine", "other"}),
        (GROUP_ID_USER, {"mine", "other"}),
        (GROUP_ID_READ_ONLY, set()),
        ("area", {"mine"}),
    ],
)
async def test_entities(
    house: House,
    platform: str,
    service: str,
    key: str,
    data: dict[str, Any],
    kind: str,
    allowed: set[str],
) -> None:
    """What rigs are told by their entities asks for the same permission."""
    context = await house.user(kind)
    for rig_id in ("mine", "other"):
        call = house.hass.services.async_call(
            platform,
            service,
            {"entity_id": entity_of(house.hass, platform, rig_id, key), **data},
            blocking=True,
            context=context,
        )
        if rig_id in allowed:
            await call
        else:
            with pytest.raises(Unauthorized):
                await call
    assert house.told == [
        (rig_id,) for rig_id in ("mine", "other") if rig_id in allowed
    ]


@pytest.mark.parametrize(
    ("key", "option"), [("flight_sheet", "ETC"), ("pool", "pool.example:3333")]
)
@pytest.mark.parametrize("kind", [GROUP_ID_ADMIN, GROUP_ID_USER, "area", "automation"])
async def test_entities_for_administrators(
    house: House, key: str, option: str, kind: str
) -> None:
    """What decides for whom is mined is chosen by administrators, and by automations."""
    call = house.hass.services.async_call(
        "select",
        "select_option",
        {
            "entity_id": entity_of(house.hass, "select", "mine", key),
            "option": option,
        },
        blocking=True,
        context=await house.user(kind),
    )
    if kind in (GROUP_ID_ADMIN, "automation"):
        await call
        assert house.told == [("mine",)]
    else:
        with pytest.raises(Unauthorized):
            await call
        assert not house.told


async def test_no_hint(house: House) -> None:
    """Who may not run commands is not told whether that is switched on."""
    house.hass.config_entries.async_update_entry(house.entry, options={})
    await settle(house.hass)
    with pytest.raises(Unauthorized):
        await house.call(GROUP_ID_USER, "hiveos_exec", {"command": "x"}, "mine")
    with pytest.raises(HomeAssistantError) as raised:
        await house.call(GROUP_ID_ADMIN, "hiveos_exec", {"command": "x"}, "mine")
    assert raised.value.translation_key == "exec_off"
