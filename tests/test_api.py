"""The REST API, asked over HTTP by all kinds of users."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from http import HTTPStatus
import json
import logging
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.antminer_monitor import api, api_answers
from custom_components.antminer_monitor.access import Access
from custom_components.antminer_monitor.api import async_setup_api
from custom_components.antminer_monitor.command import Action, Outcome, Result
from custom_components.antminer_monitor.const import CONF_ALLOW_EXEC, DOMAIN
from custom_components.antminer_monitor.extension import API_VERSION, Extension
from custom_components.antminer_monitor.log_lines import (
    LOGGER_NAME,
    async_setup_log_lines,
)
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.rig import Pool, Status
from custom_components.antminer_monitor.service_commands import plain_service
from custom_components.antminer_monitor.source import SourceTimeoutError
from simulator import Fault

from .common import NOON, FarmMaker, miners_of, pass_time, settle, setup_site
from .farms import Farm, device_of, farm_rig, poll, setup_farms
from .rigs import board
from .users import make_user, of_area, put_into_area, token_of

MINERS = f"/api/{DOMAIN}/miners"
FARMS = f"/api/{DOMAIN}/farms"
LOGS = f"/api/{DOMAIN}/logs"


class House:
    """Two farms of an account, and those who ask for them."""

    def __init__(self, hass: HomeAssistant, clients: ClientSessionGenerator) -> None:
        """Begin without rigs."""
        self.hass = hass
        self._clients = clients
        pools = (Pool(index=1, url="pool.example:3333", user="someone.worker"),)
        self.north = Farm(
            "north",
            farm_rig(
                "mine",
                seen_at=NOON,
                pools=pools,
                boards=(board(1),),
                power=900.0,
                power_target_least=1000.0,
            ),
            farm_rig("other", seen_at=NOON, status=Status.SLEEPING, hashrate=0.0),
        )
        self.south = Farm(
            "south",
            farm_rig("gone", seen_at=NOON - timedelta(days=2)),
        )

    async def setup(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set the farms up."""
        self.entry = await setup_farms(self.hass, monkeypatch, self.north, self.south)
        self.mine = put_into_area(self.hass, self.entry, "mine", "Mine")
        async_setup_log_lines(self.hass)
        async_setup_api(self.hass)
        # Once more changes nothing.
        async_setup_api(self.hass)

    async def client(
        self, group: str | Mapping[str, Any] = GROUP_ID_ADMIN
    ) -> TestClient[Any, Any]:
        """Log somebody in."""
        user = await make_user(self.hass, group)
        client: TestClient[Any, Any] = await self._clients(
            await token_of(self.hass, user)
        )
        return client

    async def tell(
        self,
        rig_id: str,
        body: object,
        group: str | Mapping[str, Any] = GROUP_ID_ADMIN,
    ) -> tuple[int, Any]:
        """Tell a rig something; gives the status and the answer."""
        client = await self.client(group)
        response = await client.post(f"{MINERS}/{rig_id}/commands", json=body)
        return response.status, await response.json()


@pytest.fixture
async def house(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
    noon: None,
) -> House:
    """Set up the farms."""
    house = House(hass, hass_client)
    await house.setup(monkeypatch)
    return house


async def error_of(response: ClientResponse) -> tuple[int, str | None]:
    """Give the status of an answer that is an error, and the field that it names."""
    body = await response.json()
    assert body["message"]
    return response.status, body["field"]


async def test_miners(house: House) -> None:
    """Every rig, by site and name, with what the examples of users hold."""
    client = await house.client()
    response = await client.get(MINERS)
    assert response.status == HTTPStatus.OK
    assert response.content_type == "application/json"
    items = await response.json()
    assert [item["id"] for item in items] == ["gone", "mine", "other"]
    gone, mine, other = items
    assert (gone["is_stale"], gone["age_sec"]) == (True, 172_800)
    assert (gone["status"], gone["last_status"]) == ("offline", "running")
    assert gone["last_seen"] == "2026-11-18T12:00:00+00:00"
    assert gone["hashrate"] is None
    assert (mine["is_stale"], mine["age_sec"], mine["status"]) == (False, 0, "running")
    assert mine["boards"][0]["chips_working"] == 114
    assert mine["pools"][0]["url"] == "pool.example:3333"
    assert other["status"] == "sleeping"
    assert other["hashrate"] == 0.0
    assert "someone" not in await response.text()


