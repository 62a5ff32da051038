"""Blends of finished columns, scored on rows that nothing of them was learnt from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.blending.calibration import temperatures, tempered
from pipelines.metrics import Labels, Probabilities, Score, paired_p_value, score

Stack = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
Learner = Callable[[Stack, Labels], Weights]

GREEDY_ROUNDS = 20
_TIED = 0.32  # the p-value of a difference of one standard error


@dataclass(frozen=True)
class Blend:
    """A weighted mean of columns, each at its own temperature.

    Attributes:
        method: How the weights were learnt.
        weights: (n_columns,) float64, none negative, summing to 1; learnt from all rows.
        temperatures: (n_columns,) float64; learnt from all rows.
        oof: (n, n_classes) cross-fitted out-of-fold probabilities: each fold's rows are blended
            with temperatures and weights learnt on the other folds.
        score: Score of `oof`.
        best_single: Position of the best single column.
        gain: Accuracy of `oof` less that of the best single column.
        p_value: McNemar's exact test of that difference.
        methods: Cross-fitted score of every method that was tried.
    """

    method: str
    weights: Weights
    temperatures: Weights
    oof: Probabilities
    score: Score
    best_single: int
    gain: float
    p_value: float
    methods: dict[str, Score]


def blend(
    columns: Sequence[Probabilities], labels: Labels, assigned: npt.NDArray[np.int64]
) -> Blend:
    """Blend columns in several ways and keep the best by cross-fitted accuracy.

    Methods within one standard error of the difference from the most accurate one are tied with it:
    among these the log loss decides, which a few lucky rows do not move.

    Args:
        columns: Out-of-fold probabilities, (n, n_classes) each.
        labels: (n,) true classes.
        assigned: (n,) fold of each row, the same that the columns were made with.
    """
    stack = np.stack(columns)
    fitted = _cross_fitted(stack, labels, assigned)
    methods = {name: score(oof, labels) for name, oof in fitted.items()}
    method = _chosen(fitted, methods, labels)
    singles = [score(column, labels) for column in columns]
    best_single = max(range(len(columns)), key=lambda index: singles[index])
    heat = temperatures(stack, labels)
    return Blend(
        method=method,
        weights=METHODS[method](at_temperatures(stack, heat), labels),
        temperatures=heat,
        oof=fitted[method],
        score=methods[method],
        best_single=best_single,
        gain=methods[method].accuracy - singles[best_single].accuracy,
        p_value=paired_p_value(fitted[method], columns[best_single], labels),
        methods=methods,
    )


def _chosen(fitted: dict[str, Probabilities], methods: dict[str, Score], labels: Labels) -> str:
    leader = max(methods, key=lambda name: methods[name])
    tied = (
        name for name in methods if paired_p_value(fitted[name], fitted[leader], labels) > _TIED
    )
    return min(tied, key=lambda name: methods[name].log_loss)


def at_temperatures(stack: Stack, heat: Weights) -> Stack:
    """Return columns (n_columns, n, n_classes) float32, each at its temperature."""
    return np.stack([tempered(*pair) for pair in zip(stack, heat, strict=True)])


def weighted_mean(stack: Stack, weights: Weights, heat: Weights) -> Probabilities:
    """Return the mean (n, n_classes) float32 of columns (n_columns, n, n_classes).

    Args:
        stack: The columns.
        weights: (n_columns,) their shares.
        heat: (n_columns,) the temperatures that they are brought to first.
    """
    used = np.flatnonzero(weights)
    parts = at_temperatures(stack[used], heat[used])
    mean: Probabilities = np.tensordot(weights[used].astype(np.float32), parts, axes=1)
    return mean


def best_single_weights(stack: Stack, labels: Labels) -> Weights:
    """Give the whole weight to the column that scores best."""
    best = max(range(len(stack)), key=lambda index: score(stack[index], labels))
    weights = np.zeros(len(stack))
    weights[best] = 1.0
    return weights


def uniform_weights(stack: Stack, labels: Labels) -> Weights:
    """Give every column the same weight."""
    return np.full(len(stack), 1 / len(stack))


def greedy_weights(stack: Stack, labels: Labels) -> Weights:
    """Select columns one by one, with replacement, each time the one that helps the mean most.

    Caruana et al., 'Ensemble selection from libraries of models' (2004). Accuracy is piecewise
    constant, so ties are broken by log loss. The best of all prefixes is kept.
    """
    counts = np.zeros(len(stack), dtype=np.int64)
    total = np.zeros_like(stack[0])
    best_score: Score | None = None
    best_counts = counts
    for chosen in range(1, GREEDY_ROUNDS + 1):
        trials = [score((total + column) / chosen, labels) for column in stack]
        pick = max(range(len(stack)), key=lambda index: trials[index])
        total += stack[pick]
        counts[pick] += 1
        if best_score is None or trials[pick] > best_score:
            best_score, best_counts = trials[pick], counts.copy()
    shares: Weights = best_counts / best_counts.sum()
    return shares


def convex_weights(stack: Stack, labels: Labels) -> Weights:
    """Minimise the log loss of the mean over all convex weights.

    The problem is convex. It is solved by the EM steps for the proportions of a mixture of known
    densities, w_j ← w_j · mean_i(p_ij / Σ_k w_k p_ik) (Dempster, Laird and Rubin, 1977): each step
    lowers the loss and keeps the weights on the simplex, with nothing to tune.
    """
    of_truth = np.clip(stack[:, np.arange(len(labels)), labels].astype(np.float64), 1e-7, None)
    weights = np.full(len(stack), 1 / len(stack))
    for _ in range(300):
        updated = weights * (of_truth / (weights @ of_truth)).mean(axis=1)
        if np.abs(updated - weights).max() < 1e-6:
            break
        weights = updated
    weights[weights < 1e-3] = 0
    shares: Weights = weights / weights.sum()
    return shares


METHODS: dict[str, Learner] = {
    "best single": best_single_weights,
    "uniform": uniform_weights,
    "greedy": greedy_weights,
    "convex": convex_weights,
}


def _cross_fitted(
    stack: Stack, labels: Labels, assigned: npt.NDArray[np.int64]
) -> dict[str, Probabilities]:
    """Return each method's blend, every fold's rows by what was learnt on the other folds."""
    blended = {name: np.empty_like(stack[0]) for name in METHODS}
    for fold in np.unique(assigned):
        inside = assigned == fold
        heat = temperatures(stack[:, ~inside], labels[~inside])
        known = at_temperatures(stack[:, ~inside], heat)
        for name, learner in METHODS.items():
            weights = learner(known, labels[~inside])
            blended[name][inside] = weighted_mean(stack[:, inside], weights, heat)
    return blended
