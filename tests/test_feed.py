"""The websocket feed: what it sends to whom, and when."""

from datetime import timedelta
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.components.websocket_api.messages import event_message
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.antminer_monitor import feed
from custom_components.antminer_monitor.access import known_rigs
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN, KIND_PACKS
from custom_components.antminer_monitor.extension import API_VERSION, Extension
from custom_components.antminer_monitor.feed import _ROWS, async_setup_feed
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.log_lines import async_setup_log_lines
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.service_commands import plain_service

from .common import NOON, FarmMaker, miners_of, settle, setup_site
from .farms import Farm, device_of, farm_rig, poll, setup_farms
from .houses import FLEET, RIG, Client, House, make_house
from .users import make_user, of_area, put_into_area, stale_of, token_of


@pytest.fixture
async def house(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
    noon: None,
) -> House:
    """Set up the farm."""
    return await make_house(hass, freezer, hass_ws_client, monkeypatch)


def ids(event: dict[str, Any]) -> list[str]:
    """Give the rigs of a message."""
    return [row["id"] for row in event["rigs"]]


async def test_all_then_changes(house: House) -> None:
    """First everything, then only the rigs that changed, as whole rows."""
    client = await house.client()
    first = await client.follow()
    assert first["kind"] == "all"
    assert first["sites"] == [
        {"id": house.entry.entry_id, "name": "Account", "kind": "farms"}
    ]
    assert ids(first) == ["mine", "other", "third"]
    row = first["rigs"][0]
    assert row["hashrate"] == 1e9
    assert row["area_id"] == house.mine
    assert row["farm"] == "Farm"
    await house.change("other", hashrate=2e9)
    changes = await client.next()
    assert changes["kind"] == "changes"
    assert changes["removed"] == []
    assert ids(changes) == ["other"]
    assert changes["rigs"][0] == {
        **first["rigs"][1],
        "hashrate": 2e9,
    }
    assert await client.silent()


async def test_last_seen(house: House) -> None:
    """Being seen again is news: a table shows ages."""
    client = await house.client()
    first = await client.follow()
    await house.change("mine", seen_at=NOON + timedelta(seconds=5), uptime=3605.0)
    changes = await client.next()
    assert changes["rigs"] == [
        {**first["rigs"][0], "last_seen": "2026-11-20T12:00:05+00:00"}
    ]


async def test_at_most_once_a_second(house: House) -> None:
    """Many changes in a second are one message, of what is so at its end."""
    client = await house.client()
    await client.follow()
    for rate in (2e9, 3e9, 4e9):
        await house.change("mine", hashrate=rate)
    await house.change("third", hashrate=0.0)
    changes = await client.next()
    assert [(row["id"], row["hashrate"]) for row in changes["rigs"]] == [
        ("mine", 4e9),
        ("third", 0.0),
    ]
    assert await client.silent()


async def test_back_and_forth(house: House) -> None:
    """What is again as it was before the second is over is no news."""
    client = await house.client()
    await client.follow()
    await house.change("mine", hashrate=2e9)
    await house.change("mine", hashrate=1e9)
    assert await client.silent()


async def test_stale_and_back(house: House) -> None:
    """A rig that goes stale is told without its figures, and again when it is back."""
    client = await house.client()
    await client.follow()
    await house.change("mine", seen_at=NOON - timedelta(days=1))
    changes = await client.next()
    assert [
        (row["id"], row["is_stale"], row["status"], row["hashrate"])
        for row in changes["rigs"]
    ] == [("mine", True, "offline", None)]
    await house.change("mine", seen_at=NOON)
    changes = await client.next()
    assert [(row["is_stale"], row["hashrate"]) for row in changes["rigs"]] == [
        (False, 1e9)
    ]


async def test_rigs_come_and_go(house: House) -> None:
    """A rig that is new is a change, and so is one that its source no longer has."""
    client = await house.client()
    await client.follow()
    house.farm.rigs["new"] = farm_rig("new", seen_at=NOON)
    await poll(house.hass)
    changes = await client.next()
    assert ids(changes) == ["new"]
    assert changes["rigs"][0]["device_id"] == device_of(house.hass, house.entry, "new")
    del house.farm.rigs["new"]
    for _ in range(3):
        await poll(house.hass)
    changes = await client.next()
    assert changes == {"kind": "changes", "rigs": [], "removed": ["new"]}


