"""What the entities show while something is wrong: with the connection, or with the miner.

Time stands still unless a test lets it pass, so what a miner really is can be compared with
what is shown of it, at the moment of the reading.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
import logging
from random import Random
import re

from freezegun.api import FrozenDateTimeFactory, real_monotonic
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import (
    CONF_PASSWORD,
    CONF_USERNAME,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN as UNKNOWN,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.antminer_monitor.rig import PoolStatus, Status
from custom_components.antminer_monitor.units import RATE_UNITS
from simulator import Fault, SimulatedMiner
from simulator.profiles import COUNTS_ONLY, DEFAULT_MIX, PROFILES
from simulator.snapshot import Truth

from .common import NOON, FarmMaker, by_key, miners_of, pass_time, setup_site, state_of

POLL = 46.0
"""Seconds within which every miner is asked once, and none twice."""
LIMIT = timedelta(seconds=90)
"""Age from which a reading is stale, with the default options."""
LONG = 80.0
"""As long as may pass at once without anything getting stale."""
DIALECTS = ("s9", "s21_2024", "luxos")
"""The classic form, the S19 generation's own one, and joined commands."""
TURNS = 2000
"""Turns of the event loop in which every reading ends that needs no time to pass."""
PATIENCE = 20.0
"""Real seconds that a reading may take on a busy machine."""
ALWAYS_THERE = frozenset({"stale", "last_seen", "event"})

UNREADABLE: dict[Fault, str] = {
    Fault.REFUSE: "connection refused",
    Fault.HANG_CONNECT: "no whole reply within 10 s, 0 bytes",
    Fault.HANG_REPLY: "no whole reply within 10 s",
    Fault.TRUNCATE: "truncated after",
    Fault.SLOW: "no whole reply within 10 s",
    Fault.EMPTY: "empty reply",
    Fault.WRONG_NUL: "truncated after",
    Fault.GARBAGE: "over 1 MiB",
    Fault.REBOOT: "connection refused",
}
"""Faults with which nothing can be read, each with what is said of it."""
READABLE: dict[Fault, frozenset[str]] = {
    Fault.SLOW: frozenset(),
    Fault.INVALID_UTF8: frozenset(),
    Fault.BARE_NAN: frozenset({"hashrate_average"}),
}
"""Faults in spite of which figures are read, each with those that are lost."""

pytestmark = pytest.mark.usefixtures(
    "noon", "loopback_enabled", "entity_registry_enabled_by_default"
)


# --- time ----------------------------------------------------------------------------------


def readings(entry: ConfigEntry) -> Iterator[bool]:
    """Tell of each miner of a site whether it is being read."""
    for coordinator in entry.runtime_data.coordinators.values():
        yield coordinator.source._lock.locked()


async def breathe(entry: ConfigEntry) -> None:
    """Let happen what needs no time to pass: miners and site share the event loop."""
    for turn in range(TURNS):
        await asyncio.sleep(0)
        if turn > 50 and not any(readings(entry)):
            return


async def elapse_whole(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: ConfigEntry,
    seconds: float,
) -> None:
    """Let time pass at once, and every reading end: where none hangs, each takes what it takes.

    On a busy machine that is more turns of the loop than ``breathe`` has, and time that then
    jumps on would end the reading by its deadline.
    """
    await elapse(hass, freezer, entry, seconds)
    end = real_monotonic() + PATIENCE
    while any(readings(entry)):
        assert real_monotonic() < end, "a reading does not end"
        await asyncio.sleep(0)


