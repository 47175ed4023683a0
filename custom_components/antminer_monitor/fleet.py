"""Totals over all rigs of a config entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
from .source import Group

_LOGGER = logging.getLogger(__name__)

UPDATE_DELAY = 5.0
"""Seconds over which the readings of many rigs are gathered into one set of totals."""


type Coin = tuple[str, str]
"""A coin and the algorithm that it is mined with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Totals of the rigs that are seen now; ``None`` where none of them says anything."""

    hashrates: Mapping[str, float]
    """H/s by algorithm: rates of different algorithms are never added up."""
    coins: Mapping[Coin, float] = field(default_factory=dict)
    """H/s by coin, where rigs tell what they mine."""
    power: float | None = None
    """W, of the rigs whose power is known."""
    power_is_complete: bool = False
    """Whether the power of every rig that is seen is known."""
    rigs: int = 0
    online: int = 0
    stale: int = 0
    with_problem: int = 0
    group: Group | None = None
    """The farm that they all belong to, where its source knows of farms."""

    @property
    def offline(self) -> int:
        """Rigs that are not on, or not seen."""
        return self.rigs - self.online

    @property
    def efficiency(self) -> float | None:
        """Joules per hash, if there is one algorithm and the power of every rig is known."""
        if len(self.hashrates) != 1 or self.power is None or not self.power_is_complete:
            return None
        (rate,) = self.hashrates.values()
        return self.power / rate if rate else None


def count_sick(rigs: Iterable[tuple[RigCoordinator, str]]) -> int:
    """Count the rigs that are seen now and have a problem, as their own sensors say."""
    return sum(
        has_problem(coordinator.data[rig_id], coordinator.verdict_of(rig_id))
        for coordinator, rig_id in rigs
        if not coordinator.is_stale(rig_id)
    )


def totals(fresh: Iterable[Rig], *, rigs: int, stale: int) -> Fleet:
    """Add up the rigs that are seen now; who is sick is not known from a reading alone."""
    seen = list(fresh)
    hashrates: dict[str, float] = {}
    coins: dict[Coin, float] = {}
    for rig in seen:
        for algorithm, rate in rig.hashrates.items():
            hashrates[algorithm] = hashrates.get(algorithm, 0.0) + rate
        for program in rig.programs:
            if program.coin and program.algorithm and program.hashrate is not None:
                coin = (program.coin, program.algorithm)
                coins[coin] = coins.get(coin, 0.0) + program.hashrate
    powers = [rig.power for rig in seen if rig.power is not None]
    return Fleet(
        hashrates=hashrates,
        coins=coins,
        power=sum(powers) if powers else None,
        power_is_complete=len(powers) == sum(bool(rig.hashrate) for rig in seen),
        rigs=rigs,
        online=sum(rig.status is not Status.OFFLINE for rig in seen),
        stale=stale,
    )


class FleetCoordinator(DataUpdateCoordinator[Fleet]):
    """Keeps totals over rigs, added up anew soon after the figures of one changed."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinators: Mapping[str, RigCoordinator],
        *,
        device_id: str,
        name: str,
    ) -> None:
        """Make the totals of those among ``coordinators`` whose rigs are reached through a device.

        ``coordinators`` may change later.
        """
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=name,
            always_update=False,
        )
        self.device_id = device_id
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

    @property
    def coordinators(self) -> list[RigCoordinator]:
        """The coordinators whose rigs are added up."""
        return [
            coordinator
            for coordinator in self._coordinators.values()
            if coordinator.origin.device_id == self.device_id
        ]

    def _totals(self) -> Fleet:
        coordinators = self.coordinators
        groups = [coordinator.group for coordinator in coordinators]
        return replace(
            totals(
                (
                    rig
                    for coordinator in coordinators
                    for rig in coordinator.fresh.values()
                ),
                rigs=sum(len(coordinator.rig_ids) for coordinator in coordinators),
                stale=sum(
                    coordinator.is_stale(rig_id)
                    for coordinator in coordinators
                    for rig_id in coordinator.rig_ids
                ),
            ),
            with_problem=count_sick(
                (coordinator, rig_id)
                for coordinator in coordinators
                for rig_id in coordinator.rig_ids
            ),
            group=groups[0] if len(groups) == 1 else None,
        )

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None
