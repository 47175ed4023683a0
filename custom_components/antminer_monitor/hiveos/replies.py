"""What went wrong, by the way an answer comes or fails to come."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import json
from typing import Final

import aiohttp

from ..http_client import http_error
from ..json_value import Json
from ..source import (
    ForbiddenError,
    InvalidCredentialsError,
    InvalidReplyError,
    Refusal,
    SourceError,
    SourceUnreachableError,
)
from .errors import BusyError, NotFoundError, RejectedError, ServerError
from .values import list_of, object_of, text

LONGEST_RETRY_AFTER: Final = 3600.0
"""Seconds: whoever says more is asked again after these."""

_SECURITY_CODE = 403003
_MAX_FIELDS = 10


def error_of(err: Exception, timeout: float) -> SourceError:
    """Name what went wrong on the way, without what was sent."""
    match err:
        case TimeoutError() | aiohttp.ClientConnectorError():
            pass
        case aiohttp.ClientConnectionError():
            # Far away that is the way, mostly, and seldom the service.
            return SourceUnreachableError("connection closed without an answer")
    return http_error(err, timeout)


def error_of_status(
    status: int, headers: Mapping[str, str], content: bytes
) -> SourceError | None:
    """Name what an answer's status says, or that a good one brings no JSON."""
    if status in (204, 304):
        return None
    if 200 <= status < 300:
        start = content[:64].lstrip()
        if not start:
            return InvalidReplyError("empty answer")
        if start.startswith(b"<"):
            return InvalidReplyError("a web page in place of an answer")
        return None
    if 300 <= status < 400:
        return InvalidReplyError(f"HTTP status {status}, a redirect")
    if status == 401:
        return InvalidCredentialsError("the token is refused")
    if status == 429 or (status == 403 and _is_busy(headers, content)):
        return BusyError("too many requests")
    if status >= 500:
        return ServerError(f"HTTP status {status}")
    problem = object_of(_json(content))
    said = text(problem.get("message"))
    match status:
        case 402:
            return ForbiddenError(said or "payment required", Refusal.UNPAID)
        case 403 if problem.get("code") == _SECURITY_CODE:
            return ForbiddenError(
                said or "security code required", Refusal.SECURITY_CODE
            )
        case 403:
            return ForbiddenError(said or "not allowed", Refusal.UNKNOWN)
        case 404:
            return NotFoundError("not found")
        case 400 | 409 | 422:
            return _rejected(problem, said or f"HTTP status {status}")
    return InvalidReplyError(f"HTTP status {status}")


def _is_busy(headers: Mapping[str, str], content: bytes) -> bool:
    return "Retry-After" in headers or b"too many requests" in content.lower()


def _rejected(problem: dict[str, Json], said: str) -> RejectedError:
    fields: dict[str, tuple[str, ...]] = {}
    for name, messages in object_of(problem.get("errors")).items():
        told = [line for item in list_of(messages)[:3] if (line := text(item, 100))]
        if len(fields) < _MAX_FIELDS and (shown := text(name, 50)):
            fields[shown] = tuple(told)
    details = "; ".join(
        f"{name}: {', '.join(told)}" if told else name for name, told in fields.items()
    )
    return RejectedError(f"{said} ({details})" if details else said, fields)


def _json(content: bytes) -> Json:
    try:
        value: Json = json.loads(content)
    except ValueError, RecursionError:
        return None
    return value


def http_date(value: str | None) -> datetime | None:
    """Read a moment as HTTP writes it; None if it is none."""
    try:
        at = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Give the seconds that the service wants to be left alone, if it says so."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        wait = float(value[:9])
    else:
        at = http_date(value)
        if at is None:
            return None
        wait = (at - datetime.now(UTC)).total_seconds()
    return min(max(wait, 1.0), LONGEST_RETRY_AFTER)
