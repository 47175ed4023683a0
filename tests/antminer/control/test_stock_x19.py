"""Stock firmware of the S19 and later, told what to do: what went out, and what came of it."""

import asyncio
import json

import pytest

from custom_components.antminer_monitor.antminer.control.controller import (
    NotKeptError,
    RejectedError,
)
from custom_components.antminer_monitor.antminer.control.stock_base import Pace
from custom_components.antminer_monitor.antminer.control.stock_x19 import X19Controller
from custom_components.antminer_monitor.command import Action, Choice, Command, Result
from custom_components.antminer_monitor.source import (
    InvalidCredentialsError,
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
)

from ..conftest import Serve, closes, replies
from .conftest import X19_BODY, X19_FILE, X19_POOLS, Reach, Start, StockMiner, a_rig

PACE = Pace(write=0.5, settle=0.0, again=0.01, attempts=3)
RIG = a_rig("Antminer S19")
READ = "GET get_miner_conf.cgi"
WRITE = "POST set_miner_conf.cgi"
ASLEEP = X19_FILE.replace('work-mode" : "0"', 'work-mode" : "1"')
DAMAGED = X19_FILE.replace('"100"', '"30"')
UNREADABLE = X19_FILE.replace('"bitmain-fan-ctrl" : false', '"bitmain-fan-ctrl" : ')
A, B, NONE = X19_POOLS
UNCHANGED = X19_BODY % (0, b",".join(X19_POOLS))
SLEEP = X19_BODY % (1, b",".join(X19_POOLS))
PAUSE = Command(action=Action.PAUSE_MINING)
RESUME = Command(action=Action.RESUME_MINING)
SWITCH = Command(action=Action.SWITCH_POOL, value="1")


@pytest.fixture
async def miner(stock: Start) -> StockMiner:
    """A miner."""
    return await stock(X19_FILE, "x19")


@pytest.fixture
def control(miner: StockMiner, reach: Reach) -> X19Controller:
    """Its controller."""
    return X19Controller(reach(miner), PACE)


def pools(*entries: tuple[str, str, str]) -> Command:
    """A command that sets pools."""
    return Command(
        action=Action.SET_POOLS,
        data={
            "pools": [
                {"url": url, "user": user, "password": password}
                for url, user, password in entries
            ]
        },
    )


def fan(mode: str, duty: float | None = None) -> Command:
    """A command that sets the fans."""
    return Command(
        action=Action.SET_FAN,
        data={"mode": mode} | ({} if duty is None else {"duty": duty}),
    )


async def test_what_goes_out(miner: StockMiner, control: X19Controller) -> None:
    """One line without a blank, of a told length, and everything in it."""
    assert await control.execute(PAUSE, RIG) is Result.SENT
    assert miner.written == [SLEEP]
    assert miner.requests == [READ, WRITE, READ]
    head = miner.heads[0]
    assert head["content-length"] == str(len(SLEEP))
    assert "transfer-encoding" not in head
    assert head["content-type"] == "application/json"
    assert json.loads(miner.held) == json.loads(ASLEEP)


async def test_sleep_and_wake(miner: StockMiner, control: X19Controller) -> None:
    """The mode before the sleep comes back."""
    miner.held = X19_FILE.replace('work-mode" : "0"', 'work-mode" : "2"')
    assert await control.execute(PAUSE, RIG) is Result.SENT
    assert miner.notes == ["2"]
    assert await control.execute(RESUME, RIG) is Result.SENT
    assert miner.written[1] == X19_BODY % (2, b",".join(X19_POOLS))
    assert miner.notes == ["2", None]


async def test_asleep_already(miner: StockMiner, control: X19Controller) -> None:
    """Nothing is written, and the note stays."""
    miner.held, miner.notes = ASLEEP, ["2"]
    assert await control.execute(PAUSE, RIG) is Result.DONE
    assert not miner.written
    assert miner.notes == ["2"]


async def test_awake_already(miner: StockMiner, control: X19Controller) -> None:
    """Awake already."""
    assert await control.execute(RESUME, RIG) is Result.DONE
    assert not miner.written


@pytest.mark.parametrize("note", [None, "1", "5", "nonsense"])
async def test_wake_to_nothing_known(
    miner: StockMiner, control: X19Controller, note: str | None
) -> None:
    """Wake to nothing known."""
    miner.held, miner.notes = ASLEEP, [note]
    assert await control.execute(RESUME, RIG) is Result.SENT
    assert miner.written == [UNCHANGED]


