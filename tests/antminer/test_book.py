"""Choosing a dialect among ours and those of extensions, whose code runs apart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
import gc
import threading
from typing import Any

import pytest

from custom_components.antminer_monitor.antminer import apart, asking, book as module
from custom_components.antminer_monitor.antminer.apart import Apart, HungError
from custom_components.antminer_monitor.antminer.book import (
    ANTMINER_DIALECTS,
    Book,
    run_apart,
)
from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import (
    DIALECTS,
    Context,
    Dialect,
    Fingerprint,
)
from custom_components.antminer_monitor.antminer.hardware import TABLE
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.rig import Rig, Status
from custom_components.antminer_monitor.source import InvalidReplyError, SourceError

from .replies import CONTEXT, FakeMiner, classic, error, rows, version, x19

S9 = classic()
NOBODY = {"version": version("hallminer 1.0"), "stats": error()}
NAMED = NOBODY | {"devdetails": rows("DEVDETAILS", {"Driver": "hall"})}


def parse(replies: Mapping[str, Reply], context: Context) -> Rig:
    """Read a miner of the hall's own make."""
    return Rig(
        id=context.rig_id,
        seen_at=context.seen_at,
        status=Status.RUNNING,
        model="Hall",
    )


def hall(**changes: Any) -> Dialect:
    """Give a dialect that knows every miner, but for what a test changes."""
    return Dialect(
        **{
            "name": "hall",
            "family": "hall",
            "commands": ("version",),
            "recognises": lambda fingerprint: True,
            "parse": parse,
            **changes,
        }
    )


def by_driver(**changes: Any) -> Dialect:
    """Give a dialect that must ask one thing more."""
    return hall(
        **{
            "recognises": lambda fingerprint: (
                "DEVDETAILS" in fingerprint.replies.get("devdetails", {})
            ),
            "probes": ("devdetails",),
            **changes,
        }
    )


def fingerprint(replies: Mapping[str, Reply]) -> Fingerprint:
    """Give what a miner says of itself."""
    return Fingerprint(replies.get("version"), replies.get("stats"))


# --- the book -----------------------------------------------------------------


async def test_ours() -> None:
    """Without extensions ours are there, each with its control, and the models of the table."""
    book = Book()
    assert book.models is TABLE
    assert [item.name for item in book.dialects] == [item.name for item in DIALECTS]
    assert {item.name for item in book.dialects if item.control} == {
        "braiins",
        "classic",
        "luxos",
        "vnish",
        "x19",
    }
    assert not book.probes
    assert (await book.recognise(fingerprint(S9))).name == "classic"
    assert (await book.recognise(fingerprint(x19()))).name == "x19"


async def test_first_one_counts() -> None:
    """Dialects are asked in their order."""
    own = hall()
    assert await Book((own, *ANTMINER_DIALECTS)).recognise(fingerprint(S9)) is own
    found = await Book((*ANTMINER_DIALECTS, own)).recognise(fingerprint(S9))
    assert found.name == "classic"


async def test_probes_once_each() -> None:
    """What several dialects want to know is asked once, in the order of the dialects."""
    book = Book(
        (
            by_driver(probes=("devdetails", "coin")),
            *ANTMINER_DIALECTS,
            by_driver(name="other", probes=("coin", "config")),
        )
    )
    assert book.probes == ("devdetails", "coin", "config")


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        (NOBODY, "not an Antminer: neither version nor stats of one"),
        ({"version": version(PROD="AvalonMiner 1246")}, "an Avalon"),
        ({"version": version("btminer")}, "a WhatsMiner"),
    ],
)
async def test_nobody_knows_it(replies: Mapping[str, Reply], words: str) -> None:
    """What answers is named as far as it can be told; an extension may know it all the same."""
    with pytest.raises(InvalidReplyError, match=words):
        await Book().recognise(fingerprint(replies))
    own = hall()
    assert await Book((*ANTMINER_DIALECTS, own)).recognise(fingerprint(replies)) is own


async def test_look_alike_of_another_maker() -> None:
    """A miner of another maker that answers like an S9 is none of ours."""
    replies = S9 | {"version": version(PROD="AvalonMiner 1246")}
    with pytest.raises(InvalidReplyError, match="an Avalon"):
        await Book().recognise(fingerprint(replies))


# --- apart --------------------------------------------------------------------


class Blocker:
    """Blocks the threads that come in until it is opened."""

    def __init__(self) -> None:
        """Begin closed, with nobody inside."""
        self.open = threading.Event()
        self.inside = self.most = self.calls = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        """Wait inside; give the number of the call."""
        with self._lock:
            self.calls += 1
            number = self.calls
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            assert self.open.wait(30)
        finally:
            with self._lock:
                self.inside -= 1
        return number


@pytest.fixture
async def blocker() -> AsyncIterator[Blocker]:
    """Give a blocker, and let everybody out in the end."""
    made = Blocker()
    yield made
    made.open.set()
    while made.inside:
        await asyncio.sleep(0.001)


