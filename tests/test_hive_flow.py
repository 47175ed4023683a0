"""The flows of HiveOS accounts, against a simulated service on a real socket."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor import hive_forms
from custom_components.antminer_monitor.const import (
    CONF_ALLOW_EXEC,
    CONF_FARMS_OFF,
    CONF_KIND,
    CONF_STALE_AFTER,
    DEFAULT_HIVE_INTERVAL,
    DOMAIN,
    KIND_HIVEOS,
)
from custom_components.antminer_monitor.hive_forms import clean_token
from custom_components.antminer_monitor.hiveos.client import DEFAULT_URL
from custom_components.antminer_monitor.hiveos.models import Farm
from custom_components.antminer_monitor.hiveos.source import farm_device_id
from simulator.hive import FarmPlan, HiveFault, HiveService

from .common import free_base_port, settle

PLANS = (FarmPlan(name="North hall", gpu_rigs=2), FarmPlan(name="Container 2", asics=1))


OWNER = "hiveos_1001"
"""Unique id of the account that the service's own token stands for."""
OTHER = "hiveos_9"


@pytest.fixture
async def hive(loopback_enabled: None) -> AsyncIterator[HiveService]:
    """Run the service with two small farms; nothing that it is asked breaks its contract."""
    async with HiveService(PLANS) as service:
        yield service
        assert service.violations == []


@pytest.fixture(autouse=True)
def set_up() -> Iterator[AsyncMock]:
    """Leave it at the flows: what they make is set up by nobody."""
    package = "custom_components.antminer_monitor"
    with (
        patch(f"{package}.async_unload_entry", return_value=True),
        patch(f"{package}.async_setup_entry", return_value=True) as mock,
    ):
        yield mock


def ids(hive: HiveService) -> list[str]:
    """Give the ids of the service's farms, as they are stored."""
    return [str(farm.id) for farm in hive.farms]


def login(hive: HiveService, token: str | None = None) -> dict[str, Any]:
    """Give what a person types into the first form."""
    return {CONF_TOKEN: token or hive.token, "advanced": {CONF_URL: hive.url}}


async def begin(hass: HomeAssistant) -> str:
    """Open the form of a new account."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "hiveos"}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "hiveos"
    assert result["errors"] == {}
    return result["flow_id"]


async def submit(hass: HomeAssistant, flow_id: str, given: dict[str, Any]) -> Any:
    """Answer a step."""
    return await hass.config_entries.flow.async_configure(flow_id, given)


def options_of(result: Any, field: str = "farms") -> tuple[list[Any], list[str]]:
    """Give the choices of a form's field, and those that are ticked."""
    schema = result["data_schema"].schema
    (marker,) = (key for key in schema if key == field)
    ticked = marker.default()
    return schema[marker].config["options"], ticked


