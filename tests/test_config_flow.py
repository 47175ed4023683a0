"""The config flows, against simulated miners on real sockets."""

from typing import Any

from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_IGNORE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_MAC,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SCAN_INTERVAL,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor import progress, search, search_flow
from custom_components.antminer_monitor.antminer.firmware import build
from custom_components.antminer_monitor.const import (
    CONF_KIND,
    CONF_STALE_AFTER,
    CONF_TIMEOUT,
    DOMAIN,
    KIND_SITE,
    SUBENTRY_MINER,
)
from custom_components.antminer_monitor.health import Limits
from custom_components.antminer_monitor.markdown import plain
from custom_components.antminer_monitor.source import (
    AccessDeniedError,
    SourceError,
    SourceUnreachableError,
)
from simulator import Fault

from .common import FarmMaker, miners_of, settle, setup_site

pytestmark = pytest.mark.usefixtures("loopback_enabled")

MAC = "02:50:53:09:da:d9"
DHCP_MAC = MAC.replace(":", "")


def search_input(
    addresses: str, port: int, password: str | None = None, **extra: Any
) -> dict[str, Any]:
    """Give what a person types into the search form."""
    credentials = {CONF_USERNAME: "root"}
    if password:
        credentials[CONF_PASSWORD] = password
    return {
        "addresses": addresses,
        CONF_PORT: port,
        "credentials": credentials,
        **extra,
    }


def site_input(
    addresses: str, port: int, password: str | None = None
) -> dict[str, Any]:
    """Give what a person types into the form of a new site."""
    return search_input(addresses, port, password, name="Hall 1")


