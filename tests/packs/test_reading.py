"""Reading rigs with packs."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from math import isfinite
from random import Random

import pytest

from custom_components.antminer_monitor.antminer.book import ANTMINER_DIALECTS, Book
from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import Fingerprint
from custom_components.antminer_monitor.antminer.firmware.dialect import (
    Context,
    Dialect,
)
from custom_components.antminer_monitor.antminer.hardware import Models
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.packs.model import Pack
from custom_components.antminer_monitor.packs.reading import (
    Doubt,
    Figure,
    Trial,
    dialects_of,
    extra_key,
    hardware_of,
    try_pack,
)
from custom_components.antminer_monitor.packs.where import MAX_WORK
from custom_components.antminer_monitor.rig import (
    Board,
    Extra,
    Fan,
    Firmware,
    PoolStatus,
    PowerSource,
    Rig,
    Shares,
    Status,
)
from custom_components.antminer_monitor.source import InvalidReplyError
from tests.antminer.replies import CONTEXT, FakeMiner, error, pool, pools, rows
from tests.packs.samples import SMALL, WHATSMINER, pack_of, small, summary, whatsminer

PACK = pack_of(WHATSMINER)
(BTMINER,) = dialects_of(PACK)


def context_of(pack: Pack, *slots: int) -> Context:
    """Give the context of a farm that has this pack; fans that turned before."""
    return replace(
        CONTEXT, models=Models(hardware_of(pack)), fan_slots=frozenset(slots)
    )


def read(pack: Pack, replies: Mapping[str, Reply], *slots: int) -> Rig:
    """Read with the first dialect of a pack; fans that turned before."""
    return dialects_of(pack)[0].parse(replies, context_of(pack, *slots))


def knows(dialect: Dialect, replies: Mapping[str, Reply]) -> bool:
    """Tell whether a dialect recognises a miner by these replies."""
    return dialect.recognises(
        Fingerprint(replies.get("version"), replies.get("stats"), replies)
    )


def test_whatsminer() -> None:
    """A whole rig of another maker."""
    rig = read(PACK, whatsminer())
    assert rig == Rig(
        id="one",
        seen_at=CONTEXT.seen_at,
        status=Status.RUNNING,
        manufacturer="MicroBT",
        model="M30S+",
        mac="c4:11:04:01:02:03",
        ip="192.0.2.7",
        firmware=Firmware(family="btminer", version="20230103.11.REL"),
        algorithm="sha256d",
        rate_unit="TH/s",
        hashrate=101000000.25e6,
        hashrate_average=99000000.5e6,
        hashrate_nominal=100e12,
        power=3400.0,
        power_source=PowerSource.REPORTED,
        boards=tuple(
            Board(
                index=slot,
                hashrate=(33000000.0 + slot) * 1e6,
                hashrate_nominal=33333e9,
                board_temperature=70.0 + slot,
                chip_temperature=90.5 + slot,
                chips_expected=156,
                chips_working=156 - slot,
                chips_faulty=slot,
                frequency=650.0 + slot,
                serial=f"BOARD{slot}",
            )
            for slot in range(3)
        ),
        boards_expected=3,
        fans=(Fan(index=0, speed=4530), Fan(index=1, speed=4560)),
        fans_expected=2,
        pools=rig.pools,
        shares=Shares(accepted=804, rejected=3),
        hardware_errors=7,
        best_share=4711,
        uptime=9000.0,
        work_mode="normal",
        extras={
            "pack_whatsminer.environment_temperature": 32.5,
            "pack_whatsminer.psu_voltage": 224.5,
            "pack_whatsminer.psu": "P221B",
            "pack_whatsminer.fast_boot": False,
        },
    )
    assert rig.uptime == 9000.0
    assert [pool.status for pool in rig.pools] == [PoolStatus.ALIVE]
    assert rig.raw["summary"] == whatsminer()["summary"]


@pytest.mark.usefixtures("socket_enabled")
async def test_over_the_network() -> None:
    """A rig that nobody else knows is recognised, and then read with one poll each."""
    miner = FakeMiner(dict(whatsminer()))
    await miner.start()
    try:
        book = Book((*ANTMINER_DIALECTS, BTMINER))
        book.models = Models(hardware_of(PACK))
        source = AntminerSource("one", "127.0.0.1", miner.port, book=book)
        (rig,) = (await source.read()).rigs
        assert source.identified == "btminer"
        assert (rig.model, rig.hashrate) == ("M30S+", 101000000.25e6)
        assert miner.forget() == ["version", "stats", "devdetails", *BTMINER.commands]
        miner.replies["summary"] = whatsminer({"MHS 5s": 5})["summary"]
        (rig,) = (await source.read()).rigs
        assert (rig.model, rig.hashrate) == ("M30S+", 5e6)
        assert miner.forget() == list(BTMINER.commands)
    finally:
        await miner.stop()


def test_dialect() -> None:
    """What the source needs to know of it."""
    assert (BTMINER.name, BTMINER.family) == ("whatsminer.btminer", "btminer")
    assert BTMINER.commands == ("summary", "devs", "pools", "get_psu")
    assert BTMINER.probes == ("devdetails",)
    assert (BTMINER.joined, BTMINER.new_api, BTMINER.stock_web, BTMINER.rest) == (
        False,
        False,
        False,
        False,
    )
    assert BTMINER.control is None


def test_recognise() -> None:
    """One alternative is enough, and all of it is needed."""
    assert knows(BTMINER, whatsminer())
    replies = whatsminer()
    assert not knows(BTMINER, {"version": replies["version"]})
    replies["devdetails"] = rows("DEVDETAILS", {"Driver": "bitmicron"})
    assert knows(BTMINER, replies), "by the version, and details of any kind"
    replies["version"] = error()
    assert not knows(BTMINER, replies)
    assert not knows(BTMINER, {})


@pytest.mark.parametrize(
    ("condition", "found", "is_known"),
    [
        ("{reply: version, path: V.X}", {"X": 0}, True),
        ("{reply: version, path: V.X}", {"X": None}, False),
        ("{reply: version, path: V.X}", {"X": []}, True),
        ("{reply: version, path: V.X, matches: a}", {"X": ["a"]}, False),
        ('{reply: version, path: "V.X.*", matches: a}', {"X": ["b", "ab"]}, True),
        ('{reply: version, path: "V.X.*", matches: a}', {"X": ["b", []]}, False),
        ('{reply: version, path: "V.X.*", matches: a}', {"X": "a"}, False),
        ('{reply: version, path: V.X, matches: "^1$"}', {"X": 1}, True),
        ("{reply: version, path: V.X, matches: a}", {"X": None}, False),
        ("{reply: version, path: V.X, matches: a}", {"X": 10**40}, False),
        ("{reply: version, path: V.X, matches: true}", {"X": True}, True),
    ],
)
def test_conditions(condition: str, found: dict[str, Json], is_known: bool) -> None:
    """What a condition takes for true."""
    condition = condition.replace("matches: true", 'matches: "true"')
    text = SMALL.replace("{reply: version, path: VERSION.One}", condition)
    (dialect,) = dialects_of(pack_of(text))
    assert knows(dialect, {"version": rows("V", found)}) is is_known


def test_commands_besides() -> None:
    """What is read is asked for, unless the miner was recognised by it in any case."""
    text = SMALL.replace(
        "[[{reply: version, path: VERSION.One}]]",
        "[[{reply: devdetails, path: D}, {reply: stats, path: S}],"
        " [{reply: devdetails, path: E}, {reply: coin, path: C}]]",
    ).replace("ask: [summary, stats]", "ask: [summary]") + (
        "      model: {reply: devdetails, path: D.M}\n"
        "      algorithm: {reply: coin, path: C.H}\n"
        "      serial: {reply: version, path: V.S}\n"
        "      uptime: {reply: stats, path: S.U}\n"
    )
    (dialect,) = dialects_of(pack_of(text))
    assert dialect.commands == ("summary", "coin", "stats")
    assert dialect.probes == ("devdetails", "coin")


def test_commands_of_parts_and_sensors() -> None:
    """Boards, fans and extra sensors are asked for too."""
    text = SMALL.replace("ask: [summary, stats]", "ask: [summary]") + (
        "    boards: {rows: {reply: stats, path: S}, fields: {power: {path: P}}}\n"
        "sensors: [{key: ab, name: Ab, value: {reply: stats, path: S.U}}]\n"
    )
    assert dialects_of(pack_of(text))[0].commands == ("summary", "stats")
    text = text.replace("rows: {reply: stats, ", "rows: {")
    assert dialects_of(pack_of(text))[0].commands == ("summary", "stats")
    text = text.replace(", value: {reply: stats, ", ", value: {")
    assert dialects_of(pack_of(text))[0].commands == ("summary",)


WHERES: list[tuple[str, str, Json, Extra | None]] = [
    ("power", "{path: S.X}", 3250, 3250.0),
    ("power", "{path: S.X}", "3250 W", 3250.0),
    ("power", "{path: S.X}", True, None),
    ("power", "{path: S.X}", None, None),
    ("power", "{path: S.X}", "", None),
    ("power", "{path: S.X}", [1], None),
    ("power", "{path: S.X}", {"a": 1}, None),
    ("power", "{path: S.X}", float("nan"), None),
    ("power", "{path: S.X, unit: kW}", "3.25", 3250.0),
    ("power", "{path: S.X, unit: W, scale: 0.5, offset: 10}", 100, 60.0),
    ("power", "{path: S.X, unit: kW, scale: 2, offset: -1}", 1, 1999.0),
    ("power", "{path: S.X, scale: 2}", "n/a", None),
    ("power", "{path: S.X, scale: 2}", False, None),
    ("power", "{path: [S, 0, X]}", 7, 7.0),
    ("power", "{path: S.0.X}", 7, 7.0),
    ("power", "{path: S.1.X}", 7, None),
    ("power", "{path: S.X.Y}", 7, None),
    ("power", "{path: S.X.Y}", {"Y": 8}, 8.0),
    ("power", "{path: S.X.Y}", [{"Z": 1}, 3, {"Y": 9}, {"Y": 10}], 9.0),
    ("power", "{path: S.X.Y}", [{"Z": 1}], None),
    ("power", "{path: S.X.1}", [5, 6], 6.0),
    ("power", "{path: S.X.1}", {"1": 5}, 5.0),
    ("power", '{path: ["S", "X", "a.b"]}', {"a.b": 4}, 4.0),
    ("power", "{path: S.X, split: '-'}", "5-6-7", 5.0),
    ("power", "{path: S.X, split: '-', take: last}", "5-6-7", 7.0),
    ("power", "{path: S.X, split: '-', take: 1}", "5-6-7", 6.0),
    ("power", "{path: S.X, split: '-', take: 3}", "5-6-7", None),
    ("power", "{path: S.X, split: '-', take: max}", "5-n/a-17", 17.0),
    ("power", "{path: S.X, split: '-', take: min}", "5-6-7", 5.0),
    ("power", "{path: S.X, split: '-', take: min, ignore: [0]}", "0-6-7", 6.0),
    ("power", "{path: S.X, split: '-', take: sum}", "5-6-7", 18.0),
    ("power", "{path: S.X, split: '-', take: mean}", "5-6-7", 6.0),
    ("power", "{path: S.X, split: '-', take: mean}", "a-b", None),
    ("power", "{path: S.X, split: '-', take: count}", "5--7", 2.0),
    ("power", "{path: S.X, split: '-', take: count, ignore: [5]}", "5--7", 1.0),
    ("power", "{path: S.X, split: '-', ignore: [0]}", "0-5", None),
    ("power", "{path: S.X, split: '-'}", ["5-6"], None),
    ("power", '{path: "S.X.*", take: max}', [5, 6, [], None], 6.0),
    ("power", '{path: "S.X.*", take: sum}', {"a": 5, "b": "6", "c": {}}, 11.0),
    ("power", '{path: "S.X.*", take: count}', [], 0.0),
    ("power", '{path: "S.X.*", take: last}', [], None),
    ("power", '{path: "S.X.*"}', [], None),
    ("power", '{path: "S.X.*"}', 5, None),
    ("power", '{path: "S.X.*", split: "/", take: 2}', ["1/2", "3/4"], 3.0),
    (
        "power",
        '{path: "S.X.*", pattern: "p=(.*)", take: sum}',
        ["p=1", "q", "p=2"],
        3.0,
    ),
    ("power", '{path: S.X, pattern: "([0-9]+) W"}', "fan 5, 30 W", 30.0),
    ("power", '{path: S.X, pattern: "([0-9]+) W"}', "no", None),
    ("power", '{path: S.X, pattern: "[0-9]"}', 10**40, None),
    ("power", "{path: S.X, split: '-'}", 10**40, None),
    ("power", "{path: S.X, ignore: [0]}", 0, None),
    ("power", "{path: S.X, ignore: [0]}", 0.0, None),
    ("power", "{path: S.X, ignore: [0]}", "0.00", None),
    ("power", "{path: S.X, ignore: [0]}", " 0 ", None),
    ("power", "{path: S.X, ignore: [0]}", "0 W", 0.0),
    ("power", "{path: S.X, ignore: [0]}", 10**40, None),
    ("power", "{path: S.X, ignore: [Unknown]}", "UNKNOWN ", None),
    ("power", "{path: S.X, ignore: ['false']}", False, None),
    ("power", "{path: S.X, map: {a: 5, b: 6}}", "B", 6.0),
    ("power", "{path: S.X, map: {a: 5, b: 6}}", "c", None),
    ("power", "{path: S.X, map: {'1': 5}}", 1.0, 5.0),
    ("power", "{path: S.X, map: {'1': 5}, unit: kW}", 1, 5000.0),
    ("power", "{path: S.X, map: {'1': 5}}", 10**40, None),
    ("power", "[{path: S.A}, {path: S.X}]", 5, 5.0),
    ("power", "[{path: S.X, ignore: [5]}, {path: S.X, scale: 2}]", 5, 10.0),
    ("power", "[{path: S.X}, {path: S.X, scale: 0.001}]", 200000, 200.0),
    ("uptime", "{path: S.X, unit: h}", 2, 7200.0),
    ("uptime", "{path: S.X, unit: min}", 2, 120.0),
    ("uptime", "{path: S.X, unit: d}", 2, 172800.0),
    ("hashrate_average", "{path: S.X, unit: PH/s}", 2, 2e15),
    ("hashrate_average", "{path: S.X, unit: kSol/s}", "2", 2000.0),
    ("hashrate_average", "{path: S.X}", 1e18, None),
    ("hashrate_average", "{path: S.X}", -1, None),
    ("found_blocks", "{path: S.X}", 2**60 + 1, 2**60 + 1),
    ("found_blocks", "{path: S.X}", "3", 3),
    ("found_blocks", "{path: S.X}", -3, None),
    ("serial", "{path: S.X}", "  A  1 ", "A 1"),
    ("serial", "{path: S.X}", 12, "12"),
    ("serial", "{path: S.X}", "N/A", None),
    ("serial", "{path: S.X}", 10**40, None),
    ("serial", "{path: S.X}", "x" * 201, None),
    ("serial", "{path: S.X}", "a\x07b", None),
    ("name", "{path: S.X}", "rig-1", "rig-1"),
    ("algorithm", "{path: S.X}", "SHA256d", "sha256d"),
    ("algorithm", "{path: S.X}", "sha-256", None),
    ("algorithm", "{value: x11}", None, "x11"),
    ("model", "{value: Thing}", None, "Thing"),
    ("model", "[{path: S.X}, {value: Thing}]", "Other", "Other"),
    ("model", "[{path: S.X}, {value: Thing}]", None, "Thing"),
    ("fan_mode", "{path: S.X, map: {'1': manual, '0': auto}}", 1, "manual"),
    ("fan_mode", "{path: S.X}", "Auto", "auto"),
    ("fan_mode", "{path: S.X}", "quiet", None),
    ("work_mode", "{path: S.X}", "Eco", "Eco"),
    ("mac", "{path: S.X}", "AA-BB-CC-DD-EE-0F", "aa:bb:cc:dd:ee:0f"),
    ("mac", "{path: S.X}", "nothing", None),
    ("hardware_errors", "{path: S.X}", 5.9, 5),
    ("best_share", "{path: S.X}", 5, 5),
]


@pytest.mark.parametrize(("name", "where", "value", "expected"), WHERES)
def test_where(name: str, where: str, value: Json, expected: Extra | None) -> None:
    """Where a value stands, and what is done to it."""
    replies = summary() | {"stats": rows("S", {"X": value})}
    where = where.replace("{path", "{reply: stats, path")
    found = getattr(read(small(**{name: where}), replies), name)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("told", "status"),
    [("Mining", Status.RUNNING), ("off", Status.SLEEPING), ("else", Status.IDLE)],
)
def test_status(told: str, status: Status) -> None:
    """What the firmware says counts; else what the rig does."""
    pack = small(
        status="{path: SUMMARY.State, map: {mining: running, 'OFF': sleeping}}"
    )
    assert read(pack, summary(State=told, Rate=0)).status is status


def test_status_that_is_not_told() -> None:
    """It is told by what the rig does."""
    pack = small(uptime="{path: SUMMARY.Up}")
    assert read(pack, summary()).status is Status.RUNNING
    assert read(pack, summary(Rate=0, Up=100)).status is Status.STARTING
    assert read(pack, summary(Rate=0, Up=1000)).status is Status.IDLE


def test_shares_of_pools() -> None:
    """They are added up where the pack does not tell them."""
    pack = pack_of(SMALL.replace("[summary, stats]", "[summary, pools]"))
    replies = summary() | {"pools": pools(pool(0), pool(1))}
    rig = read(pack, replies)
    assert rig.shares == Shares(accepted=21, rejected=2, stale=0)
    assert rig.best_share == 101
    text = SMALL.replace("[summary, stats]", "[summary, pools]") + (
        "      shares_stale: {path: SUMMARY.Stale}\n"
    )
    assert read(pack_of(text), summary(Stale=4)).shares == Shares(stale=4)


BOARDS = SMALL + (
    "    boards:\n"
    "      rows: {reply: stats, path: B}\n"
    "      fields:\n"
    "        index: {path: I}\n"
    "        chip_map: {path: C}\n"
    "        chips_working: {path: W}\n"
    "        chips_faulty: {path: F}\n"
    "        chips_expected: [{path: E}, {value: 60}]\n"
    "        power: {reply: summary, path: 'SUMMARY.P{n}'}\n"
)


def boards(*told: Json, **row: Json) -> tuple[Board, ...]:
    """Read some rows of boards."""
    replies = summary(**row) | {"stats": rows("X") | {"B": list(told)}}
    return read(pack_of(BOARDS), replies).boards


def test_boards() -> None:
    """Rows, their numbers and their chips."""
    assert boards({"W": 58}, {}, {"I": 7, "W": 60}) == (
        Board(index=0, chips_expected=60, chips_working=58, chips_faulty=2),
        Board(index=7, chips_expected=60, chips_working=60, chips_faulty=0),
    )
    assert boards({"C": " ooX o-"}) == (
        Board(
            index=0,
            chips_expected=60,
            chips_working=3,
            chips_faulty=57,
            chip_map="ooxo-",
        ),
    )
    assert boards({"W": 1, "F": 2, "E": 3}) == (
        Board(index=0, chips_expected=3, chips_working=1, chips_faulty=2),
    )
    assert boards({"W": 1}, {"W": 2, "I": 0}, {"W": 3, "I": -1})[1:] == (
        Board(index=2, chips_expected=60, chips_working=3, chips_faulty=57),
    )


def test_boards_by_place() -> None:
    """A value from another reply goes by the row's place."""
    found = boards({}, {}, {"W": 1}, P1=100, P2=200, P3=300)
    assert [(board.index, board.power) for board in found] == [(1, 100), (2, 200)]


