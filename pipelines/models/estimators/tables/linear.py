"""Linear models of a table: logistic regression, ridge and elastic net."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge

from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.slices import Inner
from pipelines.parameters import POSITIVE, SEED, Constraints, between

_STEPS = 300
_WIDE = 5e7  # numbers in the matrix, up to which it may be copied as float64
_SAGA_SIZE = 3e6  # numbers in the matrix, up to which an elastic net of classes is affordable
_SAGA_STEPS = 100


class Linear(BaseEstimator):  # type: ignore[misc]
    """A weighted sum of the features.

    Args:
        strength: Of the features against the penalty: scikit-learn's C of classes. For values, the
            penalty is divided by it.
        l1: Share of the penalty that is of absolute weights, so that some become 0.
        seed: Of the order of rows.
    """

    constraints: ClassVar[Constraints] = {
        "strength": POSITIVE,
        "l1": between(0.0, 1.0),
        "seed": SEED,
    }

    def __init__(self, strength: float = 1.0, l1: float = 0.0, seed: int = 0) -> None:
        self.strength = strength
        self.l1 = l1
        self.seed = seed

    def learn(self, seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner) -> Self:
        """Learn from rows and their class indices (n,), or, where `classes` is 0, values (n,)."""
        values = seen.values
        if not classes:
            self.model_ = self._of_values(values.shape)
        elif self.l1 and values.size * classes <= _SAGA_SIZE:
            self.model_ = LogisticRegression(
                C=self.strength,
                l1_ratio=self.l1,
                solver="saga",
                max_iter=_SAGA_STEPS,
                tol=1e-3,
                random_state=self.seed,
            )
        else:
            self.model_ = LogisticRegression(C=self.strength, max_iter=_STEPS)
        with warnings.catch_warnings():  # steps that run out are no news: penalties are compared
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model_.fit(values.astype(np.float64) if values.size < _WIDE else values, truth)
        return self

    def outputs(self, seen: Columns) -> npt.NDArray[Any]:
        """Return probabilities (n, classes), or values (n,)."""
        predict = getattr(self.model_, "predict_proba", self.model_.predict)
        outputs: npt.NDArray[Any] = predict(seen.values)
        return outputs

    def _of_values(self, shape: tuple[int, ...]) -> Any:
        """Return a regressor; its penalty is of mean squares of rows, times rows for ridge."""
        if not self.l1:
            return Ridge(1 / self.strength, solver="cholesky")
        return ElasticNet(
            1 / (self.strength * shape[0]),
            l1_ratio=self.l1,
            max_iter=2000,
            tol=1e-3,
            selection="cyclic",
        )
