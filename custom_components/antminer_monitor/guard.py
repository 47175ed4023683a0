"""Walls around code of extensions: whatever it raises is told, and ends with what it was to do."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
import json
from typing import Protocol, override

from homeassistant.core import ServiceCall
from homeassistant.exceptions import HomeAssistantError

from .antminer.apart import Apart
from .antminer.cgminer import Reply
from .antminer.control.controller import Abilities, Controller, Miner, RejectedError
from .antminer.firmware import Context, Dialect, Fingerprint
from .command import Choice, Command, Outcome, Result
from .const import DOMAIN
from .json_value import Json
from .rig import Rig, Status
from .rig_json import rig_as_dict, rig_from_dict
from .service_commands import Decide, Rigs, Service
from .source import Group, Happening, InvalidReplyError, Reading, Source, SourceError

FAILED = "the extension failed"
"""What the user is told of an error that only the extension's author understands."""

REFRESH_DEADLINE = 10.0
"""Seconds that a controller may take to learn what only a request of its own tells."""

CLOSE_DEADLINE = 10.0
"""Seconds that a source may take to let go."""


class Report(Protocol):
    """Tells that an extension failed, from any thread."""

    def __call__(self, what: str, error: BaseException | str) -> None:
        """Tell what it was to do, and what came instead."""


def checked_rig(rig: object, rig_id: str | None = None) -> Rig:
    """Give a rig that is what the vocabulary says, field by field: totals are made of all rigs.

    Raises TypeError or ValueError where it is none, or not the one of ``rig_id``.
    """
    if not isinstance(rig, Rig):
        raise TypeError(f"{type(rig).__name__} is no Rig")
    for key, value in rig.extras.items():
        if not isinstance(key, str) or not isinstance(value, bool | int | float | str):
            raise TypeError(f"{key} among its extras is no number, text or truth")
    try:
        data = rig_as_dict(rig)
    except AssertionError:
        raise TypeError("something in it is no part of a rig") from None
    try:
        checked = _typed(data)
    except ValueError as err:
        raise ValueError(f"{_misfit(data)}: {err}") from None
    if not checked.id or checked.id != (rig_id or checked.id):
        raise ValueError(f"a rig cannot have the id {checked.id!r}")
    return replace(checked, extras=dict(rig.extras), raw=dict(rig.raw))


def _typed(data: Mapping[str, Json]) -> Rig:
    # Half a surrogate pair could not be stored or sent, nor all that goes with it.
    text = json.dumps(data, allow_nan=False, ensure_ascii=False).encode()
    return rig_from_dict(json.loads(text))


def _misfit(data: Mapping[str, Json]) -> str:
    """Give the name of the field that makes it no rig."""
    for key, value in data.items():
        try:
            _typed({"id": "", "seen_at": None, "status": Status.OFFLINE, key: value})
        except ValueError:
            return key
    return "rig"


def guard_dialect(
    dialect: Dialect, report: Report, apart: Apart | None = None
) -> Dialect:
    """Give a dialect that runs apart and raises nothing but what its contract says.

    Dialects of one extension have ``apart`` in common.
    """

    def recognises(fingerprint: Fingerprint) -> bool:
        try:
            return bool(dialect.recognises(fingerprint))
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            report(f"recognising a miner as {dialect.name}", err)
            return False

    def parse(replies: Mapping[str, Reply], context: Context) -> Rig:
        try:
            return checked_rig(dialect.parse(replies, context), context.rig_id)
        except InvalidReplyError:
            raise
        except Exception as err:
            report(f"reading a miner as {dialect.name}", err)
            raise InvalidReplyError(f"{dialect.name}: {FAILED}") from err

    control = dialect.control
    return replace(
        dialect,
        apart=apart or Apart(),
        recognises=recognises,
        parse=parse,
        when_hung=lambda: report(f"speaking as {dialect.name}", "it did not end"),
        control=(lambda miner: _GuardedController(control, miner, dialect.name, report))
        if control
        else None,
    )


class _GuardedController(Controller):
    """A controller of an extension."""

    def __init__(
        self,
        make: Callable[[Miner], Controller],
        miner: Miner,
        name: str,
        report: Report,
    ) -> None:
        self._what = f"controlling a miner as {name}"
        self._report = report
        self._controller: Controller | None = None
        try:
            self._controller = make(miner)
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            report(self._what, err)

    @override
    def abilities(self, rig: Rig) -> Abilities:
        try:
            if self._controller:
                return _checked_abilities(self._controller.abilities(rig))
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            self._report(self._what, err)
        return Abilities()

    @override
    async def refresh(self) -> None:
        try:
            if self._controller:
                async with asyncio.timeout(REFRESH_DEADLINE):
                    await self._controller.refresh()
        except SourceError:
            raise
        except Exception as err:
            self._report(self._what, err)
            raise InvalidReplyError(FAILED) from err

    @override
    async def execute(self, command: Command, rig: Rig) -> Result:
        if self._controller is None:
            raise RejectedError(FAILED)
        try:
            return Result(await self._controller.execute(command, rig))
        except SourceError:
            raise
        except Exception as err:
            self._report(self._what, err)
            raise RejectedError(FAILED) from err


