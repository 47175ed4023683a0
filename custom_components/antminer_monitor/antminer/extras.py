"""Port 6060 of stock firmware since the S19 (bmminer's own HTTP server, no password).

The same port also obeys commands that harm a miner: only the two pages below are asked
for. Few models know them (S19 XP Hyd., S21, S21 Pro); the others answer with an error.
"""

import re

import aiohttp

from ..rig import RigError
from ..source import InvalidReplyError
from .json_repair import loads
from .web import fetch

DEFAULT_PORT = 6060
MAX_POWER = 30_000
"""Watts; no miner of one control board draws half of it."""

_MAX_WARNINGS = 20
_MAX_TEXT = 200
_OK = 200
_POWER = re.compile(r"[^:]*+:\s*(\d{1,6}(?:\.\d{1,6})?)\s*[wW]?", re.ASCII)
_CODE = re.compile(r"[A-Z]{1,4}(?:\d{0,4}:)?\d{1,5}", re.ASCII)
_NOTHING = re.compile(r"(?:none|ok|null)?|error .*", re.IGNORECASE | re.DOTALL)


async def read_power(
    session: aiohttp.ClientSession,
    host: str,
    *,
    port: int = DEFAULT_PORT,
    timeout: float = 3.0,
) -> float | None:
    """Read what the power supply draws, in watts.

    ``None`` where the model does not know the question, or answers what cannot be true.

    Raises:
        SourceError: no HTTP answer; see ``web.fetch``.
    """
    match = _POWER.fullmatch(await _text(session, host, port, "/miner_power", timeout))
    watts = float(match[1]) if match else 0.0
    return watts if 0 < watts <= MAX_POWER else None


async def read_warnings(
    session: aiohttp.ClientSession,
    host: str,
    *,
    port: int = DEFAULT_PORT,
    timeout: float = 3.0,
) -> tuple[RigError, ...]:
    """Read the errors that the firmware shows, such as ``P:2``.

    Raises:
        SourceError: no HTTP answer; see ``web.fetch``.
    """
    text = await _text(session, host, port, "/warning", timeout)
    if text.startswith("{"):
        try:
            message = loads(text.encode()).get("error_message")
        except InvalidReplyError:
            return ()
        text = message.strip() if isinstance(message, str) else ""
    if _NOTHING.fullmatch(text):
        return ()
    found: list[RigError] = []
    for line in text.splitlines()[:_MAX_WARNINGS]:
        found.extend(
            _errors(
                [
                    part.strip()[:_MAX_TEXT]
                    for part in line.split(";", 2 * _MAX_WARNINGS)
                ]
            )
        )
    return tuple(dict.fromkeys(found))[:_MAX_WARNINGS]


def _errors(parts: list[str]) -> list[RigError]:
    """One line: codes alone (``P:1;P:2``), or a code, its meaning and what else."""
    parts = [part for part in parts if part]
    if all(_CODE.fullmatch(part) for part in parts):
        return [RigError(code=part) for part in parts]
    code, *rest = parts
    return [RigError(code=code, message=rest[0] if rest else None)]


async def _text(
    session: aiohttp.ClientSession, host: str, port: int, path: str, timeout: float
) -> str:
    """The page's text; empty where the firmware does not have the page."""
    status, body = await fetch(session, host, port, path, timeout=timeout)
    if status != _OK:
        return ""
    return body.partition(b"\0")[0].decode("utf-8", "replace").strip()
