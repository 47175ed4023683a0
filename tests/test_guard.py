"""Walls around code of extensions, each tried with everything that may come over it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
import math
from types import MappingProxyType
from typing import Any, cast, override

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.antminer_monitor import guard
from custom_components.antminer_monitor.antminer.cgminer import CgminerClient, Reply
from custom_components.antminer_monitor.antminer.control.controller import (
    Abilities,
    Controller,
    Miner,
    RejectedError,
)
from custom_components.antminer_monitor.antminer.firmware import (
    Context,
    Dialect,
    Fingerprint,
)
from custom_components.antminer_monitor.command import (
    Action,
    Choice,
    Command,
    Outcome,
    Result,
)
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.guard import (
    FAILED,
    GuardedSource,
    checked_rig,
    guard_dialect,
    guard_service,
)
from custom_components.antminer_monitor.rig import Rig, Status
from custom_components.antminer_monitor.service_commands import (
    Decide,
    Rigs,
    Service,
    plain_service,
)
from custom_components.antminer_monitor.source import (
    Group,
    Happening,
    InvalidReplyError,
    Reading,
    SourceError,
    SourceTimeoutError,
)

from .extensions import acme_dialect, acme_rig, fails
from .rigs import SEEN_AT, rig
from .sources import ScriptedSource

CONTEXT = Context(rig_id="one", host="192.0.2.7", seen_at=SEEN_AT)
BEEP = Command(action="acme.beep")
TELLING = "telling scripted to acme.beep"


class Reports(list[tuple[str, str]]):
    """What was reported: what it was to do, and the error."""

    def __call__(self, what: str, error: BaseException | str) -> None:
        """Keep it."""
        self.append((what, str(error)))


@pytest.fixture
def reports() -> Reports:
    """Begin with nothing reported."""
    return Reports()


# --- rigs ---------------------------------------------------------------------


def test_good_rig() -> None:
    """A rig that is one comes back as it is."""
    whole = rig(extras={"acme.fan": 7, "acme.ok": True, "acme.text": "x"})
    checked = checked_rig(whole)
    assert checked == whole
    assert checked.seen_at == whole.seen_at
    assert checked.uptime == whole.uptime
    assert checked.raw == whole.raw
    assert checked_rig(whole, "rig") == whole


def test_rig_put_right() -> None:
    """What means the same is made the same: enumerations, fractions, times."""
    loose = rig(
        status="running",
        power=3000,
        boards=[],
        seen_at=datetime.fromisoformat("2026-11-20T13:00:00+01:00"),
        raw=MappingProxyType({"stats": {}}),
    )
    checked = checked_rig(loose)
    assert checked.status is Status.RUNNING
    assert isinstance(checked.power, float)
    assert checked.boards == ()
    assert checked.seen_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert checked.raw == {"stats": {}}


NO_RIGS: dict[str, tuple[object, str]] = {
    "dict": ({"id": "one"}, "dict is no Rig"),
    "nothing": (None, "NoneType is no Rig"),
    "rate": (rig(hashrate="fast"), "hashrate: float was expected, not str"),
    "count": (rig(hardware_errors=1.5), "hardware_errors: int was expected"),
    "status": (rig(status="broken"), "status: 'broken'"),
    "not a number": (rig(power=math.nan), "power: Out of range float"),
    "endless": (rig(power=math.inf), "power: Out of range float"),
    "board": (rig(boards=(1,)), "boards: an object was expected"),
    "boards": (rig(boards=None), "boards: a list was expected"),
    "any object": (rig(boards=(object(),)), "no part of a rig"),
    "shares": (rig(shares=None), "shares: an object was expected"),
    "seen": (rig(seen_at=5), "seen_at: a time was expected"),
    "no id": (rig(id=""), "cannot have the id ''"),
    "number as id": (rig(id=7), "id: str was expected"),
    "extras": (rig(extras={"acme.a": [1]}), "acme.a among its extras"),
    "extra's key": (rig(extras={7: 1}), "7 among its extras"),
    "pools": (rig(pools=({"url": "x"},)), "no part of a rig"),
}


@pytest.mark.parametrize(("made", "words"), NO_RIGS.values(), ids=NO_RIGS.keys())
def test_no_rig(made: object, words: str) -> None:
    """What is no rig is refused, and the field that is wrong is named."""
    with pytest.raises((TypeError, ValueError)) as caught:
        checked_rig(made)
    assert words in str(caught.value)


def test_rig_of_another() -> None:
    """A rig with another id than the one that was asked is refused."""
    with pytest.raises(ValueError, match="cannot have the id 'rig'"):
        checked_rig(rig(), "one")


# --- dialects -----------------------------------------------------------------


def test_good_dialect(reports: Reports) -> None:
    """A dialect that does as it should is what it was, but apart."""
    own = acme_dialect(recognises=lambda fingerprint: 1, probes=("coin",))
    guarded = guard_dialect(own, reports)
    assert guarded.apart
    assert guard_dialect(own, reports).apart is not guarded.apart
    assert (guarded.name, guarded.commands, guarded.probes, guarded.control) == (
        "acme",
        ("stats",),
        ("coin",),
        None,
    )
    assert guarded.recognises(Fingerprint(None, None)) is True
    assert guarded.parse({}, CONTEXT) == acme_rig({}, CONTEXT)
    assert not reports
    assert guarded.when_hung
    guarded.when_hung()
    assert reports == [("speaking as acme", "it did not end")]


def test_dialects_of_one_extension(reports: Reports) -> None:
    """They have their threads in common."""
    first = guard_dialect(acme_dialect(), reports)
    second = guard_dialect(acme_dialect(), reports, first.apart)
    assert first.apart is second.apart


def test_recogniser_that_fails(reports: Reports) -> None:
    """It recognises nobody."""
    guarded = guard_dialect(acme_dialect(recognises=fails), reports)
    assert guarded.recognises(Fingerprint(None, None)) is False
    assert reports == [("recognising a miner as acme", "no idea")]


@pytest.mark.parametrize(
    ("parse", "words"),
    [
        (fails, "no idea"),
        (lambda replies, context: None, "NoneType is no Rig"),
        (lambda replies, context: rig(), "cannot have the id 'rig'"),
        (lambda replies, context: rig(id="one", power="much"), "power: float"),
        (lambda replies: rig(id="one"), "positional argument"),
    ],
)
def test_parser_that_fails(reports: Reports, parse: Any, words: str) -> None:
    """The reading fails, with words that quote nothing of the extension's."""
    guarded = guard_dialect(acme_dialect(parse=parse), reports)
    with pytest.raises(InvalidReplyError) as caught:
        guarded.parse({}, CONTEXT)
    assert str(caught.value) == f"acme: {FAILED}"
    ((what, error),) = reports
    assert what == "reading a miner as acme"
    assert words in error


