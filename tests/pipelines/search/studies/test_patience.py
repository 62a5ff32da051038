"""A database that goes away is waited for; whatever else is wrong with it is a sentence."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from competition.database import Database, DatabaseFailed
from pipelines.base import load_pipeline
from pipelines.search.coordinator import tune
from pipelines.search.studies.patience import patient
from pipelines.search.studies.study import open_storage, open_study
from tests.pipelines.search.here import Here, made_up, plan_here

SERVER, FILE = Database("postgresql+psycopg://u:geheim@h/d"), Database("sqlite:///x.db")


class Flaky(optuna.storages.InMemoryStorage):
    """Raises some errors before it works."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__()
        self.errors = errors

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        if self.errors:
            raise self.errors.pop(0)
        super().set_trial_user_attr(trial_id, key, value)


def broken(kind: type = OperationalError, reason: str = "the server closed the connection") -> Any:
    return kind("select", {}, Exception(reason))


def wrapped(error: Exception) -> Exception:
    """Return an error as Optuna wraps it."""
    outer = StorageInternalError("An exception is raised during the commit.")
    outer.__cause__ = error
    return outer


def trial_with(errors: list[Exception], database: Database, seconds: float) -> optuna.Trial:
    study = patient(optuna.create_study(storage=Flaky(errors)), database, seconds)
    return study.ask()


def test_a_call_is_made_again_until_the_server_is_back() -> None:
    trial = trial_with([broken(), wrapped(broken())], SERVER, 30.0)
    trial.set_user_attr("owner", "me")
    assert trial.user_attrs == {"owner": "me"}


def test_patience_ends_and_a_file_gets_none() -> None:
    for database, seconds in ((SERVER, 0.0), (FILE, 600.0)):
        errors = [broken(), broken()]
        trial = trial_with(errors, database, seconds)
        with pytest.raises(DatabaseFailed, match=r"cannot be used \(.*the server closed"):
            trial.set_user_attr("owner", "me")
        assert len(errors) == 1


def test_another_error_of_the_database_is_a_sentence_at_once() -> None:
    errors: list[Exception] = [broken(IntegrityError, "password geheim refused")]
    trial = trial_with(errors, SERVER, 600.0)
    with pytest.raises(DatabaseFailed, match=r"password \*\*\* refused"):
        trial.set_user_attr("owner", "me")


def test_what_is_no_error_of_the_database_passes() -> None:
    trial = trial_with([RuntimeError("a bug")], SERVER, 600.0)
    with pytest.raises(RuntimeError, match="a bug"):
        trial.set_user_attr("owner", "me")


# ---------------------------------------------------------------------- a real PostgreSQL


@contextmanager
def cut_again_and_again(url: str) -> Iterator[list[int]]:
    """End every other connection to the database, twice a second."""
    cuts: list[int] = []
    over = threading.Event()
    sentence = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND application_name = 'cut me'"
    )

    def cut() -> None:
        engine = create_engine(url)
        while not over.wait(0.5):
            with engine.connect() as connection:
                cuts.append(connection.execute(sentence).scalar() or 0)
        engine.dispose()

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield cuts
    finally:
        over.set()
        thread.join()


@pytest.mark.long
def test_a_database_that_breaks_off_again_and_again_loses_no_trial(
    tmp_path: Path, postgres_schema: str
) -> None:
    plan = plan_here(tmp_path, place=Here(made_up))
    url = f"{postgres_schema}&application_name=cut+me"
    plan = replace(plan, workspace=replace(plan.workspace, database_url=url))
    pipeline = load_pipeline("logistic")
    study = open_study(open_storage(plan.workspace.database), plan, pipeline)
    with cut_again_and_again(postgres_schema) as cuts:
        (column,) = tune(pipeline, study, plan, 18.0, lambda step: None)
    assert sum(cuts) > 2
    told = Counter(trial.state for trial in study.get_trials())
    assert told[TrialState.COMPLETE] > 3
    assert told[TrialState.RUNNING] == 0
    assert column.score.value == study.best_value
