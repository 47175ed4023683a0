"""Which figures are published anew, and when."""

from collections.abc import Collection
from dataclasses import replace

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.antminer_monitor.audience import AT_ONCE, IN_TURNS
from custom_components.antminer_monitor.command import Action, Command
from custom_components.antminer_monitor.rig import (
    Host,
    MinerProgram,
    PowerSource,
    Rig,
    Status,
)

from .common import pass_time, settle
from .farms import Farm, entity_of, farm_rig, poll, setup_farms

STALE_AFTER = 3 * 3600
"""Three intervals of a farm that is polled only when a test does so."""


def state(hass: HomeAssistant, rig_id: str, key: str) -> str:
    """Give the state of a sensor of a rig."""
    found = hass.states.get(entity_of(hass, "sensor", rig_id, key))
    assert found
    return found.state


def measured(rig_id: str, **changes: object) -> Rig:
    """Give a rig that measures itself."""
    whole = farm_rig(
        rig_id,
        hashrate=500e6,
        power=1200.0,
        power_source=PowerSource.REPORTED,
        host=Host(load=1.0, cpu_temperature=60.0, memory_free=2e9),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # fields are checked at run time


@pytest.mark.parametrize(
    ("key", "field", "figures"),
    [
        (
            "hashrate",
            "hashrate",
            [
                (504e6, "500.0"),
                (495.1e6, "500.0"),
                (506e6, "506.0"),
                (502e6, "506.0"),
                (500e6, "500.0"),
                (0.0, "0.0"),
                (1e3, "0.001"),
                (None, STATE_UNKNOWN),
                (505e6, "505.0"),
            ],
        ),
        (
            "power",
            "power",
            [
                (1211.0, "1200"),
                (1189.0, "1200"),
                (1213.0, "1215"),
                (1204.0, "1215"),
                (0.0, "0"),
                (1.0, "0"),
                (4.0, "5"),
            ],
        ),
    ],
)
async def test_moves(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    field: str,
    figures: Collection[tuple[float | None, str]],
) -> None:
    """A figure is published when it is far enough from the last one, or nothing, or not known."""
    farm = Farm("north", measured("alpha"))
    await setup_farms(hass, monkeypatch, farm)
    for figure, shown in figures:
        farm.change("alpha", **{field: figure})
        await poll(hass)
        assert state(hass, "alpha", key) == shown, figure


async def test_temperatures(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are published in whole degrees, and never a whole degree off."""
    farm = Farm("north", measured("alpha"))
    await setup_farms(hass, monkeypatch, farm)
    for degrees, shown in (
        (61.0, "60.0"),
        (61.2, "61.0"),
        (60.1, "61.0"),
        (59.9, "60.0"),
    ):
        farm.change("alpha", host=Host(cpu_temperature=degrees))
        await poll(hass)
        assert state(hass, "alpha", "cpu_temperature") == shown, degrees


async def test_nothing_outlives_its_reading(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rig that was stale shows what it says then, however near to what it said before."""
    farm = Farm("north", measured("alpha"))
    await setup_farms(hass, monkeypatch, farm)
    farm.change("alpha", hashrate=502e6, seen_at=dt_util.utcnow())
    await poll(hass)
    assert state(hass, "alpha", "hashrate") == "500.0"

    await pass_time(hass, freezer, STALE_AFTER + 1)
    assert state(hass, "alpha", "hashrate") == STATE_UNAVAILABLE
    farm.change("alpha", seen_at=dt_util.utcnow())
    await poll(hass)
    assert state(hass, "alpha", "hashrate") == "502.0"


async def test_second_algorithm(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a rig mines beside its main algorithm is published in the same way."""

    def programs(rate: float | None) -> tuple[MinerProgram, ...]:
        return (MinerProgram(name="x", algorithm="kawpow", hashrate=rate),)

    farm = Farm("north", measured("alpha", programs=programs(50e6)))
    await setup_farms(hass, monkeypatch, farm)
    for rate, shown in ((50.4e6, "50.0"), (50.6e6, "50.6"), (None, STATE_UNKNOWN)):
        farm.change("alpha", programs=programs(rate))
        await poll(hass)
        assert state(hass, "alpha", "hashrate_kawpow") == shown, rate


MANY = 60
"""Rigs whose entities are too many to be told at once."""


async def large_farm(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Farm:
    """Set up a farm whose rigs take many turns to be told."""
    farm = Farm("north", *(measured(f"rig{number}") for number in range(MANY)))
    entry = await setup_farms(hass, monkeypatch, farm)
    coordinator = entry.runtime_data.coordinators["north"]
    listeners = sum(map(len, coordinator._audience._listeners.values()))
    assert listeners > AT_ONCE + 4 * IN_TURNS
    return farm


def showing(hass: HomeAssistant, shown: str) -> int:
    """Count the rigs whose hashrate is shown as that."""
    return sum(
        state(hass, f"rig{number}", "hashrate") == shown for number in range(MANY)
    )


async def test_told_over_some_time(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures come little by little; what a rig does, and what becomes of a command, at once."""
    farm = await large_farm(hass, monkeypatch)
    (entry,) = hass.config_entries.async_loaded_entries("antminer_monitor")
    coordinator = entry.runtime_data.coordinators["north"]
    await coordinator.async_execute(Command(action=Action.LOCATE), ["rig58"])
    for number in range(MANY):
        farm.change(f"rig{number}", hashrate=600e6)
    farm.change("rig59", hashrate=0.0, status=Status.IDLE)

    await coordinator.async_refresh()
    assert state(hass, "rig59", "status") == "idle"
    assert state(hass, "rig59", "hashrate") == "0.0"
    assert state(hass, "rig58", "hashrate") == "600.0"
    assert showing(hass, "500.0") > MANY / 2

    # A rig that goes stale while it waits never shows what it would have been told.
    farm.change("rig57", seen_at=dt_util.utcnow().replace(year=2000))
    for number in range(MANY - 3):
        farm.change(f"rig{number}", hashrate=700e6)
    await coordinator.async_refresh()
    assert state(hass, "rig57", "hashrate") == STATE_UNAVAILABLE
    assert showing(hass, "500.0") > 0

    await settle(hass)
    assert showing(hass, "700.0") == MANY - 3
    assert state(hass, "rig57", "hashrate") == STATE_UNAVAILABLE


async def test_unloaded_while_telling(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left running."""
    farm = await large_farm(hass, monkeypatch)
    (entry,) = hass.config_entries.async_loaded_entries("antminer_monitor")
    for number in range(MANY):
        farm.change(f"rig{number}", hashrate=600e6)
    await entry.runtime_data.coordinators["north"].async_refresh()
    assert showing(hass, "500.0") > MANY / 2
    assert await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    assert showing(hass, STATE_UNAVAILABLE) == MANY
