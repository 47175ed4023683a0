"""What the simulated HiveOS service answers while nothing is broken."""

import asyncio
from collections.abc import Mapping
import json
import time
from typing import cast

import pytest

from simulator.hive import FarmPlan, HiveService
from simulator.hive.contract import load

from .conftest import START, Clock, Data
from .hive_client import Asker, inner, listed

MINUTE = 60.0


async def test_every_endpoint_agrees_with_the_contract(clock: Clock) -> None:
    """Both farms, with something in every list, in every state that the farms pass through."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        hive.announce("Downtime", "Tonight", START, START + 60, "warning")
        north, container = hive.farms
        statuses: list[int] = []
        for farm in hive.farms:
            farm.record(7, "Something else", farm.owner, farm.workers[0], {"count": 1})
            farm.workers[0].say("Hello", "file", 5, command="exec", result={"code": 0})
        for _ in range(3):
            statuses += [
                (await ask("GET", path)).status
                for path in (
                    "/auth/check",
                    "/account",
                    "/account/announcements",
                    "/farms",
                )
            ]
            for farm in (north, container):
                for name in ("workers", "workers/messages", "events", "fs", "oc"):
                    answer = await ask("GET", f"/farms/{farm.id}/{name}")
                    statuses.append(answer.status)
                    assert answer.items
                worker = farm.workers[0]
                command = {"command": "exec", "data": {"cmd": "ls"}}
                path = f"/farms/{farm.id}/workers/{worker.id}"
                statuses.append((await ask("POST", f"{path}/command", command)).status)
                statuses.append((await ask("PATCH", path, {"name": "new"})).status)
                many = {"worker_ids": [worker.id], "data": {"command": "reboot"}}
                path = f"/farms/{farm.id}/workers"
                statuses.append((await ask("POST", f"{path}/command", many)).status)
                edit = {"worker_ids": [worker.id], "data": {"active": True}}
                statuses.append((await ask("PATCH", f"{path}?merge=1", edit)).status)
                clock.advance(5)
            clock.advance(2 * MINUTE)
        assert hive.violations == []
    assert set(statuses) == {200, 201, 204}
    assert (statuses.count(201), statuses.count(204)) == (6, 3)


def described(value: object, schema: Data, document: Data) -> list[str]:
    """Keys of a reply that the contract does not describe."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[1]
        return described(
            value, inner(document, "components", "schemas", name), document
        )
    if isinstance(value, list) and "items" in schema:
        items = cast("Data", schema["items"])
        return [text for item in value for text in described(item, items, document)]
    if not isinstance(value, Mapping) or "properties" not in schema:
        return []
    properties = cast("dict[str, Data]", schema["properties"])
    missing = [key for key in value if key not in properties]
    for key, item in value.items():
        if key in properties:
            missing += [
                f"{key}.{text}" for text in described(item, properties[key], document)
            ]
    return missing


@pytest.mark.parametrize("newer", [False, True])
async def test_nothing_is_served_that_the_contract_does_not_describe(
    newer: bool, clock: Clock
) -> None:
    """Neither of workers nor of farms and messages."""
    document = load()
    async with HiveService(clock=clock, newer=newer) as hive, Asker(hive) as ask:
        for farm in hive.farms:
            farm.workers[0].say("x", "file", 5, command="miner", result={"code": 0})
            for name, schema in (("", "Farm"), ("workers", "Worker")):
                path = f"/farms/{farm.id}/{name}" if name else "/farms"
                reference: Data = {"$ref": f"#/components/schemas/{schema}"}
                for item in (await ask("GET", path)).items:
                    assert described(item, reference, document) == []
            messages = (await ask("GET", f"/farms/{farm.id}/workers/messages")).items
            reference = {"$ref": "#/components/schemas/Message"}
            assert described(messages, {"items": reference}, document) == []
        assert hive.violations == []


