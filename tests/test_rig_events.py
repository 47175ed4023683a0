"""What happens to a rig, found by comparing its readings."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
import json
from typing import Any

import pytest

from custom_components.antminer_monitor.health import (
    DEFAULT_LIMITS,
    SLOW_FOR,
    Limits,
    Verdict,
    Verdicts,
)
from custom_components.antminer_monitor.rig import Board, Gpu, Pool, PoolStatus, Status
from custom_components.antminer_monitor.rig_events import (
    CHIPS_FORGOTTEN,
    SAME_START,
    RigEventType,
    Watch,
)

from .rigs import SEEN_AT, board, rig

T = RigEventType
STEP = timedelta(seconds=30)

type Told = list[tuple[str, dict[str, Any]]]


class Story:
    """Shows a watch one reading after the other, as a coordinator would."""

    def __init__(self, watch: Watch | None = None, limits: Limits = DEFAULT_LIMITS):
        """Begin at noon."""
        self.watch = watch or Watch("rig")
        self.limits = limits
        self.now = SEEN_AT
        self.began = SEEN_AT - timedelta(hours=2)
        self.last_seen: datetime | None = None
        self.verdicts = Verdicts()
        if watch:
            self.verdicts.recall({"rig": watch.verdict})

    def see(
        self, step: timedelta = STEP, ours: Iterable[str] = (), **changes: object
    ) -> Told:
        """Read the rig some time later; give what is told."""
        self.now += step
        values = {
            "seen_at": self.now,
            "uptime": (self.now - self.began).total_seconds(),
            **changes,
        }
        seen = rig(**values)
        self.last_seen = seen.seen_at
        self.verdicts.judge({"rig": seen}, {"rig"}, self.limits)
        return _plain(
            self.watch.observe(
                seen,
                self.now,
                verdict=self.verdicts.of("rig"),
                limits=self.limits,
                ours=frozenset(ours),
            )
        )

    def miss(self, step: timedelta = STEP) -> Told:
        """Let the rig be stale."""
        self.now += step
        self.verdicts.interrupt({"rig"})
        return _plain(self.watch.observe(None, self.now, last_seen=self.last_seen))

    def restart(self) -> Story:
        """Let Home Assistant start anew, with what it kept."""
        kept = json.loads(json.dumps(self.watch.state))
        story = Story(Watch.restored("rig", kept), self.limits)
        story.now, story.began, story.last_seen = self.now, self.began, self.last_seen
        return story


def _plain(events: Iterable[Any]) -> Told:
    assert all(event.rig_id == "rig" for event in events)
    return [(event.type, dict(event.details)) for event in events]


def kinds(told: Told) -> list[str]:
    """Give the kinds alone."""
    return [kind for kind, _ in told]


def undecided(story: Story) -> bool:
    """Tell whether the next reading decides on something."""
    return story.watch.is_undecided


@pytest.fixture
def story() -> Story:
    """Give the story of a rig that was read once, and is well."""
    story = Story()
    assert story.see() == []
    return story


def pools(*urls: str, active: int = 0, first: PoolStatus = PoolStatus.ALIVE) -> Any:
    """Give pools in this order."""
    return tuple(
        Pool(
            index=index,
            url=f"stratum+tcp://{url}",
            user=f"wallet.{index}",
            status=first if index == 0 else PoolStatus.ALIVE,
            priority=index,
            active=index == active,
        )
        for index, url in enumerate(urls)
    )


SICK: tuple[dict[str, Any], ...] = (
    {"boards": (board(1, chip_temperature=120.0),)},
    {"boards": (board(1), board(2, chips_working=0, chips_faulty=114))},
    {"boards": (board(1, chips_faulty=9, chips_working=105),)},
    {"hashrate": 0.0, "status": Status.FAULT},
    {"pools": pools("a:1", "b:1", active=1, first=PoolStatus.DEAD)},
    {"found_blocks": 3},
    {"uptime": 1.0},
)


@pytest.mark.parametrize("sick", SICK)
def test_the_first_reading_tells_nothing(sick: dict[str, Any]) -> None:
    """What was so before anybody looked is no news, nor is it in the next reading."""
    story = Story()
    for _ in range(2):
        assert story.see(**sick) == []
    assert story.watch.is_known


def test_a_rig_that_is_well(story: Story) -> None:
    """Nothing happens to it, and nothing is waited for."""
    for _ in range(10):
        assert story.see() == []
        assert not story.watch.is_undecided


def test_one_reading_is_looked_at_once(story: Story) -> None:
    """What counts readings is not fooled by being shown one twice."""
    sick = rig(seen_at=story.now + STEP, uptime=7230.0, boards=(board(1), board(2)))
    for _ in range(3):
        assert story.watch.observe(sick, story.now) == ()
    assert story.watch.is_undecided


# --- reboot, stale ---------------------------------------------------------------------------


def test_reboot(story: Story) -> None:
    """The miner program began anew; told once."""
    story.began = story.now
    assert story.see() == [(T.REBOOTED, {"uptime": 30})]
    assert story.see() == []


@pytest.mark.parametrize("drift", [-SAME_START, -5.0, 5.0, SAME_START - 1])
def test_a_clock_that_drifts_is_no_reboot(story: Story, drift: float) -> None:
    """Uptimes are whole seconds, and clocks are set."""
    story.began += timedelta(seconds=drift)
    assert story.see() == []


def test_no_uptime_is_no_reboot(story: Story) -> None:
    """A rig that does not tell for a while goes on as before."""
    assert story.see(uptime=None) == []
    assert story.see() == []


def test_stale(story: Story) -> None:
    """Told with how long it was not heard of, and how long it was away; once each."""
    story.see()
    assert story.miss(timedelta(seconds=90)) == [(T.WENT_STALE, {"seconds": 90})]
    assert story.watch.is_stale
    assert story.miss() == []
    assert story.see() == [(T.CAME_BACK, {"seconds": 150})]
    assert story.see() == []


def test_stale_without_a_first_reading() -> None:
    """A rig that was never there is not lost."""
    story = Story()
    assert story.miss() == []
    assert not story.watch.is_stale


def test_power_cut(story: Story) -> None:
    """It came back, and began anew."""
    story.miss()
    story.began = story.now
    assert kinds(story.see()) == [T.CAME_BACK, T.REBOOTED]


# --- boards and chips ------------------------------------------------------------------------

THREE = (board(1), board(2), board(3))
TWO = (board(1), board(3))
DEAD = (board(1), board(2, chips_working=0, chips_faulty=114), board(3))


@pytest.mark.parametrize("gone", [TWO, DEAD], ids=["missing", "dead"])
def test_board(story: Story, gone: tuple[Board, ...]) -> None:
    """A board that is missing, or without a working chip, in two readings is lost; once."""
    assert story.see(boards=gone) == []
    assert undecided(story)
    assert story.see(boards=gone) == [(T.BOARD_LOST, {"board": 2})]
    assert not undecided(story)
    assert story.see(boards=gone) == []
    assert story.see() == []
    assert story.see() == [(T.BOARD_RECOVERED, {"board": 2})]
    assert story.see() == []


def test_a_board_that_comes_and_goes(story: Story) -> None:
    """What no two readings agree on is not told."""
    for _ in range(5):
        assert story.see(boards=TWO) == []
        assert story.see() == []


def test_two_boards(story: Story) -> None:
    """Each is told."""
    story.see(boards=(board(2),))
    assert story.see(boards=(board(2),)) == [
        (T.BOARD_LOST, {"board": 1}),
        (T.BOARD_LOST, {"board": 3}),
    ]


@pytest.mark.parametrize(
    "resting",
    [
        {"status": Status.SLEEPING, "boards": DEAD, "hashrate": 0.0},
        {"status": Status.STARTING, "boards": TWO, "hashrate": 0.0},
        {"status": Status.OFFLINE, "boards": ()},
        {"boards": ()},
        {
            "status": Status.IDLE,
            "hashrate": 0.0,
            "boards": tuple(replace(item, chips_working=0) for item in THREE),
        },
        {
            "status": Status.FAULT,
            "hashrate": 0.0,
            "boards": tuple(replace(item, chips_working=0) for item in THREE),
        },
    ],
    ids=[
        "asleep",
        "starting",
        "offline",
        "not told",
        "asleep or broken",
        "stopped by heat",
    ],
)
def test_boards_at_rest_are_not_lost(story: Story, resting: dict[str, Any]) -> None:
    """Boards without power do not answer."""
    for _ in range(3):
        assert story.see(**resting) == []
    assert story.see() == []


def faulty(count: int, index: int = 1) -> tuple[Board, ...]:
    """Give boards, one with so many failing chips."""
    return tuple(
        replace(item, chips_faulty=count, chips_working=114 - count)
        if item.index == index
        else item
        for item in THREE
    )


def test_chips(story: Story) -> None:
    """More failing chips than ever, in two readings, are told with board and count."""
    assert story.see(boards=faulty(2, 3)) == []
    assert story.watch.is_undecided
    assert story.see(boards=faulty(2, 3)) == [
        (T.CHIPS_FAILING, {"board": 3, "chips": 2})
    ]
    assert story.see(boards=faulty(2, 3)) == []
    story.see(boards=faulty(4, 3))
    # As many as both say; the next reading decides on the rest.
    assert story.see(boards=faulty(6, 3)) == [
        (T.CHIPS_FAILING, {"board": 3, "chips": 4})
    ]
    assert story.see(boards=faulty(6, 3)) == [
        (T.CHIPS_FAILING, {"board": 3, "chips": 6})
    ]


def test_chips_that_come_and_go(story: Story) -> None:
    """A chip that fails now and then is told once in a day."""
    told = 0
    for count in (1, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1):
        told += len(story.see(boards=faulty(count)))
    assert told == 1


def test_chips_are_forgotten_after_a_day(story: Story) -> None:
    """What was well for a day and fails again is news."""
    for _ in range(2):
        story.see(boards=faulty(1))
    story.see(boards=faulty(0))
    story.see(CHIPS_FORGOTTEN, boards=faulty(0))
    story.see(boards=faulty(1))
    assert story.see(boards=faulty(1)) == [(T.CHIPS_FAILING, {"board": 1, "chips": 1})]


def test_chips_of_a_lost_board_are_not_told(story: Story) -> None:
    """That the board is lost says it all."""
    told: Told = []
    for _ in range(4):
        told += story.see(boards=DEAD)
    assert kinds(told) == [T.BOARD_LOST]


def test_chips_at_rest_are_not_told(story: Story) -> None:
    """A rig that does not hash shows chips that do not answer."""
    for _ in range(3):
        assert story.see(boards=faulty(50), status=Status.STARTING, hashrate=0.0) == []


# --- heat and rate ---------------------------------------------------------------------------


def warm(chip: float, circuit: float = 60.0) -> tuple[Board, ...]:
    """Give boards, one of this temperature."""
    return (
        replace(THREE[0], chip_temperature=chip, board_temperature=circuit),
        *THREE[1:],
    )


def test_heat(story: Story) -> None:
    """Told at once from the limit on, with part and temperature; over only 5 °C below it."""
    assert story.see(boards=warm(99.9)) == []
    assert story.see(boards=warm(100.0)) == [
        (T.OVERHEATED, {"part": "chip", "temperature": 100.0})
    ]
    for temperature in (99.0, 101.0, 95.5, 100.0, 95.0):
        assert story.see(boards=warm(temperature)) == []
    assert story.see(boards=warm(94.9)) == [
        (T.COOLED_DOWN, {"part": "chip", "temperature": 94.9})
    ]
    for temperature in (95.0, 99.9, 94.0):
        assert story.see(boards=warm(temperature)) == []


def test_a_warm_part_does_not_keep_another_hot(story: Story) -> None:
    """Each part has its own way back: the board was never too hot."""
    assert kinds(story.see(boards=warm(100.0, 82.0))) == [T.OVERHEATED]
    assert story.see(boards=warm(70.0, 82.0)) == [
        (T.COOLED_DOWN, {"part": "board", "temperature": 82.0})
    ]


def test_another_hot_part_is_no_news(story: Story) -> None:
    """The rig is too hot already."""
    story.see(boards=warm(100.0))
    assert story.see(boards=warm(100.0, 90.0)) == []
    assert story.see(boards=warm(70.0, 90.0)) == []
    assert kinds(story.see(boards=warm(70.0, 60.0))) == [T.COOLED_DOWN]


def test_limits_of_the_owner() -> None:
    """They count, not ours."""
    story = Story(limits=Limits(hot_board=65.0, hot_chip=80.0))
    story.see()
    assert story.see(boards=warm(70.0, 65.0)) == [
        (T.OVERHEATED, {"part": "board", "temperature": 65.0})
    ]


def test_heat_of_a_graphics_card(story: Story) -> None:
    """Its memory is the first to be too hot."""
    cool = (Gpu(index=1, core_temperature=60.0, memory_temperature=90.0),)
    hot = (Gpu(index=1, core_temperature=80.0, memory_temperature=106.0),)
    story.see(boards=(), gpus=cool)
    assert story.see(boards=(), gpus=hot) == [
        (T.OVERHEATED, {"part": "gpu_memory", "temperature": 106.0})
    ]


def test_heat_that_the_source_finds(story: Story) -> None:
    """A source that knows the owner's own limits is believed."""
    bare: dict[str, Any] = {"boards": ()}
    assert story.see(problems=("overheat",), **bare) == [
        (T.OVERHEATED, {"part": "overheat"})
    ]
    assert kinds(story.see(problems=())) == [T.COOLED_DOWN]


