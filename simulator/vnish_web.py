"""VNish's REST pages (1.2 and later): reading is free, telling needs the token of ``unlock``.

Settings are those that the project controls; unknown ones are taken and forgotten.
"""

from dataclasses import replace
import json

from .configuration import Configuration, presets
from .dialects import vnish_rest
from .dialects.vnish import miner_state
from .http_server import HttpRequest, HttpResponse, json_response
from .miner import SimulatedMiner
from .orders import Order, Then
from .profiles import PoolSetting
from .rest_api import Page, RestError, admit, body_of, fields, order, reply
from .tokens import same
from .wire import SERDE, encode

_API = "/api/v1"


def _read(encoded: str) -> object:
    data: object = json.loads(encoded)
    return data


def _info(miner: SimulatedMiner, body: object) -> object:
    del body
    return _read(encode(vnish_rest.info(miner.model.snapshot()), SERDE))


def _summary(miner: SimulatedMiner, body: object) -> object:
    del body
    return _read(encode(vnish_rest.summary(miner.model.snapshot()), SERDE))


def _status(miner: SimulatedMiner, body: object) -> object:
    del body
    state = miner.model.snapshot()
    return {
        "miner_state": miner_state(state),
        "miner_state_time": state.elapsed,
        "find_miner": miner.locating,
        "restart_required": False,
        "reboot_required": False,
        "unlocked": False,
    }


def _perf_summary(miner: SimulatedMiner, body: object) -> object:
    del body
    return {
        "current_preset": next(
            (
                item
                for item in _preset_list(miner)
                if item["name"] == miner.config.preset
            ),
            None,
        )
    }


def _preset_list(miner: SimulatedMiner) -> list[dict[str, object]]:
    return [
        {
            "name": preset.name,
            "pretty": preset.pretty,
            "status": "tuned",
            "modded_psu_required": False,
        }
        for preset in presets(miner.profile)
    ]


def _presets(miner: SimulatedMiner, body: object) -> object:
    del body
    off = {"name": "disabled", "pretty": "Disabled", "status": "untuned"}
    return [off | {"modded_psu_required": False}, *_preset_list(miner)]


def _sleep(miner: SimulatedMiner, body: object) -> object:
    del body
    if miner.conditions.sleep:
        raise RestError(
            500, "CGMiner err: Cgminer error failed-to-activate-pause-mode "
        )
    order(miner, Order(config=replace(miner.config, mode="sleep")))
    return None


def _wake(miner: SimulatedMiner, body: object) -> object:
    del body
    if not miner.conditions.sleep:
        raise RestError(
            500, "CGMiner err: Cgminer error failed-to-activate-resume-mode "
        )
    order(miner, Order(config=replace(miner.config, mode="normal")))
    return None


def _restart(miner: SimulatedMiner, body: object) -> object:
    del body
    order(miner, Order(config=replace(miner.config, mode="normal"), then=Then.RESTART))
    return None


def _switch_pool(miner: SimulatedMiner, body: object) -> object:
    wanted = fields(body).get("pool_id")
    config = miner.config
    places = [index for index, pool in enumerate(config.pools) if pool.url]
    if type(wanted) is not int or wanted not in places:
        raise RestError(400, "Could not find pool")
    others = config.order or tuple(range(len(config.pools)))
    rest = tuple(place for place in others if place != wanted)
    order(miner, Order(config=replace(config, order=(wanted, *rest))))
    return None


def _reboot(miner: SimulatedMiner, body: object) -> object:
    del body
    order(miner, Order(then=Then.REBOOT))
    return {"after": 3}


def _find_miner(miner: SimulatedMiner, body: object) -> object:
    on = not miner.locating if body is None else fields(body).get("on")
    if not isinstance(on, bool):
        raise RestError(400, "on must be true or false")
    order(miner, Order(locating=on))
    return {"on": on}


def _settings(miner: SimulatedMiner, body: object) -> object:
    del body
    config = miner.config
    mode: dict[str, object] = {"name": "auto"}
    if config.fan_manual:
        mode = {"name": "manual", "param": int(config.fan_pwm)}
    return {
        "miner": {
            "cooling": {"mode": mode},
            "overclock": {"preset": config.preset, "modded_psu": False},
            "pools": [
                {
                    "id": index,
                    "url": pool.url,
                    "user": pool.user,
                    "pass": pool.password,
                    "order": index,
                }
                for index, pool in enumerate(config.pools)
            ],
        }
    }


