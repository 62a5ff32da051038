"""The one door to the database: its address, its locks, and its errors as sentences."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from competition.database import Database, DatabaseFailed
from competition.errors import InfrastructureError, PodiumError
from competition.locks import LockHeld


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'new' / 'podium.db'}")


def test_nothing_is_made_before_it_is_needed(database: Database, tmp_path: Path) -> None:
    assert database.missing
    assert list(tmp_path.glob("new")) == []
    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
    assert not database.missing


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "not a database address"),
        ("mysql://me@host/name", "asks for mysql"),
        ("postgresql+nodriver://me@host/name", "whose driver is not installed"),
        ("postgres+nodriver://me@host/name", "whose driver is not installed"),
        ("postgresql://me:secret@host:port/name", "not a database address"),
        ("postgresql://me:secret@[::1/name", "not a database address"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_sentence(url: str, words: str) -> None:
    with pytest.raises(PodiumError, match=words):
        Database(url).address  # noqa: B018
        Database(url).engine  # noqa: B018


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "POSTGRES", "postgres+psycopg", "postgresql+psycopg"]
)
def test_an_address_as_hosts_of_databases_give_it_needs_no_driver(scheme: str) -> None:
    database = Database(f" {scheme}://me:secret@host:5433/name?sslmode=require\n")
    assert database.url == "postgresql+psycopg://me:secret@host:5433/name?sslmode=require"
    assert database.engine.driver == "psycopg"
    assert Database("postgresql+psycopg2://host/name").address.drivername == "postgresql+psycopg2"


def test_a_damaged_file_is_told_and_left_as_it_is(database: Database) -> None:
    assert database.file is not None
    database.file.parent.mkdir()
    database.file.write_bytes(b"not a database at all" * 99)
    damaged = pytest.raises(DatabaseFailed, match="is damaged, or not a database")
    with damaged as caught, database.explained(), database.engine.connect():
        pass
    assert isinstance(caught.value, InfrastructureError)
    assert database.file.read_bytes() == b"not a database at all" * 99


def test_only_errors_of_the_database_are_told_as_such(database: Database) -> None:
    with pytest.raises(RuntimeError, match="a fault of ours"), database.explained():
        raise RuntimeError("a fault of ours")
    with pytest.raises(DatabaseFailed, match="was locked by another program"), database.explained():
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))


def test_a_password_is_never_shown() -> None:
    database = Database("postgresql+psycopg://me:secret@host/name?sslpassword=hidden")
    told = database.sentence(ConnectionError("no user me with secret"))
    assert "secret" not in told + database.described
    assert "hidden" not in told + database.described


def test_its_lock_is_held_by_one_at_a_time(database: Database) -> None:
    same = Database(database.url)
    with database.locked("submit a", patience=0) as waited:
        assert not waited
        with pytest.raises(LockHeld), same.locked("submit a", patience=0):
            pass
        with same.locked("submit b", patience=0):
            pass
    with same.locked("submit a", patience=0):
        pass


def test_a_servers_lock_is_held_by_one_at_a_time(postgres_schema: str) -> None:
    first, second = Database(postgres_schema), Database(postgres_schema)
    with first.locked("tune", patience=0):
        told: list[str] = []
        with (
            pytest.raises(LockHeld),
            second.locked("tune", patience=0.3, waiting=lambda: told.append("waiting")),
        ):
            pass
        assert told == ["waiting"]
    with second.locked("tune", patience=0):
        pass
