"""scripts/soak: settings that are gone, leaks, what is logged, the plan, and a small soak of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
import re
import shutil
import socket
import sys

from homeassistant.util.package import is_installed
import pytest

from scripts._hass import INTEGRATIONS, requirements
from scripts._soak import cast_of, judge, parse, run, soak
from scripts._soak_checks import Checker, Shown, rigs_of
from scripts._soak_home import Home
from scripts._soak_leaks import Count, Growth, leaks
from scripts._soak_log import Log
from scripts._soak_plan import CONDITIONS, LULL, PUT_BACK, SUFFERINGS, Pace, plan
from scripts._soak_run import Soak
from scripts._soak_settings import Settings, broken_files, lost
from scripts._soak_watcher import Watcher
from scripts._soak_world import World, miner_id, miner_sample
from scripts._soak_world_client import WorldClient
from simulator.farm import Farm
from simulator.faults import Fault, WriteFault
from simulator.hive import FarmPlan, HiveService
from simulator.hive.faults import HiveFault
from simulator.profiles import mix

PACE = Pace(interval=10, stale_after=30, deadline=3)


# Settings.


def test_a_setting_that_is_gone() -> None:
    """What is gone or another is found; what is new is no loss."""
    before = Settings(
        entries={"a": "Site"},
        subentries={"m": "Miner", "n": "Another"},
        entities={"m_power sensor": ("sensor.power_soak", "Renamed", "hall")},
        areas=frozenset({"Soak hall"}),
        dashboards=frozenset({"soak-dashboard"}),
    )
    assert lost(before, before) == []
    now = Settings(
        entries={"a": "Site", "b": "New"},
        subentries={"m": "Miner"},
        entities={"m_power sensor": ("sensor.power", None, "hall")},
    )
    found = lost(before, now)
    assert len(found) == 4
    assert "subentries: n (Another) is gone" in found
    assert any("sensor.power_soak" in text for text in found)


def test_a_broken_file_of_state(tmp_path: Path) -> None:
    """Half a file is found, whatever it is called."""
    storage = tmp_path / ".storage"
    storage.mkdir()
    (storage / "whole").write_text("{}")
    assert broken_files(tmp_path) == []
    (storage / "half").write_text('{"data": [')
    assert broken_files(tmp_path) == ["half is broken"]


# Leaks.


def counts(run: int, *, memory: Sequence[float], tasks: float = 5) -> list[Count]:
    """Counts of a run, a minute apart."""
    return [
        Count(
            run=run,
            at=60.0 * number,
            tasks=tasks,
            sockets=12,
            threads=9,
            memory=mebibytes,
        )
        for number, mebibytes in enumerate(memory)
    ]


def test_a_leak() -> None:
    """What grows within a run is found; what differs between runs is not held against it."""
    allowed = Growth(memory=40)
    assert leaks(counts(1, memory=[300, 310, 305, 312]), allowed) == []
    steady = [*counts(1, memory=[300]), *counts(2, memory=[500, 501], tasks=50)]
    assert leaks(steady, allowed) == []
    (found,) = leaks(counts(1, memory=[300, 320, 341, 360]), allowed)
    assert found.startswith("memory of start 1: 300 → 320 → 341 → 360")
    growing = counts(3, memory=[1, 1])
    growing[1:] = counts(3, memory=[1, 1], tasks=16)[1:]
    (found,) = leaks(growing, allowed)
    assert found.startswith("tasks of start 3")


# The log.

_OURS = "2026-01-01 10:00:00.000 WARNING (MainThread) [custom_components.antminer_monitor.coordinator] "


def test_a_traceback_and_lines(tmp_path: Path) -> None:
    """A traceback is found with what was said before it; lines of outages are counted by rig."""
    path = tmp_path / "log"
    log = Log(path)
    log.read()
    path.write_text(
        f"{_OURS}Miner 1 is stale, last seen never: 127.0.0.1 refused\n"
        f"{_OURS}Miner 1 is back\n"
        f"{_OURS}Hall: 7 rigs are stale\n"
        f"{_OURS.replace('WARNING', 'INFO')}nothing\n"
        f"{_OURS}Something else hap"
    )
    log.read()
    assert log.outages == {"Miner 1": 2, "Hall": 1}
    assert not log.others
    with path.open("a") as file:
        file.write(
            "pened\n"
            "2026-01-01 10:00:01.000 ERROR (MainThread) [websocket] Error during service call to antminer_monitor.x: off\n"
            "2026-01-01 10:00:01.000 ERROR (MainThread) [homeassistant] Error doing job\n"
        )
        for error in ("ValueError: no", "RuntimeError: Unable to locate turbojpeg"):
            file.write(f"Traceback (most recent call last):\n  File\n{error}\n")
    log.read()
    assert log.others == {"Something else happened": 1}
    assert log.lines == 4
    assert log.foreign == {"homeassistant": 1}
    assert log.examples == {
        "[custom_components.antminer_monitor.coordinator] Something else happened": 1,
        "[homeassistant] Error doing job": 1,
    }
    (traceback,) = log.tracebacks
    assert traceback.endswith("Error doing job … ValueError: no")


def judged(tmp_path: Path, *lines: str, faults: int) -> list[str]:
    """What is said of a soak with so many faults that logged these lines."""
    options = parse(["--miners", "3", "--hive-rigs", "3", "--seed", "1"])
    checker = Checker({})
    home = Home(tmp_path, 1)
    home.log.write_text("".join(f"{_OURS}{line}\n" for line in lines))
    running = Soak(home, WorldClient({}), checker, cast_of(options), "hive")
    running.faults["refuse"] = faults
    return judge(running)


def test_more_than_two_lines_a_fault(tmp_path: Path) -> None:
    """Two are told, three are too many."""
    lines = ["Miner 1 is stale, last seen never", "Miner 1 is back", "Something"]
    assert judged(tmp_path, *lines, faults=2) == []
    (found,) = judged(tmp_path, *lines, faults=1)
    assert found.startswith("log: 3 lines for 1 faults")


def test_lines_of_one_rig(tmp_path: Path) -> None:
    """One that says the same again and again is not hidden behind others that say nothing."""
    options = parse(["--miners", "3", "--hive-rigs", "3", "--seed", "1"])
    home = Home(tmp_path, 1)
    home.log.write_text(f"{_OURS}Miner 0-0000 is back\n" * 3)
    checker = Checker(rigs_of({"soak0x0000": PACE}))
    running = Soak(home, WorldClient({}), checker, cast_of(options), "hive")
    running.faults["refuse"] = 100
    assert judge(running) == ["log: 3 lines of Miner 0-0000, at most 2"]


# The plan.


def test_the_same_seed_makes_the_same_plan() -> None:
    """And another one another."""
    options = parse(["--seed", "1"])
    those = cast_of(options)
    steps = plan(1, 600, those)
    assert steps == plan(1, 600, those)
    assert steps != plan(2, 600, those)
    assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_everything_befalls_somebody() -> None:
    """Ten minutes hold each fault of a miner and every blow; an hour holds each fault of HiveOS."""
    those = cast_of(parse(["--seed", "1"]))
    kinds = {step.kind for step in plan(1, 600, those)}
    assert kinds >= {*map(str, Fault), *CONDITIONS, *SUFFERINGS}
    assert kinds >= {"restart", "kill", "disk full", "clock jump", "interface down"}
    assert kinds >= {f"write {fault}" for fault in WriteFault}
    long = {step.kind for step in plan(1, 5400, those)}
    assert long >= {f"hive {fault}" for fault in HiveFault}


def test_nobody_wipes_what_cannot_be_put_back() -> None:
    """While Home Assistant or the miner is off, a wiped configuration stays wiped: that is no fault of ours."""
    steps = plan(3, 3600, cast_of(parse(["--seed", "1"])))
    wipes = [step for step in steps if step.kind == "write wipe"]
    assert len(wipes) > 20
    for wipe in wipes:
        after = [step for step in steps if 0 <= step.at - wipe.at < PUT_BACK]
        assert not [step for step in after if step.do in ("restart", "kill")]
        assert not [
            step
            for step in after
            if step.rig == wipe.rig and (step.do == "tell" or step.kind == "reboot")
            if step is not wipe
        ]


async def test_a_miner_that_lost_its_pools(loopback_enabled: None) -> None:
    """Another order of them is none; an empty one is."""
    async with Farm(mix("default", 4), port=0, web=True) as farm:
        world = World([farm], HiveService([FarmPlan(name="Hall", asics=1)], port=0))
        first, second = farm.miners[:2]
        first.model.configure(replace(first.config, order=(1, 0, 2)))
        assert world.robbed() == []
        second.model.set_pools(())
        assert world.robbed() == [miner_id(0, second.index)]


async def test_chips_of_a_miner_that_sleeps(loopback_enabled: None) -> None:
    """Those that are broken are so or not, as far as anybody can tell; awake they are."""
    async with Farm(["s21_2024"], port=0, web=True, age=60_000) as farm:
        (miner,) = farm.miners
        miner.condition(dying_chips=2)
        assert "'chips_faulty': [2, 2]," in str(miner_sample(miner))
        miner.condition(sleep=True)
        assert "'chips_faulty': [2, 2, 0]," in str(miner_sample(miner))


async def test_looked_at_closely_while_it_is_told(tmp_path: Path) -> None:
    """Another power mode changes a miner between two samples of all: it is sampled all the while, and at the end."""
    orders: list[tuple[str, str]] = []

    class Recorded(WorldClient):
        async def order(
            self, do: str, rig: str, arguments: Mapping[str, object]
        ) -> object:
            orders.append((do, rig))
            return None

    options = parse(["--miners", "3", "--hive-rigs", "3", "--seed", "1"])
    running = Soak(
        *(Home(tmp_path, 1), Recorded({}), Checker({}), cast_of(options), "hive")
    )
    async with running.looked_at_closely("soak0x0000"):
        async with asyncio.timeout(10):
            while len(orders) < 2:
                await asyncio.sleep(0.01)
        during = len(orders)
    assert set(orders) == {("look", "soak0x0000")}
    assert len(orders) > during


def test_what_is_held_against_the_truth(tmp_path: Path) -> None:
    """Sensors are; a select with the same key shows what a miner is set to. Another attribute is no new figure."""
    seen: list[tuple[str, str, str]] = []
    watcher = Watcher(
        "", "", lambda rig, key, entity, _: seen.append((rig, key, entity))
    )
    entities = ("sensor.pool", "select.pool")
    entry = {"platform": "antminer_monitor", "unique_id": "soak0x0000_pool"}
    watcher._take_states({"a": {entity: {"s": "a:1"} for entity in entities}})
    watcher._learn(dict.fromkeys(entities, entry))
    watcher._take_states({"c": {"sensor.pool": {"+": {"a": {"pools": []}}}}})
    assert seen == [("soak0x0000", "pool", "sensor.pool")] * 2

    options = parse(["--miners", "3", "--hive-rigs", "3", "--seed", "1"])
    checker = Checker(rigs_of({"soak0x0000": PACE}))
    running = Soak(
        *(Home(tmp_path, 1), WorldClient({}), checker, cast_of(options), "hive")
    )
    for at in (1.0, 1.0, 2.0):
        shown = Shown(state="a:1", unit="", at=at)
        running.see("soak0x0000", "pool", "sensor.pool", shown)
    assert [shown.at for _, _, shown in running._changes] == [1.0, 2.0]


def test_nothing_happens_in_a_lull() -> None:
    """It ends everything, and nothing begins until it is over."""
    steps = plan(5, 900, cast_of(parse(["--seed", "1"])))
    lulls = [step.at for step in steps if step.do == "lull"]
    assert len(lulls) >= 3
    assert not [
        step
        for step in steps
        if step.do != "lull" and any(at <= step.at < at + LULL for at in lulls)
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--minutes", "0"],
        ["--miners", "1"],
        ["--hive-rigs", "2"],
        ["--speed", "0"],
        ["--speed", "fast"],
        ["--farm-port", "60000"],
    ],
)
def test_bad_arguments(arguments: list[str]) -> None:
    """They end the command with 2, as argparse does."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2


