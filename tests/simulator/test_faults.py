"""What each fault does on the wire."""

import asyncio
import json
import socket

import pytest

from simulator import Farm, Fault, SimulatedMiner
from simulator.faults import fault_named

from .conftest import AGE, Clock, ask, http, loads, mended, records, until

STATS = b'{"command":"stats"}'


async def read_some(miner: SimulatedMiner, seconds: float) -> tuple[bytes, bool]:
    """What arrives within ``seconds``, and whether the stream ended."""
    reader, writer = await asyncio.open_connection(miner.host, miner.port)
    got = b""
    try:
        writer.write(STATS)
        async with asyncio.timeout(seconds):
            while piece := await reader.read(65536):
                got += piece
    except TimeoutError:
        return got, False
    finally:
        writer.close()
    return got, True


async def refused(miner: SimulatedMiner) -> bool:
    """Whether the port is closed."""
    try:
        _, writer = await asyncio.open_connection(miner.host, miner.port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def test_refuse_and_clear(clock: Clock) -> None:
    """The port closes, stays ours, and opens again; nobody else can take it meanwhile."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.set_fault(Fault.REFUSE)
        assert await refused(miner)
        assert not miner.truth().up
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((miner.host, miner.port))
        miner.clear()
        assert not await refused(miner)
        assert mended(await ask(miner.port, "stats"))
        assert miner.truth().up
        assert miner.truth().elapsed == AGE


async def test_hang_connect(clock: Clock) -> None:
    """Accepted, never answered; clearing drops those who wait."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.set_fault(Fault.HANG_CONNECT)
        assert await read_some(miner, 0.05) == (b"", False)
        await until(lambda: farm.open_connections == 0)
        waiting = asyncio.create_task(ask(miner.port, "stats"))
        await until(lambda: farm.open_connections == 1)
        miner.clear()
        with pytest.raises(ConnectionResetError):
            await waiting
        assert mended(await ask(miner.port, "stats"))


async def test_a_client_that_asked_before_the_hang(clock: Clock) -> None:
    """It hangs too."""
    async with Farm(["s9"], clock=clock, age=AGE, latency=0.02) as farm:
        miner = farm.miners[0]
        asked = asyncio.create_task(read_some(miner, 0.1))
        await asyncio.sleep(0.01)
        miner.set_fault(Fault.HANG_CONNECT)
        assert await asked == (b"", False)


async def test_hang_reply(clock: Clock) -> None:
    """Half, and then nothing; the other clients of that miner wait as well."""
    async with Farm(["s9", "s9"], clock=clock, age=AGE) as farm:
        miner, neighbour = farm.miners
        miner.set_fault(Fault.HANG_REPLY)
        got, ended = await read_some(miner, 0.05)
        assert not ended
        assert got.startswith(b'{"STATUS"')
        assert not got.endswith(b"\0")
        assert (await read_some(neighbour, 5))[1]


async def test_truncate(clock: Clock) -> None:
    """Half, and then the end."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        whole = await ask(miner.port, "stats")
        miner.set_fault(Fault.TRUNCATE)
        assert await ask(miner.port, "stats") == whole[: len(whole) // 2]


async def test_slow(clock: Clock) -> None:
    """The whole reply in small pieces."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        whole = await ask(miner.port, "version")
        miner.set_fault(Fault.SLOW, rate=2000)
        loop = asyncio.get_running_loop()
        start = loop.time()
        assert await ask(miner.port, "version") == whole
        assert loop.time() - start > 0.8 * len(whole) / 2000
        assert miner.truth().up


async def test_empty(clock: Clock) -> None:
    """The connection ends without a byte."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        farm.miners[0].set_fault(Fault.EMPTY)
        assert await ask(farm.miners[0].port, "stats") == b""


@pytest.mark.parametrize("name", ["s9", "vnish_1_2_7"])
async def test_wrong_nul(name: str, clock: Clock) -> None:
    """A NUL in the middle, none at the end, nothing lost."""
    async with Farm([name], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        whole = (await ask(miner.port, "stats")).rstrip(b"\0")
        miner.set_fault(Fault.WRONG_NUL)
        reply = await ask(miner.port, "stats")
    assert reply.index(b"\0") == len(whole) // 2
    assert reply.replace(b"\0", b"") == whole


async def test_invalid_utf8(clock: Clock) -> None:
    """Names and messages are no UTF-8, the figures are whole."""
    async with Farm(["s21_2024"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        whole = loads(await ask(miner.port, "pools"))
        miner.set_fault(Fault.INVALID_UTF8)
        reply = await ask(miner.port, "pools")
        new = await ask(miner.port, "stats", new_api=True)
    for raw in (reply, new):
        with pytest.raises(UnicodeDecodeError):
            raw.decode()
    data = json.loads(reply.rstrip(b"\0").decode(errors="replace"))
    pool, sound = records(data, "POOLS")[0], records(whole, "POOLS")[0]
    assert str(pool["User"]).endswith("farm.worker0000")
    assert {**pool, "User": ""} == {**sound, "User": ""}


@pytest.mark.parametrize("command", ["stats", "summary", "pools"])
@pytest.mark.parametrize(
    "name", ["s9", "s21_2024", "vnish_1_2_0", "vnish_1_2_7", "luxos"]
)
async def test_bare_nan(name: str, command: str, clock: Clock) -> None:
    """Numbers that are none, as C prints them; Python's parser does not take them."""
    async with Farm([name], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.set_fault(Fault.BARE_NAN)
        reply = await ask(miner.port, command)
    assert any(word in reply for word in (b":nan", b": nan", b":-nan", b": -nan"))
    with pytest.raises(json.JSONDecodeError):
        mended(reply)


async def test_garbage(clock: Clock) -> None:
    """More than a megabyte, no JSON, no NUL."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        farm.miners[0].set_fault(Fault.GARBAGE)
        reply = await ask(farm.miners[0].port, "stats")
    assert len(reply) > 1024 * 1024
    assert b"\0" not in reply
    assert b"{" not in reply


async def test_reboot(clock: Clock) -> None:
    """All ports refuse, open connections are reset, then the daemon starts cold by itself."""
    async with Farm(["s21_2024"], clock=clock, age=AGE, web=True) as farm:
        miner = farm.miners[0]
        assert miner.web_port is not None
        _, silent = await asyncio.open_connection(miner.host, miner.port)
        await until(lambda: farm.open_connections == 1)
        miner.set_fault(Fault.REBOOT, seconds=0.05)
        await until(lambda: farm.open_connections == 0)
        assert await refused(miner)
        with pytest.raises(ConnectionRefusedError):
            await http(miner.web_port, "/")
        async with asyncio.timeout(5):
            while await refused(miner):
                await asyncio.sleep(0.01)
        stats = records(loads(await ask(miner.port, "stats")), "STATS")[1]
        assert (await http(miner.web_port, "/")).status == 401
        silent.close()
    assert miner.fault is None
    assert stats["Elapsed"] == 0
    assert stats["GHS 5s"] == 0
    assert stats["chain_acs1"] == ""


async def test_seconds(clock: Clock) -> None:
    """A fault ends by itself; a new one takes the place of the old one and its time."""
    async with Farm(["s9"], clock=clock, age=AGE) as farm:
        miner = farm.miners[0]
        miner.set_fault(Fault.EMPTY, seconds=0.02)
        miner.set_fault(Fault.REFUSE, seconds=0.03)
        miner.set_fault(Fault.TRUNCATE, seconds=60)
        await asyncio.sleep(0.05)
        assert miner.fault is Fault.TRUNCATE
        miner.set_fault(Fault.EMPTY, seconds=0.01)
        await asyncio.sleep(0.03)
        assert mended(await ask(miner.port, "stats"))
        miner.clear()
        for wrong in ({"seconds": 0.0}, {"rate": -1.0}):
            with pytest.raises(ValueError, match="must be positive"):
                miner.set_fault(Fault.SLOW, **wrong)
        assert miner.fault is None


def test_names() -> None:
    """A wrong name is answered with the right ones."""
    assert fault_named("refuse") is Fault.REFUSE
    with pytest.raises(
        ValueError, match="no fault 'fire'; there are: refuse, hang_connect, "
    ):
        fault_named("fire")
