"""Extension packs at work, on simulated miners."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
import tempfile

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.update_coordinator import REQUEST_REFRESH_DEFAULT_COOLDOWN
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.antminer_monitor import pack_hub
from custom_components.antminer_monitor.const import DOMAIN, SUBENTRY_PACK
from custom_components.antminer_monitor.extension import API_VERSION, Extension
from custom_components.antminer_monitor.pack_extension import load_extension
from custom_components.antminer_monitor.pack_hub import (
    async_load_packs,
    async_matching_rigs,
)
from custom_components.antminer_monitor.registry import Change, async_registry
from simulator import Fault, SimulatedMiner

from .common import (
    FarmMaker,
    by_key,
    miners_of,
    pass_time,
    settle,
    setup_site,
    state_of,
)
from .farms import Farm, device_of, farm_rig, setup_farms
from .pack_files import (
    files_from,
    nine_pack,
    pack_of,
    packs_entry,
    prepare,
    setup_packs,
    small_pack,
    upload,
    whatsminer_files,
    zip_of,
)

CLOCK = "pack_nine.clock"
WHOLE = "pack_nine.whole"

COOLDOWN = REQUEST_REFRESH_DEFAULT_COOLDOWN + 1
"""Seconds after which a rig that was read for one change is read for the next."""


@pytest.fixture(autouse=True)
async def uploads(
    hass: HomeAssistant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loopback_enabled: None,
) -> None:
    """Have packs; uploads of tests that run side by side keep apart."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await prepare(hass)


def asked(miner: SimulatedMiner) -> Counter[str]:
    """Count what a miner was asked since this was counted last."""
    counted = Counter(miner.commands)
    miner.commands.clear()
    return counted


def changes(hass: HomeAssistant) -> list[tuple[str, bool, bool]]:
    """Collect what extensions come and go from now on: whether there is one after, and was before."""
    told: list[tuple[str, bool, bool]] = []

    def listen(change: Change) -> None:
        told.append(
            (change.extension_id, change.added is not None, change.removed is not None)
        )

    async_registry(hass).async_listen(listen)
    return told


def maker_of(
    hass: HomeAssistant, site: MockConfigEntry, subentry_id: str
) -> tuple[str | None, str | None]:
    """Give the manufacturer and the model of a miner's device."""
    found = dr.async_get(hass).async_get(device_of(hass, site, subentry_id))
    assert isinstance(found, dr.DeviceEntry)
    return found.manufacturer, found.model


def faults(hass: HomeAssistant) -> dict[str, str]:
    """Give what packs are reported for, by extension."""
    return {
        issue_id.removeprefix("extension_failed_"): issue.translation_placeholders[
            "error"
        ].replace("\\", "")
        for (domain, issue_id), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.translation_placeholders
    }


