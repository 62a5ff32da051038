"""Images as rows of scaled pixels."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

from pipelines.images.preparation import Preparation


class ScaledPixels(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Flatten images to rows of pixels between 0 and 1."""

    def fit(self, images: npt.NDArray[np.uint8], labels: Any = None) -> Self:
        """Remember the number of pixels; nothing is learnt."""
        self.n_features_in_ = int(np.prod(images.shape[1:]))
        return self

    def transform(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn (n, side, side) uint8 into (n, side × side) float32 between 0 and 1."""
        rows = images.reshape(len(images), -1)
        return np.divide(rows, 255, dtype=np.float32)

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: there is nothing to learn."""
        return True


class PreparedPixels(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Rows of pixels between 0 and 1, if wanted of upright or blurred images.

    Args:
        upright: Deskew and centre each image first.
        blur: Standard deviation of a Gaussian blur, in pixels; 0 for none.
    """

    def __init__(self, upright: bool = True, blur: float = 0.0) -> None:
        self.upright = upright
        self.blur = blur

    def fit(self, images: npt.NDArray[np.uint8], labels: Any = None) -> Self:
        """Do nothing: there is nothing to learn."""
        return self

    def transform(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn (n, side, side) uint8 into (n, side × side) float32 between 0 and 1."""
        prepared = Preparation(upright=self.upright, blur=self.blur).apply(images)
        return ScaledPixels().transform(prepared)

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: there is nothing to learn."""
        return True
