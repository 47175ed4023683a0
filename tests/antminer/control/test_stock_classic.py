"""Stock firmware up to the S17, told what to do: what went out, and what came of it."""

import json

import pytest

from custom_components.antminer_monitor.antminer.control.controller import (
    NotKeptError,
    RejectedError,
)
from custom_components.antminer_monitor.antminer.control.stock_base import Pace
from custom_components.antminer_monitor.antminer.control.stock_classic import (
    ClassicController,
)
from custom_components.antminer_monitor.command import Action, Command, Result
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.source import InvalidReplyError

from .conftest import CLASSIC_POOLS, S9_FILE, S17_FILE, Reach, Start, StockMiner, a_rig

PACE = Pace(write=0.5, settle=0.0, again=0.01, attempts=3, blink=0.1)
S9 = a_rig("Antminer S9")
S17 = a_rig("Antminer S17 Pro", work_mode="1")
REST = (
    b"&_ant_nobeeper=false&_ant_notempoverctrl=false&_ant_fan_customize_switch=false"
    b"&_ant_fan_customize_value=&_ant_freq=675&_ant_voltage=0706"
)
UNCHANGED = CLASSIC_POOLS + REST
SWITCH = Command(action=Action.SWITCH_POOL, value="1")
RESTART = Command(action=Action.RESTART_MINING)
PAUSE = Command(action=Action.PAUSE_MINING)


@pytest.fixture
async def s9(stock: Start) -> StockMiner:
    """An S9."""
    return await stock(S9_FILE, "s9")


@pytest.fixture
async def s17(stock: Start) -> StockMiner:
    """An S17."""
    return await stock(S17_FILE, "s17")


def controls(miner: StockMiner, reach: Reach) -> ClassicController:
    """The controller of a miner."""
    return ClassicController(reach(miner), PACE)


async def test_restart(s9: StockMiner, reach: Reach) -> None:
    """The configuration is written as it is: all fields, in their places."""
    assert await controls(s9, reach).execute(RESTART, S9) is Result.SENT
    assert s9.written == [UNCHANGED]
    assert s9.heads[0]["content-type"] == "application/x-www-form-urlencoded"
    assert s9.heads[0]["content-length"] == str(len(UNCHANGED))
    assert "transfer-encoding" not in s9.heads[0]
    assert json.loads(s9.held) == json.loads(S9_FILE)


async def test_sleep_and_wake(s17: StockMiner, reach: Reach) -> None:
    """The mode before the sleep comes back."""
    control = controls(s17, reach)
    assert await control.execute(PAUSE, S17) is Result.SENT
    assert s17.written == [UNCHANGED + b"&_ant_work_mode=254"]
    assert s17.notes == ["1"]
    wake = Command(action=Action.RESUME_MINING)
    assert await control.execute(wake, S17) is Result.SENT
    assert s17.written[1] == UNCHANGED + b"&_ant_work_mode=1"
    assert json.loads(s17.held) == json.loads(S17_FILE)


def test_abilities(reach: Reach) -> None:
    """An S9 has no sleep."""
    miner = StockMiner(S9_FILE, "s9")
    commands = controls(miner, reach).abilities(S9).commands
    assert commands == (
        Action.RESTART_MINING,
        Action.REBOOT,
        Action.LOCATE,
        Action.SET_POOLS,
        Action.SWITCH_POOL,
        Action.SET_FAN,
    )
    assert Action.PAUSE_MINING in controls(miner, reach).abilities(S17).commands
    assert not ClassicController(reach(miner, password=None)).abilities(S9).commands


async def test_no_sleep(s9: StockMiner, reach: Reach) -> None:
    """No sleep."""
    control = controls(s9, reach)
    with pytest.raises(RejectedError, match="not among"):
        await control.execute(PAUSE, S9)
    # Nor where the reading says otherwise than the configuration.
    with pytest.raises(RejectedError, match="no work mode"):
        await control.execute(PAUSE, S17)
    assert not s9.written


async def test_pools(s9: StockMiner, reach: Reach) -> None:
    """Set and switch."""
    control = controls(s9, reach)
    data: Json = {
        "url": "stratum+tcp://c.example:25/x",
        "user": "me_1",
        "password": "d=1,#+!",
    }
    command = Command(action=Action.SET_POOLS, data={"pools": [data]})
    assert await control.execute(command, S9) is Result.DONE
    assert s9.written == [
        b"_ant_pool1url=stratum%2Btcp%3A%2F%2Fc.example%3A25%2Fx&_ant_pool1user=me_1"
        b"&_ant_pool1pw=d%3D1%2C%23%2B!&_ant_pool2url=&_ant_pool2user=&_ant_pool2pw="
        b"&_ant_pool3url=&_ant_pool3user=&_ant_pool3pw=" + REST
    ]
    s9.held = S9_FILE
    assert await control.execute(SWITCH, S9) is Result.DONE
    found = json.loads(s9.held)["pools"]
    assert [pool["url"] for pool in found] == [
        "bbb.example:443",
        "stratum+tcp://aaa.example:3333",
        "",
    ]