async def elapse(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: ConfigEntry,
    seconds: float,
) -> None:
    """Let time pass at once; a reading that hangs is not waited for."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await breathe(entry)


async def trickle(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: ConfigEntry
) -> None:
    """Let time pass in hundredths of a second until a slow reading ends."""
    for _ in range(2000):
        if not any(readings(entry)):
            return
        freezer.tick(0.01)
        async_fire_time_changed(hass)
        for _ in range(5):
            await asyncio.sleep(0)
    pytest.fail("the reading does not end")


# --- truth ---------------------------------------------------------------------------------


def shown(
    hass: HomeAssistant,
    subentry: ConfigSubentry,
    *,
    without: Collection[str] = ALWAYS_THERE,
) -> dict[str, str]:
    """Give the state of every entity of a miner, by unique id without owner."""
    return {
        key: state_of(hass, subentry, key).state
        for key in by_key(hass, subentry)
        if key not in without
    }


def part_states(states: dict[str, str], kind: str, key: str) -> list[str]:
    """Give the states of one figure of all boards or fans, in the order of their index."""
    pattern = re.compile(rf"{kind}_(\d+)_{key}")
    found = {
        int(match[1]): state
        for name, state in states.items()
        if (match := pattern.fullmatch(name))
    }
    return [found[index] for index in sorted(found)]


def scale(hass: HomeAssistant, subentry: ConfigSubentry) -> float:
    """Give the hashes per second in one of a miner's unit."""
    unit = state_of(hass, subentry, "hashrate").attributes["unit_of_measurement"]
    return RATE_UNITS[unit].scale


def assert_figures(
    hass: HomeAssistant,
    subentry: ConfigSubentry,
    truth: Truth,
    *,
    lost: Collection[str] = (),
    chips: bool = True,
) -> None:
    """Compare every figure that is shown with what the miner really is.

    ``lost`` are figures that cannot be known now: they must be unknown. ``chips``: whether
    the firmware tells which chips fail.
    """
    states = shown(hass, subentry)
    unit = scale(hass, subentry)
    present = [board for board in truth.boards if board.present]
    failing = sum(board.chips_failing for board in present)
    absent = PROFILES[truth.profile].chips * (len(truth.boards) - len(present))
    idle = not truth.hashrate
    wanted: dict[str, tuple[object, ...]] = {
        "hashrate": (near(truth.hashrate / unit),),
        "hashrate_average": (near(truth.hashrate_average / unit),),
        # With a board missing some firmware counts on the others alone.
        "hashrate_nominal": (
            near(truth.hashrate_nominal / unit),
            near(truth.hashrate_nominal / unit * len(present) / len(truth.boards)),
        ),
        "power": (pytest.approx(truth.power, rel=0.15),),
        # One more may be found while the replies come.
        "shares_accepted": (
            pytest.approx(truth.accepted, abs=1),
            pytest.approx(truth.accepted + truth.accepted_for_maker, abs=1),
        ),
        "shares_rejected": (truth.rejected,),
        "hardware_errors": (
            truth.hardware_errors,
            sum(board.hardware_errors for board in present),
        ),
        "board_temperature": (warm(max(board.board_temperature for board in present)),),
        "chip_temperature": (warm(max(board.chip_temperature for board in present)),),
    }
    if chips:
        # Where the slots of the boards have no fixed order none is known to be empty.
        wanted["chips_faulty"] = (failing, failing + absent)
        wanted["chips_working"] = (sum(board.chips for board in present) - failing,)
    for key, values in wanted.items():
        if key in lost or (idle and key == "power" and states.get(key) == UNKNOWN):
            assert states[key] == UNKNOWN, key
        elif key in states:
            assert float(states[key]) in values, (key, states[key], values)
    started = dt_util.parse_datetime(states["started_at"], raise_on_error=True)
    elapsed = dt_util.utcnow() - started
    assert abs(elapsed.total_seconds() - truth.elapsed) < 2
    active = next(pool for pool in truth.pools if pool.active)
    assert states["pool"] == active.url.removeprefix("stratum+tcp://")
    fans = [float(speed) for speed in part_states(states, "fan", "fan_speed")]
    assert fans == [pytest.approx(speed, rel=0.021) for speed in truth.fans]
    for place, board in enumerate(truth.boards):
        figures: dict[str, object] = {
            "hashrate": near(board.hashrate / unit),
            "board_temperature": warm(board.board_temperature),
            "chip_temperature": warm(board.chip_temperature),
            "hardware_errors": board.hardware_errors,
        }
        if chips:
            figures["chips_faulty"] = board.chips_failing
        for key, value in figures.items():
            found = part_states(states, "board", key)
            if not found:
                assert key == "chip_temperature"
            elif board.present:
                assert float(found[place]) == value, (key, place)
            elif key != "chips_faulty":
                assert found[place] in {UNKNOWN, STATE_UNAVAILABLE}, (key, place)


