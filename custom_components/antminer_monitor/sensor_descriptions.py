"""Every sensor of a rig, of its hashboards, GPUs and fans."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfElectricPotential,
    UnitOfFrequency,
    UnitOfInformation,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from . import health
from .pools import address_of
from .rig import Board, Fan, Gpu, MessageCounts, MinerProgram, Pool, Rig, Status
from .units import RateUnit, significant, stepped

type State = StateType | datetime

POWER_STEP = 5
"""W. Finer steps are noise, and noise fills the recorder."""


@dataclass(frozen=True, kw_only=True)
class RigSensorDescription[PartT](SensorEntityDescription):
    """Describes a sensor of a rig or of a part of one."""

    value_fn: Callable[[PartT], State]
    """In base units; ``None`` when it was not reported."""
    unit_fn: Callable[[RateUnit], str] | None = None
    """The unit shown, for figures whose unit depends on the rig's algorithm."""
    scale_fn: Callable[[RateUnit], float] | None = None
    """What a figure in base units is divided by to be in that unit."""
    digits: int | None = None
    """Significant digits that are kept."""
    attributes_fn: Callable[[PartT], Mapping[str, object]] | None = None
    while_starting: State = None
    """Shown while the rig starts anew as it was told to, and is silent or idle meanwhile."""


def _rate[PartT](
    key: str,
    value_fn: Callable[[PartT], float | None],
    *,
    digits: int = 3,
    enabled: bool = False,
) -> RigSensorDescription[PartT]:
    return RigSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
        unit_fn=lambda unit: unit.symbol,
        scale_fn=lambda unit: unit.scale,
        digits=digits,
    )


def _temperature[PartT](
    key: str, value_fn: Callable[[PartT], float | None], *, enabled: bool = False
) -> RigSensorDescription[PartT]:
    return RigSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
        value_fn=lambda part: _rounded(value_fn(part)),
    )


def _power[PartT](
    value_fn: Callable[[PartT], float | None],
    *,
    enabled: bool = False,
    attributes_fn: Callable[[PartT], Mapping[str, object]] | None = None,
) -> RigSensorDescription[PartT]:
    return RigSensorDescription(
        key="power",
        translation_key="power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
        value_fn=lambda part: stepped(value_fn(part), POWER_STEP),
        attributes_fn=attributes_fn,
    )


def _count[PartT](
    key: str,
    value_fn: Callable[[PartT], int | None],
    *,
    growing: bool = True,
    enabled: bool = False,
    category: EntityCategory | None = None,
) -> RigSensorDescription[PartT]:
    return RigSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.TOTAL_INCREASING
        if growing
        else SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=category,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
    )


def _per_cent[PartT](
    key: str,
    value_fn: Callable[[PartT], float | None],
    *,
    digits: int = 0,
    enabled: bool = False,
) -> RigSensorDescription[PartT]:
    return RigSensorDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=digits,
        entity_registry_enabled_default=enabled,
        value_fn=lambda part: _rounded(value_fn(part), digits),
    )


def _text(key: str, value_fn: Callable[[Rig], str | None]) -> RigSensorDescription[Rig]:
    return RigSensorDescription(
        key=key, translation_key=key, value_fn=value_fn, attributes_fn=_programs
    )


def _unresolved(
    key: str, value_fn: Callable[[MessageCounts], int | None], *, enabled: bool = False
) -> RigSensorDescription[Rig]:
    return _count(
        key,
        lambda rig: value_fn(rig.unresolved) if rig.unresolved else None,
        growing=False,
        enabled=enabled,
        category=EntityCategory.DIAGNOSTIC,
    )


def _frequency[PartT](
    key: str, value_fn: Callable[[PartT], float | None]
) -> RigSensorDescription[PartT]:
    return RigSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.FREQUENCY,
        native_unit_of_measurement=UnitOfFrequency.MEGAHERTZ,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda part: _rounded(value_fn(part)),
    )


