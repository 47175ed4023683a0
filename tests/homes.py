"""Homes with automations that are made of blueprints, in which time passes as a test says."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.antminer_monitor.const import DOMAIN

from .automations import Told, automate
from .farms import Farm, device_of

BLUEPRINTS = Path(__file__).parent.parent / "blueprints" / "automation" / DOMAIN
STEP = 30.0
"""Seconds that pass at once, where little passes; a minute where hours do."""
TURNS = 40
"""Turns of the event loop in which everything ends that needs no time to pass."""
REAL_TURNS = 400
"""The same where bytes go over the network."""

TELL = [
    {
        "action": "test.tell",
        "data": {"title": "{{ title }}", "message": "{{ message }}"},
    }
]


def blueprint(name: str) -> Blueprint:
    """Take a blueprint from its file as Home Assistant does."""
    data = parse_yaml((BLUEPRINTS / f"{name}.yaml").read_text())
    assert isinstance(data, dict)
    return Blueprint(
        data,
        path=f"{DOMAIN}/{name}.yaml",
        expected_domain="automation",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )


class Home:
    """A home with farms, and an automation."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        entry: MockConfigEntry,
        *farms: Farm,
    ) -> None:
        """Keep what there is."""
        self.hass = hass
        self.freezer = freezer
        self.entry = entry
        self.farms = farms
        self.told = Told(hass)
        # Hours pass in small steps: the traces that are kept for each would take most of the time.
        hass.loop.set_debug(False)

    def device(self, identifier: str) -> str:
        """Give the id of the device of a rig, a farm or the account."""
        return device_of(self.hass, self.entry, identifier)

    async def automate(self, name: str, inputs: Mapping[str, Any]) -> None:
        """Make an automation of a blueprint, that tells by the action of the tests."""
        made = blueprint(name)
        await async_get_blueprints(self.hass).async_add_blueprint(
            made, f"{DOMAIN}/{name}.yaml", allow_override=True
        )
        given = {"tell": TELL, **inputs} if "tell" in made.inputs else dict(inputs)
        await automate(
            self.hass,
            {
                "alias": name,
                "id": name,
                "use_blueprint": {"path": f"{DOMAIN}/{name}.yaml", "input": given},
            },
        )
        state = self.hass.states.get(f"automation.{name}")
        assert state
        assert state.state == "on"

    async def go(self, seconds: float = 0.0) -> None:
        """Let time pass; every farm is read all the while."""
        most = STEP if seconds < 3600 else 60.0
        while True:
            step = min(most, seconds)
            self.freezer.tick(step)
            async_fire_time_changed(self.hass)
            await self.read()
            seconds -= step
            if seconds <= 0:
                return

    async def elapse(self, seconds: float) -> None:
        """Let time pass in which simulated miners are read when their time has come."""
        self.freezer.tick(seconds)
        async_fire_time_changed(self.hass)
        for _ in range(REAL_TURNS):
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """End the automations."""
        await self.hass.services.async_call(
            "automation", "turn_off", {"entity_id": "all"}, blocking=True
        )

    async def read(self) -> None:
        """Read every farm, and let happen what follows."""
        for coordinator in self.entry.runtime_data.coordinators.values():
            await coordinator.async_refresh()
        await breathe()

    def change(self, *rig_ids: str, **changes: Any) -> None:
        """Let something of rigs be different from now on."""
        for rig_id in rig_ids:
            (farm,) = (farm for farm in self.farms if rig_id in farm.rigs)
            farm.change(rig_id, **changes)

    def orders(self) -> list[tuple[str, str | None, tuple[str, ...]]]:
        """Give what the farms were told since the last time: action, value, rigs."""
        found = [item for farm in self.farms for item in farm.told]
        for farm in self.farms:
            farm.source.told.clear()
        return found


async def breathe() -> None:
    """Let happen what needs no time to pass; a script that waits is not waited for."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
