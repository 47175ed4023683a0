"""Tells scripts/soak what is open within Home Assistant: nothing that a user would have."""

import asyncio
from collections import Counter
import gc
import threading
from typing import Any

from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import (
    require_admin,
    websocket_command,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.typing import ConfigType
import probatio

MOST_NAMES = 40


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Take the one command."""
    async_register_command(hass, tell)
    return True


@callback
@require_admin
@websocket_command({probatio.Required("type"): "soak_counts"})
def tell(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Count tasks, by the first words of their names, and threads; what is garbage goes first."""
    gc.collect()
    tasks = asyncio.all_tasks(hass.loop)
    names = Counter(" ".join(task.get_name().split()[:3]) for task in tasks)
    connection.send_result(
        msg["id"],
        {
            "tasks": len(tasks),
            "threads": threading.active_count(),
            "names": dict(names.most_common(MOST_NAMES)),
        },
    )
