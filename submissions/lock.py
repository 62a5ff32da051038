"""One submitter at a time: the lock that a killed process cannot leave behind."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, func, select

from competition.database import explained, sqlite_file
from competition.errors import PodiumError
from competition.files import explained_os_errors

# A submitter holds the lock for one upload and a few calls, each of which has a time-out.
PATIENCE_SECONDS = 900.0
_LOOK_AGAIN_SECONDS = 0.2


@contextmanager
def sole_submitter(
    engine: Engine, name: str, waiting: Callable[[], None] = lambda: None
) -> Iterator[bool]:
    """Hold the right to submit; yield whether another process had it first.

    The lock belongs to the process, not to a row: the operating system frees it (an `flock` beside
    an SQLite file) or the server does (a PostgreSQL advisory lock, with its connection), at the
    instant at which the process dies. So there is no owner to expire and no clock to trust.

    Args:
        engine: The ledger's database; all who share it share the lock.
        name: What is locked, such as the competition and the endpoint.
        waiting: Called once where another process holds the lock.

    Raises:
        PodiumError: it was held for 15 minutes, or cannot be taken.
    """
    key = int.from_bytes(hashlib.sha256(f"podium submit {name}".encode()).digest()[:8], signed=True)
    hold = _advisory if engine.dialect.name == "postgresql" else _file
    with hold(engine, key) as attempt:
        waited = not attempt()
        if waited:
            waiting()
            _wait_for(attempt)
        yield waited


def _wait_for(attempt: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not attempt():
        if time.monotonic() > deadline:
            raise PodiumError(
                f"Another submit has been under way for {PATIENCE_SECONDS / 60:.0f} minutes. "
                "Wait for it or end it, then run the command again: nothing was submitted here."
            )
        time.sleep(_LOOK_AGAIN_SECONDS)


@contextmanager
def _file(engine: Engine, key: int) -> Iterator[Callable[[], bool]]:
    database = sqlite_file(engine.url)
    if database is None:  # in memory: no other process can see it
        yield lambda: True
        return
    path = database.with_name(f"{database.name}.submit-{key & 0xFFFFFFFF:08x}.lock")
    with explained_os_errors(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)

    def attempt() -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield attempt
    finally:
        os.close(handle)


@contextmanager
def _advisory(engine: Engine, key: int) -> Iterator[Callable[[], bool]]:
    with explained(engine):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def attempt() -> bool:
        with explained(engine):
            return bool(connection.scalar(select(func.pg_try_advisory_lock(key))))

    try:
        yield attempt
    finally:
        connection.invalidate()  # closes the session for good, and with it the lock
        connection.close()
