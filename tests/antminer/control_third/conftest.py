"""Miners of other firmware, as far as they can be told something."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
import json
from typing import override

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.antminer_monitor.antminer.cgminer import CgminerClient
from custom_components.antminer_monitor.antminer.control.controller import Miner
from custom_components.antminer_monitor.antminer.web import Credentials
from custom_components.antminer_monitor.json_value import Json

type Object = dict[str, Json]


class CgminerMiner:
    """Answers commands on a TCP port: one connection, one command, one reply."""

    def __init__(self) -> None:
        """Know no command yet."""
        self.received: list[str] = []
        """The requests, as they came."""
        self.lose: set[str] = set()
        """Commands that are carried out and not answered."""
        self.refuse: set[str] = set()
        """Commands that are answered with an error, and not carried out."""
        self.ignore: set[str] = set()
        """Commands that are answered with success, and not carried out."""
        self.fixed: dict[str, Object] = {}
        """Commands that are always answered the same, and not carried out."""
        self.stall: dict[str, asyncio.Event] = {}
        """Commands that are carried out at once and answered when the event is set."""
        self.asked = asyncio.Event()
        """Set when a command came that is stalled."""
        self.pools: list[Object] = [pool(0, "old"), pool(1, "spare")]
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def told(self) -> list[str]:
        """The requests that are no plain reading."""
        readings = ('{"command":"pools"}', '{"command":"config"}')
        return [request for request in self.received if request not in readings]

    @property
    def keys(self) -> list[Json]:
        """The pools' users, as they are worked for."""
        return [row["User"] for row in sorted(self.pools, key=_priority)]

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            request = (await reader.read(8191)).decode()
            self.received.append(request)
            asked = json.loads(request)
            name, parameter = asked["command"], asked.get("parameter", "")
            reply = self._reply(name, parameter)
            if name in self.stall:
                self.asked.set()
                await self.stall[name].wait()
            if name not in self.lose:
                writer.write(json.dumps(reply).encode() + b"\0")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _reply(self, name: str, parameter: str) -> Object:
        if name in self.refuse:
            return failed(14, f"Invalid {name} {parameter}")
        if name in self.ignore:
            return done(1)
        if name in self.fixed:
            return self.fixed[name]
        return self.carry_out(name, parameter)

    def carry_out(self, name: str, parameter: str) -> Object:
        """Do what a command says."""
        match name:
            case "pools":
                for row in self.pools:
                    row["Stratum Active"] = row is min(self.pools, key=_priority)
                return done(7, POOLS=list(self.pools))
            case "switchpool":
                first = next(row for row in self.pools if row["POOL"] == int(parameter))
                others = sorted(
                    (row for row in self.pools if row is not first), key=_priority
                )
                for place, row in enumerate([first, *others]):
                    row["Priority"] = place
                return done(27)
            case _:
                return failed(14, "Invalid command")


def pool(index: int, user: str, url: str | None = None) -> Object:
    """A row of ``pools``."""
    return {
        "POOL": index,
        "URL": url or f"stratum+tcp://{user}.example:3333",
        "User": user,
        "Status": "Alive",
        "Priority": index,
        "Stratum Active": False,
    }


def _priority(row: Object) -> int:
    priority = row["Priority"]
    assert isinstance(priority, int)
    return priority


def done(code: int, **sections: Json) -> Object:
    """A reply that says yes."""
    return {"STATUS": [{"STATUS": "S", "Code": code, "Msg": "Done"}], **sections}


def failed(code: int, message: str) -> Object:
    """A reply that says no."""
    return {"STATUS": [{"STATUS": "E", "Code": code, "Msg": message}]}


class LuxosMiner(CgminerMiner):
    """LuxOS."""

    def __init__(self) -> None:
        """Begin without a session."""
        super().__init__()
        self.session: str | None = None
        self.busy = 0
        """How often somebody else has the session yet."""
        self.given = 0
        self.config: Object = {
            "CurtailMode": "None",
            "Profile": "default",
            "RedLed": "auto",
        }
        self.removed_swaps = False
        """Whether the last pool takes the number of a removed one, as in cgminer."""
        self.dead: set[Json] = set()
        """Users of pools that nobody works for."""

    @override
    def carry_out(self, name: str, parameter: str) -> Object:
        match name:
            case "logon":
                if self.busy:
                    self.busy -= 1
                    return failed(402, "Another session is active")
                if self.session:
                    return failed(402, "Another session is active")
                self.given += 1
                self.session = f"SiD{self.given}"
                return done(316, SESSION=[{"SessionID": self.session}])
            case "config":
                return done(33, CONFIG=[dict(self.config)])
            case "profiles":
                names = ("290MHz", "default")
                return done(323, PROFILES=[{"Profile Name": name} for name in names])
            case "addpool":
                url, user, _ = parameter.split(",")
                place = max([-1, *(_index(row) for row in self.pools)]) + 1
                row = pool(place, user, url)
                row["Priority"] = len(self.pools)
                self.pools.append(row)
                return done(55)
            case "removepool":
                return self._remove(int(parameter))
            case "pools":
                reply = super().carry_out(name, parameter)
                for row in self.pools:
                    if row["User"] in self.dead:
                        row["Stratum Active"] = False
                return reply
            case "switchpool":
                return super().carry_out(name, parameter)
            case _:
                return self._in_session(name, *parameter.split(","))

    def _remove(self, index: int) -> Object:
        row = next(row for row in self.pools if row["POOL"] == index)
        if row is min(self.pools, key=_priority):
            return failed(68, "Cannot remove active pool")
        self.pools.remove(row)
        for place, each in enumerate(sorted(self.pools, key=_priority)):
            each["Priority"] = place
        if self.removed_swaps and index < len(self.pools):
            last = max(self.pools, key=_index)
            last["POOL"] = index
        return done(66)

    def _in_session(self, name: str, session: str, *arguments: str) -> Object:
        if session != self.session:
            return failed(318, "Session is not active")
        match (name, *arguments):
            case ("logoff",):
                self.session = None
            case ("resetminer",) | ("rebootdevice",) | ("fanset", _):
                pass
            case ("curtail", "sleep"):
                self.config["CurtailMode"] = "Sleep"
            case ("curtail", "wakeup"):
                self.config["CurtailMode"] = "None"
            case ("ledset", "red", state):
                self.config["RedLed"] = state
            case ("profileset", profile):
                self.config["Profile"] = profile
            case _:
                return failed(14, "Invalid command")
        return done(1)


