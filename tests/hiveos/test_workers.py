"""From workers to rigs."""

from datetime import timedelta
import gc

from hypothesis import given, strategies as st
import pytest

from custom_components.antminer_monitor.command import Action, Choice, Denial
from custom_components.antminer_monitor.hiveos.workers import (
    POWER_MODES,
    FarmContext,
    parse_workers,
)
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import (
    Board,
    Fan,
    Firmware,
    Gpu,
    Host,
    MessageCounts,
    MinerProgram,
    PowerSource,
    Rig,
    Shares,
    Status,
)
from custom_components.antminer_monitor.source import InvalidReplyError

from .bodies import AT, FARM, NOW, Body, asic, gpu_rig, parse, read, stats
from .strategies import json_values

EVERY = set(Action) - {
    Action.LOCATE,
    Action.SET_FAN,
    Action.SET_POOLS,
    Action.SET_POWER_TARGET,
    Action.SWITCH_POOL,
}
"""What HiveOS has a command for."""
ALWAYS = (
    Action.RESTART_MINING,
    Action.PAUSE_MINING,
    Action.RESUME_MINING,
    Action.REBOOT,
    Action.UPGRADE,
    Action.UPDATE_SETTINGS,
    Action.EXECUTE,
)
SHEETS = (Choice(id="333", name="ETC"), Choice(id="334", name="BTC"))
OVERCLOCKS = (Choice(id="7", name="Cool"),)


def test_gpu_rig() -> None:
    """Everything that a rig of cards tells."""
    rig = read(gpu_rig())
    assert rig == Rig(
        id="hive-11-22",
        seen_at=None,
        status=Status.RUNNING,
        name="rig-01",
        model="PRIME H270-PLUS",
        mac="70:85:c2:00:00:0a",
        ip="192.168.0.105",
        firmware=Firmware(family="hiveos", version="0.6-224"),
        algorithm="ethash",
        rate_unit="kH/s",
        hashrate=92_165_000.0,
        hashrate_average=91_500_000.0,
        power=304.0,
        power_source=PowerSource.REPORTED,
        gpus=(
            Gpu(
                index=1,
                name="GeForce GTX 1660",
                hashrate=30_700_000.0,
                core_temperature=70.0,
                memory_temperature=84.0,
                fan_duty=40.0,
                power=100.0,
                core_clock=1500.0,
                memory_clock=7000.0,
                invalid_shares=0,
            ),
            Gpu(
                index=2,
                name="GTX 1660",
                hashrate=30_709_000.0,
                core_temperature=72.0,
                fan_duty=42.0,
                power=102.0,
                invalid_shares=5,
            ),
            Gpu(
                index=5,
                name="RX 580",
                hashrate=30_734_000.0,
                fan_duty=0.0,
                invalid_shares=0,
            ),
        ),
        shares=Shares(accepted=100, rejected=1),
        programs=(
            MinerProgram(
                name="lolminer",
                version="1.76",
                algorithm="ethash",
                coin="ETC",
                hashrate=92_165_000.0,
                shares=Shares(accepted=100, rejected=1),
            ),
        ),
        host=Host(
            load=2.01,
            cpu_temperature=43.0,
            memory_free=5120 * 1024.0**2,
        ),
        problems=("overheat",),
        unresolved=MessageCounts(danger=2, warning=1, success=0),
        upgrade_available=True,
        flight_sheet="ETC",
        commands=tuple(
            action for action in Action if action in ALWAYS or action is Action.SHUTDOWN
        ),
    )
    assert rig.seen_at == NOW - timedelta(seconds=4)
    assert rig.uptime == 80_000.0
    assert rig.raw["name"] == "rig-01"
    assert "hunter2" not in str(dict(rig.raw))


