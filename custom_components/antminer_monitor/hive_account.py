"""A HiveOS account at run time: its farms, each with a coordinator."""

import asyncio
from datetime import datetime, timedelta
import logging
from typing import ClassVar, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .changes import FORGET_AFTER
from .const import CONF_FARMS_OFF, DEFAULT_HIVE_INTERVAL, DOMAIN
from .coordinator import Origin, RigCoordinator
from .devices import async_register_fleet
from .hiveos.client import DEFAULT_URL, HiveClient
from .hiveos.models import Announcement, Farm
from .hiveos.source import FarmSource, farm_device_id, split_rig_id
from .hub import Hub
from .markdown import plain
from .notices import Notice, NoticeBoard
from .rig import Rig
from .source import ForbiddenError, InvalidCredentialsError, SourceError

_LOGGER = logging.getLogger(__name__)

FIRST_WAIT = 10.0
"""Seconds that the set-up of an entry waits for the list of farms, and again for their rigs."""

ANNOUNCEMENTS_EVERY = timedelta(minutes=30)

PAGE = "https://the.hiveos.farm/farms"
"""Where people look at their farms."""


class FarmList(DataUpdateCoordinator[dict[str, Farm]]):
    """Polls an account's farms, all with one request; by their id."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: HiveClient,
        interval: timedelta,
    ) -> None:
        """Make the list, empty until it is refreshed."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=f"{entry.title} farms",
            update_interval=interval,
        )
        self._client = client
        self.data = {}
        self.error: SourceError | None = None
        """Why the last reading failed; None if it did not."""
        self.announcements: tuple[Announcement, ...] = ()
        self._announced_at: datetime | None = None

    @override
    async def _async_update_data(self) -> dict[str, Farm]:
        """Read the farms. What was known stays when that fails."""
        try:
            farms = await self._client.farms()
        except SourceError as err:
            _LOGGER.debug("Reading %s failed: %s", self.name, err)
            self.error = err
            return self.data
        self.error = None
        await self._read_announcements()
        return {farm.id: farm for farm in farms}

    async def _read_announcements(self) -> None:
        now = dt_util.utcnow()
        if self._announced_at and now - self._announced_at < ANNOUNCEMENTS_EVERY:
            return
        self._announced_at = now
        try:
            self.announcements = await self._client.announcements()
        except SourceError as err:
            _LOGGER.debug("Reading the announcements failed: %s", err)