async def test_a_sleep_that_is_not_kept(
    miner: StockMiner, control: X19Controller
) -> None:
    """The note is as before."""
    miner.plan, miner.notes = ["ignore"], ["2"]
    with pytest.raises(NotKeptError, match="mode unchanged"):
        await control.execute(PAUSE, RIG)
    assert miner.notes[-1] == "2"


async def test_set_pools(miner: StockMiner, control: X19Controller) -> None:
    """The others are emptied: what is left out would keep its place."""
    command = pools(("stratum+tcp://c.example:25/x", "me.rig", "d=1024,c=BTC"))
    assert await control.execute(command, RIG) is Result.DONE
    assert miner.written == [
        X19_BODY
        % (
            0,
            b'{"url":"stratum+tcp://c.example:25/x","user":"me.rig","pass":"d=1024,c=BTC"},'
            + NONE
            + b","
            + NONE,
        )
    ]
    assert [pool["url"] for pool in json.loads(miner.held)["pools"]] == [
        "stratum+tcp://c.example:25/x",
        "",
        "",
    ]


async def test_the_same_pools(miner: StockMiner, control: X19Controller) -> None:
    """The same pools."""
    command = pools(
        ("stratum+tcp://aaa.example:3333", "account.1", "pw-one"),
        ("bbb.example:443", "account.2", "pw-two"),
    )
    assert await control.execute(command, RIG) is Result.DONE
    assert miner.requests == [READ]


async def test_a_pool_that_would_wipe_all(
    miner: StockMiner, control: X19Controller
) -> None:
    """A pool that would wipe all."""
    with pytest.raises(RejectedError, match="pool 1: the password holds white") as err:
        await control.execute(pools(("a.example:1", "me", "pass word")), RIG)
    assert "pass word" not in str(err.value)
    assert not miner.requests


async def test_switch_pool(miner: StockMiner, control: X19Controller) -> None:
    """The address shows with a scheme that the configuration does not have."""
    assert await control.execute(SWITCH, RIG) is Result.DONE
    assert miner.written == [X19_BODY % (0, b",".join((B, A, NONE)))]


async def test_switch_to_the_first(miner: StockMiner, control: X19Controller) -> None:
    """Switch to the first."""
    command = Command(action=Action.SWITCH_POOL, value="0")
    assert await control.execute(command, RIG) is Result.DONE
    assert not miner.written


@pytest.mark.parametrize("value", ["2", None, "x", "-1"])
async def test_switch_to_none(
    miner: StockMiner, control: X19Controller, value: str | None
) -> None:
    """Switch to none."""
    with pytest.raises(RejectedError, match="no such pool"):
        await control.execute(Command(action=Action.SWITCH_POOL, value=value), RIG)
    assert not miner.written


async def test_switch_to_one_that_went(
    miner: StockMiner, control: X19Controller
) -> None:
    """Switch to one that went."""
    miner.held = X19_FILE.replace("bbb.example", "ccc.example")
    with pytest.raises(RejectedError, match="not among those"):
        await control.execute(SWITCH, RIG)
    assert not miner.written


async def test_fans(miner: StockMiner, control: X19Controller) -> None:
    """The duty stays when they go back to automatic."""
    assert await control.execute(fan("manual", 35.0), RIG) is Result.DONE
    assert miner.written[0] == UNCHANGED.replace(b"false", b"true").replace(
        b'"100"', b'"35"'
    )
    assert await control.execute(fan("auto"), RIG) is Result.DONE
    assert miner.written[1] == UNCHANGED.replace(b'"100"', b'"35"')


@pytest.mark.parametrize(
    ("mode", "duty"),
    [("manual", None), ("manual", -1), ("manual", 101), ("manual", 30.5), ("manual", float("nan")), ("manual", True), ("quiet", 30)],
)  # fmt: skip
async def test_fans_out_of_range(
    miner: StockMiner, control: X19Controller, mode: str, duty: float | None
) -> None:
    """Fans out of range."""
    with pytest.raises(RejectedError):
        await control.execute(fan(mode, duty), RIG)
    assert not miner.requests


