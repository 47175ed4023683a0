"""The contract of extensions: what they may add, whoever ships them.

A Home Assistant integration becomes an extension by a file ``antminer_monitor.py`` beside
its ``__init__.py``, with one function::

    async def async_get_extension(hass: HomeAssistant) -> Extension: ...

Antminers and HiveOS are extensions too (``builtin.py``), and so is every extension pack.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.core import HomeAssistant

from .antminer.firmware import Dialect
from .antminer.hardware import Hardware
from .rig import Extra, Rig
from .service_commands import Service

if TYPE_CHECKING:
    from .hub import Hub

API_VERSION: Final = 1
"""Of this contract. It grows with what would break an extension, and with nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraSensor:
    """A sensor that rigs get beside those of the vocabulary."""

    key: str
    """Unique among the sensors of the extension: lower case, digits and ``_``."""
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    """The name in other languages, by Home Assistant's code such as ``de``."""
    value_fn: Callable[[Rig], Extra | None] | None = None
    """Computes it of a rig, in a thread; ``None`` of it: that rig does not tell. Left out
    where the extension's own dialect or source puts it into ``Rig.extras``, under
    ``<extension>.<key>``."""
    unit: str | None = None
    device_class: SensorDeviceClass | None = None
    state_class: SensorStateClass | None = None
    icon: str | None = None
    digits: int | None = None
    """Decimal places that are kept."""
    is_diagnostic: bool = False
    is_enabled: bool = True
    """Whether it is enabled when it is first added."""

    @property
    def is_number(self) -> bool:
        """Whether Home Assistant takes nothing but numbers for it."""
        return any(
            given is not None
            for given in (self.unit, self.state_class, self.device_class, self.digits)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraBinarySensor:
    """A binary sensor that rigs get beside those of the vocabulary."""

    key: str
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    value_fn: Callable[[Rig], bool | None] | None = None
    """As that of a sensor."""
    device_class: BinarySensorDeviceClass | None = None
    icon: str | None = None
    is_diagnostic: bool = False
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A kind of config entry, with a source of rigs behind it."""

    kind: str
    """What is stored in an entry's data under ``kind``; unique, lower case. The flow that
    sets it up begins with the step of this name."""
    name: str
    """In the menu that begins the set-up."""
    hub: Callable[[HomeAssistant, ConfigEntry], Hub]
    flow: type[ConfigFlow]
    """Its steps: an ordinary config flow, without a domain, that begins with
    ``async_step_<kind>``. ``async_step_reauth`` and ``async_step_reconfigure`` get the
    entries of this kind. What it creates must hold ``kind`` in its data. An entry that was
    changed is set up anew by itself: end with ``async_update_and_abort``."""
    options_flow: Callable[[], OptionsFlow] | None = None
    subentry_flows: Mapping[str, type[ConfigSubentryFlow]] = field(default_factory=dict)
    """By the type of the subentry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Everything that one extension adds."""

    api_version: int
    """``API_VERSION`` of the contract that it was written for."""
    name: str
    version: str | None = None
    dialects: tuple[Dialect, ...] = ()
    """Ways to speak on port 4028: recognised, read and, with ``control``, controlled."""
    models: tuple[tuple[str, Hardware], ...] = ()
    """Names that firmware gives, each with what is known of the model."""
    kinds: tuple[SourceKind, ...] = ()
    sensors: tuple[ExtraSensor, ...] = ()
    binary_sensors: tuple[ExtraBinarySensor, ...] = ()
    services: tuple[Service, ...] = ()
    """Named ``<extension>_…``, each with an action ``<extension>.…`` unless it is one of ours."""


class ExtensionPlatform(Protocol):
    """The module ``antminer_monitor.py`` of an integration."""

    async def async_get_extension(self, hass: HomeAssistant) -> Extension:
        """Give what the integration adds. It may take ten seconds."""
