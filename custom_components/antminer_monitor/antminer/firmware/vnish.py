"""VNish: 3.x on the S9, 2.x on the S17, and the rewritten 1.2 and later.

All answer in the layout of stock firmware, with the state, watts and voltages added.
"""

from collections.abc import Mapping
import re

from ...json_value import Json
from ...rig import Rig, RigError, Status
from ..cgminer import Reply
from .build import Reading, build, resting, sum_power
from .chains import boards_of, fans_of
from .dialect import Context, Dialect, Fingerprint
from .parsing import percent, text
from .stock import has_stats, read, record_of

# The states of its REST interface (api-doc.json), which ``stats`` repeats. While tuning it
# hashes already: then it is running.
_STATES = {
    "initializing": Status.STARTING,
    "starting": Status.STARTING,
    "restarting": Status.STARTING,
    "auto-tuning": Status.STARTING,
    "shutting-down": Status.SLEEPING,
    "stopped": Status.SLEEPING,
    "failure": Status.FAULT,
}
_VERSION = re.compile(r"nish\s+v?([\w.+-]+)", re.IGNORECASE)


def _parse(replies: Mapping[str, Reply], context: Context) -> Rig:
    reading = read(replies, context)
    _, record = record_of(replies.get("stats"))
    reading.family = "vnish"
    reading.version = _version(reading.kind, record)
    state = text(record.get("state"))
    status = _STATES.get(state.lower()) if state else None
    if status is not None and (not reading.hashrate or status is Status.FAULT):
        reading.status = status
    if status is Status.FAULT:
        reading.errors = (RigError(code="failure"),)
    _refine(reading, record, context)
    # 0 from a power supply without a meter: left out by sum_power, then estimated.
    reading.power = sum_power(reading.boards)
    return build(reading, replies, context)


def _refine(reading: Reading, record: dict[str, Json], context: Context) -> None:
    """Read again what depends on the state, and the fans' duty."""
    hardware = context.models.find(reading.kind)
    if reading.status is not None:
        reading.boards = boards_of(
            record,
            reading.scale,
            hardware,
            resting=resting(reading.status, reading.hashrate, reading.uptime),
        )
    duty = percent(record.get("fan_pwm"))
    if duty is not None:
        reading.fans = fans_of(
            record, hardware.fans if hardware else None, context.fan_slots, duty
        )
    manual = record.get("manual_fan_mode")
    if isinstance(manual, bool):
        reading.fan_mode = "manual" if manual else "auto"


def _version(kind: str | None, record: dict[str, Json]) -> str | None:
    if found := text(record.get("build_version")):
        return found
    match = _VERSION.search(kind or "")
    return match[1] if match else None


def _is_vnish(fingerprint: Fingerprint) -> bool:
    record = fingerprint.record
    return "vnish" in fingerprint.text or (
        has_stats(fingerprint) and "build_version" in record
    )


VNISH = Dialect(
    name="vnish",
    family="vnish",
    commands=("stats", "summary", "pools"),
    recognises=_is_vnish,
    parse=_parse,
    rest=True,
)
