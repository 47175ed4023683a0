"""Farms of rigs that are there in the test's mind only, for tests of what controls them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigFlow
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.antminer_monitor.bus import EVENT_COMMAND, CommandData
from custom_components.antminer_monitor.command import Action, Choice
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.coordinator import Origin, RigCoordinator
from custom_components.antminer_monitor.devices import async_register_fleet
from custom_components.antminer_monitor.extension import (
    API_VERSION,
    Extension,
    SourceKind,
)
from custom_components.antminer_monitor.hub import Hub
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.rig import Rig, Status
from custom_components.antminer_monitor.source import Group, Happening, Reading

from .common import settle
from .sources import ScriptedSource

NOW = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the moment of the reading."""

SHEETS = (
    Choice(id="1", name="ETC"),
    Choice(id="2", name="Kaspa"),
    Choice(id="3", name="Kaspa"),
)
OVERCLOCKS = (Choice(id="7", name="Cool"), Choice(id="8", name="Hot"))
MODES = (Choice(id="low", name="Low"), Choice(id="normal", name="Normal"))


def farm_rig(rig_id: str, **changes: Any) -> Rig:
    """Give a rig of a farm, that accepts everything, but for what a test changes."""
    whole = Rig(
        id=rig_id,
        name=rig_id.title(),
        seen_at=NOW,
        status=Status.RUNNING,
        algorithm="etchash",
        hashrate=1e9,
        uptime=3600.0,
        flight_sheet="ETC",
        flight_sheets=SHEETS,
        overclock="Cool",
        overclocks=OVERCLOCKS,
        work_mode="normal",
        power_modes=MODES,
        upgrade_available=True,
        commands=tuple(Action),
    )
    return replace(whole, **changes)


class Farm:
    """What a source reads rigs from."""

    def __init__(self, device_id: str, *rigs: Rig) -> None:
        """Make a farm of these rigs."""
        self.device_id = device_id
        self.rigs = {item.id: item for item in rigs}
        self.happenings: list[Happening] = []
        self.source = ScriptedSource(self.read)

    def read(self) -> Reading:
        """Give the rigs as they are now."""
        now = dt_util.utcnow()
        return Reading(
            rigs=tuple(
                replace(item, seen_at=now) if item.seen_at is NOW else item
                for item in self.rigs.values()
            ),
            group=Group(id=self.device_id, name=self.device_id.title()),
            happenings=tuple(self.happenings),
        )

    def change(self, rig_id: str, **changes: Any) -> None:
        """Let something of a rig be different from now on."""
        self.rigs[rig_id] = replace(self.rigs[rig_id], **changes)

    @property
    def told(self) -> list[tuple[str, str | None, tuple[str, ...]]]:
        """What it was told: action, value, rigs."""
        return [
            (command.action, command.value, rig_ids)
            for command, rig_ids in self.source.told
        ]


class FarmHub(Hub):
    """Runs the farms of a test."""

    default_interval: ClassVar[int] = 3600
    """No poll comes between what a test does."""
    farms: ClassVar[Mapping[str, tuple[Farm, ...]]] = {}
    """By the id of the config entry."""

    @override
    async def _async_begin(self) -> None:
        entry_id = self.entry.entry_id
        async_register_fleet(
            self.hass, self.entry, entry_id, self.entry.title, model="Account"
        )
        for farm in self.farms[entry_id]:
            name = farm.device_id.title()
            self.told.since(farm.device_id)
            async_register_fleet(
                self.hass, self.entry, farm.device_id, name, model="Farm"
            )
            self._add_fleet(farm.device_id, f"{name} totals")
            await self._add(
                farm.device_id,
                RigCoordinator(
                    self.hass,
                    self.entry,
                    farm.source,
                    self._pacing(),
                    Origin(device_id=farm.device_id),
                    name=name,
                    told=self.told,
                ),
                delay=0.0,
            )

    @override
    async def async_follow_entry(self) -> None:
        """Nothing changes."""


async def setup_farms(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    *farms: Farm,
    options: Mapping[str, Any] | None = None,
) -> MockConfigEntry:
    """Set up an entry that has these farms, and wait until each was read once."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Account",
        data={CONF_KIND: "farms"},
        options=dict(options or {}),
    )
    entry.add_to_hass(hass)
    known = {**FarmHub.farms, entry.entry_id: farms}
    monkeypatch.setattr(FarmHub, "farms", known)
    add_kind(hass, "farms", FarmHub)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    return entry


def add_kind(hass: HomeAssistant, kind: str, hub: type[Hub]) -> None:
    """Let there be entries of a kind that a hub runs, unless there are."""
    registry = async_registry(hass)
    if kind in registry.kinds:
        return
    registry.async_add(
        kind,
        Extension(
            api_version=API_VERSION,
            name=kind,
            kinds=(SourceKind(kind=kind, name=kind, hub=hub, flow=ConfigFlow),),
        ),
        is_builtin=True,
    )


def device_of(hass: HomeAssistant, entry: MockConfigEntry, identifier: str) -> str:
    """Give the id of the device of a rig, a farm or the account."""
    return dr.async_get_device_id_by_identifier(
        hass, (DOMAIN, identifier), config_entry_id=entry.entry_id
    )


def entity_of(hass: HomeAssistant, platform: str, rig_id: str, key: str) -> str:
    """Give the id of an entity of a rig."""
    entity_id = er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{rig_id}_{key}"
    )
    assert entity_id, key
    return entity_id


def commands_told(hass: HomeAssistant) -> list[Event[CommandData]]:
    """Collect what the event bus is told of commands from now on."""
    events: list[Event[CommandData]] = async_capture_events(hass, EVENT_COMMAND)
    return events


async def poll(hass: HomeAssistant) -> None:
    """Read every farm once more."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for coordinator in entry.runtime_data.coordinators.values():
            await coordinator.async_refresh()
    await settle(hass)


def results(events: list[Event[CommandData]]) -> list[tuple[str, str, str]]:
    """Give the rig, the action and the result of each."""
    return [
        (event.data["rig_id"], event.data["action"], event.data["result"])
        for event in events
    ]
