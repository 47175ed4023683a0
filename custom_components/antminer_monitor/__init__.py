"""Antminer Monitor: watches and controls mining rigs."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import AnyDeviceEntry

from .const import DOMAIN
from .memory import RigMemory
from .site import AntminerMonitorConfigEntry, Site

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR]


async def async_setup_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> bool:
    """Set up a site. It loads while its miners are off: they are there, and stale."""
    site = Site(hass, entry)
    await site.async_start()
    entry.runtime_data = site
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    site.async_check_entity_limit()
    entry.async_on_unload(entry.add_update_listener(_async_entry_changed))
    # What was added or removed while the above took its time was told to nobody.
    await site.async_follow_subentries()
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> bool:
    """Stop a site."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.async_stop()
    return unloaded


async def async_remove_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> None:
    """Delete what was kept of a site that was removed."""
    await RigMemory(hass, entry.entry_id).async_remove()


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
    present = {entry.entry_id, *entry.runtime_data.part_ids()}
    return not any((DOMAIN, identifier) in device.identifiers for identifier in present)


async def _async_entry_changed(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> None:
    """Reload for new options or credentials; follow added, changed and removed miners without."""
    if entry.runtime_data.started_with != (dict(entry.data), dict(entry.options)):
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    await entry.runtime_data.async_follow_subentries()
