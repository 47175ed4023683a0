"""What the forms of a HiveOS account show and take: fields, words, the farms to choose from."""

from collections.abc import Iterable, Mapping
import math
import re
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from .const import (
    CONF_ALLOW_EXEC,
    CONF_FARMS_OFF,
    CONF_KIND,
    CONF_STALE_AFTER,
    DEFAULT_HIVE_INTERVAL,
    DOMAIN,
    KIND_HIVEOS,
    MAX_HIVE_INTERVAL,
    MAX_STALE_AFTER,
    MIN_HIVE_INTERVAL,
)
from .form_fields import PASSWORD, seconds, ticks
from .hiveos.client import DEFAULT_URL, HiveClient
from .hiveos.errors import BackOffError, BusyError, ServerError
from .hiveos.models import Account, Farm
from .hiveos.source import farm_device_id
from .limits_flow import LIMITS_SCHEMA
from .markdown import plain
from .source import (
    ForbiddenError,
    InvalidCredentialsError,
    SourceError,
    SourceTimeoutError,
    SourceUnreachableError,
)

CONF_ADVANCED: Final = "advanced"
CONF_FARMS: Final = "farms"

URL = TextSelector(TextSelectorConfig(type=TextSelectorType.URL, autocomplete="off"))
TOKEN_SCHEMA = probatio.Schema(
    {probatio.Required(probatio.Secret(CONF_TOKEN)): PASSWORD}
)
ACCOUNT_SCHEMA = TOKEN_SCHEMA.extend(
    {
        probatio.Required(CONF_ADVANCED): section(
            probatio.Schema({probatio.Required(CONF_URL, default=DEFAULT_URL): URL}),
            {"collapsed": True},
        )
    }
)
CHANGING_SCHEMA = probatio.Schema(
    {
        probatio.Optional(probatio.Secret(CONF_TOKEN)): PASSWORD,
        probatio.Required(CONF_URL, default=DEFAULT_URL): URL,
    }
)
OPTIONS_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_SCAN_INTERVAL, default=DEFAULT_HIVE_INTERVAL): seconds(
            MIN_HIVE_INTERVAL, MAX_HIVE_INTERVAL
        ),
        probatio.Optional(CONF_STALE_AFTER): seconds(
            MIN_HIVE_INTERVAL, MAX_STALE_AFTER
        ),
        probatio.Required(CONF_ALLOW_EXEC, default=False): BooleanSelector(),
    }
).extend(LIMITS_SCHEMA.schema)

HEADER = re.compile(r"^\s*(authorization:)?\s*bearer\s", re.IGNORECASE)
"""What stands before a token in examples."""
SIGN_IN_TIMEOUT = 15.0
"""Seconds for one request while a person waits."""
BUSY_WAIT = 60.0
"""Seconds to wait where a service that has too much to do does not say how long."""


def clean_token(pasted: str) -> str:
    """Give the token of what was pasted: as a whole header, or broken over lines."""
    return "".join(HEADER.sub("", pasted).split())


def hive_error_key(error: SourceError) -> str:
    """Give the key of the words for a call that failed."""
    match error:
        case InvalidCredentialsError():
            return "invalid_token"
        case ForbiddenError():
            return f"forbidden_{error.refusal}"
        case BusyError():
            return "hiveos_busy"
        case ServerError():
            return "hiveos_error"
        case SourceTimeoutError():
            return "hiveos_timeout"
        case SourceUnreachableError():
            return "hiveos_unreachable"
    return "not_hiveos"


def wait_words(error: SourceError) -> dict[str, str]:
    """Give the value of the words that say when to try again."""
    after = error.retry_after if isinstance(error, BackOffError) else None
    return {"wait": str(math.ceil(after or BUSY_WAIT))}


def unique_id_of(account: Account) -> str:
    """Give the unique id of the entry of an account."""
    return f"{KIND_HIVEOS}_{account.user_id}"


def _label(farm: Farm) -> str:
    """Give a line for a list to choose from: name, number of rigs, role when shared."""
    parts = [farm.name]
    if farm.workers_count is not None:
        parts.append(f"{farm.workers_count} rig{'s' * (farm.workers_count != 1)}")
    if farm.role:
        parts.append(farm.role)
    return " · ".join(parts)


def farms_schema(farms: Iterable[Farm], ticked: list[str]) -> probatio.Schema:
    """Give the field of the farms that are followed; ``ticked`` are ids."""
    return probatio.Schema(
        {
            probatio.Required(CONF_FARMS, default=ticked): ticks(
                (farm.id, _label(farm)) for farm in farms
            )
        }
    )


def client_of(hass: HomeAssistant, token: str, url: str) -> HiveClient:
    """Give a client for while a person waits."""
    return HiveClient(
        async_get_clientsession(hass), token, url, timeout=SIGN_IN_TIMEOUT
    )


@callback
def async_followed_farms(
    hass: HomeAssistant, farms: Iterable[Farm], *, besides: ConfigEntry | None = None
) -> dict[str, ConfigEntry]:
    """Give those of these farms, by id, that an account follows, ``besides`` this one.

    An account that is off for now counts: with a farm in two of them, both would bring
    the same entities once it is on again.
    """
    devices = dr.async_get(hass)
    return {
        farm.id: entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if entry is not besides and entry.data.get(CONF_KIND) == KIND_HIVEOS
        for farm in farms
        if farm.id not in entry.options.get(CONF_FARMS_OFF, ())
        and devices.async_get_device_by_identifier(
            (DOMAIN, farm_device_id(farm.id)), entry.entry_id
        )
    }


def taken_words(
    farms: Iterable[Farm], followed: Mapping[str, ConfigEntry]
) -> dict[str, str]:
    """Give the values of the words about farms that are not offered."""
    return {
        "taken_count": str(len(followed)),
        "taken": "\n".join(
            f"- {plain(farm.name)} ({plain(followed[farm.id].title)})"
            for farm in farms
            if farm.id in followed
        ),
    }
