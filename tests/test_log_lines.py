"""The integration's own lines of the log, kept for those who look at its pages."""

from collections.abc import Iterator
from datetime import UTC, datetime
import logging
import threading
from typing import override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.log_lines import (
    LOGGER_NAME,
    LONGEST_LINE,
    MOST_LINES,
    LogLines,
    async_log_lines,
    async_setup_log_lines,
)

from .houses import Client, House, make_house

LOGGER = logging.getLogger(f"{LOGGER_NAME}.coordinator")


def record(message: str, *args: object) -> logging.LogRecord:
    """Make what a logger hands on."""
    return LOGGER.makeRecord(LOGGER.name, logging.ERROR, "", 0, message, args, None)


def handlers() -> list[LogLines]:
    """Give what keeps lines now."""
    return [
        handler
        for handler in logging.getLogger(LOGGER_NAME).handlers
        if isinstance(handler, LogLines)
    ]


@pytest.fixture
def lines(hass: HomeAssistant) -> Iterator[LogLines]:
    """Begin to keep lines at the level that people have."""
    logger = logging.getLogger(LOGGER_NAME)
    level = logger.level
    logger.setLevel(logging.INFO)
    async_setup_log_lines(hass)
    yield async_log_lines(hass)
    logger.setLevel(level)


@pytest.fixture
async def house(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
    noon: None,
) -> House:
    """Set up a farm."""
    return await make_house(hass, freezer, hass_ws_client, monkeypatch)


def texts(lines: LogLines) -> list[str]:
    """Give what the kept lines say."""
    return [line.message for line in lines.since()[1]]


async def test_kept(
    hass: HomeAssistant, lines: LogLines, freezer: FrozenDateTimeFactory
) -> None:
    """A line is kept with its time, level and place."""
    freezer.move_to("2026-11-20T12:00:00+00:00")
    LOGGER.warning("%s is stale", "Attic")
    logging.getLogger(LOGGER_NAME).error("Failed")
    logging.getLogger("custom_components.other").error("Not ours")
    _, kept = lines.since()
    assert [line.as_dict() for line in kept] == [
        {
            "at": "2026-11-20T12:00:00+00:00",
            "level": "WARNING",
            "logger": "coordinator",
            "message": "Attic is stale",
        },
        {
            "at": "2026-11-20T12:00:00+00:00",
            "level": "ERROR",
            "logger": "",
            "message": "Failed",
        },
    ]
    assert kept[0].at == datetime(2026, 11, 20, 12, tzinfo=UTC)


async def test_levels(hass: HomeAssistant, lines: LogLines) -> None:
    """What the logger lets through is kept, but for what is only there to find faults."""
    logger = logging.getLogger(LOGGER_NAME)
    LOGGER.info("Told")
    logger.setLevel(logging.WARNING)
    LOGGER.info("Not told")
    logger.setLevel(logging.DEBUG)
    LOGGER.debug("Thousands of these")
    assert texts(lines) == ["Told"]


async def test_one_line(hass: HomeAssistant, lines: LogLines) -> None:
    """An error is one line, without where in the code it was."""
    LOGGER.error("It\nfailed", exc_info=ValueError("first\nsecond"))
    LOGGER.warning("x" * 10_000)
    told, long = texts(lines)
    assert told == "It failed (ValueError: first second)"
    assert len(long) == LONGEST_LINE


async def test_no_secrets(hass: HomeAssistant, lines: LogLines) -> None:
    """What must not be in diagnostics is not told here either, wherever a line is cut."""
    LOGGER.warning("Pool stratum+tcp://me.worker:x@pool.example:1 of 02:50:53:09:da:d9")
    LOGGER.warning(
        "%s stratum+tcp://me.worker:x@pool.example", "x" * (LONGEST_LINE - 25)
    )
    text = "".join(texts(lines))
    assert "pool.example:1" in text
    assert "me.worker" not in text
    assert "02:50" not in text


async def test_bounded(hass: HomeAssistant, lines: LogLines) -> None:
    """The last ones are kept, and whoever comes late misses what is gone."""
    for number in range(MOST_LINES + 50):
        LOGGER.warning("%s", number)
    last, kept = lines.since()
    assert (last, len(kept)) == (MOST_LINES + 50, MOST_LINES)
    assert [line.message for line in kept[:1]] == ["50"]
    assert [line.message for line in lines.since(last - 2)[1]] == ["248", "249"]
    assert lines.since(last) == (last, ())


async def test_bad_argument(
    hass: HomeAssistant, lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that cannot be written is not kept, and stops nothing."""

    class Bad:
        @override
        def __str__(self) -> str:
            raise RuntimeError("no text")

    monkeypatch.setattr(logging, "raiseExceptions", False)
    lines.handle(record("%s", Bad()))
    assert not texts(lines)


async def test_threads(hass: HomeAssistant, lines: LogLines) -> None:
    """Lines come from any thread; those who listen are called in the event loop."""
    called: list[int] = []
    remove = lines.async_add(lambda: called.append(threading.get_ident()))

    def work() -> None:
        for number in range(20):
            LOGGER.warning("%s", number)

    for _ in range(3):
        await hass.async_add_executor_job(work)
    await hass.async_block_till_done()
    assert len(texts(lines)) == 60
    assert set(called) == {threading.get_ident()}
    remove()
    called.clear()
    LOGGER.warning("More")
    await hass.async_block_till_done()
    assert not called


async def test_removed(hass: HomeAssistant) -> None:
    """There is one handler, however often it is asked for, and none once Home Assistant stopped."""
    assert not handlers()
    async_setup_log_lines(hass)
    async_setup_log_lines(hass)
    (handler,) = handlers()
    await hass.async_stop(force=True)
    assert not handlers()
    LOGGER.warning("Late")
    assert "Late" not in texts(handler)


async def test_closed_loop(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that comes after the end is kept for nobody, and hurts nobody."""
    lines = LogLines(hass)

    def closed(*args: object) -> None:
        raise RuntimeError("Event loop is closed")

    with monkeypatch.context() as patch:
        patch.setattr(hass.loop, "call_soon_threadsafe", closed)
        lines.handle(record("Late"))
    assert texts(lines) == ["Late"]


async def test_feed(house: House, lines: LogLines) -> None:
    """Administrators get the kept lines, and then new ones, at most once a second."""
    client = await house.client()
    LOGGER.warning("Before")
    kept = await client.follow(f"{DOMAIN}/logs/subscribe")
    assert kept["lines"][-1]["message"] == "Before"
    LOGGER.warning("One")
    LOGGER.warning("Two")
    await house.hass.async_block_till_done()
    told = await client.next()
    assert [line["message"] for line in told["lines"]] == ["One", "Two"]
    assert await client.silent()


async def test_feed_without_lines(house: House, lines: LogLines) -> None:
    """Where nothing was written yet, that is told too."""
    lines._lines.clear()
    lines._count = 0
    client: Client = await house.client()
    assert await client.follow(f"{DOMAIN}/logs/subscribe") == {"lines": []}


async def test_feed_is_left(
    hass: HomeAssistant,
    house: House,
    lines: LogLines,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Whoever leaves is not called any more."""
    client = await house.client()
    await client.follow(f"{DOMAIN}/logs/subscribe")
    assert lines._wakers
    await client.leave()
    assert not lines._wakers
