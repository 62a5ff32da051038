"""How a metric is computed, how sure its value is, and whether two answers differ: three ways.

A `Proportion` counts right rows. A metric `ByRows` is a smooth function of means over rows, so its
error follows from each row's influence on it (the delta method; Efron, 'Nonparametric estimates of
standard error', 1981). One `ByConfusion` is a function of the confusion matrix alone, and its error
is that of a bootstrap of rows, drawn as counts of the matrix's cells.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from competition.problem.scores import Comparison, two_sided
from competition.problem.targets import Answers, Truth

Floats = npt.NDArray[np.float64]

REPLICATES = 400  # of the bootstrap
_SEED = 20_260_101


class Measure(Protocol):
    """Computes a metric's value and its uncertainty from truth and answers.

    `mean` says whether the value is a plain mean over rows, so that the value on several sets of
    rows follows from the value on each.
    """

    @property
    def mean(self) -> bool:
        """Whether it is a plain mean over rows."""

    def value(self, truth: Truth, answers: Answers) -> float:
        """Return the metric's value."""

    def standard_error(self, truth: Truth, answers: Answers) -> float:
        """Return the standard error of that value, rows being drawn independently."""

    def compare(self, truth: Truth, first: Answers, second: Answers) -> tuple[float, float, float]:
        """Return first less second, the paired standard error of that, and its p-value."""


@dataclass(frozen=True)
class Proportion:
    """The share of rows whose answer is right."""

    mean = True

    def value(self, truth: Truth, answers: Answers) -> float:
        """Return the share of right rows."""
        return float(np.mean(self.right(truth, answers)))

    def right(self, truth: Truth, answers: Answers) -> npt.NDArray[np.bool_]:
        """Return (n,) whether each row is right."""
        return np.asarray(answers == truth)

    def standard_error(self, truth: Truth, answers: Answers) -> float:
        """Return the binomial standard error."""
        return binomial_error(self.value(truth, answers), len(truth))

    def compare(self, truth: Truth, first: Answers, second: Answers) -> tuple[float, float, float]:
        """Compare by McNemar's exact test."""
        wins, losses = self.wins_and_losses(truth, first, second)
        rows = len(truth)
        difference = (wins - losses) / rows
        variance = (wins + losses) / rows - difference**2
        error = math.sqrt(max(variance, 0.0) / rows)
        return difference, error, mcnemar_p_value(wins, losses)

    def wins_and_losses(self, truth: Truth, first: Answers, second: Answers) -> tuple[int, int]:
        """Return on how many rows only the first is right, and on how many only the second."""
        first_right, second_right = self.right(truth, first), self.right(truth, second)
        return (
            int(np.sum(first_right & ~second_right)),
            int(np.sum(second_right & ~first_right)),
        )


def binomial_error(share: float, rows: int) -> float:
    """Return the standard error √(p (1 - p) / n) of a share that was measured on `rows` rows.

    p is Laplace-smoothed (one right and one wrong row more), so that a perfect score on few rows is
    not called certain.
    """
    smoothed = (share * rows + 1) / (rows + 2)
    return math.sqrt(max(smoothed * (1 - smoothed), 0.0) / rows)


def mcnemar_p_value(wins: int, losses: int) -> float:
    """Return the two-sided p-value of McNemar's exact test that two answers err equally often.

    Only the rows on which exactly one of the two is right count: under the null hypothesis each is
    a fair coin (McNemar, Psychometrika 12, 1947). 1.0 where there is no such row.

    Args:
        wins: Rows on which only the one is right.
        losses: Rows on which only the other is.

    Example:
        >>> round(mcnemar_p_value(10, 30), 4)
        0.0022
    """
    # In whole numbers: it is exact, and quicker than to import a library's for one value.
    term = tail = 1
    for hits in range(min(wins, losses)):
        term = term * (wins + losses - hits) // (hits + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << (wins + losses)))


Influences = Callable[[Truth, Answers], tuple[float, Floats]]


@dataclass(frozen=True)
class ByRows:
    """A smooth function of means over rows.

    Attributes:
        influences: Returns the value, and (n,) how much each row moves it, times n.
        mean: Whether the value is a plain mean over rows.
        alone: Returns the value where that takes less time without the influences.
        error_of_equals: Returns the standard error of a value on so many rows where all rows move
            it alike, which on few rows can be luck; None for 0.
    """

    influences: Influences
    mean: bool = False
    alone: Callable[[Truth, Answers], float] | None = None
    error_of_equals: Callable[[float, int], float] | None = None

    def value(self, truth: Truth, answers: Answers) -> float:
        """Return the metric's value."""
        return (self.alone or self._value)(truth, answers)

    def _value(self, truth: Truth, answers: Answers) -> float:
        return self.influences(truth, answers)[0]

    def standard_error(self, truth: Truth, answers: Answers) -> float:
        """Return the standard deviation of the influences over √n."""
        value, influences = self.influences(truth, answers)
        error = _error_of_mean(influences)
        if error or self.error_of_equals is None:
            return error
        return self.error_of_equals(value, len(truth))

    def compare(self, truth: Truth, first: Answers, second: Answers) -> tuple[float, float, float]:
        """Compare by a paired t-test of the influences."""
        (one, of_one), (other, of_other) = (
            self.influences(truth, each) for each in (first, second)
        )
        difference, error = one - other, _error_of_mean(of_one - of_other)
        return difference, error, _t_test(difference, error, len(truth))


