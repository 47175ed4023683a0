"""Orders: sent together, on record, and over only when the rig was seen doing it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor import control
from custom_components.antminer_monitor.command import (
    Action,
    Command,
    Denial,
    Outcome,
    Result,
)
from custom_components.antminer_monitor.confirmation import RIG_SAYS_NO
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.control import Order, async_control, async_order
from custom_components.antminer_monitor.coordinator import Origin, RigCoordinator
from custom_components.antminer_monitor.pacing import Pacing
from custom_components.antminer_monitor.rig import Fan, Firmware, Pool, Status
from custom_components.antminer_monitor.source import (
    Happening,
    InvalidReplyError,
    Severity,
    SourceError,
    SourceUnreachableError,
)
from custom_components.antminer_monitor.told import Told

from .common import pass_time, settle
from .farms import Farm, commands_told, device_of, farm_rig, poll, results, setup_farms
from .rigs import rig
from .sources import ScriptedSource

REBOOT = Command(action=Action.REBOOT)


POOLS = (
    Pool(index=0, url="stratum+tcp://a:1", user="me", active=True),
    Pool(index=1, url="stratum+tcp://b:2", user="me", active=False),
)
NEW_POOLS = Command(
    action=Action.SET_POOLS,
    data={
        "pools": [
            {"url": "stratum+tcp://c:3", "user": "us", "password": "hidden"},
            {"url": "stratum+tcp://b:2", "user": "me", "password": ""},
        ]
    },
)
MANUAL_FAN = Command(action=Action.SET_FAN, data={"mode": "manual", "duty": 50})


@pytest.fixture
async def farms(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> list[Farm]:
    """Two farms: one with three rigs, one with two."""
    found = [
        Farm(
            "north",
            *(farm_rig(f"north-{number}", pools=POOLS) for number in range(3)),
        ),
        Farm("south", *(farm_rig(f"south-{number}") for number in range(2))),
    ]
    await setup_farms(hass, monkeypatch, *found)
    return found


def orders(hass: HomeAssistant, command: Command, *rig_ids: str) -> list[Order]:
    """Order the same of rigs; of all if none is named."""
    return [
        Order(coordinator=coordinator, rig_id=rig_id, command=command)
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        for coordinator in entry.runtime_data.coordinators.values()
        for rig_id in coordinator.rig_ids
        if not rig_ids or rig_id in rig_ids
    ]


async def test_sent_together(hass: HomeAssistant, farms: list[Farm]) -> None:
    """Each farm is told once for all its rigs; everybody hears of each rig, and of who wanted it."""
    events = commands_told(hass)
    context = Context(user_id="somebody")
    outcomes = await async_control(hass, orders(hass, REBOOT), context=context)
    assert [farm.told for farm in farms] == [
        [(Action.REBOOT, None, ("north-0", "north-1", "north-2"))],
        [(Action.REBOOT, None, ("south-0", "south-1"))],
    ]
    assert [(outcome.rig_id, outcome.result) for outcome in outcomes] == [
        (rig_id, Result.SENT) for farm in farms for rig_id in farm.rigs
    ]
    assert results(events) == [
        (rig_id, "reboot", "sent") for farm in farms for rig_id in farm.rigs
    ]
    entry = hass.config_entries.async_loaded_entries(DOMAIN)[0]
    assert isinstance(entry, MockConfigEntry)
    assert events[2].data == {
        "device_id": device_of(hass, entry, "north-2"),
        "rig_id": "north-2",
        "name": "North-2",
        "action": "reboot",
        "result": "sent",
        "command_ids": ["3"],
    }
    assert all(event.context is context for event in events)


async def test_different_commands(hass: HomeAssistant, farms: list[Farm]) -> None:
    """Rigs of a farm that are told different things are told so in the order that was given."""
    sheets = [Command(action=Action.SET_FLIGHT_SHEET, value=value) for value in "121"]
    given = [
        Order(coordinator=order.coordinator, rig_id=order.rig_id, command=command)
        for order, command in zip(
            orders(hass, REBOOT, *farms[0].rigs), sheets, strict=True
        )
    ]
    outcomes = await async_control(hass, given, context=None)
    assert farms[0].told == [
        (Action.SET_FLIGHT_SHEET, "1", ("north-0", "north-2")),
        (Action.SET_FLIGHT_SHEET, "2", ("north-1",)),
    ]
    assert [outcome.rig_id for outcome in outcomes] == list(farms[0].rigs)


async def test_refused_in_part(hass: HomeAssistant, farms: list[Farm]) -> None:
    """What a rig does not accept is not sent to it; the others are told."""
    farms[0].change("north-1", commands=(), commands_denied=Denial.LOCKED)
    farms[1].change("south-0", commands=(Action.UPGRADE,))
    await poll(hass)
    events = commands_told(hass)
    given = orders(hass, REBOOT)
    outcomes = await async_control(hass, given, context=None)
    assert [outcome.result for outcome in outcomes] == [
        Result.SENT,
        Result.FAILED,
        Result.SENT,
        Result.FAILED,
        Result.SENT,
    ]
    assert farms[1].told == [(Action.REBOOT, None, ("south-1",))]
    failed = {
        event.data["rig_id"]: event.data["error"]
        for event in events
        if event.data["result"] == "failed"
    }
    assert "locked" in failed["north-1"]
    assert "does not accept reboot" in failed["south-0"]
    # The name is said once only where the reason follows it.
    assert given[3].reason(outcomes[3]) == "it does not accept reboot now"


async def test_refusal_known_before(hass: HomeAssistant, farms: list[Farm]) -> None:
    """An order that cannot be carried out is on record, and not sent."""
    events = commands_told(hass)
    given = [
        Order(
            coordinator=order.coordinator,
            rig_id=order.rig_id,
            command=REBOOT,
            refusal="no",
        )
        for order in orders(hass, REBOOT, "north-0")
    ]
    for stagger in (0.0, 1.0):
        (outcome,) = await async_control(hass, given, context=None, stagger=stagger)
        assert (outcome.result, outcome.error) == (Result.FAILED, "no")
    assert results(events) == [("north-0", "reboot", "failed")] * 2
    assert not farms[0].told


async def test_source_fails(hass: HomeAssistant, farms: list[Farm]) -> None:
    """A farm that cannot be told is no reason not to tell another."""
    farms[0].source.outcomes = SourceUnreachableError("nobody there")
    outcomes = await async_control(hass, orders(hass, REBOOT), context=None)
    assert [outcome.error for outcome in outcomes] == ["nobody there"] * 3 + [None] * 2


async def test_nothing_said(hass: HomeAssistant, farms: list[Farm]) -> None:
    """A rig of which the source says nothing counts as not told."""
    farms[1].source.outcomes = (Outcome(rig_id="south-1", result=Result.SENT),)
    outcomes = await async_control(
        hass, orders(hass, REBOOT, *farms[1].rigs), context=None
    )
    assert [outcome.result for outcome in outcomes] == [Result.FAILED, Result.SENT]
    assert outcomes[0].error == "nothing was said about it"


class SlowSource(ScriptedSource):
    """Takes its time to tell rigs."""

    running = 0
    most = 0

    async def execute(self, command: Command, rig_ids: Any) -> tuple[Outcome, ...]:
        """Count how many do so at once."""
        SlowSource.running += 1
        SlowSource.most = max(SlowSource.most, SlowSource.running)
        try:
            assert self.gate
            await self.gate.wait()
        finally:
            SlowSource.running -= 1
        return await super().execute(command, rig_ids)


async def test_bounded(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many farms are told at once, over all calls."""
    monkeypatch.setattr(SlowSource, "most", 0)
    gate = asyncio.Event()
    farms = [Farm(f"farm{number}", farm_rig(f"rig{number}")) for number in range(12)]
    for farm in farms:
        farm.source = SlowSource(farm.read)
    await setup_farms(hass, monkeypatch, *farms)
    for farm in farms:
        farm.source.gate = gate
    given = orders(hass, REBOOT)
    calls = [
        asyncio.create_task(async_control(hass, some, context=None))
        for some in (given[:6], given[6:])
    ]
    for _ in range(5):
        await asyncio.sleep(0)
    assert SlowSource.running == control.MAX_SIMULTANEOUS
    gate.set()
    for call in calls:
        assert [outcome.result for outcome in await call] == [Result.SENT] * 6
    assert SlowSource.most == control.MAX_SIMULTANEOUS


