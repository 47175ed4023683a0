"""What a pack is to Home Assistant."""

from typing import Any

import pytest

from custom_components.antminer_monitor.pack_extension import (
    extension_id_of,
    extension_of,
    load_extension,
)
from custom_components.antminer_monitor.packs.errors import PackError
from custom_components.antminer_monitor.packs.loading import load_pack

from .pack_files import files_from, nine_pack, small_pack


def problems_of(pack: dict[str, Any]) -> list[tuple[str | None, str]]:
    """Give what is wrong with a pack: the key, and the words."""
    with pytest.raises(PackError) as raised:
        extension_of(load_pack(files_from(pack)))
    lines = files_from(pack)["pack.yaml"].splitlines()
    for problem in raised.value.problems:
        assert problem.file == "pack.yaml"
        assert problem.line is not None
        assert problem.key is not None
        # The line is that of the key.
        assert f'"{problem.key.rpartition(".")[2]}"' in lines[problem.line - 1]
    return [(problem.key, problem.message) for problem in raised.value.problems]


def with_sensor(**changes: Any) -> dict[str, Any]:
    """Give a pack whose sensor is described otherwise; ``None`` leaves a key out."""
    (sensor,) = nine_pack()["sensors"]
    changed = {
        key: value for key, value in (sensor | changes).items() if value is not None
    }
    return nine_pack(sensors=[changed])


def test_all_of_it() -> None:
    """Dialects, models and sensors of a pack are those of the extension."""
    pack, extension = load_extension(
        files_from(nine_pack(models=small_pack()["models"]))
    )
    assert (pack.id, extension_id_of(pack.id)) == ("nine", "pack_nine")
    assert (extension.name, extension.version) == ("Nines", "1.2.0")
    assert [(item.name, item.family) for item in extension.dialects] == [
        ("nine.old", "ninefirm")
    ]
    assert [name for name, _ in extension.models] == ["Tiny 1"]
    (sensor,) = extension.sensors
    assert (sensor.key, sensor.name, sensor.names) == ("clock", "Clock", {"de": "Takt"})
    assert (sensor.unit, sensor.digits) == ("MHz", 0)
    assert (sensor.device_class, sensor.state_class) == ("frequency", "measurement")
    assert not sensor.is_diagnostic
    # The dialect tells it; nothing is computed.
    assert sensor.value_fn is None
    (binary,) = extension.binary_sensors
    assert (binary.key, binary.name, binary.names) == ("whole", "Whole", {})
    assert (binary.device_class, binary.is_diagnostic) == (None, True)
    assert not extension.kinds
    assert not extension.services


def test_plain_sensors() -> None:
    """A sensor needs neither unit nor classes, and a binary one may have a class and other names."""
    (binary,) = nine_pack()["binary_sensors"]
    _, extension = load_extension(
        files_from(
            with_sensor(
                unit=None,
                device_class=None,
                state_class=None,
                digits=None,
                icon="mdi:fan",
            )
            | {
                "binary_sensors": [
                    binary | {"device_class": "problem", "icon": "mdi:bug"}
                ],
                "translations": {"fr": {"binary_sensors": {"whole": "Entier"}}},
            }
        )
    )
    (sensor,) = extension.sensors
    assert (sensor.device_class, sensor.state_class, sensor.icon) == (
        None,
        None,
        "mdi:fan",
    )
    assert not sensor.is_number
    (found,) = extension.binary_sensors
    assert (found.device_class, found.icon) == ("problem", "mdi:bug")
    assert found.names == {"fr": "Entier"}


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        (
            {"device_class": "clockwork"},
            "device_class",
            "is no device class of sensors",
        ),
        (
            {"unit": "W"},
            "unit",
            "W does not fit frequency, which takes GHz, Hz, MHz, kHz, mHz",
        ),
        ({"unit": None}, "device_class", "frequency needs a unit: GHz, Hz, "),
        (
            {"device_class": "aqi"},
            "unit",
            "MHz does not fit aqi, which takes none",
        ),
        (
            {"state_class": "total"},
            "state_class",
            "does not fit frequency, which takes measurement",
        ),
    ],
)
def test_what_home_assistant_does_not_take(
    changes: dict[str, Any], key: str, words: str
) -> None:
    """Classes that do not exist, and what does not fit them, are refused by line and key."""
    ((place, message),) = problems_of(with_sensor(**changes))
    assert place == f"sensors[0].{key}"
    assert message.startswith(words)


def test_class_without_unit() -> None:
    """An index of air quality has no unit, and needs none."""
    _, extension = load_extension(
        files_from(with_sensor(device_class="aqi", unit=None))
    )
    assert extension.sensors[0].is_number


def test_everything_at_once() -> None:
    """All that is wrong is told, of sensors and of binary sensors."""
    (binary,) = nine_pack()["binary_sensors"]
    pack = with_sensor(unit="W", state_class="total")
    pack["binary_sensors"] = [binary | {"device_class": "clockwork"}]
    assert [key for key, _ in problems_of(pack)] == [
        "sensors[0].unit",
        "sensors[0].state_class",
        "binary_sensors[0].device_class",
    ]


def test_classes_are_checked_while_loading() -> None:
    """Loading knows Home Assistant's classes, so that these problems stand beside all others."""
    (binary,) = nine_pack()["binary_sensors"]
    pack = with_sensor(device_class="clockwork")
    pack["binary_sensors"] = [binary | {"device_class": "clockwork"}]
    pack["dialects"][0]["firmware"] = "stock"
    with pytest.raises(PackError) as raised:
        load_extension(files_from(pack))
    assert [problem.key for problem in raised.value.problems] == [
        "dialects[0].firmware",
        "sensors[0].device_class",
        "binary_sensors[0].device_class",
    ]
    _, extension = load_extension(
        files_from(nine_pack(dialects=pack["dialects"])), reserved=()
    )
    assert extension.dialects[0].family == "stock"
