"""Watches the rigs of a config entry, and tells everybody what happens to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .bus import (
    COMMAND_SENT,
    EVENT_COMMAND,
    LONGEST_TEXT,
    UNCONFIRMED,
    CommandData,
    RigEventData,
    async_fire_rig_event,
)
from .command import Action, Result
from .coordinator import RigCoordinator
from .rig_events import Detail, RigEvent, RigEventType, Watch
from .rig_facts import POOLS, SETTINGS
from .shape import Shape
from .tellers import Tellers
from .watch_memory import WatchMemory

EVENT_KEY: Final = "event"
"""What the unique id of each entity that tells them ends in."""

UNDER_WAY = timedelta(minutes=10)
"""From a command on: what it changes is ours, and what it has the rig do answers it."""
AFTERWARDS = timedelta(minutes=2)
"""The same from its end on."""

NO_EFFECT: Final = "no effect was seen"
"""Why a command failed that was sent, and then nothing was seen of it."""

_EVERYTHING: Final = frozenset(SETTINGS)
_CHANGES: Final[Mapping[str, frozenset[str]]] = {
    Action.LOCATE: frozenset(),
    Action.SET_FAN: frozenset({"fan_mode"}),
    Action.SET_POOLS: frozenset({POOLS}),
    Action.SWITCH_POOL: frozenset({POOLS}),
}
"""The settings that a command may change; of a command that is not here: every one. A start
brings back what was not kept, and a mode its own target."""

_ANSWERS: Final[Mapping[RigEventType, frozenset[str]]] = {
    RigEventType.REBOOTED: frozenset(Action) - {Action.LOCATE},
    RigEventType.WENT_STALE: frozenset(
        {Action.SHUTDOWN, Action.REBOOT, Action.UPGRADE}
    ),
    RigEventType.POOL_CHANGED: frozenset(
        {Action.SWITCH_POOL, Action.SET_POOLS, Action.SET_FLIGHT_SHEET}
    ),
}
"""The commands that such an event is the answer to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """The last command that a rig was told."""

    action: str
    context: Context
    until: datetime
    """As long as what happens may be its effect."""


@dataclass(slots=True, kw_only=True)
class _Followed:
    """A coordinator that is followed."""

    coordinator: RigCoordinator
    since: datetime
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    remove: dict[str, CALLBACK_TYPE] = field(default_factory=dict)
    """What ends the listening, by rig."""
    undecided: set[str] = field(default_factory=set)
    """Rigs that are looked at after every reading, and not only after those that change them."""


