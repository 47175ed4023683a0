"""Every text that the code asks for is there, and every text that is there is asked for."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
import importlib
import inspect
import json
from pathlib import Path
import re
import textwrap
from typing import Any, cast

from homeassistant.data_entry_flow import FlowHandler
from homeassistant.helpers.entity import EntityDescription
import pytest
import voluptuous as vol
import yaml

from custom_components.antminer_monitor import (
    builtin,
    config_flow,
    hive_flow,
    miner_flow,
    pack_flow,
    repair_issues,
    site_flow,
)
from custom_components.antminer_monitor.antminer.addresses import AddressReason
from custom_components.antminer_monitor.hive_forms import hive_error_key
from custom_components.antminer_monitor.rig import PowerSource
from custom_components.antminer_monitor.search_flow import error_key
from custom_components.antminer_monitor.source import (
    ForbiddenError,
    Refusal,
    SourceError,
)

PACKAGE = Path(config_flow.__file__).parent
TRANSLATIONS: dict[str, Any] = json.loads(
    (PACKAGE / "translations" / "en.json").read_text()
)

type Flow = type[FlowHandler[Any, Any, Any]]

FLOWS: dict[str, tuple[tuple[Flow, ...], dict[str, Any]]] = {
    "config": (
        (
            config_flow.AntminerMonitorConfigFlow,
            hive_flow.HiveFlow,
            pack_flow.PackFlow,
            site_flow.SiteFlow,
        ),
        TRANSLATIONS["config"],
    ),
    "options": (
        (site_flow.SiteOptionsFlow, hive_flow.HiveOptionsFlow),
        TRANSLATIONS["options"],
    ),
    "miner": (
        (miner_flow.MinerSubentryFlow,),
        TRANSLATIONS["config_subentries"]["miner"],
    ),
    "pack": (
        (pack_flow.PackSubentryFlow,),
        TRANSLATIONS["config_subentries"]["pack"],
    ),
}
"""Every flow, or the flows that have their texts in common, and these."""

HOME_ASSISTANT_TRANSLATES = {
    "already_in_progress",
    "no_devices_found",
    "reauth_successful",
    "reconfigure_successful",
    "single_instance_allowed",
}
"""Reasons to end a flow that have the same words for all integrations."""

each_flow = pytest.mark.parametrize(
    ("flows", "texts"), FLOWS.values(), ids=FLOWS.keys()
)


@cache
def modules() -> dict[str, tuple[ast.Module, Mapping[str, Any]]]:
    """Return the syntax tree and the names of every module of the integration."""
    found: dict[str, tuple[ast.Module, Mapping[str, Any]]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        found[name] = (
            ast.parse(path.read_text()),
            vars(importlib.import_module(name)),
        )
    return found


def classes(flows: Iterable[type]) -> Iterator[tuple[ast.Module, Mapping[str, Any]]]:
    """Yield the same for every class of ours that flows are made of; their own names among the others."""
    for flow in flows:
        own = {f"self.{name}": getattr(flow, name, None) for name in dir(flow)}
        for part in flow.__mro__:
            if part.__module__ in modules():
                source = textwrap.dedent(inspect.getsource(part))
                yield ast.parse(source), {**modules()[part.__module__][1], **own}


def value(node: ast.AST | None, names: Mapping[str, Any]) -> str | None:
    """Return the text that an expression stands for: a literal, the name of one, or one that is secret."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name | ast.Attribute):
        named = names.get(ast.unparse(node))
        return str(named) if isinstance(named, str) else None
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "probatio.Secret":
        return value(node.args[0], names)
    return None