def near(value: float) -> object:
    """Equal to a rate, but for what rounding and seconds cost."""
    return pytest.approx(value, rel=0.05)


def warm(value: float) -> object:
    """Equal to a temperature, but for what rounding and seconds cost."""
    return pytest.approx(value, abs=2)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what the log says of the integration at WARNING, which is all that it may say."""
    for record in caplog.records:
        assert record.exc_info is None, record.getMessage()
        assert record.levelno < logging.ERROR, record.getMessage()
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == logging.WARNING
        and record.name.startswith("custom_components.antminer_monitor")
    ]


# --- faults of the connection --------------------------------------------------------------


def test_every_fault_is_expected() -> None:
    """A new fault needs an expectation here."""
    assert {*UNREADABLE, *READABLE} == set(Fault)


@pytest.mark.parametrize("profile", DIALECTS)
@pytest.mark.parametrize("fault", UNREADABLE)
async def test_unreadable(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    profile: str,
) -> None:
    """The last true figures stay until they are old; then there are none, until it heals."""
    miners = await farm(profile)
    (miner,) = miners
    entry = await setup_site(hass, miners)
    site, (subentry,) = entry.runtime_data, miners_of(entry)
    coordinator = site.coordinators[subentry.subentry_id]
    assert_figures(hass, subentry, miner.truth())
    before = shown(hass, subentry)
    caplog.clear()

    miner.set_fault(
        fault,
        seconds=3600 if fault is Fault.REBOOT else None,
        rate=50 if fault is Fault.SLOW else 1000,
    )
    for seconds in (POLL, 11, 31):
        await elapse(hass, freezer, entry, seconds)
        assert shown(hass, subentry) == before
        assert state_of(hass, subentry, "stale").state == STATE_OFF
    assert coordinator.last_failure is not None
    assert warnings(caplog) == []

    await elapse(hass, freezer, entry, 3)
    for _ in range(4):
        assert set(shown(hass, subentry).values()) == {STATE_UNAVAILABLE}
        stale = state_of(hass, subentry, "stale")
        assert stale.state == STATE_ON
        assert UNREADABLE[fault] in stale.attributes["last_error"]
        assert stale.attributes["last_seen"] == NOON
        assert state_of(hass, subentry, "last_seen").state == NOON.isoformat()
        await elapse(hass, freezer, entry, 20)
    assert state_of(hass, entry, "rigs_stale").state == "1"
    assert state_of(hass, entry, "total_hashrate_sha256d").state == UNKNOWN
    assert state_of(hass, entry, "total_power").state == UNKNOWN

    miner.clear()
    await breathe(entry)
    for _ in range(2):
        await elapse(hass, freezer, entry, POLL)
    assert entry.runtime_data is site
    assert state_of(hass, subentry, "stale").state == STATE_OFF
    assert coordinator.last_seen(subentry.subentry_id) == dt_util.utcnow()
    assert shown(hass, subentry).keys() == before.keys()
    assert_figures(hass, subentry, miner.truth())
    gone, back = warnings(caplog)
    assert "is stale" in gone
    assert UNREADABLE[fault] in gone
    assert back == f"{subentry.title} is back"


@pytest.mark.parametrize("profile", DIALECTS)
@pytest.mark.parametrize("fault", READABLE)
async def test_readable(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    profile: str,
) -> None:
    """Right figures go on coming; one that is no number is unknown, and the rest is shown."""
    miners = await farm(profile)
    (miner,) = miners
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    coordinator = entry.runtime_data.coordinators[subentry.subentry_id]
    caplog.clear()

    miner.set_fault(fault, rate=8000)
    for _ in range(4):
        seen = coordinator.last_seen(subentry.subentry_id)
        await elapse(hass, freezer, entry, POLL)
        began = dt_util.utcnow()
        await trickle(hass, freezer, entry)
        assert coordinator.last_seen(subentry.subentry_id) > seen
        assert (dt_util.utcnow() > began) is (fault is Fault.SLOW)
        assert state_of(hass, subentry, "stale").state == STATE_OFF
        assert_figures(hass, subentry, miner.truth(), lost=READABLE[fault])
    miner.clear()
    for _ in range(2):
        await elapse(hass, freezer, entry, POLL)
    assert_figures(hass, subentry, miner.truth())
    assert warnings(caplog) == []


@pytest.mark.parametrize("fault", [Fault.INVALID_UTF8, Fault.BARE_NAN])
async def test_added_with_a_fault(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory, fault: Fault
) -> None:
    """What is not told at first gets its entity when it is told, without a reload."""
    miners = await farm(*DIALECTS)
    miners.set_fault(fault)
    entry = await setup_site(hass, miners)
    for miner, subentry in zip(miners, miners_of(entry), strict=True):
        keys = by_key(hass, subentry).keys()
        assert not keys & READABLE[fault]
        assert_figures(
            hass,
            subentry,
            miner.truth(),
            lost=READABLE[fault] & keys,
        )
    miners.heal()
    await elapse(hass, freezer, entry, POLL)
    await hass.async_block_till_done(wait_background_tasks=True)
    for miner, subentry in zip(miners, miners_of(entry), strict=True):
        assert by_key(hass, subentry).keys() >= READABLE[fault]
        assert_figures(hass, subentry, miner.truth())


@pytest.mark.parametrize("profile", DIALECTS)
async def test_one_lost_reply_is_asked_for_again(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    profile: str,
) -> None:
    """A poll whose first reply was cut short succeeds all the same."""
    miners = await farm(profile)
    (miner,) = miners
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    coordinator = entry.runtime_data.coordinators[subentry.subentry_id]
    miner.set_fault(Fault.HANG_REPLY)
    await elapse(hass, freezer, entry, POLL)
    assert coordinator.last_seen(subentry.subentry_id) == NOON
    # The connection breaks in the middle of the reply, and the next one is whole.
    miner.clear()
    await breathe(entry)

    assert coordinator.last_seen(subentry.subentry_id) == dt_util.utcnow()
    assert coordinator.last_failure is None
    assert_figures(hass, subentry, miner.truth())
    assert warnings(caplog) == []


@pytest.mark.parametrize("profile", [*DIALECTS, "braiins", "vnish_1_2_7"])
async def test_a_restart_moves_the_start(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory, profile: str
) -> None:
    """The start stays the same as long as the miner runs, and moves when it restarts."""
    # Uptimes are whole seconds: with such a start they point now at one second, now at the next.
    freezer.tick(0.6)
    miners = await farm(profile)
    (miner,) = miners
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    first = state_of(hass, subentry, "started_at")
    assert first.state == (NOON - timedelta(days=1)).isoformat()
    for _ in range(20):
        await elapse(hass, freezer, entry, POLL + 0.37)
    steady = state_of(hass, subentry, "started_at")
    assert steady.state == first.state
    assert steady.last_changed == first.last_changed

    miner.set_fault(Fault.REBOOT)
    old = state_of(hass, subentry, "hashrate").state
    await elapse(hass, freezer, entry, POLL)
    assert state_of(hass, subentry, "hashrate").state == old
    await elapse(hass, freezer, entry, 14)
    assert miner.fault is None
    rebooted = dt_util.utcnow()
    coordinator = entry.runtime_data.coordinators[subentry.subentry_id]
    for _ in range(30):
        await elapse(hass, freezer, entry, 1)
        if coordinator.last_seen(subentry.subentry_id) == dt_util.utcnow():
            break
    assert state_of(hass, subentry, "status").state in {
        Status.STARTING,
        Status.RUNNING,
    }
    cold = state_of(hass, subentry, "hashrate").state
    assert cold == UNKNOWN or float(cold) < float(old) / 2
    for _ in range(10):
        await elapse(hass, freezer, entry, POLL)
        assert_figures(hass, subentry, miner.truth())
    started = dt_util.parse_datetime(
        state_of(hass, subentry, "started_at").state, raise_on_error=True
    )
    assert abs(started - rebooted) < timedelta(seconds=2)


async def test_any_faults(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Whatever befalls whichever miner: a hashrate that is shown was true when it was seen."""
    miners = await farm(*DEFAULT_MIX)
    truths: defaultdict[tuple[int, datetime], list[Truth]] = defaultdict(list)

    def note() -> None:
        """Remember what the miners are now; a restart makes that two things at one time."""
        for miner in miners:
            truths[miner.index, dt_util.utcnow()].append(miner.truth())

    note()
    entry = await setup_site(hass, miners)
    chance = Random(4028)
    befell: set[Fault] = set()
    seen_unavailable = seen_figures = 0
    for _ in range(10):
        for miner in miners:
            miner.clear()
            if chance.random() < 0.6:
                fault = chance.choice(list(Fault))
                miner.set_fault(fault)
                befell.add(fault)
        note()
        await breathe(entry)
        freezer.tick(POLL)
        note()
        async_fire_time_changed(hass)
        await breathe(entry)
        note()
        for miner, subentry in zip(miners, miners_of(entry), strict=True):
            found = _check_rates(hass, entry, subentry, miner, truths)
            seen_figures += found
            seen_unavailable += not found

    assert befell == set(Fault)
    assert seen_unavailable > 5
    assert seen_figures > 50


