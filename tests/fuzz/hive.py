"""Targets: what the HiveOS API answers."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
import json
from typing import Final

from multidict import CIMultiDict

from custom_components.antminer_monitor.command import Action, Choice, Command
from custom_components.antminer_monitor.hiveos.client import HiveClient
from custom_components.antminer_monitor.hiveos.commands import order_of, outcomes_of
from custom_components.antminer_monitor.hiveos.replies import (
    LONGEST_RETRY_AFTER,
    error_of_status,
    retry_after,
)
from custom_components.antminer_monitor.hiveos.workers import FarmContext, parse_workers
from custom_components.antminer_monitor.source import InvalidReplyError, SourceError

from .canned import session_of
from .invariants import LONGEST, check_rig
from .target import Shape, Target, expanded, sections

FARM: Final = "11"
NOW: Final = datetime(2026, 10, 1, 12, tzinfo=UTC)
MAX_BODY: Final = 32 * 1024
COLDEST, HOTTEST = 0.0, 250.0
"""°C between which a sensor is believed."""

_CONTEXT: Final = FarmContext(
    farm_id=FARM,
    flight_sheets=(Choice(id="333", name="ETC"),),
    overclocks=(Choice(id="7", name="cool"),),
)


def _workers(data: bytes) -> None:
    """Read the list of a farm's workers."""
    try:
        found = parse_workers(expanded(data), _CONTEXT, NOW)
    except InvalidReplyError:
        return
    assert found.messages >= 0
    for rig in found.rigs:
        check_rig(rig, COLDEST, HOTTEST)
        assert rig.seen_at is None or rig.seen_at <= NOW, "seen later than now"
        assert not {"password", "commands", "remote_address"} & rig.raw.keys()
        # For diagnostics.
        json.dumps(dict(rig.raw), allow_nan=False).encode()
    numbers = [rig.id for rig in found.rigs]
    assert len(numbers) == len(set(numbers)), "a worker twice"


def _client(data: bytes) -> None:
    """Read every other answer: accounts, farms, messages, events, what commands came to."""
    asyncio.run(_called(sections(data)))


async def _called(parts: Mapping[str, bytes]) -> None:
    # One page is as good as the next, so each answer is given to every call.
    base = f"/api/v2/farms/{FARM}"
    for name, whole in parts.items():
        # Each is read some thirty times.
        body = whole[:MAX_BODY]
        _, _, rest = name.partition(" ")
        pages = {
            f"{path} {rest}": body
            for path in (
                "/api/v2/account",
                "/api/v2/farms",
                "/api/v2/account/announcements",
                f"{base}/workers",
                f"{base}/workers/messages",
                f"{base}/events",
                f"{base}/fs",
                f"{base}/oc",
                f"{base}/workers/command",
                f"{base}/workers/22/command",
                f"{base}/workers/22",
            )
        }
        await _all_of(pages)
        _check_error(rest, body)


async def _all_of(pages: Mapping[str, bytes]) -> None:
    def client() -> HiveClient:
        # One of its own for each: after an error the next request may not go out.
        return HiveClient(session_of(pages), "token")

    with suppress(SourceError):
        account = await client().account()
        assert account.user_id.isdecimal() and 0 < len(account.login) <= LONGEST
    with suppress(SourceError):
        for farm in await client().farms():
            assert farm.id.isdecimal() and 0 < len(farm.name) <= LONGEST
            assert farm.asr is None or 0 <= farm.asr <= 100
    with suppress(SourceError):
        await client().workers(FARM)
    with suppress(SourceError):
        for message in await client().messages(FARM, NOW):
            assert message.id.isdecimal() and message.at.tzinfo
    with suppress(SourceError):
        for event in await client().events(FARM, NOW):
            assert event.id.isdecimal() and event.title
    with suppress(SourceError):
        for item in await client().announcements():
            assert item.title and (item.url is None or item.url.startswith("http"))
    for choices in (client().flight_sheets, client().overclocks):
        with suppress(SourceError):
            found = await choices(FARM)
            assert len({choice.id for choice in found}) == len(found)
    for workers in ({"22": "hive-11-22"}, {"22": "hive-11-22", "23": "hive-11-23"}):
        for action in (Action.REBOOT, Action.SET_POWER_MODE):
            with suppress(SourceError):
                await _ordered(client(), action, workers)


async def _ordered(
    client: HiveClient, action: Action, workers: Mapping[str, str]
) -> None:
    order = order_of(Command(action=action, value="sleep"), len(workers))
    call = client.edit if order.is_edit else client.command
    answer = await call(FARM, list(workers), order.body)
    outcomes = list(outcomes_of(order, answer, workers, bulk=len(workers) > 1))
    assert [outcome.rig_id for outcome in outcomes] == list(workers.values())


def _check_error(rest: str, body: bytes) -> None:
    status, _, wait = rest.partition(" ")
    headers = CIMultiDict({"Retry-After": wait} if wait else {})
    told = retry_after(headers)
    assert told is None or 1 <= told <= LONGEST_RETRY_AFTER
    known = int(status) if status.isascii() and status.isdecimal() else 200
    error = error_of_status(known, headers, body)
    assert error is None or str(error)


_WORDS: Final = (
    '"data":', '"id":', '"farm_id":', '"platform":', '"name":', '"stats":', '"online":', '"stats_time":', '"boot_time":',
    '"miner_start_time":', '"power_draw":', '"problems":', '"avg_hashrates":', '"hardware_info":', '"net_interfaces":',
    '"mac":', '"ip_addresses":', '"hardware_stats":', '"cpuavg":', '"cputemp":', '"memory":', '"miners_summary":',
    '"miners_stats":', '"hashrates":', '"hashes":', '"bus_numbers":', '"invalid_shares":', '"gpu_stats":', '"gpu_info":',
    '"bus_id":', '"bus_number":', '"temp":', '"memtemp":', '"fan":', '"asic_info":', '"asic_stats":', '"boards":', '"fans":',
    '"chain":', '"acn":', '"status":', '"algo":', '"hash":', '"dalgo":', '"dhash":', '"shares":', '"messages_counts":',
    '"power_options":', '"asic_power_modes":', '"mode":', '"sleep"', '"no_hashrate"', '"01:00.0"', '"ethash"', '"sha256"',
    '"user_id":', '"profile":', '"pagination":', '"total_pages":', '"time":', '"timestamp":', '"type":', '"cmd_id":',
    '"commands":', '"worker_id":', '"errors":', '"message":', '"code":', '"url":', "null", "true", "-1", "1e999", "1e29",
    "NaN", "Infinity", "9223372036854775808", "\\ud800", "4102444800", "], [", "},{",
)  # fmt: skip

HIVE_TARGETS: Final = (
    Target(
        name="workers",
        about="a farm's workers: sound rigs or InvalidReplyError",
        run=_workers,
        reaches=(
            "hiveos.scan",
            "hiveos.workers",
            "hiveos.machine",
            "hiveos.parts",
            "hiveos.programs",
            "hiveos.values",
        ),
        kept=(16, 60_000),
        shape=Shape.JSON,
        tokens=_WORDS,
    ),
    Target(
        name="hive",
        about="every other answer of HiveOS, with its status: data or SourceError",
        run=_client,
        reaches=(
            "hiveos.client",
            "hiveos.replies",
            "hiveos.transport",
            "hiveos.commands",
        ),
        tokens=_WORDS,
        seconds=1.0,
    ),
)
