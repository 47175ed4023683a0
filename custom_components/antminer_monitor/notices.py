"""What a source announces to everybody, such as a downtime that is planned."""

from dataclasses import dataclass
from datetime import datetime
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .markdown import quoted

_LOGGER = logging.getLogger(__name__)

ISSUE_NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An announcement."""

    id: str
    title: str
    message: str = ""
    url: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None

    def applies(self, at: datetime) -> bool:
        """Tell whether what is announced is going on at that moment; not known without its start."""
        return (
            self.starts is not None
            and self.starts <= at
            and (self.ends is None or at < self.ends)
        )

    def is_over(self, at: datetime) -> bool:
        """Tell whether what is announced has ended."""
        return self.ends is not None and self.ends <= at


class NoticeBoard(DataUpdateCoordinator[tuple[Notice, ...]]):
    """Keeps the notices of an entry, each shown among the repairs until it is over."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Make an empty board."""
        super().__init__(
            hass, _LOGGER, config_entry=entry, name=f"{entry.title} notices"
        )
        self.data = ()
        self._shown: set[str] = set()

    @property
    def current(self) -> Notice | None:
        """The announced downtime that is going on, if there is one."""
        now = dt_util.utcnow()
        return next((notice for notice in self.data if notice.applies(now)), None)

    @callback
    def async_pin(self, notices: tuple[Notice, ...]) -> None:
        """Show these notices and no others, but for those that are over."""
        now = dt_util.utcnow()
        left = tuple(notice for notice in notices if not notice.is_over(now))
        ids = {self._issue_id(notice) for notice in left}
        for issue_id in self._shown - ids:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
        self._shown = ids
        for notice in left:
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                self._issue_id(notice),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                learn_more_url=notice.url,
                translation_key=ISSUE_NOTICE,
                translation_placeholders={
                    "entry": self.config_entry.title,
                    "title": notice.title,
                    "message": quoted(notice.message),
                    "starts": _local(notice.starts),
                    "ends": _local(notice.ends),
                },
            )
        self.async_set_updated_data(left)

    def _issue_id(self, notice: Notice) -> str:
        return f"{ISSUE_NOTICE}_{self.config_entry.entry_id}_{notice.id}"


def _local(at: datetime | None) -> str:
    return dt_util.as_local(at).strftime("%Y-%m-%d %H:%M") if at else "–"
