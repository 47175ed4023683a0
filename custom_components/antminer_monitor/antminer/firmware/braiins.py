"""Braiins OS: BOSminer (``BOSminer``, ``BOSminer+``, ``BOSer``), and the bmminer of 2019.

BOSminer has no ``stats``: what it knows is spread over commands of its own, one row a
board. Right after a start some of them answer "Not ready".
"""

from collections.abc import Mapping

from ...json_value import Json
from ...rig import Board, Fan, Rig, Status
from ...source import InvalidReplyError
from ..cgminer import Reply, is_error, section
from .build import Reading, build, elapsed_of, summary_of
from .dialect import Context, Dialect, Fingerprint
from .parsing import Scale, percent, positive, temperature, text, unsigned, whole
from .pools import clock_of, rows_of
from .stock import has_stats, read

_SCALE = Scale("MH/s", 1e6)
_KEYS = ("BOSminer+", "BOSminer", "BOSer")
_HZ_FROM = 100_000
"""A frequency from here on is in Hz: no chip runs at 100 GHz."""


def _parse(replies: Mapping[str, Reply], context: Context) -> Rig:
    summary = summary_of(replies)
    unready = _unready(replies.get("summary"))
    if not summary and not unready:
        raise InvalidReplyError("no summary in the reply")
    kind = _kind(replies)
    hardware = context.models.find(kind)
    tuner = _row(replies, "tunerstatus", "TUNERSTATUS")
    boards = _boards(replies, tuner, hardware.chips if hardware else None)
    nominal = [board.hashrate_nominal for board in boards]
    reading = Reading(
        kind=kind,
        family="braiins",
        version=_version(replies),
        # Of what was asked just now: other replies may be days old.
        clock=clock_of(replies.get("summary")),
        scale=_SCALE,
        algorithm="sha256d",
        hashrate=_SCALE.rate(summary.get("MHS 5s")),
        hashrate_average=_SCALE.rate(summary.get("MHS av")),
        # A sum over some of the boards would be no rig's nominal rate.
        hashrate_nominal=(
            sum(rate for rate in nominal if rate) if nominal and all(nominal) else None
        ),
        boards=boards,
        fans=_fans(replies, hardware.fans if hardware else None, context),
        uptime=elapsed_of(summary),
        # Approximate, but of these boards at these settings: the firmware's word, not ours.
        power=_watts(tuner),
        work_mode=_limit(tuner),
        summary=summary,
    )
    if unready:
        reading.status = Status.STARTING
    elif _paused(tuner) and not reading.hashrate:
        reading.status = Status.SLEEPING
    return build(reading, replies, context)


def _row(replies: Mapping[str, Reply], command: str, key: str) -> dict[str, Json]:
    rows = rows_of(replies.get(command), key)
    return rows[0] if rows else {}


def _unready(reply: Reply | None) -> bool:
    if reply is None or not is_error(reply):
        return False
    rows = section(reply, "STATUS")
    return any("not ready" in str(row.get("Msg")).lower() for row in rows)


def _kind(replies: Mapping[str, Reply]) -> str | None:
    """Find the model: in ``devdetails``, or as the board that the program is built for."""
    for row in rows_of(replies.get("devdetails"), "DEVDETAILS"):
        if found := text(row.get("Model")):
            return found
    for reply in replies.values():
        for row in section(reply, "STATUS"):
            if "am1-s9" in str(row.get("Description")):
                return "Antminer S9"
    return None


def _version(replies: Mapping[str, Reply]) -> str | None:
    """Give the last word of ``bosminer-plus-am1-s9 0.4.0-908ca41d``."""
    row = _row(replies, "version", "VERSION")
    for key in _KEYS:
        if found := text(row.get(key)):
            return found.split()[-1]
    return None


