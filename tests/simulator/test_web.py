"""The web pages: digest, malformed answers, both stock generations, VNish, the port of the watts."""

import asyncio
import json
from typing import cast

import pytest

from simulator import Farm

from .conftest import AGE, Clock, Data, ask, ask_raw, digest, http, loads


def locating(farm: Farm) -> bool:
    """Whether the first miner's LED blinks now."""
    return farm.miners[0].model.locating


def port_of(farm: Farm, index: int = 0) -> int:
    """A miner's web port."""
    port = farm.miners[index].web_port
    assert port is not None
    return port


async def test_digest(clock: Clock) -> None:
    """Without the password nobody enters, with it everybody."""
    async with Farm(["s21_2024"], clock=clock, age=AGE, web=True) as farm:
        port = port_of(farm)
        refused = await http(port, "/cgi-bin/stats.cgi")
        assert refused.status == 401
        challenge = refused.headers["WWW-Authenticate"]
        assert challenge.startswith('Digest realm="antMiner Configuration", nonce="')
        assert challenge.endswith('qop="auth"')
        assert (await digest(port, "/cgi-bin/stats.cgi")).status == 200
        assert (await digest(port, "/")).status == 200
        for wrong in (
            {"password": "admin"},
            {"user": "admin"},
            {"uri": "/cgi-bin/reboot.cgi"},
            {"nonce": "0:0"},
            {"nonce": "made up"},
        ):
            assert (await digest(port, "/cgi-bin/stats.cgi", **wrong)).status == 401
        basic = await http(port, "/", headers={"Authorization": "Basic cm9vdDpyb290"})
        assert basic.status == 401


async def test_own_credentials(clock: Clock) -> None:
    """Another user and password."""
    async with Farm(
        ["s9"], clock=clock, age=AGE, web=True, credentials=("me", "mine")
    ) as farm:
        port = port_of(farm)
        target = "/cgi-bin/get_system_info.cgi"
        assert (await digest(port, target, user="me", password="mine")).status == 200
        assert (await digest(port, target)).status == 401


async def test_pages_of_the_new_generation(clock: Clock) -> None:
    """Two blank lines, no Content-Type, and the objects of ``new_api``."""
    async with Farm(["s21_2024"], clock=clock, age=AGE, web=True) as farm:
        port = port_of(farm)
        pages = {
            name: await digest(port, f"/cgi-bin/{name}.cgi")
            for name in (
                "stats", "summary", "pools", "chart", "warning", "get_system_info", "get_network_info",
                "miner_type", "get_miner_conf", "get_blink_status",
            )
        }  # fmt: skip
        stats = loads(await ask(farm.miners[0].port, "stats", new_api=True))
        truth = farm.miners[0].truth()
        missing = await digest(port, "/cgi-bin/nonsense.cgi")
        outside = await digest(port, "/elsewhere")
    for page in pages.values():
        assert page.status == 200
        assert page.body.startswith(b"\n\n{")
        assert "Content-Type" not in page.headers
        assert "Content-Length" not in page.headers
    assert (missing.status, outside.status) == (404, 404)
    assert pages["stats"].json() == stats
    info = cast("Data", pages["get_system_info"].json())
    assert info["macaddr"] == truth.mac
    assert info["serinum"] == truth.serial
    assert info["minertype"] == "Antminer S21"
    assert info["hostname"] == "Antminer"
    network = cast("Data", pages["get_network_info"].json())
    assert (network["macaddr"], network["conf_hostname"]) == (truth.mac, "Antminer")
    assert cast("Data", pages["miner_type"].json())["miner_type"] == "Antminer S21"
    conf = cast("Data", pages["get_miner_conf"].json())
    assert list(conf) == [
        "pools",
        "bitmain-fan-ctrl",
        "bitmain-fan-pwm",
        "bitmain-work-mode",
        "bitmain-hashrate-percent",
    ]
    assert conf["bitmain-fan-ctrl"] is False
    assert (conf["bitmain-fan-pwm"], conf["bitmain-work-mode"]) == ("100", "0")


