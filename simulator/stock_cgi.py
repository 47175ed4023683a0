"""The scripts of stock firmware that read and write its configuration, with their traps.

The X19 script reads one line of as many bytes as the request said, without a length
nothing; ``read`` eats its backslashes; jq parses what is left; then the text goes unquoted
through the shell, so one blank anywhere in it makes every field empty and that is what is
written. The classic script takes the fields by their place, whatever their names.
"""

from dataclasses import replace
import json
import re

from .configuration import Configuration, built, defaults, modes, wiped
from .http_server import HttpRequest
from .orders import Order, Then
from .profiles import PoolSetting, Profile

_FIRST_YEAR_OF_SHORT_CONFIGURATION = 2022
_SLOTS = 3
DONE = '{"stats":"success","code":"M000","msg":"OK!"}'
ILLEGAL = '{"stats":"error","code":"M001","msg":"Illegal request!"}'
_BLANKS = re.compile(r"[ \t\n]+")
_DECODED = (
    ("+", " "), ("%23", "#"), ("%24", "$"), ("%25", "%"), ("%26", "&"), ("%2C", ","), ("%2B", "+"), ("%3A", ":"),
    ("%3B", ";"), ("%3C", "<"), ("%3D", "="), ("%3E", ">"), ("%3F", "?"), ("%40", "@"), ("%5B", "["), ("%5D", "]"),
    ("%5E", "^"), ("%7B", "{"), ("%7C", "|"), ("%7D", "}"), ("%2F", "/"),
)  # fmt: skip
"""What the classic script decodes, in its order; it leaves all other escapes as they are."""
_FIELDS = (
    "_ant_pool1url", "_ant_pool1user", "_ant_pool1pw", "_ant_pool2url", "_ant_pool2user", "_ant_pool2pw",
    "_ant_pool3url", "_ant_pool3user", "_ant_pool3pw", "_ant_nobeeper", "_ant_notempoverctrl",
    "_ant_fan_customize_switch", "_ant_fan_customize_value", "_ant_freq", "_ant_voltage", "_ant_work_mode",
)  # fmt: skip
"""In the order in which the classic script counts them."""


def configuration(config: Configuration, profile: Profile) -> str:
    """``get_miner_conf.cgi``: the whole file, or from 2022 on the part that the page shows.

    Texts are not escaped, nothing is written where there is nothing.
    """
    manual = "" if config.fan_manual is None else json.dumps(config.fan_manual)
    fan = {"bitmain-fan-ctrl": manual, "bitmain-fan-pwm": _quoted(config.fan_pwm)}
    mode = _quoted(config.mode)
    if profile.web == "new" and built(profile) >= _FIRST_YEAR_OF_SHORT_CONFIGURATION:
        return _file(
            config,
            fan
            | {
                "bitmain-work-mode": mode,
                "bitmain-hashrate-percent": _quoted(config.freq_level),
            },
        )
    whole = {
        "api-listen": "true",
        "api-network": "true",
        "api-groups": _quoted("A:stats:pools:devs:summary:version"),
        "api-allow": _quoted("A:0/0,W:*"),
        **fan,
        "bitmain-use-vil": "true",
        "bitmain-freq": _quoted(config.frequency),
        "bitmain-voltage": _quoted(config.voltage),
    }
    if profile.web == "new":
        whole |= {
            "bitmain-ccdelay": _quoted("0"),
            "bitmain-pwth": _quoted("0"),
            "bitmain-work-mode": mode,
            "bitmain-freq-level": _quoted(config.freq_level),
        }
    elif profile.sleeps:
        whole["bitmain-work-mode"] = mode
    return _file(config, whole)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _file(config: Configuration, rest: dict[str, str]) -> str:
    # Written by hand in the firmware: a blank on both sides of the colon, a lone comma.
    pools = ",\n".join(
        f'{{\n"url" : "{pool.url}",\n"user" : "{pool.user}",\n"pass" : "{pool.password}"\n}}'
        for pool in config.pools
    )
    lines = ",\n".join(f'"{key}" : {value}' for key, value in rest.items())
    return f'{{\n"pools" : [\n{pools}\n]\n,\n{lines}\n}}'


