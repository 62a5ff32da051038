"""Metrics of the confusion matrix: (…, K, K) counts, true classes down and given ones across."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[Any]


def _recalls(counts: Counts) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the recall of each class, and whether it has rows."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    rows = counts.sum(axis=-1)
    return hits / np.maximum(rows, 1e-300), rows > 0


def balanced_accuracy(counts: Counts) -> Floats:
    """Return the mean recall of the classes that have rows."""
    recalls, there = _recalls(counts)
    return np.asarray((recalls * there).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))


def _f1_by_class(counts: Counts) -> tuple[Floats, npt.NDArray[np.bool_]]:
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    both = counts.sum(axis=-1) + counts.sum(axis=-2)
    return 2 * hits / np.maximum(both, 1e-300), both > 0


def f1_macro(counts: Counts) -> Floats:
    """Return the mean F1 of the classes that have rows or answers."""
    f1, there = _f1_by_class(counts)
    return np.asarray((f1 * there).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))


def f1_weighted(counts: Counts) -> Floats:
    """Return the mean F1 of the classes, each weighted by its rows."""
    rows = counts.sum(axis=-1)
    f1, _ = _f1_by_class(counts)
    return np.asarray((f1 * rows).sum(axis=-1) / np.maximum(rows.sum(axis=-1), 1))


def f1_of_positive(counts: Counts) -> Floats:
    """Return the F1 of the last class."""
    return np.asarray(_f1_by_class(counts)[0][..., -1])


def matthews(counts: Counts) -> Floats:
    """Matthews' correlation for any number of classes (Gorodkin, 2004)."""
    hits = np.trace(counts, axis1=-2, axis2=-1)
    total = counts.sum(axis=(-2, -1))
    true, given = counts.sum(axis=-1), counts.sum(axis=-2)
    covariance = hits * total - (true * given).sum(axis=-1)
    spread = (total**2 - (given**2).sum(axis=-1)) * (total**2 - (true**2).sum(axis=-1))
    return np.asarray(np.where(spread > 0, covariance / np.sqrt(np.maximum(spread, 1e-300)), 0.0))


def quadratic_kappa(counts: Counts) -> Floats:
    """Cohen's kappa, disagreements weighted by the square of their distance (Cohen, 1968)."""
    numbers = np.arange(counts.shape[-1], dtype=np.float64)
    weights = (numbers[:, None] - numbers) ** 2
    total = np.maximum(counts.sum(axis=(-2, -1)), 1)
    expected = counts.sum(axis=-1)[..., :, None] * counts.sum(axis=-2)[..., None, :]
    expected = expected / total[..., None, None]
    chance = (weights * expected).sum(axis=(-2, -1))
    observed = (weights * counts).sum(axis=(-2, -1))
    return np.asarray(np.where(chance > 0, 1 - observed / np.maximum(chance, 1e-300), 1.0))