def test_rows_of_any_shape() -> None:
    """What is no object is no board; one object is one."""
    assert boards(1, None, [], "x") == ()
    assert boards({"I": 3, "E": 60}) == (), "nothing shows that it is there"
    replies = summary() | {"stats": rows("X") | {"B": {"W": 60}}}
    assert len(read(pack_of(BOARDS), replies).boards) == 1
    for none in ("x", None, 5):
        replies["stats"]["B"] = none
        assert read(pack_of(BOARDS), replies).boards == ()
    many: list[Json] = [{"W": 1} for _ in range(100)]
    assert len(boards(*many)) == 64


def test_chips_of_a_resting_rig() -> None:
    """None of them is faulty only because none works yet."""
    text = BOARDS.replace(
        "      hashrate", "      uptime: {path: SUMMARY.Up}\n      hashrate"
    )
    replies = summary(Rate=0, Up=10) | {"stats": rows("X") | {"B": [{"W": 0}]}}
    (board,) = read(pack_of(text), replies).boards
    assert (board.chips_working, board.chips_faulty) == (0, None)


FANS = SMALL + (
    "    fans:\n"
    "      numbers: {from: 1, to: 4}\n"
    "      fields:\n"
    "        speed: {reply: stats, path: 'STATS.fan{n}', ignore: [0]}\n"
    "        duty: {reply: stats, path: 'STATS.duty{n}'}\n"
)


