"""The client and the simulated service: neither surprises the other."""

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import UTC, datetime
import time

from aiohttp import ClientSession
import pytest

from custom_components.antminer_monitor.command import Action, Command, Denial, Result
from custom_components.antminer_monitor.hiveos.client import HiveClient
from custom_components.antminer_monitor.hiveos.errors import (
    BusyError,
    RejectedError,
    ServerError,
)
from custom_components.antminer_monitor.hiveos.models import Farm
from custom_components.antminer_monitor.hiveos.source import FarmSource, rig_id
from custom_components.antminer_monitor.rig import Rig, Status
from custom_components.antminer_monitor.source import (
    ForbiddenError,
    InvalidCredentialsError,
    InvalidReplyError,
    Reading,
    Refusal,
    SourceError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from simulator.hive import FarmPlan, HiveFault, HiveService, SimulatedFarm


class Time:
    """The time of service and client: it stands still until it is moved."""

    def __init__(self) -> None:
        """Begin now."""
        self.at = float(int(time.time()))

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self.at

    def now(self) -> datetime:
        """The same as a datetime."""
        return datetime.fromtimestamp(self.at, UTC)


class World:
    """A service, and one account that follows its farms."""

    def __init__(self, hive: HiveService, client: HiveClient, clock: Time) -> None:
        """Follow nothing yet."""
        self.hive = hive
        self.client = client
        self.clock = clock
        self.farms: dict[str, Farm] = {}
        self._sources: dict[int, FarmSource] = {}

    async def refresh(self) -> None:
        """Read the list of farms."""
        self.farms = {farm.id: farm for farm in await self.client.farms()}

    def source(self, farm: SimulatedFarm) -> FarmSource:
        """The source of a farm."""
        farm_id = str(farm.id)
        if farm.id not in self._sources:
            self._sources[farm.id] = FarmSource(
                self.client,
                farm_id,
                farm=lambda: self.farms.get(farm_id),
                since=self.clock.now(),
                now=self.clock.now,
            )
        return self._sources[farm.id]

    async def read(self, farm: SimulatedFarm) -> dict[str, Rig]:
        """The rigs of a farm, by name."""
        return {rig.name or "": rig for rig in (await self.reading(farm)).rigs}

    async def reading(self, farm: SimulatedFarm) -> Reading:
        """Everything of a farm."""
        return await self.source(farm).read()

    async def tell(
        self, farm: SimulatedFarm, command: Command, *names: str
    ) -> list[Result]:
        """Tell the rigs of these names something."""
        ids = {rig.name: rig.id for rig in (await self.reading(farm)).rigs}
        outcomes = await self.source(farm).execute(
            command, [ids[name] for name in names]
        )
        return [outcome.result for outcome in outcomes]


@pytest.fixture
async def world(session: ClientSession) -> AsyncIterator[World]:
    """The default farms, read by their owner. The contract is kept all along."""
    clock = Time()
    async with HiveService(clock=clock) as hive:
        client = HiveClient(session, hive.token, hive.url, timeout=5.0, clock=clock)
        world = World(hive, client, clock)
        await world.refresh()
        yield world
        assert hive.violations == []


async def test_account(world: World) -> None:
    """Who we are, and what is announced."""
    account = await world.client.account()
    assert account.login
    world.hive.announce("Maintenance", "Two hours", start_at=world.clock() + 60)
    (announcement,) = await world.client.announcements()
    assert announcement.title == "Maintenance"
    assert announcement.start_at
    assert announcement.start_at.timestamp() == world.clock() + 60


async def test_farms(world: World) -> None:
    """Every farm, with its rigs; what the farm says agrees with them."""
    assert [farm.name for farm in world.farms.values()] == ["North hall", "Container 2"]
    for simulated in world.hive.farms:
        reading = await world.reading(simulated)
        farm = world.farms[str(simulated.id)]
        assert len(reading.rigs) == farm.workers_count
        assert reading.group
        assert reading.group.name == farm.name


async def test_gpu_rigs(world: World) -> None:
    """Rigs in every state, and no field that is never told."""
    rigs = (await world.read(world.hive.farms[0])).values()
    assert {rig.status for rig in rigs} >= {Status.RUNNING, Status.OFFLINE}
    assert any(len(rig.hashrates) == 2 for rig in rigs)
    assert any(rig.seen_at is None for rig in rigs)
    assert any(rig.problems for rig in rigs)
    running = [rig for rig in rigs if rig.status is Status.RUNNING]
    for rig in running:
        cards = [gpu.hashrate or 0.0 for gpu in rig.gpus]
        assert rig.hashrate == pytest.approx(sum(cards), rel=0.01)
        assert rig.commands
    told = {
        field.name
        for field in fields(Rig)
        for rig in running
        if getattr(rig, field.name) not in (None, ())
    }
    assert told >= {
        "hashrate_average",
        "power",
        "host",
        "shares",
        "uptime",
        "programs",
        "mac",
        "ip",
        "unresolved",
        "upgrade_available",
        "flight_sheet",
        "flight_sheets",
        "overclocks",
    }


async def test_asics(world: World) -> None:
    """Boards, chips, fans and power modes of Antminers."""
    rigs = (await world.read(world.hive.farms[1])).values()
    assert {rig.status for rig in rigs} >= {Status.RUNNING, Status.SLEEPING}
    assert {rig.firmware.family for rig in rigs if rig.firmware} == {"hiveon", "stock"}
    assert {rig.algorithm for rig in rigs} == {"sha256d", "scrypt"}
    for rig in rigs:
        if rig.status is Status.RUNNING:
            boards = [board.hashrate or 0.0 for board in rig.boards]
            assert rig.hashrate == pytest.approx(sum(boards), rel=0.01)
            assert rig.chip_temperature
            assert rig.fans
            assert all(board.chip_map for board in rig.boards)
            assert all(board.chips_expected for board in rig.boards)


@pytest.mark.parametrize("newer", [False, True])
async def test_shapes_of_all_versions(session: ClientSession, newer: bool) -> None:
    """What later versions tell otherwise is read all the same."""
    async with HiveService(newer=newer) as hive:
        client = HiveClient(session, hive.token, hive.url)
        for farm in hive.farms:
            source = FarmSource(
                client, str(farm.id), farm=lambda: None, since=datetime.now(UTC)
            )
            reading = await source.read()
            assert len(reading.rigs) == len(farm.workers)
            assert any(rig.hashrate for rig in reading.rigs)


async def test_nothing_new_is_not_sent(world: World) -> None:
    """Between two reports of the rigs an answer costs nothing."""
    farm = world.hive.farms[0]
    first = await world.reading(farm)
    again = await world.reading(farm)
    assert again.rigs is first.rigs
    world.clock.at += 30
    moved = await world.reading(farm)
    assert moved.rigs != first.rigs


async def test_stop_and_start(world: World) -> None:
    """A command is taken at once, carried out later, and answered by a message."""
    farm = world.hive.farms[0]
    name = next(n for n, r in (await world.read(farm)).items() if r.hashrate)
    for action, status in (
        (Action.PAUSE_MINING, Status.IDLE),
        (Action.RESUME_MINING, Status.RUNNING),
    ):
        assert await world.tell(farm, Command(action=action), name) == [Result.SENT]
        world.clock.at += 60
        reading = await world.reading(farm)
        rig = next(rig for rig in reading.rigs if rig.name == name)
        assert rig.status is status
        answered = {item.rig_id for item in reading.happenings if item.command_id}
        assert rig.id in answered


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        (Command(action=Action.REBOOT), Status.OFFLINE),
        (Command(action=Action.SHUTDOWN), Status.OFFLINE),
        (Command(action=Action.SHUTDOWN, data={"wakealarm": True}), Status.OFFLINE),
        (Command(action=Action.UPGRADE), Status.RUNNING),
        (Command(action=Action.RESTART_MINING), Status.STARTING),
        (Command(action=Action.EXECUTE, value="uptime"), Status.RUNNING),
    ],
)
@pytest.mark.parametrize("amount", [1, 2])
async def test_commands(
    world: World, command: Command, seen: Status, amount: int
) -> None:
    """Each is understood by the service, told to one rig or to many."""
    farm = world.hive.farms[0]
    names = [n for n, r in (await world.read(farm)).items() if r.hashrate][:amount]
    assert await world.tell(farm, command, *names) == [Result.SENT] * amount
    world.clock.at += 5
    rigs = await world.read(farm)
    assert [rigs[name].status for name in names] == [seen] * amount


