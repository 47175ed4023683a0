"""What stock firmware does with what its web pages are told, traps included."""

import asyncio
from dataclasses import replace
import json
from typing import cast

import pytest

from simulator import Configuration, Delays, PoolSetting

from .command_client import (
    BRIEFLY,
    answers,
    cgi,
    cgi_raw,
    conf,
    farm_of,
    refused,
    set_conf,
    tell,
    web_port,
)
from .conftest import Clock, Data, ask, loads, records, status, until

DONE = {"stats": "success", "code": "M000", "msg": "OK!"}
ILLEGAL = {"stats": "error", "code": "M001", "msg": "Illegal request!"}
LATE, EARLY = "s21_2024", "s19jpro_2022"
"""A script that writes defaults where it has nothing, and one that does not."""


def pool(url: str = "new.example.com:1", user: str = "u", password: str = "p") -> Data:
    """A pool as it is sent."""
    return {"url": url, "user": user, "pass": password}


async def test_sleep_and_wake(clock: Clock) -> None:
    """The mode is in the configuration, 4028 tells it, nothing else changes."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        assert await set_conf(miner, {"miner-mode": 1}) == DONE
        assert miner.config == replace(before, mode="1")
        assert (await conf(miner))["bitmain-work-mode"] == "1"
        assert miner.truth().sleeping
        summary = records(await tell(miner, "summary"), "SUMMARY")[0]
        assert summary["GHS 5s"] == 0
        stats = loads(await ask(miner.port, "stats", new_api=True))
        assert records(stats, "STATS")[0]["miner-mode"] == 1
        await set_conf(miner, {"miner-mode": "0"})
        assert miner.config == before
        clock.advance(600)
        assert miner.truth().hashrate > 0


@pytest.mark.parametrize(
    ("name", "mode", "kept"),
    [
        ("s19pro_2020", 3, "0"),
        ("s19pro_2020", 2, "0"),
        (EARLY, 3, "3"),
        (EARLY, 2, "0"),
        (LATE, 2, "2"),
        (LATE, 7, "0"),
        (LATE, None, "0"),
    ],
)
async def test_modes_as_the_model_takes_them(
    name: str, mode: int | None, kept: str, clock: Clock
) -> None:
    """Any other leaves the one before, and the answer is the same."""
    async with farm_of(name, clock=clock) as farm:
        miner = farm.miners[0]
        assert await set_conf(miner, {"miner-mode": mode}) == DONE
        assert miner.config.mode == kept


async def test_low_power_takes_less(clock: Clock) -> None:
    """And so does a lower level of the frequency."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        full = miner.truth().hashrate_nominal
        await set_conf(miner, {"miner-mode": 3, "freq-level": "90"})
        assert miner.truth().hashrate_nominal == pytest.approx(full * 0.75 * 0.9)
        assert (await conf(miner))["bitmain-hashrate-percent"] == "90"
        stats = loads(await ask(miner.port, "stats", new_api=True))
        figures = records(stats, "STATS")[0]
        assert (figures["miner-mode"], figures["freq-level"]) == (3, 90)


