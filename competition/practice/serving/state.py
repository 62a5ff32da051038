"""What a practice Kaggle remembers: uploads and submissions, in one SQLite file."""

import math
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY,
    token TEXT UNIQUE NOT NULL,
    file_name TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS submissions (
    ref INTEGER PRIMARY KEY AUTOINCREMENT,
    file_name TEXT NOT NULL,
    size INTEGER NOT NULL,
    description TEXT NOT NULL,
    created REAL NOT NULL,
    ready REAL,
    public REAL,
    private REAL,
    error TEXT,
    upload TEXT,
    rerun INTEGER NOT NULL DEFAULT 0
);
"""
# Columns that folders of earlier days lack.
_LATER = ("upload TEXT", "rerun INTEGER NOT NULL DEFAULT 0")
_LOST = "The rerun ended with the server"
_DAY = 24 * 3600


@dataclass(frozen=True)
class Upload:
    """A file that was announced: the id in its address, its token, name and size in bytes."""

    id: str
    token: str
    file_name: str
    size: int


@dataclass(frozen=True)
class Submission:
    """A submission; its scores or its error show once `ready` (seconds since 1970) has come.

    A `ready` of None never comes. `public`, `private` and `error` are None where they do not apply.
    """

    ref: int
    file_name: str
    size: int
    description: str
    created: float
    ready: float | None
    public: float | None
    private: float | None
    error: str | None

    @property
    def status(self) -> str:
        """Kaggle's name of its state now: PENDING, COMPLETE or ERROR."""
        if self.ready is None or time.time() < self.ready:
            return "PENDING"
        return "ERROR" if self.error else "COMPLETE"


class State:
    """The uploads and submissions of one practice Kaggle; survives restarts.

    Args:
        folder: Holds `practice.db`, and the uploaded files under `uploads/`.
    """

    def __init__(self, folder: Path) -> None:
        self._database = folder / "practice.db"
        self._uploads = folder / "uploads"
        self._uploads.mkdir(parents=True, exist_ok=True)
        with self._connected() as database:
            database.executescript(_SCHEMA)
            for column in _LATER:
                with suppress(sqlite3.OperationalError):  # it is there
                    database.execute(f"ALTER TABLE submissions ADD COLUMN {column}")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._database, timeout=30)) as database, database:
            yield database

    def announce(self, file_name: str, size: int) -> Upload:
        """Make room for an upload and return it."""
        upload = Upload(secrets.token_hex(16), secrets.token_urlsafe(48), file_name, size)
        with self._connected() as database:
            database.execute(
                "INSERT INTO uploads VALUES (?, ?, ?, ?)",
                (upload.id, upload.token, file_name, size),
            )
        return upload

    def upload(self, *, id: str = "", token: str = "") -> Upload | None:
        """Return the upload of an id or a token; None where there is none."""
        with self._connected() as database:
            row = database.execute(
                "SELECT * FROM uploads WHERE id = ? OR token = ?", (id, token)
            ).fetchone()
        return Upload(*row) if row else None

    def content_path(self, upload: Upload) -> Path:
        """Return where an upload's bytes are, or will be."""
        return self._uploads / upload.id

    def submit(
        self,
        upload: Upload,
        description: str,
        outcome: tuple[float, float] | str,
        delay: float | None,
    ) -> int:
        """Record a submission and return its number.

        Args:
            upload: The file.
            description: What was said with it.
            outcome: The public and private score, or why there is none.
            delay: Seconds until the outcome shows; None for never.
        """
        error = outcome if isinstance(outcome, str) else None
        public, private = (None, None) if isinstance(outcome, str) else outcome
        now = time.time()
        ready = None if delay is None else now + delay
        with self._connected() as database:
            cursor = database.execute(
                "INSERT INTO submissions (file_name, size, description, created, ready, public,"
                " private, error, upload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(upload.file_name, upload.size, description),
                    *(now, ready, public, private, error, upload.id),
                ),
            )
        return int(cursor.lastrowid or 0)

    def submit_rerun(self, upload: Upload, description: str) -> int:
        """Record a submission whose file a run makes, and return its number.

        Args:
            upload: Where the file will be.
            description: What was said with it.
        """
        with self._connected() as database:
            cursor = database.execute(
                "INSERT INTO submissions (file_name, size, description, created, upload, rerun)"
                " VALUES (?, ?, ?, ?, ?, 1)",
                (upload.file_name, upload.size, description, time.time(), upload.id),
            )
        return int(cursor.lastrowid or 0)

    def settle(self, ref: int, outcome: tuple[float, float] | str, delay: float | None) -> None:
        """Record what became of a rerun: as for `submit`."""
        error = outcome if isinstance(outcome, str) else None
        public, private = (None, None) if isinstance(outcome, str) else outcome
        ready = None if delay is None else time.time() + delay
        with self._connected() as database:
            database.execute(
                "UPDATE submissions SET ready = ?, public = ?, private = ?, error = ?, rerun = 0"
                " WHERE ref = ?",
                (ready, public, private, error, ref),
            )

    def end_reruns(self) -> None:
        """Have those submissions end in an error whose rerun ended with the last server."""
        with self._connected() as database:
            database.execute(
                "UPDATE submissions SET ready = ?, error = ?, rerun = 0 WHERE rerun = 1",
                (time.time(), _LOST),
            )

    def submitted_path(self, ref: int) -> Path | None:
        """Return where the file of a submission is; None where it is not known."""
        with self._connected() as database:
            row = database.execute(
                "SELECT upload FROM submissions WHERE ref = ?", (ref,)
            ).fetchone()
        return self._uploads / row[0] if row and row[0] else None

    def submissions(
        self, before: int | None = None, limit: int = -1, until: float = math.inf
    ) -> list[Submission]:
        """Return submissions, newest first.

        Args:
            before: Only those with a lower number.
            limit: At most so many; -1 for all.
            until: Only those made up to this moment (seconds since 1970).
        """
        with self._connected() as database:
            rows = database.execute(
                "SELECT ref, file_name, size, description, created, ready, public, private, error"
                " FROM submissions WHERE (? IS NULL OR ref < ?) AND created <= ?"
                " ORDER BY ref DESC LIMIT ?",
                (before, before, until, limit),
            ).fetchall()
        return [Submission(*row) for row in rows]

    def counts(self, until: float = math.inf) -> tuple[int, int]:
        """Return the submissions that count: of today (UTC), and of all days.

        One that ends in error does not count, nor one made after `until` (seconds since 1970).
        """
        midnight = time.time() // _DAY * _DAY
        with self._connected() as database:
            today, total = database.execute(
                "SELECT COALESCE(SUM(created >= ?), 0), COUNT(*) FROM submissions"
                " WHERE error IS NULL AND created <= ?",
                (midnight, until),
            ).fetchone()
        return today, total


def iso(seconds: float) -> str:
    """Return a time as Kaggle writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