def test_fans() -> None:
    """Numbered values; 0 of a fan that turned before is a dead fan."""
    replies = summary() | {
        "stats": rows("STATS", {"fan1": 4200, "fan2": 0, "fan3": "0", "duty4": 50})
    }
    pack = pack_of(FANS)
    assert read(pack, replies).fans == (
        Fan(index=1, speed=4200),
        Fan(index=4, duty=50.0),
    )
    assert read(pack, replies, 1, 3, 9).fans == (
        Fan(index=1, speed=4200),
        Fan(index=3, speed=0),
        Fan(index=4, duty=50.0),
    )


def test_numbered_boards() -> None:
    """Boards without rows."""
    text = SMALL + (
        "    boards:\n"
        "      numbers: {from: 6, to: 8}\n"
        "      fields: {chip_temperature: {path: 'SUMMARY.temp{n}', ignore: [0]}}\n"
    )
    found = read(pack_of(text), summary(temp6=70, temp7=0, temp8="65.5")).boards
    assert found == (
        Board(index=6, chip_temperature=70.0),
        Board(index=8, chip_temperature=65.5),
    )


def test_nothing_of_the_first_reply() -> None:
    """Then it is no rig, whatever else is told."""
    pack = small(serial="{reply: stats, path: STATS.SN}")
    replies: dict[str, Reply] = {"stats": rows("STATS", {"SN": "A1"})}
    refused: list[dict[str, Reply]] = [
        {},
        {"summary": rows("SUMMARY", {"Other": 1})},
        {"summary": error()},
        {"summary": {"STATUS": "E", "SUMMARY": [{"Rate": 5}]}},
        {"summary": {"SUMMARY": [{"Rate": -5}]}},
    ]
    for first in refused:
        with pytest.raises(InvalidReplyError, match="summary"):
            read(pack, replies | first)
    with pytest.raises(InvalidReplyError, match="the miner refuses summary"):
        read(pack, {"summary": error()})
    assert read(pack, replies | summary()).serial == "A1"


