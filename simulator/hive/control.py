"""Breaking and mending a running service over HTTP, beside the API and without a token.

======  ================================  ==============================================
GET     /control                          farms, workers, tokens, faults, violations
POST    /control/fault                    ``{"fault": "too_many", "seconds": 30, "path":
                                          "/workers", "count": 1, "retry_after": 5}``
DELETE  /control/fault                    end all faults
POST    /control/workers/2000001          ``{"online": false, "heat": 20}``
POST    /control/workers/2000001/message  ``{"title": "GPU lost", "type": "danger"}``
POST    /control/announce                 ``{"title": "Downtime", "start_at": 1750000000}``
POST    /control/token/owner/revoke       and ``…/restore``
======  ================================  ==============================================

Errors answer 400, 404 or 405 with ``{"error": …}``.
"""

from typing import TYPE_CHECKING

from aiohttp import web

from simulator.control_body import number, only, parse, text

from .data import Data
from .faults import fault_named
from .replies import Reply, json_reply
from .worker import SimulatedWorker

if TYPE_CHECKING:
    from .service import HiveService

_TYPES = ("info", "success", "warning", "danger")


class HiveControl:
    """The endpoint of a service."""

    def __init__(self, service: HiveService) -> None:
        """Control that service."""
        self._service = service

    async def handle(self, request: web.Request) -> Reply:
        """Answer a request."""
        parts = request.path.strip("/").split("/")[1:]
        raw = await request.read()
        try:
            return self._route(request.method, parts, raw)
        except LookupError as err:
            return json_reply({"error": str(err.args[0])}, 404)
        except ValueError as err:
            return json_reply({"error": str(err)}, 400)

    def _route(self, method: str, parts: list[str], raw: bytes) -> Reply:
        hive = self._service
        match method, parts:
            case "GET", []:
                return json_reply(self._overview())
            case "POST", ["fault"]:
                self._set_fault(parse(raw))
            case "DELETE", ["fault"]:
                hive.clear()
            case "POST", ["workers", worker_id]:
                self._worker(worker_id).change(**parse(raw))
            case "POST", ["workers", worker_id, "message"]:
                self._message(self._worker(worker_id), parse(raw))
            case "POST", ["announce"]:
                self._announce(parse(raw))
            case "POST", ["token", name, "revoke"]:
                hive.revoke(name)
            case "POST", ["token", name, "restore"]:
                hive.restore(name)
            case _, [] | ["fault" | "announce"] | ["workers" | "token", _, *_]:
                error = f"{method} is not for /{'/'.join(['control', *parts])}"
                return json_reply({"error": error}, 405)
            case _:
                raise LookupError(f"no page {'/'.join(parts)!r}; see /control")
        return json_reply({"done": True})

    def _overview(self) -> Data:
        hive = self._service
        return {
            "url": hive.url,
            "tokens": hive.tokens,
            "faults": [
                {"fault": set_fault.fault, "path": set_fault.path}
                for set_fault in hive.faults
            ],
            "violations": list(hive.violations),
            "writes": [
                {"method": seen.method, "path": seen.path, "body": seen.body}
                for seen in hive.requests
                if seen.method != "GET"
            ],
            "farms": [
                {
                    "id": farm.id,
                    "name": farm.name,
                    "workers": [
                        {"id": worker.id, "name": worker.name, "online": worker.online}
                        for worker in farm.workers
                    ],
                }
                for farm in hive.farms
            ],
        }

    def _worker(self, text: str) -> SimulatedWorker:
        for farm in self._service.farms:
            for worker in farm.workers:
                if str(worker.id) == text:
                    return worker
        raise LookupError(f"no worker {text!r}; see /control")

    def _set_fault(self, body: Data) -> None:
        only(body, "fault", "seconds", "path", "count", "retry_after", "delay")
        path = body.get("path")
        if path is not None and not isinstance(path, str):
            raise ValueError(f"path must be a text, not {path!r}")
        delay, retry_after = number(body, "delay"), number(body, "retry_after")
        count = number(body, "count")
        self._service.set_fault(
            fault_named(str(body.get("fault"))),
            seconds=number(body, "seconds"),
            path=path,
            count=None if count is None else int(count),
            retry_after=60 if retry_after is None else int(retry_after),
            delay=35.0 if delay is None else delay,
        )

    def _message(self, worker: SimulatedWorker, body: Data) -> None:
        only(body, "title", "type", "cmd_id")
        command_id = number(body, "cmd_id")
        worker.say(
            text(body, "title"),
            str(body.get("type", "info")),
            None if command_id is None else int(command_id),
        )

    def _announce(self, body: Data) -> None:
        only(body, "title", "message", "type", "start_at", "end_at")
        kind = str(body.get("type", "info"))
        if kind not in _TYPES:
            raise ValueError(f"no type {kind!r}; there are: {', '.join(_TYPES)}")
        self._service.announce(
            text(body, "title"),
            str(body.get("message", "")),
            number(body, "start_at"),
            number(body, "end_at"),
            kind,
        )
