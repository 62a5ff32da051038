"""Each way to learn weights, on every kind of problem."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from competition.problem.problem import Problem
from competition.problem.targets import Kind, Truth
from pipelines.blending.calibration import temperatures, tempered
from pipelines.blending.cross_fitting import at_temperatures
from pipelines.blending.methods import METHODS
from pipelines.blending.mixture import Mixture, Stack, combine
from tests.pipelines.blending.conftest import METRICS, competition_of, noisy, truth_of


@given(st.sampled_from(sorted(METRICS)), st.integers(1, 4), st.integers(0, 100))
def test_weights_are_a_convex_combination(metric: str, count: int, seed: int) -> None:
    problem = competition_of(metric).problem
    truth = truth_of(problem, 60, seed)
    stack = np.stack([noisy(truth, problem, 1.0, seed + index) for index in range(count)])
    for method in METHODS.values():
        linear = method(stack, truth, problem)
        assert linear.weights.min() >= 0
        assert linear.weights.sum() == pytest.approx(1.0)
        assert linear.intercept.tolist() == [0.0] * problem.outputs
        found = combine(stack, linear, problem)
        assert found.dtype == np.float32
        if problem.kind == Kind.CLASSES:
            np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
            continue
        room = 1e-5 * np.abs(stack).max()
        assert (found <= stack.max(axis=0) + room).all()
        assert (found >= stack.min(axis=0) - room).all()


def test_noise_gets_no_weight(problem: Problem) -> None:
    truth = truth_of(problem, 2000)
    stack = np.stack([noisy(truth, problem, noise, seed) for seed, noise in enumerate((50.0, 0.8))])
    assert METHODS["convex"](stack, truth, problem).weights[0] < 0.05
    assert METHODS["greedy"](stack, truth, problem).weights[0] < 0.2
    assert METHODS["best single"](stack, truth, problem).weights.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("metric", ["log loss", "rmse"])
def test_no_other_convex_weights_have_a_smaller_loss(metric: str) -> None:
    """A general solver with a general constraint finds nothing better."""
    problem = competition_of(metric).problem
    truth = truth_of(problem, 300)
    stack = np.stack([noisy(truth, problem, noise, int(9 * noise)) for noise in (0.9, 1.2, 1.3, 4)])
    scale = 1.0
    if problem.kind == Kind.NUMBERS:  # the loss that is minimised counts in each target's spread
        scale = np.asarray(truth).std(axis=0)
        truth, stack = truth / scale, (stack / scale).astype(np.float32)

    def loss(weights: np.ndarray) -> float:
        return problem.loss(truth, np.tensordot(weights, stack.astype(np.float64), axes=1))

    best = minimize(
        loss,
        np.full(4, 0.25),
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    found = METHODS["convex"](stack, truth, problem).weights
    assert loss(found) <= best.fun * (1 + 1e-4)
    np.testing.assert_allclose(found, best.x, atol=0.02)


def product(stack: Stack, powers: np.ndarray) -> np.ndarray:
    known = np.maximum(stack, 1e-7).astype(np.float64)
    whole = np.prod(known ** powers[:, None, None], axis=0)
    return np.asarray(whole / whole.sum(axis=1, keepdims=True))


def best_powers(stack: Stack, truth: Truth, problem: Problem) -> np.ndarray:
    """Return the powers of the least loss on these rows, by a general solver."""
    found = minimize(
        lambda powers: problem.loss(truth, product(stack, powers)),
        np.full(len(stack), 1 / len(stack)),
        bounds=[(0, None)] * len(stack),
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    return np.asarray(found.x)


def test_no_other_powers_have_a_smaller_loss() -> None:
    problem = competition_of("log loss").problem
    truth = truth_of(problem, 20_000)
    stack = np.stack([noisy(truth, problem, noise, int(9 * noise)) for noise in (0.9, 1.2, 1.3, 4)])
    best = best_powers(stack, truth, problem)
    found = METHODS["logarithmic"](stack, truth, problem)
    powers = found.weights / found.temperature
    np.testing.assert_allclose(powers, best, rtol=0.02, atol=0.02)
    blended = combine(stack, found, problem)
    assert problem.loss(truth, blended) <= problem.loss(truth, product(stack, best)) * (1 + 1e-3)
    np.testing.assert_allclose(blended, product(stack, powers), atol=1e-4)
    assert METHODS["logarithmic"](stack[:1], truth, problem).weights.tolist() == [1.0]


def test_few_rows_that_columns_hardly_err_on_are_not_believed() -> None:
    """On other rows, the blend is better than one by the powers that these rows ask for."""
    problem = competition_of("log loss").problem
    few, rest = slice(0, 120), slice(120, None)
    gains = []
    for seed in range(8):
        truth = truth_of(problem, 5_000, seed)
        logs = np.log(noisy(truth, problem, 0.5, 9 + seed)) * 2
        own = np.random.default_rng(seed).normal(0, 0.3, (4, *logs.shape))
        columns = np.stack([tempered(np.exp(logs + each), 1.0) for each in own])
        heat = temperatures(columns[:, few], truth[few], problem)
        stack = at_temperatures(columns, heat, problem)
        found = METHODS["logarithmic"](stack[:, few], truth[few], problem)
        asked = best_powers(stack[:, few], truth[few], problem)
        blended = combine(stack[:, rest], found, problem)
        of_asked = problem.loss(truth[rest], product(stack[:, rest], asked))
        gains.append(1 - problem.loss(truth[rest], blended) / of_asked)
    assert np.mean(gains) > 0.2


def test_columns_that_never_err_have_powers_all_the_same() -> None:
    problem = competition_of("log loss").problem
    truth = truth_of(problem, 60)
    sure = np.full((2, 60, problem.outputs), 0.1 / (problem.outputs - 1), np.float32)
    sure[:, np.arange(60), truth] = 0.9
    found = METHODS["logarithmic"](sure, truth, problem)
    assert 0.1 <= found.temperature < 1
    assert np.isfinite(combine(sure, found, problem)).all()
    even = np.full((2, 60, problem.outputs), 1 / problem.outputs, np.float32)
    unsure = METHODS["logarithmic"](even, truth, problem)
    np.testing.assert_allclose(combine(even, unsure, problem), 1 / problem.outputs, atol=1e-6)


def test_columns_that_are_nearly_the_same_share_the_weight() -> None:
    problem = competition_of("log loss").problem
    truth = truth_of(problem, 500)
    column = noisy(truth, problem, 1.0, 0)
    nearly = [column, column, tempered(column, 1.00001), noisy(truth, problem, 3.0, 1)]
    for method in ("convex", "logarithmic"):
        found = METHODS[method](np.stack(nearly), truth, problem, None)
        assert found.weights[:3].sum() > 0.8
        assert problem.loss(truth, combine(np.stack(nearly), found, problem)) < 0.8


@pytest.mark.parametrize("method", ["uniform", "greedy", "convex"])
def test_a_mean_of_independent_columns_is_made_surer(method: str) -> None:
    problem = competition_of("log loss").problem
    truth = truth_of(problem, 3000)
    columns = [noisy(truth, problem, 2.0, seed) for seed in range(5)]
    stack = at_temperatures(
        np.stack(columns), temperatures(np.stack(columns), truth, problem), problem
    )
    found = METHODS[method](stack, truth, problem)
    mean = combine(stack, replace(found, temperature=1.0), problem)
    assert found.temperature < 0.9
    assert problem.loss(truth, combine(stack, found, problem)) < problem.loss(truth, mean) - 0.01


def test_a_perfect_column_is_taken_alone() -> None:
    problem = competition_of("rmse").problem
    truth = truth_of(problem, 50)
    stack = np.stack([noisy(truth, problem, 1.0, 0), noisy(truth, problem, 0.0, 1)])
    assert METHODS["convex"](stack, truth, problem).weights.tolist() == [0.0, 1.0]
    same = np.stack([truth.astype(np.float32)] * 2)
    assert METHODS["convex"](same, truth, problem).weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_greedy_selection_by_log_loss_is_that_of_a_plain_reading(seed: int) -> None:
    problem = competition_of("log loss").problem
    truth = truth_of(problem, 300, seed)
    stack = np.stack([noisy(truth, problem, 0.5 + 0.3 * each, each) for each in range(5)])
    chosen: list[int] = []
    reached = []
    for _ in range(20):
        losses = [
            problem.value(truth, stack[[*chosen, each]].mean(axis=0)) for each in range(len(stack))
        ]
        chosen.append(int(np.argmin(losses)))
        reached.append(min(losses))
    best = chosen[: int(np.argmin(reached)) + 1]
    found = METHODS["greedy"](stack, truth, problem).weights
    assert found == pytest.approx(np.bincount(best, minlength=5) / len(best))


def test_the_greedy_selection_serves_the_metric_and_not_the_loss() -> None:
    """A column that ranks well and is badly scaled wins by AUC, whatever its loss is."""
    problem = competition_of("auc").problem
    truth = truth_of(problem, 400)
    honest = noisy(truth, problem, 2.5, 0)
    ranks = noisy(truth, problem, 0.5, 1)[:, 1] * 1e-3
    stack: Stack = np.stack([honest, np.stack([1 - ranks, ranks], axis=1)])
    assert problem.loss(truth, stack[1]) > problem.loss(truth, stack[0])
    assert METHODS["greedy"](stack, truth, problem).weights[1] > 0.7


def test_what_is_combined_to_less_than_nothing_is_a_probability_again() -> None:
    problem = competition_of("log loss").problem
    stack = np.array([[[0.8, 0.1, 0.1], [0.2, 0.4, 0.4]], [[0.1, 0.6, 0.3], [0.1, 0.8, 0.1]]])
    linear = Mixture(np.array([1.5, -0.5]), np.array([0.0, 0.0, -0.05]))
    found = combine(stack.astype(np.float32), linear, problem)
    np.testing.assert_allclose(found, [[1, 0, 0], [0.25 / 0.95, 0.2 / 0.95, 0.5 / 0.95]], atol=1e-6)
    nothing = combine(stack.astype(np.float32), Mixture(np.zeros(2), np.full(3, -1.0)), problem)
    np.testing.assert_allclose(nothing, 1 / 3)