def test_models_of_the_pack() -> None:
    """They come first; the table of Antminers says nothing of other makers' miners."""
    text = SMALL + "      model: {path: SUMMARY.Model}\n"
    models = (
        "models: [{model: KS3, algorithm: x11, boards: 1, joules_per_terahash: 100}]\n"
    )
    plain = read(pack_of(text), summary(Model="KS3", Rate=1000))
    assert (plain.algorithm, plain.boards_expected) == ("kheavyhash", 3)
    own = read(pack_of(text + models), summary(Model="KS3", Rate=1000))
    assert (own.algorithm, own.boards_expected) == ("x11", 1)
    assert (own.power, own.power_source) == (100.0, PowerSource.ESTIMATED)
    foreign = text.replace("onefirm\n", "onefirm\n    manufacturer: Other\n")
    rig = read(pack_of(foreign), summary(Model="KS3"))
    assert (rig.algorithm, rig.boards_expected, rig.power) == (None, None, None)
    assert (rig.manufacturer, rig.model) == ("Other", "KS3")
    rig = read(pack_of(text), summary(Model="S99"))
    assert rig.algorithm == "sha256d", "an Antminer by its letter"
    other = replace(CONTEXT, models=Models(hardware_of(PACK)))
    (dialect,) = dialects_of(pack_of(foreign))
    assert dialect.parse(summary(Model="M50S"), other).boards_expected == 3


