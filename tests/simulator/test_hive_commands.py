"""What commands and changes of settings do to the workers of a simulated HiveOS service."""

from typing import cast

import pytest

from simulator.hive import FarmPlan, HiveService, SimulatedFarm, SimulatedWorker

from .conftest import START, Clock, Data
from .hive_client import Answer, Asker, inner, listed

DELAY = 3.0
BOOT = 30.0
WARM_UP = 10.0
PLAN = FarmPlan(name="Hall", gpu_rigs=2, asics=3)


class Bench:
    """A service with one farm, and somebody who asks it."""

    def __init__(self, hive: HiveService, ask: Asker, clock: Clock) -> None:
        """Keep them."""
        self.hive = hive
        self.ask = ask
        self.clock = clock

    @property
    def farm(self) -> SimulatedFarm:
        """The only one."""
        return self.hive.farms[0]

    async def command(
        self, worker: SimulatedWorker, command: str, data: Data | None = None
    ) -> int:
        """Tell a worker something; the id of the command."""
        body: Data = {"command": command}
        if data:
            body["data"] = data
        path = f"/farms/{self.farm.id}/workers/{worker.id}/command"
        answer = await self.ask("POST", path, body)
        assert answer.status == 201
        (sent,) = listed(answer.data, "commands")
        assert sent == {**body, "id": answer.data["id"]}
        return cast("int", sent["id"])

    async def edit(self, worker: SimulatedWorker, **body: object) -> Answer:
        """Change a worker's settings."""
        path = f"/farms/{self.farm.id}/workers/{worker.id}"
        return await self.ask("PATCH", path, body)

    async def item(self, worker: SimulatedWorker) -> Data:
        """A worker as it is listed."""
        return (await self.ask.workers(self.farm.id))[worker.id]

    async def messages(self) -> list[Data]:
        """All messages, the newest first."""
        return (await self.ask("GET", f"/farms/{self.farm.id}/workers/messages")).items


@pytest.fixture
async def bench(clock: Clock, sockets: None) -> object:
    """Two GPU rigs and three ASICs, under a clock of the test's own."""
    async with (
        HiveService(
            [PLAN],
            clock=clock,
            command_delay=DELAY,
            boot_seconds=BOOT,
            warm_up=WARM_UP,
        ) as hive,
        Asker(hive) as ask,
    ):
        yield Bench(hive, ask, clock)
        assert hive.violations == []


def rates(item: Data) -> list[object]:
    """kH/s of its programs; none where there is no such key."""
    if "miners_summary" not in item:
        return []
    return [program["hash"] for program in listed(item, "miners_summary", "hashrates")]


def online(*workers: SimulatedWorker) -> list[bool]:
    """Which of them report."""
    return [worker.online for worker in workers]


def problems(item: Data) -> object:
    """What the service finds wrong with it."""
    return inner(item, "stats")["problems"]


async def test_stop_and_start(bench: Bench) -> None:
    """Queued at once, effective after the delay; hashes come back after the warm-up."""
    rig = bench.farm.workers[0]
    command = await bench.command(rig, "miner", {"action": "stop"})
    item = await bench.item(rig)
    assert item["commands"] == [
        {"command": "miner", "id": command, "data": {"action": "stop"}}
    ]
    assert rates(item) and problems(item) == []
    bench.clock.advance(DELAY - 0.1)
    assert rates(await bench.item(rig))
    bench.clock.advance(0.1)
    item = await bench.item(rig)
    assert item["commands"] == []
    assert rates(item) == [] and problems(item) == ["no_hashrate"]
    assert inner(item, "stats")["gpus_online"] == 0
    assert cast("int", inner(item, "stats")["stats_time"]) == int(START + DELAY)

    await bench.command(rig, "miner", {"action": "start"})
    bench.clock.advance(DELAY)
    item = await bench.item(rig)
    assert rates(item) == [] and problems(item) == []
    assert inner(item, "stats")["miner_start_time"] == int(START + 2 * DELAY)
    bench.clock.advance(WARM_UP + 10)
    assert rates(await bench.item(rig))