def _rounded(value: float | None, digits: int = 0) -> float | None:
    return None if value is None else round(value, digits)


def _power_source(rig: Rig) -> Mapping[str, object]:
    return {"power_source": rig.power_source}


def _efficiency(rig: Rig) -> float | None:
    return rig.power / rig.hashrate if rig.power is not None and rig.hashrate else None


def _active_pool(rig: Rig) -> Pool | None:
    return next((pool for pool in rig.pools if pool.active), None)


def pool_address(pool: Pool | None) -> str | None:
    """Give a pool's host and port, without the scheme and whatever a URL may hold of a user."""
    return address_of(pool.url) if pool and pool.url else None


def _pools(rig: Rig) -> Mapping[str, object]:
    return {
        "pools": [
            {
                "address": pool_address(pool),
                "status": pool.status,
                "priority": pool.priority,
                "active": pool.active,
            }
            for pool in rig.pools
        ]
    }


def _errors(rig: Rig) -> Mapping[str, object]:
    return {
        "errors": [
            {"code": error.code, "message": error.message} for error in rig.errors
        ],
        "work_mode": rig.work_mode,
        "fan_mode": rig.fan_mode,
    }


def _main_program(rig: Rig) -> MinerProgram:
    return rig.programs[0] if rig.programs else MinerProgram()


def _programs(rig: Rig) -> Mapping[str, object]:
    return {
        "programs": [
            {
                "name": program.name,
                "version": program.version,
                "algorithm": program.algorithm,
                "coin": program.coin,
            }
            for program in rig.programs
        ]
    }