async def test_deadline(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that never answers does not keep the caller for ever, nor the other farms."""
    monkeypatch.setattr(control, "DEADLINE", 0.01)
    slow, quick = Farm("slow", farm_rig("one")), Farm("quick", farm_rig("two"))
    slow.source = SlowSource(slow.read)
    await setup_farms(hass, monkeypatch, slow, quick)
    slow.source.gate = asyncio.Event()
    outcomes = await async_control(hass, orders(hass, REBOOT), context=None)
    assert [outcome.result for outcome in outcomes] == [Result.FAILED, Result.SENT]
    assert outcomes[0].error
    assert outcomes[0].error.startswith("no answer within")


async def test_stagger(
    hass: HomeAssistant, farms: list[Farm], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stagger, rigs are told one by one; there is no wait before the first or after the last."""
    waits: list[float] = []
    sleep = asyncio.sleep

    async def wait(seconds: float) -> None:
        if seconds == 2:
            waits.append(seconds)
            assert len(farms[0].told) + len(farms[1].told) == len(waits)
            seconds = 0
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", wait)
    outcomes = await async_control(
        hass, orders(hass, REBOOT), context=None, stagger=2.0
    )
    assert waits == [2.0] * 4
    assert [rig_ids for farm in farms for _, _, rig_ids in farm.told] == [
        (rig_id,) for farm in farms for rig_id in farm.rigs
    ]
    assert {outcome.result for outcome in outcomes} == {Result.SENT}


@pytest.mark.parametrize("again", [True, False])
async def test_reload_meanwhile(
    hass: HomeAssistant,
    farms: list[Farm],
    monkeypatch: pytest.MonkeyPatch,
    again: bool,
) -> None:
    """An entry that is set up anew between two rigs goes on; one that is gone is told nothing more."""
    entry = hass.config_entries.async_loaded_entries(DOMAIN)[0]

    given = orders(hass, REBOOT, "north-0", "north-1")
    held, sleep = asyncio.Event(), asyncio.sleep

    async def wait(seconds: float) -> None:
        await (held.wait() if seconds == 2 else sleep(seconds))

    monkeypatch.setattr(asyncio, "sleep", wait)
    call = asyncio.create_task(async_control(hass, given, context=None, stagger=2.0))
    while not farms[0].told:
        await asyncio.sleep(0)
    await hass.config_entries.async_unload(entry.entry_id)
    if again:
        assert await hass.config_entries.async_setup(entry.entry_id)
    held.set()
    outcomes = await call
    if again:
        assert [outcome.result for outcome in outcomes] == [Result.SENT] * 2
        assert (
            given[1].coordinator is not orders(hass, REBOOT, "north-1")[0].coordinator
        )
    else:
        assert [outcome.result for outcome in outcomes] == [Result.SENT, Result.FAILED]
        assert outcomes[1].error == "it is not set up any more"
        assert len(farms[0].told) == 1


async def test_orders_of_entities(hass: HomeAssistant, farms: list[Farm]) -> None:
    """What one caller orders at the same moment goes out together; each hears of its own rig."""
    context = Context()
    farms[1].source.outcomes = (
        Outcome(rig_id="south-0", result=Result.SENT),
        Outcome(rig_id="south-1", result=Result.FAILED, error="Broken"),
    )
    answers = await asyncio.gather(
        *(async_order(hass, order, context=context) for order in orders(hass, REBOOT)),
        return_exceptions=True,
    )
    assert [len(farm.told) for farm in farms] == [1, 1]
    assert answers[:4] == [None] * 4
    error = answers[4]
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "command_failed"
    assert error.translation_placeholders == {"rig": "South-1", "reason": "Broken"}
    # Another caller, and the same one later, have their own.
    (order,) = orders(hass, REBOOT, "north-0")
    await asyncio.gather(
        async_order(hass, order, context=context),
        async_order(hass, order, context=Context()),
        async_order(hass, order, context=None),
    )
    assert [rig_ids for _, _, rig_ids in farms[0].told[1:]] == [("north-0",)] * 3


async def test_one_gives_up(hass: HomeAssistant, farms: list[Farm]) -> None:
    """A caller that is cancelled does not take the orders of others with it."""
    first, second = (
        asyncio.create_task(async_order(hass, order, context=None))
        for order in orders(hass, REBOOT, "north-0", "north-1")
    )
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert first.cancelled()
    assert farms[0].told == [(Action.REBOOT, None, ("north-0", "north-1"))]


async def test_done_at_once(hass: HomeAssistant, farms: list[Farm]) -> None:
    """A rig that did it is read again, so that its entities follow; nothing else is waited for."""
    farms[0].source.outcomes = (Outcome(rig_id="north-0", result=Result.DONE),)
    reads = farms[0].source.reads
    events = commands_told(hass)
    await async_control(hass, orders(hass, REBOOT, "north-0"), context=None)
    await settle(hass)
    assert results(events) == [("north-0", "reboot", "done")]
    assert farms[0].source.reads == reads + 1


# Whether it was done.

SENT_AT = [5, 15, 30, 60, 120]
"""Seconds after it was sent at which a rig is read again."""


async def send(
    hass: HomeAssistant, command: Command, *rig_ids: str, context: Context | None = None
) -> None:
    """Tell rigs."""
    outcomes = await async_control(
        hass, orders(hass, command, *rig_ids), context=context
    )
    assert {outcome.result for outcome in outcomes} == {Result.SENT}


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        (Command(action=Action.PAUSE_MINING), {"status": Status.SLEEPING}),
        (Command(action=Action.PAUSE_MINING), {"status": Status.IDLE}),
        (Command(action=Action.RESTART_MINING), {"uptime": 3.0}),
        (REBOOT, {"uptime": 3.0}),
        (REBOOT, {"uptime": 3.0, "status": Status.STARTING}),
        (Command(action=Action.SHUTDOWN), {"status": Status.OFFLINE}),
        (
            Command(action=Action.UPGRADE),
            {"firmware": Firmware(family="hiveos", version="0.6-300")},
        ),
        (
            Command(action=Action.SET_FLIGHT_SHEET, value="2"),
            {"flight_sheet": "Kaspa"},
        ),
        (Command(action=Action.SET_OVERCLOCK, value="8"), {"overclock": "Hot"}),
        (Command(action=Action.SET_POWER_MODE, value="low"), {"work_mode": "low"}),
        (Command(action=Action.SET_POWER_MODE, value="low"), {"work_mode": "Low"}),
        (
            Command(action=Action.SET_POWER_TARGET, value="3000"),
            {"power_target": 2970.0},
        ),
        (Command(action=Action.SWITCH_POOL, value="1"), {"pools": (POOLS[1],)}),
        # It was put at the front, and has another index now.
        (
            Command(action=Action.SWITCH_POOL, value="1"),
            {"pools": (replace(POOLS[1], index=0), replace(POOLS[0], index=1))},
        ),
        # It was put at the front, and cannot be reached.
        (
            Command(action=Action.SWITCH_POOL, value="1"),
            {"pools": (replace(POOLS[0], priority=1), replace(POOLS[1], priority=0))},
        ),
        (
            Command(action=Action.SWITCH_POOL, value="1"),
            {
                "pools": (
                    replace(POOLS[0], active=False),
                    replace(POOLS[1], active=True),
                )
            },
        ),
        (NEW_POOLS, {"pools": (Pool(index=0, url="tcp://c:3", user="us"), POOLS[1])}),
        # The firmware keeps to itself who it works for.
        (
            NEW_POOLS,
            {
                "pools": (
                    Pool(index=0, url="b:2", priority=1),
                    Pool(index=1, url="c:3", priority=0),
                )
            },
        ),
        (Command(action=Action.SET_FAN, data={"mode": "auto"}), {"fan_mode": "auto"}),
        (MANUAL_FAN, {"fan_mode": "manual"}),
        (
            MANUAL_FAN,
            {"fan_mode": "manual", "fans": (Fan(index=0, duty=55.0), Fan(index=1))},
        ),
    ],
)
async def test_confirmed(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    farms: list[Farm],
    command: Command,
    changes: dict[str, Any],
) -> None:
    """A rig that is seen in the state that it was told to take did it; not one moment before."""
    context = Context(user_id="somebody")
    events = commands_told(hass)
    await send(hass, command, "north-1", context=context)
    await pass_time(hass, freezer, 5)
    assert results(events) == [("north-1", command.action, "sent")]
    farms[0].change("north-1", **changes)
    await pass_time(hass, freezer, 10)
    assert results(events)[1:] == [("north-1", command.action, "done")]
    assert events[1].context is context
    assert events[1].data["command_ids"] == ["1"]
    # It is over: nobody looks again before the next poll.
    reads = farms[0].source.reads
    await pass_time(hass, freezer, 15)
    assert farms[0].source.reads == reads


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        (
            Command(action=Action.SET_POWER_TARGET, value="3000"),
            {"power_target": 2969.0},
        ),
        # Another pool has its index now.
        (
            Command(action=Action.SWITCH_POOL, value="1"),
            {"pools": (Pool(index=1, url="c:3", user="me", active=True),)},
        ),
        # Somebody else's account at the same pool.
        (
            Command(action=Action.SWITCH_POOL, value="1"),
            {"pools": (replace(POOLS[1], user="you", active=True),)},
        ),
        (Command(action=Action.SWITCH_POOL, value="7"), {}),
        (NEW_POOLS, {"pools": (Pool(index=0, url="c:3", user="us"),)}),
        (NEW_POOLS, {"pools": (POOLS[1], Pool(index=2, url="c:3", user="us"))}),
        (NEW_POOLS, {"pools": (Pool(index=0, url="c:3", user="me"), POOLS[1])}),
        (
            NEW_POOLS,
            {"pools": (Pool(index=0, url="c:3"), POOLS[1], Pool(index=2, url="d:4"))},
        ),
        (MANUAL_FAN, {"fan_mode": "auto"}),
        (MANUAL_FAN, {"fan_mode": "manual", "fans": (Fan(index=0, duty=56.0),)}),
    ],
)
async def test_not_confirmed(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    farms: list[Farm],
    command: Command,
    changes: dict[str, Any],
) -> None:
    """What is not quite what a rig was told is not taken for it."""
    events = commands_told(hass)
    await send(hass, command, "north-1")
    farms[0].change("north-1", **changes)
    await pass_time(hass, freezer, 5)
    assert results(events) == [("north-1", command.action, "sent")]


