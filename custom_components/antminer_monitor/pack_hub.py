"""The extension packs that are installed: each is a config subentry, and an extension while it is on."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
import logging
from typing import Any, ClassVar, Final, override

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util.hass_dict import HassKey

from .antminer.apart import Apart
from .antminer.hardware import TABLE, Models
from .antminer.source import AntminerSource
from .const import CONF_KIND, DOMAIN, KIND_PACKS, SUBENTRY_PACK
from .contract import faults_of
from .coordinator import RigCoordinator
from .extension import Extension
from .guard import guard_dialect
from .hub import Hub
from .pack_extension import extension_id_of, load_extension
from .packs.errors import PackError, Problem
from .packs.model import Pack
from .registry import ExtensionError, Registry, async_registry
from .source import SourceError

_LOGGER = logging.getLogger(__name__)

CONF_ENABLED: Final = "enabled"
CONF_FILES: Final = "files"

LOADING = "loading the pack"

MATCH_DEADLINE = 10.0
"""Seconds that rigs may take to tell whether a pack would read them."""
MATCHES_AT_ONCE = 20

_RACK: HassKey[_Rack] = HassKey(f"{DOMAIN}_packs")


@callback
def async_packs_entry(hass: HomeAssistant) -> ConfigEntry | None:
    """Give the entry that holds the packs, if there is one."""
    return next(
        (
            entry
            for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
            if entry.data.get(CONF_KIND) == KIND_PACKS
        ),
        None,
    )


@callback
def async_installed_packs(hass: HomeAssistant) -> dict[str, ConfigSubentry]:
    """Give the packs that are installed, by id, whether they are on or off."""
    entry = async_packs_entry(hass)
    return {
        subentry.unique_id or "": subentry
        for subentry in (entry.get_subentries_of_type(SUBENTRY_PACK) if entry else ())
    }


def files_of(subentry: ConfigSubentry) -> Mapping[str, str]:
    """Give the files of an installed pack.

    Raises PackError where they are not there as they were stored.
    """
    files: object = subentry.data.get(CONF_FILES)
    if isinstance(files, Mapping) and all(
        isinstance(part, str) for item in files.items() for part in item
    ):
        return files
    raise PackError([Problem("it is not stored as a pack is", file=subentry.title)])


@callback
def async_check_names(hass: HomeAssistant, pack: Pack, extension: Extension) -> None:
    """Raise PackError where a pack that is to be added takes what belongs to another extension."""
    registry = async_registry(hass)
    own = extension_id_of(pack.id)
    if pack.id not in async_installed_packs(hass):
        _check_free(registry, own)
    others = [
        other for other_id, other in registry.extensions.items() if other_id != own
    ]
    firmware = {
        dialect.family.casefold(): other.name
        for other in others
        for dialect in other.dialects
    }
    problems = [
        Problem(
            f"{dialect.firmware} is known through {firmware[dialect.firmware.casefold()]}",
            key=f"dialects[{place}].firmware",
        )
        for place, dialect in enumerate(pack.dialects)
        if dialect.firmware.casefold() in firmware
    ]
    problems += [Problem(fault) for fault in faults_of(own, extension, others)]
    if problems:
        raise PackError(problems)


@callback
def async_rigs(hass: HomeAssistant) -> Iterator[tuple[RigCoordinator, AntminerSource]]:
    """Give every rig that is read by dialects now."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        hub: Hub = entry.runtime_data
        for coordinator in hub.coordinators.values():
            if isinstance(coordinator.source, AntminerSource):
                yield coordinator, coordinator.source


async def async_matching_rigs(hass: HomeAssistant, extension: Extension) -> list[str]:
    """Give the names of the rigs that an extension would read, or knows the model of.

    A rig that does not answer in time, or was never read, is not among them.
    """
    apart = Apart()
    dialects = [guard_dialect(dialect, _note, apart) for dialect in extension.dialects]
    taught = Models(extension.models)
    slots = asyncio.Semaphore(MATCHES_AT_ONCE)
    names: list[str] = []

    async def ask(coordinator: RigCoordinator, source: AntminerSource) -> None:
        is_known = any(
            taught.find(rig.model) is not TABLE.find(rig.model)
            for rig in coordinator.data.values()
        )
        if not is_known:
            async with slots:
                try:
                    found = await source.recognised_by(dialects)
                except SourceError:
                    return
            is_known = found is not None
        if is_known:
            names.append(_name_of(coordinator))

    with suppress(TimeoutError):
        async with asyncio.timeout(MATCH_DEADLINE), asyncio.TaskGroup() as group:
            for coordinator, source in async_rigs(hass):
                group.create_task(ask(coordinator, source))
    return sorted(names)