async def test_filters(house: House) -> None:
    """Those that are asked for are given."""
    client = await house.client()
    for query, ids in (
        ({"status": "running"}, ["mine"]),
        ({"status": "offline"}, ["gone"]),
        ({"status": "fault"}, []),
        ({"stale": "true"}, ["gone"]),
        ({"stale": "false"}, ["mine", "other"]),
        ({"site": "Account"}, ["gone", "mine", "other"]),
        ({"site": "Account", "stale": "false", "status": "sleeping"}, ["other"]),
    ):
        response = await client.get(MINERS, params=query)
        assert [item["id"] for item in await response.json()] == ids, query


async def test_bad_filters(house: House) -> None:
    """What cannot be meant is named."""
    client = await house.client()
    for query, field in (
        ("status=fine", "status"),
        ("status=", "status"),
        ("stale=1", "stale"),
        ("site=Elsewhere", "site"),
        ("color=red", "color"),
        ("stale=true&stale=false", "stale"),
        (f"{'x' * 500}=1", "x" * 50),
    ):
        response = await client.get(f"{MINERS}?{query}")
        assert await error_of(response) == (400, field), query


async def test_sites(
    house: House, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site is known by its title or id; one that is not set up has no rigs now."""
    hall = await setup_farms(hass, monkeypatch, Farm("hall", farm_rig("far")))
    hass.config_entries.async_update_entry(hall, title="Hall")
    client = await house.client()
    for site in ("Hall", hall.entry_id):
        response = await client.get(MINERS, params={"site": site})
        assert [item["id"] for item in await response.json()] == ["far"]
    assert await hass.config_entries.async_unload(hall.entry_id)
    response = await client.get(MINERS, params={"site": "Hall"})
    assert await response.json() == []
    # Whoever may not see anything of it does not learn that it is there.
    client = await house.client(of_area(house.mine, read=True))
    for site, status in (("Hall", 400), ("Account", 200)):
        response = await client.get(MINERS, params={"site": site})
        assert response.status == status


async def test_no_other_parameters(house: House) -> None:
    """What takes no parameters says so; a path that Home Assistant signed may be used."""
    client = await house.client()
    for path in (f"{MINERS}/mine", FARMS, LOGS):
        assert await error_of(await client.get(f"{path}?status=running")) == (
            400,
            "status",
        )
    response = await client.post(f"{MINERS}/mine/commands?x=1", json={})
    assert await error_of(response) == (400, "x")


async def test_signed_path(
    house: House, hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A path that Home Assistant signed needs no token."""
    user = await make_user(hass, GROUP_ID_READ_ONLY)
    token = await hass.auth.async_create_refresh_token(user, "x")
    path = async_sign_path(
        hass, MINERS, timedelta(minutes=1), refresh_token_id=token.id
    )
    client = await hass_client_no_auth()
    assert (await client.get(path)).status == HTTPStatus.OK


async def test_miner(house: House) -> None:
    """One rig, in full."""
    client = await house.client()
    item = await (await client.get(f"{MINERS}/mine")).json()
    listed = await (await client.get(f"{MINERS}?status=running")).json()
    assert [item] == listed


async def test_etag(house: House, freezer: FrozenDateTimeFactory) -> None:
    """An answer is given once; again only when anything of it is new but ages."""
    client = await house.client()
    for path in (MINERS, f"{MINERS}/mine", FARMS):
        response = await client.get(path)
        tag = response.headers["ETag"]
        assert tag.startswith('W/"')
        assert response.headers["Cache-Control"] == "private, no-cache"
        asked = {"If-None-Match": f'"else", {tag}'}
        freezer.tick(7)
        response = await client.get(path, headers=asked)
        assert response.status == HTTPStatus.NOT_MODIFIED
        assert response.headers["ETag"] == tag
        assert await response.read() == b""
        response = await client.get(path, headers={"If-None-Match": '"else"'})
        assert response.status == HTTPStatus.OK
    house.north.change("mine", seen_at=NOON + timedelta(seconds=20), power=901.0)
    await poll(house.hass)
    for power, path in enumerate((MINERS, f"{MINERS}/mine", FARMS), 800):
        before = (await client.get(path)).headers["ETag"]
        house.north.change("mine", power=float(power))
        await poll(house.hass)
        response = await client.get(path, headers={"If-None-Match": before})
        assert response.status == HTTPStatus.OK
        assert response.headers["ETag"] != before


async def test_etag_of_filters(house: House) -> None:
    """What is filtered otherwise is another answer."""
    client = await house.client()
    tags = {
        (await client.get(f"{MINERS}{query}")).headers["ETag"]
        for query in ("", "?status=running", "?status=offline")
    }
    assert len(tags) == 3


async def test_farms(house: House) -> None:
    """Farms with the totals of their rigs."""
    client = await house.client()
    north, south = await (await client.get(FARMS)).json()
    assert north == {
        "id": "north",
        "name": "North",
        "kind": "farms",
        "entry_id": house.entry.entry_id,
        "site": "Account",
        "device_id": device_of(house.hass, house.entry, "north"),
        "area_id": None,
        "rigs": 2,
        "rigs_online": 2,
        "rigs_stale": 0,
        "rigs_with_problem": north["rigs_with_problem"],
        "hashrates": {"etchash": 1e9},
        "power": 900.0,
        "power_is_complete": True,
        "efficiency": 0.9,
        "efficiency_unit": "J/MH",
    }
    assert (south["rigs"], south["rigs_stale"], south["power"]) == (1, 1, None)
    assert (south["efficiency"], south["efficiency_unit"]) == (None, None)


async def test_farms_of_one_area(house: House) -> None:
    """Totals are of the rigs that one may see; farms without such are not told."""
    client = await house.client(of_area(house.mine, read=True))
    (north,) = await (await client.get(FARMS)).json()
    assert (north["id"], north["rigs"]) == ("north", 1)
    client = await house.client({})
    assert await (await client.get(FARMS)).json() == []


async def test_logs(house: House) -> None:
    """Administrators may read the last lines; who else asks is told no."""
    logging.getLogger(f"{LOGGER_NAME}.hub").warning("Something")
    client = await house.client()
    lines = await (await client.get(LOGS)).json()
    assert lines[-1] == {
        "at": "2026-11-20T12:00:00+00:00",
        "level": "WARNING",
        "logger": "hub",
        "message": "Something",
    }
    for group in (GROUP_ID_USER, GROUP_ID_READ_ONLY):
        client = await house.client(group)
        assert await error_of(await client.get(LOGS)) == (403, None)


async def test_not_logged_in(
    house: House, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Whoever is not logged in is told nothing; what cannot be done, cannot be done."""
    client = await hass_client_no_auth()
    commands = f"{MINERS}/mine/commands"
    for path in (MINERS, f"{MINERS}/mine", commands, FARMS, LOGS):
        for method in ("get", "post", "put", "delete"):
            is_there = method == ("post" if path == commands else "get")
            response = await client.request(method, path)
            assert response.status == (401 if is_there else 405), (method, path)


@pytest.mark.parametrize(
    ("group", "ids"),
    [
        (GROUP_ID_ADMIN, {"gone", "mine", "other"}),
        (GROUP_ID_READ_ONLY, {"gone", "mine", "other"}),
        ("area", {"mine"}),
        ("nothing", set()),
    ],
)
async def test_who_sees_what(house: House, group: str, ids: set[str]) -> None:
    """Each is given what that user may see; what is hidden looks as if it were not there."""
    policies: dict[str, Mapping[str, Any]] = {
        "area": of_area(house.mine, read=True),
        "nothing": {},
    }
    client = await house.client(policies.get(group, group))
    items = await (await client.get(MINERS)).json()
    assert {item["id"] for item in items} == ids
    answers = {}
    for rig_id in ("mine", "other", "gone", "unknown"):
        response = await client.get(f"{MINERS}/{rig_id}")
        answers[rig_id] = (response.status, await response.text())
        assert (response.status == HTTPStatus.OK) is (rig_id in ids)
        response = await client.post(
            f"{MINERS}/{rig_id}/commands", json={"command": "reboot"}
        )
        assert (response.status == HTTPStatus.NOT_FOUND) is (rig_id not in ids)
    hidden = {answer for rig_id, answer in answers.items() if rig_id not in ids}
    assert len(hidden) == 1
    assert hidden.pop()[0] == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"command": "reboot"}, ("reboot", None)),
        ({"command": "shutdown", "wakealarm": True}, ("shutdown", None)),
        ({"command": "set_power_mode", "mode": "low"}, ("set_power_mode", "low")),
        (
            {"command": "set_power_mode", "parameters": {"mode": "low"}},
            ("set_power_mode", "low"),
        ),
        ({"command": "locate", "state": False}, ("locate", "off")),
    ],
)
async def test_commands(
    house: House, body: dict[str, Any], told: tuple[str, str | None]
) -> None:
    """A rig is told what is asked, with the parameters of the service."""
    status, answer = await house.tell("mine", body)
    assert status == HTTPStatus.OK
    assert answer == {
        "id": "mine",
        "command": body["command"],
        "outcome": "done" if body["command"] == "locate" else "sent",
        "command_ids": ["1"],
    }
    assert house.north.told == [(*told, ("mine",))]


async def test_shell(house: House) -> None:
    """What is named like ours is given as a parameter; the shell is off until switched on."""
    body = {"command": "execute", "parameters": {"command": "uptime"}}
    assert (await house.tell("mine", body))[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    house.hass.config_entries.async_update_entry(
        house.entry, options={CONF_ALLOW_EXEC: True}
    )
    await settle(house.hass)
    assert (await house.tell("mine", body))[0] == HTTPStatus.OK
    assert house.north.told == [("execute", "uptime", ("mine",))]


async def test_context(house: House, hass: HomeAssistant) -> None:
    """The service is called as that user: what happens is in the logbook under that name."""
    calls: list[ServiceCall] = []

    async def note(call: ServiceCall) -> dict[str, Any]:
        calls.append(call)
        return {"rigs": [{"result": "done", "command_ids": [], "error": None}]}

    hass.services.async_register(
        DOMAIN, "reboot", note, supports_response=SupportsResponse.OPTIONAL
    )
    user = await make_user(hass, GROUP_ID_USER)
    client = await house._clients(await token_of(hass, user))
    await client.post(f"{MINERS}/mine/commands", json={"command": "reboot"})
    (call,) = calls
    assert call.context.user_id == user.id
    assert call.data == {"device_id": device_of(hass, house.entry, "mine")}


async def test_bad_commands(house: House) -> None:
    """What cannot be meant is named, and nothing is done."""
    client = await house.client()
    cases: tuple[tuple[object, str], ...] = (
        ([], "body"),
        ("reboot", "body"),
        ({}, "command"),
        ({"command": 7}, "command"),
        ({"command": ""}, "command"),
        ({"command": "explode"}, "command"),
        # A service, and no command.
        ({"command": "hiveos_exec"}, "command"),
        ({"command": "reboot", "speed": 1}, "speed"),
        ({"command": "reboot", "stagger": "long"}, "stagger"),
        ({"command": "reboot", "parameters": [1]}, "parameters"),
        ({"command": "locate", "state": 1, "parameters": {"state": 1}}, "state"),
        ({"command": "reboot", "parameters": None}, "parameters"),
        ({"command": "set_power_mode"}, "mode"),
        # The rig knows its own choices.
        ({"command": "set_power_mode", "mode": "warp"}, "mode"),
        ({"command": "set_flight_sheet", "flight_sheet": "Kaspa"}, "flight_sheet"),
        ({"command": "switch_pool", "pool": "9"}, "pool"),
        ({"command": "set_power_target", "watts": 5}, "watts"),
        ({"command": "set_power_target", "watts": -1}, "watts"),
        ({"command": "set_fan", "mode": "manual"}, "duty"),
        ({"command": "update_settings"}, "parameters"),
        (
            {"command": "set_pools", "pools": [{"url": "a b", "user": "x"}]},
            "pools.0.url",
        ),
        # The path says which rig is meant, and nothing else does.
        ({"command": "reboot", "device_id": "x"}, "device_id"),
        ({"command": "reboot", "parameters": {"entity_id": "all"}}, "entity_id"),
        ({"command": "reboot", "area_id": "mine"}, "area_id"),
    )
    for body, field in cases:
        response = await client.post(f"{MINERS}/mine/commands", json=body)
        assert await error_of(response) == (422, field), body
    assert not house.north.told


async def test_bad_bodies(house: House) -> None:
    """What is no JSON, or too much of it, is not looked at."""
    client = await house.client()
    for data, status in (
        (b"", 400),
        (b"{", 400),
        (b'{"command": "\xff"}', 400),
        (b'{"command": NaN}', 400),
        (b"[" * 50_000, 400),
        (b'{"command": "reboot", "x": "' + b"x" * 70_000 + b'"}', 413),
    ):
        response = await client.post(f"{MINERS}/mine/commands", data=data)
        assert await error_of(response) == (status, "body"), data[:30]


async def test_slow_body(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody is waited for long."""
    # Time goes by here: a frozen clock wakes nobody.
    house = House(hass, hass_client)
    await house.setup(monkeypatch)
    monkeypatch.setattr(api_answers, "BODY_DEADLINE", 0.05)

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(0.5)
        yield b"}"

    client = await house.client()
    response = await client.post(f"{MINERS}/mine/commands", data=body())
    assert await error_of(response) == (408, "body")


@pytest.mark.parametrize(
    ("group", "command", "status"),
    [
        (GROUP_ID_ADMIN, "set_flight_sheet", 200),
        (GROUP_ID_USER, "set_flight_sheet", 403),
        (GROUP_ID_USER, "set_power_mode", 200),
        (GROUP_ID_READ_ONLY, "set_power_mode", 403),
        # Whoever may not, is not told what there would be.
        (GROUP_ID_READ_ONLY, "explode", 403),
    ],
)
async def test_who_may_tell(
    house: House, group: str, command: str, status: int
) -> None:
    """A rig is told what that user may tell it."""
    body = {
        "command": command,
        **({"mode": "low"} if command == "set_power_mode" else {"flight_sheet": "ETC"}),
    }
    found, answer = await house.tell("mine", body, group)
    assert found == status
    assert bool(house.north.told) is (status == HTTPStatus.OK)
    if status != HTTPStatus.OK:
        assert answer == {
            "message": "You may not tell the miner to do this",
            "field": None,
        }


async def test_who_may_tell_in_an_area(house: House) -> None:
    """Whoever may see everything and control an area, may tell the rigs there."""
    policy = {"all": {"read": True}, "area_ids": {house.mine: {"control": True}}}
    assert (await house.tell("other", {"command": "reboot"}, policy))[0] == 403
    assert (await house.tell("mine", {"command": "reboot"}, policy))[0] == 200
    assert house.north.told == [("reboot", None, ("mine",))]


async def test_service_says_no(
    house: House, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has the last word on who may."""
    monkeypatch.setattr(
        api, "access_of", lambda hass, user: lambda rig_id: Access.ADMIN
    )
    status, _ = await house.tell("mine", {"command": "reboot"}, GROUP_ID_READ_ONLY)
    assert status == HTTPStatus.FORBIDDEN
    assert not house.north.told


async def test_rig_fails(house: House) -> None:
    """What went wrong with the rig is told in its words."""
    house.north.source.outcomes = (
        Outcome(rig_id="mine", result=Result.FAILED, error="it is on fire"),
    )
    status, answer = await house.tell("mine", {"command": "reboot"})
    assert status == HTTPStatus.BAD_GATEWAY
    assert answer == {"message": "it is on fire", "field": None}
    house.north.source.outcomes = SourceTimeoutError("north: no answer")
    status, answer = await house.tell("mine", {"command": "reboot"})
    assert (status, answer["message"]) == (502, "north: no answer")


async def test_not_accepted_now(house: House) -> None:
    """A rig takes only what it says it does."""
    house.north.change("mine", commands=(Action.REBOOT,))
    await poll(house.hass)
    status, answer = await house.tell("mine", {"command": "locate"})
    assert (status, answer["field"]) == (422, "command")
    assert "locate" in answer["message"]


async def test_without_device(house: House, hass: HomeAssistant) -> None:
    """A rig whose device was just removed cannot be named to the service."""
    dr.async_get(hass).async_remove_device(device_of(hass, house.entry, "mine"))
    status, _ = await house.tell("mine", {"command": "reboot"})
    assert status == HTTPStatus.CONFLICT


async def test_extension(house: House, hass: HomeAssistant) -> None:
    """A command of an extension goes through its own service; a service that fails is not us."""
    house.north.change("mine", commands=("acme.beep",))
    await poll(hass)
    remove = async_registry(hass).async_add(
        "acme",
        Extension(
            api_version=API_VERSION,
            name="Acme",
            services=(plain_service("acme", "beep"),),
        ),
    )
    assert (await house.tell("mine", {"command": "acme.beep"}))[0] == HTTPStatus.OK
    assert house.north.told == [("acme.beep", None, ("mine",))]

    async def fail(call: ServiceCall) -> None:
        raise HomeAssistantError("Acme is closed")

    hass.services.async_register(
        DOMAIN, "acme_beep", fail, supports_response=SupportsResponse.OPTIONAL
    )
    status, answer = await house.tell("mine", {"command": "acme.beep"})
    assert (status, answer["message"]) == (502, "Acme is closed")
    remove()
    assert (await house.tell("mine", {"command": "acme.beep"}))[0] == 422


async def test_inside_stays_inside(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours is in the log; the answer says only where to look for it."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("the inside")

    monkeypatch.setattr(api, "access_of", fail)
    client = await house.client()
    for method, path in (
        ("get", MINERS),
        ("get", f"{MINERS}/mine"),
        ("get", FARMS),
        ("post", f"{MINERS}/mine/commands"),
    ):
        caplog.clear()
        response = await client.request(method, path)
        assert response.status == HTTPStatus.INTERNAL_SERVER_ERROR
        body = await response.json()
        assert body == {"message": "Internal error", "reference": body["reference"]}
        (line,) = [
            record for record in caplog.records if record.name.endswith("api_answers")
        ]
        assert body["reference"] in line.getMessage()
        assert line.exc_info


async def test_http_errors_pass(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server itself says is left as it is."""

    def busy(*_: object) -> None:
        raise web.HTTPServiceUnavailable

    monkeypatch.setattr(api, "access_of", busy)
    client = await house.client()
    assert (await client.get(MINERS)).status == HTTPStatus.SERVICE_UNAVAILABLE


async def test_without_stand_in(house: House, hass: HomeAssistant) -> None:
    """An administrator sees a rig whose Stale entity somebody removed."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, "mine_stale"
    )
    assert entity_id
    er.async_get(hass).async_remove(entity_id)
    client = await house.client()
    assert (await client.get(f"{MINERS}/mine")).status == HTTPStatus.OK


async def test_many(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A large answer comes compressed, and as a whole."""
    farm = Farm("farm", *(farm_rig(f"rig{number:03}") for number in range(60)))
    await setup_farms(hass, monkeypatch, farm)
    async_setup_api(hass)
    client = await hass_client()
    response = await client.get(MINERS)
    assert response.headers["Content-Encoding"] in ("deflate", "gzip")
    assert len(json.loads(await response.text())) == 60


async def test_real_miners(
    hass: HomeAssistant,
    farm: FarmMaker,
    noon: None,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
) -> None:
    """Miners on the network: listed, told to reboot, gone, and stale."""
    miners = await farm("luxos", "s9")
    entry: MockConfigEntry = await setup_site(hass, miners)
    async_setup_api(hass)
    client = await hass_client()
    first = miners_of(entry)[0].subentry_id
    items = {item["id"]: item for item in await (await client.get(MINERS)).json()}
    assert items[first]["ip"] == miners[0].host
    assert items[first]["firmware"].startswith("luxos")
    assert items[first]["is_stale"] is False
    response = await client.post(
        f"{MINERS}/{first}/commands", json={"command": "locate"}
    )
    assert (await response.json())["outcome"] == "done"
    assert miners[0].locating
    miners.set_fault(Fault.REFUSE)
    await pass_time(hass, freezer, 120)
    await settle(hass)
    item = await (await client.get(f"{MINERS}/{first}")).json()
    assert item["is_stale"] is True
    assert item["age_sec"] == 120
    assert item["status"] == "offline"
    response = await client.post(
        f"{MINERS}/{first}/commands", json={"command": "reboot"}
    )
    assert response.status == HTTPStatus.BAD_GATEWAY
    assert (await response.json())["message"]
