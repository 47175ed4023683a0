"""The bytes of the X19 generation, old and new, and of a model that no table knows."""

import re
from typing import cast

import pytest

from simulator import Farm
from simulator.dialects import DIALECTS

from .conftest import AGE, Clock, Data, ask, ask_raw, loads, records, status


async def stats_of(port: int) -> Data:
    """The figures of ``stats``."""
    return records(loads(await ask(port, "stats")), "STATS")[1]


@pytest.mark.parametrize("name", ["s19pro_2020", "s21_2024", "l7", "unknown"])
async def test_blanks_and_nul(name: str, clock: Clock) -> None:
    """json.dumps' separators, valid JSON, a NUL at the end."""
    async with Farm([name], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        replies = [
            await ask(port, command)
            for command in ("version", "stats", "summary", "pools", "devs")
        ]
    for reply in replies:
        assert reply.startswith(
            b'{"STATUS": [{"STATUS": "S", "When": 1750000000, "Code": '
        )
        assert reply.endswith(b', "id": 1}\0')
        loads(reply)
        assert not re.search(rb'":[^ ]|,"', reply)


async def test_numbers(clock: Clock) -> None:
    """Rates are numbers, whole floats keep their ``.0``, large ones an exponent, twelve digits at most."""
    async with Farm(["s21_2024"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        stats, summary = await ask(port, "stats"), await ask(port, "summary")
        pools = await ask(port, "pools")
    assert re.search(rb'"GHS 5s": \d+\.\d+, "GHS av": \d+\.\d+, "rate_30m": ', stats)
    assert b'"total_rateideal": 200000.0, "rate_unit": "GH"' in stats
    assert b'"Wait": 0, "Max": 0, "Min": 99999999, ' in stats
    assert re.search(rb'"Total MH": 1\.\d+E\+13, ', summary)
    assert b'"Status": "Deed"' in pools
    assert b'"Pool Stale%%": 0.0' in pools
    assert b'"Pool Stale%": 0.0' in summary
    assert b'"Getwork": ' in summary
    assert b'"total rate": ' in stats


async def test_five_commands_and_nothing_else(clock: Clock) -> None:
    """Privileged, unknown and joined commands are all Code 14."""
    async with Farm(["s19pro_2020"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        for command in ("restart", "devdetails", "version+stats+summary", "nonsense"):
            reply = loads(await ask(port, command))
            assert (status(reply)["Code"], status(reply)["Msg"]) == (
                14,
                "Invalid command",
            )
        text = loads(await ask_raw(port, b"version"))
        # The older one does not know the key, and answers as ever.
        old = loads(await ask(port, "stats", new_api=True))
    assert status(text)["Code"] == 22
    assert status(old)["Code"] == 70


async def test_array_of_commands(clock: Clock) -> None:
    """An undocumented form: one object, without lists and without ``id``; eleven at most."""
    async with Farm(["s19pro_2020"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        both = loads(await ask_raw(port, b'{"command":["summary","stats"]}'))
        many = loads(
            await ask_raw(port, b'{"command":[' + b",".join([b'"stats"'] * 12) + b"]}")
        )
    assert list(both) == ["summary", "stats"]
    assert "SUMMARY" in cast("Data", both["summary"])
    assert status(many)["Code"] == 14


async def test_one_recv_of_4095(clock: Clock) -> None:
    """The request is cut there."""
    request = b'{"command":"version","x":"' + b"x" * 4067 + b'"}'
    assert len(request) == 4095
    async with Farm(["s21_2024"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        assert status(loads(await ask_raw(miner.port, request)))["Code"] == 22
        # Asked directly: what is left unread makes the kernel reset the connection.
        cut = DIALECTS["x19"].answer(miner.model, request[:-2] + b'x"}')
    assert status(loads(cut))["Code"] == 23


async def test_new_api(clock: Clock) -> None:
    """The objects of the web pages: STATUS is an object, no ``id``, one entry a chain."""
    async with Farm(["s21_2024"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        replies = {
            command: loads(await ask(miner.port, command, new_api=True))
            for command in ("stats", "summary", "pools", "rate", "warning")
        }
        legacy = loads(await ask(miner.port, "version", new_api=True))
        reload = loads(await ask(miner.port, "reload", new_api=True))
        truth = miner.truth()
    for command, reply in replies.items():
        assert reply["STATUS"] == {
            "STATUS": "S",
            "when": 1_750_000_000,
            "Msg": command,
            "api_version": "1.0.0",
        }
        assert cast("Data", reply["INFO"])["type"] == "Antminer S21"
        assert "id" not in reply
    assert status(legacy)["Code"] == 22
    assert cast("Data", reload["STATUS"])["STATUS"] == "S"
    stats = records(replies["stats"], "STATS")[0]
    assert stats["rate_unit"] == "GH/s"
    assert stats["miner-mode"] == 0
    assert stats["psu"] == {"index": 0, "status": "ok"}
    assert stats["rate_5s"] == pytest.approx(truth.hashrate / 1e9, abs=0.01)
    chains = cast("list[Data]", stats["chain"])
    assert [chain["asic_num"] for chain in chains] == [108, 108, 108]
    assert {"asic", "temp_pcb", "eeprom_loaded", "sn"} <= chains[0].keys()
    verdicts = cast("list[Data]", records(replies["summary"], "SUMMARY")[0]["status"])
    assert [(item["type"], item["status"]) for item in verdicts] == [
        ("rate", "s"), ("network", "s"), ("fans", "s"), ("temp", "s"),
    ]  # fmt: skip
    assert records(replies["pools"], "POOLS")[0]["accepted"] == truth.accepted
    assert replies["warning"]["WARNING"] == []


async def test_devs_of_both_ages(clock: Clock) -> None:
    """The misspelt temperature of the older ones holds nothing; later it is spelt, and filled."""
    async with Farm(["s19pro_2022", "s21_2024"], clock=clock, age=AGE) as farm:
        old, new = [
            records(loads(await ask(miner.port, "devs")), "DEVS")[0]
            for miner in farm.miners
        ]
    assert (old["Tenperature"], old["MHS 5s"]) == (0.0, 0.0)
    assert "Temperature" not in old
    assert "Tenperature" not in new
    assert cast("float", new["Temperature"]) > 50
    assert new["MHS 5s"] == pytest.approx(200_000, rel=0.04)


async def test_sleep_of_a_zynq_board(clock: Clock) -> None:
    """Floats, chips all ``x``, idling fans, the nominal frequency; a missing board has no keys."""
    async with Farm(["s19_sleep_missing_board"], clock=clock, age=AGE) as farm:
        reply = await ask(farm.miners[0].port, "stats")
    stats = records(loads(reply), "STATS")[1]
    assert b'"GHS 5s": 0.0, "GHS av": 0.0, "rate_30m": 0.0, ' in reply
    assert (stats["miner_count"], stats["temp_num"]) == (2, 2)
    assert "temp1" not in stats
    assert "temp2_1" not in stats
    assert stats["temp_pcb1"] == "0-0-0-0"
    assert stats["chain_acs1"] == ""
    assert stats["chain_acs2"] == " xx" * 38
    assert stats["chain_rate2"] == "0.00"
    assert (stats["fan1"], stats["fan3"], stats["freq2"]) == (1560, 600, 675)


async def test_sleep_of_a_newer_board(clock: Clock) -> None:
    """Integers, chips all ``o``, fans off, no frequency, a rate of "0"."""
    async with Farm(["s19jpro_2022_sleep"], clock=clock, age=AGE) as farm:
        reply = await ask(farm.miners[0].port, "stats")
    stats = records(loads(reply), "STATS")[1]
    assert b'"GHS 5s": 0, "GHS av": 0, "rate_30m": 0, ' in reply
    assert stats["chain_acs1"] == " ooo" * 42
    assert stats["chain_rate1"] == "0"
    assert (stats["fan1"], stats["freq1"], stats["temp1"], stats["fan_num"]) == (
        0,
        0,
        0,
        4,
    )


async def test_sleep_by_new_api(clock: Clock) -> None:
    """The only place where the miner says it: ``miner-mode`` 1."""
    async with Farm(["s21_2024"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.condition(sleep=True)
        stats = records(loads(await ask(miner.port, "stats", new_api=True)), "STATS")[0]
        assert (await stats_of(miner.port))["Mode"] == 2
    assert stats["miner-mode"] == 1
    assert stats["rate_5s"] == 0


async def test_over_temperature(clock: Clock) -> None:
    """No rate, an old average, every chip failing, and the verdict on the temperature."""
    async with Farm(["s21_2024"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.condition(over_temperature=True)
        clock.advance(600)
        stats = await stats_of(miner.port)
        summary = records(
            loads(await ask(miner.port, "summary", new_api=True)), "SUMMARY"
        )[0]
        warnings = loads(await ask(miner.port, "warning", new_api=True))["WARNING"]
    assert stats["GHS 5s"] == 0
    assert cast("float", stats["GHS av"]) > 190_000
    assert stats["chain_acs1"] == " xxxxxxxxx" * 12
    assert cast("int", stats["temp1"]) >= 88
    verdicts = {
        item["type"]: item["status"] for item in cast("list[Data]", summary["status"])
    }
    assert verdicts == {"rate": "e", "network": "s", "fans": "s", "temp": "e"}
    assert warnings


async def test_freezing(clock: Clock) -> None:
    """Negative temperatures make dashed strings that are hard to read."""
    async with Farm(["s19pro_cold"], clock=clock, age=AGE) as farm:
        stats = await stats_of(farm.miners[0].port)
    assert re.fullmatch(r"-\d+--\d+-\d+-\d+", str(stats["temp_pic1"]))


async def test_a_model_that_no_table_knows(clock: Clock) -> None:
    """It has the generation's layout, and more boards and fans than any in the tables."""
    async with Farm(["unknown"], clock=clock, age=AGE) as farm:
        stats = await stats_of(farm.miners[0].port)
        version = records(loads(await ask(farm.miners[0].port, "version")), "VERSION")[
            0
        ]
    assert version["Type"] == "Antminer S99"
    assert (stats["miner_count"], stats["fan_num"], stats["chain_acn4"]) == (4, 6, 77)
    assert cast("int", stats["fan6"]) > 0


async def test_rate_unit_of_scrypt(clock: Clock) -> None:
    """An L7 says MH."""
    async with Farm(["l7"], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        legacy = await stats_of(port)
        new = records(loads(await ask(port, "stats", new_api=True)), "STATS")[0]
    assert (legacy["rate_unit"], new["rate_unit"]) == ("MH", "MH/s")
    assert legacy["GHS 5s"] == pytest.approx(9500, rel=0.04)
