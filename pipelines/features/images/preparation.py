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
from pipelines.features.images.grey import grey
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
    """Steps in the order in which they are done, to the brightness of images.

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
        """Return prepared grey copies (n, side, side) uint8.

        Args:
            images: (n, side, side) or (n, side, side, 3) uint8.

        Raises:
            PodiumError: the images are not square or too small, or a step is out of its range.
        """
        check_images(images)
        check_values(PREPARED, asdict(self), "Preparation")
        prepared = np.array(grey(images))
        if self.median:
            window, margin = self.median, self.median // 2
            prepared = _filtered(prepared, margin, "edge", lambda im: cv2.medianBlur(im, window))
        if self.threshold:
            prepared = np.where(prepared > self.threshold, np.uint8(255), np.uint8(0))
        if self.upright:
            prepared = deskew(prepared)
        return blurred(prepared, self.blur) if self.blur else prepared


def blurred(images: Images, sigma: float) -> Images:
    """Return images (n, side, side[, 3]) uint8 through a Gaussian blur of `sigma` pixels."""
    return _filtered(
        images, math.ceil(4 * sigma), "reflect", lambda im: cv2.GaussianBlur(im, (0, 0), sigma)
    )


def _filtered(
    images: Images,
    margin: int,
    mode: Literal["edge", "reflect"],
    function: Callable[[Images], cv2.typing.MatLike],
) -> Images:
    """Return images (n, side, side[, 3]) filtered by one call: they lie side by side.

    OpenCV is quick along rows, and those of a single digit are short: this is five to ten times as
    fast as a call for each.

    Args:
        images: Not yet filtered.
        margin: Columns that part them, at least as many as the filter reaches.
        mode: What the columns hold: what OpenCV takes to lie beyond an image's border.
        function: The filter.
    """
    if not len(images):
        return images
    sides = ((0, 0), (0, 0), (margin, margin), (0, 0))[: images.ndim]
    parted = np.pad(images, sides, mode).swapaxes(0, 1)
    line = parted.reshape(len(parted), -1, *images.shape[3:])
    filtered = np.asarray(function(line), np.uint8).reshape(parted.shape)
    return np.ascontiguousarray(filtered[:, :, margin:-margin].swapaxes(0, 1))


def are_square_images(images: npt.NDArray[Any]) -> bool:
    """Tell whether these are square images: (n, side, side) or (n, side, side, 3) uint8."""
    grey_or_colour = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
    return grey_or_colour and images.shape[1] == images.shape[2] and images.dtype == np.uint8


def check_images(images: Images) -> None:
    """Check that features can be taken of images.

    Raises:
        PodiumError: they are not square images with a side of at least `SMALLEST_SIDE` pixels.
    """
    if not are_square_images(images) or images.shape[1] < SMALLEST_SIDE:
        raise PodiumError(
            f"Images of shape {_times(images.shape[1:])} and type {images.dtype} cannot be "
            f"described: they have to be square, with a side of {SMALLEST_SIDE} pixels or more, "
            "and uint8; choose other PIPELINES, such as logistic, or another image_side."
        )


def check_training_set(
    images: Any, truth: Any, *, numbers: bool = False
) -> tuple[Images, npt.NDArray[Any]]:
    """Return images (n, …) uint8 and their truth as arrays that an estimator can learn from.

    Images keep their origin (`competition.data.rows`).

    Args:
        images: As they were given to `fit`.
        truth: Class indices (n,), or values (n,) or (n, t).
        numbers: Whether values are to be learnt.

    Raises:
        PodiumError: there are no images, they have no pixels or are not uint8, or the truth does
            not go with them: fewer than two classes, or values that are not finite.
    """
    images, truth = np.asanyarray(images), np.asarray(truth)
    fault = _fault_of_numbers(truth) if numbers else _fault_of_classes(truth)
    if not images.size or images.dtype != np.uint8 or truth.shape[:1] != images.shape[:1] or fault:
        wanted = "finite numbers for each" if numbers else "a class for each, of two or more"
        raise PodiumError(
            f"Learning takes uint8 images with {wanted}; these are {_times(images.shape)} numbers "
            f"of type {images.dtype} with a truth of shape {_times(truth.shape)}"
            f"{fault and f', {fault}'}: give others to `fit`."
        )
    return images, truth.astype(np.float64) if numbers else truth


def _fault_of_classes(truth: npt.NDArray[Any]) -> str:
    if truth.ndim != 1:
        return "which is not one class a row"
    return "of one class alone" if len(np.unique(truth)) < 2 else ""


def _fault_of_numbers(truth: npt.NDArray[Any]) -> str:
    if truth.ndim not in (1, 2) or truth.dtype.kind not in "iuf" or not truth.size:
        return "which are no numbers"
    return "" if np.isfinite(truth).all() else "not all of them finite"


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
