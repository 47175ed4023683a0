"""One farm of a HiveOS account: the rigs in it, and what they are told."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
import logging
from typing import override

from ..command import Choice, Command, Denial, Outcome, Result
from ..source import (
    ForbiddenError,
    Group,
    Happening,
    InvalidReplyError,
    Reading,
    Refusal,
    Source,
    SourceError,
)
from .client import HiveClient
from .commands import Order, order_of, outcomes_of
from .ids import farm_device_id, rig_id, split_rig_id
from .models import Event, Farm, Message, WorkersReply
from .workers import FarmContext, Workers, parse_workers

__all__ = ["FarmSource", "farm_device_id", "rig_id", "split_rig_id"]

_LOGGER = logging.getLogger(__name__)

CHOICES_EVERY = timedelta(minutes=10)
"""Between two readings of the flight sheets and overclocking profiles."""
CHOICES_AGAIN = timedelta(minutes=2)
"""After a reading of them that failed."""
MESSAGES_EVERY = timedelta(minutes=10)
"""Between two readings of the messages, where nothing tells of a new one."""
EVENTS_EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=10)
"""How far back from what is newest to ask again: some arrive late."""
ANSWER_WITHIN = timedelta(minutes=10)
"""How long the answer to a command is waited for."""
CLOCKS_AGREE = timedelta(seconds=30)
"""Two clocks that differ by less are the same: an answer is on its way for a while."""
MOST_WORKERS = 200
"""Workers that are told something in one request."""

_SHELL = "exec"
_LONG_BODY = 64 * 1024
"""Bytes from which workers are parsed outside the event loop."""
_CURRENCIES = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "₽": "RUB",
    "РУБ": "RUB",
    "¥": "JPY",
    "₴": "UAH",
    "₩": "KRW",
    "₹": "INR",
    "₸": "KZT",
    "₺": "TRY",
    "ZŁ": "PLN",
    "KČ": "CZK",
}
_LOOKS_ONLY = "monitor"
"""The role that may not tell rigs anything."""


def _now() -> datetime:
    return datetime.now(UTC)


class FarmSource(Source):
    """Reads one farm with one request, and what is seldom needed less often.

    The list of farms is read for the whole account elsewhere: ``farm`` gives what it last
    said of this one, or None.
    """

    def __init__(
        self,
        client: HiveClient,
        farm_id: str,
        *,
        farm: Callable[[], Farm | None],
        since: datetime,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """Keep where to read. What happened before ``since`` is not told."""
        self._client = client
        self._farm_id = farm_id
        self._farm = farm
        # Times are whole seconds there: what happened in the first one counts.
        self._since = since = since.replace(microsecond=0)
        self._now = now
        self._flight_sheets: tuple[Choice, ...] = ()
        self._overclocks: tuple[Choice, ...] = ()
        self._choices_at: datetime | None = None
        self._etag: str | None = None
        self._context: FarmContext | None = None
        self._workers = Workers((), 0)
        self._messages = 0
        self._messages_at: datetime | None = None
        self._newest_message = since
        self._events_at: datetime | None = None
        self._newest_event = since
        self._waiting: dict[str, datetime] = {}
        self._ahead = timedelta()
        """How far our clock is ahead of the service's."""

    @property
    @override
    def label(self) -> str:
        """The farm's name."""
        farm = self._farm()
        return f"HiveOS farm {farm.name if farm else self._farm_id}"

    @override
    async def read(self) -> Reading:
        """Read every rig once.

        Raises SourceError and its kinds where the workers cannot be read. Whatever else
        fails is read the next time.
        """
        choices_due = self._is_due(self._choices_at, CHOICES_EVERY)
        known = (
            self._etag
            if not choices_due and self._context == self._context_now()
            else None
        )
        try:
            reply = await self._client.workers(self._farm_id, known)
        except ForbiddenError as err:
            raise self._narrowed(err) from None
        if choices_due:
            await self._read_choices()
        if reply:
            await self._parse(reply)
        # Messages come last: they are asked for most often, and a fault there pauses the rest.
        events = await self._read_events()
        messages = await self._read_messages()
        happenings = sorted(
            (*messages, *events), key=lambda happening: (happening.at, happening.id)
        )
        return Reading(
            rigs=self._workers.rigs, group=self._group(), happenings=tuple(happenings)
        )

    async def _parse(self, reply: WorkersReply) -> None:
        context = self._context_now()
        now = self._now()
        if reply.date:
            self._compare_clocks(now, reply.date)
        arguments = (reply.body, context, now, self._ahead)
        self._etag = None
        try:
            if len(reply.body) < _LONG_BODY:
                workers = parse_workers(*arguments)
            else:
                workers = await asyncio.get_running_loop().run_in_executor(
                    None, parse_workers, *arguments
                )
        except InvalidReplyError as err:
            raise InvalidReplyError(
                f"GET /farms/{self._farm_id}/workers: {err}"
            ) from None
        self._workers = workers
        self._context = context
        self._etag = reply.etag

    def _compare_clocks(self, now: datetime, date: datetime) -> None:
        """Note by how much our clock is wrong, or the service's: ages are counted by ours.

        Small differences are none, and it is noted anew only when it is another: moments would move with every answer.
        """
        ahead = now - date
        if abs(ahead) < CLOCKS_AGREE:
            ahead = timedelta()
        if abs(ahead - self._ahead) >= CLOCKS_AGREE or not ahead:
            self._ahead = ahead

    def _is_due(self, last: datetime | None, every: timedelta) -> bool:
        # A clock that was set back must not keep it from being read for years.
        return last is None or not timedelta() <= self._now() - last < every

    def _context_now(self) -> FarmContext:
        farm = self._farm()
        denied = None
        if farm and farm.locked:
            denied = Denial.LOCKED
        elif farm and farm.role == _LOOKS_ONLY:
            denied = Denial.ROLE
        return FarmContext(
            farm_id=self._farm_id,
            denied=denied,
            flight_sheets=self._flight_sheets,
            overclocks=self._overclocks,
        )

    def _group(self) -> Group | None:
        farm = self._farm()
        if farm is None:
            return None
        return Group(
            id=farm_device_id(self._farm_id),
            name=farm.name,
            power_cost=farm.power_cost,
            currency=_currency(farm.currency),
            accepted_share_ratio=farm.asr,
        )

    async def _read_choices(self) -> None:
        at = self._now()
        try:
            self._flight_sheets = await self._client.flight_sheets(self._farm_id)
            self._overclocks = await self._client.overclocks(self._farm_id)
        except SourceError as err:
            _LOGGER.debug("%s: what it can be set to: %s", self.label, err)
            at -= CHOICES_EVERY - CHOICES_AGAIN
        self._choices_at = at

    async def _read_messages(self) -> Iterable[Happening]:
        now, total = self._now(), self._workers.messages
        self._waiting = {
            command_id: at
            for command_id, at in self._waiting.items()
            if timedelta() <= now - at < ANSWER_WITHIN
        }
        if (
            total == self._messages
            and not self._waiting
            and not self._is_due(self._messages_at, MESSAGES_EVERY)
        ):
            return ()
        # By the service's clock, not by ours: the newest that it told.
        since = max(self._newest_message - OVERLAP, self._since)
        try:
            messages = await self._client.messages(self._farm_id, since)
        except SourceError as err:
            _LOGGER.debug("%s: messages: %s", self.label, err)
            return ()
        self._messages, self._messages_at = total, now
        self._newest_message = max(
            (message.at for message in messages), default=self._newest_message
        )
        for message in messages:
            if message.command_id:
                self._waiting.pop(message.command_id, None)
        return [self._of_message(item) for item in messages if item.at >= since]

    async def _read_events(self) -> Iterable[Happening]:
        if not self._is_due(self._events_at, EVENTS_EVERY):
            return ()
        self._events_at = self._now()
        since = max(self._newest_event - OVERLAP, self._since)
        try:
            events = await self._client.events(self._farm_id, since)
        except SourceError as err:
            _LOGGER.debug("%s: events: %s", self.label, err)
            return ()
        self._newest_event = max(
            (event.at for event in events), default=self._newest_event
        )
        return [self._of_event(item) for item in events if item.at >= since]

    def _of_message(self, message: Message) -> Happening:
        # The rig's agent takes the shell command as the title of its answer.
        title = "Shell command" if message.command == _SHELL else message.title
        return Happening(
            id=f"message-{message.id}",
            at=message.at,
            title=title,
            severity=message.severity,
            rig_id=self._rig_id(message.worker_id),
            command_id=message.command_id,
            details={"command": message.command} if message.command else {},
        )

    def _of_event(self, event: Event) -> Happening:
        details = {"user": event.user, "type_id": event.type_id}
        return Happening(
            id=f"event-{event.id}",
            at=event.at,
            title=event.title,
            rig_id=self._rig_id(event.worker_id),
            details={key: value for key, value in details.items() if value is not None},
        )

    def _rig_id(self, worker_id: str | None) -> str | None:
        return rig_id(self._farm_id, worker_id) if worker_id else None

    @override
    async def execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> tuple[Outcome, ...]:
        """Tell rigs to do something: up to 200 of them with one request.

        Raises SourceError and its kinds where not one of them could be told:
        ForbiddenError without a request where the account may only look or the farm is
        locked, RejectedError without one where the command cannot be put in the service's
        words.
        """
        self._check_allowed()
        workers: dict[str, str] = {}
        outcomes: dict[str, Outcome] = {}
        for each in rig_ids:
            try:
                farm_id, worker_id = split_rig_id(each)
            except ValueError:
                farm_id = worker_id = ""
            if farm_id == self._farm_id:
                workers[worker_id] = each
            else:
                outcomes[each] = Outcome(
                    rig_id=each,
                    result=Result.FAILED,
                    error=f"{each} is no rig of {self.label}",
                )
        order = order_of(command, len(workers))
        failures: list[SourceError] = []
        for some in batched(workers.items(), MOST_WORKERS, strict=False):
            told = dict(some)
            try:
                answers = await self._send(order, told)
            except SourceError as err:
                failures.append(err)
                answers = [
                    Outcome(rig_id=each, result=Result.FAILED, error=str(err))
                    for each in told.values()
                ]
            outcomes |= {outcome.rig_id: outcome for outcome in answers}
        if failures and len(failures) * MOST_WORKERS >= len(workers):
            raise failures[0]
        return tuple(outcomes[each] for each in rig_ids)

    async def _send(self, order: Order, workers: dict[str, str]) -> list[Outcome]:
        worker_ids = list(workers)
        try:
            if order.is_edit:
                # What it is set to now has to be seen soon.
                self._choices_at = self._etag = None
                answer = await self._client.edit(
                    self._farm_id, worker_ids, order.body, merge=order.merge
                )
            else:
                answer = await self._client.command(
                    self._farm_id, worker_ids, order.body
                )
        except ForbiddenError as err:
            raise self._narrowed(err, writing=True) from None
        outcomes = list(
            outcomes_of(order, answer, workers, bulk=len(worker_ids) > 1 or order.merge)
        )
        now = self._now()
        for outcome in outcomes:
            for command_id in outcome.command_ids:
                self._waiting[command_id] = now
        return outcomes

    def _check_allowed(self) -> None:
        farm = self._farm()
        if farm and farm.locked:
            raise ForbiddenError(
                f"HiveOS has locked the farm {farm.name} for what it owes",
                Refusal.UNPAID,
            )
        if farm and farm.role == _LOOKS_ONLY:
            raise ForbiddenError(
                f"The farm {farm.name} is shared with this account for reading only",
                Refusal.ROLE,
            )

    def _narrowed(
        self, err: ForbiddenError, *, writing: bool = False
    ) -> ForbiddenError:
        """Say why we are not allowed, where the farm tells."""
        farm = self._farm()
        if err.refusal is Refusal.UNKNOWN and farm:
            if farm.locked or farm.is_paid is False:
                return ForbiddenError(f"farm {farm.name}: {err}", Refusal.UNPAID)
            if writing and farm.role is not None:
                return ForbiddenError(f"farm {farm.name}: {err}", Refusal.ROLE)
        return err

    @override
    async def close(self) -> None:
        """Hold nothing: the session is not ours, and the client serves other farms too."""


def _currency(sign: str | None) -> str | None:
    return _CURRENCIES.get(sign.upper(), sign.upper()) if sign else None
