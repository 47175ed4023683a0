"""Telling LuxOS what to do: over port 4028, without a password.

What changes settings needs a session. There is one at a time for a miner; it is a turn,
not a protection, and ends by itself a minute after it was last used (docs.luxor.tech).
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
import logging
from time import monotonic
from typing import Any, override

from ...command import Action, Choice, Command, Result
from ...rig import Rig
from ...source import InvalidReplyError, SourceError
from ..cgminer import Reply, is_error, section, status_code
from ..firmware.parsing import text
from .controller import Abilities, Controller, Miner, RejectedError
from .luxos_pools import replace_pools
from .third_party import (
    MOST_CHOICES,
    AnswerLostError,
    rows,
    switch_pool,
    tell,
    wanted_choice,
    wanted_number,
    wanted_pool_index,
    wanted_pools,
    wanted_switch,
)

_LOGGER = logging.getLogger(__name__)

TURN_POLL = 3.0
"""Seconds between two tries to get a session."""
TURN_LIMIT = 60.0
"""Seconds to wait for a session: one that nobody uses ends within them."""
_ANOTHER_SESSION = 402


class LuxosController(Controller):
    """Controls one miner with LuxOS."""

    def __init__(
        self,
        miner: Miner,
        *,
        turn_poll: float = TURN_POLL,
        turn_limit: float = TURN_LIMIT,
    ) -> None:
        """Keep how the miner is reached."""
        self._miner = miner
        self._client = miner.client
        self._turn_poll = turn_poll
        self._turn_limit = turn_limit
        self._profiles: tuple[Choice, ...] = ()
        self._tasks: set[asyncio.Task[Any]] = set()

    @override
    def abilities(self, rig: Rig) -> Abilities:
        commands = [
            Action.RESTART_MINING,
            Action.REBOOT,
            Action.PAUSE_MINING,
            Action.RESUME_MINING,
            Action.LOCATE,
            Action.SET_POOLS,
        ]
        if len(rig.pools) > 1:
            commands.append(Action.SWITCH_POOL)
        if rig.fans:
            commands.append(Action.SET_FAN)
        if self._profiles:
            commands.append(Action.SET_POWER_MODE)
        names = [profile.name for profile in self._profiles]
        return Abilities(
            commands=tuple(commands),
            power_modes=self._profiles,
            power_mode=rig.work_mode if rig.work_mode in names else None,
        )

    @override
    async def refresh(self) -> None:
        """Read the names of the profiles; firmware without the command has none."""
        found = rows(await self._client.command("profiles"), "PROFILES")
        names = dict.fromkeys(
            name
            for row in found[:MOST_CHOICES]
            if (name := text(row.get("Profile Name")))
        )
        self._profiles = tuple(
            Choice(id=name, name=name) for name in names if "," not in name
        )

    @override
    async def execute(self, command: Command, rig: Rig) -> Result:
        match command.action:
            case Action.RESTART_MINING:
                return await self._set("resetminer")
            case Action.REBOOT:
                return await self._set("rebootdevice")
            case Action.PAUSE_MINING:
                return await self._curtail("sleep", shown="sleep")
            case Action.RESUME_MINING:
                return await self._curtail("wakeup", shown="none")
            case Action.LOCATE:
                state = "blink" if wanted_switch(command) else "auto"
                return await self._set("ledset", "red", state, shown=("RedLed", state))
            case Action.SET_POWER_MODE:
                profile = wanted_choice(command, self._profiles).id
                return await self._set(
                    "profileset", profile, shown=("Profile", profile)
                )
            case Action.SET_FAN:
                return await self._set("fanset", f"speed={_speed(command)}")
            case Action.SWITCH_POOL:
                return await switch_pool(self._client, wanted_pool_index(command, rig))
            case Action.SET_POOLS:
                # A comma stands between the parameters, a bar between text commands.
                pools = wanted_pools(command, forbidden=",|")
                return await self._to_the_end(replace_pools(self._client, pools))
            case _:
                raise RejectedError("LuxOS cannot be told this")

    async def _curtail(self, mode: str, *, shown: str) -> Result:
        try:
            return await self._set("curtail", mode, shown=("CurtailMode", shown))
        except RejectedError:
            # It may be in this mode already.
            if await self._shows("CurtailMode", shown):
                return Result.DONE
            raise

    async def _set(
        self, name: str, *arguments: str, shown: tuple[str, str] | None = None
    ) -> Result:
        """Carry out a command in a session; ``shown`` is where ``config`` tells it."""
        async with self._session() as session:
            try:
                await tell(self._client, name, ",".join((session, *arguments)))
            except AnswerLostError:
                # A miner that restarts may not find the time to answer.
                return Result.SENT
        if shown is not None and await self._shows(*shown):
            return Result.DONE
        return Result.SENT

    async def _shows(self, key: str, value: str) -> bool:
        try:
            config = rows(await self._client.command("config"), "CONFIG")
        except SourceError:
            return False
        return bool(config) and str(config[0].get(key)).lower() == value.lower()

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[str]:
        """Hold a session, and give it back whatever happens."""
        session = await self._take_turn()
        try:
            yield session
        finally:
            await self._to_the_end(self._give_back(session))

    async def _take_turn(self) -> str:
        """Wait for a session.

        Raises:
            RejectedError: somebody else has one all the time.
            SourceError: as ``CgminerClient.command``.
        """
        deadline = monotonic() + self._turn_limit
        while True:
            session = await self._log_on()
            if session is not None:
                return session
            if monotonic() + self._turn_poll > deadline:
                raise RejectedError(
                    f"another session is active for {self._turn_limit:g} s: "
                    "somebody else is changing the miner's settings"
                )
            await asyncio.sleep(self._turn_poll)

    async def _log_on(self) -> str | None:
        """Ask for a session; ``None`` while somebody else has it."""
        asked = self._task(self._client.command("logon"))
        try:
            reply = await asyncio.shield(asked)
        except asyncio.CancelledError:
            # The miner may be giving us a session just now.
            asked.add_done_callback(self._return_unused)
            raise
        if session := _session_of(reply):
            return session
        if _is_taken(reply):
            return None
        if is_error(reply):
            raise RejectedError("the miner refuses logon")
        raise InvalidReplyError("logon: no session in the reply")

    def _return_unused(self, asked: asyncio.Task[Reply]) -> None:
        if asked.cancelled() or asked.exception() is not None:
            return
        if session := _session_of(asked.result()):
            self._task(self._give_back(session))

    async def _give_back(self, session: str) -> None:
        try:
            await self._client.command("logoff", session)
        except SourceError as err:
            # A miner that restarts has no sessions; any other ends this one in a minute.
            _LOGGER.debug("The session was not given back: %s", err)

    async def _to_the_end[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something that goes on even when nobody waits for it any more."""
        return await asyncio.shield(self._task(work))

    def _task[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Nobody may be left to hear of the error, which is then nobody's concern.
            task.exception()


def _session_of(reply: Reply) -> str | None:
    if is_error(reply):
        return None
    with suppress(IndexError):
        return text(section(reply, "SESSION")[0].get("SessionID"))
    return None


def _is_taken(reply: Reply) -> bool:
    messages = [str(row.get("Msg")).lower() for row in section(reply, "STATUS")]
    return status_code(reply) == _ANOTHER_SESSION or any(
        "another session" in message for message in messages
    )


def _speed(command: Command) -> int:
    match command.data.get("mode"):
        case "auto":
            return -1
        case "manual":
            return wanted_number(command.data.get("duty"), 0, 100)
        case _:
            raise RejectedError("neither auto nor manual")
