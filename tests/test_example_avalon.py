"""The example of an extension in Python: AvalonMiners, read from simulated ones over TCP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
import json
from pathlib import Path

import aiohttp
from homeassistant.core import HomeAssistant
import pytest

from custom_components.antminer_monitor.antminer.book import ANTMINER_DIALECTS, Book
from custom_components.antminer_monitor.antminer.cgminer import CgminerClient
from custom_components.antminer_monitor.antminer.control.controller import (
    Miner,
    RejectedError,
)
from custom_components.antminer_monitor.antminer.firmware import Context, Fingerprint
from custom_components.antminer_monitor.antminer.hardware import Models
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.command import Action, Command, Outcome, Result
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import PoolStatus, PowerSource, Rig, Status
from custom_components.antminer_monitor.source import InvalidReplyError
from docs.examples import avalon_rigs
from docs.examples.avalon_rigs import antminer_monitor
from docs.examples.avalon_rigs.avalon import AVALON, brackets
from docs.examples.avalon_rigs.control import AvalonController
from simulator import Farm, SimulatedMiner, WriteFault

type Object = dict[str, Json]

AGE = 60_000.0
FOLDER = Path(avalon_rigs.__file__).parent


class Clock:
    """A clock that moves when told to."""

    now = 1_750_000_000.0

    def __call__(self) -> float:
        """Read it."""
        return self.now


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Every test here may open sockets."""


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
async def miner(clock: Clock) -> AsyncIterator[SimulatedMiner]:
    """An AvalonMiner."""
    async with Farm(["avalon_1246"], clock=clock, age=AGE, seed=3) as farm:
        yield farm.miners[0]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """For what is asked over HTTP, which an AvalonMiner is not."""
    async with aiohttp.ClientSession() as opened:
        yield opened


def taught() -> Book:
    """What there is to choose from when the extension was added."""
    extension = antminer_monitor.EXTENSION
    book = Book((*extension.dialects, *ANTMINER_DIALECTS))
    book.models = Models(extension.models)
    return book


def source(
    miner: SimulatedMiner,
    session: aiohttp.ClientSession | None = None,
    book: Book | None = None,
) -> AntminerSource:
    """A source that reads the miner."""
    return AntminerSource(
        "one", miner.host, miner.port, session=session, book=book or taught()
    )


async def read(miner: SimulatedMiner) -> Rig:
    """One reading of it."""
    return (await source(miner).read()).rigs[0]


async def test_it_is_read(miner: SimulatedMiner) -> None:
    """Everything that it tells is the truth."""
    rig, truth = await read(miner), miner.truth()
    assert rig.status is Status.RUNNING
    assert (rig.manufacturer, rig.model) == ("Canaan", "AvalonMiner 1246-83")
    assert rig.mac == truth.mac.lower()
    assert rig.serial
    assert rig.serial.startswith("02010000")
    assert rig.firmware
    assert (rig.firmware.family, rig.firmware.version) == (
        "avalon",
        "21042001_4ec6bb0_61407fa",
    )
    assert (rig.algorithm, rig.rate_unit) == ("sha256d", "GH/s")
    assert rig.hashrate == pytest.approx(truth.hashrate, rel=1e-6)
    assert rig.hashrate_average == pytest.approx(truth.hashrate_average, rel=1e-6)
    # What it would do without its errors.
    assert rig.hashrate_nominal == pytest.approx(truth.hashrate_nominal, rel=0.02)
    assert rig.power == round(truth.power)
    assert rig.power_source is PowerSource.REPORTED
    assert rig.uptime == truth.elapsed
    assert rig.hardware_errors == truth.hardware_errors
    assert (rig.shares.accepted, rig.shares.rejected) == (
        truth.accepted,
        truth.rejected,
    )
    assert tuple(fan.speed for fan in rig.fans) == truth.fans
    assert [fan.index for fan in rig.fans] == [1, 2, 3, 4]
    assert (rig.boards_expected, rig.fans_expected) == (3, 4)
    for board, real in zip(rig.boards, truth.boards, strict=True):
        assert board.index == real.index
        assert board.hashrate == pytest.approx(real.hashrate, rel=0.03)
        assert board.chip_temperature == real.chip_temperature
        assert board.board_temperature is None
        assert (board.chips_working, board.chips_faulty) == (120, 0)
        assert board.hardware_errors == real.hardware_errors
    assert sum(board.hashrate or 0 for board in rig.boards) == pytest.approx(
        rig.hashrate_average
    )
    assert rig.extras == {
        "avalon_rigs.air_temperature": round(miner.model.snapshot().ambient),
        "avalon_rigs.error_rate": 1.3,
        "avalon_rigs.supply_fault": False,
    }


