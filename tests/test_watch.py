"""What happens to rigs, from the reading to the event bus and the event entities."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.event import ATTR_EVENT_TYPE, ATTR_EVENT_TYPES
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_ON, STATE_UNKNOWN
from homeassistant.core import Context, CoreState, Event, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.antminer_monitor import allowance
from custom_components.antminer_monitor.bus import (
    EVENT_RIG,
    RigEventData,
    async_fire_command,
)
from custom_components.antminer_monitor.command import Action, Result
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.coordinator import RigCoordinator
from custom_components.antminer_monitor.rig import Rig
from custom_components.antminer_monitor.rig_events import RigEventType
from custom_components.antminer_monitor.watch import AFTERWARDS, UNDER_WAY
from custom_components.antminer_monitor.watch_memory import SAVE_SOON
from simulator import Fault

from .common import (
    FarmMaker,
    by_key,
    miners_of,
    pass_time,
    settle,
    setup_site,
    state_of,
)
from .happenings import FARM, ScriptedFarm, worker
from .rigs import board

pytestmark = pytest.mark.usefixtures("noon")

T = RigEventType
POLL = 46.0
"""Seconds within which every miner is asked once, and none twice."""


@pytest.fixture
def fired(hass: HomeAssistant) -> list[Event[RigEventData]]:
    """Keep what is told on the bus."""
    events: list[Event[RigEventData]] = async_capture_events(hass, EVENT_RIG)
    return events


def kinds(fired: list[Event[RigEventData]]) -> list[str]:
    """Give what was told, in that order."""
    return [event.data["type"] for event in fired]


# --- simulated miners ------------------------------------------------------------------------


async def polls(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, times: int
) -> None:
    """Let every miner be read so many times."""
    for _ in range(times):
        await pass_time(hass, freezer, POLL)


HURT: dict[str, tuple[dict[str, object], dict[RigEventType, RigEventType]]] = {
    "board": ({"missing_board": 1}, {T.BOARD_LOST: T.BOARD_RECOVERED}),
    "heat": (
        {"over_temperature": True},
        {T.OVERHEATED: T.COOLED_DOWN, T.HASHRATE_LOW: T.HASHRATE_RECOVERED},
    ),
    "pool": ({"pool_dead": True}, {T.POOL_DEAD: T.POOL_RECOVERED}),
}
"""What befalls a miner, and what is told of it: when it begins, and when it is over."""
ALIKE = ("s9", "s21_2024", "s19pro_2022")
"""The classic form, the S19 generation's own one, and the one before."""


@pytest.mark.usefixtures("loopback_enabled")
@pytest.mark.parametrize("hurt", HURT)
async def test_condition(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    fired: list[Event[RigEventData]],
    hurt: str,
) -> None:
    """Each miner tells once that something is wrong, and once that it is over."""
    condition, told = HURT[hurt]
    miners = await farm(*ALIKE)
    entry = await setup_site(hass, miners)
    await polls(hass, freezer, 3)
    assert fired == []
    for miner in miners:
        miner.condition(**condition)
    await polls(hass, freezer, 10)
    for begins, ends in told.items():
        assert kinds(fired).count(begins) == len(ALIKE)
        assert ends not in kinds(fired)
    # Firmware that was stopped by heat shows every chip as failing.
    assert (T.BOARD_LOST in kinds(fired)) is (T.BOARD_LOST in told)
    for subentry in miners_of(entry):
        kind = state_of(hass, subentry, "event").attributes[ATTR_EVENT_TYPE]
        assert kind in kinds(fired)

    for miner in miners:
        miner.clear_conditions()
    await polls(hass, freezer, 20)
    for kind in (*told, *told.values()):
        assert kinds(fired).count(kind) == len(ALIKE), kind


