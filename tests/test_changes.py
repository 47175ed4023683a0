"""What a reading changes."""

from dataclasses import replace
from datetime import timedelta

from custom_components.antminer_monitor.changes import FORGET_AFTER, Changes, compare
from custom_components.antminer_monitor.rig import Rig, RigError, Status

from .rigs import rig

ONE, TWO = rig(id="1"), rig(id="2")


def after(before: Changes, *rigs: Rig) -> Changes:
    """Take one more reading."""
    return compare(before.data, before.shapes, before.absent, rigs)


def first(*rigs: Rig) -> Changes:
    """Take the first reading."""
    return compare({}, {}, {}, rigs)


def test_first_reading() -> None:
    """Everything is new."""
    changes = first(ONE, TWO)
    assert changes.data == {"1": ONE, "2": TWO}
    assert set(changes.shapes) == {"1", "2"}
    assert changes.changed == {"1", "2"}
    assert changes.absent == {}


def test_nothing_new() -> None:
    """The same figures later are no change, though when they were true is kept."""
    before = first(ONE, TWO)
    assert ONE.seen_at
    later = replace(ONE, seen_at=ONE.seen_at + timedelta(minutes=1))
    changes = after(before, later, TWO)
    assert changes.changed == set()
    assert changes.data["1"] is later
    assert changes.shapes is before.shapes


def test_figures_of_one() -> None:
    """One rig changed: it alone is named, and no shape is another object."""
    before = first(ONE, TWO)
    changes = after(before, replace(ONE, status=Status.IDLE), TWO)
    assert changes.changed == {"1"}
    assert changes.shapes is before.shapes


def test_more_than_figures() -> None:
    """What a rig does, what is wrong with it and what it consists of is urgent; figures are not."""
    three, four, five = rig(id="3"), rig(id="4", problems=()), rig(id="5")
    before = first(ONE, TWO, three, four, five)
    assert before.urgent == before.changed
    changes = after(
        before,
        replace(ONE, status=Status.IDLE),
        replace(TWO, hashrate=1.0),
        replace(three, errors=(RigError(code="J0:1", message="no fan"),)),
        replace(four, problems=("overheat",)),
        replace(five, fans=()),
    )
    assert changes.changed == {"1", "2", "3", "4", "5"}
    assert changes.urgent == {"1", "3", "4", "5"}


def test_shape_of_one() -> None:
    """The shapes are another object; that of the other rig is not."""
    before = first(ONE, TWO)
    changes = after(before, replace(ONE, boards=()), TWO)
    assert changes.changed == {"1"}
    assert changes.shapes is not before.shapes
    assert changes.shapes["1"] != before.shapes["1"]
    assert changes.shapes["2"] is before.shapes["2"]


def test_a_rig_that_is_missing() -> None:
    """It keeps its last reading for a while, then it is gone, and that is a change."""
    changes = first(ONE, TWO)
    shapes = changes.shapes
    for times in range(1, FORGET_AFTER):
        changes = after(changes, ONE)
        assert changes.data["2"] is TWO
        assert changes.absent == {"2": times}
        assert changes.changed == set()
        assert changes.shapes is shapes
    changes = after(changes, ONE)
    assert changes.data == {"1": ONE}
    assert changes.absent == {}
    assert changes.changed == {"2"}
    assert set(changes.shapes) == {"1"}


def test_a_rig_that_comes_back() -> None:
    """Readings in which it was missing count only one after the other."""
    changes = after(first(ONE, TWO), ONE)
    assert changes.absent == {"2": 1}
    changes = after(changes, ONE, TWO)
    assert changes.absent == {}
    assert changes.changed == set()
    assert after(changes, ONE).absent == {"2": 1}


def test_nothing_was_told() -> None:
    """An answer without any rig is treated likewise."""
    changes = after(first(ONE, TWO))
    assert changes.data == {"1": ONE, "2": TWO}
    assert changes.absent == {"1": 1, "2": 1}
