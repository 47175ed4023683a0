"""scripts/bench: how it counts and prints, and small measurements of its own."""

import asyncio
from contextlib import closing
from dataclasses import replace
import gc
import logging
import os
from pathlib import Path
import sqlite3
import time

import pytest

from scripts._bench import SCALE, SECTIONS, parse, run
from scripts._bench_hive import bench_parse, touch
from scripts._bench_inside import Complaints, missed_readings, watching
from scripts._bench_page import ENTITIES, FLEET
from scripts._bench_read import bench_fleet, bench_read, compare
from scripts._bench_rows import recorded, stored
from scripts._bench_scale import bench_column
from scripts._bench_scale_table import TARGETED, Column, report
from scripts._bench_table import Row, Spread, percentile, table
from scripts._develop import Problem
from simulator.__main__ import arguments as simulator_arguments, hive_service


def test_table() -> None:
    """The last column says what is aimed at and whether it is met."""
    text = table(
        "Title",
        ("min", "median", "max"),
        [
            Row.spread("time (ms)", Spread.of([3.0, 1.0, 20.0])),
            Row.spread("ratio", Spread.of([1.5, 1.25, 9.0]), limit=1.5),
            Row.spread("other ratio", Spread.of([1.51]), limit=1.5),
        ],
    )
    assert text.splitlines() == [
        "Title",
        "                min  median    max  target",
        "  time (ms)    1.00    3.00  20.00",
        "  ratio        1.25    1.50   9.00  at most 1.5: met",
        "  other ratio  1.51    1.51   1.51  at most 1.5: MISSED",
    ]


def test_percentile() -> None:
    """Nearest rank, and an error where nothing was measured."""
    values = [float(number) for number in range(100)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 1.0) == 7
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("times", "missed"),
    [
        ([3.0, 13.0, 23.0], 0),
        ([9.9, 20.1, 29.8], 0),
        ([3.0, 23.0], 1),
        ([3.0], 2),
        ([26.0], 2),
        ([], 2),
    ],
)
def test_missed_readings(times: list[float], missed: int) -> None:
    """Of three cycles of ten seconds."""
    assert missed_readings(times, 0.0, 30.0, 10.0) == missed


@pytest.mark.parametrize(
    "arguments",
    [
        ["write"],
        ["hass", "--miners", "1"],
        ["hass", "--interval", "0"],
        ["hass", "--cycles", "0"],
        ["hive", "--hive-workers", "0"],
        ["scale", "--sizes", "100,many"],
        ["scale", "--sizes", "0"],
        ["scale", "--hive-farms", "0"],
        ["scale", "--hive-rigs", "0"],
    ],
)
def test_bad_arguments(arguments: list[str]) -> None:
    """They end the command with 2, as argparse does."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2


def test_everything_is_measured_unless_told_otherwise() -> None:
    """The default is all sections, but the long one, which takes more cycles too."""
    assert parse([]).section == "all"
    assert parse(["fleet"]).section == "fleet"
    assert SCALE not in SECTIONS
    assert parse(["hass"]).cycles < parse(["scale"]).cycles
    assert parse(["scale", "--sizes", "30,5,30"]).sizes == [5, 30]


async def test_a_failed_reading_is_no_measurement() -> None:
    """It ends the comparison instead of counting as a quick one."""

    async def fails() -> None:
        raise ConnectionRefusedError

    with pytest.raises(Problem, match="ConnectionRefusedError"):
        await compare(fails, fails, 1)


async def test_what_cannot_be_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said on stderr, and the exit code is 1."""

    async def fails(folder: Path) -> str:
        raise Problem(f"nothing in {folder.name}")

    monkeypatch.setattr("scripts._bench.bench_read", fails)
    assert await run(parse(["read"])) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("scripts/bench: nothing in antminer-bench-")


