"""Histograms of oriented gradients: where in an image its edges run in which direction."""

import numpy as np
import numpy.typing as npt

from pipelines.images.preparation import Preparation
from pipelines.images.stateless import Stateless

Images = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]

# The grids that searches choose from, by the names they have there.
GRIDS = {"4+7": (4, 7), "7": (7,), "7+10": (7, 10), "4+7+10": (4, 7, 10)}

_CHUNK = 1000  # images at a time, so that the maps of their directions stay in the cache


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
        """Turn images (n, side, side) uint8 into rows (n, n_features) float32 between 0 and 1.

        There are `orientations` × (the sum of the squares of `grids`) features.

        Raises:
            PodiumError: the images are not square, or smaller than 8 pixels.
        """
        preparation = Preparation(self.median, self.threshold, self.upright, self.blur)
        sizes = [self.orientations * cells**2 for cells in self.grids]
        rows = np.empty((len(images), sum(sizes)), dtype=np.float32)
        for start in range(0, max(len(images), 1), _CHUNK):
            part = slice(start, start + _CHUNK)
            maps = _direction_maps(preparation.apply(images[part]), self.orientations)
            grids = [_pooled(maps, cells) for cells in self.grids]
            rows[part] = np.concatenate(grids, axis=1)
        return rows


def _direction_maps(images: Images, orientations: int) -> Rows:
    """Return (n, orientations, side, side): each pixel's gradient, shared out among directions."""
    scaled = np.divide(images, 255, dtype=np.float32)
    padded = np.pad(scaled, ((0, 0), (1, 1), (1, 1)))
    right = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    squared = right * right + down * down + np.float32(1e-12)
    n, side = images.shape[:2]
    maps = np.empty((n, orientations, side, side), dtype=np.float32)
    for number, angle in enumerate(np.arange(orientations) * (2 * np.pi / orientations)):
        along = np.maximum(right * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle)), 0)
        maps[:, number] = along * along * along / squared
    return maps


def _pooled(maps: Rows, cells: int) -> Rows:
    """Sum (n, orientations, side, side) over cells; return rows of unit length, square-rooted."""
    n, orientations, side, _ = maps.shape
    weights = pooling_weights(side, cells)
    across = (maps.reshape(-1, side) @ weights).reshape(n * orientations, side, cells)
    both = across.transpose(0, 2, 1).reshape(-1, side) @ weights
    rows = both.reshape(n, -1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + np.float32(1e-6)
    root: Rows = np.sqrt(rows)
    return root


def pooling_weights(side: int, cells: int) -> Rows:
    """Return (side, cells) float32: how much of each pixel along a side belongs to each cell.

    Weights fall linearly from a cell's centre to its neighbours' centres.
    """
    width = side / cells
    centres = (np.arange(cells) + 0.5) * width - 0.5
    distance = np.abs(np.arange(side)[:, None] - centres[None, :])
    return np.maximum(0, 1 - distance / width).astype(np.float32)
