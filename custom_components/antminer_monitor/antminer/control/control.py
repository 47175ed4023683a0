"""One miner's control: the right controller for its firmware, one command at a time."""

import asyncio
from dataclasses import replace
import logging
from time import monotonic

from ...command import Command, Outcome, Result
from ...rig import Rig
from ...source import SourceError
from ..firmware import Dialect
from .controller import Controller, Miner

_LOGGER = logging.getLogger(__name__)

REFRESH_EVERY = 300.0
"""Seconds between two readings of what only a request of its own tells."""


class MinerControl:
    """Tells what a miner accepts, and has it carried out."""

    def __init__(self, label: str) -> None:
        """Begin with a miner whose firmware is not known."""
        self._label = label
        self._key: object = None
        self._controller: Controller | None = None
        self._refreshed_at: float | None = None
        self._lock = asyncio.Lock()
        self._rig: Rig | None = None

    async def describe(self, dialect: Dialect, miner: Miner, rig: Rig) -> Rig:
        """Give a reading with what the miner accepts now."""
        key = (dialect.name, miner)
        if key != self._key:
            self._key = key
            self._controller = dialect.control(miner) if dialect.control else None
            self._refreshed_at = None
        controller = self._controller
        if controller is None:
            return rig
        await self._refresh(controller)
        abilities = controller.abilities(rig)
        self._rig = replace(
            rig,
            commands=abilities.commands,
            power_modes=abilities.power_modes,
            work_mode=abilities.power_mode or rig.work_mode,
            power_target=abilities.power_target,
            power_target_least=abilities.power_target_least,
            power_target_most=abilities.power_target_most,
        )
        return self._rig

    async def _refresh(self, controller: Controller) -> None:
        now = monotonic()
        if self._refreshed_at is not None and now - self._refreshed_at < REFRESH_EVERY:
            return
        self._refreshed_at = now
        try:
            await controller.refresh()
        except SourceError as err:
            _LOGGER.debug("%s: what it can be set to: %s", self._label, err)

    async def execute(self, command: Command, rig_id: str) -> Outcome:
        """Carry a command out after those before it."""
        async with self._lock:
            controller, rig = self._controller, self._rig
            if controller is None or rig is None:
                reason = (
                    "it was not read yet"
                    if self._key is None
                    else "no way to tell its firmware anything is known"
                )
                return self._failed(rig_id, reason)
            try:
                result = await controller.execute(command, rig)
            except SourceError as err:
                return self._failed(rig_id, str(err))
            # What it is set to now has to be seen soon.
            self._refreshed_at = None
            return Outcome(rig_id=rig_id, result=result)

    def _failed(self, rig_id: str, error: str) -> Outcome:
        return Outcome(
            rig_id=rig_id, result=Result.FAILED, error=f"{self._label}: {error}"
        )
