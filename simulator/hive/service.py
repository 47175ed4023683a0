"""The service: HTTP on loopback, in the event loop of whoever opens it."""

import asyncio
from collections.abc import Iterable
from email.utils import formatdate
import itertools
import time
from typing import Self

from aiohttp import web

from .accounts import Account, accounts
from .bodies import WorkerBodies
from .building import build
from .control import HiveControl
from .data import Data
from .endpoints import Endpoints
from .farm import SimulatedFarm
from .faults import HiveFault, SetFault
from .gate import BASE, Gate, find_farm, web_response
from .plan import DEFAULT_PLANS, Clock, FarmPlan
from .records import Timing
from .worker import SimulatedWorker

HOST = "127.0.0.1"


class HiveService:
    """``async with HiveService() as hive:`` — it answers at ``hive.url`` inside."""

    def __init__(
        self,
        farms: Iterable[FarmPlan] | None = None,
        port: int = 0,
        seed: int = 0,
        clock: Clock = time.time,
        command_delay: float = 3.0,
        validate: bool = True,
        *,
        boot_seconds: float = 30.0,
        warm_up: float = 10.0,
        newer: bool = False,
    ) -> None:
        """Build its farms; nothing listens before it is entered.

        ``farms`` are by default a hall of GPU rigs and a container of ASICs in various
        states. ``command_delay`` passes from a command to its effect, ``boot_seconds``
        from a reboot until the worker reports again, ``warm_up`` from the start of a
        miner program to its first hashes: all in seconds of ``clock``. ``validate`` checks
        every request and reply against the contract, into ``violations``. ``newer``
        writes what later versions of the service do where it disagrees with the published
        specification.
        """
        self._clock = clock
        self._seed = seed
        self._timing = Timing(command=command_delay, boot=boot_seconds, warm_up=warm_up)
        self._ids = itertools.count(1)
        self._farm_numbers = itertools.count(1)
        self._accounts = accounts()
        self._set: list[SetFault] = []
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = port
        """Where it listens; a free port is chosen when it is opened, if none was given."""
        self.farms: list[SimulatedFarm] = []
        self._endpoints = Endpoints(self.farms, self._next_id)
        self._endpoints.newer = newer
        self._bodies = WorkerBodies(newer)
        self._control = HiveControl(self)
        self._gate = Gate(
            farms=self.farms,
            accounts=self._accounts.values(),
            endpoints=self._endpoints,
            bodies=self._bodies,
            faults=lambda: self.faults,
            closing=self._closing,
            clock=clock,
            validate=validate,
        )
        self.requests = self._gate.requests
        """Those that came, the newest last; not those to ``/control``."""
        self.violations = self._gate.violations
        """What disagreed with the contract, requests and replies."""
        for plan in DEFAULT_PLANS if farms is None else farms:
            self.add_farm(plan)

    @property
    def url(self) -> str:
        """Base of the API."""
        return f"http://{HOST}:{self.port}{BASE}"

    @property
    def tokens(self) -> dict[str, str]:
        """By name: ``owner``, ``full``, ``monitor``, ``other`` (another user), ``revoked``."""
        return {name: account.token for name, account in self._accounts.items()}

    @property
    def token(self) -> str:
        """The owner's."""
        return self._accounts["owner"].token

    @property
    def faults(self) -> list[SetFault]:
        """Those that are on."""
        now = self._clock()
        self._set = [fault for fault in self._set if not fault.over(now)]
        return list(self._set)

    def farm(self, farm_id: int) -> SimulatedFarm:
        """The farm of that id; LookupError when there is none."""
        return find_farm(self.farms, farm_id)

    def worker(self, farm_id: int, worker_id: int) -> SimulatedWorker:
        """A worker; LookupError when there is no such farm or worker."""
        return self.farm(farm_id).worker(worker_id)

    def add_farm(self, plan: FarmPlan) -> SimulatedFarm:
        """Build another farm."""
        farm = build(
            plan,
            number=next(self._farm_numbers),
            owner=self._accounts["other" if plan.role else "owner"].user,
            seed=self._seed,
            clock=self._clock,
            timing=self._timing,
            next_id=self._next_id,
        )
        self.farms.append(farm)
        return farm

    def remove_farm(self, farm_id: int) -> None:
        """Take a farm away; LookupError when there is none of that id."""
        self.farms.remove(self.farm(farm_id))

    def announce(
        self,
        title: str,
        message: str = "",
        start_at: float | None = None,
        end_at: float | None = None,
        type: str = "info",
    ) -> int:
        """Publish an announcement of ``type`` info, success, warning or danger; its id."""
        announcement_id = self._next_id()
        times = {"start_at": start_at, "end_at": end_at}
        self._endpoints.announcements.append(
            {
                "id": announcement_id,
                "title": title,
                "message": message,
                "type": type,
                "is_hidden": False,
                **{key: int(at) for key, at in times.items() if at is not None},
            }
        )
        return announcement_id

    @property
    def announcements(self) -> list[Data]:
        """Those that are published; take one out to withdraw it."""
        return self._endpoints.announcements

    def revoke(self, token: str) -> None:
        """Make a token worthless, by itself or by its name; LookupError for another."""
        self._account(token).revoked = True

    def restore(self, token: str) -> None:
        """Make it good again."""
        self._account(token).revoked = False

    def set_fault(
        self,
        fault: HiveFault,
        seconds: float | None = None,
        path: str | None = None,
        count: int | None = None,
        *,
        retry_after: int = 60,
        delay: float = 35.0,
    ) -> None:
        """Have requests befallen by a fault.

        For so many ``seconds`` of the clock, or so many requests, or until ``clear``; only
        those whose path below ``/api/v2`` contains ``path``. ``retry_after`` is what
        too_many and too_many_403 announce, ``delay`` how long slow takes in real time.
        Of several that fit, the first that was set wins. ValueError for a number that
        makes no sense.
        """
        if (seconds is not None and seconds <= 0) or (count is not None and count < 1):
            raise ValueError("seconds and count must be positive")
        if delay < 0 or retry_after < 0:
            raise ValueError("delay and retry_after must not be negative")
        kept: dict[int, bytes] = {}
        if fault is HiveFault.OLD_STATS:
            kept = {farm.id: self._bodies.whole(farm) for farm in self.farms}
        now = self._clock()
        self._set.append(
            SetFault(
                fault=fault,
                path=path,
                until=None if seconds is None else now + seconds,
                count=count,
                retry_after=retry_after,
                delay=delay,
                kept=kept,
            )
        )

    def clear(self) -> None:
        """End all faults."""
        self._set.clear()

    async def __aenter__(self) -> Self:
        """Listen; OSError when the port is taken."""
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        await self.close()

    async def open(self) -> None:
        """Listen, again after ``close`` at the same port; OSError when it is taken."""
        self._closing.clear()
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        app.on_response_prepare.append(self._tell_time)
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await runner.setup()
        self._runner = runner
        try:
            await web.TCPSite(runner, HOST, self.port).start()
        except OSError:
            await self.close()
            raise
        self.port = int(runner.addresses[0][1])

    async def _tell_time(
        self, request: web.Request, response: web.StreamResponse
    ) -> None:
        """Date an answer by the service's clock, as web servers do."""
        response.headers["Date"] = formatdate(self._clock(), usegmt=True)

    async def close(self) -> None:
        """Close every connection and stop to listen; what was set up stays."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _next_id(self) -> int:
        return next(self._ids)

    def _account(self, token: str) -> Account:
        for account in self._accounts.values():
            if token in (account.name, account.token):
                return account
        raise LookupError(
            f"no token of that name; there are: {', '.join(self._accounts)}"
        )

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/control" or request.path.startswith("/control/"):
            return web_response(await self._control.handle(request))
        return await self._gate.handle(request)