def _error_of_mean(influences: Floats) -> float:
    rows = len(influences)
    return float(np.std(influences, ddof=1) / math.sqrt(rows)) if rows > 1 else math.inf


def _t_test(difference: float, error: float, rows: int) -> float:
    if difference == 0:
        return 1.0
    if error == 0:
        return 0.0
    from scipy.special import stdtr

    return float(2 * stdtr(max(rows - 1, 1), -abs(difference / error)))


OfConfusion = Callable[[npt.NDArray[Any]], Floats]


@dataclass(frozen=True)
class ByConfusion:
    """A function of the confusion matrix.

    Attributes:
        of_confusion: Turns (…, K, K) counts, true classes down and given ones across, into (…)
            values.
    """

    of_confusion: OfConfusion
    mean = False

    def value(self, truth: Truth, answers: Answers) -> float:
        """Return the metric's value."""
        classes = _classes(truth, answers)
        # As floats: products of whole counts overflow where there are many rows.
        return float(self.of_confusion(confusion(truth, answers, classes).astype(np.float64)))

    def standard_error(self, truth: Truth, answers: Answers) -> float:
        """Return the standard deviation over bootstrap replicates.

        It is at least that of a share that was measured as 1, so that perfect answers for few rows
        are not called certain.
        """
        classes = _classes(truth, answers)
        cells, counts = np.unique(truth * classes + answers, return_counts=True)
        drawn = _drawn(counts)
        matrices = np.zeros((REPLICATES, classes * classes))
        matrices[:, cells] = drawn
        values = self.of_confusion(matrices.reshape(REPLICATES, classes, classes))
        return max(float(np.nanstd(values, ddof=1)), binomial_error(1.0, len(truth)))

    def compare(self, truth: Truth, first: Answers, second: Answers) -> tuple[float, float, float]:
        """Compare by a bootstrap in which both are drawn together."""
        classes = max(_classes(truth, first), _classes(truth, second))
        joint, counts = np.unique((truth * classes + first) * classes + second, return_counts=True)
        drawn = _drawn(counts)
        values = []
        for of in (joint // classes, joint // (classes * classes) * classes + joint % classes):
            matrices = np.zeros((REPLICATES, classes * classes))
            for cell, column in zip(of, drawn.T, strict=True):
                matrices[:, cell] += column
            values.append(self.of_confusion(matrices.reshape(REPLICATES, classes, classes)))
        difference = self.value(truth, first) - self.value(truth, second)
        error = float(np.nanstd(values[0] - values[1], ddof=1))
        if difference == 0 or error == 0:
            return difference, error, 1.0 if difference == 0 else 0.0
        return difference, error, two_sided(difference / error)


def _classes(truth: Truth, answers: Answers) -> int:
    # Two at least: a measure of the positive class needs its row where no row is positive.
    return int(max(truth.max(initial=0), answers.max(initial=0), 1)) + 1


def _drawn(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return (replicates, cells) counts of as many rows drawn with replacement."""
    rows = int(counts.sum())
    random = np.random.default_rng(_SEED)
    drawn: npt.NDArray[np.int64] = random.multinomial(rows, counts / rows, REPLICATES)
    return drawn


def confusion(truth: Truth, answers: Answers, classes: int) -> npt.NDArray[np.int64]:
    """Return (K, K) counts of rows, true classes down and given ones across."""
    cells = np.asarray(truth, np.int64) * classes + np.asarray(answers, np.int64)
    counts: npt.NDArray[np.int64] = np.bincount(cells, minlength=classes * classes)
    return counts.reshape(classes, classes)


def comparison(
    measure: Measure, truth: Truth, first: Answers, second: Answers, greater_is_better: bool
) -> Comparison:
    """Compare two sets of answers on the same rows."""
    difference, error, p_value = measure.compare(truth, first, second)
    wins = losses = None
    if isinstance(measure, Proportion):
        wins, losses = measure.wins_and_losses(truth, first, second)
    return Comparison(difference, error, p_value, greater_is_better, wins, losses)