async def test_the_answer_is_a_message(bench: Bench) -> None:
    """With the command's id; it is counted, and can be dealt with."""
    rig = bench.farm.workers[0]
    command = await bench.command(rig, "exec", {"cmd": "uname"})
    assert await bench.messages() == []
    bench.clock.advance(DELAY)
    (message,) = await bench.messages()
    assert message["cmd_id"] == command
    assert (message["command"], message["type"]) == ("exec", "success")
    assert message["time"] == int(START + DELAY)
    assert inner(message, "worker")["id"] == rig.id
    assert cast("int", message["id"]) > 2**53
    item = await bench.item(rig)
    assert inner(item, "messages_counts")["success"] == 1
    assert inner(item, "messages_counts_unresolved")["success"] == 1
    rig.resolve()
    item = await bench.item(rig)
    assert inner(item, "messages_counts")["success"] == 1
    assert inner(item, "messages_counts_unresolved")["success"] == 0
    (message,) = await bench.messages()
    assert message["resolved_at"] == int(START + DELAY)


async def test_restart(bench: Bench) -> None:
    """A later start of the miner program, and shares from the beginning."""
    rig = bench.farm.workers[0]
    before = inner(await bench.item(rig), "stats")
    await bench.command(rig, "miner", {"action": "restart", "miner_index": 0})
    bench.clock.advance(DELAY + WARM_UP + 10)
    item = await bench.item(rig)
    assert inner(item, "stats")["miner_start_time"] == int(START + DELAY)
    assert inner(item, "stats")["boot_time"] == before["boot_time"]
    shares = inner(listed(item, "miners_summary", "hashrates")[0], "shares")
    assert cast("int", shares["total"]) < 20


async def test_reboot(bench: Bench) -> None:
    """Off with the figures it had, and back with another boot time."""
    rig = bench.farm.workers[0]
    await bench.command(rig, "reboot")
    bench.clock.advance(DELAY)
    item = await bench.item(rig)
    assert inner(item, "stats")["online"] is False
    assert inner(item, "stats")["stats_time"] == int(START + DELAY)
    assert rates(item)
    bench.clock.advance(BOOT - 0.1)
    assert inner(await bench.item(rig), "stats")["online"] is False
    bench.clock.advance(0.1)
    item = await bench.item(rig)
    assert inner(item, "stats")["online"] is True
    assert inner(item, "stats")["boot_time"] == int(START + DELAY + BOOT)
    assert rates(item) == []
    bench.clock.advance(WARM_UP + 10)
    assert rates(await bench.item(rig))


async def test_shutdown(bench: Bench) -> None:
    """Off for good, or back by itself with the alarm."""
    rig, other = bench.farm.workers[:2]
    await bench.command(rig, "shutdown")
    await bench.command(other, "shutdown", {"wakealarm": True})
    bench.clock.advance(DELAY)
    assert online(rig, other) == [False, False]
    bench.clock.advance(30 + BOOT)
    assert online(rig, other) == [False, True]
    bench.clock.advance(3600)
    item = await bench.item(rig)
    assert not item.keys() & {"miners_summary", "gpu_stats"}
    assert item["gpu_info"]


async def test_shutdown_of_an_asic_needs_two(bench: Bench) -> None:
    """The first only makes it warn."""
    asic = bench.farm.workers[2]
    await bench.command(asic, "shutdown")
    bench.clock.advance(DELAY)
    assert online(asic) == [True]
    assert [message["type"] for message in await bench.messages()] == ["warning"]
    await bench.command(asic, "shutdown")
    bench.clock.advance(DELAY)
    assert online(asic) == [False]


async def test_stop_of_an_asic_with_the_makers_firmware_warns(bench: Bench) -> None:
    """It stops for good; Hiveon's does not say so."""
    hiveon, stock = bench.farm.workers[2:4]
    for asic in (hiveon, stock):
        await bench.command(asic, "miner", {"action": "stop"})
    bench.clock.advance(DELAY)
    assert not hiveon.mining and not stock.mining
    kinds = {inner(m, "worker")["id"]: m["type"] for m in await bench.messages()}
    assert kinds == {hiveon.id: "success", stock.id: "warning"}


