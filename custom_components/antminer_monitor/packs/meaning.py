"""From the parts of a pack, whose structure is good, to what they mean."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ..antminer.hardware import Hardware, Variant
from .limits import (
    ANYTHING,
    BOARD_FIELDS,
    FAN_FIELDS,
    MAX_PARTS,
    RIG_FIELDS,
    UNITS,
    Field,
    sensor_field,
)
from .model import (
    Condition,
    Fields,
    PackBinarySensor,
    PackDialect,
    PackModel,
    PackSensor,
    PackTranslation,
    PartsSpec,
    Where,
    name_key,
)
from .node import Node
from .parts import NO_SIGN
from .places import (
    Scope,
    fields_of,
    marks_of,
    path_of,
    pattern_of,
    reply_of,
    uses,
    wheres_of,
)
from .where import numbered

ALWAYS = frozenset({"version", "stats"})
"""Replies that there are of every miner that has them."""

_NOT_A_NUMBER = ("date", "enum", "timestamp", "uptime")
"""Device classes whose states a pack cannot give."""
_DEFAULT_UNIT = "GH/s"
"""Of stock firmware for most algorithms."""


def dialect_of(node: Node, reserved: Collection[str]) -> PackDialect:
    """Compile a dialect. ``reserved``: names of firmware that are not to be taken."""
    if (firmware := node.text("firmware")).casefold() in reserved:
        node.member("firmware").wrong(f"{firmware} is known without this pack")
    recognise = tuple(
        tuple(_condition_of(condition) for condition in alternative.items())
        for alternative in node.member("recognise").items()
    )
    ask = node.texts("ask")
    if len(set(ask)) < len(ask):
        node.member("ask").wrong("has a command twice")
    probed = {item.reply for alternative in recognise for item in alternative}
    scope = Scope(ALWAYS | probed | {*ask})
    fields = fields_of(node.get("fields"), RIG_FIELDS, scope)
    boards = _parts_of(node.get("boards"), BOARD_FIELDS, scope)
    fans = _parts_of(node.get("fans"), FAN_FIELDS, scope)
    if not (
        uses(fields, ask[0], ask[0])
        or any(_parts_use(parts, ask[0]) for parts in (boards, fans))
    ):
        node.member("ask").wrong(
            f"nothing is read from {ask[0]}: the first command must be indispensable"
        )
    return PackDialect(
        id=node.text("id"),
        firmware=firmware,
        manufacturer=node.maybe("manufacturer"),
        algorithm=node.maybe("algorithm"),
        rate_unit=node.maybe("rate_unit"),
        recognise=recognise,
        ask=ask,
        fields=fields,
        boards=boards,
        fans=fans,
    )


def replies_of(dialect: PackDialect) -> frozenset[str]:
    """Tell which replies a dialect may read from."""
    probed = {item.reply for alternative in dialect.recognise for item in alternative}
    return ALWAYS | probed | {*dialect.ask}


def _condition_of(node: Node) -> Condition:
    steps, every = path_of(node.member("path"))
    return Condition(node.text("reply"), steps, every, pattern_of(node.get("matches")))


def _parts_of(
    node: Node | None, known: Mapping[str, Field], scope: Scope
) -> PartsSpec | None:
    if node is None:
        return None
    fields = fields_of(node.member("fields"), known, Scope(scope.replies, is_part=True))
    told = [
        where
        for name, places in fields.items()
        for where in places
        if name not in NO_SIGN and where.value is None
    ]
    if not told:
        node.member("fields").wrong("has nothing that shows whether the part is there")
    has_numbers = any(
        where.is_numbered for places in fields.values() for where in places
    )
    if (rows := node.get("rows")) is not None:
        steps, every = path_of(rows.member("path"))
        if every:
            rows.member("path").wrong(
                "has no * at its end: it leads to the list itself"
            )
        where = Where(reply=reply_of(rows, scope), steps=steps)
        words = [f"{place}" for place in range(MAX_PARTS)] if has_numbers else []
        return PartsSpec(rows=where, fields=fields, numbered=_numbered(fields, words))
    if not any(where.is_numbered for where in told):
        node.member("fields").wrong("has {n} in no path: all parts would be the same")
    if node.get("names") is not None:
        return PartsSpec(fields=fields, numbered=_numbered(fields, node.texts("names")))
    numbers = node.member("numbers")
    first, last = numbers.whole("from"), numbers.whole("to")
    assert first is not None and last is not None
    if not first <= last < first + MAX_PARTS:
        numbers.wrong(f"must be 1 to {MAX_PARTS} numbers, the least of them first")
        last = first
    words = [f"{number}" for number in range(first, last + 1)]
    return PartsSpec(fields=fields, numbered=_numbered(fields, words, first))


def _numbered(
    fields: Fields, words: Sequence[str], first: int = 0
) -> dict[int, Fields]:
    return {
        place: {
            name: tuple(numbered(where, word) for where in wheres)
            for name, wheres in fields.items()
        }
        for place, word in enumerate(words, first)
    }


def _parts_use(parts: PartsSpec | None, reply: str) -> bool:
    """Tell whether parts are read from a reply, the first that is asked for."""
    if parts is None:
        return False
    home = reply if parts.rows is None else parts.rows.reply or reply
    return uses(parts.fields, reply, home)


def model_of(node: Node, taken: dict[str, str]) -> PackModel:
    """Compile a model. ``taken``: the names of those before it, which it adds its own to."""
    model = node.text("model")
    names = [(model, node.member("model"))]
    if (aliases := node.get("aliases")) is not None:
        names += [(str(item.data), item) for item in aliases.items()]
    for name, place in names:
        if not (key := name_key(name)):
            place.wrong("has neither letters nor digits")
        elif key in taken:
            place.wrong(f"is a name of {taken[key]} already")
        else:
            taken[key] = model
    if (efficiency := node.number("joules_per_terahash")) is not None:
        variants: tuple[Variant, ...] = (Variant(1e12, efficiency),)
    elif (ratings := node.get("ratings")) is not None:
        variants = tuple(_variant_of(rating) for rating in ratings.items())
    else:
        variants = ()
    return PackModel(
        tuple(name for name, _ in names),
        Hardware(
            model=model,
            algorithm=node.text("algorithm"),
            unit=node.maybe("unit") or _DEFAULT_UNIT,
            boards=node.whole("boards"),
            chips=node.whole("chips"),
            fans=node.whole("fans"),
            variants=variants,
        ),
    )


def _variant_of(node: Node) -> Variant:
    told = node.text("hashrate")
    unit = next(
        name for name in sorted(UNITS, key=len, reverse=True) if told.endswith(name)
    )
    rate = float(told.removesuffix(unit)) * UNITS[unit].factor
    if not rate:
        node.member("hashrate").wrong("must be more than 0")
    power = node.number("power")
    assert power is not None
    return Variant(rate or 1.0, power)


def _scope_of(node: Node, dialects: Mapping[str, PackDialect]) -> tuple[str, ...]:
    """Read which dialects fill a sensor."""
    if not dialects:
        node.wrong("needs a dialect of this pack to fill it")
    if (told := node.get("dialects")) is None:
        return tuple(dialects)
    for item in told.items():
        if item.data not in dialects:
            item.wrong("is no dialect of this pack")
    return tuple(
        dict.fromkeys(name for name in node.texts("dialects") if name in dialects)
    )


def _values_of(
    node: Node,
    field: Field,
    names: tuple[str, ...],
    dialects: Mapping[str, PackDialect],
) -> tuple[Where, ...]:
    """Compile where a sensor's value stands, which must be so in all its dialects."""
    scopes = [replies_of(dialects[name]) for name in names]
    replies = frozenset.intersection(*scopes) if scopes else frozenset()
    return wheres_of(node.member("value"), field, Scope(replies))


