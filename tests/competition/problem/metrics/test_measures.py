"""Standard errors cover what they say, and paired tests raise as few false alarms as they say."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from competition.problem.metrics.known import METRICS, find_metric
from competition.problem.metrics.measures import ByConfusion, Proportion, mcnemar_p_value
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Eats, Kind, Truth

ROWS, SAMPLES, WORLD = 500, 400, 400_000
COLUMN_AUC = find_metric("mean columnwise auc")
NAMES = [*(metric.name for metric in METRICS), "map@3"]


def problem(name: str) -> Problem:
    metric = find_metric(name)
    if metric.kind == Kind.NUMBERS:
        return Problem(metric, targets=("x", "y"))
    binary = metric.of_positive or metric.eats == Eats.PROBABILITY
    classes = ("no", "yes") if binary else ("a", "b", "c", "d")
    return Problem(metric, classes, positive=1 if binary else None)


def world(asked: Problem, rows: int, seed: int) -> tuple[Truth, Answers, Answers]:
    """Draw truth, and the answers of two models that are equally good and partly alike."""
    random = np.random.default_rng(seed)
    if asked.kind == Kind.NUMBERS:
        truth = np.exp(random.normal(2, 0.4, (rows, 2)))
        shared = random.normal(0, 0.15, (rows, 2))
        both = [truth * np.exp(shared + random.normal(0, 0.15, (rows, 2))) for _ in range(2)]
        if asked.metric == COLUMN_AUC:
            truth = (random.random((rows, 2)) < 1 / (1 + (8 / truth) ** 3)).astype(float)
        return truth, both[0], both[1]
    classes = len(asked.classes)
    truth = random.choice(classes, rows, p=np.array([4, 3, 2, 2][:classes]) / [7, 11][classes > 2])
    shared = 1.5 * np.eye(classes)[truth] + random.normal(0, 0.7, (rows, classes))
    logits = [shared + random.normal(0, 0.7, (rows, classes)) for _ in range(2)]
    first, second = (answered(asked, each) for each in logits)
    return truth, first, second


def answered(asked: Problem, logits: np.ndarray) -> Answers:
    match asked.metric.eats:
        case Eats.LABEL:
            return logits.argmax(axis=1)
        case Eats.PROBABILITY:
            return logits[:, 1] - logits[:, 0]
        case Eats.RANKING:
            return (-logits).argsort(axis=1)[:, : asked.metric.top]
    shares = np.exp(logits)
    return shares / shares.sum(axis=1, keepdims=True)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_errors_and_paired_tests_hold_in_simulation(name: str) -> None:
    asked = problem(name)
    truth, first, _ = world(asked, WORLD, seed=1)
    true_value = asked.value(truth, first)
    covered = alarms = 0
    spread, said = [], []
    for seed in range(SAMPLES):
        truth, first, second = world(asked, ROWS, seed=1000 + seed)
        score = asked.score_answers(truth, first)
        covered += abs(score.value - true_value) <= 2 * score.standard_error
        compared = asked.compare(truth, first, second)
        alarms += compared.sure
        spread.append(compared.difference)
        said.append(compared.standard_error)
    assert 0.92 <= covered / SAMPLES <= 0.98
    assert 0.02 <= alarms / SAMPLES <= 0.08
    assert np.mean(said) == pytest.approx(np.std(spread), rel=0.12)


@pytest.mark.parametrize("name", NAMES)
def test_a_real_difference_is_found_and_has_the_right_sign(name: str) -> None:
    asked = problem(name)
    truth, good, _ = world(asked, 600, seed=5)
    _, bad, _ = world(asked, 600, seed=6)  # the answers of other rows
    compared = asked.compare(truth, good, bad)
    assert compared.sure and compared.gain > 0
    assert asked.compare(truth, bad, good).gain == pytest.approx(-compared.gain)
    same = asked.compare(truth, good, good)
    assert (same.difference, same.p_value, same.sure) == (0.0, 1.0, False)


@pytest.mark.parametrize(
    ("wins", "losses"), [(0, 0), (1, 0), (5, 5), (7, 2), (2, 7), (300, 341), (21_000, 20_000)]
)
def test_mcnemars_test_agrees_with_scipy(wins: int, losses: int) -> None:
    expected = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert mcnemar_p_value(wins, losses) == pytest.approx(expected, rel=1e-6)


def test_shared_errors_do_not_hide_a_difference() -> None:
    """160 against 180 errors of which 150 are shared are no tie: rows are paired."""
    asked, truth = problem("accuracy"), np.zeros(1000, int)
    first, second = truth.copy(), truth.copy()
    first[:160], second[10:190] = 1, 1
    compared = asked.compare(truth, first, second)
    assert (compared.wins, compared.losses) == (30, 10)
    assert compared.p_value == pytest.approx(0.0022, abs=1e-4) and compared.sure


@pytest.mark.parametrize("name", ["accuracy", "balanced accuracy", "f1 macro", "mcc", "qwk"])
def test_perfect_answers_for_few_rows_are_not_certain(name: str) -> None:
    truth = np.arange(60) % 4
    score = problem(name).score_answers(truth, truth)
    assert score.value == 1.0 and score.standard_error > 1 / 100


def test_one_row_has_no_error_to_speak_of() -> None:
    score = problem("mae").score_answers(np.ones((1, 2)), np.zeros((1, 2)))
    assert score.value == 1.0 and math.isinf(score.standard_error)


def test_which_metrics_are_means_over_rows() -> None:
    """Where it says so, the value of all rows is the weighted mean of two parts."""
    for name in NAMES:
        asked = problem(name)
        truth, answers, _ = world(asked, 300, seed=3)
        parts = [
            asked.value(truth[:100], answers[:100]),
            asked.value(truth[100:], answers[100:]),
        ]
        joined = (parts[0] + 2 * parts[1]) / 3
        exact = math.isclose(joined, asked.value(truth, answers), rel_tol=1e-12)
        assert exact == asked.metric.measure.mean, name


def test_measures_know_classes_that_only_one_side_has() -> None:
    measure = find_metric("f1 macro").measure
    assert isinstance(measure, ByConfusion) and isinstance(
        find_metric("f1 micro").measure, Proportion
    )
    truth, first, second = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0]), np.array([3, 0, 1, 1])
    difference, error, p_value = measure.compare(truth, first, second)
    assert difference == pytest.approx(1 / 3 - (2 / 3 + 1 + 0) / 3)
    assert error > 0 and 0 < p_value < 1
