"""Commands in the service's words, and its answers."""

import pytest

from custom_components.antminer_monitor.command import (
    Action,
    Choice,
    Command,
    Outcome,
    Result,
)
from custom_components.antminer_monitor.hiveos.commands import (
    MERGED_SETTINGS,
    SETTINGS,
    SETTINGS_OF_ONE,
    Order,
    order_of,
    outcomes_of,
)
from custom_components.antminer_monitor.hiveos.errors import RejectedError
from custom_components.antminer_monitor.hiveos.ids import (
    farm_device_id,
    rig_id,
    split_rig_id,
)
from custom_components.antminer_monitor.hiveos.workers import FarmContext, commands_of
from custom_components.antminer_monitor.json_value import Json

RIGS = {"2": "hive-1-2", "3": "hive-1-3"}
ONE = {"2": "hive-1-2"}


@pytest.mark.parametrize(
    ("command", "order"),
    [
        (
            Command(action=Action.RESTART_MINING),
            Order(
                {"command": "miner", "data": {"action": "restart", "miner_index": 0}}
            ),
        ),
        (
            Command(action=Action.RESUME_MINING),
            Order(
                {"command": "miner", "data": {"action": "restart", "miner_index": 0}}
            ),
        ),
        (
            Command(action=Action.PAUSE_MINING),
            Order({"command": "miner", "data": {"action": "stop"}}),
        ),
        (Command(action=Action.REBOOT), Order({"command": "reboot"})),
        (Command(action=Action.SHUTDOWN), Order({"command": "shutdown"})),
        (
            Command(action=Action.SHUTDOWN, data={"wakealarm": True}),
            Order({"command": "shutdown", "data": {"wakealarm": True}}),
        ),
        (
            Command(action=Action.SHUTDOWN, data={"wakealarm": False}),
            Order({"command": "shutdown"}),
        ),
        (Command(action=Action.UPGRADE), Order({"command": "upgrade"})),
        (
            Command(action=Action.EXECUTE, value="sreboot"),
            Order({"command": "exec", "data": {"cmd": "sreboot"}}),
        ),
        (
            Command(action=Action.SET_FLIGHT_SHEET, value="333"),
            Order({"fs_id": 333}, is_edit=True),
        ),
        (
            Command(action=Action.SET_OVERCLOCK, value="7"),
            Order({"oc_id": 7, "oc_apply_mode": "replace"}, is_edit=True),
        ),
        (
            Command(action=Action.SET_POWER_MODE, value="low"),
            Order({"power_options": {"mode": "low"}}, is_edit=True),
        ),
        (
            Command(action=Action.UPDATE_SETTINGS, data={"active": False}),
            Order({"active": False}, is_edit=True),
        ),
        (
            Command(
                action=Action.UPDATE_SETTINGS, data={"watchdog": {"enabled": False}}
            ),
            Order({"watchdog": {"enabled": False}}, is_edit=True, merge=True),
        ),
    ],
)
@pytest.mark.parametrize("workers", [1, 5])
def test_orders(command: Command, order: Order, workers: int) -> None:
    """Each action has its words, for one worker and for many."""
    assert order_of(command, workers) == order


def test_every_action_has_an_order() -> None:
    """None that a worker lists was forgotten; the others are refused."""
    data: dict[str, Json] = {"active": True}
    choices = (Choice(id="1", name="A"),)
    context = FarmContext(farm_id="1", flight_sheets=choices, overclocks=choices)
    listed = {
        action
        for is_asic in (False, True)
        for action in commands_of(context, is_asic=is_asic, has_modes=True)
    }
    for action in Action:
        command = Command(action=action, value="1", data=data)
        if action in listed:
            assert order_of(command, 1).body
        else:
            with pytest.raises(RejectedError, match=f"no command to {action}"):
                order_of(command, 1)


