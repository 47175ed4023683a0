"""What must hold at every moment of a soak: whatever is shown is true, and what can be read is read."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from scripts._soak_plan import Pace
from scripts._soak_truth import Reach, Sample, Timeline, Tolerances, Value, was_so

UNAVAILABLE = "unavailable"
UNKNOWN = "unknown"
STALE = "stale"
STARTING = "starting"
FIGURES = (
    "hashrate",
    "power",
    "chip_temperature",
    "board_temperature",
    "gpu_temperature",
    "gpu_memory_temperature",
    "chips_faulty",
    "pool",
    "status",
    "running",
)
"""Keys of the sensors that are held against the truth."""
ALWAYS = ("hashrate", "status")
"""Of those, what a healthy rig must show."""
ENERGY = "energy"
MOST_VIOLATIONS = 200
LATE = 1.5
"""Intervals between two readings at most: the second one waits for its own moment."""
ENERGY_STEP = 0.11
"""kWh: energy is shown in steps of a tenth."""
MORE_POWER = 1.3
"""Estimated watts may be so many times the true ones."""
JOULES = 3.6e6
"""In a kWh."""

_SCALES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


def power_of(sample: Sample) -> float:
    """Give the watts that a rig truly draws, whether it measures them or not."""
    power = sample.values.get("draws", sample.values.get("power"))
    return float(power) if isinstance(power, float | int) else 0.0


def scale_of(unit: str) -> float:
    """Give what a figure in that unit is multiplied by to be in base units."""
    for word in ("H/s", "Sol/s"):
        if unit.endswith(word):
            return _SCALES.get(unit.removesuffix(word), 1.0)
    return 1.0


@dataclass(slots=True)
class Shown:
    """What an entity shows."""

    state: str
    unit: str
    at: float
    """Since when, by the clock of whoever watches."""
    source: str = ""
    """Where a power figure comes from."""

    @property
    def value(self) -> float | str | None:
        """The figure in base units; None where none is shown."""
        if self.state in (UNAVAILABLE, UNKNOWN):
            return None
        try:
            number = float(self.state)
        except ValueError:
            return self.state
        return number * scale_of(self.unit) if isfinite(number) else self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something that must not be."""

    rule: str
    rig: str
    entity: str
    shown: str
    truth: str
    at: float
    suffered: str
    """What befell the rig before, with seconds."""


@dataclass(frozen=True, slots=True, order=True)
class Heal:
    """A rig that is shown again."""

    polls: float
    """After so many intervals in which it could be read."""
    rig: str
    at: float
    suffered: str


@dataclass(slots=True)
class Rig:
    """A rig, what is true of it and what is shown."""

    id: str
    pace: Pace
    timeline: Timeline = field(default_factory=Timeline)
    shown: dict[str, Shown] = field(default_factory=dict)
    """By the key of the sensor."""
    entities: dict[str, str] = field(default_factory=dict)
    excused_until: float = 0.0
    """Until when nobody can expect that it is read: the service was left alone."""
    starts_until: float = 0.0
    """Until when it may be shown as starting: it was told to."""
    stale_since: float | None = None
    outages: int = 0
    energy: float | None = None
    """kWh, as shown last."""
    suffered: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=6))
    """What befell it last, and when."""
    joules: float = 0.0
    """What it truly used until its last sample."""
    metered: tuple[float, float] | None = None
    """kWh that were shown first, and what had truly been used then, in joules."""

    def suffered_by(self, at: float) -> str:
        """Put into words what befell it, with the seconds before or after a moment."""
        return ", ".join(f"{kind} {moment - at:+.1f}" for moment, kind in self.suffered)

    def used(self, now: float) -> float:
        """Give the joules that it used until now."""
        if not self.timeline.samples:
            return self.joules
        at, sample = self.timeline.samples[-1]
        return self.joules + power_of(sample) * max(0.0, now - at)


