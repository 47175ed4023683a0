"""The devices of rigs and sites."""

import asyncio
from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.const import DOMAIN, SUBENTRY_MINER
from custom_components.antminer_monitor.coordinator import Origin, RigCoordinator
from custom_components.antminer_monitor.devices import (
    async_register_fleet,
    async_register_rig,
    web_page_of,
)
from custom_components.antminer_monitor.pacing import Pacing
from custom_components.antminer_monitor.rig import Firmware, Rig

from .rigs import rig
from .sources import ScriptedSource


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Give a site with its fleet device."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Hall",
        subentries_data=[
            {
                "subentry_type": SUBENTRY_MINER,
                "subentry_id": "rack3",
                "title": "Rack 3",
                "unique_id": "rack3",
                "data": {},
            }
        ],
    )
    entry.add_to_hass(hass)
    async_register_fleet(hass, entry, entry.entry_id, entry.title, model="Site")
    return entry


async def register(
    hass: HomeAssistant, entry: MockConfigEntry, known: Rig | None
) -> dr.DeviceEntry:
    """Register a rig and give its device."""
    coordinator = RigCoordinator(
        hass,
        entry,
        ScriptedSource(rig),
        Pacing(
            interval=timedelta(seconds=30),
            stale_after=timedelta(seconds=90),
            phase=0.0,
            slots=asyncio.Semaphore(1),
        ),
        Origin(
            device_id=entry.entry_id,
            subentry_id="rack3",
            manufacturer="Bitmain",
            url=lambda _, known: web_page_of(known),
        ),
        name="Rack 3",
        rig_ids=("rig",),
        remembered={"rig": known} if known else None,
    )
    async_register_rig(coordinator, "rig")
    await coordinator.async_shutdown()
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, "rig"), entry.entry_id
    )
    assert device is not None
    return device


async def test_a_rig(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A device is called as its owner calls it and says what the rig says of itself."""
    device = await register(hass, entry, rig(serial="SN1"))

    assert device.name == "Rack 3"
    assert device.manufacturer == "Bitmain"
    assert device.model == "Antminer S19 Pro"
    assert device.serial_number == "SN1"
    assert device.sw_version == "stock 2022-12-06"
    assert device.configuration_url == "http://192.168.1.10"
    assert device.connections == {(dr.CONNECTION_NETWORK_MAC, "02:50:53:09:da:d9")}
    fleet = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, entry.entry_id), entry.entry_id
    )
    assert fleet is not None
    assert device.via_device_id == fleet.id


async def test_a_rig_that_says_little(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """What is not known is left open; an IPv6 address makes a URL all the same."""
    device = await register(
        hass,
        entry,
        rig(
            manufacturer=None,
            model=None,
            mac=None,
            ip="fd00::10",
            firmware=Firmware(family="stock"),
        ),
    )

    assert device.manufacturer == "Bitmain"
    assert device.model is None
    assert device.sw_version == "stock"
    assert device.configuration_url == "http://[fd00::10]"
    assert device.connections == set()


async def test_what_is_no_longer_said_stays(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A lost web login does not empty the device page; a new firmware changes it."""
    await register(hass, entry, rig(serial="SN1"))
    device = await register(
        hass,
        entry,
        rig(serial=None, mac=None, firmware=Firmware(family="vnish", version="1.2.7")),
    )

    assert device.serial_number == "SN1"
    assert device.connections == {(dr.CONNECTION_NETWORK_MAC, "02:50:53:09:da:d9")}
    assert device.sw_version == "vnish 1.2.7"


async def test_unknown_firmware(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A rig whose firmware is not known shows none."""
    device = await register(hass, entry, rig(firmware=None))

    assert device.sw_version is None


async def test_never_read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A rig that was never read has a device with a name."""
    device = await register(hass, entry, None)

    assert device.name == "Rack 3"
    assert device.model is None
    assert dt_util.utcnow() >= device.created_at
