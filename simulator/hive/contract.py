"""The contract of the service: what may be asked, and what is answered.

It stands in ``contract.yaml``, an OpenAPI document. Nothing is checked against it but
what passes the simulator, so it is a description of both sides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012
import yaml

from .data import Data

FILE = Path(__file__).with_name("contract.yaml")
SAMPLE = 20
"""So many items of a list in a reply are checked; large farms would take seconds."""
_BASE = "urn:contract"
_METHODS = ("get", "post", "patch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something that can be asked."""

    id: str
    method: str
    template: str
    query: Mapping[str, Validator] = field(repr=False)
    body: Validator | None = field(repr=False)
    replies: Mapping[int, Validator | None] = field(repr=False)
    """By status; ``None`` where there is no body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The operation that a request asks for, and the numbers in its path."""

    operation: Operation
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a body, as the service would say it."""

    where: str
    what: str
    unknown: bool = False
    """A field that the contract does not have: the service would let it pass."""


class Contract:
    """The document, ready to check with."""

    def __init__(self, document: Data) -> None:
        """Prepare it; raises LookupError for a reference that leads nowhere."""
        self.document = document
        # Any: so the library declares what a schema is.
        self._registry: Registry[bool | Mapping[str, Any]] = Registry().with_resource(
            _BASE, DRAFT202012.create_resource(document)
        )
        self.operations = [
            self._operation(template, method)
            for template, item in _items(document["paths"])
            for method in _METHODS
            if method in item
        ]

    def find(self, method: str, path: str) -> Found | None:
        """What a request asks for; ``None`` when there is no such thing.

        Words win over numbers: ``/workers/messages`` is no worker.
        """
        parts = path.strip("/").split("/")
        best: Found | None = None
        for operation in self.operations:
            if operation.method != method:
                continue
            numbers = _numbers(operation.template.strip("/").split("/"), parts)
            if numbers is None:
                continue
            if best is None or len(numbers) < len(best.numbers):
                best = Found(operation=operation, numbers=numbers)
        return best

    def knows(self, path: str) -> bool:
        """Whether anything can be asked of that path."""
        return any(self.find(method.upper(), path) for method in _METHODS)

    def check_query(self, found: Found, query: Mapping[str, str]) -> list[str]:
        """What is wrong with the query of a request."""
        wrong: list[str] = []
        for name, text in query.items():
            validator = found.operation.query.get(name)
            if validator is None:
                wrong.append(f"query {name}: not in the contract")
                continue
            value = int(text) if text.isdecimal() and text.isascii() else text
            wrong += [
                f"query {name}: {error.message}" for error in _errors(validator, value)
            ]
        return wrong

    def check_body(self, found: Found, body: object) -> list[Fault]:
        """What is wrong with the body of a request; ``None`` is no body."""
        validator = found.operation.body
        if validator is None:
            if body is None:
                return []
            return [Fault(where="body", what="there should be none", unknown=True)]
        return [_fault(error) for error in _errors(validator, body)]

    def check_reply(self, found: Found, status: int, body: object) -> list[str]:
        """What is wrong with a reply; ``None`` is no body. Long lists are sampled."""
        replies = found.operation.replies
        if status not in replies:
            return [f"reply: status {status} is not in the contract"]
        validator = replies[status]
        if validator is None:
            return [] if body is None else [f"reply {status}: there should be no body"]
        if isinstance(body, dict):
            body = {
                key: value[:SAMPLE] if isinstance(value, list) else value
                for key, value in body.items()
            }
        return [
            f"reply {status}: {error.json_path}: {error.message}"
            for error in _errors(validator, body)
        ]

    def _operation(self, template: str, method: str) -> Operation:
        paths = cast("Mapping[str, Mapping[str, Data]]", self.document["paths"])
        item = paths[template]
        operation = item[method]
        place = f"/paths/{_escaped(template)}"
        query: dict[str, Validator] = {}
        for pointer, parameter in (
            *self._listed(f"{place}/parameters", item.get("parameters")),
            *self._listed(f"{place}/{method}/parameters", operation.get("parameters")),
        ):
            if parameter["in"] == "query":
                query[str(parameter["name"])] = self._validator(f"{pointer}/schema")
        replies: dict[int, Validator | None] = {}
        for status, _ in _items(operation["responses"]):
            pointer, response = self._followed(f"{place}/{method}/responses/{status}")
            replies[int(status)] = (
                self._validator(f"{pointer}{_SCHEMA}")
                if "content" in response
                else None
            )
        return Operation(
            id=str(operation["operationId"]),
            method=method.upper(),
            template=template,
            query=query,
            body=self._validator(f"{place}/{method}/requestBody{_SCHEMA}")
            if "requestBody" in operation
            else None,
            replies=replies,
        )

    def _listed(self, pointer: str, values: object) -> list[tuple[str, Data]]:
        count = len(values) if isinstance(values, list) else 0
        return [self._followed(f"{pointer}/{index}") for index in range(count)]

    def _followed(self, pointer: str) -> tuple[str, Data]:
        value = self._at(pointer)
        if "$ref" in value:
            return self._followed(str(value["$ref"]).removeprefix("#"))
        return pointer, value

    def _at(self, pointer: str) -> Data:
        try:
            resolved = self._registry.resolver(_BASE).lookup(f"#{pointer}")
        except Unresolvable:
            raise LookupError(f"the contract has no {unquote(pointer)}") from None
        return cast("Data", resolved.contents)

    def _validator(self, pointer: str) -> Validator:
        self._at(pointer)
        return Draft202012Validator(
            {"$ref": f"{_BASE}#{pointer}"}, registry=self._registry
        )


_SCHEMA = "/content/application~1json/schema"


@cache
def contract() -> Contract:
    """The one of the file, read once."""
    return Contract(load())


def load() -> Data:
    """The document of the file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast("Data", yaml.load(FILE.read_bytes(), Loader=loader))


def _items(value: object) -> list[tuple[str, Data]]:
    return list(cast("Mapping[str, Data]", value).items())


def _escaped(text: str) -> str:
    return (
        text.replace("~", "~0")
        .replace("/", "~1")
        .replace("{", "%7B")
        .replace("}", "%7D")
    )


def _numbers(template: list[str], parts: list[str]) -> dict[str, int] | None:
    if len(template) != len(parts):
        return None
    numbers: dict[str, int] = {}
    for expected, part in zip(template, parts, strict=True):
        if expected.startswith("{"):
            if not (part.isascii() and part.isdecimal()):
                return None
            numbers[expected[1:-1]] = int(part)
        elif expected != part:
            return None
    return numbers


def _errors(validator: Validator, value: object) -> Iterable[ValidationError]:
    # The library's own word for JSON is private to its type stubs.
    return validator.iter_errors(cast("Any", value))


def _fault(error: ValidationError) -> Fault:
    return Fault(
        where=".".join(str(part) for part in error.absolute_path) or "body",
        what=error.message,
        unknown=error.validator == "additionalProperties",
    )
