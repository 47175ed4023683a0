"""Rows of a fleet, as the integration's feed sends them."""

from datetime import UTC, datetime, timedelta
from typing import TypedDict

ANY_COMMAND = (
    "restart_mining",
    "pause_mining",
    "resume_mining",
    "reboot",
    "shutdown",
    "locate",
)

STATUSES = ("running", "running", "running", "idle", "sleeping", "starting", "fault")
MODELS = (
    ("Antminer S19 Pro", "sha256d", "TH/s", 110e12),
    ("Antminer S19j Pro", "sha256d", "TH/s", 100e12),
    ("Antminer L7", "scrypt", "GH/s", 9.5e9),
    ("Antminer S21", "sha256d", "TH/s", 200e12),
)
STALE_EVERY = 13
NOW = datetime.now(UTC)


class Row(TypedDict):
    """A rig."""

    id: str
    name: str
    device_id: str | None
    entry_id: str
    site: str
    farm: str | None
    area_id: str | None
    ip: str
    mac: str | None
    model: str
    manufacturer: str
    firmware: str | None
    algorithm: str
    rate_unit: str
    efficiency_unit: str
    status: str
    is_stale: bool
    last_seen: str | None
    hashrate: float | None
    hashrate_nominal: float | None
    power: float | None
    efficiency: float | None
    chip_temperature: float | None
    board_temperature: float | None
    gpu_temperature: float | None
    fan_speed: int | None
    chips_faulty: int | None
    pool: str | None
    reject_rate: float | None
    problems: list[str]
    commands: list[str]


def row(index: int, *, commands: tuple[str, ...] = ANY_COMMAND) -> Row:
    """Make a rig of a fleet in which no two neighbours are alike."""
    model, algorithm, unit, nominal = MODELS[index % len(MODELS)]
    stale = index % STALE_EVERY == STALE_EVERY - 1
    status = "offline" if stale else STATUSES[index % len(STATUSES)]
    running = status == "running"
    hashrate = nominal * (0.7 + (index * 37 % 40) / 100) if running else None
    power = 3250.0 - index * 7 % 400 if running else None
    low = running and hashrate is not None and hashrate < 0.8 * nominal
    return {
        "id": f"rig-{index}",
        "name": f"miner-{index * 7919 % 10007}",
        "device_id": f"device{index}",
        "entry_id": f"entry{index % 2}",
        "site": ("North", "South")[index % 2],
        "farm": None,
        "area_id": ("hall_1", "hall_2", None)[index % 3],
        "ip": f"10.0.{index // 250}.{index % 250 + 1}",
        "mac": None,
        "model": model,
        "manufacturer": "Bitmain",
        "firmware": "stock 2024",
        "algorithm": algorithm,
        "rate_unit": unit,
        "efficiency_unit": "J/TH" if unit == "TH/s" else "J/GH",
        "status": status,
        "is_stale": stale,
        "last_seen": (NOW - timedelta(seconds=index * 3 + 1)).isoformat(),
        "hashrate": None if stale else hashrate,
        "hashrate_nominal": None if stale else nominal,
        "power": power,
        "efficiency": round(power / (hashrate / nominal * 110), 1)
        if power and hashrate
        else None,
        "chip_temperature": 60.0 + index * 11 % 35 if running else None,
        "board_temperature": None,
        "gpu_temperature": None,
        "fan_speed": 4200 if running else None,
        "chips_faulty": 0 if running else None,
        "pool": ("pool-a.example", "pool-b.example")[index % 2] if running else None,
        "reject_rate": 0.12 if running else None,
        "problems": ["hashrate_low"] if low else [],
        "commands": list(commands),
    }


def fleet(count: int, *, commands: tuple[str, ...] = ANY_COMMAND) -> list[Row]:
    """Make so many."""
    return [row(index, commands=commands) for index in range(count)]
