"""Diagnostics: what is needed to find a fault, and to make a test of it."""

import ipaddress
import re
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import (
    CONF_MAC,
    CONF_PASSWORD,
    CONF_SCAN_INTERVAL,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import AnyDeviceEntry

from .antminer.source import AntminerSource
from .const import (
    CONF_ENERGY_PRICE,
    CONF_HOT_BOARD,
    CONF_HOT_CHIP,
    CONF_KIND,
    CONF_LOW_HASHRATE,
    CONF_STALE_AFTER,
)
from .coordinator import RigCoordinator
from .hub import AntminerMonitorConfigEntry, async_rig_of_device
from .json_value import Json
from .registry import async_registry, extra_keys_of
from .rig_json import rig_as_dict

REDACTED = "**REDACTED**"

_SECRET_KEYS = {
    "autocreate_hash",
    "clientconf",
    CONF_MAC,
    CONF_PASSWORD,
    CONF_USERNAME,
    "macaddr",
    "miner_id",
    "pass",
    "pw",
    "pwd",
    "serial",
    "serial number",
    "serialnumber",
    "serinum",
    "sessionid",
    "sn",
    "ssh_authorized_keys",
    "token",
    "unique_id",
    "user",
    "vnc_password",
    "worker",
}
"""Keys whose values identify a person, a purse or a machine; compared without case."""

_OUR_OPTIONS = {
    CONF_SCAN_INTERVAL,
    CONF_STALE_AFTER,
    CONF_HOT_BOARD,
    CONF_HOT_CHIP,
    CONF_LOW_HASHRATE,
    CONF_ENERGY_PRICE,
}
"""Options that mean the same for every kind of entry."""

_MAC = re.compile(
    r"(?<![0-9a-f])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f])", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w)|(?<![\w.:])[0-9a-f]*+:[0-9a-f:]++(?!\w)",
    re.IGNORECASE,
)
_URL_USER = re.compile(r"(?<![^/\s])(?:[^/@\s]*+@)+")

_VERSION_KEYS = {"api", "miner", "miner_version", "version"}
"""Keys whose values look like addresses and are none: 49.0.1.3 is a board and an API."""

MAX_DEPTH = 20

MOST_WITH_RAW = 20
"""Rigs of one source whose raw replies go into the diagnostics of an entry; a rig's own always do."""


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> dict[str, Any]:
    """Give everything of an entry but its secrets."""
    hub = entry.runtime_data
    return {
        "entry": {
            "version": f"{entry.version}.{entry.minor_version}",
            "data": _entry_data(hass, entry),
            "options": _options(hass, entry),
            "polling_disabled": entry.pref_disable_polling,
        },
        "fleets": [
            {
                "rigs": fleet.data.rigs,
                "online": fleet.data.online,
                "stale": fleet.data.stale,
                "with_problem": fleet.data.with_problem,
            }
            for fleet in hub.fleets.values()
        ],
        "sources": [_source(coordinator) for coordinator in hub.coordinators.values()],
        "extensions": _extensions(hass),
    }


def _entry_data(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry
) -> dict[str, Any]:
    if _is_ours(hass, entry):
        return async_redact_data(dict(entry.data), _SECRET_KEYS)
    return dict.fromkeys(entry.data, REDACTED) | {CONF_KIND: entry.data.get(CONF_KIND)}


def _options(hass: HomeAssistant, entry: AntminerMonitorConfigEntry) -> dict[str, Any]:
    if _is_ours(hass, entry):
        return dict(entry.options)
    return {
        key: value if key in _OUR_OPTIONS else REDACTED
        for key, value in entry.options.items()
    }


def _is_ours(hass: HomeAssistant, entry: AntminerMonitorConfigEntry) -> bool:
    """Tell whether it is known here under which key an entry keeps what."""
    registry = async_registry(hass)
    return registry.is_builtin(registry.owner_of(entry.data.get(CONF_KIND, "")) or "")


