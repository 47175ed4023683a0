"""Replies of made-up miners, in the form that each firmware gives them."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
import json

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import Context
from custom_components.antminer_monitor.json_value import Json

SEEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTEXT = Context(rig_id="one", host="192.0.2.7", seen_at=SEEN)
NOW = 1_700_000_000

type Record = dict[str, Json]


def status(code: int, message: str, description: str, kind: str = "S") -> Json:
    """Make the STATUS of a reply."""
    return [
        {
            "STATUS": kind,
            "When": NOW,
            "Code": code,
            "Msg": message,
            "Description": description,
        }
    ]


def error(
    message: str = "Invalid command", code: int = 14, by: str = "cgminer 1.0.0"
) -> Reply:
    """Make a reply that says no."""
    return {"STATUS": status(code, message, by, "E"), "id": 1}


def version(description: str = "bmminer 1.0.0", **row: Json) -> Reply:
    """Make a ``version`` reply; keys of VERSION as they are."""
    return {
        "STATUS": status(22, "BMMiner versions", description),
        "VERSION": [{"API": "3.1", **row}],
        "id": 1,
    }


def stats(header: Record, record: Record, description: str = "bmminer 1.0.0") -> Reply:
    """Make a ``stats`` reply in the classic form."""
    return {
        "STATUS": status(70, "BMMiner stats", description),
        "STATS": [header, {"STATS": 0, **record}],
        "id": 1,
    }


def header(kind: str, compiled: str = "Mon Feb  3 04:05:06 CST 2020") -> Record:
    """Make the first object of ``stats``."""
    return {
        "BMMiner": "2.0.0",
        "Miner": "9.9.1.3",
        "CompileTime": compiled,
        "Type": kind,
    }


def s9_record(**changes: Json) -> Record:
    """Make the figures of an S9: slots 1 to 16, boards in 6, 7 and 8, fans in 3 and 6."""
    record: Record = {
        "ID": "BC50",
        "Elapsed": 5000,
        "GHS 5s": "13500.50",
        "GHS av": 13400.25,
        "miner_count": 3,
        "frequency": "650",
        "fan_num": 2,
        "total_rateideal": 13600.0,
        "no_matching_work": 12,
    }
    for slot in range(1, 9):
        record[f"fan{slot}"] = {3: 5400, 6: 5520}.get(slot, 0)
    for slot in range(1, 17):
        there = slot in (6, 7, 8)
        record |= {
            f"temp{slot}": 60 + slot if there else 0,
            f"temp2_{slot}": 70 + slot if there else 0,
            f"temp3_{slot}": 0,
            f"freq_avg{slot}": 640.0 + slot if there else 0.0,
            f"chain_rateideal{slot}": 4533.0 if there else 0.0,
            f"chain_acn{slot}": 63 if there else 0,
            f"chain_acs{slot}": " " + " ".join(["ooooooooo"] * 7) if there else "",
            f"chain_hw{slot}": slot if there else 0,
            f"chain_rate{slot}": f"{4500 + slot}.00" if there else "",
        }
    return record | changes


def x19_record(chips: int = 114, /, **changes: Json) -> Record:
    """Make the figures of an S19 Pro in the classic form, boards in 1, 2 and 3."""
    record: Record = {
        "ID": "BTM_SOC0",
        "Elapsed": 7000,
        "GHS 5s": 109000.5,
        "GHS av": 108500.25,
        "rate_30m": 108700.0,
        "Mode": 2,
        "miner_count": 3,
        "frequency": 520,
        "fan_num": 4,
        "fan1": 5100,
        "fan2": 5160,
        "fan3": 5220,
        "fan4": 5280,
        "total_rateideal": 110000.0,
        "rate_unit": "GH",
        "total rate": 108500.25,
        "no_matching_work": 33,
    }
    for slot in range(1, 5):
        there = slot < 4
        if there:
            record |= {f"temp{slot}": 60 + slot, f"temp2_{slot}": 65 + slot}
        record |= {
            f"temp_pcb{slot}": f"{40 + slot}-41-{60 + slot}-59" if there else "0-0-0-0",
            f"temp_chip{slot}": f"{45 + slot}-46-{65 + slot}-64"
            if there
            else "0-0-0-0",
            f"chain_acn{slot}": chips if there else 0,
            f"chain_acs{slot}": " " + "o" * chips if there else "",
            f"chain_hw{slot}": 10 + slot if there else 0,
            f"chain_rate{slot}": f"{36000 + slot}.50" if there else "",
            f"freq{slot}": 520 + slot if there else 0,
        }
    return record | changes


def new_stats(
    kind: str = "Antminer S21",
    changes: Record | None = None,
    *,
    chips: int = 108,
    marks: bool = True,
) -> Reply:
    """Make a ``stats`` reply in the form of the web page."""
    chain: list[Json] = [
        {
            "index": place,
            "freq_avg": 480 + place,
            "rate_ideal": 66000.0,
            "rate_real": 66100.5 + place,
            "asic_num": chips,
            **({"asic": " " + "o" * chips} if marks else {}),
            "temp_pcb": [50 + place, 51, 66, 65 + place],
            "temp_chip": [55 + place, 56, 71, 70 + place],
            "hw": place,
            "sn": f"BOARD{place}",
        }
        for place in range(3)
    ]
    record: Record = {
        "elapsed": 9000,
        "rate_5s": 199000.5,
        "rate_30m": 198000.0,
        "rate_avg": 198500.25,
        "rate_ideal": 200000.0,
        "rate_unit": "GH/s",
        "fan": [6000, 6030, 6060, 6090],
        "miner-mode": 0,
        "chain": chain,
    }
    return {
        "STATUS": {"STATUS": "S", "when": NOW, "Msg": "stats", "api_version": "1.0.0"},
        "INFO": {
            "miner_version": "x.1.3",
            "CompileTime": "Tue Mar 5 2024",
            "type": kind,
        },
        "STATS": [record | (changes or {})],
    }


def new_summary(**problems: str) -> Reply:
    """Make a ``summary`` in the form of the web page; problems by type, with their text."""
    return {
        "STATUS": {
            "STATUS": "S",
            "when": NOW,
            "Msg": "summary",
            "api_version": "1.0.0",
        },
        "SUMMARY": [
            {
                "bestshare": 5,
                "status": [
                    {
                        "type": name,
                        "status": "e" if name in problems else "s",
                        "code": 0,
                        "msg": problems.get(name, ""),
                    }
                    for name in ("rate", "network", "fans", "temp")
                ],
            }
        ],
    }


def summary(**changes: Json) -> Reply:
    """Make a ``summary``."""
    row: Record = {
        "Elapsed": 5001,
        "Found Blocks": 1,
        "Accepted": 321,
        "Rejected": 4,
        "Stale": 2,
        "Hardware Errors": 44,
        "Best Share": 987654,
    }
    return {
        "STATUS": status(11, "Summary", "bmminer 1.0.0"),
        "SUMMARY": [row | changes],
        "id": 1,
    }


def pool(place: int, **changes: Json) -> Record:
    """Make one pool."""
    row: Record = {
        "POOL": place,
        "URL": f"stratum+tcp://pool{place}.example:3333",
        "Status": "Alive",
        "Priority": place,
        "Accepted": 10 + place,
        "Rejected": 1,
        "Stale": 0,
        "User": "worker.1",
        "Last Share Time": "0:00:07",
        "Stratum Active": place == 0,
        "Best Share": 100 + place,
    }
    return row | changes


def pools(*rows: Record) -> Reply:
    """Make a ``pools`` reply; of two pools unless they are given."""
    listed: list[Json] = list(rows or (pool(0), pool(1)))
    return {"STATUS": status(7, "Pools", "bmminer 1.0.0"), "POOLS": listed, "id": 1}


def rows(key: str, *found: Mapping[str, Json], description: str = "x") -> Reply:
    """Make any other reply."""
    return {
        "STATUS": status(1, key, description),
        key: [dict(row) for row in found],
        "id": 1,
    }


def classic(**record: Json) -> dict[str, Reply]:
    """Make all replies of an S9."""
    return {
        "version": version(BMMiner="2.0.0", Type="Antminer S9"),
        "stats": stats(header("Antminer S9"), s9_record(**record)),
        "summary": summary(),
        "pools": pools(),
    }


def x19(kind: str = "Antminer S19 Pro", /, **record: Json) -> dict[str, Reply]:
    """Make all replies of an S19 Pro that knows no ``new_api``."""
    by = "cgminer 1.0.0"
    return {
        "version": version(by, BMMiner="1.0.0", Type=kind),
        "stats": stats(header(kind), x19_record(**record), by),
        "summary": summary(),
        "pools": pools(),
    }


class FakeMiner:
    """Serves replies by command on a port of its own, one connection at a time.

    A reply may be bytes, or a list of which one is used up each time, the last one kept.
    """

    def __init__(
        self, replies: Mapping[str, Reply | bytes | list[Reply | bytes]]
    ) -> None:
        """Keep the replies, which may be changed at any time."""
        self.replies = dict(replies)
        self.asked: list[str] = []
        self.joins = False
        self.by = "cgminer 1.0.0"
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def forget(self) -> list[str]:
        """Give the commands asked since the last time."""
        asked, self.asked = self.asked, []
        return asked

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = json.loads(await reader.read(8191))
        command = request["command"] + (".cgi" if request.get("new_api") else "")
        self.asked.append(command)
        writer.write(self._answer(command) + b"\0")
        try:
            await writer.drain()
        finally:
            writer.close()

    def _answer(self, command: str) -> bytes:
        if "+" in command and self.joins:
            return self._joined(command.split("+"))
        reply = self.replies.get(command, error(by=self.by))
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        return reply if isinstance(reply, bytes) else json.dumps(reply).encode()

    def _joined(self, names: Iterable[str]) -> bytes:
        members = ",".join(
            f'"{name}":[{self._answer(name).decode()}]' for name in names
        )
        return ("{" + members + ',"id":1}').encode()
