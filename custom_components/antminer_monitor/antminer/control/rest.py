"""JSON over HTTP with a token, as Braiins OS and VNish are told what to do."""

import asyncio
from collections.abc import Callable, Mapping
import json
from time import monotonic
from typing import NoReturn

import aiohttp
from yarl import URL

from ...http_client import HTTP_FAILURES, http_error, read_body, sent_once, unsent_error
from ...json_value import Json
from ...source import (
    InvalidCredentialsError,
    InvalidReplyError,
    SourceError,
    SourceUnreachableError,
)
from ..web import MAX_BODY
from .controller import Miner, RejectedError
from .third_party import AnswerLostError

BARRED_FOR = 600.0
"""Seconds without another login after the miner said that there were too many."""
REFUSED_FOR = 3600.0
"""Seconds without another login after a wrong password: each one brings the miner nearer to
locking its owner out."""

LONGEST_LIFETIME = 1e9
"""Seconds; a token that is good for longer is as good as one that does not end."""
_CONNECT_TIMEOUT = 3.0
_TOO_MANY = 429
_REFUSED = (401, 403)
_MISSING = (404, 405)
_encode = json.JSONEncoder(separators=(",", ":")).encode


class MissingError(RejectedError):
    """The miner has no such page: its firmware is older, or another one."""


