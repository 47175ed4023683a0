"""Fuzzing: the inputs that are kept, some new ones, and that it finds what there is to find."""

from dataclasses import replace
import os
from pathlib import Path
import platform
import re
from secrets import randbelow
import subprocess
import sys

import pytest

from custom_components.antminer_monitor.teach_redact import Redactor
from scripts import _fuzz

from . import engine
from .reached import Watch, reached
from .target import PACKAGE, check
from .targets import TARGETS

SECONDS = os.environ.get("FUZZ_SECONDS")
"""For each target: ``FUZZ_SECONDS=60 scripts/test tests/fuzz``. Chance differs each time then."""
RUNS, ENOUGH = "1000", "30"
"""Inputs for each target else, the same every time, and the seconds that they may take."""
MOST_FILES, MOST_BYTES = 200, 500_000

HAS_WHEEL = sys.platform == "linux" and platform.machine() == "x86_64"
fuzzes = pytest.mark.skipif(
    not HAS_WHEEL, reason="atheris has no wheel for this machine"
)


def slack() -> float:
    """Tell how much slower everything is: coverage may be watching, and others at work."""
    is_watched = sys.monitoring.get_tool(sys.monitoring.COVERAGE_ID) or sys.gettrace()
    return engine.SLACK if is_watched else 2.0


# --- the inputs that are kept ---------------------------------------------------------


@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs(name: str) -> None:
    """Nothing is wrong with any input that is kept."""
    paths = list(engine.inputs(engine.KEPT / name))
    assert len(paths) > 3
    for path in paths:
        try:
            check(TARGETS[name], path.read_bytes(), slack=slack())
        except Exception as err:
            err.add_note(f"scripts/fuzz {name} {path.relative_to(engine.ROOT)}")
            raise