@pytest.mark.parametrize("amount", [1, 2])
async def test_settings(world: World, amount: int) -> None:
    """What a rig is set to, for one rig and for many; what it is set to already is done."""
    hall, container = world.hive.farms
    rigs = {name: rig for name, rig in (await world.read(hall)).items() if rig.hashrate}
    names = list(rigs)[:amount]
    first = rigs[names[0]]
    sheet = next(
        item
        for item in first.flight_sheets
        if item.name not in {rigs[name].flight_sheet for name in names}
        and "BTC" not in item.name
        and "LTC" not in item.name
    )
    overclock = first.overclocks[0]
    for command in (
        Command(action=Action.SET_FLIGHT_SHEET, value=sheet.id),
        Command(action=Action.SET_OVERCLOCK, value=overclock.id),
        Command(action=Action.UPDATE_SETTINGS, data={"options": {"push_interval": 20}}),
        Command(
            action=Action.UPDATE_SETTINGS,
            data={
                "watchdog": {
                    "enabled": True,
                    "restart_timeout": 5,
                    "reboot_timeout": 10,
                }
            },
        ),
    ):
        results = await world.tell(hall, command, *names)
        assert Result.FAILED not in results
        world.clock.at += 5
    rigs = await world.read(hall)
    for name in names:
        assert rigs[name].flight_sheet == sheet.name
        assert rigs[name].overclock == overclock.name
    again = Command(action=Action.SET_FLIGHT_SHEET, value=sheet.id)
    assert await world.tell(hall, again, *names) == [Result.DONE] * amount

    miners = await world.read(container)
    names = [name for name, rig in miners.items() if rig.hashrate and rig.power_modes]
    names = names[:amount]
    mode = Command(action=Action.SET_POWER_MODE, value="sleep")
    assert set(await world.tell(container, mode, *names)) == {Result.SENT}
    world.clock.at += 60
    miners = await world.read(container)
    assert {miners[name].status for name in names} == {Status.SLEEPING}
    assert {miners[name].work_mode for name in names} == {"sleep"}


