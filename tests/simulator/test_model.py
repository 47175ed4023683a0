"""How a miner moves with time: ramp, noise, shares, heat, sleep, faults of its hardware."""

from itertools import pairwise
import statistics

import pytest

from simulator import PROFILES, Phase, PoolSetting, mix
from simulator.model import RAMP, WARM_UP, MinerModel
from simulator.snapshot import Truth

from .conftest import AGE, Clock, named

FULL = WARM_UP + RAMP


def model(
    name: str = "s19pro_2020",
    *,
    age: float = AGE,
    seed: int = 1,
    clock: Clock | None = None,
) -> MinerModel:
    """A miner."""
    return MinerModel(named(name), seed=seed, clock=clock or Clock(), age=age)


def truth(miner: MinerModel) -> Truth:
    """Its plain facts."""
    return miner.truth(up=True)


@pytest.mark.parametrize("name", PROFILES)
def test_same_seed_same_miner(name: str) -> None:
    """Seed, index, clock and history say everything; reading changes nothing."""
    clock = Clock()
    first, second = (model(name, clock=clock) for _ in range(2))
    for _ in range(7):
        clock.advance(33)
        first.snapshot()
    assert first.snapshot() == second.snapshot()
    assert first.snapshot() != model(name, clock=clock, seed=2).snapshot()


def test_no_two_miners_of_a_farm_are_alike() -> None:
    """The index is part of the chance."""
    clock = Clock()
    miners = [
        MinerModel(named("s9"), seed=1, index=index, clock=clock) for index in range(50)
    ]
    assert len({truth(miner).mac for miner in miners}) == 50
    assert len({truth(miner).serial for miner in miners}) == 50
    assert len({truth(miner).elapsed for miner in miners}) == 50
    assert all(truth(miner).mac.startswith("02:") for miner in miners)


def test_ramp() -> None:
    """Nothing at first, then ever more, then the full rate; the average lags behind."""
    clock = Clock()
    miner = model(age=0, clock=clock)
    rates = []
    for _ in range(15):
        rates.append(truth(miner).hashrate)
        clock.advance(10)
    assert rates[0] == rates[1] == rates[2] == 0
    assert all(after > before for before, after in pairwise(rates[2:11]))
    assert rates[-1] == pytest.approx(110e12, rel=0.03)
    assert 0 < truth(miner).hashrate_average < 0.7 * rates[-1]
    phases = []
    for seconds in (0, WARM_UP + 1, FULL + 1):
        clock.now = 1e9
        miner.start(seconds)
        phases.append(truth(miner).phase)
    assert phases == [Phase.STARTING, Phase.RAMPING, Phase.HASHING]


def test_noise_is_small_and_lasts_five_seconds() -> None:
    """One to three per cent at most, and none on the average of many."""
    clock = Clock()
    miner = model(clock=clock)
    rates = []
    for _ in range(300):
        rates.append(truth(miner).hashrate / 110e12)
        clock.advance(5)
    assert 0.97 < min(rates) < 0.99
    assert 1.01 < max(rates) < 1.03
    assert statistics.mean(rates) == pytest.approx(1, abs=0.002)
    assert 0.003 < statistics.stdev(rates) < 0.015
    before = truth(miner).hashrate
    clock.advance(1)
    assert truth(miner).hashrate == before


def test_the_whole_is_the_sum_of_its_boards() -> None:
    """At every moment."""
    facts = truth(model())
    assert facts.hashrate == pytest.approx(
        sum(board.hashrate for board in facts.boards)
    )
    assert len({board.hashrate for board in facts.boards}) == 3


@pytest.mark.parametrize("name", ["s9", "l3plus", "d3", "z11", "s21_2024", "l7"])
def test_shares_follow_rate_and_difficulty(name: str) -> None:
    """A few a minute on the captured difficulties, few of them rejected, never fewer."""
    clock = Clock()
    miner = model(name, clock=clock)
    before = truth(miner)
    clock.advance(3600)
    after = truth(miner)
    assert 60 < after.accepted - before.accepted < 1200
    assert 0 < after.rejected < 0.005 * after.accepted
    assert after.rejected >= before.rejected
    assert after.hardware_errors > before.hardware_errors


def test_shares_of_an_s21() -> None:
    """``rate × time / (difficulty × 2³²)``."""
    clock = Clock()
    miner = model("s21_2024", clock=clock)
    before = truth(miner)
    clock.advance(10_000)
    found = truth(miner).accepted - before.accepted
    assert found == pytest.approx(200e12 * 10_000 / (262144 * 2**32), rel=0.01)


def test_last_share_time_cycles() -> None:
    """It grows until the next share, then begins anew."""
    clock = Clock()
    miner = model("s9", clock=clock)
    ages = []
    for _ in range(60):
        age = miner.snapshot().pools[0].since_share
        assert age is not None
        ages.append(age)
        clock.advance(1)
    falls = [after for before, after in pairwise(ages) if after < before]
    assert 3 <= len(falls) <= 9
    assert max(ages) < 15
    assert max(falls) < 2


