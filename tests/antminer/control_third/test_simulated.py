"""The same against the simulated miners, which keep their own state."""

from collections.abc import AsyncIterator, Callable

import pytest

from custom_components.antminer_monitor.antminer.control.braiins import (
    BraiinsController,
)
from custom_components.antminer_monitor.antminer.control.controller import (
    Controller,
    Miner,
    NotKeptError,
)
from custom_components.antminer_monitor.antminer.control.luxos import LuxosController
from custom_components.antminer_monitor.antminer.control.vnish import VnishController
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.command import Action, Command, Result
from custom_components.antminer_monitor.pools import first_pool
from custom_components.antminer_monitor.rig import Fan, Pool, Rig, Status
from custom_components.antminer_monitor.source import SourceError
from simulator import Farm
from simulator.faults import WriteFault
from simulator.miner import SimulatedMiner
from simulator.orders import Delays

from .conftest import Reach

RIG = Rig(
    id="rig",
    seen_at=None,
    status=Status.RUNNING,
    fans=(Fan(index=1),),
    pools=tuple(Pool(index=index) for index in range(3)),
)
MAKERS: dict[str, Callable[[Miner], Controller]] = {
    "luxos": LuxosController,
    "braiins": BraiinsController,
    "vnish_1_2_0": VnishController,
    "vnish_1_2_7": VnishController,
}
POOLS = Command(
    action=Action.SET_POOLS,
    data={
        "pools": [
            {"url": "stratum+tcp://a.example:3333", "user": "me.a", "password": "x"},
            {"url": "stratum+tcp://b.example:443", "user": "me.b", "password": "y"},
        ]
    },
)


@pytest.fixture
async def farm(loopback: None) -> AsyncIterator[Farm]:
    """One of each."""
    delays = Delays(write=0, restart=0, reboot=0.05)
    async with Farm(MAKERS, web=True, delays=delays, age=60_000) as farm:
        yield farm


async def controlled(
    farm: Farm, reach: Reach, name: str
) -> tuple[SimulatedMiner, Controller]:
    """Give a miner and its control, which has signed in."""
    miner = farm.miners[list(MAKERS).index(name)]
    made = reach(miner.port, miner.web_port or 1, "root", timeout=1.0)
    controller = MAKERS[name](made)
    await controller.refresh()
    return miner, controller


@pytest.mark.parametrize("name", MAKERS)
async def test_sleep_and_wake(farm: Farm, reach: Reach, name: str) -> None:
    """A miner is put to sleep and woken, each as often as one likes."""
    miner, controller = await controlled(farm, reach, name)
    for action, mode in (
        (Action.PAUSE_MINING, "sleep"),
        (Action.PAUSE_MINING, "sleep"),
        (Action.RESUME_MINING, "normal"),
        (Action.RESUME_MINING, "normal"),
    ):
        result = await controller.execute(Command(action=action), RIG)
        assert result in (Result.DONE, Result.SENT)
        assert miner.config.mode == mode


@pytest.mark.parametrize("name", MAKERS)
async def test_locate(farm: Farm, reach: Reach, name: str) -> None:
    """The light goes on and off, and that is seen."""
    miner, controller = await controlled(farm, reach, name)
    for value in ("on", "off"):
        command = Command(action=Action.LOCATE, value=value)
        assert await controller.execute(command, RIG) is Result.DONE
        assert miner.locating is (value == "on")


@pytest.mark.parametrize("name", MAKERS)
async def test_switch_pool(farm: Farm, reach: Reach, name: str) -> None:
    """Another pool comes first."""
    miner, controller = await controlled(farm, reach, name)
    command = Command(action=Action.SWITCH_POOL, value="1")
    assert await controller.execute(command, RIG) in (Result.DONE, Result.SENT)
    assert miner.config.order[0] == 1


@pytest.mark.parametrize("name", MAKERS)
async def test_what_is_switched_to_is_first(
    farm: Farm, reach: Reach, name: str
) -> None:
    """It is what the next reading shows as set, whether the firmware tells priorities or not."""
    miner, controller = await controlled(farm, reach, name)
    source = AntminerSource("rig", "127.0.0.1", miner.port)
    command = Command(action=Action.SWITCH_POOL, value="1")
    await controller.execute(command, RIG)
    (rig,) = (await source.read()).rigs
    await source.close()
    first = first_pool(rig)
    assert first
    assert first.index == 1
    assert [pool.index for pool in rig.pools if pool.active] == [1]


