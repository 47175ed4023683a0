"""What is fuzzed: a function that takes bytes, and what one call of it may cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
import re
import resource
import sys
from time import process_time

PACKAGE = "custom_components.antminer_monitor"
READERS = (
    "antminer",
    "hiveos",
    "packs",
    "pack_extension",
    "teach_pack",
    "teach_redact",
)
"""Modules and packages of it that read what comes from outside."""

MAX_INPUT = 1024 * 1024
"""Bytes of what an input stands for: the largest reply of a miner that is read."""
MEMORY = 128 * 1024 * 1024
"""Bytes that one input may need."""

_SECTION = re.compile(rb"^#: ([^\n]{0,60})\n", re.MULTILINE)
_LONG = re.compile(rb"\xab([0-9])([^\xab\xbb]{1,64})\xbb")
# ru_maxrss has kilobytes, but on macOS bytes.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Shape(Enum):
    """What an input is made of, for whoever changes it."""

    JSON = auto()
    """One JSON text."""
    SECTIONS = auto()
    """Several texts, each after a line ``#: NAME``; see ``sections``."""
    YAML = auto()
    """One YAML text."""
    ZIP = auto()
    """A zip with YAML texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing to fuzz."""

    name: str
    about: str
    """What it reads, and what must hold, in a line."""
    run: Callable[[bytes], object]
    """Whatever it raises is a finding."""
    reaches: tuple[str, ...]
    """Modules and packages of the integration that it is there for."""
    shape: Shape = Shape.SECTIONS
    tokens: tuple[str, ...] = ()
    """Words of the format."""
    seconds: float = 0.5
    """Of processor time that one input may take."""
    kept: tuple[int, int] = (12, 20_000)
    """Inputs that are kept with the tests, and their bytes together."""


class TooSlowError(AssertionError):
    """An input took too long."""


class TooLargeError(AssertionError):
    """An input took too much memory."""


def check(target: Target, data: bytes, *, slack: float = 1.0) -> None:
    """Run a target on an input.

    ``slack``: how many times slower than usual everything is, because it is watched. Raises
    whatever the target does, and TooSlowError and TooLargeError.
    """
    before = _peak()
    used = _timed(target, data)
    limit = target.seconds * slack
    for _ in range(2):
        # Once may be the garbage collector, or a neighbour in the processor's cache.
        if used > limit:
            used = min(used, _timed(target, data))
    if used > limit:
        raise TooSlowError(f"{used:.1f} s for {len(data)} bytes, {limit:g} s allowed")
    if (grown := _peak() - before) > MEMORY:
        raise TooLargeError(f"{grown // 1024 // 1024} MiB for {len(data)} bytes")


def _timed(target: Target, data: bytes) -> float:
    forget()
    started = process_time()
    target.run(data)
    return process_time() - started


def _peak() -> int:
    """Give the most bytes of memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT


def is_of(module: str, names: tuple[str, ...] = READERS) -> bool:
    """Tell whether a module is one of these of the integration, or within one."""
    return any(
        module == f"{PACKAGE}.{name}" or module.startswith(f"{PACKAGE}.{name}.")
        for name in names
    )


def forget() -> None:
    """Empty the caches of the readers: an input must not depend on those before it."""
    for clear in _caches():
        clear()


@cache
def _caches() -> tuple[Callable[[], None], ...]:
    """Find the caches; by the first input all modules are loaded."""
    return tuple(
        clear
        for name, module in list(sys.modules.items())
        if is_of(name)
        for value in list(vars(module).values())
        if (clear := getattr(value, "cache_clear", None)) is not None
    )


def sections(data: bytes) -> Mapping[str, bytes]:
    """Give the parts of an input by name, each long where it stands for something long."""
    _, *parts = _SECTION.split(data)
    return {
        name.decode(errors="replace"): expanded(body)
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


def joined(parts: Mapping[str, bytes]) -> bytes:
    """Make an input of parts by name."""
    return b"".join(
        b"#: %s\n%s\n" % (name.encode(), body) for name, body in parts.items()
    )


def expanded(data: bytes) -> bytes:
    """Write out what is repeated: ``«5ab»`` in Latin-1 is 4 to the fifth times ``ab``.

    So an input stays small that stands for a large one, and a large one is as near as any.
    """
    left = MAX_INPUT - len(data)

    def written(match: re.Match[bytes]) -> bytes:
        nonlocal left
        unit: bytes = match[2]
        times = min(4 ** int(match[1]), max(left, 0) // len(unit))
        left -= times * len(unit)
        return bytes(unit * times)

    return _LONG.sub(written, data)
