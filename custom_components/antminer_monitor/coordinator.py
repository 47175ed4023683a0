"""Polls one source: pacing, staleness, when each rig was last seen."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
import logging
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .allowance import Allowance
from .audience import Audience, Callbacks
from .changes import Changes, compare
from .command import Command, Outcome
from .health import DEFAULT_LIMITS, Limits, Verdict, Verdicts
from .orders import Orders
from .outage_log import OutageLog
from .pacing import Pacing
from .rig import Rig, Status
from .shape import Shape, shape_of
from .source import Group, Happening, Reading, Source, SourceError, SourceTimeoutError
from .staleness import Staleness
from .told import Told

_LOGGER = logging.getLogger(__name__)

MANY_RIGS = 50
"""From so many rigs on, readings are compared outside the event loop."""

READ_DEADLINE = 300.0
"""Seconds after which a reading counts as failed, whatever deadlines its source keeps."""

TELL_WITHIN = 0.25
"""Share of the interval within which everybody hears of a reading of very many rigs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the rigs of a coordinator belong."""

    device_id: str
    """Identifier of the device that they are reached through."""
    subentry_id: str | None = None
    """Config subentry of the one rig, where each has one; its title is the rig's name."""
    manufacturer: str | None = None
    """Of a rig that does not say."""
    url: Callable[[str, Rig], str | None] = lambda rig_id, rig: None
    """Where a rig is configured by hand, by its id and last reading."""


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

    Listeners are told of the rigs that changed and of no others.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        source: Source,
        pacing: Pacing,
        origin: Origin,
        *,
        name: str,
        rig_ids: tuple[str, ...] = (),
        remembered: Mapping[str, Rig] | None = None,
        told: Told | None = None,
    ) -> None:
        """Make a coordinator.

        ``rig_ids`` are rigs that exist whether they were ever read or not. ``remembered``
        are rigs as last seen before Home Assistant started: they give the devices and
        entities their shape, and are stale until they are read again. ``told`` knows which
        happenings are new; without it none is passed on.
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
        self.origin = origin
        self.data = dict(remembered or {})
        self.shapes: dict[str, Shape] = {
            rig_id: shape_of(rig) for rig_id, rig in self.data.items()
        }
        """Replaced by another object, never changed, when a rig's shape changed."""
        self.last_failure: Failure | None = None
        """Of the last reading that failed, whatever was read since."""
        self.failure: Failure | None = None
        """Of the last reading; None where that succeeded."""
        self.allowance: Allowance | None = None
        """What each rig may have enabled, where there are very many."""
        self.enrich: Callable[[tuple[Rig, ...]], Awaitable[tuple[Rig, ...]]] | None = (
            None
        )
        """Adds to the rigs of a reading what extensions compute of them."""
        self.limits: Limits = DEFAULT_LIMITS
        """From where on its rigs are too hot, or too slow."""
        self._verdicts = Verdicts()
        self.excuse: str | None = None
        """Why its source is expected to be away now, such as an announced downtime."""
        self._configured = rig_ids
        self._told = told
        self._stale = Staleness(
            hass, pacing.stale_after, self.data, self._look_for_stale
        )
        self._outages = OutageLog(
            _LOGGER, label_of=self.label_of, last_seen=self.last_seen
        )
        self._absent: dict[str, int] = {}
        self._group: tuple[datetime, Group] | None = None
        self._orders = Orders(self.label_of)
        window = TELL_WITHIN * pacing.interval.total_seconds()
        self._audience = Audience(hass, entry, name, window=window)
        self._seen_audience = Audience(hass, entry, name, window=window)
        self._failure_listeners = Callbacks[SourceError]()
        self._command_listeners = Callbacks[SourceError | None]()
        self._happening_listeners = Callbacks[Happening]()

    @property
    def rig_ids(self) -> tuple[str, ...]:
        """Every rig of the source, read or not."""
        return tuple(dict.fromkeys((*self._configured, *self.data)))

    def has(self, rig_id: str) -> bool:
        """Tell whether the source has that rig."""
        return rig_id in self.data or rig_id in self._configured

    @property
    def fresh(self) -> dict[str, Rig]:
        """Rigs whose figures are true now."""
        return {
            rig_id: rig
            for rig_id, rig in self.data.items()
            if rig_id not in self._stale.rig_ids
        }

    @property
    def group(self) -> Group | None:
        """The farm of the rigs; None where there is none, or what is known of it is old."""
        if self._group is None:
            return None
        at, group = self._group
        return group if dt_util.utcnow() - at < self.pacing.stale_after else None

    def is_stale(self, rig_id: str) -> bool:
        """Tell whether a rig was not seen for longer than the limit, or never."""
        return rig_id in self._stale.rig_ids or rig_id not in self.data

    def is_starting(self, rig_id: str) -> bool:
        """Tell whether a rig does what it was told to: start anew, and is silent or idle meanwhile."""
        if rig_id not in self._orders.expected:
            return False
        rig = self.data.get(rig_id)
        return (
            self.is_stale(rig_id)
            or rig is None
            or self.failure is not None
            or rig.status in (Status.IDLE, Status.OFFLINE, Status.SLEEPING)
        )

    @callback
    def async_expect(self, rig_id: str, *, is_expected: bool) -> None:
        """Note that a rig was told to start anew, or that it is no longer waited for."""
        if is_expected != (rig_id in self._orders.expected):
            self._orders.expected ^= {rig_id}
            self._audience.async_tell({rig_id}, first={rig_id})

    def verdict_of(self, rig_id: str) -> Verdict:
        """Give what is found of a rig over its readings; nothing is known before the first."""
        return self._verdicts.of(rig_id)

    def recall_verdicts(self, verdicts: Mapping[str, Verdict]) -> None:
        """Begin with what was found of rigs in an earlier run."""
        self._verdicts.recall(verdicts)

    def last_seen(self, rig_id: str) -> datetime | None:
        """When the rig was last seen, in this run or an earlier one; None if never."""
        rig = self.data.get(rig_id)
        return rig.seen_at if rig else None

    def seen_moment(self, rig_id: str) -> float | None:
        """When a fresh rig was last seen, in seconds by a clock that nobody sets; None if it is stale."""
        return None if self.is_stale(rig_id) else self._stale.seen_moment(rig_id)

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: object = None
    ) -> CALLBACK_TYPE:
        """Call ``update_callback`` when the rig ``context`` changed, or any if it is None."""
        removers = (
            super().async_add_listener(update_callback, context),
            self._audience.async_add(update_callback, context),
        )

        def remove() -> None:
            for remover in removers:
                remover()

        return remove

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell everybody."""
        self._audience.async_tell()

    @callback
    def async_add_seen_listener(
        self, listener: Callable[[], None], rig_id: str | None = None
    ) -> CALLBACK_TYPE:
        """Call ``listener`` after every successful reading, even one that changed nothing."""
        return self._seen_audience.async_add(listener, rig_id)

    @callback
    def async_add_failure_listener(
        self, listener: Callable[[SourceError], None]
    ) -> CALLBACK_TYPE:
        """Call ``listener`` with the error of every failed reading."""
        return self._failure_listeners.async_add(listener)

    @callback
    def async_add_command_listener(
        self, listener: Callable[[SourceError | None], None]
    ) -> CALLBACK_TYPE:
        """Call ``listener`` whenever rigs were told something, with the error if there was one."""
        return self._command_listeners.async_add(listener)

    @callback
    def async_add_happening_listener(
        self, listener: Callable[[Happening], None]
    ) -> CALLBACK_TYPE:
        """Call ``listener`` once with everything that happened, oldest first."""
        return self._happening_listeners.async_add(listener)

    async def async_replace_source(self, source: Source) -> None:
        """Read from another source from now on: the same rigs at a new address, say."""
        old, self.source = self.source, source
        await old.close()
        await self.async_request_refresh()

    async def async_execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> list[Outcome]:
        """Tell rigs to do something; an outcome for each, in the same order. Raises nothing.

        What a rig does not accept now is not sent to it.
        """
        return await self._orders.async_give(
            self.source,
            command,
            rig_ids,
            self.data,
            self._command_listeners.async_call,
        )

    @override
    async def async_shutdown(self) -> None:
        """Stop polling and let go of the source."""
        await super().async_shutdown()
        self._stale.async_stop()
        self._audience.async_stop()
        self._seen_audience.async_stop()
        await self.source.close()

    @override
    async def _async_update_data(self) -> dict[str, Rig]:
        source = self.source
        try:
            async with self.pacing.slots, asyncio.timeout(READ_DEADLINE):
                reading = await source.read()
        except TimeoutError:
            self._failed(
                SourceTimeoutError(f"{self.name}: not read within {READ_DEADLINE:g} s")
            )
            return self.data
        except SourceError as err:
            self._failed(err)
            return self.data
        finally:
            # The base class counts the interval from the end of a poll and in whole seconds, so
            # that hundreds of coordinators would drift together.
            self.update_interval = self.pacing.until_next(self.hass.loop.time())
        if source is self.source:
            # Otherwise it was replaced meanwhile: these may be the figures of another miner.
            await self._take(reading)
        return self.data

    def _failed(self, err: SourceError) -> None:
        known = self.failure
        self.failure = self.last_failure = Failure(dt_util.utcnow(), str(err))
        _LOGGER.debug("Reading %s failed: %s", self.name, err)
        self._tell_log()
        self._failure_listeners.async_call(err)
        if expected := self._orders.expected:
            # Silent, as it must be for a while.
            self._audience.async_tell(expected, first=expected)
        is_news = known is None or known.error != str(err)
        if is_news and (stale := set(filter(self.is_stale, self.rig_ids))):
            # Why those are stale is news.
            self._audience.async_tell(stale)

    async def _take(self, reading: Reading) -> None:
        if self.enrich:
            reading = replace(reading, rigs=await self.enrich(reading.rigs))
        arguments = (self.data, self.shapes, self._absent, reading.rigs)
        changes = (
            await self.hass.async_add_executor_job(compare, *arguments)
            if len(reading.rigs) >= MANY_RIGS
            else compare(*arguments)
        )
        self._apply(changes)
        if reading.group:
            self._group = (dt_util.utcnow(), reading.group)
        was_failing, self.failure = self.failure, None
        turned = self._find_stale()
        news = self._verdicts.judge(self.data, changes.changed, self.limits)
        first = changes.urgent | self._orders.recent() | news
        # One that is back has no old figures to take back.
        first |= turned & self._stale.rig_ids
        self._seen_audience.async_tell(first=first)
        changed = changes.changed | turned | news
        if was_failing:
            # Why those are stale that still are is news.
            changed |= self._stale.rig_ids
        if changed:
            self._audience.async_tell(changed, first=first)
        if reading.happenings and self._told:
            for happening in await self._told.async_take(
                self.origin.device_id, reading.happenings
            ):
                self._happening_listeners.async_call(happening)

    def _apply(self, changes: Changes) -> None:
        # In place: the base class finds nothing changed, and leaves the telling to us.
        self.data.clear()
        self.data.update(changes.data)
        self._absent = changes.absent
        if changes.shapes is not self.shapes:
            self.shapes = changes.shapes

    @callback
    def _find_stale(self) -> set[str]:
        """Find out anew which rigs are stale; give those for which that changed."""
        before = self._stale.rig_ids
        changed = self._stale.async_find(self.data)
        self._verdicts.interrupt(self._stale.rig_ids - before)
        self._tell_log()
        return changed

    @callback
    def _look_for_stale(self) -> None:
        if changed := self._find_stale():
            self._audience.async_tell(changed, first=changed)

    def _tell_log(self) -> None:
        self._outages.tell(
            self.name,
            {
                rig_id
                for rig_id in self.rig_ids
                if self.is_stale(rig_id)
                and (not self.is_starting(rig_id) or rig_id in self._outages.missing)
            },
            self.data,
            excuse=self.excuse,
            error=self.failure.error if self.failure else None,
        )

    def label_of(self, rig_id: str) -> str:
        """Give what to call a rig in a log line or an error."""
        rig = self.data.get(rig_id)
        return (
            self.name
            if self.origin.subentry_id or rig is None
            else f"{self.name}: {rig.name or rig_id}"
        )
