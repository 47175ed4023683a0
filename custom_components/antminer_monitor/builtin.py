"""The extensions that come with the integration: it does nothing but what extensions may do."""

from typing import Final

from homeassistant.core import HomeAssistant, callback

from .antminer.book import ANTMINER_DIALECTS
from .const import KIND_HIVEOS, KIND_PACKS, KIND_SITE, SUBENTRY_MINER, SUBENTRY_PACK
from .extension import API_VERSION, Extension, SourceKind
from .hive_account import HiveAccount
from .hive_flow import HiveFlow, HiveOptionsFlow
from .miner_flow import MinerSubentryFlow
from .pack_flow import PackFlow, PackSubentryFlow
from .pack_hub import PackShelf
from .registry import async_registry
from .service_commands import HIVEOS_SERVICES
from .site import Site
from .site_flow import SiteFlow, SiteOptionsFlow

ANTMINER: Final = "antminer"
HIVEOS: Final = "hiveos"
PACKS: Final = "packs"

EXTENSIONS = {
    ANTMINER: Extension(
        api_version=API_VERSION,
        name="Antminers",
        dialects=ANTMINER_DIALECTS,
        kinds=(
            SourceKind(
                kind=KIND_SITE,
                name="Antminers in your network",
                hub=Site,
                flow=SiteFlow,
                options_flow=SiteOptionsFlow,
                subentry_flows={SUBENTRY_MINER: MinerSubentryFlow},
            ),
        ),
    ),
    HIVEOS: Extension(
        api_version=API_VERSION,
        name="HiveOS",
        kinds=(
            SourceKind(
                kind=KIND_HIVEOS,
                name="HiveOS account",
                hub=HiveAccount,
                flow=HiveFlow,
                options_flow=HiveOptionsFlow,
            ),
        ),
        services=HIVEOS_SERVICES,
    ),
    PACKS: Extension(
        api_version=API_VERSION,
        name="Extension packs",
        kinds=(
            SourceKind(
                kind=KIND_PACKS,
                name="Extension packs",
                hub=PackShelf,
                flow=PackFlow,
                subentry_flows={SUBENTRY_PACK: PackSubentryFlow},
            ),
        ),
    ),
}


@callback
def async_add_builtin(hass: HomeAssistant) -> None:
    """Add them, unless they are there."""
    registry = async_registry(hass)
    for key, extension in EXTENSIONS.items():
        if key not in registry.extensions:
            registry.async_add(key, extension, is_builtin=True)
