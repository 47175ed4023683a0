"""Listeners that are told in turns, so that thousands of them never hold up everything else."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

_LOGGER = logging.getLogger(__name__)

AT_ONCE = 200
"""Listeners that are called at once; of more, so many in each turn of the event loop."""
IN_TURNS = 50


class Audience:
    """Listeners, each for one rig or for all rigs."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, name: str) -> None:
        """Begin with nobody."""
        self._hass = hass
        self._entry = entry
        self._name = name
        self._listeners: dict[object, dict[int, CALLBACK_TYPE]] = {}
        self._last = 0
        self._waiting: dict[tuple[object, int], None] = {}
        self._telling: asyncio.Task[None] | None = None

    @callback
    def async_add(
        self, listener: CALLBACK_TYPE, rig_id: object = None
    ) -> CALLBACK_TYPE:
        """Call ``listener`` for the rig ``rig_id``, or for every one; returns what ends that."""
        self._last += 1
        number = self._last
        self._listeners.setdefault(rig_id, {})[number] = listener

        def remove() -> None:
            listeners = self._listeners.get(rig_id, {})
            listeners.pop(number, None)
            if not listeners:
                self._listeners.pop(rig_id, None)

        return remove

    @callback
    def async_tell(self, rig_ids: Iterable[str] | None = None) -> None:
        """Call those who listen to these rigs, or all; those who listen to every rig come first."""
        keys = self._listeners if rig_ids is None else (None, *rig_ids)
        due = [
            (key, number)
            for key in sorted(keys, key=lambda known: known is not None)
            for number in self._listeners.get(key, ())
        ]
        if self._telling is None and len(due) <= AT_ONCE:
            for item in due:
                self._call(item)
            return
        self._waiting.update(dict.fromkeys(due))
        if self._telling is None:
            self._telling = self._entry.async_create_background_task(
                self._hass, self._tell_in_turns(), f"{self._name}: telling"
            )

    async def _tell_in_turns(self) -> None:
        try:
            while self._waiting:
                for item in tuple(islice(self._waiting, IN_TURNS)):
                    del self._waiting[item]
                    self._call(item)
                await asyncio.sleep(0)
        finally:
            self._waiting.clear()
            self._telling = None

    def _call(self, item: tuple[object, int]) -> None:
        key, number = item
        listener: Callable[[], None] | None = self._listeners.get(key, {}).get(number)
        if listener is None:
            # It left between two turns.
            return
        try:
            listener()
        except Exception:
            _LOGGER.exception("%s: a listener failed", self._name)