def test_heat_and_fans_follow_the_load() -> None:
    """Cold at first, warm after some minutes; fans in the firmware's own steps."""
    clock = Clock()
    miner = model(age=0, clock=clock)
    cold = truth(miner)
    clock.advance(900)
    warm = truth(miner)
    assert max(board.board_temperature for board in cold.boards) < 32
    assert 60 < max(board.board_temperature for board in warm.boards) < 75
    assert warm.boards[0].chip_temperature == warm.boards[0].board_temperature + 5
    assert warm.fans > cold.fans
    assert all(speed % 120 == 0 for speed in (*warm.fans, *cold.fans))
    outside = model("s19pro_cold")
    assert min(min(board.pcb) for board in outside.snapshot().boards) < 0


def test_sleep_and_waking() -> None:
    """The rate ends, counters stay, it cools; waking takes the ramp again."""
    clock = Clock()
    miner = model(clock=clock)
    before = truth(miner)
    miner.condition(sleep=True)
    clock.advance(1800)
    asleep = truth(miner)
    assert (asleep.phase, asleep.sleeping, asleep.hashrate) == (Phase.SLEEPING, True, 0)
    assert asleep.accepted == before.accepted
    assert asleep.elapsed == before.elapsed + 1800
    assert asleep.power < 50
    assert asleep.fans == (1560, 1560, 600, 720)
    assert max(board.board_temperature for board in asleep.boards) < 32
    share = miner.snapshot().pools[0].since_share
    assert share is not None
    assert share >= 1800
    miner.condition(sleep=False)
    clock.advance(WARM_UP - 1)
    assert truth(miner).phase is Phase.STARTING
    clock.advance(RAMP / 2)
    assert 0 < truth(miner).hashrate < 60e12
    clock.advance(600)
    awake = truth(miner)
    assert awake.hashrate == pytest.approx(110e12, rel=0.03)
    assert awake.accepted > before.accepted
    # Half an hour of sleep is in the average since the start.
    assert awake.hashrate_average < 0.985 * 110e12


def test_sleep_wins_over_heat() -> None:
    """A miner that does not hash does not overheat."""
    clock = Clock()
    miner = model("s21_2024", clock=clock)
    miner.condition(sleep=True, over_temperature=True)
    clock.advance(900)
    facts = truth(miner)
    assert facts.phase is Phase.SLEEPING
    assert max(board.board_temperature for board in facts.boards) < 32
    assert facts.fans == (0, 0, 0, 0)
    assert facts.boards[0].chips_failing == 0


def test_averages_over_a_window() -> None:
    """Half an hour after a change the half hour's average is that of now."""
    clock = Clock()
    miner = model(clock=clock)
    miner.condition(missing_board=0)
    clock.advance(900)
    halfway = miner.snapshot().averages
    assert halfway[60] < halfway[1800] < halfway[86400]
    clock.advance(900)
    later = miner.snapshot()
    assert later.averages[1800] == pytest.approx(later.averages[60])


def test_missing_board() -> None:
    """It has no rate, no chips and no temperature; the others go on."""
    clock = Clock()
    miner = model(clock=clock)
    before = truth(miner)
    miner.condition(missing_board=1)
    clock.advance(3600)
    facts = truth(miner)
    assert [board.present for board in facts.boards] == [True, False, True]
    assert (facts.boards[1].hashrate, facts.boards[1].chips) == (0, 0)
    assert facts.hashrate == pytest.approx(before.hashrate * 2 / 3, rel=0.05)
    assert facts.boards[1].hardware_errors == before.boards[1].hardware_errors
    miner.condition(missing_board=None)
    assert all(board.present for board in truth(miner).boards)


def test_dying_chips() -> None:
    """They cost their part of the rate and bring many hardware errors."""
    clock = Clock()
    miner = model(clock=clock)
    before = truth(miner)
    miner.condition(dying_chips=57)
    clock.advance(3600)
    facts = truth(miner)
    assert [board.chips_failing for board in facts.boards] == [0, 0, 57]
    assert facts.hashrate == pytest.approx(before.hashrate * 5 / 6, rel=0.04)
    grown = facts.hardware_errors - before.hardware_errors
    assert grown == pytest.approx(60 * 57, rel=0.05)


def test_over_temperature() -> None:
    """Hot, stopped, fans at full speed, every chip failing."""
    clock = Clock()
    miner = model(clock=clock)
    calm = truth(miner)
    miner.condition(over_temperature=True)
    clock.advance(600)
    facts = truth(miner)
    assert (facts.phase, facts.hashrate) == (Phase.OVERHEATED, 0)
    assert facts.boards[0].board_temperature > 85
    assert all(board.chips_failing == 114 for board in facts.boards)
    assert min(facts.fans) > max(calm.fans)


