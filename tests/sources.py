"""A source that does what a test says, for tests of what stands above it."""

import asyncio
from collections.abc import Callable, Sequence

from custom_components.antminer_monitor.command import Command, Outcome, Result
from custom_components.antminer_monitor.rig import Rig
from custom_components.antminer_monitor.source import Reading, SourceError


class ScriptedSource:
    """Gives the next answer of its script at every reading; the last one again and again."""

    def __init__(self, *script: Callable[[], Rig | Reading] | SourceError) -> None:
        """Keep the script: what makes a rig, or an error that is raised."""
        self.script = list(script)
        self.reads = 0
        self.closed = 0
        self.gate: asyncio.Event | None = None
        self.told: list[tuple[Command, tuple[str, ...]]] = []
        self.outcomes: tuple[Outcome, ...] | SourceError | None = None
        """What commands come to; None: each is taken."""

    @property
    def label(self) -> str:
        """Name it."""
        return "scripted"

    async def read(self) -> Reading:
        """Play the next answer."""
        self.reads += 1
        if self.gate:
            await self.gate.wait()
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, SourceError):
            raise answer
        found = answer()
        return found if isinstance(found, Reading) else Reading(rigs=(found,))

    async def execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> tuple[Outcome, ...]:
        """Keep the command, and answer as the test wants."""
        self.told.append((command, tuple(rig_ids)))
        if isinstance(self.outcomes, SourceError):
            raise self.outcomes
        return self.outcomes or tuple(
            Outcome(rig_id=rig_id, result=Result.SENT, command_ids=(f"{place}",))
            for place, rig_id in enumerate(rig_ids, 1)
        )

    async def close(self) -> None:
        """Count."""
        self.closed += 1