async def test_default_farms_are_in_various_states(clock: Clock) -> None:
    """Those that the documentation of the plan promises."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        rigs = list((await ask.workers(hive.farms[0].id)).values())
        asics = list((await ask.workers(hive.farms[1].id)).values())
    programs = [
        [
            (program["algo"], program.get("dalgo"))
            for program in listed(rig, "miners_summary", "hashrates")
        ]
        for rig in rigs[:3]
    ]
    assert programs == [
        [("etchash", None)],
        [("etchash", None), ("randomx", None)],
        [("autolykos2", "kheavyhash")],
    ]
    assert inner(rigs[3], "stats")["online"] is False
    assert cast("int", inner(rigs[3], "stats")["stats_time"]) <= START - 86_400
    assert not rigs[3].keys() & {"miners_summary", "gpu_stats", "hardware_stats"}
    assert not rigs[4].keys() & {"stats", "gpu_info", "versions", "miners_summary"}
    assert inner(rigs[5], "stats")["problems"] == ["overheat", "low_asr", "missed_unit"]
    assert inner(rigs[5], "messages_counts_unresolved")["danger"] == 1
    assert rigs[0]["oc_id"] == hive.farms[0].overclocks[0].id
    assert "overclock" in rigs[1] and "oc_id" not in rigs[1]
    assert [inner(asic, "asic_info")["model"] for asic in asics] == [
        "Antminer S19",
        "Antminer S19j Pro",
        "Antminer L7",
        "Antminer S19",
    ]
    assert 0 in cast(
        "list[int]", listed(asics[0], "asic_stats", "boards")[-1]["status"]
    )
    assert "power_draw" not in inner(asics[1], "stats")
    assert inner(asics[2], "stats")["power_draw"] == asics[2]["hardware_power_draw"]
    assert inner(asics[3], "power_options")["mode"] == "sleep"
    assert "miners_summary" not in asics[3]


async def test_figures_belong_together(clock: Clock) -> None:
    """Sums are those of the parts, and lists join by the numbers of the buses."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        rig = next(iter((await ask.workers(hive.farms[0].id)).values()))
        asic = next(iter((await ask.workers(hive.farms[1].id)).values()))
    (program,) = listed(rig, "miners_stats", "hashrates")
    (summary,) = listed(rig, "miners_summary", "hashrates")
    hashes = cast("list[float]", program["hashes"])
    assert sum(hashes) == pytest.approx(summary["hash"], rel=1e-4)
    cards = cast("list[Data]", rig["gpu_stats"])
    information = cast("list[Data]", rig["gpu_info"])
    buses = program["bus_numbers"]
    assert [card["bus_number"] for card in cards] == buses
    assert [card["bus_number"] for card in information] == buses
    assert buses != list(range(1, 9))
    assert [card["hash"] for card in cards] == hashes
    shares = inner(summary, "shares")
    accepted, total = cast("int", shares["accepted"]), cast("int", shares["total"])
    assert accepted + cast("int", shares["rejected"]) == total > 0
    assert shares["ratio"] == round(100 * accepted / total, 2)
    boards = listed(asic, "asic_stats", "boards")
    power = inner(asic, "stats")["power_draw"]
    assert sum(cast("float", board["power"]) for board in boards) == pytest.approx(
        power, abs=20
    )


