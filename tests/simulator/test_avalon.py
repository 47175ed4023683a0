"""The bytes and the figures of an AvalonMiner 1246."""

import re
from typing import cast

import pytest

from simulator import Farm, SimulatedMiner

from .conftest import AGE, Clock, Data, ask, ask_raw, loads, records, status

PROFILE = "avalon_1246"


async def stats(miner: SimulatedMiner, command: str = "stats") -> list[Data]:
    """The machine's and the pools'."""
    return records(loads(await ask(miner.port, command)), "STATS")


async def text(miner: SimulatedMiner) -> dict[str, str]:
    """The long text, key by key."""
    found = re.findall(r"(\w+)\[([^\]]*)\]", str((await stats(miner))[0]["MM ID0"]))
    values = dict(found)
    assert len(values) == len(found)
    return values


def numbers(value: str) -> list[float]:
    """The numbers of a value in brackets."""
    return [float(item) for item in value.split()]


async def test_version(clock: Clock) -> None:
    """Who it is: the product, and the MAC without colons."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        reply = await ask(miner.port, "version")
        mac = miner.truth().mac
    assert reply.startswith(
        b'{"STATUS":[{"STATUS":"S","When":60012,"Code":22,"Msg":"CGMiner versions",'
        b'"Description":"cgminer 4.11.1"}],"VERSION":[{"CGMiner":"4.11.1","API":"3.7",'
    )
    assert reply.endswith(b'"UPAPI":"2"}],"id":1}\0')
    version = records(loads(reply), "VERSION")[0]
    assert version["PROD"] == "AvalonMiner 1246-83"
    assert version["MODEL"] == "1246-83"
    assert (version["HWTYPE"], version["SWTYPE"]) == ("MM3v2_X3", "MM314")
    assert version["MAC"] == mac.replace(":", "").lower()


async def test_other_forms(clock: Clock) -> None:
    """Joined commands, cgminer's own text form, and what it does not know."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        joined = loads(await ask(port, "version+pools"))
        plain = await ask_raw(port, b"version")
        unknown = loads(await ask(port, "tunerstatus"))
        assert await ask(port, "devs") == await ask(port, "edevs")
        assert await ask(port, "stats") == await ask(port, "estats")
        details = records(loads(await ask(port, "devdetails")), "DEVDETAILS")
    assert list(joined) == ["version", "pools", "id"]
    assert plain.startswith(b"STATUS=S,When=60012,Code=22,Msg=CGMiner versions,")
    assert b"|VERSION,CGMiner=4.11.1,API=3.7," in plain
    assert (status(unknown)["Code"], status(unknown)["STATUS"]) == (14, "E")
    assert details[0]["Driver"] == "avalon10"


async def test_the_long_text(clock: Clock) -> None:
    """One machine, then its pools; the text has the order of a real one."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        machine, *pools = await stats(farm.miners[0])
    assert (machine["ID"], machine["MM Count"]) == ("AVA100", 1)
    assert [pool["ID"] for pool in pools] == ["POOL0", "POOL1"]
    long = str(machine["MM ID0"])
    assert long.startswith("Ver[1246-83-21042001_4ec6bb0_61407fa] DNA[02010000")
    assert " SYSTEMSTATU[Work: In Work, Hash Board: 3 ] Elapsed[60012] BOOTBY[" in long
    keys = re.findall(r"(\w+)\[", long)
    wanted = ["Temp", "TMax", "TAvg", "Fan1", "Fan4", "FanR", "PS", "GHSspd", "GHSmm"]
    wanted += ["GHSavg", "Led", "MGHS", "MTmax", "MTavg", "TA", "SoftOFF", "PVT_T0"]
    assert [key for key in keys if key in wanted] == wanted


async def test_figures(clock: Clock) -> None:
    """GH/s and °C, everything that of the truth."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        values, truth = await text(miner), miner.truth()
        summary = records(loads(await ask(miner.port, "summary")), "SUMMARY")[0]
        dev = records(loads(await ask(miner.port, "devs")), "DEVS")[0]
        ambient = miner.model.snapshot().ambient
    assert float(values["GHSspd"]) == pytest.approx(truth.hashrate / 1e9, abs=0.01)
    assert summary["MHS 30s"] == pytest.approx(truth.hashrate / 1e6, abs=0.01)
    assert float(values["GHSavg"]) == pytest.approx(
        truth.hashrate_average / 1e9, abs=0.01
    )
    right = 1 - float(values["DH"].rstrip("%")) / 100
    assert float(values["GHSmm"]) * right == pytest.approx(
        truth.hashrate_nominal / 1e9, rel=0.001
    )
    # Averages, as on the real ones: they add up to that of the whole.
    assert sum(numbers(values["MGHS"])) == pytest.approx(
        float(values["GHSavg"]), abs=0.02
    )
    assert numbers(values["MTmax"]) == [
        board.chip_temperature for board in truth.boards
    ]
    assert numbers(values["MH"]) == [board.hardware_errors for board in truth.boards]
    for board in truth.boards:
        chips = numbers(values[f"PVT_T{board.index}"])
        assert (len(chips), max(chips)) == (120, board.chip_temperature)
        assert 0 < min(chips) < max(chips) - 10
        assert len(numbers(values[f"MW{board.index}"])) == 120
    assert values["TA"] == "360"
    assert float(values["TMax"]) == max(
        board.chip_temperature for board in truth.boards
    )
    assert float(values["Temp"]) == round(ambient)
    assert tuple(int(values[f"Fan{place}"]) for place in (1, 2, 3, 4)) == truth.fans
    error, _, volts, amperes, output, wanted, wall = numbers(values["PS"])
    assert (error, wall) == (0, round(truth.power))
    assert volts / 100 * amperes == pytest.approx(output, rel=0.01)
    assert 0.9 < output / wall < 0.95
    assert wanted == pytest.approx(volts, abs=5)
    assert dev["Temperature"] == -273.0
    assert (dev["Accepted"], summary["Accepted"]) == (truth.accepted, truth.accepted)
    assert summary["Hardware Errors"] == truth.hardware_errors
    assert int(values["HW"]) == truth.hardware_errors


