"""Triggers: which rigs they mean, when they fire, and when they do not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.trigger import (
    async_get_all_descriptions,
    async_validate_trigger_config,
)
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import yaml

from custom_components.antminer_monitor import trigger
from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.rig import Pool, PoolStatus, Status
from custom_components.antminer_monitor.rig_targets import async_rigs_of_target
from custom_components.antminer_monitor.source import SourceError
from simulator import Fault

from .automations import Told, automate, telling
from .common import NOON, FarmMaker, miners_of, pass_time, setup_site
from .farms import Farm, device_of, entity_of, farm_rig, poll, setup_farms
from .rigs import board

POLL = 46.0
"""Seconds within which every miner is asked once, and none twice."""
SETTLE = 1.5
"""Seconds after which a change of the registries is heeded."""

PACKAGE = Path(trigger.__file__).parent
NORTH = ("north-0", "north-1", "north-2")

pytestmark = pytest.mark.usefixtures("noon")


def on(key: str, target: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Describe a trigger."""
    return {
        "trigger": f"{DOMAIN}.{key}",
        "target": dict(target),
        "options": options,
    }


def names(told: Told) -> list[str]:
    """Give the rigs of what was told since the last time."""
    return [item["rig_id"] for item in told.take()]


class House:
    """A house with a farm of three rigs that are well, and one of one rig."""

    def __init__(
        self, hass: HomeAssistant, entry: MockConfigEntry, north: Farm, south: Farm
    ) -> None:
        """Keep what there is."""
        self.hass = hass
        self.entry = entry
        self.north = north
        self.south = south
        self.told = Told(hass)

    def device(self, identifier: str) -> str:
        """Give the id of a device."""
        return device_of(self.hass, self.entry, identifier)

    async def change(self, rig_id: str, **changes: Any) -> list[str]:
        """Let something of a rig be different, read it, and give the rigs that were told of."""
        farm = self.north if rig_id in self.north.rigs else self.south
        farm.change(rig_id, **changes)
        await poll(self.hass)
        return names(self.told)


HOT = {"boards": (board(1, chip_temperature=120.0),)}
WELL = {"boards": (board(1), board(2))}


