"""The CGMiner API of a miner: one command, one connection, one reply.

The server in the miner serves one connection at a time and waits for the request without
a limit (bmminer api.c), so a connection that says nothing locks everybody else out. Here
the request leaves in one piece as soon as the connection stands, the reply is read as
fast as it comes (the server drops what it could not send within 50 ms), and the socket is
closed whatever happens.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
import json
import logging
import socket
from time import monotonic

from ..json_value import Json
from ..source import (
    AccessDeniedError,
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from .json_repair import loads

_LOGGER = logging.getLogger(__name__)

DEFAULT_PORT = 4028
MAX_REPLY = 1024 * 1024
"""Bytes; the largest reply seen of a real miner has 29 KB."""
ACCESS_DENIED = 45
"""The code of a reply that refuses a command (bmminer api.c)."""

_CHUNK = 64 * 1024
_encode = json.JSONEncoder(separators=(",", ":")).encode

type Reply = dict[str, Json]
"""One reply, parsed: ``STATUS`` and the sections that the command has."""


class ConnectTimeoutError(SourceTimeoutError):
    """The host did not take the connection within the deadline."""


class NotJoinableError(InvalidReplyError):
    """A joined command was answered as one unknown command: send them one by one."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of one command, for diagnostics."""

    command: str
    """Name only: parameters can hold a pool's password."""
    seconds: float
    size: int
    """Bytes received."""
    error: str | None


class CgminerClient:
    """Sends commands to one miner, one after another.

    Every method raises SourceError and its kinds, and nothing else.
    """

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        *,
        connect_timeout: float = 3.0,
        timeout: float = 10.0,
    ) -> None:
        """Keep the address. ``connect_timeout`` and ``timeout`` (of a reply) are seconds."""
        self.host = host
        self.port = port
        self.exchanges: deque[Exchange] = deque(maxlen=20)
        self._connect_timeout = connect_timeout
        self._timeout = timeout
        self._lock = asyncio.Lock()

    async def command(
        self, name: str, parameter: str | None = None, *, new_api: bool = False
    ) -> Reply:
        """Send one command and return its reply, whatever its STATUS says.

        ``new_api`` asks stock firmware of the S19 generation and later for the reply of
        its own web pages instead of the classic one (decompiled stock cgminer).

        Raises:
            ConnectTimeoutError: nobody takes the connection.
            SourceTimeoutError: no whole reply within the deadline.
            SourceRefusedError: the connection is refused.
            SourceUnreachableError: no way to the host, or no such host.
            AccessDeniedError: the miner refuses the command (code 45).
            InvalidReplyError: an empty, truncated, oversized or unreadable reply.
        """
        reply = await self._exchange(name, parameter, new_api=new_api)
        if status_code(reply) == ACCESS_DENIED:
            raise AccessDeniedError(f"{self._label(name)}: access denied")
        return reply

    async def joined(self, names: Sequence[str]) -> dict[str, Reply]:
        """Send commands as one (``stats+summary``) and return each one's reply.

        Classic firmware, BOSminer and LuxOS understand this. A member that the miner
        refused or does not know is there with an error STATUS; one that it left out, or
        answered with something else than a reply, is not there.

        Raises:
            NotJoinableError: the miner took the whole for one command it does not know.
            SourceError: as ``command``, but for a denied one.
        """
        if not names:
            return {}
        reply = await self._exchange("+".join(names))
        if len(names) == 1:
            return {names[0]: reply}
        members: dict[str, Reply] = {}
        for name in names:
            match reply.get(name):
                case [dict() as member, *_] | (dict() as member):
                    members[name] = member
        if not members:
            raise NotJoinableError(f"{self._label('+'.join(names))}: no joined reply")
        return members

    async def _exchange(
        self, name: str, parameter: str | None = None, *, new_api: bool = False
    ) -> Reply:
        request: dict[str, Json] = {"command": name}
        if parameter is not None:
            request["parameter"] = parameter
        if new_api:
            request["new_api"] = True
        data = bytearray()
        error: str | None = "cancelled"
        async with self._lock:
            started = monotonic()
            try:
                await self._transfer(_encode(request).encode(), data)
                reply = loads(bytes(data))
                error = None
            except SourceError as err:
                error = str(err)
                raise type(err)(f"{self._label(name)}: {err}") from None
            finally:
                seconds = monotonic() - started
                self.exchanges.append(Exchange(name, seconds, len(data), error))
                _LOGGER.debug(
                    "%s: %d bytes in %.3f s, %s",
                    self._label(name),
                    len(data),
                    seconds,
                    error or "ok",
                )
        return reply

    async def _transfer(self, request: bytes, data: bytearray) -> None:
        """Send the request and gather the reply, up to its NUL or the end, in ``data``."""
        loop = asyncio.get_running_loop()
        connection = await self._connect(loop)
        try:
            async with asyncio.timeout(self._timeout):
                await loop.sock_sendall(connection, request)
                while chunk := await loop.sock_recv(connection, _CHUNK):
                    data += chunk
                    if b"\0" in chunk:
                        return
                    if len(data) > MAX_REPLY:
                        raise InvalidReplyError("reply over 1 MiB")
        except TimeoutError:
            raise SourceTimeoutError(
                f"no whole reply within {self._timeout:g} s, {len(data)} bytes of it"
            ) from None
        except ConnectionError:
            # What was sent before the reset may be the whole reply: the parser will tell.
            if not data:
                raise InvalidReplyError("connection reset before any reply") from None
        except OSError as err:
            raise SourceUnreachableError(_reason(err)) from None
        finally:
            connection.close()

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> socket.socket:
        failures: list[Exception] = []
        try:
            async with asyncio.timeout(self._connect_timeout):
                for family, address in await _addresses(loop, self.host, self.port):
                    try:
                        return await _open(loop, family, address)
                    except OSError as err:
                        failures.append(err)
        except TimeoutError:
            raise ConnectTimeoutError(
                f"no connection within {self._connect_timeout:g} s"
            ) from None
        except (OSError, ValueError, OverflowError) as err:
            # A name that cannot be one, a port out of range: ValueError, OverflowError.
            failures.append(err)
        if any(isinstance(err, ConnectionRefusedError) for err in failures):
            raise SourceRefusedError("connection refused")
        raise SourceUnreachableError(
            _reason(failures[-1]) if failures else "no address"
        )

    def _label(self, name: str) -> str:
        return f"{self.host}:{self.port} {name}"