async def test_in_another_thread() -> None:
    """Code of others runs in a thread, and what it gives or raises comes back."""
    there = Apart()
    ident = await there.run(threading.get_ident, name="hall", deadline=5)
    assert ident != threading.get_ident()

    def fail() -> None:
        raise ValueError("no idea")

    with pytest.raises(ValueError, match="no idea"):
        await there.run(fail, name="hall", deadline=5)
    assert await there.run(lambda: 7, name="hall", deadline=5) == 7


async def test_hangs(blocker: Blocker) -> None:
    """What does not end is told once; nobody else is let in as long as it hangs."""
    there = Apart()
    told: list[str] = []

    async def run(function: Callable[[], int] = blocker) -> int:
        return await there.run(
            function, name="hall", deadline=0.02, when_hung=lambda: told.append("hung")
        )

    with pytest.raises(HungError, match=r"hall did not end within 0\.02 s"):
        await run()
    for _ in range(3):
        with pytest.raises(HungError, match="hall is left alone"):
            await run()
    assert told == ["hung"]
    assert blocker.calls == 1

    blocker.open.set()
    while blocker.inside:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)
    assert await run(lambda: 7) == 7


async def test_few_threads(blocker: Blocker) -> None:
    """Many calls at a time share few threads; when they hang, those that wait are sent away."""
    there = Apart()
    calls = [
        asyncio.ensure_future(there.run(blocker, name="hall", deadline=0.05))
        for _ in range(50)
    ]
    await asyncio.wait(calls)
    assert all(isinstance(call.exception(), HungError) for call in calls)
    assert blocker.most == blocker.calls == apart.THREADS


async def test_few_threads_are_enough(blocker: Blocker) -> None:
    """What waits for a thread is not late before it has one."""
    there = Apart()
    calls = [
        asyncio.ensure_future(there.run(blocker, name="hall", deadline=5))
        for _ in range(20)
    ]
    while blocker.calls < apart.THREADS:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)
    assert blocker.calls == apart.THREADS
    blocker.open.set()
    assert sorted(await asyncio.gather(*calls)) == list(range(1, 21))


async def test_late_error_is_nobodys(
    blocker: Blocker, caplog: pytest.LogCaptureFixture
) -> None:
    """An error that comes when nobody waits any more is not complained of."""

    def fail() -> None:
        blocker()
        raise ValueError("too late")

    with pytest.raises(HungError):
        await Apart().run(fail, name="hall", deadline=0.02)
    cancelled = asyncio.ensure_future(Apart().run(fail, name="hall", deadline=5))
    while blocker.calls < 2:
        await asyncio.sleep(0.001)
    cancelled.cancel()
    blocker.open.set()
    while blocker.inside:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)
    gc.collect()
    assert not caplog.records


async def test_run_apart(monkeypatch: pytest.MonkeyPatch, blocker: Blocker) -> None:
    """Ours runs at once; what is of others has its thread and its deadline."""
    here = threading.get_ident()
    assert await run_apart(hall(), threading.get_ident) == here
    monkeypatch.setattr(module, "APART_DEADLINE", 0.02)
    told: list[str] = []
    own = hall(apart=Apart(), when_hung=lambda: told.append("hung"))
    assert await run_apart(own, threading.get_ident) != here
    assert await run_apart(own, parse, {}, context=CONTEXT)
    with pytest.raises(HungError, match="hall did not end"):
        await run_apart(own, blocker)
    assert told == ["hung"]
    with pytest.raises(HungError, match="hall did not end"):
        await run_apart(hall(apart=Apart()), blocker)


async def test_recogniser_that_hangs(
    monkeypatch: pytest.MonkeyPatch, blocker: Blocker
) -> None:
    """A dialect that does not end recognises nobody, and the next one is asked."""
    monkeypatch.setattr(module, "APART_DEADLINE", 0.02)
    hanging = hall(recognises=lambda _: bool(blocker()), apart=Apart())
    book = Book((hanging, *ANTMINER_DIALECTS))
    assert (await book.recognise(fingerprint(S9))).name == "classic"
    assert blocker.calls == 1


# --- a miner, and a book that changes -----------------------------------------

type Serve = Callable[[Mapping[str, Reply]], Awaitable[FakeMiner]]


@pytest.fixture
async def serve(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Serve]:
    """Start miners."""
    monkeypatch.setattr(asking, "RETRY_AFTER", 0.0)
    miners: list[FakeMiner] = []

    async def start(replies: Mapping[str, Reply]) -> FakeMiner:
        miner = FakeMiner(replies)
        await miner.start()
        miners.append(miner)
        return miner

    yield start
    for miner in miners:
        await miner.stop()


def source_of(miner: FakeMiner, book: Book) -> AntminerSource:
    """Give what reads a miner."""
    return AntminerSource("one", "127.0.0.1", miner.port, book=book, timeout=2.0)


async def model_of(reader: AntminerSource) -> str | None:
    """Read a miner, and give its model."""
    (rig,) = (await reader.read()).rigs
    return rig.model


