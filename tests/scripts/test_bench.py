"""scripts/bench: how it counts and prints, and small measurements of its own."""

import asyncio
import gc
import logging
import os
from pathlib import Path
import time

import pytest

from scripts._bench import parse, run
from scripts._bench_hive import bench_parse, touch
from scripts._bench_inside import Complaints, missed_readings, watching
from scripts._bench_read import bench_fleet, bench_read, compare
from scripts._bench_table import Row, Spread, percentile, table
from scripts._develop import Problem


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
    ],
)
def test_bad_arguments(arguments: list[str]) -> None:
    """They end the command with 2, as argparse does."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2


def test_everything_is_measured_unless_told_otherwise() -> None:
    """The default is all sections."""
    assert parse([]).section == "all"
    assert parse(["fleet"]).section == "fleet"


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


def _children() -> set[int]:
    mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return {int(number) for number in mine.read_text().split()}