def _set_settings(miner: SimulatedMiner, body: object) -> object:
    wanted = fields(fields(body).get("miner", {}))
    config = miner.config
    if "overclock" in wanted:
        config = _overclocked(config, miner, fields(wanted["overclock"]))
    if "cooling" in wanted:
        config = _cooled(config, fields(wanted["cooling"]))
    if "pools" in wanted:
        config = _pooled(config, wanted["pools"])
    if config != miner.config:
        order(miner, Order(config=config))
    return {"restart_required": False, "reboot_required": False}


def _overclocked(
    config: Configuration, miner: SimulatedMiner, wanted: dict[str, object]
) -> Configuration:
    preset = wanted.get("preset", config.preset)
    names = {item.name for item in presets(miner.profile)}
    if not isinstance(preset, str) or preset not in names | {"disabled"}:
        raise RestError(400, "unknown preset")
    return replace(config, preset=preset)


def _cooled(config: Configuration, wanted: dict[str, object]) -> Configuration:
    mode = fields(wanted.get("mode", {}))
    match mode.get("name"), mode.get("param"):
        case None, None:
            return config
        case "auto", _:
            return replace(config, fan_manual=False)
        case "manual", int(duty) if 0 <= duty <= 100:
            return replace(config, fan_manual=True, fan_pwm=str(duty))
        case _:
            raise RestError(400, "invalid cooling mode")


def _pooled(config: Configuration, wanted: object) -> Configuration:
    if not isinstance(wanted, list) or not wanted:
        raise RestError(400, "pools must be a list")
    pools = []
    for entry in wanted:
        texts = [fields(entry).get(key, "") for key in ("url", "user", "pass")]
        if not all(isinstance(text, str) for text in texts):
            raise RestError(400, "invalid pool")
        url, user, password = map(str, texts)
        pools.append(PoolSetting(url=url, user=user, password=password))
    return replace(config, pools=tuple(pools), order=())


_PAGES = {
    ("GET", "/info"): Page(answer=_info, open=True),
    ("GET", "/summary"): Page(answer=_summary, open=True),
    ("GET", "/status"): Page(answer=_status, open=True),
    ("GET", "/perf-summary"): Page(answer=_perf_summary, open=True),
    ("POST", "/find-miner"): Page(answer=_find_miner, open=True),
    ("GET", "/autotune/presets"): Page(answer=_presets),
    ("GET", "/settings"): Page(answer=_settings),
    ("POST", "/settings"): Page(answer=_set_settings),
    ("POST", "/mining/stop"): Page(answer=_sleep),
    ("POST", "/mining/pause"): Page(answer=_sleep),
    ("POST", "/mining/start"): Page(answer=_wake),
    ("POST", "/mining/resume"): Page(answer=_wake),
    ("POST", "/mining/restart"): Page(answer=_restart),
    ("POST", "/mining/switch-pool"): Page(answer=_switch_pool),
    ("POST", "/system/reboot"): Page(answer=_reboot),
}


def _unlock(miner: SimulatedMiner, request: HttpRequest, password: str) -> object:
    given = fields(body_of(request)).get("pw")
    if miner.tokens.blocked:
        raise RestError(429, "too many attempts")
    if not same(given, password):
        miner.tokens.wrong()
        raise RestError(403, "wrong password")
    return {"token": miner.tokens.give()}


def handle(
    miner: SimulatedMiner, password: str, request: HttpRequest
) -> HttpResponse | None:
    """The answer of the REST pages; ``None``: there is no such page."""
    path = request.path.removeprefix(_API)
    try:
        if (request.method, path) == ("POST", "/unlock"):
            return json_response(_unlock(miner, request, password))
        page = _PAGES.get((request.method, path))
        if page is None or not request.path.startswith(_API):
            return None
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        admit(page.open or miner.tokens.good(token))
        return reply(page.answer(miner, body_of(request)))
    except RestError as err:
        return json_response({"err": str(err)}, err.status)