def _note(what: str, error: BaseException | str) -> None:
    """Take note of what goes wrong with a pack that is only looked at."""
    _LOGGER.debug("%s: %s", what, error)


def _name_of(coordinator: RigCoordinator) -> str:
    devices = dr.async_get(coordinator.hass)
    for rig_id in coordinator.rig_ids:
        device = devices.async_get_device_by_identifier(
            (DOMAIN, rig_id), coordinator.config_entry.entry_id
        )
        if device and (name := device.name_by_user or device.name):
            return name
    return coordinator.name


async def async_load_packs(hass: HomeAssistant) -> None:
    """Register the packs before any entry is set up, so that rigs are read by them from the start."""
    entry = async_packs_entry(hass)
    if entry and not entry.disabled_by:
        await _rack(hass).async_follow(entry)


class PackShelf(Hub):
    """Registers the packs of the entry, and follows changes of its subentries. It reads no rigs."""

    default_interval: ClassVar[int] = 3600
    """Without meaning: there is nothing to read."""

    _is_running = True

    @override
    async def _async_begin(self) -> None:
        await self.async_follow_entry()

    @override
    async def async_follow_entry(self) -> None:
        """Register, replace and remove packs as the entry's subentries now say; the others go on."""
        if self._is_running:
            await _rack(self.hass).async_follow(self.entry)

    @override
    async def async_stop(self) -> None:
        """Remove the packs, with all that they added."""
        self._is_running = False
        await _rack(self.hass).async_clear()
        await super().async_stop()


@dataclass(frozen=True, slots=True)
class _Stored:
    """A pack as the entry holds it."""

    subentry_id: str
    files: Any
    """Texts by name; whatever was stored, if somebody changed it."""


@callback
def _rack(hass: HomeAssistant) -> _Rack:
    if _RACK not in hass.data:
        hass.data[_RACK] = _Rack(hass)
    return hass.data[_RACK]


class _Rack:
    """The packs that were taken up, each registered or reported."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._registry = async_registry(hass)
        self._stored: dict[str, _Stored] = {}
        """By pack id."""
        self._remove: dict[str, CALLBACK_TYPE] = {}
        """Of those that are registered."""
        self._lock = asyncio.Lock()

    async def async_follow(self, entry: ConfigEntry) -> None:
        """Have those packs, and no others, that the entry holds and that are on."""
        async with self._lock:
            wanted = {
                subentry.unique_id or subentry.subentry_id: subentry
                for subentry in entry.get_subentries_of_type(SUBENTRY_PACK)
                if subentry.data.get(CONF_ENABLED)
            }
            for pack_id in self._stored.keys() - wanted.keys():
                self._take_down(pack_id)
            for pack_id, subentry in wanted.items():
                stored = _Stored(subentry.subentry_id, subentry.data.get(CONF_FILES))
                if self._stored.get(pack_id) != stored:
                    self._stored[pack_id] = stored
                    await self._async_take_up(pack_id, subentry)

    async def async_clear(self) -> None:
        """Remove every pack."""
        async with self._lock:
            for pack_id in tuple(self._stored):
                self._take_down(pack_id)

    def _take_down(self, pack_id: str) -> None:
        del self._stored[pack_id]
        self._unregister(pack_id)

    def _unregister(self, pack_id: str) -> None:
        if remove := self._remove.pop(pack_id, None):
            remove()
        self._registry.async_clear(extension_id_of(pack_id))

    async def _async_take_up(self, pack_id: str, subentry: ConfigSubentry) -> None:
        """Register a pack; say what is wrong with one that cannot be, and do without it."""
        extension_id = extension_id_of(pack_id)
        try:
            extension = await self._hass.async_add_executor_job(
                _load_stored, pack_id, subentry
            )
            if pack_id not in self._remove:
                _check_free(self._registry, extension_id)
            self._remove[pack_id] = self._registry.async_add(extension_id, extension)
        except (PackError, ExtensionError) as err:
            self._unregister(pack_id)
            self._registry.async_report(extension_id, LOADING, str(err))
        except Exception as err:  # noqa: BLE001 - one pack must not keep the others away
            self._unregister(pack_id)
            self._registry.async_report(extension_id, LOADING, err)


@callback
def _check_free(registry: Registry, extension_id: str) -> None:
    """Raise PackError where another extension has the id: it would be replaced."""
    if extension_id in registry.extensions:
        raise PackError(
            [Problem(f"{extension_id} is another extension that is here", key="id")]
        )


def _load_stored(pack_id: str, subentry: ConfigSubentry) -> Extension:
    # Firmware that is built in by now may be one that this pack taught before.
    pack, extension = load_extension(files_of(subentry), reserved=())
    if pack.id != pack_id:
        raise PackError([Problem(f"is {pack.id}, not {pack_id}", key="id")])
    return extension