def test_algorithm() -> None:
    """The miner's word, else the model's, else the dialect's."""
    text = SMALL.replace("onefirm\n", "onefirm\n    algorithm: scrypt\n") + (
        "      model: {path: SUMMARY.Model}\n      algorithm: {path: SUMMARY.Algo}\n"
    )
    pack = pack_of(text)
    assert read(pack, summary()).algorithm == "scrypt"
    assert read(pack, summary(Model="Antminer S9")).algorithm == "sha256d"
    assert read(pack, summary(Model="Antminer S9", Algo="x11")).algorithm == "x11"


def test_unit() -> None:
    """The one that is given, else that of the hashrate, else the base unit."""
    assert read(small(), summary()).rate_unit == "GH/s"
    text = SMALL.replace(", unit: GH/s", "")
    assert read(pack_of(text), summary()).rate_unit == "H/s"
    text = SMALL.replace("onefirm\n", "onefirm\n    rate_unit: PH/s\n")
    assert read(pack_of(text), summary()).rate_unit == "PH/s"


SENSORS = (
    "sensors:\n"
    "  - {key: any_thing, name: A, value: {path: SUMMARY.A}}\n"
    "  - {key: figure, name: F, unit: W, value: {path: SUMMARY.F},"
    " limits: {most: 100}}\n"
    "binary_sensors:\n"
    "  - {key: bad, name: B, value: {path: SUMMARY.B}, on: [1, fail, 'true']}\n"
)


