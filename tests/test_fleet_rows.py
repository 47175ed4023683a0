"""The row of a rig, and all that is told of one."""

from dataclasses import replace
from datetime import timedelta
from time import thread_time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.json import json_bytes
import pytest

from custom_components.antminer_monitor.access import Access, known_rigs
from custom_components.antminer_monitor.command import Action
from custom_components.antminer_monitor.const import CONF_ALLOW_EXEC
from custom_components.antminer_monitor.fleet_rows import (
    _NO_FIGURES,
    PROBLEMS,
    FleetRig,
    Row,
    fleet_rigs,
    fleet_row,
    rig_item,
    rig_item_now,
)
from custom_components.antminer_monitor.rig import (
    Gpu,
    MinerProgram,
    Pool,
    PoolStatus,
    PowerSource,
    RigError,
    Shares,
    Status,
)
from simulator import Fault

from .common import FarmMaker, miners_of, pass_time, settle, setup_site
from .farms import Farm, device_of, farm_rig, poll, setup_farms
from .rigs import SEEN_AT, board, rig

MEASUREMENTS = _NO_FIGURES.keys()


def known(**changes: Any) -> FleetRig:
    """Give a rig of a site that is seen, but for what a test changes."""
    values: dict[str, Any] = {
        "id": "rig",
        "rig": rig(),
        "name": "Attic",
        "device_id": "d1",
        "entry_id": "e1",
        "site": "Hall 1",
        "farm": None,
        "area_id": "attic",
        "manufacturer": "Bitmain",
        "is_stale": False,
        "is_starting": False,
        "problems": (),
        "commands": ("reboot",),
        "admin_commands": ("reboot", "set_pools"),
        **changes,
    }
    return FleetRig(**values)


def first(item: Row, name: str) -> Row:
    """Give the first part of that kind."""
    parts = item[name]
    assert isinstance(parts, list)
    assert isinstance(parts[0], dict)
    return parts[0]


def test_row() -> None:
    """A rig that is well."""
    assert fleet_row(known(), Access.ADMIN) == {
        "id": "rig",
        "name": "Attic",
        "device_id": "d1",
        "entry_id": "e1",
        "site": "Hall 1",
        "farm": None,
        "area_id": "attic",
        "ip": "192.168.1.10",
        "mac": "02:50:53:09:da:d9",
        "model": "Antminer S19 Pro",
        "manufacturer": "Bitmain",
        "firmware": "stock 2022-12-06",
        "algorithm": "sha256d",
        "rate_unit": "TH/s",
        "efficiency_unit": "J/TH",
        "status": "running",
        "is_stale": False,
        "last_seen": "2026-11-20T12:00:00+00:00",
        "hashrate": 108.4e12,
        "hashrate_nominal": 110e12,
        "power": 3250.0,
        "power_source": "estimated",
        "efficiency": 30.0,
        "chip_temperature": 70.0,
        "board_temperature": 60.0,
        "gpu_temperature": None,
        "fan_speed": 5400,
        "chips_working": 342,
        "chips_expected": 342,
        "chips_faulty": 0,
        "pool": "pool.example:3333",
        "reject_rate": 0.5,
        "started_at": "2026-11-20T10:00:00+00:00",
        "problems": [],
        "commands": ["reboot", "set_pools"],
    }


def test_stale_row() -> None:
    """Of a rig that is stale no figure is told, but who it is and when it was seen."""
    fresh = fleet_row(known(), Access.READ)
    stale = fleet_row(known(is_stale=True), Access.READ)
    assert fresh.keys() == stale.keys()
    assert {name: stale[name] for name in MEASUREMENTS} == _NO_FIGURES
    differs = {name for name in fresh if fresh[name] != stale[name]}
    assert differs == MEASUREMENTS - {"gpu_temperature"} | {"status", "is_stale"}
    assert stale["status"] == "offline"
    assert stale["is_stale"] is True


def test_never_seen() -> None:
    """Of a rig that was never seen nothing is known but where it belongs."""
    row = rig_item_now(
        known(rig=None, is_stale=True, admin_commands=(), commands=()),
        Access.ADMIN,
        SEEN_AT,
    )
    assert {name for name, value in row.items() if value not in (None, [], {})} == {
        "area_id",
        "device_id",
        "entry_id",
        "id",
        "is_stale",
        "manufacturer",
        "name",
        "site",
        "status",
    }
    assert row["age_sec"] is None
    assert row.keys() == rig_item_now(known(), Access.ADMIN, SEEN_AT).keys()


def test_starting() -> None:
    """A rig that was told to start anew is starting, as its status says too."""
    row = fleet_row(known(is_stale=True, is_starting=True), Access.READ)
    assert (row["status"], row["is_stale"]) == ("starting", True)


