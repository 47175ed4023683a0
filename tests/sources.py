"""A source that does what a test says, for tests of what stands above it."""

import asyncio
from collections.abc import Callable

from custom_components.antminer_monitor.rig import Rig
from custom_components.antminer_monitor.source import SourceError


class ScriptedSource:
    """Gives the next answer of its script at every reading; the last one again and again."""

    def __init__(self, *script: Callable[[], Rig] | SourceError) -> None:
        """Keep the script: what makes a rig, or an error that is raised."""
        self.script = list(script)
        self.reads = 0
        self.closed = 0
        self.gate: asyncio.Event | None = None

    @property
    def label(self) -> str:
        """Name it."""
        return "scripted"

    async def read(self) -> tuple[Rig, ...]:
        """Play the next answer."""
        self.reads += 1
        if self.gate:
            await self.gate.wait()
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, SourceError):
            raise answer
        return (answer(),)

    async def close(self) -> None:
        """Count."""
        self.closed += 1
