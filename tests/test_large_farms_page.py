"""What the page of large farms says: its settings are accepted, its lists leave out what it says, its limits hold."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
import re

from homeassistant.components.recorder import CONFIG_SCHEMA
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entityfilter import convert_include_exclude_filter
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.allowance import (
    ENTITY_LIMIT,
    MANY_RIGS,
    allowance_of,
    need_of,
)
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN, KIND_HIVEOS
from custom_components.antminer_monitor.rig import Gpu, Host, Rig, Status
from simulator.hive import FarmPlan, HiveService

from .common import FarmMaker, settle, setup_site

PAGE = (Path(__file__).parents[1] / "docs" / "large-farms.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def settings(block: str) -> ConfigType:
    """Give the recorder's settings as Home Assistant takes them; probatio.Invalid where it refuses them."""
    accepted: ConfigType = CONFIG_SCHEMA(parse_yaml(block))["recorder"]
    return accepted


def test_settings_are_accepted() -> None:
    """Every block is what the recorder's own schema takes, and none says nothing."""
    assert len(BLOCKS) == 5
    plain = settings("recorder: {}")
    for block in BLOCKS:
        assert settings(block) != plain, block


@pytest.fixture
async def entity_ids(
    hass: HomeAssistant, farm: FarmMaker, loopback_enabled: None
) -> list[str]:
    """The entities of a site and of a HiveOS account that are enabled by default."""
    await setup_site(hass, await farm("s19jpro_2022", "s9"))
    async with HiveService([FarmPlan(name="North hall", gpu_rigs=1)]) as hive:
        entry = MockConfigEntry(
            domain=DOMAIN,
            title="owner",
            unique_id="hiveos_1001",
            data={
                CONF_KIND: KIND_HIVEOS,
                CONF_TOKEN: hive.token,
                CONF_URL: hive.url,
            },
        )
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
        assert await hass.config_entries.async_unload(entry.entry_id)
    return [
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if entity.platform == DOMAIN and not entity.disabled
    ]


def globs_of(block: str) -> list[str]:
    """Give the patterns of a list; none for a block that has none."""
    globs: list[str] = settings(block)["exclude"]["entity_globs"]
    return globs


def recorded_by(globs: list[str]) -> Callable[[str], bool]:
    """Give the filter that Home Assistant makes of a list."""
    config = settings(f"recorder: {{exclude: {{entity_globs: {globs}}}}}")
    return convert_include_exclude_filter(config).get_filter()


async def test_lists_leave_out_what_they_say(entity_ids: list[str]) -> None:
    """Every pattern finds something of ours that is there by default, and totals and alarms are recorded with all."""
    lists = [globs for globs in map(globs_of, BLOCKS) if globs]
    assert len(lists) == 3
    everything = [pattern for globs in lists for pattern in globs]
    for pattern in everything:
        recorded = recorded_by([pattern])
        assert not all(map(recorded, entity_ids)), pattern
    recorded = recorded_by(everything)
    kept = {entity_id for entity_id in entity_ids if recorded(entity_id)}
    assert {
        "sensor.hall_1_total_power",
        "sensor.hall_1_total_energy",
        "sensor.hall_1_efficiency",
        "sensor.north_hall_total_power",
        "sensor.north_hall_efficiency",
    } <= kept
    assert {item for item in entity_ids if not item.startswith("sensor.")} <= kept
    assert any(item.endswith("_stale") for item in kept)

    cards = recorded_by(lists[0])
    out = [item for item in entity_ids if not cards(item)]
    assert out and all("_gpu_" in item for item in out)
    assert cards("sensor.rig_01_hashrate") and "sensor.rig_01_hashrate" in entity_ids
    assert cards("sensor.rig_01_gpu_temperature")


async def test_most_rows(hass: HomeAssistant, farm: FarmMaker) -> None:
    """A miner that reports everything has as many figures, enabled by default, as the page reckons with."""
    entry = await setup_site(hass, await farm("s19jpro_2022"))
    figures = [
        entity.entity_id
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if entity.domain == "sensor"
        and entity.config_subentry_id
        and not entity.disabled
        and "state_class" in (entity.capabilities or {})
    ]
    found = re.search(r"moves with every reading \| (\d+) \|", PAGE)
    assert found
    assert len(figures) * 1000 // 30 == int(found[1]), figures


def test_limits_of_entities() -> None:
    """The numbers of rigs from which less is enabled are as the page says."""
    rig = partial(Rig, seen_at=None, status=Status.OFFLINE)
    rows = [line for line in PAGE.splitlines() if line.startswith("| up to ")]
    found = re.search(
        r"up to (\d+) Antminers, or (\d+) rigs with eight cards", "\n".join(rows)
    )
    assert found
    antminers, computers = map(int, found.groups())
    rigs = [rig(id=str(number)) for number in range(antminers + 1)]
    assert allowance_of((need_of(rigs[1:]),)) is None
    assert allowance_of((need_of(rigs),)) is not None
    rigs = [
        rig(id=str(number), host=Host(), gpus=tuple(Gpu(index=i) for i in range(8)))
        for number in range(computers + 1)
    ]
    assert allowance_of((need_of(rigs[1:]),)) is None
    assert allowance_of((need_of(rigs),)) is not None
    assert f"{ENTITY_LIMIT:,} enabled entities" in PAGE
    assert f"| {MANY_RIGS:,} and more |" in PAGE
