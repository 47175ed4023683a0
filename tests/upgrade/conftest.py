"""What the tests of upgrades share: the rigs, and what a release stored of them."""

from collections.abc import AsyncGenerator
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.antminer_monitor.const import DOMAIN
from simulator import Fault

from ..common import NOON, FarmMaker, settle
from .home import FIXTURES, World, make_world

RELEASES = sorted(path.name for path in FIXTURES.iterdir() if path.name[0].isdigit())


@pytest.fixture
async def world(
    farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[World]:
    """Have the rigs as they were when Home Assistant was stopped, half an hour later."""
    freezer.move_to(NOON)
    async with make_world(farm) as made:
        freezer.tick(3000)
        made.miners[1].set_fault(Fault.REFUSE)
        yield made


@pytest.fixture(params=RELEASES)
def kept(request: pytest.FixtureRequest) -> Path:
    """Give what each release stored."""
    return FIXTURES / str(request.param)


@pytest.fixture
def folder(kept: Path, world: World, tmp_path: Path) -> Path:
    """Give a configuration folder that a release leaves behind."""
    world.restore(kept, tmp_path)
    return tmp_path


async def start(hass: HomeAssistant) -> None:
    """Set the integration up, with all that is stored."""
    assert await async_setup_component(hass, DOMAIN, {})
    await settle(hass)
