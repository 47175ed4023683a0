"""Writes into a configuration folder what the first visit to Home Assistant would ask for, through its own storage.

    python -m scripts._seed CONFIG --http-port PORT [--farm-port PORT --miners N] [--hive-port PORT] [--others]

Run it only while Home Assistant is not. It changes nothing that is already as wanted: users and the answers of the
onboarding are written once, the port whenever it differs. With `--miners` a site "Simulated farm" is made to hold the
miners of the simulator's default farm, and with `--hive-port` the simulated HiveOS account is there too. With
`--others` the miners behind them are left to whoever adds them, and the stand-in for an AI is set up.
"""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from homeassistant import runner
from homeassistant.auth import auth_manager_from_config
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.providers.homeassistant import HassAuthProvider
from homeassistant.components import onboarding
from homeassistant.components.http.config import async_get_and_load_store
from homeassistant.components.onboarding.const import STEPS
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntries,
    ConfigEntry,
    ConfigEntryStore,
    ConfigSubentry,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)

from scripts._hass import HOST, PASSWORD, USERS
from simulator.farm import WEB_OFFSET
from simulator.hive.accounts import TOKEN as HIVE_TOKEN
from simulator.profiles import OTHERS, mix

GROUPS = (GROUP_ID_ADMIN, GROUP_ID_USER, GROUP_ID_READ_ONLY)
FARM_ENTRY = "simulated_farm"
HIVE_ENTRY = "simulated_hive"
AI_ENTRY = "demo_ai"
HIVE_USER = "hiveos_1001"
"""Unique id of the entry: the number of the simulated account's user."""


async def _seed_home(hass: HomeAssistant) -> None:
    await hass.config.async_update(
        location_name="Mine",
        latitude=64.13,
        longitude=-21.9,
        elevation=10,
        time_zone="Atlantic/Reykjavik",
        country="IS",
        currency="EUR",
        language="en",
    )
    store = onboarding.OnboardingStorage(
        hass, onboarding.STORAGE_VERSION, onboarding.STORAGE_KEY, private=True
    )
    await store.async_save({"done": list(STEPS)})


async def _seed_users(hass: HomeAssistant) -> None:
    auth = hass.auth = await auth_manager_from_config(
        hass, [{"type": "homeassistant"}], []
    )
    provider = auth.auth_providers[0]
    assert isinstance(provider, HassAuthProvider)
    for name, group in zip(USERS, GROUPS, strict=True):
        await provider.async_add_auth(name, PASSWORD)
        user = await auth.async_create_user(name.title(), group_ids=[group])
        await auth.async_link_user(
            user, await provider.async_get_or_create_credentials({"username": name})
        )


async def _seed_http(hass: HomeAssistant, port: int) -> None:
    store = await async_get_and_load_store(hass)
    if store.stable.get("server_port") == port and store.stable.get("server_host"):
        return
    # What the settings page does: stage the change, then confirm it.
    await store.async_set_pending(
        {
            **store.stable,
            "server_host": [HOST],
            "server_port": port,
        }
    )
    await store.async_promote_pending()
    await store.async_mark_yaml_migration_done()


async def _seed_entries(
    hass: HomeAssistant, *, site: bool, hive_port: int | None, others: bool
) -> None:
    """Write the entries, the site still without miners; Home Assistant would set them up at once if they were added."""
    store = ConfigEntryStore(hass)
    stored = await store.async_load() or {"entries": []}
    known = {entry["entry_id"] for entry in stored["entries"]}
    if site and FARM_ENTRY not in known:
        login = {"username": "root", "password": "root"}
        stored["entries"].append(
            _entry(FARM_ENTRY, "Simulated farm", {"kind": "site", **login})
        )
    if others and AI_ENTRY not in known:
        stored["entries"].append(_entry(AI_ENTRY, "Demo AI", {}, domain="demo_ai"))
    if hive_port is not None:
        # Always written: the port may be another one than last time.
        stored["entries"] = [
            entry for entry in stored["entries"] if entry["entry_id"] != HIVE_ENTRY
        ] + [
            _entry(
                HIVE_ENTRY,
                "Simulated HiveOS",
                {
                    "kind": "hiveos",
                    "token": HIVE_TOKEN,
                    "url": f"http://{HOST}:{hive_port}/api/v2",
                },
                next(
                    (
                        entry["options"]
                        for entry in stored["entries"]
                        if entry["entry_id"] == HIVE_ENTRY
                    ),
                    {"scan_interval": 30},
                ),
                HIVE_USER,
            )
        ]
    await store.async_save(stored)


