"""A farm as a source of rigs: what is read when, and what is told to whom."""

import asyncio
from datetime import datetime, timedelta
import json

from aiohttp import web
import pytest

from custom_components.antminer_monitor.command import (
    Action,
    Choice,
    Command,
    Denial,
    Outcome,
    Result,
)
from custom_components.antminer_monitor.hiveos import source as source_module
from custom_components.antminer_monitor.hiveos.client import HiveClient
from custom_components.antminer_monitor.hiveos.errors import (
    BusyError,
    NotFoundError,
    RejectedError,
)
from custom_components.antminer_monitor.hiveos.models import Farm
from custom_components.antminer_monitor.hiveos.source import FarmSource
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.source import (
    ForbiddenError,
    Group,
    Happening,
    InvalidCredentialsError,
    InvalidReplyError,
    Refusal,
    Severity,
)

from .bodies import AT, NOW, Body, asic, gpu_rig
from .conftest import Api, Behaviour, json_reply

WORKERS = "GET /farms/11/workers"
MESSAGES = "GET /farms/11/workers/messages"
EVENTS = "GET /farms/11/events"
SHEETS = "GET /farms/11/fs"
OVERCLOCKS = "GET /farms/11/oc"
ALL = [WORKERS, SHEETS, OVERCLOCKS, EVENTS, MESSAGES]
REBOOT = Command(action=Action.REBOOT)
RIG = "hive-11-22"


class FarmUnderTest:
    """A source, with what it is told of its farm and of the time."""

    def __init__(self, client: HiveClient, since: datetime = NOW) -> None:
        """Make a farm that we own, at noon."""
        self.farm: Farm | None = Farm(id="11", name="North hall")
        self.now = NOW
        self.source = FarmSource(
            client, "11", farm=lambda: self.farm, since=since, now=lambda: self.now
        )

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@pytest.fixture
def hall(api: Api, client: HiveClient) -> FarmUnderTest:
    """A farm of one rig, in which nothing happens."""
    api.answers = {
        WORKERS: {"data": [gpu_rig()]},
        MESSAGES: {"data": []},
        EVENTS: {"data": []},
        SHEETS: {"data": [{"id": 333, "name": "ETC"}]},
        OVERCLOCKS: {"data": [{"id": 7, "name": "Cool"}]},
    }
    return FarmUnderTest(client)


@pytest.mark.parametrize("ahead", [{"hours": 2}, {"days": -3}, {"seconds": 40}])
async def test_clock_that_is_wrong(
    hall: FarmUnderTest, ahead: dict[str, float]
) -> None:
    """Ages are told by the service's clock alone: a wrong one of ours makes nothing stale, or fresh for ever."""
    (right,) = (await hall.source.read()).rigs
    hall.later(**ahead)
    (rig,) = (await hall.source.read()).rigs
    assert rig.seen_at and right.seen_at
    assert hall.now - rig.seen_at == NOW - right.seen_at
    assert rig.uptime == right.uptime
    # Answers take their time, and dates have no fractions: nothing moves for that.
    hall.later(seconds=3)
    (later,) = (await hall.source.read()).rigs
    assert later.seen_at == rig.seen_at
    hall.now = NOW
    (again,) = (await hall.source.read()).rigs
    assert again.seen_at == right.seen_at


async def calls_of_read(api: Api, hall: FarmUnderTest) -> list[str]:
    """What another reading asks for."""
    api.seen.clear()
    await hall.source.read()
    return api.calls


def message(number: int, at: float, **more: Json) -> Body:
    """A message of the rig."""
    return {
        "id": number,
        "time": at,
        "title": f"Message {number}",
        "type": "warning",
        "worker": {"id": 22},
        **more,
    }


async def test_first_reading(api: Api, hall: FarmUnderTest) -> None:
    """Everything is read; the rigs know what they can be set to."""
    reading = await hall.source.read()
    assert api.calls == ALL
    (rig,) = reading.rigs
    assert rig.id == RIG
    assert rig.flight_sheets == (Choice(id="333", name="ETC"),)
    assert rig.overclock == "Cool"
    assert reading.happenings == ()
    assert hall.source.label == "HiveOS farm North hall"


async def test_polling(api: Api, hall: FarmUnderTest) -> None:
    """A poll is one request; the rest is asked for now and then."""
    await hall.source.read()
    hall.later(minutes=1)
    assert await calls_of_read(api, hall) == [WORKERS]
    hall.later(minutes=4)
    assert await calls_of_read(api, hall) == [WORKERS, EVENTS]
    hall.later(minutes=4)
    assert await calls_of_read(api, hall) == [WORKERS]
    hall.later(minutes=1)
    assert await calls_of_read(api, hall) == ALL


