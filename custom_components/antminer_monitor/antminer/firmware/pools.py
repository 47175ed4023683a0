"""Pools and shares: every dialect answers ``pools`` and ``summary`` in much the same way."""

from collections.abc import Sequence

from ...json_value import Json
from ...rig import Pool, PoolStatus, Shares
from ..cgminer import Reply, is_error, section
from .parsing import number, share_age, text, whole

_STATUS = {
    "alive": PoolStatus.ALIVE,
    "dead": PoolStatus.DEAD,
    # Stock firmware from the S19 on spells it so (captures of an S19 and an S21).
    "deed": PoolStatus.DEAD,
    "disabled": PoolStatus.DISABLED,
    "rejecting": PoolStatus.REJECTING,
}


MAX_ROWS = 64
"""Objects of a section that are read; real ones have hardly ten."""


def rows_of(reply: Reply | None, key: str) -> list[dict[str, Json]]:
    """Give the objects of a reply's section; none for a missing or failed reply."""
    return [] if reply is None or is_error(reply) else section(reply, key)[:MAX_ROWS]


def clock_of(reply: Reply | None) -> float | None:
    """Tell the time by the miner's own clock when it answered, as epoch seconds."""
    rows = section(reply, "STATUS") if reply else []
    return number(rows[0].get("When", rows[0].get("when"))) if rows else None


def pools_of(reply: Reply | None) -> tuple[Pool, ...]:
    """Read the pools that the owner set, in the miner's order.

    Unset slots are left out, and so are VNish's own ``DevFee`` pools: their shares are
    not the owner's. Of several connected pools (S17, LuxOS pool groups) the one of lowest
    priority is the active one.
    """
    now = clock_of(reply)
    rows = [row for row in rows_of(reply, "POOLS") if text(row.get("URL"))]
    rows = [row for row in rows if not _is_fee(row)]
    working = _working(rows)
    numbers = _numbers(rows)
    return tuple(
        Pool(
            index=numbers[place],
            url=text(row.get("URL")),
            user=text(row.get("User")),
            status=_status(row.get("Status")),
            priority=whole(row.get("Priority")),
            active=None if working is None else place == working,
            accepted=(accepted := whole(row.get("Accepted"))),
            rejected=(rejected := whole(row.get("Rejected"))),
            stale=whole(row.get("Stale")),
            # LuxOS counts from its start for a pool that never had a share.
            last_share_age=(
                share_age(row.get("Last Share Time"), now)
                if accepted != 0 or rejected
                else None
            ),
        )
        for place, row in enumerate(rows)
    )


def _numbers(rows: Sequence[dict[str, Json]]) -> Sequence[int]:
    """Number the pools as the miner does, by their places where two would be the same."""
    told = [
        place if (number := whole(row.get("POOL"))) is None else number
        for place, row in enumerate(rows)
    ]
    return told if len(set(told)) == len(told) else range(len(told))


def _is_fee(row: dict[str, Json]) -> bool:
    # Type 1 is a fee pool in VNish; no other dialect has the key.
    return row.get("URL") == "DevFee" or row.get("Type") == 1


def _status(value: Json) -> PoolStatus | None:
    if not isinstance(value, str):
        return None
    return _STATUS.get(value.strip().lower(), PoolStatus.UNKNOWN)


def _working(rows: Sequence[dict[str, Json]]) -> int | None:
    """Give the place of the pool worked for, -1 for none, ``None`` if nothing tells."""
    if not any(isinstance(row.get("Stratum Active"), bool) for row in rows):
        return None
    connected = [
        (
            priority if (priority := whole(row.get("Priority"))) is not None else place,
            place,
        )
        for place, row in enumerate(rows)
        if row.get("Stratum Active") is True
        and _status(row.get("Status")) in (PoolStatus.ALIVE, None, PoolStatus.UNKNOWN)
    ]
    return min(connected)[1] if connected else -1


def shares_of(summary: dict[str, Json], pools: Reply | None) -> Shares:
    """Read the shares of the rig: from its summary, or else added up over its pools."""
    if "Accepted" in summary:
        return Shares(
            accepted=whole(summary.get("Accepted")),
            rejected=whole(summary.get("Rejected")),
            stale=whole(summary.get("Stale")),
        )
    rows = rows_of(pools, "POOLS")
    return Shares(
        accepted=_total(rows, "Accepted"),
        rejected=_total(rows, "Rejected"),
        stale=_total(rows, "Stale"),
    )


def _total(rows: Sequence[dict[str, Json]], key: str) -> int | None:
    found = [count for row in rows if (count := whole(row.get(key))) is not None]
    return sum(found) if found else None


def best_share_of(summary: dict[str, Json], pools: Reply | None) -> int | None:
    """Read the difficulty of the best share: of the rig, or else of its best pool."""
    if (found := whole(summary.get("Best Share"))) is not None:
        return found
    best = (whole(row.get("Best Share")) for row in rows_of(pools, "POOLS"))
    return max((share for share in best if share is not None), default=None)