def _boards(
    replies: Mapping[str, Reply], tuner: dict[str, Json], expected: int | None
) -> tuple[Board, ...]:
    """Put the boards together, by the number that every command gives them (6, 7, 8)."""
    devices = _by_board(rows_of(replies.get("devs"), "DEVS"), "ID")
    sensors = _by_board(rows_of(replies.get("temps"), "TEMPS"), "ID")
    details = _by_board(rows_of(replies.get("devdetails"), "DEVDETAILS"), "ID")
    chains = tuner.get("TunerChainStatus")
    tuned = _by_board(
        [row for row in chains if isinstance(row, dict)]
        if isinstance(chains, list)
        else [],
        "HashchainIndex",
    )
    boards = []
    for index in sorted(devices | sensors | details):
        device = devices.get(index, {})
        detail = details.get(index, {})
        chips = whole(detail.get("Chips"))
        frequency = positive(detail.get("Frequency"))
        boards.append(
            Board(
                index=index,
                hashrate=_SCALE.rate(device.get("MHS 5s")),
                hashrate_nominal=_SCALE.nominal(device.get("Nominal MHS")),
                board_temperature=temperature(sensors.get(index, {}).get("Board")),
                chip_temperature=temperature(sensors.get(index, {}).get("Chip")),
                chips_expected=expected,
                chips_working=chips,
                chips_faulty=(
                    None
                    if chips is None or expected is None
                    else max(0, expected - chips)
                ),
                frequency=(
                    frequency / 1e6
                    if frequency and frequency >= _HZ_FROM
                    else frequency
                ),
                voltage=positive(detail.get("Voltage")),
                power=positive(
                    tuned.get(index, {}).get("ApproximatePowerConsumptionWatt")
                ),
                hardware_errors=whole(device.get("Hardware Errors")),
            )
        )
    return tuple(boards)


def _by_board(rows: list[dict[str, Json]], key: str) -> dict[int, dict[str, Json]]:
    return {index: row for row in rows if (index := whole(row.get(key))) is not None}


def _fans(
    replies: Mapping[str, Reply], expected: int | None, context: Context
) -> tuple[Fan, ...]:
    """Read the fans; of four slots in an S9 two have none and stay at 0 RPM."""
    rows = {
        slot: row
        for row in rows_of(replies.get("fans"), "FANS")
        if (slot := whole(row.get("ID"))) is not None
    }
    return tuple(
        Fan(index=slot, speed=speed, duty=percent(row.get("Speed")))
        for slot, row in rows.items()
        if (speed := whole(row.get("RPM")))
        or (expected is not None and len(rows) <= expected)
        or slot in context.fan_slots
    )


def _paused(tuner: dict[str, Json]) -> bool:
    """Tell whether every board is paused (``TunerChainStatus``, as foreman reads it)."""
    chains = tuner.get("TunerChainStatus")
    if not isinstance(chains, list) or not chains:
        return False
    return all(
        isinstance(chain, dict) and "paused" in str(chain.get("Status")).lower()
        for chain in chains
    )


def _watts(tuner: dict[str, Json]) -> float | None:
    return unsigned(tuner.get("ApproximateMinerPowerConsumption"))


def _limit(tuner: dict[str, Json]) -> str | None:
    limit = positive(tuner.get("PowerLimit"))
    return None if limit is None else f"{limit:g} W"


def _parse_2019(replies: Mapping[str, Reply], context: Context) -> Rig:
    reading = read(replies, context)
    reading.family = "braiins"
    for reply in replies.values():
        for row in section(reply, "STATUS"):
            _, mark, version = str(row.get("Description")).partition("bOS_")
            if mark:
                reading.version = text(version)
                if "am1-s9" in version and reading.kind is None:
                    reading.kind = "Antminer S9"
    return build(reading, replies, context)


def _is_bosminer(fingerprint: Fingerprint) -> bool:
    return "bosminer" in fingerprint.text or "boser" in fingerprint.text


BRAIINS = Dialect(
    name="braiins",
    family="braiins",
    commands=(
        "summary",
        "pools",
        "devs",
        "temps",
        "fans",
        "tunerstatus",
        "devdetails",
    ),
    recognises=_is_bosminer,
    parse=_parse,
    joined=True,
)
BRAIINS_2019 = Dialect(
    name="braiins-2019",
    family="braiins",
    commands=("stats", "summary", "pools"),
    recognises=lambda fingerprint: (
        "bos_" in fingerprint.text and has_stats(fingerprint)
    ),
    parse=_parse_2019,
)