async def test_clock_that_was_set_back(api: Api, hall: FarmUnderTest) -> None:
    """It costs a reading, and does not stop any."""
    await hall.source.read()
    hall.later(days=-300)
    assert await calls_of_read(api, hall) == ALL


@pytest.mark.parametrize(
    ("farm", "group"),
    [
        (None, None),
        (Farm(id="11", name="A"), Group(id="hive-11", name="A")),
        (
            Farm(id="11", name="A", currency="$", power_cost=0.22, asr=98.5),
            Group(
                id="hive-11",
                name="A",
                power_cost=0.22,
                currency="USD",
                accepted_share_ratio=98.5,
            ),
        ),
        (
            Farm(id="11", name="A", currency="usd"),
            Group(id="hive-11", name="A", currency="USD"),
        ),
        (
            Farm(id="11", name="A", currency="₽"),
            Group(id="hive-11", name="A", currency="RUB"),
        ),
        (
            Farm(id="11", name="A", currency="czk"),
            Group(id="hive-11", name="A", currency="CZK"),
        ),
    ],
)
async def test_group(
    hall: FarmUnderTest, farm: Farm | None, group: Group | None
) -> None:
    """The farm is told as far as it is known, its currency by its code."""
    hall.farm = farm
    assert (await hall.source.read()).group == group


def marked(etags: list[str]) -> Behaviour:
    """Workers whose answer has a mark; the first of the list, until it is taken out."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == etags[0]:
            return web.Response(status=304)
        return json_reply({"data": [gpu_rig(name=etags[0])]}, ETag=etags[0])

    return answer


async def test_nothing_new(api: Api, hall: FarmUnderTest) -> None:
    """Rigs that are still the same are not sent again."""
    etags = ['"a"', '"b"']
    api.answers[WORKERS] = marked(etags)
    rigs = (await hall.source.read()).rigs
    hall.later(minutes=1)
    assert (await hall.source.read()).rigs is rigs
    del etags[0]
    hall.later(minutes=1)
    (rig,) = (await hall.source.read()).rigs
    assert rig.name == '"b"'


async def test_what_they_can_be_told_is_new(api: Api, hall: FarmUnderTest) -> None:
    """Rigs are read anew when what they have in common has changed."""
    api.answers[WORKERS] = marked(['"a"'])
    await hall.source.read()
    hall.farm = Farm(id="11", name="North hall", role="monitor")
    (rig,) = (await hall.source.read()).rigs
    assert (rig.commands, rig.commands_denied) == ((), Denial.ROLE)
    hall.farm = Farm(id="11", name="North hall", role="full", locked=True)
    (rig,) = (await hall.source.read()).rigs
    assert (rig.commands, rig.commands_denied) == ((), Denial.LOCKED)
    hall.farm = Farm(id="11", name="North hall", role="tech")
    (rig,) = (await hall.source.read()).rigs
    assert Action.REBOOT in rig.commands
    api.answers[SHEETS] = {"data": [{"id": 334, "name": "KAS"}]}
    hall.later(minutes=10)
    (rig,) = (await hall.source.read()).rigs
    assert rig.flight_sheets == (Choice(id="334", name="KAS"),)


async def test_failure_of_the_rest_is_none(api: Api, hall: FarmUnderTest) -> None:
    """Only without workers there is no reading; what was known stays."""
    await hall.source.read()
    for path in (SHEETS, OVERCLOCKS, MESSAGES, EVENTS):
        api.answers[path] = web.Response(text="<html>")
    hall.later(minutes=10)
    assert await calls_of_read(api, hall) == [WORKERS, SHEETS, EVENTS, MESSAGES]
    hall.later(minutes=1)
    reading = await hall.source.read()
    assert reading.rigs[0].flight_sheets == (Choice(id="333", name="ETC"),)
    assert api.calls[4:] == [WORKERS, MESSAGES]
    # What seldom changes is asked for again before its time, but not at once.
    hall.later(minutes=1)
    assert await calls_of_read(api, hall) == [WORKERS, SHEETS, MESSAGES]
    hall.later(minutes=3)
    assert await calls_of_read(api, hall) == [WORKERS, SHEETS, EVENTS, MESSAGES]


async def test_workers_that_cannot_be_understood(api: Api, hall: FarmUnderTest) -> None:
    """The error says what was asked for; the next reading does not claim to know them."""
    await hall.source.read()
    api.answers[WORKERS] = json_reply({"data": [1]}, ETag='"a"')
    with pytest.raises(InvalidReplyError, match="GET /farms/11/workers: no workers"):
        await hall.source.read()
    api.seen.clear()
    api.answers[WORKERS] = {"data": []}
    assert (await hall.source.read()).rigs == ()
    assert "If-None-Match" not in api.seen[0].headers


async def test_many_workers_are_parsed_elsewhere(
    api: Api, hall: FarmUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And come out the same."""
    (rig,) = (await hall.source.read()).rigs
    monkeypatch.setattr(source_module, "_LONG_BODY", 5)
    assert (await hall.source.read()).rigs == (rig,)
    api.answers[WORKERS] = {"data": 5}
    with pytest.raises(InvalidReplyError):
        await hall.source.read()


