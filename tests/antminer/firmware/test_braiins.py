"""Braiins OS."""

import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import Fingerprint, recognise
from custom_components.antminer_monitor.antminer.firmware.braiins import (
    BRAIINS,
    BRAIINS_2019,
)
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import (
    Board,
    Fan,
    Firmware,
    PowerSource,
    Status,
)
from custom_components.antminer_monitor.source import InvalidReplyError
from tests.antminer.replies import (
    CONTEXT,
    NOW,
    Record,
    error,
    pool,
    pools,
    rows,
    s9_record,
    stats,
    summary,
    version,
)

BY = "BOSminer+ 0.9.0-abcdef12"


def tuner(status: str = "Stable", **changes: Json) -> Reply:
    """Make a ``tunerstatus`` of three boards."""
    row: Record = {
        "ApproximateMinerPowerConsumption": 2900,
        "PowerLimit": 3000,
        "TunerChainStatus": [
            {
                "HashchainIndex": board,
                "Status": status,
                "ApproximatePowerConsumptionWatt": 950 + board,
            }
            for board in (1, 2, 3)
        ],
    }
    return rows("TUNERSTATUS", row | changes, description=BY)


def replies(**changes: Json) -> dict[str, Reply]:
    """Make all replies of an S19 Pro; changes are of the summary."""
    row: Record = {"MHS 5s": 99_000_000.5, "MHS av": 98_000_000.25}
    return {
        "version": version(BY, **{"BOSminer+": "0.9.0-abcdef12"}),
        "summary": summary(**(row | changes)),
        "pools": pools(pool(0, **{"Last Share Time": NOW - 9})),
        "devs": rows(
            "DEVS",
            *(
                {
                    "ASC": board - 1,
                    "ID": board,
                    "MHS 5s": 33_000_000.0 + board,
                    "Nominal MHS": 33_300_000.0,
                    "Hardware Errors": board,
                }
                for board in (1, 2, 3)
            ),
        ),
        "temps": rows(
            "TEMPS",
            *(
                {"ID": board, "Board": 60.5, "Chip": 70.0 + board}
                for board in (1, 2, 3)
            ),
        ),
        "fans": rows(
            "FANS",
            *(
                {"FAN": n, "ID": n, "RPM": 3000 * (n != 2), "Speed": 55}
                for n in range(4)
            ),
        ),
        "tunerstatus": tuner(),
        "devdetails": rows(
            "DEVDETAILS",
            *(
                {
                    "ID": board,
                    "Model": "Antminer S19 Pro",
                    "Chips": 114 - board,
                    "Frequency": 545_000_000,
                    "Voltage": 13.5,
                }
                for board in (1, 2, 3)
            ),
        ),
    }


def test_reads_it() -> None:
    """Put together from its seven commands."""
    told = replies()
    dialect = recognise(Fingerprint(told["version"], error(by=BY)))
    assert dialect is BRAIINS
    assert set(dialect.commands) == set(told) - {"version"}
    rig = dialect.parse(told, CONTEXT)
    assert rig.status is Status.RUNNING
    assert rig.model == "Antminer S19 Pro"
    assert rig.manufacturer == "Bitmain"
    assert rig.firmware == Firmware(family="braiins", version="0.9.0-abcdef12")
    assert (rig.algorithm, rig.rate_unit) == ("sha256d", "MH/s")
    assert rig.hashrate == pytest.approx(99_000_000.5e6)
    assert rig.hashrate_average == pytest.approx(98_000_000.25e6)
    assert rig.hashrate_nominal == pytest.approx(99_900_000e6)
    assert (rig.power, rig.power_source) == (2900, PowerSource.REPORTED)
    assert rig.work_mode == "3000 W"
    assert rig.boards[2] == Board(
        index=3,
        hashrate=33_000_003e6,
        hashrate_nominal=33_300_000e6,
        board_temperature=60.5,
        chip_temperature=73,
        chips_expected=114,
        chips_working=111,
        chips_faulty=3,
        frequency=545,
        voltage=13.5,
        power=953,
        hardware_errors=3,
    )
    assert [fan.speed for fan in rig.fans] == [3000, 3000, 0, 3000]
    assert rig.fans[0] == Fan(index=0, speed=3000, duty=55)
    assert rig.pools[0].last_share_age == 9
    assert rig.uptime == 5001


