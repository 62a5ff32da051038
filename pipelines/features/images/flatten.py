"""Images as rows of scaled pixels, of each channel where they are in colour."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipelines.features.images.deskew import deskew
from pipelines.features.images.preparation import PREPARED, blurred, check_images
from pipelines.features.stateless import Stateless
from pipelines.parameters import Constraints, check_parameters


class ScaledPixels(Stateless):
    """Flatten images to rows of pixels between 0 and 1."""

    def transform(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn images (n, …) uint8 into rows (n, all their pixels) float32 between 0 and 1."""
        rows = np.asarray(images).reshape(len(images), -1)
        return np.divide(rows, 255, dtype=np.float32)


class PreparedPixels(Stateless):
    """Rows of pixels between 0 and 1, if wanted of upright or blurred images.

    Args:
        upright: Deskew and centre each image first.
        blur: Standard deviation of a Gaussian blur, in pixels; 0 for none.
    """

    constraints: ClassVar[Constraints] = {name: PREPARED[name] for name in ("upright", "blur")}

    def __init__(self, upright: bool = True, blur: float = 0.0) -> None:
        self.upright = upright
        self.blur = blur

    def transform(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn images (n, side, side[, 3]) uint8 into rows of their pixels between 0 and 1.

        Raises:
            PodiumError: the images are not square or smaller than 8 pixels, or a parameter is out
                of its range.
        """
        check_parameters(self)
        check_images(images)
        prepared = np.asarray(images)
        if self.upright:
            prepared = deskew(prepared)
        if self.blur:
            prepared = blurred(prepared, self.blur)
        return ScaledPixels().transform(prepared)