async def test_names_and_areas(house: House) -> None:
    """A rig that is renamed or moved is a change; other devices are none."""
    hass = house.hass
    client = await house.client()
    await client.follow()
    devices = dr.async_get(hass)
    device_id = device_of(hass, house.entry, "third")
    devices.async_update_device(device_id, name_by_user="Attic", area_id=house.mine)
    changes = await client.next()
    assert [(row["name"], row["area_id"]) for row in changes["rigs"]] == [
        ("Attic", house.mine)
    ]
    assert changes["rigs"][0]["device_id"] == device_id
    other = devices.async_get_or_create(
        config_entry_id=house.entry.entry_id, identifiers={("else", "x")}
    )
    devices.async_update_device(other.id, name_by_user="Nothing of ours")
    assert await client.silent()


async def test_entries(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is sent anew when sites come, go or are renamed."""
    hass = house.hass
    client = await house.client()
    await client.follow()
    second = await setup_farms(
        hass, monkeypatch, Farm("south", farm_rig("far", seen_at=NOON))
    )
    event = await client.next()
    assert (event["kind"], ids(event)) == ("all", ["mine", "other", "third", "far"])
    assert [site["id"] for site in event["sites"]] == [
        house.entry.entry_id,
        second.entry_id,
    ]
    assert await hass.config_entries.async_unload(house.entry.entry_id)
    await settle(hass)
    event = await client.next()
    assert (event["kind"], ids(event)) == ("all", ["far"])
    hass.config_entries.async_update_entry(second, title="South hall")
    event = await client.next()
    assert event["kind"] == "all"
    assert event["sites"][0]["name"] == "South hall"
    assert event["rigs"][0]["site"] == "South hall"
    assert await hass.config_entries.async_setup(house.entry.entry_id)
    await settle(hass)
    event = await client.next()
    assert set(ids(event)) == {"mine", "other", "third", "far"}
    # What is read through the entry as it is now set up, is followed too.
    await house.change("mine", hashrate=7e9)
    changes = await client.next()
    assert [(row["id"], row["hashrate"]) for row in changes["rigs"]] == [("mine", 7e9)]


async def test_farm_that_nobody_tells_of(house: House) -> None:
    """A farm that comes or goes without its entry being set up anew is noticed with the next change."""
    client = await house.client()
    await client.follow()
    coordinators = house.entry.runtime_data.coordinators
    farm = coordinators.pop("farm")
    house.hass.data[_ROWS]._wake()
    assert (await client.next())["removed"] == ["mine", "other", "third"]
    coordinators["farm"] = farm
    house.hass.data[_ROWS]._wake()
    assert ids(await client.next()) == ["mine", "other", "third"]
    await house.change("mine", hashrate=4e9)
    assert ids(await client.next()) == ["mine"]


async def test_packs_are_no_site(house: House) -> None:
    """The entry of the packs reads no rig."""
    hass = house.hass
    hass.config_entries.async_update_entry(
        house.entry, data={**house.entry.data, CONF_KIND: KIND_PACKS}
    )
    await settle(hass)
    client = await house.client()
    assert (await client.follow())["sites"] == []


@pytest.mark.parametrize(
    ("group", "commands"),
    [
        (GROUP_ID_ADMIN, {"reboot", "set_pools"}),
        (GROUP_ID_USER, {"reboot"}),
        (GROUP_ID_READ_ONLY, set()),
    ],
)
async def test_commands(house: House, group: str, commands: set[str]) -> None:
    """Everybody is offered what that user may do, and may see all the same figures."""
    client = await house.client(group)
    first = await client.follow()
    assert len(first["rigs"]) == 3
    for row in first["rigs"]:
        assert set(row["commands"]) & {"reboot", "set_pools"} == commands
        assert row["hashrate"] == 1e9
    await house.change("mine", commands=())
    changes = await client.next() if commands else None
    if changes:
        assert changes["rigs"][0]["commands"] == []
    else:
        assert await client.silent()


async def test_one_area(house: House) -> None:
    """Whoever may see one area is sent the rigs in it, and nothing of the others."""
    hass = house.hass
    client = await house.client(of_area(house.mine, read=True))
    first = await client.follow()
    assert ids(first) == ["mine"]
    assert first["rigs"][0]["commands"] == []
    assert len(first["sites"]) == 1
    await house.change("other", hashrate=5e9)
    assert await client.silent()
    # Another one comes into the area, and the first leaves it.
    put_into_area(hass, house.entry, "other", "Mine")
    changes = await client.next()
    assert (ids(changes), changes["removed"]) == (["other"], [])
    assert changes["rigs"][0]["hashrate"] == 5e9
    put_into_area(hass, house.entry, "mine", "Other")
    changes = await client.next()
    assert (ids(changes), changes["removed"]) == ([], ["mine"])
    put_into_area(hass, house.entry, "other", "Other")
    event = await client.next()
    assert event == {"kind": "all", "sites": [], "rigs": []}


async def test_control_of_one_area(house: House) -> None:
    """Whoever may see everything and control one area, is offered commands there only."""
    client = await house.client(
        {"all": {"read": True}, "area_ids": {house.mine: {"control": True}}}
    )
    first = await client.follow()
    offered = {row["id"]: "reboot" in row["commands"] for row in first["rigs"]}
    assert offered == {"mine": True, "other": False, "third": False}
    assert not any("set_pools" in row["commands"] for row in first["rigs"])


async def test_without_rights(house: House) -> None:
    """Whoever may see nothing is sent nothing."""
    client = await house.client({})
    assert await client.follow() == {"kind": "all", "sites": [], "rigs": []}
    await house.change("mine", hashrate=5e9)
    assert await client.silent()


async def test_rights_change(house: House) -> None:
    """What a user may is looked at anew for each message."""
    hass = house.hass
    user = await make_user(hass, GROUP_ID_USER)
    client = await house.client(user=user)
    first = await client.follow()
    assert first["rigs"][0]["commands"]
    await hass.auth.async_update_user(user, group_ids=[GROUP_ID_READ_ONLY])
    changes = await client.next()
    assert [row["commands"] for row in changes["rigs"]] == [[], [], []]
    await hass.auth.async_update_user(user, group_ids=[])
    event = await client.next()
    assert event == {"kind": "all", "sites": [], "rigs": []}


async def test_entity_that_stands_for_a_rig(house: House) -> None:
    """Permissions that name an entity follow when it is renamed."""
    hass = house.hass
    client = await house.client({"entity_ids": {"binary_sensor.shown": {"read": True}}})
    assert ids(await client.follow()) == []
    er.async_get(hass).async_update_entity(
        stale_of(hass, "third"), new_entity_id="binary_sensor.shown"
    )
    assert ids(await client.next()) == ["third"]


async def test_extension_services(house: House) -> None:
    """A command of an extension is offered while there is a service for it."""
    hass = house.hass
    await house.change("mine", commands=("acme.beep",))
    client = await house.client()
    assert (await client.follow())["rigs"][0]["commands"] == []
    remove = async_registry(hass).async_add(
        "acme",
        Extension(
            api_version=API_VERSION,
            name="Acme",
            services=(plain_service("acme", "beep"),),
        ),
    )
    assert (await client.next())["rigs"][0]["commands"] == ["acme.beep"]
    remove()
    assert (await client.next())["rigs"][0]["commands"] == []


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        (FLEET, {}),
        (RIG, {"rig_id": "mine"}),
        (f"{DOMAIN}/logs/subscribe", {}),
    ],
)
@pytest.mark.parametrize("way", ["unsubscribe", "close"])
async def test_nothing_is_left(
    house: House, type_: str, fields: dict[str, Any], way: str
) -> None:
    """Whoever leaves, by saying so or without, leaves nothing behind."""
    hass = house.hass
    (coordinator,) = set(known_rigs(hass).values())

    def listeners() -> tuple[object, ...]:
        return (
            # Each connection has some of its own.
            {
                name: count
                for name, count in hass.bus.async_listeners().items()
                if str(name).endswith("registry_updated") or name == "user_updated"
            },
            len(coordinator._listeners),
            len(coordinator._audience._listeners[None]),
            len(coordinator._seen_audience._listeners[None]),
            len(async_registry(hass)._listeners),
            len(hass.data["dispatcher"].get("config_entry_changed", ())),
        )

    before = listeners()
    clients = [await house.client(), await house.client()]
    for client in clients:
        await client.follow(type_, **fields)
    if type_ != f"{DOMAIN}/logs/subscribe":
        assert listeners() != before
        # Both wait for the end of the second.
        await house.change("mine", hashrate=9e9)
    for client in clients:
        if way == "unsubscribe":
            await client.leave()
        else:
            await client.socket.close()
    await settle(hass)
    assert listeners() == before
    assert not hass.data[_ROWS]._wakers
    assert not hass.data[_ROWS]._followed
    assert not hass.data[_ROWS]._rows


async def test_leave_and_come_back(house: House) -> None:
    """Whoever comes back is sent everything as it then is."""
    client = await house.client()
    await client.follow()
    await client.leave()
    await house.change("mine", hashrate=8e9)
    assert (await client.follow())["rigs"][0]["hashrate"] == 8e9


async def test_two_at_once(house: House) -> None:
    """Each is sent what that one was not sent yet."""
    first, second = await house.client(), await house.client(GROUP_ID_READ_ONLY)
    await first.follow()
    await house.change("mine", hashrate=8e9)
    assert (await second.follow())["rigs"][0]["hashrate"] == 8e9
    assert ids(await first.next()) == ["mine"]
    assert await second.silent()
    await house.change("mine", hashrate=9e9)
    await first.second()
    assert ids(await first.event()) == ids(await second.event()) == ["mine"]


async def test_rig(house: House) -> None:
    """One rig is sent in full, whenever anything of it is new."""
    client = await house.client()
    item = await client.follow(RIG, rig_id="mine")
    assert item["id"] == "mine"
    assert item["age_sec"] == 0
    assert item["hashrates"] == {"etchash": 1e9}
    await house.change("mine", work_mode="low")
    assert (await client.next())["work_mode"] == "low"
    # Neither others nor its age are news.
    await house.change("other", hashrate=3e9)
    assert await client.silent()


async def test_rig_by_device(house: House) -> None:
    """A rig can be named by its device."""
    client = await house.client()
    device_id = device_of(house.hass, house.entry, "other")
    assert (await client.follow(RIG, device_id=device_id))["id"] == "other"


async def test_rig_comes_and_goes(house: House) -> None:
    """A page may be open before its rig is there, and when it is gone."""
    hass = house.hass
    client = await house.client()
    assert await client.follow(RIG, rig_id="new") is None
    house.farm.rigs["new"] = farm_rig("new", seen_at=NOON)
    await poll(hass)
    assert (await client.next())["id"] == "new"
    assert await hass.config_entries.async_unload(house.entry.entry_id)
    await settle(hass)
    assert await client.next() is None
    await client.leave()
    assert await client.follow(RIG, device_id="unknown") is None


async def test_rig_elsewhere(house: House) -> None:
    """A rig that one may not see looks like none, until one may."""
    client = await house.client(of_area(house.mine, read=True))
    assert await client.follow(RIG, rig_id="third") is None
    await house.change("third", hashrate=3e9)
    assert await client.silent()
    put_into_area(house.hass, house.entry, "third", "Mine")
    item = await client.next()
    assert (item["id"], item["commands"]) == ("third", [])


@pytest.mark.parametrize("fields", [{}, {"rig_id": "mine", "device_id": "x"}])
async def test_rig_named_badly(house: House, fields: dict[str, str]) -> None:
    """One of both is needed."""
    client = await house.client()
    answer = await client.ask(RIG, **fields)
    assert answer["error"]["code"] == "invalid_format"
    assert "rig_id" in answer["error"]["message"]


@pytest.mark.parametrize("group", [GROUP_ID_USER, GROUP_ID_READ_ONLY])
async def test_log_is_for_administrators(house: House, group: str) -> None:
    """The log is not for everybody."""
    client = await house.client(group)
    answer = await client.ask(f"{DOMAIN}/logs/subscribe")
    assert answer["error"]["code"] == "unauthorized"


async def test_slow_client(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much happens in a second, there is one message, and between them nothing waits."""
    sent: list[Json] = []
    client = await house.client()
    await client.follow()

    def note(message_id: int, news: Json) -> dict[str, Any]:
        sent.append(news)
        return event_message(message_id, news)

    monkeypatch.setattr(feed, "event_message", note)
    for rate in range(50):
        await house.change("mine", hashrate=float(rate))
    await client.second()
    assert len(sent) == 1


async def test_real_site(
    hass: HomeAssistant,
    farm: FarmMaker,
    noon: None,
    freezer: FrozenDateTimeFactory,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Miners of a site that are read over the network, one of which is added later."""
    assert await async_setup_component(hass, "websocket_api", {})
    miners = await farm("s19pro_2022", "s9", "l7")
    entry = await setup_site(hass, miners[:2])
    async_setup_log_lines(hass)
    async_setup_feed(hass)
    user = await make_user(hass, GROUP_ID_ADMIN)
    client = Client(
        hass, freezer, await hass_ws_client(hass, await token_of(hass, user))
    )
    first = await client.follow()
    assert {row["algorithm"] for row in first["rigs"]} == {"sha256d"}
    entries = hass.config_entries
    (gone, kept) = miners_of(entry)
    entries.async_remove_subentry(entry, gone.subentry_id)
    await settle(hass)
    changes = await client.next()
    assert changes["removed"] == [gone.subentry_id]

    entries.async_add_subentry(
        entry,
        ConfigSubentry(
            subentry_type="miner",
            title="Late",
            unique_id="late",
            data=MappingProxyType({"host": miners[2].host, "port": miners[2].port}),
        ),
    )
    await settle(hass)
    changes = await client.next()
    (row,) = [row for row in changes["rigs"] if row["id"] != kept.subentry_id]
    assert (row["name"], row["algorithm"]) == ("Late", "scrypt")