def test_parser_that_refuses(reports: Reports) -> None:
    """A parser may say that replies are no miner's: that is its task."""

    def parse(replies: Mapping[str, Reply], context: Context) -> Rig:
        raise InvalidReplyError("no stats")

    with pytest.raises(InvalidReplyError, match=r"^no stats$"):
        guard_dialect(acme_dialect(parse=parse), reports).parse({}, CONTEXT)
    assert not reports


# --- controllers --------------------------------------------------------------

MINER = Miner(
    host="192.0.2.7",
    client=CgminerClient("192.0.2.7", 4028),
    session=cast("Any", None),
    web_port=80,
    timeout=1,
    credentials=None,
    recall=lambda: None,
    note=lambda text: None,
)


class Beeper(Controller):
    """Does as a test says; well unless it says otherwise."""

    able: Any = Abilities(
        commands=("acme.beep", Action.REBOOT),
        power_modes=(Choice(id="1", name="Low"),),
        power_target=3000,
    )
    answer: Any = Result.DONE
    error: Exception | None = None
    hangs = False

    @override
    def abilities(self, rig: Rig) -> Abilities:
        if self.error:
            raise self.error
        return cast("Abilities", self.able)

    @override
    async def refresh(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error

    @override
    async def execute(self, command: Command, rig: Rig) -> Result:
        if self.error:
            raise self.error
        return cast("Result", self.answer)


def controller(reports: Reports, made: Any) -> Controller:
    """Give a guarded controller; ``made`` is what the dialect makes, or what makes it."""
    control = made if callable(made) else lambda miner: made
    dialect: Dialect = guard_dialect(acme_dialect(control=control), reports)
    assert dialect.control
    return dialect.control(MINER)


async def test_good_controller(reports: Reports) -> None:
    """A controller that does as it should is not noticed."""
    own = Beeper()
    guarded = controller(reports, own)
    assert guarded.abilities(rig()) is own.able
    await guarded.refresh()
    assert await guarded.execute(BEEP, rig()) is Result.DONE
    own.answer = "sent"
    assert await guarded.execute(BEEP, rig()) is Result.SENT
    own.error = SourceTimeoutError("no answer")
    with pytest.raises(SourceTimeoutError):
        await guarded.refresh()
    with pytest.raises(SourceTimeoutError):
        await guarded.execute(BEEP, rig())
    assert not reports


@pytest.mark.parametrize(
    ("made", "words"),
    [(fails, "no idea"), (7, "no attribute")],
)
async def test_no_controller(reports: Reports, made: Any, words: str) -> None:
    """Where there is none, a miner is told nothing."""
    guarded = controller(reports, made)
    assert guarded.abilities(rig()) == Abilities()
    with pytest.raises(RejectedError, match=FAILED):
        await guarded.execute(BEEP, rig())
    if made is fails:
        await guarded.refresh()
    else:
        with pytest.raises(InvalidReplyError):
            await guarded.refresh()
    assert {what for what, _ in reports} == {"controlling a miner as acme"}
    assert all(words in error for _, error in reports)


async def test_controller_that_fails(reports: Reports) -> None:
    """Whatever it raises, the miner is read on, and a command fails in words."""
    own = Beeper()
    own.error = KeyError("token")
    guarded = controller(reports, own)
    assert guarded.abilities(rig()) == Abilities()
    with pytest.raises(InvalidReplyError, match=FAILED):
        await guarded.refresh()
    with pytest.raises(RejectedError, match=f"^{FAILED}$"):
        await guarded.execute(BEEP, rig())
    assert reports == [("controlling a miner as acme", "'token'")] * 3


@pytest.mark.parametrize(
    "able",
    [
        None,
        ("acme.beep",),
        Abilities(commands=cast("Any", None)),
        Abilities(commands=cast("Any", (7,))),
        Abilities(power_modes=cast("Any", ("low",))),
        Abilities(power_target=cast("Any", "much")),
        Abilities(power_target_most=cast("Any", "much")),
    ],
)
async def test_wrong_abilities(reports: Reports, able: Any) -> None:
    """What entities could not be made of is nothing."""
    own = Beeper()
    own.able = able
    assert controller(reports, own).abilities(rig()) == Abilities()
    assert len(reports) == 1


async def test_wrong_answer(reports: Reports) -> None:
    """A result that is none fails."""
    own = Beeper()
    own.answer = None
    with pytest.raises(RejectedError, match=FAILED):
        await controller(reports, own).execute(BEEP, rig())
    assert len(reports) == 1


async def test_controller_that_hangs(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading does not wait for a controller that does not end."""
    monkeypatch.setattr(guard, "REFRESH_DEADLINE", 0.02)
    own = Beeper()
    own.hangs = True
    with pytest.raises(InvalidReplyError, match=FAILED):
        await controller(reports, own).refresh()
    assert len(reports) == 1


# --- sources ------------------------------------------------------------------


class Broken:
    """A source of which everything is wrong."""

    @property
    def label(self) -> str:
        """Have no name."""
        raise RuntimeError("no name")

    async def read(self) -> Reading:
        """Fail."""
        raise KeyError("rigs")

    async def execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> tuple[Outcome, ...]:
        """Fail."""
        raise KeyError("token")

    async def close(self) -> None:
        """Fail."""
        raise OSError("closed")


async def test_good_source(reports: Reports) -> None:
    """A source that does as it should is not noticed."""
    happening = Happening(id="1", at=SEEN_AT, title="Hot")
    reading = Reading(
        rigs=(rig(), rig(id="two")),
        group=Group(id="hall", name="Hall"),
        happenings=(happening,),
    )
    own = ScriptedSource(lambda: reading)
    guarded = GuardedSource(own, reports)
    assert guarded.label == "scripted"
    assert await guarded.read() == reading
    outcomes = await guarded.execute(BEEP, ["rig", "two"])
    assert [outcome.rig_id for outcome in outcomes] == ["rig", "two"]
    own.script = [SourceTimeoutError("no answer")]
    with pytest.raises(SourceTimeoutError, match="no answer"):
        await guarded.read()
    own.outcomes = SourceTimeoutError("no answer")
    with pytest.raises(SourceTimeoutError, match="no answer"):
        await guarded.execute(BEEP, ["rig"])
    await guarded.close()
    assert own.closed == 1
    assert not reports


async def test_broken_source(reports: Reports) -> None:
    """Whatever a source raises is told, and raised as what the contract knows."""
    guarded = GuardedSource(Broken(), reports)
    assert guarded.label == "source of an extension"
    with pytest.raises(SourceError) as caught:
        await guarded.read()
    assert str(caught.value) == f"source of an extension: {FAILED}"
    with pytest.raises(RejectedError) as refused:
        await guarded.execute(BEEP, ["rig"])
    assert str(refused.value) == f"source of an extension: {FAILED}"
    await guarded.close()
    assert {item for item in reports if item[0] != "naming a source"} == {
        ("reading source of an extension", "'rigs'"),
        ("telling source of an extension to acme.beep", "'token'"),
        ("closing source of an extension", "closed"),
    }


WRONG_READINGS: dict[str, tuple[Any, str]] = {
    "no reading": ([], "list is no Reading"),
    "no rigs": (Reading(rigs=cast("Any", None)), "not iterable"),
    "no rig": (Reading(rigs=cast("Any", ({},))), "dict is no Rig"),
    "wrong rig": (Reading(rigs=(rig(power="much"),)), "power: float was expected"),
    "twice": (Reading(rigs=(rig(), rig())), "two rigs have the same id"),
    "happening": (
        Reading(rigs=(), happenings=cast("Any", ("hot",))),
        "no Happening with a time zone",
    ),
    "time": (
        Reading(
            rigs=(),
            happenings=(
                Happening(id="1", at=SEEN_AT.replace(tzinfo=None), title="Hot"),
            ),
        ),
        "no Happening with a time zone",
    ),
    "group": (Reading(rigs=(), group=cast("Any", "hall")), "str is no Group"),
}


@pytest.mark.parametrize(
    ("reading", "words"), WRONG_READINGS.values(), ids=WRONG_READINGS.keys()
)
async def test_wrong_reading(reports: Reports, reading: Any, words: str) -> None:
    """What is no reading fails as one that could not be understood."""
    own = ScriptedSource()

    async def read() -> Reading:
        return cast("Reading", reading)

    own.read = read  # type: ignore[method-assign]  # this one source reads otherwise
    with pytest.raises(InvalidReplyError, match=FAILED):
        await GuardedSource(own, reports).read()
    ((what, error),) = reports
    assert what == "reading scripted"
    assert words in error


@pytest.mark.parametrize(
    "outcomes",
    [
        (),
        (Outcome(rig_id="other", result=Result.DONE),),
        (Outcome(rig_id="rig", result=Result.DONE),) * 2,
        ("done",),
    ],
)
async def test_wrong_outcomes(reports: Reports, outcomes: Any) -> None:
    """What became of the rigs must be told of every one that was asked for."""
    own = ScriptedSource()

    async def execute(command: Command, rig_ids: Sequence[str]) -> tuple[Outcome, ...]:
        return cast("tuple[Outcome, ...]", outcomes)

    own.execute = execute  # type: ignore[method-assign]  # this one answers otherwise
    with pytest.raises(RejectedError, match=FAILED):
        await GuardedSource(own, reports).execute(BEEP, ["rig"])
    assert reports == [(TELLING, "its outcomes are not those of the rigs, one by one")]


async def test_source_that_does_not_close(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry is unloaded whatever its source does."""
    monkeypatch.setattr(guard, "CLOSE_DEADLINE", 0.02)
    own = ScriptedSource()

    async def close() -> None:
        await asyncio.Event().wait()

    own.close = close  # type: ignore[method-assign]  # this one does not end
    await GuardedSource(own, reports).close()
    assert [what for what, _ in reports] == ["closing scripted"]


# --- services -----------------------------------------------------------------


def service(reports: Reports, prepare: Any) -> Service:
    """Give a guarded service."""
    return guard_service(
        Service(name="acme_beep", action="acme.beep", prepare=prepare), reports
    )


def call(hass: HomeAssistant, **data: Any) -> ServiceCall:
    """Give a call of it."""
    return ServiceCall(hass, DOMAIN, "acme_beep", data)


async def test_good_service(hass: HomeAssistant, reports: Reports) -> None:
    """A service that does as it should is what it was."""
    own = plain_service("acme", "beep", fields={"tone": int}, description={"name": "B"})
    guarded = guard_service(own, reports)
    assert replace(guarded, prepare=own.prepare) == own
    decide = guarded.prepare(call(hass, tone=440, device_id=["x"]), {})
    assert decide(rig()) == Command(action="acme.beep", data={"tone": 440})
    assert decide(None) == Command(action="acme.beep", data={"tone": 440})
    assert not reports


def assert_failed(error: HomeAssistantError) -> None:
    """Assert that an error has words for the user."""
    assert (error.translation_domain, error.translation_key) == (
        DOMAIN,
        "extension_failed",
    )
    assert error.translation_placeholders == {"service": "acme_beep"}


async def test_preparing_fails(hass: HomeAssistant, reports: Reports) -> None:
    """Whatever preparing raises is told in words."""
    with pytest.raises(HomeAssistantError) as caught:
        service(reports, fails).prepare(call(hass), {})
    assert_failed(caught.value)
    assert reports == [("preparing the service acme_beep", "no idea")]


async def test_service_that_refuses(hass: HomeAssistant, reports: Reports) -> None:
    """A service may refuse a call, or a rig, with words of its own."""

    def refuse(call: ServiceCall, rigs: Rigs) -> Decide:
        raise ServiceValidationError("one at a time")

    with pytest.raises(ServiceValidationError, match="one at a time"):
        service(reports, refuse).prepare(call(hass), {})

    def choose(call: ServiceCall, rigs: Rigs) -> Decide:
        def decide(rig: Rig | None) -> Command:
            raise ValueError("it has no beeper")

        return decide

    decide = service(reports, choose).prepare(call(hass), {})
    with pytest.raises(ValueError, match="it has no beeper"):
        decide(rig())
    assert not reports


@pytest.mark.parametrize(
    "decide",
    [
        fails,
        lambda rig: None,
        lambda rig: "acme.beep",
        lambda rig: Command(action=Action.EXECUTE, value="rm"),
        None,
    ],
)
async def test_deciding_fails(
    hass: HomeAssistant, reports: Reports, decide: Any
) -> None:
    """What is no command, or another one than who may call it was asked for, is not sent."""
    decided = service(reports, lambda call, rigs: decide).prepare(call(hass), {})
    with pytest.raises(HomeAssistantError) as caught:
        decided(rig())
    assert_failed(caught.value)
    assert len(reports) == 1
