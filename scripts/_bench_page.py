"""The open dashboard of scripts/bench: asks Home Assistant for what the browser asks for on the fleet page, and reads it.

    python -m scripts._bench_page URL

It signs in as the front end does and prints a line of JSON every second: see ``Received``. It ends with 1 when Home
Assistant cuts it off or refuses something.
"""

import asyncio
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
import sys
import time
from typing import Final

import aiohttp
import orjson

from custom_components.antminer_monitor.const import DOMAIN
from scripts._hass import PASSWORD, USERS

ENTITIES: Final = "entities"
FLEET: Final = "fleet"
LOGBOOK: Final = "logbook"

_PATIENCE: Final = 60.0
"""Seconds for an answer while it signs in; what comes later comes when there is news."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=_PATIENCE)
_MOST_BYTES: Final = 256 * 1024 * 1024
"""Of one message: the first one holds every state."""
_LOGBOOK_HOURS: Final = 24


@dataclass(slots=True)
class Received:
    """What came since the page was opened."""

    at: float = 0.0
    """The moment on the monotonic clock, which all processes of a machine share."""
    frames: int = 0
    """As they came; Home Assistant puts several messages into one when it can."""
    size: int = 0
    """Bytes of them, unpacked."""
    messages: dict[str, int] = field(default_factory=dict)
    """By what they are of: ``ENTITIES``, ``FLEET``, ``LOGBOOK``."""


class Page:
    """What the browser keeps open."""

    def __init__(self, url: str) -> None:
        """Make a page of the Home Assistant at that address; it is not opened yet."""
        self._url = url
        self._ids: dict[int, str] = {}
        self.received = Received()

    async def run(self) -> None:
        """Read until Home Assistant is gone or the process is told to end; SystemExit when something is refused."""
        async with aiohttp.ClientSession(
            timeout=_TIMEOUT, raise_for_status=True
        ) as session:
            token = await self._sign_in(session)
            # Packed, as browsers ask for it.
            async with session.ws_connect(
                f"{self._url}/api/websocket", compress=15, max_msg_size=_MOST_BYTES
            ) as socket:
                await socket.receive_json(timeout=_PATIENCE)
                await socket.send_json({"type": "auth", "access_token": token})
                answer = await socket.receive_json(timeout=_PATIENCE)
                if answer["type"] != "auth_ok":
                    raise SystemExit("Home Assistant does not let the page in")
                await self._ask(
                    socket,
                    "",
                    type="supported_features",
                    features={"coalesce_messages": 1},
                )
                await self._ask(socket, ENTITIES, type="subscribe_entities")
                await self._ask(socket, FLEET, type=f"{DOMAIN}/fleet/subscribe")
                async for message in socket:
                    await self._take(socket, message.data)
        raise SystemExit(f"Home Assistant cut the page off: code {socket.close_code}")

    async def _sign_in(self, session: aiohttp.ClientSession) -> str:
        client = f"{self._url}/"
        flow = f"{self._url}/auth/login_flow"
        step = await _answer(
            session,
            flow,
            json={
                "client_id": client,
                "handler": ["homeassistant", None],
                "redirect_uri": client,
            },
        )
        step = await _answer(
            session,
            f"{flow}/{step['flow_id']}",
            json={"client_id": client, "username": USERS[0], "password": PASSWORD},
        )
        tokens = await _answer(
            session,
            f"{self._url}/auth/token",
            data={
                "grant_type": "authorization_code",
                "code": step["result"],
                "client_id": client,
            },
        )
        return tokens["access_token"]

    async def _ask(
        self, socket: aiohttp.ClientWebSocketResponse, feed: str, **message: object
    ) -> None:
        number = len(self._ids) + 1
        self._ids[number] = feed
        await socket.send_json({"id": number, **message})

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, frame: str) -> None:
        self.received.frames += 1
        self.received.size += len(frame.encode())
        messages = orjson.loads(frame)
        for message in messages if isinstance(messages, list) else [messages]:
            feed = self._ids.get(message["id"], "")
            if message["type"] == "event":
                counts = self.received.messages
                counts[feed] = counts.get(feed, 0) + 1
                if feed == ENTITIES and LOGBOOK not in self._ids.values():
                    await self._ask_logbook(socket, message["event"].get("a", {}))
            elif not message.get("success", True):
                raise SystemExit(f"Home Assistant refuses {feed}: {message['error']}")

    async def _ask_logbook(
        self, socket: aiohttp.ClientWebSocketResponse, states: dict[str, object]
    ) -> None:
        """Ask for what happened to the rigs, as the log of the dashboard shows it."""
        events = [entity_id for entity_id in states if entity_id.startswith("event.")]
        if not events:
            # It would be asked for everything that happened.
            return
        since = datetime.now(UTC) - timedelta(hours=_LOGBOOK_HOURS)
        await self._ask(
            socket,
            LOGBOOK,
            type="logbook/event_stream",
            start_time=since.isoformat(),
            entity_ids=events,
        )


async def _answer(
    session: aiohttp.ClientSession,
    url: str,
    *,
    json: object = None,
    data: dict[str, str] | None = None,
) -> dict[str, str]:
    async with session.post(url, json=json, data=data) as response:
        answer: dict[str, str] = orjson.loads(await response.read())
        return answer


async def main(url: str) -> None:
    """Open the page, and tell of it every second."""
    page = Page(url)
    async with asyncio.TaskGroup() as group:
        group.create_task(page.run())
        while True:
            page.received.at = time.monotonic()
            print(orjson.dumps(asdict(page.received)).decode(), flush=True)
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