class TokenRest:
    """Talks to one miner; signs in when that is needed and keeps the token in memory.

    Every method raises SourceError and its kinds, and nothing else; no error quotes
    what was sent.
    """

    def __init__(
        self,
        miner: Miner,
        *,
        login_path: str,
        login: Mapping[str, Json] | None,
        scheme: str = "",
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Keep where and how to sign in; without ``login`` only public pages are read.

        ``scheme`` stands before the token in the header Authorization.
        """
        self._miner = miner
        self._login_path = login_path
        self._login = login
        self._scheme = scheme
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._lifetime: float | None = None
        self._expires = 0.0
        self._barred_until = 0.0
        self._barred = ""
        self.signed_in = False
        """Whether the last login was taken."""

    async def read(self, path: str, *, public: bool = False) -> Json:
        """GET a page and parse it.

        Raises:
            MissingError: there is no such page.
            RejectedError: the miner answers with an error.
            InvalidCredentialsError: the login is refused, or was and is not tried again.
            InvalidReplyError: no JSON.
            AnswerLostError: no whole answer.
            SourceUnreachableError: no connection.
        """
        body = await self._authorised("GET", path, None, public=public)
        try:
            return parsed(body)
        except ValueError:
            raise InvalidReplyError(f"{self._where(path)}: no JSON") from None

    async def send(
        self, method: str, path: str, body: Json = None, *, public: bool = False
    ) -> Json:
        """Send a command, and give its answer where that is JSON; raises as ``read``.

        With AnswerLostError the command may have been carried out; it is not repeated.
        """
        answer = await self._authorised(method, path, body, public=public)
        try:
            return parsed(answer)
        except ValueError:
            return None

    async def _authorised(
        self, method: str, path: str, body: Json, *, public: bool
    ) -> bytes:
        token = None if public else await self._sign_in()
        status, answer = await self._exchange(method, path, body, token)
        if status == 401 and token is not None:
            # Expired, or the miner was restarted: nothing was done yet.
            self._token = None
            token = await self._sign_in()
            status, answer = await self._exchange(method, path, body, token)
        if status == 401 and token is not None:
            self._token = None
            raise InvalidCredentialsError(
                f"{self._where(path)}: refused although the login was taken"
            )
        self._check(path, status)
        if token is not None and self._lifetime is not None:
            self._expires = self._clock() + self._lifetime
        return answer

    async def _sign_in(self) -> str:
        async with self._lock:
            now = self._clock()
            if self._token is not None and (
                self._lifetime is None or now < self._expires
            ):
                return self._token
            self._token = None
            if now < self._barred_until:
                raise InvalidCredentialsError(self._barred)
            if self._login is None:
                raise InvalidCredentialsError(
                    f"{self._where(self._login_path)}: no password is known"
                )
            try:
                token, lifetime = await self._log_in(dict(self._login))
            except AnswerLostError as err:
                # Only the login was lost; the command itself never went out.
                raise InvalidReplyError(str(err)) from None
            except InvalidCredentialsError, MissingError:
                self.signed_in = False
                raise
            self._token = token
            self._lifetime = lifetime
            self._expires = now + (lifetime or 0.0)
            self.signed_in = True
            return token

    async def _log_in(self, login: dict[str, Json]) -> tuple[str, float | None]:
        path = self._login_path
        status, body = await self._exchange("POST", path, login, None)
        if status == _TOO_MANY:
            self._bar(
                BARRED_FOR,
                f"too many logins, none is tried for {BARRED_FOR / 60:g} minutes",
            )
        if status in _REFUSED:
            self._bar(REFUSED_FOR, "password refused")
        self._check(path, status)
        try:
            answer = parsed(body)
        except ValueError:
            answer = None
        token = answer.get("token") if isinstance(answer, dict) else None
        if (
            not isinstance(token, str)
            or not token
            or not token.isascii()
            or not token.isprintable()
        ):
            raise InvalidReplyError(f"{self._where(path)}: no token")
        lifetime = answer.get("timeout_s") if isinstance(answer, dict) else None
        if isinstance(lifetime, int | float) and 0 < lifetime < LONGEST_LIFETIME:
            return token, float(lifetime)
        return token, None

    def _bar(self, seconds: float, why: str) -> NoReturn:
        self._barred_until = self._clock() + seconds
        self._barred = f"{self._where(self._login_path)}: {why}"
        raise InvalidCredentialsError(self._barred)

    def _check(self, path: str, status: int) -> None:
        if status in _MISSING:
            raise MissingError(f"{self._where(path)}: no such page")
        if not 200 <= status < 300:
            raise RejectedError(f"{self._where(path)}: HTTP status {status}")

    async def _exchange(
        self, method: str, path: str, body: Json, token: str | None
    ) -> tuple[int, bytes]:
        """Send a request and return status and body, whatever the status."""
        try:
            return await self._request(method, path, body, token)
        except (SourceError, *HTTP_FAILURES) as err:
            error = _error_of(err, self._miner.timeout)
        # Not chained: what aiohttp raises holds the request with its token.
        raise type(error)(f"{self._where(path)}: {error}") from None

    async def _request(
        self, method: str, path: str, body: Json, token: str | None
    ) -> tuple[int, bytes]:
        # A connection of its own: a command on one that the miner closes just then is lost.
        headers = {"Accept-Encoding": "identity", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = f"{self._scheme}{token}"
        try:
            url = URL.build(
                scheme="http",
                host=self._miner.host,
                port=self._miner.web_port,
                path=f"/api/v1/{path}",
            )
        except ValueError:
            # Told apart from a ValueError about the answer: here nothing went out.
            raise SourceUnreachableError("no such host") from None
        timeout = self._miner.timeout
        async with self._miner.session.request(
            method,
            url,
            # Not aiohttp's own JSON: in one piece, with a length, never chunked.
            data=None if body is None else _encode(body).encode(),
            headers=headers,
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
            middlewares=(sent_once,),
            timeout=aiohttp.ClientTimeout(
                total=timeout, sock_connect=min(_CONNECT_TIMEOUT, timeout / 2)
            ),
        ) as response:
            return response.status, await read_body(response, MAX_BODY)

    def _where(self, path: str) -> str:
        return f"{self._miner.host}:{self._miner.web_port} /api/v1/{path}"


def _error_of(err: Exception, timeout: float) -> SourceError:
    """Name what went wrong, so that it tells whether the miner may have done it."""
    if unsent := unsent_error(err):
        return unsent
    error = http_error(err, timeout)
    # ValueError: about the answer, as the address was looked at before.
    if isinstance(error, SourceUnreachableError) and not isinstance(
        err, TimeoutError | ValueError
    ):
        return error
    return AnswerLostError(str(error))


def parsed(body: bytes) -> Json:
    """Parse an answer; an empty one is ``None``. Raises ValueError where it is no JSON."""
    if not body.strip():
        return None
    try:
        value: Json = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def at(value: Json, *path: str) -> Json:
    """Give what stands at the end of a path of keys; ``None`` where there is nothing."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
