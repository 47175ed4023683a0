"""Replacing the pools of LuxOS, so that the miner is never without one.

There is no command that sets all pools, and none that tells a pool's password. So the new
ones are added first, the miner is switched to them, and only when it works for the first of
them do the old ones go. Until then everything can be undone; after it nothing has to be.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from ...command import Result
from ...source import SourceError
from ..cgminer import CgminerClient, is_error
from ..firmware.parsing import whole
from ..firmware.pools import pools_of
from .controller import NotKeptError, RejectedError
from .third_party import AnswerLostError, WantedPool, pool_key, rows, tell

WORK_POLL = 1.0
WORK_LIMIT = 30.0
"""Seconds that the miner has to begin to work for the new pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """A pool as the miner shows it."""

    index: int
    key: tuple[str, str]
    priority: int
    active: bool
    group: int


async def replace_pools(client: CgminerClient, wanted: Sequence[WantedPool]) -> Result:
    """Put these pools in place of the miner's own.

    Raises:
        RejectedError: nothing was changed.
        NotKeptError: the miner does not work for the new pools; it has its own again.
        SourceError: no way to the miner, or it has the new pools first and keeps an old
            one behind them.
    """
    before = await _slots(client)
    if len({slot.group for slot in before}) > 1:
        raise RejectedError(
            "the pools are in several groups: set them on the miner's own page"
        )
    old = {slot.index for slot in before}
    try:
        for pool in wanted:
            await tell(client, "addpool", f"{pool.url},{pool.user},{pool.password}")
        added = _added(await _slots(client), old, wanted)
        await tell(client, "switchpool", str(added[0].index))
        await _await_work(client, before, added[0].index)
    except SourceError as err:
        await _undo(client, before, err)
        if isinstance(err, RejectedError):
            raise
        raise NotKeptError(f"the former pools were put back: {err}") from None
    await _remove_old(client, before)
    keys = [slot.key for slot in _in_order(await _slots(client))]
    if keys != [pool.key for pool in wanted]:
        raise SourceError("the pools were set, and the miner shows them differently")
    return Result.DONE


async def _slots(client: CgminerClient) -> list[_Slot]:
    """Read the pools, lowest index first."""
    reply = await client.command("pools")
    if is_error(reply):
        raise RejectedError("the miner refuses pools")
    groups = {
        whole(row.get("POOL")): whole(row.get("GROUP")) for row in rows(reply, "POOLS")
    }
    found = [
        _Slot(
            index=pool.index,
            key=pool_key(pool.url, pool.user),
            priority=pool.index if pool.priority is None else pool.priority,
            active=bool(pool.active),
            group=groups.get(pool.index) or 0,
        )
        for pool in pools_of(reply)
    ]
    return sorted(found, key=lambda slot: slot.index)


def _in_order(slots: Sequence[_Slot]) -> list[_Slot]:
    return sorted(slots, key=lambda slot: slot.priority)


def _added(
    slots: Sequence[_Slot], old: set[int], wanted: Sequence[WantedPool]
) -> list[_Slot]:
    """Find the new pools; they stand behind the old ones, in the order they came in."""
    new = [slot for slot in slots if slot.index not in old]
    if [slot.key for slot in new] != [pool.key for pool in wanted]:
        raise NotKeptError("the miner does not show the new pools")
    if old and new[0].index < max(old):
        # Removing old ones by their number would not be safe.
        raise NotKeptError("the miner numbers the new pools in an unknown way")
    return new


async def _await_work(
    client: CgminerClient, before: Sequence[_Slot], index: int
) -> None:
    """Wait until the miner works for a pool; one that works for none is not asked to."""
    if not any(slot.active for slot in before):
        return
    deadline = monotonic() + WORK_LIMIT
    while True:
        if any(slot.index == index and slot.active for slot in await _slots(client)):
            return
        if monotonic() + WORK_POLL > deadline:
            raise NotKeptError(f"no work from the new pool within {WORK_LIMIT:g} s")
        await asyncio.sleep(WORK_POLL)


async def _remove_old(client: CgminerClient, before: Sequence[_Slot]) -> None:
    """Remove the old pools, from the last: so none changes its number before its turn."""
    for slot in reversed(before):
        now = {each.index: each.key for each in await _slots(client)}
        if now.get(slot.index) != slot.key:
            raise SourceError("the new pools are in use, and an old one is still there")
        try:
            await tell(client, "removepool", str(slot.index))
        except AnswerLostError, RejectedError:
            raise SourceError(
                "the new pools are in use, and an old one could not be removed"
            ) from None


async def _undo(
    client: CgminerClient, before: Sequence[_Slot], cause: SourceError
) -> None:
    """Have the miner work for its own pools again, without the new ones.

    Raises SourceError where that fails, with both reasons.
    """
    try:
        now = await _slots(client)
        old = {slot.index for slot in before}
        new = [slot.index for slot in now if slot.index not in old]
        if new and before:
            first = _in_order(before)[0].index
            if _in_order(now)[0].index != first:
                await tell(client, "switchpool", str(first))
            for index in sorted(new, reverse=True):
                await tell(client, "removepool", str(index))
        if {slot.index: slot.key for slot in await _slots(client)} == {
            slot.index: slot.key for slot in before
        }:
            return
    except SourceError as err:
        raise SourceError(
            f"{cause}; and the former pools could not be put back: {err}"
        ) from None
    raise SourceError(f"{cause}; and the former pools could not be put back")
