"""Conditions: which rigs they mean, and when they are met."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.condition import async_get_all_descriptions
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import yaml

from custom_components.antminer_monitor import condition
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.rig import Status
from simulator import Fault

from .automations import Told, automate
from .common import NOON, FarmMaker, miners_of, pass_time, setup_site
from .farms import Farm, device_of, entity_of, farm_rig, poll, setup_farms

POLL = 46.0
PACKAGE = Path(condition.__file__).parent
RIGS = ("north-0", "north-1")

pytestmark = pytest.mark.usefixtures("noon")


class House:
    """A house with a farm of two rigs that hash."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, farm: Farm) -> None:
        """Keep what there is."""
        self.hass = hass
        self.entry = entry
        self.farm = farm
        self.told = Told(hass)

    def device(self, identifier: str) -> str:
        """Give the id of a device."""
        return device_of(self.hass, self.entry, identifier)

    async def change(self, rig_id: str, **changes: Any) -> None:
        """Let something of a rig be different, and read it."""
        self.farm.change(rig_id, **changes)
        await poll(self.hass)

    async def ask(self, key: str, target: dict[str, Any], **options: Any) -> None:
        """Set up an automation that goes by a condition."""
        await automate(self.hass, asking(key, target, **options))

    async def met(self) -> bool:
        """Tell whether its condition is met."""
        self.hass.bus.async_fire("ask")
        await self.hass.async_block_till_done()
        return bool(self.told.take())


