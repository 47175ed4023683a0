"""Where requests come in: seen, checked, befallen by faults, let in and answered."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import cast

from aiohttp import web
import orjson

from .accounts import Account
from .bodies import WorkerBodies, pack, zipped
from .contract import Found, contract
from .data import Data
from .endpoints import Endpoints, may_write, paged
from .farm import SimulatedFarm
from .faults import HiveFault, SetFault
from .plan import Clock
from .replies import (
    FORBIDDEN_PAGE,
    RefusedError,
    Reply,
    invalid,
    json_reply,
    page,
    problem,
    twisted_reply,
    unauthorized,
)
from .wire import answer_of, hinder

BASE = "/api/v2"
_MOST_REQUESTS = 10_000
_MOST_VIOLATIONS = 1_000
_WORTH_PACKING = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSeen:
    """A request as it came, without the token."""

    method: str
    path: str
    """Below ``/api/v2``, such as ``/farms``; elsewhere the whole path."""
    query: Mapping[str, str]
    body: object
    """``None`` where there was none, or none that is JSON."""
    headers: Mapping[str, str] = field(repr=False)
    """Without Authorization."""
    account: str | None
    """Name of the token: ``owner``, ``monitor`` …; ``None`` for one that nobody knows."""
    authorized: bool
    """Whether it had an Authorization header."""
    at: float
    """By the service's clock."""


