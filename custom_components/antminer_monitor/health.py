"""What is wrong with a rig, judged from one reading of it.

Each function gives ``None`` where the reading cannot tell.
"""

from .rig import PoolStatus, Rig, Status

HOT_BOARD = 85.0
"""°C on a circuit board. Stock firmware of the S19 generation stops a little above."""
HOT_CHIP = 100.0
"""°C in a chip."""
HOT_GPU = 90.0
"""°C in a graphics processor; most throttle from there on."""
HOT_GPU_MEMORY = 105.0
"""°C in the memory of a graphics card; GDDR6X throttles at 110."""

OVERHEAT = "overheat"
"""Among a rig's problems: its source knows the limits that its owner set."""
LOW_HASHRATE = 0.8
"""Share of the nominal hashrate under which a running rig is called slow."""


def overheating(rig: Rig) -> bool | None:
    """Tell whether a board, a chip or a graphics card is too hot."""
    if rig.problems is not None and OVERHEAT in rig.problems:
        return True
    limits = (
        (rig.board_temperature, HOT_BOARD),
        (rig.chip_temperature, HOT_CHIP),
        (rig.gpu_temperature, HOT_GPU),
        (rig.gpu_memory_temperature, HOT_GPU_MEMORY),
    )
    known = [value >= limit for value, limit in limits if value is not None]
    return any(known) if known else None


def hashrate_low(rig: Rig) -> bool | None:
    """Tell whether a rig that should hash does so far below its nominal rate.

    A rig that sleeps, or is just starting, is not slow.
    """
    if rig.hashrate is None or not rig.hashrate_nominal:
        return None
    if rig.status in (Status.SLEEPING, Status.STARTING, Status.OFFLINE):
        return False
    return rig.hashrate < LOW_HASHRATE * rig.hashrate_nominal


def board_fault(rig: Rig) -> bool | None:
    """Tell whether a hashboard is missing, or present with not one working chip."""
    if not rig.boards and not rig.boards_expected:
        return None
    if rig.status in (Status.SLEEPING, Status.STARTING):
        # Boards that are not powered do not answer, and some firmware then shows them dead.
        return False
    if len(rig.boards) < (rig.boards_expected or 0):
        return True
    dead = [board.chips_working == 0 for board in rig.boards]
    if rig.status is Status.IDLE and all(dead):
        # Asleep or broken: firmware that does not tell shows the same for both.
        return None
    return any(dead)


def fan_fault(rig: Rig) -> bool | None:
    """Tell whether a fan stands still, or is missing, while the rig hashes."""
    if not rig.fans and not rig.fans_expected:
        return None
    if rig.status in (Status.SLEEPING, Status.STARTING) or not rig.hashrate:
        return False
    if len(rig.fans) < (rig.fans_expected or 0):
        return True
    return any(fan.speed == 0 for fan in rig.fans)


def pool_fault(rig: Rig) -> bool | None:
    """Tell whether the pool that should be mined for, the first in priority, is not alive."""
    wanted = [pool for pool in rig.pools if pool.status is not PoolStatus.DISABLED]
    if not wanted:
        return None
    first = min(
        wanted, key=lambda pool: (pool.priority is None, pool.priority, pool.index)
    )
    if first.status in (None, PoolStatus.UNKNOWN):
        return None
    return first.status is not PoolStatus.ALIVE


def reported_problem(rig: Rig) -> bool | None:
    """Tell whether the rig's source finds anything wrong with it."""
    return bool(rig.problems) if rig.problems is not None else None


def has_problem(rig: Rig) -> bool:
    """Tell whether anything at all is known to be wrong."""
    return (
        rig.status is Status.FAULT
        or bool(rig.errors)
        or bool(rig.problems)
        or any(
            check(rig)
            for check in (overheating, hashrate_low, board_fault, fan_fault, pool_fault)
        )
    )


def chips_working(rig: Rig) -> int | None:
    """Count the working chips of all boards that tell."""
    return _sum([board.chips_working for board in rig.boards])


def chips_faulty(rig: Rig) -> int | None:
    """Count the failing and missing chips of all boards that tell."""
    return _sum([board.chips_faulty for board in rig.boards])


def frequency(rig: Rig) -> float | None:
    """Average clock of the boards that run, in MHz."""
    clocks = [board.frequency for board in rig.boards if board.frequency]
    return sum(clocks) / len(clocks) if clocks else None


def reject_rate(rig: Rig) -> float | None:
    """Share of rejected among all shares that a pool judged, in per cent."""
    accepted, rejected = rig.shares.accepted, rig.shares.rejected
    if accepted is None or rejected is None or accepted + rejected == 0:
        return None
    return 100.0 * rejected / (accepted + rejected)


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