def _check_rates(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentry: ConfigSubentry,
    miner: SimulatedMiner,
    truths: dict[tuple[int, datetime], list[Truth]],
) -> bool:
    """Compare every hashrate with the truth at the time it was seen; False if there is none."""
    states = shown(hass, subentry)
    coordinator = entry.runtime_data.coordinators[subentry.subentry_id]
    seen = coordinator.last_seen(subentry.subentry_id)
    assert seen is not None
    name = f"{miner.profile.name} with {miner.fault}"
    if dt_util.utcnow() - seen >= LIMIT:
        assert state_of(hass, subentry, "stale").state == STATE_ON, name
        assert set(states.values()) == {STATE_UNAVAILABLE}, name
        return False
    assert state_of(hass, subentry, "stale").state == STATE_OFF, name
    possible = truths[miner.index, seen]
    assert possible, name
    unit = scale(hass, subentry)
    rates = [states["hashrate"], *part_states(states, "board", "hashrate")]
    known = [None if rate == UNKNOWN else float(rate) * unit for rate in rates]
    assert any(
        known
        == [
            pytest.approx(rate, rel=0.05) if figure is not None or rate else None
            for figure, rate in zip(
                known,
                [truth.hashrate, *(board.hashrate for board in truth.boards)],
                strict=True,
            )
        ]
        for truth in possible
    ), (name, known, [truth.hashrate for truth in possible])
    return True


