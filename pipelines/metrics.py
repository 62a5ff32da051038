"""Scores, each with the standard error that says how far to trust it."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Score:
    """Accuracy first, then log loss to break ties; a higher `Score` is the better one.

    Attributes:
        accuracy: Share of rows whose most probable class is right.
        negative_log_loss: Minus the mean of -ln p(true class), in nats.
        rows: How many rows were scored.
    """

    accuracy: float
    negative_log_loss: float
    rows: int

    @property
    def log_loss(self) -> float:
        """Mean of -ln p(true class), in nats."""
        return -self.negative_log_loss

    @property
    def standard_error(self) -> float:
        """Standard error of the accuracy."""
        return standard_error(self.accuracy, self.rows)

    def __str__(self) -> str:
        """Return `0.9925 ± 0.0031`."""
        return f"{self.accuracy:.4f} ± {self.standard_error:.4f}"


def standard_error(accuracy: float, rows: int) -> float:
    """Return the binomial standard error √(p (1 - p) / n) of an accuracy on `rows` rows.

    p is Laplace-smoothed (one error and one hit more), so that a perfect score on few rows is not
    called certain.
    """
    smoothed = (accuracy * rows + 1) / (rows + 2)
    return math.sqrt(smoothed * (1 - smoothed) / rows)


def accuracy(probabilities: Probabilities, labels: Labels) -> float:
    """Return the share of rows (n, n_classes) whose most probable class is the label (n,)."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def score(probabilities: Probabilities, labels: Labels) -> Score:
    """Score probabilities (n, n_classes) against labels (n,)."""
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return Score(
        accuracy=accuracy(probabilities, labels),
        negative_log_loss=float(np.mean(np.log(np.clip(of_truth, 1e-7, 1.0)))),
        rows=len(labels),
    )


def paired_p_value(first: Probabilities, second: Probabilities, labels: Labels) -> float:
    """Return `mcnemar_p_value` of two columns of probabilities (n, n_classes) on labels (n,)."""
    first_right = first.argmax(axis=1) == labels
    second_right = second.argmax(axis=1) == labels
    return mcnemar_p_value(
        int(np.sum(first_right & ~second_right)), int(np.sum(~first_right & second_right))
    )


def mcnemar_p_value(wins: int, losses: int) -> float:
    """Return the two-sided p-value of McNemar's exact test that two columns err equally often.

    Only the rows on which exactly one of the two is right count: under the null hypothesis each is
    a fair coin (McNemar, Psychometrika 12, 1947). 1.0 where there is no such row.

    Args:
        wins: Rows on which only the one is right.
        losses: Rows on which only the other is.
    """
    # In whole numbers: it is exact, and quicker than to import a library's for one value.
    term = tail = 1
    for hits in range(min(wins, losses)):
        term = term * (wins + losses - hits) // (hits + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << (wins + losses)))
