"""Breaking and mending a running HiveOS service over HTTP, and starting it as a command."""

import asyncio
import sys
from typing import cast

import pytest

from simulator.__main__ import arguments
from simulator.hive import HiveFault, HiveService

from .conftest import START, Clock, Data
from .hive_client import Answer, Asker, inner


async def call(
    ask: Asker, hive: HiveService, method: str, path: str, body: object = None
) -> Answer:
    """One request to the control, without a token."""
    return await ask.raw(method, f"http://127.0.0.1:{hive.port}/control{path}", body)


async def test_overview(clock: Clock) -> None:
    """Where everything is; asking is no request to the API."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        hive.set_fault(HiveFault.DROP, path="/nothing")
        overview = (await call(ask, hive, "GET", "")).data
        assert not hive.requests
    assert overview["url"] == hive.url
    assert inner(overview, "tokens")["owner"] == "simulated-token"
    assert overview["faults"] == [{"fault": "drop", "path": "/nothing"}]
    farms = cast("list[Data]", overview["farms"])
    assert [farm["name"] for farm in farms] == ["North hall", "Container 2"]
    workers = cast("list[Data]", farms[0]["workers"])
    assert [worker["online"] for worker in workers] == [True] * 3 + [False] * 2 + [True]


async def test_faults(clock: Clock) -> None:
    """Set with all their numbers, and ended."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        body: Data = {
            "fault": "too_many",
            "seconds": 30,
            "path": "/farms",
            "count": 2,
            "retry_after": 5,
            "delay": 1,
        }
        assert (await call(ask, hive, "POST", "/fault", body)).data == {"done": True}
        answer = await ask("GET", "/farms")
        assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
        (fault,) = hive.faults
        assert (fault.until, fault.count, fault.delay) == (START + 30, 1, 1)
        await call(ask, hive, "DELETE", "/fault")
        assert hive.faults == []


async def test_workers_messages_announcements_tokens(clock: Clock) -> None:
    """Each changes what it names."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        worker = hive.farms[0].workers[0]
        path = f"/workers/{worker.id}"
        done = [
            await call(ask, hive, "POST", path, {"online": False}),
            await call(
                ask,
                hive,
                "POST",
                f"{path}/message",
                {"title": "Lost", "type": "danger"},
            ),
            await call(
                ask, hive, "POST", "/announce", {"title": "Soon", "start_at": START}
            ),
            await call(ask, hive, "POST", "/token/owner/revoke"),
        ]
        assert [answer.data for answer in done] == [{"done": True}] * 4
        assert not worker.online
        assert (worker.messages[-1].title, worker.messages[-1].type) == (
            "Lost",
            "danger",
        )
        assert hive.announcements[0]["start_at"] == int(START)
        assert (await ask("GET", "/auth/check")).status == 401
        await call(ask, hive, "POST", "/token/owner/restore")
        assert (await ask("GET", "/auth/check")).status == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("POST", "/fault", {"fault": "fire"}, 400, "no fault 'fire'; there are:"),
        ("POST", "/fault", {"fault": "slow", "speed": 1}, 400, "unknown: speed"),
        (
            "POST",
            "/fault",
            {"fault": "slow", "count": "x"},
            400,
            "count must be a number",
        ),
        ("POST", "/fault", {"fault": "slow", "seconds": -1}, 400, "must be positive"),
        ("POST", "/fault", {"fault": "slow", "path": 1}, 400, "path must be a text"),
        ("POST", "/fault", None, 400, "the body is not JSON"),
        ("POST", "/fault", [], 400, "the body must be a JSON object"),
        ("POST", "/workers/{id}", {"mood": 1}, 400, "cannot change mood"),
        ("POST", "/workers/{id}", {"online": "no"}, 400, "online cannot be 'no'"),
        ("POST", "/workers/{id}/message", {}, 400, "title must be a text, not None"),
        (
            "POST",
            "/workers/{id}/message",
            {"title": "x", "type": "loud"},
            400,
            "no message type 'loud'",
        ),
        ("POST", "/announce", {"title": "x", "type": "y"}, 400, "no type 'y'"),
        ("POST", "/announce", {"title": "x", "end_at": True}, 400, "must be a number"),
        ("POST", "/workers/7", {"online": True}, 404, "no worker '7'; see /control"),
        ("POST", "/token/nobody/revoke", None, 404, "no token of that name"),
        ("GET", "/elsewhere", None, 404, "no page 'elsewhere'; see /control"),
        ("GET", "/fault", None, 405, "GET is not for /control/fault"),
        ("DELETE", "", None, 405, "DELETE is not for /control"),
    ],
)
async def test_errors_are_named(
    method: str, path: str, body: object, status: int, message: str
) -> None:
    """What is wrong, and what would be right; nothing changes."""
    async with HiveService() as hive, Asker(hive) as ask:
        worker = hive.farms[0].workers[0]
        answer = await call(ask, hive, method, path.format(id=worker.id), body)
        assert hive.faults == [] and hive.announcements == []
        assert worker.online and len(worker.messages) == 1
    assert answer.status == status
    assert message in str(answer.data["error"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--count 0", "--count must be at least 1"),
        ("--count -1 --hive-port 0", "--count must be at least 0"),
        ("--hive-workers 5", "--hive-workers needs --hive-port"),
        ("--hive-port 0 --hive-workers 0", "--hive-workers must be at least 1"),
    ],
)
def test_arguments(line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that go together, and those that do not."""
    with pytest.raises(SystemExit):
        arguments(line.split())
    assert message in capsys.readouterr().err


async def test_command() -> None:
    """``python -m simulator`` tells where it is and with which token."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--count", "0", "--hive-port", "0"),
        *("--hive-workers", "3"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(30):
            while not lines or "ready" not in lines[-1]:
                line = await process.stdout.readline()
                assert line
                lines.append(line.decode().strip())
    finally:
        process.terminate()
        status = await process.wait()
    url = lines[0].removeprefix("HiveOS API: ")
    assert url.startswith("http://127.0.0.1:") and url.endswith("/api/v2")
    assert lines[1] == "token: simulated-token"
    assert lines[2].split()[-2:] == ["3", "workers"]
    assert lines[-1] == "0 miners ready"
    assert status == 0
