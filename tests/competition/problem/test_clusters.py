"""The error of a score whose rows err together."""

import numpy as np
import pytest

from competition.problem.clusters import clustered_error
from competition.problem.metrics.known import find_metric
from competition.problem.problem import Problem

ROWS, GROUPS = 1200, 60


@pytest.mark.parametrize("name", ["accuracy", "auc", "f1 macro", "rmse"])
@pytest.mark.parametrize("shared", [False, True])
def test_it_is_the_spread_over_samples(name: str, shared: bool) -> None:
    """Whether groups share their errors or not."""
    metric = find_metric(name)
    values, errors = [], []
    for seed in range(150):
        chance = np.random.default_rng(seed)
        of_group = chance.normal(size=GROUPS) * shared * 1.5
        units = np.repeat(np.arange(GROUPS), ROWS // GROUPS)
        difficulty = of_group[units] + chance.normal(size=ROWS)
        if name == "rmse":
            truth = np.zeros((ROWS, 1))
            answers = difficulty[:, None]
        else:
            truth = chance.integers(0, 2, ROWS)
            score = 2 * truth - 1 - difficulty * (2 * truth - 1)
            answers = score if name == "auc" else (score > 0).astype(np.int64)
        values.append(metric.measure.value(truth, answers))
        errors.append(clustered_error(metric.measure, truth, answers, units))
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.25)


def test_a_score_takes_the_larger_error() -> None:
    problem = Problem(find_metric("accuracy"), ("a", "b"))
    truth = np.zeros(200, np.int64)
    answers = np.repeat([0, 1], 100)  # half of the units are wrong altogether
    alone = problem.score_answers(truth, answers)
    together = problem.score_answers(truth, answers, units=np.repeat(np.arange(20), 10))
    assert together.standard_error > 2 * alone.standard_error
    one = problem.score_answers(truth, answers, units=np.zeros(200, np.int64))
    assert one.standard_error == alone.standard_error


@pytest.mark.parametrize("shared", [False, True])
def test_a_comparison_is_as_sure_as_its_clusters(shared: bool) -> None:
    """Of answers that are worth the same, about one in twenty differs at p < 0.05."""
    problem = Problem(find_metric("accuracy"), ("a", "b"))
    sure = 0
    units = np.repeat(np.arange(GROUPS), ROWS // GROUPS)
    truth = np.zeros(ROWS, np.int64)
    for seed in range(300):
        chance = np.random.default_rng(seed)
        better = chance.normal(size=GROUPS)[units] * shared * 1.5 + chance.normal(size=ROWS)
        answers = (better > 1.0).astype(np.int64), (better < -1.0).astype(np.int64)
        sure += problem.compare(truth, *answers, units).sure
    assert 3 <= sure <= 30
