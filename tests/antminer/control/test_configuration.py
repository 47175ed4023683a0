"""The configuration of stock firmware: what is read, what is refused, what a change does."""

from collections.abc import Sequence
from dataclasses import replace
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.antminer_monitor.antminer.control.configuration import (
    PoolEntry,
    check,
    parse,
    pools_from,
    x19_body,
)
from custom_components.antminer_monitor.antminer.control.controller import (
    Miner,
    RejectedError,
)
from custom_components.antminer_monitor.antminer.control.stock_base import (
    StockController,
)
from custom_components.antminer_monitor.antminer.control.stock_classic import (
    MARKS,
    ClassicController,
)
from custom_components.antminer_monitor.antminer.control.stock_x19 import X19Controller
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.source import InvalidReplyError

from .conftest import (
    S9_FILE,
    S17_FILE,
    X19_BODY,
    X19_FILE,
    X19_POOLS,
    Reach,
    StockMiner,
    classic_script,
    x19_script,
)

# Also what a person might type, and what breaks scripts.
HOSTILE = st.one_of(
    st.text(max_size=12),
    st.text("ab1.-_:;/@+=,#!%*?[]{}()<>|&$`'\"\\ \t\n~^", max_size=12),
    st.sampled_from(
        ["", "x", "null", "NULL", "true", "-n", "x y", "$(reboot)", "%26", "%2526", "a\\u0020b", "***", "d=1024"]
    ),
)  # fmt: skip
TAME = st.text("ab1-_.~:;/@+=,#!", min_size=1, max_size=12)
ADDRESSES = st.one_of(
    HOSTILE,
    st.builds("{}:{}".format, HOSTILE, st.integers(-1, 70000)),
    st.builds("stratum+tcp://{}:3333/{}".format, HOSTILE, HOSTILE),
)
TAME_ADDRESSES = st.builds(
    "{}{}:{}{}".format,
    st.sampled_from(["", "stratum+tcp://", "stratum2+ssl://"]),
    st.from_regex(r"[a-z0-9](?:[a-z0-9.-]{0,9}[a-z0-9])?", fullmatch=True),
    st.integers(1, 65535),
    st.sampled_from(["", "/", "/a=b;c#d"]),
)


def lists(addresses: st.SearchStrategy[str], others: st.SearchStrategy[str]) -> Pools:
    """Sets of pools."""
    return st.lists(
        st.fixed_dictionaries({"url": addresses, "user": others, "password": others}),
        max_size=4,
    )


type Pools = st.SearchStrategy[list[dict[str, str]]]
POOLS: Pools = st.one_of(
    lists(TAME_ADDRESSES, TAME),
    lists(TAME_ADDRESSES, st.one_of(TAME, HOSTILE)),
    lists(st.one_of(TAME_ADDRESSES, ADDRESSES), st.one_of(TAME, HOSTILE)),
)


def controller(kind: str, reach: Reach) -> StockController:
    """A controller of a miner that is not there."""
    miner: Miner = reach(StockMiner("", kind))
    return X19Controller(miner) if kind == "x19" else ClassicController(miner)


def entries(wanted: list[dict[str, str]], *, unchecked: bool) -> Sequence[PoolEntry]:
    """Read pools as a command's; ``unchecked``: without the checks that come first."""
    if unchecked and 0 < len(wanted) < 4:
        return [PoolEntry(**entry) for entry in wanted]
    data: list[Json] = [dict(entry) for entry in wanted]
    return pools_from(data)


