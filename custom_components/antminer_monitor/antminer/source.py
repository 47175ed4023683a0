"""One Antminer, read over the CGMiner API, with what its web interface adds."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
import logging
from typing import override

import aiohttp

from ..command import Command, Outcome
from ..rig import Rig, Status
from ..source import InvalidReplyError, Reading, Source, SourceUnreachableError
from .asking import Asker
from .besides import Besides
from .book import Book, run_apart
from .cgminer import DEFAULT_PORT, CgminerClient, Exchange, Reply, section
from .control.control import MinerControl
from .control.controller import Memo, Miner
from .extras import DEFAULT_PORT as EXTRAS_PORT
from .firmware import SUMMARY_NEW, Context, Dialect
from .firmware.x19 import is_unwell
from .recognition import Identity, Recogniser
from .web import Credentials

_LOGGER = logging.getLogger(__name__)

CONFIGURATION_EVERY = 300.0
"""Seconds between two readings of the web configuration."""
CONFIGURATION_IDLE = 60.0
"""The same while the rig does not hash: it may have been put to sleep. The page is a shell
script on a slow processor, so no more often than that."""
_RESTART_SLACK = 5.0
"""Seconds that an uptime may fall behind without a restart: clocks are set."""


class AntminerSource(Source):
    """Reads one Antminer.

    Nothing is asked twice at the same time and no more than a poll needs: the firmware is
    identified once, and again when the miner program restarted or answers otherwise.
    """

    def __init__(
        self,
        rig_id: str,
        host: str,
        port: int = DEFAULT_PORT,
        *,
        session: aiohttp.ClientSession | None = None,
        credentials: Credentials | None = None,
        timeout: float = 10.0,
        mac: str | None = None,
        web_port: int = 80,
        extras_port: int = EXTRAS_PORT,
        memo: Memo | None = None,
        book: Book | None = None,
    ) -> None:
        """Keep the address.

        Without ``session`` only port 4028 is read; without ``credentials`` the web
        interface of stock firmware is not. ``timeout`` is in seconds, for one reply.
        ``mac`` stands in where the rig does not tell its own. ``memo`` keeps what a
        command must know after a restart; without it that is forgotten. ``book`` holds the
        dialects and models to choose from, which may change later: ours unless given.
        """
        self._rig_id = rig_id
        self._host = host
        self._label = f"{host}:{port}"
        self._session = session
        self._timeout = timeout
        self._mac = mac
        self._web_port = web_port
        self._memo = memo or Memo()
        self._book = book or Book()
        self._asker = Asker(
            CgminerClient(
                host, port, connect_timeout=min(3.0, timeout), timeout=timeout
            )
        )
        self._recogniser = Recogniser(self._asker, self._book, self._label)
        self._besides = Besides(
            session,
            host,
            credentials,
            label=self._label,
            timeout=timeout,
            web_port=web_port,
            extras_port=extras_port,
        )
        self._control = MinerControl(self._label)
        self._lock = asyncio.Lock()
        self._identity: Identity | None = None
        self._mark: object = None
        self._started = True
        self._due = False
        """Whether the next read identifies anew."""
        self._uptime: float | None = None
        self._hashed = False
        """Whether it hashed when it was last read."""
        self._fan_slots: frozenset[int] = frozenset()

    @property
    @override
    def label(self) -> str:
        """Host and port."""
        return self._label

    @property
    def credentials_refused(self) -> bool:
        """Whether the web interface refused the credentials; it is left alone since."""
        return self._besides.refused

    @property
    def identified(self) -> str | None:
        """Family of the dialect that the rig speaks; ``None`` before the first read."""
        return self._identity.dialect.family if self._identity else None

    @property
    def exchanges(self) -> deque[Exchange]:
        """The last exchanges on the CGMiner port, for diagnostics."""
        return self._asker.client.exchanges

    @override
    async def read(self) -> Reading:
        """Read the rig: always exactly one.

        Raises SourceError and its kinds where its ``stats`` (BOSminer: ``summary``) cannot
        be read. Whatever else fails leaves its fields ``None``.
        """
        async with self._lock:
            self._asker.begin()
            return Reading(rigs=(await self._describe(await self._read()),))

    @override
    async def execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> tuple[Outcome, ...]:
        """Tell the one rig to do something. Reading goes on meanwhile."""
        return tuple(
            [await self._control.execute(command, rig_id) for rig_id in rig_ids]
        )

    @override
    async def close(self) -> None:
        """Nothing is held open between two reads."""

    async def reconsider(self) -> bool:
        """Tell whether the book, as it is now, would have the rig read otherwise.

        If so the next read identifies the rig anew; other rigs go on as they are.
        """
        known = self._identity.dialect if self._identity else None
        is_news = await self._recogniser.is_news(known)
        self._due = self._due or is_news
        return is_news

    async def recognised_by(self, dialects: Sequence[Dialect]) -> Dialect | None:
        """Tell which of some dialects, that need not be in the book, would know the rig.

        It goes by what the rig said when it was identified. Only a rig that nobody knows
        is asked for what these dialects want to know besides.
        """
        besides: dict[str, Reply] = {}
        if self._identity is None and (missing := self._recogniser.unasked(dialects)):
            async with self._lock:
                besides = {
                    name: reply
                    for name in missing
                    if (reply := await self._asker.optional(name))
                }
        return await self._recogniser.recognised_by(dialects, besides)

    async def _describe(self, rig: Rig) -> Rig:
        """Add what the rig accepts, where it can be told anything at all."""
        if self._session is None or self._identity is None:
            return rig
        miner = Miner(
            host=self._host,
            client=self._asker.client,
            session=self._session,
            web_port=self._web_port,
            timeout=self._timeout,
            credentials=self._besides.credentials,
            recall=self._memo.recall,
            note=self._memo.note,
        )
        return await self._control.describe(self._identity.dialect, miner, rig)

    async def _read(self) -> Rig:
        known: dict[str, Reply] = {}
        identity = self._identity
        if identity is None or self._due:
            identity, known = await self._identify()
        replies = await self._poll(identity, known)
        mark = _mark(replies.get(identity.dialect.commands[0]))
        if mark is not None and self._mark is not None and mark != self._mark:
            _LOGGER.debug("%s: answers otherwise than before", self._label)
            identity, known = await self._identify()
            replies = await self._poll(identity, known)
            mark = _mark(replies.get(identity.dialect.commands[0]))
        self._mark = mark
        rig = await self._parse(identity, replies)
        if self._uptime is not None and (
            rig.uptime is not None and rig.uptime < self._uptime - _RESTART_SLACK
        ):
            _LOGGER.debug("%s: restarted", self._label)
            self._uptime = None
            identity, known = await self._identify()
            rig = await self._parse(identity, await self._poll(identity, known))
        self._uptime = rig.uptime
        if rig.status is Status.STARTING:
            self._started = False
        elif not self._started:
            # What a rig knows while its boards start may be less than it knows later.
            self._started = True
            self._due = identity.dialect.new_api
        self._fan_slots |= {fan.index for fan in rig.fans if fan.speed}
        return rig

    async def _identify(self) -> tuple[Identity, dict[str, Reply]]:
        """Find out what answers; give the replies that the poll need not ask again."""
        self._identity = None
        self._due = False
        self._mark = None
        identity, known = await self._recogniser.identify()
        await self._besides.begin_anew(identity.dialect)
        self._identity = identity
        return identity, known

    async def _poll(
        self, identity: Identity, known: Mapping[str, Reply]
    ) -> dict[str, Reply]:
        return await self._asker.poll(
            identity.dialect, {**identity.replies, **known}, new_form=identity.new_form
        )

    async def _parse(self, identity: Identity, replies: dict[str, Reply]) -> Rig:
        dialect, besides = identity.dialect, self._besides
        watts = await besides.power()
        await besides.ask_web(dialect, CONFIGURATION_EVERY)
        context = Context(
            rig_id=self._rig_id,
            host=self._host,
            seen_at=datetime.now(UTC),
            mac=self._mac,
            info=besides.info,
            configuration=besides.configuration,
            power=watts,
            fan_slots=self._fan_slots,
            models=self._book.models,
        )

        async def parse(replies: Mapping[str, Reply], context: Context) -> Rig:
            return await run_apart(dialect, dialect.parse, replies, context)

        try:
            rig = await parse(replies, context)
            # One that just stopped may have been put to sleep, and would pass for broken until it is asked.
            idle = 0.0 if self._hashed else CONFIGURATION_IDLE
            self._hashed = bool(rig.hashrate)
            if not rig.hashrate and await besides.ask_web(dialect, idle):
                context = replace(context, configuration=besides.configuration)
                rig = await parse(replies, context)
            if identity.new_api and is_unwell(rig):
                if reply := await self._problems():
                    replies = replies | {SUMMARY_NEW: reply}
                context = replace(context, warnings=await besides.warnings())
                rig = await parse(replies, context)
        except InvalidReplyError as err:
            self._identity = None
            raise InvalidReplyError(f"{self._label}: {err}") from None
        return rig

    async def _problems(self) -> Reply | None:
        try:
            return await self._asker.optional("summary", new_api=True)
        except SourceUnreachableError:
            return None


def _mark(reply: Reply | None) -> object:
    """Tell what a reply names itself: another name is another firmware."""
    if reply is None:
        return None
    for key, names in (("INFO", ("type", "CompileTime")), ("STATUS", ("Description",))):
        for row in section(reply, key):
            if any(name in row for name in names):
                return tuple(str(row.get(name)) for name in names)
    return None
