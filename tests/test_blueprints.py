"""Blueprints: each is imported, made an automation of, and run while hours pass."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
import re
from typing import Any
from urllib.parse import unquote

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import slugify
import pytest
import yaml

from custom_components import antminer_monitor
from custom_components.antminer_monitor.const import CONF_STALE_AFTER, DOMAIN
from custom_components.antminer_monitor.rig import Pool, PoolStatus, Status
from simulator import Fault

from .automations import automate
from .common import NOON, FarmMaker, Miners, miners_of, setup_site
from .farms import NOW, Farm, farm_rig, setup_farms
from .homes import BLUEPRINTS, Home, blueprint
from .rigs import board

NAMES = sorted(path.stem for path in BLUEPRINTS.glob("*.yaml"))
NORTH = ("north-0", "north-1", "north-2", "north-3")
MINUTE = 60.0
HOUR = 3600.0
GONE: dict[str, Any] = {"seen_at": NOON - timedelta(days=1)}
BACK: dict[str, Any] = {"seen_at": NOW}

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
async def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> AsyncIterator[Home]:
    """Set up a farm of four rigs, and one that no automation is about."""
    pools = (
        Pool(index=0, url="stratum+tcp://a.example:1", status=PoolStatus.ALIVE),
        Pool(index=1, url="stratum+tcp://b.example:2", status=PoolStatus.ALIVE),
    )
    well: dict[str, Any] = {
        "algorithm": "sha256d",
        "hashrate": 100e12,
        "hashrate_nominal": 100e12,
        "uptime": 7200.0,
        "boards": (board(1),),
        "pools": pools,
        "power_target": 3000.0,
        "power_target_least": 1000.0,
        "power_target_most": 4000.0,
    }
    # What the rigs are told needs no entities, and hours pass faster with few.
    monkeypatch.setattr(
        antminer_monitor, "PLATFORMS", [Platform.BINARY_SENSOR, Platform.SENSOR]
    )
    north = Farm("north", *(farm_rig(rig_id, **well) for rig_id in NORTH))
    south = Farm("south", farm_rig("south-0", **well))
    entry = await setup_farms(
        hass, monkeypatch, north, south, options={CONF_STALE_AFTER: 90}
    )
    monkeypatch.setattr(hass.config, "config_dir", str(tmp_path))
    made = Home(hass, freezer, entry, north, south)
    yield made
    await made.stop()


def miners(home: Home) -> dict[str, Any]:
    """Choose the rigs of the one farm."""
    return {"miners": {"device_id": [home.device("north")]}}


def texts(home: Home) -> list[str]:
    """Give the titles of what was told since the last time."""
    return [item["title"] for item in home.told.take()]


# --- files ---------------------------------------------------------------------------------


def test_there_are_six() -> None:
    """The list of files is the list of what is documented."""
    assert [
        *("dead_pool", "notify_stale", "outage_return"),
        *("overheat_shutdown", "pv_surplus", "restart_stale"),
    ] == NAMES


@pytest.mark.parametrize("name", NAMES)
async def test_import(
    hass: HomeAssistant,
    hass_ws_client: Any,
    aioclient_mock: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """By its address, as a person does it in Home Assistant; it is valid, and new enough."""
    from homeassistant.components.blueprint import importer
    from homeassistant.setup import async_setup_component

    monkeypatch.setattr(hass.config, "config_dir", str(tmp_path))
    assert await async_setup_component(hass, "automation", {})
    text = (BLUEPRINTS / f"{name}.yaml").read_text()
    url = yaml.load(text, Loader=InputLoader)["blueprint"]["source_url"]  # a safe one
    assert url.endswith(f"/blueprints/automation/{DOMAIN}/{name}.yaml")
    aioclient_mock.get(importer._get_github_import_url(url), text=text)
    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "blueprint/import", "url": url})
    answer = await client.receive_json()
    assert answer["success"], answer
    result = answer["result"]
    assert result["validation_errors"] is None
    assert result["blueprint"]["metadata"]["homeassistant"] == {
        "min_version": "2026.10.0"
    }
    await client.send_json_auto_id(
        {
            "type": "blueprint/save",
            "domain": "automation",
            "path": result["suggested_filename"],
            "yaml": result["raw_data"],
            "source_url": url,
        }
    )
    assert (await client.receive_json())["success"]


def test_documented() -> None:
    """Each has its link in the documentation."""
    text = (BLUEPRINTS.parent.parent.parent / "docs" / "automations.md").read_text()
    linked = re.findall(r"/blueprint_import/\?blueprint_url=([^)]+)\)", text)
    assert sorted(unquote(url) for url in linked) == [
        str(blueprint(name).metadata["source_url"]) for name in NAMES
    ]


async def test_examples_of_the_documentation(hass: HomeAssistant) -> None:
    """Home Assistant takes each as it stands there."""
    text = (BLUEPRINTS.parent.parent.parent / "docs" / "automations.md").read_text()
    found = re.findall(r"```yaml\n(.+?)```", text, re.DOTALL)
    examples = [item for block in found for item in yaml.safe_load(block)]
    assert len(examples) == 3
    await automate(hass, *examples)
    for example in examples:
        state = hass.states.get(f"automation.{slugify(example['alias'])}")
        assert state
        assert state.state == "on", example
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )


class InputLoader(yaml.SafeLoader):
    """Reads ``!input`` too."""


InputLoader.add_constructor("!input", lambda loader, node: {"input": node.value})


@pytest.mark.parametrize("name", NAMES)
def test_inputs(name: str) -> None:
    """Each is named, asked for by a selector, used, and, but for what is chosen, has a default."""
    made = blueprint(name)
    used = made.data.copy()
    metadata = used.pop("blueprint")
    asked = (BLUEPRINTS / f"{name}.yaml").read_text()
    for key, described in made.inputs.items():
        assert described, key
        assert described["name"]
        assert described["selector"]
        assert f"!input {key}\n" in asked, key
        assert ("default" in described) is (key not in ("miners", "surplus")), key
    assert made.inputs["miners"]["selector"]["target"]["entity"] == [
        {"integration": DOMAIN}
    ]
    assert metadata["description"]


# --- notify_stale --------------------------------------------------------------------------


async def test_notify_stale(home: Home) -> None:
    """After the delay, those that go together in one message; the others in the next."""
    await home.automate("notify_stale", {**miners(home), "stale_for": 5, "every": 60})
    home.change("north-0", "north-1", "south-0", **GONE)
    await home.go(5 * MINUTE)
    assert texts(home) == []
    await home.go(90)
    (item,) = home.told.take()
    assert item["title"] == "2 miners are stale"
    assert "- North-0, last seen" in item["message"]
    assert "- North-1, last seen" in item["message"]
    assert "South" not in item["message"]

    # Meanwhile: one more, one that is back in time, and one that is gone again.
    home.change("north-2", **GONE)
    await home.go(6 * MINUTE)
    home.change("north-0", **BACK)
    home.change("north-3", **GONE)
    await home.go(6 * MINUTE)
    home.change("north-3", **BACK)
    await home.go(45 * MINUTE)
    assert texts(home) == []
    await home.go(5 * MINUTE)
    (item,) = home.told.take()
    assert item["title"] == "2 miners are stale"
    assert "North-1" in item["message"]
    assert "North-2" in item["message"]

    await home.go(3 * HOUR)
    assert texts(home) == []
    home.change("north-3", **GONE)
    await home.go(7 * MINUTE)
    assert texts(home) == ["3 miners are stale"]


async def test_notify_stale_without_news(home: Home) -> None:
    """Who went meanwhile is back: that the other one is still gone is not told again."""
    await home.automate("notify_stale", {**miners(home), "stale_for": 5, "every": 60})
    home.change("north-0", **GONE)
    await home.go(7 * MINUTE)
    assert texts(home) == ["North-0 is stale"]
    home.change("north-1", **GONE)
    await home.go(7 * MINUTE)
    home.change("north-1", **BACK)
    await home.go(2 * HOUR)
    assert texts(home) == []


async def test_notify_stale_at_most_so_often(home: Home) -> None:
    """A rig that comes and goes is told of once an hour."""
    await home.automate("notify_stale", {**miners(home), "stale_for": 0, "every": 60})
    for _ in range(12):
        home.change("north-0", **GONE)
        await home.go(7 * MINUTE)
        home.change("north-0", **BACK)
        await home.go(8 * MINUTE)
    assert 1 <= len(texts(home)) <= 3


# --- restart_stale -------------------------------------------------------------------------


async def test_restart_stale_gives_up(home: Home) -> None:
    """So many attempts, so far apart; then it is told, and the rig is left alone."""
    await home.automate(
        "restart_stale",
        {**miners(home), "stale_for": 10, "attempts": 3, "patience": 20},
    )
    home.change("north-0", "south-0", **GONE)
    await home.go(9 * MINUTE)
    assert home.orders() == []
    await home.go(2 * MINUTE)
    for _ in range(2):
        assert home.orders() == [("reboot", None, ("north-0",))]
        await home.go(19 * MINUTE)
        assert home.orders() == []
        await home.go(1 * MINUTE)
    assert home.orders() == [("reboot", None, ("north-0",))]
    assert texts(home) == []
    await home.go(21 * MINUTE)
    assert texts(home) == ["North-0 does not recover"]

    # It comes and goes, and is left alone for twelve hours.
    for _ in range(4):
        home.change("north-0", **BACK)
        await home.go(20 * MINUTE)
        home.change("north-0", **GONE)
        await home.go(40 * MINUTE)
    assert home.orders() == []
    assert texts(home) == []


async def test_restart_stale_works(home: Home) -> None:
    """What works again, and goes on, needs no further attempt and no message."""
    await home.automate("restart_stale", {**miners(home), "stale_for": 10})
    home.change("north-0", **GONE)
    await home.go(11 * MINUTE)
    assert home.orders() == [("reboot", None, ("north-0",))]
    home.change("north-0", **BACK)
    await home.go(3 * HOUR)
    assert home.orders() == []
    assert texts(home) == []


async def test_restart_stale_fails_anew(home: Home) -> None:
    """What works for a while only is tried again, and counts as an attempt."""
    await home.automate(
        "restart_stale", {**miners(home), "stale_for": 10, "attempts": 2}
    )
    home.change("north-0", **GONE)
    await home.go(11 * MINUTE)
    for _ in range(2):
        assert home.orders() == [("reboot", None, ("north-0",))]
        home.change("north-0", **BACK)
        await home.go(10 * MINUTE)
        home.change("north-0", **GONE)
        await home.go(10 * MINUTE)
    assert texts(home) == ["North-0 does not recover"]
    await home.go(3 * HOUR)
    assert home.orders() == []


async def test_restart_stale_not_in_an_outage(home: Home) -> None:
    """Where all are gone restarting one helps nobody."""
    await home.automate("restart_stale", {**miners(home), "stale_for": 10})
    home.change(*NORTH, **GONE)
    await home.go(1 * HOUR)
    assert home.orders() == []


@pytest.mark.parametrize("is_on", [True, False])
async def test_restart_slow(home: Home, is_on: bool) -> None:
    """A slow rig too, if that is wanted; until it has its rate again."""
    await home.automate(
        "restart_stale",
        {**miners(home), "restart_slow": is_on, "slow_for": 30, "percentage": 70},
    )
    home.change("north-0", hashrate=60e12)
    await home.go(31 * MINUTE)
    restarts = [("reboot", None, ("north-0",))] if is_on else []
    assert home.orders() == restarts
    await home.go(20 * MINUTE)
    assert home.orders() == restarts
    home.change("north-0", hashrate=90e12)
    await home.go(3 * HOUR)
    assert home.orders() == []
    assert texts(home) == []


async def test_restart_in_ones_own_way(home: Home, hass: HomeAssistant) -> None:
    """A plug, say; that it fails ends nothing."""
    await home.automate(
        "restart_stale",
        {
            **miners(home),
            "attempts": 2,
            "restart": [
                {
                    "action": "test.tell",
                    "data": {"title": "{{ trigger.name }} {{ attempt }}"},
                },
                {"action": "antminer_monitor.reboot", "target": {"device_id": "x"}},
            ],
        },
    )
    home.change("north-0", **GONE)
    await home.go(1 * HOUR)
    assert texts(home) == ["North-0 1", "North-0 2", "North-0 does not recover"]


# --- overheat_shutdown ---------------------------------------------------------------------

HOT: dict[str, Any] = {"boards": (board(1, chip_temperature=120.0),)}
COOL: dict[str, Any] = {"boards": (board(1, chip_temperature=40.0),)}


@pytest.mark.parametrize("what", ["pause_mining", "shutdown"])
async def test_overheat(home: Home, what: str) -> None:
    """The hot one is stopped, once, and it is told; it stays so."""
    await home.automate("overheat_shutdown", {**miners(home), "what": what})
    home.change("north-0", "south-0", **HOT)
    await home.go(30)
    assert home.orders() == []
    await home.go(60)
    assert home.orders() == [(what, None, ("north-0",))]
    (item,) = home.told.take()
    assert item["title"] == "North-0 overheats"
    assert item["message"].startswith("120.0 °C. It was told to ")
    home.change("north-0", status=Status.SLEEPING, **COOL)
    await home.go(3 * HOUR)
    assert home.orders() == []
    assert texts(home) == []


async def test_overheat_and_go_on(home: Home) -> None:
    """After the time, and once it is cool; and the same again if it gets hot again."""
    await home.automate(
        "overheat_shutdown", {**miners(home), "resume": True, "cool_for": 30}
    )
    for _ in range(2):
        home.change("north-0", status=Status.RUNNING, **HOT)
        await home.go(90)
        assert home.orders() == [("pause_mining", None, ("north-0",))]
        home.change("north-0", status=Status.SLEEPING)
        await home.go(40 * MINUTE)
        assert home.orders() == []
        home.change("north-0", **COOL)
        await home.go(30)
        assert home.orders() == [("resume_mining", None, ("north-0",))]
    home.change("north-0", status=Status.RUNNING, **HOT)
    await home.go(90)
    home.change("north-0", status=Status.SLEEPING, **COOL)
    home.orders()
    await home.go(28 * MINUTE)
    assert home.orders() == []
    await home.go(2 * MINUTE)
    assert home.orders() == [("resume_mining", None, ("north-0",))]


async def test_overheat_that_cannot_be_stopped(home: Home) -> None:
    """That is told too, with the reason."""
    await home.automate("overheat_shutdown", {**miners(home), "resume": True})
    home.change("north-0", commands=(), **HOT)
    await home.go(2 * MINUTE)
    (item,) = home.told.take()
    assert "could not be stopped" in item["message"]
    assert "it does not accept pause_mining now" in item["message"]
    await home.go(2 * HOUR)
    assert home.orders() == []


# --- dead_pool -----------------------------------------------------------------------------


def pools(first: PoolStatus) -> dict[str, Any]:
    """Give two pools, the first as told."""
    return {
        "pools": (
            Pool(index=0, url="stratum+tcp://a.example:1", status=first),
            Pool(index=1, url="stratum+tcp://b.example:2", status=PoolStatus.ALIVE),
        )
    }


async def test_dead_pool_is_told(home: Home) -> None:
    """All rigs of the pool in one message, and at most so many messages."""
    await home.automate("dead_pool", {**miners(home), "dead_for": 5, "every": 60})
    home.change("north-0", "north-1", "south-0", **pools(PoolStatus.DEAD))
    await home.go(7 * MINUTE)
    (item,) = home.told.take()
    assert item["title"] == "Pool dead: 2 miners"
    assert [line for line in item["message"].splitlines() if line] == [
        "- North-0",
        "- North-1",
    ]
    home.change("north-2", **pools(PoolStatus.DEAD))
    await home.go(50 * MINUTE)
    assert texts(home) == []
    await home.go(15 * MINUTE)
    assert texts(home) == ["Pool dead: 3 miners"]
    await home.go(3 * HOUR)
    assert texts(home) == []
    assert home.orders() == []


async def test_dead_pool_without_news(home: Home) -> None:
    """What died meanwhile lives again: that the other one is still dead is not told again."""
    await home.automate("dead_pool", {**miners(home), "dead_for": 5, "every": 60})
    home.change("north-0", **pools(PoolStatus.DEAD))
    await home.go(7 * MINUTE)
    assert texts(home) == ["Pool dead: North-0"]
    home.change("north-1", **pools(PoolStatus.DEAD))
    await home.go(7 * MINUTE)
    home.change("north-1", **pools(PoolStatus.ALIVE))
    await home.go(2 * HOUR)
    assert texts(home) == []


async def test_dead_pool_is_switched(home: Home) -> None:
    """Those whose pool is dead work for the other one; who has no such pool is told of."""
    await home.automate(
        "dead_pool",
        {**miners(home), "dead_for": 5, "pool": "b.example:2", "stagger": 0},
    )
    home.change("north-0", **pools(PoolStatus.DEAD))
    alone = pools(PoolStatus.DEAD)["pools"][:1]
    home.change("north-1", pools=alone)
    await home.go(7 * MINUTE)
    assert home.orders() == [("switch_pool", "1", ("north-0",))]
    (item,) = home.told.take()
    assert item["title"] == "Pool dead: 2 miners"
    assert "Not switched: North-1: " in item["message"]
    assert "Not switched: North-0" not in item["message"]


# --- outage_return -------------------------------------------------------------------------


def starts(home: Home) -> list[str]:
    """Give the rigs that were started since the last time, one by one."""
    return [
        rig_id
        for action, _, rig_ids in home.orders()
        for rig_id in rig_ids
        if action == "resume_mining"
    ]


async def test_back_from_an_outage(home: Home) -> None:
    """They are held as they come, and start one after the other."""
    await home.automate(
        "outage_return",
        {**miners(home), "stale_for": 1, "settle": 10, "stagger": 120},
    )
    home.change("north-3", status=Status.SLEEPING, commands=("resume_mining",))
    await home.go(1 * MINUTE)
    home.change(*NORTH, **GONE)
    await home.go(2 * HOUR)
    assert home.orders() == []
    home.change("north-0", **BACK)
    await home.go(1 * MINUTE)
    assert home.orders() == [("pause_mining", None, ("north-0",))]
    home.change("north-0", status=Status.SLEEPING)
    home.change("north-1", "north-3", **BACK)
    await home.go(1 * MINUTE)
    assert home.orders() == [("pause_mining", None, ("north-1",))]
    home.change("north-1", status=Status.SLEEPING)
    await home.go(7 * MINUTE)
    assert home.orders() == []
    assert home.told == []
    await home.go(2 * MINUTE)
    (item,) = home.told.take()
    assert item["title"] == "3 of 4 miners are back"
    assert "Not back: North-2" in item["message"]
    assert len(starts(home)) == 1
    await home.go(2 * MINUTE)
    assert len(starts(home)) == 1
    await home.go(1 * HOUR)
    assert starts(home) == []


async def test_back_from_an_outage_without_a_hold(home: Home) -> None:
    """Nobody is paused; who does not mine is started, and who does is not told to."""
    await home.automate("outage_return", {**miners(home), "hold": False})
    home.change(*NORTH, **GONE)
    await home.go(5 * MINUTE)
    home.change(*NORTH, **BACK)
    home.change("north-0", "north-1", commands=("pause_mining",))
    await home.go(9 * MINUTE)
    assert home.orders() == []
    await home.go(3 * MINUTE)
    assert sorted(starts(home)) == ["north-2", "north-3"]


async def test_one_that_is_gone_is_no_outage(home: Home) -> None:
    """Nor are all but one; and an outage that does not end is given up."""
    await home.automate("outage_return", {**miners(home), "give_up": 1})
    home.change(*NORTH[1:], **GONE)
    await home.go(1 * HOUR)
    home.change(*NORTH, **BACK)
    await home.go(1 * HOUR)
    assert home.orders() == []
    home.change(*NORTH, **GONE)
    await home.go(2 * HOUR)
    home.change(*NORTH, **BACK)
    await home.go(1 * HOUR)
    assert home.orders() == []
    assert home.told == []


# --- pv_surplus ----------------------------------------------------------------------------

SENSOR = "sensor.surplus"


def shine(home: Home, value: float | str, unit: str = "W") -> None:
    """Let the sun give so much."""
    home.hass.states.async_set(SENSOR, str(value), {"unit_of_measurement": unit})


def obey(home: Home) -> list[str]:
    """Have the rigs do what they were told, and give what that was."""
    actions = []
    for action, value, rig_ids in home.orders():
        assert set(rig_ids) <= set(NORTH)
        actions.append(action if value is None else f"{action} {value}")
        match action:
            case "pause_mining":
                home.change(
                    *rig_ids, status=Status.SLEEPING, commands=("resume_mining",)
                )
            case "resume_mining":
                home.change(*rig_ids, status=Status.RUNNING, commands=("pause_mining",))
    return actions


async def spend(home: Home, minutes: int) -> list[tuple[int, str]]:
    """Let minutes pass; give what the rigs were told in each."""
    told = []
    for minute in range(minutes):
        await home.go(MINUTE)
        told += [(minute, action) for action in obey(home)]
    return told


async def first(home: Home) -> tuple[int, str]:
    """Let time pass until the rigs are told something; give the minutes, and what it was."""
    for minute in range(1, 120):
        if told := await spend(home, 1):
            return minute, told[0][1]
    pytest.fail("nothing was told")


async def test_surplus(home: Home) -> None:
    """On and off by the thresholds, after the delays, and no sooner than the minimum times."""
    shine(home, 0)
    await home.automate(
        "pv_surplus",
        {
            **miners(home),
            "surplus": SENSOR,
            "start_above": 3500,
            "start_for": 5,
            "least_on": 30,
            "stop_below": -200,
            "stop_for": 5,
            "least_off": 20,
        },
    )
    # They have just begun to mine.
    shine(home, -300)
    minute, action = await first(home)
    assert action == "pause_mining"
    assert 30 <= minute <= 37

    # The sun is back at once: they rest for 20 minutes, and then it has to last for 5.
    shine(home, 5000)
    minute, action = await first(home)
    assert action == "resume_mining"
    assert 24 <= minute <= 28

    # Clouds at once: they mine for 30 minutes, and then the clouds have to last for 5.
    shine(home, -5000)
    minute, action = await first(home)
    assert action == "pause_mining"
    assert 34 <= minute <= 38


async def test_surplus_that_does_not_last(home: Home) -> None:
    """A gap in the clouds starts nothing, a cloud stops nothing, and between the two all stays."""
    shine(home, 0)
    await home.automate(
        "pv_surplus", {**miners(home), "surplus": SENSOR, "least_on": 1}
    )
    for _ in range(5):
        shine(home, -1000)
        assert await spend(home, 4) == []
        shine(home, 1000)
        assert await spend(home, 4) == []
    home.change(*NORTH, status=Status.SLEEPING, commands=("resume_mining",))
    for _ in range(5):
        shine(home, 4000)
        assert await spend(home, 4) == []
        shine(home, 1000)
        assert await spend(home, 4) == []


async def test_surplus_is_unknown(home: Home) -> None:
    """Then there is none; kilowatts are understood."""
    shine(home, 4.0, "kW")
    home.change(*NORTH, status=Status.SLEEPING, commands=("resume_mining",))
    await home.automate(
        "pv_surplus", {**miners(home), "surplus": SENSOR, "least_on": 1}
    )
    assert [action for _, action in await spend(home, 8)] == ["resume_mining"]
    shine(home, "unavailable")
    assert [action for _, action in await spend(home, 15)] == ["pause_mining"]


async def test_surplus_in_watts(home: Home) -> None:
    """The miners draw what there is, in steps, not too often; below the least they are stopped."""
    home.hass.states.async_set("sensor.drawn", "12.0", {"unit_of_measurement": "kW"})
    shine(home, -2000)
    await home.automate(
        "pv_surplus",
        {
            **miners(home),
            "surplus": SENSOR,
            "follow": True,
            "power": "sensor.drawn",
            "count": 4,
            "step": 200,
            "least_power": 1500,
            "most_power": 3200,
            "tune_for": 15,
        },
    )
    # 12,000 W - 2,000 W for four.
    assert (await spend(home, 5))[0][1] == "set_power_target 2400"
    home.hass.states.async_set("sensor.drawn", "9.6", {"unit_of_measurement": "kW"})
    shine(home, 400)
    assert await spend(home, 30) == []
    shine(home, 9000)
    told = await spend(home, 20)
    assert [action for _, action in told] == ["set_power_target 3200"] * len(told)
    assert 1 <= len(told) <= 2
    shine(home, -9000)
    assert [action for _, action in await spend(home, 30)] == ["pause_mining"]


# --- simulated miners ----------------------------------------------------------------------


@pytest.fixture
async def real_home(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> AsyncIterator[tuple[Home, Miners]]:
    """Set up a site of three miners."""
    simulated = await farm("luxos", "luxos", "s9")
    entry = await setup_site(hass, simulated)
    monkeypatch.setattr(hass.config, "config_dir", str(tmp_path))
    made = Home(hass, freezer, entry)
    yield made, simulated
    await made.stop()


async def test_a_miner_is_paused_over_the_network(
    real_home: tuple[Home, Miners],
) -> None:
    """The hot one of three sleeps; the others hash on."""
    home, simulated = real_home
    site = home.device(home.entry.entry_id)
    await home.automate("overheat_shutdown", {"miners": {"device_id": [site]}})
    simulated[0].condition(ambient=60.0)
    for _ in range(6):
        await home.elapse(30)
    assert [miner.conditions.sleep for miner in simulated] == [True, False, False]
    assert texts(home) == [f"{miners_of(home.entry)[0].title} overheats"]


async def test_a_miner_that_is_off(real_home: tuple[Home, Miners]) -> None:
    """It is told of, by the name of its device."""
    home, simulated = real_home
    site = home.device(home.entry.entry_id)
    await home.automate("notify_stale", {"miners": {"device_id": [site]}})
    simulated[2].set_fault(Fault.REFUSE)
    for _ in range(20):
        await home.elapse(30)
    assert texts(home) == [f"{miners_of(home.entry)[2].title} is stale"]
