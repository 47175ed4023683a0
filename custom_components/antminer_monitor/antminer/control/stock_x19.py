"""Stock firmware of the S19 and later, told what to do."""

from contextlib import suppress
from dataclasses import replace
import json
import re
from typing import override

from ...command import Action, Choice, Command, Result
from ...rig import Rig
from ...source import (
    AccessDeniedError,
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
)
from ..cgminer import ConnectTimeoutError, is_error
from .configuration import SCRIPTS_OWN, Configuration, parse, x19_body
from .controller import Abilities, Miner, NotKeptError, RejectedError
from .stock_base import NORMAL, Pace, StockController
from .stock_web import JSON_TYPE

LOW = "3"
HIGH = "2"
_MODES = (
    Choice(id=NORMAL, name="normal"),
    Choice(id=LOW, name="low power"),
    Choice(id=HIGH, name="high"),
)
_HAS_LOW = re.compile(r"Antminer (?:L7|S21 ?XP)\b", re.IGNORECASE)
"""Models of which scripts are known that take low power."""


class X19Controller(StockController):
    """Controls a miner of the S19 generation."""

    sleep_mode = "1"
    awake_modes = frozenset({NORMAL, LOW, HIGH})
    keeps_duty = True

    def __init__(self, miner: Miner, pace: Pace | None = None) -> None:
        """Keep the miner."""
        super().__init__(miner, pace or Pace(write=max(20.0, miner.timeout)))
        self._refused: set[str] = set()
        """Modes that the miner overlooked; no more offered until it is set up anew."""

    @override
    def abilities(self, rig: Rig) -> Abilities:
        """Give what the miner accepts: nothing without a login."""
        if self.miner.credentials is None:
            return Abilities()
        commands = self.commands(rig)
        modes = self._modes(rig)
        if Action.SET_POWER_MODE not in commands:
            return Abilities(commands=commands)
        return Abilities(
            commands=commands,
            power_modes=modes,
            power_mode=next(
                (mode.name for mode in modes if mode.name == rig.work_mode), None
            ),
        )

    @override
    def commands(self, rig: Rig) -> tuple[Action, ...]:
        """Give what the miner can be told, provided that it lets us in."""
        found = [
            Action.RESTART_MINING,
            Action.REBOOT,
            Action.PAUSE_MINING,
            Action.RESUME_MINING,
            Action.LOCATE,
            Action.SET_POOLS,
        ]
        if len(rig.pools) > 1:
            found.append(Action.SWITCH_POOL)
        # A rig cooled by water or oil has none.
        if rig.fans_expected != 0:
            found.append(Action.SET_FAN)
        if len(self._modes(rig)) > 1:
            found.append(Action.SET_POWER_MODE)
        return tuple(found)

    def _modes(self, rig: Rig) -> tuple[Choice, ...]:
        """Give the modes that the model has, as far as is known or shown by itself."""
        return tuple(
            mode
            for mode in _MODES
            if mode.id not in self._refused
            and (
                mode.id == NORMAL
                or mode.name == rig.work_mode
                or (mode.id == LOW and _HAS_LOW.match(rig.model or ""))
            )
        )

    @override
    def read_configuration(self, page: bytes) -> Configuration:
        """Read the page of the configuration, which must tell the fans and the mode."""
        found = parse(page)
        if found.mode is None or found.fan_duty is None:
            raise InvalidReplyError("the configuration is not whole")
        # Nothing of this generation heeds what is its script's own.
        kept = {
            key: value for key, value in found.others.items() if key not in SCRIPTS_OWN
        }
        return replace(found, others=kept)

    @override
    def write_form(self, configuration: Configuration) -> tuple[bytes, str]:
        """Write a configuration as JSON."""
        return x19_body(configuration), JSON_TYPE

    @override
    def refusal(self, answer: bytes) -> str | None:
        """Give ``code`` and ``msg`` of an answer that is an error."""
        record = _record(answer)
        if record.get("stats") != "error":
            return None
        told = (str(record.get(key, "")) for key in ("code", "msg"))
        # Of the miner's own making, and shown to people.
        return " ".join(re.sub(r"[^\w !.-]", "", part)[:40] for part in told)

    @override
    async def perform(self, command: Command, rig: Rig) -> Result:
        """Carry out a command that is among the commands."""
        if command.action is Action.SET_POWER_MODE:
            return await self._set_mode(command.value, rig)
        return await super().perform(command, rig)

    async def _set_mode(self, value: str | None, rig: Rig) -> Result:
        if value is None or value not in {mode.id for mode in self._modes(rig)}:
            raise RejectedError("the miner has no such power mode")
        old = await self.read()
        if old.mode == self.sleep_mode:
            raise RejectedError("the miner sleeps; resume it first")
        new = replace(old, mode=value)
        if not new.differences(old):
            return Result.DONE
        try:
            await self.replace(old, new)
        except NotKeptError:
            if value != NORMAL:
                self._refused.add(value)
            raise
        return Result.DONE

    @override
    async def restart_mining(self) -> Result:
        """Have the miner program take its configuration anew.

        Sent to port 4028, where it writes nothing. Where that is not known, the script
        does the same for a configuration that did not change. Only another mode restarts
        the whole program, and to change it twice would leave a rig asleep if anything
        came between.
        """
        try:
            reply = await self.miner.client.command("reload", new_api=True)
        except SourceRefusedError, ConnectTimeoutError:
            raise
        except AccessDeniedError:
            reply = None
        except SourceError:
            # The program that should answer is the one that begins anew.
            return Result.SENT
        if reply is None or is_error(reply):
            # Older programs know no reload; their script does it for them.
            await self.change(lambda configuration: configuration, always=True)
        return Result.DONE

    @override
    async def locate(self, *, on: bool) -> Result:
        """Have the light blink, or no more."""
        body = b'{"blink":true}' if on else b'{"blink":false}'
        with suppress(InvalidReplyError, SourceTimeoutError):
            answer = _record(await self.pages.post("blink.cgi", body, JSON_TYPE))
            if answer.get("code") == ("B000" if on else "B100"):
                return Result.DONE
        shown = _record(await self.pages.get("get_blink_status.cgi")).get("blink")
        if shown is on:
            return Result.DONE
        raise RejectedError("the light does not do it")


def _record(answer: bytes) -> dict[str, object]:
    try:
        record = json.loads(answer)
    except ValueError, RecursionError:
        return {}
    return record if isinstance(record, dict) else {}
