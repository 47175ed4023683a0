"""Services: which rigs they mean, what is sent, and what is answered."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.helpers.selector import TargetSelector, selector
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.typing import ConfigType
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import yaml

from custom_components.antminer_monitor import service_targets, services
from custom_components.antminer_monitor.command import Action, Choice, Outcome, Result
from custom_components.antminer_monitor.const import CONF_ALLOW_EXEC, DOMAIN
from custom_components.antminer_monitor.rig import Gpu, Pool

from .farms import (
    Farm,
    commands_told,
    device_of,
    entity_of,
    farm_rig,
    poll,
    results,
    setup_farms,
)

DESCRIPTIONS: dict[str, Any] = yaml.safe_load(
    (Path(services.__file__).parent / "services.yaml").read_text()
)

POOLS = (
    Pool(index=0, url="stratum+tcp://a.example:1", user="me"),
    Pool(index=1, url="stratum+tcp://b.example:2", user="me"),
    Pool(index=2, url="stratum+ssl://b.example:2", user="me"),
)

NORTH = ("north-0", "north-1", "north-2")
SOUTH = ("south-0", "south-1")


@contextmanager
def refused(key: str) -> Iterator[None]:
    """Expect that a call is refused as a whole, for that reason."""
    with pytest.raises(ServiceValidationError) as raised:
        yield
    assert raised.value.translation_key == key


class House:
    """A house with two farms."""

    def __init__(
        self, hass: HomeAssistant, entry: MockConfigEntry, north: Farm, south: Farm
    ) -> None:
        """Keep what there is."""
        self.hass = hass
        self.entry = entry
        self.north = north
        self.south = south

    def device(self, identifier: str) -> str:
        """Give the id of a device."""
        return device_of(self.hass, self.entry, identifier)

    async def call(self, service: str, **data: Any) -> Any:
        """Call a service, and give what it answers."""
        return await self.hass.services.async_call(
            DOMAIN, service, data, blocking=True, return_response=True
        )

    async def told_by(self, **target: Any) -> set[str]:
        """Reboot, and give the rigs that were told to."""
        answer = await self.call("reboot", **target)
        return {item["rig"] for item in answer["rigs"]}


@pytest.fixture
async def house(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> House:
    """Set up two farms, with three rigs and with two."""
    north = Farm("north", *(farm_rig(rig_id) for rig_id in NORTH))
    north.change("north-0", gpus=(Gpu(index=3, name="RTX", hashrate=1e8, power=100.0),))
    south = Farm(
        "south",
        *(
            farm_rig(
                rig_id,
                pools=POOLS,
                power_target_least=1200.0,
                power_target_most=3600.0,
            )
            for rig_id in SOUTH
        ),
    )
    entry = await setup_farms(
        hass, monkeypatch, north, south, options={CONF_ALLOW_EXEC: True}
    )
    return House(hass, entry, north, south)


# Which rigs are meant.


async def test_by_device(house: House) -> None:
    """A device means its rig, that of a part too."""
    assert await house.told_by(device_id=house.device("south-1")) == {"south-1"}
    registry = dr.async_get(house.hass)
    gpu = registry.async_get_child_device_by_identifier(
        (DOMAIN, "north-0_gpu_3"), house.entry.entry_id
    )
    assert gpu
    assert await house.told_by(device_id=[gpu.id]) == {"north-0"}


async def test_by_farm(house: House) -> None:
    """The device of a farm means all its rigs, that of the account all there are."""
    assert await house.told_by(device_id=house.device("south")) == {*SOUTH}
    account = house.device(house.entry.entry_id)
    assert await house.told_by(device_id=account) == {*NORTH, *SOUTH}


async def test_what_is_excluded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Home Assistant 2026.11 on a target can leave out some of what it names."""
    excluded = TargetSelection({"device_id": house.device("south-0")})

    class Excluding(TargetSelection):
        """A selection of that release."""

        def __init__(self, config: ConfigType) -> None:
            """Leave out a rig of a farm that is named."""
            super().__init__(config)
            self.exclude = excluded

    monkeypatch.setattr(service_targets, "TargetSelection", Excluding)
    assert await house.told_by(device_id=house.device("south")) == {"south-1"}
    with refused("no_rigs"):
        await house.call("reboot", device_id=house.device("south-0"))


