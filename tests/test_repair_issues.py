"""Repair issues about rigs: made once, with what can be done, and gone when it is over."""

from collections.abc import Mapping
import json
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import DOMAIN as HOMEASSISTANT, HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.issue_registry import EventIssueRegistryUpdatedData
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.antminer_monitor import hub as hub_module
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.repair_issues import (
    LASTING,
    MOST_NAMED,
    READINGS,
    UPDATE_DELAY,
    duration,
)
from simulator import Fault

from .common import FarmMaker, miners_of, pass_time, settle, setup_site
from .farms import Farm, device_of, farm_rig, poll, setup_farms
from .pack_files import prepare, setup_packs, whatsminer_files

LONG_AGO = -20_000 * 86_400.0
"""A clock that began in 1970, with its battery gone and no time server in sight."""
WRONG = 3600.0


def issue_of(
    hass: HomeAssistant, kind: str, entry: ConfigEntry
) -> Mapping[str, str] | None:
    """Give what an issue of ours shows, if it is open."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"{kind}_{entry.entry_id}")
    if issue is None:
        return None
    assert issue.translation_key == kind
    assert issue.severity is ir.IssueSeverity.WARNING
    assert not issue.is_fixable
    assert issue.translation_placeholders
    return issue.translation_placeholders


async def pass_readings(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: int = 11
) -> None:
    """Let as much time pass as a trouble must last, with readings all along."""
    for _ in range(minutes):
        await pass_time(hass, freezer, 60)
    await pass_time(hass, freezer, UPDATE_DELAY + 1)


async def pass_polls(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, times: int = READINGS
) -> None:
    """Read farms so many times, over as much time as a trouble must last."""
    for _ in range(times):
        freezer.tick(LASTING / (READINGS - 1))
        await poll(hass)
    await pass_time(hass, freezer, UPDATE_DELAY + 1)


def test_titles() -> None:
    """A title is no Markdown, so that what stands in one is not what stands in a description."""
    file = Path(hub_module.__file__).parent / "translations" / "en.json"
    words = json.loads(file.read_text())
    for issue in words["issues"].values():
        title, description = (
            set(re.findall(r"{(\w+)}", issue[key])) for key in ("title", "description")
        )
        assert not title & description


# --- clocks -----------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["s9", "s21_2024", "luxos", "braiins"])
async def test_clock(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory, profile: str
) -> None:
    """A miner that lives in 1970 is told of, by its name, until its clock is set."""
    miners = await farm(profile, "s9")
    miners[0].condition(clock=LONG_AGO)
    entry = await setup_site(hass, miners)
    assert issue_of(hass, "clock_wrong", entry) is None
    await pass_readings(hass, freezer)
    shown = issue_of(hass, "clock_wrong", entry)
    assert shown
    assert shown["site"] == "Hall 1"
    assert shown["count"] == "1"
    assert shown["miners"].startswith(r"- Antminer ")
    assert shown["miners"].endswith("20000 d")

    changes = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    await pass_readings(hass, freezer, 3)
    assert not changes
    miners[0].clear_conditions()
    await pass_readings(hass, freezer, 1)
    assert issue_of(hass, "clock_wrong", entry) is None
    assert [event.data["action"] for event in changes] == ["remove"]


async def test_clock_after_power_on(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A miner that was switched on learns the time: that is no trouble."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    for _ in range(3):
        miners[0].condition(clock=LONG_AGO)
        await pass_readings(hass, freezer, 8)
        miners[0].clear_conditions()
        await pass_readings(hass, freezer, 2)
    assert issue_of(hass, "clock_wrong", entry) is None


async def test_clock_of_a_miner_that_is_off(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """While nobody knows better, it stays; with the miner's removal it goes."""
    miners = await farm("s9", "s9")
    miners[0].condition(clock=WRONG)
    entry = await setup_site(hass, miners)
    await pass_readings(hass, freezer)
    shown = issue_of(hass, "clock_wrong", entry)
    assert shown
    assert shown["miners"].endswith(r"\+1\:00 h")

    miners.set_fault(Fault.REFUSE)
    await pass_readings(hass, freezer, 5)
    assert issue_of(hass, "clock_wrong", entry) == shown
    hass.config_entries.async_remove_subentry(entry, miners_of(entry)[0].subentry_id)
    await settle(hass)
    await pass_time(hass, freezer, UPDATE_DELAY + 1)
    assert issue_of(hass, "clock_wrong", entry) is None


async def test_clock_at_the_threshold(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, freezer: FrozenDateTimeFactory
) -> None:
    """Nine minutes are no trouble, and do not end one that there is; four do."""
    farm = Farm("farm", farm_rig("one", clock_offset=540.0), farm_rig("two"))
    entry = await setup_farms(hass, monkeypatch, farm)
    await pass_polls(hass, freezer)
    assert issue_of(hass, "clock_wrong", entry) is None

    for offset, is_told in ((-601.0, True), (-540.0, True), (-240.0, False)):
        farm.change("one", clock_offset=offset)
        await pass_polls(hass, freezer)
        assert (issue_of(hass, "clock_wrong", entry) is not None) is is_told