async def begin(hass: HomeAssistant) -> str:
    """Open the form of a new site."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "user"
    assert result["menu_options"] == ["site", "hiveos", "packs"]
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "site"}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "site"
    assert result["errors"] == {}
    return result["flow_id"]


async def submit(hass: HomeAssistant, flow_id: str, user_input: dict[str, Any]) -> Any:
    """Answer a step, and wait while the flow shows progress."""
    result = await hass.config_entries.flow.async_configure(flow_id, user_input)
    if result["type"] is FlowResultType.SHOW_PROGRESS:
        assert result["progress_action"] == "scan"
        await settle(hass)
        result = await hass.config_entries.flow.async_configure(flow_id)
    return result


async def submit_sub(
    hass: HomeAssistant, flow_id: str, user_input: dict[str, Any]
) -> Any:
    """Answer a step of a subentry flow, and wait while it shows progress."""
    result = await hass.config_entries.subentries.async_configure(flow_id, user_input)
    if result["type"] is FlowResultType.SHOW_PROGRESS:
        await settle(hass)
        result = await hass.config_entries.subentries.async_configure(flow_id)
    return result


async def test_scan_select_done(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A range is scanned, what was found is ticked, and becomes a site with its miners."""
    miners = await farm("s19pro_2022", "s9", "luxos")
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, site_input(miners.range, miners.port))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "select"
    assert result["description_placeholders"]["found"] == "3"
    assert result["description_placeholders"]["known"] == "0"
    (field,) = result["data_schema"].schema
    options = result["data_schema"].schema[field].config["options"]
    assert field.default() == [option["value"] for option in options]
    assert "S19 Pro" in options[0]["label"]
    assert "TH/s" in options[0]["label"]
    assert miners[0].host in options[0]["label"]

    result = await submit(hass, flow_id, {"miners": field.default()[:2]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Hall 1"
    assert result["data"] == {CONF_KIND: KIND_SITE}
    entry = result["result"]
    assert entry.unique_id is None
    assert [dict(subentry.data)[CONF_HOST] for subentry in miners_of(entry)] == [
        miner.host for miner in miners[:2]
    ]
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED


async def test_progress_is_shown_for_a_while(
    hass: HomeAssistant, farm: FarmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page listens for the end only once it shows the progress: however quick the search."""
    monkeypatch.setattr(progress, "SHOWN_AT_LEAST", 0.3)
    miners = await farm("s9", "luxos")
    flow_id = await begin(hass)
    began = hass.loop.time()
    result = await submit(hass, flow_id, site_input(miners.range, miners.port))
    assert result["step_id"] == "select"
    assert hass.loop.time() - began >= 0.3


async def test_a_single_address_needs_no_list(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """One address that answers is added at once."""
    miners = await farm("s9")
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, site_input(miners[0].host, miners.port))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = miners_of(result["result"])
    assert subentry.title == f"Antminer S9 {miners[0].host}:{miners.port}"
    assert subentry.unique_id == f"{miners[0].host}:{miners.port}"
    await settle(hass)


async def test_credentials_are_kept_and_give_the_mac(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """With the web login, miners are known by their MAC."""
    miners = await farm("s19pro_2022", web=True)
    flow_id = await begin(hass)
    result = await submit(
        hass, flow_id, site_input(miners[0].host, miners.port, "root")
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        CONF_KIND: KIND_SITE,
        CONF_USERNAME: "root",
        CONF_PASSWORD: "root",
    }
    (subentry,) = miners_of(result["result"])
    assert subentry.data[CONF_MAC] == subentry.unique_id == miners.mac(0)
    await settle(hass)


async def test_refused_credentials_are_corrected(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """A wrong password is said in the same form, and can be corrected there."""
    miners = await farm("s19pro_2022", web=True)
    flow_id = await begin(hass)
    result = await submit(
        hass, flow_id, site_input(miners[0].host, miners.port, "wrong")
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "site"
    assert result["errors"] == {"base": "invalid_auth"}

    result = await submit(
        hass, flow_id, site_input(miners[0].host, miners.port, "root")
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)


@pytest.mark.parametrize(
    ("addresses", "error", "part"),
    [
        ("", "addresses_empty", ""),
        ("10.0.0.300", "addresses_invalid", "10.0.0.300"),
        ("10.0.0.9-3", "addresses_backwards", "10.0.0.9-3"),
        ("10.0.0.0/8", "addresses_too_many", "10.0.0.0/8"),
    ],
)
async def test_bad_addresses_are_named(
    hass: HomeAssistant, farm: FarmMaker, addresses: str, error: str, part: str
) -> None:
    """The form says what is wrong with which part, and goes on when it is mended."""
    miners = await farm("s9")
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, site_input(addresses, miners.port))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"addresses": error}
    assert result["description_placeholders"]["part"] == part

    result = await submit(hass, flow_id, site_input(miners[0].host, miners.port))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)


async def test_nothing_found_change_addresses(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Nothing found leads back to the addresses."""
    miners = await farm("s9")
    miners[0].set_fault(Fault.REFUSE)
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, site_input(miners[0].host, miners.port))
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "nothing_found"
    assert result["menu_options"] == ["site", "add_anyway"]

    miners[0].clear()
    result = await submit(hass, flow_id, {"next_step_id": "site"})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {}
    result = await submit(hass, flow_id, site_input(miners[0].host, miners.port))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)


async def test_nothing_found_add_anyway(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Miners that are off can be added, and are there, stale."""
    miners = await farm("s9", "s9")
    miners.set_fault(Fault.REFUSE)
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, site_input(miners.range, miners.port))
    assert result["type"] is FlowResultType.MENU

    result = await submit(hass, flow_id, {"next_step_id": "add_anyway"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(miners_of(result["result"])) == 2
    await settle(hass)
    assert result["result"].state is ConfigEntryState.LOADED


async def test_what_answers_and_cannot_be_read_is_named(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """The list says which addresses answered with something else."""
    miners = await farm("s9", "s9")
    miners[1].set_fault(Fault.EMPTY)
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, site_input(miners.range, miners.port))

    assert result["step_id"] == "select"
    assert result["description_placeholders"]["unreadable_count"] == "1"
    assert plain(miners[1].host) in result["description_placeholders"]["unreadable"]


async def test_a_long_list_of_unreadable_is_cut(
    hass: HomeAssistant, farm: FarmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network full of something else does not fill the screen."""
    monkeypatch.setattr(search_flow, "MOST_UNREADABLE_SHOWN", 1)
    miners = await farm("s9", "s9", "s9")
    miners[1].set_fault(Fault.EMPTY)
    miners[2].set_fault(Fault.EMPTY)
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, site_input(miners.range, miners.port))

    assert result["description_placeholders"]["unreadable"].endswith("- …")


async def test_nothing_ticked(hass: HomeAssistant, farm: FarmMaker) -> None:
    """At least one miner is needed; the same form goes on."""
    miners = await farm("s9", "s9")
    flow_id = await begin(hass)
    await submit(hass, flow_id, site_input(miners.range, miners.port))
    result = await submit(hass, flow_id, {"miners": []})
    assert result["errors"] == {"miners": "nothing_selected"}

    key = f"{miners[1].host}:{miners.port}"
    result = await submit(hass, flow_id, {"miners": [key]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(miners_of(result["result"])) == 1
    await settle(hass)


async def test_configured_miners_are_left_out(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """What is configured already is counted, not offered."""
    miners = await farm("s9", "s9", "s9")
    await setup_site(hass, miners[:1])
    flow_id = await begin(hass)
    result = await submit(hass, flow_id, site_input(miners.range, miners.port))

    assert result["step_id"] == "select"
    assert result["description_placeholders"]["found"] == "2"
    assert result["description_placeholders"]["known"] == "1"


@pytest.mark.parametrize(
    ("count", "error"), [(1, "already_configured"), (2, "all_configured")]
)
async def test_all_configured(
    hass: HomeAssistant, farm: FarmMaker, count: int, error: str
) -> None:
    """If everything found is configured the form says so and takes other addresses."""
    miners = await farm(*["s9"] * (count + 1))
    await setup_site(hass, miners[:count])
    flow_id = await begin(hass)
    addresses = "\n".join(miner.host for miner in miners[:count])
    result = await submit(hass, flow_id, site_input(addresses, miners.port))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": error}

    result = await submit(hass, flow_id, site_input(miners[count].host, miners.port))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)


async def test_one_miner_at_two_addresses_is_one(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """A miner that answers at two addresses has one MAC and is offered once."""
    first = await farm("s19pro_2022", web=True)
    second = await farm("s19pro_2022", web=True, twin_of=first)
    flow_id = await begin(hass)
    addresses = f"{first[0].host}, {second[0].host}"
    result = await submit(hass, flow_id, site_input(addresses, first.port, "root"))

    assert first.mac(0) == second.mac(0)
    assert result["description_placeholders"]["found"] == "1"


# --- miners of a site -----------------------------------------------------------------


async def begin_sub(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Open the form that adds miners to a site."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_MINER), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    return result["flow_id"]


async def test_add_miners_later(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A range adds all its miners to the site, without reloading those that are there."""
    miners = await farm("s9", "s19pro_2022", "luxos")
    entry = await setup_site(hass, miners[:1])
    site = entry.runtime_data
    flow_id = await begin_sub(hass, entry)
    result = await submit_sub(hass, flow_id, search_input(miners.range, miners.port))
    assert result["step_id"] == "select"
    assert result["description_placeholders"]["known"] == "1"
    (field,) = result["data_schema"].schema
    result = await submit_sub(hass, flow_id, {"miners": field.default()})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)

    assert entry.runtime_data is site
    assert len(miners_of(entry)) == 3
    assert len(site.coordinators) == 3
    assert not any(
        coordinator.is_stale(rig_id)
        for rig_id, coordinator in site.coordinators.items()
    )


async def test_add_one_with_its_own_credentials(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """A miner may have a web login of its own."""
    miners = await farm("s9", "s19pro_2022", web=True)
    entry = await setup_site(hass, miners[:1])
    flow_id = await begin_sub(hass, entry)
    result = await submit_sub(
        hass, flow_id, search_input(miners[1].host, miners.port, "root")
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)

    subentry = miners_of(entry)[-1]
    assert subentry.data[CONF_PASSWORD] == "root"
    assert subentry.unique_id == miners.mac(1)


async def test_adding_a_known_miner_is_refused(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """The same address twice is refused clearly."""
    miners = await farm("s9", "s9")
    entry = await setup_site(hass, miners[:1])
    flow_id = await begin_sub(hass, entry)
    result = await submit_sub(hass, flow_id, search_input(miners[0].host, miners.port))
    assert result["step_id"] == "user"
    assert result["errors"] == {"base": "already_configured"}

    result = await submit_sub(hass, flow_id, search_input(miners[1].host, miners.port))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)


async def test_add_a_miner_that_is_off(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A miner that is off can be added to a site too."""
    miners = await farm("s9", "s9")
    entry = await setup_site(hass, miners[:1])
    miners[1].set_fault(Fault.REFUSE)
    flow_id = await begin_sub(hass, entry)
    result = await submit_sub(hass, flow_id, search_input(miners[1].host, miners.port))
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["user", "add_anyway"]
    result = await submit_sub(hass, flow_id, {"next_step_id": "add_anyway"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert len(entry.runtime_data.coordinators) == 2


async def test_a_configured_miner_that_is_off_is_not_added_again(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Adding addresses that do not answer leaves out those that are configured."""
    miners = await farm("s9", "s9")
    entry = await setup_site(hass, miners[:1])
    miners.set_fault(Fault.REFUSE)
    flow_id = await begin_sub(hass, entry)
    result = await submit_sub(hass, flow_id, search_input(miners.range, miners.port))
    assert result["type"] is FlowResultType.MENU
    result = await submit_sub(hass, flow_id, {"next_step_id": "add_anyway"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert [subentry.data[CONF_HOST] for subentry in miners_of(entry)] == [
        miner.host for miner in miners
    ]

    flow_id = await begin(hass)
    await submit(hass, flow_id, site_input(miners.range, miners.port))
    result = await submit(hass, flow_id, {"next_step_id": "add_anyway"})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_two_people_add_the_same_miners(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Who comes second adds what is left, or is told that nothing is."""
    miners = await farm("s9", "s9", "s9")
    entry = await setup_site(hass, miners[:1])
    wanted = search_input(miners.range, miners.port)
    first, second = await begin_sub(hass, entry), await begin_sub(hass, entry)
    keys = [f"{miner.host}:{miners.port}" for miner in miners[1:]]
    for flow_id in (first, second):
        result = await submit_sub(hass, flow_id, wanted)
        assert result["step_id"] == "select"
    result = await submit_sub(hass, first, {"miners": keys})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    result = await submit_sub(hass, second, {"miners": keys})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    await settle(hass)

    assert len(miners_of(entry)) == 3


async def begin_reconfigure(
    hass: HomeAssistant, entry: MockConfigEntry, number: int
) -> str:
    """Open the form that changes a miner."""
    subentry = miners_of(entry)[number]
    result = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reconfigure"
    return str(result["flow_id"])


def miner_input(
    host: str, port: int, password: str | None = None, **extra: Any
) -> dict[str, Any]:
    """Give what a person types into the form that changes a miner."""
    data = search_input("", port, password, host=host, **extra)
    del data["addresses"]
    return data


async def test_reconfigure_moves_one_miner(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """A new address is read from, entities and the neighbours stay."""
    miners = await farm("s19pro_2022", "s9", "s19pro_2022")
    entry = await setup_site(hass, miners[:2])
    site, (moved, neighbour) = entry.runtime_data, miners_of(entry)
    coordinators = dict(site.coordinators)
    states = {state.entity_id for state in hass.states.async_all()}
    flow_id = await begin_reconfigure(hass, entry, 0)
    result = await submit_sub(hass, flow_id, miner_input(miners[2].host, miners.port))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)

    assert entry.runtime_data is site
    assert site.coordinators == coordinators
    assert moved.data[CONF_HOST] == miners[2].host
    assert moved.unique_id == f"{miners[2].host}:{miners.port}"
    assert site.coordinators[moved.subentry_id].source.label == moved.unique_id
    assert not site.coordinators[moved.subentry_id].is_stale(moved.subentry_id)
    assert neighbour.data[CONF_HOST] == miners[1].host
    assert {state.entity_id for state in hass.states.async_all()} == states


async def test_reconfigure_takes_own_credentials(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Own credentials are tried before they are kept, and bring the MAC."""
    miners = await farm("s19pro_2022", web=True)
    entry = await setup_site(hass, miners)
    flow_id = await begin_reconfigure(hass, entry, 0)
    result = await submit_sub(
        hass, flow_id, miner_input(miners[0].host, miners.port, "wrong")
    )
    assert result["errors"] == {"credentials": "invalid_auth"}
    result = await submit_sub(
        hass, flow_id, miner_input(miners[0].host, miners.port, "root")
    )
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)

    (subentry,) = miners_of(entry)
    assert subentry.data[CONF_PASSWORD] == "root"
    assert subentry.unique_id == subentry.data[CONF_MAC] == miners.mac(0)


async def test_reconfigure_to_a_dead_address(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Nothing there: said at once, and saved only if that is what is wanted."""
    miners = await farm("s9", "s9")
    entry = await setup_site(hass, miners[:1])
    miners[1].set_fault(Fault.REFUSE)
    flow_id = await begin_reconfigure(hass, entry, 0)
    wanted = miner_input(miners[1].host, miners.port)
    result = await submit_sub(hass, flow_id, wanted)
    assert result["errors"] == {"base": "connection_refused"}
    result = await submit_sub(hass, flow_id, {**wanted, "save_anyway": True})
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)

    assert miners_of(entry)[0].data[CONF_HOST] == miners[1].host


async def test_reconfigure_onto_a_neighbour(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Two entries for one miner are refused."""
    miners = await farm("s9", "s9")
    entry = await setup_site(hass, miners)
    flow_id = await begin_reconfigure(hass, entry, 0)
    result = await submit_sub(hass, flow_id, miner_input(miners[1].host, miners.port))

    assert result["errors"] == {"base": "already_configured"}


async def test_reconfigure_onto_another_miner(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """A miner does not change its MAC: another one is another one."""
    miners = await farm("s19pro_2022", "s19pro_2022", web=True)
    entry = await setup_site(
        hass, miners[:1], data={CONF_USERNAME: "root", CONF_PASSWORD: "root"}, macs=True
    )
    flow_id = await begin_reconfigure(hass, entry, 0)
    result = await submit_sub(hass, flow_id, miner_input(miners[1].host, miners.port))

    assert result["errors"] == {"base": "another_miner"}


# --- discovery ------------------------------------------------------------------------


def dhcp(ip: str) -> DhcpServiceInfo:
    """Give what the DHCP watcher saw."""
    return DhcpServiceInfo(ip=ip, hostname="antminer", macaddress=DHCP_MAC)


async def discover(hass: HomeAssistant, ip: str) -> Any:
    """Let the DHCP watcher see a miner."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_DHCP}, data=dhcp(ip)
    )


async def test_dhcp_starts_a_site(
    hass: HomeAssistant, farm_at_usual_port: FarmMaker
) -> None:
    """Without a site, one click starts one; the MAC is the miner's, not the site's."""
    miners = await farm_at_usual_port("s9")
    result = await discover(hass, miners[0].host)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "discovered"
    assert "Antminer S9" in result["description_placeholders"]["miner"]

    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"site": "new"}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {CONF_KIND: KIND_SITE}
    assert result["result"].unique_id is None
    (subentry,) = miners_of(result["result"])
    assert subentry.unique_id == subentry.data[CONF_MAC] == MAC
    await settle(hass)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, subentry.subentry_id), result["result"].entry_id
    )
    assert device is not None
    assert (dr.CONNECTION_NETWORK_MAC, MAC) in device.connections


async def test_dhcp_joins_a_site_in_one_click(
    hass: HomeAssistant, farm_at_usual_port: FarmMaker
) -> None:
    """With a site, the miner is offered to it."""
    miners = await farm_at_usual_port("s9", "s9")
    entry = await setup_site(hass, miners[:1])
    result = await discover(hass, miners[1].host)
    (field,) = result["data_schema"].schema
    assert field.default() == entry.entry_id
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"site": entry.entry_id}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "added_to_site"
    assert result["description_placeholders"] == {"site": plain(entry.title)}
    await settle(hass)

    assert miners_of(entry)[1].unique_id == MAC
    assert len(entry.runtime_data.coordinators) == 2


async def test_dhcp_of_what_was_added_meanwhile(
    hass: HomeAssistant, farm_at_usual_port: FarmMaker
) -> None:
    """A miner that was added by hand while it was on offer is not added twice."""
    miners = await farm_at_usual_port("s9")
    result = await discover(hass, miners[0].host)
    entry = await setup_site(hass, miners)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"site": "new"}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    await settle(hass)

    (subentry,) = miners_of(entry)
    assert subentry.unique_id == MAC


async def test_dhcp_follows_a_known_mac(
    hass: HomeAssistant, farm_at_usual_port: FarmMaker
) -> None:
    """A miner with a new address is read there, without a word."""
    miners = await farm_at_usual_port("s9", "s9")
    entry = await setup_site(hass, miners[:1], mac=MAC)
    result = await discover(hass, miners[1].host)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    await settle(hass)

    (subentry,) = miners_of(entry)
    assert subentry.data[CONF_HOST] == miners[1].host
    assert subentry.title == f"Antminer S9 {miners[1].host}"
    coordinator = entry.runtime_data.coordinators[subentry.subentry_id]
    assert coordinator.source.label == f"{miners[1].host}:{miners.port}"
    assert not coordinator.is_stale(subentry.subentry_id)


async def test_dhcp_learns_the_mac_of_a_known_address(
    hass: HomeAssistant, farm_at_usual_port: FarmMaker
) -> None:
    """A miner that was added by address gets its identity."""
    miners = await farm_at_usual_port("s9")
    entry = await setup_site(hass, miners)
    result = await discover(hass, miners[0].host)
    assert result["reason"] == "already_configured"
    await settle(hass)

    assert miners_of(entry)[0].unique_id == MAC


async def test_dhcp_ignored(hass: HomeAssistant, farm_at_usual_port: FarmMaker) -> None:
    """What was ignored is not offered again."""
    miners = await farm_at_usual_port("s9")
    MockConfigEntry(domain=DOMAIN, unique_id=MAC, source=SOURCE_IGNORE).add_to_hass(
        hass
    )
    result = await discover(hass, miners[0].host)

    assert result["reason"] == "already_configured"


async def test_dhcp_offers_once(
    hass: HomeAssistant, farm_at_usual_port: FarmMaker
) -> None:
    """A miner that asks for its address twice is offered once."""
    miners = await farm_at_usual_port("s9")
    await discover(hass, miners[0].host)
    result = await discover(hass, miners[0].host)

    assert result["reason"] == "already_in_progress"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.REFUSE, "connection_refused"),
        (Fault.EMPTY, "not_an_antminer"),
        (Fault.HANG_CONNECT, "timeout"),
    ],
)
async def test_dhcp_of_something_else(
    hass: HomeAssistant,
    farm_at_usual_port: FarmMaker,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    reason: str,
) -> None:
    """What cannot be read as a miner is not offered."""
    monkeypatch.setattr(search, "IDENTIFY_TIMEOUT", 0.2)
    miners = await farm_at_usual_port("s9")
    miners[0].set_fault(fault)
    result = await discover(hass, miners[0].host)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason


async def test_dhcp_shows_a_name_as_it_is(
    hass: HomeAssistant, farm_at_usual_port: FarmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger that calls itself a picture is none on the page."""
    evil = "S9 <img src='//evil.example/p'> https://evil.example"
    monkeypatch.setattr(build, "clean_model", lambda kind: evil)
    miners = await farm_at_usual_port("s9")
    result = await discover(hass, miners[0].host)
    assert result["step_id"] == "discovered"
    shown = result["description_placeholders"]["miner"]
    assert shown.startswith(plain(evil))


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (SourceUnreachableError("no route"), "cannot_connect"),
        (AccessDeniedError("not allowed"), "access_denied"),
    ],
)
def test_what_no_simulated_miner_does(error: SourceError, key: str) -> None:
    """A network without a way to the miner, and a miner that answers nobody here."""
    assert search_flow.error_key(error) == key


# --- reauth, reconfigure, options -----------------------------------------------------


async def test_reauth_of_the_site(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A refused web login starts reauth; the readings go on; the new one is tried first."""
    miners = await farm("s19pro_2022", web=True)
    entry = await setup_site(
        hass, miners, data={CONF_USERNAME: "root", CONF_PASSWORD: "old"}
    )
    (coordinator,) = entry.runtime_data.coordinators.values()
    assert coordinator.fresh
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "reauth_confirm"

    result = await submit(
        hass, flow["flow_id"], {CONF_USERNAME: "root", CONF_PASSWORD: "wrong"}
    )
    assert result["errors"] == {"base": "invalid_auth"}
    result = await submit(
        hass, flow["flow_id"], {CONF_USERNAME: "root", CONF_PASSWORD: "root"}
    )
    assert result["reason"] == "reauth_successful"
    await settle(hass)

    assert entry.data[CONF_PASSWORD] == "root"
    assert entry.state is ConfigEntryState.LOADED
    (rig,) = next(iter(entry.runtime_data.coordinators.values())).data.values()
    assert rig.mac == miners.mac(0)
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)


async def test_reauth_of_one_miner(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A miner with a login of its own gets a new one of its own."""
    miners = await farm("s19pro_2022", web=True)
    entry = await setup_site(
        hass, miners, extra={CONF_USERNAME: "root", CONF_PASSWORD: "old"}
    )
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    result = await submit(
        hass, flow["flow_id"], {CONF_USERNAME: "root", CONF_PASSWORD: "root"}
    )
    assert result["reason"] == "reauth_successful"
    await settle(hass)

    assert CONF_PASSWORD not in entry.data
    assert miners_of(entry)[0].data[CONF_PASSWORD] == "root"


async def test_reauth_while_the_miner_is_off(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Credentials that cannot be tried are not taken, and the form says why."""
    miners = await farm("s19pro_2022", web=True)
    entry = await setup_site(
        hass, miners, data={CONF_USERNAME: "root", CONF_PASSWORD: "old"}
    )
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    miners[0].set_fault(Fault.REFUSE)
    result = await submit(
        hass, flow["flow_id"], {CONF_USERNAME: "root", CONF_PASSWORD: "root"}
    )

    assert result["errors"] == {"base": "connection_refused"}
    assert entry.data[CONF_PASSWORD] == "old"


async def test_reconfigure_the_site(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Name and credentials of a site change together; a wrong password is refused."""
    miners = await farm("s19pro_2022", web=True)
    entry = await setup_site(hass, miners)
    result = await entry.start_reconfigure_flow(hass)
    flow_id = result["flow_id"]
    wanted = {CONF_NAME: "Hall 2", CONF_USERNAME: "root", CONF_PASSWORD: "wrong"}
    result = await submit(hass, flow_id, wanted)
    assert result["errors"] == {"base": "invalid_auth"}
    result = await submit(hass, flow_id, {**wanted, CONF_PASSWORD: "root"})
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)

    assert entry.title == "Hall 2"
    assert entry.data == {
        CONF_KIND: KIND_SITE,
        CONF_USERNAME: "root",
        CONF_PASSWORD: "root",
    }


async def test_renaming_a_site_keeps_its_login(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """An empty password is not a new one, and an unchanged one is not tried."""
    miners = await farm("s9")
    login = {CONF_USERNAME: "root", CONF_PASSWORD: "x"}
    entry = await setup_site(hass, miners, data=login)
    miners.set_fault(Fault.REFUSE)
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(
        hass, result["flow_id"], {CONF_NAME: "Hall 2", CONF_USERNAME: "root"}
    )
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)

    assert entry.title == "Hall 2"
    assert entry.data == {CONF_KIND: KIND_SITE, **login}


async def test_forgetting_a_login(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Taking the password away reads without it."""
    miners = await farm("s9")
    entry = await setup_site(
        hass, miners, data={CONF_USERNAME: "root", CONF_PASSWORD: "x"}
    )
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(
        hass,
        result["flow_id"],
        {CONF_NAME: "Hall 1", CONF_USERNAME: "root", "forget_login": True},
    )
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)

    assert entry.data == {CONF_KIND: KIND_SITE}


async def test_options(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Interval, stale limit and timeout; a limit below the interval makes no sense."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["step_id"] == "init"
    wanted = {CONF_SCAN_INTERVAL: 60, CONF_STALE_AFTER: 60, CONF_TIMEOUT: 5}
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {**wanted, "limits": {}}
    )
    assert result["errors"] == {CONF_STALE_AFTER: "stale_below_interval"}
    wanted[CONF_STALE_AFTER] = 300
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {**wanted, "limits": {}}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)

    assert entry.options == {**wanted, **DEFAULT_OPTIONS}
    (coordinator,) = entry.runtime_data.coordinators.values()
    assert coordinator.pacing.interval.total_seconds() == 60
    assert coordinator.pacing.stale_after.total_seconds() == 300


async def test_options_default_limit_is_three_intervals(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Without a limit of its own, the limit follows the interval."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners, options={CONF_SCAN_INTERVAL: 20})

    (coordinator,) = entry.runtime_data.coordinators.values()
    assert coordinator.pacing.stale_after.total_seconds() == 60


DEFAULT_OPTIONS = {"hot_board": 85.0, "hot_chip": 100.0, "low_hashrate": 80.0}
"""Limits that nobody changed, as they are stored."""


async def test_options_of_the_limits(hass: HomeAssistant, farm: FarmMaker) -> None:
    """They are asked for in a section, kept beside the others, shown again, and in force."""
    entry = await setup_site(hass, await farm("s9"))
    (coordinator,) = entry.runtime_data.coordinators.values()
    assert coordinator.limits == Limits()
    limits = {"hot_board": 70, "hot_chip": 90.5, "low_hashrate": 50, "energy_price": 0}
    result = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"limits": limits}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert entry.options.items() >= limits.items()
    assert "limits" not in entry.options
    (coordinator,) = entry.runtime_data.coordinators.values()
    assert coordinator.limits == Limits(hot_board=70.0, hot_chip=90.5, low_hashrate=0.5)

    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    fields = result["data_schema"].schema["limits"].schema.schema
    assert {
        str(key): (key.description or {}).get("suggested_value") for key in fields
    } == limits
    # Who empties the price has none.
    del limits["energy_price"]
    await hass.config_entries.options.async_configure(
        result["flow_id"], {"limits": limits}
    )
    assert "energy_price" not in entry.options
    await settle(hass)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("hot_board", 39),
        ("hot_chip", 151),
        ("low_hashrate", 96),
        ("low_hashrate", 0),
        ("energy_price", -0.01),
        ("energy_price", "dear"),
    ],
)
async def test_options_of_the_limits_have_bounds(
    hass: HomeAssistant, farm: FarmMaker, field: str, wrong: object
) -> None:
    """What no rig can have, or would always be so, is refused; the field is named."""
    entry = await setup_site(hass, await farm("s9"))
    result = await hass.config_entries.options.async_init(entry.entry_id)
    with pytest.raises(InvalidData, match=field):
        await hass.config_entries.options.async_configure(
            result["flow_id"], {"limits": {field: wrong}}
        )
    assert entry.options == {}
