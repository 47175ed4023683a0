"""The bytes of classic firmware: S9 to S17, L3+, D3, Z11, E3, Hiveon, VNish 3."""

import json
import re

import pytest

from simulator import Farm

from .conftest import AGE, Clock, ask, ask_raw, loads, mended, records, status

BROKEN = ["s9", "s9_hiveon", "vnish_3", "l3plus", "d3", "z11"]
WHOLE = ["e3", "s9k", "t15", "s17pro"]


@pytest.mark.parametrize("name", BROKEN)
async def test_stats_lacks_exactly_one_comma(name: str, clock: Clock) -> None:
    """The header and the figures stand side by side, ``}{``, and nothing else is wrong."""
    async with Farm([name], clock=clock, age=AGE) as farm:
        reply = await ask(farm.miners[0].port, "stats")
    assert reply.endswith(b'"id":1}\0')
    assert reply.count(b'}{"STATS":0,') == 1
    assert reply.count(b"}{") == 1
    with pytest.raises(json.JSONDecodeError) as caught:
        loads(reply)
    assert caught.value.pos == reply.index(b"}{") + 1
    assert len(records(mended(reply), "STATS")) == 2


@pytest.mark.parametrize("name", WHOLE)
async def test_stats_of_the_later_ones_is_valid(name: str, clock: Clock) -> None:
    """E3 and everything from the S9k on has the comma."""
    async with Farm([name], clock=clock, age=AGE) as farm:
        reply = await ask(farm.miners[0].port, "stats")
    assert len(records(loads(reply), "STATS")) == 2


async def test_compact_and_by_printf(clock: Clock) -> None:
    """No blanks after separators; two, four, six or eight decimals by the kind of number."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        stats, summary = await ask(port, "stats"), await ask(port, "summary")
        pools, devs = await ask(port, "pools"), await ask(port, "devs")
    for reply in (stats, summary, pools, devs):
        assert b'": ' not in reply
        assert b'", "' not in reply
    assert b'"Min":99999999.000000,' in stats
    assert re.search(rb'"GHS 5s":"\d+\.\d\d","GHS av":\d+\.\d\d,', stats)
    assert re.search(rb'"chain_rate5":"","chain_rate6":"\d+\.\d\d"', stats)
    assert re.search(rb'"Device Hardware%":\d+\.\d{4},', stats)
    assert re.search(rb'"Total MH":\d+\.\d{4},', summary)
    assert re.search(rb'"Difficulty Accepted":\d+\.\d{8},', pools)
    assert b'"Name":"BC5"' in devs
    assert b'"No Device":false' in devs


async def test_an_s9_sits_at_slots_6_to_8(clock: Clock) -> None:
    """Sixteen slots, of which 6, 7 and 8 are populated, and fans 3 and 6 of 8."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        stats = records(mended(await ask(farm.miners[0].port, "stats")), "STATS")[1]
    assert [slot for slot in range(1, 17) if stats[f"chain_acn{slot}"]] == [6, 7, 8]
    assert [fan for fan in range(1, 9) if stats[f"fan{fan}"]] == [3, 6]
    assert stats["chain_acs6"] == " " + " ".join(["oooooooo"] * 7 + ["ooooooo"])
    assert stats["chain_acs5"] == ""
    assert stats["frequency"] == "650"
    assert stats["total_acn"] == 189


async def test_daemon_keys(clock: Clock) -> None:
    """The key that holds the daemon's version tells the firmware, and differs between commands."""
    expected = {
        "s9": ("BMMiner", "BMMiner", "3.1", "bmminer 1.0.0"),
        "s9_hiveon": ("BMMiner", "BMMiner", "3.1", "bmminer 1.0.0"),
        "l3plus": ("CGMiner", "CGMiner", "3.1", "cgminer 4.9.0"),
        "s17pro": ("CGMiner", "BMMiner", "3.1", "cgminer 1.0.0"),
        "vnish_3": ("CGMiner", "Cgminer", "3.7", "cgminer 4.11.1"),
    }
    async with Farm(list(expected), clock=clock, age=AGE) as farm:
        for miner in farm.miners:
            version_key, header_key, api, description = expected[miner.profile.name]
            reply = loads(await ask(miner.port, "version"))
            version = records(reply, "VERSION")[0]
            assert next(iter(version)) == version_key
            assert version["API"] == api
            assert version["Type"] == miner.profile.model
            assert status(reply)["Description"] == description
            header = records(mended(await ask(miner.port, "stats")), "STATS")[0]
            assert next(iter(header)) == header_key


