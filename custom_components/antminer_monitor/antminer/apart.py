"""Where code runs that nobody here has seen: in few threads, and not for long."""

import asyncio
from collections.abc import Callable

from ..source import InvalidReplyError

THREADS = 4
"""Threads that the code of one extension has at a time: they are Home Assistant's, and it needs them."""


class HungError(InvalidReplyError):
    """Code of an extension did not end within its deadline."""


class Apart:
    """The threads of one extension.

    What hangs cannot be ended. So as long as it does, no other call is let in: Home
    Assistant would run out of threads.
    """

    def __init__(self) -> None:
        """Begin with nothing that hangs."""
        self._places = asyncio.Semaphore(THREADS)
        self._hung = 0

    async def run[T](
        self,
        function: Callable[[], T],
        *,
        name: str,
        deadline: float,
        when_hung: Callable[[], None] | None = None,
    ) -> T:
        """Run a function; ``name`` is what an error calls it.

        Raises HungError when it does not end within ``deadline`` seconds, after
        ``when_hung`` was called, or at once while another call hangs; and whatever the
        function raises.
        """
        async with self._places:
            if self._hung:
                raise HungError(f"{name} is left alone: it did not end before")
            work = asyncio.get_running_loop().run_in_executor(None, function)
            # Else a thread that nobody waits for any more would be complained of.
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.wait([work], timeout=deadline)
            if work.done():
                return work.result()
            self._hung += 1
            work.add_done_callback(self._ended)
        if when_hung:
            when_hung()
        raise HungError(f"{name} did not end within {deadline:g} s")

    def _ended(self, _work: object) -> None:
        self._hung -= 1
