"""The devices of the fleet, of rigs, and of the parts of a rig."""

import re

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.typing import UNDEFINED, UndefinedType

from .const import DOMAIN
from .coordinator import RigCoordinator
from .rig import Firmware, Gpu, Rig

_PART = re.compile(r"_(?:board|gpu)_\d+\Z")
"""What ``part_device_info`` puts behind the id of the rig."""


def rig_id_of(identifier: str) -> str:
    """Give the id of the rig that the device with this identifier is, or is a part of."""
    return _PART.sub("", identifier)


@callback
def async_register_fleet(
    hass: HomeAssistant,
    entry: ConfigEntry,
    device_id: str,
    name: str,
    *,
    model: str,
    url: str | None = None,
) -> None:
    """Make a device that carries totals: of the entry itself, or of a part reached through it."""
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, device_id)},
        name=name,
        model=model,
        entry_type=dr.DeviceEntryType.SERVICE,
        configuration_url=url,
        via_device_id=None
        if device_id == entry.entry_id
        else dr.async_get_device_id_by_identifier(
            hass, (DOMAIN, entry.entry_id), config_entry_id=entry.entry_id
        ),
    )


@callback
def async_register_rig(coordinator: RigCoordinator, rig_id: str) -> None:
    """Make a rig's device, or bring it up to date with what the rig says of itself.

    What a rig no longer says (the web password was lost, say) stays as it was.
    """
    entry = coordinator.config_entry
    rig = coordinator.data.get(rig_id)
    mac = rig.mac if rig else None
    origin = coordinator.origin
    manufacturer = (rig.manufacturer if rig else None) or origin.manufacturer
    dr.async_get(coordinator.hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        config_subentry_id=origin.subentry_id,
        identifiers={(DOMAIN, rig_id)},
        connections={(dr.CONNECTION_NETWORK_MAC, mac)} if mac else set(),
        manufacturer=_or_undefined(manufacturer),
        name=coordinator.name
        if origin.subentry_id
        else (rig.name if rig else None) or rig_id,
        via_device_id=dr.async_get_device_id_by_identifier(
            coordinator.hass,
            (DOMAIN, origin.device_id),
            config_entry_id=entry.entry_id,
        ),
        model=_or_undefined(rig.model if rig else None),
        serial_number=_or_undefined(rig.serial if rig else None),
        sw_version=_or_undefined(_firmware_text(rig.firmware) if rig else None),
        configuration_url=_or_undefined(origin.url(rig_id, rig) if rig else None),
    )


def rig_device_info(rig_id: str) -> DeviceInfo:
    """Point at a rig's device, which is registered before its entities are."""
    return DeviceInfo(identifiers={(DOMAIN, rig_id)})


def fleet_device_info(device_id: str) -> DeviceInfo:
    """Point at a device that carries totals."""
    return DeviceInfo(identifiers={(DOMAIN, device_id)})


def part_device_info(
    coordinator: RigCoordinator, rig_id: str, kind: str, index: int
) -> ChildDeviceInfo:
    """Describe a hashboard or a GPU, a child of its rig's device."""
    name = _gpu_name(coordinator.data.get(rig_id), index) if kind == "gpu" else None
    return ChildDeviceInfo(
        identifiers={(DOMAIN, f"{rig_id}_{kind}_{index}")},
        parent_device_id=dr.async_get_device_id_by_identifier(
            coordinator.hass,
            (DOMAIN, rig_id),
            config_entry_id=coordinator.config_entry.entry_id,
        ),
        translation_key="gpu_named" if name else kind,
        translation_placeholders={"index": str(index), "name": name or ""},
    )


def _gpu_name(rig: Rig | None, index: int) -> str | None:
    gpus: tuple[Gpu, ...] = rig.gpus if rig else ()
    return next((gpu.name for gpu in gpus if gpu.index == index), None)


def web_page_of(rig: Rig) -> str | None:
    """Give the address of a rig's own web page."""
    return f"http://{_url_host(rig.ip)}" if rig.ip else None


def _or_undefined(value: str | None) -> str | UndefinedType:
    return UNDEFINED if value is None else value


def _firmware_text(firmware: Firmware | None) -> str | None:
    if firmware is None:
        return None
    return (
        f"{firmware.family} {firmware.version}" if firmware.version else firmware.family
    )


def _url_host(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip
