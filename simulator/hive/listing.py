"""How a worker, its messages and its farm are written."""

from collections import Counter
from collections.abc import Iterable, Mapping

from .catalogue import AsicKind, GpuKind
from .data import Data, kilo, sparse
from .figures import RED_TEMP, Figures, Stream, Unit
from .hardware import address, hardware
from .records import MESSAGE_TYPES, Message
from .worker import SimulatedWorker

FORGOTTEN_AFTER = 3600.0
"""Seconds after which nothing is left of the figures of a worker that is off."""
_SECRET = "simulated-rig-password"


def worker_item(worker: SimulatedWorker, *, newer: bool = False) -> Data:
    """A worker, as in the list of its farm's.

    ``newer`` writes what later captures show where it disagrees with the published
    specification: fractions, and the watchdog's options as an object.
    """
    at, figures = worker.reading()
    online = worker.online
    kind = worker.kind
    fresh = not forgotten(worker)
    item: Data = {
        "id": worker.id,
        "farm_id": worker.farm_id,
        "platform": worker.platform,
        "name": worker.name,
        **sparse(description=worker.description),
        "active": worker.active,
        "password": _SECRET,
        "tag_ids": list(worker.tag_ids),
        "units_count": worker.units,
        "commands": [
            {"command": queued.command, "id": queued.id, **sparse(data=queued.data)}
            for queued in worker.queue
        ],
        "messages_counts": message_counts(worker.messages),
        "messages_counts_unresolved": message_counts(
            message for message in worker.messages if message.resolved_at is None
        ),
        **_settings(worker, newer=newer),
        **_sheet(worker),
    }
    if worker.reports:
        item |= hardware(worker)
        item["stats"] = _stats(worker, at, figures, online=online, fresh=fresh)
        if fresh:
            item |= _measured(figures)
            if isinstance(kind, GpuKind):
                item |= _gpu_stats(figures)
            else:
                item |= _asic_stats(kind, figures, worker.dead_chips, newer=newer)
            item["hardware_stats"] = {
                "df": "4.1G",
                "cpuavg": [figures.load, figures.load, figures.load],
                "cputemp": [44],
                "cpu_cores": 2,
                "memory": {"total": 7891, "free": 5120},
            }
    for key, value in worker.shown.items():
        if value is None:
            item.pop(key, None)
        else:
            item[key] = value
    return item


def forgotten(worker: SimulatedWorker) -> bool:
    """Whether it is off for so long that nothing is left of what it said last."""
    return (worker.gone_for or 0.0) >= FORGOTTEN_AFTER


def message_counts(messages: Iterable[Message]) -> Data:
    """How many there are of each type."""
    counts = Counter(message.type for message in messages)
    return {kind: counts[kind] for kind in MESSAGE_TYPES}


def message_item(worker: SimulatedWorker, message: Message) -> Data:
    """A message, as in the list of a farm's."""
    return {
        "id": message.id,
        "title": message.title,
        "type": message.type,
        "time": int(message.time),
        **sparse(
            cmd_id=message.command_id,
            command=message.command,
            command_result=message.result,
            resolved_at=int(message.resolved_at) if message.resolved_at else None,
        ),
        "has_payload": message.has_payload,
        "worker": worker_short(worker),
    }


def worker_short(worker: SimulatedWorker) -> Data:
    """A worker in a few words."""
    return {
        "id": worker.id,
        "farm_id": worker.farm_id,
        "platform": worker.platform,
        "name": worker.name,
        **sparse(description=worker.description),
        "ip_addresses": [address(worker)],
    }


def _settings(worker: SimulatedWorker, *, newer: bool) -> Data:
    settings = dict(worker.settings)
    watchdog = settings.get("watchdog")
    if newer and isinstance(watchdog, Mapping) and "options" in watchdog:
        options = watchdog["options"]
        if isinstance(options, list):
            by_miner = {"by_miner": options, "by_algo": []}
            settings["watchdog"] = {**watchdog, "type": "miner", "options": by_miner}
    return settings


def _sheet(worker: SimulatedWorker) -> Data:
    sheet = worker.sheet
    data: Data = {}
    if sheet:
        data["flight_sheet"] = {
            "id": sheet.id,
            "farm_id": worker.farm_id,
            "name": sheet.name,
            "items": [item.brief() for item in sheet.items],
        }
    if worker.overclock:
        data["oc_id"] = worker.overclock.id
        data["overclock"] = worker.overclock.settings()
    elif worker.custom_overclock:
        data["overclock"] = worker.custom_overclock
    return data