async def test_totals_of_farms_agree_with_workers(clock: Clock) -> None:
    """Power, rates by algorithm, how many there are and how many report."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        for item in (await ask("GET", "/farms")).items:
            workers = (await ask.workers(cast("int", item["id"]))).values()
            stats = [cast("Data", worker.get("stats", {})) for worker in workers]
            online = [one for one in stats if one.get("online")]
            totals = inner(item, "stats")
            assert totals["workers_total"] == item["workers_count"] == len(workers)
            assert totals["workers_online"] == len(online)
            power = sum(cast("float", one.get("power_draw", 0)) for one in online)
            assert totals["power_draw"] == power
            assert totals["power_cost"] == round(power / 1000 * 0.14, 2)
            for kind in ("gpus", "boards"):
                count = sum(cast("int", one.get(f"{kind}_online", 0)) for one in online)
                assert totals[f"{kind}_online"] == count
            rates: dict[object, float] = {}
            for worker in workers:
                if "miners_summary" not in worker:
                    continue
                for program in listed(worker, "miners_summary", "hashrates"):
                    for algorithm, rate in (("algo", "hash"), ("dalgo", "dhash")):
                        if algorithm in program:
                            name = program[algorithm]
                            value = cast("float", program[rate])
                            rates[name] = rates.get(name, 0.0) + value
            told = {one["algo"]: one["hashrate"] for one in listed(item, "hashrates")}
            assert told == pytest.approx(rates)
            assert rates


async def test_an_empty_farm_leaves_keys_out(clock: Clock) -> None:
    """As the real one does."""
    async with (
        HiveService([FarmPlan(name="Empty")], clock=clock) as hive,
        Asker(hive) as ask,
    ):
        (item,) = (await ask("GET", "/farms")).items
    assert not item.keys() & {"hashrates", "hashrates_by_coin", "role"}
    assert not inner(item, "stats").keys() & {"asr", "power_cost"}
    assert inner(item, "stats")["power_draw"] == 0


async def test_figures_move_every_ten_seconds(clock: Clock) -> None:
    """And not in between; shares grow."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        farm = hive.farms[0]
        rig = farm.workers[0].id
        seen: list[Data] = []
        for _ in range(20):
            seen.append((await ask.workers(farm.id))[rig])
            clock.advance(1)
    times = [cast("int", inner(item, "stats")["stats_time"]) for item in seen]
    assert sorted(set(times)) == [times[0], times[0] + 10, times[0] + 20]
    assert all(0 <= START + place - at < 10 for place, at in enumerate(times))
    by_time = {at: item["miners_summary"] for at, item in zip(times, seen, strict=True)}
    assert len({json.dumps(one) for one in by_time.values()}) == 3
    for at, item in zip(times, seen, strict=True):
        assert item["miners_summary"] == by_time[at]


async def test_the_same_seed_makes_the_same_farm(clock: Clock) -> None:
    """And another seed another one."""
    bodies: list[bytes] = []
    for seed in (1, 1, 2):
        async with HiveService(seed=seed, clock=clock) as hive, Asker(hive) as ask:
            bodies.append((await ask("GET", f"/farms/{hive.farms[0].id}/workers")).body)
    assert bodies[0] == bodies[1] != bodies[2]


@pytest.mark.parametrize(
    ("token", "status", "kind"),
    [
        ("Bearer simulated-token", 200, "application/json"),
        ("Bearer simulated-token-revoked", 401, "application/json"),
        ("Bearer unknown", 401, "application/json"),
        ("Bearer ", 401, "application/json"),
        ("simulated-token", 403, "text/html"),
        (None, 403, "text/html"),
    ],
)
async def test_tokens(token: str | None, status: int, kind: str) -> None:
    """JSON for a bad token, a page where Bearer is missing."""
    headers = {"Authorization": token} if token else {}
    async with HiveService() as hive, Asker(hive) as ask:
        answer = await ask.raw("GET", f"{hive.url}/account", headers=headers)
        assert hive.violations == []
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith(kind)


