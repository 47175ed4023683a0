"""Commands in the words of the HiveOS API, and what its answers say became of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..command import Action, Command, Outcome, Result
from ..json_value import Json
from .errors import RejectedError
from .values import identifier, list_of, object_of

SETTINGS_OF_ONE: Final = frozenset({"description", "name", "units_count"})
"""Settings that are each worker's own: the service does not set them for many at once."""

MERGED_SETTINGS: Final = frozenset(
    {
        "autofan",
        "coolbox",
        "fanflap",
        "miners_config",
        "octofan",
        "powermeter",
        "watchdog",
    }
)
"""Settings of which the service can be told to keep what is not given."""

SETTINGS: Final = (
    SETTINGS_OF_ONE
    | MERGED_SETTINGS
    | frozenset(
        {
            "active",
            "asic_config",
            "asic_power_modes",
            "fs_id",
            "hardware_power_draw",
            "mirror_url",
            "oc_algo",
            "oc_apply_mode",
            "oc_config",
            "oc_id",
            "octofan_correct_power",
            "options",
            "power_options",
            "psu_efficiency",
            "tag_ids",
            "tag_update_mode",
        }
    )
)
"""Every setting of a worker that can be changed."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is sent."""

    body: dict[str, Json]
    is_edit: bool = False
    """Whether it changes settings; else it is a command."""
    merge: bool = False


def order_of(command: Command, workers: int) -> Order:
    """Put a command for so many workers in the service's words.

    Mining is resumed with ``restart``, which also starts a miner that was stopped: ``start``
    is not in every version of the API.

    Raises RejectedError where a value is missing, or not one that the service knows.
    """
    match command.action:
        case Action.RESTART_MINING | Action.RESUME_MINING:
            # Number 0 is what the service itself takes where none is given.
            return Order(
                {"command": "miner", "data": {"action": "restart", "miner_index": 0}}
            )
        case Action.PAUSE_MINING:
            return Order({"command": "miner", "data": {"action": "stop"}})
        case Action.REBOOT:
            return Order({"command": "reboot"})
        case Action.SHUTDOWN if command.data.get("wakealarm") is True:
            return Order({"command": "shutdown", "data": {"wakealarm": True}})
        case Action.SHUTDOWN:
            return Order({"command": "shutdown"})
        case Action.UPGRADE:
            return Order({"command": "upgrade"})
        case Action.EXECUTE:
            if not command.value:
                raise RejectedError("no shell command is given")
            return Order({"command": "exec", "data": {"cmd": command.value}})
        case Action.SET_FLIGHT_SHEET:
            return Order({"fs_id": _id_of(command, "flight sheet")}, is_edit=True)
        case Action.SET_OVERCLOCK:
            return Order(
                {
                    "oc_id": _id_of(command, "overclocking profile"),
                    "oc_apply_mode": "replace",
                },
                is_edit=True,
            )
        case Action.SET_POWER_MODE:
            if not command.value:
                raise RejectedError("no power mode is given")
            return Order({"power_options": {"mode": command.value}}, is_edit=True)
        case Action.UPDATE_SETTINGS:
            return _settings(command.data, workers)
        case _:
            raise RejectedError(f"HiveOS knows no command to {command.action}")


def _id_of(command: Command, what: str) -> int:
    choice_id = identifier(command.value)
    if choice_id is None:
        raise RejectedError(f"not the id of a {what}")
    return int(choice_id)


def _settings(data: Mapping[str, Json], workers: int) -> Order:
    if not data:
        raise RejectedError("no setting is given")
    if unknown := sorted(data.keys() - SETTINGS):
        names = ", ".join(name[:50] for name in unknown[:5])
        raise RejectedError(f"no setting of a HiveOS worker: {names}")
    own = sorted(data.keys() & SETTINGS_OF_ONE)
    if own and workers > 1:
        raise RejectedError(f"only for one worker at a time: {', '.join(own)}")
    merged = sorted(data.keys() & MERGED_SETTINGS)
    if own and merged:
        # Together they could only be sent where nothing is merged: what is not given of
        # the objects would be lost.
        raise RejectedError(
            f"not together, but one after the other: {', '.join(own)} and {', '.join(merged)}"
        )
    # For many workers merging is offered, for one it is not: it is one of many then.
    return Order(dict(data), is_edit=True, merge=bool(merged))


def outcomes_of(
    order: Order, answer: Mapping[str, Json], rig_ids: Mapping[str, str], *, bulk: bool
) -> Iterable[Outcome]:
    """Read what became of an order, for each of the rigs, given by their workers' ids.

    ``bulk`` tells whether it was sent to the address for many workers.
    """
    if not bulk:
        for rig_id in rig_ids.values():
            yield _outcome(order, rig_id, answer, answer)
        return
    told = list_of(answer.get("commands")) or list_of(answer.get("data"))
    answers = {
        worker_id: entry
        for item in told
        if (worker_id := identifier((entry := object_of(item)).get("worker_id")))
    }
    for worker_id, rig_id in rig_ids.items():
        if worker_id in answers:
            yield _outcome(order, rig_id, answers[worker_id], answer)
        else:
            yield Outcome(
                rig_id=rig_id,
                result=Result.FAILED,
                error=f"worker {worker_id} is missing in the service's answer",
            )


def _outcome(
    order: Order, rig_id: str, own: Mapping[str, Json], answer: Mapping[str, Json]
) -> Outcome:
    queued = [
        command_id
        for item in list_of(own.get("commands"))
        if (command_id := identifier(object_of(item).get("id")))
    ]
    if order.is_edit and not queued:
        # An empty list is left out on the wire. The rig has nothing to do for this.
        return Outcome(rig_id=rig_id, result=Result.DONE)
    overall = identifier(answer.get("id"))
    if overall in queued:
        # The queue may hold what was ordered before; this is ours.
        queued = [overall]
    elif overall:
        queued.append(overall)
    return Outcome(
        rig_id=rig_id, result=Result.SENT, command_ids=tuple(dict.fromkeys(queued))
    )
