"""Braiins OS' public REST API: a login, then its token in every request.

An action answers whether it was so already.
"""

from dataclasses import replace

from .configuration import LEAST_TARGET, MOST_TARGET
from .http_server import HttpRequest, HttpResponse, json_response
from .miner import SimulatedMiner
from .orders import Order, Then
from .rest_api import Page, RestError, admit, body_of, fields, order, reply
from .tokens import LIFE, same

_API = "/api/v1"


def _pause(miner: SimulatedMiner, body: object) -> object:
    del body
    before = miner.conditions.sleep
    order(miner, Order(config=replace(miner.config, mode="sleep")))
    return before


def _resume(miner: SimulatedMiner, body: object) -> object:
    del body
    before = not miner.conditions.sleep
    order(miner, Order(config=replace(miner.config, mode="normal")))
    return before


def _restart(miner: SimulatedMiner, body: object) -> object:
    del body
    order(miner, Order(then=Then.RESTART))
    return not miner.conditions.sleep


def _reboot(miner: SimulatedMiner, body: object) -> object:
    del body
    order(miner, Order(then=Then.REBOOT))
    return None


def _locate(miner: SimulatedMiner, body: object) -> object:
    if not isinstance(body, bool):
        raise RestError(422, "true or false is wanted")
    order(miner, Order(locating=body))
    return body


def _located(miner: SimulatedMiner, body: object) -> object:
    del body
    return miner.locating


def _bounds(miner: SimulatedMiner) -> tuple[int, int]:
    rated = miner.profile.power
    return int(rated * LEAST_TARGET), int(rated * MOST_TARGET)


def _power_target(miner: SimulatedMiner, body: object) -> object:
    watts = fields(body).get("watt")
    least, most = _bounds(miner)
    if type(watts) is not int or not least <= watts <= most:
        raise RestError(400, f"watt must be from {least} to {most}")
    order(miner, Order(config=replace(miner.config, power_target=watts)))
    return {"watt": watts}


def _tuner_state(miner: SimulatedMiner, body: object) -> object:
    del body
    target = {"watt": miner.config.power_target}
    return {
        "overall_tuner_state": 3,
        "mode_state": {"powertargetmodestate": {"current_target": target}},
    }


def _constraints(miner: SimulatedMiner, body: object) -> object:
    del body
    least, most = _bounds(miner)
    target = {
        "default": {"watt": int(miner.profile.power)},
        "min": {"watt": least},
        "max": {"watt": most},
    }
    return {"tuner_constraints": {"power_target": target}}


def _pools(miner: SimulatedMiner, body: object) -> object:
    del body
    pools = [
        {
            "uid": f"pool-{pool.index}",
            "url": pool.setting.url,
            "user": pool.setting.user,
            "enabled": True,
            "alive": pool.alive,
            "active": pool.active,
        }
        for pool in sorted(miner.model.snapshot().pools, key=lambda pool: pool.priority)
        if pool.set
    ]
    return [{"uid": "group-0", "name": "Default", "pools": pools}]


_PAGES = {
    ("PUT", "/actions/pause"): Page(answer=_pause),
    ("PUT", "/actions/stop"): Page(answer=_pause),
    ("PUT", "/actions/resume"): Page(answer=_resume),
    ("PUT", "/actions/start"): Page(answer=_resume),
    ("PUT", "/actions/restart"): Page(answer=_restart),
    ("PUT", "/actions/reboot"): Page(answer=_reboot),
    ("PUT", "/actions/locate"): Page(answer=_locate),
    ("GET", "/actions/locate"): Page(answer=_located),
    ("PUT", "/performance/power-target"): Page(answer=_power_target),
    ("GET", "/performance/tuner-state"): Page(answer=_tuner_state),
    ("GET", "/configuration/constraints"): Page(answer=_constraints),
    ("GET", "/pools"): Page(answer=_pools),
}


def _login(
    miner: SimulatedMiner, request: HttpRequest, user: str, password: str
) -> object:
    given = fields(body_of(request))
    if not same(given.get("username"), user) or not same(
        given.get("password"), password
    ):
        raise RestError(401, "invalid credentials")
    return {"token": miner.tokens.give(), "timeout_s": int(LIFE)}


def handle(
    miner: SimulatedMiner, user: str, password: str, request: HttpRequest
) -> HttpResponse | None:
    """The answer of the REST pages; ``None``: there is no such page."""
    path = request.path.removeprefix(_API)
    try:
        if (request.method, path) == ("POST", "/auth/login"):
            return json_response(_login(miner, request, user, password))
        page = _PAGES.get((request.method, path))
        if page is None or not request.path.startswith(_API):
            return None
        admit(miner.tokens.good(request.headers.get("authorization", "")))
        return reply(page.answer(miner, body_of(request)))
    except RestError as err:
        return json_response({"message": str(err)}, err.status)
