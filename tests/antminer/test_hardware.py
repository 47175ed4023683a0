"""The table of models."""

import pytest

from custom_components.antminer_monitor.antminer.hardware import (
    _TABLE,
    clean_model,
    estimate_power,
    family_of,
    find,
)


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ("Antminer S9", "S9"),
        ("Antminer S9\nV1.3.58", "S9"),
        ("Antminer S9 V1.3", "S9"),
        ("Antminer S9 (vnish 3.8.6)", "S9"),
        ("Antminer S9 Hiveon", "S9"),
        ("Antminer S9k", "S9k"),
        ("Antminer S19", "S19"),
        ("Antminer S19 Pro", "S19 Pro"),
        ("Antminer S19Pro+", "S19 Pro+"),
        ("Antminer S19 Pro Hyd.", "S19 Pro Hyd"),
        ("Antminer S19 Pro Hydro", "S19 Pro Hyd"),
        ("Antminer S19j", "S19j"),
        ("Antminer S19j Pro", "S19j Pro"),
        ("Antminer S19j Pro 104T", "S19j Pro"),
        ("Antminer S19j Pro+", "S19j Pro+"),
        ("Antminer S19 XP (Vnish 1.2.0-rc1)", "S19 XP"),
        ("Antminer S21+ Hyd.", "S21+ Hyd"),
        ("Antminer BHB68601", "S21"),
        ("Antminer BHB42601", "S19j Pro"),
        ("Antminer L7_I", "L7"),
        ("Antminer L3+ (024)", "L3+"),
        ("Antminer Z11 Chipless", "Z11"),
        ("antminer s21 xp", "S21 XP"),
    ],
)
def test_finds_models(kind: str, model: str) -> None:
    """Every spelling that was seen leads to its model, and to no shorter one."""
    found = find(kind)
    assert found is not None
    assert found.model == model


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "(vnish)",
        "Antminer",
        "Antminer S99",
        "Antminer S19 Ultra",
        "Antminer BHB42XXXX",
    ],
)
def test_unknown_models(kind: str | None) -> None:
    """A model with one more word than a known one is another model."""
    assert find(kind) is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Antminer S9\nV1.3.58", "Antminer S9"),
        ("Antminer S19 XP (Vnish 1.2.0-rc1)", "Antminer S19 XP"),
        ("Antminer D3 Blissz v2.06 beta", "Antminer D3"),
        ("Antminer S19j Pro", "Antminer S19j Pro"),
        ("Antminer S99 Ultra", "Antminer S99 Ultra"),
        ("(HashMaster)", None),
        (None, None),
    ],
)
def test_clean_model(kind: str | None, name: str | None) -> None:
    """What firmware added to the name goes, the rest stays as it is."""
    assert clean_model(kind) == name


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Antminer L3+", ("scrypt", "MH/s")),
        ("Antminer L99", ("scrypt", "MH/s")),
        ("Antminer Z99", ("equihash", "kSol/s")),
        ("Antminer E99", ("ethash", "MH/s")),
        ("Antminer S99", ("sha256d", None)),
        ("Antminer BHB42XXXX", ("sha256d", None)),
        ("Antminer D99", ("x11", None)),
        ("Antminer KS9", ("kheavyhash", None)),
        ("Antminer DR7", (None, None)),
        ("Antminer Q1", (None, None)),
        (None, (None, None)),
    ],
)
def test_families(kind: str | None, expected: tuple[str | None, str | None]) -> None:
    """Algorithm and unit come from the table, or from the letter."""
    assert family_of(kind) == expected


def test_estimate_takes_the_nearest_rating() -> None:
    """J/TH of the 100 TH/s machine for one that should do 101, of the 110 else."""
    hardware = find("Antminer S19 Pro")
    assert estimate_power(hardware, 101e12, 50e12) == pytest.approx(1475)
    assert estimate_power(hardware, 111e12, 110e12) == pytest.approx(3250)
    assert estimate_power(hardware, None, 100e12) == pytest.approx(2950)


@pytest.mark.parametrize("rate", [None, 0.0, -1.0])
def test_no_estimate_without_hashing(rate: float | None) -> None:
    """What a rig draws that does not hash is in no table."""
    assert estimate_power(find("Antminer S19 Pro"), 110e12, rate) is None


def test_no_estimate_without_rating() -> None:
    """Neither for an unknown model nor for one that nobody rated."""
    assert estimate_power(None, 1e12, 1e12) is None
    assert estimate_power(find("Antminer L11"), 20e9, 20e9) is None


def test_table_is_sound() -> None:
    """Every model once, and every rating in the range of its algorithm's machines."""
    assert len({entry.model for entry in _TABLE}) == len(_TABLE)
    for entry in _TABLE:
        assert find(f"Antminer {entry.model}") is entry
        for rating in entry.variants:
            assert 200 <= rating.power <= 6000, entry.model
            if entry.algorithm == "sha256d":
                assert 10 <= rating.power / rating.hashrate * 1e12 <= 300, entry.model