async def test_book_that_changes(serve: Serve) -> None:
    """A miner is identified anew when the book would have it read otherwise, and only then."""
    miner = await serve(S9)
    book = Book()
    reader = source_of(miner, book)
    assert not await reader.reconsider(), "it was never asked"
    assert await model_of(reader) == "Antminer S9"
    miner.forget()

    book.dialects = (hall(recognises=lambda _: False), *ANTMINER_DIALECTS)
    assert not await reader.reconsider()
    await reader.read()
    assert "version" not in miner.forget()

    book.dialects = (own := hall(), *ANTMINER_DIALECTS)
    assert await reader.reconsider()
    assert miner.forget() == [], "it goes by what it said before"
    assert await model_of(reader) == "Hall"
    assert not await reader.reconsider()
    miner.forget()

    book.dialects = (hall(), *ANTMINER_DIALECTS)
    assert await reader.reconsider(), "it is another one of the same name"
    book.dialects = (own, *ANTMINER_DIALECTS)
    await reader.read()
    book.dialects = ()
    assert await reader.reconsider(), "nobody knows it any more"
    with pytest.raises(InvalidReplyError, match="not an Antminer"):
        await reader.read()
    assert not await reader.reconsider()
    book.dialects = ANTMINER_DIALECTS
    assert await reader.reconsider()
    assert await model_of(reader) == "Antminer S9"


async def test_probes_are_asked_of_strangers(serve: Serve) -> None:
    """What dialects want to know besides is asked where nobody knows the miner without it."""
    book = Book((by_driver(), *ANTMINER_DIALECTS))
    known, stranger = await serve(S9), await serve(NAMED)
    await source_of(known, book).read()
    assert "devdetails" not in known.forget()
    reader = source_of(stranger, book)
    assert await model_of(reader) == "Hall"
    assert stranger.forget() == ["version", "stats", "devdetails"]
    await reader.read()
    assert stranger.forget() == ["version"]

    mute = await serve({"version": error("no"), "stats": error("no")})
    with pytest.raises(InvalidReplyError):
        await source_of(mute, book).read()


async def test_probe_that_is_polled(serve: Serve) -> None:
    """What a dialect is known by and reads as well is asked anew by every poll."""
    seen: list[list[str]] = []

    def look(replies: Mapping[str, Reply], context: Context) -> Rig:
        seen.append(sorted(replies))
        return parse(replies, context)

    miner = await serve(NAMED | {"coin": rows("COIN", {"Hash Method": "sha256"})})
    dialect = by_driver(
        commands=("devdetails", "coin"), probes=("devdetails", "config"), parse=look
    )
    reader = source_of(miner, Book((dialect,)))
    await reader.read()
    assert miner.forget() == ["version", "stats", "devdetails", "config", "coin"]
    await reader.read()
    assert miner.forget() == ["devdetails", "coin"]
    assert seen[0] == seen[1] == ["coin", "config", "devdetails", "version"]
    await miner.stop()
    with pytest.raises(SourceError):
        await reader.read()


async def test_new_probes(serve: Serve) -> None:
    """A miner that nobody knew is asked anew when there is something new to ask."""
    miner = await serve(NAMED)
    book = Book()
    reader = source_of(miner, book)
    with pytest.raises(InvalidReplyError):
        await reader.read()
    assert not await reader.reconsider()
    book.dialects = (by_driver(), *ANTMINER_DIALECTS)
    assert await reader.reconsider()
    assert await model_of(reader) == "Hall"


async def test_recognised_by(serve: Serve) -> None:
    """It can be told whether dialects would know a miner before they are in the book."""
    known, stranger = await serve(S9), await serve(NAMED)
    reader = source_of(known, Book())
    assert await reader.recognised_by([hall()]) is None, "it was never asked"
    await reader.read()
    known.forget()
    first, second = hall(recognises=lambda _: False), hall()
    assert await reader.recognised_by([first, second]) is second
    assert await reader.recognised_by([first, by_driver()]) is None
    assert not known.forget(), "a miner that is read is asked nothing more"
    assert await model_of(reader) == "Antminer S9"

    reader = source_of(stranger, Book())
    with pytest.raises(InvalidReplyError):
        await reader.read()
    stranger.forget()
    wanted = by_driver(probes=("devdetails", "coin"))
    assert await reader.recognised_by([wanted]) is wanted
    assert stranger.forget() == ["coin", "devdetails"]
    await stranger.stop()
    with pytest.raises(SourceError):
        await reader.recognised_by([wanted])


async def test_recognised_by_one_that_hangs(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, blocker: Blocker
) -> None:
    """A dialect that does not end would know nobody."""
    monkeypatch.setattr(module, "APART_DEADLINE", 0.02)
    miner = await serve(S9)
    reader = source_of(miner, Book())
    await reader.read()
    hanging = hall(recognises=lambda _: bool(blocker()), apart=Apart())
    own = hall()
    assert await reader.recognised_by([hanging, own]) is own
