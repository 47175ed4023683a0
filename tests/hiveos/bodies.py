"""Workers as the service lists them: a rig of three cards, and an Antminer."""

from copy import deepcopy
from datetime import UTC, datetime
import json

from custom_components.antminer_monitor.hiveos.workers import (
    FarmContext,
    Workers,
    parse_workers,
)
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Rig

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
FARM = FarmContext(farm_id="11")

type Body = dict[str, Json]

_GPU_RIG: Body = {
    "id": 22,
    "farm_id": 11,
    "platform": 1,
    "name": "rig-01",
    "active": True,
    "password": "hunter2",
    "ip_addresses": ["192.168.0.105", "10.8.0.5"],
    "remote_address": {"ip": "1.2.3.4"},
    "system_type": "linux",
    "needs_upgrade": True,
    "versions": {"hive": "0.6-224", "kernel": "5.10.0-hiveos"},
    "stats": {
        "online": True,
        "boot_time": AT - 90_000,
        "stats_time": AT - 4,
        "miner_start_time": AT - 80_004,
        "gpus_online": 3,
        "power_draw": 304,
        "problems": ["overheat"],
        "avg_hashrates": {"ethash": {"15m": 92000.5, "1h": 91500}},
    },
    "hardware_info": {
        "motherboard": {"manufacturer": "ASUS", "model": "PRIME H270-PLUS"},
        "net_interfaces": [
            {"iface": "lo", "mac": "00:00:00:00:00:00"},
            {"iface": "eth0", "mac": "70-85-C2-00-00-0A"},
        ],
    },
    "hardware_stats": {
        "df": "2.7G",
        "cpuavg": [2.01, 2.04, 2.03],
        "cputemp": [41, 43],
        "memory": {"total": 7891, "free": 5120},
    },
    "options": {"maintenance_mode": 0},
    "commands": [],
    "messages_counts": {"danger": 0, "warning": 1, "success": 3, "info": 0},
    "messages_counts_unresolved": {"danger": 2, "warning": 1, "success": 0},
    "flight_sheet": {"id": 333, "name": "ETC", "items": [{"coin": "ETC"}]},
    "oc_id": 7,
    "miners_summary": {
        "hashrates": [
            {
                "miner": "lolminer",
                "ver": "1.76",
                "algo": "ethash",
                "coin": "ETC",
                "hash": 92165,
                "shares": {"accepted": 100, "rejected": 1, "ratio": "99%"},
            }
        ]
    },
    "miners_stats": {
        "hashrates": [
            {
                "miner": "lolminer",
                "algo": "ethash",
                "hashes": [30722, 30709, 30734],
                "temps": [70, 72, 69],
                "fans": [40, 42, 45],
                "invalid_shares": [0, 5, 0],
                "bus_numbers": [1, 2, 5],
            }
        ]
    },
    "gpu_stats": [
        {
            "bus_id": "01:00.0",
            "bus_number": 1,
            "temp": 70,
            "memtemp": 84,
            "fan": 40,
            "power": 100,
            "coreclk": 1500,
            "memclk": 7000,
            "hash": 30700,
        },
        {"bus_num": 2, "temp": 72, "fan": 42, "power": 102, "memtemp": 0},
        {"bus_number": 5, "temp": 0, "fan": 0},
    ],
    "gpu_info": [
        {"bus_number": 0, "brand": "internal", "model": "UHD 630"},
        {"bus_number": 1, "brand": "nvidia", "model": "GeForce GTX 1660", "index": 0},
        {"bus_number": 2, "brand": "nvidia", "short_name": "GTX 1660", "model": "x"},
        {"bus_number": 5, "brand": "amd", "short_name": "RX 580"},
    ],
}

_GOOD_CHIPS: list[Json] = [1] * 74
_ASIC: Body = {
    "id": 55,
    "farm_id": 11,
    "platform": 2,
    "name": "S19-01",
    "units_count": 3,
    "ip_addresses": ["192.168.0.50"],
    "versions": {"hive": "0.1-42"},
    "stats": {
        "online": True,
        "boot_time": AT - 90_000,
        "stats_time": AT - 4,
        "miner_start_time": AT - 80_004,
        "power_draw": 3250,
        "problems": [],
    },
    "asic_info": {
        "model": "Antminer S19",
        "firmware": "Fri Nov 17 17:37:49 CST 2021",
        "hiveon": True,
    },
    "asic_stats": {
        "fans": [
            {"index": 1, "fan": 74, "fan_rpm": 4440},
            {"index": 2, "fan": 75, "fan_rpm": 4500},
        ],
        "boards": [
            {
                "chain": 1,
                "acn": 76,
                "freq": 607.04,
                "status": [*_GOOD_CHIPS, 2, 0],
                "temp": 72,
                "board_temp": 58,
                "hw_errors": 3,
                "power": 1080.5,
                "chain_voltage": 1380.0,
            },
            {"chain": 2, "acn": 75, "temp": 0, "hw_errors": 4, "power": 0},
            {"chain": 3, "acn": 76, "status": [1, 1, 1]},
        ],
    },
    "miners_summary": {
        "hashrates": [
            {
                "miner": "asicminer",
                "algo": "sha256",
                "coin": "BTC",
                "hash": 95_000_000_000,
                "shares": {"accepted": 1000, "rejected": 1},
            }
        ]
    },
    "miners_stats": {
        "hashrates": [
            {
                "algo": "sha256",
                "hashes": [31_700_000_000, 31_650_000_000, 31_650_000_000],
            }
        ]
    },
    "power_options": {"mode": "normal"},
    "flight_sheet": {"id": 334, "name": "BTC"},
}


def gpu_rig(**changes: Json) -> Body:
    """A rig that mines; ``None`` leaves a key out."""
    return _changed(_GPU_RIG, changes)


def asic(**changes: Json) -> Body:
    """An ASIC that mines; ``None`` leaves a key out."""
    return _changed(_ASIC, changes)


def _changed(body: Body, changes: Body) -> Body:
    changed = deepcopy(body) | changes
    return {key: value for key, value in changed.items() if value is not None}


def stats(**changes: Json) -> Body:
    """What the rig says of itself; ``None`` leaves a key out."""
    told = _GPU_RIG["stats"]
    assert isinstance(told, dict)
    return _changed(told, changes)


def parse(*workers: Json, context: FarmContext = FARM) -> Workers:
    """What is read of workers at noon."""
    body = json.dumps({"data": list(workers), "tags": []}).encode()
    return parse_workers(body, context, NOW)


def read(worker: Body, context: FarmContext = FARM) -> Rig:
    """What is read of one worker at noon."""
    (rig,) = parse(worker, context=context).rigs
    return rig
