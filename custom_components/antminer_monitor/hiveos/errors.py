"""What can go wrong with the HiveOS API besides what any source knows."""

from collections.abc import Mapping

from ..source import SourceError


class NotFoundError(SourceError):
    """What was asked for is not there, or no longer."""


class RejectedError(SourceError):
    """The request says something that the service, or we ourselves, do not take."""

    def __init__(
        self, message: str, fields: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        """Keep what is wrong with which field of the request."""
        super().__init__(message)
        self.fields = dict(fields or {})


class BackOffError(SourceError):
    """The service cannot answer now. It is left alone for a while."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep after how many seconds it is asked again."""
        super().__init__(message)
        self.retry_after = retry_after


class BusyError(BackOffError):
    """We ask more than the service allows."""


class ServerError(BackOffError):
    """The service, or what stands before it, has a fault or is down."""
