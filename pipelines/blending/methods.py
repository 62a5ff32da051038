"""Ways to learn how columns are weighted. A further one is one function and its name in `METHODS`.

A method gets the columns as a stack (c, n, k) float32, the truth of their rows and the problem, and
returns a `Linear`. What it learns from never holds the rows that its blend is scored on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.problem.decisions import Decision
from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth

Stack = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

ROUNDS = 20  # of the greedy selection
EXPENSIVE_ROUNDS = 8  # where each of them searches for thresholds
_NEGLIGIBLE = 1e-3  # weights below it are left out


@dataclass(frozen=True)
class Linear:
    """A linear combination of columns: the sum of weight × column, plus the intercept.

    Attributes:
        weights: (c,) float64, of any sign.
        intercept: (k,) float64.
    """

    weights: Floats
    intercept: Floats


Method = Callable[[Stack, Truth, Problem], Linear]


def combine(stack: Stack, linear: Linear, problem: Problem) -> Predictions:
    """Return the combination (n, k) float32 of a stack (c, n, k).

    Probabilities of classes are kept at 0 or above, and sum to 1.
    """
    used = np.flatnonzero(linear.weights)
    weights = linear.weights[used].astype(np.float32)
    total: Predictions = np.tensordot(weights, stack[used], axes=1)
    total += linear.intercept.astype(np.float32)
    if problem.kind != Kind.CLASSES:
        return total
    total = np.clip(total, 0, None)
    sums = total.sum(axis=1, keepdims=True)
    even = np.float32(1 / total.shape[1])  # where nothing is left of a row
    shares: Predictions = np.where(sums > 0, total / np.where(sums > 0, sums, 1), even)
    return shares


def best_single(stack: Stack, truth: Truth, problem: Problem) -> Linear:
    """Give the whole weight to the column that scores best."""
    ranks = [_rank(column, truth, problem, problem.decide(truth, column)) for column in stack]
    weights = np.zeros(len(stack))
    weights[max(range(len(stack)), key=ranks.__getitem__)] = 1.0
    return _mean_of(stack, weights)


def uniform(stack: Stack, truth: Truth, problem: Problem) -> Linear:
    """Give every column the same weight."""
    return _mean_of(stack, np.full(len(stack), 1 / len(stack)))


def greedy(stack: Stack, truth: Truth, problem: Problem) -> Linear:
    """Select columns one by one, with replacement, each time the one that helps the mean most.

    Caruana et al., 'Ensemble selection from libraries of models' (2004). Many metrics are piecewise
    constant, so ties are broken by the loss. The best of all prefixes is kept. Within a round, all
    candidates are judged by the decision that was learnt on the mean so far.
    """
    counts = np.zeros(len(stack), dtype=np.int64)
    total = np.zeros_like(stack[0])
    decision = problem.decide(truth, stack.mean(axis=0))
    expensive = decision.learns and problem.kind == Kind.CLASSES
    best: tuple[tuple[float, float], npt.NDArray[np.int64]] | None = None
    for chosen in range(1, (EXPENSIVE_ROUNDS if expensive else ROUNDS) + 1):
        ranks = [_rank((total + column) / chosen, truth, problem, decision) for column in stack]
        pick = max(range(len(stack)), key=ranks.__getitem__)
        total += stack[pick]
        counts[pick] += 1
        reached = ranks[pick]
        if decision.learns:
            mean = total / chosen
            decision = problem.decide(truth, mean)
            reached = _rank(mean, truth, problem, decision)
        if best is None or reached > best[0]:
            best = reached, counts.copy()
    assert best is not None
    return _mean_of(stack, best[1] / best[1].sum())


def convex(stack: Stack, truth: Truth, problem: Problem) -> Linear:
    """Minimise the loss of the mean over all convex weights: a convex problem, nothing to tune."""
    learn = _least_log_loss if problem.kind == Kind.CLASSES else _least_squares
    weights = learn(stack, truth, problem)
    weights[weights < _NEGLIGIBLE] = 0
    return _mean_of(stack, weights / weights.sum())


METHODS: Mapping[str, Method] = {
    "best single": best_single,
    "uniform": uniform,
    "greedy": greedy,
    "convex": convex,
}


def _mean_of(stack: Stack, weights: Floats) -> Linear:
    return Linear(weights, np.zeros(stack.shape[2]))


def _rank(
    predictions: Predictions, truth: Truth, problem: Problem, decision: Decision
) -> tuple[float, float]:
    """Return a key to sort by: the metric's value by a given decision, then the loss."""
    value = problem.value(truth, decision.answers(predictions))
    return (value if problem.greater_is_better else -value, -problem.loss(truth, predictions))


def _least_log_loss(stack: Stack, truth: Truth, problem: Problem) -> Floats:
    """Return the weights of the mean whose log loss is least.

    By the EM steps for the proportions of a mixture of known densities,
    w_j ← w_j · mean_i(p_ij / Σ_k w_k p_ik) (Dempster, Laird and Rubin, 1977): each step lowers the
    loss and keeps the weights on the simplex.
    """
    of_truth = np.clip(stack[:, np.arange(len(truth)), truth].astype(np.float64), 1e-7, None)
    weights = np.full(len(stack), 1 / len(stack))
    for _ in range(300):
        updated = weights * (of_truth / (weights @ of_truth)).mean(axis=1)
        if np.abs(updated - weights).max() < 1e-6:
            break
        weights = updated
    return weights


def _least_squares(stack: Stack, truth: Truth, problem: Problem) -> Floats:
    """Return the weights of the mean whose squared error is least, every target in its own unit.

    On the simplex the error of the mean is the mean of the columns' errors, E w. Minimising
    |E w|² + s² (Σ w - 1)² over w ≥ 0 gives a multiple of the minimum on the simplex, whatever s is:
    for each direction of w, the best multiple of it grows worse with |E w| alone.
    """
    from scipy.optimize import nnls

    wanted = np.asarray(problem.learnable(truth), np.float64).reshape(len(truth), -1)
    spread = wanted.std(axis=0)
    errors = (stack - wanted) / np.where(spread > 0, spread, 1)
    triangle = np.linalg.qr(errors.reshape(len(stack), -1).T, mode="r")
    sum_row = np.full(len(stack), np.sqrt(np.mean(np.square(triangle))) or 1.0)
    target = np.append(np.zeros(len(triangle)), sum_row[0])
    weights: Floats = nnls(np.vstack([triangle, sum_row]), target)[0]
    return weights
