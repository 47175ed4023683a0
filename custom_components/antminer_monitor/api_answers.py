"""How the REST API answers: errors that name the field, and answers that need not be sent twice."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
import hashlib
from http import HTTPStatus
import logging
from typing import Concatenate, Final
import uuid

from aiohttp import ETag, hdrs, web
from homeassistant.const import CONTENT_TYPE_JSON
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import JSON_DECODE_EXCEPTIONS, json_loads

from .fleet_rows import Row
from .json_value import Json

_LOGGER = logging.getLogger(__name__)

MOST_BODY: Final = 65_536
"""Bytes of a request: three pools need less than two thousand."""
BODY_DEADLINE: Final = 10.0
"""Seconds in which a request must have come as a whole."""

COMPRESS_FROM: Final = 1024
"""Bytes: less fits into one packet anyway."""
COMPRESS_APART_FROM: Final = 32_768
"""Bytes from which an answer is compressed outside the event loop."""

AGE: Final = "age_sec"
"""What of an answer changes by itself."""


class RequestError(Exception):
    """A request that is not carried out. The text is for whoever sent it."""

    def __init__(
        self, status: HTTPStatus, message: str, field: str | None = None
    ) -> None:
        """Keep what is wrong, and with which field of the request."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field


def answers[ViewT: HomeAssistantView, **PartsP](
    handler: Callable[Concatenate[ViewT, web.Request, PartsP], Awaitable[web.Response]],
) -> Callable[
    Concatenate[ViewT, web.Request, PartsP], Coroutine[None, None, web.Response]
]:
    """Answer with what is wrong where a handler raises RequestError.

    Where it fails, the log says how, and the answer nothing but where to look in the log.
    """

    @wraps(handler)
    async def handle(
        view: ViewT,
        request: web.Request,
        /,
        *args: PartsP.args,
        **kwargs: PartsP.kwargs,
    ) -> web.Response:
        try:
            return await handler(view, request, *args, **kwargs)
        except RequestError as err:
            return _error(err.status, {"message": err.message, "field": err.field})
        except web.HTTPException:
            raise
        except Exception:
            reference = uuid.uuid4().hex[:12]
            _LOGGER.exception(
                "%s %s failed, reference %s", request.method, view.url, reference
            )
            return _error(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                {"message": "Internal error", "reference": reference},
            )

    return handle


def render(body: list[Row] | Row, ages: list[int | None]) -> tuple[str, bytes]:
    """Give the tag of an answer and its bytes. ``ages`` are the ages of its rigs, if it has any.

    The tag is of everything but the ages: of two answers that differ in these only, the later
    tells nothing that cannot be told from the time of the first.
    """
    tag = hashlib.sha256(json_bytes(body)).hexdigest()[:32]
    for item, age in zip(
        body if isinstance(body, list) else [body], ages, strict=False
    ):
        item[AGE] = age
    return tag, json_bytes(body)


def answer(request: web.Request, tag: str, body: bytes) -> web.Response:
    """Answer with bytes of JSON, or that whoever asks has them already."""
    etag = ETag(value=tag, is_weak=True)
    asked = request.if_none_match or ()
    is_known = any(item.value in (tag, "*") for item in asked)
    response = (
        web.Response(status=HTTPStatus.NOT_MODIFIED)
        if is_known
        else web.Response(
            body=body,
            content_type=CONTENT_TYPE_JSON,
            zlib_executor_size=COMPRESS_APART_FROM,
        )
    )
    response.etag = etag
    # Kept by whoever asked, for that user, and asked for again each time.
    response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    response.headers[hdrs.VARY] = f"{hdrs.AUTHORIZATION}, {hdrs.ACCEPT_ENCODING}"
    if not is_known and len(body) >= COMPRESS_FROM:
        response.enable_compression()
    return response


def result(body: Row) -> web.Response:
    """Answer with what came of a request."""
    return web.Response(body=json_bytes(body), content_type=CONTENT_TYPE_JSON)


def _error(status: HTTPStatus, body: Row) -> web.Response:
    return web.Response(
        status=status, body=json_bytes(body), content_type=CONTENT_TYPE_JSON
    )


async def read_object(request: web.Request) -> dict[str, Json]:
    """Read the JSON object that a request holds. Raises RequestError if it holds none."""
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for chunk in request.content.iter_any():
                received += chunk
                if len(received) > MOST_BODY:
                    raise RequestError(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                        f"The body is larger than {MOST_BODY} bytes",
                        "body",
                    )
    except TimeoutError:
        raise RequestError(
            HTTPStatus.REQUEST_TIMEOUT,
            f"The body did not come within {BODY_DEADLINE:g} s",
            "body",
        ) from None
    try:
        body = json_loads(bytes(received))
    except JSON_DECODE_EXCEPTIONS:
        raise RequestError(
            HTTPStatus.BAD_REQUEST, "The body is no JSON", "body"
        ) from None
    if not isinstance(body, dict):
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "The body is no JSON object", "body"
        )
    return dict(body)
