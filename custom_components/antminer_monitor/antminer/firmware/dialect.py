"""What a dialect of the CGMiner API is: how to know it, what to ask it, how to read it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ...json_value import Json
from ...rig import Rig, RigError
from ..apart import Apart
from ..cgminer import Reply, section
from ..hardware import TABLE, Models
from ..web import WebConfiguration, WebInfo

if TYPE_CHECKING:
    from ..control.controller import Controller, Miner

STATS_NEW = "stats.cgi"
"""Name of the ``stats`` reply that was asked for with ``new_api``: what the rig's own web
page of that name shows."""
SUMMARY_NEW = "summary.cgi"
"""Name of the ``summary`` reply that was asked for with ``new_api``."""


MARKS = ("GHS 5s", "GHS av", "miner_count", "chain_acn1", "chain_acs1", "chain_rate1")
"""Keys of which every firmware with ``stats`` of its own puts some among the figures."""


def figures_of(rows: list[dict[str, Json]]) -> dict[str, Json]:
    """Find the object with the figures among those of a ``stats`` reply.

    It follows a header as a rule, and holds the header too in some firmware (asicseer).
    Empty where there is none.
    """
    return max(
        (row for row in rows if any(key in row for key in MARKS)), key=len, default={}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known of a rig besides the replies of one poll."""

    rig_id: str
    host: str
    seen_at: datetime
    mac: str | None = None
    """From elsewhere (DHCP), for firmware that does not tell."""
    info: WebInfo | None = None
    configuration: WebConfiguration | None = None
    power: float | None = None
    """W, from port 6060."""
    warnings: tuple[RigError, ...] = ()
    """Error codes, from port 6060."""
    fan_slots: frozenset[int] = frozenset()
    """Fans that turned once: one of them at 0 RPM is dead, not absent."""
    models: Models = TABLE


class Fingerprint:
    """What ``version`` and the first ``stats`` give away about the firmware."""

    def __init__(
        self,
        version: Reply | None,
        stats: Reply | None,
        probes: Mapping[str, Reply] | None = None,
    ) -> None:
        """Take the two replies; either may be missing or an error.

        ``probes`` are replies to what dialects ask besides, see ``Dialect.probes``.
        """
        self.replies: dict[str, Reply] = dict(probes or {})
        """Every reply that there is, by command."""
        if version is not None:
            self.replies["version"] = version
        if stats is not None:
            self.replies["stats"] = stats
        head = section(version, "VERSION") if version else []
        self.version: dict[str, Json] = head[0] if head else {}
        self.record: dict[str, Json] = {}
        self.kind: str | None = None
        """``Type``: the model, often with the firmware's name in it."""
        self.new_form = stats is not None and isinstance(stats.get("STATUS"), dict)
        """Whether ``stats`` is that of the rig's own web page (``new_api``)."""
        if stats and self.new_form and (info := section(stats, "INFO")):
            self.kind = text if isinstance(text := info[0].get("type"), str) else None
        elif stats and (rows := section(stats, "STATS")):
            self.record = figures_of(rows)
            for row in (*rows, self.version):
                if self.kind is None and isinstance(text := row.get("Type"), str):
                    self.kind = text
        elif isinstance(text := self.version.get("Type"), str):
            self.kind = text
        words = [*self.version, self.kind or ""]
        words += [text for text in self.version.values() if isinstance(text, str)]
        for reply in (version, stats):
            # btminer refuses in one object, without rows.
            words += [
                text
                for row in (reply or {}, *section(reply or {}, "STATUS"))
                for text in (row.get("Description"), row.get("Msg"))
                if isinstance(text, str)
            ]
        self.text = "\n".join(words).lower()
        """Every word of them in which a firmware names itself, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One dialect."""

    name: str
    family: str
    """What ``Firmware.family`` says, unless the firmware names itself otherwise."""
    commands: tuple[str, ...]
    """What an ordinary poll asks; the first is the one that a read cannot do without."""
    recognises: Callable[[Fingerprint], bool]
    parse: Callable[[Mapping[str, Reply], Context], Rig]
    """Replies by command, those of the identification (``version``, ``stats.cgi``) among
    them, to a rig. Raises InvalidReplyError where they are no miner's, nothing else."""
    joined: bool = False
    """Whether the commands may be sent as one."""
    new_api: bool = False
    """Whether ``stats`` and ``summary`` may have a second form, asked with ``new_api``."""
    stock_web: bool = False
    """Whether Bitmain's web interface is there."""
    rest: bool = False
    """Whether VNish's REST interface is there."""
    probes: tuple[str, ...] = ()
    """Commands whose replies ``recognises`` wants besides ``version`` and ``stats``. They are
    asked of a miner that nothing recognises by those two, and ``parse`` gets them as well."""
    control: Callable[[Miner], Controller] | None = None
    """Makes what controls a miner; ``None`` where no way is known to tell it anything."""
    apart: Apart | None = None
    """Where it runs in a thread and under a deadline, if nobody here has seen it."""
    when_hung: Callable[[], None] | None = None
    """Called when it did not end within that deadline."""
