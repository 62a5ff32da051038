"""Rows of features, by their first principal components."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA

from pipelines.parameters import COUNT, Constraints, check_parameters

Rows = npt.NDArray[np.float32]


class FewComponents(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """scikit-learn's PCA, which keeps fewer components where rows or columns are fewer.

    Args:
        components: How many are kept at most.
    """

    constraints: ClassVar[Constraints] = {"components": COUNT}

    def __init__(self, components: int = 100) -> None:
        self.components = components

    def fit(self, rows: Rows, labels: Any = None) -> Self:
        """Learn the components of rows (n, n_features).

        Raises:
            PodiumError: less than one component is wanted.
        """
        check_parameters(self)
        kept = min(self.components, *rows.shape)
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", RuntimeWarning
            )  # shares of no variance, if all is equal
            self.pca_ = PCA(kept, svd_solver="covariance_eigh").fit(rows)
        return self

    def transform(self, rows: Rows) -> Rows:
        """Turn rows (n, n_features) into (n, components) float32."""
        return np.ascontiguousarray(self.pca_.transform(rows), dtype=np.float32)
