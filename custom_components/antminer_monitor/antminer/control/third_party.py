"""What the controls of LuxOS, Braiins OS and VNish have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field
import math

from ...command import Choice, Command, Result
from ...json_value import Json
from ...rig import Rig
from ...source import InvalidReplyError, SourceError, SourceTimeoutError
from ..cgminer import CgminerClient, ConnectTimeoutError, Reply, is_error, section
from ..firmware.pools import pools_of
from .controller import RejectedError

MAX_POOLS = 3
_LONGEST = 256
"""Characters of a pool's URL, user or password."""

MOST_CHOICES = 100
"""Presets or profiles of a miner that are offered."""


class AnswerLostError(SourceError):
    """The command went out and no answer came: it may have been carried out or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPool:
    """A pool as the miner shall have it."""

    url: str
    user: str
    password: str = field(repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """What a miner shows of it, fit to be compared: see ``pool_key``."""
        return pool_key(self.url, self.user)


def pool_key(url: str | None, user: str | None) -> tuple[str, str]:
    """Give what tells pools apart, whichever way a miner writes a URL.

    Some leave ``stratum+tcp://`` out, and some end it with a slash.
    """
    address = (url or "").rpartition("stratum+tcp://")[2]
    return address.rstrip("/").lower(), user or ""


def wanted_pools(command: Command, *, forbidden: str = "") -> tuple[WantedPool, ...]:
    """Read the pools that a command asks for.

    ``forbidden`` are characters that the miner's own commands have another use for.
    Blanks, quotation marks, backslashes and control characters are refused for every
    miner: what one firmware makes of them is not known of all its versions.

    Raises:
        RejectedError: not one to three pools, or a value that is not safe to send.
    """
    rows = command.data.get("pools")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_POOLS:
        raise RejectedError(f"not one to {MAX_POOLS} pools")
    found = []
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise RejectedError(f"pool {place} is not one")
        values = {key: row.get(key) for key in ("url", "user", "password")}
        for key, value in values.items():
            if not isinstance(value, str) or (not value and key != "password"):
                raise RejectedError(f"pool {place} has no {key}")
            if not _is_safe(value, forbidden):
                raise RejectedError(
                    f"the {key} of pool {place} has a character that cannot be sent"
                )
        found.append(
            WantedPool(
                url=str(values["url"]),
                user=str(values["user"]),
                password=str(values["password"]),
            )
        )
    return tuple(found)


def _is_safe(value: str, forbidden: str) -> bool:
    return (
        len(value) <= _LONGEST
        and value.isprintable()
        and not any(char.isspace() or char in f"\"'\\{forbidden}" for char in value)
    )


def wanted_switch(command: Command) -> bool:
    """Read ``on`` or ``off``; anything else raises RejectedError."""
    if command.value not in ("on", "off"):
        raise RejectedError("neither on nor off")
    return command.value == "on"


def wanted_choice(command: Command, choices: Sequence[Choice]) -> Choice:
    """Find the choice whose id a command gives; RejectedError where there is none."""
    for choice in choices:
        if choice.id == command.value:
            return choice
    raise RejectedError("the miner does not offer this")


def wanted_number(value: Json, least: float, most: float) -> int:
    """Read a number, rounded; RejectedError where it is none or not within bounds."""
    try:
        found = float(value) if isinstance(value, str | int | float) else math.nan
    except ValueError, OverflowError:
        found = math.nan
    if not least <= found <= most:
        raise RejectedError(f"not a number from {least:g} to {most:g}")
    return round(found)


def wanted_pool_index(command: Command, rig: Rig) -> int:
    """Find the pool that is to be worked for; RejectedError where there is none."""
    for pool in rig.pools:
        if str(pool.index) == command.value:
            return pool.index
    raise RejectedError("the miner has no such pool")


async def tell(client: CgminerClient, name: str, parameter: str | None = None) -> Reply:
    """Send a command that changes something over port 4028.

    Raises:
        AnswerLostError: it went out and no answer came that can be read.
        RejectedError: the miner answers that it failed. The miner's words are not
            quoted: those about a pool can hold its password.
        SourceError: nothing went out, as ``CgminerClient.command``.
    """
    try:
        reply = await client.command(name, parameter)
    except ConnectTimeoutError:
        raise
    except (SourceTimeoutError, InvalidReplyError) as err:
        raise AnswerLostError(str(err)) from None
    if is_error(reply):
        raise RejectedError(f"the miner refuses {name}")
    return reply


async def switch_pool(client: CgminerClient, index: int) -> Result:
    """Have a pool worked for first, over port 4028, and look whether it is.

    Raises SourceError and its kinds, as ``tell``.
    """
    try:
        await tell(client, "switchpool", str(index))
    except AnswerLostError:
        return Result.SENT
    try:
        pools = pools_of(await client.command("pools"))
    except SourceError:
        return Result.SENT
    priorities = {
        pool.index: pool.priority for pool in pools if pool.priority is not None
    }
    first = min(priorities, key=lambda key: priorities[key], default=None)
    return Result.DONE if first == index else Result.SENT


def rows(reply: Reply, key: str) -> list[dict[str, Json]]:
    """Give the objects of a reply's section; none of a failed reply."""
    return [] if is_error(reply) else section(reply, key)
