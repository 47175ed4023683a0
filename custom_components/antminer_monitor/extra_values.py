"""What extensions compute of rigs."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from .extension import Extension, ExtraBinarySensor, ExtraSensor
from .guard import Report
from .rig import Extra, Rig

type Computed = tuple[str, Callable[[Rig], Extra | None]]
"""A key in ``Rig.extras``, and what gives its value."""


def computed_of(extension_id: str, extension: Extension) -> list[Computed]:
    """Give what an extension computes."""
    sensors: list[ExtraSensor | ExtraBinarySensor] = [
        *extension.sensors,
        *extension.binary_sensors,
    ]
    return [
        (f"{extension_id}.{sensor.key}", sensor.value_fn)
        for sensor in sensors
        if sensor.value_fn
    ]


def compute(
    report: Report, computed: Sequence[Computed], rigs: tuple[Rig, ...]
) -> tuple[Rig, ...]:
    """Add it to rigs. What cannot be computed is reported and left out."""
    return tuple(
        replace(rig, extras=extras) if extras != rig.extras else rig
        for rig in rigs
        for extras in [dict(rig.extras) | _values(report, computed, rig)]
    )


def _values(report: Report, computed: Sequence[Computed], rig: Rig) -> dict[str, Extra]:
    values: dict[str, Extra] = {}
    for key, value_fn in computed:
        try:
            value: object = value_fn(rig)
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            report(f"computing {key}", err)
            continue
        if isinstance(value, bool | int | float | str):
            values[key] = value
        elif value is not None:
            report(
                f"computing {key}",
                f"gave {type(value).__name__}, not a number, text or truth",
            )
    return values
