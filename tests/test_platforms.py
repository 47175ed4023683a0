"""Extensions that other integrations ship: found, lost, and found again."""

from collections.abc import Iterator
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.antminer_monitor import platforms
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.platforms import async_discover_extensions
from custom_components.antminer_monitor.registry import async_registry

from .common import FarmMaker, miners_of, settle, setup_site, state_of
from .extensions import (
    ACME,
    GOOD,
    Outsiders,
    assert_told_once,
    issue_of,
    loud,
    outsiders_in,
)

BUILTIN = {"antminer", "hiveos"}


@pytest.fixture
def outsiders(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outsiders]:
    """Let there be integrations of others."""
    with outsiders_in(hass, tmp_path, monkeypatch) as found:
        yield found


def found(hass: HomeAssistant) -> set[str]:
    """Give the extensions that are not ours."""
    registry = async_registry(hass)
    return {key for key in registry.extensions if not registry.is_builtin(key)}


async def setup(hass: HomeAssistant, domain: str) -> None:
    """Set up an integration, as configuration.yaml does."""
    assert await async_setup_component(hass, domain, {})
    await settle(hass)


@pytest.mark.parametrize("order", [(ACME, DOMAIN), (DOMAIN, ACME)])
async def test_found_before_and_after(
    hass: HomeAssistant,
    outsiders: Outsiders,
    caplog: pytest.LogCaptureFixture,
    order: tuple[str, str],
) -> None:
    """An extension is found whichever of the two is loaded first."""
    outsiders.write()
    outsiders.write("plain", platform=None)
    await setup(hass, "plain")
    await setup(hass, order[0])
    assert not found(hass)
    await setup(hass, order[1])
    assert found(hass) == {ACME}
    assert async_registry(hass).extensions[ACME].name == "Acme"
    assert async_registry(hass).extensions.keys() >= BUILTIN
    assert not async_registry(hass).failures
    assert not loud(caplog)


async def test_searched_once(hass: HomeAssistant, outsiders: Outsiders) -> None:
    """Whoever asks again finds what was found."""
    outsiders.write()
    await setup(hass, ACME)
    await setup(hass, DOMAIN)
    known = async_registry(hass).extensions[ACME]
    await async_discover_extensions(hass)
    await async_discover_extensions(hass)
    assert async_registry(hass).extensions[ACME] is known


async def test_comes_and_goes_with_its_entry(
    hass: HomeAssistant, outsiders: Outsiders
) -> None:
    """The extension of an integration with entries is there while one of them is loaded."""
    outsiders.write()
    await setup(hass, DOMAIN)
    first, second = outsiders.entry(), outsiders.entry()
    assert not found(hass)
    await outsiders.load(first)
    await settle(hass)
    assert found(hass) == {ACME}

    await hass.config_entries.async_unload(first.entry_id)
    await settle(hass)
    assert first.state is not second.state
    assert found(hass) == {ACME}, "the other one is loaded"
    await hass.config_entries.async_unload(second.entry_id)
    await settle(hass)
    assert not found(hass)

    await outsiders.load(second)
    await settle(hass)
    assert found(hass) == {ACME}
    await hass.config_entries.async_remove(first.entry_id)
    await settle(hass)
    assert found(hass) == {ACME}
    await hass.config_entries.async_remove(second.entry_id)
    await settle(hass)
    assert not found(hass)


async def test_entry_loaded_before(hass: HomeAssistant, outsiders: Outsiders) -> None:
    """An entry that was loaded before us is followed as well."""
    outsiders.write()
    entry = outsiders.entry()
    await outsiders.load(entry)
    await setup(hass, DOMAIN)
    assert found(hass) == {ACME}
    await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    assert not found(hass)


async def test_quick_reload(hass: HomeAssistant, outsiders: Outsiders) -> None:
    """However quickly an entry is loaded anew, the extension is there in the end."""
    outsiders.write()
    await setup(hass, DOMAIN)
    entry = outsiders.entry()
    await outsiders.load(entry)
    for _ in range(3):
        await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert found(hass) == {ACME}