async def test_the_whole_configuration_file(clock: Clock) -> None:
    """Older firmware gives all of it, blanks around its colons; X19 has ``bitmain-pwth``, S9 has not."""
    async with Farm(
        ["s19pro_2020", "s9", "s17pro"], clock=clock, age=AGE, web=True
    ) as farm:
        for miner in farm.miners:
            if miner.profile.sleeps:
                miner.condition(sleep=True)
        pages = [
            await digest(port_of(farm, index), "/cgi-bin/get_miner_conf.cgi")
            for index in range(3)
        ]
        system = cast(
            "Data", (await digest(port_of(farm), "/cgi-bin/get_system_info.cgi")).json()
        )
    assert "serinum" not in system
    assert pages[0].body.startswith(
        b'\n\n{\n"pools" : [\n{\n"url" : "pool.example.com:3333",\n'
    )
    x19, s9, s17 = (cast("Data", page.json()) for page in pages)
    assert x19["bitmain-pwth"] == "0"
    assert x19["bitmain-work-mode"] == "1"
    assert s17["bitmain-work-mode"] == "254"
    assert "bitmain-pwth" not in s9
    assert "bitmain-work-mode" not in s9
    assert s9["api-allow"] == "A:0/0,W:*"


async def test_pages_of_the_old_generation(clock: Clock) -> None:
    """More in the system's page, and no ``summary.cgi``."""
    async with Farm(["s9"], clock=clock, age=AGE, web=True) as farm:
        port = port_of(farm)
        info = cast("Data", (await digest(port, "/cgi-bin/get_system_info.cgi")).json())
        for name in ("summary", "stats", "miner_type"):
            assert (await digest(port, f"/cgi-bin/{name}.cgi")).status == 404
    assert info["hostname"] == "antMiner"
    assert {"curtime", "uptime", "loadaverage", "mem_free", "bb_hwv"} <= info.keys()


async def test_blinking(clock: Clock) -> None:
    """On, off and nonsense, and the state of it."""
    async with Farm(["s21_2024"], clock=clock, age=AGE, web=True) as farm:
        port = port_of(farm)

        async def blink(body: Data) -> object:
            return (
                await digest(port, "/cgi-bin/blink.cgi", method="POST", body=body)
            ).json()

        assert await blink({"blink": True}) == {"code": "B000"}
        assert locating(farm)
        state = await digest(port, "/cgi-bin/get_blink_status.cgi")
        assert state.json() == {"blink": True}
        assert await blink({"blink": "false"}) == {"code": "B100"}
        assert not locating(farm)
        assert await blink({}) == {"code": "B001"}
        assert (await digest(port, "/cgi-bin/blink.cgi")).status == 404


async def test_blinking_of_the_old_generation(clock: Clock) -> None:
    """The answer to the start comes when the blinking ends: never."""
    async with Farm(["s9"], clock=clock, age=AGE, web=True) as farm:
        port = port_of(farm)
        start = asyncio.create_task(
            digest(port, "/cgi-bin/blink.cgi", method="POST", body="action=startBlink")
        )
        while not locating(farm):
            await asyncio.sleep(0.001)
        assert not start.done()
        start.cancel()
        page = await digest(
            port, "/cgi-bin/blink.cgi", method="POST", body="action=onPageLoaded"
        )
        assert page.json() == {"isBlinking": True}
        page = await digest(
            port, "/cgi-bin/blink.cgi", method="POST", body="action=stopBlink"
        )
        assert page.json() == {"isBlinking": False}


