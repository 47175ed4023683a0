"""What can be wrong with a pack."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where."""

    message: str
    file: str = "pack.yaml"
    line: int | None = None
    """Counted from 1; ``None`` where it is no matter of a line."""
    key: str | None = None
    """The keys that lead there, such as ``dialects[0].fields.hashrate``."""

    def __str__(self) -> str:
        """Give it as one line: file, line, key, what is wrong."""
        where = self.file if self.line is None else f"{self.file}, line {self.line}"
        return ": ".join(filter(None, (where, self.key, self.message)))


class PackError(Exception):
    """A pack cannot be used. Nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep all that is wrong, in the order of the file."""
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))
