"""New credentials, reconfiguring a site, and its options."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    CONF_NAME,
    CONF_PASSWORD,
    CONF_SCAN_INTERVAL,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.antminer_monitor.const import (
    CONF_KIND,
    CONF_STALE_AFTER,
    CONF_TIMEOUT,
    DOMAIN,
    KIND_SITE,
)
from custom_components.antminer_monitor.health import Limits
from simulator import Fault

from .common import FarmMaker, miners_of, settle, setup_site
from .flows import submit

pytestmark = pytest.mark.usefixtures("loopback_enabled")


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
