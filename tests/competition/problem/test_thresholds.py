"""Decisions reach what can be reached, and never less than deciding plainly."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from competition.problem.metrics.known import find_metric
from competition.problem.metrics.measures import ByConfusion, confusion
from competition.problem.problem import Problem
from competition.problem.thresholds import CutPoints

OF_CONFUSION = ["balanced accuracy", "f1", "f1 macro", "mcc"]


def problem(metric: str, classes: int, positive: int | None = None) -> Problem:
    found = find_metric(metric)
    positive = positive if found.of_positive else None
    return Problem(found, tuple(map(str, range(classes))), positive=positive)


def probabilities(truth: np.ndarray, classes: int, steps: int, seed: int) -> np.ndarray:
    """Return votes out of `steps`, so that many rows tie; the true class gets the most of them."""
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(classes), len(truth)) + 0.7 * np.eye(classes)[truth]
    votes = [random.multinomial(steps, share / share.sum()) for share in shares]
    return (np.array(votes) / steps).astype(np.float32)


@settings(max_examples=150)
@given(
    metric=st.sampled_from(OF_CONFUSION),
    truth=st.lists(st.integers(0, 3), min_size=2, max_size=40).map(np.array),
    steps=st.sampled_from([1, 3, 5, 1000]),
    positive=st.integers(0, 1),
    seed=st.integers(0, 1000),
)
def test_multipliers_reach_at_least_the_plain_decision(
    metric: str, truth: np.ndarray, steps: int, positive: int, seed: int
) -> None:
    classes = 2 if metric == "f1" else 4
    truth = truth % classes
    given_shares = probabilities(truth, classes, steps, seed)
    asked = problem(metric, classes, positive)
    plain = asked.value(truth, given_shares.argmax(axis=1))
    assert asked.quick_value(truth, given_shares) >= plain - 1e-12


@settings(max_examples=100)
@given(
    metric=st.sampled_from(OF_CONFUSION),
    truth=st.lists(st.integers(0, 1), min_size=2, max_size=40).map(np.array),
    steps=st.sampled_from([2, 5, 1000]),
    positive=st.integers(0, 1),
    seed=st.integers(0, 1000),
)
def test_two_classes_get_the_best_of_all_thresholds(
    metric: str, truth: np.ndarray, steps: int, positive: int, seed: int
) -> None:
    shares = probabilities(truth, 2, steps, seed)
    asked = problem(metric, 2, positive)
    thresholds = np.append(np.unique(shares[:, 1]), 2.0)
    best = max(
        asked.value(truth, (shares[:, 1] >= threshold).astype(int)) for threshold in thresholds
    )
    assert asked.quick_value(truth, shares) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("metric", ["balanced accuracy", "f1 macro", "mcc"])
def test_three_classes_come_near_the_best_of_all_multipliers(metric: str) -> None:
    steps = np.linspace(-3, 3, 41)
    reached, wanted = [], []
    for seed in range(15):
        random = np.random.default_rng(seed)
        truth = random.choice(3, 40, p=[0.7, 0.2, 0.1])
        shares = probabilities(truth, 3, 1000, seed)
        asked, logs = problem(metric, 3), np.log(np.maximum(shares, 1e-12))
        wanted.append(
            max(
                asked.value(truth, (logs + np.array([0, one, other])).argmax(axis=1))
                for one in steps
                for other in steps
            )
        )
        reached.append(asked.quick_value(truth, shares))
    assert np.mean(reached) > np.mean(wanted) - 0.01


@pytest.mark.parametrize("steps", [4, 1000])
def test_a_positive_class_may_be_first_or_last(steps: int) -> None:
    truth = np.random.default_rng(0).choice(2, 180, p=[0.8, 0.2])
    shares = probabilities(truth, 2, steps, 0)
    last = problem("f1", 2, positive=1)
    first = problem("f1", 2, positive=0)
    best = last.quick_value(truth, shares)
    assert first.quick_value(1 - truth, shares[:, ::-1]) == pytest.approx(best)
    assert best > last.value(truth, np.ones(180, int))
    assert best >= last.value(truth, shares.argmax(axis=1))


@settings(max_examples=100)
@given(
    truth=st.lists(st.integers(0, 3), min_size=3, max_size=40).map(np.array),
    steps=st.sampled_from([2, 4, 1000]),
    seed=st.integers(0, 1000),
)
def test_cut_points_reach_at_least_the_halves(truth: np.ndarray, steps: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    expected = np.round((truth + random.normal(0, 1, len(truth))) * steps) / steps
    predictions = expected[:, None].astype(np.float32)
    asked = problem("quadratic weighted kappa", 4)
    plain = asked.value(truth, asked.decision().answers(predictions))
    assert asked.quick_value(truth, predictions) >= plain - 1e-12


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("steps", [3, 1000])
def test_cut_points_come_near_the_best_of_all(classes: int, steps: int) -> None:
    asked = problem("quadratic weighted kappa", classes)
    measure = asked.metric.measure
    assert isinstance(measure, ByConfusion)
    short = []
    for seed in range(30):
        random = np.random.default_rng(seed)
        truth = random.integers(0, classes, 25)
        values = np.round((0.5 * truth + random.normal(0, 0.4, 25)) * steps) / steps
        cuts = [-9.0, *(np.unique(values) + 1e-4)]
        best = max(
            float(measure.of_confusion(confusion(truth, np.searchsorted(some, values), classes)))
            for some in combinations_with_replacement(cuts, classes - 1)
        )
        short.append(best - asked.quick_value(truth, values[:, None].astype(np.float32)))
    assert min(short) > -1e-9
    assert max(short) < (1e-9 if classes == 2 else 0.1)
    assert np.mean(short) < 0.01


def test_a_cut_point_parts_what_it_was_learnt_on() -> None:
    predictions = np.array([[0.2], [0.2], [0.9], [0.9], [2.6]], np.float32)
    truth = np.array([0, 0, 1, 1, 2])
    of_confusion = find_metric("qwk").measure.of_confusion
    learnt = CutPoints(of_confusion, 3).fit(truth, predictions)
    assert learnt.answers(predictions).tolist() == truth.tolist()
    assert sorted(learnt.facts()["cut_points"]) == learnt.facts()["cut_points"]