async def test_a_port_that_is_taken(
    capsys: pytest.CaptureFixture[str], loopback_enabled: None
) -> None:
    """It is said which, and how to choose another; nothing is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert await run(parse(["--seed", "1", "--port", port])) == 1
    told = capsys.readouterr()
    assert f"port {port} of 127.0.0.1" in told.err
    assert "choose another with --port" in told.err
    assert told.out == ""


# The home.


@pytest.mark.skipif(
    shutil.which("cc") is None or sys.platform != "linux",
    reason="the clock is moved by a library that has to be compiled",
)
async def test_clock_and_disk(tmp_path: Path) -> None:
    """The clock on the wall moves, the other one does not, and below .storage nothing can be written."""
    home = Home(tmp_path, 1)
    home.tamper()
    assert home.build()
    (home.config / ".storage").mkdir(parents=True)

    async def said(where: Path) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _TELL, str(where)),
            env=home.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        return output.decode()

    state, other = home.config / ".storage" / "state", home.config / "other"
    before = re.split(" ", await said(state))
    assert before[2] == "written\n"
    home.tamper(seconds=7200, full=True)
    after = re.split(" ", await said(state))
    assert 7200 <= float(after[0]) - float(before[0]) < 7260
    assert 0 <= float(after[1]) - float(before[1]) < 60
    assert after[2] == "28\n"
    assert (await said(other)).endswith("written\n")
    home.tamper()
    assert (await said(state)).endswith("written\n")


_TELL = """
import datetime, pathlib, sys, time
try:
    pathlib.Path(sys.argv[1]).write_text("x")
    done = "written"
except OSError as err:
    done = err.errno
print(datetime.datetime.now(datetime.UTC).timestamp(), time.monotonic(), done)
"""


@pytest.mark.timeout(180)
@pytest.mark.skipif(
    not all(map(is_installed, requirements(INTEGRATIONS))),
    reason="Home Assistant cannot be run as a whole: scripts/setup develop",
)
async def test_a_small_soak(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], loopback_enabled: None
) -> None:
    """A real Home Assistant with a few real rigs shows nothing wrong, and its figures were looked at."""
    ports = ("--port", "18124", "--farm-port", "14900", "--hive-port", "18081")
    options = parse(
        [
            *("--minutes", "0.15", "--miners", "6", "--hive-rigs", "3"),
            *("--seed", "1", "--speed", "10", *ports),
        ]
    )
    code = await soak(options, tmp_path)
    told = capsys.readouterr().out
    assert code == 0, told
    checked = re.search(r"figures checked +([\d,]+)", told)
    assert checked and int(checked[1].replace(",", "")) > 100
    assert told.endswith("passed\n")
