"""Attacks that no other test tries: who may change settings, who hears what, texts that would do something."""

import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.const import CONF_TOKEN, CONF_URL, EVENT_CALL_SERVICE, MATCH_ALL
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.antminer_monitor.const import (
    CONF_KIND,
    DOMAIN,
    KIND_HIVEOS,
    SUBENTRY_MINER,
)
from custom_components.antminer_monitor.extension import API_VERSION, Extension
from custom_components.antminer_monitor.hive_account import HiveAccount
from custom_components.antminer_monitor.hiveos.client import DEFAULT_URL
from custom_components.antminer_monitor.log_lines import LOGGER_NAME
from custom_components.antminer_monitor.markdown import plain
from custom_components.antminer_monitor.notices import Notice, NoticeBoard
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.rig import Pool
from custom_components.antminer_monitor.service_commands import plain_service
from custom_components.antminer_monitor.source import ForbiddenError, Refusal

from .common import NOON, FarmMaker, setup_site
from .farms import Farm, device_of, farm_rig, poll, setup_farms
from .houses import make_house
from .users import make_user, token_of

PASSWORD = "s3cret"
EVIL = '[x](https://evil.example) <img src="//evil.example/p"> `a`'


# Who may change settings.


@pytest.mark.parametrize("group", [GROUP_ID_USER, GROUP_ID_READ_ONLY])
async def test_settings_are_for_administrators(
    hass: HomeAssistant,
    farm: FarmMaker,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    group: str,
) -> None:
    """Others can add, change, remove, read out nothing of an entry, whichever door they try."""
    assert await async_setup_component(hass, "config", {})
    assert await async_setup_component(hass, "diagnostics", {})
    # A server of a test takes no more views once it runs.
    assert await async_setup_component(hass, "websocket_api", {})
    entry = await setup_site(hass, await farm("s9"))
    (subentry_id,) = entry.subentries
    token = await token_of(hass, await make_user(hass, group))
    client = await hass_client(token)
    entries = "/api/config/config_entries"
    before = entry.as_dict()
    for method, path, body in (
        ("post", f"{entries}/flow", {"handler": DOMAIN}),
        ("post", f"{entries}/flow", {"handler": DOMAIN, "entry_id": entry.entry_id}),
        ("post", f"{entries}/options/flow", {"handler": entry.entry_id}),
        (
            "post",
            f"{entries}/subentries/flow",
            {"handler": [entry.entry_id, SUBENTRY_MINER]},
        ),
        (
            "post",
            f"{entries}/subentries/flow",
            {"handler": [entry.entry_id, SUBENTRY_MINER], "subentry_id": subentry_id},
        ),
        ("post", f"{entries}/entry/{entry.entry_id}/reload", None),
        ("delete", f"{entries}/entry/{entry.entry_id}", None),
        ("get", f"/api/diagnostics/config_entry/{entry.entry_id}", None),
    ):
        response = await client.request(method, path, json=body)
        assert response.status in (401, 403), (method, path)
    socket = await hass_ws_client(hass, token)
    for command, given in (
        ("config_entries/update", {"entry_id": entry.entry_id, "title": "Mine"}),
        ("config_entries/disable", {"entry_id": entry.entry_id, "disabled_by": "user"}),
        (
            "config_entries/subentries/delete",
            {"entry_id": entry.entry_id, "subentry_id": subentry_id},
        ),
        (
            "config/device_registry/remove_config_entry",
            {
                "config_entry_id": entry.entry_id,
                "device_id": device_of(hass, entry, subentry_id),
            },
        ),
        (
            "config/device_registry/update",
            {"device_id": device_of(hass, entry, subentry_id), "area_id": None},
        ),
    ):
        await socket.send_json_auto_id({"type": command, **given})
        answer = await socket.receive_json()
        assert answer["error"]["code"] == "unauthorized", command
    assert entry.as_dict() == before
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize(
    ("is_for_everybody", "allowed"),
    [
        (False, {GROUP_ID_ADMIN}),
        (True, {GROUP_ID_ADMIN, GROUP_ID_USER}),
    ],
)
async def test_services_of_extensions(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    is_for_everybody: bool,
    allowed: set[str],
) -> None:
    """They are for administrators unless their author says otherwise, and never for who may only look."""
    farm = Farm("farm", farm_rig("mine", commands=("acme.beep",)))
    entry = await setup_farms(hass, monkeypatch, farm)
    service = plain_service("acme", "beep", is_for_everybody=is_for_everybody)
    async_registry(hass).async_add(
        "acme", Extension(api_version=API_VERSION, name="Acme", services=(service,))
    )
    for group in (GROUP_ID_ADMIN, GROUP_ID_USER, GROUP_ID_READ_ONLY):
        user = await make_user(hass, group)
        call = hass.services.async_call(
            DOMAIN,
            "acme_beep",
            {"device_id": device_of(hass, entry, "mine")},
            blocking=True,
            context=Context(user_id=user.id),
        )
        before = len(farm.told)
        if group in allowed:
            await call
        else:
            with pytest.raises(Unauthorized):
                await call
        assert len(farm.told) - before == (group in allowed), group