@pytest.mark.usefixtures("socket_enabled")
async def test_read_and_fleet(tmp_path: Path) -> None:
    """Both print times of both and their ratio; what was started is stopped."""
    before = _children()
    for text in (
        await bench_read(tmp_path, rounds=2, reads=2),
        await bench_fleet(tmp_path, rounds=2, miners=3, latency=5),
    ):
        lines = text.splitlines()
        assert len(lines) == 8
        for what in ("CPU", "wall"):
            for who in ("Antminer source (ms)", "bare loop (ms)", "ratio"):
                assert any(f"{what}, {who}" in line for line in lines)
        assert text.count("at most") == 1
    assert _children() == before


async def test_watching() -> None:
    """Pauses of the event loop are found, with what was going on; those of a collection go by that name."""
    asked: list[float] = []

    def phase(since: float, until: float) -> str:
        asked.append(until - since)
        return "blocking"

    with watching(phase) as watch:
        await asyncio.sleep(0.02)
        time.sleep(0.06)  # noqa: ASYNC251 - that is what is looked for
        await asyncio.sleep(0.02)
    assert watch.phases["blocking"].own == watch.most_own >= 45
    assert watch.lag(1.0) >= watch.most_own
    assert max(asked) >= 0.06
    # Late, but not busy: it waited.
    assert watch.phases["blocking"].work < 45
    assert watch.end - watch.start >= 0.1
    assert 0 <= watch.cpu_loop < 1

    number = len(watch.lags)
    await asyncio.sleep(0.03)
    assert len(watch.lags) == number


async def test_watching_garbage() -> None:
    """A collection is noted apart from what else makes a pause, and only while somebody looks on."""
    with watching() as watch:
        await asyncio.sleep(0.02)
        before = time.monotonic()
        while time.monotonic() - before < 0.1:
            gc.collect()
        await asyncio.sleep(0.02)
    assert {item.generation for item in watch.collections} == {2}
    took = sum(item.ms for item in watch.collections)
    assert took > 50
    assert watch.longest_collection <= took
    assert watch.lag(1.0) > 80
    assert watch.most_own < watch.lag(1.0) - took / 2
    assert watch.most_work < took / 2


async def test_watching_work() -> None:
    """Work counts as such."""
    with watching() as watch:
        await asyncio.sleep(0.02)
        before = time.thread_time()
        while time.thread_time() - before < 0.05:
            pass
        await asyncio.sleep(0.02)
    assert 45 <= watch.most_work < 200
    assert watch.phases["working"].work == watch.most_work

    number = len(watch.collections)
    gc.collect()
    assert len(watch.collections) == number


def test_complaints() -> None:
    """Those of the integration and those about it count, from warnings on."""
    complaints = Complaints()
    logger = logging.getLogger("custom_components.antminer_monitor.anything")
    try:
        logger.warning("one")
        logger.error("two")
        logger.info("no")
        logging.getLogger("homeassistant.core").warning("of %s", "antminer_monitor")
        logging.getLogger("homeassistant.core").warning("of something else")
    finally:
        logging.getLogger().removeHandler(complaints)
    assert complaints.count == 3


def test_touch() -> None:
    """Every value counts once, the containers too."""
    assert touch({"a": [1, "two", None], "b": {"c": True}, "d": []}) == 8


