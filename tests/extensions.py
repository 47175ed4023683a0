"""Extensions for tests: what others may write, well and badly."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import json
import logging
from pathlib import Path
import re
import sys
import threading
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components
from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import Context, Dialect
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.extension import API_VERSION, Extension
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.rig import Firmware, Rig, Status
from simulator import SimulatedMiner

ACME = "acme"
"""Id of the extension of most tests."""


def acme(**parts: Any) -> Extension:
    """Give an extension that adds these parts."""
    return Extension(
        **{"api_version": API_VERSION, "name": "Acme", "version": "1.2.0", **parts}
    )


def acme_rig(replies: Mapping[str, Reply], context: Context) -> Rig:
    """Read a miner as its maker would."""
    return Rig(
        id=context.rig_id,
        seen_at=context.seen_at,
        status=Status.RUNNING,
        manufacturer="Acme",
        model="Acme One",
        firmware=Firmware(family="acme", version="7"),
        algorithm="sha256d",
        hashrate=50e12,
    )


def acme_dialect(**changes: Any) -> Dialect:
    """Give a dialect that takes an S9 for a miner of Acme's, but for what a test changes."""
    return Dialect(
        **{
            "name": "acme",
            "family": "acme",
            "commands": ("stats",),
            "recognises": lambda fingerprint: fingerprint.kind == "Antminer S9",
            "parse": acme_rig,
            **changes,
        }
    )


def fails(*_: object, **__: object) -> Any:
    """Do what nobody wants of an extension."""
    raise RuntimeError("no idea")


class Hanging:
    """Waits until it is let go, in whatever thread."""

    def __init__(self) -> None:
        """Begin with nobody in it."""
        self.calls = 0
        self._go = threading.Event()

    def __call__(self, *_: object, **__: object) -> Any:
        """Wait."""
        self.calls += 1
        assert self._go.wait(30)

    def let_go(self) -> None:
        """End every call."""
        self._go.set()


@contextmanager
def hanging() -> Iterator[Hanging]:
    """Give something that hangs, and let it go in the end."""
    made = Hanging()
    try:
        yield made
    finally:
        made.let_go()


def issue_of(hass: HomeAssistant, extension_id: str = ACME) -> dict[str, str] | None:
    """Give what the repair issue of an extension shows, if there is one."""
    issue = ir.async_get(hass).async_get_issue(
        DOMAIN, f"extension_failed_{extension_id}"
    )
    if issue is None:
        return None
    assert issue.translation_key == "extension_failed"
    assert issue.severity is ir.IssueSeverity.WARNING
    # As Markdown shows it.
    return {
        key: re.sub(r"\\(.)", r"\1", text)
        for key, text in (issue.translation_placeholders or {}).items()
    }


def assert_told_once(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    what: str,
    error: str,
    extension_id: str = ACME,
) -> None:
    """Assert that a failure is known everywhere, with one line in the log and no traceback.

    ``what`` and ``error`` stand somewhere in what is told of it.
    """
    issue = issue_of(hass, extension_id)
    assert issue
    assert what in issue["what"]
    assert error in issue["error"]
    (failure,) = async_registry(hass).failures[extension_id]
    assert (failure.what, failure.error) == (issue["what"], issue["error"])
    (line,) = [line for line in loud(caplog) if line.startswith("Extension ")]
    assert line.startswith(f"Extension {extension_id}: ")
    assert error in line


def loud(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give the lines of ours above information; a traceback is a failed test."""
    found = [
        record
        for record in caplog.records
        if record.levelno > logging.INFO and record.name.startswith("custom_components")
    ]
    assert not [record.getMessage() for record in found if record.exc_info]
    return [record.getMessage() for record in found]


def identifications(miners: list[SimulatedMiner]) -> list[int]:
    """Count how often each miner was asked what it is; what is counted is forgotten."""
    counts = [miner.commands.count("version") for miner in miners]
    for miner in miners:
        miner.commands.clear()
    return counts


_MANIFEST = {
    "codeowners": [],
    "config_flow": True,
    "documentation": "https://acme.example",
    "iot_class": "local_polling",
    "name": "Acme",
    "version": "1.2.0",
}

_INIT = """
async def async_setup(hass, config):
    return True


async def async_setup_entry(hass, entry):
    return True


async def async_unload_entry(hass, entry):
    return True
"""

_FLOW = """
from homeassistant.config_entries import ConfigFlow


class AcmeFlow(ConfigFlow, domain="{domain}"):
    pass
"""

GOOD = """
from custom_components.antminer_monitor.extension import API_VERSION, Extension


async def async_get_extension(hass):
    return Extension(api_version=API_VERSION, name="Acme", version="1.2.0")
"""
"""An ``antminer_monitor.py`` that does what it should."""


class Outsiders:
    """Custom integrations of others, in a folder of the test's."""

    def __init__(self, hass: HomeAssistant, folder: Path) -> None:
        """Begin with none."""
        self._hass = hass
        self._folder = folder

    def write(self, domain: str = ACME, platform: str | None = GOOD) -> None:
        """Write an integration; ``platform`` is its ``antminer_monitor.py``."""
        folder = self._folder / domain
        folder.mkdir()
        (folder / "manifest.json").write_text(
            json.dumps({"domain": domain, **_MANIFEST})
        )
        (folder / "__init__.py").write_text(_INIT)
        (folder / "config_flow.py").write_text(_FLOW.format(domain=domain))
        if platform is not None:
            (folder / f"{DOMAIN}.py").write_text(platform)
        self._hass.data.pop(DATA_CUSTOM_COMPONENTS, None)

    def entry(self, domain: str = ACME) -> MockConfigEntry:
        """Add a config entry of an integration, not loaded yet."""
        entry = MockConfigEntry(domain=domain)
        entry.add_to_hass(self._hass)
        return entry

    async def load(self, entry: MockConfigEntry) -> None:
        """Load one."""
        assert await self._hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.LOADED


@contextmanager
def outsiders_in(
    hass: HomeAssistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outsiders]:
    """Let Home Assistant find integrations in a folder, and forget their modules in the end."""
    monkeypatch.setattr(
        custom_components, "__path__", [*custom_components.__path__, str(folder)]
    )
    yield Outsiders(hass, folder)
    for name in tuple(sys.modules):
        parts = name.split(".")
        if parts[0] == "custom_components" and (folder / ".".join(parts[1:2])).is_dir():
            if len(parts) > 1:
                del sys.modules[name]