class Watcher:
    """Finds what happens to an entry's rigs; only those that changed are looked at."""

    def __init__(self, hass: HomeAssistant, memory: WatchMemory) -> None:
        """Make a watcher that watches nothing yet."""
        self._hass = hass
        self._memory = memory
        self._coordinators: dict[str, RigCoordinator] = {}
        """By rig."""
        self._orders: dict[str, _Order] = {}
        self.tellers: Tellers[RigEventData] = Tellers(hass)

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Take note of what rigs are told; returns what ends that."""
        return self._hass.bus.async_listen(EVENT_COMMAND, self._commanded)

    @callback
    def async_follow(self, coordinator: RigCoordinator) -> CALLBACK_TYPE:
        """Watch the rigs of a coordinator; returns what ends that."""
        followed = _Followed(coordinator=coordinator, since=dt_util.utcnow())
        remove = [
            coordinator.async_add_listener(partial(self._follow_rigs, followed)),
            coordinator.async_add_seen_listener(partial(self._look_again, followed)),
            coordinator.async_add_failure_listener(
                lambda err: self._look_again(followed)
            ),
        ]
        self._follow_rigs(followed)

        def leave() -> None:
            for end in remove:
                end()
            for rig_id in tuple(followed.remove):
                self._leave_rig(followed, rig_id)

        return leave

    @callback
    def _follow_rigs(self, followed: _Followed) -> None:
        """Begin to watch rigs that are new, and let go of those that are gone."""
        coordinator = followed.coordinator
        if coordinator.shapes is followed.shapes:
            return
        followed.shapes = coordinator.shapes
        for rig_id in followed.remove.keys() - followed.shapes.keys():
            self._leave_rig(followed, rig_id)
            self._memory.async_forget(rig_id)
        for rig_id in followed.shapes.keys() - followed.remove.keys():
            look = partial(self._look, followed, rig_id)
            self._coordinators[rig_id] = coordinator
            followed.remove[rig_id] = coordinator.async_add_listener(look, rig_id)
            look()

    def _leave_rig(self, followed: _Followed, rig_id: str) -> None:
        followed.remove.pop(rig_id)()
        followed.undecided.discard(rig_id)
        self._coordinators.pop(rig_id, None)
        self._orders.pop(rig_id, None)

    @callback
    def _look_again(self, followed: _Followed) -> None:
        for rig_id in tuple(followed.undecided):
            self._look(followed, rig_id)

    @callback
    def _look(self, followed: _Followed, rig_id: str) -> None:
        coordinator = followed.coordinator
        rig = coordinator.data.get(rig_id)
        if rig is None:
            followed.undecided.discard(rig_id)
            return
        watch = self._memory.watch_of(rig_id)
        now = dt_util.utcnow()
        events: tuple[RigEvent, ...] = ()
        is_undecided = False
        if not coordinator.is_stale(rig_id):
            events = watch.observe(
                rig,
                now,
                verdict=coordinator.verdict_of(rig_id),
                limits=coordinator.limits,
                ours=self._ours(rig_id, now),
            )
            is_undecided = watch.is_undecided
        elif watch.is_known and not watch.is_stale:
            if self._is_outage(followed, watch, now):
                events = watch.observe(None, now, last_seen=rig.seen_at)
            else:
                is_undecided = True
        if is_undecided:
            followed.undecided.add(rig_id)
        else:
            followed.undecided.discard(rig_id)
        for event in events:
            self._tell(coordinator, event, now)
        self._memory.async_schedule_save(soon=bool(events))

    @staticmethod
    def _is_outage(followed: _Followed, watch: Watch, now: datetime) -> bool:
        """Tell whether it is news that a rig is stale.

        Neither in a downtime that was announced, nor while it starts as told, nor before
        it could be read at all since Home Assistant started.
        """
        coordinator = followed.coordinator
        if coordinator.excuse or coordinator.is_starting(watch.rig_id):
            return False
        return watch.was_seen or now - followed.since >= coordinator.pacing.stale_after

    def _ours(self, rig_id: str, now: datetime) -> frozenset[str]:
        order = self._order_of(rig_id, now)
        return _CHANGES.get(order.action, _EVERYTHING) if order else frozenset()

    def _order_of(self, rig_id: str, now: datetime) -> _Order | None:
        order = self._orders.get(rig_id)
        if order and now > order.until:
            del self._orders[rig_id]
            return None
        return order

    def _tell(
        self, coordinator: RigCoordinator, event: RigEvent, now: datetime
    ) -> None:
        order = self._order_of(event.rig_id, now)
        if order is None or order.action not in _ANSWERS.get(event.type, ()):
            self._show(coordinator, event, None)
            return
        details = {**event.details, "command": order.action}
        self._show(coordinator, replace(event, details=details), order.context)

    def _show(
        self, coordinator: RigCoordinator, event: RigEvent, context: Context | None
    ) -> None:
        unique_id = f"{event.rig_id}_{EVENT_KEY}"
        data = async_fire_rig_event(
            coordinator,
            event.rig_id,
            event.type,
            event.details,
            entity_id=self.tellers.entity_id_of(unique_id),
            context=context,
        )
        for key in (unique_id, f"{coordinator.origin.device_id}_{EVENT_KEY}"):
            self.tellers.async_tell(key, data, context)

    @callback
    def _commanded(self, event: Event[CommandData]) -> None:
        """Take note of a command, and tell how it ended."""
        data = event.data
        rig_id, action, result = data["rig_id"], data["action"], data["result"]
        coordinator = self._coordinators.get(rig_id)
        if coordinator is None:
            return
        is_over = result != Result.SENT
        # It must be read once for what changed to be seen.
        span = AFTERWARDS if is_over else UNDER_WAY
        self._orders[rig_id] = _Order(
            action=action,
            context=event.context,
            until=dt_util.utcnow() + span + 2 * coordinator.pacing.interval,
        )
        details: dict[str, Detail] = {"command": action}
        if not is_over:
            async_fire_rig_event(
                coordinator,
                rig_id,
                COMMAND_SENT,
                details,
                entity_id=self.tellers.entity_id_of(f"{rig_id}_{EVENT_KEY}"),
                context=event.context,
            )
            return
        if error := NO_EFFECT if result == UNCONFIRMED else data.get("error"):
            details["reason"] = error[:LONGEST_TEXT]
        kind = (
            RigEventType.COMMAND_DONE
            if result == Result.DONE
            else RigEventType.COMMAND_FAILED
        )
        told = RigEvent(type=kind, rig_id=rig_id, details=details)
        self._show(coordinator, told, event.context)
