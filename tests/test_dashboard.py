"""What is served to browsers, and what Home Assistant is told of it.

The frontend itself is not installed for most test runs: what it does with all this is seen in ``tests/e2e``.
"""

from http import HTTPStatus
from pathlib import Path
import re

from homeassistant.components.frontend import (
    DATA_EXTRA_MODULE_URL,
    DATA_PANELS,
    UrlManager,
)
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import mock_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.antminer_monitor import dashboard
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.dashboard import (
    ENTRY,
    PANEL,
    async_frontend_path,
    async_setup_dashboard,
)

FOLDER = Path(dashboard.__file__).parent / "frontend"
IMPORT = re.compile(
    r"""^\s*(?:import|export)\b[^"']*["'](\.[^"']+)["']""", re.MULTILINE
)


@pytest.fixture
async def urls(hass: HomeAssistant) -> UrlManager:
    """Give the list of modules that the frontend would load on every page."""
    assert await async_setup_component(hass, "http", {})
    mock_component(hass, "frontend")
    manager = UrlManager(lambda change, url: None, [])
    hass.data[DATA_EXTRA_MODULE_URL] = manager
    return manager


async def test_without_a_frontend_nothing_is_registered(hass: HomeAssistant) -> None:
    """A Home Assistant may have none."""
    await async_setup_dashboard(hass)

    assert async_frontend_path(hass) is None
    assert PANEL not in hass.data.get(DATA_PANELS, {})


async def test_the_entry_module_is_loaded_on_every_page(
    hass: HomeAssistant, urls: UrlManager
) -> None:
    """Below a path with the version in it."""
    await async_setup_dashboard(hass)

    integration = await async_get_integration(hass, DOMAIN)
    (url,) = urls.urls
    assert re.fullmatch(
        rf"/{DOMAIN}/{integration.version}-[0-9a-f]{{8}}/{re.escape(ENTRY)}", url
    )
    assert url == f"{async_frontend_path(hass)}/{ENTRY}"


async def test_the_page_that_adds_the_dashboard_is_for_administrators_and_in_no_menu(
    hass: HomeAssistant, urls: UrlManager
) -> None:
    """Only a link leads to it."""
    await async_setup_dashboard(hass)

    panel = hass.data[DATA_PANELS][PANEL]
    assert panel.require_admin
    assert not panel.show_in_sidebar
    assert panel.sidebar_title is None
    assert panel.config == {
        "_panel_custom": {
            "name": PANEL,
            "embed_iframe": False,
            "trust_external": False,
            "module_url": f"{async_frontend_path(hass)}/{ENTRY}",
        }
    }


async def test_setting_up_twice_registers_once(
    hass: HomeAssistant, urls: UrlManager
) -> None:
    """Home Assistant refuses a second panel of the same name."""
    await async_setup_dashboard(hass)
    first = async_frontend_path(hass)
    await async_setup_dashboard(hass)

    assert async_frontend_path(hass) == first
    assert len(urls.urls) == 1


async def test_every_file_is_served_and_kept_by_browsers(
    hass: HomeAssistant, urls: UrlManager, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Without signing in: browsers load modules without a token."""
    await async_setup_dashboard(hass)
    client = await hass_client_no_auth()

    files = [file for file in FOLDER.rglob("*") if file.is_file()]
    assert FOLDER / ENTRY in files
    for file in files:
        response = await client.get(
            f"{async_frontend_path(hass)}/{file.relative_to(FOLDER).as_posix()}"
        )
        assert response.status == HTTPStatus.OK, file
        assert await response.read() == file.read_bytes()
        assert "max-age" in response.headers["Cache-Control"]
        if file.suffix == ".js":
            # A browser refuses a module of any other type.
            assert response.content_type == "text/javascript"


async def test_nothing_above_the_folder_is_served(
    hass: HomeAssistant, urls: UrlManager, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Anybody may ask."""
    await async_setup_dashboard(hass)
    client = await hass_client_no_auth()

    response = await client.get(f"{async_frontend_path(hass)}/%2e%2e/manifest.json")

    assert response.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)


def test_the_path_changes_with_every_file(tmp_path: Path) -> None:
    """A file that is added, changed or renamed."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "a.js").write_text("1")
    before = dashboard._digest(tmp_path)

    (tmp_path / "lib" / "b.js").write_text("1")
    added = dashboard._digest(tmp_path)
    (tmp_path / "a.js").write_text("2")
    changed = dashboard._digest(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "c.js")
    renamed = dashboard._digest(tmp_path)

    assert len({before, added, changed, renamed}) == 4


@pytest.mark.parametrize(
    "file", sorted(FOLDER.rglob("*.js")), ids=lambda file: file.name
)
def test_a_module_imports_only_files_of_ours_that_exist(file: Path) -> None:
    """And makes neither markup nor code out of text."""
    text = file.read_text()
    for target in IMPORT.findall(text):
        assert (file.parent / target).resolve().is_relative_to(FOLDER.resolve())
        assert (file.parent / target).is_file(), target
    # Neither markup made of data, nor code made of text, nor anything from elsewhere.
    assert "innerHTML" not in text
    assert "eval(" not in text
    assert not re.search(r"""(?:import|from)\s*\(?\s*["'](?:https?:|//)""", text)