def _device_class(node: Node, known: Collection[str] | None) -> str | None:
    found = node.maybe("device_class")
    if found is not None and known is not None and found not in known:
        node.member("device_class").wrong("is no device class of Home Assistant")
    return found


def sensor_of(
    node: Node, dialects: Mapping[str, PackDialect], classes: Collection[str] | None
) -> PackSensor:
    """Compile an extra sensor."""
    device_class = _device_class(node, classes)
    if device_class in _NOT_A_NUMBER:
        node.member("device_class").wrong("is not for figures and texts")
    least = most = None
    if (limits := node.get("limits")) is not None:
        least, most = limits.number("least"), limits.number("most")
        if least is not None and most is not None and least > most:
            limits.wrong("least is more than most")
    names = _scope_of(node, dialects)
    sensor = PackSensor(
        key=node.text("key"),
        name=node.text("name"),
        dialects=names,
        value=(),
        unit=node.maybe("unit"),
        device_class=device_class,
        state_class=node.maybe("state_class"),
        icon=node.maybe("icon"),
        digits=node.whole("digits"),
        diagnostic=node.is_set("diagnostic"),
        least=least,
        most=most,
    )
    field = sensor_field() if sensor.is_number else ANYTHING
    return replace(sensor, value=_values_of(node, field, names, dialects))


def binary_sensor_of(
    node: Node, dialects: Mapping[str, PackDialect], classes: Collection[str] | None
) -> PackBinarySensor:
    """Compile an extra binary sensor."""
    names = _scope_of(node, dialects)
    return PackBinarySensor(
        key=node.text("key"),
        name=node.text("name"),
        dialects=names,
        value=_values_of(node, ANYTHING, names, dialects),
        on=marks_of(node.member("on")),
        device_class=_device_class(node, classes),
        icon=node.maybe("icon"),
        diagnostic=node.is_set("diagnostic"),
    )


def translation_of(
    node: Node, sensors: Collection[str], binary_sensors: Collection[str]
) -> PackTranslation:
    """Compile a translation."""
    names: dict[str, dict[str, str]] = {}
    for kind, known in (("sensors", sensors), ("binary_sensors", binary_sensors)):
        names[kind] = {}
        if (told := node.get(kind)) is None:
            continue
        for key, name in told.members():
            names[kind][key] = str(name.data)
            if key not in known:
                name.wrong("is no key of this pack")
    return PackTranslation(
        name=node.maybe("name"),
        description=node.maybe("description"),
        sensors=names["sensors"],
        binary_sensors=names["binary_sensors"],
    )