async def test_name(world: World) -> None:
    """A worker can be called otherwise; there is nothing for it to do."""
    farm = world.hive.farms[0]
    name = next(iter(await world.read(farm)))
    command = Command(action=Action.UPDATE_SETTINGS, data={"name": "The first"})
    assert await world.tell(farm, command, name) == [Result.DONE]
    assert "The first" in await world.read(farm)


async def test_rejected(world: World) -> None:
    """The service says what is wrong; we say it on."""
    farm = world.hive.farms[0]
    command = Command(action=Action.SET_FLIGHT_SHEET, value="999999")
    name = next(iter(await world.read(farm)))
    with pytest.raises(RejectedError, match="fs_id"):
        await world.tell(farm, command, name)


async def test_events(world: World) -> None:
    """What somebody did in a farm is told once it is asked for."""
    farm = world.hive.farms[0]
    await world.reading(farm)
    farm.record(16, "Access changed")
    world.clock.at += 300
    reading = await world.reading(farm)
    assert [item.title for item in reading.happenings] == ["Access changed"]


async def test_monitor(session: ClientSession) -> None:
    """Who may only look is offered nothing, and is not even asked for."""
    async with HiveService([FarmPlan(name="A", gpu_rigs=1)]) as hive:
        client = HiveClient(session, hive.tokens["monitor"], hive.url)
        (farm,) = await client.farms()
        source = FarmSource(client, farm.id, farm=lambda: farm, since=datetime.now(UTC))
        (rig,) = (await source.read()).rigs
        assert (rig.commands, rig.commands_denied) == ((), Denial.ROLE)
        sent = len(hive.requests)
        with pytest.raises(ForbiddenError):
            await source.execute(Command(action=Action.REBOOT), [rig.id])
        assert len(hive.requests) == sent
        # And the service says the same.
        unaware = FarmSource(
            client, farm.id, farm=lambda: None, since=datetime.now(UTC)
        )
        with pytest.raises(ForbiddenError):
            await unaware.execute(Command(action=Action.REBOOT), [rig.id])
        assert hive.violations == []


async def test_revoked_token(world: World) -> None:
    """It is refused from one moment to the next, and not sent again."""
    world.hive.revoke("owner")
    for _ in range(2):
        with pytest.raises(InvalidCredentialsError):
            await world.client.farms()
    assert len(world.hive.requests) == 2


FAULTS: dict[HiveFault, type[SourceError]] = {
    HiveFault.UNAUTHORIZED: InvalidCredentialsError,
    HiveFault.FORBIDDEN_CODE: ForbiddenError,
    HiveFault.FORBIDDEN_ROLE: ForbiddenError,
    HiveFault.FORBIDDEN_HTML: ForbiddenError,
    HiveFault.UNPAID: ForbiddenError,
    HiveFault.INVALID: RejectedError,
    HiveFault.TOO_MANY: BusyError,
    HiveFault.TOO_MANY_403: BusyError,
    HiveFault.SERVER_ERROR: ServerError,
    HiveFault.CLOUDFLARE: ServerError,
    HiveFault.EMPTY: InvalidReplyError,
    HiveFault.HTML: InvalidReplyError,
    HiveFault.TRUNCATED: InvalidReplyError,
    HiveFault.WRONG_TYPES: InvalidReplyError,
    HiveFault.NOT_JSON: InvalidReplyError,
    HiveFault.SLOW: SourceTimeoutError,
    HiveFault.HANG: SourceTimeoutError,
    HiveFault.HUGE: InvalidReplyError,
    HiveFault.REDIRECT: InvalidReplyError,
    HiveFault.DROP: SourceUnreachableError,
}
NO_FAILURES = {HiveFault.OLD_STATS, HiveFault.MISSING_STATS, HiveFault.VANISH}


