"""The one door to `DATABASE_URL`: opened with care, locked, and its errors said in a sentence."""

import hashlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from competition.errors import InfrastructureError, PodiumError
from competition.locks import LockHeld, locked

BUSY_SECONDS = 30
_LOOK_AGAIN_SECONDS = 0.2
# Our driver, where none is named.
_WITHOUT_DRIVER = re.compile(r"^(postgres(ql)?|postgres\+psycopg)://", re.IGNORECASE)


class DatabaseFailed(InfrastructureError):
    """The database cannot be used."""


class Database:
    """A database that studies and ledger share: SQLite, or PostgreSQL for several machines.

    Nothing is opened, read or written before it is needed.

    Args:
        url: As SQLAlchemy writes it: `sqlite:///runs/podium.db`, `postgresql+psycopg://…`; or as
            hosts of databases give it, `postgres://…` or `postgresql://…`, without the driver.
    """

    def __init__(self, url: str) -> None:
        url = _WITHOUT_DRIVER.sub("postgresql+psycopg://", url.strip(), count=1)
        self.url = re.sub(r"(?i)^postgres\+", "postgresql+", url)

    @cached_property
    def address(self) -> URL:
        """The address, taken apart.

        Raises:
            PodiumError: it is none, or of a database that Podium does not work on.
        """
        try:
            address = make_url(self.url)
        except (ArgumentError, ValueError):
            raise PodiumError(
                "DATABASE_URL is not a database address. Write it like sqlite:///runs/podium.db or "
                "postgresql+psycopg://user:password@host/name."
            ) from None
        if address.get_backend_name() not in ("sqlite", "postgresql"):
            raise PodiumError(
                f"DATABASE_URL asks for {address.get_backend_name()}. Podium works on SQLite and "
                "PostgreSQL: name one of these."
            )
        return address

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine, or in memory."""
        return self.address.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for one in memory and for other databases."""
        if not self.is_sqlite or self.address.database in (None, "", ":memory:"):
            return None
        return Path(str(self.address.database))

    @property
    def missing(self) -> bool:
        """Whether it is an SQLite file that nobody has made yet."""
        return self.file is not None and not self.file.exists()

    @property
    def described(self) -> str:
        """What a person may read of it: never its user's password or its options."""
        if self.file is not None:
            return f"the database {self.file}"
        host = f" at {self.address.host}" if self.address.host else ""
        return f"the {self.address.get_backend_name()} database {self.address.database!r}{host}"

    @cached_property
    def engine(self) -> Engine:
        """The engine, made when it is first asked for; every commit is flushed to disk.

        An intent to submit must survive a power cut. SQLite gets write-ahead logging, so that
        readers and Optuna's writer do not wait for each other, and 30 s of patience with a lock.

        Raises:
            PodiumError: the driver is missing, or the file's folder cannot be made.
        """
        try:
            self.make_folder()
            engine = create_engine(self.address)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise PodiumError(
                f"DATABASE_URL asks for {self.address.drivername}, whose driver is not installed "
                f"({error}). Write postgresql+psycopg:// for the one that is, or install yours."
            ) from error
        if self.is_sqlite:
            event.listen(engine, "connect", _prepare_sqlite)
        return engine

    def make_folder(self) -> None:
        """Make the folder of an SQLite file.

        Raises:
            PodiumError: it cannot be made.
        """
        if self.file is None:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PodiumError(
                f"The folder of {self.described} cannot be made ({error.strerror}). "
                "Set RUNS_DIR or DATABASE_URL to another place."
            ) from error

    def study_options(self) -> dict[str, Any]:
        """Return the keywords with which a library opens an engine of its own here, for studies.

        A trial is many small commits. With write-ahead logging a killed process loses none of them;
        a power cut may take the last, whose fits the store still has.
        """
        if self.is_sqlite:
            return {"connect_args": {"timeout": 2 * BUSY_SECONDS, "factory": _StudyConnection}}
        return {"pool_pre_ping": True}

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn a database's error into a sentence with the next step.

        Raises:
            DatabaseFailed: in place of any SQLAlchemy or driver error.
        """
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise DatabaseFailed(self.sentence(error)) from error

    def sentence(self, error: BaseException) -> str:
        """Return what to tell a person of a database's error."""
        where = self.described
        where = where[0].upper() + where[1:]
        reason = str(error.orig if isinstance(error, DBAPIError) else error).strip()
        if self.address.password:
            reason = reason.replace(str(self.address.password), "***")
        reason = " ".join(reason.split())
        if "not a database" in reason or "malformed" in reason:
            return (
                f"{where} is damaged, or not a database ({reason}). Nothing was changed in it: "
                "move it away, or set DATABASE_URL to another one."
            )
        if "locked" in reason:
            return (
                f"{where} was locked by another program for {BUSY_SECONDS} s. "
                "Run the command again when that has ended."
            )
        if "disk is full" in reason or "No space left" in reason:
            return f"{where} has no room ({reason}). Free some space and run the command again."
        return (
            f"{where} cannot be used ({reason}). "
            "Check DATABASE_URL and RUNS_DIR, and that the server runs or the file can be written."
        )

    @contextmanager
    def locked(
        self, name: str, *, patience: float, waiting: Callable[[], None] = lambda: None
    ) -> Iterator[bool]:
        """Hold a lock that all who share this database share; yield whether it was waited for.

        It belongs to the process and not to a row: the operating system frees it (a locked file
        beside an SQLite file) or the server does (an advisory lock, with its connection), at the
        instant at which the process dies. So there is no owner to expire and no clock to trust.

        Args:
            name: What is locked, such as a competition and a server.
            patience: Seconds to wait for it; 0 for not at all.
            waiting: Called once where another process holds it and it is waited for.

        Raises:
            LockHeld: it was not free in that time.
            DatabaseFailed: the server cannot be asked.
        """
        digest = hashlib.sha256(f"podium {name}".encode()).digest()
        if not self.is_sqlite:
            with self._advisory(int.from_bytes(digest[:8], signed=True), patience, waiting) as one:
                yield one
        elif self.file is None:  # in memory: no other process can see it
            yield False
        else:
            path = self.file.with_name(f"{self.file.name}.{digest[:4].hex()}.lock")
            with locked(path, patience=patience, waiting=waiting) as waited:
                yield waited

    @contextmanager
    def _advisory(self, key: int, patience: float, waiting: Callable[[], None]) -> Iterator[bool]:
        with self.explained():
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

        def attempt() -> bool:
            with self.explained():
                return bool(connection.scalar(select(func.pg_try_advisory_lock(key))))

        try:
            waited = not attempt()
            if waited and patience > 0:
                waiting()
            deadline = time.monotonic() + patience
            while waited and not attempt():
                if time.monotonic() >= deadline:
                    raise LockHeld("Another process is at work on this database.")
                time.sleep(_LOOK_AGAIN_SECONDS)
            yield waited
        finally:
            connection.invalidate()  # closes the session for good, and with it the lock
            connection.close()


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    with suppress(sqlite3.OperationalError):  # busy: another connection is switching it just now
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


class _StudyConnection(sqlite3.Connection):
    """A connection that does not wait for the disk at each of the many small commits of a trial."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        with suppress(sqlite3.OperationalError):  # busy, or a disk that cannot be written
            if self.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",):
                self.execute("PRAGMA synchronous = NORMAL")
