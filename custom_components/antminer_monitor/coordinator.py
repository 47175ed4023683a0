"""Polls one source: pacing, staleness, when each rig was last seen."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
import math
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .rig import Rig
from .shape import Shape, shape_of
from .source import Source, SourceError

_LOGGER = logging.getLogger(__name__)


def phases() -> Iterator[float]:
    """Give fractions of an interval, each far from all that came before.

    Multiples of the golden ratio stay evenly spread however many are taken, so rigs that
    come and go never have to be dealt out anew.
    """
    golden = (math.sqrt(5) - 1) / 2
    fraction = 0.0
    while True:
        yield fraction
        fraction = (fraction + golden) % 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How a coordinator polls."""

    interval: timedelta
    stale_after: timedelta
    """Age from which a reading no longer counts as what the rig does now."""
    phase: float
    """When in the interval it polls, as a fraction of it."""
    slots: asyncio.Semaphore
    """Bounds how many sources are read at the same time."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A reading that failed."""

    at: datetime
    error: str


class RigCoordinator(DataUpdateCoordinator[dict[str, Rig]]):
    """Keeps the last reading of every rig of one source, by the rig's id.

    A failed reading raises nothing and changes nothing: what was read stays until it is
    stale, and from then on the entities are unavailable. So a lost packet is not seen,
    and a rig that is off never shows old figures as fresh ones.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        source: Source,
        pacing: Pacing,
        *,
        name: str,
        rig_ids: tuple[str, ...] = (),
        remembered: Mapping[str, Rig] | None = None,
        subentry_id: str | None = None,
    ) -> None:
        """Make a coordinator.

        ``rig_ids`` are rigs that exist whether they were ever read or not. ``remembered``
        are rigs as last seen before Home Assistant started: they give the devices and
        entities their shape, and are stale until they are read again.
        """
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=name,
            update_interval=pacing.interval,
            always_update=False,
        )
        self.source = source
        self.pacing = pacing
        self.subentry_id = subentry_id
        self.data = dict(remembered or {})
        self.shapes: dict[str, Shape] = {
            rig_id: shape_of(rig) for rig_id, rig in self.data.items()
        }
        """Replaced by another object, never changed, when a rig's shape changed."""
        self.last_failure: Failure | None = None
        self._configured = rig_ids
        self._stale: set[str] = set(self.data)
        self._told_missing: set[str] = set()
        self._seen_listeners: set[Callable[[], None]] = set()
        self._stale_timer: CALLBACK_TYPE | None = None

    @property
    def rig_ids(self) -> tuple[str, ...]:
        """Every rig of the source, read or not."""
        return tuple(dict.fromkeys((*self._configured, *self.data)))

    @property
    def fresh(self) -> dict[str, Rig]:
        """Rigs whose figures are true now."""
        return {
            rig_id: rig
            for rig_id, rig in self.data.items()
            if rig_id not in self._stale
        }

    def is_stale(self, rig_id: str) -> bool:
        """Tell whether a rig was not seen for longer than the limit, or never."""
        return rig_id in self._stale or rig_id not in self.data

    def last_seen(self, rig_id: str) -> datetime | None:
        """When the rig was last seen, in this run or an earlier one; None if never."""
        rig = self.data.get(rig_id)
        return rig.seen_at if rig else None

    @callback
    def async_add_seen_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``listener`` after every successful reading, even one that changed nothing."""
        self._seen_listeners.add(listener)
        return lambda: self._seen_listeners.discard(listener)

    async def async_replace_source(self, source: Source) -> None:
        """Read from another source from now on: the same rigs at a new address, say."""
        old, self.source = self.source, source
        await old.close()
        await self.async_request_refresh()

    @override
    async def async_shutdown(self) -> None:
        """Stop polling and let go of the source."""
        await super().async_shutdown()
        self._cancel_stale_timer()
        await self.source.close()

    @override
    async def _async_update_data(self) -> dict[str, Rig]:
        source = self.source
        try:
            async with self.pacing.slots:
                rigs = await source.read()
        except SourceError as err:
            known = self.last_failure
            self.last_failure = Failure(dt_util.utcnow(), str(err))
            _LOGGER.debug("Reading %s failed: %s", self.name, err)
            self._tell_log()
            if len(self.fresh) < len(self.rig_ids) and (
                known is None or known.error != str(err)
            ):
                # The base class tells nobody of equal data, but why it is stale is news.
                self.async_update_listeners()
            return self.data
        finally:
            self._aim_next_poll()
        if source is not self.source:
            # It was replaced meanwhile: these may be the figures of another miner.
            return self.data
        return self._take(rigs)

    def _take(self, rigs: tuple[Rig, ...]) -> dict[str, Rig]:
        previous, self.data = self.data, {rig.id: rig for rig in rigs}
        shapes = {rig.id: shape_of(rig) for rig in rigs}
        if shapes != self.shapes:
            self.shapes = shapes
        changed = self._find_stale()
        for listener in tuple(self._seen_listeners):
            listener()
        if changed and self.data == previous:
            # The base class tells nobody of equal data, but a rig that is back is news.
            self.async_update_listeners()
        return self.data

    @callback
    def _find_stale(self) -> bool:
        """Find out anew which rigs are stale; True if that changed for any."""
        now = dt_util.utcnow()
        limit = self.pacing.stale_after
        before = self._stale
        self._stale = {
            rig_id for rig_id, rig in self.data.items() if now - rig.seen_at >= limit
        }
        self._cancel_stale_timer()
        if fresh := self.fresh.values():
            oldest = min(rig.seen_at for rig in fresh)
            self._stale_timer = async_call_later(
                self.hass,
                max((oldest + limit - now).total_seconds(), 0.0),
                HassJob(self._stale_timer_fired, cancel_on_shutdown=True),
            )
        self._tell_log()
        return self._stale != before

    @callback
    def _stale_timer_fired(self, _now: datetime) -> None:
        self._stale_timer = None
        if self._find_stale():
            self.async_update_listeners()

    def _cancel_stale_timer(self) -> None:
        if self._stale_timer:
            self._stale_timer()
            self._stale_timer = None

    def _tell_log(self) -> None:
        """One line when a rig goes, one when it is back."""
        missing = {rig_id for rig_id in self.rig_ids if self.is_stale(rig_id)}
        for rig_id in missing - self._told_missing:
            seen = self.last_seen(rig_id)
            since = (
                dt_util.as_local(seen).isoformat(" ", "seconds") if seen else "never"
            )
            reason = f": {self.last_failure.error}" if self.last_failure else ""
            _LOGGER.warning(
                "%s is stale, last seen %s%s", self._label(rig_id), since, reason
            )
        for rig_id in self._told_missing - missing:
            _LOGGER.warning("%s is back", self._label(rig_id))
        self._told_missing = missing

    def _label(self, rig_id: str) -> str:
        rig = self.data.get(rig_id)
        return (
            self.name
            if self.subentry_id or rig is None
            else f"{self.name}: {rig.name or rig_id}"
        )

    def _aim_next_poll(self) -> None:
        """Aim the next poll at this coordinator's own moment of the interval.

        The base class counts the interval from the end of a poll and in whole seconds, so
        that hundreds of coordinators would drift together.
        """
        interval = self.pacing.interval.total_seconds()
        now = self.hass.loop.time()
        wait = interval - (now - self.pacing.phase * interval) % interval
        if wait < interval / 2:
            wait += interval
        self.update_interval = timedelta(seconds=wait)