@pytest.mark.usefixtures("loopback_enabled")
async def test_reboot_and_stale(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    fired: list[Event[RigEventData]],
) -> None:
    """A miner that reboots quickly, and one that is away for longer; on rig and site."""
    miners = await farm(*ALIKE)
    entry = await setup_site(hass, miners)
    first, second, third = miners_of(entry)
    for subentry in (first, second, third):
        assert state_of(hass, subentry, "event").state == STATE_UNKNOWN
    miners[0].model.start()
    miners[1].set_fault(Fault.REFUSE)
    await polls(hass, freezer, 4)
    assert {(told.data["name"], told.data["type"]) for told in fired} == {
        (first.title, T.REBOOTED),
        (second.title, T.WENT_STALE),
    }
    assert len(fired) == 2
    state = state_of(hass, second, "event")
    assert state.attributes[ATTR_EVENT_TYPE] == T.WENT_STALE
    assert 90 <= state.attributes["seconds"] <= 136
    assert state.attributes[ATTR_EVENT_TYPES] == [kind.value for kind in T]
    site = state_of(hass, entry, "event")
    assert site.attributes[ATTR_EVENT_TYPE] == fired[-1].data["type"]

    fired.clear()
    miners.heal()
    await polls(hass, freezer, 3)
    assert [told.data for told in fired] == [
        {
            "device_id": fired[0].data["device_id"],
            "entity_id": by_key(hass, second)["status"],
            "rig_id": second.subentry_id,
            "name": second.title,
            "type": T.CAME_BACK,
            "details": {"seconds": fired[0].data["details"]["seconds"]},
        }
    ]
    site = state_of(hass, entry, "event")
    assert site.attributes["rig"] == second.title
    assert site.attributes["rig_id"] == second.subentry_id
    assert site.attributes["device_id"] == fired[0].data["device_id"]
    assert site.attributes["seconds"] >= 180
    assert state_of(hass, third, "event").state == STATE_UNKNOWN


@pytest.mark.usefixtures("loopback_enabled")
async def test_sensors_agree(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    fired: list[Event[RigEventData]],
) -> None:
    """Sensors and events go by the same limits and the same way back: those of the site."""
    miners = await farm("s19pro_2022")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    warmest = float(state_of(hass, subentry, "chip_temperature").state)
    hass.config_entries.async_update_entry(
        entry, options={"hot_chip": warmest + 2, "low_hashrate": 50}
    )
    await settle(hass)
    for ambient in (25.0, 32.0, 27.0, 32.0, 25.5, 10.0, 25.0, 35.0):
        miners[0].condition(ambient=ambient)
        await polls(hass, freezer, 6)
        heat = [kind for kind in kinds(fired) if kind in (T.OVERHEATED, T.COOLED_DOWN)]
        is_hot = state_of(hass, subentry, "overheating").state == STATE_ON
        assert is_hot == (heat[-1:] == [T.OVERHEATED]), ambient
    assert heat == [T.OVERHEATED, T.COOLED_DOWN, T.OVERHEATED]


# --- a farm of the test's mind ---------------------------------------------------------------


