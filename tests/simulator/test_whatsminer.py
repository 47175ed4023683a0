"""The bytes and the figures of a WhatsMiner M30S."""

from typing import cast

import pytest

from simulator import Farm, SimulatedMiner

from .conftest import AGE, START, Clock, Data, ask, ask_raw, loads, records

PROFILE = "whatsminer_m30s"


async def told(miner: SimulatedMiner, command: str) -> Data:
    """What is in ``Msg`` of a flat reply that is no error."""
    reply = loads(await ask(miner.port, command))
    assert (reply["STATUS"], reply["Code"]) == ("S", 131)
    return cast("Data", reply["Msg"])


async def summary(miner: SimulatedMiner) -> Data:
    """The figures of the whole."""
    return records(loads(await ask(miner.port, "summary")), "SUMMARY")[0]


async def devs(miner: SimulatedMiner) -> list[Data]:
    """The boards."""
    return records(loads(await ask(miner.port, "edevs")), "DEVS")


def total(rows: list[Data], key: str) -> float:
    """Added up."""
    return sum(cast("float", row[key]) for row in rows)


async def test_both_keys_of_a_command(clock: Clock) -> None:
    """``cmd`` and ``command`` are answered alike, and remembered alike."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        first = await ask_raw(miner.port, b'{"cmd":"summary"}')
        second = await ask_raw(miner.port, b'{"command":"summary"}')
        both = await ask_raw(miner.port, b'{"cmd": "devs", "command": "summary"}')
    assert first == second
    assert "DEVS" in loads(both)
    assert list(miner.commands) == ["summary", "summary", "devs"]


async def test_blanks_and_no_nul(clock: Clock) -> None:
    """A list's STATUS has two keys; there are blanks behind separators, and no NUL."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        reply = await ask(farm.miners[0].port, "devdetails")
    row = (
        '{{"DEVDETAILS": {0}, "Name": "SM", "ID": {0}, "Driver": "bitmicro",'
        ' "Kernel": "", "Model": "M30S_V10"}}'
    )
    assert reply.decode() == (
        '{"STATUS": [{"STATUS": "S", "Msg": "Device Details"}], "DEVDETAILS": ['
        + ", ".join(row.format(place) for place in range(3))
        + '], "id": 1}'
    )


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (b'{"command":"version"}', 14, "invalid cmd"),
        (b'{"cmd":"stats"}', 14, "invalid cmd"),
        (b'{"command":"restart"}', 14, "invalid cmd"),
        (b'{"enc":1,"data":"0WVQDDRWGQiJWbt6"}', 14, "invalid cmd"),
        (b"{", 23, "json cmd err"),
        (b"version", 23, "json cmd err"),
    ],
)
async def test_refusals_are_flat(
    request_: bytes, code: int, message: str, clock: Clock
) -> None:
    """STATUS of an error is a word, beside the rest."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        reply = await ask_raw(farm.miners[0].port, request_)
    assert loads(reply) == {
        "STATUS": "E",
        "When": START,
        "Code": code,
        "Msg": message,
        "Description": "",
    }


async def test_joined(clock: Clock) -> None:
    """Several commands in one, each with the reply that it has alone."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        port = farm.miners[0].port
        joined = loads(await ask_raw(port, b'{"cmd":"summary+status+version"}'))
        alone = {
            name: loads(await ask(port, name))
            for name in ("summary", "status", "version")
        }
    assert joined == {**{name: [reply] for name, reply in alone.items()}, "id": 1}


async def test_figures(clock: Clock) -> None:
    """Rates are MH/s, but for the nominal ones in GH/s; everything is that of the truth."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        figures, boards, truth = await summary(miner), await devs(miner), miner.truth()
        ambient = miner.model.snapshot().ambient
        assert boards == records(loads(await ask(miner.port, "devs")), "DEVS")
    assert figures["MHS 5s"] == pytest.approx(truth.hashrate / 1e6)
    assert figures["MHS av"] == pytest.approx(truth.hashrate_average / 1e6)
    assert figures["Factory GHS"] == truth.hashrate_nominal / 1e9 == 86_000
    assert figures["Elapsed"] == truth.elapsed == AGE
    assert (figures["Accepted"], figures["Rejected"]) == (
        truth.accepted,
        truth.rejected,
    )
    assert figures["Power"] == int(truth.power)
    assert figures["Power Rate"] == pytest.approx(38, abs=1)
    assert (figures["Fan Speed In"], figures["Fan Speed Out"]) == truth.fans
    assert figures["Env Temp"] == pytest.approx(ambient, abs=0.01)
    assert figures["Hash Stable"] is True
    assert figures["Chip Temp Max"] == max(
        board.chip_temperature for board in truth.boards
    )
    assert "Hardware Errors" not in figures
    assert [(row["ASC"], row["Slot"]) for row in boards] == [(0, 0), (1, 1), (2, 2)]
    for key in ("MHS av", "MHS 5s", "MHS 15m"):
        assert total(boards, key) == pytest.approx(cast("float", figures[key]))
    for row, board in zip(boards, truth.boards, strict=True):
        assert row["Status"] == "Alive"
        assert row["MHS 5s"] == pytest.approx(board.hashrate / 1e6)
        assert row["Temperature"] == board.board_temperature
        assert row["Chip Temp Max"] == board.chip_temperature
        assert row["Effective Chips"] == 148
        assert row["Upfreq Complete"] == 1
    assert len({row["PCB SN"] for row in boards}) == 3


async def test_flat_replies(clock: Clock) -> None:
    """Texts throughout; the power supply counts volts in hundredths."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        supply, info = await told(miner, "get_psu"), await told(miner, "get_miner_info")
        version, truth = await told(miner, "get_version"), miner.truth()
        status = await told(miner, "status")
    for reply in (supply, info, version, status):
        assert all(isinstance(value, str) for value in reply.values())
    volts, amperes = int(str(supply["vin"])) / 100, int(str(supply["iin"])) / 1000
    assert 220 < volts < 245
    assert volts * amperes == pytest.approx(truth.power, rel=0.001)
    assert int(str(supply["fan_speed"])) % 16 == 0 < int(str(supply["fan_speed"]))
    assert 30 < float(str(supply["temp0"])) < 60
    assert info["mac"] == truth.mac
    assert version["api_ver"] == "2.0.5"
    assert version["fw_ver"] == status["FirmwareVersion"] == "20230714.15.Rel"
    assert status["mineroff"] == "false"


