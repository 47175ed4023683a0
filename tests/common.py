"""Sites of simulated miners for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from random import randrange
from typing import Any, Protocol

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.antminer_monitor import search
from custom_components.antminer_monitor.const import (
    CONF_KIND,
    DOMAIN,
    KIND_SITE,
    SUBENTRY_MINER,
)
from simulator import Fault, SimulatedMiner
from simulator.identity import mac_address


class Miners(list[SimulatedMiner]):
    """The miners of a farm in which each has a loopback address, and all one port."""

    @property
    def port(self) -> int:
        """The port of all."""
        return self[0].port

    @property
    def range(self) -> str:
        """All addresses, as a person types them."""
        return "\n".join(miner.host for miner in self)

    def mac(self, index: int) -> str:
        """The MAC of one, as Home Assistant writes it."""
        return mac_of(self[index])

    def set_fault(self, fault: Fault) -> None:
        """Let a fault befall all."""
        for miner in self:
            miner.set_fault(fault)

    def heal(self) -> None:
        """End all faults."""
        for miner in self:
            miner.clear()


class FarmMaker(Protocol):
    """Starts simulated miners."""

    async def __call__(
        self,
        *profiles: str,
        web: bool = False,
        twin_of: Miners | None = None,
    ) -> Miners:
        """Start a miner of each profile; a twin has its other's MAC and another address."""


def mac_of(miner: SimulatedMiner) -> str:
    """Give a miner's MAC as Home Assistant writes it."""
    return mac_address(miner.model.seed, miner.model.index).lower()


def free_base_port() -> int:
    """Give a port that is likely to be free on every loopback address."""
    return randrange(20_000, 32_000)


def miners_of(entry: ConfigEntry) -> list[ConfigSubentry]:
    """Give the miners of a site."""
    return list(entry.get_subentries_of_type(SUBENTRY_MINER))


async def settle(hass: HomeAssistant) -> None:
    """Let everything that was started end."""
    await hass.async_block_till_done(wait_background_tasks=True)


def make_site(
    miners: list[SimulatedMiner],
    *,
    data: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    mac: str | None = None,
    macs: bool = False,
) -> MockConfigEntry:
    """Describe a site of these miners; ``extra`` is each miner's own data."""

    def subentry(miner: SimulatedMiner) -> dict[str, Any]:
        known = mac_of(miner) if macs else mac
        address = search._short(miner.host, miner.port)
        return {
            "subentry_type": SUBENTRY_MINER,
            "title": f"{miner.profile.model} {address}",
            "unique_id": known or f"{miner.host}:{miner.port}",
            "data": {
                CONF_HOST: miner.host,
                CONF_PORT: miner.port,
                **({CONF_MAC: known} if known else {}),
                **(extra or {}),
            },
        }

    return MockConfigEntry(
        domain=DOMAIN,
        title="Hall 1",
        data={CONF_KIND: KIND_SITE, **(data or {})},
        options=dict(options or {}),
        subentries_data=[subentry(miner) for miner in miners],
    )


async def setup_site(
    hass: HomeAssistant, miners: list[SimulatedMiner], **given: Any
) -> MockConfigEntry:
    """Set up a site of these miners, and wait until each was asked once."""
    entry = make_site(miners, **given)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    return entry


def by_key(
    hass: HomeAssistant, owner: ConfigSubentry | ConfigEntry, *, disabled: bool = False
) -> dict[str, str]:
    """Give the entity ids of a miner, or of a site's fleet device, by unique id without owner.

    Where a select has the key of a sensor, it is the sensor: which platform is set up first is chance.
    """
    owner_id = (
        owner.subentry_id if isinstance(owner, ConfigSubentry) else owner.entry_id
    )
    return {
        item.unique_id.removeprefix(f"{owner_id}_"): item.entity_id
        for item in sorted(
            er.async_get(hass).entities.values(),
            key=lambda item: item.domain == "sensor",
        )
        if item.platform == DOMAIN
        and item.unique_id.startswith(f"{owner_id}_")
        and (disabled or not item.disabled)
    }


def state_of(
    hass: HomeAssistant, owner: ConfigSubentry | ConfigEntry, key: str
) -> State:
    """Give the state of one entity of a miner or of a site."""
    state = hass.states.get(by_key(hass, owner)[key])
    assert state is not None, key
    return state


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    """Let time pass, and everything happen that is due in it."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await settle(hass)


NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""When the tests begin that compare figures: see the fixture ``noon``."""


def make_named_site(
    miners: list[SimulatedMiner],
    *,
    data: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> MockConfigEntry:
    """Describe a site whose ids and names are the same in every run, whatever its ports."""

    def subentry(place: int, miner: SimulatedMiner) -> dict[str, Any]:
        return {
            "subentry_type": SUBENTRY_MINER,
            "subentry_id": f"miner{place}",
            "title": f"Miner {place}",
            "unique_id": f"miner{place}",
            "data": {CONF_HOST: miner.host, CONF_PORT: miner.port},
        }

    return MockConfigEntry(
        domain=DOMAIN,
        entry_id="hall",
        title="Hall 1",
        data={CONF_KIND: KIND_SITE, **(data or {})},
        options=dict(options or {}),
        subentries_data=[subentry(*item) for item in enumerate(miners, 1)],
    )
