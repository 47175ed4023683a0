"""Carrying out what a miner is told, and what can go wrong with it."""

import asyncio
from collections.abc import Callable

from .configuration import wiped
from .faults import REBOOT_SECONDS, WriteFault
from .model import MinerModel
from .orders import Delays, Order, Then, Written

_STOCK = {"classic", "x19"}


class Writes:
    """Hands of a miner: they change its model and let it restart."""

    __slots__ = (
        "_model", "_outage", "_reboot", "_restart", "_restarting", "_timer", "arrived", "delays", "fault",
    )  # fmt: skip

    def __init__(
        self,
        model: MinerModel,
        delays: Delays,
        *,
        restart: Callable[[bool], None],
        reboot: Callable[[float], None],
    ) -> None:
        """``restart`` shuts the API or opens it, ``reboot`` shuts everything for so long."""
        self._model = model
        self._restart = restart
        self._reboot = reboot
        self._restarting: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._outage = REBOOT_SECONDS
        self.delays = delays
        self.fault: WriteFault | None = None
        self.arrived: list[Written] = []

    @property
    def restarting(self) -> bool:
        """Whether the daemon is away."""
        return self._restarting is not None

    def set_fault(self, fault: WriteFault, seconds: float | None) -> None:
        """Let it befall the next writes, for so many real seconds or until it is cleared."""
        self.clear()
        self.fault = fault
        self._model.session.busy = fault is WriteFault.BUSY_SESSION
        if fault is WriteFault.POWER_CUT:
            self._outage = REBOOT_SECONDS if seconds is None else seconds
        elif seconds is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self.clear)

    def clear(self) -> None:
        """End the fault."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.fault = None
        self._model.session.busy = False

    def settle(self) -> None:
        """The daemon does not come back by itself any more: something else starts it."""
        if self._restarting is not None:
            self._restarting.cancel()
            self._restarting = None

    def stop(self) -> None:
        """Forget what was to come."""
        self.settle()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def obey(self) -> tuple[bool, Callable[[], None] | None]:
        """Carry out the model's orders; whether the answer is lost, and what comes after it."""
        orders, self._model.orders = self._model.orders, []
        if not orders or self.fault is WriteFault.IGNORE_WRITE:
            return False, None
        then = {self._carry_out(order) for order in orders}
        lost = self.fault is WriteFault.LOSE_ANSWER
        if self.fault is WriteFault.POWER_CUT:
            self.clear()
            return False, lambda: self._reboot(self._outage)
        if Then.REBOOT in then:
            return lost, lambda: self._reboot(self.delays.reboot)
        if Then.RESTART in then:
            self._begin_restart()
        return lost, None

    def _carry_out(self, order: Order) -> Then:
        model = self._model
        config = order.config
        if config is not None:
            if self.fault is WriteFault.WIPE and model.profile.dialect in _STOCK:
                config = wiped(config, model.profile)
                self.clear()
            model.configure(config, kept=order.kept)
        if order.locating is not None:
            model.locating = order.locating
        return order.then

    def _begin_restart(self) -> None:
        self.settle()
        if self.delays.restart <= 0:
            self._model.start()
            return
        self._restart(True)
        loop = asyncio.get_running_loop()
        self._restarting = loop.call_later(self.delays.restart, self._end_restart)

    def _end_restart(self) -> None:
        self._restarting = None
        self._model.start()
        self._restart(False)
