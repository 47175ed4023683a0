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
    EVENT_COMMAND,
    EVENT_HAPPENING,
    UNCONFIRMED,
    async_fire_command,
)
from custom_components.antminer_monitor.command import Action, Result
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.logbook import async_describe_events
from custom_components.antminer_monitor.source import Happening, Severity

from .common import settle
from .happenings import FARM, ScriptedFarm, message


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
    fired: list[Event[Any]] = async_capture_events(hass, EVENT_COMMAND)
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
    # Its pages are a package of their own, which no test needs.
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {})
    farm = ScriptedFarm(hass, monkeypatch)
    await farm.setup()
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
