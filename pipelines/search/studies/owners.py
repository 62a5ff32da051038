"""Whose a running trial is, and what becomes of those of runs that were killed or fell silent."""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from pipelines.base import Params

log = logging.getLogger(__name__)

OWNER = "owner"  # the attribute that says which coordinator has a trial under way
ALIVE = "alive"  # a counter that goes up while it has
ASKED = "asked"  # the parameters that a queued trial is to have
_CLOSED = "closed {}"  # the study's attribute that says why a trial was closed without a score
_FAILURE = "failure"  # the trial's that says why a fit failed
_KEPT = ("point", "earned", "key")  # what a trial that is queued again is still known by

_RUNNING = (TrialState.RUNNING,)


@dataclass
class Watch:
    """Tells which running trials of others are nobody's any more, by this process's own clock.

    The owner of a trial raises its counter twice a minute. No times are compared: clocks of two
    machines differ, and none is needed to see that a counter stands still.

    Attributes:
        owner: Whose trials are not watched.
        silence: Seconds of watching after which a trial whose counter has not moved is taken over.
        unclaimed: The same for one that has no owner.
        clock: In seconds; it never goes back.
    """

    owner: str
    silence: float = 120.0
    unclaimed: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _seen: dict[int, tuple[Any, float]] = field(default_factory=dict)

    def silent(self, trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
        """Return the trials that have shown no sign of life for as long as they were watched."""
        now = self.clock()
        found = []
        for trial in trials:
            owner = trial.user_attrs.get(OWNER)
            if trial.state != TrialState.RUNNING or owner == self.owner:
                continue
            sign = (owner, trial.user_attrs.get(ALIVE))
            known, since = self._seen.get(trial.number, (None, now))
            if sign != known:
                self._seen[trial.number] = (sign, now)
            elif now - since >= (self.silence if owner else self.unclaimed):
                found.append(trial)
        return found


def enqueue(study: optuna.Study, params: Params, **attributes: Any) -> None:
    """Queue parameters for whoever asks next."""
    study.enqueue_trial(params, user_attrs={ASKED: params, **attributes})


def asked_of(trial: FrozenTrial) -> Params:
    """Return the parameters that a trial has or is to have; none for one that was just begun."""
    return dict(trial.user_attrs.get(ASKED) or trial.params)


def take_over_silent(study: optuna.Study, watch: Watch) -> None:
    """Queue again what others left, as far as they were watched for long enough."""
    silent = watch.silent(study.get_trials(deepcopy=False, states=_RUNNING))
    put_back(study, silent, "its run fell silent")


def take_back(study: optuna.Study, owner: str) -> None:
    """Queue again what earlier runs of an owner left under way; it has none of its own running.

    In a study that nobody else was ever in, that includes trials that no run had time to claim.
    """
    trials = study.get_trials(deepcopy=False)
    owners = {trial.user_attrs.get(OWNER) for trial in trials} - {None}
    mine = {owner, None} if owners <= {owner} else {owner}
    left = [
        trial
        for trial in trials
        if trial.state == TrialState.RUNNING and trial.user_attrs.get(OWNER) in mine
    ]
    put_back(study, left, "its run was killed")


def put_back(study: optuna.Study, trials: Iterable[FrozenTrial], reason: str) -> None:
    """Queue the parameters of unfinished trials again, then close these with the reason.

    In this order, a process that is killed in between leaves a trial twice and never loses it.
    """
    for trial in trials:
        params = asked_of(trial)
        if params:
            kept = {name: trial.user_attrs[name] for name in _KEPT if name in trial.user_attrs}
            enqueue(study, params, **kept)
            reason_given = f"{reason}; it was queued again"
        else:
            reason_given = f"{reason}, before it had parameters"
        log.info("trial %d of %s is closed: %s", trial.number, study.study_name, reason_given)
        close(study, trial.number, reason_given)


def close(study: optuna.Study, number: int, reason: str) -> None:
    """End a trial that has no score; `reason_of` tells why."""
    study.set_user_attr(_CLOSED.format(number), reason)
    tell(study, number, state=TrialState.FAIL)


def tell(
    study: optuna.Study,
    number: int,
    value: float | None = None,
    state: TrialState | None = None,
) -> bool:
    """End a trial; return whether it ended so, and not before in another way, by another run."""
    wanted = TrialState.COMPLETE if state is None else state
    with suppress(UpdateFinishedTrialError):  # in the instant between look and write
        told = study.tell(number, value, state=state, skip_if_finished=True)
        return bool(told.state == wanted)
    return False


def fail(study: optuna.Study, trial: optuna.Trial, reason: str) -> None:
    """End a trial whose fit failed, with the reason."""
    with suppress(UpdateFinishedTrialError):  # another coordinator has closed it
        trial.set_user_attr(_FAILURE, reason)
    tell(study, trial.number, state=TrialState.FAIL)


def reason_of(study: optuna.Study, trial: FrozenTrial) -> str | None:
    """Return why a trial was closed without a score; None where nothing is known.

    A fit that failed is told by the trial's attribute `failure`, all else by the study's attribute
    `closed <number>`.
    """
    failure = trial.user_attrs.get(_FAILURE)
    return failure or study.user_attrs.get(_CLOSED.format(trial.number))


def same_elsewhere(study: optuna.Study, trial: optuna.Trial, key: str, owner: str) -> int | None:
    """Return the number of another coordinator's trial of this key, if there is one to yield to.

    Of two that start at once, the later yields. A queued trial bears its key from the instant that
    it has a number, so the later one sees it.
    """
    done = (TrialState.COMPLETE, TrialState.PRUNED)
    for other in study.get_trials(deepcopy=False):
        known = other.user_attrs
        if known.get("key") != key or known.get(OWNER) == owner:
            continue
        earlier = other.number < trial.number
        if other.state in done or (earlier and not other.state.is_finished()):
            return other.number
    return None
