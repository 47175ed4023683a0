"""The Home Assistant of a soak: written, started, stopped, killed, and its clock and disk tampered with."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
import ctypes
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import signal
import struct
import subprocess
import sys
import time
from types import MappingProxyType
from typing import Any, BinaryIO, cast

import aiohttp
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryStore,
    ConfigSubentryData,
)
from homeassistant.core import HomeAssistant

from scripts._hass import HOST, INTEGRATIONS, PASSWORD, USERS
from simulator.farm import WEB_OFFSET
from simulator.hive.accounts import TOKEN as HIVE_TOKEN

ROOT = Path(__file__).resolve().parent.parent

# Seconds.
START_DEADLINE = 240.0
STOP_DEADLINE = 120.0
SEED_DEADLINE = 60.0
ANSWER_DEADLINE = 20.0

DOMAIN = "antminer_monitor"
CLOCK_SOURCE = ROOT / "scripts" / "soak_clock.c"
_ORDERS = "qq"

_IN_FILES = {"automation", "scene", "script"}
CONFIGURATION = f"""\
{"\n".join(f"{name}:" for name in INTEGRATIONS if name not in _IN_FILES)}
{"\n".join(f"{name}: []" for name in sorted(_IN_FILES))}
soak_counts:
logger:
  default: warning
