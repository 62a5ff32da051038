"""What is done to images before features are taken of them: denoise, binarise, deskew, blur."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from pipelines.images.deskew import deskew

Images = npt.NDArray[np.uint8]

SMALLEST_SIDE = 8


@dataclass(frozen=True)
class Preparation:
    """Steps in the order in which they are done.

    Attributes:
        median: Side of the median filter's window, 3 or 5; 0 for none.
        threshold: Grey level above which a pixel becomes white and else black; 0 for none.
        upright: Deskew and centre each image.
        blur: Standard deviation of a Gaussian blur, in pixels; 0 for none.
    """

    median: int = 0
    threshold: int = 0
    upright: bool = True
    blur: float = 0.0

    def apply(self, images: Images) -> Images:
        """Return prepared copies of images (n, side, side) uint8, same shape and dtype.

        Raises:
            PodiumError: the images are not square or too small, or a step is out of its range.
        """
        check_images(images)
        if self.median not in (0, 3, 5) or not 0 <= self.threshold < 256 or self.blur < 0:
            raise PodiumError(
                f"{self} cannot be applied: the median window is 0, 3 or 5, the threshold lies in "
                "0 to 255 and the blur is not negative; mend the pipeline's parameters."
            )
        prepared = np.array(images)
        if self.median:
            for image in prepared:
                image[:] = cv2.medianBlur(image, self.median)
        if self.threshold:
            prepared = np.where(prepared > self.threshold, np.uint8(255), np.uint8(0))
        if self.upright:
            prepared = deskew(prepared)
        if self.blur:
            for image in prepared:
                cv2.GaussianBlur(image, (0, 0), self.blur, dst=image)
        return prepared


def check_images(images: Images) -> None:
    """Check that features can be taken of images.

    Raises:
        PodiumError: they are not (n, side, side) with a side of at least `SMALLEST_SIDE` pixels.
    """
    if images.ndim != 3 or images.shape[1] != images.shape[2] or images.shape[1] < SMALLEST_SIDE:
        raise PodiumError(
            f"Images of shape {' × '.join(map(str, images.shape[1:]))} cannot be described: they "
            f"have to be square, with a side of {SMALLEST_SIDE} pixels or more; choose other "
            "PIPELINES, such as logistic, or another image_side."
        )
