"""What all tests share."""

from collections.abc import AsyncIterator, Iterator
from unittest.mock import PropertyMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.util import dt as dt_util
import pytest
import pytest_socket
from syrupy.assertion import SnapshotAssertion

# Ours must be the one that is loaded before Home Assistant looks for custom components:
# the test package brings a folder of that name too.
from custom_components.antminer_monitor import (
    audience,
    miner_source,
    progress,
    search,
    site,
    site_flow,
)
from custom_components.antminer_monitor.antminer import asking
from simulator import Farm
from simulator.orders import Delays

from .common import NOON, FarmMaker, Miners, free_base_port
from .snapshot_form import SnapshotExtension


@pytest.fixture(autouse=True)
def auto_enable_custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant, where a test has one, load the integration."""
    if "hass" in request.fixturenames:
        if "recorder_mock" in request.fixturenames:
            request.getfixturevalue("recorder_mock")
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compare with snapshots in Home Assistant's own form."""
    return snapshot.use_extension(SnapshotExtension)


@pytest.fixture
def entity_registry_enabled_by_default() -> Iterator[None]:
    """Enable every entity, also those that are disabled by default."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        new_callable=PropertyMock,
        return_value=True,
    ):
        yield


@pytest.fixture(autouse=True)
def no_page_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """End progress when it is done: no page has to follow it, and a frozen clock wakes nobody."""
    monkeypatch.setattr(progress, "SHOWN_AT_LEAST", 0)


@pytest.fixture
def loopback_enabled(socket_enabled: None) -> None:
    """Open sockets, to every loopback address and no other."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def no_pause_in_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell very many listeners in as many turns of the event loop, without pauses: a frozen clock wakes nobody."""
    monkeypatch.setattr(audience, "PAUSE", 0)


@pytest.fixture
async def farm(
    loopback_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FarmMaker]:
    """Start simulated miners, each at a loopback address of its own."""
    farms: list[Farm] = []
    # A frozen clock wakes nobody who sleeps.
    monkeypatch.setattr(site, "FIRST_READ_SPACING", 0)
    monkeypatch.setattr(asking, "RETRY_AFTER", 0)

    async def start(
        *profiles: str,
        web: bool = False,
        twin_of: Miners | None = None,
    ) -> Miners:
        for attempt in range(20):
            base = miner_source.WEB_PORT - 1 if twin_of else free_base_port()
            started = Farm(
                profiles,
                port=base,
                addresses=twin_of is None,
                web=web,
                web_port=base + 1,
                extras=web,
                extras_port=base + 2,
                clock=lambda: dt_util.utcnow().timestamp(),
                age=86_400.0,
                delays=Delays(write=0, restart=0, reboot=0),
            )
            try:
                await started.__aenter__()
            except OSError:
                if attempt == 19:
                    raise
                continue
            break
        farms.append(started)
        monkeypatch.setattr(miner_source, "WEB_PORT", base + 1)
        monkeypatch.setattr(miner_source, "EXTRAS_PORT", base + 2)
        return Miners(started.miners)

    yield start
    for started in farms:
        await started.stop()


@pytest.fixture
def farm_at_usual_port(farm: FarmMaker, monkeypatch: pytest.MonkeyPatch) -> FarmMaker:
    """Start simulated miners, and take their port for the usual one: 4028 may be in use."""

    async def start(
        *profiles: str, web: bool = False, twin_of: Miners | None = None
    ) -> Miners:
        miners = await farm(*profiles, web=web, twin_of=twin_of)
        for module in (site_flow, search):
            monkeypatch.setattr(module, "DEFAULT_PORT", miners.port)
        return miners

    return start


@pytest.fixture
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Begin a test at the same moment in every run, and let time stand still."""
    freezer.move_to(NOON)
