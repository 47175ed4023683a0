"""Diagnostics: enough to find a fault and to make a test of it, and nobody's secrets."""

from collections.abc import Iterator
from datetime import datetime
import json
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from hypothesis import example, given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.antminer_monitor import source_hub
from custom_components.antminer_monitor.antminer.firmware import (
    Context,
    Fingerprint,
    recognise,
)
from custom_components.antminer_monitor.antminer.hardware import Hardware
from custom_components.antminer_monitor.builtin import EXTENSIONS
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.diagnostics import MAX_DEPTH, REDACTED, redact
from custom_components.antminer_monitor.extension import ExtraBinarySensor, ExtraSensor
from custom_components.antminer_monitor.fleet import UPDATE_DELAY
from custom_components.antminer_monitor.registry import async_registry
from custom_components.antminer_monitor.rig_json import rig_as_dict
from custom_components.antminer_monitor.service_commands import plain_service
from custom_components.antminer_monitor.site import Site
from simulator import Fault, SimulatedMiner
from simulator.profiles import PoolSetting

from .common import FarmMaker, miners_of, pass_time, settle, setup_site
from .extensions import ACME, acme, acme_dialect
from .halls import HALL, hall_entry, hall_extension, hall_kind, rig_id_of
from .test_sensor import PROFILES

TELLING = ("s9", "s17pro", "s21_2024", "vnish_3", "vnish_1_2_7", "luxos", "braiins")
"""One of every dialect that tells who the miner or its owner is."""
PURSE = "bc1qpurse.rig7"
PASSWORD = "correct horse"
PUBLIC = "9.9.9.9"

pytestmark = pytest.mark.usefixtures("noon", "loopback_enabled")


def secrets(miner: SimulatedMiner) -> Iterator[str]:
    """Give everything that tells who a miner or its owner is, as it may be written."""
    state = miner.model.snapshot()
    for mac in (state.mac, state.mac.lower()):
        yield from (mac, mac.replace(":", ""), mac.replace(":", "-"))
    yield state.serial
    yield state.miner_id
    yield from (board.serial for board in state.boards)
    for pool in state.pools:
        if pool.setting.user:
            yield pool.setting.user


def assert_no_secret(text: str, miners: list[SimulatedMiner]) -> None:
    """Find nothing that should not be there in the text that a user would publish."""
    for miner in miners:
        for secret in secrets(miner):
            assert secret not in text, (miner.profile.name, secret)
    for secret in (PURSE, PASSWORD, PUBLIC, "farm-owner"):
        assert secret not in text, secret


async def device_of(
    hass: HomeAssistant, entry: MockConfigEntry, identifier: str
) -> dr.DeviceEntry:
    """Give the device with that identifier."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, identifier), entry.entry_id
    )
    assert device is not None
    return device


# --- what is in it -------------------------------------------------------------------------


async def test_of_an_entry(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A site: its settings, what became of the last exchanges, every miner."""
    miners = await farm("s9", "s19pro_2022", "luxos")
    entry = await setup_site(hass, miners, options={"scan_interval": 20})
    miners[0].set_fault(Fault.TRUNCATE)
    miners[1].condition(pool_dead=True)
    for _ in range(3):
        await pass_time(hass, freezer, 25)
    await pass_time(hass, freezer, UPDATE_DELAY)
    data: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert data["entry"] == {
        "version": "1.1",
        "data": {"kind": "site"},
        "options": {"scan_interval": 20},
        "polling_disabled": False,
    }
    assert data["fleets"][0] == {"rigs": 3, "online": 2, "stale": 1, "with_problem": 1}
    broken, well, _ = data["sources"]
    assert broken["settings"] == {"host": miners[0].host, "port": miners.port}
    assert broken["polling"]["interval"] == 20
    assert broken["polling"]["stale_after"] == 60
    assert broken["polling"]["phase"] == 0
    assert "truncated after" in broken["polling"]["last_failure"]["error"]
    assert datetime.fromisoformat(broken["polling"]["last_failure"]["at"])
    assert broken["rigs"][0]["stale"] is True
    assert broken["exchanges"][0]["command"] == "version"
    assert broken["exchanges"][0]["error"] is None
    assert broken["exchanges"][0]["size"] > 100
    assert "truncated" in broken["exchanges"][-1]["error"]
    assert well["polling"]["last_failure"] is None
    assert well["rigs"][0]["stale"] is False
    assert well["rigs"][0]["snapshot"]["status"] == "running"
    assert len(data["sources"]) == 3


