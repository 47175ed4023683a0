"""Targets: what a miner answers, on the CGMiner port and on its web pages."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
import json
from math import isfinite
from typing import Final
from unittest.mock import patch

import orjson

from custom_components.antminer_monitor.antminer import asking
from custom_components.antminer_monitor.antminer.cgminer import (
    CgminerClient,
    Reply,
    is_error,
    section,
    status_code,
)
from custom_components.antminer_monitor.antminer.control import configuration
from custom_components.antminer_monitor.antminer.control.controller import RejectedError
from custom_components.antminer_monitor.antminer.extras import (
    MAX_POWER,
    read_power,
    read_warnings,
)
from custom_components.antminer_monitor.antminer.firmware import (
    DIALECTS,
    Context,
    Fingerprint,
    recognise,
)
from custom_components.antminer_monitor.antminer.firmware.x19 import is_unwell
from custom_components.antminer_monitor.antminer.json_repair import loads
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.antminer.web import (
    Credentials,
    StockWeb,
    WebConfiguration,
    WebInfo,
    vnish_info,
)
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import RigError
from custom_components.antminer_monitor.source import (
    InvalidReplyError,
    SourceError,
    UnknownMinerError,
)

from .canned import HOST, CannedClient, session_of
from .invariants import LONGEST, check_rig
from .target import Shape, Target, expanded, sections

SEEN: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
INFO_PAGE: Final = "/cgi-bin/get_system_info.cgi"
CONFIGURATION_PAGE: Final = "/cgi-bin/get_miner_conf.cgi"
VNISH_PAGE: Final = "/api/v1/info"
POWER_PAGE: Final = "/miner_power"
WARNING_PAGE: Final = "/warning"

_ROOT: Final = Credentials("root", "root")
_MAX_WARNINGS = 20


# --- the reply parser -----------------------------------------------------------------


def _reply(data: bytes) -> None:
    """Read one reply, asked for alone and as one of several."""
    body = expanded(data)
    asyncio.run(_asked(CannedClient({"stats": body, "stats+summary+pools": body})))
    try:
        reply = loads(body)
    except InvalidReplyError:
        return
    _check_json(reply)
    code = status_code(reply)
    assert code is None or type(code) is int
    assert is_error(reply) in (True, False)
    for key in reply:
        assert all(isinstance(row, dict) for row in section(reply, key))


async def _asked(client: CgminerClient) -> None:
    with suppress(SourceError):
        _check_json(await client.command("stats"))
    with suppress(SourceError):
        for reply in (await client.joined(("stats", "summary", "pools"))).values():
            _check_json(reply)
    assert all(exchange.size >= 0 for exchange in client.exchanges)


def _check_json(value: Json) -> None:
    """Check that it can be written again: no NaN, no half character."""
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


# --- the repair of JSON ---------------------------------------------------------------


def _repair(data: bytes) -> None:
    """Repair a text; one that is valid comes out as it is, also beside a fault."""
    body = expanded(data)
    try:
        found = loads(body)
    except InvalidReplyError:
        found = None
    valid = _valid(body)
    if valid is None:
        return
    assert found == valid, "a valid reply was changed"
    text = json.dumps(valid)
    if _depth(valid) < 90 and len(text) < 60_000:
        repaired = loads(b'{"a":nan,"b":[%s{"z":1},],}' % text.encode())
        assert repaired == {"a": None, "b": [valid, {"z": 1}]}, "a repair reached in"


def _valid(body: bytes) -> dict[str, Json] | None:
    """Read an object by the standard library, if every parser would read it alike."""
    if b"\0" in body:
        return None
    try:
        value = json.loads(body.decode(), parse_int=_whole, parse_constant=_refuse)
        orjson.dumps(value)
    except ValueError, RecursionError, TypeError:
        return None
    return value if isinstance(value, dict) and _is_plain(value) else None


def _whole(text: str) -> float:
    value = int(text) if len(text) < 400 else 10**400
    # What no machine word holds is a float.
    return value if -(2**63) <= value < 2**64 else float(text)


def _refuse(word: str) -> Json:
    raise ValueError(word)


def _is_plain(value: Json) -> bool:
    match value:
        case dict():
            return all(map(_is_plain, value.values()))
        case list():
            return all(map(_is_plain, value))
        case float():
            return isfinite(value)
    return True


def _depth(value: Json) -> int:
    inner = (
        value.values()
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else ()
    )
    return 1 + max(map(_depth, inner), default=0)


# --- dialects -------------------------------------------------------------------------


def _dialects(data: bytes) -> None:
    """Read a rig from replies by command, with every dialect, whoever would recognise it."""
    parts = sections(data)
    replies: dict[str, Reply] = {}
    for name, body in parts.items():
        if not name.startswith("/"):
            with suppress(InvalidReplyError):
                replies[name] = loads(body)
    found = Fingerprint(replies.get("version"), replies.get("stats"), replies)
    with suppress(UnknownMinerError):
        assert recognise(found) in DIALECTS
    context = asyncio.run(_context(parts))
    for dialect in DIALECTS:
        try:
            rig = dialect.parse(replies, context)
        except InvalidReplyError:
            continue
        check_rig(rig)
        assert rig == dialect.parse(replies, context), "read otherwise the second time"
        assert is_unwell(rig) in (True, False)


async def _context(parts: Mapping[str, bytes]) -> Context:
    """Read what the web pages among the parts tell."""
    session = session_of(parts)
    web = StockWeb(session, HOST, _ROOT)
    info: WebInfo | None = None
    setting: WebConfiguration | None = None
    watts: float | None = None
    warnings: tuple[RigError, ...] = ()
    with suppress(SourceError):
        info = await web.system_info()
    if info is None:
        with suppress(SourceError):
            info = await vnish_info(session, HOST)
    with suppress(SourceError):
        setting = await web.configuration()
    with suppress(SourceError):
        watts = await read_power(session, HOST)
    with suppress(SourceError):
        warnings = await read_warnings(session, HOST)
    return Context(
        rig_id="one",
        host=HOST,
        seen_at=SEEN,
        info=info,
        configuration=setting,
        power=watts,
        warnings=warnings,
        fan_slots=frozenset({1, 3}),
    )


# --- web pages ------------------------------------------------------------------------


def _web(data: bytes) -> None:
    """Read web pages, and the configuration as it is read before it is written back."""
    parts = sections(data)
    context = asyncio.run(_context(parts))
    if info := context.info:
        for text in (info.hostname, info.serial, info.model, info.firmware_version):
            assert text is None or 0 < len(text) <= LONGEST, "a long or empty text"
        assert info.mac is None or len(info.mac) == 17
    if setting := context.configuration:
        assert setting.fan_mode in (None, "auto", "manual")
        assert setting.fan_duty is None or 0 <= setting.fan_duty < 1000
    assert context.power is None or 0 < context.power <= MAX_POWER
    assert len(context.warnings) <= _MAX_WARNINGS
    assert len(set(context.warnings)) == len(context.warnings)
    assert all(warning.code for warning in context.warnings)
    for body in parts.values():
        _rewritten(body)


def _rewritten(body: bytes) -> None:
    try:
        found = configuration.parse(body)
        written = configuration.x19_body(found)
    except InvalidReplyError, RejectedError:
        return
    told = json.loads(written)
    assert [entry["url"] for entry in told["pools"]] == [
        entry.url for entry in found.pools
    ]
    assert b" " not in written


# --- the whole ------------------------------------------------------------------------


def _source(data: bytes) -> None:
    """Read a miner as a poll does, three times: whatever it answers, SourceError or a rig."""
    with patch.object(asking, "RETRY_AFTER", 0.0):
        asyncio.run(_polled(sections(data)))


async def _polled(parts: Mapping[str, bytes]) -> None:
    source = AntminerSource("one", HOST, session=session_of(parts), credentials=_ROOT)
    source._asker.client = CannedClient(
        {name: body for name, body in parts.items() if not name.startswith("/")}
    )
    for _ in range(3):
        with suppress(SourceError):
            (rig,) = (await source.read()).rigs
            check_rig(rig)
    await source.reconsider()


_WORDS: Final = (
    '"STATUS":', '"STATS":', '"SUMMARY":', '"POOLS":', '"VERSION":', '"Msg":', '"Code":', '"Description":', '"When":',
    '"GHS 5s":', '"GHS av":', '"Type":', '"ID":', '"Elapsed":', '"miner_count":', '"rate_unit":', '"total_rateideal":',
    '"chain_acn1":', '"chain_acs1":', '"chain_rate1":', '"temp_pcb1":', '"temp_chip1":', '"freq_avg1":', '"fan1":',
    '"chain_vol1":', '"chain_consumption1":', '"chain":', '"fan":', '"miner-mode":', '"rate_5s":', '"asic_num":', '"state":',
    '"Last Share Time":', '"Stratum Active":', '"Priority":', '"POOL":', '"URL":', '"Antminer S9"', '"Antminer S19 Pro"',
    '"BOSminer"', '"luxminer"', '"vnish"', '"hiveon"', '"invalid cmd"', '"1:2:3"', '"55-53-68-69"', '"oooo xxxx"', '"E"',
    "nan", "-nan", "inf", "1e999", "-1", "}{", ",}", '""', "\\u", "\\ud800", "1e30", "18446744073709551616", '"GH/s"', '"kSol"',
)  # fmt: skip
_PAGE_WORDS: Final = (
    '"macaddr":', '"bitmain-work-mode":', '"bitmain-fan-ctrl":', '"bitmain-fan-pwm":', '"pools":', '"url":', '"user":',
    '"pass":', '"error_message":', "P:1", "J0:8", "W", "%",
)  # fmt: skip

MINER_TARGETS: Final = (
    Target(
        name="reply",
        about="a reply of port 4028: a reply or InvalidReplyError",
        run=_reply,
        reaches=("antminer.cgminer", "antminer.json_repair"),
        shape=Shape.JSON,
        tokens=_WORDS,
    ),
    Target(
        name="repair",
        about="repair of JSON: what is valid comes out unchanged",
        run=_repair,
        reaches=("antminer.json_repair",),
        kept=(8, 10_000),
        shape=Shape.JSON,
        tokens=_WORDS,
    ),
    Target(
        name="dialects",
        about="replies by command, with every dialect: a sound rig or SourceError",
        run=_dialects,
        reaches=("antminer.firmware", "antminer.hardware"),
        kept=(44, 120_000),
        tokens=_WORDS,
    ),
    Target(
        name="web",
        about="web pages of stock firmware and VNish, port 6060, configurations",
        run=_web,
        reaches=("antminer.web", "antminer.extras", "antminer.control.configuration"),
        tokens=(*_WORDS, *_PAGE_WORDS),
    ),
    Target(
        name="source",
        about="a miner with all its replies and pages, polled: a sound rig or SourceError",
        run=_source,
        reaches=(
            "antminer.source",
            "antminer.asking",
            "antminer.recognition",
            "antminer.besides",
            "antminer.book",
            "antminer.control.rest",
        ),
        kept=(20, 80_000),
        tokens=(*_WORDS, '"token":', '"timeout_s":', '"presets":', '"config":'),
        seconds=1.0,
    ),
)
