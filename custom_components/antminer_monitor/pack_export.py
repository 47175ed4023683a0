"""The download of a pack that is installed: ``GET /api/antminer_monitor/packs/{pack_id}``."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .pack_hub import async_installed_packs, files_of
from .packs.archive import pack_zip
from .packs.errors import PackError

LINK_LIFETIME: Final = timedelta(minutes=5)

_REGISTERED: HassKey[bool] = HassKey(f"{DOMAIN}_pack_view")


class PackDownloadView(HomeAssistantView):
    """Gives a pack as a zip, to administrators."""

    url = f"/api/{DOMAIN}/packs/{{pack_id}}"
    name = f"api:{DOMAIN}:packs:pack"

    async def get(self, request: web.Request, pack_id: str) -> web.Response:
        """Give the zip of a pack that is installed, whether it is on or off."""
        if not request[KEY_HASS_USER].is_admin:
            raise Unauthorized
        hass = request.app[KEY_HASS]
        subentry = async_installed_packs(hass).get(pack_id)
        if subentry is None:
            return self.json_message("No such pack", HTTPStatus.NOT_FOUND)
        try:
            body = await hass.async_add_executor_job(pack_zip, files_of(subentry))
        except PackError as err:
            return self.json_message(str(err), HTTPStatus.CONFLICT)
        return web.Response(
            body=body,
            content_type="application/zip",
            headers={
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="{pack_id}.zip"',
                hdrs.CACHE_CONTROL: "no-store",
            },
        )


@callback
def async_setup_pack_export(hass: HomeAssistant) -> None:
    """Offer the download, once."""
    if not hass.data.get(_REGISTERED):
        hass.data[_REGISTERED] = True
        hass.http.register_view(PackDownloadView)


@callback
def async_pack_link(hass: HomeAssistant, pack_id: str) -> str:
    """Give a path that the user of this request may download a pack from, for five minutes."""
    return async_sign_path(
        hass, PackDownloadView.url.format(pack_id=pack_id), LINK_LIFETIME
    )
