"""The contract: whether it is a good OpenAPI document, and whether it notices what is wrong."""

from collections.abc import Iterator
from typing import cast

from jsonschema import Draft202012Validator
import pytest

from simulator.hive.contract import Contract, Found, contract, load

from .conftest import Data

NOTED = (
    ("WorkerStats", "problems"),
    ("Worker", "farm_id"),
    ("Worker", "power_options"),
    ("Worker", "messages_counts_unresolved"),
    ("Watchdog", "options"),
    ("Worker", "oc_id"),
)


def found(method: str, path: str) -> Found:
    """The operation of a request that the contract has."""
    result = contract().find(method, path)
    assert result is not None
    return result


def schemas(value: object) -> Iterator[object]:
    """Every schema of the document."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "schema":
                yield item
            elif key == "schemas":
                yield from item.values()
            yield from schemas(item)
    elif isinstance(value, list):
        for item in value:
            yield from schemas(item)


def references(value: object) -> Iterator[str]:
    """Every reference of the document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_document_is_openapi() -> None:
    """Of version 3.1: what every document and every operation must have."""
    document = load()
    assert str(document["openapi"]).startswith("3.1.")
    assert {"title", "version"} <= cast("Data", document["info"]).keys()
    names: list[str] = []
    paths = cast("dict[str, dict[str, Data]]", document["paths"])
    for template, item in paths.items():
        assert template.startswith("/")
        for method in item.keys() - {"parameters"}:
            operation = item[method]
            assert method in {"get", "post", "patch"}
            names.append(str(operation["operationId"]))
            responses = cast("dict[str, Data]", operation["responses"])
            assert responses
            for status, response in responses.items():
                assert status.isdecimal()
                assert "$ref" in response or "description" in response
    assert len(names) == len(set(names)) == 13


def test_path_parameters_are_declared() -> None:
    """As many as the template of a path has, with the same names."""
    document = load()
    components = cast("dict[str, dict[str, Data]]", document["components"])
    parameters = components["parameters"]
    paths = cast("dict[str, Data]", document["paths"])
    assert len(paths) == 12
    for template, item in paths.items():
        declared = {
            str(parameters[reference.rsplit("/", 1)[1]]["name"])
            for reference in references(item.get("parameters", []))
        }
        wanted = {part[1:-1] for part in template.split("/") if part.startswith("{")}
        assert declared == wanted


def test_schemas_are_json_schema() -> None:
    """Every one of them, and there are many."""
    count = 0
    for schema in schemas(load()):
        Draft202012Validator.check_schema(cast("Data", schema))
        count += 1
    assert count > 40


def test_references_lead_somewhere_and_components_are_used() -> None:
    """Nothing dangles, nothing is left over."""
    document = load()
    used = set(references(document))
    components = cast("dict[str, Data]", document["components"])
    there = {
        f"#/components/{kind}/{name}"
        for kind, named in components.items()
        if kind != "securitySchemes"
        for name in named
    }
    assert used == there


def test_a_dangling_reference_is_found() -> None:
    """Already when the document is loaded."""
    document = load()
    paths = cast("dict[str, dict[str, Data]]", document["paths"])
    paths["/farms"]["get"]["responses"] = {"200": {"$ref": "#/components/responses/No"}}
    with pytest.raises(
        LookupError, match="the contract has no /components/responses/No"
    ):
        Contract(document)


