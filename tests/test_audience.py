"""Listeners that are told in turns."""

import asyncio
from collections.abc import Callable

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.audience import AT_ONCE, IN_TURNS, Audience
from custom_components.antminer_monitor.const import DOMAIN

from .common import settle


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Give an entry that background tasks belong to."""
    entry = MockConfigEntry(domain=DOMAIN, state=ConfigEntryState.LOADED)
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def audience(hass: HomeAssistant, entry: MockConfigEntry) -> Audience:
    """Give an audience of nobody."""
    return Audience(hass, entry, "North hall")


def call(told: list[str], name: str) -> Callable[[], None]:
    """Give a listener that is known by a name."""
    return lambda: told.append(name)


async def test_who_is_told(audience: Audience) -> None:
    """Those who listen to a rig that changed, and before them those who listen to every rig."""
    told: list[str] = []
    audience.async_add(call(told, "one"), "1")
    audience.async_add(call(told, "two"), "2")
    audience.async_add(call(told, "all"))

    audience.async_tell({"1"})
    assert told == ["all", "one"]
    told.clear()
    audience.async_tell({"3"})
    assert told == ["all"]
    told.clear()
    audience.async_tell()
    assert told == ["all", "one", "two"]


async def test_leaving(audience: Audience) -> None:
    """Who left is told nothing; the others are, and leaving twice is nothing."""
    told: list[str] = []
    leave = audience.async_add(call(told, "a"), "1")
    audience.async_add(call(told, "b"), "1")
    leave()
    leave()
    audience.async_tell({"1"})
    assert told == ["b"]


async def test_a_listener_that_fails(
    audience: Audience, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are told all the same, and the log says what is wrong."""
    told: list[str] = []

    def fail() -> None:
        raise ValueError("broken")

    audience.async_add(fail, "1")
    audience.async_add(call(told, "b"), "1")
    audience.async_tell()
    assert told == ["b"]
    assert "North hall: a listener failed" in caplog.text


async def test_many_are_told_in_turns(hass: HomeAssistant, audience: Audience) -> None:
    """Others have their turn between, and everybody is told once, also of what comes meanwhile."""
    told: list[str] = []
    most = AT_ONCE + 1
    for number in range(most):
        audience.async_add(call(told, f"{number}"), f"{number}")

    audience.async_tell()
    first = len(told)
    assert first <= IN_TURNS
    # Waits already, so that it is told once; and one that was told: it is told again.
    audience.async_tell({f"{most - 1}", "0"})
    assert len(told) == first
    await asyncio.sleep(0)
    assert first < len(told) <= first + IN_TURNS
    await settle(hass)
    assert told == [f"{number}" for number in range(most)] + ["0"]

    # All is as before: few are told at once.
    told.clear()
    audience.async_tell({"7"})
    assert told == ["7"]


async def test_leaving_between_two_turns(
    hass: HomeAssistant, audience: Audience
) -> None:
    """Who leaves while it waits is not told any more."""
    told: list[str] = []
    leaves = [
        audience.async_add(call(told, f"{number}"), f"{number}")
        for number in range(AT_ONCE + 1)
    ]
    audience.async_tell()
    leaves[-1]()
    await settle(hass)
    assert told == [f"{number}" for number in range(AT_ONCE)]


async def test_unloaded_while_telling(
    hass: HomeAssistant, entry: MockConfigEntry, audience: Audience
) -> None:
    """The telling ends with the entry, and can begin anew."""
    told: list[str] = []
    for number in range(AT_ONCE + 1):
        audience.async_add(call(told, f"{number}"), f"{number}")
    audience.async_tell()
    await entry._async_process_on_unload(hass)
    await settle(hass)
    assert len(told) <= IN_TURNS
    told.clear()
    audience.async_tell()
    await settle(hass)
    assert len(told) == AT_ONCE + 1
