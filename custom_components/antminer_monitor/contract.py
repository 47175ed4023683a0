"""Looks at an extension before it is added: whether it is what the contract says."""

from collections.abc import Callable, Iterable, Mapping, Sequence
import re
from types import UnionType

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.config_entries import ConfigFlow
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.json import json_bytes

from .antminer.firmware import Dialect
from .antminer.hardware import Hardware
from .command import Action
from .extension import (
    API_VERSION,
    Extension,
    ExtraBinarySensor,
    ExtraSensor,
    SourceKind,
)
from .service_commands import ATTR_STAGGER, SERVICES, Service

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")

_PARTS: Mapping[str, type] = {
    "dialects": Dialect,
    "kinds": SourceKind,
    "sensors": ExtraSensor,
    "binary_sensors": ExtraBinarySensor,
    "services": Service,
}

_OTHER_STEPS = frozenset({"import", "reauth", "reconfigure"})
"""Steps that have a meaning for Home Assistant, besides those of every flow."""

_NO_FIGURES = frozenset(
    {SensorDeviceClass.DATE, SensorDeviceClass.ENUM, SensorDeviceClass.TIMESTAMP}
)
"""What no Extra can be a value of."""

_FIELDS: Mapping[str, type | UnionType] = {
    "name": str,
    "names": Mapping,
    "unit": str | None,
    "icon": str | None,
    "digits": int | None,
}
"""What is written in a sensor; a binary one has no unit."""

_NAMES: Mapping[str, Callable[[Extension], Iterable[str]]] = {
    "the dialect": lambda extension: (item.name for item in extension.dialects),
    "the kind of entry": lambda extension: (item.kind for item in extension.kinds),
    "the service": lambda extension: (item.name for item in extension.services),
}
"""What has names that no two extensions may use."""


def faults_of(
    extension_id: str, extension: Extension, others: Sequence[Extension]
) -> Iterable[str]:
    """Tell what is wrong with an extension that is to be added beside others.

    The first fault counts: after it, nothing is sure of the rest.
    """
    if extension.api_version != API_VERSION:
        yield (
            f"it was written for version {extension.api_version} of the contract,"
            f" this is version {API_VERSION}"
        )
    if not _KEY.match(extension_id):
        yield f"{extension_id} is no id: lower case, digits and _"
    yield from _types(extension)
    yield from _dialects(extension.dialects)
    yield from _kinds(extension.kinds)
    yield from _sensors(extension)
    for what, names_of in _NAMES.items():
        names = list(names_of(extension))
        taken = {name for other in others for name in names_of(other)}
        for place, name in enumerate(names):
            if name in taken or name in names[:place]:
                yield f"{what} {name} is there already"


def _types(extension: Extension) -> Iterable[str]:
    if not isinstance(extension.name, str) or not extension.name:
        yield "it has no name"
    for field, part in _PARTS.items():
        items: object = getattr(extension, field)
        if not isinstance(items, tuple) or not all(
            isinstance(item, part) for item in items
        ):
            yield f"{field} is no tuple of {part.__name__}"
    models: object = extension.models
    if not isinstance(models, tuple) or not all(
        isinstance(item, tuple)
        and len(item) == 2
        and isinstance(item[0], str)
        and isinstance(item[1], Hardware)
        for item in models
    ):
        yield "models is no tuple of names with Hardware"


def _dialects(dialects: tuple[Dialect, ...]) -> Iterable[str]:
    for dialect in dialects:
        for field in ("commands", "probes"):
            names: object = getattr(dialect, field)
            if not isinstance(names, tuple) or not all(
                isinstance(name, str) and name for name in names
            ):
                yield f"the {field} of the dialect {dialect.name} are no tuple of names"
        if not dialect.commands:
            yield f"the dialect {dialect.name} asks nothing"


def _kinds(kinds: tuple[SourceKind, ...]) -> Iterable[str]:
    for kind in kinds:
        step = f"async_step_{kind.kind}"
        if not _KEY.match(kind.kind):
            yield f"{kind.kind} is no kind of entry: lower case, digits and _"
        if kind.kind in _OTHER_STEPS or hasattr(ConfigFlow, step):
            yield f"{kind.kind} is a step of every flow, and no kind of entry"
        name: object = kind.name
        if not isinstance(name, str) or not name:
            yield f"the kind of entry {kind.kind} has no name"
        flows: object = kind.subentry_flows
        if not isinstance(flows, Mapping):
            yield f"the subentry_flows of {kind.kind} are no mapping"
        if kind.flow.VERSION != 1:
            yield f"the VERSION of the flow of {kind.kind} is not 1"


def _sensors(extension: Extension) -> Iterable[str]:
    keys: set[str] = set()
    sensors: list[ExtraSensor | ExtraBinarySensor] = [
        *extension.sensors,
        *extension.binary_sensors,
    ]
    for sensor in sensors:
        if not isinstance(sensor.key, str) or not _KEY.match(sensor.key):
            yield f"{sensor.key} is no key of a sensor: lower case, digits and _"
        if sensor.key in keys:
            yield f"two of its sensors have the key {sensor.key}"
        keys.add(sensor.key)
        for field, hint in _FIELDS.items():
            value: object = getattr(sensor, field, None)
            if not isinstance(value, hint):
                yield f"the {field} of the sensor {sensor.key} is {value!r}"
        yield from _classes(sensor)


def _classes(sensor: ExtraSensor | ExtraBinarySensor) -> Iterable[str]:
    """Tell which of Home Assistant's classes it cannot be of."""
    device_class: object = sensor.device_class
    is_binary = isinstance(sensor, ExtraBinarySensor)
    known = BinarySensorDeviceClass if is_binary else SensorDeviceClass
    if device_class is not None and (
        device_class not in known or (not is_binary and device_class in _NO_FIGURES)
    ):
        yield f"the sensor {sensor.key} cannot be of the device class {device_class}"
    state_class: object = getattr(sensor, "state_class", None)
    if state_class is not None and state_class not in SensorStateClass:
        yield f"the sensor {sensor.key} cannot be of the state class {state_class}"


def service_faults_of(extension_id: str, services: Iterable[Service]) -> Iterable[str]:
    """Tell what is wrong with the services of an extension that does not come with us."""
    ours = {service.name for service in SERVICES}
    for service in services:
        fields: object = service.fields
        description: object = service.description
        if not _KEY.match(service.name) or not callable(service.prepare):
            yield f"{service.name} is no service: lower case, digits and _, and prepare"
        if not isinstance(fields, Mapping) or not isinstance(
            description, Mapping | None
        ):
            yield f"fields and description of the service {service.name} are no mappings"
        if not service.name.startswith(f"{extension_id}_"):
            yield (
                f"the name of its service {service.name} does not begin with"
                f" {extension_id}_"
            )
        if service.name in ours:
            yield f"the service {service.name} is there already"
        if service.action not in Action and not service.action.startswith(
            f"{extension_id}."
        ):
            yield (
                f"the command {service.action} of its service {service.name} is neither"
                f" one of ours nor begins with {extension_id}."
            )
        for name in map(str, service.fields):
            if name == ATTR_STAGGER or name in cv.ENTITY_SERVICE_FIELDS:
                yield f"the field {name} of its service {service.name} is there already"
        try:
            # All services of Home Assistant are described in one message.
            json_bytes(dict(service.description or {}))
        except TypeError, ValueError:
            yield f"the description of its service {service.name} is no JSON"
