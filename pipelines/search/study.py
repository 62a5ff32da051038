"""Optuna's side of tuning: one study per pipeline and search space, its trials and their owners."""

import fcntl
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.trial import FrozenTrial, TrialState

from competition.errors import PodiumError
from competition.files import explained_os_errors
from pipelines.base import Pipeline, ShippedPoint
from pipelines.search.folds import Folds

_RUNNING = (TrialState.RUNNING,)
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)
REASON = "reason"  # the attribute that says why a trial was closed without a score
_KEPT = ("point", "earned", "key")  # what a trial that is queued again is still known by
_PROMOTED = 4  # one trial in so many goes on from a step of the halving to the next


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


def owner_of(folder: Path) -> str:
    """Return what marks the trials of the coordinator that holds this runs folder."""
    return f"{socket.gethostname()}:{folder.resolve()}"


def open_study(
    storage: BaseStorage, name: str, sampler: str, seed: int, owner: str
) -> optuna.Study:
    """Open or make a study, and queue again what a killed run of the same owner left open.

    The folds that were finished are found in the store.
    """
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.SuccessiveHalvingPruner(1, reduction_factor=_PROMOTED),
    )
    # Who goes on, or joins, does not draw what was drawn before.
    study.sampler = _sampler(sampler, seed + len(study.get_trials(deepcopy=False)))
    reclaim(study, owner, timedelta(0))
    return study


def reclaim(study: optuna.Study, owner: str, grace: timedelta) -> None:
    """Queue again the running trials that nobody works on.

    They are the owner's own, those that never got an owner within the grace, and those of other
    coordinators that have given no sign of life for two minutes.

    Args:
        study: Whose trials to look at.
        owner: Who has none under way.
        grace: How old a trial without an owner must be.
    """
    before = datetime.now() - grace
    left = []
    for trial in study.get_trials(deepcopy=False, states=_RUNNING):
        given = trial.user_attrs.get("owner")
        unclaimed = given is None and trial.datetime_start and trial.datetime_start <= before
        if given == owner or unclaimed:
            left.append(trial.number)
    put_back(study, left, "its run was killed")
    take_over_silent(study)


def put_back(study: optuna.Study, numbers: Iterable[int], reason: str) -> None:
    """Queue the parameters of unfinished trials again, then close these with the reason.

    In this order, a process that is killed in between leaves a trial twice and never loses it.
    """
    trials = study.get_trials(deepcopy=False)
    for number in numbers:
        queue_again(study, trials[number])
        with suppress(UpdateFinishedTrialError):  # another coordinator has closed it
            _explain(study, trials[number]._trial_id, reason)
            study.tell(number, state=TrialState.FAIL, skip_if_finished=True)


def give_sign_of_life(study: optuna.Study, trial: optuna.Trial) -> None:
    """Say that a trial is under way: Optuna gives its own loop heartbeats, ask-and-tell none."""
    if isinstance(study._storage, BaseHeartbeat):
        study._storage.record_heartbeat(trial._trial_id)


def take_over_silent(study: optuna.Study) -> None:
    """Close the trials of coordinators that fell silent, with the reason, and queue them again."""
    if isinstance(study._storage, BaseHeartbeat):
        for trial_id in study._storage._get_stale_trial_ids(study._study_id):
            with suppress(UpdateFinishedTrialError):  # another coordinator was faster
                _explain(study, trial_id, "its run fell silent")
        optuna.storages.fail_stale_trials(study)


def _explain(study: optuna.Study, trial_id: int, reason: str) -> None:
    study._storage.set_trial_user_attr(trial_id, REASON, f"{reason}; it was queued again")


def queue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queue the parameters that a trial had, or was to have, for whoever asks next."""
    params = trial.params or trial.system_attrs.get("fixed_params")
    if params:
        kept = {name: trial.user_attrs[name] for name in _KEPT if name in trial.user_attrs}
        study.enqueue_trial(params, user_attrs=kept | {"queued": True})


def same_elsewhere(study: optuna.Study, trial: optuna.Trial, key: str, owner: str) -> int | None:
    """Return the number of another coordinator's trial of this key, if there is one to yield to.

    Of two that start at once, the later yields. A queued trial bears its key from the instant that
    it has a number, so the later one sees it.
    """
    for other in study.get_trials(deepcopy=False):
        known = other.user_attrs
        if known.get("key") != key or known.get("owner") == owner:
            continue
        earlier = other.number < trial.number
        if other.state in _DONE or (earlier and not other.state.is_finished()):
            return other.number
    return None


def untried(trials: list[FrozenTrial], points: Iterable[ShippedPoint]) -> Iterator[ShippedPoint]:
    """Return one by one the points that no trial has done, waits to try or left to its twin."""
    closed = (*_DONE, TrialState.RUNNING, TrialState.WAITING)
    tried = {
        trial.user_attrs.get("point")
        for trial in trials
        if trial.state in closed or "twin" in trial.user_attrs
    }
    return (point for point in points if point.name not in tried)


def best_so_far(study: optuna.Study) -> list[float]:
    """Return the best accuracy after each completed trial, in the order of the trials."""
    completed = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return list(accumulate((trial.value or 0.0 for trial in completed), max))


def best_trials(completed: list[FrozenTrial]) -> list[FrozenTrial]:
    """Return the completed trials of different keys, best first: by accuracy, ties by log loss."""
    ranked = sorted(
        completed, key=lambda t: (t.value or 0.0, -t.user_attrs["log_loss"]), reverse=True
    )
    by_key: dict[str, FrozenTrial] = {}
    for trial in ranked:
        by_key.setdefault(trial.user_attrs["key"], trial)
    return list(by_key.values())


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    if name == "tpe":
        # The constant liar keeps trials that run side by side apart.
        return optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=8, multivariate=True, constant_liar=True
        )
    return optuna.samplers.RandomSampler(seed=seed)
