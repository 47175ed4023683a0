"""LuxOS: the layout of stock firmware, and commands of its own that tell more."""

from collections.abc import Mapping
from dataclasses import replace

from ...json_value import Json
from ...rig import Board, Fan, PowerSource, Rig, Status
from ..cgminer import Reply
from .build import build
from .dialect import Context, Dialect
from .parsing import Scale, hottest, percent, temperature, text, unsigned, whole
from .pools import rows_of
from .stock import read

_MEGA = Scale("MH/s", 1e6)
_CORNERS = ("TopLeft", "TopRight", "BottomLeft", "BottomRight")


def _parse(replies: Mapping[str, Reply], context: Context) -> Rig:
    reading = read(replies, context)
    config = _first(replies, "CONFIG", "config")
    reading.family = "luxos"
    reading.version = _version(replies)
    reading.boards = _boards(reading.boards, replies)
    reading.fans = _fans(replies) or reading.fans
    reading.name = text(config.get("Hostname"))
    reading.serial = text(config.get("SerialNumber"))
    reading.mac = text(config.get("MACAddr"))
    reading.work_mode = text(config.get("Profile"))
    curtailed = text(config.get("CurtailMode"))
    if curtailed and curtailed.lower() == "sleep" and not reading.hashrate:
        reading.status = Status.SLEEPING
    power = _first(replies, "POWER", "power")
    reading.power = unsigned(power.get("Watts"))
    # Without a meter in the power supply LuxOS calculates, from more than its rating.
    reading.power_source = (
        PowerSource.MEASURED if power.get("PSU") is True else PowerSource.REPORTED
    )
    return build(reading, replies, context)


def _first(replies: Mapping[str, Reply], key: str, command: str) -> dict[str, Json]:
    rows = rows_of(replies.get(command), key)
    return rows[0] if rows else {}


def _version(replies: Mapping[str, Reply]) -> str | None:
    row = _first(replies, "VERSION", "version")
    return text(row.get("Miner")) or text(row.get("LUXminer"))


def _boards(
    boards: tuple[Board, ...], replies: Mapping[str, Reply]
) -> tuple[Board, ...]:
    """Add what ``devs`` and ``temps`` tell; both count boards from 0, ``stats`` from 1."""
    devices = _by_board(replies, "DEVS", "devs")
    sensors = _by_board(replies, "TEMPS", "temps")
    labels = _first(replies, "METADATA", "temps")
    intake = _corners(labels, "intake")
    exhaust = _corners(labels, "exhaust")
    found = []
    for board in boards:
        device = devices.get(board.index, {})
        corners = sensors.get(board.index, {})
        now = _MEGA.rate(device.get("MHS 5s"))
        errors = whole(device.get("Hardware Errors"))
        found.append(
            replace(
                board,
                # chain_rate of stats is the average since the start.
                hashrate=board.hashrate if now is None else now,
                hashrate_nominal=_MEGA.nominal(device.get("Nominal MHS"))
                or board.hashrate_nominal,
                hardware_errors=board.hardware_errors if errors is None else errors,
                serial=text(device.get("SerialNumber")),
                inlet_temperature=_hottest(corners, intake),
                outlet_temperature=_hottest(corners, exhaust),
            )
        )
    return tuple(found)


def _by_board(
    replies: Mapping[str, Reply], key: str, command: str
) -> dict[int, dict[str, Json]]:
    return {
        place + 1: row
        for row in rows_of(replies.get(command), key)
        if (place := whole(row.get("ID"))) is not None
    }


def _corners(labels: dict[str, Json], word: str) -> tuple[str, ...]:
    return tuple(
        corner
        for corner in _CORNERS
        if isinstance(label := labels.get(corner), dict)
        and word in str(label.get("Label")).lower()
    )


def _hottest(corners: dict[str, Json], names: tuple[str, ...]) -> float | None:
    return hottest(tuple(temperature(corners.get(name)) for name in names))


def _fans(replies: Mapping[str, Reply]) -> tuple[Fan, ...]:
    """Read ``fans``, numbered as in ``stats``: by ID, which counts from 0."""
    fans = {
        slot: Fan(
            index=slot + 1,
            speed=whole(row.get("RPM")),
            duty=percent(row.get("Speed")),
        )
        for row in rows_of(replies.get("fans"), "FANS")
        if (slot := whole(row.get("ID"))) is not None
    }
    return tuple(fans.values())


LUXOS = Dialect(
    name="luxos",
    family="luxos",
    commands=("stats", "summary", "pools", "devs", "power", "temps", "fans", "config"),
    recognises=lambda fingerprint: "luxminer" in fingerprint.text,
    parse=_parse,
    joined=True,
)
