"""What extensions add to rigs that are read, and what becomes of it when they go."""

import asyncio
from collections.abc import Callable
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.antminer_monitor import registry as registry_module
from custom_components.antminer_monitor.antminer import book as book_module
from custom_components.antminer_monitor.antminer.hardware import Hardware
from custom_components.antminer_monitor.command import Action
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.extension import (
    ExtraBinarySensor,
    ExtraSensor,
    SourceKind,
)
from custom_components.antminer_monitor.registry import (
    LONGEST_ERROR,
    MOST_FAILURES,
    Change,
    ExtensionError,
    Registry,
    async_registry,
)
from custom_components.antminer_monitor.rig import Rig
from custom_components.antminer_monitor.service_commands import Service, plain_service
from custom_components.antminer_monitor.site import Site

from .common import FarmMaker, miners_of, pass_time, settle, setup_site, state_of
from .extensions import (
    ACME,
    acme,
    acme_dialect,
    assert_told_once,
    fails,
    hanging,
    identifications,
    issue_of,
    loud,
)
from .farms import poll

POLL = 31.0
"""Seconds after which every miner was read again."""

COOLDOWN = 11.0
"""Seconds after which a miner that was just read is read again if somebody asked for it."""


@pytest.fixture
async def registry(hass: HomeAssistant) -> Registry:
    """Set up the integration, without an entry."""
    assert await async_setup_component(hass, DOMAIN, {})
    await settle(hass)
    return async_registry(hass)


