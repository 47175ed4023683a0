"""scripts/soak: that it finds a figure that is wrong, old, missing or made up, and says so."""

from pathlib import Path

import pytest

from scripts._soak import cast_of, parse
from scripts._soak_checks import Checker, Rig, Shown, rigs_of, scale_of
from scripts._soak_fleets import check_fleet, fleets_of
from scripts._soak_home import Home
from scripts._soak_plan import Pace
from scripts._soak_report import table
from scripts._soak_run import Soak, fleet_of
from scripts._soak_truth import Reach, Sample, Timeline, Tolerances, Value, was_so
from scripts._soak_world_client import WorldClient

PACE = Pace(interval=10, stale_after=30, deadline=3)
RUNNING = ("running",)


def sample(reach: Reach = Reach.UP, **values: Value) -> Sample:
    """A running rig."""
    return Sample(reach, values or {"hashrate": 100e12}, RUNNING)


def shown(state: str, unit: str = "TH/s", at: float = 1000.0) -> Shown:
    """What an entity shows."""
    return Shown(state=state, unit=unit, at=at)


def checker_of(*samples: tuple[float, Sample]) -> tuple[Checker, Rig]:
    """A checker with one rig, which was so."""
    checker = Checker(rigs_of({"rig": PACE}))
    checker.is_away = False
    rig = checker.rigs["rig"]
    for at, item in samples:
        rig.timeline.add(at, item)
    return checker, rig


@pytest.mark.parametrize("state", ["100", "100.6", "99.2"])
def test_a_true_figure(state: str) -> None:
    """What is rounded, or moved too little to be told, is true."""
    checker, rig = checker_of((0.0, sample()))
    checker.see(rig, "hashrate", shown(state))
    checker.check(rig, 1001.0)
    assert not checker.counts
    assert checker.checked == 1


@pytest.mark.parametrize("state", ["0", "97", "103", "nan"])
def test_a_wrong_figure(state: str) -> None:
    """A figure that the rig never had is found, with everything that is known of it."""
    checker, rig = checker_of((0.0, sample()))
    rig.entities["hashrate"] = "sensor.rig_hashrate"
    checker.see(rig, "hashrate", shown(state))
    checker.check(rig, 1001.0)
    checker.check(rig, 1003.0)
    assert checker.counts == {"wrong figure": 2}
    (violation,) = checker.violations
    assert (violation.rig, violation.entity) == ("rig", "sensor.rig_hashrate")
    assert violation.truth == "1e+14"
    assert violation.at == 1001.0


def test_a_figure_of_the_poll_before_the_last() -> None:
    """It was true once, and is not any more."""
    before, now = sample(hashrate=80e12), sample(hashrate=100e12)
    checker, rig = checker_of((0.0, before), (970.0, now))
    checker.see(rig, "hashrate", shown("80", at=960.0))
    checker.check(rig, 975.0)
    assert not checker.counts
    checker.check(rig, 1010.0)
    assert checker.counts == {"wrong figure": 1}


def test_a_wrong_status_a_wrong_pool_and_what_does_not_run() -> None:
    """Words are held against the truth as well as numbers."""
    checker, rig = checker_of((0.0, sample(pool="one.example:3333")))
    checker.see(rig, "pool", shown("two.example:3333", ""))
    checker.see(rig, "status", shown("sleeping", ""))
    checker.see(rig, "running", shown("off", ""))
    checker.check(rig, 1001.0)
    assert checker.counts == {"wrong figure": 3}
    checker, rig = checker_of((0.0, sample(pool="one.example:3333")))
    checker.see(rig, "pool", shown("one.example:3333", ""))
    checker.see(rig, "status", shown("running", ""))
    checker.see(rig, "running", shown("on", ""))
    checker.check(rig, 1001.0)
    assert not checker.counts