async def test_its_clock_counts_from_its_start(clock: Clock) -> None:
    """``When`` is no epoch, and the last share's time is told by the same clock."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        first = loads(await ask(miner.port, "pools"))
        miner.condition(pool_dead=True)
        clock.advance(3600)
        second = loads(await ask(miner.port, "pools"))
        truth = miner.truth()
    assert status(first)["When"] == AGE + 12
    alive, unused = records(first, "POOLS")
    assert 0 <= AGE + 12 - cast("int", alive["Last Share Time"]) < 300
    assert unused["Last Share Time"] == 0
    dead, working = records(second, "POOLS")
    assert (dead["Status"], dead["Stratum Active"]) == ("Dead", False)
    assert (working["Status"], working["Stratum Active"]) == ("Alive", True)
    assert (dead["Accepted"], working["Accepted"]) == (
        truth.pools[0].accepted,
        truth.pools[1].accepted,
    )
    assert [row["URL"] for row in (dead, working)] == [
        pool.url for pool in truth.pools if pool.url
    ]


async def test_states(clock: Clock) -> None:
    """The text says what it does; asleep its averages stay, and the power goes."""
    async with Farm([PROFILE], clock=clock, age=0) as farm:
        miner = farm.miners[0]
        seen = []

        async def look() -> dict[str, str]:
            values = await text(miner)
            seen.append((values["SYSTEMSTATU"].split(",")[0], values["SoftOFF"]))
            return values

        await look()
        clock.advance(60)
        await look()
        clock.advance(AGE)
        awake = await look()
        miner.condition(sleep=True)
        clock.advance(600)
        asleep = await look()
        miner.condition(sleep=False, over_temperature=True)
        clock.advance(300)
        hot = await look()
        wall = round(miner.truth().power)
    assert seen == [
        ("Work: In Init", "0"),
        ("Work: In Work", "0"),
        ("Work: In Work", "0"),
        ("Work: In Idle", "5"),
        ("Work: In Fault", "0"),
    ]
    assert (asleep["GHSspd"], asleep["GHSmm"]) == ("0.00", "0.00")
    assert float(asleep["GHSavg"]) > 0.9 * float(awake["GHSavg"])
    assert sum(numbers(asleep["MGHS"])) == pytest.approx(
        float(asleep["GHSavg"]), abs=0.02
    )
    assert asleep["PS"] == "0 1198 0 0 0 1340 28"
    assert [asleep[f"Fan{place}"] for place in (1, 2, 3, 4)] == ["0"] * 4
    assert hot["PS"] == f"0 1198 0 0 0 1340 {wall}"
    assert float(hot["TMax"]) > 95
    assert hot["TA"] == "0"


async def test_what_breaks(clock: Clock) -> None:
    """A missing board leaves zeros in its place, and a dying chip has no temperature."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.condition(missing_board=1, dying_chips=20)
        values, truth = await text(miner), miner.truth()
    assert "Hash Board: 2 " in values["SYSTEMSTATU"]
    assert numbers(values["MGHS"])[1] == numbers(values["MTmax"])[1] == 0
    assert numbers(values["MTavg"])[1] == 0
    assert "PVT_T1" not in values
    assert values["TA"] == "220"
    assert numbers(values["PVT_T2"]).count(0) == truth.boards[2].chips_failing == 20
    assert numbers(values["PVT_V2"])[-20:] == [0] * 20
    assert numbers(values["PVT_T0"]).count(0) == 0
    assert float(values["GHSspd"]) == pytest.approx(truth.hashrate / 1e9, abs=0.01)


@pytest.mark.parametrize("json", [True, False])
async def test_the_light(json: bool, clock: Clock) -> None:
    """It can be lit, asked and put out; anything else is refused."""

    async def ascset(parameter: str) -> tuple[str, str]:
        port = farm.miners[0].port
        if json:
            told = status(loads(await ask(port, "ascset", parameter=parameter)))
            return str(told["STATUS"]), str(told["Msg"])
        reply = (await ask_raw(port, f"ascset|{parameter}".encode())).decode()
        fields = dict(item.split("=", 1) for item in reply.split("|")[0].split(","))
        return fields["STATUS"], fields["Msg"]

    def lit() -> bool:
        return farm.miners[0].locating

    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        assert await ascset("0,led,1-255") == ("I", "ASC 0 set info: LED[0]")
        assert await ascset("0,led,1-1") == ("S", "ASC 0 set OK")
        assert lit()
        assert (await text(miner))["Led"] == "1"
        assert await ascset("0,led,1-255") == ("I", "ASC 0 set info: LED[1]")
        assert await ascset("0,led,1-0") == ("S", "ASC 0 set OK")
        assert not lit()
        assert await ascset("0,led,2-1") == ("E", "ASC 0 set failed: ")
        assert await ascset("1,led,1-1") == ("E", "ASC 0 set failed: ")
        assert not lit()
        assert {written.target for written in miner.written} == {"ascset"}
