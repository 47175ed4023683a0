"""Listeners that are told in turns, so that thousands of them never hold up everything else."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from itertools import islice
import logging
import math

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

_LOGGER = logging.getLogger(__name__)

AT_ONCE = 200
"""Listeners that are called at once; of more, so many in each turn of the event loop."""
IN_TURNS = 50

PAUSE = 0.05
"""Seconds between two turns of those who can wait, at most.

What they change goes to every open page, and a page takes milliseconds for each change.
"""

type _Item = tuple[object, int]
"""A listener: what it listens to, and its number."""


class Audience:
    """Listeners, each for one rig or for all rigs.

    They are told that something changed and look for themselves: who is told late sees what is
    true then, and who waits already need not be told twice.
    """

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, name: str, *, window: float
    ) -> None:
        """Begin with nobody. ``window`` are the seconds in which everybody is to be told."""
        self._hass = hass
        self._entry = entry
        self._name = name
        self._window = window
        self._listeners: dict[object, dict[int, CALLBACK_TYPE]] = {}
        self._last = 0
        self._hurried: dict[_Item, None] = {}
        self._waiting: dict[_Item, None] = {}
        self._until = 0.0
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
    def async_tell(
        self, rig_ids: Iterable[str] | None = None, *, first: Collection[str] = ()
    ) -> None:
        """Call those who listen to these rigs, or all.

        Those who listen to every rig come first, then those of the rigs in ``first``; both at
        once, whoever waits. Of very many others each waits for its turn.
        """
        keys = self._listeners if rig_ids is None else (None, *rig_ids)
        hurried: list[_Item] = []
        patient: list[_Item] = []
        for key in sorted(keys, key=lambda known: known is not None):
            due = hurried if key is None or key in first else patient
            due += [(key, number) for number in self._listeners.get(key, ())]
        is_telling = self._telling is not None and not self._telling.done()
        if not is_telling and len(hurried) + len(patient) <= AT_ONCE:
            for item in (*hurried, *patient):
                self._call(item)
            return
        for item in hurried:
            self._waiting.pop(item, None)
        if not self._hurried and len(hurried) <= AT_ONCE:
            for item in hurried:
                self._call(item)
        else:
            self._hurried.update(dict.fromkeys(hurried))
        if patient:
            self._waiting.update(dict.fromkeys(patient))
            self._until = self._hass.loop.time() + self._window
        if not is_telling:
            self._telling = self._entry.async_create_background_task(
                self._hass,
                self._tell_in_turns(),
                f"{self._name}: telling",
                # A listener may have others told: there is one task for all.
                eager_start=False,
            )

    @callback
    def async_stop(self) -> None:
        """Tell nobody who waits."""
        if self._telling:
            self._telling.cancel()

    async def _tell_in_turns(self) -> None:
        try:
            while queue := self._hurried or self._waiting:
                for item in tuple(islice(queue, IN_TURNS)):
                    del queue[item]
                    self._call(item)
                await asyncio.sleep(self._pause())
        finally:
            self._hurried.clear()
            self._waiting.clear()

    def _pause(self) -> float:
        """Give the seconds until the next turn."""
        if self._hurried or not self._waiting:
            return 0.0
        turns = math.ceil(len(self._waiting) / IN_TURNS)
        return min(PAUSE, max(self._until - self._hass.loop.time(), 0.0) / turns)

    def _call(self, item: _Item) -> None:
        key, number = item
        listener: Callable[[], None] | None = self._listeners.get(key, {}).get(number)
        if listener is None:
            # It left between two turns.
            return
        try:
            listener()
        except Exception:
            _LOGGER.exception("%s: a listener failed", self._name)


class Callbacks[T]:
    """Listeners that are called with something, all at once."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: set[Callable[[T], None]] = set()

    @callback
    def async_add(self, listener: Callable[[T], None]) -> CALLBACK_TYPE:
        """Call ``listener`` from now on; returns what ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    @callback
    def async_call(self, what: T) -> None:
        """Call everybody."""
        for listener in tuple(self._listeners):
            listener(what)