@pytest.mark.parametrize(("schema", "key"), NOTED)
def test_departures_from_the_publication_are_noted(schema: str, key: str) -> None:
    """With a reason."""
    components = cast("dict[str, dict[str, Data]]", load()["components"])
    properties = cast("dict[str, Data]", components["schemas"][schema]["properties"])
    assert len(str(properties[key]["x-note"])) > 20


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/farms/1/workers/messages", "messages"),
        ("POST", "/farms/1/workers/command", "commandMany"),
        ("POST", "/farms/1/workers/22/command", "command"),
        ("PATCH", "/farms/1/workers/22", "edit"),
        ("PATCH", "/farms/1/workers", "editMany"),
        ("GET", "/farms/1/workers", "workers"),
    ],
)
def test_finding(method: str, path: str, operation: str) -> None:
    """Words win over numbers."""
    assert found(method, path).operation.id == operation


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/farms/x/workers"),
        ("GET", "/farms/1/workers/22"),
        ("DELETE", "/farms/1/workers/22"),
        ("POST", "/rigs/1/actions"),
        ("GET", "/farms/²/workers"),
        ("GET", "/"),
    ],
)
def test_not_finding(method: str, path: str) -> None:
    """What the contract does not have."""
    assert contract().find(method, path) is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/farms/1/workers/2/command", {"command": "reboot"}),
        (
            "POST",
            "/farms/1/workers/2/command",
            {"command": "miner", "data": {"action": "restart", "miner_index": 0}},
        ),
        (
            "POST",
            "/farms/1/workers/2/command",
            {"command": "shutdown", "data": {"wakealarm": True}},
        ),
        ("POST", "/farms/1/workers/2/command", {"command": "upgrade"}),
        (
            "POST",
            "/farms/1/workers/command",
            {"worker_ids": [2, 3], "data": {"command": "exec", "data": {"cmd": "ls"}}},
        ),
        ("PATCH", "/farms/1/workers/2", {"fs_id": 3}),
        ("PATCH", "/farms/1/workers/2", {"oc_id": 3, "oc_apply_mode": "replace"}),
        ("PATCH", "/farms/1/workers/2", {"power_options": {"mode": "sleep"}}),
        ("PATCH", "/farms/1/workers/2", {"name": "new", "description": ""}),
        (
            "PATCH",
            "/farms/1/workers/2",
            {
                "watchdog": {
                    "enabled": True,
                    "restart_timeout": 5,
                    "reboot_timeout": 10,
                    "options": [{"miner": "lolminer", "minhash": 1.5, "units": "M"}],
                }
            },
        ),
        (
            "PATCH",
            "/farms/1/workers/2",
            {
                "watchdog": {
                    "enabled": True,
                    "restart_timeout": 5,
                    "reboot_timeout": 10,
                    "options": {"by_miner": [], "by_algo": []},
                }
            },
        ),
        (
            "PATCH",
            "/farms/1/workers",
            {"worker_ids": [2], "data": {"tag_ids": [1], "tag_update_mode": "add"}},
        ),
    ],
)
def test_good_bodies(method: str, path: str, body: Data) -> None:
    """Nothing is wrong with them."""
    assert contract().check_body(found(method, path), body) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "where", "unknown"),
    [
        ("POST", "/farms/1/workers/2/command", {"command": "start"}, "command", False),
        ("POST", "/farms/1/workers/2/command", {}, "body", False),
        ("POST", "/farms/1/workers/2/command", None, "body", False),
        ("POST", "/farms/1/workers/2/command", {"command": "miner"}, "body", False),
        (
            "POST",
            "/farms/1/workers/2/command",
            {"command": "miner", "data": {"action": "fly"}},
            "data.action",
            False,
        ),
        (
            "POST",
            "/farms/1/workers/2/command",
            {"command": "reboot", "data": {"now": True}},
            "data",
            True,
        ),
        (
            "POST",
            "/farms/1/workers/2/command",
            {"command": "reboot", "data": None},
            "data",
            False,
        ),
        (
            "POST",
            "/farms/1/workers/command",
            {"worker_ids": [2], "command": "reboot"},
            "body",
            False,
        ),
        ("PATCH", "/farms/1/workers/2", {"fs_id": "3"}, "fs_id", False),
        ("PATCH", "/farms/1/workers/2", {"fs": 3}, "body", True),
        ("PATCH", "/farms/1/workers/2", {}, "body", False),
        (
            "PATCH",
            "/farms/1/workers/2",
            {"power_options": {"mode": "turbo"}},
            "power_options.mode",
            False,
        ),
        (
            "PATCH",
            "/farms/1/workers",
            {"worker_ids": [2], "data": {"name": "all the same"}},
            "data",
            True,
        ),
        (
            "PATCH",
            "/farms/1/workers/2",
            {"watchdog": {"enabled": True}},
            "watchdog",
            False,
        ),
        ("GET", "/farms", {"x": 1}, "body", True),
    ],
)
def test_bad_bodies(
    method: str, path: str, body: object, where: str, unknown: bool
) -> None:
    """Each is found, at its place."""
    faults = contract().check_body(found(method, path), body)
    assert any(fault.where == where and fault.unknown is unknown for fault in faults)


@pytest.mark.parametrize(
    ("path", "query", "wrong"),
    [
        ("/farms/1/workers/messages", {"page": "2", "per_page": "5"}, None),
        ("/farms/1/workers/messages", {"start_time": "1750000000"}, None),
        ("/farms/1/workers/messages", {"start_time": "1750000000.5"}, "start_time"),
        ("/farms/1/workers/messages", {"page": "0"}, "page"),
        ("/farms/1/events", {"start_time": "1"}, "start_time"),
        ("/farms/1/workers", {"page": "1"}, "page"),
        ("/farms", {"token": "secret"}, "token"),
    ],
)
def test_queries(path: str, query: dict[str, str], wrong: str | None) -> None:
    """Parameters that are unknown or of the wrong type."""
    found_wrong = contract().check_query(found("GET", path), query)
    assert [text.split(":")[0] for text in found_wrong] == (
        [f"query {wrong}"] if wrong else []
    )


def test_replies() -> None:
    """Wrong types, statuses and bodies; long lists only as far as the sample goes."""
    check = contract().check_reply
    farms = found("GET", "/farms")
    good: Data = {"id": 1, "name": "x"}
    assert check(farms, 200, {"data": [good], "tags": []}) == []
    assert "$.data[0].id" in check(farms, 200, {"data": [{"id": "1", "name": "x"}]})[0]
    assert "'data' is a required" in check(farms, 200, {})[0]
    assert "status 201" in check(farms, 201, {"data": []})[0]
    assert check(farms, 401, {"message": "Unauthorized", "code": None}) == []
    assert check(farms, 200, None) != []
    assert check(farms, 200, {"data": [good] * 20 + [{}]}) == []
    assert check(farms, 200, {"data": [good] * 19 + [{}]}) != []
    assert check(found("GET", "/auth/check"), 204, None) == []
    assert check(found("GET", "/auth/check"), 204, {}) != []
