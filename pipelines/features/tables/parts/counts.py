"""How many rows, of training and test set together, have the same cell."""

import numpy as np

from competition.data.tables.schema import CODED
from pipelines.features.tables.columns import Builder, Columns
from pipelines.features.tables.parts.cells import sizes
from pipelines.features.tables.whole import Whole

_FEW = 8  # levels up to which a count says no more than the level
_SINGLE = 0.98  # share of rows with a cell of their own from which there is nothing to count


def counts(whole: Whole, base: Columns) -> Columns:
    """Return the logarithm of how often each cell comes, where cells come again.

    Args:
        whole: All rows.
        base: What their cells say by themselves: its categories, which are parts of cells too, and
            its numbers are counted.
    """
    features = Builder(len(whole))
    for place, name in enumerate(base.names):
        levels = base.levels[place]
        if levels:
            if levels > _FEW:
                features.number(f"{name} count", np.log(sizes(base.values[:, place])))
            continue
        different, again = np.unique(base.values[:, place], return_inverse=True)
        if _FEW < len(different) < _SINGLE * len(whole):
            features.number(f"{name} count", np.log(np.bincount(again)[again]))
    for place, column in enumerate(whole.schema.columns):
        if column.role in CODED and column.name not in base.names:
            features.number(f"{column.name} count", np.log(sizes(whole.column(place))))
    return features.built()
