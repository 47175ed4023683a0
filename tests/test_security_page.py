"""The page of security says what the tests hold: each test that it names is there, and every way in is on it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
import re

import pytest

from custom_components.antminer_monitor import api, pack_export
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.service_commands import (
    HIVEOS_SERVICES,
    SERVICES,
)

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text()
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ANYTHING_LIKE_A_TEST = re.compile(r"tests/|\.py\b|::|\btest_\w+")


@cache
def names_in(file: str) -> frozenset[str]:
    """Give the names of the tests of a file."""
    return frozenset(
        node.name
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def section(title: str) -> str:
    """Give what stands below a heading."""
    _, found, rest = PAGE.partition(f"\n## {title}\n")
    assert found, title
    return rest.partition("\n## ")[0]


def rows(text: str) -> Iterator[list[str]]:
    """Give the rows of the table in a text, without its head."""
    head, rule, *lines = [line for line in text.splitlines() if line.startswith("|")]
    assert set(rule) == set("|-"), head
    for line in lines:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


@pytest.mark.parametrize(("file", "name"), sorted(set(TEST.findall(PAGE))))
def test_named_test_is_there(file: str, name: str) -> None:
    """A test that was renamed or removed is missed."""
    assert (ROOT / file).is_file()
    assert name in names_in(file)


def test_no_test_is_named_otherwise() -> None:
    """What looks like the name of a test is one that is looked for above."""
    rest = TEST.sub("", PAGE).replace("`antminer_monitor.py`", "")
    assert not ANYTHING_LIKE_A_TEST.findall(rest)


@pytest.mark.parametrize(
    "title",
    [
        "Roads in",
        "Ways to see something",
        "Ways to change something",
        "Who can do what",
        "Where secrets lie",
        "What is taken out",
        "Texts of others",
    ],
)
def test_every_claim_has_a_test(title: str) -> None:
    """Each row of a table of claims names at least one, in its last column."""
    found = list(rows(section(title)))
    assert len(found) > 4
    for row in found:
        assert TEST.search(row[-1]), row


def test_every_way_is_on_the_page() -> None:
    """A service, a view or a message that is new is looked at, too."""
    changing = section("Ways to change something")
    for service in (*SERVICES, *HIVEOS_SERVICES):
        assert f"`{service.name}`" in changing, service.name
    ways = changing + section("Ways to see something")
    for view in (*api.VIEWS, pack_export.PackDownloadView):
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(view, method):
                assert f"`{method.upper()} {view.url}`" in ways, view.url
    feed = (ROOT / "custom_components" / DOMAIN / "feed.py").read_text()
    messages = re.findall(r'f"\{DOMAIN\}(/\w+/\w+)"', feed)
    assert len(messages) > 2
    for message in messages:
        assert f"`{DOMAIN}{message}`" in ways, message
