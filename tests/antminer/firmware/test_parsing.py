"""Single values."""

import pytest

from custom_components.antminer_monitor.antminer.firmware.parsing import (
    algorithm_of,
    chip_map,
    hottest,
    number,
    percent,
    positive,
    scale_of,
    share_age,
    side,
    temperature,
    temperatures,
    text,
    unsigned,
    whole,
    words,
)
from custom_components.antminer_monitor.antminer.web import LONGEST_TEXT
from custom_components.antminer_monitor.json_value import Json


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (2.5, 2.5),
        ("13500.50", 13500.5),
        ("  0.0000", 0.0),
        ("1600M", 1600.0),
        ("3250 W", 3250.0),
        ("967.50 (AB)", 967.5),
        ("-4", -4.0),
        ("1e3", 1000.0),
        ("", None),
        ("-", None),
        ("Warm up", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (True, None),
        (None, None),
        ([1], None),
        ({"a": 1}, None),
    ],
)
def test_number(value: Json, expected: float | None) -> None:
    """A number, whatever it is written as; nothing for what is none."""
    assert number(value) == expected


def test_counts() -> None:
    """Counts are whole and not below zero."""
    assert whole(7) == 7
    assert whole(12904207043.0) == 12904207043
    assert whole("5") == 5
    assert whole(-1) is None
    assert whole("-1") is None
    assert whole("") is None
    assert positive(0) is None
    assert positive("0.00") is None
    assert positive(3) == 3


def test_figures_with_bounds() -> None:
    """What cannot be below zero is not, and a share is of a whole."""
    assert unsigned("0") == percent(0) == 0
    assert unsigned(6400.5) == 6400.5
    assert percent("100") == 100
    assert unsigned(-0.5) is percent(-1) is percent(100.5) is percent("all") is None


@pytest.mark.parametrize("value", ["", "-", "N/A", "none", "unknow", None, 5])
def test_no_text(value: Json) -> None:
    """The ways in which firmware says that it has nothing to say."""
    assert text(value) is None


def test_text() -> None:
    """Runs of blanks become one."""
    assert text(" Tue Dec  6 2022 ") == "Tue Dec 6 2022"


def test_text_that_cannot_be_shown() -> None:
    """A long one is cut, odd characters have a mark; as words it stays what it is."""
    long = "a" * (LONGEST_TEXT - 1) + " b"
    assert text(long) == long[:-2]
    assert words(long) == long
    assert text("S9\x00\u202e\ud800") == "S9\ufffd\ufffd\ufffd"
    assert words("S9\x00") == "S9\x00"


def test_endless_texts() -> None:
    """What is too long to be what it stands for is none, and takes no time."""
    assert temperatures("55-" * 400) == ()
    assert chip_map("o " * 6000) == ("", 0)
    assert chip_map("oo x") == ("oox", 2)
    assert share_age("1:" * 500_000 + "1", 1234) is None
    assert scale_of("GH" * 100, None).unit == "GH/s"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("55-53-68-69", (55, 53, 68, 69)),
        ("2--1-20-22", (2, -1, 20, 22)),
        ("-8--11-10-12", (-8, -11, 10, 12)),
        ("25-61", (25, 61)),
        ("0-0-0-0", ()),
        ("-", ()),
        ("m-m", ()),
        ("", ()),
        ("-83-40-41-255", (None, 40, 41, None)),
        ([54, 54.5, "68", None], (54, 54.5, 68, None)),
        ([0, 0], ()),
        (None, ()),
        (54, ()),
    ],
)
def test_temperatures(value: Json, expected: tuple[float | None, ...]) -> None:
    """Dashes are separators and signs; impossible values are broken sensors."""
    assert temperatures(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(75, 75), ("62", 62), (0, None), (-83, None), (255, None)]
)
def test_lone_temperature(value: Json, expected: float | None) -> None:
    """0 is no sensor, below it a broken one."""
    assert temperature(value) == expected


def test_hottest() -> None:
    """Of all, or of one side."""
    assert hottest((1.0, None, 3.0)) == 3
    assert hottest(()) is None
    assert side((50.0, 51.0, 66.0, 0.0), (2, 3)) == 66
    assert side((50.0, 51.0), (2, 3)) is None
    assert side((0.0, 0.0, 66.0, 65.0), (0, 1)) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0:00:05", 5),
        ("66:18:15", 238695),
        ("00:57:33", 3453),
        ("0", None),
        (0, None),
        ("", None),
        (None, None),
        (1000, 234),
        (2000, 0),
        ("a:b", None),
        ("-5:00:00", None),
        ("9" * 400 + ":0", None),
    ],
)
def test_share_age(value: Json, expected: float | None) -> None:
    """Ages as text, epochs as numbers; ``0`` is never."""
    assert share_age(value, 1234) == expected


def test_share_age_without_clock() -> None:
    """An epoch tells nothing without the miner's own time."""
    assert share_age(1000, None) is None
    assert share_age("0:00:05", None) == 5


@pytest.mark.parametrize(
    ("unit", "kind", "ident", "name", "rate"),
    [
        ("GH", "Antminer S19", None, "GH/s", 2e9),
        ("GH/s", "Antminer S19", None, "GH/s", 2e9),
        ("MH", "Antminer L7", None, "MH/s", 2e6),
        ("KSol/s", "Antminer Z15 Pro", None, "kSol/s", 2e3),
        (None, "Antminer S9", "BC50", "GH/s", 2e9),
        (None, "Antminer L3+", "L30", "MH/s", 2e6),
        (None, None, "L30", "MH/s", 2e6),
        (None, "Antminer D3", None, "MH/s", 2e6),
        (None, "Antminer D9", None, "GH/s", 2e9),
        (None, None, "ZCASH0", "kSol/s", 2e3),
        (None, "Antminer X3", None, "kH/s", 2e3),
        (None, "Antminer B3", None, "H/s", 2),
        ("bogus", None, None, "GH/s", 2e9),
        (7, None, ["x"], "GH/s", 2e9),
    ],
)
def test_units(
    unit: Json, kind: str | None, ident: Json, name: str, rate: float
) -> None:
    """By the reply's own word, then by model, then by the kind of board."""
    scale = scale_of(unit, kind, ident)
    assert scale.unit == name
    assert scale.rate("2.00") == rate
    assert scale.rate("") is None
    assert scale.rate(-1) is None
    assert scale.rate(1e300) is None
    assert scale.nominal(0.0) is None


def test_solutions_or_thousands_of_them() -> None:
    """Third-party firmware of a Z11 counts Sol/s for the rig, kSol/s for its boards."""
    scale = scale_of(None, "Antminer Z11", "ZCASH0")
    assert scale.rate("145474.39") == pytest.approx(145474.39)
    assert scale.rate("48.49") == pytest.approx(48490)


def test_algorithm() -> None:
    """By model, or else by the boards' ID."""
    assert algorithm_of("Antminer L3+") == "scrypt"
    assert algorithm_of(None, "D10") == "x11"
    assert algorithm_of(None, "BC50") is None
    assert algorithm_of(None, ["D10"]) is None