def make_account(
    hass: HomeAssistant,
    hive: HiveService,
    unique_id: str = OWNER,
    title: str = "Mine",
    **options: Any,
) -> MockConfigEntry:
    """Configure the account of the service's own token, or another."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title,
        unique_id=unique_id,
        data={CONF_KIND: KIND_HIVEOS, CONF_TOKEN: hive.token, CONF_URL: hive.url},
        options={CONF_FARMS_OFF: [], **options},
    )
    entry.add_to_hass(hass)
    return entry


def follow(hass: HomeAssistant, entry: ConfigEntry, *farm_ids: str) -> None:
    """Make the devices that an account has of the farms that it follows."""
    for farm_id in farm_ids:
        dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, farm_device_id(farm_id))},
        )


# --- a new account --------------------------------------------------------------------


async def test_an_account_and_its_farms(
    hass: HomeAssistant, hive: HiveService, caplog: pytest.LogCaptureFixture
) -> None:
    """A token gives an account, its farms are ticked, and what is not is left out."""
    caplog.set_level("DEBUG")
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, login(hive))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "farms"
    assert result["description_placeholders"] == {"taken_count": "0", "taken": ""}
    options, ticked = options_of(result)
    assert [option["value"] for option in options] == ticked == ids(hive)
    assert options[0]["label"] == "North hall · 2 rigs"

    result = await submit(hass, flow_id, {"farms": ticked[:1]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        CONF_KIND: KIND_HIVEOS,
        CONF_TOKEN: hive.token,
        CONF_URL: hive.url,
    }
    assert result["options"] == {CONF_FARMS_OFF: ticked[1:]}
    entry = result["result"]
    assert entry.title == "miner"
    assert entry.unique_id == OWNER
    assert entry.supported_subentry_types == {}
    assert hive.token not in caplog.text


async def test_a_shared_farm_says_so(hass: HomeAssistant, hive: HiveService) -> None:
    """The role that the account has in a farm stands beside it."""
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, login(hive, hive.tokens["monitor"]))

    options, _ = options_of(result)
    assert options[0]["label"] == "North hall · 2 rigs · monitor"


async def test_the_usual_address_needs_no_typing(hass: HomeAssistant) -> None:
    """The address of the service is there already, out of sight."""
    flow_id = await begin(hass)
    form = hass.config_entries.flow.async_get(flow_id)
    result = await submit(hass, form["flow_id"], {CONF_TOKEN: "ü", "advanced": {}})
    assert result["errors"] == {CONF_TOKEN: "invalid_token"}

    (advanced,) = (key for key in result["data_schema"].schema if key == "advanced")
    part = result["data_schema"].schema[advanced]
    assert part.options == {"collapsed": True}
    assert part.schema({}) == {CONF_URL: str(DEFAULT_URL)}


@pytest.mark.parametrize(
    ("farm", "label"),
    [
        (Farm(id="1", name="Hall"), "Hall"),
        (Farm(id="1", name="Hall", workers_count=0), "Hall · 0 rigs"),
        (Farm(id="1", name="Hall", workers_count=1), "Hall · 1 rig"),
        (Farm(id="1", name="Hall", workers_count=2), "Hall · 2 rigs"),
        (Farm(id="1", name="Hall", role="full"), "Hall · full"),
    ],
)
def test_label(farm: Farm, label: str) -> None:
    """What is known of a farm stands in the list, and nothing else."""
    assert hive_forms._label(farm) == label


@pytest.mark.parametrize(
    "pasted",
    [
        "abc.def",
        "  abc.def\n",
        "Bearer abc.def",
        "bearer\tabc.\n  def ",
        "Authorization: Bearer abc.def",
        "abc.\r\ndef",
    ],
)
def test_what_is_pasted(pasted: str) -> None:
    """What comes along with a token is taken off."""
    assert clean_token(pasted) == "abc.def"


async def test_a_pasted_header(hass: HomeAssistant, hive: HiveService) -> None:
    """The token is stored without what came along with it."""
    flow_id = await begin(hass)
    await submit(hass, flow_id, login(hive, f" Bearer {hive.token}\n"))
    result = await submit(hass, flow_id, {"farms": ids(hive)})

    assert result["data"][CONF_TOKEN] == hive.token


@pytest.mark.parametrize("token", [" ", "Bearer ", "tökén", "to\0ken"])
async def test_what_is_no_token(
    hass: HomeAssistant, hive: HiveService, token: str
) -> None:
    """What cannot be a token is not sent, and can be corrected."""
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, login(hive, token))
    assert result["errors"] == {CONF_TOKEN: "invalid_token"}
    assert not hive.requests

    result = await submit(hass, flow_id, login(hive))
    assert result["step_id"] == "farms"


@pytest.mark.parametrize(
    ("fault", "errors"),
    [
        (HiveFault.UNAUTHORIZED, {CONF_TOKEN: "invalid_token"}),
        (HiveFault.FORBIDDEN_CODE, {"base": "forbidden_security_code"}),
        (HiveFault.FORBIDDEN_HTML, {"base": "forbidden_unknown"}),
        (HiveFault.TOO_MANY, {"base": "hiveos_busy"}),
        (HiveFault.CLOUDFLARE, {"base": "hiveos_error"}),
        (HiveFault.SLOW, {"base": "hiveos_timeout"}),
        (HiveFault.DROP, {"base": "hiveos_unreachable"}),
        (HiveFault.HTML, {"base": "not_hiveos"}),
        (HiveFault.EMPTY, {"base": "not_hiveos"}),
    ],
)
@pytest.mark.parametrize("path", ["/account", "/farms"])
async def test_what_goes_wrong_is_said_and_heals(
    hass: HomeAssistant,
    hive: HiveService,
    monkeypatch: pytest.MonkeyPatch,
    fault: HiveFault,
    errors: dict[str, str],
    path: str,
) -> None:
    """Every way to fail has its words in the same form, and once it is over the flow goes on."""
    if fault is HiveFault.SLOW:
        monkeypatch.setattr(hive_forms, "SIGN_IN_TIMEOUT", 0.05)
    flow_id = await begin(hass)
    hive.set_fault(fault, path=path)
    result = await submit(hass, flow_id, login(hive))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "hiveos"
    assert result["errors"] == errors
    if fault is HiveFault.TOO_MANY:
        assert int(result["description_placeholders"]["wait"]) > 0

    hive.clear()
    monkeypatch.undo()
    result = await submit(hass, flow_id, login(hive))
    assert result["step_id"] == "farms"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("", "url_invalid"),
        ("hive", "url_invalid"),
        ("ftp://127.0.0.1/api", "url_invalid"),
        ("http://hive.example.com/api/v2", "url_insecure"),
    ],
)
async def test_bad_addresses(
    hass: HomeAssistant, hive: HiveService, url: str, error: str
) -> None:
    """A token goes only where nobody can read it on its way."""
    flow_id = await begin(hass)
    given = {CONF_TOKEN: hive.token, "advanced": {CONF_URL: url}}
    result = await submit(hass, flow_id, given)
    assert result["errors"] == {"advanced": error}

    result = await submit(hass, flow_id, login(hive))
    assert result["step_id"] == "farms"


async def test_nobody_there(hass: HomeAssistant, hive: HiveService) -> None:
    """An address at which nothing listens is said."""
    flow_id = await begin(hass)
    url = f"http://127.0.0.1:{free_base_port()}/api/v2"
    given = {CONF_TOKEN: hive.token, "advanced": {CONF_URL: url}}
    result = await submit(hass, flow_id, given)

    assert result["errors"] == {"base": "hiveos_unreachable"}


async def test_no_farms_yet(hass: HomeAssistant, loopback_enabled: None) -> None:
    """An account without a farm is taken: they come later."""
    async with HiveService([]) as hive:
        flow_id = await begin(hass)
        result = await submit(hass, flow_id, login(hive))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["options"] == {CONF_FARMS_OFF: []}


async def test_nothing_ticked(hass: HomeAssistant, hive: HiveService) -> None:
    """At least one farm is needed; the same form goes on."""
    flow_id = await begin(hass)
    await submit(hass, flow_id, login(hive))
    result = await submit(hass, flow_id, {"farms": []})
    assert result["errors"] == {"farms": "no_farm_selected"}

    result = await submit(hass, flow_id, {"farms": ids(hive)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["options"] == {CONF_FARMS_OFF: []}


async def test_the_same_account_twice(hass: HomeAssistant, hive: HiveService) -> None:
    """An account is configured once, whichever of its tokens is given."""
    entry = make_account(hass, hive)
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, login(hive))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "account_configured"
    assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_two_people_add_the_same_account(
    hass: HomeAssistant, hive: HiveService
) -> None:
    """Who comes first adds it, and the other flow ends."""
    first, second = await begin(hass), await begin(hass)
    for flow_id in (first, second):
        result = await submit(hass, flow_id, login(hive))
        assert result["step_id"] == "farms"
    result = await submit(hass, first, {"farms": ids(hive)})
    assert result["type"] is FlowResultType.CREATE_ENTRY

    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_farms_of_another_account(hass: HomeAssistant, hive: HiveService) -> None:
    """A farm that another account follows is named, not offered, and left out."""
    other = make_account(hass, hive, OTHER, "Theirs")
    north, container = ids(hive)
    follow(hass, other, north)
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, login(hive))
    options, ticked = options_of(result)
    assert [option["value"] for option in options] == ticked == [container]
    assert result["description_placeholders"] == {
        "taken_count": "1",
        "taken": "- North hall (Theirs)",
    }

    result = await submit(hass, flow_id, {"farms": ticked})
    assert result["options"] == {CONF_FARMS_OFF: [north]}


async def test_all_farms_of_another_account(
    hass: HomeAssistant, hive: HiveService
) -> None:
    """With nothing left to follow the flow ends, and says whose they are."""
    other = make_account(hass, hive, OTHER, "Theirs")
    follow(hass, other, *ids(hive))
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, login(hive))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "farms_followed"
    assert result["description_placeholders"] == {
        "taken_count": "2",
        "taken": "- North hall (Theirs)\n- Container 2 (Theirs)",
    }


async def test_a_farm_that_another_account_gave_up(
    hass: HomeAssistant, hive: HiveService
) -> None:
    """A farm that was taken out of another account may be followed."""
    other = make_account(hass, hive, OTHER, "Theirs", farms_off=ids(hive))
    follow(hass, other, *ids(hive))
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, login(hive))

    _, ticked = options_of(result)
    assert ticked == ids(hive)


# --- a new token, another address ------------------------------------------------------


async def test_reauth(hass: HomeAssistant, hive: HiveService) -> None:
    """A new token of the same account takes the place of the one that is refused."""
    entry = make_account(hass, hive)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TOKEN: "old"}
    )
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "hiveos_reauth_confirm"
    assert result["description_placeholders"]["account"] == "Mine"
    flow_id = result["flow_id"]
    result = await submit(hass, flow_id, {CONF_TOKEN: "wrong"})
    assert result["errors"] == {CONF_TOKEN: "invalid_token"}
    result = await submit(hass, flow_id, {CONF_TOKEN: hive.tokens["other"]})
    assert result["errors"] == {"base": "wrong_account"}
    assert entry.data[CONF_TOKEN] == "old"

    result = await submit(hass, flow_id, {CONF_TOKEN: f"Bearer {hive.token}"})
    assert result["reason"] == "reauth_successful"
    assert entry.data == {
        CONF_KIND: KIND_HIVEOS,
        CONF_TOKEN: hive.token,
        CONF_URL: hive.url,
    }


async def test_reauth_with_the_same_token(
    hass: HomeAssistant, hive: HiveService, set_up: AsyncMock
) -> None:
    """A token that was refused for a while is good again: the entry starts anew with it."""
    entry = make_account(hass, hive)
    await hass.config_entries.async_setup(entry.entry_id)
    result = await entry.start_reauth_flow(hass)
    result = await submit(hass, result["flow_id"], {CONF_TOKEN: hive.token})
    assert result["reason"] == "reauth_successful"
    await settle(hass)

    assert set_up.await_count == 2


async def test_reauth_while_the_service_is_down(
    hass: HomeAssistant, hive: HiveService
) -> None:
    """A token that cannot be tried is not taken, and the form says why."""
    entry = make_account(hass, hive)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TOKEN: "old"}
    )
    result = await entry.start_reauth_flow(hass)
    hive.set_fault(HiveFault.SERVER_ERROR)
    result = await submit(hass, result["flow_id"], {CONF_TOKEN: hive.token})

    assert result["errors"] == {"base": "hiveos_error"}
    assert entry.data[CONF_TOKEN] == "old"


async def test_reconfigure_the_address(hass: HomeAssistant, hive: HiveService) -> None:
    """Another address is tried with the stored token, and written down."""
    entry = make_account(hass, hive)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_URL: "http://127.0.0.1:1/api/v2"}
    )
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "hiveos_reconfigure"
    flow_id = result["flow_id"]
    result = await submit(hass, flow_id, {CONF_URL: "http://hive.example.com"})
    assert result["errors"] == {CONF_URL: "url_insecure"}

    result = await submit(hass, flow_id, {CONF_URL: f" {hive.url} "})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_URL] == hive.url
    assert entry.data[CONF_TOKEN] == hive.token


async def test_reconfigure_the_token(hass: HomeAssistant, hive: HiveService) -> None:
    """A token of another account is another account's."""
    entry = make_account(hass, hive)
    result = await entry.start_reconfigure_flow(hass)
    flow_id = result["flow_id"]
    wanted = {CONF_TOKEN: hive.tokens["other"], CONF_URL: hive.url}
    result = await submit(hass, flow_id, wanted)
    assert result["errors"] == {"base": "wrong_account"}

    result = await submit(hass, flow_id, {**wanted, CONF_TOKEN: hive.token})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_TOKEN] == hive.token