def test_kept_inputs_are_few() -> None:
    """They are small, and of targets that there are."""
    folders = {path.name: path for path in engine.KEPT.iterdir()}
    assert folders.keys() == TARGETS.keys()
    count, size = engine.sizes(
        path for folder in folders.values() for path in engine.inputs(folder)
    )
    assert count <= MOST_FILES
    assert size <= MOST_BYTES


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("repair", 0.9),
        ("dialects", 0.85),
        ("workers", 0.85),
        ("pack", 0.7),
        ("redact", 0.85),
    ],
)
def test_kept_inputs_reach_far(name: str, least: float) -> None:
    """They reach most of what their target is there for, and do not stop at its door."""
    watch = Watch()
    try:
        places = [
            watch.of(TARGETS[name], path.read_bytes())
            for path in engine.inputs(engine.KEPT / name)
        ]
    finally:
        watch.close()
    found = reached(TARGETS[name], frozenset().union(*places))
    assert found.lines > least * found.of_lines, found
    assert str(found).endswith(f"{found.branches} branches")


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("reply", "antminer.json_repair._Repair._key"),
        ("repair", "antminer.json_repair._escapes"),
        ("dialects", "antminer.firmware.chains.temperature"),
        ("web", "antminer.web._fan_mode"),
        ("source", "antminer.besides.read_power"),
        ("workers", "hiveos.parts.temperature"),
        ("hive", "hiveos.client._announcement"),
        ("archive", "packs.archive._inflated"),
        ("pack", "packs.loading.translation_of"),
        ("reading", "packs.where.Look.convert"),
        ("answer", "teach_pack.try_pack"),
        ("redact", "teach_redact._disguise_place"),
    ],
)
def test_a_fault_is_seen(
    name: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong deep inside is not swallowed on its way out."""

    def fails(*_: object, **__: object) -> None:
        raise NotImplementedError("planted")

    monkeypatch.setattr(f"{PACKAGE}.{where}", fails)
    seen = 0
    for path in engine.inputs(engine.KEPT / name):
        try:
            check(TARGETS[name], path.read_bytes(), slack=slack())
        except NotImplementedError:
            seen += 1
    assert seen


def test_a_secret_that_stays_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs hold secrets: they are found where nobody takes them out."""
    monkeypatch.setattr(Redactor, "replies", lambda _, replies: dict(replies))
    data = b'#: summary\n{"Said":"lost @3, here"}\n'
    with pytest.raises(AssertionError, match="C2:07:3C:AA:BB:CC"):
        check(TARGETS["redact"], data)
    data = b'#: summary\n{"User":"abc12345","Said":"by abc12345"}\n'
    with pytest.raises(AssertionError, match="abc12345"):
        check(TARGETS["redact"], data)


# --- new ones -------------------------------------------------------------------------


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the folder of the project."""
    paths = [str(engine.ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=engine.ROOT,
        # The order of a set is chance, too.
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0"},
    )


@fuzzes
@pytest.mark.timeout(300 + 20 * int(SECONDS or 0))
def test_new_inputs(tmp_path: Path) -> None:
    """Nothing is wrong with what fuzzing finds within its budget."""
    budget = ["--seconds", ENOUGH, "--runs", RUNS]
    if SECONDS:
        budget = ["--seconds", SECONDS, "--seed", f"{1 + randbelow(10**6)}"]
    run = run_python("-m", "scripts._fuzz", *budget, "--folder", str(tmp_path))
    assert run.returncode == 0, run.stdout + run.stderr
    told = dict(re.findall(r"^(\w+) +([\d,]+) executions", run.stdout, re.MULTILINE))
    assert told.keys() == TARGETS.keys()
    for name, executions in told.items():
        kept = len(list(engine.inputs(engine.KEPT / name)))
        assert int(executions.replace(",", "")) > 2 * kept, name


PLANTED = """
from pathlib import Path
import sys
import atheris
from scripts._fuzz import _fuzzed
from tests.fuzz.engine import Budget, fuzz
from tests.fuzz.target import Shape, Target

@atheris.instrument_func
def read(data):
    if data[:1] == b"T":
        if data[1:2] == b"H":
            raise ValueError("planted")

planted = Target(name="planted", about="", run=read, reaches=(), shape=Shape.JSON)
sys.exit(_fuzzed(fuzz(planted, Path(sys.argv[1]), Budget(seconds=20, runs=50_000))))
"""


@fuzzes
def test_a_planted_fault_is_found(tmp_path: Path) -> None:
    """What can only be found by what is reached on the way, is; and is reported."""
    run = run_python("-c", PLANTED, str(tmp_path))
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Finding: ValueError: planted" in run.stdout
    (path,) = re.findall(r"scripts/fuzz planted (\S+)", run.stdout)
    assert Path(path).read_bytes().startswith(b"TH")


@fuzzes
def test_a_hang_is_found(tmp_path: Path) -> None:
    """What ends the process is reported, too."""
    crash = PLANTED.replace('raise ValueError("planted")', "import os; os.abort()")
    run = run_python("-c", crash, str(tmp_path))
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Finding: crash" in run.stdout


# --- the command ----------------------------------------------------------------------


def test_targets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with what it is there for."""
    assert _fuzz.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(TARGETS)


def test_inputs_are_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is run by itself; what is wrong with it is shown."""
    path = tmp_path / "input"
    path.write_bytes(b"{}")
    assert _fuzz.main(["reply", str(path)]) == 0
    assert "nothing wrong" in capsys.readouterr().out

    def fails(data: bytes) -> None:
        raise ValueError(f"{data!r} is wrong")

    monkeypatch.setitem(TARGETS, "reply", replace(TARGETS["reply"], run=fails))
    assert _fuzz.main(["reply", str(path)]) == 1
    assert "b'{}' is wrong" in capsys.readouterr().err
    assert _fuzz.main(["reply", str(tmp_path / "none")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_an_unknown_target(capsys: pytest.CaptureFixture[str]) -> None:
    """The ones that there are are named."""
    assert _fuzz.main(["nothing", "--keep"]) == 2
    assert "no target nothing; there are: reply, repair" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--seconds", "0"], ["--runs", "x"], ["--what"]])
def test_a_wrong_command(arguments: list[str]) -> None:
    """It says what it takes."""
    with pytest.raises(SystemExit) as ended:
        _fuzz.main(arguments)
    assert ended.value.code == 2


def test_without_atheris(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be installed, inputs can be run and no new ones be looked for."""
    monkeypatch.setattr(engine, "is_there", lambda: False)
    assert _fuzz.main(["reply"]) == 2
    assert "atheris is not installed" in capsys.readouterr().err
