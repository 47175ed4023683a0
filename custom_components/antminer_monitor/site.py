"""A site at run time: the Antminers of one place, each with its coordinator."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT, CONF_SCAN_INTERVAL
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util.hass_dict import HassKey

from .antminer.cgminer import DEFAULT_PORT
from .antminer.source import AntminerSource
from .const import (
    CONF_STALE_AFTER,
    CONF_TIMEOUT,
    DEFAULT_SCAN_INTERVAL,
    DEFAULT_TIMEOUT,
    DOMAIN,
    STALE_POLLS,
    SUBENTRY_MINER,
)
from .coordinator import Pacing, RigCoordinator, phases
from .devices import async_register_fleet, async_register_rig
from .fleet import FleetCoordinator
from .memory import RigMemory
from .miner_source import async_make_source, credentials_of
from .rig import Rig

type AntminerMonitorConfigEntry = ConfigEntry[Site]

MAX_SIMULTANEOUS_READS = 100
"""Over all sites: far below the number of sockets that a process may open."""

FIRST_READ_SPACING = 0.02
"""Seconds between the first readings of two miners, so that a large site does not start in one burst."""

FIRST_READ_WAIT = 5.0
"""Seconds that the set-up of an entry waits for first readings; the rest come when they come."""

ENTITY_LIMIT = 10_000
"""Enabled entities that Home Assistant accepts for one config entry."""
ENTITY_LIMIT_WARNING = 0.9
ISSUE_ENTITY_LIMIT = "entity_limit"

_SLOTS: HassKey[asyncio.Semaphore] = HassKey(f"{DOMAIN}_slots")


class Site:
    """Runs the coordinators of a site's miners and follows changes of its subentries."""

    def __init__(self, hass: HomeAssistant, entry: AntminerMonitorConfigEntry) -> None:
        """Make a site that runs nothing yet."""
        self.hass = hass
        self.entry = entry
        self.started_with = (dict(entry.data), dict(entry.options))
        self.memory = RigMemory(hass, entry.entry_id)
        self.coordinators: dict[str, RigCoordinator] = {}
        """By the id of the miner's config subentry, which is the rig's id too."""
        self.fleet = FleetCoordinator(hass, entry, self.coordinators)
        self.registered_ids: frozenset[str] = frozenset()
        """Unique ids of the entities that the entry had when it was set up."""
        self._subentries: dict[str, dict[str, Any]] = {}
        self._phases = phases()
        self._remembered: dict[str, Rig] = {}
        self._remove: dict[str, list[CALLBACK_TYPE]] = {}
        self._following = asyncio.Lock()
        self._entities_changed = False
        self._adders: list[Callable[[RigCoordinator], CALLBACK_TYPE]] = []

    async def async_start(self) -> None:
        """Make the coordinators and read every miner once, without waiting long for any."""
        self._remembered = await self.memory.async_load()
        registry = er.async_get(self.hass)
        self.registered_ids = frozenset(
            item.unique_id
            for item in er.async_entries_for_config_entry(registry, self.entry.entry_id)
        )
        async_register_fleet(self.hass, self.entry)
        first_reads = [
            self._add(subentry, delay=number * FIRST_READ_SPACING)
            for number, subentry in enumerate(
                self.entry.get_subentries_of_type(SUBENTRY_MINER)
            )
        ]
        if first_reads:
            await asyncio.wait(first_reads, timeout=FIRST_READ_WAIT)
        self.fleet.async_update_now()
        self.entry.async_on_unload(self.fleet.async_add_listener(self._fleet_updated))

    async def async_stop(self) -> None:
        """Stop what ``async_start`` started, and keep what is known of the rigs."""
        for subentry_id in tuple(self.coordinators):
            await self._async_remove(subentry_id)
        await self.fleet.async_shutdown()
        await self.memory.async_save()

    async def async_add_platform(
        self, adder: Callable[[RigCoordinator], CALLBACK_TYPE]
    ) -> None:
        """Have a platform add the entities of every coordinator, now and later.

        ``adder`` returns a function that stops it following that coordinator.
        """
        self._adders.append(adder)
        for subentry_id, coordinator in tuple(self.coordinators.items()):
            if subentry_id not in self.coordinators:
                continue
            self._remove[subentry_id].append(adder(coordinator))
            # Tens of thousands of entities take seconds: others have their turn between.
            await asyncio.sleep(0)

    async def async_follow_subentries(self) -> None:
        """Add, change and remove miners as the entry's subentries now say; the others go on."""
        async with self._following:
            await self._async_follow_subentries()

    async def _async_follow_subentries(self) -> None:
        wanted = {
            subentry.subentry_id: subentry
            for subentry in self.entry.get_subentries_of_type(SUBENTRY_MINER)
        }
        for subentry_id in tuple(self.coordinators):
            if subentry_id not in wanted:
                await self._async_remove(subentry_id)
                self.memory.async_forget(subentry_id)
        for subentry_id, subentry in wanted.items():
            if subentry_id in self.coordinators:
                if self._subentries[subentry_id] == _settings(subentry):
                    continue
                await self._async_change(subentry)
            else:
                self._add(subentry, delay=0.0)
        self.fleet.async_update_now()

    def part_ids(self) -> Iterator[str]:
        """Give the device identifiers of every rig and hashboard that is there now."""
        for coordinator in self.coordinators.values():
            for rig_id in coordinator.rig_ids:
                yield rig_id
                if rig := coordinator.data.get(rig_id):
                    yield from (f"{rig_id}_board_{board.index}" for board in rig.boards)

    def _add(self, subentry: ConfigSubentry, *, delay: float) -> asyncio.Task[None]:
        """Make a miner's coordinator and start its first reading."""
        subentry_id = subentry.subentry_id
        remembered = self._remembered.get(subentry_id)
        coordinator = RigCoordinator(
            self.hass,
            self.entry,
            self._source(subentry),
            self._pacing(),
            name=subentry.title,
            rig_ids=(subentry_id,),
            remembered={subentry_id: remembered} if remembered else None,
            subentry_id=subentry_id,
        )
        self.coordinators[subentry_id] = coordinator
        self._subentries[subentry_id] = _settings(subentry)
        async_register_rig(coordinator, subentry_id)
        self._remove[subentry_id] = [
            coordinator.async_add_listener(self._follow(coordinator)),
            coordinator.async_add_seen_listener(lambda: self._seen(coordinator)),
            *(adder(coordinator) for adder in self._adders),
        ]
        return self.entry.async_create_background_task(
            self.hass,
            _first_read(coordinator, delay),
            f"{DOMAIN} first reading of {subentry.title}",
        )

    async def _async_change(self, subentry: ConfigSubentry) -> None:
        """Point a miner's coordinator at its new address; devices and entities stay."""
        coordinator = self.coordinators[subentry.subentry_id]
        self._subentries[subentry.subentry_id] = _settings(subentry)
        coordinator.name = subentry.title
        async_register_rig(coordinator, subentry.subentry_id)
        await coordinator.async_replace_source(self._source(subentry))

    async def _async_remove(self, subentry_id: str) -> None:
        for remove in self._remove.pop(subentry_id):
            remove()
        self._subentries.pop(subentry_id)
        await self.coordinators.pop(subentry_id).async_shutdown()

    def _follow(self, coordinator: RigCoordinator) -> Callable[[], None]:
        shapes = coordinator.shapes

        @callback
        def follow() -> None:
            nonlocal shapes
            if coordinator.shapes is not shapes:
                shapes = coordinator.shapes
                for rig_id in coordinator.data:
                    async_register_rig(coordinator, rig_id)
                self._entities_changed = True
            self.fleet.async_schedule_update()

        return follow

    @callback
    def _seen(self, coordinator: RigCoordinator) -> None:
        self.memory.async_remember(
            (rig, coordinator.shapes[rig.id]) for rig in coordinator.data.values()
        )
        self._check_credentials(coordinator)
        # Also where no figure changed: constant power adds up to energy too.
        self.fleet.async_schedule_update()

    def _check_credentials(self, coordinator: RigCoordinator) -> None:
        source = coordinator.source
        if isinstance(source, AntminerSource) and source.credentials_refused:
            subentry = self.entry.subentries[coordinator.subentry_id or ""]
            # The miner that refused is the one that the new credentials are tried on.
            self.entry.async_start_reauth(
                self.hass, data={"subentry_id": subentry.subentry_id}
            )

    @callback
    def _fleet_updated(self) -> None:
        if self._entities_changed:
            self.async_check_entity_limit()

    @callback
    def async_check_entity_limit(self) -> None:
        """Raise a repair issue before Home Assistant stops adding entities to the entry."""
        self._entities_changed = False
        registry = er.async_get(self.hass)
        enabled = sum(
            not item.disabled
            for item in er.async_entries_for_config_entry(registry, self.entry.entry_id)
        )
        issue_id = f"{ISSUE_ENTITY_LIMIT}_{self.entry.entry_id}"
        if enabled < ENTITY_LIMIT * ENTITY_LIMIT_WARNING:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_ENTITY_LIMIT,
            translation_placeholders={
                "site": self.entry.title,
                "enabled": str(enabled),
                "limit": str(ENTITY_LIMIT),
            },
        )

    def _source(self, subentry: ConfigSubentry) -> AntminerSource:
        return async_make_source(
            self.hass,
            subentry.data[CONF_HOST],
            subentry.data.get(CONF_PORT, DEFAULT_PORT),
            timeout=self.entry.options.get(CONF_TIMEOUT, DEFAULT_TIMEOUT),
            credentials=credentials_of(subentry.data)
            or credentials_of(self.entry.data),
            rig_id=subentry.subentry_id,
            mac=subentry.data.get(CONF_MAC),
        )

    def _pacing(self) -> Pacing:
        interval = self.entry.options.get(CONF_SCAN_INTERVAL, DEFAULT_SCAN_INTERVAL)
        return Pacing(
            interval=timedelta(seconds=interval),
            stale_after=timedelta(
                seconds=self.entry.options.get(CONF_STALE_AFTER)
                or STALE_POLLS * interval
            ),
            phase=next(self._phases),
            slots=self.hass.data.setdefault(
                _SLOTS, asyncio.Semaphore(MAX_SIMULTANEOUS_READS)
            ),
        )


def _settings(subentry: ConfigSubentry) -> dict[str, Any]:
    return {**subentry.data, "title": subentry.title}


async def _first_read(coordinator: RigCoordinator, delay: float) -> None:
    await asyncio.sleep(delay)
    await coordinator.async_refresh()


@callback
def async_rig_of_device(
    entry: AntminerMonitorConfigEntry, device: dr.AnyDeviceEntry
) -> str | None:
    """Give the id of the rig that a device, or the part of a rig that it is, belongs to."""
    coordinators = entry.runtime_data.coordinators
    for domain, identifier in device.identifiers:
        if domain == DOMAIN:
            rig_id = identifier.split("_", 1)[0]
            if rig_id in coordinators:
                return rig_id
    return None
