"""What must hold of every rig, whatever it was read from."""

from ipaddress import ip_address
from math import isfinite
import re

from custom_components.antminer_monitor.antminer.firmware.parsing import (
    COLDEST,
    HOTTEST,
)
from custom_components.antminer_monitor.guard import checked_rig
from custom_components.antminer_monitor.rig import Rig
from custom_components.antminer_monitor.units import rate_unit, significant

MOST_PARTS = 128
"""Of one kind: each becomes a dozen entities."""
LONGEST = 255
"""Characters of a text: what Home Assistant takes for a state."""

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_SIGNED = frozenset({"clock_offset"})
"""Figures that may be below zero, beside temperatures."""
_LONG = frozenset({"chip_map"})
"""Texts that have no such limit: they are not shown."""


def check_rig(rig: Rig, coldest: float = COLDEST, hottest: float = HOTTEST) -> None:
    """Check a rig field by field. Raises AssertionError, TypeError or ValueError."""
    # As an extension's rigs are: types as declared, no NaN, nothing that cannot be written.
    checked_rig(rig)
    _check_fields(rig, coldest, hottest)
    for name in ("boards", "gpus", "fans", "pools"):
        parts = getattr(rig, name)
        for part in parts:
            _check_fields(part, coldest, hottest)
        assert len(parts) <= MOST_PARTS, f"{len(parts)} {name}"
        numbers = [part.index for part in parts]
        assert len(numbers) == len(set(numbers)), f"two {name} have the same number"
    for name in ("power_modes", "flight_sheets", "overclocks"):
        choices = [choice.id for choice in getattr(rig, name)]
        assert len(choices) <= MOST_PARTS, f"{len(choices)} {name}"
        assert len(choices) == len(set(choices)), f"two {name} are the same"
    for program in rig.programs:
        _check_fields(program, coldest, hottest)
    if rig.host:
        _check_fields(rig.host, coldest, hottest)
    assert (rig.power is None) is (rig.power_source is None), "watts of no source"
    assert sum(pool.active is True for pool in rig.pools) <= 1, "two active pools"
    assert rig.mac is None or _MAC.fullmatch(rig.mac), "no MAC address"
    assert rig.ip is None or ip_address(rig.ip), "no IP address"
    for part in (*rig.fans, *rig.gpus):
        for name in ("duty", "fan_duty"):
            duty = getattr(part, name, None)
            assert duty is None or duty <= 100, f"{name}: {duty} %"
    for rate in (*rig.hashrates.values(), rig.hashrate or 0.0):
        assert isfinite(significant(rate / rate_unit(rig).scale, 4))


def _check_fields(part: object, coldest: float, hottest: float) -> None:
    for name in getattr(part, "__slots__", ()):
        value = getattr(part, name)
        where = f"{type(part).__name__}.{name}"
        match value:
            case bool() | None:
                pass
            case str():
                assert len(value) <= LONGEST or name in _LONG, f"{where}: very long"
                assert value.strip(), f"{where}: an empty text"
                assert value.isprintable() or name in _LONG, f"{where}: not to be shown"
            case int() | float():
                assert isfinite(value), f"{where}: {value}"
                if name.endswith("temperature"):
                    assert coldest <= value <= hottest, f"{where}: {value} °C"
                elif name not in _SIGNED:
                    assert value >= 0, f"{where}: {value}"
