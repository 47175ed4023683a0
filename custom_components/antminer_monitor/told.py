"""Which happenings were told already, across restarts of Home Assistant too."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .kept import async_load_kept, check_nested
from .source import Happening

MOST_KEPT = 2000
"""Happenings of one source whose ids are kept; what is older than all of them was told."""

OVERLAP = timedelta(minutes=10)
"""How much earlier than the last happening to ask again: some arrive late."""

_VERSION = 1


class Told:
    """Remembers what was told of each source of a config entry.

    What happened before a source was first known is never told.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Make the memory of a config entry; nothing is read yet."""
        self._hass = hass
        self._store = Store[dict[str, dict[str, float]]](
            hass, _VERSION, f"{DOMAIN}.{entry_id}.told"
        )
        self._known: dict[str, dict[str, float]] = {}
        self._begin: dict[str, float] = {}
        self._early: dict[str, deque[Happening]] = {}
        self._claimed: set[str] = set()

    async def async_load(self) -> None:
        """Read what was told in earlier runs."""
        stored = await async_load_kept(self._hass, self._store, _check) or {}
        for key, ids in stored.items():
            self._begin[key] = ids.pop("", 0.0)
            self._known[key] = ids

    def since(self, key: str) -> datetime:
        """From when a source should be asked."""
        now = dt_util.utcnow().timestamp()
        begin = self._begin_of(key, now)
        newest = max(self._known.get(key, {}).values(), default=begin)
        # The other side's clock may be ahead of ours.
        newest = min(newest, now) - OVERLAP.total_seconds()
        return dt_util.utc_from_timestamp(max(begin, newest))

    async def async_take(
        self, key: str, happenings: Iterable[Happening]
    ) -> list[Happening]:
        """Give those that were never told, and keep that they are told now.

        It is written down first: whatever happens then, none is told twice.
        """
        begin = self._begin_of(key, dt_util.utcnow().timestamp())
        known = self._known.setdefault(key, {})
        new: list[Happening] = []
        for happening in happenings:
            # Whole seconds on the other side: what happens in the first one counts.
            if happening.at.timestamp() >= int(begin) and happening.id not in known:
                known[happening.id] = happening.at.timestamp()
                new.append(happening)
        if not new:
            return new
        if len(known) > MOST_KEPT:
            by_time = sorted(known.items(), key=lambda item: item[1])
            self._known[key] = dict(by_time[-MOST_KEPT:])
            # After the whole second of the newest that is let go: it is not known again.
            self._begin[key] = int(by_time[-MOST_KEPT - 1][1]) + 1.0
        await self._store.async_save(self._data())
        if key not in self._claimed:
            self._early.setdefault(key, deque(maxlen=MOST_KEPT)).extend(new)
        return new

    @callback
    def async_claim(self, key: str) -> list[Happening]:
        """Give what was taken in this run before anybody listened, oldest first; once.

        A source is read while Home Assistant is still starting. Whoever calls this listens
        to the source's coordinator from now on.
        """
        self._claimed.add(key)
        return list(self._early.pop(key, ()))

    @callback
    def async_forget(self, key: str) -> None:
        """Drop a source that was removed: if it comes back, it begins anew."""
        for kept in (self._begin, self._known, self._early):
            kept.pop(key, None)
        self._claimed.discard(key)
        self._store.async_delay_save(self._data)

    def _begin_of(self, key: str, now: float) -> float:
        """Give from when on things are told; kept at once, for a restart before the first one."""
        if key not in self._begin:
            self._begin[key] = now
            self._store.async_delay_save(self._data)
        return self._begin[key]

    def _data(self) -> dict[str, dict[str, float]]:
        return {
            key: {"": begin, **self._known.get(key, {})}
            for key, begin in self._begin.items()
        }

    async def async_remove(self) -> None:
        """Delete the file, when the entry is removed."""
        await self._store.async_remove()


def _check(stored: dict[str, dict[str, float]]) -> None:
    check_nested(stored, levels=2)
    for ids in stored.values():
        for at in ids.values():
            dt_util.utc_from_timestamp(at)
