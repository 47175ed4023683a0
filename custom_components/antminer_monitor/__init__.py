"""Antminer Monitor: watches and controls mining rigs."""

from collections.abc import Mapping

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import AnyDeviceEntry
from homeassistant.helpers.typing import ConfigType

from .const import CONF_KIND, DOMAIN, KIND_HIVEOS, KIND_SITE
from .hive_account import HiveAccount
from .hub import AntminerMonitorConfigEntry, Hub
from .memory import RigMemory
from .services import async_setup_services
from .site import Site
from .told import Told

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]

HUBS: Mapping[str, type[Hub]] = {KIND_SITE: Site, KIND_HIVEOS: HiveAccount}
"""What runs an entry of each kind."""


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what there is whatever entries there are."""
    async_setup_services(hass)
    return True


async def async_setup_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> bool:
    """Set up an entry. It loads while its rigs are off: they are there, and stale."""
    hub = HUBS[entry.data[CONF_KIND]](hass, entry)
    await hub.async_start()
    entry.runtime_data = hub
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    hub.async_check_entity_limit()
    entry.async_on_unload(entry.add_update_listener(_async_entry_changed))
    # What was added or removed while the above took its time was told to nobody.
    await hub.async_follow_entry()
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> bool:
    """Stop an entry."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.async_stop()
    return unloaded


async def async_remove_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> None:
    """Delete what was kept of an entry that was removed."""
    await RigMemory(hass, entry.entry_id).async_remove()
    await Told(hass, entry.entry_id).async_remove()


async def async_migrate_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> bool:
    """Bring an entry of an earlier version up to date: there is one format so far.

    Home Assistant itself refuses an entry of a later format, and leaves it as it is.
    """
    return entry.version == 1


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry, device: AnyDeviceEntry
) -> bool:
    """Let the user delete the device of something that is no longer there."""
    return not any(
        (DOMAIN, identifier) in device.identifiers
        for identifier in entry.runtime_data.part_ids()
    )


async def _async_entry_changed(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> None:
    """Reload for new options or credentials; follow added, changed and removed miners without."""
    if entry.runtime_data.started_with != (dict(entry.data), dict(entry.options)):
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    await entry.runtime_data.async_follow_entry()
