"""What happens in a soak, and when: everything is drawn from the seed before it begins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

from simulator.configuration import modes, presets, sleep_mode
from simulator.faults import Fault, WriteFault
from simulator.hive.faults import HiveFault
from simulator.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a source is read, in seconds."""

    interval: float
    stale_after: float
    deadline: float
    """For one exchange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part."""

    miners: Mapping[str, Profile]
    """By rig."""
    workers: Sequence[str]
    sites: int
    miner_pace: Pace
    hive_pace: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that the simulator is told."""

    do: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Something that is done at a moment."""

    at: float
    """Seconds since the beginning."""
    do: str
    """An order of the simulator, or of the home: ``restart``, ``kill``, ``clock``, ``disk``, ``lull``, ``reload``,
    ``tell`` for an action of Home Assistant."""
    rig: str = ""
    kind: str = ""
    """Of the fault, for the report; empty where a step only ends one."""
    arguments: Mapping[str, object] = field(default_factory=dict, compare=False)
    cure: Order | None = field(default=None, compare=False)
    """What ends it."""
    ends: str = ""
    """The kind of the fault that it ends."""


def _spell(
    at: float, length: float, rig: str, kind: str, begin: Order, end: Order
) -> Iterator[Step]:
    """Give a fault and its end."""
    yield Step(at, begin.do, rig, kind, begin.arguments, end)
    yield Step(at + length, end.do, rig, "", end.arguments, ends=kind)


SHARE = 0.12
"""Of the rigs, so many suffer something at a time."""
SLOT = 60.0
"""Seconds between two blows to the home."""
LULL = 35.0
"""Seconds of a lull: everything ends, heals and is counted."""
HOUR = 3600
GONE_BEFORE = 4.0
"""Seconds before the clock is set in which some rigs go off."""

_RESTARTS = ("restart", "kill", "disk", "kill", "restart")
_BLOWS = ("clock", "site", "clock_back", "disk", "hive", "clock_minutes")
CONDITIONS: Mapping[str, Mapping[str, object]] = {
    "sleep": {"sleep": True},
    "missing_board": {"missing_board": 1},
    "dying_chips": {"dying_chips": 2},
    "over_temperature": {"over_temperature": True},
    "pool_dead": {"pool_dead": True},
    "clock": {"clock": -1.7e9},
    "cold": {"ambient": -20.0},
}
_CURES: Mapping[str, Mapping[str, object]] = {
    "sleep": {"sleep": False},
    "missing_board": {"missing_board": None},
    "dying_chips": {"dying_chips": 0},
    "over_temperature": {"over_temperature": False},
    "pool_dead": {"pool_dead": False},
    "clock": {"clock": 0.0},
    "cold": {"ambient": None},
}
SUFFERINGS: Mapping[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "offline": ({"online": False}, {"online": True}),
    "frozen": ({"frozen": True}, {"frozen": False}),
    "heat": ({"heat": 25}, {"heat": 0}),
    "lost": ({"lost": 1}, {"lost": 0}),
    "rejects": ({"rejects": 0.2}, {"rejects": 0.004}),
}
"""What befalls a worker, and what ends it."""

TOLD_EVERY = 4.0
"""Seconds between two miners that are told something."""
TOLD_AGAIN = 120.0
"""Seconds after which the same miner may be told something else."""
BEFORE_LULL = 40.0
"""Seconds before a lull, and before the end, in which nobody is told anything: it takes so long."""
PUT_BACK = 75.0
"""Seconds in which a configuration that was wiped is put back. Nobody could while Home Assistant or the miner is off."""

ASKS_TO_WAIT = {HiveFault.TOO_MANY, HiveFault.TOO_MANY_403}
"""Faults after which the service is left alone for as long as it asks for."""
RETRY_AFTER = 5
"""Seconds that it asks for."""
BACKS_OFF = {HiveFault.SERVER_ERROR, HiveFault.CLOUDFLARE}
"""Faults after which it is left alone, each time for longer."""
LOCKS_OUT = {HiveFault.UNAUTHORIZED}
"""Faults after which the token is not tried again until somebody does something."""
_WAITS = {HiveFault.HANG, HiveFault.SLOW, HiveFault.HUGE}
CLIENT_DEADLINE = 35.0
"""Seconds that a request to HiveOS may hang, and a little more."""
FIRST_BACK_OFF = 15.0
"""Seconds, doubled with every failure; see the integration's transport."""