async def test_a_per_cent_sign(s9: StockMiner, reach: Reach) -> None:
    """The script would decode it twice."""
    data: Json = {"url": "c.example:25", "user": "me", "password": "a%26b"}
    command = Command(action=Action.SET_POOLS, data={"pools": [data]})
    with pytest.raises(RejectedError, match="pool 1: the password"):
        await controls(s9, reach).execute(command, S9)
    assert not s9.written


async def test_fans(s9: StockMiner, reach: Reach) -> None:
    """Fans."""
    control = controls(s9, reach)
    manual = Command(action=Action.SET_FAN, data={"mode": "manual", "duty": 40})
    assert await control.execute(manual, S9) is Result.DONE
    assert (
        b"&_ant_fan_customize_switch=true&_ant_fan_customize_value=40&" in s9.written[0]
    )
    assert json.loads(s9.held)["bitmain-fan-pwm"] == "40"
    auto = Command(action=Action.SET_FAN, data={"mode": "auto"})
    assert await control.execute(auto, S9) is Result.DONE
    assert s9.written[1] == UNCHANGED
    assert json.loads(s9.held) == json.loads(S9_FILE)


async def test_flags_go_back(s9: StockMiner, reach: Reach) -> None:
    """Flags go back."""
    s9.held = S9_FILE.replace(
        '"bitmain-use-vil"',
        '"bitmain-nobeeper" : true,\n"bitmain-notempoverctrl" : true,\n"bitmain-use-vil"',
    )
    before = json.loads(s9.held)
    assert await controls(s9, reach).execute(RESTART, S9) is Result.SENT
    assert json.loads(s9.held) == before


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"A:0/0,W:*"', '"W:192.168.1.10,A:0/0"', "api-allow"),
        ('"A:0/0,W:*"', '"W:0/0"', "api-allow"),
        ('"bitmain-use-vil" : true,', "", "bitmain-use-vil"),
        ('"api-network" : true', '"api-network" : false', "api-network"),
        ('"bitmain-freq" : "675"', '"bitmain-freq" : "675",\n"bitmain-freq1" : "700"', "lose bitmain-freq1"),
        ('"bitmain-freq" : "675",', "", "no bitmain-freq"),
        ('"0706"', '""', "no bitmain-voltage"),
        ('"0706"', '"07 06"', "bitmain-voltage holds white"),
    ],
)  # fmt: skip
async def test_a_script_of_other_fields(
    s9: StockMiner, reach: Reach, before: str, after: str, message: str
) -> None:
    """What the script would lose, or take from the wrong place, is not touched."""
    assert before in S9_FILE
    s9.held = S9_FILE.replace(before, after)
    for command in (RESTART, SWITCH):
        with pytest.raises(RejectedError, match=message):
            await controls(s9, reach).execute(command, S9)
    assert not s9.written


async def test_a_damaged_configuration(s9: StockMiner, reach: Reach) -> None:
    """A damaged configuration."""
    s9.held = S9_FILE[:-10]
    with pytest.raises(InvalidReplyError):
        await controls(s9, reach).execute(RESTART, S9)
    assert not s9.written


async def test_a_lost_answer(s9: StockMiner, reach: Reach) -> None:
    """A lost answer."""
    s9.plan = ["lose"]
    assert await controls(s9, reach).execute(SWITCH, S9) is Result.DONE
    assert len(s9.written) == 1


async def test_another_configuration_comes_out(s9: StockMiner, reach: Reach) -> None:
    """Another configuration comes out."""
    s9.plan = [S9_FILE.replace("675", "550")]
    with pytest.raises(NotKeptError, match=r"pool 1, pool 2, bitmain-freq"):
        await controls(s9, reach).execute(SWITCH, S9)
    assert s9.written[1] == UNCHANGED
    assert json.loads(s9.held) == json.loads(S9_FILE)


async def test_a_light_that_never_answers(s9: StockMiner, reach: Reach) -> None:
    """The request is given up; another page tells that it blinks."""
    s9.silent = {"blink.cgi action=startBlink"}
    control = controls(s9, reach)
    on = Command(action=Action.LOCATE, value="on")
    assert await control.execute(on, S9) is Result.DONE
    off = Command(action=Action.LOCATE, value="off")
    assert await control.execute(off, S9) is Result.DONE
    assert s9.requests == ["POST blink.cgi"] * 4
    assert not s9.blinks


async def test_a_light_that_stays_dark(s9: StockMiner, reach: Reach) -> None:
    """A light that stays dark."""
    on = Command(action=Action.LOCATE, value="on")
    with pytest.raises(RejectedError, match="light"):
        await controls(s9, reach).execute(on, S9)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]
)
async def test_a_light_that_does_not_tell(
    s9: StockMiner, reach: Reach, answer: bytes
) -> None:
    """A light that does not tell."""
    s9.pages["blink.cgi"] = answer
    on = Command(action=Action.LOCATE, value="on")
    assert await controls(s9, reach).execute(on, S9) is Result.SENT


async def test_reboot(s9: StockMiner, reach: Reach) -> None:
    """The connection drops."""
    s9.pages["reboot.cgi"] = b""
    reboot = Command(action=Action.REBOOT)
    assert await controls(s9, reach).execute(reboot, S9) is Result.SENT