RIG_SENSORS: tuple[RigSensorDescription[Rig], ...] = (
    _rate("hashrate", lambda rig: rig.hashrate, enabled=True),
    _rate("hashrate_average", lambda rig: rig.hashrate_average, digits=4),
    _rate("hashrate_nominal", lambda rig: rig.hashrate_nominal, digits=4),
    _temperature("board_temperature", lambda rig: rig.board_temperature),
    _temperature("chip_temperature", lambda rig: rig.chip_temperature, enabled=True),
    _temperature("gpu_temperature", lambda rig: rig.gpu_temperature, enabled=True),
    _temperature(
        "gpu_memory_temperature", lambda rig: rig.gpu_memory_temperature, enabled=True
    ),
    _temperature(
        "cpu_temperature",
        lambda rig: rig.host.cpu_temperature if rig.host else None,
        enabled=True,
    ),
    _power(lambda rig: rig.power, enabled=True, attributes_fn=_power_source),
    RigSensorDescription(
        key="efficiency",
        translation_key="efficiency",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=_efficiency,
        unit_fn=lambda unit: f"J/{unit.work}",
        scale_fn=lambda unit: 1 / unit.scale,
        digits=3,
        attributes_fn=_power_source,
    ),
    RigSensorDescription(
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in Status],
        value_fn=lambda rig: rig.status,
        while_starting=Status.STARTING,
        attributes_fn=_errors,
    ),
    RigSensorDescription(
        key="started_at",
        translation_key="started_at",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda rig: (
            rig.seen_at - timedelta(seconds=rig.uptime)
            if rig.seen_at and rig.uptime is not None
            else None
        ),
    ),
    RigSensorDescription(
        key="pool",
        translation_key="pool",
        value_fn=lambda rig: pool_address(_active_pool(rig)),
        attributes_fn=_pools,
    ),
    _count("shares_accepted", lambda rig: rig.shares.accepted),
    _count("shares_rejected", lambda rig: rig.shares.rejected),
    _per_cent("reject_rate", health.reject_rate, digits=1, enabled=True),
    _text("miner_program", lambda rig: _main_program(rig).name),
    _text("coin", lambda rig: _main_program(rig).coin),
    # What a rig without a miner program of choice mines is its model's nature.
    _text("algorithm", lambda rig: rig.algorithm if rig.programs else None),
    RigSensorDescription(
        key="load",
        translation_key="load",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda rig: _rounded(rig.host.load, 1) if rig.host else None,
    ),
    RigSensorDescription(
        key="memory_free",
        translation_key="memory_free",
        device_class=SensorDeviceClass.DATA_SIZE,
        native_unit_of_measurement=UnitOfInformation.MEGABYTES,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda rig: (
            significant(rig.host.memory_free / 1e6, 2)
            if rig.host and rig.host.memory_free is not None
            else None
        ),
    ),
    RigSensorDescription(
        key="flight_sheet",
        translation_key="flight_sheet",
        value_fn=lambda rig: rig.flight_sheet,
    ),
    RigSensorDescription(
        key="firmware_version",
        translation_key="firmware_version",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        # Where its source says whether it is the newest; else the device's own is enough.
        value_fn=lambda rig: (
            rig.firmware.version
            if rig.firmware and rig.upgrade_available is not None
            else None
        ),
    ),
    _unresolved("unresolved_danger", lambda counts: counts.danger, enabled=True),
    _unresolved("unresolved_warning", lambda counts: counts.warning, enabled=True),
    _unresolved("unresolved_info", lambda counts: counts.info),
    _unresolved("unresolved_success", lambda counts: counts.success),
    _count(
        "hardware_errors",
        lambda rig: rig.hardware_errors,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _count("best_share", lambda rig: rig.best_share, growing=False),
    _count("found_blocks", lambda rig: rig.found_blocks),
    _count(
        "chips_working",
        health.chips_working,
        growing=False,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _count(
        "chips_faulty",
        health.chips_faulty,
        growing=False,
        enabled=True,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _frequency("frequency", health.frequency),
)

BOARD_SENSORS: tuple[RigSensorDescription[Board], ...] = (
    _rate("hashrate", lambda board: board.hashrate),
    _temperature("board_temperature", lambda board: board.board_temperature),
    _temperature("chip_temperature", lambda board: board.chip_temperature),
    _temperature("inlet_temperature", lambda board: board.inlet_temperature),
    _temperature("outlet_temperature", lambda board: board.outlet_temperature),
    _power(lambda board: board.power),
    _count(
        "chips_working",
        lambda board: board.chips_working,
        growing=False,
        category=EntityCategory.DIAGNOSTIC,
    ),
    RigSensorDescription(
        key="chips_faulty",
        translation_key="chips_faulty",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda board: board.chips_faulty,
        attributes_fn=lambda board: {"chip_map": board.chip_map},
    ),
    _frequency("frequency", lambda board: board.frequency),
    RigSensorDescription(
        key="voltage",
        translation_key="voltage",
        device_class=SensorDeviceClass.VOLTAGE,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda board: _rounded(board.voltage, 2),
    ),
    _count(
        "hardware_errors",
        lambda board: board.hardware_errors,
        category=EntityCategory.DIAGNOSTIC,
    ),
)

GPU_SENSORS: tuple[RigSensorDescription[Gpu], ...] = (
    _rate("hashrate", lambda gpu: gpu.hashrate, enabled=True),
    _temperature("core_temperature", lambda gpu: gpu.core_temperature, enabled=True),
    _temperature("memory_temperature", lambda gpu: gpu.memory_temperature),
    _per_cent("fan_duty", lambda gpu: gpu.fan_duty),
    _power(lambda gpu: gpu.power),
    _frequency("core_clock", lambda gpu: gpu.core_clock),
    _frequency("memory_clock", lambda gpu: gpu.memory_clock),
    _count("invalid_shares", lambda gpu: gpu.invalid_shares),
)

FAN_SENSORS: tuple[RigSensorDescription[Fan], ...] = (
    RigSensorDescription(
        key="fan_speed",
        translation_key="fan_speed",
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda fan: fan.speed,
        attributes_fn=lambda fan: {"duty": fan.duty},
    ),
)
