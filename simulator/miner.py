"""A miner with its sockets: the API on port 4028, single-threaded as on the real ones, and its faults.

Every firmware's own road of commands is there: on port 4028 in ``simulator.dialects``, on
the web port in ``simulator.pages``. :class:`SimulatedMiner` tells what came of them::

    miner.written        list[Written(road, method, target, body)], whatever it then did;
                         road: "api" (4028; method "", target the command) or "web"
    miner.config         Configuration (frozen, comparable): pools, order, mode, freq_level,
                         fan_manual, fan_pwm, frequency, voltage, preset, power_target, wiped
    miner.locating       bool
    miner.delays         Delays(write, restart, reboot), real seconds, settable at any time;
                         Farm(…, delays=Delays(write=0, restart=0, reboot=0.05)) for all
    miner.set_fault(WriteFault.IGNORE_WRITE | LOSE_ANSWER | BUSY_SESSION | POWER_CUT | WIPE)
    miner.write_fault    the one that is set; ``fault`` is that of reading, clear() ends both
    miner.hold_session(seconds=60)   somebody else takes LuxOS' session, until it expires
    miner.forget_tokens()            VNish and Braiins: no token is good any more

``POWER_CUT``'s ``seconds`` are those without power, from the next write on (60 unless said).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
import socket

from .configuration import Configuration
from .dialects import DIALECTS
from .faults import REBOOT_SECONDS, Fault, WriteFault, mangle
from .listener import Listener
from .model import MinerModel
from .orders import Delays, Written
from .profiles import Conditions, Profile
from .snapshot import Truth
from .tokens import Tokens
from .traffic import Traffic
from .wire import RequestError
from .writes import Writes

SILENCE_LIMIT = 600.0
"""Seconds after which a silent or hung client is dropped; the real daemons wait for ever."""
REMEMBERED_COMMANDS = 256
_DEFAULT_SLOW_RATE = 1000.0
_DRIBBLE = 0.01
"""Seconds between two pieces of a slow reply."""
_ANSWERING = {None, Fault.SLOW, Fault.INVALID_UTF8, Fault.BARE_NAN}


class SimulatedMiner:
    """One miner on the network."""

    __slots__ = (
        "_latency",
        "_listener",
        "_lock",
        "_others",
        "_slow_rate",
        "_timer",
        "_traffic",
        "_writes",
        "commands",
        "extras_port",
        "fault",
        "host",
        "index",
        "model",
        "port",
        "tokens",
        "traffic",
        "web_port",
    )  # fmt: skip

    def __init__(
        self,
        model: MinerModel,
        host: str,
        port: int,
        *,
        traffic: Traffic,
        latency: Callable[[], float],
        delays: Delays | None = None,
    ) -> None:
        """Bind the API's port (0: any); OSError when it is taken."""
        self.model = model
        self.index = model.index
        self.host = host
        self._listener = Listener(host, port, self._serve)
        self.port = self._listener.port
        self.web_port: int | None = None
        self.extras_port: int | None = None
        self.fault: Fault | None = None
        self.traffic = Traffic()
        self.commands: deque[str] = deque(maxlen=REMEMBERED_COMMANDS)
        """The latest commands received, as they were sent (``stats new_api`` for those)."""
        self._traffic = traffic
        self._latency = latency
        self._lock = asyncio.Lock()
        self._others: list[Listener] = []
        self._slow_rate = _DEFAULT_SLOW_RATE
        self._timer: asyncio.TimerHandle | None = None
        self._writes = Writes(
            model, delays or Delays(), restart=self._shut_api, reboot=self._reboot
        )
        self.tokens = Tokens(model.clock)

    @property
    def config(self) -> Configuration:
        """What it is set to."""
        return self.model.config

    @property
    def locating(self) -> bool:
        """Whether its light blinks."""
        return self.model.locating

    @property
    def written(self) -> list[Written]:
        """What it was told, in the order of arrival; reading requests are not here."""
        return self._writes.arrived

    @property
    def delays(self) -> Delays:
        """How long things take; change it in place."""
        return self._writes.delays

    @property
    def write_fault(self) -> WriteFault | None:
        """The fault of what it is told."""
        return self._writes.fault

    @property
    def profile(self) -> Profile:
        """What it is."""
        return self.model.profile

    @property
    def connections(self) -> int:
        """Connections to its API so far."""
        return self.traffic.connections

    @property
    def conditions(self) -> Conditions:
        """What it suffers."""
        return self.model.conditions

    def add_listener(self, listener: Listener) -> None:
        """A web port, which goes down with the miner when it reboots."""
        self._others.append(listener)

    def open(self) -> None:
        """Accept connections."""
        self._listener.open()
        for listener in self._others:
            listener.open()

    async def stop(self) -> None:
        """Close everything."""
        self._cancel_timer()
        self._writes.stop()
        for listener in (self._listener, *self._others):
            await listener.stop()

    def set_fault(
        self,
        fault: Fault | WriteFault,
        *,
        seconds: float | None = None,
        rate: float = _DEFAULT_SLOW_RATE,
    ) -> None:
        """Let ``fault`` befall it, for ``seconds`` of real time or until :meth:`clear`.

        ``rate`` is that of a slow reply, in bytes per second. Connections that an earlier
        fault holds are dropped. Raises ValueError for a time or rate that is not positive.
        """
        if seconds is not None and seconds <= 0:
            raise ValueError(f"seconds must be positive, not {seconds!r}")
        if rate <= 0:
            raise ValueError(f"rate must be positive, not {rate!r}")
        if isinstance(fault, WriteFault):
            self._writes.set_fault(fault, seconds)
            return
        if self.fault is not None:
            self._recover()
        self.fault = fault
        self._slow_rate = rate
        if fault is Fault.REBOOT:
            for listener in (self._listener, *self._others):
                listener.shut()
                listener.abort()
            seconds = REBOOT_SECONDS if seconds is None else seconds
        elif fault is Fault.REFUSE:
            self._listener.shut()
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._recover)

    def clear(self) -> None:
        """End the faults, if there are any; a reboot ends with a cold start."""
        self._writes.clear()
        if self.fault is not None:
            self._recover()

    def condition(self, **changes: object) -> Conditions:
        """Change its conditions (:class:`simulator.profiles.Conditions`); ValueError names what is wrong."""
        return self.model.condition(**changes)

    def clear_conditions(self) -> None:
        """Back to the conditions of its profile."""
        self.model.clear_conditions()

    def truth(self) -> Truth:
        """What it really is, now."""
        up = self.fault in _ANSWERING and not self._writes.restarting
        return self.model.truth(up=up)

    def hold_session(self, seconds: float = 60.0) -> None:
        """Somebody else takes LuxOS' session for so many seconds of the miner's clock."""
        self.model.session.end()
        self.model.session.begin(seconds)

    def forget_tokens(self) -> None:
        """No token that its web port gave is good any more."""
        self.tokens.forget()

    def arrived(self, written: Written) -> None:
        """Remember a request that is not for reading."""
        self.written.append(written)

    def obey(self) -> tuple[bool, Callable[[], None] | None]:
        """Carry out what the model was told last, as its fault has it.

        Returns whether the answer is lost, and what is to be done when it was sent.
        """
        return self._writes.obey()

    def _shut_api(self, shut: bool) -> None:
        """The daemon goes away, or is back."""
        if shut:
            self._listener.shut()
        elif self.fault not in {Fault.REBOOT, Fault.REFUSE}:
            self._listener.open()

    def _reboot(self, seconds: float) -> None:
        if seconds > 0:
            self.set_fault(Fault.REBOOT, seconds=seconds)
        else:
            self.model.start()
            self.model.session.end()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _recover(self) -> None:
        self._cancel_timer()
        fault, self.fault = self.fault, None
        if fault is Fault.REBOOT:
            self._writes.settle()
            self.model.start()
            self.model.session.end()
            self.model.locating = False
        if fault in {Fault.HANG_CONNECT, Fault.HANG_REPLY, Fault.SLOW}:
            self._listener.abort()
        if fault in {Fault.REBOOT, Fault.REFUSE}:
            self.open()
        if self._writes.restarting:
            self._listener.shut()

    async def _serve(self, connection: socket.socket) -> None:
        self.traffic.opened()
        self._traffic.opened()
        try:
            if self.fault is Fault.HANG_CONNECT:
                await self._hold(connection)
                return
            # The daemon serves one client at a time: the next one waits its turn.
            async with self._lock:
                await self._answer(connection)
        finally:
            self.traffic.closed()
            self._traffic.closed()

    async def _answer(self, connection: socket.socket) -> None:
        dialect = DIALECTS[self.profile.dialect]
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(SILENCE_LIMIT):
            raw = await loop.sock_recv(connection, dialect.request_limit)
        if not raw:
            return
        self._remember(raw)
        if latency := self._latency():
            await asyncio.sleep(latency)
        fault = self.fault
        if fault is Fault.HANG_CONNECT:
            await self._hold(connection)
            return
        reply = mangle(dialect.answer(self.model, raw), fault)
        lost, after = self.obey()
        if after:
            loop.call_soon(after)
        if lost:
            return
        async with asyncio.timeout(SILENCE_LIMIT):
            if fault is Fault.SLOW:
                await self._dribble(connection, reply)
            elif reply:
                await loop.sock_sendall(connection, reply)
        if fault is Fault.HANG_REPLY:
            await self._hold(connection)

    async def _dribble(self, connection: socket.socket, reply: bytes) -> None:
        loop = asyncio.get_running_loop()
        piece = max(1, int(self._slow_rate * _DRIBBLE))
        for start in range(0, len(reply), piece):
            await loop.sock_sendall(connection, reply[start : start + piece])
            await asyncio.sleep(max(_DRIBBLE, piece / self._slow_rate))

    @staticmethod
    async def _hold(connection: socket.socket) -> None:
        """Say nothing until the client gives up."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE_LIMIT):
                while await loop.sock_recv(connection, 4096):
                    pass

    def _remember(self, raw: bytes) -> None:
        dialect = DIALECTS[self.profile.dialect]
        try:
            request = dialect.request(raw)
        except RequestError as err:
            self.commands.append(str(err))
        else:
            if request.command in dialect.writes:
                self.arrived(
                    Written(road="api", method="", target=request.command, body=raw)
                )
            name = ",".join(request.commands)[:120]
            self.commands.append(f"{name} new_api" if request.new_api else name)