def test_asic_without_watts() -> None:
    """Stock firmware tells none: estimated as everywhere, and said to be; nothing while it is off."""
    worker = asic()
    stats = worker["stats"]
    assert isinstance(stats, dict)
    del stats["power_draw"]
    rig = read(worker)
    assert rig.power_source is PowerSource.ESTIMATED
    assert rig.power == pytest.approx(3250.0, rel=0.02)
    stats["online"] = False
    rig = read(worker)
    assert (rig.power, rig.power_source) == (None, None)


def test_asic() -> None:
    """Everything that an ASIC tells; what its model should have is in the table."""
    rig = read(asic())
    assert rig == Rig(
        id="hive-11-55",
        seen_at=None,
        status=Status.RUNNING,
        name="S19-01",
        manufacturer="Bitmain",
        model="Antminer S19",
        ip="192.168.0.50",
        firmware=Firmware(family="hiveon", version="Fri Nov 17 17:37:49 CST 2021"),
        algorithm="sha256d",
        programs=(
            MinerProgram(
                name="asicminer",
                algorithm="sha256d",
                coin="BTC",
                hashrate=95e12,
                shares=Shares(accepted=1000, rejected=1),
            ),
        ),
        rate_unit="kH/s",
        hashrate=95e12,
        power=3250.0,
        power_source=PowerSource.REPORTED,
        boards=(
            Board(
                index=1,
                hashrate=31.7e12,
                board_temperature=58.0,
                chip_temperature=72.0,
                chips_expected=76,
                chips_working=74,
                chips_faulty=2,
                chip_map="o" * 74 + "x-",
                frequency=607.04,
                voltage=1.38,
                power=1080.5,
                hardware_errors=3,
            ),
            Board(
                index=2,
                hashrate=31.65e12,
                chips_expected=76,
                chips_working=75,
                chips_faulty=1,
                hardware_errors=4,
            ),
            Board(
                index=3,
                hashrate=31.65e12,
                chips_expected=76,
                chips_working=76,
                chips_faulty=0,
            ),
        ),
        boards_expected=3,
        fans=(
            Fan(index=1, speed=4440, duty=74.0),
            Fan(index=2, speed=4500, duty=75.0),
        ),
        fans_expected=4,
        shares=Shares(accepted=1000, rejected=1),
        hardware_errors=7,
        work_mode="normal",
        problems=(),
        flight_sheet="BTC",
        power_modes=POWER_MODES,
        commands=tuple(
            action
            for action in Action
            if action in ALWAYS or action is Action.SET_POWER_MODE
        ),
    )


def test_unknown_asic() -> None:
    """A model that is in no table is read all the same."""
    body = asic(asic_info={"model": "Whatsminer M50", "firmware": "1"})
    rig = read(body)
    assert (rig.manufacturer, rig.model) == (None, "Whatsminer M50")
    assert rig.firmware == Firmware(family="stock", version="1")
    assert rig.boards[0].chips_expected is None
    assert rig.boards[0].chips_faulty == 2
    assert rig.boards[1].chips_faulty is None
    nameless = read(asic(asic_info=None))
    assert (nameless.model, nameless.firmware) == (None, None)
    assert nameless.commands == rig.commands


def test_offline() -> None:
    """Of a rig that is off only what it is: no figure of it is true now."""
    rig = read(gpu_rig(stats=stats(online=False)))
    assert rig.status is Status.OFFLINE
    assert rig.seen_at == NOW - timedelta(seconds=4)
    assert rig.gpus == (
        Gpu(index=1, name="GeForce GTX 1660"),
        Gpu(index=2, name="GTX 1660"),
        Gpu(index=5, name="RX 580"),
    )
    assert rig.programs == (
        MinerProgram(name="lolminer", version="1.76", algorithm="ethash", coin="ETC"),
    )
    assert (rig.hashrate, rig.hashrate_average, rig.power, rig.power_source) == (
        None,
        None,
        None,
        None,
    )
    assert (rig.host, rig.uptime, rig.shares) == (None, None, Shares())
    assert (rig.model, rig.algorithm, rig.problems) == (
        "PRIME H270-PLUS",
        "ethash",
        ("overheat",),
    )
    assert rig.commands == read(gpu_rig()).commands