async def test_whatsminer(
    hass: HomeAssistant,
    farm: FarmMaker,
    hass_client: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A WhatsMiner that nobody could read is read as soon as its pack is there, and no longer than that."""
    miners = await farm("whatsminer_m30s", "s9", "s21_2024")
    site = await setup_site(hass, miners)
    whatsminer, s9, _ = miners_of(site)
    coordinator = site.runtime_data.coordinators[whatsminer.subentry_id]
    assert coordinator.last_seen(whatsminer.subentry_id) is None
    assert state_of(hass, s9, "hashrate").state != "unavailable"
    for miner in miners:
        asked(miner)

    client = await hass_client()
    flow = hass.config_entries.flow
    result = await flow.async_init(DOMAIN, context={"source": "user"})
    for choice in ("packs", "upload"):
        result = await flow.async_configure(result["flow_id"], {"next_step_id": choice})
    file_id = await upload(client, zip_of(whatsminer_files()))
    result = await flow.async_configure(result["flow_id"], {"file": file_id})
    assert result["step_id"] == "preview"
    words = result["description_placeholders"]
    assert words
    assert words["rig_count"] == "1"
    assert words["rigs"].startswith("- M30S\\_V10 127\\.")
    # To tell, only the miner that nobody knows is asked.
    assert asked(miners[0])["devdetails"] == 1
    assert not asked(miners[1])
    assert not asked(miners[2])
    result = await flow.async_configure(result["flow_id"], {})
    assert result["type"] == "create_entry"
    await settle(hass)

    assert maker_of(hass, site, whatsminer.subentry_id) == ("MicroBT", "M30S_V10")
    hashrate = float(state_of(hass, whatsminer, "hashrate").state)
    truth = miners[0].truth()
    assert hashrate * 1e12 == pytest.approx(truth.hashrate, rel=0.05)
    voltage = state_of(hass, whatsminer, "pack_whatsminer.supply_voltage")
    assert float(voltage.state) == pytest.approx(236.5)
    assert voltage.attributes["unit_of_measurement"] == "V"
    stable = state_of(hass, whatsminer, "pack_whatsminer.hash_stable")
    assert stable.entity_id.startswith("binary_sensor.")
    assert stable.state == "on"
    # Those that it is not about were not even asked.
    assert asked(miners[0])["summary"] >= 1
    assert not asked(miners[1])
    assert not asked(miners[2])

    # The user calls the sensor otherwise, and hides it.
    registry = er.async_get(hass)
    registry.async_update_entity(
        voltage.entity_id,
        new_entity_id="sensor.mains",
        name="Mains",
        hidden_by=er.RegistryEntryHider.USER,
    )
    await settle(hass)
    (entry,) = (
        entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry is not site
    )
    subentries = hass.config_entries.subentries

    async def choose(option: str) -> None:
        result = await subentries.async_init(
            (entry.entry_id, SUBENTRY_PACK),
            context={
                "source": "reconfigure",
                "subentry_id": pack_of(hass, "whatsminer").subentry_id,
            },
        )
        result = await subentries.async_configure(
            result["flow_id"], {"next_step_id": option}
        )
        assert result["reason"] == f"pack_{option}d"
        await settle(hass)

    await choose("disable")
    assert not any(key.startswith("pack_") for key in by_key(hass, whatsminer))
    assert hass.states.get("sensor.mains") is None
    last_seen = coordinator.last_seen(whatsminer.subentry_id)
    for _ in range(3):
        await pass_time(hass, freezer, 40)
    assert asked(miners[0])["version"] >= 2
    assert asked(miners[1])["version"] == 0
    assert coordinator.last_seen(whatsminer.subentry_id) == last_seen
    assert state_of(hass, whatsminer, "hashrate").state == "unavailable"

    await choose("enable")
    await pass_time(hass, freezer, COOLDOWN)
    assert coordinator.last_seen(whatsminer.subentry_id) != last_seen
    back = registry.async_get("sensor.mains")
    assert back
    assert (back.name, back.hidden_by) == ("Mains", er.RegistryEntryHider.USER)
    mains = hass.states.get("sensor.mains")
    assert mains
    assert float(mains.state) == pytest.approx(236.5)

    hass.config_entries.async_remove_subentry(
        entry, pack_of(hass, "whatsminer").subentry_id
    )
    await settle(hass)
    assert not any(key.startswith("pack_") for key in by_key(hass, whatsminer))
    assert entry.state is ConfigEntryState.LOADED


async def test_known_miner(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A pack goes before what is built in: only miners that it is about are identified anew, both ways."""
    miners = await farm("s9", "s17pro", "l3plus")
    site = await setup_site(hass, miners)
    nine, *_ = miners_of(site)
    for miner in miners:
        asked(miner)
    entry = await setup_packs(hass, files_from(nine_pack()))
    assert maker_of(hass, site, nine.subentry_id) == ("Nine Works", "Nine")
    assert state_of(hass, nine, CLOCK).state == "650"
    assert state_of(hass, nine, WHOLE).state == "on"
    assert [asked(miner)["version"] for miner in miners] == [1, 0, 0]

    await pass_time(hass, freezer, 40)
    assert [asked(miner)["version"] for miner in miners] == [0, 0, 0]

    # What changes nothing of how miners are read has none of them asked again.
    hass.config_entries.async_update_subentry(
        entry,
        pack_of(hass, "nine"),
        data={
            "files": files_from(nine_pack(sensors=[], translations={})),
            "enabled": True,
        },
    )
    await settle(hass)
    keys = by_key(hass, nine)
    assert CLOCK not in keys
    assert WHOLE in keys
    asked(miners[0])
    assert [asked(miner)["version"] for miner in miners[1:]] == [0, 0]

    hass.config_entries.async_update_subentry(
        entry,
        pack_of(hass, "nine"),
        data={"files": files_from(nine_pack()), "enabled": False},
    )
    await pass_time(hass, freezer, COOLDOWN)
    assert maker_of(hass, site, nine.subentry_id) == ("Bitmain", "Antminer S9")
    assert not any(key.startswith("pack_") for key in by_key(hass, nine))
    assert [asked(miner)["version"] for miner in miners] == [1, 0, 0]
    assert site.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("way", ["unload", "disable", "remove"])
async def test_without_the_entry(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory, way: str
) -> None:
    """With the entry all packs go and what they added; with it, that comes back as it was."""
    miners = await farm("s9")
    site = await setup_site(hass, miners)
    (nine,) = miners_of(site)
    entry = await setup_packs(hass, files_from(nine_pack()), files_from(small_pack()))
    registry = er.async_get(hass)
    registry.async_update_entity(by_key(hass, nine)[CLOCK], name="My clock")
    entries = hass.config_entries
    if way == "unload":
        assert await entries.async_unload(entry.entry_id)
    elif way == "disable":
        await entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    else:
        await entries.async_remove(entry.entry_id)
    await pass_time(hass, freezer, COOLDOWN)
    assert not {"pack_nine", "pack_small"} & async_registry(hass).extensions.keys()
    assert not {CLOCK, WHOLE} & by_key(hass, nine, disabled=True).keys()
    assert maker_of(hass, site, nine.subentry_id) == ("Bitmain", "Antminer S9")
    if way == "unload":
        assert await entries.async_setup(entry.entry_id)
    elif way == "disable":
        await entries.async_set_disabled_by(entry.entry_id, None)
    else:
        await setup_packs(hass, files_from(nine_pack()), files_from(small_pack()))
    await pass_time(hass, freezer, COOLDOWN)
    found = registry.async_get(by_key(hass, nine)[CLOCK])
    assert found
    assert found.name == "My clock"
    assert state_of(hass, nine, CLOCK).state == "650"


async def test_broken_ones(hass: HomeAssistant) -> None:
    """A stored pack that became invalid is reported; the others are there."""
    taken = files_from(small_pack(id="three"))
    bad = [
        files_from(nine_pack(id="one", colour="red")),
        files_from(small_pack(id="two")) | {"evil.sh": "rm"},
        taken,
    ]
    async_registry(hass).async_add(
        "pack_three", Extension(api_version=API_VERSION, name="Integration")
    )
    entry = await setup_packs(hass, *bad, files_from(small_pack()))
    assert entry.state is ConfigEntryState.LOADED
    registry = async_registry(hass)
    assert "pack_small" in registry.extensions
    assert registry.extensions["pack_three"].name == "Integration"
    told = faults(hass)
    assert told.keys() == {"pack_one", "pack_two", "pack_three"}
    assert told["pack_one"].startswith("pack.yaml, line ")
    assert "evil.sh" in told["pack_two"]
    assert told["pack_three"].endswith("pack_three is another extension that is here")

    # Mended, or taken out, there is no more to report.
    entries = hass.config_entries
    entries.async_update_subentry(
        entry,
        pack_of(hass, "one"),
        data={"files": files_from(nine_pack(id="one")), "enabled": True},
    )
    entries.async_update_subentry(
        entry, pack_of(hass, "two"), data={"files": bad[1], "enabled": False}
    )
    entries.async_remove_subentry(entry, pack_of(hass, "three").subentry_id)
    await settle(hass)
    assert not faults(hass)
    assert registry.extensions["pack_three"].name == "Integration"
    assert "pack_one" in registry.extensions

    # One that goes bad while it is there goes.
    entries.async_update_subentry(
        entry, pack_of(hass, "one"), data={"files": bad[0], "enabled": True}
    )
    await settle(hass)
    assert "pack_one" not in registry.extensions
    assert faults(hass).keys() == {"pack_one"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"enabled": True}, "Small 1.0.0: it is not stored as a pack is"),
        ({"files": 7, "enabled": True}, "Small 1.0.0: it is not stored"),
        ({"files": {"pack.yaml": 7}, "enabled": True}, "Small 1.0.0: it is not"),
        ({"files": {}, "enabled": True}, "pack.yaml: is missing"),
        (
            {"files": files_from(small_pack(id="tall")), "enabled": True},
            "pack.yaml: id: is tall, not small",
        ),
    ],
)
async def test_spoilt_storage(
    hass: HomeAssistant, data: dict[str, object], words: str
) -> None:
    """Whatever became of what was stored, it is told, and the other pack is there."""
    entry = await setup_packs(hass, files_from(small_pack()), files_from(nine_pack()))
    hass.config_entries.async_update_subentry(entry, pack_of(hass, "small"), data=data)
    await settle(hass)
    assert faults(hass)["pack_small"].startswith(words)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert faults(hass)["pack_small"].startswith(words)
    extensions = async_registry(hass).extensions
    assert "pack_nine" in extensions
    assert "pack_small" not in extensions
    # What is off is nobody's trouble.
    hass.config_entries.async_update_subentry(
        entry, pack_of(hass, "small"), data=data | {"enabled": False}
    )
    await settle(hass)
    assert not faults(hass)


