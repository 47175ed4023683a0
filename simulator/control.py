"""A small HTTP endpoint, on loopback only, to break and mend the miners while they run.

==========  ============================  =============================================
GET         /miners                       every miner: index, profile, where, fault
GET         /miners/3                     what miner 3 really is
POST        /miners/3/fault               ``{"fault": "refuse", "seconds": 30}``
POST        /miners/3/fault               ``{"fault": "lose_answer"}``: of what it is told
DELETE      /miners/3/fault               end both
POST        /miners/3/delays              ``{"write": 1, "restart": 15, "reboot": 60}``, in seconds
POST        /miners/3/condition           ``{"sleep": true, "missing_board": 1}``
DELETE      /miners/3/condition           back to those of its profile
POST …      /miners/all/…                 the same for all; those that cannot are skipped
DELETE      /faults                       end all faults
==========  ============================  =============================================

Errors answer 400, 404 or 405 with ``{"error": …}``.
"""

from collections.abc import Callable
from dataclasses import asdict, fields

from .control_body import number, only, parse
from .faults import fault_named
from .http_server import HttpRequest, HttpResponse, HttpServer, json_response
from .miner import SimulatedMiner
from .orders import Delays

HOST = "127.0.0.1"


class Control:
    """The endpoint."""

    def __init__(self, miners: list[SimulatedMiner], port: int) -> None:
        """Bind to loopback; OSError when the port is taken."""
        self._miners = miners
        self._server = HttpServer(HOST, port, self._handle)
        self.port = self._server.port

    def open(self) -> None:
        """Accept requests."""
        self._server.listener.open()

    async def stop(self) -> None:
        """Close it."""
        await self._server.listener.stop()

    def _handle(self, request: HttpRequest) -> HttpResponse:
        try:
            return self._route(request)
        except LookupError as err:
            return json_response({"error": str(err.args[0])}, 404)
        except ValueError as err:
            return json_response({"error": str(err)}, 400)

    def _route(self, request: HttpRequest) -> HttpResponse:
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "GET", ["miners"]:
                return json_response([_row(miner) for miner in self._miners])
            case "GET", ["miners", name]:
                return json_response(_detail(self._found(name)[0]))
            case "DELETE", ["faults"]:
                return _each(self._miners, SimulatedMiner.clear)
            case "POST", ["miners", name, "fault"]:
                return _each(self._found(name), _fault_setter(parse(request.body)))
            case "POST", ["miners", name, "delays"]:
                return _each(self._found(name), _delays_setter(parse(request.body)))
            case "DELETE", ["miners", name, "fault"]:
                return _each(self._found(name), SimulatedMiner.clear)
            case "POST", ["miners", name, "condition"]:
                body = parse(request.body)
                return _each(
                    self._found(name),
                    lambda miner: miner.condition(**body),
                    skip=name == "all",
                )
            case "DELETE", ["miners", name, "condition"]:
                return _each(self._found(name), SimulatedMiner.clear_conditions)
            case _, ["miners", *_] | ["faults"]:
                return json_response(
                    {"error": f"{request.method} is not for {request.path}"}, 405
                )
            case _:
                raise LookupError(f"no page {request.path!r}; see /miners")

    def _found(self, name: str) -> list[SimulatedMiner]:
        if name == "all":
            return self._miners
        if not name.isdecimal() or int(name) >= len(self._miners):
            raise LookupError(
                f"no miner {name!r}; there are 0 to {len(self._miners) - 1}, or all"
            )
        return [self._miners[int(name)]]


def _row(miner: SimulatedMiner) -> dict[str, object]:
    return {
        "index": miner.index,
        "profile": miner.profile.name,
        "model": miner.profile.model,
        "host": miner.host,
        "port": miner.port,
        "web_port": miner.web_port,
        "extras_port": miner.extras_port,
        "fault": miner.fault,
        "write_fault": miner.write_fault,
        "conditions": asdict(miner.conditions),
        "connections": miner.connections,
    }


def _detail(miner: SimulatedMiner) -> dict[str, object]:
    return {
        **_row(miner),
        "truth": asdict(miner.truth()),
        "commands": list(miner.commands),
        "config": asdict(miner.config),
        "locating": miner.locating,
        "delays": asdict(miner.delays),
        "written": [
            asdict(written) | {"body": written.body.decode("utf-8", "replace")}
            for written in miner.written
        ],
    }


def _fault_setter(body: dict[str, object]) -> Callable[[SimulatedMiner], None]:
    only(body, "fault", "seconds", "rate")
    fault = fault_named(str(body.get("fault")))
    seconds, rate = number(body, "seconds"), number(body, "rate")

    def apply(miner: SimulatedMiner) -> None:
        if rate is None:
            miner.set_fault(fault, seconds=seconds)
        else:
            miner.set_fault(fault, seconds=seconds, rate=rate)

    return apply


def _delays_setter(body: dict[str, object]) -> Callable[[SimulatedMiner], None]:
    only(body, *(item.name for item in fields(Delays)))
    wanted: dict[str, float] = {}
    for name, value in body.items():
        seconds = number(body, name)
        if seconds is None or seconds < 0:
            raise ValueError(f"{name} must be seconds from 0 on, not {value!r}")
        wanted[name] = seconds

    def apply(miner: SimulatedMiner) -> None:
        for name, seconds in wanted.items():
            setattr(miner.delays, name, seconds)

    return apply


def _each(
    miners: list[SimulatedMiner],
    act: Callable[[SimulatedMiner], object],
    *,
    skip: bool = False,
) -> HttpResponse:
    done: list[int] = []
    skipped: dict[int, str] = {}
    for miner in miners:
        try:
            act(miner)
        except ValueError as err:
            if not skip:
                raise
            skipped[miner.index] = str(err)
        else:
            done.append(miner.index)
    if skip and not done:
        raise ValueError(next(iter(skipped.values()), "there are no miners"))
    return json_response({"done": done, "skipped": skipped})
