"""Stock firmware in its classic form, and Hiveon."""

from dataclasses import replace

import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware.stock import CLASSIC, HIVEON
from custom_components.antminer_monitor.antminer.web import WebConfiguration, WebInfo
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import (
    Board,
    Fan,
    Firmware,
    PowerSource,
    Rig,
    Shares,
    Status,
)
from custom_components.antminer_monitor.source import InvalidReplyError
from tests.antminer.replies import (
    CONTEXT,
    SEEN,
    Record,
    classic,
    error,
    header,
    pools,
    s9_record,
    stats,
    version,
)


def read(**record: Json) -> Rig:
    """Read an S9 whose stats differ in these."""
    return CLASSIC.parse(classic(**record), CONTEXT)


def read_as(kind: str, record: Record) -> Rig:
    """Read a rig of which there are stats and pools only."""
    replies = {"stats": stats(header(kind), record), "pools": pools()}
    return CLASSIC.parse(replies, CONTEXT)


def test_reads_an_s9() -> None:
    """Every figure that an S9 tells."""
    replies = classic()
    rig = CLASSIC.parse(replies, CONTEXT)
    assert rig == Rig(
        id="one",
        seen_at=SEEN,
        status=Status.RUNNING,
        manufacturer="Bitmain",
        model="Antminer S9",
        ip="192.0.2.7",
        firmware=Firmware(family="stock", version="Mon Feb 3 04:05:06 CST 2020"),
        algorithm="sha256d",
        rate_unit="GH/s",
        hashrate=13500.5e9,
        hashrate_average=13400.25e9,
        hashrate_nominal=13600e9,
        power=rig.power,
        power_source=PowerSource.ESTIMATED,
        boards=tuple(
            Board(
                index=slot,
                hashrate=(4500 + slot) * 1e9,
                hashrate_nominal=4533e9,
                board_temperature=60 + slot,
                chip_temperature=70 + slot,
                chips_expected=63,
                chips_working=63,
                chips_faulty=0,
                chip_map="o" * 63,
                frequency=640 + slot,
                hardware_errors=slot,
            )
            for slot in (6, 7, 8)
        ),
        boards_expected=3,
        fans=(Fan(index=3, speed=5400), Fan(index=6, speed=5520)),
        fans_expected=2,
        pools=rig.pools,
        shares=Shares(accepted=321, rejected=4, stale=2),
        hardware_errors=44,
        best_share=987654,
        found_blocks=1,
    )
    assert rig.power == pytest.approx(1323, rel=0.01)
    assert len(rig.pools) == 2
    assert rig.uptime == 5000
    assert rig.raw == replies


def test_dead_sensors_are_none() -> None:
    """0, and what is below it."""
    rig = read(temp7=0, temp2_7=-83)
    assert rig.boards[1].board_temperature is None
    assert rig.boards[1].chip_temperature is None


def test_failing_chips_are_counted() -> None:
    """Against the table, so that chips not found at all count too."""
    rig = read(chain_acs7=" oooxx ooo-o", chain_acn7=10)
    assert rig.boards[1].chip_map == "oooxxooo-o"
    assert rig.boards[1].chips_working == 7
    assert rig.boards[1].chips_faulty == 63 - 7


def test_unknown_model_shows_what_it_sends() -> None:
    """Chips are counted against the map; nothing is expected, nothing estimated."""
    rig = read_as("Antminer S99", s9_record(chain_acs7=" oooxx", chain_acn7=5))
    assert rig.model == "Antminer S99"
    assert rig.algorithm == "sha256d"
    assert rig.hashrate == 13500.5e9
    assert (rig.boards_expected, rig.fans_expected, rig.power) == (None, None, None)
    assert [board.index for board in rig.boards] == [6, 7, 8]
    assert rig.boards[1].chips_expected is None
    assert rig.boards[1].chips_working == 3
    assert rig.boards[1].chips_faulty == 2


