"""What is wrong with a rig."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.antminer_monitor import health
from custom_components.antminer_monitor.rig import (
    Fan,
    Pool,
    PoolStatus,
    Rig,
    RigError,
    Shares,
    Status,
)

from .rigs import SEEN_AT, board, rig


@pytest.mark.parametrize(
    ("check", "sick", "expected"),
    [
        (health.overheating, rig(), False),
        (health.overheating, rig(boards=(board(chip_temperature=100.0),)), True),
        (health.overheating, rig(boards=(board(board_temperature=85.0),)), True),
        (
            health.overheating,
            rig(boards=(board(board_temperature=None, chip_temperature=None),)),
            None,
        ),
        (health.hashrate_low, rig(), False),
        (health.hashrate_low, rig(hashrate=87e12), True),
        (health.hashrate_low, rig(hashrate=0.0, status=Status.IDLE), True),
        (health.hashrate_low, rig(hashrate=0.0, status=Status.SLEEPING), False),
        (health.hashrate_low, rig(hashrate=0.0, status=Status.STARTING), False),
        (health.hashrate_low, rig(hashrate=None), None),
        (health.hashrate_low, rig(hashrate_nominal=None), None),
        (health.hashrate_low, rig(hashrate=1.0, uptime=599.0), False),
        (health.hashrate_low, rig(hashrate=1.0, uptime=600.0), True),
        (health.hashrate_low, rig(hashrate=1.0, uptime=None), True),
        (health.overheating, rig(boards=(), problems=("overheat",)), True),
        (health.overheating, rig(boards=(), problems=()), None),
        (health.board_fault, rig(), False),
        (health.board_fault, rig(boards=(board(1), board(2))), True),
        (
            health.board_fault,
            rig(boards=(board(1), board(2), board(3, chips_working=0))),
            True,
        ),
        (
            health.board_fault,
            rig(boards=(board(1), board(2), board(3, chips_working=113))),
            False,
        ),
        (health.board_fault, rig(boards=(), status=Status.SLEEPING), False),
        (health.board_fault, rig(boards=(), boards_expected=None), None),
        (
            health.board_fault,
            rig(status=Status.IDLE, boards=(board(chips_working=0),) * 3),
            None,
        ),
        (
            health.board_fault,
            rig(status=Status.FAULT, boards=(board(chips_working=0),) * 3),
            True,
        ),
        (health.fan_fault, rig(), False),
        (health.fan_fault, rig(fans=(Fan(index=1, speed=0),), fans_expected=1), True),
        (health.fan_fault, rig(fans=(Fan(index=1, speed=5000),)), True),
        (
            health.fan_fault,
            rig(fans=(Fan(index=1, speed=0),), status=Status.SLEEPING),
            False,
        ),
        (
            health.fan_fault,
            rig(fans=(Fan(index=1, speed=0),), status=Status.FAULT),
            True,
        ),
        (
            health.fan_fault,
            rig(fans=(Fan(index=1, speed=0),), status=Status.IDLE, hashrate=0.0),
            False,
        ),
        (health.fan_fault, rig(fans=(), fans_expected=None), None),
        (health.fan_fault, rig(fans=(), fans_expected=0), None),
        (health.pool_fault, rig(), False),
        (health.pool_fault, rig(pools=()), None),
        (
            health.pool_fault,
            rig(pools=(Pool(index=0, status=PoolStatus.DEAD, priority=0),)),
            True,
        ),
        (
            health.pool_fault,
            rig(
                pools=(
                    Pool(index=0, status=PoolStatus.DISABLED, priority=0),
                    Pool(index=1, status=PoolStatus.ALIVE, priority=1),
                )
            ),
            False,
        ),
        (
            health.pool_fault,
            rig(
                pools=(
                    Pool(index=0, status=PoolStatus.ALIVE),
                    Pool(index=1, status=PoolStatus.REJECTING, priority=0),
                )
            ),
            True,
        ),
        (health.pool_fault, rig(pools=(Pool(index=0, status=None),)), None),
    ],
)
def test_checks(
    check: Callable[[Rig], bool | None], sick: Rig, expected: bool | None
) -> None:
    """Each check says yes, no, or that it cannot tell."""
    assert check(sick) is expected


@pytest.mark.parametrize(
    ("sick", "expected"),
    [
        (rig(), False),
        (rig(status=Status.FAULT), True),
        (rig(errors=(RigError(code="J0:8"),)), True),
        (rig(fans=(Fan(index=1, speed=0),)), True),
        (rig(status=Status.SLEEPING, hashrate=0.0), False),
    ],
)
def test_has_problem(sick: Rig, expected: bool) -> None:
    """A rig has a problem if any check or its firmware says so."""
    assert health.has_problem(sick, health.judge(sick)) is expected


def test_counts() -> None:
    """Chips are counted over the boards that tell."""
    two = rig(
        boards=(
            board(1, chips_working=110, chips_faulty=4),
            board(2, chips_working=None, chips_faulty=None),
        )
    )

    assert health.chips_working(two) == 110
    assert health.chips_faulty(two) == 4
    assert health.chips_working(rig(boards=())) is None


def test_frequency_is_that_of_running_boards() -> None:
    """A board without a clock does not pull the average down."""
    boards = (
        board(1, frequency=500.0),
        board(2, frequency=600.0),
        board(3, frequency=0.0),
    )

    assert health.frequency(rig(boards=boards)) == 550.0
    assert health.frequency(rig(boards=())) is None


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        (Shares(accepted=199, rejected=1), 0.5),
        (Shares(accepted=0, rejected=0), None),
        (Shares(accepted=5), None),
    ],
)
def test_reject_rate(shares: Shares, expected: float | None) -> None:
    """Rejected among judged shares; unknown before the first."""
    assert health.reject_rate(rig(shares=shares)) == expected


@pytest.mark.parametrize(
    ("check", "limits", "sick", "expected"),
    [
        (
            health.overheating,
            health.Limits(hot_board=61.0),
            rig(boards=(board(board_temperature=61.0),)),
            True,
        ),
        (
            health.overheating,
            health.Limits(hot_chip=101.0),
            rig(boards=(board(chip_temperature=100.5),)),
            False,
        ),
        (
            health.hashrate_low,
            health.Limits(low_hashrate=0.5),
            rig(hashrate=56e12),
            False,
        ),
        (
            health.hashrate_low,
            health.Limits(low_hashrate=0.95),
            rig(hashrate=104e12),
            True,
        ),
    ],
)
def test_limits_of_the_owner(
    check: Callable[..., bool | None],
    limits: health.Limits,
    sick: Rig,
    expected: bool | None,
) -> None:
    """They count, not ours."""
    assert check(sick, limits=limits) is expected


def test_a_verdict_counts_more_than_a_reading() -> None:
    """What several readings say is what the totals go by."""
    slow = rig(hashrate=1.0)
    assert health.has_problem(slow, health.Verdict(hashrate_low=True))
    assert not health.has_problem(slow, health.Verdict(hashrate_low=False))
    assert health.has_problem(rig(), health.Verdict(overheating=True))


def test_fine_again() -> None:
    """Five points above the limit, and never more than the nominal rate."""
    for rate, fine in ((93.4e12, False), (93.5e12, True)):
        assert health.hashrate_fine(rig(hashrate=rate)) is fine
    strict = health.Limits(low_hashrate=0.98)
    assert health.hashrate_fine(rig(hashrate=110e12), strict)
    assert not health.hashrate_fine(rig(hashrate=109e12), strict)
    for unknown in ({"hashrate": None}, {"hashrate_nominal": None}):
        assert not health.hashrate_fine(rig(**unknown))
    assert not health.hashrate_fine(rig(status=Status.STARTING))


def shown(
    readings: list[Rig], every: timedelta
) -> list[tuple[bool | None, bool | None]]:
    """Give what is found of a rig after each of its readings."""
    verdicts, found = health.Verdicts(), []
    for place, read in enumerate(readings):
        now = replace(read, seen_at=SEEN_AT + place * every)
        # Only what differs from the last reading is said to have changed.
        changed = {"rig"} if not place or readings[place - 1] != read else ()
        verdicts.judge({"rig": now}, changed, health.DEFAULT_LIMITS)
        verdict = verdicts.of("rig")
        found.append((verdict.overheating, verdict.hashrate_low))
    return found


def test_heat_around_the_limit() -> None:
    """From 100 °C on, at once, until less than 95."""
    swing = [99.9, 100.0, 99.0, 95.0, 100.0, 94.9, 95.0, 99.9, 100.0]
    found = shown(
        [rig(boards=(board(chip_temperature=value),)) for value in swing],
        timedelta(seconds=30),
    )
    assert [hot for hot, _ in found] == [
        False, True, True, True, True, False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("swing", "low"),
    [
        ([100, 79, 79, 79, 79, 79, 79], [0, 0, 0, 0, 0, 0, 1]),
        ([79, 79, 79, 80, 79, 79, 79, 79, 79, 79], [0] * 9 + [1]),
        ([79] * 6 + [80, 84, 79, 85, 84, 79], [0] * 5 + [1] * 4 + [0] * 3),
        ([79] * 6 + [None, 79], [0] * 5 + [1, None, 1]),
    ],
    ids=["low", "one reading above", "around the way back", "one that does not tell"],
)
def test_rate_around_the_limit(swing: list[int | None], low: list[int | None]) -> None:
    """Below 80 % in every reading for five minutes, until it is 85 %."""
    found = shown(
        [
            rig(hashrate=None if value is None else value * 1e12, hashrate_nominal=1e14)
            for value in swing
        ],
        timedelta(minutes=1),
    )
    assert [slow for _, slow in found] == [
        None if value is None else bool(value) for value in low
    ]


def test_time_decides_where_figures_do_not_change() -> None:
    """A rig that stands still gives equal readings, and is slow all the same in time."""
    still = rig(hashrate=0.0, status=Status.IDLE)
    found = shown([still] * 6, timedelta(minutes=1))
    assert [slow for _, slow in found] == [False] * 5 + [True]


def test_the_end_of_the_warm_up_decides_too() -> None:
    """The same for one that never began to hash."""
    verdicts = health.Verdicts()
    slow = [
        minute
        for minute in range(20)
        if verdicts.judge(
            {
                "rig": rig(
                    hashrate=0.0,
                    status=Status.IDLE,
                    uptime=60.0 * minute,
                    seen_at=SEEN_AT + timedelta(minutes=minute),
                )
            },
            () if minute else {"rig"},
            health.DEFAULT_LIMITS,
        )
        and verdicts.of("rig").hashrate_low
    ]
    assert slow == [15]


def test_a_rig_that_is_gone_is_forgotten() -> None:
    """Were it added again, it would begin anew."""
    verdicts = health.Verdicts()
    hot = rig(boards=(board(chip_temperature=120.0),))
    assert verdicts.judge({"rig": hot}, {"rig"}, health.DEFAULT_LIMITS) == {"rig"}
    assert verdicts.judge({}, {"rig"}, health.DEFAULT_LIMITS) == set()
    assert verdicts.of("rig") == health.Verdict()
