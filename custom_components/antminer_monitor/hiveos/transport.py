"""One request to the HiveOS API: its deadline, its errors, and when not to ask at all."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
import ipaddress
import math
import random
import time
from typing import Final, Literal

import aiohttp
from yarl import URL

from ..http_client import HTTP_FAILURES
from ..json_value import Json
from ..source import (
    ForbiddenError,
    InvalidCredentialsError,
    InvalidReplyError,
    SourceError,
    SourceTimeoutError,
)
from .errors import BackOffError, BusyError, RejectedError
from .replies import error_of, error_of_status, http_date, retry_after

MAX_BODY: Final = 64 * 1024 * 1024
"""Bytes, unpacked: ten times the body of a farm of 2,000 rigs of eight cards."""
QUEUE_TIMEOUT: Final = 120.0
"""Seconds that a request waits for those before it."""
FIRST_BACK_OFF: Final = 15.0
LONGEST_BACK_OFF: Final = 15 * 60.0
REFUSED_AGAIN: Final = 10 * 60.0
"""Seconds after which a refused token is tried again: it may have been switched on again."""

_MAX_ERROR_BODY = 64 * 1024

type Method = Literal["GET", "POST", "PATCH"]


def monotonic() -> float:
    """Seconds of a clock that nobody sets."""
    return time.monotonic()


def check_url(text: str) -> URL:
    """Give the address of an API as it is used.

    Raises ValueError with the reason: ``invalid`` for what is no such address, with a user
    name, a query or a fragment too; ``insecure`` for one that would send the token unencrypted
    over the Internet.
    """
    try:
        url = URL(text.strip())
        host = url.host
    except ValueError:
        raise ValueError("invalid") from None
    if (
        url.scheme not in ("http", "https")
        or not host
        or url.user is not None
        or url.password is not None
        or url.raw_query_string
        or url.raw_fragment
    ):
        raise ValueError("invalid")
    if url.scheme == "http" and not _is_near(host):
        raise ValueError("insecure")
    return url.with_path(url.raw_path.rstrip("/"), encoded=True)


def _is_near(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_loopback or address.is_link_local


class Token:
    """A token that shows itself to nobody but the service."""

    __slots__ = ("_header",)

    def __init__(self, value: str) -> None:
        """Keep it."""
        value = value.strip()
        possible = value and value.isascii() and value.isprintable()
        self._header = f"Bearer {value}" if possible else ""

    @property
    def header(self) -> str:
        """The value of the header; empty where this cannot be a token."""
        return self._header

    def __repr__(self) -> str:
        """Tell nothing."""
        return "Token(**)"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer without an error."""

    body: bytes = field(repr=False)
    etag: str | None = None
    date: datetime | None = None
    """When it was made, by the service's clock."""


@dataclass(slots=True)
class _Pause:
    """A time in which part of the service is left alone."""

    until: float
    failures: int
    error: type[BackOffError]


