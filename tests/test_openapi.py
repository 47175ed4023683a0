"""The description of the API: whatever is asked, the answer is one that it describes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
import yaml

from custom_components.antminer_monitor.api import PATH, VIEWS, async_setup_api
from custom_components.antminer_monitor.command import Action
from custom_components.antminer_monitor.fleet_rows import PROBLEMS
from custom_components.antminer_monitor.log_lines import async_setup_log_lines
from custom_components.antminer_monitor.rig import (
    Gpu,
    PoolStatus,
    PowerSource,
    RigError,
    Status,
)

from .common import FarmMaker, setup_site
from .farms import Farm, farm_rig, setup_farms
from .rigs import board, rig

DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.yaml"

EXAMPLES = 30
"""Of each operation, of what is meant and of what is not."""

NOT_CHECKED = (
    # Only the house knows which sites and commands there are.
    "positive_data_acceptance",
    # Nothing is made or deleted.
    "ensure_resource_availability",
    "use_after_free",
    "object_level_authorization",
)

OPERATIONS = (
    ("GET", "/miners"),
    ("GET", "/miners/{id}"),
    ("POST", "/miners/{id}/commands"),
    ("GET", "/farms"),
    ("GET", "/logs"),
)

RIGS = ("mine", "bare", "gone")

BODIES: tuple[dict[str, Any], ...] = (
    *({"command": action.value} for action in Action),
    {"command": "set_power_mode", "mode": "low"},
    {"command": "set_power_mode", "mode": "warp"},
    {"command": "set_pools", "pools": [{"url": "p.example:1", "user": "x"}]},
    {"command": "set_fan", "mode": "manual", "duty": 50},
    {"command": "update_settings", "parameters": {"name": "Attic"}},
)


def document() -> dict[str, Any]:
    """Read the description."""
    read: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return read


async def setup(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, farm: FarmMaker
) -> None:
    """Set up rigs that show everything, and one that shows nothing; and miners on the network."""
    whole = farm_rig(
        "mine",
        model="Antminer S19",
        ip="192.168.1.1",
        mac="02:50:53:09:da:d9",
        boards=(board(1), board(2, chip_temperature=None)),
        gpus=(Gpu(index=1, name="RX", core_temperature=-5.0),),
        fans=rig().fans,
        pools=rig().pools,
        shares=rig().shares,
        power=3000.0,
        power_source=PowerSource.MEASURED,
        errors=(RigError(code="E1"),),
        extras={"acme.smell": "burnt", "acme.level": 3, "acme.on": True},
    )
    bare = farm_rig(
        "bare", status=Status.IDLE, hashrate=None, uptime=None, algorithm=None
    )
    await setup_farms(
        hass,
        monkeypatch,
        Farm("north", whole, bare),
        Farm("south", farm_rig("gone", seen_at=None)),
    )
    await setup_site(hass, await farm("s9", "luxos"))
    async_setup_log_lines(hass)
    async_setup_api(hass)


class Caller:
    """Asks a server for whatever the description allows, and for what it does not."""

    def __init__(self, url: str, token: str, mode: GenerationMode) -> None:
        """Keep where to ask, and as whom."""
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._mode = mode
        self._schema = schemathesis.openapi.from_dict(document())
        self.statuses: set[int] = set()

    def ask_all(self) -> None:
        """Ask for everything, from a thread of its own as people do from outside."""
        for method, path in OPERATIONS:
            self.statuses.clear()
            self._ask(self._schema[path][method])
            if self._mode is GenerationMode.POSITIVE:
                assert 200 in self.statuses, (method, path)

    def _ask(self, operation: Any) -> None:
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def ask(data: st.DataObject) -> None:
            case = data.draw(operation.as_strategy(generation_mode=self._mode))
            if self._mode is GenerationMode.POSITIVE:
                self._mean_something(case, data)
            response = case.call_and_validate(
                base_url=self._url,
                headers=self._headers,
                excluded_checks=CHECKS.get_by_names(NOT_CHECKED),
                timeout=20,
            )
            self.statuses.add(response.status_code)

        ask()

    @staticmethod
    def _mean_something(case: Case[Any], data: st.DataObject) -> None:
        """Have it mean a rig that there is, and a command that there is, most of the time."""
        if "id" in case.path_parameters:
            ids = (*RIGS, case.path_parameters["id"])
            case.path_parameters["id"] = data.draw(st.sampled_from(ids))
        if isinstance(case.body, dict):
            case.body = data.draw(st.sampled_from((*BODIES, case.body)))


@pytest.mark.parametrize("mode", GenerationMode)
async def test_answers(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    farm: FarmMaker,
    hass_client: ClientSessionGenerator,
    hass_access_token: str,
    mode: GenerationMode,
) -> None:
    """Every answer of the real server is described, also those to what makes no sense."""
    await setup(hass, monkeypatch, farm)
    client: TestClient[Any, Any] = await hass_client()
    caller = Caller(str(client.make_url(PATH)), hass_access_token, mode)
    await hass.async_add_executor_job(caller.ask_all)


def test_complete() -> None:
    """Every path is described, and none that there is not."""
    described = {
        (method.upper(), path)
        for path, methods in document()["paths"].items()
        for method in methods
    }
    assert described == set(OPERATIONS)
    served = {
        str(view.url).removeprefix(PATH).replace("{rig_id}", "{id}") for view in VIEWS
    }
    assert served == {path for _, path in described}


def test_words() -> None:
    """The description knows every word that there is."""
    schemas = document()["components"]["schemas"]
    miner = schemas["Miner"]["properties"]
    assert schemas["Status"]["enum"] == list(Status)
    assert miner["problems"]["items"]["enum"] == list(PROBLEMS)
    assert miner["power_source"]["enum"] == [*PowerSource, None]
    assert schemas["Pool"]["properties"]["status"]["enum"] == [*PoolStatus, None]


def objects(schema: object) -> Iterator[dict[str, Any]]:
    """Give everything in a description that describes an object with known members."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema
        for part in schema.values():
            yield from objects(part)


def test_nothing_is_left_out() -> None:
    """What is answered is described in full: no member is missing, and none is of no known kind."""
    answers = [
        schema
        for name, part in document()["components"]["schemas"].items()
        if name != "Command"
        for schema in objects(part)
    ]
    assert len(answers) > 8
    for schema in answers:
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == set(schema["properties"])