async def test_pools(clock: Clock) -> None:
    """Those left out keep theirs; 4028 shows them in their order, with a scheme."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        await set_conf(miner, {"pools": [pool()]})
        first = PoolSetting(url="new.example.com:1", user="u", password="p")
        assert miner.config == replace(before, pools=(first, *before.pools[1:]))
        shown = records(await tell(miner, "pools"), "POOLS")
        assert [entry["URL"] for entry in shown] == [
            "stratum+tcp://new.example.com:1",
            "stratum+tcp://backup.example.net:443",
            "",
        ]
        told = cast("list[Data]", (await conf(miner))["pools"])
        assert told[0] == pool()


async def test_fans(clock: Clock) -> None:
    """Set by hand they keep their speed."""
    async with farm_of("s19pro_2020", clock=clock) as farm:
        miner = farm.miners[0]
        body: Data = {"bitmain-fan-ctrl": True, "bitmain-fan-pwm": "30"}
        await set_conf(miner, body)
        assert miner.config.fan_manual
        assert max(miner.truth().fans) < 0.35 * 7000
        page = await conf(miner)
        assert (page["bitmain-fan-ctrl"], page["bitmain-fan-pwm"]) == (True, "30")


async def test_the_same_mode_only_reloads(clock: Clock) -> None:
    """Another mode restarts the daemon: 4028 is refused, the web is not."""
    async with farm_of(LATE, clock=clock, delays=BRIEFLY) as farm:
        miner = farm.miners[0]
        await set_conf(miner, {"miner-mode": 0, "pools": [pool()]})
        assert not await refused(miner.port)
        assert miner.truth().elapsed > 0
        await set_conf(miner, {"miner-mode": 3})
        assert await refused(miner.port)
        assert not miner.truth().up
        assert (await conf(miner))["bitmain-work-mode"] == "3"
        await answers(miner.port)
        assert miner.truth().elapsed == 0
        assert miner.truth().phase == "starting"


async def test_writing_takes_its_time(clock: Clock) -> None:
    """The file is written before the answer comes."""
    async with farm_of(LATE, clock=clock, delays=Delays(write=5)) as farm:
        miner = farm.miners[0]
        task = asyncio.create_task(set_conf(miner, {"freq-level": "80"}))
        await until(lambda: miner.config.freq_level == "80")
        assert not task.done()
        task.cancel()


def left_over(config: Configuration, late: bool) -> Configuration:
    """What a wiped configuration is."""
    return replace(
        config,
        pools=(PoolSetting(password=""),) * 3,
        mode="0" if late else "",
        freq_level="",
        fan_manual=False if late else None,
        fan_pwm="100" if late else "",
    )


@pytest.mark.parametrize("name", [LATE, EARLY])
@pytest.mark.parametrize(
    "body",
    [
        {"pools": [pool(password="x y")]},
        {"pools": [pool(user="x\u0020")]},
        {"miner-mode": 0, "a key": 1},
    ],
)
async def test_a_blank_wipes_everything(name: str, body: Data, clock: Clock) -> None:
    """Said to be done, and all fields are empty: no pool, no hash."""
    async with farm_of(name, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        assert await set_conf(miner, body) == DONE
        assert miner.config == left_over(before, name == LATE)
        assert miner.config.wiped
        assert not before.wiped
        clock.advance(600)
        assert miner.truth().hashrate == 0
        page = (await cgi(miner, "get_miner_conf.cgi")).body
        assert (b'"bitmain-fan-ctrl" : ,' in page) is (name == EARLY)


async def test_blanks_between_are_harmless(clock: Clock) -> None:
    """The script compacts the JSON before it goes through the shell."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        assert await set_conf(miner, b'{ "miner-mode" : 3 }') == DONE
        assert miner.config == replace(before, mode="3")


@pytest.mark.parametrize(
    "body",
    [
        b'{"miner-mode":\n1}',
        b'\n{"miner-mode":1}',
        b'{"pools":[{"url":"a","user":"b","pass":"x\\"y"}]}',
        b"{",
    ],
)
async def test_what_is_no_json_for_it(body: bytes, clock: Clock) -> None:
    """More than one line, a quote whose backslash was eaten: nothing changes."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        assert await set_conf(miner, body) == ILLEGAL
        assert miner.config == before


async def test_eaten_backslashes(clock: Clock) -> None:
    """They let a password rewrite its neighbours, and garble what was escaped."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        await set_conf(miner, {"pools": [pool(password='x","user":"thief')]})
        assert miner.config.pools[0].user == "thief"
        await set_conf(miner, {"pools": [pool(user="b\u00e9")]})
        assert miner.config.pools[0].user == "bu00e9"