class Transport:
    """Sends one request of an account after the other.

    A request that failed is not repeated: the next poll is. What is to change something is
    sent at most once in any case.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: str,
        url: str | URL,
        *,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        """Keep the address; ``timeout`` is in seconds, for a request with its answer.

        Raises ValueError as ``check_url``.
        """
        self._session = session
        self._token = Token(token)
        self._url = check_url(str(url))
        self._timeout = timeout
        self._clock = clock
        self._lock = asyncio.Lock()
        # For good where there is nothing to send.
        self._refused_until = math.inf if not self._token.header else -math.inf
        self._pauses: dict[str, _Pause] = {}

    async def request(
        self,
        method: Method,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Json = None,
        etag: str | None = None,
        max_body: int = MAX_BODY,
    ) -> Reply | None:
        """Ask once, and give the answer, or None if it is still the one of ``etag``.

        ``path`` begins with a slash; what of it belongs to one farm decides which other
        requests a fault of the service keeps back.

        Raises:
            SourceError: and all its kinds but RejectedError of our own making.
        """
        what = f"{method} {path}"
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT):
                await self._lock.acquire()
        except TimeoutError:
            raise SourceTimeoutError(
                f"{what}: not sent, earlier requests take over {QUEUE_TIMEOUT:g} s"
            ) from None
        try:
            self._check_allowed(what, _scope(path))
            return await self._ask(method, path, what, query, body, etag, max_body)
        finally:
            self._lock.release()

    def _check_allowed(self, what: str, scope: str) -> None:
        if self._clock() < self._refused_until:
            raise InvalidCredentialsError(f"{what}: not sent, the token is refused")
        for key in ("", scope):
            pause = self._pauses.get(key)
            if pause and (left := pause.until - self._clock()) > 0:
                why = (
                    "the service asks us to wait"
                    if pause.error is BusyError
                    else "the service had a fault"
                )
                raise pause.error(
                    f"{what}: not sent, {why}; next attempt in {left:.0f} s", left
                )

    async def _ask(
        self,
        method: Method,
        path: str,
        what: str,
        query: Mapping[str, str | int] | None,
        body: Json,
        etag: str | None,
        max_body: int,
    ) -> Reply | None:
        headers = {
            "Authorization": self._token.header,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
        if etag:
            headers["If-None-Match"] = etag
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._session.request(
                    method,
                    self._url.joinpath(path.removeprefix("/")),
                    params=query,
                    json=body,
                    headers=headers,
                    allow_redirects=False,
                    # Ours holds: that of the session may be shorter.
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as response,
            ):
                status = response.status
                reply_headers = response.headers
                is_good = 200 <= status < 300
                content = await _read(
                    response, max_body if is_good else _MAX_ERROR_BODY, is_good
                )
        except (SourceError, *HTTP_FAILURES) as err:
            error = error_of(err, self._timeout)
        else:
            if status == 304 and not etag:
                raise InvalidReplyError(f"{what}: HTTP status 304, unasked")
            return self._judge(what, path, status, reply_headers, content)
        note = "" if method == "GET" else "; it may have been carried out all the same"
        # Not chained: what aiohttp raises holds the request with the token.
        raise type(error)(f"{what}: {error}{note}") from None

    def _judge(
        self,
        what: str,
        path: str,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
    ) -> Reply | None:
        error = error_of_status(status, headers, content)
        if error is None:
            self._pauses.pop("", None)
            self._pauses.pop(_scope(path), None)
            if status == 304:
                return None
            return Reply(content, headers.get("ETag"), http_date(headers.get("Date")))
        if isinstance(error, InvalidCredentialsError):
            self._refused_until = self._clock() + REFUSED_AGAIN
        message = f"{what}: {error}"
        match error:
            case BackOffError():
                # Too many requests are those of the account; a fault may be a farm's.
                scope = "" if isinstance(error, BusyError) else _scope(path)
                wait = self._pause(scope, type(error), retry_after(headers))
                raise type(error)(message, wait)
            case ForbiddenError():
                raise ForbiddenError(message, error.refusal)
            case RejectedError():
                raise RejectedError(message, error.fields)
        raise type(error)(message)

    def _pause(
        self, scope: str, error: type[BackOffError], told: float | None
    ) -> float:
        before = self._pauses.get(scope)
        failures = before.failures + 1 if before else 1
        wait = told
        if wait is None:
            longest = min(FIRST_BACK_OFF * 2 ** min(failures - 1, 20), LONGEST_BACK_OFF)
            # Uneven: not everybody who was turned away comes back at once.
            wait = longest * random.uniform(0.5, 1.0)
        self._pauses[scope] = _Pause(self._clock() + wait, failures, error)
        return wait


def _scope(path: str) -> str:
    """Give the part of the service that a path belongs to: a farm, or the account."""
    match path.split("/", 3):
        case ["", "farms", farm_id, *_]:
            return farm_id
    return "account"


async def _read(response: aiohttp.ClientResponse, longest: int, is_good: bool) -> bytes:
    """Read a body, unpacked on the way. That of an error may be cut off."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > longest:
                break
    except aiohttp.ClientPayloadError:
        if is_good:
            raise
    if len(body) > longest:
        response.close()
        if is_good:
            raise InvalidReplyError(f"answer over {longest // (1024 * 1024)} MiB")
    return bytes(body)
