"""A sampled trial is screened on a subset before it gets all rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from competition.errors import PodiumError
from pipelines.base import load_pipeline
from pipelines.search.fit import FitResult
from pipelines.search.folds import Folds
from pipelines.search.trial import TrialRun
from tests.pipelines.search.here import made_up, memory_study, plan_here


def run_of(folder: Path, metric: str = "accuracy", count: int = 3, **options: bool) -> TrialRun:
    plan = plan_here(folder, metric, screen_rows=30, folds=Folds(count, 0))
    trial = memory_study(maximize=plan.problem.greater_is_better).ask()
    task = plan.task(load_pipeline("logistic"), load_pipeline("logistic").suggest(trial))
    return TrialRun(trial, task, plan, **{"screened": True, **options})


@pytest.mark.parametrize("prune", [True, False])
def test_the_screening_is_the_first_step_and_decides(
    prune: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(tmp_path)
    monkeypatch.setattr(run.trial, "should_prune", lambda: prune)
    decisions = []
    for _ in range(run.plan.screen_folds):
        request = run.next_request()
        assert request is not None and request.train_rows == 30
        decisions.append(run.receive(request, made_up(request)))
    assert decisions == [False, prune]
    assert list(run.trial.study.trials[0].intermediate_values) == [1]
    due = run.next_request()
    assert due is not None and due.train_rows is None


def test_a_trial_is_scored_by_the_metric_with_its_error(tmp_path: Path) -> None:
    run = run_of(tmp_path, screened=False)
    while (request := run.next_request()) is not None:
        run.receive(request, made_up(request))
    score = run.score()
    steps = run.trial.study.trials[0].intermediate_values
    assert list(steps) == [2, 3, 4]
    assert steps[4] == pytest.approx(score.value, abs=0.01)
    assert score.standard_error > 0


def test_predictions_without_a_score_are_a_sentence(tmp_path: Path) -> None:
    """Numbers that have run away give an error that is not finite."""
    run = run_of(tmp_path, "rmse", screened=False)
    while (request := run.next_request()) is not None:
        rows = int((run.plan.dealt.assigned == request.fold).sum())
        huge = FitResult(np.full((rows, 1), np.inf, np.float32), None, 1.0, 1.0)
        run.receive(request, huge)
    with pytest.raises(PodiumError, match="no score: rmse is"):
        run.score()


def test_what_a_trial_still_needs_is_told_by_its_fastest_fit(tmp_path: Path) -> None:
    run = run_of(tmp_path, screened=False, count=6)
    fits = run.fits_left
    for seconds in (20.0, 2.0):
        assert run.least_left(1) == 0.0
        request = run.next_request()
        assert request is not None
        run.receive(request, replace(made_up(request), fit_seconds=seconds, predict_seconds=0.5))
    assert run.least_left(1) == 2.5 * (fits - 3)
    assert run.least_left(2) == 0.0