async def test_other_algorithms_keep_the_name_of_the_rate(clock: Clock) -> None:
    """``GHS 5s`` holds MH/s on L3+, D3 and E3 and kSol/s on Z11."""
    wanted = {"l3plus": 504.0, "d3": 16800.0, "e3": 197.0, "z11": 135.0}
    async with Farm(list(wanted), clock=clock, age=AGE) as farm:
        for miner in farm.miners:
            stats = records(mended(await ask(miner.port, "stats")), "STATS")[1]
            rate = float(str(stats["GHS 5s"]))
            assert rate == pytest.approx(wanted[miner.profile.name], rel=0.04)


async def test_own_layouts(clock: Clock) -> None:
    """What is peculiar to a model."""
    async with Farm(
        ["l3plus", "d3", "z11", "e3", "s9k", "t15", "s17pro", "s9_hiveon", "vnish_3"],
        clock=clock,
        age=AGE,
    ) as farm:
        stats = {
            miner.profile.name: records(
                mended(await ask(miner.port, "stats")), "STATS"
            )[1]
            for miner in farm.miners
        }
        pools = {
            miner.profile.name: loads(await ask(miner.port, "pools"))
            for miner in farm.miners
            if miner.profile.name in {"d3", "vnish_3", "s17pro"}
        }
        blissz = await ask(farm.miners[1].port, "pools")
    assert {"temp31", "temp4_4", "fan2"} <= stats["l3plus"].keys()
    assert "fan3" not in stats["l3plus"]
    assert stats["d3"]["frequency4"] == "450"
    assert stats["z11"]["frequency1"] == 750
    assert stats["z11"]["chain_acs1"] == " ooo"
    assert stats["e3"]["chain_acs13"] == "oo"
    assert stats["e3"]["frequency"] == "1600M"
    assert stats["e3"]["miner_count"] == 3
    assert stats["s9k"]["temp_pcb4"] == "-"
    assert str(stats["s9k"]["temp_pcb1"]).count("-") == 1
    assert stats["s9k"]["Mode"] == "H"
    assert stats["t15"]["freq1"] == "520"
    assert stats["t15"]["rate_unit"] == "GH"
    assert stats["s17pro"]["Mode"] == 1
    assert stats["s17pro"]["freq1"] == 570
    assert stats["s17pro"]["temp_pcb4"] == "0-0-0-0"
    assert "freq_avg1" not in stats["s17pro"]
    assert str(stats["s9_hiveon"]["chain_power"]).endswith(" (AB)")
    assert stats["s9_hiveon"]["chain_power6"] == pytest.approx(441, abs=15)
    assert stats["vnish_3"]["chain_vol6"] == 920
    assert stats["vnish_3"]["build_version"] == "3.8.6"
    # VNish counts pools that it does not list; one of those listed is its own.
    assert status(pools["vnish_3"])["Msg"] == "6 Pool(s)"
    assert [pool["Priority"] for pool in records(pools["vnish_3"], "POOLS")] == [
        0,
        1,
        2,
        993,
    ]
    assert records(pools["d3"], "POOLS")[0]["Diff"] == " 69.2461"
    assert b'},\n{"POOL":3' in blissz
    # An S17 says of every pool that it is connected to that it works for it.
    active = [pool["Stratum Active"] for pool in records(pools["s17pro"], "POOLS")]
    assert active == [True, True, False]