async def test_pools(miner: SimulatedMiner, clock: Clock) -> None:
    """Its own clock, which counts from its start, gives the shares' ages."""
    first = await read(miner)
    miner.condition(pool_dead=True)
    clock.now += 3600
    second = await read(miner)
    assert [pool.active for pool in first.pools] == [True, False]
    age = first.pools[0].last_share_age
    assert age is not None
    assert 0 <= age < 300
    assert [pool.status for pool in second.pools] == [
        PoolStatus.DEAD,
        PoolStatus.ALIVE,
    ]
    assert [pool.active for pool in second.pools] == [False, True]


async def test_what_it_does(miner: SimulatedMiner, clock: Clock) -> None:
    """Starting, running, told to sleep, stopped by heat."""
    miner.model.start()
    seen = [(await read(miner)).status]
    clock.now += 600
    seen.append((await read(miner)).status)
    miner.condition(sleep=True)
    clock.now += 600
    asleep = await read(miner)
    miner.condition(sleep=False, over_temperature=True)
    clock.now += 300
    hot = await read(miner)
    assert seen == [Status.STARTING, Status.RUNNING]
    assert asleep.status is Status.SLEEPING
    assert asleep.hashrate == 0
    assert asleep.hashrate_nominal is None
    # The averages of the text stay as they were.
    assert asleep.hashrate_average
    assert [board.hashrate for board in asleep.boards] == [0, 0, 0]
    assert asleep.power == 28
    assert asleep.fans == ()
    assert hot.status is Status.FAULT
    assert hot.chip_temperature
    assert hot.chip_temperature > 95


async def test_fans_that_stand_still(miner: SimulatedMiner, clock: Clock) -> None:
    """A fan that turned once is reported at rest, not as a place without one."""
    reader = source(miner)
    await reader.read()
    miner.condition(sleep=True)
    clock.now += 600
    rig = (await reader.read()).rigs[0]
    assert [(fan.speed, fan.duty) for fan in rig.fans] == [(0, 0)] * 4


async def test_what_breaks(miner: SimulatedMiner) -> None:
    """A missing board is not there, and dying chips are counted."""
    miner.condition(missing_board=1, dying_chips=20)
    rig = await read(miner)
    assert [board.index for board in rig.boards] == [0, 2]
    assert rig.boards_expected == 3
    last = rig.boards[-1]
    assert (last.chips_working, last.chips_faulty) == (100, 20)
    assert last.chip_map == "o" * 100 + "-" * 20
    spread = antminer_monitor.chip_temperature_spread(rig)
    assert spread == abs(
        (rig.boards[0].chip_temperature or 0) - (last.chip_temperature or 0)
    )
    assert antminer_monitor.chip_temperature_spread(replace(rig, boards=())) is None
    assert antminer_monitor.chip_temperature_spread(replace(rig, firmware=None)) is None


@pytest.mark.parametrize("name", ["s9", "s21_2024", "luxos", "whatsminer_m30s"])
async def test_others_are_none_of_it(name: str) -> None:
    """It recognises neither Antminers nor other makers' miners."""
    async with Farm([name]) as farm:
        reader = source(farm.miners[0], book=Book((AVALON,)))
        with pytest.raises(InvalidReplyError):
            await reader.read()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("avalon_1246", "not an Antminer but an Avalon"),
        ("whatsminer_m30s", "not an Antminer"),
    ],
)
async def test_without_it_other_makers_are_refused(name: str, told: str) -> None:
    """The integration alone says that these are no Antminers."""
    async with Farm([name]) as farm:
        reader = source(farm.miners[0], book=Book())
        with pytest.raises(InvalidReplyError, match=told):
            await reader.read()


async def test_the_light(miner: SimulatedMiner, session: aiohttp.ClientSession) -> None:
    """It blinks when told to, and is asked whether it does."""
    reader = source(miner, session)

    async def tell(action: str, value: str | None) -> tuple[Outcome, bool]:
        command = Command(action=action, value=value)
        (outcome,) = await reader.execute(command, ["one"])
        return outcome, miner.locating

    rig = (await reader.read()).rigs[0]
    assert rig.commands == (Action.LOCATE,)
    for value, lit in (("on", True), ("off", False)):
        outcome, seen = await tell(Action.LOCATE, value)
        assert (outcome.result, seen) == (Result.DONE, lit)
    for action, wrong in (
        (Action.LOCATE, "perhaps"),
        (Action.LOCATE, None),
        (Action.REBOOT, "on"),
    ):
        outcome, _ = await tell(action, wrong)
        assert outcome.result is Result.FAILED
        assert outcome.error
        assert outcome.error.endswith("an AvalonMiner cannot be told this")


