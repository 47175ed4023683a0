"""The section of an options flow that every entry with rigs has: limits, and what a kWh costs."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from homeassistant.const import UnitOfTemperature
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import probatio

from .const import CONF_ENERGY_PRICE, CONF_HOT_BOARD, CONF_HOT_CHIP, CONF_LOW_HASHRATE
from .health import DEFAULT_LIMITS, Limits

CONF_LIMITS: Final = "limits"
"""The section of the form; what is stored is not divided into sections."""

MIN_HOT: Final = 40
MAX_HOT: Final = 150
"""°C."""
MIN_LOW: Final = 5
MAX_LOW: Final = 95
"""Per cent. With more every rig would be slow now and then."""


def _number(
    minimum: float,
    maximum: float | None = None,
    *,
    step: float | Literal["any"] = 1,
    unit: str | None = None,
) -> NumberSelector:
    config = NumberSelectorConfig(min=minimum, step=step, mode=NumberSelectorMode.BOX)
    if maximum is not None:
        config["max"] = maximum
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


_HOT: Final = _number(MIN_HOT, MAX_HOT, unit=UnitOfTemperature.CELSIUS)

LIMITS_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_LIMITS): section(
            probatio.Schema(
                {
                    probatio.Required(
                        CONF_HOT_BOARD, default=DEFAULT_LIMITS.hot_board
                    ): _HOT,
                    probatio.Required(
                        CONF_HOT_CHIP, default=DEFAULT_LIMITS.hot_chip
                    ): _HOT,
                    probatio.Required(
                        CONF_LOW_HASHRATE, default=100 * DEFAULT_LIMITS.low_hashrate
                    ): _number(MIN_LOW, MAX_LOW, unit="%"),
                    probatio.Optional(CONF_ENERGY_PRICE): _number(0, step="any"),
                }
            ),
            {"collapsed": True},
        )
    }
)
_KEYS: Final = (CONF_HOT_BOARD, CONF_HOT_CHIP, CONF_LOW_HASHRATE, CONF_ENERGY_PRICE)


def shown(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give options as a form with the section shows them."""
    return {
        **options,
        CONF_LIMITS: {key: options[key] for key in _KEYS if key in options},
    }


def given(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a form with the section was filled in with, as it is stored."""
    limits: Mapping[str, Any] = user_input[CONF_LIMITS]
    return {
        **{key: value for key, value in user_input.items() if key != CONF_LIMITS},
        **limits,
    }


def limits_of(options: Mapping[str, Any]) -> Limits:
    """Give the limits that an entry is set to."""
    low = options.get(CONF_LOW_HASHRATE)
    return Limits(
        hot_board=options.get(CONF_HOT_BOARD, DEFAULT_LIMITS.hot_board),
        hot_chip=options.get(CONF_HOT_CHIP, DEFAULT_LIMITS.hot_chip),
        low_hashrate=DEFAULT_LIMITS.low_hashrate if low is None else low / 100,
    )
