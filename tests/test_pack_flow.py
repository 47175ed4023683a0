"""Installing, changing and downloading extension packs, over Home Assistant's own pages."""

from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
import json
from pathlib import Path
import re
import tempfile
from typing import Any
from zipfile import ZipFile

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.antminer_monitor import pack_steps
from custom_components.antminer_monitor.const import (
    CONF_KIND,
    DOMAIN,
    KIND_PACKS,
    SUBENTRY_PACK,
)
from custom_components.antminer_monitor.markdown import bullets, plain, quoted
from custom_components.antminer_monitor.pack_export import async_setup_pack_export
from custom_components.antminer_monitor.pack_hub import async_packs_entry
from custom_components.antminer_monitor.pack_steps import Relation, relation_of
from custom_components.antminer_monitor.packs.archive import MAX_UPLOAD
from custom_components.antminer_monitor.registry import async_registry

from .common import settle
from .pack_files import (
    Client,
    files_from,
    nine_pack,
    pack_of,
    prepare,
    setup_packs,
    small_pack,
    upload,
    zip_of,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

FLOWS = "/api/config/config_entries/flow"
SUBFLOWS = "/api/config/config_entries/subentries/flow"

type Step = Mapping[str, Any]


@pytest.fixture(autouse=True)
async def packs(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Have what the flows need; uploads of tests that run side by side keep apart."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert await async_setup_component(hass, "config", {})
    await prepare(hass)


@pytest.fixture
async def client(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Client:
    """The browser of an administrator."""
    browser: Client = await hass_client()
    return browser


class Dialog:
    """A flow, as the page runs it."""

    def __init__(self, client: Client, url: str) -> None:
        """Begin with none."""
        self._client = client
        self._url = url
        self._flow_id = ""

    async def begin(self, **data: Any) -> Step:
        """Start it."""
        step = await self._post(self._url, data)
        self._flow_id = step["flow_id"]
        return step

    async def answer(self, data: Mapping[str, Any]) -> Step:
        """Answer a step."""
        return await self._post(f"{self._url}/{self._flow_id}", data)

    async def choose(self, option: str) -> Step:
        """Choose from a menu."""
        return await self.answer({"next_step_id": option})

    async def upload(self, data: bytes | Mapping[str, str]) -> Step:
        """Upload a file, or the files of a pack as a zip, and send it."""
        sent = data if isinstance(data, bytes) else zip_of(data)
        return await self.answer({"file": await upload(self._client, sent)})

    async def _post(self, url: str, data: Mapping[str, Any]) -> Step:
        response = await self._client.post(url, json=data)
        assert response.status == 200, await response.text()
        told: Step = await response.json()
        return told


async def add(client: Client) -> Dialog:
    """Begin to add a pack as somebody who has none: up to the form for the file."""
    dialog = Dialog(client, FLOWS)
    step = await dialog.begin(handler=DOMAIN)
    assert step["type"] == FlowResultType.MENU
    assert KIND_PACKS in step["menu_options"]
    step = await dialog.choose(KIND_PACKS)
    assert (step["type"], step["step_id"]) == (FlowResultType.MENU, "packs")
    assert step["menu_options"] == ["upload", "teach"]
    step = await dialog.choose("upload")
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "upload")
    assert step["errors"] == {}
    assert step["description_placeholders"] == {"problems": ""}
    (field,) = step["data_schema"]
    assert field["name"] == "file"
    assert field["selector"] == {"file": {"accept": ".zip,.yaml,.yml"}}
    return dialog


async def add_another(client: Client, entry: MockConfigEntry) -> Dialog:
    """Begin to add a pack to the entry: up to the form for the file."""
    dialog = Dialog(client, SUBFLOWS)
    step = await dialog.begin(handler=[entry.entry_id, SUBENTRY_PACK])
    assert (step["type"], step["step_id"]) == (FlowResultType.MENU, "user")
    assert step["menu_options"] == ["upload", "teach"]
    await dialog.choose("upload")
    return dialog


async def change(hass: HomeAssistant, client: Client, pack_id: str) -> Dialog:
    """Begin to change a pack: up to the menu of what can be done."""
    entry = async_packs_entry(hass)
    assert entry
    dialog = Dialog(client, SUBFLOWS)
    step = await dialog.begin(
        handler=[entry.entry_id, SUBENTRY_PACK],
        subentry_id=pack_of(hass, pack_id).subentry_id,
    )
    assert (step["type"], step["step_id"]) == (FlowResultType.MENU, "reconfigure")
    switch = "disable" if pack_of(hass, pack_id).data["enabled"] else "enable"
    assert step["menu_options"] == [switch, "update", "export"]
    assert step["description_placeholders"]["pack"] == plain(
        pack_of(hass, pack_id).title
    )
    return dialog


def readable(markdown: str) -> str:
    """Give a text as it looks once Markdown has shown it."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


def problems_in(step: Step) -> list[str]:
    """Give the problems that a form shows; there are some."""
    assert step["type"] == FlowResultType.FORM
    assert step["step_id"] == "upload"
    assert step["errors"] == {"file": "pack_invalid"}
    lines = step["description_placeholders"]["problems"].splitlines()
    assert lines
    assert all(line.startswith("- ") for line in lines)
    return [readable(line.removeprefix("- ")) for line in lines]


async def test_first_pack(hass: HomeAssistant, client: Client) -> None:
    """A pack is shown, agreed to, and there with the entry that holds packs."""
    dialog = await add(client)
    step = await dialog.upload(files_from(nine_pack(models=small_pack()["models"])))
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "preview")
    assert step["data_schema"] == []
    assert step["last_step"] is True
    words = step["description_placeholders"]
    assert {key: readable(value) for key, value in words.items()} == {
        "pack": "Nines",
        "version": "1.2.0",
        "installed": "–",
        "author": "Somebody",
        "homepage": "https://example.org/nines",
        "about": "> Reads nines.",
        "dialects": "ninefirm (Nine Works)",
        "models": "Tiny 1",
        "sensors": "Clock, Whole",
        "rig_count": "0",
        "rigs": "",
    }
    # No link: the address is text.
    assert "https://" not in words["homepage"]
    assert not hass.config_entries.async_entries(DOMAIN)
    step = await dialog.answer({})
    assert step["type"] == FlowResultType.CREATE_ENTRY
    assert step["title"] == "Extension packs"
    await settle(hass)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == KIND_PACKS
    assert entry.data == {CONF_KIND: KIND_PACKS}
    (subentry,) = entry.subentries.values()
    assert (subentry.title, subentry.unique_id) == ("Nines 1.2.0", "nine")
    assert subentry.subentry_type == SUBENTRY_PACK
    assert subentry.data == {
        "files": files_from(nine_pack(models=small_pack()["models"])),
        "enabled": True,
    }
    assert async_registry(hass).extensions["pack_nine"].name == "Nines"


async def test_bare_file(hass: HomeAssistant, client: Client) -> None:
    """A pack need not be in a zip; what it does not tell is a dash."""
    dialog = await add(client)
    step = await dialog.upload(files_from(small_pack())["pack.yaml"].encode())
    words = step["description_placeholders"]
    assert (words["author"], words["homepage"], words["about"]) == ("–", "–", "> –")
    assert (words["dialects"], words["sensors"]) == ("–", "–")
    step = await dialog.answer({})
    assert step["type"] == FlowResultType.CREATE_ENTRY


async def test_in_ones_own_language(hass: HomeAssistant, client: Client) -> None:
    """A pack that speaks the language is shown in it."""
    hass.config.language = "de"
    step = await (await add(client)).upload(files_from(nine_pack()))
    words = step["description_placeholders"]
    assert (words["pack"], words["sensors"]) == ("Neuner", "Takt, Whole")
    assert readable(words["about"]) == "> Reads nines."


async def test_everything_that_is_wrong(hass: HomeAssistant, client: Client) -> None:
    """All problems are told on the form, with file, line and key, and another file can follow at once."""
    dialog = await add(client)
    pack = nine_pack(version="new", colour="red")
    pack["sensors"][0]["unit"] = "W"
    pack["dialects"][0]["firmware"] = "stock"
    told = problems_in(
        await dialog.upload(
            files_from(pack) | {"translations/fr.yaml": "sensors: {nothing: Rien}"}
        )
    )
    lines = files_from(pack)["pack.yaml"].splitlines()
    keys = []
    for problem in told[:-1]:
        found = re.match(r"pack\.yaml, line (\d+): ([a-z0-9_.\[\]]+): .+", problem)
        assert found, problem
        keys.append(found[2])
        assert f'"{found[2].rpartition(".")[2]}"' in lines[int(found[1]) - 1]
    assert {"version", "colour", "dialects[0].firmware"} <= {*keys}
    assert told[-1].startswith("translations/fr.yaml, line 1: sensors.nothing: ")
    assert not hass.config_entries.async_entries(DOMAIN)
    step = await dialog.upload(files_from(nine_pack()))
    assert step["step_id"] == "preview"
    step = await dialog.answer({})
    assert step["type"] == FlowResultType.CREATE_ENTRY


async def test_classes_of_home_assistant(hass: HomeAssistant, client: Client) -> None:
    """What only Home Assistant knows to be wrong is told in the same way."""
    pack = nine_pack()
    pack["sensors"][0]["unit"] = "W"
    (problem,) = problems_in(await (await add(client)).upload(files_from(pack)))
    assert "sensors[0].unit: W does not fit frequency" in problem


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "upload: is empty"),
        (b"\xff\xfe", "pack.yaml: neither a zip nor UTF-8 text"),
        (b"- 1", "pack.yaml, line 1: "),
        (b"PK\x03\x04 and then nothing", "upload: a zip that is damaged"),
        (b"#" * (MAX_UPLOAD + 1), "upload: larger than 1024 KiB"),
        (b"#" * (3 * MAX_UPLOAD), "upload: larger than 1024 KiB"),
    ],
    ids=("nothing", "no text", "no mapping", "half a zip", "large", "larger"),
)
async def test_no_pack(
    hass: HomeAssistant, client: Client, data: bytes, words: str
) -> None:
    """Whatever is uploaded, it is told what is wrong with it."""
    told = problems_in(await (await add(client)).upload(data))
    assert told[0].startswith(words)


async def test_reads_no_more_than_it_needs(hass: HomeAssistant, client: Client) -> None:
    """Of a file that is too large, a megabyte and a byte is read, and then it is gone."""
    file_id = await upload(client, b"#" * (3 * MAX_UPLOAD))
    data = await hass.async_add_executor_job(pack_steps.read_upload, hass, file_id)
    assert len(data) == MAX_UPLOAD + 1
    with pytest.raises(ValueError, match="does not exist"):
        await hass.async_add_executor_job(pack_steps.read_upload, hass, file_id)


async def test_upload_gone(hass: HomeAssistant, client: Client) -> None:
    """A file that is not there any more is asked for again."""
    dialog = await add(client)
    step = await dialog.answer({"file": "0" * 32})
    assert step["errors"] == {"file": "upload_gone"}
    assert step["description_placeholders"] == {"problems": ""}
    step = await dialog.upload(files_from(small_pack()))
    assert step["step_id"] == "preview"


async def test_long_list(hass: HomeAssistant, client: Client) -> None:
    """Of many problems the first are shown, and of long ones the beginning."""
    models = [{"model": f"M {place}", "algorithm": "x" * 90} for place in range(40)]
    told = problems_in(
        await (await add(client)).upload(files_from(small_pack(models=models)))
    )
    assert len(told) == 20
    assert told[-1] == "…"
    models = [model | {"algorithm": "sha256d"} for model in models]
    step = await (await add(client)).upload(files_from(small_pack(models=models)))
    shown = step["description_placeholders"]["models"].split(", ")
    assert (len(shown), shown[0], shown[-1]) == (21, "M 0", "…")
    (line,) = bullets(["x" * 1000]).splitlines()
    assert line == f"- {'x' * 300}…"


FORGERY = "\n\n# Verified by Home Assistant\n- **safe** <b>yes</b> [here](https://example.org/x) `code` ~~no~~ | $x$ &amp; \u202eevil"


async def test_nothing_is_forged(hass: HomeAssistant, client: Client) -> None:
    """No text of a pack is more on the page than text."""
    pack = small_pack(
        name="# **Bold** [a](https://example.org)",
        author="<ha-alert>x</ha-alert> https://example.org",
        homepage="https://example.org/](x)",
        description="Good." + FORGERY.replace("\u202e", ""),
        models=[{"model": "![x](https://example.org)", "algorithm": "sha256d"}],
    )
    step = await (await add(client)).upload(files_from(pack))
    assert step["step_id"] == "preview", step
    words = dict(step["description_placeholders"])
    # The quotation is what keeps paragraphs of a pack apart from ours.
    about = words.pop("about").splitlines()
    assert len(about) > 1
    assert all(line == ">" or line.startswith("> ") for line in about)
    for text in (*words.values(), *(line[2:] for line in about)):
        assert re.fullmatch(r"(?:\\[!-/:-@\[-`{-~]|[^!-/:-@\[-`{-~])*", text), text


def test_plain() -> None:
    """Every sign that Markdown knows is made harmless, and so is what cannot be seen."""
    assert plain("a*b") == r"a\*b"
    assert plain("  two\r\n\tlines\u2028and \u00a0 more ") == "two lines and more"
    assert plain("\u202eevil\u0000") == "\ufffdevil\ufffd"
    assert quoted(FORGERY).startswith("> \\# Verified by Home Assistant\n>\n> \\-")
    assert quoted("") == ""
    assert readable(plain("http://[x](y)<z>")) == "http://[x](y)<z>"


@pytest.mark.parametrize(
    ("version", "installed", "relation"),
    [
        ("1.10.0", "1.9.0", Relation.NEWER),
        ("1.9.0", "1.10.0", Relation.OLDER),
        ("1.2.0", "1.2.0", Relation.SAME),
        ("1.2", "1.2.0", Relation.SAME),
        ("2", "1.9.9.9", Relation.NEWER),
        ("1.2.0", "1.2.0.1", Relation.OLDER),
        ("2026.1", "9.9.9", Relation.NEWER),
        ("1.0", None, Relation.NEWER),
    ],
)
def test_versions(version: str, installed: str | None, relation: Relation) -> None:
    """Versions are compared number by number; one that is broken is older than any."""
    assert relation_of(version, installed) is relation


async def test_second_pack(hass: HomeAssistant, client: Client) -> None:
    """Where packs are there already, another one is added to them."""
    await setup_packs(hass, files_from(small_pack()))
    dialog = await add(client)
    await dialog.upload(files_from(nine_pack()))
    step = await dialog.answer({})
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "pack_added")
    assert readable(step["description_placeholders"]["pack"]) == "Nines 1.2.0"
    await settle(hass)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert [item.unique_id for item in entry.subentries.values()] == ["small", "nine"]
    assert {"pack_small", "pack_nine"} <= async_registry(hass).extensions.keys()


async def test_reconfigure_of_the_entry(hass: HomeAssistant, client: Client) -> None:
    """There is nothing to change of the entry itself: it offers to add a pack."""
    entry = await setup_packs(hass, files_from(small_pack()))
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "packs")
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "upload"}
    )
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"],
        {"file": await upload(client, zip_of(files_from(nine_pack())))},
    )
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "pack_added")


async def test_subentry(hass: HomeAssistant, client: Client) -> None:
    """A pack is added from the page of the entry, too."""
    entry = await setup_packs(hass, files_from(small_pack()))
    dialog = await add_another(client, entry)
    step = await dialog.upload(files_from(nine_pack()))
    assert step["step_id"] == "preview"
    step = await dialog.answer({})
    assert step["type"] == FlowResultType.CREATE_ENTRY
    await settle(hass)
    subentry = pack_of(hass, "nine")
    assert subentry.title == "Nines 1.2.0"
    assert subentry.data == {"files": files_from(nine_pack()), "enabled": True}
    assert "pack_nine" in async_registry(hass).extensions


@pytest.mark.parametrize(
    ("version", "relation"), [("1.2.1", "newer"), ("1.2.0", "same"), ("1.2", "same")]
)
@pytest.mark.parametrize("begin", [add, add_another])
async def test_installed_already(
    hass: HomeAssistant,
    client: Client,
    begin: Callable[..., Awaitable[Dialog]],
    version: str,
    relation: str,
) -> None:
    """A pack that is there is replaced wherever the other one comes from; it stays off if it is."""
    entry = await setup_packs(hass, files_from(nine_pack()), enabled=False)
    subentry_id = pack_of(hass, "nine").subentry_id
    dialog = await (begin(client) if begin is add else begin(client, entry))
    new = nine_pack(version=version, name="Other nines")
    step = await dialog.upload(files_from(new))
    assert step["step_id"] == f"preview_{relation}"
    assert readable(step["description_placeholders"]["installed"]) == "1.2.0"
    assert readable(step["description_placeholders"]["version"]) == version
    step = await dialog.answer({})
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "pack_updated")
    subentry = pack_of(hass, "nine")
    assert (subentry.subentry_id, subentry.title) == (
        subentry_id,
        f"Other nines {version}",
    )
    assert subentry.data == {"files": files_from(new), "enabled": False}


async def test_update(hass: HomeAssistant, client: Client) -> None:
    """A newer version takes the place of a pack at once."""
    await setup_packs(hass, files_from(nine_pack()))
    dialog = await change(hass, client, "nine")
    step = await dialog.choose("update")
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "upload")
    assert step["errors"] == {}
    step = await dialog.upload(files_from(nine_pack(version="2.0")))
    assert step["step_id"] == "preview_newer"
    step = await dialog.answer({})
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "pack_updated")
    await settle(hass)
    assert async_registry(hass).extensions["pack_nine"].version == "2.0"


async def test_older(hass: HomeAssistant, client: Client) -> None:
    """An older version is installed only if that is ticked."""
    await setup_packs(hass, files_from(nine_pack()))
    dialog = await change(hass, client, "nine")
    await dialog.choose("update")
    step = await dialog.upload(files_from(nine_pack(version="1.1.9")))
    assert (step["step_id"], step["errors"]) == ("preview_older", {})
    (field,) = step["data_schema"]
    assert (field["name"], field["default"]) == ("replace", False)
    step = await dialog.answer({"replace": False})
    assert step["step_id"] == "preview_older"
    assert step["errors"] == {"replace": "pack_older"}
    assert pack_of(hass, "nine").title == "Nines 1.2.0"
    step = await dialog.answer({"replace": True})
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "pack_updated")
    await settle(hass)
    assert pack_of(hass, "nine").title == "Nines 1.1.9"
    assert async_registry(hass).extensions["pack_nine"].version == "1.1.9"


async def test_broken_pack_is_replaced(hass: HomeAssistant, client: Client) -> None:
    """Any version is newer than a pack that cannot be read any more."""
    broken = nine_pack(version="9", colour="red")
    await setup_packs(hass, files_from(broken))
    assert "pack_nine" not in async_registry(hass).extensions
    dialog = await change(hass, client, "nine")
    await dialog.choose("update")
    step = await dialog.upload(files_from(nine_pack()))
    assert step["step_id"] == "preview_newer"
    assert step["description_placeholders"]["installed"] == "–"
    await dialog.answer({})
    await settle(hass)
    assert "pack_nine" in async_registry(hass).extensions
    assert not async_registry(hass).failures


async def test_another_pack(hass: HomeAssistant, client: Client) -> None:
    """An update must be of the same pack."""
    await setup_packs(hass, files_from(nine_pack()), files_from(small_pack()))
    dialog = await change(hass, client, "nine")
    await dialog.choose("update")
    step = await dialog.upload(files_from(small_pack(version="2")))
    assert problems_in(step) == ["pack.yaml: id: it is the pack small, not nine"]
    step = await dialog.upload(files_from(nine_pack(version="2")))
    assert step["step_id"] == "preview_newer"


async def test_removed_while_updating(hass: HomeAssistant, client: Client) -> None:
    """A pack that was removed meanwhile is there again once the update is agreed to."""
    entry = await setup_packs(hass, files_from(nine_pack()))
    dialog = await change(hass, client, "nine")
    await dialog.choose("update")
    await dialog.upload(files_from(nine_pack(version="2")))
    hass.config_entries.async_remove_subentry(entry, pack_of(hass, "nine").subentry_id)
    await settle(hass)
    step = await dialog.answer({})
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "pack_added")
    await settle(hass)
    assert async_registry(hass).extensions["pack_nine"].version == "2"


async def test_switch(hass: HomeAssistant, client: Client) -> None:
    """A pack is switched off and on again, and keeps what it is."""
    await setup_packs(hass, files_from(nine_pack()))
    for option, is_on in (("disable", False), ("enable", True)):
        dialog = await change(hass, client, "nine")
        step = await dialog.choose(option)
        assert (step["type"], step["reason"]) == (
            FlowResultType.ABORT,
            f"pack_{option}d",
        )
        await settle(hass)
        assert pack_of(hass, "nine").data == {
            "files": files_from(nine_pack()),
            "enabled": is_on,
        }
        assert ("pack_nine" in async_registry(hass).extensions) is is_on


async def test_names_of_others(hass: HomeAssistant, client: Client) -> None:
    """A pack takes neither the firmware of another one nor the name of an extension."""
    await setup_packs(hass, files_from(nine_pack()))
    dialog = await add(client)
    other = nine_pack(id="ten", name="Tens")
    other["dialects"][0]["firmware"] = "NineFirm"
    assert problems_in(await dialog.upload(files_from(other))) == [
        "pack.yaml: dialects[0].firmware: NineFirm is known through Nines"
    ]
    registry = async_registry(hass)
    registry.async_add(
        "pack_small",
        registry.extensions["pack_nine"].__class__(api_version=1, name="Integration"),
    )
    (problem,) = problems_in(await dialog.upload(files_from(small_pack())))
    assert problem == "pack.yaml: id: pack_small is another extension that is here"


async def test_too_many(
    hass: HomeAssistant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is an end to packs, also for one that was looked at while there was room."""
    assert pack_steps.MOST_PACKS == 50
    monkeypatch.setattr(pack_steps, "MOST_PACKS", 2)
    entry = await setup_packs(hass, files_from(small_pack()))
    late = await add_another(client, entry)
    assert (
        await late.upload(
            files_from(
                nine_pack(
                    id="ten",
                    dialects=[],
                    sensors=[],
                    binary_sensors=[],
                    translations={},
                )
            )
        )
    )["step_id"] == "preview"
    dialog = await add_another(client, entry)
    await dialog.upload(files_from(nine_pack()))
    assert (await dialog.answer({}))["type"] == FlowResultType.CREATE_ENTRY
    words = "pack.yaml: there are 2 packs, which is as many as there may be"
    assert problems_in(await late.answer({})) == [words]
    # What is there may still be replaced.
    step = await late.upload(files_from(small_pack(version="2")))
    assert step["step_id"] == "preview_newer"
    assert (await late.answer({}))["reason"] == "pack_updated"
    assert len(entry.subentries) == 2


async def link_to(hass: HomeAssistant, client: Client, pack_id: str) -> str:
    """Give the path of the download of a pack."""
    dialog = await change(hass, client, pack_id)
    step = await dialog.choose("export")
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "pack_export")
    link = step["description_placeholders"]["link"]
    found = re.fullmatch(
        rf'<a href="(/api/{DOMAIN}/packs/{pack_id}\?authSig=[\w.-]+)" target="_blank">{pack_id}\.zip</a>',
        link,
    )
    assert found, link
    return found[1]


async def test_export(
    hass: HomeAssistant,
    client: Client,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: Any,
) -> None:
    """A pack is downloaded by a link that holds for some minutes, and can be installed from it."""
    files = files_from(nine_pack()) | {
        "README.md": "Read me",
        "translations/fr.yaml": "name: Neuf",
    }
    entry = await setup_packs(hass, files, files_from(small_pack()), enabled=False)
    link = await link_to(hass, client, "nine")
    browser = await hass_client_no_auth()
    response = await browser.get(link)
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == 'attachment; filename="nine.zip"'
    assert response.headers["Cache-Control"] == "no-store"
    data = await response.read()
    with ZipFile(BytesIO(data)) as archive:
        assert {
            name: archive.read(name).decode() for name in archive.namelist()
        } == files
    # It is for that pack and no other.
    other = await browser.get(link.replace("/nine?", "/small?"))
    assert other.status == 401
    freezer.tick(301)
    assert (await browser.get(link)).status == 401
    hass.config_entries.async_remove_subentry(entry, pack_of(hass, "nine").subentry_id)
    await settle(hass)
    dialog = await add_another(client, entry)
    step = await dialog.upload(data)
    assert step["step_id"] == "preview"
    await dialog.answer({})
    assert pack_of(hass, "nine").data["files"] == files


async def test_offered_once(hass: HomeAssistant) -> None:
    """The download is there once, however often it is set up."""
    async_setup_pack_export(hass)
    url = f"/api/{DOMAIN}/packs/{{pack_id}}"
    assert [resource.canonical for resource in hass.http.app.router.resources()].count(
        url
    ) == 1


async def test_who_may_download(
    hass: HomeAssistant,
    client: Client,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    """Administrators may, others may not; what is not there is not found."""
    await setup_packs(hass, files_from(nine_pack()))
    url = f"/api/{DOMAIN}/packs/nine"
    assert (await client.get(url)).status == 200
    assert (
        await (await hass_client(hass_read_only_access_token)).get(url)
    ).status == 401
    assert (await (await hass_client_no_auth()).get(url)).status == 401
    for other in ("small", "NINE", "nine.zip", "%22"):
        assert (await client.get(f"/api/{DOMAIN}/packs/{other}")).status == 404


async def test_link_without_an_administrator(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A link that nobody asked for over the page opens nothing."""
    await setup_packs(hass, files_from(nine_pack()))
    entry = async_packs_entry(hass)
    assert entry
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_PACK),
        context={
            "source": SOURCE_RECONFIGURE,
            "subentry_id": pack_of(hass, "nine").subentry_id,
        },
    )
    result = await hass.config_entries.subentries.async_configure(
        result["flow_id"], {"next_step_id": "export"}
    )
    placeholders = result["description_placeholders"]
    assert placeholders
    link = placeholders["link"].split('"')[1]
    assert (await (await hass_client_no_auth()).get(link)).status == 401


@pytest.mark.parametrize("files", [None, {"pack.yaml": 1}, {"evil.sh": "rm"}, []])
async def test_download_of_what_is_no_pack(
    hass: HomeAssistant, client: Client, files: object
) -> None:
    """Where what is stored was spoilt, the download says so."""
    entry = await setup_packs(hass, files_from(nine_pack()))
    hass.config_entries.async_update_subentry(
        entry, pack_of(hass, "nine"), data={"files": files, "enabled": True}
    )
    await settle(hass)
    response = await client.get(f"/api/{DOMAIN}/packs/nine")
    assert response.status == 409
    assert (await response.json())["message"]


async def test_not_for_everybody(
    hass: HomeAssistant,
    client: Client,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    """Who is no administrator can neither begin nor go on with any of it."""
    entry = await setup_packs(hass, files_from(nine_pack()))
    dialog = await add(client)
    updating = await change(hass, client, "nine")
    before = json.dumps(entry.as_dict(), default=str)
    other = await hass_client(hass_read_only_access_token)
    ids = [entry.entry_id, SUBENTRY_PACK]
    subentry_id = pack_of(hass, "nine").subentry_id
    for url, data in (
        (FLOWS, {"handler": DOMAIN}),
        (FLOWS, {"handler": DOMAIN, "entry_id": entry.entry_id}),
        (SUBFLOWS, {"handler": ids}),
        (SUBFLOWS, {"handler": ids, "subentry_id": subentry_id}),
        (f"{FLOWS}/{dialog._flow_id}", {"file": "0" * 32}),
        (f"{SUBFLOWS}/{updating._flow_id}", {"next_step_id": "disable"}),
        (f"{SUBFLOWS}/{updating._flow_id}", {"next_step_id": "export"}),
    ):
        assert (await other.post(url, json=data)).status == 401, url
    for url in (f"{FLOWS}/{dialog._flow_id}", f"{SUBFLOWS}/{updating._flow_id}"):
        assert (await other.get(url)).status == 401
    await settle(hass)
    assert json.dumps(entry.as_dict(), default=str) == before
    # The administrator's flows were not touched.
    assert (await updating.choose("update"))["step_id"] == "upload"


async def test_menu_of_the_first_step(hass: HomeAssistant) -> None:
    """Packs are offered beside what can be followed."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert KIND_PACKS in (result["menu_options"] or ())
