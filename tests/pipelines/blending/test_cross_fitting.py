"""Blends help where members differ, never see the rows they are scored on, and break ties."""

from functools import partial

import numpy as np
import pytest

from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth
from pipelines.blending import cross_fitting
from pipelines.blending.calibration import tempered
from pipelines.blending.cross_fitting import blend, enough_rows
from pipelines.blending.methods import METHODS, Method
from pipelines.blending.mixture import Mixture, Stack
from tests.pipelines.blending.conftest import competition_of, dealt, noisy, truth_of

ACCURACY = competition_of("accuracy").problem


def accuracy(truth: Truth, predictions: Predictions) -> float:
    return float(np.mean(predictions.argmax(axis=1) == truth))


@pytest.mark.long
def test_independent_members_make_a_gain_that_the_paired_test_sees(problem: Problem) -> None:
    truth, assigned = truth_of(problem, 2500), dealt(2500)
    columns = [noisy(truth, problem, 1.2, seed) for seed in range(4)]
    blended = blend(columns, truth, assigned, problem)
    singles = [problem.score(truth, column, assigned) for column in columns]
    best = max(range(4), key=lambda index: singles[index].rank)
    assert blended.best_single == best
    assert blended.score.rank > singles[best].rank
    assert blended.score == problem.score(truth, blended.oof, assigned)
    assert blended.methods["best single"] == pytest.approx(singles[best].value, rel=0.1)
    assert blended.comparison.gain == pytest.approx(abs(blended.score.value - singles[best].value))
    assert blended.comparison.p_value < 1e-3
    assert set(blended.methods) == set(METHODS)


def test_a_lucky_row_does_not_outweigh_the_log_loss() -> None:
    random = np.random.default_rng(3)
    truth, assigned = random.integers(0, 4, 600), random.integers(0, 5, 600)
    columns = [noisy(truth, ACCURACY, 0.9, seed) for seed in range(3)]
    means = {name: method for name, method in METHODS.items() if name != "logarithmic"}
    blended = blend(columns, truth, assigned, ACCURACY, means)
    alone = {
        name: blend(columns, truth, assigned, ACCURACY, {name: means[name]}).score for name in means
    }
    most_accurate = max(alone.values(), key=lambda score: score.rank)
    surest = min(alone.values(), key=lambda score: score.loss)
    right = [round(600 * score.value) for score in (most_accurate, blended.score)]
    assert right == [593, 592]
    assert blended.score == surest != most_accurate


def test_a_small_log_loss_does_not_outweigh_many_rows() -> None:
    truth, assigned = truth_of(ACCURACY, 1000), dealt(1000)
    columns = [noisy(truth, ACCURACY, noise, 0) for noise in (0.7, 1.0)]

    def alone(place: int, heat: float) -> Method:
        weights = np.eye(2)[place]
        return lambda *_: Mixture(weights, np.zeros(ACCURACY.outputs), heat)

    ways = {"right and unsure": alone(0, 9.0), "sure and wrong": alone(1, 1.0)}
    blended = blend(columns, truth, assigned, ACCURACY, ways)
    other = blend(columns, truth, assigned, ACCURACY, {"sure and wrong": ways["sure and wrong"]})
    assert blended.method == "right and unsure"
    assert blended.score.loss > other.score.loss


def test_a_small_log_loss_does_not_make_a_blend_that_scores_less_than_its_best_column() -> None:
    """Four confident errors, or seven hesitant ones: too few for a test to tell apart."""
    truth, assigned = truth_of(ACCURACY, 1000), dealt(1000)
    rows, classes = np.arange(1000), ACCURACY.outputs
    columns = []
    for wrong, share in ((range(4), 0.999), (range(500, 507), 0.51)):
        column = np.full((1000, classes), 0.001 / (classes - 1), np.float32)
        column[rows, truth] = 0.999
        for row in wrong:
            column[row] = (1 - share) / (classes - 1)
            column[row, (truth[row] + 1) % classes] = share
        columns.append(column)

    def hesitant(*_: object) -> Mixture:
        return Mixture(np.array([0.0, 1.0]), np.zeros(classes))

    ways: dict[str, Method] = {"best single": METHODS["best single"], "hesitant": hesitant}
    blended = blend(columns, truth, assigned, ACCURACY, ways)
    other = blend(columns, truth, assigned, ACCURACY, {"hesitant": hesitant})
    assert (blended.method, blended.score.value, other.score.value) == ("best single", 0.996, 0.993)
    assert blended.score.loss > other.score.loss


def test_a_single_column_is_itself(problem: Problem) -> None:
    truth, assigned = truth_of(problem, 300), dealt(300)
    column = noisy(truth, problem, 1.0, 0)
    blended = blend([column], truth, assigned, problem)
    assert blended.mixture.weights.tolist() == [1.0]
    if problem.kind != Kind.CLASSES:
        np.testing.assert_array_equal(blended.oof, column)
        assert (blended.comparison.difference, blended.comparison.p_value) == (0.0, 1.0)
    if problem.metric.name in ("accuracy", "map@3"):  # a temperature changes no order in a row
        assert (blended.comparison.difference, blended.comparison.p_value) == (0.0, 1.0)


