"""Optuna's side of tuning: the storage, one study per pipeline and search space, its trials."""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from tenacity import retry, retry_if_exception_message, stop_after_attempt, wait_random

from competition.errors import PodiumError
from competition.files import explained_os_errors
from pipelines.base import Pipeline, ShippedPoint
from pipelines.folds import Folds

_NO_ADDRESS = (
    "DATABASE_URL is not a database address; it looks like sqlite:///runs/podium.db or "
    "postgresql+psycopg://user@host/name."
)
_RUNNING = (TrialState.RUNNING,)
_STARTUP_TRIALS = 4  # trials of each kind that run unpruned, to compare later ones with
_KEPT_PERCENT = 40.0  # a trial goes on while it stands in this best part of the earlier ones

optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_storage(url: str) -> optuna.storages.RDBStorage:
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
        options["connect_args"] = {"timeout": 60}
        path = Path(address.database or "")
        with explained_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
    with explained_database_errors(url):
        return _open(url, options)


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
def _open(url: str, options: dict[str, Any]) -> optuna.storages.RDBStorage:
    """Open the storage; who loses the race to make the tables finds them made the next time."""
    return optuna.storages.RDBStorage(url, engine_kwargs=options)


@contextmanager
def sole_coordinator(folder: Path) -> Iterator[None]:
    """Hold the lock of a runs folder; the system frees it when this process ends, however it ends.

    Raises:
        PodiumError: another tuning run holds it.
    """
    path = folder / "tune.lock"
    with explained_os_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise PodiumError(
                f"Another `make tune` is at work in {folder}; wait for it, stop it, or give this "
                "one another RUNS_DIR."
            ) from error
        yield


def study_name(slug: str, pipeline: Pipeline, fingerprint: str, folds: Folds, seed: int) -> str:
    """Return a name that holds all that makes two trials comparable."""
    split = f"{folds.count}x{folds.seed}"
    return f"{slug}/{pipeline.name}/v{pipeline.space_version}/{fingerprint[:8]}/{split}/{seed}"


def open_study(
    storage: optuna.storages.RDBStorage, name: str, sampler: str, seed: int
) -> optuna.Study:
    """Open or make a study, and hand trials that a killed run left open to this one.

    Their parameters are queued again; the folds that were finished are found in the store.
    """
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        load_if_exists=True,
        direction="maximize",
        sampler=_sampler(sampler, seed),
        pruner=optuna.pruners.PercentilePruner(_KEPT_PERCENT, n_startup_trials=_STARTUP_TRIALS),
    )
    put_back(study, [t.number for t in study.get_trials(deepcopy=False, states=_RUNNING)])
    return study


def put_back(study: optuna.Study, numbers: Iterable[int]) -> None:
    """Queue the parameters of unfinished trials again, then close these.

    In this order, a process that is killed in between leaves a trial twice and never loses it.
    """
    trials = study.get_trials(deepcopy=False)
    for number in numbers:
        if trials[number].params:
            study.enqueue_trial(trials[number].params, user_attrs=trials[number].user_attrs)
        study.tell(number, state=TrialState.FAIL, skip_if_finished=True)


def untried(study: optuna.Study, points: list[ShippedPoint]) -> list[ShippedPoint]:
    """Return the shipped points that no trial has finished or waits to try."""
    closed = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING, TrialState.WAITING)
    tried = {
        trial.user_attrs.get("point") for trial in study.get_trials(deepcopy=False, states=closed)
    }
    return [point for point in points if point.name not in tried]


def finished_trials(study: optuna.Study) -> int:
    """Return how many trials were completed or pruned."""
    states = (TrialState.COMPLETE, TrialState.PRUNED)
    return len(study.get_trials(deepcopy=False, states=states))


def best_so_far(study: optuna.Study) -> list[float]:
    """Return the best accuracy after each completed trial, in the order of the trials."""
    completed = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return list(accumulate((trial.value or 0.0 for trial in completed), max))


def best_trials(study: optuna.Study, count: int) -> list[FrozenTrial]:
    """Return the best completed trials of different keys: by accuracy, ties by log loss."""
    completed = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    ranked = sorted(
        completed, key=lambda t: (t.value or 0.0, -t.user_attrs["log_loss"]), reverse=True
    )
    by_key: dict[str, FrozenTrial] = {}
    for trial in ranked:
        by_key.setdefault(trial.user_attrs["key"], trial)
    return list(by_key.values())[:count]


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=8, multivariate=True)
    return optuna.samplers.RandomSampler(seed=seed)