@pytest.mark.parametrize("name", ["vnish_1_2_0", "vnish_1_2_7"])
async def test_vnish_needs_no_password_to_read(name: str, clock: Clock) -> None:
    """``info`` and ``summary`` are for all, well formed, with watts and states."""
    async with Farm([name], clock=clock, age=AGE, web=True) as farm:
        port, miner = port_of(farm), farm.miners[0]
        info, summary = (
            await http(port, "/api/v1/info"),
            await http(port, "/api/v1/summary"),
        )
        start = await http(port, "/")
        missing = await http(port, "/api/v1/settings")
        truth = miner.truth()
    assert info.headers["Content-Type"] == "application/json"
    facts = cast("Data", info.json())
    assert facts["fw_name"] == "Vnish"
    assert facts["fw_version"] == miner.profile.layout
    system = cast("Data", facts["system"])
    assert cast("Data", system["network_status"])["mac"] == truth.mac
    state = cast("Data", cast("Data", summary.json())["miner"])
    assert state["power_usage"] == int(truth.power)
    assert state["hr_realtime"] == pytest.approx(truth.hashrate / 1e9, abs=0.01)
    assert cast("Data", state["miner_status"])["miner_state"] == "mining"
    chains = cast("list[Data]", state["chains"])
    assert [chain["id"] for chain in chains] == [1, 2, 3]
    pools = cast("list[Data]", state["pools"])
    assert pools[0]["status"] == "active"
    assert pools[-1]["pool_type"] == "DevFee"
    assert b"AnthillOS" in start.body
    # What can be changed is not for everybody to read.
    assert missing.status == 401


async def test_vnish_with_sick_hardware(clock: Clock) -> None:
    """Missing boards are missing, failing chips are red, a stopped miner needs no efficiency."""
    async with Farm(["vnish_1_2_7"], clock=clock, age=0, web=True) as farm:
        farm.miners[0].condition(missing_board=0, dying_chips=5, pool_dead=True)
        page = await http(port_of(farm), "/api/v1/summary")
    state = cast("Data", cast("Data", page.json())["miner"])
    chains = cast("list[Data]", state["chains"])
    assert [chain["id"] for chain in chains] == [2, 3]
    assert cast("Data", chains[1]["chip_statuses"])["red"] == 5
    assert state["power_efficiency"] == 0.0
    assert [pool["status"] for pool in cast("list[Data]", state["pools"])] == [
        "offline",
        "active",
        "active",
    ]


async def test_extras(clock: Clock) -> None:
    """Watts and warnings, without a password."""
    async with Farm(["s21_2024"], clock=clock, age=AGE, extras=True) as farm:
        miner = farm.miners[0]
        port = miner.extras_port
        assert port is not None
        power = await http(port, "/miner_power")
        watts = miner.truth().power
        calm = await http(port, "/warning")
        miner.condition(over_temperature=True)
        hot = await http(port, "/warning")
        unknown = await http(port, "/anything")
    assert float(power.body.split(b":")[1]) == pytest.approx(watts, abs=0.5)
    assert json.loads(calm.body) == {"error_message": "None"}
    assert json.loads(hot.body) == {"error_message": "P:2"}
    assert unknown.body == b"error 6060 cmd"


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000,
    ],
)
async def test_bad_requests(request_: bytes, clock: Clock) -> None:
    """Are answered with 400, and not read to the end."""
    async with Farm(["s21_2024"], clock=clock, age=AGE, extras=True) as farm:
        port = farm.miners[0].extras_port
        assert port is not None
        try:
            reply = await ask_raw(port, request_)
        except ConnectionResetError:
            # What was left unread makes the kernel reset the connection.
            assert len(request_) > 16_384
        else:
            assert reply.startswith(b"HTTP/1.1 400 ")


async def test_a_body_in_two_pieces(clock: Clock) -> None:
    """It is put together; half of one is no request."""
    async with Farm(["s9"], clock=clock, age=AGE, control_port=0) as farm:
        port = farm.control_port
        assert port is not None
        head = b"POST /miners/0/fault HTTP/1.1\r\nContent-Length: 17\r\n\r\n"
        for end, wanted in ((b'"empty"}', b"200"), (None, b"400")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head + b'{"fault":')
            await writer.drain()
            await asyncio.sleep(0.01)
            if end is None:
                writer.write_eof()
            else:
                writer.write(end)
            assert (await reader.read()).split()[1] == wanted
            writer.close()


async def test_latency_delays_the_pages_too(clock: Clock) -> None:
    """As every reply."""
    async with Farm(
        ["s21_2024"], clock=clock, age=AGE, extras=True, latency=0.03
    ) as farm:
        port = farm.miners[0].extras_port
        assert port is not None
        loop = asyncio.get_running_loop()
        start = loop.time()
        await http(port, "/warning")
        assert loop.time() - start >= 0.03
