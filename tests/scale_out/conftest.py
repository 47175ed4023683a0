"""What the tests of several sites share."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
import os
from pathlib import Path
import secrets
import shutil

import pytest
from sqlalchemy import URL
import yaml

from tests.e2e.house import HOST, LOGS, wait_for

from .servers import Postgres, Prometheus, running_postgres, running_prometheus
from .site import MONITORING, Site, starting_site

WORKERS = {"north": 0, "south": 4}
"""The sites, and how many rigs each has in HiveOS."""

MINERS = int(os.environ.get("SCALE_OUT_MINERS", "12"))
"""Of each site."""

INTERVAL = int(os.environ.get("SCALE_OUT_INTERVAL", "10"))
"""Seconds between two readings of a miner; 10 is the least that can be set."""

# Seconds. Of many miners on a busy machine; else it takes ten.
SEEN_DEADLINE = 120


@dataclass(frozen=True, slots=True)
class Fleet:
    """All that runs."""

    postgres: Postgres
    reader: URL
    """Of a user who may look at the views, and at nothing that he could change."""
    roles: Mapping[str, URL]
    """Of each site's Home Assistant, by its name."""
    prometheus: Prometheus
    sites: tuple[Site, ...]

    @property
    def rigs(self) -> int:
        """How many rigs the sites have in all."""
        return sum(site.rigs for site in self.sites)

    def rows(self, query: str) -> list[dict[str, object]]:
        """Ask PostgreSQL as whoever may only look."""
        return self.postgres.rows(query, self.reader)


def prometheus_folder(folder: Path, ports: dict[str, int]) -> Path:
    """Copy the files that are shipped for Prometheus, and scrape these sites every two seconds; return the config.

    Beside them each site has a file of its token, still empty.
    """
    folder.mkdir()
    shipped = MONITORING / "prometheus"
    shutil.copy(shipped / "antminer_monitor.rules.yml", folder)
    config = yaml.safe_load((shipped / "prometheus.yml").read_text())
    config["global"] = {
        "scrape_interval": "2s",
        "scrape_timeout": "2s",
        "evaluation_interval": "2s",
    }
    jobs = config["scrape_configs"]
    assert [job["static_configs"][0]["labels"]["site"] for job in jobs] == list(ports)
    for job, (name, port) in zip(jobs, ports.items(), strict=True):
        job["static_configs"][0]["targets"] = [f"{HOST}:{port}"]
        token = folder / f"{name}.token"
        token.touch(mode=0o600)
        job["authorization"]["credentials_file"] = str(token)
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


def _database(postgres: Postgres) -> tuple[dict[str, URL], URL]:
    """Do what the documentation says: the views, a role and a schema for each site, and somebody who looks."""
    postgres.run_file(MONITORING / "postgresql" / "fleet.sql")
    urls: dict[str, URL] = {}
    for name in (*WORKERS, "looker"):
        password = secrets.token_urlsafe(24)
        postgres.run(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        urls[name] = postgres.url(name, password)
    for name in WORKERS:
        postgres.run(f"SELECT fleet.add_site('{name}')")
    postgres.run("GRANT fleet_reader TO looker")
    # Found dead within a test: each Home Assistant writes something every few seconds here.
    postgres.run("UPDATE fleet.sites SET silent_after = '40 seconds'")
    reader = urls.pop("looker")
    return urls, reader


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two sites, one PostgreSQL, one Prometheus; every miner was read, recorded and scraped."""
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as stack:
        stack.callback(_keep_logs, folder)
        postgres = stack.enter_context(running_postgres(folder))
        urls, reader = _database(postgres)
        sites = tuple(
            stack.enter_context(
                starting_site(
                    folder / name,
                    name,
                    urls[name],
                    miners=MINERS,
                    interval=INTERVAL,
                    workers=workers,
                )
            )
            for name, workers in WORKERS.items()
        )
        ports = {site.name: site.house.port for site in sites}
        config = prometheus_folder(folder / "prometheus", ports)
        for site in sites:
            site.wait_until_up()
            shutil.copy(site.token_file, config.parent / f"{site.name}.token")
        prometheus = stack.enter_context(running_prometheus(folder, config))
        running = Fleet(postgres, reader, urls, prometheus, sites)
        wait_for(
            "every miner is seen in Prometheus",
            lambda: (
                prometheus.value("sum(antminer:site_rigs - antminer:site_rigs_stale)")
                == running.rigs
            ),
            SEEN_DEADLINE,
        )
        wait_for(
            "every miner is seen in PostgreSQL",
            lambda: (
                running.rows("SELECT rigs - rigs_stale AS seen FROM fleet.total")
                == [{"seen": running.rigs}]
            ),
            SEEN_DEADLINE,
        )
        yield running


def _keep_logs(folder: Path) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, LOGS / f"{folder.name}-{log.name}")