@pytest.mark.parametrize("name", ["luxos", "vnish_1_2_7"])
async def test_set_pools(farm: Farm, reach: Reach, name: str) -> None:
    """The pools are those asked for, and no other."""
    miner, controller = await controlled(farm, reach, name)
    assert await controller.execute(POOLS, RIG) is Result.DONE
    config = miner.config
    order = config.order or range(len(config.pools))
    shown = [config.pools[index] for index in order]
    assert [
        (pool.url.removeprefix("stratum+tcp://"), pool.user, pool.password)
        for pool in shown
        if pool.url
    ] == [("a.example:3333", "me.a", "x"), ("b.example:443", "me.b", "y")]


@pytest.mark.parametrize("name", ["luxos", "vnish_1_2_7"])
@pytest.mark.parametrize("fault", [WriteFault.IGNORE_WRITE, WriteFault.LOSE_ANSWER])
async def test_set_pools_with_a_fault(
    farm: Farm, reach: Reach, name: str, fault: WriteFault
) -> None:
    """The pools are those asked for or those before, and what is told is true."""
    miner, controller = await controlled(farm, reach, name)
    before = miner.config.pools
    miner.set_fault(fault)
    try:
        result = await controller.execute(POOLS, RIG)
    except NotKeptError:
        assert miner.config.pools == before
    except SourceError:
        # Undoing lost its answers too.
        assert {pool for pool in before if pool.url} <= set(miner.config.pools)
    else:
        assert result is Result.DONE
        assert miner.config.pools[0].user == "me.a"


@pytest.mark.parametrize("name", ["luxos", "vnish_1_2_7"])
async def test_power_mode(farm: Farm, reach: Reach, name: str) -> None:
    """One of the modes that the miner lists is set, and shown."""
    miner, controller = await controlled(farm, reach, name)
    modes = controller.abilities(RIG).power_modes
    chosen = next(
        mode
        for mode in modes
        if mode.id not in (miner.config.preset, "disabled", "default")
    )
    command = Command(action=Action.SET_POWER_MODE, value=chosen.id)
    assert await controller.execute(command, RIG) is Result.DONE
    assert miner.config.preset == chosen.id


async def test_power_target(farm: Farm, reach: Reach) -> None:
    """Braiins OS takes watts."""
    miner, controller = await controlled(farm, reach, "braiins")
    least = controller.abilities(RIG).power_target_least
    assert least is not None
    command = Command(action=Action.SET_POWER_TARGET, value=str(least + 10))
    assert await controller.execute(command, RIG) is Result.DONE
    assert miner.config.power_target == least + 10


async def test_fan(farm: Farm, reach: Reach) -> None:
    """LuxOS takes a speed, or its own."""
    miner, controller = await controlled(farm, reach, "luxos")
    manual = Command(action=Action.SET_FAN, data={"mode": "manual", "duty": 60})
    await controller.execute(manual, RIG)
    assert (miner.config.fan_manual, miner.config.fan_pwm) == (True, "60")
    auto = Command(action=Action.SET_FAN, data={"mode": "auto"})
    await controller.execute(auto, RIG)
    assert miner.config.fan_manual is False


@pytest.mark.parametrize("name", ["braiins", "vnish_1_2_7"])
async def test_forgotten_token(farm: Farm, reach: Reach, name: str) -> None:
    """A miner that forgot the token is signed in to again."""
    miner, controller = await controlled(farm, reach, name)
    miner.forget_tokens()
    command = Command(action=Action.PAUSE_MINING)
    assert await controller.execute(command, RIG) is Result.SENT
    assert miner.config.mode == "sleep"


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("fault", [WriteFault.LOSE_ANSWER, WriteFault.POWER_CUT])
async def test_reboot_that_is_not_answered(
    farm: Farm, reach: Reach, name: str, fault: WriteFault
) -> None:
    """A reboot without an answer was sent, once."""
    miner, controller = await controlled(farm, reach, name)
    miner.set_fault(fault, seconds=5)
    before = len(miner.written)
    command = Command(action=Action.REBOOT)
    assert await controller.execute(command, RIG) is Result.SENT
    told = [each.target for each in miner.written[before:]]
    assert sum("reboot" in target for target in told) == 1
