"""The bytes of VNish 1.2, LuxOS and Braiins."""

import json
import re
from typing import cast

import pytest

from simulator import Farm

from .conftest import AGE, Clock, ask, ask_raw, loads, records, status


async def test_vnish_1_2_0_has_two_odd_blanks(clock: Clock) -> None:
    """Blanks after the names of the sections alone, printf's decimals, no NUL, an ``id``."""
    async with Farm(["vnish_1_2_0"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        stats, summary = await ask(port, "stats"), await ask(port, "summary")
        pools = loads(await ask(port, "pools"))
    assert stats.startswith(b'{"STATUS": [{"STATUS":"S","When":')
    assert b'],"STATS": [{"Cgminer":"4.11.1",' in stats
    assert stats.endswith(b'"build_version":"1.2.0-rc1"}],"id":1}')
    assert len(re.findall(rb'": ', stats)) == 2
    assert re.search(rb'"SUMMARY": \[\{"Elapsed":\d+,"GHS 5s":"\d+\.\d\d",', summary)
    assert b'"Fee Percent":3.8449' in summary
    figures = records(loads(stats), "STATS")[1]
    assert figures["state"] == "mining"
    assert figures["chain_acs1"] == " ".join(["o" * 10] * 11)
    assert re.fullmatch(r"\d+-\d+", str(figures["temp_pcb1"]))
    assert figures["chain_consumption1"] == 0
    assert status(pools)["Msg"] == "6 Pool(s)"
    assert [(pool["POOL"], pool["Type"]) for pool in records(pools, "POOLS")] == [
        (0, 0),
        (1, 0),
        (3, 1),
    ]


async def test_vnish_1_2_7_has_no_id(clock: Clock) -> None:
    """``version`` is refused with Code 0, as is all else that it does not know, joins too."""
    async with Farm(["vnish_1_2_7"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        replies = {
            command: await ask(miner.port, command)
            for command in (
                "version",
                "restart",
                "stats+summary",
                "stats",
                "summary",
                "pools",
                "devdetails",
            )
        }
        truth = miner.truth()
    for command in ("version", "restart", "stats+summary"):
        data = loads(replies[command])
        assert (status(data)["Code"], status(data)["STATUS"]) == (0, "E")
        assert list(data) == ["STATUS"]
    for command in ("stats", "summary", "pools"):
        assert not replies[command].endswith(b"\0")
        assert "id" not in loads(replies[command])
        assert b": " not in replies[command]
    details = loads(replies["devdetails"])
    assert details["id"] == 1
    assert records(details, "DEVDETAILS")[0]["Name"] == "BTM_S21PRO"
    stats = records(loads(replies["stats"]), "STATS")[1]
    assert isinstance(stats["GHS 5s"], str)
    assert float(str(stats["GHS 5s"])) == pytest.approx(truth.hashrate / 1e9, abs=0.01)
    watts = sum(cast("int", stats[f"chain_consumption{chain}"]) for chain in (1, 2, 3))
    assert watts == pytest.approx(truth.power, rel=0.02)
    summary = records(loads(replies["summary"]), "SUMMARY")[0]
    pools = records(loads(replies["pools"]), "POOLS")
    assert isinstance(summary["GHS 5s"], float)
    # The maker's own pool counts in the summary.
    assert summary["Accepted"] == sum(cast("int", pool["Accepted"]) for pool in pools)
    assert summary["Accepted"] == truth.accepted + truth.accepted_for_maker
    assert truth.accepted_for_maker > 0
    assert pools[-1]["URL"] == "DevFee"
    assert pools[0]["URL"] == "pool.example.com:3333"


@pytest.mark.parametrize("name", ["vnish_1_2_0", "vnish_1_2_7"])
async def test_vnish_states(name: str, clock: Clock) -> None:
    """The state says what a VNish miner does."""
    async with Farm([name], clock=clock, age=0) as farm:
        miner = farm.miners[0]

        async def state() -> tuple[object, object]:
            stats = records(loads(await ask(miner.port, "stats")), "STATS")[1]
            return stats["state"], stats["chain_state1"]

        assert await state() == ("initializing", "initializing")
        clock.advance(60)
        assert await state() == ("auto-tuning", "mining")
        clock.advance(600)
        assert await state() == ("mining", "mining")
        miner.condition(sleep=True)
        assert await state() == ("stopped", "stopped")
        miner.condition(sleep=False, over_temperature=True)
        assert await state() == ("failure", "failure")


async def test_luxos(clock: Clock) -> None:
    """Keys in alphabetical order, rates as numbers, slots where others count chips."""
    async with Farm(["luxos"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        commands = (
            "version",
            "summary",
            "stats",
            "pools",
            "devs",
            "power",
            "temps",
            "fans",
            "config",
        )
        replies = {command: await ask(miner.port, command) for command in commands}
        joined = loads(await ask(miner.port, "version+power"))
        unknown = loads(await ask(miner.port, "restart"))
        truth = miner.truth()
    codes = {
        command: status(loads(reply))["Code"] for command, reply in replies.items()
    }
    assert codes == {
        "version": 22, "summary": 11, "stats": 70, "pools": 7, "devs": 9, "power": 311, "temps": 201, "fans": 202,
        "config": 33,
    }  # fmt: skip
    for reply in replies.values():
        assert reply.endswith(b'"id":1}\0')
        sections = [key for key in loads(reply) if key != "id"]
        assert sections == sorted(sections)
    assert status(unknown)["Code"] == 14
    assert list(joined) == ["version", "power", "id"]
    stats = records(loads(replies["stats"]), "STATS")[1]
    assert list(stats) == sorted(stats)
    assert stats["GHS 5s"] == pytest.approx(truth.hashrate / 1e9, abs=0.01)
    assert stats["total_acn"] == 4
    assert stats["total rate"] == pytest.approx(truth.hashrate_average / 3e9, abs=0.01)
    assert stats["temp_chip1"] == stats["temp_pcb1"]
    devs = records(loads(replies["devs"]), "DEVS")
    assert sorted(cast("int", dev["ASC"]) for dev in devs) == [0, 1, 2]
    assert sum(cast("float", dev["MHS 5s"]) for dev in devs) == pytest.approx(
        truth.hashrate / 1e6
    )
    assert records(loads(replies["power"]), "POWER")[0]["Watts"] == int(truth.power)
    config = records(loads(replies["config"]), "CONFIG")[0]
    assert config["MACAddr"] == truth.mac.lower()
    assert config["CurtailMode"] == "None"
    pool = records(loads(replies["pools"]), "POOLS")[0]
    assert re.fullmatch(r"\d\d:\d\d:\d\d", str(pool["Last Share Time"]))
    assert pool["Long Pool"] == "N"


async def test_luxos_curtailed(clock: Clock) -> None:
    """``config`` says it."""
    async with Farm(["luxos"], clock=clock, age=AGE) as farm:
        farm.miners[0].condition(sleep=True, missing_board=1)
        config = records(loads(await ask(farm.miners[0].port, "config")), "CONFIG")[0]
        stats = records(loads(await ask(farm.miners[0].port, "stats")), "STATS")[1]
    assert config["CurtailMode"] == "Sleep"
    assert config["IsPowerSupplyOn"] is False
    assert stats["GHS 5s"] == 0.0
    assert (stats["chain_acn2"], stats["chain_rate2"], stats["temp_pcb2"]) == (
        0,
        "0",
        "0-0-0-0",
    )


async def test_braiins(clock: Clock) -> None:
    """Rates in MH/s, an epoch for the last share, figures a board in ``devs`` and ``temps``."""
    async with Farm(["braiins"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        commands = (
            "version",
            "summary",
            "pools",
            "devs",
            "temps",
            "fans",
            "devdetails",
            "tunerstatus",
            "stats",
        )
        replies = {
            command: loads(await ask(miner.port, command)) for command in commands
        }
        joined = loads(await ask(miner.port, "version+fans"))
        text = loads(await ask_raw(miner.port, b"version"))
        truth = miner.truth()
    assert records(replies["version"], "VERSION")[0] == {
        "API": "3.7",
        "BOSminer+": "0.2.0-36c56a9363",
    }
    assert status(text)["Code"] == 22
    summary = records(replies["summary"], "SUMMARY")[0]
    assert summary["MHS 5s"] == pytest.approx(truth.hashrate / 1e6)
    assert "GHS 5s" not in summary
    # A day's average of a miner that has run for 60,000 seconds: divided by the whole day.
    assert summary["MHS 24h"] == pytest.approx(
        truth.hashrate_average / 1e6 * AGE / 86400
    )
    pool = records(replies["pools"], "POOLS")[0]
    assert 0 <= 1_750_000_000 - cast("int", pool["Last Share Time"]) < 60
    assert [dev["ID"] for dev in records(replies["devs"], "DEVS")] == [6, 7, 8]
    assert [temp["Board"] for temp in records(replies["temps"], "TEMPS")] == [
        board.board_temperature for board in truth.boards
    ]
    fans = records(replies["fans"], "FANS")
    assert [fan["RPM"] for fan in fans] == [*truth.fans, 0, 0]
    tuner = records(replies["tunerstatus"], "TUNERSTATUS")[0]
    assert tuner["ApproximateMinerPowerConsumption"] == int(truth.power)
    assert records(replies["devdetails"], "DEVDETAILS")[0]["Frequency"] == 650_000_000
    assert replies["stats"]["STATS"] == []
    assert list(joined) == ["version", "fans", "id"]


async def test_braiins_paused_and_not_ready(clock: Clock) -> None:
    """The tuner says that it is paused; just after resuming there are no sensors."""
    async with Farm(["braiins"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.condition(sleep=True)
        tuner = records(loads(await ask(miner.port, "tunerstatus")), "TUNERSTATUS")[0]
        summary = records(loads(await ask(miner.port, "summary")), "SUMMARY")[0]
        miner.condition(sleep=False)
        clock.advance(5)
        replies = [
            loads(await ask(miner.port, command))
            for command in ("temps", "fans", "devdetails")
        ]
    assert "paused" in json.dumps(tuner["TunerChainStatus"])
    assert summary["MHS 5s"] == 0.0
    assert [status(reply)["Msg"] for reply in replies] == ["Not ready"] * 3


async def test_numbers_read_back_as_they_were(clock: Clock) -> None:
    """Rust writes the shortest text of a number."""
    async with Farm(["braiins"], clock=clock, age=AGE) as farm:
        reply = await ask(farm.miners[0].port, "summary")
    rate = records(loads(reply), "SUMMARY")[0]["MHS 5s"]
    assert f'"MHS 5s":{rate!r}'.encode() in reply
