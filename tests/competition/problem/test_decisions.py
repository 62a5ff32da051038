"""Decisions that learn nothing, and those that learn shares or a range."""

import numpy as np
import pytest

from competition.problem.decisions import (
    BalancedProbabilities,
    ClassProbabilities,
    MostProbable,
    Probability,
    Ranking,
    Values,
)
from competition.problem.metrics.known import find_metric
from competition.problem.problem import Problem


def test_decisions_that_learn_nothing() -> None:
    shares = np.array([[0.2, 0.4, 0.4], [0.5, 0.0, 0.5], [0.1, 0.2, 0.7]], np.float32)
    assert MostProbable().answers(shares).tolist() == [1, 0, 2]
    assert Ranking(2).answers(shares).tolist() == [[1, 2], [0, 2], [2, 1]]
    assert Probability(2).answers(shares).tolist() == pytest.approx([0.4, 0.5, 0.7])
    answers = ClassProbabilities().answers(shares)
    assert answers.dtype == np.float64 and answers.sum(axis=1) == pytest.approx(1, abs=1e-15)


def test_values_keep_to_what_was_seen() -> None:
    learnt = Values(np.expm1).fit(np.array([[1.0, 10.0], [3.0, 20.0]]), np.zeros((2, 2)))
    given_logs = np.log1p(np.array([[2.0, 5.0], [9.0, 15.0]], np.float32))
    assert learnt.answers(given_logs) == pytest.approx(np.array([[2.0, 10.0], [3.0, 15.0]]))
    assert learnt.facts() == {"low": [1.0, 10.0], "high": [3.0, 20.0]}


def test_balanced_probabilities_score_better_than_those_that_were_learnt() -> None:
    random = np.random.default_rng(5)
    truth = (random.random(4000) < 0.1).astype(np.int64)
    logits = random.normal(size=4000) + 1.5 * truth - 2.8  # calibrated, near enough
    positive = 1 / (1 + np.exp(-logits))
    predictions = np.stack([1 - positive, positive], axis=1).astype(np.float32)
    metric = find_metric("balanced log loss")
    wide = Problem(metric, ("no", "yes"))
    assigned = np.arange(4000) % 5
    balanced = wide.answers(truth, predictions, assigned)
    assert balanced.sum(axis=1) == pytest.approx(1.0)
    assert wide.value(truth, balanced) < wide.value(truth, predictions) - 0.1
    assert balanced[:, 1].mean() > 2 * predictions[:, 1].mean()

    narrow = Problem(metric, ("no", "yes"), positive=1, one_column=True)
    assert narrow.answers(truth, predictions, assigned) == pytest.approx(balanced[:, 1])
    facts = narrow.decide(truth, predictions).facts()
    assert facts["shares"] == pytest.approx([0.9, 0.1], abs=0.02)


def test_a_class_without_a_row_is_not_divided_by_nought() -> None:
    learnt = BalancedProbabilities().fit(np.zeros(3, np.int64), np.full((3, 2), 0.5, np.float32))
    assert np.isfinite(learnt.answers(np.array([[0.0, 1.0]], np.float32))).all()