async def test_revoking(clock: Clock) -> None:
    """By token or by name, and back."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        hive.revoke(hive.token)
        assert (await ask("GET", "/auth/check")).status == 401
        hive.restore("owner")
        assert (await ask("GET", "/auth/check")).status == 204
        with pytest.raises(LookupError, match="no token of that name"):
            hive.revoke("nobody")


async def test_accounts_and_roles(clock: Clock) -> None:
    """The owner has no role; others have theirs and another id."""
    users: dict[str, object] = {}
    roles: dict[str, object] = {}
    async with HiveService(clock=clock) as hive:
        for name in ("owner", "full", "monitor", "other"):
            async with Asker(hive, hive.tokens[name]) as ask:
                account = (await ask("GET", "/account")).data
                users[name] = account["user_id"]
                farm = (await ask("GET", "/farms")).items[0]
                roles[name] = farm.get("role")
                assert inner(farm, "owner")["me"] is (name == "owner")
                assert listed(account, "farms")[0].get("role") == roles[name]
    assert len(set(users.values())) == 4
    assert roles == {
        "owner": None,
        "full": "full",
        "monitor": "monitor",
        "other": "advanced",
    }


WRITES = (
    ("POST", "/workers/{worker}/command", {"command": "reboot"}),
    ("POST", "/workers/command", {"worker_ids": [0], "data": {"command": "reboot"}}),
    ("PATCH", "/workers/{worker}", {"name": "mine"}),
    ("PATCH", "/workers", {"worker_ids": [0], "data": {"active": False}}),
)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_who_may_write(method: str, path: str, body: Data, clock: Clock) -> None:
    """Not a monitor, nobody in a locked farm, and with a second factor only the owner."""

    async def status(name: str) -> tuple[int, object]:
        async with Asker(hive, hive.tokens[name]) as ask:
            answer = await ask(method, f"/farms/{farm.id}{target}", sent)
            return answer.status, answer.data.get("code")

    async with HiveService(clock=clock) as hive:
        farm = hive.farms[0]
        worker = farm.workers[0]
        before = (worker.name, worker.active)
        target = path.format(worker=worker.id)
        sent = {**body, "worker_ids": [worker.id]} if "worker_ids" in body else body
        assert await status("monitor") == (403, 403_001)
        farm.locked = True
        assert await status("owner") == (403, 403_002)
        farm.locked, farm.twofa_required = False, True
        assert await status("full") == (403, 403_003)
        farm.role = "monitor"
        assert await status("owner") == (403, 403_001)
        assert (worker.name, worker.active, len(worker.queue)) == (*before, 0)
        farm.role = None
        assert (await status("owner"))[0] in {200, 201}
        assert hive.violations == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/farms/1/workers", 404),
        ("GET", "/farms/1/events", 404),
        ("PATCH", "/farms/{farm}/workers/1", 404),
        ("POST", "/farms/{farm}/workers/1/command", 404),
        ("GET", "/farms/{farm}/nothing", 404),
        ("DELETE", "/farms/{farm}/workers", 405),
        ("GET", "/rigs", 404),
    ],
)
async def test_unknown_ids_and_paths(method: str, path: str, status: int) -> None:
    """404; what is not in the contract is a violation."""
    async with HiveService() as hive, Asker(hive) as ask:
        body = {"command": "reboot"} if method == "POST" else None
        if method == "PATCH":
            body = {"name": "x"}
        target = path.format(farm=hive.farms[0].id)
        answer = await ask(method, target, body)
        known = "1/" in path or path.endswith("/1")
        violation = f"{method} {target}: not in the contract"
        assert hive.violations == ([] if known else [violation])
    assert answer.status == status
    assert answer.data["message"]


async def test_requests_are_recorded_without_the_token() -> None:
    """Everything else of them, and whose token it was."""
    async with HiveService() as hive, Asker(hive) as ask:
        farm = hive.farms[0]
        await ask("GET", f"/farms/{farm.id}/workers/messages?page=2")
        await ask(
            "PATCH", f"/farms/{farm.id}/workers/{farm.workers[0].id}", {"name": "n"}
        )
        await ask.raw("GET", f"http://127.0.0.1:{hive.port}/elsewhere")
        first, second, third = hive.requests
        assert hive.token not in repr(hive.requests)
        assert hive.token not in str([dict(seen.headers) for seen in hive.requests])
    assert (first.method, first.path) == ("GET", f"/farms/{farm.id}/workers/messages")
    assert (first.query, first.account, first.body) == ({"page": "2"}, "owner", None)
    assert (second.method, second.body) == ("PATCH", {"name": "n"})
    assert second.headers["Content-Type"] == "application/json"
    assert (third.path, third.account, third.authorized) == ("/elsewhere", None, False)


async def test_violations_of_requests(clock: Clock) -> None:
    """Are told, with what the service would have said; unknown fields pass."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        farm = hive.farms[0].id
        path = f"/farms/{farm}/workers/{hive.farms[0].workers[0].id}"
        answer = await ask("PATCH", path, {"fs_id": "many"})
        assert (answer.status, answer.data["errors"]) == (
            422,
            {"fs_id": ["'many' is not of type 'integer'"]},
        )
        garbage = {"Content-Type": "application/json"}
        answer = await ask("PATCH", path, headers=garbage, raw=b"{")
        assert answer.status == 422
        assert hive.violations.pop() == f"PATCH {path}: the body is not JSON"
        assert (await ask("PATCH", path, {"name": "n", "mood": 1})).status == 200
        assert (await ask("GET", f"/farms/{farm}/workers?mood=1")).status == 200
        assert [text.split(": ", 1)[0] for text in hive.violations] == [
            f"PATCH {path}",
            f"PATCH {path}",
            f"GET /farms/{farm}/workers",
        ]
    async with HiveService(clock=clock, validate=False) as hive, Asker(hive) as ask:
        assert (await ask("PATCH", path, {"fs_id": "many"})).status == 422
        assert hive.violations == []