async def test_log_ends_with_the_right_to_it(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
    noon: None,
) -> None:
    """Who is an administrator no more hears no more of the log, though the page is still open."""
    house = await make_house(hass, freezer, hass_ws_client, monkeypatch)
    user = await make_user(hass, GROUP_ID_ADMIN)
    client = await house.client(user=user)
    await client.follow(f"{DOMAIN}/logs/subscribe")
    logger = logging.getLogger(LOGGER_NAME)
    logger.warning("For the administrator")
    await hass.async_block_till_done()
    assert (await client.next())["lines"]
    await hass.auth.async_update_user(user, group_ids=[GROUP_ID_USER])
    logger.warning("Not for everybody")
    await hass.async_block_till_done()
    assert await client.silent()


# Who is paid for the work.


async def test_users_of_pools_are_in_no_state_and_no_event(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    entity_registry_enabled_by_default: None,
) -> None:
    """Who is paid for the work is told to nobody, in an address of a pool neither."""
    events: list[str] = []
    hass.bus.async_listen(MATCH_ALL, lambda event: events.append(str(event.data)))

    def pools(*hosts: str) -> tuple[Pool, ...]:
        return tuple(
            Pool(
                index=place,
                url=f"stratum+tcp://purse.1:{PASSWORD}@{host}:3333",
                user="purse.2",
                active=not place,
            )
            for place, host in enumerate(hosts)
        )

    farm = Farm("farm", farm_rig("mine", pools=pools("a.example", "b.example")))
    await setup_farms(hass, monkeypatch, farm)
    # Twice: what was seen once may be a slip.
    for _ in range(3):
        farm.change("mine", pools=pools("b.example", "a.example"))
        await poll(hass)
    states = [str(state.as_dict()) for state in hass.states.async_all()]
    told = [text for text in events if "pool_changed" in text]
    assert told
    assert any("b.example:3333" in text for text in states)
    for text in (*states, *events):
        assert "purse" not in text
        assert PASSWORD not in text


# Texts of others in places where Markdown is read.


def _entry(hass: HomeAssistant, title: str) -> MockConfigEntry:
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title,
        entry_id="account",
        data={CONF_KIND: KIND_HIVEOS, CONF_TOKEN: "t", CONF_URL: DEFAULT_URL},
    )
    entry.add_to_hass(hass)
    return entry


async def test_announcements_do_nothing(hass: HomeAssistant) -> None:
    """What a service announces is shown as it is: no link, no picture, no heading of ours."""
    board = NoticeBoard(hass, _entry(hass, "ann"))
    message = f"{EVIL}\n\n# Pay here"
    board.async_pin((Notice(id="1", title="Down", message=message, starts=NOON),))
    issue = ir.async_get(hass).async_get_issue(DOMAIN, "notice_account_1")
    assert issue
    assert issue.translation_placeholders
    shown = issue.translation_placeholders["message"]
    assert shown == f"> {plain(EVIL)}\n>\n> {plain('# Pay here')}"


async def test_refusals_do_nothing(hass: HomeAssistant) -> None:
    """What a service says when it refuses something is shown as it is."""
    hub = HiveAccount(hass, _entry(hass, EVIL))
    hub._refuse("farm", "North", ForbiddenError(EVIL, Refusal.UNKNOWN))
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.translation_placeholders == {
        "farm": "North",
        "place": "North",
        "account": plain(EVIL),
        "error": plain(EVIL),
    }


# What Home Assistant itself tells, whatever we do: the page of known limits says so.


async def test_registries_are_for_everybody(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Who may see no rig still reads names of devices and repair notices, and nothing of ours."""
    assert await async_setup_component(hass, "config", {})
    assert await async_setup_component(hass, "repairs", {})
    await setup_farms(hass, monkeypatch, Farm("farm", farm_rig("mine")))
    hub_entry = _entry(hass, "ann")
    NoticeBoard(hass, hub_entry).async_pin((Notice(id="1", title="Down"),))
    socket = await hass_ws_client(hass, await token_of(hass, await make_user(hass, {})))

    async def ask(command: str) -> Any:
        await socket.send_json_auto_id({"type": command})
        return await socket.receive_json()

    devices = (await ask("config/device_registry/list"))["result"]
    assert "Mine" in {device["name"] for device in devices}
    assert (await ask("repairs/list_issues"))["result"]["issues"]
    assert await ask(f"{DOMAIN}/fleet/subscribe")
    fleet = await socket.receive_json()
    assert fleet["event"] == {"kind": "all", "sites": [], "rigs": []}


@pytest.mark.parametrize("group", [GROUP_ID_USER, GROUP_ID_READ_ONLY])
async def test_service_calls_are_told_to_administrators(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    hass_ws_client: WebSocketGenerator,
    group: str,
) -> None:
    """The event of a call holds its parameters, a pool's password too: others cannot follow it."""
    entry = await setup_farms(hass, monkeypatch, Farm("farm", farm_rig("mine")))
    calls = async_capture_events(hass, EVENT_CALL_SERVICE)
    socket = await hass_ws_client(
        hass, await token_of(hass, await make_user(hass, group))
    )
    await socket.send_json_auto_id(
        {"type": "subscribe_events", "event_type": EVENT_CALL_SERVICE}
    )
    answer = await socket.receive_json()
    assert answer["error"]["code"] == "unauthorized"
    await hass.services.async_call(
        DOMAIN,
        "set_pools",
        {
            "device_id": device_of(hass, entry, "mine"),
            "pools": [{"url": "pool.example:1", "user": "me", "password": PASSWORD}],
        },
        blocking=True,
    )
    assert PASSWORD in str(calls[-1].data)