async def test_of_devices(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, farm: FarmMaker
) -> None:
    """A miner's device gives that miner, so does its hashboard's; the fleet's all of the site."""
    miners = await farm("s9", "luxos")
    entry = await setup_site(hass, miners)
    whole: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    for place, subentry in enumerate(miners_of(entry)):
        rig = await device_of(hass, entry, subentry.subentry_id)
        boards = [
            device
            for device in dr.async_child_entries_for_config_entry(
                dr.async_get(hass), entry.entry_id
            )
            if device.parent_device_id == rig.id
        ]
        assert len(boards) == 3
        for device in (rig, boards[1]):
            data = await get_diagnostics_for_device(hass, hass_client, entry, device)
            assert data == whole["sources"][place]
    fleet = await device_of(hass, entry, entry.entry_id)
    data = await get_diagnostics_for_device(hass, hass_client, entry, fleet)
    assert data == whole


async def test_of_a_miner_that_was_never_read(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, farm: FarmMaker
) -> None:
    """Without a reading there is what went wrong."""
    miners = await farm("s9")
    miners.set_fault(Fault.REFUSE)
    entry = await setup_site(hass, miners)
    data: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (miner,) = data["sources"]

    assert miner["rigs"] == []
    assert "connection refused" in miner["polling"]["last_failure"]["error"]
    assert [exchange["size"] for exchange in miner["exchanges"]] == [0]


@pytest.mark.parametrize("profile", PROFILES)
async def test_raw_replies_can_be_read_again(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    farm: FarmMaker,
    profile: str,
) -> None:
    """From what a user publishes the same figures are read: a report is a test."""
    entry = await setup_site(hass, await farm(profile))
    data: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (reading,) = data["sources"][0]["rigs"]
    snapshot, raw = reading["snapshot"], reading["raw"]
    dialect = recognise(Fingerprint(raw.get("version"), raw.get("stats")))
    rig = dialect.parse(
        raw,
        Context(
            rig_id=snapshot["id"],
            host=snapshot["ip"],
            seen_at=datetime.fromisoformat(snapshot["seen_at"]),
        ),
    )
    again = redact(rig_as_dict(rig))
    if snapshot["mac"]:
        assert snapshot.pop("mac") == REDACTED
        del again["mac"]

    # What it can be told is not read from these replies.
    for key in [
        key for key in snapshot if key == "commands" or key.startswith("power_")
    ]:
        if key != "power_source":
            del snapshot[key], again[key]
    assert rig.hashrate
    assert again == snapshot


# --- what is not in it ---------------------------------------------------------------------


@pytest.mark.parametrize("web", [False, True])
async def test_no_secrets(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, farm: FarmMaker, web: bool
) -> None:
    """No MAC, serial number, purse or public address, whichever way they are known."""
    miners = await farm(*TELLING, web=web)
    for miner in miners:
        miner.model.set_pools(
            (
                PoolSetting(url=f"stratum+tcp://{PUBLIC}:3333", user=PURSE),
                PoolSetting(url="stratum+tcp://192.168.1.2:3333", user="farm-owner.1"),
                PoolSetting(),
            )
        )
    login = {CONF_USERNAME: "root", CONF_PASSWORD: "root"}
    entry = await setup_site(
        hass, miners, data=login if web else {}, extra=login if web else {}, macs=True
    )
    rigs = [
        rig
        for coordinator in entry.runtime_data.coordinators.values()
        for rig in coordinator.data.values()
    ]
    assert len(rigs) == len(TELLING)
    assert all(rig.mac for rig in rigs)
    text = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, entry))

    assert_no_secret(text, miners)
    assert '"root"' not in text
    # What leads to the miner, and to nobody else, is there.
    assert "192.168.1.2:3333" in text
    assert all(miner.host in text for miner in miners)
    for miner, subentry in zip(miners, miners_of(entry), strict=True):
        device = await device_of(hass, entry, subentry.subentry_id)
        data = await get_diagnostics_for_device(hass, hass_client, entry, device)
        assert_no_secret(json.dumps(data), [miner])


async def test_no_secrets_of_a_refused_login(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, farm: FarmMaker
) -> None:
    """A password that the miner refuses is not told either, the site's nor a miner's own."""
    miners = await farm("s9", "s19pro_2022", web=True)
    login = {CONF_USERNAME: "farm-owner", CONF_PASSWORD: PASSWORD}
    entry = await setup_site(hass, miners, data=login, extra=login)
    data: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert_no_secret(json.dumps(data), miners)
    assert data["entry"]["data"][CONF_PASSWORD] == REDACTED
    assert data["sources"][0]["settings"][CONF_PASSWORD] == REDACTED


