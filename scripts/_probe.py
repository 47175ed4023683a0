"""Reads one miner and prints what it says: a table for people, or JSON for programs."""

import argparse
import asyncio
from collections.abc import Iterable, Sequence
import json
import os
from pathlib import Path
import sys

import aiohttp

from custom_components.antminer_monitor.antminer.book import Book
from custom_components.antminer_monitor.antminer.cgminer import DEFAULT_PORT
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.antminer.web import Credentials
from custom_components.antminer_monitor.packs.errors import PackError
from custom_components.antminer_monitor.rig import Board, Fan, Pool, Rig
from custom_components.antminer_monitor.rig_json import rig_as_dict
from custom_components.antminer_monitor.source import SourceError
from custom_components.antminer_monitor.units import RateUnit, rate_unit, significant
from scripts._probe_raw import book_of, raw, told

NAME = "scripts/probe"
PASSWORD_VARIABLE = "ANTMINER_PASSWORD"
_DEFAULT_USER = "root"
_DIGITS = 4
"""Significant digits of a figure; a miner's own figures are no steadier."""


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for; end the process with 2 when that makes no sense."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Read one Antminer and print what it says.",
        epilog="Without a password only what the miner tells everybody is read.",
    )
    add = parser.add_argument
    add("host", metavar="HOST", help="name or address of the miner")
    add("--port", type=_port, default=DEFAULT_PORT, help="of its API (%(default)s)")
    add("--user", help=f"of its web interface ({_DEFAULT_USER})")
    add(
        "--password",
        help=f"of its web interface; {PASSWORD_VARIABLE} in the environment stays out of the list of processes",
    )
    add(
        "--web-port",
        type=_port,
        default=80,
        metavar="PORT",
        help="of its web interface (%(default)s)",
    )
    add(
        "--timeout",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="longest wait for one reply (%(default)g)",
    )
    add("--json", action="store_true", help="one JSON object, in base units")
    add(
        "--raw",
        action="store_true",
        help="its replies, word by word, to every command that changes nothing",
    )
    add(
        "--pack",
        type=Path,
        metavar="FILE",
        help="read it as an extension pack says, a .yaml or .zip",
    )
    arguments = parser.parse_args(argv)
    if arguments.password is None:
        arguments.password = os.environ.get(PASSWORD_VARIABLE)
    if arguments.user and not arguments.password:
        parser.error(f"--user needs --password or {PASSWORD_VARIABLE}")
    return arguments


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a number between 1 and 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 600:
        raise argparse.ArgumentTypeError("a number above 0, at most 600")
    return value


async def probe(arguments: argparse.Namespace) -> int:
    """Read the miner and print it; return the exit code: 1 when it cannot be read."""
    if arguments.raw:
        return await raw(arguments)
    try:
        book = book_of(arguments.pack) if arguments.pack else Book()
    except (PackError, OSError) as err:
        print(told(err), file=sys.stderr)
        return 1
    credentials = (
        Credentials(arguments.user or _DEFAULT_USER, arguments.password)
        if arguments.password
        else None
    )
    async with aiohttp.ClientSession() as session:
        source = AntminerSource(
            f"{arguments.host}:{arguments.port}",
            arguments.host,
            arguments.port,
            session=session,
            credentials=credentials,
            timeout=arguments.timeout,
            web_port=arguments.web_port,
            book=book,
        )
        try:
            (rig,) = (await source.read()).rigs
        except SourceError as err:
            print(f"{NAME}: {_clean(str(err))}", file=sys.stderr)
            return 1
        finally:
            await source.close()
    if source.credentials_refused:
        print(
            f"{NAME}: {source.label}: the web interface refuses the credentials; what only it tells is missing",
            file=sys.stderr,
        )
    if arguments.json:
        print(json.dumps(rig_as_dict(rig), allow_nan=False))
    else:
        print(describe(rig))
    return 0


def describe(rig: Rig) -> str:
    """Return a rig as text for people: hashrates in the unit usual for it, no line for what it does not tell."""
    unit = rate_unit(rig)
    facts = [
        (name, value) for name, value in _facts(rig, unit) if value not in (None, "")
    ]
    width = max(len(name) for name, _ in facts)
    parts = [
        f"{_clean(rig.model or 'Unknown model')} at {_clean(rig.id)}",
        "\n".join(f"{name:<{width}}  {_clean(value or '')}" for name, value in facts),
        _table(
            f"Boards ({len(rig.boards)}{_of(rig.boards_expected)})",
            [_board(board, unit) for board in rig.boards],
        ),
        _table(
            f"Fans ({len(rig.fans)}{_of(rig.fans_expected)})",
            [_fan(fan) for fan in rig.fans],
        ),
        _table("Pools", [_pool(pool) for pool in rig.pools]),
        _table(
            "Errors",
            [{"Code": error.code, "Meaning": error.message} for error in rig.errors],
        ),
    ]
    return "\n\n".join(part for part in parts if part)


type _Row = dict[str, str | int | float | None]


