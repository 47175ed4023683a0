"""Teaches Antminer Monitor to read and to find Canaan's AvalonMiner 1246.

Copy this folder to ``config/custom_components/avalon_rigs``, write ``avalon_rigs:`` into
``configuration.yaml`` and restart Home Assistant. There is nothing to set: AvalonMiners are
added where Antminers are, and Antminer Monitor finds ``antminer_monitor.py`` by its name.
"""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

DOMAIN: Final = "avalon_rigs"

CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up: there is nothing to do."""
    return True