def test_no_temperature_is_no_cooling(story: Story) -> None:
    """Asleep, some firmware tells none."""
    story.see(boards=warm(100.0))
    unknown = tuple(
        replace(item, chip_temperature=None, board_temperature=None) for item in THREE
    )
    assert story.see(boards=unknown) == []
    assert story.see(boards=warm(99.0)) == []
    assert kinds(story.see(boards=warm(90.0))) == [T.COOLED_DOWN]


SLOW: dict[str, Any] = {"hashrate": 87e12}
"""Below 80 % of 110 TH/s."""
READINGS = int(SLOW_FOR / STEP)


def test_rate(story: Story) -> None:
    """Slow in every reading for five minutes is told; fast again only 5 points above."""
    for _ in range(READINGS):
        assert story.see(**SLOW) == []
    assert story.see(**SLOW) == [
        (T.HASHRATE_LOW, {"hashrate": 87e12, "hashrate_nominal": 110e12})
    ]
    for rate in (88.1e12, 93.4e12, 80e12, 90e12):
        assert story.see(hashrate=rate) == []
    assert story.see(hashrate=93.6e12) == [
        (T.HASHRATE_RECOVERED, {"hashrate": 93.6e12, "hashrate_nominal": 110e12})
    ]
    assert story.see(hashrate=89e12) == []