def _entry(
    entry_id: str,
    title: str,
    data: dict[str, str],
    options: Mapping[str, Any] = MappingProxyType({}),
    unique_id: str | None = None,
    domain: str = "antminer_monitor",
) -> dict[str, Any]:
    return dict(
        ConfigEntry[Any](
            data=data,
            discovery_keys=MappingProxyType({}),
            domain=domain,
            entry_id=entry_id,
            minor_version=1,
            options=options,
            source=SOURCE_USER,
            subentries_data=[],
            title=title,
            unique_id=unique_id,
            version=1,
        ).as_dict()
    )


def _seed_miners(
    hass: HomeAssistant, miners: Mapping[int, str], *, others: bool
) -> None:
    """Make the farm's site hold these miners, and leave alone what else was added to it."""
    behind = range(max(miners) + 1, max(miners) + 1 + len(OTHERS)) if others else ()
    entry = hass.config_entries.async_get_known_entry(FARM_ENTRY)
    ports: set[int] = set()
    for subentry in list(entry.subentries.values()):
        if subentry.data.get("host") != HOST:
            continue
        if subentry.data["port"] in miners:
            ports.add(subentry.data["port"])
        elif subentry.data["port"] not in behind:
            hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    for port, title in miners.items():
        if port not in ports:
            subentry = ConfigSubentry(
                data=MappingProxyType(
                    {"host": HOST, "port": port, "web_port": port + WEB_OFFSET}
                ),
                subentry_type="miner",
                title=title,
                unique_id=f"{HOST}:{port}",
            )
            hass.config_entries.async_add_subentry(entry, subentry)


async def _seed(
    config: Path,
    port: int,
    miners: Mapping[int, str],
    hive_port: int | None,
    *,
    others: bool,
) -> None:
    hass = HomeAssistant(str(config))
    await _seed_http(hass, port)
    if miners or hive_port is not None:
        await _seed_entries(hass, site=bool(miners), hive_port=hive_port, others=others)
    # The registries wait for the entries, and the entries for nothing.
    hass.config_entries = ConfigEntries(hass, {})
    await hass.config_entries.async_initialize()
    dr.async_setup(hass)
    await asyncio.gather(dr.async_load(hass), er.async_load(hass), ir.async_load(hass))
    if miners:
        _seed_miners(hass, miners, others=others)
    storage = config / ".storage"
    if not (storage / "auth").exists():
        # The logins of a run that ended half-way belong to users that were never saved.
        (storage / "auth_provider.homeassistant").unlink(missing_ok=True)
        await _seed_home(hass)
        await _seed_users(hass)
    # Most of it is written with a delay, or now because this asks for what is not yet.
    await hass.async_stop(force=True)


def main() -> None:
    """Read the arguments, and write what is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--farm-port", type=int, default=4028)
    parser.add_argument("--miners", type=int, default=0)
    parser.add_argument("--hive-port", type=int)
    parser.add_argument("--others", action="store_true")
    arguments = parser.parse_args()
    miners = {
        port: f"{profile.model} {port - arguments.farm_port + 1}"
        for port, profile in enumerate(
            mix("default", arguments.miners), arguments.farm_port
        )
    }
    asyncio.run(
        _seed(
            arguments.config.resolve(),
            arguments.http_port,
            miners,
            arguments.hive_port,
            others=arguments.others,
        ),
        loop_factory=runner.create_event_loop,
    )


if __name__ == "__main__":
    main()