def calls(tree: ast.AST, *called: str) -> Iterator[ast.Call]:
    """Yield the calls of a function or method by these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name in called:
                yield node


def keywords(
    trees: Iterable[tuple[ast.AST, Mapping[str, Any]]], keyword: str, *called: str
) -> set[str]:
    """Return what is given for a keyword in calls by these names."""
    return {
        text
        for tree, names in trees
        for call in calls(tree, *called)
        for given in call.keywords
        if given.arg == keyword and (text := value(given.value, names)) is not None
    }


@cache
def texts_in_code() -> tuple[frozenset[str], frozenset[str]]:
    """Return every literal text and name of a keyword, and a pattern for every one with values in it."""
    literals: set[str] = set()
    patterns: set[str] = set()
    for tree, _ in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                literals.add(node.arg)
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(part.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    else "(.+)"
                    for part in node.values
                ]
                if parts[0] != "(.+)":
                    patterns.add("".join(parts))
    return frozenset(literals), frozenset(patterns)


def in_code(key: str) -> bool:
    """Return whether a key is written in the code, whole or put together."""
    literals, patterns = texts_in_code()
    return key in literals or any(
        set(match.groups()) <= literals
        for pattern in patterns
        if (match := re.fullmatch(pattern, key))
    )


@cache
def descriptions() -> dict[str, dict[str, EntityDescription]]:
    """Return every entity description that a module of the integration holds, by platform and key."""
    found: dict[str, dict[str, EntityDescription]] = {}

    def visit(item: object) -> None:
        # Home Assistant makes these classes twice: an instance of the one is none of the other.
        names = [
            part.__name__.removesuffix("EntityDescription")
            for part in type(item).__mro__
            if part.__name__.endswith("EntityDescription")
            and part.__module__.startswith("homeassistant.")
        ]
        if names:
            platform = re.sub(r"(?<=.)(?=[A-Z])", "_", names[0]).lower()
            found.setdefault(platform, {})[cast(EntityDescription, item).key] = cast(
                EntityDescription, item
            )
        elif isinstance(item, list | tuple | set | frozenset):
            for inner in item:
                visit(inner)
        elif isinstance(item, dict):
            for inner in item.values():
                visit(inner)

    for _, names in modules().values():
        for item in list(names.values()):
            visit(item)
    return found


def strings(texts: object) -> Iterator[str]:
    """Yield every text below a part of the translations."""
    if isinstance(texts, dict):
        for inner in texts.values():
            yield from strings(inner)
    else:
        yield str(texts)


def fields(step: dict[str, Any]) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield the names and the descriptions of a step's fields, then of each of its sections."""
    for part in (step, *step.get("sections", {}).values()):
        yield part.get("data", {}), part.get("data_description", {})


def test_full_text() -> None:
    """Custom integrations write out what core refers to; no text is empty or holds markup."""
    for text in strings(TRANSLATIONS):
        assert text.strip()
        assert "[%key" not in text
        assert not re.search(r"</?[a-z]+>", text)


def test_schema() -> None:
    """Every part holds what Home Assistant reads there, and what it shows everywhere."""
    texts = {str: str}
    explained: dict[Any, Any] = {
        vol.Optional("description"): str,
        vol.Optional("data"): texts,
        vol.Optional("data_description"): texts,
    }
    section: dict[Any, Any] = {vol.Required("name"): str, **explained}
    step: dict[Any, Any] = {
        vol.Required("title"): str,
        **explained,
        vol.Optional("sections"): {str: section},
        vol.Optional("menu_options"): texts,
    }
    flow: dict[Any, Any] = {
        vol.Required("step"): {str: step},
        vol.Optional("progress"): texts,
        vol.Optional("error"): texts,
        vol.Optional("abort"): texts,
        vol.Optional("create_entry"): texts,
    }
    attribute: dict[Any, Any] = {
        vol.Required("name"): str,
        vol.Optional("state"): texts,
    }
    entity: dict[Any, Any] = {
        **attribute,
        vol.Optional("state_attributes"): {str: attribute},
        vol.Optional("unit_of_measurement"): str,
    }
    vol.Schema(
        {
            vol.Required("config"): {vol.Required("flow_title"): str, **flow},
            vol.Required("config_subentries"): {
                vol.Any("miner", "pack"): {
                    vol.Required("initiate_flow"): {
                        vol.Required("user"): str,
                        vol.Required("reconfigure"): str,
                    },
                    vol.Required("entry_type"): str,
                    **flow,
                }
            },
            vol.Required("options"): flow,
            vol.Required("entity"): {str: {str: entity}},
            vol.Optional("device"): {str: {vol.Required("name"): str}},
            vol.Optional("exceptions"): {str: {vol.Required("message"): str}},
            vol.Optional("issues"): {
                str: {
                    vol.Required("title"): str,
                    vol.Exclusive("description", "what to do"): str,
                    vol.Exclusive("fix_flow", "what to do"): flow,
                }
            },
            vol.Optional("selector"): {str: {vol.Required("options"): texts}},
            vol.Optional("services"): dict,
            vol.Optional("triggers"): dict,
            vol.Optional("conditions"): dict,
            vol.Optional("system_health"): {vol.Required("info"): texts},
        }
    )(TRANSLATIONS)


def test_placeholders() -> None:
    """The code gives every value that a text leaves room for."""
    named = {
        name
        for text in strings(TRANSLATIONS)
        for name in re.findall(r"\{(\w+)\}", text)
    }
    assert named
    assert not {name for name in named if not in_code(name)}


