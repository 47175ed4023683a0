"""The files in monitoring/ for several sites: what they name is what Home Assistant makes of our entities.

Whether PostgreSQL, Prometheus and two Home Assistants agree is tested by `scripts/test --scale-out`.
"""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.prometheus import PrometheusMetrics
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import slugify
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
import pytest
import yaml

from custom_components.antminer_monitor.units import ALGORITHM_NAMES, RATE_UNITS
from simulator import Fault

from .common import FarmMaker, miners_of, pass_time, setup_site

ROOT = Path(__file__).parents[1]
MONITORING = ROOT / "monitoring"
RULES = (MONITORING / "prometheus" / "antminer_monitor.rules.yml").read_text()
SQL = (MONITORING / "postgresql" / "fleet.sql").read_text()
CONFIG = (MONITORING / "prometheus" / "prometheus.yml").read_text()
DASHBOARD = (MONITORING / "grafana" / "fleet.json").read_text()
PAGE = (ROOT / "docs" / "several-sites.md").read_text()

METRIC = re.compile(r"\bhomeassistant_[a-z_]+")
RECORDED = re.compile(r"\bantminer:[a-z_]+")


class _Secrets(yaml.SafeLoader):
    """Reads Home Assistant's YAML, with secrets as their names."""


_Secrets.add_constructor("!secret", lambda loader, node: f"secret {node.value}")


def package() -> dict[str, Any]:
    """Return the package of a site."""
    text = (MONITORING / "home_assistant" / "fleet.yaml").read_text()
    found: dict[str, Any] = yaml.load(text, _Secrets)
    return found


def rules() -> list[dict[str, Any]]:
    """Return all rules."""
    return [
        rule for group in yaml.safe_load(RULES)["groups"] for rule in group["rules"]
    ]


def recorded() -> set[str]:
    """Return the names that the rules record."""
    return {rule["record"] for rule in rules() if "record" in rule}


@pytest.fixture
def exporter() -> Iterator[None]:
    """Have the exporter, whose figures outlive a Home Assistant, begin and end with none."""
    kept = set(REGISTRY._collector_to_names)
    yield
    for collector in set(REGISTRY._collector_to_names) - kept:
        REGISTRY.unregister(collector)


async def export(hass: HomeAssistant) -> list[Sample]:
    """Return what Home Assistant exports now."""
    text = await hass.async_add_executor_job(generate_latest, REGISTRY)
    return [
        sample
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name.startswith("homeassistant_")
    ]


def of_entity(samples: list[Sample], entity: str) -> dict[str, float]:
    """Return the figures of one entity by the names of their metrics."""
    return {
        sample.name: sample.value
        for sample in samples
        if sample.labels.get("entity") == entity
    }