async def test_the_word_null(clock: Clock) -> None:
    """A pool's user of that name keeps the old one."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config.pools[0].user
        await set_conf(miner, {"pools": [pool(user="null")]})
        assert miner.config.pools[0].user == before


@pytest.mark.parametrize("body", [b"[]", b"5", b'{"pools":{}}'])
async def test_json_of_another_shape(body: bytes, clock: Clock) -> None:
    """What jq cannot look into is empty."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        assert await set_conf(miner, body) == DONE
        assert miner.config.wiped


@pytest.mark.parametrize("name", [LATE, EARLY])
@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_without_a_length(name: str, chunked: bool, clock: Clock) -> None:
    """Is not read: refused by newer scripts, and with older ones everything is gone."""
    async with farm_of(name, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        raw = await cgi_raw(
            miner, "set_miner_conf.cgi", b'{"miner-mode":1}', length=False, chunked=chunked
        )  # fmt: skip
        answer = json.loads(raw.partition(b"\r\n\r\n")[2])
        if name == LATE:
            assert (answer, miner.config) == (ILLEGAL, before)
        else:
            assert (answer, miner.config.wiped) == (DONE, True)
        assert miner.written[-1].body == (b'{"miner-mode":1}' if chunked else b"")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("s19pro_2020", b"HTTP/1.1 500 "),
        ("s19jpro_2022", b"Status 200\n"),
        (LATE, b""),
        ("s9", b""),
    ],
)
async def test_reboot(name: str, start: bytes, clock: Clock) -> None:
    """However its answer looks, it reboots: everything is refused, then it starts cold."""
    async with farm_of(name, clock=clock, delays=BRIEFLY) as farm:
        miner = farm.miners[0]
        raw = await cgi_raw(miner, "reboot.cgi")
        assert raw.startswith(start)
        assert bool(raw) is bool(start)
        assert await refused(miner.port)
        assert await refused(web_port(miner))
        await answers(miner.port)
        await answers(web_port(miner))
        assert miner.truth().elapsed == 0
        assert [(w.method, w.target) for w in miner.written] == [
            ("GET", "/cgi-bin/reboot.cgi")
        ]


