"""What an input makes the readers do: the branches taken and the lines run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
import inspect
import sys
from types import CodeType, FunctionType

from .target import READERS, Target, check, is_of

type Place = tuple[CodeType, int, int]
"""An instruction and the one that ran after it, or a line and -1."""

# Beside whoever measures the coverage of the tests.
_TOOL = sys.monitoring.PROFILER_ID
_EVENTS = (
    sys.monitoring.events.LINE
    | sys.monitoring.events.BRANCH_LEFT
    | sys.monitoring.events.BRANCH_RIGHT
)
_WORTH = 1000
"""Bytes that one file more is worth."""
_BRANCHES = (sys.monitoring.events.BRANCH_LEFT, sys.monitoring.events.BRANCH_RIGHT)


class Watch:
    """Watches the readers; they must be loaded. Only one at a time."""

    def __init__(self) -> None:
        """Begin to watch."""
        self._places: set[Place] = set()
        sys.monitoring.use_tool_id(_TOOL, "fuzz")
        sys.monitoring.register_callback(_TOOL, sys.monitoring.events.LINE, self._line)
        for event in _BRANCHES:
            sys.monitoring.register_callback(_TOOL, event, self._branch)
        self._codes = list(codes())
        for code in self._codes:
            sys.monitoring.set_local_events(_TOOL, code, _EVENTS)

    def close(self) -> None:
        """Watch no more."""
        for code in self._codes:
            sys.monitoring.set_local_events(_TOOL, code, 0)
        sys.monitoring.free_tool_id(_TOOL)

    def _line(self, code: CodeType, line: int) -> object:
        self._places.add((code, line, -1))
        return sys.monitoring.DISABLE

    def _branch(self, code: CodeType, at: int, to: int) -> object:
        self._places.add((code, at, to))
        return sys.monitoring.DISABLE

    def of(self, target: Target, data: bytes) -> frozenset[Place]:
        """Give all that an input reaches. A finding is none here."""
        self._places = set()
        sys.monitoring.restart_events()
        with suppress(Exception):
            check(target, data, slack=10.0)
        return frozenset(self._places)


def codes(names: tuple[str, ...] = READERS) -> Iterator[CodeType]:
    """Give the code of every function of some modules, each once."""
    seen: set[CodeType] = set()
    waiting = [
        code
        for name, module in list(sys.modules.items())
        if is_of(name, names)
        for code in _codes_in(vars(module), name)
    ]
    while waiting:
        code = waiting.pop()
        # The methods of a dataclass have no file; annotations run for nobody.
        if code in seen or code.co_filename[0] == "<" or code.co_name == "__annotate__":
            continue
        seen.add(code)
        yield code
        waiting += [item for item in code.co_consts if isinstance(item, CodeType)]


def _codes_in(members: Mapping[str, object], module: str) -> Iterator[CodeType]:
    """Give the code of the functions of a module or class, without those imported."""
    for member in list(members.values()):
        found = member
        if isinstance(member, property):
            found = member.fget
        elif isinstance(member, staticmethod | classmethod):
            found = member.__func__
        # What is behind a decorator, such as a cache.
        found = inspect.unwrap(found) if callable(found) else found
        if getattr(found, "__module__", None) != module:
            continue
        if isinstance(found, FunctionType):
            yield found.__code__
        elif isinstance(found, type):
            yield from _codes_in(vars(found), module)


@dataclass(frozen=True, slots=True)
class Reached:
    """How much of what a target is there for its inputs reach."""

    lines: int
    of_lines: int
    branches: int
    missed: Mapping[str, Sequence[int]]
    """Lines by file that no input reaches."""

    def __str__(self) -> str:
        """Give it in words."""
        share = 100 * self.lines / max(self.of_lines, 1)
        return f"{self.lines} of {self.of_lines} lines ({share:.0f} %), {self.branches} branches"


def reached(target: Target, places: Iterable[Place]) -> Reached:
    """Tell how much of what a target is there for was reached."""
    known = set(codes(target.reaches))
    seen = {place for place in places if place[0] in known}
    lines = {(code.co_filename, line) for code, line, to in seen if to == -1}
    # The line of a def belongs to the module, and runs when that is imported.
    every = {
        (code.co_filename, line)
        for code in known
        for _, _, line in code.co_lines()
        if line is not None and line != code.co_firstlineno
    }
    missed: dict[str, list[int]] = {}
    for file, line in sorted(every - lines):
        missed.setdefault(file, []).append(line)
    return Reached(
        lines=len(every & lines),
        of_lines=len(every),
        branches=sum(to != -1 for _, _, to in seen),
        missed=missed,
    )


def fewest(
    found: Mapping[str, tuple[int, frozenset[Place]]],
    always: Iterable[str] = (),
    *,
    most: int,
    most_bytes: int,
) -> list[str]:
    """Choose inputs that reach as much as all together: size and places by name.

    ``always`` are in it anyway. It ends with ``most`` of them, or so many bytes.
    """
    chosen = [name for name in always if name in found]
    known = set().union(*(found[name][1] for name in chosen))
    size = sum(found[name][0] for name in chosen)
    left = {name: entry for name, entry in found.items() if name not in chosen}
    while left and len(chosen) < most:
        # News for its bytes: a long one must bring more.
        worth = {
            name: len(places - known) / (_WORTH + length)
            for name, (length, places) in left.items()
            if size + length <= most_bytes
        }
        best = max(sorted(worth), key=worth.__getitem__, default=None)
        if best is None or not worth[best]:
            break
        length, places = left.pop(best)
        chosen.append(best)
        known |= places
        size += length
        left = {name: entry for name, entry in left.items() if entry[1] - known}
    return chosen