class AcmeFlow(ConfigFlow):
    """The steps of a kind of entry."""

    async def async_step_hall(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin."""
        return self.async_abort(reason="unused")


class LaterFlow(AcmeFlow):
    """The steps of a kind of entry that has a past."""

    VERSION = 2


def kind(kind: str = "hall", **changes: Any) -> SourceKind:
    """Describe a kind of entry."""
    return SourceKind(
        **{"kind": kind, "name": "Hall", "hub": Site, "flow": AcmeFlow, **changes}
    )


S99 = Hardware(model="S99", algorithm="sha256d", unit="GH/s", boards=4, chips=77)


# --- adding and removing ------------------------------------------------------


async def test_ours_are_extensions_too(registry: Registry) -> None:
    """What comes with the integration is there, and told apart."""
    assert {"antminer", "hiveos"} <= registry.extensions.keys()
    assert all(registry.is_builtin(key) for key in registry.extensions)
    assert not registry.is_builtin("nobody")
    assert registry.owner_of("site") == "antminer"
    assert registry.owner_of("hiveos") == "hiveos"
    assert registry.owner_of("nothing") is None
    assert {"site", "hiveos"} <= registry.kinds.keys()


async def test_add_replace_remove(registry: Registry) -> None:
    """Listeners hear of every change, with what is there now and what was before."""
    changes: list[Change] = []
    stop = registry.async_listen(changes.append)
    remove = registry.async_add(ACME, acme(sensors=(ExtraSensor(key="a", name="A"),)))
    first = registry.extensions[ACME]
    assert changes == [Change(ACME, added=first)]
    assert registry.extra_keys() == ("acme.a",)

    second_remove = registry.async_add(ACME, acme(version="2"))
    second = registry.extensions[ACME]
    assert changes[1:] == [Change(ACME, added=second, removed=first)]
    assert changes[1].parts == (second, first)
    assert registry.extra_keys() == ()

    remove()
    assert ACME in registry.extensions, "another one is in its place"
    second_remove()
    assert ACME not in registry.extensions
    assert changes[2:] == [Change(ACME, removed=second)]
    second_remove()
    registry.async_remove(ACME)
    assert len(changes) == 3, "it was gone"

    stop()
    registry.async_add(ACME, acme())
    assert len(changes) == 3


async def test_listener_that_fails(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """One who cannot follow does not keep the others from following."""
    changes: list[Change] = []
    registry.async_listen(fails)
    registry.async_listen(changes.append)
    registry.async_add(ACME, acme())
    assert len(changes) == 1
    assert f"Following extension {ACME} failed" in caplog.text


def extra(key: Any = "a", **changes: Any) -> dict[str, Any]:
    """Give an extension's part with one sensor."""
    return {"sensors": (ExtraSensor(**{"key": key, "name": "A", **changes}),)}


def binary(**changes: Any) -> dict[str, Any]:
    """Give an extension's part with one binary sensor."""
    return {
        "binary_sensors": (ExtraBinarySensor(**{"key": "a", "name": "A", **changes}),)
    }


def service(name: str = "acme_beep", action: str = "acme.beep", **more: Any) -> Any:
    """Give an extension's part with one service."""
    made = Service(**{"name": name, "action": action, "prepare": fails, **more})
    return {"services": (made,)}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "version": ({"api_version": 2}, "written for version 2 of the contract"),
    "name": ({"name": ""}, "it has no name"),
    "list": ({"dialects": [acme_dialect()]}, "dialects is no tuple of Dialect"),
    "other part": ({"sensors": ("a",)}, "sensors is no tuple of ExtraSensor"),
    "models": ({"models": ("S99",)}, "models is no tuple"),
    "model": ({"models": (("S99", {"boards": 3}),)}, "models is no tuple"),
    "no commands": (
        {"dialects": (acme_dialect(commands=()),)},
        "the dialect acme asks nothing",
    ),
    "one command": (
        {"dialects": (acme_dialect(commands="stats"),)},
        "the commands of the dialect acme are no tuple",
    ),
    "probes": (
        {"dialects": (acme_dialect(probes=("",)),)},
        "the probes of the dialect acme are no tuple",
    ),
    "dialect of ours": (
        {"dialects": (acme_dialect(name="x19"),)},
        "the dialect x19 is there already",
    ),
    "dialect twice": (
        {"dialects": (acme_dialect(), acme_dialect())},
        "the dialect acme is there already",
    ),
    "kind of ours": (
        {"kinds": (kind("site"),)},
        "the kind of entry site is there already",
    ),
    "kind": ({"kinds": (kind("Big Hall"),)}, "Big Hall is no kind of entry"),
    "kind of all flows": ({"kinds": (kind("user"),)}, "user is a step of every flow"),
    "kind of entries": (
        {"kinds": (kind("reauth"),)},
        "reauth is a step of every flow",
    ),
    "no name": ({"kinds": (kind(name=""),)}, "the kind of entry hall has no name"),
    "name of a number": (
        {"kinds": (kind(name=7),)},
        "the kind of entry hall has no name",
    ),
    "parts": (
        {"kinds": (kind(subentry_flows=None),)},
        "the subentry_flows of hall are no mapping",
    ),
    "flow": ({"kinds": (kind(flow=LaterFlow),)}, "VERSION of the flow of hall"),
    "key": (extra("Power"), "Power is no key"),
    "no key": (extra(7), "7 is no key"),
    "key twice": ({**extra(), **binary()}, "two of its sensors have the key a"),
    "sensor's name": (extra(name=None), "the name of the sensor a is None"),
    "names": (extra(names=("de", "A")), "the names of the sensor a"),
    "unit": (extra(unit=5), "the unit of the sensor a is 5"),
    "digits": (extra(digits="2"), "the digits of the sensor a is '2'"),
    "icon": (binary(icon=1), "the icon of the sensor a is 1"),
    "time": (extra(device_class="timestamp"), "the device class timestamp"),
    "choice": (extra(device_class="enum"), "the device class enum"),
    "class": (extra(device_class="heat"), "the device class heat"),
    "binary class": (
        binary(device_class="temperature"),
        "the device class temperature",
    ),
    "state class": (extra(state_class="mean"), "the state class mean"),
    "service": (service("beep"), "beep does not begin with acme_"),
    "action": (service(action="other.beep"), "other.beep of its service acme_beep"),
    "service twice": (
        {"services": service()["services"] * 2},
        "the service acme_beep is there already",
    ),
    "service's name": (service("acme_Beep"), "acme_Beep is no service"),
    "prepare": (service(prepare=None), "acme_beep is no service"),
    "fields": (service(fields=("tone",)), "are no mappings"),
    "text": (service(description="Beeps."), "are no mappings"),
    "field": (
        service(fields={"stagger": str}),
        "the field stagger of its service acme_beep",
    ),
    "target": (
        service(fields={"entity_id": str}),
        "the field entity_id of its service acme_beep",
    ),
    "description": (
        service(description={"name": "Beep", "fields": {1: object()}}),
        "the description of its service acme_beep is no JSON",
    ),
}


@pytest.mark.parametrize(("parts", "error"), REFUSED.values(), ids=REFUSED.keys())
async def test_refused(registry: Registry, parts: dict[str, Any], error: str) -> None:
    """What would do harm to others is not added, and leaves what is there as it is."""
    remove = registry.async_add(ACME, acme(version="0"))
    before = registry.extensions
    changes: list[Change] = []
    registry.async_listen(changes.append)
    with pytest.raises(ExtensionError) as caught:
        registry.async_add(ACME, acme(**parts))
    assert error in str(caught.value)
    assert registry.extensions == before
    assert not changes
    remove()
    assert ACME not in registry.extensions