def set_new(
    config: Configuration, profile: Profile, request: HttpRequest
) -> tuple[Order | None, str]:
    """``set_miner_conf.cgi`` of the X19 generation: what it does, and what it answers."""
    text = _line(request)
    if not text:
        if defaults(profile):
            return None, ILLEGAL
        return Order(config=wiped(config, profile), then=Then.RESTART), DONE
    try:
        data: object = json.loads(_BLANKS.sub(" ", text))
    except ValueError:
        return None, ILLEGAL
    compact = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    if not isinstance(data, dict) or _BLANKS.search(compact):
        return Order(config=wiped(config, profile), then=Then.RESTART), DONE
    changed = _changed(config, profile, data)
    restarts = changed.mode != config.mode
    return (
        Order(config=changed, then=Then.RESTART if restarts else Then.NOTHING),
        DONE,
    )


def _line(request: HttpRequest) -> str:
    """What ``read -n $CONTENT_LENGTH`` makes of the body."""
    if not request.measured:
        return ""
    line = request.body.decode("utf-8", "replace").split("\n", 1)[0]
    return re.sub(r"\\(.?)", r"\1", line).strip(" \t")


def _changed(
    config: Configuration, profile: Profile, data: dict[str, object]
) -> Configuration:
    pools = data.get("pools")

    def pool(index: int, key: str, old: str) -> str:
        if pools is None:
            return old
        if not isinstance(pools, list):
            return ""
        entry = pools[index] if index < len(pools) else None
        if entry is None:
            return old
        return _chosen(entry.get(key), old) if isinstance(entry, dict) else ""

    late = defaults(profile)
    manual = _chosen(data.get("bitmain-fan-ctrl"), json.dumps(config.fan_manual))
    mode = _chosen(data.get("miner-mode"), config.mode)
    if not mode:
        mode = "0" if late else ""
    elif mode not in modes(profile):
        mode = config.mode
    return replace(
        config,
        pools=tuple(
            PoolSetting(
                url=pool(index, "url", slot.url),
                user=pool(index, "user", slot.user),
                password=pool(index, "pass", slot.password),
            )
            for index, slot in enumerate(_slots(config))
        ),
        fan_manual={"true": True, "false": False}.get(manual, False if late else None),
        fan_pwm=_chosen(data.get("bitmain-fan-pwm"), config.fan_pwm)
        or ("100" if late else ""),
        mode=mode,
        freq_level=_chosen(data.get("freq-level"), config.freq_level),
    )


def _chosen(value: object, old: str) -> str:
    """A field as ``jq -r`` prints it; ``null``, and the word too, keep the old one."""
    text = value if isinstance(value, str) else json.dumps(value)
    return old if text == "null" else text


def _slots(config: Configuration) -> tuple[PoolSetting, ...]:
    missing = _SLOTS - len(config.pools)
    return config.pools + (PoolSetting(password=""),) * missing


def set_old(
    config: Configuration, profile: Profile, request: HttpRequest
) -> tuple[Order | None, str]:
    """``set_miner_conf.cgi`` of the classic generation, which restarts the daemon always.

    Frequency, voltage and mode that are not sent become those of the factory: the file is
    emptied before the script looks into it.
    """
    body = request.body.decode("utf-8", "replace") if request.measured else ""
    parts = _BLANKS.split(body.replace("&", " ").strip(" \t\n"))
    values = dict.fromkeys(_FIELDS, "")
    for name, part in zip(_FIELDS, parts, strict=False):
        for code, letter in _DECODED:
            part = part.replace(code, letter)
        values[name] = part.replace(f"{name}=", "", 1)
    manual = values["_ant_fan_customize_switch"] == "true"
    mode = values["_ant_work_mode"]
    if profile.sleeps and mode not in modes(profile):
        mode = "1"
    changed = replace(
        config,
        pools=tuple(
            PoolSetting(
                url=values[f"_ant_pool{number}url"],
                user=values[f"_ant_pool{number}user"],
                password=values[f"_ant_pool{number}pw"],
            )
            for number in range(1, _SLOTS + 1)
        ),
        fan_manual=manual,
        fan_pwm=values["_ant_fan_customize_value"] if manual else "100",
        frequency=values["_ant_freq"] or str(profile.frequency),
        voltage=values["_ant_voltage"] or "1400",
        mode=mode if profile.sleeps else "",
    )
    return Order(config=changed, then=Then.RESTART), "ok"
