"""Whole numbers that may be codes, such as the number of a department: as categories too."""

import numpy as np

from pipelines.features.tables.columns import Builder, Columns, Values
from pipelines.features.tables.whole import Whole

_LEAST = 3  # kinds
_SHARE = 0.5  # of the rows: with more kinds, a kind is met too seldom to learn from


def codes(whole: Whole, base: Columns) -> Columns:
    """Return each column of whole numbers that come again as a category.

    Args:
        whole: All rows.
        base: What their cells say by themselves.
    """
    features = Builder(len(whole))
    for place in base.numbers:
        values = base.values[:, place]
        if not whole_numbers(values):
            continue
        different, again = np.unique(values, return_inverse=True)
        kinds = int(np.count_nonzero(~np.isnan(different)))
        if _LEAST <= kinds < _SHARE * len(whole):
            found = np.where(np.isnan(values), np.nan, again)
            features.category(f"{base.names[place]} as a code", found, kinds)
    return features.built()


def whole_numbers(values: Values) -> bool:
    """Tell whether all that are there are whole numbers."""
    known = values[~np.isnan(values)]
    return bool(len(known)) and bool((known == np.floor(known)).all())
