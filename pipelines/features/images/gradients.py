"""Histograms of oriented gradients: where in an image its edges run in which direction."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipelines.features.images.preparation import PREPARED, Preparation, check_images
from pipelines.features.stateless import Stateless
from pipelines.parameters import COUNT, Constraints, Counts, check_parameters, chosen

Images = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]

# The grids that searches choose from, by the names they have there.
GRIDS = {"4+7": (4, 7), "7": (7,), "7+10": (7, 10), "4+7+10": (4, 7, 10)}

_CHUNK = 64  # images at a time, so that one map of each stays in the processor's cache


class GradientHistograms(Stateless):
    """Gradient energy by direction and place, on one grid of cells or on several.

    The features of Dalal & Triggs, 'Histograms of Oriented Gradients for Human Detection' (2005),
    with two changes that make them matrix products: a gradient is shared out among directions by a
    power of the cosine of the angle between them, and among cells by triangular weights. Each grid
    is scaled to unit length and its square root taken (the Hellinger map).

    Args:
        orientations: How many directions, evenly over the full circle.
        grids: Cells along a side, one number a grid.
        median: Window of a median filter before, see `Preparation`; so are the next three.
        threshold: Binarise before.
        upright: Deskew before.
        blur: Blur before.
    """

    constraints: ClassVar[Constraints] = {
        "orientations": COUNT,
        "grids": Counts(least=1),
        **PREPARED,
    }

    def __init__(
        self,
        orientations: int = 8,
        grids: tuple[int, ...] = (4, 7),
        median: int = 0,
        threshold: int = 0,
        upright: bool = True,
        blur: float = 0.0,
    ) -> None:
        self.orientations = orientations
        self.grids = grids
        self.median = median
        self.threshold = threshold
        self.upright = upright
        self.blur = blur

    def transform(self, images: Images) -> Rows:
        """Turn images (n, side, side[, 3]) uint8 into rows (n, n_features) float32 between 0 and 1.

        There are `orientations` × (the sum of the squares of `grids`) features.

        Raises:
            PodiumError: the images are not square or smaller than 8 pixels, or a parameter is out
                of its range.
        """
        check_parameters(self)
        check_images(images)
        preparation = Preparation(self.median, self.threshold, self.upright, self.blur)
        rows = np.empty((len(images), self._n_features()), dtype=np.float32)
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            self._describe(preparation.apply(images[part]), rows[part])
        return rows

    def _n_features(self) -> int:
        return self.orientations * sum(cells**2 for cells in self.grids)

    def _describe(self, images: Images, rows: Rows) -> None:
        """Write the features of a few images into rows (n, n_features)."""
        n, side = images.shape[:2]
        weights = [pooling_weights(side, cells).T for cells in self.grids]
        sums = [np.empty((self.orientations, len(w), len(w), n), np.float32) for w in weights]
        for number, energy in enumerate(_energies(images, self.orientations)):
            for pooled, w in zip(sums, weights, strict=True):
                down = (w @ energy.reshape(side, -1)).reshape(-1, side, n)
                np.matmul(w, down, out=pooled[number])
        grids = []
        for pooled in sums:
            lengths = np.sqrt(np.einsum("oyxn,oyxn->n", pooled, pooled)) + np.float32(1e-6)
            grids.append(np.sqrt(pooled / lengths).transpose(3, 0, 2, 1).reshape(n, -1))
        np.concatenate(grids, axis=1, out=rows)


def _energies(images: Images, orientations: int) -> Iterator[Rows]:
    """Yield (side, side, n) for each direction: every pixel's share of its gradient's energy.

    The images come last, so that all that follows runs along them.
    """
    scaled = np.divide(images.transpose(1, 2, 0), 255, dtype=np.float32)
    padded = np.pad(scaled, ((1, 1), (1, 1), (0, 0)))
    right = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    inverse = 1 / (right * right + down * down + np.float32(1e-12))
    for angle in np.arange(orientations) * (2 * np.pi / orientations):
        along = right * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))
        np.maximum(along, 0, out=along)
        yield along * along * along * inverse


def named_grids(name: str) -> tuple[int, ...]:
    """Return the grids of a name.

    Raises:
        PodiumError: there are none of that name.
    """
    return chosen("grids", name, GRIDS)


def pooling_weights(side: int, cells: int) -> Rows:
    """Return (side, cells) float32: how much of each pixel along a side belongs to each cell.

    Weights fall linearly from a cell's centre to its neighbours' centres.
    """
    width = side / cells
    centres = (np.arange(cells) + 0.5) * width - 0.5
    distance = np.abs(np.arange(side)[:, None] - centres[None, :])
    return np.maximum(0, 1 - distance / width).astype(np.float32)
