"""Telling Braiins OS what to do.

Port 4028 takes a few commands from anybody. The rest is REST (23.03 and later), with a user
name and a password; on a fresh installation that is ``root`` and none.
"""

from typing import override

from ...command import Action, Command, Result
from ...json_value import Json
from ...rig import Rig
from ...source import SourceError
from .controller import Abilities, Controller, Miner, RejectedError
from .rest import MissingError, TokenRest, at
from .third_party import (
    AnswerLostError,
    switch_pool,
    tell,
    wanted_number,
    wanted_pool_index,
    wanted_switch,
)

_ACTIONS: dict[str, str] = {
    Action.PAUSE_MINING: "pause",
    Action.RESUME_MINING: "resume",
    Action.RESTART_MINING: "restart",
    Action.REBOOT: "reboot",
}
MOST_WATTS = 100_000
"""No miner draws so much."""
_OPEN: dict[str, str] = {Action.PAUSE_MINING: "pause", Action.RESUME_MINING: "resume"}
"""What port 4028 takes."""


class BraiinsController(Controller):
    """Controls one miner with Braiins OS."""

    def __init__(self, miner: Miner) -> None:
        """Keep how the miner is reached."""
        self._client = miner.client
        login: dict[str, Json] | None = None
        if miner.credentials is not None:
            login = {
                "username": miner.credentials.username,
                "password": miner.credentials.password,
            }
        self._has_login = login is not None
        self._rest = TokenRest(miner, login_path="auth/login", login=login)
        self._target: float | None = None
        self._least: float | None = None
        self._most: float | None = None

    @override
    def abilities(self, rig: Rig) -> Abilities:
        commands = [Action.PAUSE_MINING, Action.RESUME_MINING]
        if len(rig.pools) > 1:
            commands.append(Action.SWITCH_POOL)
        if not self._rest.signed_in:
            return Abilities(commands=tuple(commands))
        commands += [Action.RESTART_MINING, Action.REBOOT, Action.LOCATE]
        if self._least is not None and self._most is not None:
            commands.append(Action.SET_POWER_TARGET)
        return Abilities(
            commands=tuple(commands),
            power_target=self._target,
            power_target_least=self._least,
            power_target_most=self._most,
        )

    @override
    async def refresh(self) -> None:
        """Sign in where there is a login, and read the power target and its bounds."""
        if not self._has_login:
            return
        limits = await self._page("configuration/constraints")
        bounds = at(limits, "tuner_constraints", "power_target")
        self._least = _watts(at(bounds, "min"))
        self._most = _watts(at(bounds, "max"))
        self._target = await self._read_target()

    async def _page(self, path: str) -> Json:
        """Read a page that not every version has."""
        try:
            return await self._rest.read(path)
        except MissingError:
            return None

    async def _read_target(self) -> float | None:
        state = await self._page("performance/tuner-state")
        return _watts(at(state, "mode_state", "powertargetmodestate", "current_target"))

    @override
    async def execute(self, command: Command, rig: Rig) -> Result:
        if command.action is Action.SWITCH_POOL:
            return await switch_pool(self._client, wanted_pool_index(command, rig))
        try:
            if not self._rest.signed_in:
                return await self._tell_open(command)
            return await self._tell_rest(command)
        except AnswerLostError:
            return Result.SENT

    async def _tell_open(self, command: Command) -> Result:
        name = _OPEN.get(command.action)
        if name is None:
            raise RejectedError("Braiins OS cannot be told this without its password")
        await tell(self._client, name)
        return Result.SENT

    async def _tell_rest(self, command: Command) -> Result:
        match command.action:
            case Action.LOCATE:
                on = wanted_switch(command)
                await self._rest.send("PUT", "actions/locate", on)
                return Result.DONE if await self._locating() is on else Result.SENT
            case Action.SET_POWER_TARGET:
                if self._least is None or self._most is None:
                    raise RejectedError("the bounds of the power target are not known")
                watts = wanted_number(command.value, self._least, self._most)
                await self._rest.send(
                    "PUT", "performance/power-target", {"watt": watts}
                )
                return await self._confirmed(watts)
            case action if action in _ACTIONS:
                await self._rest.send("PUT", f"actions/{_ACTIONS[action]}")
                return Result.SENT
            case _:
                raise RejectedError("Braiins OS cannot be told this")

    async def _locating(self) -> Json:
        try:
            shown = await self._rest.read("actions/locate")
        except SourceError:
            return None
        return at(shown, "enabled") if isinstance(shown, dict) else shown

    async def _confirmed(self, watts: int) -> Result:
        try:
            self._target = await self._read_target()
        except SourceError:
            return Result.SENT
        return Result.DONE if self._target == watts else Result.SENT


def _watts(value: Json) -> float | None:
    found = at(value, "watt")
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if 0 < found <= MOST_WATTS else None