def test_a_rate_that_swings(story: Story) -> None:
    """One reading above the limit, and the five minutes begin anew."""
    for _ in range(5):
        for _ in range(READINGS - 1):
            assert story.see(**SLOW) == []
        assert story.see(hashrate=88.1e12) == []


def test_no_alarm_at_a_reboot(story: Story) -> None:
    """Ten minutes are given for tuning, then five to be slow in."""
    story.began = story.now
    story.see(hashrate=0.0)
    slow = [
        story.now - story.began
        for _ in range(60)
        if T.HASHRATE_LOW in kinds(story.see(**SLOW))
    ]
    assert slow == [timedelta(minutes=15)]


def be_slow(story: Story) -> None:
    """Let the rig be slow for so long that it is told."""
    told: Told = []
    for _ in range(READINGS + 1):
        told += story.see(**SLOW)
    assert T.HASHRATE_LOW in kinds(told)


@pytest.mark.parametrize(
    "status", [Status.SLEEPING, Status.STARTING], ids=["asleep", "starting"]
)
def test_rest_is_no_recovery(story: Story, status: Status) -> None:
    """It is no longer slow, but neither does it hash again; once it does, that is told."""
    be_slow(story)
    for _ in range(3):
        assert story.see(status=status, hashrate=0.0) == []
    assert story.see(hashrate=50e12) == []
    assert kinds(story.see()) == [T.HASHRATE_RECOVERED]


