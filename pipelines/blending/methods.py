"""Ways to learn how columns are weighted. A further one is one function and its name in `METHODS`.

A method gets the columns as a stack (c, n, k) float32, the truth of their rows and the problem, and
returns a `Mixture`. What it learns from never holds the rows that its blend is scored on.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from competition.problem.decisions import Decision
from competition.problem.metrics.row_losses import LEAST_PROBABILITY
from competition.problem.problem import Problem
from competition.problem.targets import Kind, Predictions, Truth
from pipelines.blending.averaging import Sent
from pipelines.blending.calibration import COLDEST, log_shares, temperature
from pipelines.blending.mixture import Floats, Mixture, Stack, combine

ROUNDS = 20  # of the greedy selection
EXPENSIVE_ROUNDS = 8  # where each of them searches for thresholds
_NEGLIGIBLE = 1e-3  # weights below it are left out
_NEWTON_STEPS, _HALVINGS = 50, 12
_NEWTON_GAIN = 1e-5  # relative to the loss: a step that brings less is the last
_PRIOR = 3.0  # nats that a power pays for half its squared distance from an even share


Method = Callable[[Stack, Truth, Problem, Sent | None], Mixture]


def best_single(stack: Stack, truth: Truth, problem: Problem, sent: Sent | None = None) -> Mixture:
    """Give the whole weight to the column that scores best."""
    ranks = [_rank(column, truth, problem, problem.decide(truth, column)) for column in stack]
    weights = np.zeros(len(stack))
    weights[max(range(len(stack)), key=ranks.__getitem__)] = 1.0
    return Mixture(weights, np.zeros(stack.shape[2]))


def uniform(stack: Stack, truth: Truth, problem: Problem, sent: Sent | None = None) -> Mixture:
    """Give every column the same weight."""
    return _mean_of(stack, np.full(len(stack), 1 / len(stack)), truth, problem)


def greedy(stack: Stack, truth: Truth, problem: Problem, sent: Sent | None = None) -> Mixture:
    """Select columns one by one, with replacement, each time the one that helps the mean most.

    Caruana et al., 'Ensemble selection from libraries of models' (2004). Many metrics are piecewise
    constant, so ties are broken by the loss. The best of all prefixes is kept. Within a round, all
    candidates are judged by the decision that was learnt on the mean so far.
    """
    if problem.by_log_loss:
        return _mean_of(stack, _greedy_by_log_loss(stack, truth), truth, problem)
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
    return _mean_of(stack, best[1] / best[1].sum(), truth, problem)


def _greedy_by_log_loss(stack: Stack, truth: Truth) -> Floats:
    """Return the weights of the greedy selection, which only the true classes' shares decide."""
    of_truth = stack[:, np.arange(len(truth)), truth].astype(np.float64)
    counts, total = np.zeros(len(stack), dtype=np.int64), np.zeros(len(truth))
    best, least = counts, np.inf
    for chosen in range(1, ROUNDS + 1):
        means = (total + of_truth) / chosen
        losses = -np.log(np.maximum(means, LEAST_PROBABILITY)).mean(axis=1)
        pick = int(losses.argmin())
        total += of_truth[pick]
        counts[pick] += 1
        if losses[pick] < least:
            best, least = counts.copy(), float(losses[pick])
    return np.asarray(best / best.sum(), np.float64)


def convex(stack: Stack, truth: Truth, problem: Problem, sent: Sent | None = None) -> Mixture:
    """Minimise the loss of the mean over all convex weights: a convex problem, nothing to tune.

    Of numbers it is the loss of what is sent, so that columns that averaging helps count more.
    """
    if problem.kind == Kind.CLASSES:
        weights = _least_log_loss(stack, truth)
    else:
        weights = _least_squares(stack, truth, problem, sent)
    weights = _without_negligible(weights)
    return _mean_of(stack, weights, truth, problem)