@pytest.fixture
async def house(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> House:
    """Set up two farms."""
    well = {**WELL, "hashrate": 100e12, "hashrate_nominal": 100e12, "uptime": 7200.0}
    pools = (
        Pool(index=0, url="stratum+tcp://me@a.example:1", status=PoolStatus.ALIVE),
        Pool(index=1, url="stratum+tcp://b.example:2", status=PoolStatus.ALIVE),
    )
    north = Farm("north", *(farm_rig(item, pools=pools, **well) for item in NORTH))
    south = Farm("south", farm_rig("south-0", pools=pools, **well))
    entry = await setup_farms(hass, monkeypatch, north, south)
    return House(hass, entry, north, south)


# --- files ---------------------------------------------------------------------------------


async def test_descriptions(hass: HomeAssistant, house: House) -> None:
    """Home Assistant finds a description of every trigger, and of nothing else."""
    await automate(
        hass, telling(on("went_stale", {"device_id": house.device("north-0")}))
    )
    described = {
        key.removeprefix(f"{DOMAIN}."): value
        for key, value in (await async_get_all_descriptions(hass)).items()
        if key.startswith(f"{DOMAIN}.")
    }
    written = yaml.safe_load((PACKAGE / "triggers.yaml").read_text())

    assert described.keys() == written.keys() == trigger.TRIGGERS.keys()
    for key, description in described.items():
        assert description
        (entity,) = description["target"]["entity"]
        assert entity == {"integration": DOMAIN}
        (options,) = (
            value
            for marker, value in trigger.TRIGGERS[key].schema.schema.items()
            if marker == "options"
        )
        assert {str(marker) for marker in options} == description["fields"].keys(), key


async def test_defaults_of_the_editor_are_taken(hass: HomeAssistant) -> None:
    """What the editor puts in at first is what the code takes."""
    for key, description in yaml.safe_load(
        (PACKAGE / "triggers.yaml").read_text()
    ).items():
        options = {
            name: field.get("default", {"minutes": 5})
            for name, field in description["fields"].items()
        }
        (config,) = await async_validate_trigger_config(
            hass,
            [{"platform": f"{DOMAIN}.{key}", "target": {}, "options": options}],
        )
        assert config["options"].keys() == options.keys()


@pytest.mark.parametrize("options", [{"percentage": 0}, {"percentage": 96}, {"x": 1}])
async def test_bad_options(hass: HomeAssistant, options: dict[str, Any]) -> None:
    """They are refused where the automation is written."""
    with pytest.raises(probatio.Invalid):
        await async_validate_trigger_config(
            hass,
            [
                {
                    "platform": f"{DOMAIN}.hashrate_low",
                    "target": {"device_id": "x"},
                    "options": options,
                }
            ],
        )


async def test_offered_for_a_device(
    hass: HomeAssistant, house: House, hass_ws_client: Any
) -> None:
    """The editor offers every trigger for the devices of rigs and of farms."""
    await automate(
        hass, telling(on("went_stale", {"device_id": house.device("north-0")}))
    )
    client = await hass_ws_client()
    for identifier in ("north-0", "north"):
        await client.send_json_auto_id(
            {
                "type": "get_triggers_for_target",
                "target": {"device_id": [house.device(identifier)]},
            }
        )
        offered = (await client.receive_json())["result"]
        assert {f"{DOMAIN}.{key}" for key in trigger.TRIGGERS} <= set(offered)


# --- which rigs ----------------------------------------------------------------------------


async def test_targets(hass: HomeAssistant, house: House) -> None:
    """Devices, areas, floors, labels and entities mean the rigs that they mean to actions."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    floor = fr.async_get(hass).async_create("Ground")
    area = ar.async_get(hass).async_create("Hall", floor_id=floor.floor_id)
    label = lr.async_get(hass).async_create("Night")
    devices.async_update_device(house.device("north-1"), area_id=area.id)
    devices.async_update_device(house.device("south"), labels={label.label_id})
    status = entity_of(hass, "sensor", "north-2", "status")
    hashrate = entity_of(hass, "sensor", "north-0", "hashrate")
    entities.async_update_entity(hashrate, labels={label.label_id})
    part = devices.async_get_child_device_by_identifier(
        (DOMAIN, "north-0_board_1"), house.entry.entry_id
    )
    assert part

    def rigs(**target: Any) -> set[str]:
        return set(async_rigs_of_target(hass, TargetSelection(target)))

    assert rigs(device_id=house.device("north-1")) == {"north-1"}
    assert rigs(device_id=[part.id]) == {"north-0"}
    assert rigs(device_id=house.device("south")) == {"south-0"}
    assert rigs(device_id=house.entry.entry_id) == set()
    assert rigs(device_id=house.device(house.entry.entry_id)) == {*NORTH, "south-0"}
    assert rigs(area_id=area.id) == {"north-1"}
    assert rigs(floor_id=floor.floor_id) == {"north-1"}
    assert rigs(label_id=label.label_id) == {"north-0", "south-0"}
    assert rigs(entity_id=status) == {"north-2"}
    assert rigs(entity_id=["binary_sensor.of_others", "sun.sun"]) == set()
    assert rigs() == set()


async def test_what_is_excluded(hass: HomeAssistant, house: House) -> None:
    """From Home Assistant 2026.11 on a target can leave out some of what it names."""
    selection = TargetSelection({"device_id": house.device("north")})

    class Excluding:
        """A selection of that release."""

        exclude = TargetSelection({"device_id": house.device("north-1")})

        def __getattr__(self, name: str) -> object:
            return getattr(selection, name)

    rigs = async_rigs_of_target(hass, Excluding())  # type: ignore[arg-type]  # has all that it has
    assert set(rigs) == {"north-0", "north-2"}


async def test_only_rigs_of_the_target(hass: HomeAssistant, house: House) -> None:
    """Others get hot and nothing is told, nor of sensors of others with the same class."""
    area = ar.async_get(hass).async_create("Hall")
    other = er.async_get(hass).async_get_or_create(
        "binary_sensor", "other", "x", original_device_class="heat"
    )
    er.async_get(hass).async_update_entity(other.entity_id, area_id=area.id)
    dr.async_get(hass).async_update_device(house.device("north-0"), area_id=area.id)
    await automate(hass, telling(on("overheated", {"area_id": area.id})))
    hass.states.async_set(other.entity_id, "off")
    hass.states.async_set(other.entity_id, "on")

    assert await house.change("north-1", **HOT) == []
    assert await house.change("north-0", **HOT) == ["north-0"]


async def test_a_rig_that_joins_the_area_and_leaves_it(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """It is followed from then on, and until then."""
    area = ar.async_get(hass).async_create("Hall")
    await automate(hass, telling(on("overheated", {"area_id": area.id})))
    devices = dr.async_get(hass)
    devices.async_update_device(house.device("north-0"), area_id=area.id)
    await pass_time(hass, freezer, SETTLE)
    assert await house.change("north-0", **HOT) == ["north-0"]

    assert await house.change("north-0", **WELL) == []
    devices.async_update_device(house.device("north-0"), area_id=None)
    await pass_time(hass, freezer, SETTLE)
    assert await house.change("north-0", **HOT) == []


async def test_a_rig_that_is_new_in_the_farm(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """The farm means it too, without a change of the automation."""
    await automate(
        hass, telling(on("overheated", {"device_id": house.device("south")}))
    )
    house.south.rigs["south-1"] = replace(
        house.south.rigs["south-0"], id="south-1", name="New"
    )
    await poll(hass)
    await pass_time(hass, freezer, SETTLE)
    assert await house.change("south-1", **HOT) == ["south-1"]


# --- what is told --------------------------------------------------------------------------


async def test_what_is_told(hass: HomeAssistant, house: House) -> None:
    """Name, ids, and the figure before and now; the name is the one that the user gave."""
    device_id = house.device("north-0")
    await automate(hass, telling(on("overheated", {"device_id": device_id})))
    dr.async_get(hass).async_update_device(device_id, name_by_user="Left")
    house.north.change("north-0", **HOT)
    await poll(hass)
    assert house.told == [
        {
            "name": "Left",
            "device_id": device_id,
            "entity_id": entity_of(hass, "binary_sensor", "north-0", "overheating"),
            "rig_id": "north-0",
            "old": 70.0,
            "new": 120.0,
        }
    ]


async def test_what_templates_can_use(hass: HomeAssistant, house: House) -> None:
    """The entities of the rig, those that show the same of the others, and what it should do."""
    await automate(
        hass,
        {
            **telling(on("hashrate_low", {"device_id": house.device("north")})),
            "actions": [
                {
                    "action": "test.tell",
                    "data": {
                        "status": "{{ trigger.entities['sensor.status'] }}",
                        "unknown": "{{ trigger.entities['sensor.x'] is defined }}",
                        "others": "{{ trigger.target_entities }}",
                        "nominal": "{{ trigger.hashrate_nominal }}",
                    },
                }
            ],
        },
    )
    house.north.change("north-1", hashrate=1e12, algorithm="sha256d")
    await poll(hass)
    assert house.told == [
        {
            "status": entity_of(hass, "sensor", "north-1", "status"),
            "unknown": False,
            "others": [entity_of(hass, "sensor", item, "hashrate") for item in NORTH],
            "nominal": 100.0,
        }
    ]


async def test_without_the_entity(hass: HomeAssistant, house: House) -> None:
    """What is disabled, or was never made, shows nothing and is told of all the same."""
    registry = er.async_get(hass)
    for key in ("overheating", "board_fault"):
        registry.async_remove(entity_of(hass, "binary_sensor", "north-0", key))
    registry.async_update_entity(
        entity_of(hass, "sensor", "north-0", "hashrate"),
        disabled_by=er.RegistryEntryDisabler.USER,
    )
    target = {"device_id": house.device("north-0")}
    await automate(
        hass,
        telling(
            on("overheated", target),
            on("hashrate_low", target),
            on("board_lost", target),
        ),
    )
    house.north.change(
        "north-0", boards=(board(1, chip_temperature=120.0),), boards_expected=2
    )
    house.north.change("north-0", hashrate=10e12)
    await poll(hass)
    stale = entity_of(hass, "binary_sensor", "north-0", "stale")
    assert sorted(
        (item["entity_id"], item["old"], item["new"]) for item in house.told
    ) == sorted([(stale, 70.0, 120.0), (stale, 2, 1), (stale, 100.0, 10.0)])


async def test_a_pool_that_dies(hass: HomeAssistant, house: House) -> None:
    """The pool that is worked for then is told, without its user."""
    await automate(
        hass, telling(on("pool_dead", {"device_id": house.device("north-0")}))
    )
    first, second = house.north.rigs["north-0"].pools
    first = replace(first, status=PoolStatus.DEAD, active=False)
    house.north.change("north-0", pools=(first, replace(second, active=True)))
    await poll(hass)
    (item,) = house.told
    assert (item["old"], item["new"]) == (None, "b.example:2")


# --- once for a real change ----------------------------------------------------------------


async def test_hysteresis(house: House, hass: HomeAssistant) -> None:
    """A hashrate at the threshold is told once; anew after it was 5 % above."""
    target = {"device_id": house.device("north-0")}
    await automate(hass, telling(on("hashrate_low", target, percentage=60)))
    told = [
        await house.change("north-0", hashrate=percentage * 1e12)
        for percentage in (61, 59, 61, 59, 64, 59, 66, 59)
    ]
    assert [bool(item) for item in told] == [
        *(False, True, False, False),
        *(False, False, False, True),
    ]


@pytest.mark.parametrize("status", [Status.SLEEPING, Status.STARTING, Status.OFFLINE])
async def test_a_rig_that_need_not_hash(
    house: House, hass: HomeAssistant, status: Status
) -> None:
    """It is not slow; that it is afterwards is news."""
    target = {"device_id": house.device("north-0")}
    await automate(hass, telling(on("hashrate_low", target)))
    assert await house.change("north-0", hashrate=0.0, status=status) == []
    assert await house.change("north-0", status=Status.RUNNING) == ["north-0"]


async def test_through_a_time_without_knowledge(
    house: House, hass: HomeAssistant
) -> None:
    """What was well, could not be told, and then is not well is news; what stayed so is none."""
    await automate(
        hass, telling(on("overheated", {"device_id": house.device("north-0")}))
    )
    unknown: dict[str, Any] = {"boards": ()}
    assert await house.change("north-0", **unknown) == []
    assert await house.change("north-0", **HOT) == ["north-0"]
    assert await house.change("north-0", **unknown) == []
    assert await house.change("north-0", **HOT) == []


async def test_a_rig_that_is_stale_is_not_hot(
    house: House, hass: HomeAssistant
) -> None:
    """Its figures are old: nothing is told of it until it is seen again."""
    await automate(
        hass, telling(on("overheated", {"device_id": house.device("north-0")}))
    )
    assert await house.change("north-0", seen_at=NOON - timedelta(days=1), **HOT) == []
    assert await house.change("north-0", seen_at=NOON) == ["north-0"]


async def test_what_is_so_at_the_start_is_no_news(
    house: House, hass: HomeAssistant
) -> None:
    """Neither when the automation begins, nor when the entry loads anew."""
    await house.change("north-0", **HOT)
    await automate(
        hass, telling(on("overheated", {"device_id": house.device("north-0")}))
    )
    assert await house.change("north-0", hashrate=1.0) == []
    await hass.config_entries.async_reload(house.entry.entry_id)
    await poll(hass)
    assert names(house.told) == []

    assert await house.change("north-0", **WELL) == []
    assert await house.change("north-0", **HOT) == ["north-0"]


async def test_an_entry_that_is_not_loaded(house: House, hass: HomeAssistant) -> None:
    """There is nothing to fire for, and the automation follows the entry when it is back."""
    assert await hass.config_entries.async_unload(house.entry.entry_id)
    entity_id = entity_of(hass, "binary_sensor", "north-0", "stale")
    await automate(
        hass,
        telling(
            on("overheated", {"device_id": house.device("north-0")}),
            on("went_stale", {"entity_id": entity_id}),
        ),
    )
    assert house.told == []
    assert await hass.config_entries.async_setup(house.entry.entry_id)
    await poll(hass)
    assert house.told == []
    assert await house.change("north-0", **HOT) == ["north-0"]


async def test_nothing_is_left_behind(
    house: House, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """An automation that is off hears nothing, and nobody is told of changes for it."""
    coordinator = house.entry.runtime_data.coordinators["north"]
    before = len(coordinator._listeners)
    await automate(
        hass,
        telling(on("overheated", {"device_id": house.device("north")}, **{"for": 60})),
    )
    assert len(coordinator._listeners) == before + len(NORTH)
    registry = dr.async_get(hass)
    registry.async_update_device(house.device("north-1"), name_by_user="Right")
    MockConfigEntry(domain="other").add_to_hass(hass)
    await house.change("north-0", **HOT)
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.tell"}, blocking=True
    )
    assert len(coordinator._listeners) == before
    await pass_time(hass, freezer, 61)
    assert len(coordinator._listeners) == before
    assert house.told == []


# --- stale ---------------------------------------------------------------------------------


async def test_stale_and_back(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """A miner that is off: each is told once, with when it was seen; others are not told of."""
    miners = await farm("s9", "s19pro_2022")
    entry = await setup_site(hass, miners)
    told = Told(hass)
    first, second = miners_of(entry)
    target = {"device_id": device_of(hass, entry, entry.entry_id)}
    await automate(hass, telling(on("went_stale", target), on("came_back", target)))
    seen = entry.runtime_data.coordinator_of(first.subentry_id).last_seen(
        first.subentry_id
    )
    miners[0].set_fault(Fault.REFUSE)
    for _ in range(4):
        await pass_time(hass, freezer, POLL)
    (item,) = told.take()
    assert item["rig_id"] == first.subentry_id
    assert item["name"] == first.title
    assert item["entity_id"] == entity_of(
        hass, "binary_sensor", first.subentry_id, "stale"
    )
    assert item["new"] == seen.isoformat()

    miners[0].clear()
    for _ in range(2):
        await pass_time(hass, freezer, POLL)
    (item,) = told.take()
    assert (item["rig_id"], item["old"]) == (first.subentry_id, seen.isoformat())
    assert item["new"] > seen.isoformat()

    await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, freezer, POLL)
    assert told == []
    miners[1].set_fault(Fault.REFUSE)
    for _ in range(4):
        await pass_time(hass, freezer, POLL)
    assert names(told) == [second.subentry_id]


async def test_a_first_reading_is_no_return(
    hass: HomeAssistant, farm: FarmMaker, freezer: FrozenDateTimeFactory
) -> None:
    """What was not read yet in this run is neither stale nor back, though *Stale* is on."""
    miners = await farm("s9")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    target = {"device_id": device_of(hass, entry, subentry.subentry_id)}
    told = Told(hass)
    await automate(hass, telling(on("went_stale", target), on("came_back", target)))
    coordinator = entry.runtime_data.coordinators[subentry.subentry_id]
    coordinator._stale.rig_ids.add(subentry.subentry_id)
    coordinator.async_update_listeners()
    assert names(told) == []
    await pass_time(hass, freezer, POLL)
    assert names(told) == []

    # Once an attempt failed, it is known.
    coordinator._stale.rig_ids.add(subentry.subentry_id)
    coordinator._failed(SourceError("connection refused"))
    await hass.async_block_till_done()
    assert names(told) == [subentry.subentry_id]


async def test_a_rig_that_restarts_as_told(house: House, hass: HomeAssistant) -> None:
    """It is silent for a while as it must be, and that it is back is no news."""
    target = {"device_id": house.device("north-0")}
    await automate(hass, telling(on("went_stale", target), on("came_back", target)))
    coordinator = house.entry.runtime_data.coordinators["north"]
    coordinator.async_expect("north-0", is_expected=True)
    assert await house.change("north-0", seen_at=NOON - timedelta(days=1)) == []
    coordinator.async_expect("north-0", is_expected=False)
    await hass.async_block_till_done()
    assert names(house.told) == ["north-0"]


async def test_stale_in_a_farm(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """A rig of which its farm tells nothing new."""
    target = {"device_id": house.device("north")}
    await automate(hass, telling(on("went_stale", target), on("came_back", target)))
    seen = house.entry.runtime_data.coordinators["north"].last_seen("north-1")
    assert await house.change("north-1", seen_at=seen) == []
    freezer.tick(3 * 3600 + 1)
    await poll(hass)
    assert names(house.told) == ["north-1"]
    await poll(hass)
    assert names(house.told) == []
    assert await house.change(
        "north-1", seen_at=house.north.rigs["north-0"].seen_at
    ) == ["north-1"]


# --- for, and how many ---------------------------------------------------------------------


async def test_for(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """It is told when it stayed so, and not if it did not."""
    target = {"device_id": house.device("north")}
    await automate(hass, telling(on("overheated", target, **{"for": {"minutes": 5}})))
    await house.change("north-0", **HOT)
    await house.change("north-1", **HOT)
    await pass_time(hass, freezer, 240)
    await house.change("north-0", **WELL)
    await pass_time(hass, freezer, 61)
    assert names(house.told) == ["north-1"]

    await house.change("north-0", **HOT)
    await pass_time(hass, freezer, 200)
    await house.change("north-0", boards=())
    await pass_time(hass, freezer, 200)
    assert names(house.told) == []


async def test_not_again_for_the_same(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """A rig that was told of is not told of again for a while; others are."""
    target = {"device_id": house.device("north")}
    await automate(hass, telling(on("overheated", target, pause={"minutes": 10})))
    assert await house.change("north-0", **HOT) == ["north-0"]
    await house.change("north-0", **WELL)
    freezer.tick(599)
    assert await house.change("north-0", **HOT) == []
    assert await house.change("north-1", **HOT) == ["north-1"]
    await house.change("north-0", **WELL)
    freezer.tick(1)
    assert await house.change("north-0", **HOT) == ["north-0"]


async def test_for_of_one_that_joins_the_others(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """The time begins anew when one of which nothing was known is so too."""
    target = {"device_id": house.device("north")}
    await automate(
        hass,
        telling(on("overheated", target, behavior="all", **{"for": {"minutes": 5}})),
    )
    await house.change("north-2", boards=())
    await house.change("north-0", **HOT)
    await house.change("north-1", **HOT)
    await pass_time(hass, freezer, 200)
    await house.change("north-2", **HOT)
    await pass_time(hass, freezer, 200)
    assert names(house.told) == []
    await pass_time(hass, freezer, 101)
    assert names(house.told) == ["north-2"]


async def test_for_and_a_rig_that_leaves(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """Nothing is told of a rig that is no longer meant."""
    area = ar.async_get(hass).async_create("Hall")
    device_id = house.device("north-0")
    devices = dr.async_get(hass)
    devices.async_update_device(device_id, area_id=area.id)
    await automate(
        hass, telling(on("overheated", {"area_id": area.id}, **{"for": {"minutes": 5}}))
    )
    await house.change("north-0", **HOT)
    devices.async_update_device(device_id, area_id=None)
    await pass_time(hass, freezer, SETTLE)
    await pass_time(hass, freezer, 400)
    assert house.told == []


async def test_each_first_all(hass: HomeAssistant, house: House) -> None:
    """For every one, for the first of them, and when the last joined the others."""
    target = {"device_id": house.device("north")}
    await automate(
        hass,
        *(
            {
                **telling(on("overheated", target, behavior=behavior)),
                "actions": [
                    {"action": "test.tell", "data": {"rig_id": behavior}},
                ],
            }
            for behavior in ("each", "first", "all")
        ),
    )
    assert await house.change("north-0", **HOT) == ["each", "first"]
    assert await house.change("north-1", **HOT) == ["each"]
    assert await house.change("north-2", **HOT) == ["each", "all"]
    for rig_id in NORTH:
        assert await house.change(rig_id, **WELL) == []
    # Of whom nothing is known nobody waits for.
    await house.change("north-2", boards=())
    assert await house.change("north-0", **HOT) == ["each", "first"]
    assert await house.change("north-1", **HOT) == ["each", "all"]


@pytest.mark.parametrize("behavior", ["first", "all"])
async def test_for_of_several(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory, behavior: str
) -> None:
    """The time goes on while another is so, or ends when one no longer is."""
    target = {"device_id": house.device("north")}
    await automate(
        hass,
        telling(on("overheated", target, behavior=behavior, **{"for": {"minutes": 5}})),
    )
    for rig_id in NORTH:
        await house.change(rig_id, **HOT)
    await pass_time(hass, freezer, 200)
    await house.change("north-0", **WELL)
    await pass_time(hass, freezer, 101)
    assert bool(names(house.told)) is (behavior == "first")
    for rig_id in NORTH:
        await house.change(rig_id, **WELL)
    await house.change("north-0", **HOT)
    for rig_id in NORTH:
        await house.change(rig_id, **WELL)
    await pass_time(hass, freezer, 400)
    assert names(house.told) == []


# --- real miners ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "condition"),
    [
        ("overheated", {"ambient": 60.0}),
        ("board_lost", {"missing_board": 1}),
        ("pool_dead", {"pool_dead": True}),
        ("hashrate_low", {"missing_board": 1}),
    ],
)
async def test_real_miners(
    hass: HomeAssistant,
    farm: FarmMaker,
    freezer: FrozenDateTimeFactory,
    key: str,
    condition: dict[str, Any],
) -> None:
    """What befalls one of two miners is told once, of that one."""
    miners = await farm("s19pro_2022", "s19pro_2022")
    entry = await setup_site(hass, miners)
    told = Told(hass)
    subentry = miners_of(entry)[1]
    target = {"device_id": device_of(hass, entry, entry.entry_id)}
    await automate(hass, telling(on(key, target)))
    await pass_time(hass, freezer, POLL)
    assert told == []
    miners[1].condition(**condition)
    for _ in range(3):
        await pass_time(hass, freezer, POLL)
    assert names(told) == [subentry.subentry_id]
