"""Totals over all rigs of a config entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .coordinator import RigCoordinator
from .health import has_problem
from .rig import Rig, Status

_LOGGER = logging.getLogger(__name__)

UPDATE_DELAY = 5.0
"""Seconds over which the readings of many rigs are gathered into one set of totals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Totals of the rigs that are seen now; ``None`` where none of them says anything."""

    hashrates: Mapping[str, float]
    """H/s by algorithm: rates of different algorithms are never added up."""
    power: float | None = None
    """W, of the rigs whose power is known."""
    power_is_complete: bool = False
    """Whether the power of every rig that is seen is known."""
    rigs: int = 0
    online: int = 0
    stale: int = 0
    with_problem: int = 0

    @property
    def efficiency(self) -> float | None:
        """Joules per hash, if there is one algorithm and the power of every rig is known."""
        if len(self.hashrates) != 1 or self.power is None or not self.power_is_complete:
            return None
        (rate,) = self.hashrates.values()
        return self.power / rate if rate else None


def totals(fresh: Iterable[Rig], *, rigs: int, stale: int) -> Fleet:
    """Add up the rigs that are seen now."""
    seen = list(fresh)
    hashrates: dict[str, float] = {}
    for rig in seen:
        if rig.algorithm and rig.hashrate is not None:
            hashrates[rig.algorithm] = hashrates.get(rig.algorithm, 0.0) + rig.hashrate
    powers = [rig.power for rig in seen if rig.power is not None]
    return Fleet(
        hashrates=hashrates,
        power=sum(powers) if powers else None,
        power_is_complete=len(powers) == sum(bool(rig.hashrate) for rig in seen),
        rigs=rigs,
        online=sum(rig.status is not Status.OFFLINE for rig in seen),
        stale=stale,
        with_problem=sum(has_problem(rig) for rig in seen),
    )


class FleetCoordinator(DataUpdateCoordinator[Fleet]):
    """Keeps the totals of a config entry, added up anew soon after a rig's figures changed."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinators: Mapping[str, RigCoordinator],
    ) -> None:
        """Make a coordinator over ``coordinators``, which may change later."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=f"{entry.title} totals",
            always_update=False,
        )
        self._coordinators = coordinators
        self._timer: CALLBACK_TYPE | None = None
        self.data = Fleet(hashrates={})

    @callback
    def async_schedule_update(self) -> None:
        """Add up soon; many calls within the delay cost one addition."""
        if self._timer is None:
            self._timer = async_call_later(
                self.hass,
                UPDATE_DELAY,
                HassJob(self._timer_fired, cancel_on_shutdown=True),
            )

    @callback
    def _timer_fired(self, _now: datetime) -> None:
        self._timer = None
        self.async_update_now()

    @callback
    def async_update_now(self) -> None:
        """Add up, and tell the listeners: an energy meter must hear of constant power too."""
        self._cancel_timer()
        self.async_set_updated_data(self._totals())

    @override
    async def async_shutdown(self) -> None:
        """Stop adding up."""
        await super().async_shutdown()
        self._cancel_timer()

    @override
    async def _async_update_data(self) -> Fleet:
        return self._totals()

    def _totals(self) -> Fleet:
        coordinators = self._coordinators.values()
        return totals(
            (rig for coordinator in coordinators for rig in coordinator.fresh.values()),
            rigs=sum(len(coordinator.rig_ids) for coordinator in coordinators),
            stale=sum(
                coordinator.is_stale(rig_id)
                for coordinator in coordinators
                for rig_id in coordinator.rig_ids
            ),
        )

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None
