"""What LuxOS, Braiins OS and VNish do with what they are told."""

from dataclasses import replace
from typing import cast

import pytest

from simulator import PoolSetting, SimulatedMiner, WriteFault

from .command_client import (
    BRIEFLY,
    answers,
    farm_of,
    locating,
    logged_in,
    logon,
    refused,
    rest,
    taken,
    tell,
    unlocked,
)
from .conftest import Clock, Data, records, status


async def pools(miner: SimulatedMiner) -> list[tuple[object, object, object, object]]:
    """Index, host, priority and whether it is at work, of every pool."""
    return [
        (
            entry["POOL"],
            str(entry["URL"]).split("//")[1].split(".")[0],
            entry["Priority"],
            entry["Stratum Active"],
        )
        for entry in records(await tell(miner, "pools"), "POOLS")
    ]


async def config(miner: SimulatedMiner) -> Data:
    """LuxOS' own words."""
    return records(await tell(miner, "config"), "CONFIG")[0]


async def test_luxos_session(clock: Clock) -> None:
    """One at a time, a minute after its last use; whoever has none is refused."""
    async with farm_of("luxos", clock=clock) as farm:
        miner = farm.miners[0]
        assert not taken(await tell(miner, "curtail", "nobody,sleep"))
        name = await logon(miner)
        busy = status(await tell(miner, "logon"))
        assert (busy["STATUS"], busy["Msg"]) == ("E", "Another session is active")
        session = records(await tell(miner, "session"), "SESSION")[0]
        assert session["SessionID"] == name
        clock.advance(50)
        assert taken(await tell(miner, "ledset", f"{name},red,blink"))
        clock.advance(50)
        assert taken(await tell(miner, "ledset", f"{name},red,auto"))
        clock.advance(61)
        assert not taken(await tell(miner, "ledset", f"{name},red,blink"))
        name = await logon(miner)
        assert taken(await tell(miner, "logoff", name))
        assert not taken(await tell(miner, "logoff", name))
        assert [w.target for w in miner.written][-3:] == ["logon", "logoff", "logoff"]