def test_a_modest_column_is_not_passed_over() -> None:
    """Label smoothing leaves a network right and unsure; a surer one that is worse must not win."""
    truth, assigned = truth_of(ACCURACY, 4000), dealt(4000)
    good, worse = noisy(truth, ACCURACY, 0.7, 0), noisy(truth, ACCURACY, 1.1, 1)
    unsure = tempered(good, 4.0)
    blended = blend([unsure, worse], truth, assigned, ACCURACY)
    assert blended.temperatures[0] < 0.5
    assert blended.score.loss < min(ACCURACY.loss(truth, each) for each in (good, worse))
    assert blended.score.value >= accuracy(truth, good)


def ridge(stack: Stack, truth: Truth, problem: Problem, sent: object = None) -> Mixture:
    """Stack by ridge regression: weights of any sign, and an intercept."""
    wanted = np.asarray(problem.learnable(truth), np.float64).reshape(len(truth), -1)
    if problem.kind == Kind.CLASSES:
        wanted = np.eye(problem.outputs)[truth]
    means, middle = stack.mean(axis=1, dtype=np.float64), wanted.mean(axis=0)
    known = (stack - means[:, None]).reshape(len(stack), -1).T
    gram = known.T @ known
    gram += 1e-6 * np.trace(gram) * np.eye(len(stack))
    weights = np.linalg.solve(gram, known.T @ (wanted - middle).ravel())
    return Mixture(weights, middle - weights @ means)


@pytest.mark.long
def test_a_stacked_linear_method_is_one_function(problem: Problem) -> None:
    """Columns that share an error: no mean of them removes it, and a difference does."""
    truth, assigned = truth_of(problem, 3000), dealt(3000)
    shared = noisy(truth, problem, 6.0, 9)
    if problem.kind == Kind.CLASSES:
        good = noisy(truth, problem, 1.0, 0) * 0.55 + shared * 0.45
    else:
        good = noisy(truth, problem, 0.5, 0) + 0.4 * (shared - shared.mean(axis=0))
    methods = dict(METHODS) | {"ridge": ridge}
    if problem.metric.name == "log loss":  # which certainty that is wrong makes infinite
        methods = {"ridge": ridge}
    blended = blend([good, shared], truth, assigned, problem, methods)
    assert blended.method == "ridge"
    assert blended.mixture.weights[1] < -0.1
    if problem.metric.name != "log loss":
        assert blended.comparison.gain > 0 and blended.comparison.p_value < 0.01
    test = blended.apply([good[:7], shared[:7]], problem)
    assert test.shape == (7, problem.outputs)
    if problem.kind == Kind.CLASSES:
        assert test.min() >= 0
        np.testing.assert_allclose(test.sum(axis=1), 1.0, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("method", [*METHODS, "ridge"])
def test_a_folds_own_truth_does_not_touch_its_blend(method: str, problem: Problem) -> None:
    learner = {method: (dict(METHODS) | {"ridge": ridge})[method]}
    truth, assigned = truth_of(problem, 600), dealt(600)
    columns = [noisy(truth, problem, noise, seed) for seed, noise in enumerate((0.7, 0.9, 3.0))]
    inside = assigned == 2
    altered = truth.copy()
    altered[inside] = np.roll(truth[inside], 1, axis=0)
    before = blend(columns, truth, assigned, problem, learner)
    after = blend(columns, altered, assigned, problem, learner)
    np.testing.assert_array_equal(before.oof[inside], after.oof[inside])
    if not problem.decision().learns:
        np.testing.assert_array_equal(before.answers[inside], after.answers[inside])


def test_weights_are_learnt_from_enough_rows_of_many(problem: Problem) -> None:
    truth = truth_of(problem, 5000)
    assert len(truth[enough_rows(truth, problem)]) == 5000
    kept = truth[enough_rows(truth, problem, enough=1000, of_class=10)]
    assert 1000 <= len(kept) < 1250
    if problem.kind == Kind.CLASSES:
        shares = [np.bincount(each) / len(each) for each in (truth, kept)]
        np.testing.assert_allclose(*shares, atol=0.002)
    else:
        np.testing.assert_allclose(kept.mean(axis=0), truth.mean(axis=0), atol=0.1)


@pytest.mark.long
def test_a_blend_learnt_from_some_rows_is_scored_on_all(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, assigned = truth_of(problem, 6000), dealt(6000)
    columns = [noisy(truth, problem, spread, seed) for seed, spread in enumerate((0.9, 1.2, 1.6))]
    whole = blend(columns, truth, assigned, problem)
    some = partial(enough_rows, enough=1500, of_class=100)
    monkeypatch.setattr(cross_fitting, "enough_rows", some)
    part = blend(columns, truth, assigned, problem)
    assert part.score.rows == 6000 and part.oof.shape == whole.oof.shape
    assert part.score.value == pytest.approx(whole.score.value, rel=0.03)
    assert not np.array_equal(part.oof, whole.oof)


def test_a_rare_class_keeps_its_rows() -> None:
    truth = np.r_[np.zeros(5000, np.int64), np.ones(50, np.int64)]
    assert len(truth[enough_rows(truth, ACCURACY, enough=100, of_class=40)]) == 5050
    kept = truth[enough_rows(truth, ACCURACY, enough=100, of_class=10)]
    assert np.bincount(kept).tolist() == [1000, 10]
