"""A kind of entry of others, made of sources alone."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar, override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.antminer_monitor import source_hub
from custom_components.antminer_monitor.bus import EVENT_HAPPENING
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.rig import MessageCounts, Rig
from custom_components.antminer_monitor.source import (
    Happening,
    InvalidCredentialsError,
    Reading,
    Source,
    SourceTimeoutError,
)
from custom_components.antminer_monitor.source_hub import SourceHub
from simulator import Fault

from .common import FarmMaker, miners_of, pass_time, settle, setup_site, state_of
from .extensions import ACME, assert_told_once, issue_of
from .farms import device_of, entity_of, poll
from .halls import HALL, HallHub, HallSource, hall_entry, hall_extension, rig_id_of
from .rigs import rig
from .sources import ScriptedSource


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read all sources at once: a frozen clock wakes nobody who sleeps."""
    monkeypatch.setattr(source_hub, "FIRST_READ_SPACING", 0)


class Wall(SourceHub):
    """Runs the sources of a test."""

    sources: ClassVar[Callable[[], Any]]

    @override
    async def async_make_sources(self) -> Mapping[str, Source]:
        found: Mapping[str, Source] = type(self).sources()
        return found


def worker(rig_id: str, **changes: Any) -> Callable[[], Rig]:
    """Give what makes a rig that is seen now."""
    return lambda: rig(
        **{"id": rig_id, "name": rig_id, "mac": None, "seen_at": dt_util.utcnow()}
        | changes
    )