async def test_happenings(api: Api, hall: FarmUnderTest) -> None:
    """Messages and events in one row, oldest first, none from before the beginning."""
    api.answers[MESSAGES] = {
        "data": [
            message(3, AT + 3, cmd_id=77, command="reboot", type="success"),
            message(1, AT),
            message(0, AT - 1),
        ]
    }
    api.answers[EVENTS] = {
        "data": [
            {
                "id": 2,
                "timestamp": AT + 2,
                "type": "Worker changed",
                "type_id": 16,
                "user": {"login": "miner"},
                "worker": {"id": 22},
            },
            {"id": 1, "timestamp": AT + 1, "type": "Farm changed"},
            {"id": 0, "timestamp": AT - 1, "type": "Before"},
        ]
    }
    assert (await hall.source.read()).happenings == (
        Happening(
            id="message-1",
            at=NOW,
            title="Message 1",
            severity=Severity.WARNING,
            rig_id=RIG,
        ),
        Happening(id="event-1", at=NOW + timedelta(seconds=1), title="Farm changed"),
        Happening(
            id="event-2",
            at=NOW + timedelta(seconds=2),
            title="Worker changed",
            rig_id=RIG,
            details={"user": "miner", "type_id": 16},
        ),
        Happening(
            id="message-3",
            at=NOW + timedelta(seconds=3),
            title="Message 3",
            severity=Severity.SUCCESS,
            rig_id=RIG,
            command_id="77",
            details={"command": "reboot"},
        ),
    )


async def test_beginning_within_a_second(api: Api, client: HiveClient) -> None:
    """Times are whole seconds there: what happened in the first one counts."""
    api.answers = {
        WORKERS: {"data": []},
        MESSAGES: {"data": [message(1, AT)]},
        EVENTS: {"data": [{"id": 1, "timestamp": AT}]},
        SHEETS: {"data": []},
        OVERCLOCKS: {"data": []},
    }
    hall = FarmUnderTest(client, since=NOW + timedelta(seconds=0.7))
    assert len((await hall.source.read()).happenings) == 2


async def test_messages_are_read_when_there_are_new_ones(
    api: Api, hall: FarmUnderTest
) -> None:
    """Their number tells; a failed reading of them is made up for."""
    await hall.source.read()
    hall.later(minutes=1)
    api.answers[WORKERS] = {"data": [gpu_rig(messages_counts={"danger": 9})]}
    api.answers[MESSAGES] = web.Response(text="")
    assert await calls_of_read(api, hall) == [WORKERS, MESSAGES]
    assert await calls_of_read(api, hall) == [WORKERS, MESSAGES]
    api.answers[MESSAGES] = {"data": [message(1, AT + 3600)]}
    assert await calls_of_read(api, hall) == [WORKERS, MESSAGES]
    assert await calls_of_read(api, hall) == [WORKERS]


async def test_messages_overlap(api: Api, hall: FarmUnderTest) -> None:
    """They are asked for from some time before the newest known one on."""
    await hall.source.read()
    assert api.seen[-1].query["start_time"] == str(AT)
    api.answers[MESSAGES] = {"data": [message(1, AT + 3600)]}
    hall.later(minutes=10)
    await hall.source.read()
    # Nothing is older than the beginning.
    assert api.seen[-1].query["start_time"] == str(AT)
    hall.later(minutes=10)
    await hall.source.read()
    assert api.seen[-1].query["start_time"] == str(AT + 3600 - 600)


