"""Stock firmware of the S19 and later."""

from dataclasses import replace

import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import STATS_NEW, SUMMARY_NEW
from custom_components.antminer_monitor.antminer.firmware.x19 import (
    X19,
    is_unwell,
    tells_all,
)
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import (
    Board,
    Fan,
    Firmware,
    PowerSource,
    Rig,
    RigError,
    Status,
)
from tests.antminer.replies import (
    CONTEXT,
    SEEN,
    Record,
    error,
    new_stats,
    new_summary,
    pools,
    summary,
    x19,
)


def read(kind: str = "Antminer S19 Pro", /, **record: Json) -> Rig:
    """Read an S19 Pro whose stats differ in these."""
    return X19.parse(x19(kind, **record), CONTEXT)


def read_new(stats: Reply, **more: Reply) -> Rig:
    """Read a rig that answered ``stats`` in its new form."""
    replies = {"stats": stats, "summary": summary(), "pools": pools(), **more}
    return X19.parse(replies, CONTEXT)


def test_reads_an_s19() -> None:
    """Every figure of the classic form."""
    rig = read()
    assert rig == Rig(
        id="one",
        seen_at=SEEN,
        status=Status.RUNNING,
        manufacturer="Bitmain",
        model="Antminer S19 Pro",
        ip="192.0.2.7",
        firmware=Firmware(family="stock", version="Mon Feb 3 04:05:06 CST 2020"),
        algorithm="sha256d",
        rate_unit="GH/s",
        hashrate=109000.5e9,
        hashrate_average=108500.25e9,
        hashrate_nominal=110000e9,
        power=rig.power,
        power_source=PowerSource.ESTIMATED,
        boards=tuple(
            Board(
                index=slot,
                hashrate=(36000.5 + slot) * 1e9,
                board_temperature=60 + slot,
                chip_temperature=65 + slot,
                chips_expected=114,
                chips_working=114,
                chips_faulty=0,
                chip_map="o" * 114,
                frequency=520 + slot,
                hardware_errors=10 + slot,
            )
            for slot in (1, 2, 3)
        ),
        boards_expected=3,
        fans=tuple(Fan(index=n, speed=5040 + 60 * n) for n in (1, 2, 3, 4)),
        fans_expected=4,
        pools=rig.pools,
        shares=rig.shares,
        hardware_errors=44,
        best_share=987654,
        found_blocks=1,
    )
    assert rig.power == pytest.approx(3250 * 109000.5 / 110000)


def test_real_frost() -> None:
    """Negative temperatures between dashes are temperatures."""
    rig = read(temp_pcb1="-2--7--3--9", temp_chip1="3--2-2--4", temp1=-2, temp2_1=3)
    assert rig.boards[0].board_temperature == -2
    assert rig.boards[0].chip_temperature == 3


def test_sides_where_they_are_certain() -> None:
    """The first two sensors of an S19j Pro are at the inlet."""
    rig = read("Antminer S19j Pro", chips_working=0)
    assert rig.boards[0].inlet_temperature == 41
    assert rig.boards[0].outlet_temperature == 61
    assert read().boards[0].inlet_temperature is None


def test_missing_board() -> None:
    """Its keys are gone or 0; the owner sees which one it is."""
    record: Record = {
        "chain_acn1": 0,
        "chain_acs1": "",
        "chain_rate1": "",
        "temp_pcb1": "0-0-0-0",
        "temp_chip1": "0-0-0-0",
        "freq1": 0,
        "temp1": None,
        "temp2_1": None,
    }
    assert read(**record).boards[0] == Board(
        index=1, chips_expected=114, chips_working=0, chips_faulty=114
    )
    assert [b.index for b in read("Antminer S99", **record).boards] == [2, 3]


def test_no_board_at_all() -> None:
    """None of them can be told to be broken."""
    record: Record = {}
    for slot in (1, 2, 3):
        record |= {
            f"chain_acn{slot}": 0,
            f"chain_acs{slot}": "",
            f"chain_rate{slot}": "",
            f"temp_pcb{slot}": "0-0-0-0",
            f"temp_chip{slot}": "0-0-0-0",
            f"temp{slot}": 0,
            f"temp2_{slot}": 0,
        }
    assert read(**record).boards == ()