async def test_luxos_commands(clock: Clock) -> None:
    """Each is told by ``config`` afterwards."""
    async with farm_of("luxos", clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        name = await logon(miner)
        assert status(await tell(miner, "curtail", f"{name},sleep"))["Code"] == 335
        assert miner.config == replace(before, mode="sleep")
        assert (await config(miner))["CurtailMode"] == "Sleep"
        assert records(await tell(miner, "summary"), "SUMMARY")[0]["GHS 5s"] == 0
        await tell(miner, "curtail", f"{name},wakeup")
        assert miner.config == before
        await tell(miner, "ledset", f"{name},red,blink")
        assert locating(miner)
        assert (await config(miner))["RedLed"] == "blink"
        await tell(miner, "ledset", f"{name},green,off")
        assert locating(miner)
        await tell(miner, "ledset", f"{name},red,auto")
        assert not locating(miner)
        await tell(miner, "fanset", f"{name},speed=30")
        assert (miner.config.fan_manual, miner.config.fan_pwm) == (True, "30")
        await tell(miner, "fanset", f"{name},speed=-1,min_fans=2")
        assert miner.config.fan_manual is False
        for wrong in (
            "curtail doze",
            "ledset blue,blink",
            "fanset speed=300",
            "fanset speed=x",
            "fanset noise=1",
            "profileset 9MHz",
        ):
            command, _, rest_ = wrong.partition(" ")
            assert not taken(await tell(miner, command, f"{name},{rest_}"))


async def test_luxos_profiles(clock: Clock) -> None:
    """They are listed with their watts, and one of them is chosen."""
    async with farm_of("luxos", clock=clock) as farm:
        miner = farm.miners[0]
        listed = records(await tell(miner, "profiles"), "PROFILES")
        names = [str(entry["Profile Name"]) for entry in listed]
        assert (await config(miner))["Profile"] in names
        full = miner.truth().hashrate_nominal
        name = await logon(miner)
        assert (
            status(await tell(miner, "profileset", f"{name},{names[0]}"))["Code"] == 323
        )
        assert (await config(miner))["Profile"] == names[0]
        assert miner.truth().hashrate_nominal == pytest.approx(full / 2, rel=0.01)
        await tell(miner, "profileset", f"{name},default")
        assert miner.truth().hashrate_nominal == full


async def test_luxos_restarts(clock: Clock) -> None:
    """Both are answered first; a reboot ends the session too."""
    async with farm_of("luxos", clock=clock, delays=BRIEFLY) as farm:
        miner = farm.miners[0]
        name = await logon(miner)
        assert taken(await tell(miner, "resetminer", name))
        assert await refused(miner.port)
        await answers(miner.port)
        assert miner.truth().elapsed == 0
        clock.advance(10)
        assert status(await tell(miner, "rebootdevice", name))["Code"] == 305
        assert await refused(miner.port)
        await answers(miner.port)
        assert miner.truth().elapsed == 0
        assert taken(await tell(miner, "logon"))


@pytest.mark.parametrize("name", ["luxos", "braiins"])
async def test_pool_commands(name: str, clock: Clock) -> None:
    """As in cgminer: the last pool takes the place of one that is removed."""
    async with farm_of(name, clock=clock) as farm:
        miner = farm.miners[0]
        assert await pools(miner) == [(0, "pool", 0, True), (1, "backup", 1, False)]
        assert taken(await tell(miner, "switchpool", "1"))
        assert await pools(miner) == [(0, "pool", 1, False), (1, "backup", 0, True)]
        added = "stratum+tcp://third.example.org:1,me,secret"
        assert status(await tell(miner, "addpool", added))["Code"] == 55
        assert miner.config.pools[2] == PoolSetting(
            url="stratum+tcp://third.example.org:1", user="me", password="secret"
        )
        assert status(await tell(miner, "removepool", "1"))["Code"] == 67
        assert status(await tell(miner, "removepool", "0"))["Code"] == 68
        assert await pools(miner) == [(0, "third", 1, False), (1, "backup", 0, True)]
        await tell(miner, "switchpool", "0")
        await tell(miner, "removepool", "1")
        assert status(await tell(miner, "removepool", "0"))["Code"] == 66
        for wrong in ("switchpool", "removepool", "addpool"):
            assert not taken(await tell(miner, wrong))
        assert status(await tell(miner, "switchpool", "7"))["Code"] == 26
        assert status(await tell(miner, "addpool", "url,user"))["Code"] == 52


@pytest.mark.parametrize(("name", "kept"), [("luxos", 1), ("braiins", 0)])
async def test_a_switch_and_a_restart(name: str, kept: int, clock: Clock) -> None:
    """Braiins has forgotten it."""
    async with farm_of(name, clock=clock) as farm:
        miner = farm.miners[0]
        await tell(miner, "switchpool", "1")
        miner.model.start()
        active = [place for place, _, _, active in await pools(miner) if active]
        assert active == [kept]


async def test_braiins_pauses_without_a_password(clock: Clock) -> None:
    """Over 4028."""
    async with farm_of("braiins", clock=clock) as farm:
        miner = farm.miners[0]
        assert taken(await tell(miner, "pause"))
        assert miner.truth().sleeping
        tuner = records(await tell(miner, "tunerstatus"), "TUNERSTATUS")[0]
        assert tuner["TunerRunning"] is False
        assert taken(await tell(miner, "resume"))
        assert not miner.truth().sleeping
        assert [w.target for w in miner.written] == ["pause", "resume"]


async def test_braiins_login(clock: Clock) -> None:
    """A token for the password, good for an hour."""
    async with farm_of("braiins", clock=clock) as farm:
        miner = farm.miners[0]
        wrong = {"username": "root", "password": "guess"}
        assert (await rest(miner, "POST", "/auth/login", wrong)).status == 401
        assert (await rest(miner, "PUT", "/actions/pause")).status == 401
        token = await logged_in(miner)
        assert (await rest(miner, "GET", "/pools", token=token)).status == 200
        clock.advance(3601)
        assert (await rest(miner, "GET", "/pools", token=token)).status == 401
        token = await logged_in(miner)
        miner.forget_tokens()
        assert (await rest(miner, "GET", "/pools", token=token)).status == 401
        assert (await rest(miner, "GET", "/elsewhere", token=token)).status == 404
        assert not miner.truth().sleeping


async def test_braiins_rest(clock: Clock) -> None:
    """Pause, target, light, restart, reboot; and the pools are told."""
    async with farm_of("braiins", clock=clock, delays=BRIEFLY) as farm:
        miner = farm.miners[0]
        token = await logged_in(miner)

        async def put(path: str, body: object = None) -> object:
            reply = await rest(miner, "PUT", path, body, token=token)
            assert reply.status == 200
            return reply.json() if reply.body else None

        assert await put("/actions/pause") is False
        assert miner.truth().sleeping
        assert await put("/actions/resume") is False
        assert not miner.truth().sleeping
        assert await put("/performance/power-target", {"watt": 900}) == {"watt": 900}
        assert miner.config.power_target == 900
        clock.advance(600)
        assert miner.truth().power == pytest.approx(900, rel=0.05)
        tuner = records(await tell(miner, "tunerstatus"), "TUNERSTATUS")[0]
        assert tuner["PowerLimit"] == 900
        wrongs: tuple[object, ...] = ({"watt": 1}, {"watt": "900"}, {}, [], None)
        for wrong in wrongs:
            reply = await rest(
                miner, "PUT", "/performance/power-target", wrong, token=token
            )
            assert reply.status == 400
        limits = await rest(miner, "GET", "/configuration/constraints", token=token)
        target = cast("Data", cast("Data", limits.json())["tuner_constraints"])
        assert target["power_target"] == {
            "default": {"watt": 1340},
            "min": {"watt": 536},
            "max": {"watt": 1742},
        }
        assert await put("/actions/locate", True) is True
        assert locating(miner)
        assert (await rest(miner, "GET", "/actions/locate", token=token)).json() is True
        groups = (await rest(miner, "GET", "/pools", token=token)).json()
        first = cast("list[Data]", cast("list[Data]", groups)[0]["pools"])[0]
        assert first["url"] == "stratum+tcp://pool.example.com:3333"
        await put("/actions/restart")
        assert await refused(miner.port)
        await answers(miner.port)
        await put("/actions/reboot")
        assert await refused(miner.port)
        await answers(miner.port)
        assert not locating(miner)


async def test_vnish_unlock(clock: Clock) -> None:
    """403 for a wrong password, 429 after five of them, even for the right one."""
    async with farm_of("vnish_1_2_7", clock=clock) as farm:
        miner = farm.miners[0]
        assert (await rest(miner, "POST", "/mining/stop")).status == 401
        for wanted in (403, 403, 403, 403, 403, 429, 429):
            reply = await rest(miner, "POST", "/unlock", {"pw": "guess"})
            assert reply.status == wanted
        assert (await rest(miner, "POST", "/unlock", {"pw": "root"})).status == 429
        clock.advance(61)
        token = await unlocked(miner)
        assert (await rest(miner, "GET", "/settings", token=token)).status == 200
        clock.advance(3601)
        assert (await rest(miner, "GET", "/settings", token=token)).status == 401


async def test_vnish_mining(clock: Clock) -> None:
    """Stop and start, each refused where it is so already; restart; another pool first."""
    async with farm_of("vnish_1_2_7", clock=clock) as farm:
        miner = farm.miners[0]
        token = await unlocked(miner)

        async def post(path: str, body: object = None) -> int:
            return (await rest(miner, "POST", path, body, token=token)).status

        for stop, start in (("stop", "start"), ("pause", "resume")):
            assert await post(f"/mining/{stop}") == 200
            assert miner.truth().sleeping
            page = cast("Data", (await rest(miner, "GET", "/status")).json())
            assert page["miner_state"] == "stopped"
            assert await post(f"/mining/{stop}") == 500
            assert await post(f"/mining/{start}") == 200
            assert not miner.truth().sleeping
            assert await post(f"/mining/{start}") == 500
        assert await post("/mining/switch-pool", {"pool_id": 1}) == 200
        assert [pool.active for pool in miner.truth().pools] == [False, True, False]
        assert await post("/mining/switch-pool", {"pool_id": 2}) == 400
        clock.advance(100)
        assert await post("/mining/restart") == 200
        assert miner.truth().elapsed == 0


async def test_vnish_settings(clock: Clock) -> None:
    """Only what is sent changes."""
    async with farm_of("vnish_1_2_7", clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        token = await unlocked(miner)

        async def post(**settings: object) -> int:
            body = {"miner": settings}
            reply = await rest(miner, "POST", "/settings", body, token=token)
            return reply.status

        listed = (await rest(miner, "GET", "/autotune/presets", token=token)).json()
        preset = str(cast("list[Data]", listed)[1]["name"])
        assert await post(overclock={"preset": preset}) == 200
        assert miner.config == replace(before, preset=preset)
        shown = cast("Data", (await rest(miner, "GET", "/perf-summary")).json())
        assert cast("Data", shown["current_preset"])["name"] == preset
        assert await post(cooling={"mode": {"name": "manual", "param": 40}}) == 200
        assert (miner.config.fan_manual, miner.config.fan_pwm) == (True, "40")
        assert await post(cooling={"mode": {"name": "auto"}}) == 200
        assert await post(pools=[{"url": "a:1", "user": "u", "pass": "p"}]) == 200
        only = (PoolSetting(url="a:1", user="u", password="p"),)
        assert miner.config.pools == only
        settings = cast(
            "Data", (await rest(miner, "GET", "/settings", token=token)).json()
        )
        assert cast("Data", settings["miner"])["pools"] == [
            {"id": 0, "url": "a:1", "user": "u", "pass": "p", "order": 0}
        ]
        wrongs: tuple[Data, ...] = (
            {"overclock": {"preset": "never"}},
            {"cooling": {"mode": {"name": "manual", "param": 400}}},
            {"pools": []},
            {"pools": [{"url": 5}]},
        )
        for wrong in wrongs:
            assert await post(**wrong) == 400
        assert miner.config.pools == only


async def test_vnish_light_and_reboot(clock: Clock) -> None:
    """The light is for all; without a value it turns over."""
    async with farm_of("vnish_1_2_7", clock=clock, delays=BRIEFLY) as farm:
        miner = farm.miners[0]
        assert (await rest(miner, "POST", "/find-miner", {"on": True})).json() == {
            "on": True
        }
        assert locating(miner)
        assert (await rest(miner, "POST", "/find-miner")).json() == {"on": False}
        assert not locating(miner)
        token = await unlocked(miner)
        reply = await rest(miner, "POST", "/system/reboot", token=token)
        assert reply.json() == {"after": 3}
        assert await refused(miner.port)
        await answers(miner.port)
        assert miner.truth().elapsed == 0


async def test_a_session_held_by_somebody_else(clock: Clock) -> None:
    """Until it expires, or as long as the fault lasts."""
    async with farm_of("luxos", clock=clock) as farm:
        miner = farm.miners[0]
        miner.hold_session()
        assert not taken(await tell(miner, "logon"))
        clock.advance(61)
        assert taken(await tell(miner, "logon"))
        miner.set_fault(WriteFault.BUSY_SESSION)
        clock.advance(600)
        assert not taken(await tell(miner, "logon"))
        miner.clear()
        assert taken(await tell(miner, "logon"))