@pytest.mark.usefixtures("socket_enabled")
async def test_hive_parsed(tmp_path: Path) -> None:
    """The answer of a simulated farm is compared with a bare walk over it; what was started is stopped."""
    before = _children()
    text = await bench_parse(tmp_path, 3, rounds=1)
    lines = text.splitlines()
    assert lines[0].startswith("A HiveOS farm of 3 rigs with 24 cards, ")
    assert len(lines) == 6
    for what in ("to rigs", "decoded and every value touched", "ratio", "a rig"):
        assert any(f"CPU, {what}" in line for line in lines)
    assert text.count("at most 3: ") == 1
    assert _children() == before


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--hive-port 0 --hive-farms 2", "--hive-farms needs --hive-workers"),
        (
            "--hive-port 0 --hive-workers 1 --hive-farms 0",
            "--hive-farms must be at least 1",
        ),
    ],
)
def test_bad_farms(line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The simulator says what it does not take."""
    with pytest.raises(SystemExit):
        simulator_arguments(line.split())
    assert message in capsys.readouterr().err


def test_farms_of_hive() -> None:
    """Each has the rigs that are asked for, and a name of its own where there are several."""
    line = "--count 0 --hive-port 0 --hive-workers 2"
    for more, names in (("", ["Hall"]), (" --hive-farms 2", ["Hall 1", "Hall 2"])):
        hive = hive_service(simulator_arguments((line + more).split()))
        assert [farm.name for farm in hive.farms] == names
        assert {len(farm.workers) for farm in hive.farms} == {2}


def test_rows(tmp_path: Path) -> None:
    """What is committed counts, also while it is only in the write-ahead log."""
    path = tmp_path / "home.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        for table_name in ("events", "statistics_short_term", "statistics"):
            database.execute(f"CREATE TABLE {table_name} (id INTEGER)")
        database.execute("CREATE TABLE states_meta (metadata_id INTEGER, entity_id)")
        # As in Home Assistant: the column is still there, and empty.
        database.execute(
            "CREATE TABLE states (entity_id, metadata_id INTEGER, last_updated_ts FLOAT)"
        )
        database.execute("INSERT INTO states_meta VALUES (1, 'sensor.a')")
        database.commit()
        before = stored(path)
        for moment in (9.9, 10.0, 19.9, 20.0):
            database.execute("INSERT INTO states VALUES (NULL, 1, ?)", (moment,))
        database.execute("CREATE TABLE more AS SELECT randomblob(100000)")
        database.commit()
        database.execute("INSERT INTO states VALUES (NULL, 1, 15)")
        after = stored(path)
        assert after.rows["states"] - before.rows["states"] == 4
        assert after.rows["events"] == 0
        assert after.size - before.size >= 100_000
        assert recorded(path, 10, 20) == {"sensor.a": 2}


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("socket_enabled")
async def test_scale(tmp_path: Path) -> None:
    """A restarted Home Assistant reads all rigs in time, and the page gets what it shows."""
    before = _children()
    column = await bench_column(tmp_path, 3, (2, 1), interval=10, cycles=1)
    assert _children() == before

    site, hive, lasting = column.kind("site"), column.kind("hiveos"), column.lasting
    assert (site.rigs, site.sources, site.missed) == (3, 3, 0)
    assert (hive.rigs, hive.sources, hive.missed) == (2, 2, 0)
    # A reading may be on either side of the first moment, and of the last.
    assert 0 < site.done <= 6 and 0 < hive.done <= 4
    assert lasting.read_at_start == 5
    assert lasting.complaints == 0
    assert 0 < lasting.cpu_recorder < lasting.cpu
    assert 0 < site.rows + hive.rows <= lasting.rows["states"]
    assert sum(entities for _, entities in site.keys.values()) == site.entities
    assert lasting.messages[ENTITIES] > 0 and lasting.messages[FLEET] > 0
    assert lasting.changed > 0 and lasting.reported > 0

    alone = Column(
        0, column.prepared, replace(lasting, kinds={"hiveos": hive}, cpu=0, cpu_loop=0)
    )
    text = report((alone, column), 10, 1)
    lines = {line.strip().partition("  ")[0]: line for line in text.splitlines()}
    assert lines["miners read on time"].split()[-2:] == ["0", f"{site.done}"]
    cost = 1000 * 10 * lasting.cpu / 3
    assert lines["CPU of a cycle (ms), a miner"].split()[-1] == f"{cost:.2f}"
    assert "at most" not in text

    aimed = Column(TARGETED, column.prepared, lasting)
    text = report((alone, column, aimed), 10, 1)
    # Of readings (twice), lag, CPU, cost, start, rows, growth and complaints.
    assert text.count("at most") == 9


def _children() -> set[int]:
    mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return {int(number) for number in mine.read_text().split()}
