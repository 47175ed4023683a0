"""The websocket feed: the fleet once, then what changed, for as long as somebody looks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.const import ERR_INVALID_FORMAT
from homeassistant.components.websocket_api.decorators import (
    require_admin,
    websocket_command,
)
from homeassistant.components.websocket_api.messages import event_message
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
import probatio

from .access import Access, access_of, reads_everything
from .const import CONF_KIND, DOMAIN
from .devices import rig_id_of
from .farm_items import rig_entries
from .fleet_rows import Row, rig_item, rig_item_now
from .json_value import Json
from .live_rows import LiveRows
from .log_lines import async_log_lines

INTERVAL: Final = 1.0
"""Seconds between two messages of a subscription."""

ATTR_DEVICE_ID: Final = "device_id"
ATTR_RIG_ID: Final = "rig_id"

_ROWS: HassKey[LiveRows] = HassKey(f"{DOMAIN}_live_rows")


class Subscription(ABC):
    """Sends somebody news, at most once an interval.

    Nothing waits here to be sent: each message is made of what is so at its moment. Whoever
    does not take messages is cut off by Home Assistant.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        connection: ActiveConnection,
        message_id: int,
    ) -> None:
        """Make a subscription that has not begun."""
        self.hass = hass
        self.connection = connection
        self._id = message_id
        self._timer: CALLBACK_TYPE | None = None
        self._stop_listening: CALLBACK_TYPE | None = None

    @callback
    def async_start(self, listen: Callable[[CALLBACK_TYPE], CALLBACK_TYPE]) -> None:
        """Send what there is, and from then on what is new whenever ``listen`` calls."""
        self._stop_listening = listen(self._wake)
        self.connection.subscriptions[self._id] = self._stop
        self.connection.send_result(self._id)
        self._send()

    @abstractmethod
    def news(self) -> Iterator[Json]:
        """Give what was not sent yet: at most one message."""

    @callback
    def _wake(self) -> None:
        if self._timer is None:
            self._timer = async_call_later(
                self.hass, INTERVAL, HassJob(self._due, cancel_on_shutdown=True)
            )

    @callback
    def _due(self, _now: datetime) -> None:
        self._timer = None
        self._send()

    def _send(self) -> None:
        for news in self.news():
            self.connection.send_message(event_message(self._id, news))

    @callback
    def _stop(self) -> None:
        if self._stop_listening:
            self._stop_listening()
            self._stop_listening = None
        if self._timer:
            self._timer()
            self._timer = None


class FleetSubscription(Subscription):
    """Sends the rows of the rigs that a user may see."""

    _sites: list[Json] | None = None

    def __init__(
        self,
        hass: HomeAssistant,
        connection: ActiveConnection,
        message_id: int,
    ) -> None:
        """Make a subscription that has not begun."""
        super().__init__(hass, connection, message_id)
        self._sent: dict[str, Row] = {}

    @override
    def news(self) -> Iterator[Json]:
        """Give all rows if it is the first time or the sites changed, else those that changed."""
        live = self.hass.data[_ROWS]
        rows = live.rows()
        unseen = live.unseen(self._wake)
        access = access_of(self.hass, self.connection.user)

        def row_of(rig_id: str) -> Row | None:
            shared = rows.get(rig_id)
            level = access(rig_id) if shared else Access.NONE
            return shared.row_for(level) if shared and level > Access.NONE else None

        changed: list[Json] = []
        removed: list[Json] = []
        for rig_id in (*rows, *self._sent) if unseen is None else unseen:
            row, sent = row_of(rig_id), self._sent.get(rig_id)
            if row is not None and row is not sent:
                self._sent[rig_id] = row
                changed.append(row)
            elif row is None and sent is not None:
                del self._sent[rig_id]
                removed.append(rig_id)
        if unseen is None:
            sites = self._sites_of(
                {rows[rig_id].known.entry_id for rig_id in self._sent}
            )
            if sites != self._sites:
                self._sites = sites
                yield {"kind": "all", "sites": sites, "rigs": list(self._sent.values())}
                return
        if changed or removed:
            yield {"kind": "changes", "rigs": changed, "removed": removed}

    def _sites_of(self, entry_ids: set[str]) -> list[Json]:
        """Describe the entries with these ids; all there are for who may see whatever there is."""
        return [
            {
                "id": entry.entry_id,
                "name": entry.title,
                "kind": entry.data.get(CONF_KIND),
            }
            for entry in rig_entries(self.hass)
            if entry.entry_id in entry_ids or reads_everything(self.connection.user)
        ]


