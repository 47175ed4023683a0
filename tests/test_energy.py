"""Adding up energy."""

from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.antminer_monitor.energy import EnergyMeter, StoredEnergy

GAP = timedelta(seconds=90)


def test_power_over_time() -> None:
    """An hour at 3 kW is 3 kWh."""
    meter = EnergyMeter()
    for minute in range(61):
        meter.read(60.0 * minute, 3000.0, GAP)

    assert meter.joules == pytest.approx(3 * 3.6e6)


def test_a_ramp_is_halved() -> None:
    """Between two readings the power moves evenly."""
    meter = EnergyMeter()
    meter.read(0.0, 0.0, GAP)
    meter.read(60.0, 1000.0, GAP)

    assert meter.joules == pytest.approx(30_000.0)


@pytest.mark.parametrize(
    ("seconds", "power"), [(91, 1000.0), (30, None), (0, 1000.0), (-30, 1000.0)]
)
def test_what_is_not_known_is_not_added(seconds: int, power: float | None) -> None:
    """Nothing over a gap, for an unknown power, or when the clock went back."""
    meter = EnergyMeter(5.0)
    meter.read(0.0, 1000.0, GAP)
    meter.read(seconds, power, GAP)

    assert meter.joules == 5.0


def test_it_goes_on_after_a_gap() -> None:
    """The reading after a gap is the first of the next stretch."""
    meter = EnergyMeter()
    meter.read(0.0, 1000.0, GAP)
    meter.read(3600.0, 1000.0, GAP)
    meter.read(3610.0, 1000.0, GAP)

    assert meter.joules == pytest.approx(10_000.0)


@given(
    st.lists(
        st.tuples(
            st.integers(-1000, 1000),
            st.none() | st.floats(min_value=0, max_value=10_000),
        )
    )
)
def test_it_never_falls(readings: list[tuple[int, float | None]]) -> None:
    """Whatever the clock and the miner say, a meter only goes up."""
    meter = EnergyMeter()
    at = 0.0
    before = 0.0
    for step, power in readings:
        at += step
        meter.read(at, power, GAP)
        assert meter.joules >= before
        before = meter.joules


@pytest.mark.parametrize("stored", [{}, {"joules": "many"}, {"joules": -1}])
def test_what_is_no_reading_is_not_restored(stored: dict[str, object]) -> None:
    """A broken stored state starts the meter anew."""
    assert StoredEnergy.from_dict(stored) is None


def test_stored_exactly() -> None:
    """A restart costs nothing of the reading."""
    stored = StoredEnergy.from_dict(StoredEnergy(12345.678).as_dict())

    assert stored is not None
    assert stored.joules == 12345.678
