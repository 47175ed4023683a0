"""The HiveOS API, as far as it is used: typed calls over one token."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
import json
from typing import Final

import aiohttp
from yarl import URL

from ..command import Choice
from ..json_value import Json
from ..source import InvalidReplyError, Severity
from .models import Account, Announcement, Event, Farm, Message, WorkersReply
from .transport import Method, Transport, check_url, monotonic
from .values import count, flag, identifier, moment, number, object_of, text

__all__ = ["DEFAULT_URL", "HiveClient", "check_url"]

DEFAULT_URL: Final = "https://api2.hiveos.farm/api/v2"

MESSAGES_PAGE: Final = 100
EVENTS_PAGE: Final = 50
MAX_PAGES: Final = 10

_MAX_BODY = 16 * 1024 * 1024
_LONG_BODY = 256 * 1024
"""Bytes from which a body is parsed outside the event loop."""
_MAX_MESSAGE = 2000
"""Characters of an announcement."""


class HiveClient:
    """What one token lets us do, one request after the other.

    Every method raises SourceError and its kinds: InvalidCredentialsError from the first
    refusal of the token on, ForbiddenError, NotFoundError, RejectedError, BusyError and
    ServerError, each of the last two for a while without asking again;
    SourceUnreachableError and its kinds where there is no answer, InvalidReplyError for an
    answer that is none.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: str,
        url: str | URL = DEFAULT_URL,
        *,
        timeout: float = 30.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Keep token and address; ``timeout`` is in seconds, for one request.

        Raises ValueError as ``check_url``.
        """
        self._transport = Transport(session, token, url, timeout=timeout, clock=clock)
        self._farms: tuple[str, tuple[Farm, ...]] | None = None

    async def account(self) -> Account:
        """Tell whose token this is."""
        found = object_of(await self._get("/account"))
        user_id = identifier(found.get("user_id"))
        if user_id is None:
            raise InvalidReplyError("GET /account: no user in the answer")
        profile = object_of(found.get("profile"))
        return Account(
            user_id=user_id,
            login=text(profile.get("login")) or text(profile.get("name")) or user_id,
        )

    async def farms(self) -> tuple[Farm, ...]:
        """Give every farm that the account can see."""
        known = self._farms
        reply = await self._transport.request(
            "GET", "/farms", etag=known[0] if known else None, max_body=_MAX_BODY
        )
        if reply is None:
            assert known
            return known[1]
        entries = _entries(await _parse("GET /farms", reply.body), "GET /farms")
        farms = tuple(farm for entry in entries if (farm := _farm(entry)))
        self._farms = (reply.etag, farms) if reply.etag else None
        return farms

    async def workers(
        self, farm_id: str, etag: str | None = None
    ) -> WorkersReply | None:
        """Give the workers of a farm, unparsed; None if they are still those of ``etag``."""
        reply = await self._transport.request(
            "GET", f"/farms/{farm_id}/workers", etag=etag
        )
        return WorkersReply(reply.body, reply.etag, reply.date) if reply else None

    async def messages(self, farm_id: str, since: datetime) -> tuple[Message, ...]:
        """Give what a farm's workers reported since a moment; of very many, the first pages."""
        messages: list[Message] = []
        for page in range(1, MAX_PAGES + 1):
            entries, more = await self._page(
                f"/farms/{farm_id}/workers/messages",
                {
                    "page": page,
                    "per_page": MESSAGES_PAGE,
                    "start_time": int(since.timestamp()),
                },
            )
            messages.extend(found for entry in entries if (found := _message(entry)))
            if not more:
                break
        return tuple(messages)

    async def events(self, farm_id: str, since: datetime) -> tuple[Event, ...]:
        """Give what was done in a farm, newest first, back to a moment at least."""
        events: list[Event] = []
        for page in range(1, MAX_PAGES + 1):
            entries, more = await self._page(
                f"/farms/{farm_id}/events", {"page": page, "per_page": EVENTS_PAGE}
            )
            found = [event for entry in entries if (event := _event(entry))]
            events.extend(found)
            if not more or not found or min(event.at for event in found) < since:
                break
        return tuple(events)

    async def announcements(self) -> tuple[Announcement, ...]:
        """Give what the service announces, without what the user has hidden."""
        what = "/account/announcements"
        entries = _entries(await self._get(what), f"GET {what}")
        return tuple(found for entry in entries if (found := _announcement(entry)))

    async def flight_sheets(self, farm_id: str) -> tuple[Choice, ...]:
        """Give the flight sheets that can be applied in a farm."""
        return await self._choices(f"/farms/{farm_id}/fs")

    async def overclocks(self, farm_id: str) -> tuple[Choice, ...]:
        """Give the overclocking profiles that can be applied in a farm."""
        return await self._choices(f"/farms/{farm_id}/oc")

    async def command(
        self, farm_id: str, worker_ids: Sequence[str], body: dict[str, Json]
    ) -> dict[str, Json]:
        """Tell workers to do something, and give the answer: it may hold passwords."""
        path = f"/farms/{farm_id}/workers"
        match worker_ids:
            case [worker_id]:
                return await self._send("POST", f"{path}/{worker_id}/command", body)
        return await self._send(
            "POST",
            f"{path}/command",
            {"worker_ids": _numbers(worker_ids), "data": body},
        )

    async def edit(
        self,
        farm_id: str,
        worker_ids: Sequence[str],
        body: dict[str, Json],
        *,
        merge: bool = False,
    ) -> dict[str, Json]:
        """Change settings of workers, and give the answer: it may hold passwords.

        With ``merge`` only what is given of an object such as ``watchdog`` changes, and the
        rest of it stays; else the object is replaced.
        """
        path = f"/farms/{farm_id}/workers"
        match worker_ids:
            case [worker_id] if not merge:
                return await self._send("PATCH", f"{path}/{worker_id}", body)
        return await self._send(
            "PATCH",
            path,
            {"worker_ids": _numbers(worker_ids), "data": body},
            {"merge": int(merge)},
        )

    async def _get(self, path: str, query: dict[str, int] | None = None) -> Json:
        reply = await self._transport.request(
            "GET", path, query=query, max_body=_MAX_BODY
        )
        return await _parse(f"GET {path}", reply.body if reply else b"")

    async def _send(
        self,
        method: Method,
        path: str,
        body: dict[str, Json],
        query: dict[str, int] | None = None,
    ) -> dict[str, Json]:
        reply = await self._transport.request(
            method, path, query=query, body=body, max_body=_MAX_BODY
        )
        # 204 says that it was taken, and no more.
        if reply is None or not reply.body:
            return {}
        answer = await _parse(f"{method} {path}", reply.body)
        if not isinstance(answer, dict):
            raise InvalidReplyError(f"{method} {path}: the answer is no object")
        return answer

    async def _page(
        self, path: str, query: dict[str, int]
    ) -> tuple[list[dict[str, Json]], bool]:
        """Give the entries of a page, and whether there is another."""
        reply = await self._get(path, query)
        entries = _entries(reply, f"GET {path}")
        pages = count(object_of(object_of(reply).get("pagination")).get("total_pages"))
        full = len(entries) >= query["per_page"]
        return entries, full if pages is None else query["page"] < pages

    async def _choices(self, path: str) -> tuple[Choice, ...]:
        entries = _entries(await self._get(path), f"GET {path}")
        choices = {
            choice_id: Choice(id=choice_id, name=text(entry.get("name")) or choice_id)
            for entry in entries
            if (choice_id := identifier(entry.get("id")))
        }
        return tuple(choices.values())


