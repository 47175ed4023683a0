"""Antminers that are told what to do, from an entity to the wire and back."""

from typing import Any

from homeassistant.const import CONF_PASSWORD, CONF_USERNAME, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.antminer.control.control import MinerControl
from custom_components.antminer_monitor.command import Action, Command, Result
from custom_components.antminer_monitor.const import DOMAIN

from .common import FarmMaker, by_key, miners_of, settle, setup_site, state_of

LOGIN = {CONF_USERNAME: "root", CONF_PASSWORD: "root"}


async def read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Read every miner again."""
    for coordinator in entry.runtime_data.coordinators.values():
        coordinator.source._besides._web_at = None
        await coordinator.async_refresh()
    await settle_soon(hass)


async def settle_soon(hass: HomeAssistant) -> None:
    """Let what is due be done, not what waits for the miner."""
    await hass.async_block_till_done()


async def turn(hass: HomeAssistant, entity_id: str, service: str) -> None:
    """Turn a switch."""
    await hass.services.async_call(
        "switch", service, {"entity_id": entity_id}, blocking=True
    )


async def test_sleep_and_wake(
    hass: HomeAssistant, hass_storage: dict[str, Any], farm: FarmMaker
) -> None:
    """It sleeps; what it did before is kept over a restart, and comes back with it."""
    miners = await farm("s19pro_2022", web=True)
    entry = await setup_site(hass, miners, data=LOGIN)
    (subentry,) = miners_of(entry)
    switch = by_key(hass, subentry)["mining"]
    await turn(hass, switch, "turn_off")
    await read(hass, entry)
    assert state_of(hass, subentry, "status").state == "sleeping"
    assert state_of(hass, subentry, "mining").state == STATE_OFF

    assert await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    assert stored["notes"] == {subentry.subentry_id: {"text": "0"}}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await turn(hass, switch, "turn_on")
    await read(hass, entry)
    assert state_of(hass, subentry, "mining").state == STATE_ON
    assert state_of(hass, subentry, "status").state in ("starting", "running")
    memory = entry.runtime_data.memory
    assert memory.note_of(subentry.subentry_id) is None


async def test_no_login_no_control(hass: HomeAssistant, farm: FarmMaker) -> None:
    """What needs a login is not offered without; nor with one that is refused."""
    for data in ({}, LOGIN | {CONF_PASSWORD: "wrong"}):
        miners = await farm("s19pro_2022", web=True)
        entry = await setup_site(hass, miners, data=data)
        (subentry,) = miners_of(entry)
        (coordinator,) = entry.runtime_data.coordinators.values()
        assert coordinator.data[subentry.subentry_id].commands == ()
        assert "mining" not in by_key(hass, subentry)


async def test_no_login_needed(hass: HomeAssistant, farm: FarmMaker) -> None:
    """LuxOS asks for none."""
    miners = await farm("luxos")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    await hass.services.async_call(
        "button",
        "press",
        {"entity_id": by_key(hass, subentry)["locate"]},
        blocking=True,
    )
    assert miners[0].locating


async def test_failure_names_miner_and_reason(
    hass: HomeAssistant, farm: FarmMaker
) -> None:
    """Who asked is told which miner did not do it, and why."""
    miners = await farm("luxos")
    entry = await setup_site(hass, miners)
    (subentry,) = miners_of(entry)
    await miners[0].stop()
    with pytest.raises(HomeAssistantError) as failed:
        await turn(hass, by_key(hass, subentry)["mining"], "turn_off")
    assert failed.value.translation_placeholders
    assert failed.value.translation_placeholders["rig"] == subentry.title
    assert "refused" in failed.value.translation_placeholders["reason"]


async def test_never_read() -> None:
    """Nothing can be told to a miner of which nothing is known."""
    outcome = await MinerControl("10.0.0.1:4028").execute(
        Command(action=Action.REBOOT), "rig"
    )
    assert outcome.result is Result.FAILED
    assert outcome.error == "10.0.0.1:4028: it was not read yet"


async def test_firmware_without_control(hass: HomeAssistant, farm: FarmMaker) -> None:
    """It is read, and says that nothing else is known of it."""
    entry = await setup_site(hass, await farm("s9_hiveon", web=True), data=LOGIN)
    (coordinator,) = entry.runtime_data.coordinators.values()
    (rig,) = coordinator.data.values()
    assert rig.commands == ()
    (outcome,) = await coordinator.source.execute(
        Command(action=Action.REBOOT), [rig.id]
    )
    assert outcome.result is Result.FAILED
    assert "firmware" in (outcome.error or "")
