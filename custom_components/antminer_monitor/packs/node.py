"""A place in the document of a pack, and what is wrong there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..json_value import Json
from ..rig import Extra
from .document import Document, key_text
from .errors import PackError, Problem

MAX_PROBLEMS = 100
"""Problems that are told at once."""

type Path = tuple[str | int, ...]


@dataclass(slots=True)
class Problems:
    """What is wrong with a pack."""

    found: list[Problem] = field(default_factory=list)

    def add(
        self, message: str, file: str, line: int | None = None, key: str | None = None
    ) -> None:
        """Note one."""
        self.found.append(Problem(message, file, line, key))

    def check(self, files: list[str]) -> None:
        """Raise PackError if there are any, in the order of the files and of their lines."""
        if not self.found:
            return
        found = sorted(
            dict.fromkeys(self.found),
            key=lambda problem: (
                files.index(problem.file) if problem.file in files else len(files),
                problem.line or 0,
            ),
        )
        if (more := len(found) - MAX_PROBLEMS) > 0:
            found = [
                *found[:MAX_PROBLEMS],
                Problem(f"and {more} more problems", found[MAX_PROBLEMS].file),
            ]
        raise PackError(found)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One YAML file of a pack, and where its problems go."""

    file: str
    document: Document
    problems: Problems
    broken: set[Path] = field(default_factory=set)
    """Places whose structure is not good."""
    around: set[Path] = field(default_factory=set)
    """The places that those are in."""
    unknown: set[Path] = field(default_factory=set)
    """Members that nobody knows: what is in them nobody has looked at."""

    def wrong(self, path: Path, message: str) -> None:
        """Note what is wrong with a place."""
        self.problems.add(
            message, self.file, self.document.line_of(path), key_text(path)
        )

    def breaks(self, path: Path) -> None:
        """Note that the structure of a place is not good."""
        self.broken.add(path)
        self.around.update(path[:length] for length in range(len(path)))

    def is_sound(self, path: Path) -> bool:
        """Tell whether the structure of a place is good, and of all within it."""
        return path not in self.around and not any(
            path[:length] in self.broken for length in range(len(path) + 1)
        )


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a file whose structure is good: what must be there is there."""

    data: Json
    path: Path
    sheet: Sheet

    def wrong(self, message: str) -> None:
        """Note what is wrong with it."""
        self.sheet.wrong(self.path, message)

    def get(self, key: str) -> Node | None:
        """Give a member, if there is one."""
        assert isinstance(self.data, dict)
        if key not in self.data:
            return None
        return Node(self.data[key], (*self.path, key), self.sheet)

    def member(self, key: str) -> Node:
        """Give a member that there is."""
        found = self.get(key)
        assert found is not None
        return found

    def members(self) -> Iterator[tuple[str, Node]]:
        """Give all members that are known."""
        assert isinstance(self.data, dict)
        for key in self.data:
            if (*self.path, key) not in self.sheet.unknown:
                yield key, self.member(key)

    def items(self) -> Iterator[Node]:
        """Give the items of a list; what is no list is its only item."""
        if not isinstance(self.data, list):
            yield self
            return
        for place, item in enumerate(self.data):
            yield Node(item, (*self.path, place), self.sheet)

    @property
    def scalar(self) -> Extra:
        """The scalar that it is."""
        assert self.data is not None and not isinstance(self.data, list | dict)
        return self.data

    def text(self, key: str) -> str:
        """Give a member that is a text."""
        found = self.member(key).data
        assert isinstance(found, str)
        return found

    def maybe(self, key: str) -> str | None:
        """Give a member that is a text, if there is one."""
        return None if self.get(key) is None else self.text(key)

    def number(self, key: str) -> float | None:
        """Give a member that is a number, if there is one."""
        found = self.get(key)
        if found is None:
            return None
        assert isinstance(found.data, int | float)
        return found.data

    def whole(self, key: str) -> int | None:
        """Give a member that is a whole number, if there is one."""
        found = self.number(key)
        assert found is None or isinstance(found, int)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a member that is a list of texts; of none where there is none."""
        found = self.get(key)
        return () if found is None else tuple(str(item.data) for item in found.items())

    def is_set(self, key: str) -> bool:
        """Tell whether a member is true."""
        return (found := self.get(key)) is not None and found.data is True
