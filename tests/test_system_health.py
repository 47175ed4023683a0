"""What Home Assistant's page of its own health says of the integration."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.rig import Status
from custom_components.antminer_monitor.source import SourceTimeoutError
from simulator import Fault

from .common import FarmMaker, pass_time, settle, setup_site
from .extensions import ACME, Outsiders, acme, outsiders_in
from .farms import Farm, farm_rig, poll, setup_farms
from .test_translations import TRANSLATIONS

NOTHING = {
    "entries": 0,
    "sources": 0,
    "sources_failing": 0,
    "rigs": 0,
    "extensions": "-",
    "extensions_failed": "-",
}


@pytest.fixture
def outsiders(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outsiders]:
    """Let there be integrations of others."""
    with outsiders_in(hass, tmp_path, monkeypatch) as found:
        yield found


async def health(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Any:
    """Give what the page shows."""
    assert await async_setup_component(hass, "system_health", {})
    await settle(hass)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "system_health/info"})
    assert (await client.receive_json())["success"]
    return (await client.receive_json())["event"]["data"][DOMAIN]["info"]


async def test_nothing_set_up(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    """Without an entry there is nothing to tell."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert await health(hass, hass_ws_client) == NOTHING


async def test_every_line_has_words(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    """Each line has a name, and no name is left over."""
    assert await async_setup_component(hass, DOMAIN, {})
    info = await health(hass, hass_ws_client)
    assert info.keys() == TRANSLATIONS["system_health"]["info"].keys()


async def test_site(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Miners are counted, and those that do not answer; entries that do not run are not."""
    miners = await farm("s9", "s19pro_2022", "luxos")
    miners[2].set_fault(Fault.REFUSE)
    await setup_site(hass, miners)
    other = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: "nobody's"})
    other.add_to_hass(hass)
    await hass.config_entries.async_setup(other.entry_id)
    found = await health(hass, hass_ws_client)
    assert found == {
        **NOTHING,
        "entries": 1,
        "sources": 3,
        "sources_failing": 1,
        "rigs": 2,
    }

    miners[0].set_fault(Fault.REFUSE)
    for _ in range(4):
        await pass_time(hass, freezer, 31)
    found = await health(hass, hass_ws_client)
    assert (found["sources_failing"], found["rigs"]) == (2, 2)

    miners.heal()
    await poll(hass)
    found = await health(hass, hass_ws_client)
    assert (found["sources_failing"], found["rigs"]) == (0, 3)


async def test_farm_that_is_off(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A source that answers is well, though it tells that every rig is off."""
    north = Farm("north", farm_rig("n1", seen_at=None, status=Status.OFFLINE))
    south = Farm("south")
    south.source.script = [SourceTimeoutError("no answer"), *south.source.script]
    await setup_farms(hass, monkeypatch, north, south)
    found = await health(hass, hass_ws_client)
    assert (found["sources"], found["sources_failing"], found["rigs"]) == (2, 1, 1)
    await poll(hass)
    assert (await health(hass, hass_ws_client))["sources_failing"] == 0


async def test_extensions(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, outsiders: Outsiders
) -> None:
    """Extensions of others are named, ours are not; so are those that failed."""
    outsiders.write()
    outsiders.write("broken", platform="raise RuntimeError('secret of 192.0.2.7')\n")
    for domain in (ACME, "broken", DOMAIN):
        assert await async_setup_component(hass, domain, {})
    await settle(hass)
    registry = async_registry(hass)
    registry.async_add("plain", acme(name="Plain rigs", version=None))
    registry.async_report("plain", "reading", "no idea")
    found = await health(hass, hass_ws_client)
    assert found == {
        **NOTHING,
        "extensions": "Acme 1.2.0, Plain rigs",
        "extensions_failed": "broken, plain",
    }
    assert "192.0.2.7" not in str(found)
