"""What runs a kind of entry of an extension, if all that the extension has is sources.

The least that an integration ``whatsminer`` needs for a kind of entry of its own::

    class WhatsminerHub(SourceHub):
        default_interval = 60
        model = "WhatsMiner hall"

        async def async_make_sources(self) -> Mapping[str, Source]:
            return {
                host: WhatsminerSource(async_get_clientsession(self.hass), host)
                for host in self.entry.data["hosts"]
            }

    class WhatsminerFlow(ConfigFlow):
        async def async_step_whatsminer(self, user_input=None):
            if user_input is None:
                return self.async_show_form(step_id="whatsminer", data_schema=SCHEMA)
            return self.async_create_entry(
                title="WhatsMiners", data={"kind": "whatsminer", **user_input}
            )

    KIND = SourceKind(
        kind="whatsminer", name="WhatsMiners", hub=WhatsminerHub, flow=WhatsminerFlow
    )

A source is a class with ``label``, ``read``, ``execute`` and ``close`` as ``source.Source``
says. Everything else is seen to here: when it is read, devices and entities of its rigs,
totals over all of them, what is kept of them over a restart, commands, and that nothing it
does wrong reaches other rigs.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady

from .const import CONF_KIND
from .coordinator import Origin, RigCoordinator
from .devices import async_register_fleet
from .guard import GuardedSource, Report
from .hub import Hub
from .rig import Rig
from .source import InvalidCredentialsError, Reading, Source, SourceError

FIRST_READ_SPACING = 0.02
"""Seconds between the first readings of two sources."""

FIRST_READ_WAIT = 5.0
"""Seconds that the set-up of an entry waits for first readings; the rest come when they come."""

READS_AT_ONCE = 20
"""Sources of one entry that are read at the same time. They are none of those that all other
entries have in common: sources that hang keep no other rig waiting."""


class SourceHub(Hub):
    """Runs the sources of an entry, each with a coordinator under its key.

    The rigs' ids must be unique among all rigs, whatever they are read from, and stay the
    same for a rig's life: a serial number or a MAC with the kind of the entry before it.
    """

    default_interval: ClassVar[int] = 60
    model: ClassVar[str] = "Rigs"
    """What the device with the totals is, in its owner's words."""
    manufacturer: ClassVar[str | None] = None
    """Of the rigs that do not say."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Make a hub that runs nothing yet."""
        super().__init__(hass, entry)
        self._slots = asyncio.Semaphore(READS_AT_ONCE)
        self._locked_out: set[str] = set()

    @abstractmethod
    async def async_make_sources(self) -> Mapping[str, Source]:
        """Give what the entry's rigs are read from; called once, when the entry is set up.

        Keys tell the sources apart and must stay the same over restarts: the rigs of a
        source that is no longer among them are removed, with their devices.

        Raises SourceError if it cannot be known now: the set-up is tried again later.
        InvalidCredentialsError begins ``async_step_reauth``.
        """

    def web_page_of(self, rig_id: str, rig: Rig) -> str | None:
        """Give the address of the page where a rig is configured by hand, if there is one."""
        return None

    @override
    async def _async_begin(self) -> None:
        sources = await self._async_sources()
        entry_id = self.entry.entry_id
        async_register_fleet(
            self.hass, self.entry, entry_id, self.entry.title, model=self.model
        )
        # What happens before the first reading ends is told as well.
        self.told.since(entry_id)
        self._add_fleet(entry_id, f"{self.entry.title} totals")
        remembered = self._remembered_by(sources)
        first_reads = [
            self._add(
                key,
                self._coordinator(key, source, remembered[key]),
                delay=number * FIRST_READ_SPACING,
            )
            for number, (key, source) in enumerate(sources.items())
        ]
        if first_reads:
            await asyncio.wait(first_reads, timeout=FIRST_READ_WAIT)

    @override
    async def async_follow_entry(self) -> None:
        """Other data or options start an entry anew; nothing else of it counts."""

    async def _async_sources(self) -> dict[str, Source]:
        try:
            sources = dict(await self.async_make_sources())
        except SourceError as err:
            if isinstance(err, InvalidCredentialsError) and self._can_reauth:
                raise ConfigEntryAuthFailed(str(err)) from err
            raise ConfigEntryNotReady(str(err)) from err
        for key, source in sources.items():
            if not isinstance(key, str) or not callable(getattr(source, "read", None)):
                raise TypeError(
                    f"async_make_sources gave {type(source).__name__} under {key!r}:"
                    " it should be a source, under a text"
                )
        return sources

    def _remembered_by(
        self, sources: Mapping[str, Source]
    ) -> dict[str, dict[str, Rig]]:
        """Give the rigs of an earlier run by the key of their source; let go of the others."""
        found: dict[str, dict[str, Rig]] = {key: {} for key in sources}
        for rig_id, rig in tuple(self._remembered.items()):
            if (rigs := found.get(self.memory.note_of(rig_id) or "")) is not None:
                rigs[rig_id] = rig
            else:
                del self._remembered[rig_id]
                self._forget(rig_id)
        return found

    def _coordinator(
        self, key: str, source: Source, remembered: Mapping[str, Rig]
    ) -> RigCoordinator:
        return RigCoordinator(
            self.hass,
            self.entry,
            _KeyedSource(key, source, self._report),
            replace(self._pacing(), slots=self._slots),
            Origin(
                device_id=self.entry.entry_id,
                manufacturer=self.manufacturer,
                url=self._url,
            ),
            name=f"{self.entry.title} {key}",
            remembered=remembered,
            told=self.told,
        )

    def _url(self, rig_id: str, rig: Rig) -> str | None:
        try:
            return self.web_page_of(rig_id, rig)
        except Exception as err:  # noqa: BLE001 - whatever code of others raises
            self._report(f"giving the web page of {rig_id}", err)
            return None

    @property
    def _can_reauth(self) -> bool:
        kind = self.registry.kinds.get(self.entry.data[CONF_KIND])
        return kind is not None and hasattr(kind.flow, "async_step_reauth")

    @callback
    @override
    def _seen(self, coordinator: RigCoordinator) -> None:
        super()._seen(coordinator)
        source = coordinator.source
        assert isinstance(source, _KeyedSource)
        for rig_id in coordinator.data:
            if self.memory.note_of(rig_id) != source.key:
                self.memory.async_note(rig_id, source.key)
        if source.key in self._locked_out:
            self._locked_out.discard(source.key)
            if not self._locked_out:
                self._end_reauth()

    @callback
    @override
    def _failed(self, coordinator: RigCoordinator, err: SourceError) -> None:
        super()._failed(coordinator, err)
        source = coordinator.source
        assert isinstance(source, _KeyedSource)
        if isinstance(err, InvalidCredentialsError) and self._can_reauth:
            self._locked_out.add(source.key)
            self.entry.async_start_reauth(self.hass)

    def _end_reauth(self) -> None:
        """Take back the question for new credentials: the same ones are taken again."""
        for flow in self.entry.async_get_active_flows(self.hass, {SOURCE_REAUTH}):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])

    def _report(self, what: str, error: BaseException | str) -> None:
        if owner := self.registry.owner_of(self.entry.data[CONF_KIND]):
            self.registry.async_report(owner, what, error)


class _KeyedSource(GuardedSource):
    """One of the sources of an entry, whose happenings are told apart from the others'."""

    def __init__(self, key: str, source: Source, report: Report) -> None:
        """Guard a source that has a key."""
        super().__init__(source, report)
        self.key = key

    @override
    async def read(self) -> Reading:
        """Read; raises SourceError and nothing else."""
        reading = await super().read()
        return replace(
            reading,
            happenings=tuple(
                replace(happening, id=f"{self.key} {happening.id}")
                for happening in reading.happenings
            ),
        )
