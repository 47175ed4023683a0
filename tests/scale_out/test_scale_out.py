"""Two Home Assistants record into one PostgreSQL and are scraped by one Prometheus, with the files that are shipped.

The tests are one story: at the end a Home Assistant dies.
"""

import json
import os
from pathlib import Path
import shutil
import sys
import time

import pytest
from sqlalchemy.exc import ProgrammingError

from tests.e2e.house import wait_for

from .conftest import INTERVAL, MINERS, Fleet, prometheus_folder
from .servers import promtool
from .site import MONITORING

SECONDS = int(os.environ.get("SCALE_OUT_SECONDS", "30"))
"""How long it is counted what is written."""

# What a total may differ from what miners do, which changes from one reading to the next: each by up to 2.4 % either way.
CLOSE = 0.05

STALE = "SELECT site, rig FROM fleet.rig WHERE stale ORDER BY site, rig"
"""All stale rigs, in SQL and PromQL."""
STALE_RIGS = "antminer:rig_stale == 1"


def _stale(fleet: Fleet) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return the stale rigs of all sites, as PostgreSQL and as Prometheus tell them."""
    return (
        [tuple(row.values()) for row in fleet.rows(STALE)],
        sorted(
            (labels["site"], labels["rig"])
            for labels, _ in fleet.prometheus.query(STALE_RIGS)
        ),
    )


def test_files(tmp_path: Path) -> None:
    """Prometheus' own checks find nothing wrong, and the rules do what they should."""
    config = prometheus_folder(tmp_path / "prometheus", {"north": 8123, "south": 8124})
    folder = config.parent
    promtool("check", "config", "prometheus.yml", cwd=folder)
    shutil.copy(Path(__file__).with_name("rules_test.yml"), folder)
    promtool("test", "rules", "rules_test.yml", cwd=folder)
    # As it is shipped, but for the tokens.
    shipped = (MONITORING / "prometheus" / "prometheus.yml").read_text()
    config.write_text(shipped.replace("/etc/prometheus/antminer_monitor/", ""))
    promtool("check", "config", "prometheus.yml", cwd=folder)


def test_totals(fleet: Fleet) -> None:
    """One query each gives what all miners of both sites do."""
    # A busy machine may have missed a reading.
    wait_for("no miner is stale", lambda: _stale(fleet) == ([], []))
    (total,) = fleet.rows("SELECT * FROM fleet.total")
    assert total["sites"] == len(fleet.sites) and total["sites_down"] == 0
    assert total["rigs"] == fleet.rigs
    assert total["rigs_stale"] == 0
    assert fleet.prometheus.value("sum(antminer:site_rigs)") == total["rigs"]
    truth: dict[str, float] = {}
    for site in fleet.sites:
        for algorithm, rate in site.hashrates().items():
            truth[algorithm] = truth.get(algorithm, 0.0) + rate
    recorded = total["hashes_per_second"]
    assert isinstance(recorded, dict)
    scraped = {
        labels["algorithm"]: rate
        for labels, rate in fleet.prometheus.query(
            "sum by (algorithm) (antminer:site_hashrate)"
        )
    }
    assert recorded == pytest.approx(scraped, rel=CLOSE)
    # HiveOS does not tell what its rigs truly do. Their totals are theirs, without those of cards and of coins.
    in_hive = fleet.prometheus.value('sum(antminer:rig_hashrate{rig=~"rig_[0-9]+"})')
    assert in_hive
    assert recorded == pytest.approx({**truth, "etchash": in_hive}, rel=CLOSE)
    watts = fleet.prometheus.value("sum(antminer:site_watts)")
    assert watts == pytest.approx(float(str(total["watts"])), rel=CLOSE)


def test_a_reader_changes_nothing(fleet: Fleet) -> None:
    """Who may look at the views may not write, and a site sees nothing of another."""
    with pytest.raises(ProgrammingError, match="permission denied"):
        fleet.rows("DELETE FROM north.states RETURNING 1")
    with pytest.raises(ProgrammingError, match="permission denied"):
        fleet.rows("UPDATE fleet.sites SET silent_after = '1 day' RETURNING 1")
    with pytest.raises(ProgrammingError, match="permission denied"):
        fleet.postgres.rows("SELECT * FROM south.states", fleet.roles["north"])