async def test_upgrade(bench: Bench) -> None:
    """Another version, and nothing newer."""
    rig = next(worker for worker in bench.farm.workers if not worker.upgraded)
    before = await bench.item(rig)
    assert before["needs_upgrade"] is True
    await bench.command(rig, "upgrade")
    bench.clock.advance(DELAY)
    after = await bench.item(rig)
    assert after["needs_upgrade"] is False
    assert inner(after, "versions")["hive"] != inner(before, "versions")["hive"]


async def test_log(bench: Bench) -> None:
    """Comes as a file."""
    await bench.command(bench.farm.workers[0], "miner", {"action": "log"})
    bench.clock.advance(DELAY)
    (message,) = await bench.messages()
    assert (message["type"], message["has_payload"]) == ("file", True)


async def test_offline_workers_keep_their_commands(bench: Bench) -> None:
    """Until they are back."""
    rig = bench.farm.workers[0]
    rig.online = False
    await bench.command(rig, "miner", {"action": "stop"})
    bench.clock.advance(500)
    item = await bench.item(rig)
    assert len(cast("list[Data]", item["commands"])) == 1
    assert await bench.messages() == []
    rig.online = True
    item = await bench.item(rig)
    assert item["commands"] == []
    assert len(await bench.messages()) == 1
    assert problems(item) == [] or problems(item) == ["no_hashrate"]
    bench.clock.advance(60)
    assert rates(await bench.item(rig)) == []


async def test_commands_follow_each_other(bench: Bench) -> None:
    """What comes behind a reboot happens after it."""
    rig = bench.farm.workers[0]
    await bench.command(rig, "reboot")
    await bench.command(rig, "miner", {"action": "stop"})
    bench.clock.advance(DELAY)
    assert len(rig.queue) == 1
    bench.clock.advance(BOOT + 60)
    assert rates(await bench.item(rig)) == []
    assert [message["time"] for message in await bench.messages()] == [
        int(START + DELAY + BOOT),
        int(START + DELAY),
    ]


async def test_bulk_command(bench: Bench) -> None:
    """One id for all of them; an unknown worker spoils it, and nothing is sent."""
    ids = [worker.id for worker in bench.farm.workers[:2]]
    path = f"/farms/{bench.farm.id}/workers/command"
    body: Data = {
        "worker_ids": ids,
        "data": {"command": "miner", "data": {"action": "stop"}},
    }
    answer = await bench.ask("POST", path, body)
    assert answer.status == 200
    commands = listed(answer.data, "commands")
    assert [entry["worker_id"] for entry in commands] == ids
    assert {listed(entry, "commands")[0]["id"] for entry in commands} == {
        answer.data["id"]
    }
    bench.clock.advance(DELAY)
    assert [worker.mining for worker in bench.farm.workers[:2]] == [False, False]
    wrong = await bench.ask("POST", path, {**body, "worker_ids": [ids[0], 5]})
    assert wrong.status == 422
    assert "worker_ids" in inner(wrong.data, "errors")
    assert not bench.farm.workers[0].queue


async def test_writes_are_on_record(bench: Bench) -> None:
    """As events with the user, and without what was executed."""
    rig = bench.farm.workers[0]
    await bench.command(rig, "exec", {"cmd": "cat secret"})
    await bench.edit(rig, name="other")
    answer = await bench.ask("GET", f"/farms/{bench.farm.id}/events")
    edited, sent = answer.items
    assert inner(sent, "details") == {"command": "exec"}
    assert inner(edited, "details") == {"fields": ["name"]}
    assert inner(sent, "user")["login"] == "miner"
    assert inner(sent, "worker")["id"] == rig.id
    assert b"secret" not in answer.body