def test_offline_asic() -> None:
    """Its boards and fans are still there."""
    rig = read(asic(stats={"online": False, "stats_time": AT - 86_400}))
    assert rig.status is Status.OFFLINE
    assert rig.boards == tuple(
        Board(index=index, chips_expected=76) for index in (1, 2, 3)
    )
    assert rig.fans == (Fan(index=1), Fan(index=2))
    assert rig.hardware_errors is None


@pytest.mark.parametrize(
    ("told", "age"),
    [
        (stats(), 4.0),
        (stats(stats_time=AT + 500), 0.0),
        (stats(stats_time=None), 0.0),
        (stats(stats_time="now"), 0.0),
        (stats(stats_time=AT - 86_400), 86_400.0),
        (stats(online=False, stats_time=AT - 86_400), 86_400.0),
        (stats(online=False, stats_time=None), None),
        (stats(online="yes", stats_time=None), None),
        ({}, None),
        (None, None),
    ],
)
def test_seen_at(told: Body | None, age: float | None) -> None:
    """When it reported last, and nothing for a rig that never did."""
    rig = read(gpu_rig(stats=told))
    expected = None if age is None else NOW - timedelta(seconds=age)
    assert rig.seen_at == expected
    if age is None:
        assert rig.status is Status.OFFLINE


def test_never_reported() -> None:
    """A worker that was only just made."""
    rig = read({"id": 1})
    assert rig.status is Status.OFFLINE
    assert rig.problems is None
    assert (rig.model, rig.name, rig.gpus) == ("GPU rig", None, ())


STOPPED: dict[str, Json] = {"miners_summary": None, "miners_stats": None}
ZERO: Json = {"hashrates": [{"miner": "lolminer", "algo": "ethash", "hash": 0}]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (gpu_rig(), Status.RUNNING),
        (gpu_rig(options={"maintenance_mode": 1}), Status.RUNNING),
        (gpu_rig(**STOPPED), Status.IDLE),
        (gpu_rig(miners_summary=ZERO), Status.IDLE),
        (gpu_rig(**STOPPED, options={"maintenance_mode": 2}), Status.SLEEPING),
        (asic(**STOPPED, power_options={"mode": "sleep"}), Status.SLEEPING),
        (asic(**STOPPED), Status.IDLE),
        (gpu_rig(**STOPPED, stats=stats(miner_start_time=AT - 30)), Status.STARTING),
        (
            gpu_rig(**STOPPED, stats=stats(miner_start_time=None, boot_time=AT - 60)),
            Status.STARTING,
        ),
        (gpu_rig(**STOPPED, stats=stats(boot_time=AT - 130)), Status.IDLE),
        (gpu_rig(**STOPPED, stats=stats(boot_time=AT + 9999)), Status.IDLE),
        (
            gpu_rig(**STOPPED, stats=stats(problems=["no_hashrate", "error_message"])),
            Status.FAULT,
        ),
        (gpu_rig(**STOPPED, stats=stats(problems=["missed_unit"])), Status.FAULT),
        (gpu_rig(**STOPPED, stats=stats(problems=["no_hashrate"])), Status.IDLE),
        (gpu_rig(**STOPPED, stats=stats(problems=["no_fs"])), Status.IDLE),
        (gpu_rig(stats=stats(problems=["missed_unit"])), Status.RUNNING),
    ],
)
def test_status(body: Body, status: Status) -> None:
    """What a rig does that is on."""
    assert read(body).status is status


