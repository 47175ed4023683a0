"""What every firmware's control has in common."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from ...command import Choice, Command, Result
from ...rig import Rig
from ...source import SourceError
from ..cgminer import CgminerClient
from ..web import Credentials


class RejectedError(SourceError):
    """The miner, or we ourselves, do not take the command. Nothing was changed."""


class NotKeptError(SourceError):
    """The miner took a change and shows another one; the former settings were put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a miner can be told now."""

    commands: tuple[str, ...] = ()
    """Actions, and commands of an extension, ``<extension>.<name>``."""
    power_modes: tuple[Choice, ...] = ()
    power_mode: str | None = None
    """Name of the present one among ``power_modes``, where that is known."""
    power_target: float | None = None
    """W."""
    power_target_least: float | None = None
    power_target_most: float | None = None


class Memo:
    """Keeps one short text for a miner, such as the power mode before it was put to sleep."""

    def __init__(
        self,
        text: str | None = None,
        on_change: Callable[[str | None], None] | None = None,
    ) -> None:
        """Begin with what was kept in an earlier run; ``on_change`` keeps what comes."""
        self._text = text
        self._on_change = on_change

    def recall(self) -> str | None:
        """Give what is kept."""
        return self._text

    def note(self, text: str | None) -> None:
        """Keep another text, or none."""
        if text != self._text:
            self._text = text
            if self._on_change:
                self._on_change(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miner:
    """A miner as a controller reaches it."""

    host: str
    client: CgminerClient
    session: aiohttp.ClientSession
    web_port: int
    timeout: float
    """Seconds that one exchange may take; a slow write has its own."""
    credentials: Credentials | None
    recall: Callable[[], str | None]
    """Give the note that ``note`` kept, across restarts too."""
    note: Callable[[str | None], None]
    """Keep one short text for the miner, such as the power mode before it was put to sleep."""


class Controller(Protocol):
    """Controls one miner. Made once for it, when its firmware is known, and used for its life.

    One command at a time: the caller sees to that.
    """

    def abilities(self, rig: Rig) -> Abilities:
        """Give what the miner accepts, judged from its last reading and what is known of it; no I/O."""

    async def refresh(self) -> None:
        """Learn what only a request of its own tells (presets, tuning); called at most every few minutes.

        Raises SourceError and its kinds; what was known stays.
        """

    async def execute(self, command: Command, rig: Rig) -> Result:
        """Carry out a command on the miner that ``rig`` is the last reading of.

        ``Result.SENT`` where the effect shows only in later readings, ``Result.DONE`` where
        it was read back. Raises SourceError and its kinds: RejectedError for what cannot be
        done or was refused (nothing is changed then), NotKeptError where a change did not
        take and the former settings were put back, InvalidCredentialsError where the login
        is refused. No error quotes a password or a token.
        """
