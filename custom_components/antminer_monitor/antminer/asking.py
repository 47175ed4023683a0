"""Asks the CGMiner port what a read needs, and takes no for an answer where it can."""

import asyncio
from collections.abc import Mapping
import logging

from ..source import (
    AccessDeniedError,
    InvalidReplyError,
    SourceError,
    SourceUnreachableError,
)
from .cgminer import CgminerClient, Reply
from .firmware import Dialect
from .firmware.x19 import tells_all

_LOGGER = logging.getLogger(__name__)

RETRY_AFTER = 0.5
"""Seconds before a truncated or empty reply is asked for again, once a read."""


class Asker:
    """Asks one miner, for one read after the other."""

    def __init__(self, client: CgminerClient) -> None:
        """Keep the client."""
        self.client = client
        self._retried = False
        self._joins = True

    def begin(self) -> None:
        """Begin a read."""
        self._retried = False

    def begin_anew(self) -> None:
        """Forget what the miner could not do: it may be another one by now."""
        self._joins = True

    async def ask(self, name: str, *, new_api: bool = False) -> Reply:
        """Ask one command; raises as ``CgminerClient.command``."""
        try:
            return await self.client.command(name, new_api=new_api)
        except InvalidReplyError:
            if self._retried:
                raise
        self._retried = True
        await asyncio.sleep(RETRY_AFTER)
        return await self.client.command(name, new_api=new_api)

    async def optional(self, name: str, *, new_api: bool = False) -> Reply | None:
        """Ask what the miner may refuse, or not know: then a read goes on without.

        Raises SourceUnreachableError where nobody answers.
        """
        try:
            return await self.ask(name, new_api=new_api)
        except (AccessDeniedError, InvalidReplyError) as err:
            _LOGGER.debug("%s", err)
            return None

    async def poll(
        self, dialect: Dialect, known: Mapping[str, Reply], *, new_form: bool
    ) -> dict[str, Reply]:
        """Ask what a poll needs and is not known yet; ``stats`` in its new form, if so.

        Raises SourceError if the dialect's first command fails; the others may.
        """
        replies = dict(known)
        commands = dialect.commands
        if dialect.joined and self._joins:
            names = [name for name in commands if name not in replies]
            try:
                replies |= await self.client.joined(names)
            except InvalidReplyError:
                self._joins = False
            else:
                if commands[0] in replies:
                    return replies
        for name in commands:
            if name in replies:
                continue
            try:
                if name == "stats" and new_form:
                    replies[name] = await self._stats()
                else:
                    replies[name] = await self.ask(name)
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
        reply = await self.ask("stats", new_api=True)
        return reply if tells_all(reply) else await self.ask("stats")
