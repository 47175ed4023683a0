"""What LuxOS is told, byte by byte, and what becomes of its sessions."""

import asyncio
from dataclasses import replace

import pytest

from custom_components.antminer_monitor.antminer.control import luxos_pools
from custom_components.antminer_monitor.antminer.control.controller import (
    NotKeptError,
    RejectedError,
)
from custom_components.antminer_monitor.antminer.control.luxos import LuxosController
from custom_components.antminer_monitor.command import Action, Choice, Command, Result
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Fan, Pool, Rig, Status
from custom_components.antminer_monitor.source import (
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceUnreachableError,
)

from .conftest import LuxosMiner, Object, Reach, done, pool

RIG = Rig(
    id="rig",
    seen_at=None,
    status=Status.RUNNING,
    work_mode="default",
    fans=(Fan(index=1),),
    pools=(Pool(index=0), Pool(index=1)),
)


@pytest.fixture
def controller(luxos: LuxosMiner, reach: Reach) -> LuxosController:
    """Its control, with a short patience."""
    return LuxosController(reach(luxos.port), turn_poll=0.005, turn_limit=2)


def session(*told: str) -> list[str]:
    """Give what goes out for a command in the first session."""
    return [
        '{"command":"logon"}',
        *told,
        '{"command":"logoff","parameter":"SiD1"}',
    ]


@pytest.mark.parametrize(
    ("command", "told", "result"),
    [
        (
            Command(action=Action.RESTART_MINING),
            '{"command":"resetminer","parameter":"SiD1"}',
            Result.SENT,
        ),
        (
            Command(action=Action.REBOOT),
            '{"command":"rebootdevice","parameter":"SiD1"}',
            Result.SENT,
        ),
        (
            Command(action=Action.PAUSE_MINING),
            '{"command":"curtail","parameter":"SiD1,sleep"}',
            Result.DONE,
        ),
        (
            Command(action=Action.RESUME_MINING),
            '{"command":"curtail","parameter":"SiD1,wakeup"}',
            Result.DONE,
        ),
        (
            Command(action=Action.LOCATE, value="on"),
            '{"command":"ledset","parameter":"SiD1,red,blink"}',
            Result.DONE,
        ),
        (
            Command(action=Action.LOCATE, value="off"),
            '{"command":"ledset","parameter":"SiD1,red,auto"}',
            Result.DONE,
        ),
        (
            Command(action=Action.SET_FAN, data={"mode": "manual", "duty": 70.0}),
            '{"command":"fanset","parameter":"SiD1,speed=70"}',
            Result.SENT,
        ),
        (
            Command(action=Action.SET_FAN, data={"mode": "auto"}),
            '{"command":"fanset","parameter":"SiD1,speed=-1"}',
            Result.SENT,
        ),
    ],
)
async def test_command_in_a_session(
    luxos: LuxosMiner,
    controller: LuxosController,
    command: Command,
    told: str,
    result: Result,
) -> None:
    """A session is taken, used and given back."""
    assert await controller.execute(command, RIG) is result
    assert luxos.told == session(told)
    assert luxos.session is None


async def test_abilities(luxos: LuxosMiner, controller: LuxosController) -> None:
    """What is possible depends on what the miner showed."""
    assert Action.SET_POWER_MODE not in controller.abilities(RIG).commands
    await controller.refresh()
    abilities = controller.abilities(RIG)
    assert set(abilities.commands) == {
        Action.RESTART_MINING,
        Action.REBOOT,
        Action.PAUSE_MINING,
        Action.RESUME_MINING,
        Action.LOCATE,
        Action.SET_POOLS,
        Action.SWITCH_POOL,
        Action.SET_FAN,
        Action.SET_POWER_MODE,
    }
    assert abilities.power_modes == (
        Choice(id="290MHz", name="290MHz"),
        Choice(id="default", name="default"),
    )
    assert abilities.power_mode == "default"
    bare = controller.abilities(replace(RIG, fans=(), pools=(), work_mode="other"))
    assert Action.SET_FAN not in bare.commands
    assert Action.SWITCH_POOL not in bare.commands
    assert bare.power_mode is None
    luxos.refuse.add("profiles")
    await controller.refresh()
    assert controller.abilities(RIG).power_modes == ()


