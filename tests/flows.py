"""Answers to the forms of the config flows, as a person gives them."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.const import DOMAIN, SUBENTRY_MINER

from .common import miners_of, settle

MAC = "02:50:53:09:da:d9"


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


async def begin_sub(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Open the form that adds miners to a site."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_MINER), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    return result["flow_id"]


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