def test_commands() -> None:
    """Each is offered what that user may do."""
    rows = {access: fleet_row(known(), access)["commands"] for access in Access}
    assert rows == {
        Access.NONE: [],
        Access.READ: [],
        Access.CONTROL: ["reboot"],
        Access.ADMIN: ["reboot", "set_pools"],
    }


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        # Zero is what the rig said.
        ({"hashrate": 0.0}, "hashrate", 0.0),
        ({"hashrate": 0.0}, "efficiency", None),
        ({"power": None, "power_source": None}, "efficiency", None),
        ({"power": None, "power_source": None}, "power_source", None),
        ({"power_source": PowerSource.MEASURED}, "power_source", "measured"),
        ({"fans": ()}, "fan_speed", None),
        ({"boards": ()}, "chips_expected", None),
        ({"boards": (board(1), board(2, chips_expected=None))}, "chips_expected", 114),
        ({"boards": (board(1, chips_faulty=2), board(2))}, "chips_faulty", 2),
        ({"firmware": None}, "firmware", None),
        ({"pools": ()}, "pool", None),
        ({"pools": (Pool(index=0, active=True),)}, "pool", None),
        (
            {
                "pools": (
                    Pool(index=0, url="stratum+tcp://me:x@p.example:1", active=True),
                )
            },
            "pool",
            "p.example:1",
        ),
        ({"shares": Shares(accepted=2, rejected=1)}, "reject_rate", 33.33),
        ({"uptime": None}, "started_at", None),
        ({"gpus": (Gpu(index=1, core_temperature=61.0),)}, "gpu_temperature", 61.0),
        ({"algorithm": "scrypt", "hashrate": 9e9}, "efficiency_unit", "J/GH"),
        # 3250 W for 9 GH/s.
        ({"algorithm": "scrypt", "hashrate": 9e9}, "efficiency", 361.0),
    ],
)
def test_figures(changes: dict[str, Any], field: str, value: object) -> None:
    """What is not known is null."""
    assert fleet_row(known(rig=rig(**changes)), Access.READ)[field] == value


def test_item() -> None:
    """All that is known of a rig: its parts, but for whom it mines."""
    item = rig_item_now(
        known(
            rig=rig(
                errors=(RigError(code="E1", message="Fan lost"),),
                work_mode="normal",
                gpus=(Gpu(index=3, name="RX"),),
                programs=(
                    MinerProgram(algorithm="sha256d", hashrate=108.4e12),
                    MinerProgram(algorithm="kawpow", hashrate=5e6),
                ),
                extras={"acme.smell": "burnt"},
            )
        ),
        Access.READ,
        SEEN_AT + timedelta(seconds=61.9),
    )
    text = json_bytes(item).decode()
    assert "someone" not in text
    assert "serial" not in text
    assert item["age_sec"] == 61
    assert item["last_status"] == "running"
    assert item["hashrates"] == {"sha256d": 108.4e12, "kawpow": 5e6}
    assert first(item, "boards") == {
        "index": 1,
        "hashrate": 36e12,
        "hashrate_nominal": None,
        "board_temperature": 60.0,
        "chip_temperature": 70.0,
        "inlet_temperature": None,
        "outlet_temperature": None,
        "chips_expected": 114,
        "chips_working": 114,
        "chips_faulty": 0,
        "chip_map": "o" * 114,
        "frequency": 525.0,
        "voltage": None,
        "power": None,
        "hardware_errors": 3,
    }
    assert first(item, "gpus")["name"] == "RX"
    assert first(item, "fans") == {"index": 1, "speed": 5400, "duty": None}
    assert first(item, "pools") == {
        "url": "pool.example:3333",
        "index": 0,
        "status": "alive",
        "priority": 0,
        "active": True,
        "accepted": 1000,
        "rejected": 5,
        "stale": None,
    }
    assert item["shares"] == {"accepted": 1000, "rejected": 5, "stale": 1}
    assert item["errors"] == [{"code": "E1", "message": "Fan lost"}]
    assert item["extras"] == {"acme.smell": "burnt"}


def test_stale_item() -> None:
    """Of a rig that is stale, what it did when it was last seen is told as such."""
    item = rig_item_now(
        known(is_stale=True), Access.READ, SEEN_AT + timedelta(seconds=120)
    )
    assert (item["status"], item["last_status"], item["age_sec"]) == (
        "offline",
        "running",
        120,
    )
    assert not any(
        item[name] for name in ("boards", "gpus", "fans", "pools", "hashrates")
    )
    assert item["shares"] is None
    assert item["uptime"] is None


