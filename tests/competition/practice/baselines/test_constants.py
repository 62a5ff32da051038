"""The best constant is the best by the metric, not by habit."""

from dataclasses import replace

import numpy as np
import pytest

from competition.practice.baselines.constants import constant_answers, sample_answers
from tests.competition.practice.tables import table_spec


@pytest.mark.parametrize(
    ("metric", "name", "answer"),
    [("accuracy", "most frequent class", 0), ("f1", "dog everywhere", 1)],
)
def test_of_classes(metric: str, name: str, answer: int) -> None:
    truth = np.array([0] * 70 + [1] * 30)
    changes = {"positive": "dog"} if metric == "f1" else {}
    found, answers = constant_answers(table_spec(metric=metric, **changes).problem, truth, 5)
    assert (found, answers.tolist()) == (name, [answer] * 5)


@pytest.mark.parametrize(
    ("metric", "name", "value"),
    [
        ("rmse", "mean value", 33.5),
        ("mae", "median value", 12.0),
        ("rmsle", "mean value", (11 * 11 * 15 * 101) ** 0.25 - 1),
        ("mape", "10% quantile", 10.0),
    ],
)
def test_of_numbers(metric: str, name: str, value: float) -> None:
    truth = np.array([[10.0], [10.0], [14.0], [100.0]])
    problem = replace(table_spec(metric="rmse"), metric=metric).problem
    found, answers = constant_answers(problem, truth, 3)
    assert found == name
    assert answers.shape == (3, 1)
    assert answers[0, 0] == pytest.approx(value)


def test_the_sample_is_zero_unless_the_metric_does_not_take_it() -> None:
    truth = np.array([[1.0], [3.0], [8.0]])
    for metric, value in (("rmse", 0.0), ("rmse of logs", 3.0)):
        problem = replace(table_spec(metric="rmse"), metric=metric).problem
        assert sample_answers(problem, truth, 2).tolist() == [[value], [value]]
