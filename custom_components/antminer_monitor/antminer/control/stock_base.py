"""What the controls of both generations of stock firmware have in common.

Above all, how a configuration is changed: read, change the one thing, check, write, read
back, compare; on a difference put the former one back. An answer to the writing decides nothing: it is lost as often as not, and
"success" was seen where nothing had changed.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
import logging
from typing import override

from ...command import Action, Command, Result
from ...rig import Pool, Rig
from ...source import InvalidCredentialsError, InvalidReplyError, SourceError
from .configuration import SLOTS, Configuration, pools_from
from .controller import Abilities, Controller, Miner, NotKeptError, RejectedError
from .stock_web import NOT_DONE, StockPages

_LOGGER = logging.getLogger(__name__)

_PUT_BACKS = 3
"""Attempts to put a configuration back."""

_BROKEN = 3
"""Readings after which a broken configuration is not one that is being written."""

NORMAL = "0"
"""The work mode that a rig is woken to where nobody knows the one before its sleep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a miner takes, in seconds."""

    write: float
    """Until the script that writes the configuration answers, at most."""
    settle: float = 0.5
    """From its answer until the configuration is read back."""
    again: float = 2.0
    """Between two attempts to read it back."""
    attempts: int = 5
    """To read it back, where an answer was lost or the page is broken."""
    blink: float = 4.0
    """Until a blinking that was ordered is taken to have started."""


class StockController(Controller, ABC):
    """Controls one miner with stock firmware over its web interface."""

    sleep_mode: str
    """The work mode in which it sleeps."""
    awake_modes: frozenset[str]
    """Work modes that it can be woken to."""
    keeps_duty: bool
    """Whether the duty of the fans stays in its configuration while they are automatic."""

    def __init__(self, miner: Miner, pace: Pace) -> None:
        """Keep the miner."""
        self.miner = miner
        self.pace = pace
        self.pages = StockPages(miner)
        self._lock = asyncio.Lock()

    @abstractmethod
    def commands(self, rig: Rig) -> tuple[Action, ...]:
        """Give what the miner can be told, provided that it lets us in."""

    @abstractmethod
    def read_configuration(self, page: bytes) -> Configuration:
        """Read the page of the configuration; raises as ``configuration.parse``."""

    @abstractmethod
    def write_form(self, configuration: Configuration) -> tuple[bytes, str]:
        """Write a configuration and give its media type; RejectedError where it cannot be."""

    @abstractmethod
    def refusal(self, answer: bytes) -> str | None:
        """Give what the writing script says against it, in its answer."""

    @abstractmethod
    async def locate(self, *, on: bool) -> Result:
        """Have the light blink, or no more."""

    @abstractmethod
    async def restart_mining(self) -> Result:
        """Restart the miner program."""

    @override
    def abilities(self, rig: Rig) -> Abilities:
        """Give what the miner accepts: nothing without a login."""
        if self.miner.credentials is None:
            return Abilities()
        return Abilities(commands=self.commands(rig))

    @override
    async def refresh(self) -> None:
        """Nothing: what can be told follows from the reading."""

    @override
    async def execute(self, command: Command, rig: Rig) -> Result:
        """Carry out a command; see ``Controller.execute``.

        What was begun is finished though the caller goes away meanwhile: a configuration
        is not left half written, nor a damaged one unseen.
        """
        if command.action not in self.abilities(rig).commands:
            raise RejectedError(f"{command.action} is not among its commands")
        task = asyncio.create_task(self._execute(command, rig))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._finished)
            raise

    def _finished(self, task: asyncio.Task[Result]) -> None:
        if not task.cancelled() and (err := task.exception()):
            _LOGGER.warning("After the command was given up: %s", err)

    async def _execute(self, command: Command, rig: Rig) -> Result:
        async with self._lock:
            return await self.perform(command, rig)

    async def perform(self, command: Command, rig: Rig) -> Result:
        """Carry out a command that is among the commands."""
        match command.action:
            case Action.LOCATE:
                return await self.locate(on=_is_on(command.value))
            case Action.REBOOT:
                return await self._reboot()
            case Action.RESTART_MINING:
                return await self.restart_mining()
            case Action.PAUSE_MINING:
                return await self._pause()
            case Action.RESUME_MINING:
                return await self._resume()
            case Action.SET_POOLS:
                pools = pools_from(command.data.get("pools"))
                await self.change(lambda old: old.with_pools(pools))
            case Action.SWITCH_POOL:
                wanted = _pool_of(command.value, rig)
                await self.change(lambda old: old.with_first(_slot_of(wanted, old)))
            case Action.SET_FAN:
                manual, duty = _fan_of(command)
                await self.change(
                    lambda old: replace(
                        old,
                        fan_manual=manual,
                        fan_duty=old.fan_duty
                        if self.keeps_duty and not manual
                        else duty,
                    )
                )
            case _:
                raise RejectedError(f"{command.action} is not among its commands")
        return Result.DONE

    async def _reboot(self) -> Result:
        try:
            await self.pages.get("reboot.cgi")
        except NOT_DONE:
            raise
        except SourceError as err:
            # Status 500, a header that is none, a dropped connection, no answer: all of
            # them were seen of miners that rebooted.
            _LOGGER.debug("%s", err)
        return Result.SENT

    async def _pause(self) -> Result:
        old = await self.read()
        if old.mode is None:
            raise RejectedError("the configuration holds no work mode")
        if old.mode == self.sleep_mode:
            return Result.DONE
        noted = self.miner.recall()
        # Before the writing: nobody knows it any more after a power cut.
        self.miner.note(old.mode if old.mode in self.awake_modes else None)
        try:
            await self.replace(old, replace(old, mode=self.sleep_mode))
        except RejectedError, NotKeptError:
            self.miner.note(noted)
            raise
        return Result.SENT

    async def _resume(self) -> Result:
        old = await self.read()
        if old.mode is None:
            raise RejectedError("the configuration holds no work mode")
        if old.mode != self.sleep_mode:
            return Result.DONE
        noted = self.miner.recall()
        mode = noted if noted in self.awake_modes else NORMAL
        await self.replace(old, replace(old, mode=mode))
        self.miner.note(None)
        return Result.SENT

    async def read(self) -> Configuration:
        """Read the configuration."""
        name = "get_miner_conf.cgi"
        page = await self.pages.get(name)
        try:
            return self.read_configuration(page)
        except InvalidReplyError as err:
            raise InvalidReplyError(
                f"{self.pages.label} /cgi-bin/{name}: {err}"
            ) from None

    async def change(
        self, alter: Callable[[Configuration], Configuration], *, always: bool = False
    ) -> None:
        """Change one thing of the configuration; with ``always``, write it unchanged too.

        Raises as ``replace`` and ``read``.
        """
        old = await self.read()
        new = alter(old)
        if always or new.differences(old):
            await self.replace(old, new)

    async def replace(self, old: Configuration, new: Configuration) -> None:
        """Write a configuration in place of the one that was just read, and see it there.

        Raises RejectedError where it cannot be written or the miner refused it,
        NotKeptError where another one came out and the former one is there again, and
        another SourceError where nobody knows what is set now; its text tells what was.
        """
        # Both before anything is sent: what could not be put back is not given up.
        self.write_form(old)
        lost, refusal = await self._write(new)
        found = await self._read_back(new, old, lost=lost)
        if found is not None and not found.differences(new):
            return
        if found is not None and not found.differences(old):
            if refusal:
                raise RejectedError(f"the miner refuses it: {refusal}")
            raise NotKeptError(
                "the miner took the change and shows the former settings:"
                f" {', '.join(new.differences(old))} unchanged"
            )
        wrong = ", ".join(found.differences(new)) if found else "all of it unreadable"
        await self._put_back(old, wrong)

    async def _write(self, new: Configuration) -> tuple[bool, str | None]:
        """Send a configuration; tell whether the answer was lost, and what it says against it."""
        body, kind = self.write_form(new)
        try:
            answer = await self.pages.post(
                "set_miner_conf.cgi", body, kind, timeout=self.pace.write
            )
        except NOT_DONE:
            raise
        except SourceError as err:
            _LOGGER.debug("%s", err)
            return True, None
        return False, self.refusal(answer)

    async def _read_back(
        self, new: Configuration, old: Configuration, *, lost: bool
    ) -> Configuration | None:
        """Read what is set now; ``None`` where the miner shows nothing that is one.

        Where the answer was lost the script may still be at work. Raises SourceError
        where the miner does not answer any more.
        """
        await asyncio.sleep(self.pace.settle)
        found: Configuration | None = None
        silent: SourceError | None = None
        broken = 0
        for attempt in range(self.pace.attempts):
            if attempt:
                await asyncio.sleep(self.pace.again)
            silent = None
            try:
                page = await self.pages.get("get_miner_conf.cgi")
            except InvalidCredentialsError as err:
                silent = err
                break
            except SourceError as err:
                silent = err
                continue
            try:
                found = self.read_configuration(page)
            except InvalidReplyError, RejectedError:
                # Being written at this moment, or damaged.
                found = None
                broken += 1
                if not lost and broken == _BROKEN:
                    return None
                continue
            if not found.differences(new):
                return found
            if not lost or found.differences(old):
                return found
        if silent is not None:
            raise SourceError(
                f"{silent}; not known whether the change was made."
                f" The settings before it: {old.describe()}"
            )
        return found

    async def _put_back(self, old: Configuration, wrong: str) -> None:
        """Restore the former configuration. Raises always.

        The script takes some values from the file alone (the frequency of an S19): where
        the file is damaged they are lost for it, and that is said.
        """
        for attempt in range(_PUT_BACKS):
            if attempt:
                # While a change is being made the script overlooks another one.
                await asyncio.sleep(self.pace.again)
            try:
                lost, _ = await self._write(old)
                found = await self._read_back(old, old, lost=lost)
            except SourceError as err:
                _LOGGER.debug("%s", err)
                continue
            if found is None:
                continue
            if not (differences := found.differences(old)):
                raise NotKeptError(
                    "the miner took the change and showed something else"
                    f" ({wrong}); the former settings are back"
                )
            wrong = ", ".join(differences)
        raise SourceError(
            f"the miner took the change and shows something else ({wrong}), and the"
            f" former settings could not be put back: {old.describe()}"
        )


def _is_on(value: str | None) -> bool:
    if value not in ("on", "off"):
        raise RejectedError("on or off is needed")
    return value == "on"


def _pool_of(value: str | None, rig: Rig) -> Pool:
    for pool in rig.pools:
        if str(pool.index) == value:
            return pool
    raise RejectedError("there is no such pool")


def _slot_of(pool: Pool, configuration: Configuration) -> int:
    """Find a pool of the reading in the configuration, which may have changed meanwhile."""
    fits = [
        slot
        for slot, entry in enumerate(configuration.pools)
        if entry.url
        and _bare(entry.url) == _bare(pool.url or "")
        and entry.user == (pool.user or "")
    ]
    if pool.index in fits and pool.index < SLOTS:
        return pool.index
    if len(fits) != 1:
        raise RejectedError("the pool is not among those of the configuration")
    return fits[0]


def _bare(url: str) -> str:
    return url.removeprefix("stratum+tcp://")


def _fan_of(command: Command) -> tuple[bool, str | None]:
    """Read whether the fans are set by hand, and to how many per cent."""
    duty = command.data.get("duty")
    match command.data.get("mode"):
        case "auto":
            return False, None
        case "manual":
            pass
        case _:
            raise RejectedError("the fans are set to auto or manual")
    if (
        isinstance(duty, bool)
        or not isinstance(duty, int | float)
        or not 0 <= duty <= 100
        or duty != int(duty)
    ):
        raise RejectedError("the duty of the fans is a whole number from 0 to 100")
    return True, str(int(duty))
