"""Reading one Antminer over real sockets."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
import hashlib
import json

import aiohttp
from aiohttp import web
import pytest

from custom_components.antminer_monitor.antminer import asking
from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.antminer.web import Credentials
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import PowerSource, Rig, Status
from custom_components.antminer_monitor.source import (
    AccessDeniedError,
    InvalidReplyError,
    SourceRefusedError,
    SourceTimeoutError,
)

from .firmware import test_braiins as braiins, test_luxos as luxos, test_vnish as vnish
from .replies import (
    FakeMiner,
    classic,
    error,
    header,
    new_stats,
    new_summary,
    pools,
    s9_record,
    stats,
    summary,
    version,
    x19,
    x19_record,
)

type Serve = Callable[
    [Mapping[str, Reply | bytes | list[Reply | bytes]]], Awaitable[FakeMiner]
]
ROOT = Credentials("root", "secret-word")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once."""
    monkeypatch.setattr(asking, "RETRY_AFTER", 0.0)


@pytest.fixture
async def serve(loopback: None) -> AsyncIterator[Serve]:
    """Start miners."""
    miners: list[FakeMiner] = []

    async def start(
        replies: Mapping[str, Reply | bytes | list[Reply | bytes]],
    ) -> FakeMiner:
        miner = FakeMiner(replies)
        await miner.start()
        miners.append(miner)
        return miner

    yield start
    for miner in miners:
        await miner.stop()


