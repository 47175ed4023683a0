"""Lines in the logbook."""

from datetime import timedelta
from typing import Any

from homeassistant.components.logbook.models import (
    LazyEventPartialState,
    async_event_to_row,
)
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.antminer_monitor.bus import (
    COMMAND_SENT,
    EVENT_HAPPENING,
    EVENT_RIG,
    UNCONFIRMED,
    async_fire_command,
    async_fire_rig_event,
)
from custom_components.antminer_monitor.command import Action, Result
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.logbook import async_describe_events
from custom_components.antminer_monitor.rig_events import RigEventType
from custom_components.antminer_monitor.source import Happening, Severity

from .common import settle
from .happenings import FARM, ScriptedFarm, message, worker


@pytest.fixture
async def farm(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> ScriptedFarm:
    """Give a farm that is set up."""
    farm = ScriptedFarm(hass, monkeypatch)
    await farm.setup()
    return farm


def line_of(hass: HomeAssistant, event: Event[Any]) -> dict[str, str]:
    """Give how an event reads."""
    lines: list[dict[str, str]] = []

    def describe(domain: str, event_type: Any, describer: Any) -> None:
        assert domain == DOMAIN
        if event_type == event.event_type:
            row = async_event_to_row(event)
            assert row
            lines.append(describer(LazyEventPartialState(row, {})))

    async_describe_events(hass, describe)
    (line,) = lines
    return line


async def told_line(
    hass: HomeAssistant, farm: ScriptedFarm, happening: Happening
) -> dict[str, str]:
    """Give how a happening reads."""
    fired: list[Event[Any]] = async_capture_events(hass, EVENT_HAPPENING)
    await farm.tell(happening)
    (event,) = fired
    return line_of(hass, event)


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.usefixtures("noon")
async def test_message_of_a_rig(
    hass: HomeAssistant, farm: ScriptedFarm, severity: Severity
) -> None:
    """It names the rig, and says the title."""
    line = await told_line(
        hass, farm, message(title="GPU 2 is lost", severity=severity)
    )
    assert line == {
        "name": "rig-1",
        "message": "GPU 2 is lost",
        "icon": {
            "danger": "mdi:alert-octagon",
            "warning": "mdi:alert",
            "info": "mdi:information",
            "success": "mdi:check-circle",
        }[severity],
    }


@pytest.mark.usefixtures("noon")
async def test_activity(hass: HomeAssistant, farm: ScriptedFarm) -> None:
    """It says who did it to which rig."""
    line = await told_line(
        hass, farm, message(title="Worker was changed", details={"user": "ann"})
    )
    assert line == {
        "name": "rig-1",
        "message": "Worker was changed, by ann",
        "icon": "mdi:alert",
    }


@pytest.mark.usefixtures("noon")
async def test_message_without_entity(hass: HomeAssistant, farm: ScriptedFarm) -> None:
    """A rig that nobody knows has no entity: it is the farm's device that says it."""
    line = await told_line(hass, farm, message(rig_id="7x9"))
    assert line == {
        "name": "North hall",
        "message": "Message 1",
        "icon": "mdi:alert",
    }


@pytest.mark.usefixtures("noon")
async def test_answer_to_our_command(hass: HomeAssistant, farm: ScriptedFarm) -> None:
    """It says which command it answers."""
    async_fire_command(
        farm.coordinator,
        "7x1",
        Action.RESTART_MINING,
        Result.SENT,
        command_ids=("99",),
    )
    line = await told_line(
        hass,
        farm,
        message(title="Miner restarted", command_id="99", details={"command": "miner"}),
    )
    assert (
        line["message"] == "Miner restarted, in answer to the command to restart mining"
    )


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"command_id": "99", "details": {"command": "miner"}}, "“miner”"),
        ({"command_id": "99"}, "Done"),
        ({"details": {"command": "miner"}}, "Done"),
    ],
    ids=["named by its source", "not named", "no answer"],
)
@pytest.mark.usefixtures("noon")
async def test_answer_to_a_command_of_others(
    hass: HomeAssistant, farm: ScriptedFarm, changes: dict[str, Any], ending: str
) -> None:
    """A command that was not ours is named in the words of its source, if it is."""
    line = await told_line(hass, farm, message(title="Done", **changes))
    assert line["message"].endswith(ending)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(14, "Rebooted"), (15, "Rebooted, at 2026-11-20 11:45")],
    ids=["fresh", "late"],
)
@pytest.mark.usefixtures("noon")
async def test_late_message_says_when(
    hass: HomeAssistant, farm: ScriptedFarm, minutes: int, text: str
) -> None:
    """The time of a line is that of its telling: what is older says when it was."""
    await hass.config.async_set_time_zone("UTC")
    farm.entry.runtime_data.told._begin[FARM] = 0.0
    line = await told_line(
        hass,
        farm,
        message(title="Rebooted", at=dt_util.utcnow() - timedelta(minutes=minutes)),
    )
    assert line["message"] == text


