"""What a miner tells besides port 4028: on its web interface, and on port 6060.

Nobody promised either. A read goes on without, whatever they answer.
"""

import logging
from time import monotonic

import aiohttp

from ..rig import RigError
from ..source import AccessDeniedError, SourceError
from .extras import DEFAULT_PORT as EXTRAS_PORT, read_power, read_warnings
from .firmware import Dialect
from .web import Credentials, StockWeb, WebConfiguration, WebInfo, vnish_info

_LOGGER = logging.getLogger(__name__)


class Besides:
    """Asks one miner; keeps what it said, and what it refused."""

    def __init__(
        self,
        session: aiohttp.ClientSession | None,
        host: str,
        credentials: Credentials | None,
        *,
        label: str,
        timeout: float,
        web_port: int = 80,
        extras_port: int = EXTRAS_PORT,
    ) -> None:
        """Keep the address; without ``session`` nothing is asked. ``timeout`` is in seconds."""
        self._session = session
        self._host = host
        self._credentials = credentials
        self._label = label
        self._timeout = timeout
        self._web_port = web_port
        self._extras_port = extras_port
        self._web: StockWeb | None = None
        self._web_at: float | None = None
        self._introduced = False
        self._watts: float | None = None
        self.info: WebInfo | None = None
        self.configuration: WebConfiguration | None = None
        self.has_power = False
        """Whether port 6060 told watts when the miner was identified."""
        self.refused = False
        """Whether the web interface refused the credentials; it is left alone since."""

    @property
    def credentials(self) -> Credentials | None:
        """Those that were not refused: more attempts could lock the rig's owner out."""
        return None if self.refused else self._credentials

    async def begin_anew(self, dialect: Dialect) -> None:
        """Find out what a miner has to tell that was just identified."""
        self._watts = await self._power() if dialect.new_api else None
        self.has_power = self._watts is not None
        self._introduced = False
        self._web_at = None

    async def power(self) -> float | None:
        """Read the watts of port 6060, where it is known to answer."""
        watts, self._watts = self._watts, None
        if self.has_power and watts is None:
            watts = await self._power()
        return watts

    async def warnings(self) -> tuple[RigError, ...]:
        """Read the error codes of port 6060, where it is known to answer."""
        if self._session is None or not self.has_power:
            return ()
        try:
            return await read_warnings(
                self._session, self._host, port=self._extras_port
            )
        except SourceError as err:
            _LOGGER.debug("%s: port %d: %s", self._label, self._extras_port, err)
            return ()

    async def _power(self) -> float | None:
        if self._session is None:
            return None
        try:
            return await read_power(self._session, self._host, port=self._extras_port)
        except SourceError as err:
            _LOGGER.debug("%s: port %d: %s", self._label, self._extras_port, err)
            return None

    async def ask_web(self, dialect: Dialect, every: float) -> bool:
        """Read the configuration if ``every`` seconds went by; tell whether it was read.

        What the web interface says of the rig is read once an identification.
        """
        now = monotonic()
        if self._session is None or (
            self._web_at is not None and now - self._web_at < every
        ):
            return False
        try:
            if dialect.rest and not self._introduced:
                self._web_at = now
                self.info = await vnish_info(
                    self._session,
                    self._host,
                    port=self._web_port,
                    timeout=self._timeout,
                )
                self._introduced = True
            elif dialect.stock_web and self.credentials:
                self._web_at = now
                if self._web is None:
                    self._web = StockWeb(
                        self._session,
                        self._host,
                        self.credentials,
                        port=self._web_port,
                        timeout=self._timeout,
                    )
                if not self._introduced:
                    self.info = await self._web.system_info()
                    self._introduced = True
                self.configuration = await self._web.configuration()
                return True
        except AccessDeniedError as err:
            _LOGGER.debug("%s: web interface: %s", self._label, err)
            self.refused = True
        except SourceError as err:
            _LOGGER.debug("%s: web interface: %s", self._label, err)
        return False
