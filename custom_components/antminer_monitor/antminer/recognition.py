"""Finds out which firmware answers, once, and who else would know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import logging

from ..source import AccessDeniedError, InvalidReplyError
from .apart import HungError
from .asking import Asker
from .book import Book, run_apart
from .cgminer import Reply
from .firmware import STATS_NEW, Dialect, Fingerprint
from .firmware.x19 import new_stats, tells_all

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """What was found out about the firmware, good until the miner program restarts."""

    dialect: Dialect
    replies: dict[str, Reply]
    """``version``, and ``stats.cgi`` where it tells more but not all."""
    new_api: bool = False
    new_form: bool = False
    """Whether ``stats`` is asked in its new form."""


class Recogniser:
    """Recognises one miner, and keeps what it said then."""

    def __init__(self, asker: Asker, book: Book, label: str) -> None:
        """Keep whom to ask, and the dialects to choose from, which may change later."""
        self._asker = asker
        self._book = book
        self._label = label
        self._fingerprint: Fingerprint | None = None
        self._probed: tuple[str, ...] = ()

    async def identify(self) -> tuple[Identity, dict[str, Reply]]:
        """Find out what answers; give the replies that the poll need not ask again.

        Raises SourceError and its kinds; UnknownMinerError where nobody knows the miner.
        """
        self._asker.begin_anew()
        version = await self._asker.optional("version")
        try:
            stats: Reply | None = await self._asker.ask("stats")
        except AccessDeniedError, InvalidReplyError:
            if version is None and not self._book.probes:
                raise
            stats = None
        try:
            dialect, replies = await self._recognise(version, stats)
        except InvalidReplyError as err:
            raise type(err)(f"{self._label}: {err}") from None
        _LOGGER.debug("%s: speaks as %s", self._label, dialect.name)
        commands = dialect.commands
        told = {
            name: reply
            for name, reply in replies.items()
            if name not in commands and (name == "version" or name in dialect.probes)
        }
        known = {name: reply for name, reply in replies.items() if name in commands}
        new_api = new_form = False
        if dialect.new_api and (
            reply := await self._asker.optional("stats", new_api=True)
        ):
            new_api = new_stats(reply) is not None
            new_form = tells_all(reply)
            if new_form:
                known = {"stats": reply}
            elif new_api:
                told[STATS_NEW] = reply
        return Identity(dialect, told, new_api=new_api, new_form=new_form), known

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
            if name not in found.replies and (reply := await self._asker.optional(name))
        }
        self._fingerprint = found = Fingerprint(version, stats, replies)
        return await self._book.recognise(found), found.replies

    async def is_news(self, known: Dialect | None) -> bool:
        """Tell whether the book, as it is now, would not have the rig read as ``known``."""
        if self._fingerprint is None:
            return False
        try:
            dialect = await self._book.recognise(self._fingerprint)
        except InvalidReplyError:
            return known is not None or self._probed != self._book.probes
        return dialect is not known

    def unasked(self, dialects: Sequence[Dialect]) -> list[str]:
        """Give the commands that these dialects want a reply to and that has none yet."""
        if self._fingerprint is None:
            return []
        wanted = {name for dialect in dialects for name in dialect.probes}
        return sorted(wanted - self._fingerprint.replies.keys())

    async def recognised_by(
        self, dialects: Sequence[Dialect], besides: Mapping[str, Reply]
    ) -> Dialect | None:
        """Tell which of these knows the rig by what it said, then and ``besides``."""
        found = self._fingerprint
        if found is None:
            return None
        if besides:
            found = Fingerprint(
                found.replies.get("version"),
                found.replies.get("stats"),
                found.replies | dict(besides),
            )
        for dialect in dialects:
            try:
                if await run_apart(dialect, dialect.recognises, found):
                    return dialect
            except HungError:
                continue
        return None