@pytest.mark.parametrize(
    ("row", "extras"),
    [
        ({}, {}),
        ({"A": 5}, {"any_thing": 5}),
        ({"A": 5.5}, {"any_thing": 5.5}),
        ({"A": True}, {"any_thing": True}),
        ({"A": " on  it "}, {"any_thing": "on it"}),
        ({"A": "-"}, {}),
        ({"A": float("inf")}, {}),
        ({"F": "5.5 W"}, {"figure": 5.5}),
        ({"F": -5}, {"figure": -5.0}),
        ({"F": 101}, {}),
        ({"F": "none of it"}, {}),
        ({"B": 1}, {"bad": True}),
        ({"B": True}, {"bad": True}),
        ({"B": "FAIL"}, {"bad": True}),
        ({"B": "good"}, {"bad": False}),
        ({"B": 0}, {"bad": False}),
        ({"B": ""}, {}),
        ({"B": []}, {}),
    ],
)
def test_extra_sensors(row: dict[str, Json], extras: dict[str, Extra]) -> None:
    """What extra sensors show."""
    found = read(pack_of(SMALL + SENSORS), summary(**row)).extras
    assert found == {extra_key("small", key): value for key, value in extras.items()}


def test_sensors_of_a_dialect() -> None:
    """A sensor may belong to one dialect only."""
    text = SMALL + (
        "  - id: two\n    firmware: two\n    ask: [summary]\n"
        "    recognise: [[{reply: version, path: x}]]\n"
        "    fields: {power: {path: SUMMARY.Rate}}\n"
        "sensors: [{key: ab, name: A, value: {path: SUMMARY.A}, dialects: [two]}]\n"
    )
    first, second = dialects_of(pack_of(text))
    assert first.parse(summary(A=1), CONTEXT).extras == {}
    assert second.parse(summary(A=1), CONTEXT).extras == {"pack_small.ab": 1}


