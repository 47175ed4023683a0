"""Nothing that tells whose miner it is survives; what tells which miner it is does."""

from collections.abc import Iterator
import json
import re

from hypothesis import given, strategies as st
import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.teach import async_replies
from custom_components.antminer_monitor.teach_prompt import instructions
from custom_components.antminer_monitor.teach_redact import (
    MARK,
    MAX_DEPTH,
    Redactor,
    disguise,
)
from simulator.identity import miner_id, serial_number
from simulator.profiles import PROFILES

from .common import FarmMaker, mac_of

WALLETS = (
    "1BoatSLRHtKNngkdXEobR76b53LETtpyT",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "kaspa:qpauqsvk7yf9unexwmxsnmg547mhyga37csh0kj53q6xxgl24ydxjsgzthw5j",
    "LQTpS3VaYTjCr4s9Y1t5zbeY26zevf7Fb3",
    "49NY1A9xbT2VvNVQxSCFqeXLvkyXEXAMPLEz1TsrhVtxSYtZbfdT9TsrhVtx0aaZbfd",
)
TOKENS = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "qWxYbNmLkJhGfDsApOiUyTrE",
    "thequickbrownfoxjumpsoverthelazydog",
)
SECRETS = (
    *WALLETS,
    *TOKENS,
    "C2:07:3C:AA:BB:CC",
    "c2-07-3c-aa-bb-cc",
    "c207.3caa.bbcc",
    "c2073caabbcc",
    "192.168.7.43",
    "8.8.4.4",
    "fe80::c007:3cff:feaa:bbcc",
    "jane.doe+mine@mail.example.net",
    "stratum.somepool.io",
    "rig07.farm.lan",
)
"""Each gives itself away, wherever it stands."""


def redacted(value: Json, *known: str) -> Json:
    """Give what is left of one value of a reply."""
    replies: dict[str, Reply] = {"summary": {"Told": value}}
    left = Redactor(replies, known).replies(replies)["summary"]
    assert isinstance(left, dict)
    return left["Told"]


