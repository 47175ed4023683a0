"""The files around the code: what hassfest, HACS and a release ask of them.

Both validators run in CI only, as they need the network; what they would object to is repeated here.
"""

import ast
from collections.abc import Iterator
import json
import os
from pathlib import Path
import re
import struct
import subprocess
import tomllib
from typing import Any, override

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.requirements import DISCOVERY_INTEGRATIONS
from homeassistant.util.yaml import Secrets, parse_yaml
import pytest
import voluptuous as vol
import yaml

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "custom_components" / "antminer_monitor"
MANIFEST: dict[str, Any] = json.loads((PACKAGE / "manifest.json").read_text())

IMPORTABLE = {
    *Platform,
    *("alert", "automation", "conversation", "default_config", "device_automation"),
    *("frontend", "group", "homeassistant", "input_boolean", "input_button"),
    *("input_datetime", "input_number", "input_select", "input_text"),
    *("media_source", "onboarding", "panel_custom", "persistent_notification"),
    *("person", "script", "shopping_list", "sun", "system_health", "system_log"),
    *("timer", "webhook", "websocket_api", "zone", "mjpeg", "stream"),
}
"""Components that hassfest lets any integration import without naming them as a dependency."""

SKIPPED = {".git", ".venv", "__pycache__", "build", "config", "config-empty", "corpus"}


class AnySecret(Secrets):
    """Has every secret that is asked for."""

    @override
    def get(self, requester_path: str, secret: str) -> str:
        """Give one."""
        return secret


def files() -> Iterator[Path]:
    """Yield the files of the repository: not those that tools and Home Assistant leave in it."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED
            and (not name.startswith(".") or name in {".github", ".ci"})
        )
        for name in sorted(names):
            if not name.startswith(".coverage"):
                yield Path(folder, name)


def code(folder: Path = PACKAGE) -> Iterator[tuple[Path, ast.Module]]:
    """Yield every module below a folder: its path in the package, and its syntax tree."""
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(), str(path))


def imports(tree: ast.Module) -> set[str]:
    """Return the full name of everything that a module imports by an absolute name."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def calls(tree: ast.Module) -> set[str]:
    """Return the last name of everything that a module calls."""
    return {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
    }


async def test_home_assistant_loads_it(hass: HomeAssistant) -> None:
    """Home Assistant's own loader takes the folder as an integration."""
    integration = await async_get_integration(hass, PACKAGE.name)
    assert integration.disabled is None
    assert not integration.is_built_in
    assert integration.version == MANIFEST["version"]
    assert integration.config_flow


def test_manifest_order() -> None:
    """Domain and name come first, the other keys in alphabetical order."""
    first, second, *others = MANIFEST
    assert (first, second) == ("domain", "name")
    assert others == sorted(others)


def test_manifest_schema() -> None:
    """Every key is one that hassfest knows, with a value that it takes, and none that it asks for is missing."""
    url = vol.All(vol.Url(), vol.Match(r"^https://(?!www\.home-assistant\.io)"))
    vol.Schema(
        {
            vol.Required("domain"): PACKAGE.name,
            vol.Required("name"): str,
            vol.Required("codeowners"): vol.All(
                [vol.Match(r"^@\S+$")], vol.Length(min=1)
            ),
            vol.Required("config_flow"): True,
            vol.Required("documentation"): url,
            vol.Required("integration_type"): "hub",
            vol.Required("iot_class"): "local_polling",
            vol.Required("issue_tracker"): url,
            vol.Required("version"): str,
            vol.Optional("dependencies"): [str],
            vol.Optional("after_dependencies"): [str],
            vol.Optional("dhcp"): [{"hostname": str}],
            vol.Optional("import_executor"): bool,
            vol.Optional("loggers"): [str],
            vol.Optional("quality_scale"): vol.In(
                [
                    *("bronze", "silver", "gold", "platinum"),
                ]
            ),
            vol.Optional("single_config_entry"): bool,
        }
    )(MANIFEST)


def test_nothing_to_install() -> None:
    """The integration brings all its code: a package that cannot be installed cannot break it."""
    assert "requirements" not in MANIFEST


def test_discovery_by_host_name_only() -> None:
    """Manufacturers' address ranges are shared with other devices; the host name is the miner's own."""
    assert MANIFEST["dhcp"] == [{"hostname": "antminer*"}]


