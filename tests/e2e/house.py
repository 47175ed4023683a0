"""A real Home Assistant with a simulated farm and a simulated HiveOS, for as long as a test needs it.

It is what scripts/develop starts, in a folder and on ports of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import http.client
import json
import os
from pathlib import Path
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlencode, urlsplit

from scripts._hass import HOST, PASSWORD
from simulator.farm import WEB_OFFSET
from simulator.hive.accounts import TOKEN as HIVE_TOKEN

from .browser import ROOT, Tab

__all__ = ["HIVE_TOKEN", "HOST", "PASSWORD", "House", "running_house", "wait_for"]

# Seconds.
START_DEADLINE = 150
STOP_DEADLINE = 60
ANSWER_DEADLINE = 30
CONDITION_DEADLINE = 45

LOGS = ROOT / "build" / "logs"
"""What the houses said is kept here until the next time."""

QUICK = {"scan_interval": 10, "stale_after": 15}
"""Options of the site: seconds. What happens to a miner is to be seen within a test."""

_LINE = re.compile(
    r"^\S+ \S+ (WARNING|ERROR|CRITICAL) \([^)]*\) \[([^]]*)\]", re.MULTILINE
)
_OURS = "antminer_monitor"
_USUAL = re.compile(
    # Said of every custom integration.
    r"which has not been tested by Home Assistant"
    # Said while other work keeps this machine from it.
    r"|is taking over \d+ seconds|Updating state for .* took [\d.]+ seconds"
)


class HouseError(Exception):
    """The house does not do what it should."""


def wait_for[T](
    what: str, condition: Callable[[], T | None], deadline: float = CONDITION_DEADLINE
) -> T:
    """Return what the condition returns once that is true; HouseError after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not (found := condition()):
        if time.monotonic() > end:
            raise HouseError(f"not within {deadline:.0f} s: {what}")
        time.sleep(0.1)
    return found


