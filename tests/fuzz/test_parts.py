"""What fuzzing is made of: limits, what must hold of a rig, and how inputs are changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from custom_components.antminer_monitor.rig import (
    Board,
    Fan,
    Pool,
    PowerSource,
    Rig,
    Status,
)

from . import engine, target as target_module
from .invariants import check_rig
from .mutate import Mutator
from .reached import Place, fewest
from .target import (
    MAX_INPUT,
    Target,
    TooLargeError,
    TooSlowError,
    check,
    expanded,
    joined,
    sections,
)
from .targets import TARGETS

RIG = Rig(id="one", seen_at=datetime(2026, 1, 2, tzinfo=UTC), status=Status.RUNNING)


def made(run: Callable[[bytes], object], seconds: float = 0.5) -> Target:
    """Make a target."""
    return Target(name="made", about="", run=run, reaches=(), seconds=seconds)


# --- what an input may cost -----------------------------------------------------------


def test_a_slow_input() -> None:
    """An input that takes too long is a finding."""
    slow = made(lambda data: sum(range(2_000_000)), 0.001)
    with pytest.raises(TooSlowError, match=r"for 3 bytes, 0\.001 s allowed"):
        check(slow, b"abc")
    check(slow, b"abc", slack=10_000)


def test_a_large_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that takes too much memory is a finding."""
    monkeypatch.setattr(target_module, "MEMORY", 32 * 1024 * 1024)
    peak = target_module._peak()
    with pytest.raises(TooLargeError, match="MiB for 3 bytes"):
        check(made(lambda data: len(b"x" * (peak + 64 * 1024 * 1024)), 60.0), b"abc")


def test_what_inputs_are_made_of() -> None:
    """Sections have names, and what is repeated is written out, up to a limit."""
    parts = {"stats": b'{"a":1}\n', "/page 401": b"\xab2ab\xbb"}
    assert sections(joined(parts)) == {
        "stats": b'{"a":1}\n\n',
        "/page 401": b"ab" * 16 + b"\n",
    }
    assert sections(b"no section") == {}
    assert expanded(b"\xab0x\xbb\xabx\xbb\xab1[{\xbb") == b"x\xabx\xbb[{[{[{[{"
    assert len(expanded(b"\xab9abcdefgh\xbb" * 9)) <= MAX_INPUT


# --- what must hold of a rig ----------------------------------------------------------

NAN = float("nan")


@pytest.mark.parametrize(
    "changes",
    [
        {"hashrate": -1.0},
        {"hashrate": NAN},
        {"hashrate_nominal": float("inf")},
        {"power": 5.0},
        {"power": -5.0, "power_source": PowerSource.REPORTED},
        {"power_source": PowerSource.REPORTED},
        {"uptime": -1.0},
        {"uptime": True},
        {"name": ""},
        {"name": "a" * 256},
        {"name": "\u202eabc"},
        {"name": "\ud800"},
        {"mac": "0:1:2"},
        {"ip": "one"},
        {"boards": (Board(index=1), Board(index=1))},
        {"boards": tuple(Board(index=place) for place in range(200))},
        {"boards": (Board(index=1, chip_temperature=151.0),)},
        {"boards": (Board(index=1, frequency=-1.0),)},
        {"fans": (Fan(index=1, duty=101.0),)},
        {"fans": (Fan(index=-1),)},
        {"pools": (Pool(index=0, active=True), Pool(index=1, active=True))},
    ],
)
def test_an_unsound_rig(changes: dict[str, object]) -> None:
    """Each of these is a finding."""
    check_rig(RIG)
    with pytest.raises((AssertionError, TypeError, ValueError)):
        check_rig(replace(RIG, **changes))  # type: ignore[arg-type]  # that is the point


# --- changing inputs ------------------------------------------------------------------


@pytest.mark.parametrize("name", TARGETS)
def test_changed_inputs(name: str) -> None:
    """The same chance makes the same input, others others; none is too long."""
    known = [path.read_bytes() for path in engine.inputs(engine.KEPT / name)]

    def change(data: bytes, most: int) -> bytes:
        return data[1 : most + 1]

    mutator = Mutator(TARGETS[name], known, change)
    again = Mutator(TARGETS[name], known, change)
    chance = Random(1)
    changed = 0
    for seed in range(200):
        data = chance.choice(known)
        most = max(len(data), 4000)
        found = mutator(data, most, seed)
        assert found == again(data, most, seed)
        assert len(found) <= most
        changed += found != data
    assert changed > 150
    assert mutator(b"", 10, 3) == again(b"", 10, 3)


def test_the_fewest_inputs() -> None:
    """What another input reaches for less is not kept, unless it always is."""
    code = test_the_fewest_inputs.__code__

    def places(*lines: int) -> frozenset[Place]:
        return frozenset((code, line, -1) for line in lines)

    found = {
        "long": (5000, places(1, 2, 3)),
        "short": (10, places(1, 2)),
        "third": (10, places(3)),
        "same": (11, places(3)),
        "huge": (10**6, places(9)),
    }
    assert fewest(found, most=9, most_bytes=10_000) == ["short", "third"]
    assert fewest(found, ["same", "gone"], most=9, most_bytes=9999) == ["same", "short"]
    assert fewest(found, most=1, most_bytes=9999) == ["short"]
