"""Samplers learn from the study's trials, keep to their seed, and respect what fits."""

from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from pipelines.base import Params, Pipeline
from pipelines.search.studies import owners
from pipelines.search.studies.proposals import Proposals
from tests.pipelines.search.here import memory_study


class Conditional(Pipeline):
    """One parameter, and another where it is large."""

    name = "conditional"
    family = "none"

    def suggest(self, trial: optuna.trial.BaseTrial) -> Params:
        x = trial.suggest_float("x", 0, 1)
        return {"x": x} | ({"y": trial.suggest_int("y", 1, 9)} if x > 0.5 else {})


def asked(sampler: str, seed: int, count: int = 20, *, maximize: bool = True) -> list[float]:
    """Return what is proposed when higher, or lower, numbers are better."""
    study = memory_study(maximize=maximize)
    proposals = Proposals(study, Conditional(), sampler, seed)
    numbers = []
    for _ in range(count):
        point = proposals.propose(lambda params: True)
        assert point is not None
        owners.enqueue(study, point)
        trial = study.ask()
        numbers.append(Conditional().suggest(trial)["x"])
        assert trial.params == point
        study.tell(trial, numbers[-1])
    return numbers


def test_samplers_keep_to_their_seed_and_tpe_alone_learns() -> None:
    tpe, random = asked("tpe", 0), asked("random", 0)
    assert asked("tpe", 0) == tpe
    assert asked("random", 0) == random
    assert asked("random", 1) != random
    assert np.mean(tpe[10:]) > np.mean(random[10:]) + 0.1
    assert np.mean(asked("tpe", 0, maximize=False)[10:]) < np.mean(random[10:]) - 0.1


def test_what_does_not_fit_is_never_proposed_and_leaves_no_trace() -> None:
    study = memory_study()
    proposals = Proposals(study, Conditional(), "tpe", 0, looks=30)
    for _ in range(10):
        point = proposals.propose(lambda params: params["x"] < 0.2)
        assert point is not None and point["x"] < 0.2 and "y" not in point
    assert proposals.propose(lambda params: False) is None
    assert study.trials == []


def test_trials_that_run_side_by_side_are_kept_apart_whoever_runs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the sampler sees: every finished trial once, and those under way as running."""
    study = memory_study()
    proposals = Proposals(study, Conditional(), "tpe", 0)
    trials = []
    for x in (0.1, 0.2, 0.3):
        study.enqueue_trial({"x": x})
        trials.append(study.ask())
        Conditional().suggest(trials[-1])
    study.tell(trials[0], 0.5)

    def seen() -> list[tuple[TrialState, float]]:
        proposals.propose(lambda params: False)
        known = proposals._shadow.get_trials()
        return sorted((t.state, t.params["x"]) for t in known if t.state != TrialState.FAIL)

    running, complete, pruned = TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED
    assert seen() == [(running, 0.2), (running, 0.3), (complete, 0.1)]
    trials[1].report(0.4, 1)
    study.tell(trials[1], state=pruned)
    study.tell(trials[2], state=TrialState.FAIL)
    assert seen() == [(complete, 0.1), (pruned, 0.2)]
    assert seen() == [(complete, 0.1), (pruned, 0.2)]


def test_who_goes_on_draws_something_else(tmp_path: Path) -> None:
    study = memory_study()
    first = Proposals(study, Conditional(), "random", 0).propose(lambda params: True)
    study.enqueue_trial({"x": 0.5})
    assert Proposals(study, Conditional(), "random", 0).propose(lambda params: True) != first
