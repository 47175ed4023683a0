"""Devices and entities of rigs that are new, or show more of themselves."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import RigCoordinator
from .devices import async_register_rig

AT_ONCE = 5
"""Rigs that are welcomed at once; of more, one in each turn of the event loop."""

PLATFORM_WAIT = 8.0
"""Seconds that the set-up of a platform waits for its entities: Home Assistant complains after ten, and
gives up after sixty."""


class RigAdder(Protocol):
    """What adds the entities of rigs for a platform."""

    def add(self, coordinator: RigCoordinator, rig_id: str) -> None:
        """Add those that the rig does not have yet; its device is there."""

    def forget(self, rig_id: str) -> None:
        """Let go of a rig whose device was removed, with its entities."""

    def forget_entity(self, unique_id: str) -> None:
        """Let go of an entity that was removed."""


class Newcomers:
    """Has every platform add the entities of rigs, device first, a few rigs at a time."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, welcomed: Callable[[], None]
    ) -> None:
        """Begin without a platform. ``welcomed`` is called when entities may have been added."""
        self._hass = hass
        self._entry = entry
        self._welcomed = welcomed
        self._adders: list[RigAdder] = []
        self._waiting: dict[tuple[RigCoordinator, str], None] = {}
        self._welcoming: asyncio.Task[None] | None = None

    async def async_add_platform(
        self, adder: RigAdder, coordinators: Iterable[RigCoordinator]
    ) -> None:
        """Have a platform add the entities of all rigs of these coordinators, and of those that come.

        Those of very many rigs are added later.
        """
        adding = self._entry.async_create_background_task(
            self._hass,
            self._add_platform(adder, coordinators),
            f"{DOMAIN} adding a platform of {self._entry.title}",
        )
        await asyncio.wait([adding], timeout=PLATFORM_WAIT)
        if adding.done():
            adding.result()

    async def _add_platform(
        self, adder: RigAdder, coordinators: Iterable[RigCoordinator]
    ) -> None:
        # The devices first.
        while self._welcoming:
            await asyncio.wait([self._welcoming])
        self._adders.append(adder)
        for coordinator in tuple(coordinators):
            for rig_id in coordinator.rig_ids:
                if self._is_leaving:
                    return
                if coordinator.has(rig_id):
                    adder.add(coordinator, rig_id)
                    # Tens of thousands of entities take seconds: others have their turn.
                    await asyncio.sleep(0)
        self._welcomed()

    @callback
    def async_welcome(
        self, coordinator: RigCoordinator, rig_ids: Sequence[str]
    ) -> None:
        """Make the devices and entities of these rigs that are not there yet."""
        if len(rig_ids) <= AT_ONCE and self._welcoming is None:
            for rig_id in rig_ids:
                self._welcome_one(coordinator, rig_id)
            return
        self._waiting.update(((coordinator, rig_id), None) for rig_id in rig_ids)
        if self._welcoming is None:
            self._welcoming = self._entry.async_create_background_task(
                self._hass,
                self._welcome_in_turns(),
                f"{DOMAIN} adding rigs of {self._entry.title}",
                eager_start=False,
            )

    @callback
    def async_forget(self, rig_id: str) -> None:
        """Let go of a rig that is gone."""
        for adder in self._adders:
            adder.forget(rig_id)

    @callback
    def async_forget_entity(self, unique_id: str) -> None:
        """Let go of an entity that was removed."""
        for adder in self._adders:
            adder.forget_entity(unique_id)

    @property
    def _is_leaving(self) -> bool:
        """Whether the platforms are being taken away: what is added then would stay."""
        return self._entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS

    async def _welcome_in_turns(self) -> None:
        try:
            while self._waiting and not self._is_leaving:
                coordinator, rig_id = arrival = next(iter(self._waiting))
                del self._waiting[arrival]
                if coordinator.has(rig_id):
                    self._welcome_one(coordinator, rig_id)
                await asyncio.sleep(0)
        finally:
            self._waiting.clear()
            self._welcoming = None

    def _welcome_one(self, coordinator: RigCoordinator, rig_id: str) -> None:
        async_register_rig(coordinator, rig_id)
        for adder in self._adders:
            adder.add(coordinator, rig_id)
        self._welcomed()