async def test_order(house: House) -> None:
    """Rigs are told in the order of their farm, whatever the order of the call."""
    await house.call(
        "reboot", device_id=[house.device(rig_id) for rig_id in reversed(NORTH)]
    )
    assert house.north.told == [(Action.REBOOT, None, NORTH)]


async def test_by_entity(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Any entity of a rig means it; that of another integration is passed over, and told in the log."""
    hashrate = entity_of(house.hass, "sensor", "north-1", "hashrate")
    other = er.async_get(house.hass).async_get_or_create("sensor", "other", "x")
    assert await house.told_by(
        entity_id=[hashrate, other.entity_id, "sensor.nowhere"]
    ) == {"north-1"}
    assert other.entity_id in caplog.text
    assert "sensor.nowhere" in caplog.text
    assert f"{hashrate} " not in caplog.text


async def test_by_entity_of_farm(house: House) -> None:
    """An entity of a farm does not mean its rigs."""
    entity_id = entity_of(house.hass, "sensor", "south", "rigs")
    with refused("no_rigs"):
        await house.call("reboot", entity_id=entity_id)


async def test_by_area(house: House) -> None:
    """An area means the rigs in it, not those of a farm whose device is in it."""
    area = ar.async_get(house.hass).async_create("Hall")
    registry = dr.async_get(house.hass)
    for identifier in ("north-2", "south"):
        registry.async_update_device(house.device(identifier), area_id=area.id)
    entity_id = entity_of(house.hass, "switch", "north-1", "mining")
    entities = er.async_get(house.hass)
    entities.async_update_entity(entity_id, area_id=area.id)
    # There may be more in an area than rigs.
    other = MockConfigEntry(domain="other")
    other.add_to_hass(house.hass)
    lamp = registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "south-1")}
    )
    registry.async_update_device(lamp.id, area_id=area.id)
    entities.async_get_or_create("light", "other", "lamp", device_id=lamp.id)
    assert await house.told_by(area_id=area.id) == {"north-1", "north-2"}


async def test_by_label(house: House) -> None:
    """A label means the rigs that have it, and all rigs of a farm that has it."""
    label = lr.async_get(house.hass).async_create("Night")
    registry = dr.async_get(house.hass)
    for identifier in ("north-2", "south"):
        registry.async_update_device(house.device(identifier), labels={label.label_id})
    assert await house.told_by(label_id=label.label_id) == {"north-2", *SOUTH}


@pytest.mark.parametrize(
    "target",
    [
        {"device_id": "nothing"},
        {"entity_id": "sun.sun"},
        {"area_id": "nowhere"},
        {"entity_id": "all"},
        {"entity_id": "none"},
    ],
)
async def test_no_rigs(house: House, target: dict[str, str]) -> None:
    """A target without rigs is an error."""
    with refused("no_rigs"):
        await house.call("reboot", **target)


async def test_no_target(house: House) -> None:
    """A call without a target is not taken."""
    with pytest.raises(probatio.Invalid):
        await house.call("reboot")


async def test_unloaded(house: House) -> None:
    """The rigs of an entry that is not set up cannot be told anything."""
    device = house.device("north-0")
    await house.hass.config_entries.async_unload(house.entry.entry_id)
    with refused("no_rigs"):
        await house.call("reboot", device_id=device)
    assert not house.north.told


# What is sent.


@pytest.mark.parametrize(
    ("service", "data", "action", "value"),
    [
        ("restart_mining", {}, Action.RESTART_MINING, None),
        ("pause_mining", {}, Action.PAUSE_MINING, None),
        ("resume_mining", {}, Action.RESUME_MINING, None),
        ("reboot", {}, Action.REBOOT, None),
        ("shutdown", {}, Action.SHUTDOWN, None),
        ("upgrade", {}, Action.UPGRADE, None),
        ("set_flight_sheet", {"flight_sheet": "ETC"}, Action.SET_FLIGHT_SHEET, "1"),
        ("set_flight_sheet", {"flight_sheet": "etc"}, Action.SET_FLIGHT_SHEET, "1"),
        ("set_flight_sheet", {"flight_sheet": 3}, Action.SET_FLIGHT_SHEET, "3"),
        ("set_overclock", {"overclock": "Hot"}, Action.SET_OVERCLOCK, "8"),
        ("set_power_mode", {"mode": "low"}, Action.SET_POWER_MODE, "low"),
        ("set_power_mode", {"mode": "Normal"}, Action.SET_POWER_MODE, "normal"),
        ("locate", {}, Action.LOCATE, "on"),
        ("locate", {"state": True}, Action.LOCATE, "on"),
        ("locate", {"state": "off"}, Action.LOCATE, "off"),
        ("set_power_target", {"watts": 3000}, Action.SET_POWER_TARGET, "3000"),
        ("set_power_target", {"watts": 3600.0}, Action.SET_POWER_TARGET, "3600"),
        ("switch_pool", {"pool": 2}, Action.SWITCH_POOL, "2"),
        ("switch_pool", {"pool": "A.example:1"}, Action.SWITCH_POOL, "0"),
        ("switch_pool", {"pool": "tcp://x@a.example:1/"}, Action.SWITCH_POOL, "0"),
        ("hiveos_exec", {"command": "uptime"}, Action.EXECUTE, "uptime"),
    ],
)
async def test_sent(
    house: House, service: str, data: dict[str, Any], action: Action, value: str | None
) -> None:
    """Each service sends its command, and answers with what became of it."""
    device = house.device("south-0")
    answer = await house.call(service, device_id=device, **data)
    assert house.south.told == [(action, value, ("south-0",))]
    assert house.south.source.told[0][0].data == {}
    # A light is not seen: what was taken is done.
    result = "done" if action is Action.LOCATE else "sent"
    assert answer == {
        "rigs": [
            {
                "rig": "south-0",
                "name": "South-0",
                "device_id": device,
                "result": result,
                "command_ids": ["1"],
                "error": None,
            }
        ]
    }


async def test_one_choice_of_many(house: House) -> None:
    """A choice is looked for in each rig's own list: it need not have the same id everywhere."""
    house.south.change("south-1", flight_sheets=(Choice(id="9", name="ETC"),))
    house.south.change("south-0", flight_sheets=())
    await poll(house.hass)
    answer = await house.call(
        "set_flight_sheet",
        device_id=house.device(house.entry.entry_id),
        flight_sheet="ETC",
    )
    assert house.north.told == [(Action.SET_FLIGHT_SHEET, "1", NORTH)]
    assert house.south.told == [(Action.SET_FLIGHT_SHEET, "9", ("south-1",))]
    assert [item["error"] for item in answer["rigs"]] == [
        *(None,) * 3,
        "it has no flight sheet ETC",
        None,
    ]


async def test_ambiguous_choice(house: House) -> None:
    """Of two choices with one name none is taken."""
    events = commands_told(house.hass)
    answer = await house.call(
        "set_flight_sheet", device_id=house.device("south-0"), flight_sheet="Kaspa"
    )
    assert "give one of the ids 2, 3" in answer["rigs"][0]["error"]
    assert not house.south.told
    assert results(events) == [("south-0", "set_flight_sheet", "failed")]


@pytest.mark.parametrize(
    ("service", "data", "error"),
    [
        ("switch_pool", {"pool": "b.example:2"}, "give one of the ids 1, 2"),
        ("switch_pool", {"pool": "3"}, "it has no pool 3"),
        ("switch_pool", {"pool": "c.example:1"}, "it has no pool c.example:1"),
        ("set_power_target", {"watts": 1199}, "not be set to less than 1200 W"),
        ("set_power_target", {"watts": 3601}, "not be set to more than 3600 W"),
    ],
)
async def test_out_of_reach(
    house: House, service: str, data: dict[str, Any], error: str
) -> None:
    """What a rig cannot be set to is not sent, and the error says what it can."""
    answer = await house.call(service, device_id=house.device("south-0"), **data)
    assert answer["rigs"][0]["result"] == "failed"
    assert error in answer["rigs"][0]["error"]
    assert not house.south.told


async def test_power_without_limits(house: House) -> None:
    """A rig that does not tell its limits judges by itself."""
    device = house.device("north-0")
    await house.call("set_power_target", device_id=device, watts=1)
    assert house.north.told == [(Action.SET_POWER_TARGET, "1", ("north-0",))]


@pytest.mark.parametrize(
    "data",
    [{"mode": "auto"}, {"mode": "manual", "duty": 0}, {"mode": "manual", "duty": 100}],
)
async def test_fan(house: House, data: dict[str, Any]) -> None:
    """Fans are left to the rig, or get one speed."""
    await house.call("set_fan", device_id=house.device("south-0"), **data)
    ((command, _),) = house.south.source.told
    assert (command.action, command.data) == (Action.SET_FAN, data)


@pytest.mark.parametrize("data", [{"mode": "manual"}, {"mode": "auto", "duty": 50}])
async def test_fan_incomplete(house: House, data: dict[str, Any]) -> None:
    """A speed is needed with the manual mode, and makes no sense with the other."""
    with refused("duty_with_manual"):
        await house.call("set_fan", device_id=house.device("south-0"), **data)
    assert not house.south.told


POOL = {"url": "stratum+tcp://a.example:1", "user": "me.rig1", "password": "x"}


async def test_pools(house: House) -> None:
    """Pools go out whole and in their order; one needs no list, and none needs a password."""
    device = house.device("south-0")
    other = {"url": "b.example:2", "user": "me"}
    await house.call("set_pools", device_id=device, pools=[POOL, other, POOL])
    await house.call("set_pools", device_id=device, pools=POOL)
    assert [
        (command.action, command.data) for command, _ in house.south.source.told
    ] == [
        (Action.SET_POOLS, {"pools": [POOL, {**other, "password": ""}, POOL]}),
        (Action.SET_POOLS, {"pools": [POOL]}),
    ]


@pytest.mark.parametrize(
    "pools",
    [
        [],
        [POOL] * 4,
        "stratum+tcp://a.example:1",
        [{"url": "a.example:1"}],
        [{"user": "me"}],
        [{**POOL, "url": ""}],
        [{**POOL, "user": ""}],
        [{**POOL, "priority": 1}],
        [{**POOL, "user": "u" * 256}],
        *(
            [{**POOL, key: f"hid{character}den"}]
            for key in POOL
            for character in " \n\r\t\0\x7f\"'\\é\u2028"
        ),
        [{**POOL, "password": "hidden\n"}],
    ],
)
async def test_wrong_pools(house: House, pools: object) -> None:
    """What could do harm in a configuration is refused before anything is sent, and not quoted."""
    with pytest.raises(probatio.Invalid) as raised:
        await house.call("set_pools", device_id=house.device("south-0"), pools=pools)
    assert "hid" not in str(raised.value)
    assert not house.south.told


async def test_never_read(hass: HomeAssistant, house: House) -> None:
    """A rig that was never read has no choices, and takes no command."""
    coordinator = house.entry.runtime_data.coordinators["south"]
    coordinator._configured = SOUTH
    coordinator.data.clear()
    for service, data in (("set_power_mode", {"mode": "low"}), ("reboot", {})):
        answer = await house.call(service, device_id=house.device("south-0"), **data)
        assert answer["rigs"][0]["result"] == "failed"
    assert not house.south.told


async def test_wake(house: House) -> None:
    """A rig can be told to power on again."""
    await house.call("shutdown", device_id=house.device("south-0"), wakealarm=True)
    assert house.south.source.told[0][0].data == {"wakealarm": True}


async def test_shutdown_not_listed(house: House) -> None:
    """A rig that does not offer it is never powered off."""
    commands = tuple(action for action in Action if action is not Action.SHUTDOWN)
    house.south.change("south-0", commands=commands)
    await poll(house.hass)
    answer = await house.call("shutdown", device_id=house.device("south"))
    assert [item["result"] for item in answer["rigs"]] == ["failed", "sent"]
    assert house.south.told == [(Action.SHUTDOWN, None, ("south-1",))]


async def test_stagger(house: House) -> None:
    """With a stagger, each rig is told by itself."""
    await house.call("reboot", device_id=house.device("south"), stagger=0.01)
    assert house.south.told == [(Action.REBOOT, None, (rig_id,)) for rig_id in SOUTH]


async def test_area_with_stagger(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rigs of an area come back one by one, whichever farm they are of."""
    area = ar.async_get(house.hass).async_create("Hall")
    for rig_id in ("north-0", "north-2", "south-1"):
        dr.async_get(house.hass).async_update_device(
            house.device(rig_id), area_id=area.id
        )
    told_before: list[int] = []
    sleep = asyncio.sleep

    async def wait(seconds: float) -> None:
        if seconds == 2:
            told_before.append(len(house.north.told) + len(house.south.told))
            seconds = 0
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", wait)
    answer = await house.call("restart_mining", area_id=area.id, stagger=2)
    assert told_before == [1, 2]
    assert house.north.told == [
        (Action.RESTART_MINING, None, ("north-0",)),
        (Action.RESTART_MINING, None, ("north-2",)),
    ]
    assert house.south.told == [(Action.RESTART_MINING, None, ("south-1",))]
    assert [item["result"] for item in answer["rigs"]] == ["sent"] * 3


@pytest.mark.parametrize("stagger", [-1, 601, "soon", float("nan")])
async def test_wrong_stagger(house: House, stagger: object) -> None:
    """A stagger is between none and ten minutes."""
    with pytest.raises(probatio.Invalid):
        await house.call("reboot", device_id=house.device("south"), stagger=stagger)
    assert not house.south.told


# What became of it.


async def test_errors(house: House) -> None:
    """Without a response, a call in which a rig failed is an error that names it and says why; the others are told."""
    house.north.change("north-1", commands=())
    house.north.change("north-2", commands=())
    await poll(house.hass)
    house.south.source.outcomes = (
        Outcome(rig_id="south-0", result=Result.FAILED, error="Farm locked"),
        Outcome(rig_id="south-1", result=Result.SENT),
    )
    with pytest.raises(HomeAssistantError) as raised:
        await house.hass.services.async_call(
            DOMAIN,
            "reboot",
            {"device_id": house.device(house.entry.entry_id)},
            blocking=True,
        )
    assert raised.value.translation_key == "commands_failed"
    assert raised.value.translation_placeholders == {
        "failed": "3",
        "total": "5",
        "reasons": (
            "North-1, North-2: it does not accept reboot now; South-0: Farm locked"
        ),
    }
    assert house.north.told == [(Action.REBOOT, None, ("north-0",))]


async def test_no_errors(house: House) -> None:
    """Without a response, a call in which all went well says nothing."""
    answer = await house.hass.services.async_call(
        DOMAIN, "reboot", {"device_id": house.device("south")}, blocking=True
    )
    assert answer is None
    assert len(house.south.told) == 1


async def test_all_failed(house: House) -> None:
    """With a response, failing is an answer like another."""
    house.south.change("south-0", commands=())
    await poll(house.hass)
    answer = await house.call("reboot", device_id=house.device("south-0"))
    (item,) = answer["rigs"]
    assert (item["result"], item["command_ids"]) == ("failed", [])
    assert item["error"] == "it does not accept reboot now"


# Settings and shell commands of HiveOS.

SETTINGS = {
    "name": "Rig 1",
    "description": "",
    "active": False,
    "tag_ids": [4, 7],
    "tag_update_mode": "add",
    "watchdog": {"enabled": True, "restart_timeout": 5, "options": {"by_miner": []}},
    "options": {"maintenance_mode": 1},
    "autofan": {"enabled": False},
    "miners_config": [{"miner": "lolminer", "config": {}}],
    "hardware_power_draw": 100,
    "psu_efficiency": 92,
}


async def test_update_worker(house: House) -> None:
    """Settings go out as they are given, and no others."""
    await house.call(
        "hiveos_update_worker", device_id=house.device("south-0"), **SETTINGS
    )
    ((command, rig_ids),) = house.south.source.told
    assert rig_ids == ("south-0",)
    assert command.action is Action.UPDATE_SETTINGS
    assert command.data == SETTINGS
    assert command.value is None


async def test_update_workers(house: House) -> None:
    """Many workers are changed together; a single tag needs no list."""
    await house.call(
        "hiveos_update_worker", device_id=house.device("south"), tag_ids="4"
    )
    ((command, rig_ids),) = house.south.source.told
    assert (command.data, rig_ids) == ({"tag_ids": [4]}, SOUTH)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({}, "nothing_to_change"),
        ({"tag_update_mode": "add"}, "nothing_to_change"),
        ({"name": "All alike"}, "one_rig_only"),
        ({"description": "x", "active": True}, "one_rig_only"),
    ],
)
async def test_update_nothing(house: House, data: dict[str, Any], key: str) -> None:
    """A call that changes nothing, or gives many workers one name, is an error."""
    with refused(key):
        await house.call(
            "hiveos_update_worker", device_id=house.device("south"), **data
        )
    assert not house.south.told


@pytest.mark.parametrize(
    "data",
    [
        {"name": ""},
        {"name": "x" * 51},
        {"description": "x" * 256},
        {"active": "perhaps"},
        {"tag_ids": ["blue"]},
        {"tag_ids": [0]},
        {"tag_update_mode": "burn"},
        {"watchdog": "on"},
        {"options": {"x": float("inf")}},
        {"autofan": {"x": object()}},
        {"hardware_power_draw": -1},
        {"psu_efficiency": 0},
        {"password": "secret"},
    ],
)
async def test_wrong_settings(house: House, data: dict[str, Any]) -> None:
    """What is no setting, or cannot be one, is refused before anything is sent."""
    with pytest.raises(probatio.Invalid):
        await house.call(
            "hiveos_update_worker", device_id=house.device("south-0"), **data
        )
    assert not house.south.told


@pytest.mark.parametrize("options", [{}, {CONF_ALLOW_EXEC: False}])
async def test_exec_off(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    house: House,
    options: dict[str, bool],
) -> None:
    """Nothing is run on any rig if one belongs to an entry where it is not switched on."""
    farm = Farm("east", farm_rig("east-0"))
    entry = await setup_farms(hass, monkeypatch, farm, options=options)
    with pytest.raises(ServiceValidationError) as raised:
        await house.call(
            "hiveos_exec",
            device_id=[house.device("south-0"), device_of(hass, entry, "east-0")],
            command="uptime",
        )
    assert raised.value.translation_key == "exec_off"
    assert raised.value.translation_placeholders == {"entries": "Account"}
    assert not house.south.told
    assert not farm.told


async def test_no_secrets(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """What is run, and what settings hold, is neither logged nor told on our event."""
    events = commands_told(house.hass)
    caplog.set_level("DEBUG", "custom_components.antminer_monitor")
    target = {"device_id": house.device("south-0")}
    await house.call("hiveos_exec", command="echo hidden", **target)
    await house.call("hiveos_update_worker", options={"key": "hidden"}, **target)
    house.south.source.outcomes = (
        Outcome(rig_id="south-0", result=Result.FAILED, error="no"),
    )
    await house.call("hiveos_exec", command="echo hidden", **target)
    await house.call("set_pools", pools={**POOL, "password": "hidden"}, **target)
    assert len(events) == 5
    assert "hidden" not in str([event.data for event in events])
    assert not [
        record
        for record in caplog.records
        if record.name.startswith("custom_components")
        and "hidden" in record.getMessage()
    ]


# Descriptions.


async def test_descriptions(house: House) -> None:
    """Every service is described, and offers a response; every field is one of its schema's, with a selector."""
    found = house.hass.services.async_services_for_domain(DOMAIN)
    assert found.keys() == DESCRIPTIONS.keys()
    for name, service in found.items():
        assert service.supports_response is SupportsResponse.OPTIONAL
        description = DESCRIPTIONS[name]
        target = TargetSelector.CONFIG_SCHEMA(description["target"])
        assert target["entity"] == [{"integration": DOMAIN}]
        for field in description["fields"].values():
            assert selector(field["selector"])


async def test_described_fields(house: House) -> None:
    """A service takes the fields that are described and no others; those that are required it misses."""
    samples = {
        **SETTINGS,
        "stagger": 2,
        "wakealarm": True,
        "flight_sheet": "ETC",
        "overclock": "Hot",
        "mode": "low",
        "command": "uptime",
        "state": True,
        "watts": 3000,
        "pool": "1",
        "pools": [POOL],
        "duty": 50,
    }
    described = {
        name: description["fields"] for name, description in DESCRIPTIONS.items()
    }
    assert samples.keys() == set().union(*described.values())
    found = house.hass.services.async_services_for_domain(DOMAIN)
    for name, fields in described.items():
        schema = found[name].schema
        assert schema
        call = {"entity_id": ["a.b"], **{field: samples[field] for field in fields}}
        if name == "set_fan":
            call["mode"] = "manual"
        assert schema(call).keys() == call.keys()
        for field in samples.keys() - fields.keys():
            with pytest.raises(probatio.Invalid):
                schema({**call, field: samples[field]})
        for field in fields:
            rest = {key: value for key, value in call.items() if key != field}
            if fields[field].get("required"):
                with pytest.raises(probatio.Invalid):
                    schema(rest)
            else:
                schema(rest)
