"""Deskewing: an image's slant, measured by its second moments, sheared away."""

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.features.images.grey import grey

Images = npt.NDArray[np.uint8]

_NO_INK = 1e-6


def deskew(images: Images) -> Images:
    """Shear each image upright and put its centre of mass in the middle.

    The slant is the covariance of x and y over the variance of y, each weighted by brightness: the
    affine normalisation of LeCun et al., 'Gradient-based learning applied to document recognition'
    (1998), as OpenCV's digits sample does it. Blank images come back unchanged; the channels of a
    colour image are all moved alike.

    Args:
        images: (n, side, side) or (n, side, side, 3) uint8, bright ink on a dark ground.

    Returns:
        Images of the same shape and dtype.
    """
    images = np.asarray(images)
    side = images.shape[1]
    middle = (side - 1) / 2
    upright = np.empty_like(images)
    for target, image, brightness in zip(upright, images, grey(images), strict=True):
        moments = cv2.moments(brightness)
        if moments["m00"] < _NO_INK:
            target[:] = image
            continue
        centre_x, centre_y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
        slant = moments["mu11"] / moments["mu02"] if moments["mu02"] > _NO_INK else 0.0
        # The inverse map: where each upright pixel comes from.
        matrix = np.array(
            [[1, slant, centre_x - middle - slant * middle], [0, 1, centre_y - middle]],
            dtype=np.float64,
        )
        target[:] = cv2.warpAffine(
            np.ascontiguousarray(image),
            matrix,
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
    return upright