@pytest.mark.parametrize("extension_id", ["Acme", "", "a-b", "a.b", "9", "a" * 65])
async def test_id_refused(registry: Registry, extension_id: str) -> None:
    """An id is part of keys, names and actions."""
    with pytest.raises(ExtensionError, match="is no id"):
        registry.async_add(extension_id, acme())


async def test_service_of_ours_refused(registry: Registry) -> None:
    """An id that begins one of our names does not open the way to it."""
    with pytest.raises(ExtensionError, match="set_fan is there already"):
        registry.async_add(
            "set", acme(**service("set_fan", action="set.fan")), is_builtin=False
        )
    assert registry.hass.services.has_service(DOMAIN, "set_fan")


async def test_taken_by_another(registry: Registry) -> None:
    """What one extension has, no other one gets; when it goes, it is free."""
    registry.async_add(ACME, acme(dialects=(acme_dialect(),), kinds=(kind(),)))
    with pytest.raises(ExtensionError, match="the dialect acme is there already"):
        registry.async_add("other", acme(dialects=(acme_dialect(),)))
    with pytest.raises(ExtensionError, match="hall is there already"):
        registry.async_add("other", acme(kinds=(kind(),)))
    registry.async_add("other", acme(**extra()))
    registry.async_remove(ACME)
    registry.async_add("other", acme(dialects=(acme_dialect(),), kinds=(kind(),)))
    assert registry.owner_of("hall") == "other"


async def test_found_by_key(registry: Registry) -> None:
    """A value is described by the extension whose id begins its key."""
    registry.async_add(ACME, acme(**extra("a"), **binary(key="b")))
    registry.async_add("other", acme(**extra("a", name="Other")))
    sensor = registry.sensor("other.a")
    assert sensor
    assert sensor.name == "Other"
    for key in ("acme.b", "acme.c", "nobody.a", "acme", "a"):
        assert registry.sensor(key) is None
    assert registry.binary_sensor("acme.b")
    assert registry.binary_sensor("acme.a") is None
    assert registry.binary_sensor("nobody.b") is None


# --- failures -----------------------------------------------------------------


async def test_title_of_a_report(hass: HomeAssistant, registry: Registry) -> None:
    """In the title, which is no Markdown, the name stands as it is."""
    registry.async_add(ACME, acme(name="Acme *One*"))
    registry.async_report(ACME, "reading", ValueError())
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"extension_failed_{ACME}")
    assert issue and issue.translation_placeholders
    assert issue.translation_placeholders["name"] == "Acme *One*"
    assert issue.translation_placeholders["extension"] == r"Acme \*One\*"


