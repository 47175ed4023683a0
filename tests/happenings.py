"""A farm of an account, where what happens is what a test says."""

import asyncio
from collections.abc import Callable
from typing import ClassVar, override

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.coordinator import Origin, RigCoordinator
from custom_components.antminer_monitor.devices import async_register_fleet
from custom_components.antminer_monitor.hub import Hub
from custom_components.antminer_monitor.rig import MessageCounts, Rig
from custom_components.antminer_monitor.source import (
    Group,
    Happening,
    Reading,
    Severity,
)

from .common import settle
from .farms import add_kind
from .rigs import rig
from .sources import ScriptedSource

KIND = "scripted"
FARM = "farm-7"
"""Identifier of the farm's device."""

GROUP = Group(id=FARM, name="North hall")


class ScriptedHub(Hub):
    """Reads one farm from a scripted source."""

    default_interval = 60
    source: ClassVar[ScriptedSource]

    @override
    async def _async_begin(self) -> None:
        entry = self.entry
        async_register_fleet(
            self.hass, entry, entry.entry_id, entry.title, model="account"
        )
        async_register_fleet(self.hass, entry, FARM, GROUP.name, model="farm")
        self._add_fleet(FARM, "North hall totals")
        self.told.since(FARM)
        coordinator = RigCoordinator(
            self.hass,
            entry,
            self.source,
            self._pacing(),
            Origin(device_id=FARM),
            name=GROUP.name,
            remembered=self._remembered,
            told=self.told,
        )
        await asyncio.wait([self._add(FARM, coordinator, delay=0)], timeout=5)

    @override
    async def async_follow_entry(self) -> None:
        """Nothing changes."""


def worker(number: int = 1, **changes: object) -> Rig:
    """Give a rig of the farm, seen now, whose messages its source keeps."""
    values: dict[str, object] = {
        "id": f"7x{number}",
        "name": f"rig-{number}",
        "mac": None,
        "seen_at": dt_util.utcnow(),
        "unresolved": MessageCounts(danger=0),
        **changes,
    }
    return rig(**values)


def message(number: int = 1, **changes: object) -> Happening:
    """Give a message of the first rig, of now."""
    values: dict[str, object] = {
        "id": f"message-{number}",
        "at": dt_util.utcnow(),
        "title": f"Message {number}",
        "severity": Severity.WARNING,
        "rig_id": "7x1",
        **changes,
    }
    return Happening(**values)  # type: ignore[arg-type]  # fields are checked at run time


class ScriptedFarm:
    """A farm with one rig, unless a test says otherwise, to which nothing happened yet."""

    def __init__(self, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make a farm, and let an entry be of such a kind; nothing is set up."""
        self._hass = hass
        self.rigs: Callable[[], tuple[Rig, ...]] = lambda: (worker(),)
        self.group: Group | None = GROUP
        self.happenings: tuple[Happening, ...] = ()
        source = ScriptedSource(
            lambda: Reading(
                rigs=self.rigs(), group=self.group, happenings=self.happenings
            )
        )
        hub = type("OneFarm", (ScriptedHub,), {"source": source})
        add_kind(hass, KIND, hub)
        self.entry = MockConfigEntry(
            domain=DOMAIN, title="Account", data={CONF_KIND: KIND}
        )
        self.entry.add_to_hass(hass)

    @property
    def coordinator(self) -> RigCoordinator:
        """What reads it."""
        hub = self.entry.runtime_data
        assert isinstance(hub, Hub)
        return hub.coordinators[FARM]

    async def setup(self) -> None:
        """Set up the entry, and wait until the farm was read once."""
        assert await self._hass.config_entries.async_setup(self.entry.entry_id)
        await settle(self._hass)
        assert self.entry.state is ConfigEntryState.LOADED

    async def restart(self) -> None:
        """Set up the entry anew."""
        assert await self._hass.config_entries.async_unload(self.entry.entry_id)
        await self.setup()

    async def tell(self, *happenings: Happening) -> None:
        """Read once more, and have the farm tell these."""
        self.happenings = happenings
        await self.coordinator.async_refresh()
        await settle(self._hass)

    def entity_id(self, unique_id: str) -> str | None:
        """Give the event entity with that unique id."""
        return er.async_get(self._hass).async_get_entity_id("event", DOMAIN, unique_id)

    def status_id(self, rig_id: str) -> str | None:
        """Give the entity that shows how a rig is."""
        registry = er.async_get(self._hass)
        return registry.async_get_entity_id("sensor", DOMAIN, f"{rig_id}_status")

    def state(self, unique_id: str) -> State:
        """Give the state of an event entity."""
        entity_id = self.entity_id(unique_id)
        assert entity_id, unique_id
        state = self._hass.states.get(entity_id)
        assert state, entity_id
        return state

    def device(self, identifier: str) -> dr.DeviceEntry:
        """Give the device of a rig, or of the farm."""
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            (DOMAIN, identifier), self.entry.entry_id
        )
        assert device, identifier
        return device
