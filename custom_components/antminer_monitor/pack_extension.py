"""What an extension pack is to Home Assistant: an extension like any other."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    SensorDeviceClass,
    SensorStateClass,
)

from .extension import API_VERSION, Extension, ExtraBinarySensor, ExtraSensor
from .packs.document import key_text, parse_yaml
from .packs.errors import PackError, Problem
from .packs.loading import BUILT_IN, MAIN, load_pack
from .packs.model import Pack, PackBinarySensor, PackSensor
from .packs.reading import dialects_of, hardware_of

SENSOR_CLASSES: Final = frozenset(item.value for item in SensorDeviceClass)
BINARY_SENSOR_CLASSES: Final = frozenset(item.value for item in BinarySensorDeviceClass)


def extension_id_of(pack_id: str) -> str:
    """Give the id of the extension that a pack becomes."""
    return f"pack_{pack_id}"


def load_extension(
    files: Mapping[str, str], *, reserved: Collection[str] = BUILT_IN
) -> tuple[Pack, Extension]:
    """Give the pack that files are, and the extension that it becomes. It takes a while.

    ``reserved`` are names of firmware that it must not take. Raises PackError with all that
    is wrong.
    """
    pack = load_pack(
        files,
        reserved=reserved,
        sensor_classes=SENSOR_CLASSES,
        binary_sensor_classes=BINARY_SENSOR_CLASSES,
    )
    return pack, extension_of(pack)


def extension_of(pack: Pack) -> Extension:
    """Give the extension that a pack becomes.

    Raises PackError where Home Assistant does not know a class, or would not take a unit or
    a state class with it (facts: its ``components/sensor/const.py``).
    """
    parts: tuple[tuple[str, tuple[PackSensor | PackBinarySensor, ...]], ...] = (
        ("sensors", pack.sensors),
        ("binary_sensors", pack.binary_sensors),
    )
    wrong = [
        ((kind, place, key), message)
        for kind, items in parts
        for place, item in enumerate(items)
        for key, message in _wrong(item)
    ]
    if wrong:
        document = parse_yaml(pack.files[MAIN], MAIN)
        raise PackError(
            Problem(message, MAIN, document.line_of(path), key_text(path))
            for path, message in wrong
        )
    return Extension(
        api_version=API_VERSION,
        name=pack.name,
        version=pack.version,
        dialects=dialects_of(pack),
        models=hardware_of(pack),
        sensors=tuple(_sensor(pack, item) for item in pack.sensors),
        binary_sensors=tuple(
            _binary_sensor(pack, item) for item in pack.binary_sensors
        ),
    )


def _wrong(item: PackSensor | PackBinarySensor) -> Iterator[tuple[str, str]]:
    """Give what Home Assistant would not take of a sensor: the key, and why."""
    if isinstance(item, PackBinarySensor):
        if item.device_class not in (None, *BINARY_SENSOR_CLASSES):
            yield "device_class", "is no device class of binary sensors"
        return
    if item.device_class is None:
        return
    if item.device_class not in SENSOR_CLASSES:
        yield "device_class", "is no device class of sensors"
        return
    device_class = SensorDeviceClass(item.device_class)
    units = DEVICE_CLASS_UNITS.get(device_class)
    if units is not None and item.unit not in units:
        words = ", ".join(sorted(f"{unit}" for unit in units if unit is not None))
        if item.unit is None:
            yield "device_class", f"{device_class} needs a unit: {words}"
        else:
            yield (
                "unit",
                f"{item.unit} does not fit {device_class}, which takes {words or 'none'}",
            )
    states = DEVICE_CLASS_STATE_CLASSES.get(device_class)
    if item.state_class and states is not None and item.state_class not in states:
        yield (
            "state_class",
            f"does not fit {device_class}, which takes {', '.join(sorted(states)) or 'none'}",
        )


def _sensor(pack: Pack, item: PackSensor) -> ExtraSensor:
    return ExtraSensor(
        key=item.key,
        name=item.name,
        names={
            language: told.sensors[item.key]
            for language, told in pack.translations.items()
            if item.key in told.sensors
        },
        unit=item.unit,
        device_class=SensorDeviceClass(item.device_class)
        if item.device_class
        else None,
        state_class=SensorStateClass(item.state_class) if item.state_class else None,
        icon=item.icon,
        digits=item.digits,
        is_diagnostic=item.diagnostic,
    )


def _binary_sensor(pack: Pack, item: PackBinarySensor) -> ExtraBinarySensor:
    return ExtraBinarySensor(
        key=item.key,
        name=item.name,
        names={
            language: told.binary_sensors[item.key]
            for language, told in pack.translations.items()
            if item.key in told.binary_sensors
        },
        device_class=BinarySensorDeviceClass(item.device_class)
        if item.device_class
        else None,
        icon=item.icon,
        is_diagnostic=item.diagnostic,
    )
