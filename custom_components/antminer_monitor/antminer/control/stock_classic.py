"""Stock firmware up to the S17 and T17, told what to do.

Its script reads a form by the places of its fields, not by their names, and writes a whole
new configuration from it. So it is written only where the present one shows every mark of
the script whose fields are known.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
import json
import re
from typing import override
from urllib.parse import quote

from ...command import Action, Result
from ...rig import Rig
from ...source import InvalidReplyError, SourceTimeoutError
from .configuration import Configuration, Scalar, check, check_pools, parse
from .controller import Miner, RejectedError
from .stock_base import Pace, StockController
from .stock_web import FORM_TYPE

MARKS = frozenset("-_.~:;/@+=,#!")
"""Beside letters and digits, what the script leaves or decodes as it was. Not the per cent
sign: it is decoded twice."""
_UNCODED = "-_.~!"
"""Of them, those that it does not decode."""

_OWN: dict[str, Scalar] = {
    "api-listen": True,
    "api-network": True,
    "api-groups": "A:stats:pools:devs:summary:version",
    "api-allow": "A:0/0,W:*",
    "bitmain-use-vil": True,
}
"""What the script writes of itself. An older one, with fewer fields, writes otherwise."""
_BEEPER = "bitmain-nobeeper"
_HEAT = "bitmain-notempoverctrl"
_FREQUENCY = "bitmain-freq"
_VOLTAGE = "bitmain-voltage"
_FIELDS = frozenset({_BEEPER, _HEAT, _FREQUENCY, _VOLTAGE})

_SLEEPS = re.compile(r"Antminer [ST]17", re.IGNORECASE)


class ClassicController(StockController):
    """Controls a miner with the classic web interface."""

    sleep_mode = "254"
    awake_modes = frozenset({"0", "1", "2"})
    keeps_duty = False

    def __init__(self, miner: Miner, pace: Pace | None = None) -> None:
        """Keep the miner."""
        # The script of the S17 sleeps 30 s before it answers, and waits for another one
        # as long.
        super().__init__(miner, pace or Pace(write=75.0, again=5.0, attempts=8))

    @override
    def commands(self, rig: Rig) -> tuple[Action, ...]:
        """Give what the miner can be told, provided that it lets us in."""
        found = [Action.RESTART_MINING, Action.REBOOT]
        if rig.work_mode is not None and _SLEEPS.match(rig.model or ""):
            found += [Action.PAUSE_MINING, Action.RESUME_MINING]
        found += [Action.LOCATE, Action.SET_POOLS]
        if len(rig.pools) > 1:
            found.append(Action.SWITCH_POOL)
        if rig.fans_expected != 0:
            found.append(Action.SET_FAN)
        return tuple(found)

    @override
    def read_configuration(self, page: bytes) -> Configuration:
        """Read the page of the configuration; what is off and what is not there are the same."""
        found = parse(page)
        others = {
            key: value
            for key, value in found.others.items()
            if not (key in (_BEEPER, _HEAT) and value is False)
        }
        duty = found.fan_duty if found.fan_manual else None
        return replace(found, fan_duty=duty, others=others)

    @override
    def write_form(self, configuration: Configuration) -> tuple[bytes, str]:
        """Write a configuration as the form of the miner's own page."""
        others = configuration.others
        for key, value in _OWN.items():
            if others.get(key) != value:
                raise RejectedError(
                    f"the miner would change {key}, which is not as its own page sets it"
                )
        if unknown := others.keys() - _OWN.keys() - _FIELDS:
            raise RejectedError(f"the miner would lose {min(unknown)}")
        check_pools(configuration.pools, MARKS)
        fields: list[tuple[str, str]] = []
        for place, entry in enumerate(configuration.pools, 1):
            fields += [
                (f"_ant_pool{place}url", entry.url),
                (f"_ant_pool{place}user", entry.user),
                (f"_ant_pool{place}pw", entry.password),
            ]
        fields += [
            ("_ant_nobeeper", _flag(others, _BEEPER)),
            ("_ant_notempoverctrl", _flag(others, _HEAT)),
            ("_ant_fan_customize_switch", str(configuration.fan_manual).lower()),
            ("_ant_fan_customize_value", configuration.fan_duty or ""),
            ("_ant_freq", _value(others, _FREQUENCY)),
        ]
        if _VOLTAGE in others or configuration.mode is not None:
            # The places count: what follows needs this one filled. Left empty, the
            # voltage would be that of the factory.
            fields.append(("_ant_voltage", _value(others, _VOLTAGE)))
        if configuration.mode is not None:
            fields.append(("_ant_work_mode", configuration.mode))
        body = "&".join(f"{key}={quote(value, safe=_UNCODED)}" for key, value in fields)
        return body.encode("ascii"), FORM_TYPE

    @override
    def refusal(self, answer: bytes) -> str | None:
        """Nothing: the script says ``ok`` or nothing of use."""
        return None

    @override
    async def restart_mining(self) -> Result:
        """Write the configuration as it is: the script restarts the miner program after it."""
        await self.change(lambda old: old, always=True)
        return Result.SENT

    @override
    async def locate(self, *, on: bool) -> Result:
        """Have the light blink, or no more.

        The script that makes it blink holds its answer until it ends, so that no answer
        is the usual one; another page tells whether it blinks.
        """
        action = b"startBlink" if on else b"stopBlink"
        try:
            await self.pages.post(
                "blink.cgi", b"action=" + action, FORM_TYPE, timeout=self.pace.blink
            )
        except SourceTimeoutError, InvalidReplyError:
            await asyncio.sleep(self.pace.settle)
        try:
            answer = await self.pages.post(
                "blink.cgi",
                b"action=onPageLoaded",
                FORM_TYPE,
                timeout=self.pace.blink,
            )
        except SourceTimeoutError, InvalidReplyError:
            return Result.SENT
        match _blinking(answer):
            case None:
                return Result.SENT
            case shown if shown is on:
                return Result.DONE
            case _:
                raise RejectedError("the light does not do it")


def _flag(others: Mapping[str, Scalar], key: str) -> str:
    return "true" if others.get(key) is True else "false"


def _value(others: Mapping[str, Scalar], key: str) -> str:
    value = others.get(key)
    if not isinstance(value, str) or not value:
        # Left empty, the script would put the factory's in its place.
        raise RejectedError(f"the configuration holds no {key}")
    check(value, key, MARKS)
    return value


def _blinking(answer: bytes) -> bool | None:
    try:
        record = json.loads(answer)
    except ValueError, RecursionError:
        return None
    shown = record.get("isBlinking") if isinstance(record, dict) else None
    return shown if isinstance(shown, bool) else None