def test_version() -> None:
    """The version is one that Home Assistant can compare, and stands in the manifest alone."""
    version = MANIFEST["version"]
    AwesomeVersion(
        version,
        ensure_strategy=[
            AwesomeVersionStrategy.CALVER,
            AwesomeVersionStrategy.SEMVER,
            AwesomeVersionStrategy.SIMPLEVER,
            AwesomeVersionStrategy.BUILDVER,
            AwesomeVersionStrategy.PEP440,
        ],
    )
    assert "project" not in tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert version not in (ROOT / "docs" / "openapi.yaml").read_text()


def test_changelog() -> None:
    """The newest section is what is not yet released, or the version of the manifest."""
    sections = re.findall(r"(?m)^## (.+)$", (ROOT / "CHANGELOG.md").read_text())
    assert re.match(
        rf"\[Unreleased\]$|\[{re.escape(MANIFEST['version'])}\] - \d{{4}}-\d\d-\d\d$",
        sections[0],
    )


def test_imported_components_are_declared() -> None:
    """Home Assistant sets up what the manifest names; anything else may not be there when it is imported."""
    declared = {
        *IMPORTABLE,
        *MANIFEST.get("dependencies", []),
        *MANIFEST.get("after_dependencies", []),
        *(
            name
            for name, keys in DISCOVERY_INTEGRATIONS.items()
            if MANIFEST.keys() & set(keys)
        ),
    }
    undeclared = {
        f"{path}: {component}"
        for path, tree in code()
        for name in imports(tree)
        if name.startswith("homeassistant.components.")
        and (component := name.split(".")[2]) not in declared
        # Home Assistant imports diagnostics.py when diagnostics is there.
        and not (PACKAGE / f"{component}.py").is_file()
    }
    assert not undeclared


def test_declared_components_are_used() -> None:
    """A dependency that is not imported makes Home Assistant wait for nothing."""
    both = MANIFEST.get("dependencies", []) + MANIFEST.get("after_dependencies", [])
    assert len(both) == len(set(both))
    used = {
        name.split(".")[2]
        for _, tree in code()
        for name in imports(tree)
        if name.startswith("homeassistant.components.")
    }
    assert set(both) <= used


@pytest.mark.parametrize("place", ["antminer", "rig.py", "source.py"])
def test_below_the_coordinator_is_no_home_assistant(place: str) -> None:
    """What reads miners runs without Home Assistant, and knows nothing of what is built on it."""
    target = PACKAGE / place
    modules = {
        path: imports(tree)
        for path, tree in code()
        if (PACKAGE / path).is_relative_to(target)
    }
    assert modules
    assert not {
        f"{path}: {name}"
        for path, names in modules.items()
        for name in names
        if name.split(".")[0] in {"homeassistant", "voluptuous", "probatio"}
    }


def test_services_are_described() -> None:
    """services.yaml is there when, and only when, the code registers service actions."""
    registers = {
        "async_register_admin_service",
        "async_register_entity_service",
        "async_register_platform_entity_service",
        "async_register_batched_platform_entity_service",
    }
    registered = any(
        calls(tree) & registers or "services.async_register(" in ast.unparse(tree)
        for _, tree in code()
    )
    assert (PACKAGE / "services.yaml").is_file() == registered


@pytest.mark.parametrize("kind", ["trigger", "condition"])
def test_triggers_and_conditions_are_described(kind: str) -> None:
    """triggers.yaml and conditions.yaml are there when, and only when, the code has any."""
    module = PACKAGE / f"{kind}.py"
    defined = module.is_file() and f"async_get_{kind}s" in module.read_text()
    assert (PACKAGE / f"{kind}s.yaml").is_file() == defined


def test_icons_are_material_design() -> None:
    """Every icon in icons.json is one of the set that the frontend brings."""

    def leaves(value: object) -> Iterator[object]:
        if isinstance(value, dict):
            for inner in value.values():
                yield from leaves(inner)
        else:
            yield value

    icons = list(leaves(json.loads((PACKAGE / "icons.json").read_text())))
    assert icons
    assert not [icon for icon in icons if not re.match(r"mdi:[a-z0-9-]+$", str(icon))]


def test_hacs() -> None:
    """hacs.json holds the keys that HACS knows, and the oldest Home Assistant that is supported."""
    hacs = vol.Schema(
        {
            vol.Required("name"): MANIFEST["name"],
            vol.Required("homeassistant"): str,
            vol.Optional("content_in_root"): bool,
            vol.Optional("country"): [str],
            vol.Optional("filename"): str,
            vol.Optional("hacs"): str,
            vol.Optional("hide_default_branch"): bool,
            vol.Optional("persistent_directory"): str,
            vol.Optional("render_readme"): bool,
            vol.Optional("zip_release"): bool,
        }
    )(json.loads((ROOT / "hacs.json").read_text()))
    assert hacs["homeassistant"] == "2026.10.0"
    assert "filename" in hacs or not hacs.get("zip_release")