def test_every_fault_is_known() -> None:
    """None was forgotten."""
    assert FAULTS.keys() | NO_FAILURES == set(HiveFault)


@pytest.mark.parametrize("fault", FAULTS)
async def test_faults(session: ClientSession, fault: HiveFault) -> None:
    """Each has its error, without the token in it, and is over when it is over."""
    clock = Time()
    async with HiveService([FarmPlan(name="A", gpu_rigs=2)], clock=clock) as hive:
        slow = fault in (HiveFault.SLOW, HiveFault.HANG)
        client = HiveClient(
            session, hive.token, hive.url, timeout=0.05 if slow else 5.0, clock=clock
        )
        farm_id = str(hive.farms[0].id)
        worker_id = str(hive.farms[0].workers[0].id)
        farms = await client.farms() if not slow else ()
        farm = farms[0] if farms else None
        source = FarmSource(
            client, farm_id, farm=lambda: farm, since=clock.now(), now=clock.now
        )
        hive.set_fault(
            fault, path="/workers" if fault is not HiveFault.UNPAID else None
        )
        with pytest.raises(FAULTS[fault]) as caught:
            await source.read()
        assert hive.token not in str(caught.value)
        told = source.execute(
            Command(action=Action.REBOOT), [rig_id(farm_id, worker_id)]
        )
        if fault is HiveFault.WRONG_TYPES:
            # It was taken, whatever else the answer says.
            (outcome,) = await told
            assert (outcome.result, outcome.command_ids) == (Result.SENT, ())
            return
        with pytest.raises(FAULTS[fault]):
            await told


async def test_refusals(world: World) -> None:
    """A second factor, a plan that is not paid for, and what nobody says why."""
    farm = world.hive.farms[0]
    for fault, refusal in (
        (HiveFault.FORBIDDEN_CODE, Refusal.SECURITY_CODE),
        (HiveFault.FORBIDDEN_HTML, Refusal.UNKNOWN),
        (HiveFault.UNPAID, Refusal.UNPAID),
    ):
        world.hive.clear()
        world.hive.set_fault(fault, path="/farms/")
        if fault is HiveFault.UNPAID:
            world.hive.clear()
            world.hive.set_fault(fault)
        await world.refresh()
        with pytest.raises(ForbiddenError) as caught:
            await world.reading(farm)
        assert caught.value.refusal is refusal


async def test_back_after_a_fault(world: World) -> None:
    """Once the time is over that the service asked for, everything is as before."""
    farm = world.hive.farms[0]
    before = await world.read(farm)
    world.hive.set_fault(HiveFault.TOO_MANY, retry_after=120, count=1)
    for _ in range(3):
        with pytest.raises(BusyError):
            await world.reading(farm)
    assert sum(request.at == world.clock() for request in world.hive.requests) == 7
    world.clock.at += 120
    assert (await world.read(farm)).keys() == before.keys()


async def test_no_failures(world: World) -> None:
    """Figures that stand still, are missing, or a rig that is gone: each is a reading."""
    farm = world.hive.farms[0]
    before = await world.read(farm)
    world.hive.set_fault(HiveFault.OLD_STATS)
    world.clock.at += 600
    old = await world.read(farm)
    assert all(old[name].seen_at == rig.seen_at for name, rig in before.items())
    world.hive.clear()
    world.hive.set_fault(HiveFault.MISSING_STATS)
    world.clock.at += 60
    missing = await world.read(farm)
    assert {rig.status for rig in missing.values()} == {Status.OFFLINE}
    world.hive.clear()
    world.hive.set_fault(HiveFault.VANISH)
    world.clock.at += 60
    assert len(await world.read(farm)) == len(before) - 1


async def test_redirect_does_not_get_the_token(world: World) -> None:
    """Nobody is asked elsewhere."""
    world.hive.set_fault(HiveFault.REDIRECT)
    with pytest.raises(InvalidReplyError):
        await world.client.account()
    assert not any("elsewhere" in request.path for request in world.hive.requests)
