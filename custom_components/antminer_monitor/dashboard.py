"""Serves the frontend modules: the cards, the dashboard strategy, and the page that adds it to the sidebar."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components import frontend
from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]  # public, but not exported in words
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_integration
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

ENTRY: Final = "antminer-monitor.js"
"""The module that defines all elements."""

PANEL: Final = "antminer-monitor-dashboard"
"""The page that adds the dashboard when it is opened; in no menu. Also its element."""

_FOLDER: Final = Path(__file__).parent / "frontend"
_REGISTERED: HassKey[str] = HassKey(f"{DOMAIN}_frontend")


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Serve the modules, and have every page of Home Assistant load them. Once, however often it is called.

    Does nothing in a Home Assistant without a frontend.
    """
    if "frontend" not in hass.config.components or _REGISTERED in hass.data:
        return
    hass.data[_REGISTERED] = ""
    integration = await async_get_integration(hass, DOMAIN)
    digest = await hass.async_add_executor_job(_digest, _FOLDER)
    # Browsers keep what is below this path for a month: it changes with every file.
    path = f"/{DOMAIN}/{integration.version}-{digest}"
    hass.data[_REGISTERED] = path
    await hass.http.async_register_static_paths(
        [StaticPathConfig(path, str(_FOLDER), cache_headers=True)]
    )
    frontend.add_extra_js_url(hass, f"{path}/{ENTRY}")
    frontend.async_register_built_in_panel(
        hass,
        component_name="custom",
        frontend_url_path=PANEL,
        config={
            "_panel_custom": {
                "name": PANEL,
                "embed_iframe": False,
                "trust_external": False,
                "module_url": f"{path}/{ENTRY}",
            }
        },
        require_admin=True,
        show_in_sidebar=False,
    )


@callback
def async_frontend_path(hass: HomeAssistant) -> str | None:
    """Give the path that the modules are served at; None while they are not."""
    return hass.data.get(_REGISTERED) or None


def _digest(folder: Path) -> str:
    """Give eight characters that change whenever a file of the folder does."""
    found = sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            found.update(file.relative_to(folder).as_posix().encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:8]