async def setup_wall(
    hass: HomeAssistant, sources: Callable[[], Any], **changes: Any
) -> MockConfigEntry:
    """Set up an entry with these sources."""
    hub = type("TestWall", (Wall,), {"sources": staticmethod(sources)})
    async_registry(hass).async_add(ACME, hall_extension(hub=hub, **changes))
    entry = MockConfigEntry(domain=DOMAIN, title="Wall", data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    return entry


def state(hass: HomeAssistant, platform: str, rig_id: str, key: str) -> str:
    """Give the state of an entity of a rig."""
    found = hass.states.get(entity_of(hass, platform, rig_id, key))
    assert found
    return found.state


def whole_device(
    hass: HomeAssistant, entry: MockConfigEntry, identifier: str
) -> dr.DeviceEntry:
    """Give the device of a rig or of the totals."""
    device = dr.async_get(hass).async_get(device_of(hass, entry, identifier))
    assert isinstance(device, dr.DeviceEntry)
    return device


async def test_whole_hall(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A real miner, read by a source of others: devices, entities, totals, commands, a restart."""
    async_registry(hass).async_add(ACME, hall_extension())
    miners = await farm("s9")
    (miner,) = miners
    entry = hall_entry(hass, miner)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    rig_id = rig_id_of(miner)
    hall = whole_device(hass, entry, entry.entry_id)
    device = whole_device(hass, entry, rig_id)
    assert (hall.name, hall.model) == ("Hall 7", "Acme hall")
    assert (device.name, device.manufacturer, device.configuration_url) == (
        f"Acme at {miner.host}",
        "Acme",
        f"http://{miner.host}/acme",
    )
    assert device.via_device_id == hall.id
    assert 12 < float(state(hass, "sensor", rig_id, "hashrate")) < 15
    assert state_of(hass, entry, "rigs").state == "1"

    hub = entry.runtime_data
    assert isinstance(hub, HallHub)
    (coordinator,) = hub.coordinators.values()
    assert coordinator.pacing.interval == timedelta(seconds=45)
    source = HallHub.sources["main"]
    assert isinstance(source, HallSource)
    await hass.services.async_call(
        DOMAIN, "reboot", {"device_id": [device.id]}, blocking=True
    )
    assert [command.action for command in source.told] == ["reboot"]

    commands = len(miner.commands)
    await hub.async_follow_entry()
    await settle(hass)
    miners.set_fault(Fault.REFUSE)
    await pass_time(hass, freezer, 3 * 45 + 1)
    assert len(miner.commands) <= commands + 1
    assert state(hass, "binary_sensor", rig_id, "stale") == "on"

    assert await hass.config_entries.async_unload(entry.entry_id)
    assert source.closed
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert state(hass, "sensor", rig_id, "hashrate") == "unavailable", "remembered"
    miners.heal()
    # The second reading keeps to its moment: it comes after one and a half intervals at most.
    await pass_time(hass, freezer, 1.5 * 45 + 1)
    assert 12 < float(state(hass, "sensor", rig_id, "hashrate")) < 15


async def test_many_sources(hass: HomeAssistant) -> None:
    """Each source has a coordinator under its key, and all rigs one set of totals."""
    sources = {
        "north": ScriptedSource(worker("n1")),
        "south": ScriptedSource(
            lambda: Reading(rigs=(worker("s1")(), worker("s2", hashrate=0.0)()))
        ),
    }
    entry = await setup_wall(hass, lambda: sources)
    assert entry.state is ConfigEntryState.LOADED
    coordinators = entry.runtime_data.coordinators
    assert set(coordinators) == {"north", "south"}
    assert coordinators["north"].name == "Wall north"
    assert state_of(hass, entry, "rigs").state == "3"
    slots = {id(item.pacing.slots) for item in coordinators.values()}
    assert len(slots) == 1
    await poll(hass)
    assert [source.reads for source in sources.values()] == [2, 2]
    await hass.config_entries.async_unload(entry.entry_id)
    assert all(source.closed for source in sources.values())


async def test_rigs_of_sources_over_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Every source has its rigs back, also while it cannot be read; those of others are removed."""
    gone = SourceTimeoutError("no answer")
    sources = {
        key: ScriptedSource(worker(f"{key}1")) for key in ("east", "north", "south")
    }
    entry = await setup_wall(hass, lambda: sources)
    devices = dr.async_get(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    sources = {key: ScriptedSource(gone) for key in ("east", "north")}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    coordinators = entry.runtime_data.coordinators
    assert {key: set(item.data) for key, item in coordinators.items()} == {
        "east": {"east1"},
        "north": {"north1"},
    }
    assert state(hass, "binary_sensor", "east1", "stale") == "on"
    assert not devices.async_get_device_by_identifier(
        (DOMAIN, "south1"), entry.entry_id
    )
    assert not er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, "south1_hashrate"
    )
    assert await hass.config_entries.async_unload(entry.entry_id)
    sources = {"south": ScriptedSource(gone), "north": ScriptedSource(gone)}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    coordinators = entry.runtime_data.coordinators
    assert set(coordinators["north"].data) == {"north1"}
    assert not coordinators["south"].data, "it was forgotten"


async def test_no_source(hass: HomeAssistant) -> None:
    """An entry may have none."""
    entry = await setup_wall(hass, dict)
    assert entry.state is ConfigEntryState.LOADED
    assert state_of(hass, entry, "rigs").state == "0"


def raising(error: Exception) -> Callable[[], Any]:
    """Give what makes no sources."""

    def make() -> Any:
        raise error

    return make


async def test_sources_not_known_now(hass: HomeAssistant) -> None:
    """What cannot be reached now is tried again later, and is no fault of the extension."""
    entry = await setup_wall(hass, raising(SourceTimeoutError("no answer")))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.reason == "no answer"
    assert issue_of(hass) is None


class BareFlow(ConfigFlow):
    """The steps of a kind whose credentials nobody asks for anew."""


def reauths(hass: HomeAssistant) -> list[str]:
    """Give the steps of the flows that ask for new credentials."""
    return [
        flow["step_id"]
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == "reauth"
    ]


async def test_refused_at_set_up(hass: HomeAssistant) -> None:
    """Refused credentials are asked for anew, by the steps of the kind."""
    entry = await setup_wall(hass, raising(InvalidCredentialsError("wrong password")))
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert reauths(hass) == ["password"]
    assert issue_of(hass) is None


async def test_refused_later(hass: HomeAssistant) -> None:
    """So are those that are refused later; if they are taken again, nobody is asked any more."""
    refused = InvalidCredentialsError("wrong password")
    north, south = (ScriptedSource(worker(key)) for key in ("n", "s"))
    entry = await setup_wall(hass, lambda: {"north": north, "south": south})
    assert not reauths(hass)
    north.script = south.script = [refused]
    await poll(hass)
    await poll(hass)
    assert reauths(hass) == ["password"]
    north.script = [worker("n")]
    await poll(hass)
    assert reauths(hass) == ["password"], "the other one is refused still"
    south.script = [worker("s")]
    await poll(hass)
    assert not reauths(hass)
    assert entry.state is ConfigEntryState.LOADED


async def test_refused_where_nobody_asks(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A kind without that step is tried again later, and its rigs are stale meanwhile."""
    refused = InvalidCredentialsError("wrong password")
    entry = await setup_wall(hass, raising(refused), flow=BareFlow)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.reason == "wrong password"
    assert not reauths(hass)
    await hass.config_entries.async_remove(entry.entry_id)

    source = ScriptedSource(worker("one"))
    entry = await setup_wall(hass, lambda: {"a": source}, flow=BareFlow)
    assert state(hass, "binary_sensor", "one", "stale") == "off"
    source.script = [refused]
    for _ in range(3):
        await pass_time(hass, freezer, 61)
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, "binary_sensor", "one", "stale") == "on"
    assert not reauths(hass)
    assert issue_of(hass) is None


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "raises": (raising(RuntimeError("no idea")), "no idea"),
    "nothing": (lambda: None, "NoneType"),
    "list": (lambda: [ScriptedSource()], "not iterable"),
    "no source": (lambda: {"a": 7}, "gave int under 'a'"),
    "no key": (lambda: {7: ScriptedSource()}, "gave ScriptedSource under 7"),
}


@pytest.mark.parametrize(("sources", "error"), WRONG.values(), ids=WRONG.keys())
async def test_wrong_sources(
    hass: HomeAssistant, sources: Callable[[], Any], error: str
) -> None:
    """What is no source is named, and the entry is not set up."""
    entry = await setup_wall(hass, sources)
    assert entry.state in (ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_RETRY)
    issue = issue_of(hass)
    assert issue
    assert issue["what"] == "setting up Wall"
    assert error in issue["error"]


async def test_source_that_fails(
    hass: HomeAssistant,
    farm: FarmMaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A source that fails is named once; the others, and the rigs of other entries, go on."""

    async def read() -> Reading:
        raise KeyError("rigs")

    bad, good = ScriptedSource(), ScriptedSource(worker("good"))
    bad.read = read  # type: ignore[method-assign]  # this one source reads otherwise
    site = await setup_site(hass, await farm("s9"))
    entry = await setup_wall(hass, lambda: {"bad": bad, "good": good})
    assert entry.state is ConfigEntryState.LOADED
    for _ in range(3):
        await poll(hass)
    assert_told_once(hass, caplog, "reading scripted", "KeyError: 'rigs'")
    assert state(hass, "binary_sensor", "good", "stale") == "off"
    (subentry,) = miners_of(site)
    assert state_of(hass, subentry, "stale").state == "off"
    del bad.read
    bad.script = [worker("bad")]
    async_registry(hass).async_add(ACME, hall_extension(hub=type(entry.runtime_data)))
    await settle(hass)
    assert issue_of(hass) is None
    assert state(hass, "binary_sensor", "bad", "stale") == "off"


async def test_text_that_nothing_can_hold(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a character is refused with its rig: no registry and no database takes it."""
    sources = {
        "bad": ScriptedSource(worker("bad", model="\ud83d")),
        "good": ScriptedSource(worker("good")),
    }
    await setup_wall(hass, lambda: sources)
    assert_told_once(hass, caplog, "reading scripted", "model: ")
    assert state(hass, "binary_sensor", "good", "stale") == "off"
    assert not er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, "bad_stale"
    )


async def test_source_that_hangs(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sources that hang take no place from the rigs of others."""
    monkeypatch.setattr(source_hub, "FIRST_READ_WAIT", 0.01)
    gate = asyncio.Event()
    sources = {
        str(number): ScriptedSource(worker(f"w{number}")) for number in range(150)
    }
    for source in sources.values():
        source.gate = gate
    entry = await setup_without_waiting(hass, sources)
    assert entry.state is ConfigEntryState.LOADED
    reads = sum(source.reads for source in sources.values())
    assert reads == source_hub.READS_AT_ONCE
    other = MockConfigEntry(domain=DOMAIN, title="Other", data={CONF_KIND: "site"})
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    slots = other.runtime_data._pacing().slots
    assert slots._value == 100, "as many as there are"
    gate.set()
    await settle(hass)
    assert all(source.reads == 1 for source in sources.values())


async def setup_without_waiting(
    hass: HomeAssistant, sources: Mapping[str, Source]
) -> MockConfigEntry:
    """Set up an entry with these sources, and leave what runs in the background alone."""
    hub = type("TestWall", (Wall,), {"sources": staticmethod(lambda: sources)})
    async_registry(hass).async_add(ACME, hall_extension(hub=hub))
    entry = MockConfigEntry(domain=DOMAIN, title="Wall", data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


async def test_web_page_that_fails(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A rig whose page cannot be told has none."""

    class Bad(Wall):
        sources = staticmethod(lambda: {"a": ScriptedSource(worker("one"))})

        @override
        def web_page_of(self, rig_id: str, rig: Rig) -> str | None:
            raise RuntimeError("no idea")

    async_registry(hass).async_add(ACME, hall_extension(hub=Bad))
    entry = MockConfigEntry(domain=DOMAIN, title="Wall", data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert whole_device(hass, entry, "one").configuration_url is None
    assert_told_once(hass, caplog, "giving the web page of one", "no idea")


async def test_happenings_of_two_sources(hass: HomeAssistant) -> None:
    """What happens is told once, also where two sources number it alike."""
    events = async_capture_events(hass, EVENT_HAPPENING)
    sources = {}
    for key in ("north", "south"):

        def read(key: str = key) -> Reading:
            happening = Happening(
                id="1", at=dt_util.utcnow(), title=f"Hot in the {key}", rig_id=key
            )
            return Reading(
                rigs=(worker(key, unresolved=MessageCounts(danger=1))(),),
                happenings=(happening,),
            )

        sources[key] = ScriptedSource(read)
    await setup_wall(hass, lambda: sources)
    await poll(hass)
    assert sorted(event.data["title"] for event in events) == [
        "Hot in the north",
        "Hot in the south",
    ]
    assert sorted(event.data["rig_id"] for event in events) == ["north", "south"]


async def test_late_report(hass: HomeAssistant) -> None:
    """What a source still does wrong after its extension has gone is nobody's business."""
    source = ScriptedSource(worker("one"))
    entry = await setup_wall(hass, lambda: {"a": source})
    hub = entry.runtime_data
    async_registry(hass).async_remove(ACME)
    hub._report("reading", RuntimeError("too late"))
    assert issue_of(hass) is None
    await settle(hass)
    assert entry.state is ConfigEntryState.SETUP_RETRY
