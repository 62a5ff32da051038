"""How a row's numbers stand among those of the rows that share a category or a group with it."""

import numpy as np
import numpy.typing as npt

from competition.data.tables.schema import Role
from pipelines.features.tables.columns import Builder, Columns
from pipelines.features.tables.whole import Whole

_MOST = 60  # pairs of a category and a number
_MOST_CELLS = 40_000_000  # of the pairs' rows together, so that large tables have fewer pairs
_LEAST_ROWS = 1.5  # a level has on average, else its mean is the row itself

Codes = npt.NDArray[np.int64]


def group_statistics(whole: Whole, base: Columns) -> Columns:
    """Return means of numbers within categories, and each number less that mean.

    Of the pairs of a category and a number, the first are taken, categories with few levels first.
    Within a group, numbers have a least and greatest too, and of a category there is the share of
    the group's rows that have the same.

    Args:
        whole: All rows.
        base: What their cells say by themselves.
    """
    features = Builder(len(whole))
    numbers = [place for place in base.numbers if len(np.unique(base.values[:, place])) > 2]
    for place in whole.schema.places(Role.GROUP):
        _within(features, whole.schema.names[place], _codes(whole.column(place)), base, numbers)
    categories = sorted(base.categories, key=lambda place: base.levels[place])
    categories = [place for place in categories if base.levels[place] * _LEAST_ROWS < len(whole)]
    pairs = [(category, number) for category in categories for number in numbers]
    for category, number in pairs[: max(10, min(_MOST, _MOST_CELLS // max(1, len(whole))))]:
        name = f"{base.names[number]} by {base.names[category]}"
        values = base.values[:, number].astype(np.float64)
        means = group_means(_codes(base.values[:, category]), values)
        features.number(f"mean {name}", means)
        features.number(f"{name}, less the mean", values - means)
    return features.built()


def _within(features: Builder, name: str, codes: Codes, base: Columns, numbers: list[int]) -> None:
    order = np.argsort(codes, kind="stable")
    begins = np.flatnonzero(np.diff(codes[order], prepend=-1))
    lengths = np.diff([*begins, len(order)])
    for number in numbers[:_MOST]:
        values = base.values[:, number].astype(np.float64)
        features.number(f"mean {base.names[number]} of {name}", group_means(codes, values))
        for what, extreme in (("least", np.fmin), ("greatest", np.fmax)):
            found = np.empty(len(codes))
            found[order] = np.repeat(extreme.reduceat(values[order], begins), lengths)
            features.number(f"{what} {base.names[number]} of {name}", found)
    for place in base.categories[:_MOST]:
        both = codes * (base.levels[place] + 1) + _codes(base.values[:, place])
        different, again = np.unique(both, return_inverse=True)
        alike = np.bincount(again, minlength=len(different))[again]
        share = alike / np.bincount(codes)[codes]
        features.number(f"share of {name} with the same {base.names[place]}", share)


def group_means(codes: Codes, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return for each row the mean of the values that are there of the rows with its code."""
    there = ~np.isnan(values)
    sums = np.bincount(codes, np.where(there, values, 0.0))
    counts = np.bincount(codes, there)
    with np.errstate(invalid="ignore"):
        means: npt.NDArray[np.float64] = (sums / counts)[codes]
    return means


def _codes(column: npt.NDArray[np.floating]) -> Codes:
    """Return codes from 0, where 0 stands for a missing one."""
    return np.where(np.isnan(column), -1, column).astype(np.int64) + 1