async def test_violations_of_replies(clock: Clock) -> None:
    """A worker that is shown as the contract does not have it."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        worker = hive.farms[0].workers[0]
        await ask.workers(worker.farm_id)
        assert hive.violations == []
        worker.show(units_count="eight", tag_ids=None)
        item = (await ask.workers(worker.farm_id))[worker.id]
        assert item["units_count"] == "eight"
        assert "tag_ids" not in item
        assert len(hive.violations) == 1
        assert "units_count: 'eight'" in hive.violations[0]


async def test_newer_shapes(clock: Clock) -> None:
    """Where later answers disagree with the published text."""
    shapes: list[object] = []
    for newer in (False, True):
        async with HiveService(clock=clock, newer=newer) as hive, Asker(hive) as ask:
            rigs, asics = hive.farms
            rig = (await ask.workers(rigs.id))[rigs.workers[0].id]
            asic = (await ask.workers(asics.id))[asics.workers[0].id]
            edit = {"worker_ids": [rigs.workers[0].id], "data": {"active": True}}
            answer = await ask("PATCH", f"/farms/{rigs.id}/workers", edit)
            assert hive.violations == []
        shapes += [
            type(inner(rig, "watchdog")["options"]),
            type(listed(asic, "asic_stats", "boards")[0]["freq"]),
            set(answer.data),
        ]
    assert shapes == [list, int, {"data"}, dict, float, {"id", "commands"}]


async def test_pages(clock: Clock) -> None:
    """Newest first, in pages of fifteen or as asked, from a time on."""
    async with HiveService([FarmPlan(name="x", gpu_rigs=2)], clock=clock) as hive:
        (farm,) = hive.farms
        for number in range(40):
            farm.workers[number % 2].say(f"message {number}")
            farm.record(1, f"event {number}")
            clock.advance(1)
        async with Asker(hive) as ask:
            for name, key in (("workers/messages", "title"), ("events", "type")):
                path = f"/farms/{farm.id}/{name}"
                first = await ask("GET", path)
                third = await ask("GET", f"{path}?page=3")
                large = await ask("GET", f"{path}?page=1&per_page=100")
                beyond = await ask("GET", f"{path}?page=9")
                numbers = [int(str(item[key]).split()[1]) for item in first.items]
                assert numbers == list(range(39, 24, -1))
                assert first.data["pagination"] == {
                    "total": 40,
                    "count": 15,
                    "per_page": 15,
                    "current_page": 1,
                    "total_pages": 3,
                }
                assert [str(item[key]).split()[1] for item in third.items] == [
                    str(number) for number in range(9, -1, -1)
                ]
                assert len(large.items) == 40
                assert beyond.items == []
            since = int(START) + 30
            path = f"/farms/{farm.id}/workers/messages?start_time={since}"
            titles = [item["title"] for item in (await ask("GET", path)).items]
            assert titles == [f"message {number}" for number in range(39, 29, -1)]
            assert hive.violations == []


async def test_announcements(clock: Clock) -> None:
    """Published and withdrawn."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        assert (await ask("GET", "/account/announcements")).items == []
        number = hive.announce("Downtime", "Tonight", START, START + 60, "danger")
        (item,) = (await ask("GET", "/account/announcements")).items
        assert item == {
            "id": number,
            "title": "Downtime",
            "message": "Tonight",
            "type": "danger",
            "is_hidden": False,
            "start_at": int(START),
            "end_at": int(START) + 60,
        }
        hive.announcements.clear()
        assert (await ask("GET", "/account/announcements")).items == []


