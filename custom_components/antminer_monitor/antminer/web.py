"""What only a miner's web interface tells: MAC address, serial number, work and fan mode.

Stock firmware asks for HTTP digest authentication; its pages are shell scripts on a slow
processor, so they are read one after another and seldom. VNish tells who it is unasked.
Nothing here changes a miner.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
import re

import aiohttp
from yarl import URL

from ..http_client import HTTP_FAILURES, http_error, read_body
from ..json_value import Json
from ..source import InvalidCredentialsError, InvalidReplyError, SourceError
from .json_repair import loads

MAX_BODY = 256 * 1024
"""Bytes; the longest page read here has about 2 KB."""

LONGEST_TEXT = 255
"""Characters of a text that are kept: as many as a state of Home Assistant has."""

_OK = 200
_REFUSED = (401, 403)
_UNKNOWN = frozenset({"", "n/a", "null", "none", "unknown", "unknow"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs in to a miner's web interface (stock: ``root``, ``root``)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebInfo:
    """What a miner is. A field that it does not tell is ``None``."""

    mac: str | None = None
    """Lower case, colons between the bytes."""
    hostname: str | None = None
    serial: str | None = None
    model: str | None = None
    firmware_version: str | None = None
    """Stock firmware has no version but the time when its file system was built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfiguration:
    """How a miner is set. A field that it does not tell is ``None``."""

    work_mode: str | None = None
    """Stock: ``0`` normal, ``1`` sleep, ``2`` high, ``3`` low power; S17: ``254`` sleep."""
    fan_mode: str | None = None
    """``auto`` or ``manual``."""
    fan_duty: float | None = None
    """Per cent, as set for manual mode."""


class StockWeb:
    """Reads the web interface of stock firmware, one page at a time.

    Both methods raise, of SourceError and its kinds: InvalidCredentialsError where the
    credentials are refused, SourceUnreachableError and its kinds where there is no
    answer, InvalidReplyError for an answer that is none.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        host: str,
        credentials: Credentials,
        *,
        port: int = 80,
        timeout: float = 10.0,
    ) -> None:
        """Keep the address; ``timeout`` is in seconds, for a page with its sign-in."""
        self._session = session
        self._host = host
        self._port = port
        self._timeout = timeout
        self._lock = asyncio.Lock()
        self._digest = digest_of(credentials)

    async def system_info(self) -> WebInfo:
        """Read ``get_system_info.cgi``."""
        page = await self._page("get_system_info.cgi")
        return WebInfo(
            mac=_mac(page.get("macaddr")),
            hostname=_text(page.get("hostname")),
            serial=_text(page.get("serinum")),
            model=_text(page.get("minertype")),
            firmware_version=_text(page.get("system_filesystem_version")),
        )

    async def configuration(self) -> WebConfiguration:
        """Read ``get_miner_conf.cgi``; the pools and their passwords in it are dropped."""
        page = await self._page("get_miner_conf.cgi")
        return WebConfiguration(
            work_mode=_text(_first(page, "bitmain-work-mode", "miner-mode")),
            fan_mode=_fan_mode(_first(page, "bitmain-fan-ctrl")),
            fan_duty=_percent(_first(page, "bitmain-fan-pwm")),
        )

    async def _page(self, name: str) -> dict[str, Json]:
        path = f"/cgi-bin/{name}"
        if self._digest is None:
            raise InvalidCredentialsError(
                f"{self._host}:{self._port} {path}: not a possible user name or password"
            )
        async with self._lock:
            return await _json(
                self._session,
                self._host,
                self._port,
                path,
                timeout=self._timeout,
                middlewares=(self._digest,),
            )


def digest_of(credentials: Credentials) -> aiohttp.DigestAuthMiddleware | None:
    """Give what signs in; ``None`` for a user name or password that no miner can have."""
    try:
        return aiohttp.DigestAuthMiddleware(credentials.username, credentials.password)
    except ValueError:
        # A colon in the name, half a character.
        return None


async def vnish_info(
    session: aiohttp.ClientSession, host: str, *, port: int = 80, timeout: float = 10.0
) -> WebInfo:
    """Read ``/api/v1/info`` of VNish 1.2 and later, which asks for no password.

    Raises:
        SourceError: as ``StockWeb``'s methods.
    """
    page = await _json(session, host, port, "/api/v1/info", timeout=timeout)
    system = _object(page.get("system"))
    network = _object(system.get("network_status"))
    return WebInfo(
        mac=_mac(network.get("mac")),
        hostname=_text(network.get("hostname")),
        serial=_text(page.get("serial")),
        model=_text(page.get("miner")),
        firmware_version=_text(page.get("fw_version")),
    )


async def fetch(
    session: aiohttp.ClientSession,
    host: str,
    port: int,
    path: str,
    *,
    timeout: float,
    middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
) -> tuple[int, bytes]:
    """GET a page of a miner and return its status and body, whatever the status.

    Raises:
        SourceTimeoutError: no whole answer within ``timeout`` seconds.
        SourceRefusedError: the connection is refused.
        SourceUnreachableError: no way to the host, or no such host.
        InvalidReplyError: too large, cut short, or not HTTP.
    """
    try:
        async with (
            asyncio.timeout(timeout),
            session.get(
                URL.build(scheme="http", host=host, port=port, path=path),
                middlewares=middlewares,
                allow_redirects=False,
                headers={"Accept-Encoding": "identity"},
            ) as response,
        ):
            return response.status, await read_body(response, MAX_BODY)
    except (SourceError, *HTTP_FAILURES) as err:
        error = http_error(err, timeout)
    # Not chained: what aiohttp raises holds the request with its Authorization header.
    raise type(error)(f"{host}:{port} {path}: {error}") from None


async def _json(
    session: aiohttp.ClientSession,
    host: str,
    port: int,
    path: str,
    *,
    timeout: float,
    middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
) -> dict[str, Json]:
    status, body = await fetch(
        session, host, port, path, timeout=timeout, middlewares=middlewares
    )
    where = f"{host}:{port} {path}"
    if status in _REFUSED:
        raise InvalidCredentialsError(f"{where}: user name or password refused")
    if status != _OK:
        raise InvalidReplyError(f"{where}: HTTP status {status}")
    try:
        return loads(body)
    except InvalidReplyError as err:
        raise InvalidReplyError(f"{where}: {err}") from None


def _first(page: dict[str, Json], *keys: str) -> Json:
    """The first value that says something, of keys that say the same."""
    return next((page[key] for key in keys if _text(page.get(key)) is not None), None)


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str | None:
    if not isinstance(value, str | int | float):
        return None
    # Not the whole of what may be a page.
    text = " ".join(str(value)[: 2 * LONGEST_TEXT].split())
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)[:LONGEST_TEXT]
    return None if text.lower() in _UNKNOWN else text


def _mac(value: Json) -> str | None:
    digits = re.sub(r"[:\-. ]", "", _text(value) or "").lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits) or digits in ("0" * 12, "f" * 12):
        return None
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _fan_mode(value: Json) -> str | None:
    match _text(value):
        case "True" | "true":
            return "manual"
        case "False" | "false":
            return "auto"
        case _:
            return None


def _percent(value: Json) -> float | None:
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)\s*%?", _text(value) or "", re.ASCII)
    return float(match[1]) if match else None
