"""Units of hashrate."""

from hypothesis import given, strategies as st
import pytest

from custom_components.antminer_monitor.rig import Gpu, Rig
from custom_components.antminer_monitor.sensor_descriptions import (
    BOARD_SENSORS,
    FAN_SENSORS,
    GPU_SENSORS,
    RIG_SENSORS,
)
from custom_components.antminer_monitor.units import (
    Grain,
    rate_unit,
    significant,
    stepped,
)

from .rigs import rig

CARDS = (Gpu(index=1),)

GRAINS = sorted(
    filter(
        None,
        {item.grain for item in RIG_SENSORS}
        | {item.grain for item in BOARD_SENSORS}
        | {item.grain for item in GPU_SENSORS}
        | {item.grain for item in FAN_SENSORS},
    ),
    key=lambda grain: (grain.share, grain.least),
)
"""Of every sensor that there is."""


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
    """Steps swallow noise."""
    assert stepped(3248.0, 5) == 3250


@pytest.mark.parametrize("grain", GRAINS)
@given(st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1))
def test_published_stays_close(grain: Grain, values: list[float]) -> None:
    """Whatever comes, and however slowly, what is published is never further off than its grain says."""
    published: float | None = None
    for value in values:
        published = grain.publish(value, published)
        allowed = max(grain.least, grain.share * abs(published))
        assert abs(value - published) <= allowed * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize("grain", GRAINS)
@given(
    st.floats(min_value=1.0, max_value=1e6),
    st.floats(min_value=0.0, max_value=0.5, exclude_max=True),
    st.integers(min_value=1, max_value=500),
)
def test_published_does_not_drift(
    grain: Grain, start: float, step: float, times: int
) -> None:
    """A figure that creeps, each time by less than its grain, is followed all the same."""
    published = grain.publish(start, None)
    value = start
    for _ in range(times):
        value += step * max(grain.least, grain.share * value)
        published = grain.publish(value, published)
    allowed = max(grain.least, grain.share * abs(published))
    assert abs(value - published) <= allowed * (1 + 1e-9)


@pytest.mark.parametrize("grain", GRAINS)
@given(st.floats(min_value=1e-3, max_value=1e6))
def test_zero_is_published_at_once(grain: Grain, value: float) -> None:
    """Nothing is not near to anything, nor anything to nothing."""
    assert grain.publish(0.0, grain.publish(value, None)) == 0
    assert grain.publish(value, 0.0) == grain.round(value)


@pytest.mark.parametrize("grain", GRAINS)
@given(
    st.floats(min_value=20.0, max_value=1e6),
    st.lists(st.floats(min_value=-0.49, max_value=0.49), min_size=1),
)
def test_noise_is_not_published(grain: Grain, value: float, noise: list[float]) -> None:
    """What swings around a figure that was published changes nothing."""
    published = grain.publish(value, None)
    allowed = max(grain.least, grain.share * abs(published))
    for part in noise:
        assert grain.publish(published + part * allowed, published) == published
