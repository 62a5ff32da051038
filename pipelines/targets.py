"""Numbers to learn, brought to a mean of 0 and a deviation of 1."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin

Values = npt.NDArray[np.float64]


class StandardisedRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A regressor that learns each of its targets at mean 0 and deviation 1.

    So its parameters mean the same whatever the targets are counted in.
    """

    def _standardised(self, values: npt.NDArray[Any]) -> Values:
        """Return values (n,) or (n, t) as columns (n, t) to learn; keep what brings them back."""
        columns = np.asarray(values, np.float64)
        self.one_target_ = columns.ndim == 1
        columns = columns.reshape(len(columns), -1)
        self.means_ = columns.mean(axis=0)
        deviations = columns.std(axis=0)
        # Of equal numbers the deviation is rounding noise, and every prediction their mean.
        varied = deviations > 1e-12 * np.abs(self.means_)
        self.deviations_ = np.where(varied, deviations, 1.0)
        standardised: Values = (columns - self.means_) / self.deviations_
        return standardised

    def _restored(self, columns: npt.NDArray[Any]) -> Values:
        """Return learnt columns (n, t) as values (n,) where one target was learnt, else (n, t)."""
        values: Values = columns * self.deviations_ + self.means_
        return values[:, 0] if self.one_target_ else values