async def test_answer_to_a_command(api: Api, hall: FarmUnderTest) -> None:
    """After a command messages are read with every poll, until it is answered."""
    await hall.source.read()
    api.answers["POST /farms/11/workers/22/command"] = {"id": 77}
    await hall.source.execute(REBOOT, [RIG])
    hall.later(minutes=1)
    assert await calls_of_read(api, hall) == [WORKERS, MESSAGES]
    api.answers[MESSAGES] = {"data": [message(1, AT + 60, cmd_id=77)]}
    assert await calls_of_read(api, hall) == [WORKERS, MESSAGES]
    assert await calls_of_read(api, hall) == [WORKERS]


async def test_command_that_is_never_answered(api: Api, hall: FarmUnderTest) -> None:
    """It is waited for ten minutes."""
    await hall.source.read()
    api.answers["POST /farms/11/workers/22/command"] = {"id": 77}
    hall.later(minutes=9)
    await hall.source.execute(REBOOT, [RIG])
    hall.later(minutes=9)
    assert MESSAGES in await calls_of_read(api, hall)
    hall.later(minutes=1)
    assert MESSAGES not in await calls_of_read(api, hall)


async def test_command_to_one_and_to_many(api: Api, hall: FarmUnderTest) -> None:
    """An outcome for each, in the order in which they were asked for."""
    api.answers["POST /farms/11/workers/22/command"] = json_reply(
        {"id": 5, "commands": [{"command": "reboot", "id": 5}]}, 201
    )
    assert await hall.source.execute(REBOOT, [RIG]) == (
        Outcome(rig_id=RIG, result=Result.SENT, command_ids=("5",)),
    )
    api.answers["POST /farms/11/workers/command"] = {
        "id": 6,
        "commands": [
            {"worker_id": 23, "commands": [{"id": 6}]},
            {"worker_id": 22, "commands": [{"id": 7}]},
        ],
    }
    outcomes = await hall.source.execute(
        REBOOT, [RIG, "hive-12-1", "hive-11-23", "nonsense", RIG]
    )
    assert [(item.rig_id, item.result) for item in outcomes] == [
        (RIG, Result.SENT),
        ("hive-12-1", Result.FAILED),
        ("hive-11-23", Result.SENT),
        ("nonsense", Result.FAILED),
        (RIG, Result.SENT),
    ]
    assert api.seen[-1].body == {
        "worker_ids": [22, 23],
        "data": {"command": "reboot"},
    }


async def test_very_many(api: Api, hall: FarmUnderTest) -> None:
    """Two hundred with a request; what fails of some is no failure of the rest."""

    async def answer(request: web.Request) -> web.StreamResponse | Json:
        told = json.loads(await request.read())["worker_ids"]
        if 1201 in told:
            return json_reply({"message": "Bad"}, 422)
        return {"commands": [{"worker_id": number} for number in told]}

    api.answers["POST /farms/11/workers/command"] = answer
    rig_ids = [f"hive-11-{number}" for number in range(1000, 1450)]
    outcomes = await hall.source.execute(REBOOT, rig_ids)
    assert [outcome.rig_id for outcome in outcomes] == rig_ids
    assert [outcome.result for outcome in outcomes] == (
        [Result.SENT] * 200 + [Result.FAILED] * 200 + [Result.SENT] * 50
    )
    assert outcomes[200].error == "POST /farms/11/workers/command: Bad"
    assert len(api.seen) == 3
    # Not one could be told: that is an error.
    with pytest.raises(RejectedError):
        await hall.source.execute(REBOOT, rig_ids[200:400])
    api.answers["POST /farms/11/workers/command"] = web.Response(status=429)
    with pytest.raises(BusyError):
        await hall.source.execute(REBOOT, rig_ids)


async def test_settings(api: Api, hall: FarmUnderTest) -> None:
    """After a change the rigs, and what they can be set to, are read anew."""
    api.answers[WORKERS] = marked(['"a"'])
    await hall.source.read()
    api.answers["PATCH /farms/11/workers/22"] = {
        "commands": [{"command": "wallet", "id": 8, "data": {"wallet": "hunter2"}}]
    }
    sheet = Command(action=Action.SET_FLIGHT_SHEET, value="333")
    (outcome,) = await hall.source.execute(sheet, [RIG])
    assert outcome == Outcome(rig_id=RIG, result=Result.SENT, command_ids=("8",))
    assert await calls_of_read(api, hall) == [WORKERS, SHEETS, OVERCLOCKS, MESSAGES]
    assert "If-None-Match" not in api.seen[0].headers