class HiveAccount(Hub):
    """Runs the coordinators of an account's farms, as the account now has them.

    A farm's device gives its coordinator's key.
    """

    default_interval: ClassVar[int] = DEFAULT_HIVE_INTERVAL

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Make an account that runs nothing yet."""
        super().__init__(hass, entry)
        self.client = HiveClient(
            async_get_clientsession(hass),
            entry.data[CONF_TOKEN],
            entry.data.get(CONF_URL, DEFAULT_URL),
        )
        self.notices = self._board = NoticeBoard(hass, entry)
        self.farms = FarmList(hass, entry, self.client, self._pacing().interval)
        self._absent: dict[str, int] = {}
        self._refused: set[str] = set()
        self._is_locked_out = False
        self._following = asyncio.Lock()

    @override
    async def _async_begin(self) -> None:
        async_register_fleet(
            self.hass,
            self.entry,
            self.entry.entry_id,
            self.entry.title,
            model="HiveOS account",
            url=PAGE,
        )
        reading = self.entry.async_create_background_task(
            self.hass, self.farms.async_refresh(), f"{DOMAIN} first reading of farms"
        )
        await asyncio.wait([reading], timeout=FIRST_WAIT)
        self._remove_farms_off()
        names = dict(self.memory.groups) | {
            farm_id: farm.name for farm_id, farm in self.farms.data.items()
        }
        first_reads = [
            self._add_farm(farm_id, name)
            for farm_id, name in names.items()
            if self._is_wanted(farm_id)
        ]
        if first_reads:
            await asyncio.wait(first_reads, timeout=FIRST_WAIT)
        self.entry.async_on_unload(self.farms.async_add_listener(self._farms_read))
        self._farms_read()

    @override
    async def async_stop(self) -> None:
        """Stop, and take back what was said of it among the repairs."""
        await super().async_stop()
        await self.farms.async_shutdown()
        for issue_id in self._refused:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
        self._board.async_pin(())

    @override
    async def async_follow_entry(self) -> None:
        """Follow the account's farms; other changes of the entry start it anew."""
        await self.async_follow_farms()

    @callback
    def _farms_read(self) -> None:
        """Follow what the account's list of farms now says."""
        self._board.async_pin(tuple(map(_notice, self.farms.announcements)))
        notice = self._board.current
        for coordinator in self.coordinators.values():
            coordinator.excuse = notice.title if notice else None
        if self.farms.error:
            self._refuse(self.entry.entry_id, self.entry.title, self.farms.error)
            return
        self._allow(self.entry.entry_id)
        self.entry.async_create_background_task(
            self.hass, self.async_follow_farms(), f"{DOMAIN} following farms"
        )

    async def async_follow_farms(self) -> None:
        """Add farms that are new, and remove those that are gone."""
        async with self._following:
            farms = self.farms.data
            for farm_id, farm in farms.items():
                device_id = farm_device_id(farm_id)
                if device_id not in self.coordinators and self._is_wanted(farm_id):
                    self._add_farm(farm_id, farm.name)
                elif coordinator := self.coordinators.get(device_id):
                    coordinator.name = farm.name
            known = {
                farm_id: name
                for farm_id, name in self.memory.groups.items()
                if farm_device_id(farm_id) in self.coordinators
            }
            for farm_id in known:
                if farm_id in farms:
                    self._absent.pop(farm_id, None)
                    continue
                self._absent[farm_id] = self._absent.get(farm_id, 0) + 1
                if self._absent[farm_id] >= FORGET_AFTER:
                    await self._async_remove_farm(farm_id)
            self.memory.async_remember_groups(
                {
                    farm_id: name
                    for farm_id, name in (
                        known | {farm.id: farm.name for farm in farms.values()}
                    ).items()
                    if farm_device_id(farm_id) in self.coordinators
                }
            )

    def _remove_farms_off(self) -> None:
        """Remove the devices of farms that are no longer followed."""
        for farm_id in self.entry.options.get(CONF_FARMS_OFF, ()):
            device_id = farm_device_id(farm_id)
            for rig_id in tuple(self._remembered):
                if split_rig_id(rig_id)[0] == farm_id:
                    del self._remembered[rig_id]
                    self._forget(rig_id)
            self._remove_device(device_id)
            self.told.async_forget(device_id)

    def _is_wanted(self, farm_id: str) -> bool:
        """Tell whether a farm is followed here: not switched off, nor followed by another entry."""
        if farm_id in self.entry.options.get(CONF_FARMS_OFF, ()):
            return False
        device_id = farm_device_id(farm_id)
        return not any(
            isinstance(other := getattr(entry, "runtime_data", None), HiveAccount)
            and other is not self
            and device_id in other.coordinators
            for entry in self.hass.config_entries.async_loaded_entries(DOMAIN)
        )

    def _add_farm(self, farm_id: str, name: str) -> asyncio.Task[None]:
        device_id = farm_device_id(farm_id)
        async_register_fleet(
            self.hass,
            self.entry,
            device_id,
            name,
            model="HiveOS farm",
            url=f"{PAGE}/{farm_id}",
        )
        source = FarmSource(
            self.client,
            farm_id,
            farm=lambda: self.farms.data.get(farm_id),
            since=self.told.since(device_id),
        )
        # Before the coordinator: the totals listen to it.
        self._add_fleet(device_id, f"{name} totals")
        coordinator = RigCoordinator(
            self.hass,
            self.entry,
            source,
            self._pacing(),
            Origin(device_id=device_id, url=_page_of),
            name=name,
            remembered={
                rig_id: rig
                for rig_id, rig in self._remembered.items()
                if split_rig_id(rig_id)[0] == farm_id
            },
            told=self.told,
        )
        coordinator.async_add_command_listener(
            lambda err: self._commanded(coordinator, err)
        )
        return self._add(device_id, coordinator, delay=0.0)

    async def _async_remove_farm(self, farm_id: str) -> None:
        device_id = farm_device_id(farm_id)
        self._absent.pop(farm_id, None)
        for key in (device_id, f"{device_id}_write"):
            self._allow(key)
        rig_ids = self.coordinators[device_id].rig_ids
        await self._async_remove(device_id)
        await self._async_remove_fleet(device_id)
        for rig_id in rig_ids:
            self._forget(rig_id)
        self._remove_device(device_id)
        self.told.async_forget(device_id)

    @callback
    @override
    def _seen(self, coordinator: RigCoordinator) -> None:
        super()._seen(coordinator)
        self._allow(coordinator.origin.device_id)

    @callback
    @override
    def _failed(self, coordinator: RigCoordinator, err: SourceError) -> None:
        super()._failed(coordinator, err)
        self._refuse(coordinator.origin.device_id, coordinator.name, err)

    @callback
    def _commanded(self, coordinator: RigCoordinator, err: SourceError | None) -> None:
        """Say what can be done where the service takes no commands."""
        key = f"{coordinator.origin.device_id}_write"
        if err is None:
            self._allow(key)
        else:
            self._refuse(key, coordinator.name, err)

    def _refuse(self, key: str, name: str, err: SourceError) -> None:
        """Say what can be done where the service knows us and says no."""
        if isinstance(err, InvalidCredentialsError):
            self._is_locked_out = True
            self.entry.async_start_reauth(self.hass)
        elif isinstance(err, ForbiddenError):
            issue_id = self._issue_id(key)
            self._refused.add(issue_id)
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key=f"hiveos_{err.refusal}",
                translation_placeholders={
                    "farm": name,
                    "place": plain(name),
                    "account": plain(self.entry.title),
                    "error": plain(str(err)),
                },
            )

    def _allow(self, key: str) -> None:
        """Take back what was said, for it is allowed now."""
        if self._is_locked_out:
            # The same token is taken again: nobody need enter another.
            self._is_locked_out = False
            for flow in self.entry.async_get_active_flows(self.hass, {SOURCE_REAUTH}):
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        issue_id = self._issue_id(key)
        if issue_id in self._refused:
            self._refused.discard(issue_id)
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)

    def _issue_id(self, key: str) -> str:
        return f"hiveos_forbidden_{self.entry.entry_id}_{key}"


def _notice(announcement: Announcement) -> Notice:
    return Notice(
        id=announcement.id,
        title=announcement.title,
        message=announcement.message,
        url=announcement.url,
        starts=announcement.start_at,
        ends=announcement.end_at,
    )


def _page_of(rig_id: str, rig: Rig) -> str | None:
    farm_id, worker_id = split_rig_id(rig_id)
    return f"{PAGE}/{farm_id}/workers/{worker_id}"