def test_settings_of_one() -> None:
    """A name is given to one worker; with it nothing can be merged, and so nothing is sent."""
    data: dict[str, Json] = {"name": "A"}
    command = Command(action=Action.UPDATE_SETTINGS, data=data)
    assert order_of(command, 1) == Order(data, is_edit=True)
    mixed = Command(
        action=Action.UPDATE_SETTINGS, data=data | {"watchdog": {"enabled": False}}
    )
    with pytest.raises(RejectedError, match=r"not together.*: name and watchdog"):
        order_of(mixed, 1)
    with pytest.raises(RejectedError, match="only for one worker at a time: name"):
        order_of(command, 2)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Command(action=Action.UPDATE_SETTINGS), "no setting"),
        (
            Command(action=Action.UPDATE_SETTINGS, data={"pasword": 1, "x": 2}),
            "no setting of a HiveOS worker: pasword, x",
        ),
        (
            Command(action=Action.UPDATE_SETTINGS, data={"password": "hunter2"}),
            "password$",
        ),
        (Command(action=Action.SET_FLIGHT_SHEET), "flight sheet"),
        (Command(action=Action.SET_FLIGHT_SHEET, value="ETC"), "flight sheet"),
        (Command(action=Action.SET_OVERCLOCK, value="-1"), "overclocking profile"),
        (Command(action=Action.SET_POWER_MODE), "power mode"),
        (Command(action=Action.EXECUTE), "shell command"),
        (Command(action=Action.EXECUTE, value=""), "shell command"),
    ],
)
def test_what_cannot_be_ordered(command: Command, text: str) -> None:
    """A value that is missing or none is named, without what was given."""
    with pytest.raises(RejectedError, match=text) as caught:
        order_of(command, 1)
    assert "hunter2" not in str(caught.value)


def test_settings_are_apart() -> None:
    """What is each worker's own is never merged."""
    assert not SETTINGS_OF_ONE & MERGED_SETTINGS
    assert SETTINGS > SETTINGS_OF_ONE | MERGED_SETTINGS


REBOOT = Order({"command": "reboot"})
SHEET = Order({"fs_id": 333}, is_edit=True)


@pytest.mark.parametrize(
    ("order", "answer", "result", "command_ids"),
    [
        (REBOOT, {"id": 5, "commands": [{"id": 5}]}, Result.SENT, ("5",)),
        # What waited before is not ours.
        (REBOOT, {"id": 5, "commands": [{"id": 4}, {"id": 5}]}, Result.SENT, ("5",)),
        (REBOOT, {"id": 5, "commands": [{"id": 6}]}, Result.SENT, ("6", "5")),
        (REBOOT, {"commands": [{"id": 6}, "x", {}]}, Result.SENT, ("6",)),
        (REBOOT, {"id": 5}, Result.SENT, ("5",)),
        (REBOOT, {}, Result.SENT, ()),
        (REBOOT, {"id": "x", "commands": 5}, Result.SENT, ()),
        (SHEET, {"commands": [{"command": "wallet", "id": 7}]}, Result.SENT, ("7",)),
        (SHEET, {"commands": []}, Result.DONE, ()),
        (SHEET, {}, Result.DONE, ()),
    ],
)
def test_answer_for_one(
    order: Order, answer: dict[str, Json], result: Result, command_ids: tuple[str, ...]
) -> None:
    """Whatever the answer holds, it was taken; nothing to change is done."""
    outcomes = list(outcomes_of(order, answer, ONE, bulk=False))
    assert outcomes == [
        Outcome(rig_id="hive-1-2", result=result, command_ids=command_ids)
    ]


@pytest.mark.parametrize("key", ["commands", "data"])
def test_answer_for_many(key: str) -> None:
    """Each worker has its own; one that is missing failed."""
    answer: dict[str, Json] = {
        "id": 9,
        key: [{"worker_id": 2, "commands": [{"id": 9}]}, {"worker_id": 8}, None],
    }
    sent, failed = outcomes_of(REBOOT, answer, RIGS, bulk=True)
    assert sent == Outcome(rig_id="hive-1-2", result=Result.SENT, command_ids=("9",))
    assert failed.rig_id == "hive-1-3"
    assert failed.result is Result.FAILED
    assert failed.error
    assert "3" in failed.error


def test_nothing_to_change_for_many() -> None:
    """Each by itself."""
    answer: dict[str, Json] = {
        "data": [
            {"worker_id": 2, "commands": []},
            {"worker_id": 3, "commands": [{"id": 4}]},
        ]
    }
    done, sent = outcomes_of(SHEET, answer, RIGS, bulk=True)
    assert (done.result, sent.result) == (Result.DONE, Result.SENT)


def test_ids() -> None:
    """Farm and worker can be told from a rig's id."""
    assert rig_id("11", "22") == "hive-11-22"
    assert farm_device_id("11") == "hive-11"
    assert split_rig_id("hive-11-22") == ("11", "22")


@pytest.mark.parametrize(
    "wrong",
    ["", "hive", "hive-11", "hive-11-22-33", "hive-x-22", "asic-1-2", "hive--1"],
)
def test_wrong_ids(wrong: str) -> None:
    """What is no id of ours is an error."""
    with pytest.raises(ValueError, match="not the id"):
        split_rig_id(wrong)