def command_line(
    hass: HomeAssistant, farm: ScriptedFarm, action: Action, result: Any, **given: Any
) -> dict[str, str]:
    """Give how a command reads."""
    fired: list[Event[Any]] = async_capture_events(hass, EVENT_RIG)
    async_fire_command(farm.coordinator, "7x1", action, result, **given)
    return line_of(hass, fired[0])


@pytest.mark.parametrize(
    ("result", "given", "end"),
    [
        (Result.SENT, {}, "sent"),
        (Result.DONE, {}, "done"),
        (Result.FAILED, {"error": "its farm is locked"}, "failed (its farm is locked)"),
        (UNCONFIRMED, {}, "sent, but no effect was seen"),
    ],
)
@pytest.mark.usefixtures("noon")
async def test_command(
    hass: HomeAssistant,
    farm: ScriptedFarm,
    result: Any,
    given: dict[str, str],
    end: str,
) -> None:
    """It names the rig, what it was told, and how it ended."""
    line = command_line(hass, farm, Action.RESTART_MINING, result, **given)
    assert line["name"] == "rig-1"
    assert line["message"] == f"was told to restart mining: {end}"
    assert line["icon"].startswith("mdi:")


@pytest.mark.parametrize("action", Action)
@pytest.mark.usefixtures("noon")
async def test_every_command_has_words(
    hass: HomeAssistant, farm: ScriptedFarm, action: Action
) -> None:
    """None is told by its key."""
    text = command_line(hass, farm, action, Result.SENT)["message"]
    assert text.startswith("was told to ")
    assert "_" not in text


async def test_logbook_of_a_device(
    recorder_mock: object,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The logbook of a rig's device tells who told it what, and what came of it."""
    farm = ScriptedFarm(hass, monkeypatch)
    await farm.setup()
    # Its pages are a package of their own, which no test needs.
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {})
    begin = dt_util.utcnow() - timedelta(minutes=1)
    user = MockUser(name="Ann").add_to_hass(hass)
    context = Context(user_id=user.id)
    async_fire_command(
        farm.coordinator,
        "7x1",
        Action.REBOOT,
        Result.SENT,
        command_ids=("99",),
        context=context,
    )
    await farm.tell(
        message(1, title="Rebooted", command_id="99"), message(2, rig_id=None)
    )
    await settle(hass)
    await async_wait_recording_done(hass)

    client = await hass_ws_client()
    await client.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": begin.isoformat(),
            "device_ids": [farm.device("7x1").id],
        }
    )
    answer = await client.receive_json()
    assert [
        (line["name"], line["message"], line["domain"], line["context_user_id"])
        for line in answer["result"]
    ] == [
        ("rig-1", "was told to reboot: sent", DOMAIN, user.id),
        (
            "rig-1",
            "Rebooted, in answer to the command to reboot",
            DOMAIN,
            user.id,
        ),
    ]