def test_lost_board_of_an_s9_is_not_guessed() -> None:
    """Boards may be in any slot: fewer of them are there than expected, that is all."""
    rig = read(
        chain_acn7=0, chain_acs7="", chain_rate7="", temp7=0, temp2_7=0, freq_avg7=0.0
    )
    assert [board.index for board in rig.boards] == [6, 8]
    assert rig.boards_expected == 3


def test_stopped_fan_that_turned_before_is_shown() -> None:
    """And one that never did is an empty slot."""
    replies = classic(fan6=0)
    assert CLASSIC.parse(replies, CONTEXT).fans == (Fan(index=3, speed=5400),)
    context = replace(CONTEXT, fan_slots=frozenset({3, 6}))
    assert CLASSIC.parse(replies, context).fans == (
        Fan(index=3, speed=5400),
        Fan(index=6, speed=0),
    )


def test_counts_without_a_summary() -> None:
    """Shares come from the pools then, hardware errors from the stats."""
    replies = classic()
    replies["summary"] = error()
    rig = CLASSIC.parse(replies, CONTEXT)
    assert rig.shares == Shares(accepted=21, rejected=2, stale=0)
    assert rig.hardware_errors == 12
    assert rig.best_share == 101
    assert rig.found_blocks is None


def test_no_pools() -> None:
    """A failed reply leaves its fields empty."""
    replies = classic()
    del replies["pools"]
    assert CLASSIC.parse(replies, CONTEXT).pools == ()


def test_starting() -> None:
    """Not hashing yet; what is not tried is not faulty."""
    zero: Record = {"GHS 5s": "", "GHS av": 0.0}
    rig = read(**zero, Elapsed=40, chain_acs7=" ooo-----", chain_acs8="")
    assert rig.status is Status.STARTING
    assert rig.hashrate is None
    assert rig.boards[1].chips_working == 3
    assert rig.boards[1].chips_faulty is None
    assert rig.boards[2].chips_working is None
    assert rig.power is None


def test_idle() -> None:
    """Nobody says why."""
    zero: Record = {"GHS 5s": "0.00", "GHS av": 0.0}
    assert read(**zero).status is Status.IDLE


def test_all_chips_failing() -> None:
    """A fault after it hashed; before that it may as well be asleep."""
    dead: Record = {f"chain_acs{slot}": " " + "x" * 63 for slot in (6, 7, 8)}
    assert read(**dead | {"GHS 5s": "0.00"}).status is Status.FAULT
    assert read(**dead | {"GHS 5s": "0.00", "GHS av": 0.0}).status is Status.IDLE
    assert read(**dead | {"GHS 5s": "1.00"}).status is Status.RUNNING


def s17_record(**changes: Json) -> Record:
    """Make the figures of an S17: no averages, four sensors a board."""
    record: Record = {
        "ID": "BTM_SOC0",
        "Elapsed": 4000,
        "GHS 5s": "52000.10",
        "GHS av": 51000.0,
        "Mode": 1,
        "frequency": "",
        "fan_num": 4,
        "total_rateideal": 53000.0,
        "rate_unit": "GH",
    }
    for slot in range(1, 17):
        there = slot < 4
        record |= {
            f"fan{slot}": 3000 + slot if slot < 5 else 0,
            f"temp{slot}": 50 if there else 0,
            f"temp2_{slot}": 75 if there else 0,
            f"temp3_{slot}": 75 if there else 0,
            f"temp_pcb{slot}": "20-53-21-50" if there else "0-0-0-0",
            f"temp_chip{slot}": "48-80-49-70" if there else "0-0-0-0",
            f"chain_rateideal{slot}": 0.0,
            f"chain_acn{slot}": 48 if there else 0,
            f"chain_acs{slot}": " " + "o" * 48 if there else "",
            f"chain_hw{slot}": 0,
            f"chain_rate{slot}": "17000.5" if there else "",
            f"freq{slot}": 560 + slot if there else 0,
        }
    return record | changes


