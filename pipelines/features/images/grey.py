"""Colour images as grey ones, for what is measured of brightness alone."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]


def grey(images: npt.NDArray[Any]) -> Images:
    """Return the brightness of images, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).

    Args:
        images: (n, side, side), which come back as they are, or (n, side, side, 3), uint8.

    Returns:
        (n, side, side) uint8.

    Example:
        >>> int(grey(np.full((1, 8, 8, 3), (255, 0, 0), np.uint8))[0, 0, 0])
        76
    """
    images = np.asarray(images)
    if images.ndim == 3 or not images.size:
        return images.reshape(images.shape[:3])
    rows = np.ascontiguousarray(images).reshape(-1, images.shape[2], 3)
    brightness = np.asarray(cv2.cvtColor(rows, cv2.COLOR_RGB2GRAY), np.uint8)
    return brightness.reshape(images.shape[:3])
