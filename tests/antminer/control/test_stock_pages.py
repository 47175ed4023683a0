"""One page of a stock miner: what comes of every answer that is none."""

from dataclasses import replace

import pytest

from custom_components.antminer_monitor.antminer.control.controller import RejectedError
from custom_components.antminer_monitor.antminer.control.stock_base import Pace
from custom_components.antminer_monitor.antminer.control.stock_classic import (
    ClassicController,
)
from custom_components.antminer_monitor.antminer.control.stock_web import (
    NotSentError,
    StockPages,
)
from custom_components.antminer_monitor.antminer.control.stock_x19 import X19Controller
from custom_components.antminer_monitor.antminer.web import MAX_BODY, Credentials
from custom_components.antminer_monitor.command import Action, Command, Result
from custom_components.antminer_monitor.source import (
    InvalidCredentialsError,
    InvalidReplyError,
    SourceError,
)

from .conftest import S9_FILE, X19_FILE, Reach, Start, StockMiner, a_rig

PACE = Pace(write=0.5, settle=0.0, again=0.01, attempts=3)
PAUSE = Command(action=Action.PAUSE_MINING)
SWITCH = Command(action=Action.SWITCH_POOL, value="1")
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


@pytest.fixture
async def miner(stock: Start) -> StockMiner:
    """A miner."""
    return await stock(X19_FILE, "x19")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", RejectedError, "page"),
        (
            b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
            InvalidReplyError,
            "status 503",
        ),
        (b"", InvalidReplyError, "closed"),
        (HEAD + b"Content-Length: 9\r\n\r\nshort", InvalidReplyError, "truncated"),
        (b"Status 200\r\n\r\n", InvalidReplyError, "malformed"),
        (
            HEAD
            + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1)
            + b" " * (MAX_BODY + 1),
            InvalidReplyError,
            "KiB",
        ),
    ],
)
async def test_answers(
    miner: StockMiner, reach: Reach, answer: bytes, kind: type[SourceError], words: str
) -> None:
    """Each is an error that names the page, and is asked for once."""
    miner.pages["log.cgi"] = answer
    with pytest.raises(kind, match=words) as raised:
        await StockPages(reach(miner)).get("log.cgi")
    assert "/cgi-bin/log.cgi" in str(raised.value)
    assert miner.requests == ["GET log.cgi"]


async def test_no_such_host(miner: StockMiner, reach: Reach) -> None:
    """Nothing was sent, and that is said."""
    with pytest.raises(NotSentError):
        await StockPages(replace(reach(miner), host="nobody.invalid")).get("log.cgi")


async def test_an_impossible_user(miner: StockMiner, reach: Reach) -> None:
    """No request is made with a name that no miner can have."""
    login = Credentials("ro:ot", "root")
    with pytest.raises(InvalidCredentialsError, match="not a possible"):
        await StockPages(replace(reach(miner), credentials=login)).get("log.cgi")
    assert not miner.requests


async def test_no_script_to_write_with(miner: StockMiner, reach: Reach) -> None:
    """It is said as it is; nothing is put back, for nothing was changed."""
    miner.pages["set_miner_conf.cgi"] = (
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    )
    with pytest.raises(RejectedError, match="no such page"):
        await X19Controller(reach(miner), PACE).execute(SWITCH, a_rig("Antminer S19"))
    assert len(miner.written) == 1


async def test_power_lost_while_it_is_put_back(miner: StockMiner, reach: Reach) -> None:
    """It is tried as often as anything, and then told what was set before."""
    miner.plan = [X19_FILE.replace('"100"', '"30"'), "cut"]
    with pytest.raises(SourceError, match="could not be put back: mode 0"):
        await X19Controller(reach(miner), PACE).execute(SWITCH, a_rig("Antminer S19"))


@pytest.mark.parametrize("text", [b"<html>", b"[]", b'{"isBlinking":"no"}'])
async def test_a_light_that_says_something_else(
    stock: Start, reach: Reach, text: bytes
) -> None:
    """Taken, and nothing is known of it."""
    miner = await stock(S9_FILE, "s9")
    miner.pages["blink.cgi"] = HEAD + b"Content-Length: %d\r\n\r\n" % len(text) + text
    pace = Pace(write=0.5, settle=0.0, again=0.01, attempts=3, blink=0.5)
    control = ClassicController(reach(miner), pace)
    locate = Command(action=Action.LOCATE, value="on")
    assert await control.execute(locate, a_rig("Antminer S9")) is Result.SENT


async def test_a_frequency_that_is_missing(stock: Start, reach: Reach) -> None:
    """Left empty in the form, the script would put the factory's in its place."""
    held = "".join(
        line for line in S9_FILE.splitlines(keepends=True) if "bitmain-freq" not in line
    )
    assert held != S9_FILE
    miner = await stock(held.rstrip().removesuffix(",\n}") + "", "s9")
    control = ClassicController(reach(miner), PACE)
    with pytest.raises(SourceError):
        await control.execute(SWITCH, a_rig("Antminer S9"))
    assert not miner.written