def test_asleep_on_old_firmware() -> None:
    """It does not say so: idle. Sensors are still read from where they are."""
    record: Record = {
        "GHS 5s": 0,
        "GHS av": 0,
        "temp1": 0,
        "temp2_1": 0,
        "temp_pcb1": "33-34-37-36",
        "chain_rate1": "0",
        "freq1": 0,
        "fan1": 0,
        "fan2": 0,
        "fan3": 0,
        "fan4": 0,
    }
    rig = read(**record)
    assert rig.status is Status.IDLE
    assert rig.hashrate == 0
    assert rig.power is None
    assert rig.boards[0].board_temperature == 37
    assert rig.boards[0].hashrate == 0
    assert rig.boards[0].frequency == 0
    assert [fan.speed for fan in rig.fans] == [0, 0, 0, 0]


def test_starting() -> None:
    """In its first minutes."""
    zero: Record = {"GHS 5s": 0, "GHS av": 0}
    rig = read(**zero, Elapsed=299, chain_acs1=" xxx")
    assert rig.status is Status.STARTING
    assert rig.boards[0].chips_faulty is None
    assert read(**zero, Elapsed=300).status is Status.IDLE


def test_water_cooled() -> None:
    """No fans, though four are reported."""
    still: Record = {f"fan{slot}": 0 for slot in range(1, 5)}
    rig = read("Antminer S21+ Hyd.", **still)
    assert rig.fans == ()
    assert rig.fans_expected == 0
    assert rig.boards[0].inlet_temperature == 41
    assert rig.boards[0].outlet_temperature == 61


def test_fans_of_an_unknown_model() -> None:
    """As many as it says it has, turning or not."""
    assert [f.speed for f in read("Antminer S99", fan2=0).fans] == [5100, 0, 5220, 5280]


@pytest.mark.parametrize("key", ["chain_power", "power", "Power", "watt"])
def test_reported_power(key: str) -> None:
    """Where some firmware of 2023 and later tells it."""
    rig = read(**{key: "3250 W"})
    assert (rig.power, rig.power_source) == (3250, PowerSource.REPORTED)


def test_power_of_port_6060() -> None:
    """Before an estimate."""
    rig = X19.parse(x19(), replace(CONTEXT, power=3333.0))
    assert (rig.power, rig.power_source) == (3333, PowerSource.REPORTED)


def test_scrypt() -> None:
    """MH/s of an L7, told or not."""
    for unit in ("MH", None):
        rig = read("Antminer L7", **{"GHS 5s": 9500.5, "rate_unit": unit})
        assert rig.rate_unit == "MH/s"
        assert rig.hashrate == pytest.approx(9500.5e6)


def test_reads_the_new_form() -> None:
    """Every figure of it; boards count from 1 as in the classic form."""
    rig = read_new(new_stats())
    assert rig == Rig(
        id="one",
        seen_at=SEEN,
        status=Status.RUNNING,
        manufacturer="Bitmain",
        model="Antminer S21",
        ip="192.0.2.7",
        firmware=Firmware(family="stock", version="Tue Mar 5 2024"),
        algorithm="sha256d",
        rate_unit="GH/s",
        hashrate=199000.5e9,
        hashrate_average=198500.25e9,
        hashrate_nominal=200000e9,
        power=rig.power,
        power_source=PowerSource.ESTIMATED,
        boards=tuple(
            Board(
                index=place + 1,
                hashrate=(66100.5 + place) * 1e9,
                hashrate_nominal=66000e9,
                board_temperature=max(66, 65 + place),
                chip_temperature=max(71, 70 + place),
                inlet_temperature=max(51, 50 + place),
                outlet_temperature=max(66, 65 + place),
                chips_expected=108,
                chips_working=108,
                chips_faulty=0,
                chip_map="o" * 108,
                frequency=480 + place,
                hardware_errors=place,
                serial=f"BOARD{place}",
            )
            for place in range(3)
        ),
        boards_expected=3,
        fans=tuple(Fan(index=n, speed=5970 + 30 * n) for n in (1, 2, 3, 4)),
        fans_expected=4,
        pools=rig.pools,
        shares=rig.shares,
        hardware_errors=44,
        best_share=987654,
        found_blocks=1,
        work_mode="normal",
    )
    assert rig.uptime == 9000


def test_new_form_without_a_summary() -> None:
    """Hardware errors are added up over the boards."""
    rig = X19.parse({"stats": new_stats()}, CONTEXT)
    assert rig.hardware_errors == 3


