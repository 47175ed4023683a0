"""VNish."""

import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import Fingerprint, recognise
from custom_components.antminer_monitor.antminer.firmware.vnish import VNISH
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import (
    Fan,
    Firmware,
    PowerSource,
    Rig,
    RigError,
    Status,
)
from tests.antminer.replies import (
    CONTEXT,
    Record,
    classic,
    error,
    header,
    pool,
    pools,
    s9_record,
    stats,
    summary,
)


def record(**changes: Json) -> Record:
    """Make the figures of an S19 XP with VNish 1.2."""
    found: Record = {
        "ID": "BTM_S19XP",
        "Elapsed": 3000,
        "GHS 5s": "139000.5",
        "GHS av": 138000.0,
        "frequency": 500,
        "total_rateideal": 140000.0,
        "state": "mining",
        "fan_num": 4,
        "fan_pwm": 30,
        "build_version": "1.2.5",
    }
    for slot in range(1, 5):
        found[f"fan{slot}"] = 2000 + slot
    for slot in range(1, 4):
        found |= {
            f"temp{slot}": 58,
            f"temp2_{slot}": 73,
            f"temp_pcb{slot}": "36-58",
            f"temp_chip{slot}": "51-73",
            f"chain_acn{slot}": 110,
            f"chain_vol{slot}": 12600,
            f"freq_avg{slot}": 490.5,
            f"chain_rateideal{slot}": 46666.0,
            f"chain_rate{slot}": 46000.5,
            f"chain_hw{slot}": slot,
            f"chain_acs{slot}": "o" * 109 + "x",
            f"chain_consumption{slot}": 900,
        }
    return found | changes


def read(**changes: Json) -> Rig:
    """Read it."""
    replies: dict[str, Reply] = {
        "version": error(code=0, by="cgminer 4.11.1"),
        "stats": stats(
            header("Antminer S19 XP (Vnish 1.2.5)"), record(**changes), "cgminer 4.11.1"
        ),
        "summary": summary(),
        "pools": pools(pool(0, Type=0), pool(1, URL="DevFee", Type=1)),
    }
    dialect = recognise(Fingerprint(replies["version"], replies["stats"]))
    assert dialect is VNISH
    return dialect.parse(replies, CONTEXT)


def test_reads_it() -> None:
    """What stock firmware tells, and state, watts, volts and the fans' duty."""
    rig = read()
    assert rig.status is Status.RUNNING
    assert rig.model == "Antminer S19 XP"
    assert rig.firmware == Firmware(family="vnish", version="1.2.5")
    assert rig.hashrate == pytest.approx(139000.5e9)
    assert rig.hashrate_nominal == pytest.approx(140000e9)
    assert (rig.power, rig.power_source) == (2700, PowerSource.REPORTED)
    board = rig.boards[1]
    assert board.index == 2
    assert board.hashrate == pytest.approx(46000.5e9)
    assert board.hashrate_nominal == pytest.approx(46666e9)
    assert (board.board_temperature, board.chip_temperature) == (58, 73)
    assert (board.inlet_temperature, board.outlet_temperature) == (None, None)
    assert (board.chips_expected, board.chips_working, board.chips_faulty) == (
        110,
        109,
        1,
    )
    assert (board.frequency, board.voltage, board.power) == (490.5, 12.6, 900)
    assert board.hardware_errors == 2
    assert rig.fans[0] == Fan(index=1, speed=2001, duty=30)
    assert [pool.index for pool in rig.pools] == [0]
    assert rig.fan_mode is None


def test_supply_without_a_meter() -> None:
    """0 W is not what it draws."""
    rig = read(chain_consumption1=0, chain_consumption2=0, chain_consumption3=0)
    assert rig.power_source is PowerSource.ESTIMATED
    assert rig.boards[0].power is None


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("initializing", Status.STARTING),
        ("starting", Status.STARTING),
        ("auto-tuning", Status.STARTING),
        ("restarting", Status.STARTING),
        ("stopped", Status.SLEEPING),
        ("shutting-down", Status.SLEEPING),
        ("failure", Status.FAULT),
        ("mining", Status.IDLE),
        ("odd", Status.IDLE),
    ],
)
def test_states_without_hashing(state: str, status: Status) -> None:
    """In its own words."""
    rig = read(**{"state": state, "GHS 5s": "0.00"})
    assert rig.status is status
    assert rig.errors == ((RigError(code="failure"),) if state == "failure" else ())
    resting = status in (Status.STARTING, Status.SLEEPING)
    assert rig.boards[0].chips_faulty == (None if resting else 1)


def test_tuning_while_it_hashes() -> None:
    """Then it runs."""
    assert read(state="auto-tuning").status is Status.RUNNING
    assert read(state="failure").status is Status.FAULT


def test_old_one_on_an_s9() -> None:
    """Hundredths of a volt, and automatic fans."""
    kind = "Antminer S9 (vnish 3.9.0)"
    replies = classic() | {
        "stats": stats(
            header(kind),
            s9_record(chain_vol6=890, chain_consumption6=480, manual_fan_mode=False),
        )
    }
    assert recognise(Fingerprint(None, replies["stats"])) is VNISH
    rig = VNISH.parse(replies, CONTEXT)
    assert rig.firmware == Firmware(family="vnish", version="3.9.0")
    assert rig.boards[0].voltage == 8.9
    assert rig.power == 480
    assert rig.fan_mode == "auto"
    assert [fan.index for fan in rig.fans] == [3, 6]


def test_version_may_be_missing() -> None:
    """Named without one, or known by its build alone."""
    kind = "Antminer S9 (vnish)"
    rig = VNISH.parse({"stats": stats(header(kind), s9_record())}, CONTEXT)
    assert rig.firmware == Firmware(family="vnish")
    plain = stats(header("Antminer S17+"), s9_record(build_version="2.0.3"))
    assert recognise(Fingerprint(None, plain)) is VNISH
    manual = s9_record(manual_fan_mode=True)
    assert (
        VNISH.parse({"stats": stats(header(kind), manual)}, CONTEXT).fan_mode
        == "manual"
    )
