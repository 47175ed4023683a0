"""Makes the source of one Antminer with what Home Assistant lends it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .antminer.book import Book
from .antminer.control.controller import Memo
from .antminer.extras import DEFAULT_PORT as EXTRAS_PORT
from .antminer.source import AntminerSource
from .antminer.web import Credentials

WEB_PORT = 80

UNNAMED = "candidate"
"""Id of a rig that is looked at before it is added."""

DEFAULT_USERNAME = "root"
"""Of the stock web interface."""


def credentials_of(data: Mapping[str, Any]) -> Credentials | None:
    """Give the web credentials that an entry's or subentry's data hold, if they hold any."""
    if not data.get(CONF_PASSWORD):
        return None
    return Credentials(data.get(CONF_USERNAME) or DEFAULT_USERNAME, data[CONF_PASSWORD])


@callback
def async_make_source(
    hass: HomeAssistant,
    host: str,
    port: int,
    *,
    timeout: float,
    credentials: Credentials | None,
    rig_id: str = UNNAMED,
    mac: str | None = None,
    web_port: int | None = None,
    memo: Memo | None = None,
    book: Book | None = None,
) -> AntminerSource:
    """Make the source of the miner at an address, on Home Assistant's own web session."""
    return AntminerSource(
        rig_id,
        host,
        port,
        session=async_get_clientsession(hass),
        credentials=credentials,
        timeout=timeout,
        mac=mac,
        web_port=WEB_PORT if web_port is None else web_port,
        extras_port=EXTRAS_PORT,
        memo=memo,
        book=book,
    )