def logarithmic(stack: Stack, truth: Truth, problem: Problem, sent: Sent | None = None) -> Mixture:
    """Minimise the log loss of the product of all columns, each to a power of 0 or more.

    Hinton, 'Products of experts' (1999); Genest and Zidek, 'Combining probability distributions'
    (1986), call it a logarithmic opinion pool. The powers are weights and a temperature in one. It
    is of classes alone; of numbers it is `convex`. The loss is that of what is sent, and a price of
    uneven powers (Le Cessie and Van Houwelingen, 'Ridge estimators in logistic regression', 1992),
    which many rows outweigh: few rows on which columns hardly err would ask for any power.
    """
    if problem.kind != Kind.CLASSES:
        return convex(stack, truth, problem, sent)
    powers = _best_powers(log_shares(stack), np.asarray(truth), sent)
    whole = float(powers.sum())
    if not whole > 0:  # no column says anything
        return uniform(stack, truth, problem)
    temperature = max(1 / whole, COLDEST)
    weights = _without_negligible(powers / whole)
    return Mixture(weights, np.zeros(stack.shape[2]), temperature, logarithmic=True)


METHODS: Mapping[str, Method] = {
    "best single": best_single,
    "uniform": uniform,
    "greedy": greedy,
    "convex": convex,
    "logarithmic": logarithmic,
}


def _mean_of(stack: Stack, weights: Floats, truth: Truth, problem: Problem) -> Mixture:
    """Return the mean of these weights at its best temperature; one column has its own already."""
    mean = Mixture(weights, np.zeros(stack.shape[2]))
    if problem.kind != Kind.CLASSES or np.count_nonzero(weights) == 1:
        return mean
    return replace(mean, temperature=temperature(combine(stack, mean, problem), truth))


def _without_negligible(weights: Floats) -> Floats:
    """Return weights that sum to 1, the tiny ones of them 0."""
    kept = np.where(weights < _NEGLIGIBLE, 0, weights)
    return np.asarray(kept / kept.sum(), np.float64)


def _rank(
    predictions: Predictions, truth: Truth, problem: Problem, decision: Decision
) -> tuple[float, float]:
    """Return a key to sort by: the metric's value by a given decision, then the loss."""
    value = problem.value(truth, decision.answers(predictions))
    return (value if problem.greater_is_better else -value, -problem.loss(truth, predictions))


def _least_log_loss(stack: Stack, truth: Truth) -> Floats:
    """Return the weights on the simplex of the mean whose log loss is least.

    Among weights w of any sum, mean(-log(w p_i)) + sum(w) is least at the same ones (set its
    derivative along w to 0), so that nothing but w >= 0 is asked: Newton's steps, each by
    non-negative least squares.
    """
    of_truth = np.clip(stack[:, np.arange(len(truth)), truth].astype(np.float64), 1e-7, None)

    def loss(weights: Floats) -> float:
        return float(weights.sum() - np.log(np.maximum(weights @ of_truth, 1e-300)).mean())

    def slopes(weights: Floats) -> tuple[Floats, Floats]:
        shares = of_truth / np.maximum(weights @ of_truth, 1e-300)
        return 1 - shares.mean(axis=1), shares @ shares.T / len(truth)

    return _newton(loss, slopes, np.full(len(stack), 1 / len(stack)))


