"""Studies that several coordinators share: nothing is done twice, nothing is left running."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import optuna
import pytest
from competition.settings import data_folder
from optuna.trial import TrialState
from sqlalchemy import create_engine, text

from competition import Competition
from competition.data.dataset import load_dataset
from pipelines import storage as storages
from pipelines.base import load_pipeline
from pipelines.search.coordinator import tune
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan
from pipelines.search.run import make_plan
from pipelines.search.storage import PatientStorage, open_storage
from pipelines.search.study import (
    REASON,
    give_sign_of_life,
    open_study,
    queue_again,
    reclaim,
    same_elsewhere,
    study_name,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> optuna.Study:
    monkeypatch.setattr(storages, "_GRACE", 1)
    storage = open_storage(f"sqlite:///{tmp_path / 'podium.db'}", queue_again)
    return open_study(storage, "s", "tpe", 0, "me")


def started(study: optuna.Study, owner: str | None, x: float = 0.5) -> optuna.Trial:
    study.enqueue_trial({"x": x}, user_attrs={"point": f"at {x}"})
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    if owner is not None:
        trial.set_user_attr("owner", owner)
    return trial


def states(study: optuna.Study) -> list[TrialState]:
    return [trial.state for trial in study.get_trials()]


def test_what_a_killed_run_left_open_is_queued_by_the_next(study: optuna.Study) -> None:
    started(study, "me", 0.25)
    reclaim(study, "me", timedelta(0))
    assert states(study) == [TrialState.FAIL, TrialState.WAITING]
    assert study.trials[0].user_attrs[REASON] == "its run was killed; it was queued again"
    again = study.ask()
    assert again.suggest_float("x", 0, 1) == 0.25
    assert again.user_attrs == {"point": "at 0.25", "queued": True}


def test_a_trial_that_was_never_claimed_is_queued_when_it_is_old(study: optuna.Study) -> None:
    study.enqueue_trial({"x": 0.75})
    study.ask()
    reclaim(study, "me", timedelta(minutes=1))
    assert states(study) == [TrialState.RUNNING]
    reclaim(study, "me", timedelta(0))
    assert states(study) == [TrialState.FAIL, TrialState.WAITING]
    assert study.ask().suggest_float("x", 0, 1) == 0.75


def test_another_coordinators_trial_is_its_own_while_it_gives_signs_of_life(
    study: optuna.Study,
) -> None:
    trial = started(study, "you")
    give_sign_of_life(study, trial)
    reclaim(study, "me", timedelta(0))
    assert states(study) == [TrialState.RUNNING]
    time.sleep(2.5)
    reclaim(study, "me", timedelta(0))
    assert states(study) == [TrialState.FAIL, TrialState.WAITING]
    assert study.trials[0].user_attrs[REASON] == "its run fell silent; it was queued again"


def test_of_two_equal_trials_the_later_yields(study: optuna.Study) -> None:
    mine, yours = started(study, "me"), started(study, "you")
    for trial in (mine, yours):
        trial.set_user_attr("key", "k")
    assert same_elsewhere(study, mine, "k", "me") is None
    assert same_elsewhere(study, yours, "k", "you") == mine.number
    study.tell(yours, 0.9)
    assert same_elsewhere(study, mine, "k", "me") == yours.number
    assert same_elsewhere(study, mine, "other", "me") is None


def test_a_trial_yields_to_an_equal_one_that_was_queued_before_it(study: optuna.Study) -> None:
    for _ in range(2):
        study.enqueue_trial({"x": 0.5}, user_attrs={"key": "k"})
    first, second = (trial._trial_id for trial in study.trials)
    assert study._storage.set_trial_state_values(second, TrialState.RUNNING)
    assert same_elsewhere(study, optuna.Trial(study, second), "k", "me") == 0
    assert study._storage.set_trial_state_values(first, TrialState.RUNNING)
    assert same_elsewhere(study, optuna.Trial(study, first), "k", "you") is None


def test_who_joins_draws_something_else(study: optuna.Study) -> None:
    trial = study.ask()
    first = trial.suggest_float("x", 0, 1)
    trial.set_user_attr("owner", "me")
    joined = open_study(study._storage, "s", "random", 0, "you")
    assert joined.ask().suggest_float("x", 0, 1) != first


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


def test_a_database_that_breaks_off_again_and_again_loses_no_trial(
    make_plan_of: Callable[..., Plan], postgres_schema: str
) -> None:
    storage = open_storage(f"{postgres_schema}&application_name=cut+me", queue_again)
    assert isinstance(storage, PatientStorage)
    study = open_study(storage, "s", "tpe", 0, "me")
    with cut_again_and_again(postgres_schema) as cuts:
        (column,) = tune(
            load_pipeline("knn"), study, make_plan_of(owner="me"), 12.0, lambda step: None
        )
    assert sum(cuts) > 5
    told = Counter(trial.state for trial in study.get_trials())
    assert told[TrialState.COMPLETE] > 0
    assert told[TrialState.RUNNING] == 0
    assert column.score.accuracy == study.best_value


@pytest.mark.slow
def test_two_coordinators_share_a_study_and_repeat_nothing(
    workplace: Competition, postgres_schema: str, tmp_path: Path
) -> None:
    load_dataset(workplace, data_folder(workplace))
    environment = os.environ | {"DATABASE_URL": postgres_schema, "WORKERS": "1", "SAMPLER": "grid"}
    command = [sys.executable, "-m", "pipelines", "tune", "-p", "xgboost", "--budget", "600s"]
    runs = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment | {"RUNS_DIR": str(tmp_path / name)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in ("one", "two")
    ]
    ends = [process.communicate(timeout=200)[0] for process in runs]
    assert [process.returncode for process in runs] == [0, 0], ends
    plan = make_plan(workplace, 0)
    study = optuna.load_study(
        study_name=study_name(
            workplace.slug, load_pipeline("xgboost"), plan.data.fingerprint, Folds(5, 0), 0
        ),
        storage=open_storage(postgres_schema),
    )
    complete = [t for t in study.get_trials() if t.state == TrialState.COMPLETE]
    by_owner: dict[str, set[str]] = {}
    for trial in complete:
        by_owner.setdefault(trial.user_attrs["owner"], set()).add(trial.user_attrs["key"])
    one, two = by_owner.values()
    assert not one & two
    points = {t.user_attrs["point"] for t in study.get_trials() if "point" in t.user_attrs}
    ended = (TrialState.COMPLETE, TrialState.PRUNED)
    tried = {t.user_attrs["point"] for t in study.get_trials(states=ended)}
    assert len(points) > 8
    assert len(points - tried) <= 1  # one point of the grid is the shipped one
    assert not [t for t in study.get_trials() if t.state == TrialState.RUNNING]
