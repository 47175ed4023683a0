"""As much of an HTTP server as a miner has: one request a connection, then the end of it.

Raw, because what the stock pages send is not what a web framework would let through.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
import json
import socket

from .listener import Listener

REQUEST_DEADLINE = 20.0
_LOOK = 0.01
"""Seconds between two looks whether a held answer is due."""
_MOST_HEAD = 16 * 1024
_MOST_BODY = 64 * 1024
_REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 409: "Conflict", 422: "Unprocessable Entity", 429: "Too Many Requests",
    500: "Internal Server Error",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request."""

    method: str
    target: str
    """Path and query, as sent: the digest covers it."""
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes = b""
    measured: bool = False
    """Said how long its body is; a script in a miner reads no other."""

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.split("?", 1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """A response; without ``content_type`` there is no such header, and no length either."""

    body: bytes = b""
    status: int = 200
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Real seconds before it is sent."""
    hold: Callable[[], bool] | None = None
    """Say nothing until this holds, or the client gives up."""
    raw: bytes | None = None
    """Sent instead of everything else."""
    drop: bool = False
    """End the connection without a byte."""
    after: Callable[[], None] | None = None
    """Called when it was sent and the connection is closed."""

    def encode(self) -> bytes:
        """The bytes of it."""
        if self.raw is not None:
            return self.raw
        lines = [f"HTTP/1.1 {self.status} {_REASONS[self.status]}"]
        if self.content_type is not None:
            lines += [
                f"Content-Type: {self.content_type}",
                f"Content-Length: {len(self.body)}",
            ]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += ["Connection: close", "", ""]
        return "\r\n".join(lines).encode() + self.body


def json_response(data: object, status: int = 200) -> HttpResponse:
    """A well-formed JSON response."""
    return HttpResponse(
        body=json.dumps(data).encode(), status=status, content_type="application/json"
    )


class HttpServer:
    """Serves one handler on one port."""

    def __init__(
        self,
        host: str,
        port: int,
        handler: Callable[[HttpRequest], HttpResponse],
        *,
        latency: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Bind; OSError when the port is taken."""
        self._handler = handler
        self._latency = latency
        self.listener = Listener(host, port, self._serve)
        self.port = self.listener.port

    async def _serve(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()

        async def receive(size: int) -> bytes:
            return await loop.sock_recv(connection, size)

        async with asyncio.timeout(REQUEST_DEADLINE):
            request = await read_request(receive)
            if request is None:
                response = HttpResponse(status=400)
            else:
                response = self._handler(request)
            await asyncio.sleep(self._latency() + response.delay)
            if response.hold is None or await _held(receive, response.hold):
                if not response.drop:
                    await loop.sock_sendall(connection, response.encode())
        if response.after:
            loop.call_soon(response.after)


async def _held(
    receive: Callable[[int], Awaitable[bytes]], over: Callable[[], bool]
) -> bool:
    """Wait until ``over``; False when the client gave up before."""
    while not over():
        try:
            async with asyncio.timeout(_LOOK):
                if not await receive(1):
                    return False
        except TimeoutError:
            continue
    return True


async def read_request(
    receive: Callable[[int], Awaitable[bytes]],
) -> HttpRequest | None:
    """Read a request; None when it is none or too large."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = await receive(4096)
        data += piece
        if not piece or len(data) > _MOST_HEAD:
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3:
        return None
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(receive, body)
        return HttpRequest(method=parts[0], target=parts[1], headers=headers, body=body)
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _MOST_BODY:
        return None
    while len(body) < int(length):
        piece = await receive(4096)
        if not piece:
            return None
        body += piece
    return HttpRequest(
        method=parts[0],
        target=parts[1],
        headers=headers,
        body=body[: int(length)],
        measured="content-length" in headers,
    )


async def _chunks(receive: Callable[[int], Awaitable[bytes]], data: bytes) -> bytes:
    """The body of a chunked request, as far as it came."""
    body = b""
    while len(data) < _MOST_BODY:
        size, found, rest = data.partition(b"\r\n")
        try:
            wanted = int(size.split(b";")[0], 16) if found else None
        except ValueError:
            break
        if wanted == 0:
            break
        if wanted is not None and len(rest) >= wanted + 2:
            body += rest[:wanted]
            data = rest[wanted + 2 :]
        elif piece := await receive(4096):
            data += piece
        else:
            break
    return body
