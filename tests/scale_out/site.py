"""A site: a simulated farm, and a real Home Assistant that records into PostgreSQL and exports to Prometheus."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
import http.client
import json
from pathlib import Path
import signal
import subprocess
import time

from sqlalchemy import URL

from simulator.farm import WEB_OFFSET
from tests.e2e.house import (
    HOST,
    START_DEADLINE,
    House,
    HouseError,
    _process,
    finished,
    free_ports,
    wait_for,
)

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"


@dataclass(frozen=True, slots=True)
class Scrape:
    """What Home Assistant exports once."""

    size: int
    """Bytes."""
    seconds: float
    lines: tuple[str, ...]
    """Samples."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site that runs."""

    name: str
    house: House
    miners: int
    workers: int
    """Rigs in HiveOS."""
    token_file: Path
    _home: subprocess.Popen[bytes]

    @property
    def rigs(self) -> int:
        """How many rigs it has in all."""
        return self.miners + self.workers

    def kill(self) -> None:
        """Have Home Assistant die without a word."""
        self._home.send_signal(signal.SIGKILL)
        self._home.wait()

    def truth(self, index: int) -> Mapping[str, object]:
        """Return what a simulated miner truly is."""
        truth = self.house.miner(index)["truth"]
        assert isinstance(truth, Mapping)
        return truth

    def hashrates(self) -> dict[str, float]:
        """Return what the simulated miners truly do now: hashes per second by algorithm, as rules and views call it."""
        found: dict[str, float] = {}
        for index in range(self.miners):
            truth = self.truth(index)
            if truth["up"]:
                algorithm = {"sha256d": "sha_256"}.get(
                    str(truth["algorithm"]), str(truth["algorithm"])
                )
                rate = truth["hashrate"]
                assert isinstance(rate, float | int)
                found[algorithm] = found.get(algorithm, 0.0) + rate
        return found

    def scrape(self) -> Scrape:
        """Ask for what Prometheus asks for."""
        connection = http.client.HTTPConnection(HOST, self.house.port, timeout=60)
        try:
            start = time.perf_counter()
            connection.request(
                "GET",
                "/api/prometheus",
                headers={"Authorization": f"Bearer {self.token_file.read_text()}"},
            )
            answer = connection.getresponse()
            body = answer.read()
            seconds = time.perf_counter() - start
        finally:
            connection.close()
        assert answer.status == 200, body[:200]
        lines = body.decode().splitlines()
        return Scrape(
            len(body),
            seconds,
            tuple(line for line in lines if not line.startswith("#")),
        )

    def wait_until_up(self) -> None:
        """Wait until Home Assistant has started and read its miners."""

        def up() -> bool:
            if self._home.poll() is not None:
                log = self.house.log.read_text(errors="replace")
                raise HouseError(f"Home Assistant of {self.name} ended: {log[-2000:]}")
            with suppress(OSError, http.client.HTTPException, HouseError, ValueError):
                config = self.house.ask("/api/config")
                return isinstance(config, Mapping) and config["state"] == "RUNNING"
            return False

        wait_for(f"Home Assistant of {self.name} has started", up, START_DEADLINE)
        self.token_file.touch(mode=0o600)
        self.token_file.write_text(str(self.house.tokens()["access_token"]))


@contextmanager
def starting_site(
    folder: Path, name: str, database: URL, *, miners: int, interval: int, workers: int
) -> Iterator[Site]:
    """Start a site, without waiting for Home Assistant; the files are those that are shipped. The interval is in seconds."""
    house = House(
        config=folder / "config",
        port=free_ports(1),
        farm_port=free_ports(miners + 1, above=WEB_OFFSET) + 1,
        hive_port=free_ports(1) if workers else 0,
        log=folder / "output.log",
    )
    folder.mkdir()
    finished(
        "scripts._seed",
        *(str(house.config), "--http-port", str(house.port)),
        *("--farm-port", str(house.farm_port), "--miners", str(miners)),
        *(("--hive-port", str(house.hive_port)) if workers else ()),
        log=folder / "seed.log",
    )
    _hurry(house.config, interval)
    _configure(house.config, database)
    farm = [
        *("--count", str(miners), "--port", str(house.farm_port), "--web"),
        *("--control-port", str(house.farm_port - 1), "--seed", str(len(name))),
    ]
    if workers:
        farm += ["--hive-port", str(house.hive_port), "--hive-workers", str(workers)]
    home = ("--config", str(house.config), "--skip-pip")
    with ExitStack() as stack:
        stack.enter_context(_process("simulator", *farm, log=folder / "farm.log"))
        process = stack.enter_context(_process("scripts._hass", *home, log=house.log))
        yield Site(name, house, miners, workers, folder / "token", process)


def _hurry(config: Path, interval: int) -> None:
    """Have the miners read so often, in seconds, and be stale soon."""
    path = config / ".storage" / "core.config_entries"
    stored = json.loads(path.read_text())
    for entry in stored["data"]["entries"]:
        if entry["data"]["kind"] == "site":
            entry["options"] = {"scan_interval": interval, "stale_after": interval * 2}
    path.write_text(json.dumps(stored))


def _configure(config: Path, database: URL) -> None:
    """Have Home Assistant take the package for sites, as its documentation says."""
    shipped = MONITORING / "home_assistant" / "fleet.yaml"
    (config / "fleet.yaml").write_text(shipped.read_text())
    secrets = config / "secrets.yaml"
    secrets.touch(mode=0o600)
    url = database.render_as_string(hide_password=False)
    secrets.write_text(f'fleet_database: "{url}"\n')
    configuration = config / "configuration.yaml"
    configuration.write_text(
        "frontend:\nconfig:\nhistory:\n\n"
        "homeassistant:\n  packages:\n    fleet: !include fleet.yaml\n\n"
        "logger:\n  default: warning\n  logs:\n    custom_components.antminer_monitor: info\n"
    )
