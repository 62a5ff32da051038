"""Categories by what the truth is among their rows, learnt inside a fold."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.preprocessing import TargetEncoder

from pipelines.features.tables.learnt.slices import Inner

Values = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]
Truth = npt.NDArray[np.generic]

_INNER = 5
_MOST_CLASSES = 12  # beyond, there would be a column for each of too many classes


@dataclass(frozen=True)
class _Means:
    """scikit-learn's encoder of some rows, for the classes that all rows have.

    Attributes:
        encoder: Fitted; None where these rows are of one class.
        labels: (k,) classes that get a column; None for values.
        present: (p,) classes that these rows have.
    """

    encoder: TargetEncoder | None
    labels: Truth | None
    present: Truth

    @classmethod
    def of(cls, codes: Codes, truth: Truth, labels: Truth | None) -> "_Means":
        """Learn from codes (n, c)."""
        present = np.unique(truth)
        kind = "continuous"
        if labels is not None:
            kind = "binary" if len(present) == 2 else "multiclass"
            if len(present) == 1:
                return cls(None, labels, present)
        return cls(TargetEncoder(target_type=kind).fit(codes, truth), labels, present)

    def transform(self, codes: Codes) -> Values:
        """Return the means (n, c), or (n, c × k) where there are more than two classes."""
        given = None if self.encoder is None else self.encoder.transform(codes)
        if self.labels is None or (given is not None and len(self.labels) == 2):
            return np.asarray(given, np.float32)
        n, c = codes.shape
        shares = np.zeros((n, c, len(self.labels)), np.float32)
        places = np.searchsorted(self.labels, self.present)
        if given is None:
            shares[:, :, places] = 1
        elif len(places) == 2:
            shares[:, :, places] = np.stack([1 - given, given], axis=2)
        else:
            shares[:, :, places] = given.reshape(n, c, len(places))
        return shares[:, :, 1] if len(self.labels) == 2 else shares.reshape(n, -1)


class TargetMeans(BaseEstimator):  # type: ignore[misc]
    """scikit-learn's target encoding, whose inner folds keep units together.

    Training rows get what the other inner folds say, other rows what all training rows say.
    """

    most_classes: ClassVar[int] = _MOST_CLASSES

    def fit_transform(self, codes: Values, truth: Truth, classes: int, inner: Inner) -> Values:
        """Learn from codes (n, c), and return their means (n, c), or (n, c × classes).

        Args:
            codes: NaN where a cell is missing, which is a level of its own.
            truth: (n,) class indices, or values.
            classes: How many classes there are; 0 for values.
            inner: How training rows may be dealt out.
        """
        filled, parts = _filled(codes), inner.parts(truth, _INNER)
        if len(np.unique(parts)) == 1:  # all rows are of one unit
            parts = np.arange(len(parts)) % 2
        labels = np.unique(truth) if classes else None
        self.means_ = _Means.of(filled, truth, labels)
        columns = codes.shape[1] * (len(labels) if labels is not None and len(labels) > 2 else 1)
        whole = np.empty((len(codes), columns), np.float32)
        # Its own cross-fitting takes folds of ours since 1.9 alone, and Kaggle has 1.6.
        for part in np.unique(parts):
            inside = parts == part
            known = _Means.of(filled[~inside], truth[~inside], labels)
            whole[inside] = known.transform(filled[inside])
        return whole

    def transform(self, codes: Values) -> Values:
        """Return the means of codes (n, c)."""
        return self.means_.transform(_filled(codes))

    def fit(self, codes: Values, truth: Truth) -> Self:
        """Learn from codes (n, c) of rows on their own."""
        self.fit_transform(codes, truth, 0, Inner())
        return self


def _filled(codes: Values) -> Codes:
    return np.where(np.isnan(codes), -1, codes).astype(np.int64)