def _index(row: Object) -> int:
    index = row["POOL"]
    assert isinstance(index, int)
    return index


@dataclass
class Request:
    """What came over HTTP."""

    method: str
    path: str
    body: bytes
    authorization: str | None
    length: str | None

    @property
    def line(self) -> str:
        """In short."""
        return f"{self.method} {self.path} {self.body.decode()}".strip()


@dataclass
class RestMiner:
    """Serves pages, keeps what came, and hands out tokens."""

    login_path: str
    login_body: bytes
    scheme: str = ""
    received: list[Request] = field(default_factory=list)
    pages: dict[str, Callable[[bytes], tuple[int, Json] | str]] = field(
        default_factory=dict
    )
    """``METHOD path`` and what answers it: status and JSON, or ``drop`` or ``hang``."""
    texts: dict[str, str] = field(default_factory=dict)
    """The same, answered with a text that may be no JSON."""
    public: set[str] = field(default_factory=set)
    login_status: int = 200
    login_extra: Object = field(default_factory=dict)
    login_text: str | None = None
    """What a login is answered with instead of a token."""
    tokens: int = 0
    expired: bool = False
    rejecting: bool = False
    """Whether it refuses its own tokens."""
    server: TestServer = field(init=False)

    def __post_init__(self) -> None:
        """Serve everything below ``/api/v1/``."""
        application = web.Application()
        application.router.add_route("*", "/api/v1/{path:.*}", self._answer)
        self.server = TestServer(application)

    @property
    def told(self) -> list[str]:
        """The requests in short, without the login."""
        return [
            request.line for request in self.received if request.path != self.login_path
        ]

    @property
    def logins(self) -> int:
        """How often somebody tried to sign in."""
        return sum(request.path == self.login_path for request in self.received)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        body = await request.read()
        self.received.append(
            Request(
                request.method,
                path,
                body,
                request.headers.get("Authorization"),
                request.headers.get("Content-Length"),
            )
        )
        if path == self.login_path:
            return self._log_in(body)
        allowed = f"{self.scheme}token{self.tokens}"
        given = request.headers.get("Authorization")
        if path not in self.public and (
            given != allowed or self.expired or self.rejecting
        ):
            return web.json_response({}, status=401)
        name = f"{request.method} {path}"
        if name in self.texts:
            return web.Response(text=self.texts[name])
        page = self.pages.get(name)
        if page is None:
            return web.json_response({}, status=404)
        answer = page(body)
        if isinstance(answer, str):
            if answer == "hang":
                # Longer than any client here waits; it is over when that has gone.
                await asyncio.sleep(5)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.json_response(answer[1], status=answer[0])

    def _log_in(self, body: bytes) -> web.Response:
        if self.login_status != 200:
            return web.json_response({}, status=self.login_status)
        if body != self.login_body:
            return web.json_response({}, status=403)
        if self.login_text is not None:
            return web.Response(text=self.login_text)
        self.tokens += 1
        self.expired = False
        return web.json_response({"token": f"token{self.tokens}", **self.login_extra})


class Notes:
    """What is kept of a miner."""

    def __init__(self) -> None:
        """Keep nothing."""
        self.text: str | None = None

    def recall(self) -> str | None:
        """Give it."""
        return self.text

    def note(self, text: str | None) -> None:
        """Keep it."""
        self.text = text


type Reach = Callable[..., Miner]


@pytest.fixture
async def reach(loopback: None) -> AsyncIterator[Reach]:
    """Make the miner that a controller is given."""
    async with ClientSession() as session:

        def make(
            port: int = 1,
            web_port: int = 1,
            password: str | None = None,
            timeout: float = 2.0,
        ) -> Miner:
            notes = Notes()
            return Miner(
                host="127.0.0.1",
                client=CgminerClient(
                    "127.0.0.1", port, connect_timeout=timeout, timeout=timeout
                ),
                session=session,
                web_port=web_port,
                timeout=timeout,
                credentials=None if password is None else Credentials("root", password),
                recall=notes.recall,
                note=notes.note,
            )

        yield make


@pytest.fixture
async def luxos(loopback: None) -> AsyncIterator[LuxosMiner]:
    """A miner with LuxOS."""
    miner = LuxosMiner()
    await miner.start()
    yield miner
    for event in miner.stall.values():
        event.set()
    await miner.stop()


@pytest.fixture
async def cgminer(loopback: None) -> AsyncIterator[CgminerMiner]:
    """A miner that answers on its TCP port only."""
    miner = CgminerMiner()
    await miner.start()
    yield miner
    await miner.stop()