def test_slow_again_after_a_rest(story: Story) -> None:
    """A rig that was restarted for being slow, and is slow again, is told again."""
    be_slow(story)
    story.see(status=Status.SLEEPING, hashrate=0.0)
    be_slow(story)


def test_time_out_of_sight_does_not_count(story: Story) -> None:
    """Nobody knows how slow it was meanwhile."""
    story.see(**SLOW)
    story.miss()
    assert kinds(story.see(SLOW_FOR, **SLOW)) == [T.CAME_BACK]
    be_slow(story)


def test_no_rate_is_no_change(story: Story) -> None:
    """A reading without it changes nothing."""
    be_slow(story)
    assert story.see(hashrate=None) == []
    assert story.see(**SLOW) == []
    assert kinds(story.see()) == [T.HASHRATE_RECOVERED]


# --- pools, blocks, settings -----------------------------------------------------------------


def test_pool_change(story: Story) -> None:
    """Another host, in two readings; without user or scheme."""
    story.see(pools=pools("a.example:1", "b.example:2"))
    story = Story()
    story.see(pools=pools("a.example:1", "b.example:2"))
    other = pools("a.example:1", "b.example:2", active=1)
    assert story.see(pools=other) == []
    assert story.see(pools=other) == [
        (T.POOL_CHANGED, {"pool": "b.example:2", "before": "a.example:1"})
    ]
    assert story.see(pools=()) == []
    assert story.see(pools=other) == []