BAD = {
    "imports what is missing": ("import acme_library", "acme_library"),
    "does not compile": ("def (", "invalid syntax"),
    "raises when imported": ("raise RuntimeError('no idea')", "no idea"),
    "no function": ("", "async_get_extension"),
    "no coroutine": (
        "def async_get_extension(hass):\n    return None",
        "NoneType",
    ),
    "raises": (
        "async def async_get_extension(hass):\n    raise KeyError('hall')",
        "KeyError: 'hall'",
    ),
    "gives nothing": (
        "async def async_get_extension(hass):\n    return None",
        "gave NoneType, no Extension",
    ),
    "gives something else": (
        "async def async_get_extension(hass):\n    return {'name': 'Acme'}",
        "gave dict, no Extension",
    ),
    "other version": (
        GOOD.replace("=API_VERSION", "=99"),
        "written for version 99 of the contract, this is version 1",
    ),
    "never ends": (
        "async def async_get_extension(hass):\n    await hass.loop.create_future()",
        "did not end within 0.05 s",
    ),
    "wrong part": (
        GOOD.replace('name="Acme"', 'name="Acme", dialects=(1,)'),
        "dialects is no tuple of Dialect",
    ),
}


@pytest.mark.parametrize(("platform", "error"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.usefixtures("loopback_enabled")
async def test_bad_one(
    hass: HomeAssistant,
    farm: FarmMaker,
    outsiders: Outsiders,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    platform: str,
    error: str,
    ours_first: bool,
) -> None:
    """An extension that cannot be loaded is named, and nothing else suffers."""
    monkeypatch.setattr(platforms, "EXTENSION_DEADLINE", 0.05)
    outsiders.write(platform=platform)
    outsiders.write("good")
    for domain in (DOMAIN, ACME) if ours_first else (ACME, DOMAIN):
        await setup(hass, domain)
    await setup(hass, "good")
    assert found(hass) == {"good"}
    assert_told_once(hass, caplog, "being loaded", error)
    assert issue_of(hass, "good") is None

    entry = await setup_site(hass, await farm("s9"))
    (subentry,) = miners_of(entry)
    assert float(state_of(hass, subentry, "hashrate").state) > 0
    assert len(loud(caplog)) == 1


async def test_heals(hass: HomeAssistant, outsiders: Outsiders) -> None:
    """What is wrong is forgotten when the extension is there anew, or gone."""
    outsiders.write(
        platform=GOOD.replace(
            "    return",
            "    if hass.data.get('acme_is_off'):\n        1 / 0\n    return",
        )
    )
    await setup(hass, DOMAIN)
    hass.data["acme_is_off"] = True
    entry = outsiders.entry()
    await outsiders.load(entry)
    await settle(hass)
    issue = issue_of(hass)
    assert issue
    assert issue["extension"] == ACME, "nobody knows its name"
    assert not found(hass)

    hass.data["acme_is_off"] = False
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert found(hass) == {ACME}
    assert issue_of(hass) is None
    assert not async_registry(hass).failures

    hass.data["acme_is_off"] = True
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert issue_of(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    assert issue_of(hass) is None, "it is gone"
    assert not async_registry(hass).failures


async def test_import_that_works_the_second_time(
    hass: HomeAssistant, outsiders: Outsiders
) -> None:
    """What Home Assistant could not import, and we can, is taken all the same."""
    outsiders.write(
        platform="from pathlib import Path\n"
        "TRIED = Path(__file__).with_suffix('.tried')\n"
        "if not TRIED.exists():\n    TRIED.touch()\n    import acme_library\n" + GOOD
    )
    await setup(hass, ACME)
    await setup(hass, DOMAIN)
    assert found(hass) == {ACME}
    assert issue_of(hass) is None


async def test_integration_that_is_gone(
    hass: HomeAssistant, outsiders: Outsiders
) -> None:
    """An integration that was loaded and cannot be found any more keeps nobody else out."""
    outsiders.write("zinc")
    await setup(hass, "zinc")
    hass.config.top_level_components.add("ghost")
    await setup(hass, DOMAIN)
    assert found(hass) == {"zinc"}
    assert not async_registry(hass).failures


async def test_search_waits_for_a_while(
    hass: HomeAssistant,
    outsiders: Outsiders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An extension that takes its time holds up nobody, and comes when it comes."""
    monkeypatch.setattr(platforms, "IMPORT_DEADLINE", 0.05)
    outsiders.write(
        platform=GOOD.replace(
            "    return", "    await hass.data['acme_gate']\n    return"
        )
    )
    gate = hass.data["acme_gate"] = hass.loop.create_future()
    await setup_without_waiting(hass, ACME)
    await setup_without_waiting(hass, DOMAIN)
    await async_discover_extensions(hass)
    assert not found(hass)
    gate.set_result(None)
    await settle(hass)
    assert found(hass) == {ACME}
    assert issue_of(hass) is None


async def setup_without_waiting(hass: HomeAssistant, domain: str) -> None:
    """Set up an integration, and leave what runs in the background alone."""
    assert await async_setup_component(hass, domain, {})
