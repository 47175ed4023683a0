"""The control endpoint."""

import asyncio
from typing import cast

import pytest

from simulator import Conditions, Farm, Fault

from .conftest import AGE, Clock, Data, Http, http


async def call(farm: Farm, method: str, target: str, body: object = None) -> Http:
    """One request to the endpoint."""
    port = farm.control_port
    assert port is not None
    return await http(port, target, method=method, body=body)


def faults(farm: Farm) -> list[Fault | None]:
    """Those that the miners have now."""
    return [miner.fault for miner in farm.miners]


def conditions(farm: Farm) -> list[Conditions]:
    """What the miners suffer now."""
    return [miner.conditions for miner in farm.miners]


async def test_list_and_detail(clock: Clock) -> None:
    """What there is, where it is, and what it really is."""
    async with Farm(["s9", "s21_2024"], clock=clock, age=AGE, control_port=0) as farm:
        rows = cast("list[Data]", (await call(farm, "GET", "/miners")).json())
        detail = cast("Data", (await call(farm, "GET", "/miners/1")).json())
        truth = farm.miners[1].truth()
    assert [(row["index"], row["profile"], row["fault"]) for row in rows] == [
        (0, "s9", None),
        (1, "s21_2024", None),
    ]
    assert rows[0]["host"] == "127.0.0.1"
    assert rows[0]["port"] == farm.miners[0].port
    facts = cast("Data", detail["truth"])
    assert facts["hashrate"] == truth.hashrate
    assert facts["up"] is True
    assert detail["commands"] == []


async def test_faults(clock: Clock) -> None:
    """Of one, for a while, of all, and their end."""
    async with Farm(["s9", "s21_2024"], clock=clock, age=AGE, control_port=0) as farm:
        done = await call(
            farm, "POST", "/miners/1/fault", {"fault": "refuse", "seconds": 0.02}
        )
        assert done.json() == {"done": [1], "skipped": {}}
        assert faults(farm) == [None, Fault.REFUSE]
        async with asyncio.timeout(5):
            while any(faults(farm)):
                await asyncio.sleep(0.01)
        await call(farm, "POST", "/miners/all/fault", {"fault": "slow", "rate": 50})
        assert faults(farm) == [Fault.SLOW, Fault.SLOW]
        await call(farm, "DELETE", "/miners/0/fault")
        assert faults(farm) == [None, Fault.SLOW]
        await call(farm, "DELETE", "/faults")
        assert faults(farm) == [None, None]


async def test_conditions(clock: Clock) -> None:
    """Of one and of all; those that cannot are named."""
    async with Farm(["s9", "s21_2024"], clock=clock, age=AGE, control_port=0) as farm:
        await call(
            farm, "POST", "/miners/0/condition", {"missing_board": 2, "dying_chips": 3}
        )
        assert conditions(farm)[0].missing_board == 2
        done = cast(
            "Data",
            (await call(farm, "POST", "/miners/all/condition", {"sleep": True})).json(),
        )
        assert done == {"done": [1], "skipped": {"0": "s9 has no sleep mode"}}
        assert conditions(farm)[1].sleep
        await call(farm, "DELETE", "/miners/all/condition")
        assert not conditions(farm)[1].sleep
        assert conditions(farm)[0].missing_board is None


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "message"),
    [
        (
            "POST",
            "/miners/0/fault",
            {"fault": "fire"},
            400,
            "no fault 'fire'; there are: refuse,",
        ),
        (
            "POST",
            "/miners/0/fault",
            {"fault": "slow", "speed": 1},
            400,
            "unknown: speed",
        ),
        (
            "POST",
            "/miners/0/fault",
            {"fault": "slow", "rate": "x"},
            400,
            "rate must be a number, not 'x'",
        ),
        (
            "POST",
            "/miners/0/fault",
            {"fault": "slow", "seconds": -1},
            400,
            "seconds must be positive",
        ),
        (
            "POST",
            "/miners/0/fault",
            {"fault": "slow", "seconds": True},
            400,
            "seconds must be a number",
        ),
        ("POST", "/miners/0/fault", None, 400, "the body is not JSON"),
        ("POST", "/miners/0/fault", [], 400, "the body must be a JSON object"),
        ("POST", "/miners/0/condition", {"mood": 1}, 400, "no condition 'mood'"),
        ("POST", "/miners/0/condition", {"sleep": True}, 400, "s9 has no sleep mode"),
        ("POST", "/miners/all/condition", {"mood": 1}, 400, "no condition 'mood'"),
        (
            "POST",
            "/miners/7/fault",
            {"fault": "slow"},
            404,
            "no miner '7'; there are 0 to 0, or all",
        ),
        ("GET", "/miners/-1", None, 404, "no miner '-1'"),
        ("GET", "/elsewhere", None, 404, "no page '/elsewhere'"),
        ("PUT", "/miners", None, 405, "PUT is not for /miners"),
        ("GET", "/faults", None, 405, "GET is not for /faults"),
    ],
)
async def test_errors_are_named(
    method: str, target: str, body: object, status: int, message: str, clock: Clock
) -> None:
    """What is wrong, and what would be right; nothing changes."""
    async with Farm(["s9"], clock=clock, age=AGE, control_port=0) as farm:
        reply = await call(farm, method, target, body)
        assert farm.miners[0].fault is None
        assert farm.miners[0].conditions == farm.miners[0].profile.conditions
    assert reply.status == status
    assert message in str(cast("Data", reply.json())["error"])