class RigSubscription(Subscription):
    """Sends all that is known of a rig; null while there is none that the user may see."""

    def __init__(
        self,
        hass: HomeAssistant,
        connection: ActiveConnection,
        message_id: int,
        rig_id: Callable[[], str | None],
    ) -> None:
        """Make a subscription of the rig that ``rig_id`` gives at each moment."""
        super().__init__(hass, connection, message_id)
        self._rig_id = rig_id
        self._sent: tuple[Row | None] | None = None

    @override
    def news(self) -> Iterator[Json]:
        """Give the rig, if there is anything new but its age."""
        rig_id = self._rig_id() or ""
        shared = self.hass.data[_ROWS].rows().get(rig_id)
        access = access_of(self.hass, self.connection.user)(rig_id)
        known = shared.known if shared and access > Access.NONE else None
        state = (rig_item(known, access) if known else None,)
        if state != self._sent:
            self._sent = state
            yield rig_item_now(known, access, dt_util.utcnow()) if known else None


class LogSubscription(Subscription):
    """Sends the integration's own lines of the log."""

    _last: int | None = None

    @override
    def news(self) -> Iterator[Json]:
        """Give the lines that were not sent yet; none the first time, if there are none."""
        if not self.connection.user.is_admin:
            # Since the page was opened.
            return
        before = self._last
        self._last, lines = async_log_lines(self.hass).since(before or 0)
        if lines or before is None:
            yield {"lines": [line.as_dict() for line in lines]}


@callback
def async_setup_feed(hass: HomeAssistant) -> None:
    """Offer the feed, once."""
    if _ROWS in hass.data:
        return
    hass.data[_ROWS] = LiveRows(hass)
    for command in (_fleet, _rig, _logs):
        async_register_command(hass, command)


@websocket_command({probatio.Required("type"): f"{DOMAIN}/fleet/subscribe"})
@callback
def _fleet(
    hass: HomeAssistant,
    connection: ActiveConnection,
    msg: dict[str, Any],
) -> None:
    """Follow all rigs that the user may see."""
    FleetSubscription(hass, connection, msg["id"]).async_start(
        hass.data[_ROWS].async_add
    )


@websocket_command(
    {
        probatio.Required("type"): f"{DOMAIN}/rig/subscribe",
        probatio.Optional(ATTR_RIG_ID): str,
        probatio.Optional(ATTR_DEVICE_ID): str,
    }
)
@callback
def _rig(
    hass: HomeAssistant,
    connection: ActiveConnection,
    msg: dict[str, Any],
) -> None:
    """Follow one rig, named by its id, its device or the device of one of its parts."""
    if (ATTR_RIG_ID in msg) == (ATTR_DEVICE_ID in msg):
        connection.send_error(
            msg["id"], ERR_INVALID_FORMAT, "Give either rig_id or device_id"
        )
        return

    def rig_id() -> str | None:
        if ATTR_RIG_ID in msg:
            return str(msg[ATTR_RIG_ID])
        device = dr.async_get(hass).async_get(msg[ATTR_DEVICE_ID])
        return next(
            (
                rig_id_of(item[1])
                for item in (device.identifiers if device else ())
                if item[0] == DOMAIN
            ),
            None,
        )

    RigSubscription(hass, connection, msg["id"], rig_id).async_start(
        hass.data[_ROWS].async_add
    )


@websocket_command({probatio.Required("type"): f"{DOMAIN}/logs/subscribe"})
@require_admin
@callback
def _logs(
    hass: HomeAssistant,
    connection: ActiveConnection,
    msg: dict[str, Any],
) -> None:
    """Follow the integration's own log."""
    LogSubscription(hass, connection, msg["id"]).async_start(
        async_log_lines(hass).async_add
    )