class Gate:
    """Answers the requests of a service."""

    def __init__(
        self,
        *,
        farms: list[SimulatedFarm],
        accounts: Collection[Account],
        endpoints: Endpoints,
        bodies: WorkerBodies,
        faults: Callable[[], list[SetFault]],
        closing: asyncio.Event,
        clock: Clock,
        validate: bool,
    ) -> None:
        """Answer for these farms; ``closing`` ends what hangs."""
        self._farms = farms
        self._accounts = accounts
        self._endpoints = endpoints
        self._bodies = bodies
        self._faults = faults
        self._closing = closing
        self._clock = clock
        self._validate = validate
        self.requests: deque[RequestSeen] = deque(maxlen=_MOST_REQUESTS)
        self.violations: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, with everything that befalls it."""
        seen, body_is_json = await self._see(request)
        if not request.path.startswith(f"{BASE}/"):
            return web_response(page(FORBIDDEN_PAGE, 404))
        found = contract().find(seen.method, seen.path)
        rejected = self._examine(seen, found, body_is_json=body_is_json)
        fault = self._fault(seen.path)
        if fault is not None:
            fault.use()
            if response := await hinder(fault, request, self._closing):
                return response
            if answer := answer_of(fault):
                return web_response(answer)
        try:
            reply = await self._answer(request, seen, found, rejected, fault)
        except RefusedError as err:
            reply = err.reply
        if found and self._validate and fault is None:
            self._examine_reply(seen, found, reply)
        if fault is not None and fault.fault is HiveFault.WRONG_TYPES:
            reply = twisted_reply(reply)
        return await self._send(request, reply)

    async def _see(self, request: web.Request) -> tuple[RequestSeen, bool]:
        raw = await request.read()
        body: object = None
        is_json = True
        if raw:
            try:
                body = orjson.loads(raw)
            except ValueError:
                is_json = False
        header = request.headers.get("Authorization")
        token = (header or "").removeprefix("Bearer ")
        known = [a.name for a in self._accounts if a.token == token]
        seen = RequestSeen(
            method=request.method,
            path=request.path.removeprefix(BASE),
            query=dict(request.query),
            body=body,
            headers={
                name: value
                for name, value in request.headers.items()
                if name.lower() != "authorization"
            },
            account=known[0] if known else None,
            authorized=header is not None,
            at=self._clock(),
        )
        self.requests.append(seen)
        return seen, is_json

    def _fault(self, path: str) -> SetFault | None:
        now = self._clock()
        for fault in self._faults():
            if fault.befalls(path, now) and _concerns(fault.fault, path):
                return fault
        return None

    def _examine(
        self, seen: RequestSeen, found: Found | None, *, body_is_json: bool
    ) -> dict[str, list[str]]:
        """Check a request; the errors for which the service would reject it."""
        where = f"{seen.method} {seen.path}"
        if found is None:
            self._violation(f"{where}: not in the contract")
            return {}
        for text in contract().check_query(found, seen.query):
            self._violation(f"{where}: {text}")
        if not body_is_json:
            self._violation(f"{where}: the body is not JSON")
            return {"body": ["The body is not JSON."]}
        rejected: dict[str, list[str]] = {}
        for wrong in contract().check_body(found, seen.body):
            self._violation(f"{where}: {wrong.where}: {wrong.what}")
            if not wrong.unknown:
                rejected.setdefault(wrong.where, []).append(wrong.what)
        return rejected

    def _examine_reply(self, seen: RequestSeen, found: Found, reply: Reply) -> None:
        if reply.content_type == "text/html":
            return
        body: object = None
        if found.operation.id == "workers" and reply.status == 200:
            # Only those that were not seen in this shape before: large farms take seconds.
            body = {"data": list(self._bodies.unchecked.values())}
            self._bodies.unchecked.clear()
        elif reply.body:
            body = orjson.loads(reply.body)
        for text in contract().check_reply(found, reply.status, body):
            self._violation(f"{seen.method} {seen.path}: {text}")

    def _violation(self, text: str) -> None:
        if self._validate and len(self.violations) < _MOST_VIOLATIONS:
            self.violations.append(text)

    async def _answer(
        self,
        request: web.Request,
        seen: RequestSeen,
        found: Found | None,
        rejected: dict[str, list[str]],
        fault: SetFault | None,
    ) -> Reply:
        account = self._authorized(request)
        if found is None:
            if contract().knows(seen.path):
                return problem(405, f"{seen.method} is not for this path")
            return problem(404, "Not found")
        match found.operation.id:
            case "check":
                return Reply(status=204, content_type=None)
            case "account":
                return self._endpoints.account(account)
            case "announcements":
                return json_reply({"data": self._endpoints.announcements})
            case "farms":
                unpaid = any(f.fault is HiveFault.UNPAID for f in self._faults())
                reply = self._endpoints.farm_list(account, unpaid=unpaid)
                return reply if fault else _unless_known(request, reply)
        if fault is not None and fault.fault is HiveFault.UNPAID:
            return problem(403, "The farm has no paid features.", 403_010)
        try:
            farm = find_farm(self._farms, found.numbers["farmId"])
            worker_id = found.numbers.get("workerId")
            worker = None if worker_id is None else farm.worker(worker_id)
        except LookupError:
            return problem(404, "Not found")
        if seen.method == "GET":
            return await self._read(request, seen, found, farm, fault)
        may_write(account, farm)
        if rejected:
            return invalid(rejected)
        body = cast("Data", seen.body)
        if worker is not None:
            if found.operation.id == "command":
                return self._endpoints.command(account, farm, worker, body)
            return self._endpoints.edit(account, farm, worker, body)
        if found.operation.id == "commandMany":
            return self._endpoints.command_many(account, farm, body)
        merge = seen.query.get("merge") == "1"
        return self._endpoints.edit_many(account, farm, body, merge=merge)

    async def _read(
        self,
        request: web.Request,
        seen: RequestSeen,
        found: Found,
        farm: SimulatedFarm,
        fault: SetFault | None,
    ) -> Reply:
        match found.operation.id:
            case "messages":
                return self._endpoints.messages(farm, seen.query)
            case "events":
                account = self._authorized(request)
                return paged(farm.event_items(account.user.id), seen.query)
            case "flightSheets":
                return json_reply({"data": farm.sheet_items()})
            case "overclocks":
                return json_reply({"data": farm.overclock_items()})
        return await self._worker_list(request, farm, fault)

    async def _worker_list(
        self, request: web.Request, farm: SimulatedFarm, fault: SetFault | None
    ) -> Reply:
        match fault.fault if fault else None:
            case HiveFault.OLD_STATS if fault and farm.id in fault.kept:
                return Reply(body=fault.kept[farm.id])
            case HiveFault.MISSING_STATS:
                return Reply(body=self._bodies.without(farm, stats=True, first=False))
            case HiveFault.VANISH:
                return Reply(body=self._bodies.without(farm, stats=False, first=True))
        listing = await self._bodies.listing(farm)
        headers = {"ETag": listing.etag}
        if request.headers.get("If-None-Match") == listing.etag:
            return Reply(status=304, content_type=None, headers=headers)
        if fault is None and _takes_gzip(request):
            packed = {**headers, "Content-Encoding": "gzip"}
            return Reply(body=await zipped(listing), headers=packed)
        return Reply(body=listing.body, headers=headers)

    def _authorized(self, request: web.Request) -> Account:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise RefusedError(page(FORBIDDEN_PAGE, 403))
        for account in self._accounts:
            if account.token == token and not account.revoked:
                return account
        raise RefusedError(unauthorized())

    async def _send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        headers = reply.headers
        packable = "Content-Encoding" not in headers and reply.status < 400
        if packable and len(reply.body) > _WORTH_PACKING and _takes_gzip(request):
            body = await asyncio.to_thread(pack, reply.body)
            headers = {**headers, "Content-Encoding": "gzip"}
            return web_response(
                Reply(
                    status=reply.status,
                    body=body,
                    content_type=reply.content_type,
                    headers=headers,
                )
            )
        return web_response(reply)


def find_farm(farms: list[SimulatedFarm], farm_id: int) -> SimulatedFarm:
    """The farm of that id; LookupError when there is none."""
    for farm in farms:
        if farm.id == farm_id:
            return farm
    raise LookupError(f"no farm {farm_id}")


def web_response(reply: Reply) -> web.Response:
    """A reply as the web server sends it."""
    headers = dict(reply.headers)
    if reply.content_type is not None:
        headers["Content-Type"] = reply.content_type
    return web.Response(status=reply.status, body=reply.body, headers=headers)


def _unless_known(request: web.Request, reply: Reply) -> Reply:
    """304 instead of what whoever asks has already."""
    etag = f'W/"{blake2b(reply.body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag}
    if request.headers.get("If-None-Match") == etag:
        return Reply(status=304, content_type=None, headers=headers)
    return Reply(body=reply.body, headers=headers)


def _takes_gzip(request: web.Request) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")


_OF_WORKERS = (HiveFault.OLD_STATS, HiveFault.MISSING_STATS, HiveFault.VANISH)


def _concerns(fault: HiveFault, path: str) -> bool:
    """Whether a fault can befall that path at all; what cannot must not use it up."""
    if fault in _OF_WORKERS:
        return path.endswith("/workers")
    if fault is HiveFault.UNPAID:
        return path.startswith("/farms/")
    return True