def asking(key: str, target: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Give an automation that tells when it is asked and a condition is met."""
    return {
        "alias": "Ask",
        "triggers": [{"trigger": "event", "event_type": "ask"}],
        "conditions": [
            {"condition": f"{DOMAIN}.{key}", "target": target, "options": options}
        ],
        "actions": [{"action": "test.tell"}],
    }


@pytest.fixture
async def house(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> House:
    """Set up the farm."""
    farm = Farm("north", *(farm_rig(rig_id) for rig_id in RIGS))
    entry = await setup_farms(hass, monkeypatch, farm)
    return House(hass, entry, farm)


async def test_descriptions(hass: HomeAssistant, house: House) -> None:
    """Home Assistant finds a description of every condition, and of nothing else."""
    await house.ask("is_stale", {"device_id": house.device("north-0")})
    described = {
        key.removeprefix(f"{DOMAIN}."): value
        for key, value in (await async_get_all_descriptions(hass)).items()
        if key.startswith(f"{DOMAIN}.")
    }
    written = yaml.safe_load((PACKAGE / "conditions.yaml").read_text())

    assert described.keys() == written.keys() == condition.CONDITIONS.keys()
    for description in described.values():
        assert description
        assert description["target"]["entity"] == [{"integration": DOMAIN}]
        assert description["fields"].keys() == {"behavior", "for"}


async def test_any_and_all(hass: HomeAssistant, house: House) -> None:
    """Of the rigs of a farm: one that mines is enough, or not."""
    target = {"device_id": house.device("north")}
    await automate(
        hass,
        *(
            {
                **asking("is_mining", target, behavior=behavior),
                "alias": behavior,
                "actions": [{"action": "test.tell", "data": {"rigs": behavior}}],
            }
            for behavior in ("any", "all")
        ),
    )

    async def met() -> list[str]:
        hass.bus.async_fire("ask")
        await hass.async_block_till_done()
        return [item["rigs"] for item in house.told.take()]

    assert await met() == ["any", "all"]
    await house.change("north-0", status=Status.SLEEPING)
    assert await met() == ["any"]
    await house.change("north-1", status=Status.IDLE)
    assert await met() == []


async def test_a_rig_that_is_gone_does_not_mine(
    hass: HomeAssistant, house: House
) -> None:
    """What is not known is not so: every rig mines is not said of those that are seen."""
    await house.ask("is_mining", {"device_id": house.device("north")}, behavior="all")
    assert await house.met()
    await house.change("north-0", seen_at=NOON - timedelta(days=1))
    assert not await house.met()


async def test_of_no_rig_nothing_is_so(hass: HomeAssistant, house: House) -> None:
    """An empty area mines not, and is not stale."""
    area = ar.async_get(hass).async_create("Hall")
    for key in condition.CONDITIONS:
        await automate(hass, asking(key, {"area_id": area.id}, behavior="all"))
        assert not await house.met()


async def test_an_entry_that_is_not_loaded(hass: HomeAssistant, house: House) -> None:
    """Its rigs neither mine nor are they stale; both are known again when it is back."""
    target = {"device_id": house.device("north-0")}
    await automate(
        hass,
        *({**asking(key, target), "alias": key} for key in condition.CONDITIONS),
    )
    assert await house.met()
    assert await hass.config_entries.async_unload(house.entry.entry_id)
    assert not await house.met()
    assert await hass.config_entries.async_setup(house.entry.entry_id)
    await poll(hass)
    assert await house.met()


@pytest.mark.parametrize("key", ["hashrate", "status"])
async def test_an_entity_means_its_rig(
    hass: HomeAssistant, house: House, key: str
) -> None:
    """Whichever of the rig it is; one of others means nothing."""
    entity_id = entity_of(hass, "sensor", "north-0", key)
    hass.states.async_set("sensor.of_others", Status.RUNNING)
    await house.ask(
        "is_mining", {"entity_id": [entity_id, "sensor.of_others"]}, behavior="all"
    )
    assert await house.met()
    await house.change("north-0", status=Status.IDLE)
    assert not await house.met()


async def test_a_rig_that_joins_the_area(hass: HomeAssistant, house: House) -> None:
    """It counts from then on."""
    area = ar.async_get(hass).async_create("Hall")
    devices = dr.async_get(hass)
    devices.async_update_device(house.device("north-0"), area_id=area.id)
    await house.change("north-1", status=Status.IDLE)
    await house.ask("is_mining", {"area_id": area.id}, behavior="all")
    assert await house.met()
    devices.async_update_device(house.device("north-1"), area_id=area.id)
    assert not await house.met()


async def test_for(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """It is met once it has been so for long enough."""
    await house.ask(
        "is_mining", {"device_id": house.device("north-0")}, **{"for": {"minutes": 5}}
    )
    assert not await house.met()
    await pass_time(hass, freezer, 301)
    assert await house.met()
    await house.change("north-0", status=Status.IDLE)
    await house.change("north-0", status=Status.RUNNING)
    assert not await house.met()


async def test_the_editor_is_told(
    hass: HomeAssistant,
    house: House,
    freezer: FrozenDateTimeFactory,
    hass_ws_client: Any,
) -> None:
    """It shows whether a condition is met, and when that changes, whatever names the rig."""
    client = await hass_ws_client()
    entity_id = entity_of(hass, "binary_sensor", "north-0", "stale")
    await client.send_json_auto_id(
        {
            "type": "subscribe_condition",
            "condition": asking("is_mining", {"entity_id": [entity_id]})["conditions"][
                0
            ],
        }
    )
    assert (await client.receive_json())["success"]
    assert (await client.receive_json())["event"] == {"result": True}
    await house.change("north-0", status=Status.IDLE)
    await pass_time(hass, freezer, 1.1)
    assert (await client.receive_json())["event"] == {"result": False}


async def test_real_miners(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A miner that is off is stale, and its neighbour is not."""
    miners = await farm("s9", "s19pro_2022")
    entry = await setup_site(hass, miners)
    told = Told(hass)
    await automate(
        hass,
        *(
            {
                **asking(
                    "is_stale", {"device_id": device_of(hass, entry, item.subentry_id)}
                ),
                "alias": item.title,
                "actions": [{"action": "test.tell", "data": {"name": item.title}}],
            }
            for item in miners_of(entry)
        ),
    )
    hass.bus.async_fire("ask")
    await hass.async_block_till_done()
    assert told == []
    miners[0].set_fault(Fault.REFUSE)
    for _ in range(4):
        await pass_time(hass, freezer, POLL)
    hass.bus.async_fire("ask")
    await hass.async_block_till_done()
    assert told == [{"name": miners_of(entry)[0].title}]