async def test_our_own_fault(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack that the loader itself fails at takes no other down."""

    def load(files: dict[str, str], *, reserved: Sequence[str]) -> object:
        if '"small"' in files["pack.yaml"]:
            raise RecursionError
        return load_extension(files, reserved=reserved)

    monkeypatch.setattr(pack_hub, "load_extension", load)
    await setup_packs(hass, files_from(small_pack()), files_from(nine_pack()))
    assert faults(hass) == {"pack_small": "RecursionError"}
    assert "pack_nine" in async_registry(hass).extensions


async def test_before_the_entries(hass: HomeAssistant) -> None:
    """Packs can be there before any entry is set up; setting up theirs changes nothing then."""
    await async_load_packs(hass)
    entry = packs_entry(files_from(nine_pack()), files_from(small_pack()))
    entry.add_to_hass(hass)
    told = changes(hass)
    await async_load_packs(hass)
    assert told == [("pack_nine", True, False), ("pack_small", True, False)]
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert len(told) == 2
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert {*told[2:]} == {("pack_nine", False, True), ("pack_small", False, True)}
    # An entry that is off has no packs.
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    await async_load_packs(hass)
    assert len(told) == 4


async def test_no_entity_is_lost(hass: HomeAssistant) -> None:
    """A new version comes in the place of the old one, in one go; one that is the same does not come."""
    entry = await setup_packs(hass, files_from(nine_pack()), files_from(small_pack()))
    told = changes(hass)
    entries = hass.config_entries
    for version in ("2", "2"):
        entries.async_update_subentry(
            entry,
            pack_of(hass, "nine"),
            data={"files": files_from(nine_pack(version=version)), "enabled": True},
            title=f"Nines {version}",
        )
        await settle(hass)
    assert told == [("pack_nine", True, True)]
    # What is told to a hub that has stopped has no effect.
    hub = entry.runtime_data
    assert await entries.async_unload(entry.entry_id)
    await hub.async_follow_entry()
    assert "pack_nine" not in async_registry(hass).extensions


async def test_matching_rigs(
    hass: HomeAssistant, farm: FarmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rigs are found by what they said of themselves, and by their model; they have the names that users gave."""
    miners = await farm("s9", "s9", "unknown", "luxos")
    site = await setup_site(hass, miners)
    first, second, unknown, _ = miners_of(site)
    # Rigs that are not read on port 4028 are no matter of packs.
    await setup_farms(hass, monkeypatch, Farm("farm", farm_rig("a", model="S99")))
    dr.async_get(hass).async_update_device(
        device_of(hass, site, second.subentry_id), name_by_user="A nine"
    )
    pack = nine_pack(models=[{"model": "Antminer S99", "algorithm": "sha256d"}])
    _, extension = load_extension(files_from(pack))
    assert await async_matching_rigs(hass, extension) == sorted(
        ["A nine", first.title, unknown.title]
    )
    # That the model is in the table already is no match.
    pack = small_pack(models=[{"model": "S9", "algorithm": "sha256d"}])
    _, extension = load_extension(files_from(pack))
    assert await async_matching_rigs(hass, extension) == []


async def test_rigs_that_do_not_answer(
    hass: HomeAssistant, farm: FarmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for rigs ends, and who is gone is not among them."""
    miners = await farm("whatsminer_m30s", "whatsminer_m30s", "s9")
    site = await setup_site(hass, miners)
    *_, nine = miners_of(site)
    miners[0].set_fault(Fault.REFUSE)
    miners[1].set_fault(Fault.HANG_REPLY)
    monkeypatch.setattr(pack_hub, "MATCH_DEADLINE", 0.2)
    files = whatsminer_files()
    _, extension = load_extension(files)
    _, nines = load_extension(files_from(nine_pack()))
    both = Extension(
        api_version=API_VERSION,
        name="Both",
        dialects=extension.dialects + nines.dialects,
    )
    async with asyncio.timeout(5):
        assert await async_matching_rigs(hass, both) == [nine.title]


async def test_dialect_that_fails(
    hass: HomeAssistant, farm: FarmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dialect that fails matches nothing, and that is all."""
    await setup_site(hass, await farm("s9"))

    def recognises(_fingerprint: object) -> bool:
        raise RecursionError

    monkeypatch.setattr(
        "custom_components.antminer_monitor.packs.reading._Reader.recognises",
        recognises,
    )
    _, extension = load_extension(files_from(nine_pack()))
    assert await async_matching_rigs(hass, extension) == []


async def test_device_that_is_not_there(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A rig without a device goes by the name of its subentry."""
    site = await setup_site(hass, await farm("s9"))
    (nine,) = miners_of(site)
    dr.async_get(hass).async_remove_device(device_of(hass, site, nine.subentry_id))
    _, extension = load_extension(files_from(nine_pack()))
    assert await async_matching_rigs(hass, extension) == [nine.title]