def test_try_pack() -> None:
    """What was read, from what, and what was not believed."""
    replies = whatsminer({"Power": 123456, "Env Temp": 90, "MAC": "?" * 200})
    replies["devs"]["DEVS"] = [
        {"Slot": 0, "Temperature": 151, "Effective Chips": "many"},
        {"Slot": 1, "MHS 5s": 5, "PCB SN": "A"},
        {"Slot": 1, "MHS 5s": 5},
    ]
    trial = try_pack(PACK, replies, "192.0.2.9")
    assert (trial.dialect, trial.error) == ("btminer", None)
    assert trial.rig is not None
    assert (trial.rig.id, trial.rig.ip) == ("192.0.2.9", "192.0.2.9")
    assert trial.rig.seen_at is not None
    figures = {figure.field: figure for figure in trial.figures}
    assert figures["model"] == Figure("model", "M30S+", "M30S+_VE40")
    assert figures["hashrate"] == Figure("hashrate", 101000000.25e6, "101000000.25")
    assert figures["boards[1].serial"] == Figure("boards[1].serial", "A", "A")
    assert figures["fans[0].speed"] == Figure("fans[0].speed", 4530, "4530")
    assert figures["sensors.psu_voltage"].value == 224.5
    assert figures["binary_sensors.fast_boot"].raw == "disable"
    assert len(figures["mac"].raw) == 120
    assert not any(name.startswith("boards[0]") for name in figures)
    assert trial.doubts == (
        Doubt("power", "123456", "is not within 0 and 100000"),
        Doubt("boards[0].board_temperature", "151", "is not within -40 and 150"),
        Doubt("boards[0].chips_working", "many", "is no number"),
        Doubt("boards[2].index", "1", "is the number of another one"),
        Doubt("sensors.environment_temperature", "90", "is not within -40 and 80"),
        Doubt("mac", figures["mac"].raw, "is no MAC address"),
    )


def test_try_raw() -> None:
    """The raw text of lists, truths and long texts."""
    pack = small(
        serial='{path: "SUMMARY.L.*", take: last}',
        work_mode="{path: SUMMARY.T}",
        power='{path: "SUMMARY.O.*", take: sum}',
        best_share="{path: SUMMARY.N}",
        uptime="{path: SUMMARY.U}",
        name="{path: SUMMARY.S, pattern: '^a+'}",
    )
    trial = try_pack(
        pack,
        summary(
            L=["a", None, [], "b"], T=True, O={"a": 1}, N=-1, U=10**40, S="ab" * 3000
        ),
        "h",
    )
    raw = {figure.field: figure.raw for figure in trial.figures}
    assert raw["serial"] == "a, b"
    assert raw["work_mode"] == "true"
    assert raw["power"] == "1"
    assert raw["name"] == "ab" * 59 + "a…"
    assert trial.doubts == (
        Doubt("uptime", "", "is no number"),
        Doubt("best_share", "-1", "is less than 0"),
    ) or trial.doubts == (
        Doubt("best_share", "-1", "is less than 0"),
        Doubt("uptime", "", "is no number"),
    )


