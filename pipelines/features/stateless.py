"""What transformers have in common that learn nothing."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

from pipelines.parameters import check_parameters


class Stateless(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A transformer of images, each by itself, whose parameters decide everything."""

    def fit(self, images: npt.NDArray[np.uint8], labels: Any = None) -> Self:
        """Check the parameters; there is nothing to learn.

        Raises:
            PodiumError: a parameter is out of its range.
        """
        check_parameters(self)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: there is nothing to learn."""
        return True
