"""What a soak found, as text."""

from collections.abc import Sequence
from datetime import datetime
from statistics import median

from scripts._soak_leaks import Count
from scripts._soak_run import Soak


def table(soak: Soak, verdicts: Sequence[str], seed: int, seconds: float) -> str:
    """Put everything into lines."""
    checker = soak.checker
    lines = [
        f"Soak of {seconds / 60:.1f} minutes, seed {seed}, {len(checker.rigs)} rigs",
        f"  looks at everything        {soak.looks:>10,}",
        f"  states told                {soak.states:>10,}",
        f"  figures checked            {checker.checked:>10,}",
        f"  starts of Home Assistant   {soak.home.starts:>10,}",
        f"  faults                     {soak.faults.total():>10,}",
    ]
    lines += [
        f"    {kind:<25}{count:>10,}" for kind, count in sorted(soak.faults.items())
    ]
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(soak.told.items()))
    lines.append(f"  miners were told           {soak.told.total():>10,}  {told}")
    outages = sum(rig.outages for rig in checker.rigs.values())
    lines.append(f"  outages shown              {outages:>10,}")
    if checker.heals:
        usual, last = median(heal.polls for heal in checker.heals), max(checker.heals)
        lines.append(
            f"  healed after               {usual:>10.2f} polls, at most {last.polls:.2f}: {last.rig} at {_time(last.at)};"
            f" it suffered: {last.suffered}"
        )
    if soak.faults.total():
        per_fault = soak.log.lines / soak.faults.total()
        lines.append(
            f"  lines in the log           {soak.log.lines:>10,}  {per_fault:.2f} a fault"
        )
    lines.append(f"  longest gap in the truth   {soak.world.longest_gap:>10.1f} s")
    if soak.counts:
        names = (f"{count} {name}" for name, count in soak.names.items())
        lines += ["  open in a lull", *map(_count, soak.counts)]
        lines.append(f"    the last tasks: {', '.join(names)}")
    lines += [
        f"  said {count:,} times: {text}" for text, count in soak.log.examples.items()
    ]
    for violation in checker.violations:
        at = _time(violation.at)
        lines.append(
            f"VIOLATION {violation.rule}: {violation.entity} of {violation.rig} showed {violation.shown}, "
            f"true was {violation.truth}, at {at}, seed {seed}; it suffered: {violation.suffered}"
        )
    if more := checker.counts.total() - len(checker.violations):
        lines.append(f"  and {more:,} more like them: {dict(checker.counts)}")
    lines += [f"WRONG {text}" for text in verdicts]
    lines.append("passed" if is_good(soak, verdicts) else "FAILED")
    return "\n".join(lines)


def is_good(soak: Soak, verdicts: Sequence[str]) -> bool:
    """Tell whether nothing was found."""
    return not verdicts and not soak.checker.counts


def _time(at: float) -> str:
    return datetime.fromtimestamp(at).isoformat(" ", "milliseconds")


def _count(count: Count) -> str:
    return (
        f"    start {count.run}: {count.tasks:.0f} tasks, {count.sockets:.0f} sockets, {count.threads:.0f} threads, "
        f"{count.memory:.0f} MiB"
    )
