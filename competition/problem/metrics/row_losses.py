"""What each row loses by its answer, and the metrics that are smooth functions of such means."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.problem.metrics.measures import Floats, Influences
from competition.problem.targets import Answers, Truth

LEAST_PROBABILITY = 1e-15  # as Kaggle clips what a logarithm is taken of


def log_losses(truth: Truth, answers: Answers) -> Floats:
    """Return -ln p(true class) of each row; answers (n, classes), or (n,) of the class 1.

    Rows are rescaled to the sum 1 first, as Kaggle does.
    """
    answers = answers.astype(np.float64)
    if answers.ndim == 1:
        answers = np.stack([1 - answers, answers], axis=1)
    of_truth = answers[np.arange(len(truth)), truth] / answers.sum(axis=1)
    losses: Floats = -np.log(np.clip(of_truth, LEAST_PROBABILITY, 1.0))
    return losses


def precision_at(truth: Truth, answers: Answers) -> Floats:
    """Return one over the place at which the true class stands, 0 where it does not stand."""
    hits = answers == truth[:, None]
    places = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, np.inf)
    return 1 / places


def squared(truth: Truth, answers: Answers) -> Floats:
    """Return (t - a)²."""
    return np.asarray((truth - answers) ** 2)


def squared_log1p(truth: Truth, answers: Answers) -> Floats:
    """Return (log(1 + t) - log(1 + a))²."""
    return np.asarray((np.log1p(truth) - np.log1p(np.clip(answers, -1 + 1e-12, None))) ** 2)


def squared_log(truth: Truth, answers: Answers) -> Floats:
    """Return (log t - log a)²."""
    return np.asarray((np.log(truth) - np.log(np.clip(answers, 1e-300, None))) ** 2)


def absolute(truth: Truth, answers: Answers) -> Floats:
    """Return |t - a|."""
    return np.asarray(np.abs(truth - answers))


def relative(truth: Truth, answers: Answers) -> Floats:
    """Return |t - a| / |t|, huge where the truth is 0, as scikit-learn does."""
    return np.asarray(np.abs(truth - answers) / np.maximum(np.abs(truth), np.finfo(np.float64).eps))


def relative_to_both(truth: Truth, answers: Answers) -> Floats:
    """Return 200 |t - a| / (|t| + |a|), and 0 where both are 0, as Kaggle does."""
    both = np.abs(truth) + np.abs(answers)
    return np.asarray(200 * np.abs(truth - answers) / np.where(both > 0, both, 1.0))


def squared_relative(truth: Truth, answers: Answers) -> Floats:
    """Return ((t - a) / t)², 0 where the truth is 0: such rows do not count, as at Kaggle.

    The others are scaled up so that the mean over all rows is theirs alone.
    """
    there = truth != 0
    losses = np.where(there, (truth - answers) / np.where(there, truth, 1.0), 0.0) ** 2
    return np.asarray(losses * len(truth) / np.maximum(there.sum(axis=0), 1))


# ---------------------------------------------------------------------- of all rows


def mean_of(
    row_losses: Callable[[Truth, Answers], npt.NDArray[Any]], *, root: bool = False
) -> Influences:
    """Return the influences of a mean of row losses, or of its square root.

    Args:
        row_losses: Returns (n,) or, for several targets, (n, t) losses; targets are averaged.
        root: Whether the metric is the root of the mean.
    """

    def influences(truth: Truth, answers: Answers) -> tuple[float, Floats]:
        losses = np.asarray(row_losses(truth, answers), dtype=np.float64)
        losses = losses.reshape(len(losses), -1)
        means = losses.mean(axis=0)
        if not root:
            return float(means.mean()), (losses - means).mean(axis=1)
        roots = np.sqrt(means)
        slopes = 0.5 / np.maximum(roots, 1e-300)
        return float(roots.mean()), ((losses - means) * slopes).mean(axis=1)

    return influences


def r_squared(truth: Truth, answers: Answers) -> tuple[float, Floats]:
    """Return R² and its influences: one less the ratio of two means; targets are averaged."""
    truth, answers = (
        np.asarray(each, np.float64).reshape(len(truth), -1) for each in (truth, answers)
    )
    squared, spread = (truth - answers) ** 2, (truth - truth.mean(axis=0)) ** 2
    whole, missed = spread.mean(axis=0), squared.mean(axis=0)
    whole = np.where(whole > 0, whole, np.maximum(missed, 1e-300))  # 0 where the truth is constant
    ratio = missed / whole
    return float(np.mean(1 - ratio)), (-(squared - ratio * spread) / whole).mean(axis=1)


def balanced_log_loss(truth: Truth, answers: Answers) -> tuple[float, Floats]:
    """Return the mean of each class's mean log loss, and its influences; answers as `log_losses`.

    A class without a row does not count.
    """
    losses = log_losses(truth, answers)
    there, places, counts = np.unique(truth, return_inverse=True, return_counts=True)
    means = np.bincount(places, losses) / counts
    influences = (losses - means[places]) * (len(truth) / len(there) / counts)[places]
    return float(means.mean()), influences