def test_reads_an_s17() -> None:
    """The hottest of all sensors, the frequency of each board, four fans."""
    rig = read_as("Antminer S17", s17_record(fan2=0))
    assert [board.index for board in rig.boards] == [1, 2, 3]
    assert rig.boards[0].board_temperature == 53
    assert rig.boards[0].chip_temperature == 80
    assert rig.boards[0].inlet_temperature is None
    assert rig.boards[0].frequency == 561
    assert rig.boards[0].hashrate_nominal is None
    assert [fan.speed for fan in rig.fans] == [3001, 0, 3003, 3004]
    assert rig.work_mode is None


def test_missing_board_of_an_s17() -> None:
    """Its slots have an order: the board of the second one is gone."""
    gone: Record = {
        "chain_acn2": 0,
        "chain_acs2": "",
        "chain_rate2": "",
        "temp2": 0,
        "temp2_2": 0,
        "temp3_2": 0,
        "temp_pcb2": "-",
        "temp_chip2": "-",
        "freq2": 0,
    }
    rig = read_as("Antminer S17", s17_record(**gone))
    assert rig.boards[1] == Board(
        index=2, chips_expected=48, chips_working=0, chips_faulty=48
    )
    rig = read_as("Antminer S99", s17_record(**gone))
    assert [board.index for board in rig.boards] == [1, 3]


def test_sleeping_s17() -> None:
    """It says so; all figures are 0, and no board can be told from none."""
    zero: Record = {
        key: "" if isinstance(value, str) else 0 for key, value in s17_record().items()
    }
    rig = read_as(
        "Antminer S17+", zero | {"Mode": 254, "Elapsed": 50, "GHS 5s": "0.00"}
    )
    assert rig.status is Status.SLEEPING
    assert rig.work_mode == "sleep"
    assert rig.hashrate == 0
    assert rig.boards == ()
    assert [fan.speed for fan in rig.fans] == [0, 0, 0, 0]


def test_voltage_of_a_t15() -> None:
    """One for the rig, so one for each board."""
    rig = read_as("Antminer T15", s17_record(Voltage="9.90", fan_num=2))
    assert {board.voltage for board in rig.boards} == {9.9}


def l3_record(**changes: Json) -> Record:
    """Make the figures of an L3+: MH/s that are called GHS, sensors 2 and 4 of the chips."""
    record: Record = {
        "ID": "L30",
        "Elapsed": 9000,
        "GHS 5s": "500.50",
        "GHS av": 499.0,
        "frequency": "380",
        "fan_num": 2,
        "fan1": 3000,
        "fan2": 0,
    }
    for slot in range(1, 5):
        record |= {
            f"temp{slot}": 40 + slot,
            f"temp2_{slot}": 50 + slot,
            f"temp3{slot}": 45,
            f"temp4_{slot}": 55,
            f"chain_acn{slot}": 72,
            f"chain_acs{slot}": " " + "o" * 72,
            f"chain_hw{slot}": 0,
            f"chain_rate{slot}": "125.10",
        }
    return record | changes


def test_reads_an_l3() -> None:
    """In MH/s; both fans, because it has no more slots than fans."""
    rig = read_as("Antminer L3+", l3_record())
    assert rig.algorithm == "scrypt"
    assert rig.rate_unit == "MH/s"
    assert rig.hashrate == pytest.approx(500.5e6)
    assert rig.power == pytest.approx(800 * 500.5 / 504)
    assert [board.hashrate for board in rig.boards] == [125.1e6] * 4
    assert [board.board_temperature for board in rig.boards] == [45, 45, 45, 45]
    assert [board.chip_temperature for board in rig.boards] == [55, 55, 55, 55]
    assert [board.frequency for board in rig.boards] == [380] * 4
    assert rig.fans == (Fan(index=1, speed=3000), Fan(index=2, speed=0))
    assert rig.hashrate_nominal is None


