"""The steps of "Teach a new miner", with simulated miners, an AI of the test, and the flows as they are."""

import asyncio
from collections.abc import AsyncIterator, Mapping
import json
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.core import Event, HomeAssistant
from homeassistant.data_entry_flow import (
    EVENT_DATA_ENTRY_FLOW_PROGRESSED,
    FlowResultType,
    UnknownFlow,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.antminer_monitor import progress, teach, teach_flow
from custom_components.antminer_monitor.const import DOMAIN, KIND_PACKS, SUBENTRY_PACK
from custom_components.antminer_monitor.markdown import plain
from custom_components.antminer_monitor.pack_hub import async_packs_entry
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.teach import ASKED
from custom_components.antminer_monitor.teach_flow import AI_TASK_PAGE
from simulator import Fault, SimulatedMiner

from .ai_task import GOOD, FakeAi, setup_ai
from .common import FarmMaker, miners_of, settle, setup_site, state_of
from .pack_files import files_from, pack_of, setup_packs, small_pack
from .test_teach import NO, OddMiner, hung_up
from .test_teach_pack import BAD

FORM, MENU, PROGRESS = (
    FlowResultType.FORM,
    FlowResultType.MENU,
    FlowResultType.SHOW_PROGRESS,
)


@pytest.fixture
async def miner(farm: FarmMaker) -> SimulatedMiner:
    """A miner that nobody can read yet."""
    return (await farm("whatsminer_m30s"))[0]


@pytest.fixture
async def odd(
    loopback_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OddMiner]:
    """A miner that says what a test wants."""
    monkeypatch.setattr(teach, "REPLY_TIMEOUT", 5)
    started = OddMiner()
    await started.server.start()
    yield started
    await started.server.stop()


class Teaching:
    """A flow that teaches a miner."""

    def __init__(self, hass: HomeAssistant, *, entry_id: str | None = None) -> None:
        """Begin with none; ``entry_id``: that of the entry that the pack is added to."""
        self.hass = hass
        self.entry_id = entry_id
        self.flow_id = ""
        self.shown: list[Mapping[str, Any]] = []
        """Every progress that was shown, once."""

    @property
    def _flows(self) -> Any:
        entries = self.hass.config_entries
        return entries.subentries if self.entry_id else entries.flow

    async def begin(self) -> Any:
        """Open the form."""
        result = await self._flows.async_init(
            (self.entry_id, SUBENTRY_PACK) if self.entry_id else DOMAIN,
            context={"source": SOURCE_USER},
        )
        self.flow_id = result["flow_id"]
        if not self.entry_id:
            result = await self.choose(KIND_PACKS)
        assert result["menu_options"] == ["upload", "teach"]
        return await self.choose("teach")

    async def answer(self, data: Mapping[str, Any] | None = None) -> Any:
        """Answer a step, or look how far it is."""
        return await self._flows.async_configure(self.flow_id, data)

    async def choose(self, option: str) -> Any:
        """Choose from a menu."""
        return await self.answer({"next_step_id": option})

    async def send(self, miner: SimulatedMiner | OddMiner, **more: Any) -> Any:
        """Fill in the form, and wait until there is no progress any more."""
        host, port = (
            (miner.host, miner.port)
            if isinstance(miner, SimulatedMiner)
            else ("127.0.0.1", miner.server.port)
        )
        return await self.wait(
            await self.answer({CONF_HOST: host, CONF_PORT: port, **more})
        )

    async def wait(self, result: Any) -> Any:
        """Do the same with a step that is there."""
        for _ in range(10):
            if result["type"] is not PROGRESS:
                return result
            self.note(result)
            await settle(self.hass)
            result = await self.answer()
        raise AssertionError("it never ends")

    def note(self, result: Any) -> None:
        """Keep what progress shows."""
        assert result["step_id"] == "teach_lesson"
        told = {
            "action": result["progress_action"],
            **result["description_placeholders"],
        }
        if told not in self.shown:
            self.shown.append(told)


async def begin(hass: HomeAssistant, *ais: FakeAi, **given: Any) -> Teaching:
    """Have these AIs, and open the form."""
    await setup_ai(hass, *ais, **given)
    teaching = Teaching(hass)
    result = await teaching.begin()
    assert (result["type"], result["step_id"]) == (FORM, "teach")
    assert result["errors"] == {}
    return teaching


def suggested(result: Any) -> dict[str, Any]:
    """Give what stands in the fields of a form."""
    return {
        str(key.schema): (key.description or {}).get("suggested_value")
        for key in result["data_schema"].schema
    }


def stored(hass: HomeAssistant, pack_id: str) -> str:
    """Give the text of a pack that is installed."""
    files = pack_of(hass, pack_id).data["files"]
    assert files.keys() == {"pack.yaml"}
    return str(files["pack.yaml"])


# --- a lesson that goes well ----------------------------------------------------------


async def test_new_miner(hass: HomeAssistant, miner: SimulatedMiner) -> None:
    """A miner that nobody could read is read by a pack that an AI wrote, once that is agreed to."""
    ai = FakeAi("clever", BAD, GOOD)
    teaching = await begin(hass, ai)
    result = await teaching.send(miner)
    assert (result["type"], result["step_id"]) == (MENU, "taught")
    assert result["menu_options"] == ["teach_accept", "teach_discard"]
    words = result["description_placeholders"]
    assert words["pack"] == "WhatsMiner M30S"
    rows = words["figures"].replace("\\", "").splitlines()
    assert len(rows) == int(words["count"])
    assert "| model | M30S | M30S_V10 |" in rows
    (power,) = [row for row in rows if row.startswith("| power | 3")]
    assert power.split("|")[2].endswith(" W ")
    (rate,) = [row for row in rows if row.startswith("| hashrate |")]
    assert rate.split("|")[2].strip().startswith("8")
    assert rate.split("|")[2].strip().endswith(" TH/s")
    assert rate.split("|")[3].strip().startswith("8")
    (air,) = [row for row in rows if row.startswith("| sensors.air |")]
    assert air.split("|")[2].strip() == f"{air.split('|')[3].strip()} °C"
    assert "| binary_sensors.stable | True | true |" in rows
    (fan,) = [row for row in rows if row.startswith("| fans[0].speed |")]
    assert fan.split("|")[2].endswith(" RPM ")
    assert teaching.shown[0] == {"action": "teach_read", "host": miner.host}
    assert async_packs_entry(hass) is None

    result = await teaching.choose("teach_accept")
    assert (result["type"], result["step_id"]) == (FORM, "teach_accept")
    assert result["last_step"] is True
    assert suggested(result) == {CONF_NAME: "WhatsMiner M30S"}
    assert "M30S" in result["description_placeholders"]["miner"]
    result = await teaching.answer({CONF_NAME: " Barn miners "})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert pack_of(hass, "barn_miners").title == "Barn miners 1.0.0"
    text = stored(hass, "barn_miners")
    assert "evil" not in text
    assert "name: Barn miners\n" in text
    assert "pack_barn_miners" in async_registry(hass).extensions
    assert set(miner.commands) <= set(ASKED)


@pytest.mark.parametrize("fault", [None, Fault.REFUSE], ids=["well", "refused"])
async def test_progress_is_shown_for_a_while(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault | None,
) -> None:
    """The page listens for the end only once it shows the progress: however quick that comes."""
    monkeypatch.setattr(progress, "SHOWN_AT_LEAST", 0.3)
    teaching = await begin(hass, FakeAi("clever", GOOD))
    if fault:
        miner.set_fault(fault)
    began = hass.loop.time()
    result = await teaching.send(miner)
    assert result["step_id"] == ("teach" if fault else "taught")
    # Reading and asking are shown one after the other.
    assert hass.loop.time() - began >= (0.3 if fault else 0.6)


async def test_rounds_are_shown(hass: HomeAssistant, miner: SimulatedMiner) -> None:
    """Which round it is can be seen, and the page is told when there is another."""
    ai = FakeAi("slow", BAD, BAD, GOOD)
    teaching = await begin(hass, ai)
    events: list[Event[Any]] = async_capture_events(
        hass, EVENT_DATA_ENTRY_FLOW_PROGRESSED
    )
    ai.gate.clear()
    result = await teaching.answer({CONF_HOST: miner.host, CONF_PORT: miner.port})
    for round_ in ("1", "2", "3"):
        while len(ai.asked) < int(round_):
            await asyncio.sleep(0.001)
        result = await teaching.answer()
        assert result["type"] is PROGRESS
        assert result["progress_action"] == "teach_ask"
        assert result["description_placeholders"] == {"round": round_, "rounds": "3"}
        assert len(events) >= int(round_)
        ai.gate.set()
        await asyncio.sleep(0)
        ai.gate.clear()
    result = await teaching.wait(result)
    assert result["step_id"] == "taught"
    assert len(events) == 4


async def test_over_http(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    """An administrator's page gets every step; nobody else gets one."""
    for component in ("config", "file_upload"):
        assert await async_setup_component(hass, component, {})
    await setup_ai(hass, FakeAi("clever", GOOD), FakeAi("other"))
    url = "/api/config/config_entries/flow"
    stranger = await hass_client(hass_read_only_access_token)
    response = await stranger.post(url, json={"handler": DOMAIN})
    assert response.status == 401

    client = await hass_client()

    async def send(where: str, data: Mapping[str, Any] | None = None) -> Any:
        response = (
            await client.get(where)
            if data is None
            else await client.post(where, json=data)
        )
        assert response.status == 200, await response.text()
        return await response.json()

    step = await send(url, {"handler": DOMAIN})
    here = f"{url}/{step['flow_id']}"
    await send(here, {"next_step_id": KIND_PACKS})
    step = await send(here, {"next_step_id": "teach"})
    assert [field["name"] for field in step["data_schema"]] == [
        CONF_HOST,
        CONF_PORT,
        "ai_task",
    ]
    assert step["data_schema"][2]["selector"]["entity"]["include_entities"] == [
        "ai_task.clever",
        "ai_task.other",
    ]
    step = await send(here, {CONF_HOST: miner.host, CONF_PORT: miner.port})
    assert step["type"] == "progress"
    for _ in range(10):
        await settle(hass)
        step = await send(here)
        if step["type"] != "progress":
            break
    assert step["step_id"] == "taught"
    step = await send(here, {"next_step_id": "teach_discard"})
    assert (step["type"], step["reason"]) == ("abort", "pack_discarded")


async def test_miner_is_added_to_a_site(
    hass: HomeAssistant, farm: FarmMaker, farm_at_usual_port: FarmMaker
) -> None:
    """The miner can be added to a site at once; it is read as soon as the pack is there."""
    s9, whatsminer = await farm_at_usual_port("s9", "whatsminer_m30s")
    first = await setup_site(hass, [s9])
    second = await setup_site(hass, [])
    teaching = await begin(hass, FakeAi("clever", GOOD))
    await teaching.send(whatsminer)
    result = await teaching.choose("teach_accept")
    assert suggested(result) == {
        CONF_NAME: "WhatsMiner M30S",
        "site": first.entry_id,
    }
    selector = result["data_schema"].schema["site"]
    assert [item["value"] for item in selector.config["options"]] == [
        first.entry_id,
        second.entry_id,
    ]
    result = await teaching.answer({CONF_NAME: "M30S", "site": second.entry_id})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert len(miners_of(first)) == 1
    (added,) = miners_of(second)
    assert added.title == f"M30S {whatsminer.host}"
    assert added.data == {CONF_HOST: whatsminer.host, CONF_PORT: whatsminer.port}
    for coordinator in second.runtime_data.coordinators.values():
        await coordinator.async_refresh()
    await settle(hass)
    assert float(state_of(hass, added, "hashrate").state) == pytest.approx(86, rel=0.1)


async def test_no_site_is_chosen(hass: HomeAssistant, farm: FarmMaker) -> None:
    """Who empties the field gets the pack alone."""
    s9, whatsminer = await farm("s9", "whatsminer_m30s")
    site = await setup_site(hass, [s9])
    teaching = await begin(hass, FakeAi("clever", GOOD))
    await teaching.send(whatsminer)
    await teaching.choose("teach_accept")
    result = await teaching.answer({CONF_NAME: "M30S"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert len(miners_of(site)) == 1


async def test_miner_that_is_configured(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A miner that was added before nobody could read it is read now, and not added again."""
    site = await setup_site(hass, [miner])
    (added,) = miners_of(site)
    teaching = await begin(hass, FakeAi("clever", GOOD))
    await teaching.send(miner)
    result = await teaching.choose("teach_accept")
    assert suggested(result) == {CONF_NAME: "WhatsMiner M30S"}
    await teaching.answer({CONF_NAME: "M30S"})
    await settle(hass)
    for coordinator in site.runtime_data.coordinators.values():
        await coordinator.async_refresh()
    await settle(hass)
    assert miners_of(site) == [added]
    assert float(state_of(hass, added, "hashrate").state) > 0


async def test_site_that_changed_meanwhile(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """A site that is gone by then, or has the miner by then, does no harm."""
    s9, whatsminer = await farm("s9", "whatsminer_m30s")
    site = await setup_site(hass, [s9])
    for meanwhile in ("added", "removed"):
        teaching = Teaching(hass)
        if meanwhile == "added":
            teaching = await begin(hass, FakeAi("clever", GOOD))
        else:
            entry = async_packs_entry(hass)
            assert entry
            await hass.config_entries.async_remove(entry.entry_id)
            hass.config_entries.async_remove_subentry(
                site, miners_of(site)[-1].subentry_id
            )
            await settle(hass)
            await teaching.begin()
        result = await teaching.send(whatsminer)
        assert result["step_id"] == "taught"
        await teaching.choose("teach_accept")
        if meanwhile == "added":
            await setup_miner(hass, site.entry_id, whatsminer)
            before = miners_of(site)
        else:
            await hass.config_entries.async_remove(site.entry_id)
        result = await teaching.answer({CONF_NAME: "M30S", "site": site.entry_id})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await settle(hass)
        if meanwhile == "added":
            assert miners_of(site) == before


async def setup_miner(
    hass: HomeAssistant, entry_id: str, miner: SimulatedMiner
) -> None:
    """Add a miner to a site as somebody else does."""
    flows = hass.config_entries.subentries
    result = await flows.async_init(
        (entry_id, "miner"), context={"source": SOURCE_USER}
    )
    result = await flows.async_configure(
        result["flow_id"],
        {"addresses": miner.host, "port": miner.port, "credentials": {}},
    )
    assert result["step_id"] == "nothing_found"
    result = await flows.async_configure(
        result["flow_id"], {"next_step_id": "add_anyway"}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_beside_other_packs(hass: HomeAssistant, miner: SimulatedMiner) -> None:
    """From the entry that holds packs it becomes another of them, with an id of its own."""
    entry = await setup_packs(
        hass, files_from(small_pack(id="m30s")), files_from(small_pack(id="m30s_2"))
    )
    await setup_ai(hass, FakeAi("clever", GOOD))
    teaching = Teaching(hass, entry_id=entry.entry_id)
    await teaching.begin()
    result = await teaching.send(miner)
    assert result["step_id"] == "taught"
    await teaching.choose("teach_accept")
    result = await teaching.answer({CONF_NAME: "M30S"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["unique_id"] == "m30s_3"
    await settle(hass)
    assert "id: m30s_3\n" in stored(hass, "m30s_3")
    assert "pack_m30s_3" in async_registry(hass).extensions


async def test_from_the_menu_of_the_integration(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Where there is an entry for packs the new one is added to it."""
    await setup_packs(hass, files_from(small_pack()))
    teaching = await begin(hass, FakeAi("clever", GOOD))
    await teaching.send(miner)
    await teaching.choose("teach_accept")
    result = await teaching.answer({CONF_NAME: "M30S"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "pack_added")
    assert pack_of(hass, "m30s")


async def test_discarded(hass: HomeAssistant, miner: SimulatedMiner) -> None:
    """Who does not like the figures leaves everything as it was."""
    site = await setup_site(hass, [])
    teaching = await begin(hass, FakeAi("clever", GOOD))
    await teaching.send(miner)
    result = await teaching.choose("teach_discard")
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "pack_discarded",
    )
    assert async_packs_entry(hass) is None
    assert miners_of(site) == []


@pytest.mark.parametrize("name", [" ", "x" * 61, "\u202eevil"])
async def test_bad_name(hass: HomeAssistant, miner: SimulatedMiner, name: str) -> None:
    """A name that no pack can have is refused with words; another is taken."""
    site = await setup_site(hass, [])
    teaching = await begin(hass, FakeAi("clever", GOOD))
    await teaching.send(miner)
    await teaching.choose("teach_accept")
    result = await teaching.answer({CONF_NAME: name, "site": site.entry_id})
    assert (result["type"], result["step_id"]) == (FORM, "teach_accept")
    assert result["errors"] == {"base": "pack_refused"}
    assert "name" in result["description_placeholders"]["problems"]
    assert suggested(result) == {CONF_NAME: name, "site": site.entry_id}
    assert async_packs_entry(hass) is None
    assert miners_of(site) == []
    result = await teaching.answer({CONF_NAME: "M30S"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


# --- which AI -------------------------------------------------------------------------


@pytest.mark.parametrize("has_ai_task", [False, True])
async def test_no_ai(hass: HomeAssistant, has_ai_task: bool) -> None:
    """Without an AI the form says how to get one, from either side."""
    if has_ai_task:
        await setup_ai(hass)
    entry = await setup_packs(hass, files_from(small_pack()))
    for entry_id in (None, entry.entry_id):
        result = await Teaching(hass, entry_id=entry_id).begin()
        assert (result["type"], result["reason"]) == (
            FlowResultType.ABORT,
            "no_ai_task",
        )
        assert result["description_placeholders"] == {"page": AI_TASK_PAGE}


async def test_one_ai(hass: HomeAssistant) -> None:
    """Where there is one AI there is nothing to choose."""
    await setup_ai(hass, FakeAi("clever"))
    result = await Teaching(hass).begin()
    assert [str(key.schema) for key in result["data_schema"].schema] == [
        CONF_HOST,
        CONF_PORT,
    ]
    assert result["data_schema"]({CONF_HOST: "a"}) == {CONF_HOST: "a", CONF_PORT: 4028}


@pytest.mark.parametrize("chosen", [None, "ai_task.b"])
async def test_several_ais(
    hass: HomeAssistant, miner: SimulatedMiner, chosen: str | None
) -> None:
    """Where there are several the preferred one is asked, unless another is chosen."""
    ais = {name: FakeAi(name, GOOD) for name in "abc"}
    teaching = await begin(hass, *ais.values(), preferred="ai_task.c")
    result = await teaching.send(miner, **({"ai_task": chosen} if chosen else {}))
    assert result["step_id"] == "taught"
    asked = [name for name, ai in ais.items() if ai.asked]
    assert asked == ["b" if chosen else "c"]


# --- what goes wrong ------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["", "192.168.1.1, 192.168.1.2", "192.168.1.0/24", "192.168.1.1-9", "a b", "ä"],
)
async def test_not_one_address(hass: HomeAssistant, host: str) -> None:
    """One miner is taught at a time."""
    teaching = await begin(hass, FakeAi("clever"))
    result = await teaching.answer({CONF_HOST: host, CONF_PORT: 4028})
    assert result["type"] is FORM
    assert result["errors"] == {CONF_HOST: "one_address"}
    assert suggested(result)[CONF_HOST] == host


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.REFUSE, "connection_refused"),
        (Fault.HANG_CONNECT, "timeout"),
        (Fault.EMPTY, "unreadable"),
    ],
)
async def test_miner_that_cannot_be_read(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    error: str,
) -> None:
    """A miner that says nothing is said so; the form is there again, and good for another try."""
    monkeypatch.setattr(teach, "REPLY_TIMEOUT", 0.05)
    ai = FakeAi("clever", GOOD)
    teaching = await begin(hass, ai)
    miner.set_fault(fault)
    result = await teaching.send(miner)
    assert (result["type"], result["step_id"]) == (FORM, "teach")
    assert result["errors"] == {"base": error}
    assert suggested(result) == {CONF_HOST: miner.host, CONF_PORT: miner.port}
    assert ai.asked == []

    miner.clear()
    monkeypatch.undo()
    result = await teaching.send(miner)
    assert result["step_id"] == "taught"


async def test_miner_that_is_known(hass: HomeAssistant, farm: FarmMaker) -> None:
    """An Antminer needs no lesson."""
    (antminer,) = await farm("s9")
    ai = FakeAi("clever", GOOD)
    teaching = await begin(hass, ai)
    result = await teaching.send(antminer)
    assert result["errors"] == {"base": "known_already"}
    assert result["description_placeholders"]["firmware"] == "classic"
    assert ai.asked == []


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (BAD, "not_learned", {"problems": "hashrate: “"}),
        ({"pack": 1}, "ai_no_text", {}),
        ("x" * 300_000, "ai_too_long", {}),
        (HomeAssistantError("no money"), "ai_failed", {"reason": "no money"}),
    ],
)
async def test_ai_that_fails(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    answer: object,
    error: str,
    words: dict[str, str],
) -> None:
    """An AI that is no help is said so, and how; another try may help."""
    ai = FakeAi("dull", answer)
    teaching = await begin(hass, ai)
    result = await teaching.send(miner)
    assert (result["type"], result["step_id"]) == (FORM, "teach")
    assert result["errors"] == {"base": error}
    told = result["description_placeholders"]
    assert told.keys() == {"firmware", "problems", "reason", "seconds"}
    for key, text in told.items():
        assert text.startswith(words.get(key, ""))
        assert bool(text) == (key in words)
    assert async_packs_entry(hass) is None

    result = await teaching.answer({CONF_HOST: "a, b", CONF_PORT: 1})
    assert result["errors"] == {CONF_HOST: "one_address"}
    ai.answers = [GOOD]
    result = await teaching.send(miner)
    assert result["step_id"] == "taught"


async def test_ai_that_never_answers(
    hass: HomeAssistant, miner: SimulatedMiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An AI has its time, and no more."""
    monkeypatch.setattr(teach, "ANSWER_DEADLINE", 0.05)
    ai = FakeAi("late")
    teaching = await begin(hass, ai)
    result = await teaching.send(miner)
    assert result["errors"] == {"base": "ai_late"}
    assert result["description_placeholders"]["seconds"] == "0.05"
    assert ai.cancelled == 1


async def test_what_nobody_expected(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A fault of ours ends with words as well; the log says where, and nothing of the miner."""

    secret = "s3cr3t"

    def breaks(*_: object) -> None:
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(teach, "draft_of", breaks)
    teaching = await begin(hass, FakeAi("clever", GOOD))
    result = await teaching.send(miner)
    assert result["errors"] == {"base": "unexpected"}
    assert "Teaching failed unexpectedly, ZeroDivisionError" in caplog.text
    assert "in breaks" in caplog.text
    assert secret not in caplog.text


@pytest.mark.parametrize("part", ["miner", "ai"])
async def test_closed_meanwhile(
    hass: HomeAssistant, miner: SimulatedMiner, part: str
) -> None:
    """Who closes the page ends the lesson: nothing is asked any more, nothing stays open."""
    ai = FakeAi("late")
    teaching = await begin(hass, ai)
    if part == "miner":
        miner.set_fault(Fault.HANG_CONNECT)
    result = await teaching.answer({CONF_HOST: miner.host, CONF_PORT: miner.port})
    while not (miner.traffic.open if part == "miner" else ai.asked):
        await asyncio.sleep(0.001)
    result = await teaching.answer()
    assert result["type"] is PROGRESS
    assert result["progress_action"] == (
        "teach_read" if part == "miner" else "teach_ask"
    )
    hass.config_entries.flow.async_abort(teaching.flow_id)
    await settle(hass)
    # The AI hears of it one turn later.
    await asyncio.sleep(0.01)
    assert ai.cancelled == (part == "ai")
    assert await hung_up(miner)
    asked = len(miner.commands)
    await asyncio.sleep(0.02)
    assert len(miner.commands) == asked
    with pytest.raises(UnknownFlow):
        await teaching.answer()


# --- what is shown --------------------------------------------------------------------


async def test_words_of_a_miner_do_nothing(hass: HomeAssistant, odd: OddMiner) -> None:
    """What a miner or an AI says is shown as it is: no link, no markup, no cell of its own."""
    evil = '**[x](https://evil.example)** | <img src="//e"> `a`\n# b & www.evil.example'
    odd.answers = dict.fromkeys(ASKED, NO)
    odd.answers["summary"] = {
        "SUMMARY": [{"MHS 5s": 86e6, "Mode": evil, "T": "y" * 99}]
    }
    answer = {
        "pack": 1,
        "id": "evil",
        "version": "1",
        "name": "<b>[x](https://evil.example)",
        "dialects": [
            {
                "id": "evil",
                "firmware": "evil",
                "recognise": [[{"reply": "summary", "path": "SUMMARY"}]],
                "ask": ["summary"],
                "fields": {
                    "hashrate": {"path": "SUMMARY.MHS 5s", "unit": "MH/s"},
                    "work_mode": {"path": "SUMMARY.Mode", "pattern": "^.*"},
                },
            }
        ],
        "sensors": [{"key": "long", "name": "Long", "value": {"path": "SUMMARY.T"}}],
    }
    teaching = await begin(hass, FakeAi("evil", json.dumps(answer)))
    result = await teaching.send(odd)
    assert result["step_id"] == "taught"
    words = result["description_placeholders"]
    assert words["pack"] == plain("<b>[x](https://evil.example)")
    assert len(words["figures"].splitlines()) == 3
    for line in words["figures"].splitlines():
        unescaped = line.replace("\\\\", "")
        for place, sign in enumerate(unescaped):
            if sign in '*[]()<>`#&|.:/_"':
                is_border = sign == "|" and unescaped[place - 1] != "\\"
                assert is_border or unescaped[place - 1] == "\\", line
        borders = [
            place
            for place, sign in enumerate(unescaped)
            if sign == "|" and unescaped[place - 1] != "\\"
        ]
        assert len(borders) == 4
    assert f"{'y' * 60}…" in words["figures"]
    assert "y" * 61 not in words["figures"]


async def test_many_figures(
    hass: HomeAssistant, miner: SimulatedMiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is an end to the table."""
    monkeypatch.setattr(teach_flow, "MOST_FIGURES", 3)
    teaching = await begin(hass, FakeAi("clever", GOOD))
    result = await teaching.send(miner)
    rows = result["description_placeholders"]["figures"].splitlines()
    assert len(rows) == 4
    assert rows[-1] == "| … | … | … |"
    assert int(result["description_placeholders"]["count"]) > 3