async def test_access(clock: Clock) -> None:
    """Five commands are for all; other commands of cgminer answer 45, anything else 14."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        denied = loads(await ask(port, "devdetails"))
        unknown = loads(await ask(port, "frobnicate"))
        broken = loads(await ask_raw(port, b'{"command":'))
        nothing = loads(await ask_raw(port, b'{"parameter":"0"}'))
        numbers = loads(await ask_raw(port, b'{"command":[1]}'))
    assert status(denied) == {
        "STATUS": "E",
        "When": 1_750_000_000,
        "Code": 45,
        "Msg": "Access denied to 'devdetails' command",
        "Description": "bmminer 1.0.0",
    }
    assert status(unknown)["Code"] == 14
    assert status(broken)["Code"] == 23
    assert status(nothing)["Code"] == 24
    assert status(numbers)["Code"] == 24


async def test_joined_commands(clock: Clock) -> None:
    """Each is a list of one whole reply; errors are inside; a command twice is answered once."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        reply = await ask(port, "version+stats+summary+version+restart+nonsense")
    data = mended(reply)
    assert list(data) == ["version", "stats", "summary", "restart", "nonsense", "id"]
    assert reply.count(b"}{") == 1
    summary = records(data, "summary")[0]
    assert summary["id"] == 1
    assert status(records(data, "restart")[0])["Code"] == 45
    assert status(records(data, "nonsense")[0])["Code"] == 14
    # `stats` came first, so `summary` knows the rate.
    assert records(summary, "SUMMARY")[0]["GHS 5s"] != ""


async def test_summary_learns_the_rate_from_stats(clock: Clock) -> None:
    """Only ``stats`` refreshes ``GHS 5s``, also that of ``summary``."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port

        async def rate() -> object:
            return records(loads(await ask(port, "summary")), "SUMMARY")[0]["GHS 5s"]

        assert await rate() == ""
        stats = records(mended(await ask(port, "stats")), "STATS")[1]
        assert await rate() == stats["GHS 5s"]
        clock.advance(60)
        assert await rate() == stats["GHS 5s"]


async def test_text_requests(clock: Clock) -> None:
    """Without a brace the reply is text too; a trailing newline makes an unknown command."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        version = await ask_raw(port, b"version")
        with_parameter = await ask_raw(port, b"pools|0")
        newline = await ask_raw(port, b"version\n")
        joined = await ask_raw(port, b"version+pools")
    assert version.startswith(b"STATUS=S,When=1750000000,Code=22,Msg=BMMiner versions,")
    assert b"|VERSION,BMMiner=2.0.0,API=3.1," in version
    assert version.endswith(b"|\0")
    assert (
        b"|POOL=0,URL=stratum+tcp://pool.example.com:3333,Status=Alive,"
        in with_parameter
    )
    assert b"Code=14" in newline
    assert list(loads(joined)) == ["version", "pools", "id"]


async def test_one_recv(clock: Clock) -> None:
    """What comes in a second segment is never read: half a request is invalid JSON."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        long = loads(
            await ask_raw(port, b'{"command":"version","x":"' + b"x" * 8140 + b'"}')
        )
        half = loads(await ask_raw(port, b'{"command":"ver'))
        padded = loads(await ask_raw(port, b'{"command":"version"}\n'))
    assert status(long)["Code"] == 22
    assert status(half)["Code"] == 23
    assert status(padded)["Code"] == 22


async def test_an_s17_sleeps_with_mode_254(clock: Clock) -> None:
    """Everything is 0, boards and fans too; the daemon runs on."""
    async with Farm(["s17pro"], clock=clock, age=AGE) as farm:
        farm.miners[0].condition(sleep=True)
        clock.advance(30)
        stats = records(loads(await ask(farm.miners[0].port, "stats")), "STATS")[1]
    assert stats["Mode"] == 254
    assert stats["Elapsed"] == AGE + 30
    assert stats["GHS 5s"] == "0.00"
    assert stats["miner_count"] == stats["fan_num"] == stats["total_acn"] == 0
    assert stats["chain_rate1"] == stats["chain_acs1"] == ""