@pytest.mark.parametrize("profile", TELLING)
async def test_no_user_in_a_pool_url(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    farm: FarmMaker,
    profile: str,
) -> None:
    """A purse in a pool's URL is none of the public's business, with a scheme before it or not."""
    miners = await farm(profile)
    url = f"stratum+tcp://{PURSE}:{PASSWORD.replace(' ', '-')}@pool.example.com:3333"
    miners[0].model.set_pools(
        (PoolSetting(url=url, user="worker"), PoolSetting(), PoolSetting())
    )
    entry = await setup_site(hass, miners)
    text = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, entry))

    assert "pool.example.com:3333" in text
    assert PURSE not in text
    assert "correct-horse" not in text


# --- extensions ----------------------------------------------------------------------------

PARTS = acme(
    dialects=(acme_dialect(),),
    kinds=(hall_kind(),),
    models=(("S99", Hardware(model="S99", algorithm="sha256d", unit="GH/s")),),
    sensors=(ExtraSensor(key="fan", name="Fan"),),
    binary_sensors=(ExtraBinarySensor(key="warm", name="Warm"),),
    services=(plain_service(ACME, "beep"),),
)
NO_PARTS: dict[str, Any] = {
    "dialects": [],
    "kinds": [],
    "models": [],
    "services": [],
    "sensors": [],
}


