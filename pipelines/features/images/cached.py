"""A transformer whose features are looked up where they were computed before."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from pipelines.features.feature_store import Transformer, features_of
from pipelines.features.images.preparation import check_images
from pipelines.features.stateless import Stateless


class Cached(Stateless):
    """Stands in a scikit-learn pipeline for a transformer that learns nothing.

    Args:
        transformer: Such as `GradientHistograms`; see `features_of` for what it has to promise.
    """

    def __init__(self, transformer: Transformer) -> None:
        self.transformer = transformer

    def fit(self, images: npt.NDArray[np.uint8], labels: Any = None) -> Self:
        """Check that these are images and the parameters right; nothing is learnt.

        Raises:
            PodiumError: the images are not square, or too small to be described, or a parameter is
                out of its range.
        """
        check_images(images)
        return super().fit(images, labels)

    def transform(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn images (n, side, side[, 3]) uint8 into rows (n, n_features) float32."""
        return features_of(self.transformer, images)
