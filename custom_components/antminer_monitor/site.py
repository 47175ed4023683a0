"""A site at run time: the Antminers of one place, each with its coordinator."""

import asyncio
from functools import partial
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT
from homeassistant.core import HomeAssistant, callback

from .antminer.cgminer import DEFAULT_PORT
from .antminer.control.controller import Memo
from .antminer.hardware import TABLE, Models
from .antminer.source import AntminerSource
from .const import (
    CONF_TIMEOUT,
    CONF_WEB_PORT,
    DEFAULT_SCAN_INTERVAL,
    DEFAULT_TIMEOUT,
    DOMAIN,
    SUBENTRY_MINER,
)
from .coordinator import Origin, RigCoordinator
from .devices import async_register_fleet, async_register_rig, web_page_of
from .hub import Hub
from .miner_source import async_make_source, credentials_of
from .registry import Change

FIRST_READ_SPACING = 0.02
"""Seconds between the first readings of two miners, so that a large site does not start in one burst."""

FIRST_READ_WAIT = 5.0
"""Seconds that the set-up of an entry waits for first readings; the rest come when they come."""

MANUFACTURER = "Bitmain"


class Site(Hub):
    """Runs the coordinators of a site's miners and follows changes of its subentries.

    A miner's config subentry gives its coordinator's key and its rig's id.
    """

    default_interval: ClassVar[int] = DEFAULT_SCAN_INTERVAL

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Make a site that runs nothing yet."""
        super().__init__(hass, entry)
        self._subentries: dict[str, dict[str, Any]] = {}
        self._following = asyncio.Lock()

    @override
    async def _async_begin(self) -> None:
        async_register_fleet(
            self.hass, self.entry, self.entry.entry_id, self.entry.title, model="Site"
        )
        self._add_fleet(self.entry.entry_id, f"{self.entry.title} totals")
        self.entry.async_on_unload(self.registry.async_listen(self._reconsider))
        first_reads = [
            self._add_miner(subentry, delay=number * FIRST_READ_SPACING)
            for number, subentry in enumerate(
                self.entry.get_subentries_of_type(SUBENTRY_MINER)
            )
        ]
        if first_reads:
            await asyncio.wait(first_reads, timeout=FIRST_READ_WAIT)

    @callback
    def _reconsider(self, change: Change) -> None:
        """Read anew the miners that dialects or models which came or went are about."""
        if any(part.dialects or part.models for part in change.parts):
            self.entry.async_create_background_task(
                self.hass,
                self._async_reconsider(change),
                f"{DOMAIN} {self.entry.title} after extension {change.extension_id}",
            )

    async def _async_reconsider(self, change: Change) -> None:
        taught = Models(model for part in change.parts for model in part.models)
        for coordinator in tuple(self.coordinators.values()):
            source = coordinator.source
            assert isinstance(source, AntminerSource)
            is_concerned = await source.reconsider() or any(
                taught.find(rig.model) is not TABLE.find(rig.model)
                for rig in coordinator.data.values()
            )
            if is_concerned:
                await coordinator.async_request_refresh()

    @override
    async def async_follow_entry(self) -> None:
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
                self._subentries.pop(subentry_id)
                self.memory.async_forget(subentry_id)
        for subentry_id, subentry in wanted.items():
            if subentry_id in self.coordinators:
                if self._subentries[subentry_id] == _settings(subentry):
                    continue
                await self._async_change(subentry)
            else:
                self._add_miner(subentry, delay=0.0)
        self.fleets[self.entry.entry_id].async_update_now()

    def _add_miner(
        self, subentry: ConfigSubentry, *, delay: float
    ) -> asyncio.Task[None]:
        """Make a miner's coordinator and start its first reading."""
        subentry_id = subentry.subentry_id
        remembered = self._remembered.get(subentry_id)
        self._subentries[subentry_id] = _settings(subentry)
        return self._add(
            subentry_id,
            RigCoordinator(
                self.hass,
                self.entry,
                self._source(subentry),
                self._pacing(),
                Origin(
                    device_id=self.entry.entry_id,
                    subentry_id=subentry_id,
                    manufacturer=MANUFACTURER,
                    url=lambda _, rig: web_page_of(rig),
                ),
                name=subentry.title,
                rig_ids=(subentry_id,),
                remembered={subentry_id: remembered} if remembered else None,
                told=self.told,
            ),
            delay=delay,
        )

    async def _async_change(self, subentry: ConfigSubentry) -> None:
        """Point a miner's coordinator at its new address; devices and entities stay."""
        coordinator = self.coordinators[subentry.subentry_id]
        self._subentries[subentry.subentry_id] = _settings(subentry)
        coordinator.name = subentry.title
        async_register_rig(coordinator, subentry.subentry_id)
        await coordinator.async_replace_source(self._source(subentry))

    @callback
    @override
    def _seen(self, coordinator: RigCoordinator) -> None:
        super()._seen(coordinator)
        source = coordinator.source
        if isinstance(source, AntminerSource) and source.credentials_refused:
            # The miner that refused is the one that the new credentials are tried on.
            self.entry.async_start_reauth(
                self.hass, data={"subentry_id": coordinator.origin.subentry_id}
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
            web_port=subentry.data.get(CONF_WEB_PORT),
            book=self.registry.book,
            memo=Memo(
                self.memory.note_of(subentry.subentry_id),
                partial(self.memory.async_note, subentry.subentry_id),
            ),
        )


def _settings(subentry: ConfigSubentry) -> dict[str, Any]:
    return {**subentry.data, "title": subentry.title}
