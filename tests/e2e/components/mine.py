"""A small mine, as Home Assistant's registries and states tell of it."""

from collections.abc import Iterable

DEVICES = {
    "site": {"id": "site", "name": "Site", "via_device_id": None},
    "account": {"id": "account", "name": "Account", "via_device_id": None},
    "farm": {"id": "farm", "name": "North hall", "via_device_id": "account"},
    "rig10": {"id": "rig10", "name": "Rig 10", "via_device_id": "site"},
    "rig2": {
        "id": "rig2",
        "name": "Rig",
        "name_by_user": "Rig 2",
        "via_device_id": "site",
    },
    "gpu": {"id": "gpu", "name": "GPU 1", "parent_device_id": "rig10"},
    "lamp": {"id": "lamp", "name": "Lamp"},
}

RIG = (
    "binary_sensor.stale",
    "binary_sensor.overheating",
    "sensor.hashrate",
    "sensor.power",
    "sensor.efficiency",
    "sensor.status",
    "sensor.pool",
    "sensor.chips_faulty",
    "button.reboot",
    "switch.mining",
    "select.pool",
    "event.event",
)
FLEET = (
    "sensor.rigs",
    "sensor.rigs_stale",
    "sensor.rigs_with_problem",
    "sensor.total_hashrate",
    "sensor.total_power",
    "sensor.total_energy",
    "sensor.efficiency",
    "event.fleet_event",
)
ENTITIES = {
    "site": FLEET,
    "farm": FLEET,
    "account": ("binary_sensor.maintenance",),
    "rig10": RIG,
    "rig2": RIG,
    "gpu": ("sensor.core_temperature",),
}

Hass = dict[str, object]


def entity_id(device: str, key: str) -> str:
    """Return the id of an entity of the mine."""
    domain, name = key.split(".")
    return f"{domain}.{device}_{name}"


def mine(
    devices: Iterable[str] = tuple(ENTITIES),
    *,
    hidden: Iterable[str] = (),
    unreadable: Iterable[str] = (),
    admin: bool = True,
) -> Hass:
    """Return what the frontend would know of these devices.

    Entities that are ``unreadable`` are registered, and their states are kept from the user.
    """
    entities: dict[str, object] = {
        "light.lamp": {
            "entity_id": "light.lamp",
            "platform": "hue",
            "translation_key": "stale",
            "device_id": "lamp",
        }
    }
    states: dict[str, object] = {"light.lamp": {"state": "on", "attributes": {}}}
    for device in devices:
        for key in ENTITIES[device]:
            found = entity_id(device, key)
            entities[found] = {
                "entity_id": found,
                "platform": "antminer_monitor",
                "translation_key": key.split(".")[1],
                "device_id": device,
                "hidden": found in hidden,
            }
            if found not in unreadable:
                states[found] = {
                    "entity_id": found,
                    "state": "1",
                    "attributes": {"unit_of_measurement": "J/TH"}
                    if key == "sensor.efficiency"
                    else {},
                }
    return {
        "entities": entities,
        "states": states,
        "devices": DEVICES,
        "user": {"id": "u1", "name": "Anna", "is_admin": admin},
    }
