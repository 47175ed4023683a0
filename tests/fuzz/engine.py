"""Fuzzing with atheris: Python's coverage for libFuzzer, which changes inputs that reach more.

It has wheels for Linux on x86-64 alone; elsewhere inputs can be run, and no new ones found.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1
import importlib.util
import os
from pathlib import Path
import re
import sys
import traceback
from types import TracebackType
from typing import Final, NoReturn

from .mutate import Mutator
from .target import PACKAGE, Target, check, is_of

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = Path(__file__).parent / "corpus"
"""Where the inputs lie that are kept, by target."""
SLACK: Final = 6.0
"""How much slower everything is that is watched."""
MAX_LENGTH: Final = 48 * 1024
"""Bytes of an input, before what it stands for is written out."""

_HANGS = 60
"""Seconds after which an input hangs."""
_MEMORY = 1500
"""MiB of the process, with all inputs that it keeps."""


def is_there() -> bool:
    """Tell whether atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that must not do what it does."""

    path: Path
    what: str
    """The error, or what libFuzzer says of it."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of fuzzing a target."""

    target: str
    executions: int
    edges: int
    """Branches of the watched code that were taken."""
    inputs: int
    """That reach all of them together."""
    findings: tuple[Finding, ...]


def inputs(folder: Path) -> Iterator[Path]:
    """Give the files of a folder, if there is one."""
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file())


def load() -> Mapping[str, Target]:
    """Import the targets so that the readers are watched. Nothing of them may be loaded."""
    import atheris

    early = [name for name in sys.modules if is_of(name)]
    assert not early, f"loaded before they could be watched: {early}"
    with (
        _quiet(),
        atheris.instrument_imports(
            include=["custom_components"],
            exclude=_others(),
            enable_loader_override=False,
        ),
    ):
        from .targets import TARGETS
    return TARGETS


def _others() -> list[str]:
    """Name what is not watched: it would only make everything slower."""
    top = ROOT.joinpath(*PACKAGE.split("."))
    names = ["custom_components", PACKAGE]
    for path in top.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not is_of(name):
            names.append(name)
    return names


@contextmanager
def _quiet() -> Iterator[None]:
    """Send nowhere what atheris says of each module."""
    kept = sys.stderr
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stderr = nowhere
        try:
            yield
        finally:
            sys.stderr = kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long a target is fuzzed."""

    seconds: int
    runs: int | None = None
    """Inputs that are run, those that are known among them; ``None``: any number."""
    seed: int = 1
    """Of chance. The same gives the same inputs in the same order."""


def fuzz(target: Target, folder: Path, budget: Budget) -> Run:
    """Fuzz a target in a process of its own, and wait for it.

    Inputs that reach more are added to ``corpus`` below the folder, and findings to
    ``findings``; a later run goes on from them.
    """
    corpus, findings = folder / "corpus", folder / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(exist_ok=True)
    log = folder / "log.txt"
    child = os.fork()
    if child == 0:
        _child(target, folder, budget, log)
    try:
        _, status = os.waitpid(child, 0)
    except KeyboardInterrupt:
        os.waitpid(child, 0)
        raise
    return _run_of(target, folder, log.read_text(errors="replace"), status)


def _child(target: Target, folder: Path, budget: Budget, log: Path) -> NoReturn:
    try:
        with log.open("wb") as written:
            os.dup2(written.fileno(), 1)
            os.dup2(written.fileno(), 2)
        _start(target, folder, budget)
    except BaseException:  # noqa: BLE001 - a fork must not run on as its parent
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def _start(target: Target, folder: Path, budget: Budget) -> None:
    import atheris

    words = folder / "words.txt"
    words.write_text("".join(map(_quoted, target.tokens)))
    kept = KEPT / target.name
    known = [path.read_bytes() for path in inputs(kept)]
    store = _Findings(folder / "findings")

    def change(data: bytes, most: int) -> bytes:
        # Not bound before: Fuzz puts another function in its place.
        return bytes(atheris.Mutate(data, most))

    def one(data: bytes) -> None:
        try:
            check(target, data, slack=SLACK)
        except Exception as err:  # noqa: BLE001 - whatever comes is a finding
            store.add(data, err)

    # Those of earlier runs, unless they are mended.
    for path in inputs(folder / "findings"):
        data = path.read_bytes()
        path.unlink()
        if path.suffix != ".txt":
            one(data)
    atheris.Setup(
        [
            "fuzz",
            f"-max_total_time={budget.seconds}",
            f"-runs={-1 if budget.runs is None else budget.runs}",
            f"-seed={budget.seed}",
            # An empty one is none to it.
            *([f"-dict={words}"] if target.tokens else []),
            f"-artifact_prefix={folder / 'findings'}/",
            f"-max_len={MAX_LENGTH}",
            f"-timeout={_HANGS}",
            f"-rss_limit_mb={_MEMORY}",
            "-print_final_stats=1",
            "-reload=0",
            str(folder / "corpus"),
            *([str(kept)] if kept.is_dir() else []),
        ],
        one,
        custom_mutator=Mutator(target, known, change),
    )
    atheris.Fuzz()


def _quoted(token: str) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in token.encode()) + '"\n'


@dataclass(slots=True)
class _Findings:
    """Findings of one kind each: the shortest input is kept."""

    folder: Path
    sizes: dict[str, int] = field(default_factory=dict)

    def add(self, data: bytes, err: Exception) -> None:
        """Keep one, unless there is a shorter one like it."""
        kind = _kind(err)
        if len(data) >= self.sizes.get(kind, MAX_LENGTH + 1):
            return
        self.sizes[kind] = len(data)
        path = self.folder / kind
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(
            "".join(traceback.format_exception(err)), errors="replace"
        )


def _kind(err: Exception) -> str:
    """Tell errors apart by where they come from, or by what is wrong with the outcome."""
    places = [
        f"{Path(frame.f_code.co_filename).stem}-{line}"
        for frame, line in traceback.walk_tb(_trace(err))
        if PACKAGE.replace(".", os.sep) in frame.f_code.co_filename
    ]
    if isinstance(err, AssertionError | ValueError | TypeError) and not places:
        places = [re.sub(r"[^A-Za-z]+", "_", str(err))[:60]]
    told = f"{type(err).__name__}-{'-'.join(places[-2:])}"
    digest = sha1(told.encode(), usedforsecurity=False).hexdigest()[:6]
    return f"{told[:80]}-{digest}"


def _trace(err: Exception) -> TracebackType | None:
    return err.__traceback__


def _run_of(target: Target, folder: Path, log: str, status: int) -> Run:
    def last(pattern: str) -> int:
        found = re.findall(pattern, log)
        return int(found[-1]) if found else 0

    findings = [
        Finding(path, _said(path))
        for path in inputs(folder / "findings")
        if path.suffix != ".txt"
    ]
    if status and not findings:
        findings.append(Finding(folder / "log.txt", log.strip()[-2000:]))
    return Run(
        target=target.name,
        executions=last(r"stat::number_of_executed_units: (\d+)")
        or last(r"(?m)^#(\d+)\t"),
        edges=last(r"cov: (\d+)"),
        inputs=last(r"corp: (\d+)"),
        findings=tuple(findings),
    )


def _said(path: Path) -> str:
    told = path.with_suffix(".txt")
    if told.exists():
        return told.read_text(errors="replace").strip().splitlines()[-1]
    return path.name.partition("-")[0]


def sizes(paths: Iterable[Path]) -> tuple[int, int]:
    """Count files and their bytes."""
    found = [path.stat().st_size for path in paths]
    return len(found), sum(found)