async def test_flight_sheet(bench: Bench) -> None:
    """Another coin after the delay; the same again is no command at all."""
    rig = bench.farm.workers[0]
    sheet = bench.farm.sheets[1]
    answer = await bench.edit(rig, fs_id=sheet.id)
    (sent,) = listed(answer.data, "commands")
    assert answer.status == 200
    assert sent["command"] == "wallet"
    assert "RIG_PASSWD" in str(sent["data"])
    assert inner(await bench.item(rig), "flight_sheet")["id"] != sheet.id
    bench.clock.advance(DELAY + WARM_UP + 10)
    item = await bench.item(rig)
    assert inner(item, "flight_sheet")["name"] == sheet.name
    (program,) = listed(item, "miners_summary", "hashrates")
    assert (program["coin"], program["dcoin"]) == ("ERG", "KAS")
    assert [m["cmd_id"] for m in await bench.messages()] == [sent["id"]]
    assert (await bench.edit(rig, fs_id=sheet.id)).data == {"commands": []}


@pytest.mark.parametrize("index", [0, 1])
async def test_overclock(index: int, bench: Bench) -> None:
    """Other clocks and another power; by the brand of the cards."""
    rig = bench.farm.workers[index]
    before = cast("float", inner(await bench.item(rig), "stats")["power_draw"])
    profile = bench.farm.overclocks[1]
    answer = await bench.edit(rig, oc_id=profile.id, oc_apply_mode="replace")
    command = listed(answer.data, "commands")[0]["command"]
    assert command == ("nvidia_oc", "amd_oc")[index]
    bench.clock.advance(DELAY + WARM_UP + 10)
    item = await bench.item(rig)
    assert item["oc_id"] == profile.id
    assert cast("float", inner(item, "stats")["power_draw"]) > before * 1.1
    answer = await bench.edit(rig, oc_config={"default": {"amd": {"fan_speed": "70"}}})
    bench.clock.advance(DELAY)
    item = await bench.item(rig)
    assert "oc_id" not in item
    assert item["overclock"] == {"amd": {"fan_speed": "70"}}


async def test_power_modes(bench: Bench) -> None:
    """An ASIC that sleeps, and one that hurries."""
    asic = bench.farm.workers[2]
    normal = cast("float", rates(await bench.item(asic))[0])
    for mode, factor in (("low", 0.76), ("high", 1.12)):
        await bench.edit(asic, power_options={"mode": mode})
        bench.clock.advance(DELAY + WARM_UP + 10)
        item = await bench.item(asic)
        assert inner(item, "power_options")["mode"] == mode
        assert rates(item)[0] == pytest.approx(normal * factor, rel=0.03)
    await bench.edit(asic, power_options={"mode": "sleep"})
    bench.clock.advance(DELAY)
    item = await bench.item(asic)
    assert rates(item) == [] and problems(item) == []
    assert cast("float", inner(item, "stats")["power_draw"]) < 20


async def test_names_and_tags_need_no_command(bench: Bench) -> None:
    """They are the service's own matter, at once."""
    rig = bench.farm.workers[0]
    one, two = (tag.id for tag in bench.farm.tags)
    answer = await bench.edit(rig, name="new", description="told", tag_ids=[one])
    assert answer.data == {"commands": []}
    item = await bench.item(rig)
    assert (item["name"], item["description"], item["tag_ids"]) == (
        "new",
        "told",
        [one],
    )
    for mode, after in (("add", [one, two]), ("remove", [one]), ("replace", [two])):
        await bench.edit(rig, tag_ids=[two], tag_update_mode=mode)
        assert (await bench.item(rig))["tag_ids"] == after
    answer = await bench.ask("GET", f"/farms/{bench.farm.id}/workers")
    counts = [tag["workers_count"] for tag in listed(answer.data, "tags")]
    assert counts == [0, 1]


async def test_inactive_workers_do_not_mine(bench: Bench) -> None:
    """And are counted as disabled."""
    rig = bench.farm.workers[0]
    await bench.edit(rig, active=False)
    assert rates(await bench.item(rig)) == []
    (farm,) = (await bench.ask("GET", "/farms")).items
    assert farm["disabled_rigs_count"] == 1


