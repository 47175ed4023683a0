"""What a pack teaches: dialects that read with it, models, and how it does on real replies."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, override

from ..antminer.cgminer import Reply, is_error
from ..antminer.firmware.build import Reading, build, resting
from ..antminer.firmware.dialect import Context, Dialect, Fingerprint
from ..antminer.firmware.parsing import Scale
from ..antminer.hardware import Hardware, Models, clean_model, find
from ..rig import Extra, Rig, Status
from ..source import InvalidReplyError
from .limits import ANYTHING, RIG_FIELDS, Field, sensor_field
from .meaning import ALWAYS
from .model import Pack, PackDialect, PackSensor, Where, name_key
from .parts import Values, boards_of, fans_of, values_of
from .where import Doubt, Figure, Look, mark

__all__ = [
    "Doubt",
    "Figure",
    "Trial",
    "dialects_of",
    "extra_key",
    "hardware_of",
    "try_pack",
]

_BASE_UNIT: Final = "H/s"
_TABLES_MAKER: Final = "bitmain"


@dataclass(frozen=True, slots=True)
class Trial:
    """How a pack does on the replies of a miner."""

    dialect: str | None
    """Id of the dialect of the pack that knows the miner."""
    rig: Rig | None
    figures: tuple[Figure, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    error: str | None = None
    """Why there is no rig, where the pack has dialects."""


def extra_key(pack_id: str, key: str) -> str:
    """Give the key in ``Rig.extras`` of a pack's extra sensor."""
    return f"pack_{pack_id}.{key}"


def dialects_of(pack: Pack) -> tuple[Dialect, ...]:
    """Make the dialects of a pack, named ``<pack>.<dialect>``."""
    return tuple(_Reader(pack, spec).dialect for spec in pack.dialects)


def hardware_of(pack: Pack) -> tuple[tuple[str, Hardware], ...]:
    """Give every name that the pack knows, each with its model."""
    return tuple(
        (name, model.hardware) for model in pack.models for name in model.names
    )


def try_pack(pack: Pack, replies: Mapping[str, Reply], host: str) -> Trial:
    """Read the replies of a miner with the first dialect of the pack that knows it.

    Never fails: ``Trial.error`` says why there is no rig. A pack that has no dialects has
    nothing to read with, which is no error.
    """
    if not pack.dialects:
        return Trial(None, None)
    found = Fingerprint(replies.get("version"), replies.get("stats"), replies)
    for spec in pack.dialects:
        reader = _Reader(pack, spec)
        if reader.recognises(found):
            return reader.try_on(replies, host, hardware_of(pack))
    return Trial(None, None, error="no dialect of this pack recognises the miner")


class _PackModels(Models):
    """Models as a dialect of a pack sees them: those of its pack come first.

    Of other makers' miners the table of Antminers knows nothing, though some have the
    same names (KS3).
    """

    def __init__(
        self, own: Mapping[str, Hardware], others: Models, *, is_foreign: bool
    ) -> None:
        """Take the pack's own by ``name_key``, and all that there are."""
        super().__init__()
        self._own = own
        self._others = others
        self._is_foreign = is_foreign

    @override
    def find(self, model_type: str | None) -> Hardware | None:
        name = clean_model(model_type)
        if name is None:
            return None
        if own := self._own.get(name_key(name)):
            return own
        found = self._others.find(model_type)
        return None if self._is_foreign and found is find(model_type) else found

    @override
    def family_of(self, model_type: str | None) -> tuple[str | None, str | None]:
        if found := self.find(model_type):
            return found.algorithm, found.unit
        return (None, None) if self._is_foreign else self._others.family_of(model_type)


