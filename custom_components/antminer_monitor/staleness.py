"""Which rigs were not seen for longer than the limit; the clock alone can make one stale."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .rig import Rig


class Staleness:
    """Knows the stale rigs of a source, and asks to look anew when the next one may be."""

    def __init__(
        self,
        hass: HomeAssistant,
        limit: timedelta,
        remembered: Mapping[str, Rig],
        look: Callable[[], None],
    ) -> None:
        """Begin with rigs that are all stale: nothing was read in this run.

        ``remembered`` are as they were in an earlier one, which makes none of them fresh however lately that was.
        ``look`` is called when the oldest reading that counts reaches the limit.
        """
        self._hass = hass
        self._limit = limit
        self._look = look
        self._remembered = dict(remembered)
        self._timer: CALLBACK_TYPE | None = None
        self._seen: dict[str, tuple[datetime, float]] = {}
        """When each rig was seen, also by the clock of the event loop: the other one may be set meanwhile."""
        self.rig_ids = set(remembered)
        """The rigs that are stale."""

    def seen_moment(self, rig_id: str) -> float | None:
        """Give when a rig was last seen in this run, in seconds by the event loop's clock; None if it was not."""
        known = self._seen.get(rig_id)
        return known[1] if known else None

    @callback
    def async_find(self, rigs: Mapping[str, Rig]) -> set[str]:
        """Find out anew which rigs are stale; give those for which that changed."""
        now, moment = dt_util.utcnow(), self._hass.loop.time()
        before = self.rig_ids
        seen: dict[str, tuple[datetime, float]] = {}
        for rig_id, rig in rigs.items():
            if (at := rig.seen_at) is None:
                continue
            if (remembered := self._remembered.get(rig_id)) is not None:
                if rig is remembered:
                    continue
                del self._remembered[rig_id]
            known = self._seen.get(rig_id)
            seen[rig_id] = (
                known
                if known and known[0] == at
                else (at, moment - max((now - at).total_seconds(), 0.0))
            )
        self._seen = seen
        limit = self._limit.total_seconds()
        fresh = {rig_id for rig_id, (_, at) in seen.items() if moment - at < limit}
        self.rig_ids = set(rigs) - fresh
        self.async_stop()
        if fresh:
            oldest = min(seen[rig_id][1] for rig_id in fresh)
            self._timer = async_call_later(
                self._hass,
                max(oldest + limit - moment, 0.0),
                HassJob(self._timer_fired, cancel_on_shutdown=True),
            )
        return self.rig_ids ^ before

    @callback
    def async_stop(self) -> None:
        """Ask for nothing any more."""
        if self._timer:
            self._timer()
            self._timer = None

    @callback
    def _timer_fired(self, _now: datetime) -> None:
        self._timer = None
        # Nothing is read any more then, and so nobody is to be missed.
        if not self._hass.is_stopping:
            self._look()
