"""The rows that a blend's weights are learnt from and scored on, where columns have own folds."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from competition.problem.targets import Assigned

_MOST_CELLS = 60  # the weights are learnt once for each

Mask = npt.NDArray[np.bool_]


def cells_of(assigned: Assigned, others: Sequence[Assigned]) -> Iterator[tuple[Mask, Mask]]:
    """Yield the rows that are scored together, and those that their weights are learnt from.

    The weights of a row are learnt on rows of which no column was predicted by the model that
    predicted this one: rows of another fold, in our folds and in everybody else's. Where that
    would be too many parts, some of others' folds are joined, so that fewer rows are learnt from;
    of very many columns with folds of their own, ours alone count.

    Args:
        assigned: (n,) our fold of each row.
        others: The same of folds that are not ours.

    Yields:
        Two masks (n,); the first ones hold each row once.
    """
    ours = _numbered(assigned)
    different = {each.tobytes(): each for each in map(_numbered, others)}
    different.pop(ours.tobytes(), None)
    most = int((_MOST_CELLS / (ours.max() + 1)) ** (1 / max(len(different), 1)))
    parts = [ours, *(each % most for each in different.values() if most > 1)]
    for cell in np.unique(np.column_stack(parts), axis=0):
        alike = [part == own for part, own in zip(parts, cell, strict=True)]
        learnt = ~np.logical_or.reduce(alike)
        yield np.logical_and.reduce(alike), learnt if learnt.any() else ~alike[0]


def _numbered(folds: Assigned) -> npt.NDArray[np.int64]:
    """Number folds by their first rows, so that the same parts have the same numbers."""
    _, first, places = np.unique(folds, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[places], np.int64)
