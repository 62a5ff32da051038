"""A fit gives predictions in the form of the problem, whatever the pipeline learnt."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.base import load_pipeline
from pipelines.search.fit import FitRequest, fit_fold, predict
from tests.pipelines.search.here import plan_here


@pytest.mark.parametrize(("metric", "outputs"), [("accuracy", 10), ("rmsle", 1)])
@pytest.mark.parametrize("name", ["forest", "knn"])
def test_predictions_have_the_problems_form(
    metric: str, outputs: int, name: str, tmp_path: Path
) -> None:
    plan = plan_here(tmp_path, metric)
    pipeline = load_pipeline(name)
    made = fit_fold(
        FitRequest(plan.task(pipeline, pipeline.shipped()[0].params), 0, want_test=True)
    )
    scored = int((plan.dealt.assigned == 0).sum())
    assert made.scored.shape == (scored, outputs)
    assert made.test is not None and made.test.shape == (40, outputs)
    assert made.scored.dtype == made.test.dtype == np.float32
    truth = plan.data.truth[plan.dealt.assigned == 0]
    loss = plan.problem.loss(truth, made.scored)
    if metric == "rmsle":  # on the training scale, and better than the mean
        logs = np.log1p(truth)
        assert loss < np.mean((logs - logs.mean()) ** 2)
    else:
        assert loss < np.log(10)
        np.testing.assert_allclose(made.scored.sum(axis=1), 1, atol=1e-5)
    assert made.maker["code"]


def test_ordered_classes_are_predicted_as_the_expected_class_number(tmp_path: Path) -> None:
    plan = plan_here(tmp_path, "quadratic weighted kappa")
    for name in ("logistic", "svm"):
        pipeline = load_pipeline(name)
        made = fit_fold(FitRequest(plan.task(pipeline, pipeline.shipped()[0].params), 0))
        assert made.scored.shape[1] == 1
        assert 0 <= made.scored.min() <= made.scored.max() <= 9
        truth = plan.data.truth[plan.dealt.assigned == 0]
        assert np.corrcoef(made.scored[:, 0], truth)[0, 1] > 0.5


class Given:
    """An estimator whose predictions are given."""

    def __init__(self, predictions: Any, classes: list[int] | None = None) -> None:
        self.predictions = np.asarray(predictions)
        if classes is not None:
            self.classes_ = np.array(classes)

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        return self.predictions

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.predictions


def test_a_class_that_was_not_seen_has_no_probability(tmp_path: Path) -> None:
    problem = plan_here(tmp_path).problem
    made = predict(Given([[0.25, 0.75]], [3, 7]), np.zeros((1, 2)), problem, True)
    assert made[0].tolist() == [0, 0, 0, 0.25, 0, 0, 0, 0.75, 0, 0]


@pytest.mark.parametrize(
    ("metric", "classifies", "predictions"),
    [
        ("accuracy", True, np.full((2, 10), np.nan)),
        ("accuracy", True, np.full((2, 10), 0.2)),
        ("accuracy", True, np.full((2, 9), 1 / 9)),
        ("rmse", False, [1.0, np.inf]),
        ("rmse", False, [[1.0, 2.0], [1.0, 2.0]]),
    ],
)
def test_anything_else_than_probabilities_or_numbers_is_refused(
    metric: str, classifies: bool, predictions: Any, tmp_path: Path
) -> None:
    problem = plan_here(tmp_path, metric).problem
    with pytest.raises(ValueError, match="predict"):
        predict(Given(predictions), np.zeros((2, 2)), problem, classifies)


def test_a_regressor_of_ordered_classes_keeps_to_their_numbers(tmp_path: Path) -> None:
    problem = plan_here(tmp_path, "quadratic weighted kappa").problem
    made = predict(Given([-1.0, 4.5, 12.0]), np.zeros((3, 2)), problem, False)
    assert made.tolist() == [[0.0], [4.5], [9.0]]