def hive_allowance(fault: HiveFault, seconds: float) -> float:
    """Give for how long after a fault of so many seconds the service may still be left alone.

    Each pause is twice the one before, or half of that by chance. So many as fit into the fault add up to half of the
    last one at least, and that one may have begun with the fault's last moment.
    """
    if fault in ASKS_TO_WAIT:
        return RETRY_AFTER
    if fault in BACKS_OFF:
        return 4 * seconds + FIRST_BACK_OFF
    return CLIENT_DEADLINE if fault in _WAITS else 0.0


def plan(seed: int, seconds: float, those: Cast) -> list[Step]:
    """Draw everything that happens, in its order."""
    random = Random(seed)
    steps = [*_blows(random, seconds, those)]
    lulls = [step.at for step in steps if step.do == "lull"]
    steps += _of_miners(random, seconds, those)
    steps += _of_workers(random, seconds, those)
    steps += _of_hive(random, seconds, those)
    steps += _of_commands(random, seconds, those, steps)
    return sorted(step for step in steps if not _disturbs(step, lulls))


def _disturbs(step: Step, lulls: Sequence[float]) -> bool:
    # What ends something in a lull ends what the lull ended already.
    return step.do != "lull" and any(at <= step.at < at + LULL for at in lulls)


def _blows(random: Random, seconds: float, those: Cast) -> Iterator[Step]:
    slots = max(1, int(seconds / SLOT))
    restarts = slots // 2
    kinds = cycle(_RESTARTS)
    for number in range(restarts):
        at = number * SLOT + random.uniform(5, 15)
        yield from _blow(random, next(kinds), at, those)
    kinds = cycle(_BLOWS)
    for number in range(restarts, slots):
        start = number * SLOT
        if (number - restarts) % 2 == 0 and number + 1 < slots:
            yield Step(start, "lull")
            start += LULL
        yield from _blow(random, next(kinds), start + random.uniform(1, 5), those)
    yield Step(max(0.0, seconds - LULL), "lull")


def _blow(random: Random, kind: str, at: float, those: Cast) -> Iterator[Step]:
    miners, hive = those.miner_pace, those.hive_pace
    match kind:
        case "restart" | "kill":
            yield Step(at, kind, kind=kind)
        case "disk":
            yield Step(at, "disk", kind="disk full", arguments={"full": True})
            room = at + random.uniform(10, 18)
            yield Step(room, "disk", arguments={"full": False}, ends="disk full")
        case "clock" | "clock_back" | "clock_minutes":
            at += GONE_BEFORE + 1
            ahead = random.randint(1, 5) * HOUR
            if kind == "clock_back":
                ahead = -ahead
            elif kind == "clock_minutes":
                ahead = random.randint(10, 25) * 60
            yield Step(at, "clock", kind="clock jump", arguments={"seconds": ahead})
            # Long enough for a rig that went off before to have to be stale.
            back = at + random.uniform(1.1, 1.4) * 2 * miners.stale_after
            refuse = Order(do="fault", arguments={"fault": Fault.REFUSE})
            for rig in random.sample(sorted(those.miners), min(3, len(those.miners))):
                # What was off before must go stale all the same, whatever the clock says.
                gone = at - GONE_BEFORE
                clear = Order(do="clear")
                yield from _spell(
                    gone, back - at, rig, str(Fault.REFUSE), refuse, clear
                )
            yield Step(back, "clock", arguments={"seconds": 0}, ends=f"{ahead} s ahead")
        case "site":
            site = random.randrange(those.sites)
            length = random.uniform(0.3, 1.4) * miners.stale_after
            down, up = (
                Order(do="site", arguments={"site": site, "down": is_down})
                for is_down in (True, False)
            )
            yield from _spell(at, length, "", "interface down", down, up)
        case "hive":
            length = random.uniform(0.5, 1.2) * hive.interval
            away, again = (
                Order(do="hive", arguments={"down": is_down})
                for is_down in (True, False)
            )
            yield from _spell(at, length, "", "service away", away, again)


def _of_miners(random: Random, seconds: float, those: Cast) -> Iterator[Step]:
    """Have each miner suffer by turns, and the kinds come up alike."""
    pace = those.miner_pace
    kinds = [*Fault, *CONDITIONS]
    rounds: Iterator[str] = iter(())
    mean = (pace.interval + pace.stale_after + 2 * pace.interval) / 1.5
    for rig, profile in those.miners.items():
        at = random.uniform(0, mean / SHARE)
        while at < seconds:
            kind = next(rounds, None)
            if kind is None:
                rounds = iter(random.sample(kinds, len(kinds)))
                kind = next(rounds)
            is_long = random.random() < 0.5
            length = (
                pace.stale_after + random.uniform(1, 3) * pace.interval
                if is_long
                else random.uniform(0.3, 2) * pace.interval
            )
            if kind in CONDITIONS:
                if kind != "sleep" or profile.sleeps:
                    suffering, cure = (
                        Order(do="condition", arguments=those[kind])
                        for those in (CONDITIONS, _CURES)
                    )
                    yield from _spell(at, length, rig, kind, suffering, cure)
            else:
                rate = random.choice((300, 20_000))
                fault = Order(do="fault", arguments={"fault": kind, "rate": rate})
                yield from _spell(at, length, rig, kind, fault, Order(do="clear"))
            at += length + random.expovariate(SHARE / mean) + 3 * pace.interval


