"""The JSON that orders come in: by the control page of the miners, and by that of HiveOS."""

import json


def parse(raw: bytes) -> dict[str, object]:
    """Read an order; ValueError, saying what is wrong, where it is no JSON object."""
    try:
        body = json.loads(raw)
    except ValueError:
        raise ValueError("the body is not JSON") from None
    if isinstance(body, dict):
        return {str(key): value for key, value in body.items()}
    raise ValueError("the body must be a JSON object")


def only(body: dict[str, object], *names: str) -> None:
    """Raise ValueError where an order holds anything but these."""
    if unknown := body.keys() - set(names):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")


def number(body: dict[str, object], name: str) -> float | None:
    """Read a number, where there is one; ValueError for anything else."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{name} must be a number, not {value!r}")


def text(body: dict[str, object], name: str) -> str:
    """Read a text that must be there; ValueError where it is not."""
    value = body.get(name)
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"{name} must be a text, not {value!r}")