@pytest.fixture
async def session(loopback: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session."""
    async with aiohttp.ClientSession() as opened:
        yield opened


class FakeWeb:
    """The web pages of a miner on one port: stock CGI with digest, VNish, port 6060."""

    def __init__(self) -> None:
        """Start with an S9's pages and no others."""
        self.asked: list[str] = []
        self.pages: dict[str, str] = {}
        self.secret: str | None = ROOT.password
        self.port = 0

    def set(self, path: str, page: Json) -> None:
        """Set a page."""
        self.pages[path] = json.dumps(page)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        path = request.path
        if path.startswith("/cgi-bin/") and not self._knows(request):
            challenge = 'Digest realm="antMiner Configuration", nonce="n", qop="auth"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        self.asked.append(path)
        if path not in self.pages:
            return web.Response(status=404)
        return web.Response(text=self.pages[path])

    def _knows(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "")
        if self.secret is None or not given:
            return False
        parts = {
            key.strip(): value.strip('"')
            for key, _, value in (
                part.partition("=") for part in given.removeprefix("Digest ").split(",")
            )
        }
        inner = _md5(f"root:antMiner Configuration:{self.secret}")
        outer = _md5(f"{request.method}:{parts['uri']}")
        middle = f"{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:{parts['qop']}"
        return parts["response"] == _md5(f"{inner}:{middle}:{outer}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
async def pages(loopback: None) -> AsyncIterator[FakeWeb]:
    """Serve web pages."""
    found = FakeWeb()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


def source(
    miner: FakeMiner, pages: FakeWeb | None = None, **more: object
) -> AntminerSource:
    """Make a source of a miner and its pages."""
    session = more.get("session")
    credentials = more.get("credentials")
    return AntminerSource(
        "one",
        "127.0.0.1",
        miner.port,
        session=session if isinstance(session, aiohttp.ClientSession) else None,
        credentials=credentials if isinstance(credentials, Credentials) else None,
        timeout=5,
        mac="02:00:00:00:00:07",
        web_port=pages.port if pages else 1,
        extras_port=pages.port if pages else 1,
    )


async def only(found: AntminerSource) -> Rig:
    """Read the one rig."""
    (rig,) = (await found.read()).rigs
    return rig


def refused(found: AntminerSource) -> bool:
    """Whether the credentials are refused by now."""
    return found.credentials_refused


def family(found: AntminerSource) -> str | None:
    """What it is identified as by now."""
    return found.identified


def asleep(**record: Json) -> dict[str, Reply]:
    """Make an S9 that does not hash."""
    return classic(**{"GHS 5s": "0.00", **record})


async def test_classic(serve: Serve) -> None:
    """Version once, then stats before summary and pools: three connections a poll."""
    miner = await serve(classic())
    antminer = source(miner)
    assert antminer.label == f"127.0.0.1:{miner.port}"
    assert family(antminer) is None
    rig = await only(antminer)
    assert miner.forget() == ["version", "stats", "summary", "pools"]
    assert family(antminer) == "stock"
    assert rig.id == "one"
    assert rig.mac == "02:00:00:00:00:07"
    assert rig.ip == "127.0.0.1"
    assert set(rig.raw) == {"version", "stats", "summary", "pools"}
    assert await only(antminer) == rig
    assert miner.forget() == ["stats", "summary", "pools"]
    assert [exchange.command for exchange in antminer.exchanges][:2] == [
        "version",
        "stats",
    ]
    await antminer.close()


async def test_broken_json(serve: Serve) -> None:
    """As the wire has it: no comma between the header and the figures."""
    text = json.dumps(classic()["stats"], separators=(",", ":"))
    broken = text.replace('"},{"STATS"', '"}{"STATS"')
    assert broken != text
    miner = await serve(classic() | {"stats": broken.encode()})
    assert (await only(source(miner))).hashrate == 13500.5e9


async def test_x19_without_new_api(serve: Serve) -> None:
    """Asked once whether it knows, and not again."""
    miner = await serve(x19())
    antminer = source(miner)
    await antminer.read()
    assert miner.forget() == ["version", "stats", "stats.cgi", "summary", "pools"]
    rig = await only(antminer)
    assert miner.forget() == ["stats", "summary", "pools"]
    assert rig.hashrate == 109000.5e9


async def test_x19_that_ignores_the_key(serve: Serve) -> None:
    """It answers in the classic form: then it does not know the other."""
    miner = await serve(x19() | {"stats.cgi": x19()["stats"]})
    antminer = source(miner)
    await antminer.read()
    miner.forget()
    assert (await only(antminer)).hashrate == 109000.5e9
    assert miner.forget() == ["stats", "summary", "pools"]


async def test_x19_with_new_api(serve: Serve) -> None:
    """The new form in place of the classic one."""
    miner = await serve(x19("Antminer S21") | {"stats.cgi": new_stats()})
    antminer = source(miner)
    rig = await only(antminer)
    assert rig.hashrate == 199000.5e9
    assert rig.boards[0].serial == "BOARD0"
    assert rig.shares.accepted == 321
    miner.forget()
    assert await only(antminer) == rig
    assert miner.forget() == ["stats.cgi", "summary", "pools"]


async def test_x19_whose_new_form_lacks_maps(serve: Serve) -> None:
    """The classic form is read; serial numbers are remembered."""
    miner = await serve(x19() | {"stats.cgi": new_stats(marks=False)})
    antminer = source(miner)
    await antminer.read()
    miner.forget()
    rig = await only(antminer)
    assert miner.forget() == ["stats", "summary", "pools"]
    assert rig.boards[0].chip_map == "o" * 114
    assert rig.boards[2].serial == "BOARD2"


async def test_x19_new_form_turns_empty(serve: Serve) -> None:
    """The classic one is asked then; it names itself otherwise, so all is found out anew."""
    miner = await serve(x19("Antminer S21") | {"stats.cgi": new_stats()})
    antminer = source(miner)
    await antminer.read()
    miner.replies["stats.cgi"] = {"STATUS": {"STATUS": "S"}, "STATS": []}
    rig = await only(antminer)
    assert rig.hashrate == 109000.5e9
    miner.forget()
    await antminer.read()
    assert miner.forget() == ["stats", "summary", "pools"]


async def test_problems_are_asked_for_when_it_is_unwell(serve: Serve) -> None:
    """And only then."""
    miner = await serve(
        x19("Antminer S21")
        | {"stats.cgi": new_stats(), "summary.cgi": new_summary(fans="fan lost")}
    )
    antminer = source(miner)
    assert (await only(antminer)).errors == ()
    miner.replies["stats.cgi"] = new_stats(changes={"rate_5s": 0})
    miner.forget()
    rig = await only(antminer)
    assert miner.forget() == ["stats.cgi", "summary", "pools", "summary.cgi"]
    assert rig.status is Status.FAULT
    assert [each.message for each in rig.errors] == ["fan lost"]
    miner.replies["summary.cgi"] = error()
    assert (await only(antminer)).status is Status.IDLE


async def test_luxos_in_one_connection(serve: Serve) -> None:
    """All commands as one; on the first read without what is known."""
    miner = await serve(luxos.replies())
    miner.joins = True
    antminer = source(miner)
    rig = await only(antminer)
    assert miner.forget() == [
        "version",
        "stats",
        "summary+pools+devs+power+temps+fans+config",
    ]
    assert antminer.identified == "luxos"
    assert rig.power == 3100
    assert rig.mac == "02:aa:bb:cc:dd:ee"
    assert await only(antminer) == rig
    assert miner.forget() == ["stats+summary+pools+devs+power+temps+fans+config"]


async def test_luxos_one_by_one(serve: Serve) -> None:
    """Where joining is refused it is not tried again."""
    miner = await serve(luxos.replies())
    antminer = source(miner)
    rig = await only(antminer)
    assert rig.power == 3100
    miner.forget()
    assert await only(antminer) == rig
    assert miner.forget() == [
        "stats",
        "summary",
        "pools",
        "devs",
        "power",
        "temps",
        "fans",
        "config",
    ]


async def test_braiins(serve: Serve) -> None:
    """Has no stats; members that are not ready do not fail the read."""
    told = braiins.replies()
    told["temps"] = error("Not ready", by=braiins.BY)
    miner = await serve(told)
    miner.joins = True
    antminer = source(miner)
    rig = await only(antminer)
    assert antminer.identified == "braiins"
    assert rig.status is Status.RUNNING
    assert rig.boards[0].board_temperature is None
    assert rig.power == 2900
    assert miner.forget()[:2] == ["version", "stats"]
    await antminer.read()
    assert len(miner.forget()) == 1


async def test_braiins_whose_stats_cannot_be_read(serve: Serve) -> None:
    """It has none: whatever it says to that is no matter."""
    miner = await serve(braiins.replies() | {"stats": b"{"})
    rig = await only(source(miner))
    assert rig.hashrate == pytest.approx(99_000_000.5e6)


async def test_joined_reply_without_its_first_part(serve: Serve) -> None:
    """That one is asked for by itself."""
    told = braiins.replies()
    joined = json.dumps({"pools": [told["pools"]], "id": 1}).encode()
    names = "summary+pools+devs+temps+fans+tunerstatus+devdetails"
    miner = await serve(told | {names: joined})
    assert (await only(source(miner))).power == 2900
    assert miner.asked[2:5] == [names, "summary", "devs"]


async def test_starting_x19_is_looked_at_again(serve: Serve) -> None:
    """It has no chip map at first, so its new form seems to be of no use."""
    chain: list[Json] = [{"index": 0, "asic_num": 108, "asic": ""}]
    starting: dict[str, Json] = {"rate_5s": 0, "elapsed": 30, "chain": chain}
    zero: dict[str, Json] = {"GHS 5s": 0, "GHS av": 0, "Elapsed": 30}
    miner = await serve(
        x19("Antminer S21", **zero) | {"stats.cgi": new_stats(changes=starting)}
    )
    antminer = source(miner)
    assert (await only(antminer)).status is Status.STARTING
    miner.forget()
    assert (await only(antminer)).status is Status.STARTING
    assert miner.forget() == ["stats", "summary", "pools"]
    miner.replies |= x19("Antminer S21") | {"stats.cgi": new_stats()}
    assert (await only(antminer)).status is Status.RUNNING
    assert antminer.identified == "stock"
    miner.forget()
    assert (await only(antminer)).hashrate == 199000.5e9
    assert "version" in miner.forget()
    await antminer.read()
    assert miner.forget() == ["stats.cgi", "summary", "pools"]


async def test_gone_before_it_told_its_problems(serve: Serve) -> None:
    """The read stands without them."""
    miner = await serve(x19("Antminer S21") | {"stats.cgi": new_stats()})
    antminer = source(miner)
    await antminer.read()
    miner.replies["stats.cgi"] = new_stats(changes={"rate_5s": 0})
    answer = miner._answer

    def last(command: str) -> bytes:
        if command == "pools" and miner._server is not None:
            miner._server.close()
        return answer(command)

    miner._answer = last  # type: ignore[method-assign]  # goes away after one answer
    rig = await only(antminer)
    assert (rig.status, rig.errors) == (Status.IDLE, ())


async def test_vnish_without_version(
    serve: Serve, session: aiohttp.ClientSession, pages: FakeWeb
) -> None:
    """Its REST interface tells who it is, unasked for a password, once."""
    pages.set(
        "/api/v1/info",
        {"system": {"network_status": {"mac": "02:11:22:33:44:55", "hostname": "v"}}},
    )
    kind = "Antminer S19 XP (Vnish 1.2.5)"
    miner = await serve(
        {
            "version": error(code=0),
            "stats": stats(header(kind), vnish.record()),
            "summary": summary(),
            "pools": pools(),
        }
    )
    antminer = source(miner, pages, session=session)
    rig = await only(antminer)
    assert (rig.mac, rig.name) == ("02:11:22:33:44:55", "v")
    assert await only(antminer) == rig
    # The second is what its control knows the interface by.
    assert pages.asked == ["/api/v1/info", "/api/v1/status"]


async def test_restart_is_noticed(serve: Serve) -> None:
    """The uptime fell: another firmware may run now."""
    miner = await serve(classic())
    antminer = source(miner)
    await antminer.read()
    kind = "Antminer S9 (vnish 3.9.0)"
    miner.replies["stats"] = stats(header(kind), s9_record(Elapsed=100))
    miner.forget()
    rig = await only(antminer)
    assert rig.firmware is not None
    assert (rig.firmware.family, rig.firmware.version) == ("vnish", "3.9.0")
    assert antminer.identified == "vnish"
    assert miner.forget().count("version") == 1
    await antminer.read()
    assert miner.forget() == ["stats", "summary", "pools"]


async def test_clock_corrections_are_no_restart(serve: Serve) -> None:
    """A few seconds less are none."""
    miner = await serve(classic(Elapsed=1000))
    antminer = source(miner)
    await antminer.read()
    miner.replies["stats"] = classic(Elapsed=996)["stats"]
    miner.forget()
    await antminer.read()
    assert miner.forget() == ["stats", "summary", "pools"]


async def test_other_firmware_without_restart(serve: Serve) -> None:
    """It answers in another name, however long it says to have run."""
    miner = await serve(classic())
    antminer = source(miner)
    await antminer.read()
    miner.replies |= {
        "version": version("LUXminer 2025", LUXminer="2025"),
        "stats": stats(header("Antminer S19"), x19_record(), "LUXminer 2025"),
    }
    assert (await only(antminer)).firmware is not None
    assert antminer.identified == "luxos"


async def test_unreadable_stats_are_identified_again(serve: Serve) -> None:
    """The read fails, and the next one starts from the beginning."""
    miner = await serve(classic())
    antminer = source(miner)
    await antminer.read()
    miner.replies["stats"] = {"STATUS": classic()["stats"]["STATUS"], "STATS": []}
    with pytest.raises(InvalidReplyError, match=f":{miner.port}: no stats"):
        await antminer.read()
    assert family(antminer) is None
    miner.replies["stats"] = classic()["stats"]
    miner.forget()
    await antminer.read()
    assert miner.forget() == ["version", "stats", "summary", "pools"]


async def test_one_retry_a_read(serve: Serve) -> None:
    """Of a truncated reply, once; the second one in a read stays unread."""
    miner = await serve(classic())
    antminer = source(miner)
    await antminer.read()
    miner.replies["stats"] = [b'{"STATUS":[{"STA', classic()["stats"]]
    miner.replies["pools"] = b""
    miner.forget()
    rig = await only(antminer)
    assert miner.forget() == ["stats", "stats", "summary", "pools"]
    assert rig.hashrate == 13500.5e9
    assert rig.pools == ()


async def test_stats_truncated_twice(serve: Serve) -> None:
    """Then the read fails."""
    miner = await serve(classic())
    antminer = source(miner)
    await antminer.read()
    miner.replies["stats"] = b'{"STATUS":['
    miner.forget()
    with pytest.raises(InvalidReplyError):
        await antminer.read()
    assert miner.forget() == ["stats", "stats"]


async def test_summary_and_pools_may_fail(serve: Serve) -> None:
    """The rest is returned."""
    denied = error("Access denied", 45)
    miner = await serve(classic() | {"summary": denied, "pools": denied})
    rig = await only(source(miner))
    assert rig.hashrate == 13500.5e9
    assert rig.found_blocks is None
    assert rig.hardware_errors == 12
    assert rig.pools == ()


async def test_gone_in_the_middle(serve: Serve) -> None:
    """What was read is returned, and nothing more is waited for."""
    miner = await serve(classic())
    antminer = source(miner)
    await antminer.read()
    answer = miner._answer
    stopped: list[str] = []

    def last(command: str) -> bytes:
        stopped.append(command)
        if miner._server is not None:
            miner._server.close()
        return answer(command)

    miner._answer = last  # type: ignore[method-assign]  # goes away after one answer
    rig = await only(antminer)
    assert stopped == ["stats"]
    assert rig.hashrate == 13500.5e9
    assert rig.shares.accepted is None


async def test_denied(serve: Serve) -> None:
    """No stats, no rig."""
    denied = error("Access denied to 'stats' command", 45)
    miner = await serve({"version": denied, "stats": denied})
    with pytest.raises(AccessDeniedError):
        await source(miner).read()


async def test_refused(closed_port: int) -> None:
    """Nobody listens: restarting, or no miner."""
    antminer = AntminerSource("one", "127.0.0.1", closed_port)
    with pytest.raises(SourceRefusedError):
        await antminer.read()


async def test_stopped_fan(serve: Serve) -> None:
    """The source remembers in which slots fans turned."""
    miner = await serve(classic())
    antminer = source(miner)
    assert [fan.index for fan in (await only(antminer)).fans] == [3, 6]
    miner.replies["stats"] = classic(fan6=0)["stats"]
    assert [fan.speed for fan in (await only(antminer)).fans] == [5400, 0]


async def test_web_interface(
    serve: Serve, session: aiohttp.ClientSession, pages: FakeWeb
) -> None:
    """Who it is once, its settings now and then."""
    pages.set(
        "/cgi-bin/get_system_info.cgi",
        {"macaddr": "02:AB:00:00:00:01", "hostname": "s9-3", "serinum": "SN9"},
    )
    pages.set(
        "/cgi-bin/get_miner_conf.cgi",
        {"bitmain-fan-ctrl": True, "bitmain-fan-pwm": "60", "bitmain-work-mode": "0"},
    )
    miner = await serve(classic())
    antminer = source(miner, pages, session=session, credentials=ROOT)
    rig = await only(antminer)
    assert (rig.mac, rig.name, rig.serial) == ("02:ab:00:00:00:01", "s9-3", "SN9")
    assert (rig.work_mode, rig.fan_mode) == ("normal", "manual")
    assert [fan.duty for fan in rig.fans] == [60, 60]
    assert await only(antminer) == rig
    assert len(pages.asked) == 2
    antminer._besides._web_at = (antminer._besides._web_at or 0) - 301
    await antminer.read()
    assert pages.asked[2:] == ["/cgi-bin/get_miner_conf.cgi"]


async def test_sleep_is_found_out(
    serve: Serve, session: aiohttp.ClientSession, pages: FakeWeb
) -> None:
    """A rig that stopped hashing is asked for its settings at once, and sooner while it is idle."""
    pages.set("/cgi-bin/get_system_info.cgi", {})
    pages.set("/cgi-bin/get_miner_conf.cgi", {"bitmain-work-mode": "0"})
    miner = await serve(classic())
    antminer = source(miner, pages, session=session, credentials=ROOT)
    assert (await only(antminer)).status is Status.RUNNING
    miner.replies |= asleep()
    assert (await only(antminer)).status is Status.IDLE
    asked = len(pages.asked)
    pages.set("/cgi-bin/get_miner_conf.cgi", {"bitmain-work-mode": "1"})
    assert (await only(antminer)).status is Status.IDLE
    assert len(pages.asked) == asked
    antminer._besides._web_at = (antminer._besides._web_at or 0) - 61
    rig = await only(antminer)
    assert rig.status is Status.SLEEPING
    assert rig.work_mode == "sleep"


async def test_sleep_is_no_fault(
    serve: Serve, session: aiohttp.ClientSession, pages: FakeWeb
) -> None:
    """That a rig sleeps is known with the first reading that finds it so."""
    pages.set("/cgi-bin/get_system_info.cgi", {})
    pages.set("/cgi-bin/get_miner_conf.cgi", {"bitmain-work-mode": "0"})
    miner = await serve(classic())
    antminer = source(miner, pages, session=session, credentials=ROOT)
    assert (await only(antminer)).status is Status.RUNNING
    pages.set("/cgi-bin/get_miner_conf.cgi", {"bitmain-work-mode": "1"})
    miner.replies |= asleep()
    assert (await only(antminer)).status is Status.SLEEPING


async def test_refused_credentials(
    serve: Serve, session: aiohttp.ClientSession, pages: FakeWeb
) -> None:
    """The read goes on without; no further attempt, though they may be right by now."""
    pages.set("/cgi-bin/get_system_info.cgi", {"hostname": "s9-3"})
    pages.set("/cgi-bin/get_miner_conf.cgi", {})
    pages.secret = "another"
    miner = await serve(classic())
    antminer = source(miner, pages, session=session, credentials=ROOT)
    assert (await only(antminer)).hashrate == 13500.5e9
    assert refused(antminer)
    pages.secret = ROOT.password
    antminer._besides._web_at = None
    await antminer.read()
    assert refused(antminer)
    assert pages.asked == []


async def test_web_interface_that_fails(
    serve: Serve, session: aiohttp.ClientSession, pages: FakeWeb
) -> None:
    """It never fails the read, and is tried again later."""
    miner = await serve(classic())
    antminer = source(miner, pages, session=session, credentials=ROOT)
    assert (await only(antminer)).name is None
    assert not refused(antminer)
    pages.set("/cgi-bin/get_system_info.cgi", {"hostname": "late"})
    pages.set("/cgi-bin/get_miner_conf.cgi", {})
    antminer._besides._web_at = None
    assert (await only(antminer)).name == "late"


async def test_power_of_port_6060(
    serve: Serve, session: aiohttp.ClientSession, pages: FakeWeb
) -> None:
    """Asked at each poll if it answered at first; an estimate in its place if it stops."""
    pages.pages["/miner_power"] = "miner_power:3456"
    miner = await serve(x19())
    antminer = source(miner, pages, session=session)
    rig = await only(antminer)
    assert (rig.power, rig.power_source) == (3456, PowerSource.REPORTED)
    assert pages.asked == ["/miner_power"]
    pages.pages["/miner_power"] = "miner_power:3400"
    assert (await only(antminer)).power == 3400
    del pages.pages["/miner_power"]
    assert (await only(antminer)).power_source is PowerSource.ESTIMATED


async def test_port_6060_that_does_not_answer(
    serve: Serve, session: aiohttp.ClientSession, pages: FakeWeb
) -> None:
    """It is asked once."""
    miner = await serve(x19())
    antminer = source(miner, pages, session=session)
    await antminer.read()
    await antminer.read()
    assert pages.asked == ["/miner_power"]
    closed = source(miner, session=session)
    assert (await only(closed)).power_source is PowerSource.ESTIMATED


async def test_secrets_stay_secret(
    serve: Serve,
    session: aiohttp.ClientSession,
    pages: FakeWeb,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No password in a log line or a rig."""
    pages.secret = "another"
    miner = await serve(classic())
    antminer = source(miner, pages, session=session, credentials=ROOT)
    with caplog.at_level("DEBUG"):
        rig = await only(antminer)
    assert ROOT.password not in caplog.text + repr(rig) + antminer.label


async def identify(port: int, timeout: float = 5.0) -> Rig:
    """Read what answers once, as for somebody who has no id yet."""
    return await only(AntminerSource("", "127.0.0.1", port, timeout=timeout))


async def test_identify(serve: Serve) -> None:
    """One read, for who has no id yet."""
    miner = await serve(classic())
    rig = await identify(miner.port)
    assert (rig.id, rig.model) == ("", "Antminer S9")


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (version("cgminer 4.11.1", PROD="AvalonMiner 1246"), "Avalon.*1246"),
        (version("btminer"), "WhatsMiner"),
        (version("sgminer 5.6"), "not an Antminer"),
    ],
)
async def test_identify_others(serve: Serve, reply: Reply, what: str) -> None:
    """What is no Antminer is named."""
    miner = await serve({"version": reply})
    with pytest.raises(InvalidReplyError, match=what):
        await identify(miner.port)


async def test_identify_something_else(serve: Serve) -> None:
    """What does not speak at all like a miner."""
    miner = await serve({"version": b"220 mail ready\r\n", "stats": b""})
    with pytest.raises(InvalidReplyError):
        await identify(miner.port)


async def test_identify_in_time(full_port: int) -> None:
    """Nobody takes the connection."""
    with pytest.raises(SourceTimeoutError):
        await identify(full_port, timeout=0.05)
