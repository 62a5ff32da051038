"""Studies on a database that comes and goes: calls are repeated, failures are a sentence."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import optuna
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception,
    stop_after_delay,
    wait_exponential,
)

from competition.database import Database, DatabaseFailed

log = logging.getLogger(__name__)

_Optunas = TypeVar("_Optunas", optuna.Study, optuna.Trial)

PATIENCE = 180.0  # seconds for which a server that went away is waited for


def patient(thing: _Optunas, database: Database, seconds: float = PATIENCE) -> _Optunas:
    """Return a study or trial whose calls outlive the restart of a database server.

    Each call is made again while the connection breaks. One whose confirmation got lost is carried
    out twice: all that Podium calls can be, but for `ask`, which may leave a trial that nobody
    claims; `owners.Watch` finds those. An SQLite file does not go away, so nothing is repeated on
    one. Whatever else goes wrong with the database is a `DatabaseFailed`.

    Args:
        thing: Optuna's study or trial.
        database: Where it is kept.
        seconds: For which a call is repeated.
    """
    return cast(_Optunas, _Patient(thing, database, 0.0 if database.is_sqlite else seconds))


class _Patient:
    """Stands for a study or trial: passes on what it is asked, again and again."""

    def __init__(self, inner: Any, database: Database, seconds: float) -> None:
        self.__dict__.update(_inner=inner, _database=database, _seconds=seconds)

    def __getattr__(self, name: str) -> Any:
        found = self._again(lambda: getattr(self._inner, name))
        if not callable(found) or isinstance(found, type):
            return found

        def call(*args: Any, **options: Any) -> Any:
            result = self._again(lambda: found(*args, **options))
            if isinstance(result, optuna.Trial):
                return _Patient(result, self._database, self._seconds)
            return result

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def _again(self, call: Callable[[], Any]) -> Any:
        attempts = Retrying(
            retry=retry_if_exception(_is_away),
            stop=stop_after_delay(self._seconds),
            wait=wait_exponential(multiplier=0.2, max=5),
            before_sleep=before_sleep_log(log, logging.INFO),
            reraise=True,
        )
        try:
            return attempts(call)
        except (SQLAlchemyError, StorageInternalError) as error:
            raise failed(database=self._database, error=error) from error


def failed(database: Database, error: Exception) -> DatabaseFailed:
    """Return what to raise for a database's error, also for one that Optuna has wrapped."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    return DatabaseFailed(database.sentence(cause or error))


def _is_away(error: BaseException) -> bool:
    """Say whether a broken connection is at the bottom of an error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OperationalError | InterfaceError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