@dataclass(slots=True)
class Checker:
    """Holds every rig against the rules."""

    rigs: dict[str, Rig]
    tolerances: Tolerances = field(default_factory=Tolerances)
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Violations by rule, all of them."""
    checked: int = 0
    heals: list[Heal] = field(default_factory=list)
    """One for each outage that was shown."""
    disturbed_at: float = 0.0
    """When Home Assistant last began anew, or its clock was set."""
    is_away: bool = True
    """Whether nothing is shown, for Home Assistant does not run."""
    samples_every: float = 2.0
    _known: set[tuple[str, str]] = field(default_factory=set)

    def report(
        self, rule: str, rig: Rig, key: str, shown: str, truth: str, at: float
    ) -> None:
        """Note a violation, each kind of an entity once."""
        self.counts[rule] += 1
        entity = rig.entities.get(key, key)
        if (rule, entity) in self._known or len(self.violations) >= MOST_VIOLATIONS:
            return
        self._known.add((rule, entity))
        self.violations.append(
            Violation(
                rule=rule,
                rig=rig.id,
                entity=entity,
                shown=shown,
                truth=truth,
                at=at,
                suffered=rig.suffered_by(at),
            )
        )

    def late(self, rig: Rig) -> float:
        """Seconds that a figure may be behind the truth."""
        pace, slack = rig.pace, self.tolerances
        return LATE * pace.interval + pace.deadline + slack.publishing + slack.watching

    def heal_limit(self, rig: Rig) -> float:
        """Seconds in which a rig that can be read again must be shown so: two polls."""
        pace, slack = rig.pace, self.tolerances
        return 2 * pace.interval + pace.deadline + slack.publishing + slack.watching

    def healthy_since(self, rig: Rig) -> float | None:
        """Since when it can be read, as far as anybody can expect; None if it cannot."""
        if not rig.timeline.samples or rig.timeline.now.reach is not Reach.UP:
            return None
        return max(rig.timeline.since, self.disturbed_at, rig.excused_until)

    def see(self, rig: Rig, key: str, shown: Shown) -> None:
        """Take note of what is shown now, and hold against the truth what was until now."""
        self._note_stale(rig, key, shown)
        rig.shown[key] = shown

    def _note_stale(self, rig: Rig, key: str, shown: Shown) -> None:
        if key != STALE:
            return
        if shown.state == "on" and rig.stale_since is None:
            rig.stale_since = shown.at
            rig.outages += 1
        elif shown.state == "off" and rig.stale_since is not None:
            since = self.healthy_since(rig)
            in_this_run = rig.stale_since > self.disturbed_at
            if since is not None and in_this_run:
                polls = max(0.0, shown.at - since) / rig.pace.interval
                self.heals.append(
                    Heal(polls, rig.id, shown.at, rig.suffered_by(shown.at))
                )
            rig.stale_since = None

    def check(self, rig: Rig, now: float) -> None:
        """Hold all that a rig shows against the truth, at a moment whose truth is known."""
        if self.is_away or not rig.timeline.samples:
            return
        self._check_reach(rig, now)
        for key in FIGURES:
            shown = rig.shown.get(key)
            if shown is not None and shown.at <= now:
                self.check_figure(rig, key, shown, now)

    def _check_reach(self, rig: Rig, now: float) -> None:
        stale = rig.shown.get(STALE)
        if stale is None:
            return
        healthy = self.healthy_since(rig)
        if healthy is not None and now - healthy > self.heal_limit(rig):
            if stale.state != "off" and stale.at <= now:
                self.report("not healed", rig, STALE, stale.state, "off", now)
            for key in ALWAYS:
                shown = rig.shown.get(key)
                if shown and (
                    shown.state == UNAVAILABLE
                    or (shown.state == UNKNOWN and self._runs_steadily(rig, now))
                ):
                    self.report("not shown", rig, key, shown.state, "available", now)
        is_down = rig.timeline.now.reach is Reach.DOWN
        down_for = now - max(rig.timeline.since, self.disturbed_at)
        if is_down and down_for > rig.pace.stale_after + self.late(rig):
            self.checked += 1
            is_seen = stale.at <= now and now >= rig.starts_until
            if stale.state != "on" and is_seen:
                self.report("not stale", rig, STALE, stale.state, "on", now)
            for key in FIGURES:
                shown = rig.shown.get(key)
                is_starting = key == "status" and now < rig.starts_until
                # What came since is of a rig that came back by itself a moment ago.
                is_old = shown and shown.at <= now and shown.state != UNAVAILABLE
                if shown and is_old and not is_starting:
                    self.report("old figure", rig, key, shown.state, UNAVAILABLE, now)

    def _runs_steadily(self, rig: Rig, now: float) -> bool:
        samples = rig.timeline.within(now - self.late(rig), now)
        return all(sample.statuses == ("running",) for sample in samples)

    def check_figure(self, rig: Rig, key: str, shown: Shown, now: float) -> None:
        """Hold one figure against what the rig was within the last poll."""
        value = shown.value
        if value is None:
            return
        late = self.late(rig)
        timeline = rig.timeline
        healthy = self.healthy_since(rig)
        if healthy is None or now - healthy <= max(late, self.heal_limit(rig)):
            # Not read, or not since long: the last reading before may still stand.
            late += rig.pace.stale_after
        samples = timeline.within(now - late, now + self.samples_every + 0.5)
        self.checked += 1
        is_estimated = key == "power" and shown.source == "estimated"
        is_told = key == "status" and value == STARTING and now < rig.starts_until
        if is_estimated or is_told:
            good = True
        elif key == "running":
            good = any(_runs(sample, on=shown.state == "on") for sample in samples)
        else:
            good = was_so(key, value, samples, self.tolerances)
        if not good:
            self.report("wrong figure", rig, key, _text(value), told(key, samples), now)

    def check_energy(
        self, rig: Rig, shown: Shown, used: float, key: str = ENERGY
    ) -> None:
        """Hold a meter against what it said before, and against the joules that were truly used.

        It never goes backwards, and never forwards by what nobody used. It may stand still while its rig is not read.
        """
        value = shown.value
        if not isinstance(value, float):
            return
        self.checked += 1
        if rig.energy is not None and value < rig.energy - ENERGY_STEP / 10:
            self.report(
                "energy lost", rig, key, f"{value:g}", f"{rig.energy:g}", shown.at
            )
        rig.energy = value
        if rig.metered is None:
            rig.metered = (value, used)
        first, used_then = rig.metered
        most = first + (used - used_then) / JOULES * MORE_POWER + 2 * ENERGY_STEP
        if value > most:
            self.report(
                "energy made up", rig, key, f"{value:g}", f"up to {most:.2f}", shown.at
            )


def _runs(sample: Sample, *, on: bool) -> bool:
    return ("running" in sample.statuses) if on else sample.statuses != ("running",)


def told(key: str, samples: list[Sample]) -> str:
    """Put into words what was true."""
    if not samples:
        return "nothing known"
    if key in ("status", "running"):
        return " → ".join(
            dict.fromkeys("/".join(sample.statuses) for sample in samples)
        )
    values = [sample.values.get(key) for sample in samples]
    return " → ".join(dict.fromkeys(_text(value) for value in values[-12:]))


def _text(value: Value) -> str:
    return f"{value:.5g}" if isinstance(value, float | int) else str(value)


def rigs_of(paces: Mapping[str, Pace]) -> dict[str, Rig]:
    """Make the rigs, of which nothing is known yet."""
    return {rig_id: Rig(rig_id, pace) for rig_id, pace in paces.items()}
