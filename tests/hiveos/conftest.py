"""A web server that answers as its script says, and a client that asks it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
import json

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.antminer_monitor.hiveos.client import HiveClient
from custom_components.antminer_monitor.json_value import Json

from ..antminer.conftest import closed_port, full_port, loopback, scripted, silent
from .bodies import NOW as NOON

__all__ = ["closed_port", "full_port", "loopback", "scripted", "silent"]

TOKEN = "eyJ-secret-of-the-owner"
BASE = "/api/v2"

type Answer = web.StreamResponse | Json
type Behaviour = Callable[[web.Request], Awaitable[Answer]]


def json_reply(value: Json, status: int = 200, **headers: str) -> web.Response:
    """An answer in JSON; underscores in the names of headers are dashes."""
    return web.json_response(
        value,
        status=status,
        headers={name.replace("_", "-"): text for name, text in headers.items()},
    )


@dataclass
class Seen:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Json


@dataclass
class Api:
    """Answers by path; what it has no answer for is a failure of the test."""

    answers: dict[str, Answer | Behaviour] = field(default_factory=dict)
    """By ``GET /farms``; a list under ``[]`` is given one by one, a callable is called."""
    seen: list[Seen] = field(default_factory=list)
    date: datetime = NOON
    """What it dates its answers with."""
    now: int = 0
    most_at_once: int = 0
    server: TestServer = field(init=False)

    def __post_init__(self) -> None:
        """Make the server."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        application.on_response_prepare.append(self._tell_time)
        self.server = TestServer(application)

    @property
    def url(self) -> str:
        """Base of the API."""
        return str(self.server.make_url(BASE))

    @property
    def calls(self) -> list[str]:
        """Method and path of what came."""
        return [f"{request.method} {request.path}" for request in self.seen]

    async def _tell_time(
        self, request: web.Request, response: web.StreamResponse
    ) -> None:
        response.headers["Date"] = format_datetime(self.date, usegmt=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        path = request.path.removeprefix(BASE)
        self.seen.append(
            Seen(
                method=request.method,
                path=path,
                query=dict(request.query),
                headers=dict(request.headers),
                body=json.loads(raw) if raw else None,
            )
        )
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            answer = self.answers[f"{request.method} {path}"]
            if callable(answer):
                answer = await answer(request)
        finally:
            self.now -= 1
        if not isinstance(answer, web.Response):
            return (
                answer if isinstance(answer, web.StreamResponse) else json_reply(answer)
            )
        # A response can be sent once only.
        headers = answer.headers.copy()
        headers.pop("Content-Length", None)
        return web.Response(status=answer.status, body=answer.body, headers=headers)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        """Begin anywhere."""
        self.at = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.at


@pytest.fixture
async def session(loopback: None) -> AsyncIterator[ClientSession]:
    """A session of a client."""
    async with ClientSession() as opened:
        yield opened


@pytest.fixture
async def api(loopback: None) -> AsyncIterator[Api]:
    """A service that answers nothing yet."""
    served = Api()
    await served.server.start_server()
    yield served
    await served.server.close()


@pytest.fixture
def clock() -> Clock:
    """What the client takes for the time."""
    return Clock()


@pytest.fixture
def client(session: ClientSession, api: Api, clock: Clock) -> HiveClient:
    """A client of the service."""
    return HiveClient(session, TOKEN, api.url, timeout=5.0, clock=clock)
