"""What a practice Kaggle remembers of kernels: their versions and runs, in one SQLite file."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (
    slug TEXT NOT NULL,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    gpu INTEGER NOT NULL,
    internet INTEGER NOT NULL,
    sources TEXT NOT NULL,
    seconds REAL NOT NULL,
    created REAL NOT NULL,
    status TEXT NOT NULL,
    started REAL,
    ended REAL,
    PRIMARY KEY (slug, version)
);
"""
_COLUMNS = (
    "slug, version, title, source, kind, gpu, internet, sources, seconds, created, status, "
    "started, ended"
)
QUEUED, RUNNING, COMPLETE, ERROR = "QUEUED", "RUNNING", "COMPLETE", "ERROR"
CANCELLED = "CANCEL_ACKNOWLEDGED"


@dataclass(frozen=True)
class Version:
    """One version of a kernel, and its one run.

    Attributes:
        slug: Of the kernel.
        version: From 1.
        title: That people read.
        source: The script, or a notebook's JSON.
        kind: `script` or `notebook`.
        gpu: Whether a GPU was asked for.
        internet: Whether the run may use the network.
        sources: Slugs of the competitions whose files it gets.
        seconds: After which the run is ended.
        created: When it was pushed, in seconds since 1970, like the next two.
        status: As Kaggle calls it.
        started: When it left the queue; None before.
        ended: When the run ended; None before.
    """

    slug: str
    version: int
    title: str
    source: str
    kind: str
    gpu: bool
    internet: bool
    sources: tuple[str, ...]
    seconds: float
    created: float
    status: str
    started: float | None = None
    ended: float | None = None

    @property
    def under_way(self) -> bool:
        """Whether its run waits or runs."""
        return self.status in (QUEUED, RUNNING)


class Versions:
    """All versions of all kernels; survives restarts.

    Args:
        folder: Holds `kernels.db`.
        begins: Whether a server begins with it: what ran under the last one has ended with that.
    """

    def __init__(self, folder: Path, begins: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = folder / "kernels.db"
        with self._connected() as database:
            database.executescript(_SCHEMA)
            if begins:
                database.execute(
                    "UPDATE versions SET status = ?, ended = ? WHERE status IN (?, ?)",
                    (ERROR, time.time(), QUEUED, RUNNING),
                )

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._database, timeout=30)) as database, database:
            yield database

    def add(self, version: Version) -> None:
        """Keep a new version."""
        values = (
            *(version.slug, version.version, version.title, version.source, version.kind),
            *(version.gpu, version.internet, json.dumps(version.sources), version.seconds),
            *(version.created, version.status, version.started, version.ended),
        )
        with self._connected() as database:
            database.execute(f"INSERT INTO versions VALUES ({', '.join('?' * 13)})", values)

    def all(self) -> list[Version]:
        """Return all versions, newest first."""
        with self._connected() as database:
            rows = database.execute(
                f"SELECT {_COLUMNS} FROM versions ORDER BY created DESC, version DESC"
            ).fetchall()
        return [_version(row) for row in rows]

    def get(self, slug: str, version: int | None = None) -> Version | None:
        """Return a version, or the newest one; None where there is none."""
        with self._connected() as database:
            row = database.execute(
                f"SELECT {_COLUMNS} FROM versions WHERE slug = ? AND (? IS NULL OR version = ?)"
                " ORDER BY version DESC LIMIT 1",
                (slug, version, version),
            ).fetchone()
        return _version(row) if row else None

    def begin(self, version: Version) -> None:
        """Record that a run has left the queue."""
        self._change(version, "status = ?, started = ?", RUNNING)

    def end(self, version: Version, status: str) -> None:
        """Record how a run ended."""
        self._change(version, "status = ?, ended = ?", status)

    def _change(self, version: Version, what: str, status: str) -> None:
        with self._connected() as database:
            database.execute(
                f"UPDATE versions SET {what} WHERE slug = ? AND version = ?",
                (status, time.time(), version.slug, version.version),
            )

    def delete(self, slug: str) -> None:
        """Forget a kernel with all its versions."""
        with self._connected() as database:
            database.execute("DELETE FROM versions WHERE slug = ?", (slug,))


def _version(row: tuple[object, ...]) -> Version:
    values = list(row)
    values[5], values[6] = bool(values[5]), bool(values[6])
    values[7] = tuple(json.loads(str(values[7])))
    return Version(*values)  # type: ignore[arg-type]