def test_hacs_finds_one_integration() -> None:
    """HACS installs the first folder of custom_components: there is only one."""
    folders = [path for path in PACKAGE.parent.iterdir() if path.is_dir()]
    assert [path for path in folders if path.name not in SKIPPED] == [PACKAGE]


@pytest.mark.parametrize("prefix", ["", "dark_"])
@pytest.mark.parametrize(("suffix", "side"), [("", 256), ("@2x", 512)])
def test_logo(prefix: str, suffix: str, side: int) -> None:
    """A logo is as high as the frontend shows it at most, wider than high, and has an alpha channel."""
    width, height, colour_type = _png(f"{prefix}logo{suffix}.png")
    assert height == side < width
    assert colour_type == 6


@pytest.mark.parametrize(("suffix", "side"), [("", 256), ("@2x", 512)])
def test_icon(suffix: str, side: int) -> None:
    """An icon is a square of the size that is asked for, and has an alpha channel."""
    assert _png(f"icon{suffix}.png") == (side, side, 6)


def _png(name: str) -> tuple[int, int, int]:
    """Width, height and colour type in the header of an image."""
    header = (PACKAGE / "brand" / name).read_bytes()[:26]
    assert header[:16] == b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    width, height, _depth, colour_type = struct.unpack(">IIBB", header[16:])
    return width, height, colour_type


def test_data_files_parse() -> None:
    """Every JSON and YAML file is one."""
    found = 0
    for path in files():
        if path.suffix == ".json":
            json.loads(path.read_text())
            found += 1
        elif path.suffix in {".yaml", ".yml"}:
            # With the tags of Home Assistant, which blueprints need; a secret is one of whoever uses the file.
            parse_yaml(path.read_text(), secrets=AnySecret(path.parent))
            found += 1
    assert found > 5


def test_workflows() -> None:
    """CI has no more rights than it needs, and its tests are those of scripts/test."""
    workflows = {
        path.name: yaml.safe_load(path.read_text())
        for path in (ROOT / ".github" / "workflows").iterdir()
    }
    assert {"test.yml", "validate.yml"} <= workflows.keys()
    assert all("permissions" in workflow for workflow in workflows.values())
    steps = [
        step
        for job in workflows["test.yml"]["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    commands = [
        "sudo bash scripts/setup servers",
        "bash .ci/run",
        "bash scripts/soak --minutes 10",
        "bash scripts/test --newest",
    ]
    assert [step["run"] for step in steps] == commands
    # Both have to pass before a release.
    jobs = workflows["release.yml"]["jobs"]
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert jobs["release"]["needs"] == "test"
    told = (ROOT / ".ci" / "run").read_text()
    assert [line for line in told.splitlines() if "bash scripts/" in line] == [
        "bash scripts/test",
        "bash scripts/test --scale-out",
        "exec bash scripts/soak --minutes 4 --seed 843043",
    ]


@pytest.mark.parametrize(
    "script",
    [
        *(
            path
            for path in sorted((ROOT / "scripts").iterdir())
            if path.is_file() and not path.suffix
        ),
        ROOT / ".ci" / "run",
    ],
    ids=lambda path: path.name,
)
def test_commands_run(script: Path) -> None:
    """Every command is executable and, where it is a shell script, one that the shell can read."""
    assert os.access(script, os.X_OK)
    first, _, rest = script.read_text().partition("\n")
    assert first in {"#!/usr/bin/env bash", "#!/usr/bin/env python3"}
    if first.endswith("bash"):
        assert "set -euo pipefail" in rest
        subprocess.run(["bash", "-n", script], check=True)


def test_nothing_of_one_machine() -> None:
    """No file names a package registry or a place on somebody's machine, and none pins what the test package pins."""
    hosts = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org")
    paths = re.compile(r"(?<![\w.:/-])/(?:root|work|home/\w+|Users/\w+)/")
    found: list[str] = []
    for path in files():
        name = str(path.relative_to(ROOT))
        if path.suffix == ".lock" or "-lock." in path.name:
            found.append(f"{name} is a lock file")
        if path.suffix in {".png", ".gz", ".pyc", ".ico", ".woff2"}:
            continue
        text = path.read_text()
        found += [f"{name} names {host}" for host in hosts if host in text]
        found += [f"{name} names {match[0]}" for match in paths.finditer(text)]
    assert not found
