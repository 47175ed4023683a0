"""What Home Assistant's page of its own health says of the integration."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import RigCoordinator
from .hub import AntminerMonitorConfigEntry
from .registry import async_registry


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register what gives the figures."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Give what is set up and what failed; names of extensions, and no address."""
    entries: list[AntminerMonitorConfigEntry] = (
        hass.config_entries.async_loaded_entries(DOMAIN)
    )
    coordinators = [
        coordinator
        for entry in entries
        for coordinator in entry.runtime_data.coordinators.values()
    ]
    registry = async_registry(hass)
    return {
        "entries": len(entries),
        "sources": len(coordinators),
        "sources_failing": sum(map(_is_failing, coordinators)),
        "rigs": sum(len(coordinator.data) for coordinator in coordinators),
        "extensions": ", ".join(
            sorted(
                f"{extension.name} {extension.version or ''}".rstrip()
                for key, extension in registry.extensions.items()
                if not registry.is_builtin(key)
            )
        )
        or "-",
        "extensions_failed": ", ".join(sorted(registry.failures)) or "-",
    }


def _is_failing(coordinator: RigCoordinator) -> bool:
    """Tell whether a source was asked and is silent; one whose rigs are all off is not."""
    return coordinator.failure is not None and not (
        coordinator.fresh or coordinator.group
    )