async def test_settings_that_are_merged(api: Api, hall: FarmUnderTest) -> None:
    """Only the address for many workers merges; its answer is read as such."""
    api.answers["PATCH /farms/11/workers"] = {"data": [{"worker_id": 22}]}
    command = Command(
        action=Action.UPDATE_SETTINGS, data={"watchdog": {"enabled": False}}
    )
    (outcome,) = await hall.source.execute(command, [RIG])
    assert outcome.result is Result.DONE
    assert api.seen[-1].query == {"merge": "1"}


async def test_what_cannot_be_said_is_not_sent(api: Api, hall: FarmUnderTest) -> None:
    """A setting that there is not is refused here."""
    with pytest.raises(RejectedError, match="fan_speed"):
        await hall.source.execute(
            Command(action=Action.UPDATE_SETTINGS, data={"fan_speed": 5}), [RIG]
        )
    assert not api.seen


@pytest.mark.parametrize(
    ("farm", "refusal", "text"),
    [
        (
            Farm(id="11", name="Hall", role="monitor"),
            Refusal.ROLE,
            "The farm Hall is shared with this account for reading only",
        ),
        (
            Farm(id="11", name="Hall", locked=True),
            Refusal.UNPAID,
            "HiveOS has locked the farm Hall for what it owes",
        ),
    ],
)
async def test_known_beforehand(
    api: Api, hall: FarmUnderTest, farm: Farm, refusal: Refusal, text: str
) -> None:
    """What the farm forbids is not even sent."""
    hall.farm = farm
    with pytest.raises(ForbiddenError, match=text) as caught:
        await hall.source.execute(REBOOT, [RIG])
    assert caught.value.refusal is refusal
    assert not api.seen


@pytest.mark.parametrize(
    ("farm", "code", "reading", "writing"),
    [
        (Farm(id="11", name="H"), 1, Refusal.UNKNOWN, Refusal.UNKNOWN),
        (Farm(id="11", name="H", is_paid=True), 1, Refusal.UNKNOWN, Refusal.UNKNOWN),
        (Farm(id="11", name="H", is_paid=False), 1, Refusal.UNPAID, Refusal.UNPAID),
        (Farm(id="11", name="H", role="tech"), 1, Refusal.UNKNOWN, Refusal.ROLE),
        (
            Farm(id="11", name="H", role="tech", is_paid=False),
            403003,
            Refusal.SECURITY_CODE,
            Refusal.SECURITY_CODE,
        ),
        (None, 1, Refusal.UNKNOWN, Refusal.UNKNOWN),
    ],
)
async def test_why_it_is_forbidden(
    api: Api,
    hall: FarmUnderTest,
    farm: Farm | None,
    code: int,
    reading: Refusal,
    writing: Refusal,
) -> None:
    """The farm tells more than the answer."""
    hall.farm = farm
    refused = json_reply({"message": "No", "code": code}, 403)
    api.answers[WORKERS] = api.answers["POST /farms/11/workers/22/command"] = refused
    with pytest.raises(ForbiddenError, match="No") as caught:
        await hall.source.read()
    assert caught.value.refusal is reading
    with pytest.raises(ForbiddenError, match="No") as caught:
        await hall.source.execute(REBOOT, [RIG])
    assert caught.value.refusal is writing


async def test_other_errors_stay(api: Api, hall: FarmUnderTest) -> None:
    """A farm that is gone, and a token that is refused."""
    api.answers[WORKERS] = web.Response(status=404)
    with pytest.raises(NotFoundError):
        await hall.source.read()
    api.answers[WORKERS] = web.Response(status=401)
    with pytest.raises(InvalidCredentialsError):
        await hall.source.read()
    with pytest.raises(InvalidCredentialsError):
        await hall.source.execute(REBOOT, [RIG])


async def test_reading_that_is_cancelled(api: Api, hall: FarmUnderTest) -> None:
    """The next one is whole."""
    hang = asyncio.Event()

    async def wait(_: web.Request) -> Json:
        await hang.wait()
        return {"data": []}

    answer = api.answers[SHEETS]
    api.answers[SHEETS] = wait
    task = asyncio.create_task(hall.source.read())
    while SHEETS not in api.calls:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    hang.set()
    api.answers[SHEETS] = answer
    assert await calls_of_read(api, hall) == ALL
    await hall.source.close()


async def test_a_worker_that_is_gone(api: Api, hall: FarmUnderTest) -> None:
    """It is not in the reading, and no trace of it is."""
    api.answers[WORKERS] = {"data": [gpu_rig(), asic()]}
    assert len((await hall.source.read()).rigs) == 2
    api.answers[WORKERS] = {"data": [asic()]}
    assert [rig.id for rig in (await hall.source.read()).rigs] == ["hive-11-55"]