async def test_pools(clock: Clock) -> None:
    """Counted from 1, without empty slots; shares' times are epochs."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        first, second = records(loads(await ask(miner.port, "pools")), "POOLS")
        truth = miner.truth()
        miner.condition(pool_dead=True)
        clock.advance(3600)
        dead, working = records(loads(await ask(miner.port, "pools")), "POOLS")
    assert (first["POOL"], second["POOL"]) == (1, 2)
    assert first["URL"] == truth.pools[0].url
    assert first["Accepted"] == truth.pools[0].accepted > 0
    assert (first["Status"], first["Stratum Active"]) == ("Alive", True)
    assert 0 <= START - cast("int", first["Last Share Time"]) < 300
    assert (second["Last Share Time"], second["Stratum Difficulty"]) == (0, 0)
    assert (dead["Status"], dead["Stratum Active"]) == ("Dead", False)
    assert (working["Status"], working["Stratum Active"]) == ("Alive", True)
    assert cast("int", working["Accepted"]) > 0
    assert dead["Accepted"] == first["Accepted"]


async def test_it_starts(clock: Clock) -> None:
    """No rate and no stable boards at first."""
    async with Farm([PROFILE], clock=clock, age=0) as farm:
        miner = farm.miners[0]
        seen = []
        for _ in range(3):
            boards, figures = await devs(miner), await summary(miner)
            seen.append(
                (
                    {row["Status"] for row in boards},
                    {row["Upfreq Complete"] for row in boards},
                    figures["Hash Stable"],
                    cast("float", figures["MHS 5s"]) > 0,
                )
            )
            clock.advance(60)
    assert seen == [
        ({"Initialising"}, {0}, False, False),
        ({"Alive"}, {0}, False, True),
        ({"Alive"}, {1}, True, True),
    ]


async def test_asleep(clock: Clock) -> None:
    """``status`` says it; the boards have no power and are still there."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.condition(sleep=True)
        clock.advance(600)
        figures, boards = await summary(miner), await devs(miner)
        status, supply = await told(miner, "status"), await told(miner, "get_psu")
    assert status["mineroff"] == "true"
    assert status["mineroff_reason"]
    assert (supply["enable"], supply["fan_speed"]) == ("0", "0")
    assert (figures["MHS 5s"], figures["HS RT"], figures["freq_avg"]) == (0, 0, 0)
    assert (figures["Power Rate"], figures["Fan Speed In"]) == (0, 0)
    assert 0 < cast("int", figures["Power"]) < 50
    assert cast("float", figures["MHS av"]) > 0
    assert [row["Status"] for row in boards] == ["Initialising"] * 3
    assert [row["Effective Chips"] for row in boards] == [0, 0, 0]
    assert total(boards, "MHS av") == pytest.approx(cast("float", figures["MHS av"]))


async def test_what_breaks(clock: Clock) -> None:
    """A missing board is no row, dying chips are missing, and heat stops it without a word."""
    async with Farm([PROFILE], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.condition(missing_board=0, dying_chips=20)
        boards = await devs(miner)
        details = records(loads(await ask(miner.port, "devdetails")), "DEVDETAILS")
        figures, truth = await summary(miner), miner.truth()
        miner.clear_conditions()
        miner.condition(over_temperature=True)
        clock.advance(300)
        hot, hot_boards = await summary(miner), await devs(miner)
        status = await told(miner, "status")
    assert [row["Slot"] for row in boards] == [1, 2]
    assert [row["Effective Chips"] for row in boards] == [148, 128]
    assert len(details) == 2
    assert figures["MHS 5s"] == pytest.approx(truth.hashrate / 1e6)
    assert cast("float", figures["Hash Deviation%"]) < -30
    assert hot["MHS 5s"] == 0
    assert cast("float", hot["Temperature"]) > 85
    assert [row["Effective Chips"] for row in hot_boards] == [0, 0, 0]
    assert status["mineroff"] == "false"
