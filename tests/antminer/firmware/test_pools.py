"""Pools and shares."""

from custom_components.antminer_monitor.antminer.firmware.pools import (
    MAX_ROWS,
    best_share_of,
    pools_of,
    shares_of,
)
from custom_components.antminer_monitor.rig import Pool, PoolStatus, Shares
from tests.antminer.replies import NOW, error, pool, pools


def test_reads_a_pool() -> None:
    """Every field."""
    (found,) = pools_of(pools(pool(0, Stale=3)))
    assert found == Pool(
        index=0,
        url="stratum+tcp://pool0.example:3333",
        user="worker.1",
        status=PoolStatus.ALIVE,
        priority=0,
        active=True,
        accepted=10,
        rejected=1,
        stale=3,
    )
    assert found.last_share_age == 7


def test_leaves_out_unset_and_fee_pools() -> None:
    """What the owner did not set is not his."""
    found = pools_of(
        pools(
            pool(0, Type=0),
            pool(1, URL=""),
            pool(2, URL="DevFee", Type=1),
            pool(3, URL="fee.example:1", Type=1),
            pool(4),
        )
    )
    assert [each.index for each in found] == [0, 4]


def test_one_pool_is_active() -> None:
    """Of several connected ones the first in priority that lives."""
    found = pools_of(
        pools(
            pool(0, Priority=2, **{"Stratum Active": True}),
            pool(1, Priority=0, Status="Dead", **{"Stratum Active": True}),
            pool(2, Priority=1, **{"Stratum Active": True}),
        )
    )
    assert [each.active for each in found] == [False, False, True]


def test_no_pool_is_active() -> None:
    """None connected is another thing than nothing said."""
    assert [
        p.active for p in pools_of(pools(pool(0, **{"Stratum Active": False})))
    ] == [False]
    mute = pool(0)
    del mute["Stratum Active"]
    assert pools_of(pools(mute))[0].active is None


def test_status_words() -> None:
    """``Deed`` is how new stock firmware spells it."""
    words = ("Alive", "Dead", "Deed", "Disabled", "Rejecting", "Odd")
    found = pools_of(pools(*(pool(n, Status=word) for n, word in enumerate(words))))
    assert [each.status for each in found] == [
        PoolStatus.ALIVE,
        PoolStatus.DEAD,
        PoolStatus.DEAD,
        PoolStatus.DISABLED,
        PoolStatus.REJECTING,
        PoolStatus.UNKNOWN,
    ]
    assert pools_of(pools(pool(0, Status=None)))[0].status is None


def test_age_of_the_last_share() -> None:
    """An epoch is told by the miner's clock; without a share there is no age."""
    found = pools_of(
        pools(
            pool(0, **{"Last Share Time": NOW - 12}),
            pool(1, **{"Last Share Time": "0"}),
            pool(2, Accepted=0, Rejected=0, **{"Last Share Time": "00:57:33"}),
            pool(3, Accepted=0, Rejected=2, **{"Last Share Time": "0:00:01"}),
        )
    )
    assert [each.last_share_age for each in found] == [12, None, None, 1]


def test_keys_may_be_missing() -> None:
    """A pool without most of its keys is still a pool."""
    (found,) = pools_of(pools({"URL": "a:1"}))
    assert found == Pool(index=0, url="a:1")


def test_numbers_of_pools() -> None:
    """Each has its own: where two would have the same, their places count."""

    def numbers(*told: int | None) -> list[int]:
        rows = [pool(0, POOL=at) for at in told]
        for row, at in zip(rows, told, strict=True):
            if at is None:
                del row["POOL"]
        return [each.index for each in pools_of(pools(*rows))]

    assert numbers(4, 2) == [4, 2]
    assert numbers(None, 5) == [0, 5]
    assert numbers(5, 5, 6) == [0, 1, 2]
    assert numbers(1, None) == [0, 1]


def test_endless_pools() -> None:
    """No more are read than any miner has."""
    assert len(pools_of(pools(*(pool(at) for at in range(1000))))) == MAX_ROWS


def test_failed_replies() -> None:
    """No reply, or one that says no, has no pools."""
    assert pools_of(None) == ()
    assert pools_of(error()) == ()


def test_shares() -> None:
    """Of the summary, or else added up."""
    told = shares_of({"Accepted": 5, "Rejected": 0}, pools())
    assert told == Shares(accepted=5, rejected=0, stale=None)
    assert shares_of({}, pools()) == Shares(accepted=21, rejected=2, stale=0)
    assert shares_of({}, None) == Shares()


def test_best_share() -> None:
    """Text and fractions too; of the pools where the summary has none."""
    assert best_share_of({"Best Share": "  0.0000"}, pools()) == 0
    assert best_share_of({}, pools(pool(0, **{"Best Share": 7.0}))) == 7
    assert best_share_of({}, None) is None
