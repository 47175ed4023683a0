"""The flow that sets up a site, against simulated miners on real sockets."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.antminer_monitor import progress, search_flow
from custom_components.antminer_monitor.const import CONF_KIND, KIND_SITE
from custom_components.antminer_monitor.markdown import plain
from simulator import Fault

from .common import FarmMaker, miners_of, settle, setup_site
from .flows import begin, site_input, submit

pytestmark = pytest.mark.usefixtures("loopback_enabled")


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
