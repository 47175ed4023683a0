"""What Antminer Monitor asks this integration for: the extension."""

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.const import PERCENTAGE, UnitOfTemperature
from homeassistant.core import HomeAssistant

from custom_components.antminer_monitor.extension import (
    API_VERSION,
    Extension,
    ExtraBinarySensor,
    ExtraSensor,
)
from custom_components.antminer_monitor.rig import Rig

from .avalon import AVALON, FAMILY, HARDWARE, MODEL


def chip_temperature_spread(rig: Rig) -> float | None:
    """Give the °C between the coolest and the hottest board, each by its hottest chip."""
    if rig.firmware is None or rig.firmware.family != FAMILY:
        # Asked of every rig: this one is somebody else's.
        return None
    found = [
        board.chip_temperature
        for board in rig.boards
        if board.chip_temperature is not None
    ]
    return max(found) - min(found) if len(found) > 1 else None


EXTENSION = Extension(
    api_version=API_VERSION,
    name="Avalon rigs",
    version="1.0.0",
    dialects=(AVALON,),
    models=((MODEL, HARDWARE),),
    sensors=(
        # Filled by the dialect, under `avalon_rigs.air_temperature` in the rig's extras.
        ExtraSensor(
            key="air_temperature",
            name="Air temperature",
            names={"de": "Lufttemperatur"},
            unit=UnitOfTemperature.CELSIUS,
            device_class=SensorDeviceClass.TEMPERATURE,
            state_class=SensorStateClass.MEASUREMENT,
            digits=0,
        ),
        ExtraSensor(
            key="error_rate",
            name="Error rate",
            names={"de": "Fehlerrate"},
            unit=PERCENTAGE,
            state_class=SensorStateClass.MEASUREMENT,
            icon="mdi:alert-circle-outline",
            digits=2,
            is_diagnostic=True,
        ),
        # Computed of what is known already.
        ExtraSensor(
            key="chip_temperature_spread",
            name="Chip temperature spread",
            names={"de": "Temperaturunterschied der Chips"},
            value_fn=chip_temperature_spread,
            unit=UnitOfTemperature.KELVIN,
            state_class=SensorStateClass.MEASUREMENT,
            icon="mdi:thermometer-lines",
            digits=0,
            is_diagnostic=True,
        ),
    ),
    binary_sensors=(
        ExtraBinarySensor(
            key="supply_fault",
            name="Power supply",
            names={"de": "Netzteil"},
            device_class=BinarySensorDeviceClass.PROBLEM,
            is_diagnostic=True,
        ),
    ),
)


async def async_get_extension(hass: HomeAssistant) -> Extension:
    """Give what this integration adds."""
    return EXTENSION
