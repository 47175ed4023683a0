"""Every sensor of a rig, of its hashboards, GPUs and fans."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfElectricPotential,
    UnitOfInformation,
)

from . import health
from .pools import address_of
from .rig import Board, Fan, Gpu, MessageCounts, MinerProgram, Pool, Rig, Status
from .sensor_kinds import (
    RATE,
    STEADY_RATE,
    TENTHS,
    RigSensorDescription,
    count,
    frequency,
    per_cent,
    power,
    rate,
    temperature,
)
from .units import Grain, significant

LOAD: Final = Grain(partial(round, ndigits=1), least=0.1, share=0.1)
MEMORY: Final = Grain(partial(significant, digits=2), share=0.05)
VOLTAGE: Final = Grain(partial(round, ndigits=2), least=0.02)
FAN_SPEED: Final = Grain(round, least=1.0, share=0.02)


def _text(key: str, value_fn: Callable[[Rig], str | None]) -> RigSensorDescription[Rig]:
    return RigSensorDescription(
        key=key, translation_key=key, value_fn=value_fn, attributes_fn=_programs
    )


def _unresolved(
    key: str, value_fn: Callable[[MessageCounts], int | None], *, enabled: bool = False
) -> RigSensorDescription[Rig]:
    return count(
        key,
        lambda rig: value_fn(rig.unresolved) if rig.unresolved else None,
        growing=False,
        enabled=enabled,
        category=EntityCategory.DIAGNOSTIC,
    )


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
    rate("hashrate", lambda rig: rig.hashrate, enabled=True),
    rate("hashrate_average", lambda rig: rig.hashrate_average, grain=STEADY_RATE),
    rate("hashrate_nominal", lambda rig: rig.hashrate_nominal, grain=STEADY_RATE),
    temperature("board_temperature", lambda rig: rig.board_temperature),
    temperature("chip_temperature", lambda rig: rig.chip_temperature, enabled=True),
    temperature("gpu_temperature", lambda rig: rig.gpu_temperature, enabled=True),
    temperature(
        "gpu_memory_temperature", lambda rig: rig.gpu_memory_temperature, enabled=True
    ),
    temperature(
        "cpu_temperature",
        lambda rig: rig.host.cpu_temperature if rig.host else None,
        enabled=True,
    ),
    power(lambda rig: rig.power, enabled=True, attributes_fn=_power_source),
    RigSensorDescription(
        key="efficiency",
        translation_key="efficiency",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=_efficiency,
        unit_fn=lambda unit: f"J/{unit.work}",
        scale_fn=lambda unit: 1 / unit.scale,
        grain=RATE,
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
    count("shares_accepted", lambda rig: rig.shares.accepted),
    count("shares_rejected", lambda rig: rig.shares.rejected),
    per_cent("reject_rate", health.reject_rate, digits=1, grain=TENTHS, enabled=True),
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
        value_fn=lambda rig: rig.host.load if rig.host else None,
        grain=LOAD,
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
            rig.host.memory_free / 1e6
            if rig.host and rig.host.memory_free is not None
            else None
        ),
        grain=MEMORY,
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
    count(
        "hardware_errors",
        lambda rig: rig.hardware_errors,
        category=EntityCategory.DIAGNOSTIC,
    ),
    count("best_share", lambda rig: rig.best_share, growing=False),
    count("found_blocks", lambda rig: rig.found_blocks),
    count(
        "chips_working",
        health.chips_working,
        growing=False,
        category=EntityCategory.DIAGNOSTIC,
    ),
    count(
        "chips_faulty",
        health.chips_faulty,
        growing=False,
        enabled=True,
        category=EntityCategory.DIAGNOSTIC,
    ),
    frequency("frequency", health.frequency),
)

BOARD_SENSORS: tuple[RigSensorDescription[Board], ...] = (
    rate("hashrate", lambda board: board.hashrate),
    temperature("board_temperature", lambda board: board.board_temperature),
    temperature("chip_temperature", lambda board: board.chip_temperature),
    temperature("inlet_temperature", lambda board: board.inlet_temperature),
    temperature("outlet_temperature", lambda board: board.outlet_temperature),
    power(lambda board: board.power),
    count(
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
    frequency("frequency", lambda board: board.frequency),
    RigSensorDescription(
        key="voltage",
        translation_key="voltage",
        device_class=SensorDeviceClass.VOLTAGE,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda board: board.voltage,
        grain=VOLTAGE,
    ),
    count(
        "hardware_errors",
        lambda board: board.hardware_errors,
        category=EntityCategory.DIAGNOSTIC,
    ),
)

GPU_SENSORS: tuple[RigSensorDescription[Gpu], ...] = (
    rate("hashrate", lambda gpu: gpu.hashrate, enabled=True),
    temperature("core_temperature", lambda gpu: gpu.core_temperature, enabled=True),
    temperature("memory_temperature", lambda gpu: gpu.memory_temperature),
    per_cent("fan_duty", lambda gpu: gpu.fan_duty),
    power(lambda gpu: gpu.power),
    frequency("core_clock", lambda gpu: gpu.core_clock),
    frequency("memory_clock", lambda gpu: gpu.memory_clock),
    count("invalid_shares", lambda gpu: gpu.invalid_shares),
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
        grain=FAN_SPEED,
        attributes_fn=lambda fan: {"duty": fan.duty},
    ),
)
