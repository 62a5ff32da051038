"""Two columns put together: numbers by difference, ratio and product, categories by crossing."""

from itertools import combinations

import numpy as np

from pipelines.features.tables.columns import Builder, Columns
from pipelines.features.tables.parts.codes import whole_numbers
from pipelines.features.tables.whole import Whole

_MOST_NUMBERS = 9  # so that there are at most 36 pairs, three features each
_MOST_OF_LARGE = 6
_LARGE = 300_000  # rows, from which fewer are put together
_MOST_CATEGORIES = 9
_MOST_LEVELS = 0.5  # of the rows, beyond which a crossing is met too seldom to learn from


def pairs(whole: Whole, base: Columns) -> Columns:
    """Return differences, ratios and products of the numbers with the most different values.

    Args:
        whole: All rows.
        base: What their cells say by themselves.
    """
    features = Builder(len(whole))
    for first, second in combinations(_most_different(base), 2):
        _of_numbers(features, base, first, second)
    return features.built()


def crossings(whole: Whole, base: Columns) -> Columns:
    """Return categories whose levels are pairs of levels, of those that have the most.

    Where there are hardly any categories, whole numbers count as such too.

    Args:
        whole: All rows.
        base: What their cells say by themselves.
    """
    features = Builder(len(whole))
    categories = sorted(base.categories, key=lambda place: -base.levels[place])
    coded = sorted(categories[:_MOST_CATEGORIES])
    if len(coded) < 2:
        coded += [place for place in _most_different(base) if _may_be_codes(base, place)]
    for first, second in combinations(coded, 2):
        _of_categories(features, base, first, second)
    return features.built()


def _most_different(base: Columns) -> list[int]:
    """Return the places of the numbers with the most different values, in their order."""
    different = {place: len(np.unique(base.values[:, place])) for place in base.numbers}
    most = _MOST_NUMBERS if len(base) < _LARGE else _MOST_OF_LARGE
    chosen = sorted(different, key=lambda place: -different[place])[:most]
    return sorted(place for place in chosen if different[place] > 2)


def _may_be_codes(base: Columns, place: int) -> bool:
    values = base.values[:, place]
    return whole_numbers(values) and len(np.unique(values)) < _MOST_LEVELS * len(values)


def _of_numbers(features: Builder, base: Columns, first: int, second: int) -> None:
    a, b = (base.values[:, place].astype(np.float64) for place in (first, second))
    names = base.names[first], base.names[second]
    features.number(f"{names[0]} - {names[1]}", a - b)
    features.number(f"{names[0]} * {names[1]}", a * b)
    with np.errstate(divide="ignore", invalid="ignore"):
        features.number(f"{names[0]} / {names[1]}", np.where(b == 0, np.nan, a / b))


def _of_categories(features: Builder, base: Columns, first: int, second: int) -> None:
    columns = (np.nan_to_num(base.values[:, place], nan=-1.5) for place in (first, second))
    a, b = (np.unique(column, return_inverse=True)[1] for column in columns)
    both = a * (int(b.max()) + 1) + b
    crossed, codes = np.unique(both, return_inverse=True)
    if len(crossed) < _MOST_LEVELS * len(codes):
        name = f"{base.names[first]} with {base.names[second]}"
        features.category(name, codes, len(crossed))
