"""Repair issues about rigs: each says what a person can do, and goes when it is done.

Many rigs that have the same trouble are one issue of their entry. What has to do with the
entry as a whole is raised where it is noticed: the limit of entities (``hub``), what HiveOS
refuses (``hive_account``), announcements (``notices``). For a login that is refused Home
Assistant raises an issue by itself when reauthentication is begun.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from homeassistant.core import CALLBACK_TYPE, HassJob, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import RigCoordinator
from .hub import ISSUE_ENTITY_LIMIT, Hub
from .markdown import plain
from .source import SourceError, UnknownMinerError

ISSUE_CLOCK = "clock_wrong"
ISSUE_UNKNOWN = "unknown_miner"

CLOCK_WRONG = 600.0
"""Seconds from which a rig's clock is called wrong."""
CLOCK_RIGHT = 300.0
"""Seconds up to which it is right again."""

READINGS = 3
LASTING = timedelta(minutes=10)
"""A trouble is told after so many readings in so long a time: a rig that was switched on just
now does not know the time yet, and not all of its firmware runs."""

UPDATE_DELAY = 5.0
"""Seconds over which the news of many rigs are gathered."""

MOST_NAMED = 5
LONGEST_NAME = 60


@dataclass(slots=True)
class _Case:
    """A rig with a trouble."""

    coordinator: RigCoordinator
    since: datetime
    readings: int = 0
    is_certain: bool = False
    details: str = ""


class _Trouble:
    """One kind of trouble, and the rigs that have it."""

    def __init__(self, issue: str) -> None:
        """Begin without any."""
        self.issue = issue
        self.cases: dict[str, _Case] = {}
        self.shown: frozenset[str] = frozenset()

    def note(self, coordinator: RigCoordinator, rig_id: str, details: str) -> bool:
        """Take a reading that shows the trouble; tell whether it became certain."""
        now = dt_util.utcnow()
        case = self.cases.setdefault(rig_id, _Case(coordinator, now))
        case.readings += 1
        case.details = details
        if case.is_certain or case.readings < READINGS or now - case.since < LASTING:
            return False
        case.is_certain = True
        return True

    def end(self, rig_id: str) -> bool:
        """Take a reading that shows that it is over; tell whether it was certain."""
        case = self.cases.pop(rig_id, None)
        return case is not None and case.is_certain


class _Troubles:
    """The troubles of the rigs of an entry."""

    def __init__(self, hub: Hub) -> None:
        """Follow every rig of a hub."""
        self._hub = hub
        self._clock = _Trouble(ISSUE_CLOCK)
        self._unknown = _Trouble(ISSUE_UNKNOWN)
        self._timer: CALLBACK_TYPE | None = None
        hub.async_add_follower(self._follow)

    def _follow(self, coordinator: RigCoordinator) -> CALLBACK_TYPE:
        removers = (
            coordinator.async_add_seen_listener(partial(self._seen, coordinator)),
            coordinator.async_add_failure_listener(partial(self._failed, coordinator)),
        )

        @callback
        def remove() -> None:
            for remover in removers:
                remover()
            for trouble in (self._clock, self._unknown):
                for rig_id, case in tuple(trouble.cases.items()):
                    if case.coordinator is coordinator:
                        self._end(trouble, rig_id)

        return remove

    @callback
    def _seen(self, coordinator: RigCoordinator) -> None:
        for rig_id in coordinator.rig_ids:
            self._end(self._unknown, rig_id)
        for rig_id, rig in coordinator.data.items():
            if (offset := rig.clock_offset) is None:
                continue
            if abs(offset) >= CLOCK_WRONG:
                self._note(self._clock, coordinator, rig_id, duration(offset))
            elif abs(offset) <= CLOCK_RIGHT:
                self._end(self._clock, rig_id)
        if coordinator.origin.subentry_id:
            # Its one rig is there as long as it is.
            return
        for rig_id, case in tuple(self._clock.cases.items()):
            if case.coordinator is coordinator and not coordinator.has(rig_id):
                self._end(self._clock, rig_id)

    @callback
    def _failed(self, coordinator: RigCoordinator, err: SourceError) -> None:
        if isinstance(err, UnknownMinerError):
            for rig_id in coordinator.rig_ids:
                self._note(self._unknown, coordinator, rig_id, coordinator.source.label)

    def _note(
        self, trouble: _Trouble, coordinator: RigCoordinator, rig_id: str, details: str
    ) -> None:
        if trouble.note(coordinator, rig_id, details):
            self._schedule_update()

    def _end(self, trouble: _Trouble, rig_id: str) -> None:
        if trouble.end(rig_id):
            self._schedule_update()

    def _schedule_update(self) -> None:
        if self._timer is None:
            self._timer = async_call_later(
                self._hub.hass,
                UPDATE_DELAY,
                HassJob(self._timer_fired, cancel_on_shutdown=True),
            )

    @callback
    def _timer_fired(self, _now: datetime) -> None:
        self._timer = None
        for trouble in (self._clock, self._unknown):
            self._show(trouble)

    def _show(self, trouble: _Trouble) -> None:
        certain = {
            rig_id: case for rig_id, case in trouble.cases.items() if case.is_certain
        }
        if certain.keys() == trouble.shown:
            return
        trouble.shown = frozenset(certain)
        hass, entry = self._hub.hass, self._hub.entry
        if not certain:
            ir.async_delete_issue(hass, DOMAIN, _issue_id(trouble.issue, self._hub))
            return
        lines = sorted(
            f"- {plain(self._name_of(rig_id, case))}: {plain(case.details)}"
            for rig_id, case in certain.items()
        )
        ir.async_create_issue(
            hass,
            DOMAIN,
            _issue_id(trouble.issue, self._hub),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=trouble.issue,
            translation_placeholders={
                "site": entry.title,
                "count": str(len(lines)),
                "miners": "\n".join(
                    [*lines[:MOST_NAMED], *(["- …"] if len(lines) > MOST_NAMED else [])]
                ),
            },
        )

    def _name_of(self, rig_id: str, case: _Case) -> str:
        device = dr.async_get(self._hub.hass).async_get_device_by_identifier(
            (DOMAIN, rig_id), self._hub.entry.entry_id
        )
        name = (device.name_by_user or device.name) if device else None
        return (name or case.coordinator.label_of(rig_id))[:LONGEST_NAME]

    @callback
    def async_stop(self) -> None:
        """Take back every issue: nobody looks any more whether it is over."""
        if self._timer:
            self._timer()
            self._timer = None
        for issue in (ISSUE_CLOCK, ISSUE_UNKNOWN, ISSUE_ENTITY_LIMIT):
            ir.async_delete_issue(self._hub.hass, DOMAIN, _issue_id(issue, self._hub))


def _issue_id(issue: str, hub: Hub) -> str:
    return f"{issue}_{hub.entry.entry_id}"


def duration(seconds: float) -> str:
    """Write down how far a clock is off, as ``+1:05 h`` or ``−20777 d``: the larger, the coarser."""
    sign = "+" if seconds >= 0 else "\N{MINUS SIGN}"
    minutes = round(abs(seconds) / 60)
    if minutes >= 2 * 24 * 60:
        return f"{sign}{round(minutes / 24 / 60)} d"
    return f"{sign}{minutes // 60}:{minutes % 60:02} h"


@callback
def async_follow_troubles(hub: Hub) -> CALLBACK_TYPE:
    """Raise repair issues about the rigs of a hub, and delete those that are over.

    Returns what ends that and deletes the issues of the entry, for when it is unloaded.
    """
    return _Troubles(hub).async_stop
