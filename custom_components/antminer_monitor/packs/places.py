"""From the "where" of a pack to what ``where`` follows: paths, patterns, units."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..rig import Extra
from .limits import MAX_STEPS, UNITS, Field, Kind
from .model import NUMBER, Fields, Step, Where
from .node import Node
from .pattern import Pattern, PatternError, compile_pattern
from .where import mark, step_of


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be named at a place."""

    replies: Collection[str]
    """Replies that there are."""
    is_part: bool = False
    """Whether ``{n}`` has a meaning."""


def pattern_of(node: Node | None) -> Pattern | None:
    """Compile a pattern; ``None`` without one, or with a bad one, which is noted."""
    if node is None:
        return None
    try:
        return compile_pattern(str(node.data))
    except PatternError as err:
        node.wrong(f"no good pattern: {err}")
        return None


def path_of(node: Node, *, is_part: bool = False) -> tuple[tuple[Step, ...], bool]:
    """Compile a path. Tell besides whether all that stands at its end is meant."""
    steps: list[str | int] = []
    if isinstance(node.data, list):
        steps = [item for item in node.data if isinstance(item, str | int)]
    else:
        steps = [*str(node.data).split(".")]
    every = steps[-1] == "*"
    if every:
        steps.pop()
    if "" in steps:
        node.wrong("has an empty step: write keys with dots in them as a list")
    if "*" in steps:
        node.wrong("* is for the last step only")
    if len(steps) > MAX_STEPS:
        node.wrong(f"has more than {MAX_STEPS} steps")
    if not is_part and any(NUMBER in str(step) for step in steps):
        node.wrong(f"{NUMBER} has a meaning in boards and fans only")
    return tuple(step_of(step) for step in steps), every


def fields_of(
    node: Node | None, known: Mapping[str, Field], scope: Scope
) -> dict[str, tuple[Where, ...]]:
    """Compile the fields of a rig or a part."""
    if node is None:
        return {}
    return {
        name: wheres_of(places, known[name], scope) for name, places in node.members()
    }


def wheres_of(node: Node, field: Field, scope: Scope) -> tuple[Where, ...]:
    """Compile the places of one value."""
    return tuple(_where_of(item, field, scope) for item in node.items())


def marks_of(node: Node | None) -> frozenset[str]:
    """Compile a list of values to compare with."""
    if node is None:
        return frozenset()
    return frozenset(
        found for item in node.items() if (found := mark(item.scalar)) is not None
    )


def reply_of(node: Node, scope: Scope) -> str | None:
    """Read which reply is meant; one that nobody asks for is noted."""
    reply = node.maybe("reply")
    if reply is not None and reply not in scope.replies:
        node.member("reply").wrong(
            f"nobody asks for {reply}: name it in ask or in recognise"
        )
    return reply


def uses(fields: Fields, reply: str, home: str) -> bool:
    """Tell whether a field is read from a reply, ``home`` where none is named."""
    return any(
        where.value is None and (where.reply or home) == reply
        for places in fields.values()
        for where in places
    )


def _where_of(node: Node, field: Field, scope: Scope) -> Where:
    if (constant := node.get("value")) is not None:
        return _constant(constant, field)
    steps, every = path_of(node.member("path"), is_part=scope.is_part)
    split = node.maybe("split")
    if (choice := node.get("take")) is not None and not every and split is None:
        choice.wrong("there is but one value: split it, or end the path with *")
    take = "first" if choice is None else choice.scalar
    assert isinstance(take, str | int)
    factor, addend, is_number = _conversion(node, field)
    return Where(
        reply=reply_of(node, scope),
        steps=steps,
        every=every,
        pattern=pattern_of(node.get("pattern")),
        split=split,
        take=take,
        ignore=marks_of(node.get("ignore")),
        map=_map_of(node, field),
        is_number=is_number,
        factor=factor,
        addend=addend,
        unit=node.maybe("unit"),
    )


def _constant(node: Node, field: Field) -> Where:
    value, reason = field.judge(node.scalar)
    if not field.is_constant:
        node.wrong("this cannot be the same for all: give a path")
    elif value is None:
        node.wrong(reason or "says nothing")
    return Where(value=node.scalar)


def _conversion(node: Node, field: Field) -> tuple[float, float, bool]:
    """Read unit, scale and offset as one factor and one addend."""
    told = [key for key in ("unit", "scale", "offset") if node.get(key) is not None]
    if told and field.kind not in (Kind.FIGURE, Kind.COUNT, Kind.ANY):
        node.member(told[0]).wrong("has no meaning here: this is no number")
    factor, addend = 1.0, 0.0
    if (name := node.maybe("unit")) is not None:
        unit = UNITS[name]
        factor, addend = unit.factor, unit.addend
        if not field.takes(unit):
            fitting = ", ".join(key for key in UNITS if field.takes(UNITS[key]))
            node.member("unit").wrong(
                f"does not fit: {fitting}"
                if fitting
                else "does not fit: it has no unit"
            )
    scale = node.number("scale")
    if scale is not None:
        factor, addend = factor * scale, addend * scale
    return factor, addend + (node.number("offset") or 0.0), bool(told)


def _map_of(node: Node, field: Field) -> dict[str, Extra] | None:
    words = node.get("map")
    if words is None:
        if field.kind is Kind.STATUS:
            node.wrong("needs a map from the firmware's words to ours")
        return None
    found: dict[str, Extra] = {}
    for word, meant in words.members():
        key = mark(word)
        assert key is not None
        if key in found:
            meant.wrong("is there twice, for case does not count")
        found[key] = meant.scalar
        if field.kind not in (Kind.FIGURE, Kind.COUNT, Kind.ANY):
            value, reason = field.judge(meant.scalar)
            if value is None:
                meant.wrong(reason or "says nothing")
    return found