def test_try_in_vain() -> None:
    """Why there is no rig."""
    assert try_pack(PACK, {}, "h") == Trial(
        None, None, error="no dialect of this pack recognises the miner"
    )
    replies = whatsminer() | {"summary": rows("SUMMARY", {"Power": -1})}
    trial = try_pack(PACK, replies, "h")
    assert (trial.dialect, trial.rig) == ("btminer", None)
    assert trial.error == "nothing in the reply to summary that btminer would tell"
    assert trial.doubts == (Doubt("power", "-1", "is not within 0 and 100000"),)


def test_try_models_only() -> None:
    """Without a dialect there is nothing to try."""
    pack = pack_of(
        'pack: 1\nid: models\nversion: "2"\nname: Models\n'
        "models: [{model: Antminer S77, algorithm: sha256d, aliases: [S 77]}]\n"
    )
    assert try_pack(pack, summary(), "h") == Trial(None, None)
    assert dialects_of(pack) == ()
    assert [name for name, _ in hardware_of(pack)] == ["Antminer S77", "S 77"]


def test_patterns_end() -> None:
    """Together they have only so much time."""
    pack = small(
        name="[" + ", ".join(["{path: SUMMARY.T, pattern: '(a|b|ab)*c'}"] * 8) + "]",
        work_mode="["
        + ", ".join(["{path: SUMMARY.T, pattern: '(a|b|ab)*c'}"] * 8)
        + "]",
        serial="{path: SUMMARY.T, pattern: '^ab'}",
    )
    long = try_pack(pack, summary(T="ab" * 5000), "h")
    assert long.rig is not None
    assert long.rig.serial is None
    assert long.doubts[-1] == Doubt(
        "patterns", "", "take too long: what they read is left out"
    )
    short = try_pack(pack, summary(T="ab" * 50), "h")
    assert short.rig is not None
    assert (short.rig.serial, short.doubts) == ("ab", ())
    assert MAX_WORK == 500_000


JUNK: list[Json] = [
    None, True, 0, -1, 1.5, 1e300, 10**5000, float("nan"), float("-inf"), "", "-", "nan",
    "9" * 5000, "0-0-0", "\ud800", "x" * 300, [], {}, [[]], [None], [{}], {"a": {}},
    {"STATUS": "E"}, [{"STATUS": "F"}], "whatsminer", ["5-6", 7],
]  # fmt: skip


def broken(value: Json, random: Random) -> Json:
    """Put something else in one place, at any depth."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        key = random.choice(sorted(value))
        if random.random() < 0.1:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: broken(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.85:
        place = random.randrange(len(value))
        return [*value[:place], broken(value[place], random), *value[place + 1 :]]
    return deepcopy(random.choice(JUNK))


def test_any_replies() -> None:
    """Whatever the replies hold: a rig, or the one error."""
    random = Random(4028)
    everything = pack_of(FANS + BOARDS.split("Rate, unit: GH/s}\n")[1] + SENSORS)
    replies_of = {
        PACK.id: whatsminer(),
        everything.id: summary(A=1, B=1, F=1, P1=3)
        | {
            "stats": rows("STATS", {"fan1": 1, "fan2": 2, "duty1": 5})
            | {"B": [{"I": 1, "C": "oox", "W": 5, "E": 6}]}
        },
    }
    rigs = errors = 0
    for pack in (PACK, everything):
        (dialect,) = dialects_of(pack)
        for _ in range(1500):
            replies: dict[str, Reply] = dict(replies_of[pack.id])
            for _ in range(random.randint(1, 6)):
                name = random.choice(sorted(replies))
                changed = broken(replies[name], random)
                if isinstance(changed, dict):
                    replies[name] = changed
            assert knows(dialect, replies) in (True, False)
            try:
                rig = dialect.parse(replies, context_of(pack))
            except InvalidReplyError:
                errors += 1
                continue
            rigs += 1
            assert isinstance(rig, Rig)
            assert (rig.power is None) == (rig.power_source is None)
            assert len({board.index for board in rig.boards}) == len(rig.boards)
            assert len({fan.index for fan in rig.fans}) == len(rig.fans)
            figures = [rig.hashrate, rig.power, rig.uptime, *rig.extras.values()]
            for board in rig.boards:
                figures += [board.hashrate, board.chip_temperature, board.power]
            assert all(isfinite(item) for item in figures if isinstance(item, float))
            trial = try_pack(pack, replies, "h")
            assert all(len(figure.raw) <= 120 for figure in trial.figures)
            assert all(len(doubt.value) <= 120 for doubt in trial.doubts)
    assert rigs > 1000 and errors > 100