async def test_options_merge_and_watchdogs_only_if_told(bench: Bench) -> None:
    """Options always do."""
    rig = bench.farm.workers[0]
    path = f"/farms/{bench.farm.id}/workers"
    watchdog: Data = {"enabled": True, "restart_timeout": 5, "reboot_timeout": 10}
    await bench.edit(rig, options={"push_interval": 20}, watchdog=watchdog)
    bench.clock.advance(DELAY)
    await bench.edit(rig, options={"maintenance_mode": 1})
    bench.clock.advance(DELAY)
    item = await bench.item(rig)
    assert item["options"] == {"push_interval": 20, "maintenance_mode": 1}
    assert rates(item) == [] and problems(item) == []
    more: Data = {**watchdog, "check_gpu": True}
    for merge, after in ((0, watchdog), (1, more)):
        await bench.edit(rig, watchdog=more)
        bench.clock.advance(DELAY)
        body = {"worker_ids": [rig.id], "data": {"watchdog": watchdog}}
        answer = await bench.ask("PATCH", f"{path}?merge={merge}", body)
        assert answer.status == 200
        bench.clock.advance(DELAY)
        assert (await bench.item(rig))["watchdog"] == after


async def test_several_settings_are_one_command(bench: Bench) -> None:
    """A batch."""
    rig = bench.farm.workers[0]
    sheets, profiles = bench.farm.sheets, bench.farm.overclocks
    answer = await bench.edit(rig, fs_id=sheets[3].id, oc_id=profiles[0].id)
    (sent,) = listed(answer.data, "commands")
    assert sent["command"] == "batch"
    bench.clock.advance(DELAY)
    item = await bench.item(rig)
    assert inner(item, "flight_sheet")["id"] == sheets[3].id
    assert item["oc_id"] == profiles[0].id


async def test_bulk_edit(bench: Bench) -> None:
    """Each worker has a command of its own, or none."""
    rig, other = bench.farm.workers[:2]
    sheet = bench.farm.sheets[3]
    await bench.edit(other, fs_id=sheet.id)
    bench.clock.advance(DELAY)
    body = {"worker_ids": [rig.id, other.id], "data": {"fs_id": sheet.id}}
    answer = await bench.ask("PATCH", f"/farms/{bench.farm.id}/workers", body)
    first, second = answer.items
    assert (first["worker_id"], second["worker_id"]) == (rig.id, other.id)
    assert len(listed(first, "commands")) == 1
    assert listed(second, "commands") == []


@pytest.mark.parametrize(
    ("index", "body", "field"),
    [
        (0, {"fs_id": 5}, "fs_id"),
        (2, {"fs_id": "gpu"}, "fs_id"),
        (0, {"oc_id": 5}, "oc_id"),
        (0, {"tag_ids": [5]}, "tag_ids"),
        (0, {"power_options": {"mode": "low"}}, "power_options"),
    ],
)
async def test_what_makes_no_sense_is_rejected(
    index: int, body: Data, field: str, bench: Bench
) -> None:
    """422 with the field; nothing is changed."""
    worker = bench.farm.workers[index]
    if body.get("fs_id") == "gpu":
        body = {"fs_id": bench.farm.sheets[0].id}
    answer = await bench.edit(worker, name="changed", **body)
    assert answer.status == 422
    assert list(inner(answer.data, "errors")) == [field]
    assert worker.name != "changed" and not worker.queue


async def test_overclock_of_an_asic(bench: Bench) -> None:
    """Has a command of its own, and the same again is none."""
    asic, profile = bench.farm.workers[2], bench.farm.overclocks[0]
    answer = await bench.edit(asic, oc_id=profile.id)
    assert [sent["command"] for sent in listed(answer.data, "commands")] == ["asic_oc"]
    bench.clock.advance(DELAY)
    assert (await bench.edit(asic, oc_id=profile.id)).data == {"commands": []}


