"""Transformers and a classifier as one estimator, whose wrong parameters end in a sentence."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline, make_pipeline

from pipelines.parameters import check_parameters


class CheckedPipeline(Pipeline):  # type: ignore[misc]
    """scikit-learn's pipeline, which checks the parameters of all its steps before it is fitted."""

    def fit(
        self, X: npt.NDArray[np.uint8], y: npt.NDArray[np.int64] | None = None, **params: Any
    ) -> Self:
        """Fit one step after the other.

        Args:
            X: Images (n, side, side) uint8.
            y: Labels (n,) int.
            **params: As scikit-learn's pipeline has them.

        Raises:
            PodiumError: a parameter of a step is out of its range, or a step raises it.
        """
        check_parameters(self)
        fitted: Self = super().fit(X, y, **params)
        return fitted


def in_steps(*steps: Any) -> CheckedPipeline:
    """Return transformers and, last, a classifier as one estimator that checks its parameters."""
    return CheckedPipeline(make_pipeline(*steps).steps)
