"""Automations for tests: set up as a person's are, and what they tell is kept."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.setup import async_setup_component

type Config = Mapping[str, Any]


class Told(list[dict[str, Any]]):
    """What automations told, in order: the data of every call of the action ``test.tell``."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin to listen."""
        super().__init__()

        @callback
        def keep(call: ServiceCall) -> None:
            self.append(dict(call.data))

        hass.services.async_register("test", "tell", keep)

    def take(self) -> list[dict[str, Any]]:
        """Give what was told since the last time."""
        taken = list(self)
        self.clear()
        return taken


async def automate(hass: HomeAssistant, *automations: Config) -> None:
    """Set up automations, all that there are."""
    assert await async_setup_component(
        hass, "automation", {"automation": list(automations)}
    )
    await hass.async_block_till_done()


def telling(*triggers: Config, conditions: tuple[Config, ...] = ()) -> Config:
    """Give an automation that tells what triggered it."""
    return {
        "alias": "Tell",
        "triggers": list(triggers),
        "conditions": list(conditions),
        "actions": [
            {
                "action": "test.tell",
                "data": {
                    key: f"{{{{ trigger.{key} }}}}"
                    for key in (
                        "name",
                        "device_id",
                        "entity_id",
                        "rig_id",
                        "old",
                        "new",
                    )
                },
            }
        ],
        "mode": "queued",
        "max": 100,
    }
