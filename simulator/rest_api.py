"""What VNish's and Braiins' REST pages have in common: JSON in, JSON out, a token between."""

from collections.abc import Callable
from dataclasses import dataclass
import json

from .http_server import HttpRequest, HttpResponse, json_response
from .miner import SimulatedMiner
from .orders import Order


class RestError(Exception):
    """A request that is refused."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status and what is said."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One method of one path."""

    answer: Callable[[SimulatedMiner, object], object]
    """Takes the body (``None``: there is none), gives that of the reply (``None``: empty)."""
    open: bool = False
    """Asks for no token."""


def body_of(request: HttpRequest) -> object:
    """The JSON of a request, ``None`` without any; RestError when it is none."""
    if not request.body.strip():
        return None
    try:
        return json.loads(request.body)
    except ValueError:
        raise RestError(400, "invalid JSON") from None


def admit(good: bool) -> None:
    """Refuse who has no good token."""
    if not good:
        raise RestError(401, "unauthorized")


def fields(body: object) -> dict[str, object]:
    """A body that must be an object."""
    if isinstance(body, dict):
        return body
    raise RestError(400, "an object is wanted")


def order(miner: SimulatedMiner, wanted: Order) -> None:
    """Tell the miner."""
    miner.model.orders.append(wanted)


def reply(data: object) -> HttpResponse:
    """A page's reply."""
    if data is None:
        return HttpResponse(content_type="application/json")
    return json_response(data)