def leaves(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Json]]:
    """Yield all that is no list or object, each with where it stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))
    else:
        yield repr(path), value


@pytest.mark.parametrize("profile", PROFILES)
async def test_of_simulated_miners(farm: FarmMaker, profile: str) -> None:
    """Of no simulated miner anything is sent that only its owner knows; all figures are."""
    (miner,) = await farm(profile)
    replies = await async_replies(miner.host, miner.port)
    seed, index = miner.model.seed, miner.index
    mac = mac_of(miner)
    secrets = {
        mac,
        mac.replace(":", ""),
        miner.host,
        miner_id(seed, index),
        f"worker{index:04}",
        "backup.example.net",
        *(serial_number(seed, index, part) for part in (*range(16), 99)),
    }
    plain = json.dumps(replies.told).lower()
    assert [secret for secret in secrets if secret.lower() in plain], "nothing to hide"

    redactor = Redactor(replies.told, (miner.host,))
    left = redactor.replies(replies.told)
    sent = instructions(left, replies.refused).lower()
    for text in (json.dumps(left).lower(), sent):
        assert not [secret for secret in secrets if secret.lower() in text]

    before, after = dict(leaves(dict(replies.told))), dict(leaves(left))
    assert before.keys() == after.keys()
    assert len(left) == len(replies.told) > 3
    for path, value in before.items():
        assert type(after[path]) is type(value)
        if isinstance(value, int | float):
            assert after[path] == value, path


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "text", ["{}", "lost {} at 12:30", "<{}>", "a,{},b", "({})", "x={};"]
)
def test_secret_in_a_text(secret: str, text: str) -> None:
    """A secret that looks like one is found in any text, in a list and in a key."""
    values: list[Json] = [text.format(secret), [text.format(secret)]]
    if not secret.isalpha():
        # A long word of letters alone is what keys are made of.
        values.append({text.format(secret): 1})
    for value in values:
        left = json.dumps(redacted(value))
        assert secret.lower() not in left.lower()
        pieces = [piece for piece in re.split(r"[.:@+-]", secret) if len(piece) > 11]
        assert not [piece for piece in pieces if piece.lower() in left.lower()]


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("User", "acct"),
        ("Pass", "hunter2"),
        ("pwd", "short"),
        ("Worker1", "north"),
        ("PCB SN", "HT12"),
        ("PCB SN 0", "HT12"),
        ("minersn", "SX9"),
        ("SerialNo", "77A"),
        ("serial_no", "77A"),
        ("MACAddr", "none-of-yours"),
        ("macaddr", "02AB"),
        ("eth_mac", "02AB"),
        ("Hostname", "barn"),
        ("IPAddr", "ten"),
        ("Gateway", "ten"),
        ("wallet_address", "purse"),
        ("SessionID", "abc12"),
        ("Auth Token", "t0k"),
        ("api-key", "k3y"),
        ("Email", "jane"),
        ("ssid", "MyWifi"),
        ("DNA", "0201"),
    ],
)
def test_secret_under_its_key(key: str, secret: str) -> None:
    """What stands under the key of a secret goes, whatever it looks like and however deep."""
    replies: dict[str, Reply] = {
        "summary": {
            key: secret,
            "deep": [{key: [secret, {"inner": secret, secret: None}], "Ok": True}],
            "note": f"{key}={secret}",
        }
    }
    left = json.dumps(Redactor(replies).replies(replies))
    assert secret not in left
    assert '"Ok": true' in left


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("stratum+tcp://eu.pool.io:3333", "stratum+tcp://pool.example.com:3333"),
        ("stratum+tcp://jane:hunter2@eu.pool.io", "stratum+tcp://pool.example.com"),
        ("http://[fe80::1]:80/u/jane?k=9", "http://pool.example.com:80/x/xxxx?x=0"),
        ("https://pool.lan#jane", "https://pool.example.com#xxxx"),
        ("stratum2+tcp://a@b@10.1.1.1/k9Xy", "stratum2+tcp://pool.example.com/x0Xx"),
        ("eu.pool.io:3333", "pool.example.com:3333"),
        ("proxy:3333", "pool.example.com:3333"),
        ("eu.pool.io", "pool.example.com"),
        ("janespool", "xxxxxxxxx"),
        ("", ""),
    ],
)
def test_pools(url: str, left: str) -> None:
    """Of a pool its scheme and port stay; the same in a text, if it has a scheme."""
    replies: dict[str, Reply] = {"pools": {"POOLS": [{"URL": url}]}}
    assert Redactor(replies).replies(replies) == {"pools": {"POOLS": [{"URL": left}]}}
    if "://" in url:
        assert redacted(f"no {url} now") == f"no {left} now"


def test_known_ones_go_everywhere() -> None:
    """What one reply gives away as a secret is found in the others, also a part of it."""
    replies: dict[str, Reply] = {
        "pools": {
            "POOLS": [
                {"User": "janedoe.barn-north-1", "Pass": "hunter2secret"},
                {"URL": "stratum+tcp://hidden-proxy:3333"},
            ]
        },
        "config": {"Serial": 12345678901, "Hostname": "shed"},
        "notify": {
            "Msg": "JaneDoe left hidden-proxy, password hunter2secret",
            "shed is up": 12345678901,
            "Also": "12345678901 of barn-north-1 (janedoe.barn-north-1)",
            "Elapsed": 12345678902,
        },
    }
    left = Redactor(replies).replies(replies)
    text = json.dumps(left["notify"]).lower()
    for secret in ("janedoe", "hidden", "hunter", "north", "shed", "12345678901"):
        assert secret not in text
    assert left["notify"] == {
        "Msg": "XxxxXxx left xxxxxx-xxxxx, password xxxxxx0xxxxxx",
        "xxxx is up": 10_000_000_000,
        "Also": "00000000000 of xxxx-xxxxx-0 (xxxxxxx.xxxx-xxxxx-0)",
        "Elapsed": 12345678902,
    }


def test_the_address_that_was_typed_goes() -> None:
    """The name of the miner in the network is known before it says anything."""
    assert redacted("this is barn7", "barn7") == "this is xxxx0"
    assert redacted("this is s9", "s9") == "this is s9"


@pytest.mark.parametrize(
    "text",
    [
        "Antminer S19j Pro",
        "bmminer 1.0.0",
        "Wed Oct 21 10:18:10 CST 2020",
        "2025.4.8.220305-57b389c7",
        "21042001_4ec6bb0_61407fa",
        "uart_trans.1.3",
        "20230714.15.Rel",
        "2.0.rc",
        " oooooooo ooxooooo oooooooo ooo-oooo",
        "oooooooooooooooooooooooooooooooooooooooooooooooooooxo",
        "13500.50",
        "0.000034567890",
        "650:650:650",
        "ApproximateMinerPowerConsumption",
        "Ver[1246-83] TMax[85] WORKMODE[1] GHSmm[83000.12]",
        "BTMiner",
        "M30S+_VE40",
        "123456789012",
        "",
    ],
)
def test_what_tells_the_miner_stays(text: str) -> None:
    """Names, versions, dates, maps of chips and figures are no secrets."""
    assert redacted(text) == text
    replies: dict[str, Reply] = {"version": {text: text}}
    assert Redactor(replies).replies(replies) == replies


def test_versions_that_look_like_addresses() -> None:
    """49.0.1.3 under the key of a version stays, an address of a network at home does not."""
    replies: dict[str, Reply] = {
        "version": {
            "Miner": "49.0.1.3",
            "API": "192.168.1.9",
            "Version": "1.2",
            "Peer": "49.0.1.3",
            "miner_version": "49.0.1.3",
        }
    }
    assert Redactor(replies).replies(replies)["version"] == {
        "Miner": "49.0.1.3",
        "API": "192.0.2.1",
        "Version": "1.2",
        "Peer": "192.0.2.1",
        "miner_version": "49.0.1.3",
    }


def test_names_of_makers_are_no_secrets() -> None:
    """A host that is called like the firmware does not take that name out of all replies."""
    replies: dict[str, Reply] = {
        "version": {
            "STATUS": [{"Description": "fooforge 3.1"}],
            "VERSION": [{"BarMiner": "1.0"}],
        },
        "config": {"Hostname": "fooforge-0a1b", "User": "barminer"},
        "summary": {"By": "fooforge and BarMiner, not fooforge-0a1b, antminer"},
    }
    left = Redactor(replies).replies(replies)
    assert left["version"] == replies["version"]
    assert left["summary"] == {
        "By": "fooforge and BarMiner, not xxxxxxxx-0x0x, antminer"
    }


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("C2:07:3C:AA:BB:CC", r"[0-9A-F]{2}(:[0-9A-F]{2}){5}"),
        ("c2073caabbcc", "[0-9a-f]{12}"),
        ("0x52908400098527886E0F", "0x[0-9A-F]{20}"),
        ("SMTTYRHBDJAAI0D3A", "[A-Z0-9]{17}"),
        ("kaspa:qpauqsvk7yf9unexwmxsnm", "[a-z0-9]{5}:[a-z0-9]{22}"),
    ],
)
def test_shape(value: str, pattern: str) -> None:
    """A stand-in is as long as what it stands for, and fits the same patterns."""
    assert re.fullmatch(pattern, value)
    assert re.fullmatch(pattern, left := disguise(value))
    assert left != value
    assert len(left) == len(value)


@pytest.mark.parametrize(
    ("value", "left"),
    [(1234, 1000), (0, 0), (-55, 10), (2.5, 1.0), (True, True), (None, None)],
)
def test_numbers_under_the_key_of_a_secret(value: Json, left: Json) -> None:
    """A number stays one of the same length; whether something is there stays, too."""
    replies: dict[str, Reply] = {"config": {"Serial": value}}
    assert Redactor(replies).replies(replies) == {"config": {"Serial": left}}


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("192.168.1.9", "192.0.2.1"),
        ("jane@example.net", "user@example.com"),
        ("http://10.0.0.1/jane", "http://pool.example.com/xxxx"),
        ("barn.lan", "xxxx.xxx"),
    ],
)
def test_forms_under_the_key_of_a_secret(told: str, left: str) -> None:
    """What has a form of its own keeps it."""
    replies: dict[str, Reply] = {"config": {"Hostname": told}}
    assert Redactor(replies).replies(replies) == {"config": {"Hostname": left}}


def test_keys_that_become_alike_all_stay() -> None:
    """Two addresses as keys have one stand-in; what stands under them stays apart."""
    left = redacted({"192.168.1.9": 1, "192.168.1.10": 2, "192.0.2.1_2": 3})
    assert left == {"192.0.2.1": 1, "192.0.2.1_2": 2, "192.0.2.1_2_2": 3}


def test_bounds() -> None:
    """What is nested without end or long without end is cut off, and says so."""
    deep: Json = "jane"
    for _ in range(40):
        deep = [{"a": deep}]
    left = json.dumps(redacted(deep))
    assert "jane" not in left
    assert left.count("[") <= MAX_DEPTH
    assert json.dumps(MARK) in left
    replies: dict[str, Reply] = {"config": {"User": deep}}
    assert "jane" not in json.dumps(Redactor(replies).replies(replies))

    long = redacted("x" * 200_000)
    assert isinstance(long, str)
    assert long.endswith(f"x{MARK}")
    assert len(long) == 100_001


@given(
    st.text(
        st.sampled_from("aB9 .:@/-_=[]+,\n"),
        max_size=60,
    ),
    st.sampled_from(SECRETS),
    st.text(st.sampled_from(" ,;()[]\n"), min_size=1, max_size=1),
)
def test_secret_among_anything(around: str, secret: str, edge: str) -> None:
    """Whatever stands around a secret, if only it stands for itself, it is found."""
    text = f"{around}{edge}{secret}{edge}{around}"
    assert secret.lower() not in json.dumps(redacted(text)).lower()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.text(max_size=8) | st.sampled_from(("User", "URL", "mac", "API")),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_any_reply(value: Json) -> None:
    """It takes whatever a miner says, and gives a reply of the same form."""
    replies: dict[str, Reply] = {"summary": {"Told": value}}
    left = Redactor(replies).replies(replies)
    assert len(list(leaves(left))) == len(list(leaves(dict(replies))))
    json.dumps(left)