def test_a_rig_that_is_off_shows_nothing() -> None:
    """After the limit every figure is unavailable: neither the last one nor a zero stands there."""
    checker, rig = checker_of((0.0, sample()), (900.0, sample(Reach.DOWN)))
    for state in ("100", "0", "unavailable"):
        checker.counts.clear()
        checker.see(rig, "stale", shown("on", ""))
        checker.see(rig, "hashrate", shown(state))
        checker.check(rig, 1010.0)
        assert bool(checker.counts["old figure"]) == (state != "unavailable")
    checker.counts.clear()
    checker.see(rig, "stale", shown("off", ""))
    checker.check(rig, 1010.0)
    assert checker.counts == {"not stale": 1}


def test_a_rig_that_was_told_to_start() -> None:
    """While it is waited for it is shown as starting, not as stale; its figures are gone all the same."""
    checker, rig = checker_of((0.0, sample()), (900.0, sample(Reach.DOWN)))
    rig.starts_until = 1100.0
    checker.see(rig, "stale", shown("off", "", 901.0))
    checker.see(rig, "status", shown("starting", "", 960.0))
    checker.check(rig, 1010.0)
    assert not checker.counts
    checker.see(rig, "hashrate", shown("100", at=901.0))
    checker.check(rig, 1010.0)
    assert checker.counts == {"old figure": 1}
    checker.counts.clear()
    checker.check(rig, 1101.0)
    assert checker.counts["not stale"] == 1


def test_until_the_limit_the_last_reading_stands() -> None:
    """A rig that was off for a moment shows what it showed."""
    checker, rig = checker_of((0.0, sample()), (980.0, sample(Reach.DOWN)))
    checker.see(rig, "stale", shown("off", ""))
    checker.see(rig, "hashrate", shown("100"))
    checker.check(rig, 1005.0)
    assert not checker.counts


def test_a_rig_that_does_not_heal() -> None:
    """Two polls after it is back it must be shown."""
    checker, rig = checker_of((0.0, sample(Reach.DOWN)), (1000.0, sample()))
    checker.disturbed_at = 40.0
    checker.see(rig, "stale", shown("on", "", 50.0))
    checker.see(rig, "hashrate", shown("unavailable", "", 50.0))
    checker.check(rig, 1015.0)
    assert not checker.counts
    checker.check(rig, 1000.0 + checker.heal_limit(rig) + 1)
    assert checker.counts == {"not healed": 1, "not shown": 1}
    checker.see(rig, "stale", shown("off", "", 1012.0))
    assert [heal.polls for heal in checker.heals] == [1.2]


def test_energy_that_goes_backwards() -> None:
    """A meter never does."""
    checker, rig = checker_of((0.0, sample()))
    for state in ("1.5", "unavailable", "1.5", "1.6"):
        checker.check_energy(rig, shown(state, "kWh"), 0.0)
    assert not checker.counts
    checker.check_energy(rig, shown("1.4", "kWh"), 0.0)
    assert checker.counts == {"energy lost": 1}


def test_energy_that_nobody_used() -> None:
    """A meter that grows by more than the rig drew makes something up."""
    checker, rig = checker_of((0.0, sample(power=3000.0)))
    assert rig.used(1200.0) == 3.6e6
    checker.check_energy(rig, shown("1", "kWh"), rig.used(0.0))
    checker.check_energy(rig, shown("2", "kWh"), rig.used(1200.0))
    assert not checker.counts
    checker.check_energy(rig, shown("3", "kWh"), rig.used(1200.0))
    assert checker.counts == {"energy made up": 1}


def test_what_lies_between_two_moments() -> None:
    """A rate that rises was everything on its way; one that fell to nothing was not."""
    tolerances = Tolerances()
    rising = [
        sample(hashrate=rate, hashrate_full=100e12) for rate in (1e12, 4e12, 7e12)
    ]
    assert was_so("hashrate", 2.5e12, rising, tolerances)
    assert not was_so("hashrate", 8e12, rising, tolerances)
    fallen = [sample(hashrate=rate, hashrate_full=100e12) for rate in (99e12, 0.0)]
    assert was_so("hashrate", 0.0, fallen, tolerances)
    assert not was_so("hashrate", 50e12, fallen, tolerances)


