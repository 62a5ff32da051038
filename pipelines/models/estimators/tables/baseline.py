"""The floor: a constant, or the means of the truth by one column."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from pipelines.features.tables.columns import Columns, Values
from pipelines.features.tables.learnt.slices import Inner
from pipelines.parameters import NOT_NEGATIVE, Constraints, between

_BINS = 10  # of a number of many kinds
_INNER = 5


class Baseline(BaseEstimator):  # type: ignore[misc]
    """The mean of the truth, or its means by the columns that tell most of it, one within another.

    Columns are chosen one after the other by how well their means tell the truth of other rows.

    Args:
        columns: How many; 0 for a constant.
        smoothing: Rows' worth of the mean of all that each mean is drawn towards.
    """

    constraints: ClassVar[Constraints] = {"columns": between(0, 8), "smoothing": NOT_NEGATIVE}

    def __init__(self, columns: int = 0, smoothing: float = 10.0) -> None:
        self.columns = columns
        self.smoothing = smoothing

    def learn(self, seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner) -> Self:
        """Learn from rows and their class indices (n,), or, where `classes` is 0, values (n,)."""
        wanted = np.eye(classes)[truth] if classes else np.asarray(truth, np.float64)[:, None]
        self.classes_ = classes
        self.mean_ = wanted.mean(axis=0)
        if classes:  # a class that is seldom met is not impossible
            self.mean_ = (self.mean_ * len(truth) + 1 / classes) / (len(truth) + 1)
        self.edges_ = [_edges(column) for column in seen.values.T]
        self.levels_: list[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.float64]]] = []
        binned = self._binned(seen.values)
        parts = inner.parts(truth, _INNER)
        joint = np.zeros(len(truth), np.int64)
        best = self._error(joint, wanted, parts)
        self.chosen_: list[int] = []
        self.keys_: list[npt.NDArray[np.int64]] = []
        for _ in range(min(self.columns, binned.shape[1])):
            errors = [self._error(_joined(joint, each), wanted, parts) for each in binned.T]
            place = int(np.argmin(errors))
            if errors[place] >= best:
                break
            best = errors[place]
            both = _joined(joint, binned[:, place])
            keys, joint = np.unique(both, return_inverse=True)
            self.chosen_.append(place)
            self.keys_.append(keys)
        self.means_ = self._means(joint, wanted, int(joint.max()) + 1)
        return self

    def outputs(self, seen: Columns) -> npt.NDArray[Any]:
        """Return probabilities (n, classes), or values (n,)."""
        binned = self._binned(seen.values)
        joint, known = np.zeros(len(seen), np.int64), np.ones(len(seen), bool)
        for place, keys in zip(self.chosen_, self.keys_, strict=True):
            both = _joined(joint, binned[:, place])
            joint = np.minimum(np.searchsorted(keys, both), len(keys) - 1)
            known &= keys[joint] == both
        found = np.where(known[:, None], self.means_[joint], self.mean_)
        return found if self.classes_ else found[:, 0]

    def _binned(self, values: Values) -> npt.NDArray[np.int64]:
        bins = np.empty(values.shape, np.int64)
        for place, edges in enumerate(self.edges_):
            column = values[:, place]
            bins[:, place] = np.where(np.isnan(column), 0, np.searchsorted(edges, column) + 1)
        return bins

    def _means(
        self, joint: npt.NDArray[np.int64], wanted: npt.NDArray[np.float64], count: int
    ) -> npt.NDArray[np.float64]:
        sums = np.column_stack([np.bincount(joint, each, count) for each in wanted.T])
        rows = np.bincount(joint, minlength=count)[:, None]
        means: npt.NDArray[np.float64] = (sums + self.smoothing * self.mean_) / (
            rows + max(self.smoothing, 1e-9)
        )
        return means

    def _error(
        self,
        joint: npt.NDArray[np.int64],
        wanted: npt.NDArray[np.float64],
        parts: npt.NDArray[np.int64],
    ) -> float:
        """Return the squared error of the means on rows that they were not taken of."""
        total, codes = 0.0, np.unique(joint, return_inverse=True)[1]
        count = int(codes.max()) + 1
        for part in np.unique(parts):
            out = parts == part
            means = self._means(codes[~out], wanted[~out], count)
            total += float(np.square(wanted[out] - means[codes[out]]).sum())
        return total


_FACTOR = 1 << 24  # more than the bins of a column


def _joined(joint: npt.NDArray[np.int64], bins: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return joint * _FACTOR + bins


def _edges(column: Values) -> Values:
    """Return where a column is cut: at each kind of value of few kinds, else by quantiles."""
    different = np.unique(column[~np.isnan(column)])
    if len(different) <= 5 * _BINS:
        return different
    return np.unique(np.quantile(different, np.linspace(0, 1, _BINS + 1)[1:-1]).astype(np.float32))