async def test_nothing_without_the_password(clock: Clock) -> None:
    """It is not even heard."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        raw = await cgi_raw(
            miner, "set_miner_conf.cgi", b'{"miner-mode":1}', password="wrong"
        )
        assert raw.startswith(b"HTTP/1.1 401 ")
        assert (miner.config, miner.written) == (before, [])


async def test_what_arrived_is_remembered(clock: Clock) -> None:
    """With its bytes; reading is not."""
    async with farm_of(LATE, clock=clock) as farm:
        miner = farm.miners[0]
        await conf(miner)
        await set_conf(miner, b'{"miner-mode":1}')
        await cgi(miner, "blink.cgi", b'{"blink":true}')
        assert [(w.road, w.method, w.target, w.body) for w in miner.written] == [
            ("web", "POST", "/cgi-bin/set_miner_conf.cgi", b'{"miner-mode":1}'),
            ("web", "POST", "/cgi-bin/blink.cgi", b'{"blink":true}'),
        ]
        assert miner.locating


async def test_reload(clock: Clock) -> None:
    """Without a password over 4028, where the firmware knows ``new_api``; it stops nothing."""
    async with farm_of(LATE, "s19pro_2020", clock=clock) as farm:
        new, old = farm.miners
        elapsed = new.truth().elapsed
        reply = loads(await ask(new.port, "reload", new_api=True))
        assert cast("Data", reply["STATUS"])["STATUS"] == "S"
        assert new.truth().elapsed == elapsed
        assert [w.target for w in new.written] == ["reload"]
        assert status(loads(await ask(old.port, "reload", new_api=True)))["Code"] == 14


# The classic generation.


def form(**changes: str) -> bytes:
    """All fields of the form in their order, as an S17 has them when new."""
    fields = {
        "pool1url": "pool.example.com:3333", "pool1user": "farm.worker0000", "pool1pw": "x",
        "pool2url": "backup.example.net:443", "pool2user": "farm.worker0000", "pool2pw": "x",
        "pool3url": "", "pool3user": "", "pool3pw": "x",
        "nobeeper": "false", "notempoverctrl": "false", "fan_customize_switch": "false",
        "fan_customize_value": "", "freq": "570", "voltage": "1400", "work_mode": "1",
    }  # fmt: skip
    assert changes.keys() <= fields.keys()
    return "&".join(
        f"_ant_{key}={value}" for key, value in (fields | changes).items()
    ).encode()


async def test_classic_form(clock: Clock) -> None:
    """Every field counts; the daemon restarts, whatever changed."""
    async with farm_of("s17pro", clock=clock) as farm:
        miner = farm.miners[0]
        before = miner.config
        page = await cgi(miner, "set_miner_conf.cgi", form())
        assert page.body.strip() == b"ok"
        assert miner.config == before
        assert miner.truth().elapsed == 0
        await cgi(miner, "set_miner_conf.cgi", form(work_mode="254"))
        assert miner.config == replace(before, mode="254")
        assert miner.truth().sleeping
        assert (await conf(miner))["bitmain-work-mode"] == "254"
        body = form(
            pool1url="stratum%2Btcp%3A%2F%2Fa.example%3A1",
            pool1user="b+c",
            fan_customize_switch="true",
            fan_customize_value="40",
        )
        await cgi(miner, "set_miner_conf.cgi", body)
        first = PoolSetting(url="stratum+tcp://a.example:1", user="b c", password="x")
        assert miner.config == replace(
            before,
            pools=(first, *before.pools[1:]),
            fan_manual=True,
            fan_pwm="40",
        )


async def test_classic_form_counts_places(clock: Clock) -> None:
    """A field that is left out moves all behind it; empty settings are those of the factory."""
    async with farm_of("s17pro", clock=clock) as farm:
        miner = farm.miners[0]
        body = form(freq="600").replace(b"_ant_pool1user=farm.worker0000&", b"")
        await cgi(miner, "set_miner_conf.cgi", body)
        assert miner.config.pools[0].user == "_ant_pool1pw=x"
        await cgi(miner, "set_miner_conf.cgi", form(freq="600"))
        assert miner.config.frequency == "600"
        await cgi(miner, "set_miner_conf.cgi", form(freq="", voltage="", work_mode=""))
        assert (miner.config.frequency, miner.config.mode) == ("570", "1")
        await cgi(miner, "set_miner_conf.cgi", b"")
        assert not any(pool.url for pool in miner.config.pools)


async def test_an_s9_does_not_sleep(clock: Clock) -> None:
    """It has no such mode, and no such field."""
    async with farm_of("s9", clock=clock) as farm:
        miner = farm.miners[0]
        body = form(freq="650", work_mode="254")
        await cgi(miner, "set_miner_conf.cgi", body)
        assert miner.config.mode == ""
        assert not miner.truth().sleeping
        assert "bitmain-work-mode" not in await conf(miner)


async def test_classic_light(clock: Clock) -> None:
    """The start answers when the light is stopped, and goes on when nobody waits."""
    async with farm_of("s9", clock=clock) as farm:
        miner = farm.miners[0]
        start = asyncio.create_task(cgi(miner, "blink.cgi", b"action=startBlink"))
        await until(lambda: miner.locating)
        assert not start.done()
        await cgi(miner, "blink.cgi", b"action=stopBlink")
        async with asyncio.timeout(5):
            assert (await start).json() == {"isBlinking": False}
        start = asyncio.create_task(cgi(miner, "blink.cgi", b"action=startBlink"))
        await until(lambda: miner.locating)
        start.cancel()
        page = await cgi(miner, "get_blink_status.cgi")
        assert page.json() == {"isBlinking": True}
