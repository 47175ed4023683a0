"""Takes what happened to the event entities that show it, once they are there."""

from collections import deque
from collections.abc import Callable

from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN

MOST_WAITING = 200
"""Happenings that are kept until their entities are there; of more, the latest."""

type Teller[T] = Callable[[T, Context | None], None]
"""Shows something, in the context of the command that it answers if there is one."""


class Tellers[T]:
    """Event entities by their unique id, each with what shows something by it."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin without an entity."""
        self._registry = er.async_get(hass)
        self._tellers: dict[str, Teller[T]] = {}
        self._waiting: deque[tuple[str, T, Context | None]] = deque(maxlen=MOST_WAITING)

    @callback
    def async_enter(self, unique_id: str, teller: Teller[T]) -> CALLBACK_TYPE:
        """Have an entity show what is its own, first what waited for it."""
        self._tellers[unique_id] = teller
        waiting = tuple(self._waiting)
        self._waiting.clear()
        for item in waiting:
            if item[0] == unique_id:
                teller(*item[1:])
            else:
                self._waiting.append(item)

        def leave() -> None:
            self._tellers.pop(unique_id, None)

        return leave

    def entity_id_of(self, unique_id: str) -> str | None:
        """Give the entity with that unique id, if it is registered."""
        return self._registry.async_get_entity_id(EVENT_DOMAIN, DOMAIN, unique_id)

    @callback
    def async_tell(self, unique_id: str, what: T, context: Context | None) -> None:
        """Have an entity show something, or keep it until the entity is there."""
        if teller := self._tellers.get(unique_id):
            teller(what, context)
            return
        entity_id = self.entity_id_of(unique_id)
        if not entity_id or not self._registry.entities[entity_id].disabled:
            self._waiting.append((unique_id, what, context))
