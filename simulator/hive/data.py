"""JSON as the service writes it: sparse, keys without a value left out."""

type Data = dict[str, object]
"""A JSON object."""


def sparse(**values: object) -> Data:
    """An object of those keys that hold something: no nulls, no empty lists, objects or texts."""
    return {
        key: value
        for key, value in values.items()
        if value is not None and value not in ("", [], {})
    }


def kilo(rate: float) -> float | int:
    """A rate in kH/s as the service writes it: whole from 1000 on, else with four places."""
    return round(rate) if rate >= 1000 else round(rate, 4)
