"""What is wrong with a rig."""

from collections.abc import Callable

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

from .rigs import board, rig


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
        (rig(hashrate=1.0), True),
        (rig(status=Status.SLEEPING, hashrate=0.0), False),
    ],
)
def test_has_problem(sick: Rig, expected: bool) -> None:
    """A rig has a problem if any check or its firmware says so."""
    assert health.has_problem(sick) is expected


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
