"""What a later release stored, and what is spoilt: refused or put aside in plain words, and never lost."""

from collections.abc import Callable
import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_exception_message
import pytest

from custom_components.antminer_monitor import ENTRY_VERSION, async_remove_entry
from custom_components.antminer_monitor.config_flow import AntminerMonitorConfigFlow
from custom_components.antminer_monitor.const import DOMAIN

from .conftest import start
from .home import home, storage_of, stored

STORES = ["hall", "hall.watch", "account", "account.told", "account.watch"]
ISSUE = "later_version_hall"


def change(folder: Path, name: str, edit: Callable[[Any], Any]) -> str:
    """Write one file of a configuration folder anew; give its text."""
    text = json.dumps(edit(stored(folder, name)))
    (storage_of(folder) / name).write_text(text)
    return text


def later(**versions: int) -> Callable[[Any], Any]:
    """Let the entry of the site be of another version."""

    def edit(content: Any) -> Any:
        for entry in content["data"]["entries"]:
            if entry["entry_id"] == "hall":
                entry |= versions
                entry["data"] |= {"kind": "site", "added_later": [1]}
        return content

    return edit


def test_one_version() -> None:
    """What is refused is what the config flow does not make."""
    assert AntminerMonitorConfigFlow.VERSION == ENTRY_VERSION


async def test_entry_of_a_later_version(folder: Path) -> None:
    """It is not loaded, Repairs says what to do, and nothing of it is changed; others go on."""
    change(folder, "core.config_entries", later(version=ENTRY_VERSION + 1))
    async with home(folder) as hass:
        await start(hass)
        entry = hass.config_entries.async_get_known_entry("hall")
        assert entry.state is ConfigEntryState.MIGRATION_ERROR
        others = [e for e in hass.config_entries.async_entries(DOMAIN) if e != entry]
        assert {other.state for other in others} == {ConfigEntryState.LOADED}
        issue = ir.async_get(hass).async_get_issue(DOMAIN, ISSUE)
        assert issue
        assert issue.translation_key == "later_version"
        assert issue.translation_placeholders == {"entry": "Hall 1", "shown": "Hall 1"}
        # Something is stored, so that all are.
        hass.config_entries.async_update_entry(others[0], title="Other")
    (kept,) = (
        entry
        for entry in stored(folder, "core.config_entries")["data"]["entries"]
        if entry["entry_id"] == "hall"
    )
    assert kept["version"] == ENTRY_VERSION + 1
    assert kept["data"]["added_later"] == [1]
    assert len(kept["subentries"]) == 3

    async with home(folder) as hass:
        await start(hass)
        assert ir.async_get(hass).async_get_issue(DOMAIN, ISSUE)
        entry = hass.config_entries.async_get_known_entry("hall")
        await async_remove_entry(hass, entry)
        assert not ir.async_get(hass).async_get_issue(DOMAIN, ISSUE)


async def test_entry_of_a_later_minor_version(folder: Path) -> None:
    """It is one that this release can read."""
    change(folder, "core.config_entries", later(minor_version=9))
    async with home(folder) as hass:
        await start(hass)
        entry = hass.config_entries.async_get_known_entry("hall")
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data["added_later"] == [1]
        assert not ir.async_get(hass).async_get_issue(DOMAIN, ISSUE)


@pytest.mark.parametrize("name", STORES)
async def test_store_of_a_later_version(folder: Path, name: str) -> None:
    """The entry says so and is not loaded; the file stays as it is."""
    file = f"{DOMAIN}.{name}"
    text = change(folder, file, lambda content: content | {"version": 2})
    entry_id = name.partition(".")[0]
    async with home(folder) as hass:
        await start(hass)
        entry = hass.config_entries.async_get_known_entry(entry_id)
        assert entry.state is ConfigEntryState.SETUP_ERROR
        assert entry.error_reason_translation_key == "later_version"
        assert entry.reason == async_get_exception_message(
            DOMAIN, "later_version", {"file": file}
        )
        assert "later version of Antminer Monitor" in entry.reason
        await hass.config_entries.async_reload(entry_id)
        assert entry.state is ConfigEntryState.SETUP_ERROR
    assert (storage_of(folder) / file).read_text() == text
    assert not list(storage_of(folder).glob("*.corrupt.*"))


async def test_store_of_a_later_minor_version(folder: Path) -> None:
    """It is one that this release can read."""
    change(folder, f"{DOMAIN}.hall", lambda content: content | {"minor_version": 9})
    async with home(folder) as hass:
        await start(hass)
        entry = hass.config_entries.async_get_known_entry("hall")
        assert entry.state is ConfigEntryState.LOADED
    rigs = stored(folder, f"{DOMAIN}.hall")["data"]["rigs"]
    assert rigs.keys() == {"miner1", "miner2", "miner3"}


def of(data: Any) -> Callable[[Any], Any]:
    """Have something else in the frame that Home Assistant writes."""
    return lambda content: content | {"data": data}


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        *((name, of([1])) for name in STORES),
        *((name, lambda content: content["data"]) for name in STORES[:2]),
        ("hall", lambda _: []),
        ("hall", lambda content: content | {"version": "1"}),
        ("hall", of({"rigs": [1]})),
        ("hall", of({"rigs": {"miner1": 1}})),
        ("account", of({"groups": {"hive-1000001": "North hall"}})),
        ("account.told", of({"hive-1000001": 1795176000.0})),
        ("account.told", of({"hive-1000001": {"": "yesterday"}})),
        ("account.told", of({"hive-1000001": {"": 1e300}})),
        ("hall.watch", of({"miner1": "well"})),
    ],
)
async def test_spoilt_store(
    folder: Path,
    name: str,
    spoil: Callable[[Any], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is put aside and told once; the entry begins anew, and stores again."""
    file = f"{DOMAIN}.{name}"
    text = change(folder, file, spoil)
    entry_id = name.partition(".")[0]
    for _ in range(2):
        async with home(folder) as hass:
            await start(hass)
            entry = hass.config_entries.async_get_known_entry(entry_id)
            assert entry.state is ConfigEntryState.LOADED
            await hass.config_entries.async_unload(entry_id)
    warnings = [
        text for text in caplog.messages if f"{file} is not of the form" in text
    ]
    assert len(warnings) == 1
    (aside,) = storage_of(folder).glob(f"{file}.corrupt.*")
    assert aside.read_text() == text
    assert stored(folder, file)["version"] == 1


async def test_store_that_is_no_json(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Home Assistant itself puts it aside; the entry begins anew."""
    file = f"{DOMAIN}.hall"
    (storage_of(folder) / file).write_text('{"version": 1, "data": {"rigs": {"min')
    async with home(folder) as hass:
        await start(hass)
        entry = hass.config_entries.async_get_known_entry("hall")
        assert entry.state is ConfigEntryState.LOADED
    assert len(list(storage_of(folder).glob(f"{file}.corrupt.*"))) == 1
    assert "Unrecoverable error decoding storage" in caplog.text
