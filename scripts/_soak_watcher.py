"""What a soak sees of Home Assistant: every state, over the WebSocket that the front end uses."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
import time
from typing import Any, cast

import aiohttp
import orjson

from scripts._soak_checks import ENERGY, FIGURES, STALE, Shown
from scripts._soak_fleets import KEYS

ANSWER_DEADLINE = 60.0
START_DEADLINE = 240.0
_AT_ONCE = 400
_MOST_WAITING = 200_000

_HELD = ("sensor.", "binary_sensor.")
"""Entities that are held against the truth."""
WATCHED = {*FIGURES, STALE, ENERGY, *KEYS}

type See = Callable[[str, str, str, Shown], None]
"""Called with rig, key, entity and what it shows."""


class WatcherError(Exception):
    """Home Assistant does not answer as it should."""


class Watcher:
    """A connection to Home Assistant, and what its entities show."""

    def __init__(self, url: str, token: str, see: See) -> None:
        """Keep where to connect to."""
        self._url = url
        self._token = token
        self._see = see
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None
        self._mapping: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        self._subscription = 0
        self._shown: dict[str, Shown] = {}
        self._keys: dict[str, tuple[str, str] | None] = {}
        self._unknown: deque[str] = deque(maxlen=_MOST_WAITING)
        self.states = 0
        """States that were told."""
        self.ended: str | None = None
        """Why the connection ended, where nobody here ended it."""

    async def open(self) -> None:
        """Connect and follow every state; WatcherError where that is refused."""
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(
            f"{self._url}/api/websocket", max_msg_size=0, autoping=True
        )
        await self._socket.receive_json(timeout=ANSWER_DEADLINE)
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        answer = await self._socket.receive_json(timeout=ANSWER_DEADLINE)
        if answer["type"] != "auth_ok":
            raise WatcherError(f"not let in: {answer['type']}")
        self._reading = asyncio.create_task(self._read())
        self._mapping = asyncio.create_task(self._map())
        self._subscription = self._last + 1
        await self.ask("subscribe_entities")

    async def close(self) -> None:
        """End the connection."""
        for task in (self._mapping, self._reading):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
        if self._socket is not None:
            await self._socket.close()
        if self._session is not None:
            await self._session.close()
        for future in self._answers.values():
            future.cancel()
        self._answers.clear()

    async def ask(self, kind: str, **arguments: object) -> Any:
        """Send a command and give its result; WatcherError when it fails or takes too long."""
        if self._socket is None:
            raise WatcherError("not connected")
        self._last += 1
        number = self._last
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        try:
            await self._socket.send_json({"id": number, "type": kind, **arguments})
            return await asyncio.wait_for(future, ANSWER_DEADLINE)
        except (TimeoutError, aiohttp.ClientError, ConnectionError) as err:
            raise WatcherError(f"{kind}: {type(err).__name__}") from err
        finally:
            self._answers.pop(number, None)

    async def until_running(self) -> None:
        """Wait until Home Assistant has started."""
        end = time.monotonic() + START_DEADLINE
        while (await self.ask("get_config"))["state"] != "RUNNING":
            if time.monotonic() > end:
                raise WatcherError("Home Assistant does not come up")
            await asyncio.sleep(0.5)

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            told = orjson.loads(message.data)
            for item in told if isinstance(told, list) else (told,):
                self._take(item)
        self.ended = f"closed with {self._socket.close_code}"

    def _take(self, item: Mapping[str, Any]) -> None:
        if item["type"] == "result":
            future = self._answers.get(item["id"])
            if future is not None and not future.done():
                if item["success"]:
                    future.set_result(item["result"])
                else:
                    future.set_exception(WatcherError(str(item["error"])))
        elif item["type"] == "event" and item["id"] == self._subscription:
            self._take_states(item["event"])

    def _take_states(self, event: Mapping[str, Any]) -> None:
        now = time.time()
        for entity, told in cast("dict[str, Any]", event.get("a", {})).items():
            attributes = told.get("a", {})
            self._show(
                entity,
                Shown(
                    state=told["s"],
                    unit=attributes.get("unit_of_measurement", ""),
                    at=now,
                    source=attributes.get("power_source") or "",
                ),
            )
        for entity, change in cast("dict[str, Any]", event.get("c", {})).items():
            before = self._shown.get(entity)
            if before is None:
                continue
            told = change.get("+", {})
            attributes = told.get("a", {})
            self._show(
                entity,
                Shown(
                    state=told.get("s", before.state),
                    unit=attributes.get("unit_of_measurement", before.unit),
                    at=now if "s" in told else before.at,
                    source=attributes.get("power_source", before.source) or "",
                ),
            )
        for entity in event.get("r", ()):
            self._shown.pop(entity, None)
            self._keys.pop(entity, None)

    def _show(self, entity: str, shown: Shown) -> None:
        self.states += 1
        self._shown[entity] = shown
        if entity not in self._keys:
            self._keys[entity] = None
            self._unknown.append(entity)
        elif (place := self._keys[entity]) is not None:
            self._see(*place, entity, shown)

    async def _map(self) -> None:
        """Find out what the entities are that nobody knows yet."""
        while True:
            await asyncio.sleep(0.3)
            some = [
                self._unknown.popleft()
                for _ in range(min(_AT_ONCE, len(self._unknown)))
            ]
            if not some:
                continue
            found = await self.ask(
                "config/entity_registry/get_entries", entity_ids=some
            )
            self._learn(found)

    def _learn(self, found: Mapping[str, Any]) -> None:
        for entity, entry in found.items():
            if not entry or entry["platform"] != "antminer_monitor":
                continue
            if not entity.startswith(_HELD):
                # A select may have the key of a sensor: which pool comes first is not which is worked for.
                continue
            rig, _, key = str(entry["unique_id"]).partition("_")
            if key not in WATCHED:
                continue
            self._keys[entity] = (rig, key)
            if shown := self._shown.get(entity):
                self._see(rig, key, entity, shown)
