"""Transformers and a classifier as one estimator, whose bad input ends in a sentence."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline, make_pipeline

from pipelines.features.images.preparation import check_training_set
from pipelines.parameters import check_parameters


class CheckedPipeline(Pipeline):  # type: ignore[misc]
    """scikit-learn's pipeline, which checks parameters and images before it is fitted."""

    def fit(
        self, X: npt.NDArray[np.uint8], y: npt.NDArray[np.int64] | None = None, **params: Any
    ) -> Self:
        """Fit one step after the other.

        Args:
            X: Images (n, side, side) uint8.
            y: Labels (n,) int.
            **params: As scikit-learn's pipeline has them.

        Raises:
            PodiumError: a parameter of a step is out of its range, there is nothing to learn from,
                or a step raises it.
        """
        check_parameters(self)
        images, labels = check_training_set(X, y)
        fitted: Self = super().fit(images, labels, **params)
        return fitted


def in_steps(*steps: Any) -> CheckedPipeline:
    """Return transformers and, last, a classifier as one estimator that checks what it is given."""
    return CheckedPipeline(make_pipeline(*steps).steps)
