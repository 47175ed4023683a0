"""Listeners that are told in turns."""

import asyncio
from collections.abc import Callable
from functools import partial
import math

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.audience import (
    AT_ONCE,
    IN_TURNS,
    PAUSE,
    Audience,
)
from custom_components.antminer_monitor.const import DOMAIN

from .common import settle

WINDOW = 1.0
"""Seconds in which everybody is to be told."""


@pytest.fixture(autouse=True)
def no_pause_in_telling() -> None:
    """Pause as it is: the clock moves here."""


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Give an entry that background tasks belong to."""
    entry = MockConfigEntry(domain=DOMAIN, state=ConfigEntryState.LOADED)
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def audience(hass: HomeAssistant, entry: MockConfigEntry) -> Audience:
    """Give an audience of nobody."""
    return Audience(hass, entry, "North hall", window=WINDOW)


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
    assert told == []
    await asyncio.sleep(0)
    assert len(told) == IN_TURNS
    # Waits already, so that it is told once; and one that was told: it is told again.
    audience.async_tell({f"{most - 1}", "0"})
    assert len(told) == IN_TURNS
    await asyncio.sleep(0)
    assert len(told) == IN_TURNS
    began = hass.loop.time()
    async with asyncio.timeout(10):
        while len(told) == IN_TURNS:
            await asyncio.sleep(0)
    assert len(told) == 2 * IN_TURNS
    assert hass.loop.time() - began > PAUSE / 2
    await settle(hass)
    assert told == [f"{number}" for number in range(most)] + ["0"]

    # All is as before: few are told at once.
    told.clear()
    audience.async_tell({"7"})
    assert told == ["7"]


async def test_some_cannot_wait(hass: HomeAssistant, audience: Audience) -> None:
    """Who listens to a rig that comes first, or to all rigs, is told before those who wait."""
    told: list[str] = []
    for number in range(AT_ONCE + 1):
        audience.async_add(call(told, f"{number}"), f"{number}")
    audience.async_add(call(told, "all"))

    audience.async_tell(first={"150"})
    assert told == ["all", "150"]
    await asyncio.sleep(0)
    assert told == ["all", "150", *(f"{number}" for number in range(IN_TURNS))]

    # While others wait, and one of them is meant.
    told.clear()
    audience.async_tell({"160", "170", "0"}, first={"170", "0"})
    assert (told[0], set(told[1:])) == ("all", {"170", "0"})
    await settle(hass)
    waited = [number for number in range(IN_TURNS, AT_ONCE + 1) if number != 170]
    assert told[3:] == [f"{number}" for number in waited if number != 150]


async def test_very_many_that_cannot_wait(
    hass: HomeAssistant, audience: Audience
) -> None:
    """They are told in turns too, without a pause, and before those who wait."""
    told: list[int] = []
    for number in range(2 * AT_ONCE):
        audience.async_add(partial(told.append, number), f"{number}")
    hurried = range(AT_ONCE - 1, 2 * AT_ONCE)

    audience.async_tell(first={f"{number}" for number in hurried})
    assert told == []
    for _ in range(AT_ONCE // IN_TURNS + 2):
        await asyncio.sleep(0)
    assert told[: len(hurried)] == list(hurried)
    await settle(hass)
    assert told == [*hurried, *range(AT_ONCE - 1)]


async def test_everybody_within_the_window(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Where pauses would take longer than the window, they are shorter; another telling begins it anew."""
    window = 0.4
    audience = Audience(hass, entry, "North hall", window=window)
    turns = math.ceil(window / PAUSE) * 4
    told: list[None] = []
    for number in range(turns * IN_TURNS):
        audience.async_add(partial(told.append, None), f"{number}")

    began = hass.loop.time()
    audience.async_tell()
    await asyncio.sleep(window / 4)
    assert 0 < len(told) < len(audience._listeners)
    audience.async_tell()
    await settle(hass)
    assert len(told) >= len(audience._listeners)
    taken = hass.loop.time() - began
    assert window / 2 < taken < 4 * window


async def test_stopped_while_telling(hass: HomeAssistant, audience: Audience) -> None:
    """Nobody is told any more, and nothing is left running."""
    told: list[None] = []
    for number in range(AT_ONCE + 1):
        audience.async_add(partial(told.append, None), f"{number}")
    audience.async_stop()
    audience.async_tell()
    await asyncio.sleep(0)
    audience.async_stop()
    await settle(hass)
    assert len(told) == IN_TURNS


async def test_a_listener_has_others_told(
    hass: HomeAssistant, audience: Audience
) -> None:
    """They wait with the rest: nobody is called while another is."""
    told: list[str] = []
    for number in range(AT_ONCE + 1):
        audience.async_add(call(told, f"{number}"), f"{number}")
    audience.async_add(lambda: audience.async_tell({"1", "2"}), "0")
    audience.async_tell()
    await settle(hass)
    assert sorted(told) == sorted(f"{number}" for number in range(AT_ONCE + 1))


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
