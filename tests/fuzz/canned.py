"""Answers of a miner or a service without a network: bytes by command or by path."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
import json
from types import TracebackType
from typing import Final, Self, cast, override

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from custom_components.antminer_monitor.antminer.cgminer import MAX_REPLY, CgminerClient
from custom_components.antminer_monitor.source import (
    InvalidReplyError,
    SourceUnreachableError,
)

HOST = "192.0.2.7"


GONE: Final = b"gone\n"
"""In the place of a reply: nobody is there."""
_UNKNOWN: Final = b'{"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command"}]}\0'


class CannedClient(CgminerClient):
    """The CGMiner port of a miner; it refuses a command that it has no reply to."""

    def __init__(self, replies: Mapping[str, bytes]) -> None:
        """Answer with these, by command; ``stats.cgi`` is ``stats`` with ``new_api``.

        Several commands in one are answered from the replies to each, unless there is a
        reply to all of them together.
        """
        super().__init__(HOST)
        self._replies = replies

    @override
    async def _transfer(self, request: bytes, data: bytearray) -> None:
        asked = json.loads(request)
        name = asked["command"] + (".cgi" if "new_api" in asked else "")
        data += self._answer(name)
        if data == GONE:
            raise SourceUnreachableError("nobody is there")
        if b"\0" not in data and len(data) > MAX_REPLY:
            raise InvalidReplyError("reply over 1 MiB")

    def _answer(self, name: str) -> bytes:
        if name in self._replies or "+" not in name:
            return self._replies.get(name, _UNKNOWN)
        members = (
            b'"%s":[%s]' % (part.encode(), self._answer(part).partition(b"\0")[0])
            for part in name.split("+")
        )
        return b"{%s}" % b",".join(members)


@dataclass(slots=True)
class _Response:
    """An answer over HTTP, as much of it as is looked at."""

    status: int
    body: bytes
    headers: CIMultiDict[str]

    @property
    def content(self) -> Self:
        return self

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self.body

    async def read(self) -> bytes:
        return self.body

    def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is open."""


class _Session:
    """Answers every request by its path, whatever is asked of it."""

    def __init__(self, pages: Mapping[str, bytes]) -> None:
        self._pages: dict[str, tuple[int, bytes, CIMultiDict[str]]] = {}
        for name, body in pages.items():
            path, _, rest = name.partition(" ")
            status, _, wait = rest.partition(" ")
            headers = CIMultiDict({"ETag": '"1"'})
            if wait:
                headers["Retry-After"] = wait
            known = int(status) if status.isascii() and status.isdecimal() else 200
            self._pages[path] = (known, body, headers)

    def request(self, _method: str, url: URL, **_options: object) -> _Response:
        found = self._pages.get(url.path)
        if found is None:
            raise aiohttp.ServerDisconnectedError
        return _Response(*found)

    def get(self, url: URL, **options: object) -> _Response:
        return self.request("GET", url, **options)


def session_of(pages: Mapping[str, bytes]) -> aiohttp.ClientSession:
    """Give a session that answers with these pages: by ``PATH [STATUS [RETRY-AFTER]]``."""
    return cast("aiohttp.ClientSession", _Session(pages))
