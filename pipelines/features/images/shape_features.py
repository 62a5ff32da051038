"""Hand-crafted descriptions of a digit's shape: projections, zones, holes, pixel differences."""

from typing import ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.features.images.gradients import pooling_weights
from pipelines.features.images.preparation import PREPARED, Preparation
from pipelines.features.stateless import Stateless
from pipelines.parameters import SWITCH, Constraints, check_parameters

Images = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]

_CHUNK = 1000
_INK = 64  # grey level from which a pixel encloses holes
_HOLE_PIXELS = 4  # smaller ones are noise, at a side of 28
_DIFFERENCE = 0.25  # differences of neighbouring blocks are cut off here
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


class ShapeFeatures(Stateless):
    """The classical measurements of a digit, each kind switched on or off.

    Args:
        projections: Ink of each row and column.
        zones: Mean ink of the cells of a 7 × 7 grid.
        holes: Number of holes, and the area and place of the two largest.
        differences: Differences between neighbouring 2 × 2 averages in four directions, cut off at
            a quarter of the range: the features of I. Kawrakow's mnist programs, one level of them.
        median: Window of a median filter before, see `Preparation`; so are the next two.
        threshold: Binarise before.
        upright: Deskew before.
    """

    constraints: ClassVar[Constraints] = {
        **dict.fromkeys(("projections", "zones", "holes", "differences"), SWITCH),
        **{name: PREPARED[name] for name in ("median", "threshold", "upright")},
    }

    def __init__(
        self,
        projections: bool = True,
        zones: bool = True,
        holes: bool = True,
        differences: bool = False,
        median: int = 0,
        threshold: int = 0,
        upright: bool = True,
    ) -> None:
        self.projections = projections
        self.zones = zones
        self.holes = holes
        self.differences = differences
        self.median = median
        self.threshold = threshold
        self.upright = upright

    def transform(self, images: Images) -> Rows:
        """Turn images (n, side, side[, 3]) uint8 into rows (n, n_features) float32, most in 0 to 1.

        With every kind switched off there are no features.

        Raises:
            PodiumError: the images are not square or smaller than 8 pixels, or a parameter is out
                of its range.
        """
        check_parameters(self)
        preparation = Preparation(self.median, self.threshold, self.upright)
        parts = [
            self._described(preparation.apply(images[start : start + _CHUNK]))
            for start in range(0, max(len(images), 1), _CHUNK)
        ]
        return np.concatenate(parts)

    def _described(self, images: Images) -> Rows:
        scaled = np.divide(images, 255, dtype=np.float32)
        kinds = [np.empty((len(images), 0), dtype=np.float32)]
        if self.projections:
            kinds += [scaled.mean(axis=1) * 2, scaled.mean(axis=2) * 2]
        if self.zones:
            weights = pooling_weights(images.shape[1], 7)
            weights /= weights.sum(axis=0)
            kinds.append((weights.T @ scaled @ weights).reshape(len(images), 49))
        if self.holes:
            kinds.append(_holes(images))
        if self.differences:
            kinds.append(_differences(scaled))
        return np.concatenate(kinds, axis=1)


def _holes(images: Images) -> Rows:
    """Return (n, 7): the number of holes / 3, then area, x and y of the two largest."""
    side = images.shape[1]
    smallest = _HOLE_PIXELS * (side / 28) ** 2
    rows = np.zeros((len(images), 7), dtype=np.float32)
    for row, image in zip(rows, images, strict=True):
        ground = cv2.copyMakeBorder(
            (image < _INK).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1
        )
        # Ink that touches at corners alone encloses too, so the ground is 4-connected.
        _, labels, stats, centres = cv2.connectedComponentsWithStats(ground, connectivity=4)
        outside = labels[0, 0]
        areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
        areas[[0, outside]] = 0
        found = [i for i in np.argsort(-areas, kind="stable")[:3] if areas[i] >= smallest]
        row[0] = len(found) / 3
        for place, hole in enumerate(found[:2]):
            x, y = (centres[hole] - 1) / side
            row[1 + 3 * place : 4 + 3 * place] = 10 * areas[hole] / side**2, x, y
    return rows


def _differences(scaled: Rows) -> Rows:
    """Return the cut-off differences between 2 × 2 averages two pixels apart, four directions."""
    means = (
        scaled[:, :-1, :-1] + scaled[:, 1:, :-1] + scaled[:, :-1, 1:] + scaled[:, 1:, 1:]
    ) / np.float32(4)
    means = means[:, ::2, ::2]
    kinds = []
    for down, across in _STEPS:
        high, wide = means.shape[1] - down, means.shape[2] - abs(across)
        left = max(0, -across)
        near = means[:, :high, left : left + wide]
        far = means[:, down : down + high, left + across : left + across + wide]
        cut = np.clip(far - near, -_DIFFERENCE, _DIFFERENCE) * 2
        kinds.append(cut.reshape(len(scaled), high * wide))
    return np.concatenate(kinds, axis=1)
