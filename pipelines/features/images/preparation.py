"""What is done to images before features are taken of them: denoise, binarise, deskew, blur."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from pipelines.features.images.deskew import deskew
from pipelines.parameters import SWITCH, Constraints, between, check_values, one_of

Images = npt.NDArray[np.uint8]

SMALLEST_SIDE = 8

# The ranges of a preparation's steps, for the transformers that have them as parameters too.
PREPARED: Constraints = {
    "median": one_of((0, 3, 5)),
    "threshold": between(0, 255),
    "upright": SWITCH,
    "blur": between(0.0, 10.0),  # more blurs a whole digit away
}


@dataclass(frozen=True)
class Preparation:
    """Steps in the order in which they are done.

    Attributes:
        median: Side of the median filter's window, 3 or 5; 0 for none.
        threshold: Grey level above which a pixel becomes white and else black; 0 for none.
        upright: Deskew and centre each image.
        blur: Standard deviation of a Gaussian blur, in pixels, 10 at most; 0 for none.
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
        check_values(PREPARED, asdict(self), "Preparation")
        prepared = np.array(images)
        if self.median:
            window, margin = self.median, self.median // 2
            prepared = _filtered(prepared, margin, "edge", lambda im: cv2.medianBlur(im, window))
        if self.threshold:
            prepared = np.where(prepared > self.threshold, np.uint8(255), np.uint8(0))
        if self.upright:
            prepared = deskew(prepared)
        if self.blur:
            sigma, margin = self.blur, math.ceil(4 * self.blur)
            prepared = _filtered(
                prepared, margin, "reflect", lambda im: cv2.GaussianBlur(im, (0, 0), sigma)
            )
        return prepared


def _filtered(
    images: Images,
    margin: int,
    mode: Literal["edge", "reflect"],
    function: Callable[[Images], cv2.typing.MatLike],
) -> Images:
    """Return images (n, side, side) filtered by one call: they lie side by side.

    OpenCV is quick along rows, and those of a single digit are short: this is five to ten times as
    fast as a call for each.

    Args:
        images: Not yet filtered.
        margin: Columns that part them, at least as many as the filter reaches.
        mode: What the columns hold: what OpenCV takes to lie beyond an image's border.
        function: The filter.
    """
    n, side, _ = images.shape
    if not n:
        return images
    parted = np.pad(images, ((0, 0), (0, 0), (margin, margin)), mode).transpose(1, 0, 2)
    filtered = np.asarray(function(parted.reshape(side, -1)), np.uint8)
    inner = filtered.reshape(parted.shape)[:, :, margin:-margin]
    return np.ascontiguousarray(inner.transpose(1, 0, 2))


def check_images(images: Images) -> None:
    """Check that features can be taken of images.

    Raises:
        PodiumError: they are not (n, side, side) uint8 with a side of at least `SMALLEST_SIDE`
            pixels.
    """
    square = images.ndim == 3 and images.shape[1] == images.shape[2]
    if not square or images.shape[1] < SMALLEST_SIDE or images.dtype != np.uint8:
        raise PodiumError(
            f"Images of shape {_times(images.shape[1:])} and type {images.dtype} cannot be "
            f"described: they have to be square, with a side of {SMALLEST_SIDE} pixels or more, "
            "and uint8; choose other PIPELINES, such as logistic, or another image_side."
        )


def check_training_set(images: Any, labels: Any) -> tuple[Images, npt.NDArray[Any]]:
    """Return images (n, ...) uint8 and labels (n,) as arrays that a classifier can learn from.

    Raises:
        PodiumError: the images are none, without pixels or not uint8, there is not one label for
            each, or there are fewer than two classes.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    classes = len(np.unique(labels))
    if (
        not images.size
        or images.dtype != np.uint8
        or labels.shape != images.shape[:1]
        or classes < 2
    ):
        raise PodiumError(
            "Learning takes uint8 images with a label for each, of two classes or more; these are "
            f"{_times(images.shape)} numbers of type {images.dtype} with {_times(labels.shape)} "
            f"labels of {classes} classes: give others to `fit`."
        )
    return images, labels


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
