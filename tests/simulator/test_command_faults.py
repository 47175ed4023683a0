"""Faults of what a miner is told, on every road, and over the control endpoint."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from simulator import Farm, Fault, SimulatedMiner, WriteFault

from .command_client import (
    BRIEFLY,
    answers,
    cgi_raw,
    conf,
    farm_of,
    logon,
    refused,
    rest,
    set_conf,
    tell,
    unlocked,
    web_port,
    write_fault,
)
from .conftest import Clock, Data, ask_raw, http, until

SLEEPERS = ("s21_2024", "luxos", "braiins", "vnish_1_2_7")


async def put_to_sleep(miner: SimulatedMiner) -> bytes:
    """Tell it, on its own road; the bytes of the answer."""
    match miner.profile.dialect:
        case "x19":
            return await cgi_raw(miner, "set_miner_conf.cgi", b'{"miner-mode":1}')
        case "luxos":
            request = (
                f'{{"command":"curtail","parameter":"{await logon(miner)},sleep"}}'
            )
            return await ask_raw(miner.port, request.encode())
        case "braiins":
            return await ask_raw(miner.port, b'{"command":"pause"}')
        case _:
            token = await unlocked(miner)
            request = (
                "POST /api/v1/mining/stop HTTP/1.1\r\nHost: miner\r\n"
                f"Authorization: {token}\r\nContent-Length: 0\r\n\r\n"
            )
            return await ask_raw(web_port(miner), request.encode())


@pytest.mark.parametrize("name", SLEEPERS)
async def test_ignored(name: str, clock: Clock) -> None:
    """The answer is as ever, and nothing happened."""
    async with farm_of(name, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        miner.set_fault(WriteFault.IGNORE_WRITE)
        assert await put_to_sleep(miner)
        assert miner.config == before
        assert miner.written
        miner.clear()
        miner.model.session.end()
        await put_to_sleep(miner)
        assert miner.config != before


@pytest.mark.parametrize("name", SLEEPERS)
async def test_lost(name: str, clock: Clock) -> None:
    """It was done, and nobody says so; reading goes on."""
    async with farm_of(name, clock=clock) as farm:
        miner = farm.miners[0]
        miner.set_fault(WriteFault.LOSE_ANSWER)
        assert await put_to_sleep(miner) == b""
        assert miner.truth().sleeping
        assert (await tell(miner, "summary"))["SUMMARY"]


@pytest.mark.parametrize("name", SLEEPERS)
async def test_power_cut(name: str, clock: Clock) -> None:
    """Done and answered, then gone for a while; what was kept is there afterwards."""
    async with farm_of(name, clock=clock, delays=BRIEFLY) as farm:
        miner = farm.miners[0]
        miner.set_fault(WriteFault.POWER_CUT, seconds=0.05)
        assert await put_to_sleep(miner)
        assert miner.fault is Fault.REBOOT
        assert await refused(miner.port)
        if miner.web_port is not None:
            assert await refused(miner.web_port)
        await answers(miner.port)
        assert miner.truth().sleeping
        assert write_fault(miner) is None


async def test_reading_does_not_cut_the_power(clock: Clock) -> None:
    """It waits for a write."""
    async with farm_of("s21_2024", clock=clock) as farm:
        miner = farm.miners[0]
        miner.set_fault(WriteFault.POWER_CUT)
        await conf(miner)
        await tell(miner, "stats")
        assert miner.fault is None
        assert miner.write_fault is WriteFault.POWER_CUT


@pytest.mark.parametrize("name", ["s21_2024", "s19pro_2020", "s17pro"])
async def test_wiped(name: str, clock: Clock) -> None:
    """A good body, and still nothing is left."""
    async with farm_of(name, clock=clock) as farm:
        miner = farm.miners[0]
        miner.set_fault(WriteFault.WIPE)
        await cgi_raw(miner, "set_miner_conf.cgi", b"{}")
        assert miner.config.wiped
        assert miner.write_fault is None
        clock.advance(600)
        assert miner.truth().hashrate == 0


async def test_both_kinds_at_once(clock: Clock) -> None:
    """A fault of reading leaves that of writing."""
    async with farm_of("s21_2024", clock=clock) as farm:
        miner = farm.miners[0]
        miner.set_fault(WriteFault.IGNORE_WRITE, seconds=0.02)
        miner.set_fault(Fault.EMPTY)
        assert (miner.fault, miner.write_fault) == (
            Fault.EMPTY,
            WriteFault.IGNORE_WRITE,
        )
        await until(lambda: miner.write_fault is None)
        assert miner.fault is Fault.EMPTY


async def test_a_port_that_is_shut_stays_shut(clock: Clock) -> None:
    """A restart that ends while it is refused opens nothing, and the other way round."""
    async with farm_of("s21_2024", clock=clock, delays=BRIEFLY) as farm:
        miner = farm.miners[0]
        await set_conf(miner, {"miner-mode": 1})
        miner.set_fault(Fault.REFUSE)
        await until(lambda: miner.truth().elapsed == 0)
        await asyncio.sleep(0.06)
        assert await refused(miner.port)
        miner.clear()
        assert not await refused(miner.port)
        await set_conf(miner, {"miner-mode": 0})
        miner.set_fault(Fault.REFUSE)
        miner.clear()
        assert await refused(miner.port)
        await answers(miner.port)


async def call(farm: Farm, method: str, target: str, body: object = None) -> Data:
    """One request to the control endpoint."""
    port = farm.control_port
    assert port is not None
    return cast("Data", (await http(port, target, method=method, body=body)).json())


async def test_over_the_control_endpoint(clock: Clock) -> None:
    """Faults and delays are set there, and what came of a command is told."""
    async with farm_of("s21_2024", clock=clock) as farm:
        miner = farm.miners[0]
        await call(farm, "POST", "/miners/0/fault", {"fault": "ignore_write"})
        assert write_fault(miner) is WriteFault.IGNORE_WRITE
        rows = cast("list[Data]", await call(farm, "GET", "/miners"))
        assert rows[0]["write_fault"] == "ignore_write"
        await call(farm, "DELETE", "/miners/0/fault")
        assert write_fault(miner) is None
        await call(farm, "POST", "/miners/all/delays", {"restart": 0.5})
        assert miner.delays == replace(miner.delays, restart=0.5)
        await set_conf(miner, {"freq-level": "90"})
        detail = await call(farm, "GET", "/miners/0")
        assert cast("Data", detail["config"])["freq_level"] == "90"
        assert detail["locating"] is False
        assert cast("list[Data]", detail["written"])[0]["body"] == '{"freq-level":"90"}'
        for wrong in ({"restart": -1}, {"restart": "x"}, {"pause": 1}):
            assert "error" in await call(farm, "POST", "/miners/0/delays", wrong)


async def test_lights_go_out_with_the_power(clock: Clock) -> None:
    """A reboot ends the blinking."""
    async with farm_of("vnish_1_2_7", clock=clock) as farm:
        miner = farm.miners[0]
        await rest(miner, "POST", "/find-miner", {"on": True})
        miner.set_fault(Fault.REBOOT, seconds=0.01)
        await until(lambda: miner.fault is None)
        assert not miner.locating
