"""A TCP server that does to a client what its script says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
import socket
import struct

import pytest
import pytest_socket

type Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ScriptedServer:
    """Reads one request a connection, then plays its behaviour, then closes."""

    def __init__(self, behaviour: Behaviour) -> None:
        """Keep the behaviour, which can be changed at any time."""
        self.behaviour = behaviour
        self.requests: list[bytes] = []
        self.asked = asyncio.Event()
        """Set when a request came."""
        self.left = asyncio.Event()
        """Set when a client closed a connection before the server did."""
        self.most_at_once = 0
        self._now = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, host, port)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """End every connection."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            self.requests.append(await reader.read(8191))
            self.asked.set()
            await self.behaviour(reader, writer)
        except ConnectionError:
            self.left.set()
        except asyncio.CancelledError:
            pass
        finally:
            self._now -= 1
            writer.close()

    def hang(self) -> Behaviour:
        """Say nothing until the client has gone."""

        async def behave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.read()
            self.left.set()

        return behave


def replies(*chunks: bytes) -> Behaviour:
    """Answer with these bytes, each in a packet of its own, and close."""

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            if len(chunks) > 1:
                await asyncio.sleep(0.002)

    return behave


def dribbles(data: bytes, size: int) -> Behaviour:
    """Answer in packets of ``size`` bytes."""
    return replies(*(data[start : start + size] for start in range(0, len(data), size)))


async def closes(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Close at once, without a byte."""


def resets(data: bytes = b"") -> Behaviour:
    """Answer and reset the connection."""

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if data:
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(0.02)
        connection = writer.get_extra_info("socket")
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    return behave


async def floods(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer without an end."""
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


type Serve = Callable[[Behaviour | str], Awaitable[ScriptedServer]]


@pytest.fixture
def loopback(socket_enabled: None) -> None:
    """Sockets, to every loopback address."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8", "::1"], allow_unix_socket=True)


@pytest.fixture
async def scripted(loopback: None) -> AsyncIterator[Serve]:
    """Start servers; what is given is a behaviour, or ``hang``."""
    servers: list[ScriptedServer] = []

    async def start(behaviour: Behaviour | str) -> ScriptedServer:
        server = ScriptedServer(closes)
        server.behaviour = server.hang() if isinstance(behaviour, str) else behaviour
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
def silent(loopback: None) -> Iterator[Callable[[list[str]], int]]:
    """Make addresses that nobody answers at; what is returned is their common port.

    The queue of a port that nobody serves is filled: connecting hangs as it does with a
    host that is off.
    """
    sockets: list[socket.socket] = []

    def start(hosts: list[str]) -> int:
        port = 0
        for host in hosts:
            listener = socket.socket()
            sockets.append(listener)
            listener.bind((host, port))
            listener.listen(0)
            port = listener.getsockname()[1]
            for _ in range(3):
                client = socket.socket()
                sockets.append(client)
                client.setblocking(False)
                client.connect_ex((host, port))
        return port

    yield start
    for each in sockets:
        each.close()


@pytest.fixture
def full_port(silent: Callable[[list[str]], int]) -> int:
    """A port of 127.0.0.1 that does not take connections."""
    return silent(["127.0.0.1"])


@pytest.fixture
def closed_port(loopback: None) -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
