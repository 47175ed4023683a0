"""Kinds of sensors: what all temperatures, all rates … have in common, and how finely each is published."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from .units import Grain, RateUnit, significant, stepped

type State = StateType | datetime

POWER_STEP: Final = 5
"""W."""

RATE: Final = Grain(partial(significant, digits=3), share=0.01)
STEADY_RATE: Final = Grain(partial(significant, digits=4), share=0.002)
"""Of a rate that hardly moves: an average over a long time, or a total."""
TEMPERATURE: Final = Grain(partial(round, ndigits=0), least=1.0)
POWER: Final = Grain(partial(stepped, step=POWER_STEP), least=POWER_STEP, share=0.01)
WHOLE: Final = Grain(partial(round, ndigits=0), least=1.0)
TENTHS: Final = Grain(partial(round, ndigits=1), least=0.1)


@dataclass(frozen=True, kw_only=True)
class RigSensorDescription[PartT](SensorEntityDescription):
    """Describes a sensor of a rig or of a part of one."""

    value_fn: Callable[[PartT], State]
    """In base units; ``None`` when it was not reported."""
    unit_fn: Callable[[RateUnit], str] | None = None
    """The unit shown, for figures whose unit depends on the rig's algorithm."""
    scale_fn: Callable[[RateUnit], float] | None = None
    """What a figure in base units is divided by to be in that unit."""
    grain: Grain | None = None
    """How finely a figure is published, in the unit shown; ``None`` for every change."""
    attributes_fn: Callable[[PartT], Mapping[str, object]] | None = None
    while_starting: State = None
    """Shown while the rig starts anew as it was told to, and is silent or idle meanwhile."""


def rate[PartT](
    key: str,
    value_fn: Callable[[PartT], float | None],
    *,
    grain: Grain = RATE,
    enabled: bool = False,
) -> RigSensorDescription[PartT]:
    """Describe a hashrate, given in H/s."""
    return RigSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
        unit_fn=lambda unit: unit.symbol,
        scale_fn=lambda unit: unit.scale,
        grain=grain,
    )


def temperature[PartT](
    key: str, value_fn: Callable[[PartT], float | None], *, enabled: bool = False
) -> RigSensorDescription[PartT]:
    """Describe a temperature, given in °C."""
    return RigSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
        grain=TEMPERATURE,
    )


def power[PartT](
    value_fn: Callable[[PartT], float | None],
    *,
    enabled: bool = False,
    attributes_fn: Callable[[PartT], Mapping[str, object]] | None = None,
) -> RigSensorDescription[PartT]:
    """Describe what is drawn, given in W."""
    return RigSensorDescription(
        key="power",
        translation_key="power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
        grain=POWER,
        attributes_fn=attributes_fn,
    )


def count[PartT](
    key: str,
    value_fn: Callable[[PartT], int | None],
    *,
    growing: bool = True,
    enabled: bool = False,
    category: EntityCategory | None = None,
) -> RigSensorDescription[PartT]:
    """Describe a number of things, which only grows unless it is said."""
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


def per_cent[PartT](
    key: str,
    value_fn: Callable[[PartT], float | None],
    *,
    digits: int = 0,
    grain: Grain = WHOLE,
    enabled: bool = False,
) -> RigSensorDescription[PartT]:
    """Describe a share, given in per cent."""
    return RigSensorDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=digits,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
        grain=grain,
    )


def frequency[PartT](
    key: str, value_fn: Callable[[PartT], float | None]
) -> RigSensorDescription[PartT]:
    """Describe a clock, given in MHz."""
    return RigSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.FREQUENCY,
        native_unit_of_measurement=UnitOfFrequency.MEGAHERTZ,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=value_fn,
        grain=WHOLE,
    )