def test_pool_failover() -> None:
    """Pool 0 dead: pool 1 takes the shares; both keep what they had."""
    clock = Clock()
    miner = model(clock=clock)
    before = truth(miner)
    miner.condition(pool_dead=True)
    clock.advance(3600)
    facts = truth(miner)
    assert [(pool.alive, pool.active) for pool in facts.pools] == [
        (False, False),
        (True, True),
        (False, False),
    ]
    assert facts.pools[0].accepted == before.accepted
    assert facts.pools[1].accepted > 50
    miner.condition(pool_dead=False)
    clock.advance(3600)
    back = truth(miner)
    assert back.pools[0].active
    assert back.pools[0].accepted > before.accepted
    assert back.pools[1].accepted == facts.pools[1].accepted


def test_no_pool_at_all() -> None:
    """Without a pool there is no work."""
    clock = Clock()
    miner = model(clock=clock)
    miner.set_pools((PoolSetting(url="stratum+tcp://only.example.com:3333", user="x"),))
    clock.advance(600)
    assert truth(miner).accepted > 0
    miner.condition(pool_dead=True)
    clock.advance(60)
    assert truth(miner).hashrate == 0
    assert not any(pool.active for pool in truth(miner).pools)
    clock.advance(60)
    assert miner.snapshot().active_pool is None


def test_manual_fan() -> None:
    """A set fan speed is kept, whatever the heat."""
    miner = model()
    miner.fan_manual, miner.fan_pwm = True, 30
    assert max(truth(miner).fans) < 0.35 * 7000


def test_a_start_forgets_everything() -> None:
    """Counters and clock begin anew."""
    clock = Clock()
    miner = model(clock=clock)
    miner.stats_rate = "1"
    miner.start()
    facts = truth(miner)
    assert (facts.elapsed, facts.accepted, facts.hardware_errors, facts.hashrate) == (
        0,
        0,
        0,
        0,
    )
    assert facts.hashrate_average == 0
    assert miner.stats_rate == ""
    assert all(pool.since_share is None for pool in miner.snapshot().pools)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"asleep": True},
            "no condition 'asleep'; there are: ambient, clock, dying_chips, missing_board,",
        ),
        ({"sleep": 1}, "sleep must be true or false, not 1"),
        ({"missing_board": 3}, "missing_board must be null or 0 to 2, not 3"),
        ({"missing_board": True}, "missing_board must be null or 0 to 2, not True"),
        ({"dying_chips": 115}, "dying_chips must be 0 to 114, not 115"),
        ({"ambient": "hot"}, "ambient must be null or -60 to 60 °C, not 'hot'"),
        ({"ambient": 99}, "ambient must be null"),
        ({"clock": "late"}, "clock must be -4e9 to 4e9 s, not 'late'"),
        ({"clock": True}, "clock must be -4e9"),
        ({"clock": 5e9}, "clock must be -4e9"),
    ],
)
def test_wrong_conditions_are_named(changes: dict[str, object], message: str) -> None:
    """The error says what is wrong, and nothing changes."""
    miner = model()
    with pytest.raises(ValueError, match=r"must|no condition") as caught:
        miner.condition(**changes)
    assert message in str(caught.value)
    assert miner.conditions == named("s19pro_2020").conditions


def test_not_every_firmware_sleeps() -> None:
    """A stock S9 cannot; clearing goes back to what the profile starts with."""
    with pytest.raises(ValueError, match="s9 has no sleep mode"):
        model("s9").condition(sleep=True)
    miner = model("s19jpro_2022_sleep")
    miner.condition(sleep=False, ambient=10)
    miner.clear_conditions()
    assert miner.conditions == named("s19jpro_2022_sleep").conditions
    miner.clear_conditions()
    assert truth(miner).sleeping


def test_the_default_mix_speaks_every_dialect() -> None:
    """Twelve miners: both X19 ages, all third parties, three other algorithms."""
    profiles = mix("default", 12)
    assert {profile.dialect for profile in profiles} == {
        "classic",
        "x19",
        "vnish",
        "luxos",
        "braiins",
    }
    assert {profile.firmware for profile in profiles} == {
        "stock",
        "hiveon",
        "vnish",
        "luxos",
        "braiins",
    }
    assert {profile.algorithm for profile in profiles} == {
        "sha256d",
        "scrypt",
        "equihash",
    }
    assert {"s9", "s17pro", "s19pro_2020", "s21_2024", "unknown"} <= {
        profile.name for profile in profiles
    }
    assert any(profile.new_api for profile in profiles)


def test_mix() -> None:
    """Names are repeated as needed; wrong ones are named."""
    assert [profile.name for profile in mix("s9, s21_2024", 3)] == [
        "s9",
        "s21_2024",
        "s9",
    ]
    assert len({profile.name for profile in mix("all", 100)}) == len(PROFILES)
    with pytest.raises(ValueError, match="no profile 's99'; there are: s9, "):
        mix("s99", 1)
    with pytest.raises(ValueError, match="no profile named"):
        mix(" , ", 1)