@each_flow
def test_steps(flows: Iterable[type], texts: dict[str, Any]) -> None:
    """The forms and menus of a flow are those that have texts; so are the choices of its menus."""
    shown = keywords(classes(flows), "step_id", "async_show_form", "async_show_menu")
    assert shown == texts["step"].keys()
    offered = {
        option
        for tree, names in classes(flows)
        for call in calls(tree, "async_show_menu")
        for given in call.keywords
        if given.arg == "menu_options"
        for node in ast.walk(given.value)
        if (option := value(node, names)) is not None
    }
    if config_flow.AntminerMonitorConfigFlow in flows:
        # The first menu offers what extensions bring.
        offered |= {
            kind.kind
            for extension in builtin.EXTENSIONS.values()
            for kind in extension.kinds
        }
    assert offered == {
        option
        for step in texts["step"].values()
        for option in step.get("menu_options", {})
    }
    assert (
        keywords(classes(flows), "progress_action", "async_show_progress")
        == texts.get("progress", {}).keys()
    )


@each_flow
def test_aborts(flows: Iterable[type], texts: dict[str, Any]) -> None:
    """Whatever ends a flow has words."""
    reasons = keywords(classes(flows), "reason", "async_abort")
    for tree, _ in classes(flows):
        if any(calls(tree, "_abort_if_unique_id_configured")):
            reasons.add("already_configured")
    aborts = texts.get("abort", {}).keys()
    assert reasons - HOME_ASSISTANT_TRANSLATES <= aborts
    assert not {reason for reason in aborts if not in_code(reason)}


@each_flow
def test_errors(flows: Iterable[type], texts: dict[str, Any]) -> None:
    """Whatever a form complains of has words, and is complained of."""
    literal = {
        given.value
        for tree, _ in classes(flows)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and re.match(r"errors\[|self\._error$", ast.unparse(node.targets[0]))
        for given in (
            (node.value.body, node.value.orelse)
            if isinstance(node.value, ast.IfExp)
            else (node.value,)
        )
        if isinstance(given, ast.Constant) and isinstance(given.value, str)
    }
    errors = texts.get("error", {}).keys()
    assert literal
    assert literal <= errors
    assert not {error for error in errors if not in_code(error)}


def kinds(error: type[SourceError]) -> Iterator[type[SourceError]]:
    """Yield a kind of error and all that are kinds of it."""
    yield error
    for kind in error.__subclasses__():
        yield from kinds(kind)


def test_failed_readings_have_words() -> None:
    """Every way in which a reading fails has words in both flows that read, and as a reason to end discovery."""
    keys = {error_key(kind("")) for kind in kinds(SourceError)}
    assert len(keys) > 3
    assert keys <= TRANSLATIONS["config"]["error"].keys()
    assert keys <= TRANSLATIONS["config"]["abort"].keys()
    assert keys <= TRANSLATIONS["config_subentries"]["miner"]["error"].keys()


@pytest.mark.parametrize("flow", ["config", "options"])
def test_failed_calls_have_words(flow: str) -> None:
    """So has every way in which an account cannot be asked, wherever it is asked."""
    keys = {hive_error_key(kind("")) for kind in kinds(SourceError)}
    keys |= {hive_error_key(ForbiddenError("", refusal)) for refusal in Refusal}
    assert len(keys) > len(Refusal) + 3
    assert keys <= FLOWS[flow][1]["error"].keys()


@pytest.mark.parametrize("flow", ["config", "miner"])
def test_wrong_addresses_have_words(flow: str) -> None:
    """Everything that can be wrong with what is typed for addresses has words where addresses are typed."""
    keys = {f"addresses_{reason}" for reason in AddressReason}
    assert keys <= FLOWS[flow][1]["error"].keys()


def test_fields() -> None:
    """The fields of all forms are those that have a name, and every one is explained."""
    asked = {
        value(call.args[0], names)
        for name, (tree, names) in modules().items()
        if name.endswith(("_flow", "_forms", "_steps"))
        for call in calls(tree, "Required", "Optional")
    }
    named: set[str | None] = set()
    for _, texts in FLOWS.values():
        for step in texts["step"].values():
            named.update(step.get("sections", {}))
            for data, explained in fields(step):
                assert data.keys() == explained.keys()
                named.update(data)
    assert asked == named


