"""Numbers brought to one scale, gaps filled, and bent by splines."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]

SCALINGS = ("standard", "robust", "quantile")
_MOST_QUANTILES = 1000
_MOST_ROWS = 100_000  # that quantiles are taken of
_FURTHEST = 8.0  # deviations beyond which a standardised number is cut off


class Scaler:
    """Scales columns (n, d), each by itself; a missing number becomes the middle, 0.

    `standard`: mean 0, deviation 1. `robust`: less the median, by the quartiles, squashed smoothly
    to within 3 (Holzmüller et al. 2024). `quantile`: by rank, to a normal distribution.

    Args:
        kind: Of `SCALINGS`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def fit(self, numbers: Values) -> Self:
        """Learn from columns (n, d), NaN where a number is missing; d may be 0."""
        if not numbers.shape[1]:  # of which neither NumPy nor scikit-learn takes quantiles
            self.middle_ = self.spread_ = np.ones(0, np.float32)
            return self
        filled = _never_empty(numbers)
        if self.kind == "quantile":
            self.middle_ = np.nanmedian(filled, axis=0).astype(np.float32)
            self.quantiles_ = _quantiles(np.where(np.isnan(filled), self.middle_, filled))
            return self
        if self.kind == "standard":
            wide = filled.astype(np.float64)
            self.middle_, spread = np.nanmean(wide, axis=0), np.nanstd(wide, axis=0)
        else:
            low, self.middle_, high = np.nanquantile(filled, (0.25, 0.5, 0.75), axis=0)
            least, greatest = np.nanmin(filled, axis=0), np.nanmax(filled, axis=0)
            spread = np.where(high > low, (high - low), (greatest - least) / 2)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        return self

    def transform(self, numbers: Values) -> Values:
        """Return scaled columns (n, d) float32, all finite."""
        if self.kind == "quantile" and numbers.shape[1]:
            filled = np.where(np.isnan(numbers), self.middle_, numbers)
            return np.asarray(self.quantiles_.transform(filled), np.float32).clip(-4, 4)
        scaled = (numbers - self.middle_) / self.spread_
        scaled = np.nan_to_num(scaled, nan=0.0, posinf=1e6, neginf=-1e6)
        if self.kind == "robust":
            scaled = scaled / np.sqrt(1 + np.square(scaled / 3))
        return np.asarray(scaled.clip(-_FURTHEST, _FURTHEST), np.float32)


class Splines:
    """scikit-learn's cubic splines of scaled columns, straight beyond what was seen.

    Args:
        pieces: Of each column.
    """

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces

    def fit(self, scaled: Values) -> Self:
        """Place the knots by quantiles of columns (n, d)."""
        from sklearn.preprocessing import SplineTransformer

        different = [len(np.unique(column[:_MOST_ROWS])) for column in scaled.T]
        self.bent_ = [k for k, count in enumerate(different) if count > self.pieces]
        self.splines_: Any = None
        if self.bent_:
            self.splines_ = SplineTransformer(
                self.pieces + 1, knots="quantile", extrapolation="linear", include_bias=False
            ).fit(scaled[:_MOST_ROWS, self.bent_].astype(np.float64))
        return self

    def transform(self, scaled: Values) -> Values:
        """Return the splines (n, bases) float32 of columns (n, d)."""
        if self.splines_ is None:
            return np.empty((len(scaled), 0), np.float32)
        return np.asarray(self.splines_.transform(scaled[:, self.bent_]), np.float32)


def _quantiles(filled: Values) -> Any:
    from sklearn.preprocessing import QuantileTransformer

    return QuantileTransformer(
        n_quantiles=min(_MOST_QUANTILES, len(filled)),
        output_distribution="normal",
        subsample=_MOST_ROWS,
        random_state=0,
    ).fit(filled)


def _never_empty(numbers: Values) -> Values:
    """Return the columns, where a column without any number has zeros."""
    empty = np.isnan(numbers).all(axis=0)
    return np.where(empty, np.float32(0), numbers) if empty.any() else numbers
