"""What is shown as progress of a flow."""

import asyncio
from collections.abc import Awaitable

SHOWN_AT_LEAST = 3.0
"""Seconds that progress is shown."""


async def shown[T](work: Awaitable[T]) -> T:
    """Do what a flow shows as progress, and end no sooner than the page can follow.

    The page listens for the end only once it shows the progress. Of an end before that it
    never hears, and waits for ever: so it is with an error, which is raised as late.
    """
    done, _ = await asyncio.gather(
        work, asyncio.sleep(SHOWN_AT_LEAST), return_exceptions=True
    )
    if isinstance(done, BaseException):
        raise done
    return done
