"""Typed calls: what is asked, and what is made of the answers."""

import asyncio
from datetime import UTC, datetime

from aiohttp import web
import pytest

from custom_components.antminer_monitor.command import Choice
from custom_components.antminer_monitor.hiveos import client as client_module
from custom_components.antminer_monitor.hiveos.client import HiveClient
from custom_components.antminer_monitor.hiveos.errors import ServerError
from custom_components.antminer_monitor.hiveos.models import (
    Account,
    Announcement,
    Event,
    Farm,
    Message,
    WorkersReply,
)
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.source import InvalidReplyError, Severity

from .bodies import NOW
from .conftest import Api, Behaviour, json_reply

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
AT = int(NOON.timestamp())


async def test_account(api: Api, client: HiveClient) -> None:
    """The user's number is its identity; the login is what it is called."""
    api.answers["GET /account"] = {
        "user_id": 42,
        "profile": {"login": "miner", "name": "M. Iner", "email": "m@example.com"},
    }
    assert await client.account() == Account(user_id="42", login="miner")
    api.answers["GET /account"] = {"user_id": 42, "profile": {"name": "M. Iner"}}
    assert (await client.account()).login == "M. Iner"
    api.answers["GET /account"] = {"user_id": 42}
    assert (await client.account()).login == "42"


@pytest.mark.parametrize(
    "answer", [{}, [], None, "x", {"user_id": "me"}, {"user_id": True}]
)
async def test_no_account(api: Api, client: HiveClient, answer: Json) -> None:
    """Without the user's number it is no account."""
    api.answers["GET /account"] = json_reply(answer)
    with pytest.raises(InvalidReplyError):
        await client.account()


async def test_farms(api: Api, client: HiveClient) -> None:
    """What is used of a farm; what is missing or wrong is None."""
    api.answers["GET /farms"] = {
        "data": [
            {
                "id": 1000001,
                "name": " My Farm ",
                "role": "monitor",
                "locked": True,
                "power_price": 0.14,
                "power_price_currency": "usd",
                "workers_count": 2,
                "autocreate_hash": "secret",
                "money": {"is_paid": True},
                "stats": {"power_draw": 1565, "power_cost": 0.22, "asr": 98.5},
            },
            {"id": 2},
            {
                "id": 3,
                "name": 5,
                "role": None,
                "locked": "no",
                "power_price": -1,
                "power_price_currency": 7,
                "workers_count": True,
                "money": [],
                "stats": {"power_draw": "1565", "power_cost": None, "asr": 101},
            },
            {"id": "four"},
            {"name": "no id"},
            "no object",
        ],
        "tags": [],
    }
    assert await client.farms() == (
        Farm(
            id="1000001",
            name="My Farm",
            role="monitor",
            locked=True,
            is_paid=True,
            currency="usd",
            power_price=0.14,
            power_cost=0.22,
            asr=98.5,
            workers_count=2,
        ),
        Farm(id="2", name="2"),
        Farm(id="3", name="3"),
    )


async def test_farms_that_did_not_change(api: Api, client: HiveClient) -> None:
    """An answer that is still the same is not sent again."""
    first = json_reply({"data": [{"id": 1}]}, ETag='"a"')

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"a"':
            return web.Response(status=304)
        return first

    api.answers["GET /farms"] = answer
    farms = await client.farms()
    assert await client.farms() is farms
    api.answers["GET /farms"] = json_reply({"data": [{"id": 2}]})
    assert [farm.id for farm in await client.farms()] == ["2"]
    await client.farms()
    assert [request.headers.get("If-None-Match") for request in api.seen] == [
        None,
        '"a"',
        '"a"',
        None,
    ]


async def test_answer_that_could_not_be_read_is_asked_for_again(
    api: Api, client: HiveClient
) -> None:
    """A mark is kept only with what was understood."""
    api.answers["GET /farms"] = json_reply({"data": 5}, ETag='"a"')
    with pytest.raises(InvalidReplyError):
        await client.farms()
    api.answers["GET /farms"] = {"data": []}
    await client.farms()
    assert "If-None-Match" not in api.seen[1].headers