@pytest.mark.usefixtures("noon", "exporter")
async def test_what_home_assistant_exports(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """The filter lets through what the rules ask for, under the names that they ask for, and nothing else."""
    miners = await farm("s19pro_2022", "l3plus", "z11")
    entry = await setup_site(hass, miners)
    assert await async_setup_component(
        hass, "prometheus", {"prometheus": package()["prometheus"]}
    )
    samples = await export(hass)
    rigs = [slugify(subentry.title) for subentry in miners_of(entry)]
    wanted: dict[str, str] = {
        "sensor.hall_1_total_hashrate_sha_256": "homeassistant_sensor_unit_th_per_s",
        "sensor.hall_1_total_hashrate_scrypt": "homeassistant_sensor_unit_mh_per_s",
        "sensor.hall_1_total_hashrate_equihash": "homeassistant_sensor_unit_ksol_per_s",
        "sensor.hall_1_total_power": "homeassistant_sensor_power_w",
    }
    # Not every model says what it should do, or what it draws.
    wanted[f"binary_sensor.{rigs[0]}_hashrate_low"] = (
        "homeassistant_binary_sensor_state"
    )
    for rig in rigs:
        for key in ("stale", "overheating"):
            wanted[f"binary_sensor.{rig}_{key}"] = "homeassistant_binary_sensor_state"
        wanted[f"sensor.{rig}_chip_temperature"] = (
            "homeassistant_sensor_temperature_celsius"
        )
    for rig, unit in zip(rigs, ("th", "mh", "ksol"), strict=True):
        wanted[f"sensor.{rig}_hashrate"] = f"homeassistant_sensor_unit_{unit}_per_s"
    for entity, metric in wanted.items():
        found = of_entity(samples, entity)
        assert metric in found, (entity, sorted(found))
        assert metric in METRIC.findall(RULES)
    others = {
        sample.labels["entity"] for sample in samples if "entity" in sample.labels
    }
    assert others - set(wanted) <= {
        *(f"sensor.{rig}_power" for rig in rigs),
        *(f"binary_sensor.{rig}_hashrate_low" for rig in rigs),
    }

    # A stale rig says nothing but that it is.
    miners[0].set_fault(Fault.REFUSE)
    await pass_time(hass, freezer, 100)
    samples = await export(hass)
    stale = of_entity(samples, f"binary_sensor.{rigs[0]}_stale")
    assert stale["homeassistant_binary_sensor_state"] == 1
    for key in ("overheating", "hashrate_low"):
        assert "homeassistant_binary_sensor_state" not in of_entity(
            samples, f"binary_sensor.{rigs[0]}_{key}"
        )
    assert not (
        of_entity(samples, f"sensor.{rigs[0]}_hashrate").keys()
        & {"homeassistant_sensor_unit_th_per_s"}
    )


def test_what_prometheus_keeps() -> None:
    """It stores every metric that the rules ask for; and each site is scraped as the other."""
    jobs = yaml.safe_load(CONFIG)["scrape_configs"]
    asked = set(METRIC.findall(RULES))
    assert len(asked) > 15
    for job in jobs:
        (relabel,) = job["metric_relabel_configs"]
        assert relabel["action"] == "keep"
        for metric in asked:
            assert re.fullmatch(relabel["regex"], metric), metric
        (static,) = job["static_configs"]
        site = static["labels"]["site"]
        assert job["metrics_path"] == "/api/prometheus"
        assert job["job_name"] == f"antminer_monitor_{site}"
        assert job["authorization"]["credentials_file"].endswith(f"/{site}.token")
    assert len({job["job_name"] for job in jobs}) == 2


def test_units_and_algorithms() -> None:
    """Rules and views know each unit of hashrate and each algorithm by the name that Home Assistant gives it."""
    scales = {
        unit: float(scale or 1)
        for unit, scale in re.findall(
            r'sensor_unit_([a-z]+)_per_s\{site!=""\}(?: \* (\S+))?', RULES
        )
    }
    assert scales == {
        str(PrometheusMetrics._unit_string(symbol)).removesuffix("_per_s"): unit.scale
        for symbol, unit in RATE_UNITS.items()
    }
    names = {slugify(name) for name in ALGORITHM_NAMES.values()}
    for text in (RULES, SQL.replace("'\n        '", "")):
        lists = re.findall(r"_total_hashrate_\(([a-z0-9_|]+)\)", text)
        assert lists
        assert all(set(found.split("|")) == names for found in lists)


def test_names_of_entities() -> None:
    """Ids end with the English names of what rules and views look for."""
    texts = json.loads(
        (ROOT / "custom_components/antminer_monitor/translations/en.json").read_text()
    )["entity"]
    for platform, key in (
        *(("binary_sensor", key) for key in ("stale", "overheating", "hashrate_low")),
        *(("sensor", key) for key in ("hashrate", "chip_temperature", "power")),
        *(("sensor", key) for key in ("energy", "reject_rate", "total_power")),
    ):
        assert slugify(texts[platform][key]["name"]) == key
        assert f"_{key}" in RULES + SQL or key in SQL
    total = texts["sensor"]["total_hashrate"]["name"]
    assert slugify(total.format(algorithm="X11")) == "total_hashrate_x11"


def test_rules() -> None:
    """Each rule asks for what is exported or recorded; alerts have a severity, a patience and words."""
    names = recorded()
    assert names == set(RECORDED.findall(" ".join(re.findall("record: .*", RULES))))
    for rule in rules():
        assert set(RECORDED.findall(rule["expr"])) <= names
        if "alert" in rule:
            assert rule["alert"].startswith("AntminerMonitor")
            assert rule["labels"]["severity"] in {"warning", "critical"}
            assert rule["for"] and rule["annotations"]["summary"]
    alerts = {
        rule["alert"].removeprefix("AntminerMonitor")
        for rule in rules()
        if "alert" in rule
    }
    assert alerts == {"SiteDown", "RigStale", "RigHot", "RigLow"}


def test_dashboard() -> None:
    """Grafana's dashboard asks for what is recorded, has no two panels in one place, and no source of its own."""
    dashboard = json.loads(DASHBOARD)
    variables = {item["name"]: item for item in dashboard["templating"]["list"]}
    assert set(variables) == {"datasource", "site"}
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        for target in panel.get("targets", []):
            asked = set(RECORDED.findall(target["expr"]))
            assert asked and asked <= recorded(), target["expr"]
            assert 'site=~"$site"' in target["expr"]
    assert set(RECORDED.findall(variables["site"]["definition"])) <= recorded()


def test_package() -> None:
    """No password is in the package of a site: it is a secret."""
    assert package()["recorder"]["db_url"] == "secret fleet_database"


def test_page() -> None:
    """The page names files that are there, and asks for what is there."""
    for path in re.findall(r"\]\(\.\./(monitoring/[^)#]+)\)", PAGE):
        assert (ROOT / path).exists(), path
    for folder in ("home_assistant", "prometheus", "postgresql", "grafana"):
        for path in (MONITORING / folder).iterdir():
            assert f"(../{path.relative_to(ROOT)})" in PAGE, path
    assert set(RECORDED.findall(PAGE)) <= recorded()
    views = set(
        re.findall(r"(?:VIEW|FUNCTION|TABLE IF NOT EXISTS) fleet\.([a-z_]+)", SQL)
    )
    asked = set(
        re.findall(r"\bfleet\.([a-z_]+)", re.sub(r"fleet\.(sql|yaml|json)", "", PAGE))
    )
    assert asked and asked <= views, asked - views
    for language, block in re.findall(
        r"```(yaml|sql|promql)\n(.*?)```", PAGE, re.DOTALL
    ):
        if language == "yaml":
            assert isinstance(yaml.load(block, _Including), dict)
    for alert in re.findall(r"AntminerMonitor[A-Z]\w+", PAGE):
        assert f"alert: {alert}" in RULES


class _Including(_Secrets):
    """Reads Home Assistant's YAML, with included files as their names."""


_Including.add_constructor("!include", lambda loader, node: f"include {node.value}")
