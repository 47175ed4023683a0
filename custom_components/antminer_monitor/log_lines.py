"""The last lines that the integration wrote to the log, for those who look at its pages."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
import logging
from typing import Final, override

from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .diagnostics import redact
from .json_value import Json

MOST_LINES: Final = 200
LONGEST_LINE: Final = 500
"""Characters."""
MOST_TEXT: Final = 4000
"""Characters that are looked at for what must not be told."""

LOGGER_NAME: Final = __package__ or DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of the log."""

    at: datetime
    level: str
    """Such as ``WARNING``."""
    logger: str
    """Without what all of ours begin with: ``coordinator``."""
    message: str

    def as_dict(self) -> dict[str, Json]:
        """Give it as what JSON can hold."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "level": self.level,
            "logger": self.logger,
            "message": self.message,
        }


class LogLines(logging.Handler):
    """Keeps the last lines, from whatever thread they come.

    What the logger lets through is kept, but for what is only there to find faults.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with no line."""
        super().__init__(logging.INFO)
        self._hass = hass
        self._lines: deque[LogLine] = deque(maxlen=MOST_LINES)
        self._count = 0
        self._wakers: dict[object, CALLBACK_TYPE] = {}

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        try:
            line = _line_of(record)
        except Exception:  # noqa: BLE001 - whatever an argument of a log call raises as text
            self.handleError(record)
            return
        self._lines.append(line)
        self._count += 1
        # Nobody is to be told once Home Assistant has stopped.
        with suppress(RuntimeError):
            self._hass.loop.call_soon_threadsafe(self._wake)

    @callback
    def async_add(self, wake: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``wake`` whenever there is a new line; returns what ends that."""
        key = object()
        self._wakers[key] = wake

        def remove() -> None:
            self._wakers.pop(key, None)

        return remove

    def since(self, number: int = 0) -> tuple[int, Sequence[LogLine]]:
        """Give the number of the last line, and those kept that came after ``number``."""
        self.acquire()
        try:
            lines = tuple(self._lines)
            new = min(self._count - number, len(lines))
            return self._count, lines[len(lines) - new :]
        finally:
            self.release()

    @callback
    def _wake(self) -> None:
        for wake in tuple(self._wakers.values()):
            wake()


def _line_of(record: logging.LogRecord) -> LogLine:
    message = record.getMessage()
    if record.exc_info and (error := record.exc_info[1]):
        message = f"{message} ({type(error).__name__}: {error})"
    text = redact(" ".join(message[:MOST_TEXT].split()))
    return LogLine(
        at=datetime.fromtimestamp(record.created, UTC),
        level=record.levelname,
        logger=record.name.removeprefix(LOGGER_NAME).removeprefix("."),
        message=text[:LONGEST_LINE],
    )


_LOG_LINES: HassKey[LogLines] = HassKey(f"{DOMAIN}_log_lines")


@callback
def async_setup_log_lines(hass: HomeAssistant) -> None:
    """Begin to keep lines, once, until Home Assistant stops."""
    if _LOG_LINES in hass.data:
        return
    hass.data[_LOG_LINES] = lines = LogLines(hass)
    logger = logging.getLogger(LOGGER_NAME)
    logger.addHandler(lines)

    @callback
    def stop(_event: Event) -> None:
        logger.removeHandler(lines)

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, stop)


@callback
def async_log_lines(hass: HomeAssistant) -> LogLines:
    """Give the lines; there are none before ``async_setup_log_lines``."""
    return hass.data[_LOG_LINES]
