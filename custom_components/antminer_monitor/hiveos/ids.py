"""How farms and workers are called outside: by words that no other source uses."""

_PREFIX = "hive"


def farm_device_id(farm_id: str) -> str:
    """Give the id of a farm's device and group."""
    return f"{_PREFIX}-{farm_id}"


def rig_id(farm_id: str, worker_id: str) -> str:
    """Give the id of the rig that a worker of a farm is."""
    return f"{_PREFIX}-{farm_id}-{worker_id}"


def split_rig_id(rig_id: str) -> tuple[str, str]:
    """Give farm id and worker id of a rig's id.

    Raises ValueError when it is no id that ``rig_id`` gave.
    """
    match rig_id.split("-"):
        case [prefix, farm_id, worker_id] if (
            prefix == _PREFIX and farm_id.isdecimal() and worker_id.isdecimal()
        ):
            return farm_id, worker_id
    raise ValueError("not the id of a HiveOS worker")