async def test_report(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure is told once, with the name of the extension."""
    registry.async_add(ACME, acme())
    error = ValueError("two\nlines")
    for _ in range(3):
        registry.async_report(ACME, "reading", error)
    assert_told_once(hass, caplog, "reading", "ValueError: two lines")
    issue = issue_of(hass)
    assert issue
    assert issue["extension"] == "Acme"
    registry.async_report(ACME, "reading", ValueError("another text"))
    assert len(loud(caplog)) == 1, "it fails at the same again and again"
    registry.async_report(ACME, "writing", ValueError())
    assert len(loud(caplog)) == 2
    assert [(item.what, item.error) for item in registry.failures[ACME]] == [
        ("reading", "ValueError: two lines"),
        ("writing", "ValueError"),
    ]
    registry.async_report("other", "reading", "why")
    assert issue_of(hass, "other")

    registry.async_add(ACME, acme())
    assert issue_of(hass) is None
    assert registry.failures.keys() == {"other"}
    registry.async_remove("other")
    assert not registry.failures
    assert issue_of(hass, "other") is None


async def test_report_is_bounded(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """However much goes wrong, what is kept and logged of it is little."""
    for number in range(100):
        registry.async_report(ACME, f"task {number}", "x" * 10_000)
    assert len(registry.failures[ACME]) == MOST_FAILURES
    assert all(len(item.error) == LONGEST_ERROR for item in registry.failures[ACME])
    assert len(loud(caplog)) == MOST_FAILURES
    assert len(ir.async_get(hass).issues) == 1


class Unspeakable(Exception):
    """An error that cannot even say what it is."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError


async def test_error_without_words(registry: Registry) -> None:
    """An exception of others may be anything."""
    registry.async_report(ACME, "reading", Unspeakable())
    assert registry.failures[ACME][0].error == "Unspeakable"


# --- dialects and models ------------------------------------------------------


async def test_dialect_comes_and_goes(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """An outsider's dialect comes before ours, for the rigs that it knows and no others."""
    miners = await farm("s9", "s19pro_2022", "unknown")
    entry = await setup_site(hass, miners)
    first, second, third = miners_of(entry)
    coordinators = entry.runtime_data.coordinators
    before = dict(coordinators[second.subentry_id].data)
    assert identifications(miners) == [1, 1, 1]

    registry.async_add(ACME, acme(dialects=(acme_dialect(),)))
    await settle(hass)
    assert [len(miner.commands) > 0 for miner in miners] == [True, False, False]
    assert identifications(miners) == [1, 0, 0]
    rig = coordinators[first.subentry_id].data[first.subentry_id]
    assert (rig.model, rig.hashrate) == ("Acme One", 50e12)
    assert state_of(hass, first, "hashrate").state == "50.0"
    assert coordinators[second.subentry_id].data == before

    registry.async_remove(ACME)
    await pass_time(hass, freezer, COOLDOWN)
    assert identifications(miners) == [1, 0, 0]
    rig = coordinators[first.subentry_id].data[first.subentry_id]
    assert rig.model == "Antminer S9"
    assert coordinators[third.subentry_id].data[third.subentry_id].status == "running"


async def test_dialect_replaced(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A dialect that is added anew reads its rigs from now on, and no others are asked."""
    miners = await farm("s9", "s19pro_2022")
    registry.async_add(ACME, acme(dialects=(acme_dialect(parse=fails),)))
    entry = await setup_site(hass, miners)
    assert len(entry.runtime_data.coordinators) == 2
    first, _ = miners_of(entry)
    assert state_of(hass, first, "stale").state == "on"
    identifications(miners)
    registry.async_add(ACME, acme(dialects=(acme_dialect(),)))
    await settle(hass)
    assert identifications(miners) == [1, 0]
    assert state_of(hass, first, "stale").state == "off"
    assert state_of(hass, first, "hashrate").state == "50.0"
    assert issue_of(hass) is None


async def test_dialect_that_knows_nobody(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """A dialect that no rig speaks costs no rig a question, neither when it comes nor when it goes."""
    miners = await farm("s9", "s19pro_2022")
    await setup_site(hass, miners)
    identifications(miners)
    registry.async_add(
        ACME,
        acme(
            dialects=(acme_dialect(recognises=lambda _: False, probes=("devdetails",)),)
        ),
    )
    await settle(hass)
    registry.async_remove(ACME)
    await settle(hass)
    registry.async_add("other", acme(**extra()))
    await settle(hass)
    assert not [*miners[0].commands, *miners[1].commands]


async def test_dialect_that_comes_while_rigs_are_read_first(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Extensions are found while the set-up of a site waits for its first readings."""
    miners = await farm("s9")
    gate = asyncio.Event()
    add = registry.async_add
    entered = asyncio.Event()

    def recognises(_: object) -> bool:
        hass.loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(gate.wait(), hass.loop).result(5)
        return False

    add("slow", acme(dialects=(acme_dialect(name="slow", recognises=recognises),)))
    setting_up = hass.async_create_task(setup_site(hass, miners))
    await entered.wait()
    # The rig is recognised as ours with the dialects of a moment ago.
    hass.loop.call_soon(gate.set)
    await asyncio.sleep(0)
    add(ACME, acme(dialects=(acme_dialect(),)))
    entry = await setting_up
    await pass_time(hass, freezer, COOLDOWN)
    (subentry,) = miners_of(entry)
    assert state_of(hass, subentry, "hashrate").state == "50.0"


async def test_models_taught(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A model that is taught is known from now on; only the rigs of that model are read anew."""
    miners = await farm("unknown", "s9")
    entry = await setup_site(hass, miners)
    first, second = miners_of(entry)
    coordinators = entry.runtime_data.coordinators

    def rig_of(subentry_id: str) -> Rig:
        rig = coordinators[subentry_id].data[subentry_id]
        assert isinstance(rig, Rig)
        return rig

    before = rig_of(first.subentry_id)
    assert before.boards_expected is None
    assert {board.chips_expected for board in before.boards} == {None}
    for miner in miners:
        miner.commands.clear()

    registry.async_add(ACME, acme(models=(("Antminer S99", S99),)))
    await settle(hass)
    rig = rig_of(first.subentry_id)
    assert rig.boards_expected == 4
    assert {board.chips_expected for board in rig.boards} == {77}
    assert miners[0].commands.count("version") == 0, "its firmware is known"
    assert miners[0].commands
    assert not miners[1].commands

    # One that the table knows already is not ours to change.
    nine = Hardware(model="S9", algorithm="scrypt", unit="MH/s", boards=9)
    registry.async_add("other", acme(models=(("Antminer S9", nine),)))
    await settle(hass)
    assert not miners[1].commands
    await coordinators[second.subentry_id].async_refresh()
    assert rig_of(second.subentry_id).boards_expected == 3

    registry.async_remove(ACME)
    await pass_time(hass, freezer, COOLDOWN)
    assert rig_of(first.subentry_id).boards_expected is None


BROKEN_DIALECTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "recognise": ({"recognises": fails}, "recognising a miner as acme", "no idea"),
    "parse": ({"parse": fails}, "reading a miner as acme", "no idea"),
    "no rig": (
        {"parse": lambda replies, context: {"id": "1"}},
        "reading a miner as acme",
        "dict is no Rig",
    ),
    "control": ({"control": fails}, "controlling a miner as acme", "no idea"),
    "no controller": (
        {"control": lambda miner: 7},
        "controlling a miner as acme",
        "refresh",
    ),
}


@pytest.mark.parametrize(
    ("changes", "what", "error"), BROKEN_DIALECTS.values(), ids=BROKEN_DIALECTS.keys()
)
async def test_dialect_that_fails(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    what: str,
    error: str,
) -> None:
    """A dialect that fails is named once, and the rigs of others are read as ever."""
    miners = await farm("s9", "s19pro_2022", web=True)
    registry.async_add(ACME, acme(dialects=(acme_dialect(**changes),)))
    entry = await setup_site(hass, miners)
    first, second = miners_of(entry)
    for _ in range(3):
        await pass_time(hass, freezer, POLL)
    assert_told_once(hass, caplog, what, error)
    assert state_of(hass, second, "stale").state == "off"
    assert float(state_of(hass, second, "hashrate").state) > 0
    can_be_read = what != "reading a miner as acme"
    assert state_of(hass, first, "stale").state == ("off" if can_be_read else "on")

    registry.async_add(ACME, acme(dialects=(acme_dialect(),)))
    await settle(hass)
    await pass_time(hass, freezer, POLL)
    assert issue_of(hass) is None
    assert not registry.failures
    assert state_of(hass, first, "hashrate").state == "50.0"


@pytest.mark.parametrize("part", ["recognises", "parse"])
async def test_dialect_that_hangs(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: str,
) -> None:
    """A dialect that does not end takes few threads, one line in the log, and no rig of others."""
    monkeypatch.setattr(book_module, "APART_DEADLINE", 0.05)
    miners = await farm("s9", "s19pro_2022", "s9", "s9", "s9", "s9", "s9")
    with hanging() as hang:
        registry.async_add(ACME, acme(dialects=(acme_dialect(**{part: hang}),)))
        entry = await setup_site(hass, miners)
        for _ in range(4):
            await poll(hass)
        assert hang.calls <= 4
        first, second, *_ = miners_of(entry)
        assert state_of(hass, second, "stale").state == "off"
        # Left alone, it recognises nobody: whoever else knows the rig reads it.
        assert state_of(hass, first, "hashrate").state.startswith("13.")
        issue = issue_of(hass)
        assert issue
        assert issue["what"] == "speaking as acme"
        assert issue["error"] == "it did not end"
        failed = [line for line in loud(caplog) if line.startswith("Extension ")]
        assert len(failed) == 1

        # There anew, it may run again although the old one still hangs.
        registry.async_add(ACME, acme(dialects=(acme_dialect(),)))
        await settle(hass)
        await poll(hass)
        assert issue_of(hass) is None
        assert state_of(hass, first, "hashrate").state == "50.0"


# --- computed sensors ---------------------------------------------------------


async def test_computed(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """What extensions compute is in what is read, beside what others put there."""
    miners = await farm("s9")

    def count(rig: Rig) -> int | None:
        return len(rig.boards) or None

    registry.async_add(
        ACME,
        acme(
            sensors=(
                ExtraSensor(key="boards", name="Boards", value_fn=count),
                ExtraSensor(key="none", name="None", value_fn=lambda rig: None),
                ExtraSensor(key="given", name="Given by somebody else"),
            ),
            binary_sensors=(
                ExtraBinarySensor(key="is_s9", name="S9", value_fn=lambda rig: True),
            ),
        ),
    )
    entry = await setup_site(hass, miners)
    (coordinator,) = entry.runtime_data.coordinators.values()
    (rig,) = coordinator.data.values()
    assert rig.extras == {"acme.boards": 3, "acme.is_s9": True}


WRONG: dict[str, tuple[Callable[[Rig], Any], str]] = {
    "raises": (fails, "RuntimeError: no idea"),
    "list": (lambda rig: [1], "gave list, not a number, text or truth"),
    "rig": (lambda rig: rig, "gave Rig, not a number"),
}


@pytest.mark.parametrize(("value_fn", "error"), WRONG.values(), ids=WRONG.keys())
async def test_value_that_fails(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    value_fn: Callable[[Rig], Any],
    error: str,
) -> None:
    """A sensor that cannot be computed is missing; the others of its extension are not."""
    registry.async_add(
        ACME,
        acme(
            sensors=(
                ExtraSensor(key="bad", name="Bad", value_fn=value_fn),
                ExtraSensor(key="good", name="Good", value_fn=lambda rig: 7),
            )
        ),
    )
    entry = await setup_site(hass, await farm("s9", "s19pro_2022"))
    await pass_time(hass, freezer, POLL)
    assert_told_once(hass, caplog, "computing acme.bad", error)
    for subentry in miners_of(entry):
        assert state_of(hass, subentry, "acme.good").state == "7"
        assert float(state_of(hass, subentry, "hashrate").state) > 0
    registry.async_add(ACME, acme())
    assert issue_of(hass) is None


async def test_value_that_hangs(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Sensors whose computing does not end are left out; it takes few threads and no reading."""
    monkeypatch.setattr(registry_module, "COMPUTE_DEADLINE", 0.05)
    with hanging() as hang:
        registry.async_add(ACME, acme(**extra(value_fn=hang)))
        registry.async_add("other", acme(**extra("b", value_fn=lambda rig: 7)))
        entry = await setup_site(hass, await farm(*["s9"] * 8))
        for _ in range(3):
            await poll(hass)
        assert hang.calls <= 4
        assert_told_once(
            hass, caplog, "computing its sensors", "not done within 0.05 s"
        )
        for subentry in miners_of(entry):
            assert state_of(hass, subentry, "stale").state == "off"
            assert state_of(hass, subentry, "other.b").state == "7"
        calls = hang.calls
    await poll(hass)
    assert hang.calls == calls, "left out until it is there anew"
    registry.async_add(ACME, acme(**extra(value_fn=lambda rig: 8)))
    assert issue_of(hass) is None
    await poll(hass)
    (first, *_) = miners_of(entry)
    assert state_of(hass, first, "acme.a").state == "8"


async def test_late_failure_of_one_that_is_gone(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """What an extension still does after it was removed is nobody's business."""
    rig = Rig(id="1", seen_at=None, status="running")  # type: ignore[arg-type]
    with hanging() as hang:

        def value_fn(rig: Rig) -> int:
            hang()
            raise RuntimeError("too late")

        registry.async_add(ACME, acme(**extra(value_fn=value_fn)))
        computing = hass.async_create_task(registry.async_enrich((rig,)))
        while not hang.calls:
            await asyncio.sleep(0.001)
        registry.async_remove(ACME)
        hang.let_go()
        assert await computing == (rig,)
    await settle(hass)
    assert issue_of(hass) is None
    assert not registry.failures
    assert not loud(caplog)


# --- services -----------------------------------------------------------------


async def test_services_come_and_go(registry: Registry) -> None:
    """Services of an extension are registered as long as it is there."""
    services = registry.hass.services
    registry.async_add(
        ACME,
        acme(
            services=(
                plain_service(ACME, "beep"),
                Service(name="acme_off", action=Action.SHUTDOWN, prepare=fails),
            )
        ),
    )
    assert {item.name for item in registry.services} >= {"acme_beep", "acme_off"}
    assert services.has_service(DOMAIN, "acme_beep")
    registry.async_add(ACME, acme(services=(plain_service(ACME, "blink"),)))
    assert not services.has_service(DOMAIN, "acme_beep")
    assert not services.has_service(DOMAIN, "acme_off")
    assert services.has_service(DOMAIN, "acme_blink")
    registry.async_remove(ACME)
    assert not services.has_service(DOMAIN, "acme_blink")
    assert services.has_service(DOMAIN, "reboot")
