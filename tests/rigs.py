"""Rigs for tests of what stands above the sources."""

from dataclasses import replace
from datetime import UTC, datetime

from custom_components.antminer_monitor.rig import (
    Board,
    Fan,
    Firmware,
    Pool,
    PoolStatus,
    PowerSource,
    Rig,
    Shares,
    Status,
)

SEEN_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def board(index: int = 1, **changes: object) -> Board:
    """Give a board that is well."""
    whole = Board(
        index=index,
        hashrate=36e12,
        board_temperature=60.0,
        chip_temperature=70.0,
        chips_expected=114,
        chips_working=114,
        chips_faulty=0,
        chip_map="o" * 114,
        frequency=525.0,
        hardware_errors=3,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # fields are checked at run time


def rig(**changes: object) -> Rig:
    """Give an S19 Pro that is well, but for what a test changes."""
    whole = Rig(
        id="rig",
        seen_at=SEEN_AT,
        status=Status.RUNNING,
        manufacturer="Bitmain",
        model="Antminer S19 Pro",
        mac="02:50:53:09:da:d9",
        ip="192.168.1.10",
        firmware=Firmware(family="stock", version="2022-12-06"),
        algorithm="sha256d",
        rate_unit="GH/s",
        hashrate=108.4e12,
        hashrate_average=110.2e12,
        hashrate_nominal=110e12,
        power=3250.0,
        power_source=PowerSource.ESTIMATED,
        boards=(board(1), board(2), board(3)),
        boards_expected=3,
        fans=tuple(Fan(index=number, speed=5400) for number in range(1, 5)),
        fans_expected=4,
        pools=(
            Pool(
                index=0,
                url="stratum+tcp://pool.example:3333",
                user="someone.worker",
                status=PoolStatus.ALIVE,
                priority=0,
                active=True,
                accepted=1000,
                rejected=5,
                last_share_age=3.0,
            ),
            Pool(
                index=1,
                url="stratum+tcp://backup.example:3333",
                user="someone.worker",
                status=PoolStatus.ALIVE,
                priority=1,
                active=False,
            ),
        ),
        shares=Shares(accepted=1000, rejected=5, stale=1),
        hardware_errors=9,
        best_share=123_456,
        found_blocks=0,
        uptime=7200.0,
        raw={"stats": {"STATS": []}},
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # fields are checked at run time