def test_figures(fleet: Fleet) -> None:
    """What an Antminer costs the network, the database and Prometheus: printed, for docs/several-sites.md."""
    counted = (
        "SELECT count(*) AS rows, pg_total_relation_size('{0}.states')"
        " + pg_total_relation_size('{0}.state_attributes') AS bytes FROM {0}.states"
    )
    five_minutes = (
        "SELECT count(*) AS rows, count(DISTINCT start_ts) AS runs,"
        " pg_total_relation_size('{0}.statistics_short_term') AS bytes FROM {0}.statistics_short_term"
    )

    site = fleet.sites[0]
    assert site.workers == 0

    def counts(query: str) -> dict[str, int]:
        (row,) = fleet.rows(query.format(site.name))
        return {name: int(str(value)) for name, value in row.items()}

    scrapes = [site.scrape() for _ in range(5)]
    before, start = counts(counted), time.monotonic()
    time.sleep(SECONDS)
    after, seconds = counts(counted), time.monotonic() - start
    rows, size = (after[name] - before[name] for name in ("rows", "bytes"))
    statistics = counts(five_minutes)
    series = fleet.prometheus.value(f'count({{__name__!="", site="{site.name}"}})')
    query = time.monotonic()
    fleet.rows("SELECT * FROM fleet.total")
    query = time.monotonic() - query
    table = {
        "miners of the site": MINERS,
        "a scrape: bytes for each rig": sum(one.size for one in scrapes)
        / len(scrapes)
        / MINERS,
        "a scrape: samples for each rig": sum(len(one.lines) for one in scrapes)
        / len(scrapes)
        / MINERS,
        "a scrape: milliseconds": 1000 * min(one.seconds for one in scrapes),
        "Prometheus: stored series for each rig": (series or 0) / MINERS,
        "PostgreSQL: rows for each rig and reading": rows
        / MINERS
        / (seconds / INTERVAL),
        "PostgreSQL: bytes for each row, with indexes": size / max(rows, 1),
        "fleet.total: milliseconds": 1000 * query,
    }
    # They are made at each full five minutes only.
    if statistics["runs"]:
        table |= {
            "statistics: rows for each rig in five minutes": statistics["rows"]
            / statistics["runs"]
            / MINERS,
            "statistics: bytes for each row, with indexes": statistics["bytes"]
            / statistics["rows"],
        }
    lines = [f"  {name:<48}{value:>10.2f}" for name, value in table.items()]
    sys.stdout.write("\n".join(["", *lines, ""]))
    assert rows > MINERS / 2
    assert all(scrape.lines for scrape in scrapes)


def test_a_stale_miner(fleet: Fleet) -> None:
    """One query each names the one miner that does not answer, whichever site it is of; and the alert begins."""
    north, south = fleet.sites
    north.house.tell_farm("/miners/0/fault", {"fault": "refuse"})
    south.house.tell_farm("/miners/0/condition", {"ambient": 60.0})
    expected: list[tuple[object, ...]] = [("north", "antminer_s9_1")]
    wait_for("both name the stale miner", lambda: _stale(fleet) == (expected, expected))
    alerts = wait_for(
        "the alerts begin",
        lambda: (
            found
            if len(found := _alerts(fleet)) >= 2
            and any(alert[0] == "AntminerMonitorRigHot" for alert in found)
            else None
        ),
    )
    assert ("AntminerMonitorRigStale", "north", "antminer_s9_1") in alerts
    assert ("AntminerMonitorRigHot", "south", "antminer_s9_1") in alerts


def _alerts(fleet: Fleet) -> set[tuple[str, ...]]:
    data = fleet.prometheus.data("alerts")
    assert isinstance(data, dict)
    return {
        (labels["alertname"], labels["site"], labels.get("rig", ""))
        for alert in data["alerts"]
        if (labels := alert["labels"])
    }


def test_dashboard(fleet: Fleet) -> None:
    """Prometheus takes each query of the dashboard, and has something to say to it while a miner is stale."""
    dashboard = json.loads((MONITORING / "grafana" / "fleet.json").read_text())
    asked = 0
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            found = fleet.prometheus.query(target["expr"].replace("$site", ".+"))
            asked += 1
            # Slow is a miner only after five minutes.
            assert found or panel["title"] == "Hashrate low", panel["title"]
    assert asked > 10


def test_a_site_dies(fleet: Fleet) -> None:
    """A Home Assistant is killed: all of its miners are stale in both, the others are as they were."""
    north, south = fleet.sites
    known = fleet.rows(
        "SELECT site, rig FROM fleet.rig WHERE site = 'south' ORDER BY rig"
    )
    assert len(known) == south.rigs
    before = [pair for pair in _stale(fleet)[0] if pair[0] == "north"]
    expected = [*before, *(tuple(row.values()) for row in known)]
    south.kill()
    wait_for(
        "both name all miners of the dead site",
        lambda: _stale(fleet) == (expected, expected),
        90,
    )
    assert fleet.rows("SELECT site FROM fleet.site WHERE down") == [{"site": "south"}]
    down = [labels for labels, _ in fleet.prometheus.query("antminer:site_down == 1")]
    assert [labels["site"] for labels in down] == ["south"]
    # What it did last counts no more.
    assert fleet.rows("SELECT DISTINCT site FROM fleet.hashrate") == [{"site": "north"}]
    assert {
        labels["site"] for labels, _ in fleet.prometheus.query("antminer:site_hashrate")
    } == {"north"}
    assert ("AntminerMonitorSiteDown", "south", "") in _alerts(fleet)
    assert north.house.problems() == []