async def test_profile(luxos: LuxosMiner, controller: LuxosController) -> None:
    """A profile is one of those that the miner lists."""
    await controller.refresh()
    luxos.received.clear()
    command = Command(action=Action.SET_POWER_MODE, value="290MHz")
    assert await controller.execute(command, RIG) is Result.DONE
    assert luxos.told == session('{"command":"profileset","parameter":"SiD1,290MHz"}')
    luxos.received.clear()
    with pytest.raises(RejectedError):
        await controller.execute(
            Command(action=Action.SET_POWER_MODE, value="1,evil"), RIG
        )
    assert luxos.received == []


@pytest.mark.parametrize(
    "command",
    [
        Command(action=Action.LOCATE, value="maybe"),
        Command(action=Action.LOCATE),
        Command(action=Action.SET_FAN, data={"mode": "manual", "duty": 101}),
        Command(action=Action.SET_FAN, data={"mode": "manual", "duty": -1}),
        Command(action=Action.SET_FAN, data={"mode": "manual", "duty": "nan"}),
        Command(action=Action.SET_FAN, data={"mode": "manual"}),
        Command(action=Action.SET_FAN, data={"mode": "loud"}),
        Command(action=Action.SWITCH_POOL, value="7"),
        Command(action=Action.SHUTDOWN),
    ],
)
async def test_nonsense_is_not_sent(
    luxos: LuxosMiner, controller: LuxosController, command: Command
) -> None:
    """What cannot be meant never reaches the miner."""
    with pytest.raises(RejectedError):
        await controller.execute(command, RIG)
    assert luxos.received == []


async def test_waits_its_turn(luxos: LuxosMiner, controller: LuxosController) -> None:
    """A session of somebody else is waited for."""
    luxos.busy = 3
    command = Command(action=Action.LOCATE, value="on")
    assert await controller.execute(command, RIG) is Result.DONE
    assert luxos.told == [
        *['{"command":"logon"}'] * 3,
        *session('{"command":"ledset","parameter":"SiD1,red,blink"}'),
    ]


async def test_never_gets_its_turn(luxos: LuxosMiner, reach: Reach) -> None:
    """A session that is held all the time is told as what it is."""
    controller = LuxosController(reach(luxos.port), turn_poll=0.005, turn_limit=0.1)
    luxos.session = "theirs"
    with pytest.raises(RejectedError, match="another session is active"):
        await controller.execute(Command(action=Action.PAUSE_MINING), RIG)
    assert set(luxos.told) == {'{"command":"logon"}'}
    assert len(luxos.told) > 1
    assert luxos.session == "theirs"


