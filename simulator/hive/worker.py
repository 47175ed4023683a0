"""A worker: what it is set to, what it is told, and when that takes effect.

Nothing here runs by itself. Whoever looks at a worker brings the clock, and everything
that fell due until then happens first, in its order.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import override

from .catalogue import ASIC_PLATFORM, GPU_PLATFORM, AsicKind, FlightSheet, GpuKind
from .data import Data
from .machine import Machine
from .records import MESSAGE_TYPES, Message, Queued, Timing

WAKE_SECONDS = 30.0
"""A shutdown with a wake-up alarm is that long off, before it boots."""
LATEST = {GPU_PLATFORM: "0.6-229@240823", ASIC_PLATFORM: "0.1-51"}
OLDER = {GPU_PLATFORM: "0.6-224@230811", ASIC_PLATFORM: "0.1-42"}
_MOST_MESSAGES = 500


class SimulatedWorker(Machine):
    """A machine in a farm: it has a name, takes commands and reports what became of them."""

    def __init__(
        self,
        *,
        id: int,
        farm_id: int,
        name: str,
        kind: GpuKind | AsicKind,
        cards: int,
        sheet: FlightSheet | None,
        seed: int,
        timing: Timing,
        clock: Callable[[], float],
        next_id: Callable[[], int],
    ) -> None:
        """Build one; ``FarmPlan`` and ``add_worker`` do."""
        super().__init__(
            id=id,
            kind=kind,
            cards=cards,
            sheet=sheet,
            seed=seed,
            timing=timing,
            clock=clock,
        )
        self.farm_id = farm_id
        self.name = name
        self.description = ""
        self.tag_ids: list[int] = []
        self.upgraded = seed % 2 == 0
        self.reports = True
        """Whether it ever did; else it has no ``stats`` at all."""
        self._messages: deque[Message] = deque(maxlen=_MOST_MESSAGES)
        self._queue: deque[Queued] = deque()
        self.shown: Data = {}
        self._next_id = next_id
        self._warned_at: float | None = None
        """When a shutdown was answered with a warning; it counts until the next boot."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """What it reported, the newest last."""
        self.settle()
        return tuple(self._messages)

    @property
    def queue(self) -> tuple[Queued, ...]:
        """Commands that it has not fetched yet, in their order."""
        self.settle()
        return tuple(self._queue)

    def say(
        self,
        title: str,
        type: str = "info",
        cmd_id: int | None = None,
        *,
        command: str | None = None,
        result: Data | None = None,
        has_payload: bool = False,
        at: float | None = None,
    ) -> Message:
        """Report something; ValueError for a type that does not exist."""
        if type not in MESSAGE_TYPES:
            raise ValueError(
                f"no message type {type!r}; there are: {', '.join(MESSAGE_TYPES)}"
            )
        message = Message(
            id=9_100_000_000_000_000_000 + self._next_id(),
            title=title,
            type=type,
            time=self._clock() if at is None else at,
            command_id=cmd_id,
            command=command,
            result=result,
            has_payload=has_payload,
        )
        self._messages.append(message)
        self.touch()
        return message

    def resolve(self) -> None:
        """Mark every message as dealt with."""
        now = self._clock()
        self._messages = deque(
            (replace(message, resolved_at=now) for message in self.messages),
            maxlen=_MOST_MESSAGES,
        )
        self.touch()

    def show(self, **keys: object) -> None:
        """Have it listed with these keys as they are; ``None`` leaves a key out.

        For shapes that the simulator does not make by itself. What disagrees with the
        contract is found by it, as everything that is served.
        """
        self.shown |= keys
        self.touch()

    def order(
        self,
        command: str,
        data: Data,
        command_id: int,
        effect: Callable[[float], str | None] | None = None,
    ) -> Queued:
        """Put a command into its queue; it takes effect after the delay, once it is online."""
        queued = Queued(
            id=command_id,
            command=command,
            data=data,
            due=self._clock() + self._timing.command,
            effect=effect,
        )
        self._queue.append(queued)
        self.touch()
        return queued

    @override
    def settle(self, now: float | None = None) -> None:
        """Let happen what fell due until ``now``; by default until the clock's."""
        moment = self._clock() if now is None else now
        while self._queue and self._online_from is not None:
            at = max(self._queue[0].due, self._online_from)
            if at > moment:
                return
            queued = self._queue.popleft()
            self._pushed_at = at
            self._carry_out(queued, at)
            self.touch()

    def _carry_out(self, queued: Queued, at: float) -> None:
        if queued.effect is not None:
            title = queued.effect(at)
            if title is not None:
                self._answer(queued, title, at)
            return
        match queued.command:
            case "miner":
                self._run_miner(queued, at)
            case "reboot":
                self._answer(queued, "Rebooting", at)
                self._leave(at, at + self._timing.boot)
            case "shutdown":
                self._shut_down(queued, at)
            case "upgrade":
                self.upgraded = True
                self._answer(queued, f"Upgraded to {LATEST[self.platform]}", at)
            case "exec":
                self._answer(
                    queued, "Command executed", at, result={"exitcode": 0}, payload=True
                )

    def _run_miner(self, queued: Queued, at: float) -> None:
        match queued.data.get("action"):
            case "start" | "restart" as action:
                self._start_miner(at)
                self._answer(queued, f"Miner {action}ed", at)
            case "stop":
                self._mining = False
                if isinstance(self.kind, AsicKind) and not self.kind.hiveon:
                    self._answer(
                        queued,
                        "Mining is stopped for good: it needs the command to start again",
                        at,
                        kind="warning",
                    )
                else:
                    self._answer(queued, "Miner stopped", at)
            case "log":
                self._answer(queued, "Miner log", at, kind="file", payload=True)
            case action:
                self._answer(queued, f"Miner {action}: done", at)

    def _shut_down(self, queued: Queued, at: float) -> None:
        warned = self._warned_at is not None and self._warned_at >= self.booted_at
        if self.platform == ASIC_PLATFORM and not warned:
            self._warned_at = at
            self._answer(
                queued,
                "Most ASICs cannot shut down: send it once more if you mean it",
                at,
                kind="warning",
            )
            return
        self._answer(queued, "Shutting down", at)
        wakes = queued.data.get("wakealarm") is True
        self._leave(at, at + WAKE_SECONDS + self._timing.boot if wakes else None)

    def _answer(
        self,
        queued: Queued,
        title: str,
        at: float,
        *,
        kind: str = "success",
        result: Data | None = None,
        payload: bool = False,
    ) -> None:
        self.say(
            title,
            kind,
            queued.id,
            command=queued.command,
            result=result,
            has_payload=payload,
            at=at,
        )

    def change(self, **changes: object) -> None:
        """Change its name or what it suffers.

        ``online``; ``frozen``: as ``freeze_stats``; ``reports``: whether it ever did, else
        it has no ``stats``; ``heat``: °C more than normal; ``rejects``: share of the shares
        from 0 to 1; ``lost``: cards or boards that are not found; ``dead_chips`` of the
        last board; ``problems`` besides those that follow from its state; ``upgraded``;
        ``watts`` that its owner entered. ValueError for anything else, and nothing changes.
        """
        if unknown := changes.keys() - _CHANGES.keys():
            raise ValueError(
                f"cannot change {', '.join(sorted(unknown))}; there are: {', '.join(_CHANGES)}"
            )
        for key, value in changes.items():
            allowed = _CHANGES[key]
            wrong = isinstance(value, bool) and bool not in allowed
            if wrong or not isinstance(value, allowed):
                raise ValueError(f"{key} cannot be {value!r}")
        chips = self.kind.chips if isinstance(self.kind, AsicKind) else 0
        for key, most in ("lost", self.units), ("dead_chips", chips):
            value = changes.get(key, 0)
            if isinstance(value, int) and not 0 <= value <= most:
                raise ValueError(f"{key} must be from 0 to {most}, not {value}")
        for key, value in changes.items():
            self._change(key, value)
        self.touch()

    def _change(self, key: str, value: object) -> None:
        match key, value:
            case "online", bool():
                self.online = value
            case "frozen", bool():
                (self.freeze_stats if value else self.thaw_stats)()
            case "reports", bool():
                self.reports = value
            case "upgraded", bool():
                self.upgraded = value
            case "name", str():
                self.name = value
            case "problems", list() | tuple():
                self._extra_problems = tuple(str(problem) for problem in value)
            case "heat", int():
                self._state = replace(self._state, heat=value)
            case "lost", int():
                self._state = replace(self._state, lost=value)
            case "dead_chips", int():
                self._state = replace(self._state, dead_chips=value)
            case "watts", int():
                self._state = replace(self._state, watts=value)
                self.settings["hardware_power_draw"] = value
            case "rejects", float() | int():
                self._state = replace(self._state, rejects=float(value))


_CHANGES: dict[str, tuple[type, ...]] = {
    "online": (bool,),
    "frozen": (bool,),
    "reports": (bool,),
    "name": (str,),
    "heat": (int,),
    "rejects": (float, int),
    "lost": (int,),
    "dead_chips": (int,),
    "problems": (list, tuple),
    "upgraded": (bool,),
    "watts": (int,),
}