async def test_workers(api: Api, client: HiveClient) -> None:
    """The workers come unparsed, with the mark of their answer."""
    path = "GET /farms/1/workers"
    api.answers[path] = json_reply({"data": []}, ETag='"x"')
    assert await client.workers("1") == WorkersReply(b'{"data": []}', '"x"', NOW)
    api.answers[path] = web.Response(status=304)
    assert await client.workers("1", '"x"') is None
    api.answers[path] = web.Response(body=b"\xff")
    assert await client.workers("1", '"x"') == WorkersReply(b"\xff", None, NOW)


async def test_messages(api: Api, client: HiveClient) -> None:
    """What a message tells; one without id or time is none."""
    path = "GET /farms/1/workers/messages"
    api.answers[path] = {
        "data": [
            {
                "id": 9_100_000_000_000_000_001,
                "title": "Miner\nrestarted",
                "type": "success",
                "time": AT,
                "cmd_id": 77,
                "command": "miner",
                "worker": {"id": 5, "name": "rig"},
                "command_result": {"exitcode": 0},
            },
            {"id": 2, "title": "x" * 500, "type": "file", "time": AT, "worker_id": 6},
            {"id": 3, "type": "danger", "time": AT},
            {"id": 4, "title": "No time"},
            {"title": "No id", "time": AT},
            None,
        ]
    }
    assert await client.messages("1", NOON) == (
        Message(
            id="9100000000000000001",
            at=NOON,
            title="Miner restarted",
            severity=Severity.SUCCESS,
            worker_id="5",
            command_id="77",
            command="miner",
        ),
        Message(
            id="2",
            at=NOON,
            title="x" * 200,
            severity=Severity.INFO,
            worker_id="6",
        ),
        Message(id="3", at=NOON, title="danger", severity=Severity.DANGER),
    )
    assert api.seen[0].query == {
        "page": "1",
        "per_page": "100",
        "start_time": str(AT),
    }


