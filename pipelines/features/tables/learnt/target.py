"""Categories by what the truth is among their rows, learnt inside a fold."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.preprocessing import TargetEncoder

from pipelines.features.tables.learnt.slices import Inner

Values = npt.NDArray[np.float32]

_INNER = 5
_MOST_CLASSES = 12  # beyond, there would be a column for each of too many classes


class TargetMeans(BaseEstimator):  # type: ignore[misc]
    """scikit-learn's target encoding, whose inner folds keep units together.

    Training rows get what the other inner folds say, other rows what all training rows say.
    """

    most_classes: ClassVar[int] = _MOST_CLASSES

    def fit_transform(
        self, codes: Values, truth: npt.NDArray[np.generic], classes: int, inner: Inner
    ) -> Values:
        """Learn from codes (n, c), and return their means (n, c), or (n, c × classes).

        Args:
            codes: NaN where a cell is missing, which is a level of its own.
            truth: (n,) class indices, or values.
            classes: How many classes there are; 0 for values.
            inner: How training rows may be dealt out.
        """
        parts = inner.parts(truth, _INNER)
        folds = [
            (np.flatnonzero(parts != part), np.flatnonzero(parts == part))
            for part in np.unique(parts)
        ]
        self.classes_ = len(np.unique(truth)) if classes else 0
        self.encoder_ = TargetEncoder(
            target_type=("binary" if self.classes_ == 2 else "multiclass")
            if classes
            else "continuous",
            cv=folds if len(folds) > 1 else 2,
        )
        return np.asarray(self.encoder_.fit_transform(_filled(codes), truth), np.float32)

    def transform(self, codes: Values) -> Values:
        """Return the means of codes (n, c)."""
        return np.asarray(self.encoder_.transform(_filled(codes)), np.float32)

    def fit(self, codes: Values, truth: npt.NDArray[np.generic]) -> Self:
        """Learn from codes (n, c) of rows on their own."""
        self.fit_transform(codes, truth, 0, Inner())
        return self


def _filled(codes: Values) -> npt.NDArray[np.int64]:
    return np.where(np.isnan(codes), -1, codes).astype(np.int64)
