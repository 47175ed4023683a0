"""The page of the architecture and the code say the same: modules, and which may import which."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
import re

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "custom_components" / "antminer_monitor"
PAGE = (ROOT / "docs" / "architecture.md").read_text()

FOLDERS = ("antminer", "hiveos", "packs")
"""Those whose modules have a table of their own."""
PLATFORMS = ("binary_sensor", "button", "event", "number", "select", "sensor", "switch")
LAYERS = (("rig",), ("source",), ("coordinator",), ("entity",), PLATFORMS)
"""From the lowest to the highest, as the page says."""

NAME = re.compile(r"`([\w/*.]+)`")
MODULE = re.compile(r"[\w*/]+\.py\b")


def modules_in(folder: str) -> set[str]:
    """Give the modules of the integration, or those of a folder of it, as the page names them."""
    top = PACKAGE / folder
    found = {path.relative_to(top) for path in top.rglob("*.py")}
    if folder:
        return {path.as_posix() for path in found if path.name != "__init__.py"}
    return {path.as_posix() for path in found if len(path.parts) == 1}


def named_in(heading: str) -> list[str]:
    """Give the modules that the table below a heading names in its first column."""
    _, found, rest = PAGE.partition(f"\n{heading}\n")
    assert found, heading
    rows = [
        line
        for line in re.split(r"\n#", rest)[0].splitlines()
        if line.startswith("| `")
    ]
    names = [name for row in rows for name in NAME.findall(row.split("|")[1])]
    return [name for name in names if name.endswith(".py")]


@pytest.mark.parametrize(
    ("heading", "folder"),
    [
        ("## Modules", ""),
        *((f"### In `{folder}/`", folder) for folder in FOLDERS),
    ],
)
def test_each_module_is_named_once(heading: str, folder: str) -> None:
    """A module that came is missed on the page, and one that went is found there."""
    there, named = modules_in(folder), named_in(heading)
    times = {
        module: sum(fnmatchcase(module, name) for name in named)
        for module in sorted(there)
    }
    gone = [name for name in named if not any(fnmatchcase(at, name) for at in there)]
    assert not [module for module, count in times.items() if not count], "not named"
    assert not [module for module, count in times.items() if count > 1], "named twice"
    assert not gone, "named, and not there"


def test_every_name_is_a_module() -> None:
    """Pictures and sentences, too, name what there is."""
    there = {
        path.relative_to(top).as_posix()
        for top in (PACKAGE, ROOT)
        for folder in (PACKAGE, ROOT / "simulator", ROOT / "tests")
        if folder.is_relative_to(top)
        for path in folder.rglob("*.py")
    }
    # Of another integration, and a line of what a developer writes.
    named = set(MODULE.findall(PAGE)) - {"antminer_monitor.py"}
    assert named
    assert not {
        name
        for name in named
        if not any(PurePosixPath(module).full_match(f"**/{name}") for module in there)
    }


def _module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


def _imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield what is imported, but for what only the type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        ):
            yield from _imports(node)


@cache
def imports() -> dict[str, set[str]]:
    """Give what each module imports: of ours with a dot before it, of others their package."""
    paths = {_module_of(path): path for path in PACKAGE.rglob("*.py")}
    found: dict[str, set[str]] = {}
    for module, path in paths.items():
        package = path.parent.relative_to(PACKAGE).parts
        of = found[module] = set()
        for node in _imports(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                of.update(alias.name.partition(".")[0] for alias in node.names)
                continue
            name = node.module or ""
            if not node.level:
                of.add(name.partition(".")[0])
                continue
            start = package[: len(package) + 1 - node.level]
            base = ".".join((*start, *filter(None, [name])))
            for alias in node.names:
                part = f"{base}.{alias.name}".removeprefix(".")
                of.add(f".{part if part in paths else base}")
    return found


@cache
def reached(module: str) -> frozenset[str]:
    """Give what a module imports, and what that imports, and so on."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for name in imports()[waiting.pop()] - found:
            found.add(name)
            if name.startswith("."):
                waiting.append(name[1:])
    return frozenset(found)


def test_imports_are_seen() -> None:
    """What the rules below are about is found at all: they could not fail otherwise."""
    assert {".coordinator", ".rig", "homeassistant"} <= imports()["entity"]
    assert ".source" in imports()["antminer.source"]
    assert ".antminer.firmware.parsing" in reached("antminer.source")
    assert "homeassistant" in reached("coordinator")


def test_without_home_assistant() -> None:
    """Miners, HiveOS, packs and the vocabulary can be used without Home Assistant."""
    free = {
        module
        for module in imports()
        if module.partition(".")[0] in (*FOLDERS, "rig", "command", "source")
    }
    assert len(free) > 60
    assert not {module for module in free if "homeassistant" in reached(module)}


def test_layers() -> None:
    """Nothing reaches what is above it."""
    for level, modules in enumerate(LAYERS):
        above = {f".{name}" for layer in LAYERS[level + 1 :] for name in layer}
        for module in modules:
            assert not reached(module) & above, module


def test_firmware_is_unknown_above() -> None:
    """Coordinator and entities do not import what knows firmware or HiveOS."""
    for module in ("coordinator", "entity", *PLATFORMS):
        direct = imports()[module]
        assert not [
            name for name in direct if name.startswith((".antminer", ".hiveos"))
        ]
    assert not [
        name
        for name in reached("coordinator")
        if name.startswith((".antminer", ".hiveos"))
    ]


def test_no_circle() -> None:
    """No module imports itself by way of others."""
    assert not {module for module in imports() if f".{module}" in reached(module)}
