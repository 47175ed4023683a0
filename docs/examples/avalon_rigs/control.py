"""Has the light of an AvalonMiner blink: ``ascset|0,led,1-1``, as pyasic and foreman do."""

from typing import override

from custom_components.antminer_monitor.antminer.cgminer import is_error, section
from custom_components.antminer_monitor.antminer.control.controller import (
    Abilities,
    Controller,
    Miner,
    RejectedError,
)
from custom_components.antminer_monitor.command import Action, Command, Result
from custom_components.antminer_monitor.rig import Rig

_SWITCHES = {"on": "0,led,1-1", "off": "0,led,1-0"}
_ASK = "0,led,1-255"
_LIT = {"on": "LED[1]", "off": "LED[0]"}


class AvalonController(Controller):
    """Controls one AvalonMiner."""

    def __init__(self, miner: Miner) -> None:
        """Keep how the miner is reached."""
        self._client = miner.client

    @override
    def abilities(self, rig: Rig) -> Abilities:
        return Abilities(commands=(Action.LOCATE,))

    @override
    async def refresh(self) -> None:
        """There is nothing to learn."""

    @override
    async def execute(self, command: Command, rig: Rig) -> Result:
        wanted = command.value or ""
        if command.action != Action.LOCATE or wanted not in _SWITCHES:
            raise RejectedError("an AvalonMiner cannot be told this")
        if is_error(await self._client.command("ascset", _SWITCHES[wanted])):
            raise RejectedError("the miner refuses to switch its light")
        told = section(await self._client.command("ascset", _ASK), "STATUS")
        seen = any(_LIT[wanted] in str(row.get("Msg")) for row in told)
        return Result.DONE if seen else Result.SENT
