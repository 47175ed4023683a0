"""What a soak checks of the totals over a site or a farm."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scripts._soak_checks import Checker, Rig, Shown
from scripts._soak_truth import Reach

TOTAL_ENERGY = "total_energy"
RIGS = "rigs"
RIGS_STALE = "rigs_stale"
KEYS = (TOTAL_ENERGY, RIGS, RIGS_STALE)
ADDED_UP = 6.0
"""Seconds after which the totals hold what was read."""


@dataclass(slots=True)
class Fleet:
    """A site or a farm: its totals, and the rigs that they are of."""

    totals: Rig
    rigs: Sequence[Rig]
    may_vanish: int = 0
    """Rigs that its source may leave out of its list."""

    def used(self, now: float) -> float:
        """Give the joules that its rigs used until now."""
        return sum(rig.used(now) for rig in self.rigs)


def fleets_of(
    rigs: Mapping[str, Rig], fleet_of: Callable[[str], str]
) -> dict[str, Fleet]:
    """Sort rigs into fleets, by the id of the device that carries the totals."""
    sorted_rigs: dict[str, list[Rig]] = {}
    for rig_id, rig in rigs.items():
        sorted_rigs.setdefault(fleet_of(rig_id), []).append(rig)
    return {
        fleet_id: Fleet(
            Rig(fleet_id, those[0].pace), those, may_vanish=fleet_id.startswith("hive")
        )
        for fleet_id, those in sorted_rigs.items()
    }


def check_fleet(checker: Checker, fleet: Fleet, now: float) -> None:
    """Hold the numbers of rigs against the truth, at a moment whose truth is known."""
    if checker.is_away or now - checker.disturbed_at < 2 * checker.late(fleet.totals):
        return
    shown = fleet.totals.shown
    count = _number(shown.get(RIGS), now)
    if count is not None:
        checker.checked += 1
        if not len(fleet.rigs) - fleet.may_vanish <= count <= len(fleet.rigs):
            checker.report(
                "rigs lost", fleet.totals, RIGS, f"{count:g}", str(len(fleet.rigs)), now
            )
    stale = _number(shown.get(RIGS_STALE), now)
    if stale is None:
        return
    least = sum(_is_surely_stale(checker, rig, now) for rig in fleet.rigs)
    most = sum(not _is_surely_healthy(checker, rig, now) for rig in fleet.rigs)
    checker.checked += 1
    if not least - fleet.may_vanish <= stale <= most:
        checker.report(
            "wrong total",
            fleet.totals,
            RIGS_STALE,
            f"{stale:g}",
            f"{least} to {most}",
            now,
        )


def _number(shown: Shown | None, now: float) -> float | None:
    if shown is None or shown.at > now:
        return None
    value = shown.value
    return value if isinstance(value, float) else None


def _is_surely_stale(checker: Checker, rig: Rig, now: float) -> bool:
    if not rig.timeline.samples or rig.timeline.now.reach is not Reach.DOWN:
        return False
    if now < rig.starts_until:
        return False
    since = max(rig.timeline.since, checker.disturbed_at)
    return now - since > rig.pace.stale_after + checker.late(rig) + ADDED_UP


def _is_surely_healthy(checker: Checker, rig: Rig, now: float) -> bool:
    since = checker.healthy_since(rig)
    return since is not None and now - since > checker.heal_limit(rig) + ADDED_UP