async def test_power_modes(miner: StockMiner, control: X19Controller) -> None:
    """A mode that the script does not know is not kept, and not offered again."""
    rig = a_rig("Antminer L7", work_mode="normal")
    abilities = control.abilities(rig)
    assert abilities.power_modes == (
        Choice(id="0", name="normal"),
        Choice(id="3", name="low power"),
    )
    assert abilities.power_mode == "normal"
    command = Command(action=Action.SET_POWER_MODE, value="3")
    with pytest.raises(NotKeptError, match="mode unchanged"):
        await control.execute(command, rig)
    assert miner.written == [X19_BODY % (3, b",".join(X19_POOLS))]
    assert Action.SET_POWER_MODE not in control.abilities(rig).commands
    assert control.abilities(rig).power_modes == ()
    with pytest.raises(RejectedError, match="not among"):
        await control.execute(command, rig)


async def test_power_mode(miner: StockMiner, control: X19Controller) -> None:
    """One that it is in now can be left and entered again."""
    rig = a_rig("Antminer S19", work_mode="high")
    assert [mode.id for mode in control.abilities(rig).power_modes] == ["0", "2"]
    command = Command(action=Action.SET_POWER_MODE, value="2")
    assert await control.execute(command, rig) is Result.DONE
    assert json.loads(miner.held)["bitmain-work-mode"] == "2"
    assert await control.execute(command, rig) is Result.DONE
    assert len(miner.written) == 1
    with pytest.raises(RejectedError, match="no such power mode"):
        await control.execute(Command(action=Action.SET_POWER_MODE, value="1"), rig)
    miner.held = ASLEEP
    with pytest.raises(RejectedError, match="sleeps"):
        await control.execute(command, rig)


def test_abilities(control: X19Controller) -> None:
    """Abilities."""
    assert control.abilities(RIG).commands == (
        Action.RESTART_MINING,
        Action.REBOOT,
        Action.PAUSE_MINING,
        Action.RESUME_MINING,
        Action.LOCATE,
        Action.SET_POOLS,
        Action.SWITCH_POOL,
        Action.SET_FAN,
    )
    assert Action.SET_FAN not in control.abilities(a_rig("x", fans=0)).commands


async def test_without_a_login(miner: StockMiner, reach: Reach) -> None:
    """Without a login."""
    control = X19Controller(reach(miner, password=None), PACE)
    assert control.abilities(RIG).commands == ()
    with pytest.raises(RejectedError):
        await control.execute(PAUSE, RIG)
    assert not miner.requests


async def test_a_wrong_login(miner: StockMiner, reach: Reach) -> None:
    """A wrong login."""
    control = X19Controller(reach(miner, password="wr0ng-one"), PACE)
    with pytest.raises(InvalidCredentialsError) as err:
        await control.execute(PAUSE, RIG)
    assert "wr0ng-one" not in str(err.value)
    assert not miner.notes


@pytest.mark.parametrize(
    "held",
    [
        "",
        UNREADABLE,
        X19_FILE[:-40],
        X19_FILE.replace('"100"', '""'),
        X19_FILE.replace('"bitmain-work-mode" : "0",', ""),
        X19_FILE.replace('"bitmain-fan-pwm" : "100",', ""),
        X19_FILE.replace("aaa.example:3333", "").replace("stratum+tcp://", "").replace("bbb.example:443", ""),
    ],
)  # fmt: skip
async def test_a_damaged_configuration_is_not_written(
    miner: StockMiner, control: X19Controller, held: str
) -> None:
    """A damaged configuration is not written."""
    miner.held = held
    for command in (PAUSE, pools(("a.example:1", "me", "x")), fan("manual", 50)):
        with pytest.raises(InvalidReplyError):
            await control.execute(command, RIG)
    assert not miner.written


@pytest.mark.parametrize("password", ["", "****", "pw two", "pw\\\\two"])
async def test_a_present_password_that_cannot_be_written(
    miner: StockMiner, control: X19Controller, password: str
) -> None:
    """Not even where other pools are asked for: it could not be put back."""
    miner.held = X19_FILE.replace("pw-two", password)
    for command in (PAUSE, pools(("a.example:1", "me", "x"))):
        with pytest.raises(RejectedError, match="pool 2: the password") as err:
            await control.execute(command, RIG)
        assert not password or password not in str(err.value)
    assert not miner.written


@pytest.mark.parametrize("command", [PAUSE, SWITCH, fan("manual", 40)])
async def test_a_write_that_is_ignored(
    miner: StockMiner, control: X19Controller, command: Command
) -> None:
    """A write that is ignored."""
    miner.plan = ["ignore"]
    with pytest.raises(NotKeptError, match="shows the former settings"):
        await control.execute(command, RIG)
    assert len(miner.written) == 1