def test_selectors() -> None:
    """The choices that need words are those of the selectors that ask for them."""
    trees = modules().values()
    asked = keywords(trees, "translation_key", "SelectSelectorConfig")
    services = yaml.safe_load((PACKAGE / "services.yaml").read_text())
    of_services = {
        key: set(select["options"])
        for service in services.values()
        for field in service["fields"].values()
        if (select := field["selector"].get("select"))
        and (key := select.get("translation_key"))
    }
    translated = TRANSLATIONS.get("selector", {})
    assert asked | of_services.keys() == translated.keys()
    for key, selector in translated.items():
        options = selector["options"].keys()
        if key in of_services:
            assert options == of_services[key]
        else:
            assert not {option for option in options if not in_code(option)}


def test_entities() -> None:
    """The entities are those that have a name here; one without is named for what it measures."""
    assert descriptions().keys() == TRANSLATIONS["entity"].keys()
    for platform, described in descriptions().items():
        translated = TRANSLATIONS["entity"][platform]
        keys = {
            description.translation_key
            for description in described.values()
            if description.translation_key is not None
        }
        assert keys <= translated.keys(), platform
        assert all(
            description.translation_key or description.device_class
            for description in described.values()
        )
        assert not {key for key in translated if not in_code(key)}, platform
        assert all(texts["name"] for texts in translated.values())


def test_entity_states() -> None:
    """Every state of an entity that has a list of them has words; so have the attributes that are named."""
    for platform, described in descriptions().items():
        for description in described.values():
            if options := getattr(description, "options", None):
                texts = TRANSLATIONS["entity"][platform][description.translation_key]
                assert texts["state"].keys() == set(options)
        for texts in TRANSLATIONS["entity"][platform].values():
            for attribute, named in texts.get("state_attributes", {}).items():
                assert in_code(attribute)
                if attribute == "power_source":
                    assert named["state"].keys() == set(PowerSource)


def test_counted_units() -> None:
    """A unit comes from the code or from here, not from both: Home Assistant refuses such an entity."""
    for platform, described in descriptions().items():
        for description in described.values():
            texts = TRANSLATIONS["entity"][platform].get(description.translation_key)
            if texts and "unit_of_measurement" in texts:
                unit = getattr(description, "native_unit_of_measurement", None)
                assert unit is None, description.key


def test_icons() -> None:
    """Icons are given to entities that have a name, and to states that they have."""
    icons = json.loads((PACKAGE / "icons.json").read_text())
    assert set(icons) <= {"entity", "services", "triggers", "conditions"}
    for platform, given in icons["entity"].items():
        assert given.keys() <= TRANSLATIONS["entity"][platform].keys()
        for key, icon in given.items():
            states = TRANSLATIONS["entity"][platform][key].get("state", {})
            if platform == "binary_sensor":
                states = {"on", "off"}
            assert set(icon.get("state", {})) <= set(states), key


def test_devices() -> None:
    """The devices whose name comes from here are those that ask for it."""
    assert not {key for key in TRANSLATIONS.get("device", {}) if not in_code(key)}
    for texts in TRANSLATIONS.get("device", {}).values():
        assert texts.keys() == {"name"}


def test_issues() -> None:
    """Every repair issue has a title, and either an explanation or a way to fix it."""
    raised = keywords(modules().values(), "translation_key", "async_create_issue")
    raised |= {f"hiveos_{refusal}" for refusal in Refusal}
    raised |= {repair_issues.ISSUE_CLOCK, repair_issues.ISSUE_UNKNOWN}
    translated = TRANSLATIONS.get("issues", {})
    assert raised == translated.keys()
    for texts in translated.values():
        assert "title" in texts
        assert ("description" in texts) != ("fix_flow" in texts)


def test_exceptions() -> None:
    """Every exception that is shown to users has a message."""
    raised = {
        text
        for tree, names in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and {"translation_domain", "translation_key"}
        <= {given.arg for given in node.keywords}
        for given in node.keywords
        if given.arg == "translation_key"
        and (text := value(given.value, names)) is not None
    }
    translated = TRANSLATIONS.get("exceptions", {})
    assert raised == translated.keys()
    assert all(texts.keys() == {"message"} for texts in translated.values())


@pytest.mark.parametrize("kind", ["triggers", "conditions"])
def test_triggers_and_conditions(kind: str) -> None:
    """Each, and each of its fields, has a name, and an icon."""
    described = yaml.safe_load((PACKAGE / f"{kind}.yaml").read_text())
    icons = json.loads((PACKAGE / "icons.json").read_text())[kind]
    assert TRANSLATIONS[kind].keys() == described.keys() == icons.keys()
    for key, item in described.items():
        assert TRANSLATIONS[kind][key]["fields"].keys() == item["fields"].keys()
