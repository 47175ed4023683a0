"""Selects of rigs: what they can be set to."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .command import Action, Choice
from .const import DOMAIN
from .control_entity import ControlEntity, async_setup_controls
from .hub import AntminerMonitorConfigEntry
from .pools import first_pool, pool_choices
from .rig import Rig

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RigSelectDescription(SelectEntityDescription):
    """Describes a select of a rig."""

    action: Action
    choices_fn: Callable[[Rig], tuple[Choice, ...]]
    current_fn: Callable[[Rig], str | None]
    """Name or id of what is set."""


def _first_pool(rig: Rig) -> str | None:
    pool = first_pool(rig)
    return str(pool.index) if pool else None


RIG_SELECTS = (
    RigSelectDescription(
        key="flight_sheet",
        translation_key="flight_sheet",
        entity_category=EntityCategory.CONFIG,
        action=Action.SET_FLIGHT_SHEET,
        choices_fn=lambda rig: rig.flight_sheets,
        current_fn=lambda rig: rig.flight_sheet,
    ),
    RigSelectDescription(
        key="overclock",
        translation_key="overclock",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        action=Action.SET_OVERCLOCK,
        choices_fn=lambda rig: rig.overclocks,
        current_fn=lambda rig: rig.overclock,
    ),
    RigSelectDescription(
        key="power_mode",
        translation_key="power_mode",
        entity_category=EntityCategory.CONFIG,
        action=Action.SET_POWER_MODE,
        choices_fn=lambda rig: rig.power_modes,
        current_fn=lambda rig: rig.work_mode,
    ),
    RigSelectDescription(
        key="pool",
        translation_key="pool",
        entity_category=EntityCategory.CONFIG,
        action=Action.SWITCH_POOL,
        choices_fn=pool_choices,
        current_fn=_first_pool,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AntminerMonitorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the selects of an entry."""
    await async_setup_controls(
        entry,
        async_add_entities,
        Platform.SELECT,
        RIG_SELECTS,
        lambda description: (description.action,),
        RigSelect,
    )


class RigSelect(ControlEntity[RigSelectDescription], SelectEntity):
    """Something that a rig can be set to."""

    entity_description: RigSelectDescription
    _known: tuple[tuple[Choice, ...], dict[str, Choice]] | None = None

    @property
    def _choices(self) -> dict[str, Choice]:
        """Everything that can be chosen now, by what it is called here."""
        rig = self.part
        choices = self.entity_description.choices_fn(rig) if rig else ()
        # A farm has one list for all its rigs, for many readings.
        if self._known is None or self._known[0] is not choices:
            self._known = (choices, options_of(choices))
        return self._known[1]

    @property
    @override
    def options(self) -> list[str]:
        """Names; of two with the same name, with their ids."""
        return list(self._choices)

    @property
    @override
    def current_option(self) -> str | None:
        """What is set; unknown if it is none of the options, or it cannot be told which."""
        rig = self.part
        current = self.entity_description.current_fn(rig) if rig else None
        found = [
            option
            for option, choice in self._choices.items()
            if current in (choice.id, choice.name)
        ]
        return found[0] if len(found) == 1 else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Set it. Raises ServiceValidationError if it is gone, HomeAssistantError if it fails."""
        choice = self._choices.get(option)
        if choice is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="choice_gone",
                translation_placeholders={"choice": option},
            )
        await self._async_tell(self.entity_description.action, choice.id)


def options_of(choices: tuple[Choice, ...]) -> dict[str, Choice]:
    """Give choices by name; those that share theirs, by name and id."""
    names = Counter(choice.name for choice in choices)
    options: dict[str, Choice] = {}
    for choice in choices:
        option = choice.name
        if names[option] > 1:
            option = f"{option} ({choice.id})"
        # Somebody may have called a third one just that.
        while option in options:
            option = f"{option} ({choice.id})"
        options[option] = choice
    return options
