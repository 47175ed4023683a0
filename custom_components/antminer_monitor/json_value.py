"""What a JSON text can hold."""

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
"""A value of a JSON text."""
