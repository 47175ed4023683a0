"""Every fault of the simulated HiveOS service does what it says, and ends."""

import asyncio
import time
from typing import cast

import aiohttp
import pytest

from simulator.hive import HiveFault, HiveService
from simulator.hive.faults import fault_named

from .conftest import START, Clock, Data, until
from .hive_client import Asker, inner

JSON = "application/json"
HTML = "text/html"
REPLIES: dict[HiveFault, tuple[int, str, bytes]] = {
    HiveFault.UNAUTHORIZED: (401, JSON, b"Unauthorized"),
    HiveFault.FORBIDDEN_CODE: (403, JSON, b"403003"),
    HiveFault.FORBIDDEN_ROLE: (403, JSON, b"403001"),
    HiveFault.FORBIDDEN_HTML: (403, HTML, b"nginx"),
    HiveFault.INVALID: (422, JSON, b'"errors"'),
    HiveFault.TOO_MANY: (429, JSON, b"Too Many"),
    HiveFault.TOO_MANY_403: (403, JSON, b"Too many requests"),
    HiveFault.SERVER_ERROR: (500, JSON, b"Server Error"),
    HiveFault.CLOUDFLARE: (520, HTML, b"Cloudflare"),
    HiveFault.EMPTY: (200, JSON, b""),
    HiveFault.HTML: (200, HTML, b"<html>"),
    HiveFault.NOT_JSON: (200, JSON, b"[}"),
}
"""Faults that are a reply: status, type, and what stands in it."""
ON_THE_WAY = {
    HiveFault.TRUNCATED,
    HiveFault.WRONG_TYPES,
    HiveFault.SLOW,
    HiveFault.HANG,
    HiveFault.HUGE,
    HiveFault.REDIRECT,
    HiveFault.DROP,
}
IN_THE_CONTENT = {
    HiveFault.UNPAID,
    HiveFault.OLD_STATS,
    HiveFault.MISSING_STATS,
    HiveFault.VANISH,
}


def test_every_fault_has_a_test() -> None:
    """Somewhere in this file."""
    assert REPLIES.keys() | ON_THE_WAY | IN_THE_CONTENT == set(HiveFault)
    assert fault_named("drop") is HiveFault.DROP
    with pytest.raises(ValueError, match="no fault 'fire'; there are: unauthorized,"):
        fault_named("fire")


@pytest.mark.parametrize("fault", REPLIES)
async def test_replies(fault: HiveFault) -> None:
    """Whatever is asked, until it is cleared; the request is recorded all the same."""
    status, kind, text = REPLIES[fault]
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(fault)
        for path in ("/account", "/farms", f"/farms/{hive.farms[0].id}/workers"):
            answer = await ask("GET", path)
            assert answer.status == status
            assert answer.headers["Content-Type"].startswith(kind)
            assert text in answer.body
            assert bool(text) is bool(answer.body)
        assert len(hive.requests) == 3
        hive.clear()
        assert (await ask("GET", "/farms")).items
        assert hive.violations == []


@pytest.mark.parametrize("fault", [HiveFault.TOO_MANY, HiveFault.TOO_MANY_403])
async def test_retry_after(fault: HiveFault) -> None:
    """As many seconds as said."""
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(fault, retry_after=7)
        assert (await ask("GET", "/farms")).headers["Retry-After"] == "7"


async def test_a_fault_of_some_paths(clock: Clock) -> None:
    """The others go on; commands are befallen, too, and not carried out."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        farm = hive.farms[0]
        hive.set_fault(HiveFault.SERVER_ERROR, path="/command")
        assert (await ask.workers(farm.id)).keys()
        path = f"/farms/{farm.id}/workers/{farm.workers[0].id}/command"
        assert (await ask("POST", path, {"command": "reboot"})).status == 500
        assert not farm.workers[0].queue


async def test_a_fault_for_some_seconds(clock: Clock) -> None:
    """Of the service's clock."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.HTML, seconds=30)
        clock.advance(29)
        assert b"<html>" in (await ask("GET", "/farms")).body
        clock.advance(1)
        assert (await ask("GET", "/farms")).items
        assert hive.faults == []


async def test_a_fault_of_some_requests() -> None:
    """Only those that it befalls count; the next fault follows."""
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.HTML, path="/farms", count=2)
        hive.set_fault(HiveFault.SERVER_ERROR, path="/farms", count=1)
        statuses = [(await ask("GET", "/account")).status]
        statuses += [(await ask("GET", "/farms")).status for _ in range(4)]
        assert statuses == [200, 200, 200, 500, 200]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"seconds": 0}, "seconds and count must be positive"),
        ({"count": 0}, "seconds and count must be positive"),
        ({"delay": -1}, "must not be negative"),
    ],
)
def test_numbers_that_make_no_sense(numbers: dict[str, int], message: str) -> None:
    """Are refused."""
    hive = HiveService()
    with pytest.raises(ValueError, match=message):
        hive.set_fault(HiveFault.DROP, **numbers)  # type: ignore[arg-type]  # by name
    assert hive.faults == []


