"""The cost of the energy that a fleet used."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
)

from custom_components.antminer_monitor.const import CONF_ENERGY_PRICE, DOMAIN
from custom_components.antminer_monitor.energy_cost import StoredCost
from custom_components.antminer_monitor.fleet import UPDATE_DELAY

from .common import pass_time, settle
from .farms import Farm, farm_rig, poll, setup_farms

POWER = 6000.0
"""W of the rigs: 6 kWh an hour."""


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Farm:
    """Make a farm of two rigs."""
    return Farm(
        "farm", farm_rig("one", power=4000.0), farm_rig("two", power=POWER - 4000.0)
    )


def cost_of(hass: HomeAssistant, device_id: str = "farm") -> State | None:
    """Give the state of the cost of a farm; None if there is no such entity."""
    entity_id = er.async_get(hass).async_get_entity_id(
        Platform.SENSOR, DOMAIN, f"{device_id}_total_cost"
    )
    return hass.states.get(entity_id) if entity_id else None


def cost(hass: HomeAssistant) -> float:
    """Give the cost of the farm as it is shown."""
    state = cost_of(hass)
    assert state
    return float(state.state)


async def run(hass: HomeAssistant, freezer: FrozenDateTimeFactory, hours: int) -> None:
    """Let the farm run, and be read often enough."""
    for _ in range(4 * hours):
        freezer.tick(900 - UPDATE_DELAY - 1)
        await poll(hass)
        await pass_time(hass, freezer, UPDATE_DELAY + 1)


async def set_price(
    hass: HomeAssistant, entry: MockConfigEntry, price: float | None
) -> None:
    """Change the option as a flow does; the entry is set up anew."""
    hass.config_entries.async_update_entry(
        entry, options={} if price is None else {CONF_ENERGY_PRICE: price}
    )
    await settle(hass)


async def test_no_price(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, two: Farm
) -> None:
    """Without a price nobody knows the cost."""
    await setup_farms(hass, monkeypatch, two)
    assert cost_of(hass) is None


async def test_cost(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
    two: Farm,
) -> None:
    """Energy times price, in Home Assistant's currency, for each device with totals."""
    hass.config.currency = "CHF"
    other = Farm("other", farm_rig("three", power=1000.0))
    await setup_farms(hass, monkeypatch, two, other, options={CONF_ENERGY_PRICE: 0.25})
    state = cost_of(hass)
    assert state
    assert state.state == "0.0"
    assert state.attributes["unit_of_measurement"] == "CHF"
    assert state.attributes["device_class"] == "monetary"
    assert state.attributes["state_class"] == "total"

    await run(hass, freezer, 2)
    assert cost(hass) == pytest.approx(2 * 6 * 0.25, abs=0.02)
    of_other = cost_of(hass, "other")
    assert of_other
    assert float(of_other.state) == pytest.approx(2 * 0.25, abs=0.02)


async def test_gap(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
    two: Farm,
) -> None:
    """What was used while nothing was read is not known, and costs nothing here."""
    await setup_farms(hass, monkeypatch, two, options={CONF_ENERGY_PRICE: 1})
    await run(hass, freezer, 1)
    before = cost(hass)
    freezer.tick(36_000)
    await run(hass, freezer, 1)
    assert cost(hass) == pytest.approx(before + 6, abs=1.6)


async def test_a_clock_that_is_set(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
    two: Farm,
) -> None:
    """It makes neither energy nor cost, though it went no further than between two readings at times."""
    await setup_farms(hass, monkeypatch, two, options={CONF_ENERGY_PRICE: 1})
    await run(hass, freezer, 1)
    entity_id = er.async_get(hass).async_get_entity_id(
        Platform.SENSOR, DOMAIN, "farm_total_energy"
    )
    assert entity_id
    energy, before = hass.states.get(entity_id), cost(hass)
    assert energy
    utcnow = dt_util.utcnow
    ahead = timedelta(minutes=20)
    monkeypatch.setattr(dt_util, "utcnow", lambda: utcnow() + ahead)
    await poll(hass)
    await pass_time(hass, freezer, UPDATE_DELAY + 1)
    after = hass.states.get(entity_id)
    assert after
    assert float(after.state) == pytest.approx(float(energy.state), abs=0.11)
    assert cost(hass) == pytest.approx(before, abs=0.11)


async def test_changed_price(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
    two: Farm,
) -> None:
    """A new price counts from now on; without one the sensor goes, and the sum is kept."""
    entry = await setup_farms(hass, monkeypatch, two, options={CONF_ENERGY_PRICE: 0.5})
    await run(hass, freezer, 1)
    assert cost(hass) == pytest.approx(3.0, abs=0.02)
    await set_price(hass, entry, 0.1)
    assert cost(hass) == pytest.approx(3.0, abs=0.02)
    await run(hass, freezer, 1)
    assert cost(hass) == pytest.approx(3.6, abs=0.02)

    await set_price(hass, entry, None)
    assert cost_of(hass) is None
    assert not er.async_get(hass).async_get_entity_id(
        Platform.SENSOR, DOMAIN, "farm_total_cost"
    )
    await run(hass, freezer, 1)
    await set_price(hass, entry, 0)
    assert cost(hass) == pytest.approx(3.6, abs=0.02)
    # What the sun gives is free, and may be paid for.
    await run(hass, freezer, 1)
    assert cost(hass) == pytest.approx(3.6, abs=0.02)
    await set_price(hass, entry, -0.1)
    await run(hass, freezer, 1)
    assert cost(hass) == pytest.approx(3.0, abs=0.02)


async def test_new_name(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
    two: Farm,
) -> None:
    """Renamed, it goes on, and counts nothing twice."""
    await setup_farms(hass, monkeypatch, two, options={CONF_ENERGY_PRICE: 1})
    await run(hass, freezer, 1)
    state = cost_of(hass)
    assert state
    er.async_get(hass).async_update_entity(
        state.entity_id, new_entity_id="sensor.renamed"
    )
    await settle(hass)
    await run(hass, freezer, 1)
    renamed = hass.states.get("sensor.renamed")
    assert renamed
    assert float(renamed.state) == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ({"cost": 123.456, "currency": "EUR"}, 123.46),
        ({"cost": -1, "currency": "EUR"}, -1.0),
        # Another currency: the sum of before means nothing in it.
        ({"cost": 123.456, "currency": "USD"}, 0.0),
        ({"cost": "much", "currency": "EUR"}, 0.0),
        ({"cost": float("nan"), "currency": "EUR"}, 0.0),
        ({"cost": 5.0}, 0.0),
        ({}, 0.0),
    ],
)
async def test_restart(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    two: Farm,
    stored: Mapping[str, Any],
    wanted: float,
) -> None:
    """It goes on from the sum that was stored; what is none begins anew."""
    hass.config.currency = "EUR"
    er.async_get(hass).async_get_or_create(
        Platform.SENSOR, DOMAIN, "farm_total_cost", suggested_object_id="cost"
    )
    mock_restore_cache_with_extra_data(
        hass, [(State("sensor.cost", "1"), dict(stored))]
    )
    await setup_farms(hass, monkeypatch, two, options={CONF_ENERGY_PRICE: 0.3})
    assert cost(hass) == wanted


def test_stored_exactly() -> None:
    """A restart costs nothing of the sum."""
    stored = StoredCost(1234.56789, "EUR")
    assert StoredCost.from_dict(stored.as_dict()) == stored