type _SocketAddress = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


async def _addresses(
    loop: asyncio.AbstractEventLoop, host: str, port: int
) -> list[tuple[int, _SocketAddress]]:
    """Where to connect to; IPv4 first, because miners listen on nothing else."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError, ValueError:
            continue
        return [(family, (host, port))]
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted(
        ((family, address) for family, _, _, _, address in found),
        key=lambda entry: entry[0] != socket.AF_INET,
    )


async def _open(
    loop: asyncio.AbstractEventLoop, family: int, address: _SocketAddress
) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await loop.sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


def _reason(err: Exception) -> str:
    """Why it failed, in the system's words; an error's own text may repeat the host."""
    return (isinstance(err, OSError) and err.strerror) or type(err).__name__


def status_code(reply: Reply) -> int | None:
    """The ``Code`` of a reply's STATUS; ``None`` where it has none.

    STATUS is a list of one object, an object (``new_api``) or a bare word (``RESTART``).
    """
    code = _status(reply).get("Code")
    return code if type(code) is int else None


def is_error(reply: Reply) -> bool:
    """Whether the miner says that the command failed (STATUS ``E`` or ``F``)."""
    return _status(reply).get("STATUS") in ("E", "F")


def section(reply: Reply, key: str) -> list[dict[str, Json]]:
    """The objects of a reply's section; whatever is not an object is left out."""
    match reply.get(key):
        case list() as rows:
            return [row for row in rows if isinstance(row, dict)]
        case dict() as row:
            return [row]
        case _:
            return []


def _status(reply: Reply) -> dict[str, Json]:
    match reply.get("STATUS"):
        case [dict() as status, *_] | (dict() as status):
            return status
        case word:
            return {"STATUS": word}
