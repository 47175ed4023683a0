"""Events: what happened is told once, on the bus and by its entity."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.event import ATTR_EVENT_TYPE, ATTR_EVENT_TYPES
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_UNKNOWN
from homeassistant.core import Context, CoreState, Event, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.antminer_monitor import bus, tellers
from custom_components.antminer_monitor.bus import (
    EVENT_COMMAND,
    EVENT_HAPPENING,
    HappeningData,
    async_fire_command,
)
from custom_components.antminer_monitor.command import Action, Result
from custom_components.antminer_monitor.fleet import UPDATE_DELAY
from custom_components.antminer_monitor.source import Severity

from .common import pass_time, settle
from .happenings import FARM, GROUP, ScriptedFarm, message, worker

pytestmark = pytest.mark.usefixtures("noon")

SOON = timedelta(minutes=1)


@pytest.fixture
def farm(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> ScriptedFarm:
    """Give a farm that is not set up yet."""
    return ScriptedFarm(hass, monkeypatch)


@pytest.fixture
def fired(hass: HomeAssistant) -> list[Event[HappeningData]]:
    """Keep what is told on the bus."""
    events: list[Event[HappeningData]] = async_capture_events(hass, EVENT_HAPPENING)
    return events


def titles(fired: list[Event[HappeningData]]) -> list[str]:
    """Give what was told, in that order."""
    return [happened.data["title"] for happened in fired]


async def test_message_of_a_rig(
    farm: ScriptedFarm, fired: list[Event[HappeningData]]
) -> None:
    """A rig's message is an event of its entity and one on the bus, with what belongs to it."""
    await farm.setup()
    before = farm.state("7x1_message")
    assert before.state == STATE_UNKNOWN
    assert before.attributes[ATTR_EVENT_TYPES] == [
        "danger",
        "warning",
        "info",
        "success",
    ]

    happened = dt_util.utcnow()
    await farm.tell(
        message(
            severity=Severity.DANGER,
            title="GPU 2 is lost",
            command_id="99",
            details={
                "command": "miner",
                "payload": ["no", "plain", "value"],
                "event_type": "not ours",
                "title": "not this one",
                "long": "x" * 1000,
            },
        )
    )

    state = farm.state("7x1_message")
    assert dt_util.parse_datetime(state.state) == happened
    assert state.attributes[ATTR_EVENT_TYPE] == "danger"
    assert state.attributes["title"] == "GPU 2 is lost"
    assert state.attributes["at"] == happened.isoformat()
    assert state.attributes["command_id"] == "99"
    assert state.attributes["command"] == "miner"
    assert len(state.attributes["long"]) == bus.LONGEST_TEXT
    assert "payload" not in state.attributes
    (told,) = fired
    assert told.data == {
        "device_id": farm.device("7x1").id,
        "entity_id": farm.status_id("7x1"),
        "rig_id": "7x1",
        "name": "rig-1",
        "title": "GPU 2 is lost",
        "severity": "danger",
        "command_id": "99",
        "at": happened.isoformat(),
        "told_after": 0,
        "details": {
            "command": "miner",
            "event_type": "not ours",
            "title": "not this one",
            "long": "x" * bus.LONGEST_TEXT,
        },
    }


async def test_each_once_and_in_order(
    farm: ScriptedFarm,
    fired: list[Event[HappeningData]],
    freezer: FrozenDateTimeFactory,
) -> None:
    """What a source tells again is not told again; each has a state of its own."""
    await farm.setup()
    states = async_capture_events(farm.coordinator.hass, "state_changed")
    first, second = message(1), message(2)
    await farm.tell(first, second)
    freezer.tick(SOON)
    await farm.tell(first, second, message(3))
    await farm.tell(first, second)

    assert titles(fired) == ["Message 1", "Message 2", "Message 3"]
    assert [
        changed.data["new_state"].attributes["title"]
        for changed in states
        if changed.data["entity_id"] == farm.entity_id("7x1_message")
    ] == ["Message 1", "Message 2", "Message 3"]


async def test_late_arrival_is_told(
    farm: ScriptedFarm,
    fired: list[Event[HappeningData]],
    freezer: FrozenDateTimeFactory,
) -> None:
    """A message that comes late is told, though a later one was told already."""
    await farm.setup()
    late = message(1)
    freezer.tick(SOON)
    await farm.tell(message(2))
    await farm.tell(late, message(2))
    assert titles(fired) == ["Message 2", "Message 1"]


