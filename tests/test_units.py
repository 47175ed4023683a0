"""Units of hashrate."""

from hypothesis import given, strategies as st
import pytest

from custom_components.antminer_monitor.rig import Gpu, Rig
from custom_components.antminer_monitor.units import rate_unit, significant, stepped

from .rigs import rig

CARDS = (Gpu(index=1),)


@pytest.mark.parametrize(
    ("miner", "symbol"),
    [
        (rig(), "TH/s"),
        (rig(algorithm="scrypt", hashrate_nominal=504e6), "MH/s"),
        (rig(algorithm="scrypt", hashrate_nominal=9.5e9), "GH/s"),
        (rig(algorithm="scrypt", hashrate_nominal=None, hashrate=None), "MH/s"),
        (rig(algorithm="equihash"), "kSol/s"),
        (rig(algorithm=None, rate_unit="MH/s"), "MH/s"),
        (rig(algorithm="etchash", gpus=CARDS), "MH/s"),
        (rig(algorithm="kheavyhash", gpus=CARDS), "GH/s"),
        (rig(algorithm="something new", gpus=CARDS, rate_unit="kH/s"), "MH/s"),
        (rig(algorithm="sha3-512", rate_unit="kH/s"), "kH/s"),
        (rig(algorithm=None, rate_unit=None), "GH/s"),
        (rig(algorithm=None, rate_unit="furlong"), "GH/s"),
    ],
)
def test_rate_unit(miner: Rig, symbol: str) -> None:
    """The algorithm decides, then what the firmware reports."""
    assert rate_unit(miner).symbol == symbol


def test_unit_without_time() -> None:
    """Efficiency is per unit of work."""
    assert rate_unit(rig(algorithm="equihash")).work == "kSol"


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (110.5678, 3, 111.0),
        (13.8838, 3, 13.9),
        (0.50456, 3, 0.505),
        (0.0, 3, 0.0),
        (-12.34, 2, -12.0),
        (float("inf"), 3, float("inf")),
    ],
)
def test_significant(value: float, digits: int, expected: float) -> None:
    """So many digits count, wherever the point is."""
    assert significant(value, digits) == expected


@given(st.floats(min_value=1e-9, max_value=1e18))
def test_significant_stays_close(value: float) -> None:
    """Three digits never move a figure by more than half a per cent."""
    assert abs(significant(value, 3) - value) <= 0.0051 * value


def test_stepped() -> None:
    """Steps swallow noise; what is not known stays so."""
    assert stepped(3248.0, 5) == 3250
    assert stepped(None, 5) is None
