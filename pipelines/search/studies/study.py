"""One study per pipeline, search space, data and metric: opened, named, and read."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from competition.data.tables.fold_rule import By
from competition.database import Database, DatabaseFailed
from competition.errors import PodiumError
from competition.locks import LockHeld, locked
from competition.problem.scores import Score
from competition.verbs import step
from pipelines.base import Pipeline, ShippedPoint
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan
from pipelines.search.studies.owners import take_back
from pipelines.search.studies.patience import failed, patient

_DONE = (TrialState.COMPLETE, TrialState.PRUNED)
_PROMOTED = 4  # one trial in so many goes on from a step of the halving to the next
_TABLES = "tables of the studies"  # the lock under which they are made
_WAIT = 60.0  # seconds for another process to make them

optuna.logging.set_verbosity(optuna.logging.ERROR)
# A report that is repeated because its confirmation got lost is no news.
warnings.filterwarnings("ignore", message="The reported value is ignored because")


@contextmanager
def sole_coordinator(folder: Path) -> Iterator[None]:
    """Hold the lock of a runs folder; the system frees it when this process ends, however it ends.

    Raises:
        PodiumError: another tuning run holds it, or the folder cannot hold a lock.
    """
    try:
        with locked(folder / "tune.lock", patience=0):
            yield
    except LockHeld as error:
        raise PodiumError(
            f"Another {step('tune')} is at work in {folder}. Wait for it, stop it, or give "
            "this one another RUNS_DIR."
        ) from error


def open_storage(database: Database) -> RDBStorage:
    """Open the tables of the studies, making them where they are not there yet.

    Raises:
        PodiumError: the address is malformed, or of a database that Podium does not work on.
        DatabaseFailed: the database cannot be used, or was made by another version of Optuna.
    """
    _ = database.engine  # checks address, driver and folder; nothing is connected to
    try:
        with database.locked(_TABLES, patience=_WAIT):
            return RDBStorage(database.url, engine_kwargs=database.study_options())
    except (SQLAlchemyError, StorageInternalError) as error:
        raise failed(database, error) from error
    except RuntimeError as error:  # of the version of the tables
        raise DatabaseFailed(
            f"The studies in {database.described} are of another version of Optuna ({error}). "
            "Run `optuna storage upgrade` on it, or set DATABASE_URL to another database."
        ) from error


def study_name(plan: Plan, pipeline: Pipeline) -> str:
    """Return a name that holds all that makes two trials comparable.

    Example:
        `digit-recognizer/knn/v2/0a1b2c3d/5x0/0/accuracy`
    """
    parts = (
        plan.competition.slug,
        pipeline.name,
        f"v{pipeline.space_version}",
        plan.data.fingerprint[:8],
        _text_of(plan.folds),
        str(plan.seed),
        plan.problem.metric.name,
    )
    return "/".join(parts)


def _text_of(folds: Folds) -> str:
    """Return folds as a study's name has them, such as `5x0`, or `5x0 by group 3 times`."""
    by = "" if folds.by == By.STRATIFIED else f" by {folds.by}"
    return f"{folds.count}x{folds.seed}{by}" + (
        f" {folds.repeats} times" if folds.repeats > 1 else ""
    )


def open_study(storage: RDBStorage, plan: Plan, pipeline: Pipeline) -> optuna.Study:
    """Open or make a study, and queue again what a killed run of the same owner left open.

    The folds that were finished are found in the store. Its own sampler draws nothing: what it is
    asked for was queued before (`proposals`).

    Raises:
        DatabaseFailed: the database cannot be used.
    """
    try:
        study = optuna.create_study(
            storage=storage,
            study_name=study_name(plan, pipeline),
            load_if_exists=True,
            direction="maximize" if plan.problem.greater_is_better else "minimize",
            sampler=optuna.samplers.RandomSampler(seed=plan.seed),
            pruner=optuna.pruners.SuccessiveHalvingPruner(1, reduction_factor=_PROMOTED),
        )
    except (SQLAlchemyError, StorageInternalError) as error:
        raise failed(plan.workspace.database, error) from error
    opened = patient(study, plan.workspace.database)
    take_back(opened, plan.owner)
    return opened


# ---------------------------------------------------------------------- reading


def untried(trials: list[FrozenTrial], points: Iterable[ShippedPoint]) -> Iterator[ShippedPoint]:
    """Return one by one the points that no trial has done, waits to try or left to its twin."""
    closed = (*_DONE, TrialState.RUNNING, TrialState.WAITING)
    tried = {
        trial.user_attrs.get("point")
        for trial in trials
        if trial.state in closed or "twin" in trial.user_attrs
    }
    return (point for point in points if point.name not in tried)


def score_of(trial: FrozenTrial, plan: Plan) -> Score:
    """Return what a completed trial reached."""
    assert trial.value is not None
    return Score(
        value=trial.value,
        standard_error=trial.user_attrs["standard_error"],
        loss=trial.user_attrs["loss"],
        rows=len(plan.data.truth),
        greater_is_better=plan.problem.greater_is_better,
    )


def best_trials(completed: list[FrozenTrial], plan: Plan) -> list[FrozenTrial]:
    """Return the completed trials of different keys, best first; ties are settled by the loss."""
    by_key: dict[str, FrozenTrial] = {}
    for trial in sorted(completed, key=lambda one: score_of(one, plan).rank, reverse=True):
        by_key.setdefault(trial.user_attrs["key"], trial)
    return list(by_key.values())


def best_so_far(completed: list[FrozenTrial], plan: Plan) -> list[float]:
    """Return the best value after each completed trial, in the order of the trials."""
    values = [trial.value for trial in completed if trial.value is not None]
    return list(accumulate(values, max if plan.problem.greater_is_better else min))