def test_no_hashrate_is_zero_where_the_service_says_so() -> None:
    """Left out is not zero; the problem of that name is."""
    assert read(gpu_rig(**STOPPED)).hashrate is None
    body = gpu_rig(**STOPPED, stats=stats(problems=["no_hashrate"], power_draw=0))
    rig = read(body)
    assert (rig.hashrate, rig.power) == (0.0, 0.0)
    asleep = read(asic(**STOPPED))
    assert asleep.algorithm == "sha256d"


def test_two_coins_at_once() -> None:
    """A rate of each algorithm; they are never added."""
    rig = read(
        gpu_rig(
            miners_summary={
                "hashrates": [
                    {
                        "miner": "bzminer",
                        "ver": "21",
                        "algo": "autolykos2",
                        "coin": "ERG",
                        "hash": 900_000.5,
                        "dalgo": "kHeavyHash",
                        "dcoin": "KAS",
                        "dhash": 2_000_000,
                        "shares": {"accepted": 5},
                    }
                ]
            }
        )
    )
    assert rig.hashrates == {"autolykos": 900_000_500.0, "kheavyhash": 2e9}
    assert rig.hashrate == 900_000_500.0
    assert rig.shares == Shares(accepted=5)
    assert [(item.name, item.coin, item.shares) for item in rig.programs] == [
        ("bzminer", "ERG", Shares(accepted=5)),
        ("bzminer", "KAS", Shares()),
    ]
    assert rig.hashrate_average is None
    # What is told of each card with another algorithm is not of this one.
    assert rig.gpus[1].hashrate is None


def test_second_coin_alone_counts_as_running() -> None:
    """A rig whose main program stands still may hash all the same."""
    rig = read(
        gpu_rig(
            miners_summary={
                "hashrates": [
                    {"algo": "ethash", "hash": 0},
                    {"algo": "randomx", "hash": 12},
                ]
            }
        )
    )
    assert rig.status is Status.RUNNING
    assert rig.hashrate == 0.0
    assert rig.hashrates == {"ethash": 0.0, "randomx": 12_000.0}


def test_several_programs() -> None:
    """Programs of the main algorithm are added up, with their cards and shares."""
    rig = read(
        gpu_rig(
            miners_summary={
                "hashrates": [
                    {
                        "miner": "a",
                        "algo": "daggerhashimoto",
                        "hash": 10,
                        "shares": {"accepted": 1, "rejected": 2},
                    },
                    {
                        "miner": "b",
                        "algo": "ETHASH",
                        "hash": 20,
                        "shares": {"accepted": 3},
                    },
                    {"miner": "c", "algo": "kawpow", "hash": 40},
                ]
            },
            miners_stats={
                "hashrates": [
                    {"algo": "ethash", "hashes": [7], "bus_numbers": [2]},
                    {"algo": "ethash", "hashes": [8], "bus_numbers": [5]},
                    {"algo": "kawpow", "hashes": [9], "bus_numbers": [5]},
                ]
            },
        )
    )
    assert rig.hashrate == 30_000.0
    assert rig.shares == Shares(accepted=4, rejected=2)
    assert rig.hashrates == {"ethash": 30_000.0, "kawpow": 40_000.0}
    assert [gpu.hashrate for gpu in rig.gpus] == [30_700_000.0, 7000.0, 8000.0]


@pytest.mark.parametrize(
    ("hashes", "rates"),
    [
        ([1, 2, 3], [30_700_000.0, 2000.0, 3000.0]),
        ([1, None, "3"], [30_700_000.0, None, None]),
        ([1, 2], [30_700_000.0, None, None]),
        ([1, 2, 3, 4], [30_700_000.0, None, None]),
        ([], [30_700_000.0, None, None]),
    ],
)
def test_cards_in_order(hashes: list[Json], rates: list[float | None]) -> None:
    """Without numbers of buses the order counts, but only where there is one for each."""
    rig = read(
        gpu_rig(
            miners_stats={
                "hashrates": [
                    {"algo": "ethash", "hashes": hashes, "invalid_shares": [4, 5, 6]}
                ]
            }
        )
    )
    assert [gpu.hashrate for gpu in rig.gpus] == rates
    invalid = [4, 5, 6] if len(hashes) == 3 else [None] * 3
    assert [gpu.invalid_shares for gpu in rig.gpus] == invalid