RIG_LINES: list[tuple[str, dict[str, Any], str]] = [
    (RigEventType.REBOOTED, {"uptime": 30}, "began mining anew"),
    (
        RigEventType.REBOOTED,
        {"uptime": 30, "command": "set_power_mode"},
        "began mining anew, as it was told to use another power mode",
    ),
    (
        RigEventType.REBOOTED,
        {"uptime": 30, "command": "acme.beep"},
        "began mining anew, as it was told to do acme.beep",
    ),
    (
        RigEventType.WENT_STALE,
        {"seconds": 90},
        "was not heard of for 90 seconds",
    ),
    (
        RigEventType.WENT_STALE,
        {"seconds": 180, "command": "shutdown"},
        "was not heard of for 3 minutes, as it was told to shut down",
    ),
    (RigEventType.CAME_BACK, {"seconds": 119}, "came back after 119 seconds"),
    (RigEventType.CAME_BACK, {"seconds": 7199}, "came back after 119 minutes"),
    (RigEventType.CAME_BACK, {"seconds": 7200}, "came back after 2 hours"),
    (RigEventType.CAME_BACK, {"seconds": 200_000}, "came back after 2 days"),
    (RigEventType.CAME_BACK, {}, "came back after some time"),
    (RigEventType.BOARD_LOST, {"board": 2}, "lost board 2"),
    (RigEventType.BOARD_RECOVERED, {"board": 2}, "has board 2 again"),
    (
        RigEventType.CHIPS_FAILING,
        {"board": 2, "chips": 1},
        "1 chip on board 2 fails",
    ),
    (
        RigEventType.CHIPS_FAILING,
        {"board": 2, "chips": 3},
        "3 chips on board 2 fail",
    ),
    (
        RigEventType.OVERHEATED,
        {"part": "chip", "temperature": 101.5},
        "overheated: chip at 101.5 °C",
    ),
    (RigEventType.OVERHEATED, {"part": "overheat"}, "overheated"),
    (
        RigEventType.COOLED_DOWN,
        {"part": "gpu_memory", "temperature": 90.0},
        "cooled down: graphics memory at 90 °C",
    ),
    (
        RigEventType.HASHRATE_LOW,
        {"hashrate": 55e12, "hashrate_nominal": 110e12},
        "hashes too slowly: 50% of what it should",
    ),
    (
        RigEventType.HASHRATE_RECOVERED,
        {"hashrate": 1e12, "hashrate_nominal": 0},
        "hashes at its rate again",
    ),
    (RigEventType.HASHRATE_RECOVERED, {}, "hashes at its rate again"),
    (
        RigEventType.POOL_CHANGED,
        {"pool": "b.example:1", "before": "a.example:1"},
        "works for b.example:1, no longer for a.example:1",
    ),
    (
        RigEventType.POOL_DEAD,
        {"pool": "a.example:1"},
        "its pool a.example:1 is dead",
    ),
    (RigEventType.POOL_DEAD, {}, "its pool is dead"),
    (
        RigEventType.POOL_RECOVERED,
        {"pool": "a.example:1"},
        "its pool a.example:1 is alive again",
    ),
    (RigEventType.BLOCK_FOUND, {"blocks": 1}, "found a block"),
    (RigEventType.BLOCK_FOUND, {"blocks": 2}, "found 2 blocks"),
    (
        RigEventType.SETTINGS_CHANGED,
        {"setting": "work_mode", "value": "low", "before": "normal"},
        "somebody else changed its power mode from normal to low",
    ),
    (
        RigEventType.SETTINGS_CHANGED,
        {"setting": "pools"},
        "somebody else changed its pools",
    ),
    (
        RigEventType.COMMAND_DONE,
        {"command": "reboot"},
        "was told to reboot: done",
    ),
    (
        RigEventType.COMMAND_FAILED,
        {"command": "reboot", "reason": "it is locked"},
        "was told to reboot: failed (it is locked)",
    ),
    (
        RigEventType.COMMAND_FAILED,
        {"command": "reboot", "reason": "no effect was seen"},
        "was told to reboot: sent, but no effect was seen",
    ),
    (COMMAND_SENT, {"command": "reboot"}, "was told to reboot: sent"),
]


@pytest.mark.parametrize(("kind", "details", "words"), RIG_LINES)
@pytest.mark.usefixtures("noon")
async def test_event_of_a_rig(
    hass: HomeAssistant,
    farm: ScriptedFarm,
    kind: str,
    details: dict[str, Any],
    words: str,
) -> None:
    """It names the rig, and says what happened."""
    fired: list[Event[Any]] = async_capture_events(hass, EVENT_RIG)
    async_fire_rig_event(farm.coordinator, "7x1", kind, details)
    line = line_of(hass, fired[0])
    assert line["name"] == "rig-1"
    assert line["message"] == words
    assert line["icon"].startswith("mdi:")


def test_every_event_of_a_rig_has_words() -> None:
    """None is told by its key."""
    assert {kind for kind, _, _ in RIG_LINES} == {*RigEventType, COMMAND_SENT}


@pytest.mark.usefixtures("noon")
async def test_which_entity_an_event_belongs_to(
    hass: HomeAssistant, farm: ScriptedFarm
) -> None:
    """To the rig's status; to its event entity where that is disabled; to none where it has none."""
    fired: list[Event[Any]] = async_capture_events(hass, EVENT_RIG)
    entity_id = farm.entity_id("7x1_event")
    lost = (farm.coordinator, "7x1", RigEventType.BOARD_LOST, {"board": 1})
    async_fire_rig_event(*lost, entity_id=entity_id)
    status = farm.status_id("7x1")
    assert status
    er.async_get(hass).async_update_entity(
        status, disabled_by=er.RegistryEntryDisabler.USER
    )
    async_fire_rig_event(*lost, entity_id=entity_id)
    async_fire_rig_event(*lost)
    assert [event.data.get("entity_id") for event in fired] == [status, entity_id, None]
    assert line_of(hass, fired[2]) == line_of(hass, fired[0])


