"""Rigs as everybody outside sees them: the row of a table, and all that is known of one.

Base units throughout: H/s, W, °C, RPM, MHz, V, seconds; times in ISO 8601 with offset. What
is not known is ``None``, and so is every figure of a rig that is stale: figures are shown
only while they are true.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from . import health
from .access import Access, services_by_action
from .command import Action
from .const import CONF_ALLOW_EXEC, DOMAIN
from .coordinator import RigCoordinator
from .json_value import Json
from .pools import address_of
from .rig import Board, Fan, Gpu, Pool, Rig, RigError, Shares, Status
from .units import RateUnit, rate_unit, significant

type Row = dict[str, Json]

EFFICIENCY_DIGITS: Final = 3
"""Significant digits, as many as the sensor shows."""

PROBLEMS: Final = (
    "overheating",
    "hashrate_low",
    "board_fault",
    "fan_fault",
    "pool_fault",
)
"""What can be wrong, by the key of the binary sensor that tells it."""

_BOARD: Final = (
    "index",
    "hashrate",
    "hashrate_nominal",
    "board_temperature",
    "chip_temperature",
    "inlet_temperature",
    "outlet_temperature",
    "chips_expected",
    "chips_working",
    "chips_faulty",
    "chip_map",
    "frequency",
    "voltage",
    "power",
    "hardware_errors",
)
_GPU: Final = (
    "index",
    "name",
    "hashrate",
    "core_temperature",
    "memory_temperature",
    "fan_duty",
    "power",
    "core_clock",
    "memory_clock",
    "invalid_shares",
)
_FAN: Final = ("index", "speed", "duty")
_POOL: Final = (
    "index",
    "status",
    "priority",
    "active",
    "accepted",
    "rejected",
    "stale",
)
"""The user is left out: it is a name of a person, or a purse."""
_SHARES: Final = ("accepted", "rejected", "stale")
_ERROR: Final = ("code", "message")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRig:
    """A rig, and what is known of it besides its last reading."""

    id: str
    rig: Rig | None
    """The last reading; ``None`` if it was never seen."""
    name: str
    """What its owner calls it."""
    device_id: str | None
    entry_id: str
    site: str
    """Title of the config entry."""
    farm: str | None
    """Name of the farm, where the rigs of an entry are in several."""
    area_id: str | None
    manufacturer: str | None
    is_stale: bool
    is_starting: bool
    """Whether it starts anew as it was told to, and is silent or idle meanwhile."""
    problems: tuple[str, ...]
    """Those of ``PROBLEMS`` that it has."""
    commands: tuple[str, ...]
    """What it can be told now by users who may control it."""
    admin_commands: tuple[str, ...]
    """What it can be told now by administrators."""

    @property
    def live(self) -> Rig | None:
        """The reading while it is true."""
        return None if self.is_stale else self.rig

    @property
    def status(self) -> Status:
        """What it does, as far as anybody knows: a rig that is stale is offline."""
        if self.is_starting:
            return Status.STARTING
        return self.live.status if self.live else Status.OFFLINE

    def commands_for(self, access: Access) -> tuple[str, ...]:
        """Give what somebody with that access may tell it now."""
        if access < Access.CONTROL:
            return ()
        return self.admin_commands if access is Access.ADMIN else self.commands

    def age(self, now: datetime) -> int | None:
        """Give the whole seconds since it was seen; ``None`` if it never was."""
        seen_at = self.rig.seen_at if self.rig else None
        # A source with a clock of its own may be a little ahead of ours.
        return max(int((now - seen_at).total_seconds()), 0) if seen_at else None


@callback
def fleet_rigs(
    hass: HomeAssistant, coordinators: Mapping[str, RigCoordinator]
) -> Iterator[FleetRig]:
    """Look up rigs, given by their ids."""
    devices = dr.async_get(hass)
    services = services_by_action(hass)
    farms: dict[str, str | None] = {}

    def farm_of(coordinator: RigCoordinator) -> str | None:
        farm_id, entry_id = (
            coordinator.origin.device_id,
            coordinator.config_entry.entry_id,
        )
        if farm_id == entry_id:
            return None
        if farm_id not in farms:
            device = devices.async_get_device_by_identifier((DOMAIN, farm_id), entry_id)
            farms[farm_id] = _name_of(device) or coordinator.name
        return farms[farm_id]

    for rig_id, coordinator in coordinators.items():
        entry = coordinator.config_entry
        rig = coordinator.data.get(rig_id)
        is_stale = coordinator.is_stale(rig_id)
        device = devices.async_get_device_by_identifier(
            (DOMAIN, rig_id), entry.entry_id
        )
        commands = tuple(
            action
            for action in (rig.commands if rig else ())
            if action in services
            and (action != Action.EXECUTE or entry.options.get(CONF_ALLOW_EXEC))
        )
        yield FleetRig(
            id=rig_id,
            rig=rig,
            name=_name_of(device) or coordinator.label_of(rig_id),
            device_id=device.id if device else None,
            entry_id=entry.entry_id,
            site=entry.title,
            farm=farm_of(coordinator),
            area_id=device.area_id if device else None,
            manufacturer=(rig.manufacturer if rig else None)
            or coordinator.origin.manufacturer,
            is_stale=is_stale,
            is_starting=coordinator.is_starting(rig_id),
            problems=()
            if is_stale or rig is None
            else _problems(rig, coordinator.verdict_of(rig_id)),
            commands=tuple(
                action for action in commands if not services[action].admin_only
            ),
            admin_commands=commands,
        )


def fleet_row(known: FleetRig, access: Access) -> Row:
    """Give the row of a rig, for somebody who has that access to it."""
    rig = known.rig
    unit = rate_unit(rig) if rig else None
    return {
        "id": known.id,
        "name": known.name,
        "device_id": known.device_id,
        "entry_id": known.entry_id,
        "site": known.site,
        "farm": known.farm,
        "area_id": known.area_id,
        "ip": rig.ip if rig else None,
        "mac": rig.mac if rig else None,
        "model": rig.model if rig else None,
        "manufacturer": known.manufacturer,
        "firmware": _firmware(rig),
        "algorithm": rig.algorithm if rig else None,
        "rate_unit": unit.symbol if unit else None,
        "efficiency_unit": f"J/{unit.work}" if unit else None,
        "status": known.status.value,
        "is_stale": known.is_stale,
        "last_seen": _iso(rig.seen_at if rig else None),
        **(_figures(known.live, unit) if known.live and unit else _NO_FIGURES),
        "problems": list(known.problems),
        "commands": list(known.commands_for(access)),
    }


def rig_item(known: FleetRig, access: Access) -> Row:
    """Give all that is known of a rig but its age, for somebody who has that access to it."""
    rig, live = known.rig, known.live
    return {
        **fleet_row(known, access),
        "last_status": rig.status.value if rig else None,
        "hashrates": dict(live.hashrates) if live else {},
        "boards": [_part(board, _BOARD) for board in live.boards] if live else [],
        "gpus": [_part(gpu, _GPU) for gpu in live.gpus] if live else [],
        "fans": [_part(fan, _FAN) for fan in live.fans] if live else [],
        "pools": [{"url": _address(pool), **_part(pool, _POOL)} for pool in live.pools]
        if live
        else [],
        "shares": _part(live.shares, _SHARES) if live else None,
        "hardware_errors": live.hardware_errors if live else None,
        "best_share": live.best_share if live else None,
        "found_blocks": live.found_blocks if live else None,
        "uptime": live.uptime if live else None,
        "errors": [_part(error, _ERROR) for error in live.errors] if live else [],
        "work_mode": live.work_mode if live else None,
        "extras": dict(live.extras) if live else {},
    }


def rig_item_now(known: FleetRig, access: Access, now: datetime) -> Row:
    """Give all that is known of a rig, with its age in seconds."""
    return {**rig_item(known, access), "age_sec": known.age(now)}


def _problems(rig: Rig, verdict: health.Verdict) -> tuple[str, ...]:
    """Give what is wrong, as the binary sensors say."""
    found = (
        verdict.overheating,
        verdict.hashrate_low,
        health.board_fault(rig),
        health.fan_fault(rig),
        health.pool_fault(rig),
    )
    return tuple(name for name, is_so in zip(PROBLEMS, found, strict=True) if is_so)


def _figures(rig: Rig, unit: RateUnit) -> Row:
    active = next((pool for pool in rig.pools if pool.active), None)
    rejected = health.reject_rate(rig)
    expected = [
        board.chips_expected for board in rig.boards if board.chips_expected is not None
    ]
    return {
        "hashrate": rig.hashrate,
        "hashrate_nominal": rig.hashrate_nominal,
        "power": rig.power,
        "power_source": rig.power_source.value if rig.power_source else None,
        "efficiency": significant(
            rig.power / rig.hashrate * unit.scale, EFFICIENCY_DIGITS
        )
        if rig.power is not None and rig.hashrate
        else None,
        "chip_temperature": rig.chip_temperature,
        "board_temperature": rig.board_temperature,
        "gpu_temperature": rig.gpu_temperature,
        "fan_speed": max(
            (fan.speed for fan in rig.fans if fan.speed is not None), default=None
        ),
        "chips_working": health.chips_working(rig),
        "chips_expected": sum(expected) if expected else None,
        "chips_faulty": health.chips_faulty(rig),
        "pool": _address(active) if active else None,
        "reject_rate": None if rejected is None else round(rejected, 2),
        "started_at": _iso(
            rig.seen_at - timedelta(seconds=rig.uptime)
            if rig.seen_at and rig.uptime is not None
            else None
        ),
    }


_NO_FIGURES: Final[Row] = dict.fromkeys(
    (
        "hashrate",
        "hashrate_nominal",
        "power",
        "power_source",
        "efficiency",
        "chip_temperature",
        "board_temperature",
        "gpu_temperature",
        "fan_speed",
        "chips_working",
        "chips_expected",
        "chips_faulty",
        "pool",
        "reject_rate",
        "started_at",
    )
)


def _part(
    part: Board | Gpu | Fan | Pool | Shares | RigError, names: tuple[str, ...]
) -> Row:
    return {name: getattr(part, name) for name in names}


def _address(pool: Pool) -> str | None:
    return address_of(pool.url) if pool.url else None


def _firmware(rig: Rig | None) -> str | None:
    if rig is None or rig.firmware is None:
        return None
    return " ".join(filter(None, (rig.firmware.family, rig.firmware.version)))


def _name_of(device: dr.DeviceEntry | None) -> str | None:
    return (device.name_by_user or device.name) if device else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
