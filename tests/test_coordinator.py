"""Pacing, staleness and last seen."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
import logging

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.antminer_monitor import coordinator as module
from custom_components.antminer_monitor.command import Action, Command, Result
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.coordinator import Origin, RigCoordinator
from custom_components.antminer_monitor.orders import RECENT, Orders
from custom_components.antminer_monitor.pacing import Pacing, phases
from custom_components.antminer_monitor.rig import Rig, Status
from custom_components.antminer_monitor.source import (
    SourceTimeoutError,
    SourceUnreachableError,
)

from .rigs import rig
from .sources import ScriptedSource

INTERVAL = timedelta(seconds=30)
LIMIT = timedelta(seconds=90)


def seen_now(**changes: object) -> Callable[[], Rig]:
    """Give what makes a rig seen at the moment of the reading."""
    return lambda: rig(seen_at=dt_util.utcnow(), **changes)


@pytest.fixture
def make(
    hass: HomeAssistant,
) -> Callable[..., RigCoordinator]:
    """Make coordinators of scripted sources, and shut them down in the end."""
    entry = MockConfigEntry(domain=DOMAIN, title="Hall")
    entry.add_to_hass(hass)

    def build(
        source: ScriptedSource,
        *,
        remembered: dict[str, Rig] | None = None,
        phase: float = 0.0,
        slots: asyncio.Semaphore | None = None,
    ) -> RigCoordinator:
        return RigCoordinator(
            hass,
            entry,
            source,
            Pacing(
                interval=INTERVAL,
                stale_after=LIMIT,
                phase=phase,
                slots=slots or asyncio.Semaphore(100),
            ),
            Origin(device_id="hall", subentry_id="rig"),
            name="S19 Pro 192.168.1.10",
            rig_ids=("rig",),
            remembered=remembered,
        )

    return build


async def _pass(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, time: timedelta
) -> None:
    freezer.tick(time)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_never_read_is_stale_and_empty(
    make: Callable[..., RigCoordinator],
) -> None:
    """What was never seen has no figures and no time."""
    source = ScriptedSource(SourceUnreachableError("10.0.0.1:4028: nothing answers"))
    coordinator = make(source)
    await coordinator.async_refresh()

    assert coordinator.data == {}
    assert coordinator.rig_ids == ("rig",)
    assert coordinator.is_stale("rig")
    assert coordinator.last_seen("rig") is None
    assert coordinator.fresh == {}
    assert coordinator.last_failure is not None
    assert coordinator.last_failure.error == "10.0.0.1:4028: nothing answers"
    await coordinator.async_shutdown()


async def test_a_lost_packet_is_not_seen(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
) -> None:
    """One failed poll flips nothing; the figures stay until they are old."""
    source = ScriptedSource(
        seen_now(), SourceTimeoutError("late"), seen_now(hashrate=1.0)
    )
    coordinator = make(source)
    told: list[bool] = []
    coordinator.async_add_listener(lambda: told.append(coordinator.is_stale("rig")))
    await coordinator.async_refresh()
    first = coordinator.data["rig"]

    freezer.tick(30)
    await coordinator.async_refresh()
    assert not coordinator.is_stale("rig")
    assert coordinator.data["rig"] is first

    freezer.tick(30)
    await coordinator.async_refresh()
    assert coordinator.data["rig"].hashrate == 1.0
    assert told == [False, False]
    await coordinator.async_shutdown()


async def test_stale_by_the_clock_alone(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
) -> None:
    """Figures go stale at the limit even if nothing polls any more."""
    coordinator = make(ScriptedSource(seen_now(), SourceTimeoutError("late")))
    told: list[bool] = []
    await coordinator.async_refresh()
    seen_at = coordinator.last_seen("rig")
    remove = coordinator.async_add_listener(
        lambda: told.append(coordinator.is_stale("rig"))
    )
    coordinator._async_unsub_refresh()

    await _pass(hass, freezer, LIMIT - timedelta(seconds=1))
    assert told == []
    assert not coordinator.is_stale("rig")

    await _pass(hass, freezer, timedelta(seconds=2))
    assert told == [True]
    assert coordinator.fresh == {}
    assert coordinator.last_seen("rig") == seen_at
    remove()
    await coordinator.async_shutdown()


@pytest.mark.parametrize("hours", [-1, 1])
async def test_stale_whatever_the_clock(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[..., RigCoordinator],
    hours: int,
) -> None:
    """A clock that is set keeps no dead rig fresh, and makes none stale that was just read."""
    source = ScriptedSource(seen_now(), SourceTimeoutError("late"))
    coordinator = make(source)
    coordinator.async_add_listener(lambda: None)
    await coordinator.async_refresh()

    utcnow = dt_util.utcnow
    monkeypatch.setattr(dt_util, "utcnow", lambda: utcnow() + timedelta(hours=hours))
    await _pass(hass, freezer, LIMIT - timedelta(seconds=1))
    assert coordinator.last_failure
    assert not coordinator.is_stale("rig")
    await _pass(hass, freezer, timedelta(seconds=2))
    assert coordinator.is_stale("rig")
    await coordinator.async_shutdown()


async def test_nobody_is_missed_while_home_assistant_stops(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Polls have ended by then: a stop that takes long is no outage."""
    coordinator = make(ScriptedSource(seen_now()))
    await coordinator.async_refresh()
    hass.set_state(CoreState.stopping)
    await _pass(hass, freezer, 2 * LIMIT)
    assert "stale" not in caplog.text
    hass.set_state(CoreState.running)
    await coordinator.async_shutdown()