def test_reads_an_e3() -> None:
    """Nine boards of two chips at odd places."""
    record: Record = {
        "ID": "BTM0",
        "Elapsed": 500,
        "GHS 5s": "190.10",
        "frequency": "1600M",
        "fan_num": 2,
        "fan5": 3600,
        "fan6": 3720,
    }
    for slot in (1, 8, 9, 2, 10, 11, 3, 12, 13):
        record |= {
            f"temp{slot}": 49,
            f"temp2_{slot}": 63,
            f"temp3_{slot}": 51,
            f"temp4_{slot}": 59,
            f"chain_acs{slot}": "o-",
            f"chain_acn{slot}": 2,
            f"chain_rate{slot}": "21.00",
        }
    rig = read_as("Antminer E3", record)
    assert rig.algorithm == "ethash"
    assert rig.hashrate == pytest.approx(190.1e6)
    assert [board.index for board in rig.boards] == [1, 2, 3, 8, 9, 10, 11, 12, 13]
    assert rig.boards[0].board_temperature == 51
    assert rig.boards[0].chip_temperature == 63
    assert rig.boards[0].frequency == 1600
    assert rig.boards[0].chips_working == 1
    assert rig.boards[0].chips_faulty == 1
    assert [fan.index for fan in rig.fans] == [5, 6]


def test_reads_a_z11() -> None:
    """Third-party firmware counts solutions for the rig and thousands for the boards."""
    record: Record = {
        "ID": "ZCASH0",
        "Elapsed": 500,
        "GHS 5s": "140000.50",
        "GHS av": 139999.0,
        "frequency1": 700,
        "chain_acn1": 3,
        "chain_acs1": " ooo",
        "chain_rate1": "47.50",
        "temp1": 60,
    }
    rig = read_as("Antminer Z11 Chipless", record)
    assert rig.firmware == Firmware(
        family="chipless", version="Mon Feb 3 04:05:06 CST 2020"
    )
    assert rig.rate_unit == "kSol/s"
    assert rig.hashrate == pytest.approx(140000.5)
    assert rig.boards[0].hashrate == pytest.approx(47500)
    assert rig.boards[0].frequency == 700
    own = read_as("Antminer Z11", record | {"GHS 5s": "140.5", "GHS av": 139.0})
    assert own.hashrate == pytest.approx(140500)
    assert own.hashrate_average == pytest.approx(139000)


def test_one_object_for_header_and_figures() -> None:
    """As asicseer sends it; it names itself in the version."""
    record = s9_record() | {"Type": "Antminer S9", "CompileTime": "then"}
    replies: dict[str, Reply] = {
        "version": version("bmminer 2.4.0-asicseer-1.1", BMMiner="2.4.0-asicseer-1.1"),
        "stats": {"STATUS": [{"STATUS": "S"}], "STATS": [record]},
    }
    rig = CLASSIC.parse(replies, CONTEXT)
    assert rig.firmware == Firmware(family="asicseer", version="then")
    assert rig.model == "Antminer S9"
    assert len(rig.boards) == 3


def test_board_without_counts() -> None:
    """A rate alone is a board too; with nothing found its chips are all missing."""
    rig = read_as("Antminer S9", {"GHS 5s": "1.0", "chain_rate1": "0.00"})
    assert rig.boards == (Board(index=1, hashrate=0, chips_expected=63),)
    rig = read_as(
        "Antminer S9",
        {"chain_acn1": 0, "chain_acs1": "", "chain_rate1": "", "temp1": 50},
    )
    assert rig.boards[0].chips_working == 0
    assert rig.boards[0].chips_faulty == 63
    rig = read_as("Antminer S9", {"chain_acn1": 60, "temp1": 50})
    assert (rig.boards[0].chips_working, rig.boards[0].chips_faulty) == (60, 3)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        error(),
        {},
        {"STATS": []},
        {"STATS": "none"},
        {"STATS": [{"Type": "Antminer S9"}, {"MM ID0": "Ver[1]"}]},
    ],
)
def test_no_stats(reply: Reply | None) -> None:
    """A read cannot do without."""
    replies = classic()
    if reply is None:
        del replies["stats"]
    else:
        replies["stats"] = reply
    with pytest.raises(InvalidReplyError):
        CLASSIC.parse(replies, CONTEXT)


