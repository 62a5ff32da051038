"""Transformers and a classifier or regressor as one estimator, whose bad input is a sentence."""

import re
from typing import Any, Self

import numpy.typing as npt
from sklearn.base import is_regressor
from sklearn.pipeline import Pipeline, make_pipeline

from pipelines.features.images.preparation import check_training_set
from pipelines.parameters import check_parameters, wrong_parameter

# How scikit-learn's own estimators refuse a parameter.
_REFUSAL = re.compile(r"The (.+) must be (.+)\. Got (.+) instead\.", re.DOTALL)


class CheckedPipeline(Pipeline):  # type: ignore[misc]
    """scikit-learn's pipeline, which checks parameters and images before it is fitted."""

    def fit(self, X: npt.NDArray[Any], y: npt.NDArray[Any] | None = None, **params: Any) -> Self:
        """Fit one step after the other.

        Args:
            X: Images (n, side, side) or (n, side, side, 3) uint8.
            y: Class indices (n,) int where the last step is a classifier; values (n,) or (n, t)
                float where it is a regressor.
            **params: As scikit-learn's pipeline has them.

        Raises:
            PodiumError: a parameter of a step is out of its range, there is nothing to learn from,
                or a step raises it.
        """
        check_parameters(self)
        images, truth = check_training_set(X, y, numbers=is_regressor(self))
        try:
            fitted: Self = super().fit(images, truth, **params)
        except ValueError as error:
            refusal = _REFUSAL.fullmatch(str(error))
            if refusal is None:
                raise
            raise wrong_parameter(*refusal.groups()) from error
        return fitted


def in_steps(*steps: Any) -> CheckedPipeline:
    """Return transformers and, last, a classifier or regressor as one estimator.

    It checks what it is given.

    Example:
        >>> from sklearn.linear_model import LogisticRegression
        >>> from pipelines.features.images.flatten import ScaledPixels
        >>> list(in_steps(ScaledPixels(), LogisticRegression()).named_steps)
        ['scaledpixels', 'logisticregression']
    """
    return CheckedPipeline(make_pipeline(*steps).steps)