def test_sleep_in_the_new_form() -> None:
    """It says so; no chip is faulty for it."""
    rig = read_new(
        new_stats(
            changes={
                "miner-mode": 1,
                "rate_5s": 0,
                "chain": [{"index": 0, "asic_num": 108, "asic": " " + "x" * 108}],
            }
        )
    )
    assert rig.status is Status.SLEEPING
    assert rig.work_mode == "sleep"
    assert rig.boards[0].chips_working == 0
    assert rig.boards[0].chips_faulty is None
    assert not is_unwell(rig)


def test_missing_board_in_the_new_form() -> None:
    """Told by the table; nothing is told of an unknown model."""
    chain: list[Json] = [{"index": 1, "asic_num": 100, "asic": " " + "o" * 100}]
    chain.append({"index": 0, "asic_num": 0, "asic": ""})
    rig = read_new(new_stats(changes={"chain": chain}))
    assert [board.index for board in rig.boards] == [1, 2, 3]
    assert [board.chips_faulty for board in rig.boards] == [108, 8, 108]
    rig = read_new(new_stats("Antminer S99", {"chain": chain}))
    assert [board.index for board in rig.boards] == [2]


def test_new_form_without_maps() -> None:
    """The chips found count; against nothing if the model is unknown."""
    rig = read_new(new_stats(chips=100, marks=False))
    assert rig.boards[0].chips_working == 100
    assert rig.boards[0].chips_faulty == 8
    rig = read_new(new_stats("Antminer S99", chips=100, marks=False))
    assert rig.boards[0].chips_working == 100
    assert rig.boards[0].chips_faulty is None


def test_new_form_that_does_not_tell_all() -> None:
    """The classic one is read, and what does not change is taken from the new one."""
    assert tells_all(new_stats())
    assert not tells_all(new_stats(marks=False))
    assert not tells_all(error())
    assert not tells_all(x19()["stats"])
    assert not tells_all(None)
    rig = X19.parse(x19() | {STATS_NEW: new_stats(marks=False)}, CONTEXT)
    assert rig.hashrate == 109000.5e9
    assert [board.serial for board in rig.boards] == ["BOARD0", "BOARD1", "BOARD2"]
    assert [board.hashrate_nominal for board in rig.boards] == [66000e9] * 3
    assert rig.work_mode == "normal"


def test_sleep_that_the_new_form_told() -> None:
    """No other mode without a restart: it holds for the classic form too."""
    told = {STATS_NEW: new_stats(changes={"miner-mode": 1})}
    still: Record = {"GHS 5s": 0, "chain_acs1": " " + "x" * 114}
    rig = X19.parse(x19(**still) | told, CONTEXT)
    assert (rig.status, rig.work_mode) == (Status.SLEEPING, "sleep")
    assert rig.boards[0].chips_faulty is None
    assert X19.parse(x19() | told, CONTEXT).status is Status.RUNNING


def test_problems() -> None:
    """What the rig's own page shows in red, in its words."""
    replies = x19() | {SUMMARY_NEW: new_summary(fans="fan lost", temp="")}
    rig = X19.parse(replies, CONTEXT)
    assert rig.status is Status.FAULT
    assert rig.errors == (
        RigError(code="fans", message="fan lost"),
        RigError(code="temp"),
    )
    assert X19.parse(x19() | {SUMMARY_NEW: new_summary()}, CONTEXT).errors == ()
    assert X19.parse(x19() | {SUMMARY_NEW: error()}, CONTEXT).errors == ()


def test_code_of_a_problem() -> None:
    """Part of its name where there is one."""
    entry: Record = {"type": "rate", "status": "e", "code": 12, "msg": "low"}
    reply: Reply = {"STATUS": {"STATUS": "S"}, "SUMMARY": [{"status": [entry, {}, 5]}]}
    rig = X19.parse(x19() | {SUMMARY_NEW: reply}, CONTEXT)
    assert rig.errors == (RigError(code="rate 12", message="low"),)


def test_unwell() -> None:
    """Under 80 per cent of what it should do, or nothing at all."""
    assert not is_unwell(read())
    assert is_unwell(read(**{"GHS 5s": 87999.0}))
    assert not is_unwell(read(**{"GHS 5s": 88001.0}))
    assert is_unwell(read(**{"GHS 5s": 0}))
    assert not is_unwell(read(**{"GHS 5s": 1.0, "total_rateideal": 0}))
    assert not is_unwell(read(**{"GHS 5s": 0, "Elapsed": 20}))
    assert not is_unwell(read(**{"GHS 5s": None, "GHS av": None}))
