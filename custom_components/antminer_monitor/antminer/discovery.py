"""Finding miners at addresses.

A connection that asks nothing blocks a miner for everybody else (its API serves one at a
time, without a limit), so there is no bare knocking: every probe is a whole ``version``
command. What gives an answer to it is then read fully.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
import logging

from ..source import (
    AccessDeniedError,
    SourceError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from .cgminer import DEFAULT_PORT, CgminerClient, ConnectTimeoutError

_LOGGER = logging.getLogger(__name__)

_REPLY_TIMEOUT = 5.0
_IDENTIFY_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Found[T]:
    """A miner, and what identifying it returned."""

    host: str
    port: int
    identity: T


@dataclass(frozen=True, slots=True)
class ScanResult[T]:
    """What a scan came to, in the order of the addresses."""

    found: tuple[Found[T], ...]
    unreadable: tuple[tuple[str, str], ...]
    """Where something listens that could not be read: address and reason."""


async def scan[T](
    addresses: Sequence[str],
    port: int = DEFAULT_PORT,
    *,
    identify: Callable[[str, int], Awaitable[T]],
    concurrency: int = 128,
    connect_timeout: float = 1.5,
    on_progress: Callable[[float], None] | None = None,
) -> ScanResult[T]:
    """Look for miners at the addresses, ``concurrency`` of them at once.

    ``identify`` is called for what answers and may raise SourceError. ``on_progress`` is
    told the share that is done, 0 to 1, after each address. Raises nothing of its own;
    an address takes ``connect_timeout`` seconds where nothing is, and at most about a
    minute more where something is.
    """
    hosts = list(dict.fromkeys(addresses))
    found: dict[str, Found[T]] = {}
    unreadable: dict[str, str] = {}
    done = 0

    async def work(queue: Iterator[str]) -> None:
        nonlocal done
        for host in queue:
            try:
                async with asyncio.timeout(_IDENTIFY_TIMEOUT):
                    if await _answers(host, port, connect_timeout):
                        found[host] = Found(host, port, await identify(host, port))
            except SourceError as err:
                unreadable[host] = str(err)
            except TimeoutError:
                unreadable[host] = f"not read within {_IDENTIFY_TIMEOUT:g} s"
            except Exception:  # One odd host must not end the search for all others.
                _LOGGER.exception("Identifying %s:%d failed", host, port)
                unreadable[host] = "unexpected error, see the log"
            done += 1
            if on_progress is not None:
                on_progress(done / len(hosts))

    queue = iter(hosts)
    async with asyncio.TaskGroup() as workers:
        for _ in range(min(max(concurrency, 1), len(hosts))):
            workers.create_task(work(queue))
    return ScanResult(
        tuple(found[host] for host in hosts if host in found),
        tuple((host, unreadable[host]) for host in hosts if host in unreadable),
    )


async def _answers(host: str, port: int, connect_timeout: float) -> bool:
    """Whether something at the address answers ``version``, with whatever reply.

    Raises SourceError where something takes the connection and does not.
    """
    client = CgminerClient(
        host, port, connect_timeout=connect_timeout, timeout=_REPLY_TIMEOUT
    )
    try:
        await client.command("version")
    except AccessDeniedError:
        return True
    except ConnectTimeoutError:
        return False
    except SourceTimeoutError:
        raise
    except SourceUnreachableError:
        return False
    return True
