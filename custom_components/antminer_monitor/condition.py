"""Conditions of automations: something is so with rigs."""

from typing import ClassVar, Final, override

from homeassistant.const import STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from .const import DOMAIN
from .entity import unique_id_of
from .rig import Status
from .rig_targets import async_rigs_of_target


class RigCondition(EntityStateConditionBase):
    """Tells whether an entity of any, or of every rig of its target has a state.

    A rig of which that is not known counts as one that has another state.
    """

    key: ClassVar[str]
    """Key of that entity."""

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Give that entity of each rig that is meant, by whatever entity it is."""
        registry = er.async_get(self._hass)
        (platform,) = self._domain_specs
        found = (
            registry.async_get_entity_id(
                platform, DOMAIN, unique_id_of(rig_id, self.key)
            )
            for rig_id in async_rigs_of_target(self._hass, self._target_selection)
        )
        return {entity_id for entity_id in found if entity_id}

    @property
    @override
    def needs_polling(self) -> bool:
        """The editor, which shows whether it is met, cannot know which entity counts."""
        return True

    @override
    def _should_include(self, _state: State) -> bool:
        return True

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        """Take every rig of none for no rig: Home Assistant's own conditions do not."""
        return bool(states) and super()._check_all_match_state(states)


class IsStale(RigCondition):
    """Rigs were not seen for longer than the limit."""

    key = "stale"
    _domain_specs = {Platform.BINARY_SENSOR: DomainSpec()}
    _states = {STATE_ON}


class IsMining(RigCondition):
    """Rigs are seen, and hash."""

    key = "status"
    _domain_specs = {Platform.SENSOR: DomainSpec()}
    _states = {Status.RUNNING}


CONDITIONS: Final[dict[str, type[Condition]]] = {
    "is_stale": IsStale,
    "is_mining": IsMining,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Give the conditions by their keys."""
    return CONDITIONS