async def test_nothing_from_before(
    farm: ScriptedFarm, fired: list[Event[HappeningData]]
) -> None:
    """What happened before the set-up is never told."""
    farm.happenings = (message(1, at=dt_util.utcnow() - SOON),)
    await farm.setup()
    await farm.tell(*farm.happenings, message(2))
    assert titles(fired) == ["Message 2"]


async def test_not_again_after_a_restart(
    farm: ScriptedFarm,
    fired: list[Event[HappeningData]],
    freezer: FrozenDateTimeFactory,
) -> None:
    """After a restart what was told is not told again, and is still what is shown."""
    await farm.setup()
    await farm.tell(message(1))
    state = farm.state("7x1_message")
    freezer.tick(SOON)
    await farm.restart()
    assert titles(fired) == ["Message 1"]
    restored = farm.state("7x1_message")
    assert restored.state == state.state
    assert restored.attributes == state.attributes

    await farm.tell(message(1), message(2))
    assert titles(fired) == ["Message 1", "Message 2"]


async def test_written_down_before_it_is_told(
    hass: HomeAssistant, farm: ScriptedFarm, hass_storage: dict[str, Any]
) -> None:
    """Home Assistant may crash while it tells: what was told is known by then."""
    await farm.setup()
    known: list[bool] = []

    def see(event: Event[HappeningData]) -> None:
        stored = hass_storage[f"antminer_monitor.{farm.entry.entry_id}.told"]["data"]
        known.append("message-1" in stored[FARM])

    hass.bus.async_listen(EVENT_HAPPENING, see)
    await farm.tell(message(1))
    assert known == [True]


async def test_told_when_home_assistant_has_started(
    hass: HomeAssistant,
    farm: ScriptedFarm,
    fired: list[Event[HappeningData]],
    freezer: FrozenDateTimeFactory,
) -> None:
    """What happened while Home Assistant was away waits until automations hear it."""
    await farm.setup()
    await pass_time(hass, freezer, 1)
    await hass.config_entries.async_unload(farm.entry.entry_id)
    farm.happenings = (message(1),)
    freezer.tick(timedelta(hours=8))
    hass.set_state(CoreState.starting)
    await farm.setup()
    await farm.tell(message(1), message(2))
    assert fired == []
    assert farm.state("7x1_message").state == STATE_UNKNOWN

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    assert titles(fired) == ["Message 1", "Message 2"]
    assert fired[0].data["told_after"] == 8 * 3600
    assert farm.state("7x1_message").attributes["title"] == "Message 2"

    await farm.tell(message(3))
    assert titles(fired) == ["Message 1", "Message 2", "Message 3"]


async def test_unloaded_before_home_assistant_has_started(
    hass: HomeAssistant, farm: ScriptedFarm, fired: list[Event[HappeningData]]
) -> None:
    """An entry that is gone by then tells nothing."""
    hass.set_state(CoreState.starting)
    farm.happenings = (message(1),)
    await farm.setup()
    assert await hass.config_entries.async_unload(farm.entry.entry_id)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    assert fired == []


async def test_message_of_a_new_rig(
    farm: ScriptedFarm, fired: list[Event[HappeningData]]
) -> None:
    """The message that comes with a new rig is not lost."""
    await farm.setup()
    farm.rigs = lambda: (worker(1), worker(2))
    await farm.tell(message(1, rig_id="7x2"))
    assert farm.state("7x2_message").attributes["title"] == "Message 1"
    assert farm.state("7x1_message").state == STATE_UNKNOWN
    assert titles(fired) == ["Message 1"]
    assert fired[0].data["device_id"] == farm.device("7x2").id


