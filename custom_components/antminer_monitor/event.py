"""Event entities: messages of rigs, and what people do in a farm."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, override

from homeassistant.components.event import (
    DOMAIN as EVENT_DOMAIN,
    EventEntity,
    EventEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started

from .bus import async_fire_happening, plain_details
from .const import DOMAIN
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
from .source import Happening, Severity
from .told import Told

PARALLEL_UPDATES = 0

MOST_WAITING = 200
"""Happenings that are kept until their entities are there; of more, the latest."""

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

_OF_ENTITY = frozenset({"event_type", "event_types"})
"""Attributes whose names no detail may take."""

type Teller = Callable[[Happening, Context | None], None]
"""Shows a happening, in the context of the command that it answers if there is one."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an entry."""
    hub = entry.runtime_data
    herald = Herald(hass, hub.told)
    await async_setup_rig_entities(
        entry,
        async_add_entities,
        partial(_offers, hub.registered_ids(Platform.EVENT), herald),
    )
    _setup_activities(entry, async_add_entities, herald)

    async def begin(_hass: HomeAssistant) -> None:
        hub.async_add_follower(herald.async_follow)

    # Automations hear nothing before: what happened while Home Assistant was away waits.
    entry.async_on_unload(async_at_started(hass, begin))


class Herald:
    """Takes what happens to an entry's rigs to the event bus and to the event entities."""

    def __init__(self, hass: HomeAssistant, told: Told) -> None:
        """Make a herald that listens to nobody yet."""
        self._registry = er.async_get(hass)
        self._told = told
        self._tellers: dict[str, Teller] = {}
        self._waiting: deque[tuple[str, Happening, Context | None]] = deque(
            maxlen=MOST_WAITING
        )

    @callback
    def async_follow(self, coordinator: RigCoordinator) -> CALLBACK_TYPE:
        """Tell what happened at a coordinator, and what will; returns what ends that."""
        tell = partial(self._tell, coordinator)
        for happening in self._told.async_claim(coordinator.origin.device_id):
            tell(happening)
        return coordinator.async_add_happening_listener(tell)

    @callback
    def async_enter(self, unique_id: str, teller: Teller) -> CALLBACK_TYPE:
        """Have an entity show its happenings, those that waited for it first."""
        self._tellers[unique_id] = teller
        waiting = tuple(self._waiting)
        self._waiting.clear()
        for item in waiting:
            if item[0] == unique_id:
                teller(*item[1:])
            else:
                self._waiting.append(item)

        def leave() -> None:
            self._tellers.pop(unique_id, None)

        return leave

    @callback
    def _tell(self, coordinator: RigCoordinator, happening: Happening) -> None:
        unique_id = (
            activity_id(coordinator.origin.device_id)
            if happening.rig_id is None or is_activity(happening)
            else unique_id_of(happening.rig_id, MESSAGE.key)
        )
        entity_id = self._registry.async_get_entity_id(EVENT_DOMAIN, DOMAIN, unique_id)
        context = async_fire_happening(coordinator, happening, entity_id)
        if teller := self._tellers.get(unique_id):
            teller(happening, context)
        elif not entity_id or not self._registry.entities[entity_id].disabled:
            self._waiting.append((unique_id, happening, context))


def is_activity(happening: Happening) -> bool:
    """Tell whether somebody did it, to a rig or to the farm; else a rig says it of itself."""
    return "user" in happening.details


def activity_id(device_id: str) -> str:
    """Give the unique id of a farm's event entity."""
    return f"{device_id}_{ACTIVITY.key}"


def _offers(
    registered: frozenset[str], herald: Herald, coordinator: RigCoordinator, rig_id: str
) -> EntityOffers:
    """Offer an entity to a rig whose source keeps messages of it."""
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


class HappeningEvent(EventEntity):
    """Shows the last of something's happenings."""

    herald: Herald

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the herald, once there is a state.

        Of what is told before, no state is written; and what changes from none is no
        event to automations.
        """
        await super().async_added_to_hass()
        self.async_on_remove(self.hass.loop.call_soon(self._enter).cancel)

    @callback
    def _enter(self) -> None:
        if self.unique_id:
            self.async_on_remove(self.herald.async_enter(self.unique_id, self._tell))

    @property
    @override
    def available(self) -> bool:
        """What happened stays true, whatever the rig does now."""
        return True

    @callback
    def _handle_coordinator_update(self) -> None:
        """Figures are nothing that happens."""

    def event_type_of(self, happening: Happening) -> str:
        """Give the type of a happening."""
        raise NotImplementedError

    def attributes_of(self, happening: Happening) -> dict[str, object]:
        """Give what belongs to a happening."""
        attributes: dict[str, object] = {
            key: value
            for key, value in plain_details(happening).items()
            if key not in _OF_ENTITY
        }
        attributes["title"] = happening.title
        attributes["at"] = happening.at.isoformat()
        if happening.command_id is not None:
            attributes["command_id"] = happening.command_id
        return attributes

    @callback
    def _tell(self, happening: Happening, context: Context | None) -> None:
        self._trigger_event(
            self.event_type_of(happening), self.attributes_of(happening)
        )
        if context:
            self.async_set_context(context)
        self.async_write_ha_state()


class MessageEvent(HappeningEvent, RigEntity[Rig]):
    """What a rig says of itself, by severity."""

    def __init__(
        self, coordinator: RigCoordinator, rig_id: str, herald: Herald
    ) -> None:
        """Make the entity of a rig."""
        super().__init__(coordinator, rig_id, MESSAGE, RIG)
        self.herald = herald

    @override
    def event_type_of(self, happening: Happening) -> str:
        """Give the severity."""
        return happening.severity.value


class ActivityEvent(HappeningEvent, FleetEntity):
    """What people do in a farm, and what happens to it as a whole."""

    def __init__(self, coordinator: FleetCoordinator, herald: Herald) -> None:
        """Make the entity of a farm."""
        super().__init__(coordinator, ACTIVITY)
        self.herald = herald

    @override
    def event_type_of(self, happening: Happening) -> str:
        """There is one type only: what people can do is up to the source."""
        return EVENT_TYPE_ACTIVITY

    @override
    def attributes_of(self, happening: Happening) -> dict[str, object]:
        """Name the rig that it was done to, if it was one."""
        attributes = super().attributes_of(happening)
        if happening.rig_id is None:
            return attributes
        rig = next(
            (
                coordinator.data[happening.rig_id]
                for coordinator in self.coordinator.coordinators
                if happening.rig_id in coordinator.data
            ),
            None,
        )
        attributes["rig"] = (rig.name if rig else None) or happening.rig_id
        return attributes