def test_names_of_versions() -> None:
    """The last word, after the name of the build."""
    told = replies() | {
        "version": version("BOSer boser-x 0.1.0-0", BOSer="boser-x 0.1.0-0")
    }
    assert recognise(Fingerprint(told["version"], None)) is BRAIINS
    rig = BRAIINS.parse(told, CONTEXT)
    assert rig.firmware == Firmware(family="braiins", version="0.1.0-0")
    del told["version"]
    assert BRAIINS.parse(told, CONTEXT).firmware == Firmware(family="braiins")


def test_s9_is_known_by_its_program() -> None:
    """And only the slots in which a fan turns are fans."""
    told: dict[str, Reply] = {
        "summary": summary(**{"MHS 5s": 1.0}),
        "temps": rows(
            "TEMPS",
            {"ID": 6, "Board": 70.0, "Chip": 0.0},
            description="BOSminer bosminer-am1-s9 0.4.0-1",
        ),
        "fans": rows("FANS", *({"ID": n, "RPM": 4000 * (n < 1)} for n in range(4))),
    }
    rig = BRAIINS.parse(told, CONTEXT)
    assert rig.model == "Antminer S9"
    assert rig.boards == (Board(index=6, board_temperature=70, chips_expected=63),)
    assert rig.fans == (Fan(index=0, speed=4000),)
    assert rig.hashrate_nominal is None


def test_unknown_model() -> None:
    """Shows what it sends."""
    told = replies()
    del told["devdetails"]
    rig = BRAIINS.parse(told, CONTEXT)
    assert (rig.model, rig.manufacturer) == (None, None)
    assert len(rig.boards) == 3
    assert rig.boards[0].chips_working is None
    assert [fan.index for fan in rig.fans] == [0, 1, 3]


def test_paused() -> None:
    """Every board says so."""
    told = replies(**{"MHS 5s": 0.0}) | {"tunerstatus": tuner("Tuner paused")}
    assert BRAIINS.parse(told, CONTEXT).status is Status.SLEEPING
    for other in (tuner("Stable"), tuner(TunerChainStatus=[]), error(by=BY)):
        rig = BRAIINS.parse(told | {"tunerstatus": other}, CONTEXT)
        assert rig.status is Status.IDLE


def test_not_ready() -> None:
    """Right after a start: what does answer is there."""
    told = replies() | {
        name: error("Not ready", by=BY) for name in ("summary", "temps", "tunerstatus")
    }
    rig = BRAIINS.parse(told, CONTEXT)
    assert rig.status is Status.STARTING
    assert (rig.hashrate, rig.power, rig.uptime) == (None, None, None)
    assert rig.boards[0].board_temperature is None
    assert rig.boards[0].hashrate_nominal == pytest.approx(33_300_000e6)
    assert len(rig.pools) == 1


def test_no_summary() -> None:
    """A read cannot do without."""
    empty: Reply = {"SUMMARY": []}
    for reply in (error(by=BY), empty):
        with pytest.raises(InvalidReplyError):
            BRAIINS.parse(replies() | {"summary": reply}, CONTEXT)
    told = replies()
    del told["summary"]
    with pytest.raises(InvalidReplyError):
        BRAIINS.parse(told, CONTEXT)


def test_partly_known_nominal_rate() -> None:
    """A sum over some of the boards is none of the rig."""
    told = replies()
    told["devs"] = rows("DEVS", {"ID": 1, "Nominal MHS": 5.0}, {"ID": 2})
    assert BRAIINS.parse(told, CONTEXT).hashrate_nominal is None


def test_bmminer_of_2019() -> None:
    """Speaks as stock firmware did, with volts."""
    by = "bmminer bOS_am1-s9-20190202-0_aabbccdd"
    told: dict[str, Reply] = {
        "version": version(by, BMMiner="bOS_am1-s9-20190202-0_aabbccdd"),
        "stats": stats({"BMMiner": "2.0.0"}, s9_record(voltage6=8.8), by),
    }
    assert recognise(Fingerprint(told["version"], told["stats"])) is BRAIINS_2019
    rig = BRAIINS_2019.parse(told, CONTEXT)
    assert rig.firmware == Firmware(
        family="braiins", version="am1-s9-20190202-0_aabbccdd"
    )
    assert rig.model == "Antminer S9"
    assert rig.boards[0].voltage == 8.8