def _stats(
    worker: SimulatedWorker,
    at: float,
    figures: Figures,
    *,
    online: bool,
    fresh: bool,
) -> Data:
    present = len(figures.units)
    # Cards without a miner program are counted as off: nobody asks them.
    working = present if online and (figures.streams or worker.platform == 2) else 0
    units = "gpus" if worker.platform == 1 else "boards"
    red = RED_TEMP[worker.platform]
    hot = sum(unit.temp >= red for unit in figures.units) if working else 0
    problems = worker.problems(figures) if online else []
    stats: Data = {
        "online": online,
        "boot_time": int(worker.booted_at if online else at - 86_400),
        "stats_time": int(at),
        f"{units}_online": working,
        f"{units}_offline": worker.units - working,
        f"{units}_overheated": hot,
        "overheated": hot > 0,
        "overloaded": False,
        "invalid": False,
        "low_asr": "low_asr" in problems,
        "problems": problems,
    }
    if fresh and figures.streams:
        stats["miner_start_time"] = int(worker.started_at)
        stats["avg_hashrates"] = {
            stream.item.algorithm: {
                "15m": kilo(sum(stream.rates)),
                "1h": kilo(sum(stream.rates)),
            }
            for stream in figures.streams
        }
    elif fresh and online:
        stats["miner_start_time"] = int(worker.started_at)
    if fresh and figures.power is not None:
        stats["power_draw"] = round(figures.power)
    return stats


def _measured(figures: Figures) -> Data:
    if not figures.streams:
        return {}
    return {
        "miners_summary": {"hashrates": [_summary(s) for s in figures.streams]},
        "miners_stats": {
            "hashrates": [
                _per_unit(stream, figures.units) for stream in figures.streams
            ]
        },
    }


def _summary(stream: Stream) -> Data:
    item = stream.item
    total = stream.accepted + stream.rejected + stream.invalid
    data: Data = {
        "miner": item.miner,
        "ver": item.version,
        "algo": item.algorithm,
        "coin": item.coin,
        "hash": kilo(sum(stream.rates)),
        "shares": {
            "accepted": stream.accepted,
            "rejected": stream.rejected,
            "invalid": stream.invalid,
            "total": total,
            "ratio": round(100 * stream.accepted / total, 2) if total else 100,
        },
    }
    if stream.second_rates:
        data |= {
            "dalgo": item.second_algorithm,
            "dcoin": item.second_coin,
            "dhash": kilo(sum(stream.second_rates)),
        }
    return data


def _per_unit(stream: Stream, units: tuple[Unit, ...]) -> Data:
    item = stream.item
    data: Data = {
        "miner": item.miner,
        "algo": item.algorithm,
        "coin": item.coin,
        "hashes": [kilo(rate) for rate in stream.rates],
    }
    if item.processor:
        return data
    data["temps"] = [unit.temp for unit in units]
    if item.miner == "asicminer":
        return data
    data |= {
        "fans": [unit.fan for unit in units],
        "invalid_shares": [0 for _ in units],
        "bus_numbers": [unit.number for unit in units],
    }
    if stream.second_rates:
        data |= {
            "dalgo": item.second_algorithm,
            "dcoin": item.second_coin,
            "dhashes": [kilo(rate) for rate in stream.second_rates],
            "dbus_numbers": [unit.number for unit in units],
        }
    return data


def _gpu_stats(figures: Figures) -> Data:
    if not figures.units:
        return {}
    return {
        "gpu_summary": {
            "max_temp": max(unit.temp for unit in figures.units),
            "max_fan": max(unit.fan for unit in figures.units),
        },
        "gpu_stats": [
            {
                "bus_id": f"{unit.number:02x}:00.0",
                "bus_number": unit.number,
                "bus_num": unit.number,
                "temp": unit.temp,
                "memtemp": unit.second_temp,
                "fan": unit.fan,
                "power": round(unit.power),
                "coreclk": 1140 if unit.rate else 210,
                "memclk": 7001 if unit.rate else 405,
                **({"hash": kilo(unit.rate)} if unit.rate else {}),
            }
            for unit in figures.units
        ],
    }


def _asic_stats(kind: AsicKind, figures: Figures, dead: int, *, newer: bool) -> Data:
    last = len(figures.units) - 1
    boards: list[Data] = []
    for place, unit in enumerate(figures.units):
        bad = dead if place == last else 0
        board: Data = {
            "chain": unit.number,
            "acn": kind.chips,
            "freq": kind.frequency + 0.04 if newer else kind.frequency,
            "status": [1] * (kind.chips - bad) + [0] * bad,
            "temp": unit.temp,
            "board_temp": unit.second_temp,
            "hw_errors": unit.hardware_errors,
        }
        if kind.hiveon:
            board["power"] = unit.power
            board["chain_voltage"] = kind.millivolts
        boards.append(board)
    fan = figures.units[0].fan if figures.units else 0
    return {
        "asic_stats": {
            "fans": [
                {"index": index, "fan": fan, "fan_rpm": fan * 60}
                for index in range(1, 5)
            ],
            "fans_count": 4,
            "boards": boards,
            "asicboost": True,
        }
    }
