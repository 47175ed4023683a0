"""A farm in a house with areas, and those who follow it over the websocket."""

from collections.abc import Mapping
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.feed import async_setup_feed
from custom_components.antminer_monitor.log_lines import async_setup_log_lines

from .common import NOON, settle
from .farms import Farm, farm_rig, poll, setup_farms
from .users import make_user, put_into_area, token_of

FLEET = f"{DOMAIN}/fleet/subscribe"
RIG = f"{DOMAIN}/rig/subscribe"


class Client:
    """Somebody who follows the feed."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        socket: MockHAClientWebSocket,
    ) -> None:
        """Keep the connection."""
        self.hass = hass
        self.freezer = freezer
        self.socket = socket

    async def ask(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Send a message, and give the result."""
        await self.socket.send_json_auto_id({"type": type_, **fields})
        answer: dict[str, Any] = await self.socket.receive_json()
        assert answer["type"] == "result"
        return answer

    async def follow(self, type_: str = FLEET, **fields: Any) -> Any:
        """Subscribe, and give what comes first."""
        answer = await self.ask(type_, **fields)
        assert answer["success"]
        assert answer["result"] is None
        self.id = answer["id"]
        return await self.event()

    async def event(self) -> Any:
        """Give what comes next of the subscription."""
        answer = await self.socket.receive_json()
        assert (answer["type"], answer["id"]) == ("event", self.id)
        return answer["event"]

    async def next(self) -> Any:
        """Let a second pass, and give what comes."""
        await self.second()
        return await self.event()

    async def second(self) -> None:
        """Let a second pass."""
        self.freezer.tick(1.0)
        async_fire_time_changed(self.hass)
        await settle(self.hass)

    async def silent(self) -> bool:
        """Tell whether nothing came, and comes in the next second."""
        await self.second()
        await self.socket.send_json_auto_id({"type": "ping"})
        answer = await self.socket.receive_json()
        return bool(answer["type"] == "pong")

    async def leave(self) -> None:
        """End the subscription."""
        assert (await self.ask("unsubscribe_events", subscription=self.id))["success"]


class House:
    """A farm with a rig in one area, one in another and one in none, and those who look at it."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        sockets: WebSocketGenerator,
    ) -> None:
        """Begin without a farm."""
        self.hass = hass
        self._freezer = freezer
        self._sockets = sockets
        self.farm = Farm(
            "farm",
            # They are seen when a test says so, and not by being read.
            *(farm_rig(name, seen_at=NOON) for name in ("mine", "other", "third")),
        )

    async def setup(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set the farm up."""
        self.entry = await setup_farms(self.hass, monkeypatch, self.farm)
        self.mine = put_into_area(self.hass, self.entry, "mine", "Mine")
        self.other = put_into_area(self.hass, self.entry, "other", "Other")
        async_setup_log_lines(self.hass)
        async_setup_feed(self.hass)
        # Once more changes nothing.
        async_setup_feed(self.hass)

    async def client(
        self, group: str | Mapping[str, Any] = GROUP_ID_ADMIN, user: User | None = None
    ) -> Client:
        """Log somebody in."""
        user = user or await make_user(self.hass, group)
        socket = await self._sockets(self.hass, await token_of(self.hass, user))
        return Client(self.hass, self._freezer, socket)

    async def change(self, rig_id: str, **changes: Any) -> None:
        """Let something of a rig be different, and read."""
        self.farm.change(rig_id, **changes)
        await poll(self.hass)


async def make_house(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    sockets: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    """Set up the farm."""
    assert await async_setup_component(hass, "websocket_api", {})
    house = House(hass, freezer, sockets)
    await house.setup(monkeypatch)
    return house