def test_clock_ahead() -> None:
    """A source whose clock is ahead of ours makes no negative age."""
    assert known().age(SEEN_AT - timedelta(seconds=5)) == 0


async def test_real_miner(
    hass: HomeAssistant, farm: FarmMaker, noon: None, freezer: FrozenDateTimeFactory
) -> None:
    """A miner that is read, named by its owner, and then gone."""
    miners = await farm("s19pro_2022", "s9")
    entry = await setup_site(hass, miners)
    first = miners_of(entry)[0].subentry_id
    device_id = device_of(hass, entry, first)
    dr.async_get(hass).async_update_device(
        device_id, name_by_user="Attic", area_id="attic"
    )
    found = {item.id: item for item in fleet_rigs(hass, known_rigs(hass))}
    row = fleet_row(found[first], Access.ADMIN)
    assert (row["name"], row["device_id"], row["area_id"]) == (
        "Attic",
        device_id,
        "attic",
    )
    assert (row["site"], row["entry_id"], row["farm"]) == (
        "Hall 1",
        entry.entry_id,
        None,
    )
    assert row["manufacturer"] == "Bitmain"
    assert row["status"] == "running"
    assert isinstance(row["hashrate"], float)
    assert row["ip"] == miners[0].host
    miners[0].set_fault(Fault.REFUSE)
    await pass_time(hass, freezer, 100)
    await settle(hass)
    (gone,) = fleet_rigs(hass, {first: known_rigs(hass)[first]})
    assert gone.is_stale
    assert gone.problems == ()
    assert rig_item(gone, Access.READ)["status"] == "offline"


async def test_farms_and_problems(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A farm's name is that of its device; what is wrong is what the binary sensors say."""
    bad = farm_rig(
        "bad",
        hashrate=1e6,
        hashrate_nominal=1e9,
        boards=(board(1, chip_temperature=150.0, chips_working=0),),
        fans=(),
        fans_expected=2,
        pools=(Pool(index=0, url="p:1", status=PoolStatus.DEAD),),
    )
    north = Farm("north", bad, farm_rig("well"))
    south = Farm("south", farm_rig("off", seen_at=None, status=Status.OFFLINE))
    entry = await setup_farms(hass, monkeypatch, north, south)
    dr.async_get(hass).async_update_device(
        device_of(hass, entry, "south"), name_by_user="Cellar"
    )
    found = {item.id: item for item in fleet_rigs(hass, known_rigs(hass))}
    assert {item.farm for item in found.values()} == {"North", "Cellar"}
    assert found["bad"].problems == (
        "overheating",
        "board_fault",
        "fan_fault",
        "pool_fault",
    )
    assert found["well"].problems == ()
    assert found["off"].is_stale
    # It is called slow when it was so for a while.
    freezer.tick(400)
    await poll(hass)
    (found_bad,) = fleet_rigs(hass, {"bad": known_rigs(hass)["bad"]})
    assert found_bad.problems == PROBLEMS


async def test_offered(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offered is what there is a service for; the shell only where that is switched on."""
    farm = Farm("farm", farm_rig("one", commands=(*Action, "nobody.knows")))
    entry = await setup_farms(hass, monkeypatch, farm)
    (one,) = fleet_rigs(hass, known_rigs(hass))
    assert set(one.admin_commands) == set(Action) - {Action.EXECUTE}
    assert set(one.admin_commands) - set(one.commands) == {
        "set_flight_sheet",
        "switch_pool",
        "set_pools",
        "update_settings",
    }
    hass.config_entries.async_update_entry(entry, options={CONF_ALLOW_EXEC: True})
    await settle(hass)
    (one,) = fleet_rigs(hass, known_rigs(hass))
    assert Action.EXECUTE in one.admin_commands


async def test_without_device(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rig whose device is not there yet has the name that its source knows."""
    entry = await setup_farms(hass, monkeypatch, Farm("farm", farm_rig("one")))
    dr.async_get(hass).async_remove_device(device_of(hass, entry, "one"))
    (one,) = fleet_rigs(hass, known_rigs(hass))
    assert (one.device_id, one.name) == (None, "Farm: One")


def test_speed() -> None:
    """A thousand rows take milliseconds: they are made in the event loop."""
    rigs = [
        known(id=str(number), rig=replace(rig(), id=str(number)))
        for number in range(1000)
    ]
    best = 1.0
    for _ in range(5):
        start = thread_time()
        rows = [fleet_row(item, Access.ADMIN) for item in rigs]
        best = min(best, thread_time() - start)
    assert len(rows) == 1000
    assert best < 0.1