async def test_a_light_that_does_not_obey(
    miner: SimulatedMiner, session: aiohttp.ClientSession
) -> None:
    """Taken and not seen is sent; refused is an error."""
    reader = source(miner, session)
    rig = (await reader.read()).rigs[0]
    miner.set_fault(WriteFault.IGNORE_WRITE)
    light = Command(action=Action.LOCATE, value="on")
    (outcome,) = await reader.execute(light, ["one"])
    assert outcome.result is Result.SENT
    assert not miner.locating
    async with Farm(["whatsminer_m30s"]) as farm:
        other = farm.miners[0]
        stranger = Miner(
            host=other.host,
            client=CgminerClient(other.host, other.port),
            session=session,
            web_port=80,
            timeout=5.0,
            credentials=None,
            recall=lambda: None,
            note=lambda text: None,
        )
        controller = AvalonController(stranger)
        with pytest.raises(RejectedError, match="refuses to switch its light"):
            await controller.execute(light, rig)
    await controller.refresh()


def text_of(**values: str) -> Object:
    """Replies whose long text says so."""
    told = " ".join(f"{key}[{value}]" for key, value in values.items())
    return {"stats": {"STATS": [{"STATS": 0, "MM ID0": told}]}}


def parsed(replies: Object) -> Rig:
    """Replies as the dialect reads them."""
    context = Context(
        rig_id="one", host="192.0.2.1", seen_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    only = {key: value for key, value in replies.items() if isinstance(value, dict)}
    return AVALON.parse(only, context)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("Work: In Idle, Hash Board: 3 ", Status.IDLE),
        ("Work: In Mystery, Hash Board: 3 ", Status.IDLE),
        ("", Status.IDLE),
        ("Work: In Init, Hash Board: 3 ", Status.STARTING),
    ],
)
def test_states_that_it_does_not_explain(told: str, status: Status) -> None:
    """Idle without an order to sleep is idle; an unknown word says nothing."""
    assert parsed(text_of(SYSTEMSTATU=told)).status is status


def test_what_is_not_told_is_not_reported() -> None:
    """Shorter texts than expected, and texts that are none, leave fields empty."""
    nothing: list[Object] = [
        {},
        {"stats": {"STATS": []}},
        {"stats": {"STATS": [{"MM ID0": 5}]}, "version": {"VERSION": [{"PROD": 1}]}},
        text_of(PS="0 1220", MGHS="", MTmax="x", FanR="", PVT_T0=""),
    ]
    for replies in nothing:
        rig = parsed(replies)
        assert (rig.hashrate, rig.power, rig.model) == (None, None, "AvalonMiner 1246")
        assert (rig.boards, rig.fans, rig.boards_expected) == ((), (), None)
    short = parsed(text_of(MTmax="70 -273", MGHS="31000.5", PVT_T1="61 62", PS="3"))
    assert [board.hashrate for board in short.boards] == [31000.5e9, None]
    assert [board.chip_temperature for board in short.boards] == [70, None]
    assert [board.chips_working for board in short.boards] == [None, 2]
    assert short.extras == {"avalon_rigs.supply_fault": True}
    assert len(parsed(text_of(MTmax=" ".join(["70"] * 999))).boards) == 8


def test_brackets() -> None:
    """Keys with their values, whatever stands between."""
    assert brackets("Ver[1246-83] Elapsed[5]BOOTBY[0x01] FACOPTS0[] A[b[c]") == {
        "Ver": "1246-83",
        "Elapsed": "5",
        "BOOTBY": "0x01",
        "FACOPTS0": "",
        "b": "c",
    }
    assert brackets(None) == brackets([]) == brackets("") == {}


@pytest.mark.parametrize("product", ["AvalonMiner 1246", "AvalonMiner 1246-N-90"])
def test_names_of_the_product(product: str) -> None:
    """All 1246 are, others are not, though they write alike."""
    assert AVALON.recognises(Fingerprint({"VERSION": [{"PROD": product}]}, None))
    for other in ("AvalonMiner 12460", "AvalonMiner 1366", "Avalon Nano3s", 1246):
        reply: Object = {"VERSION": [{"PROD": other}]}
        assert not AVALON.recognises(Fingerprint(reply, None))
    assert not AVALON.recognises(Fingerprint(None, None))


async def test_the_integration(hass: HomeAssistant) -> None:
    """Its files say what Home Assistant needs to know."""
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    assert manifest["domain"] == avalon_rigs.DOMAIN == FOLDER.name
    assert manifest["dependencies"] == [DOMAIN]
    assert manifest["version"] == antminer_monitor.EXTENSION.version
    config = {avalon_rigs.DOMAIN: None}
    assert avalon_rigs.CONFIG_SCHEMA(config) == config
    assert await avalon_rigs.async_setup(hass, config)
    extension = await antminer_monitor.async_get_extension(hass)
    keys = {sensor.key for sensor in extension.sensors if not sensor.value_fn}
    keys |= {sensor.key for sensor in extension.binary_sensors}
    full = parsed(text_of(Temp="26", DH="1.3%", PS="0"))
    assert {f"{avalon_rigs.DOMAIN}.{key}" for key in keys} == set(full.extras)