async def test_messages_wait_for_their_entity(
    farm: ScriptedFarm,
    fired: list[Event[HappeningData]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Messages of a rig that has no entity yet are kept, the latest of them."""
    monkeypatch.setattr(tellers, "MOST_WAITING", 2)
    farm.rigs = lambda: (worker(1, unresolved=None),)
    await farm.setup()
    assert farm.entity_id("7x1_message") is None
    states = async_capture_events(farm.coordinator.hass, "state_changed")
    await farm.tell(message(1), message(2), message(3, rig_id="7x9"))
    assert titles(fired) == ["Message 1", "Message 2", "Message 3"]
    assert [told.data.get("entity_id") for told in fired] == [
        farm.status_id("7x1"),
        farm.status_id("7x1"),
        None,
    ]
    # A rig that nobody knows: the farm at least.
    assert fired[2].data["device_id"] == farm.device(FARM).id
    assert fired[2].data["name"] == "North hall"

    farm.rigs = lambda: (worker(1), worker(9))
    await farm.tell()
    assert [
        (changed.data["entity_id"], changed.data["new_state"].attributes["title"])
        for changed in states
        if "title" in changed.data["new_state"].attributes
        and changed.data["old_state"] is not None
    ] == [
        (farm.entity_id("7x1_message"), "Message 2"),
        (farm.entity_id("7x9_message"), "Message 3"),
    ]
    assert len(fired) == 3


async def test_disabled_entity(
    hass: HomeAssistant,
    farm: ScriptedFarm,
    fired: list[Event[HappeningData]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who disabled the entity hears of it on the bus; nothing waits in the place of others."""
    monkeypatch.setattr(tellers, "MOST_WAITING", 1)
    farm.rigs = lambda: (worker(1), worker(2, unresolved=None))
    await farm.setup()
    entity_id = farm.entity_id("7x1_message")
    assert entity_id
    er.async_get(hass).async_update_entity(
        entity_id, disabled_by=er.RegistryEntryDisabler.USER
    )
    await settle(hass)
    await farm.tell(message(1, rig_id="7x2"), message(2))
    assert titles(fired) == ["Message 1", "Message 2"]
    assert fired[1].data["entity_id"] == farm.status_id("7x1")
    assert hass.states.get(entity_id) is None

    farm.rigs = lambda: (worker(1), worker(2))
    await farm.tell()
    assert farm.state("7x2_message").attributes["title"] == "Message 1"


async def test_stale_rig(farm: ScriptedFarm, freezer: FrozenDateTimeFactory) -> None:
    """A rig that is gone can be the one whose message matters: it is shown."""
    seen = dt_util.utcnow()
    farm.rigs = lambda: (worker(seen_at=seen),)
    await farm.setup()
    freezer.tick(timedelta(hours=1))
    await farm.tell(message(1, severity=Severity.DANGER))
    assert farm.coordinator.is_stale("7x1")
    assert farm.state("7x1_message").attributes[ATTR_EVENT_TYPE] == "danger"


async def test_figures_are_no_event(
    farm: ScriptedFarm, freezer: FrozenDateTimeFactory
) -> None:
    """Nothing is written when only figures change."""
    await farm.setup()
    before = farm.state("7x1_message").last_reported
    farm.rigs = lambda: (worker(hashrate=1.0),)
    freezer.tick(SOON)
    await farm.tell()
    assert farm.coordinator.data["7x1"].hashrate == 1.0
    assert farm.state("7x1_message").last_reported == before


async def test_activity_of_a_farm(
    hass: HomeAssistant,
    farm: ScriptedFarm,
    fired: list[Event[HappeningData]],
    freezer: FrozenDateTimeFactory,
) -> None:
    """What people do, and what concerns the farm as a whole, is the farm's."""
    await farm.setup()
    await pass_time(hass, freezer, UPDATE_DELAY + 1)
    state = farm.state(f"{FARM}_activity")
    assert state.attributes[ATTR_EVENT_TYPES] == ["activity"]

    await farm.tell(
        message(1, rig_id=None, title="Farm was paid", severity=Severity.SUCCESS)
    )
    state = farm.state(f"{FARM}_activity")
    assert state.attributes[ATTR_EVENT_TYPE] == "activity"
    assert state.attributes["title"] == "Farm was paid"
    assert "rig" not in state.attributes

    await farm.tell(message(2, title="Worker was changed", details={"user": "ann"}))
    state = farm.state(f"{FARM}_activity")
    assert state.attributes["title"] == "Worker was changed"
    assert state.attributes["user"] == "ann"
    assert state.attributes["rig"] == "rig-1"
    assert farm.state("7x1_message").state == STATE_UNKNOWN

    await farm.tell(message(3, rig_id="7x9", details={"user": "ann"}))
    assert farm.state(f"{FARM}_activity").attributes["rig"] == "7x9"
    assert [(told.data["name"], told.data["device_id"]) for told in fired] == [
        ("North hall", farm.device(FARM).id),
        ("rig-1", farm.device("7x1").id),
        ("North hall", farm.device(FARM).id),
    ]
    assert [told.data.get("entity_id") for told in fired] == [
        state.entity_id,
        farm.status_id("7x1"),
        state.entity_id,
    ]


async def test_activity_before_the_farm_is_known(
    hass: HomeAssistant,
    farm: ScriptedFarm,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It waits until the entity is there, which stays from then on."""
    farm.group = None
    await farm.setup()
    await pass_time(hass, freezer, UPDATE_DELAY + 1)
    assert farm.entity_id(f"{FARM}_activity") is None
    await farm.tell(message(1, rig_id=None))

    farm.group = GROUP
    await farm.tell()
    await pass_time(hass, freezer, UPDATE_DELAY + 1)
    assert farm.state(f"{FARM}_activity").attributes["title"] == "Message 1"

    farm.group = None
    await farm.restart()
    assert farm.state(f"{FARM}_activity").attributes["title"] == "Message 1"


async def test_messages_entity_stays(farm: ScriptedFarm) -> None:
    """An entity that was there once is there after a restart, whatever the source tells now."""
    await farm.setup()
    farm.rigs = lambda: (worker(unresolved=None),)
    await farm.restart()
    await farm.tell(message(1))
    assert farm.state("7x1_message").attributes["title"] == "Message 1"


async def test_answer_to_a_command(
    farm: ScriptedFarm, fired: list[Event[HappeningData]]
) -> None:
    """The answer names the command, and is told in the context of who gave it."""
    await farm.setup()
    context = Context(user_id="ann")
    async_fire_command(
        farm.coordinator,
        "7x1",
        Action.RESTART_MINING,
        Result.SENT,
        command_ids=("99",),
        context=context,
    )
    await farm.tell(message(1, command_id="99"), message(2, command_id="98"))
    assert [told.data.get("command") for told in fired] == ["restart_mining", None]
    assert fired[0].context is context
    assert fired[1].context.user_id is None
    # The same id of another rig's command is another command.
    await farm.tell(message(3, command_id="99", rig_id=None))
    assert "command" not in fired[2].data


async def test_context_of_the_state(farm: ScriptedFarm) -> None:
    """The entity's state names the user too."""
    await farm.setup()
    async_fire_command(
        farm.coordinator,
        "7x1",
        Action.REBOOT,
        Result.SENT,
        command_ids=("99",),
        context=Context(user_id="ann"),
    )
    await farm.tell(message(1, command_id="99"))
    assert farm.state("7x1_message").context.user_id == "ann"


async def test_commands_are_remembered_within_bounds(
    farm: ScriptedFarm,
    fired: list[Event[HappeningData]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of many commands the latest are known."""
    monkeypatch.setattr(bus, "MOST_COMMANDS", 2)
    await farm.setup()
    async_fire_command(
        farm.coordinator,
        "7x1",
        Action.REBOOT,
        Result.SENT,
        command_ids=("1", "2", "3"),
    )
    await farm.tell(*(message(number, command_id=f"{number}") for number in (1, 2, 3)))
    assert [told.data.get("command") for told in fired] == [None, "reboot", "reboot"]


async def test_command_on_the_bus(hass: HomeAssistant, farm: ScriptedFarm) -> None:
    """A command is told with the name that its device has by then."""
    await farm.setup()
    told = async_capture_events(hass, EVENT_COMMAND)
    dr.async_get(hass).async_update_device(
        farm.device("7x1").id, name_by_user="Top shelf"
    )
    async_fire_command(
        farm.coordinator, "7x1", Action.REBOOT, Result.FAILED, error="it is locked"
    )
    assert told[0].data == {
        "device_id": farm.device("7x1").id,
        "rig_id": "7x1",
        "name": "Top shelf",
        "action": "reboot",
        "result": "failed",
        "command_ids": [],
        "error": "it is locked",
    }


async def test_no_device_at_all(hass: HomeAssistant, farm: ScriptedFarm) -> None:
    """Without any device the rig's id is its name."""
    await farm.setup()
    told = async_capture_events(hass, EVENT_COMMAND)
    for identifier in ("7x1", FARM):
        dr.async_get(hass).async_remove_device(farm.device(identifier).id)
    async_fire_command(farm.coordinator, "7x1", Action.REBOOT, "unconfirmed")
    assert told[0].data["device_id"] is None
    assert told[0].data["name"] == "7x1"
    assert told[0].data["result"] == "unconfirmed"
