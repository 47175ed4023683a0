"""What scripts/bench scale hands back and prints: a column for each number of miners."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scripts._bench_page import ENTITIES, FLEET, LOGBOOK
from scripts._bench_table import Row, table

TARGETED: Final = 1000
"""Miners for which there are targets."""
LAG_LIMIT: Final = 50.0
"""Milliseconds, of 99 in 100 moments."""
CPU_LIMIT: Final = 60.0
"""Percent of a core."""
START_LIMIT: Final = 30.0
ROWS_LIMIT: Final = 300.0
"""A second, of the miners."""
GROWTH_LIMIT: Final = 10.0
"""GB a day."""
COST_LIMIT: Final = 1.2
"""What a rig of the largest number costs, as a multiple of one of the smallest."""

_DAY: Final = 86_400
_MOST_KEYS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What it took to add everything to a new Home Assistant."""

    seconds_to_read: float
    seconds_to_add: float
    """Until every entity is there too."""
    lag_most: float
    """Milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What came of the entries of a kind, sites or accounts."""

    rigs: int
    sources: int
    """What is read at once: a miner, or a farm of HiveOS."""
    done: int
    """Readings of those."""
    missed: int
    entities: int
    """That are enabled."""
    rows: int
    """States of them that were recorded."""
    keys: Mapping[str, tuple[int, int]]
    """The same of each key of entities, and how many such entities there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """What is measured while it runs. Lags are milliseconds, memory is KiB, CPU is a share of one core."""

    seconds: float
    kinds: Mapping[str, Kind]
    rows: Mapping[str, int]
    """Recorded rows of anything, by table."""
    grown: int
    """Bytes by which the database grew."""
    changed: float
    """States a second that were written with something new in them."""
    reported: float
    """States a second that were written as they were."""
    lag_median: float
    lag_p99: float
    lag_most: float
    collection: float
    """The longest garbage collection, in milliseconds."""
    collections: int
    """Those of everything, which are the long ones."""
    collection_cpu: float
    """Milliseconds of CPU that one of everything takes, which do not depend on what else the machine does."""
    cpu: float
    cpu_loop: float
    cpu_recorder: float
    memory: float
    """Of the whole process."""
    seconds_to_start: float
    """From the start of the process until every rig was read."""
    read_at_start: int
    frames: int
    size: int
    """Bytes that the open page got, unpacked."""
    messages: Mapping[str, int]
    backlog: int
    complaints: int
    """Warnings and errors that the integration logged or that are about it, of rigs that are all well."""

    @property
    def bytes_per_row(self) -> float:
        """What a row took, with all that belongs to it; 0 where none was written."""
        rows = sum(self.rows.values())
        return self.grown / rows if rows else 0.0


@dataclass(frozen=True, slots=True)
class Column:
    """Everything of one number of miners."""

    miners: int
    prepared: Prepared
    lasting: Lasting

    def kind(self, name: str) -> Kind:
        """Give what came of the entries of a kind; of none where there are none."""
        return self.lasting.kinds.get(
            name,
            Kind(rigs=0, sources=0, done=0, missed=0, entities=0, rows=0, keys={}),
        )


def report(columns: Sequence[Column], interval: int, cycles: int) -> str:
    """Return the tables; the first column is of the account alone, which the costs of a miner are without."""
    account = columns[0].kind("hiveos")
    return "\n\n".join(
        (
            table(
                f"Home Assistant with so many Antminers and, in every column, a HiveOS account of {account.sources} "
                f"farms with {account.rigs:,} rigs; one page open, read every {interval} s, {cycles} cycles",
                [f"{column.miners:,}" for column in columns],
                _rows(columns, interval),
            ),
            _of_keys(columns[-1], "site", "Antminers"),
            _of_keys(columns[-1], "hiveos", "HiveOS"),
        )
    )


def _rows(columns: Sequence[Column], interval: int) -> list[Row]:
    alone = columns[0].lasting
    goal = next((item for item in columns if item.miners == TARGETED), None)

    def row(
        name: str,
        value: Callable[[Column], float],
        digits: int = 0,
        limit: float | None = None,
    ) -> Row:
        return Row(
            name,
            tuple(f"{value(column):,.{digits}f}" for column in columns),
            limit,
            value(goal) if goal else None,
        )

    def all_of(
        name: str,
        value: Callable[[Lasting], float],
        digits: int = 0,
        limit: float | None = None,
    ) -> Row:
        return row(name, lambda column: value(column.lasting), digits, limit)

    def of_miner(
        name: str, value: Callable[[Lasting], float], digits: int = 0
    ) -> tuple[Row, list[float]]:
        """Give what is more than without miners, for each of them."""
        shares = [
            (value(column.lasting) - value(alone)) / column.miners
            for column in columns[1:]
        ]
        cells = tuple(f"{share:,.{digits}f}" for share in shares)
        return Row(f"{name}, a miner", ("", *cells)), shares

    def messages(feed: str) -> Row:
        return all_of(
            f"page: messages of {feed}, a minute",
            lambda item: 60 * item.messages.get(feed, 0) / item.seconds,
        )

    def growth(lasting: Lasting) -> float:
        """Give GB a day."""
        return lasting.grown / lasting.seconds * _DAY / 1e9

    loop_cost, loop_costs = of_miner(
        "  of the event loop's (ms)", lambda item: 1000 * item.cpu_loop * interval, 2
    )
    # What the recorder and HiveOS's parser do in other threads differs by more from run to run than a few miners cost.
    ratios = [one / loop_costs[0] for one in loop_costs]
    return [
        row("miners read on time", lambda item: item.kind("site").done),
        row("  missed", lambda item: item.kind("site").missed, limit=0),
        row("farms read on time", lambda item: item.kind("hiveos").done),
        row("  missed", lambda item: item.kind("hiveos").missed, limit=0),
        all_of("event loop late, median (ms)", lambda item: item.lag_median, 2),
        all_of(
            "event loop late, 99 of 100 (ms)", lambda item: item.lag_p99, 2, LAG_LIMIT
        ),
        all_of("event loop late, most (ms)", lambda item: item.lag_most, 1),
        all_of("longest garbage collection (ms)", lambda item: item.collection, 1),
        all_of("  full ones", lambda item: item.collections),
        all_of("  CPU of a full one (ms)", lambda item: item.collection_cpu),
        all_of(
            "CPU of all threads (% of a core)",
            lambda item: 100 * item.cpu,
            1,
            CPU_LIMIT,
        ),
        all_of("  of the event loop's", lambda item: 100 * item.cpu_loop, 1),
        all_of("  of the recorder's", lambda item: 100 * item.cpu_recorder, 1),
        of_miner("CPU of a cycle (ms)", lambda item: 1000 * item.cpu * interval, 2)[0],
        loop_cost,
        Row(
            "    beside the fewest",
            ("", *(f"{ratio:.2f}" for ratio in ratios)),
            COST_LIMIT if goal else None,
            ratios[-1],
        ),
        all_of("memory (MiB)", lambda item: item.memory / 1024),
        of_miner("memory (KiB)", lambda item: item.memory)[0],
        all_of(
            "start until all rigs were read (s)",
            lambda item: item.seconds_to_start,
            1,
            START_LIMIT,
        ),
        all_of("  rigs read then", lambda item: item.read_at_start),
        row(
            "added, until all rigs were read (s)",
            lambda item: item.prepared.seconds_to_read,
            1,
        ),
        row(
            "  until every entity was there (s)",
            lambda item: item.prepared.seconds_to_add,
            1,
        ),
        row("  event loop late, most (ms)", lambda item: item.prepared.lag_most, 1),
        row("enabled entities of miners", lambda item: item.kind("site").entities),
        row("enabled entities of HiveOS", lambda item: item.kind("hiveos").entities),
        all_of("states changed, a minute", lambda item: 60 * item.changed),
        all_of("states written unchanged, a minute", lambda item: 60 * item.reported),
        all_of(
            "rows recorded, a minute",
            lambda item: 60 * item.rows["states"] / item.seconds,
        ),
        row(
            "  of miners, a second",
            lambda item: item.kind("site").rows / item.lasting.seconds,
            1,
            ROWS_LIMIT,
        ),
        row(
            "  of HiveOS, a second",
            lambda item: item.kind("hiveos").rows / item.lasting.seconds,
            1,
        ),
        all_of("rows of events", lambda item: item.rows["events"]),
        all_of(
            "rows of 5-minute statistics",
            lambda item: item.rows["statistics_short_term"],
        ),
        all_of("rows of hourly statistics", lambda item: item.rows["statistics"]),
        all_of("bytes a row, of all these", lambda item: item.bytes_per_row),
        all_of("database, GB a day", growth, 2),
        row(
            "  of it for miners",
            lambda item: growth(item.lasting) - growth(alone),
            2,
            GROWTH_LIMIT,
        ),
        all_of("recorder's queue at the end", lambda item: item.backlog),
        all_of("page: frames a second", lambda item: item.frames / item.seconds, 1),
        all_of(
            "page: kB a second, unpacked",
            lambda item: item.size / item.seconds / 1000,
            1,
        ),
        *map(messages, (ENTITIES, FLEET, LOGBOOK)),
        all_of("warnings and errors logged", lambda item: item.complaints, limit=0),
    ]


def _of_keys(column: Column, kind: str, title: str) -> str:
    """Return what is recorded of each kind of entity, the most first."""
    found = column.kind(kind)
    hours = column.lasting.seconds / 3600
    ordered = sorted(found.keys.items(), key=lambda item: item[1][0], reverse=True)
    return table(
        f"Rows recorded of {found.rigs:,} rigs: {title}",
        ("entities", "rows", "an hour of one", "% of all"),
        [
            Row(
                key,
                (
                    f"{entities:,}",
                    f"{rows:,}",
                    f"{rows / entities / hours:.1f}",
                    f"{100 * rows / (found.rows or 1):.1f}",
                ),
            )
            for key, (rows, entities) in ordered[:_MOST_KEYS]
            if rows
        ],
    )
