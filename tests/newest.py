"""A plugin for pytest, where Home Assistant is newer than the one that the test package is made for.

scripts/test --newest names it, so that it comes before the test package's own plugin. What Home Assistant moved or
renamed since, and the test package still uses, is put back here. Once the test package knows, this does nothing.
"""

from importlib import import_module
from importlib.metadata import requires
from typing import Any

from homeassistant.const import __version__

PACKAGE = "pytest-homeassistant-custom-component"


def _put_back() -> None:
    # In the order of the test package's plugin: these replace what Home Assistant's modules import.
    for name in ("patch_json", "patch_recorder", "patch_time"):
        import_module(f"{PACKAGE.replace('-', '_')}.{name}")

    # Since 2026.11.
    logger = import_module("homeassistant.components.logger")
    if not hasattr(logger, name := "_clear_logger_overwrites"):
        helpers = import_module("homeassistant.components.logger.helpers")
        setattr(logger, name, getattr(helpers, name))
    # Since 2026.11. Any: what it has depends on the version.
    restore: Any = import_module("homeassistant.helpers.restore_state")
    if hasattr(restore.RestoreStateData, "async_get_stored_state"):
        restore.RestoreStateData.last_states = property(_restored, _restore)


def _restored(data: Any) -> dict[str, Any]:
    stored = (data.last_states_by_entity_id, data.last_states_by_entity_registry_id)
    return {kept.state.entity_id: kept for states in stored for kept in states.values()}


def _restore(data: Any, states: dict[str, Any]) -> None:
    """Have stored states as an earlier Home Assistant wrote them: by entity id."""
    from homeassistant.core import Event, callback
    from homeassistant.helpers import entity_registry as er

    @callback
    def is_new(changed: Any) -> bool:
        return bool(changed["action"] == "create")

    @callback
    def created(event: Event[Any]) -> None:
        data._async_entity_registry_entry_created(event)

    data.last_states_by_entity_id = dict(states)
    data.last_states_by_entity_registry_id = {}
    registry = er.async_get(data.hass)
    for entity_id, kept in states.items():
        if entry := registry.async_get(entity_id):
            del data.last_states_by_entity_id[entity_id]
            data.last_states_by_entity_registry_id[entry.id] = kept
    event: Any = er.EVENT_ENTITY_REGISTRY_UPDATED
    data.hass.bus.async_listen(event, created, event_filter=is_new)


_put_back()


def pytest_report_header() -> str:
    """Say what is tested with."""
    made_for = next(
        text for text in requires(PACKAGE) or () if text.startswith("homeassistant==")
    )
    return f"homeassistant: {__version__} (the test package asks for {made_for})"
