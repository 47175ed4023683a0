"""How scripts/bench sums up and prints what it measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sum up; ValueError when there are none."""
        return cls(min(values), median(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    name: str
    cells: tuple[str, ...]
    limit: float | None = None
    """What is aimed at is at most this."""
    value: float | None = None
    """What is held against it."""

    @classmethod
    def spread(
        cls, name: str, spread: Spread, digits: int = 2, limit: float | None = None
    ) -> Row:
        """Make a line of the lowest, the middle and the highest measurement; the middle one counts."""
        cells = tuple(
            f"{value:.{digits}f}" for value in (spread.low, spread.middle, spread.high)
        )
        return cls(name, cells, limit, spread.middle)

    @property
    def target(self) -> str:
        """What is aimed at, and whether it is met."""
        if self.limit is None or self.value is None:
            return ""
        return (
            f"at most {self.limit:g}: {'met' if self.value <= self.limit else 'MISSED'}"
        )


SPREAD_HEADS = ("min", "median", "max")


def table(title: str, heads: Sequence[str], rows: Sequence[Row]) -> str:
    """Return lines of text with aligned columns, the target as the last one."""
    lines = [("", *heads, "target")]
    lines += [(row.name, *row.cells, row.target) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [title]
    for name, *cells, target in lines:
        figures = [
            f"{cell:>{width}}" for cell, width in zip(cells, widths[1:-1], strict=True)
        ]
        text.append(
            f"  {'  '.join([f'{name:<{widths[0]}}', *figures, target])}".rstrip()
        )
    return "\n".join(text)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that ``share`` (0 to 1) of these, which are in order, do not exceed; ValueError when there are none."""
    if not ordered:
        raise ValueError("nothing was measured")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
