"""Antminer Monitor: watches and controls mining rigs."""

import asyncio
from functools import partial

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
)
from homeassistant.helpers import config_validation as cv, issue_registry as ir
from homeassistant.helpers.device_registry import AnyDeviceEntry
from homeassistant.helpers.typing import ConfigType

from .api import async_setup_api
from .builtin import async_add_builtin
from .const import CONF_KIND, DOMAIN
from .dashboard import async_setup_dashboard
from .feed import async_setup_feed
from .hub import AntminerMonitorConfigEntry, Hub
from .log_lines import async_setup_log_lines
from .markdown import plain
from .memory import RigMemory
from .pack_export import async_setup_pack_export
from .pack_hub import async_load_packs
from .platforms import async_discover_extensions
from .registry import Change, async_registry
from .repair_issues import async_follow_troubles
from .services import async_setup_services
from .told import Told
from .watch_memory import WatchMemory

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

ENTRY_VERSION = 1
"""Of config entries, as the config flow makes them; one of a later version is not touched."""

SETUP_DEADLINE = 120.0
"""Seconds that an extension may take to set up an entry."""


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what there is whatever entries there are."""
    _async_check_versions(hass)
    async_add_builtin(hass)
    # Before any rig is read: else it would be read without its pack at every start.
    await async_load_packs(hass)
    async_setup_pack_export(hass)
    async_setup_services(hass)
    async_registry(hass).async_listen(partial(_async_extensions_changed, hass))
    hass.async_create_background_task(
        async_discover_extensions(hass), f"{DOMAIN} extensions"
    )
    async_setup_log_lines(hass)
    async_setup_feed(hass)
    async_setup_api(hass)
    await async_setup_dashboard(hass)
    return True


@callback
def _async_check_versions(hass: HomeAssistant) -> None:
    """Say what to do about entries that a later version of the integration wrote.

    Home Assistant sets none of them up, and tells the numbers of the formats and no more.
    """
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.version > ENTRY_VERSION:
            ir.async_create_issue(
                hass,
                DOMAIN,
                _issue_of_version(entry.entry_id),
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key="later_version",
                translation_placeholders={
                    "entry": entry.title,
                    "shown": plain(entry.title),
                },
            )


def _issue_of_version(entry_id: str) -> str:
    return f"later_version_{entry_id}"


async def async_setup_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> bool:
    """Set up an entry. It loads while its rigs are off: they are there, and stale."""
    entry.runtime_data = hub = await _async_start(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    hub.async_check_entity_limit()
    entry.async_on_unload(async_follow_troubles(hub))
    entry.async_on_unload(entry.add_update_listener(_async_entry_changed))
    # What was added or removed while the above took its time was told to nobody.
    await hub.async_follow_entry()
    return True


async def _async_start(hass: HomeAssistant, entry: AntminerMonitorConfigEntry) -> Hub:
    """Start what runs an entry of its kind.

    Raises ConfigEntryNotReady while the extension that brings the kind is not there, and
    ConfigEntryError when it fails.
    """
    registry = async_registry(hass)
    kind = registry.kinds.get(entry.data[CONF_KIND])
    owner = registry.owner_of(entry.data[CONF_KIND])
    if kind is None or owner is None:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="extension_missing",
            translation_placeholders={"kind": entry.data[CONF_KIND]},
        )
    if registry.is_builtin(owner):
        hub = kind.hub(hass, entry)
        await hub.async_start()
        return hub
    try:
        async with asyncio.timeout(SETUP_DEADLINE):
            hub = kind.hub(hass, entry)
            await hub.async_start()
    except HomeAssistantError:
        raise
    except Exception as err:
        registry.async_report(owner, f"setting up {entry.title}", err)
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="extension_failed_entry",
            translation_placeholders={"extension": registry.extensions[owner].name},
        ) from err
    return hub


@callback
def _async_extensions_changed(hass: HomeAssistant, change: Change) -> None:
    """Set up the entries of kinds that come, and stop those of kinds that go."""
    kinds = {kind.kind for part in change.parts for kind in part.kinds}
    for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False):
        if entry.data.get(CONF_KIND) in kinds and entry.state in (
            ConfigEntryState.LOADED,
            ConfigEntryState.SETUP_ERROR,
            ConfigEntryState.SETUP_RETRY,
        ):
            hass.config_entries.async_schedule_reload(entry.entry_id)


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
    ir.async_delete_issue(hass, DOMAIN, _issue_of_version(entry.entry_id))
    await RigMemory(hass, entry.entry_id).async_remove()
    await Told(hass, entry.entry_id).async_remove()
    await WatchMemory(hass, entry.entry_id).async_remove()


async def async_migrate_entry(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> bool:
    """Bring an entry of an earlier version up to date: there is one format so far.

    Home Assistant itself refuses an entry of a later format, and leaves it as it is; one of
    a later minor version can be read by every version of the same format.
    """
    return entry.version == ENTRY_VERSION


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
