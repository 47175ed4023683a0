"""A farm of miners on loopback sockets, in one event loop and without a task a miner."""

from collections.abc import Callable, Iterable
from dataclasses import replace
import resource
import time
from typing import Self

from .control import Control
from .miner import SimulatedMiner
from .model import MinerModel
from .orders import Delays
from .pages import extras_server, web_server
from .profiles import Profile, profile
from .traffic import Traffic

API_PORT = 4028
WEB_OFFSET = 10_000
"""One address: a miner's web port is that far behind its API port."""
EXTRAS_OFFSET = 20_000
WEB_PORT = 8080
"""An address each: 80 needs rights that a simulator should not have."""
EXTRAS_PORT = 6060
_SPARE_FILES = 256


def loopback_address(index: int) -> str:
    """127.1.0.1, 127.1.0.2 …: 250 a last byte, 127.0.0.0/16 left to others."""
    return f"127.{1 + index // 62_500}.{index // 250 % 250}.{1 + index % 250}"


def _allow_files(count: int) -> None:
    """Raise the process's limit of open files as far as it may, where sockets need it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        ceiling = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, ceiling), hard))


class Farm:
    """``async with Farm(["s9", "s21_2024"]) as farm:`` — the miners answer inside."""

    def __init__(
        self,
        profiles: Iterable[Profile | str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        addresses: bool = False,
        web: bool = False,
        extras: bool = False,
        web_port: int | None = None,
        extras_port: int | None = None,
        credentials: tuple[str, str] = ("root", "root"),
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        age: float | None = None,
        latency: float = 0.0,
        control_port: int | None = None,
        delays: Delays | None = None,
    ) -> None:
        """Describe a farm; nothing listens before it is entered.

        ``port`` is that of the first miner, the others follow; 0 gives each any free port.
        ``addresses`` gives each a loopback address of its own, with ``port`` (0: 4028) on
        all. ``web`` and ``extras`` open the web pages and the port of the watts where the
        model has them: by default 10,000 and 20,000 behind the API's port, on addresses of
        their own 8080 and 6060; ``web_port`` and ``extras_port`` set the first miner's (all
        miners', with ``addresses``). ``age`` is how long the daemons have been running, in
        seconds; ``latency`` delays every reply. ``control_port`` opens the control endpoint
        on 127.0.0.1 (0: any port). ``delays`` are those of each miner's writes and restarts,
        by default the real ones'. Raises ValueError for a profile that does not exist.
        """
        self._profiles = [
            profile(item) if isinstance(item, str) else item for item in profiles
        ]
        self._host = host
        self._port = port
        self._addresses = addresses
        self._web = web
        self._extras = extras
        self._web_port = web_port
        self._extras_port = extras_port
        self._credentials = credentials
        self._seed = seed
        self._clock = clock
        self._age = age
        self._control_port = control_port
        self._delays = delays or Delays()
        self._control: Control | None = None
        self.latency = latency
        self.miners: list[SimulatedMiner] = []
        self.traffic = Traffic()

    @property
    def control_port(self) -> int | None:
        """Where the control endpoint listens, when there is one."""
        return self._control.port if self._control else None

    @property
    def open_connections(self) -> int:
        """Connections to the APIs that are open now."""
        return self.traffic.open

    @property
    def most_open_connections(self) -> int:
        """The most that were ever open at once."""
        return self.traffic.most_open

    async def __aenter__(self) -> Self:
        """Open every socket; OSError when a port is taken, and nothing stays open."""
        try:
            self._open()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every socket."""
        await self.stop()

    async def stop(self) -> None:
        """Close every socket."""
        if self._control:
            await self._control.stop()
            self._control = None
        for miner in self.miners:
            await miner.stop()

    def _open(self) -> None:
        sockets = 1 + int(self._web) + int(self._extras)
        _allow_files(sockets * len(self._profiles) + _SPARE_FILES)
        for index, kind in enumerate(self._profiles):
            host, port = self._place(index)
            model = MinerModel(
                kind, seed=self._seed, index=index, clock=self._clock, age=self._age
            )
            model.address = host
            miner = SimulatedMiner(
                model,
                host,
                port,
                traffic=self.traffic,
                latency=lambda: self.latency,
                delays=replace(self._delays),
            )
            self.miners.append(miner)
            self._open_web(miner)
            miner.open()
        if self._control_port is not None:
            self._control = Control(self.miners, self._control_port)
            self._control.open()

    def _place(self, index: int) -> tuple[str, int]:
        if self._addresses:
            return loopback_address(index), self._port or API_PORT
        return self._host, self._port + index if self._port else 0

    def _open_web(self, miner: SimulatedMiner) -> None:
        if self._web and miner.profile.web:
            port = self._second_port(miner, self._web_port, WEB_PORT, WEB_OFFSET)
            web = web_server(
                miner, port, credentials=self._credentials, latency=lambda: self.latency
            )
            miner.web_port = web.port
            miner.add_listener(web.listener)
        if self._extras and miner.profile.extras:
            port = self._second_port(
                miner, self._extras_port, EXTRAS_PORT, EXTRAS_OFFSET
            )
            extras = extras_server(miner, port, latency=lambda: self.latency)
            miner.extras_port = extras.port
            miner.add_listener(extras.listener)

    def _second_port(
        self, miner: SimulatedMiner, first: int | None, own: int, offset: int
    ) -> int:
        if self._addresses:
            return own if first is None else first
        if first is not None:
            return first + miner.index if first else 0
        return self._port + miner.index + offset if self._port else 0
