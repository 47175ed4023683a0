"""Lines in the logbook."""

from datetime import timedelta
from typing import Any

from homeassistant.components.logbook.models import (
    LazyEventPartialState,
    async_event_to_row,
)
from homeassistant.core import Context, Event, HomeAssistant
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
    """It names the rig, says the title, and belongs to the entity."""
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
        "entity_id": farm.entity_id("7x1_message"),
    }


@pytest.mark.usefixtures("noon")
async def test_activity(hass: HomeAssistant, farm: ScriptedFarm) -> None:
    """It says who did it to which rig, and belongs to the farm's entity."""
    line = await told_line(
        hass, farm, message(title="Worker was changed", details={"user": "ann"})
    )
    assert line == {
        "name": "rig-1",
        "message": "Worker was changed, by ann",
        "icon": "mdi:alert",
        "entity_id": farm.entity_id(f"{FARM}_activity"),
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
    """It names the rig, says what happened, and belongs to the entity."""
    entity_id = farm.entity_id("7x1_event")
    fired: list[Event[Any]] = async_capture_events(hass, EVENT_RIG)
    async_fire_rig_event(farm.coordinator, "7x1", kind, details, entity_id=entity_id)
    line = line_of(hass, fired[0])
    assert line["name"] == "rig-1"
    assert line["message"] == words
    assert line["icon"].startswith("mdi:")
    assert line["entity_id"] == entity_id


def test_every_event_of_a_rig_has_words() -> None:
    """None is told by its key."""
    assert {kind for kind, _, _ in RIG_LINES} == {*RigEventType, COMMAND_SENT}


@pytest.mark.usefixtures("noon")
async def test_event_without_entity(hass: HomeAssistant, farm: ScriptedFarm) -> None:
    """Where rigs are very many they have no such entity; the line is there all the same."""
    fired: list[Event[Any]] = async_capture_events(hass, EVENT_RIG)
    async_fire_rig_event(farm.coordinator, "7x1", RigEventType.BOARD_LOST, {"board": 1})
    assert "entity_id" not in fired[0].data
    assert line_of(hass, fired[0]).keys() == {"name", "message", "icon"}


async def test_lines_of_an_event(
    recorder_mock: object,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a device there is our line, and none for its command twice; the entity has its own besides."""
    farm = ScriptedFarm(hass, monkeypatch)
    await farm.setup()
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {})
    begin = dt_util.utcnow() - timedelta(minutes=1)
    farm.rigs = lambda: (worker(found_blocks=1),)
    await farm.tell()
    async_fire_command(farm.coordinator, "7x1", Action.REBOOT, Result.DONE)
    await settle(hass)
    await async_wait_recording_done(hass)
    entity_id = farm.entity_id("7x1_event")

    async def lines(**of: object) -> list[tuple[str | None, str | None]]:
        await client.send_json_auto_id(
            {"type": "logbook/get_events", "start_time": begin.isoformat(), **of}
        )
        answer = await client.receive_json()
        return [
            (line.get("message"), line.get("attributes", {}).get("event_type"))
            for line in answer["result"]
            if line.get("domain") == DOMAIN or line.get("entity_id") == entity_id
        ]

    client = await hass_ws_client()
    ours = [("found a block", None), ("was told to reboot: done", None)]
    assert await lines(device_ids=[farm.device("7x1").id]) == ours
    both = await lines(device_ids=[farm.device("7x1").id], entity_ids=[entity_id])
    assert sorted(both, key=str) == sorted(
        [*ours, (None, "block_found"), (None, "command_done")], key=str
    )