def test_web_interface_adds() -> None:
    """Name, MAC, serial number, version, modes; what the API tells comes first."""
    context = replace(
        CONTEXT,
        info=WebInfo(
            mac="02:00:00:00:00:01",
            hostname="rig-7",
            serial="SN1",
            model="Antminer S9i",
            firmware_version="Tue  Mar 3 2020",
        ),
        configuration=WebConfiguration(work_mode="0", fan_mode="manual", fan_duty=40),
        mac="02:00:00:00:00:99",
    )
    rig = CLASSIC.parse(classic(), context)
    assert (rig.name, rig.serial, rig.mac) == ("rig-7", "SN1", "02:00:00:00:00:01")
    assert rig.model == "Antminer S9"
    assert rig.firmware == Firmware(family="stock", version="Tue Mar 3 2020")
    assert (rig.work_mode, rig.fan_mode) == ("normal", "manual")
    assert [fan.duty for fan in rig.fans] == [40, 40]


def test_told_to_sleep() -> None:
    """By the web's word, and only while it does not hash."""
    context = replace(CONTEXT, configuration=WebConfiguration(work_mode="1"))
    asleep = CLASSIC.parse(classic(**{"GHS 5s": "0.00"}), context)
    assert (asleep.status, asleep.work_mode) == (Status.SLEEPING, "sleep")
    assert CLASSIC.parse(classic(), context).status is Status.RUNNING


@pytest.mark.parametrize(
    ("given", "mac"),
    [
        ("02-AB-00-00-00-01", "02:ab:00:00:00:01"),
        ("02AB00000001", "02:ab:00:00:00:01"),
        ("00:00:00:00:00:00", None),
        ("router", None),
        (None, None),
    ],
)
def test_mac_from_elsewhere(given: str | None, mac: str | None) -> None:
    """Any spelling becomes one, and what is none is left out."""
    assert CLASSIC.parse(classic(), replace(CONTEXT, mac=given)).mac == mac


def test_host_name_is_no_address() -> None:
    """``ip`` is an IP address."""
    assert CLASSIC.parse(classic(), replace(CONTEXT, host="rig.local")).ip is None


def test_hiveon_tells_watts() -> None:
    """Of each board, and their sum."""
    replies = classic(
        chain_power6=440.5, chain_power7=441.0, chain_power8=442.5, chain_power1=0.0
    )
    rig = HIVEON.parse(replies, CONTEXT)
    assert rig.firmware is not None
    assert rig.firmware.family == "hiveon"
    assert rig.power == 1324
    assert rig.power_source is PowerSource.REPORTED
    assert [board.power for board in rig.boards] == [440.5, 441, 442.5]


def test_hiveon_total_alone() -> None:
    """With its letters."""
    assert HIVEON.parse(classic(chain_power="1300.00 (AB)"), CONTEXT).power == 1300


@pytest.mark.parametrize("watts", [11.5, 2000.0])
def test_hiveon_nonsense(watts: float) -> None:
    """Out of the range of any S9: estimated in its place."""
    replies = classic(chain_power6=watts, chain_power7=watts, chain_power8=watts)
    rig = HIVEON.parse(replies, CONTEXT)
    assert rig.power_source is PowerSource.ESTIMATED
    assert [board.power for board in rig.boards] == [None, None, None]


def test_modes_of_an_s17() -> None:
    """Mode 1 is one of its ways to mine; only from the S19 on it is sleep."""
    record = s17_record(**{"GHS 5s": "0.00"})
    replies = {"stats": stats(header("Antminer S17 Pro"), record), "pools": pools()}
    context = replace(CONTEXT, configuration=WebConfiguration(work_mode="1"))
    rig = CLASSIC.parse(replies, context)
    assert rig.status is not Status.SLEEPING
    assert rig.work_mode == "1"
    context = replace(CONTEXT, configuration=WebConfiguration(work_mode="254"))
    rig = CLASSIC.parse(replies, context)
    assert (rig.status, rig.work_mode) == (Status.SLEEPING, "sleep")