def _of_workers(random: Random, seconds: float, those: Cast) -> Iterator[Step]:
    pace = those.hive_pace
    mean = pace.stale_after + 2 * pace.interval
    for rig in those.workers:
        at = random.uniform(0, mean / SHARE)
        while at < seconds:
            kind = random.choice(tuple(SUFFERINGS))
            begin, end = (
                Order(do="worker", arguments=change) for change in SUFFERINGS[kind]
            )
            length = random.uniform(0.5, 2) * pace.stale_after
            yield from _spell(at, length, rig, kind, begin, end)
            at += length + random.expovariate(SHARE / mean) + 3 * pace.interval


def commands_of(profile: Profile) -> list[tuple[str, Mapping[str, object]]]:
    """Give actions for a miner, with their fields; that its firmware takes all of them is not said."""
    found: list[tuple[str, Mapping[str, object]]] = [
        ("restart_mining", {}),
        ("reboot", {}),
        ("locate", {"state": True}),
        ("set_fan", {"mode": "auto"}),
        *(("switch_pool", {"pool": index}) for index in ("0", "1")),
    ]
    if profile.sleeps:
        found += [("pause_mining", {}), ("resume_mining", {})]
    match profile.dialect:
        case "braiins":
            found.append(("set_power_target", {"watts": int(profile.power * 0.8)}))
        case "luxos" | "vnish":
            found += [
                ("set_power_mode", {"mode": preset.name}) for preset in presets(profile)
            ]
        case "x19":
            found += [
                ("set_power_mode", {"mode": mode})
                for mode in modes(profile)
                if mode != sleep_mode(profile)
            ]
    return found


def _of_commands(
    random: Random, seconds: float, those: Cast, steps: Sequence[Step]
) -> Iterator[Step]:
    """Have miners be told something, and most of it go wrong."""
    lulls = [step.at for step in steps if step.do == "lull"]
    restarts = [step.at for step in steps if step.do in ("restart", "kill")]
    away = [(step.rig, step.at) for step in steps if step.kind == Fault.REBOOT]
    faults = (None, *WriteFault)
    told: dict[str, float] = {}
    at = TOLD_EVERY
    while at < seconds - BEFORE_LULL:
        at += random.expovariate(1 / TOLD_EVERY)
        rig = random.choice(tuple(those.miners))
        service, data = random.choice(commands_of(those.miners[rig]))
        fault = random.choice(faults)
        is_late = any(0 <= lull - at < BEFORE_LULL for lull in lulls)
        if is_late or at - told.get(rig, -TOLD_AGAIN) < TOLD_AGAIN:
            continue
        if fault is WriteFault.WIPE and (
            any(0 <= end - at < PUT_BACK for end in (*restarts, seconds))
            or any(name == rig and abs(time - at) < PUT_BACK for name, time in away)
        ):
            continue
        told[rig] = at
        yield Step(
            at,
            "tell",
            rig,
            f"write {fault}" if fault else "",
            {"service": service, "data": data, "fault": fault},
        )


def _of_hive(random: Random, seconds: float, those: Cast) -> Iterator[Step]:
    pace = those.hive_pace
    kinds: Iterator[HiveFault] = iter(())
    at = pace.interval
    while at < seconds:
        kind = next(kinds, None)
        if kind is None:
            kinds = iter(random.sample(tuple(HiveFault), len(HiveFault)))
            kind = next(kinds)
        length = random.uniform(0.6, 1.2) * pace.interval
        # One that is missing for longer is taken for deleted, with its entities.
        if kind not in (*BACKS_OFF, HiveFault.VANISH) and random.random() < 0.3:
            length = pace.stale_after + pace.interval
        allowance = hive_allowance(kind, length)
        fault = Order(
            do="hive_fault",
            arguments={"fault": kind, "retry_after": RETRY_AFTER, "delay": 3.0},
        )
        end = Order(do="hive_clear", arguments={"allowance": allowance})
        yield from _spell(at, length, "", f"hive {kind}", fault, end)
        if kind in LOCKS_OUT:
            yield Step(at + length + 0.5, "reload")
        at += length + allowance + 2.5 * pace.interval
