"""LuxOS."""

import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import Fingerprint, recognise
from custom_components.antminer_monitor.antminer.firmware.luxos import LUXOS
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import (
    Board,
    Fan,
    Firmware,
    PowerSource,
    Status,
)
from tests.antminer.replies import (
    CONTEXT,
    Record,
    error,
    header,
    pools,
    rows,
    stats,
    summary,
    version,
    x19_record,
)

BY = "LUXminer 2025.1.2.030405-0a1b2c3d"


def replies(**record: Json) -> dict[str, Reply]:
    """Make all replies of an S19 Pro."""
    corners: Record = {
        "TopLeft": {"Label": "Board Exhaust (top)"},
        "TopRight": {"Label": "Board Intake (top)"},
        "BottomLeft": {"Label": "Board Exhaust (bottom)"},
        "BottomRight": {"Label": "Board Intake (bottom)"},
    }
    temps = rows(
        "TEMPS",
        *(
            {
                "ID": place,
                "TopLeft": 60.0 + place,
                "TopRight": 31.0 + place,
                "BottomLeft": 61.0 + place,
                "BottomRight": 30.0 + place,
            }
            for place in range(3)
        ),
    )
    temps["METADATA"] = [corners]
    return {
        "version": version(
            BY, LUXminer="2025.1.2.030405-0a1b2c3d", Miner="2025.1.2.030405"
        ),
        "stats": stats(
            header("Antminer S19 Pro"),
            x19_record(**{"total_acn": 4, "chain_rate4": "0", **record}),
            BY,
        ),
        "summary": summary(),
        "pools": pools(),
        "devs": rows(
            "DEVS",
            *(
                {
                    "ASC": place,
                    "ID": place,
                    "MHS 5s": 35_000_000.0 + place,
                    "MHS av": 1.0,
                    "Nominal MHS": 36_000_000.0,
                    "Hardware Errors": 5 + place,
                    "SerialNumber": f"LUX{place}",
                }
                for place in (2, 0, 1)
            ),
        ),
        "power": rows("POWER", {"PSU": True, "Watts": 3100}),
        "temps": temps,
        "fans": rows(
            "FANS",
            *(
                {
                    "FAN": f"FAN{4 - place}",
                    "ID": place,
                    "RPM": 1500 + place,
                    "Speed": 25,
                }
                for place in range(4)
            ),
        ),
        "config": rows(
            "CONFIG",
            {
                "CurtailMode": "None",
                "Hostname": "shed-3",
                "MACAddr": "02:AA:BB:CC:DD:EE",
                "Profile": "290MHz",
                "SerialNumber": "CTRL1",
            },
        ),
    }


def test_reads_it() -> None:
    """What its own commands tell, over what it tells as stock firmware does."""
    told = replies()
    dialect = recognise(Fingerprint(told["version"], told["stats"]))
    assert dialect is LUXOS
    assert set(dialect.commands) == set(told) - {"version"}
    rig = dialect.parse(told, CONTEXT)
    assert rig.status is Status.RUNNING
    assert rig.name == "shed-3"
    assert rig.model == "Antminer S19 Pro"
    assert rig.serial == "CTRL1"
    assert rig.mac == "02:aa:bb:cc:dd:ee"
    assert rig.firmware == Firmware(family="luxos", version="2025.1.2.030405")
    assert rig.work_mode == "290MHz"
    assert (rig.power, rig.power_source) == (3100, PowerSource.MEASURED)
    assert [board.index for board in rig.boards] == [1, 2, 3]
    assert rig.boards[1] == Board(
        index=2,
        hashrate=35_000_001e6,
        hashrate_nominal=36_000_000e6,
        board_temperature=62,
        chip_temperature=67,
        inlet_temperature=32,
        outlet_temperature=62,
        chips_expected=114,
        chips_working=114,
        chips_faulty=0,
        chip_map="o" * 114,
        frequency=522,
        hardware_errors=6,
        serial="LUX1",
    )
    assert rig.fans[0] == Fan(index=1, speed=1500, duty=25)
    assert rig.hashrate == pytest.approx(109000.5e9)


def test_calculated_watts() -> None:
    """Not measured, and the firmware's own."""
    told = replies() | {"power": rows("POWER", {"PSU": False, "Watts": 1000})}
    rig = LUXOS.parse(told, CONTEXT)
    assert (rig.power, rig.power_source) == (1000, PowerSource.REPORTED)


def test_curtailed() -> None:
    """Asleep because it was told to."""
    told = replies(**{"GHS 5s": 0.0})
    told["config"] = rows("CONFIG", {"CurtailMode": "Sleep"})
    assert LUXOS.parse(told, CONTEXT).status is Status.SLEEPING
    awake = replies() | {"config": told["config"]}
    assert LUXOS.parse(awake, CONTEXT).status is Status.RUNNING


def test_members_that_fail() -> None:
    """Their fields are left to what ``stats`` tells."""
    told: dict[str, Reply] = {
        name: reply if name in ("version", "stats") else error(by=BY)
        for name, reply in replies().items()
    }
    rig = LUXOS.parse(told, CONTEXT)
    assert rig.power_source is PowerSource.ESTIMATED
    assert rig.boards[0].hashrate == pytest.approx(36001.5e9)
    assert rig.boards[0].serial is None
    assert rig.boards[0].inlet_temperature is None
    assert rig.fans[0] == Fan(index=1, speed=5100)
    assert rig.pools == ()
    assert (rig.name, rig.mac, rig.serial, rig.work_mode) == (None, None, None, None)


def test_sides_are_not_taken_from_the_table() -> None:
    """LuxOS orders a board's sensors otherwise than stock firmware."""
    told = replies()
    told["stats"] = stats(header("Antminer S19j Pro"), x19_record(), BY)
    told["temps"] = error(by=BY)
    assert LUXOS.parse(told, CONTEXT).boards[0].inlet_temperature is None
