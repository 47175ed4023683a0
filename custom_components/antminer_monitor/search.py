"""Finding miners for the config flows: what is there, and what is configured already."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry, ConfigSubentryData
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT
from homeassistant.core import HomeAssistant, callback

from .antminer.cgminer import DEFAULT_PORT
from .antminer.discovery import scan
from .antminer.web import Credentials
from .const import CONF_KIND, DOMAIN, KIND_SITE, SUBENTRY_MINER
from .miner_source import async_make_source
from .registry import async_registry
from .rig import Rig
from .units import rate_unit, significant

IDENTIFY_TIMEOUT = 5.0
"""Seconds for one exchange with a miner while a person waits."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A miner that could be added."""

    host: str
    port: int
    rig: Rig | None = None
    """As it was read; None if it could not be."""
    credentials_refused: bool = False

    @property
    def key(self) -> str:
        """Tell it from the others of one search."""
        return address_key(self.host, self.port)

    @property
    def title(self) -> str:
        """What it is called until its owner calls it something else."""
        model = self.rig.model if self.rig else None
        return f"{model or 'Antminer'} {_short(self.host, self.port)}"

    @property
    def label(self) -> str:
        """A line for a list to choose from: model, hashrate, address."""
        rig = self.rig
        parts = [(rig.model if rig else None) or "Antminer"]
        if rig and rig.hashrate is not None:
            unit = rate_unit(rig)
            parts.append(f"{significant(rig.hashrate / unit.scale, 3):g} {unit.symbol}")
        parts.append(_short(self.host, self.port))
        return " · ".join(parts)

    def as_subentry(self, **extra: str) -> ConfigSubentryData:
        """Give the subentry that stands for it; ``extra`` are its own credentials."""
        mac = self.rig.mac if self.rig else None
        data: dict[str, Any] = {CONF_HOST: self.host, CONF_PORT: self.port, **extra}
        if mac:
            data[CONF_MAC] = mac
        return ConfigSubentryData(
            data=data,
            subentry_type=SUBENTRY_MINER,
            title=self.title,
            unique_id=mac or self.key,
        )


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found."""

    new: tuple[Candidate, ...]
    known: int
    """Miners found that are configured already."""
    unreadable: tuple[tuple[str, str], ...]
    """Addresses at which something listens that could not be read, each with the reason."""


def address_key(host: str, port: int) -> str:
    """Give an address as one text: the unique id of a miner whose MAC is not known."""
    return f"{host}:{port}"


def title_at(subentry: ConfigSubentry, host: str, port: int) -> str:
    """Give a miner's title at another address: an address in it follows, other words stay."""
    old = subentry.data[CONF_HOST], subentry.data.get(CONF_PORT, DEFAULT_PORT)
    return subentry.title.replace(_short(*old), _short(host, port))


def _short(host: str, port: int) -> str:
    return address_key(host, port).removesuffix(f":{DEFAULT_PORT}")


@callback
def async_sites(hass: HomeAssistant) -> list[ConfigEntry]:
    """Give the entries that are sites."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if entry.data.get(CONF_KIND) == KIND_SITE
    ]


@callback
def async_miners(hass: HomeAssistant) -> Iterator[tuple[ConfigEntry, ConfigSubentry]]:
    """Give every miner that is configured, each with its site."""
    for entry in async_sites(hass):
        for subentry in entry.get_subentries_of_type(SUBENTRY_MINER):
            yield entry, subentry


@callback
def async_find_miner(
    hass: HomeAssistant, *, mac: str | None, host: str, port: int
) -> tuple[ConfigEntry, ConfigSubentry] | None:
    """Find the configured miner that this is: by its MAC, or by address where one of them has none."""
    by_address = None
    for entry, subentry in async_miners(hass):
        known_mac = subentry.data.get(CONF_MAC)
        if mac and known_mac:
            if mac == known_mac:
                return entry, subentry
        elif (subentry.data[CONF_HOST], subentry.data.get(CONF_PORT, DEFAULT_PORT)) == (
            host,
            port,
        ):
            by_address = entry, subentry
    return by_address


async def async_identify(
    hass: HomeAssistant, host: str, port: int, credentials: Credentials | None = None
) -> Candidate:
    """Read one miner. Raises SourceError when it cannot be read."""
    source = async_make_source(
        hass,
        host,
        port,
        timeout=IDENTIFY_TIMEOUT,
        credentials=credentials,
        book=async_registry(hass).book,
    )
    try:
        (rig,) = (await source.read()).rigs
        return Candidate(host, port, rig, source.credentials_refused)
    finally:
        await source.close()


async def async_search(
    hass: HomeAssistant,
    addresses: Sequence[str],
    port: int,
    credentials: Credentials | None,
    on_progress: Callable[[float], None],
) -> SearchResult:
    """Look at every address; miners that are configured already are only counted."""

    async def identify(host: str, port: int) -> Candidate:
        return await async_identify(hass, host, port, credentials)

    result = await scan(addresses, port, identify=identify, on_progress=on_progress)
    new: list[Candidate] = []
    macs: set[str] = set()
    known = 0
    for found in result.found:
        candidate = found.identity
        mac = candidate.rig.mac if candidate.rig else None
        if (
            async_find_miner(hass, mac=mac, host=candidate.host, port=candidate.port)
            or mac in macs
        ):
            known += 1
            continue
        if mac:
            macs.add(mac)
        new.append(candidate)
    return SearchResult(tuple(new), known, result.unreadable)
