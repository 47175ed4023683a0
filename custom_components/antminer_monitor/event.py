"""Event entities: what happens to rigs, messages of rigs, and what people do in a farm."""

from collections.abc import Iterator
from functools import partial
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started

from .bus import RigEventData, async_fire_happening, plain_details
from .coordinator import RigCoordinator
from .entity import (
    RIG,
    EntityOffers,
    FleetEntity,
    RigEntity,
    async_setup_rig_entities,
    unique_id_of,
)
from .fleet import FleetCoordinator
from .hub import AntminerMonitorConfigEntry
from .rig import Rig
from .rig_events import RigEventType
from .source import Happening, Severity
from .tellers import Tellers
from .told import Told
from .watch import EVENT_KEY, Watcher

PARALLEL_UPDATES = 0

MESSAGE = EventEntityDescription(
    key="message",
    translation_key="message",
    event_types=[severity.value for severity in Severity],
)

EVENT_TYPE_ACTIVITY: Final = "activity"

ACTIVITY = EventEntityDescription(
    key="activity",
    translation_key="activity",
    event_types=[EVENT_TYPE_ACTIVITY],
)

RIG_EVENT = EventEntityDescription(
    key=EVENT_KEY,
    translation_key="event",
    event_types=[kind.value for kind in RigEventType],
)

FLEET_EVENT = EventEntityDescription(
    key=EVENT_KEY,
    translation_key="fleet_event",
    event_types=[kind.value for kind in RigEventType],
)

_OF_ENTITY = frozenset({"event_type", "event_types"})
"""Attributes whose names no detail may take."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an entry."""
    hub = entry.runtime_data
    herald = Herald(hass, hub.told)
    watcher = Watcher(hass, hub.watched)
    await async_setup_rig_entities(
        entry,
        async_add_entities,
        partial(_offers, hub.registered_ids(Platform.EVENT), herald, watcher),
    )
    _setup_activities(entry, async_add_entities, herald)

    @callback
    def add_fleet(fleet: FleetCoordinator) -> CALLBACK_TYPE:
        async_add_entities([FleetEvent(fleet, watcher)])
        return _nothing

    hub.async_add_fleet_platform(add_fleet)

    async def begin(_hass: HomeAssistant) -> None:
        hub.async_add_follower(herald.async_follow)
        entry.async_on_unload(watcher.async_start())
        hub.async_add_follower(watcher.async_follow)

    # Automations hear nothing before: what happened while Home Assistant was away waits.
    entry.async_on_unload(async_at_started(hass, begin))


def _nothing() -> None:
    """End nothing: what was added goes with its platform."""


class Herald:
    """Takes what happens to an entry's rigs to the event bus and to the event entities."""

    def __init__(self, hass: HomeAssistant, told: Told) -> None:
        """Make a herald that listens to nobody yet."""
        self._told = told
        self.tellers: Tellers[Happening] = Tellers(hass)

    @callback
    def async_follow(self, coordinator: RigCoordinator) -> CALLBACK_TYPE:
        """Tell what happened at a coordinator, and what will; returns what ends that."""
        tell = partial(self._tell, coordinator)
        for happening in self._told.async_claim(coordinator.origin.device_id):
            tell(happening)
        return coordinator.async_add_happening_listener(tell)

    @callback
    def _tell(self, coordinator: RigCoordinator, happening: Happening) -> None:
        unique_id = (
            activity_id(coordinator.origin.device_id)
            if happening.rig_id is None or is_activity(happening)
            else unique_id_of(happening.rig_id, MESSAGE.key)
        )
        context = async_fire_happening(
            coordinator, happening, self.tellers.entity_id_of(unique_id)
        )
        self.tellers.async_tell(unique_id, happening, context)


def is_activity(happening: Happening) -> bool:
    """Tell whether somebody did it, to a rig or to the farm; else a rig says it of itself."""
    return "user" in happening.details


def activity_id(device_id: str) -> str:
    """Give the unique id of a farm's event entity."""
    return f"{device_id}_{ACTIVITY.key}"


def _offers(
    registered: frozenset[str],
    herald: Herald,
    watcher: Watcher,
    coordinator: RigCoordinator,
    rig_id: str,
) -> EntityOffers:
    """Offer what tells what happens to a rig, and what its messages where its source keeps them."""
    yield (
        unique_id_of(rig_id, RIG_EVENT.key),
        partial(RigEvent, coordinator, rig_id, watcher),
    )
    rig = coordinator.data.get(rig_id)
    unique_id = unique_id_of(rig_id, MESSAGE.key)
    if (rig and rig.unresolved is not None) or unique_id in registered:
        yield unique_id, partial(MessageEvent, coordinator, rig_id, herald)


