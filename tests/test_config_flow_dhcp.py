"""What the network tells of new addresses, and the flows that come of it."""

from typing import Any

from homeassistant.config_entries import SOURCE_DHCP, SOURCE_IGNORE
from homeassistant.const import CONF_HOST, CONF_MAC
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor import search, search_flow
from custom_components.antminer_monitor.antminer.firmware import build
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN, KIND_SITE
from custom_components.antminer_monitor.markdown import plain
from custom_components.antminer_monitor.source import (
    AccessDeniedError,
    SourceError,
    SourceUnreachableError,
)
from simulator import Fault

from .common import FarmMaker, miners_of, settle, setup_site
from .flows import MAC

pytestmark = pytest.mark.usefixtures("loopback_enabled")

DHCP_MAC = MAC.replace(":", "")


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
