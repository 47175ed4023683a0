"""Watches the rigs that a trigger of automations means, and tells it once when something begins."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from homeassistant.const import (
    ATTR_DEVICE_ID,
    ATTR_ENTITY_ID,
    ATTR_NAME,
    CONF_FOR,
    Platform,
)
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.trigger import (
    ATTR_BEHAVIOR,
    BEHAVIOR_ALL,
    BEHAVIOR_EACH,
    BEHAVIOR_FIRST,
    TriggerActionRunner,
)
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import RigCoordinator
from .entity import unique_id_of
from .rig import Rig
from .rig_targets import Rigs, TargetFollower
from .units import rate_unit

CONF_PAUSE: Final = "pause"

STALE: Final = f"{Platform.BINARY_SENSOR}.stale"
"""Every rig has this entity."""

type Figure = float | str | None
"""What a trigger is about, for people: a temperature, a time, a pool."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is so with a rig now."""

    holds: bool | None
    """Whether it is so; ``None`` while nobody can tell."""
    figure: Figure = None


class Watcher(Protocol):
    """What finds out whether something is so with a rig."""

    options: dict[str, Any]
    selection: TargetSelection

    @property
    def entity(self) -> tuple[Platform, str]:
        """Platform and key of the entity of a rig that shows it."""

    def find(self, coordinator: RigCoordinator, rig_id: str, *, was: bool) -> Finding:
        """Find out whether it is so; ``was``: whether it was, as far as was known last."""


type _WatchedRig = tuple[str, RigCoordinator]
type _Key = _WatchedRig | str


@dataclass(slots=True)
class _Watched:
    """A rig that is watched."""

    remove: list[CALLBACK_TYPE]
    finding: Finding
    last: Finding
    """The last finding that could tell."""