def test_a_fee_that_is_mined_for_in_between_is_no_change() -> None:
    """Some firmware works for its maker for a moment."""
    story = Story()
    for _ in range(4):
        assert story.see(pools=pools("a:1", "DevFee")) == []
        assert story.see(pools=pools("a:1", "DevFee", active=1)) == []


def test_pool_death() -> None:
    """The first pool is dead in two readings, and alive in two."""
    story = Story()
    alive = pools("a.example:1", "b.example:2")
    dead = pools("a.example:1", "b.example:2", first=PoolStatus.DEAD)
    story.see(pools=alive)
    assert story.see(pools=dead) == []
    assert story.see(pools=dead) == [(T.POOL_DEAD, {"pool": "a.example:1"})]
    assert story.see(pools=alive) == []
    assert story.see(pools=dead) == []
    assert story.see(pools=alive) == []
    assert story.see(pools=alive) == [(T.POOL_RECOVERED, {"pool": "a.example:1"})]


def test_a_dead_pool_without_address() -> None:
    """It is told all the same."""
    story = Story()
    told = [
        story.see(pools=(Pool(index=0, status=status),))
        for status in (PoolStatus.ALIVE, PoolStatus.DEAD, PoolStatus.DEAD)
    ]
    assert told == [[], [], [(T.POOL_DEAD, {})]]


def test_pools_at_rest() -> None:
    """A rig that sleeps talks to no pool."""
    story = Story()
    story.see(pools=pools("a:1"))
    for _ in range(3):
        assert (
            story.see(pools=pools("a:1", first=PoolStatus.DEAD), status=Status.SLEEPING)
            == []
        )


def test_block(story: Story) -> None:
    """As many as were found since the last reading."""
    assert story.see(found_blocks=1) == [(T.BLOCK_FOUND, {"blocks": 1})]
    assert story.see(found_blocks=1) == []
    assert story.see(found_blocks=None) == []
    assert story.see(found_blocks=3) == [(T.BLOCK_FOUND, {"blocks": 2})]


@pytest.mark.parametrize(
    ("count", "blocks"), [(0, None), (2, 2), (3, 3), (4, 4)], ids=str
)
def test_block_and_reboot(story: Story, count: int, blocks: int | None) -> None:
    """The counter begins at zero: all that it counts then is new."""
    story.see(found_blocks=3)
    story.began = story.now
    told = dict(story.see(found_blocks=count))
    assert told.get(T.BLOCK_FOUND, {}).get("blocks") == blocks