# --- conditions of the miner ---------------------------------------------------------------

MIX = (*DEFAULT_MIX, "s19pro_2022")
UNTOLD = ("s19pro_2020", "s19jpro_2022")
"""Firmware that tells of its sleep on its web page alone."""
SLEEPERS = tuple(name for name in MIX if PROFILES[name].sleeps and name not in UNTOLD)
PROBLEMS = frozenset(
    {"overheating", "hashrate_low", "board_fault", "fan_fault", "pool_fault", "stale"}
)


def problems(hass: HomeAssistant, subentry: ConfigSubentry) -> set[str]:
    """Give the problems that are shown of a miner."""
    states = shown(hass, subentry, without=())
    return {key for key in PROBLEMS if states.get(key) == STATE_ON}


async def suffer(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: ConfigEntry,
    miners: Collection[SimulatedMiner],
    **condition: object,
) -> list[tuple[SimulatedMiner, ConfigSubentry]]:
    """Let a condition befall all miners of a site that is well, and some minutes pass."""
    pairs = list(zip(miners, miners_of(entry), strict=True))
    for miner, subentry in pairs:
        assert problems(hass, subentry) == set(), miner.profile.name
        miner.condition(**condition)
    for _ in range(5):
        await elapse_whole(hass, freezer, entry, LONG)
    return pairs


