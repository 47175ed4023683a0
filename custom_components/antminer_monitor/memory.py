"""What is kept of a config entry's rigs across restarts of Home Assistant."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
import logging

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .json_value import Json
from .kept import async_load_kept, check_nested
from .rig import Rig
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
        self._hass = hass
        self._store = Store[dict[str, _Stored]](
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}",
            # Thousands of rigs take a second to write down.
            serialize_in_event_loop=False,
        )
        self._shapes: dict[str, Shape] = {}
        self._rigs: dict[str, Rig | dict[str, Json]] = {}
        """As last seen, or as it was stored."""
        self._written: dict[str, tuple[Rig, dict[str, Json]]] = {}
        """Rigs with what is stored of them; for the thread that writes."""
        self._seen: dict[str, datetime | None] = {}
        self._groups: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self._save_pending = False

    @property
    def groups(self) -> Mapping[str, str]:
        """Names of the farms that are remembered, by their id."""
        return self._groups

    async def async_load(self) -> dict[str, Rig]:
        """Give the rigs that are remembered, by their id. What cannot be read is left out."""
        check = partial(check_nested, levels=3)
        stored = await async_load_kept(self._hass, self._store, check) or {}
        self._groups = {
            group_id: str(group.get("name"))
            for group_id, group in stored.get("groups", {}).items()
        }
        self._notes = {
            rig_id: str(note.get("text"))
            for rig_id, note in stored.get("notes", {}).items()
        }
        found: dict[str, Rig] = {}
        for rig_id, data in stored.get("rigs", {}).items():
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
            if self._shapes.get(rig.id) is not shape:
                self._shapes[rig.id] = shape
                # Without what it was read from: thousands of them are megabytes.
                self._rigs[rig.id] = replace(rig, raw={})
            self._seen[rig.id] = rig.seen_at
        self._schedule_save()

    @callback
    def async_remember_groups(self, groups: Mapping[str, str]) -> None:
        """Take note of the farms that there are: names by id."""
        if groups != self._groups:
            self._groups = dict(groups)
            self._schedule_save()

    def note_of(self, rig_id: str) -> str | None:
        """Give what is noted of a rig."""
        return self._notes.get(rig_id)

    @callback
    def async_note(self, rig_id: str, text: str | None) -> None:
        """Note a short text of a rig, or nothing. It is written at once: the next moment may be the last."""
        if text is None:
            self._notes.pop(rig_id, None)
        else:
            self._notes[rig_id] = text
        self._store.async_delay_save(self._data)

    @callback
    def async_forget(self, rig_id: str) -> None:
        """Drop a rig that was removed."""
        self._shapes.pop(rig_id, None)
        self._rigs.pop(rig_id, None)
        self._seen.pop(rig_id, None)
        self._notes.pop(rig_id, None)
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
        # Copies: this runs in a thread of its own, and rigs are read meanwhile.
        seen = dict(self._seen)
        rigs = dict(self._rigs)
        self._written = {
            rig_id: self._written[rig_id]
            if rig_id in self._written and self._written[rig_id][0] is rig
            else (rig, rig_as_dict(_without_secrets(rig)))
            for rig_id, rig in rigs.items()
            if isinstance(rig, Rig)
        }
        return {
            "rigs": {
                rig_id: {
                    **(self._written[rig_id][1] if isinstance(rig, Rig) else rig),
                    "seen_at": at.isoformat() if (at := seen.get(rig_id)) else None,
                }
                for rig_id, rig in rigs.items()
            },
            "groups": {
                group_id: {"name": name} for group_id, name in self._groups.items()
            },
            "notes": {rig_id: {"text": text} for rig_id, text in self._notes.items()},
        }


def _without_secrets(rig: Rig) -> Rig:
    return replace(
        rig,
        pools=tuple(replace(pool, url=None, user=None) for pool in rig.pools),
        boards=tuple(replace(board, chip_map=None) for board in rig.boards),
        flight_sheets=(),
        overclocks=(),
    )
