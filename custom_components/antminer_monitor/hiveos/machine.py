"""What a worker is, apart from what it mines: its model, firmware, addresses, and the computer in it."""

from collections.abc import Mapping
from typing import Final

from ..json_value import Json
from ..rig import Firmware, Host
from .values import (
    ip_address,
    list_of,
    mac_address,
    number,
    object_of,
    temperature,
    text,
)

MIB: Final = 1024.0 * 1024.0


def read_host(stats: Mapping[str, Json]) -> Host | None:
    """Read what is told of the computer; ``None`` where nothing is."""
    if not stats:
        return None
    load = list_of(stats.get("cpuavg"))
    memory = object_of(stats.get("memory"))
    free = number(memory.get("free"))
    temperatures = [
        degrees
        for item in list_of(stats.get("cputemp"))
        if (degrees := temperature(item)) is not None
    ]
    return Host(
        load=number(load[0]) if load else None,
        cpu_temperature=max(temperatures, default=None),
        memory_free=None if free is None else free * MIB,
    )


def read_model(
    worker: Mapping[str, Json], asic: Mapping[str, Json], *, is_asic: bool
) -> str | None:
    """Give the model of an ASIC, or the mainboard of a rig with cards."""
    if is_asic:
        return text(asic.get("model"), 100) or text(asic.get("short_name"), 100)
    hardware = object_of(worker.get("hardware_info"))
    return text(object_of(hardware.get("motherboard")).get("model"), 100) or "GPU rig"


def read_firmware(
    worker: Mapping[str, Json], asic: Mapping[str, Json], *, is_asic: bool
) -> Firmware | None:
    """Give what runs on it, where it is told."""
    version = text(object_of(worker.get("versions")).get("hive"), 100)
    if not is_asic:
        return Firmware(family="hiveos", version=version)
    if not asic:
        return None
    return Firmware(
        family="hiveon" if asic.get("hiveon") is True else "stock",
        version=text(asic.get("firmware"), 100) or version,
    )


def read_mac(worker: Mapping[str, Json]) -> str | None:
    """Give the first MAC address of its network interfaces."""
    hardware = object_of(worker.get("hardware_info"))
    for interface in list_of(hardware.get("net_interfaces"))[:16]:
        told = text(object_of(interface).get("mac"), 50)
        if told and (mac := mac_address(told)):
            return mac
    return None


def read_ip(worker: Mapping[str, Json]) -> str | None:
    """Give its first IP address."""
    for address in list_of(worker.get("ip_addresses"))[:16]:
        told = text(address, 50)
        if told and (ip := ip_address(told)):
            return ip
    return None
