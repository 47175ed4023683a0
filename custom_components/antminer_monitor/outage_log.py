"""Log lines about rigs that go and come back: one a rig, or one for all where many go together."""

from collections.abc import Callable, Collection, Set as AbstractSet
from datetime import datetime
import logging

from homeassistant.util import dt as dt_util

MOST_LINES = 5
"""Rigs that are named one by one in the log when they go or come back together."""


class OutageLog:
    """Tells the log which of a source's rigs are stale, once when that changes."""

    def __init__(
        self,
        logger: logging.Logger,
        *,
        label_of: Callable[[str], str],
        last_seen: Callable[[str], datetime | None],
    ) -> None:
        """Begin with every rig there."""
        self._logger = logger
        self._label_of = label_of
        self._last_seen = last_seen
        self._missing: set[str] = set()
        self._is_unread = False
        """Whether it was told that the source is not read."""

    @property
    def missing(self) -> AbstractSet[str]:
        """The rigs that were told to be stale, and not yet to be back."""
        return self._missing

    def tell(
        self,
        name: str,
        missing: set[str],
        known: Collection[str],
        *,
        excuse: str | None,
        error: str | None,
    ) -> None:
        """Tell which went and which are back, of those that are ``known`` still.

        ``error`` is why the source is not read now: rigs that turn stale for that, each at its own moment, are one
        line. A downtime that was announced is no outage: with an ``excuse``, nothing is a warning.
        """
        level = logging.INFO if excuse else logging.WARNING
        if error and len(known) > MOST_LINES:
            if missing - self._missing and not self._is_unread:
                self._is_unread = True
                self._logger.log(
                    level,
                    "%s is not read, its rigs turn stale: %s",
                    name,
                    excuse or error,
                )
            return
        if self._is_unread:
            self._is_unread = False
            self._logger.log(level, "%s is read again", name)
        gone = missing - self._missing
        back = self._missing - missing
        self._missing = missing
        reason = excuse or error
        reason = f": {reason}" if reason else ""
        if len(gone) > MOST_LINES:
            self._logger.log(level, "%s: %d rigs are stale%s", name, len(gone), reason)
        else:
            for rig_id in sorted(gone):
                seen = self._last_seen(rig_id)
                since = (
                    dt_util.as_local(seen).isoformat(" ", "seconds")
                    if seen
                    else "never"
                )
                self._logger.log(
                    level,
                    "%s is stale, last seen %s%s",
                    self._label_of(rig_id),
                    since,
                    reason,
                )
        if len(back) > MOST_LINES:
            self._logger.log(level, "%s: %d rigs are back", name, len(back))
        else:
            for rig_id in sorted(back.intersection(known)):
                self._logger.log(level, "%s is back", self._label_of(rig_id))
