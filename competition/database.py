"""The door to `DATABASE_URL`: opened with care, and its errors said in a sentence."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from competition.errors import PodiumError

BUSY_SECONDS = 30


def open_engine(url: str) -> Engine:
    """Return an engine for a database address; nothing is read or written yet.

    SQLite gets write-ahead logging (so that readers and Optuna's writer do not wait for each
    other), 30 s of patience with a lock, and a flush to disk at every commit: an intent must
    survive a power cut.

    Args:
        url: As SQLAlchemy writes it: `sqlite:///runs/podium.db`, `postgresql+psycopg://…`.

    Raises:
        PodiumError: the address cannot be read, its driver is missing, or its folder cannot be
            made.
    """
    try:
        address = make_url(url)
        if (file := sqlite_file(address)) is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(address)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise PodiumError(
            f"DATABASE_URL asks for {address.drivername}, and its driver is not installed "
            f"({error}). Install it into .venv, or name another driver after the +."
        ) from error
    except ArgumentError as error:
        raise PodiumError(
            "DATABASE_URL is no database address: write it like sqlite:///runs/podium.db or "
            "postgresql+psycopg://user:password@host/name."
        ) from error
    except OSError as error:
        raise PodiumError(
            f"The folder of {described(address)} cannot be made ({error.strerror}): "
            "set RUNS_DIR or DATABASE_URL to another place."
        ) from error
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise PodiumError(
            f"DATABASE_URL asks for {address.get_backend_name()}; the ledger lives in SQLite or "
            "PostgreSQL. Name one of these."
        )
    if address.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite address; None for one in memory and for other databases."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def missing_file(url: str) -> bool:
    """Tell whether an address is that of an SQLite file that nobody has made yet."""
    try:
        file = sqlite_file(make_url(url))
    except ArgumentError:
        return False
    return file is not None and not file.exists()


def described(url: URL) -> str:
    """Return what a person may read of an address: never its user's password or its options."""
    if (file := sqlite_file(url)) is not None:
        return f"the database {file}"
    host = f" at {url.host}" if url.host else ""
    return f"the {url.get_backend_name()} database {url.database!r}{host}"


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn a database's error into a sentence with the next step.

    Raises:
        PodiumError: in place of any SQLAlchemy or driver error.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise PodiumError(_sentence(engine, error)) from error


def _sentence(engine: Engine, error: Exception) -> str:
    where = described(engine.url)
    where = where[0].upper() + where[1:]
    reason = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    if engine.url.password:
        reason = reason.replace(str(engine.url.password), "***")
    reason = " ".join(reason.split())
    if "not a database" in reason or "malformed" in reason:
        return (
            f"{where} is damaged or no database ({reason}). Nothing was changed in "
            "it: move it away, or set DATABASE_URL to another one."
        )
    if "locked" in reason:
        return (
            f"{where} was locked by another program for {BUSY_SECONDS} s. "
            "Run the command again when that has ended."
        )
    if "disk is full" in reason or "No space left" in reason:
        return f"{where} has no room ({reason}): free some space and run the command again."
    return (
        f"{where} cannot be used ({reason}). "
        "Check DATABASE_URL and RUNS_DIR, and that the server runs or the file can be written."
    )


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    with suppress(sqlite3.OperationalError):  # busy: another connection is switching it just now
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
