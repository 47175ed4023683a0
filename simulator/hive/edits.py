"""What a change of a worker's settings does: what at once, and what once it has the command."""

from collections.abc import Callable, Mapping
from typing import cast

from .catalogue import ASIC_PLATFORM, FlightSheet, Overclock
from .data import Data
from .farm import SimulatedFarm
from .worker import SimulatedWorker

_MERGED = ("miners_config", "watchdog", "autofan")
"""Objects that ``merge=1`` merges."""
_OBJECTS = {
    "watchdog": "config",
    "options": "config",
    "miners_config": "wallet",
    "autofan": "autofan",
    "asic_config": "asic",
}
"""Settings that the worker has to be told, and the command that does."""
_AT_ONCE = (
    "hardware_power_draw",
    "psu_efficiency",
    "octofan_correct_power",
    "mirror_url",
)
type Change = Callable[[float], None]


class RejectedError(Exception):
    """422: what is wrong, by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        """Keep it."""
        super().__init__(errors)
        self.errors = errors


def check_edit(farm: SimulatedFarm, worker: SimulatedWorker, body: Data) -> None:
    """Raise RejectedError where a worker cannot be changed like that."""
    errors: dict[str, list[str]] = {}
    if "fs_id" in body:
        sheet = farm.sheet(_integer(body["fs_id"]))
        if sheet is None:
            errors["fs_id"] = ["The selected fs_id is invalid."]
        elif sheet.platform != worker.platform:
            errors["fs_id"] = ["The flight sheet is for another platform."]
    if "oc_id" in body and farm.overclock(_integer(body["oc_id"])) is None:
        errors["oc_id"] = ["The selected oc_id is invalid."]
    if "tag_ids" in body:
        known = {tag.id for tag in farm.tags}
        if not known.issuperset(cast("list[int]", body["tag_ids"])):
            errors["tag_ids"] = ["The selected tag_ids is invalid."]
    if "power_options" in body and worker.platform != ASIC_PLATFORM:
        errors["power_options"] = ["The worker has no power modes."]
    if errors:
        raise RejectedError(errors)


def edit(
    farm: SimulatedFarm,
    worker: SimulatedWorker,
    body: Data,
    *,
    merge: bool,
    next_id: Callable[[], int],
) -> list[Data]:
    """Change a worker by a body that was checked; the commands that it is sent.

    None where it has nothing to do: names and tags are the service's own matter, and what
    it is set to already needs no command.
    """
    worker.settle()
    _at_once(worker, body)
    commands: dict[str, list[Change]] = {}

    def later(command: str, change: Change) -> None:
        commands.setdefault(command, []).append(change)

    if "fs_id" in body:
        sheet = farm.sheet(_integer(body["fs_id"]))
        if sheet is not None and sheet != worker.sheet:
            later("wallet", _new_sheet(worker, sheet))
    if "oc_id" in body:
        profile = farm.overclock(_integer(body["oc_id"]))
        if profile != worker.overclock:
            later(_overclock_command(worker), _new_overclock(worker, profile))
    if "oc_config" in body:
        config = cast("Data", body["oc_config"])
        later(_overclock_command(worker), _custom_overclock(worker, config))
    if "power_options" in body:
        mode = str(cast("Data", body["power_options"]).get("mode", worker.mode))
        if mode != worker.mode:
            later("asic", _new_mode(worker, mode))
    for key, command in _OBJECTS.items():
        if key in body:
            merged = key == "options" or (merge and key in _MERGED)
            if _after(worker, key, body[key], merged=merged) != worker.settings.get(
                key
            ):
                later(command, _new_setting(worker, key, body[key], merged=merged))
    worker.touch()
    if not commands:
        return []
    return [_send(worker, commands, 6_000_000 + next_id())]


def _at_once(worker: SimulatedWorker, body: Data) -> None:
    worker.name = str(body.get("name", worker.name))
    worker.description = str(body.get("description", worker.description))
    worker.active = bool(body.get("active", worker.active))
    if "tag_ids" in body:
        given = cast("list[int]", body["tag_ids"])
        match body.get("tag_update_mode", "replace"):
            case "add":
                worker.tag_ids += [tag for tag in given if tag not in worker.tag_ids]
            case "remove":
                worker.tag_ids = [tag for tag in worker.tag_ids if tag not in given]
            case _:
                worker.tag_ids = list(given)
    worker.settings |= {key: body[key] for key in _AT_ONCE if key in body}


def _send(
    worker: SimulatedWorker, commands: dict[str, list[Change]], command_id: int
) -> Data:
    changes = [change for several in commands.values() for change in several]

    def effect(at: float) -> str:
        for change in changes:
            change(at)
        return "Settings applied"

    name = next(iter(commands)) if len(commands) == 1 else "batch"
    # What the service really sends: the files of the rig, with what is secret in them.
    data: Data = {
        "config": f'RIG_ID={worker.id}\nRIG_PASSWD="simulated-rig-password"\n',
        "wallet": "CUSTOM_TEMPLATE=simulated-wallet-address\n",
    }
    worker.order(name, data, command_id, effect)
    return {"command": name, "id": command_id, "data": data}


def _overclock_command(worker: SimulatedWorker) -> str:
    if worker.platform == ASIC_PLATFORM:
        return "asic_oc"
    brand = getattr(worker.kind, "brand", "nvidia")
    return f"{brand}_oc"


def _new_sheet(worker: SimulatedWorker, sheet: FlightSheet) -> Change:
    return lambda at: worker.set_sheet(sheet, at)


def _new_overclock(worker: SimulatedWorker, profile: Overclock | None) -> Change:
    return lambda at: worker.set_overclock(profile, at)


def _custom_overclock(worker: SimulatedWorker, config: Data) -> Change:
    def change(at: float) -> None:
        worker.custom_overclock = cast("Data", config.get("default", {}))
        worker.set_overclock(None, at)

    return change


def _new_mode(worker: SimulatedWorker, mode: str) -> Change:
    return lambda at: worker.set_mode(mode, at)


def _new_setting(
    worker: SimulatedWorker, key: str, value: object, *, merged: bool
) -> Change:
    def change(at: float) -> None:
        # Merged only now: another change may have come before this one.
        worker.set_setting(key, _after(worker, key, value, merged=merged), at)

    return change


def _after(worker: SimulatedWorker, key: str, value: object, *, merged: bool) -> object:
    old = worker.settings.get(key)
    if merged and isinstance(old, Mapping) and isinstance(value, Mapping):
        return {**old, **value}
    return value


def _integer(value: object) -> int:
    return value if isinstance(value, int) else -1
