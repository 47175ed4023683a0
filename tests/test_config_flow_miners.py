"""The flows that add a miner to a site, or change one."""

from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from simulator import Fault

from .common import FarmMaker, miners_of, settle, setup_site
from .flows import (
    begin,
    begin_reconfigure,
    begin_sub,
    miner_input,
    search_input,
    site_input,
    submit,
    submit_sub,
)

pytestmark = pytest.mark.usefixtures("loopback_enabled")


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