async def test_one_line_gone_one_line_back(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However long a miner is off, the log at its default level says it once."""
    gone = SourceTimeoutError("192.168.1.10:4028: no answer")
    source = ScriptedSource(seen_now(), gone, gone, gone, gone, gone, seen_now())
    coordinator = make(source)
    caplog.set_level(logging.WARNING)
    for _ in range(7):
        await coordinator.async_refresh()
        await _pass(hass, freezer, INTERVAL)

    lines = [
        record.getMessage()
        for record in caplog.records
        if record.name == module.__name__
    ]
    assert len(lines) == 2
    assert "S19 Pro 192.168.1.10 is stale" in lines[0]
    assert "no answer" in lines[0]
    assert lines[1] == "S19 Pro 192.168.1.10 is back"
    await coordinator.async_shutdown()


async def test_an_error_of_before_is_no_reason(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A rig that reports nothing to a service that answers is not stale for what the service said yesterday."""
    silent = rig(seen_at=dt_util.utcnow())
    coordinator = make(
        ScriptedSource(lambda: silent, SourceTimeoutError("late"), lambda: silent)
    )
    await coordinator.async_refresh()
    await coordinator.async_refresh()
    assert coordinator.failure is coordinator.last_failure is not None
    await coordinator.async_refresh()
    assert coordinator.failure is None
    assert coordinator.last_failure is not None
    await _pass(hass, freezer, LIMIT)
    assert coordinator.is_stale("rig")
    (line,) = (text for text in caplog.messages if "is stale" in text)
    assert "late" not in line
    await coordinator.async_shutdown()


async def test_a_stale_rig_hears_that_its_source_answers_again(
    freezer: FrozenDateTimeFactory, make: Callable[..., RigCoordinator]
) -> None:
    """Though it is stale still: why it is stale is another."""
    silent = rig(seen_at=dt_util.utcnow() - 2 * LIMIT)
    coordinator = make(
        ScriptedSource(lambda: silent, SourceTimeoutError("late"), lambda: silent)
    )
    await coordinator.async_refresh()
    told: list[object] = []
    coordinator.async_add_listener(lambda: told.append(coordinator.failure), "rig")
    await coordinator.async_refresh()
    await coordinator.async_refresh()
    assert told == [coordinator.last_failure, None]
    await coordinator.async_shutdown()


async def test_equal_readings_tell_nobody_but_are_seen(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
) -> None:
    """A sleeping miner writes no states, and its last-seen time moves on."""
    asleep = seen_now(status=Status.SLEEPING, hashrate=0.0)
    coordinator = make(ScriptedSource(asleep))
    await coordinator.async_refresh()
    told: list[None] = []
    seen: list[object] = []
    coordinator.async_add_listener(lambda: told.append(None))
    remove = coordinator.async_add_seen_listener(
        lambda: seen.append(coordinator.last_seen("rig"))
    )

    freezer.tick(30)
    await coordinator.async_refresh()
    assert told == []
    assert seen == [dt_util.utcnow()]

    remove()
    freezer.tick(30)
    await coordinator.async_refresh()
    assert len(seen) == 1
    await coordinator.async_shutdown()


async def test_back_with_equal_figures_is_told(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
) -> None:
    """A rig that comes back exactly as it went is available again."""
    coordinator = make(ScriptedSource(seen_now()))
    told: list[bool] = []
    await coordinator.async_refresh()
    coordinator.async_add_listener(lambda: told.append(coordinator.is_stale("rig")))
    coordinator._async_unsub_refresh()
    await _pass(hass, freezer, LIMIT)
    await coordinator.async_refresh()

    assert told == [True, False]
    await coordinator.async_shutdown()


async def test_remembered_rigs_are_stale_until_read(
    freezer: FrozenDateTimeFactory, make: Callable[..., RigCoordinator]
) -> None:
    """Figures of an earlier run are never shown, however young."""
    before = rig(seen_at=dt_util.utcnow() - timedelta(seconds=5))
    coordinator = make(
        ScriptedSource(SourceTimeoutError("late"), seen_now()),
        remembered={"rig": before},
    )

    assert coordinator.is_stale("rig")
    assert coordinator.last_seen("rig") == before.seen_at
    await coordinator.async_refresh()
    assert coordinator.is_stale("rig")
    await coordinator.async_refresh()
    assert not coordinator.is_stale("rig")
    await coordinator.async_shutdown()


async def test_remembered_rigs_that_a_reading_leaves_out(
    make: Callable[..., RigCoordinator],
) -> None:
    """Others were read, and it was not: its figures are still those of an earlier run."""
    before = rig(seen_at=dt_util.utcnow() - timedelta(seconds=5), hashrate=1.0)
    coordinator = make(
        ScriptedSource(seen_now(id="other"), seen_now()), remembered={"rig": before}
    )
    await coordinator.async_refresh()
    assert not coordinator.is_stale("other")
    assert coordinator.is_stale("rig")
    assert coordinator.last_seen("rig") == before.seen_at
    await coordinator.async_refresh()
    assert not coordinator.is_stale("rig")
    await coordinator.async_shutdown()


async def test_no_line_of_a_rig_that_starts_as_told(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is no outage while it is waited for; one that does not come back is."""
    coordinator = make(ScriptedSource(seen_now(), SourceTimeoutError("late")))
    await coordinator.async_refresh()
    coordinator.async_expect("rig", is_expected=True)
    await coordinator.async_refresh()
    await _pass(hass, freezer, LIMIT)
    assert coordinator.is_stale("rig")
    assert "is stale" not in caplog.text
    coordinator.async_expect("rig", is_expected=False)
    await coordinator.async_refresh()
    assert "is stale" in caplog.text
    # Telling it once more brings nobody back.
    coordinator.async_expect("rig", is_expected=True)
    assert "is back" not in caplog.text
    await coordinator.async_shutdown()


async def test_old_figures_of_a_source_are_stale(
    freezer: FrozenDateTimeFactory, make: Callable[..., RigCoordinator]
) -> None:
    """A source that answers with what was true long ago shows a stale rig."""
    coordinator = make(
        ScriptedSource(lambda: rig(seen_at=dt_util.utcnow() - timedelta(hours=1)))
    )
    await coordinator.async_refresh()

    assert coordinator.is_stale("rig")
    await coordinator.async_shutdown()


async def test_readings_are_bounded(make: Callable[..., RigCoordinator]) -> None:
    """No more sources are read at once than there are slots."""
    slots = asyncio.Semaphore(2)
    sources = [ScriptedSource(seen_now()) for _ in range(5)]
    gate = asyncio.Event()
    for source in sources:
        source.gate = gate
    coordinators = [make(source, slots=slots) for source in sources]
    tasks = [asyncio.ensure_future(each.async_refresh()) for each in coordinators]
    for _ in range(10):
        await asyncio.sleep(0)
    assert sum(source.reads for source in sources) == 2

    gate.set()
    await asyncio.gather(*tasks)
    assert sum(source.reads for source in sources) == 5
    for coordinator in coordinators:
        await coordinator.async_shutdown()


async def test_the_next_poll_keeps_to_its_phase(
    hass: HomeAssistant, make: Callable[..., RigCoordinator]
) -> None:
    """Each coordinator polls at its own moment of the interval, whenever it was read last."""
    for phase in (0.0, 0.3, 0.95):
        coordinator = make(ScriptedSource(seen_now()), phase=phase)
        await coordinator.async_refresh()
        assert coordinator.update_interval is not None
        wait = coordinator.update_interval.total_seconds()
        due = (hass.loop.time() + wait) % INTERVAL.total_seconds()

        assert INTERVAL.total_seconds() / 2 <= wait <= 1.5 * INTERVAL.total_seconds()
        assert due == pytest.approx(phase * INTERVAL.total_seconds(), abs=0.5)
        await coordinator.async_shutdown()


@pytest.mark.parametrize("count", [10, 100, 500])
def test_phases_are_spread_evenly(count: int) -> None:
    """No second of the interval gets much more than its share, whatever the number of rigs."""
    seconds = 30
    counts = [0] * seconds
    for phase in islice(phases(), count):
        counts[int(phase * seconds)] += 1

    assert max(counts) <= count / seconds + 2
    assert len({*islice(phases(), count)}) == count


async def test_replacing_the_source(
    hass: HomeAssistant, make: Callable[..., RigCoordinator]
) -> None:
    """A miner at a new address is read there, and the old connection is let go."""
    old, new = ScriptedSource(SourceTimeoutError("late")), ScriptedSource(seen_now())
    coordinator = make(old)
    await coordinator.async_refresh()
    await coordinator.async_replace_source(new)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert old.closed == 1
    assert new.reads == 1
    assert not coordinator.is_stale("rig")
    await coordinator.async_shutdown()
    assert new.closed == 1


async def test_a_reading_of_the_old_source_is_dropped(
    hass: HomeAssistant, make: Callable[..., RigCoordinator]
) -> None:
    """What was under way when the address changed may be another miner's."""
    old, new = (
        ScriptedSource(seen_now(hashrate=1.0)),
        ScriptedSource(SourceTimeoutError("late")),
    )
    old.gate = asyncio.Event()
    coordinator = make(old)
    under_way = asyncio.ensure_future(coordinator.async_refresh())
    await asyncio.sleep(0)
    replacing = asyncio.ensure_future(coordinator.async_replace_source(new))
    await asyncio.sleep(0)
    old.gate.set()
    await under_way
    await replacing
    await hass.async_block_till_done(wait_background_tasks=True)

    assert coordinator.data == {}
    await coordinator.async_shutdown()


async def test_shapes_change_only_with_the_shape(
    make: Callable[..., RigCoordinator],
) -> None:
    """Other figures keep the object of the shapes; another part or field replaces it."""
    coordinator = make(
        ScriptedSource(seen_now(), seen_now(hashrate=5.0), seen_now(found_blocks=None))
    )
    await coordinator.async_refresh()
    shapes = coordinator.shapes
    await coordinator.async_refresh()
    assert coordinator.shapes is shapes
    await coordinator.async_refresh()
    assert coordinator.shapes is not shapes
    await coordinator.async_shutdown()


async def test_polls_as_long_as_anybody_listens(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    make: Callable[..., RigCoordinator],
) -> None:
    """Whichever of them leaves first, and again when somebody comes back."""
    source = ScriptedSource(seen_now())
    coordinator = make(source)
    leave = [coordinator.async_add_listener(lambda: None, "rig") for _ in range(3)]
    await coordinator.async_refresh()
    for _ in range(2):
        leave.pop(0)()
    await _pass(hass, freezer, 2 * INTERVAL)
    assert source.reads == 2

    leave.pop()()
    await _pass(hass, freezer, 2 * INTERVAL)
    assert source.reads == 2

    coordinator.async_add_listener(lambda: None)
    await _pass(hass, freezer, 2 * INTERVAL)
    assert source.reads == 3
    await coordinator.async_shutdown()


async def test_who_was_told_lately(freezer: FrozenDateTimeFactory) -> None:
    """Rigs that took a command, for as long as somebody waits for its effect."""
    orders = Orders(str)
    source = ScriptedSource(seen_now())
    able, other = rig(id="1", commands=(Action.REBOOT,)), rig(id="2")
    outcomes = await orders.async_give(
        source,
        Command(action=Action.REBOOT),
        ("1", "2"),
        {"1": able, "2": other},
        lambda error: None,
    )
    assert [outcome.result for outcome in outcomes] == [Result.SENT, Result.FAILED]
    assert orders.recent() == {"1"}
    freezer.tick(RECENT - timedelta(seconds=1))
    assert orders.recent() == {"1"}
    freezer.tick(1)
    assert orders.recent() == frozenset()
