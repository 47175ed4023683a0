"""Triggers of automations: something begins to be so with a rig."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Final, cast, override

from homeassistant.const import CONF_OPTIONS, Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
import probatio

from . import health
from .coordinator import RigCoordinator
from .pools import address_of
from .rig import Rig
from .rig_watch import CONF_PAUSE, Finding, RigWatch

CONF_PERCENTAGE: Final = "percentage"
DEFAULT_PERCENTAGE: Final = 80
MAX_PERCENTAGE: Final = 95
"""A rig is told of anew once it was 5 % of its nominal rate above: most reach no more than 100."""

SCHEMA: Final = ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR.extend(
    {
        probatio.Required(CONF_OPTIONS, default={}): {
            probatio.Optional(CONF_PAUSE): cv.positive_time_period
        }
    }
)
"""The options of Home Assistant's own triggers, and how long none is told of the same rig again."""


class RigTrigger(Trigger):
    """Fires once when something begins to be so with a rig of its target.

    It goes by the readings, not by states: entities can be disabled, and where rigs are very
    many most are. What is so when the trigger begins, or when an entry loads, is no news.
    """

    schema: ClassVar[probatio.Schema] = SCHEMA
    entity: ClassVar[tuple[Platform, str]]
    """Platform and key of the entity of the rig that shows it."""

    @classmethod
    @override
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Check target and options."""
        return cast(ConfigType, cls.schema(config))

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Keep what is wanted."""
        super().__init__(hass, config)
        self.options = config.options or {}
        self.selection = TargetSelection(config.target or {})

    @abstractmethod
    def find(self, coordinator: RigCoordinator, rig_id: str, *, was: bool) -> Finding:
        """Find out whether it is so; ``was``: whether it was, as far as was known last."""

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Begin to watch the target; returns what ends that."""
        watch = RigWatch(self._hass, self, run_action)
        watch.follower.async_start()
        return watch.async_stop


class WentStale(RigTrigger):
    """A rig is not seen for longer than the limit."""

    entity = (Platform.BINARY_SENSOR, "stale")

    @override
    def find(self, coordinator: RigCoordinator, rig_id: str, *, was: bool) -> Finding:
        """Go by what *Stale* shows; the figure is when the rig was last seen."""
        seen = coordinator.last_seen(rig_id)
        return Finding(
            _is_stale(coordinator, rig_id), seen.isoformat() if seen else None
        )


class CameBack(WentStale):
    """A rig that was stale is seen again."""

    @override
    def find(self, coordinator: RigCoordinator, rig_id: str, *, was: bool) -> Finding:
        """Find the contrary."""
        found = super().find(coordinator, rig_id, was=was)
        return Finding(None if found.holds is None else not found.holds, found.figure)


def _is_stale(coordinator: RigCoordinator, rig_id: str) -> bool | None:
    """Tell what *Stale* shows, but for a rig that nobody has tried to read yet in this run."""
    if coordinator.is_starting(rig_id) or not coordinator.is_stale(rig_id):
        return False
    was_tried = coordinator.last_failure or coordinator.group or coordinator.fresh
    return True if was_tried else None


class FigureTrigger(RigTrigger):
    """Goes by the last reading of a rig, as long as that is true."""

    @override
    def find(self, coordinator: RigCoordinator, rig_id: str, *, was: bool) -> Finding:
        """Find nothing of a rig that is stale."""
        rig = coordinator.data.get(rig_id)
        if rig is None or coordinator.is_stale(rig_id):
            return Finding(None)
        return self.find_in(coordinator, rig, was=was)

    @abstractmethod
    def find_in(self, coordinator: RigCoordinator, rig: Rig, *, was: bool) -> Finding:
        """Find out whether it is so by a reading."""


class Overheated(FigureTrigger):
    """A rig gets too hot."""

    entity = (Platform.BINARY_SENSOR, "overheating")

    @override
    def find_in(self, coordinator: RigCoordinator, rig: Rig, *, was: bool) -> Finding:
        """Go by what *Overheating* shows; the figure is the highest temperature, in °C."""
        hottest = max(
            (value for value, _ in health.temperatures_of(rig).values()), default=None
        )
        return Finding(coordinator.verdict_of(rig.id).overheating, hottest)


class HashrateLow(FigureTrigger):
    """The hashrate of a rig falls below a share of the nominal one, that the automation gives."""

    entity = (Platform.SENSOR, "hashrate")
    schema = SCHEMA.extend(
        {
            probatio.Required(CONF_OPTIONS, default={}): {
                probatio.Required(
                    CONF_PERCENTAGE, default=DEFAULT_PERCENTAGE
                ): probatio.All(
                    probatio.Coerce(float), probatio.Range(min=1, max=MAX_PERCENTAGE)
                )
            }
        }
    )

    @override
    def find_in(self, coordinator: RigCoordinator, rig: Rig, *, was: bool) -> Finding:
        """Go by the limit of the automation; the figure is the hashrate in per cent of the nominal."""
        limits = health.Limits(low_hashrate=self.options[CONF_PERCENTAGE] / 100)
        percentage = (
            round(100 * rig.hashrate / rig.hashrate_nominal, 1)
            if rig.hashrate is not None and rig.hashrate_nominal
            else None
        )
        return Finding(health.hashrate_low(rig, limits, was=was), percentage)


class BoardLost(FigureTrigger):
    """A hashboard is missing, or not one of its chips works."""

    entity = (Platform.BINARY_SENSOR, "board_fault")

    @override
    def find_in(self, coordinator: RigCoordinator, rig: Rig, *, was: bool) -> Finding:
        """Go by what *Hashboard fault* shows; the figure is how many boards work."""
        working = sum(board.chips_working != 0 for board in rig.boards)
        return Finding(health.board_fault(rig), working)


class PoolDead(FigureTrigger):
    """The pool that a rig should work for first is not alive."""

    entity = (Platform.BINARY_SENSOR, "pool_fault")

    @override
    def find_in(self, coordinator: RigCoordinator, rig: Rig, *, was: bool) -> Finding:
        """Go by what *Pool fault* shows; the figure is the pool that it works for now."""
        urls = [pool.url for pool in rig.pools if pool.active and pool.url]
        return Finding(health.pool_fault(rig), address_of(urls[0]) if urls else None)


TRIGGERS: Final[Mapping[str, type[RigTrigger]]] = {
    "went_stale": WentStale,
    "came_back": CameBack,
    "overheated": Overheated,
    "hashrate_low": HashrateLow,
    "board_lost": BoardLost,
    "pool_dead": PoolDead,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Give the triggers by their keys."""
    return {**TRIGGERS}
