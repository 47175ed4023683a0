"""What is kept of a site's rigs across restarts of Home Assistant."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
import logging

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .rig import Json, Rig
from .rig_json import rig_as_dict, rig_from_dict
from .shape import Shape

_LOGGER = logging.getLogger(__name__)

SAVE_DELAY = 300
"""Seconds: what a crash may cost of a last-seen time, against wear of the disk."""

_VERSION = 1

type _Stored = dict[str, dict[str, Json]]


class RigMemory:
    """Remembers each rig of a config entry: its shape, and when it was last seen.

    A miner that is off when Home Assistant starts has its device and entities all the same.
    Neither the pools nor the chip maps are kept.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Make the memory of a config entry; nothing is read yet."""
        self._store = Store[dict[str, _Stored]](hass, _VERSION, f"{DOMAIN}.{entry_id}")
        self._shapes: dict[str, Shape] = {}
        self._rigs: _Stored = {}
        self._seen: dict[str, datetime] = {}
        self._save_pending = False

    async def async_load(self) -> dict[str, Rig]:
        """Give the rigs that are remembered, by their id. What cannot be read is left out."""
        stored = await self._store.async_load()
        found: dict[str, Rig] = {}
        for rig_id, data in (stored or {}).get("rigs", {}).items():
            try:
                rig = rig_from_dict(data)
            except ValueError as err:
                _LOGGER.warning(
                    "What was remembered of rig %s cannot be read: %s", rig_id, err
                )
                continue
            found[rig_id] = rig
            self._rigs[rig_id] = data
            self._seen[rig_id] = rig.seen_at
        return found

    @callback
    def async_remember(self, rigs: Iterable[tuple[Rig, Shape]]) -> None:
        """Take note of rigs that were just read."""
        for rig, shape in rigs:
            if self._shapes.get(rig.id) != shape:
                self._shapes[rig.id] = shape
                self._rigs[rig.id] = rig_as_dict(_without_secrets(rig))
            self._seen[rig.id] = rig.seen_at
        self._schedule_save()

    @callback
    def async_forget(self, rig_id: str) -> None:
        """Drop a rig that was removed."""
        for kept in (self._shapes, self._rigs, self._seen):
            kept.pop(rig_id, None)
        self._schedule_save()

    async def async_save(self) -> None:
        """Write at once, when the entry is unloaded."""
        await self._store.async_save(self._data())

    async def async_remove(self) -> None:
        """Delete the file, when the entry is removed."""
        await self._store.async_remove()

    def _schedule_save(self) -> None:
        # The store starts its delay anew at every call, so that a busy site would never be saved.
        if not self._save_pending:
            self._save_pending = True
            self._store.async_delay_save(self._data, SAVE_DELAY)

    def _data(self) -> dict[str, _Stored]:
        self._save_pending = False
        return {
            "rigs": {
                rig_id: {**data, "seen_at": self._seen[rig_id].isoformat()}
                for rig_id, data in self._rigs.items()
            }
        }


def _without_secrets(rig: Rig) -> Rig:
    return replace(
        rig,
        pools=tuple(replace(pool, url=None, user=None) for pool in rig.pools),
        boards=tuple(replace(board, chip_map=None) for board in rig.boards),
    )
