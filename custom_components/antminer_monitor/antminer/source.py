"""One Antminer, read over the CGMiner API, with what its web interface adds."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
import logging
from time import monotonic
from typing import override

import aiohttp

from ..command import Command, Outcome
from ..rig import Rig, RigError, Status
from ..source import (
    AccessDeniedError,
    InvalidReplyError,
    Reading,
    Source,
    SourceError,
    SourceUnreachableError,
)
from .apart import HungError
from .book import Book, run_apart
from .cgminer import DEFAULT_PORT, CgminerClient, Exchange, Reply, section
from .control.control import MinerControl
from .control.controller import Memo, Miner
from .extras import DEFAULT_PORT as EXTRAS_PORT, read_power, read_warnings
from .firmware import STATS_NEW, SUMMARY_NEW, Context, Dialect, Fingerprint
from .firmware.x19 import is_unwell, new_stats, tells_all
from .web import Credentials, StockWeb, WebConfiguration, WebInfo, vnish_info

_LOGGER = logging.getLogger(__name__)

RETRY_AFTER = 0.5
"""Seconds before a truncated or empty reply is asked for again, once a read."""
CONFIGURATION_EVERY = 300.0
"""Seconds between two readings of the web configuration."""
CONFIGURATION_IDLE = 60.0
"""The same while the rig does not hash: it may have been put to sleep. The page is a shell
script on a slow processor, so no more often than that."""
_RESTART_SLACK = 5.0
"""Seconds that an uptime may fall behind without a restart: clocks are set."""


@dataclass(frozen=True, slots=True)
class _Identity:
    """What was found out about the firmware, good until the miner program restarts."""

    dialect: Dialect
    replies: dict[str, Reply]
    """``version``, and ``stats.cgi`` where it tells more but not all."""
    new_api: bool = False
    new_form: bool = False
    """Whether ``stats`` is asked in its new form."""
    power: bool = False
    """Whether port 6060 told watts."""


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
        self._port = port
        self._session = session
        self._credentials = credentials
        self._timeout = timeout
        self._mac = mac
        self._web_port = web_port
        self._extras_port = extras_port
        self._client = CgminerClient(
            host, port, connect_timeout=min(3.0, timeout), timeout=timeout
        )
        self._memo = memo or Memo()
        self._book = book or Book()
        self._fingerprint: Fingerprint | None = None
        self._probed: tuple[str, ...] = ()
        self._control = MinerControl(f"{host}:{port}")
        self._lock = asyncio.Lock()
        self._web: StockWeb | None = None
        self._refused = False
        self._info: WebInfo | None = None
        self._configuration: WebConfiguration | None = None
        self._web_at: float | None = None
        self._introduced = False
        self._identity: _Identity | None = None
        self._mark: object = None
        self._watts: float | None = None
        self._joins = True
        self._started = True
        self._due = False
        """Whether the next read identifies anew."""
        self._retried = False
        self._uptime: float | None = None
        self._fan_slots: frozenset[int] = frozenset()

    @property
    @override
    def label(self) -> str:
        """Host and port."""
        return f"{self._host}:{self._port}"

    @property
    def credentials_refused(self) -> bool:
        """Whether the web interface refused the credentials; it is left alone since."""
        return self._refused

    @property
    def identified(self) -> str | None:
        """Family of the dialect that the rig speaks; ``None`` before the first read."""
        return self._identity.dialect.family if self._identity else None

    @property
    def exchanges(self) -> deque[Exchange]:
        """The last exchanges on the CGMiner port, for diagnostics."""
        return self._client.exchanges

    def set_credentials(self, credentials: Credentials | None) -> None:
        """Use other credentials from the next read on."""
        self._credentials = credentials
        self._refused = False
        self._web = None
        self._web_at = None

    @override
    async def read(self) -> Reading:
        """Read the rig: always exactly one.

        Raises SourceError and its kinds where its ``stats`` (BOSminer: ``summary``) cannot
        be read. Whatever else fails leaves its fields ``None``.
        """
        async with self._lock:
            self._retried = False
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

    async def _describe(self, rig: Rig) -> Rig:
        """Add what the rig accepts, where it can be told anything at all."""
        if self._session is None or self._identity is None:
            return rig
        miner = Miner(
            host=self._host,
            client=self._client,
            session=self._session,
            web_port=self._web_port,
            timeout=self._timeout,
            # A login that was refused is left alone: more attempts could lock its owner out.
            credentials=None if self._refused else self._credentials,
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
            _LOGGER.debug("%s: answers otherwise than before", self.label)
            identity, known = await self._identify()
            replies = await self._poll(identity, known)
            mark = _mark(replies.get(identity.dialect.commands[0]))
        self._mark = mark
        rig = await self._parse(identity, replies)
        if self._uptime is not None and (
            rig.uptime is not None and rig.uptime < self._uptime - _RESTART_SLACK
        ):
            _LOGGER.debug("%s: restarted", self.label)
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

    async def _identify(self) -> tuple[_Identity, dict[str, Reply]]:
        """Find out what answers; give the replies that the poll need not ask again."""
        self._identity = None
        self._due = False
        self._mark = None
        self._joins = True
        version = await self._optional("version")
        try:
            stats: Reply | None = await self._ask("stats")
        except AccessDeniedError, InvalidReplyError:
            if version is None and not self._book.probes:
                raise
            stats = None
        try:
            dialect, replies = await self._recognise(version, stats)
        except InvalidReplyError as err:
            raise type(err)(f"{self.label}: {err}") from None
        _LOGGER.debug("%s: speaks as %s", self.label, dialect.name)
        commands = dialect.commands
        told = {
            name: reply
            for name, reply in replies.items()
            if name not in commands and (name == "version" or name in dialect.probes)
        }
        known = {name: reply for name, reply in replies.items() if name in commands}
        new_api = new_form = False
        if dialect.new_api and (reply := await self._optional("stats", new_api=True)):
            new_api = new_stats(reply) is not None
            new_form = tells_all(reply)
            if new_form:
                known = {"stats": reply}
            elif new_api:
                told[STATS_NEW] = reply
        self._watts = await self._power() if dialect.new_api else None
        self._introduced = False
        self._web_at = None
        self._identity = _Identity(
            dialect,
            told,
            new_api=new_api,
            new_form=new_form,
            power=self._watts is not None,
        )
        return self._identity, known

    async def _recognise(
        self, version: Reply | None, stats: Reply | None
    ) -> tuple[Dialect, dict[str, Reply]]:
        """Tell the dialect, and the replies that gave it away.

        What extensions want to know besides is asked where nobody else knows the miner.
        """
        self._probed = ()
        self._fingerprint = found = Fingerprint(version, stats)
        try:
            return await self._book.recognise(found), found.replies
        except InvalidReplyError:
            if not self._book.probes:
                raise
        self._probed = self._book.probes
        replies = {
            name: reply
            for name in self._probed
            if name not in found.replies and (reply := await self._optional(name))
        }
        self._fingerprint = found = Fingerprint(version, stats, replies)
        return await self._book.recognise(found), found.replies

    async def reconsider(self) -> bool:
        """Tell whether the book, as it is now, would have the rig read otherwise.

        If so the next read identifies the rig anew; other rigs go on as they are.
        """
        known = self._identity.dialect if self._identity else None
        if self._fingerprint is None:
            return False
        try:
            dialect = await self._book.recognise(self._fingerprint)
        except InvalidReplyError:
            is_news = known is not None or self._probed != self._book.probes
        else:
            is_news = dialect is not known
        self._due = self._due or is_news
        return is_news

    async def recognised_by(self, dialects: Sequence[Dialect]) -> Dialect | None:
        """Tell which of some dialects, that need not be in the book, would know the rig.

        It goes by what the rig said when it was identified. Only a rig that nobody knows
        is asked for what these dialects want to know besides.
        """
        found = self._fingerprint
        if found is None:
            return None
        wanted = {name for dialect in dialects for name in dialect.probes}
        if self._identity is None and (
            missing := sorted(wanted - found.replies.keys())
        ):
            async with self._lock:
                replies = {name: await self._optional(name) for name in missing}
            found = Fingerprint(
                found.replies.get("version"),
                found.replies.get("stats"),
                found.replies | {name: told for name, told in replies.items() if told},
            )
        for dialect in dialects:
            try:
                if await run_apart(dialect, dialect.recognises, found):
                    return dialect
            except HungError:
                continue
        return None

    async def _poll(
        self, identity: _Identity, known: dict[str, Reply]
    ) -> dict[str, Reply]:
        """Ask what is not known yet. Raises SourceError if the first command fails."""
        replies = identity.replies | known
        commands = identity.dialect.commands
        if identity.dialect.joined and self._joins:
            names = [name for name in commands if name not in known]
            try:
                replies |= await self._client.joined(names)
            except InvalidReplyError:
                self._joins = False
            else:
                if commands[0] in replies:
                    return replies
        for name in commands:
            if name in replies:
                continue
            try:
                if name == "stats" and identity.new_form:
                    replies[name] = await self._stats()
                else:
                    replies[name] = await self._ask(name)
            except SourceError as err:
                if name == commands[0]:
                    raise
                _LOGGER.debug("%s", err)
                if isinstance(err, SourceUnreachableError):
                    # It went away: each further command would wait its own deadline.
                    break
        return replies

    async def _stats(self) -> Reply:
        """Ask for ``stats`` in its new form; in the other one if that is empty."""
        reply = await self._ask("stats", new_api=True)
        return reply if tells_all(reply) else await self._ask("stats")

    async def _ask(self, name: str, *, new_api: bool = False) -> Reply:
        try:
            return await self._client.command(name, new_api=new_api)
        except InvalidReplyError:
            if self._retried:
                raise
        self._retried = True
        await asyncio.sleep(RETRY_AFTER)
        return await self._client.command(name, new_api=new_api)

    async def _optional(self, name: str, *, new_api: bool = False) -> Reply | None:
        """Ask what the miner may refuse, or not know: then a read goes on without."""
        try:
            return await self._ask(name, new_api=new_api)
        except (AccessDeniedError, InvalidReplyError) as err:
            _LOGGER.debug("%s", err)
            return None

    async def _parse(self, identity: _Identity, replies: dict[str, Reply]) -> Rig:
        watts, self._watts = self._watts, None
        if identity.power and watts is None:
            watts = await self._power()
        await self._ask_web(identity, CONFIGURATION_EVERY)
        context = Context(
            rig_id=self._rig_id,
            host=self._host,
            seen_at=datetime.now(UTC),
            mac=self._mac,
            info=self._info,
            configuration=self._configuration,
            power=watts,
            fan_slots=self._fan_slots,
            models=self._book.models,
        )
        dialect = identity.dialect

        async def parse(replies: Mapping[str, Reply], context: Context) -> Rig:
            return await run_apart(dialect, dialect.parse, replies, context)

        try:
            rig = await parse(replies, context)
            if not rig.hashrate and await self._ask_web(identity, CONFIGURATION_IDLE):
                context = replace(context, configuration=self._configuration)
                rig = await parse(replies, context)
            if identity.new_api and is_unwell(rig):
                if reply := await self._problems():
                    replies = replies | {SUMMARY_NEW: reply}
                warnings = await self._warnings() if identity.power else ()
                rig = await parse(replies, replace(context, warnings=warnings))
        except InvalidReplyError as err:
            self._identity = None
            raise InvalidReplyError(f"{self.label}: {err}") from None
        return rig

    async def _problems(self) -> Reply | None:
        try:
            return await self._optional("summary", new_api=True)
        except SourceUnreachableError:
            return None

    async def _warnings(self) -> tuple[RigError, ...]:
        """Read the error codes of port 6060, where it is known to answer."""
        if self._session is None:
            return ()
        try:
            return await read_warnings(
                self._session, self._host, port=self._extras_port
            )
        except SourceError as err:
            _LOGGER.debug("%s: port %d: %s", self.label, self._extras_port, err)
            return ()

    async def _power(self) -> float | None:
        """Read port 6060, which is nobody's promise: without it the read goes on."""
        if self._session is None:
            return None
        try:
            return await read_power(self._session, self._host, port=self._extras_port)
        except SourceError as err:
            _LOGGER.debug("%s: port %d: %s", self.label, self._extras_port, err)
            return None

    async def _ask_web(self, identity: _Identity, every: float) -> bool:
        """Read the web interface if that is due; tell whether it was.

        What it says of the rig is read once an identification, its configuration every
        time. It is left alone once it refused the credentials: more attempts could lock
        the owner out.
        """
        now = monotonic()
        if self._session is None or (
            self._web_at is not None and now - self._web_at < every
        ):
            return False
        dialect = identity.dialect
        try:
            if dialect.rest and not self._introduced:
                self._web_at = now
                self._info = await vnish_info(
                    self._session,
                    self._host,
                    port=self._web_port,
                    timeout=self._timeout,
                )
                self._introduced = True
            elif dialect.stock_web and self._credentials and not self._refused:
                self._web_at = now
                if self._web is None:
                    self._web = StockWeb(
                        self._session,
                        self._host,
                        self._credentials,
                        port=self._web_port,
                        timeout=self._timeout,
                    )
                if not self._introduced:
                    self._info = await self._web.system_info()
                    self._introduced = True
                self._configuration = await self._web.configuration()
                return True
        except AccessDeniedError as err:
            _LOGGER.debug("%s: web interface: %s", self.label, err)
            self._refused = True
        except SourceError as err:
            _LOGGER.debug("%s: web interface: %s", self.label, err)
        return False


def _mark(reply: Reply | None) -> object:
    """Tell what a reply names itself: another name is another firmware."""
    if reply is None:
        return None
    for key, names in (("INFO", ("type", "CompileTime")), ("STATUS", ("Description",))):
        for row in section(reply, key):
            if any(name in row for name in names):
                return tuple(str(row.get(name)) for name in names)
    return None
