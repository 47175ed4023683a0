"""Telling VNish 1.2 and later what to do: REST with a password, and no user name.

Older VNish has no such interface; what it can be told is not known.
"""

from collections.abc import Mapping, Sequence
from typing import override

from ...command import Action, Choice, Command, Result
from ...json_value import Json
from ...rig import Rig
from ...source import SourceError
from ..firmware.parsing import text
from .controller import Abilities, Controller, Miner, NotKeptError, RejectedError
from .rest import TokenRest, at
from .third_party import (
    MOST_CHOICES,
    AnswerLostError,
    WantedPool,
    pool_key,
    wanted_choice,
    wanted_pool_index,
    wanted_pools,
    wanted_switch,
)

_NO_POOL: Mapping[str, Json] = {"url": "", "user": "", "pass": ""}
_RESTING = ("stopped", "shutting-down")
_WORKING = ("mining", "initializing", "starting", "auto-tuning", "restarting")


class VnishController(Controller):
    """Controls one miner with VNish."""

    def __init__(self, miner: Miner) -> None:
        """Keep how the miner is reached."""
        login: dict[str, Json] | None = None
        if miner.credentials is not None:
            login = {"pw": miner.credentials.password}
        self._has_login = login is not None
        self._rest = TokenRest(
            miner, login_path="unlock", login=login, scheme="Bearer "
        )
        self._answers = False
        self._presets: tuple[Choice, ...] = ()
        self._preset: str | None = None

    @override
    def abilities(self, rig: Rig) -> Abilities:
        commands: list[Action] = []
        if self._answers:
            commands.append(Action.LOCATE)
        if not self._rest.signed_in:
            return Abilities(commands=tuple(commands))
        commands += [
            Action.RESTART_MINING,
            Action.REBOOT,
            Action.PAUSE_MINING,
            Action.RESUME_MINING,
            Action.SET_POOLS,
        ]
        if len(rig.pools) > 1:
            commands.append(Action.SWITCH_POOL)
        if self._presets:
            commands.append(Action.SET_POWER_MODE)
        names = {preset.id: preset.name for preset in self._presets}
        return Abilities(
            commands=tuple(commands),
            power_modes=self._presets,
            power_mode=names.get(self._preset) if self._preset else None,
        )

    @override
    async def refresh(self) -> None:
        """Find out whether there is this interface; sign in and read the presets."""
        self._answers = isinstance(await self._rest.read("status", public=True), dict)
        if not self._answers or not self._has_login:
            return
        answer = await self._rest.read("autotune/presets")
        rows = answer if isinstance(answer, list) else at(answer, "presets")
        self._presets = tuple(_presets(rows if isinstance(rows, list) else []))
        self._preset = await self._present_preset()

    async def _present_preset(self) -> str | None:
        try:
            page = await self._rest.read("perf-summary", public=True)
        except RejectedError:
            return None
        return text(at(page, "current_preset", "name"))

    @override
    async def execute(self, command: Command, rig: Rig) -> Result:
        if command.action is Action.SET_POOLS:
            return await self._set_pools(wanted_pools(command))
        try:
            return await self._tell(command, rig)
        except AnswerLostError:
            return Result.SENT

    async def _tell(self, command: Command, rig: Rig) -> Result:
        match command.action:
            case Action.LOCATE:
                return await self._locate(on=wanted_switch(command))
            case Action.RESTART_MINING:
                await self._rest.send("POST", "mining/restart")
            case Action.REBOOT:
                await self._rest.send("POST", "system/reboot")
            case Action.PAUSE_MINING:
                return await self._pause()
            case Action.RESUME_MINING:
                return await self._resume()
            case Action.SWITCH_POOL:
                index = wanted_pool_index(command, rig)
                await self._rest.send("POST", "mining/switch-pool", {"pool_id": index})
            case Action.SET_POWER_MODE:
                return await self._set_preset(wanted_choice(command, self._presets).id)
            case _:
                raise RejectedError("VNish cannot be told this")
        return Result.SENT

    async def _pause(self) -> Result:
        try:
            await self._rest.send("POST", "mining/pause")
        except RejectedError:
            # A miner that rests refuses it.
            if await self._status("miner_state") in _RESTING:
                return Result.DONE
            raise
        return Result.SENT

    async def _resume(self) -> Result:
        try:
            await self._rest.send("POST", "mining/resume")
        except RejectedError as err:
            state = await self._status("miner_state")
            if state in _WORKING:
                return Result.DONE
            if state not in _RESTING:
                raise RejectedError(str(err)) from None
            # What was stopped on the miner's own page is started, not resumed.
            await self._rest.send("POST", "mining/start")
        return Result.SENT

    async def _locate(self, *, on: bool) -> Result:
        # Early versions take no value: there, the command turns the light over.
        if await self._status("find_miner") is on:
            return Result.DONE
        answer = await self._rest.send("POST", "find-miner", {"on": on}, public=True)
        shown = at(answer, "on")
        if shown is None:
            shown = await self._status("find_miner")
        return Result.DONE if shown is on else Result.SENT

    async def _status(self, key: str) -> Json:
        try:
            return at(await self._rest.read("status", public=True), key)
        except SourceError:
            return None

    async def _set_preset(self, preset: str) -> Result:
        answer = await self._rest.send(
            "POST", "settings", {"miner": {"overclock": {"preset": preset}}}
        )
        await self._apply(answer)
        try:
            self._preset = await self._present_preset()
        except SourceError:
            return Result.SENT
        return Result.DONE if self._preset == preset else Result.SENT

    async def _apply(self, answer: Json) -> None:
        """Restart mining where the miner says that saved settings wait for it."""
        if at(answer, "restart_required") is not True:
            return
        try:
            await self._rest.send("POST", "mining/restart")
        except RejectedError as err:
            raise SourceError(f"saved, and waiting for a restart: {err}") from None

    async def _set_pools(self, pools: Sequence[WantedPool]) -> Result:
        """Write the pools into the settings, read them again, and undo what is not so.

        Raises:
            RejectedError: nothing was changed.
            NotKeptError: other pools were shown; the former ones were put back.
            SourceError: what the miner has now is not known.
        """
        former = await self._pools()
        if not former:
            raise RejectedError("the present pools cannot be read")
        if any(set(str(pool["pass"])) == {"*"} for pool in former):
            raise RejectedError("the miner hides the passwords of its present pools")
        new: list[dict[str, Json]] = [
            {"url": pool.url, "user": pool.user, "pass": pool.password}
            for pool in pools
        ]
        # The slots are a fixed number; those not used are empty.
        new += [dict(_NO_POOL)] * (len(former) - len(new))
        try:
            answer = await self._save_pools(new)
        except AnswerLostError:
            answer = None
        try:
            shown = await self._pools()
            if not _same(shown, new) and not _same(shown, former):
                await self._save_pools(former)
                shown = await self._pools()
        except SourceError as err:
            raise SourceError(f"the miner's pools are not known now: {err}") from None
        if _same(shown, new):
            await self._apply(answer)
            return Result.DONE
        if _same(shown, former):
            raise NotKeptError("the miner does not keep the new pools")
        raise SourceError("the miner has neither the new pools nor the former ones")

    async def _pools(self) -> list[dict[str, Json]]:
        rows = at(await self._rest.read("settings"), "miner", "pools")
        return [
            {key: row.get(key) or "" for key in _NO_POOL}
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict)
        ]

    async def _save_pools(self, pools: Sequence[dict[str, Json]]) -> Json:
        rows: list[Json] = [dict(pool) for pool in pools]
        return await self._rest.send("POST", "settings", {"miner": {"pools": rows}})


def _presets(rows: Sequence[Json]) -> list[Choice]:
    """Read the presets, without those that need a power supply that was tampered with."""
    found = {
        name: Choice(id=name, name=text(row.get("pretty")) or name)
        for row in rows[:MOST_CHOICES]
        if isinstance(row, dict)
        and (name := text(row.get("name")))
        and row.get("modded_psu_required") is not True
    }
    return list(found.values())


def _same(one: Sequence[dict[str, Json]], other: Sequence[dict[str, Json]]) -> bool:
    return _comparable(one) == _comparable(other)


def _comparable(
    pools: Sequence[dict[str, Json]],
) -> list[tuple[tuple[str, str], str]]:
    return [
        (pool_key(str(pool["url"]), str(pool["user"])), str(pool["pass"]))
        for pool in pools
        if pool["url"]
    ]
