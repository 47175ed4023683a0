"""What can go wrong between the service and those who ask it."""

from dataclasses import dataclass, field
from enum import StrEnum


class HiveFault(StrEnum):
    """A fault of the service, from when it is set until it is cleared, over or used up."""

    UNAUTHORIZED = "unauthorized"
    """401, whatever the token."""
    FORBIDDEN_CODE = "forbidden_code"
    """403 in JSON with code 403003: a security code is wanted."""
    FORBIDDEN_ROLE = "forbidden_role"
    """403 in JSON with another code."""
    FORBIDDEN_HTML = "forbidden_html"
    """403 with a page of the web server."""
    UNPAID = "unpaid"
    """403 for all that is inside a farm; the farms say that they are not paid."""
    INVALID = "invalid"
    """422 with ``errors``."""
    TOO_MANY = "too_many"
    """429 with Retry-After."""
    TOO_MANY_403 = "too_many_403"
    """403 "Too many requests" with Retry-After, the throttling that is documented."""
    SERVER_ERROR = "server_error"
    """500 in JSON."""
    CLOUDFLARE = "cloudflare"
    """520 with a page of the proxy before the service."""
    EMPTY = "empty"
    """200, typed as JSON, without a byte."""
    HTML = "html"
    """200 with a page."""
    TRUNCATED = "truncated"
    """The connection ends before the announced length."""
    WRONG_TYPES = "wrong_types"
    """JSON of the wrong shape: lists where objects belong, words for numbers."""
    NOT_JSON = "not_json"
    """200, typed as JSON, and none."""
    SLOW = "slow"
    """The answer comes after ``delay`` seconds."""
    HANG = "hang"
    """No answer ever."""
    OLD_STATS = "old_stats"
    """The workers' figures stand still since the fault was set; the farms' do not."""
    MISSING_STATS = "missing_stats"
    """The workers have no ``stats``."""
    VANISH = "vanish"
    """The first worker of each farm is missing from the list."""
    HUGE = "huge"
    """A body without end, as good as: 512 MiB, as fast as it is read."""
    REDIRECT = "redirect"
    """302 to another host; who follows is seen at ``/elsewhere``."""
    DROP = "drop"
    """The connection is reset instead of an answer."""


@dataclass(slots=True, kw_only=True)
class SetFault:
    """A fault that is on."""

    fault: HiveFault
    path: str | None = None
    """Befalls requests whose path contains it; ``None``: all."""
    until: float | None = None
    """Clock at which it is over."""
    count: int | None = None
    """Requests that it still befalls."""
    retry_after: int = 60
    """Seconds, in the header of that name."""
    delay: float = 35.0
    """Seconds of real time, for SLOW."""
    kept: dict[int, bytes] = field(default_factory=dict, repr=False)
    """For OLD_STATS: the list of each farm's workers as it was."""

    def befalls(self, path: str, now: float) -> bool:
        """Whether a request for ``path`` suffers it."""
        if self.over(now):
            return False
        return self.path is None or self.path in path

    def over(self, now: float) -> bool:
        """Whether it is past or used up."""
        return self.count == 0 or (self.until is not None and now >= self.until)

    def use(self) -> None:
        """Count a request that it befell."""
        if self.count is not None:
            self.count -= 1


def fault_named(name: str) -> HiveFault:
    """The fault of that name; ValueError names those there are."""
    try:
        return HiveFault(name)
    except ValueError:
        raise ValueError(
            f"no fault {name!r}; there are: {', '.join(HiveFault)}"
        ) from None