async def extensions_of(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> Any:
    """Give what the diagnostics of an entry tell of extensions."""
    data: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    return data["extensions"]


async def test_known_extensions(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, farm: FarmMaker
) -> None:
    """Who adds what is told in every entry: ours, and those of others."""
    entry = await setup_site(hass, await farm("s9"))
    found = await extensions_of(hass, hass_client, entry)
    assert found["failures"] == {}
    assert found["known"].keys() == EXTENSIONS.keys()
    assert all(known["built_in"] for known in found["known"].values())
    antminer = found["known"]["antminer"]
    assert antminer["kinds"] == ["site"]
    assert set(antminer["dialects"]) > {"x19", "braiins"}

    async_registry(hass).async_add(ACME, PARTS)
    async_registry(hass).async_add("plain", acme(name="Plain rigs", version=None))
    found = await extensions_of(hass, hass_client, entry)
    assert found["known"].keys() == EXTENSIONS.keys() | {ACME, "plain"}
    assert found["known"][ACME] == {
        "name": "Acme",
        "version": "1.2.0",
        "built_in": False,
        "dialects": ["acme"],
        "kinds": [HALL],
        "models": ["S99"],
        "services": ["acme_beep"],
        "sensors": ["acme.fan", "acme.warm"],
    }
    assert found["known"]["plain"] == {
        "name": "Plain rigs",
        "version": None,
        "built_in": False,
        **NO_PARTS,
    }


async def test_failures_of_extensions(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, farm: FarmMaker
) -> None:
    """What went wrong is told, and not who the owner is, whatever an extension writes."""
    entry = await setup_site(hass, await farm("s9"))
    registry = async_registry(hass)
    registry.async_add(ACME, PARTS)
    registry.async_report(
        ACME,
        "reading acme_02:50:53:09:da:d9",
        ValueError(
            f"stratum+tcp://{PURSE}:{PASSWORD.replace(' ', '-')}@pool.example.com"
            f" at {PUBLIC} and 192.168.1.2: no idea"
        ),
    )
    registry.async_report("broken", "being loaded", "it was written for version 2")
    found = await extensions_of(hass, hass_client, entry)
    (failure,) = found["failures"][ACME]
    assert datetime.fromisoformat(failure.pop("at"))
    assert failure == {
        "what": f"reading acme_{REDACTED}",
        "error": (
            f"ValueError: stratum+tcp://{REDACTED}@pool.example.com"
            f" at {REDACTED} and 192.168.1.2: no idea"
        ),
    }
    (failure,) = found["failures"]["broken"]
    assert failure["error"] == "it was written for version 2"
    assert "broken" not in found["known"]


async def test_entry_of_an_extension(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    farm: FarmMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What others keep under which key nobody knows: nothing of it is told."""
    monkeypatch.setattr(source_hub, "FIRST_READ_SPACING", 0)
    async_registry(hass).async_add(ACME, PARTS)
    miners = await farm("s9")
    entry = hall_entry(hass, miners[0])
    secrets_of_others = {"purse": PURSE, "phrase": PASSWORD, "owner": ["farm-owner"]}
    hass.config_entries.async_update_entry(
        entry,
        data={**entry.data, **secrets_of_others},
        options={"scan_interval": 75, "phrase": PASSWORD},
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    data: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert_no_secret(json.dumps(data), miners)
    assert data["entry"]["data"] == {
        "kind": HALL,
        **dict.fromkeys(("host", "port", *secrets_of_others), REDACTED),
    }
    assert data["entry"]["options"] == {"scan_interval": 75, "phrase": REDACTED}
    (source,) = data["sources"]
    assert source["polling"]["interval"] == 75
    assert source["settings"] == {}
    assert source["exchanges"] == [], "they are known of our own sources alone"
    (reading,) = source["rigs"]
    assert reading["stale"] is False
    assert reading["snapshot"]["id"] == rig_id_of(miners[0])
    device = await device_of(hass, entry, rig_id_of(miners[0]))
    assert await get_diagnostics_for_device(hass, hass_client, entry, device) == source


async def test_parts_of_an_entry_of_an_extension(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, farm: FarmMaker
) -> None:
    """Nor is what they keep of a part of an entry."""
    async_registry(hass).async_add(ACME, hall_extension(hub=Site))
    miners = await farm("s9")
    entry = await setup_site(
        hass, miners, data={CONF_KIND: HALL}, extra={"phrase": PASSWORD}
    )
    data: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    (source,) = data["sources"]
    assert source["settings"] == dict.fromkeys(("host", "port", "phrase"), REDACTED)
    assert source["exchanges"]
    assert PASSWORD not in json.dumps(data)


# --- redact --------------------------------------------------------------------------------

LOOKS_LIKE_A_MAC = re.compile(
    r"(?<![0-9a-f])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f])", re.IGNORECASE
)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"Miner": "49.0.1.3"}, {"Miner": "49.0.1.3"}),
        ("at 2a00:1450:4001::8a, 12:30:45", f"at {REDACTED}, 12:30:45"),
        ("fd00::10", "fd00::10"),
        ("02:50:53:09:DA:D9", REDACTED),
        ("eth0 02-50-53-09-da-d9 up", f"eth0 {REDACTED} up"),
        ("9.9.9.9:4028 stats: connection refused", f"{REDACTED}:4028 stats: connection refused"),
        ("192.168.1.10, 10.0.0.1, 127.0.0.1", "192.168.1.10, 10.0.0.1, 127.0.0.1"),
        ("169.254.3.4", "169.254.3.4"),
        ("999.1.1.1", "999.1.1.1"),
        ("stratum+tcp://me:x@pool.example.com:3333", f"stratum+tcp://{REDACTED}@pool.example.com:3333"),
        ("stratum+tcp://pool.example.com:3333", "stratum+tcp://pool.example.com:3333"),
        ({"User": "me", "Pass": "x", "SN": "SM1"}, {"User": REDACTED, "Pass": REDACTED, "SN": REDACTED}),
        ({"user": "", "password": None, "sn": 0}, {"user": "", "password": None, "sn": 0}),
        ({"user": {"name": "me"}, "serial": ["SM1"]}, {"user": REDACTED, "serial": REDACTED}),
        ({"Users": 3, "snapshot": "o"}, {"Users": 3, "snapshot": "o"}),
        ([1, 2.5, True, None, "o"], [1, 2.5, True, None, "o"]),
    ],
)  # fmt: skip
def test_redact(value: Any, wanted: object) -> None:
    """What identifies somebody goes, and the rest stays as it is."""
    assert redact(value) == wanted


def _depth(value: object) -> int:
    items: list[object] = []
    if isinstance(value, dict):
        items = list(value.values())
    elif isinstance(value, list):
        items = value
    return 1 + max(map(_depth, items), default=0)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def test_too_deep() -> None:
    """What is nested deeper than any reply is left out, however deep that is."""
    value: Any = "end"
    for _ in range(5000):
        value = [value]

    found = redact(value)
    assert _depth(found) == MAX_DEPTH + 1
    assert list(_strings(found)) == [REDACTED]


macs = st.builds(
    lambda pairs, mark: mark.join(f"{pair:02x}" for pair in pairs),
    st.lists(st.integers(0, 255), min_size=6, max_size=6),
    st.sampled_from(":-"),
)
texts = st.text(max_size=20) | st.sampled_from(["mac=", "antminer_", " "])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.builds(str.__add__, st.builds(str.__add__, texts, macs), texts)
    | st.from_regex(r"\d{1,3}(\.\d{1,3}){3}"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
@example("antminer_02:50:53:09:da:d9")
def test_redact_leaves_no_mac(value: Any) -> None:
    """Whatever a miner replies: nothing is raised, and no MAC stays."""
    found = redact(value)

    assert not [text for text in _strings(found) if LOOKS_LIKE_A_MAC.search(text)]
    assert _depth(found) <= MAX_DEPTH + 1