async def test_truncated() -> None:
    """The announced length never comes."""
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.TRUNCATED)
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask("GET", "/farms")


async def test_drop() -> None:
    """The connection ends before a byte, and only that one."""
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.DROP, path="/farms")
        with pytest.raises(aiohttp.ClientOSError):
            await ask("POST", "/farms", {})
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask("GET", "/farms")
        assert (await ask("GET", "/account")).status == 200


async def test_hang() -> None:
    """No answer; who gives up is let go, and closing does not wait."""
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.HANG)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ask("GET", "/farms")
        waiting = asyncio.create_task(ask("GET", "/farms"))
        await until(lambda: len(hive.requests) == 2)
        start = time.perf_counter()
        await hive.close()
        assert time.perf_counter() - start < 2
        with pytest.raises(aiohttp.ClientError):
            await waiting


async def test_slow() -> None:
    """Late, and right."""
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.SLOW, delay=0.05)
        start = time.perf_counter()
        assert (await ask("GET", "/farms")).items
        assert time.perf_counter() - start >= 0.05


async def test_huge() -> None:
    """It goes on for as long as somebody reads."""
    async with HiveService() as hive, aiohttp.ClientSession() as session:
        hive.set_fault(HiveFault.HUGE)
        headers = {"Authorization": f"Bearer {hive.token}"}
        async with session.get(f"{hive.url}/farms", headers=headers) as response:
            size = 0
            async for piece in response.content.iter_any():
                size += len(piece)
                if size > 3_000_000:
                    break
        assert size > 3_000_000


async def test_redirect() -> None:
    """To another host, where whoever follows is seen with what he brings."""
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.REDIRECT)
        answer = await ask("GET", "/farms")
        assert answer.status == 302
        location = answer.headers["Location"]
        assert location == f"http://localhost:{hive.port}/elsewhere"
        there = location.replace("localhost", "127.0.0.1")
        await ask.raw("GET", there, headers={"Authorization": f"Bearer {hive.token}"})
        assert [(seen.path, seen.account) for seen in hive.requests] == [
            ("/farms", "owner"),
            ("/elsewhere", "owner"),
        ]


async def test_wrong_types() -> None:
    """Whole envelopes, and nothing in them as it should be."""
    async with HiveService() as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.WRONG_TYPES)
        farms = (await ask("GET", "/farms")).data
        account = (await ask("GET", "/account")).data
        assert (await ask("GET", "/auth/check")).status == 204
    assert isinstance(farms["data"], dict)
    assert isinstance(account["user_id"], str)
    assert isinstance(account["profile"], list)


async def test_unpaid() -> None:
    """Nothing inside a farm; the farm says why."""
    async with HiveService() as hive, Asker(hive) as ask:
        farm = hive.farms[0].id
        hive.set_fault(HiveFault.UNPAID)
        assert (await ask("GET", f"/farms/{farm}/workers")).status == 403
        assert (await ask("GET", f"/farms/{farm}/fs")).status == 403
        item = (await ask("GET", "/farms")).items[0]
        assert inner(item, "money")["is_paid"] is False
        hive.clear()
        item = (await ask("GET", "/farms")).items[0]
        assert inner(item, "money")["is_paid"] is True


async def test_old_stats(clock: Clock) -> None:
    """The workers' figures stand still, those of the farm go on."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        farm = hive.farms[0]
        hive.set_fault(HiveFault.OLD_STATS)
        before = await ask.workers(farm.id)
        clock.advance(600)
        assert await ask.workers(farm.id) == before
        stats = inner(before[farm.workers[0].id], "stats")
        assert cast("int", stats["stats_time"]) <= START
        assert stats["online"] is True
        hive.clear()
        assert await ask.workers(farm.id) != before


async def test_missing_stats() -> None:
    """Of every worker, and nothing else of it."""
    async with HiveService() as hive, Asker(hive) as ask:
        farm = hive.farms[0]
        hive.set_fault(HiveFault.MISSING_STATS)
        items: list[Data] = list((await ask.workers(farm.id)).values())
        assert len(items) == len(farm.workers)
        assert not any("stats" in item for item in items)
        assert "miners_summary" in items[0]


async def test_vanish() -> None:
    """The first worker is not in the list, and comes back."""
    async with HiveService() as hive, Asker(hive) as ask:
        farm = hive.farms[0]
        everybody = [worker.id for worker in farm.workers]
        hive.set_fault(HiveFault.VANISH, count=1)
        assert (await ask("GET", "/farms")).status == 200
        assert list(await ask.workers(farm.id)) == everybody[1:]
        assert list(await ask.workers(farm.id)) == everybody