def _settings(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry, subentry: ConfigSubentry
) -> dict[str, Any]:
    redacted: dict[str, Any] = redact(dict(subentry.data))
    if _is_ours(hass, entry):
        return redacted
    return dict.fromkeys(subentry.data, REDACTED)


def _extensions(hass: HomeAssistant) -> dict[str, Any]:
    registry = async_registry(hass)
    return {
        "known": {
            key: {
                "name": extension.name,
                "version": extension.version,
                "built_in": registry.is_builtin(key),
                "dialects": [dialect.name for dialect in extension.dialects],
                "kinds": [kind.kind for kind in extension.kinds],
                "models": [name for name, _ in extension.models],
                "services": [service.name for service in extension.services],
                "sensors": extra_keys_of(key, extension),
            }
            for key, extension in registry.extensions.items()
        },
        "failures": {
            key: [
                {
                    "at": failure.at,
                    "what": redact(failure.what),
                    "error": redact(failure.error),
                }
                for failure in failures
            ]
            for key, failures in registry.failures.items()
        },
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: AntminerMonitorConfigEntry, device: AnyDeviceEntry
) -> dict[str, Any]:
    """Give everything of one rig but its secrets; of a device with totals, all of the entry."""
    rig_id = async_rig_of_device(entry, device)
    coordinator = entry.runtime_data.coordinator_of(rig_id) if rig_id else None
    if coordinator is None:
        return await async_get_config_entry_diagnostics(hass, entry)
    return _source(coordinator, rig_id)


def _source(coordinator: RigCoordinator, rig_id: str | None = None) -> dict[str, Any]:
    entry = coordinator.config_entry
    subentry = entry.subentries.get(coordinator.origin.subentry_id or "")
    few = len(coordinator.data) <= MOST_WITH_RAW
    failure = coordinator.last_failure
    source = coordinator.source
    return {
        "settings": _settings(coordinator.hass, entry, subentry) if subentry else {},
        "polling": {
            "interval": coordinator.pacing.interval.total_seconds(),
            "stale_after": coordinator.pacing.stale_after.total_seconds(),
            "phase": round(coordinator.pacing.phase, 3),
            "last_failure": {
                "at": failure.at.isoformat(),
                "error": redact(failure.error),
            }
            if failure
            else None,
        },
        "exchanges": [
            {
                "command": exchange.command,
                "seconds": round(exchange.seconds, 3),
                "size": exchange.size,
                "error": redact(exchange.error),
            }
            for exchange in source.exchanges
        ]
        if isinstance(source, AntminerSource)
        else [],
        "rigs": [
            {
                "stale": coordinator.is_stale(rig.id),
                "snapshot": redact(rig_as_dict(rig)),
                "raw": redact(dict(rig.raw)) if rig_id or few else None,
            }
            for rig in coordinator.data.values()
            if rig_id in (None, rig.id)
        ],
    }


def redact(value: Json | dict[str, Any], depth: int = MAX_DEPTH) -> Any:
    """Take out names of users, serials, MACs, public addresses and whoever stands in a URL.

    Addresses of a local network stay: they tell which miner it is and nothing to outsiders.
    """
    if depth == 0:
        return REDACTED
    match value:
        case dict():
            return {
                key: _redact_member(key, item, depth) for key, item in value.items()
            }
        case list():
            return [redact(item, depth - 1) for item in value]
        case str():
            text = _URL_USER.sub(f"{REDACTED}@", _MAC.sub(REDACTED, value))
            return _ADDRESS.sub(_without_public_address, text)
    return value


def _redact_member(key: str, item: Any, depth: int) -> Any:
    name = key.lower()
    if item and name in _SECRET_KEYS:
        return REDACTED
    if name in _VERSION_KEYS and isinstance(item, str):
        return _MAC.sub(REDACTED, item)
    return redact(item, depth - 1)


def _without_public_address(match: re.Match[str]) -> str:
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return match[0]
    return match[0] if address.is_private else REDACTED
