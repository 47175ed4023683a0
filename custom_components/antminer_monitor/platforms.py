"""Finds the extensions that other integrations ship: their ``antminer_monitor.py``."""

import asyncio
from importlib import import_module
from types import ModuleType

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.const import EVENT_COMPONENT_LOADED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.integration_platform import (
    async_process_integration_platforms,
)
from homeassistant.loader import IntegrationNotFound, async_get_integration
from homeassistant.setup import ATTR_COMPONENT, EventComponentLoaded
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .extension import Extension
from .registry import ExtensionError, async_registry

EXTENSION_DEADLINE = 10.0
"""Seconds that an integration may take to say what it adds."""

IMPORT_DEADLINE = 20.0
"""Seconds that the search waits for modules to be imported; the rest comes when it comes."""

LOADING = "being loaded"

_FINDER: HassKey[_Finder] = HassKey(f"{DOMAIN}_finder")


async def async_discover_extensions(hass: HomeAssistant) -> None:
    """Find extensions now, and whenever an integration is loaded later."""
    if _FINDER not in hass.data:
        hass.data[_FINDER] = _Finder(hass)
    await hass.data[_FINDER].async_wait()


class _Finder:
    """Follows the integrations that ship an extension."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._registry = async_registry(hass)
        self._modules: dict[str, ModuleType] = {}
        self._had_entries: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}
        hass.bus.async_listen(EVENT_COMPONENT_LOADED, self._async_loaded)
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed)
        self._searching = hass.async_create_background_task(
            self._async_search(), f"{DOMAIN} extensions"
        )

    async def async_wait(self) -> None:
        """Wait for what was loaded before, for a while."""
        await asyncio.wait([self._searching], timeout=IMPORT_DEADLINE)

    async def _async_search(self) -> None:
        await async_process_integration_platforms(
            self._hass, DOMAIN, self._async_found, wait_for_platforms=True
        )
        for domain in sorted(self._hass.config.top_level_components):
            await self._async_check_import(domain)

    async def _async_found(
        self, hass: HomeAssistant, domain: str, module: ModuleType
    ) -> None:
        """Take the extension of an integration."""
        if domain == DOMAIN:
            return
        self._modules[domain] = module
        if hass.config_entries.async_entries(domain):
            self._had_entries.add(domain)
        await self._async_follow(domain)

    async def _async_loaded(self, event: Event[EventComponentLoaded]) -> None:
        await self._async_check_import(event.data[ATTR_COMPONENT])

    async def _async_check_import(self, domain: str) -> None:
        """Say so where an integration ships an extension that cannot be imported.

        Home Assistant itself takes it for one that ships none.
        """
        if "." in domain or domain == DOMAIN or domain in self._modules:
            return
        try:
            integration = await async_get_integration(self._hass, domain)
        except IntegrationNotFound:
            return
        if integration.is_built_in or not await self._hass.async_add_executor_job(
            (integration.file_path / f"{DOMAIN}.py").is_file
        ):
            return
        try:
            module = await self._hass.async_add_import_executor_job(
                import_module, f"{integration.pkg_path}.{DOMAIN}"
            )
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            self._registry.async_report(domain, LOADING, err)
            return
        if domain not in self._modules:
            await self._async_found(self._hass, domain, module)

    @callback
    def _entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Follow an integration whose entries come and go: its extension does, too."""
        if entry.domain in self._modules:
            self._had_entries.add(entry.domain)
            self._hass.async_create_background_task(
                self._async_follow(entry.domain), f"{DOMAIN} extension {entry.domain}"
            )

    def _is_wanted(self, domain: str) -> bool:
        if domain not in self._had_entries:
            # It is set up in configuration.yaml.
            return True
        return any(
            entry.state is ConfigEntryState.LOADED
            for entry in self._hass.config_entries.async_entries(domain)
        )

    async def _async_follow(self, domain: str) -> None:
        """Add or remove an extension, as its integration is set up or not."""
        async with self._locks.setdefault(domain, asyncio.Lock()):
            is_there = domain in self._registry.extensions
            if not self._is_wanted(domain):
                self._registry.async_remove(domain)
            elif not is_there:
                await self._async_add(domain, self._modules[domain])

    async def _async_add(self, domain: str, module: ModuleType) -> None:
        try:
            async with asyncio.timeout(EXTENSION_DEADLINE):
                found = await module.async_get_extension(self._hass)
            self._registry.async_add(domain, _extension(found))
        except ExtensionError as err:
            self._registry.async_report(domain, LOADING, str(err))
        except TimeoutError:
            self._registry.async_report(
                domain,
                LOADING,
                f"async_get_extension did not end within {EXTENSION_DEADLINE:g} s",
            )
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            self._registry.async_report(domain, LOADING, err)


def _extension(found: object) -> Extension:
    if not isinstance(found, Extension):
        raise ExtensionError(
            f"async_get_extension gave {type(found).__name__}, no Extension"
        )
    return found
