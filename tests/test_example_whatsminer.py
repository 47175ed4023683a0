"""The example of an extension pack: a WhatsMiner, read from a simulated one over TCP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custom_components.antminer_monitor.antminer.cgminer import CgminerClient, Reply
from custom_components.antminer_monitor.packs.loading import load_pack
from custom_components.antminer_monitor.packs.model import Pack
from custom_components.antminer_monitor.packs.reading import hardware_of, try_pack
from custom_components.antminer_monitor.rig import PoolStatus, Rig, Status
from simulator import Farm, SimulatedMiner

FOLDER = Path(__file__).parents[1] / "docs" / "examples" / "whatsminer"
PROBED = ("version", "stats", "devdetails")


class Clock:
    """A clock that moves when told to."""

    now = 1_750_000_000.0

    def __call__(self) -> float:
        """Read it."""
        return self.now


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Every test here may open sockets."""


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
async def miner(clock: Clock) -> AsyncIterator[SimulatedMiner]:
    """A WhatsMiner."""
    async with Farm(["whatsminer_m30s"], clock=clock, age=60_000.0, seed=3) as farm:
        yield farm.miners[0]


@pytest.fixture(scope="module")
def pack() -> Pack:
    """The pack, as it is in the documentation."""
    found = FOLDER.rglob("*.yaml")
    return load_pack(
        {file.relative_to(FOLDER).as_posix(): file.read_text() for file in found}
    )


async def read(pack: Pack, miner: SimulatedMiner) -> Rig:
    """One reading of it."""
    client = CgminerClient(miner.host, miner.port)
    names = {*PROBED, *pack.dialects[0].ask}
    replies: dict[str, Reply] = {name: await client.command(name) for name in names}
    trial = try_pack(pack, replies, miner.host)
    assert (trial.error, trial.doubts) == (None, ())
    assert str(trial.dialect).endswith("btminer")
    assert trial.rig
    return trial.rig


async def test_it_is_read(pack: Pack, miner: SimulatedMiner) -> None:
    """Everything that it tells is the truth."""
    rig, truth = await read(pack, miner), miner.truth()
    assert rig.status is Status.RUNNING
    assert (rig.manufacturer, rig.model) == ("MicroBT", "M30S_V10")
    assert (rig.name, rig.mac) == (None, truth.mac.lower())
    assert (rig.serial, rig.rate_unit) == (truth.serial, "TH/s")
    assert rig.firmware
    assert (rig.firmware.family, rig.firmware.version) == ("btminer", "20230714.15.Rel")
    assert rig.hashrate == pytest.approx(truth.hashrate)
    assert rig.hashrate_average == pytest.approx(truth.hashrate_average)
    assert rig.hashrate_nominal == truth.hashrate_nominal
    assert rig.power == int(truth.power)
    assert rig.uptime == truth.elapsed
    assert (rig.shares.accepted, rig.shares.rejected) == (
        truth.accepted,
        truth.rejected,
    )
    assert tuple(fan.speed for fan in rig.fans) == truth.fans
    assert len(set(truth.fans)) == 2
    assert (rig.boards_expected, rig.fans_expected) == (3, 2)
    for board, real in zip(rig.boards, truth.boards, strict=True):
        assert board.index == real.index
        assert board.hashrate == pytest.approx(real.hashrate)
        assert board.board_temperature == real.board_temperature
        assert board.chip_temperature == real.chip_temperature
        assert (board.chips_expected, board.chips_working) == (148, 148)
        assert board.frequency == 640
    assert rig.extras == {
        "pack_whatsminer.air_temperature": pytest.approx(
            miner.model.snapshot().ambient, abs=0.01
        ),
        "pack_whatsminer.supply_voltage": pytest.approx(236.5),
        "pack_whatsminer.hash_stable": True,
    }


async def test_what_it_does(pack: Pack, miner: SimulatedMiner, clock: Clock) -> None:
    """Told to sleep it says so, and its boards without power say nothing of their chips."""
    miner.condition(sleep=True)
    clock.now += 600
    rig = await read(pack, miner)
    assert rig.status is Status.SLEEPING
    assert (rig.hashrate, len(rig.boards)) == (0, 3)
    assert {board.chips_working for board in rig.boards} == {None}
    assert {board.frequency for board in rig.boards} == {None}
    assert [fan.speed for fan in rig.fans] == [0, 0]
    assert rig.extras["pack_whatsminer.hash_stable"] is False


async def test_what_breaks(pack: Pack, miner: SimulatedMiner, clock: Clock) -> None:
    """A missing board, dying chips and a dead pool are seen."""
    miner.condition(missing_board=0, dying_chips=20, pool_dead=True)
    clock.now += 3600
    rig = await read(pack, miner)
    assert [board.index for board in rig.boards] == [1, 2]
    assert [board.chips_faulty for board in rig.boards] == [0, 20]
    assert [pool.status for pool in rig.pools] == [PoolStatus.DEAD, PoolStatus.ALIVE]
    assert [pool.active for pool in rig.pools] == [False, True]


def test_older_firmware_is_known_by_its_refusal(pack: Pack) -> None:
    """It names itself when it does not know a command, and its keys are others."""
    refusal: Reply = {
        "STATUS": "E",
        "When": 1604756008,
        "Code": 14,
        "Msg": "invalid cmd",
        "Description": "whatsminer v1.1",
    }
    replies: dict[str, Reply] = {
        "version": refusal,
        "summary": {
            "STATUS": [{"STATUS": "S"}],
            "SUMMARY": [
                {"MHS 5s": 64143777.95, "MAC": "C4:11:04:01:3C:75", "Stale": 3}
            ],
        },
        "status": {
            "STATUS": "S",
            "Msg": {"btmineroff": "true", "Firmware Version": "'20200917.22.REL'"},
        },
    }
    rig = try_pack(pack, replies, "192.0.2.1").rig
    assert rig
    assert rig.status is Status.SLEEPING
    assert rig.firmware
    assert rig.firmware.version == "20200917.22.REL"
    assert (rig.mac, rig.shares.stale) == ("c4:11:04:01:3c:75", 3)
    other = replies | {"version": refusal | {"Description": "cgminer 4.11.1"}}
    assert try_pack(pack, other, "192.0.2.1").dialect is None


def test_it_says_what_it_is(pack: Pack) -> None:
    """Two sensors and a binary sensor, in German too; models with what is known of them."""
    keys = [sensor.key for sensor in pack.sensors]
    assert keys == ["air_temperature", "supply_voltage"]
    assert [sensor.key for sensor in pack.binary_sensors] == ["hash_stable"]
    german = pack.translations["de"]
    assert set(german.sensors) == set(keys)
    assert set(german.binary_sensors) == {"hash_stable"}
    chips = {name: hardware.chips for name, hardware in hardware_of(pack)}
    assert chips["M30S"] is None
    assert (chips["M30S V10"], chips["M30S V20"]) == (148, 156)