def test_cards_without_numbers() -> None:
    """The bus's id tells the number; a card that tells neither cannot be known again."""
    rig = read(
        gpu_rig(
            gpu_info=[
                {"bus_id": "0a:00.0", "short_name": "A"},
                {"bus_id": "?", "short_name": "B"},
                {"short_name": "C"},
                {"bus_id": "bus", "short_name": "D"},
                None,
            ],
            gpu_stats=[{"bus_id": "0a:00.0", "temp": 50}, {"bus_num": 3, "temp": 51}],
        )
    )
    assert [(gpu.index, gpu.name, gpu.core_temperature) for gpu in rig.gpus] == [
        (10, "A", 50.0),
        (3, None, 51.0),
    ]


@pytest.mark.parametrize(
    ("told", "power"),
    [(0, None), (None, None), (-5, None), ("304", None), (True, None), (250.5, 250.5)],
)
def test_power(told: Json, power: float | None) -> None:
    """A rig that hashes on nothing does not measure."""
    rig = read(gpu_rig(stats=stats(power_draw=told)))
    assert rig.power == power
    assert rig.power_source == (None if power is None else PowerSource.REPORTED)


def test_addresses() -> None:
    """The first that is one."""
    rig = read(gpu_rig(ip_addresses=["none", 5, " 10.0.0.7", "10.0.0.8"]))
    assert rig.ip == "10.0.0.7"
    rig = read(gpu_rig(ip_addresses=[], hardware_info={"net_interfaces": [{"mac": 5}]}))
    assert (rig.ip, rig.mac, rig.model) == (None, None, "GPU rig")


@pytest.mark.parametrize(
    ("told", "average"),
    [
        ({"ethash": {"15m": 5}}, 5000.0),
        ({"ethash": {"15m": 5, "1h": 0}}, 0.0),
        ({"kawpow": {"1h": 5}}, None),
        ({"ethash": 5}, None),
        ([], None),
    ],
)
def test_average(told: Json, average: float | None) -> None:
    """Over the longest time that is told."""
    assert read(gpu_rig(stats=stats(avg_hashrates=told))).hashrate_average == average


def test_problems_of_older_answers() -> None:
    """What they say of problems is in flags; no list at all is no problem."""
    told = stats(problems=None, overheated=True, low_asr=True, invalid=False)
    assert read(gpu_rig(stats=told)).problems == ("overheat", "low_asr")
    assert read(gpu_rig(stats=stats(problems=None))).problems == ()


def test_chips_that_are_not_told() -> None:
    """Neither counted nor listed: unknown."""
    rig = read(asic(asic_stats={"boards": [{"temp": 60}, {"status": [1, 9, "x"]}]}))
    assert rig.boards == (
        Board(index=0, chip_temperature=60.0, chips_expected=76),
        Board(
            index=1,
            chips_expected=76,
            chips_working=1,
            chips_faulty=75,
            chip_map="oxx",
        ),
    )


@pytest.mark.parametrize(
    ("denied", "is_empty"), [(None, False), (Denial.ROLE, True), (Denial.LOCKED, True)]
)
def test_commands(denied: Denial | None, is_empty: bool) -> None:
    """Who may only look is offered nothing, and told why."""
    context = FarmContext(
        farm_id="11", denied=denied, flight_sheets=SHEETS, overclocks=OVERCLOCKS
    )
    rig, miner = parse(gpu_rig(), asic(), context=context).rigs
    assert rig.commands_denied is miner.commands_denied is denied
    assert (rig.commands == ()) is (miner.commands == ()) is is_empty
    if not denied:
        assert set(rig.commands) == EVERY - {Action.SET_POWER_MODE}
        assert set(miner.commands) == EVERY - {
            Action.SHUTDOWN,
            Action.SET_OVERCLOCK,
        }
    assert rig.flight_sheets == miner.flight_sheets == SHEETS
    assert (rig.overclock, rig.overclocks) == ("Cool", OVERCLOCKS)
    assert (miner.overclock, miner.overclocks) == (None, ())


