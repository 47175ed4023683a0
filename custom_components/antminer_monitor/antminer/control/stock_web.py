"""Requests to the web interface of stock firmware that change something.

Its pages are shell scripts behind HTTP digest authentication. A body leaves in one piece,
with Content-Length and never chunked: the script reads as many bytes as that header says,
and takes nothing for an empty body.
"""

import asyncio
from typing import Final

import aiohttp
from yarl import URL

from ...http_client import HTTP_FAILURES, http_error, read_body, sent_once, unsent_error
from ...source import (
    InvalidCredentialsError,
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from ..web import MAX_BODY, digest_of
from .controller import Miner, RejectedError

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"

_OK = 200
_NOT_FOUND = 404
_REFUSED = (401, 403)


class NotSentError(SourceUnreachableError):
    """No connection came about, so the miner cannot have done anything."""


NOT_DONE: Final = (
    NotSentError,
    SourceRefusedError,
    InvalidCredentialsError,
    RejectedError,
)
"""After these the miner has done nothing; after any other SourceError nobody knows."""


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
        self._digest = digest_of(miner.credentials) if miner.credentials else None

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
                    middlewares=(self._digest, sent_once),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(
                        total=None, sock_connect=self._timeout
                    ),
                ) as response,
            ):
                return response.status, await read_body(response, MAX_BODY)
        except HTTP_FAILURES as err:
            raise _error_of(err, limit) from None


def _error_of(err: Exception, limit: float) -> SourceError:
    """Name what went wrong, so that it tells whether the miner may have done it."""
    match unsent_error(err):
        case SourceRefusedError() as refused:
            return refused
        case SourceUnreachableError() as unsent:
            return NotSentError(str(unsent))
    match http_error(err, limit):
        case SourceTimeoutError() as late:
            return late
        case error:
            return InvalidReplyError(str(error))
