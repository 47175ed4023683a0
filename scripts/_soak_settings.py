"""What somebody configured before a soak, and whether all of it is still there."""

from dataclasses import dataclass, field
import json
from pathlib import Path
from typing import Any

from scripts._soak_watcher import Watcher

DOMAIN = "antminer_monitor"
AREA = "Soak hall"
NAME = "Renamed by the soak"
DASHBOARD = "soak-dashboard"
CUSTOMISED = 5
"""Entities that get a name and a place."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything configured that Home Assistant tells of."""

    entries: dict[str, str] = field(default_factory=dict)
    """Title by id."""
    subentries: dict[str, str] = field(default_factory=dict)
    entities: dict[str, tuple[str, str | None, str | None]] = field(
        default_factory=dict
    )
    """Entity id, name and area by unique id."""
    areas: frozenset[str] = frozenset()
    dashboards: frozenset[str] = frozenset()


async def customise(watcher: Watcher) -> None:
    """Rename some entities, give them a place, and make a dashboard."""
    area = await watcher.ask("config/area_registry/create", name=AREA)
    entries = await watcher.ask("config/entity_registry/list")
    ours = [entry for entry in entries if entry["platform"] == DOMAIN]
    ours.sort(key=lambda entry: str(entry["unique_id"]))
    step = max(1, len(ours) // CUSTOMISED)
    for number, entry in enumerate(ours[::step][:CUSTOMISED]):
        await watcher.ask(
            "config/entity_registry/update",
            entity_id=entry["entity_id"],
            name=f"{NAME} {number}",
            area_id=area["area_id"],
            new_entity_id=f"{entry['entity_id']}_soak",
        )
    await watcher.ask(
        "lovelace/dashboards/create",
        url_path=DASHBOARD,
        title="Soak",
        mode="storage",
        show_in_sidebar=True,
        require_admin=False,
    )


async def settings_of(watcher: Watcher) -> Settings:
    """Ask for everything that is configured."""
    entries = await watcher.ask("config_entries/get", domain=DOMAIN)
    subentries: dict[str, str] = {}
    for entry in entries:
        for subentry in await watcher.ask(
            "config_entries/subentries/list", entry_id=entry["entry_id"]
        ):
            subentries[subentry["subentry_id"]] = subentry["title"]
    entities = await watcher.ask("config/entity_registry/list")
    areas = await watcher.ask("config/area_registry/list")
    dashboards = await watcher.ask("lovelace/dashboards/list")
    return Settings(
        entries={entry["entry_id"]: entry["title"] for entry in entries},
        subentries=subentries,
        entities={
            f"{entry['unique_id']} {entry['entity_id'].split('.')[0]}": (
                entry["entity_id"],
                entry["name"],
                entry["area_id"],
            )
            for entry in entities
            if entry["platform"] == DOMAIN
        },
        areas=frozenset(area["name"] for area in areas),
        dashboards=frozenset(board["url_path"] for board in dashboards),
    )


def lost(before: Settings, now: Settings) -> list[str]:
    """Tell what was there before and is not, or is not as it was. What is new is no loss."""
    found: list[str] = []
    for kind in ("entries", "subentries", "entities"):
        were: dict[str, Any] = getattr(before, kind)
        are: dict[str, Any] = getattr(now, kind)
        for key, value in were.items():
            if key not in are:
                found.append(f"{kind}: {key} ({value}) is gone")
            elif are[key] != value:
                found.append(f"{kind}: {key} was {value}, is {are[key]}")
    found += [f"area {name} is gone" for name in before.areas - now.areas]
    found += [
        f"dashboard {name} is gone" for name in before.dashboards - now.dashboards
    ]
    return found


def stored_entries(config: Path) -> dict[str, Any]:
    """Read data, options and subentries of our entries from the disk, by the entry's id."""
    path = config / ".storage" / "core.config_entries"
    stored = json.loads(path.read_text())
    return {
        entry["entry_id"]: {
            "data": entry["data"],
            "options": entry["options"],
            "subentries": sorted(
                entry["subentries"], key=lambda item: str(item["subentry_id"])
            ),
        }
        for entry in stored["data"]["entries"]
        if entry["domain"] == DOMAIN
    }


def broken_files(config: Path) -> list[str]:
    """Tell which files of state cannot be read."""
    found: list[str] = []
    for path in sorted((config / ".storage").iterdir()):
        if path.is_dir() or path.name.startswith("tmp"):
            continue
        try:
            json.loads(path.read_bytes())
        except ValueError:
            found.append(f"{path.name} is broken")
    return found
