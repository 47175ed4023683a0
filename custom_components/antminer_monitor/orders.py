"""What the rigs of a source were told, and what is awaited of them since."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from .command import Command, Outcome, Result
from .rig import Rig
from .source import Source, SourceError

RECENT = timedelta(minutes=10)
"""For so long after a command somebody waits to see what became of it."""


class Orders:
    """Passes commands on to a source, and notes which rigs got one."""

    def __init__(self, label_of: Callable[[str], str]) -> None:
        """Begin with nothing told. ``label_of`` gives what to call a rig in an error."""
        self._label_of = label_of
        self._told_at: dict[str, datetime] = {}
        self.expected: set[str] = set()
        """Rigs that were told to start anew, and are silent or idle meanwhile."""

    def recent(self) -> frozenset[str]:
        """Give the rigs that were told something lately."""
        if self._told_at:
            since = dt_util.utcnow() - RECENT
            self._told_at = {
                rig_id: at for rig_id, at in self._told_at.items() if at > since
            }
        return frozenset(self._told_at)

    async def async_give(
        self,
        source: Source,
        command: Command,
        rig_ids: Sequence[str],
        rigs: Mapping[str, Rig],
        heard: Callable[[SourceError | None], None],
    ) -> list[Outcome]:
        """Tell rigs to do something; an outcome for each, in the same order. Raises nothing.

        What a rig does not accept now is not sent to it. ``heard`` is called when anything
        was sent, with the error if there was one.
        """
        outcomes = {
            rig_id: self._refused(command, rig_id, rigs.get(rig_id))
            for rig_id in dict.fromkeys(rig_ids)
        }
        accepted = [rig_id for rig_id, outcome in outcomes.items() if outcome is None]
        if accepted:
            error: SourceError | None = None
            self._told_at.update(dict.fromkeys(accepted, dt_util.utcnow()))
            try:
                answers = await source.execute(command, accepted)
            except SourceError as err:
                error = err
                answers = tuple(
                    Outcome(rig_id=rig_id, result=Result.FAILED, error=str(err))
                    for rig_id in accepted
                )
            heard(error)
            outcomes |= {outcome.rig_id: outcome for outcome in answers}
        return [outcome for outcome in outcomes.values() if outcome]

    def _refused(
        self, command: Command, rig_id: str, rig: Rig | None
    ) -> Outcome | None:
        if rig and command.action in rig.commands:
            return None
        reason = (
            f"it may not be controlled ({rig.commands_denied})"
            if rig and rig.commands_denied
            else f"it does not accept {command.action} now"
        )
        return Outcome(
            rig_id=rig_id,
            result=Result.FAILED,
            error=f"{self._label_of(rig_id)}: {reason}",
        )