async def recover(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: ConfigEntry,
    pairs: list[tuple[SimulatedMiner, ConfigSubentry]],
) -> None:
    """End the condition: some minutes later all is well again, without a reload."""
    for miner, _ in pairs:
        miner.clear_conditions()
    for _ in range(9):
        await elapse_whole(hass, freezer, entry, LONG)
    for miner, subentry in pairs:
        name = miner.profile.name
        assert problems(hass, subentry) == set(), name
        assert state_of(hass, subentry, "status").state == Status.RUNNING, name
        assert state_of(hass, subentry, "running").state == STATE_ON, name
        assert_figures(hass, subentry, miner.truth(), chips=name not in COUNTS_ONLY)


def assert_asleep(
    hass: HomeAssistant, subentry: ConfigSubentry, miner: SimulatedMiner
) -> None:
    """A miner that sleeps is there, does nothing and has no problem."""
    name = miner.profile.name
    assert state_of(hass, subentry, "status").state == Status.SLEEPING, name
    assert state_of(hass, subentry, "running").state == STATE_OFF, name
    assert float(state_of(hass, subentry, "hashrate").state) == 0, name
    assert problems(hass, subentry) == set(), name
    speeds = part_states(shown(hass, subentry), "fan", "fan_speed")
    turning = [float(speed) for speed in speeds if speed != STATE_UNAVAILABLE]
    assert turning in ([], list(miner.truth().fans)), name