class RigWatch:
    """Watches the rigs of a trigger's target."""

    def __init__(
        self, hass: HomeAssistant, trigger: Watcher, run_action: TriggerActionRunner
    ) -> None:
        """Watch nothing yet."""
        self._hass = hass
        self._trigger = trigger
        self._run_action = run_action
        self._behavior: str = trigger.options.get(ATTR_BEHAVIOR, BEHAVIOR_EACH)
        self._duration: timedelta | None = trigger.options.get(CONF_FOR)
        self._rigs: dict[_WatchedRig, _Watched] = {}
        self._timers: dict[_Key, CALLBACK_TYPE] = {}
        self._told: dict[str, datetime] = {}
        self._shown_by: list[str] = []
        self.follower = TargetFollower(hass, trigger.selection, self._target_changed)

    @callback
    def async_stop(self) -> None:
        """Let go of everything."""
        self.follower.async_stop()
        self._target_changed({})

    @callback
    def _target_changed(self, rigs: Rigs) -> None:
        wanted = set(rigs.items())
        for key in self._rigs.keys() - wanted:
            for remove in self._rigs.pop(key).remove:
                remove()
        for rig_id, coordinator in wanted - self._rigs.keys():
            self._add(coordinator, rig_id)
        self._shown_by = self._find_shown()
        self._check_timers(tuple(self._timers))

    def _add(self, coordinator: RigCoordinator, rig_id: str) -> None:
        look = partial(self._look, coordinator, rig_id)
        finding = self._trigger.find(coordinator, rig_id, was=False)
        self._rigs[rig_id, coordinator] = _Watched(
            remove=[
                coordinator.async_add_listener(look, rig_id),
                # Time decides too, not only figures that change.
                coordinator.async_add_seen_listener(look, rig_id),
            ],
            finding=finding,
            last=finding,
        )

    @callback
    def _look(self, coordinator: RigCoordinator, rig_id: str) -> None:
        watched = self._rigs[rig_id, coordinator]
        before = watched.last
        found = self._trigger.find(coordinator, rig_id, was=bool(before.holds))
        watched.finding = found
        if found.holds is not None:
            watched.last = found
        self._check_timers((self._key(coordinator, rig_id),))
        if found.holds and before.holds is False and self._is_due():
            self._begin(coordinator, rig_id, before.figure, found.figure)

    def _is_due(self) -> bool:
        """Tell whether a rig more of which it is so is what the trigger waits for."""
        if self._behavior == BEHAVIOR_ALL:
            return self._is_all
        return self._behavior != BEHAVIOR_FIRST or self._count == 1

    @property
    def _count(self) -> int:
        return sum(watched.finding.holds is True for watched in self._rigs.values())

    @property
    def _is_all(self) -> bool:
        return self._count > 0 and not any(
            watched.finding.holds is False for watched in self._rigs.values()
        )

    def _begin(
        self, coordinator: RigCoordinator, rig_id: str, old: Figure, new: Figure
    ) -> None:
        tell = partial(self._tell, coordinator, rig_id, old, new)
        if not self._duration:
            tell()
            return
        key = self._key(coordinator, rig_id)

        @callback
        def fire(_now: datetime) -> None:
            del self._timers[key]
            tell()

        if running := self._timers.pop(key, None):
            running()
        self._timers[key] = async_call_later(
            self._hass, self._duration, HassJob(fire, cancel_on_shutdown=True)
        )

    def _key(self, coordinator: RigCoordinator, rig_id: str) -> _Key:
        """Give what a time that runs is kept under: one for each rig, or one for all."""
        return (
            (rig_id, coordinator) if self._behavior == BEHAVIOR_EACH else self._behavior
        )

    def _check_timers(self, keys: Iterable[_Key]) -> None:
        """Stop waiting where it is no longer so."""
        for key in keys:
            if key in self._timers and not self._is_still_so(key):
                self._timers.pop(key)()

    def _is_still_so(self, key: _Key) -> bool:
        if not isinstance(key, str):
            watched = self._rigs.get(key)
            return bool(watched and watched.finding.holds)
        return self._is_all if key == BEHAVIOR_ALL else self._count > 0

    @callback
    def _tell(
        self, coordinator: RigCoordinator, rig_id: str, old: Figure, new: Figure
    ) -> None:
        if self._is_paused(rig_id):
            return
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            (DOMAIN, rig_id), coordinator.config_entry.entry_id
        )
        rig = coordinator.data.get(rig_id)
        entities = self._entities_of(rig_id, device.id) if device else {}
        entity_id = entities.get(".".join(self._trigger.entity)) or entities.get(STALE)
        self._run_action(
            {
                ATTR_ENTITY_ID: entity_id,
                ATTR_DEVICE_ID: device.id if device else None,
                ATTR_NAME: (device and (device.name_by_user or device.name)) or rig_id,
                "rig_id": rig_id,
                "old": old,
                "new": new,
                "hashrate_nominal": _shown_nominal(rig) if rig else None,
                "entities": entities,
                "target_entities": self._shown_by,
                CONF_FOR: self._duration,
            },
            f"state of {entity_id}",
        )

    def _is_paused(self, rig_id: str) -> bool:
        """Tell whether the rig was told of lately; if not, it is now."""
        pause: timedelta | None = self._trigger.options.get(CONF_PAUSE)
        now = dt_util.utcnow()
        told = self._told.get(rig_id)
        if pause and told and now - told < pause:
            return True
        self._told[rig_id] = now
        return False

    def _entities_of(self, rig_id: str, device_id: str) -> dict[str, str]:
        """Give the enabled entities of a rig by platform and key."""
        return {
            f"{item.domain}.{item.unique_id.removeprefix(f'{rig_id}_')}": item.entity_id
            for item in er.async_entries_for_device(er.async_get(self._hass), device_id)
            if item.platform == DOMAIN
        }

    def _find_shown(self) -> list[str]:
        """Give the entities that show it, of all rigs of the target."""
        registry = er.async_get(self._hass)
        platform, key = self._trigger.entity
        found = (
            registry.async_get_entity_id(platform, DOMAIN, unique_id_of(rig_id, key))
            for rig_id, _ in self._rigs
        )
        return sorted(entity_id for entity_id in found if entity_id)


def _shown_nominal(rig: Rig) -> float | None:
    """Give what a rig should do, in the unit of the sensor of its hashrate."""
    return rig.hashrate_nominal and rig.hashrate_nominal / rate_unit(rig).scale