class Logbook:
    """The logbook of Home Assistant, and a farm that something happened to."""

    def __init__(self, hass: HomeAssistant, client: Any, farm: ScriptedFarm) -> None:
        """Begin where the farm was set up."""
        self.hass = hass
        self.client = client
        self.farm = farm
        self.begin = dt_util.utcnow() - timedelta(minutes=1)

    async def lines(self, **of: object) -> list[tuple[str, str]]:
        """Give what is said of the farm: by us in words, and by states as the entities' types."""
        await self.client.send_json_auto_id(
            {
                "type": "logbook/get_events",
                "start_time": self.begin.isoformat(),
                **of,
            }
        )
        answer = await self.client.receive_json()
        entity_ids = {
            self.farm.entity_id(unique_id)
            for unique_id in ("7x1_event", "7x1_message", f"{FARM}_event")
        }
        return sorted(
            (line["name"], line["message"])
            if line.get("domain") == DOMAIN
            else ("state", line["attributes"]["event_type"])
            for line in answer["result"]
            if line.get("domain") == DOMAIN or line["entity_id"] in entity_ids
        )

    @property
    def of_rig(self) -> dict[str, list[str]]:
        """Give what the page of a device in the settings asks for."""
        device_id = self.farm.device("7x1").id
        entities = er.async_entries_for_device(er.async_get(self.hass), device_id)
        return {
            "device_ids": [device_id],
            "entity_ids": [entity.entity_id for entity in entities],
        }


@pytest.fixture
def logbook_config() -> dict[str, object]:
    """Give how the logbook is configured."""
    return {}


@pytest.fixture
async def logbook(
    recorder_mock: object,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
    logbook_config: dict[str, object],
) -> Logbook:
    """Give the logbook of a rig that found a block, said something and was rebooted."""
    farm = ScriptedFarm(hass, monkeypatch)
    await farm.setup()
    # Its pages are a package of their own, which no test needs.
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {"logbook": logbook_config})
    farm.rigs = lambda: (worker(found_blocks=1),)
    await farm.tell(message(title="GPU 2 is lost"))
    async_fire_command(farm.coordinator, "7x1", Action.REBOOT, Result.DONE)
    await settle(hass)
    await async_wait_recording_done(hass)
    return Logbook(hass, await hass_ws_client(), farm)


OURS = [
    ("rig-1", "GPU 2 is lost"),
    ("rig-1", "found a block"),
    ("rig-1", "was told to reboot: done"),
]
BLOCK, REBOOT, MESSAGE = (
    ("state", kind) for kind in ("block_found", "command_done", "warning")
)
WITHOUT = {"exclude": {"entity_globs": ["event.*_event", "event.*_message"]}}


async def test_lines_of_a_device_alone(logbook: Logbook) -> None:
    """Our own pages ask so: each event is there once, in words; of a large farm with many others."""
    device_ids = [logbook.farm.device("7x1").id]
    assert await logbook.lines(device_ids=device_ids) == OURS
    others = [f"{number:032x}" for number in range(3000)]
    assert await logbook.lines(device_ids=others + device_ids) == OURS
    assert await logbook.lines(device_ids=others) == []


async def test_lines_of_states(logbook: Logbook) -> None:
    """Where Home Assistant asks for states too, the entity has a line besides."""
    states = [BLOCK, REBOOT, MESSAGE]
    assert await logbook.lines(**logbook.of_rig) == [*OURS, *states]
    # The farm's entity tells it as well.
    assert await logbook.lines() == sorted([*OURS, *states, BLOCK, REBOOT])


@pytest.mark.parametrize("recorder_config", [WITHOUT])
async def test_lines_without_event_entities(logbook: Logbook) -> None:
    """Whoever does not record them has each event once, also where states are asked for."""
    assert await logbook.lines(**logbook.of_rig) == OURS
    assert await logbook.lines() == OURS


@pytest.mark.parametrize("logbook_config", [WITHOUT])
async def test_lines_that_are_left_out_of_the_logbook(logbook: Logbook) -> None:
    """That is for the whole logbook: a device has what its entities say."""
    assert await logbook.lines() == OURS
    assert len(await logbook.lines(**logbook.of_rig)) > len(OURS)
