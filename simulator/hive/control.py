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
import orjson

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
                self._set_fault(_body(raw))
            case "DELETE", ["fault"]:
                hive.clear()
            case "POST", ["workers", worker_id]:
                self._worker(worker_id).change(**_body(raw))
            case "POST", ["workers", worker_id, "message"]:
                self._message(self._worker(worker_id), _body(raw))
            case "POST", ["announce"]:
                self._announce(_body(raw))
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
        _only(body, "fault", "seconds", "path", "count", "retry_after", "delay")
        path = body.get("path")
        if path is not None and not isinstance(path, str):
            raise ValueError(f"path must be a text, not {path!r}")
        delay, retry_after = _number(body, "delay"), _number(body, "retry_after")
        count = _number(body, "count")
        self._service.set_fault(
            fault_named(str(body.get("fault"))),
            seconds=_number(body, "seconds"),
            path=path,
            count=None if count is None else int(count),
            retry_after=60 if retry_after is None else int(retry_after),
            delay=35.0 if delay is None else delay,
        )

    def _message(self, worker: SimulatedWorker, body: Data) -> None:
        _only(body, "title", "type", "cmd_id")
        command_id = _number(body, "cmd_id")
        worker.say(
            _text(body, "title"),
            str(body.get("type", "info")),
            None if command_id is None else int(command_id),
        )

    def _announce(self, body: Data) -> None:
        _only(body, "title", "message", "type", "start_at", "end_at")
        kind = str(body.get("type", "info"))
        if kind not in _TYPES:
            raise ValueError(f"no type {kind!r}; there are: {', '.join(_TYPES)}")
        self._service.announce(
            _text(body, "title"),
            str(body.get("message", "")),
            _number(body, "start_at"),
            _number(body, "end_at"),
            kind,
        )


def _body(raw: bytes) -> Data:
    try:
        body = orjson.loads(raw)
    except ValueError:
        raise ValueError("the body is not JSON") from None
    if isinstance(body, dict):
        return body
    raise ValueError("the body must be a JSON object")


def _only(body: Data, *names: str) -> None:
    if unknown := body.keys() - set(names):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")


def _text(body: Data, name: str) -> str:
    value = body.get(name)
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"{name} must be a text, not {value!r}")


def _number(body: Data, name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{name} must be a number, not {value!r}")
