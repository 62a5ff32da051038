"""Support vector machines for small tables."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC, SVR

from competition.errors import PodiumError
from pipelines.features.tables.columns import Columns
from pipelines.features.tables.learnt.slices import Inner
from pipelines.parameters import BELOW_ONE, POSITIVE, Constraints, up_to

MOST_ROWS = 8_000  # the time of a fit grows with their square
_CACHE = 500  # MiB of kernel rows that libsvm keeps
_INNER = 4  # folds that probabilities are learnt on


class SupportVectors(BaseEstimator):  # type: ignore[misc]
    """An SVC whose margins are made probabilities by inner folds, or an SVR; with an RBF kernel.

    Args:
        C: Penalty of an error.
        gamma: Width of the kernel, times the number of features.
        epsilon: Error of a value that costs nothing, in deviations.
    """

    constraints: ClassVar[Constraints] = {
        "C": POSITIVE,
        "gamma": up_to(1e6),
        "epsilon": BELOW_ONE,
    }

    def __init__(
        self, C: float = 1.0, gamma: float = 0.5, epsilon: float = 0.1, seed: int = 0
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.epsilon = epsilon
        self.seed = seed

    def learn(self, seen: Columns, truth: npt.NDArray[Any], classes: int, inner: Inner) -> Self:
        """Learn from rows and their class indices (n,), or, where `classes` is 0, values (n,).

        Raises:
            PodiumError: there are too many rows, or a class has too few.
        """
        if len(seen) > MOST_ROWS:
            raise PodiumError(
                f"Support vector machines take up to {MOST_ROWS:,} rows to learn from, and these "
                f"are {len(seen):,}; leave svm out of PIPELINES."
            )
        kernel = {"C": self.C, "gamma": self.gamma / seen.values.shape[1], "cache_size": _CACHE}
        self.classes_ = classes
        if not classes:
            self.model_ = SVR(epsilon=self.epsilon, **kernel).fit(seen.values, truth)
            return self
        rarest = int(np.bincount(truth).min())
        if rarest < _INNER:
            raise PodiumError(
                f"Support vector machines learn probabilities on {_INNER} inner folds, and a class "
                f"has {rarest} rows to learn from; leave svm out of PIPELINES or add rows."
            )
        self.model_ = CalibratedClassifierCV(
            SVC(**kernel),
            method="sigmoid" if classes == 2 else "temperature",
            cv=_INNER,
            ensemble=False,
        ).fit(seen.values, truth)
        return self

    def outputs(self, seen: Columns) -> npt.NDArray[Any]:
        """Return probabilities (n, classes), or values (n,)."""
        predict = self.model_.predict_proba if self.classes_ else self.model_.predict
        outputs: npt.NDArray[Any] = predict(seen.values)
        return outputs