async def test_a_busy_script(miner: StockMiner, control: X19Controller) -> None:
    """A busy script."""
    miner.plan = ["busy"]
    with pytest.raises(RejectedError, match="M001 request busy"):
        await control.execute(PAUSE, RIG)
    assert len(miner.written) == 1


@pytest.mark.parametrize("fate", ["lose", "error"])
async def test_a_lost_answer(
    miner: StockMiner, control: X19Controller, fate: str
) -> None:
    """The configuration tells whether it was done."""
    miner.plan = [fate]
    assert await control.execute(SWITCH, RIG) is Result.DONE
    assert len(miner.written) == 1


async def test_no_answer_at_all(miner: StockMiner, control: X19Controller) -> None:
    """The script never answers and did nothing: it is looked for as often as allowed."""
    miner.silent = {f"set_miner_conf.cgi {SLEEP.decode()}"}
    with pytest.raises(NotKeptError):
        await control.execute(PAUSE, RIG)
    assert miner.requests == [READ, WRITE, READ, READ, READ]


async def test_half_written(miner: StockMiner, control: X19Controller) -> None:
    """Half written."""

    async def cut_short() -> None:
        await miner.answered.wait()
        miner.unreadable = 2

    async with asyncio.TaskGroup() as group:
        group.create_task(cut_short())
        assert await control.execute(SWITCH, RIG) is Result.DONE
    assert len(miner.written) == 1


@pytest.mark.parametrize("after", [DAMAGED, X19_FILE.replace("aaa.example:3333", "")])
async def test_another_configuration_comes_out(
    miner: StockMiner, control: X19Controller, after: str
) -> None:
    """The former one is put back: as it was read, not as it is there now."""
    miner.plan = [after]
    with pytest.raises(NotKeptError, match="former settings are back") as err:
        await control.execute(SWITCH, RIG)
    assert "pw-" not in str(err.value)
    assert miner.written == [X19_BODY % (0, b",".join((B, A, NONE))), UNCHANGED]
    assert json.loads(miner.held) == json.loads(X19_FILE)


@pytest.mark.parametrize("after", [UNREADABLE, "", X19_FILE[:200]])
async def test_a_wiped_configuration(
    miner: StockMiner, control: X19Controller, after: str
) -> None:
    """What the script takes from requests is put back, and what it does not take is told."""
    miner.plan = [after]
    with pytest.raises(SourceError, match=r"bitmain-freq, .*could not be put back"):
        await control.execute(SWITCH, RIG)
    found = json.loads(miner.held)
    before = json.loads(X19_FILE)
    assert {key for key in before if found[key] != before[key]} == {
        "bitmain-freq",
        "bitmain-voltage",
        "bitmain-ccdelay",
        "bitmain-pwth",
    }


async def test_a_broken_page_is_not_waited_for_long(
    miner: StockMiner, reach: Reach
) -> None:
    """Three readings tell damage from a file that is being written."""
    pace = Pace(write=0.5, settle=0.0, again=0.01, attempts=9)
    miner.plan = [UNREADABLE]
    with pytest.raises(SourceError, match="could not be put back"):
        await X19Controller(reach(miner), pace).execute(SWITCH, RIG)
    assert miner.requests[:6] == [READ, WRITE, READ, READ, READ, WRITE]


async def test_a_wiped_configuration_that_stays(
    miner: StockMiner, control: X19Controller
) -> None:
    """It says so, and what was set."""
    miner.plan = [DAMAGED, "ignore", "ignore", "ignore"]
    with pytest.raises(SourceError, match="could not be put back: mode 0") as err:
        await control.execute(SWITCH, RIG)
    assert not isinstance(err.value, NotKeptError)
    assert "pw-" not in str(err.value)
    assert "account." not in str(err.value)
    assert len(miner.written) == 4


async def test_put_back_at_the_second_attempt(
    miner: StockMiner, control: X19Controller
) -> None:
    """While it is at work, the script overlooks another request."""
    miner.plan = [DAMAGED, "busy"]
    with pytest.raises(NotKeptError, match="former settings are back"):
        await control.execute(SWITCH, RIG)
    assert miner.written[1:] == [UNCHANGED, UNCHANGED]


async def test_power_lost_after_the_write(
    miner: StockMiner, control: X19Controller
) -> None:
    """What is not known is said, and what was set before."""
    miner.plan = ["cut"]
    with pytest.raises(
        SourceError, match=r"not known whether .* before it: mode 0"
    ) as e:
        await control.execute(PAUSE, RIG)
    assert not isinstance(e.value, NotKeptError | RejectedError)
    assert "pw-" not in str(e.value)
    assert miner.notes == ["0"]
    miner.off = False
    assert await control.execute(RESUME, RIG) is Result.SENT
    assert json.loads(miner.held)["bitmain-work-mode"] == "0"


