"""Asking a simulated HiveOS service as anybody would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import json
from typing import Self, cast

import aiohttp
from yarl import URL

from simulator.hive import HiveService

from .conftest import Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Data:
        """The body as a JSON object."""
        return cast("Data", json.loads(self.body))

    @property
    def items(self) -> list[Data]:
        """What is in its envelope."""
        return cast("list[Data]", self.data["data"])


class Asker:
    """``async with Asker(hive) as ask: await ask("GET", "/farms")``."""

    def __init__(self, hive: HiveService, token: str | None = None) -> None:
        """Ask with the owner's token, or with another."""
        self._hive = hive
        self._authorization = f"Bearer {token or hive.token}"

    async def __aenter__(self) -> Self:
        """Open the session."""
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._session.close()

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """Ask; redirects are not followed. Ten seconds at most."""
        return await self.raw(
            method,
            self._hive.url + path,
            body,
            headers={"Authorization": self._authorization, **(headers or {})},
            raw=raw,
        )

    async def raw(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """The same for any URL and without a token."""
        async with self._session.request(
            method,
            URL(url, encoded=True),
            json=body,
            data=raw,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=10),
        ) as response:
            return Answer(
                status=response.status,
                body=await response.read(),
                headers=response.headers.copy(),
            )

    async def workers(self, farm_id: int) -> dict[int, Data]:
        """The workers of a farm, by id."""
        answer = await self("GET", f"/farms/{farm_id}/workers")
        assert answer.status == 200
        return {cast("int", item["id"]): item for item in answer.items}


def inner(data: Data, *keys: str) -> Data:
    """An object within an object."""
    for key in keys:
        data = cast("Data", data[key])
    return data


def listed(data: Data, *keys: str) -> list[Data]:
    """A list of objects within an object."""
    return cast("list[Data]", inner(data, *keys[:-1])[keys[-1]])
