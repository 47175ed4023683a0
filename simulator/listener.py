"""A listening socket that can be shut and opened again on the same port, without a task of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
import socket
import struct

BACKLOG = 100
"""As in bmminer's api.c (``QUEUE``)."""
_ACCEPT_AT_ONCE = 64


class Listener:
    """Accepts connections on one address and serves each in a task."""

    __slots__ = ("_loop", "_serve", "_socket", "_tasks", "host", "listening", "port")

    def __init__(
        self,
        host: str,
        port: int,
        serve: Callable[[socket.socket], Coroutine[None, None, None]],
    ) -> None:
        """Bind at once, so that the port is known and ours; OSError when it is taken."""
        self.host = host
        self._serve = serve
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket = self._bound(port)
        self.port: int = self._socket.getsockname()[1]
        self.listening = False

    def _bound(self, port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setblocking(False)
            bound.bind((self.host, port))
        except OSError as err:
            bound.close()
            raise OSError(err.errno, f"{self.host}:{port}: {err.strerror}") from None
        return bound

    def open(self) -> None:
        """Accept connections."""
        if not self.listening:
            self._socket.listen(BACKLOG)
            self._loop.add_reader(self._socket.fileno(), self._accept)
            self.listening = True

    def shut(self) -> None:
        """Refuse connections, and keep the port: bound and not listening, the kernel refuses."""
        if self.listening:
            self._close()
            self._socket = self._bound(self.port)

    def abort(self) -> None:
        """Reset every open connection, as a host that loses power does."""
        for task in list(self._tasks):
            task.cancel()

    async def stop(self) -> None:
        """Close everything; the listener is not used after it."""
        self._close()
        self.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    def _close(self) -> None:
        if self.listening:
            self._loop.remove_reader(self._socket.fileno())
            self.listening = False
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(_ACCEPT_AT_ONCE):
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setblocking(False)
            task = self._loop.create_task(self._run(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, connection: socket.socket) -> None:
        try:
            await self._serve(connection)
        except asyncio.CancelledError:
            with suppress(OSError):
                # Linger 0: close resets instead of ending the stream.
                connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            raise
        except OSError, TimeoutError:
            # The client went away, or never said anything: so do clients.
            pass
        finally:
            connection.close()
