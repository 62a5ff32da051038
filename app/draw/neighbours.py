"""The training images that look most like an image."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.features.components import FewComponents
from pipelines.features.images.flatten import PreparedPixels

Images = npt.NDArray[np.uint8]

_COMPONENTS = 50
_LEARNT_FROM = 8_000  # images, evenly spread, that the components are learnt from
_AT_ONCE = 4_000  # images whose pixels are in memory at once


class NearestImages:
    """Exact search by Euclidean distance between components of upright, slightly blurred pixels.

    Args:
        images: (n, side, side) uint8, at least one.
    """

    def __init__(self, images: Images) -> None:
        import faiss

        self._pixels = PreparedPixels(upright=True, blur=0.7)
        step = max(1, len(images) // _LEARNT_FROM)
        sample = np.ascontiguousarray(images[::step])
        self._components = FewComponents(_COMPONENTS).fit(self._pixels.transform(sample))
        self._index: Any = None
        for first in range(0, len(images), _AT_ONCE):
            rows = self._rows(np.ascontiguousarray(images[first : first + _AT_ONCE]))
            if self._index is None:
                self._index = faiss.IndexFlatL2(rows.shape[1])
            self._index.add(rows)

    def search(self, images: Images, count: int) -> npt.NDArray[np.int64]:
        """Return the row numbers (m, count) of the nearest, nearest first, for m images.

        There are fewer columns where fewer than `count` images were given to search among.
        """
        _, nearest = self._index.search(self._rows(images), min(count, self._index.ntotal))
        rows: npt.NDArray[np.int64] = nearest
        return rows

    def _rows(self, images: Images) -> npt.NDArray[np.float32]:
        return self._components.transform(self._pixels.transform(images))