async def test_refused_command_gives_the_session_back(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """An error is raised without the miner's words, and nothing is held."""
    luxos.refuse.add("ledset")
    with pytest.raises(RejectedError) as caught:
        await controller.execute(Command(action=Action.LOCATE, value="on"), RIG)
    assert "SiD1" not in str(caught.value)
    assert luxos.session is None
    assert len(luxos.told) == 3


@pytest.mark.parametrize("name", ["rebootdevice", "resetminer", "ledset", "curtail"])
async def test_lost_answer_gives_the_session_back(
    luxos: LuxosMiner, controller: LuxosController, name: str
) -> None:
    """A command whose answer is lost is not sent again, and not called failed."""
    luxos.lose.add(name)
    command = {
        "rebootdevice": Command(action=Action.REBOOT),
        "resetminer": Command(action=Action.RESTART_MINING),
        "ledset": Command(action=Action.LOCATE, value="on"),
        "curtail": Command(action=Action.PAUSE_MINING),
    }[name]
    assert await controller.execute(command, RIG) is Result.SENT
    assert sum(name in request for request in luxos.told) == 1
    assert luxos.session is None


async def test_ignored_command_is_not_called_done(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """Success that does not show is only sent."""
    luxos.ignore.add("curtail")
    command = Command(action=Action.PAUSE_MINING)
    assert await controller.execute(command, RIG) is Result.SENT


async def test_asleep_already(luxos: LuxosMiner, controller: LuxosController) -> None:
    """What a miner refuses because it is so already is done."""
    luxos.refuse.add("curtail")
    luxos.config["CurtailMode"] = "Sleep"
    command = Command(action=Action.PAUSE_MINING)
    assert await controller.execute(command, RIG) is Result.DONE
    with pytest.raises(RejectedError):
        await controller.execute(Command(action=Action.RESUME_MINING), RIG)
    assert luxos.session is None


async def test_lost_logoff_is_no_failure(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """The command was carried out; the session ends by itself."""
    luxos.lose.add("logoff")
    command = Command(action=Action.LOCATE, value="on")
    assert await controller.execute(command, RIG) is Result.DONE


@pytest.mark.parametrize("stalled", ["logon", "ledset"])
async def test_cancelled_gives_the_session_back(
    luxos: LuxosMiner, controller: LuxosController, stalled: str
) -> None:
    """Whoever stops waiting leaves no session behind."""
    luxos.stall[stalled] = asyncio.Event()
    task = asyncio.create_task(
        controller.execute(Command(action=Action.LOCATE, value="on"), RIG)
    )
    await luxos.asked.wait()
    assert luxos.given == 1
    task.cancel()
    luxos.stall[stalled].set()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(2):
        while luxos.session:
            await asyncio.sleep(0.005)
    assert any("ledset" in request for request in luxos.told) is (stalled == "ledset")


@pytest.mark.parametrize("reply", [{}, {"SESSION": []}, {"SESSION": [{}]}])
async def test_logon_without_a_session(
    luxos: LuxosMiner, controller: LuxosController, reply: Object
) -> None:
    """An answer without a session is none, and nothing is sent without one."""
    luxos.fixed["logon"] = done(316, **reply)
    with pytest.raises(InvalidReplyError):
        await controller.execute(Command(action=Action.REBOOT), RIG)
    luxos.refuse.add("logon")
    with pytest.raises(RejectedError):
        await controller.execute(Command(action=Action.REBOOT), RIG)
    assert set(luxos.told) == {'{"command":"logon"}'}


async def test_config_that_cannot_be_read(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """A command that nothing confirms is only sent."""
    luxos.lose.add("config")
    command = Command(action=Action.LOCATE, value="on")
    assert await controller.execute(command, RIG) is Result.SENT


async def test_unreachable(closed_port: int, reach: Reach) -> None:
    """Nothing is called sent that did not go out."""
    controller = LuxosController(reach(closed_port))
    with pytest.raises(SourceRefusedError):
        await controller.execute(Command(action=Action.REBOOT), RIG)


async def test_no_connection(full_port: int, reach: Reach) -> None:
    """The same where nobody takes the connection."""
    controller = LuxosController(reach(full_port, timeout=0.05))
    with pytest.raises(SourceUnreachableError):
        await controller.execute(Command(action=Action.SWITCH_POOL, value="1"), RIG)


async def test_switch_pool(luxos: LuxosMiner, controller: LuxosController) -> None:
    """No session is needed for pools."""
    command = Command(action=Action.SWITCH_POOL, value="1")
    assert await controller.execute(command, RIG) is Result.DONE
    assert luxos.received == [
        '{"command":"switchpool","parameter":"1"}',
        '{"command":"pools"}',
    ]
    assert luxos.keys == ["spare", "old"]
    luxos.ignore.add("switchpool")
    command = Command(action=Action.SWITCH_POOL, value="0")
    assert await controller.execute(command, RIG) is Result.SENT


def pools(*names: str, **changes: str) -> Command:
    """Ask for pools."""
    rows: list[Json] = [
        {
            "url": f"stratum+tcp://{name}.example:3333",
            "user": name,
            "password": "s3cret",
            **changes,
        }
        for name in names
    ]
    return Command(action=Action.SET_POOLS, data={"pools": rows})


@pytest.mark.parametrize("swaps", [False, True])
async def test_set_pools(
    luxos: LuxosMiner, controller: LuxosController, swaps: bool
) -> None:
    """The new ones come first, then the switch, then the old ones go from the last."""
    luxos.removed_swaps = swaps
    assert await controller.execute(pools("one", "two"), RIG) is Result.DONE
    assert luxos.told == [
        '{"command":"addpool","parameter":"stratum+tcp://one.example:3333,one,s3cret"}',
        '{"command":"addpool","parameter":"stratum+tcp://two.example:3333,two,s3cret"}',
        '{"command":"switchpool","parameter":"2"}',
        '{"command":"removepool","parameter":"1"}',
        '{"command":"removepool","parameter":"0"}',
    ]
    assert luxos.keys == ["one", "two"]


@pytest.mark.parametrize("swaps", [False, True])
async def test_set_the_same_pools(
    luxos: LuxosMiner, controller: LuxosController, swaps: bool
) -> None:
    """The same pools are new ones too: their passwords may be."""
    luxos.removed_swaps = swaps
    assert await controller.execute(pools("spare", "old"), RIG) is Result.DONE
    assert luxos.keys == ["spare", "old"]


@pytest.mark.parametrize("refused", ["addpool", "switchpool"])
async def test_refused_pools_leave_the_old(
    luxos: LuxosMiner, controller: LuxosController, refused: str
) -> None:
    """A refusal half-way leaves everything as it was, and no password in the error."""
    luxos.refuse.add(refused)
    before = [dict(row) for row in luxos.pools]
    with pytest.raises(RejectedError) as caught:
        await controller.execute(pools("one"), RIG)
    assert "s3cret" not in str(caught.value)
    assert [row["User"] for row in luxos.pools] == [row["User"] for row in before]
    assert luxos.keys == ["old", "spare"]


@pytest.mark.parametrize("ignored", ["addpool", "switchpool"])
async def test_ignored_pools_leave_the_old(
    luxos: LuxosMiner,
    controller: LuxosController,
    ignored: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A miner that only says yes is found out before anything is removed."""
    monkeypatch.setattr(luxos_pools, "WORK_POLL", 0.005)
    monkeypatch.setattr(luxos_pools, "WORK_LIMIT", 0.02)
    luxos.ignore.add(ignored)
    with pytest.raises(NotKeptError):
        await controller.execute(pools("one"), RIG)
    assert luxos.keys == ["old", "spare"]


async def test_dead_pool_leaves_the_old(
    luxos: LuxosMiner, controller: LuxosController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool that nobody can work for does not cost the miner those it has."""
    monkeypatch.setattr(luxos_pools, "WORK_POLL", 0.005)
    monkeypatch.setattr(luxos_pools, "WORK_LIMIT", 0.02)
    luxos.dead.add("one")
    with pytest.raises(NotKeptError, match="no work from the new pool"):
        await controller.execute(pools("one", "two"), RIG)
    assert luxos.keys == ["old", "spare"]


async def test_lost_answer_about_a_pool_is_undone(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """A pool that came although the answer did not is taken away again."""
    luxos.lose.add("addpool")
    with pytest.raises(NotKeptError):
        await controller.execute(pools("one"), RIG)
    assert luxos.keys == ["old", "spare"]


@pytest.mark.parametrize("worked_for", [False, True])
async def test_pools_that_cannot_be_put_back(
    luxos: LuxosMiner,
    controller: LuxosController,
    worked_for: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When undoing fails too, nobody is told that the old pools are back."""
    monkeypatch.setattr(luxos_pools, "WORK_POLL", 0.005)
    monkeypatch.setattr(luxos_pools, "WORK_LIMIT", 0.02)
    if worked_for:
        luxos.refuse.add("removepool")
    else:
        luxos.ignore.add("removepool")
    luxos.dead.add("one")
    with pytest.raises(SourceError, match="could not be put back") as caught:
        await controller.execute(pools("one"), RIG)
    assert not isinstance(caught.value, RejectedError | NotKeptError)
    assert luxos.keys[0] == "old"


async def test_first_pools_of_a_miner(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """A miner without any pool gets them."""
    luxos.pools = []
    assert await controller.execute(pools("one", "two"), RIG) is Result.DONE
    assert luxos.keys == ["one", "two"]


async def test_pools_cannot_be_read(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """Without knowing the present pools, nothing is changed."""
    luxos.refuse.add("pools")
    with pytest.raises(RejectedError):
        await controller.execute(pools("one"), RIG)
    assert luxos.told == []


async def test_old_pool_that_stays_is_told(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """When the new ones are worked for, an old one behind them is no danger."""
    luxos.refuse.add("removepool")
    with pytest.raises(SourceError, match="could not be removed"):
        await controller.execute(pools("one"), RIG)
    assert luxos.keys[0] == "one"


async def test_new_pool_in_a_gap_is_taken_back(
    luxos: LuxosMiner, controller: LuxosController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a new pool takes a number among the old, none is removed by its number."""
    luxos.pools = [pool(0, "old"), pool(5, "spare")]
    luxos.pools[1]["Priority"] = 1
    carry_out = luxos.carry_out

    def fill_gap(name: str, parameter: str) -> Object:
        reply = carry_out(name, parameter)
        if name == "addpool":
            luxos.pools[-1]["POOL"] = 1
        return reply

    monkeypatch.setattr(luxos, "carry_out", fill_gap)
    with pytest.raises(NotKeptError, match="numbers the new pools"):
        await controller.execute(pools("one"), RIG)
    assert luxos.told[1:] == ['{"command":"removepool","parameter":"1"}']
    assert luxos.keys == ["old", "spare"]


async def test_renumbered_pools_are_not_removed_blindly(
    luxos: LuxosMiner, controller: LuxosController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a removal gives a new pool an old one's number, the new one stays."""
    carry_out = luxos.carry_out

    def renumber(name: str, parameter: str) -> Object:
        reply = carry_out(name, parameter)
        if name == "removepool":
            for row in luxos.pools:
                row["POOL"] = row["Priority"]
        return reply

    monkeypatch.setattr(luxos, "carry_out", renumber)
    with pytest.raises(SourceError, match="old one is still there") as caught:
        await controller.execute(pools("one"), RIG)
    assert not isinstance(caught.value, RejectedError | NotKeptError)
    assert luxos.keys == ["one", "old"]


async def test_pools_in_another_order_are_not_called_done(
    luxos: LuxosMiner, controller: LuxosController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the miner shows in the end is what counts."""
    carry_out = luxos.carry_out

    def turn_round(name: str, parameter: str) -> Object:
        reply = carry_out(name, parameter)
        if name == "removepool" and len(luxos.pools) == 2:
            for row in luxos.pools:
                row["Priority"] = 0 if row["User"] == "two" else 1
        return reply

    monkeypatch.setattr(luxos, "carry_out", turn_round)
    with pytest.raises(SourceError, match="shows them differently"):
        await controller.execute(pools("one", "two"), RIG)
    assert luxos.keys == ["two", "one"]


async def test_cancelled_in_the_midst_of_pools(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """What was begun with pools is finished."""
    luxos.stall["switchpool"] = asyncio.Event()
    task = asyncio.create_task(controller.execute(pools("one"), RIG))
    await luxos.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    luxos.stall["switchpool"].set()
    async with asyncio.timeout(2):
        while luxos.keys != ["one"]:
            await asyncio.sleep(0.005)


async def test_groups_of_pools_are_left_alone(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """Hashrate that is shared out between groups is not for us to rearrange."""
    luxos.pools[1]["GROUP"] = 1
    with pytest.raises(RejectedError, match="groups"):
        await controller.execute(pools("one"), RIG)
    assert luxos.told == []


@pytest.mark.parametrize(
    "command",
    [
        pools(),
        pools("a", "b", "c", "d"),
        pools("a", url=""),
        pools("a", user=""),
        pools("a", password="x y"),
        pools("a", password="x,y"),
        pools("a", password="x|y"),
        pools("a", password='x"y'),
        pools("a", password="x\\y"),
        pools("a", password="x\n"),
        pools("a", password="x\0"),
        pools("a", user="a" * 257),
        Command(action=Action.SET_POOLS),
        Command(action=Action.SET_POOLS, data={"pools": ["x"]}),
        Command(action=Action.SET_POOLS, data={"pools": [{"url": 1}]}),
    ],
)
async def test_unsafe_pools_are_not_sent(
    luxos: LuxosMiner, controller: LuxosController, command: Command
) -> None:
    """A value that the miner could read as something else never goes out."""
    with pytest.raises(RejectedError):
        await controller.execute(command, RIG)
    assert luxos.received == []


async def test_pool_without_scheme_is_the_same(
    luxos: LuxosMiner, controller: LuxosController
) -> None:
    """A miner may write a URL in its own way."""
    luxos.pools = [pool(0, "old")]
    command = pools("one", url="one.example:3333")
    assert await controller.execute(command, RIG) is Result.DONE