async def test_many_clocks(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, freezer: FrozenDateTimeFactory
) -> None:
    """Of many there is one issue, with a few of their names as the user gave them."""
    rig_ids = [f"rig{number:03}" for number in range(60)]
    farm = Farm("farm", *(farm_rig(item, clock_offset=WRONG) for item in rig_ids))
    entry = await setup_farms(hass, monkeypatch, farm)
    dr.async_get(hass).async_update_device(
        device_of(hass, entry, "rig007"), name_by_user="A *very* " + 50 * "long "
    )
    changes = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    await pass_polls(hass, freezer)
    shown = issue_of(hass, "clock_wrong", entry)
    assert shown
    assert shown["count"] == "60"
    lines = shown["miners"].splitlines()
    assert len(lines) == MOST_NAMED + 1
    assert lines[0].startswith(r"- A \*very\* long ")
    assert len(lines[0]) < 90
    assert lines[1:] == [
        *(rf"- Rig00{number}: \+1\:00 h" for number in range(MOST_NAMED - 1)),
        "- …",
    ]
    assert len(changes) == 1

    # Half of them are mended; the others are gone from the farm.
    for rig_id in rig_ids[:30]:
        farm.change(rig_id, clock_offset=0.0)
    await pass_polls(hass, freezer, 1)
    shown = issue_of(hass, "clock_wrong", entry)
    assert shown
    assert shown["count"] == "30"
    for rig_id in rig_ids[30:]:
        del farm.rigs[rig_id]
    await pass_polls(hass, freezer, 4)
    assert issue_of(hass, "clock_wrong", entry) is None


async def test_unloaded(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, freezer: FrozenDateTimeFactory
) -> None:
    """With the entry all of its issues go, also one that was just about to be made."""
    monkeypatch.setattr(hub_module, "ENTITY_LIMIT", 20)
    farm = Farm("farm", farm_rig("one", clock_offset=WRONG))
    entry = await setup_farms(hass, monkeypatch, farm)
    assert issue_of(hass, "entity_limit", entry)
    await pass_polls(hass, freezer)
    assert issue_of(hass, "clock_wrong", entry)
    farm.change("one", clock_offset=0.0)
    await poll(hass)
    assert await hass.config_entries.async_remove(entry.entry_id)
    await pass_time(hass, freezer, UPDATE_DELAY + 1)
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (601, "+0:10 h"),
        (-3900, "−1:05 h"),
        (100_000, "+27:47 h"),
        (2 * 86_400, "+2 d"),
        (-1_795_176_000, "−20778 d"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    """Readable, whatever the size, and without a word that would want translation."""
    assert duration(seconds) == text


# --- miners that nobody can read --------------------------------------------------------


async def test_unknown_miner(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A miner that nobody can read is told with its address, until a pack reads it."""
    await prepare(hass)
    miners = await farm("whatsminer_m30s", "avalon_1246", "s9")
    entry = await setup_site(hass, miners)
    assert issue_of(hass, "unknown_miner", entry) is None
    await pass_readings(hass, freezer)
    shown = issue_of(hass, "unknown_miner", entry)
    assert shown
    assert shown["count"] == "2"
    for miner, line in zip(
        reversed(miners[:2]), shown["miners"].splitlines(), strict=True
    ):
        address = f"{miner.host}:{miner.port}"
        assert line.replace("\\", "").endswith(f": {address}")
    assert issue_of(hass, "clock_wrong", entry) is None

    # One is off: what is known of it is still true. The other is taught.
    miners[1].set_fault(Fault.REFUSE)
    await setup_packs(hass, whatsminer_files())
    await pass_readings(hass, freezer, 2)
    shown = issue_of(hass, "unknown_miner", entry)
    assert shown
    assert shown["count"] == "1"
    assert miners[1].host in shown["miners"].replace("\\", "")

    hass.config_entries.async_remove_subentry(entry, miners_of(entry)[1].subentry_id)
    await settle(hass)
    await pass_time(hass, freezer, UPDATE_DELAY + 1)
    assert issue_of(hass, "unknown_miner", entry) is None


@pytest.mark.parametrize("fault", [Fault.TRUNCATE, Fault.GARBAGE, Fault.REFUSE])
async def test_trouble_of_the_connection(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory, fault: Fault
) -> None:
    """What a bad connection makes of a miner's words is no unknown miner."""
    miners = await farm("s9")
    miners.set_fault(fault)
    entry = await setup_site(hass, miners)
    await pass_readings(hass, freezer)
    assert issue_of(hass, "unknown_miner", entry) is None


# --- logins -----------------------------------------------------------------------------


async def test_wrong_credentials(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """For logins that are refused there is one issue of the site, made by Home Assistant."""
    miners = await farm("s19pro_2022", "s19pro_2022", web=True)
    changes: list[Any] = async_capture_events(
        hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED
    )
    entry = await setup_site(
        hass, miners, data={CONF_USERNAME: "root", CONF_PASSWORD: "old"}
    )
    await pass_readings(hass, freezer, 3)
    issue_id = f"config_entry_reauth_{DOMAIN}_{entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(HOMEASSISTANT, issue_id)
    assert issue
    assert issue.translation_placeholders == {"name": "Hall 1"}
    told: list[EventIssueRegistryUpdatedData] = [event.data for event in changes]
    assert [(item["action"], item["issue_id"]) for item in told] == [
        ("create", issue_id)
    ]

    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_USERNAME: "root", CONF_PASSWORD: "root"}
    )
    await settle(hass)
    assert ir.async_get(hass).async_get_issue(HOMEASSISTANT, issue_id) is None
