"""Fuzzes what reads bytes from outside, or runs single inputs."""

import argparse
from collections.abc import Sequence
from pathlib import Path
import shutil
import sys
import traceback

from tests.fuzz import engine

NAME = "scripts/fuzz"
WORK = engine.ROOT / "build" / "fuzz"
"""Where a run leaves inputs and findings; the next one goes on from them."""


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for; end the process with 2 when that makes no sense."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Fuzz what reads bytes from outside, or run single inputs.",
        epilog="Without a target all are fuzzed in turn. With files these are run, and nothing else.",
    )
    add = parser.add_argument
    add("target", nargs="?", help="what to fuzz; see --list")
    add("files", nargs="*", type=Path, metavar="FILE", help="an input to run")
    add("--list", action="store_true", help="name the targets")
    add(
        "--seconds", type=_count, default=60, metavar="N", help="for each (%(default)s)"
    )
    add("--runs", type=_count, metavar="N", help="inputs for each, if that is sooner")
    add("--seed", type=_count, default=1, metavar="N", help="of chance (%(default)s)")
    add(
        "--folder", type=Path, default=WORK, help="for inputs and findings (build/fuzz)"
    )
    add(
        "--keep",
        action="store_true",
        help="keep the fewest inputs with the tests that reach all that was reached",
    )
    return parser.parse_args(argv)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) < 2**31:
        raise argparse.ArgumentTypeError("a whole number above 0")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 1 when there is a finding."""
    arguments = parse(argv)
    watches = not (arguments.list or arguments.files or arguments.keep)
    if watches and not engine.is_there():
        print(
            f"{NAME}: atheris is not installed; it has wheels for Linux on x86-64 alone",
            file=sys.stderr,
        )
        return 2
    if watches:
        targets = engine.load()
    else:
        from tests.fuzz.targets import TARGETS as targets  # noqa: PLC0415 - not watched
    if arguments.list:
        for target in targets.values():
            print(f"{target.name:<10} {target.about}")
        return 0
    if arguments.target is not None and arguments.target not in targets:
        print(
            f"{NAME}: no target {arguments.target}; there are: {', '.join(targets)}",
            file=sys.stderr,
        )
        return 2
    wanted = [arguments.target] if arguments.target else list(targets)
    if arguments.files:
        return _run(wanted[0], arguments.files)
    if arguments.keep:
        return _keep(wanted, arguments.folder)
    budget = engine.Budget(
        seconds=arguments.seconds, runs=arguments.runs, seed=arguments.seed
    )
    try:
        found = [
            _fuzzed(engine.fuzz(targets[name], arguments.folder / name, budget))
            for name in wanted
        ]
    except KeyboardInterrupt:
        return 130
    return 1 if any(found) else 0


def _run(name: str, files: Sequence[Path]) -> int:
    from tests.fuzz.target import check  # noqa: PLC0415 - after those that are watched
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - as above

    failed = False
    for path in files:
        try:
            check(TARGETS[name], path.read_bytes())
        except OSError as err:
            print(f"{NAME}: {path}: {err.strerror}", file=sys.stderr)
            return 2
        except Exception:  # noqa: BLE001 - that is what is looked for
            failed = True
            print(f"{path}:", file=sys.stderr)
            traceback.print_exc()
        else:
            print(f"{path}: nothing wrong")
    return 1 if failed else 0


def _fuzzed(run: engine.Run) -> bool:
    """Print what came of it; tell whether there is a finding."""
    print(
        f"{run.target:<10} {run.executions:>9,} executions  {run.edges:>5} branches  {run.inputs:>5} inputs",
        flush=True,
    )
    for finding in run.findings:
        if finding.path.suffix == ".txt":
            print(f"\nIt ended by itself; {finding.path} says:\n{finding.what}\n")
            continue
        data = finding.path.read_bytes()
        print(
            f"\nFinding: {finding.what}\n  {data[:200]!r}{'…' if len(data) > 200 else ''} ({len(data)} bytes)\n"
            f"  {NAME} {run.target} {finding.path}\n",
            flush=True,
        )
    return bool(run.findings)


def _keep(names: Sequence[str], folder: Path) -> int:
    """Replace the inputs that are kept; those called finding-… stay whatever they reach."""
    from tests.fuzz.reached import Watch, fewest, reached  # noqa: PLC0415 - after the targets
    from tests.fuzz.seeds import seeds  # noqa: PLC0415 - as above
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - as above

    begun = seeds()
    watch = Watch()
    for name in names:
        target, kept = TARGETS[name], engine.KEPT / name
        paths = [*engine.inputs(kept), *engine.inputs(folder / name / "corpus")]
        known = {path.name: path.read_bytes() for path in paths}
        known |= {
            f"seed-{place:02}": data for place, data in enumerate(begun.get(name, ()))
        }
        found = {
            item: (len(data), watch.of(target, data)) for item, data in known.items()
        }
        chosen = fewest(
            found,
            sorted(item for item in found if item.startswith("finding-")),
            most=target.kept[0],
            most_bytes=target.kept[1],
        )
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for item in chosen:
            (kept / item).write_bytes(known[item])
        together = frozenset().union(*(found[item][1] for item in chosen))
        every = frozenset().union(*(places for _, places in found.values()))
        count, size = engine.sizes(engine.inputs(kept))
        print(
            f"{name:<10} {count} of {len(found)} inputs, {size:,} bytes: {reached(target, together)}"
        )
        print(f"{'':<10} all of them: {reached(target, every)}", flush=True)
    watch.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