def _best_powers(logs: Stack, truth: npt.NDArray[np.int64], sent: Sent | None) -> Floats:
    """Return the powers (c,) of the product whose log loss is least, of logarithms (c, n, k).

    What averaging gains is taken off the loss, and left out of its second derivatives, which it
    hardly changes.
    """
    averaging = None if sent is None else sent.logarithms()
    columns, rows = len(logs), np.arange(len(truth))
    price, even = _PRIOR / len(truth), 1 / columns
    of_truth = logs[:, rows, truth].mean(axis=1, dtype=np.float64)

    def product(powers: Floats) -> Predictions:
        total = np.tensordot(powers.astype(np.float32), logs, axes=1)
        total -= total.max(axis=1, keepdims=True)
        return np.asarray(total, np.float32)

    def loss(powers: Floats) -> float:
        total = product(powers)
        sums = np.log(np.exp(total).sum(axis=1, dtype=np.float64))
        gain = 0.0 if averaging is None else averaging.gain(powers)
        paid = price / 2 * float(np.square(powers - even).sum())
        return float((sums - total[rows, truth]).mean()) - gain + paid

    def slopes(powers: Floats) -> tuple[Floats, Floats]:
        shares = np.exp(product(powers))
        shares /= shares.sum(axis=1, keepdims=True)
        means = np.einsum("cnk,nk->cn", logs, shares)
        spread = ((logs - means[:, :, None]) * np.sqrt(shares)).reshape(columns, -1)
        gradient = means.mean(axis=1, dtype=np.float64) - of_truth + price * (powers - even)
        if averaging is not None:
            gradient -= averaging.slope(powers)
        curvature = (spread @ spread.T).astype(np.float64) / len(truth)
        return gradient, curvature + price * np.eye(columns)

    return _newton(loss, slopes, np.full(columns, even))


def _newton(
    loss: Callable[[Floats], float],
    slopes: Callable[[Floats], tuple[Floats, Floats]],
    start: Floats,
) -> Floats:
    """Minimise a convex function of numbers (c,) that are 0 or more.

    Each step minimises its second-order model there, and is halved until the function falls.

    Args:
        loss: The function.
        slopes: Its gradient (c,) and its second derivatives (c, c).
        start: Where to begin.
    """
    from scipy.optimize import nnls

    place, value = start, loss(start)
    for _ in range(_NEWTON_STEPS):
        gradient, curvature = slopes(place)
        root = _root(curvature)
        wanted = np.linalg.solve(root.T, root.T @ (root @ place) - gradient)
        step = nnls(root, wanted)[0] - place
        nearer = (place + step / 2**halving for halving in range(_HALVINGS))
        values = ((loss(there), there) for there in nearer)
        better = next(((reached, there) for reached, there in values if reached < value), None)
        if better is None:
            break
        gain, (value, place) = value - better[0], better
        if gain < _NEWTON_GAIN * max(value, 1e-3):
            break
    return place


def _least_squares(stack: Stack, truth: Truth, problem: Problem, sent: Sent | None) -> Floats:
    """Return the weights of the mean whose squared error is least, every target in its own unit.

    On the simplex the error of the mean is the mean of the columns' errors, E w. Minimising
    |E w|² + s² (Σ w - 1)² over w ≥ 0 gives a multiple of the minimum on the simplex, whatever s is:
    for each direction of w, the best multiple of it grows worse with |E w| alone.
    """
    from scipy.optimize import nnls

    wanted = np.asarray(problem.learnable(truth), np.float64).reshape(len(truth), -1)
    spread = wanted.std(axis=0)
    scale = np.where(spread > 0, spread, 1)
    errors = ((stack - wanted) / scale).reshape(len(stack), -1)
    triangle = np.asarray(np.linalg.qr(errors.T / np.sqrt(errors.shape[1]), mode="r"))
    if sent is not None:
        triangle = _root(triangle.T @ triangle - sent.spread(scale))
    sum_row = np.full(len(stack), np.sqrt(np.mean(np.square(triangle))) or 1.0)
    target = np.append(np.zeros(len(triangle)), sum_row[0])
    weights: Floats = nnls(np.vstack([triangle, sum_row]), target)[0]
    return weights


def _root(square: Floats) -> Floats:
    """Return a matrix R of which R'R is a symmetric one; what chance made negative is nearly 0."""
    values, vectors = np.linalg.eigh(square)
    kept = np.maximum(values, max(1e-6 * np.abs(values).max(), 1e-12))
    return np.asarray(np.sqrt(kept)[:, np.newaxis] * vectors.T, np.float64)
