"""Products of the gradients of neighbouring cells: which edge goes on as which."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipelines.features.feature_store import features_of
from pipelines.features.images.gradients import GradientHistograms
from pipelines.features.images.preparation import PREPARED
from pipelines.features.stateless import Stateless
from pipelines.parameters import COUNT, Constraints, check_parameters

Images = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]

_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
_WEIGHT = 8.0  # brings the products, of numbers that are mostly about 0.1, to the size of the rest


class GradientPairs(Stateless):
    """For each two cells that touch, the product of each gradient of one with each of the other.

    A linear model of them tells curves, corners and crossings apart, which one of the gradients
    alone cannot. Co-occurrence of gradients as in Watanabe, Ito & Yokoi, 'Co-occurrence Histograms
    of Oriented Gradients for Pedestrian Detection' (2009), of cells in place of pixels.

    The gradients are looked up where they are kept; the products are sooner made than read.

    Args:
        cells: Along a side of the grid.
        orientations: How many directions; the next four are as `GradientHistograms` has them.
        median: Window of a median filter before.
        threshold: Binarise before.
        upright: Deskew before.
        blur: Blur before.
    """

    constraints: ClassVar[Constraints] = {
        "cells": COUNT,
        "orientations": COUNT,
        **PREPARED,
    }

    def __init__(
        self,
        cells: int = 5,
        orientations: int = 8,
        median: int = 0,
        threshold: int = 0,
        upright: bool = True,
        blur: float = 0.0,
    ) -> None:
        self.cells = cells
        self.orientations = orientations
        self.median = median
        self.threshold = threshold
        self.upright = upright
        self.blur = blur

    def transform(self, images: Images) -> Rows:
        """Turn images (n, side, side[, 3]) uint8 into rows (n, n_features) float32.

        There are `orientations`² products for each two cells that touch at a side or a corner.

        Raises:
            PodiumError: the images are not square or smaller than 8 pixels, or a parameter is out
                of its range.
        """
        check_parameters(self)
        gradients = GradientHistograms(
            self.orientations,
            (self.cells,),
            median=self.median,
            threshold=self.threshold,
            upright=self.upright,
            blur=self.blur,
        )
        n, both = len(images), self.orientations**2
        grid = features_of(gradients, images)
        grid = grid.reshape(n, self.orientations, self.cells, self.cells).transpose(0, 2, 3, 1)
        rows = np.empty((n, n_features(self.cells, 1), both), dtype=np.float32)
        for pair, (near, far) in enumerate(_touching(self.cells)):
            products = (grid[:, *near, :, None] * np.float32(_WEIGHT)) * grid[:, *far, None, :]
            rows[:, pair] = products.reshape(n, both)
        return rows.reshape(n, n_features(self.cells, self.orientations))


def n_features(cells: int, orientations: int = 8) -> int:
    """Return how many products there are on a grid; none on one of 0 cells."""
    return len(list(_touching(cells))) * orientations**2


def _touching(cells: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield each two cells of a grid that touch at a side or a corner, once."""
    for near in np.ndindex(cells, cells):
        for step in _NEIGHBOURS:
            far = near[0] + step[0], near[1] + step[1]
            if far[0] < cells and 0 <= far[1] < cells:
                yield (near[0], near[1]), far