async def test_farms_and_workers_come_and_go(clock: Clock) -> None:
    """And are known by their ids."""
    async with HiveService([], clock=clock) as hive, Asker(hive) as ask:
        assert (await ask("GET", "/farms")).items == []
        farm = hive.add_farm(FarmPlan(name="New", gpu_rigs=1, role="tech"))
        assert [item["role"] for item in (await ask("GET", "/farms")).items] == ["tech"]
        asic = farm.add_worker("asic", "S19-7")
        assert hive.worker(farm.id, asic.id) is asic
        assert len(await ask.workers(farm.id)) == 2
        farm.remove_worker(farm.workers[0].id)
        assert list(await ask.workers(farm.id)) == [asic.id]
        hive.remove_farm(farm.id)
        assert (await ask("GET", "/farms")).items == []
        assert (await ask("GET", f"/farms/{farm.id}/workers")).status == 404
        with pytest.raises(LookupError, match="no farm"):
            hive.farm(farm.id)
        with pytest.raises(LookupError, match="no worker 5"):
            farm.worker(5)
        with pytest.raises(ValueError, match="no kind 'fpga'"):
            farm.add_worker("fpga")


async def test_etags(clock: Clock) -> None:
    """304 as long as nothing is new; another one as soon as something is."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        farm = hive.farms[0]
        for path in ("/farms", f"/farms/{farm.id}/workers"):
            etag = (await ask("GET", path)).headers["ETag"]
            again = await ask("GET", path, headers={"If-None-Match": etag})
            assert (again.status, again.body) == (304, b"")
            clock.advance(10)
            moved = await ask("GET", path, headers={"If-None-Match": etag})
            assert moved.status == 200
            assert moved.headers["ETag"] != etag
        etag = moved.headers["ETag"]
        farm.workers[0].say("hello")
        told = await ask("GET", path, headers={"If-None-Match": etag})
        assert told.status == 200
        assert hive.violations == []


async def test_gzip_on_request(clock: Clock) -> None:
    """The same content, in fewer bytes."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        for path in ("/farms", f"/farms/{hive.farms[0].id}/workers"):
            plain = await ask("GET", path, headers={"Accept-Encoding": "identity"})
            small = await ask("GET", path, headers={"Accept-Encoding": "gzip"})
            assert "Content-Encoding" not in plain.headers
            assert small.headers["Content-Encoding"] == "gzip"
            assert small.body == plain.body
            assert int(small.headers["Content-Length"]) < len(plain.body) / 2


async def test_closing_and_opening_again(clock: Clock) -> None:
    """At the same port, with everything as it was."""
    async with HiveService(clock=clock) as hive, Asker(hive) as ask:
        url, name = hive.url, hive.farms[0].workers[0].name
        await hive.close()
        with pytest.raises(OSError, match="Connect call failed"):
            await ask("GET", "/farms")
        await hive.open()
        assert hive.url == url
        workers = await ask.workers(hive.farms[0].id)
        assert next(iter(workers.values()))["name"] == name


async def test_a_port_that_is_taken() -> None:
    """OSError, and nothing stays open."""
    async with HiveService() as hive:
        with pytest.raises(OSError, match="address already in use"):
            await HiveService(port=hive.port).open()


def test_plans_that_cannot_be_built() -> None:
    """Are refused before anything is."""
    with pytest.raises(ValueError, match="a plan counts from 0"):
        FarmPlan(name="x", cards=0)
    with pytest.raises(ValueError, match="x has no 3 workers"):
        FarmPlan(name="x", gpu_rigs=2, offline=3)


async def test_two_thousand_workers(clock: Clock) -> None:
    """Within a bound, without keeping the event loop to itself for long."""
    plan = FarmPlan(name="Large", gpu_rigs=1990, asics=10, offline=50)
    async with HiveService([plan], clock=clock) as hive, Asker(hive) as ask:
        longest = 0.0
        stopped = asyncio.Event()

        async def watch() -> None:
            nonlocal longest
            while not stopped.is_set():
                start = time.perf_counter()
                await asyncio.sleep(0)
                longest = max(longest, time.perf_counter() - start)

        watching = asyncio.create_task(watch())
        (farm,) = hive.farms
        start = time.perf_counter()
        answer = await ask(
            "GET", f"/farms/{farm.id}/workers", headers={"Accept-Encoding": "gzip"}
        )
        took = time.perf_counter() - start
        totals = inner((await ask("GET", "/farms")).items[0], "stats")
        stopped.set()
        await watching
        assert hive.violations == []
    assert len(answer.items) == 2000
    assert len(answer.body) > 8_000_000
    assert (totals["workers_online"], totals["workers_offline"]) == (1950, 50)
    # Generous: it takes about half a second, and the longest pause some 30 ms.
    assert took < 10
    assert longest < 1
