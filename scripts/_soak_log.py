"""What Home Assistant logged in a soak: no traceback, and at most two lines a fault."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
import re

_LINE = re.compile(
    r"^\S* ?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) \(([^)]*)\) \[([^]]*)\] (.*)"
)
_OURS = "custom_components.antminer_monitor"
_OUTAGE = re.compile(
    r"^(.*?)(?: is stale, last seen|: \d+ rigs are stale| is back$|: \d+ rigs are back"
    r"| is not read, its rigs turn stale: | is read again$)"
)
_USUAL = re.compile(
    r"has not been tested by Home Assistant|is taking over \d+ seconds|took [\d.]+ seconds"
    # What whoever told a rig something hears in answer.
    r"|Error during service call to antminer_monitor\.|The target has no rig of Antminer Monitor"
)
_EXCUSED = re.compile(
    # Where there is no library for cameras, which a miner has no use for.
    r"Unable to locate turbojpeg"
    # At the first start, when thousands of entities are all new: conversation notes of each in one turn whether it may
    # speak of it. Nobody adds hundreds of miners in that way.
    r"|Event state_reported not fired: more than 10000 events were queued"
    # How Home Assistant itself says that the disk is full.
    r"|\[homeassistant\.util\.file\] Saving file failed: .*No space left on device"
)
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
TRACEBACK = "Traceback (most recent call last)"
MOST_KEPT = 20
_PIECE = 4 * 1024 * 1024


@dataclass(slots=True)
class Log:
    """What was said so far; lines are counted, and some of them kept."""

    path: Path
    outages: Counter[str] = field(default_factory=Counter)
    """Lines about a rig, or about all of a source, that went or came back; by what they call it."""
    others: Counter[str] = field(default_factory=Counter)
    """Other warnings and errors of ours, by what they begin with."""
    tracebacks: list[str] = field(default_factory=list)
    foreign: Counter[str] = field(default_factory=Counter)
    """Warnings and errors of others, by their logger."""
    examples: Counter[str] = field(default_factory=Counter)
    """Errors of others, and what we said beside outages: logger and text."""
    _offset: int = 0
    _last: str = ""
    _is_open: bool = False
    """Whether the last lines are of a traceback, whose error comes at its end."""

    def read(self) -> None:
        """Read what was written since."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            while piece := file.read(_PIECE):
                end = piece.rfind(b"\n") + 1
                if not end:
                    break
                for line in piece[:end].decode(errors="replace").splitlines():
                    self._take(_COLOURS.sub("", line))
                self._offset += end
                file.seek(self._offset)

    def _take(self, line: str) -> None:
        if TRACEBACK in line:
            self._is_open = True
            return
        if self._is_open:
            if line.startswith(" ") or not line:
                return
            self._is_open = False
            said = f"{self._last} … {line[:300]}"
            if not _EXCUSED.search(said) and len(self.tracebacks) < MOST_KEPT:
                self.tracebacks.append(said)
        if (found := _LINE.match(line)) is None:
            return
        level, _, logger, text = found.groups()
        self._last = line[:300]
        if level in ("DEBUG", "INFO") or _USUAL.search(text):
            return
        if not logger.startswith(_OURS):
            self.foreign[logger] += 1
            if level != "WARNING":
                self._keep(logger, text)
        elif outage := _OUTAGE.match(text):
            self.outages[outage[1]] += 1
        else:
            self.others[text[:60]] += 1
            self._keep(logger, text)

    def _keep(self, logger: str, text: str) -> None:
        example = f"[{logger}] {text[:250]}"
        if example in self.examples or len(self.examples) < MOST_KEPT:
            self.examples[example] += 1

    @property
    def lines(self) -> int:
        """Warnings and errors of ours."""
        return self.outages.total() + self.others.total()
