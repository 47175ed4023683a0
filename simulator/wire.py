"""Requests and replies as bytes: what every dialect needs to read and write them."""

from collections.abc import Callable
from dataclasses import dataclass
import json
from typing import override

type Value = str | bool | int | float | list[Value] | dict[str, Value]
"""What a reply is made of. Floats are written by the style, :class:`Number` as it stands."""
type Record = dict[str, Value]


class Number(str):
    """A number that is already written the way that the firmware writes this one."""

    __slots__ = ()


class RunOn(list[Value]):
    """A list whose elements have no comma between them (classic ``stats``)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a firmware writes JSON."""

    item: str
    key: str
    real: Callable[[float], str]


def _two_places(value: float) -> str:
    return f"{value:.2f}"


def _twelve_digits(value: float) -> str:
    text = format(value, ".12G")
    return text if "." in text or "E" in text else f"{text}.0"


CLASSIC = Style(item=",", key=":", real=_two_places)
"""printf formats of bmminer and cgminer: compact, two decimals unless said otherwise."""
JANSSON = Style(item=", ", key=": ", real=_twelve_digits)
"""The X19 generation: blanks after separators, twelve significant digits."""
SERDE = Style(item=",", key=":", real=repr)
"""Rust firmware: compact, the shortest text that reads back as the same number."""


def encode(value: Value, style: Style) -> str:
    """``value`` as this firmware writes it."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return style.real(value)
    if isinstance(value, dict):
        return (
            "{"
            + style.item.join(
                [
                    f'"{key}"{style.key}{encode(item, style)}'
                    for key, item in value.items()
                ]
            )
            + "}"
        )
    between = "" if isinstance(value, RunOn) else style.item
    return "[" + between.join([encode(item, style) for item in value]) + "]"


def fixed(value: float, places: int) -> Number:
    """A number with that many decimals."""
    return Number(f"{value:.{places}f}")


def suffixed(value: float) -> str:
    """A difficulty as cgminer shows it: three digits and K, M or G."""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if value >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"


def ago(seconds: float | None) -> str:
    """Time since the last share as stock firmware says it: ``H:MM:SS``, hours unbounded, or ``0``."""
    if seconds is None:
        return "0"
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


class RequestError(Exception):
    """A request that the API answers with one of its own error codes."""

    def __init__(self, code: int, message: str) -> None:
        """Keep the API's code and its message."""
        super().__init__(message)
        self.code = code
        self.message = message

    @override
    def __str__(self) -> str:
        return f"{self.code} {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to port 4028."""

    commands: tuple[str, ...]
    """One name (which may join several by ``+``), or those of an array."""
    array: bool = False
    parameter: str = ""
    new_api: bool = False
    text: bool = False
    """Not JSON: the reply is not JSON either, where the firmware is true to cgminer."""

    @property
    def command(self) -> str:
        """The first command, which is the only one outside an array."""
        return self.commands[0]


def parse_request(raw: bytes, *, key: str = "command") -> Request:
    """Read what one ``recv`` returned (bmminer api.c, ``api()``).

    ``key`` is that of the command. A text request is compared exactly: its trailing newline
    makes it an unknown command.
    Raises RequestError: 23 for JSON that does not parse, 24 without a command.
    """
    text = raw.decode("utf-8", "replace").split("\0", 1)[0]
    if not text.startswith("{"):
        command, _, parameter = text.partition("|")
        return Request(commands=(command,), parameter=parameter, text=True)
    try:
        # It starts with a brace: if it parses, it is an object.
        data: dict[str, object] = json.loads(text)
    except ValueError:
        raise RequestError(23, "Invalid JSON") from None
    named = data.get(key)
    parameter = str(data.get("parameter", ""))
    new_api = data.get("new_api") is True
    if isinstance(named, str):
        return Request(commands=(named,), parameter=parameter, new_api=new_api)
    if isinstance(named, list):
        names = tuple(name for name in named if isinstance(name, str))
        if names and len(names) == len(named):
            return Request(commands=names, array=True, new_api=new_api)
    raise RequestError(24, "Missing JSON 'command'")


def as_text(reply: Record, style: Style) -> str:
    """A reply in cgminer's own text form: ``STATUS=S,When=…|POOL=0,URL=…|``."""
    parts: list[str] = []
    for name, section in reply.items():
        named = [name] if name in {"SUMMARY", "VERSION"} else []
        for record in section if isinstance(section, list) else []:
            fields = record.items() if isinstance(record, dict) else ()
            texts = [f"{key}={_plain(item, style)}" for key, item in fields]
            parts.append(",".join([*named, *texts]) + "|")
    return "".join(parts)


def _plain(value: Value, style: Style) -> str:
    if isinstance(value, str):
        return str(value)
    return encode(value, style)
