"""A config entry at run time, whatever its rigs are read from."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL, Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util.hass_dict import HassKey

from .allowance import ENTITY_LIMIT, Allowance, Need, allowance_of, need_of
from .const import CONF_STALE_AFTER, DOMAIN, STALE_POLLS
from .coordinator import RigCoordinator
from .devices import rig_id_of
from .fleet import FleetCoordinator
from .limits_flow import limits_of
from .markdown import plain
from .memory import RigMemory
from .newcomers import Newcomers, RigAdder
from .notices import NoticeBoard
from .pacing import Pacing, phases
from .registry import Change, async_registry, extra_sensors_of
from .rig import Rig
from .shape import Shape
from .source import SourceError
from .told import Told
from .watch_memory import WatchMemory

type AntminerMonitorConfigEntry = ConfigEntry[Hub]

MAX_SIMULTANEOUS_READS = 100
"""Over all entries: far below the number of sockets that a process may open."""

ENTITY_LIMIT_WARNING = 0.9
ISSUE_ENTITY_LIMIT = "entity_limit"

_SLOTS: HassKey[asyncio.Semaphore] = HassKey(f"{DOMAIN}_slots")

type Follower = Callable[[RigCoordinator], CALLBACK_TYPE]
type FleetAdder = Callable[[FleetCoordinator], CALLBACK_TYPE]


class Hub(ABC):
    """Runs the coordinators of an entry's rigs, and the totals over them."""

    notices: NoticeBoard | None = None
    """What the source announces, where it does."""

    default_interval: ClassVar[int]
    """Seconds between two readings, unless the options say otherwise."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Make a hub that runs nothing yet."""
        self.hass = hass
        self.entry = entry
        self.registry = async_registry(hass)
        self.started_with = (dict(entry.data), dict(entry.options))
        self.memory = RigMemory(hass, entry.entry_id)
        self.told = Told(hass, entry.entry_id)
        self.watched = WatchMemory(hass, entry.entry_id)
        self.coordinators: dict[str, RigCoordinator] = {}
        """By the id of what is read: a miner's config subentry, a farm's device."""
        self.fleets: dict[str, FleetCoordinator] = {}
        """By the identifier of the device that carries the totals."""
        self._registered: dict[str, set[str]] = {}
        self._remembered: dict[str, Rig] = {}
        self._phases = phases()
        self._remove: dict[str, list[CALLBACK_TYPE]] = {}
        self._remove_fleet: dict[str, list[CALLBACK_TYPE]] = {}
        self._followers: list[Follower] = []
        self._newcomers = Newcomers(hass, entry, self._rig_welcomed)
        self._fleet_adders: list[FleetAdder] = []
        self._entities_changed = False
        self._needs: dict[str, Need] = {}
        self._allowance: Allowance | None = None

    async def async_start(self) -> None:
        """Make the coordinators and read every rig once, without waiting long for any."""
        self._remembered = await self.memory.async_load()
        await self.told.async_load()
        await self.watched.async_load(self._remembered)
        registry = er.async_get(self.hass)
        for item in er.async_entries_for_config_entry(registry, self.entry.entry_id):
            self._registered.setdefault(item.domain, set()).add(item.unique_id)
        # Before the first readings: extensions are found while they are waited for.
        self.entry.async_on_unload(self.registry.async_listen(self._extensions_changed))
        await self._async_begin()
        for fleet in self.fleets.values():
            fleet.async_update_now()

    @callback
    def _extensions_changed(self, change: Change) -> None:
        """Remove the extra sensors that are gone, and add those that rigs tell already."""
        before, now = (
            extra_sensors_of(change.extension_id, part)
            for part in (change.removed, change.added)
        )
        gone = {key for key, described in before.items() if now.get(key) != described}
        if gone:
            self._remove_extras(gone)
        if now:
            for coordinator in self.coordinators.values():
                self._newcomers.async_welcome(coordinator, coordinator.rig_ids)

    def _remove_extras(self, keys: set[str]) -> None:
        registry = er.async_get(self.hass)
        unique_ids = {
            f"{rig_id}_{key}"
            for coordinator in self.coordinators.values()
            for rig_id in coordinator.rig_ids
            for key in keys
        }
        for item in er.async_entries_for_config_entry(registry, self.entry.entry_id):
            if item.unique_id in unique_ids:
                registry.async_remove(item.entity_id)
                self._registered.get(item.domain, set()).discard(item.unique_id)
                self._newcomers.async_forget_entity(item.unique_id)

    def registered_ids(self, platform: Platform) -> frozenset[str]:
        """Give the unique ids of a platform's entities that the entry had when it was set up."""
        return frozenset(self._registered.get(platform, ()))

    def is_registered(self, unique_id: str) -> bool:
        """Tell whether an entity of any platform was there when the entry was set up."""
        return any(unique_id in known for known in self._registered.values())

    @abstractmethod
    async def _async_begin(self) -> None:
        """Add what there is to be read."""

    async def async_stop(self) -> None:
        """Stop what ``async_start`` started, and keep what is known of the rigs."""
        for key in tuple(self.coordinators):
            await self._async_remove(key)
        for device_id in tuple(self.fleets):
            await self._async_remove_fleet(device_id)
        await self.memory.async_save()
        await self.watched.async_save()

    @abstractmethod
    async def async_follow_entry(self) -> None:
        """Follow what changed in the entry without need to start anew."""

    @callback
    def async_add_follower(self, follower: Follower) -> None:
        """Have something follow every coordinator, now and later.

        ``follower`` returns a function that ends its following that coordinator.
        """
        self._followers.append(follower)
        for key, coordinator in self.coordinators.items():
            self._remove[key].append(follower(coordinator))

    async def async_add_platform(self, adder: RigAdder) -> None:
        """Have a platform add the entities of every rig, now and later."""
        await self._newcomers.async_add_platform(adder, self.coordinators.values())

    @callback
    def async_add_fleet_platform(self, adder: FleetAdder) -> None:
        """Have a platform add the entities of every device with totals, now and later."""
        self._fleet_adders.append(adder)
        for device_id, fleet in self.fleets.items():
            self._remove_fleet[device_id].append(adder(fleet))

    def part_ids(self) -> Iterator[str]:
        """Give the device identifiers of everything that is there now."""
        yield self.entry.entry_id
        yield from self.fleets
        for coordinator in self.coordinators.values():
            for rig_id in coordinator.rig_ids:
                yield rig_id
                if rig := coordinator.data.get(rig_id):
                    yield from (f"{rig_id}_board_{board.index}" for board in rig.boards)
                    yield from (f"{rig_id}_gpu_{gpu.index}" for gpu in rig.gpus)

    def coordinator_of(self, rig_id: str) -> RigCoordinator | None:
        """Give the coordinator of a rig."""
        return next(
            (
                coordinator
                for coordinator in self.coordinators.values()
                if coordinator.has(rig_id)
            ),
            None,
        )

    def _add_fleet(self, device_id: str, name: str) -> FleetCoordinator:
        """Make the totals over the coordinators whose rigs are reached through a device."""
        fleet = FleetCoordinator(
            self.hass, self.entry, self.coordinators, device_id=device_id, name=name
        )
        self.fleets[device_id] = fleet
        self._remove_fleet[device_id] = [
            fleet.async_add_listener(self._fleet_updated),
            *(adder(fleet) for adder in self._fleet_adders),
        ]
        return fleet

    async def _async_remove_fleet(self, device_id: str) -> None:
        for remove in self._remove_fleet.pop(device_id):
            remove()
        await self.fleets.pop(device_id).async_shutdown()

    def _add(
        self, key: str, coordinator: RigCoordinator, *, delay: float
    ) -> asyncio.Task[None]:
        """Run a coordinator, and start its first reading after ``delay`` seconds."""
        self.coordinators[key] = coordinator
        coordinator.enrich = self.registry.async_enrich
        coordinator.limits = limits_of(self.entry.options)
        coordinator.recall_verdicts(self.watched.verdicts_of(coordinator.rig_ids))
        self._set_allowance(key)
        self._newcomers.async_welcome(coordinator, coordinator.rig_ids)
        self._remove[key] = [
            coordinator.async_add_listener(self._follow(key)),
            coordinator.async_add_seen_listener(lambda: self._seen(coordinator)),
            coordinator.async_add_failure_listener(
                lambda err: self._failed(coordinator, err)
            ),
            *(follower(coordinator) for follower in self._followers),
        ]
        return self.entry.async_create_background_task(
            self.hass,
            _first_read(coordinator, delay),
            f"{DOMAIN} first reading of {coordinator.name}",
        )

    async def _async_remove(self, key: str) -> None:
        for remove in self._remove.pop(key):
            remove()
        self._needs.pop(key, None)
        await self.coordinators.pop(key).async_shutdown()

    def _follow(self, key: str) -> Callable[[], None]:
        coordinator = self.coordinators[key]
        shapes: Mapping[str, Shape] = coordinator.shapes

        @callback
        def follow() -> None:
            nonlocal shapes
            if coordinator.shapes is not shapes:
                known, shapes = shapes, coordinator.shapes
                self._set_allowance(key)
                for rig_id in known.keys() - shapes.keys():
                    self._forget(rig_id)
                self._newcomers.async_welcome(
                    coordinator,
                    [
                        rig_id
                        for rig_id, shape in shapes.items()
                        if known.get(rig_id) is not shape
                    ],
                )
            self._update_totals(coordinator)

        return follow

    @callback
    def _rig_welcomed(self) -> None:
        self._entities_changed = True

    def _forget(self, rig_id: str) -> None:
        """Let go of a rig that its source no longer has."""
        self.memory.async_forget(rig_id)
        self._newcomers.async_forget(rig_id)
        self._remove_device(rig_id)

    def _remove_device(self, identifier: str) -> None:
        registry = dr.async_get(self.hass)
        if device := registry.async_get_device_by_identifier(
            (DOMAIN, identifier), self.entry.entry_id
        ):
            registry.async_remove_device(device.id)

    @callback
    def _seen(self, coordinator: RigCoordinator) -> None:
        self.memory.async_remember(
            (rig, coordinator.shapes[rig.id]) for rig in coordinator.data.values()
        )
        # Also where no figure changed: constant power adds up to energy too.
        self._update_totals(coordinator)

    @callback
    def _failed(self, coordinator: RigCoordinator, err: SourceError) -> None:
        """Take note of a reading that failed."""
        self._update_totals(coordinator)

    def _update_totals(self, coordinator: RigCoordinator) -> None:
        if fleet := self.fleets.get(coordinator.origin.device_id):
            fleet.async_schedule_update()

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
                "place": plain(self.entry.title),
                "enabled": str(enabled),
                "limit": str(ENTITY_LIMIT),
            },
        )

    def _set_allowance(self, key: str) -> None:
        """Find out whether the rigs are so many that few of their entities can be enabled."""
        need = need_of(self.coordinators[key].data.values())
        if need != self._needs.get(key):
            self._needs[key] = need
            self._allowance = allowance_of(self._needs.values())
        for coordinator in self.coordinators.values():
            coordinator.allowance = self._allowance

    def _pacing(self) -> Pacing:
        interval = self.entry.options.get(CONF_SCAN_INTERVAL, self.default_interval)
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


async def _first_read(coordinator: RigCoordinator, delay: float) -> None:
    await asyncio.sleep(delay)
    await coordinator.async_refresh()


@callback
def async_rig_of_device(
    entry: AntminerMonitorConfigEntry, device: dr.AnyDeviceEntry
) -> str | None:
    """Give the id of the rig that a device, or the part of a rig that it is, belongs to."""
    for domain, identifier in device.identifiers:
        if domain == DOMAIN:
            rig_id = rig_id_of(identifier)
            if entry.runtime_data.coordinator_of(rig_id):
                return rig_id
    return None
