"""What was told of each rig, kept across restarts of Home Assistant."""

from collections.abc import Container, Iterable
from functools import partial
import logging

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .health import Verdict
from .json_value import Json
from .kept import async_load_kept, check_nested
from .rig_events import Watch

_LOGGER = logging.getLogger(__name__)

SAVE_DELAY = 300
"""Seconds: against wear of the disk, for what can be found out again."""
SAVE_SOON = 5
"""Seconds after something was told: so much may be told twice after a crash."""

_VERSION = 1

type _Stored = dict[str, dict[str, Json]]


class WatchMemory:
    """Keeps the watches of a config entry's rigs."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Make the memory of a config entry; nothing is read yet."""
        self._hass = hass
        self._store = Store[_Stored](hass, _VERSION, f"{DOMAIN}.{entry_id}.watch")
        self._watches: dict[str, Watch] = {}
        self._delay: float | None = None

    async def async_load(self, known: Container[str]) -> None:
        """Read what is kept of those rigs that are ``known`` still."""
        check = partial(check_nested, levels=2)
        stored = await async_load_kept(self._hass, self._store, check) or {}
        for rig_id, state in stored.items():
            if rig_id not in known:
                continue
            try:
                self._watches[rig_id] = Watch.restored(rig_id, state)
            except (AttributeError, TypeError, ValueError) as err:
                _LOGGER.warning("What was told of rig %s is not known: %s", rig_id, err)

    def watch_of(self, rig_id: str) -> Watch:
        """Give the watch of a rig."""
        if (watch := self._watches.get(rig_id)) is None:
            watch = self._watches[rig_id] = Watch(rig_id)
        return watch

    def verdicts_of(self, rig_ids: Iterable[str]) -> dict[str, Verdict]:
        """Give what was found of those among these rigs that are kept."""
        return {
            rig_id: watch.verdict
            for rig_id in rig_ids
            if (watch := self._watches.get(rig_id))
        }

    @callback
    def async_forget(self, rig_id: str) -> None:
        """Drop a rig that was removed."""
        if self._watches.pop(rig_id, None):
            self.async_schedule_save()

    @callback
    def async_schedule_save(self, *, soon: bool = False) -> None:
        """Write it down some time, or ``soon``."""
        delay = SAVE_SOON if soon else SAVE_DELAY
        # The store starts its delay anew at every call, so that a busy site would never be saved.
        if self._delay is None or delay < self._delay:
            self._delay = delay
            self._store.async_delay_save(self._data, delay)

    async def async_save(self) -> None:
        """Write at once, when the entry is unloaded."""
        await self._store.async_save(self._data())

    async def async_remove(self) -> None:
        """Delete the file, when the entry is removed."""
        await self._store.async_remove()

    def _data(self) -> _Stored:
        self._delay = None
        return {
            rig_id: watch.state
            for rig_id, watch in self._watches.items()
            if watch.is_known
        }
