"""Whether a rig did what it was told: it is read again until it is seen, or the wait ends."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from homeassistant.core import CALLBACK_TYPE, Context, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .bus import UNCONFIRMED, async_fire_command
from .command import Action, Choice, Command, Result
from .const import DOMAIN
from .coordinator import RigCoordinator
from .pools import address_of, by_priority, first_pool
from .rig import Rig, Status
from .source import Happening, Severity, SourceError, SourceUnreachableError

READ_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120))
"""When a rig is read again after it was told something; after the last, the wait is over."""

READ_AFTER_BOOT = (*READ_AFTER, timedelta(seconds=240), timedelta(seconds=420))
"""The same for what ends with a start: boards take minutes to be tuned."""

_BOOTS = (Action.REBOOT, Action.UPGRADE)
_STARTS = (*_BOOTS, Action.RESTART_MINING, Action.RESUME_MINING)

READ_SPACING = timedelta(seconds=10)
"""Between two such readings of a coordinator, however many commands wait for one."""

SAME_START = timedelta(seconds=10)
"""A start that moved by less is the same start: uptimes are whole seconds."""

SAME_POWER = 0.01
"""A power target that differs by such a part is the same: firmware rounds it."""

SAME_DUTY = 5
"""Per cent of full speed by which fans may run beside what they were told."""

RIG_SAYS_NO = "the rig answered with an error"


@dataclass(slots=True, kw_only=True)
class _Wait:
    """A command whose effect on one rig is waited for."""

    rig_id: str
    command: Command
    command_ids: tuple[str, ...]
    context: Context | None
    before: Rig | None
    """As it was read last before it was told."""
    sent_at: datetime
    sent: float
    """The same by the clock of the event loop, which nobody sets: what is waited for goes by that."""
    reads: int = 0
    gone: bool = False
    """Whether it was seen to go away since."""

    @property
    def due(self) -> float:
        """When to look next, by the clock of the event loop."""
        return self.sent + self.schedule[self.reads].total_seconds()

    @property
    def schedule(self) -> tuple[timedelta, ...]:
        """When to look, from when it was told."""
        return READ_AFTER_BOOT if self.command.action in _STARTS else READ_AFTER


class Confirmations:
    """Waits for the rigs of a coordinator to be seen doing what they were told."""

    def __init__(self, coordinator: RigCoordinator) -> None:
        """Follow a coordinator until its config entry is unloaded."""
        self._coordinator = coordinator
        self._waits: dict[str, _Wait] = {}
        self._timer: CALLBACK_TYPE | None = None
        self._timer_at: float | None = None
        self._read_at: float | None = None
        self._remove: list[CALLBACK_TYPE] = [
            coordinator.async_add_seen_listener(self._seen),
            coordinator.async_add_failure_listener(self._failed),
            coordinator.async_add_happening_listener(self._happened),
        ]
        coordinator.config_entry.async_on_unload(self._stop)

    @callback
    def async_wait(
        self,
        rig_id: str,
        command: Command,
        command_ids: tuple[str, ...],
        *,
        before: Rig | None,
        context: Context | None,
    ) -> None:
        """Wait for a rig that was told something just now; what it was told before is given up."""
        if older := self._waits.pop(rig_id, None):
            self._tell(older, UNCONFIRMED)
        wait = self._waits[rig_id] = _Wait(
            rig_id=rig_id,
            command=command,
            command_ids=command_ids,
            context=context,
            before=before,
            sent_at=dt_util.utcnow(),
            sent=self._coordinator.hass.loop.time(),
        )
        self._coordinator.async_expect(rig_id, is_expected=command.action in _STARTS)
        self._schedule(wait.due)

    def _schedule(self, due: float) -> None:
        """Read at ``due``, or earlier if that is intended already."""
        if self._timer_at is not None and self._timer_at <= due:
            return
        self._cancel_timer()
        self._timer_at = due
        if self._read_at is not None:
            due = max(due, self._read_at + READ_SPACING.total_seconds())
        self._timer = async_call_later(
            self._coordinator.hass,
            max(due - self._coordinator.hass.loop.time(), 0.0),
            HassJob(self._timer_fired, cancel_on_shutdown=True),
        )

    @callback
    def _timer_fired(self, _now: datetime) -> None:
        self._timer = self._timer_at = None
        self._coordinator.config_entry.async_create_background_task(
            self._coordinator.hass,
            self._async_read(),
            f"{DOMAIN} confirming commands of {self._coordinator.name}",
        )

    async def _async_read(self) -> None:
        self._read_at = now = self._coordinator.hass.loop.time()
        await self._coordinator.async_refresh()
        for wait in tuple(self._waits.values()):
            if wait.due > now:
                continue
            wait.reads += 1
            if wait.reads == len(wait.schedule):
                self._end(wait, UNCONFIRMED)
        if self._waits:
            self._schedule(min(wait.due for wait in self._waits.values()))

    @callback
    def _seen(self) -> None:
        for wait in tuple(self._waits.values()):
            rig = self._coordinator.data.get(wait.rig_id)
            if rig is None:
                continue
            if rig.status is Status.OFFLINE:
                wait.gone = wait.gone or not _was_offline(wait)
            if _is_done(wait, rig):
                self._end(wait, Result.DONE)

    @callback
    def _failed(self, err: SourceError) -> None:
        # Of a source of many rigs this says nothing about any of them.
        if self._coordinator.origin.subentry_id and isinstance(
            err, SourceUnreachableError
        ):
            for wait in tuple(self._waits.values()):
                wait.gone = True
                if wait.command.action is Action.SHUTDOWN:
                    self._end(wait, Result.DONE)

    @callback
    def _happened(self, happening: Happening) -> None:
        wait = self._waits.get(happening.rig_id or "")
        if wait is None or happening.command_id not in wait.command_ids:
            return
        if happening.severity is Severity.DANGER:
            # Not its title: it may quote what was to be executed.
            self._end(wait, Result.FAILED, RIG_SAYS_NO)
        elif happening.severity is not Severity.WARNING:
            self._end(wait, Result.DONE)

    def _end(
        self,
        wait: _Wait,
        result: Result | Literal["unconfirmed"],
        error: str | None = None,
    ) -> None:
        del self._waits[wait.rig_id]
        self._coordinator.async_expect(wait.rig_id, is_expected=False)
        self._tell(wait, result, error)

    def _tell(
        self,
        wait: _Wait,
        result: Result | Literal["unconfirmed"],
        error: str | None = None,
    ) -> None:
        async_fire_command(
            self._coordinator,
            wait.rig_id,
            wait.command.action,
            result,
            command_ids=wait.command_ids,
            error=error,
            context=wait.context,
        )

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer()
            self._timer = self._timer_at = None

    @callback
    def _stop(self) -> None:
        self._cancel_timer()
        for rig_id in self._waits:
            self._coordinator.async_expect(rig_id, is_expected=False)
        self._waits.clear()
        for remove in self._remove:
            remove()
        del self._coordinator.hass.data[_CONFIRMATIONS][self._coordinator]


_CONFIRMATIONS: HassKey[dict[RigCoordinator, Confirmations]] = HassKey(
    f"{DOMAIN}_confirmations"
)


@callback
def async_confirmations(
    hass: HomeAssistant, coordinator: RigCoordinator
) -> Confirmations:
    """Give what waits for the rigs of a coordinator."""
    known = hass.data.setdefault(_CONFIRMATIONS, {})
    if coordinator not in known:
        known[coordinator] = Confirmations(coordinator)
    return known[coordinator]


def _was_offline(wait: _Wait) -> bool:
    return wait.before is not None and wait.before.status is Status.OFFLINE


def _is_done(wait: _Wait, rig: Rig) -> bool:
    """Tell whether a rig, as it was just read, shows what it was told."""
    is_new = rig.seen_at is not None and rig.seen_at > wait.sent_at
    check = _CHECKS.get(wait.command.action)
    return check is not None and check(wait, rig, is_new)


def _started_anew(wait: _Wait, rig: Rig) -> bool:
    started, before = _started_at(rig), _started_at(wait.before)
    if started is None:
        return False
    if before is None:
        return started > wait.sent_at - SAME_START
    return started > before + SAME_START


def _started_at(rig: Rig | None) -> datetime | None:
    if rig is None or rig.seen_at is None or rig.uptime is None:
        return None
    return rig.seen_at - timedelta(seconds=rig.uptime)


def _rebooted(wait: _Wait, rig: Rig, is_new: bool) -> bool:
    return (
        is_new
        and rig.status is not Status.OFFLINE
        and (wait.gone or _started_anew(wait, rig))
    )


def _upgraded(wait: _Wait, rig: Rig, is_new: bool) -> bool:
    return is_new and wait.before is not None and rig.firmware != wait.before.firmware


def _is_set(
    choices: Callable[[Rig], Sequence[Choice]], current: Callable[[Rig], str | None]
) -> Callable[[_Wait, Rig, bool], bool]:
    """Give what tells whether the choice of a command shows. It need not be new: it is a setting."""

    def check(wait: _Wait, rig: Rig, is_new: bool) -> bool:
        return current(rig) in _names(choices(rig), wait.command.value)

    return check


def _names(choices: Iterable[Choice], value: str | None) -> set[str]:
    return {
        name
        for choice in choices
        if choice.id == value
        for name in (choice.id, choice.name)
    }


def _has_power_target(wait: _Wait, rig: Rig, is_new: bool) -> bool:
    wanted = float(wait.command.value or 0)
    return (
        rig.power_target is not None
        and abs(rig.power_target - wanted) <= wanted * SAME_POWER
    )


def _switched_pool(wait: _Wait, rig: Rig, is_new: bool) -> bool:
    # Not by its index: what puts it first may give it another one.
    wanted = [
        (pool.url, pool.user)
        for pool in (wait.before.pools if wait.before else ())
        if str(pool.index) == wait.command.value
    ]
    first = first_pool(rig)
    return any(
        (pool.url, pool.user) in wanted
        for pool in rig.pools
        if pool is first or pool.active
    )


def _has_pools(wait: _Wait, rig: Rig, is_new: bool) -> bool:
    wanted = wait.command.data.get("pools")
    shown = by_priority(rig)
    return (
        isinstance(wanted, list)
        and len(wanted) == len(shown)
        and all(
            isinstance(pool, dict)
            and address_of(str(pool["url"])) == address_of(found.url or "")
            and found.user in (None, pool["user"])
            for pool, found in zip(wanted, shown, strict=True)
        )
    )


def _has_fan(wait: _Wait, rig: Rig, is_new: bool) -> bool:
    data = wait.command.data
    duty = data.get("duty")
    return rig.fan_mode == data.get("mode") and (
        not isinstance(duty, int)
        or all(
            fan.duty is None or abs(fan.duty - duty) <= SAME_DUTY for fan in rig.fans
        )
    )


_CHECKS: dict[str, Callable[[_Wait, Rig, bool], bool]] = {
    Action.PAUSE_MINING: lambda wait, rig, is_new: (
        is_new and rig.status in (Status.SLEEPING, Status.IDLE)
    ),
    Action.RESUME_MINING: lambda wait, rig, is_new: (
        is_new and rig.status is Status.RUNNING
    ),
    Action.RESTART_MINING: lambda wait, rig, is_new: (
        is_new and rig.status is Status.RUNNING and _started_anew(wait, rig)
    ),
    Action.REBOOT: _rebooted,
    Action.SHUTDOWN: lambda wait, rig, is_new: wait.gone,
    Action.UPGRADE: _upgraded,
    Action.SET_FLIGHT_SHEET: _is_set(
        lambda rig: rig.flight_sheets, lambda rig: rig.flight_sheet
    ),
    Action.SET_OVERCLOCK: _is_set(
        lambda rig: rig.overclocks, lambda rig: rig.overclock
    ),
    Action.SET_POWER_MODE: _is_set(
        lambda rig: rig.power_modes, lambda rig: rig.work_mode
    ),
    Action.SET_POWER_TARGET: _has_power_target,
    Action.SWITCH_POOL: _switched_pool,
    Action.SET_POOLS: _has_pools,
    Action.SET_FAN: _has_fan,
}
"""What shows that a rig did it; the others can only be confirmed by the rig's own answer."""
