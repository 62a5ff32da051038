"""Support vector machines whose rows are brought to one scale."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import SVC, SVR

from pipelines.parameters import POSITIVE, Constraints, check_parameters, one_of, up_to
from pipelines.targets import StandardisedRegressor, Values

Features = npt.NDArray[np.float32]

KERNELS = ("rbf", "poly")
_CACHE = 1000  # MiB of kernel rows that libsvm keeps
_OF_KERNEL: Constraints = {
    "C": POSITIVE,
    "kernel": one_of(KERNELS),
    "gamma": up_to(1e6),  # cubed, it has to stay a number
}


class PairwiseVoting(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An exact SVC whose probabilities come from its pairwise margins, at no further fit.

    The probability of a class is proportional to the product, over the other classes, of a logistic
    function of the margin between the two: a fixed slope in place of Platt's, which would take a
    cross-validation inside the fit.

    Args:
        C: Penalty of an error.
        kernel: `rbf` or `poly` (of degree 3).
        gamma: Width of the kernel, where the rows have unit mean square.
        slope: Of the logistic function.
    """

    constraints: ClassVar[Constraints] = {**_OF_KERNEL, "slope": POSITIVE}

    def __init__(
        self, C: float = 10.0, kernel: str = "rbf", gamma: float = 0.01, slope: float = 4.0
    ) -> None:
        self.C = C
        self.kernel = kernel
        self.gamma = gamma
        self.slope = slope

    def fit(self, rows: Features, labels: npt.NDArray[np.int64]) -> Self:
        """Learn from rows (n, n_features) and labels (n,).

        Raises:
            PodiumError: a parameter is out of its range.
        """
        check_parameters(self)
        self.scale_ = _scale(rows)
        self.svc_ = SVC(
            C=self.C,
            kernel=self.kernel,
            gamma=self.gamma,
            coef0=1.0,
            decision_function_shape="ovo",
            cache_size=_CACHE,
        ).fit(rows / self.scale_, labels)
        self.classes_ = self.svc_.classes_
        return self

    def predict_proba(self, rows: Features) -> Features:
        """Return probabilities (n, n_classes)."""
        margins = self.svc_.decision_function(rows / self.scale_).reshape(len(rows), -1)
        if len(self.classes_) == 2:
            margins = -margins  # for two classes alone, positive speaks for the second
        first, second = np.triu_indices(len(self.classes_), 1)
        logs = np.zeros((len(rows), len(self.classes_)))
        for column, (a, b) in enumerate(zip(first, second, strict=True)):
            logs[:, a] -= np.logaddexp(0, -self.slope * margins[:, column])
            logs[:, b] -= np.logaddexp(0, self.slope * margins[:, column])
        powers = np.exp(logs - logs.max(axis=1, keepdims=True))
        probabilities: Features = powers / powers.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)

    def predict(self, rows: Features) -> npt.NDArray[Any]:
        """Return the most probable label (n,) of each row."""
        labels: npt.NDArray[Any] = self.classes_[self.predict_proba(rows).argmax(axis=1)]
        return labels


class SupportVectorValues(StandardisedRegressor):
    """An SVR for each target, which learns it at mean 0 and deviation 1.

    Args:
        C: Penalty of an error.
        kernel: `rbf` or `poly` (of degree 3).
        gamma: Width of the kernel, where the rows have unit mean square.
    """

    constraints: ClassVar[Constraints] = _OF_KERNEL

    def __init__(self, C: float = 10.0, kernel: str = "rbf", gamma: float = 0.01) -> None:
        self.C = C
        self.kernel = kernel
        self.gamma = gamma

    def fit(self, rows: Features, values: npt.NDArray[Any]) -> Self:
        """Learn from rows (n, n_features) and values (n,) or (n, t).

        Raises:
            PodiumError: a parameter is out of its range.
        """
        check_parameters(self)
        self.scale_ = _scale(rows)
        scaled = rows / self.scale_
        self.svrs_ = [
            SVR(C=self.C, kernel=self.kernel, gamma=self.gamma, coef0=1.0, cache_size=_CACHE).fit(
                scaled, column
            )
            for column in self._standardised(values).T
        ]
        return self

    def predict(self, rows: Features) -> Values:
        """Return values (n,), or (n, t) of several targets."""
        scaled = rows / self.scale_
        return self._restored(np.stack([svr.predict(scaled) for svr in self.svrs_], axis=1))


def _scale(rows: Features) -> float:
    """Return what brings rows to a mean square of 1."""
    return float(np.sqrt(np.mean(np.square(rows)))) or 1.0
