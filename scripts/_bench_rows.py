"""What Home Assistant's recorder wrote, counted in its SQLite file while it goes on writing."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
import sqlite3
from typing import Final

TABLES: Final = ("states", "events", "statistics_short_term", "statistics")
"""Those that grow with time; the others hold names and attributes, each once."""

_PATIENCE: Final = 30.0
"""Seconds that the recorder may be in the way."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the file holds at a moment."""

    size: int
    """Bytes, as the file has once its write-ahead log is worked into it."""
    rows: Mapping[str, int]
    """Of each of ``TABLES``."""


def stored(path: Path) -> Stored:
    """Look into the file; sqlite3.Error when that cannot be done."""
    with closing(_opened(path)) as database:
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        (page_size,) = database.execute("PRAGMA page_size").fetchone()
        return Stored(
            size=pages * page_size,
            rows={
                table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608 - a name from above
                for table in TABLES
            },
        )


def recorded(path: Path, since: float, until: float) -> dict[str, int]:
    """Count the states written between two moments, in seconds since the epoch, by entity id."""
    with closing(_opened(path)) as database:
        return dict(
            database.execute(
                "SELECT states_meta.entity_id, COUNT(*) FROM states JOIN states_meta USING (metadata_id) "
                "WHERE last_updated_ts >= ? AND last_updated_ts < ? GROUP BY states_meta.entity_id",
                (since, until),
            ).fetchall()
        )


def _opened(path: Path) -> sqlite3.Connection:
    # To read only: what is not committed yet is not seen, and nothing is changed.
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
