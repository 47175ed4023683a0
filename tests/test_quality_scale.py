"""The Integration Quality Scale of Home Assistant: what is claimed, and what holds each claim.

hassfest does not look at the file of a custom integration. The rules are those of
https://developers.home-assistant.io/docs/core/integration-quality-scale/ as of November 2026.
"""

import ast
from collections.abc import Mapping
import json
from pathlib import Path
import re
import tomllib
from typing import Any

from homeassistant.const import Platform
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "custom_components" / "antminer_monitor"
MANIFEST: dict[str, Any] = json.loads((PACKAGE / "manifest.json").read_text())
CLAIMS: Mapping[str, Any] = yaml.safe_load(
    (PACKAGE / "quality_scale.yaml").read_text()
)["rules"]

EVIDENCE: Mapping[str, tuple[str, ...]] = {
    # Bronze
    "action-setup": ("tests/test_quality_scale.py::test_actions_without_entries",),
    "appropriate-polling": ("docs/setup.md#polling-options", "docs/data.md#a-poll"),
    "brands": (
        "tests/test_metadata.py::test_icon",
        "tests/test_metadata.py::test_logo",
    ),
    "common-modules": (
        "custom_components/antminer_monitor/coordinator.py",
        "custom_components/antminer_monitor/entity.py",
    ),
    "config-flow-test-coverage": (
        "scripts/_coverage.py",
        "tests/test_config_flow.py",
        "tests/test_config_flow_changes.py",
        "tests/test_config_flow_dhcp.py",
        "tests/test_config_flow_miners.py",
        "tests/test_hive_flow.py",
        "tests/test_pack_flow.py",
        "tests/test_teach_flow.py",
    ),
    "config-flow": ("tests/test_quality_scale.py::test_fields_are_described",),
    "dependency-transparency": ("tests/test_metadata.py::test_nothing_to_install",),
    "docs-actions": ("docs/services.md#actions",),
    "docs-conditions": ("docs/automations.md#conditions",),
    "docs-high-level-description": ("README.md#what-it-is-for",),
    "docs-installation-instructions": ("README.md#installation",),
    "docs-removal-instructions": ("README.md#removing-it",),
    "docs-triggers": ("docs/automations.md#triggers",),
    "entity-event-setup": ("tests/test_quality_scale.py::test_subscriptions_end",),
    "entity-unique-id": ("docs/entities.md#names-and-unique-ids",),
    "has-entity-name": ("tests/test_quality_scale.py::test_entity_names",),
    "runtime-data": ("tests/test_quality_scale.py::test_runtime_data",),
    "test-before-configure": ("tests/test_config_flow.py",),
    "test-before-setup": ("tests/test_hive_account.py", "tests/test_init.py"),
    "unique-config-entry": ("tests/test_config_flow.py", "tests/test_hive_flow.py"),
    # Silver
    "action-exceptions": ("tests/test_services.py", "tests/test_control.py"),
    "config-entry-unloading": ("tests/test_init.py",),
    "docs-configuration-parameters": ("README.md#options", "docs/hiveos.md#options"),
    "docs-installation-parameters": ("README.md#set-up", "docs/hiveos.md#set-up"),
    "entity-unavailable": (
        "tests/test_faults.py",
        "docs/data.md#unavailable-and-unknown",
    ),
    "integration-owner": ("tests/test_quality_scale.py::test_owner",),
    "log-when-unavailable": ("tests/test_coordinator.py",),
    "parallel-updates": ("tests/test_quality_scale.py::test_parallel_updates",),
    "reauthentication-flow": ("tests/test_quality_scale.py::test_flow_steps",),
    "test-coverage": ("scripts/_coverage.py",),
    # Gold
    "devices": ("tests/test_devices.py",),
    "diagnostics": ("tests/test_diagnostics.py",),
    "discovery": ("tests/test_metadata.py::test_discovery_by_host_name_only",),
    "discovery-update-info": ("docs/setup.md#discovery",),
    "docs-data-update": ("docs/data.md#a-poll",),
    "docs-examples": ("docs/examples.md#examples",),
    "docs-known-limitations": ("docs/supported.md#known-limitations",),
    "docs-supported-devices": ("docs/supported.md#models",),
    "docs-supported-functions": ("docs/entities.md#entities",),
    "docs-troubleshooting": ("docs/troubleshooting.md#first-look",),
    "docs-use-cases": ("README.md#what-it-is-for",),
    "dynamic-devices": ("tests/test_hive_account.py", "tests/test_sensor.py"),
    "entity-category": ("tests/test_sensor.py",),
    "entity-device-class": ("tests/test_sensor.py", "tests/test_binary_sensor.py"),
    "entity-disabled-by-default": ("tests/test_sensor.py",),
    "entity-translations": ("tests/test_translations.py",),
    "exception-translations": ("tests/test_translations.py::test_exceptions",),
    "icon-translations": ("tests/test_metadata.py::test_icons_are_material_design",),
    "reconfiguration-flow": ("tests/test_quality_scale.py::test_flow_steps",),
    "repair-issues": ("tests/test_translations.py::test_issues",),
    "stale-devices": ("tests/test_init.py", "tests/test_hive_account.py"),
    # Platinum
    "async-dependency": ("tests/test_metadata.py::test_nothing_to_install",),
    "inject-websession": ("tests/test_quality_scale.py::test_web_sessions",),
    "strict-typing": ("tests/test_quality_scale.py::test_strict_typing",),
}
"""All 54 rules, each with what holds or documents it: files, tests in them, headings."""

