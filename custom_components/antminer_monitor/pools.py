"""Pools as something that a rig is set to."""

from .command import Choice
from .rig import Pool, PoolStatus, Rig


def address_of(url: str) -> str:
    """Give host and port of a pool's URL, without the scheme and whatever it may hold of a user."""
    return url.rpartition("://")[2].partition("/")[0].rpartition("@")[2]


def pool_choices(rig: Rig) -> tuple[Choice, ...]:
    """Give the pools that a rig can be set to work for first: by index, named by address."""
    return tuple(
        Choice(id=str(pool.index), name=address_of(pool.url))
        for pool in rig.pools
        if pool.url
    )


def by_priority(rig: Rig) -> list[Pool]:
    """Give the pools of a rig, the one that it is to work for first at the front."""
    return sorted(
        (pool for pool in rig.pools if pool.url),
        key=lambda pool: (
            pool.status is PoolStatus.DISABLED,
            pool.index if pool.priority is None else pool.priority,
            pool.index,
        ),
    )


def first_pool(rig: Rig) -> Pool | None:
    """Give the pool that a rig is set to work for first, whichever it works for now."""
    pools = by_priority(rig)
    if not pools or pools[0].status is PoolStatus.DISABLED:
        return None
    first = pools[0]
    is_ranked = any(pool.priority is not None for pool in pools)
    if is_ranked or first.status is not PoolStatus.ALIVE:
        return first
    # VNish 1.2.7 tells no priorities: one that lives is passed over only for one that was put before it.
    return next((pool for pool in pools if pool.active), first)