# --- options --------------------------------------------------------------------------


async def begin_options(hass: HomeAssistant, entry: ConfigEntry) -> Any:
    """Open the form of the options of an account."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "hiveos"
    return result


async def submit_options(hass: HomeAssistant, form: Any, given: dict[str, Any]) -> Any:
    """Answer the form of the options, whose section of limits a browser always sends."""
    return await hass.config_entries.options.async_configure(
        form["flow_id"], {"limits": {}, **given}
    )


async def test_options(hass: HomeAssistant, hive: HiveService) -> None:
    """Farms are taken in and out; one that cannot be seen now stays as it was."""
    north, container = ids(hive)
    entry = make_account(hass, hive, farms_off=[north, "77"])
    follow(hass, entry, container)
    form = await begin_options(hass, entry)
    options, ticked = options_of(form)
    assert [option["value"] for option in options] == [north, container]
    assert ticked == [container]

    wanted = {
        "farms": [north],
        CONF_SCAN_INTERVAL: 120,
        CONF_STALE_AFTER: 120,
        CONF_ALLOW_EXEC: True,
    }
    result = await submit_options(hass, form, wanted)
    assert result["errors"] == {CONF_STALE_AFTER: "stale_below_interval"}
    wanted[CONF_STALE_AFTER] = 600
    result = await submit_options(hass, form, wanted)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    del wanted["farms"]
    assert entry.options == {
        **wanted,
        **DEFAULT_LIMITS,
        CONF_FARMS_OFF: sorted([container, "77"]),
    }


async def test_options_as_they_are_at_first(
    hass: HomeAssistant, hive: HiveService
) -> None:
    """Without a change everything is followed, and no shell is offered."""
    entry = make_account(hass, hive)
    result = await submit_options(hass, await begin_options(hass, entry), {})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {
        CONF_FARMS_OFF: [],
        CONF_SCAN_INTERVAL: DEFAULT_HIVE_INTERVAL,
        CONF_ALLOW_EXEC: False,
        **DEFAULT_LIMITS,
    }


async def test_options_without_the_service(
    hass: HomeAssistant, hive: HiveService
) -> None:
    """The farms cannot be listed and stay as they are; the rest can be changed."""
    entry = make_account(hass, hive, farms_off=["77"])
    hive.set_fault(HiveFault.SERVER_ERROR)
    form = await begin_options(hass, entry)
    assert form["errors"] == {"base": "hiveos_error"}
    assert "farms" not in form["data_schema"].schema

    await submit_options(hass, form, {CONF_SCAN_INTERVAL: 90})
    assert entry.options[CONF_FARMS_OFF] == ["77"]
    assert entry.options[CONF_SCAN_INTERVAL] == 90


async def test_options_leave_farms_to_another_account(
    hass: HomeAssistant, hive: HiveService
) -> None:
    """A farm that another account follows is not offered here, and is left out."""
    north, container = ids(hive)
    other = make_account(hass, hive, OTHER, "Theirs")
    follow(hass, other, north)
    entry = make_account(hass, hive)
    form = await begin_options(hass, entry)
    options, ticked = options_of(form)
    assert [option["value"] for option in options] == ticked == [container]
    assert form["description_placeholders"]["taken"] == "- North hall (Theirs)"

    await submit_options(hass, form, {"farms": ticked})
    assert entry.options[CONF_FARMS_OFF] == [north]


DEFAULT_LIMITS = {"hot_board": 85.0, "hot_chip": 100.0, "low_hashrate": 80.0}
"""Limits that nobody changed, as they are stored."""


async def test_options_of_the_limits(hass: HomeAssistant, hive: HiveService) -> None:
    """They are asked for in a section, kept beside the others, and shown again."""
    entry = make_account(hass, hive)
    limits = {
        "hot_board": 80.0,
        "hot_chip": 95.0,
        "low_hashrate": 70.0,
        "energy_price": 0.31,
    }
    form = await begin_options(hass, entry)
    result = await submit_options(hass, form, {"limits": limits})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options.items() >= limits.items()
    assert "limits" not in entry.options

    form = await begin_options(hass, entry)
    assert form["data_schema"] is not None
    fields = form["data_schema"].schema["limits"].schema.schema
    assert {
        str(key): (key.description or {}).get("suggested_value") for key in fields
    } == limits