async def test_a_caller_that_goes_away(
    miner: StockMiner, control: X19Controller, caplog: pytest.LogCaptureFixture
) -> None:
    """What was begun is finished: here, the former settings are put back."""
    miner.plan = [DAMAGED]
    task = asyncio.create_task(control.execute(SWITCH, RIG))
    async with asyncio.timeout(5):
        await miner.answered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The next one waits for it.
        assert await control.execute(PAUSE, RIG) is Result.SENT
    assert miner.written[1:] == [UNCHANGED, SLEEP]
    assert "former settings are back" in caplog.text


async def test_nobody_there(miner: StockMiner, reach: Reach, closed_port: int) -> None:
    """Nobody there."""
    miner.port = closed_port
    with pytest.raises(SourceRefusedError):
        await X19Controller(reach(miner), PACE).execute(PAUSE, RIG)


@pytest.mark.parametrize(("value", "state"), [("on", True), ("off", False)])
async def test_locate(
    miner: StockMiner, control: X19Controller, value: str, state: bool
) -> None:
    """Locate."""
    miner.blinks = not state
    command = Command(action=Action.LOCATE, value=value)
    assert await control.execute(command, RIG) is Result.DONE
    assert miner.blinks is state
    assert miner.requests == ["POST blink.cgi"]


async def test_locate_without_a_clear_answer(
    miner: StockMiner, control: X19Controller
) -> None:
    """Locate without a clear answer."""
    miner.pages["blink.cgi"] = b""
    command = Command(action=Action.LOCATE, value="on")
    with pytest.raises(RejectedError, match="light"):
        await control.execute(command, RIG)
    miner.blinks = True
    assert await control.execute(command, RIG) is Result.DONE
    with pytest.raises(RejectedError, match="on or off"):
        await control.execute(Command(action=Action.LOCATE), RIG)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"Status 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nStatus 200\r\n\r\n",
        b"",
    ],
)
async def test_reboot(miner: StockMiner, control: X19Controller, answer: bytes) -> None:
    """Its answer is one of many, all of them normal."""
    miner.pages["reboot.cgi"] = answer
    command = Command(action=Action.REBOOT)
    assert await control.execute(command, RIG) is Result.SENT
    assert miner.requests == ["GET reboot.cgi"]


async def test_reboot_that_does_not_come_about(
    miner: StockMiner, reach: Reach, closed_port: int
) -> None:
    """Reboot that does not come about."""
    command = Command(action=Action.REBOOT)
    with pytest.raises(RejectedError, match="no such page"):
        await X19Controller(reach(miner), PACE).execute(command, RIG)
    with pytest.raises(InvalidCredentialsError):
        await X19Controller(reach(miner, password="no"), PACE).execute(command, RIG)
    miner.port = closed_port
    with pytest.raises(SourceRefusedError):
        await X19Controller(reach(miner), PACE).execute(command, RIG)


async def test_restart(miner: StockMiner, reach: Reach, scripted: Serve) -> None:
    """It is sent to the CGMiner port; only where that knows it not, what is set is written again."""
    server = await scripted(replies(b'{"STATUS":{"STATUS":"S"}}\0'))
    control = X19Controller(reach(miner, port=server.port), PACE)
    command = Command(action=Action.RESTART_MINING)
    assert await control.execute(command, RIG) is Result.DONE
    assert server.requests == [b'{"command":"reload","new_api":true}']
    assert not miner.requests
    server.behaviour = closes
    assert await control.execute(command, RIG) is Result.SENT
    server.behaviour = replies(b'{"STATUS":[{"STATUS":"E","Code":14}],"id":1}\0')
    before = json.loads(miner.held)
    assert await control.execute(command, RIG) is Result.DONE
    assert len(miner.written) == 1
    assert json.loads(miner.held)["pools"] == before["pools"]


async def test_restart_with_nobody_there(
    miner: StockMiner, reach: Reach, closed_port: int
) -> None:
    """Restart with nobody there."""
    control = X19Controller(reach(miner, port=closed_port), PACE)
    with pytest.raises(SourceRefusedError):
        await control.execute(Command(action=Action.RESTART_MINING), RIG)