def request(
    url: str,
    data: Mapping[str, object] | None = None,
    *,
    method: str | None = None,
    token: str | None = None,
    form: bool = False,
) -> object:
    """Ask a server on this machine, and return its JSON; HouseError unless it answers 200 or 201."""
    parts = urlsplit(url)
    headers: dict[str, str] = {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body = None
    if data is not None:
        body = urlencode(data) if form else json.dumps(data)
        headers["Content-Type"] = (
            "application/x-www-form-urlencoded" if form else "application/json"
        )
    connection = http.client.HTTPConnection(
        parts.hostname or HOST, parts.port, timeout=ANSWER_DEADLINE
    )
    try:
        connection.request(
            method or ("GET" if data is None else "POST"),
            parts.path + (f"?{parts.query}" if parts.query else ""),
            body,
            headers,
        )
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status not in (200, 201):
        raise HouseError(f"{url} answers {answer.status}: {text[:500]}")
    return json.loads(text)


def free_ports(count: int, *, above: int = 0) -> int:
    """Find the first of so many ports in a row that nobody listens on, nor so much above them."""
    for _ in range(200):
        # Below those that systems give to whoever asks for any.
        first = random.randint(12_000, 22_000 - count)
        if all(
            _is_free(port + offset)
            for offset in {0, above}
            for port in range(first, first + count)
        ):
            return first
    raise HouseError(f"no {count} free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@dataclass(frozen=True, slots=True)
class House:
    """Where everything is."""

    config: Path
    port: int
    farm_port: int
    hive_port: int
    log: Path

    @property
    def url(self) -> str:
        """Of Home Assistant, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @property
    def farm_control(self) -> str:
        """Of the farm's controls; see simulator/control.py."""
        return f"http://{HOST}:{self.farm_port - 1}"

    @property
    def hive_url(self) -> str:
        """What HiveOS is called in the set-up."""
        return f"http://{HOST}:{self.hive_port}/api/v2"

    @property
    def hive_control(self) -> str:
        """Of HiveOS' controls; see simulator/hive/control.py."""
        return f"http://{HOST}:{self.hive_port}/control"

    def tokens(self, user: str = "miner") -> dict[str, object]:
        """Sign in as the front end does, and return what it keeps."""
        client = f"{self.url}/"
        step = _mapping(
            request(
                f"{self.url}/auth/login_flow",
                {
                    "client_id": client,
                    "handler": ["homeassistant", None],
                    "redirect_uri": client,
                },
            )
        )
        step = _mapping(
            request(
                f"{self.url}/auth/login_flow/{step['flow_id']}",
                {"client_id": client, "username": user, "password": PASSWORD},
            )
        )
        tokens = _mapping(
            request(
                f"{self.url}/auth/token",
                {
                    "grant_type": "authorization_code",
                    "code": step["result"],
                    "client_id": client,
                },
                form=True,
            )
        )
        # The front end fetches new ones once these have expired, which is in half an hour.
        expires = (time.time() + 1800) * 1000
        return {**tokens, "hassUrl": self.url, "clientId": client, "expires": expires}

    def sign_in(self, tab: Tab, user: str = "miner") -> None:
        """Have the tab be that user's."""
        kept = json.dumps(json.dumps(self.tokens(user)))
        tab.page.context.add_init_script(
            f"localStorage.getItem('hassTokens') || localStorage.setItem('hassTokens', {kept})"
        )

    def ask(self, path: str, data: Mapping[str, object] | None = None) -> object:
        """Ask Home Assistant as its owner."""
        token = str(self.tokens()["access_token"])
        return request(self.url + path, data, token=token)

    def open(self, tab: Tab, path: str) -> None:
        """Go to a page of Home Assistant, and wait until its frame stands."""
        tab.page.goto(self.url + path)
        tab.page.locator("home-assistant-main").wait_for()

    def tell_farm(
        self, path: str, data: Mapping[str, object] | None = None, method: str = "POST"
    ) -> None:
        """Have the simulated miners behave otherwise."""
        request(self.farm_control + path, {} if data is None else data, method=method)

    def miner(self, index: int) -> dict[str, object]:
        """Return what a simulated miner truly is, and what it was told."""
        return _mapping(request(f"{self.farm_control}/miners/{index}"))

    def hive(self) -> dict[str, object]:
        """Return what HiveOS truly holds, and what it was told."""
        return _mapping(request(self.hive_control))

    def problems(self) -> list[str]:
        """Return what Home Assistant logged of us: every error, and every warning that is not our own.

        A warning of ours says that something is wrong with a miner, which is so in many tests; one of Home Assistant
        says that something is wrong with the integration.
        """
        text = self.log.read_text(errors="replace")
        entries = list(_LINE.finditer(text))
        ends = [entry.start() for entry in entries[1:]] + [len(text)]
        found: list[str] = []
        for entry, end in zip(entries, ends, strict=True):
            level, logger = entry.groups()
            words = text[entry.start() : end].strip()
            own = level == "WARNING" and _OURS in logger
            if _OURS in words and not own and not _USUAL.search(words):
                found.append(words)
        return found


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise HouseError(f"not an object: {value!r}")
    return value


@contextmanager
def running_house(
    folder: Path, *, miners: int = 12, hive_workers: int | None = None
) -> Iterator[House]:
    """Run Home Assistant with a farm and a HiveOS account that are set up, and users that can sign in.

    Two miners of other makers, which are not set up, follow those of the farm.
    """
    house = House(
        config=folder / "config",
        port=free_ports(1),
        farm_port=free_ports(miners + 3, above=WEB_OFFSET) + 1,
        hive_port=free_ports(1),
        log=folder / "output.log",
    )
    ports = ("--farm-port", str(house.farm_port), "--hive-port", str(house.hive_port))
    farm = ("--miners", str(miners), "--others", *ports)
    finished(
        "scripts._seed",
        str(house.config),
        *("--http-port", str(house.port)),
        *farm,
        log=folder / "seed.log",
    )
    _hurry(house.config)
    arguments = [
        *("--config", str(house.config)),
        *("--port", str(house.port)),
        *farm,
        *(("--hive-workers", str(hive_workers)) if hive_workers else ()),
    ]
    with _process("scripts._develop", *arguments, log=house.log) as process:
        _wait_until_said("Ready after", house.log, process)
        token = str(house.tokens()["access_token"])
        wait_for(
            "Home Assistant has started",
            lambda: (
                _mapping(request(f"{house.url}/api/config", token=token))["state"]
                == "RUNNING"
            ),
            START_DEADLINE,
        )
        yield house


def _hurry(config: Path) -> None:
    """Have the miners read as often as can be, before Home Assistant starts."""
    path = config / ".storage" / "core.config_entries"
    stored = json.loads(path.read_text())
    for entry in stored["data"]["entries"]:
        if entry["data"].get("kind") == "site":
            entry["options"] = {**entry["options"], **QUICK}
    path.write_text(json.dumps(stored))


@contextmanager
def running_empty_house(folder: Path, *, miners: int = 6) -> Iterator[House]:
    """Run a Home Assistant that nobody has ever opened, and beside it a farm and a HiveOS that it knows nothing of."""
    house = House(
        config=folder / "config",
        port=free_ports(1),
        farm_port=free_ports(2) + 1,
        hive_port=free_ports(1),
        log=folder / "output.log",
    )
    farm = [
        *("--count", str(miners), "--addresses"),
        *("--port", str(house.farm_port)),
        *("--control-port", str(house.farm_port - 1)),
        *("--hive-port", str(house.hive_port)),
    ]
    hass = ("--config", str(house.config), "--skip-pip")
    farm_log = folder / "farm.log"
    finished(
        "tests.e2e.bare", str(house.config), str(house.port), log=folder / "bare.log"
    )
    with (
        _process("simulator", *farm, log=farm_log) as simulator,
        _process("scripts._hass", *hass, log=house.log) as process,
    ):
        _wait_until_said("miners ready", farm_log, simulator)
        wait_for(
            "Home Assistant answers",
            lambda: process.poll() is not None or _answers(house.url),
            START_DEADLINE,
        )
        if process.poll() is not None:
            raise HouseError(f"Home Assistant ended: {house.log.read_text()[-2000:]}")
        yield house


def finished(module: str, *arguments: str, log: Path) -> None:
    """Run a module of ours to its end; HouseError when it fails or takes too long."""
    with _process(module, *arguments, log=log) as process:
        try:
            code = process.wait(START_DEADLINE)
        except subprocess.TimeoutExpired:
            code = None
    if code != 0:
        raise HouseError(f"{module} failed: {log.read_text(errors='replace')[-2000:]}")


def _answers(url: str) -> bool:
    with suppress(OSError, http.client.HTTPException, HouseError, ValueError):
        request(f"{url}/manifest.json")
        return True
    return False


def _wait_until_said(words: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has written these words; HouseError when it ends first."""
    wait_for(
        f"{words!r} in {log.name}",
        lambda: process.poll() is not None or words in log.read_text(errors="replace"),
        START_DEADLINE,
    )
    if process.poll() is not None:
        raise HouseError(f"it ended: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def _process(
    module: str, *arguments: str, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module of ours for as long as the context lasts, and nothing of it any longer."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-P", "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # What is pressed on the keyboard is for the tests, which then end it in order.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        LOGS.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, LOGS / f"{log.parent.name}-{log.name}")
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_DEADLINE)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