def pages_of(entries: list[Json], *, counted: bool) -> Behaviour:
    """Serve entries by page."""

    async def answer(request: web.Request) -> Json:
        size = int(request.query["per_page"])
        page = int(request.query["page"])
        answer: dict[str, Json] = {"data": entries[(page - 1) * size : page * size]}
        if counted:
            answer["pagination"] = {"total_pages": -(-len(entries) // size)}
        return answer

    return answer


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize(
    ("amount", "pages"), [(0, 1), (99, 1), (150, 2), (250, 3), (5000, 10)]
)
async def test_pages_of_messages(
    api: Api, client: HiveClient, amount: int, pages: int, counted: bool
) -> None:
    """Every page is read, up to ten."""
    api.answers["GET /farms/1/workers/messages"] = pages_of(
        [{"id": number, "time": AT} for number in range(amount)], counted=counted
    )
    messages = await client.messages("1", NOON)
    assert len(messages) == min(amount, 1000)
    assert [request.query["page"] for request in api.seen] == [
        str(number) for number in range(1, pages + 1)
    ]


async def test_events(api: Api, client: HiveClient) -> None:
    """What an event tells; pages are read back to the moment."""
    entries: list[Json] = [
        {
            "id": 1,
            "timestamp": AT,
            "type_id": 16,
            "type": "Access changed",
            "user": {"login": "miner"},
            "worker": {"id": 5},
        },
        {"id": 2},
    ]
    entries += [{"id": number, "timestamp": AT - number} for number in range(3, 200)]
    api.answers["GET /farms/1/events"] = pages_of(entries, counted=True)
    events = await client.events("1", datetime.fromtimestamp(AT - 70, UTC))
    assert events[0] == Event(
        id="1",
        at=NOON,
        title="Access changed",
        type_id=16,
        user="miner",
        worker_id="5",
    )
    assert events[1].title == "Event 3"
    assert len(events) == 99
    assert len(api.seen) == 2


async def test_announcements(api: Api, client: HiveClient) -> None:
    """What is announced, without what was hidden; only a web address is a link."""
    api.answers["GET /account/announcements"] = {
        "data": [
            {
                "id": 1,
                "title": "Maintenance",
                "message": "Two hours.",
                "type": "warning",
                "url": "https://example.com/status",
                "start_at": AT,
                "end_at": AT + 7200,
                "is_hidden": False,
            },
            {"id": 2, "title": "Hidden", "is_hidden": True},
            {"id": 3, "message": "No title", "url": "javascript:alert(1)"},
        ]
    }
    assert await client.announcements() == (
        Announcement(
            id="1",
            title="Maintenance",
            message="Two hours.",
            type="warning",
            url="https://example.com/status",
            start_at=NOON,
            end_at=datetime.fromtimestamp(AT + 7200, UTC),
        ),
        Announcement(id="3", title="No title", message="No title"),
    )


async def test_choices(api: Api, client: HiveClient) -> None:
    """Flight sheets and overclocks are values to choose from."""
    api.answers["GET /farms/1/fs"] = {"data": [{"id": 3, "name": "ETC"}, {"id": 4}, {}]}
    api.answers["GET /farms/1/oc"] = {"data": [{"id": 5, "name": "Cool"}]}
    assert await client.flight_sheets("1") == (
        Choice(id="3", name="ETC"),
        Choice(id="4", name="4"),
    )
    assert await client.overclocks("1") == (Choice(id="5", name="Cool"),)


async def test_one_and_many(api: Api, client: HiveClient) -> None:
    """One worker has an address of its own; for many the body stands inside another."""
    api.answers = {
        "POST /farms/1/workers/2/command": json_reply({"id": 9}, 201),
        "POST /farms/1/workers/command": {"id": 9},
        "PATCH /farms/1/workers/2": web.Response(status=204),
        "PATCH /farms/1/workers": {"data": []},
    }
    reboot: dict[str, Json] = {"command": "reboot"}
    assert await client.command("1", ["2"], reboot) == {"id": 9}
    assert await client.command("1", ["2", "3"], reboot) == {"id": 9}
    assert await client.edit("1", ["2"], {"fs_id": 4}) == {}
    assert await client.edit("1", ["2", "3"], {"fs_id": 4}) == {"data": []}
    assert await client.edit("1", ["2"], {"watchdog": {}}, merge=True) == {"data": []}
    assert [(request.query, request.body) for request in api.seen] == [
        ({}, {"command": "reboot"}),
        ({}, {"worker_ids": [2, 3], "data": {"command": "reboot"}}),
        ({}, {"fs_id": 4}),
        ({"merge": "0"}, {"worker_ids": [2, 3], "data": {"fs_id": 4}}),
        ({"merge": "1"}, {"worker_ids": [2], "data": {"watchdog": {}}}),
    ]


async def test_answer_to_a_command_that_is_none(api: Api, client: HiveClient) -> None:
    """What cannot be understood is an error there too."""
    api.answers["POST /farms/1/workers/2/command"] = json_reply([])
    with pytest.raises(InvalidReplyError):
        await client.command("1", ["2"], {"command": "reboot"})


async def test_long_answers_are_parsed_elsewhere(
    api: Api, client: HiveClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes long to parse does not hold up the event loop; its errors are the same."""
    monkeypatch.setattr(client_module, "_LONG_BODY", 5)
    api.answers["GET /farms"] = {"data": [{"id": 1}]}
    assert len(await client.farms()) == 1
    api.answers["GET /farms"] = web.Response(text='{"data": [}')
    with pytest.raises(InvalidReplyError):
        await client.farms()


async def test_errors_of_pages(api: Api, client: HiveClient) -> None:
    """A list of which a page fails is not given in part."""
    whole = pages_of([{"id": i, "time": AT} for i in range(150)], counted=True)

    async def answer(request: web.Request) -> web.StreamResponse | Json:
        await asyncio.sleep(0)
        return (
            json_reply({}, 500)
            if request.query["page"] == "2"
            else await whole(request)
        )

    api.answers["GET /farms/1/workers/messages"] = answer
    with pytest.raises(ServerError):
        await client.messages("1", NOON)
