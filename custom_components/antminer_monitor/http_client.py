"""What every request over HTTP has in common: sent once, read up to a limit, named when it failed.

No text here quotes what was sent: a request holds passwords and tokens.
"""

from typing import Final

import aiohttp

from .source import (
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)

HTTP_FAILURES: Final = (aiohttp.ClientError, OSError, RuntimeError, ValueError)
"""What a request raises: a wait that ends is an OSError, a closed session a RuntimeError."""


def unsent_error(err: Exception) -> SourceUnreachableError | None:
    """Name why no connection came about; ``None`` where the request may have gone out."""
    match err:
        case aiohttp.ConnectionTimeoutError():
            return SourceUnreachableError("no connection in time")
        case aiohttp.ClientSSLError():
            return SourceUnreachableError("no trusted encrypted connection")
        case aiohttp.InvalidURL() | aiohttp.ClientConnectorDNSError():
            return SourceUnreachableError("no such host")
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return SourceRefusedError("connection refused")
        case aiohttp.ClientConnectorError():
            return SourceUnreachableError(err.os_error.strerror or "no connection")
    return None


def http_error(err: Exception, timeout: float) -> SourceError:
    """Name what went wrong on the way.

    Args:
        err: what aiohttp raised, or what became of a wait of ``timeout`` seconds.
        timeout: seconds that the whole answer had.

    Returns:
        SourceTimeoutError for a wait that ended, SourceUnreachableError and its kinds where
        no connection came about, and InvalidReplyError for an answer that is none.
    """
    match err:
        case SourceError():
            return err
        case TimeoutError():
            return SourceTimeoutError(f"no whole answer within {timeout:g} s")
    if unsent := unsent_error(err):
        return unsent
    match err:
        case aiohttp.ClientConnectionError():
            return InvalidReplyError("closed without an answer")
        case aiohttp.ClientPayloadError():
            return InvalidReplyError("truncated answer")
        case aiohttp.ClientError():
            return InvalidReplyError("malformed HTTP answer")
    # ValueError: what cannot be a host or a port; RuntimeError: the session was closed.
    return SourceUnreachableError(type(err).__name__)


async def sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself when its connection is dropped.

    As a middleware. A miner that was told to reboot drops it as a rule: told again, it
    would do it twice, or refuse.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise aiohttp.ClientConnectionError(type(err).__name__) from None


async def read_body(response: aiohttp.ClientResponse, longest: int) -> bytes:
    """Read an answer; InvalidReplyError where it has more than ``longest`` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > longest:
            response.close()
            raise InvalidReplyError(f"answer over {longest // 1024} KiB")
    return bytes(body)
