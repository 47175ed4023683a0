"""The examples of the documentation, installed in Home Assistant as a reader of it would."""

from collections.abc import Iterator
from pathlib import Path
import shutil
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.const import DOMAIN, SUBENTRY_MINER
from custom_components.antminer_monitor.registry import async_registry

from .common import FarmMaker, Miners, make_site, miners_of, settle, state_of
from .extensions import outsiders_in
from .pack_files import packs_entry, whatsminer_files

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


@pytest.fixture
def avalon_rigs(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Drop the Python example into a folder of custom integrations."""
    shutil.copytree(EXAMPLES / "avalon_rigs", tmp_path / "avalon_rigs")
    with outsiders_in(hass, tmp_path, monkeypatch):
        yield


async def search(hass: HomeAssistant, entry: MockConfigEntry, miners: Miners) -> Any:
    """Have the address of the one miner looked at, to be added to the site."""
    flows = hass.config_entries.subentries
    result = await flows.async_init(
        (entry.entry_id, SUBENTRY_MINER), context={"source": SOURCE_USER}
    )
    return await flows.async_configure(
        result["flow_id"],
        {"addresses": miners[0].host, CONF_PORT: miners.port, "credentials": {}},
    )


async def site_without_miners(hass: HomeAssistant) -> MockConfigEntry:
    """Set up a site."""
    entry = make_site([])
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    return entry


async def added(
    hass: HomeAssistant, entry: MockConfigEntry, miners: Miners
) -> ConfigSubentry:
    """Add the one miner by its address."""
    result = await search(hass, entry, miners)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    await settle(hass)
    (subentry,) = miners_of(entry)
    return subentry


async def test_python_extension(
    hass: HomeAssistant, farm: FarmMaker, avalon_rigs: None
) -> None:
    """AvalonMiners are found, read and made to blink, once the example is set up."""
    miners = await farm("avalon_1246")
    entry = await site_without_miners(hass)
    result = await search(hass, entry, miners)
    assert result["step_id"] == "nothing_found"
    assert "an Avalon" in result["description_placeholders"]["unreadable"]

    assert await async_setup_component(hass, "avalon_rigs", {"avalon_rigs": {}})
    await settle(hass)
    registry = async_registry(hass)
    assert not registry.failures
    assert registry.extensions["avalon_rigs"].name == "Avalon rigs"

    subentry = await added(hass, entry, miners)
    truth = miners[0].truth()
    assert subentry.title.startswith("AvalonMiner 1246")
    assert float(state_of(hass, subentry, "hashrate").state) == pytest.approx(
        truth.hashrate / 1e12, rel=0.05
    )
    assert state_of(hass, subentry, "status").state == "running"
    for key in ("air_temperature", "error_rate", "chip_temperature_spread"):
        assert float(state_of(hass, subentry, f"avalon_rigs.{key}").state) >= 0
    assert state_of(hass, subentry, "avalon_rigs.supply_fault").state == "off"
    locate = er.async_get(hass).async_get_entity_id(
        "button", DOMAIN, f"{subentry.subentry_id}_locate"
    )
    await hass.services.async_call(
        "button", "press", {"entity_id": locate}, blocking=True
    )
    assert miners[0].model.locating


async def test_extension_pack(hass: HomeAssistant, farm: FarmMaker) -> None:
    """WhatsMiners are found and read once the pack is installed."""
    miners = await farm("whatsminer_m30s")
    entry = await site_without_miners(hass)
    result = await search(hass, entry, miners)
    assert result["step_id"] == "nothing_found"
    assert "a WhatsMiner" in result["description_placeholders"]["unreadable"]

    packs = packs_entry(whatsminer_files())
    packs.add_to_hass(hass)
    assert await hass.config_entries.async_setup(packs.entry_id)
    await settle(hass)

    subentry = await added(hass, entry, miners)
    assert subentry.title.startswith("M30S")
    assert float(state_of(hass, subentry, "hashrate").state) == pytest.approx(
        miners[0].truth().hashrate / 1e12, rel=0.05
    )
    assert float(state_of(hass, subentry, "pack_whatsminer.supply_voltage").state) > 100
