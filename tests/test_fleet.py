"""Totals over a fleet."""

from custom_components.antminer_monitor.fleet import totals
from custom_components.antminer_monitor.rig import Status

from .rigs import rig


def test_rates_are_added_by_algorithm() -> None:
    """Hashes of different algorithms are different things."""
    fleet = totals(
        [
            rig(hashrate=100e12),
            rig(hashrate=50e12),
            rig(algorithm="scrypt", hashrate=9e9),
        ],
        rigs=4,
        stale=1,
    )

    assert fleet.hashrates == {"sha256d": 150e12, "scrypt": 9e9}
    assert fleet.efficiency is None
    assert (fleet.rigs, fleet.online, fleet.stale) == (4, 3, 1)


def test_efficiency_of_one_algorithm() -> None:
    """Power over rate, when both are known of all that hash."""
    fleet = totals([rig(hashrate=100e12, power=3000.0)] * 2, rigs=2, stale=0)

    assert fleet.power == 6000.0
    assert fleet.efficiency == 6000.0 / 200e12


def test_incomplete_power_gives_no_efficiency() -> None:
    """A miner whose power is unknown would make the others look better than they are."""
    fleet = totals(
        [rig(power=3000.0), rig(power=None, power_source=None)], rigs=2, stale=0
    )

    assert fleet.power == 3000.0
    assert fleet.efficiency is None


def test_nothing_seen_is_unknown_not_zero() -> None:
    """A dead fleet has no total, and says that it is stale."""
    fleet = totals([], rigs=3, stale=3)

    assert fleet.hashrates == {}
    assert fleet.power is None
    assert fleet.efficiency is None
    assert fleet.stale == 3


def test_offline_rigs_are_counted() -> None:
    """A rig that its source knows to be off is not online."""
    fleet = totals(
        [rig(status=Status.OFFLINE, hashrate=0.0), rig(hashrate=1e12)], rigs=2, stale=0
    )

    assert fleet.online == 1
    assert fleet.offline == 1


def test_a_rate_of_zero_has_no_efficiency() -> None:
    """No division by zero."""
    fleet = totals([rig(hashrate=0.0, power=20.0)], rigs=1, stale=0)

    assert fleet.efficiency is None