async def test_end_of_maintenance(bench: Bench) -> None:
    """The miner program starts again."""
    rig = bench.farm.workers[0]
    for mode in (2, 0):
        await bench.edit(rig, options={"maintenance_mode": mode})
        bench.clock.advance(DELAY)
    assert inner(await bench.item(rig), "stats")["miner_start_time"] == int(
        START + 2 * DELAY
    )
    bench.clock.advance(WARM_UP + 10)
    assert rates(await bench.item(rig))


async def test_other_actions_of_the_miner(bench: Bench) -> None:
    """Are answered, and change nothing."""
    rig = bench.farm.workers[0]
    await bench.command(rig, "miner", {"action": "config"})
    bench.clock.advance(DELAY)
    assert [message["title"] for message in await bench.messages()] == [
        "Miner config: done"
    ]
    assert rates(await bench.item(rig))


async def test_a_worker_without_a_flight_sheet(bench: Bench) -> None:
    """Has that problem, and no such key."""
    rig = bench.farm.workers[0]
    rig.set_sheet(None, START)
    item = await bench.item(rig)
    assert problems(item) == ["no_fs"]
    assert "flight_sheet" not in item and rates(item) == []


async def test_frozen_figures(bench: Bench) -> None:
    """Online, and as old as they are."""
    rig = bench.farm.workers[0]
    before = inner(await bench.item(rig), "stats")
    rig.freeze_stats()
    bench.clock.advance(600)
    assert inner(await bench.item(rig), "stats") == before
    assert before["online"] is True
    rig.thaw_stats()
    after = inner(await bench.item(rig), "stats")
    assert cast("int", after["stats_time"]) > cast("int", before["stats_time"]) + 580


async def test_pulling_the_plug(bench: Bench) -> None:
    """And putting it back: the worker boots; doing it twice does nothing."""
    rig = bench.farm.workers[0]
    rig.online = False
    bench.clock.advance(100)
    rig.online = False
    stats = inner(await bench.item(rig), "stats")
    assert (stats["online"], stats["stats_time"]) == (False, int(START))
    assert stats["problems"] == []
    rig.online = True
    bench.clock.advance(100)
    rig.online = True
    stats = inner(await bench.item(rig), "stats")
    assert (stats["online"], stats["boot_time"]) == (True, int(START) + 100)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mood": 1}, "cannot change mood; there are: online"),
        ({"online": 1}, "online cannot be 1"),
        ({"heat": True}, "heat cannot be True"),
        ({"heat": "hot"}, "heat cannot be 'hot'"),
        ({"lost": 9}, "lost must be from 0 to 8, not 9"),
        ({"dead_chips": 1}, "dead_chips must be from 0 to 0, not 1"),
    ],
)
async def test_changes_that_cannot_be(
    changes: Data, message: str, bench: Bench
) -> None:
    """Are named, and none of the others happens."""
    rig = bench.farm.workers[0]
    with pytest.raises(ValueError, match=message):
        rig.change(name="changed", **changes)
    assert rig.name != "changed"


async def test_changes(bench: Bench) -> None:
    """Everything that a worker can suffer shows."""
    rig, _, asic = bench.farm.workers[:3]
    rig.change(
        name="changed",
        heat=30,
        rejects=0.2,
        lost=2,
        problems=["error_message"],
        upgraded=True,
    )
    item = await bench.item(rig)
    assert (item["name"], item["needs_upgrade"]) == ("changed", False)
    assert problems(item) == ["overheat", "low_asr", "missed_unit", "error_message"]
    stats = inner(item, "stats")
    assert (stats["gpus_online"], stats["gpus_offline"]) == (6, 2)
    assert stats["gpus_overheated"] == 6
    asic.change(dead_chips=5, watts=3000)
    item = await bench.item(asic)
    assert cast("list[int]", listed(item, "asic_stats", "boards")[-1]["status"])[-6:] == [
        1, 0, 0, 0, 0, 0,
    ]  # fmt: skip
    assert item["hardware_power_draw"] == 3000
    rig.change(frozen=True, online=False, reports=False)
    assert "stats" not in await bench.item(rig)
    with pytest.raises(ValueError, match="no message type 'loud'"):
        rig.say("x", "loud")