def test_a_counter_that_falls_is_no_block(story: Story) -> None:
    """Firmware that was upgraded, say."""
    story.see(found_blocks=3)
    assert story.see(found_blocks=1) == []
    assert story.see(found_blocks=2) == [(T.BLOCK_FOUND, {"blocks": 1})]


SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "work_mode": (
        {"work_mode": "normal"},
        {"work_mode": "low"},
        {"value": "low", "before": "normal"},
    ),
    "power_target": (
        {"power_target": 3000.0},
        {"power_target": 3050.0},
        {"value": 3050.0, "before": 3000.0},
    ),
    "fan_mode": (
        {"fan_mode": "auto"},
        {"fan_mode": "manual"},
        {"value": "manual", "before": "auto"},
    ),
    "overclock": (
        {"overclock": "Cool"},
        {"overclock": "Hot"},
        {"value": "Hot", "before": "Cool"},
    ),
    "flight_sheet": (
        {"flight_sheet": "ETC"},
        {"flight_sheet": "Kaspa"},
        {"value": "Kaspa", "before": "ETC"},
    ),
    "pools": (
        {"pools": pools("a:1", "b:1")},
        {"pools": pools("a:1", "evil:1")},
        {"value": "a:1, evil:1", "before": "a:1, b:1"},
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_setting(name: str) -> None:
    """What somebody else changed is told with both values, after two readings."""
    before, after, details = SETTINGS[name]
    story = Story()
    story.see(**before)
    assert story.see(**after) == []
    assert story.see(**after) == [(T.SETTINGS_CHANGED, {"setting": name, **details})]
    assert story.see(**after) == []


@pytest.mark.parametrize("name", SETTINGS)
def test_our_own_setting(name: str) -> None:
    """What a command of ours changed is not told, now or later; what it does not change is."""
    before, after, _ = SETTINGS[name]
    story = Story()
    story.see(**before)
    assert story.see(ours=[name], **after) == []
    assert story.see(**after) == []
    others = [other for other in SETTINGS if other != name]
    story.see(ours=others, **before)
    assert kinds(story.see(ours=others, **before)) == [T.SETTINGS_CHANGED]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_not_told(name: str) -> None:
    """A reading without it changes nothing."""
    before, _, _ = SETTINGS[name]
    silent: dict[str, Any] = {}
    silent.update(dict.fromkeys(before), pools=())
    story = Story()
    story.see(**before)
    for _ in range(3):
        assert story.see(**silent) == []
    assert story.see(**before) == []


def test_a_power_target_that_firmware_rounds() -> None:
    """The same but for one per cent."""
    story = Story()
    story.see(power_target=3000.0)
    for watts in (3020.0, 2980.0, 3029.0):
        assert story.see(power_target=watts) == []
        assert story.see(power_target=watts) == []


def test_users_of_pools() -> None:
    """Whoever mines for himself on the same pool is noticed; nobody's name is told or kept."""
    story = Story()
    mine = pools("a:1", "b:1")
    thief = tuple(replace(pool, user="thief.1") for pool in mine)
    story.see(pools=mine)
    story.see(pools=thief)
    assert story.see(pools=thief) == [(T.SETTINGS_CHANGED, {"setting": "pools"})]
    assert "thief" not in str(story.watch.state)
    # Firmware that does not tell users now and then.
    blind = tuple(replace(pool, user=None) for pool in mine)
    for _ in range(2):
        assert story.see(pools=blind) == []
    assert story.see(pools=thief) == []


def test_pools_and_users_are_one_change() -> None:
    """One line for both."""
    story = Story()
    story.see(pools=pools("a:1", "b:1"))
    thief = tuple(replace(pool, user="thief") for pool in pools("c:1", "b:1"))
    story.see(pools=thief)
    told = story.see(pools=thief)
    assert kinds(told) == [T.POOL_CHANGED, T.SETTINGS_CHANGED]


# --- restarts of Home Assistant --------------------------------------------------------------


def lose_board(story: Story) -> None:
    """Lose a board."""
    for _ in range(2):
        story.see(boards=TWO)


@pytest.mark.parametrize(
    ("befall", "still"),
    [
        (lambda story: story.see(boards=warm(101.0)), {"boards": warm(96.0)}),
        (be_slow, {"hashrate": 90e12}),
        (lose_board, {"boards": TWO}),
        (
            lambda story: [story.see(boards=faulty(3)) for _ in range(2)],
            {"boards": faulty(3)},
        ),
        (lambda story: story.see(found_blocks=2), {"found_blocks": 2}),
        (lambda story: story.see(uptime=10.0), {}),
    ],
    ids=["hot", "slow", "board", "chips", "block", "reboot"],
)
def test_what_was_told_is_not_told_after_a_restart(
    story: Story, befall: Callable[[Story], Any], still: dict[str, Any]
) -> None:
    """It is so still, within its hysteresis: nothing is said, then or later."""
    befall(story)
    if not still:
        # The start is the one that was told.
        story.began = story.now - timedelta(seconds=10)
    story = story.restart()
    for _ in range(READINGS + 2):
        assert story.see(**still) == []


def test_what_ended_meanwhile_is_told(story: Story) -> None:
    """Once, at the first reading that says so."""
    be_slow(story)
    story.see(boards=warm(101.0), **SLOW)
    story = story.restart()
    assert kinds(story.see()) == [T.COOLED_DOWN, T.HASHRATE_RECOVERED]
    assert story.see() == []


def test_what_began_meanwhile_is_told(story: Story) -> None:
    """Home Assistant was away for hours."""
    story.see(pools=pools("a:1", "b:1"))
    story = story.restart()
    story.began = story.now + timedelta(hours=1)
    now: dict[str, Any] = {
        "boards": (
            replace(board(1), chip_temperature=105.0),
            replace(board(3), chips_faulty=2, chips_working=112),
        ),
        "found_blocks": 1,
        "pools": pools("c:1", "b:1"),
    }
    told = story.see(timedelta(hours=2), **now)
    assert kinds(told) == [T.REBOOTED, T.OVERHEATED, T.BLOCK_FOUND]
    assert kinds(story.see(**now)) == [
        T.BOARD_LOST,
        T.CHIPS_FAILING,
        T.POOL_CHANGED,
        T.SETTINGS_CHANGED,
    ]


def test_stale_over_a_restart(story: Story) -> None:
    """It does not go stale again; that it is back is told."""
    story.miss()
    story = story.restart()
    assert story.miss() == []
    assert kinds(story.see()) == [T.CAME_BACK]
    assert story.see() == []


def test_seen_before_and_after_a_restart(story: Story) -> None:
    """A rig that was there before, and is there again, did nothing."""
    story = story.restart()
    assert not story.watch.was_seen
    assert story.see(timedelta(hours=8)) == []
    assert story.watch.was_seen


@pytest.mark.parametrize(
    "state",
    [
        {"started": "yesterday"},
        {"boards": 3},
        {"lost": ["x"]},
        {"chips": {"1": 4}},
        {"chips": {"x": [1, None]}},
        {"chips": {"1": [True, None]}},
        {"hot": "chip"},
        {"hot": [1]},
        {"low": "yes"},
        {"pool": 4},
        {"pool_dead": 1},
        {"blocks": []},
    ],
    ids=str,
)
def test_a_state_that_is_none(state: dict[str, Any]) -> None:
    """What cannot have been kept is refused."""
    with pytest.raises(ValueError, match=r"expected|invalid literal"):
        Watch.restored("rig", state)


def test_a_state_of_another_version() -> None:
    """What is missing is not known, and what is not known is left."""
    watch = Watch.restored(
        "rig",
        {"later": 1, "settings": {"work_mode": "low", "other": "x", "overclock": None}},
    )
    assert not watch.is_known
    assert watch.state["settings"] == {"work_mode": "low"}
    assert watch.verdict == Verdict()
