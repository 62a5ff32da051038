"""A sampled trial is screened on a subset before it gets all rows."""

from collections.abc import Callable

import numpy as np
import optuna
import pytest

from pipelines import trial_run
from pipelines.base import load_pipeline
from pipelines.search.fit import fit_fold
from pipelines.search.plan import Plan
from pipelines.search.trial import SCREEN_FOLDS, TrialRun


@pytest.mark.parametrize("prune", [True, False])
def test_the_screening_is_the_first_step_and_decides(
    prune: bool, make_plan_of: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_run, "SCREEN_ROWS", 200)
    plan = make_plan_of()
    pipeline = load_pipeline("logistic")
    study = optuna.create_study(direction="maximize")
    trial = study.ask()
    task = plan.task(pipeline, pipeline.suggest(trial))
    labels = np.asarray(plan.data.train_labels)
    assigned = plan.folds.assign(labels)
    truths = [labels[assigned == fold] for fold in range(plan.folds.count)]
    run = TrialRun(trial, task, labels, assigned, truths, screened=True)
    monkeypatch.setattr(trial, "should_prune", lambda: prune)
    decisions = []
    for _ in range(SCREEN_FOLDS):
        request = run.next_request()
        assert request is not None and request.train_rows == 200
        decisions.append(run.receive(request, fit_fold(request)))
    assert decisions == [False, prune]
    assert list(study.trials[0].intermediate_values) == [1]
    due = run.next_request()
    assert due is not None and due.train_rows is None
