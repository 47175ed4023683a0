"""How an AvalonMiner answers on port 4028, read into the vocabulary of rigs.

``version`` names the product. Nearly all the rest stands in one long text of ``stats``, key
after key with the value in brackets::

    Ver[1246-83-21042001_4ec6bb0_61407fa] … SYSTEMSTATU[Work: In Work, Hash Board: 3 ] …
    Temp[26] TMax[79] Fan1[5323] … PS[0 1220 1339 221 2953 1340 3169] GHSspd[83391.24] …

What the keys mean is taken from replies of real machines and from pyasic: rates are GH/s,
``MGHS`` holds the average of each board since the start (they add up to ``GHSavg``), ``PVT_T``
the temperature of every chip of a board, and the last figure of ``PS`` is the power at the wall.
"""

from collections.abc import Mapping
from dataclasses import replace
import re
from typing import Final

from custom_components.antminer_monitor.antminer.cgminer import Reply, section
from custom_components.antminer_monitor.antminer.firmware import (
    Context,
    Dialect,
    Fingerprint,
)
from custom_components.antminer_monitor.antminer.firmware.build import (
    Reading,
    build,
    elapsed_of,
    summary_of,
)
from custom_components.antminer_monitor.antminer.firmware.parsing import (
    Scale,
    number,
    temperature,
    text,
    whole,
)
from custom_components.antminer_monitor.antminer.hardware import Hardware, Variant
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Board, Extra, Fan, Rig, Status

from .control import AvalonController

EXTENSION: Final = "avalon_rigs"
"""The id of the extension is the domain of the integration."""
FAMILY: Final = "avalon"

MODEL: Final = "AvalonMiner 1246"
CHIPS: Final = 120
"""On a board."""
# 38 J/TH, whatever the rate that it is sold with.
HARDWARE: Final = Hardware(
    model=MODEL,
    algorithm="sha256d",
    unit="GH/s",
    chips=CHIPS,
    fans=4,
    variants=(Variant(83e12, 3154), Variant(85e12, 3230), Variant(90e12, 3420)),
)

_GIGA = Scale("GH/s", 1e9)
_FIELD = re.compile(r"(\w+)\[([^\[\]]*)\]")
_PRODUCT = re.compile(r"AvalonMiner 1246\b")
_BOARDS = re.compile(r"_X(\d{1,2})$")
_MOST_BOARDS = 8
_MOST_FANS = 8
_WALL_POWER = 6
"""Place in ``PS``."""
_STATUS = {"in init": Status.STARTING, "in fault": Status.FAULT}


def _version_of(replies: Mapping[str, Reply]) -> dict[str, Json]:
    rows = section(replies.get("version", {}), "VERSION")
    return rows[0] if rows else {}


def _machine_of(replies: Mapping[str, Reply]) -> dict[str, Json]:
    """Give the first object of ``stats``; those behind it are of its pools."""
    rows = section(replies.get("stats", {}), "STATS")
    return rows[0] if rows else {}


def brackets(value: Json) -> dict[str, str]:
    """Read a text of keys, each with its value in brackets; empty for anything else."""
    return dict(_FIELD.findall(value)) if isinstance(value, str) else {}


def recognises(fingerprint: Fingerprint) -> bool:
    """Tell whether it is an AvalonMiner 1246."""
    product = fingerprint.version.get("PROD")
    return isinstance(product, str) and _PRODUCT.match(product) is not None


def parse(replies: Mapping[str, Reply], context: Context) -> Rig:
    """Read one."""
    version, machine = _version_of(replies), _machine_of(replies)
    told = brackets(machine.get("MM ID0"))
    rate = _GIGA.rate(told.get("GHSspd"))
    reading = Reading(
        kind=MODEL,
        model=text(version.get("PROD")),
        manufacturer="Canaan",
        family=FAMILY,
        version=text(version.get("VERSION")),
        serial=text(version.get("DNA")),
        mac=text(version.get("MAC")),
        scale=_GIGA,
        algorithm="sha256d",
        hashrate=rate,
        hashrate_average=_GIGA.rate(told.get("GHSavg")),
        hashrate_nominal=_GIGA.nominal(told.get("GHSmm")),
        boards=_boards(told, rate),
        fans=_fans(told, context),
        uptime=elapsed_of(machine),
        power=number(_at(told, "PS", _WALL_POWER)),
        status=_status(told),
        summary=summary_of(replies),
        extras=_extras(told),
    )
    rig = build(reading, replies, context)
    # There are 1246 with two boards and with three: MM3v2_X2 and MM3v2_X3.
    hardware = _BOARDS.search(text(version.get("HWTYPE")) or "")
    return replace(rig, boards_expected=int(hardware[1])) if hardware else rig


def _at(told: Mapping[str, str], key: str, place: int) -> str | None:
    """Give one of the figures behind a key."""
    values = told.get(key, "").split()
    return values[place] if place < len(values) else None


def _boards(told: Mapping[str, str], rate: float | None) -> tuple[Board, ...]:
    places = range(min(_MOST_BOARDS, len(told.get("MTmax", "").split())))
    found = (_board(told, place, rate) for place in places)
    return tuple(board for board in found if board is not None)


def _board(told: Mapping[str, str], place: int, rate: float | None) -> Board | None:
    """Read a board; ``None`` where there is but an empty place."""
    hottest = temperature(_at(told, "MTmax", place))
    chips = told.get(f"PVT_T{place}", "").split()
    if hottest is None and not chips:
        return None
    # Averages do not fall when it stops; that all of it stands still is certain.
    own = 0.0 if rate == 0 else _GIGA.rate(_at(told, "MGHS", place))
    chip_map = "".join("o" if temperature(chip) else "-" for chip in chips)
    working = chip_map.count("o")
    return Board(
        index=place,
        hashrate=own,
        chip_temperature=hottest,
        chips_expected=CHIPS,
        chips_working=working if chips else None,
        chips_faulty=max(0, CHIPS - working) if chips else None,
        chip_map=chip_map or None,
        hardware_errors=whole(_at(told, "MH", place)),
    )


def _fans(told: Mapping[str, str], context: Context) -> tuple[Fan, ...]:
    """Read the fans; one that never turned is a place without a fan."""
    duty = number(told.get("FanR"))
    return tuple(
        Fan(index=place, speed=speed, duty=duty)
        for place in range(1, _MOST_FANS + 1)
        if (speed := whole(told.get(f"Fan{place}"))) is not None
        and (speed or place in context.fan_slots)
    )


def _status(told: Mapping[str, str]) -> Status | None:
    """Give what it says of itself; while it works, its hashrate says more."""
    work = told.get("SYSTEMSTATU", "").removeprefix("Work:").partition(",")[0]
    work = work.strip().lower()
    if work == "in idle":
        was_told = (whole(told.get("SoftOFF")) or 0) > 0
        return Status.SLEEPING if was_told else Status.IDLE
    return _STATUS.get(work)


def _extras(told: Mapping[str, str]) -> dict[str, Extra]:
    """Give what the vocabulary has no field for, by ``<extension>.<key>``; only what is known."""
    supply = whole(_at(told, "PS", 0))
    found: dict[str, Extra | None] = {
        "air_temperature": temperature(told.get("Temp")),
        "error_rate": number(told.get("DH")),
        "supply_fault": None if supply is None else supply > 0,
    }
    return {
        f"{EXTENSION}.{key}": value for key, value in found.items() if value is not None
    }


AVALON: Final = Dialect(
    name="avalon",
    family=FAMILY,
    commands=("stats", "summary", "pools"),
    recognises=recognises,
    parse=parse,
    joined=True,
    control=AvalonController,
)
