"""Requests to the web interface of stock firmware that change something.

Its pages are shell scripts behind HTTP digest authentication. A body leaves in one piece,
with Content-Length and never chunked: the script reads as many bytes as that header says,
and takes nothing for an empty body.
"""

import asyncio
from contextlib import suppress

import aiohttp
from yarl import URL

from ...source import (
    InvalidCredentialsError,
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from ..web import MAX_BODY
from .controller import Miner, RejectedError

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"

_OK = 200
_NOT_FOUND = 404
_REFUSED = (401, 403)


class NotSentError(SourceUnreachableError):
    """No connection came about, so the miner cannot have done anything."""


class StockPages:
    """Asks the pages of one miner, one at a time as its caller sees to.

    Both methods raise, of SourceError and its kinds: NotSentError and SourceRefusedError
    where no connection came about, InvalidCredentialsError where the login is refused,
    RejectedError where the miner has no such page, and SourceTimeoutError or
    InvalidReplyError where an answer was lost: then the miner may have done it.
    """

    def __init__(self, miner: Miner) -> None:
        """Keep the address and the login; without credentials every page is refused."""
        self._session = miner.session
        self._host = miner.host
        self._port = miner.web_port
        self._timeout = miner.timeout
        self._digest: aiohttp.DigestAuthMiddleware | None = None
        if miner.credentials:
            # ValueError: a colon in the name, half a character. No miner has that.
            with suppress(ValueError):
                self._digest = aiohttp.DigestAuthMiddleware(
                    miner.credentials.username, miner.credentials.password
                )

    @property
    def label(self) -> str:
        """Host and port."""
        return f"{self._host}:{self._port}"

    async def get(self, name: str) -> bytes:
        """Give a page."""
        return await self._ask("GET", name, None, None, self._timeout)

    async def post(
        self, name: str, body: bytes, kind: str, *, timeout: float | None = None
    ) -> bytes:
        """Send a body of media type ``kind`` to a page and give its answer."""
        return await self._ask("POST", name, body, kind, timeout or self._timeout)

    async def _ask(
        self, method: str, name: str, body: bytes | None, kind: str | None, limit: float
    ) -> bytes:
        path = f"/cgi-bin/{name}"
        try:
            status, answer = await self._exchange(method, path, body, kind, limit)
        except SourceError as err:
            error = err
        else:
            if status == _OK:
                return answer
            if status in _REFUSED:
                error = InvalidCredentialsError("user name or password refused")
            elif status == _NOT_FOUND:
                error = RejectedError("the miner has no such page")
            else:
                error = InvalidReplyError(f"HTTP status {status}")
        # Not chained: what aiohttp raises holds the request with its Authorization header.
        raise type(error)(f"{self.label} {path}: {error}") from None

    async def _exchange(
        self, method: str, path: str, body: bytes | None, kind: str | None, limit: float
    ) -> tuple[int, bytes]:
        if self._digest is None:
            raise InvalidCredentialsError("not a possible user name or password")
        # Connections are not kept: one that the miner closes meanwhile loses a request.
        headers = {"Accept-Encoding": "identity", "Connection": "close"}
        if kind:
            headers["Content-Type"] = kind
        try:
            async with (
                asyncio.timeout(limit),
                self._session.request(
                    method,
                    URL.build(
                        scheme="http", host=self._host, port=self._port, path=path
                    ),
                    data=body,
                    headers=headers,
                    middlewares=(self._digest, _once),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(
                        total=None, sock_connect=self._timeout
                    ),
                ) as response,
            ):
                return response.status, await _body(response)
        except aiohttp.ConnectionTimeoutError:
            error: SourceError = NotSentError(f"no connection in {self._timeout:g} s")
        except TimeoutError:
            error = SourceTimeoutError(f"no whole answer within {limit:g} s")
        except aiohttp.ClientConnectorError as err:
            error = (
                SourceRefusedError("connection refused")
                if isinstance(err.os_error, ConnectionRefusedError)
                else NotSentError(err.os_error.strerror or "no connection")
            )
        except aiohttp.InvalidURL:
            error = NotSentError("no such host")
        except aiohttp.ClientConnectionError:
            error = InvalidReplyError("closed without an answer")
        except aiohttp.ClientPayloadError:
            error = InvalidReplyError("truncated answer")
        except aiohttp.ClientError:
            error = InvalidReplyError("malformed HTTP answer")
        except (OSError, RuntimeError, ValueError) as err:
            error = InvalidReplyError(type(err).__name__)
        raise error from None


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET again when its connection was dropped.

    A miner that was told to reboot drops it as a rule: the second one would be refused.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise aiohttp.ClientConnectionError(type(err).__name__) from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            response.close()
            raise InvalidReplyError(f"answer over {MAX_BODY // 1024} KiB")
    return bytes(body)