"""


class HomeError(Exception):
    """Home Assistant does not start, stop or answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSeed:
    """A site to be set up: where its miners are."""

    entry_id: str
    title: str
    miners: Sequence[tuple[str, str, int]]
    """Subentry, title and port of each."""
    options: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What is set up before the first start."""

    sites: Sequence[SiteSeed]
    hive_entry_id: str
    hive_port: int
    hive_options: Mapping[str, int]


def _entry(
    entry_id: str,
    title: str,
    data: dict[str, Any],
    options: Mapping[str, int],
    unique_id: str | None = None,
) -> dict[str, Any]:
    entry = ConfigEntry[Any](
        data=data,
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        entry_id=entry_id,
        minor_version=1,
        options=options,
        source=SOURCE_USER,
        subentries_data=[],
        title=title,
        unique_id=unique_id,
        version=1,
    )
    return dict(entry.as_dict())


def _site_entry(site: SiteSeed) -> dict[str, Any]:
    entry = _entry(
        site.entry_id,
        site.title,
        {"kind": "site", "username": "root", "password": "root"},
        site.options,
    )
    entry["subentries"] = [
        {
            **ConfigSubentryData(
                data={"host": HOST, "port": port, "web_port": port + WEB_OFFSET},
                subentry_type="miner",
                title=title,
                unique_id=f"{HOST}:{port}",
            ),
            "subentry_id": subentry_id,
        }
        for subentry_id, title, port in site.miners
    ]
    return entry


async def write_entries(config: Path, seed: Seed) -> None:
    """Write the sites and the account as Home Assistant keeps them."""
    hass = HomeAssistant(str(config))
    hive = _entry(
        seed.hive_entry_id,
        "Simulated HiveOS",
        {
            "kind": "hiveos",
            "token": HIVE_TOKEN,
            "url": f"http://{HOST}:{seed.hive_port}/api/v2",
        },
        seed.hive_options,
        "hiveos_1001",
    )
    await ConfigEntryStore(hass).async_save(
        {"entries": [*map(_site_entry, seed.sites), hive]}
    )
    await hass.async_stop(force=True)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


class Home:
    """A folder with a configuration, and the process that runs it."""

    def __init__(self, folder: Path, port: int) -> None:
        """Keep where it is; nothing is written yet."""
        self.config = folder / "config"
        self.port = port
        self.log = folder / "output.log"
        """What the process says, of all its runs."""
        self.starts = 0
        self._orders = folder / "orders"
        self._library = folder / "soak_clock.so"
        self._process: asyncio.subprocess.Process | None = None
        self._output: BinaryIO | None = None
        self.tampers = False
        """Whether its clock and its disk can be tampered with."""

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process; HomeError where there is none."""
        if self._process is None or self._process.returncode is not None:
            raise HomeError("Home Assistant ended by itself: see output.log")
        return self._process.pid

    async def seed(self, seed: Seed) -> None:
        """Write everything that the first start needs."""
        self.config.mkdir(parents=True)
        (self.config / "configuration.yaml").write_text(CONFIGURATION)
        folder = self.config / "custom_components"
        folder.mkdir()
        component = ROOT / "scripts" / "develop_components" / "soak_counts"
        (folder / component.name).symlink_to(component)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scripts._seed", str(self.config)),
            *("--http-port", str(self.port)),
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.DEVNULL,
        )
        try:
            code = await asyncio.wait_for(process.wait(), SEED_DEADLINE)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise HomeError("the users were not written in time") from None
        if code:
            raise HomeError("the users could not be written")
        await write_entries(self.config, seed)
        self.tamper()
        self.tampers = self.build()

    def build(self) -> bool:
        """Compile what tampers with the clock and the disk; False where there is no compiler for it."""
        compiler = shutil.which("cc")
        if compiler is None or sys.platform != "linux":
            return False
        command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(self._library)]
        done = subprocess.run(
            [*command, str(CLOCK_SOURCE), "-ldl"],
            check=False,
            capture_output=True,
            timeout=60,
        )
        return done.returncode == 0

    def tamper(self, *, seconds: int = 0, full: bool = False) -> None:
        """Have its clock be ahead by so many seconds, and its disk full."""
        mode = "r+b" if self._orders.exists() else "wb"
        with self._orders.open(mode) as file:
            file.write(struct.pack(_ORDERS, seconds, int(full)))

    def environment(self) -> dict[str, str]:
        """Give the environment of a process whose clock and disk are those that were tampered with."""
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        if not self._library.exists():
            return environment
        return environment | {
            "LD_PRELOAD": str(self._library),
            "SOAK_ORDERS": str(self._orders),
            "SOAK_FULL": f"{self.config.resolve() / '.storage'}/",
        }

    async def start(self) -> None:
        """Start it, and wait until it answers; HomeError when it does not."""
        self._output = self.log.open("ab")
        self.starts += 1
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scripts._hass"),
            *("--config", str(self.config), "--skip-pip"),
            cwd=ROOT,
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        end = time.monotonic() + START_DEADLINE
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < end and self.pid:
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with (
                        asyncio.timeout(5),
                        session.get(f"{self.url}/manifest.json") as answer,
                    ):
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.2)
        raise HomeError("Home Assistant does not start: see output.log")

    async def stop(self, *, kill: bool = False) -> None:
        """Stop it in order, or at once; HomeError when it does not stop."""
        process = self._process
        if process is None:
            return
        try:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
                await asyncio.wait_for(process.wait(), STOP_DEADLINE)
        except TimeoutError:
            raise HomeError("Home Assistant does not stop") from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            self._process = None
            if self._output:
                self._output.close()

    async def token(self) -> str:
        """Sign in as its owner; give an access token that is good for half an hour."""
        client = f"{self.url}/"
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ANSWER_DEADLINE)
        ) as session:

            async def post(path: str, **options: Any) -> dict[str, Any]:
                async with session.post(f"{self.url}{path}", **options) as answer:
                    if answer.status != 200:
                        raise HomeError(f"{path} answers {answer.status}")
                    return cast("dict[str, Any]", await answer.json())

            step = await post(
                "/auth/login_flow",
                json={
                    "client_id": client,
                    "handler": ["homeassistant", None],
                    "redirect_uri": client,
                },
            )
            step = await post(
                f"/auth/login_flow/{step['flow_id']}",
                json={
                    "client_id": client,
                    "username": USERS[0],
                    "password": PASSWORD,
                },
            )
            tokens = await post(
                "/auth/token",
                data={
                    "grant_type": "authorization_code",
                    "code": step["result"],
                    "client_id": client,
                },
            )
        return str(tokens["access_token"])

    def sockets(self) -> int:
        """Count its open sockets."""
        count = 0
        for path in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(OSError):
                count += str(path.readlink()).startswith("socket:")
        return count

    def memory(self) -> float:
        """Give its resident memory in MiB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