def _checked_abilities(abilities: object) -> Abilities:
    if not isinstance(abilities, Abilities):
        raise TypeError(f"{type(abilities).__name__} are no Abilities")
    if not all(isinstance(name, str) for name in abilities.commands):
        raise TypeError("its commands are no names")
    if not all(isinstance(mode, Choice) for mode in abilities.power_modes):
        raise TypeError("its power modes are no Choices")
    for watts in (
        abilities.power_target,
        abilities.power_target_least,
        abilities.power_target_most,
    ):
        if not isinstance(watts, int | float | None):
            raise TypeError("its power target is no number")
    return abilities


class GuardedSource(Source):
    """A source of an extension."""

    def __init__(self, source: Source, report: Report) -> None:
        """Guard a source."""
        self.source = source
        self._report = report

    @property
    @override
    def label(self) -> str:
        """What the source calls itself."""
        try:
            return str(self.source.label)
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            self._report("naming a source", err)
            return "source of an extension"

    @override
    async def read(self) -> Reading:
        """Read; raises SourceError and nothing else."""
        try:
            reading = await self.source.read()
            # There may be thousands of rigs.
            return await asyncio.to_thread(_checked_reading, reading)
        except SourceError:
            raise
        except Exception as err:
            self._report(f"reading {self.label}", err)
            raise InvalidReplyError(f"{self.label}: {FAILED}") from err

    @override
    async def execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> tuple[Outcome, ...]:
        """Execute; raises SourceError and nothing else."""
        try:
            return _checked_outcomes(
                await self.source.execute(command, rig_ids), rig_ids
            )
        except SourceError:
            raise
        except Exception as err:
            self._report(f"telling {self.label} to {command.action}", err)
            raise RejectedError(f"{self.label}: {FAILED}") from err

    @override
    async def close(self) -> None:
        """Close; raises nothing."""
        try:
            async with asyncio.timeout(CLOSE_DEADLINE):
                await self.source.close()
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            self._report(f"closing {self.label}", err)


def _checked_reading(reading: object) -> Reading:
    if not isinstance(reading, Reading):
        raise TypeError(f"{type(reading).__name__} is no Reading")
    rigs = tuple(checked_rig(rig) for rig in reading.rigs)
    if len({rig.id for rig in rigs}) < len(rigs):
        raise ValueError("two rigs have the same id")
    for happening in reading.happenings:
        if not isinstance(happening, Happening) or happening.at.tzinfo is None:
            raise TypeError("one of its happenings is no Happening with a time zone")
    if not isinstance(reading.group, Group | None):
        raise TypeError(f"{type(reading.group).__name__} is no Group")
    return replace(reading, rigs=rigs)


def _checked_outcomes(
    outcomes: Sequence[object], rig_ids: Sequence[str]
) -> tuple[Outcome, ...]:
    checked = tuple(item for item in outcomes if isinstance(item, Outcome))
    if [outcome.rig_id for outcome in checked] != list(rig_ids):
        raise ValueError("its outcomes are not those of the rigs, one by one")
    return checked


def guard_service(service: Service, report: Report) -> Service:
    """Give a service that refuses what it cannot do in words."""

    def failed(err: Exception) -> HomeAssistantError:
        report(f"preparing the service {service.name}", err)
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="extension_failed",
            translation_placeholders={"service": service.name},
        )

    def prepare(call: ServiceCall, rigs: Rigs) -> Decide:
        try:
            decide = service.prepare(call, rigs)
        except HomeAssistantError:
            raise
        except Exception as err:
            raise failed(err) from err

        def guarded(rig: Rig | None) -> Command:
            try:
                return _checked_command(service, decide(rig))
            except ValueError:
                raise
            except Exception as err:
                raise failed(err) from err

        return guarded

    return replace(service, prepare=prepare)


def _checked_command(service: Service, command: object) -> Command:
    if not isinstance(command, Command) or command.action != service.action:
        # Who may call it was decided by the action that it was said to have.
        raise TypeError(f"it gave no command {service.action}")
    return command