@callback
def _setup_activities(
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    herald: Herald,
) -> None:
    """Add an entity to each device with totals that is a farm."""
    registered = entry.runtime_data.registered_ids(Platform.EVENT)

    @callback
    def follow(fleet: FleetCoordinator) -> CALLBACK_TYPE:
        added = False

        @callback
        def add_new() -> None:
            nonlocal added
            known = fleet.data.group or activity_id(fleet.device_id) in registered
            if known and not added:
                added = True
                async_add_entities([ActivityEvent(fleet, herald)])

        add_new()
        return fleet.async_add_listener(add_new)

    entry.runtime_data.async_add_fleet_platform(follow)


class TellingEvent[T](EventEntity):
    """Shows the last of what happened to something."""

    tellers: Tellers[T]

    @override
    async def async_added_to_hass(self) -> None:
        """Listen, once there is a state.

        Of what is told before, no state is written; and what changes from none is no
        event to automations.
        """
        await super().async_added_to_hass()
        self.async_on_remove(self.hass.loop.call_soon(self._enter).cancel)

    @callback
    def _enter(self) -> None:
        if self.unique_id:
            self.async_on_remove(self.tellers.async_enter(self.unique_id, self._tell))

    @property
    @override
    def available(self) -> bool:
        """What happened stays true, whatever the rig does now."""
        return True

    @callback
    def _handle_coordinator_update(self) -> None:
        """Figures are nothing that happens."""

    def event_type_of(self, what: T) -> str:
        """Give the type of what happened."""
        raise NotImplementedError

    def attributes_of(self, what: T) -> Iterator[tuple[str, object]]:
        """Give what belongs to it."""
        raise NotImplementedError

    @callback
    def _tell(self, what: T, context: Context | None) -> None:
        attributes = {
            key: value
            for key, value in self.attributes_of(what)
            if key not in _OF_ENTITY
        }
        self._trigger_event(self.event_type_of(what), attributes)
        if context:
            self.async_set_context(context)
        self.async_write_ha_state()


class RigEvent(TellingEvent[RigEventData], RigEntity[Rig]):
    """What happens to a rig."""

    def __init__(
        self, coordinator: RigCoordinator, rig_id: str, watcher: Watcher
    ) -> None:
        """Make the entity of a rig."""
        super().__init__(coordinator, rig_id, RIG_EVENT, RIG)
        self.tellers = watcher.tellers

    @override
    def event_type_of(self, what: RigEventData) -> str:
        """Give the kind."""
        return what["type"]

    @override
    def attributes_of(self, what: RigEventData) -> Iterator[tuple[str, object]]:
        """Give the details."""
        yield from what["details"].items()


class FleetEvent(TellingEvent[RigEventData], FleetEntity):
    """What happens to the rigs of a site or of a farm."""

    def __init__(self, coordinator: FleetCoordinator, watcher: Watcher) -> None:
        """Make the entity of a site or farm."""
        super().__init__(coordinator, FLEET_EVENT)
        self.tellers = watcher.tellers

    @override
    def event_type_of(self, what: RigEventData) -> str:
        """Give the kind."""
        return what["type"]

    @override
    def attributes_of(self, what: RigEventData) -> Iterator[tuple[str, object]]:
        """Name the rig too."""
        yield from what["details"].items()
        yield "rig", what["name"]
        yield "rig_id", what["rig_id"]
        yield "device_id", what["device_id"]


class HappeningEvent(TellingEvent[Happening]):
    """Shows the last of what a source told."""

    @override
    def attributes_of(self, what: Happening) -> Iterator[tuple[str, object]]:
        """Give what belongs to it, as far as it is plain."""
        yield from plain_details(what).items()
        yield "title", what.title
        yield "at", what.at.isoformat()
        if what.command_id is not None:
            yield "command_id", what.command_id


class MessageEvent(HappeningEvent, RigEntity[Rig]):
    """What a rig says of itself, by severity."""

    def __init__(
        self, coordinator: RigCoordinator, rig_id: str, herald: Herald
    ) -> None:
        """Make the entity of a rig."""
        super().__init__(coordinator, rig_id, MESSAGE, RIG)
        self.tellers = herald.tellers

    @override
    def event_type_of(self, what: Happening) -> str:
        """Give the severity."""
        return what.severity.value


class ActivityEvent(HappeningEvent, FleetEntity):
    """What people do in a farm, and what happens to it as a whole."""

    def __init__(self, coordinator: FleetCoordinator, herald: Herald) -> None:
        """Make the entity of a farm."""
        super().__init__(coordinator, ACTIVITY)
        self.tellers = herald.tellers

    @override
    def event_type_of(self, what: Happening) -> str:
        """There is one type only: what people can do is up to the source."""
        return EVENT_TYPE_ACTIVITY

    @override
    def attributes_of(self, what: Happening) -> Iterator[tuple[str, object]]:
        """Name the rig that it was done to, if it was one."""
        yield from super().attributes_of(what)
        if what.rig_id is None:
            return
        rig = next(
            (
                coordinator.data[what.rig_id]
                for coordinator in self.coordinator.coordinators
                if what.rig_id in coordinator.data
            ),
            None,
        )
        yield "rig", (rig.name if rig else None) or what.rig_id