@pytest.fixture
def farm_of_one(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> ScriptedFarm:
    """Give a farm with one rig that is not set up yet."""
    return ScriptedFarm(hass, monkeypatch)


class Days:
    """Lets the rigs of a farm be something, and time pass."""

    def __init__(
        self, hass: HomeAssistant, farm: ScriptedFarm, freezer: FrozenDateTimeFactory
    ) -> None:
        """Keep what is used."""
        self.hass = hass
        self.farm = farm
        self.freezer = freezer
        self.began = dt_util.utcnow() - timedelta(hours=2)

    async def be(self, times: int = 1, step: float = 60, **changes: object) -> None:
        """Read the rig so many times."""

        def rigs() -> tuple[Rig, ...]:
            uptime = (dt_util.utcnow() - self.began).total_seconds()
            return (worker(1, **{"uptime": uptime, **changes}),)

        self.farm.rigs = rigs
        for _ in range(times):
            self.freezer.tick(step)
            await self.farm.tell()

    async def be_gone(self, step: float, failures: int = 1) -> None:
        """Let the rig not be heard of."""
        seen = self.farm.coordinator.last_seen("7x1")
        self.farm.rigs = lambda: (worker(1, seen_at=seen),)
        for _ in range(failures):
            self.freezer.tick(step)
            await self.farm.tell()


@pytest.fixture
async def days(
    hass: HomeAssistant, farm_of_one: ScriptedFarm, freezer: FrozenDateTimeFactory
) -> Days:
    """Give a farm that is set up, and was read."""
    days = Days(hass, farm_of_one, freezer)
    await farm_of_one.setup()
    await days.be()
    return days


async def test_entities(days: Days, fired: list[Event[RigEventData]]) -> None:
    """The rig's event names what belongs to it; the farm's names the rig besides."""
    two = (board(1), board(3))
    await days.be(2, boards=two)
    assert kinds(fired) == [T.BOARD_LOST]
    state = days.farm.state("7x1_event")
    assert state.attributes[ATTR_EVENT_TYPE] == "board_lost"
    assert state.attributes["board"] == 2
    assert state.state_info is not None
    assert ATTR_EVENT_TYPES in state.state_info["unrecorded_attributes"]
    state = days.farm.state(f"{FARM}_event")
    assert state.attributes[ATTR_EVENT_TYPE] == "board_lost"
    assert state.attributes["board"] == 2
    assert state.attributes["rig"] == "rig-1"
    assert state.attributes["rig_id"] == "7x1"
    assert state.attributes["device_id"] == days.farm.device("7x1").id


async def test_each_has_a_state_of_its_own(
    hass: HomeAssistant, days: Days, fired: list[Event[RigEventData]]
) -> None:
    """What happens in one moment is shown one by one."""
    states = async_capture_events(hass, "state_changed")
    await days.be(2, boards=(board(2),))
    assert [
        changed.data["new_state"].attributes["board"]
        for changed in states
        if changed.data["entity_id"] == days.farm.entity_id("7x1_event")
    ] == [1, 3]


async def test_equal_readings_decide_too(
    days: Days, fired: list[Event[RigEventData]]
) -> None:
    """What two readings must say is told though the second is equal to the first."""
    await days.be(boards=(board(1), board(3)))
    assert fired == []
    await days.be(boards=(board(1), board(3)))
    assert kinds(fired) == [T.BOARD_LOST]


async def test_a_rig_that_is_new(days: Days, fired: list[Event[RigEventData]]) -> None:
    """It is watched from its first reading on; one that is gone is let go."""

    async def read(**second: object) -> None:
        rigs = [worker(1, uptime=None)]
        if second:
            days.freezer.tick(1)
            rigs.append(worker(2, uptime=None, **second))
        days.farm.rigs = lambda: tuple(rigs)
        days.freezer.tick(60)
        await days.farm.tell()

    for _ in range(3):
        await read(boards=(board(1),), hashrate=0.0, found_blocks=2)
    assert fired == []
    assert days.farm.state("7x2_event").state == STATE_UNKNOWN
    await read(boards=(board(1),), hashrate=0.0, found_blocks=3)
    assert [(told.data["rig_id"], told.data["type"]) for told in fired] == [
        ("7x2", T.BLOCK_FOUND)
    ]
    for _ in range(4):
        await read()
    assert days.farm.entity_id("7x2_event") is None
    assert not days.farm.entry.runtime_data.watched.watch_of("7x2").is_known


async def test_stale_after_a_restart(
    days: Days, fired: list[Event[RigEventData]]
) -> None:
    """A rig that was stale does not go stale again; one that was not, once it could be read."""
    await days.be_gone(200)
    assert kinds(fired) == [T.WENT_STALE]
    await days.farm.restart()
    await days.be_gone(600)
    assert kinds(fired) == [T.WENT_STALE]
    await days.be()
    assert kinds(fired) == [T.WENT_STALE, T.CAME_BACK]

    fired.clear()
    days.freezer.tick(3600)
    seen = days.farm.coordinator.last_seen("7x1")
    days.farm.rigs = lambda: (worker(1, seen_at=seen),)
    await days.farm.restart()
    await days.be_gone(100)
    assert fired == []
    await days.be_gone(100)
    assert [(told.data["type"], told.data["details"]) for told in fired] == [
        (T.WENT_STALE, {"seconds": 3800})
    ]


async def test_remembered_over_a_restart(
    days: Days, fired: list[Event[RigEventData]]
) -> None:
    """What was told is not told again; what happened meanwhile is, once."""
    hot = (replace(board(1), chip_temperature=101.0), board(2), board(3))
    warm = (replace(board(1), chip_temperature=97.0), board(2), board(3))
    await days.be(boards=hot)
    assert kinds(fired) == [T.OVERHEATED]
    days.farm.rigs = lambda: (worker(1, boards=warm, uptime=None),)
    await days.farm.restart()
    await days.be(2, boards=warm)
    assert kinds(fired) == [T.OVERHEATED]
    assert days.farm.coordinator.verdict_of("7x1").overheating is True

    await days.be(boards=warm, found_blocks=1)
    await days.farm.restart()
    await days.be(boards=warm, found_blocks=1)
    assert kinds(fired) == [T.OVERHEATED, T.BLOCK_FOUND]


async def test_written_soon(
    hass: HomeAssistant, days: Days, hass_storage: dict[str, Any]
) -> None:
    """After a crash no more than the last seconds are told twice."""
    await days.be(found_blocks=1)
    await pass_time(hass, days.freezer, SAVE_SOON + 1)
    stored = hass_storage[f"{DOMAIN}.{days.farm.entry.entry_id}.watch"]["data"]
    assert stored["7x1"]["blocks"] == 1
    assert "someone" not in str(stored)


async def test_nothing_is_left_of_an_entry_that_is_removed(
    hass: HomeAssistant, days: Days, hass_storage: dict[str, Any]
) -> None:
    """Its file goes with it."""
    entry = days.farm.entry
    memory = entry.runtime_data.watched
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert f"{DOMAIN}.{entry.entry_id}.watch" in hass_storage
    await memory.async_remove()
    assert f"{DOMAIN}.{entry.entry_id}.watch" not in hass_storage


async def test_what_cannot_be_read_is_left_out(
    hass: HomeAssistant,
    days: Days,
    hass_storage: dict[str, Any],
    fired: list[Event[RigEventData]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A file that somebody broke costs what was known of that rig, and a line in the log."""
    entry = days.farm.entry
    assert await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}.watch"]["data"]
    stored["7x1"] = {"lost": "everything"}
    stored["7x8"] = {"lost": "of a rig that is not there any more"}
    await days.farm.setup()
    await days.be(2)
    assert fired == []
    assert "7x8" not in days.farm.entry.runtime_data.watched._watches
    assert "What was told of rig 7x1 is not known: a list was expected" in caplog.text


async def test_told_when_home_assistant_has_started(
    hass: HomeAssistant, days: Days, fired: list[Event[RigEventData]]
) -> None:
    """What happened while Home Assistant was away waits until automations hear it."""
    assert await hass.config_entries.async_unload(days.farm.entry.entry_id)
    hass.set_state(CoreState.starting)
    await days.farm.setup()
    await days.be(found_blocks=1)
    assert fired == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    assert kinds(fired) == [T.BLOCK_FOUND]
    assert days.farm.state("7x1_event").attributes["blocks"] == 1


async def test_announced_downtime(days: Days, fired: list[Event[RigEventData]]) -> None:
    """It is no outage: nothing is told of rigs that are back when it ends."""
    days.farm.coordinator.excuse = "Maintenance"
    await days.be_gone(200, failures=3)
    await days.be()
    assert fired == []

    days.farm.coordinator.excuse = "Maintenance"
    await days.be_gone(200, failures=3)
    days.farm.coordinator.excuse = None
    await days.be_gone(60)
    assert kinds(fired) == [T.WENT_STALE]
    await days.be_gone(60)
    assert kinds(fired) == [T.WENT_STALE]


# --- commands --------------------------------------------------------------------------------


@pytest.fixture
def ann() -> Context:
    """Give the context of a user's command."""
    return Context(user_id="ann")


def command(
    coordinator: RigCoordinator,
    action: str,
    result: Any,
    context: Context,
    error: str | None = None,
) -> None:
    """Tell what became of a command."""
    async_fire_command(coordinator, "7x1", action, result, context=context, error=error)


@pytest.mark.parametrize(
    ("result", "error", "kind", "details"),
    [
        (Result.DONE, None, T.COMMAND_DONE, {}),
        (Result.FAILED, "it is locked", T.COMMAND_FAILED, {"reason": "it is locked"}),
        (
            Result.FAILED,
            "x" * 1000,
            T.COMMAND_FAILED,
            {"reason": "x" * 200},
        ),
        (
            "unconfirmed",
            None,
            T.COMMAND_FAILED,
            {"reason": "no effect was seen"},
        ),
    ],
    ids=["done", "failed", "long", "unconfirmed"],
)
async def test_end_of_a_command(
    days: Days,
    fired: list[Event[RigEventData]],
    ann: Context,
    result: Any,
    error: str | None,
    kind: str,
    details: dict[str, str],
) -> None:
    """Told with the command, in the context of who gave it; that it was sent is no event."""
    coordinator = days.farm.coordinator
    command(coordinator, Action.REBOOT, Result.SENT, ann)
    assert kinds(fired) == ["command_sent"]
    assert days.farm.state("7x1_event").state == STATE_UNKNOWN
    command(coordinator, Action.REBOOT, result, ann, error)
    await settle(days.hass)
    assert kinds(fired) == ["command_sent", kind]
    assert fired[1].data["details"] == {"command": "reboot", **details}
    assert {told.context.user_id for told in fired} == {"ann"}
    state = days.farm.state("7x1_event")
    assert state.attributes[ATTR_EVENT_TYPE] == kind
    assert state.attributes["command"] == "reboot"
    assert state.context.user_id == "ann"


async def test_a_command_for_a_rig_of_others(
    days: Days, fired: list[Event[RigEventData]], ann: Context
) -> None:
    """Other entries have their own watchers."""
    async_fire_command(
        days.farm.coordinator, "9x9", Action.REBOOT, Result.DONE, context=ann
    )
    assert fired == []


async def test_reboot_as_told(
    days: Days, fired: list[Event[RigEventData]], ann: Context
) -> None:
    """It answers the command; a later one does not."""
    command(days.farm.coordinator, Action.REBOOT, Result.SENT, ann)
    fired.clear()
    days.began = dt_util.utcnow()
    await days.be(hashrate=1e12)
    assert [(told.data["type"], told.data["details"]) for told in fired] == [
        (T.REBOOTED, {"uptime": 60, "command": "reboot"})
    ]
    assert fired[0].context is ann
    days.freezer.tick(UNDER_WAY + timedelta(minutes=2))
    days.began = dt_util.utcnow()
    await days.be()
    assert fired[1].data["details"] == {"uptime": 60}
    assert fired[1].context.user_id is None


@pytest.mark.parametrize(
    ("action", "setting", "is_ours"),
    [
        (Action.SET_POWER_MODE, {"work_mode": "low"}, True),
        (Action.SET_FAN, {"fan_mode": "manual"}, True),
        (Action.SET_FAN, {"work_mode": "low"}, False),
        (Action.LOCATE, {"work_mode": "low"}, False),
        ("acme.beep", {"work_mode": "low"}, True),
    ],
)
async def test_settings(
    days: Days,
    fired: list[Event[RigEventData]],
    ann: Context,
    action: str,
    setting: dict[str, Any],
    is_ours: bool,
) -> None:
    """What a command of ours changes is not told as changed elsewhere."""
    await days.be(work_mode="normal", fan_mode="auto")
    before: dict[str, Any] = {"work_mode": "normal", "fan_mode": "auto"}
    command(days.farm.coordinator, action, Result.SENT, ann)
    fired.clear()
    await days.be(3, **{**before, **setting})
    assert kinds(fired) == ([] if is_ours else [T.SETTINGS_CHANGED])


async def test_settings_long_after_a_command(
    days: Days, fired: list[Event[RigEventData]], ann: Context
) -> None:
    """What changes then was somebody else."""
    await days.be(work_mode="normal")
    command(days.farm.coordinator, Action.SET_POWER_MODE, Result.DONE, ann)
    fired.clear()
    days.freezer.tick(AFTERWARDS + timedelta(minutes=2))
    await days.be(2, work_mode="low")
    assert kinds(fired) == [T.SETTINGS_CHANGED]


async def test_starting_as_told_is_not_stale(
    days: Days, fired: list[Event[RigEventData]]
) -> None:
    """A rig that was told to start anew is silent for a while; then it is an outage."""
    coordinator = days.farm.coordinator
    coordinator.async_expect("7x1", is_expected=True)
    await days.be_gone(200, failures=2)
    assert fired == []
    coordinator.async_expect("7x1", is_expected=False)
    await settle(days.hass)
    assert kinds(fired) == [T.WENT_STALE]


# --- many rigs -------------------------------------------------------------------------------


async def test_only_rigs_that_changed_are_looked_at(
    hass: HomeAssistant,
    farm_of_one: ScriptedFarm,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Many rigs of which one changes cost one look."""
    count = 30
    blocks = 0
    farm_of_one.rigs = lambda: tuple(
        worker(number, uptime=None, found_blocks=blocks if number == 7 else 0)
        for number in range(1, count + 1)
    )
    await farm_of_one.setup()
    hub = farm_of_one.entry.runtime_data
    watched = hub.watched
    looked: list[str] = []
    original = watched.watch_of

    def watch_of(rig_id: str) -> Any:
        looked.append(rig_id)
        return original(rig_id)

    monkeypatch.setattr(watched, "watch_of", watch_of)
    freezer.tick(60)
    await farm_of_one.tell()
    assert looked == []
    blocks = 1
    freezer.tick(60)
    await farm_of_one.tell()
    assert looked == ["7x7"]


async def test_many_rigs_have_their_event(
    hass: HomeAssistant, farm_of_one: ScriptedFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where little is enabled, the events of rigs are among it."""
    monkeypatch.setattr(allowance, "ENOUGH", 36)
    monkeypatch.setattr(allowance, "MANY_RIGS", 4)
    farm_of_one.rigs = lambda: tuple(worker(number) for number in range(1, 5))
    await farm_of_one.setup()
    assert farm_of_one.state("7x1_event").state == STATE_UNKNOWN
    assert farm_of_one.state(f"{FARM}_event").state == STATE_UNKNOWN
