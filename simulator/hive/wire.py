"""Faults on the way: what the server does instead of answering, or before it."""

import asyncio
from contextlib import suppress
import socket
import struct

from aiohttp import web

from .faults import HiveFault, SetFault
from .replies import (
    CLOUDFLARE_PAGE,
    FORBIDDEN_PAGE,
    SOME_PAGE,
    Reply,
    invalid,
    page,
    problem,
    unauthorized,
)

HUGE_SIZE = 512 * 1024 * 1024
_PIECE = b'{"id":1,"name":"' + b"x" * 65_000 + b'"},'
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def answer_of(fault: SetFault) -> Reply | None:
    """The reply that a fault gives by itself; ``None`` for those that give none."""
    retry = {"Retry-After": str(fault.retry_after)}
    match fault.fault:
        case HiveFault.UNAUTHORIZED:
            return unauthorized()
        case HiveFault.FORBIDDEN_CODE:
            return problem(403, "Security code is required", 403_003)
        case HiveFault.FORBIDDEN_ROLE:
            return problem(403, "This action is unauthorized.", 403_001)
        case HiveFault.FORBIDDEN_HTML:
            return page(FORBIDDEN_PAGE, 403)
        case HiveFault.INVALID:
            return invalid({"data": ["The data is invalid."]})
        case HiveFault.TOO_MANY:
            found = problem(429, "Too Many Attempts.")
            return Reply(status=429, body=found.body, headers=retry)
        case HiveFault.TOO_MANY_403:
            found = problem(403, "Too many requests")
            return Reply(status=403, body=found.body, headers=retry)
        case HiveFault.SERVER_ERROR:
            return problem(500, "Server Error")
        case HiveFault.CLOUDFLARE:
            return page(CLOUDFLARE_PAGE, 520)
        case HiveFault.EMPTY:
            return Reply()
        case HiveFault.HTML:
            return page(SOME_PAGE)
        case HiveFault.NOT_JSON:
            return Reply(body=b'{"data": [}')
        case _:
            return None


async def hinder(
    fault: SetFault, request: web.Request, closing: asyncio.Event
) -> web.StreamResponse | None:
    """Do what a fault does to the connection; ``None``: go on and answer."""
    match fault.fault:
        case HiveFault.SLOW:
            await _wait(closing, fault.delay)
            return None
        case HiveFault.HANG:
            await _wait(closing, None)
            return _reset(request)
        case HiveFault.DROP:
            return _reset(request)
        case HiveFault.TRUNCATED:
            return await _truncated(request)
        case HiveFault.HUGE:
            return await _huge(request, closing)
        case HiveFault.REDIRECT:
            port = request.url.port
            raise web.HTTPFound(f"http://localhost:{port}/elsewhere")
        case _:
            return None


async def _wait(closing: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await closing.wait()
    except TimeoutError:
        pass


def _reset(request: web.Request) -> web.StreamResponse:
    transport = request.transport
    if transport is not None:
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        transport.abort()
    return web.Response()


async def _truncated(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 4096
    await response.prepare(request)
    await response.write(b'{"data":[{"id":1000001,"name":"North')
    if request.transport is not None:
        request.transport.close()
    return response


async def _huge(request: web.Request, closing: asyncio.Event) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    # Whoever asked has had enough of it, as they should.
    with suppress(ConnectionError):
        await response.write(b'{"data":[')
        for _ in range(HUGE_SIZE // len(_PIECE)):
            if closing.is_set():
                break
            await response.write(_PIECE)
        await response.write(b'{"id":2}]}')
    return response
