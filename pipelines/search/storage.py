"""The database of the studies: opened, explained, and waited for while it is started anew."""

import logging
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.trial import FrozenTrial
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, SQLAlchemyError
from tenacity import (
    before_sleep_log,
    retry,
    retry_if_exception,
    retry_if_exception_message,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
    wait_random,
)

from competition.errors import PodiumError
from competition.files import explained_os_errors
from pipelines.search.own_trials import OwnTrialsStorage

log = logging.getLogger(__name__)

OnStale = Callable[[optuna.Study, FrozenTrial], None]

_NO_ADDRESS = (
    "DATABASE_URL is not a database address; it looks like sqlite:///runs/podium.db or "
    "postgresql+psycopg://user@host/name."
)
_HEARTBEAT = 30  # seconds between two signs of life of a running trial
_GRACE = 120  # seconds of silence after which another coordinator takes a trial over
_PATIENCE = 180  # seconds for which a database that went away is waited for

optuna.logging.set_verbosity(optuna.logging.ERROR)
# Its heartbeats are used as their documentation says, from a loop of our own.
warnings.filterwarnings("ignore", message="Heartbeat of storage is supposed")
warnings.filterwarnings("ignore", message=".*fail_stale_trials is experimental")


def _is_away(error: BaseException) -> bool:
    """Say whether a broken connection is at the bottom of an error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OperationalError | InterfaceError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _patient(name: str) -> Callable[..., Any]:
    """Return a method that calls the wrapped storage's, again and again while it is away."""

    @retry(
        retry=retry_if_exception(_is_away),
        stop=stop_after_delay(_PATIENCE),
        wait=wait_exponential(multiplier=0.2, max=5),
        before_sleep=before_sleep_log(log, logging.INFO),
        reraise=True,
    )
    def call(self: "PatientStorage", *args: Any, **kwargs: Any) -> Any:
        return getattr(self.inner, name)(*args, **kwargs)

    return call


_CALLS = {
    name
    for kind in (BaseStorage, BaseHeartbeat)
    for name, member in vars(kind).items()
    if callable(member) and not name.startswith("__")
}


_Calls = type("_Calls", (BaseStorage, BaseHeartbeat), {name: _patient(name) for name in _CALLS})


class PatientStorage(_Calls):  # type: ignore[misc,valid-type]
    """A storage on a server, whose calls outlive the server's restart.

    Every call is one transaction, and is made again where the connection broke: for up to three
    minutes. One whose confirmation got lost is carried out twice; the trial that this can leave
    without an owner is put back by `study.reclaim`.

    Args:
        inner: The storage that does the work.
    """

    def __init__(self, inner: BaseStorage) -> None:
        self.inner = inner


def open_storage(url: str, on_stale: OnStale | None = None) -> BaseStorage:
    """Open the database of the studies for a run that outlives the restart of a server.

    Args:
        url: SQLAlchemy's address of it.
        on_stale: Called with each trial whose coordinator fell silent, once it is closed.

    Raises:
        PodiumError: the address is malformed or the database cannot be used.
    """
    database = open_database(url, on_stale)
    storage = OwnTrialsStorage(database)
    return storage if database.engine.dialect.name == "sqlite" else PatientStorage(storage)


def open_database(url: str, on_stale: OnStale | None = None) -> RDBStorage:
    """Open the database that holds the studies, making it where it is new.

    Raises:
        PodiumError: the address is malformed or the database cannot be used.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise PodiumError(_NO_ADDRESS) from error
    options: dict[str, Any] = {}
    if address.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": 60, "factory": _Connection}
        path = Path(address.database or "")
        with explained_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
    with explained_database_errors(url), warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return _open(url, options, on_stale)


class _Connection(sqlite3.Connection):
    """A connection that does not wait for the disk at each of the many small commits of a trial.

    With write-ahead logging (which the ledger in the same file wants too) a killed process loses
    nothing; a power cut may take the last trials, whose fits the store still has. The ledger's own
    connections go on to flush every commit.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        with suppress(sqlite3.OperationalError):  # busy, or a disk that cannot be written
            if self.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",):
                self.execute("PRAGMA synchronous = NORMAL")


@contextmanager
def explained_database_errors(url: str) -> Iterator[None]:
    """Turn a database's failure into a sentence that names it without its password."""
    try:
        yield
    except ArgumentError as error:
        raise PodiumError(_NO_ADDRESS) from error
    except (SQLAlchemyError, StorageInternalError, ImportError, RuntimeError) as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise PodiumError(
            f"The database {make_url(url).render_as_string(hide_password=True)} cannot be used "
            f"({reason}). Check DATABASE_URL and the space on its disk, or move a damaged file "
            "away; what was finished before is kept."
        ) from error


@retry(
    retry=retry_if_exception_message(match=r"(?s).*(already exists|UNIQUE|duplicate key)"),
    stop=stop_after_attempt(5),
    wait=wait_random(0, 0.5),
    reraise=True,
)
def _open(url: str, options: dict[str, Any], on_stale: OnStale | None) -> RDBStorage:
    """Open the storage; who loses the race to make the tables finds them made the next time."""
    return RDBStorage(
        url,
        engine_kwargs=options,
        heartbeat_interval=_HEARTBEAT,
        grace_period=_GRACE,
        heartbeat_stale_trial_callback=on_stale,
    )
