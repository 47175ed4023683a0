"""The plugin with which the tests run on the newest Home Assistant."""

from homeassistant.const import __version__
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.restore_state import RestoreEntity, RestoreStateData
from pytest_homeassistant_custom_component.common import mock_restore_cache

from . import newest


def test_header() -> None:
    """What is tested with is told, and what the test package is made for."""
    line = newest.pytest_report_header()
    assert line.startswith(f"homeassistant: {__version__} (")
    assert "homeassistant==" in line


async def test_stored_states(
    hass: HomeAssistant, entity_registry: er.EntityRegistry
) -> None:
    """Home Assistant finds what the test package stored, of known and of new entities."""
    known = entity_registry.async_get_or_create("sensor", "demo", "known").entity_id
    mock_restore_cache(hass, [State(known, "1"), State("sensor.demo_new", "2")])
    new = entity_registry.async_get_or_create("sensor", "demo", "new").entity_id
    assert new == "sensor.demo_new"
    for entity_id, wanted in ((known, "1"), (new, "2")):
        entity = RestoreEntity()
        entity.hass, entity.entity_id = hass, entity_id
        state = await entity.async_get_last_state()
        assert state
        assert state.state == wanted


def test_on_the_one_that_the_package_is_made_for() -> None:
    """Nothing is put back where nothing was moved."""
    made_for = newest.pytest_report_header().rpartition("==")[2].rstrip(")")
    if made_for == __version__:
        newest._put_back()
        assert "last_states" not in vars(RestoreStateData)