async def _parse(what: str, body: bytes) -> Json:
    try:
        if len(body) < _LONG_BODY:
            value: Json = json.loads(body)
        else:
            value = await asyncio.get_running_loop().run_in_executor(
                None, json.loads, body
            )
    except ValueError, RecursionError:
        raise InvalidReplyError(f"{what}: the answer is not JSON") from None
    return value


def _entries(value: Json, what: str) -> list[dict[str, Json]]:
    """Give the objects of an envelope's list."""
    entries = object_of(value).get("data")
    if not isinstance(entries, list):
        raise InvalidReplyError(f"{what}: no list in the answer")
    found = [entry for entry in entries if isinstance(entry, dict)]
    if entries and not found:
        raise InvalidReplyError(f"{what}: no objects in the list")
    return found


def _numbers(worker_ids: Iterable[str]) -> list[Json]:
    return [int(worker_id) for worker_id in worker_ids]


def _farm(entry: dict[str, Json]) -> Farm | None:
    farm_id = identifier(entry.get("id"))
    if farm_id is None:
        return None
    stats = object_of(entry.get("stats"))
    return Farm(
        id=farm_id,
        name=text(entry.get("name")) or farm_id,
        role=text(entry.get("role")),
        locked=flag(entry.get("locked")) or False,
        is_paid=flag(object_of(entry.get("money")).get("is_paid")),
        currency=text(entry.get("power_price_currency"), 8),
        power_price=number(entry.get("power_price")),
        power_cost=number(stats.get("power_cost")),
        asr=_ratio(stats.get("asr")),
        workers_count=count(entry.get("workers_count")),
    )


def _ratio(value: Json) -> float | None:
    ratio = number(value)
    return ratio if ratio is not None and ratio <= 100.0 else None


def _message(entry: dict[str, Json]) -> Message | None:
    message_id, at = identifier(entry.get("id")), moment(entry.get("time"))
    if message_id is None or at is None:
        return None
    kind = text(entry.get("type")) or ""
    worker = object_of(entry.get("worker"))
    return Message(
        id=message_id,
        at=at,
        title=text(entry.get("title")) or text(entry.get("command")) or kind,
        severity=Severity(kind) if kind in Severity else Severity.INFO,
        worker_id=identifier(worker.get("id")) or identifier(entry.get("worker_id")),
        command_id=identifier(entry.get("cmd_id")),
        command=text(entry.get("command"), 50),
    )


def _event(entry: dict[str, Json]) -> Event | None:
    event_id, at = identifier(entry.get("id")), moment(entry.get("timestamp"))
    if event_id is None or at is None:
        return None
    return Event(
        id=event_id,
        at=at,
        title=text(entry.get("type")) or f"Event {event_id}",
        type_id=count(entry.get("type_id")),
        user=text(object_of(entry.get("user")).get("login"), 100),
        worker_id=identifier(object_of(entry.get("worker")).get("id")),
    )


def _announcement(entry: dict[str, Json]) -> Announcement | None:
    announcement_id = identifier(entry.get("id"))
    if announcement_id is None or flag(entry.get("is_hidden")):
        return None
    return Announcement(
        id=announcement_id,
        title=text(entry.get("title")) or text(entry.get("message")) or announcement_id,
        message=text(entry.get("message"), _MAX_MESSAGE) or "",
        type=text(entry.get("type")) or "info",
        url=_link(entry.get("url")),
        start_at=moment(entry.get("start_at")),
        end_at=moment(entry.get("end_at")),
    )


def _link(value: Json) -> str | None:
    link = text(value, 500)
    return link if link and link.startswith(("https://", "http://")) else None
