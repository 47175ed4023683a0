"""Home Assistant on a configuration folder of its own, with real files, beside rigs that are always the same."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import re
from typing import Any

from homeassistant import bootstrap
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    category_registry as cr,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    frame,
    issue_registry as ir,
    label_registry as lr,
    restore_state as rs,
)
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.antminer_monitor.const import DOMAIN
from simulator.hive import FarmPlan, HiveService

from ..common import FarmMaker, Miners

FIXTURES = Path(__file__).parent
"""With a folder for each release; a file in it is one of Home Assistant's folder ``.storage``."""

PROFILES = ("luxos", "s9", "s19pro_2022")
"""The miners that every release is kept with: what is kept needs them for ever."""

OURS = re.compile(
    rf"core\.(config_entries|device_registry|entity_registry|restore_state)$|{DOMAIN}\."
)
"""The files that hold something of the integration."""

MINER_PORT, HIVE_PORT = 64028, 64080
"""Stand for the ports, which differ with each run; no simulated rig has them."""


def hive_service() -> HiveService:
    """Make the HiveOS that every release is kept with; it is started by entering it."""
    plans = [
        FarmPlan(name="North hall", gpu_rigs=1, cards=2),
        FarmPlan(name="Container 2", asics=1),
    ]
    return HiveService(farms=plans, clock=lambda: dt_util.utcnow().timestamp())


class World:
    """The rigs around a Home Assistant."""

    def __init__(self, miners: Miners, hive: HiveService) -> None:
        """Keep them."""
        self.miners = miners
        self.hive = hive
        self._ports = {MINER_PORT: miners.port, HIVE_PORT: hive.port}

    def keep(self, folder: Path, target: Path) -> None:
        """Keep what Home Assistant stored of the integration."""
        target.mkdir()
        for path in sorted(storage_of(folder).iterdir()):
            if OURS.match(path.name):
                content = json.loads(path.read_text())
                text = json.dumps(content, separators=(",", ":"))
                for stand_in, port in self._ports.items():
                    text = _replace(text, port, stand_in)
                (target / f"{path.name}.json").write_text(f"{text}\n")

    def restore(self, kept: Path, folder: Path) -> None:
        """Make a configuration folder of what was kept."""
        storage_of(folder).mkdir()
        for path in kept.glob("*.json"):
            text = path.read_text()
            for stand_in, port in self._ports.items():
                text = _replace(text, stand_in, port)
            (storage_of(folder) / path.stem).write_text(text)


@asynccontextmanager
async def make_world(farm: FarmMaker) -> AsyncGenerator[World]:
    """Start the rigs."""
    async with hive_service() as hive:
        yield World(await farm(*PROFILES), hive)


@asynccontextmanager
async def home(folder: Path) -> AsyncGenerator[HomeAssistant]:
    """Start Home Assistant from a folder, and stop it, so that it writes what it has to write."""
    async with async_test_home_assistant(
        load_registries=False, config_dir=str(folder)
    ) as hass:
        hass.data.pop(DATA_CUSTOM_COMPONENTS)
        frame.async_setup(hass)
        dr.async_setup(hass)
        for registry in (ar, cr, dr, er, fr, ir, lr, rs):
            await registry.async_load(hass)
        hass.data[bootstrap.DATA_REGISTRIES_LOADED] = None
        await hass.config_entries.async_initialize()
        try:
            yield hass
        finally:
            await hass.async_stop(force=True)


def storage_of(folder: Path) -> Path:
    """Give the folder in which Home Assistant stores, in its configuration folder."""
    return folder / ".storage"


def stored(folder: Path, name: str) -> dict[str, Any]:
    """Read one file of it."""
    content: dict[str, Any] = json.loads((storage_of(folder) / name).read_text())
    return content


def _replace(text: str, old: int, new: int) -> str:
    """Replace a port, and not the same digits in a longer number."""
    return re.sub(rf"(?<![\d.]){old}(?![\d.])", str(new), text)
