"""Features as models that weigh them take them: scaled numbers, and categories as 0/1."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.scaling import SCALINGS, Scaler, Splines
from pipelines.features.tables.learnt.slices import Inner
from pipelines.features.tables.learnt.target import TargetMeans
from pipelines.parameters import Constraints, at_least, between, one_of

Values = npt.NDArray[np.float32]

_LEAST_GAPS = 0.005  # share of missing cells from which their absence is a feature
_MOST_ONES = 600  # 0/1 columns of all categories together; beyond, the rarest levels have none


class DenseEncoder(BaseEstimator):  # type: ignore[misc]
    """One matrix (n, features) float32 without gaps.

    Numbers are scaled, a missing one is 0 and said by a 0/1 column. Categories are 0/1 columns; a
    category of more levels is the means of the truth.

    Args:
        scaling: `standard`, `robust` (by quartiles, and squashed) or `quantile` (to a normal).
        levels: Of a category, up to which each has a 0/1 column.
        splines: Pieces that each number is bent in; 0 for straight.
    """

    constraints: ClassVar[Constraints] = {
        "scaling": one_of(SCALINGS),
        "levels": at_least(1),
        "splines": between(0, 64),
    }

    def __init__(self, scaling: str = "robust", levels: int = 40, splines: int = 0) -> None:
        self.scaling = scaling
        self.levels = levels
        self.splines = splines

    def fit_transform(
        self, seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner
    ) -> Columns:
        """Learn from the features of training rows, and return what a model learns from.

        Args:
            seen: As a `View` gives them.
            truth: (n,) class indices, or values.
            classes: How many classes there are; 0 for values.
            inner: How training rows may be dealt out.
        """
        values = seen.values
        self.numbers_ = seen.numbers
        numbers = values[:, self.numbers_]
        gaps = np.isnan(numbers).mean(axis=0)
        self.gaps_ = [
            k for k, share in zip(self.numbers_, gaps, strict=True) if share > _LEAST_GAPS
        ]
        self.ones_ = self._levels_with_ones(seen)
        many = [k for k in seen.categories if seen.levels[k] > self.levels]
        self.means_ = many if classes <= TargetMeans.most_classes else []
        self.encoder_ = TargetMeans() if self.means_ else None
        means = None
        if self.encoder_ is not None:
            means = self.encoder_.fit_transform(values[:, self.means_], truth, classes, inner)
            self.mean_scaler_ = Scaler("standard").fit(means)
        self.scaler_ = Scaler(self.scaling).fit(numbers)
        scaled = self.scaler_.transform(numbers)
        self.splines_ = Splines(self.splines).fit(scaled) if self.splines else None
        return self._put_together(seen, scaled, means)

    def transform(self, seen: Columns) -> Columns:
        """Return the features of other rows as a fitted model takes them."""
        means = None
        if self.encoder_ is not None:
            means = self.encoder_.transform(seen.values[:, self.means_])
        scaled = self.scaler_.transform(seen.values[:, self.numbers_])
        return self._put_together(seen, scaled, means)

    def _levels_with_ones(self, seen: Columns) -> list[tuple[int, Values]]:
        """Return which levels of which columns have a 0/1 column: those that are met."""
        chosen = [k for k in seen.categories if seen.levels[k] <= self.levels]
        kinds: list[tuple[int, Values, npt.NDArray[np.int64]]] = []
        for k in chosen:
            column = seen.values[:, k]
            kinds.append((k, *np.unique(column[~np.isnan(column)], return_counts=True)))
        every = np.sort(np.concatenate([counts for _, _, counts in kinds] or [np.zeros(0, int)]))
        least = max(2, every[-_MOST_ONES] if len(every) > _MOST_ONES else 0)
        return [(k, different[counts >= least]) for k, different, counts in kinds]

    def _put_together(self, seen: Columns, scaled: Values, means: Values | None) -> Columns:
        blocks = [scaled]
        if self.splines_ is not None:
            blocks.append(self.splines_.transform(scaled))
        blocks.append(np.isnan(seen.values[:, self.gaps_]).astype(np.float32))
        for k, levels in self.ones_:
            blocks.append((seen.values[:, k, np.newaxis] == levels).astype(np.float32))
        if means is not None:
            blocks.append(self.mean_scaler_.transform(means))
        values = np.concatenate(blocks, axis=1)
        width = values.shape[1]
        return Columns(values, tuple(map(str, range(width))), (0,) * width)