@pytest.mark.parametrize("unchecked", [False, True])
@pytest.mark.parametrize("kind", ["x19", "x19 with defaults", "s9", "s17"])
async def test_no_pools_whatever_change_anything_else(
    kind: str, unchecked: bool, reach: Reach
) -> None:
    """Either they are refused, or the script makes of them what was asked and nothing else."""
    held = {"s9": S9_FILE, "s17": S17_FILE}.get(kind, X19_FILE)
    control = controller(kind[:3], reach)
    old = control.read_configuration(held.encode())
    taken: list[int] = []
    refused: list[str] = []

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(POOLS)
    def run(wanted: list[dict[str, str]]) -> None:
        try:
            new = old.with_pools(entries(wanted, unchecked=unchecked))
            body, _ = control.write_form(new)
        except RejectedError as err:
            refused.append(str(err))
            return
        taken.append(len(wanted))
        if kind.startswith("x19"):
            defaults = kind != "x19"
            after = x19_script(held, body, len(body), defaults=defaults)
        else:
            after = classic_script(held, body, modes=kind == "s17")
        found = control.read_configuration(after.encode())
        assert found == new
        assert found.others == old.others
        assert [
            {"url": entry.url, "user": entry.user, "password": entry.password}
            for entry in found.pools
        ][: len(wanted)] == wanted
        assert not any(entry.url for entry in found.pools[len(wanted) :])

    run()
    assert set(taken) == {1, 2, 3}
    assert len(refused) > 20


def test_what_a_blank_does() -> None:
    """The script that the tests run has the fault of the real one."""
    body = X19_BODY % (0, b",".join(X19_POOLS))
    body = body.replace(b"pw-one", b"pw one")
    with pytest.raises(InvalidReplyError):
        parse(x19_script(X19_FILE, body, len(body), defaults=False).encode())
    wiped = x19_script(X19_FILE, body, len(body), defaults=True)
    assert json.loads(wiped)["pools"][0] == {"url": "", "user": "", "pass": ""}
    with pytest.raises(InvalidReplyError, match="no pool"):
        parse(wiped.encode())


def test_read() -> None:
    """Read."""
    found = parse(X19_FILE.encode())
    assert found.pools[0] == PoolEntry(
        url="stratum+tcp://aaa.example:3333", user="account.1", password="pw-one"
    )
    assert found.pools[2] == PoolEntry()
    assert (found.fan_manual, found.fan_duty, found.mode) == (False, "100", "0")
    assert found.others["bitmain-freq-level"] == "90"
    assert "pw-one" not in repr(found)
    assert (
        found.describe()
        == "mode 0, fans automatic, pools stratum+tcp://aaa.example:3333, bbb.example:443"
    )


def test_a_login_in_an_address_is_not_described() -> None:
    """A login in an address is not described."""
    found = parse(X19_FILE.replace("bbb.example", "name:pw@bbb.example").encode())
    assert "name:pw" not in found.describe()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"bitmain-fan-ctrl" : false', '"bitmain-fan-ctrl" : ', "broken"),
        ('"bitmain-fan-ctrl" : false', '"bitmain-fan-ctrl" : "false"', "how the fans"),
        ('"bitmain-fan-pwm" : "100"', '"bitmain-fan-pwm" : ""', "no duty"),
        ('"bitmain-fan-pwm" : "100"', '"bitmain-fan-pwm" : "101"', "no duty"),
        ('"bitmain-work-mode" : "0"', '"bitmain-work-mode" : ""', "no work mode"),
        ('"pass" : "pw-one"', '"pass" : null', "part of a pool"),
        ('"user" : "account.1",', "", "part of a pool"),
        ('"bitmain-ccdelay"', '"bitmain-voltage"', "broken"),
        ("stratum+tcp://aaa.example:3333", "x\ny", "broken"),
        ('"0706"', "NaN", "broken"),
    ],
)
def test_a_damaged_one(before: str, after: str, message: str) -> None:
    """A damaged one."""
    held = X19_FILE.replace('"1400"', '"0706"')
    assert before in held
    with pytest.raises(InvalidReplyError, match=message):
        parse(held.replace(before, after).encode())


@pytest.mark.parametrize(
    "page",
    [b"", b"{", b"[]", b"{}", b'{"pools":[]}', b'{"pools":[1]}', b"\xff", b"[" * 100_000, X19_FILE[:-30].encode()],
)  # fmt: skip
def test_none(page: bytes) -> None:
    """None."""
    with pytest.raises(InvalidReplyError):
        parse(page)


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ('"bitmain-pwth" : ["1"]', "list or object"),
        ('"bitmain-pwth" : {"a":"1"}', "list or object"),
        ('"bitmain-pw th" : "0"', "strange name"),
    ],
)
def test_what_writing_would_lose(after: str, message: str) -> None:
    """What writing would lose."""
    with pytest.raises(RejectedError, match=message):
        parse(X19_FILE.replace('"bitmain-pwth" : "0"', after).encode())