def _facts(rig: Rig, unit: RateUnit) -> list[tuple[str, str | None]]:
    shares = rig.shares
    firmware = rig.firmware
    efficiency = (
        rig.power / (rig.hashrate / unit.scale) if rig.power and rig.hashrate else None
    )
    return [
        ("Status", rig.status.value),
        ("Name", rig.name),
        ("Firmware", _join((firmware.family, firmware.version)) if firmware else None),
        ("Serial number", rig.serial),
        ("MAC address", rig.mac),
        ("IP address", rig.ip),
        ("Algorithm", rig.algorithm),
        ("Hashrate", _with_unit(_rate(rig.hashrate, unit), unit.symbol)),
        ("  average", _with_unit(_rate(rig.hashrate_average, unit), unit.symbol)),
        ("  nominal", _with_unit(_rate(rig.hashrate_nominal, unit), unit.symbol)),
        (
            "Power",
            _join(
                (
                    _with_unit(rig.power, "W"),
                    rig.power_source and f"({rig.power_source.value})",
                ),
                " ",
            ),
        ),
        ("Efficiency", _with_unit(efficiency, f"J/{unit.work}")),
        ("Hottest board", _with_unit(rig.board_temperature, "°C")),
        ("Hottest chip", _with_unit(rig.chip_temperature, "°C")),
        (
            "Shares",
            _join(
                _with_unit(count, word)
                for count, word in (
                    (shares.accepted, "accepted"),
                    (shares.rejected, "rejected"),
                    (shares.stale, "stale"),
                )
            ),
        ),
        ("Best share", _with_unit(rig.best_share)),
        ("Found blocks", _with_unit(rig.found_blocks)),
        ("Hardware errors", _with_unit(rig.hardware_errors)),
        ("Uptime", _duration(rig.uptime)),
        ("Work mode", rig.work_mode),
        ("Fan mode", rig.fan_mode),
        ("Commands", _join(rig.commands)),
        *((name, str(value)) for name, value in rig.extras.items()),
        ("Read at", rig.seen_at.isoformat(" ", "seconds") if rig.seen_at else None),
    ]


def _board(board: Board, unit: RateUnit) -> _Row:
    return {
        "Board": board.index,
        unit.symbol: _rate(board.hashrate, unit),
        "nominal": _rate(board.hashrate_nominal, unit),
        "board °C": board.board_temperature,
        "chip °C": board.chip_temperature,
        "inlet °C": board.inlet_temperature,
        "outlet °C": board.outlet_temperature,
        "chips": board.chips_working,
        "of": board.chips_expected,
        "faulty": board.chips_faulty,
        "MHz": board.frequency,
        "V": board.voltage,
        "W": board.power,
        "HW errors": board.hardware_errors,
        "Serial number": board.serial,
    }


def _fan(fan: Fan) -> _Row:
    return {"Fan": fan.index, "RPM": fan.speed, "duty %": fan.duty}


def _pool(pool: Pool) -> _Row:
    return {
        "Pool": pool.index,
        "active": None if pool.active is None else "yes" if pool.active else "no",
        "status": pool.status,
        "priority": pool.priority,
        "URL": pool.url,
        "user": pool.user,
        "accepted": pool.accepted,
        "rejected": pool.rejected,
        "stale": pool.stale,
        "last share": _duration(pool.last_share_age),
    }


def _table(title: str, rows: Sequence[_Row]) -> str:
    """Return rows as aligned text: figures to the right, no column that is empty in all rows."""
    if not rows:
        return ""
    columns = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    cells = [columns, *([_cell(row[name]) for name in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    words = [any(isinstance(row[name], str) for row in rows) for name in columns]
    lines = [
        "  ".join(
            f"{cell:<{width}}" if word else f"{cell:>{width}}"
            for cell, width, word in zip(line, widths, words, strict=True)
        ).rstrip()
        for line in cells
    ]
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _cell(value: str | float | None) -> str:
    return "-" if value is None else _clean(_figure(value))


def _figure(value: str | float) -> str:
    """Counts as they are, other numbers to a few digits."""
    match value:
        case str():
            return value
        case int():
            return f"{value:,}"
    return f"{significant(value, _DIGITS):,.10g}"


def _rate(value: float | None, unit: RateUnit) -> float | None:
    return None if value is None else value / unit.scale


def _with_unit(value: float | None, unit: str = "") -> str | None:
    return None if value is None else f"{_figure(value)} {unit}".rstrip()


def _join(parts: Iterable[str | None], separator: str = ", ") -> str:
    return separator.join(part for part in parts if part)


def _of(expected: int | None) -> str:
    return "" if expected is None else f" of {expected}"


def _duration(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{f'{days} d ' if days else ''}{hour}:{minute:02}:{second:02}"


def _clean(text: str) -> str:
    """What a miner says may hold anything, and a terminal obeys some of it."""
    return "".join(
        mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = parse(argv)
    try:
        return asyncio.run(probe(arguments))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
