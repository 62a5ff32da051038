"""Real digits for tests that need no files: scikit-learn's optical ones, in MNIST's form."""

from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from competition.practice.bundled.optical_digits import optical_digits
from pipelines.base import Pipeline, suggested

Images = npt.NDArray[np.uint8]


@cache
def digits(side: int = 28, *, colour: bool = False) -> tuple[Images, npt.NDArray[np.int64]]:
    """Return 1,797 images (n, side, side[, 3]), perhaps in orange ink, and their labels (n,)."""
    images, labels = optical_digits()
    if side != images.shape[1]:
        images = np.stack([cv2.resize(image, (side, side)) for image in images])
    return in_orange(images) if colour else images, labels


def in_orange(images: Images) -> Images:
    """Return grey images (n, side, side) in shades of orange (n, side, side, 3)."""
    return (images[..., None] * np.array([1.0, 0.6, 0.2])).astype(np.uint8)


def quick_estimator(pipeline: Pipeline, *, numbers: bool = False, seed: int = 0) -> Any:
    """Return an estimator of a pipeline's cheapest shipped point; a network is small and short."""
    params = suggested(pipeline, pipeline.shipped()[0].params)
    estimator: Any = (pipeline.build_regressor if numbers else pipeline.build)(params, seed)
    if not pipeline.deep:
        return estimator
    width = {"width": 0.5} if "width" in params else {}
    return estimator.set_params(min_steps=150 if numbers else 80, batch_size=64, **width)