def test_too_many_pools() -> None:
    """Too many pools."""
    page = json.loads(X19_FILE)
    page["pools"].append(page["pools"][0])
    with pytest.raises(RejectedError, match="more than 3"):
        parse(json.dumps(page).encode())
    page["pools"] = [page["pools"][0] | {"quota": "1"}]
    with pytest.raises(RejectedError, match="more of a pool"):
        parse(json.dumps(page).encode())


def test_missing_values_are_absent() -> None:
    """``jq`` shows null for a key that the file does not have; it is not sent."""
    page = json.loads(X19_FILE) | {"bitmain-hashrate-percent": None}
    del page["bitmain-freq-level"]
    body = json.loads(x19_body(parse(json.dumps(page).encode())))
    assert body.keys() == {
        "bitmain-fan-ctrl",
        "bitmain-fan-pwm",
        "miner-mode",
        "pools",
    }


def test_what_the_script_would_reset_is_sent() -> None:
    """A key that this program does not know goes back as it came."""
    page = json.loads(X19_FILE) | {"algo": "ethash_3", "bitmain-user-ip-cat": 1}
    body = json.loads(x19_body(parse(json.dumps(page).encode())))
    assert (body["algo"], body["bitmain-user-ip-cat"]) == ("ethash_3", "1")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x y", "white space"),
        ("x\u00a0y", "white space"),
        ("x\ty", "white space"),
        ("x\x00", "control character"),
        ("x\x7f", "control character"),
        ('x"', "quotation mark"),
        ("x'", "quotation mark"),
        ("x`", "quotation mark"),
        ("x\\", "backslash"),
        ("x*", "shell"),
        ("x?", "shell"),
        ("x[", "shell"),
        ("x$", "shell"),
        ("é", "outside ASCII"),
        ("x" * 256, "longer than 255"),
        ("null", "takes for nothing"),
        ("%2526", "shell"),
    ],
)
def test_check(value: str, message: str) -> None:
    """Check."""
    with pytest.raises(RejectedError, match=f"the password .*{message}") as err:
        check(value, "the password", MARKS)
    assert value not in str(err.value)


@pytest.mark.parametrize(
    ("pools", "message"),
    [
        (None, "1 to 3"),
        ([], "1 to 3"),
        ([{}, {}, {}, {}], "1 to 3"),
        (["x"], "pool 1: address, user and password"),
        ([{"url": "a:1", "user": "u"}], "pool 1: address, user and password"),
        ([{"url": "a:1", "user": "", "password": "x"}], "must not be empty"),
        ([{"url": "a:1", "user": "u", "password": ""}], "must not be empty"),
        ([{"url": "a", "user": "u", "password": "x"}], "not one of host and port"),
        ([{"url": "a:0", "user": "u", "password": "x"}], "not one of host and port"),
        (
            [{"url": "a:65536", "user": "u", "password": "x"}],
            "not one of host and port",
        ),
        (
            [{"url": "u:p@a:1", "user": "u", "password": "x"}],
            "not one of host and port",
        ),
        ([{"url": "", "user": "u", "password": "x"}], "not one of host and port"),
        (
            [{"url": "a:1", "user": "u", "password": "pass word"}],
            "password holds white",
        ),
    ],
)
def test_pools_that_are_none(pools: Json, message: str) -> None:
    """Pools that are none."""
    with pytest.raises(RejectedError, match=message) as err:
        pools_from(pools)
    assert "pass word" not in str(err.value)


@pytest.mark.parametrize("password", ["", "***", "*"])
def test_a_password_that_is_not_shown(password: str) -> None:
    """A password that is not shown."""
    found = parse(X19_FILE.replace("pw-two", password).encode())
    with pytest.raises(RejectedError, match="pool 2: the password is empty or not"):
        x19_body(found)


def test_differences() -> None:
    """Differences."""
    old = parse(X19_FILE.encode())
    new = replace(
        old.with_first(1), fan_manual=True, mode="1", others=dict(old.others, new="1")
    )
    assert new.differences(old) == ("pool 1", "pool 2", "fans", "mode", "new")
    assert not old.differences(parse(X19_FILE.encode()))