def test_what_was_between_two_samples() -> None:
    """A rate that rises may have been higher than at either of them: its noise is drawn anew in between."""
    rates = (10.861e12, 10.866e12)
    steady = [sample(hashrate=rate, hashrate_full=14.2e12) for rate in rates]
    rising = [
        sample(hashrate=rate, hashrate_full=14.2e12, hashrate_rise=0.284e12)
        for rate in rates
    ]
    assert not was_so("hashrate", 11.0e12, steady, Tolerances())
    assert was_so("hashrate", 11.0e12, rising, Tolerances())
    assert not was_so("hashrate", 11.4e12, rising, Tolerances())
    assert not was_so("hashrate", 10.6e12, rising, Tolerances())


def test_a_timeline() -> None:
    """It gives what held at a moment, and lets go of what is old."""
    timeline = Timeline()
    for at in range(10):
        timeline.add(float(at), sample(hashrate=float(at)))
    assert [item.values["hashrate"] for item in timeline.within(2.5, 4.2)] == [2, 3, 4]
    timeline.forget(5.5)
    assert [at for at, _ in timeline.samples] == [5, 6, 7, 8, 9]
    assert timeline.within(0.0, 4.0) == []


def test_units() -> None:
    """Figures are compared in base units."""
    assert scale_of("TH/s") == 1e12
    assert scale_of("kSol/s") == 1e3
    assert scale_of("H/s") == 1
    assert scale_of("W") == 1
    assert Shown(state="1.5", unit="GH/s", at=0.0).value == 1.5e9
    assert Shown(state="unknown", unit="GH/s", at=0.0).value is None


# Totals.


def test_totals() -> None:
    """A rig that is missing in them is found, and one that is said to be stale and is not."""
    checker = Checker(rigs_of({"soak0x0000": PACE, "soak0x0001": PACE}))
    checker.is_away = False
    for rig in checker.rigs.values():
        rig.timeline.add(0.0, sample())
    (fleet,) = fleets_of(checker.rigs, fleet_of).values()
    assert fleet.totals.id == "soaksite0"
    fleet.totals.shown["rigs"] = shown("2", "")
    fleet.totals.shown["rigs_stale"] = shown("0", "")
    check_fleet(checker, fleet, 1001.0)
    assert not checker.counts
    fleet.totals.shown["rigs"] = shown("1", "")
    fleet.totals.shown["rigs_stale"] = shown("1", "")
    check_fleet(checker, fleet, 1001.0)
    assert checker.counts == {"rigs lost": 1, "wrong total": 1}
    assert fleet_of("hive-1000001-2000001") == "hive-1000001"


def test_the_report(tmp_path: Path) -> None:
    """It names rig, entity, what was shown and true, when, and the seed; and it fails then."""
    checker, rig = checker_of((0.0, sample()))
    options = parse(["--miners", "3", "--hive-rigs", "3"])
    running = Soak(
        Home(tmp_path, 1), WorldClient({}), checker, cast_of(options), "hive"
    )
    assert table(running, [], 7, 60).endswith("passed")
    assert table(running, ["log: too long"], 7, 60).endswith(
        "WRONG log: too long\nFAILED"
    )
    rig.entities["hashrate"] = "sensor.rig_hashrate"
    rig.suffered.append((990.0, "refuse"))
    checker.see(rig, "hashrate", shown("90"))
    checker.check(rig, 1001.0)
    told = table(running, [], 7, 60)
    assert told.endswith("FAILED")
    (line,) = [line for line in told.splitlines() if line.startswith("VIOLATION")]
    assert "sensor.rig_hashrate of rig showed 9e+13, true was 1e+14, at " in line
    assert line.endswith("seed 7; it suffered: refuse -11.0")