class _Reader:
    """One dialect of a pack. Holds nothing of the miners that it reads."""

    def __init__(self, pack: Pack, spec: PackDialect) -> None:
        """Prepare all that is the same for every reading."""
        self._spec = spec
        self._own = {name_key(name): found for name, found in hardware_of(pack)}
        maker = spec.manufacturer
        self._is_foreign = maker is not None and maker.casefold() != _TABLES_MAKER
        self._unit = spec.rate_unit or next(
            (
                where.unit
                for name in ("hashrate", "hashrate_average", "hashrate_nominal")
                for where in spec.fields.get(name, ())
                if where.unit
            ),
            None,
        )
        self._sensors = tuple(
            (
                extra_key(pack.id, sensor.key),
                f"sensors.{sensor.key}",
                _field_of(sensor),
                sensor.value,
            )
            for sensor in pack.sensors
            if spec.id in sensor.dialects
        )
        self._binary_sensors = tuple(
            (
                extra_key(pack.id, sensor.key),
                f"binary_sensors.{sensor.key}",
                sensor.on,
                sensor.value,
            )
            for sensor in pack.binary_sensors
            if spec.id in sensor.dialects
        )
        extras = [
            where
            for *_, places in (*self._sensors, *self._binary_sensors)
            for where in places
        ]
        self.dialect = Dialect(
            name=f"{pack.id}.{spec.id}",
            family=spec.firmware,
            commands=(*spec.ask, *_besides(spec, extras)),
            recognises=self.recognises,
            parse=self.parse,
            probes=tuple(
                dict.fromkeys(
                    item.reply
                    for alternative in spec.recognise
                    for item in alternative
                    if item.reply not in ALWAYS
                )
            ),
        )

    def recognises(self, fingerprint: Fingerprint) -> bool:
        """Tell whether a miner speaks this dialect."""
        look = Look(fingerprint.replies, self._spec.ask[0])
        return any(
            all(look.holds(condition) for condition in alternative)
            for alternative in self._spec.recognise
        )

    def parse(self, replies: Mapping[str, Reply], context: Context) -> Rig:
        """Read a rig. Raises InvalidReplyError if nothing of the first reply is known."""
        return self._read(Look(_sound(replies), self._spec.ask[0]), replies, context)

    def try_on(
        self,
        replies: Mapping[str, Reply],
        host: str,
        models: tuple[tuple[str, Hardware], ...],
    ) -> Trial:
        """Read a rig and tell how it went."""
        look = Look(_sound(replies), self._spec.ask[0], notes=True)
        context = Context(
            rig_id=host, host=host, seen_at=datetime.now(UTC), models=Models(models)
        )
        rig, error = None, None
        try:
            rig = self._read(look, replies, context)
        except InvalidReplyError as err:
            error = str(err)
        else:
            for figure in look.figures:
                if figure.field == "mac" and rig.mac is None:
                    look.doubt("mac", figure.raw, "is no MAC address")
        if look.is_spent:
            look.doubt("patterns", "", "take too long: what they read is left out")
        return Trial(self._spec.id, rig, tuple(look.figures), tuple(look.doubts), error)

    def _read(self, look: Look, replies: Mapping[str, Reply], context: Context) -> Rig:
        spec = self._spec
        context = replace(
            context,
            models=_PackModels(self._own, context.models, is_foreign=self._is_foreign),
        )
        values = values_of(look, spec.fields, RIG_FIELDS)
        reading = self._reading(values, context.models)
        hardware = context.models.find(reading.kind)
        reading.boards = boards_of(
            look,
            spec.boards,
            hardware,
            resting=resting(reading.status, reading.hashrate, reading.uptime),
        )
        reading.fans = fans_of(look, spec.fans, context.fan_slots)
        reading.extras = self._extras(look)
        if look.first not in look.told:
            raise InvalidReplyError(_nothing(look, replies, spec))
        return build(reading, replies, context)

    def _reading(self, values: Values, models: Models) -> Reading:
        """Put the rig's own fields where ``build`` expects them."""

        def told(name: str) -> str | None:
            return found if isinstance(found := values.get(name), str) else None

        def figure(name: str) -> float | None:
            found = values.get(name)
            return float(found) if isinstance(found, int | float) else None

        def whole(name: str) -> int | None:
            return found if isinstance(found := values.get(name), int) else None

        model = told("model")
        hardware = models.find(model)
        status = told("status")
        shares = {
            key: values.get(name)
            for key, name in (
                ("Accepted", "shares_accepted"),
                ("Rejected", "shares_rejected"),
                ("Stale", "shares_stale"),
            )
        }
        summary = shares if any(item is not None for item in shares.values()) else {}
        if (blocks := whole("found_blocks")) is not None:
            summary = summary | {"Found Blocks": blocks}
        return Reading(
            kind=model,
            model=model,
            manufacturer=self._spec.manufacturer,
            family=self._spec.firmware,
            version=told("firmware_version"),
            scale=Scale(self._unit or _BASE_UNIT, 1.0),
            algorithm=told("algorithm") or (None if hardware else self._spec.algorithm),
            hashrate=figure("hashrate"),
            hashrate_average=figure("hashrate_average"),
            hashrate_nominal=figure("hashrate_nominal"),
            uptime=figure("uptime"),
            hardware_errors=whole("hardware_errors"),
            power=figure("power"),
            status=None if status is None else Status(status),
            work_mode=told("work_mode"),
            fan_mode=told("fan_mode"),
            name=told("name"),
            serial=told("serial"),
            mac=told("mac"),
            best_share=whole("best_share"),
            summary={**summary},
        )

    def _extras(self, look: Look) -> dict[str, Extra]:
        found: dict[str, Extra] = {}
        for key, name, field, places in self._sensors:
            if (value := look.read(name, field, places)) is not None:
                found[key] = value
        for key, name, on, places in self._binary_sensors:
            if (value := look.read(name, ANYTHING, places)) is not None:
                found[key] = mark(value) in on
        return found


def _field_of(sensor: PackSensor) -> Field:
    return sensor_field(sensor.least, sensor.most) if sensor.is_number else ANYTHING


def _sound(replies: Mapping[str, Reply]) -> dict[str, Reply]:
    """Give the replies by which the miner did not say no."""
    return {name: reply for name, reply in replies.items() if not is_error(reply)}


def _nothing(look: Look, replies: Mapping[str, Reply], spec: PackDialect) -> str:
    if look.first in replies and look.first not in look.replies:
        return f"the miner refuses {look.first}"
    return f"nothing in the reply to {look.first} that {spec.firmware} would tell"


def _besides(spec: PackDialect, extras: list[Where]) -> tuple[str, ...]:
    """Give the commands that a poll needs besides those of ``ask``.

    The replies that gave a miner away are there without asking, but only those that every
    way to recognise it needs; and ``stats``, which moves, is kept by nobody.
    """
    known = {*spec.ask, "version"}.union(
        frozenset.intersection(
            *(
                frozenset(item.reply for item in alternative)
                for alternative in spec.recognise
            )
        )
        - {"stats"}
    )
    used = [where for places in spec.fields.values() for where in places]
    for parts in filter(None, (spec.boards, spec.fans)):
        used += [where for places in parts.fields.values() for where in places]
        used += [parts.rows] if parts.rows else []
    return tuple(
        dict.fromkeys(
            where.reply
            for where in (*used, *extras)
            if where.reply is not None and where.reply not in known
        )
    )
