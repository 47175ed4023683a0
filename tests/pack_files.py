"""Small extension packs for tests, and how they get into Home Assistant."""

from collections.abc import Mapping
from io import BytesIO
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from aiohttp import FormData, web
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
import yaml

from custom_components.antminer_monitor.api import async_setup_api
from custom_components.antminer_monitor.builtin import async_add_builtin
from custom_components.antminer_monitor.const import (
    CONF_KIND,
    DOMAIN,
    KIND_PACKS,
    SUBENTRY_PACK,
)
from custom_components.antminer_monitor.pack_export import async_setup_pack_export
from custom_components.antminer_monitor.pack_hub import async_packs_entry

from .common import settle

type Client = TestClient[web.Request, web.Application]

WHATSMINER = Path(__file__).parents[1] / "docs" / "examples" / "whatsminer"


def small_pack(**changes: Any) -> dict[str, Any]:
    """Give a pack that knows a model and nothing else."""
    return {
        "pack": 1,
        "id": "small",
        "version": "1.0.0",
        "name": "Small",
        "models": [{"model": "Tiny 1", "algorithm": "sha256d", "boards": 1}],
        **changes,
    }


def nine_pack(**changes: Any) -> dict[str, Any]:
    """Give a pack that reads a stock S9 in a way of its own."""
    return {
        "pack": 1,
        "id": "nine",
        "version": "1.2.0",
        "name": "Nines",
        "description": "Reads nines.",
        "author": "Somebody",
        "homepage": "https://example.org/nines",
        "dialects": [
            {
                "id": "old",
                "firmware": "ninefirm",
                "manufacturer": "Nine Works",
                "recognise": [
                    [
                        {
                            "reply": "version",
                            "path": "VERSION.Type",
                            "matches": "^Antminer S9$",
                        }
                    ]
                ],
                "ask": ["stats"],
                "fields": {
                    "model": {"value": "Nine"},
                    "hashrate": {"path": "STATS.GHS 5s", "unit": "GH/s"},
                },
            }
        ],
        "sensors": [
            {
                "key": "clock",
                "name": "Clock",
                "value": {"path": "STATS.frequency"},
                "unit": "MHz",
                "device_class": "frequency",
                "state_class": "measurement",
                "digits": 0,
            }
        ],
        "binary_sensors": [
            {
                "key": "whole",
                "name": "Whole",
                "value": {"path": "STATS.miner_count"},
                "on": [3],
                "diagnostic": True,
            }
        ],
        "translations": {"de": {"name": "Neuner", "sensors": {"clock": "Takt"}}},
        **changes,
    }


def files_from(pack: Mapping[str, Any]) -> dict[str, str]:
    """Give the files of a pack: JSON is YAML."""
    return {"pack.yaml": json.dumps(pack, indent=1)}


def zip_of(files: Mapping[str, str]) -> bytes:
    """Put files into a zip, as anybody may."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def whatsminer_files() -> dict[str, str]:
    """Give the files of the pack in the documentation."""
    return {
        file.relative_to(WHATSMINER).as_posix(): file.read_text()
        for file in sorted(WHATSMINER.rglob("*.yaml"))
    }


async def prepare(hass: HomeAssistant) -> None:
    """Have what the flows of packs need."""
    async_add_builtin(hass)
    assert await async_setup_component(hass, "file_upload", {})
    # A server of a test takes no more views once it runs.
    async_setup_pack_export(hass)
    async_setup_api(hass)


def packs_entry(*packs: Mapping[str, str], enabled: bool = True) -> MockConfigEntry:
    """Describe the entry of packs that are given as their files."""
    told = [(yaml.safe_load(files["pack.yaml"]), files) for files in packs]
    return MockConfigEntry(
        domain=DOMAIN,
        title="Extension packs",
        unique_id=KIND_PACKS,
        data={CONF_KIND: KIND_PACKS},
        subentries_data=[
            {
                "subentry_type": SUBENTRY_PACK,
                "title": f"{pack['name']} {pack['version']}",
                "unique_id": pack["id"],
                "data": {"files": dict(files), "enabled": enabled},
            }
            for pack, files in told
        ],
    )


async def setup_packs(
    hass: HomeAssistant, *packs: Mapping[str, str], enabled: bool = True
) -> MockConfigEntry:
    """Set up the entry of these packs."""
    await prepare(hass)
    entry = packs_entry(*packs, enabled=enabled)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    return entry


def pack_of(hass: HomeAssistant, pack_id: str) -> ConfigSubentry:
    """Give a pack that is installed."""
    entry = async_packs_entry(hass)
    assert entry
    return next(
        subentry
        for subentry in entry.get_subentries_of_type(SUBENTRY_PACK)
        if subentry.unique_id == pack_id
    )


async def upload(client: Client, data: bytes, name: str = "pack.zip") -> str:
    """Upload a file as the page does; give its id."""
    form = FormData()
    form.add_field("file", data, filename=name)
    response = await client.post("/api/file_upload", data=form)
    assert response.status == 200
    told = await response.json()
    return str(told["file_id"])