async def test_locate(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """A light that was taken is done: nothing is read for it, and nothing else is given up for it."""
    events = commands_told(hass)
    reads = farms[0].source.reads
    await send(hass, Command(action=Action.PAUSE_MINING), "north-0")
    (outcome,) = await async_control(
        hass,
        orders(hass, Command(action=Action.LOCATE, value="on"), "north-0"),
        context=None,
    )
    await settle(hass)
    assert outcome.result is Result.DONE
    assert farms[0].source.reads == reads
    farms[0].change("north-0", status=Status.SLEEPING)
    await pass_time(hass, freezer, 5)
    assert results(events) == [
        ("north-0", "pause_mining", "sent"),
        ("north-0", "locate", "done"),
        ("north-0", "pause_mining", "done"),
    ]


async def test_resumed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """Figures from before the command prove nothing, even if they are read after it."""
    farms[0].change("north-0", seen_at=dt_util.utcnow())
    events = commands_told(hass)
    await send(hass, Command(action=Action.RESUME_MINING), "north-0")
    await pass_time(hass, freezer, 5)
    assert len(events) == 1
    farms[0].change("north-0", seen_at=dt_util.utcnow(), status=Status.STARTING)
    await pass_time(hass, freezer, 10)
    assert len(events) == 1
    farms[0].change("north-0", seen_at=dt_util.utcnow(), status=Status.RUNNING)
    await pass_time(hass, freezer, 15)
    assert results(events)[1:] == [("north-0", "resume_mining", "done")]


@pytest.mark.parametrize("action", [Action.RESTART_MINING, Action.REBOOT])
async def test_uptime_unknown(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    farms: list[Farm],
    action: Action,
) -> None:
    """Without uptime a restart cannot be told; with one for the first time, by when it began."""
    farms[0].change("north-0", uptime=None)
    await poll(hass)
    events = commands_told(hass)
    await send(hass, Command(action=action), "north-0")
    await pass_time(hass, freezer, 5)
    farms[0].change("north-0", uptime=500.0)
    await pass_time(hass, freezer, 10)
    assert len(events) == 1
    farms[0].change("north-0", uptime=4.0)
    await pass_time(hass, freezer, 15)
    assert results(events)[1:] == [("north-0", action, "done")]


async def test_a_clock_that_is_put_right(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    farms: list[Farm],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who was told something while it was hours ahead is not waited for until then."""
    events = commands_told(hass)
    utcnow = dt_util.utcnow
    with monkeypatch.context() as wrong:
        wrong.setattr(dt_util, "utcnow", lambda: utcnow() + timedelta(hours=4))
        await send(hass, Command(action=Action.PAUSE_MINING), "south-0")
    for _ in range(13):
        await pass_time(hass, freezer, 10)
    assert results(events)[1:] == [("south-0", "pause_mining", "unconfirmed")]


async def test_unconfirmed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """A rig that goes on as before is looked at five times, and then it is said that nothing was seen."""
    events = commands_told(hass)
    await send(hass, Command(action=Action.PAUSE_MINING), "south-0")
    start, reads = dt_util.utcnow(), farms[1].source.reads
    seen: list[int] = []
    for _ in range(130):
        await pass_time(hass, freezer, 1)
        if farms[1].source.reads > reads:
            reads = farms[1].source.reads
            seen.append(round((dt_util.utcnow() - start).total_seconds()))
        if len(events) > 1:
            break
    assert seen == SENT_AT
    assert results(events)[1:] == [("south-0", "pause_mining", "unconfirmed")]
    assert "error" not in events[1].data


async def test_vanished(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """A rig that is no longer there shows nothing."""
    events = commands_told(hass)
    await send(hass, REBOOT, "north-0")
    del farms[0].rigs["north-0"]
    for seconds in (5, 10, 15, 30, 60, 120):
        await pass_time(hass, freezer, seconds)
        assert len(events) == 1
    await pass_time(hass, freezer, 180)
    assert results(events)[1:] == [("north-0", "reboot", "unconfirmed")]


async def test_offline_and_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """A rig that went away and came back did reboot, whatever it says of its uptime."""
    events = commands_told(hass)
    await send(hass, REBOOT, "north-0")
    farms[0].change("north-0", status=Status.OFFLINE, uptime=None)
    await pass_time(hass, freezer, 5)
    assert len(events) == 1
    farms[0].change("north-0", status=Status.IDLE)
    await pass_time(hass, freezer, 10)
    assert results(events)[1:] == [("north-0", "reboot", "done")]


async def test_offline_before(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """A rig that was off already did not go away."""
    farms[0].change("north-0", status=Status.OFFLINE, uptime=None)
    await poll(hass)
    events = commands_told(hass)
    await send(hass, REBOOT, "north-0")
    await pass_time(hass, freezer, 5)
    farms[0].change("north-0", status=Status.IDLE)
    await pass_time(hass, freezer, 10)
    assert len(events) == 1


async def test_second_command(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """A rig can be told something else meanwhile: what it was told first is given up."""
    events = commands_told(hass)
    await send(hass, Command(action=Action.PAUSE_MINING), "north-0")
    await pass_time(hass, freezer, 5)
    await send(hass, Command(action=Action.SET_OVERCLOCK, value="8"), "north-0")
    farms[0].change("north-0", overclock="Hot", status=Status.SLEEPING)
    await pass_time(hass, freezer, 10)
    assert results(events) == [
        ("north-0", "pause_mining", "sent"),
        ("north-0", "set_overclock", "sent"),
        ("north-0", "pause_mining", "unconfirmed"),
        ("north-0", "set_overclock", "done"),
    ]


async def test_many_commands(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """However many commands of a farm wait, it is not asked more often than every so many seconds."""
    reads = farms[0].source.reads
    for rig_id in farms[0].rigs:
        await send(hass, Command(action=Action.PAUSE_MINING), rig_id)
        await pass_time(hass, freezer, 2)
    assert farms[0].source.reads == reads + 1
    await pass_time(hass, freezer, 4)
    assert farms[0].source.reads == reads + 1
    await pass_time(hass, freezer, 6)
    assert farms[0].source.reads == reads + 2


@pytest.mark.parametrize("action", [Action.EXECUTE, Action.PAUSE_MINING])
@pytest.mark.parametrize(
    ("severity", "result"),
    [
        (Severity.SUCCESS, "done"),
        (Severity.INFO, "done"),
        (Severity.DANGER, "failed"),
        (Severity.WARNING, None),
    ],
)
async def test_answer(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    farms: list[Farm],
    action: Action,
    severity: Severity,
    result: str | None,
) -> None:
    """The rig's own answer to a command closes it; what it quotes is not repeated."""
    events = commands_told(hass)
    await send(hass, Command(action=action, value="cat secret"), "north-0")
    farms[0].happenings = [
        Happening(
            id=f"message-{command_id}",
            at=dt_util.utcnow() + timedelta(seconds=1),
            title="cat secret",
            severity=severity,
            rig_id="north-0",
            command_id=command_id,
        )
        for command_id in ("99", "1")
    ]
    await pass_time(hass, freezer, 5)
    assert [found[2] for found in results(events)[1:]] == ([result] if result else [])
    if result == "failed":
        assert events[1].data["error"] == RIG_SAYS_NO
    assert "secret" not in str([event.data for event in events])


async def test_unload(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """With the entry ends the waiting, and nothing is left behind."""
    entry = hass.config_entries.async_loaded_entries(DOMAIN)[0]
    events = commands_told(hass)
    await send(hass, REBOOT)
    await hass.config_entries.async_unload(entry.entry_id)
    reads = farms[0].source.reads
    await pass_time(hass, freezer, 120)
    assert farms[0].source.reads == reads
    assert len(events) == 5
    # And it begins anew with the entry.
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await send(hass, Command(action=Action.PAUSE_MINING), "north-0")
    farms[0].change("north-0", status=Status.SLEEPING)
    await pass_time(hass, freezer, 5)
    assert results(events)[-1] == ("north-0", "pause_mining", "done")


@pytest.fixture
def miner(hass: HomeAssistant) -> Callable[[ScriptedSource], RigCoordinator]:
    """Make the coordinator of a miner that is a source of its own."""
    entry = MockConfigEntry(domain=DOMAIN, title="Hall")
    entry.add_to_hass(hass)

    def build(source: ScriptedSource) -> RigCoordinator:
        return RigCoordinator(
            hass,
            entry,
            source,
            Pacing(
                interval=timedelta(seconds=300),
                stale_after=timedelta(seconds=900),
                phase=0.5,
                slots=asyncio.Semaphore(1),
            ),
            Origin(device_id="hall", subentry_id="rig"),
            name="S19",
            rig_ids=("rig",),
            told=Told(hass, entry.entry_id),
        )

    return build


@pytest.mark.parametrize(
    ("action", "failure", "after_first", "after_second"),
    [
        (Action.SHUTDOWN, SourceUnreachableError("gone"), ["done"], ["done"]),
        (Action.REBOOT, SourceUnreachableError("gone"), [], ["done"]),
        (Action.REBOOT, InvalidReplyError("garbage"), [], []),
        (Action.PAUSE_MINING, SourceUnreachableError("gone"), [], []),
    ],
)
async def test_miner_gone(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    miner: Callable[[ScriptedSource], RigCoordinator],
    action: Action,
    failure: SourceError,
    after_first: list[str],
    after_second: list[str],
) -> None:
    """A miner that answers no more was seen to go away; a farm's service that does not tells nothing."""

    def there() -> Any:
        return rig(seen_at=dt_util.utcnow(), uptime=None, commands=tuple(Action))

    coordinator = miner(ScriptedSource(there, failure, there))
    await coordinator.async_refresh()
    events = commands_told(hass)
    order = Order(coordinator=coordinator, rig_id="rig", command=Command(action=action))
    await async_control(hass, [order], context=None)
    await pass_time(hass, freezer, 5)
    assert [found[2] for found in results(events)[1:]] == after_first
    await pass_time(hass, freezer, 10)
    assert [found[2] for found in results(events)[1:]] == after_second
    await coordinator.async_shutdown()


async def test_service_gone(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, farms: list[Farm]
) -> None:
    """That a farm cannot be read says nothing of its rigs."""
    events = commands_told(hass)
    await send(hass, Command(action=Action.SHUTDOWN), "north-0")
    farms[0].source.script = [SourceUnreachableError("service down")]
    await pass_time(hass, freezer, 5)
    assert len(events) == 1


async def test_without_device(
    hass: HomeAssistant, miner: Callable[[ScriptedSource], RigCoordinator]
) -> None:
    """A rig that has no device yet has a name all the same."""
    order = Order(coordinator=miner(ScriptedSource(rig)), rig_id="rig", command=REBOOT)
    assert (order.name, order.device_id) == ("S19", None)
