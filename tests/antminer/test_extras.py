"""Port 6060 of stock firmware: watts and warnings, where it knows them."""

from aiohttp import ClientSession
import pytest

from custom_components.antminer_monitor.antminer.extras import read_power, read_warnings
from custom_components.antminer_monitor.rig import RigError
from custom_components.antminer_monitor.source import (
    InvalidReplyError,
    SourceRefusedError,
    SourceTimeoutError,
)

from .conftest import Serve, floods, replies


def page(body: bytes, status: int = 200) -> bytes:
    """An HTTP answer without Content-Type."""
    head = b"HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, len(body)) + body


@pytest.mark.parametrize(
    ("body", "watts"),
    [
        (b"miner power:3412", 3412),
        (b"\n miner_power : 3412.5 W\n\0", 3412.5),
        (b":12", 12),
        (b"error 6060 cmd", None),
        (b"", None),
        (b"3412", None),
        (b"miner power:0", None),
        (b"miner power:-5", None),
        (b"miner power:999999", None),
        (b"miner power:30001", None),
        (b"miner power:nan", None),
        (b"miner power:12:30", None),
        (b"power:" + b"9" * 5000, None),
        (b"\xff\xfe:\xff", None),
        (b'{"power":3412}', None),
    ],
)
async def test_power(scripted: Serve, body: bytes, watts: float | None) -> None:
    """Power."""
    server = await scripted(replies(page(body)))
    async with ClientSession() as session:
        assert await read_power(session, "127.0.0.1", port=server.port) == watts
    assert server.requests[0].startswith(b"GET /miner_power HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (b'{"error_message":"None"}', []),
        (b'{"error_message":"P:2"}', [RigError(code="P:2")]),
        (b'\n{"error_message":" P:2;R:1 "}', [RigError(code="P:2"), RigError(code="R:1")]),
        (b'{"error_message":"P:2;fan lost;chain 1"}', [RigError(code="P:2", message="fan lost")]),
        (b"J0:8;eeprom error;1\nL1:1;voltage;2\n", [RigError(code="J0:8", message="eeprom error"), RigError(code="L1:1", message="voltage")]),
        (b"P:2\nP:2\n;\n", [RigError(code="P:2")]),
        (b"J0:8;J1:8", [RigError(code="J0:8"), RigError(code="J1:8")]),
        (b"V2", [RigError(code="V2")]),
        (b"", []),
        (b"none", []),
        (b"error 6060 cmd", []),
        (b'{"error_message":""}', []),
        (b'{"error_message":null}', []),
        (b'{"error_message":[1]}', []),
        (b"{}", []),
        (b"{broken", []),
        (b"\n".join(b"P:%d" % code for code in range(50)), [RigError(code=f"P:{code}") for code in range(20)]),
    ],
)  # fmt: skip
async def test_warnings(scripted: Serve, body: bytes, errors: list[RigError]) -> None:
    """Warnings."""
    server = await scripted(replies(page(body)))
    async with ClientSession() as session:
        found = await read_warnings(session, "127.0.0.1", port=server.port)
    assert list(found) == errors
    assert server.requests[0].startswith(b"GET /warning HTTP/1.1\r\n")


async def test_a_warning_is_cut(scripted: Serve) -> None:
    """A warning is cut."""
    server = await scripted(replies(page(b"P:2;" + b"x" * 10_000)))
    async with ClientSession() as session:
        [error] = await read_warnings(session, "127.0.0.1", port=server.port)
    assert error.message == "x" * 200


async def test_no_such_page(scripted: Serve) -> None:
    """No such page."""
    server = await scripted(replies(page(b"miner power:3412", 404)))
    async with ClientSession() as session:
        assert await read_power(session, "127.0.0.1", port=server.port) is None
        assert await read_warnings(session, "127.0.0.1", port=server.port) == ()


async def test_connection_problems(scripted: Serve, closed_port: int) -> None:
    """Connection problems."""
    server = await scripted("hang")
    flood = await scripted(floods)
    async with ClientSession() as session:
        with pytest.raises(SourceRefusedError):
            await read_power(session, "127.0.0.1", port=closed_port)
        with pytest.raises(SourceTimeoutError):
            await read_warnings(session, "127.0.0.1", port=server.port, timeout=0.05)
        with pytest.raises(InvalidReplyError):
            await read_warnings(session, "127.0.0.1", port=flood.port)