PLATFORMS = [name for name in Platform if (PACKAGE / f"{name}.py").exists()]


def trees() -> dict[str, ast.Module]:
    """Give the syntax tree of every module of the integration."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text())
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def anchors(path: Path) -> set[str]:
    """Give what links to the headings of a page end with."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"(?m)^#+ (.+)$", path.read_text())
    }


def test_every_rule() -> None:
    """Every rule is there, none is invented, none is left to do, and what is exempt says why."""
    assert len(EVIDENCE) == 54
    assert CLAIMS.keys() == EVIDENCE.keys()
    for rule, claim in CLAIMS.items():
        if claim != "done":
            assert claim["status"] == "exempt", rule
            assert len(claim["comment"]) >= 20, rule


@pytest.mark.parametrize("rule", EVIDENCE)
def test_evidence(rule: str) -> None:
    """What holds a claim is there."""
    for place in EVIDENCE[rule]:
        name, _, test = place.partition("::")
        name, _, anchor = name.partition("#")
        path = ROOT / name
        assert path.is_file(), place
        if test:
            functions = ast.parse(path.read_text()).body
            assert test in {
                node.name
                for node in functions
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }, place
        if anchor:
            assert anchor in anchors(path), place


def test_actions_without_entries() -> None:
    """Services are registered when the integration is set up, not with an entry."""
    setup = {
        node.name: {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
        for node in trees()["__init__.py"].body
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert "async_setup_services" in setup["async_setup"]
    assert "async_setup_services" not in setup["async_setup_entry"]


def test_fields_are_described() -> None:
    """Every field of every form has a name and a description."""
    texts = json.loads((PACKAGE / "translations" / "en.json").read_text())
    flows = [texts["config"], texts["options"], *texts["config_subentries"].values()]
    found = 0
    for flow in flows:
        for step in flow["step"].values():
            for part in (step, *step.get("sections", {}).values()):
                assert (
                    part.get("data", {}).keys()
                    == part.get("data_description", {}).keys()
                )
                found += len(part.get("data", {}))
    assert found > 20


def test_entity_names() -> None:
    """Entities are named after their device, by a translation."""
    bases = ast.dump(trees()["entity.py"])
    assert "_attr_has_entity_name" in bases
    for name, tree in trees().items():
        assert not [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and any(
                isinstance(target, ast.Name) and target.id == "_attr_has_entity_name"
                for target in node.targets
            )
            and not (isinstance(node.value, ast.Constant) and node.value.value is True)
        ], name


def test_runtime_data() -> None:
    """What an entry runs is its typed runtime data, and nothing of it is kept elsewhere."""
    assert (
        "type AntminerMonitorConfigEntry = ConfigEntry["
        in (PACKAGE / "hub.py").read_text()
    )
    for name, tree in trees().items():
        assert "hass.data[DOMAIN]" not in ast.unparse(tree), name


def test_subscriptions_end() -> None:
    """Entities do not subscribe when they are made, only when they are added."""
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "async_added_to_hass":
                pytest.fail(f"{name}: async_added_to_hass is not a coroutine")
            if (
                isinstance(node, ast.AsyncFunctionDef)
                and node.name == "async_added_to_hass"
            ):
                assert "super().async_added_to_hass" in ast.unparse(node), name


@pytest.mark.parametrize("platform", PLATFORMS)
def test_parallel_updates(platform: str) -> None:
    """Every platform says how many of its entities are asked or told at once."""
    assert "PARALLEL_UPDATES = " in (PACKAGE / f"{platform}.py").read_text()


@pytest.mark.parametrize("flow", ["site_flow.py", "hive_flow.py"])
def test_flow_steps(flow: str) -> None:
    """Credentials and addresses can be entered anew, when they are refused and before."""
    steps = {
        node.name
        for node in ast.walk(trees()[flow])
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert {"async_step_reauth", "async_step_reconfigure"} <= steps


def test_web_sessions() -> None:
    """Web sessions are those of Home Assistant: nothing of ours makes one."""
    for name, tree in trees().items():
        made = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and ast.unparse(node.func) in {"aiohttp.ClientSession", "ClientSession"}
        ]
        assert not made, name


def test_strict_typing() -> None:
    """Mypy is strict about the whole integration, and no exception goes without its reason."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["strict"] is True
    assert "custom_components" in settings["files"]
    for path in PACKAGE.rglob("*.py"):
        for line in path.read_text().splitlines():
            if "# type: ignore" in line:
                assert re.search(r"# type: ignore\[[\w,-]+\] +# \w", line), line


def test_owner() -> None:
    """Somebody answers for it."""
    assert MANIFEST["codeowners"]
