"""The area under the ROC curve, and how sure it is."""

import math

import numpy as np
import numpy.typing as npt

from competition.problem.targets import Answers, Truth

Floats = npt.NDArray[np.float64]


def area(truth: Truth, answers: Answers) -> float:
    """Return the area under the ROC curve: the share of pairs in the right order.

    Pairs of a positive and another row; ties are counted half. NaN without a pair.

    Args:
        truth: (n,) 1 for the positive class and 0 for the other.
        answers: (n,) any numbers that grow with the positive class's probability.
    """
    positive, scores = np.asarray(truth, dtype=bool), np.asarray(answers)
    above, below = np.sort(scores[positive]), np.sort(scores[~positive])
    if not len(above) or not len(below):
        return math.nan
    # Each row's rank among the others; of sorted rows it is found many times sooner.
    pairs = (int(np.searchsorted(below, above, side).sum()) for side in ("left", "right"))
    return sum(pairs) / (2 * len(above) * len(below))


def auc(truth: Truth, answers: Answers) -> tuple[float, Floats]:
    """Return the area under the ROC curve and its influences.

    These are DeLong's placements (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988).

    Args: as for `area`.
    """
    positive, scores = np.asarray(truth, dtype=bool), np.asarray(answers)
    above, below = scores[positive], scores[~positive]
    value = area(truth, answers)
    if math.isnan(value):
        return value, np.zeros(len(scores))
    placed = _placements(above, below), 1 - _placements(below, above)
    influences = np.empty(len(scores))
    influences[positive] = (placed[0] - value) * len(scores) / len(above)
    influences[~positive] = (placed[1] - value) * len(scores) / len(below)
    return value, influences


def gini(truth: Truth, answers: Answers) -> tuple[float, Floats]:
    """Return the normalized Gini coefficient of two classes, 2 AUC - 1, and its influences."""
    value, influences = auc(truth, answers)
    return 2 * value - 1, 2 * influences


def column_auc(truth: Truth, answers: Answers) -> tuple[float, Floats]:
    """Return the mean area over columns and its influences.

    Args:
        truth: (n, t) 1 for the positive class and 0 for the other; a column without a pair does not
            count.
        answers: (n, t), as for `area`.
    """
    found = [auc(truth[:, place], answers[:, place]) for place in range(truth.shape[1])]
    there = [each for each in found if not math.isnan(each[0])]
    if not there:
        return math.nan, np.zeros(len(truth))
    values, influences = zip(*there, strict=True)
    return float(np.mean(values)), np.mean(influences, axis=0)


def _placements(ones: Floats, others: Floats) -> Floats:
    """Return the share of others below each one, ties counted half."""
    order, ordered = np.argsort(ones), np.sort(others)
    left = np.searchsorted(ordered, ones[order], "left")
    right = np.searchsorted(ordered, ones[order], "right")
    shares = np.empty(len(ones))
    shares[order] = (left + right) / (2 * len(others))
    return shares


def least_area_error(area: float, rows: int) -> float:
    """Return the standard error of an area that was measured on `rows` rows, half of each class.

    By Hanley and McNeil (Radiology 143, 1982), for any two classes and scores; other shares of
    classes make it greater. The area is kept half a row away from 0 and 1, so that a perfect one on
    few rows is not called certain.

    Example:
        >>> round(least_area_error(0.95, 48), 3)
        0.032
    """
    of_class = max(rows / 2, 1.0)
    area = min(max(area, 0.5 / of_class), 1 - 0.5 / of_class)
    both_above, both_below = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (both_above - area**2) + (both_below - area**2)
    return math.sqrt((area * (1 - area) + (of_class - 1) * spread) / of_class**2)
