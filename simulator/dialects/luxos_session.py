"""What LuxOS does under a session: ``logon``, commands with its id first, ``logoff``.

Codes and messages that the reference does not tell are made up, and so marked.
"""

from collections.abc import Callable
from dataclasses import replace

from simulator.configuration import Configuration, presets
from simulator.model import MinerModel
from simulator.orders import Order, Then
from simulator.wire import Record

from .base import Dialect

COMMANDS = frozenset(
    {"logon", "logoff", "curtail", "ledset", "rebootdevice", "resetminer", "profileset", "fanset"}
)  # fmt: skip
_REFUSED = 402
"""Made up: of every refusal."""


class _WrongError(Exception):
    """The parameters are not right."""


def told(dialect: Dialect, miner: MinerModel) -> Record:
    """``session``: the id of the one that is on."""
    return dialect.success(
        miner.snapshot(),
        319,
        "Session information",
        "SESSION",
        [{"SessionID": miner.session.id}],
    )


def tell(dialect: Dialect, miner: MinerModel, command: str, parameter: str) -> Record:
    """The reply to one of ``COMMANDS``."""
    state = miner.snapshot()
    if command == "logon":
        name = miner.session.begin()
        if name is None:
            return dialect.error(state, _REFUSED, "Another session is active")
        return dialect.success(
            state, 316, "Session created", "SESSION", [{"SessionID": name}]
        )
    name, _, rest = parameter.partition(",")
    if not miner.session.use(name):
        return dialect.error(state, _REFUSED, "Invalid session id")
    if command == "logoff":
        miner.session.end()
        # Made up, and so are all codes below but 305, 323 and 335.
        return {"STATUS": dialect.status(state, 317, "Session closed"), "id": 1}
    try:
        code, message, order = _ORDERS[command](miner.config, miner, rest)
    except _WrongError as err:
        return dialect.error(state, _REFUSED, str(err))
    miner.orders.append(order)
    return {"STATUS": dialect.status(state, code, message), "id": 1}


type _Made = tuple[int, str, Order]


def _curtail(config: Configuration, miner: MinerModel, rest: str) -> _Made:
    del miner
    modes = {"sleep": "sleep", "wakeup": "normal"}
    if rest not in modes:
        raise _WrongError("Invalid curtail mode")
    return 335, "Curtail", Order(config=replace(config, mode=modes[rest]))


def _ledset(config: Configuration, miner: MinerModel, rest: str) -> _Made:
    del config, miner
    color, _, state = rest.partition(",")
    if color not in {"red", "green"} or state not in {"auto", "on", "off", "blink"}:
        raise _WrongError("Invalid LED parameters")
    locating = state == "blink" if color == "red" else None
    return 336, "LED set", Order(locating=locating)


def _rebootdevice(config: Configuration, miner: MinerModel, rest: str) -> _Made:
    del config, miner, rest
    return 305, "Reboot scheduled", Order(then=Then.REBOOT)


def _resetminer(config: Configuration, miner: MinerModel, rest: str) -> _Made:
    del config, miner, rest
    return 304, "Miner reset", Order(then=Then.RESTART)


def _profileset(config: Configuration, miner: MinerModel, rest: str) -> _Made:
    names = {preset.name for preset in presets(miner.profile)}
    chosen = f"{miner.profile.frequency}MHz" if rest == "default" else rest
    if chosen not in names:
        raise _WrongError("Invalid profile")
    return 323, "Profile set", Order(config=replace(config, preset=chosen))


def _fanset(config: Configuration, miner: MinerModel, rest: str) -> _Made:
    """``speed=`` per cent, -1 for automatic; ``min_fans=`` is taken and forgotten."""
    del miner
    given = {
        name: value
        for name, _, value in (part.partition("=") for part in rest.split(","))
    }
    if not given.keys() <= {"speed", "min_fans"} or not given:
        raise _WrongError("Invalid fan parameters")
    speed = given.get("speed")
    if speed is None:
        return 324, "Fan set", Order()
    if speed == "-1":
        return 324, "Fan set", Order(config=replace(config, fan_manual=False))
    if not speed.isdecimal() or int(speed) > 100:
        raise _WrongError("Invalid fan speed")
    changed = replace(config, fan_manual=True, fan_pwm=speed)
    return 324, "Fan set", Order(config=changed)


_ORDERS: dict[str, Callable[[Configuration, MinerModel, str], _Made]] = {
    "curtail": _curtail,
    "ledset": _ledset,
    "rebootdevice": _rebootdevice,
    "resetminer": _resetminer,
    "profileset": _profileset,
    "fanset": _fanset,
}