async def test_sleep(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Sleep is told apart from trouble where the firmware tells, and is not absence."""
    miners = await farm(*SLEEPERS)
    entry = await setup_site(hass, miners)
    caplog.clear()
    pairs = await suffer(hass, freezer, entry, miners, sleep=True)
    for miner, subentry in pairs:
        assert_asleep(hass, subentry, miner)
    assert state_of(hass, entry, "rigs_with_problem").state == "0"
    assert state_of(hass, entry, "rigs_online").state == str(len(SLEEPERS))
    await recover(hass, freezer, entry, pairs)
    assert warnings(caplog) == []


async def test_sleep_that_the_web_page_tells(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """With the password of its web page an older firmware tells too."""
    miners = await farm(*UNTOLD, web=True)
    login = {CONF_USERNAME: "root", CONF_PASSWORD: "root"}
    entry = await setup_site(hass, miners, data=login)
    pairs = await suffer(hass, freezer, entry, miners, sleep=True)
    for miner, subentry in pairs:
        assert_asleep(hass, subentry, miner)


async def test_sleep_that_is_not_told(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Without it the miner is idle: neither running nor broken nor gone."""
    miners = await farm(*UNTOLD)
    entry = await setup_site(hass, miners)
    for miner in miners:
        miner.condition(sleep=True)
        # Another mode restarts the miner program.
        miner.model.start()
    for _ in range(6):
        await elapse(hass, freezer, entry, LONG)
    for miner, subentry in zip(miners, miners_of(entry), strict=True):
        assert state_of(hass, subentry, "status").state == Status.IDLE
        assert state_of(hass, subentry, "running").state == STATE_OFF
        assert float(state_of(hass, subentry, "hashrate").state) == 0
        assert not problems(hass, subentry) & {"board_fault", "fan_fault", "stale"}
        assert part_states(shown(hass, subentry), "fan", "fan_speed") == [
            str(speed) for speed in miner.truth().fans
        ]


async def test_missing_board(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A board that is gone is a fault, and shows no figures any more."""
    miners = await farm(*MIX)
    entry = await setup_site(hass, miners)
    pairs = await suffer(hass, freezer, entry, miners, missing_board=1)
    for miner, subentry in pairs:
        name = miner.profile.name
        # How many boards there should be is not known of a model that is not known.
        wanted = STATE_OFF if name == "unknown" else STATE_ON
        assert state_of(hass, subentry, "board_fault").state == wanted, name
        assert "stale" not in problems(hass, subentry)
        assert_figures(hass, subentry, miner.truth())
    await recover(hass, freezer, entry, pairs)


async def test_dying_chips(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Failing chips are counted, on the board that they are on."""
    miners = await farm(*(name for name in MIX if name not in COUNTS_ONLY))
    entry = await setup_site(hass, miners)
    pairs = await suffer(hass, freezer, entry, miners, dying_chips=2)
    for miner, subentry in pairs:
        name = miner.profile.name
        states = shown(hass, subentry)
        assert states["chips_faulty"] == "2", name
        faulty = part_states(states, "board", "chips_faulty")
        assert faulty == [*["0"] * (len(faulty) - 1), "2"], name
        assert problems(hass, subentry) <= {"hashrate_low"}, name
        assert_figures(hass, subentry, miner.truth())
    await recover(hass, freezer, entry, pairs)


async def test_over_temperature(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A miner that stopped by heat is hot and does not hash."""
    miners = await farm(*MIX)
    entry = await setup_site(hass, miners)
    pairs = await suffer(hass, freezer, entry, miners, over_temperature=True)
    for miner, subentry in pairs:
        name = miner.profile.name
        status = state_of(hass, subentry, "status").state
        assert status in {Status.FAULT, Status.IDLE}, name
        assert "overheating" in problems(hass, subentry), name
        assert "stale" not in problems(hass, subentry), name
        assert float(state_of(hass, subentry, "hashrate").state) == 0, name
        assert_figures(hass, subentry, miner.truth(), chips=name not in COUNTS_ONLY)
    assert state_of(hass, entry, "rigs_with_problem").state == str(len(MIX))
    await recover(hass, freezer, entry, pairs)


async def test_pool_dead(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory, noon: None
) -> None:
    """Work for the second pool is a fault of the first one, and of nothing else."""
    miners = await farm(*MIX)
    entry = await setup_site(hass, miners)
    pairs = await suffer(hass, freezer, entry, miners, pool_dead=True)
    for miner, subentry in pairs:
        assert problems(hass, subentry) == {"pool_fault"}, miner.profile.name
        pool = state_of(hass, subentry, "pool")
        assert pool.state == "backup.example.net:443", miner.profile.name
        assert [item["status"] for item in pool.attributes["pools"][:2]] == [
            PoolStatus.DEAD,
            PoolStatus.ALIVE,
        ]
        assert_figures(hass, subentry, miner.truth())
    await recover(hass, freezer, entry, pairs)


async def test_error_codes_of_port_6060(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A rig in trouble is asked for its error codes too, one that is well is not."""
    miners = await farm("s21_2024", web=True)
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    assert state_of(hass, subentry, "power").attributes["power_source"] == "reported"
    assert state_of(hass, subentry, "status").attributes["errors"] == []
    miners[0].condition(over_temperature=True)
    await pass_time(hass, freezer, 46)

    status = state_of(hass, subentry, "status")
    assert status.state == "fault"
    assert "P:2" in [error["code"] for error in status.attributes["errors"]]