def test_power_modes() -> None:
    """Only an ASIC that says something of them has power modes."""
    assert read(asic(power_options=None)).power_modes == ()
    rig = read(asic(power_options=None, asic_power_modes={"low": 2000}))
    assert rig.power_modes == POWER_MODES
    assert rig.work_mode is None
    rig = read(asic(power_options=None, perf_profile={"active": "104TH"}))
    assert rig.work_mode == "104TH"
    assert read(gpu_rig(power_options={"mode": "low"})).power_modes == ()


def test_messages_are_counted() -> None:
    """All kinds of all workers together."""
    workers = parse(gpu_rig(), gpu_rig(id=23, messages_counts={"file": 2, "x": "y"}))
    assert workers.messages == 4 + 2


def test_what_is_no_worker() -> None:
    """It is left out; a list of nothing else cannot be understood."""
    assert [rig.id for rig in parse({"id": "x"}, 5, None, gpu_rig()).rigs] == [
        "hive-11-22"
    ]
    assert parse().rigs == ()
    with pytest.raises(InvalidReplyError):
        parse({"id": "x"}, 5)


def test_one_rig_an_id() -> None:
    """The same worker twice is one rig."""
    (rig,) = parse(gpu_rig(), gpu_rig(name="again")).rigs
    assert rig.name == "again"


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_as_before(enabled: bool) -> None:
    """It is off while parsing, and afterwards as it was, whatever happened."""
    try:
        if not enabled:
            gc.disable()
        parse(gpu_rig())
        assert gc.isenabled() is enabled
        with pytest.raises(InvalidReplyError):
            parse_workers(b"{", FARM, NOW)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


KEYS = sorted({*gpu_rig(), *asic(), "perf_profile", "asic_power_modes"} - {"id"})


def grafted(body: Json, draw: st.DrawFn) -> Json:
    """The body with something else in some of its places."""
    if draw(st.integers(0, 12)) == 0:
        return draw(json_values)
    if isinstance(body, dict):
        return {key: grafted(value, draw) for key, value in body.items()}
    if isinstance(body, list):
        return [grafted(value, draw) for value in body[:4]]
    return body


@st.composite
def broken_workers(draw: st.DrawFn) -> Json:
    """Workers of which anything may be anything."""
    return grafted(draw(st.sampled_from([gpu_rig(), asic()])), draw)


@given(st.lists(broken_workers(), min_size=1, max_size=2))
def test_anything_is_read(workers: list[Json]) -> None:
    """Nothing that a worker may say is more than a field that is None."""
    try:
        rigs = parse(*workers).rigs
    except InvalidReplyError:
        return
    for rig in rigs:
        for value in (rig.hashrate, rig.power, rig.uptime, rig.hashrate_average):
            assert value is None or 0.0 <= value < float("inf")
        assert (rig.power is None) is (rig.power_source is None)
        assert len({gpu.index for gpu in rig.gpus}) == len(rig.gpus)
        assert len({board.index for board in rig.boards}) == len(rig.boards)
        dict(rig.raw)


@given(st.dictionaries(st.sampled_from(KEYS), json_values))
def test_any_worker(body: Body) -> None:
    """Nor any other worker."""
    assert read({"id": 1, **body}).id == "hive-11-1"


@given(json_values)
def test_any_answer(value: Json) -> None:
    """Whatever the list holds, there is one error."""
    try:
        parse(value)
    except InvalidReplyError:
        assert not isinstance(value, dict) or "id" not in value
